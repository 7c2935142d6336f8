//! Where alarms and the audit are sent, through the management interface; and alarms themselves.

use serde_json::{Value, json};
use server::alarms::look;

use crate::{
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

async fn administrator(house: &House) -> Program {
    let mut admin = Program::at(house.https());
    assert_eq!(admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    admin
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_tested_changed_and_deleted_and_its_key_is_told_once() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    // Nobody listens there.
    let wanted = json!({
        "name": "Alarms", "is_on": false, "url": "http://127.0.0.1:9/a-secret-path",
        "told": {"alarms": true, "audit": ["changes"]},
    });
    let ask = || admin.ask("POST", "/webhooks", &[("Idempotency-Key", "one")], Some(&wanted));
    let made = ask().await;
    assert_eq!(made.status, 201, "{made:?}");
    let key = made.json()["secret"].as_str().expect("told").to_owned();
    assert!(key.starts_with("whsec_"));
    let again = ask().await;
    assert_eq!((again.status, &again.json()["secret"]), (201, &Value::Null));
    let path = made.header("location").strip_prefix("/api/v1").expect("here").to_owned();
    let read = admin.get(&path).await;
    assert_eq!(read.json()["url"], "http://127.0.0.1:9/a-secret-path");
    let list = admin.get("/targets").await;
    assert_eq!(list.json()["items"][0]["machine"], "http://127.0.0.1:9", "{list:?}");
    for answer in [&again, &read, &list] {
        assert!(!answer.body.contains(&key));
    }
    assert!(!list.body.contains("a-secret-path"));
    let id = read.json()["id"].clone();
    let tested = admin.post(&format!("/targets/{id}/test"), &json!({})).await;
    assert_eq!((tested.status, &tested.json()["is_taken"]), (200, &json!(false)), "{tested:?}");
    let mut other = wanted.clone();
    other["name"] = json!("Alarms, too");
    let changed = admin.put(&path, read.header("etag"), &other).await;
    assert_eq!(
        (changed.status, &changed.json()["secret"]),
        (200, &Value::Null),
        "the key stays: {changed:?}"
    );
    assert_eq!(admin.put(&path, read.header("etag"), &wanted).await.status, 412);
    other["key"] = json!({"generate": true});
    let new_key = admin.put(&path, changed.header("etag"), &other).await.json()["secret"].clone();
    assert!(new_key.is_string() && new_key != json!(key));
    for (field, value) in [
        ("url", json!("ftp://x")),
        ("roots", json!("-----BEGIN CERTIFICATE-----\nx")),
        ("told", json!({"alarms": false, "audit": []})),
        ("key", json!({"secret": "short"})),
    ] {
        let mut wrong = wanted.clone();
        wrong[field] = value;
        let refused = admin.put(&path, "*", &wrong).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["field"]),
            (422, &json!(field)),
            "{refused:?}"
        );
    }
    assert_eq!(admin.get(&format!("/syslog-receivers/{id}")).await.status, 404);
    assert_eq!(admin.delete(&format!("/targets/{id}"), "\"0.x\"").await.status, 412);
    assert_eq!(admin.delete(&format!("/targets/{id}"), "*").await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    let audit = house.audit().await.join("\n");
    assert!(audit.contains("webhook Alarms") && !audit.contains("a-secret-path"), "{audit}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_syslog_is_made_and_changed_and_whoever_may_not_read_the_audit_has_none_sent() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let wanted = json!({
        "name": "Logs", "is_on": false, "host": "127.0.0.1", "port": 9, "transport": "udp", "roots": "",
        "facility": 10, "severities": {"accepted": 6, "refused": 4, "warning": 4, "critical": 2},
        "told": {"alarms": true, "audit": []},
    });
    let made = admin.post("/syslog-receivers", &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").strip_prefix("/api/v1").expect("here").to_owned();
    let mut other = wanted.clone();
    other["port"] = json!(10);
    let changed = admin.put(&path, made.header("etag"), &other).await;
    assert_eq!((changed.status, &changed.json()["port"]), (200, &json!(10)), "{changed:?}");
    let token = json!({"name": "system", "scopes": ["system-read", "system-write"]});
    let token = admin.post("/own/tokens", &token).await.json();
    let token = admin.with(token["secret"].as_str().expect("told"));
    other["told"] = json!({"alarms": true, "audit": ["sign-ins"]});
    let refused = token.put(&path, "*", &other).await;
    assert_eq!((refused.status, refused.problem().as_str()), (403, "no-right"));
    let kept = admin.get("/settings/retention").await;
    let rule = json!({"days": 400, "rows": 20_000});
    let changed = admin.put("/settings/retention", kept.header("etag"), &rule).await;
    assert_eq!((changed.status, changed.json()), (200, rule));
    let wrong = admin.put("/settings/retention", "*", &json!({"days": 400, "rows": 1})).await;
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["field"]), (422, &json!("rows")), "{wrong:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_told_acknowledged_and_over() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    assert_eq!(admin.get("/alarms").await.json(), json!({"items": [], "total": 0}));
    let mut phone = house.phone("201", "99999").await;
    for _ in 0..5 {
        phone.register(60).await;
    }
    look(&house.system);
    let alarm = admin.get("/alarms?state=standing&q=blacklisted").await.json()["items"][0].clone();
    let told = (&alarm["kind"], &alarm["subject"], &alarm["count"], &alarm["acknowledged"]);
    assert_eq!(told, (&json!("extension-locked"), &json!("201"), &json!(5), &Value::Null));
    assert_eq!(admin.get("/figures").await.json()["alarms_unseen"], 1);
    let seen = admin.post(&format!("/alarms/{}/acknowledge", alarm["id"]), &json!({})).await;
    assert_eq!((seen.status, &seen.json()["acknowledged"]["by"]), (200, &json!("Administrator")));
    let figures = admin.get("/figures").await.json();
    assert_eq!((&figures["alarms"], &figures["alarms_unseen"]), (&json!(1), &json!(0)));
    assert_eq!(admin.post("/locks/reset", &json!({"all": true})).await.status, 200);
    look(&house.system);
    assert_eq!(admin.get("/alarms?state=standing").await.json()["total"], 0);
    let over = admin.get(&format!("/alarms/{}", alarm["id"])).await.json();
    assert!(over["cleared_at"].is_string(), "{over}");
    assert_eq!(admin.get("/alarms?state=over&q=202").await.json()["total"], 0);
    house.stop().await;
}
