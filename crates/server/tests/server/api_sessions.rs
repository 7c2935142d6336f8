//! Sessions of programs: of one kind with those of browsers, counted with them, ended like them.

use serde_json::json;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_pages_and_of_programs_are_counted_together() {
    let house = House::start().await.ignited().await;
    for _ in 0..2 {
        let signed_in = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        assert_eq!(signed_in.status, 303);
    }
    let mut program = Program::at(house.https());
    for _ in 0..3 {
        assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    }
    let sixth = Program::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!((sixth.status, sixth.problem().as_str()), (409, "too-many-sessions"));
    assert_eq!(sixth.json()["title"], "Limit of concurrent sessions per user exceeded");
    let page = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(page.status, 409, "nor for a browser");
    let listed = program.get("/sessions").await.json();
    assert_eq!(listed["total"], 5);
    let by = |interface: &str| {
        let items = listed["items"].as_array().expect("a list");
        items.iter().filter(|session| session["interface"] == interface).count()
    };
    assert_eq!((by("web-manager"), by("management-api")), (2, 3));
    assert_eq!(program.delete("/session", "").await.status, 204);
    assert_eq!(program.get("/own").await.status, 401);
    assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201, "there is room");
    let rows = house.audit().await;
    let limit = "Sign in: Administrator (Limit of concurrent sessions per user exceeded)";
    assert_eq!(rows.iter().filter(|row| *row == limit).count(), 2, "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_elsewhere_is_over_with_its_next_request() {
    let house = House::start().await.ignited().await;
    let (mut one, mut other) = (Program::at(house.https()), Program::at(house.https()));
    one.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let opened = other.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.json();
    let id = opened["session"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(other.get("/own").await.status, 200);
    assert_eq!(one.delete(&format!("/sessions/{id}"), "").await.status, 204);
    let over = other.get("/own").await;
    assert_eq!((over.status, over.problem().as_str()), (401, "sign-in-first"));
    assert_eq!(over.header("www-authenticate"), "Bearer realm=\"Hookswitch\"");
    // Unused for too long.
    house.pass(601);
    assert_eq!(one.get("/own").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_session_is_good_for_pages_alone_and_a_programs_for_none() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let cookie = browser.cookie("__Host-session");
    let mut program = Program::at(house.https());
    assert_eq!(program.with(cookie).get("/own").await.status, 401);
    // What a browser sends by itself opens nothing.
    program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let shown = format!("__Host-session={}", program.token);
    let by_cookie = program.with("").ask("GET", "/own", &[("Cookie", &shown)], None).await;
    assert_eq!(by_cookie.status, 401);
    browser.put_cookie("__Host-session", &program.token);
    assert_eq!(browser.get("/manager").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_counted_and_lock_names_that_nobody_has_as_well() {
    let house = House::start().await.ignited().await;
    for name in ["Administrator", "nobody"] {
        let mut program = Program::at(house.https());
        for wrong in ["one wrong password", "another wrong password"] {
            let refused = program.sign_in(name, wrong).await;
            assert_eq!((refused.status, refused.problem().as_str()), (401, "refused"), "{name}");
        }
        let third = program.sign_in(name, "a third wrong password").await;
        assert_eq!((third.status, third.problem().as_str()), (429, "wait"), "{name}");
        assert_eq!(third.header("retry-after"), "60");
        assert_eq!(program.sign_in(name, ADMINISTRATOR_PASSWORD).await.status, 429, "the right one too");
    }
    // The same count as that of the pages.
    let page = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(page.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_choose_a_new_password_can_do_nothing_else() {
    let house = House::start().await.ignited().await;
    let mut admin = Program::at(house.https());
    admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let first = "a first password of eve";
    let made = admin.post("/service-users", &json!({"name": "Eve", "password": {"secret": first}})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut eve = Program::at(house.https());
    let opened = eve.sign_in("Eve", first).await;
    assert_eq!(opened.json()["status"], "force-new-password");
    for path in ["/own", "/own/tokens", "/users", "/rights"] {
        let refused = eve.get(path).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "new-password-first"), "{path}");
    }
    let wrong =
        eve.post("/own/password", &json!({"present": "not it", "new": "another password of eve"})).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "wrong-fields"));
    assert_eq!(wrong.json()["errors"][0]["field"], "present");
    let short = eve.post("/own/password", &json!({"present": first, "new": "short"})).await;
    assert_eq!(short.json()["errors"][0]["field"], "new", "{short:?}");
    let chosen =
        eve.post("/own/password", &json!({"present": first, "new": "another password of eve"})).await;
    assert_eq!((chosen.status, chosen.json()), (200, json!({"sessions_ended": 0})));
    let own = eve.get("/own").await;
    assert_eq!((own.status, &own.json()["account"]["name"]), (200, &json!("Eve")));
    assert_eq!(own.json()["rights"], json!([]));
}
