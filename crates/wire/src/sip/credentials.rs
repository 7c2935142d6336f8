//! `Authorization`, `Proxy-Authorization` and `WWW-Authenticate`: credentials and challenges
//! (RFC 3261 §22, RFC 7616, RFC 8760).
//!
//! Quoted and unquoted values are both taken, since phones disagree on which goes where; a parameter that is given
//! twice is refused, since two readers would disagree on which one counts.

use std::borrow::Cow;

use super::algorithm::Algorithm;
use super::scan::{self, Scan, TOKEN};
use super::uri::{hex_value, unescape};
use super::word::{self, Words};
use super::{Malformed, Rule, Text, Uri};

/// Parameters in one set of credentials.
pub const AUTH_PARAMETERS_MAX: usize = 64;

/// What a client shows.
#[derive(Clone, Copy, Debug)]
pub enum Credentials<'a> {
    /// `Digest …`
    Digest(DigestCredentials<'a>),
    /// Another scheme, such as Bearer (RFC 8898): the rest of the value, as written.
    Other {
        /// Compare without case.
        scheme: &'a [u8],
        /// What stands behind the scheme.
        rest: &'a [u8],
    },
}

/// Quality of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// Not given: RFC 2069.
    Absent,
    /// `auth`
    Auth,
    /// `auth-int`: known, and never accepted here.
    AuthInt,
    /// Any other.
    Other,
}

/// The parameters of a Digest response (RFC 7616 §3.4).
#[derive(Clone, Copy, Debug)]
pub struct DigestCredentials<'a> {
    /// `username`; absent where `username*` is given.
    pub username: Option<Text<'a>>,
    /// `username*`, as written (RFC 5987).
    pub username_extended: Option<&'a [u8]>,
    /// `realm`
    pub realm: Text<'a>,
    /// `nonce`
    pub nonce: Text<'a>,
    /// `uri`
    pub uri: Text<'a>,
    /// `response`: hexadecimal of the algorithm's length, or nothing.
    pub response: &'a [u8],
    /// `algorithm`; MD5 if absent.
    pub algorithm: Algorithm,
    /// `cnonce`
    pub cnonce: Option<Text<'a>>,
    /// `opaque`
    pub opaque: Option<Text<'a>>,
    /// `qop`
    pub qop: Qop,
    /// `nc` as a number.
    pub nonce_count: Option<u32>,
    /// `nc` as written, which is how it is hashed; empty if absent.
    pub nonce_count_raw: &'a [u8],
    /// `userhash`: the user name is a hash of user name and realm.
    pub userhash: bool,
}

impl<'a> Credentials<'a> {
    /// Parses the value of one row.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of `value`.
    pub fn parse(value: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(value);
        let scheme = scan.take(TOKEN);
        if scheme.is_empty() {
            return scan.fail(Rule::AuthScheme);
        }
        scan.skip_space();
        if !scheme.eq_ignore_ascii_case(b"Digest") {
            return Ok(Self::Other { scheme, rest: scan.rest() });
        }
        let mut raw = RawDigest::default();
        scan_auth_params(&mut scan, |name, value, at| raw.take(name, value, at))?;
        raw.finish(scan.at()).map(Self::Digest)
    }

    /// Whether the value names this realm, as far as it can be read: tells whose mistake it is that it cannot be.
    /// `None` if no realm is found before what is wrong.
    pub(crate) fn names_realm(value: &[u8], realm: &[u8]) -> Option<bool> {
        let mut scan = Scan::new(value);
        scan.skip(TOKEN);
        scan.skip_space();
        let mut found = None;
        let _ = scan_auth_params(&mut scan, |name, value, at| {
            if name != Some(AuthParameter::Realm) {
                return Ok(());
            }
            found = Some(*value.value() == *realm);
            // No need to read on.
            Err(Malformed::new(Rule::Trailing, at))
        });
        found
    }

    /// The Digest response, if it is one.
    #[must_use]
    pub const fn digest(&self) -> Option<&DigestCredentials<'a>> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Other { .. } => None,
        }
    }
}

impl<'a> DigestCredentials<'a> {
    /// The user name, escapes undone, from `username` or `username*`. If [`DigestCredentials::userhash`] is set it
    /// is a hash in hexadecimal.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'a, [u8]>> {
        match (self.username, self.username_extended) {
            (Some(name), _) => Some(name.value()),
            (None, Some(extended)) => decode_extended(extended),
            (None, None) => None,
        }
    }

    /// Whether nothing is proven or answered by it: phones of the IMS say in their first REGISTER who they are, with
    /// an empty nonce and an empty response (3GPP TS 24.229 section 5.1.1.2).
    #[must_use]
    pub const fn is_blank(&self) -> bool {
        self.nonce.raw().is_empty() || self.response.is_empty()
    }

    /// Whether `uri` means the same as the Request-URI (RFC 7616 §3.4: the server must check it).
    #[must_use]
    pub fn is_for(&self, request_uri: &[u8]) -> bool {
        self.uri.raw() == request_uri
            || matches!(
                (Uri::parse(self.uri.raw()), Uri::parse(request_uri)),
                (Ok(one), Ok(two)) if one.is_equivalent(&two)
            )
    }
}

/// `UTF-8''J%C3%A4s%C3%B8n` (RFC 5987); other character sets are not read.
fn decode_extended(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut parts = raw.splitn(3, |&byte| byte == b'\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    charset.eq_ignore_ascii_case(b"UTF-8").then(|| unescape(text))
}

/// All `name=value` from here on, parted by commas; `see` gets each, its name if it is known, and its place.
fn scan_auth_params<'a>(
    scan: &mut Scan<'a>,
    mut see: impl FnMut(Option<AuthParameter>, Text<'a>, usize) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut count = 0;
    loop {
        // Empty list elements mean nothing (RFC 7230 §7 has them for HTTP, phones send a trailing comma).
        while scan.peek().is_some_and(|byte| byte == b',' || scan::is(byte, scan::SPACE)) {
            scan.advance(1);
        }
        if scan.is_done() {
            return Ok(());
        }
        count += 1;
        if count > AUTH_PARAMETERS_MAX {
            return scan.fail(Rule::ParametersTooMany);
        }
        let at = scan.at();
        let name = scan_auth_name(scan)?;
        scan.skip_space();
        let value = if scan.peek() == Some(b'"') {
            scan.quoted()?
        } else {
            let from = scan.at();
            // Unquoted values may be URIs, semicolons and all.
            scan.skip_value();
            while scan.eat(b';') {
                scan.skip_value();
            }
            Text::new(scan.since(from), false, false)
        };
        see(name, value, at)?;
        scan.skip_space();
        if !scan.is_done() && scan.peek() != Some(b',') {
            return scan.fail(Rule::Trailing);
        }
    }
}

/// A parameter's name, if it is known, and the sign behind it.
#[inline(always)]
fn scan_auth_name(scan: &mut Scan<'_>) -> Result<Option<AuthParameter>, Malformed> {
    // As nearly everyone writes it.
    if let Some(head) = scan.word()
        && let Some(length @ 1..) = word::find(head, b'=')
        && let Some(known) = AUTH_NAMES.find(head, length)
    {
        scan.advance(length + 1);
        return Ok(AuthParameter::ALL.get(known).copied());
    }
    let name = scan.take(TOKEN);
    if name.is_empty() {
        return scan.fail(Rule::ParameterName);
    }
    scan.skip_space();
    if !scan.eat(b'=') {
        return scan.fail(Rule::ParameterValue);
    }
    Ok(AUTH_NAMES.find_name(name).and_then(|known| AuthParameter::ALL.get(known)).copied())
}

macro_rules! auth_parameters {
    ($($name:ident = $text:literal)*) => {
        /// What credentials and challenges are made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum AuthParameter {
            $($name),*
        }

        impl AuthParameter {
            const ALL: [Self; [$($text),*].len()] = [$(Self::$name),*];
        }

        /// In the order of [`AuthParameter::ALL`].
        static AUTH_NAMES: Words<{ AuthParameter::ALL.len() }> = Words::new(&[$($text.as_bytes()),*]);
    };
}

auth_parameters! {
    Username = "username"
    UsernameExtended = "username*"
    Realm = "realm"
    Nonce = "nonce"
    Uri = "uri"
    Response = "response"
    Algorithm = "algorithm"
    Cnonce = "cnonce"
    Opaque = "opaque"
    Qop = "qop"
    NonceCount = "nc"
    Userhash = "userhash"
    Stale = "stale"
}

/// The parameters as they come.
#[derive(Default)]
struct RawDigest<'a> {
    values: [Option<Text<'a>>; AuthParameter::ALL.len()],
}

impl<'a> RawDigest<'a> {
    #[inline]
    fn take(&mut self, name: Option<AuthParameter>, value: Text<'a>, at: usize) -> Result<(), Malformed> {
        let Some(slot) = name.and_then(|name| self.values.get_mut(name as usize)) else { return Ok(()) };
        if slot.is_some() {
            return Err(Malformed::new(Rule::ParameterRepeated, at));
        }
        *slot = Some(value);
        Ok(())
    }

    fn finish(&self, end: usize) -> Result<DigestCredentials<'a>, Malformed> {
        let [
            username,
            extended,
            realm,
            nonce,
            uri,
            response,
            algorithm,
            cnonce,
            opaque,
            qop,
            nc,
            userhash,
            _,
        ] = self.values;
        let incomplete = Malformed::new(Rule::DigestIncomplete, end);
        if username.is_none() && extended.is_none() {
            return Err(incomplete);
        }
        // RFC 7616 §3.4.4: one or the other.
        if username.is_some() && extended.is_some() {
            return Err(Malformed::new(Rule::ParameterRepeated, end));
        }
        let algorithm = algorithm.map_or(Algorithm::Md5, |name| Algorithm::of(name.raw()));
        let response = response.ok_or(incomplete)?.raw();
        let is_length_right = match algorithm.hex_length() {
            // Nothing is shown yet: see `DigestCredentials::is_blank`.
            _ if response.is_empty() => true,
            Some(length) => response.len() == length,
            None => response.len() <= 128,
        };
        if !is_length_right || !response.iter().fold(true, |all, byte| all & byte.is_ascii_hexdigit()) {
            return Err(Malformed::new(Rule::DigestResponse, end));
        }
        let nonce_count = match nc {
            None => None,
            Some(text) => Some(nonce_count(text.raw()).ok_or(Malformed::new(Rule::NonceCount, end))?),
        };
        let qop = match qop {
            None => Qop::Absent,
            Some(text) if text.is("auth") => Qop::Auth,
            Some(text) if text.is("auth-int") => Qop::AuthInt,
            Some(_) => Qop::Other,
        };
        // RFC 7616 §3.4: with qop, cnonce and nc must be there.
        if qop != Qop::Absent && (cnonce.is_none() || nonce_count.is_none()) {
            return Err(incomplete);
        }
        Ok(DigestCredentials {
            username,
            username_extended: extended.map(|text| text.raw()),
            realm: realm.ok_or(incomplete)?,
            nonce: nonce.ok_or(incomplete)?,
            uri: uri.ok_or(incomplete)?,
            response,
            algorithm,
            cnonce,
            opaque,
            qop,
            nonce_count,
            nonce_count_raw: nc.map(|text| text.raw()).unwrap_or_default(),
            userhash: userhash.is_some_and(|text| text.is("true")),
        })
    }
}

/// Eight hexadecimal digits.
fn nonce_count(raw: &[u8]) -> Option<u32> {
    if raw.len() != 8 {
        return None;
    }
    raw.iter().try_fold(0u32, |number, &byte| Some(number << 4 | u32::from(hex_value(byte)?)))
}

/// What a server asks for (RFC 7616 §3.3), as a client reads it.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// `realm`
    pub realm: Text<'a>,
    /// `nonce`
    pub nonce: Text<'a>,
    /// `opaque`
    pub opaque: Option<Text<'a>>,
    /// `algorithm`; MD5 if absent.
    pub algorithm: Algorithm,
    /// `stale`: the response was right but for an old nonce.
    pub stale: bool,
    /// Whether `auth` is among the `qop` values.
    pub has_qop_auth: bool,
    /// `userhash`: the client may hash the user name.
    pub userhash: bool,
}

impl<'a> Challenge<'a> {
    /// Parses the value of one row; `None` for a scheme other than Digest.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of `value`.
    pub fn parse(value: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let mut scan = Scan::new(value);
        let scheme = scan.take(TOKEN);
        if !scheme.eq_ignore_ascii_case(b"Digest") {
            return if scheme.is_empty() { scan.fail(Rule::AuthScheme) } else { Ok(None) };
        }
        let (mut realm, mut nonce, mut opaque) = (None, None, None);
        let mut algorithm = Algorithm::Md5;
        let (mut stale, mut has_qop_auth, mut userhash) = (false, false, false);
        let mut seen = [false; 4];
        scan_auth_params(&mut scan, |name, value, at| {
            let index = match name {
                Some(AuthParameter::Realm) => {
                    realm = Some(value);
                    0
                }
                Some(AuthParameter::Nonce) => {
                    nonce = Some(value);
                    1
                }
                Some(AuthParameter::Opaque) => {
                    opaque = Some(value);
                    2
                }
                Some(AuthParameter::Algorithm) => {
                    algorithm = Algorithm::of(value.raw());
                    3
                }
                Some(AuthParameter::Stale) => {
                    stale |= value.is("true");
                    return Ok(());
                }
                Some(AuthParameter::Userhash) => {
                    userhash |= value.is("true");
                    return Ok(());
                }
                Some(AuthParameter::Qop) => {
                    let mut options = value.raw().split(|&byte| byte == b',').map(scan::trim);
                    has_qop_auth |= options.any(|option| option.eq_ignore_ascii_case(b"auth"));
                    return Ok(());
                }
                _ => return Ok(()),
            };
            match seen.get_mut(index) {
                Some(before) if !*before => *before = true,
                _ => return Err(Malformed::new(Rule::ParameterRepeated, at)),
            }
            Ok(())
        })?;
        let incomplete = Malformed::new(Rule::DigestIncomplete, value.len());
        Ok(Some(Self {
            realm: realm.ok_or(incomplete)?,
            nonce: nonce.ok_or(incomplete)?,
            opaque,
            algorithm,
            stale,
            has_qop_auth,
            userhash,
        }))
    }
}
