//! `Via`: the way back (RFC 3261 §20.42, RFC 3581 for `rport`).

use std::net::IpAddr;
use std::ops::Range;

use super::parameters::{self, Parameters};
use super::scan::{self, Scan, TOKEN};
use super::{Host, Malformed, Rule};

/// One Via value.
#[derive(Clone, Debug)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS`, or another token; compare without case.
    pub transport: &'a [u8],
    /// The sent-by host.
    pub host: Host<'a>,
    /// The sent-by port, if written.
    pub port: Option<u16>,
    /// The branch.
    pub branch: Option<&'a [u8]>,
    /// The address an earlier hop saw; only later hops may set it.
    pub received: Option<&'a [u8]>,
    /// `Some(None)` is a bare `;rport`: the sender asks for the port its packet came from.
    pub rport: Option<Option<u16>>,
    /// The multicast address.
    pub maddr: Option<&'a [u8]>,
    /// The multicast time to live.
    pub ttl: Option<u8>,
    /// All parameters.
    pub params: Parameters<'a>,
    /// Where in the value the element ends.
    pub(crate) end: usize,
    /// Where `;rport…` and `;received…` stand in the value, to be replaced in the answer.
    pub(crate) rport_span: Option<Range<usize>>,
    pub(crate) received_span: Option<Range<usize>>,
}

impl<'a> Via<'a> {
    /// Parses the first element of a Via row.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of `value`.
    pub fn parse(value: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(value);
        let mut via = Self::scan(&mut scan);
        // What follows is the next element's business, but it must be one: the answer repeats it.
        if via.is_ok()
            && let Err(wrong) = parameters::next_element(&mut scan)
        {
            via = Err(wrong);
        }
        via
    }

    pub(crate) fn scan(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        scan.skip_space();
        let transport = match scan.rest() {
            // As nearly everyone writes it.
            [b'S', b'I', b'P', b'/', b'2', b'.', b'0', b'/', next, ..] if scan::is(*next, TOKEN) => {
                scan.advance(8);
                scan.take(TOKEN)
            }
            _ => scan_protocol(scan)?,
        };
        if transport.is_empty() || !scan.peek().is_some_and(|byte| scan::is(byte, scan::SPACE)) {
            return scan.fail(Rule::ViaProtocol);
        }
        scan.skip_space();
        let host = Host::scan(scan)?;
        let port = scan.port(true)?;
        let (mut branch, mut received, mut rport, mut maddr, mut ttl) = (None, None, None, None, None);
        let (mut rport_span, mut received_span) = (None, None);
        let params = parameters::scan_parameters(scan, |parameter, start, end| {
            let raw = parameter.raw();
            match parameter.name.len() {
                6 if parameter.is("branch") => branch = Some(raw),
                5 if parameter.is("rport") => {
                    let port = match parameter.value {
                        None => None,
                        Some(_) => Some(port_number(raw).ok_or(Malformed::new(Rule::Port, start))?),
                    };
                    rport = Some(port);
                    rport_span = Some(start..end);
                }
                8 if parameter.is("received") => {
                    received = Some(raw);
                    received_span = Some(start..end);
                }
                5 if parameter.is("maddr") => maddr = Some(raw),
                3 if parameter.is("ttl") => {
                    let number = scan::decimal(raw).and_then(|number| u8::try_from(number).ok());
                    ttl = Some(number.ok_or(Malformed::new(Rule::Number, start))?);
                }
                _ => {}
            }
            Ok(())
        })?;
        let end = scan.at();
        Ok(Self {
            transport,
            host,
            port,
            branch,
            received,
            rport,
            maddr,
            ttl,
            params,
            end,
            rport_span,
            received_span,
        })
    }

    /// Whether the branch promises to be unique: the magic cookie and more behind it (§8.1.1.7).
    #[must_use]
    pub fn is_branch_unique(&self) -> bool {
        self.branch.is_some_and(|branch| {
            branch.len() > 7 && branch.get(..7).is_some_and(|cookie| cookie.eq_ignore_ascii_case(b"z9hG4bK"))
        })
    }

    /// The address in `received`, with or without brackets (RFC 5118 §4.5).
    #[must_use]
    pub fn received_address(&self) -> Option<IpAddr> {
        let text = std::str::from_utf8(self.received?).ok()?;
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

fn port_number(raw: &[u8]) -> Option<u16> {
    scan::decimal(raw).and_then(|number| u16::try_from(number).ok())
}

/// `SIP / 2.0 / transport`, white space allowed around the slashes.
fn scan_protocol<'a>(scan: &mut Scan<'a>) -> Result<&'a [u8], Malformed> {
    let at = scan.at();
    let name = scan.take(TOKEN);
    scan.skip_space();
    let first = scan.eat(b'/');
    scan.skip_space();
    let version = scan.take(TOKEN);
    scan.skip_space();
    let second = scan.eat(b'/');
    scan.skip_space();
    // Another version is for the start line to refuse: the answer has to find its way back (RFC 4475 badvers).
    if !first || !second || name.is_empty() || version.is_empty() {
        return Err(Malformed::new(Rule::ViaProtocol, at));
    }
    Ok(scan.take(TOKEN))
}
