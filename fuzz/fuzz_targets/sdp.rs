//! Session descriptions: no panic; an answer has a media description for each that was offered, nothing that begins a
//! line of its own, and says what was agreed on when it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sdp::{Answer, Direction, Local, Offer};

fuzz_target!(|bytes: &[u8]| {
    let Ok(offer) = Offer::parse(bytes) else { return };
    let address = std::net::IpAddr::from([192, 0, 2, 9]);
    let local = Local { address, port: 40_000, session_id: 7, version: 1, direction: Direction::SendRecv };
    let (mut out, mut again) = (Vec::new(), Vec::new());
    let Ok(agreed) = offer.answer(&local, &mut out) else {
        assert!(out.is_empty());
        return;
    };
    let back = Answer::parse(&out).map(|answer| answer.agree(Direction::SendRecv));
    let Ok(Ok(back)) = back else { panic!("{}", String::from_utf8_lossy(&out)) };
    assert_eq!((back.codec, back.payload_type), (agreed.codec, agreed.payload_type));
    assert_eq!(
        (back.event_payload_type, back.direction),
        (agreed.event_payload_type, agreed.direction.mirrored())
    );
    assert_eq!(back.remote, (address, 40_000).into());
    let medias =
        |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"m=")).count();
    assert_eq!(medias(&out), medias(bytes));
    let local = Local { direction: agreed.direction, ..local };
    assert!(local.write_offer_again(&out, &mut again).is_ok());
    assert_eq!(out, again);
});
