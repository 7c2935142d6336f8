//! The audit in the browser: what is exported, and that an export says when it is not whole.

use signin::{
    audit::{Action, Actor, AuditEvent, Outcome},
    effect::Effect,
    ident::DomainId,
    interface::LoginInterface,
    timestamp::Timestamp,
};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// The last chunk of a body that is whole.
const END: &str = "\r\n0\r\n\r\n";

pub(crate) fn event(at: Timestamp) -> Effect {
    Effect::Audit(AuditEvent {
        at,
        action: Action::SettingsChanged,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::System,
        domain: DomainId::FIRST,
        subject: "settings".into(),
        interface: LoginInterface::Console,
        address: None,
        agent: "a test that writes a long agent, so that a few hundred rows are more than one chunk".into(),
        changes: Vec::new(),
        times: 1,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_noted_before_it_begins() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    for format in ["csv", "jsonl"] {
        let answer = browser.get(&format!("/manager/audit/export?format={format}")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.ends_with(END), "{}", answer.body);
    }
    let audit = house.audit().await;
    assert_eq!(audit.iter().filter(|row| *row == "Export: audit").count(), 2, "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_cut_off_does_not_look_whole() {
    let house = House::start().await.ignited().await;
    let now = house.clock.now();
    house.system.commit((0..500).map(|_| event(now)).collect()).await.expect("written");
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    house.audit().await;
    let database = rusqlite::Connection::open(house.folder().join("hookswitch.db")).expect("opened");
    database.execute("UPDATE audit SET body = 'damaged' WHERE seq = 450", []).expect("damaged");
    for format in ["csv", "jsonl"] {
        let answer = browser.get(&format!("/manager/audit/export?format={format}")).await;
        assert!(answer.body.contains("more than one chunk"), "{}", answer.body);
        assert!(!answer.body.ends_with(END), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_cannot_mean_is_said_on_a_page_of_ours() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    for (path, status, said) in [
        ("/manager/users/abc", 404, "no such page"),
        ("/manager/audit/abc", 404, "no such page"),
        ("/manager/users?page=1&page=2", 400, "could not be understood"),
        ("/manager/audit?outcome=x", 400, "could not be understood"),
        ("/manager/audit?from=yesterday", 400, "could not be understood"),
        ("/manager/audit?day=tuesday", 400, "could not be understood"),
        ("/manager/audit?what=everything", 400, "could not be understood"),
        ("/manager/audit/export?interface=x", 400, "could not be understood"),
        ("/manager/audit/export?outcom=refused", 400, "could not be understood"),
        ("/manager/audit/export?format=xml", 400, "could not be understood"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains("<h1") && answer.body.contains(said), "{path}: {}", answer.body);
    }
}
