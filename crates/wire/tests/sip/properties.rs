//! Properties of made-up messages.

use proptest::prelude::*;
use wire::sip::{AnswerWriter, HeaderName, Headers, Message, NewChallenge, Request, RequestWriter, Uri};

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,20}"
}

proptest! {
    #[test]
    fn what_a_request_writer_writes_is_read_back(
        user in "[a-z0-9]{1,12}", tag in token(), branch in token(), call_id in token(),
        number in 0u32..1 << 31, name in "X-[A-Za-z]{1,10}", value in "[ -~]{0,60}", body in any::<Vec<u8>>(),
    ) {
        let uri = format!("sip:{user}@example.com");
        let mut out = Vec::new();
        let mut writer = RequestWriter::start(&mut out, b"NOTIFY", uri.as_bytes());
        writer.via(b"UDP", b"[2001:db8::1]:5060", format!("z9hG4bK{branch}").as_bytes())
            .address(HeaderName::From, uri.as_bytes(), tag.as_bytes())
            .address(HeaderName::To, uri.as_bytes(), b"")
            .header(HeaderName::CallId, call_id.as_bytes())
            .cseq(number, b"NOTIFY")
            .other(name.as_bytes(), value.as_bytes());
        writer.finish_with(b"text/plain", &body);
        let mut headers = Headers::new();
        let request = Request::parse(&out, &mut headers).unwrap();
        let essentials = request.check().unwrap();
        prop_assert_eq!(request.fields.from().unwrap().tag, Some(tag.as_bytes()));
        prop_assert_eq!(request.fields.tag_of_from(), Some(tag.as_bytes()));
        prop_assert_eq!(request.fields.tag_of_to(), None);
        let branch = format!("z9hG4bK{branch}");
        prop_assert_eq!(request.fields.branch(), Some(branch.as_bytes()));
        prop_assert_eq!(essentials.cseq.number, number);
        prop_assert_eq!(request.fields.call_id().unwrap(), call_id.as_bytes());
        prop_assert_eq!(request.fields.other(&name).unwrap(), value.trim().as_bytes());
        prop_assert_eq!(request.fields.body, &body[..]);
    }

    #[test]
    fn nothing_a_caller_passes_starts_another_header(junk in any::<Vec<u8>>()) {
        let mut headers = Headers::new();
        let bytes = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n\
            To: <sip:a>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
        let request = Request::parse(bytes, &mut headers).unwrap();
        let mut out = Vec::new();
        let peer = "192.0.2.9:40000".parse().unwrap();
        let mut answer = AnswerWriter::start(&mut out, &request, 400, &junk, peer, b"x");
        answer.header(HeaderName::Warning, &junk);
        answer.challenge(&NewChallenge {
            realm: &junk, nonce: &junk, opaque: &junk, algorithm: wire::sip::Algorithm::Md5, stale: true,
        });
        answer.finish();
        let mut headers = Headers::new();
        let Ok(Message::Response(response)) = Message::parse(&out, &mut headers) else { panic!() };
        prop_assert_eq!(response.fields.iter().count(), 8);
        let (value, _) = response.fields.all(HeaderName::WwwAuthenticate).next().unwrap();
        let challenge = wire::sip::Challenge::parse(value).unwrap().unwrap();
        let clean: Vec<u8> = junk.iter().map(|byte| if *byte < b' ' || *byte == 127 { b' ' } else { *byte }).collect();
        prop_assert_eq!(&*challenge.realm.value(), &clean[..]);
    }

    #[test]
    fn a_uri_is_equivalent_to_itself_and_equivalence_has_no_direction(
        one in "sips?:([a-b%]{1,3}@)?[a-b]{1,2}(:506[01])?(;(lr|transport|x)(=[a-bA-B])?){0,3}",
        two in "sips?:([a-b%]{1,3}@)?[a-b]{1,2}(:506[01])?(;(lr|transport|x)(=[a-bA-B])?){0,3}",
    ) {
        if let (Ok(one), Ok(two)) = (Uri::parse(one.as_bytes()), Uri::parse(two.as_bytes())) {
            prop_assert!(one.is_equivalent(&one));
            prop_assert_eq!(one.is_equivalent(&two), two.is_equivalent(&one));
        }
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in any::<Vec<u8>>()) {
        super::vectors::ask_everything(&bytes, &mut Headers::new(), &mut Vec::new());
        let _ = Uri::parse(&bytes);
        let _ = wire::sip::Credentials::parse(&bytes);
        let _ = wire::sip::Challenge::parse(&bytes);
    }
}

#[test]
fn uris_compare_as_the_examples_of_rfc3261_19_1_4() {
    let same = [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
    ];
    let different = [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a:x@b", "sip:a@b"),
        ("sip:a@b;maddr=1.2.3.4", "sip:a@b"),
    ];
    let compare = |one: &str, two: &str| {
        Uri::parse(one.as_bytes()).unwrap().is_equivalent(&Uri::parse(two.as_bytes()).unwrap())
    };
    for (one, two) in same {
        assert!(compare(one, two), "{one} {two}");
    }
    for (one, two) in different {
        assert!(!compare(one, two), "{one} {two}");
    }
}
