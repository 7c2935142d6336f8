//! What stands beside what is right: the name that is as long, the sign that is missing, the one too many.

use wire::sip::{
    AUTH_PARAMETERS_MAX, AnswerWriter, Challenge, Credentials, HeaderName, Headers, Message, Method, Request,
    Rule, URI_PARAMETERS_MAX, Uri,
};

fn with_via(via: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:a SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\nCall-ID: 1\r\n\
         CSeq: 1 OPTIONS\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn a_parameter_of_a_via_with_a_name_as_long_is_another_one() {
    let bytes =
        with_via("SIP/2.0/UDP a;branch=z9hG4bK1;rport=7;ttl=9;fridge=x;xport=x;ladder=y;receiver=y;tty=x");
    let mut headers = Headers::new();
    let request = Request::parse(&bytes, &mut headers).unwrap();
    let via = request.fields.vias().next().unwrap().unwrap();
    assert_eq!(via.branch, Some(&b"z9hG4bK1"[..]));
    assert_eq!((via.rport, via.ttl, via.maddr, via.received), (Some(Some(7)), Some(9), None, None));
}

#[test]
fn a_via_has_both_its_slashes_a_name_and_a_version() {
    let rule = |via: &str| {
        let bytes = with_via(via);
        let mut headers = Headers::new();
        let request = Request::parse(&bytes, &mut headers).unwrap();
        request.fields.vias().next().unwrap().map(drop).map_err(|wrong| wrong.rule)
    };
    assert_eq!(rule("SIP / 2.0 / UDP a;branch=z9hG4bK1"), Ok(()));
    for wrong in ["SIP 2.0/UDP a", "SIP/2.0 UDP a", "SIP 2.0 UDP a", "/2.0/UDP a", "SIP//UDP a"] {
        assert_eq!(rule(wrong), Err(Rule::ViaProtocol), "{wrong}");
    }
}

#[test]
fn a_method_is_read_as_itself_and_in_capitals_alone() {
    for method in [
        Method::Register,
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Subscribe,
        Method::Notify,
        Method::Message,
        Method::Publish,
        Method::Refer,
        Method::Info,
        Method::Prack,
        Method::Update,
    ] {
        assert_eq!(Method::of(method.as_bytes()), method);
        let small = method.as_bytes().to_ascii_lowercase();
        assert_eq!(Method::of(&small), Method::Other(&small));
    }
}

#[test]
fn another_version_of_sip_is_told_from_another_protocol() {
    let rule = |version: &str| {
        let bytes = format!("OPTIONS sip:a {version}\r\n\r\n");
        let mut headers = Headers::new();
        Message::parse(bytes.as_bytes(), &mut headers).map(drop).unwrap_err().rule
    };
    for (version, expected) in [
        ("SIP/3.0", Rule::Version),
        ("sip/2.1", Rule::Version),
        ("SIX/2.0", Rule::StartLine),
        ("HTTP/1.1", Rule::StartLine),
        ("SIP", Rule::StartLine),
        ("SIP/2.0 ", Rule::StartLineSpace),
    ] {
        assert_eq!(rule(version), expected, "{version}");
    }
}

#[test]
fn of_what_is_counted_the_last_that_fits_is_read_and_the_next_refused() {
    let credentials = |others: usize| {
        let others: String = (0..others).map(|number| format!(", x{number}=y")).collect();
        let nine = "username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", qop=auth, nc=00000001, cnonce=\"c\", \
            response=\"00000000000000000000000000000000\", opaque=\"o\"";
        Credentials::parse(format!("Digest {nine}{others}").as_bytes()).map(drop).map_err(|wrong| wrong.rule)
    };
    assert_eq!(credentials(AUTH_PARAMETERS_MAX - 9), Ok(()));
    assert_eq!(credentials(AUTH_PARAMETERS_MAX - 8), Err(Rule::ParametersTooMany));
    let uri = |headers: usize| {
        let headers = vec!["a=b"; headers].join("&");
        Uri::parse(format!("sip:a@b?{headers}").as_bytes()).map(drop).map_err(|wrong| wrong.rule)
    };
    assert_eq!(uri(URI_PARAMETERS_MAX), Ok(()));
    assert_eq!(uri(URI_PARAMETERS_MAX + 1), Err(Rule::ParametersTooMany));
}

#[test]
fn a_challenge_says_whether_names_may_be_hashed() {
    for (said, expected) in [("", false), (", userhash=true", true), (", userhash=false", false)] {
        let value = format!("Digest realm=\"r\", nonce=\"n\"{said}");
        assert_eq!(Challenge::parse(value.as_bytes()).unwrap().unwrap().userhash, expected, "{said}");
    }
}

#[test]
fn a_list_has_commas_between_and_a_body_comes_last() {
    let bytes = with_via("SIP/2.0/UDP a;branch=z9hG4bK1");
    let mut headers = Headers::new();
    assert!(headers.is_empty());
    let request = Request::parse(&bytes, &mut headers).unwrap();
    let mut out = Vec::new();
    let mut answer =
        AnswerWriter::start(&mut out, &request, 200, b"OK", "192.0.2.9:7".parse().unwrap(), b"t");
    answer.list(HeaderName::Allow, [&b"REGISTER"[..], b"OPTIONS", b"ACK"]);
    let written = answer.finish_with(b"text/plain", b"body").to_vec();
    let text = std::str::from_utf8(&written).unwrap();
    assert!(text.contains("\r\nAllow: REGISTER, OPTIONS, ACK\r\n"), "{text}");
    assert!(text.starts_with("SIP/2.0 200 OK\r\n") && text.ends_with("\r\n\r\nbody"), "{text}");
    assert!(!headers.is_empty());
}

#[test]
fn tags_and_branch_are_the_same_whether_they_were_read_before_or_not() {
    let with = |via: &str, from: &str, to: &str| {
        let text = format!(
            "INVITE sip:a SIP/2.0\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
        );
        let read = |first: bool| {
            let mut headers = Headers::new();
            let request = Request::parse(text.as_bytes(), &mut headers).unwrap();
            if first {
                let _as_it_may_be = request.essentials();
            }
            let fields = &request.fields;
            [fields.branch(), fields.tag_of_from(), fields.tag_of_to()]
                .map(|part| part.map(|part| String::from_utf8_lossy(part).into_owned()))
        };
        assert_eq!(read(false), read(true), "{text}");
        read(true)
    };
    let known = |text: &str| Some(text.to_owned());
    let via = "SIP/2.0/UDP a;rport;branch=z9hG4bK1, SIP/2.0/TCP b;branch=2";
    assert_eq!(with(via, "<sip:a>;tag=x", "sip:b;tag=y"), [known("z9hG4bK1"), known("x"), known("y")]);
    assert_eq!(with("SIP/2.0/UDP a", "<sip:a;tag=no>", "\"tag=no\" <sip:b>;x=1"), [None, None, None]);
    assert_eq!(with("nonsense", "<sip:a>;tag=x", "<sip:b"), [None, known("x"), None]);
    assert_eq!(with(via, "<sip:a>;tag", "<sip:b>;tag=\"q\""), [known("z9hG4bK1"), None, known("q")]);
}
