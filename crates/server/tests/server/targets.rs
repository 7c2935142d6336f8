//! Webhooks and receivers of syslog on their pages, and what is really sent. Receivers that nobody here wrote are in
//! interop/test_alarms_and_logs.py.

use signin::records::Records as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
};

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
};

const PAGE: &str = "/manager/settings/notifications";

async fn signed_in(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    browser
}

/// The page with the key, once.
async fn with_webhook(browser: &mut Browser, url: &str) -> String {
    let fields = [
        ("version", "0"),
        ("name", "Hook"),
        ("on", "yes"),
        ("url", url),
        ("alarms", "yes"),
        ("secret_how", "generate"),
    ];
    let new = format!("{PAGE}/webhooks/new");
    let made = browser.fill(&new, &new, &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_a_test_tells_what_the_receiver_said() {
    let house = House::start().await.ignited().await;
    let receiver = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = receiver.local_addr().expect("an address").port();
    let mut browser = signed_in(&house).await;
    let once = with_webhook(&mut browser, &format!("http://127.0.0.1:{port}/hook")).await;
    let key = once.split("whsec_").nth(1).and_then(|rest| rest.split('<').next()).expect("a key").to_owned();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = receiver.accept().await.expect("a connection");
        let mut heard = vec![0; 8192];
        let length = stream.read(&mut heard).await.expect("read");
        let answer = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 9\r\n\r\nnot today";
        stream.write_all(answer.as_bytes()).await.expect("written");
        String::from_utf8_lossy(&heard[..length]).into_owned()
    });
    let answer = browser.fill(PAGE, &format!("{PAGE}/targets/1/test"), &[]).await;
    assert_eq!(answer.status, 303);
    let heard = asked.await.expect("heard");
    assert!(heard.starts_with("POST /hook HTTP/1.1\r\n"), "{heard}");
    for said in ["webhook-id: ", "webhook-timestamp: ", "webhook-signature: v1,", "\"type\":\"test\""] {
        assert!(heard.contains(said), "{said}: {heard}");
    }
    let page = browser.get(&format!("{PAGE}/webhooks/1")).await;
    assert!(page.body.contains("The test was not taken"), "{}", page.body);
    assert!(page.body.contains("it answered 418 I&#39;m a teapot: not today"), "{}", page.body);
    let mut told = format!("{:?}", house.audit().await);
    for path in [PAGE, "/manager/settings/notifications/webhooks/1", "/manager/audit"] {
        told.push_str(&browser.get(path).await.body);
    }
    assert!(!told.contains(&key) && told.contains("Test sent: Hook"), "{told}");
    let deleted =
        browser.fill(&format!("{PAGE}/targets/1/delete"), &format!("{PAGE}/targets/1/delete"), &[]).await;
    assert_eq!(deleted.status, 303);
    assert!(house.system.ledger.reporting().webhooks.is_empty());
    assert_eq!(browser.get(&format!("{PAGE}/webhooks/1")).await.status, 404);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_encrypted_leaves_no_private_network() {
    let house = House::start().await.ignited().await;
    let mut browser = signed_in(&house).await;
    with_webhook(&mut browser, "http://192.0.2.1:9/").await;
    browser.fill(PAGE, &format!("{PAGE}/targets/1/test"), &[]).await;
    let page = browser.get(&format!("{PAGE}/webhooks/1")).await;
    assert!(
        page.body.contains("what is not encrypted goes to this machine and private networks alone"),
        "{}",
        page.body
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_chosen_come_as_syslog_and_go_on_after_a_restart() {
    let mut house = House::start().await.ignited().await;
    let receiver = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let port = receiver.local_addr().expect("an address").port().to_string();
    let mut browser = signed_in(&house).await;
    let fields = [
        ("version", "0"),
        ("name", "Log"),
        ("on", "yes"),
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("transport", "udp"),
        ("facility", "16"),
        ("accepted", "6"),
        ("refused", "4"),
        ("warning", "4"),
        ("critical", "2"),
        ("system", "yes"),
    ];
    let new = format!("{PAGE}/syslog/new");
    let saved = browser.fill(&new, &new, &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    for _ in 0..200 {
        if house.system.ledger.delivered(signin::ident::TargetId(1)).is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    house = house.restarted().await;
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while heard.len() < 2 {
        let wait = std::time::Duration::from_secs(20);
        let length =
            tokio::time::timeout(wait, receiver.recv(&mut buffer)).await.expect("in time").expect("heard");
        heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    assert!(
        heard[0].starts_with("<134>1 ") && heard[0].contains(" stopped [hookswitch@32473 id=\"audit_"),
        "{heard:?}"
    );
    assert!(heard[1].contains(" started ["), "{heard:?}");
    house.stop().await;
}
