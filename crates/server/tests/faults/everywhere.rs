//! The round through every place.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use server::{
    config::Loaded,
    local::{
        link::Link,
        protocol::{Choice, NewUserAnswers, Request, SecretText},
    },
    serve::Running,
};
use signin::{
    admin::By,
    audit::AuditEvent,
    credential::CredentialKind,
    ident::DomainId,
    interface::CountScope,
    lockout::{Tally, TallyKey},
    records::Records as _,
    secret::Secret,
};
use store::fault::{self, Kind};

use crate::{
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House, run},
    phone::Phone,
};

const CODE: &str = "472839";
/// How long an answer is waited for that may never come. What was granted shows in the bindings too.
const PATIENCE: Duration = Duration::from_millis(400);
/// A fault here breaks attempts that must count as failed all the same, and how many of the two: the short way is closed once
/// the first has broken there.
const COUNTED: [(&str, u16); 5] = [
    ("attempt.short", 1),
    ("attempt.known", 2),
    ("flow.check", 2),
    ("flow.settle", 2),
    ("attempt.settle", 2),
];

/// Every place that the sources name.
fn places() -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![crates.join("server/src"), crates.join("store/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("store/src/fault.rs") {
                let text = fs::read_to_string(&path).unwrap();
                for call in ["fault::at(\"", "fault::fails(\""] {
                    let names = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                    for name in names {
                        assert!(places.insert(name.to_owned()), "{name} is the name of two places");
                    }
                }
            }
        }
    }
    places
}

/// What was tried under a fault, and what came of it.
#[derive(Debug, Default)]
struct Came {
    attempts: u32,
    wrong_granted: Vec<String>,
    right_granted_over_a_fault: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wherever_something_breaks_nobody_is_let_in_and_once_it_is_mended_everybody_is() {
    quieten();
    let places = places();
    assert!(places.len() > 20, "{places:?}");
    let mut house = House::start().await.ignited().await.with_user("Ann", "201", CODE).await;
    let mut came = Came::default();
    for place in &places {
        for kind in [Kind::Panic, Kind::Error] {
            let before = fault::hits(place);
            let at = format!("{kind:?} at {place}");
            if place.starts_with("load.") || place.starts_with("system.") {
                let is_refused;
                (house, is_refused) = restarted_over_a_fault(house, place, kind).await;
                let can_fail = kind == Kind::Panic || place == "load.rows";
                assert_eq!(is_refused, can_fail, "{at}");
            } else {
                try_everything(&house, place, kind, &mut came).await;
                // What waits is written while something is out of order, too; whether that succeeds is not asked here.
                drop(house.system.ledger.flush().await);
                fault::clear();
                // A writer that ended in a panic writes no more: the service starts anew.
                if kind == Kind::Panic && (place.starts_with("writer.") || place.starts_with("sqlite.")) {
                    house = house.restarted().await;
                }
            }
            assert!(fault::hits(place) > before, "{at}: nothing came by there");
            all_is_well(&house, &at).await;
        }
    }
    println!("fault_places {}\nfault_attempts {}", places.len(), came.attempts);
    println!("fault_grants {}", came.wrong_granted.len() + came.right_granted_over_a_fault.len());
    assert!(came.wrong_granted.is_empty() && came.right_granted_over_a_fault.is_empty(), "{came:?}");
    house.stop().await;
}

/// Stops the system in order, starts it while something is out of order, and then again with all in order; beside it,
/// whether the start in between was refused.
async fn restarted_over_a_fault(mut house: House, place: &str, kind: Kind) -> (House, bool) {
    house.running.take().expect("running").stop().await;
    fault::choose(place, kind);
    let started = Running::start(Loaded::from(house.config.clone()), house.clock.clone()).await;
    fault::clear();
    let is_refused = started.is_err();
    if let Ok(running) = started {
        running.stop().await;
    }
    let running = run(&house.config, &house.clock).await;
    house.system = Arc::clone(&running.system);
    house.running = Some(running);
    (house, is_refused)
}

/// Wrong and right, over SIP, on the pages and by command, while something is out of order.
async fn try_everything(house: &House, place: &str, kind: Kind, came: &mut Came) {
    house.pass(3600);
    let at = format!("{kind:?} at {place}");
    // Known here today, whatever day it is: so that it may go the short way.
    let mut phone = house.phone("201", CODE).await;
    assert_eq!(phone.register(600).await.status, 200, "{at}");
    assert_eq!(phone.refresh(Some(0)).await.status, 200, "{at}");
    let (mut wrong, mut right) = (house.phone("201", "472838").await, house.phone("201", CODE).await);
    wrong.challenge(Some(600)).await;
    right.challenge(Some(600)).await;
    let mut inside = Browser::at(house.https());
    assert_eq!(inside.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303, "{at}");
    let mut pages = [Browser::at(house.https()), Browser::at(house.https())];
    let tokens = [pages[0].get("/manager/login").await.token(), pages[1].get("/manager/login").await.token()];
    fault::choose(place, kind);

    for (way, is_granted) in [
        ("phone", answered(&mut wrong).await == Some(200) || !house.bindings("201").is_empty()),
        ("sign-in", is_in(&mut pages[0], &tokens[0], "not the password at all").await),
        ("page", is_page(&mut Browser::at(house.https()), "/manager").await),
    ] {
        came.attempts += 1;
        came.wrong_granted.extend(is_granted.then(|| format!("{at}: {way}")));
    }

    // Whoever is right may be let in where the fault is not on the way, or is none: where nothing can go wrong but by a
    // panic, an error does nothing.
    let is_broken = kind == Kind::Panic || CAN_FAIL.contains(&place);
    let is_disk = place.starts_with("writer.") || place.starts_with("sqlite.");
    for way in ["phone", "sign-in", "page", "command"] {
        let before = fault::hits(place);
        let (is_granted, may_be_late) = match way {
            // It was right, so that its binding may stand already; what it is told counts.
            "phone" => (answered(&mut right).await == Some(200), is_disk),
            "sign-in" => {
                (is_in(&mut pages[1], &tokens[1], ADMINISTRATOR_PASSWORD).await, place == "writer.flush")
            }
            "page" => (is_page(&mut inside, "/manager").await, is_disk),
            _ => (command(house, "Late").await, place == "writer.flush"),
        };
        came.attempts += 1;
        let is_over = is_granted && is_broken && !may_be_late && fault::hits(place) > before;
        came.right_granted_over_a_fault.extend(is_over.then(|| format!("{at}: {way}")));
    }
    let least = COUNTED.iter().find(|(counted, _)| *counted == place).map(|(_, least)| *least);
    if let Some(least) = least.filter(|_| kind == Kind::Panic) {
        let failures =
            tallies(house, CountScope::Extension, "201").iter().map(|tally| tally.failures).sum::<u16>();
        assert!(failures >= least, "{at}: not counted");
    }
}

/// The places where an error is possible that is no panic.
const CAN_FAIL: [&str; 6] =
    ["flow.admit", "flow.begin", "hashing.turn", "sqlite.write", "sqlite.commit", "load.rows"];

/// Nothing is left of what broke.
async fn all_is_well(house: &House, at: &str) {
    house.pass(3600);
    for (scope, name) in [
        (CountScope::Extension, "201"),
        (CountScope::Address, "127.0.0.1"),
        (CountScope::Credential(CredentialKind::ServicePassword), "Administrator"),
    ] {
        let is_checked = tallies(house, scope, name).iter().any(|tally| tally.in_flight > 0);
        assert!(!is_checked, "{at}: {name} is still being checked");
    }
    let extension = house.extension("201");
    let logged_out =
        house.system.administer(&By::console(), move |admin, _| admin.log_out_phones(extension, None)).await;
    // There may be no phone to log out.
    drop(logged_out);
    assert!(house.bindings("201").is_empty(), "{at}");
    let mut phone = house.phone("201", CODE).await;
    assert_eq!(phone.register(600).await.status, 200, "{at}");
    assert_eq!(phone.refresh(Some(0)).await.status, 200, "{at}");
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303, "{at}");
    assert!(is_page(&mut browser, "/manager").await, "{at}");
    assert!(command(house, "Bea").await, "{at}");
    let gone = link(house).await.ask(&delete("Bea"), |_| {}).await;
    assert!(gone.is_ok(), "{at}: {gone:?}");
    // It may or may not have been made: what matters is that nobody was told that it was, and it was not.
    drop(link(house).await.ask(&delete("Late"), |_| {}).await);
    assert!(house.audit().await.len() > 1, "{at}");
}

/// The counts of a name: that of everybody, and those of where it is known.
fn tallies(house: &House, scope: CountScope, name: &str) -> Vec<Tally> {
    let name = signin::ident::FoldedName::of(&AuditEvent::text(name));
    let open = TallyKey::open(scope, DomainId::FIRST, name);
    let ledger = &house.system.ledger;
    std::iter::once(&open).chain(&ledger.lanes_of(&open)).map(|key| ledger.tally(key)).collect()
}

/// What the phone's answer to its challenge is answered with, if anything.
async fn answered(phone: &mut Phone) -> Option<u16> {
    let authorization = phone.authorization();
    let request = phone.request(Some(600), &authorization);
    phone.send(request.as_bytes()).await;
    phone.hear(PATIENCE).await.map(|answer| answer.status)
}

/// Posts the sign-in form; whether that opened a session.
async fn is_in(browser: &mut Browser, token: &str, password: &str) -> bool {
    let (mut asking, token, password) = (browser.clone(), token.to_owned(), password.to_owned());
    let answer = perhaps(async move {
        let fields = [("name", "Administrator"), ("password", password.as_str())];
        let answer = asking.post("/manager/login", &token, &fields).await;
        (asking, answer)
    });
    let Some((mut after, answer)) = answer.await else { return false };
    let is_sent_on = answer.status == 303 && answer.header("location") == "/manager";
    is_sent_on || is_page(&mut after, "/manager").await
}

/// Whether a page that is for those who are signed in is shown.
async fn is_page(browser: &mut Browser, path: &'static str) -> bool {
    let mut asking = browser.clone();
    let answer: Option<Answer> = perhaps(async move { asking.get(path).await }).await;
    answer.is_some_and(|answer| answer.status == 200)
}

/// What comes of it; nothing where the connection broke.
async fn perhaps<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    tokio::spawn(work).await.ok()
}

async fn link(house: &House) -> Link {
    Link::to_server(house.folder()).await.unwrap().expect("a server")
}

fn delete(name: &str) -> Request {
    Request::DeleteUser { name: name.into(), with_extension: false }
}

/// Adds a user; whether the server says that it is done. If it says so, there is one.
async fn command(house: &House, name: &str) -> bool {
    let request = Request::AddUser(NewUserAnswers {
        name: name.into(),
        full_name: String::new(),
        extension: String::new(),
        login_code: Choice::Set(SecretText(Secret::new(CODE))),
        user_password: Choice::Keep,
        phone_password: Choice::Keep,
    });
    let is_done = link(house).await.ask(&request, |_| {}).await.is_ok();
    let name = signin::ident::FoldedName::of(name);
    let kind = signin::account::RoleKind::User;
    let is_there = house.system.ledger.account_named(kind, DomainId::FIRST, &name).is_some();
    assert!(is_there || !is_done, "said to be done, and was not");
    is_done
}

/// Panics that are wanted are not shown, nor those of the browser whose connection broke.
fn quieten() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if !text.contains("a fault was wanted") && !text.contains("a head and a body") {
            told(panic);
        }
    }));
}
