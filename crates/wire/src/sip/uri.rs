//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966); other schemes are kept as they are.
//!
//! Parsing borrows and decodes nothing. Comparison follows §19.1.4.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memchr;

use super::scan::{self, HOST, PARAMETER, PHONE, Scan, USER, WORD};
use super::{Malformed, Rule};

/// Parameters in one URI, and headers in one URI: more are refused, since comparison is quadratic in them.
pub const URI_PARAMETERS_MAX: usize = 32;

/// What stands before the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Anything else; the rest of the URI was not looked at.
    Other,
}

/// A host, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host<'a> {
    /// A domain name; compare without case.
    Name(&'a [u8]),
    /// An address; IPv6 stood in brackets.
    Address(IpAddr),
}

impl<'a> Host<'a> {
    pub(crate) fn scan(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        if scan.peek() == Some(b'[') {
            let at = scan.at();
            scan.advance(1);
            let from = scan.at();
            let Some(length) = memchr(b']', scan.rest()) else {
                return Err(Malformed::new(Rule::Host, at));
            };
            scan.advance(length);
            let inside = scan.since(from);
            scan.advance(1);
            return match ipv6(inside) {
                Some(address) => Ok(Self::Address(address.into())),
                None => Err(Malformed::new(Rule::Host, at)),
            };
        }
        let name = scan.take(HOST);
        if name.is_empty() {
            return scan.fail(Rule::Host);
        }
        Ok(Self::of(name))
    }

    fn of(name: &'a [u8]) -> Self {
        ipv4(name).map_or(Self::Name(name), |address| Self::Address(address.into()))
    }

    /// The address, unless it is a name.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::Address(address) => Some(*address),
        }
    }

    /// The same host: names without case, addresses by value.
    #[must_use]
    pub fn is_same(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Address(one), Host::Address(two)) => one == two,
            (Self::Name(_), Host::Address(_)) | (Self::Address(_), Host::Name(_)) => false,
        }
    }
}

fn ipv6(bytes: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse().ok().or_else(|| three_colons(text))
}

/// RFC 5118 §4.10: the grammar of RFC 3261 puts a third colon before an IPv4 address, and there it is to be borne.
fn three_colons(text: &str) -> Option<Ipv6Addr> {
    let (before, after) = text.split_once(":::")?;
    let last = ipv4(after.as_bytes())?;
    let first: Ipv6Addr = text.get(..before.len() + 2)?.parse().ok()?;
    // The colons stand for one group at least.
    (first.to_bits() << 80 == 0).then(|| Ipv6Addr::from_bits(first.to_bits() | u128::from(last.to_bits())))
}

/// Dotted quad; by hand, since it is tried on every host.
pub(crate) fn ipv4(bytes: &[u8]) -> Option<Ipv4Addr> {
    if !(7..=15).contains(&bytes.len()) || !bytes.first()?.is_ascii_digit() || !bytes.last()?.is_ascii_digit()
    {
        return None;
    }
    let (mut address, mut rest) = (0u32, bytes);
    for place in 0..4 {
        if place > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let (octet, length) = match *rest {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
                (number(a) * 100 + number(b) * 10 + number(c), 3)
            }
            [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => (number(a) * 10 + number(b), 2),
            [a @ b'0'..=b'9', ..] => (number(a), 1),
            _ => return None,
        };
        if octet > 255 {
            return None;
        }
        address = address << 8 | octet;
        rest = rest.get(length..)?;
    }
    rest.is_empty().then(|| Ipv4Addr::from_bits(address))
}

fn number(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

/// A URI, borrowed from the message.
#[derive(Clone, Copy, Debug)]
pub struct Uri<'a> {
    raw: &'a [u8],
    /// The scheme.
    pub scheme: Scheme,
    /// The user part as written, escapes left in, without the password; the number of a `tel` URI.
    pub user: Option<&'a [u8]>,
    /// What stood after a colon in the user part (§19.1.1 discourages it).
    pub password: Option<&'a [u8]>,
    /// `None` for `tel` and other schemes.
    pub host: Option<Host<'a>>,
    /// The port, if written.
    pub port: Option<u16>,
    params: &'a [u8],
    headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Parses a whole URI.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of `raw`.
    pub fn parse(raw: &'a [u8]) -> Result<Self, Malformed> {
        let (scheme, start) = match raw {
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] => (Scheme::Sip, 4),
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', ..] => (Scheme::Sips, 5),
            [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', ..] => (Scheme::Tel, 4),
            _ => (Scheme::Other, other_scheme(raw)?),
        };
        let mut scan = Scan::new(raw);
        scan.advance(start);
        if scheme != Scheme::Other {
            check_escapes(raw)?;
        }
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::parse_sip(raw, scheme, scan),
            Scheme::Tel => Self::parse_tel(raw, scan),
            Scheme::Other => {
                let rest = scan.rest();
                scan.skip(WORD);
                if !scan.is_done() || rest.iter().any(|byte| matches!(byte, b'<' | b'>' | b'"')) {
                    return scan.fail(Rule::UriCharacter);
                }
                Ok(Self {
                    raw,
                    scheme,
                    user: None,
                    password: None,
                    host: None,
                    port: None,
                    params: b"",
                    headers: b"",
                })
            }
        }
    }

    #[inline]
    fn parse_sip(raw: &'a [u8], scheme: Scheme, mut scan: Scan<'a>) -> Result<Self, Malformed> {
        let (mut user, mut password) = (None, None);
        if let Some(length) = memchr(b'@', scan.rest()) {
            let base = scan.at();
            scan.advance(length);
            let info = scan.since(base);
            scan.advance(1);
            // The user part may hold `;` and `?` (§25.1 user-unreserved), so nothing before `@` is a parameter.
            let mut inside = Scan::new(info);
            let name = inside.take(USER);
            if name.is_empty() {
                return Err(Malformed::new(Rule::UriUser, base));
            }
            user = Some(name);
            if inside.eat(b':') {
                password = Some(inside.take(USER));
            }
            if !inside.is_done() {
                return Err(Malformed::new(Rule::UriUser, base + inside.at()));
            }
        }
        let host = Some(Host::scan(&mut scan)?);
        let port = scan.port(false)?;
        let params = scan_uri_params(&mut scan)?;
        let headers = scan_uri_headers(&mut scan)?;
        if !scan.is_done() {
            return scan.fail(Rule::UriCharacter);
        }
        Ok(Self { raw, scheme, user, password, host, port, params, headers })
    }

    fn parse_tel(raw: &'a [u8], mut scan: Scan<'a>) -> Result<Self, Malformed> {
        let number = scan.take(PHONE);
        if number.is_empty() {
            return scan.fail(Rule::UriUser);
        }
        let params = scan_uri_params(&mut scan)?;
        if !scan.is_done() {
            return scan.fail(Rule::UriCharacter);
        }
        Ok(Self {
            raw,
            scheme: Scheme::Tel,
            user: Some(number),
            password: None,
            host: None,
            port: None,
            params,
            headers: b"",
        })
    }

    /// The whole URI, as written.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The user part with its escapes undone.
    #[must_use]
    pub fn user_decoded(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(unescape)
    }

    /// The parameters in order: name, and the value if there is one. As written.
    pub fn params(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        self.params.split(|&byte| byte == b';').skip(1).map(pair)
    }

    /// A parameter's value: `None` if absent, empty if without value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        self.params()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.unwrap_or_default())
    }

    /// The headers after `?`, in order, as written.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let pieces = self.headers.get(1..).unwrap_or_default();
        pieces.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty()).map(pair)
    }

    /// Whether the URI asks for headers (`?name=value`).
    #[must_use]
    pub const fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Whether a request to either would go the same way: the comparison of §19.1.4.
    #[must_use]
    pub fn is_equivalent(&self, other: &Uri<'_>) -> bool {
        if self.raw == other.raw {
            return true;
        }
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Other => self.raw.eq_ignore_ascii_case(other.raw),
            Scheme::Tel => same_number(self.user, other.user) && self.params_match(other),
            Scheme::Sip | Scheme::Sips => {
                same_escaped(self.user, other.user, false)
                    && same_escaped(self.password, other.password, false)
                    && matches!((&self.host, &other.host), (Some(one), Some(two)) if one.is_same(two))
                    && self.port == other.port
                    && self.params_match(other)
                    && self.headers_match(other)
            }
        }
    }

    /// Parameters of both must agree; those of one are ignored, except the five that change where or how a request goes.
    fn params_match(&self, other: &Uri<'_>) -> bool {
        const NEVER_IGNORED: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        let agrees = |one: &Uri<'_>, two: &Uri<'_>| {
            one.params().all(|(name, value)| {
                match two.params().find(|(found, _)| same_escaped(Some(found), Some(name), true)) {
                    Some((_, counterpart)) => same_escaped(value, counterpart, true),
                    None => !NEVER_IGNORED.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes())),
                }
            })
        };
        agrees(self, other) && agrees(other, self)
    }

    /// Headers are never ignored.
    fn headers_match(&self, other: &Uri<'_>) -> bool {
        let covers = |one: &Uri<'_>, two: &Uri<'_>| {
            one.headers().all(|(name, value)| {
                two.headers().any(|(found, counterpart)| {
                    same_escaped(Some(name), Some(found), true) && same_escaped(value, counterpart, false)
                })
            })
        };
        covers(self, other) && covers(other, self)
    }
}

fn pair(piece: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr(b'=', piece) {
        None => (piece, None),
        Some(at) => (piece.get(..at).unwrap_or_default(), piece.get(at + 1..)),
    }
}

/// Where the rest begins of a URI with a scheme that is not ours.
fn other_scheme(raw: &[u8]) -> Result<usize, Malformed> {
    let colon = memchr(b':', raw).ok_or(Malformed::new(Rule::UriScheme, 0))?;
    let name = raw.get(..colon).unwrap_or_default();
    let starts_right = name.first().is_some_and(u8::is_ascii_alphabetic);
    if starts_right
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    {
        return Ok(colon + 1);
    }
    Err(Malformed::new(Rule::UriScheme, 0))
}

fn scan_uri_params<'a>(scan: &mut Scan<'a>) -> Result<&'a [u8], Malformed> {
    let from = scan.at();
    let mut count = 0;
    while scan.eat(b';') {
        count += 1;
        if count > URI_PARAMETERS_MAX {
            return scan.fail(Rule::ParametersTooMany);
        }
        if scan.take(PARAMETER).is_empty() {
            return scan.fail(Rule::ParameterName);
        }
        if scan.eat(b'=') && scan.take(PARAMETER).is_empty() {
            return scan.fail(Rule::ParameterValue);
        }
    }
    Ok(scan.since(from))
}

fn scan_uri_headers<'a>(scan: &mut Scan<'a>) -> Result<&'a [u8], Malformed> {
    let from = scan.at();
    if !scan.eat(b'?') {
        return Ok(b"");
    }
    let mut count = 0;
    loop {
        count += 1;
        if count > URI_PARAMETERS_MAX {
            return scan.fail(Rule::ParametersTooMany);
        }
        while let Some(byte) = scan.peek()
            && (scan::is(byte, PARAMETER) && byte != b'&' || matches!(byte, b'?' | b'=' | b';'))
        {
            scan.advance(1);
        }
        if !scan.eat(b'&') {
            break;
        }
    }
    let headers = scan.since(from);
    if headers.len() < 2 {
        return scan.fail(Rule::UriCharacter);
    }
    Ok(headers)
}

/// `%` must be followed by two hexadecimal digits (§19.1.2).
#[inline]
fn check_escapes(raw: &[u8]) -> Result<(), Malformed> {
    let mut rest = raw;
    while let Some(at) = memchr(b'%', rest) {
        match rest.get(at..) {
            Some([_, high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = tail;
            }
            _ => return Err(Malformed::new(Rule::UriEscape, raw.len() - rest.len() + at)),
        }
    }
    Ok(())
}

/// Undoes `%` escapes; allocates only if there are any.
#[must_use]
pub fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'%', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(Unescaped(bytes).collect())
}

/// The bytes with their escapes undone, one by one.
struct Unescaped<'a>(&'a [u8]);

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let [b'%', high, low, tail @ ..] = self.0
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            self.0 = tail;
            return Some(high << 4 | low);
        }
        let (first, tail) = self.0.split_first()?;
        self.0 = tail;
        Some(*first)
    }
}

pub(crate) const fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Equal once escapes are undone: `%61` is `a` (§19.1.4).
fn same_escaped(one: Option<&[u8]>, two: Option<&[u8]>, ignore_case: bool) -> bool {
    match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) if ignore_case => Unescaped(one)
            .map(|byte| byte.to_ascii_lowercase())
            .eq(Unescaped(two).map(|byte| byte.to_ascii_lowercase())),
        (Some(one), Some(two)) => Unescaped(one).eq(Unescaped(two)),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Telephone numbers without their visual separators (RFC 3966 §4).
fn same_number(one: Option<&[u8]>, two: Option<&[u8]>) -> bool {
    fn bare(number: Option<&[u8]>) -> impl Iterator<Item = u8> {
        let digits = number.unwrap_or_default().iter();
        digits.filter(|byte| !matches!(byte, b'-' | b'.' | b'(' | b')')).map(u8::to_ascii_lowercase)
    }
    bare(one).eq(bare(two))
}
