//! The playout buffer: what is heard of packets that come late, twice, in another order, or not at all.

use wire::rtp::{Arrival, Codec, FRAME, Heard, PACKETS_MAX, PAYLOAD_MAX, Packet, Playout};

const SILENCE: u8 = 0xff;

fn playout(depth: u16) -> Playout {
    Playout::new(Codec::Pcmu, depth)
}

/// A packet whose sound is the low byte of its number.
fn send_of(playout: &mut Playout, ssrc: u32, number: u16, length: usize) -> Arrival {
    let payload = vec![number.to_le_bytes()[0]; length];
    // Timestamps that say nothing of the order.
    let timestamp = u32::from(number).wrapping_mul(0x9e37_79b9);
    let packet = Packet {
        marker: false,
        payload_type: 0,
        sequence_number: number,
        timestamp,
        ssrc,
        payload: &payload,
    };
    playout.push(&packet)
}

fn send(playout: &mut Playout, number: u16) -> Arrival {
    send_of(playout, 1, number, FRAME)
}

fn pass(playout: &mut Playout, number: u16) -> Arrival {
    let packet = Packet {
        marker: false,
        payload_type: 101,
        sequence_number: number,
        timestamp: 0,
        ssrc: 1,
        payload: b"key",
    };
    playout.pass(&packet)
}

/// What is heard, packet by packet: its sound, `L`ost, or nothing.
fn heard(playout: &mut Playout) -> String {
    match playout.pop() {
        Heard::Frame(frame) if frame.iter().all(|byte| byte == &frame[0]) => frame[0].to_string(),
        Heard::Frame(frame) => {
            let mut runs: Vec<(u8, usize)> = Vec::new();
            for &byte in frame {
                match runs.last_mut() {
                    Some((last, count)) if *last == byte => *count += 1,
                    _ => runs.push((byte, 1)),
                }
            }
            runs.iter().map(|(byte, count)| format!("{byte}x{count}")).collect::<Vec<_>>().join("+")
        }
        Heard::Lost => "L".into(),
        Heard::Empty => "-".into(),
    }
}

fn hear(playout: &mut Playout, count: usize) -> String {
    (0..count).map(|_| heard(playout)).collect::<Vec<_>>().join(" ")
}

#[test]
fn packets_are_heard_in_order_once_enough_are_there() {
    let mut playout = playout(3);
    assert_eq!(hear(&mut playout, 2), "- -");
    send(&mut playout, 1);
    assert_eq!(heard(&mut playout), "-");
    for number in [3, 2, 5, 4] {
        assert_eq!(send(&mut playout, number), Arrival::Kept);
    }
    assert_eq!(hear(&mut playout, 6), "1 2 3 4 5 -");
}

#[test]
fn the_end_of_a_short_sound_is_heard_too() {
    let mut playout = playout(3);
    send(&mut playout, 9);
    assert_eq!(hear(&mut playout, 6), "- - - 9 - -");
}

#[test]
fn the_first_packets_may_overtake_each_other() {
    let mut playout = playout(3);
    for number in [7, 5, 6] {
        assert_eq!(send(&mut playout, number), Arrival::Kept);
    }
    assert_eq!(hear(&mut playout, 4), "5 6 7 -");
    // Once it has begun, what belongs before is too late.
    assert_eq!(send(&mut playout, 4), Arrival::Late);
    assert_eq!(send(&mut playout, 7), Arrival::Late);
}

#[test]
fn what_is_lost_is_told_and_what_comes_twice_is_heard_once() {
    let mut playout = playout(1);
    for number in [1, 2, 2, 4, 1, 7] {
        send(&mut playout, number);
    }
    assert_eq!(send(&mut playout, 4), Arrival::Repeated);
    assert_eq!(hear(&mut playout, 8), "1 2 L 4 L L 7 -");
}

#[test]
fn sequence_numbers_wrap() {
    let mut playout = playout(2);
    for number in [65_533, 65_535, 65_534, 1, 0] {
        assert_eq!(send(&mut playout, number), Arrival::Kept);
    }
    assert_eq!(hear(&mut playout, 6), "253 254 255 0 1 -");
    let mut number = 2u16;
    for _ in 0..70_000 {
        send(&mut playout, number);
        assert_eq!(send(&mut playout, number), Arrival::Repeated);
        number = number.wrapping_add(1);
        send(&mut playout, number);
        playout.pop();
        playout.pop();
        number = number.wrapping_add(1);
    }
}

#[test]
fn packets_of_any_length_become_frames() {
    // 30 ms, as some phones send.
    let mut playout = playout(2);
    for number in 1..=4 {
        send_of(&mut playout, 1, number, 240);
    }
    assert_eq!(hear(&mut playout, 7), "1 1x80+2x80 2 3 3x80+4x80 4 -");
    // 10 ms.
    for number in 5..=9 {
        send_of(&mut playout, 1, number, 80);
    }
    assert_eq!(hear(&mut playout, 3), format!("5x80+6x80 7x80+8x80 9x80+{SILENCE}x80"));
    assert_eq!(send_of(&mut playout, 1, 10, PAYLOAD_MAX), Arrival::Kept);
    assert_eq!(send_of(&mut playout, 1, 11, PAYLOAD_MAX + 1), Arrival::TooLong);
    assert_eq!(hear(&mut playout, 13), "- - 10 10 10 10 10 10 10 10 10 10 -");
}

#[test]
fn a_lost_packet_lasts_as_long_as_the_one_before() {
    let mut playout = playout(2);
    for number in [1, 3] {
        send_of(&mut playout, 1, number, 240);
    }
    assert_eq!(hear(&mut playout, 6), format!("1 1x80+{SILENCE}x80 L 3 3x80+{SILENCE}x80 -"));
}

#[test]
fn keys_among_the_sound_are_not_missing() {
    let mut playout = playout(1);
    send(&mut playout, 1);
    for number in 2..8 {
        assert_eq!(pass(&mut playout, number), Arrival::Kept);
    }
    send(&mut playout, 8);
    assert_eq!(hear(&mut playout, 3), "1 8 -");
    for number in 9..12 {
        pass(&mut playout, number);
        assert_eq!(heard(&mut playout), "-");
    }
    send(&mut playout, 12);
    assert_eq!(hear(&mut playout, 2), "12 -");
}

#[test]
fn what_was_missing_while_nothing_was_there_is_not_due_afterwards() {
    let mut playout = playout(1);
    for number in 1..3 {
        send(&mut playout, number);
    }
    assert_eq!(hear(&mut playout, 12), "1 2 - - - - - - - - - -");
    // The net was away for ten packets, then for two hundred.
    send(&mut playout, 13);
    assert_eq!(hear(&mut playout, 2), "13 -");
    send(&mut playout, 214);
    send(&mut playout, 215);
    assert_eq!(hear(&mut playout, 3), "214 215 -");
    assert_eq!(send(&mut playout, 200), Arrival::Late);
}

#[test]
fn of_more_than_can_be_kept_the_oldest_is_not_heard() {
    let mut playout = playout(1);
    for number in 1..=PACKETS_MAX + 5 {
        assert_eq!(send(&mut playout, number), Arrival::Kept);
    }
    assert_eq!(hear(&mut playout, 2), "6 7");
    // Far ahead, but of the same stream.
    assert_eq!(send(&mut playout, 1000), Arrival::Kept);
    assert_eq!(hear(&mut playout, 2), "232 -");
}

#[test]
fn a_stream_that_begins_anew_is_believed_when_two_packets_follow_each_other() {
    for (ssrc, number) in [(2, 11u16), (2, 50_000), (1, 50_000), (1, 8u16.wrapping_sub(101))] {
        let mut playout = playout(1);
        for number in 8..12 {
            send(&mut playout, number);
        }
        assert_eq!(send_of(&mut playout, ssrc, number, FRAME), Arrival::Strange, "{ssrc} {number}");
        // One stray packet changes nothing.
        assert_eq!(send(&mut playout, 12), Arrival::Kept);
        assert_eq!(hear(&mut playout, 2), "8 9");
        assert_eq!(send_of(&mut playout, ssrc, number.wrapping_add(1), FRAME), Arrival::Kept);
        assert_eq!(send_of(&mut playout, ssrc, number.wrapping_add(2), FRAME), Arrival::Kept);
        let (one, two) = (number.wrapping_add(1).to_le_bytes()[0], number.wrapping_add(2).to_le_bytes()[0]);
        assert_eq!(hear(&mut playout, 3), format!("{one} {two} -"), "{ssrc} {number}");
    }
}

#[test]
fn a_packet_that_is_merely_late_is_no_new_stream() {
    let mut playout = playout(1);
    for number in 500..504 {
        send(&mut playout, number);
    }
    hear(&mut playout, 4);
    for number in [450, 451, 452] {
        assert_eq!(send(&mut playout, number), Arrival::Late);
    }
    send(&mut playout, 504);
    assert_eq!(heard(&mut playout), "248");
}
