//! What somebody wanted to do and may not.

use server::flow::Refusal;
use signin::{
    admin::{By, Problem},
    rights::Right,
};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_somebody_may_not_make_is_in_the_audit() {
    let house = House::start().await.ignited().await;
    let by = By { rights: vec![Right::StatusRead], ..By::console() };
    let refused =
        house.system.administer(&by, |admin, _| admin.reset_locks(&[])).await.map(|done| done.value);
    assert_eq!(refused, Err(Refusal::Problem(Problem::NoRight(Right::SecurityReset))));
    let rows = house.audit().await;
    let expected = "Change: reset secrets and locks (The right is missing)";
    assert_eq!(rows.last().map(String::as_str), Some(expected), "{rows:?}");
}
