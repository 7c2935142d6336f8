//! System > Short codes: what is dialled for what, on the page and by programs.

use calls::short_code::Feature;
use serde_json::json;
use server::attendant;
use signin::{ident::DomainId, records::Records as _, rights::Right};

use crate::{
    access::somebody,
    browser::{Answer, Browser},
    domains::{HOST, Houses},
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

const PATH: &str = "/manager/settings/short-codes";
const FIELDS: [&str; 7] = [
    "phone-login",
    "phone-logout",
    "change-login-code",
    "voicemail",
    "hoteling",
    "hoteling-end",
    "phone-administration",
];

async fn administrator(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    browser
}

/// Saves the form as a page shows it, but for these fields.
async fn save_of(browser: &mut Browser, page: &Answer, changes: &[(&str, &str)]) -> Answer {
    let mut fields: Vec<(&str, String)> = FIELDS.map(|name| (name, page.field(name))).to_vec();
    fields.extend(["domain", "version"].map(|name| (name, page.field(name))));
    fields.push(("do", "save".into()));
    for (name, value) in changes {
        fields.iter_mut().find(|(field, _)| field == name).expect("a field").1 = (*value).to_owned();
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    browser.post(PATH, &page.token(), &fields).await
}

async fn save(browser: &mut Browser, changes: &[(&str, &str)]) -> Answer {
    let page = browser.get(PATH).await;
    save_of(browser, &page, changes).await
}

/// The code of a feature that can be dialled; empty where there is none.
fn code(house: &House, feature: Feature) -> String {
    code_in(house, DomainId::FIRST, feature)
}

fn code_in(house: &House, domain: DomainId, feature: Feature) -> String {
    let codes = attendant::short_codes(&house.system, domain);
    codes.code(feature).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_changed_switched_off_and_set_back() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert_eq!((page.field("voicemail"), page.field("version")), ("*17".into(), "0".into()));
    assert!(page.body.contains("Followed by *N*C# or *C#. Default: *35"), "{}", page.body);
    assert!(!page.body.contains("Use the defaults"), "nothing was chosen");
    assert_eq!(save(&mut browser, &[("voicemail", " *88 "), ("phone-administration", "")]).await.status, 303);
    assert_eq!(
        (code(&house, Feature::Voicemail), code(&house, Feature::PhoneAdministration)),
        ("*88".into(), String::new())
    );
    let kept = house.system.ledger.short_codes(DomainId::FIRST);
    assert_eq!((kept.version, kept.codes.len()), (1, 2), "the defaults are not kept");
    assert!(house.audit().await.join("\n").contains("Domain changed"), "{:?}", house.audit().await);
    let house = house.restarted().await;
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert_eq!(page.field("voicemail"), "*88");
    let back = [("do", "defaults"), ("version", "1")];
    assert_eq!(browser.post(PATH, &page.token(), &back).await.status, 303);
    assert_eq!(
        (code(&house, Feature::Voicemail), code(&house, Feature::PhoneAdministration)),
        ("*17".into(), "*9".into())
    );
    assert_eq!(browser.post(PATH, &page.token(), &[("do", "something")]).await.status, 400);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_dialled_is_said_at_its_field_and_nothing_is_saved() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    for (field, typed, says) in [
        ("voicemail", "17", "A code begins with * or #."),
        ("voicemail", "*1a", "is none of them"),
        ("voicemail", "*1#", "# can stand at the beginning alone"),
        ("voicemail", "*", "at least one more key"),
        ("voicemail", "*12345678", "at most 8 keys"),
        ("voicemail", "*351", "Log in to a phone"),
        ("hoteling", "*3", "begin alike"),
    ] {
        let refused = save(&mut browser, &[(field, typed)]).await;
        assert_eq!(refused.status, 422, "{typed}");
        assert!(
            refused.body.contains(says) && refused.body.contains("-error\""),
            "{typed}: {}",
            refused.body
        );
        assert_eq!(refused.field(field), typed, "nothing is lost");
    }
    assert_eq!(house.system.ledger.short_codes(DomainId::FIRST).version, 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_codes_change_places() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    assert_eq!(save(&mut browser, &[("phone-login", "*36"), ("phone-logout", "*35")]).await.status, 303);
    assert_eq!(
        (code(&house, Feature::PhoneLogin), code(&house, Feature::PhoneLogout)),
        ("*36".into(), "*35".into())
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_them_the_later_is_told() {
    let house = House::start().await.ignited().await;
    let mut browser = administrator(&house).await;
    let before = browser.get(PATH).await;
    assert_eq!(save(&mut browser, &[("voicemail", "*88")]).await.status, 303);
    let late = save_of(&mut browser, &before, &[("voicemail", "*77")]).await;
    assert_eq!(late.status, 409);
    assert!(
        late.body.contains("Somebody else changed this page") && late.body.contains("*88"),
        "{}",
        late.body
    );
    assert_eq!(late.field("voicemail"), "*77");
    assert_eq!(save_of(&mut browser, &late, &[]).await.status, 303, "again it is a decision");
    assert_eq!(code(&house, Feature::Voicemail), "*77");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_has_nothing_to_press_and_no_draft_takes_them() {
    let house = House::start().await.ignited().await;
    let mut looker = somebody(&house, "looker", &[Right::SystemRead], false).await;
    let page = looker.get(PATH).await;
    assert!(
        page.status == 200 && !page.body.contains(">Save") && page.body.contains("readonly"),
        "{}",
        page.body
    );
    let mut offline = Browser::at(house.https());
    let fields = [("name", "Administrator"), ("password", ADMINISTRATOR_PASSWORD), ("offline", "yes")];
    assert_eq!(offline.fill("/manager/login", "/manager/login", &fields).await.status, 303);
    let page = offline.get(PATH).await;
    assert!(page.body.contains("Not in a draft") && !page.body.contains(">Save"), "{}", page.body);
    assert_eq!(save(&mut offline, &[("voicemail", "*88")]).await.status, 403);
    assert_eq!(code(&house, Feature::Voicemail), "*17");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same() {
    let house = House::start().await.ignited().await;
    let mut program = Program::at(house.https());
    program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let path = "/settings/short-codes";
    let shown = program.get(path).await;
    let mut wanted = shown.json();
    assert_eq!(wanted["phone_login"], json!("*35"));
    wanted["voicemail"] = json!("*9");
    let refused = program.put(path, shown.header("etag"), &wanted).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["field"]),
        (422, &json!("phone_administration"))
    );
    (wanted["voicemail"], wanted["hoteling"]) = (json!("*88"), json!(null));
    let saved = program.put(path, shown.header("etag"), &wanted).await;
    assert_eq!((saved.status, saved.json()), (200, wanted.clone()), "{}", saved.body);
    assert_eq!(program.put(path, shown.header("etag"), &wanted).await.status, 412);
    assert_eq!(
        (code(&house, Feature::Voicemail), code(&house, Feature::Hoteling)),
        ("*88".into(), String::new())
    );
    wanted.as_object_mut().expect("an object").remove("hoteling");
    assert_eq!(program.put(path, "*", &wanted).await.status, 422, "all of them");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_domain_has_its_own() {
    let houses = Houses::furnished().await;
    let house = &houses.house;
    let second = house.system.ledger.domain_of_host(HOST);
    let mut browser = administrator(house).await;
    let first = browser.get(PATH).await;
    assert!(first.body.contains("Short codes of Test") && first.body.contains(HOST), "{}", first.body);
    let path = format!("{PATH}?domain={second}");
    assert!(browser.get(&format!("/manager/domains/{second}")).await.body.contains(&path));
    let page = browser.get(&path).await;
    assert!(page.body.contains(&format!("Short codes of {HOST}")), "{}", page.body);
    let saved = save_of(&mut browser, &page, &[("voicemail", "*88")]).await;
    assert_eq!((saved.status, saved.header("location")), (303, &*path));
    let codes = || [DomainId::FIRST, second].map(|domain| code_in(house, domain, Feature::Voicemail));
    assert_eq!(codes(), ["*17", "*88"]);
    let shown = browser.get(&path).await;
    assert_eq!((shown.field("voicemail"), shown.field("version")), ("*88".into(), "1".into()));
    let wrong = save_of(&mut browser, &shown, &[("voicemail", "88")]).await;
    assert!(wrong.status == 422 && wrong.body.contains(&format!("Short codes of {HOST}")), "{}", wrong.body);
    assert_eq!(save_of(&mut browser, &first, &[("voicemail", "*77")]).await.status, 303);
    assert_eq!(codes(), ["*77", "*88"]);
    let back = [("do", "defaults"), ("version", "1"), ("domain", &*second.to_string())];
    assert_eq!(browser.post(PATH, &shown.token(), &back).await.status, 303);
    assert_eq!(codes(), ["*77", "*17"]);
    for nothing in ["99", "x", "-1"] {
        assert_eq!(browser.get(&format!("{PATH}?domain={nothing}")).await.status, 404, "{nothing}");
        let tried = browser.post(PATH, &shown.token(), &[("do", "defaults"), ("domain", nothing)]).await;
        assert_eq!(tried.status, 404, "{nothing}");
    }
    // Programs.
    let mut program = Program::at(house.https());
    program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let path = format!("/settings/short-codes?domain={second}");
    let shown = program.get(&path).await;
    let mut wanted = shown.json();
    assert_eq!(wanted["voicemail"], json!("*17"));
    wanted["voicemail"] = json!("*66");
    assert_eq!(program.put(&path, shown.header("etag"), &wanted).await.json(), wanted);
    assert_eq!(codes(), ["*77", "*66"]);
    assert_eq!(program.get("/settings/short-codes?domain=99").await.status, 404);
    assert_eq!(program.put("/settings/short-codes?domain=99", "*", &wanted).await.status, 404);
    // What is the system's is not theirs who administer one domain: neither page nor operation, of whichever domain.
    let (mut olga, olgas) = (houses.olga().await, houses.olgas_program().await);
    let token = olga.get("/manager/preferences").await.token();
    for domain in [DomainId::FIRST, second] {
        assert_eq!(olga.get(&format!("{PATH}?domain={domain}")).await.status, 403);
        let form = [("do", "defaults"), ("version", "3"), ("domain", &*domain.to_string())];
        assert_eq!(olga.post(PATH, &token, &form).await.status, 403);
        let path = format!("/settings/short-codes?domain={domain}");
        assert_eq!((olgas.get(&path).await.status, olgas.put(&path, "*", &wanted).await.status), (403, 403));
    }
    assert_eq!(codes(), ["*77", "*66"]);
}
