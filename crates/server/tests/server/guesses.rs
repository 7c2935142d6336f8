//! Many guesses at once: however they come, no more than may fail are ever looked at.

use signin::interface::LoginInterface;
use tokio::task::JoinSet;

use crate::{browser::Browser, house::House};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_parallel_guesses_at_most_five_are_looked_at() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let mut guesses = JoinSet::new();
    // Four guesses each from 250 addresses, so that no address is locked before the extension is.
    for address in 1..=250 {
        let mut phone = house.phone_at(&format!("127.0.1.{address}"), "201", "").await;
        guesses.spawn(async move {
            let mut words = Vec::new();
            for guess in 0..4 {
                phone.code = format!("{address}{guess}");
                words.push(phone.register(600).await.status);
            }
            words
        });
    }
    let words: Vec<u16> = guesses.join_all().await.into_iter().flatten().collect();
    assert_eq!(words.len(), 1000);
    let checked = house.system.metrics.proofs_checked(LoginInterface::SipRegistration);
    assert!(checked <= 5, "{checked} were looked at");
    assert!(words.iter().all(|word| [403, 503].contains(word)), "{words:?}");
    assert_eq!(house.phone("201", "472839").await.register(600).await.status, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_parallel_guesses_over_phones_and_pages_no_more_than_the_limits_are_looked_at() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let mut guesses = JoinSet::new();
    for guess in 0..500 {
        let mut phone = house.phone_at("127.0.7.7", "201", &format!("{guess}")).await;
        guesses.spawn(async move { phone.register(600).await.status });
    }
    for guess in 0..50 {
        // One page, one token, many tries at once.
        let mut browser = Browser::at(house.https());
        let token = browser.get("/manager/login").await.token();
        for part in 0..10 {
            let (mut browser, token) = (browser.clone(), token.clone());
            guesses.spawn(async move {
                let password = format!("a wrong password {guess} {part}");
                let fields = [("name", "Administrator"), ("password", password.as_str())];
                browser.post("/manager/login", &token, &fields).await.status
            });
        }
    }
    let words: Vec<u16> = guesses.join_all().await;
    assert_eq!(words.len(), 1000);
    assert!(words.iter().all(|word| [401, 403, 429, 503].contains(word)), "{words:?}");
    let checked = |interface| house.system.metrics.proofs_checked(interface);
    assert!(checked(LoginInterface::SipRegistration) <= 5);
    assert!(checked(LoginInterface::WebManager) <= 3);
}
