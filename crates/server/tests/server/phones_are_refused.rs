//! Phones and others that are refused, and in which words.

use signin::registration::Transport;
use wire::sip::HeaderName;

use crate::{
    house::House,
    phone::{Phone, SILENCE},
};

const CODE: &str = "472839";

async fn house() -> House {
    House::start().await.ignited().await.with_user("Ann", "201", CODE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_extension_and_a_wrong_code_get_the_same_answer_before_and_under_a_lock() {
    let house = house().await;
    let mut known = house.phone_at("127.0.0.2", "201", "999999").await;
    let mut unknown = house.phone_at("127.0.0.3", "777", "999999").await;
    for round in 1..=7 {
        let (one, two) = (known.register(600).await, unknown.register(600).await);
        let expected = if round < 5 { 403 } else { 503 };
        assert_eq!(one.status, expected, "round {round}: {}", one.text());
        let (one, two) = (one.without_ids("201"), two.without_ids("777"));
        assert_eq!(one.replace("127.0.0.2", "IP"), two.replace("127.0.0.3", "IP"), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_lock_the_extension_and_the_right_one_is_refused_until_the_lock_ends() {
    let house = house().await;
    let mut wrong = house.phone("201", "000001").await;
    for _ in 0..4 {
        assert_eq!(wrong.register(600).await.status, 403);
    }
    let locked = wrong.register(600).await;
    assert_eq!((locked.status, &*locked.one(HeaderName::RetryAfter)), (503, "600"));

    house.pass(90);
    let mut right = house.phone("201", CODE).await;
    let refused = right.register(600).await;
    assert_eq!((refused.status, &*refused.one(HeaderName::RetryAfter)), (503, "510"));
    assert!(house.bindings("201").is_empty());

    house.pass(510);
    assert_eq!(right.register(600).await.status, 200);
    let audit = house.audit().await;
    assert_eq!(audit.iter().filter(|row| row.contains("Wrong secret")).count(), 5, "{audit:?}");
    assert!(audit.iter().any(|row| row.contains("Locked after too many failures")), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_survives_a_restart() {
    let house = house().await;
    let mut wrong = house.phone("201", "000001").await;
    for _ in 0..5 {
        wrong.register(600).await;
    }
    let house = house.restarted().await;
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_from_one_address_lock_it_for_every_name() {
    let house = house().await;
    for number in 300..310 {
        house.phone_at("127.0.0.9", &number.to_string(), "1").await.register(600).await;
    }
    assert_eq!(house.phone_at("127.0.0.9", "201", CODE).await.register(600).await.status, 503);
    assert_eq!(house.phone_at("127.0.0.8", "201", CODE).await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_used_before_is_challenged_again_and_registers_nothing() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.challenge(Some(600)).await;
    let authorization = phone.authorization();
    let first = phone.request(Some(600), &authorization);
    assert_eq!(phone.say(&first).await.status, 200);
    let mut thief = house.phone_at("127.0.0.66", "201", "").await;
    let stolen = thief.request(Some(600), &authorization);
    let answer = thief.say(&stolen).await;
    assert_eq!(answer.status, 401);
    assert!(answer.one(HeaderName::WwwAuthenticate).contains("stale=true"), "{}", answer.text());
    assert_eq!(house.bindings("201").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_challenge_is_stale_and_counts_nothing() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.challenge(Some(600)).await;
    for _ in 0..20 {
        house.pass(301);
        let answer = phone.refresh(Some(600)).await;
        assert_eq!(answer.status, 401);
        assert!(answer.one(HeaderName::WwwAuthenticate).contains("stale=true"));
    }
    assert_eq!(phone.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_somebody_elses_extension_is_refused_and_counted() {
    let house = house().await.with_user("Bob", "202", "918273").await;
    for round in 1..=5 {
        let mut bob = house.phone("202", "918273").await;
        bob.challenge(Some(600)).await;
        let authorization = bob.authorization();
        let request = bob.request(Some(600), &authorization).replace("To: <sip:202@", "To: <sip:201@");
        let expected = if round < 5 { 403 } else { 503 };
        assert_eq!(bob.say(&request).await.status, expected);
    }
    assert!(house.bindings("201").is_empty() && house.bindings("202").is_empty());
    // It was tried on 201, and 202 did nothing wrong.
    assert_eq!(house.phone("202", "918273").await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_answer_is_never_right() {
    let house = house().await.with_settings(|settings| settings.extension_lock.failures_max = 0).await;
    let house = house.with_settings(|settings| settings.address_lock.failures_max = 0).await;
    type Change = fn(&str) -> String;
    let changes: [(&str, Change, &[u16]); 9] = [
        ("realm", |text| text.replace("realm=\"test.example\"", "realm=\"other.example\""), &[401]),
        ("nonce", |text| text.replace("nonce=\"", "nonce=\"A"), &[401]),
        ("uri", |text| text.replace("uri=\"sip:127.0.0.1\"", "uri=\"sip:127.0.0.1:5060\""), &[403]),
        ("another's uri", |text| text.replace("uri=\"sip:127.0.0.1\"", "uri=\"sip:evil.example\""), &[400]),
        ("username", |text| text.replace("username=\"201\"", "username=\"202\""), &[403]),
        ("count", |text| text.replace("nc=00000001", "nc=00000002"), &[403]),
        ("cnonce", |text| text.replace("cnonce=\"0a", "cnonce=\"0b"), &[403]),
        ("qop", |text| text.replace("qop=auth", "qop=auth-int"), &[401]),
        ("algorithm", |text| text.replace("algorithm=SHA-256", "algorithm=SHA-256-sess"), &[401]),
    ];
    for (what, change, expected) in changes {
        let mut phone = house.phone("201", CODE).await;
        phone.challenge(Some(600)).await;
        let right = phone.authorization();
        let changed = change(&right);
        assert_ne!(changed, right, "{what}");
        let request = phone.request(Some(600), &changed);
        let answer = phone.say(&request).await;
        assert!(expected.contains(&answer.status), "{what}: {}", answer.text());
    }
    assert!(house.bindings("201").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_nothing_yet_or_something_for_others_is_challenged() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let blank = "Digest username=\"201\",realm=\"test.example\",nonce=\"\",uri=\"sip:x\",response=\"\"";
    let others = "Digest username=\"201\", realm=\"other.example\", response=\"no hex\"";
    let ours = "Digest username=\"201\", realm=\"test.example\", response=\"no hex\"";
    for (authorization, status) in [(blank, 401), (others, 401), (ours, 400)] {
        let request = phone.request(Some(600), authorization);
        assert_eq!(phone.say(&request).await.status, status, "{authorization}");
    }
    phone.challenge(Some(600)).await;
    let right = phone.authorization();
    let request = phone.request(Some(600), &format!("{others}\r\nAuthorization: {right}"));
    assert_eq!(phone.say(&request).await.status, 200);
}

fn request(method: &str, phone: &Phone, more: &str) -> String {
    format!(
        "{method} sip:201@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK-{method};rport\r\n\
         From: <sip:eve@example.com>;tag=1\r\nTo: <sip:201@127.0.0.1>\r\nCall-ID: {method}\r\n\
         CSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n",
        phone.local
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_a_stranger_is_refused_in_the_right_words() {
    let house = house().await;
    let methods = [
        ("OPTIONS", 200),
        ("INVITE", 407),
        ("MESSAGE", 407),
        ("SUBSCRIBE", 489),
        ("NOTIFY", 405),
        ("PUBLISH", 405),
        ("REFER", 405),
        ("INFO", 405),
        ("UPDATE", 405),
        ("PRACK", 405),
        ("CANCEL", 481),
        ("BYE", 481),
        ("FROBNICATE", 501),
        ("register", 501),
    ];
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut phone = house.phone_over(transport, "201", CODE).await;
        for (method, expected) in methods {
            let answer = phone.say(&request(method, &phone, "")).await;
            assert_eq!(answer.status, expected, "{}", answer.text());
            if [200, 405].contains(&expected) {
                let allowed = "REGISTER, OPTIONS, INVITE, ACK, CANCEL, BYE, MESSAGE, UPDATE, PRACK, INFO, REFER, NOTIFY, SUBSCRIBE";
                assert_eq!(answer.one(HeaderName::Allow), allowed);
            }
        }
        phone.send(request("ACK", &phone, "").as_bytes()).await;
        assert_eq!(phone.hear(SILENCE).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_required_and_unknown_is_named() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let answer = phone.say(&request("OPTIONS", &phone, "Require: path, frobnicate\r\n")).await;
    assert_eq!((answer.status, &*answer.one(HeaderName::Unsupported)), (420, "frobnicate"));
    let answer = phone.say(&request("INVITE", &phone, "Max-Forwards: 0\r\n")).await;
    assert_eq!(answer.status, 483);
    let unknown = request("OPTIONS", &phone, "").replace("sip:201@127.0.0.1 SIP", "gopher:x SIP");
    assert_eq!(phone.say(&unknown).await.status, 416);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_is_told_which_or_dropped() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let good = request("OPTIONS", &phone, "");
    for (from, to) in [
        ("CSeq: 1 OPTIONS", "CSeq: 4294967296 OPTIONS"),
        ("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"),
        ("Content-Length: 0", "Content-Length: 99"),
        ("From: <sip:eve@example.com>", "From: <sip:eve@example.com"),
        ("Content-Length: 0", "Max-Forwards: many\r\nContent-Length: 0"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        assert_eq!(phone.say(&bad).await.status, 400, "{bad}");
    }
    assert_eq!(phone.say(&good.replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")).await.status, 505);
    for silent in [
        good.replace("Via: ", "Vla: "),
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".into(),
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\n\r\n".into(),
        "x".repeat(20_000),
    ] {
        phone.send(silent.as_bytes()).await;
        assert_eq!(phone.hear(SILENCE).await, None, "{silent}");
    }
    assert_eq!(phone.say(&good).await.status, 200, "still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datagram_as_long_as_there_can_be_is_answered() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let short = request("OPTIONS", &phone, "");
    for length in [20_000, 65_507] {
        let padding = length - short.len() - "X: \r\n".len();
        let long = request("OPTIONS", &phone, &format!("X: {}\r\n", "x".repeat(padding)));
        assert_eq!((long.len(), phone.say(&long).await.status), (length, 200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_no_sip_is_closed() {
    let house = house().await;
    let long = "OPTIONS sip:x SIP/2.0\r\nv: SIP/2.0/TCP x\r\nX: ";
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), None),
        (
            request("OPTIONS", &house.phone("201", CODE).await, "").replace("Content-Length: 0\r\n", ""),
            Some(400),
        ),
        (format!("OPTIONS sip:x SIP/2.0\r\nX: {}", "x".repeat(70_000)), None),
        // One byte too many, and no more: what is left unread when a connection is closed takes the answer with it.
        (format!("{long}{}", "x".repeat(65_536 - long.len())), Some(513)),
        ("OPTIONS sip:x SIP/2.0\r\nv: SIP/2.0/TCP x\r\nl: 70000\r\n\r\n".into(), Some(513)),
    ] {
        let mut phone = house.phone_over(Transport::Tcp, "201", CODE).await;
        phone.send(bytes.as_bytes()).await;
        let heard = phone.hear(SILENCE * 10).await;
        assert_eq!(heard.map(|answer| answer.status), status);
        assert_eq!(phone.hear_bytes(SILENCE * 10).await.unwrap_or_default(), b"", "closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_has_proven_nothing_gets_more_than_twice_what_they_sent() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    // The shortest REGISTER there can be, and how much of it must be there until it is answered.
    let shortest = "REGISTER sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;rport\r\nf:<sip:1@a>;tag=1\r\nt:<sip:1@a>\r\n\
                    i:1\r\nCSeq:1 REGISTER\r\n";
    let mut answered = 0;
    for padding in (0..400).step_by(20) {
        let request = format!("{shortest}X:{}\r\n\r\n", "x".repeat(padding));
        phone.send(request.as_bytes()).await;
        if let Some(answer) = phone.hear_bytes(SILENCE).await {
            assert!(answer.len() <= 2 * request.len(), "{} for {}", answer.len(), request.len());
            answered += 1;
        }
    }
    assert!((1..20).contains(&answered), "{answered}");
    assert!(house.system.metrics.encode().contains("hookswitch_sip_withheld_total{transport=\"udp\"}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_too_short_for_two_challenges_gets_the_strongest_that_fits() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let register = |length: usize| {
        let short = "REGISTER sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;rport\r\nf:<sip:1@a>;tag=1\r\nt:<sip:1@a>\r\n\
                     i:1\r\nCSeq:1 REGISTER\r\nX:\r\n\r\n";
        short.replace("X:", &format!("X:{}", "x".repeat(length - short.len())))
    };
    let long = phone.say(&register(600)).await;
    let line = |challenge: &String| "WWW-Authenticate: \r\n".len() + challenge.len();
    let challenges = long.all(HeaderName::WwwAuthenticate);
    let [sha256, md5] = &challenges[..] else { panic!("{challenges:?}") };
    let both = long.bytes.len();
    let cases = [
        (both.div_ceil(2), Some(vec!["SHA-256", "MD5"])),
        ((both - 1) / 2, Some(vec!["SHA-256"])),
        ((both - line(md5)).div_ceil(2), Some(vec!["SHA-256"])),
        ((both - line(sha256)).div_ceil(2), Some(vec!["MD5"])),
        ((both - line(sha256) - 1) / 2, None),
    ];
    for (length, expected) in cases {
        phone.send(register(length).as_bytes()).await;
        let patience = if expected.is_some() { SILENCE * 10 } else { SILENCE };
        let answer = phone.hear(patience).await;
        let algorithms = answer.map(|answer| answer.all(HeaderName::WwwAuthenticate)).map(|challenges| {
            let named = |algorithm: &&str| {
                challenges.iter().any(|challenge| challenge.contains(&format!("algorithm={algorithm},")))
            };
            ["SHA-256", "MD5"].into_iter().filter(named).collect::<Vec<_>>()
        });
        assert_eq!(algorithms, expected, "{length} of {both}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_go_where_the_request_came_from() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    // A Via that names somebody else: the answer still comes here, and says so (RFC 3581).
    let request = request("OPTIONS", &phone, "").replace(&phone.local.to_string(), "192.0.2.99:9999");
    let via = phone.say(&request).await.one(HeaderName::Via);
    assert!(via.contains("received=127.0.0.1"), "{via}");
    assert!(via.contains(&format!("rport={}", phone.local.port())), "{via}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_ignition_phones_are_told_to_come_back() {
    let house = House::start().await;
    let answer = house.phone("201", CODE).await.register(600).await;
    assert_eq!(answer.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_somebody_elses_challenge_is_asked_again_and_counts_against_nobody() {
    let house = house().await;
    let mut asker = house.phone_at("127.0.0.2", "201", CODE).await;
    let challenge = asker.challenge(Some(600)).await;
    // As from a forged sender: it never heard its own challenge.
    for _ in 0..20 {
        let mut forger = house.phone_at("127.0.0.3", "201", "999999").await;
        forger.keep_challenge(&challenge);
        let answer = forger.refresh(Some(600)).await;
        assert_eq!(answer.status, 401);
        assert!(answer.one(HeaderName::WwwAuthenticate).contains("stale=true"), "{}", answer.text());
    }
    assert!(house.system.ledger.locks(house.clock.now()).is_empty());
    assert_eq!(asker.register(600).await.status, 200);
}
