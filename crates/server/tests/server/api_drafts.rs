//! One's own draft through the management interface: compared, decided, put in force, taken along and brought back; by people
//! alone.

use serde_json::{Value, json};
use signin::{
    account::{Account, RoleKind},
    admin::{By, EditUser},
    ident::{DomainId, FoldedName},
    records::Records as _,
};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

const PASSPHRASE: &str = "four rather odd words";

/// Ann at extension 201, a browser in offline mode and a program, both of Administrator.
struct Desk {
    house: House,
    browser: Browser,
    program: Program,
}

impl Desk {
    async fn set_up() -> Self {
        let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
        let mut browser = Browser::at(house.https());
        let fields = [("name", "Administrator"), ("password", ADMINISTRATOR_PASSWORD), ("offline", "yes")];
        let answer = browser.fill("/manager/login", "/manager/login", &fields).await;
        assert_eq!(answer.status, 303);
        let mut program = Program::at(house.https());
        program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        Self { house, browser, program }
    }

    fn ann(&self) -> Account {
        let found =
            self.house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of("Ann"));
        (*found.expect("Ann")).clone()
    }

    fn edit(&self, full_name: &str) -> EditUser {
        EditUser {
            version: self.ann().version,
            name: "Ann".into(),
            full_name: full_name.into(),
            number: "201".into(),
            condition: None,
            expires_at: None,
        }
    }

    /// Somebody else changes the name at once.
    async fn rename_live(&self, full_name: &str) {
        let (id, edit) = (self.ann().id, self.edit(full_name));
        let done =
            self.house.system.administer(&By::console(), move |admin, _| admin.edit_user(id, &edit)).await;
        done.expect("renamed");
    }

    /// Saves another name in the browser, where it waits.
    async fn rename_offline(&mut self, full_name: &str) {
        let path = format!("/manager/users/{}", self.ann().id);
        let page = self.browser.get(&path).await;
        let names = ["name", "extension", "version", "shown", "expires_at"];
        let mut fields: Vec<(&str, String)> = names.iter().map(|name| (*name, page.field(name))).collect();
        fields.push(("status", page.field("shown")));
        fields.push(("full_name", full_name.into()));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(self.browser.post(&path, &page.token(), &fields).await.status, 303);
    }

    /// The draft, with its tag.
    async fn draft(&self) -> (Value, String) {
        let answer = self.program.get("/own/draft").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json(), answer.header("etag").to_owned())
    }

    async fn change(&self, verb: &str, tag: &str, body: Value) -> crate::browser::Answer {
        self.program.ask("POST", &format!("/own/draft/{verb}"), &[("If-Match", tag)], Some(&body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_told_with_all_three_values_and_decided_by_what_was_told() {
    let mut desk = Desk::set_up().await;
    assert_eq!(desk.program.get("/own/draft").await.status, 404);
    desk.rename_offline("Ann Jones").await;
    desk.rename_live("Ann Miller").await;
    let (draft, tag) = desk.draft().await;
    assert_eq!((&draft["changes"], &draft["conflicts"]), (&json!(1), &json!(1)), "{draft}");
    let record = &draft["records"][0];
    let change = &record["changes"][0];
    let told = (&record["fate"], &change["point"], &change["now"], &change["mine"], &change["merge"]);
    let wanted = ("changed", "field-full_name", "Ann Miller", "Ann Jones", "conflict");
    let wanted = (json!(wanted.0), json!(wanted.1), json!(wanted.2), json!(wanted.3), json!(wanted.4));
    assert_eq!(told, (&wanted.0, &wanted.1, &wanted.2, &wanted.3, &wanted.4));
    let undecided = desk.change("apply", &tag, json!({})).await;
    assert_eq!((undecided.status, undecided.problem().as_str()), (422, "wrong-fields"));
    assert_eq!(undecided.json()["errors"][0]["field"], "conflicts");
    let choice = |print: &Value| {
        let of = |name: &str| if name == "record" { &record["record"] } else { &change["point"] };
        json!({"choices": [{"record": of("record"), "point": of("point"), "choice": "mine", "print": print}]})
    };
    // Chosen of what was told; then somebody else changes it once more.
    desk.rename_live("Ann Baker").await;
    assert_eq!(desk.change("apply", &tag, choice(&change["print"])).await.status, 422);
    let (again, tag) = desk.draft().await;
    let print = &again["records"][0]["changes"][0]["print"];
    assert_eq!(desk.change("apply", "\"999.x\"", choice(print)).await.status, 412);
    let applied = desk.change("apply", &tag, choice(print)).await;
    assert_eq!((applied.status, applied.json()), (200, json!({"changes": 1})));
    assert_eq!(desk.ann().full_name, "Ann Jones");
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_is_taken_out_and_all_are_thrown_away_and_no_token_may() {
    let mut desk = Desk::set_up().await;
    desk.rename_offline("Ann Jones").await;
    let (_, tag) = desk.draft().await;
    let user = format!("user-{}", desk.ann().id);
    let nothing = desk.change("take-out", &tag, json!({"record": user, "point": "field-name"})).await;
    assert_eq!(nothing.status, 422);
    let out = desk.change("take-out", &tag, json!({"record": user, "point": "field-full_name"})).await;
    assert_eq!(out.status, 204, "{out:?}");
    desk.rename_offline("Ann Jones").await;
    let all: Vec<Value> = signin::rights::Right::ALL.iter().map(|right| json!(right.row().name)).collect();
    let made = desk.program.post("/own/tokens", &json!({"name": "all", "scopes": all})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = desk.program.with(made.json()["secret"].as_str().expect("told"));
    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/export"), ("POST", "/apply")] {
        let body = json!({"passphrase": PASSPHRASE});
        let refused =
            token.ask(method, &format!("/own/draft{path}"), &[("If-Match", "*")], Some(&body)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (403, "never-allowed"), "{method} {path}");
    }
    let (_, tag) = desk.draft().await;
    assert_eq!(desk.program.delete("/own/draft", &tag).await.status, 204);
    assert_eq!(desk.program.get("/own/draft").await.status, 404);
    assert_eq!(desk.ann().full_name, "");
    assert!(desk.house.audit().await.join("\n").contains("Draft thrown away"));
    desk.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_taken_along_in_a_file_and_brought_back() {
    let mut desk = Desk::set_up().await;
    desk.rename_offline("Ann Jones").await;
    let short = desk.program.post("/own/draft/export", &json!({"passphrase": "short"})).await;
    assert_eq!((short.status, &short.json()["errors"][0]["field"]), (422, &json!("passphrase")));
    let long = desk.program.post("/own/draft/export", &json!({"passphrase": "x".repeat(1025)})).await;
    assert_eq!((long.status, &long.json()["errors"][0]["field"]), (422, &json!("passphrase")));
    let exported = desk.program.post("/own/draft/export", &json!({"passphrase": PASSPHRASE})).await;
    assert_eq!(exported.status, 200, "{exported:?}");
    let file = exported.json()["file"].clone();
    let (_, tag) = desk.draft().await;
    assert_eq!(desk.program.delete("/own/draft", &tag).await.status, 204);
    let import = |file: Value, passphrase: &'static str| json!({"file": file, "passphrase": passphrase});
    for (file, passphrase, field) in [
        (json!("%"), PASSPHRASE, "file"),
        (json!("Zm9v"), PASSPHRASE, "file"),
        (file.clone(), "another passphrase", "passphrase"),
    ] {
        let wrong = desk.change("import", "*", import(file, passphrase)).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["field"]), (422, &json!(field)), "{wrong:?}");
        assert!(!wrong.body.contains(passphrase));
    }
    let imported = desk.change("import", "*", import(file, PASSPHRASE)).await;
    assert_eq!((imported.status, imported.json()), (200, json!({"changes": 1})));
    let (draft, _) = desk.draft().await;
    assert_eq!(draft["records"][0]["changes"][0]["mine"], "Ann Jones");
    assert_eq!(desk.change("apply", "*", json!({})).await.status, 200);
    assert_eq!(desk.ann().full_name, "Ann Jones");
    desk.house.stop().await;
}
