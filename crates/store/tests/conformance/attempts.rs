//! Attempts: counted before they are checked, alike for everybody, whatever happens in between.

use std::sync::atomic::{AtomicUsize, Ordering};

use signin::{
    account::RoleKind,
    attempt::{Attempt, Claim},
    audit::Reason,
    credential::{CredentialFacts, CredentialKind, Owner},
    decide::{Finding, check},
    effect::Effect,
    extension::Extension,
    ident::{DomainId, Number},
    interface::LoginInterface,
    lockout::{Standing, Tally, TallyKey},
    place::Lane,
    policy::Settings,
    records::Records,
    secret::Secret,
    verdict::Verdict,
};
use store::{Admission, Ledger};

use crate::{
    host::{EngineHost, Fault, FaultyEngine},
    world::*,
};

fn is_accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accept(_))
}

fn opens(ledger: &Ledger, phone: Phone<'_>) -> bool {
    is_accepted(&Phone { nonce: nonce(), ..phone }.sign_in(ledger, NOW).0)
}

fn subject_of(attempt: &Attempt<'_>) -> TallyKey {
    attempt.subject_key()
}

fn extension_key(number: &str) -> TallyKey {
    Phone::new(number, "").attempt(subject_of)
}

pub(crate) fn a_phone_signs_in_with_its_users_login_code(host: &dyn EngineHost) {
    let ledger = furnished(host);
    assert!(opens(&ledger, Phone::new("201", CODE)));
    assert!(!opens(&ledger, Phone::new("201", "4814")));
    assert!(!opens(&ledger, Phone::new("202", CODE)));
    assert_eq!(Phone::new("202", CODE).sign_in(&ledger, NOW).1, Finding::Wrong(Reason::NoSecret));
    assert_eq!(Phone::new("299", CODE).sign_in(&ledger, NOW).1, Finding::Wrong(Reason::UnknownName));
    ledger.close().unwrap();
    assert!(opens(&open(host), Phone::new("201", CODE)));
}

pub(crate) fn a_phone_password_counts_in_place_of_the_login_code(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let owner = Owner::Extension(X201);
    let put = credential(owner, CredentialKind::PhonePassword, "long and odd");
    ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
    assert!(opens(&ledger, Phone::new("201", "long and odd")));
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    ledger.commit(vec![Effect::DeleteCredential(owner, CredentialKind::PhonePassword)]).wait().unwrap();
    assert!(opens(&ledger, Phone::new("201", CODE)));
}

pub(crate) fn a_user_signs_in_by_name_or_number_and_each_is_counted_alone(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let right = Secret::new("four rather odd words");
    let put = credential(Owner::Account(ANN), CredentialKind::UserPassword, right.reveal());
    ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
    let as_user = |ledger: &Ledger, name: &str, password: &Secret| {
        let attempt = Attempt {
            interface: LoginInterface::UserPortal,
            claim: Claim::Account(RoleKind::User, name),
            ..web(name, password)
        };
        sign_in(ledger, &attempt, NOW).0
    };
    let name = ledger.account(ANN).unwrap().name.clone();
    for claimed in [&*name, "201"] {
        assert!(is_accepted(&as_user(&ledger, claimed, &right)), "{claimed}");
    }
    assert!(matches!(as_user(&ledger, "299", &right), Verdict::Reject));
    for n in 0..5 {
        as_user(&ledger, "201", &Secret::new(format!("wrong {n}")));
    }
    ledger.close().unwrap();
    let ledger = open(host);
    assert!(matches!(as_user(&ledger, "201", &right), Verdict::Wait { .. }));
    assert!(is_accepted(&as_user(&ledger, &name, &right)), "the name tells nothing of it");
    // The number is another's name from now on.
    let moved =
        Extension { number: Number::parse("209").unwrap(), version: 2, ..extension(X201, "201", Some(ANN)) };
    ledger.commit(vec![Effect::PutExtension(moved)]).wait().unwrap();
    assert!(is_accepted(&as_user(&ledger, "209", &right)));
}

pub(crate) fn a_new_number_realm_or_user_derives_the_digest_again(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let mut moved = extension(X201, "301", Some(ANN));
    moved.version = 2;
    ledger.commit(vec![Effect::PutExtension(moved)]).wait().unwrap();
    assert!(opens(&ledger, Phone::new("301", CODE)));
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    let mut renamed = domain(1, 2, &["office.example"]);
    renamed.realm = "new.example".into();
    ledger.commit(vec![Effect::PutDomain(renamed)]).wait().unwrap();
    assert!(opens(&ledger, Phone { realm: "new.example", ..Phone::new("301", CODE) }));
    assert!(!opens(&ledger, Phone::new("301", CODE)));
    // Ann and Bob change places: the code goes where Ann goes.
    let place = |id, number, user, version| {
        let mut extension = extension(id, number, Some(user));
        extension.version = version;
        Effect::PutExtension(extension)
    };
    let person = |id, name, extension| {
        let mut account = user(id, name, Some(extension));
        account.version = 2;
        Effect::PutAccount(account)
    };
    ledger
        .commit(vec![
            place(X201, "301", BOB, 3),
            place(X202, "202", ANN, 2),
            person(ANN, "ann", X202),
            person(BOB, "bob", X201),
        ])
        .wait()
        .unwrap();
    let check = |ledger: &Ledger| {
        assert!(opens(ledger, Phone { realm: "new.example", ..Phone::new("202", CODE) }));
        assert!(!opens(ledger, Phone { realm: "new.example", ..Phone::new("301", CODE) }));
    };
    check(&ledger);
    ledger.close().unwrap();
    check(&open(host));
}

pub(crate) fn of_a_thousand_parallel_guesses_at_most_five_are_checked(host: &dyn EngineHost) {
    let ledger = furnished(host);
    // Each from an address of its own, and one that nobody has beside one that somebody has.
    for number in ["201", "299"] {
        let checked = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (ledger, checked) = (&ledger, &checked);
                scope.spawn(move || {
                    for n in 0..125 {
                        let phone = Phone::new(number, "0000").at(far_address(thread * 125 + n));
                        phone.attempt(|attempt| {
                            let dossier = ledger.begin(attempt, NOW).unwrap();
                            if dossier.may_be_checked() {
                                checked.fetch_add(1, Ordering::SeqCst);
                            }
                            let finding = check(&dossier, attempt, NOW);
                            assert!(!matches!(finding, Finding::Right(_)));
                            ledger.settle(&dossier, attempt, finding, NOW);
                        });
                    }
                });
            }
        });
        assert!(checked.load(Ordering::SeqCst) <= 5, "{checked:?}");
        assert!(matches!(Phone::new(number, CODE).sign_in(&ledger, NOW).0, Verdict::Wait { .. }));
    }
}

pub(crate) fn where_a_phone_is_known_at_most_five_parallel_guesses_are_checked_too(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let phone = Phone::new("201", CODE);
    assert!(is_accepted(&phone.sign_in(&ledger, NOW).0), "which notes where it is known");
    let checked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..125 {
                    Phone { nonce: nonce(), ..Phone::new("201", "0000") }.attempt(|attempt| {
                        let Admission::Begun(dossier) = ledger.admit(attempt, NOW).unwrap() else {
                            panic!("a wrong code")
                        };
                        checked.fetch_add(usize::from(dossier.may_be_checked()), Ordering::SeqCst);
                        let finding = check(&dossier, attempt, NOW);
                        ledger.settle(&dossier, attempt, finding, NOW);
                    });
                }
            });
        }
    });
    assert!((1..=5).contains(&checked.load(Ordering::SeqCst)), "{checked:?}");
    let right = Phone { nonce: nonce(), ..phone };
    right.attempt(|attempt| match ledger.admit(attempt, NOW).unwrap() {
        Admission::Right(_) => panic!("the short way leads past a lock"),
        Admission::Begun(dossier) => assert!(!dossier.may_be_checked()),
    });
}

pub(crate) fn a_lock_survives_a_restart(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let phone = far_address(0);
    for _ in 0..5 {
        Phone::new("201", "0000").at(phone).sign_in(&ledger, NOW);
    }
    let locks = ledger.locks(NOW);
    assert_eq!(locks.len(), 1);
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(ledger.locks(NOW), locks);
    let (verdict, finding, _) = Phone::new("201", CODE).sign_in(&ledger, later(599));
    assert!(matches!(verdict, Verdict::Wait { until: Some(until) } if until == later(600)));
    assert_eq!(finding, Finding::Unchecked);
    assert!(is_accepted(&Phone::new("201", CODE).sign_in(&ledger, later(600)).0));
    assert_ne!(
        ledger.tally(&extension_key("201")),
        Tally::default(),
        "not everybody's failures are forgiven"
    );
    assert!(is_accepted(&Phone::new("201", CODE).at(phone).sign_in(&ledger, later(600)).0));
    // The success where the failures came from has cleared the count, on disk too.
    ledger.close().unwrap();
    assert_eq!(open(host).tally(&extension_key("201")), Tally::default());
}

/// Five guesses, all that there are, that the disk never took.
fn guess_without_an_answer(host: &dyn EngineHost) {
    furnished(host).close().unwrap();
    let (ledger, fault) = open_faulty(host);
    fault.fails.store(true, Ordering::SeqCst);
    for guess in ["0000", "1111", "2222", "3333", "4444"] {
        // Looked at, and never answered: the disk does not take the count.
        assert!(Phone::new("201", guess).try_to_sign_in(&ledger, NOW).is_err());
    }
    ledger.close().unwrap_err();
    drop(ledger);
}

pub(crate) fn a_failure_outlives_a_program_that_ends_before_the_disk_has_it(host: &dyn EngineHost) {
    guess_without_an_answer(host);
    for _ in 0..2 {
        let ledger = open(host);
        assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, later(1)).0, Verdict::Wait { .. }));
        // The first time from the notes, the second time from the disk.
        ledger.close().unwrap();
    }
}

pub(crate) fn a_note_that_somebody_changed_is_not_believed_and_is_wiped(host: &dyn EngineHost) {
    guess_without_an_answer(host);
    let taken = || {
        let engine = host.open().unwrap();
        let notes = engine.notes();
        let all = notes.all().unwrap().into_iter().enumerate().skip(1);
        (notes, all.filter(|(_, note)| note.iter().any(|byte| *byte != 0)).collect::<Vec<_>>())
    };
    let (notes, found) = taken();
    assert!(!found.is_empty());
    for (at, mut note) in found {
        let said = note.iter().position(|byte| *byte == b'{').unwrap();
        note[said] = b'[';
        notes.put(at, &note).unwrap();
    }
    drop(notes);
    let ledger = open(host);
    assert_eq!(ledger.tally(&extension_key("201")), Tally::default());
    ledger.close().unwrap();
    drop(ledger);
    assert!(taken().1.is_empty());
}

pub(crate) fn a_lock_is_seen_in_either_count_without_counting(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let is_locked =
        |number, at| Phone::new(number, CODE).at(at).attempt(|attempt| ledger.is_locked(attempt, NOW));
    assert!(!is_locked("201", far_address(99)));
    for n in 0..5 {
        Phone::new("201", "0000").at(far_address(n)).sign_in(&ledger, NOW);
    }
    assert!(is_locked("201", far_address(99)), "the number, wherever from");
    assert!(!is_locked("202", far_address(99)));
    let numbers: Vec<String> = (300..400).map(|number| number.to_string()).collect();
    for number in &numbers {
        Phone::new(number, "0000").at(address(9)).sign_in(&ledger, NOW);
    }
    assert!(is_locked("202", address(9)), "the address, whoever is claimed");
    assert!(!is_locked("202", far_address(99)));
}

pub(crate) fn the_secret_that_is_kept_is_told_from_any_other(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let holds = |account, secret: &str| {
        ledger.holds_secret(Owner::Account(account), CredentialKind::LoginCode, &Secret::new(secret))
    };
    assert!(holds(ANN, CODE));
    assert!(!holds(ANN, "0000") && !holds(ANN, "") && !holds(BOB, CODE) && !holds(BOB, ""));
}

pub(crate) fn a_right_attempt_takes_no_note_and_waits_for_no_disk(host: &dyn EngineHost) {
    furnished(host).close().unwrap();
    let (inner, fault) = (host.open().unwrap(), Fault::default());
    let notes = inner.notes();
    let engine = FaultyEngine { inner, fault: fault.clone() };
    let ledger = Ledger::open(Box::new(engine), masters(), [7; 32], dice()).unwrap();
    fault.fails.store(true, Ordering::SeqCst);
    let before = notes.all().unwrap();
    for _ in 0..20 {
        let (verdict, ..) = Phone::new("201", CODE).try_to_sign_in(&ledger, NOW).unwrap();
        assert!(is_accepted(&verdict));
        assert_eq!(notes.all().unwrap(), before);
    }
    // A wrong one does take one.
    assert!(Phone::new("201", "0000").try_to_sign_in(&ledger, NOW).is_err());
    assert_ne!(notes.all().unwrap(), before);
}

pub(crate) fn a_failure_that_came_to_rest_leaves_no_note(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let key = TallyKey::extension(&extension(X201, "201", Some(ANN)));
    for guess in ["0000", "1111", "2222", "3333", "4444"] {
        Phone::new("201", guess).sign_in(&ledger, NOW);
    }
    ledger.commit(vec![Effect::ClearTally(key)]).wait().unwrap();
    ledger.close().unwrap();
    let ledger = open(host);
    assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, later(1)).0, Verdict::Accept(_)));
    drop(ledger);
    let engine = host.open().unwrap();
    let notes = engine.notes().all().unwrap();
    let taken: Vec<usize> = (0..notes.len()).filter(|at| notes[*at].iter().any(|byte| *byte != 0)).collect();
    assert_eq!(taken, [0], "the one about the last transaction");
}

pub(crate) fn a_reset_lock_opens_at_once(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for n in 0..5 {
        Phone::new("201", "0000").at(far_address(n)).sign_in(&ledger, NOW);
    }
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    ledger.commit(vec![Effect::ClearTally(extension_key("201"))]).wait().unwrap();
    assert!(ledger.locks(NOW).is_empty());
    assert!(opens(&ledger, Phone::new("201", CODE)));
    ledger.close().unwrap();
    assert!(open(host).locks(NOW).is_empty());
}

pub(crate) fn unknown_names_are_counted_and_locked_alike(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let said = |number: &'static str| {
        let says = |n| format!("{:?}", Phone::new(number, "0").at(far_address(n)).sign_in(&ledger, NOW).0);
        (0..7).map(says).collect::<Vec<_>>()
    };
    assert_eq!(said("201"), said("299"));
    let said = |name| {
        let says = |n| {
            let password = Secret::new(format!("wrong {n}"));
            format!("{:?}", sign_in(&ledger, &web(name, &password), NOW).0)
        };
        let said = (0..4).map(says).collect::<Vec<_>>();
        ledger.commit(vec![Effect::ClearTally(TallyKey::address(address(2)))]).wait().unwrap();
        said
    };
    let known = said("Administrator");
    assert_eq!(known, said("nobody"));
    assert!(known.last().unwrap().starts_with("Wait"), "{known:?}");
    assert_eq!(ledger.locks(NOW).len(), 4);
}

pub(crate) fn a_failure_is_counted_by_address_over_all_names(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let numbers: Vec<String> = (300..309).map(|number| number.to_string()).collect();
    for number in &numbers {
        assert!(matches!(Phone::new(number, "0").sign_in(&ledger, NOW).0, Verdict::Reject));
    }
    let (verdict, _, settled) = Phone::new("310", "0").sign_in(&ledger, NOW);
    assert!(matches!(verdict, Verdict::Wait { .. }));
    assert_eq!(settled.locks.len(), 1);
    assert_eq!(settled.locks[0].0, TallyKey::address(address(1)));
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    assert!(opens(&ledger, Phone::new("201", CODE).at(address(9))));
    // Who signs in rightly does not clear an address that many share.
    assert!(!opens(&ledger, Phone::new("201", CODE)));
}

pub(crate) fn a_refusal_by_one_count_leaves_no_place_taken_in_the_other(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for n in 0..5 {
        Phone::new("201", "0").at(far_address(n)).sign_in(&ledger, NOW);
    }
    // The subject refuses: the address is not used up by however many such attempts.
    for _ in 0..50 {
        assert!(!Phone::new("201", CODE).begin(&ledger, NOW).may_be_checked());
    }
    assert_eq!(ledger.tally(&TallyKey::address(address(1))).in_flight, 0);
    // The address refuses: the subject is not used up.
    for number in 300..310 {
        Phone::new(&number.to_string(), "0").sign_in(&ledger, NOW);
    }
    for _ in 0..50 {
        let dossier = Phone::new("202", CODE).begin(&ledger, NOW);
        assert!(matches!(dossier.address.1, Standing::Locked { .. }));
    }
    assert_eq!(ledger.tally(&extension_key("202")).in_flight, 0);
}

pub(crate) fn an_allowed_address_is_never_counted(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let address_allow = vec!["198.51.100.0/24".parse().unwrap()];
    let settings = Settings { version: 2, address_allow, ..Settings::default() };
    ledger.commit(vec![Effect::PutSettings(Box::new(settings))]).wait().unwrap();
    for number in 300..350 {
        let dossier = Phone::new(&number.to_string(), "0").begin(&ledger, NOW);
        ledger.abandon(&dossier, NOW);
        Phone::new(&number.to_string(), "0").sign_in(&ledger, NOW);
    }
    assert_eq!(ledger.tally(&TallyKey::address(address(1))).failures, 0);
    assert!(opens(&ledger, Phone::new("201", CODE)));
    // The extensions are counted all the same.
    assert_eq!(ledger.tally(&extension_key("300")).failures, 2);
}

pub(crate) fn an_answer_works_once(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let phone = Phone::new("201", CODE);
    assert!(is_accepted(&phone.sign_in(&ledger, NOW).0));
    for _ in 0..20 {
        let (verdict, _, settled) = phone.sign_in(&ledger, NOW);
        assert!(settled.is_replay && matches!(verdict, Verdict::Challenge));
    }
    assert!(is_accepted(&Phone { count: 3, ..phone }.sign_in(&ledger, NOW).0));
    assert!(is_accepted(&Phone { count: 2, ..phone }.sign_in(&ledger, NOW).0));
    assert!(Phone { count: 2, ..phone }.sign_in(&ledger, NOW).2.is_replay);
    // A replay is no failure, and leaves no place taken.
    assert_eq!(ledger.figures().tallies, 0);
}

pub(crate) fn the_short_way_says_yes_where_the_long_one_would_and_nowhere_else(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let admitted = |phone: &Phone<'_>| match phone.attempt(|attempt| ledger.admit(attempt, NOW).unwrap()) {
        Admission::Right(_) => true,
        Admission::Begun(dossier) => {
            // As if the rest had broken: it counts as a failure.
            ledger.abandon(&dossier, NOW);
            false
        }
    };
    let phone = Phone::new("201", CODE);
    assert!(is_accepted(&phone.sign_in(&ledger, NOW).0), "the long way, which notes where it is known");
    let next = |count| Phone { count, ..phone };
    assert!(admitted(&next(2)), "a phone that is known, is right and has nothing against it");
    assert_eq!(ledger.figures().tallies, 0);
    assert!(!admitted(&next(2)), "its answer once more");
    let lane = phone.attempt(|attempt| attempt.subject_in(Lane::Network(address(1))));
    assert_eq!((ledger.tally(&lane).failures, ledger.tally(&lane).in_flight), (1, 0));
    assert!(!admitted(&next(3)), "a right one, while there are failures: the long way forgives");
    assert!(
        !admitted(&Phone { nonce: nonce(), ..phone }.at(address(3))),
        "a right one from where it is not known"
    );
    assert!(!admitted(&Phone::new("999", CODE)), "a number that nobody has");
    assert_eq!(ledger.tally(&extension_key("999")).failures, 1, "it is counted all the same");
    assert!(!admitted(&Phone::new("202", "00000").at(address(4))), "a wrong code");
    assert_eq!(ledger.tally(&TallyKey::address(address(4))).failures, 1);
}

pub(crate) fn an_abandoned_attempt_is_a_failure(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for n in 0..5 {
        let dossier = Phone::new("201", CODE).at(far_address(n)).begin(&ledger, NOW);
        assert!(dossier.may_be_checked());
        ledger.abandon(&dossier, NOW);
    }
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    ledger.close().unwrap();
    assert!(!opens(&open(host), Phone::new("201", CODE)));
}

pub(crate) fn what_is_not_set_or_has_expired_opens_nothing(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for typed in ["", "*", CODE] {
        let password = Secret::new(typed);
        assert!(!is_accepted(&sign_in(&ledger, &web("Administrator", &password), NOW).0));
        let dossier = ledger.begin(&web("Administrator", &password), NOW).unwrap();
        assert!(dossier.is_decoy);
        ledger.abandon(&dossier, NOW);
        ledger.commit(vec![Effect::ClearTally(dossier.subject.0)]).wait().unwrap();
    }
    let password = Secret::new("four rather odd words");
    let put = credential(Owner::Account(ADMIN), CredentialKind::ServicePassword, password.reveal());
    ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
    let (verdict, ..) = sign_in(&ledger, &web("administrator", &password), NOW);
    assert!(is_accepted(&verdict));
    assert_eq!(ledger.sessions_of(ADMIN).len(), 1);
    // A user's name means no service user, and the other way round.
    let mut as_user = web("Administrator", &password);
    as_user.claim = Claim::Account(RoleKind::User, "Administrator");
    assert!(!is_accepted(&sign_in(&ledger, &as_user, NOW).0));
    let ended = CredentialFacts { expires_at: Some(NOW), ..facts() };
    let facts = Effect::PutCredentialFacts(Owner::Account(ANN), CredentialKind::LoginCode, ended);
    assert!(opens(&ledger, Phone::new("201", CODE)));
    ledger.commit_behind(vec![facts]);
    assert!(!opens(&ledger, Phone::new("201", CODE)));
    assert!(ledger.extension_numbered(DomainId::FIRST, &Number::parse("201").unwrap()).is_some());
}
