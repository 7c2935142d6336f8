//! HTTP digest as SIP phones use it (RFC 7616, RFC 8760, RFC 3261 section 22): keys and answers.
//!
//! Only `qop=auth` is known: without it nothing counts the uses of a nonce, and `auth-int` no phone offers.

use std::sync::OnceLock;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::dice::{Dice, roll};

/// The hash of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestAlgorithm {
    /// SHA-256 (RFC 7616).
    Sha256,
    /// MD5, for phones that know nothing better.
    Md5,
}

impl DigestAlgorithm {
    /// The token on the wire.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }
}

/// What keys are masked with as long as they wait in memory; nothing where nobody asked for a mask.
static MASK: OnceLock<[u8; 32]> = OnceLock::new();

/// From now on keys wait in memory under a mask that is drawn once a process, so that nobody finds them who searches a
/// copy of the memory for what they know. It is no seal: the mask is in the same memory. Once keys were derived it
/// comes too late and changes nothing.
pub fn mask_keys(dice: &mut dyn Dice) {
    MASK.get_or_init(|| roll(dice));
}

/// The bytes under the mask; from under it, the bytes.
fn masked<const LEN: usize>(bytes: &[u8; LEN]) -> [u8; LEN] {
    let mut masked = *bytes;
    for (byte, mask) in masked.iter_mut().zip(MASK.get_or_init(|| [0; 32])) {
        *byte ^= mask;
    }
    masked
}

/// What is derived from a code for digests: `H(username:realm:code)` in both hashes, under the mask. As good as the code
/// for whoever answers digests, and so kept as carefully.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct DigestKeys {
    sha256: [u8; 32],
    md5: [u8; 16],
}

impl DigestKeys {
    /// HA1 of RFC 7616 section 3.4.2 for both hashes.
    pub fn derive(username: &str, realm: &str, code: &str) -> Self {
        let parts = [username.as_bytes(), realm.as_bytes(), code.as_bytes()];
        // The code itself is in it: fed to the hash where it is, and copied nowhere.
        let sha256 = Zeroizing::new(<[u8; 32]>::from(hash_parts::<Sha256>(&parts)));
        let md5 = Zeroizing::new(<[u8; 16]>::from(hash_parts::<Md5>(&parts)));
        Self { sha256: masked(&sha256), md5: masked(&md5) }
    }

    /// Whether both are of the same code, number and realm; constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.sha256.ct_eq(&other.sha256).into()
    }

    /// Keys that nobody's code derives: what an unknown name is held against.
    pub const fn decoy(bytes: [u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = bytes;
        Self { sha256: bytes, md5: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] }
    }
}

/// Which use of a nonce an answer is (`nc`): eight hexadecimal digits. Remembers how they were written, for that is what
/// is hashed (RFC 7616 section 3.4.1): some phones write capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NonceCount {
    written: [u8; 8],
    number: u32,
}

impl NonceCount {
    /// Reads the digits; `None` unless there are eight and nothing else.
    pub fn read(written: &[u8]) -> Option<Self> {
        let written: [u8; 8] = written.try_into().ok()?;
        let number = written.iter().try_fold(0, |number: u32, &digit| {
            char::from(digit).to_digit(16).map(|digit| number * 16 + digit)
        })?;
        Some(Self { written, number })
    }

    /// The number, for telling a use from one that was seen before.
    pub const fn number(self) -> u32 {
        self.number
    }
}

impl From<u32> for NonceCount {
    /// In lower case, as most write it.
    fn from(number: u32) -> Self {
        let mut written = [0; 8];
        data_encoding::HEXLOWER.encode_mut(&number.to_be_bytes(), &mut written);
        Self { written, number }
    }
}

/// What a phone shows: every part of the answer that goes into its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestProof<'a> {
    /// Which hash it used.
    pub algorithm: DigestAlgorithm,
    /// The nonce it answers, as it stands in the header.
    pub nonce: &'a [u8],
    /// Which use of the nonce this is.
    pub nonce_count: NonceCount,
    /// Its own nonce.
    pub cnonce: &'a [u8],
    /// The request's method.
    pub method: &'a [u8],
    /// The URI of the header.
    pub uri: &'a [u8],
    /// The answer, in lower- or upper-case hex.
    pub response: &'a [u8],
    /// The hash of method and URI, where it is at hand: see [`RequestHashes`].
    pub request_hash: Option<&'a RequestHash>,
}

/// `H(method:uri)` in hex (HA2 of RFC 7616 section 3.4.3).
pub type RequestHash = [u8; 64];

/// Hashes of method and URI that were needed of late: the phones of an office all show the same.
#[derive(Debug)]
pub struct RequestHashes {
    method: &'static [u8],
    kept: Vec<(DigestAlgorithm, Box<[u8]>, RequestHash)>,
    next: usize,
}

/// How many are kept.
const HASHES_KEPT: usize = 8;
/// Longer URIs are hashed each time.
const URI_KEPT_MAX: usize = 128;

impl RequestHashes {
    /// Of requests with this method.
    pub const fn new(method: &'static [u8]) -> Self {
        Self { method, kept: Vec::new(), next: 0 }
    }

    /// The hash for this URI; `None` where it is not kept.
    pub fn of(&mut self, algorithm: DigestAlgorithm, uri: &[u8]) -> Option<&RequestHash> {
        let at = self.kept.iter().position(|(kind, kept, _)| *kind == algorithm && **kept == *uri);
        let at = match at {
            Some(at) => at,
            None if uri.len() > URI_KEPT_MAX => return None,
            None => self.keep(algorithm, uri),
        };
        self.kept.get(at).map(|(_, _, hash)| hash)
    }

    fn keep(&mut self, algorithm: DigestAlgorithm, uri: &[u8]) -> usize {
        let hash = request_hash(algorithm, self.method, uri);
        let entry = (algorithm, uri.into(), hash);
        let at = self.next % HASHES_KEPT;
        self.next = at + 1;
        match self.kept.get_mut(at) {
            Some(oldest) => *oldest = entry,
            None => self.kept.push(entry),
        }
        at
    }
}

fn request_hash(algorithm: DigestAlgorithm, method: &[u8], uri: &[u8]) -> RequestHash {
    match algorithm {
        DigestAlgorithm::Sha256 => hex(&hash_joined::<Sha256>(&[method, uri])),
        DigestAlgorithm::Md5 => hex(&hash_joined::<Md5>(&[method, uri])),
    }
}

/// The answer that the owner of `keys` would give, in hex; 64 or 32 characters.
pub fn response(keys: &DigestKeys, proof: &DigestProof<'_>) -> Answer {
    match proof.algorithm {
        DigestAlgorithm::Sha256 => answer::<Sha256>(&ha1(&keys.sha256), proof),
        DigestAlgorithm::Md5 => answer::<Md5>(&ha1(&keys.md5), proof),
    }
}

/// HA1 in hex, from under the mask; wiped after use.
fn ha1<const LEN: usize>(key: &[u8; LEN]) -> Zeroizing<[u8; 64]> {
    Zeroizing::new(hex(Zeroizing::new(masked(key)).as_slice()))
}

/// Whether the proof was made by the owner of `keys`; constant time in the answer.
pub(crate) fn verify(keys: &DigestKeys, proof: &DigestProof<'_>) -> bool {
    let expected = response(keys, proof);
    if proof.response.len() != expected.len {
        return false;
    }
    let pairs = expected.as_bytes().iter().zip(proof.response);
    let difference =
        pairs.fold(0, |sum: u8, (expected, shown)| sum | (expected ^ shown.to_ascii_lowercase()));
    difference.ct_eq(&0).into()
}

/// A digest answer in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    hex: [u8; 64],
    len: usize,
}

impl Answer {
    /// The hex digits.
    pub fn as_bytes(&self) -> &[u8] {
        self.hex.get(..self.len).unwrap_or_default()
    }
}

/// `H(HA1:nonce:nc:cnonce:qop:HA2)` with `HA2 = H(method:uri)` (RFC 7616 sections 3.4.1 and 3.4.3).
fn answer<H: sha2::Digest>(ha1: &[u8; 64], proof: &DigestProof<'_>) -> Answer {
    let len = <H as sha2::Digest>::output_size() * 2;
    let ha1 = ha1.get(..len).unwrap_or_default();
    let ha2 = match proof.request_hash {
        Some(at_hand) => *at_hand,
        None => request_hash(proof.algorithm, proof.method, proof.uri),
    };
    let ha2 = ha2.get(..len).unwrap_or_default();
    let hash = hash_joined::<H>(&[ha1, proof.nonce, &proof.nonce_count.written, proof.cnonce, b"auth", ha2]);
    Answer { hex: hex(&hash), len }
}

/// Bytes that are joined before they are hashed, which is faster: what phones show is shorter.
const JOINED_MAX: usize = 320;

fn hash_joined<H: sha2::Digest>(parts: &[&[u8]]) -> sha2::digest::Output<H> {
    let mut joined = [0; JOINED_MAX];
    let mut length = 0;
    for (position, part) in parts.iter().enumerate() {
        let colon: &[u8] = if position > 0 { b":" } else { b"" };
        for piece in [colon, part] {
            let Some(place) = joined.get_mut(length..length + piece.len()) else {
                return hash_parts::<H>(parts);
            };
            place.copy_from_slice(piece);
            length += piece.len();
        }
    }
    H::digest(joined.get(..length).unwrap_or_default())
}

/// The same piece by piece.
fn hash_parts<H: sha2::Digest>(parts: &[&[u8]]) -> sha2::digest::Output<H> {
    let mut hash = H::new();
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

/// Lower-case hex of up to 32 bytes; the rest of the array stays zero.
fn hex(bytes: &[u8]) -> [u8; 64] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' - 10 + value };
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 section 3.9.1, both hashes.
    fn mufasa(algorithm: DigestAlgorithm, response: &'static [u8]) -> DigestProof<'static> {
        DigestProof {
            algorithm,
            nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nonce_count: NonceCount::from(1),
            cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            method: b"GET",
            uri: b"/dir/index.html",
            response,
            request_hash: None,
        }
    }

    fn keys() -> DigestKeys {
        DigestKeys::derive("Mufasa", "http-auth@example.org", "Circle of Life")
    }

    #[test]
    fn each_hash_has_its_name_on_the_wire() {
        let names = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5].map(DigestAlgorithm::token);
        assert_eq!(names, ["SHA-256", "MD5"]);
    }

    #[test]
    fn the_examples_of_rfc_7616_are_accepted() {
        let md5 = mufasa(DigestAlgorithm::Md5, b"8ca523f5e9506fed4657c9700eebdbec");
        assert!(verify(&keys(), &md5));
        let sha = b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        assert!(verify(&keys(), &mufasa(DigestAlgorithm::Sha256, sha)));
        assert!(verify(&keys(), &mufasa(DigestAlgorithm::Md5, b"8CA523F5E9506FED4657C9700EEBDBEC")));
    }

    #[test]
    fn a_nonce_count_in_capitals_is_hashed_as_it_was_written() {
        let count = |written: &[u8]| NonceCount::read(written).unwrap();
        let proof =
            |written| DigestProof { nonce_count: count(written), ..mufasa(DigestAlgorithm::Md5, b"") };
        let lower = response(&keys(), &proof(b"0000000a"));
        let upper = response(&keys(), &proof(b"0000000A"));
        assert_ne!(lower, upper);
        assert!(verify(&keys(), &DigestProof { response: upper.as_bytes(), ..proof(b"0000000A") }));
        assert_eq!((count(b"0000000A").number(), count(b"FFFFFFFF").number()), (10, u32::MAX));
        assert_eq!(count(b"0000000a"), NonceCount::from(10));
        for wrong in [&b"1"[..], b"000000001", b"0000000g", b"-0000001"] {
            assert_eq!(NonceCount::read(wrong), None);
        }
    }

    #[test]
    fn what_is_too_long_to_be_joined_is_hashed_alike() {
        for length in [0, 1, JOINED_MAX - 3, JOINED_MAX - 2, JOINED_MAX - 1, JOINED_MAX, JOINED_MAX * 2] {
            let long = vec![b'x'; length];
            let parts: [&[u8]; 3] = [b"a", &long, b""];
            assert_eq!(hash_joined::<Md5>(&parts), hash_parts::<Md5>(&parts), "{length}");
            assert_eq!(hash_joined::<Sha256>(&parts), hash_parts::<Sha256>(&parts), "{length}");
        }
    }

    #[test]
    fn a_hash_at_hand_is_the_one_that_would_be_made() {
        let mut hashes = RequestHashes::new(b"GET");
        for round in 0..3 {
            for number in 0..HASHES_KEPT + 2 {
                for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
                    let uri = format!("sip:{number}.example");
                    let hash = hashes.of(algorithm, uri.as_bytes()).copied();
                    assert_eq!(hash, Some(request_hash(algorithm, b"GET", uri.as_bytes())), "{round}");
                }
            }
        }
        assert!(hashes.of(DigestAlgorithm::Md5, &[b'x'; URI_KEPT_MAX]).is_some());
        assert_eq!(hashes.of(DigestAlgorithm::Md5, &[b'x'; URI_KEPT_MAX + 1]), None);
        let md5 = mufasa(DigestAlgorithm::Md5, b"8ca523f5e9506fed4657c9700eebdbec");
        let at_hand = request_hash(DigestAlgorithm::Md5, md5.method, md5.uri);
        assert!(verify(&keys(), &DigestProof { request_hash: Some(&at_hand), ..md5 }));
    }

    #[test]
    fn the_hashes_that_were_asked_for_last_are_at_hand_and_no_more() {
        let mut hashes = RequestHashes::new(b"GET");
        let uris: Vec<_> = (0..HASHES_KEPT + 3).map(|number| format!("sip:{number}.example")).collect();
        for (asked, uri) in uris.iter().enumerate() {
            hashes.of(DigestAlgorithm::Md5, uri.as_bytes());
            let mut at_hand: Vec<_> = hashes.kept.iter().map(|(_, uri, _)| uri.to_vec()).collect();
            let mut last: Vec<_> = uris.iter().take(asked + 1).rev().take(HASHES_KEPT).collect();
            at_hand.sort_unstable();
            last.sort_unstable();
            assert!(at_hand.iter().eq(last.iter().map(|uri| uri.as_bytes())), "{asked}");
        }
    }

    #[test]
    fn an_answer_that_is_wrong_in_two_places_by_the_same_bits_is_refused() {
        let right = *b"8ca523f5e9506fed4657c9700eebdbec";
        for (one, other) in [(0, 1), (3, 31), (30, 31)] {
            let mut wrong = right;
            wrong[one] ^= 1;
            wrong[other] ^= 1;
            let proof = mufasa(DigestAlgorithm::Md5, b"");
            assert!(verify(&keys(), &DigestProof { response: &right, ..proof }));
            assert!(!verify(&keys(), &DigestProof { response: &wrong, ..proof }), "{one} {other}");
        }
    }

    #[test]
    fn any_changed_part_is_refused() {
        let good = mufasa(DigestAlgorithm::Md5, b"8ca523f5e9506fed4657c9700eebdbec");
        let changed = [
            DigestProof { nonce: b"x", ..good },
            DigestProof { nonce_count: NonceCount::from(2), ..good },
            DigestProof { cnonce: b"x", ..good },
            DigestProof { method: b"POST", ..good },
            DigestProof { uri: b"/", ..good },
            DigestProof { algorithm: DigestAlgorithm::Sha256, ..good },
            DigestProof { response: b"", ..good },
            DigestProof { response: b"8ca523f5e9506fed4657c9700eebdbe", ..good },
            DigestProof { response: b"8ca523f5e9506fed4657c9700eebdbed", ..good },
        ];
        for proof in changed {
            assert!(!verify(&keys(), &proof), "{proof:?}");
        }
    }
}
