//! Many users at once, in the browser: asked once, done as a job, stopped between two transactions.

use std::{sync::Arc, time::Duration};

use signin::{
    account::{RoleKind, Status},
    admin::{By, Changed},
    audit::{Action, Actor, Outcome, Reason},
    ident::{AccountId, DomainId, FoldedName},
    records::Records as _,
    rights::Right,
};
use store::{AccountQuery, AuditQuery};
use tokio::sync::Semaphore;

use crate::{
    access::somebody,
    browser::{Answer, Browser},
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// So many users, and an administrator who looks at them.
async fn office(users: u32) -> (House, Browser) {
    let mut house = House::start().await.ignited().await;
    for number in 0..users {
        house = house.with_user(&format!("user {number}"), &(2000 + number).to_string(), "472839").await;
    }
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    (house, browser)
}

fn id(house: &House, name: &str) -> AccountId {
    let name = FoldedName::of(name);
    house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &name).expect("a user").id
}

fn status(house: &House, name: &str) -> Status {
    let account = house.system.ledger.account(id(house, name)).expect("a user");
    house.system.ledger.status_of(&account, house.clock.now())
}

fn users(house: &House) -> Vec<AccountId> {
    house.system.ledger.account_ids(&AccountQuery { kind: Some(RoleKind::User), ..AccountQuery::default() })
}

async fn ask(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    browser.fill("/manager/users", "/manager/users/many", fields).await
}

async fn start(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    browser.fill("/manager/users", "/manager/users/many/start", fields).await
}

/// The page of a job when it has ended.
async fn ended(browser: &mut Browser, path: &str) -> Answer {
    for _ in 0..400 {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        if !page.body.contains(">Running<") && !page.body.contains(">Stopping<") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{path} does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_match_are_changed_after_one_question_and_each_is_in_the_audit() {
    let (house, mut browser) = office(120).await;
    let page = browser.get("/manager/users?q=user%201").await;
    // 1, 10 to 19, 100 to 119.
    assert!(page.body.contains("All 31 that match"));
    let asked = [("whom", "all"), ("what", "disable"), ("q", "user 1")];
    let page = ask(&mut browser, &asked).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("Disable 31 users?")
            && page.body.contains("user 1, user 10, user 100 and 28 more")
    );
    assert_eq!(status(&house, "user 1"), Status::Enabled);

    let mut confirmed = asked.to_vec();
    confirmed.push(("count", "30"));
    let again = start(&mut browser, &confirmed).await;
    assert_eq!(again.status, 409, "one more matches than was asked about");
    assert_eq!(status(&house, "user 1"), Status::Enabled);

    confirmed.pop();
    confirmed.push(("count", "31"));
    let started = start(&mut browser, &confirmed).await;
    assert_eq!((started.status, started.header("location")), (303, "/manager/jobs/1"));
    let page = ended(&mut browser, "/manager/jobs/1").await;
    assert!(page.body.contains("All 31 are done."));
    assert_eq!([status(&house, "user 119"), status(&house, "user 2")], [Status::Disabled, Status::Enabled]);
    let rows = house.system.ledger.audit(&AuditQuery { limit: 1000, ..AuditQuery::default() }).expect("rows");
    let is_ours = |actor: &Actor| matches!(actor, Actor::Account(_, name) if &**name == "Administrator");
    let changed =
        rows.iter().filter(|row| row.event.action == Action::AccountChanged && is_ours(&row.event.actor));
    assert_eq!(changed.count(), 31);
    assert!(browser.get("/manager/jobs").await.body.contains("Disable 31 users"));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_ticked_or_on_the_page_are_meant_and_nobody_where_nobody_is() {
    let (house, mut browser) = office(3).await;
    for fields in [&[("whom", "picked"), ("what", "delete")][..], &[], &[("whom", "all"), ("q", "nobody")]] {
        let answer = ask(&mut browser, fields).await;
        assert_eq!(
            (answer.status, answer.header("location").split('?').next()),
            (303, Some("/manager/users"))
        );
    }
    let (one, two) = (id(&house, "user 0").to_string(), id(&house, "user 1").to_string());
    let wrong = ask(&mut browser, &[("pick", &one), ("what", "promote")]).await;
    assert_eq!(wrong.status, 400);
    let page =
        ask(&mut browser, &[("pick", &one), ("shown", &one), ("shown", &two), ("what", "delete")]).await;
    assert!(page.body.contains("Delete 1 user?"));
    let page =
        ask(&mut browser, &[("whom", "page"), ("shown", &one), ("shown", &two), ("what", "delete")]).await;
    assert!(page.body.contains("Delete 2 users?") && page.body.contains("user 0 and user 1"));
    let fields = [("pick", &*one), ("pick", &*one), ("pick", &*two), ("what", "delete"), ("count", "2")];
    let started = start(&mut browser, &fields).await;
    assert_eq!(started.status, 303);
    ended(&mut browser, "/manager/jobs/1").await;
    assert_eq!(users(&house), [id(&house, "user 2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_changes_nobody_and_their_try_is_in_the_audit() {
    let (house, _) = office(2).await;
    let mut eve = somebody(&house, "eve", &[Right::UsersRead, Right::UsersWrite], false).await;
    assert!(!eve.get("/manager/users").await.body.contains("Reset locks"));
    let fields = [("whom", "all"), ("what", "reset-locks"), ("count", "2")];
    assert_eq!(ask(&mut eve, &fields).await.status, 403);
    assert_eq!(start(&mut eve, &fields).await.status, 403);
    house.system.ledger.flush().await.expect("flushed");
    let rows = house.system.ledger.audit(&AuditQuery { limit: 100, ..AuditQuery::default() }).expect("rows");
    let refused = rows
        .iter()
        .filter(|row| row.event.outcome == Outcome::Refused && row.event.reason == Some(Reason::NoRight));
    assert_eq!(refused.count(), 2);
    assert_eq!(eve.get("/manager/jobs/1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_stopped_between_two_transactions_and_says_who_is_as_before() {
    let (house, mut browser) = office(3).await;
    // Only its length matters: the names of the first are shown.
    let many: Vec<AccountId> = users(&house).into_iter().cycle().take(120).collect();
    let (go, done) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (gate, told) = (Arc::clone(&go), Arc::clone(&done));
    let chunk = move |some: Vec<AccountId>| {
        let (gate, told) = (Arc::clone(&gate), Arc::clone(&told));
        async move {
            told.add_permits(1);
            gate.acquire().await.expect("open").forget();
            Ok(Changed { changed: some.len(), ..Changed::default() })
        }
    };
    house.system.start_job("Try 120 users".into(), &By::console(), many, chunk).expect("room");
    done.acquire().await.expect("begun").forget();
    let page = browser.get("/manager/jobs/1").await;
    assert!(page.body.contains(">Running<") && page.body.contains("0 of 120"));
    let mut eve = somebody(&house, "eve", &[Right::UsersRead], false).await;
    let refused = eve.fill("/manager/users", "/manager/jobs/1/stop", &[]).await;
    assert_eq!(refused.status, 403, "neither hers nor may she change users");
    let stopped = browser.fill("/manager/users", "/manager/jobs/1/stop", &[]).await;
    assert_eq!(stopped.status, 303);
    assert!(browser.get("/manager/jobs/1").await.body.contains(">Stopping<"));
    go.add_permits(5);
    let page = ended(&mut browser, "/manager/jobs/1").await;
    assert!(page.body.contains("Stopped after 50 of 120. The others were not touched."));
    assert!(page.body.contains("and 67 more"), "of the 70 that are left three are named");
    assert!(browser.get("/manager/jobs/1/live").await.body.starts_with("<div data-piece=\"job\""));
}
