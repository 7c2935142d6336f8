//! Security settings in the browser: a change that touches somebody takes a second step, and the last one can be undone.

use std::sync::Arc;

use signin::{
    credential::Range,
    policy::Settings,
    preset::Preset,
    records::Records as _,
    rules::{Part, named},
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

const PATH: &str = "/manager/settings/security";

/// An administrator who looks at the rules.
struct Desk {
    house: House,
    browser: Browser,
}

impl Desk {
    async fn set_up() -> Self {
        let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
        let mut browser = Browser::at(house.https());
        browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        Self { house, browser }
    }

    fn settings(&self) -> Arc<Settings> {
        self.house.system.ledger.settings()
    }

    /// Saves a part as it is, but for these fields.
    async fn save(&mut self, part: Part, changes: &[(&str, &str)]) -> Answer {
        let settings = self.settings();
        let page = self.browser.get(&format!("{PATH}/{}", part.name())).await;
        let mut fields = vec![("version".to_owned(), settings.version.to_string())];
        for rule in part.rules() {
            let value = rule.get(&settings);
            let written = match rule.range() {
                Range::Number { .. } => {
                    value.map_or_else(|| page.field(&rule.name()), |value| value.to_string())
                }
                Range::Flag => if value == Some(1) { "yes" } else { "" }.into(),
                Range::Choice(list) => list[usize::try_from(value.unwrap()).unwrap()].0.into(),
            };
            fields.push((rule.name(), written));
        }
        for (name, value) in changes {
            fields.iter_mut().find(|(field, _)| field == name).expect("a field").1 = (*value).to_owned();
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.browser.post(&format!("{PATH}/{}", part.name()), &page.token(), &fields).await
    }

    /// Sends the hidden form of a page.
    async fn confirm(&mut self, page: &Answer, action: &str) -> Answer {
        let inputs = page.body.split("<input type=\"hidden\" name=\"").skip(1);
        let fields: Vec<(String, String)> = inputs
            .filter_map(|rest| {
                let (name, rest) = rest.split_once("\" value=\"")?;
                Some((name.to_owned(), rest.split('"').next()?.to_owned()))
            })
            .filter(|(name, _)| name != "csrf")
            .collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.browser.post(action, &page.token(), &fields).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_system_follows_the_modern_preset_and_every_part_says_its_rules() {
    let mut desk = Desk::set_up().await;
    let page = desk.browser.get(PATH).await;
    assert!(page.body.contains("All rules are those of Modern"), "{}", page.body);
    assert!(!page.body.contains("Last change"));
    for part in Part::ALL {
        let page = desk.browser.get(&format!("{PATH}/{}", part.name())).await;
        assert_eq!(page.status, 200);
        for rule in part.rules() {
            assert!(page.body.contains(&format!("id=\"f-{}\"", rule.name())), "{}", rule.name());
            assert!(page.body.contains("Default: "));
        }
    }
    assert_eq!(desk.browser.get(&format!("{PATH}/nobody")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_touches_somebody_is_shown_first_and_saved_when_that_was_seen() {
    let mut desk = Desk::set_up().await;
    // Nobody is touched: one step.
    let saved = desk.save(Part::Sessions, &[("sessions-concurrent", "4")]).await;
    assert_eq!((saved.status, desk.settings().sessions.concurrent_max), (303, 4));
    let shown = desk.save(Part::LoginCodes, &[("login-code-length-min", "8")]).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("1 secret must be changed"), "{}", shown.body);
    assert!(shown.body.contains(">Ann</a>") && shown.body.contains("Use at least 8 digits."));
    assert!(!shown.body.contains("472839"), "no secret on a page");
    assert_eq!(desk.settings().login_code.length_min, 4, "nothing is saved yet");
    let saved = desk.confirm(&shown, &format!("{PATH}/login-codes")).await;
    assert_eq!((saved.status, desk.settings().login_code.length_min), (303, 8));
    assert_eq!(
        desk.house.phone("201", "472839").await.register(600).await.status,
        200,
        "a phone cannot choose"
    );
    let page = desk.browser.get(PATH).await;
    assert!(page.body.contains("Departs from Modern in 2 rules"), "{}", page.body);
    assert!(page.body.contains("/manager/settings/security/login-codes#f-login-code-length-min"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_password_breaks_a_new_rule_chooses_another_before_anything_else() {
    let mut desk = Desk::set_up().await;
    let shown = desk.save(Part::ServiceUsers, &[("service-password-length-min", "60")]).await;
    assert!(shown.body.contains("Your own password is among them"), "{}", shown.body);
    let saved = desk.confirm(&shown, &format!("{PATH}/service-users")).await;
    assert_eq!(saved.status, 303);
    let page = desk.browser.get("/manager").await;
    assert_eq!((page.status, page.header("location")), (303, "/manager/password"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preset_and_its_undoing_are_one_click_each_and_stand_in_the_audit() {
    let mut desk = Desk::set_up().await;
    let before = desk.settings();
    let version = before.version.to_string();
    let fields = [("do", "preset"), ("preset", "minimum"), ("version", &*version)];
    let saved = desk.browser.fill(PATH, PATH, &fields).await;
    assert_eq!((saved.status, desk.settings().preset), (303, Preset::Minimum), "{}", saved.body);
    let page = desk.browser.get(PATH).await;
    assert!(page.body.contains("All rules are those of Minimum") && page.body.contains("by Administrator"));
    let undo = page.field("undo");
    let undone = desk.browser.post(PATH, &page.token(), &[("do", "undo"), ("undo", &undo)]).await;
    assert_eq!(undone.status, 303);
    let after = desk.settings();
    for part in Part::ALL {
        for rule in part.rules() {
            assert_eq!(rule.get(&after), rule.get(&before), "{}", rule.name());
        }
    }
    assert_eq!(after.preset, Preset::Modern);
    // The same button again means a change that is no longer the last.
    let late = desk.browser.post(PATH, &page.token(), &[("do", "undo"), ("undo", &undo)]).await;
    assert_eq!(late.status, 409);
    let audit = desk.browser.get("/manager/audit").await;
    assert!(audit.body.matches("Settings changed").count() >= 2, "{}", audit.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_out_of_range_is_said_beside_its_field() {
    let mut desk = Desk::set_up().await;
    let page = desk.save(Part::Phones, &[("extension-lock-failures", "256")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("Enter a whole number from 0 to 255."), "{}", page.body);
    assert_eq!(named("extension-lock-failures").unwrap().get(&desk.settings()), Some(5));
}
