//! The torture messages of RFC 4475 and RFC 5118, each sent to the server over UDP, TCP and TLS: what is answered is
//! what the vectors of `wire` say, and a phone registers as if nothing had been.

use std::time::Duration;

use signin::registration::Transport;
use wire::sip::{HeaderName, Headers, Request, Via};

use crate::{
    house::House,
    phone::{Phone, SILENCE},
    vectors::{Vector, torture},
};

const CODE: &str = "472839";

/// The message with `rport` in its top Via: the answer comes back to this socket, and not to the port in the message
/// (RFC 3581). A Via that cannot be read is left as it is.
fn with_way_back(bytes: &[u8]) -> Vec<u8> {
    let mut headers = Headers::new();
    let Some(request) = Request::salvage(bytes, &mut headers) else { return bytes.to_vec() };
    let (value, at) = request.fields.all(HeaderName::Via).next().expect("a Via");
    if !Via::parse(value).is_ok_and(|via| via.rport.is_none()) {
        return bytes.to_vec();
    }
    let end = at + value.iter().position(|&byte| byte == b',').unwrap_or(value.len());
    [&bytes[..end], b";rport", &bytes[end..]].concat()
}

/// Every answer that comes, when as many are expected; one more would be too many.
async fn answers(phone: &mut Phone, bytes: &[u8], expected: &[u16]) -> Vec<u16> {
    phone.send(bytes).await;
    let mut said = Vec::new();
    for _ in 0..expected.len() {
        said.extend(phone.hear(SILENCE * 100).await.map(|answer| answer.status));
    }
    if expected.is_empty() {
        said.extend(phone.hear(SILENCE).await.map(|answer| answer.status));
    }
    said
}

async fn try_all(house: &House, transport: Transport) -> Vec<String> {
    let mut wrong = Vec::new();
    for Vector { name, bytes, over_udp, over_streams, rfc } in torture() {
        let (bytes, expected) = match transport {
            Transport::Udp => (with_way_back(&bytes), over_udp),
            Transport::Tcp | Transport::Tls | Transport::Wss => (bytes, over_streams),
        };
        let mut stranger = house.phone_over(transport, "201", "").await;
        let said = answers(&mut stranger, &bytes, &expected).await;
        if said != expected {
            wrong.push(format!("{name} over {transport:?}: {said:?}, not {expected:?}"));
        }
        if rfc.is_some() && said.first() == rfc.as_ref() {
            wrong.push(format!("{name} over {transport:?}: take away its rfc and differs"));
        }
        let registered = house.phone_over(transport, "201", CODE).await.register(600).await;
        if registered.status != 200 {
            wrong.push(format!("{name} over {transport:?}: {} for a good phone after it", registered.status));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_torture_message_is_answered_as_its_vector_says_over_every_transport() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", CODE).await;
    let mut wrong = Vec::new();
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        wrong.extend(try_all(&house, transport).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(house.system.metrics.panics.get(), 0);
}

/// Every so many bytes a message is cut, and every so many bits one is flipped; primes, so that all places get a turn.
/// All of them go through the decoders in `wire`'s tests.
const CUT_EVERY: usize = 41;
const FLIP_EVERY: usize = 97;
/// Datagrams on their way at once: more could be lost before they are read.
const ON_THE_WAY: u64 = 16;

fn spoilt(bytes: &[u8]) -> Vec<Vec<u8>> {
    let cut = (1..bytes.len()).step_by(CUT_EVERY).map(|end| bytes[..end].to_vec());
    let flipped = (0..bytes.len() * 8).step_by(FLIP_EVERY).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    cut.chain(flipped).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_and_changed_torture_messages_harm_nobody() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", CODE).await;
    let received = || house.system.metrics.sip(Transport::Udp).received.get();
    let before = received();
    let mut stranger = house.phone("201", "").await;
    let mut sent = 0;
    for message in torture().iter().flat_map(|vector| spoilt(&vector.bytes)) {
        // A lone line break is a sign of life, and not counted.
        if message.iter().all(|byte| b"\r\n".contains(byte)) {
            continue;
        }
        stranger.send(&message).await;
        sent += 1;
        let mut looks = 0;
        while sent - (received() - before) >= ON_THE_WAY {
            looks += 1;
            assert!(looks < 10_000, "{sent} were sent, and {} were read", received() - before);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(sent > 2000, "{sent}");
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 200);
    assert_eq!(house.system.metrics.panics.get(), 0);
}
