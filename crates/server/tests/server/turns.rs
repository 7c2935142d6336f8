//! Turns at hashing passwords: who waits for one, and who does not have to.

use std::{sync::Arc, time::Duration};

use server::local::{
    link::Link,
    protocol::{Choice, Deed, ImportRow, Part, Request, RowOutcome, SecretText},
};
use signin::{
    account::{ADMINISTRATOR, RoleKind},
    admin::{By, SecretChoice},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    credential::{CredentialKind, Owner},
    ident::{DomainId, FoldedName},
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
    verdict::Verdict,
};
use tokio::{sync::RwLock, time::timeout};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// Long enough for what waits for nobody; somebody who has not been answered then is waiting.
const A_WHILE: Duration = Duration::from_secs(1);

/// Of a runtime as the tests have it.
const BLOCKING_THREADS: usize = 512;

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

/// A wrong sign-in with a name that nobody has; each guess another one.
fn guess(house: &House, number: u32) -> tokio::task::JoinHandle<Verdict> {
    let system = Arc::clone(&house.system);
    tokio::spawn(async move {
        let secret = Secret::new(format!("wrong password number {number}"));
        let attempt = Attempt {
            interface: LoginInterface::WebManager,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::ServiceUser, "Nobody"),
            proof: Proof::Plain(&secret),
            peer: Peer { address: [192, 0, 2, 1].into(), agent: "", device: "" },
            purpose: Purpose::Once,
        };
        system.sign_in(attempt).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_hashed_without_a_turn_when_a_lock_ends_at_that_moment() {
    let house = house().await.with_settings(|settings| settings.address_lock.failures_max = 0).await;
    let checked = || house.system.metrics.proofs_checked(LoginInterface::WebManager);
    for number in 0..3 {
        guess(&house, number).await.expect("judged");
    }
    assert!(matches!(guess(&house, 3).await, Ok(Verdict::Wait { .. })), "locked");
    let turn = house.system.hashing.turn_of_administrator().await.expect("nobody is there");
    let before = checked();
    // While all threads that may wait are taken, those who were let past the line stand between the two looks at the lock.
    let taken = Arc::new(RwLock::new(()));
    let all = taken.write().await;
    let waiting: Vec<_> = (0..BLOCKING_THREADS)
        .map(|_| {
            let taken = Arc::clone(&taken);
            tokio::task::spawn_blocking(move || drop(taken.blocking_read()))
        })
        .collect();
    let guesses: Vec<_> = (4..7).map(|number| guess(&house, number)).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    house.pass(60);
    drop(all);
    for waiting in waiting {
        waiting.await.expect("let go");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(checked(), before, "the only turn is taken");
    drop(turn);
    for guess in guesses {
        guess.await.expect("judged");
    }
    assert_eq!(checked(), before + 3, "each was looked at in its turn");
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
