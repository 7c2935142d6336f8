//! What broke other servers, each as its advisory tells it, sent to ours: the answer is the right one, nothing was
//! learnt or changed, and a phone registers afterwards. A new advisory is a row, or a test named after its class.

use signin::{
    account::RoleKind,
    admin::{By, SecretChoice},
    credential::{CredentialKind, Owner},
    ident::{DomainId, FoldedName},
    records::Records as _,
    registration::Transport,
    secret::Secret,
};
use tokio::net::TcpStream;
use wire::sip::HeaderName;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    phone::{Phone, SILENCE},
};

const CODE: &str = "472839";

/// One advisory that one message is enough for.
struct Row {
    /// Where it is told.
    source: &'static str,
    /// What went wrong there.
    class: &'static str,
    over: Transport,
    sent: fn() -> Vec<u8>,
    /// The answer's status; `None` = nothing is said.
    answered: Option<u16>,
}

const ROWS: [Row; 26] = [
    Row {
        source: "AST-2017-002, github.com/pjsip/pjproject/issues/2016",
        class: "CSeq with an overlong method and a Via without branch overflow a buffer",
        over: Transport::Udp,
        sent: || {
            ask("OPTIONS", "").replace(";branch=z9hG4bK-1", "").replace("1 OPTIONS", &long("1 ", 4000)).into()
        },
        answered: Some(400),
    },
    Row {
        source: "AST-2017-003, CVE-2022-21723, GHSA-x5pq-qrp4-fmrj",
        class: "a multipart body without its end is read beyond it",
        over: Transport::Tcp,
        sent: || with_body("OPTIONS", "Content-Type: multipart/mixed;boundary=b\r\n", "--b\r\n\r\n--b-"),
        answered: Some(200),
    },
    Row {
        source: "AST-2017-003",
        class: "a multipart body whose boundary is empty",
        over: Transport::Udp,
        sent: || with_body("MESSAGE", "Content-Type: multipart/mixed;boundary=\"\"\r\n", "----"),
        answered: Some(407),
    },
    Row {
        source: "AST-2018-004",
        class: "SUBSCRIBE with more Accept headers than an array holds",
        over: Transport::Udp,
        sent: || ask("SUBSCRIBE", &"Accept: application/x\r\n".repeat(60)).into(),
        answered: Some(489),
    },
    Row {
        source: "CVE-2026-57191, GHSA-589g-qgf8-m6mx",
        class: "NOTIFY with a value of more than 512 bytes stops all SIP",
        over: Transport::Udp,
        sent: || {
            let body = format!("Messages-Waiting: yes\r\nMessage-Account: {}\r\n", "a".repeat(2000));
            with_body("NOTIFY", "Event: message-summary\r\n", &body)
        },
        answered: Some(405),
    },
    Row {
        source: "CVE-2020-27507, github.com/kamailio/kamailio/issues/2503",
        class: "INVITE with headers twice and an overlong tag",
        over: Transport::Udp,
        sent: || ask("INVITE", &format!("To: <sip:x@y>;tag={}\r\n", "t".repeat(5000))).into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2018-14767",
        class: "To twice, once with an empty tag",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "To: <sip:201@127.0.0.1>;tag=\r\n").into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2018-16657",
        class: "a Via that is none, of which a checksum is made",
        over: Transport::Tcp,
        sent: || ask("OPTIONS", "").replace("SIP/2.0/UDP 127.0.0.1:5060", "SIP/2.0/").into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2018-8828",
        class: "REGISTER with an overlong branch and From tag",
        over: Transport::Udp,
        sent: || {
            ask("REGISTER", "")
                .replace("z9hG4bK-1", &long("z9hG4bK", 900))
                .replace("tag=1", &long("tag=", 900))
                .into()
        },
        answered: Some(401),
    },
    Row {
        source: "CVE-2023-28098, github.com/kamailio/kamailio/issues/3911",
        class: "Authorization that ends within a parameter's name",
        over: Transport::Udp,
        sent: || {
            ask("REGISTER", "Authorization: Digest username=\"201\", realm=\"test.example\", algorit").into()
        },
        answered: Some(400),
    },
    Row {
        source: "CVE-2023-28098",
        class: "Authorization with a parameter that has no value, of the right realm",
        over: Transport::Udp,
        sent: || ask("REGISTER", "Authorization: Digest realm=\"test.example\", =\"x\", nonce\r\n").into(),
        answered: Some(400),
    },
    Row {
        source: "github.com/OpenSIPS/opensips/issues/78",
        class: "a Content-Length of more than there is memory",
        over: Transport::Tcp,
        sent: || ask("OPTIONS", "").replace("Content-Length: 0", "Content-Length: 3000000000").into(),
        answered: Some(513),
    },
    Row {
        source: "GHSA-j5j8-rhcm-7fp9 (sipsorcery)",
        class: "a negative Content-Length over a stream",
        over: Transport::Tcp,
        sent: || ask("OPTIONS", "").replace("Content-Length: 0", "Content-Length: -1").into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2022-31001, GHSA-79jq-hh82-cv9g",
        class: "a message that ends within its method",
        over: Transport::Udp,
        sent: || b"OPTION".to_vec(),
        answered: None,
    },
    Row {
        source: "CVE-2022-31002, GHSA-g3x6-p824-x6hm",
        class: "a URI that ends within an escape",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "").replace("OPTIONS sip:127.0.0.1 ", "OPTIONS sip:201%@127.0.0.1 ").into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2023-22741, github.com/freeswitch/sofia-sip/issues/180",
        class: "a STUN attribute that is longer than its message",
        over: Transport::Udp,
        sent: || stun(&[0x00, 0x00, 0xff, 0xff, 1, 2, 3, 4]),
        answered: None,
    },
    Row {
        source: "CVE-2021-37706",
        class: "a STUN ERROR-CODE that is too short for what is subtracted from its length",
        over: Transport::Udp,
        sent: || {
            // The type of an error answer in place of a request's.
            let request = stun(&[0x00, 0x09, 0x00, 0x00]);
            [0x01, 0x11].into_iter().chain(request.into_iter().skip(2)).collect()
        },
        answered: None,
    },
    Row {
        source: "CVE-2022-47516, GHSA-h94r-c3pv-4564",
        class: "one datagram, and an assertion ends the program",
        over: Transport::Udp,
        sent: || b"SIP/2.0 200 \r\nVia: SIP/2.0/UDP\r\n\r\n".to_vec(),
        answered: None,
    },
    Row {
        source: "github.com/kamailio/kamailio/issues/4886",
        class: "a Request-URI without user, of the length at which a rebuilt one overflows",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "").replace("OPTIONS sip:127.0.0.1 ", "OPTIONS sip:abcdefghij.k ").into(),
        answered: Some(200),
    },
    Row {
        source: "github.com/kamailio/kamailio/issues/4920",
        class: "a Call-ID of 256 bytes",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "").replace("Call-ID: 1", &long("Call-ID: ", 256)).into(),
        answered: Some(200),
    },
    Row {
        source: "github.com/kamailio/kamailio/issues/2044",
        class: "INVITE whose lines have no ends",
        over: Transport::Udp,
        sent: || ask("INVITE", "").replace("\r\n", " ").into(),
        answered: None,
    },
    Row {
        source: "github.com/irontec/sngrep/issues/541",
        class: "an empty Warning",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "Warning:\r\n").into(),
        answered: Some(200),
    },
    Row {
        source: "AST-2016-009, CVE-2016-9938",
        class: "a header's name with a control character is taken for the name",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "").replace("To:", "To\u{1}:").into(),
        answered: Some(400),
    },
    Row {
        source: "CVE-2020-28361, Sippy SA-0004",
        class: "a header smuggled in behind a folded line is a value, not a header",
        over: Transport::Udp,
        sent: || ask("OPTIONS", "X-Fold: a\r\n Require: nothing-we-have\r\n").into(),
        answered: Some(200),
    },
    Row {
        source: "CVE-2021-37624 (FreeSWITCH)",
        class: "MESSAGE is delivered for anybody",
        over: Transport::Udp,
        sent: || with_body("MESSAGE", "Content-Type: text/plain\r\n", "call me"),
        answered: Some(407),
    },
    Row {
        source: "CVE-2021-41158 (FreeSWITCH)",
        class: "a challenge from a stranger is answered, and its digest cracked at home",
        over: Transport::Udp,
        sent: || {
            let challenge = "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", algorithm=MD5\r\n";
            ask("OPTIONS", challenge)
                .replace("OPTIONS sip:127.0.0.1 SIP/2.0", "SIP/2.0 401 Unauthorized")
                .into()
        },
        answered: None,
    },
];

/// A request of a stranger to extension 201.
fn ask(method: &str, more: &str) -> String {
    format!(
        "{method} sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK-1\r\n\
         From: <sip:eve@example.com>;tag=1\r\nTo: <sip:201@127.0.0.1>\r\nCall-ID: 1\r\nMax-Forwards: 70\r\n\
         User-Agent: a stranger whose name is as long as those of phones\r\nCSeq: 1 {method}\r\n\
         Content-Length: 0\r\n{more}\r\n"
    )
}

fn with_body(method: &str, more: &str, body: &str) -> Vec<u8> {
    let head = ask(method, more).replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
    [head.as_bytes(), body.as_bytes()].concat()
}

fn long(begin: &str, length: usize) -> String {
    format!("{begin}{}", "a".repeat(length))
}

/// A STUN Binding request with these attributes, whatever they are.
fn stun(attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[0, 1][..], &length, &[0x21, 0x12, 0xa4, 0x42], &[7; 12], attributes].concat()
}

async fn house() -> House {
    House::start().await.ignited().await.with_user("Ann", "201", CODE).await
}

/// Whatever was sent: a phone registers, and nothing panicked.
async fn assert_unharmed(house: &House, after: &str) {
    assert_eq!(house.phone_at("127.0.0.5", "201", CODE).await.register(600).await.status, 200, "{after}");
    assert_eq!(house.system.metrics.panics.get(), 0, "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_that_broke_another_server_is_answered_rightly() {
    let house = house().await;
    let mut wrong = Vec::new();
    for Row { source, class, over, sent, answered } in ROWS {
        let mut stranger = house.phone_over(over, "201", "").await;
        stranger.send(&sent()).await;
        let patience = if answered.is_some() { SILENCE * 100 } else { SILENCE };
        // STUN is answered with no SIP message; where one must not come, no bytes at all may.
        let status = match answered {
            Some(_) => stranger.hear(patience).await.map(|answer| answer.status),
            None => stranger.hear_bytes(patience).await.filter(|bytes| !bytes.is_empty()).map(|_| 0),
        };
        if status != answered {
            wrong.push(format!("{source}: {class}: {status:?}, not {answered:?}"));
        }
        assert_unharmed(&house, source).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// AST-2018-005: INVITE after INVITE over TCP, and gone before any is answered.
#[tokio::test(flavor = "multi_thread")]
async fn repeated_invites_over_a_connection_that_closes_leave_nothing_behind() {
    let house = house().await;
    for _ in 0..20 {
        let mut stranger = house.phone_over(Transport::Tcp, "201", "").await;
        stranger.send(ask("INVITE", "").repeat(200).as_bytes()).await;
    }
    assert_unharmed(&house, "AST-2018-005").await;
}

/// AST-2016-005: connections that say nothing use up all places.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_leave_room_for_phones() {
    let house = house().await;
    let mut silent = Vec::new();
    let server = house.system.addresses().of(server::listen::listener::Listener::SipTcp)[0];
    for _ in 0..200 {
        silent.push(TcpStream::connect(server).await.expect("connected"));
    }
    assert_eq!(house.phone_over(Transport::Tcp, "201", CODE).await.register(600).await.status, 200);
}

/// CVE-2021-41145, ES2021-06: a flood of requests, each of which is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_new_calls_is_not_remembered() {
    let house = house().await;
    let mut stranger = house.phone("201", "").await;
    for number in 0..3000 {
        let request = ask("REGISTER", "").replace("Call-ID: 1", &format!("Call-ID: {number}"));
        stranger.send(request.replace("sip:201@", &format!("sip:{number}@")).as_bytes()).await;
    }
    assert_unharmed(&house, "CVE-2021-41145").await;
    let figures = house.system.ledger.figures();
    assert_eq!((figures.users, figures.bindings), (1, 1));
}

/// CVE-2021-41157: SUBSCRIBE is served without authentication.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_subscribes_to_where_a_phone_is() {
    let house = house().await;
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 200);
    let mut stranger = house.phone("201", "").await;
    let events =
        [("presence", 489), ("reg", 489), ("message-summary", 407), ("dialog", 407), ("check-sync", 489)];
    for (event, expected) in events {
        let request =
            ask("SUBSCRIBE", &format!("Event: {event}\r\n")).replace("Call-ID: 1", &long("Call-ID: ", 9));
        let answer = stranger.say(&request).await;
        assert_eq!(answer.status, expected, "{event}");
        assert!(answer.all(HeaderName::Contact).is_empty(), "{event}: {}", answer.text());
    }
    assert_eq!(stranger.hear(SILENCE).await, None, "nor is anything told");
}

/// github.com/kamailio/kamailio/pull/4594: `Contact: *` without Expires.
#[tokio::test(flavor = "multi_thread")]
async fn a_star_without_expires_removes_nothing() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    assert_eq!(phone.register(600).await.status, 200);
    let authorization = phone.authorization();
    let request = phone.request(None, &authorization).replace("User-Agent", "Contact: *\r\nUser-Agent");
    assert_eq!(phone.say(&request).await.status, 400);
    assert_eq!(house.bindings("201").len(), 1);
}

/// FreeSWITCH issue 1135: what could not be read as a secret looked empty, and everything opened it.
#[tokio::test(flavor = "multi_thread")]
async fn an_extension_without_a_secret_is_opened_by_nothing() {
    let house = house().await;
    let user = house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of("Ann"));
    let owner = Owner::Account(user.expect("Ann").id);
    let by = By::console();
    let removed = house.system.administer(&by, move |admin, dice| {
        admin.set_secret(owner, CredentialKind::LoginCode, &SecretChoice::Remove, false, dice)
    });
    removed.await.expect("removed");
    for secret in ["", CODE, "201", "\0"] {
        assert_eq!(house.phone("201", secret).await.register(600).await.status, 403, "{secret:?}");
    }
}

/// Flexisip issue 239: a password that was changed still opens, for it is cached.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_changed_opens_nothing_any_more() {
    let house = house().await;
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 200);
    let user = house.system.ledger.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of("Ann"));
    let owner = Owner::Account(user.expect("Ann").id);
    let by = By::console();
    let changed = house.system.administer(&by, move |admin, dice| {
        let choice = SecretChoice::Set(Secret::new("918273"));
        admin.set_secret(owner, CredentialKind::LoginCode, &choice, false, dice)
    });
    changed.await.expect("changed");
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 403);
    assert_eq!(house.phone("201", "918273").await.register(600).await.status, 200);
}

/// ES2021-02 (VoIPmonitor), GHSA-2grh-7mhv-fcfw (Asterisk): what a phone calls itself runs in the administrator's
/// browser, or commands a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_phone_calls_itself_is_text_wherever_it_is_shown() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.challenge(Some(600)).await;
    let authorization = phone.authorization();
    let name = "User-Agent: <script>alert(1)</script>\u{1b}[31m\"'";
    let request = phone.request(Some(600), &authorization).replace("User-Agent: Test Phone 1.0", name);
    assert_eq!(phone.say(&request).await.status, 200);
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    for page in [
        "/manager",
        "/status",
        "/status/phones",
        "/manager/audit",
        "/manager/extensions",
        "/manager/doctor?q=201",
    ] {
        let answer = browser.get(page).await;
        assert!(!answer.body.contains("<script>alert"), "{page}");
        assert!(!answer.body.contains('\u{1b}'), "{page}");
    }
    let shown = browser.get("/status/phones").await;
    assert!(shown.status != 200 || shown.body.contains("&#60;script") || shown.body.contains("&lt;script"));
    assert!(house.audit().await.iter().all(|row| !row.contains('\u{1b}')));
}

/// CVE-2025-57819 and CVE-2019-19006 (FreePBX), CVE-2024-41713 (MiCollab): a page behind the sign-in is reached by
/// another way of writing its path, by naming oneself in a header, or by posting to it at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_of_writing_a_path_goes_around_the_sign_in() {
    let house = house().await;
    let paths = [
        "/manager/users",
        "/manager/login/..;/users",
        "/manager/login/../users",
        "/manager/login/%2e%2e/users",
        "/manager/login%2f..%2fusers",
        "//manager/users",
        "/manager//users",
        "/MANAGER/users",
        "/manager/users/",
        "/manager/users;a=b",
        "/manager/users%00.css",
        "/assets/../manager/users",
        "/assets/..%2fmanager/users",
        "/manager/users?ajax=1",
    ];
    let headers = [
        "",
        " HTTP/1.1\r\nX-Remote-User: Administrator\r\nX-Forwarded-User: Administrator\r\nRemote-User: Administrator",
        " HTTP/1.1\r\nX-Original-URL: /manager/users\r\nX-Rewrite-URL: /manager/users\r\nX-Forwarded-For: 127.0.0.1",
        " HTTP/1.1\r\nAuthorization: Basic QWRtaW5pc3RyYXRvcjo=",
    ];
    for path in paths {
        for header in headers {
            // The path ends where the browser writes the version; a header goes in between.
            let line =
                if header.is_empty() { path.to_owned() } else { format!("{path}{header}\r\nX-Rest: x") };
            let answer = Browser::at(house.https()).get(&line).await;
            assert!(!answer.body.contains("Ann"), "{line}: {}", answer.body);
            assert!(
                [301, 303, 307, 308, 400, 401, 403, 404].contains(&answer.status),
                "{line}: {}",
                answer.status
            );
        }
    }
    let posted = Browser::at(house.https()).post("/manager/users/new", "", &[("name", "Eve")]).await;
    assert!([303, 401, 403].contains(&posted.status), "{}", posted.status);
    assert_eq!(house.system.ledger.figures().users, 1);
}

/// CVE-2020-5722 (Grandstream), CVE-2021-40859 (Auerswald), CVE-2023-20101 (Cisco): statements in a name, and accounts
/// that were there from the factory.
#[tokio::test(flavor = "multi_thread")]
async fn no_statement_and_no_factory_account_signs_in() {
    let house = house().await.with_settings(|settings| settings.address_lock.failures_max = 0).await;
    let names = [
        ("' OR '1'='1' --", "x"),
        ("Administrator'--", "x"),
        ("Administrator\0", ADMINISTRATOR_PASSWORD),
        ("admin", "admin"),
        ("root", "root"),
        ("Administrator", "Administrator"),
        ("sub-admin", "1234"),
        ("Schandelah", "1234567"),
        ("BusinessPartner", ""),
    ];
    for (name, password) in names {
        let answer = Browser::at(house.https()).sign_in(name, password).await;
        assert_eq!(answer.status, 401, "{name}");
    }
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
}

/// FreePBX GHSA-426v-c5p7-cp29: a door without a limit. Each transport is the same door.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_spread_over_transports_are_one_count() {
    let house = house().await;
    let transports = [Transport::Udp, Transport::Tcp, Transport::Tls];
    for round in 0..4 {
        let mut guess: Phone = house.phone_over(transports[round % 3], "201", "000001").await;
        assert_eq!(guess.register(600).await.status, 403, "{round}");
    }
    assert_eq!(house.phone_over(Transport::Tls, "201", "000001").await.register(600).await.status, 503);
    assert_eq!(house.phone_over(Transport::Tcp, "201", CODE).await.register(600).await.status, 503);
}
