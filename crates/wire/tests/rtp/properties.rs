//! Properties of made-up packets and streams.

use proptest::prelude::*;
use wire::rtp::{Arrival, Codec, Event, FRAME, Heard, Packet, Playout};

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        marker: bool, payload_type in 0u8..64, sequence_number: u16, timestamp: u32, ssrc: u32, payload: Vec<u8>,
        csrcs in 0usize..16, extension in proptest::option::of(proptest::collection::vec(any::<u32>(), 0..9)), padding: u8,
    ) {
        let packet = Packet { marker, payload_type, sequence_number, timestamp, ssrc, payload: &payload };
        let mut out = b"from before".to_vec();
        packet.write(&mut out);
        prop_assert_eq!(Packet::parse(&out), Ok(packet));
        // The same with all that may be in it.
        let mut long = out[..12].to_vec();
        long[0] |= u8::try_from(csrcs).unwrap();
        long.extend(vec![0xaa; csrcs * 4]);
        if let Some(words) = &extension {
            long[0] |= 0x10;
            long.extend([0xbe, 0xde]);
            long.extend(u16::try_from(words.len()).unwrap().to_be_bytes());
            long.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        }
        long.extend(&payload);
        if padding > 0 {
            long[0] |= 0x20;
            long.extend(vec![0; usize::from(padding) - 1]);
            long.push(padding);
        }
        prop_assert_eq!(Packet::parse(&long), Ok(packet));
    }

    #[test]
    fn an_event_is_written_as_it_is_read(event: u8, end: bool, volume in 0u8..64, duration: u16) {
        let event = Event { event, end, volume, duration };
        prop_assert_eq!(Event::parse(&event.to_bytes()), Some(event));
    }

    #[test]
    fn whatever_comes_no_packet_is_heard_twice_or_out_of_order(
        first: u16, steps in proptest::collection::vec((-40i32..40, any::<bool>()), 1..200), depth in 0u16..40,
    ) {
        let mut playout = Playout::new(Codec::Pcma, depth);
        let (mut kept, mut heard) = (0, Vec::new());
        let mut listen = |playout: &mut Playout| match playout.pop() {
            Heard::Frame(frame) => heard.push(u16::from_be_bytes([frame[0], frame[1]])),
            Heard::Lost | Heard::Empty => {}
        };
        for (at, (jitter, pops)) in steps.iter().enumerate() {
            let ahead = i32::try_from(at).unwrap() + jitter;
            let sequence_number = u16::try_from((i32::from(first) + ahead).rem_euclid(65_536)).unwrap();
            let payload: Vec<u8> = sequence_number.to_be_bytes().into_iter().cycle().take(FRAME).collect();
            let packet =
                Packet { marker: false, payload_type: 8, sequence_number, timestamp: 0, ssrc: 1, payload: &payload };
            kept += usize::from(playout.push(&packet) == Arrival::Kept);
            if *pops {
                listen(&mut playout);
            }
        }
        for _ in 0..120 {
            listen(&mut playout);
        }
        prop_assert!(heard.len() <= kept);
        for pair in heard.windows(2) {
            prop_assert!((1..1000).contains(&pair[1].wrapping_sub(pair[0])), "{:?}", heard);
        }
    }
}
