//! Messages: whatever the bytes, no panic, and an answer that is one well-formed message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::register::{self, Change, Limits, PathPolicy};
use wire::sip::{
    AnswerWriter, Fields, Headers, Hop, Message, Onward, Request, TransactionKey, classify, dtmf, events, glance,
    write_ack, write_answer_back, write_cancel, write_message,
};

const LIMITS: Limits =
    Limits { expires_min: 60, expires_default: 600, expires_max: 7200, bindings_max: 8, path: PathPolicy::Accept };

fuzz_target!(|bytes: &[u8]| {
    let _ = (classify(bytes), glance(bytes));
    let (mut headers, mut out) = (Headers::new(), Vec::new());
    match Message::parse(bytes, &mut headers) {
        Ok(message) => {
            assert_short_ways(message.fields());
            write_message(&mut out, &message);
            match &message {
                Message::Request(request) => {
                    ask(request, &mut out);
                    pass_on(request, &mut out);
                }
                Message::Response(response) => {
                    if response.write_back(&mut out).is_ok() {
                        assert_one(&out);
                    }
                }
            }
        }
        Err(_) => {
            if let Some(request) = Request::salvage(bytes, &mut headers) {
                answer(&request, 400, &mut out);
            }
        }
    }
});

/// What is read once and kept is what is read each time.
fn assert_short_ways(fields: &Fields<'_>) {
    assert_eq!(fields.branch(), fields.via().ok().and_then(|via| via.branch));
    assert_eq!(fields.tag_of_to(), fields.to().ok().and_then(|to| to.tag));
    assert_eq!(fields.tag_of_from(), fields.from().ok().and_then(|from| from.tag));
}

fn ask(request: &Request<'_>, out: &mut Vec<u8>) {
    let _ = (request.check(), TransactionKey::of(request));
    assert_short_ways(&request.fields);
    if let Some(event) = events::Event::of(&request.fields) {
        let _ = event.package.is_accepted(&request.fields);
    }
    let body = request.fields.body;
    for kind in [dtmf::DTMF, dtmf::DTMF_RELAY] {
        let _ = dtmf::read(kind.as_bytes(), body);
    }
    if let Ok(plan) = register::plan(request, &[], &LIMITS, 1) {
        let bindings: Vec<_> = plan
            .changes()
            .filter_map(|change| match change {
                Change::Put(put) => Some(plan.binding(put, 1)),
                Change::Remove(_) => None,
            })
            .collect();
        let views: Vec<_> = bindings.iter().map(register::Binding::view).collect();
        let _ = register::plan(request, &views, &LIMITS, 2);
    }
    answer(request, 200, out);
}

/// What goes on, and what is said about it, is one message each.
fn pass_on(request: &Request<'_>, out: &mut Vec<u8>) {
    if request.essentials().is_err() {
        return;
    }
    let hop = Hop { transport: "udp", sent_by: "192.0.2.1:5060" };
    let onward = Onward {
        uri: b"sip:201@192.0.2.7",
        peer: std::net::SocketAddr::from(([192, 0, 2, 9], 5060)),
        out: hop,
        record: Some(hop),
        branch: b"z9hG4bKours",
        path: b"",
        realm: b"office",
        asserted: b"<sip:201@office>",
    };
    onward.write(request, out);
    assert_one(out);
    let sent = out.clone();
    let mut headers = Headers::new();
    let Ok(sent) = Request::parse(&sent, &mut headers) else { return };
    write_answer_back(&sent, 480, b"x", b"tag", out);
    assert_one(out);
    let mut headers = Headers::new();
    let back = out.clone();
    if let Ok(Message::Response(response)) = Message::parse(&back, &mut headers) {
        write_ack(&sent, &response, out);
        assert_one(out);
    }
    write_cancel(&sent, out);
    assert_one(out);
}

/// Well formed, and of the length that it says; unless it became too long.
fn assert_one(bytes: &[u8]) {
    let mut headers = Headers::new();
    match Message::parse(bytes, &mut headers) {
        Ok(message) => assert_eq!(message.fields().content_length(), Ok(Some(message.fields().body.len()))),
        Err(wrong) => {
            use wire::sip::Rule;
            assert!(matches!(wrong.rule, Rule::MessageTooLong | Rule::HeadersTooMany), "{wrong:?}");
        }
    }
}

fn answer(request: &Request<'_>, status: u16, out: &mut Vec<u8>) {
    let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 5060));
    let answer = AnswerWriter::start(out, request, status, b"x", peer, b"tag").finish();
    // What is copied could be longer than a message may be, but is never two messages.
    let mut headers = Headers::new();
    if let Ok(message) = Message::parse(answer, &mut headers) {
        assert!(message.response().is_some_and(|response| response.fields.body.is_empty()));
        assert_eq!(message.fields().content_length(), Ok(Some(0)));
    } else {
        assert!(answer.len() > wire::sip::MESSAGE_MAX);
    }
}
