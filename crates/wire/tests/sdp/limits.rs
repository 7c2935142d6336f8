//! How much a description may have, and that no more is read.

use wire::sdp::{
    Answer, DESCRIPTION_MAX, FORMATS_MAX, LINES_MAX, MEDIA_MAX, Malformed, NotAcceptable, Offer, Rule,
};

use super::vectors::local;

const HEAD: &str = "v=0\r\nc=IN IP4 192.0.2.1\r\n";

fn broken(text: &str) -> Option<Rule> {
    let offer = Offer::parse(text.as_bytes()).err();
    assert_eq!(offer, Answer::parse(text.as_bytes()).err());
    offer.map(|wrong| wrong.rule)
}

#[test]
fn each_limit_is_reached_and_not_passed() {
    let bytes = |count: usize| format!("{HEAD}a={}", "x".repeat(count - HEAD.len() - 2));
    assert_eq!(broken(&bytes(DESCRIPTION_MAX)), None);
    assert_eq!(broken(&bytes(DESCRIPTION_MAX + 1)), Some(Rule::TooLong));

    let lines = |count: usize| format!("{HEAD}{}", "a=x\r\n\r\n".repeat(count - 2));
    assert_eq!(broken(&lines(LINES_MAX)), None);
    assert_eq!(broken(&lines(LINES_MAX + 1)), Some(Rule::LinesTooMany));

    let medias = |count: usize| format!("{HEAD}{}", "m=audio 4000 RTP/AVP 0\r\n".repeat(count));
    assert_eq!(broken(&medias(MEDIA_MAX)), None);
    assert_eq!(broken(&medias(MEDIA_MAX + 1)), Some(Rule::MediaTooMany));

    let formats = |count: usize| format!("{HEAD}m=audio 4000 RTP/AVP{}\r\n", " 0".repeat(count));
    assert_eq!(broken(&formats(FORMATS_MAX)), None);
    assert_eq!(broken(&formats(FORMATS_MAX + 1)), Some(Rule::FormatsTooMany));
}

#[test]
fn a_broken_rule_says_where_and_never_what() {
    let wrong = Offer::parse(b"v=0\r\ns=-\r\nc=secret\r\n").unwrap_err();
    assert_eq!(wrong, Malformed { rule: Rule::Connection, at: 10 });
    assert_eq!(wrong.to_string(), "malformed connection data at byte 10");
}

#[test]
fn nothing_is_sent_to_an_address_of_another_family() {
    let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n");
    let offer = Offer::parse(text.as_bytes()).unwrap();
    let mut out = Vec::new();
    let six = wire::sdp::Local { address: "2001:db8::9".parse().unwrap(), ..local() };
    assert_eq!(offer.answer(&six, &mut out), Err(NotAcceptable::Address));
    assert!(out.is_empty());
    // An IPv4 address in IPv6 clothes is an IPv4 address.
    let mapped = wire::sdp::Local { address: "::ffff:192.0.2.9".parse().unwrap(), ..local() };
    offer.answer(&mapped, &mut out).unwrap();
    assert!(out.starts_with(b"v=0\r\no=- 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"));
}
