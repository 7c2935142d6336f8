//! Service users and rights groups: who may give which rights to whom.

use signin::{
    account::{Condition, RoleKind},
    admin::{Admin, Change, GroupFields, Problem, SecretChoice, ServiceUserFields},
    credential::{CredentialKind, Owner},
    dice::SeededDice,
    ident::{AccountId, GroupId},
    records::Records,
    rights::{GROUPS_MAX, Right, SERVICE_USERS_MAX, STARTING_GROUPS},
    secret::Secret,
};

use crate::house::House;

const PASSWORD: &str = "six sixes are thirty-six";

fn group(house: &House, name: &str, rights: &[Right]) -> GroupId {
    let fields = GroupFields { name: name.into(), rights: rights.to_vec() };
    house.administer(|a, dice| a.create_group(&fields, dice)).unwrap().0
}

fn service_user(house: &House, name: &str, groups: &[GroupId]) -> AccountId {
    let fields = ServiceUserFields { name: name.into(), groups: groups.to_vec(), ..Default::default() };
    let password = SecretChoice::Set(Secret::new(PASSWORD));
    house.administer(|a, dice| a.create_service_user(&fields, &password, false, dice)).unwrap().0
}

fn fields_of(house: &House, id: AccountId) -> (u32, ServiceUserFields) {
    let account = house.model.borrow().account(id).unwrap();
    let signin::account::Role::ServiceUser { groups } = &account.role else { panic!("no service user") };
    let fields = ServiceUserFields {
        domain: None,
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        groups: groups.to_vec(),
        condition: None,
        expires_at: account.expires_at,
    };
    (account.version, fields)
}

/// What somebody is answered who is signed in under this name.
fn asked_by<T>(
    house: &House,
    name: &str,
    operation: impl Fn(&Admin<'_>, &mut SeededDice) -> Result<Change<T>, Problem>,
) -> Result<Change<T>, Problem> {
    let by = house.by(name);
    let model = house.model.borrow();
    operation(&Admin::new(&*model, &by, house.now.get()), &mut SeededDice(3))
}

#[test]
fn rights_are_the_union_of_a_users_groups_and_follow_them_at_once() {
    let house = House::with_ann();
    let lookers = group(&house, "Lookers", &[Right::UsersRead, Right::StatusRead]);
    let menders = group(&house, "Menders", &[Right::SecurityReset, Right::UsersRead]);
    let eve = service_user(&house, "Eve", &[lookers, menders]);
    assert_eq!(house.by("Eve").rights, [Right::UsersRead, Right::SecurityReset, Right::StatusRead]);
    let fields = GroupFields { name: "Lookers".into(), rights: vec![Right::Directory] };
    house.administer(|a, _| a.edit_group(lookers, 1, &fields)).unwrap();
    assert_eq!(house.by("Eve").rights, [Right::UsersRead, Right::SecurityReset, Right::Directory]);
    house.administer(|a, _| a.delete_group(menders)).unwrap();
    assert_eq!(house.by("Eve").rights, [Right::Directory]);
    assert_eq!(
        fields_of(&house, eve).1.groups,
        [lookers],
        "who belonged to a group that is gone names it no more"
    );
    let next = group(&house, "Next", &[Right::Telephony]);
    assert_ne!(next, menders, "a number is not used twice");
}

#[test]
fn the_built_in_accounts_have_every_right_whatever_their_groups() {
    let house = House::ignited();
    for name in ["Administrator", "BusinessPartner"] {
        assert_eq!(house.by(name).rights, Right::ALL);
        let id = house.account_named(RoleKind::ServiceUser, name).id;
        let (version, fields) = fields_of(&house, id);
        let renamed = ServiceUserFields { name: "Another".into(), ..fields.clone() };
        let problem = asked_by(&house, "Administrator", |a, _| a.edit_service_user(id, version, &renamed));
        assert!(matches!(problem, Err(Problem::Never(_))));
        assert!(matches!(
            asked_by(&house, "Administrator", |a, _| a.delete_service_user(id)),
            Err(Problem::Never(_))
        ));
    }
    let id = house.account_named(RoleKind::ServiceUser, "Administrator").id;
    let (version, fields) = fields_of(&house, id);
    let off = ServiceUserFields { condition: Some(Condition::Disabled), ..fields };
    let problem = asked_by(&house, "BusinessPartner", |a, _| a.edit_service_user(id, version, &off));
    assert!(matches!(problem, Err(Problem::Never(_))), "the last way in stays open");
    let partner = house.account_named(RoleKind::ServiceUser, "BusinessPartner").id;
    let (version, fields) = fields_of(&house, partner);
    let off = ServiceUserFields { condition: Some(Condition::Disabled), ..fields };
    assert!(asked_by(&house, "Administrator", |a, _| a.edit_service_user(partner, version, &off)).is_ok());
}

#[test]
fn nobody_gives_themselves_rights() {
    let house = House::ignited();
    let security =
        group(&house, "Security", &[Right::SecurityRead, Right::SecurityWrite, Right::SecurityReset]);
    let all = group(&house, "All", &Right::ALL);
    let eve = service_user(&house, "Eve", &[security]);
    let (version, fields) = fields_of(&house, eve);
    let more = ServiceUserFields { groups: vec![security, all], ..fields.clone() };
    let never = |refused: Result<Change<()>, Problem>| assert!(matches!(refused, Err(Problem::Never(_))));
    never(asked_by(&house, "Eve", |a, _| a.edit_service_user(eve, version, &more)));
    let wider = GroupFields { name: "Security".into(), rights: Right::ALL.to_vec() };
    never(asked_by(&house, "Eve", |a, _| a.edit_group(security, 1, &wider)));
    never(asked_by(&house, "Eve", |a, _| a.delete_group(security)));
    never(asked_by(&house, "Eve", |a, _| a.delete_service_user(eve)));
    let off = ServiceUserFields { condition: Some(Condition::Disabled), ..fields.clone() };
    never(asked_by(&house, "Eve", |a, _| a.edit_service_user(eve, version, &off)));
    // The name of one's own is no right.
    let renamed = GroupFields { name: "Guards".into(), rights: wider.rights[6..9].to_vec() };
    assert_eq!(renamed.rights, [Right::SecurityRead, Right::SecurityWrite, Right::SecurityReset]);
    assert!(asked_by(&house, "Eve", |a, _| a.edit_group(security, 1, &renamed)).is_ok());
    let full_name = ServiceUserFields { full_name: "Eve Adams".into(), ..fields };
    assert!(asked_by(&house, "Eve", |a, _| a.edit_service_user(eve, version, &full_name)).is_ok());
}

#[test]
fn a_security_administrator_cannot_take_a_built_in_account_over() {
    let house = House::ignited();
    let security =
        group(&house, "Security", &[Right::SecurityRead, Right::SecurityWrite, Right::SecurityReset]);
    service_user(&house, "Eve", &[security]);
    let other = service_user(&house, "Installer", &[]);
    for name in ["Administrator", "BusinessPartner"] {
        let owner = Owner::Account(house.account_named(RoleKind::ServiceUser, name).id);
        let kind = CredentialKind::ServicePassword;
        let refused =
            asked_by(&house, "Eve", |a, d| a.set_secret(owner, kind, &SecretChoice::Generate, false, d));
        assert!(matches!(refused, Err(Problem::Never(_))), "{name}");
    }
    let owner = Owner::Account(other);
    let kind = CredentialKind::ServicePassword;
    let reset = asked_by(&house, "Eve", |a, d| a.set_secret(owner, kind, &SecretChoice::Generate, true, d));
    assert!(reset.is_ok());
}

#[test]
fn there_are_at_most_64_service_users_and_32_groups() {
    let house = House::ignited();
    let groups: Vec<GroupId> = (STARTING_GROUPS.len()..GROUPS_MAX)
        .map(|number| group(&house, &format!("Group {number}"), &[]))
        .collect();
    let one_more = GroupFields { name: "One more".into(), rights: Vec::new() };
    let refused = asked_by(&house, "Administrator", |a, d| a.create_group(&one_more, d));
    assert!(refused.unwrap_err().to_string().contains("32 rights groups already"));
    let double = GroupFields { name: "ＧＲＯＵＰ 17".into(), rights: Vec::new() };
    let refused = asked_by(&house, "Administrator", |a, _| a.edit_group(groups[3], 1, &double));
    assert!(refused.unwrap_err().to_string().contains("Another rights group has this name."));
    let keep = SecretChoice::Keep;
    let named = |name: String| ServiceUserFields { name, ..ServiceUserFields::default() };
    for number in 2..SERVICE_USERS_MAX {
        house
            .administer(|a, dice| a.create_service_user(&named(format!("user {number}")), &keep, false, dice))
            .unwrap();
    }
    let refused = asked_by(&house, "Administrator", |a, d| {
        a.create_service_user(&named("one more".into()), &keep, false, d)
    });
    assert!(refused.unwrap_err().to_string().contains("64 service users already"));
}

#[test]
fn a_service_user_is_made_changed_and_deleted_and_the_audit_says_what_changed() {
    let house = House::ignited();
    let lookers = group(&house, "Lookers", &[Right::UsersRead]);
    let fields =
        ServiceUserFields { name: "Eve".into(), groups: vec![lookers], ..ServiceUserFields::default() };
    let password = SecretChoice::Generate;
    let (eve, shown) =
        house.administer(|a, dice| a.create_service_user(&fields, &password, true, dice)).unwrap();
    let account = house.model.borrow().account(eve).unwrap();
    assert_eq!((account.condition, shown.len()), (Condition::ForceNewPassword, 1));
    let unknown = ServiceUserFields { groups: vec![GroupId(99)], ..fields.clone() };
    let refused = asked_by(&house, "Administrator", |a, _| a.edit_service_user(eve, 1, &unknown));
    assert!(refused.unwrap_err().to_string().contains("does not exist any more"));
    let stale = asked_by(&house, "Administrator", |a, _| a.edit_service_user(eve, 7, &fields));
    assert_eq!(stale.unwrap_err(), Problem::Changed("service user"));
    let changed = ServiceUserFields { full_name: "Eve Adams".into(), groups: Vec::new(), ..fields };
    house.administer(|a, _| a.edit_service_user(eve, 1, &changed)).unwrap();
    let row = house.model.borrow().audit.last().cloned().unwrap();
    let told: Vec<_> = row.changes.iter().map(|c| (&*c.field, &*c.before, &*c.after)).collect();
    assert_eq!(told, [("full name", "", "Eve Adams"), ("groups", "Lookers", "")]);
    house.administer(|a, _| a.delete_service_user(eve)).unwrap();
    assert!(house.model.borrow().account(eve).is_none());
}
