//! What stands in tables: every row has a name that nothing else of its kind has and that finds it again, and words for people.

use std::collections::BTreeSet;

use signin::{
    account::RoleKind,
    admin::UserDeed,
    alarm::{ALARMS, Severity},
    credential::{
        CredentialKind, KINDS, Owner,
        state::{CredentialState, Moment, count_of, owners_of},
    },
    document::DocumentKind,
    draft::RecordId,
    ident::{AccountId, DomainId, ExtensionId, GroupId, Number},
    interface::{CountScope, INTERFACES, LoginInterface},
    lockout::TallyKey,
    policy::Settings,
    preset::Preset,
    records::Records,
    rights::{Right, Verb},
    rules::{self, Part},
    secret::{Secret, SecretBytes},
    target::{AuditGroup, SigningKey, SyslogTransport},
    timestamp::Seconds,
};

use crate::house::{ADMIN_PASSWORD, CODE, House};

/// All different, and none empty.
fn are_names<'n>(names: impl IntoIterator<Item = &'n str>) {
    let names: Vec<&str> = names.into_iter().collect();
    assert!(names.iter().all(|name| !name.is_empty()), "{names:?}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

#[test]
fn names_are_all_different_and_find_what_they_name() {
    are_names(Right::ALL.map(|right| right.row().name));
    are_names(Right::ALL.map(Right::title));
    assert!(Right::ALL.iter().all(|right| Right::named(right.row().name) == Some(*right)));
    assert_eq!(Right::named("everything"), None);
    are_names(signin::rights::Part::ALL.map(signin::rights::Part::title));
    are_names(Verb::ALL.map(Verb::title));
    are_names(Preset::ALL.map(Preset::name));
    are_names(Preset::ALL.map(Preset::title));
    are_names(Preset::ALL.map(Preset::about));
    assert!(Preset::ALL.iter().all(|preset| Preset::named(preset.name()) == Some(*preset)));
    assert_eq!(Preset::named("none"), None);
    are_names(Part::ALL.map(Part::name));
    are_names(Part::ALL.map(Part::title));
    assert!(Part::ALL.iter().all(|part| Part::named(part.name()) == Some(*part)));
    assert_eq!(Part::named("Users"), None, "as it is written in addresses");
    are_names(UserDeed::ALL.map(UserDeed::name));
    are_names(UserDeed::ALL.map(UserDeed::title));
    are_names(AuditGroup::ALL.map(AuditGroup::name));
    are_names(AuditGroup::ALL.map(AuditGroup::title));
    are_names(SyslogTransport::ALL.map(SyslogTransport::name));
    are_names(SyslogTransport::ALL.map(SyslogTransport::title));
    are_names(ALARMS.iter().map(|row| row.name));
    are_names([Severity::Warning, Severity::Critical].map(Severity::title));
    are_names(KINDS.iter().map(|row| row.name));
    are_names(INTERFACES.iter().map(|row| row.interface.name()));
    are_names(
        [
            DocumentKind::RightsGroup,
            DocumentKind::Draft,
            DocumentKind::ApiToken,
            DocumentKind::Mailbox,
            DocumentKind::ShortCodes,
        ]
        .map(DocumentKind::title),
    );
    let scopes = KINDS.iter().map(|row| CountScope::Credential(row.kind));
    let scopes = scopes.chain([CountScope::Extension, CountScope::Address, CountScope::ApiToken]);
    are_names(scopes.map(CountScope::title).collect::<Vec<_>>());
    let records = [
        RecordId::Settings,
        RecordId::Domain(DomainId::FIRST),
        RecordId::Group(GroupId(1)),
        RecordId::User(AccountId(1)),
        RecordId::Extension(ExtensionId(1)),
    ];
    are_names(records.map(RecordId::kind));
    let written = records.map(|record| record.to_string());
    are_names(written.iter().map(String::as_str));
}

#[test]
fn every_rule_says_what_it_is_for_and_is_found_by_its_name() {
    let settings = Settings::default();
    let mut names = BTreeSet::new();
    for rule in Part::ALL.into_iter().flat_map(Part::rules) {
        assert!(names.insert(rule.name().to_owned()), "{} is there twice", rule.name());
        assert!(!rule.title().is_empty() && !rule.group().is_empty(), "{}", rule.name());
        assert!(rule.help().is_empty() || rule.help().ends_with('.'), "{}: {}", rule.name(), rule.help());
        assert!(!rule.in_words(rule.get(&settings)).is_empty(), "{}", rule.name());
        assert_eq!(rules::named(&rule.name()).map(|found| found.part()), Some(rule.part()));
    }
    let locks = Part::ALL.into_iter().filter(|part| part.lock_rule(&settings).is_some());
    assert_eq!(locks.count(), 7, "sessions are not guessed");
}

#[test]
fn what_holds_a_secret_says_nothing_of_it() {
    let key = SigningKey(Secret::new("whsec-of-somebody"));
    assert!(!format!("{key:?}").contains("somebody"));
    let text = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<SigningKey>(&text).unwrap(), key);
    let house = House::with_ann();
    let model = house.model.borrow();
    let facts = model.credential(Owner::Account(house.ann().id), CredentialKind::LoginCode);
    assert!(!format!("{facts:?}").contains(CODE));
    assert!(!format!("{:?}", SecretBytes::new(b"48159".to_vec())).contains("48159"));
}

#[test]
fn a_number_is_written_as_it_is_typed() {
    let number = Number::parse("0201").unwrap();
    assert_eq!(format!("{number:?}"), "Number(\"0201\")");
    assert_eq!(String::from(number), "0201");
    let set = std::collections::HashSet::from([number]);
    assert!(set.contains(&Number::parse("0201").unwrap()) && !set.contains(&Number::parse("201").unwrap()));
    assert!(serde_json::from_str::<Number>("\"no number\"").is_err());
}

#[test]
fn a_credential_is_told_of_by_its_last_right_use_and_never_by_what_it_is() {
    let house = House::with_ann();
    let (ann, code) = (house.ann(), CredentialKind::LoginCode);
    let owner = Owner::Account(ann.id);
    let state = |owner, kind| CredentialState::of(&*house.model.borrow(), owner, kind, house.now.get());
    let new = state(owner, code);
    assert!(new.facts.is_some() && new.used.is_none() && new.is_weak == Some(false) && !new.has_ended);
    assert!(!new.is_unused(house.now.get()) && new.is_unused(house.now.get().after(Seconds::days(91))));

    assert_eq!(crate::house::word(&house.phone_from("192.0.2.9", "201", CODE)), "accept");
    house.wait(Seconds::days(1));
    let used = state(owner, code).used.unwrap();
    assert!(matches!(used.at, Moment::OnDay(_)), "{used:?}: no phone is registered, and the day is known");
    assert_eq!((used.from, used.by), (Some("192.0.2.9".parse().unwrap()), LoginInterface::SipRegistration));
    let last = house.now.get().after(Seconds::days(89));
    assert!(
        !state(owner, code).is_unused(last) && state(owner, code).is_unused(last.after(Seconds::days(2)))
    );

    let administrator = house.account_named(RoleKind::ServiceUser, "Administrator");
    let password = (Owner::Account(administrator.id), CredentialKind::ServicePassword);
    assert_eq!(state(password.0, password.1).used, None);
    house.web_from("192.0.2.3", "Administrator", ADMIN_PASSWORD);
    let used = state(password.0, password.1).used.unwrap();
    assert_eq!((used.at, used.by), (Moment::At(house.now.get()), LoginInterface::WebManager));

    // Of whom there may be which, and what locks it.
    let kinds = |account| owners_of(account).into_iter().map(|(_, kind)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(&administrator), [CredentialKind::ServicePassword]);
    assert_eq!(kinds(&ann).len(), 5, "{:?}", kinds(&ann));
    let extension = house.model.borrow().extension(ann.extension().unwrap()).unwrap();
    for (owner, kind) in owners_of(&ann) {
        let nothing = CredentialState::told(&*house.model.borrow(), owner, kind, house.now.get());
        assert_eq!(nothing.facts.is_some(), kind == code, "{kind:?}");
        assert_eq!(nothing.used.is_some(), kind == code, "{kind:?}");
        let counted = count_of(kind, Some(&ann), Some(&extension)).unwrap();
        let by_extension = matches!(kind, CredentialKind::LoginCode | CredentialKind::PhonePassword);
        assert_eq!(counted == TallyKey::extension(&extension), by_extension, "{kind:?}");
        assert_eq!(count_of(kind, None, None), None);
    }
}
