//! The edges: drafts that come from elsewhere, what cannot wait, and what is seen through a draft.

use serde_json::{Value, json};
use signin::{
    account::RoleKind,
    admin::{
        By, Choice, Decisions, EditUser, GroupFields, NewExtension, NewUser, Problem, SecretChoice,
        ServiceUserFields,
    },
    credential::{About, CredentialKind, Owner},
    dice::{Dice, SeededDice},
    document::{DocumentId, DocumentKind},
    draft::{
        Draft, Edited, Fate, FieldEdit, Layer, Merge, Overlay, Point, RECORDS_MAX, RecordId, Sealed, Vault,
    },
    ident::{AccountId, DomainId, ExtensionId, FoldedName, GroupId, Number},
    lockout::{Tally, TallyKey},
    policy::Settings,
    records::Records,
    reporting::Retention,
    rights::Right,
    scope::Scope,
    secret::{Secret, SecretBytes},
    session::SessionId,
    timestamp::Seconds,
};

use crate::{
    drafts::{Drawer, apply, compared, draft_of, offline},
    house::*,
};

/// Neither seals nor opens.
struct Rusty;

impl Vault for Rusty {
    fn seal(&self, _: &str, _: &SecretBytes, _: &mut dyn Dice) -> Option<Sealed> {
        None
    }

    fn open(&self, _: &str, _: &Sealed) -> Option<SecretBytes> {
        None
    }
}

fn house_with_bob() -> House {
    let house = House::with_ann();
    make(&house, "Bob", "202");
    house
}

pub(crate) fn make(house: &House, name: &str, number: &str) -> AccountId {
    house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &user(name, number), dice)).unwrap().0
}

fn user(name: &str, number: &str) -> NewUser {
    NewUser { name: name.into(), number: number.into(), ..NewUser::default() }
}

fn code(digits: &str) -> SecretChoice {
    SecretChoice::Set(Secret::new(digits))
}

/// Edits offline, as the page shows it.
fn edit(house: &House, by: &By, id: AccountId, edit: impl Fn(&mut EditUser)) {
    offline(house, by, |admin, _| {
        let account = admin.records.account(id).unwrap();
        let number = account.extension().and_then(|id| admin.records.extension(id));
        let mut wanted = EditUser {
            version: account.version,
            name: account.name.to_string(),
            full_name: account.full_name.to_string(),
            number: number.map_or_else(String::new, |found| found.number.to_string()),
            condition: None,
            expires_at: account.expires_at,
        };
        edit(&mut wanted);
        admin.edit_user(id, &wanted)
    })
    .unwrap();
}

fn set_code(house: &House, by: &By, id: AccountId, kind: CredentialKind, choice: &SecretChoice) {
    offline(house, by, |admin, dice| admin.set_secret(Owner::Account(id), kind, choice, false, dice))
        .unwrap();
}

fn changed(record: RecordId, field: &str, seen: Value, wanted: Value) -> Edited {
    Edited {
        record,
        fate: Fate::Changed,
        domain: DomainId::FIRST,
        title: "x".into(),
        touched: 1,
        fields: vec![FieldEdit { field: field.into(), seen, wanted }],
        secrets: Vec::new(),
    }
}

fn import(house: &House, by: &By, records: Vec<Edited>) {
    let draft = Draft { records, ..Draft::new(by.account.unwrap(), house.now.get()) };
    let version = draft_of(house, by).map_or(0, |draft| draft.version);
    house.administer_as(by, |admin, _| admin.import_draft(version, &draft)).unwrap();
}

fn through<R>(house: &House, by: &By, look: impl FnOnce(&Overlay<'_>) -> R) -> R {
    let model = house.model.borrow();
    let layer = draft_of(house, by).map_or_else(Layer::default, |draft| Layer::of(&draft, &*model));
    look(&Overlay { live: Scope::whole(&*model), layer: &layer })
}

#[test]
fn each_rule_for_drafts_from_elsewhere_has_words_of_its_own() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    edit(&house, &by, house.ann().id, |edit| edit.full_name = "Ann Jones".into());
    set_code(&house, &by, house.ann().id, CredentialKind::LoginCode, &code("90217"));
    let text = serde_json::to_string(&draft_of(&house, &by)).unwrap();
    let good: Draft = serde_json::from_str(&text).unwrap();
    assert_eq!(good.check(), Ok(()));
    let broken: [(fn(&mut Draft), &str); 18] = [
        (
            |draft| draft.records = vec![draft.records[0].clone(); RECORDS_MAX + 1],
            "it changes too many records",
        ),
        (|draft| draft.made = u32::MAX, "it has made too many records"),
        (|draft| draft.records.push(draft.records[0].clone()), "its records are not in order"),
        (|draft| draft.records[0].title = "x".repeat(5000).into(), "the name of a record is too long"),
        (|draft| draft.records[0].title = "A\nnn".into(), "the name of a record is too long"),
        (
            |draft| draft.records[0].fields = vec![draft.records[0].fields[0].clone(); 201],
            "a record has too many fields",
        ),
        (
            |draft| draft.records[0].secrets = vec![draft.records[0].secrets[0].clone(); 99],
            "a record has too many fields",
        ),
        (|draft| draft.records[0].fields.extend_from_within(..1), "the fields of a record are not in order"),
        (|draft| draft.records[0].secrets.extend_from_within(..1), "the fields of a record are not in order"),
        (|draft| draft.records[0].fields[0].field = "x".repeat(81).into(), "a field is too long"),
        (|draft| draft.records[0].fields[0].seen = "x".repeat(70_000).into(), "a field is too long"),
        (|draft| draft.records[0].fields[0].wanted = "x".repeat(70_000).into(), "a field is too long"),
        (|draft| draft.records[0].fate = Fate::Made, "a record has a number that it cannot have"),
        (
            |draft| draft.records[0].record = RecordId::User(AccountId(0xC000_0000)),
            "a record has a number that it cannot have",
        ),
        (
            |draft| (draft.records[0].record, draft.records[0].fate) = (RecordId::Settings, Fate::Made),
            "a record has a number that it cannot have",
        ),
        (
            |draft| (draft.records[0].record, draft.records[0].fate) = (RecordId::Settings, Fate::Deleted),
            "settings and domains cannot be deleted",
        ),
        (
            |draft| {
                draft.records[0].record = RecordId::Domain(DomainId::FIRST);
                draft.records[0].fate = Fate::Deleted;
            },
            "settings and domains cannot be deleted",
        ),
        (
            |draft| {
                draft.records[0].record = RecordId::Extension(ExtensionId(0xC000_0000));
                draft.records[0].fate = Fate::Made;
            },
            "a record has a number that was not given out",
        ),
    ];
    for (spoil, words) in broken {
        let mut draft = good.clone();
        spoil(&mut draft);
        assert_eq!(draft.check(), Err(words));
    }
    let mut group = good;
    (group.records[0].record, group.records[0].fate) = (RecordId::Group(GroupId(7)), Fate::Made);
    assert_eq!(group.check(), Ok(()), "a group has the same number before and after");
}

#[test]
fn a_sealed_secret_is_base64_of_a_bounded_length() {
    let sealed: Sealed = serde_json::from_value(json!("AQI=")).unwrap();
    assert_eq!(sealed.as_bytes(), [1, 2]);
    assert_eq!(serde_json::to_value(sealed).unwrap(), json!("AQI="));
    for (text, words) in
        [("?".to_owned(), "a sealed secret is base64"), ("A".repeat(5000), "a sealed secret is too long")]
    {
        let refused = serde_json::from_value::<Sealed>(text.into()).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn records_and_points_have_names_for_forms_and_for_people() {
    for (record, name, kind) in [
        (RecordId::Settings, "settings".to_owned(), "Settings"),
        (RecordId::Domain(DomainId::FIRST), format!("domain-{}", DomainId::FIRST), "Domain"),
        (RecordId::Group(GroupId(7)), "group-7".into(), "Rights group"),
        (RecordId::User(AccountId(7)), "user-7".into(), "User"),
        (RecordId::Extension(ExtensionId(7)), "extension-7".into(), "Extension"),
    ] {
        assert_eq!((record.to_string(), record.kind()), (name, kind));
    }
    let names = [Point::Whole, Point::Field("name".into()), Point::Secret(CredentialKind::LoginCode)];
    let names = names.map(|point| point.name());
    assert_eq!(&names[..2], ["whole", "field-name"]);
    assert_eq!(names[2], format!("secret-{}", CredentialKind::LoginCode.row().name));
}

#[test]
fn secrets_go_from_one_vault_into_another_or_stay() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    set_code(&house, &by, house.ann().id, CredentialKind::LoginCode, &code("90217"));
    let draft = draft_of(&house, &by).unwrap();
    assert_eq!(draft.sealed().count(), 1);
    let dice = &mut SeededDice(3);
    assert_eq!(draft.resealed(&Drawer, &Drawer, dice).as_ref(), Some(&draft));
    assert_eq!(draft.resealed(&Rusty, &Drawer, dice), None);
    assert_eq!(draft.resealed(&Drawer, &Rusty, dice), None);
    let decisions = Decisions { version: draft.version, ..Decisions::default() };
    let refused = house.administer_as(&by, |admin, dice| admin.apply_draft(&decisions, &Rusty, dice));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "changes: User Ann: Its login code does not open. Choose it anew."
    );
    let owner = Owner::Account(house.ann().id);
    let refused = house.administer_as(&by, |admin, dice| {
        let set = |admin: &signin::admin::Admin<'_>, dice: &mut dyn Dice| {
            admin.set_secret(owner, CredentialKind::LoginCode, &code("90217"), false, dice)
        };
        admin.offline(set, &Rusty, dice)
    });
    assert_eq!(refused.unwrap_err(), Problem::Never("The secret could not be sealed."));
}

#[test]
fn a_draft_leaves_and_comes_and_not_over_one_that_was_changed() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let leave = || house.administer_as(&by, |admin, _| admin.export_draft()).unwrap().0;
    assert_eq!((leave().changes(), leave().version), (0, 0), "none is one without changes");
    edit(&house, &by, house.ann().id, |edit| edit.full_name = "Ann Jones".into());
    let left = leave();
    assert_eq!(left.changes(), 1);
    let stale = house.administer_as(&by, |admin, _| admin.import_draft(7, &left));
    assert_eq!(stale.unwrap_err(), Problem::Changed("draft"));
    house.administer_as(&by, |admin, _| admin.import_draft(1, &left)).unwrap();
    assert_eq!(draft_of(&house, &by).unwrap().version, 2);
}

#[test]
fn what_must_not_wait_is_not_taken_into_a_draft() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let partner = house.account_named(RoleKind::ServiceUser, "BusinessPartner").id;
    let kind = CredentialKind::ServicePassword;
    let refused = offline(&house, &by, |admin, dice| {
        admin.set_secret(Owner::Account(partner), kind, &SecretChoice::Generate, false, dice)
    });
    assert!(matches!(refused, Err(Problem::Never(_))), "{refused:?}");
    let refused = offline(&house, &by, |admin, _| {
        let present = admin.records.reporting();
        admin.save_retention(present.version, Retention { days: 90, ..present.retention })
    });
    assert!(
        matches!(refused, Err(Problem::Never(words)) if words.starts_with("This cannot be edited offline"))
    );
    assert_eq!(draft_of(&house, &by), None);
    let full = (0..1000)
        .map(|n| changed(RecordId::User(AccountId(10_000 + n)), "full_name", json!("a"), json!("b")));
    import(&house, &by, full.collect());
    let refused =
        offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &user("Eve", ""), dice));
    assert!(matches!(refused, Err(Problem::Never(words)) if words.contains("at most 1,000 records")));
}

#[test]
fn what_was_made_in_a_draft_and_deleted_again_was_never_there() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let eve = NewUser { login_code: code("73159"), ..user("Eve", "207") };
    let id = offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &eve, dice)).unwrap();
    offline(&house, &by, |admin, _| admin.delete_user(id, true)).unwrap();
    let lookers = GroupFields { name: "Lookers".into(), rights: vec![Right::StatusRead] };
    let group = offline(&house, &by, |admin, dice| admin.create_group(&lookers, dice)).unwrap();
    through(&house, &by, |seen| {
        assert!(seen.document(DocumentId::RightsGroup(group)).is_some());
        assert_eq!(seen.account(id), None);
    });
    offline(&house, &by, |admin, _| admin.delete_group(group)).unwrap();
    let mailbox = CredentialKind::VoicemailCode;
    set_code(&house, &by, house.ann().id, mailbox, &code("90217"));
    set_code(&house, &by, house.ann().id, mailbox, &SecretChoice::Remove);
    assert_eq!(draft_of(&house, &by), None, "nothing is left of it");
}

#[test]
fn an_extension_that_is_taken_out_is_wanted_by_nobody_any_more() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let extension = |house: &House, number: &str| {
        let number = Number::parse(number).unwrap();
        through(house, &by, |seen| seen.extension_numbered(DomainId::FIRST, &number).unwrap().id)
    };
    let undo = |record| {
        let version = draft_of(&house, &by).unwrap().version;
        house.administer_as(&by, |admin, _| admin.undo_in_draft(version, record, &Point::Whole)).unwrap();
    };
    let door = NewExtension { number: "900".into(), ..NewExtension::default() };
    offline(&house, &by, |admin, dice| admin.create_extension(DomainId::FIRST, &door, dice)).unwrap();
    edit(&house, &by, house.ann().id, |edit| edit.number = "900".into());
    undo(RecordId::Extension(extension(&house, "900")));
    assert_eq!(draft_of(&house, &by), None, "Ann stays where she is");
    let bob = house.account_named(RoleKind::User, "Bob").id;
    offline(&house, &by, |admin, _| admin.delete_user(bob, true)).unwrap();
    offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &user("Eve", "207"), dice))
        .unwrap();
    undo(RecordId::Extension(extension(&house, "207")));
    apply(&house, &by, |_, _| None).unwrap();
    assert_eq!(house.account_named(RoleKind::User, "Eve").extension(), None);
    assert!(house.model.borrow().account(bob).is_none());
}

#[test]
fn a_secret_is_removed_offline_and_a_conflict_over_it_is_chosen() {
    for choice in [None, Some(Choice::Mine), Some(Choice::Theirs)] {
        let house = house_with_bob();
        let by = house.by("Administrator");
        let (ann, kind) = (house.ann().id, CredentialKind::LoginCode);
        let owner = Owner::Account(ann);
        set_code(&house, &by, ann, kind, &SecretChoice::Remove);
        through(&house, &by, |seen| assert!(seen.credential(owner, kind).is_none()));
        house.wait(Seconds(1));
        if choice.is_some() {
            house
                .administer(|admin, dice| admin.set_secret(owner, kind, &code("90217"), false, dice))
                .unwrap();
        }
        let line = compared(&house, &by).remove(0).lines.remove(0);
        let expected = if choice.is_some() { Merge::Conflict } else { Merge::Mine };
        assert_eq!((line.point, line.mine, line.merge), (Point::Secret(kind), Value::Null, expected));
        apply(&house, &by, |_, _| choice).unwrap();
        let is_left = house.model.borrow().credential(owner, kind).is_some();
        assert_eq!(is_left, choice == Some(Choice::Theirs));
    }
}

#[test]
fn groups_go_and_their_members_stay() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let groups = ["Lookers", "Readers", "Writers"].map(|name| {
        let fields = GroupFields { name: name.into(), rights: vec![Right::StatusRead] };
        house.administer(|admin, dice| admin.create_group(&fields, dice)).unwrap().0
    });
    let eve =
        ServiceUserFields { name: "Eve".into(), groups: groups.to_vec(), ..ServiceUserFields::default() };
    house
        .administer(|admin, dice| admin.create_service_user(&eve, &SecretChoice::Generate, false, dice))
        .unwrap();
    for group in &groups[..2] {
        offline(&house, &by, |admin, _| admin.delete_group(*group)).unwrap();
    }
    let more = GroupFields { name: "Authors".into(), rights: vec![Right::UsersRead] };
    offline(&house, &by, |admin, _| admin.edit_group(groups[2], 1, &more)).unwrap();
    through(&house, &by, |seen| {
        assert_eq!(seen.document(DocumentId::RightsGroup(groups[0])), None);
        let left = signin::document::rights_groups(&seen.documents(DocumentKind::RightsGroup));
        let left: Vec<&str> = left.iter().map(|group| &*group.name).collect();
        assert!(left.contains(&"Authors") && !left.contains(&"Lookers") && !left.contains(&"Writers"));
        assert_eq!(seen.service_users().len(), 3);
    });
    // One that is gone meanwhile is left as it is, and told of.
    house.administer(|admin, _| admin.delete_group(groups[2])).unwrap();
    through(&house, &by, |seen| assert_eq!(seen.document(DocumentId::RightsGroup(groups[2])), None));
    assert!(compared(&house, &by).iter().any(|compared| compared.is_gone));
    apply(&house, &by, |_, _| Some(Choice::Theirs)).unwrap();
    let model = house.model.borrow();
    assert!(groups.iter().all(|group| model.document(DocumentId::RightsGroup(*group)).is_none()));
    drop(model);
    assert!(house.by("Eve").rights.is_empty());
}

#[test]
fn through_a_draft_one_sees_what_is_wanted_and_beneath_it_what_is_in_force() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let (ann, bob) = (house.ann().id, house.account_named(RoleKind::User, "Bob").id);
    let of = |name: &str| house.account_named(RoleKind::User, name).extension().unwrap();
    let (of_ann, of_bob) = (of("Ann"), of("Bob"));
    {
        let layer = Layer::default();
        assert!(layer.is_empty(), "nothing lies over it");
    }
    offline(&house, &by, |admin, _| {
        let settings = (*admin.records.settings()).clone();
        admin.save_settings(&Settings { system_name: "Harbour".into(), ..settings })
    })
    .unwrap();
    offline(&house, &by, |admin, _| {
        let mut domain = (*admin.records.domain(DomainId::FIRST).unwrap()).clone();
        domain.md5_allowed = !domain.md5_allowed;
        admin.save_domain(&domain)
    })
    .unwrap();
    edit(&house, &by, ann, |edit| edit.name = "Anna".into());
    set_code(&house, &by, ann, CredentialKind::VoicemailCode, &code("90217"));
    offline(&house, &by, |admin, _| admin.delete_user(bob, true)).unwrap();
    let eve =
        offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &user("Eve", "207"), dice))
            .unwrap();
    let md5_allowed = house.model.borrow().domain(DomainId::FIRST).unwrap().md5_allowed;
    let draft = draft_of(&house, &by).unwrap();
    let model = house.model.borrow();
    let layer = Layer::of(&draft, &*model);
    assert!(!layer.is_empty());
    assert_eq!(layer.accounts().filter(|(_, account)| account.is_none()).count(), 1, "Bob");
    assert_eq!(layer.extensions().filter(|(_, extension)| extension.is_none()).count(), 1, "Bob's");
    let seen = Overlay { live: Scope::whole(&*model), layer: &layer };
    assert_eq!(&*seen.settings().system_name, "Harbour");
    assert_ne!(seen.domain(DomainId::FIRST).unwrap().md5_allowed, md5_allowed);
    assert_eq!(seen.domain_of_host("pbx.example"), DomainId::FIRST);
    let named = |name: &str| {
        let found = seen.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of(name));
        found.map(|account| account.id)
    };
    assert_eq!([named("Anna"), named("Ann"), named("Bob"), named("Eve")], [Some(ann), None, None, Some(eve)]);
    let numbered = |number: &str| seen.extension_numbered(DomainId::FIRST, &Number::parse(number).unwrap());
    assert_eq!(numbered("201").map(|found| found.id), Some(of_ann));
    assert!(numbered("202").is_none() && numbered("207").is_some_and(|found| found.user == Some(eve)));
    assert_eq!((seen.account(bob), seen.extension(of_bob)), (None, None));
    assert!(seen.account_ids().contains(&eve) && !seen.account_ids().contains(&bob));
    assert!(seen.account_ids().contains(&ann));
    assert!(!seen.extension_ids().contains(&of_bob) && seen.extension_ids().contains(&of_ann));
    // A secret that was chosen since is sealed; one that was not is as it was.
    let (owner, login, mailbox) =
        (Owner::Account(ann), CredentialKind::LoginCode, CredentialKind::VoicemailCode);
    assert!(seen.holds_secret(owner, login, &Secret::new(CODE)));
    assert!(!seen.holds_secret(owner, mailbox, &Secret::new("90217")));
    assert!(seen.traits(owner, login, &About::default()).is_some());
    assert!(seen.credential(owner, mailbox).is_some());
    assert_eq!(seen.traits(owner, mailbox, &About::default()), None);
    assert!(!seen.is_former(owner, login, &Secret::new(CODE), 3));
    // What is about the present is not in a draft.
    assert_eq!(seen.activity(ann), model.activity(ann));
    assert_eq!(seen.reporting(), model.reporting());
    let key = TallyKey::extension(&numbered("201").unwrap());
    assert_eq!((seen.tally(&key), seen.lanes_of(&key).len()), (Tally::default(), 0));
    let (session, _) = SessionId::issue(&mut SeededDice(3));
    assert!(seen.session(session).is_none() && seen.sessions_of(ann).is_empty());
    assert!(seen.registration(of_ann).is_none());
    assert_eq!(seen.places(of_ann), model.places(of_ann));
    assert!(seen.next_account().0 >= 0xC000_0000);
    let made = seen.next_extension().0;
    assert_eq!(seen.next_extension().0, made + 1, "each number once");
    let bare = Layer::default();
    let bare = Overlay { live: Scope::whole(&*model), layer: &bare };
    assert!(bare.next_account().0 < 0xC000_0000 && bare.next_extension().0 < 0xC000_0000);
}

#[test]
fn two_who_change_names_do_and_too_many_stand_in_each_others_way() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let swap = |one: AccountId, its: &str, other: AccountId, others: &str| {
        [(one, its, others), (other, others, its)]
            .map(|(id, seen, wanted)| changed(RecordId::User(id), "name", json!(seen), json!(wanted)))
    };
    let (ann, bob) = (house.ann().id, house.account_named(RoleKind::User, "Bob").id);
    import(&house, &by, swap(ann, "Ann", bob, "Bob").to_vec());
    apply(&house, &by, |_, _| None).unwrap();
    assert_eq!((house.account_named(RoleKind::User, "Bob").id, house.ann().id), (ann, bob));
    let mut records = Vec::new();
    for n in 0..40 {
        let (one, other) = (format!("One{n}"), format!("Other{n}"));
        records.extend(swap(make(&house, &one, ""), &one, make(&house, &other, ""), &other));
    }
    import(&house, &by, records);
    let refused = apply(&house, &by, |_, _| None).unwrap_err().to_string();
    assert!(refused.contains("stand in each other's way"), "{refused}");
    assert_eq!(house.ann().id, bob, "nothing happened");
}

#[test]
fn a_field_that_nothing_has_is_told_of_when_the_draft_is_applied() {
    for record in [RecordId::Settings, RecordId::Domain(DomainId::FIRST)] {
        for field in ["version", "nothing"] {
            let house = House::ignited();
            let by = house.by("Administrator");
            import(&house, &by, vec![changed(record, field, Value::Null, json!(7))]);
            let refused = apply(&house, &by, |_, _| Some(Choice::Mine)).unwrap_err().to_string();
            assert!(refused.contains("does not fit what is in force"), "{record} {field}: {refused}");
        }
    }
}

#[test]
fn a_rehearsal_names_extensions_and_what_has_become_too_old() {
    let house = house_with_bob();
    let rehearse = |edit: fn(&mut Settings)| {
        let mut wanted = (*house.model.borrow().settings).clone();
        edit(&mut wanted);
        house.administer(|admin, _| admin.rehearse(&wanted).map(signin::admin::Change::told)).unwrap().0
    };
    let password = SecretChoice::Set(Secret::new("seven-green-bottles"));
    let door = NewExtension { number: "900".into(), phone_password: password };
    house.administer(|admin, dice| admin.create_extension(DomainId::FIRST, &door, dice)).unwrap();
    let found = rehearse(|settings| settings.phone_password.length_min = 30);
    assert_eq!((found.total(), found.must_change.total), (1, 1));
    let touched = &found.must_change.named[0];
    assert_eq!((&*touched.name, touched.role, touched.is_oneself), ("900", None, false));
    assert!(touched.why.starts_with("Phone password: "), "{}", touched.why);
    for _ in 0..3 {
        house.phone("900", "wrong");
    }
    let found = rehearse(|settings| settings.extension_lock.failures_max = 3);
    assert_eq!((found.must_change.total, found.locked.total), (0, 1));
    assert_eq!(found.locked.named[0].why, "Blacklisted extension");
    house.settings(|settings| settings.login_code.length_min = 6);
    let found = rehearse(|settings| settings.login_code.length_min = 7);
    assert!(!found.touches_anybody(), "Ann has to choose another as it is");
    house.wait(Seconds::days(100));
    let found = rehearse(|settings| settings.login_code.period = Seconds::days(90));
    assert_eq!(found.must_change.named[0].why, "Login code: too old");
    let found = rehearse(|settings| settings.ages.secret = Seconds::days(90));
    assert_eq!(found.must_change.named[0].why, "Locked – Password Expired");
}
