//! Who reaches what: every page of the table × every role, and tricks with paths, verbs and headers that reach nothing.

use std::collections::BTreeMap;

use http::Method;
use server::web::routes::{self, Access};
use signin::{
    admin::{By, GroupFields, SecretChoice, ServiceUserFields},
    rights::Right,
    secret::Secret,
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

const PASSWORD: &str = "eight ants went by a river";

/// Somebody who has these rights by a group, signed in.
pub(crate) async fn somebody(house: &House, name: &str, rights: &[Right], force_new: bool) -> Browser {
    let (name, rights) = (name.to_owned(), rights.to_vec());
    let fields = GroupFields { name: format!("only {name}"), rights };
    let group =
        house.system.administer(&By::console(), move |admin, dice| admin.create_group(&fields, dice)).await;
    let fields = ServiceUserFields {
        domain: None,
        name: name.clone(),
        groups: vec![group.expect("a group").value],
        ..ServiceUserFields::default()
    };
    let password = SecretChoice::Set(Secret::new(PASSWORD));
    let made = house
        .system
        .administer(&By::console(), move |admin, dice| {
            admin.create_service_user(&fields, &password, force_new, dice)
        })
        .await;
    made.expect("a service user");
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in(&name, PASSWORD).await.status, 303);
    browser
}

/// The address of a row, with something in the place of its parts that is not there: whoever may is told so.
fn address(path: &str) -> String {
    path.replace("{id}", "999999")
        .replace("{seq}", "999999")
        .replace("{message}", "999999")
        .replace("{kind}", "none")
        .replace("{slug}", "none")
        .replace("{tab}", "none")
}

async fn ask(browser: &mut Browser, method: &Method, path: &str) -> Answer {
    let path = address(path);
    if *method == Method::GET {
        // Events go on for ever: whether they begin is what is asked.
        return browser.head_of(&path).await;
    }
    // The token of any of their pages is that of all.
    let token = browser.get("/manager/preferences").await.token();
    browser.post(&path, &token, &[]).await
}

fn leads_to(answer: &Answer, page: &str) -> bool {
    answer.status == 303 && answer.header("location").starts_with(page)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_reached_by_exactly_those_who_may() {
    let house = House::start().await.ignited().await;
    let table = routes::table();
    assert!(table.len() > 50, "{} rows", table.len());
    let mut roles: BTreeMap<String, (Vec<Right>, Browser)> = BTreeMap::new();
    for right in Right::ALL {
        let name = right.row().name;
        let browser = somebody(&house, name, &[right], false).await;
        roles.insert(name.into(), (vec![right], browser));
    }
    roles.insert("none".into(), (Vec::new(), somebody(&house, "none", &[], false).await));
    let mut administrator = Browser::at(house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    roles.insert("Administrator".into(), (Right::ALL.to_vec(), administrator));
    let mut detained = somebody(&house, "detained", &Right::ALL, true).await;
    let mut asked = 0;
    for (method, path, access) in &table {
        // The user portal has no administrators: see `web_portal`.
        if *access == Access::Anyone || access.is_of_portal() || *path == "/manager/logout" {
            continue;
        }
        let mut nobody = Browser::at(house.https());
        let answer = nobody.send(&format!("{method} {} HTTP/1.1\r\n", address(path)), "").await;
        assert!(leads_to(&answer, "/manager/login"), "nobody at {method} {path}: {}", answer.status);
        if *access != Access::Detained {
            let answer = detained.send(&format!("{method} {} HTTP/1.1\r\n", address(path)), "").await;
            assert!(leads_to(&answer, "/manager/password"), "detained at {method} {path}: {}", answer.status);
        }
        for (name, (rights, browser)) in &mut roles {
            let may = access.right(false).is_none_or(|right| rights.contains(&right));
            let answer = ask(browser, method, path).await;
            let where_ =
                format!("{name} at {method} {path}: {} {:?}", answer.status, answer.header("location"));
            assert_eq!(may, answer.status != 403, "{where_}");
            assert!(!leads_to(&answer, "/manager/login"), "{where_}");
            assert!(answer.status < 500, "{where_}");
            asked += 1;
        }
    }
    assert!(asked > 800, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_is_gone_with_the_next_click() {
    let house = House::start().await.ignited().await;
    let mut browser = somebody(&house, "eve", &[Right::UsersRead], false).await;
    assert_eq!(browser.get("/manager/users").await.status, 200);
    let console = By::console();
    let changed = house.system.administer(&console, |admin, _| {
        let group = admin.groups().into_iter().find(|group| group.name == "only eve").expect("her group");
        admin.edit_group(
            group.id,
            group.version,
            &GroupFields { name: "only eve".into(), rights: Vec::new() },
        )
    });
    changed.await.expect("changed");
    assert_eq!(browser.get("/manager/users").await.status, 403);
}

/// Other ways of writing a path, that a server or something before it might take for the path itself.
fn disguises(path: &str) -> Vec<String> {
    let tail = path.trim_start_matches('/');
    let upper = path.to_ascii_uppercase();
    let encoded = path.replacen('m', "%6d", 1).replacen("/s", "/%73", 1);
    vec![
        format!("/{path}"),
        format!("//{tail}"),
        format!("/./{tail}"),
        format!("/x/../{tail}"),
        format!("/assets/..{path}"),
        format!("/assets/%2e%2e{path}"),
        format!("/manager/login/..{path}"),
        format!("/manager/login/%2e%2e/%2e%2e{path}"),
        format!("/manager/login;{path}"),
        format!("/manager/login%2f..{path}"),
        format!("{path}/"),
        format!("{path}/."),
        format!("{path};a=b"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%2f"),
        format!("{path}?next=/manager/login"),
        format!("{path}.css"),
        format!("{path}/assets/app.css"),
        format!("/%2f{tail}"),
        format!("/\\{tail}"),
        format!("https://localhost{path}"),
        upper,
        encoded,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_tricks_with_paths_verbs_and_headers_reach_nothing() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let guarded: Vec<&str> = routes::table()
        .into_iter()
        .filter(|(method, _, access)| *method == Method::GET && access.right(false).is_some())
        .map(|(_, path, _)| path)
        .collect();
    let mut nobody = Browser::at(house.https());
    let mut eve = somebody(&house, "eve", &[Right::OwnPassword], false).await;
    let mut tried = 0;
    let mut check = |trick: &str, answer: &Answer| {
        // Nothing of Ann and nothing of the settings is in what is answered, and what is answered is no page of the manager.
        let is_public = answer.status == 200 && answer.body.contains("name=\"password\"");
        assert!(answer.status != 200 || is_public, "{trick}: {}", answer.status);
        assert!(answer.status < 500, "{trick}: {}", answer.status);
        assert!(!answer.body.contains("Ann") && !answer.body.contains("192.168."), "{trick}");
        tried += 1;
    };
    for path in &guarded {
        for disguise in disguises(&address(path)) {
            let answer = nobody.send(&format!("GET {disguise} HTTP/1.1\r\n"), "").await;
            check(&disguise, &answer);
        }
    }
    let headers = [
        "X-Original-URL: /manager/users",
        "X-Rewrite-URL: /manager/users",
        "X-HTTP-Method-Override: GET",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-User: Administrator",
        "X-Remote-User: Administrator",
        "Forwarded: for=127.0.0.1;proto=https",
        "Authorization: Basic QWRtaW5pc3RyYXRvcjpBZG1pbmlzdHJhdG9y",
        "Authorization: Bearer null",
        "X-Middleware-Subrequest: middleware",
        "Upgrade: h2c",
        "X-Real-IP: 127.0.0.1",
        "Referer: https://localhost/manager",
        "Sec-Fetch-Site: same-origin",
        "Range: bytes=0-10",
        "Expect: 100-continue",
    ];
    for path in ["/manager/users", "/manager/audit", "/manager/settings/security", "/status/sessions"] {
        for header in headers {
            let answer = nobody.send(&format!("GET {path} HTTP/1.1\r\n{header}\r\n"), "").await;
            check(header, &answer);
            let answer = eve.send(&format!("GET {path} HTTP/1.1\r\n{header}\r\n"), "").await;
            assert_eq!(answer.status, 403, "{path} {header}");
            check(header, &answer);
        }
        for verb in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "GETS"]
        {
            let answer = nobody.send(&format!("{verb} {path} HTTP/1.1\r\nContent-Length: 0\r\n"), "").await;
            check(verb, &answer);
            let answer = eve.send(&format!("{verb} {path} HTTP/1.1\r\nContent-Length: 0\r\n"), "").await;
            check(verb, &answer);
        }
    }
    assert!(tried >= 500, "{tried}");
}
