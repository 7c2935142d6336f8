//! The system password: four digits of the system, and what is guarded by them.

use signin::{
    admin::{By, Choice, Problem, SecretChoice},
    credential::{CredentialKind, Owner},
    draft::{Point, RecordId},
    extension::Domain,
    ident::DomainId,
    phone_administration::PhoneAdministration,
    records::Records,
    rights::Right,
    secret::Secret,
    timestamp::Seconds,
};

use crate::{
    administration::fields,
    drafts::{apply, compared, draft_of, offline},
    house::*,
};

const OWNER: Owner = Owner::Domain(DomainId::FIRST);
const KIND: CredentialKind = CredentialKind::SystemPassword;

fn set(house: &House, digits: &str) -> Result<(), Problem> {
    let choice = SecretChoice::Set(Secret::new(digits));
    house.administer(|admin, dice| admin.set_secret(OWNER, KIND, &choice, false, dice)).map(|_| ())
}

fn is_it(house: &House, digits: &str) -> bool {
    house.model.borrow().holds_secret(OWNER, KIND, &Secret::new(digits))
}

fn domain(house: &House) -> Domain {
    (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone()
}

fn guard(house: &House) -> PhoneAdministration {
    PhoneAdministration::in_domain(&*house.model.borrow(), &domain(house))
}

#[test]
fn it_is_exactly_four_digits_and_no_other_rule_is_made() {
    let house = House::ignited();
    for (digits, says) in [
        ("", "Use exactly 4 digits."),
        ("481", "Use exactly 4 digits."),
        ("48159", "Use exactly 4 digits."),
        ("48a5", "Use digits only (0 to 9)."),
        ("４８１５", "Use digits only (0 to 9)."),
    ] {
        let problem = set(&house, digits).unwrap_err();
        assert_eq!(fields(&problem), ["system-password"], "{digits:?}");
        assert!(problem.to_string().ends_with(says), "{problem}");
    }
    // As often as one likes, and as simple as one likes: the document that asks for it makes no rule.
    for digits in ["1234", "0000", "4815", "4815"] {
        set(&house, digits).unwrap();
        assert!(is_it(&house, digits), "{digits}");
    }
    assert!(!is_it(&house, "0000"), "the present one alone");
}

#[test]
fn it_belongs_to_a_domain_and_nothing_else_does() {
    let house = House::with_ann();
    let ann = Owner::Account(house.ann().id);
    let line = Owner::Extension(house.ann().extension().unwrap());
    let choice = SecretChoice::Set(Secret::new("4815"));
    for (owner, kind) in [(ann, KIND), (line, KIND), (OWNER, CredentialKind::LoginCode)] {
        let refused = house.administer(|admin, dice| admin.set_secret(owner, kind, &choice, false, dice));
        assert!(matches!(refused, Err(Problem::Never(_))), "{owner:?} {kind:?}");
    }
    let nowhere = Owner::Domain(DomainId(9));
    let refused = house.administer(|admin, dice| admin.set_secret(nowhere, KIND, &choice, false, dice));
    assert_eq!(refused.unwrap_err(), Problem::NotFound("domain"));
}

#[test]
fn whoever_may_change_the_system_sets_and_removes_it_and_the_audit_says_who_but_not_what() {
    let house = House::ignited();
    let choice = SecretChoice::Set(Secret::new("4815"));
    for right in Right::ALL {
        let by = By { rights: vec![right], ..By::console() };
        let done =
            house.administer_as(&by, |admin, dice| admin.set_secret(OWNER, KIND, &choice, false, dice));
        assert_eq!(done.is_ok(), right == Right::SystemWrite, "{right:?}");
    }
    assert!(house.last().starts_with("Secret set Accepted"), "{}", house.last());
    let remove = |house: &House| {
        house.administer(|admin, dice| admin.set_secret(OWNER, KIND, &SecretChoice::Remove, false, dice))
    };
    remove(&house).unwrap();
    assert!(house.last().starts_with("Secret removed Accepted"), "{}", house.last());
    let audit = format!("{:?}", house.model.borrow().audit);
    assert!(audit.contains("system-password") && !audit.contains("4815"), "{audit}");
    assert_eq!(house.model.borrow().credential(OWNER, KIND), None);
}

#[test]
fn phone_based_administration_is_closed_until_a_password_is_set_and_as_before_only_where_that_is_chosen() {
    let house = House::ignited();
    assert_eq!(guard(&house), PhoneAdministration::Closed);
    set(&house, "4815").unwrap();
    assert_eq!(guard(&house), PhoneAdministration::AskedOfEvery);
    let as_before = Domain { phones_administer_as_before: true, ..domain(&house) };
    house.administer(|admin, _| admin.save_domain(&as_before)).unwrap();
    assert!(house.last().contains("as on the older systems"), "{}", house.last());
    assert_eq!(guard(&house), PhoneAdministration::AskedOfOlder);
    house
        .administer(|admin, dice| admin.set_secret(OWNER, KIND, &SecretChoice::Remove, false, dice))
        .unwrap();
    assert_eq!(guard(&house), PhoneAdministration::Open);
}

#[test]
fn offline_it_waits_sealed_in_the_draft_and_is_in_force_when_that_is_applied() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let choice = SecretChoice::Set(Secret::new("4815"));
    offline(&house, &by, |admin, dice| admin.set_secret(OWNER, KIND, &choice, false, dice)).unwrap();
    assert_eq!(house.model.borrow().credential(OWNER, KIND), None, "it waits");
    let draft = draft_of(&house, &by).unwrap();
    assert_eq!((draft.changes(), draft.sealed().count()), (1, 1));
    assert!(!serde_json::to_string(&draft).unwrap().contains("4815"), "sealed");
    // With the setting beside it, in the same record.
    let as_before = offline(&house, &by, |admin, _| {
        let present = (*admin.records.domain(DomainId::FIRST).unwrap()).clone();
        assert_eq!(
            PhoneAdministration::in_domain(&admin.records, &present),
            PhoneAdministration::AskedOfEvery
        );
        admin.save_domain(&Domain { phones_administer_as_before: true, ..present })
    });
    as_before.unwrap();
    assert_eq!(apply(&house, &by, |_, _| None), Ok(2));
    assert!(is_it(&house, "4815"));
    assert_eq!(guard(&house), PhoneAdministration::AskedOfOlder);
}

#[test]
fn one_that_somebody_else_set_meanwhile_is_a_conflict() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let choice = SecretChoice::Set(Secret::new("4815"));
    offline(&house, &by, |admin, dice| admin.set_secret(OWNER, KIND, &choice, false, dice)).unwrap();
    house.wait(Seconds(1));
    set(&house, "7391").unwrap();
    let point = Point::Secret(KIND);
    let found = compared(&house, &by);
    assert!(found[0].record == RecordId::Domain(DomainId::FIRST) && found[0].is_in_conflict());
    assert!(apply(&house, &by, |_, _| None).is_err(), "nobody has chosen");
    assert!(is_it(&house, "7391"));
    apply(&house, &by, |_, wanted| (*wanted == point).then_some(Choice::Mine)).unwrap();
    assert!(is_it(&house, "4815"));
}
