//! The runner of `vectors/sdp/*.txt`, and what must hold for every prefix and every mutation of every vector.

use wire::keypad::Key;
use wire::sdp::{Answer, Direction, Local, Malformed, NotAcceptable, Offer};

use super::vector::{self, Vector};

const FILES: [(&str, &str); 4] = [
    ("field", include_str!("../../vectors/sdp/field.txt")),
    ("rfc3264", include_str!("../../vectors/sdp/rfc3264.txt")),
    ("rfc4317", include_str!("../../vectors/sdp/rfc4317.txt")),
    ("rfc8866", include_str!("../../vectors/sdp/rfc8866.txt")),
];

pub(crate) fn local() -> Local {
    let address = "192.0.2.9".parse().unwrap();
    Local { address, port: 40_000, session_id: 7, version: 1, direction: Direction::SendRecv }
}

fn all() -> Vec<Vector> {
    vector::read(&FILES)
}

fn bytes(vector: &Vector) -> Vec<u8> {
    vector.body.replace('\n', "\r\n").replace("<lf>", "\n").replace("<nul>", "\0").into_bytes()
}

/// An answer from its first media description on, its lines in one.
fn answer(offer: &Offer<'_>) -> Result<String, NotAcceptable> {
    let agreed = offer.agree(Direction::SendRecv)?;
    let six = "2001:db8::9".parse().unwrap();
    let local = if agreed.remote.is_ipv4() { local() } else { Local { address: six, ..local() } };
    let mut out = Vec::new();
    assert_eq!(offer.answer(&local, &mut out)?, agreed);
    let text = String::from_utf8(out).unwrap();
    let (_, medias) = text.split_once("\r\nm=").unwrap();
    Ok(format!("m={}", medias.trim_end().replace("\r\n", " | ")))
}

fn finding(vector: &Vector, key: &str) -> String {
    let bytes = bytes(vector);
    let offer = match Offer::parse(&bytes) {
        Ok(offer) => offer,
        Err(wrong) if key == "expect" => return format!("malformed {:?}", wrong.rule),
        Err(Malformed { at, .. }) if key == "at" => return at.to_string(),
        Err(wrong) => return format!("({wrong})"),
    };
    let agreed = match offer.agree(Direction::SendRecv) {
        Ok(agreed) => agreed,
        Err(reason) if key == "expect" => return format!("not acceptable {reason:?}"),
        Err(reason) if key == "warning" => return reason.warning().0.to_string(),
        Err(reason) => return format!("({reason})"),
    };
    match key {
        "expect" => "accept".into(),
        "codec" => format!("{} {}", agreed.codec.as_str(), agreed.payload_type),
        "event" => agreed.event_payload_type.map_or("none".into(), |number| number.to_string()),
        "events" => {
            let events = agreed.events.unwrap();
            Key::ALL.into_iter().filter(|key| events.has(*key)).map(Key::as_char).collect()
        }
        "remote" => agreed.remote.to_string(),
        "direction" => agreed.direction.as_str().into(),
        "ptime" => agreed.ptime_ms.to_string(),
        "answer" => answer(&offer).unwrap(),
        unknown => panic!("the runner knows no key {unknown}"),
    }
}

#[test]
fn every_vector_gets_the_answer_its_rfc_asks_for() {
    vector::compare(&all(), finding);
}

/// What must hold of any bytes.
pub(crate) fn ask_everything(bytes: &[u8]) {
    let (Ok(offer), Ok(answer)) = (Offer::parse(bytes), Answer::parse(bytes)) else { return };
    assert_eq!(offer.agree(Direction::SendRecv), answer.agree(Direction::SendRecv));
    let mut out = b"from before".to_vec();
    let Ok(agreed) = offer.answer(&local(), &mut out) else {
        assert!(out.is_empty(), "nothing is left of what is not sent");
        return;
    };
    assert!(!agreed.direction.sends() || !agreed.remote.ip().is_unspecified());
    assert!((1..=200).contains(&agreed.ptime_ms));
    // The answer is read as the same agreement, from the other side.
    let back = Answer::parse(&out).unwrap().agree(Direction::SendRecv).unwrap();
    assert_eq!((back.codec, back.payload_type), (agreed.codec, agreed.payload_type));
    assert_eq!(back.event_payload_type, agreed.event_payload_type);
    assert_eq!(back.direction, agreed.direction.mirrored());
    assert_eq!(back.remote.to_string(), "192.0.2.9:40000");
    let medias =
        |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"m=")).count();
    assert_eq!(medias(&out), medias(bytes), "one media description for each");
    assert!(out.iter().all(|&byte| byte.is_ascii_graphic() || b" \r\n".contains(&byte)));
}

#[test]
fn no_prefix_of_a_vector_makes_anything_panic() {
    for bytes in all().iter().map(bytes) {
        for end in 0..=bytes.len() {
            ask_everything(&bytes[..end]);
        }
    }
}

#[test]
fn no_single_changed_byte_of_a_vector_makes_anything_panic() {
    for mut bytes in all().iter().map(bytes) {
        for at in 0..bytes.len() {
            let kept = bytes[at];
            for value in *b"\0\r\n =:/9-\xff" {
                bytes[at] = value;
                ask_everything(&bytes);
            }
            bytes[at] = kept;
        }
    }
}
