//! Programs: tokens that are made, shown and taken away; and what is kept, told and seen without anybody signing in.

use std::{net::IpAddr, sync::Arc};

use signin::{
    account::{Condition, RoleKind},
    admin::{By, GroupFields, MadeToken, Problem, SecretChoice, ServiceUserFields, TokenFields},
    alarm::{Acknowledged, Alarm, AlarmChange, AlarmId, AlarmKey, AlarmKind, Severity},
    api_token::{
        self, ApiToken, LIFETIME_DEFAULT, LIFETIME_MAX, NOTED_EVERY, TOKENS_EACH_MAX, TOKENS_MAX, TokenHash,
        TokenUse,
    },
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::{Action, Actor, AuditEvent, Outcome, Reason},
    decide::{Decision, Finding, Settled, check, decide},
    dice::SeededDice,
    document::{Document, DocumentId, DocumentKind, api_tokens, rights_groups},
    domain_codes::DomainCodes,
    draft::Draft,
    effect::Effect,
    extension::DOMAINS_MAX,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, NAME_MAX, TokenId},
    interface::LoginInterface,
    lockout::{Standing, TallyKey},
    mailbox::Mailbox,
    records::Records,
    reporting::{DAYS_MAX, ROWS_MAX, ROWS_MIN, Retention},
    rights::{GROUPS_MAX, Right, SERVICE_USERS_MAX, STARTING_GROUPS},
    secret::Secret,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{House, line, word};

const HERE: &str = "192.0.2.50";
const THERE: &str = "192.0.2.60";

fn wanted(name: &str, scopes: &[Right]) -> TokenFields {
    TokenFields { name: name.into(), scopes: scopes.to_vec(), expires_at: None }
}

fn make(house: &House, by: &By, fields: &TokenFields) -> Result<MadeToken, Problem> {
    house.administer_as(by, |admin, dice| admin.create_token(fields, dice)).map(|(made, _)| made)
}

fn nightly(house: &House) -> MadeToken {
    make(house, &house.by("Administrator"), &wanted("Nightly export", &[Right::Backup])).unwrap()
}

fn revoke(house: &House, by: &By, id: TokenId) -> Result<(), Problem> {
    house.administer_as(by, |admin, _| admin.revoke_token(id)).map(drop)
}

fn kept(house: &House, id: TokenId) -> Option<ApiToken> {
    let document = house.model.borrow().document(DocumentId::ApiToken(id))?;
    document.api_token().cloned()
}

/// Eve, who has these rights, signed in.
fn eve(house: &House, rights: &[Right]) -> By {
    let fields = GroupFields { name: "Eve's".into(), rights: rights.to_vec() };
    let (group, _) = house.administer(|admin, dice| admin.create_group(&fields, dice)).unwrap();
    let fields = ServiceUserFields { name: "Eve".into(), groups: vec![group], ..Default::default() };
    let keep = SecretChoice::Keep;
    house.administer(|admin, dice| admin.create_service_user(&fields, &keep, false, dice)).unwrap();
    house.by("Eve")
}

/// The program that holds a token.
fn program(house: &House, id: TokenId) -> By {
    let token = kept(house, id).unwrap();
    let model = house.model.borrow();
    let owner = model.account(token.account).unwrap();
    By::token(&*model, &owner, &token, HERE.parse().unwrap(), "curl")
}

/// What `use_it` makes of a program's request.
fn with_request<R>(address: &str, shown: &Secret, use_it: impl FnOnce(&Attempt<'_>) -> R) -> R {
    let (id, secret) = api_token::read(shown.reveal()).unwrap();
    use_it(&Attempt {
        interface: LoginInterface::ApiToken,
        domain: DomainId::FIRST,
        claim: Claim::Token(id),
        proof: Proof::Bearer(&secret),
        peer: Peer { address: address.parse().unwrap(), agent: "curl", device: "" },
        purpose: Purpose::Request,
    })
}

fn request(house: &House, address: &str, shown: &Secret) -> Decision {
    with_request(address, shown, |attempt| house.attempt(attempt))
}

fn condition(house: &House, name: &str, condition: Condition) {
    let account = house.account_named(RoleKind::ServiceUser, name);
    let fields =
        ServiceUserFields { name: name.into(), condition: Some(condition), ..ServiceUserFields::default() };
    house.administer(|admin, _| admin.edit_service_user(account.id, account.version, &fields)).unwrap();
}

#[test]
fn who_is_signed_in_by_name_makes_a_token_and_the_audit_says_what_it_may() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let fields = wanted("  Nightly export ", &[Right::Backup, Right::UsersRead, Right::Backup]);
    let made = make(&house, &by, &fields).unwrap();
    let token = kept(&house, made.id).unwrap();
    assert_eq!((&*token.name, token.version, Some(token.account)), ("Nightly export", 1, by.account));
    assert_eq!(*token.scopes, [Right::UsersRead, Right::Backup], "each once, in the order of the matrix");
    let now = house.now.get();
    assert_eq!((token.made_at, token.expires_at), (now, now.after(LIFETIME_DEFAULT)));
    assert_eq!(token.used, None);
    let (id, secret) = api_token::read(made.token.reveal()).unwrap();
    assert_eq!(TokenId::parse(id), Some(made.id));
    assert!(token.hash.matches(&secret));
    assert_eq!(
        house.last(),
        "API token made Accepted Nightly export owner: \"\" → \"Administrator\" \
         scopes: \"\" → \"see users, back up and restore\" expires: \"\" → \"1807776000\""
    );
}

#[test]
fn nobody_makes_a_token_who_is_not_signed_in_by_name() {
    let house = House::with_ann();
    let made = nightly(&house);
    let ann = {
        let model = house.model.borrow();
        let session = house.by("Administrator").session.unwrap();
        By::account(&*model, &house.ann(), session, HERE.parse().unwrap(), "browser")
    };
    let never = Problem::Never("Only who is signed in by name and password makes API tokens.");
    for by in [By::console(), program(&house, made.id), ann] {
        assert_eq!(make(&house, &by, &wanted("Another", &[Right::Backup])).unwrap_err(), never, "{by:?}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_token_is_said_at_once() {
    let house = House::ignited();
    let by = eve(&house, &[Right::UsersRead]);
    let said = |fields: &TokenFields| make(&house, &by, fields).unwrap_err().to_string();
    let mine = [Right::UsersRead];
    make(&house, &by, &wanted("Reader", &mine)).unwrap();
    let now = house.now.get();
    assert_eq!(
        said(&TokenFields { name: " ".into(), scopes: Vec::new(), expires_at: Some(now) }),
        "name: A name has 1 to 64 characters.; scopes: Choose what the token may do.; \
         expires-at: A token ends within a year, and not before now."
    );
    for name in ["x".repeat(NAME_MAX + 1), "tab\there".into()] {
        assert_eq!(said(&wanted(&name, &mine)), "name: A name has 1 to 64 characters.");
    }
    assert_eq!(said(&wanted("ＲＥＡＤＥＲ", &mine)), "name: Another token of yours has this name.");
    assert_eq!(
        said(&wanted("More", &[Right::UsersRead, Right::Backup])),
        "scopes: You have no right to back up and restore yourself."
    );
    let until = |expires_at: Timestamp| TokenFields {
        expires_at: Some(expires_at),
        ..wanted(&format!("Until {}", expires_at.0), &mine)
    };
    assert!(said(&until(now.after(Seconds(LIFETIME_MAX.0 + 1)))).starts_with("expires-at: "));
    make(&house, &by, &until(now.after(LIFETIME_MAX))).unwrap();
    make(&house, &by, &until(now.after(Seconds(1)))).unwrap();
    // Whoever else has one of this name.
    make(&house, &house.by("Administrator"), &wanted("Reader", &mine)).unwrap();
}

#[test]
fn each_has_as_many_tokens_as_there_may_be_and_none_more() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let own = |number: usize| wanted(&format!("Token {number:02}"), &[Right::Telephony]);
    let made: Vec<TokenId> =
        (0..TOKENS_EACH_MAX).rev().map(|number| make(&house, &by, &own(number)).unwrap().id).collect();
    let refused = make(&house, &by, &own(TOKENS_EACH_MAX)).unwrap_err();
    assert_eq!(refused.to_string(), "name: You have 16 tokens, which is the most.");
    make(&house, &house.by("BusinessPartner"), &own(0)).unwrap();
    revoke(&house, &by, made[0]).unwrap();
    make(&house, &by, &own(TOKENS_EACH_MAX)).unwrap();
    let listed = house.administer_as(&by, |admin, _| {
        let names = admin.tokens_of(by.account.unwrap()).into_iter().map(|token| token.name);
        Ok(signin::admin::Change::told((names.collect::<Vec<_>>(), admin.tokens().len())))
    });
    let ((names, all), _) = listed.unwrap();
    assert_eq!(all, TOKENS_EACH_MAX + 1);
    assert!(names.is_sorted() && names.len() == TOKENS_EACH_MAX, "{names:?}");
}

#[test]
fn a_number_that_is_taken_is_drawn_again() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let mut ids = ["One", "Two"].map(|name| {
        let fields = wanted(name, &[Right::Backup]);
        house.administer_as(&by, |admin, _| admin.create_token(&fields, &mut SeededDice(7))).unwrap().0.id
    });
    ids.sort_unstable();
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| kept(&house, *id).is_some()));
}

#[test]
fn an_owner_revokes_their_token_and_somebody_else_needs_the_right_to() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let [one, two] = ["One", "Two"].map(|name| make(&house, &by, &wanted(name, &[Right::Backup])).unwrap());
    let eve = eve(&house, &[Right::SecurityRead, Right::SecurityWrite]);
    let refused = revoke(&house, &eve, one.id);
    assert_eq!(refused, Err(Problem::NoRight(Right::SecurityReset)));
    revoke(&house, &by, one.id).unwrap();
    assert_eq!(house.last(), "API token revoked Accepted One owner: \"Administrator\" → \"\"");
    assert_eq!(kept(&house, one.id), None);
    assert_eq!(revoke(&house, &by, one.id), Err(Problem::NotFound("API token")));
    let in_charge = By { rights: vec![Right::SecurityReset], ..eve };
    revoke(&house, &in_charge, two.id).unwrap();
    assert_eq!(word(&request(&house, HERE, &two.token).verdict), "reject");
    let row = house.last();
    assert_eq!(row, format!("Sign in Refused API token {} (Nobody has this name)", two.id.in_token()));
}

#[test]
fn a_token_takes_itself_away_and_no_other_of_its_owner() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let [one, two] = ["One", "Two"].map(|name| make(&house, &by, &wanted(name, &[Right::Backup])).unwrap());
    let program = program(&house, one.id);
    assert_eq!(revoke(&house, &program, two.id), Err(Problem::NoRight(Right::SecurityReset)));
    revoke(&house, &program, one.id).unwrap();
    let row = house.model.borrow().audit.last().cloned().unwrap();
    assert_eq!((row.interface, &*row.agent), (LoginInterface::ApiToken, "One: curl"));
    assert!(kept(&house, one.id).is_none() && kept(&house, two.id).is_some());
}

#[test]
fn a_token_may_what_both_it_and_its_owner_may() {
    let house = House::ignited();
    let by = eve(&house, &[Right::UsersRead, Right::StatusRead]);
    let made = make(&house, &by, &wanted("Reader", &by.rights)).unwrap();
    let held = program(&house, made.id);
    assert_eq!(held.rights, [Right::UsersRead, Right::StatusRead]);
    assert_eq!((held.account, held.session, held.token), (by.account, None, Some(made.id)));
    assert_eq!((held.actor, held.address), (by.actor, Some(HERE.parse().unwrap())));
    // A right that the owner is given later is no right of the token's, and one that is taken is taken from both.
    let model = house.model.borrow();
    let groups = rights_groups(&model.documents(DocumentKind::RightsGroup));
    drop(model);
    let group = groups.iter().find(|group| &*group.name == "Eve's").unwrap();
    let fields = GroupFields { name: "Eve's".into(), rights: vec![Right::UsersRead, Right::Backup] };
    house.administer(|admin, _| admin.edit_group(group.id, group.version, &fields)).unwrap();
    let held = program(&house, made.id);
    assert_eq!(held.rights, [Right::UsersRead]);
    house.administer_as(&held, |admin, _| admin.demand(Right::UsersRead)).unwrap();
    let refused = house.administer_as(&held, |admin, _| admin.demand(Right::Backup));
    assert_eq!(refused.unwrap_err(), Problem::NoRight(Right::Backup));
}

#[test]
fn the_tokens_of_who_is_deleted_go_with_them() {
    let house = House::ignited();
    let by = eve(&house, &[Right::UsersRead]);
    let made = make(&house, &by, &wanted("Reader", &[Right::UsersRead])).unwrap();
    house.administer(|admin, _| admin.delete_service_user(by.account.unwrap())).unwrap();
    assert_eq!(house.last(), "API token revoked Accepted Reader owner: \"Eve\" → \"\"");
    assert_eq!(kept(&house, made.id), None);
    assert_eq!(word(&request(&house, HERE, &made.token).verdict), "reject");
}

#[test]
fn of_a_programs_requests_the_first_in_a_while_and_at_another_place_has_a_row() {
    let house = House::ignited();
    let made = nightly(&house);
    let rows = || house.model.borrow().audit.len();
    let before = rows();
    let used = |address: &str| Some(TokenUse { at: house.now.get(), from: address.parse().unwrap() });
    let first = request(&house, HERE, &made.token);
    let Verdict::Accept(accepted) = &first.verdict else { panic!("{first:?}") };
    assert_eq!((accepted.account, accepted.session.is_none()), (house.by("Administrator").account, true));
    assert!(!first.must_last, "nobody waits for a note");
    assert_eq!(house.last(), "Sign in Accepted API token Nightly export");
    let row = house.model.borrow().audit.last().cloned().unwrap();
    assert!(matches!(&row.actor, Actor::Account(_, name) if &**name == "Administrator"), "{row:?}");
    assert_eq!(kept(&house, made.id).unwrap().used, used(HERE));
    house.wait(Seconds(NOTED_EVERY.0 - 1));
    let second = request(&house, HERE, &made.token);
    assert_eq!((word(&second.verdict), second.effects.len(), rows()), ("accept", 0, before + 1));
    request(&house, THERE, &made.token);
    assert_eq!((rows(), kept(&house, made.id).unwrap().used), (before + 2, used(THERE)));
    house.wait(NOTED_EVERY);
    request(&house, THERE, &made.token);
    assert_eq!((rows(), kept(&house, made.id).unwrap().version), (before + 3, 4));
    assert_eq!(house.model.borrow().sessions.len(), 0);
}

#[test]
fn a_token_opens_nothing_from_the_moment_on_at_which_it_ends() {
    let house = House::ignited();
    let made = nightly(&house);
    house.wait(Seconds(LIFETIME_DEFAULT.0 - 1));
    assert_eq!(word(&request(&house, HERE, &made.token).verdict), "accept");
    house.wait(Seconds(1));
    assert_eq!(word(&request(&house, HERE, &made.token).verdict), "reject");
    assert_eq!(house.last(), "Sign in Refused API token Nightly export (No secret is set)");
    assert!(kept(&house, made.id).is_some(), "its owner still sees it");
}

#[test]
fn a_token_opens_nothing_where_its_owner_may_not_go_in() {
    let house = House::ignited();
    let by = eve(&house, &[Right::UsersRead]);
    let made = make(&house, &by, &wanted("Reader", &[Right::UsersRead])).unwrap();
    condition(&house, "Eve", Condition::ForceNewPassword);
    let told = request(&house, HERE, &made.token);
    assert_eq!((word(&told.verdict), told.must_last), ("new secret first", false));
    assert_eq!(house.last(), "Sign in Refused API token Reader (A new password must be chosen first)");
    assert_eq!(kept(&house, made.id).unwrap().used, None);
    condition(&house, "Eve", Condition::Disabled);
    assert_eq!(word(&request(&house, HERE, &made.token).verdict), "reject");
    assert_eq!(house.last(), "Sign in Refused API token Reader (The account is disabled)");
    condition(&house, "Eve", Condition::Enabled);
    assert_eq!(word(&request(&house, HERE, &made.token).verdict), "accept");
}

#[test]
fn a_wrong_token_counts_against_the_address_and_never_locks_the_right_one_elsewhere() {
    let house = House::ignited();
    let made = nightly(&house);
    let guess = |number: u32| Secret::new(format!("hsk_{}_{number}", made.id.in_token()));
    let told = request(&house, HERE, &guess(0));
    assert_eq!((word(&told.verdict), told.must_last), ("reject", true));
    assert_eq!(house.last(), "Sign in Refused API token Nightly export (Wrong secret)");
    assert_eq!(word(&request(&house, HERE, &guess(0)).verdict), "reject");
    assert!(house.last().ends_with("(The same wrong secret again)"), "{}", house.last());
    // Who is right clears the count, and that is written before it is said; the use is noted with the next.
    let cleared = request(&house, HERE, &made.token);
    assert_eq!((word(&cleared.verdict), cleared.must_last), ("accept", true));
    assert!(matches!(&*cleared.effects, [Effect::KeepTally(_)]), "{cleared:?}");
    assert_eq!(kept(&house, made.id).unwrap().used, None);
    request(&house, HERE, &made.token);
    assert!(kept(&house, made.id).unwrap().used.is_some());
    let mut others = (1..200).map(|number| request(&house, HERE, &guess(number)));
    assert!(others.any(|told| matches!(told.verdict, Verdict::Wait { .. })));
    assert!(matches!(request(&house, HERE, &made.token).verdict, Verdict::Wait { .. }));
    assert!(house.last().ends_with("(The address is blacklisted)"), "{}", house.last());
    assert_eq!(word(&request(&house, THERE, &made.token).verdict), "accept");
}

#[test]
fn what_is_not_quite_a_token_is_refused_and_called_by_what_was_shown() {
    let house = House::ignited();
    assert_eq!(word(&request(&house, HERE, &Secret::new("hsk_0000beef_x")).verdict), "reject");
    assert_eq!(house.last(), "Sign in Refused API token 0000beef (Nobody has this name)");
    assert_eq!(word(&request(&house, HERE, &Secret::new("hsk_")).verdict), "reject");
    assert_eq!(house.last(), "Sign in Refused API token  (Nobody has this name)");
}

#[test]
fn a_programs_request_is_counted_at_its_address_and_costs_nothing_to_check() {
    let address: IpAddr = HERE.parse().unwrap();
    with_request(HERE, &Secret::new("hsk_0a1b2c3d_x"), |attempt| {
        assert_eq!(attempt.claim.typed(), "0a1b2c3d");
        assert_eq!(attempt.subject_key().in_words(), "API tokens at 192.0.2.50");
        assert_eq!(attempt.address_key(), TallyKey::address(address));
        assert_eq!((attempt.print(), attempt.is_costly()), (None, false), "only the store prints a secret");
        let secret = Secret::new("a password");
        assert!(Attempt { proof: Proof::Plain(&secret), ..*attempt }.is_costly());
        assert_eq!(attempt.purpose.action(), Action::SignIn);
    });
}

#[test]
fn the_row_of_a_failure_says_which_limit_it_reached() {
    let house = House::ignited();
    let now = house.now.get();
    with_request(HERE, &Secret::new("hsk_0a1b2c3d_x"), |attempt| {
        let dossier = house.model.borrow_mut().begin(attempt, now);
        let finding = check(&dossier, attempt, now);
        assert_eq!(finding, Finding::Wrong(Reason::UnknownName));
        let told = |standing: Standing| {
            let locks = vec![(attempt.address_key(), standing)];
            let settled = Settled { locks, ..Settled::default() };
            let told = decide(&dossier, attempt, finding, &settled, now, &mut SeededDice(1));
            let row = told.effects.iter().find_map(|effect| match effect {
                Effect::Audit(row) => row.changes.first().map(|change| change.after.to_string()),
                _ => None,
            });
            (word(&told.verdict), row.unwrap())
        };
        let until = Some(Timestamp(now.0 + 1));
        assert_eq!(told(Standing::Open), ("reject", "limit reached".into()), "where it is only noted");
        assert_eq!(told(Standing::Locked { until }), ("wait", format!("locked until {}", now.0 + 1)));
        let for_good = told(Standing::Locked { until: None });
        assert_eq!(for_good, ("wait for an administrator", "locked until reset".into()));
    });
}

#[test]
fn a_hash_is_kept_as_text_and_nobodys_matches_nothing() {
    let hash = TokenHash::of(&Secret::new("x"));
    let text = String::from(hash);
    assert_eq!(TokenHash::try_from(text), Ok(hash));
    for wrong in ["", "!", "AAAA"] {
        assert_eq!(TokenHash::try_from(wrong.to_owned()), Err("not a token's hash"), "{wrong}");
    }
    let decoy = TokenHash::decoy([0; 32]);
    assert!(["", "x", "0"].iter().all(|shown| !decoy.matches(&Secret::new(*shown))));
}

#[test]
fn how_long_the_audit_is_kept_is_changed_by_who_looked_at_it_last() {
    let house = House::ignited();
    let save = |by: &By, version: u32, days: u32, rows: u64| {
        house.administer_as(by, |admin, _| admin.save_retention(version, Retention { days, rows })).map(drop)
    };
    let by = house.by("Administrator");
    let version = house.model.borrow().reporting.version;
    assert_eq!(save(&by, version, 90, ROWS_MIN), Ok(()));
    assert_eq!(
        house.last(),
        "Settings changed Accepted audit days kept: \"0\" → \"90\" rows kept: \"5000000\" → \"10000\""
    );
    let kept = house.model.borrow().reporting.clone();
    assert_eq!(kept.retention, Retention { days: 90, rows: ROWS_MIN });
    assert_eq!(kept.version, version + 1);
    assert_eq!(save(&by, version, 30, ROWS_MIN), Err(Problem::Changed("page")));
    let rows = house.model.borrow().audit.len();
    assert_eq!(save(&by, kept.version, 90, ROWS_MIN), Ok(()));
    assert_eq!(house.model.borrow().audit.len(), rows, "no change has no row");
    assert_eq!(house.model.borrow().reporting.version, kept.version);
    let said = |days, rows| save(&by, kept.version, days, rows).unwrap_err().to_string();
    assert_eq!(
        said(DAYS_MAX + 1, ROWS_MIN - 1),
        "retention-days: 0 to 36500 days.; retention-rows: 10000 to 100000000 rows."
    );
    assert_eq!(said(DAYS_MAX, ROWS_MAX + 1), "retention-rows: 10000 to 100000000 rows.");
    let looker = By { rights: vec![Right::SecurityRead], ..by.clone() };
    assert_eq!(save(&looker, kept.version, 1, ROWS_MIN), Err(Problem::NoRight(Right::SecurityWrite)));
    assert_eq!(save(&by, kept.version, DAYS_MAX, ROWS_MAX), Ok(()));
}

fn alarm(kind: AlarmKind, subject: &str) -> Alarm {
    let key = AlarmKey { kind, domain: DomainId::FIRST, subject: subject.into() };
    Alarm {
        id: AlarmId(3),
        key,
        count: 5,
        raised_at: Timestamp(1_800_000_000_000),
        cleared_at: None,
        acknowledged: None,
    }
}

#[test]
fn an_alarm_is_seen_once_by_who_may_and_stands_on() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let mut alarm = alarm(AlarmKind::ExtensionLocked, "201");
    let see = |by: &By, alarm: &Alarm| house.administer_as(by, |a, _| a.acknowledge(alarm)).map(drop);
    let looker = By { rights: vec![Right::StatusRead], ..by.clone() };
    assert_eq!(see(&looker, &alarm), Err(Problem::NoRight(Right::StatusControl)));
    assert_eq!(house.model.borrow().alarms, []);
    see(&by, &alarm).unwrap();
    assert_eq!(house.last(), "Alarm acknowledged Accepted Extension blacklisted: 201");
    let seen = Acknowledged { by: "Administrator".into(), at: house.now.get() };
    assert_eq!(house.model.borrow().alarms, [AlarmChange::Acknowledge(AlarmId(3), seen.clone())]);
    alarm.acknowledged = Some(seen);
    let rows = house.model.borrow().audit.len();
    see(&house.by("BusinessPartner"), &alarm).unwrap();
    assert_eq!((house.model.borrow().alarms.len(), house.model.borrow().audit.len()), (1, rows));
    assert!(alarm.is_standing());
}

#[test]
fn who_saw_an_alarm_is_called_by_their_name_and_the_machine_the_console() {
    let house = House::ignited();
    let alarm = alarm(AlarmKind::DiskFull, "/");
    for (actor, name) in [
        (Actor::Console, "console"),
        (Actor::System, "console"),
        (Actor::Extension(ExtensionId(1), "201".into()), "201"),
    ] {
        let by = By { actor, ..By::console() };
        house.administer_as(&by, |admin, _| admin.acknowledge(&alarm)).unwrap();
        let model = house.model.borrow();
        let Some(AlarmChange::Acknowledge(_, seen)) = model.alarms.last() else { panic!("{name}") };
        assert_eq!(&*seen.by, name);
    }
    let titles = [AlarmKind::DiskFull, AlarmKind::PushedOut].map(|kind| kind.row().severity.title());
    assert_eq!(titles, ["Critical", "Warning"]);
    assert!(Severity::Critical > Severity::Warning);
}

/// A refusal as it stands in the audit.
fn refusal(reason: Reason, subject: &str, address: &str) -> AuditEvent {
    AuditEvent {
        at: Timestamp(1_800_000_000_000),
        action: Action::SignIn,
        outcome: Outcome::Refused,
        reason: Some(reason),
        actor: Actor::Unknown,
        domain: DomainId::FIRST,
        subject: subject.into(),
        interface: LoginInterface::WebManager,
        address: Some(address.parse().unwrap()),
        agent: "browser".into(),
        changes: Vec::new(),
        times: 1,
    }
}

#[test]
fn refusals_under_a_lock_are_alike_by_what_is_locked() {
    let alike = |reason, ours: (&str, &str), theirs: (&str, &str)| {
        let [one, other] =
            [ours, theirs].map(|(subject, address)| refusal(reason, subject, address).repeat());
        one.is_some() && one == other
    };
    let (ann, bob, far) = (("ann", HERE), ("bob", HERE), ("ann", THERE));
    // With the same name and address; with another name; from another address.
    for (reason, expected) in [
        (Reason::SubjectLocked, [true, false, true]),
        (Reason::AddressLocked, [true, true, false]),
        (Reason::TooManyAtOnce, [true, true, false]),
        (Reason::SameWrongSecret, [true, false, false]),
        (Reason::WrongSecret, [false, false, false]),
    ] {
        assert_eq!([ann, bob, far].map(|theirs| alike(reason, ann, theirs)), expected, "{reason:?}");
    }
    let locked = refusal(Reason::SubjectLocked, "ann", HERE);
    let elsewhere = AuditEvent { interface: LoginInterface::ManagementApi, ..locked.clone() };
    assert_ne!(locked.repeat(), elsewhere.repeat(), "each way in has rows of its own");
}

#[test]
fn one_row_tells_of_many_and_says_where_they_differ() {
    let mut row = refusal(Reason::AddressLocked, "ann", HERE);
    assert!(!serde_json::to_string(&row).unwrap().contains("times"), "once goes without saying");
    row.tell_too(&refusal(Reason::AddressLocked, "ann", HERE));
    assert_eq!((row.times, &*row.subject, &*row.agent), (2, "ann", "browser"));
    assert_eq!(row.address, Some(HERE.parse().unwrap()));
    row.tell_too(&AuditEvent {
        agent: "curl".into(),
        times: 3,
        ..refusal(Reason::AddressLocked, "bob", THERE)
    });
    assert_eq!((row.times, &*row.subject, &*row.agent), (5, "(several)", "(several)"));
    assert_eq!(row.address, None);
    assert_eq!(line(&row), "Sign in Refused (several) (The address is blacklisted)");
    let kept: AuditEvent = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
    assert_eq!(kept, row);
    let once = refusal(Reason::AddressLocked, "ann", HERE);
    let kept: AuditEvent = serde_json::from_str(&serde_json::to_string(&once).unwrap()).unwrap();
    assert_eq!(kept.times, 1);
    row.times = u32::MAX;
    row.tell_too(&once);
    assert_eq!(row.times, u32::MAX);
}

#[test]
fn each_kind_of_document_has_a_name_a_limit_and_what_is_unique_of_it() {
    let house = House::ignited();
    let made = nightly(&house);
    let model = house.model.borrow();
    let groups = model.documents(DocumentKind::RightsGroup);
    let owner = house.account_named(RoleKind::ServiceUser, "Administrator").id;
    let begun_at = house.now.get();
    let draft = Draft { owner, version: 6, begun_at, made: 0, records: Vec::new() };
    let draft = Arc::new(Document::Draft(draft));
    let token = model.document(DocumentId::ApiToken(made.id)).unwrap();
    let mailbox = Arc::new(Document::Mailbox(Mailbox::untouched(owner).next_version()));
    let codes = Arc::new(Document::ShortCodes(DomainCodes::untouched(DomainId::FIRST)));
    let all = [groups[0].clone(), draft, token, mailbox, codes];
    let told = all.each_ref().map(|document| {
        let kind = document.id().kind();
        (kind, kind.title(), kind.most(), document.version())
    });
    assert_eq!(
        told,
        [
            (DocumentKind::RightsGroup, "rights group", GROUPS_MAX, 1),
            (DocumentKind::Draft, "draft", SERVICE_USERS_MAX * DOMAINS_MAX, 6),
            (DocumentKind::ApiToken, "API token", TOKENS_MAX, 1),
            (DocumentKind::Mailbox, "mailbox", usize::MAX, 1),
            (DocumentKind::ShortCodes, "short codes", DOMAINS_MAX, 0),
        ]
    );
    assert_eq!(TOKENS_MAX, SERVICE_USERS_MAX * TOKENS_EACH_MAX * DOMAINS_MAX);
    let group = groups[0].rights_group().unwrap();
    let names = all.each_ref().map(|document| document.unique_name());
    assert_eq!(
        names,
        [Some(FoldedName::of(&group.name)), None, None, None, None],
        "each owner has names of their own"
    );
    let is = all.each_ref().map(|document| {
        [
            document.rights_group().is_some(),
            document.draft().is_some(),
            document.api_token().is_some(),
            document.mailbox().is_some(),
            document.short_codes().is_some(),
        ]
    });
    for (at, is) in is.iter().enumerate() {
        assert_eq!(is.iter().enumerate().filter(|(_, is)| **is).map(|(is, _)| is).collect::<Vec<_>>(), [at]);
    }
    for document in &all {
        let kind = document.id().kind();
        assert!(kind.ids().contains(&document.id()));
        assert_eq!(all.iter().filter(|other| kind.ids().contains(&other.id())).count(), 1, "{kind:?}");
        assert_eq!(kind.is_of_one(), document.mailbox().is_some() || document.short_codes().is_some());
    }
    assert_eq!(api_tokens(&all).iter().map(|token| token.id).collect::<Vec<_>>(), [made.id]);
    assert_eq!(rights_groups(&all), std::slice::from_ref(group));
    let mut names = STARTING_GROUPS.map(|(name, _)| name);
    names.sort_unstable();
    assert_eq!(rights_groups(&groups).iter().map(|group| &*group.name).collect::<Vec<_>>(), names);
    assert_eq!(DocumentId::Draft(AccountId(1)).kind(), DocumentKind::Draft);
}

#[test]
fn everything_that_is_wrong_with_a_service_user_is_said_at_once() {
    let house = House::ignited();
    house.settings(|settings| settings.names.service_min = 4);
    let create = |fields: &ServiceUserFields, password: &str| {
        let password = SecretChoice::Set(Secret::new(password));
        let made = house.administer(|admin, dice| admin.create_service_user(fields, &password, false, dice));
        made.unwrap_err().to_string()
    };
    let named = |name: &str| ServiceUserFields { name: name.into(), ..ServiceUserFields::default() };
    let said = create(&ServiceUserFields { expires_at: Some(house.now.get()), ..named(" ") }, "short");
    let parts: Vec<_> = said.split("; ").collect();
    assert_eq!(parts[0], "name: A name has 1 to 64 characters.");
    assert_eq!(parts[1], "expires-at: This day is over already. Choose a later one, or none.");
    assert!(parts[2].starts_with("service-password: "), "{said}");
    let good = "six sixes are thirty-six";
    assert_eq!(create(&named("Eve"), good), "name: Use at least 4 characters.");
    assert_eq!(create(&named("ADMINISTRATOR"), good), "name: Another service user has this name.");
}

#[test]
fn an_export_of_the_audit_leaves_its_row_first_and_is_for_who_may_read_it() {
    let house = House::ignited();
    let by = eve(&house, &[Right::SecurityRead]);
    house.administer_as(&by, |admin, _| admin.export_audit()).unwrap();
    assert_eq!(house.last(), "Export Accepted audit");
    let other = By { rights: vec![Right::Backup], ..by };
    let refused = house.administer_as(&other, |admin, _| admin.export_audit());
    assert_eq!(refused.unwrap_err(), Problem::NoRight(Right::SecurityRead));
}
