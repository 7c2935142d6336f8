//! Sessions of browsers: what keeps one open, and what ends it.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_status_page_that_is_left_open_does_not_keep_its_session_open() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    // What somebody opens by hand does.
    for _ in 0..3 {
        house.pass(300);
        assert_eq!(browser.get("/status").await.status, 200);
    }
    house.pass(300);
    assert_eq!(browser.get("/status/live/phones").await.status, 200);
    house.pass(300);
    let answer = browser.get("/status/live/phones").await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").starts_with("/manager/login?why=idle"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_status_page_end_with_its_session_also_where_nothing_happens() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let events = tokio::spawn(async move { browser.get("/status/events").await });
    // The connection is made while the session is open.
    tokio::time::sleep(Duration::from_millis(300)).await;
    house.pass(601);
    let ended = timeout(Duration::from_secs(20), events).await.expect("ended in time");
    assert_eq!(ended.expect("read").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_that_signs_in_again_and_again_has_one_session() {
    let house = House::start().await.ignited().await;
    let mut browser = Browser::at(house.https());
    for _ in 0..6 {
        assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
        assert_eq!(browser.get("/manager").await.status, 200);
        assert_eq!(house.system.ledger.sessions().len(), 1);
    }
    assert_eq!(browser.sign_in("Administrator", "wrong wrong wrong").await.status, 401);
    assert_eq!(browser.get("/manager").await.status, 200, "a wrong password ends nothing");
}
