//! Changes: what is committed rests, what does not fit is refused, and nothing happens by halves.

use std::sync::{Arc, atomic::Ordering};

use signin::{
    account::{Activity, Condition},
    audit::{Action, Reason},
    credential::{Credential, CredentialFacts, CredentialKind, Owner},
    effect::{Effect, NewSession},
    ident::{AccountId, DomainId, ExtensionId, FoldedName},
    interface::LoginInterface,
    policy::Settings,
    records::Records,
    registration::{Binding, Refresh, Registration},
    secret::Secret,
    session::SessionId,
    timestamp::Seconds,
};
use store::{AUDIT_WAITING_MAX, AuditQuery, CommitError, Ledger, StoreError, Topic, engine::Shelf};

use crate::{host::EngineHost, world::*};

fn commit(ledger: &Ledger, effects: Vec<Effect>) -> Result<(), CommitError> {
    ledger.commit(effects).wait()
}

fn is_conflict(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Conflict { .. }))
}

fn is_missing(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Missing { .. }))
}

pub(crate) fn every_kind_of_record_comes_back_after_a_restart(host: &dyn EngineHost) {
    let activity = Activity {
        signed_in_at: Some(NOW),
        signed_in_from: Some(address(9)),
        signed_in_by: Some(LoginInterface::WebManager),
        failures_since: 3,
    };
    let used = CredentialFacts { used_at: Some(later(5)), ..facts() };
    let ledger = furnished(host);
    commit(
        &ledger,
        vec![
            Effect::PutActivity(ANN, activity),
            Effect::PutCredentialFacts(Owner::Account(ANN), CredentialKind::LoginCode, used),
            Effect::PutCredential(unreadable(Owner::Extension(X202), CredentialKind::PhonePassword)),
            open_session(session(ADMIN, 1, NOW)),
            open_session(session(ADMIN, 2, NOW)),
            Effect::PutRegistration(registration(X201, &[later(600)])),
            Effect::Quarantine(quarantined(X201, "sip:a@192.0.2.7")),
            Effect::Quarantine(quarantined(X202, "sip:b@192.0.2.7")),
        ],
    )
    .unwrap();
    let (one, two) = (session(ADMIN, 1, NOW).id, session(ADMIN, 2, NOW).id);
    commit(&ledger, vec![Effect::TouchSession(one, later(60)), Effect::CloseSession(two)]).unwrap();
    commit(&ledger, vec![Effect::ReleaseQuarantine(X202)]).unwrap();
    let check = |ledger: &Ledger| {
        assert_eq!(ledger.settings().version, 1);
        assert_eq!(*ledger.domain(DomainId::FIRST).unwrap(), domain(1, 1, &["office.example"]));
        assert_eq!(*ledger.account(ADMIN).unwrap(), service_user(ADMIN, "Administrator"));
        assert_eq!(*ledger.account(ANN).unwrap(), user(ANN, "ann", Some(X201)));
        assert_eq!(ledger.activity(ANN), activity);
        assert_eq!(*ledger.extension(X201).unwrap(), extension(X201, "201", Some(ANN)));
        assert_eq!(ledger.credential(Owner::Account(ANN), CredentialKind::LoginCode), Some(used));
        assert!(ledger.credential(Owner::Extension(X202), CredentialKind::PhonePassword).is_some());
        let mut open = session(ADMIN, 1, NOW);
        open.used_at = later(60);
        assert_eq!(ledger.sessions_of(ADMIN).iter().map(|s| (**s).clone()).collect::<Vec<_>>(), [open]);
        assert_eq!(*ledger.registration(X201).unwrap(), registration(X201, &[later(600)]));
        assert_eq!(ledger.quarantine(), [quarantined(X201, "sip:a@192.0.2.7")]);
        assert_eq!(ledger.domain_of_host("office.example"), DomainId::FIRST);
        assert_eq!(ledger.figures().audit_rows, 1);
    };
    check(&ledger);
    ledger.close().unwrap();
    check(&open(host));
}

pub(crate) fn a_change_made_from_an_old_version_is_a_conflict(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let mut ann = user(ANN, "ann", Some(X201));
    assert!(is_conflict(&commit(&ledger, vec![Effect::PutAccount(ann.clone())])));
    ann.version = 3;
    assert!(is_conflict(&commit(&ledger, vec![Effect::PutAccount(ann.clone())])));
    ann.version = 2;
    ann.condition = Condition::Disabled;
    commit(&ledger, vec![Effect::PutAccount(ann.clone())]).unwrap();
    assert_eq!(ledger.account(ANN).unwrap().condition, Condition::Disabled);
    assert!(is_conflict(&commit(&ledger, vec![Effect::PutAccount(ann)])));
    let settings = |version| vec![Effect::PutSettings(Box::new(Settings { version, ..Settings::default() }))];
    assert!(is_conflict(&commit(&ledger, settings(1))));
    commit(&ledger, settings(2)).unwrap();
    assert!(is_conflict(&commit(&ledger, vec![Effect::PutDomain(domain(1, 1, &[]))])));
    assert!(is_conflict(&commit(&ledger, vec![Effect::PutExtension(extension(X201, "201", Some(ANN)))])));
    // One that was deleted meanwhile is missing, not made again.
    commit(&ledger, vec![Effect::DeleteAccount(BOB)]).unwrap();
    let mut bob = user(BOB, "bob", None);
    bob.version = 2;
    assert!(is_missing(&commit(&ledger, vec![Effect::PutAccount(bob)])));
}

pub(crate) fn names_are_unique_within_a_kind_and_a_domain(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let put = |account| commit(&ledger, vec![Effect::PutAccount(account)]);
    for name in ["ann", "ANN", "Ａｎｎ"] {
        assert_eq!(put(user(AccountId(10), name, None)), Err(CommitError::NameTaken), "{name}");
    }
    put(service_user(AccountId(10), "ann")).unwrap();
    commit(&ledger, vec![Effect::PutDomain(domain(2, 1, &["other.example"]))]).unwrap();
    let mut elsewhere = user(AccountId(11), "ann", None);
    elsewhere.domain = DomainId(2);
    put(elsewhere).unwrap();
    let two = vec![
        Effect::PutAccount(user(AccountId(20), "twin", None)),
        Effect::PutAccount(user(AccountId(21), "Twin", None)),
    ];
    assert_eq!(commit(&ledger, two), Err(CommitError::NameTaken));
    // A name that was given up is free, and its old owner is not found by it.
    let mut ann = user(ANN, "anna", Some(X201));
    ann.version = 2;
    put(ann).unwrap();
    put(user(AccountId(30), "ann", None)).unwrap();
    let named = |name| {
        let kind = signin::account::RoleKind::User;
        ledger.account_named(kind, DomainId::FIRST, &FoldedName::of(name)).map(|account| account.id)
    };
    assert_eq!((named("anna"), named("Ann")), (Some(ANN), Some(AccountId(30))));
}

pub(crate) fn numbers_are_unique_within_a_domain(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let put = |extension| commit(&ledger, vec![Effect::PutExtension(extension)]);
    assert_eq!(put(extension(ExtensionId(9), "201", None)), Err(CommitError::NumberTaken));
    put(extension(ExtensionId(9), "0201", None)).unwrap();
    let mut moved = extension(X201, "301", Some(ANN));
    moved.version = 2;
    put(moved).unwrap();
    put(extension(ExtensionId(10), "201", None)).unwrap();
}

pub(crate) fn two_accounts_may_change_names_in_one_commit(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let renamed = |id, name, extension| {
        let mut account = user(id, name, Some(extension));
        account.version = 2;
        Effect::PutAccount(account)
    };
    commit(&ledger, vec![renamed(ANN, "bob", X201), renamed(BOB, "ann", X202)]).unwrap();
    let check = |ledger: &Ledger| {
        let kind = signin::account::RoleKind::User;
        let named = |name| ledger.account_named(kind, DomainId::FIRST, &FoldedName::of(name)).unwrap().id;
        assert_eq!((named("ann"), named("bob")), (BOB, ANN));
    };
    check(&ledger);
    ledger.close().unwrap();
    check(&open(host));
}

pub(crate) fn a_commit_happens_whole_or_not_at_all(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let before = ledger.figures();
    let effects = vec![
        Effect::PutAccount(user(AccountId(10), "carol", None)),
        Effect::PutCredential(code(AccountId(10), CODE)),
        Effect::Audit(event("carol", None)),
        Effect::DeleteExtension(ExtensionId(99)),
    ];
    assert!(is_missing(&commit(&ledger, effects)));
    let is_untouched = |ledger: &Ledger| {
        let figures = ledger.figures();
        assert!(ledger.account(AccountId(10)).is_none());
        assert_eq!((figures.accounts, figures.credentials), (before.accounts, before.credentials));
        assert_eq!(figures.audit_rows, before.audit_rows);
    };
    is_untouched(&ledger);
    ledger.close().unwrap();
    is_untouched(&open(host));
}

pub(crate) fn what_points_at_nothing_is_refused(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let refused = |effect| is_missing(&commit(&ledger, vec![effect]));
    assert!(refused(Effect::DeleteAccount(AccountId(99))));
    assert!(refused(Effect::DeleteDomain(DomainId(99))));
    assert!(refused(Effect::PutAccount(user(AccountId(10), "carol", Some(ExtensionId(99))))));
    assert!(refused(Effect::PutExtension(extension(ExtensionId(9), "209", Some(AccountId(99))))));
    assert!(refused(Effect::PutCredential(code(AccountId(99), CODE))));
    assert!(refused(Effect::DeleteCredential(Owner::Account(BOB), CredentialKind::LoginCode)));
    assert!(refused(open_session(session(AccountId(99), 1, NOW))));
    let mut elsewhere = user(AccountId(10), "carol", None);
    elsewhere.domain = DomainId(99);
    assert!(refused(Effect::PutAccount(elsewhere)));
    let conflict = |effect| is_conflict(&commit(&ledger, vec![effect]));
    assert!(conflict(Effect::PutAccount(user(AccountId(10), "carol", Some(X201)))));
    assert!(conflict(Effect::PutExtension(extension(ExtensionId(9), "209", Some(ANN)))));
    assert!(conflict(Effect::PutCredential(credential(
        Owner::Account(ADMIN),
        CredentialKind::LoginCode,
        CODE
    ))));
    assert!(conflict(Effect::DeleteDomain(DomainId::FIRST)));
    assert!(conflict(Effect::PutDomain(domain(2, 1, &["Office.example"]))));
}

pub(crate) fn a_domain_goes_when_nobody_is_left_in_it_whoever_is_in_others(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let (second, third) = (domain(2, 1, &["second.example"]), domain(3, 1, &["third.example"]));
    commit(&ledger, vec![Effect::PutDomain(second), Effect::PutDomain(third)]).unwrap();
    let mut carol = user(AccountId(10), "carol", None);
    carol.domain = DomainId(2);
    commit(&ledger, vec![Effect::PutAccount(carol)]).unwrap();
    assert!(is_conflict(&commit(&ledger, vec![Effect::DeleteDomain(DomainId(2))])));
    commit(&ledger, vec![Effect::DeleteDomain(DomainId(3))]).unwrap();
    let both = vec![Effect::DeleteAccount(AccountId(10)), Effect::DeleteDomain(DomainId(2))];
    commit(&ledger, both).unwrap();
    assert!(is_missing(&commit(&ledger, vec![Effect::DeleteDomain(DomainId(2))])));
}

pub(crate) fn the_secret_of_a_domain_comes_back_sealed_and_goes_with_it(host: &dyn EngineHost) {
    let kind = CredentialKind::SystemPassword;
    let [first, second] = [DomainId::FIRST, DomainId(2)].map(Owner::Domain);
    let ledger = furnished(host);
    let put = |owner, kind| commit(&ledger, vec![Effect::PutCredential(credential(owner, kind, "4815"))]);
    for (owner, kind) in
        [(first, CredentialKind::LoginCode), (Owner::Account(ANN), kind), (Owner::Extension(X201), kind)]
    {
        assert!(is_conflict(&put(owner, kind)), "{owner:?} {kind:?}");
    }
    assert!(is_missing(&put(second, kind)));
    commit(&ledger, vec![Effect::PutDomain(domain(2, 1, &["second.example"]))]).unwrap();
    for owner in [first, second] {
        put(owner, kind).unwrap();
    }
    ledger.close().unwrap();
    for row in host.rows(Shelf::Credential) {
        assert!(!row.body.contains("4815"), "{} is sealed", row.key.key);
    }
    let ledger = open(host);
    let (right, wrong) = (Secret::new("4815"), Secret::new("4816"));
    for owner in [first, second] {
        assert_eq!(ledger.credential(owner, kind), Some(facts()));
        assert!(ledger.holds_secret(owner, kind, &right) && !ledger.holds_secret(owner, kind, &wrong));
    }
    let of_system =
        |ledger: &Ledger| ledger.census(NOW).kinds.into_iter().find(|of| of.kind == kind).unwrap();
    assert_eq!((of_system(&ledger).owners, of_system(&ledger).set), (2, 2));
    commit(&ledger, vec![Effect::DeleteDomain(DomainId(2))]).unwrap();
    commit(&ledger, vec![Effect::DeleteCredential(first, kind)]).unwrap();
    assert_eq!((of_system(&ledger).owners, of_system(&ledger).set), (1, 0));
    ledger.close().unwrap();
    assert_eq!(host.rows(Shelf::CredentialFacts).len(), 1, "what is told goes with the secret");
    let ledger = open(host);
    assert!([first, second].iter().all(|owner| ledger.credential(*owner, kind).is_none()));
}

pub(crate) fn of_a_hundred_parallel_openings_five_sessions_are_open(host: &dyn EngineHost) {
    let ledger = furnished(host);
    // One that has ended no longer counts, swept or not.
    commit(&ledger, vec![open_session(session(ADMIN, 200, NOW))]).unwrap();
    let at = later(7200);
    let opened: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread: u8| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let commits: Vec<_> = (0..25)
                        .map(|n| ledger.commit(vec![open_session(session(ADMIN, thread * 25 + n, at))]))
                        .collect();
                    let count = commits.into_iter().map(store::Commit::wait).filter(|answer| match answer {
                        Ok(()) => true,
                        Err(error) => {
                            assert_eq!(*error, CommitError::SessionLimit);
                            false
                        }
                    });
                    count.count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(opened, 5);
    ledger.sweep(at);
    assert_eq!(ledger.sessions().len(), 5);
    ledger.close().unwrap();
    assert_eq!(open(host).sessions_of(ADMIN).len(), 5);
}

pub(crate) fn a_session_opens_only_while_the_right_to_it_lasts(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let owner = Owner::Account(ADMIN);
    let password = |at| {
        let facts = CredentialFacts { set_at: at, ..facts() };
        let password = credential(owner, CredentialKind::ServicePassword, "v1 not a hash");
        Effect::PutCredential(Credential { facts, ..password })
    };
    let opens = |number, secret_set_at| {
        let session = session(ADMIN, number, NOW);
        Effect::OpenSession(NewSession { session, concurrent_max: 5, secret_set_at })
    };
    commit(&ledger, vec![password(NOW)]).unwrap();
    commit(&ledger, vec![opens(1, Some(NOW))]).unwrap();
    // Checked against the old password, and a new one came first, alone or among the commits of the same moment.
    let set = ledger.commit(vec![password(later(1)), Effect::CloseSessions(ADMIN, None)]);
    let late = ledger.commit(vec![opens(2, Some(NOW))]);
    set.wait().unwrap();
    assert!(is_conflict(&late.wait()));
    assert!(is_conflict(&commit(&ledger, vec![opens(3, Some(NOW))])));
    assert!(ledger.sessions().is_empty());
    commit(&ledger, vec![opens(4, Some(later(1)))]).unwrap();
    let mut disabled = service_user(ADMIN, "Administrator");
    (disabled.version, disabled.condition) = (2, Condition::Disabled);
    commit(&ledger, vec![Effect::PutAccount(disabled)]).unwrap();
    assert!(is_conflict(&commit(&ledger, vec![opens(5, Some(later(1)))])));
    // All but the one that asks, those of a moment ago included.
    let kept = session(ADMIN, 4, NOW).id;
    commit(&ledger, vec![Effect::CloseSessions(ADMIN, Some(kept))]).unwrap();
    assert_eq!(ledger.sessions().iter().map(|session| session.id).collect::<Vec<_>>(), [kept]);
}

pub(crate) fn failures_add_up_whatever_happens_at_the_same_time(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let signed_in = Activity { signed_in_at: Some(later(9)), ..Activity::default() };
    let failed = ledger.commit(vec![Effect::NoteFailure(ANN)]);
    let right = ledger.commit(vec![Effect::PutActivity(ANN, signed_in)]);
    let failures = [0; 3].map(|_| ledger.commit(vec![Effect::NoteFailure(ANN)]));
    for commit in [failed, right].into_iter().chain(failures) {
        commit.wait().unwrap();
    }
    ledger.commit_behind(vec![Effect::NoteFailure(ANN)]);
    let expected = Activity { failures_since: 4, ..signed_in };
    assert_eq!(ledger.activity(ANN), expected);
    ledger.close().unwrap();
    assert_eq!(open(host).activity(ANN), expected);
}

pub(crate) fn a_phone_that_comes_while_another_is_logged_out_stays(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let of = |contacts: &[&str]| Registration {
        extension: X201,
        bindings: contacts.iter().map(|contact| binding(contact, later(600))).collect(),
    };
    ledger.commit_behind(vec![Effect::PutRegistration(of(&["sip:old", "sip:other"]))]);
    let gone = ledger.commit(vec![Effect::LogOut(X201, Some("sip:old".into()))]);
    gone.wait().unwrap();
    assert_eq!(*ledger.registration(X201).unwrap(), of(&["sip:other"]));
    ledger.commit_behind(vec![Effect::PutRegistration(of(&["sip:other", "sip:new"]))]);
    commit(&ledger, vec![Effect::LogOut(X201, Some("sip:other".into()))]).unwrap();
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(*ledger.registration(X201).unwrap(), of(&["sip:new"]));
    commit(&ledger, vec![Effect::LogOut(X201, None)]).unwrap();
    assert!(ledger.registration(X201).is_none());
}

pub(crate) fn deleting_an_account_takes_along_what_is_its_own(host: &dyn EngineHost) {
    let ledger = furnished(host);
    commit(
        &ledger,
        vec![
            Effect::PutActivity(ANN, Activity { failures_since: 1, ..Activity::default() }),
            open_session(session(ANN, 1, NOW)),
        ],
    )
    .unwrap();
    commit(&ledger, vec![Effect::DeleteAccount(ANN)]).unwrap();
    // A touch that was on its way finds nothing to touch.
    ledger.commit_behind(vec![
        Effect::TouchSession(session(ANN, 1, NOW).id, later(1)),
        Effect::PutActivity(ANN, Activity::default()),
    ]);
    let check = |ledger: &Ledger| {
        assert!(ledger.account(ANN).is_none());
        assert!(ledger.credential(Owner::Account(ANN), CredentialKind::LoginCode).is_none());
        assert!(ledger.sessions_of(ANN).is_empty() && ledger.sessions().is_empty());
        assert_eq!(ledger.activity(ANN), Activity::default());
        let extension = ledger.extension(X201).unwrap();
        assert_eq!((extension.user, extension.version), (None, 2));
    };
    check(&ledger);
    ledger.close().unwrap();
    check(&open(host));
}

pub(crate) fn deleting_an_extension_takes_along_what_is_its_own(host: &dyn EngineHost) {
    let ledger = furnished(host);
    commit(
        &ledger,
        vec![
            Effect::PutCredential(unreadable(Owner::Extension(X201), CredentialKind::PhonePassword)),
            Effect::PutRegistration(registration(X201, &[later(600)])),
            Effect::Quarantine(quarantined(X201, "sip:a@192.0.2.7")),
        ],
    )
    .unwrap();
    commit(&ledger, vec![Effect::DeleteExtension(X201)]).unwrap();
    ledger.commit_behind(vec![
        Effect::PutRegistration(registration(X201, &[later(600)])),
        Effect::Quarantine(quarantined(X202, "sip:b@192.0.2.7")),
    ]);
    let check = |ledger: &Ledger| {
        assert!(ledger.extension(X201).is_none() && ledger.registration(X201).is_none());
        assert!(ledger.credential(Owner::Extension(X201), CredentialKind::PhonePassword).is_none());
        assert_eq!(ledger.quarantine().len(), 1);
        let ann = ledger.account(ANN).unwrap();
        assert_eq!((ann.extension(), ann.version), (None, 2));
    };
    check(&ledger);
    ledger.close().unwrap();
    check(&open(host));
}

pub(crate) fn identifiers_are_never_given_out_twice(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let id = ledger.next_account();
    assert!(id > BOB && ledger.next_account() > id);
    commit(&ledger, vec![Effect::PutAccount(user(AccountId(40), "carol", None))]).unwrap();
    commit(&ledger, vec![Effect::PutExtension(extension(ExtensionId(50), "250", None))]).unwrap();
    commit(&ledger, vec![Effect::DeleteAccount(AccountId(40)), Effect::DeleteExtension(ExtensionId(50))])
        .unwrap();
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!((ledger.next_account(), ledger.next_extension()), (AccountId(41), ExtensionId(51)));
}

pub(crate) fn many_commits_share_few_transactions(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let before = ledger.figures();
    let commits: Vec<_> = (100..2100)
        .map(|id| ledger.commit(vec![Effect::PutAccount(user(AccountId(id), &format!("u{id}"), None))]))
        .collect();
    for commit in commits {
        commit.wait().unwrap();
    }
    let after = ledger.figures();
    assert_eq!(after.commits - before.commits, 2000);
    assert!(after.transactions - before.transactions < 500, "{after:?}");
    ledger.close().unwrap();
    assert_eq!(open(host).figures().accounts, 2003);
}

pub(crate) fn commits_that_meddle_with_each_other_are_judged_one_after_the_other(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let put = |version, name: &str| {
        let mut ann = user(ANN, name, Some(X201));
        ann.version = version;
        ledger.commit(vec![Effect::PutAccount(ann)])
    };
    // Sent without waiting: each is judged as if those before it were done.
    let commits: Vec<_> = (2..102).map(|version| put(version, &format!("ann{version}"))).collect();
    let twin = ledger.commit(vec![Effect::PutAccount(user(AccountId(10), "ann101", None))]);
    let late = put(50, "late");
    for commit in commits {
        commit.wait().unwrap();
    }
    assert_eq!(twin.wait(), Err(CommitError::NameTaken));
    assert!(is_conflict(&late.wait()));
    assert_eq!(&*ledger.account(ANN).unwrap().name, "ann101");
}

pub(crate) fn a_failing_engine_changes_nothing_and_recovers(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    fault.fails.store(true, Ordering::SeqCst);
    let effects = || {
        vec![
            Effect::PutAccount(user(AccountId(10), "carol", None)),
            open_session(session(ADMIN, 1, NOW)),
            Effect::Audit(event("carol", None)),
        ]
    };
    let answer = commit(&ledger, effects());
    assert!(matches!(answer, Err(CommitError::Store(StoreError::Engine(_)))), "{answer:?}");
    assert!(!ledger.is_healthy());
    assert!(ledger.account(AccountId(10)).is_none() && ledger.sessions().is_empty());
    // Signing in goes on, and counts.
    let (verdict, ..) = Phone::new("201", CODE).attempt(|attempt| {
        let dossier = ledger.begin(attempt, NOW).unwrap();
        let finding = signin::decide::check(&dossier, attempt, NOW);
        let settled = ledger.settle(&dossier, attempt, finding, NOW);
        let decision = signin::decide::decide(&dossier, attempt, finding, &settled, NOW, &mut *dice());
        (decision.verdict, finding)
    });
    assert!(matches!(verdict, signin::verdict::Verdict::Accept(_)));
    fault.fails.store(false, Ordering::SeqCst);
    commit(&ledger, effects()).unwrap();
    assert!(ledger.is_healthy());
    ledger.close().unwrap();
    let ledger = open(host);
    assert!(ledger.account(AccountId(10)).is_some());
    assert_eq!(ledger.verify_audit(&mut |_, _| ()).unwrap().rows, 2);
}

pub(crate) fn what_is_behind_survives_a_failing_engine(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    fault.fails.store(true, Ordering::SeqCst);
    ledger.commit_behind(vec![
        Effect::PutRegistration(registration(X201, &[later(600)])),
        Effect::Audit(event("first", None)),
    ]);
    assert!(ledger.flush().wait().is_err());
    ledger.commit_behind(vec![Effect::Audit(event("second", None))]);
    assert!(ledger.flush().wait().is_err());
    fault.fails.store(false, Ordering::SeqCst);
    ledger.close().unwrap();
    let ledger = open(host);
    assert!(ledger.registration(X201).is_some());
    let rows = ledger.audit(&AuditQuery { limit: 2, ..AuditQuery::default() }).unwrap();
    assert_eq!(rows.iter().map(|row| &*row.event.subject).collect::<Vec<_>>(), ["second", "first"]);
}

pub(crate) fn what_is_behind_is_in_memory_at_once_and_on_disk_soon(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    let before = fault.writes.load(Ordering::SeqCst);
    for second in 0..1000 {
        ledger.commit_behind(vec![Effect::PutRegistration(registration(X201, &[later(600 + second)]))]);
    }
    assert_eq!(*ledger.registration(X201).unwrap(), registration(X201, &[later(1599)]));
    ledger.flush().wait().unwrap();
    assert_eq!(ledger.figures().behind, 0);
    // A thousand refreshes are written as often as the clock strikes, not as often as they come.
    assert!(fault.writes.load(Ordering::SeqCst) - before < 20);
    ledger.commit_behind(vec![Effect::PutRegistration(registration(X201, &[]))]);
    assert!(ledger.registration(X201).is_none());
    ledger.close().unwrap();
    assert!(open(host).registration(X201).is_none());
}

pub(crate) fn a_refresh_is_written_every_other_time(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let mut first = registration(X201, &[later(600)]);
    Arc::make_mut(&mut first.bindings)[0].granted = Seconds(600);
    ledger.commit_behind(vec![Effect::PutRegistration(first)]);
    ledger.flush().wait().unwrap();
    let refresh = |ends| {
        let plan = |bindings: &[Binding]| {
            let &Binding { cseq, source, transport, algorithm, print, .. } = &bindings[0];
            let granted = Seconds(600);
            Some(Refresh {
                binding: 0,
                cseq: cseq + 1,
                source,
                transport,
                algorithm,
                granted,
                expires_at: ends,
                print,
            })
        };
        assert!(
            ledger.refresh(DomainId::FIRST, "201", plan, |bindings| assert_eq!(bindings[0].expires_at, ends))
        );
        let waiting = ledger.figures().behind;
        ledger.flush().wait().unwrap();
        waiting
    };
    assert_eq!(refresh(later(900)), 0, "the row of the registration answers for half its time more");
    assert_eq!(refresh(later(901)), 1, "and no longer");
    assert_eq!(refresh(later(1201)), 0);
    ledger.close().unwrap();
    let ends = open(host).registration(X201).unwrap().bindings[0].expires_at;
    assert_eq!(ends, later(1201), "what was promised is kept");
}

pub(crate) fn refusals_that_repeat_become_one_row(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let refused = |subject, reason| vec![Effect::Audit(event(subject, Some(reason)))];
    for _ in 0..500 {
        ledger.commit_behind(refused("201", Reason::SubjectLocked));
        ledger.commit_behind(refused("202", Reason::SubjectLocked));
        ledger.commit_behind(refused("201", Reason::WrongSecret));
    }
    ledger.flush().wait().unwrap();
    let rows = ledger.audit(&AuditQuery { limit: 10_000, ..AuditQuery::default() }).unwrap();
    let times = |subject: &str, reason| {
        let rows =
            rows.iter().filter(|row| &*row.event.subject == subject && row.event.reason == Some(reason));
        rows.clone().fold((0, 0), |(count, times), row| (count + 1, times + row.event.times))
    };
    for subject in ["201", "202"] {
        let (count, times) = times(subject, Reason::SubjectLocked);
        assert_eq!(times, 500);
        assert!(count < 50, "{count}");
    }
    assert_eq!(times("201", Reason::WrongSecret), (500, 500));
    ledger.verify_audit(&mut |_, _| ()).unwrap();
}

pub(crate) fn a_locked_address_that_tries_name_after_name_fills_no_audit(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for n in 0..500 {
        let refused = event(&format!("name{n}"), Some(Reason::AddressLocked));
        ledger.commit_behind(vec![Effect::Audit(refused)]);
    }
    ledger.flush().wait().unwrap();
    let rows = ledger.audit(&AuditQuery { limit: 10_000, ..AuditQuery::default() }).unwrap();
    let locked: Vec<_> = rows
        .iter()
        .filter(|row| row.event.reason == Some(Reason::AddressLocked))
        .map(|row| &row.event)
        .collect();
    assert_eq!(locked.iter().map(|event| event.times).sum::<u32>(), 500);
    assert!(locked.len() < 50, "{}", locked.len());
    assert!(locked.iter().any(|event| &*event.subject == "(several)" && event.address.is_some()));
}

pub(crate) fn a_lock_that_the_disk_refused_rests_there_when_it_can(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    fault.fails.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        Phone::new("201", "0000").try_to_sign_in(&ledger, NOW).unwrap_err();
    }
    assert_eq!(ledger.locks(NOW).len(), 1);
    fault.fails.store(false, Ordering::SeqCst);
    ledger.close().unwrap();
    assert_eq!(open(host).locks(NOW).len(), 1);
}

pub(crate) fn rows_of_the_audit_for_which_there_was_no_room_are_told_of(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    fault.fails.store(true, Ordering::SeqCst);
    let more = 7;
    for _ in 0..AUDIT_WAITING_MAX + more {
        ledger.commit_behind(vec![Effect::Audit(event("one", None))]);
    }
    assert!(ledger.flush().wait().is_err());
    assert_eq!(ledger.figures().audit_lost, more as u64);
    fault.fails.store(false, Ordering::SeqCst);
    ledger.close().unwrap();
    let ledger = open(host);
    let rows = ledger.audit(&AuditQuery { limit: 1, ..AuditQuery::default() }).unwrap();
    assert_eq!((rows[0].event.action, &*rows[0].event.subject), (Action::AuditLost, "7"));
    ledger.verify_audit(&mut |_, _| ()).unwrap();
}

pub(crate) fn time_ends_bindings_and_sessions(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit_behind(vec![
        Effect::PutRegistration(registration(X201, &[later(600), later(60)])),
        Effect::PutRegistration(registration(X202, &[later(60)])),
    ]);
    commit(&ledger, vec![open_session(session(ADMIN, 1, NOW))]).unwrap();
    ledger.sweep(later(59));
    assert_eq!(ledger.figures().bindings, 3);
    ledger.sweep(later(60));
    assert_eq!(ledger.figures().bindings, 1);
    assert!(ledger.registration(X202).is_none());
    assert!(ledger.session(SessionId::of("1 1")).is_some());
    ledger.sweep(later(700));
    assert_eq!((ledger.figures().bindings, ledger.figures().sessions), (0, 0));
    ledger.close().unwrap();
    let figures = open(host).figures();
    assert_eq!((figures.bindings, figures.sessions), (0, 0));
}

pub(crate) fn a_closed_ledger_says_so(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.close().unwrap();
    ledger.close().unwrap();
    let answer = commit(&ledger, vec![Effect::Audit(event("ann", None))]);
    assert_eq!(answer, Err(CommitError::Store(StoreError::Closed)));
}

pub(crate) fn listeners_are_told_what_changed(host: &dyn EngineHost) {
    let ledger = open(host);
    let mut topics = ledger.subscribe();
    furnish(&ledger);
    ledger.commit_behind(vec![Effect::PutRegistration(registration(X201, &[later(60)]))]);
    let mut heard = Vec::new();
    ledger.close().unwrap();
    while let Ok(topic) = topics.try_recv() {
        heard.push(topic);
    }
    for topic in [Topic::Settings, Topic::Accounts, Topic::Audit, Topic::Phones] {
        assert!(heard.contains(&topic), "{topic:?} in {heard:?}");
    }
}
