//! The doctor, the passwords and the status, as those see them who may not mend what they see; and what a restart leaves.

use signin::{
    admin::{By, GroupFields, SecretChoice, ServiceUserFields},
    credential::{CredentialKind, Owner},
    records::Records as _,
    rights::Right,
    secret::Secret,
};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

const READER_PASSWORD: &str = "five green bottles on a wall";

/// Somebody who may read security settings and the status, and no more.
async fn reader(house: &House) -> Browser {
    let group = GroupFields {
        name: "Readers".into(),
        rights: vec![Right::SecurityRead, Right::StatusRead, Right::OwnPassword],
    };
    let by = By::console();
    let made = house
        .system
        .administer(&by, move |admin, dice| admin.create_group(&group, dice))
        .await
        .expect("a group");
    let fields = ServiceUserFields {
        domain: None,
        name: "Reader".into(),
        full_name: String::new(),
        groups: vec![made.value],
        condition: None,
        expires_at: None,
    };
    let password = SecretChoice::Set(Secret::new(READER_PASSWORD));
    let create = move |admin: &signin::admin::Admin<'_>, dice: &mut dyn signin::dice::Dice| {
        admin.create_service_user(&fields, &password, false, dice)
    };
    house.system.administer(&by, create).await.expect("a service user");
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Reader", READER_PASSWORD).await.status, 303);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_mend_it_is_told_whom_to_ask_and_can_send_nothing() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "48159").await;
    for _ in 0..5 {
        house.phone("201", "0").await.register(60).await;
    }
    let mut browser = reader(&house).await;
    let page = browser.get("/manager/doctor?q=201").await;
    assert!(page.body.contains("The extension 201 is blacklisted"), "{}", page.body);
    assert!(page.body.contains("ask Administrator"), "{}", page.body);
    assert!(!page.body.contains("Lift the lock"), "{}", page.body);
    let key = signin::lockout::TallyKey::extension(
        &house.system.ledger.extension(house.extension("201")).expect("an extension"),
    );
    let remedy = serde_json::to_string(&signin::diagnosis::Remedy::LiftLocks(vec![key])).expect("written");
    let sent = browser.post("/manager/doctor", &page.token(), &[("q", "201"), ("remedy", &remedy)]).await;
    assert_eq!(sent.status, 403);
    assert_eq!(house.system.ledger.locks(house.clock.now()).len(), 1, "the lock is in force");

    let mut manager = Browser::at(house.https());
    manager.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = manager.get("/manager/doctor?q=201").await;
    for remedy in ["", "{}", "\"make-user\"", "{\"lift-locks\":3}"] {
        let sent = manager.post("/manager/doctor", &page.token(), &[("remedy", remedy)]).await;
        assert_eq!(sent.status, 400, "{remedy}");
    }
    let sent = manager.post("/manager/doctor", &page.token(), &[("q", "201"), ("remedy", &remedy)]).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/manager/doctor?q=201"));
    assert!(house.system.ledger.locks(house.clock.now()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passwords_are_told_by_their_state_and_never_by_what_they_are() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "48159").await;
    let ann = signin::ident::FoldedName::of("ann");
    let ledger = &house.system.ledger;
    let kind = signin::account::RoleKind::User;
    let ann = ledger.account_named(kind, signin::ident::DomainId::FIRST, &ann).expect("Ann");
    let mut browser = reader(&house).await;
    let page = browser.get("/manager/passwords?status=weak").await;
    assert!(
        page.status == 200 && page.body.contains("No account has a credential like this."),
        "{}",
        page.body
    );
    // By rules that hold from now on.
    let house = house.with_settings(|settings| settings.login_code.length_min = 9).await;
    assert_eq!(house.system.ledger.is_weak(Owner::Account(ann.id), CredentialKind::LoginCode), Some(true));
    let page = browser.get("/manager/passwords?status=weak&kind=login-code").await;
    assert!(page.body.contains(">Ann</a>") && page.body.contains("Weak"), "{}", page.body);
    assert!(!page.body.contains("48159"), "a secret");
    for wrong in ["status=strong", "kind=key", "status=weak&status=weak"] {
        assert_eq!(browser.get(&format!("/manager/passwords?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_of_sign_ins_survives_a_restart() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "48159").await;
    house.phone("201", "48159").await.register(60).await;
    for _ in 0..3 {
        house.phone("201", "0").await.register(60).await;
    }
    let house = house.restarted().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = browser.get("/status").await;
    for said in [
        "SIP registration, 1 accepted in the last 24 hours",
        "SIP registration, 3 refused in the last 24 hours",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
}
