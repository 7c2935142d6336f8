//! Properties of made-up offers.

use proptest::prelude::*;
use wire::rtp::Codec;
use wire::sdp::{Direction, Local, Offer};

use super::vectors::{ask_everything, local};

proptest! {
    #[test]
    fn the_first_codec_that_we_have_is_taken_whatever_its_number(
        before in proptest::collection::vec(prop_oneof![Just("G722"), Just("opus"), Just("iLBC")], 0..5),
        number in 96u8..120, is_mu: bool, event in proptest::option::of(120u8..128), port in 1u16.., address: [u8; 4],
        theirs in 0usize..4, ours in 0usize..4,
    ) {
        let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        let address = std::net::Ipv4Addr::from(address);
        prop_assume!(!address.is_multicast() && !address.is_unspecified());
        let codec = if is_mu { Codec::Pcmu } else { Codec::Pcma };
        let mut numbers: Vec<String> = (20..).take(before.len()).map(|number| number.to_string()).collect();
        let mut text = String::new();
        for (name, number) in before.iter().zip(&numbers) {
            text += &format!("a=rtpmap:{number} {name}/8000\r\n");
        }
        numbers.push(number.to_string());
        text += &format!("a=rtpmap:{number} {}/8000\r\na={}\r\n", codec.as_str(), all[theirs].as_str());
        if let Some(event) = event {
            numbers.push(event.to_string());
            text += &format!("a=rtpmap:{event} telephone-event/8000\r\n");
        }
        let text = format!("v=0\r\nc=IN IP4 {address}\r\nm=audio {port} RTP/AVP {}\r\n{text}", numbers.join(" "));
        let local = Local { direction: all[ours], ..local() };
        let mut out = Vec::new();
        let agreed = Offer::parse(text.as_bytes()).unwrap().answer(&local, &mut out).unwrap();
        prop_assert_eq!((agreed.codec, agreed.payload_type, agreed.event_payload_type), (codec, number, event));
        prop_assert_eq!(agreed.remote, (address, port).into());
        prop_assert_eq!(agreed.direction, all[theirs].mirrored().and(all[ours]));
        ask_everything(text.as_bytes());
    }

    #[test]
    fn whatever_lines_come_an_answer_is_sound(
        lines in proptest::collection::vec(prop_oneof![
            Just("m=audio 4000 RTP/AVP 0 8 101".to_owned()), Just("m=video 4002 RTP/AVP 31".to_owned()),
            Just("c=IN IP4 192.0.2.1".to_owned()), Just("c=IN IP4 0.0.0.0".to_owned()),
            Just("a=rtpmap:101 telephone-event/8000".to_owned()), Just("a=rtpmap:0 opus/48000/2".to_owned()),
            Just("a=sendonly".to_owned()), Just("a=inactive".to_owned()), "[a-z]=[ -~]{0,30}", "m=[a-z]{1,8} [0-9]{1,5} [ -~]{0,20}",
            "a=(rtpmap|fmtp|ptime|maxptime):[ -~]{0,20}",
        ], 0..20),
    ) {
        ask_everything(format!("v=0\r\n{}", lines.join("\r\n")).as_bytes());
        ask_everything(format!("v=0\nc=IN IP6 ::ffff:192.0.2.1\nm=audio 1 RTP/AVP 8\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        ask_everything(&bytes);
        ask_everything(&[b"v=0\nc=IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 8", &bytes[..]].concat());
    }
}
