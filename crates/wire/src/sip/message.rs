//! Messages: requests and responses, borrowed from the bytes that came (RFC 3261 §7, §18.3).
//!
//! [`Message::parse`] reads the start line, finds the headers and cuts the body. What stands inside the headers is
//! read when it is asked for, see [`Fields`](super::Fields).

use std::net::SocketAddr;

use super::fields::Fields;
use super::headers::{HEADERS_MAX, Headers, MESSAGE_MAX};
use super::lines::Lines;
use super::scan::{self, Scan, TOKEN};
use super::{HeaderName, Malformed, Method, Rule, Uri};

const _: () = assert!(HEADERS_MAX < 255, "row numbers are bytes");

/// A request or a response.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// What a client asks.
    Request(Request<'a>),
    /// What a server answers.
    Response(Response<'a>),
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method<'a>,
    /// The Request-URI as written; [`Request::uri`] reads it.
    pub uri_raw: &'a [u8],
    pub(crate) uri_at: usize,
    /// The headers and the body.
    pub fields: Fields<'a>,
}

/// A response.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase as written; may be empty.
    pub reason: &'a [u8],
    /// The headers and the body.
    pub fields: Fields<'a>,
}

impl<'a> Message<'a> {
    /// Parses one datagram, or one message cut from a stream.
    ///
    /// Empty lines before it are skipped (§7.5), bytes after the body are cut off (§18.3).
    ///
    /// # Errors
    /// The first rule broken. A request that is broken may still be answered, see [`Request::salvage`].
    pub fn parse(bytes: &'a [u8], headers: &'a mut Headers) -> Result<Self, Malformed> {
        let start = skip_empty_lines(bytes)?;
        let mut lines = Lines::new(bytes, start, false);
        let line = lines.next()?;
        let text = bytes.get(start..line.text_end).unwrap_or_default();
        let shift = |wrong: Malformed| Malformed::new(wrong.rule, wrong.at + start);
        let start_line = StartLine::parse(text).map_err(shift)?;
        let body_at = headers.fill(bytes, &mut lines, false)?;
        let headers: &'a Headers = headers;
        let mut fields = Fields::new(bytes, headers, bytes.get(body_at..).unwrap_or_default());
        if let Some(length) = fields.content_length()? {
            let Some((body, behind)) = fields.body.split_at_checked(length) else {
                let wrong = Malformed::new(Rule::BodyShort, bytes.len());
                return Err(wrong.within(HeaderName::ContentLength, 0));
            };
            (fields.body, fields.behind) = (body, behind);
        }
        Ok(match start_line {
            StartLine::Request { method, uri_raw, uri_at } => {
                Self::Request(Request { method, uri_raw, uri_at: start + uri_at, fields })
            }
            StartLine::Response { status, reason } => Self::Response(Response { status, reason, fields }),
        })
    }

    /// The headers and the body.
    #[must_use]
    pub const fn fields(&self) -> &Fields<'a> {
        match self {
            Self::Request(request) => &request.fields,
            Self::Response(response) => &response.fields,
        }
    }

    /// The request, if it is one.
    #[must_use]
    pub const fn request(&self) -> Option<&Request<'a>> {
        match self {
            Self::Request(request) => Some(request),
            Self::Response(_) => None,
        }
    }

    /// The response, if it is one.
    #[must_use]
    pub const fn response(&self) -> Option<&Response<'a>> {
        match self {
            Self::Request(_) => None,
            Self::Response(response) => Some(response),
        }
    }
}

impl<'a> Request<'a> {
    /// Parses a datagram that must be a request.
    ///
    /// # Errors
    /// As [`Message::parse`]; a response is [`Rule::StartLine`].
    pub fn parse(bytes: &'a [u8], headers: &'a mut Headers) -> Result<Self, Malformed> {
        match Message::parse(bytes, headers)? {
            Message::Request(request) => Ok(request),
            Message::Response(_) => Err(Malformed::new(Rule::StartLine, 0)),
        }
    }

    /// What can be had of a broken request, so that it can be answered with 400: needs a start line that looks like
    /// a request's, a method other than ACK (which is never answered, §17), and a Via, by which the sender knows the
    /// answer for its own. Everything else may be wrong or missing (RFC 4475 badinv01, insuf): From, To, Call-ID and
    /// CSeq are copied where they are, and where the Via cannot be read the answer goes to where the request came
    /// from, see [`Request::answer_to`].
    #[must_use]
    pub fn salvage(bytes: &'a [u8], headers: &'a mut Headers) -> Option<Self> {
        let bytes = bytes.get(..bytes.len().min(MESSAGE_MAX))?;
        let start = skip_empty_lines(bytes).ok()?;
        let mut lines = Lines::new(bytes, start, true);
        let text = bytes.get(start..lines.next().ok()?.text_end)?;
        let mut scan = Scan::new(text);
        let method = scan.take(TOKEN);
        if method.is_empty() || scan.peek() != Some(b' ') || text.starts_with(b"SIP/") {
            return None;
        }
        let body_at = headers.fill(bytes, &mut lines, true).unwrap_or(bytes.len());
        let headers: &'a Headers = headers;
        let fields = Fields::new(bytes, headers, bytes.get(body_at..).unwrap_or_default());
        let request = Self { method: Method::of(method), uri_raw: b"", uri_at: 0, fields };
        request.is_answerable().then_some(request)
    }

    /// Whether it can be answered at all, however broken it is: see [`Request::salvage`].
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.method != Method::Ack && self.fields.first(HeaderName::Via).is_some_and(|via| !via.is_empty())
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// The rule broken. A SIP URI with headers is refused here (§19.1.1, RFC 4475 escruri).
    pub fn uri(&self) -> Result<Uri<'a>, Malformed> {
        let shift = |wrong: Malformed| Malformed::new(wrong.rule, wrong.at + self.uri_at);
        match Uri::parse(self.uri_raw) {
            Ok(uri) if uri.has_headers() => Err(Malformed::new(Rule::UriHeaders, self.uri_at)),
            uri => uri.map_err(shift),
        }
    }

    /// Where the answer goes over UDP (§18.2.2, RFC 3581 §4): to the address the request came from, and to the port
    /// it came from if the Via asks so by `rport`, else to the Via's port. `maddr` is not followed: it would let
    /// anyone aim our answers at a third party.
    #[must_use]
    pub fn answer_to(&self, peer: SocketAddr) -> SocketAddr {
        self.fields.heading().via.map_or(peer, |via| via.answer_to(peer))
    }
}

enum StartLine<'a> {
    Request { method: Method<'a>, uri_raw: &'a [u8], uri_at: usize },
    Response { status: u16, reason: &'a [u8] },
}

impl<'a> StartLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
            return Self::parse_status(line);
        }
        let mut scan = Scan::new(line);
        let method = scan.take(TOKEN);
        if method.is_empty() {
            return scan.fail(Rule::Method);
        }
        if !scan.eat(b' ') {
            return scan.fail(Rule::StartLine);
        }
        let uri_at = scan.at();
        let length = memchr::memchr2(b' ', b'\t', scan.rest()).unwrap_or(scan.rest().len());
        scan.advance(length);
        let uri_raw = scan.since(uri_at);
        if uri_raw.is_empty() {
            return scan.fail(Rule::StartLineSpace);
        }
        if !scan.eat(b' ') {
            return scan.fail(Rule::StartLine);
        }
        // §7.1: one space, none at the end (RFC 4475 lwsruri, lwsstart, trws).
        let version = scan.rest();
        if !version.eq_ignore_ascii_case(b"SIP/2.0") {
            let spaced = version.iter().any(|&byte| scan::is(byte, scan::SPACE));
            return scan.fail(match version.get(..4) {
                _ if spaced => Rule::StartLineSpace,
                Some(start) if start.eq_ignore_ascii_case(b"SIP/") => Rule::Version,
                _ => Rule::StartLine,
            });
        }
        Ok(Self::Request { method: Method::of(method), uri_raw, uri_at })
    }

    fn parse_status(line: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(line);
        let length = memchr::memchr(b' ', line).unwrap_or(line.len());
        scan.advance(length);
        if !scan.since(0).eq_ignore_ascii_case(b"SIP/2.0") {
            return Err(Malformed::new(Rule::Version, 4));
        }
        scan.advance(1);
        let from = scan.at();
        let digits = scan.take(scan::DIGIT);
        let status = match scan::decimal(digits).map(u16::try_from) {
            Some(Ok(status)) if digits.len() == 3 && (100..700).contains(&status) => status,
            _ => return Err(Malformed::new(Rule::StatusCode, from)),
        };
        // The space stands even before an empty reason phrase (§7.2), but some leave it out.
        if !scan.is_done() && !scan.eat(b' ') {
            return scan.fail(Rule::StatusCode);
        }
        Ok(Self::Response { status, reason: scan.rest() })
    }
}

/// §7.5: empty lines before the start line are ignored.
fn skip_empty_lines(bytes: &[u8]) -> Result<usize, Malformed> {
    if bytes.len() > MESSAGE_MAX {
        return Err(Malformed::new(Rule::MessageTooLong, MESSAGE_MAX));
    }
    let start = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if start == bytes.len() {
        return Err(Malformed::new(Rule::Empty, 0));
    }
    Ok(start)
}
