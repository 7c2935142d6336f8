//! What is read from the messages of a call, and how they are answered.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use memchr::{memchr, memmem};

use crate::load::shown;

/// Headers that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Via,
    RecordRoute,
    From,
    To,
    CallId,
    CSeq,
    Contact,
    MaxForwards,
}

const FIELDS: [(&str, &str, Field); 8] = [
    ("via", "v", Field::Via),
    ("record-route", "record-route", Field::RecordRoute),
    ("from", "f", Field::From),
    ("to", "t", Field::To),
    ("call-id", "i", Field::CallId),
    ("cseq", "cseq", Field::CSeq),
    ("contact", "m", Field::Contact),
    ("max-forwards", "max-forwards", Field::MaxForwards),
];

/// A request, as its callee sees it.
pub(super) struct Asked<'a> {
    datagram: &'a [u8],
    pub(super) method: &'a [u8],
    pub(super) uri: &'a [u8],
    /// Which pair, and which of its calls.
    pub(super) call: (u32, u32),
    pub(super) to_tag: Option<&'a [u8]>,
    pub(super) is_record_routed: bool,
    pub(super) forwards_left: &'a [u8],
}

impl<'a> Asked<'a> {
    pub(super) fn read(datagram: &'a [u8]) -> anyhow::Result<Self> {
        let start = datagram.get(..memchr(b'\r', datagram).unwrap_or(0)).unwrap_or_default();
        let mut words = start.split(|byte| *byte == b' ');
        let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut asked = Self {
            datagram,
            method,
            uri,
            call: (u32::MAX, 0),
            to_tag: None,
            is_record_routed: false,
            forwards_left: b"",
        };
        let mut has_call = false;
        for (field, value, _) in fields(datagram) {
            match field {
                Field::RecordRoute => asked.is_record_routed = true,
                Field::To => asked.to_tag = tag(value),
                Field::CallId => {
                    asked.call = both(value).with_context(|| format!("no call: {}", shown(datagram)))?;
                    has_call = true;
                }
                Field::MaxForwards => asked.forwards_left = value,
                Field::Via | Field::From | Field::CSeq | Field::Contact => {}
            }
        }
        if !has_call {
            bail!("no Call-ID: {}", shown(datagram));
        }
        Ok(asked)
    }

    /// An answer: what must come back comes back (RFC 3261 section 8.2.6), then what is added, then the body.
    pub(super) fn answer(&self, status: &str, tag: &[u8], added: &[u8], body: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0 ");
        out.extend_from_slice(status.as_bytes());
        out.extend_from_slice(b"\r\n");
        for (field, _, line) in fields(self.datagram) {
            match field {
                Field::Via | Field::From | Field::CallId | Field::CSeq => out.extend_from_slice(line),
                Field::RecordRoute if self.method == b"INVITE" => out.extend_from_slice(line),
                Field::To if self.to_tag.is_none() => {
                    out.extend_from_slice(line.strip_suffix(b"\r\n").unwrap_or(line));
                    out.extend_from_slice(b";tag=");
                    out.extend_from_slice(tag);
                    out.extend_from_slice(b"\r\n");
                }
                Field::To => out.extend_from_slice(line),
                Field::RecordRoute | Field::Contact | Field::MaxForwards => {}
            }
        }
        out.extend_from_slice(added);
        // Writing into memory cannot fail.
        let _ = write!(out, "Content-Length: {}\r\n\r\n{body}", body.len());
    }
}

/// How requests within a call are addressed, by the caller (RFC 3261 section 12.1.2).
#[derive(Clone, Default)]
pub(super) struct Dialog {
    pub(super) target: Vec<u8>,
    pub(super) to_tag: Vec<u8>,
    /// The Route header.
    pub(super) routes: Vec<u8>,
}

impl Dialog {
    /// Takes what the callee's 200 says.
    pub(super) fn learn(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        let mut routes: Vec<&[u8]> = Vec::new();
        self.target.clear();
        self.to_tag.clear();
        for (field, value, _) in fields(datagram) {
            match field {
                Field::RecordRoute => routes.extend(values(value)),
                Field::To => self.to_tag.extend_from_slice(tag(value).unwrap_or_default()),
                Field::Contact => self.target.extend_from_slice(address(value)),
                Field::Via | Field::From | Field::CallId | Field::CSeq | Field::MaxForwards => {}
            }
        }
        if self.target.is_empty() || self.to_tag.is_empty() {
            bail!("a 200 without a contact or a tag: {}", shown(datagram));
        }
        if routes.is_empty() {
            bail!("whoever carries the call did not stay in its way: {}", shown(datagram));
        }
        self.routes.clear();
        for (at, route) in routes.iter().rev().enumerate() {
            // A strict router wants another kind of request; there are none any more.
            if memmem::find(address(route), b";lr").is_none() {
                bail!("a strict router: {}", shown(datagram));
            }
            self.routes.extend_from_slice(if at == 0 { b"Route: " } else { b", " });
            self.routes.extend_from_slice(route);
        }
        self.routes.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// The tag of the To of an answer; none in a 100.
pub(super) fn to_tag(datagram: &[u8]) -> &[u8] {
    let to = fields(datagram).find(|(field, ..)| *field == Field::To);
    to.and_then(|(_, value, _)| tag(value)).unwrap_or_default()
}

/// Each header that matters, its value, and its whole line. Nobody here folds lines.
fn fields(datagram: &[u8]) -> impl Iterator<Item = (Field, &[u8], &[u8])> {
    let head = memmem::find(datagram, b"\r\n\r\n").and_then(|end| datagram.get(..end + 2));
    let mut rest = head.unwrap_or_default();
    rest = memchr(b'\n', rest).and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    std::iter::from_fn(move || {
        let (line, after) = rest.split_at_checked(memchr(b'\n', rest)? + 1)?;
        rest = after;
        Some(line)
    })
    .filter_map(|line| {
        let (name, value) = line.split_at_checked(memchr(b':', line)?)?;
        let name = name.trim_ascii_end();
        let is_it = |long: &str, short: &str| {
            name.eq_ignore_ascii_case(long.as_bytes()) || name.eq_ignore_ascii_case(short.as_bytes())
        };
        let (_, _, field) = FIELDS.iter().find(|(long, short, _)| is_it(long, short))?;
        Some((*field, value.get(1..)?.trim_ascii(), line))
    })
}

/// Two numbers in hexadecimal, at the beginning.
fn both(value: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(value.get(..16)?).ok()?;
    let (one, other) = text.split_at_checked(8)?;
    Some((u32::from_str_radix(one, 16).ok()?, u32::from_str_radix(other, 16).ok()?))
}

/// The tag of a From or To.
fn tag(value: &[u8]) -> Option<&[u8]> {
    // What comes before the end of the address may have anything in it.
    let after = value.get(memchr::memrchr(b'>', value).unwrap_or(0)..)?;
    let tag = after.get(memmem::find(after, b";tag=")? + 5..)?;
    tag.get(..memchr(b';', tag).unwrap_or(tag.len()))
}

/// The URI between angle brackets, or all of it.
fn address(value: &[u8]) -> &[u8] {
    let inner = memchr(b'<', value)
        .and_then(|at| value.get(at + 1..))
        .and_then(|rest| rest.get(..memchr(b'>', rest)?));
    inner.unwrap_or(value)
}

/// The values of a header that has several, between commas; those within angle brackets separate nothing.
fn values(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut inside = false;
    line.split(move |byte| {
        inside = match byte {
            b'<' => true,
            b'>' => false,
            _ => inside,
        };
        *byte == b',' && !inside
    })
    .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_there_reversed() {
        let mut dialog = Dialog::default();
        dialog
            .learn(
                b"SIP/2.0 200 OK\r\nRecord-Route: <sip:p2;lr;a=1,2>, <sip:p1;lr>\r\nf: <sip:1@a>;tag=1\r\n\
                  record-route: <sip:p0;lr=on>\r\nt: \"a;tag=b\" <sip:2@a>;tag=33;x\r\nm: \"x\" <sip:2@1.2.3.4:5>;q=1\r\n\r\n",
            )
            .unwrap();
        assert_eq!(dialog.routes, b"Route: <sip:p0;lr=on>, <sip:p1;lr>, <sip:p2;lr;a=1,2>\r\n");
        assert_eq!(dialog.target, b"sip:2@1.2.3.4:5");
        assert_eq!(dialog.to_tag, b"33");
        assert!(
            dialog.learn(b"SIP/2.0 200 OK\r\nTo: <sip:2@a>;tag=3\r\nContact: <sip:2@b>\r\n\r\n").is_err()
        );
    }

    #[test]
    fn an_answer_brings_back_what_it_must() {
        let asked = Asked::read(
            b"INVITE sip:2@b SIP/2.0\r\nVia: a\r\nVIA: b\r\nRecord-Route: <sip:p;lr>\r\nFrom: x\r\nTo: <y>\r\n\
              Max-Forwards: 69\r\nCall-ID: 0000000a0000000b@z\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n",
        )
        .unwrap();
        assert_eq!((asked.method, asked.uri, asked.call), (&b"INVITE"[..], &b"sip:2@b"[..], (10, 11)));
        assert_eq!((asked.is_record_routed, asked.forwards_left), (true, &b"69"[..]));
        let mut out = Vec::new();
        asked.answer("180 Ringing", b"t1", b"Contact: <c>\r\n", "", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "SIP/2.0 180 Ringing\r\nVia: a\r\nVIA: b\r\nRecord-Route: <sip:p;lr>\r\nFrom: x\r\nTo: <y>;tag=t1\r\n\
             Call-ID: 0000000a0000000b@z\r\nCSeq: 1 INVITE\r\nContact: <c>\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
