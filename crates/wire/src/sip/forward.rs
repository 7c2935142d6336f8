//! Forwarding: a request as it goes on, and a response as it goes back (RFC 3261 §16.6, §16.7, RFC 5658).
//!
//! Nothing is passed on as it came: known names in their usual spelling, folded lines joined, control characters turned
//! into spaces, so that nobody behind us reads a message otherwise than we did.
//!
//! It decides nothing: where a message goes, and whether it may, is the caller's affair. Bodies are never looked into.

use std::net::{IpAddr, SocketAddr};

use super::name::HeaderName;
use super::writer::{
    push_address, push_body, push_clean, push_copy, push_name, push_number, push_quoted, push_top_via,
};
use super::{Address, Fields, Header, Host, Malformed, Method, Request, Response, Uri};

/// What a request that has none is given (§16.6 step 3).
const MAX_FORWARDS: u8 = 70;
/// The parameter by which our own Record-Route is known again when it comes back as a Route.
const OURS: &str = "hookswitch";

/// A place of ours that others may send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// Lower case, as in a `transport` parameter: `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: &'a str,
    /// Host and port, as others reach it.
    pub sent_by: &'a str,
}

/// What changes in a request that goes on.
#[derive(Clone, Copy, Debug)]
pub struct Onward<'a> {
    /// The new Request-URI.
    pub uri: &'a [u8],
    /// Where it came from, which its last Via is told (§18.2.1).
    pub peer: SocketAddr,
    /// Where it leaves from.
    pub out: Hop<'a>,
    /// Where it came in, if the dialog is to come by us again; with both, the way is right in both directions even where
    /// transports differ (RFC 5658 §6).
    pub record: Option<Hop<'a>>,
    /// Our branch (§16.6 step 8).
    pub branch: &'a [u8],
    /// Proxies on the way to the phone (RFC 3327), as a Route: empty for none.
    pub path: &'a [u8],
    /// Credentials for this realm were for us and go no further (§22.3).
    pub realm: &'a [u8],
    /// Who calls, in our own word (RFC 3325 §5): an address with its brackets, or nothing.
    pub asserted: &'a [u8],
}

impl Onward<'_> {
    /// Writes the request as it goes on. Clears `out`.
    pub fn write(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        out.clear();
        let fields = &request.fields;
        start(out, request.method.as_bytes(), self.uri);
        push_via(out, self.out, self.branch);
        if let Some(inner) = self.record {
            push_record(out, self.out);
            if inner != self.out {
                push_record(out, inner);
            }
        }
        if !self.path.is_empty() {
            push_name(out, HeaderName::Route);
            push_clean(out, self.path);
            out.extend_from_slice(b"\r\n");
        }
        let via = fields.heading().via;
        let mut is_top = true;
        let mut had_hops = false;
        let mut had_routes = false;
        for header in fields.iter() {
            #[expect(clippy::wildcard_enum_match_arm, reason = "what a proxy has no business with goes on")]
            match header.name {
                HeaderName::Via if std::mem::take(&mut is_top) => {
                    push_name(out, HeaderName::Via);
                    match &via {
                        Some(via) => push_top_via(out, fields, header.value, via, self.peer),
                        None => push_copy(out, fields, header.value),
                    }
                }
                HeaderName::MaxForwards => {
                    had_hops = true;
                    let left = fields.max_forwards().ok().flatten().unwrap_or(MAX_FORWARDS);
                    push_name(out, HeaderName::MaxForwards);
                    push_number(out, u64::from(left.saturating_sub(1)));
                }
                HeaderName::Route => {
                    if !std::mem::replace(&mut had_routes, true) {
                        push_foreign_routes(out, request);
                    }
                    continue;
                }
                HeaderName::ProxyAuthorization | HeaderName::Authorization
                    if self.is_for_us(header.value) =>
                {
                    continue;
                }
                // Said by whoever is asked, not by whoever asks (RFC 3325 §5).
                HeaderName::PAssertedIdentity
                | HeaderName::PPreferredIdentity
                | HeaderName::ContentLength => {
                    continue;
                }
                HeaderName::Other if header.name_raw.eq_ignore_ascii_case(b"Remote-Party-ID") => continue,
                _ => push_row(out, fields, &header),
            }
            out.extend_from_slice(b"\r\n");
        }
        if !had_hops {
            push_name(out, HeaderName::MaxForwards);
            push_number(out, u64::from(MAX_FORWARDS));
            out.extend_from_slice(b"\r\n");
        }
        if !self.asserted.is_empty() {
            push_name(out, HeaderName::PAssertedIdentity);
            push_clean(out, self.asserted);
            out.extend_from_slice(b"\r\n");
        }
        push_body(out, fields.body);
    }

    fn is_for_us(&self, value: &[u8]) -> bool {
        super::Credentials::names_realm(value, self.realm) == Some(true)
    }
}

impl<'a> Request<'a> {
    /// Whether one of the first two Routes is ours: it followed the way that we recorded.
    #[must_use]
    pub fn has_our_route(&self) -> bool {
        self.fields.addresses(HeaderName::Route).take(2).flatten().any(|route| is_ours(&route.uri))
    }

    /// The URI of the first Contact: where a dialog's other end is reached (§12.1).
    #[must_use]
    pub fn target(&self) -> Option<&'a [u8]> {
        self.fields.contacts().next().and_then(Result::ok).map(|contact| contact.address.uri.raw())
    }
}

impl<'a> Response<'a> {
    /// Writes the response as it goes back: without the first Via, which is ours (§16.7 step 3). Clears `out`.
    ///
    /// # Errors
    /// Its Vias cannot be read, or there is no other one behind ours.
    pub fn write_back(&self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let fields = &self.fields;
        let (_, via) = fields.top_via()?;
        out.clear();
        status_line(out, self.status, self.reason);
        let mut is_first = true;
        for header in fields.iter() {
            #[expect(clippy::wildcard_enum_match_arm, reason = "what a proxy has no business with goes on")]
            match header.name {
                HeaderName::Via if std::mem::take(&mut is_first) => {
                    let more = header.value.get(via.end as usize..).unwrap_or_default();
                    let more = super::scan::trim_start(more).strip_prefix(b",");
                    let Some(more) = more.map(super::scan::trim_start) else { continue };
                    push_name(out, HeaderName::Via);
                    push_copy(out, fields, more);
                }
                HeaderName::ContentLength => continue,
                _ => push_row(out, fields, &header),
            }
            out.extend_from_slice(b"\r\n");
        }
        push_body(out, fields.body);
        Ok(())
    }

    /// The URI of the first Contact: where a dialog's other end is reached (§12.1).
    #[must_use]
    pub fn target(&self) -> Option<&'a [u8]> {
        self.fields.contacts().next().and_then(Result::ok).map(|contact| contact.address.uri.raw())
    }
}

/// One header as it came, but for the spelling of its name.
fn push_row(out: &mut Vec<u8>, fields: &Fields<'_>, header: &Header<'_>) {
    if header.name == HeaderName::Other {
        push_copy(out, fields, header.name_raw);
        out.extend_from_slice(b": ");
    } else {
        push_name(out, header.name);
    }
    push_copy(out, fields, header.value);
}

/// Writes who somebody is: a name, if there is one, and `<sip:number@host>`, behind what is in `out`.
pub fn write_identity(name: &[u8], number: &[u8], host: Option<Host<'_>>, out: &mut Vec<u8>) {
    if !name.is_empty() {
        push_quoted(out, name);
        out.push(b' ');
    }
    out.extend_from_slice(b"<sip:");
    push_clean(out, number);
    out.push(b'@');
    match host {
        Some(Host::Name(name)) => push_clean(out, name),
        Some(Host::Address(address @ IpAddr::V4(_))) => push_address(out, address),
        Some(Host::Address(address @ IpAddr::V6(_))) => {
            out.push(b'[');
            push_address(out, address);
            out.push(b']');
        }
        None => out.extend_from_slice(b"anonymous.invalid"),
    }
    out.push(b'>');
}

/// Writes the CANCEL of a request that we sent (§9.1). Clears `out`.
pub fn write_cancel(invite: &Request<'_>, out: &mut Vec<u8>) {
    hop_by_hop(invite, Method::Cancel, None, out);
}

/// Writes the ACK for a refusal of an INVITE that we sent (§17.1.1.3). Clears `out`.
pub fn write_ack(invite: &Request<'_>, refusal: &Response<'_>, out: &mut Vec<u8>) {
    hop_by_hop(invite, Method::Ack, refusal.fields.first(HeaderName::To), out);
}

/// Writes an answer of our own to a request that went on, as if it had come back from there: from what was sent, in which
/// the Via of whoever asked stands behind ours. An empty `tag` is none. Clears `out`.
pub fn write_answer_back(sent: &Request<'_>, status: u16, reason: &[u8], tag: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let fields = &sent.fields;
    status_line(out, status, reason);
    for (value, _) in fields.all(HeaderName::Via).skip(1) {
        push_name(out, HeaderName::Via);
        push_copy(out, fields, value);
        out.extend_from_slice(b"\r\n");
    }
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
        let Some(value) = fields.first(name) else { continue };
        push_name(out, name);
        push_copy(out, fields, value);
        if name == HeaderName::To && !tag.is_empty() && fields.heading().wants_tag() {
            out.extend_from_slice(b";tag=");
            push_clean(out, tag);
        }
        out.extend_from_slice(b"\r\n");
    }
    push_body(out, b"");
}

fn hop_by_hop(invite: &Request<'_>, method: Method<'_>, to: Option<&[u8]>, out: &mut Vec<u8>) {
    out.clear();
    let fields = &invite.fields;
    start(out, method.as_bytes(), invite.uri_raw);
    let row = |out: &mut Vec<u8>, name, value: &[u8]| {
        push_name(out, name);
        push_copy(out, fields, value);
        out.extend_from_slice(b"\r\n");
    };
    // Ours alone: it stands in a row of its own.
    for name in [HeaderName::Via, HeaderName::From] {
        if let Some(value) = fields.first(name) {
            row(out, name, value);
        }
    }
    if let Some(to) = to.or_else(|| fields.first(HeaderName::To)) {
        push_name(out, HeaderName::To);
        push_clean(out, to);
        out.extend_from_slice(b"\r\n");
    }
    if let Some(call_id) = fields.first(HeaderName::CallId) {
        row(out, HeaderName::CallId, call_id);
    }
    push_name(out, HeaderName::CSeq);
    push_number(out, fields.cseq().map_or(0, |cseq| u64::from(cseq.number)));
    out.push(b' ');
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(b"\r\nMax-Forwards: 70\r\n");
    for (value, _) in fields.all(HeaderName::Route) {
        row(out, HeaderName::Route, value);
    }
    push_body(out, b"");
}

fn start(out: &mut Vec<u8>, method: &[u8], uri: &[u8]) {
    push_clean(out, method);
    out.push(b' ');
    push_clean(out, uri);
    out.extend_from_slice(b" SIP/2.0\r\n");
}

fn status_line(out: &mut Vec<u8>, status: u16, reason: &[u8]) {
    out.extend_from_slice(b"SIP/2.0 ");
    push_number(out, u64::from(status));
    out.push(b' ');
    push_clean(out, reason);
    out.extend_from_slice(b"\r\n");
}

fn push_via(out: &mut Vec<u8>, hop: Hop<'_>, branch: &[u8]) {
    out.extend_from_slice(b"Via: SIP/2.0/");
    out.extend(hop.transport.bytes().map(|byte| byte.to_ascii_uppercase()));
    out.push(b' ');
    push_clean(out, hop.sent_by.as_bytes());
    out.extend_from_slice(b";rport;branch=");
    push_clean(out, branch);
    out.extend_from_slice(b"\r\n");
}

fn push_record(out: &mut Vec<u8>, hop: Hop<'_>) {
    out.extend_from_slice(b"Record-Route: <sip:");
    push_clean(out, hop.sent_by.as_bytes());
    let transport = match hop.transport {
        // What an address without the parameter means.
        "udp" => "",
        // RFC 7118 §4.3: in a URI both kinds of WebSocket are called so; only a Via tells them apart.
        "wss" => "ws",
        other => other,
    };
    if !transport.is_empty() {
        out.extend_from_slice(b";transport=");
        out.extend_from_slice(transport.as_bytes());
    }
    out.extend_from_slice(b";lr;");
    out.extend_from_slice(OURS.as_bytes());
    out.extend_from_slice(b">\r\n");
}

/// The Routes that are not ours (§16.4, RFC 5658 §6).
fn push_foreign_routes(out: &mut Vec<u8>, request: &Request<'_>) {
    let mut is_in_front = true;
    for route in request.fields.addresses(HeaderName::Route).flatten() {
        if is_in_front && is_ours(&route.uri) {
            continue;
        }
        is_in_front = false;
        push_route(out, &route);
    }
}

fn push_route(out: &mut Vec<u8>, route: &Address<'_>) {
    push_name(out, HeaderName::Route);
    out.push(b'<');
    push_clean(out, route.uri.raw());
    out.push(b'>');
    push_clean(out, route.params.raw());
    out.extend_from_slice(b"\r\n");
}

fn is_ours(uri: &Uri<'_>) -> bool {
    uri.param(OURS).is_some()
}
