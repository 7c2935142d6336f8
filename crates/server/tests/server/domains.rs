//! Two organisations on one system: every page and every operation, as somebody of one of them meets it, with what is theirs
//! and with what is the other's.

use std::{cmp::Reverse, collections::BTreeMap};

use http::Method;
use serde_json::{Value, json};
use server::{
    api::{door, table::table},
    editor::RunningEditor,
    web::routes::{self, Access},
};
use signin::{
    account::{Account, RoleKind},
    admin::{By, GroupFields, NewDomain, NewExtension, NewUser, SecretChoice, ServiceUserFields},
    credential::{KINDS, Owner},
    desk::Desk,
    document::DocumentKind,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId, FoldedName},
    records::Records,
    rights::Right,
    secret::Secret,
};
use store::{AccountQuery, DraftFile, ExtensionQuery};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
    web_offline::{apply, rename},
    web_user_calls,
};

const PASSWORD: &str = "eight ants went by a river";
pub(crate) const HOST: &str = "second.example";
/// Of the first domain, and of nobody else: no page may hold either.
const STRANGER: &str = "Xenia";
pub(crate) const STRANGERS_NUMBER: &str = "2017777";

/// A house with two domains, and what there is in each.
pub(crate) struct Houses {
    pub(crate) house: House,
    /// Of the first domain: an account and an extension without one.
    pub(crate) theirs: Things,
    /// Of the second.
    pub(crate) own: Things,
}

pub(crate) struct Things {
    user: AccountId,
    pub(crate) line: ExtensionId,
    pub(crate) alone: ExtensionId,
    staff: AccountId,
}

impl Things {
    fn are_named_in(&self, path: &str) -> bool {
        let ids = [self.user.to_string(), self.alone.to_string(), self.staff.to_string()];
        path.split('/').any(|part| ids.iter().any(|id| part == id))
    }
}

async fn furnish(house: &House, domain: DomainId, name: &str, number: &str, alone: &str) -> Things {
    let user = NewUser {
        name: name.into(),
        full_name: String::new(),
        number: number.into(),
        login_code: SecretChoice::Set(Secret::new("730194")),
        user_password: SecretChoice::Keep,
        phone_password: SecretChoice::Keep,
    };
    let console = By::console();
    let made = house.system.administer(&console, move |admin, dice| admin.create_user(domain, &user, dice));
    let user = made.await.expect("a user").value;
    let new = NewExtension { number: alone.into(), phone_password: SecretChoice::Keep };
    let made =
        house.system.administer(&console, move |admin, dice| admin.create_extension(domain, &new, dice));
    let alone = made.await.expect("an extension").value;
    let line = house.system.ledger.account(user).and_then(|user| user.extension()).expect("a line");
    let password = SecretChoice::Set(Secret::new(PASSWORD));
    let fields =
        ServiceUserFields { domain: Some(domain), name: "pia".into(), ..ServiceUserFields::default() };
    let made = house
        .system
        .administer(&console, move |admin, dice| admin.create_service_user(&fields, &password, false, dice));
    let staff = made.await.expect("a service user").value;
    web_user_calls::leave(house, user, name).await;
    Things { user, line, alone, staff }
}

impl Houses {
    pub(crate) async fn furnished() -> Self {
        let house = House::start().await.ignited().await;
        let new = NewDomain { hosts: vec![HOST.into()], realm: String::new() };
        let made = house.system.administer(&By::console(), move |admin, _| admin.create_domain(&new)).await;
        let second = made.expect("a domain").value;
        let theirs = furnish(&house, DomainId::FIRST, STRANGER, STRANGERS_NUMBER, "2018888").await;
        let own = furnish(&house, second, "Bea", "201", "300").await;
        // Somebody whose groups give every right there is.
        let every = GroupFields { name: "Omnipotents".into(), rights: Right::ALL.to_vec() };
        let console = By::console();
        let group =
            house.system.administer(&console, move |admin, dice| admin.create_group(&every, dice)).await;
        let fields = ServiceUserFields {
            domain: Some(second),
            name: "olga".into(),
            groups: vec![group.expect("a group").value],
            ..ServiceUserFields::default()
        };
        let password = SecretChoice::Set(Secret::new(PASSWORD));
        let made = house
            .system
            .administer(&console, move |admin, dice| {
                admin.create_service_user(&fields, &password, false, dice)
            })
            .await;
        made.expect("a service user");
        Self { house, theirs, own }
    }

    /// Somebody of the second domain who may look at extensions, and do nothing.
    pub(crate) async fn looker(&self) -> Browser {
        let system = &self.house.system;
        let console = By::console();
        let fields = GroupFields { name: "Lookers".into(), rights: vec![Right::ExtensionsRead] };
        let group = system.administer(&console, move |admin, dice| admin.create_group(&fields, dice)).await;
        let fields = ServiceUserFields {
            domain: Some(system.ledger.domain_of_host(HOST)),
            name: "lena".into(),
            groups: vec![group.expect("a group").value],
            ..ServiceUserFields::default()
        };
        let password = SecretChoice::Set(Secret::new(PASSWORD));
        let made = system.administer(&console, move |admin, dice| {
            admin.create_service_user(&fields, &password, false, dice)
        });
        made.await.expect("a service user");
        let mut browser = Browser::at(self.house.https()).asking_for(HOST);
        assert_eq!(browser.sign_in("lena", PASSWORD).await.status, 303);
        browser
    }

    pub(crate) async fn olga(&self) -> Browser {
        let mut browser = Browser::at(self.house.https()).asking_for(HOST);
        assert_eq!(browser.sign_in("olga", PASSWORD).await.status, 303);
        browser
    }

    pub(crate) async fn olgas_program(&self) -> Program {
        let mut program = Program::at(self.house.https()).asking_for(HOST);
        assert_eq!(program.sign_in("olga", PASSWORD).await.status, 201);
        program
    }

    /// Everything the first domain has, and everything the installation has, in one text.
    fn everything_else(&self) -> String {
        let ledger = &self.house.system.ledger;
        let domain = Some(DomainId::FIRST);
        let accounts =
            ledger.accounts(&AccountQuery { domain, limit: usize::MAX, ..AccountQuery::default() });
        let extensions =
            ledger.extensions(&ExtensionQuery { domain, limit: usize::MAX, ..ExtensionQuery::default() });
        let owners = accounts.items.iter().map(|account| Owner::Account(account.id));
        let owners = owners.chain(extensions.items.iter().map(|found| Owner::Extension(found.id)));
        let facts: Vec<_> = owners
            .chain([Owner::Domain(DomainId::FIRST)])
            .flat_map(|owner| KINDS.iter().map(move |row| (owner, row.kind)))
            .map(|(owner, kind)| ledger.credential(owner, kind).map(|facts| facts.set_at))
            .collect();
        let sessions: Vec<_> =
            accounts.items.iter().flat_map(|account| ledger.sessions_of(account.id)).collect();
        let sessions: Vec<_> = sessions.iter().map(|session| session.account).collect();
        let (accounts, extensions): (Vec<&Account>, Vec<&Extension>) = (
            accounts.items.iter().map(|account| &**account).collect(),
            extensions.items.iter().map(|found| &**found).collect(),
        );
        let documents: Vec<_> = [DocumentKind::RightsGroup, DocumentKind::ApiToken]
            .iter()
            .flat_map(|kind| ledger.documents(*kind))
            .collect();
        let now = self.house.system.clock.now();
        let of_calls = (
            ledger.mailbox(self.theirs.user),
            Desk::of(&**ledger, self.theirs.user),
            ledger.call_log(self.theirs.user, now).expect("read"),
            ledger.short_codes(DomainId::FIRST),
        );
        format!(
            "{accounts:?}{extensions:?}{facts:?}{sessions:?}{documents:?}{of_calls:?}{:?}{:?}{:?}{:?}{:?}",
            ledger.settings(),
            ledger.reporting(),
            ledger.domains(),
            ledger.registration(self.theirs.line).map(|found| found.bindings.len()),
            ledger
                .locks(self.house.system.clock.now())
                .iter()
                .map(|(key, _)| key.clone())
                .collect::<Vec<_>>(),
        )
    }
}

/// The address of a row with these things in its place; `None` = there is nothing to put there.
fn address(path: &str, things: &Things) -> Option<String> {
    if !path.contains('{') {
        return Some(path.into());
    }
    let (user, extension) = (things.user.to_string(), things.alone.to_string());
    let filled = match path.split('/').take_while(|part| !part.starts_with('{')).last()? {
        "users" => path.replace("{id}", &user).replace("{kind}", "login-code").replace("{message}", "1"),
        "extensions" => path.replace("{id}", &extension).replace("{kind}", "phone-password"),
        "administrators" | "service-users" => {
            path.replace("{id}", &things.staff.to_string()).replace("{kind}", "service-password")
        }
        "old-codes" | "quarantine" => path.replace("{extension}", &extension),
        _ => return None,
    };
    Some(filled)
}

/// Enough of every form for it to be done.
fn fields<'a>(number: &'a str, ids: &'a [String; 2]) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", "Changed"),
        ("extension", number),
        ("number", number),
        ("version", "1"),
        ("how", "generate"),
        ("do", "all"),
        ("one", &ids[1]),
        ("pick", &ids[0]),
        ("whom", "picked"),
        ("what", "disable"),
        ("count", "1"),
        ("user", &ids[0]),
    ]
}

async fn ask(browser: &mut Browser, method: &Method, path: &str, form: &[(&str, &str)]) -> Answer {
    if *method == Method::GET {
        return if path.ends_with("/events") { browser.head_of(path).await } else { browser.get(path).await };
    }
    let token = browser.get("/manager/preferences").await.token();
    browser.post(path, &token, form).await
}

/// Rows that nothing of a domain can be put into: they are about the installation, or about who asks alone.
fn is_of_nobody(path: &str) -> bool {
    [
        "/manager/jobs/{id}",
        "/manager/preferences/tokens/{id}",
        "/status/live/{tab}",
        "/status/blacklists/{slug}",
        // Nobody calls here; see calls_are_watched.rs.
        "/status/calls/{id}/end",
    ]
    .iter()
    .any(|start| path.starts_with(start))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_and_changes_what_is_of_the_own_domain_and_nothing_of_another() {
    let houses = Houses::furnished().await;
    let mut phone = houses.house.phone(STRANGERS_NUMBER, "730194").await;
    phone.register(3600).await;
    let mut olga = houses.olga().await;
    let before = houses.everything_else();
    let ids = |things: &Things| [things.user.to_string(), things.alone.to_string()];
    let mut met = BTreeMap::new();
    // What deletes comes last: the rest would find nothing.
    let mut rows = routes::table();
    rows.sort_by_key(|(method, path, _)| *method == Method::POST && path.ends_with("/delete"));
    for (method, path, access) in rows {
        let is_left_out = matches!(path, "/manager/logout" | "/manager/password") || access.is_of_portal();
        if is_left_out || access == Access::Anyone {
            continue;
        }
        let is_of_domains = access.right(true).is_none_or(|right| right.row().is_of_domains);
        for (things, is_own) in [(&houses.theirs, false), (&houses.own, true)] {
            let ids = ids(things);
            let number = if is_own { "300" } else { "399" };
            let path = match address(path, things) {
                Some(path) => path,
                None if is_of_nobody(path) || !is_of_domains => path
                    .replace("{id}", "1")
                    .replace("{seq}", "1")
                    .replace("{kind}", "webhook")
                    .replace("{part}", "sessions")
                    .replace("{slug}", "addresses")
                    .replace("{tab}", "phones"),
                None => panic!("{method} {path} has no row in this test"),
            };
            let answer = ask(&mut olga, &method, &path, &fields(number, &ids)).await;
            let where_ = format!("{method} {path}: {} {}", answer.status, answer.header("location"));
            assert!(answer.status < 500, "{where_}");
            assert!(!answer.body.contains(STRANGER) && !answer.body.contains(STRANGERS_NUMBER), "{where_}");
            assert_eq!(answer.status == 403, !is_of_domains, "{where_}");
            let names_one = things.are_named_in(&path);
            if is_of_domains && names_one {
                assert_eq!(answer.status == 404, !is_own, "{where_}");
                *met.entry(is_own).or_insert(0) += 1;
            }
            assert_eq!(houses.everything_else(), before, "{where_}");
        }
    }
    assert!(met[&false] >= 13 && met[&true] >= 13, "{met:?}");
    // What they did at home was done.
    let bea = houses.house.system.ledger.account(houses.own.user);
    assert!(bea.is_none(), "the last row about a user deletes them");
    assert_eq!(
        houses.house.system.ledger.registration(houses.theirs.line).map(|it| it.bindings.len()),
        Some(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_tells_and_changes_what_is_of_the_own_domain_and_nothing_of_another() {
    let houses = Houses::furnished().await;
    let mut administrator = Program::at(houses.house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let olga = houses.olgas_program().await;
    let before = houses.everything_else();
    let all = json!({
        "name": "Changed", "full_name": "", "extension": null, "expires_at": null, "number": "300", "all": true,
        "generate": true,
        "is_on": true, "trusts_own_extension": true, "trusted": [], "must_log_in": false, "idle_seconds": 60, "guest_hours": 1,
        "may_be_guest": false,
    });
    // Each operation gets what it knows of this, by its description.
    let description: Value = administrator.get("/openapi.json").await.json();
    let mut met = BTreeMap::new();
    let mut rows = table();
    rows.sort_by_key(|(method, path, _)| (*method == Method::DELETE, Reverse(path.len())));
    for (method, path, access) in rows {
        if path == "/session" || path.starts_with("/own") || access == door::Access::Anyone {
            continue;
        }
        let is_of_domains = access.right(true).is_none_or(|right| right.row().is_of_domains);
        for (things, is_own) in [(&houses.theirs, false), (&houses.own, true)] {
            let path = address(path, things).unwrap_or_else(|| {
                path.replace("{id}", "1")
                    .replace("{number}", "1")
                    .replace("{session}", &"x".repeat(43))
                    .replace("{name}", "modern")
            });
            let known = known(&description, method.as_str(), &path, &all);
            let answer = olga.ask(method.as_str(), &path, &[("If-Match", "*")], known.as_ref()).await;
            let where_ = format!("{method} {path}: {answer:?}");
            assert!(answer.status < 500, "{where_}");
            assert!(!answer.body.contains(STRANGER) && !answer.body.contains(STRANGERS_NUMBER), "{where_}");
            assert_eq!(answer.status == 403, !is_of_domains, "{where_}");
            let names_one = things.are_named_in(&path);
            if is_of_domains && names_one {
                assert_eq!(answer.status == 404, !is_own, "{where_}");
                *met.entry(is_own).or_insert(0) += 1;
            }
            assert_eq!(houses.everything_else(), before, "{where_}");
        }
    }
    assert!(met[&false] >= 14 && met[&true] >= 14, "{met:?}");
}

/// What an operation takes of these fields.
fn known(description: &Value, method: &str, path: &str, all: &Value) -> Option<Value> {
    let shape: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == shape.len()
            && parts.iter().zip(&shape).all(|(part, is)| part.starts_with('{') || part == is)
    };
    let (_, operations) = description["paths"].as_object()?.iter().find(|(template, _)| fits(template))?;
    let body = &operations[method.to_lowercase()]["requestBody"]["content"]["application/json"]["schema"];
    let name = body["$ref"].as_str()?.rsplit('/').next()?.to_owned();
    let properties = description["components"]["schemas"][&name]["properties"].as_object()?.clone();
    let fields = all.as_object()?.iter().filter(|(field, _)| properties.contains_key(*field));
    Some(Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_says_whose_names_are_meant() {
    let houses = Houses::furnished().await;
    let server = houses.house.https();
    // Nobody of the first domain is called olga, and nobody of the second Administrator: alike in words.
    let mut here = Browser::at(server);
    let wrong = here.sign_in("olga", PASSWORD).await;
    assert_eq!(wrong.status, 401);
    let mut there = Browser::at(server).asking_for(HOST);
    assert_eq!(there.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 401);
    let mut olga = Browser::at(server).asking_for("SECOND.example:8443");
    assert_eq!(olga.sign_in("olga", PASSWORD).await.status, 303);
    // The session is theirs by whatever name they ask, and reaches no further.
    let mut elsewhere = olga.clone().asking_for("first.example");
    let list = elsewhere.get("/manager/users").await;
    assert!(list.body.contains("Bea") && !list.body.contains(STRANGER), "{}", list.body);
    let mut program = Program::at(server);
    assert_eq!(program.sign_in("olga", PASSWORD).await.status, 401);
    assert_eq!(houses.olgas_program().await.get("/users").await.json()["total"], json!(1));
    // Their own password is asked for, and changed, where they are.
    let page = olga.get("/manager/preferences").await;
    assert!(page.body.contains("olga"), "{}", page.body);
    let program = houses.olgas_program().await;
    let new = json!({"present": PASSWORD, "new": "nine bees flew over a lake"});
    assert_eq!(program.post("/own/password", &new).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_the_installation_makes_a_domain_and_somebody_for_it_by_the_pages() {
    let house = House::start().await.ignited().await;
    let mut administrator = Browser::at(house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    // While there is one, nobody is asked which.
    let alone = administrator.get("/manager/users/new").await;
    assert!(!alone.body.contains("name=\"domain\""), "{}", alone.body);
    assert!(!administrator.get("/manager/settings/system").await.body.contains("Domains"));
    let phones = administrator.get("/manager/settings/domain").await;
    assert!(phones.body.contains("Serve another organisation"), "{}", phones.body);
    let form = "/manager/domains/new";
    let wrong = administrator.fill(form, form, &[("sip_domain", "no host!"), ("realm", "\"")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("is no host name") && wrong.body.contains("without quotes"),
        "{}",
        wrong.body
    );
    let none = administrator.fill(form, form, &[("sip_domain", ""), ("realm", "")]).await;
    assert!(none.status == 422 && none.body.contains("It needs a host name"), "{}", none.body);
    let made = administrator.fill(form, form, &[("sip_domain", "Second.Example")]).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let page = made.header("location").to_owned();
    let taken = administrator.fill(form, form, &[("sip_domain", "second.example")]).await;
    assert!(taken.status == 422 && taken.body.contains("Another domain has the host name"), "{}", taken.body);
    let shown = administrator.get(&page).await;
    assert!(shown.body.contains("second.example") && shown.body.contains("Users: 0"), "{}", shown.body);
    let id = page.rsplit('/').next().expect("a number");
    let new = format!("/manager/administrators/new?domain={id}");
    let asked = administrator.get(&new).await;
    assert!(asked.body.contains(&format!("<option value=\"{id}\" selected>")), "{}", asked.body);
    let form = "/manager/administrators/new";
    let who = [
        ("domain", id),
        ("name", "olga"),
        ("password_how", "type"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    assert_eq!(administrator.post(form, &asked.token(), &who).await.status, 303);
    let list = administrator.get("/manager/settings/administrators").await;
    assert!(list.body.contains("olga") && list.body.contains("second.example"), "{}", list.body);
    let user = [("domain", id), ("name", "Bea"), ("extension", "201")];
    assert_eq!(administrator.fill("/manager/users/new", "/manager/users/new", &user).await.status, 303);
    for (query, is_there) in [("", true), (&*format!("?domain={id}"), true), ("?domain=1", false)] {
        let list = administrator.get(&format!("/manager/users{query}")).await;
        assert_eq!(list.body.contains("Bea"), is_there, "{query}");
    }
    // It stays as long as somebody is in it.
    let delete = format!("{page}/delete");
    let refused = administrator.fill(&delete, &delete, &[]).await;
    assert!(refused.body.contains("still has users") || refused.status == 403, "{refused:?}");
    let program = {
        let mut program = Program::at(house.https());
        program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        program
    };
    let of = |answer: &Answer| answer.json()["items"].clone();
    let users = program.get(&format!("/users?domain={id}")).await;
    let bea = of(&users)[0]["id"].clone();
    assert_eq!(program.delete(&format!("/users/{bea}?with_extension=true"), "*").await.status, 204);
    assert_eq!(program.delete(&format!("/domains/{id}"), "*").await.status, 403, "olga is left");
    let staff = of(&program.get("/service-users").await);
    let olga = staff.as_array().expect("a list").iter().find(|one| one["name"] == "olga").expect("olga");
    assert_eq!(olga["domain"].to_string(), id);
    assert_eq!(program.delete(&format!("/service-users/{}", olga["id"]), "*").await.status, 204);
    assert_eq!(administrator.fill(&delete, &delete, &[]).await.status, 303);
    assert_eq!(program.delete("/domains/1", "*").await.status, 403, "the first stays");
    // Its number is never another's.
    let again = program.post("/domains", &json!({"hosts": ["third.example"]})).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_ne!(again.json()["domain"]["id"].to_string(), id);
    let house = house.restarted().await;
    assert_eq!(house.system.ledger.domains().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_of_one_number_in_two_domains_are_told_apart_by_the_host_that_they_ask_for() {
    let houses = Houses::furnished().await;
    let house = &houses.house;
    let console = By::console();
    let theirs = NewExtension {
        number: "201".into(),
        phone_password: SecretChoice::Set(Secret::new("a door phone of 7")),
    };
    let made = house
        .system
        .administer(&console, move |admin, dice| admin.create_extension(DomainId::FIRST, &theirs, dice));
    let first = made.await.expect("made").value;
    let count = |id| house.system.ledger.registration(id).map_or(0, |found| found.bindings.len());
    // Bea's code opens her 201, and is one more wrong guess at the other.
    let mut bea = house.phone("201", "730194").await;
    bea.host = HOST.into();
    assert_eq!(bea.register(3600).await.status, 200);
    assert_eq!((count(houses.own.line), count(first)), (1, 0));
    let mut lost = house.phone("201", "730194").await;
    assert_eq!(lost.register(3600).await.status, 403);
    let mut door = house.phone("201", "a door phone of 7").await;
    door.host = "unknown.example".into();
    assert_eq!(door.register(3600).await.status, 200);
    assert_eq!((count(houses.own.line), count(first)), (1, 1));
    // A lock of one is none of the other.
    for guess in ["1", "2", "3", "4", "5"] {
        let mut stranger = house.phone_at("127.0.0.9", "201", guess).await;
        stranger.host = HOST.into();
        stranger.register(3600).await;
    }
    let locks = house.system.ledger.locks(house.system.clock.now());
    let second = house.system.ledger.account(houses.own.user).expect("Bea").domain;
    assert!(locks.iter().any(|(key, _)| key.domain == second && key.name.as_str() == "201"), "{locks:?}");
    assert!(!locks.iter().any(|(key, _)| key.is_within(DomainId::FIRST)), "{locks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_refuses_what_was_typed_shows_no_more_than_the_one_they_may_see() {
    let houses = Houses::furnished().await;
    let mut olga = houses.olga().await;
    for (id, kind, shown) in [
        (format!("users/{}", houses.own.user), "login-code", true),
        (format!("administrators/{}", houses.own.staff), "service-password", false),
    ] {
        let token = olga.get("/manager/preferences").await.token();
        let unequal = [("do", "set"), ("secret", "one thing"), ("secret_again", "another")];
        let answer = olga.post(&format!("/manager/{id}/secrets/{kind}"), &token, &unequal).await;
        assert_eq!(answer.status, if shown { 422 } else { 303 }, "{id} {}", answer.body);
        assert!(!answer.body.contains("Omnipotents"), "the groups are the installation's");
    }
    let told = olga.get("/manager").await;
    assert!(told.body.contains("Nothing was set"), "{}", told.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_others_and_what_never_was_are_told_in_the_same_words() {
    let houses = Houses::furnished().await;
    let mut administrator = Program::at(houses.house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let made = administrator.post("/own/tokens", &json!({"name": "theirs", "scopes": ["users-read"]})).await;
    let token = made.json()["token"]["id"].as_str().expect("a token").to_owned();
    for guess in ["1", "2", "3", "4", "5"] {
        houses.house.phone_at("127.0.0.9", STRANGERS_NUMBER, guess).await.register(3600).await;
    }
    server::alarms::look(&houses.house.system);
    let alarms = administrator.get("/alarms").await;
    let alarm = alarms.json()["items"][0]["id"].to_string();
    let olga = houses.olgas_program().await;
    let same = |theirs: Answer, nobodys: Answer| {
        assert_eq!((theirs.status, &theirs.body), (404, &nobodys.body));
        assert_eq!(nobodys.status, 404);
    };
    let seen = |id: &str| format!("/alarms/{id}/acknowledge");
    same(olga.post(&seen(&alarm), &json!({})).await, olga.post(&seen("999999"), &json!({})).await);
    for tag in ["*", "\"9.x\""] {
        let delete = |id: &str| format!("/tokens/{id}");
        same(olga.delete(&delete(&token), tag).await, olga.delete(&delete("00000000"), tag).await);
    }
    let user = |id: u32| format!("/users/{id}");
    same(olga.get(&user(houses.theirs.user.0)).await, olga.get(&user(999_999)).await);
    let change = json!({"name": "x", "full_name": "", "extension": null, "expires_at": null});
    same(
        olga.put(&user(houses.theirs.user.0), "\"9.x\"", &change).await,
        olga.put(&user(999_999), "\"9.x\"", &change).await,
    );
    assert_eq!(administrator.get(&format!("/alarms/{alarm}")).await.json()["acknowledged"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_edited_offline_and_in_a_file_that_holds_nothing_of_others() {
    let houses = Houses::furnished().await;
    let mut olga = Browser::at(houses.house.https()).asking_for(HOST);
    let fields = [("name", "olga"), ("password", PASSWORD), ("offline", "yes")];
    assert_eq!(olga.fill("/manager/login", "/manager/login", &fields).await.status, 303);
    let path = format!("/manager/users/{}", houses.own.user);
    assert_eq!(rename(&mut olga, &path, "Bea Jones").await.status, 303);
    let passphrase = "four rather odd words";
    let keys = [("passphrase", passphrase), ("passphrase_again", passphrase)];
    let file = olga.fill("/manager/draft", "/manager/draft/export", &keys).await;
    assert_eq!(file.status, 200, "{}", file.body);
    for others in [STRANGER, STRANGERS_NUMBER, "Administrator"] {
        assert!(!file.body.contains(others), "{others}: {}", file.body);
    }
    // The same pages in a file's editor, and no more of it.
    let folder = tempfile::tempdir().expect("a folder");
    let draft = folder.path().join("second.draft");
    std::fs::write(&draft, &file.body).expect("written");
    let (read, keys) = DraftFile::read(file.body.as_bytes(), &Secret::new(passphrase)).expect("read");
    let listen = ([127, 0, 0, 1], 0).into();
    let editor = RunningEditor::start(&draft, read, keys, listen, &folder.path().join("workshop")).await;
    let editor = editor.expect("started");
    let (at, way_in) =
        editor.address.strip_prefix("https://").and_then(|at| at.split_once('/')).expect("a way in");
    let mut elsewhere = Browser::at(at.parse().expect("an address"));
    assert_eq!(elsewhere.get(&format!("/{way_in}")).await.status, 303);
    let list = elsewhere.get("/manager/users").await;
    assert!(list.body.contains("Bea Jones") && !list.body.contains(STRANGER), "{list:?}");
    assert_eq!(rename(&mut elsewhere, &path, "Bea Baker").await.status, 303);
    let new = [("name", "Cleo"), ("extension", "301")];
    assert_eq!(elsewhere.fill("/manager/users/new", "/manager/users/new", &new).await.status, 303);
    editor.stop().await;
    let bytes = std::fs::read_to_string(&draft).expect("read");
    let page = olga.get("/manager/draft").await;
    let back = olga.post_file("/manager/draft/import", &page, &bytes, passphrase).await;
    assert_eq!(back.status, 303, "{}", back.body);
    let before = houses.everything_else();
    assert_eq!(apply(&mut olga, &[]).await.status, 303);
    assert_eq!(houses.everything_else(), before);
    let ledger = &houses.house.system.ledger;
    let bea = ledger.account(houses.own.user).expect("Bea");
    assert_eq!(bea.full_name, "Bea Baker");
    let cleo = ledger.account_named(RoleKind::User, bea.domain, &FoldedName::of("Cleo")).expect("Cleo");
    assert_eq!(cleo.domain, bea.domain);
}
