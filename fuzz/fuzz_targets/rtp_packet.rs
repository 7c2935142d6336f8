//! RTP packets and the playout buffer: no panic; a packet that is written again says the same; what is heard ends.
//!
//! The input is a stream: a byte that says how long the next packet is, and the packet; 0 is a frame that is due.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::rtp::{Arrival, Codec, FRAME, Heard, PACKETS_MAX, PAYLOAD_MAX, Packet, Playout};

const DEPTH: u16 = 3;
/// Frames that what is kept can last, each packet of it behind a lost one, and those that are waited for.
const FRAMES_MAX: usize = 2 * PACKETS_MAX as usize * PAYLOAD_MAX.div_ceil(FRAME) + PACKETS_MAX as usize;

fuzz_target!(|bytes: &[u8]| {
    let (mut playout, mut out) = (Playout::new(Codec::Pcmu, DEPTH), Vec::new());
    let mut rest = bytes;
    while let [length, tail @ ..] = rest {
        let (one, next) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = next;
        if one.is_empty() {
            let _ = playout.pop();
        }
        let Ok(packet) = Packet::parse(one) else { continue };
        packet.write(&mut out);
        assert_eq!(Packet::parse(&out), Ok(packet));
        let is_sound = packet.payload_type < 64;
        let arrival = if is_sound { playout.push(&packet) } else { playout.pass(&packet) };
        if arrival == Arrival::Kept {
            assert_eq!(playout.push(&packet), Arrival::Repeated);
        }
    }
    // What is there may be waited for first.
    for _ in 0..=DEPTH {
        let _ = playout.pop();
    }
    let mut due = 0;
    while due <= FRAMES_MAX && playout.pop() != Heard::Empty {
        due += 1;
    }
    assert!(due <= FRAMES_MAX);
});
