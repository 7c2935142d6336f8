//! Turns at hashing passwords: who waits for one, and who does not have to.

use std::time::Duration;

use server::local::{
    link::Link,
    protocol::{Choice, Deed, ImportRow, Part, Request, RowOutcome, SecretText},
};
use signin::{
    account::{ADMINISTRATOR, RoleKind},
    admin::{By, SecretChoice},
    credential::{CredentialKind, Owner},
    ident::{DomainId, FoldedName},
    records::Records as _,
    secret::Secret,
};
use tokio::time::timeout;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// Long enough for what waits for nobody; somebody who has not been answered then is waiting.
const A_WHILE: Duration = Duration::from_secs(1);

/// A house where one password is hashed at a time.
async fn house() -> House {
    let house = House::start_with(|config| config.limits.hashing_threads = 1).await;
    house.ignited().await.with_user("Ann", "201", "472839").await
}

fn row(name: String, password: &str) -> ImportRow {
    ImportRow {
        name,
        full_name: None,
        extension: None,
        login_code: Choice::Keep,
        user_password: Choice::Set(SecretText(Secret::new(password))),
        phone_password: Choice::Keep,
    }
}

async fn import(house: &House, rows: Vec<ImportRow>, is_rehearsal: bool) -> Vec<RowOutcome> {
    let mut link = Link::to_server(house.folder()).await.expect("let in").expect("it runs");
    let mut outcomes = Vec::new();
    let take = |part| {
        let Part::Imported(some) = part else { panic!("{part:?}") };
        outcomes.extend(some);
    };
    link.ask(&Request::Import { rows, is_rehearsal }, take).await.expect("done");
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sets_a_secret_waits_for_a_turn_and_whoever_resets_a_lock_does_not() {
    let house = house().await;
    let turn = house.system.hashing.turn_of_administrator().await.expect("nobody is there");
    let by = By::console();
    let reset = house.system.administer(&by, |admin, _| admin.reset_locks(&[]));
    timeout(A_WHILE, reset).await.expect("at once").expect("reset");
    let administrator = house.system.ledger.account_named(
        RoleKind::ServiceUser,
        DomainId::FIRST,
        &FoldedName::of(ADMINISTRATOR),
    );
    let owner = Owner::Account(administrator.expect("ignited").id);
    let mut set = std::pin::pin!(house.system.administer(&by, move |admin, dice| {
        admin.set_secret(owner, CredentialKind::ServicePassword, &SecretChoice::Generate, false, dice)
    }));
    timeout(A_WHILE, &mut set).await.expect_err("it waits");
    drop(turn);
    set.await.expect("set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsed_import_of_passwords_waits_for_its_turn_too() {
    let house = house().await;
    import(&house, vec![row("Ann".into(), "four odd words here")], false).await;
    let turn = house.system.hashing.turn_of_administrator().await.expect("nobody is there");
    let mut rehearsed = std::pin::pin!(import(&house, vec![row("Ann".into(), "four odd words here")], true));
    timeout(A_WHILE, &mut rehearsed).await.expect_err("it waits");
    drop(turn);
    let outcomes = rehearsed.await;
    assert!(matches!(outcomes[..], [RowOutcome::Taken { deed: Deed::Nothing, .. }]), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_signs_in_waits_behind_a_whole_import() {
    let house = house().await;
    let rows = (0..300).map(|number| row(format!("user{number}"), "four odd words here")).collect();
    let users = || house.system.ledger.figures().users;
    let sign_in = async {
        while users() < 10 {
            tokio::task::yield_now().await;
        }
        let status = Browser::at(house.https()).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status;
        (status, users())
    };
    let (outcomes, (status, users_then)) = tokio::join!(import(&house, rows, false), sign_in);
    assert_eq!(status, 303);
    assert!(users_then < 250, "{users_then} of 301 users were made before");
    assert_eq!(outcomes.len(), 300);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, RowOutcome::Taken { deed: Deed::Made, .. })));
}
