//! Our own offers, the answers to them, and offers within a call.

use wire::rtp::Codec;
use wire::sdp::{Answer, Direction, Local, NotAcceptable, Offer};

use super::vectors::local;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_offer_has_both_codecs_and_keys() {
    let mut out = b"from before".to_vec();
    local().write_offer(&[Codec::Pcma, Codec::Pcmu], &mut out);
    assert_eq!(
        text(&out),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn two_of_us_agree() {
    let (mut offer, mut answer) = (Vec::new(), Vec::new());
    let one = Local { direction: Direction::SendOnly, ..local() };
    one.write_offer(&[Codec::Pcma, Codec::Pcmu], &mut offer);
    let two = Local { address: "192.0.2.8".parse().unwrap(), port: 50_000, ..local() };
    let at_two = Offer::parse(&offer).unwrap().answer(&two, &mut answer).unwrap();
    let at_one = Answer::parse(&answer).unwrap().agree(one.direction).unwrap();
    assert_eq!((at_one.codec, at_two.codec), (Codec::Pcma, Codec::Pcma));
    assert_eq!((at_one.direction, at_two.direction), (Direction::SendOnly, Direction::RecvOnly));
    assert_eq!(
        (at_one.remote.to_string(), at_two.remote.to_string()),
        ("192.0.2.8:50000".into(), "192.0.2.9:40000".into())
    );
    assert_eq!((at_one.event_payload_type, at_two.event_payload_type), (Some(101), Some(101)));
}

#[test]
fn an_answer_that_takes_nothing_is_no_agreement() {
    let refused = b"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 8\r\n";
    assert_eq!(Answer::parse(refused).unwrap().agree(Direction::SendRecv), Err(NotAcceptable::NoAudio));
}

#[test]
fn an_offer_within_a_call_has_as_many_media_descriptions_and_what_was_agreed_on() {
    let offer = b"v=0\r\nc=IN IP4 192.0.2.1\r\nt=1 2\r\nm=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVPF 18 96 0 97\r\n\
        a=rtpmap:96 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\nm=audio 4002 RTP/AVP 0\r\n";
    let (mut answer, mut again) = (Vec::new(), Vec::new());
    let one = Local { direction: Direction::RecvOnly, ..local() };
    Offer::parse(offer).unwrap().answer(&one, &mut answer).unwrap();
    let two = Local { version: 2, ..local() };
    two.write_offer_again(&answer, &mut again).unwrap();
    let expected = text(&answer).replace("o=- 7 1 ", "o=- 7 2 ").replace("a=recvonly", "a=sendrecv");
    assert_eq!(text(&again), expected);
    assert!(
        expected.contains("\r\nt=1 2\r\nm=video 0 RTP/AVP 31\r\nm=audio 40000 RTP/AVPF 96 97\r\n"),
        "{expected}"
    );
    assert!(expected.ends_with("a=sendrecv\r\nm=audio 0 RTP/AVP 0\r\n"));
    // All codecs that were offered are offered again.
    local().write_offer(&[Codec::Pcma, Codec::Pcmu], &mut answer);
    local().write_offer_again(&answer, &mut again).unwrap();
    assert_eq!(text(&answer), text(&again));
    assert!(local().write_offer_again(b"nothing", &mut again).is_err());
}
