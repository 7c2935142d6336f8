//! Several organisations: what makes one, what it keeps apart, and how far the hand of its people reaches.

use signin::{
    account::{Condition, RoleKind},
    admin::{Admin, By, EditUser, NewDomain, NewExtension, Problem, SecretChoice, ServiceUserFields},
    credential::{CredentialKind, Owner},
    document::DocumentKind,
    draft::{Draft, Edited, Fate, FieldEdit, Layer, Overlay, RecordId},
    extension::Domain,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, GroupId, Number},
    interface::CountScope,
    lockout::{Tally, TallyKey},
    records::Records,
    rights::Right,
    scope::Scope,
    secret::Secret,
    session::SessionId,
    verdict::Verdict,
};

use crate::{
    administration::set,
    house::{ADMIN_PASSWORD, CODE, House, ann, word},
};

/// A house with Ann at 201 in the first domain and Bea at 201 in another, whose people all have every right by their groups.
fn two() -> (House, DomainId, [AccountId; 2]) {
    let house = House::with_ann();
    let second = create(&house, &["second.example"]).unwrap();
    let bea = signin::admin::NewUser { name: "Bea".into(), login_code: set("590173"), ..ann() };
    let (bea, _) = house.administer(|a, dice| a.create_user(second, &bea, dice)).unwrap();
    let ids = [house.ann().id, bea];
    (house, second, ids)
}

fn create(house: &House, hosts: &[&str]) -> Result<DomainId, Problem> {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    let new = NewDomain { hosts, realm: String::new() };
    house.administer(|admin, _| admin.create_domain(&new)).map(|(id, _)| id)
}

fn within(domain: DomainId) -> By {
    let rights = Right::ALL.into_iter().filter(|right| right.row().is_of_domains).collect();
    By { within: Some(domain), rights, ..By::console() }
}

fn wrong(problem: Result<impl std::fmt::Debug, Problem>) -> String {
    problem.unwrap_err().to_string()
}

#[test]
fn a_domain_is_made_with_names_that_no_other_has() {
    let (house, second, _) = two();
    let made = house.model.borrow().domain(second).unwrap();
    assert_eq!((&*made.realm, &*made.hosts), ("second.example", &["second.example".into()][..]));
    assert_eq!(house.model.borrow().domains().len(), 2);
    for (hosts, said) in [
        (&[][..], "hosts: It needs a host name, by which its phones and pages are told from others."),
        (&["Second.Example"], "hosts: Another domain has the host name second.example."),
        (&["a b"], "hosts: \"a b\" is no host name."),
    ] {
        let said_of_it = wrong(create(&house, hosts));
        assert!(said_of_it.contains(said), "{said_of_it}");
    }
    let renamed = Domain { hosts: vec!["third.example".into()], ..(*made).clone() };
    house.administer(|admin, _| admin.save_domain(&renamed)).unwrap();
    assert_eq!(
        wrong(house.administer(|admin, _| admin.save_domain(&renamed))),
        Problem::Changed("domain").to_string()
    );
    let nobody = By { rights: Vec::new(), ..By::console() };
    let refused = house.administer_as(&nobody, |admin, _| admin.create_domain(&NewDomain::default()));
    assert_eq!(refused.unwrap_err(), Problem::NoRight(Right::SystemWrite));
}

#[test]
fn a_domain_goes_when_nobody_and_nothing_is_left_in_it_and_the_first_never() {
    let (house, second, [_, bea]) = two();
    let delete = |id| house.administer(|admin, _| admin.delete_domain(id)).map(|_| ());
    let is_used = "This domain still has users, administrators or extensions. Delete those first.";
    assert_eq!(
        delete(DomainId::FIRST),
        Err(Problem::Never("The first domain is the installation's own and stays."))
    );
    assert_eq!(delete(DomainId(999)), Err(Problem::NotFound("domain")));
    assert_eq!(delete(second), Err(Problem::Never(is_used)));
    house.administer(|admin, _| admin.delete_user(bea, false)).unwrap();
    assert_eq!(delete(second), Err(Problem::Never(is_used)), "its extension");
    let line = house.model.borrow().extension_numbered(second, &Number::parse("201").unwrap()).unwrap();
    house.administer(|admin, _| admin.delete_extension(line.id)).unwrap();
    assert_eq!(delete(second), Ok(()));
    assert_eq!(house.last(), "Domain deleted Accepted second.example");
}

#[test]
fn whatever_is_made_is_made_in_a_domain_that_is_there_and_in_reach() {
    let (house, second, _) = two();
    let gone = DomainId(999);
    let line = NewExtension { number: "300".into(), phone_password: SecretChoice::Keep };
    let staff =
        |domain| ServiceUserFields { domain: Some(domain), name: "olga".into(), ..Default::default() };
    let password = set("eight ants went by a river");
    let said = "domain: There is no such domain.";
    let (user, line, password) = (&ann(), &line, &password);
    for (by, domain) in [(By::console(), gone), (within(second), gone), (within(second), DomainId::FIRST)] {
        let user = house.administer_as(&by, |a, dice| a.create_user(domain, user, dice));
        assert!(wrong(user).contains(said));
        assert!(
            wrong(house.administer_as(&by, |a, dice| a.create_extension(domain, line, dice))).contains(said)
        );
    }
    let made =
        |domain| house.administer(|a, dice| a.create_service_user(&staff(domain), password, false, dice));
    assert!(wrong(made(gone)).contains(said));
    made(DomainId::FIRST).unwrap();
    let (olga, _) = made(second).unwrap();
    assert!(wrong(made(second)).contains("Another service user has this name."));
    let account = house.model.borrow().account(olga).unwrap();
    assert_eq!((account.domain, account.within()), (second, Some(second)));
    let refused = house.administer_as(&within(second), |a, dice| {
        a.create_service_user(&staff(second), password, false, dice)
    });
    assert_eq!(refused.unwrap_err(), Problem::NoRight(Right::SecurityWrite));
}

#[test]
fn who_is_called_administrator_in_another_domain_is_built_in_nowhere_and_has_no_rights_by_the_name() {
    let (house, second, _) = two();
    let fields =
        ServiceUserFields { domain: Some(second), name: "Administrator".into(), ..Default::default() };
    let password = set("eight ants went by a river");
    let (id, _) = house.administer(|a, dice| a.create_service_user(&fields, &password, false, dice)).unwrap();
    let account = house.model.borrow().account(id).unwrap();
    assert!(!account.is_built_in());
    assert_eq!(house.model.borrow().rights_of(&account), []);
    house.administer(|admin, _| admin.delete_service_user(id)).unwrap();
}

#[test]
fn groups_give_somebody_of_a_domain_what_is_about_one_and_nothing_about_the_installation() {
    let (house, second, _) = two();
    let group = signin::admin::GroupFields { name: "all".into(), rights: Right::ALL.to_vec() };
    let (group, _) = house.administer(|admin, dice| admin.create_group(&group, dice)).unwrap();
    let fields = |domain| ServiceUserFields {
        domain: Some(domain),
        name: "olga".into(),
        groups: vec![group],
        ..Default::default()
    };
    let password = set("eight ants went by a river");
    let rights = |domain| {
        let (id, _) = house
            .administer(|a, dice| a.create_service_user(&fields(domain), &password, false, dice))
            .unwrap();
        let model = house.model.borrow();
        let account = model.account(id).unwrap();
        let by = By::account(&*model, &account, SessionId::of("x"), "192.0.2.1".parse().unwrap(), "");
        (by.rights, by.within)
    };
    assert_eq!(rights(DomainId::FIRST), (Right::ALL.to_vec(), None));
    let (of_second, reach) = rights(second);
    assert_eq!(reach, Some(second));
    let of_system = [
        Right::SystemRead,
        Right::SystemWrite,
        Right::SecurityRead,
        Right::SecurityWrite,
        Right::StatusRead,
        Right::Backup,
    ];
    assert!(Right::ALL.iter().all(|right| of_second.contains(right) != of_system.contains(right)));
}

#[test]
fn what_is_of_another_domain_is_not_there() {
    let (house, second, [ann, bea]) = two();
    let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!("refused") };
    let session = accepted.session.unwrap().0;
    for _ in 0..2 {
        house.phone("201", "0");
    }
    let model = house.model.borrow();
    let (mine, all) = (Scope::of(&*model, Some(second)), Scope::whole(&*model));
    let lines = [ann, bea].map(|id| model.account(id).unwrap().extension().unwrap());
    let number = Number::parse("201").unwrap();
    // What each finds, of Ann's domain and of Bea's.
    let found = |scope: &Scope<'_>, account: AccountId, line: ExtensionId, domain: DomainId, name: &str| {
        let owner = Owner::Account(account);
        let code = CredentialKind::LoginCode;
        let secret = Secret::new(if account == ann { CODE } else { "590173" });
        let locks = TallyKey::open(CountScope::Extension, domain, FoldedName::of("201"));
        [
            scope.account(account).is_some(),
            scope.account_named(RoleKind::User, domain, &FoldedName::of(name)).is_some(),
            scope.extension(line).is_some(),
            scope.extension_numbered(domain, &number).is_some(),
            scope.credential(owner, code).is_some(),
            scope.holds_secret(owner, code, &secret),
            scope.traits(owner, code, &signin::credential::About::default()).is_some(),
            scope.domain(domain).is_some(),
            scope.account_ids().contains(&account),
            scope.extension_ids().contains(&line),
            scope.domains().iter().any(|one| one.id == domain),
            scope.tally(&locks) != Tally::default() || domain == second,
        ]
    };
    for (id, line, domain, name) in [(ann, lines[0], DomainId::FIRST, "Ann"), (bea, lines[1], second, "Bea")]
    {
        assert_eq!(found(&all, id, line, domain, name), [true; 12], "{name}");
        assert_eq!(found(&mine, id, line, domain, name), [domain == second; 12], "{name}");
    }
    assert_eq!((all.service_users().len(), mine.service_users().len()), (2, 0));
    assert_eq!((all.session(session).is_some(), mine.session(session).is_some()), (true, false));
    let administrator = all.session(session).unwrap().account;
    assert_eq!((all.sessions_of(administrator).len(), mine.sessions_of(administrator).len()), (1, 0));
    assert!(mine.lanes_of(&TallyKey::address("192.0.2.1".parse().unwrap())).is_empty());
    assert!(!mine.is_former(Owner::Account(ann), CredentialKind::LoginCode, &Secret::new("1"), 9));
    assert!(mine.registration(lines[0]).is_none() && mine.places(lines[0]) == Default::default());
    assert_eq!(mine.activity(ann), Default::default());
    assert_eq!(
        mine.documents(DocumentKind::RightsGroup).len(),
        all.documents(DocumentKind::RightsGroup).len()
    );
    assert_eq!(
        (mine.domain_of_host("elsewhere"), all.domain_of_host("elsewhere")),
        (second, DomainId::FIRST)
    );
    assert!(mine.credential(Owner::Domain(DomainId::FIRST), CredentialKind::SystemPassword).is_none());
    assert_eq!(mine.settings(), all.settings());
    assert_eq!(mine.reporting(), all.reporting());
}

#[test]
fn nobody_changes_what_is_of_another_domain_and_is_told_it_is_not_there() {
    let (house, second, [ann, bea]) = two();
    for _ in 0..5 {
        house.phone("201", "0");
    }
    let by = within(second);
    let edit = |id: AccountId| {
        let account = house.model.borrow().account(id).unwrap();
        EditUser {
            version: account.version,
            name: "Changed".into(),
            full_name: String::new(),
            number: "201".into(),
            condition: Some(Condition::Disabled),
            expires_at: None,
        }
    };
    let lines = [ann, bea].map(|id| house.model.borrow().account(id).unwrap().extension().unwrap());
    let before = format!("{:?}", house.model.borrow().account(ann));
    let try_at = |id: AccountId, line: ExtensionId, domain: DomainId| {
        let (of_user, of_line) = (Owner::Account(id), Owner::Extension(line));
        let locks = [TallyKey::open(CountScope::Extension, domain, FoldedName::of("201"))];
        let edit = edit(id);
        let as_them =
            |operation: &dyn Fn(&Admin<'_>, &mut signin::dice::SeededDice) -> Result<(), Problem>| {
                let model = house.model.borrow();
                operation(&Admin::new(&*model, &by, house.now.get()), &mut house.dice.borrow_mut())
            };
        [
            as_them(&|a, _| a.edit_user(id, &edit).map(drop)),
            as_them(&|a, dice| {
                a.set_secret(of_user, CredentialKind::LoginCode, &SecretChoice::Generate, false, dice)
                    .map(drop)
            }),
            as_them(&|a, dice| {
                a.set_secret(of_line, CredentialKind::PhonePassword, &SecretChoice::Generate, false, dice)
                    .map(drop)
            }),
            as_them(&|a, _| a.reset_locks(&locks).map(drop)),
            as_them(&|a, _| a.lift_locks_of(id).map(drop)),
            as_them(&|a, _| a.release_quarantine(line).map(drop)),
            as_them(&|a, _| a.forget_former(line).map(drop)),
            as_them(&|a, _| a.log_out_phones(line, None).map(drop)),
            as_them(&|a, _| a.delete_extension(line).map(drop)),
            as_them(&|a, _| a.delete_user(id, true).map(drop)),
        ]
    };
    for refused in try_at(ann, lines[0], DomainId::FIRST) {
        assert!(matches!(refused, Err(Problem::NotFound(_))), "{refused:?}");
    }
    for done in try_at(bea, lines[1], second) {
        assert_eq!(done, Ok(()));
    }
    // What counts for everybody is the installation's.
    let address = [TallyKey::address("192.0.2.1".parse().unwrap())];
    let refused = house.administer_as(&by, |admin, _| admin.reset_locks(&address));
    assert_eq!(refused.unwrap_err(), Problem::NotFound("lock"));
    assert_eq!(format!("{:?}", house.model.borrow().account(ann)), before);
    assert_eq!(word(&house.phone("201", CODE)), "wait", "the lock is still there");
}

/// A draft that somebody wrote by hand, for they know the passphrase of their own file.
fn forged(record: RecordId, fate: Fate, fields: &[(&str, serde_json::Value)]) -> Draft {
    let fields = fields.iter().map(|(field, wanted)| FieldEdit {
        field: (*field).into(),
        seen: serde_json::Value::Null,
        wanted: wanted.clone(),
    });
    let edited = Edited {
        record,
        fate,
        domain: DomainId::FIRST,
        title: "".into(),
        touched: 1,
        fields: fields.collect(),
        secrets: Vec::new(),
    };
    Draft { made: 1, records: vec![edited], ..Draft::new(AccountId(1), signin::timestamp::Timestamp(1)) }
}

#[test]
fn no_file_shows_somebody_what_they_may_not_look_at() {
    let (house, second, [ann, _]) = two();
    let administrator = house.by("Administrator");
    let import = |by: &By, draft: &Draft| house.administer_as(by, |a, _| a.import_draft(0, draft)).map(drop);
    let wanted = serde_json::json!("x");
    let all = [
        (forged(RecordId::Settings, Fate::Changed, &[("lan1", wanted.clone())]), vec![Right::SystemRead]),
        (
            forged(RecordId::Settings, Fate::Changed, &[("extension_lock.window", wanted.clone())]),
            vec![Right::SecurityRead],
        ),
        (
            forged(
                RecordId::Settings,
                Fate::Changed,
                &[("lan1", wanted.clone()), ("preset", wanted.clone())],
            ),
            vec![Right::SystemRead, Right::SecurityRead],
        ),
        (forged(RecordId::Domain(second), Fate::Changed, &[]), vec![Right::SystemWrite]),
        (forged(RecordId::Group(GroupId(1)), Fate::Changed, &[]), vec![Right::SecurityWrite]),
        (forged(RecordId::User(ann), Fate::Changed, &[]), vec![Right::UsersRead]),
        (forged(RecordId::Extension(ExtensionId(1)), Fate::Changed, &[]), vec![Right::ExtensionsRead]),
    ];
    let refused = Err(Problem::Never("This file changes what you may not look at."));
    for (draft, rights) in &all {
        for missing in rights {
            let rights: Vec<Right> = Right::ALL
                .into_iter()
                .filter(|right| right.row().part != missing.row().part)
                .filter(|right| {
                    // Whoever sets secrets of people and lines, or sees the other of the two, knows them.
                    let is_of_people = [Right::UsersRead, Right::ExtensionsRead].contains(missing);
                    let of_people = [signin::rights::Part::Users, signin::rights::Part::Extensions];
                    !is_of_people
                        || !(of_people.contains(&right.row().part) || *right == Right::SecurityReset)
                })
                .collect();
            let by = By { rights, ..administrator.clone() };
            assert_eq!(import(&by, draft), refused, "{draft:?} without {missing:?}");
            assert_eq!(draft.seen_with(&by.rights).records, []);
        }
        let by = By { rights: rights.clone(), ..administrator.clone() };
        assert_eq!(draft.seen_with(&by.rights), *draft, "{rights:?}");
    }
    // Whoever is within a domain has none of those rights.
    let by = By { account: administrator.account, ..within(second) };
    assert_eq!(import(&by, &all[0].0), refused);
}

#[test]
fn nothing_is_made_in_a_layer_where_there_is_no_domain_for_it() {
    let (house, second, _) = two();
    let model = house.model.borrow();
    let number = [("number", serde_json::json!("201"))];
    let name = [
        ("name", serde_json::json!("Eve")),
        ("full_name", serde_json::json!("")),
        ("extension", serde_json::Value::Null),
        ("condition", serde_json::json!("enabled")),
        ("expires_at", serde_json::Value::Null),
    ];
    let line = ExtensionId(0xC000_0000);
    let user = AccountId(0xC000_0000);
    for (draft, is_line) in [
        (forged(RecordId::Extension(line), Fate::Made, &number), true),
        (forged(RecordId::User(user), Fate::Made, &name), false),
    ] {
        for (scope, is_there) in [(Scope::whole(&*model), true), (Scope::of(&*model, Some(second)), false)] {
            let layer = Layer::of(&draft, &scope);
            let seen = Overlay { live: scope, layer: &layer };
            let found = if is_line { seen.extension(line).is_some() } else { seen.account(user).is_some() };
            assert_eq!(found, is_there, "{draft:?}");
        }
    }
}
