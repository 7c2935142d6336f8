//! Forgotten passwords: who is mailed a link, who is not, what the link opens and from where, and what ends it.

use std::net::IpAddr;

use signin::{
    account::{Condition, RoleKind, Status},
    admin::{By, EditMail, Mailing, Problem, SecretChoice},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::{Action, Outcome, Reason},
    credential::{CredentialKind, Owner},
    ident::{AccountId, DomainId},
    interface::LoginInterface,
    link::{LinkKind, LinkName},
    mail::MailSecurity,
    records::Records,
    secret::Secret,
    session::SessionId,
    timestamp::Seconds,
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, House};

const HERE: &str = "192.0.2.7";
const AWAY: &str = "198.51.100.7";
const NEW: &str = "nine bees went by a lake";

/// An office with LAN1, mail, and Ann, who has a password and an address.
fn office() -> House {
    let house = House::with_ann();
    house.settings(|settings| settings.lan1 = vec!["192.0.2.0/24".parse().unwrap()]);
    let edit = EditMail {
        version: 0,
        sender: "pbx@example.com".into(),
        server: "mail.example.com".into(),
        port: 25,
        security: MailSecurity::Starttls,
        roots: String::new(),
        user: String::new(),
        password: SecretChoice::Keep,
        web_address: String::new(),
    };
    house.administer(|admin, _| admin.save_mail(&edit)).unwrap();
    let ann = house.ann().id;
    set(&house, ann, CredentialKind::UserPassword, "eight ants went by a river", false);
    bind(&house, ann, "ann@example.com");
    house
}

fn set(house: &House, id: AccountId, kind: CredentialKind, secret: &str, force_new: bool) {
    let choice = SecretChoice::Set(Secret::new(secret));
    house
        .administer(|admin, dice| admin.set_secret(Owner::Account(id), kind, &choice, force_new, dice))
        .unwrap();
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn link_by(house: &House, id: AccountId) -> By {
    By::link(&house.model.borrow().account(id).unwrap(), address(HERE), "test")
}

/// The secret of a link, without its name.
fn secret_of(token: &Secret) -> Secret {
    LinkName::split(token.reveal()).1
}

/// Binds an address, and follows the mail.
fn bind(house: &House, id: AccountId, to: &str) {
    let (mailing, _) = house.administer(|admin, dice| admin.bind_address_of(id, to, dice)).unwrap();
    let secret = secret_of(&mailing.unwrap().token);
    house.administer_as(&link_by(house, id), |admin, _| admin.confirm_address(&secret)).unwrap();
}

fn ask(house: &House, kind: RoleKind, name: &str, to: &str) -> Option<Mailing> {
    ask_when(house, kind, name, to, true)
}

fn ask_when(house: &House, kind: RoleKind, name: &str, to: &str, allows: bool) -> Option<Mailing> {
    let by = By::stranger(DomainId::FIRST, LoginInterface::PasswordRecovery, address(AWAY), "test");
    house.administer_as(&by, |admin, dice| admin.ask_recovery(kind, name, to, allows, dice)).unwrap().0
}

fn last_reason(house: &House) -> (Action, Outcome, Option<Reason>) {
    let model = house.model.borrow();
    let event = model.audit.last().unwrap();
    (event.action, event.outcome, event.reason)
}

fn show(house: &House, token: &Secret, from: &str) -> Verdict {
    let (name, secret) = LinkName::split(token.reveal());
    house
        .attempt(&Attempt {
            interface: LoginInterface::PasswordRecovery,
            domain: DomainId::FIRST,
            claim: Claim::Link(name),
            proof: Proof::Bearer(&secret),
            peer: Peer { address: address(from), agent: "test", device: "" },
            purpose: Purpose::Confirmation,
        })
        .verdict
}

fn opens(house: &House, token: &Secret) -> bool {
    matches!(show(house, token, HERE), Verdict::Accept(_))
}

fn choose(house: &House, mailing: &Mailing, new: &str) -> Result<usize, Problem> {
    let (secret, new) = (secret_of(&mailing.token), Secret::new(new));
    let by = link_by(house, mailing.account);
    house
        .administer_as(&by, |admin, dice| admin.choose_by_link(LinkKind::Recovery, &secret, &new, dice))
        .map(|done| done.0)
}

fn portal(house: &House, password: &str) -> Verdict {
    let password = Secret::new(password);
    house
        .attempt(&Attempt {
            interface: LoginInterface::UserPortal,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::User, "201"),
            proof: Proof::Plain(&password),
            peer: Peer { address: address(HERE), agent: "test", device: "" },
            purpose: Purpose::Session(None),
        })
        .verdict
}

#[test]
fn a_link_is_mailed_to_who_has_the_address_and_sets_a_password_once() {
    let house = office();
    for name in ["Ann", "201"] {
        let mailing = ask(&house, RoleKind::User, name, " ANN@example.com ").expect("a mail");
        assert_eq!(mailing.to.as_str(), "ann@example.com", "as it is bound, not as it was typed");
        assert_eq!(last_reason(&house), (Action::RecoveryAsked, Outcome::Accepted, None));
        assert!(opens(&house, &mailing.token) && opens(&house, &mailing.token), "looking changes nothing");
        let new = format!("{NEW}, {name}");
        choose(&house, &mailing, &new).unwrap();
        assert!(!opens(&house, &mailing.token));
        assert_eq!(choose(&house, &mailing, "something else again"), Err(Problem::NotFound("link")));
        assert!(matches!(portal(&house, &new), Verdict::Accept(_)));
        house.wait(Seconds::minutes(61));
    }
}

#[test]
fn nobody_else_is_mailed_anything_and_the_audit_says_why() {
    let house = office();
    let refused = |why| (Action::RecoveryAsked, Outcome::Refused, Some(why));
    for (kind, name, to, why) in [
        (RoleKind::User, "Nobody", "ann@example.com", Reason::UnknownName),
        (RoleKind::User, "299", "ann@example.com", Reason::UnknownName),
        (RoleKind::ServiceUser, "Ann", "ann@example.com", Reason::UnknownName),
        (RoleKind::User, "Ann", "eve@example.com", Reason::OtherAddress),
        (RoleKind::User, "Ann", "", Reason::OtherAddress),
        (RoleKind::User, "Ann", "ann@example.com, eve@example.com", Reason::OtherAddress),
        (RoleKind::User, "Ann", "ann@example.com\r\nBcc: eve@example.com", Reason::OtherAddress),
        (RoleKind::ServiceUser, "Administrator", "ann@example.com", Reason::OtherAddress),
    ] {
        assert!(ask(&house, kind, name, to).is_none(), "{name} {to}");
        assert_eq!(last_reason(&house), refused(why), "{name} {to}");
    }
    assert!(ask_when(&house, RoleKind::User, "Ann", "ann@example.com", false).is_none());
    assert_eq!(last_reason(&house), refused(Reason::TooOften));
    // One account is mailed once an hour.
    assert!(ask(&house, RoleKind::User, "Ann", "ann@example.com").is_some());
    for _ in 0..3 {
        assert!(ask(&house, RoleKind::User, "201", "ann@example.com").is_none());
        assert_eq!(last_reason(&house), refused(Reason::TooOften));
    }
    house.wait(Seconds::minutes(60));
    assert!(ask(&house, RoleKind::User, "201", "ann@example.com").is_some());
    house.wait(Seconds::minutes(60));
    house.settings(|settings| settings.recovery.by_mail = false);
    assert!(ask(&house, RoleKind::User, "201", "ann@example.com").is_none());
    assert_eq!(last_reason(&house), refused(Reason::NotSetUp));
}

#[test]
fn an_account_that_is_closed_is_opened_by_no_link() {
    let house = office();
    let ann = house.ann();
    let mailing = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    let edit = |condition, expires_at| signin::admin::EditUser {
        version: house.ann().version,
        name: "Ann".into(),
        full_name: String::new(),
        number: "201".into(),
        condition,
        expires_at,
    };
    let disabled = edit(Some(Condition::Disabled), None);
    house.administer(|admin, _| admin.edit_user(ann.id, &disabled)).unwrap();
    assert!(!opens(&house, &mailing.token));
    house.wait(Seconds::minutes(61));
    assert!(ask(&house, RoleKind::User, "Ann", "ann@example.com").is_none());
    assert_eq!(last_reason(&house).2, Some(Reason::Disabled));
    let enabled = edit(Some(Condition::Enabled), Some(house.now.get().after(Seconds::days(1))));
    house.administer(|admin, _| admin.edit_user(ann.id, &enabled)).unwrap();
    assert!(ask(&house, RoleKind::User, "Ann", "ann@example.com").is_some());
    house.wait(Seconds::days(2));
    assert!(ask(&house, RoleKind::User, "Ann", "ann@example.com").is_none());
    assert_eq!(last_reason(&house).2, Some(Reason::Expired));
}

#[test]
fn a_lock_a_forced_password_and_one_that_is_too_old_do_not_stand_in_the_way() {
    let house = office();
    house.settings(|settings| {
        settings.user_password_lock.lock = signin::policy::Lock::Permanent;
        settings.address_lock.failures_max = 0;
        settings.user_ages.secret = Seconds::days(1);
    });
    set(&house, house.ann().id, CredentialKind::UserPassword, "given by the help desk", true);
    for n in 0..5 {
        portal(&house, &format!("wrong {n}"));
    }
    house.wait(Seconds::days(3));
    let ann = house.ann();
    let status = house.model.borrow().status_of(&ann, house.now.get());
    assert_eq!(status, Status::LockedPasswordError);
    let mailing = ask(&house, RoleKind::User, "201", "ann@example.com").expect("a mail");
    assert!(opens(&house, &mailing.token));
    choose(&house, &mailing, NEW).unwrap();
    let Verdict::Accept(accepted) = portal(&house, NEW) else { panic!() };
    assert_eq!(accepted.status, Status::Enabled);
}

#[test]
fn a_link_works_from_lan1_alone_unless_the_system_is_hosted() {
    let house = office();
    let mailing = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    assert!(matches!(show(&house, &mailing.token, AWAY), Verdict::Reject));
    assert_eq!(last_reason(&house), (Action::Confirm, Outcome::Refused, Some(Reason::NotLocal)));
    for from in ["192.0.3.7", "127.0.0.1", "::1", "2001:db8::1", "10.0.0.1"] {
        assert!(matches!(show(&house, &mailing.token, from), Verdict::Reject), "{from}");
    }
    assert!(opens(&house, &mailing.token));
    assert!(
        matches!(show(&house, &mailing.token, "::ffff:192.0.2.9"), Verdict::Accept(_)),
        "it is the same network"
    );
    house.settings(|settings| settings.recovery.from_anywhere = true);
    assert!(matches!(show(&house, &mailing.token, "203.0.113.9"), Verdict::Accept(_)));
    // Where no network is named, there is none.
    house.settings(|settings| (settings.recovery.from_anywhere, settings.lan1) = (false, Vec::new()));
    assert!(!opens(&house, &mailing.token));
}

#[test]
fn a_link_ends_with_its_time_with_a_newer_one_and_with_any_change_of_the_password() {
    let house = office();
    let ann = house.ann().id;
    let mailing = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    house.wait(Seconds::minutes(29));
    assert!(opens(&house, &mailing.token));
    house.wait(Seconds::minutes(1));
    assert!(!opens(&house, &mailing.token));
    assert_eq!(choose(&house, &mailing, NEW), Err(Problem::NotFound("link")));
    house.wait(Seconds::minutes(31));
    let first = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    set(&house, ann, CredentialKind::UserPassword, "ten geese went by a pond", false);
    assert!(!opens(&house, &first.token));
    assert_eq!(choose(&house, &first, NEW), Err(Problem::NotFound("link")));
    house.wait(Seconds::minutes(61));
    let second = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    let remove = SecretChoice::Remove;
    house
        .administer(|admin, dice| {
            admin.set_secret(Owner::Account(ann), CredentialKind::UserPassword, &remove, false, dice)
        })
        .unwrap();
    assert!(!opens(&house, &second.token));
}

#[test]
fn what_is_no_link_opens_nothing_and_counts_at_the_address() {
    let house = office();
    let mailing = ask(&house, RoleKind::User, "Ann", "ann@example.com").expect("a mail");
    let name = mailing.token.reveal().split('-').next().unwrap().to_owned();
    let others = house.model.borrow().service_users()[0].id;
    for wrong in [
        String::new(),
        name.clone(),
        format!("{name}-"),
        format!("{name}-{}", "A".repeat(32)),
        mailing.token.reveal().to_ascii_lowercase(),
        mailing.token.reveal().replacen('r', "h", 1),
        mailing.token.reveal().replacen('r', "a", 1),
        format!("r{others}-{}", secret_of(&mailing.token).reveal()),
        format!("{}x", mailing.token.reveal()),
    ] {
        house.wait(Seconds::minutes(11));
        house.settings(|settings| settings.recovery.from_anywhere = true);
        assert!(!matches!(show(&house, &Secret::new(&*wrong), HERE), Verdict::Accept(_)), "{wrong}");
    }
    for n in 0..10 {
        show(&house, &Secret::new(format!("{name}-{n}")), AWAY);
    }
    assert!(matches!(show(&house, &Secret::new(format!("{name}-x")), AWAY), Verdict::Wait { .. }));
}

#[test]
fn an_address_counts_when_its_mail_was_followed_and_not_before() {
    let house = office();
    let ann = house.ann().id;
    let by = By::in_portal(&house.ann(), SessionId::of("hers"), address(HERE), "test");
    let (mailing, _) =
        house.administer_as(&by, |admin, dice| admin.bind_own_address("new@example.com", dice)).unwrap();
    let mailing = mailing.expect("a mail");
    assert_eq!(mailing.to.as_str(), "new@example.com");
    assert!(ask(&house, RoleKind::User, "Ann", "new@example.com").is_none());
    let secret = secret_of(&mailing.token);
    // From anywhere: who reads mail on the road may confirm an address, which sets no password.
    assert!(matches!(show(&house, &mailing.token, AWAY), Verdict::Accept(_)));
    let new = Secret::new(NEW);
    let refused = house.administer_as(&link_by(&house, ann), |admin, dice| {
        admin.choose_by_link(LinkKind::Address, &secret, &new, dice)
    });
    assert!(refused.is_err(), "it sets no password");
    let (old, _) =
        house.administer_as(&link_by(&house, ann), |admin, _| admin.confirm_address(&secret)).unwrap();
    assert_eq!(old.unwrap().as_str(), "ann@example.com");
    assert!(!opens(&house, &mailing.token));
    assert!(ask(&house, RoleKind::User, "Ann", "ann@example.com").is_none());
    assert!(ask(&house, RoleKind::User, "Ann", "new@example.com").is_some());
    for wrong in ["new", "a@b@c", "new@example.com\r\nBcc: eve@example.com", "<new@example.com>"] {
        let refused = house.administer_as(&by, |admin, dice| admin.bind_own_address(wrong, dice));
        assert!(matches!(refused, Err(Problem::Invalid(_))), "{wrong:?}");
    }
    house.administer_as(&by, |admin, dice| admin.bind_own_address("", dice)).unwrap();
    assert_eq!(house.model.borrow().profile(ann).address, None);
}

#[test]
fn a_link_that_is_handed_over_sets_a_password_that_nobody_else_knows() {
    let house = office();
    let ann = house.ann().id;
    let (token, _) = house.administer(|admin, dice| admin.hand_over(ann, dice)).unwrap();
    house.wait(Seconds::days(2));
    assert!(opens(&house, &token));
    let (secret, new) = (secret_of(&token), Secret::new(NEW));
    let chosen = house.administer_as(&link_by(&house, ann), |admin, dice| {
        admin.choose_by_link(LinkKind::HandOver, &secret, &new, dice)
    });
    chosen.unwrap();
    assert!(matches!(portal(&house, NEW), Verdict::Accept(_)));
    assert!(!opens(&house, &token));
    // Nobody who could not set the password can hand it over, nor send it elsewhere.
    let partner = house.by("BusinessPartner");
    let administrator =
        house.model.borrow().service_users().into_iter().find(|one| one.name == "Administrator");
    let administrator = administrator.unwrap().id;
    let refused = house.administer_as(&partner, |admin, dice| admin.hand_over(administrator, dice)).map(drop);
    assert!(matches!(refused, Err(Problem::Never(_))), "{refused:?}");
    let refused = house
        .administer_as(&partner, |admin, dice| admin.bind_address_of(administrator, "eve@example.com", dice))
        .map(drop);
    assert!(matches!(refused, Err(Problem::Never(_))), "{refused:?}");
}

#[test]
fn an_administrator_gets_back_in_by_the_same_way() {
    let house = office();
    let administrator = {
        let model = house.model.borrow();
        model.service_users().into_iter().find(|one| one.name == "Administrator").unwrap()
    };
    bind(&house, administrator.id, "boss@example.com");
    assert!(ask(&house, RoleKind::User, "Administrator", "boss@example.com").is_none());
    let mailing = ask(&house, RoleKind::ServiceUser, "administrator", "boss@example.com").expect("a mail");
    // The rules hold here as everywhere.
    for wrong in ["short", ADMIN_PASSWORD, "administrator"] {
        assert!(matches!(choose(&house, &mailing, wrong), Err(Problem::Invalid(_))), "{wrong}");
    }
    choose(&house, &mailing, "thirty violet umbrellas").unwrap();
    assert!(matches!(house.web("Administrator", "thirty violet umbrellas"), Verdict::Accept(_)));
}

#[test]
fn with_an_account_its_profile_goes() {
    let house = office();
    let ann = house.ann().id;
    house.administer(|admin, _| admin.delete_user(ann, true)).unwrap();
    assert_eq!(house.model.borrow().profile(ann).version, 0);
}
