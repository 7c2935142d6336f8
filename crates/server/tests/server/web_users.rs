//! Users in the browser: what saving changes, and what it leaves alone.

use signin::{
    account::{RoleKind, Status},
    ident::{DomainId, FoldedName},
    records::Records as _,
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// Ann at extension 201, and an administrator who looks at her.
struct Desk {
    house: House,
    browser: Browser,
    path: String,
}

impl Desk {
    async fn set_up() -> Self {
        let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
        let mut browser = Browser::at(house.https());
        browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        let id = user(&house, "Ann").id;
        Self { house, browser, path: format!("/manager/users/{id}") }
    }

    fn status(&self) -> Status {
        self.house.system.ledger.status_of(&user(&self.house, "Ann"), self.house.clock.now())
    }

    async fn lock(&self) {
        for _ in 0..5 {
            self.house.phone("201", "0").await.register(600).await;
        }
        assert_eq!(self.status(), Status::LockedTemporary);
    }

    /// Saves the form as the page shows it, but for these fields.
    async fn save(&mut self, changes: &[(&str, &str)]) -> Answer {
        let page = self.browser.get(&self.path).await;
        let mut fields = [
            ("name", "Ann".to_owned()),
            ("full_name", page.field("full_name")),
            ("extension", "201".to_owned()),
            ("version", page.field("version")),
            ("shown", page.field("shown")),
            ("status", page.field("shown")),
            ("expires_at", page.field("expires_at")),
        ];
        for (name, value) in changes {
            fields.iter_mut().find(|(field, _)| field == name).expect("a field").1 = (*value).to_owned();
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        self.browser.post(&self.path, &page.token(), &fields).await
    }
}

fn user(house: &House, name: &str) -> std::sync::Arc<signin::account::Account> {
    let name = FoldedName::of(name);
    house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &name).expect("a user")
}

#[tokio::test(flavor = "multi_thread")]
async fn saving_a_name_lifts_no_lock_and_choosing_enabled_for_a_locked_user_does() {
    let mut desk = Desk::set_up().await;
    // The page was opened before the lock, and says "Enabled".
    let page = desk.browser.get(&desk.path).await;
    desk.lock().await;
    let old = [
        ("name", "Ann"),
        ("full_name", "Ann Smith"),
        ("extension", "201"),
        ("version", &*page.field("version")),
        ("shown", "enabled"),
        ("status", "enabled"),
        ("expires_at", ""),
    ];
    assert_eq!(desk.browser.post(&desk.path, &page.token(), &old).await.status, 303);
    assert_eq!(desk.status(), Status::LockedTemporary);
    assert_eq!(desk.save(&[("full_name", "Ann Jones")]).await.status, 303);
    assert_eq!(desk.status(), Status::LockedTemporary);
    assert_eq!(&*user(&desk.house, "Ann").full_name, "Ann Jones");
    assert_eq!(desk.save(&[("status", "enabled")]).await.status, 303);
    assert_eq!(desk.status(), Status::Enabled);
    assert_eq!(desk.house.phone("201", "472839").await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_given_a_last_day_and_is_enabled_again_after_it() {
    let mut desk = Desk::set_up().await;
    let day = server::moment::day(desk.house.clock.now());
    assert_eq!(desk.save(&[("expires_at", &day)]).await.status, 303);
    let page = desk.browser.get(&desk.path).await;
    assert_eq!(page.field("expires_at"), day);
    assert_eq!(desk.status(), Status::Enabled, "the day itself is still good");
    desk.house.pass(86_400);
    // A day of idling ended the session.
    desk.browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(desk.status(), Status::LockedExpired);
    assert_eq!(desk.save(&[("full_name", "Ann Smith")]).await.status, 303);
    assert_eq!(desk.status(), Status::LockedExpired);
    assert_eq!(desk.save(&[("status", "enabled")]).await.status, 303);
    assert_eq!(desk.status(), Status::Enabled);
    assert_eq!(user(&desk.house, "Ann").expires_at, None);
    let again = desk.save(&[("expires_at", "2099-12-31")]).await;
    assert_eq!(again.status, 303);
    assert_eq!(desk.save(&[("expires_at", "")]).await.status, 303);
    assert_eq!(user(&desk.house, "Ann").expires_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_day_that_is_none_or_is_over_is_refused_beside_its_field() {
    let mut desk = Desk::set_up().await;
    for (typed, problem) in
        [("31.12.2030", "is no date. Write a day such as"), ("2020-01-01", "This day is over already.")]
    {
        let answer = desk.save(&[("expires_at", typed), ("full_name", "Ann Smith")]).await;
        assert_eq!(answer.status, 422);
        let error = answer.body.split("id=\"f-expires_at-error\"").nth(1).expect("an error beside the field");
        assert!(error.contains(problem), "{error}");
        assert_eq!(answer.field("full_name"), "Ann Smith");
        assert_eq!(answer.field("expires_at"), typed);
    }
    assert_eq!(user(&desk.house, "Ann").expires_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_secret_is_said_first_and_lifting_its_lock_mends_it() {
    let mut desk = Desk::set_up().await;
    let passwords = format!("{}/passwords", desk.path);
    assert!(desk.browser.get(&passwords).await.body.contains("Nothing is wrong with any of them"));
    desk.house.phone("201", "0").await.register(600).await;
    assert!(desk.browser.get(&passwords).await.body.contains("Login code: typed wrongly"));
    desk.lock().await;
    let page = desk.browser.get(&passwords).await;
    assert!(page.body.contains("Login code: locked"), "{}", page.body);
    let secret = format!("{}/secrets/login-code", desk.path);
    let lifted = desk.browser.post(&secret, &page.token(), &[("do", "unlock")]).await;
    assert_eq!((lifted.status, lifted.header("location")), (303, &*passwords));
    assert_eq!(desk.status(), Status::Enabled);
    assert!(desk.browser.get(&passwords).await.body.contains("Nothing is wrong with any of them"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_is_refused_beside_its_field_and_another_waits_for_its_mail() {
    let mut desk = Desk::set_up().await;
    let (page, address) = (format!("{}/passwords", desk.path), format!("{}/address", desk.path));
    let refused = desk.browser.fill(&page, &address, &[("address", "a@b@c")]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.field("address"), "a@b@c");
    assert!(refused.body.contains("id=\"f-address-error\""), "{}", refused.body);
    let saved = desk.browser.fill(&page, &address, &[("address", "ann@example.com")]).await;
    assert_eq!(saved.status, 303);
    assert!(desk.browser.get(&page).await.body.contains("ann@example.com is not confirmed yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_is_made_that_would_work_nowhere() {
    let mut desk = Desk::set_up().await;
    let (page, hand_over) = (format!("{}/passwords", desk.path), format!("{}/handover", desk.path));
    let refused = desk.browser.fill(&page, &hand_over, &[]).await;
    assert_eq!((refused.status, refused.header("location")), (303, &*page));
    assert!(desk.browser.get(&page).await.body.contains("It would work nowhere"));
    assert!(desk.house.system.ledger.profile(user(&desk.house, "Ann").id).links.is_empty());
    // A hosted system, whose people are anywhere.
    let mut settings = (*desk.house.system.ledger.settings()).clone();
    settings.recovery.from_anywhere = true;
    let by = signin::admin::By::console();
    desk.house.system.administer(&by, move |admin, _| admin.save_settings(&settings)).await.expect("saved");
    let made = desk.browser.fill(&page, &hand_over, &[]).await;
    assert_eq!(made.status, 200);
    assert!(made.body.contains("/recover/") && !made.body.contains("Works from"), "{}", made.body);
    assert_eq!(desk.house.system.ledger.profile(user(&desk.house, "Ann").id).links.len(), 1);
}
