//! Offline mode in the browser: edits wait, are reviewed, conflict with what others do, travel in a file and come back.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt as _};

use server::editor::RunningEditor;
use signin::{
    account::{Account, RoleKind},
    admin::{By, EditUser},
    credential::{CredentialKind, Owner},
    ident::{DomainId, FoldedName},
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
};
use store::DraftFile;

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

const PASSPHRASE: &str = "four rather odd words";

/// Ann at extension 201, and an administrator in offline mode.
struct Desk {
    house: House,
    browser: Browser,
}

impl Desk {
    async fn set_up() -> Self {
        let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
        let browser = offline(&house).await;
        Self { house, browser }
    }

    fn ann(&self) -> Account {
        let found =
            self.house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of("Ann"));
        (*found.expect("Ann")).clone()
    }

    /// Somebody else changes the name at once.
    async fn rename_live(&self, full_name: &str) {
        let (id, version, full_name) = (self.ann().id, self.ann().version, full_name.to_owned());
        let edit = EditUser {
            version,
            name: "Ann".into(),
            full_name,
            number: "201".into(),
            condition: None,
            expires_at: None,
        };
        let done =
            self.house.system.administer(&By::console(), move |admin, _| admin.edit_user(id, &edit)).await;
        done.expect("renamed");
    }
}

async fn offline(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    let fields = [("name", "Administrator"), ("password", ADMINISTRATOR_PASSWORD), ("offline", "yes")];
    let answer = browser.fill("/manager/login", "/manager/login", &fields).await;
    assert_eq!(answer.status, 303);
    browser
}

/// Saves the form of a user as the page shows it, with another full name.
pub(crate) async fn rename(browser: &mut Browser, path: &str, full_name: &str) -> Answer {
    let page = browser.get(path).await;
    let fields = [
        ("name", page.field("name")),
        ("full_name", full_name.to_owned()),
        ("extension", page.field("extension")),
        ("version", page.field("version")),
        ("shown", page.field("shown")),
        ("status", page.field("shown")),
        ("expires_at", page.field("expires_at")),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    browser.post(path, &page.token(), &fields).await
}

pub(crate) async fn apply(browser: &mut Browser, choices: &[(&str, &str)]) -> Answer {
    let page = browser.get("/manager/draft").await;
    let version = page.field("version");
    let fields: Vec<_> = [("version", version.as_str())].into_iter().chain(choices.iter().copied()).collect();
    browser.post("/manager/draft", &page.token(), &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_offline_waits_until_it_is_applied() {
    let mut desk = Desk::set_up().await;
    let path = format!("/manager/users/{}", desk.ann().id);
    assert_eq!(rename(&mut desk.browser, &path, "Ann Jones").await.status, 303);
    assert_eq!(desk.ann().full_name, "", "nothing is in force");
    let page = desk.browser.get(&path).await;
    assert!(page.body.contains("Offline mode: 1 change not yet applied"), "{}", page.body);
    assert_eq!(page.field("full_name"), "Ann Jones", "one's own pages show it");
    for list in ["/manager/users", "/manager/users?q=jones&sort=full_name"] {
        assert!(desk.browser.get(list).await.body.contains("Ann Jones"), "{list}");
    }
    let mut other = Browser::at(desk.house.https());
    other.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert!(!other.get("/manager/users").await.body.contains("Ann Jones"), "nobody else's do");
    let sessions = other.get("/status/sessions").await;
    assert!(sessions.body.contains("Web manager, offline mode"));
    let applied = apply(&mut desk.browser, &[]).await;
    assert_eq!(applied.status, 303, "{}", applied.body);
    assert_eq!(desk.ann().full_name, "Ann Jones");
    let audit = desk.house.audit().await.join("\n");
    assert!(audit.contains("Draft applied") && audit.contains("Account changed"), "{audit}");
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_shown_with_all_three_values_and_decided() {
    let mut desk = Desk::set_up().await;
    let id = desk.ann().id;
    rename(&mut desk.browser, &format!("/manager/users/{id}"), "Ann Jones").await;
    desk.rename_live("Ann Miller").await;
    let refused = apply(&mut desk.browser, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Choose for each of the 1 conflicts"), "{}", refused.body);
    let page = desk.browser.get("/manager/draft").await;
    assert!(page.body.contains("Ann Jones") && page.body.contains("Ann Miller"), "{}", page.body);
    let name = format!("c-user-{id}-field-full_name");
    let mine = page.field(&name);
    assert!(mine.starts_with("mine."), "{mine}");
    // Chosen of what was shown; then somebody else changes it once more.
    desk.rename_live("Ann Baker").await;
    assert_eq!(apply(&mut desk.browser, &[(&name, &mine)]).await.status, 422);
    assert_eq!(desk.ann().full_name, "Ann Baker");
    let mine = desk.browser.get("/manager/draft").await.field(&name);
    assert_eq!(apply(&mut desk.browser, &[(&name, &mine)]).await.status, 303);
    assert_eq!(desk.ann().full_name, "Ann Jones");
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_is_taken_out_and_all_are_thrown_away() {
    let mut desk = Desk::set_up().await;
    let path = format!("/manager/users/{}", desk.ann().id);
    rename(&mut desk.browser, &path, "Ann Jones").await;
    let fields = [("number", "900"), ("phone_password_how", "generate")];
    let made = desk.browser.fill("/manager/extensions/new", "/manager/extensions/new", &fields).await;
    assert_eq!(made.status, 200, "its password is shown this once: {}", made.body);
    let list = desk.browser.get("/manager/extensions").await;
    assert!(list.body.contains(">900<"), "{}", list.body);
    let page = desk.browser.get("/manager/draft").await;
    let undo = format!("user-{} field-full_name", desk.ann().id);
    let fields = [("version", &*page.field("version")), ("undo", &undo)];
    assert_eq!(desk.browser.post("/manager/draft/undo", &page.token(), &fields).await.status, 303);
    let page = desk.browser.get("/manager/draft").await;
    assert!(page.body.contains("Extension 900") && !page.body.contains("Ann Jones"), "{}", page.body);
    let question = desk.browser.get("/manager/draft/discard").await;
    let fields = [("version", &*question.field("version"))];
    assert_eq!(desk.browser.post("/manager/draft/discard", &question.token(), &fields).await.status, 303);
    assert!(desk.browser.get("/manager/draft").await.body.contains("Nothing is changed"));
    assert!(desk.house.audit().await.join("\n").contains("Draft thrown away"));
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_service_users_and_signing_out_do_not_wait() {
    let mut desk = Desk::set_up().await;
    let by = &desk.house.system;
    let partner =
        by.ledger.account_named(RoleKind::ServiceUser, DomainId::FIRST, &FoldedName::of("BusinessPartner"));
    let path = format!("/manager/administrators/{}", partner.expect("there").id);
    let fields = [("do", "generate")];
    let refused = desk.browser.fill(&path, &format!("{path}/secrets/service-password"), &fields).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("Service users are not edited offline"), "{}", refused.body);
    let out = desk.browser.fill("/manager", "/manager/logout", &[]).await;
    assert_eq!(out.status, 303);
    let sessions = desk.house.system.ledger.sessions();
    assert!(sessions.iter().all(|session| session.interface != LoginInterface::WebManagerOffline));
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_taken_along_edited_elsewhere_and_brought_back() {
    let mut desk = Desk::set_up().await;
    let path = format!("/manager/users/{}", desk.ann().id);
    rename(&mut desk.browser, &path, "Ann Jones").await;
    let set = [("do", "set"), ("login-code-secret", "905831"), ("login-code-secret_again", "905831")];
    assert_eq!(desk.browser.fill(&path, &format!("{path}/secrets/login-code"), &set).await.status, 303);
    let fields = [("passphrase", PASSPHRASE), ("passphrase_again", PASSPHRASE)];
    let file = desk.browser.fill("/manager/draft", "/manager/draft/export", &fields).await;
    assert_eq!((file.status, file.header("content-disposition").contains("attachment")), (200, true));
    for secret in ["905831", "472839", PASSPHRASE] {
        assert!(!file.body.contains(secret), "{secret} in {}", file.body);
    }
    // Elsewhere.
    let folder = tempfile::tempdir().expect("a folder");
    let draft = folder.path().join("office.draft");
    std::fs::write(&draft, &file.body).expect("written");
    let (read, keys) = DraftFile::read(file.body.as_bytes(), &Secret::new(PASSPHRASE)).expect("read");
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let workshop = folder.path().join("workshop");
    let editor = RunningEditor::start(&draft, read, keys, listen, &workshop).await.expect("started");
    let (at, way_in) =
        editor.address.strip_prefix("https://").expect("https").split_once('/').expect("a path");
    let mut elsewhere = Browser::at(at.parse().expect("an address"));
    let way_in = format!("/{way_in}");
    assert_eq!(elsewhere.get("/manager/users").await.status, 303, "to the login, where nobody gets in");
    assert_eq!(elsewhere.get("/manager/enter/guess").await.status, 403);
    assert_eq!(elsewhere.get(&way_in).await.status, 303);
    assert_eq!(Browser::at(at.parse().expect("an address")).get(&way_in).await.status, 403, "good once");
    let page = elsewhere.get(&path).await;
    assert_eq!(page.field("full_name"), "Ann Jones", "the draft came along: {}", page.body);
    for away in ["/status", "/manager/audit", "/manager/preferences"] {
        assert_eq!(elsewhere.get(away).await.status, 404, "{away}");
    }
    assert_eq!(elsewhere.get("/manager").await.status, 200);
    assert_eq!(rename(&mut elsewhere, &path, "Ann Baker").await.status, 303);
    let mode = std::fs::metadata(&draft).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    editor.stop().await;
    // And back.
    let bytes = std::fs::read_to_string(&draft).expect("read");
    let page = desk.browser.get("/manager/draft").await;
    let wrong = desk.browser.post_file("/manager/draft/import", &page, &bytes, "another passphrase").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("the passphrase is not the one of this file"), "{}", wrong.body);
    let back = desk.browser.post_file("/manager/draft/import", &page, &bytes, PASSPHRASE).await;
    assert_eq!(back.status, 303, "{}", back.body);
    assert_eq!(desk.ann().full_name, "");
    assert_eq!(apply(&mut desk.browser, &[]).await.status, 303);
    assert_eq!(desk.ann().full_name, "Ann Baker");
    let owner = Owner::Account(desk.ann().id);
    let code = Secret::new("905831");
    assert!(desk.house.system.ledger.holds_secret(owner, CredentialKind::LoginCode, &code));
    assert_eq!(desk.browser.get("/manager/enter/guess").await.status, 404, "a system has no such door");
    desk.house.stop().await;
}
