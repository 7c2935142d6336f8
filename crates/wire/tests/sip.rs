//! SIP from the outside: what a server does with the codec.

use std::net::SocketAddr;

use wire::sip::digest::{self, Check, Ha1, Legacy};
use wire::sip::register::{self, Limits, PathPolicy};
use wire::sip::{Algorithm, AnswerWriter, Challenge, Headers, Message, NewChallenge, Request};

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

const LIMITS: Limits = Limits {
    expires_min: 60,
    expires_default: 600,
    expires_max: 3600,
    bindings_max: 4,
    path: PathPolicy::Accept,
};

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
        let mut header = Vec::new();
        let answer = digest::Answer {
            user: b"bob",
            password: b"zanzibar",
            method: b"REGISTER",
            uri: b"sip:example.com",
            nonce_count: 11,
            cnonce: b"xyz",
        };
        assert!(digest::write_authorization(&mut header, &challenge, &answer));
        let credentials = wire::sip::Credentials::parse(&header).unwrap();
        let shown = credentials.digest().unwrap();
        assert_eq!(shown.nonce_count, Some(11));
        let ha1 = Ha1::new(challenge.algorithm, b"bob", b"example.com", b"zanzibar").unwrap();
        assert_eq!(digest::verify(shown, b"REGISTER", &ha1, Legacy::Refuse), Check::Match);
        assert_eq!(digest::verify(shown, b"INVITE", &ha1, Legacy::Refuse), Check::Mismatch);
    }

    let plan = register::plan(&request, &[], &LIMITS, 1000).unwrap();
    let lines: Vec<_> = plan.contacts(&[], 1000).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].uri, lines[0].expires), (&b"sip:bob@10.0.0.7"[..], 3600));
}
