//! What is passed on: the same message but for what a proxy changes (RFC 3261 §16.6, §16.7), whatever is in it.

use proptest::prelude::*;
use wire::sip::{
    HeaderName, Headers, Hop, Message, Method, Onward, Request, write_ack, write_answer_back, write_cancel,
};

use crate::vectors;

const PEER: &str = "192.0.2.9:40000";

/// On its way from TCP to UDP.
fn onward<'a>() -> Onward<'a> {
    Onward {
        uri: b"sip:201@192.0.2.7:5062",
        peer: PEER.parse().unwrap(),
        out: Hop { transport: "udp", sent_by: "192.0.2.1:5060" },
        record: Some(Hop { transport: "tcp", sent_by: "192.0.2.1:5070" }),
        branch: b"z9hG4bKours",
        path: b"",
        realm: b"office",
        asserted: b"\"Ann\" <sip:201@office>",
    }
}

fn rows(request: &Request<'_>, but: &[HeaderName]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let spaced = |value: &[u8]| -> Vec<u8> {
        value.iter().map(|byte| if *byte < b' ' || *byte == 127 { b' ' } else { *byte }).collect()
    };
    request
        .fields
        .iter()
        .filter(|header| !but.contains(&header.name))
        .map(|header| {
            let name = if header.name == HeaderName::Other {
                header.name_raw.to_ascii_lowercase()
            } else {
                header.name.as_str().into()
            };
            (name, spaced(header.value))
        })
        .collect()
}

#[test]
fn every_request_of_the_vectors_goes_on_as_it_was_but_for_what_a_proxy_changes() {
    let mut count = 0;
    for vector in vectors::all() {
        let (mut headers, mut again) = (Headers::new(), Headers::new());
        let Ok(Message::Request(request)) = Message::parse(&vector.bytes, &mut headers) else { continue };
        if request.essentials().is_err() {
            continue;
        }
        let mut out = Vec::new();
        onward().write(&request, &mut out);
        let sent =
            Request::parse(&out, &mut again).unwrap_or_else(|wrong| panic!("{}: {wrong}", vector.name));
        let changed = [
            HeaderName::Via,
            HeaderName::RecordRoute,
            HeaderName::Route,
            HeaderName::MaxForwards,
            HeaderName::ProxyAuthorization,
            HeaderName::Authorization,
            HeaderName::PAssertedIdentity,
            HeaderName::PPreferredIdentity,
            HeaderName::ContentLength,
        ];
        assert_eq!(rows(&sent, &changed), rows(&request, &changed), "{}", vector.name);
        assert_eq!(sent.uri_raw, b"sip:201@192.0.2.7:5062");
        assert_eq!(sent.fields.body, request.fields.body, "{}", vector.name);
        assert_eq!(sent.fields.vias().count(), request.fields.vias().count() + 1, "{}", vector.name);
        let left = request.fields.max_forwards().unwrap().map_or(70, |hops| hops.saturating_sub(1));
        assert_eq!(sent.fields.max_forwards().unwrap(), Some(left), "{}", vector.name);
        assert_eq!(sent.fields.via().unwrap().branch, Some(&b"z9hG4bKours"[..]));
        // Both ends of the way, nearest first.
        let recorded: Vec<_> =
            sent.fields.all(HeaderName::RecordRoute).map(|(value, _)| value).take(2).collect();
        assert_eq!(recorded[0], b"<sip:192.0.2.1:5060;lr;hookswitch>");
        assert_eq!(recorded[1], b"<sip:192.0.2.1:5070;transport=tcp;lr;hookswitch>");
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn our_own_routes_and_credentials_go_no_further_and_others_do() {
    let bytes = b"INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1\r\n\
        Route: <sip:192.0.2.1:5070;transport=tcp;lr;hookswitch>, <sip:192.0.2.1;lr;hookswitch>\r\n\
        Route: \"far\" <sip:far.example;lr>;x=1\r\nRoute: <sip:192.0.2.1;lr;hookswitch>\r\n\
        Proxy-Authorization: Digest realm=\"office\", username=\"a\"\r\n\
        Proxy-Authorization: Digest realm=\"far\", username=\"a\"\r\nRemote-Party-ID: <sip:boss@x>\r\n\
        P-Asserted-Identity: <sip:boss@x>\r\nf: <sip:a@x>;tag=1\r\nt: <sip:b@x>\r\ni: 1\r\nCSeq: 1 INVITE\r\n\r\n";
    let (mut headers, mut again) = (Headers::new(), Headers::new());
    let request = Request::parse(bytes, &mut headers).unwrap();
    assert!(request.has_our_route());
    let mut out = Vec::new();
    Onward { path: b"<sip:edge.example;lr>", ..onward() }.write(&request, &mut out);
    let sent = Request::parse(&out, &mut again).unwrap();
    let all = |name| sent.fields.all(name).map(|(value, _)| value.to_vec()).collect::<Vec<_>>();
    // One of ours behind another's is the other's to come by.
    assert_eq!(
        all(HeaderName::Route),
        [&b"<sip:edge.example;lr>"[..], b"<sip:far.example;lr>;x=1", b"<sip:192.0.2.1;lr;hookswitch>"]
    );
    assert_eq!(all(HeaderName::ProxyAuthorization), [b"Digest realm=\"far\", username=\"a\""]);
    assert_eq!(all(HeaderName::PAssertedIdentity), [b"\"Ann\" <sip:201@office>"]);
    assert!(!String::from_utf8_lossy(&out).contains("boss"));
    assert_eq!(all(HeaderName::Via)[1], b"SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.9");
}

#[test]
fn an_answer_goes_back_by_the_via_behind_ours_however_they_are_written() {
    for vias in [
        "Via: SIP/2.0/UDP us;branch=z9hG4bKours\r\nVia: SIP/2.0/UDP them;branch=z9hG4bK1\r\n",
        "v: SIP/2.0/UDP us;branch=z9hG4bKours , SIP/2.0/UDP them;branch=z9hG4bK1\r\n",
    ] {
        let bytes = format!(
            "SIP/2.0 486 Busy\r\n{vias}From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: 1\r\n\
             CSeq: 1 INVITE\r\nX-More: \r\nContent-Length: 2\r\n\r\nhi"
        );
        let (mut headers, mut again) = (Headers::new(), Headers::new());
        let message = Message::parse(bytes.as_bytes(), &mut headers).unwrap();
        let mut out = Vec::new();
        message.response().unwrap().write_back(&mut out).unwrap();
        let back = Message::parse(&out, &mut again).unwrap();
        let fields = back.fields();
        let vias: Vec<_> = fields.all(HeaderName::Via).map(|(value, _)| value).collect();
        assert_eq!(vias, [b"SIP/2.0/UDP them;branch=z9hG4bK1"]);
        assert_eq!((back.response().unwrap().status, fields.body), (486, &b"hi"[..]));
    }
}

#[test]
fn cancel_and_ack_are_of_the_same_transaction_as_what_they_are_about() {
    let bytes = b"INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\n\
        Via: SIP/2.0/UDP them;branch=z9hG4bK1\r\nRoute: <sip:edge.example;lr>\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\n\
        Call-ID: 1\r\nCSeq: 7 INVITE\r\nContent-Length: 2\r\n\r\nhi";
    let mut headers = Headers::new();
    let invite = Request::parse(bytes, &mut headers).unwrap();
    let refusal = b"SIP/2.0 486 Busy\r\nVia: SIP/2.0/UDP us;branch=z9hG4bKours\r\nFrom: <sip:a@x>;tag=1\r\n\
        To: <sip:b@x>;tag=2\r\nCall-ID: 1\r\nCSeq: 7 INVITE\r\n\r\n";
    let mut of_refusal = Headers::new();
    let refusal = Message::parse(refusal, &mut of_refusal).unwrap();
    let (mut cancel, mut ack, mut answer) = (Vec::new(), Vec::new(), Vec::new());
    write_cancel(&invite, &mut cancel);
    write_ack(&invite, refusal.response().unwrap(), &mut ack);
    write_answer_back(&invite, 408, b"Request Timeout", b"ours", &mut answer);
    for (bytes, method, to) in
        [(&cancel, Method::Cancel, &b"<sip:b@x>"[..]), (&ack, Method::Ack, b"<sip:b@x>;tag=2")]
    {
        let mut headers = Headers::new();
        let request = Request::parse(bytes, &mut headers).unwrap();
        let fields = &request.fields;
        assert_eq!((request.method, request.uri_raw), (method, &b"sip:b@x"[..]));
        assert_eq!(fields.all(HeaderName::Via).count(), 1);
        assert_eq!(fields.via().unwrap().branch, Some(&b"z9hG4bKours"[..]));
        assert_eq!((fields.cseq().unwrap().number, fields.cseq().unwrap().method), (7, method));
        assert_eq!((fields.first(HeaderName::To), fields.body), (Some(to), &b""[..]));
        assert_eq!(fields.first(HeaderName::Route), Some(&b"<sip:edge.example;lr>"[..]));
    }
    let mut headers = Headers::new();
    let answer = Message::parse(&answer, &mut headers).unwrap();
    assert_eq!(answer.fields().via().unwrap().branch, Some(&b"z9hG4bK1"[..]));
    assert_eq!(answer.fields().to().unwrap().tag, Some(&b"ours"[..]));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_header_it_goes_on_as_one_header(
        junk in prop::collection::vec(any::<u8>().prop_filter("a line end ends the header", |b| *b != b'\n' && *b != b'\r'), 0..80),
    ) {
        let head = b"MESSAGE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n\
            To: <sip:b@x>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\nUser-Agent: ";
        let bytes = [&head[..], &junk, b"\r\nContent-Length: 2\r\n\r\nhi"].concat();
        let (mut headers, mut again) = (Headers::new(), Headers::new());
        let request = Request::parse(&bytes, &mut headers).unwrap();
        let mut out = Vec::new();
        onward().write(&request, &mut out);
        let sent = Request::parse(&out, &mut again).unwrap();
        prop_assert_eq!(sent.fields.iter().count(), request.fields.iter().count() + 5);
        prop_assert_eq!(sent.fields.body, b"hi");
    }
}
