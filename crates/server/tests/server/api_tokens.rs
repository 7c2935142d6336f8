//! API tokens: what they open, until when, and what is counted.

use serde_json::{Value, json};
use signin::{interface::CountScope, timestamp::Timestamp};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

async fn administrator(house: &House) -> Program {
    let mut admin = Program::at(house.https());
    assert_eq!(admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    admin
}

async fn token_of(program: &Program, scopes: &[&str]) -> (String, Program) {
    let made = program.post("/own/tokens", &json!({"name": scopes.join(" "), "scopes": scopes})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let secret = made["secret"].as_str().expect("told once");
    assert!(secret.starts_with("hsk_"), "{secret}");
    (made["token"]["id"].as_str().expect("an id").to_owned(), program.with(secret))
}

fn at(told: &Answer, field: &str) -> Value {
    told.json()[field].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_what_its_scopes_say_as_far_as_its_owner_may() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let admin = administrator(&house).await;
    let rights = json!({"name": "Lookers", "rights": ["users-read", "extensions-read"]});
    let group = admin.post("/rights-groups", &rights).await;
    let group_id = group.json()["rights_group"]["id"].clone();
    let eve = json!({
        "name": "Eve", "groups": [group_id], "password": {"secret": "a password of eve's"}, "force_new": false
    });
    assert_eq!(admin.post("/service-users", &eve).await.status, 201);
    let mut eve = Program::at(house.https());
    eve.sign_in("Eve", "a password of eve's").await;
    let too_much =
        eve.post("/own/tokens", &json!({"name": "x", "scopes": ["users-read", "users-write"]})).await;
    assert_eq!(too_much.json()["errors"][0]["field"], "scopes", "{too_much:?}");
    let (id, token) = token_of(&eve, &["users-read", "extensions-read"]).await;
    let (_, narrow) = token_of(&eve, &["users-read"]).await;
    assert_eq!(token.get("/users").await.json()["items"][0]["name"], "ann");
    assert_eq!(token.get("/extensions").await.status, 200);
    let refused = narrow.get("/extensions").await;
    assert_eq!((refused.status, refused.problem().as_str()), (403, "no-right"));
    // What its owner loses, it loses with the next request.
    let path = format!("/rights-groups/{group_id}");
    let fewer = json!({"name": "Lookers", "rights": ["extensions-read"]});
    assert_eq!(admin.put(&path, "*", &fewer).await.status, 200);
    assert_eq!(token.get("/users").await.status, 403);
    assert_eq!(token.get("/extensions").await.status, 200);
    let told = admin.get(&format!("/tokens/{id}")).await;
    assert_eq!(at(&told, "in_force"), json!(["extensions-read"]));
    assert_eq!(told.json()["owner"]["name"], "Eve");
    assert!(!told.body.contains("hsk_"), "{told:?}");
    // A token makes no tokens, chooses no password, and has no session to end.
    for (path, body) in [
        ("/own/tokens", json!({"name": "more", "scopes": ["extensions-read"]})),
        ("/own/password", json!({"present": "a password of eve's", "new": "a new password of eve's"})),
    ] {
        let refused = token.post(path, &body).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "never-allowed"), "{path}");
    }
    // Gone with its owner.
    let id_of_eve = eve.get("/own").await.json()["account"]["id"].clone();
    assert_eq!(admin.delete(&format!("/service-users/{id_of_eve}"), "*").await.status, 204);
    assert_eq!(token.get("/extensions").await.status, 401);
    assert_eq!(admin.get("/tokens").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_by_itself_and_when_it_is_taken_away() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let now = house.clock.now();
    let moment = |at: Timestamp| server::moment::for_programs(at);
    let ends_in = |seconds: u64| moment(Timestamp(now.0 + seconds * 1000));
    for wrong in [ends_in(366 * 86_400), moment(Timestamp(now.0 - 1000)), "tomorrow".into()] {
        let asked = json!({"name": "x", "scopes": ["users-read"], "expires_at": wrong});
        let refused = admin.post("/own/tokens", &asked).await;
        assert_eq!(refused.json()["errors"][0]["field"], "expires_at", "{refused:?}");
    }
    let asked = json!({"name": "an hour", "scopes": ["users-read"], "expires_at": ends_in(300)});
    let made = admin.post("/own/tokens", &asked).await.json();
    let short = admin.with(made["secret"].as_str().expect("a secret"));
    let (id, long) = token_of(&admin, &["users-read"]).await;
    assert_eq!(short.get("/users").await.status, 200);
    house.pass(301);
    let over = short.get("/users").await;
    assert_eq!((over.status, over.problem().as_str()), (401, "refused"));
    assert_eq!(long.get("/users").await.status, 200);
    let house = house.restarted().await;
    let admin = Program::at(house.https()).with(admin.token);
    let long = admin.with(long.token);
    assert_eq!(long.get("/users").await.status, 200, "it is still there after a start");
    // Nobody waits for the note of a use.
    house.system.ledger.flush().await.expect("written");
    let used = admin.get(&format!("/own/tokens/{id}")).await;
    assert_eq!(at(&used, "used_from"), json!("127.0.0.1"));
    assert_eq!(admin.delete(&format!("/own/tokens/{id}"), used.header("etag")).await.status, 204);
    assert_eq!(long.get("/users").await.status, 401);
    let rows = house.audit().await;
    let count = |title: &str| rows.iter().filter(|row| row.as_str() == title).count();
    assert_eq!(count("API token made: users-read"), 1, "{rows:?}");
    assert_eq!(count("API token revoked: users-read"), 1, "{rows:?}");
    assert_eq!(count("Sign in: API token users-read"), 1, "only the first use in a while: {rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_count_against_the_address_and_unknown_ones_look_alike() {
    let house = House::start().await.ignited().await;
    let admin = administrator(&house).await;
    let (id, token) = token_of(&admin, &["users-read"]).await;
    let wrong = |number: usize| {
        let id = if number.is_multiple_of(2) { id.as_str() } else { "00000000" };
        admin.with(format!("hsk_{id}_{number:0>32}"))
    };
    let mut told = Vec::new();
    for number in 0..9 {
        let answer = wrong(number).get("/users").await;
        told.push((answer.status, answer.body));
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    assert_eq!(told[0].0, 401);
    // The same wrong one again is no other guess.
    assert_eq!(wrong(8).get("/users").await.status, 401);
    assert_eq!(token.get("/users").await.status, 200);
    for number in 10..20 {
        wrong(number).get("/users").await;
    }
    let locked = token.get("/users").await;
    assert_eq!((locked.status, locked.problem().as_str()), (429, "wait"), "the right one too");
    assert!(locked.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{locked:?}");
    let locks = house.system.ledger.locks(house.clock.now());
    assert_eq!(locks.iter().map(|(key, _)| key.scope).collect::<Vec<_>>(), [CountScope::Address]);
    // Who is signed in stays in, and mends it.
    let reset = admin.post("/locks/reset", &json!({"all": true})).await;
    assert_eq!((reset.status, reset.json()), (200, json!({"locks": 1})));
    assert_eq!(token.get("/users").await.status, 200);
    let rows = house.audit().await;
    assert!(rows.iter().any(|row| row == "Sign in: API token 00000000 (Nobody has this name)"), "{rows:?}");
    assert!(rows.iter().any(|row| row == "Sign in: API token users-read (Wrong secret)"), "{rows:?}");
    assert!(!rows.iter().any(|row| row.contains("hsk_")), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_shown_once_and_taken_away_on_the_page_of_its_owner() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = "/manager/preferences/tokens";
    assert!(browser.get(page).await.body.contains("You have no API tokens"));
    let nothing = browser.fill(page, page, &[("name", "Export"), ("days", "90")]).await;
    assert!(nothing.status == 422 && nothing.body.contains("Choose what the token may do."), "{nothing:?}");
    let asked = [("name", "Export"), ("days", "90"), ("scope-users-read", "yes")];
    let made = browser.fill(page, page, &asked).await;
    let token = made.body.split("hsk_").nth(1).and_then(|rest| rest.split('<').next()).expect("shown");
    let program = Program::at(house.https()).with(format!("hsk_{token}"));
    assert_eq!(program.get("/users").await.status, 200);
    let listed = browser.get(page).await;
    assert!(listed.body.contains("Export") && !listed.body.contains(token), "{listed:?}");
    let id = token.split('_').next().expect("an id");
    let gone = browser.fill(page, &format!("{page}/{id}/revoke"), &[]).await;
    assert_eq!(gone.status, 303);
    assert_eq!(program.get("/users").await.status, 401);
}
