//! Keys: each is told once, whichever of its packets arrive.

use wire::keypad::Key;
use wire::rtp::{Event, EventReader, Packet, QUIET_MAX};

/// A packet that was sent, before it is bytes.
#[derive(Clone, Copy)]
struct Sent {
    marker: bool,
    timestamp: u32,
    event: Event,
}

/// What a phone sends for a key held for `reports` times 50 ms: its course, and its end three times.
fn held(key: Key, timestamp: u32, reports: u16) -> Vec<Sent> {
    let report = |at: u16, end: bool| Sent {
        marker: at == 1 && !end,
        timestamp,
        event: Event { event: key.event(), end, volume: 10, duration: at * 400 },
    };
    (1..=reports).map(|at| report(at, false)).chain([report(reports, true); 3]).collect()
}

fn push(reader: &mut EventReader, sent: &Sent, ssrc: u32) -> Vec<(char, u32)> {
    let payload = sent.event.to_bytes();
    let packet = Packet {
        marker: sent.marker,
        payload_type: 101,
        sequence_number: 0,
        timestamp: sent.timestamp,
        ssrc,
        payload: &payload,
    };
    reader.push(&packet).map(|press| (press.key.as_char(), press.duration_ms.unwrap())).collect()
}

fn pressed(sent: &[Sent]) -> Vec<(char, u32)> {
    let mut reader = EventReader::default();
    let mut pressed: Vec<_> = sent.iter().flat_map(|sent| push(&mut reader, sent, 1)).collect();
    for _ in 0..=QUIET_MAX {
        pressed.extend(reader.tick().map(|press| (press.key.as_char(), press.duration_ms.unwrap())));
    }
    assert!(!reader.is_held());
    pressed
}

#[test]
fn a_key_is_told_once_whichever_of_its_packets_arrive() {
    let (one, two) = (held(Key::Nine, u32::MAX - 100, 2), held(Key::Nine, 3000, 2));
    let all: Vec<Sent> = one.into_iter().chain(two).collect();
    for arrived in 1u32..1 << all.len() {
        let some: Vec<Sent> = (0..all.len()).filter(|at| arrived >> at & 1 == 1).map(|at| all[at]).collect();
        let expected = usize::from(arrived & 0x1f != 0) + usize::from(arrived >> 5 != 0);
        let pressed = pressed(&some);
        assert_eq!(pressed.len(), expected, "{arrived:b}");
        assert!(pressed.iter().all(|(key, duration)| *key == '9' && [50, 100].contains(duration)));
    }
}

#[test]
fn packets_of_a_key_may_overtake_each_other_and_come_twice() {
    let all = held(Key::Pound, 160, 4);
    for at in 0..all.len() - 1 {
        let mut swapped = all.clone();
        swapped.swap(at, at + 1);
        swapped.insert(at, all[at]);
        assert_eq!(pressed(&swapped).len(), 1, "{at}");
    }
    let mut late = held(Key::One, 0, 2);
    let last = late.pop().unwrap();
    late.extend(held(Key::Two, 2000, 2));
    late.insert(late.len() - 2, last);
    assert_eq!(pressed(&late), [('1', 100), ('2', 100)]);
}

#[test]
fn what_comes_late_of_the_key_before_says_nothing_of_the_one_that_is_held() {
    let mut reader = EventReader::default();
    let one = held(Key::One, 0, 2);
    let two = held(Key::Two, 2000, 2);
    assert_eq!(push(&mut reader, &one[0], 1), []);
    assert_eq!(push(&mut reader, &two[0], 1), [('1', 50)]);
    assert_eq!(push(&mut reader, &one[2], 1), []);
    assert!(reader.is_held());
    assert_eq!(push(&mut reader, &two[2], 1), [('2', 100)]);
    assert!(!reader.is_held());
}

#[test]
fn the_end_of_the_one_and_the_beginning_of_the_other_may_both_be_lost() {
    let mut reader = EventReader::default();
    let (one, two) = (held(Key::One, 0, 3), held(Key::One, 4000, 1));
    assert_eq!(push(&mut reader, &one[1], 1), []);
    assert_eq!(push(&mut reader, &two[1], 1), [('1', 100), ('1', 50)]);
    assert_eq!(push(&mut reader, &two[2], 1), []);
}

#[test]
fn a_key_that_is_held_for_long_is_one_key() {
    // Segments of 65535 samples (RFC 4733 §2.5.1.3): 20 seconds.
    let report = |segment: u32, duration: u16, end: bool| Sent {
        marker: segment == 0 && duration == 400,
        timestamp: 1000u32.wrapping_add(segment * 0xffff),
        event: Event { event: 5, end, volume: 10, duration },
    };
    let mut all = Vec::new();
    for segment in 0..2 {
        all.extend((1..=163).map(|at| report(segment, at * 400, false)));
        all.push(report(segment, 0xffff, false));
    }
    let rest = 28_930;
    all.push(report(2, 400, false));
    all.extend([report(2, rest, true); 3]);
    assert_eq!(pressed(&all), [('5', 20_000)]);
    // The last packet of a segment may be lost, and that of the one before be late.
    all.remove(163);
    let late = all[100];
    all.insert(200, late);
    assert_eq!(pressed(&all), [('5', 20_000)]);
}

#[test]
fn a_phone_that_begins_anew_is_listened_to() {
    let mut reader = EventReader::default();
    assert_eq!(push(&mut reader, &held(Key::One, 5000, 1)[0], 1), []);
    // Another SSRC, whatever its timestamps.
    assert_eq!(push(&mut reader, &held(Key::Two, 100, 1)[0], 2), [('1', 50)]);
    assert_eq!(push(&mut reader, &held(Key::Two, 100, 1)[1], 2), [('2', 50)]);
    // The same, with a clock that has jumped back by minutes.
    assert_eq!(push(&mut reader, &held(Key::Three, 100u32.wrapping_sub(1_000_000), 1)[1], 2), [('3', 50)]);
    // And one whose clock stands still.
    assert_eq!(push(&mut reader, &held(Key::Four, 100u32.wrapping_sub(1_000_000), 1)[0], 2), []);
    assert_eq!(push(&mut reader, &held(Key::Four, 100u32.wrapping_sub(1_000_000), 1)[1], 2), [('4', 50)]);
}

#[test]
fn what_is_no_key_is_not_told() {
    let mut reader = EventReader::default();
    let flash =
        Sent { marker: true, timestamp: 0, event: Event { event: 16, end: true, volume: 0, duration: 400 } };
    assert_eq!(push(&mut reader, &flash, 1), []);
    assert!(!reader.is_held());
    let short = Packet {
        marker: true,
        payload_type: 101,
        sequence_number: 0,
        timestamp: 0,
        ssrc: 1,
        payload: b"123",
    };
    assert_eq!(reader.push(&short).count(), 0);
    assert_eq!(reader.tick(), None);
}
