//! System > Switch: the system password and what is guarded by it, on the page, offline, by programs and on the disk.

use std::fs;

use serde_json::json;
use server::web::routes;
use signin::{
    admin::{By, GroupFields, SecretChoice, ServiceUserFields},
    credential::{CredentialKind, Owner},
    ident::DomainId,
    records::Records as _,
    rights::Right,
    secret::Secret,
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

const PATH: &str = "/manager/settings/switch";
const OWNER: Owner = Owner::Domain(DomainId::FIRST);
const KIND: CredentialKind = CredentialKind::SystemPassword;
const WARNING: &str = "Less safe: phone based administration is as on the older systems";

async fn administrator(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    browser
}

/// Types a password and presses Save.
async fn set(browser: &mut Browser, digits: &str) -> Answer {
    browser.fill(PATH, PATH, &[("do", "password"), ("password", digits)]).await
}

/// Chooses whether it is as on the older systems, of what the page shows.
async fn choose(browser: &mut Browser, as_before: &str) -> Answer {
    let page = browser.get(PATH).await;
    let fields = [("do", "guard"), ("version", &*page.field("version")), ("as_before", as_before)];
    browser.post(PATH, &page.token(), &fields).await
}

fn is_it(house: &House, digits: &str) -> bool {
    house.system.ledger.holds_secret(OWNER, KIND, &Secret::new(digits))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_set_changed_removed_and_never_shown() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Not set.") && page.body.contains(">Closed<"), "{}", page.body);
    for wrong in ["739", "73915", "73a1", ""] {
        let refused = set(&mut browser, wrong).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.body.contains("Use exactly 4 digits.") || refused.body.contains("Use digits only"));
        assert_eq!(refused.field("password"), "", "never filled in");
        assert!(!refused.body.contains("value=\"73"), "nor in any other way: {}", refused.body);
    }
    assert_eq!(house.system.ledger.credential(OWNER, KIND), None);
    for digits in ["7391", "2864"] {
        assert_eq!(set(&mut browser, digits).await.status, 303);
        assert!(is_it(&house, digits));
        let page = browser.get(PATH).await;
        assert!(page.body.contains("by Administrator.") && page.body.contains("Asked of every phone"));
        assert!(!page.body.contains(digits) && page.field("password").is_empty());
    }
    let audit = house.audit().await.join("\n");
    assert!(audit.contains("Secret set") && !audit.contains("7391") && !audit.contains("2864"), "{audit}");
    // The map of all passwords has it too, and lists nobody for it.
    let map = browser.get("/manager/passwords").await;
    assert!(map.body.contains("The system’s") && map.body.contains("exactly 4 digits"), "{}", map.body);
    assert_eq!(browser.get("/manager/passwords?kind=system-password").await.status, 400);
    let removed = browser.fill(PATH, PATH, &[("do", "remove")]).await;
    assert_eq!((removed.status, house.system.ledger.credential(OWNER, KIND)), (303, None));
    assert!(browser.get(PATH).await.body.contains("so no phone may administer"));
    let again = browser.fill(PATH, PATH, &[("do", "remove")]).await;
    assert_eq!(again.status, 303, "it is so already");
    assert_eq!(browser.fill(PATH, PATH, &[("do", "something")]).await.status, 400);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_on_the_older_systems_is_off_and_every_page_says_so_while_it_is_on() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    let pages: Vec<&str> = routes::table()
        .into_iter()
        .filter(|(method, path, access)| {
            *method == http::Method::GET
                && (access.right(false).is_some() || *access == routes::Access::SignedIn)
                && !path.contains('{')
                && ![
                    "/status/events",
                    "/status/live/calls",
                    "/manager/audit/export",
                    "/manager/draft/discard",
                ]
                .contains(path)
        })
        .map(|(_, path, _)| path)
        .collect();
    assert!(pages.len() > 20, "{pages:?}");
    for path in &pages {
        assert!(!browser.get(path).await.body.contains(WARNING), "{path}");
    }
    assert_eq!(choose(&mut browser, "yes").await.status, 303);
    assert!(browser.get(PATH).await.body.contains(">Open<"));
    for path in &pages {
        assert!(browser.get(path).await.body.contains(WARNING), "{path}");
    }
    assert_eq!(set(&mut browser, "7391").await.status, 303);
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Asked of older phones alone") && page.body.contains(WARNING));
    // Of a version that is not there any more nothing is saved, and what was typed is kept.
    let stale = [("do", "guard"), ("version", "1"), ("as_before", "")];
    let overtaken = browser.fill(PATH, PATH, &stale).await;
    assert_eq!(overtaken.status, 409);
    assert!(overtaken.body.contains("Somebody else changed this page"), "{}", overtaken.body);
    assert!(browser.get(PATH).await.body.contains(WARNING));
    assert_eq!(choose(&mut browser, "").await.status, 303);
    assert!(!browser.get(PATH).await.body.contains(WARNING));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_sees_the_state_and_has_nothing_to_press() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    choose(&mut browser, "yes").await;
    for (name, rights, sees) in
        [("Looker", [Right::SystemRead], true), ("Reset", [Right::SecurityReset], false)]
    {
        let password = "eight ants went by a river";
        let fields = GroupFields { name: name.into(), rights: rights.to_vec() };
        let console = By::console();
        let group = house.system.administer(&console, move |admin, dice| admin.create_group(&fields, dice));
        let groups = vec![group.await.expect("a group").value];
        let fields = ServiceUserFields { name: name.into(), groups, ..ServiceUserFields::default() };
        let choice = SecretChoice::Set(Secret::new(password));
        let made = house.system.administer(&console, move |admin, dice| {
            admin.create_service_user(&fields, &choice, false, dice)
        });
        made.await.expect("a service user");
        let mut other = Browser::at(house.https());
        assert_eq!(other.sign_in(name, password).await.status, 303);
        let home = other.get("/manager").await;
        assert_eq!(home.body.contains(WARNING), sees, "{name}");
        let page = other.get(PATH).await;
        assert_eq!(page.status, if sees { 200 } else { 403 }, "{name}");
        assert!(!page.body.contains("name=\"password\"") && !page.body.contains(">Save"));
        let token = other.get("/manager/preferences").await.token();
        let refused = other.post(PATH, &token, &[("do", "password"), ("password", "7391")]).await;
        assert_eq!(refused.status, 403, "{name}");
    }
    assert_eq!(house.system.ledger.credential(OWNER, KIND), None);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_it_waits_in_the_draft() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    let fields = [("name", "Administrator"), ("password", ADMINISTRATOR_PASSWORD), ("offline", "yes")];
    assert_eq!(browser.fill("/manager/login", "/manager/login", &fields).await.status, 303);
    assert_eq!(set(&mut browser, "7391").await.status, 303);
    assert_eq!(choose(&mut browser, "yes").await.status, 303);
    assert_eq!(house.system.ledger.credential(OWNER, KIND), None);
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Asked of older phones alone"), "one's own pages show it: {}", page.body);
    assert!(!page.body.contains(WARNING), "what is in force is safe");
    let draft = browser.get("/manager/draft").await;
    assert!(draft.body.contains("System password") && draft.body.contains("A new one"), "{}", draft.body);
    assert!(!draft.body.contains("7391"));
    let fields = [("version", &*draft.field("version"))];
    assert_eq!(browser.post("/manager/draft", &draft.token(), &fields).await.status, 303);
    assert!(is_it(&house, "7391"));
    assert!(browser.get(PATH).await.body.contains(WARNING));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same_and_are_told_no_more() {
    let house = House::start().await.ignited().await;
    let mut program = Program::at(house.https());
    program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let (switch, password) = ("/settings/switch", "/settings/switch/password");
    let shown = program.get(switch).await;
    assert_eq!(shown.json(), json!({"as_on_older_systems": false, "phone_administration": "closed"}));
    let unset = program.get(password).await;
    assert_eq!((unset.status, &unset.json()["is_set"]), (200, &json!(false)));
    let missing = program.delete(password, "*").await;
    assert_eq!((missing.status, missing.problem()), (404, "not-found".into()));
    for wrong in ["739", "73915", "73a1"] {
        let refused = program.put(password, unset.header("etag"), &json!({"secret": wrong})).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("secret")));
        assert!(!refused.body.contains("73"), "{}", refused.body);
    }
    let unasked = program.put(password, "*", &json!({"secret": "7391", "generate": true})).await;
    assert_eq!(unasked.status, 422, "four digits are chosen, not made by chance");
    let set = program.put(password, unset.header("etag"), &json!({"secret": "7391"})).await;
    assert_eq!((set.status, &set.json()["is_set"]), (200, &json!(true)), "{}", set.body);
    assert!(is_it(&house, "7391"));
    let late = program.put(password, unset.header("etag"), &json!({"secret": "2864"})).await;
    assert_eq!(late.status, 412, "somebody has set it meanwhile");
    for answer in [&set, &program.get(password).await] {
        assert!(!answer.body.contains("7391"), "{}", answer.body);
    }
    let on = program.put(switch, "*", &json!({"as_on_older_systems": true})).await;
    assert_eq!(on.json(), json!({"as_on_older_systems": true, "phone_administration": "asked-of-older"}));
    assert_eq!(program.delete(password, set.header("etag")).await.status, 204);
    assert_eq!(program.get(switch).await.json()["phone_administration"], "open");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_a_start_and_stands_nowhere_in_the_clear() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    set(&mut browser, "7391").await;
    let house = house.restarted().await;
    assert!(is_it(&house, "7391") && !is_it(&house, "7392"));
    let mut looked_at = 0;
    for entry in fs::read_dir(house.folder()).expect("a folder").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let bytes = fs::read(entry.path()).expect("read");
            looked_at += bytes.len();
            // As it is kept: four digits alone stand in many a place by chance.
            let is_clear = bytes.windows(5).any(|window| window == b"\x017391");
            assert!(!is_clear, "{}", entry.path().display());
        }
    }
    assert!(looked_at > 4096, "{looked_at}");
    house.stop().await;
}
