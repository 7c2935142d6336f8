//! Old rows of the audit go by the rule, set on a page; what is left is proved by the command.

use server::retention::cut;
use signin::{records::Records as _, reporting::Retention};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    web_audit::event,
};

const PAGE: &str = "/manager/settings/notifications";

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_go_by_the_rule_of_the_page_and_the_rest_is_whole() {
    let house = House::start().await.ignited().await;
    let long_ago = house.clock.now();
    house.system.commit((0..7000).map(|_| event(long_ago)).collect()).await.expect("written");
    let before = house.audit().await.len();
    assert!(before >= 1000);
    house.pass(40 * 86_400);
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("How long the audit is kept"), "{}", page.body);
    assert_eq!((page.field("days"), page.field("rows")), ("0".into(), "5000000".into()));
    let version = page.field("version");
    for (days, rows, said) in [
        ("x", "20000", "is no number"),
        ("30", "1", "10000 to 100000000 rows"),
        ("99999", "20000", "0 to 36500 days"),
    ] {
        let fields = [("version", version.as_str()), ("days", days), ("rows", rows)];
        let answer = browser.fill(PAGE, PAGE, &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(said), "{}", answer.body);
    }
    let fields = [("version", version.as_str()), ("days", "30"), ("rows", "20000")];
    assert_eq!(browser.fill(PAGE, PAGE, &fields).await.status, 303);
    assert_eq!(house.system.ledger.reporting().retention, Retention { days: 30, rows: 20_000 });
    let answer =
        browser.fill(PAGE, PAGE, &[("version", version.as_str()), ("days", "9"), ("rows", "20000")]).await;
    assert_eq!(answer.status, 409, "somebody else was quicker");
    cut(&house.system).await.expect("whole");
    let audit = house.audit().await;
    assert!(audit.iter().any(|row| row == "Audit cut: audit"), "{audit:?}");
    assert!(!audit.iter().any(|row| row.starts_with("Settings changed: settings")), "{audit:?}");
    let config = tempfile::NamedTempFile::new().expect("a file");
    let text = format!("data_folder = {:?}\n", house.folder());
    std::fs::write(config.path(), text).expect("written");
    let mut verify = tokio::process::Command::new(env!("CARGO_BIN_EXE_hookswitch"));
    let said =
        verify.arg("--config").arg(config.path()).args(["audit", "verify"]).output().await.expect("run");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("It begins with row 70"), "{said}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_from_an_audit_that_somebody_changed() {
    let house = House::start().await.ignited().await;
    let long_ago = house.clock.now();
    house.system.commit((0..10).map(|_| event(long_ago)).collect()).await.expect("written");
    let wanted = Retention { days: 1, rows: 20_000 };
    let by = signin::admin::By::console();
    house.system.administer(&by, move |admin, _| admin.save_retention(0, wanted)).await.expect("saved");
    house.audit().await;
    let database = rusqlite::Connection::open(house.folder().join("hookswitch.db")).expect("opened");
    let edited: i64 = database
        .query_row("SELECT min(seq) FROM audit WHERE body LIKE '%a long agent%'", [], |row| row.get(0))
        .expect("there");
    let edit = "UPDATE audit SET body = replace(body, 'a long agent', 'a wrong agent') WHERE seq = ?1";
    assert_eq!(database.execute(edit, [edited]).expect("edited"), 1);
    house.pass(9 * 86_400);
    assert_eq!(cut(&house.system).await.expect_err("not whole").seq, edited.unsigned_abs());
    assert_eq!(house.system.ledger.figures().audit_rows, house.audit().await.len() as u64);
    house.stop().await;
}
