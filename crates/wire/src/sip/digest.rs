//! Digest authentication: computing and checking responses (RFC 7616 §3.4, RFC 8760, RFC 2617 for MD5).
//!
//! Nonces are not made or judged here, nor is it decided which algorithms an account may use. What is kept of a
//! password is HA1 = H(user:realm:password); for `-sess` algorithms the session key is derived from it.
//! `auth-int` is recognised and refused: what it protects, the body, a REGISTER does not have.

use std::fmt;

use md5::Md5;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::credentials::{Challenge, DigestCredentials, Qop};
use super::writer::push_quoted;

/// A digest algorithm (RFC 8760 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, and what an absent parameter means.
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`: known, not computed.
    Sha512T256,
    /// Any other.
    Unknown,
}

impl Algorithm {
    /// The algorithm these bytes name, without case.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let all = [Self::Md5, Self::Sha256, Self::Md5Sess, Self::Sha256Sess, Self::Sha512T256];
        let found = all.into_iter().find(|one| one.as_str().as_bytes().eq_ignore_ascii_case(name));
        found.unwrap_or(Self::Unknown)
    }

    /// As it stands in a challenge.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512T256 => "SHA-512-256",
            Self::Unknown => "unknown",
        }
    }

    /// How many hexadecimal digits a response has.
    #[must_use]
    pub const fn hex_length(self) -> Option<usize> {
        match self {
            Self::Md5 | Self::Md5Sess => Some(32),
            Self::Sha256 | Self::Sha256Sess | Self::Sha512T256 => Some(64),
            Self::Unknown => None,
        }
    }

    const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }
}

/// H(user:realm:password). Worth as much as the password within its realm: never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Ha1 {
    /// For MD5 and MD5-sess.
    Md5([u8; 16]),
    /// For SHA-256 and SHA-256-sess.
    Sha256([u8; 32]),
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5(_) => "Ha1::Md5(…)",
            Self::Sha256(_) => "Ha1::Sha256(…)",
        })
    }
}

impl Ha1 {
    /// HA1 of a password; `None` for an algorithm that is not computed here.
    #[must_use]
    pub fn new(algorithm: Algorithm, user: &[u8], realm: &[u8], password: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Md5 | Algorithm::Md5Sess => Some(Self::Md5(hash::<Md5, 16>(&[user, realm, password]))),
            Algorithm::Sha256 | Algorithm::Sha256Sess => {
                Some(Self::Sha256(hash::<Sha256, 32>(&[user, realm, password])))
            }
            Algorithm::Sha512T256 | Algorithm::Unknown => None,
        }
    }
}

/// Whether responses without `qop` (RFC 2069) are checked at all: they have no nonce count, so replay is harder to
/// see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// They are [`Check::Inapplicable`].
    Refuse,
    /// They are checked.
    Allow,
}

/// What became of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Made with the password behind HA1.
    Match,
    /// Not made with it.
    Mismatch,
    /// Cannot be checked with this HA1: another algorithm, `auth-int`, or no `qop` where that is refused.
    Inapplicable,
}

/// Checks a response to a request with this method. The comparison takes the same time for all responses.
#[must_use]
pub fn verify(shown: &DigestCredentials<'_>, method: &[u8], ha1: &Ha1, legacy: Legacy) -> Check {
    match shown.qop {
        Qop::Auth => {}
        Qop::Absent if legacy == Legacy::Allow => {}
        Qop::Absent | Qop::AuthInt | Qop::Other => return Check::Inapplicable,
    }
    let equal = match (ha1, shown.algorithm) {
        (Ha1::Md5(ha1), Algorithm::Md5 | Algorithm::Md5Sess) => {
            same::<16>(shown.response, &response::<Md5, 16>(ha1, &Parts::of(shown, method)))
        }
        (Ha1::Sha256(ha1), Algorithm::Sha256 | Algorithm::Sha256Sess) => {
            same::<32>(shown.response, &response::<Sha256, 32>(ha1, &Parts::of(shown, method)))
        }
        (Ha1::Md5(_) | Ha1::Sha256(_), _) => return Check::Inapplicable,
    };
    if equal { Check::Match } else { Check::Mismatch }
}

/// `userhash`: H(user:realm) in hexadecimal, checked against what was shown (RFC 7616 §3.4.4).
#[must_use]
pub fn is_userhash(shown: &[u8], algorithm: Algorithm, user: &[u8], realm: &[u8]) -> bool {
    match algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => same::<16>(shown, &hash::<Md5, 16>(&[user, realm])),
        Algorithm::Sha256 | Algorithm::Sha256Sess => same::<32>(shown, &hash::<Sha256, 32>(&[user, realm])),
        Algorithm::Sha512T256 | Algorithm::Unknown => false,
    }
}

/// What a client computes a response from.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The user name.
    pub user: &'a [u8],
    /// The password.
    pub password: &'a [u8],
    /// The request's method.
    pub method: &'a [u8],
    /// The Request-URI.
    pub uri: &'a [u8],
    /// How often this nonce was used, this time included.
    pub nonce_count: u32,
    /// The client's nonce.
    pub cnonce: &'a [u8],
}

/// Writes the value of an Authorization that answers `challenge`; `false`, and nothing written, for an algorithm that
/// is not computed here. For clients: tests and load generators.
pub fn write_authorization(out: &mut Vec<u8>, challenge: &Challenge<'_>, answer: &Answer<'_>) -> bool {
    let Some(ha1) = Ha1::new(challenge.algorithm, answer.user, &challenge.realm.value(), answer.password)
    else {
        return false;
    };
    let mut count = [0; 8];
    hex_into(&answer.nonce_count.to_be_bytes(), &mut count);
    let qop: &[u8] = if challenge.has_qop_auth { b"auth" } else { b"" };
    let parts = Parts {
        is_session: challenge.algorithm.is_session(),
        nonce: challenge.nonce.raw(),
        count: &count,
        cnonce: answer.cnonce,
        qop,
        method: answer.method,
        uri: answer.uri,
    };
    out.extend_from_slice(b"Digest username=");
    push_quoted(out, answer.user);
    for (name, value) in
        [("realm", challenge.realm.value().as_ref()), ("nonce", challenge.nonce.raw()), ("uri", answer.uri)]
    {
        out.extend_from_slice(b", ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        push_quoted(out, value);
    }
    out.extend_from_slice(b", response=\"");
    match &ha1 {
        Ha1::Md5(ha1) => out.extend_from_slice(&hex::<16, 32>(&response::<Md5, 16>(ha1, &parts))),
        Ha1::Sha256(ha1) => out.extend_from_slice(&hex::<32, 64>(&response::<Sha256, 32>(ha1, &parts))),
    }
    out.extend_from_slice(b"\", algorithm=");
    out.extend_from_slice(challenge.algorithm.as_str().as_bytes());
    if !qop.is_empty() {
        out.extend_from_slice(b", qop=auth, nc=");
        out.extend_from_slice(&count);
        out.extend_from_slice(b", cnonce=");
        push_quoted(out, answer.cnonce);
    }
    if let Some(opaque) = challenge.opaque {
        out.extend_from_slice(b", opaque=");
        push_quoted(out, opaque.raw());
    }
    true
}

/// What goes into a response beside HA1, as written in the message.
struct Parts<'a> {
    is_session: bool,
    nonce: &'a [u8],
    count: &'a [u8],
    cnonce: &'a [u8],
    /// Empty: the response is that of RFC 2069.
    qop: &'a [u8],
    method: &'a [u8],
    uri: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(shown: &DigestCredentials<'a>, method: &'a [u8]) -> Self {
        Self {
            is_session: shown.algorithm.is_session(),
            nonce: shown.nonce.raw(),
            count: shown.nonce_count_raw,
            cnonce: shown.cnonce.map(|text| text.raw()).unwrap_or_default(),
            qop: shown.qop_raw,
            method,
            uri: shown.uri.raw(),
        }
    }
}

/// RFC 7616 §3.4.1: KD(H(A1), nonce:nc:cnonce:qop:H(A2)).
fn response<D: sha2::Digest, const N: usize>(ha1: &[u8; N], parts: &Parts<'_>) -> [u8; N] {
    // Longest is SHA-256: 64 digits. `N` bytes are `2 N` digits, which Rust cannot yet say in a type.
    let (mut one, mut two) = ([0; 64], [0; 64]);
    let mut ha1 = *ha1;
    if parts.is_session {
        ha1 = hash::<D, N>(&[hex_into(&ha1, &mut one), parts.nonce, parts.cnonce]);
    }
    let ha2: [u8; N] = hash::<D, N>(&[parts.method, parts.uri]);
    let (ha1, ha2) = (hex_into(&ha1, &mut one), hex_into(&ha2, &mut two));
    if parts.qop.is_empty() {
        return hash::<D, N>(&[ha1, parts.nonce, ha2]);
    }
    hash::<D, N>(&[ha1, parts.nonce, parts.count, parts.cnonce, parts.qop, ha2])
}

/// The hash of the parts with colons between them.
fn hash<D: sha2::Digest, const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hasher = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    let mut out = [0; N];
    let full = hasher.finalize();
    for (to, from) in out.iter_mut().zip(full.iter()) {
        *to = *from;
    }
    out
}

fn hex<const N: usize, const M: usize>(bytes: &[u8; N]) -> [u8; M] {
    let mut out = [0; M];
    hex_into(bytes, &mut out);
    out
}

/// Lower-case hexadecimal; gives back the part of `out` that was written.
fn hex_into<'o>(bytes: &[u8], out: &'o mut [u8]) -> &'o [u8] {
    const fn digit(value: u8) -> u8 {
        if value < 10 { b'0' + value } else { b'a' + value - 10 }
    }
    let (pairs, _) = out.as_chunks_mut::<2>();
    for ([high, low], byte) in pairs.iter_mut().zip(bytes) {
        (*high, *low) = (digit(byte >> 4), digit(byte & 15));
    }
    out.get(..bytes.len() * 2).unwrap_or_default()
}

/// Whether the digits in `shown` are `bytes`, in time that does not depend on where they differ.
fn same<const N: usize>(shown: &[u8], bytes: &[u8; N]) -> bool {
    let (pairs, odd) = shown.as_chunks::<2>();
    if pairs.len() != N || !odd.is_empty() {
        return false;
    }
    let mut decoded = [0; N];
    for (to, [high, low]) in decoded.iter_mut().zip(pairs) {
        let (Some(high), Some(low)) = (super::uri::hex_value(*high), super::uri::hex_value(*low)) else {
            return false;
        };
        *to = high << 4 | low;
    }
    decoded.ct_eq(bytes).into()
}
