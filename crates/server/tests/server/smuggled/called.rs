//! Phones that are called: they look at all that they hear, and answer.

use std::{net::SocketAddr, time::Duration};

use super::{
    NUMBER, Seen, Shared,
    reader::{Letter, lenient, strict},
    with,
};
use crate::phone::Phone;

/// What the proxy takes, adds and rules over.
const OURS: [&str; 9] = [
    "via",
    "record-route",
    "route",
    "max-forwards",
    "content-length",
    "p-asserted-identity",
    "p-preferred-identity",
    "remote-party-id",
    "proxy-authorization",
];
/// What a called phone does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Declines,
    Rings,
    Talks,
}

/// What is wrong with what a called phone heard; `None` is nothing.
fn wrong_with(seen: &mut Seen, letter: &Letter) -> Option<String> {
    let is_ours = |name: &&String| {
        ["via", "from", "to", "call-id", "cseq", "max-forwards", "route", "content-length"]
            .contains(&name.as_str())
    };
    // An answer to what has none has none; a request that goes on has each.
    let missing = ["from", "to", "call-id", "cseq"].into_iter().find(|name| letter.all(name).is_empty());
    if let Some(missing) = missing {
        return Some(format!("no {missing}"));
    }
    let asserted = letter.all("p-asserted-identity");
    let method = letter.start.split(|byte| *byte == b' ').next().unwrap_or_default();
    if matches!(method, b"CANCEL" | b"ACK") {
        // Written by the proxy itself, hop by hop; an ACK of a call goes through.
        let more = letter.headers.iter().map(|(name, _)| name).find(|name| !is_ours(name));
        return more.filter(|_| method == b"CANCEL").map(|name| format!("{name} in a CANCEL"));
    }
    let number = letter.one(NUMBER).parse::<usize>().ok();
    let Some((number, sent)) = number.and_then(|number| Some((number, lenient(seen.sent.get(&number)?)?)))
    else {
        return Some("nobody sent this".into());
    };
    seen.passed_on.insert(number);
    let (before, after) = (sent.but(&OURS), letter.but(&OURS));
    if before != after {
        return Some(format!("{before:?}\nbecame\n{after:?}"));
    }
    let is_begun_here = method != b"BYE";
    if asserted.len() != usize::from(is_begun_here) {
        return Some(format!("{} identities", asserted.len()));
    }
    let is_ann = |value: &&[u8]| value.starts_with(b"\"") && value.ends_with(b"\" <sip:201@127.0.0.1>");
    if let Some(other) = asserted.iter().find(|value| !is_ann(value) || !is_quoted(value)) {
        return Some(format!("the identity {:?}", String::from_utf8_lossy(other)));
    }
    if letter.all("via").len() != sent.all("via").len() + 1 || letter.all("max-forwards").len() != 1 {
        return Some("Vias or hops that nobody sent".into());
    }
    (!sent.body.starts_with(&letter.body)).then(|| "another body".into())
}

/// Whether the quoted string at its beginning ends where the address begins.
fn is_quoted(value: &[u8]) -> bool {
    let mut rest = value.iter().skip(1);
    let mut length = 1;
    while let Some(byte) = rest.next() {
        length += 1;
        match byte {
            b'\\' => {
                rest.next();
                length += 1;
            }
            b'"' => return value[length..].starts_with(b" <sip:") && !value[length + 1..].contains(&b'"'),
            _ => {}
        }
    }
    false
}

/// A phone that is called: looks at all that it hears, and answers.
pub(super) async fn callee(mut phone: Phone, manner: Manner, seen: Shared) {
    let mut ringing = None;
    while let Some(bytes) = phone.hear_message(Duration::from_secs(120)).await {
        let letter = match strict(&bytes) {
            Ok(letter) => letter,
            Err(problem) => {
                with(&seen, |seen| {
                    seen.wrong.push(format!("{problem}: {}", String::from_utf8_lossy(&bytes)));
                });
                continue;
            }
        };
        if let Some(problem) = with(&seen, |seen| wrong_with(seen, &letter)) {
            with(&seen, |seen| seen.wrong.push(format!("{problem}\n{}", String::from_utf8_lossy(&bytes))));
        }
        let status = match (&*letter.one("cseq").rsplit(' ').next().unwrap_or_default().to_owned(), manner) {
            ("ACK", _) => continue,
            ("INVITE", Manner::Declines) => "486 Busy Here",
            ("INVITE", Manner::Rings) => "180 Ringing",
            _ => "200 OK",
        };
        phone.send(&answer(&letter, status, &phone.number, phone.local)).await;
        match manner {
            Manner::Rings if letter.start.starts_with(b"INVITE") => ringing = Some(letter),
            Manner::Rings if letter.start.starts_with(b"CANCEL") => {
                if let Some(invite) = ringing.take() {
                    phone.send(&answer(&invite, "487 Request Terminated", &phone.number, phone.local)).await;
                }
            }
            Manner::Declines | Manner::Rings | Manner::Talks => {}
        }
    }
}

pub(super) fn answer(request: &Letter, status: &str, number: &str, local: SocketAddr) -> Vec<u8> {
    let mut out = format!("SIP/2.0 {status}\r\n").into_bytes();
    for name in ["via", "record-route", "from", "to", "call-id", "cseq"] {
        for value in request.all(name) {
            out.extend(format!("{name}: ").bytes());
            out.extend_from_slice(value);
            if name == "to" && !String::from_utf8_lossy(value).contains(";tag=") {
                out.extend(format!(";tag=d{}", local.port()).bytes());
            }
            out.extend(b"\r\n");
        }
    }
    out.extend(format!("Contact: <sip:{number}@{local}>\r\nContent-Length: 0\r\n\r\n").bytes());
    out
}
