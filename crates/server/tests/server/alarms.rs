//! Alarms: raised once while something is wrong, seen by somebody, cleared with their cause; after a restart too.

use server::alarms::look;
use signin::{admin::By, alarm::Alarm, registration::Transport};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

/// What stands and what is over: kind, subject, whether it stands.
fn alarms(house: &House) -> Vec<String> {
    look(&house.system);
    let told = |alarm: std::sync::Arc<Alarm>| {
        let state = if alarm.is_standing() { "stands" } else { "is over" };
        format!("{} {} {state}", alarm.key.kind.row().name, alarm.key.subject)
    };
    let mut list: Vec<_> = house.system.ledger.alarms().into_iter().map(told).collect();
    list.sort_unstable();
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_raises_an_alarm_that_ends_with_it() {
    let mut house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    assert_eq!(alarms(&house), [""; 0]);
    let mut phone = house.phone("201", "99999").await;
    for _ in 0..5 {
        phone.register(60).await;
    }
    assert_eq!(alarms(&house), ["extension-locked 201 stands"]);
    assert_eq!(alarms(&house), ["extension-locked 201 stands"], "once");
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = browser.get("/status/alarms").await;
    for said in [
        "Standing alarms",
        "Extension blacklisted",
        "5 failures",
        ">Alarms <span class=\"count count-danger\">1<",
        " new alarms<",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(browser.get("/status/live/alarms").await.body.contains("Extension blacklisted"));
    let seen = browser.fill("/status/alarms", "/status/alarms", &[("one", "1")]).await;
    assert_eq!(seen.status, 303, "{}", seen.body);
    let page = browser.get("/status/alarms").await;
    assert!(!page.body.contains(">Acknowledge<") && page.body.contains("Administrator<span class=\"sub\">"));
    assert_eq!(house.system.ledger.alarms_unseen(), 0);
    house = house.restarted().await;
    assert_eq!(alarms(&house), ["extension-locked 201 stands"]);
    house.pass(601);
    assert_eq!(alarms(&house), ["extension-locked 201 is over"]);
    // The session has ended meanwhile.
    let mut browser = browser.moved_to(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    let page = browser.get("/status/alarms?q=201").await;
    assert!(
        page.body.contains("No alarm stands") && page.body.contains("Extension blacklisted"),
        "{}",
        page.body
    );
    assert!(!browser.get("/status/alarms?q=202").await.body.contains("Extension blacklisted"));
    let audit = house.audit().await;
    for row in ["Alarm raised", "Alarm acknowledged", "Alarm cleared"] {
        let row = format!("{row}: Extension blacklisted: 201");
        assert_eq!(audit.iter().filter(|other| **other == row).count(), 1, "{row}: {audit:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_pushed_out_and_an_open_partner_raise_alarms() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let house = house.with_settings(|settings| settings.registrations.bindings_max = 1).await;
    house.phone("201", "48159").await.register(60).await;
    house.phone_over(Transport::Tcp, "201", "48159").await.register(60).await;
    assert_eq!(alarms(&house), ["pushed-out 201 stands"]);
    let id = house.extension("201");
    house
        .system
        .administer(&By::console(), move |admin, _| admin.release_quarantine(id))
        .await
        .expect("done");
    assert_eq!(alarms(&house), ["pushed-out 201 is over"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon_raises_an_alarm_two_weeks_before() {
    // 2099-01-01.
    const ENDS_AT: u64 = 4_070_908_800;
    const DAY: u64 = 86_400;
    let folder = tempfile::tempdir().expect("a folder");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut wanted = rcgen::CertificateParams::new(["office.example".to_owned()]).expect("a name");
    wanted.not_after = rcgen::date_time_ymd(2099, 1, 1);
    let made = wanted.self_signed(&key).expect("made");
    let (certificate, private_key) = (folder.path().join("one.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.pem()).expect("written");
    std::fs::write(&private_key, key.serialize_pem()).expect("written");
    let house = House::start_with(|config| {
        config.tls.certificate = certificate;
        config.tls.private_key = private_key;
    });
    let house = house.await.ignited().await;
    let left = |house: &House| ENDS_AT - house.clock.now().as_secs();
    house.pass(left(&house) - 15 * DAY);
    assert_eq!(alarms(&house), [""; 0]);
    house.pass(2 * DAY);
    assert_eq!(alarms(&house), ["certificate-ends certificate stands"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_acknowledged_by_whoever_has_the_right_and_nobody_else() {
    let house = House::start().await.ignited().await.with_user("ann", "201", "48159").await;
    let mut phone = house.phone("201", "99999").await;
    for _ in 0..5 {
        phone.register(60).await;
    }
    look(&house.system);
    let alarm = house.system.ledger.alarms().into_iter().next().expect("an alarm");
    let by = By { rights: Vec::new(), ..By::console() };
    let refused = house.system.administer(&by, move |admin, _| admin.acknowledge(&alarm)).await;
    assert!(refused.is_err());
    assert_eq!(house.system.ledger.alarms_unseen(), 1);
    house.stop().await;
}
