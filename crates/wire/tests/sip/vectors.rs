//! The runner of `vectors/sip/*.txt`, and what must hold for every prefix and every mutation of every vector.

use std::fmt::Write as _;

use wire::sip::{
    AnswerWriter, Credentials, HeaderName, Headers, Malformed, Message, Method, Request, Response,
    TransactionKey, classify, date, events::Event, register, write_message,
};

const FILES: [(&str, &str); 7] = [
    ("field", include_str!("../../vectors/sip/field.txt")),
    ("rfc3261", include_str!("../../vectors/sip/rfc3261.txt")),
    ("rfc3327", include_str!("../../vectors/sip/rfc3327.txt")),
    ("rfc4475", include_str!("../../vectors/sip/rfc4475.txt")),
    ("rfc5118", include_str!("../../vectors/sip/rfc5118.txt")),
    ("rfc5626", include_str!("../../vectors/sip/rfc5626.txt")),
    ("rfc6665", include_str!("../../vectors/sip/rfc6665.txt")),
];

const METHODS: [Method<'static>; 7] = [
    Method::Register,
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Subscribe,
];

/// Keys that are not asked about here: what is answered is for the server's tests.
const ELSEWHERE: [&str; 5] = ["expected-fail", "answer", "rfc", "differs", "streams"];

pub(crate) struct Vector {
    pub(crate) name: String,
    keys: Vec<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn all() -> Vec<Vector> {
    FILES.iter().flat_map(|(file, text)| read(file, text)).collect()
}

fn read(file: &str, text: &str) -> Vec<Vector> {
    let chunks = text.split("\n== ").skip(1);
    chunks
        .map(|chunk| {
            let (head, body) = chunk.split_once("\n\n").unwrap();
            let mut lines = head.lines();
            let name = format!("{file}/{}", lines.next().unwrap());
            let keys = lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}")));
            let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let (message, _) = body.split_once("<end>").unwrap_or_else(|| panic!("{name} has no <end>"));
            Vector { name, keys, bytes: decode(message) }
        })
        .collect()
}

fn decode(message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = message;
    while let Some((plain, tail)) = rest.split_once("<hex>") {
        out.extend(plain.replace('\n', "\r\n").bytes());
        let (digits, tail) = tail.split_once("</hex>").unwrap();
        out.extend(
            (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap()),
        );
        rest = tail;
    }
    out.extend(rest.replace('\n', "\r\n").bytes());
    out
}

fn check_response(response: &Response<'_>) -> Result<(), Malformed> {
    let fields = &response.fields;
    fields.vias().try_for_each(|via| via.map(drop))?;
    fields.from()?;
    fields.to()?;
    fields.call_id()?;
    fields.cseq().map(drop)
}

fn verdict(bytes: &[u8]) -> String {
    let mut headers = Headers::new();
    let wrong = match Message::parse(bytes, &mut headers) {
        Ok(Message::Request(request)) => request.check().err(),
        Ok(Message::Response(response)) => {
            return if check_response(&response).is_ok() { "accept".into() } else { "drop".into() };
        }
        Err(_) if bytes.starts_with(b"SIP/") => return "drop".into(),
        Err(wrong) => Some(wrong),
    };
    wrong.map_or_else(|| "accept".into(), |wrong| format!("reject {}", wrong.status()))
}

/// What the message has to say about `key`.
fn finding(bytes: &[u8], key: &str) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut headers = Headers::new();
    if key == "answerable" {
        return if Request::salvage(bytes, &mut headers).is_some() { "yes".into() } else { "no".into() };
    }
    let message = match Message::parse(bytes, &mut headers) {
        Ok(message) => message,
        Err(wrong) if key == "rule" => return format!("{:?}", wrong.rule),
        Err(wrong) => return format!("({wrong})"),
    };
    let fields = message.fields();
    let request = message.request();
    match key {
        "rule" => format!("{:?}", request.unwrap().check().unwrap_err().rule),
        "unfit" => {
            let unfit = request.unwrap().unfit(&METHODS, &register::EXTENSIONS).unwrap();
            unfit.map_or("no".into(), |unfit| unfit.answer().0.to_string())
        }
        "transaction" => match TransactionKey::of(request.unwrap()).unwrap() {
            TransactionKey::Branch { .. } => "branch".into(),
            TransactionKey::Legacy { .. } => "legacy".into(),
        },
        "uri.user" => text(&request.unwrap().uri().unwrap().user_decoded().unwrap_or_default()),
        "uri.host" => format!("{:?}", request.unwrap().uri().unwrap().host.unwrap().address().unwrap()),
        "uri.port" => format!("{:?}", request.unwrap().uri().unwrap().port),
        "to.user" => text(&fields.to().unwrap().uri.user_decoded().unwrap_or_default()),
        "to.tag" => text(fields.to().unwrap().tag.unwrap_or_default()),
        "to.name" => text(&fields.to().unwrap().display_name.unwrap().value()),
        "from.tag" => text(fields.from().unwrap().tag.unwrap_or_default()),
        "via.received" => fields.via().unwrap().received_address().unwrap().to_string(),
        "via.host" => fields.via().unwrap().host.address().unwrap().to_string(),
        "vias" => fields.vias().count().to_string(),
        "contacts" => fields.contacts().filter(Result::is_ok).count().to_string(),
        "contact.uri" => text(fields.contacts().next().unwrap().unwrap().address.uri.raw()),
        "contact.params" => text(fields.contacts().next().unwrap().unwrap().address.params.raw()),
        "contact.instance" => text(fields.contacts().next().unwrap().unwrap().instance.unwrap_or(b"(none)")),
        "contact.reg-id" => format!("{:?}", fields.contacts().next().unwrap().unwrap().reg_id.unwrap()),
        "contact.expires" => format!("{:?}", fields.contacts().next().unwrap().unwrap().expires.unwrap()),
        "paths" => fields.addresses(HeaderName::Path).filter(Result::is_ok).count().to_string(),
        "event" => Event::of(fields).map_or("none".into(), |event| {
            format!("{} {}", event.package.name(), text(event.id)).trim_end().into()
        }),
        "accepted" => {
            let is_accepted = Event::of(fields).unwrap().package.is_accepted(fields);
            if is_accepted { "yes".into() } else { "no".into() }
        }
        "body" => fields.body.len().to_string(),
        "cseq" => fields.cseq().unwrap().number.to_string(),
        "max-forwards" => fields.max_forwards().unwrap().unwrap().to_string(),
        "user-agent" => text(fields.user_agent().unwrap()),
        "date" => {
            let (value, _) = fields.single(HeaderName::Date).unwrap().unwrap();
            date::parse(value).map_or_else(|_| "malformed".into(), |seconds| seconds.to_string())
        }
        "authorization" => match fields.authorizations().next().unwrap().unwrap() {
            Credentials::Digest(digest) => text(digest.response),
            Credentials::Other { scheme, .. } => text(scheme),
        },
        unknown => panic!("the runner knows no key {unknown}"),
    }
}

#[test]
fn every_vector_gets_the_verdict_its_rfc_asks_for() {
    let mut report = String::new();
    for vector in all() {
        let expected_fail = vector.keys.iter().find(|(key, _)| key == "expected-fail");
        let mut failures = String::new();
        let asked = vector.keys.iter().filter(|(key, _)| !ELSEWHERE.contains(&key.as_str()));
        for (key, expected) in asked {
            let found = if key == "expect" { verdict(&vector.bytes) } else { finding(&vector.bytes, key) };
            if found != *expected {
                writeln!(failures, "{}: {key} is {found}, not {expected}", vector.name).unwrap();
            }
        }
        match expected_fail {
            None => report.push_str(&failures),
            Some(_) if failures.is_empty() => {
                writeln!(report, "{} passes: take away its expected-fail", vector.name).unwrap();
            }
            Some(_) => {}
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn all_49_torture_messages_are_there_and_no_two_vectors_have_one_name() {
    let vectors = all();
    assert_eq!(vectors.iter().filter(|vector| vector.name.starts_with("rfc4475/")).count(), 49);
    let names: std::collections::BTreeSet<_> = vectors.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), vectors.len());
    assert!(vectors.iter().all(|vector| vector.keys.iter().any(|(key, _)| key == "expect")));
}

const TROUBLE: &[u8; 13] = b"\0\r\n \"%;,<:=\\\xff";

/// Everything that can be asked of bytes; must not panic, whatever they are.
pub(crate) fn ask_everything(bytes: &[u8], headers: &mut Headers, out: &mut Vec<u8>) {
    let peer = "192.0.2.9:40000".parse().unwrap();
    let _ = classify(bytes);
    if let Ok(message) = Message::parse(bytes, headers) {
        out.clear();
        write_message(out, &message);
        let fields = message.fields();
        let _ = (fields.via(), fields.from(), fields.to(), fields.expires(), fields.contacts().count());
        if let Message::Request(request) = &message {
            let _ = (request.check(), TransactionKey::of(request), request.answer_to(peer));
            let _ = Event::of(fields).map(|event| event.package.is_accepted(fields));
            let limits = super::registrar::LIMITS;
            if let Ok(plan) = register::plan(request, &[], &limits, 1000) {
                for change in plan.changes() {
                    if let register::Change::Put(put) = change {
                        let _ = plan.binding(put, 1000);
                    }
                }
            }
            let has_via = fields.via().is_ok();
            assert_answer_is_sound(
                AnswerWriter::start(out, request, 200, b"OK", peer, b"x").finish(),
                has_via,
            );
        }
    } else if let Some(request) = Request::salvage(bytes, headers) {
        let has_via = request.fields.via().is_ok();
        assert_answer_is_sound(
            AnswerWriter::start(out, &request, 400, b"Bad Request", peer, b"x").finish(),
            has_via,
        );
    }
}

/// What was copied from the request cannot break the answer.
fn assert_answer_is_sound(answer: &[u8], has_via: bool) {
    let mut headers = Headers::new();
    let Ok(Message::Response(response)) = Message::parse(answer, &mut headers) else {
        panic!("{}", String::from_utf8_lossy(answer))
    };
    assert!(response.fields.via().is_ok() || !has_via, "{}", String::from_utf8_lossy(answer));
    assert!(response.fields.body.is_empty());
    assert_eq!(response.fields.content_length(), Ok(Some(0)));
}

#[test]
fn no_prefix_of_a_vector_makes_anything_panic() {
    let (mut headers, mut out) = (Headers::new(), Vec::new());
    for vector in all() {
        for end in 0..=vector.bytes.len() {
            ask_everything(&vector.bytes[..end], &mut headers, &mut out);
        }
    }
}

#[test]
fn no_single_changed_byte_of_a_vector_makes_anything_panic() {
    let (mut headers, mut out) = (Headers::new(), Vec::new());
    for vector in all() {
        let mut bytes = vector.bytes.clone();
        for at in 0..bytes.len() {
            let kept = bytes[at];
            // Two of a dozen troublesome bytes at each place: all of them at all places take minutes.
            for value in [TROUBLE[at % TROUBLE.len()], TROUBLE[(at * 7 + 5) % TROUBLE.len()], kept ^ 0x20] {
                bytes[at] = value;
                ask_everything(&bytes, &mut headers, &mut out);
            }
            bytes[at] = kept;
        }
    }
}

#[test]
fn no_single_flipped_bit_of_a_vector_makes_anything_panic() {
    let (mut headers, mut out) = (Headers::new(), Vec::new());
    for vector in all() {
        let mut bytes = vector.bytes.clone();
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            ask_everything(&bytes, &mut headers, &mut out);
            bytes[at / 8] ^= 1 << (at % 8);
        }
    }
}

fn blank(byte: u8) -> u8 {
    if byte < b' ' || byte == 127 { b' ' } else { byte }
}

#[test]
fn a_message_that_is_written_again_says_the_same() {
    for vector in all().iter().filter(|vector| verdict(&vector.bytes) == "accept") {
        let (mut one, mut two) = (Headers::new(), Headers::new());
        let first = Message::parse(&vector.bytes, &mut one).unwrap();
        let mut written = Vec::new();
        write_message(&mut written, &first);
        let second =
            Message::parse(&written, &mut two).unwrap_or_else(|wrong| panic!("{}: {wrong}", vector.name));
        let rows = |message: &Message<'_>| -> Vec<(HeaderName, Vec<u8>)> {
            let known = message.fields().iter().filter(|header| header.name != HeaderName::ContentLength);
            known.map(|header| (header.name, header.value.iter().copied().map(blank).collect())).collect()
        };
        assert_eq!(rows(&first), rows(&second), "{}", vector.name);
        assert_eq!(first.fields().body, second.fields().body, "{}", vector.name);
        let mut again = Vec::new();
        write_message(&mut again, &second);
        assert_eq!(written, again, "{}", vector.name);
    }
}
