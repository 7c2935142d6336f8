//! The operations: who may, what a change must say, what is refused and how.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use server::api::{description, door::Access, table::table};

use crate::{
    browser::Answer,
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

async fn administrator(house: &House) -> Program {
    let mut admin = Program::at(house.https());
    assert_eq!(admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    admin
}

/// An address of this row: something that is not there.
fn address(path: &str) -> String {
    path.replace("{id}", "4000000000")
        .replace("{kind}", "login-code")
        .replace("{session}", &"x".repeat(43))
        .replace("{extension}", "4000000000")
        .replace("{number}", "9000000")
        .replace("{message}", "9000000")
        .replace("{name}", "no-right")
        .replace("{preset}", "modern")
        .replace("/doctor", "/doctor?q=201")
}

async fn ask(program: &Program, method: &str, path: &str) -> Answer {
    let body = matches!(method, "POST" | "PUT").then(|| json!({}));
    program.ask(method, &address(path), &[("If-Match", "*")], body.as_ref()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_for_who_has_not_the_right_and_the_audit_says_who_tried() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let nobody = json!({"name": "Eve", "password": {"secret": "a password of eve's"}, "force_new": false});
    assert_eq!(admin.post("/service-users", &nobody).await.status, 201);
    let mut eve = Program::at(house.https());
    eve.sign_in("Eve", "a password of eve's").await;
    let mut tried = Vec::new();
    for (method, path, access) in table() {
        let Some(right) = access.right(false) else { continue };
        let refused = ask(&eve, method.as_str(), path).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "no-right"), "{method} {path}");
        tried.push(format!("Change: {} (The right is missing)", right.title()));
    }
    assert!(tried.len() > 45, "{}", tried.len());
    let mut rows = house.audit().await;
    rows.retain(|row| row.ends_with("(The right is missing)"));
    assert_eq!(rows, tried);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_what_anybody_may_is_open_to_who_shows_nothing_or_something_wrong() {
    let house = House::start().await.ignited().await;
    let nobody = Program::at(house.https());
    for (method, path, access) in table() {
        let open = access == Access::Anyone;
        for program in [nobody.clone(), nobody.with("x".repeat(32)), nobody.with("hsk_00000000_x")] {
            let status = ask(&program, method.as_str(), path).await.status;
            assert_eq!(status != 401 && status != 429, open, "{method} {path}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_gets_past_the_door_of_every_operation() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    for (method, path, _) in table().into_iter().filter(|(_, path, _)| *path != "/session") {
        let answer = ask(&admin, method.as_str(), path).await;
        assert!([200, 404, 422].contains(&answer.status), "{method} {path}: {answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_problem_documents() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let told = |answer: &Answer| (answer.status, answer.problem());
    let plain = |kind: &'static str| [("Content-Type", kind)];
    let user = json!({"name": "ann"});
    for path in ["/nothing", "", "/", "/users/x", "/users/-1", "/users/4294967296", "/problems/none"] {
        let answer = admin.get(path).await;
        assert_eq!(told(&answer), (404, "not-found".into()), "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let verb = admin.ask("PATCH", "/users", &[], None).await;
    assert_eq!((told(&verb), verb.header("allow")), ((405, "wrong-method".into()), "GET, POST, HEAD"));
    let kind = admin.ask("POST", "/users", &plain("text/plain"), Some(&user)).await;
    assert_eq!(told(&kind), (415, "wrong-media-type".into()));
    let none = admin.ask("POST", "/users", &plain("application/json"), None).await;
    assert_eq!(told(&none), (400, "malformed".into()));
    let large = admin.post("/users", &json!({"name": "x".repeat(300_000)})).await;
    assert_eq!(told(&large), (413, "too-large".into()));
    for query in [
        "?limit=0",
        "?limit=501",
        "?limit=x",
        "?nothing=1",
        "?limit=1&limit=2",
        "?sort=colour",
        "?offset=10000001",
    ] {
        assert_eq!(told(&admin.get(&format!("/users{query}")).await), (400, "malformed".into()), "{query}");
    }
    let unknown = admin.post("/users", &json!({"name": "ann", "colour": "red"})).await;
    assert_eq!(
        (told(&unknown), &unknown.json()["errors"][0]["field"]),
        ((422, "wrong-fields".into()), &json!("colour"))
    );
    let all = admin
        .post(
            "/users",
            &json!({"name": "", "extension": "2x", "login_code": {"secret": "1"}, "password": {}}),
        )
        .await;
    assert_eq!(all.json()["errors"][0]["field"], "password", "{all:?}");
    let all =
        admin.post("/users", &json!({"name": "", "extension": "2x", "login_code": {"secret": "1"}})).await;
    let fields: Vec<Value> =
        all.json()["errors"].as_array().expect("a list").iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["name", "extension", "login_code"]);
    let kind = admin.get("/problems/wrong-fields").await.json();
    assert_eq!((&kind["status"], &kind["type"]), (&json!(422), &all.json()["type"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_what_it_changes_and_none_is_lost() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    let id = admin.get("/users?q=ann").await.json()["items"][0]["id"].clone();
    let path = format!("/users/{id}");
    let read = admin.get(&path).await;
    let tag = read.header("etag").to_owned();
    let fields = json!({"name": "ann", "full_name": "Ann Smith", "extension": "201", "expires_at": null});
    let without = admin.ask("PUT", &path, &[], Some(&fields)).await;
    assert_eq!((without.status, without.problem().as_str()), (428, "version-needed"));
    assert_eq!(admin.ask("DELETE", &path, &[], None).await.status, 428);
    // Whoever signs in or registers meanwhile spoils nothing, and is told to whoever reads.
    let mut phone = house.phone("201", "48159").await;
    assert_eq!(phone.register(600).await.status, 200);
    let known = |tag: &str| [("If-None-Match".to_owned(), tag.to_owned())];
    let ask_again = |tag: String| {
        let (admin, path) = (admin.clone(), path.clone());
        async move {
            let headers = known(&tag);
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            admin.ask("GET", &path, &headers, None).await
        }
    };
    let again = ask_again(tag.clone()).await;
    assert_eq!((again.status, &again.json()["phones"]), (200, &json!(1)));
    assert_eq!(ask_again(again.header("etag").to_owned()).await.status, 304);
    let changed = admin.put(&path, &tag, &fields).await;
    assert_eq!((changed.status, &changed.json()["full_name"]), (200, &json!("Ann Smith")));
    let late = admin
        .put(&path, &tag, &json!({"name": "anna", "full_name": "", "extension": null, "expires_at": null}))
        .await;
    assert_eq!((late.status, late.problem().as_str()), (412, "changed-meanwhile"));
    assert_eq!(admin.delete(&path, &tag).await.status, 412);
    let missing = admin.put(&path, "*", &json!({"name": "anna", "full_name": ""})).await;
    assert_eq!(missing.status, 422, "a field that is forgotten empties nothing");
    assert_eq!(admin.delete(&path, changed.header("etag")).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_the_same_key_makes_one_thing_and_tells_its_secret_once() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let keyed = |key: &'static str, body: Value| {
        let admin = admin.clone();
        async move { admin.ask("POST", "/users", &[("Idempotency-Key", key)], Some(&body)).await }
    };
    let ann = json!({"name": "ann", "extension": "201", "login_code": {"generate": true}});
    let first = keyed("a", ann.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let secret = first.json()["generated"][0]["secret"].as_str().expect("told").to_owned();
    let again = keyed("a", ann.clone()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!((&again.json()["user"], &again.json()["generated"]), (&first.json()["user"], &json!([])));
    assert!(!again.body.contains(&secret));
    let other = keyed("a", json!({"name": "bob"})).await;
    assert_eq!((other.status, other.problem().as_str()), (422, "key-used-before"));
    let taken = keyed("b", ann.clone()).await;
    assert_eq!((taken.status, taken.problem().as_str()), (422, "wrong-fields"));
    let odd = admin.ask("POST", "/users", &[("Idempotency-Key", "two words")], Some(&ann)).await;
    assert_eq!((odd.status, odd.problem().as_str()), (400, "malformed"));
    // What was refused may be mended and sent again.
    assert_eq!(keyed("b", json!({"name": "bob"})).await.status, 201);
    assert_eq!(admin.get("/users").await.json()["total"], 2);
    house.pass(86_401);
    let mut admin = admin;
    admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let after = admin.ask("POST", "/users", &[("Idempotency-Key", "a")], Some(&ann)).await;
    assert_eq!(after.status, 422, "the name is taken: {after:?}");
    // Two at once: one is carried out.
    let (one, two) = {
        let carol = json!({"name": "carol"});
        let ask = || admin.ask("POST", "/users", &[("Idempotency-Key", "c")], Some(&carol));
        tokio::join!(ask(), ask())
    };
    let statuses = BTreeSet::from([one.status, two.status]);
    assert!(statuses.contains(&201) && statuses.is_subset(&BTreeSet::from([201, 409])), "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_a_page_at_a_time_and_the_audit_goes_by_number() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    for number in 201..=207 {
        let made = admin
            .post("/users", &json!({"name": format!("u{number}"), "extension": number.to_string()}))
            .await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let names = |answer: &Answer| -> Vec<String> {
        let items = answer.json()["items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let page = admin.get("/users?sort=name&order=descending&offset=2&limit=3").await;
    assert_eq!(
        (names(&page), &page.json()["total"]),
        (vec!["u205".into(), "u204".into(), "u203".into()], &json!(7))
    );
    assert_eq!(names(&admin.get("/users?q=207").await), ["u207"]);
    let (mut before, mut seen) = (String::new(), Vec::new());
    loop {
        let page = admin.get(&format!("/audit?limit=4{before}")).await.json();
        let numbers = page["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| row["number"].as_u64().expect("a number"));
        seen.extend(numbers);
        let Some(next) = page["next_before"].as_u64() else { break };
        before = format!("&before={next}");
        // What comes meanwhile moves nothing.
        admin.post("/locks/reset", &json!({"all": true})).await;
    }
    let first = seen[0];
    assert_eq!(seen, (1..=first).rev().collect::<Vec<_>>());
    let row = admin.get(&format!("/audit/{first}")).await.json();
    assert_eq!(row["number"], first);
    for query in ["before=0", "before=9007199254740992", "address=192.0.2", "limit=0"] {
        assert_eq!(admin.get(&format!("/audit?{query}")).await.status, 400, "{query}");
    }
    let export = admin.get("/audit-export?action=account-created").await;
    assert_eq!((export.status, export.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(export.body.lines().filter(|line| line.contains("account-created")).count(), 7, "{export:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_as_they_were_read() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let read = admin.get("/settings/security").await;
    let mut rules = read.json();
    rules["service_password_lock"]["failures_max"] = json!(4);
    let changed = admin.put("/settings/security", read.header("etag"), &rules).await;
    assert_eq!((changed.status, changed.json()), (200, rules.clone()));
    assert_eq!(admin.put("/settings/security", read.header("etag"), &rules).await.status, 412);
    let mut long = rules.clone();
    long["user_password"]["period"] = json!(u32::MAX);
    let wrong = admin.put("/settings/security", "*", &long).await;
    assert_eq!(
        (wrong.status, &wrong.json()["errors"][0]["field"]),
        (422, &json!("user_password")),
        "{wrong:?}"
    );
    let mut two = rules.clone();
    two["address_lock"]["lock"] = json!({"temporary": 503, "another": [[]]});
    let wrong = admin.put("/settings/security", "*", &two).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "wrong-fields"), "{wrong:?}");
    rules["sessions"]["idle"] = json!(1);
    let wrong = admin.put("/settings/security", "*", &rules).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "wrong-fields"), "{wrong:?}");
    let object = rules.as_object_mut().expect("an object");
    object.remove("sessions");
    object.insert("system_name".into(), json!("Mine"));
    let wrong = admin.put("/settings/security", "*", &rules).await.json();
    let fields: Vec<&Value> =
        wrong["errors"].as_array().expect("a list").iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, [&json!("sessions"), &json!("system_name")]);
    let system = admin.get("/settings/system").await;
    let mine = json!({"system_name": "Mine", "lan1": ["192.0.2.0/24"], "lan2": []});
    assert_eq!(admin.put("/settings/system", system.header("etag"), &mine).await.json(), mine);
    let domain = admin.get("/settings/domain").await;
    let mut wanted = domain.json();
    wanted["md5_allowed"] = json!(false);
    assert_eq!(admin.put("/settings/domain", domain.header("etag"), &wanted).await.json(), wanted);
}

#[test]
fn the_description_in_the_docs_is_that_of_the_program() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = description::text();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &text).expect("written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let again = "docs/openapi.json is old; BLESS=1 cargo test -p server --test server the_description";
    assert!(kept == text, "{again}");
    let description: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(description["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (method, path, _) in table() {
        let operation = &description["paths"][path][method.as_str().to_lowercase()];
        let name = operation["operationId"].as_str().expect("described").to_owned();
        assert!(names.insert(name), "{method} {path}: two operations of one name");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
    }
}
