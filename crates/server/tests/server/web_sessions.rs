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
async fn who_wants_to_be_signed_out_sooner_is_in_that_browser_and_nowhere_else() {
    let house = House::start().await.ignited().await;
    let mut hasty = Browser::at(house.https());
    let mut calm = Browser::at(house.https());
    for browser in [&mut hasty, &mut calm] {
        browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    }
    let page = "/manager/preferences";
    for wrong in ["11", "0", "soon"] {
        let refused = hasty.fill(page, page, &[("theme", "auto"), ("idle", wrong)]).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.body.contains("1 to 10 minutes."), "{wrong}");
    }
    assert_eq!(hasty.fill(page, page, &[("theme", "auto"), ("idle", "5")]).await.status, 303);
    assert_eq!(hasty.get(page).await.field("idle"), "5");
    house.pass(299);
    assert_eq!(hasty.get("/manager").await.status, 200);
    assert_eq!(calm.get("/manager").await.status, 200);
    house.pass(301);
    let ended = hasty.get("/manager").await;
    assert!(ended.header("location").starts_with("/manager/login?why=idle"), "{ended:?}");
    assert!(hasty.get("/manager/login?why=idle").await.body.contains("5 minutes"));
    // It is over, and not just hidden by what the browser says.
    hasty.put_cookie("__Host-idle", "");
    assert_eq!(hasty.get("/manager").await.status, 303);
    assert_eq!(house.system.ledger.sessions().len(), 1);
    assert_eq!(calm.get("/manager").await.status, 200, "ten minutes for everybody else");
    assert_eq!(hasty.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    assert_eq!(house.system.ledger.sessions().len(), 2);
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
