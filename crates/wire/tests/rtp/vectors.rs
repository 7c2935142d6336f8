//! The runner of `vectors/rtp/*.txt`, and what must hold for every prefix and every mutation of every packet.
//!
//! A line of a body is a packet in hexadecimal, or `+N`: so many times 20 ms pass.

use wire::rtp::{Codec, Event, EventReader, Packet, Playout};

use super::vector::{self, Vector};

const FILES: [(&str, &str); 3] = [
    ("field", include_str!("../../vectors/rtp/field.txt")),
    ("rfc3550", include_str!("../../vectors/rtp/rfc3550.txt")),
    ("rfc4733", include_str!("../../vectors/rtp/rfc4733.txt")),
];

pub(crate) fn all() -> Vec<Vector> {
    vector::read(&FILES)
}

enum Step {
    Packet(Vec<u8>),
    Ticks(usize),
}

fn steps(vector: &Vector) -> Vec<Step> {
    let lines = vector.body.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.strip_prefix('+') {
            Some(count) => Step::Ticks(count.parse().unwrap()),
            None => {
                let digits: Vec<char> = line.chars().filter(|character| *character != ' ').collect();
                let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
                Step::Packet(digits.chunks(2).map(byte).collect())
            }
        })
        .collect()
}

pub(crate) fn packets(vector: &Vector) -> Vec<Vec<u8>> {
    let packets = steps(vector).into_iter().filter_map(|step| match step {
        Step::Packet(bytes) => Some(bytes),
        Step::Ticks(_) => None,
    });
    packets.collect()
}

fn presses(vector: &Vector) -> String {
    let mut reader = EventReader::default();
    let mut pressed = Vec::new();
    for step in steps(vector) {
        match step {
            Step::Packet(bytes) => pressed.extend(reader.push(&Packet::parse(&bytes).unwrap())),
            Step::Ticks(count) => pressed.extend((0..count).filter_map(|_| reader.tick())),
        }
    }
    let told = pressed.iter().map(|press| format!("{}/{}", press.key.as_char(), press.duration_ms.unwrap()));
    if pressed.is_empty() { "none".into() } else { told.collect::<Vec<_>>().join(" ") }
}

fn finding(vector: &Vector, key: &str) -> String {
    let packets = packets(vector);
    let first = Packet::parse(packets.first().unwrap());
    match (key, first) {
        ("expect", Ok(_)) => {
            let all = packets.iter().all(|bytes| Packet::parse(bytes).is_ok());
            if all { "accept".into() } else { "malformed".into() }
        }
        ("expect", Err(wrong)) => format!("malformed {wrong:?}"),
        ("presses", _) => presses(vector),
        (_, Err(wrong)) => format!("({wrong})"),
        ("marker", Ok(packet)) => packet.marker.to_string(),
        ("payload-type", Ok(packet)) => packet.payload_type.to_string(),
        ("sequence-number", Ok(packet)) => packet.sequence_number.to_string(),
        ("timestamp", Ok(packet)) => packet.timestamp.to_string(),
        ("ssrc", Ok(packet)) => format!("{:08x}", packet.ssrc),
        ("payload", Ok(packet)) => packet.payload.len().to_string(),
        ("event", Ok(packet)) => Event::parse(packet.payload).map_or_else(
            || "none".into(),
            |event| {
                format!(
                    "{} end {} volume {} duration {}",
                    event.event, event.end, event.volume, event.duration
                )
            },
        ),
        (unknown, _) => panic!("the runner knows no key {unknown}"),
    }
}

#[test]
fn every_vector_is_read_as_its_rfc_asks_for() {
    vector::compare(&all(), finding);
}

/// Everything that can be asked of bytes; must not panic, whatever they are.
fn ask_everything(bytes: &[u8], reader: &mut EventReader, playout: &mut Playout) {
    let Ok(packet) = Packet::parse(bytes) else { return };
    assert!(packet.payload.len() <= bytes.len() - 12);
    assert!(reader.push(&packet).count() <= 2);
    let _ = (playout.push(&packet), playout.pass(&packet));
    let _ = (playout.pop(), reader.tick());
    let mut out = Vec::new();
    packet.write(&mut out);
    assert_eq!(Packet::parse(&out), Ok(packet));
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_vector_makes_anything_panic() {
    let (mut reader, mut playout) = (EventReader::default(), Playout::new(Codec::Pcmu, 3));
    for mut bytes in all().iter().flat_map(packets) {
        for end in 0..=bytes.len() {
            ask_everything(&bytes[..end], &mut reader, &mut playout);
        }
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            ask_everything(&bytes, &mut reader, &mut playout);
            bytes[at / 8] ^= 1 << (at % 8);
        }
    }
}

#[test]
fn a_packet_longer_than_any_is_none() {
    let mut bytes = vec![0; wire::rtp::PACKET_MAX];
    bytes[0] = 0x80;
    assert!(Packet::parse(&bytes).is_ok());
    bytes.push(0);
    assert_eq!(Packet::parse(&bytes), Err(wire::rtp::Malformed::TooLong));
}
