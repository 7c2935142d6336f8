//! A lock cannot be aimed, and a stale phone is no attacker: with real phones over UDP and real pages.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use signin::{
    admin::SecretChoice,
    credential::{CredentialKind, Owner},
    records::Records as _,
    secret::Secret,
};
use tokio::task::JoinSet;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

const CODE: &str = "472839";

async fn set_code(house: &House, number: &str, code: &str) {
    let extension = house.system.ledger.extension(house.extension(number)).expect("an extension");
    let owner = Owner::Account(extension.user.expect("a user"));
    let choice = SecretChoice::Set(Secret::new(code));
    let set = move |admin: &signin::admin::Admin<'_>, dice: &mut dyn signin::dice::Dice| {
        admin.set_secret(owner, CredentialKind::LoginCode, &choice, false, dice)
    };
    house.system.administer(&signin::admin::By::console(), set).await.expect("set");
}

/// Guesses at one extension from two addresses until it is told to stop; how often it was refused under a lock.
fn attack(house: &House, guessers: &mut JoinSet<()>, is_over: &Arc<AtomicBool>, locked: &Arc<AtomicU32>) {
    for ip in ["127.0.0.2", "127.0.0.3"] {
        let (server, is_over, locked) = (house.sip_udp(), Arc::clone(is_over), Arc::clone(locked));
        guessers.spawn(async move {
            let transport = signin::registration::Transport::Udp;
            let mut phone = crate::phone::Phone::connect(transport, ip, server, "201", "").await;
            for guess in 0..u32::MAX {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                phone.code = format!("{guess}");
                let status = phone.register(600).await.status;
                assert_ne!(status, 200);
                locked.fetch_add(u32::from(status == 503), Ordering::Relaxed);
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_registered_phone_goes_on_while_its_extension_is_attacked_from_elsewhere() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", CODE).await;
    let mut phone = house.phone("201", CODE).await;
    assert_eq!(phone.register(600).await.status, 200);
    let (is_over, locked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut guessers = JoinSet::new();
    attack(&house, &mut guessers, &is_over, &locked);
    for round in 0..200 {
        // Each with a new nonce, each other one from a new port, and all the while time goes by.
        if round % 2 == 0 {
            phone = house.phone("201", CODE).await;
        }
        assert_eq!(phone.register(600).await.status, 200, "round {round}");
        house.pass(9);
    }
    is_over.store(true, Ordering::Relaxed);
    guessers.join_all().await;
    assert!(locked.load(Ordering::Relaxed) > 0);
    for _ in 0..5 {
        house.phone_at("127.0.0.9", "201", "0").await.register(600).await;
    }
    assert_eq!(house.phone_at("127.0.0.8", "201", CODE).await.register(600).await.status, 503);
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_known_browser_signs_in_while_its_account_and_its_address_are_locked() {
    let house = House::start().await.ignited().await;
    let mut known = Browser::at(house.https());
    assert_eq!(known.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    for round in 0..12 {
        let wrong = format!("a wrong password {round}");
        Browser::at(house.https()).sign_in("Administrator", &wrong).await;
        Browser::at(house.https()).sign_in(&format!("nobody{round}"), &wrong).await;
        let again = known.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
        assert_eq!(again.status, 303, "round {round}");
    }
    let stranger = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(stranger.status, 429);
    let page = known.get("/status/blacklists").await.body;
    assert!(page.contains("keep working") && page.contains("127.0.0.1"), "{page}");
    // What is guessed in the known browser locks that one alone.
    for round in 0..3 {
        known.sign_in("Administrator", &format!("another wrong one {round}")).await;
    }
    assert_eq!(known.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 429);
    house.pass(60);
    let house = house.restarted().await;
    let mut known = known.moved_to(house.https());
    for round in 0..3 {
        Browser::at(house.https()).sign_in("Administrator", &format!("a third {round}")).await;
    }
    let stranger = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(stranger.status, 429);
    let known = known.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(known.status, 303, "known after a restart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stale_phone_blocks_nobody_and_is_named_on_the_status_page() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", CODE).await;
    let house = house.with_user("Bob", "202", "730194").await;
    set_code(&house, "201", "591753").await;
    let mut stale = house.phone("201", CODE).await;
    let mut statuses = Vec::new();
    for round in 0..60 {
        statuses.push(stale.register(600).await.status);
        if round % 6 == 0 {
            assert_eq!(house.phone("201", "591753").await.register(600).await.status, 200);
            assert_eq!(house.phone("202", "730194").await.register(600).await.status, 200);
        }
        house.pass(45);
    }
    assert_eq!(statuses[..5], [403, 403, 403, 403, 503]);
    assert!(statuses.iter().all(|status| [403, 503].contains(status)));
    assert_eq!(house.system.ledger.locks(house.system.clock.now()), []);
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = browser.get("/status/old-codes").await.body;
    for words in ["201", "Test Phone 1.0", "127.0.0.1", ">60<"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let told = house.audit().await;
    let rows = told.iter().filter(|row| row.contains("An old secret, replaced since")).count();
    assert_eq!(rows, 1, "and no more before an hour is over: {told:?}");
    let one = house.extension("201").to_string();
    let form = [("one", one.as_str())];
    let done = browser.fill("/status/old-codes", "/status/old-codes", &form).await;
    assert_eq!(done.status, 303);
    assert!(browser.get("/status/old-codes").await.body.contains("No phone has an old code"));
    stale.register(600).await;
    let told = house.audit().await;
    assert!(told.iter().any(|row| row.contains("201 (Wrong secret)")), "{told:?}");
}
