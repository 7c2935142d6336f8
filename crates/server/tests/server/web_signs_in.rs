//! Signing in at the web manager: what is said, and what is not.

use signin::{
    admin::{By, SecretChoice},
    credential::{CredentialKind, Owner},
    secret::Secret,
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// What a stranger can see of an answer, without what differs by chance: tokens and the time of day.
fn seen(answer: &Answer, name: &str) -> (u16, Vec<String>, String) {
    let is_fixed = |line: &&String| {
        !["set-cookie", "date"].iter().any(|header| line.to_ascii_lowercase().starts_with(header))
    };
    let body =
        answer.body.replace(&answer.token(), "TOKEN").replace(&format!("value=\"{name}\""), "value=\"NAME\"");
    (answer.status, answer.headers.iter().filter(is_fixed).cloned().collect(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_and_a_wrong_password_are_one_and_the_same_before_and_under_the_lock() {
    let house = House::start().await.ignited().await;
    for attempt in 1..=4 {
        let mut pages = Vec::new();
        // As long as the other, since the page shows what was typed.
        for name in ["Administrator", "Administratix"] {
            let wrong = format!("wrong wrong wrong {attempt}");
            let answer = Browser::at(house.https()).sign_in(name, &wrong).await;
            pages.push(seen(&answer, name));
        }
        assert_eq!(pages[0], pages[1], "attempt {attempt}");
        let expected = if attempt < 3 { 401 } else { 429 };
        assert_eq!(pages[0].0, expected, "attempt {attempt}");
    }
    let locked = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(locked.status, 429);
    assert!(locked.body.contains("one minute"), "{}", locked.body);
    house.pass(60);
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    let home = browser.get("/manager").await;
    assert!(
        home.body.contains("4 failed attempts") || home.body.contains("3 failed attempts"),
        "{}",
        home.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_session_is_refused_in_the_words_of_the_manual() {
    let house = House::start().await.ignited().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut browser = Browser::at(house.https());
        assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
        open.push(browser);
    }
    let sixth = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(sixth.status, 409);
    assert!(sixth.body.contains("Limit of concurrent sessions per user exceeded"));
    let token = open[0].get("/manager").await.token();
    assert_eq!(open[0].post("/manager/logout", &token, &[]).await.status, 303);
    assert_eq!(open[0].get("/manager").await.status, 303, "signed out");
    assert_eq!(Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_over_phones_and_pages_close_every_way_in_to_the_address() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    for number in ["301", "302", "303", "304", "305"] {
        assert_eq!(house.phone(number, "0").await.register(600).await.status, 403);
    }
    for name in ["a", "b", "c", "d", "e"] {
        Browser::at(house.https()).sign_in(name, "wrong wrong wrong").await;
    }
    let page = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(page.status, 429);
    assert_eq!(house.phone("201", "472839").await.register(600).await.status, 503);
    assert_eq!(house.phone_at("127.0.0.2", "201", "472839").await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_token_or_from_elsewhere_changes_nothing() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let new = [("name", "Eve"), ("extension", "666"), ("login_code_how", "none"), ("password_how", "none")];
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(browser.post("/manager/users/new", token, &new).await.status, 403);
    }
    let other = Browser::at(house.https()).get("/manager/login").await.token();
    assert_eq!(browser.post("/manager/users/new", &other, &new).await.status, 403);
    assert_eq!(house.system.ledger.figures().users, 0);
    let token = browser.get("/manager").await.token();
    assert_eq!(browser.post("/manager/users/new", &token, &new).await.status, 303);
    assert_eq!(house.system.ledger.figures().users, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_protect_it() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    for path in ["/", "/manager/login", "/manager", "/nowhere", "/assets/app.css"] {
        let answer = browser.get(path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        // Not with a certificate of our own, at another port than HTTPS's.
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    let answer = browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let cookies: Vec<_> =
        answer.headers.iter().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie")).collect();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(
            cookie.contains("__Host-") && cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_left_open_is_not_enough_to_set_a_new_password() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let token = browser.get("/manager").await.token();
    let new = "stolen while nobody looked";
    let twice = [("password", new), ("password_again", new)];
    let answer = browser.post("/manager/password", &token, &twice).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/manager"));
    let own = format!("/manager/administrators/{}", house.administrator());
    let page = browser.get(&own).await;
    assert!(page.body.contains("/manager/preferences\">User Preferences</a>"), "{}", page.body);
    assert!(!page.body.contains("service-password-secret"), "{}", page.body);
    let action = format!("{own}/secrets/service-password");
    let typed = [("do", "set"), ("service-password-secret", new), ("service-password-secret_again", new)];
    for asked in [&typed[..], &[("do", "generate")]] {
        let answer = browser.post(&action, &token, asked).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("Change your own password under User Preferences."), "{}", answer.body);
    }
    assert_eq!(Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_choose_a_new_password_chooses_it_and_goes_on() {
    let house = House::start().await.ignited().await;
    let owner = Owner::Account(house.administrator());
    let given = SecretChoice::Set(Secret::new("given by the console for once"));
    let forced = house
        .system
        .administer(&By::console(), move |admin, dice| {
            admin.set_secret(owner, CredentialKind::ServicePassword, &given, true, dice)
        })
        .await;
    forced.expect("forced");
    let mut browser = Browser::at(house.https());
    let answer = browser.sign_in("Administrator", "given by the console for once").await;
    assert_eq!(answer.header("location"), "/manager/password");
    assert_eq!(browser.get("/manager/users").await.header("location"), "/manager/password");
    let new = [("password", "a password of my own"), ("password_again", "a password of my own")];
    let answer = browser.fill("/manager/password", "/manager/password", &new).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/manager"), "{}", answer.body);
    assert_eq!(browser.get("/manager").await.status, 200);
    assert_eq!(Browser::at(house.https()).sign_in("Administrator", "a password of my own").await.status, 303);
}
