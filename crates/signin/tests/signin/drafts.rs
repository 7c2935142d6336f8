//! Editing offline: what goes into a draft, what is seen through it, what it conflicts with, and how it is put in force.

use signin::{
    account::{Condition, RoleKind},
    admin::{
        Admin, By, Change, Choice, Decisions, EditExtension, EditUser, GroupFields, NewExtension, NewUser,
        Problem, SecretChoice, ServiceUserFields,
    },
    audit::{Action, AuditEvent},
    credential::{CredentialKind, KINDS, Owner},
    dice::Dice,
    document::{DocumentId, DocumentKind},
    draft::{Compared, Draft, Layer, Merge, Overlay, Point, RecordId, Sealed, Vault, compare, print_of},
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId, Number},
    policy::Settings,
    records::Records,
    rights::Right,
    scope::Scope,
    secret::{Secret, SecretBytes},
    timestamp::Seconds,
};

use crate::house::*;

/// Turns bytes round; opens at their own place alone.
pub(crate) struct Drawer;

impl Vault for Drawer {
    fn seal(&self, place: &str, clear: &SecretBytes, _: &mut dyn Dice) -> Option<Sealed> {
        let turned: Vec<u8> = clear.reveal().iter().rev().map(|byte| !byte).collect();
        Some(Sealed::new([place.as_bytes(), b"=", turned.as_slice()].concat()))
    }

    fn open(&self, place: &str, sealed: &Sealed) -> Option<SecretBytes> {
        let turned = sealed.as_bytes().strip_prefix([place.as_bytes(), b"="].concat().as_slice())?;
        Some(SecretBytes::new(turned.iter().rev().map(|byte| !byte).collect()))
    }
}

/// Does an operation in offline mode.
pub(crate) fn offline<T>(
    house: &House,
    by: &By,
    operation: impl Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem>,
) -> Result<T, Problem> {
    let done = house.administer_as(by, |admin, dice| admin.offline(&operation, &Drawer, dice));
    done.map(|(value, _)| value)
}

pub(crate) fn draft_of(house: &House, by: &By) -> Option<Draft> {
    let document = house.model.borrow().document(DocumentId::Draft(by.account.unwrap()))?;
    document.draft().cloned()
}

pub(crate) fn compared(house: &House, by: &By) -> Vec<Compared> {
    draft_of(house, by).map(|draft| compare(&draft, &*house.model.borrow())).unwrap_or_default()
}

/// Puts the draft in force, each conflict decided as `choose` says.
pub(crate) fn apply(
    house: &House,
    by: &By,
    mut choose: impl FnMut(&Compared, &Point) -> Option<Choice>,
) -> Result<usize, Problem> {
    let mut decisions = Decisions { version: draft_of(house, by).unwrap().version, ..Decisions::default() };
    for compared in compared(house, by) {
        for line in compared.lines.iter().filter(|line| line.merge == Merge::Conflict) {
            if let Some(choice) = choose(&compared, &line.point) {
                let key = (compared.record, line.point.clone());
                decisions.chosen.insert(key, (choice, print_of(&line.now).into()));
            }
        }
    }
    house
        .administer_as(by, |admin, dice| admin.apply_draft(&decisions, &Drawer, dice))
        .map(|(count, _)| count)
}

fn edit(house: &House, name: &str) -> (AccountId, EditUser) {
    let account = house.account_named(RoleKind::User, name);
    let model = house.model.borrow();
    let number = account.extension().and_then(|id| model.extension(id));
    let edit = EditUser {
        version: account.version,
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        number: number.map_or_else(String::new, |extension| extension.number.to_string()),
        condition: None,
        expires_at: account.expires_at,
    };
    (account.id, edit)
}

fn rename(house: &House, by: Option<&By>, name: &str, full_name: &str) {
    let (id, edit) = edit(house, name);
    let edit = EditUser { full_name: full_name.into(), ..edit };
    match by {
        Some(by) => drop(offline(house, by, |admin, _| {
            let version = admin.records.account(id).unwrap().version;
            admin.edit_user(id, &EditUser { version, ..edit.clone() })
        })),
        None => drop(house.administer(|admin, _| admin.edit_user(id, &edit)).unwrap()),
    }
}

fn new_user(name: &str, number: &str) -> NewUser {
    NewUser { name: name.into(), number: number.into(), ..NewUser::default() }
}

fn house_with_bob() -> House {
    let house = House::with_ann();
    let bob = new_user("Bob", "202");
    house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &bob, dice)).unwrap();
    house
}

fn full_name(house: &House, name: &str) -> String {
    house.account_named(RoleKind::User, name).full_name.to_string()
}

fn number(house: &House, name: &str) -> String {
    let id = house.account_named(RoleKind::User, name).extension();
    let model = house.model.borrow();
    id.and_then(|id| model.extension(id)).map_or_else(String::new, |extension| extension.number.to_string())
}

#[test]
fn what_is_edited_offline_waits_and_is_seen_through_the_draft() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    assert_eq!(full_name(&house, "Ann"), "Ann Smith", "nothing is in force yet");
    let draft = draft_of(&house, &by).unwrap();
    assert_eq!(draft.changes(), 1);
    {
        let model = house.model.borrow();
        let layer = Layer::of(&draft, &*model);
        let overlay = Overlay { live: Scope::whole(&*model), layer: &layer };
        assert_eq!(overlay.account(house.ann().id).unwrap().full_name, "Ann Jones");
    }
    assert_eq!(apply(&house, &by, |_, _| None), Ok(1));
    assert_eq!(full_name(&house, "Ann"), "Ann Jones");
    assert_eq!(draft_of(&house, &by), None, "it is used up");
    let model = house.model.borrow();
    let applied: Vec<&AuditEvent> =
        model.audit.iter().rev().take_while(|event| event.action != Action::DraftApplied).collect();
    assert_eq!(applied.len(), 1, "the change has a row of its own, behind the draft's");
    assert_eq!(applied[0].action, Action::AccountChanged);
}

#[test]
fn a_conflict_is_shown_and_chosen_field_by_field() {
    for choice in [Choice::Mine, Choice::Theirs] {
        let house = house_with_bob();
        let by = house.by("Administrator");
        let (id, fields) = edit(&house, "Ann");
        let wanted = EditUser { name: "Anna".into(), full_name: "Ann Jones".into(), ..fields };
        offline(&house, &by, |admin, _| admin.edit_user(id, &wanted)).unwrap();
        rename(&house, None, "Ann", "Ann Miller");
        let lines = compared(&house, &by).pop().unwrap().lines;
        let merges: Vec<Merge> = lines.iter().map(|line| line.merge).collect();
        assert_eq!(merges, [Merge::Conflict, Merge::Mine], "full name, then name");
        let before = house.model.borrow().audit.len();
        assert!(matches!(apply(&house, &by, |_, _| None), Err(Problem::Invalid(_))), "nothing is chosen yet");
        assert_eq!(
            (full_name(&house, "Ann").as_str(), house.model.borrow().audit.len()),
            ("Ann Miller", before)
        );
        apply(&house, &by, |_, _| Some(choice)).unwrap();
        let expected = if choice == Choice::Mine { "Ann Jones" } else { "Ann Miller" };
        assert_eq!(
            full_name(&house, "Anna"),
            expected,
            "the name, which nobody else touched, is mine either way"
        );
    }
}

#[test]
fn a_choice_that_was_made_of_another_value_is_none() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    rename(&house, None, "Ann", "Ann Miller");
    let shown = compared(&house, &by).pop().unwrap();
    let mut decisions = Decisions { version: 1, ..Decisions::default() };
    let key = (shown.record, shown.lines[0].point.clone());
    decisions.chosen.insert(key, (Choice::Mine, print_of(&shown.lines[0].now).into()));
    rename(&house, None, "Ann", "Ann Baker");
    let done = house.administer_as(&by, |admin, dice| admin.apply_draft(&decisions, &Drawer, dice));
    assert!(matches!(done, Err(Problem::Invalid(_))), "{done:?}");
    assert_eq!(full_name(&house, "Ann"), "Ann Baker");
    let stale = Decisions { version: 7, ..Decisions::default() };
    let done = house.administer_as(&by, |admin, dice| admin.apply_draft(&stale, &Drawer, dice));
    assert_eq!(done.unwrap_err(), Problem::Changed("draft"));
}

#[test]
fn what_somebody_else_changed_to_the_same_is_no_conflict() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    rename(&house, None, "Ann", "Ann Jones");
    assert_eq!(compared(&house, &by)[0].lines[0].merge, Merge::Already);
    apply(&house, &by, |_, _| None).unwrap();
}

#[test]
fn what_is_set_back_is_no_change() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    rename(&house, Some(&by), "Ann", "Ann Smith");
    assert_eq!(draft_of(&house, &by), None);
}

#[test]
fn a_user_who_is_made_offline_gets_a_real_number_when_the_draft_is_applied() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let eve = NewUser {
        full_name: "Eve Adams".into(),
        login_code: SecretChoice::Set(Secret::new("73159")),
        phone_password: SecretChoice::Set(Secret::new("seven-green-bottles")),
        ..new_user("Eve", "207")
    };
    let id = offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &eve, dice)).unwrap();
    assert!(house.model.borrow().account(id).is_none());
    let (found, extension) = {
        let model = house.model.borrow();
        let layer = Layer::of(&draft_of(&house, &by).unwrap(), &*model);
        let overlay = Overlay { live: Scope::whole(&*model), layer: &layer };
        let found = overlay.account(id).unwrap();
        let extension = overlay.extension(found.extension().unwrap()).unwrap();
        assert!(overlay.credential(Owner::Account(id), CredentialKind::LoginCode).is_some());
        (found, extension)
    };
    assert_eq!((&*found.name, extension.number.as_str(), extension.user), ("Eve", "207", Some(id)));
    // Disabled in the draft, before it ever was in force.
    let disabled = EditUser {
        version: found.version,
        name: "Eve".into(),
        full_name: "Eve Adams".into(),
        number: "207".into(),
        condition: Some(Condition::Disabled),
        expires_at: None,
    };
    offline(&house, &by, |admin, _| admin.edit_user(id, &disabled)).unwrap();
    assert_eq!(apply(&house, &by, |_, _| None), Ok(2), "a user and an extension");
    let eve = house.account_named(RoleKind::User, "Eve");
    assert!(eve.id.0 < 0xC000_0000 && eve.condition == Condition::Disabled);
    let model = house.model.borrow();
    let extension = model.extension(eve.extension().unwrap()).unwrap();
    assert_eq!((extension.number.as_str(), extension.user), ("207", Some(eve.id)));
    let is_kept = |owner, kind, secret| model.holds_secret(owner, kind, &Secret::new(secret));
    assert!(is_kept(Owner::Account(eve.id), CredentialKind::LoginCode, "73159"));
    assert!(is_kept(Owner::Extension(extension.id), CredentialKind::PhonePassword, "seven-green-bottles"));
}

#[test]
fn a_new_name_that_somebody_else_took_meanwhile_stops_all_of_it() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    let eve = new_user("Eve", "");
    let id = offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &eve, dice)).unwrap();
    house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &eve, dice)).unwrap();
    let refused = apply(&house, &by, |_, _| None).unwrap_err();
    assert_eq!(refused.to_string(), "changes: User Eve: Another user has this name.");
    assert_eq!(full_name(&house, "Ann"), "Ann Smith", "all or nothing");
    let version = draft_of(&house, &by).unwrap().version;
    let undo = |admin: &Admin<'_>, _: &mut _| admin.undo_in_draft(version, RecordId::User(id), &Point::Whole);
    house.administer_as(&by, undo).unwrap();
    assert_eq!(apply(&house, &by, |_, _| None), Ok(1));
    assert_eq!(full_name(&house, "Ann"), "Ann Jones");
}

#[test]
fn what_is_deleted_offline_and_changed_meanwhile_is_a_conflict() {
    for choice in [Choice::Mine, Choice::Theirs] {
        let house = house_with_bob();
        let by = house.by("Administrator");
        let ann = house.ann().id;
        offline(&house, &by, |admin, _| admin.delete_user(ann, true)).unwrap();
        assert_eq!(draft_of(&house, &by).unwrap().changes(), 2, "the user and the extension");
        // A secret, which leaves the account's own fields as they are.
        let code = SecretChoice::Set(Secret::new("90217"));
        house.wait(Seconds(1));
        house
            .administer(|admin, dice| {
                admin.set_secret(Owner::Account(ann), CredentialKind::LoginCode, &code, false, dice)
            })
            .unwrap();
        let user = compared(&house, &by).remove(0);
        assert_eq!(user.lines[0].merge, Merge::Conflict);
        apply(&house, &by, |_, _| Some(choice)).unwrap();
        assert_eq!(house.model.borrow().account(ann).is_none(), choice == Choice::Mine);
    }
}

#[test]
fn what_was_deleted_meanwhile_is_told_and_cannot_be_changed_any_more() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    let ann = house.ann().id;
    house.administer(|admin, _| admin.delete_user(ann, true)).unwrap();
    let gone = compared(&house, &by).remove(0);
    assert!(gone.is_gone && gone.is_in_conflict());
    assert!(apply(&house, &by, |_, _| Some(Choice::Mine)).is_err());
    apply(&house, &by, |_, _| Some(Choice::Theirs)).unwrap();
    assert!(house.model.borrow().account(ann).is_none());
}

#[test]
fn two_who_change_places_in_a_draft_change_places() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let (ann, bob) = (house.ann().id, house.account_named(RoleKind::User, "Bob").id);
    for (id, name, number) in [(ann, "Ann", ""), (bob, "Bob", "201"), (ann, "Ann", "202")] {
        offline(&house, &by, |admin, _| {
            let present = admin.records.account(id).unwrap();
            let edit = EditUser {
                version: present.version,
                name: name.into(),
                full_name: present.full_name.to_string(),
                number: number.into(),
                condition: None,
                expires_at: None,
            };
            admin.edit_user(id, &edit)
        })
        .unwrap();
    }
    assert_eq!(apply(&house, &by, |_, _| None), Ok(2));
    assert_eq!((number(&house, "Ann").as_str(), number(&house, "Bob").as_str()), ("202", "201"));
}

#[test]
fn a_number_that_is_freed_by_the_draft_can_be_given_in_it() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let ann = house.ann();
    offline(&house, &by, |admin, _| admin.delete_user(ann.id, true)).unwrap();
    let eve = new_user("Eve", "201");
    offline(&house, &by, |admin, dice| admin.create_user(DomainId::FIRST, &eve, dice)).unwrap();
    apply(&house, &by, |_, _| None).unwrap();
    assert_eq!(number(&house, "Eve"), "201");
    assert_ne!(house.account_named(RoleKind::User, "Eve").extension(), ann.extension(), "it is a new one");
}

#[test]
fn an_extension_is_renumbered_made_and_deleted_offline() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let of = |number: &str| {
        let model = house.model.borrow();
        model.extension_numbered(DomainId::FIRST, &Number::parse(number).unwrap()).map(|found| found.id)
    };
    let (of_ann, of_bob) = (of("201").unwrap(), of("202").unwrap());
    let renumbered = EditExtension { version: 1, number: "301".into() };
    offline(&house, &by, |admin, _| admin.edit_extension(of_ann, &renumbered)).unwrap();
    offline(&house, &by, |admin, _| admin.delete_extension(of_bob)).unwrap();
    let door = NewExtension { number: "900".into(), phone_password: SecretChoice::Generate };
    offline(&house, &by, |admin, dice| admin.create_extension(DomainId::FIRST, &door, dice)).unwrap();
    let draft = draft_of(&house, &by).unwrap();
    assert_eq!(draft.changes(), 3, "that Bob is without one follows: {draft:#?}");
    apply(&house, &by, |_, _| None).unwrap();
    assert_eq!((number(&house, "Ann").as_str(), number(&house, "Bob").as_str()), ("301", ""));
    let door = of("900").unwrap();
    assert!(of("202").is_none() && door.0 < 0xC000_0000);
    let model = house.model.borrow();
    assert!(model.credential(Owner::Extension(door), CredentialKind::PhonePassword).is_some());
}

#[test]
fn settings_domain_and_groups_wait_too() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let lookers = GroupFields { name: "Lookers".into(), rights: vec![Right::StatusRead] };
    let (group, _) = house.administer(|admin, dice| admin.create_group(&lookers, dice)).unwrap();
    offline(&house, &by, |admin, _| {
        let mut settings = Settings { system_name: "Harbour".into(), ..(*admin.records.settings()).clone() };
        settings.extension_lock.failures_max = 9;
        admin.save_settings(&settings)
    })
    .unwrap();
    offline(&house, &by, |admin, _| {
        let domain = admin.records.domain(DomainId::FIRST).unwrap();
        admin
            .save_domain(&signin::extension::Domain { md5_allowed: !domain.md5_allowed, ..(*domain).clone() })
    })
    .unwrap();
    let more = GroupFields { rights: vec![Right::StatusRead, Right::Directory], ..lookers };
    offline(&house, &by, |admin, _| admin.edit_group(group, 1, &more)).unwrap();
    let another = GroupFields { name: "Readers".into(), rights: vec![Right::UsersRead] };
    offline(&house, &by, |admin, dice| admin.create_group(&another, dice)).unwrap();
    // Another field of the same settings, by somebody else.
    house.settings(|settings| settings.extension_lock.window = Seconds::minutes(30));
    let md5 = house.model.borrow().domain(DomainId::FIRST).unwrap().md5_allowed;
    assert_eq!(apply(&house, &by, |_, _| None), Ok(5));
    let model = house.model.borrow();
    let lock = &model.settings().extension_lock;
    assert_eq!((lock.failures_max, lock.window), (9, Seconds::minutes(30)), "both are in force");
    assert_eq!(
        (&*model.settings().system_name, model.domain(DomainId::FIRST).unwrap().md5_allowed),
        ("Harbour", !md5)
    );
    let groups = signin::document::rights_groups(&model.documents(DocumentKind::RightsGroup));
    let groups: Vec<(&str, usize)> = groups.iter().map(|group| (&*group.name, group.rights.len())).collect();
    assert!(groups.contains(&("Lookers", 2)) && groups.contains(&("Readers", 1)), "{groups:?}");
}

#[test]
fn rights_are_asked_when_it_is_edited_and_when_it_is_applied() {
    let house = house_with_bob();
    let mut by = house.by("BusinessPartner");
    by.rights = vec![Right::UsersRead];
    let (id, fields) = edit(&house, "Ann");
    let wanted = EditUser { full_name: "Ann Jones".into(), ..fields };
    let refused = offline(&house, &by, |admin, _| admin.edit_user(id, &wanted));
    assert_eq!(refused.unwrap_err(), Problem::NoRight(Right::UsersWrite));
    by.rights.push(Right::UsersWrite);
    offline(&house, &by, |admin, _| admin.edit_user(id, &wanted)).unwrap();
    by.rights.pop();
    assert_eq!(apply(&house, &by, |_, _| None), Err(Problem::NoRight(Right::UsersWrite)));
    assert_eq!(full_name(&house, "Ann"), "Ann Smith");
}

#[test]
fn service_users_do_not_wait_and_locks_are_lifted_at_once() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let fields = ServiceUserFields { name: "Eve".into(), ..ServiceUserFields::default() };
    let refused = offline(&house, &by, |admin, dice| {
        admin.create_service_user(&fields, &SecretChoice::Generate, false, dice)
    });
    assert!(matches!(refused, Err(Problem::Never(_))), "{refused:?}");
    for _ in 0..5 {
        house.phone("201", "11111");
    }
    let key = house.model.borrow().tallies.keys().next().unwrap().clone();
    offline(&house, &by, |admin, _| admin.reset_locks(std::slice::from_ref(&key))).unwrap();
    assert!(!house.model.borrow().tallies.contains_key(&key));
    assert_eq!(draft_of(&house, &by), None);
}

#[test]
fn a_draft_never_shows_a_secret() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let ann = house.ann().id;
    let code = SecretChoice::Set(Secret::new("90217"));
    offline(&house, &by, |admin, dice| {
        admin.set_secret(Owner::Account(ann), CredentialKind::LoginCode, &code, false, dice)
    })
    .unwrap();
    let text = serde_json::to_string(&draft_of(&house, &by)).unwrap();
    assert!(!text.contains("90217") && !text.contains(CODE), "{text}");
    apply(&house, &by, |_, _| None).unwrap();
    let model = house.model.borrow();
    assert!(model.holds_secret(Owner::Account(ann), CredentialKind::LoginCode, &Secret::new("90217")));
}

#[test]
fn a_code_that_breaks_a_rule_of_today_is_refused_when_it_is_applied() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let ann = house.ann().id;
    let code = SecretChoice::Set(Secret::new("90217"));
    offline(&house, &by, |admin, dice| {
        admin.set_secret(Owner::Account(ann), CredentialKind::LoginCode, &code, false, dice)
    })
    .unwrap();
    house.settings(|settings| settings.login_code.length_min = 8);
    let refused = apply(&house, &by, |_, _| None).unwrap_err().to_string();
    assert!(refused.starts_with("changes: User Ann: ") && refused.contains('8'), "{refused}");
}

#[test]
fn a_password_hash_that_is_not_ours_is_refused() {
    let house = house_with_bob();
    let ann = house.ann().id;
    for phc in ["$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "", "plain"] {
        let payload = SecretBytes::new([&[1], phc.as_bytes()].concat());
        let refused = house.administer(|admin, dice| {
            let choice = SecretChoice::Chosen(payload.clone());
            admin.set_secret(Owner::Account(ann), CredentialKind::UserPassword, &choice, false, dice)
        });
        assert!(matches!(refused, Err(Problem::Invalid(_))), "{phc:?}");
    }
}

#[test]
fn a_draft_from_elsewhere_is_read_strictly() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    let good = draft_of(&house, &by).unwrap();
    assert_eq!(good.check(), Ok(()));
    let spoil = |spoil: fn(&mut Draft)| {
        let mut draft = good.clone();
        spoil(&mut draft);
        draft.check()
    };
    assert!(spoil(|draft| draft.records.push(draft.records[0].clone())).is_err());
    assert!(spoil(|draft| draft.records[0].record = RecordId::User(AccountId(0xC000_0000))).is_err());
    assert!(spoil(|draft| draft.records[0].record = RecordId::Extension(ExtensionId(u32::MAX))).is_err());
    assert!(spoil(|draft| draft.records[0].fields[0].wanted = "x".repeat(70_000).into()).is_err());
    assert!(spoil(|draft| draft.records[0].fate = signin::draft::Fate::Made).is_err());
    // A field that nobody can want: it is found out when it is applied, and nothing happens.
    let mut odd = good.clone();
    odd.records[0].fields[0].field = "id".into();
    house.administer_as(&by, |admin, _| admin.import_draft(good.version, &odd)).unwrap();
    assert!(apply(&house, &by, |_, _| Some(Choice::Mine)).is_err());
    assert_eq!(full_name(&house, "Ann"), "Ann Smith");
}

#[test]
fn a_draft_goes_with_its_service_user_and_can_be_thrown_away() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    rename(&house, Some(&by), "Ann", "Ann Jones");
    house.administer_as(&by, |admin, _| admin.discard_draft(1)).unwrap();
    assert_eq!((draft_of(&house, &by), house.last().contains("thrown away")), (None, true));
    let fields = ServiceUserFields { name: "Eve".into(), ..ServiceUserFields::default() };
    let (eve, _) = house
        .administer(|admin, dice| admin.create_service_user(&fields, &SecretChoice::Generate, false, dice))
        .unwrap();
    let mut of_eve = house.by("Eve");
    of_eve.rights = Right::ALL.to_vec();
    rename(&house, Some(&of_eve), "Ann", "Ann Jones");
    house.administer(|admin, _| admin.delete_service_user(eve)).unwrap();
    assert!(house.model.borrow().document(DocumentId::Draft(eve)).is_none());
}

#[test]
fn what_has_no_version_is_guarded_in_the_commit() {
    let house = house_with_bob();
    let by = house.by("Administrator");
    let ann = house.ann().id;
    offline(&house, &by, |admin, _| admin.delete_user(ann, false)).unwrap();
    let decisions = Decisions { version: 1, ..Decisions::default() };
    let model = house.model.borrow();
    let admin = Admin::new(&*model, &by, house.now.get());
    let effects = admin.apply_draft(&decisions, &Drawer, &mut *house.dice.borrow_mut()).unwrap().effects;
    let guards = effects.iter().filter(|effect| matches!(effect, Effect::Unchanged(_))).count();
    assert_eq!(guards, 1 + KINDS.len() + 1, "the account, its secrets, the draft");
}
