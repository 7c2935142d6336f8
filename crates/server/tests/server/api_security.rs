//! The doctor, the password map, presets and rehearsals, and the course of sign-ins, through the management interface.

use serde_json::{Value, json};

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
async fn what_the_doctor_finds_is_mended_by_the_operation_that_is_named() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    let mut phone = house.phone("201", "99999").await;
    for _ in 0..5 {
        phone.register(60).await;
    }
    let found = admin.get("/doctor?q=201").await.json()["diagnosis"].clone();
    assert_eq!(
        (&found["patient"]["kind"], &found["patient"]["account"]["name"]),
        (&json!("extension"), &json!("ann"))
    );
    let cause = &found["causes"][0];
    assert_eq!(
        (&cause["reason"], &cause["lock"]["name"]),
        (&json!("subject-locked"), &json!("201")),
        "{found}"
    );
    let code = found["credentials"].as_array().expect("a list");
    let code = code.iter().find(|one| one["kind"] == "login-code").expect("there");
    assert_eq!((&code["is_set"], &code["is_locked"]), (&json!(true), &json!(true)));
    assert!(found["lately"].as_array().is_some_and(|rows| !rows.is_empty()));
    let remedy = &cause["remedies"][0];
    assert_eq!((&remedy["operation"], &remedy["may"]), (&json!("resetLocks"), &json!(true)));
    let done = admin.post(remedy["path"].as_str().expect("a path"), &remedy["body"]).await;
    assert_eq!((done.status, done.json()), (200, json!({"locks": 1})));
    // A user who is switched off is enabled as they are.
    let users = admin.get("/users?q=ann").await.json();
    let path = format!("/users/{}", users["items"][0]["id"]);
    let off = json!({"name": "ann", "full_name": "Ann Smith", "extension": "201", "expires_at": null, "status": "disabled"});
    assert_eq!(admin.put(&path, "*", &off).await.status, 200);
    let found = admin.get("/doctor?q=ANN").await.json()["diagnosis"].clone();
    let remedy = found["causes"][0]["remedies"][0].clone();
    assert_eq!(remedy["operation"], "changeUser", "{found}");
    let done = admin.put(remedy["path"].as_str().expect("a path"), "*", &remedy["body"]).await;
    assert_eq!(
        (&done.json()["status"], &done.json()["full_name"]),
        (&json!("enabled"), &json!("Ann Smith")),
        "{done:?}"
    );
    // Nobody is called so, and several have it in their names.
    for name in ["bob one", "bob two"] {
        assert_eq!(admin.post("/users", &json!({"name": name})).await.status, 201);
    }
    let several = admin.get("/doctor?q=bob").await.json();
    assert_eq!(
        (&several["diagnosis"], several["meant"].as_array().map(Vec::len)),
        (&Value::Null, Some(2)),
        "{several}"
    );
    let nobody = admin.get("/doctor?q=carol").await.json();
    assert_eq!(
        nobody["diagnosis"]["patient"],
        json!({"kind": "nobody", "name": "carol", "account": null, "status": null, "extension": null})
    );
    assert_eq!(nobody["diagnosis"]["causes"][0]["remedies"][0]["operation"], "createUser");
    let address = admin.get("/doctor?q=127.0.0.1").await.json();
    assert_eq!(address["diagnosis"]["patient"]["kind"], "address");
    for query in ["", "?q=", "?q=%20", "?q=201&nth=256", "?q=201&who=x"] {
        assert_eq!(admin.get(&format!("/doctor{query}")).await.status, 400, "{query}");
    }
    let long = format!("/doctor?q={}", "x".repeat(129));
    assert_eq!(admin.get(&long).await.status, 400);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_the_census_and_the_accounts_say_how_credentials_stand_and_never_what_they_are() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    assert_eq!(house.phone("201", "48159").await.register(600).await.status, 200);
    let map = admin.get("/passwords/map").await.json();
    let code = map["items"].as_array().expect("a list").iter().find(|one| one["kind"] == "login-code");
    let opens = &code.expect("there")["opens"][0];
    assert_eq!(opens, &json!({"interface": "sip-registration", "without": ["phone-password"]}), "{map}");
    assert!(map["opened_by_none"].as_array().is_some_and(|list| list.contains(&json!("console"))));
    let census = admin.get("/passwords/census").await.json();
    let code = census["items"].as_array().expect("a list").iter().find(|one| one["kind"] == "login-code");
    assert_eq!(
        (&code.expect("there")["owners"], &code.expect("there")["set"]),
        (&json!(1), &json!(1)),
        "{census}"
    );
    let accounts = admin.get("/passwords/accounts?q=ann").await;
    let ann = &accounts.json()["items"][0];
    assert_eq!((&ann["account"]["name"], &ann["role"]), (&json!("ann"), &json!("user")), "{ann}");
    let code = ann["credentials"].as_array().expect("a list").iter().find(|one| one["kind"] == "login-code");
    assert_eq!(code.expect("there")["last_use"]["is_in_use"], true, "{ann}");
    assert!(!accounts.body.contains("48159"));
    let set = admin.get("/passwords/accounts?state=not-set&kind=login-code").await.json();
    assert_eq!(set["total"], 0, "{set}");
    assert_eq!(admin.get("/passwords/accounts?state=odd").await.status, 400);
    let course = admin.get("/figures/sign-ins?span=hour").await.json();
    let phones = course["items"].as_array().expect("a list").iter();
    let phones =
        phones.filter(|one| one["interface"] == "sip-registration").flat_map(|one| one["bars"].as_array());
    let accepted: u64 = phones.flatten().filter_map(|bar| bar["accepted"].as_u64()).sum();
    assert_eq!(accepted, 1, "{course}");
    let kinds = admin.get("/figures/phones").await.json();
    assert_eq!(kinds["transports"][0], json!({"name": "udp", "phones": 1}), "{kinds}");
    assert_eq!(admin.get("/phones/lost").await.json()["total"], 0);
    // What was used before may be used again once it is forgotten.
    let eve = json!({"name": "Eve", "password": {"secret": "a slow boat to nowhere"}, "force_new": false});
    let id = admin.post("/service-users", &eve).await.json()["service_user"]["id"].clone();
    let path = format!("/service-users/{id}/password");
    let set = |secret: &'static str| {
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.put(&path, "*", &json!({"secret": secret})).await.status }
    };
    assert_eq!(set("seven owls in the barn").await, 200);
    assert_eq!(set("a slow boat to nowhere").await, 422);
    assert_eq!(admin.ask("DELETE", &format!("{path}/history"), &[], None).await.status, 204);
    assert_eq!(set("a slow boat to nowhere").await, 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_rules_is_rehearsed_made_and_taken_back() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    assert_eq!(admin.get("/settings/security/last-change").await.status, 404);
    let undo = |tag: String| {
        let admin = admin.clone();
        async move { admin.ask("POST", "/settings/security/last-change/undo", &[("If-Match", &tag)], None).await }
    };
    assert_eq!(undo("*".into()).await.status, 404);
    let read = admin.get("/settings/security").await;
    let mut rules = read.json();
    rules["login_code"]["length_min"] = json!(8);
    let told = admin.post("/settings/security/rehearsal", &rules).await;
    assert_eq!(told.status, 200, "{told:?}");
    let touched = &told.json()["must_change"];
    assert_eq!((&touched["total"], &touched["items"][0]["name"]), (&json!(1), &json!("ann")), "{told:?}");
    assert_eq!(admin.get("/settings/security").await.json(), read.json(), "nothing was changed");
    rules["sessions"]["idle"] = json!(1);
    let wrong = admin.post("/settings/security/rehearsal", &rules).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "wrong-fields"), "{wrong:?}");
    let presets = admin.get("/settings/security/presets").await.json();
    let names: Vec<&Value> =
        presets["items"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["modern", "minimum", "medium", "maximum", "broad-works"]);
    let medium = admin.get("/settings/security/presets/medium").await.json();
    let put = |tag: String, preset: &'static str| {
        let admin = admin.clone();
        async move {
            let body = json!({"preset": preset});
            admin.ask("POST", "/settings/security/preset", &[("If-Match", &tag)], Some(&body)).await
        }
    };
    let done = put(read.header("etag").into(), "medium").await;
    assert_eq!((done.status, done.json()), (200, medium), "{done:?}");
    assert_eq!(put(read.header("etag").into(), "maximum").await.status, 412);
    let last = admin.get("/settings/security/last-change").await;
    assert_eq!(
        (&last.json()["by"], &last.json()["preset_after"]),
        (&json!("Administrator"), &json!("medium"))
    );
    assert!(last.json()["rules"].as_array().is_some_and(|rules| !rules.is_empty()));
    assert_eq!(undo("\"0.x\"".into()).await.status, 412);
    let undone = undo(last.header("etag").into()).await;
    assert_eq!((undone.status, undone.json()), (200, read.json()), "{undone:?}");
    assert_eq!(undo(last.header("etag").into()).await.status, 412, "another change came after it");
    assert_eq!(admin.get("/settings/security/presets/odd").await.status, 404);
    house.stop().await;
}
