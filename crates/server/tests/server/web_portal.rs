//! The user portal in the browser: who gets in, what they see and change, in which words, and what their domain's rules keep
//! from them.

use http::Method;
use server::web::routes::{self, Access};
use signin::{
    admin::{By, DeskRules, NewDomain, NewUser, SecretChoice},
    call_log::Direction,
    credential::{CredentialKind, Owner},
    ident::DomainId,
    portal::{Level, PortalPart},
    records::Records as _,
    secret::Secret,
    timestamp::Seconds,
};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
    web_user_calls::{call, leave, user},
};

const PASSWORD: &str = "eight ants went by a river";

/// Ann at 201 with a password for the portal, and Bob at 202 without one.
async fn office() -> House {
    let house = House::start().await.ignited().await;
    let house = house.with_user("Ann", "201", "472839").await.with_user("Bob", "202", "583920").await;
    house.with_password("201", PASSWORD).await
}

async fn ann(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.enter_portal("201", PASSWORD).await.header("location"), "/portal");
    browser
}

async fn rule(house: &House, part: Option<PortalPart>, level: Level) {
    let mut domain = (*house.system.ledger.domain(DomainId::FIRST).expect("a domain")).clone();
    match part {
        Some(part) => *domain.portal.set_of_mut(part) = level,
        None => domain.portal.portal = level,
    }
    house.system.administer(&By::console(), move |admin, _| admin.save_domain(&domain)).await.expect("saved");
}

async fn set(house: &House, kind: CredentialKind, secret: &str, force_new: bool) {
    let (owner, choice) = (Owner::Account(user(house, "201")), SecretChoice::Set(Secret::new(secret)));
    let by = By::console();
    let set = house
        .system
        .administer(&by, move |admin, dice| admin.set_secret(owner, kind, &choice, force_new, dice));
    set.await.expect("set");
}

fn address(path: &str) -> String {
    path.replace("{message}", "999999").replace("{kind}", "none")
}

async fn ask(browser: &mut Browser, method: &Method, path: &str) -> Answer {
    let path = address(path);
    if *method == Method::GET {
        return browser.get(&path).await;
    }
    // The token of any of their pages is that of all.
    let token = browser.get("/portal").await.token();
    browser.post(&path, &token, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_by_name_or_number_sees_what_matters_and_signs_out() {
    let house = office().await;
    let account = user(&house, "201");
    leave(&house, account, "Carla").await;
    call(&house, account, Direction::Missed, "202", None).await;
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.enter_portal("ann", PASSWORD).await.header("location"), "/portal");
    let page = browser.get("/portal").await;
    assert!(page.body.contains("This is your first sign-in."), "{}", page.body);
    for told in ["New messages", "Missed calls", "Phones connected", "Last calls"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let token = page.token();
    assert_eq!(browser.post("/portal/logout", &token, &[]).await.header("location"), "/portal/login?why=out");
    assert!(browser.get("/portal").await.header("location").starts_with("/portal/login"));
    Browser::at(house.https()).enter_portal("201", "something else").await;
    let mut again = ann(&house).await;
    let page = again.get("/portal").await;
    assert!(page.body.contains("Your last sign-in: Today, "), "{}", page.body);
    assert!(page.body.contains("from 127.0.0.1, in the user portal."), "{}", page.body);
    assert!(page.body.contains("One failed attempt since."), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_and_a_wrong_password_are_one_and_the_same() {
    let house = office().await;
    // As long as the others, since the page shows what was typed: known by name, by number, and not at all; Bob has no password.
    for names in [["Ann", "Amy", "Bob"], ["201", "299", "202"]] {
        for attempt in 1..=6 {
            let mut pages = Vec::new();
            for name in names {
                let wrong = format!("wrong wrong wrong {attempt}");
                let mut browser = Browser::at(house.https());
                let answer = browser.enter_portal(name, &wrong).await;
                let body =
                    answer.body.replace(&answer.token(), "TOKEN").replace(&format!("\"{name}\""), "NAME");
                pages.push((answer.status, body));
            }
            assert_eq!(pages[0], pages[1], "attempt {attempt}");
            assert_eq!(pages[0], pages[2], "attempt {attempt}");
            assert_eq!(pages[0].0, if attempt < 5 { 401 } else { 429 }, "attempt {attempt}");
            // The address is counted by itself.
            house
                .system
                .administer(&By::console(), |admin, _| {
                    admin.reset_locks(&signin::admin::keys_named(DomainId::FIRST, "127.0.0.1"))
                })
                .await
                .expect("reset");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_reached_by_exactly_those_whose_domain_lets_them() {
    let house = office().await;
    let mut browser = ann(&house).await;
    let table: Vec<_> = routes::table().into_iter().filter(|(.., access)| access.is_of_portal()).collect();
    assert!(table.len() > 20, "{} rows", table.len());
    for (method, path, access) in &table {
        let mut nobody = Browser::at(house.https());
        if *access != Access::PortalGate {
            let answer = nobody.send(&format!("{method} {} HTTP/1.1\r\n", address(path)), "").await;
            assert!(answer.header("location").starts_with("/portal/login"), "nobody at {method} {path}");
        }
    }
    let mut asked = 0;
    for part in PortalPart::ALL {
        for level in Level::ALL {
            rule(&house, Some(part), level).await;
            for (method, path, access) in &table {
                let Access::Portal(of, needed) = access else { continue };
                if *of != part {
                    continue;
                }
                let answer = ask(&mut browser, method, path).await;
                let where_ = format!("{part:?} {level:?} at {method} {path}: {}", answer.status);
                assert_eq!(answer.status == 403, level < *needed, "{where_}");
                assert!(answer.status < 500, "{where_}");
                asked += 1;
            }
        }
        rule(&house, Some(part), Level::Write).await;
    }
    assert!(asked > 50, "{asked}");
    // Nobody changes anything, and then nobody sees anything.
    rule(&house, None, Level::Read).await;
    for (method, path, access) in &table {
        if let Access::Portal(_, needed) = access {
            let answer = ask(&mut browser, method, path).await;
            assert_eq!(answer.status == 403, *needed == Level::Write, "{method} {path}");
        }
    }
    rule(&house, None, Level::None).await;
    for (method, path, _) in &table {
        let answer = browser.send(&format!("{method} {} HTTP/1.1\r\n", address(path)), "").await;
        assert_eq!(answer.status, 403, "{method} {path}");
        assert!(answer.body.contains("The user portal is switched off"), "{method} {path}: {}", answer.body);
    }
    let links = Browser::at(house.https()).get("/").await;
    assert!(!links.body.contains("User portal"), "{}", links.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_good_for_one_door() {
    let house = office().await;
    let mut user = ann(&house).await;
    let mut administrator = Browser::at(house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let (portal, manager) = (user.cookie("__Host-portal"), administrator.cookie("__Host-session"));
    user.put_cookie("__Host-session", &portal);
    for path in ["/manager", "/status", "/manager/users"] {
        assert!(user.get(path).await.header("location").starts_with("/manager/login"), "{path}");
    }
    administrator.put_cookie("__Host-portal", &manager);
    assert!(administrator.get("/portal").await.header("location").starts_with("/portal/login"));
    // A user signs in at no other door, and an administrator not at this one.
    assert_eq!(Browser::at(house.https()).sign_in("Ann", PASSWORD).await.status, 401);
    assert_eq!(
        Browser::at(house.https()).enter_portal("Administrator", ADMINISTRATOR_PASSWORD).await.status,
        401
    );
    assert_eq!(Program::at(house.https()).sign_in("Ann", PASSWORD).await.status, 401);
    // Both fit into one browser.
    let mut both = Browser::at(house.https());
    assert_eq!(both.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    assert_eq!(both.enter_portal("201", PASSWORD).await.status, 303);
    assert_eq!(both.get("/manager").await.status, 200);
    assert_eq!(both.get("/portal").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_is_changed_with_the_present_password_and_by_its_rules() {
    let house = office().await;
    let mut browser = ann(&house).await;
    let mut other = ann(&house).await;
    let change = |kind: &str, present: &str, new: &str, again: &str| {
        [
            (format!("{kind}-current"), present.to_owned()),
            (format!("{kind}-secret"), new.to_owned()),
            (format!("{kind}-secret_again"), again.to_owned()),
        ]
    };
    for (kind, present, new, again, says) in [
        ("voicemail-code", "wrong", "739154", "739154", "This is not your present password."),
        ("voicemail-code", PASSWORD, "739154", "739155", "The two fields are not the same."),
        ("voicemail-code", PASSWORD, "1234", "1234", "Do not use digits in a row"),
        ("voicemail-code", PASSWORD, "", "", "Use"),
        ("login-code", PASSWORD, "1111", "1111", "Do not repeat a digit"),
        ("portal-passcode", PASSWORD, "73a", "73a", "digits"),
        ("user-password", PASSWORD, "short", "short", "at least 8 characters"),
        ("user-password", PASSWORD, PASSWORD, PASSWORD, "This is the present one."),
        ("user-password", PASSWORD, "password1", "password1", "tried first"),
    ] {
        let fields = change(kind, present, new, again);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = browser.fill("/portal/secrets", &format!("/portal/secrets/{kind}"), &fields).await;
        assert_eq!(answer.status, 422, "{kind} {new}");
        assert!(answer.body.contains(says), "{kind} {new}: {}", answer.body);
        assert!(
            !answer.body.contains(PASSWORD)
                && (new.is_empty() || !answer.body.contains(&format!("\"{new}\"")))
        );
    }
    for (kind, present, new) in [
        ("voicemail-code", PASSWORD, "739154"),
        ("login-code", PASSWORD, "628043"),
        ("portal-passcode", PASSWORD, "517932"),
        ("user-password", PASSWORD, "nine bees went by a lake"),
        ("voicemail-code", "nine bees went by a lake", "739155"),
    ] {
        let fields = change(kind, present, new, new);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = browser.fill("/portal/secrets", &format!("/portal/secrets/{kind}"), &fields).await;
        assert_eq!(answer.header("location"), "/portal/secrets", "{kind}: {}", answer.body);
        let page = browser.get("/portal/secrets").await;
        assert!(page.body.contains("Saved: "), "{kind}: {}", page.body);
    }
    // The other session went with the codes that end sessions; the one that asked goes on.
    assert!(other.get("/portal").await.header("location").starts_with("/portal/login"));
    assert_eq!(house.phone("201", "628043").await.register(600).await.status, 200);
    assert_eq!(Browser::at(house.https()).enter_portal("201", "nine bees went by a lake").await.status, 303);
    let page = browser.get("/portal/secrets").await;
    assert!(page.body.contains("One phone connects with the present code"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_heard_and_deleted_by_whose_they_are() {
    let house = office().await;
    let account = user(&house, "201");
    leave(&house, account, "Carla").await;
    leave(&house, user(&house, "202"), "Dora").await;
    let mut browser = ann(&house).await;
    let page = browser.get("/portal/messages").await;
    assert!(page.body.contains("Carla") && !page.body.contains("Dora"), "{}", page.body);
    let token = page.token();
    let sound = browser.get("/portal/messages/1/sound").await;
    assert_eq!((sound.status, sound.header("content-type")), (200, "audio/wav"));
    assert!(sound.body.starts_with("RIFF"));
    let part = browser.send("GET /portal/messages/1/sound HTTP/1.1\r\nRange: bytes=0-3\r\n", "").await;
    assert_eq!((part.status, &*part.body), (206, "RIFF"));
    assert!(part.header("content-range").starts_with("bytes 0-3/"), "{:?}", part.headers);
    assert_eq!(browser.get("/portal/messages/2/sound").await.status, 404, "there is no other mailbox");
    assert_eq!(house.system.ledger.mailbox(account).new_messages(), 1, "looking changes nothing");
    assert_eq!(browser.post("/portal/messages/1/heard", &token, &[]).await.status, 303);
    assert_eq!(house.system.ledger.mailbox(account).new_messages(), 0);
    assert!(browser.get("/portal/messages/1/delete").await.body.contains("Delete this message?"));
    assert_eq!(browser.post("/portal/messages/1/delete", &token, &[]).await.status, 303);
    assert!(house.system.ledger.mailbox(account).messages.is_empty());
    browser.post("/portal/messages/1/delete", &token, &[]).await;
    assert!(browser.get("/portal/messages").await.body.contains("it was deleted meanwhile"));
    assert_eq!(house.system.ledger.mailbox(user(&house, "202")).messages.len(), 1, "Bob has his");
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_and_sessions_are_seen_and_signed_out() {
    let house = office().await;
    assert_eq!(house.phone("201", "472839").await.register(600).await.status, 200);
    let mut browser = ann(&house).await;
    let mut lost = ann(&house).await;
    let page = browser.get("/portal/phones").await;
    let token = page.token();
    let contact = page.field("contact");
    assert!(contact.contains("sip:201@"), "{}", page.body);
    assert!(page.body.contains("At your own phone, 201."), "{}", page.body);
    let session = page.field("session");
    assert!(!session.is_empty(), "{}", page.body);
    browser.post("/portal/phones/session", &token, &[("session", &session)]).await;
    assert!(lost.get("/portal").await.header("location").starts_with("/portal/login?why=ended"));
    assert_eq!(browser.get("/portal").await.status, 200);
    let contact =
        contact.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"");
    browser.post("/portal/phones/logout", &token, &[("contact", &contact)]).await;
    let registration = house.system.ledger.registration(house.extension("201"));
    assert!(registration.is_none_or(|registration| registration.bindings.is_empty()));
    assert!(browser.get("/portal/phones").await.body.contains("No phone is connected"));
    // What is another's is not there.
    let mut administrator = Browser::at(house.https());
    administrator.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let theirs = house.system.ledger.sessions_of(house.administrator())[0].id;
    let theirs = String::from(theirs);
    let answer = browser.post("/portal/phones/session", &token, &[("session", &theirs)]).await;
    assert_eq!(answer.status, 303, "as if it were over");
    assert_eq!(administrator.get("/manager").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_comes_by_the_portal_and_leaves() {
    let house = office().await;
    set(&house, CredentialKind::PortalPasscode, "517932", false).await;
    let (guest, host) = (user(&house, "201"), user(&house, "202"));
    for (account, guest_hours_max, may_be_guest) in [(guest, 0, true), (host, 4, false)] {
        let rules = DeskRules { is_forced: false, idle: Seconds(0), guest_hours_max, may_be_guest };
        let by = By::console();
        let saved = house.system.administer(&by, move |admin, _| admin.save_desk_rules(account, rules));
        saved.await.expect("saved");
    }
    let mut browser = ann(&house).await;
    let mut go = async |at: &str, passcode: &str| {
        let fields = [("at", at), ("passcode", passcode)];
        browser.fill("/portal/phones", "/portal/phones/guest", &fields).await
    };
    for (at, passcode, says) in [
        ("299", "517932", "There is no such extension."),
        ("202", "517933", "This is not your portal passcode."),
        ("201", "517932", "No guests are let in at this phone"),
    ] {
        let answer = go(at, passcode).await;
        assert_eq!(answer.status, 422, "{at} {passcode}");
        assert!(answer.body.contains(says), "{at} {passcode}: {}", answer.body);
    }
    assert_eq!(go("202", "517932").await.status, 303);
    let page = browser.get("/portal/phones").await;
    assert!(page.body.contains("As a guest at the phone of 202, until "), "{}", page.body);
    let (token, phone) = (page.token(), page.field("phone"));
    assert_eq!(browser.post("/portal/phones/leave", &token, &[("phone", &phone)]).await.status, 303);
    assert!(browser.get("/portal/phones").await.body.contains("At your own phone, 201."));
    // Four wrong passcodes, and the right one is refused for a while: the count is that of the keypads.
    for n in 0..4 {
        let fields = [("at", "202"), ("passcode", &*format!("99887{n}"))];
        browser.fill("/portal/phones", "/portal/phones/guest", &fields).await;
    }
    let fields = [("at", "202"), ("passcode", "517932")];
    let answer = browser.fill("/portal/phones", "/portal/phones/guest", &fields).await;
    assert!(answer.body.contains("Too many wrong tries."), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_clicks_a_prompt_away_and_closes_the_window_signs_in_again_and_finishes() {
    let house = office().await;
    // Once because an administrator wants it, once because the password is too old.
    for is_forced in [true, false] {
        set(&house, CredentialKind::UserPassword, "given by the help desk", is_forced).await;
        if !is_forced {
            let mut settings = (*house.system.ledger.settings()).clone();
            settings.user_ages.secret = Seconds::days(30);
            let by = By::console();
            let saved = house.system.administer(&by, move |admin, _| admin.save_settings(&settings));
            saved.await.expect("saved");
            house.pass(31 * 86_400);
        }
        for name in ["201", "Ann"] {
            // The window is closed on what was asked, three times, in browsers that remember nothing.
            for _ in 0..3 {
                let mut browser = Browser::at(house.https());
                let answer = browser.enter_portal(name, "given by the help desk").await;
                assert_eq!(answer.header("location"), "/portal/password", "{name}");
                assert_eq!(browser.get("/portal").await.header("location"), "/portal/password");
                let page = browser.get("/portal/password").await;
                assert!(page.body.contains("Your present password goes on leading here."), "{}", page.body);
                let token = page.token();
                browser.post("/portal/logout", &token, &[]).await;
            }
        }
        let mut browser = Browser::at(house.https());
        browser.enter_portal("201", "given by the help desk").await;
        let new = format!("one of my own, {is_forced}");
        for (new, again, says) in [("short", "short", "at least 8"), (&*new, "another", "not the same")] {
            let fields = [("password", new), ("password_again", again)];
            let answer = browser.fill("/portal/password", "/portal/password", &fields).await;
            assert_eq!(answer.status, 422);
            assert!(answer.body.contains(says), "{}", answer.body);
        }
        let fields = [("password", &*new), ("password_again", &*new)];
        let answer = browser.fill("/portal/password", "/portal/password", &fields).await;
        assert_eq!(answer.header("location"), "/portal", "{}", answer.body);
        assert_eq!(browser.get("/portal").await.status, 200);
        assert_eq!(Browser::at(house.https()).enter_portal("201", &new).await.header("location"), "/portal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_german_is_spoken_to_in_german() {
    let house = office().await;
    let mut browser = Browser::at(house.https()).reading("de-AT,de;q=0.9,en;q=0.5");
    let page = browser.get("/portal/login").await;
    assert!(
        page.body.contains("<html lang=\"de\"") && page.body.contains("Name oder Nebenstelle"),
        "{}",
        page.body
    );
    assert!(
        browser.enter_portal("201", "falsch").await.body.contains("Name und Passwort passen nicht zusammen")
    );
    browser.enter_portal("201", PASSWORD).await;
    assert!(browser.get("/portal").await.body.contains("Neue Nachrichten"));
    let fields = [
        ("voicemail-code-current", PASSWORD),
        ("voicemail-code-secret", "1234"),
        ("voicemail-code-secret_again", "1234"),
    ];
    let answer = browser.fill("/portal/secrets", "/portal/secrets/voicemail-code", &fields).await;
    assert!(answer.body.contains("Nehmen Sie keine Ziffern in einer Reihe"), "{}", answer.body);
    assert!(browser.get("/portal/nirgends").await.body.contains("Diese Seite gibt es nicht"));
    assert!(Browser::at(house.https()).reading("de").get("/").await.body.contains("Benutzerportal"));
    // The manager is in English alone.
    assert!(browser.get("/manager/login").await.body.contains("<html lang=\"en\""));
    // What somebody has chosen goes before what the browser asks for, in every browser.
    let chosen = [("language", "en"), ("theme", "dark")];
    let answer = browser.fill("/portal/preferences", "/portal/preferences", &chosen).await;
    assert_eq!(answer.status, 303);
    let page = browser.get("/portal").await;
    assert!(page.body.contains("New messages") && page.body.contains("data-theme=\"dark\""), "{}", page.body);
    let mut another = Browser::at(house.https()).reading("de");
    another.enter_portal("201", PASSWORD).await;
    assert!(another.get("/portal").await.body.contains("New messages"));
    // On the login page, the choice is the browser's.
    let mut stranger = Browser::at(house.https());
    let page = stranger.get("/portal/login").await;
    assert!(page.body.contains("Deutsch"), "{}", page.body);
    stranger.post("/portal/language", &page.token(), &[("language", "de")]).await;
    assert!(stranger.get("/portal/login").await.body.contains("Anmelden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_that_of_the_own_organisation_and_can_be_searched() {
    let house = office().await;
    let mut browser = ann(&house).await;
    let page = browser.get("/portal/directory").await;
    assert!(
        page.body.contains("Bob") && page.body.contains("202") && page.body.contains("2 people"),
        "{}",
        page.body
    );
    let page = browser.get("/portal/directory?q=bo").await;
    assert!(page.body.contains("Bob") && page.body.contains("One person"), "{}", page.body);
    let page = browser.get("/portal/directory?q=zz%3Cscript%3E&from=5").await;
    assert!(page.body.contains("Nobody found") && !page.body.contains("<script>zz"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_organisation_has_a_portal_of_its_own_at_its_host_name() {
    let house = office().await;
    let hosts = vec!["second.example".to_owned()];
    let new = NewDomain { hosts, realm: String::new() };
    let by = By::console();
    let made = house.system.administer(&by, move |admin, _| admin.create_domain(&new)).await;
    let second = made.expect("a domain").value;
    let user = NewUser {
        name: "Zoe".into(),
        number: "201".into(),
        user_password: SecretChoice::Set(Secret::new("nine bees went by a lake")),
        ..NewUser::default()
    };
    let made = house.system.administer(&by, move |admin, dice| admin.create_user(second, &user, dice)).await;
    made.expect("a user");
    let at = |host: &str| Browser::at(house.https()).asking_for(host);
    let mut zoe = at("second.example");
    assert_eq!(zoe.enter_portal("201", PASSWORD).await.status, 401);
    assert_eq!(zoe.enter_portal("201", "nine bees went by a lake").await.status, 303);
    assert_eq!(at("first.example").enter_portal("Zoe", "nine bees went by a lake").await.status, 401);
    let page = zoe.get("/portal/directory").await;
    assert!(page.body.contains("Zoe") && !page.body.contains("Ann") && page.body.contains("One person"));
    // A session leads nowhere else by being shown at another name.
    let mut moved = zoe.clone().asking_for("first.example");
    assert!(!moved.get("/portal/directory").await.body.contains("Ann"));
    // What one organisation closes is open in the other.
    rule(&house, None, Level::None).await;
    assert_eq!(at("first.example").get("/portal/login").await.status, 403);
    assert_eq!(zoe.get("/portal").await.status, 200);
}

/// The people's pages hold no words of their own: all of them are in the files of their languages.
#[test]
fn no_page_of_people_has_words_that_are_hard_wired() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files: Vec<_> = std::fs::read_dir(root.join("portal"))
        .expect("the folder")
        .map(|entry| entry.expect("one").path())
        .collect();
    files.extend(
        [
            "layout/portal.html",
            "layout/portal_nav.html",
            "layout/base.html",
            "layout/gate.html",
            "links.html",
            "error.html",
        ]
        .map(|file| root.join(file)),
    );
    assert!(files.len() > 15);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a template");
        for said in ["title=\"", "placeholder=\"", "alt=\"", "aria-label=\""] {
            for value in text.split(said).skip(1) {
                assert!(
                    value.starts_with('{'),
                    "{}: {said}{}",
                    file.display(),
                    value.lines().next().unwrap_or("")
                );
            }
        }
        // Without what is filled in, decided, or between angle brackets.
        let without = |text: &str, open: &str, close: &str| -> String {
            let parts = text.split(open);
            let kept = parts.enumerate().map(|(n, part)| match n {
                0 => part,
                _ => part.split_once(close).map_or("", |(_, rest)| rest),
            });
            kept.collect()
        };
        let bare = without(&without(&without(&text, "{{", "}}"), "{%", "%}"), "<", ">");
        // The name of the product, and how wide a page is.
        let words = bare.replace("Hookswitch", "").replace("gate-wide", "");
        assert!(!words.contains(char::is_alphabetic), "{}: {}", file.display(), words.trim());
    }
}
