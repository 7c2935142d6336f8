//! The user portal: who gets in, by which name, and how far the rules of their domain let them.

use signin::{
    account::{Account, RoleKind},
    admin::{By, EditUser, Problem, SecretChoice},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    credential::{CLASSES, CredentialKind, Owner},
    ident::{DomainId, Number},
    interface::LoginInterface,
    lockout::TallyKey,
    mailbox::{Mailbox, NewMessage},
    party::Party,
    portal::{Level, PortalPart},
    records::Records,
    secret::Secret,
    session::SessionId,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::House;

pub(crate) const PASSWORD: &str = "eight ants went by a river";

/// An office with Ann at 201, who has a password.
pub(crate) fn office() -> House {
    let house = House::with_ann();
    let owner = Owner::Account(house.ann().id);
    let choice = SecretChoice::Set(Secret::new(PASSWORD));
    house
        .administer(|admin, dice| admin.set_secret(owner, CredentialKind::UserPassword, &choice, false, dice))
        .unwrap();
    house
}

pub(crate) fn sign_in(house: &House, name: &str, password: &str) -> Verdict {
    let password = Secret::new(password);
    let peer = Peer { address: "192.0.2.7".parse().unwrap(), agent: "test", device: "" };
    house
        .attempt(&Attempt {
            interface: LoginInterface::UserPortal,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::User, name),
            proof: Proof::Plain(&password),
            peer,
            purpose: Purpose::Session(None),
        })
        .verdict
}

fn insider(ann: &Account) -> By {
    By::in_portal(ann, SessionId::of("hers"), "192.0.2.7".parse().unwrap(), "test")
}

fn levels(house: &House, portal: Level, part: Option<(PortalPart, Level)>) {
    let mut domain = (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone();
    domain.portal.portal = portal;
    if let Some((part, level)) = part {
        *domain.portal.set_of_mut(part) = level;
    }
    house.administer(|admin, _| admin.save_domain(&domain)).unwrap();
}

#[test]
fn a_user_signs_in_by_name_or_number_and_an_administrator_by_neither() {
    let house = office();
    for name in ["Ann", "ann", "201"] {
        let Verdict::Accept(accepted) = sign_in(&house, name, PASSWORD) else { panic!("{name}") };
        assert_eq!(accepted.account, Some(house.ann().id));
        assert!(accepted.session.is_some());
    }
    for (name, password) in [
        ("Ann", "something else"),
        ("202", PASSWORD),
        ("", PASSWORD),
        ("Administrator", crate::house::ADMIN_PASSWORD),
    ] {
        assert!(matches!(sign_in(&house, name, password), Verdict::Reject), "{name}");
    }
}

#[test]
fn a_name_that_is_anothers_number_is_the_name() {
    let house = office();
    let numbered = signin::admin::NewUser {
        name: "201".into(),
        full_name: String::new(),
        number: "202".into(),
        login_code: SecretChoice::Keep,
        user_password: SecretChoice::Set(Secret::new("another river went by")),
        phone_password: SecretChoice::Keep,
    };
    house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &numbered, dice)).unwrap();
    assert!(matches!(sign_in(&house, "201", PASSWORD), Verdict::Reject));
    let Verdict::Accept(accepted) = sign_in(&house, "201", "another river went by") else { panic!() };
    assert_ne!(accepted.account, Some(house.ann().id));
}

#[test]
fn name_and_number_are_two_counts_and_whoever_lifts_one_lifts_both() {
    let house = office();
    house.settings(|settings| settings.address_lock.failures_max = 0);
    let wait = |verdict| matches!(verdict, Verdict::Wait { .. });
    for n in 0..5 {
        sign_in(&house, "201", &format!("wrong {n}"));
    }
    assert!(wait(sign_in(&house, "201", PASSWORD)), "the number is locked");
    assert!(!wait(sign_in(&house, "Ann", PASSWORD)), "the name tells nothing of it");
    let ann = house.ann();
    let status = house.model.borrow().status_of(&ann, house.now.get());
    assert_eq!(status, signin::account::Status::LockedTemporary, "seen from inside she is locked");
    house.administer(|admin, _| admin.lift_locks_of(ann.id)).unwrap();
    assert!(!wait(sign_in(&house, "201", PASSWORD)));
    // A new password clears both as well.
    for n in 0..5 {
        sign_in(&house, "201", &format!("wrong again {n}"));
    }
    let choice = SecretChoice::Set(Secret::new("nine bees went by a lake"));
    house
        .administer(|admin, dice| {
            admin.set_secret(Owner::Account(ann.id), CredentialKind::UserPassword, &choice, false, dice)
        })
        .unwrap();
    assert!(!wait(sign_in(&house, "201", "nine bees went by a lake")));
    let model = house.model.borrow();
    let extension = model.extension(ann.extension().unwrap()).unwrap();
    assert!(model.counts_of(&ann).contains(&TallyKey::numbered(CredentialKind::UserPassword, &extension)));
}

#[test]
fn a_user_who_is_disabled_expired_or_without_a_password_gets_in_by_no_name() {
    let house = office();
    let ann = house.ann();
    let edit = EditUser {
        version: ann.version,
        name: "Ann".into(),
        full_name: String::new(),
        number: "201".into(),
        condition: Some(signin::account::Condition::Disabled),
        expires_at: None,
    };
    house.administer(|admin, _| admin.edit_user(ann.id, &edit)).unwrap();
    for name in ["Ann", "201"] {
        assert!(matches!(sign_in(&house, name, PASSWORD), Verdict::Reject), "{name}");
    }
    let house = office();
    let owner = Owner::Account(house.ann().id);
    house
        .administer(|admin, dice| {
            admin.set_secret(owner, CredentialKind::UserPassword, &SecretChoice::Remove, false, dice)
        })
        .unwrap();
    for (name, password) in [("Ann", PASSWORD), ("201", PASSWORD), ("Ann", ""), ("201", "")] {
        assert!(matches!(sign_in(&house, name, password), Verdict::Reject), "{name}");
    }
}

/// What somebody does in the portal, and the part that it belongs to.
type Deed = (PortalPart, fn(&House, &By) -> Result<(), Problem>);

const DEEDS: [Deed; 9] = [
    (PortalPart::Secrets, |house, by| {
        let new = Secret::new("nine bees went by a lake");
        house.administer_as(by, |admin, dice| admin.change_own_password(&new, dice)).map(drop)
    }),
    (PortalPart::Secrets, |house, by| {
        let new = Secret::new("739154");
        house
            .administer_as(by, |admin, dice| admin.change_own_code(CredentialKind::VoicemailCode, &new, dice))
            .map(drop)
    }),
    (PortalPart::Secrets, |house, by| {
        let new = Secret::new("739155");
        house
            .administer_as(by, |admin, dice| admin.change_own_code(CredentialKind::LoginCode, &new, dice))
            .map(drop)
    }),
    (PortalPart::Phones, |house, by| {
        house.administer_as(by, |admin, _| admin.log_out_own_phones(None)).map(drop)
    }),
    (PortalPart::Messages, |house, by| {
        house.administer_as(by, |admin, _| admin.hear_own_message(1)).map(drop)
    }),
    (PortalPart::Messages, |house, by| {
        house.administer_as(by, |admin, _| admin.delete_own_message(1)).map(drop)
    }),
    (PortalPart::Calls, |house, by| house.administer_as(by, |admin, _| admin.clear_own_call_log()).map(drop)),
    (PortalPart::Preferences, |house, by| {
        house.administer_as(by, |admin, _| admin.choose_language(Some("de"))).map(drop)
    }),
    (PortalPart::Phones, |house, by| {
        let other = SessionId::of("another");
        match house.administer_as(by, |admin, _| admin.end_session(other)) {
            // Whether there is one is asked first.
            Err(Problem::NotFound("session")) => {
                house.administer_as(by, |admin, _| admin.demand_in_portal(PortalPart::Phones)).map(drop)
            }
            done => done.map(drop),
        }
    }),
];

fn with_message(house: &House) {
    let mailbox = Mailbox::untouched(house.ann().id);
    let new =
        NewMessage { at: Timestamp(1), from: Party::shown("202", "Bob"), length: Seconds(3), bytes: 24_000 };
    let (after, _) = mailbox.with(new).unwrap();
    house.model.borrow_mut().apply(vec![signin::effect::Effect::PutDocument(Box::new(
        signin::document::Document::Mailbox(after),
    ))]);
}

#[test]
fn a_part_that_is_not_to_be_changed_is_changed_by_nobody_in_the_portal() {
    for (part, deed) in DEEDS {
        for portal in Level::ALL {
            for level in Level::ALL {
                let house = office();
                with_message(&house);
                levels(&house, portal, Some((part, level)));
                let done = deed(&house, &insider(&house.ann()));
                let may = portal == Level::Write && level == Level::Write;
                assert_eq!(done.is_ok(), may, "{part:?} {portal:?} {level:?}: {done:?}");
                if !may {
                    assert!(matches!(done, Err(Problem::Never(_))), "{done:?}");
                }
            }
        }
    }
}

#[test]
fn nobody_reaches_what_is_anothers_from_the_portal() {
    let house = office();
    let ann = house.ann();
    let by = insider(&ann);
    let administrator = {
        let model = house.model.borrow();
        model.service_users()[0].id
    };
    let owner = Owner::Account(administrator);
    let choice = SecretChoice::Generate;
    let refused = house
        .administer_as(&by, |admin, dice| {
            admin.set_secret(owner, CredentialKind::ServicePassword, &choice, false, dice)
        })
        .map(drop);
    assert!(matches!(refused, Err(Problem::NoRight(_))), "{refused:?}");
    assert!(house.administer_as(&by, |admin, _| admin.delete_message(ann.id, 1)).is_err());
    // Kinds that are no user's own.
    for kind in [CredentialKind::PhonePassword, CredentialKind::SystemPassword, CredentialKind::UserPassword]
    {
        let new = Secret::new("739154");
        let refused = house.administer_as(&by, |admin, dice| admin.change_own_code(kind, &new, dice));
        assert!(matches!(refused, Err(Problem::Never(_))), "{kind:?}");
    }
}

#[test]
fn whoever_must_choose_a_new_password_may_also_where_the_portal_is_for_reading() {
    for force_new in [true, false] {
        let house = office();
        levels(&house, Level::Read, None);
        let owner = Owner::Account(house.ann().id);
        let choice = SecretChoice::Set(Secret::new("ten geese went by a pond"));
        house
            .administer(|admin, dice| {
                admin.set_secret(owner, CredentialKind::UserPassword, &choice, force_new, dice)
            })
            .unwrap();
        if !force_new {
            // It is too old.
            house.settings(|settings| settings.user_ages.secret = Seconds::days(30));
            house.wait(Seconds::days(31));
        }
        let Verdict::Accept(accepted) = sign_in(&house, "201", "ten geese went by a pond") else { panic!() };
        assert!(accepted.status.wants_new_secret());
        let new = Secret::new("eleven owls flew by a mill");
        house
            .administer_as(&insider(&house.ann()), |admin, dice| admin.change_own_password(&new, dice))
            .unwrap();
        let Verdict::Accept(accepted) = sign_in(&house, "201", "eleven owls flew by a mill") else {
            panic!()
        };
        assert!(!accepted.status.wants_new_secret());
    }
}

#[test]
fn a_rule_that_is_broken_says_its_class_so_that_it_can_be_said_in_any_language() {
    let house = office();
    let by = insider(&house.ann());
    let code = |code: &str| {
        let new = Secret::new(code);
        let refused = house.administer_as(&by, |admin, dice| {
            admin.change_own_code(CredentialKind::VoicemailCode, &new, dice)
        });
        match refused {
            Err(Problem::Invalid(wrong)) => wrong[0].class.unwrap(),
            other => panic!("{code}: {other:?}"),
        }
    };
    for (typed, class) in [
        ("12a4", "digits-only"),
        ("739", "length-min"),
        ("7391547391547391", "length-max"),
        ("7777", "repetition"),
        ("121212", "repetition"),
        ("3456", "run"),
        ("9876", "run"),
        ("2580", "common-code"),
    ] {
        assert_eq!(code(typed), class, "{typed}");
        assert!(CLASSES.contains(&class));
    }
}

#[test]
fn the_number_of_a_user_who_went_is_nobodys_name() {
    let house = office();
    let ann = house.ann();
    house.administer(|admin, _| admin.delete_user(ann.id, false)).unwrap();
    assert!(matches!(sign_in(&house, "201", PASSWORD), Verdict::Reject));
    let number = Number::parse("201").unwrap();
    assert!(house.model.borrow().extension_numbered(DomainId::FIRST, &number).is_some());
}
