//! Telephone events: no panic; a report that is written again says the same; a packet that comes twice tells nothing
//! the second time, and nothing is held for ever.
//!
//! The input is a stream: a byte that says how long the next packet is, and the packet; 0 is 20 ms that pass.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::rtp::{Event, EventReader, Packet, QUIET_MAX};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = EventReader::default();
    let (mut packets, mut presses) = (0, 0);
    let mut rest = bytes;
    while let [length, tail @ ..] = rest {
        let (one, next) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = next;
        if one.is_empty() {
            presses += usize::from(reader.tick().is_some());
        }
        let Ok(packet) = Packet::parse(one) else { continue };
        if let Some(event) = Event::parse(packet.payload) {
            assert_eq!(Event::parse(&event.to_bytes()), Some(event));
        }
        packets += 1;
        presses += reader.push(&packet).count();
        assert_eq!(reader.push(&packet).count(), 0);
    }
    for _ in 0..=QUIET_MAX {
        presses += usize::from(reader.tick().is_some());
    }
    assert!(!reader.is_held() && presses <= packets);
});
