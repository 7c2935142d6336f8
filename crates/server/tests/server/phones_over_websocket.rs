//! Phones in browsers: SIP over WebSocket (RFC 7118), at the address of the pages.

use std::time::Duration;

use signin::{digest::DigestAlgorithm, registration::Transport};
use tokio::time::timeout;
use wire::sip::HeaderName;

use crate::{
    browser::Browser,
    house::House,
    socket::{BINARY, CLOSE, PING, PONG, Socket, TEXT, frame},
    talker::{Dialog, Talker},
};

const CODE_201: &str = "472839";
const CODE_202: &str = "583920";
/// How long a test waits for what should come.
const PATIENCE: Duration = Duration::from_secs(10);

async fn office() -> House {
    let house = House::start().await.ignited().await;
    let house = house.with_user("Ann", "201", CODE_201).await.with_user("Bob", "202", CODE_202).await;
    house.without_mailboxes(&["201", "202"]).await
}

async fn next(socket: &mut Socket) -> Option<(u8, Vec<u8>)> {
    timeout(PATIENCE, socket.next()).await.expect("something in time")
}

/// The close frame's reason, and nothing behind it.
async fn closed_with(socket: &mut Socket) -> u16 {
    let (first, payload) = next(socket).await.expect("a frame");
    assert_eq!(first, CLOSE, "{}", String::from_utf8_lossy(&payload));
    assert_eq!(next(socket).await, None);
    u16::from_be_bytes([payload[0], payload[1]])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_in_a_browser_registers_with_a_digest_and_leaves() {
    let house = office().await;
    let mut wrong = house.phone_over(Transport::Wss, "202", "000000").await;
    assert_eq!(wrong.register(600).await.status, 403);
    let mut phone = house.phone_over(Transport::Wss, "202", CODE_202).await;
    let answer = phone.register(600).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bindings = house.bindings("202");
    assert_eq!(bindings.len(), 1);
    assert_eq!((bindings[0].transport, bindings[0].source), (Transport::Wss, phone.local));
    assert_eq!(bindings[0].algorithm, DigestAlgorithm::Sha256);
    assert_eq!(phone.refresh(Some(600)).await.status, 200);
    assert!(house.system.metrics.encode().contains("hookswitch_sip_received_total{transport=\"wss\"} 5"));
    assert_eq!(phone.refresh(Some(0)).await.status, 200);
    assert!(house.bindings("202").is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_of_browser_phones_are_offered_the_hash_that_they_know() {
    let house = office().await;
    for agent in ["JsSIP 3.13.8", "SIP.js/0.21.2"] {
        let mut phone = house.phone_over(Transport::Wss, "202", CODE_202).await;
        let request = phone.request(Some(60), "").replace("Test Phone 1.0", agent);
        let answer = phone.say(&request).await;
        let offered = answer.all(HeaderName::WwwAuthenticate);
        assert_eq!(offered.len(), 1, "{offered:?}");
        assert!(offered[0].contains("algorithm=MD5"), "{offered:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_calls_a_desk_phone_and_is_called() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut bob = Talker::registered(&house, Transport::Wss, "202", CODE_202).await;
    for bob_calls in [true, false] {
        let (caller, called) = if bob_calls { (&mut bob, &mut ann) } else { (&mut ann, &mut bob) };
        let to = called.phone.number.clone();
        caller.invites(&to).await;
        let invite = called.hears("INVITE").await;
        let via = if bob_calls { "SIP/2.0/UDP" } else { "SIP/2.0/WSS" };
        assert!(invite.one(HeaderName::Via).starts_with(via), "{}", invite.text());
        // RFC 5658: each end finds its own way first; RFC 7118 section 4.3: a browser's is called `ws`.
        let (https, udp) = (house.https(), house.sip_udp());
        let mut routes =
            vec![format!("<sip:{https};transport=ws;lr;hookswitch>"), format!("<sip:{udp};lr;hookswitch>")];
        if bob_calls {
            routes.reverse();
        }
        assert_eq!(invite.all(HeaderName::RecordRoute), routes);
        called.answers(&invite, "180 Ringing").await;
        caller.hears("180").await;
        let answer = called.answers(&invite, "200 OK").await;
        let answered = caller.hears("200").await;
        let mut dialog = Dialog::of_caller(&answered);
        let ack = caller.within(&mut dialog, "ACK");
        caller.say(&ack).await;
        called.hears("ACK").await;
        let mut at_called = Dialog::of_called(&invite, &answer);
        let bye = called.within(&mut at_called, "BYE");
        called.say(&bye).await;
        let heard = caller.hears("BYE").await;
        caller.answers(&heard, "200 OK").await;
        called.hears("200").await;
    }
    assert!(house.system.calls.going_on().is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_whose_connection_has_gone_is_not_reached() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let bob = Talker::registered(&house, Transport::Wss, "202", CODE_202).await;
    drop(bob);
    assert_eq!(house.bindings("202").len(), 1, "it is registered still");
    let is_gone = async {
        while house.system.metrics.encode().contains("hookswitch_connections{listener=\"https\"} 1") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, is_gone).await.expect("gone in time");
    ann.invites("202").await;
    ann.hears("480").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_sip_is_spoken_on_a_websocket_here_and_nothing_else_is_at_its_address() {
    let house = office().await;
    for protocol in ["chat", "SIP", "sips, xmpp"] {
        let refused = Socket::open(house.https(), protocol).await.err().expect("refused");
        assert!(refused.starts_with("http/1.1 400 "), "{refused}");
        assert!(refused.contains("content-security-policy: "), "{refused}");
    }
    let refused = Socket::open_with(house.https(), "", b"").await.err().expect("refused");
    assert!(refused.starts_with("http/1.1 400 "), "{refused}");
    assert!(Socket::open(house.https(), "xmpp, sip").await.is_ok());
    let mut browser = Browser::at(house.https());
    let page = browser.get("/sip").await;
    assert_eq!(
        (page.status, page.header("upgrade"), page.header("sec-websocket-version")),
        (426, "websocket", "13")
    );
    let token = browser.get("/manager/login").await.token();
    assert_eq!(browser.post("/sip", &token, &[]).await.status, 405);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_closes_the_connection_before_it_has_come() {
    let house = House::start_with(|config| config.limits.sip_message_bytes_max = 4096).await.ignited().await;
    let mut socket = Socket::open(house.https(), "sip").await.expect("opened");
    // Its head alone: 5000 bytes will follow.
    socket.send_raw(&frame(TEXT, &[b'x'; 5000])[..8]).await;
    assert_eq!(closed_with(&mut socket).await, 1009);
    // In pieces, each of which would do.
    let mut socket = Socket::open(house.https(), "sip").await.expect("opened");
    socket.send(0x01, &[b'x'; 3000]).await;
    socket.send(0x80, &[b'x'; 3000]).await;
    assert_eq!(closed_with(&mut socket).await, 1009);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_breaks_a_rule_closes_the_connection_and_a_close_is_answered() {
    let house = office().await;
    let unmasked = [TEXT, 2, b'h', b'i'];
    let table = [
        (unmasked.to_vec(), 1002),
        (frame(0x83, b"x"), 1002),
        (frame(0x80, b"x"), 1002),
        (frame(TEXT, &[0xff]), 1007),
        (frame(CLOSE, &4000_u16.to_be_bytes()), 4000),
    ];
    for (bytes, code) in table {
        let mut socket = Socket::open(house.https(), "sip").await.expect("opened");
        socket.send_raw(&bytes).await;
        assert_eq!(closed_with(&mut socket).await, code, "{bytes:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_frame_is_one_message_however_it_comes() {
    let house = office().await;
    let mut phone = house.phone_over(Transport::Wss, "202", CODE_202).await;
    let (first, second) = (phone.request(Some(60), ""), phone.request(Some(60), ""));
    // Two in one: neither is carried out, and the connection goes on.
    let answer = phone.say(&format!("{first}{second}")).await;
    assert!(answer.text().starts_with("SIP/2.0 400 More Than One Message\r\n"), "{}", answer.text());
    phone.send(phone_silent(&second).as_bytes()).await;
    assert_eq!(phone.hear(PATIENCE).await.expect("an answer").status, 401, "needs no Content-Length");
    let mut socket = Socket::open(house.https(), "sip").await.expect("opened");
    let bytes = second.as_bytes();
    // In pieces with a ping between them, and not as text.
    socket.send(0x02, &bytes[..50]).await;
    socket.send(PING, b"there?").await;
    socket.send(0x80, &bytes[50..]).await;
    assert_eq!(next(&mut socket).await, Some((PONG, b"there?".to_vec())));
    let (first, answer) = next(&mut socket).await.expect("an answer");
    assert_eq!((first, answer.starts_with(b"SIP/2.0 401 ")), (TEXT, true));
    // Keep-alives of RFC 5626, each answered or a pong itself.
    socket.say(b"\r\n\r\n").await;
    assert_eq!(next(&mut socket).await, Some((TEXT, b"\r\n".to_vec())));
    socket.say(b"\r\n").await;
    socket.send(BINARY, b"").await;
    socket.send(PONG, b"").await;
    socket.send(PING, b"").await;
    assert_eq!(next(&mut socket).await, Some((PONG, Vec::new())));
    house.stop().await;
}

/// Without a Content-Length.
fn phone_silent(request: &str) -> String {
    request.replace("Content-Length: 0\r\n", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_is_sent_away_and_the_program_says_that_it_goes() {
    let house = House::start_with(|config| config.limits.first_message_seconds = 1).await.ignited().await;
    let mut quiet = Socket::open(house.https(), "sip").await.expect("opened");
    // Signs of life are no message.
    quiet.send(PING, b"").await;
    assert_eq!(next(&mut quiet).await, Some((PONG, Vec::new())));
    assert_eq!(closed_with(&mut quiet).await, 1001);
    house.stop().await;

    let house = office().await;
    // What is sent before the opening was answered is heard, too.
    let early = frame(
        TEXT,
        b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
        From: <sip:a@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: early\r\nCSeq: 1 OPTIONS\r\n\r\n",
    );
    let opened = Socket::open_with(house.https(), "Sec-WebSocket-Protocol: sip\r\n", &early).await;
    let mut socket = opened.expect("opened");
    let (_, answer) = next(&mut socket).await.expect("an answer");
    assert!(answer.starts_with(b"SIP/2.0 200 "), "{}", String::from_utf8_lossy(&answer));
    let ((), code) = tokio::join!(house.stop(), closed_with(&mut socket));
    assert_eq!(code, 1001);
}
