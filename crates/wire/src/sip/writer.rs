//! Writing: answers to requests, requests, and messages as they came (RFC 3261 §8.2.6, §18.2.1, RFC 3581).
//!
//! Everything goes into a buffer of the caller's, which is reused. Whatever the caller passes, one call writes one
//! header: control characters become spaces, and quotes are escaped where a quoted string is written.

use std::net::{IpAddr, SocketAddr};

use wide::u8x16;

use super::HeaderName;
use super::algorithm::Algorithm;
use super::date;
use super::fields::Fields;
use super::heading::TopVia;
use super::lines::is_control;
use super::message::{Message, Request};
use super::scan;

/// Writes the answer to a request.
///
/// The start line and what is copied from the request come first ([`AnswerWriter::start`]), then the headers the
/// caller adds, then [`AnswerWriter::finish`].
#[derive(Debug)]
pub struct AnswerWriter<'b> {
    out: &'b mut Vec<u8>,
}

/// A challenge to write (RFC 7616 §3.3).
#[derive(Clone, Copy, Debug)]
pub struct NewChallenge<'a> {
    /// The realm.
    pub realm: &'a [u8],
    /// The nonce.
    pub nonce: &'a [u8],
    /// The opaque value, left out if empty.
    pub opaque: &'a [u8],
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether the response was right but its nonce old.
    pub stale: bool,
}

/// One contact of the answer to a REGISTER (§10.3 step 8).
#[derive(Clone, Copy, Debug)]
pub struct ContactLine<'a> {
    /// The URI, without angle brackets.
    pub uri: &'a [u8],
    /// Seconds left.
    pub expires: u32,
    /// In thousandths.
    pub q: Option<u16>,
    /// `+sip.instance`, angle brackets included.
    pub instance: Option<&'a [u8]>,
    /// `reg-id`
    pub reg_id: Option<u32>,
}

impl<'b> AnswerWriter<'b> {
    /// Clears `out` and writes the start line, the Vias with `received` and `rport` filled in, From, To with
    /// `to_tag` if it has no tag, Call-ID and CSeq. An empty `to_tag` adds none, as for 100 (§8.2.6.2).
    pub fn start(
        out: &'b mut Vec<u8>,
        request: &Request<'_>,
        status: u16,
        reason: &[u8],
        peer: SocketAddr,
        to_tag: &[u8],
    ) -> Self {
        out.clear();
        let digit = |place: u16| b'0' + u8::try_from(status / place % 10).unwrap_or(0);
        let mut start = *b"SIP/2.0 000 ";
        // Three digits: a status is below 700.
        let [.., hundreds, tens, ones, _] = &mut start;
        (*hundreds, *tens, *ones) = (digit(100), digit(10), digit(1));
        out.extend_from_slice(&start);
        push_clean(out, reason);
        let fields = &request.fields;
        let heading = fields.heading();
        for (index, (value, _)) in fields.all(HeaderName::Via).enumerate() {
            out.extend_from_slice(b"\r\nVia: ");
            match &heading.via {
                Some(via) if index == 0 => push_top_via(out, fields, value, via, peer),
                _ => push_copy(out, fields, value),
            }
        }
        if let Some(from) = fields.first(HeaderName::From) {
            out.extend_from_slice(b"\r\nFrom: ");
            push_copy(out, fields, from);
        }
        if let Some(to) = fields.first(HeaderName::To) {
            out.extend_from_slice(b"\r\nTo: ");
            push_copy(out, fields, to);
            if !to_tag.is_empty() && heading.wants_tag() {
                out.extend_from_slice(b";tag=");
                push_clean(out, to_tag);
            }
        }
        if let Some(call_id) = fields.first(HeaderName::CallId) {
            out.extend_from_slice(b"\r\nCall-ID: ");
            push_copy(out, fields, call_id);
        }
        if let Some(cseq) = fields.first(HeaderName::CSeq) {
            out.extend_from_slice(b"\r\nCSeq: ");
            push_copy(out, fields, cseq);
        }
        out.extend_from_slice(b"\r\n");
        Self { out }
    }

    /// One header.
    #[inline]
    pub fn header(&mut self, name: HeaderName, value: &[u8]) -> &mut Self {
        push_name(self.out, name);
        push_clean(self.out, value);
        self.end_line()
    }

    /// One header with a number in it: Expires, Min-Expires, Flow-Timer, Retry-After.
    pub fn number(&mut self, name: HeaderName, value: u64) -> &mut Self {
        push_name(self.out, name);
        push_number(self.out, value);
        self.end_line()
    }

    /// One header with a list of tokens: Supported, Require, Unsupported, Allow.
    pub fn list<'v>(&mut self, name: HeaderName, values: impl IntoIterator<Item = &'v [u8]>) -> &mut Self {
        push_name(self.out, name);
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            push_clean(self.out, value);
        }
        self.end_line()
    }

    /// The request's rows of this header as they came: Path in the answer to REGISTER (RFC 3327 §5.3), Timestamp.
    pub fn copy(&mut self, name: HeaderName, request: &Request<'_>) -> &mut Self {
        for (value, _) in request.fields.all(name) {
            self.header(name, value);
        }
        self
    }

    /// A WWW-Authenticate. Write the stronger algorithm first (RFC 8760 §2.4).
    pub fn challenge(&mut self, challenge: &NewChallenge<'_>) -> &mut Self {
        self.challenge_as(HeaderName::WwwAuthenticate, challenge)
    }

    /// A WWW-Authenticate or a Proxy-Authenticate.
    pub fn challenge_as(&mut self, name: HeaderName, challenge: &NewChallenge<'_>) -> &mut Self {
        push_name(self.out, name);
        self.out.extend_from_slice(b"Digest realm=");
        push_quoted(self.out, challenge.realm);
        self.out.extend_from_slice(b", nonce=");
        push_quoted(self.out, challenge.nonce);
        if !challenge.opaque.is_empty() {
            self.out.extend_from_slice(b", opaque=");
            push_quoted(self.out, challenge.opaque);
        }
        if challenge.stale {
            self.out.extend_from_slice(b", stale=true");
        }
        self.out.extend_from_slice(b", algorithm=");
        self.out.extend_from_slice(challenge.algorithm.as_str().as_bytes());
        self.out.extend_from_slice(b", qop=\"auth\"");
        self.end_line()
    }

    /// A Contact with its expiry.
    pub fn contact(&mut self, contact: &ContactLine<'_>) -> &mut Self {
        self.out.extend_from_slice(b"Contact: <");
        push_clean(self.out, contact.uri);
        self.out.extend_from_slice(b">;expires=");
        push_number(self.out, u64::from(contact.expires));
        if let Some(q) = contact.q {
            push_q(self.out, q);
        }
        if let Some(instance) = contact.instance {
            self.out.extend_from_slice(b";+sip.instance=");
            // As written: escapes that stood in it still stand in it.
            self.out.push(b'"');
            push_clean(self.out, instance);
            self.out.push(b'"');
        }
        if let Some(reg_id) = contact.reg_id {
            self.out.extend_from_slice(b";reg-id=");
            push_number(self.out, u64::from(reg_id));
        }
        self.end_line()
    }

    /// A Date (§20.17), from seconds since 1970.
    pub fn date(&mut self, now: u64) -> &mut Self {
        push_name(self.out, HeaderName::Date);
        self.out.extend_from_slice(&date::write(now));
        self.end_line()
    }

    fn end_line(&mut self) -> &mut Self {
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Ends a message without a body; gives back what was written.
    pub fn finish(self) -> &'b [u8] {
        self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        self.out
    }

    /// Ends a message with a body; gives back what was written.
    pub fn finish_with(self, content_type: &[u8], body: &[u8]) -> &'b [u8] {
        finish_with(self.out, content_type, body);
        self.out
    }
}

/// Writes a request.
#[derive(Debug)]
pub struct RequestWriter<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> RequestWriter<'b> {
    /// Clears `out` and writes the Request-Line.
    pub fn start(out: &'b mut Vec<u8>, method: &[u8], uri: &[u8]) -> Self {
        out.clear();
        push_clean(out, method);
        out.push(b' ');
        push_clean(out, uri);
        out.extend_from_slice(b" SIP/2.0\r\n");
        Self { out }
    }

    /// A Via with `rport` (RFC 3581). `sent_by` is host or host:port.
    pub fn via(&mut self, transport: &[u8], sent_by: &[u8], branch: &[u8]) -> &mut Self {
        self.out.extend_from_slice(b"Via: SIP/2.0/");
        push_clean(self.out, transport);
        self.out.push(b' ');
        push_clean(self.out, sent_by);
        self.out.extend_from_slice(b";rport;branch=");
        push_clean(self.out, branch);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// From or To: the URI in brackets, and a tag if it is not empty.
    pub fn address(&mut self, name: HeaderName, uri: &[u8], tag: &[u8]) -> &mut Self {
        push_name(self.out, name);
        self.out.push(b'<');
        push_clean(self.out, uri);
        self.out.push(b'>');
        if !tag.is_empty() {
            self.out.extend_from_slice(b";tag=");
            push_clean(self.out, tag);
        }
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// CSeq.
    pub fn cseq(&mut self, number: u32, method: &[u8]) -> &mut Self {
        push_name(self.out, HeaderName::CSeq);
        push_number(self.out, u64::from(number));
        self.out.push(b' ');
        push_clean(self.out, method);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// One header.
    pub fn header(&mut self, name: HeaderName, value: &[u8]) -> &mut Self {
        push_name(self.out, name);
        push_clean(self.out, value);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// One header with a number in it.
    pub fn number(&mut self, name: HeaderName, value: u64) -> &mut Self {
        push_name(self.out, name);
        push_number(self.out, value);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// One header whose name is not in [`HeaderName`].
    pub fn other(&mut self, name: &[u8], value: &[u8]) -> &mut Self {
        push_clean(self.out, name);
        self.out.extend_from_slice(b": ");
        push_clean(self.out, value);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Ends a message without a body; gives back what was written.
    pub fn finish(self) -> &'b [u8] {
        self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        self.out
    }

    /// Ends a message with a body; gives back what was written.
    pub fn finish_with(self, content_type: &[u8], body: &[u8]) -> &'b [u8] {
        finish_with(self.out, content_type, body);
        self.out
    }
}

/// Writes a message again behind what is in `out`: the same headers in the same order, known names in their usual
/// spelling, folded lines joined, Content-Length set to the body's.
pub fn write_message(out: &mut Vec<u8>, message: &Message<'_>) {
    match message {
        Message::Request(request) => {
            out.extend_from_slice(request.method.as_bytes());
            out.push(b' ');
            out.extend_from_slice(request.uri_raw);
            out.extend_from_slice(b" SIP/2.0\r\n");
        }
        Message::Response(response) => {
            out.extend_from_slice(b"SIP/2.0 ");
            push_number(out, u64::from(response.status));
            out.push(b' ');
            push_clean(out, response.reason);
            out.extend_from_slice(b"\r\n");
        }
    }
    let fields = message.fields();
    for header in fields.iter().filter(|header| header.name != HeaderName::ContentLength) {
        if header.name == HeaderName::Other {
            out.extend_from_slice(header.name_raw);
            out.extend_from_slice(b": ");
        } else {
            push_name(out, header.name);
        }
        push_clean(out, header.value);
        out.extend_from_slice(b"\r\n");
    }
    push_body(out, fields.body);
}

fn finish_with(out: &mut Vec<u8>, content_type: &[u8], body: &[u8]) {
    push_name(out, HeaderName::ContentType);
    push_clean(out, content_type);
    out.extend_from_slice(b"\r\n");
    push_body(out, body);
}

pub(crate) fn push_body(out: &mut Vec<u8>, body: &[u8]) {
    push_name(out, HeaderName::ContentLength);
    push_number(out, body.len() as u64);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

#[inline]
pub(crate) fn push_name(out: &mut Vec<u8>, name: HeaderName) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
}

/// The top Via as written, but for `received` and `rport`, which say where the request really came from
/// (§18.2.1, RFC 3581 §4). What the sender put there itself is replaced.
pub(crate) fn push_top_via(
    out: &mut Vec<u8>,
    fields: &Fields<'_>,
    value: &[u8],
    via: &TopVia,
    peer: SocketAddr,
) {
    let end = via.end as usize;
    let mut at = 0;
    // In the order in which they stand; what is not there sorts first.
    let (first, second) =
        if via.rport <= via.received { (via.rport, via.received) } else { (via.received, via.rport) };
    for (start, end) in [first, second].into_iter().flatten() {
        push_copy(out, fields, value.get(at..start as usize).unwrap_or_default());
        at = end as usize;
    }
    push_copy(out, fields, scan::trim_end(value.get(at..end).unwrap_or_default()));
    let address = peer.ip().to_canonical();
    if via.wants_received(address) {
        out.extend_from_slice(b";received=");
        push_address(out, address);
    }
    if via.rport.is_some() {
        out.extend_from_slice(b";rport=");
        push_number(out, u64::from(peer.port()));
    }
    if let Some(more @ [_, ..]) = value.get(end..) {
        push_copy(out, fields, more);
    }
}

/// An address without brackets, as `received` has it (§25.1 via-received).
pub(crate) fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (index, octet) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push(b'.');
                }
                push_number(out, u64::from(octet));
            }
        }
        IpAddr::V6(address) => {
            use std::io::Write as _;
            // Writing into a Vec cannot fail.
            let _ = write!(out, "{address}");
        }
    }
}

#[inline]
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let mut rest = number;
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - length..).unwrap_or_default());
}

fn push_q(out: &mut Vec<u8>, thousandths: u16) {
    out.extend_from_slice(b";q=");
    if thousandths >= 1000 {
        out.push(b'1');
        return;
    }
    out.extend_from_slice(b"0.");
    let digits = [thousandths / 100, thousandths / 10 % 10, thousandths % 10];
    let used = if digits == [digits[0], 0, 0] { 1 } else { 3 };
    for digit in digits.iter().take(used) {
        push_number(out, u64::from(*digit));
    }
}

/// A part of a header of `fields`; cleaned unless all of them are clean.
#[inline]
pub(crate) fn push_copy(out: &mut Vec<u8>, fields: &Fields<'_>, bytes: &[u8]) {
    if fields.is_clean() {
        out.extend_from_slice(bytes);
    } else {
        push_clean(out, bytes);
    }
}

/// As it is, but control characters become spaces: no line ends before we end it, and folded lines are joined.
#[inline]
pub(crate) fn push_clean(out: &mut Vec<u8>, bytes: &[u8]) {
    let from = out.len();
    out.extend_from_slice(bytes);
    if scan::any(bytes, scan::controls) {
        for byte in out.iter_mut().skip(from) {
            if is_control(*byte) {
                *byte = b' ';
            }
        }
    }
}

/// A quoted string that says `bytes`.
pub(crate) fn push_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let is = |bytes: u8x16, byte| bytes.simd_eq(u8x16::splat(byte));
    if scan::any(bytes, |bytes| scan::controls(bytes) | is(bytes, b'"') | is(bytes, b'\\')) {
        for &byte in bytes {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(if is_control(byte) { b' ' } else { byte });
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}
