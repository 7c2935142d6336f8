//! What administrators do, and what is refused to them.

use signin::{
    account::RoleKind,
    admin::{
        Admin, Change, EditExtension, EditUser, NewExtension, NewUser, Problem, SecretChoice, is_ignited,
        keys_named,
    },
    audit::{Action, Outcome, Reason},
    credential::{self, About, CredentialKind, KINDS, Owner, rules_in_words},
    dice::SeededDice,
    digest::DigestAlgorithm,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId, Number},
    policy::{Lock, Settings},
    records::Records,
    registration::{Binding, Quarantined, Registration, Transport},
    reporting::Retention,
    rights::Right,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

use crate::house::{ADMIN_PASSWORD, CODE, House, ann, ignition, word};

pub(crate) fn set(text: &str) -> SecretChoice {
    SecretChoice::Set(Secret::new(text))
}

pub(crate) fn fields(problem: &Problem) -> Vec<&'static str> {
    match problem {
        Problem::Invalid(wrong) => wrong.iter().map(|wrong| wrong.field).collect(),
        other => panic!("{other}"),
    }
}

pub(crate) fn edit_of(house: &House) -> EditUser {
    let ann = house.ann();
    EditUser {
        version: ann.version,
        name: ann.name.to_string(),
        full_name: ann.full_name.to_string(),
        number: "201".into(),
        condition: None,
        expires_at: None,
    }
}

#[test]
fn ignition_works_once() {
    let house = House::empty();
    assert!(!is_ignited(&*house.model.borrow()));
    house.administer(|a, dice| a.ignite(&ignition(), dice)).unwrap();
    assert!(is_ignited(&*house.model.borrow()));
    assert_eq!(house.last(), "Ignition Accepted Office");
    assert_eq!(house.model.borrow().domain(DomainId::FIRST).unwrap().realm.as_ref(), "office");
    let again = house.administer(|a, dice| a.ignite(&ignition(), dice)).unwrap_err();
    assert_eq!(again.to_string(), "This system is already in service.");
}

#[test]
fn ignition_says_everything_that_is_wrong_at_once() {
    let house = House::empty();
    let mut asked = ignition();
    asked.system_name = " ".into();
    asked.realm = "a \"realm\"".into();
    asked.hosts = (0..65).map(|n| format!("office{n}.example")).collect();
    let problem = house.administer(|a, dice| a.ignite(&asked, dice)).unwrap_err();
    assert!(problem.to_string().contains("At most 64 host names"), "{problem}");
    asked.hosts = vec!["my office".into()];
    asked.administrator = Secret::new("short");
    asked.business_partner = Some(Secret::new("short"));
    let problem = house.administer(|a, dice| a.ignite(&asked, dice)).unwrap_err();
    assert_eq!(
        fields(&problem),
        [
            "system-name",
            "realm",
            "hosts",
            "administrator-password",
            "business-partner-password",
            "business-partner-password"
        ]
    );
    assert!(problem.to_string().contains("Use at least 15 characters."));
}

#[test]
fn the_resellers_account_without_a_password_opens_nothing_and_is_pointed_out() {
    let house = House::empty();
    let mut asked = ignition();
    asked.business_partner = None;
    asked.system_name = "Büro".into();
    asked.hosts = vec!["PBX.Example.com".into()];
    house.administer(|a, dice| a.ignite(&asked, dice)).unwrap();
    let by = signin::admin::By::console();
    let model = house.model.borrow();
    let admin = Admin::new(&*model, &by, house.now.get());
    assert!(admin.business_partner_is_open());
    assert_eq!(model.domain(DomainId::FIRST).unwrap().hosts[0].as_ref(), "pbx.example.com");
    drop(model);
    assert_eq!(word(&house.web("BusinessPartner", "")), "reject");
}

#[test]
fn a_new_user_is_made_whole_or_not_at_all() {
    let house = House::with_ann();
    let wrong = NewUser {
        name: "ANN".into(),
        full_name: "x".repeat(65),
        number: "2a1".into(),
        login_code: set("1234"),
        user_password: set("short"),
        phone_password: set("phone-pass-1"),
    };
    let problem = house.administer(|a, dice| a.create_user(DomainId::FIRST, &wrong, dice)).unwrap_err();
    assert_eq!(
        fields(&problem),
        ["name", "full-name", "extension", "login-code", "user-password", "phone-password"]
    );
    let taken = NewUser { name: "Ben".into(), number: "201".into(), ..NewUser::default() };
    let problem = house.administer(|a, dice| a.create_user(DomainId::FIRST, &taken, dice)).unwrap_err();
    assert_eq!(problem.to_string(), "extension: This extension belongs to another user.");
    for name in ["", "x\ny", &"x".repeat(65)] {
        let new = NewUser { name: name.into(), full_name: "a\u{7}".into(), ..NewUser::default() };
        let problem = house.administer(|a, dice| a.create_user(DomainId::FIRST, &new, dice)).unwrap_err();
        assert_eq!(fields(&problem), ["name", "full-name"]);
    }
}

#[test]
fn a_user_may_have_all_secrets_and_none() {
    let house = House::ignited();
    let new = NewUser {
        name: "Ben".into(),
        number: "202".into(),
        login_code: SecretChoice::Generate,
        user_password: SecretChoice::Generate,
        phone_password: SecretChoice::Generate,
        ..NewUser::default()
    };
    let (id, shown) = house.administer(|a, dice| a.create_user(DomainId::FIRST, &new, dice)).unwrap();
    assert_eq!(shown.len(), 3);
    assert_eq!(word(&house.phone("202", shown[2].1.reveal())), "accept");
    assert_eq!(house.model.borrow().account(id).unwrap().full_name.as_str(), "");
    let plain = NewUser { name: "Cem".into(), ..NewUser::default() };
    house.administer(|a, dice| a.create_user(DomainId::FIRST, &plain, dice)).unwrap();
}

#[test]
fn a_user_moves_to_another_extension_and_back() {
    let house = House::with_ann();
    let mut edit = edit_of(&house);
    edit.number = "205".into();
    edit.full_name = "Ann Jones".into();
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(word(&house.phone("205", CODE)), "accept");
    assert_eq!(word(&house.phone("201", CODE)), "reject");
    let stale = house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap_err();
    assert!(stale.to_string().starts_with("This user was changed by somebody else meanwhile."));
    edit.version += 1;
    edit.number = "201".into();
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    edit.version += 1;
    edit.number = String::new();
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(house.ann().extension(), None);
    edit.version += 1;
    let rows = house.model.borrow().audit.len();
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(house.model.borrow().audit.len(), rows, "nothing changed, nothing is audited");
    let missing = house.administer(|a, _| a.edit_user(AccountId(999), &edit)).unwrap_err();
    assert_eq!(missing, Problem::NotFound("user"));
}

#[test]
fn a_deleted_user_takes_the_extension_along_if_that_is_wished() {
    let house = House::with_ann();
    let id = house.ann().id;
    let extension = house.ann().extension().unwrap();
    house.administer(|a, _| a.delete_user(id, false)).unwrap();
    assert_eq!(house.model.borrow().extension(extension).unwrap().user, None);
    house.administer(|a, dice| a.create_user(DomainId::FIRST, &ann(), dice)).unwrap();
    assert_eq!(
        house.ann().extension(),
        Some(extension),
        "the free extension is taken, not a second one made"
    );
    house.administer(|a, _| a.delete_user(house.ann().id, true)).unwrap();
    assert!(house.model.borrow().extension(extension).is_none());
    assert_eq!(house.last(), "Extension deleted Accepted 201");
    assert!(house.administer(|a, _| a.delete_user(id, true)).is_err());
}

#[test]
fn an_import_brings_users_to_their_rows_however_often_it_runs() {
    let house = House::ignited();
    let mut row = NewUser { phone_password: set("phone-pass-1"), ..ann() };
    let import =
        |row: &NewUser| house.administer(|a, dice| a.import_user(DomainId::FIRST, row, dice)).unwrap().0;
    assert!(import(&row));
    assert!(!import(&row));
    assert_eq!(house.model.borrow().accounts.len(), 3);
    row.number = "204".into();
    row.full_name = "Ann Moved".into();
    assert!(!import(&row));
    assert_eq!(word(&house.phone("204", "phone-pass-1")), "accept");
}

#[test]
fn extensions_without_users_register_with_their_own_password() {
    let house = House::ignited();
    let new = NewExtension { number: "300".into(), phone_password: SecretChoice::Generate };
    let (id, shown) = house.administer(|a, dice| a.create_extension(DomainId::FIRST, &new, dice)).unwrap();
    assert_eq!(word(&house.phone("300", shown[0].1.reveal())), "accept");
    let twice = house.administer(|a, dice| a.create_extension(DomainId::FIRST, &new, dice)).unwrap_err();
    assert_eq!(twice.to_string(), "number: Another extension has this number.");
    let bad = NewExtension { number: "x".into(), ..new };
    assert!(house.administer(|a, dice| a.create_extension(DomainId::FIRST, &bad, dice)).is_err());
    let edit = EditExtension { version: 1, number: "301".into() };
    house.administer(|a, _| a.edit_extension(id, &edit)).unwrap();
    assert_eq!(house.model.borrow().extension(id).unwrap().number, Number::parse("301").unwrap());
    assert_eq!(
        house.administer(|a, _| a.edit_extension(id, &edit)).unwrap_err(),
        Problem::Changed("extension")
    );
    let same = EditExtension { version: 2, number: "301".into() };
    house.administer(|a, _| a.edit_extension(id, &same)).unwrap();
    house.administer(|a, _| a.delete_extension(id)).unwrap();
    assert_eq!(house.administer(|a, _| a.delete_extension(id)).unwrap_err(), Problem::NotFound("extension"));
    assert_eq!(
        house.administer(|a, _| a.edit_extension(id, &same)).unwrap_err(),
        Problem::NotFound("extension")
    );
}

#[test]
fn a_user_outlives_the_extension() {
    let house = House::with_ann();
    let extension = house.ann().extension().unwrap();
    house.administer(|a, _| a.delete_extension(extension)).unwrap();
    assert_eq!(house.ann().extension(), None);
}

#[test]
fn only_administrator_and_the_console_touch_administrators_password() {
    let house = House::ignited();
    let owner = |name| Owner::Account(house.account_named(RoleKind::ServiceUser, name).id);
    let kind = CredentialKind::ServicePassword;
    let new = set("a wholly new password");
    let partner = house.by("BusinessPartner");
    let refused = house
        .administer_as(&partner, |a, dice| a.set_secret(owner("Administrator"), kind, &new, false, dice))
        .unwrap_err();
    assert_eq!(refused.to_string(), "Only Administrator and the console can set Administrator's password.");
    let administrator = house.by("Administrator");
    house
        .administer_as(&administrator, |a, dice| {
            a.set_secret(owner("BusinessPartner"), kind, &new, false, dice)
        })
        .unwrap();
    assert_eq!(word(&house.web("BusinessPartner", "a wholly new password")), "accept");
    house
        .administer(|a, dice| {
            a.set_secret(owner("Administrator"), kind, &set("a console's word"), false, dice)
        })
        .unwrap();
    assert_eq!(word(&house.web("Administrator", "a console's word")), "accept");
}

#[test]
fn nobody_sets_the_own_service_password_without_the_present_one() {
    let house = House::ignited();
    for name in ["Administrator", "BusinessPartner"] {
        let own = Owner::Account(house.account_named(RoleKind::ServiceUser, name).id);
        for choice in [set("my own new password"), SecretChoice::Generate, SecretChoice::Remove] {
            let refused = house
                .administer_as(&house.by(name), |a, dice| {
                    a.set_secret(own, CredentialKind::ServicePassword, &choice, false, dice)
                })
                .unwrap_err();
            assert_eq!(refused.to_string(), "Change your own password under User Preferences.");
        }
    }
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
}

#[test]
fn a_secret_belongs_where_it_belongs() {
    let house = House::with_ann();
    let owner = Owner::Account(house.ann().id);
    let phone = Owner::Extension(house.ann().extension().unwrap());
    for (owner, kind) in [
        (owner, CredentialKind::ServicePassword),
        (owner, CredentialKind::PhonePassword),
        (phone, CredentialKind::LoginCode),
    ] {
        let problem =
            house.administer(|a, dice| a.set_secret(owner, kind, &SecretChoice::Generate, false, dice));
        assert_eq!(problem.unwrap_err().to_string(), "This kind of secret does not belong there.");
    }
    let kept = house.administer(|a, dice| {
        a.set_secret(owner, CredentialKind::LoginCode, &SecretChoice::Keep, false, dice)
    });
    assert!(kept.is_ok());
    for missing in [Owner::Account(AccountId(999)), Owner::Extension(ExtensionId(999))] {
        let problem = house.administer(|a, dice| {
            a.set_secret(missing, CredentialKind::LoginCode, &SecretChoice::Generate, false, dice)
        });
        assert!(matches!(problem.unwrap_err(), Problem::NotFound(_)));
    }
}

#[test]
fn every_operation_asks_for_its_right() {
    let house = House::with_ann();
    let mut nobody = house.by("BusinessPartner");
    nobody.rights.clear();
    let refused = |operation: &dyn Fn(&Admin<'_>, &mut SeededDice) -> Option<Problem>| {
        let model = house.model.borrow();
        let admin = Admin::new(&*model, &nobody, house.now.get());
        operation(&admin, &mut SeededDice(1))
    };
    fn err<T>(result: Result<Change<T>, Problem>) -> Option<Problem> {
        result.err()
    }
    let ann_id = house.ann().id;
    let extension = house.ann().extension().unwrap();
    let edit = edit_of(&house);
    let domain = (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone();
    let write = Some(Problem::NoRight(Right::UsersWrite));
    let write_extensions = Some(Problem::NoRight(Right::ExtensionsWrite));
    let reset = Some(Problem::NoRight(Right::SecurityReset));
    let control = Some(Problem::NoRight(Right::StatusControl));
    assert_eq!(refused(&|a, d| err(a.create_user(DomainId::FIRST, &ann(), d))), write);
    assert_eq!(refused(&|a, d| err(a.import_user(DomainId::FIRST, &ann(), d))), write);
    assert_eq!(refused(&|a, _| err(a.edit_user(ann_id, &edit))), write);
    assert_eq!(refused(&|a, _| err(a.delete_user(ann_id, true))), write);
    assert_eq!(
        refused(&|a, d| err(a.create_extension(DomainId::FIRST, &NewExtension::default(), d))),
        write_extensions
    );
    assert_eq!(
        refused(&|a, _| err(a.edit_extension(extension, &EditExtension { version: 1, number: "1".into() }))),
        write_extensions
    );
    assert_eq!(refused(&|a, _| err(a.delete_extension(extension))), write_extensions);
    assert_eq!(refused(&|a, _| err(a.save_domain(&domain))), Some(Problem::NoRight(Right::SystemWrite)));
    assert_eq!(
        refused(&|a, d| err(a.set_secret(
            Owner::Account(ann_id),
            CredentialKind::LoginCode,
            &SecretChoice::Generate,
            false,
            d
        ))),
        reset
    );
    assert_eq!(refused(&|a, _| err(a.reset_locks(&[]))), reset);
    assert_eq!(refused(&|a, _| err(a.log_out_phones(extension, None))), control);
    assert_eq!(refused(&|a, _| err(a.export_audit())), Some(Problem::NoRight(Right::SecurityRead)));
    assert_eq!(refused(&|a, _| err(a.release_quarantine(extension))), control);
    assert_eq!(
        refused(&|a, _| err(a.save_retention(0, Retention::default()))),
        Some(Problem::NoRight(Right::SecurityWrite))
    );
    let settings = (*house.model.borrow().settings()).clone();
    let mut rules = settings.clone();
    rules.sessions.concurrent_max += 1;
    let name = Settings { system_name: "Another".into(), ..settings };
    for (wanted, right) in [(rules, Right::SecurityWrite), (name, Right::SystemWrite)] {
        assert_eq!(refused(&|a, _| err(a.save_settings(&wanted))), Some(Problem::NoRight(right)));
    }
    for right in Right::ALL {
        assert!(Problem::NoRight(right).to_string().starts_with("For this you need the right to "));
        assert!(!nobody.may(right));
    }
}

#[test]
fn whoever_may_not_is_in_the_audit_and_whoever_made_a_mistake_is_not() {
    let house = House::ignited();
    let by = house.by("BusinessPartner");
    let model = house.model.borrow();
    let admin = Admin::new(&*model, &by, house.now.get());
    let refusals = [
        (Problem::NoRight(Right::SecurityReset), Reason::NoRight, "reset secrets and locks"),
        (Problem::Never("This is not done."), Reason::NeverAllowed, "This is not done."),
    ];
    for (problem, reason, subject) in refusals {
        let Some(Effect::Audit(row)) = admin.refusal(&problem) else { panic!("no row for {problem}") };
        assert_eq!((row.action, row.outcome, row.reason), (Action::Change, Outcome::Refused, Some(reason)));
        assert_eq!((&*row.subject, &row.actor, row.address), (subject, &by.actor, by.address));
    }
    for problem in [Problem::NotFound("user"), Problem::Changed("user"), Problem::Invalid(Vec::new())] {
        assert!(admin.refusal(&problem).is_none(), "{problem}");
    }
}

#[test]
fn recovery_opens_a_built_in_account_again_and_loses_nothing() {
    let house = House::with_ann();
    house.settings(|settings| settings.service_password_lock.lock = Lock::Permanent);
    for _ in 0..3 {
        house.web("Administrator", "wrong wrong wrong");
    }
    let (_, shown) =
        house.administer(|a, dice| a.recover("administrator", &SecretChoice::Generate, dice)).unwrap();
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "reject");
    assert_eq!(word(&house.web("Administrator", shown[0].1.reveal())), "accept");
    assert!(house.model.borrow().accounts.values().any(|account| &*account.name == "Ann"));
    let by = house.by("BusinessPartner");
    let refused =
        house.administer_as(&by, |a, dice| a.recover("Administrator", &SecretChoice::Generate, dice));
    assert_eq!(refused.unwrap_err().to_string(), "This is done on the machine itself.");
    let unknown = house.administer(|a, dice| a.recover("Ann", &SecretChoice::Generate, dice));
    assert_eq!(unknown.unwrap_err(), Problem::NotFound("account"));
}

#[test]
fn settings_have_ranges_and_every_change_is_named_in_the_audit() {
    let house = House::ignited();
    house.settings(|settings| settings.sessions.idle = Seconds::minutes(20));
    assert!(house.last().contains("Settings changed Accepted settings sessions-idle: "), "{}", house.last());
    let current = (*house.model.borrow().settings).clone();
    let breaks: [(&str, fn(&mut Settings)); 16] = [
        ("system-name", |s| s.system_name = "".into()),
        ("login-banner", |s| s.login_banner = "x".repeat(501).into()),
        ("lan1", |s| s.lan1 = vec!["10.0.0.0/8".parse().unwrap(); 257]),
        ("extension-lock", |s| s.extension_lock.window = Seconds(1)),
        ("address-lock", |s| s.address_lock.lock = Lock::Temporary(Seconds(1))),
        ("user-password-lock", |s| s.user_password_lock.lock = Lock::Doubling(Seconds::days(2))),
        ("service-password-lock", |s| {
            s.service_password_lock.lock =
                Lock::TemporaryThenPermanent { temporary: Seconds(60), permanent_at: 1 };
        }),
        ("service-password", |s| s.service_password.length_min = 7),
        ("user-password", |s| s.user_password.length_max = 129),
        ("login-code", |s| s.login_code.length_min = 3),
        ("phone-password", |s| s.phone_password.length_min = 32),
        ("sessions-concurrent", |s| s.sessions.concurrent_max = 0),
        ("sessions-idle", |s| s.sessions.idle = Seconds(60)),
        ("sessions-absolute", |s| s.sessions.absolute = Seconds(60)),
        ("registrations", |s| s.registrations.expires_min = Seconds(5)),
        ("bindings-max", |s| s.registrations.bindings_max = 0),
    ];
    for (field, spoil) in breaks {
        let mut wanted = current.clone();
        spoil(&mut wanted);
        let problem = house.administer(|a, _| a.save_settings(&wanted)).unwrap_err();
        assert_eq!(fields(&problem), [field]);
    }
    let rows = house.model.borrow().audit.len();
    house.administer(|a, _| a.save_settings(&current)).unwrap();
    assert_eq!(house.model.borrow().audit.len(), rows);
    let stale = Settings { version: 0, ..current };
    let problem = house.administer(|a, _| a.save_settings(&stale)).unwrap_err();
    assert_eq!(problem, Problem::Changed("set of settings"));
}

#[test]
fn a_domain_has_a_plain_realm_and_hosts() {
    let house = House::ignited();
    let mut domain = (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone();
    domain.md5_allowed = false;
    house.administer(|a, _| a.save_domain(&domain)).unwrap();
    assert_eq!(house.last(), "Domain changed Accepted office MD5 allowed: \"yes\" → \"no\"");
    assert_eq!(house.administer(|a, _| a.save_domain(&domain)).unwrap_err(), Problem::Changed("domain"));
    domain.version += 1;
    house.administer(|a, _| a.save_domain(&domain)).unwrap();
    domain.hosts = vec!["bad host".into()];
    domain.realm = "".into();
    assert_eq!(fields(&house.administer(|a, _| a.save_domain(&domain)).unwrap_err()), ["realm", "hosts"]);
    domain.id = DomainId(9);
    assert_eq!(house.administer(|a, _| a.save_domain(&domain)).unwrap_err(), Problem::NotFound("domain"));
}

pub(crate) fn binding(contact: &str) -> Binding {
    Binding {
        contact: contact.into(),
        q: 1000,
        instance: None,
        reg_id: 0,
        path: Box::default(),
        call_id: "c".into(),
        cseq: 1,
        agent: "phone".into(),
        source: "192.0.2.9:5060".parse().unwrap(),
        transport: Transport::Udp,
        algorithm: DigestAlgorithm::Sha256,
        since: Timestamp::EPOCH,
        expires_at: Timestamp(u64::MAX),
        granted: Seconds(0),
        print: 0,
    }
}

#[test]
fn phones_are_logged_out_one_or_all() {
    let house = House::with_ann();
    let extension = house.ann().extension().unwrap();
    let none = house.administer(|a, _| a.log_out_phones(extension, None)).unwrap();
    assert_eq!(none.0, 0);
    let bindings = ["sip:201@192.0.2.1", "sip:201@192.0.2.2", "sip:201@192.0.2.3"].map(binding);
    let registration = Registration { extension, bindings: bindings.into() };
    house.model.borrow_mut().apply(vec![Effect::PutRegistration(registration)]);
    let log_out = |contact| house.administer(|a, _| a.log_out_phones(extension, contact)).unwrap().0;
    assert_eq!(log_out(Some("sip:201@192.0.2.9")), 0);
    assert_eq!(log_out(Some("sip:201@192.0.2.2")), 1);
    assert_eq!(log_out(None), 2);
    assert!(house.model.borrow().registration(extension).is_none());
    assert!(house.last().starts_with("Phone unregistered Accepted 201 contact: "));
    assert!(house.administer(|a, _| a.log_out_phones(ExtensionId(999), None)).is_err());
    assert_eq!(Transport::ALL.map(Transport::name), ["udp", "tcp", "tls", "wss"]);
}

#[test]
fn an_extension_leaves_the_quarantine_list_by_hand() {
    let house = House::with_ann();
    let extension = house.ann().extension().unwrap();
    let source = "192.0.2.9:5060".parse().unwrap();
    let entry = Quarantined {
        extension,
        at: house.now.get(),
        contact: "sip:201@192.0.2.9".into(),
        source,
        agent: "old".into(),
        by_source: source,
        by_agent: "new".into(),
    };
    house.model.borrow_mut().apply(vec![Effect::Quarantine(entry)]);
    house.administer(|a, _| a.release_quarantine(extension)).unwrap();
    assert!(house.model.borrow().quarantine.is_empty());
    assert!(house.administer(|a, _| a.release_quarantine(ExtensionId(999))).is_err());
}

#[test]
fn a_name_means_every_count_that_knows_it() {
    assert_eq!(keys_named(DomainId::FIRST, "201").len(), 1 + KINDS.len());
    assert_eq!(keys_named(DomainId::FIRST, "192.0.2.1").len(), 1);
}

#[test]
fn every_kind_tells_its_rules_and_generates_what_satisfies_them() {
    let settings = Settings::default();
    for row in KINDS {
        assert_eq!(row.kind.row().name, row.name);
        assert!(!rules_in_words(row.kind, &settings).is_empty());
        let about = About { name: "Ann", number: "201", ..About::default() };
        let secret = credential::generate(row.kind, &about, &settings, &mut SeededDice(3));
        assert_eq!(credential::check(row.kind, &secret, &about, &settings), Ok(()), "{}", row.title);
    }
}

#[test]
fn old_phones_are_offered_md5_alone_where_it_is_allowed_at_all() {
    let house = House::ignited();
    let mut domain = (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone();
    let offers = |domain: &signin::extension::Domain, agent: &[u8]| {
        [DigestAlgorithm::Sha256, DigestAlgorithm::Md5].map(|algorithm| domain.offers(algorithm, agent))
    };
    assert_eq!(offers(&domain, b"Linphone/5.1"), [true, true]);
    assert_eq!(offers(&domain, b"baresip v1.0.0 (x86_64/linux)"), [false, true]);
    domain.md5_allowed = false;
    assert_eq!(offers(&domain, b"baresip v1.0.0 (x86_64/linux)"), [true, false]);
    domain.md5_only_agents = vec!["".into()];
    assert_eq!(fields(&house.administer(|a, _| a.save_domain(&domain)).unwrap_err()), ["md5-agents"]);
    domain.md5_only_agents = vec!["Old Phone".into()];
    house.administer(|a, _| a.save_domain(&domain)).unwrap();
    assert!(house.last().contains("phones with MD5 alone"), "{}", house.last());
}

#[test]
fn the_console_does_not_recover_what_is_not_built_in() {
    let house = House::ignited();
    let id = house.model.borrow().next_account();
    let built_in = house.account_named(RoleKind::ServiceUser, "Administrator");
    let other = signin::account::Account { id, version: 1, name: "Other".into(), ..(*built_in).clone() };
    house.model.borrow_mut().apply(vec![Effect::PutAccount(other)]);
    let refused = house.administer(|a, dice| a.recover("Other", &SecretChoice::Generate, dice)).unwrap_err();
    assert_eq!(refused.to_string(), "Only Administrator and BusinessPartner are recovered so.");
}
