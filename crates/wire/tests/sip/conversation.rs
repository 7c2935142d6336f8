//! A phone signs in: challenge, response, binding; and the answers to what cannot be parsed.

use std::net::{SocketAddr, SocketAddrV6};

use wire::sip::register;
use wire::sip::{Algorithm, AnswerWriter, Challenge, Headers, Message, NewChallenge, Request, Rule};

const REGISTER: &[u8] = b"REGISTER sip:example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKnashds7;rport\r\n\
    Max-Forwards: 70\r\n\
    To: Bob <sip:bob@example.com>\r\n\
    From: Bob <sip:bob@example.com>;tag=456248\r\n\
    Call-ID: 843817637684230@998sdasdh09\r\n\
    CSeq: 1826 REGISTER\r\n\
    Contact: <sip:bob@10.0.0.7>\r\n\
    Expires: 7200\r\n\
    Content-Length: 0\r\n\r\n";

fn peer() -> SocketAddr {
    "192.0.2.9:40000".parse().unwrap()
}

#[test]
fn a_register_is_challenged_answered_and_bound() {
    let mut headers = Headers::new();
    let request = Request::parse(REGISTER, &mut headers).unwrap();
    request.check().unwrap();
    let mut out = Vec::new();
    let mut answer = AnswerWriter::start(&mut out, &request, 401, b"Unauthorized", peer(), b"tag2");
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        answer.challenge(&NewChallenge {
            realm: b"example.com",
            nonce: b"abc",
            opaque: b"",
            algorithm,
            stale: false,
        });
    }
    let text = String::from_utf8(answer.finish().to_vec()).unwrap();
    assert_eq!(
        text,
        "SIP/2.0 401 Unauthorized\r\n\
         Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKnashds7;received=192.0.2.9;rport=40000\r\n\
         From: Bob <sip:bob@example.com>;tag=456248\r\n\
         To: Bob <sip:bob@example.com>;tag=tag2\r\n\
         Call-ID: 843817637684230@998sdasdh09\r\n\
         CSeq: 1826 REGISTER\r\n\
         WWW-Authenticate: Digest realm=\"example.com\", nonce=\"abc\", algorithm=SHA-256, qop=\"auth\"\r\n\
         WWW-Authenticate: Digest realm=\"example.com\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let mut headers = Headers::new();
    let Message::Response(response) = Message::parse(text.as_bytes(), &mut headers).unwrap() else {
        panic!()
    };
    for (value, _) in response.fields.all(wire::sip::HeaderName::WwwAuthenticate) {
        let challenge = Challenge::parse(value).unwrap().unwrap();
        assert_eq!(challenge.nonce.value().as_ref(), b"abc");
    }

    let plan = register::plan(&request, &[], &super::registrar::LIMITS, 1000).unwrap();
    let lines: Vec<_> = plan.contacts(&[], 1000).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].uri, lines[0].expires), (&b"sip:bob@10.0.0.7"[..], 7200));
}

fn answered(bytes: &[u8], peer: &str) -> String {
    let mut headers = Headers::new();
    let request = Request::salvage(bytes, &mut headers).unwrap();
    let mut out = Vec::new();
    let answer = AnswerWriter::start(&mut out, &request, 400, b"Bad Request", peer.parse().unwrap(), b"t");
    String::from_utf8(answer.finish().to_vec()).unwrap()
}

#[test]
fn received_and_rport_that_a_sender_made_up_are_replaced_and_later_vias_are_left_alone() {
    let text = answered(
        b"OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP a.b ; received=9.9.9.9;branch=z9hG4bKx ;rport=1 , SIP/2.0/TCP c;rport\r\n\
          Via: SIP/2.0/UDP d\r\nf: <sip:a>;tag=1\r\nt: \"a;tag=x\" <sip:a>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\nbroken\r\n\r\n",
        "[2001:db8::1]:9",
    );
    assert_eq!(
        text,
        "SIP/2.0 400 Bad Request\r\n\
         Via: SIP/2.0/UDP a.b ;branch=z9hG4bKx ;received=2001:db8::1;rport=9, SIP/2.0/TCP c;rport\r\n\
         Via: SIP/2.0/UDP d\r\nFrom: <sip:a>;tag=1\r\nTo: \"a;tag=x\" <sip:a>;tag=t\r\nCall-ID: 1\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn a_via_that_tells_the_truth_gets_no_received() {
    let bytes = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKx\r\nFrom: <sip:a>;tag=1\r\n\
        To: <sip:a>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    assert!(answered(bytes, "192.0.2.1:7").contains("192.0.2.1:5062;branch=z9hG4bKx\r\n"));
    assert!(answered(bytes, "[::ffff:192.0.2.1]:7").contains("192.0.2.1:5062;branch=z9hG4bKx\r\n"));
    assert!(answered(bytes, "192.0.2.2:7").contains(";received=192.0.2.2\r\n"));
    let mut headers = Headers::new();
    let request = Request::parse(bytes, &mut headers).unwrap();
    assert_eq!(request.answer_to("192.0.2.2:7".parse().unwrap()), "192.0.2.2:5062".parse().unwrap());
}

#[test]
fn an_answer_to_a_link_local_address_keeps_its_scope() {
    let bytes = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP [fe80::1]:5070;branch=z9hG4bKx\r\n\r\n";
    let mut headers = Headers::new();
    let request = Request::parse(bytes, &mut headers).unwrap();
    let peer = |port| SocketAddrV6::new("fe80::1".parse().unwrap(), port, 0, 3).into();
    assert_eq!(request.answer_to(peer(9)), peer(5070));
}

#[test]
fn an_ack_and_a_message_without_a_way_back_are_never_answered() {
    let mut headers = Headers::new();
    let ack = b"ACK sip:a SIP/2.0\r\nv: SIP/2.0/UDP a\r\nf: a\r\nt: b\r\ni: 1\r\nCSeq: 1 ACK\r\n\r\n";
    assert!(Request::salvage(ack, &mut headers).is_none());
    // The four others are only copied: without them there is less to copy (RFC 4475 section 3.3.1).
    let bare = b"INFO sip:a SIP/2.0\r\nVia: ;;\r\n\r\n";
    assert!(
        answered(bare, "192.0.2.1:7").starts_with("SIP/2.0 400 Bad Request\r\nVia: ;;\r\nContent-Length")
    );
    let request = Request::salvage(bare, &mut headers).unwrap();
    assert_eq!(request.answer_to("192.0.2.1:7".parse().unwrap()), "192.0.2.1:7".parse().unwrap());
    let lost = b"INFO sip:a SIP/2.0\r\nf: a\r\nt: b\r\ni: 1\r\nCSeq: 1 INFO\r\n\r\n";
    assert!(Request::salvage(lost, &mut headers).is_none());
}

#[test]
fn malformed_says_the_rule_the_header_and_the_place() {
    let broken = |line: &str| {
        let text = format!("{}{line}\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n");
        let mut headers = Headers::new();
        match Request::parse(text.as_bytes(), &mut headers) {
            Ok(request) => request.fields.to().unwrap_err().to_string(),
            Err(wrong) => wrong.to_string(),
        }
    };
    assert_eq!(broken("To: \"x <sip:a>"), "Unterminated Quoted String in To at byte 47");
    assert_eq!(broken("To: <sip:a:99999>"), "Malformed Port in To at byte 59");
    assert_eq!(broken("no colon"), "Header Without Colon at byte 46");
    assert_eq!(broken("a: b\rc"), "Stray Carriage Return at byte 47");
    assert_eq!(broken("X: 1"), "Missing Mandatory Header in To at byte 0");
}

#[test]
fn more_headers_than_the_table_holds_are_refused() {
    let mut text = b"OPTIONS sip:a SIP/2.0\r\n".to_vec();
    text.extend(b"X: 1\r\n".repeat(128));
    let mut headers = Headers::new();
    assert!(Request::parse(&[&text[..], b"\r\n"].concat(), &mut headers).is_ok());
    let wrong = Request::parse(&[&text[..], b"X: 1\r\n\r\n"].concat(), &mut headers).unwrap_err();
    assert_eq!((wrong.rule, wrong.status()), (Rule::HeadersTooMany, 513));
    let long = vec![b'a'; 65_536];
    assert_eq!(Request::parse(&long, &mut headers).unwrap_err().rule, Rule::MessageTooLong);
}
