//! STUN binding requests on the SIP port (RFC 8489, keep-alives of RFC 5626 §4.4.2).
//!
//! A phone learns its public address. Only binding requests without authentication are answered, and never with more
//! than twice the bytes that came: an empty request over IPv6 would be, so it is not answered.

use std::net::{IpAddr, SocketAddr};

const HEADER: usize = 20;
/// Bytes in one message: what fits into any packet (RFC 8489 §6.1). Check sums over more would be work for anybody who
/// asks for it.
const MESSAGE_MAX: usize = 548;
const COOKIE: u32 = 0x2112_A442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const FINGERPRINT: u16 = 0x8028;
const FINGERPRINT_XOR: u32 = 0x5354_554E;
/// Attributes up to here must be understood (§14).
const COMPREHENSION_END: u16 = 0x8000;
/// Those that may stand in a binding request and ask nothing of a server without authentication: MAPPED-ADDRESS,
/// USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, MESSAGE-INTEGRITY-SHA256, PASSWORD-ALGORITHM, USERHASH,
/// XOR-MAPPED-ADDRESS, PRIORITY and USE-CANDIDATE (RFC 8445).
const KNOWN: [u16; 11] =
    [0x0001, 0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, XOR_MAPPED_ADDRESS, 0x0024, 0x0025];
/// Attributes in one request.
const ATTRIBUTES_MAX: usize = 32;
/// How many unknown attributes an error names.
const UNKNOWN_MAX: usize = 4;
/// An answer is at most this many times as long as its request.
const AMPLIFICATION_MAX: usize = 2;

/// Why a datagram gets no STUN answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StunError {
    /// Not a STUN message: too short or too long, wrong cookie or wrong length.
    #[error("not STUN")]
    NotStun,
    /// A message of another kind than a binding request.
    #[error("not a binding request")]
    NotBinding,
    /// An attribute runs over the end, or there are too many.
    #[error("malformed attribute at byte {at}")]
    Attribute {
        /// Where it begins.
        at: usize,
    },
    /// The check sum in FINGERPRINT is wrong.
    #[error("wrong fingerprint")]
    Fingerprint,
    /// The answer would be too long for its request.
    #[error("answer too long for the request")]
    Amplification,
}

/// Whether this looks like STUN: it begins with two zero bits and has the magic cookie (§6), and is no longer than any
/// question for an address.
#[must_use]
pub fn is_stun(bytes: &[u8]) -> bool {
    (HEADER..=MESSAGE_MAX).contains(&bytes.len())
        && bytes.first().is_some_and(|byte| byte & 0xC0 == 0)
        && read_u32(bytes, 4) == Some(COOKIE)
}

/// Clears `out` and writes the answer to a binding request from `peer`.
///
/// # Errors
/// Nothing is to be answered; `out` is empty.
pub fn answer(request: &[u8], peer: SocketAddr, out: &mut Vec<u8>) -> Result<(), StunError> {
    out.clear();
    let read = read_request(request)?;
    let kind = if read.unknown_length == 0 { BINDING_SUCCESS } else { BINDING_ERROR };
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(request.get(4..HEADER).unwrap_or_default());
    if read.unknown_length == 0 {
        push_address(out, peer);
    } else {
        // 420 Unknown Attribute (§6.3.1, §14.8).
        out.extend_from_slice(&ERROR_CODE.to_be_bytes());
        out.extend_from_slice(&[0, 4, 0, 0, 4, 20]);
        let unknown = read.unknown.get(..read.unknown_length).unwrap_or_default();
        out.extend_from_slice(&UNKNOWN_ATTRIBUTES.to_be_bytes());
        push_length(out, unknown.len() * 2);
        for kind in unknown {
            out.extend_from_slice(&kind.to_be_bytes());
        }
        if unknown.len() % 2 == 1 {
            out.extend_from_slice(&[0, 0]);
        }
    }
    let fingerprint_length = if read.has_fingerprint { 8 } else { 0 };
    let length = out.len() - HEADER + fingerprint_length;
    set_length(out, length);
    if read.has_fingerprint {
        let sum = crc32(out) ^ FINGERPRINT_XOR;
        out.extend_from_slice(&FINGERPRINT.to_be_bytes());
        out.extend_from_slice(&[0, 4]);
        out.extend_from_slice(&sum.to_be_bytes());
    }
    if out.len() > request.len() * AMPLIFICATION_MAX {
        out.clear();
        return Err(StunError::Amplification);
    }
    Ok(())
}

struct BindingRequest {
    unknown: [u16; UNKNOWN_MAX],
    unknown_length: usize,
    has_fingerprint: bool,
}

fn read_request(bytes: &[u8]) -> Result<BindingRequest, StunError> {
    let length = read_u16(bytes, 2).map(usize::from);
    if !is_stun(bytes) || length != Some(bytes.len() - HEADER) || !bytes.len().is_multiple_of(4) {
        return Err(StunError::NotStun);
    }
    if read_u16(bytes, 0) != Some(BINDING_REQUEST) {
        return Err(StunError::NotBinding);
    }
    let mut read = BindingRequest { unknown: [0; UNKNOWN_MAX], unknown_length: 0, has_fingerprint: false };
    let mut at = HEADER;
    let mut count = 0;
    while at < bytes.len() {
        count += 1;
        let malformed = StunError::Attribute { at };
        let kind = read_u16(bytes, at).ok_or(malformed)?;
        let length = read_u16(bytes, at + 2).map(usize::from).ok_or(malformed)?;
        let next = at + 4 + length.next_multiple_of(4);
        if next > bytes.len() || count > ATTRIBUTES_MAX {
            return Err(malformed);
        }
        if kind == FINGERPRINT {
            // §14.7: the last attribute, over all that is before it.
            let sum = crc32(bytes.get(..at).unwrap_or_default()) ^ FINGERPRINT_XOR;
            if length != 4 || next != bytes.len() || read_u32(bytes, at + 4) != Some(sum) {
                return Err(StunError::Fingerprint);
            }
            read.has_fingerprint = true;
        } else if kind < COMPREHENSION_END
            && !KNOWN.contains(&kind)
            && let Some(slot) = read.unknown.get_mut(read.unknown_length)
        {
            *slot = kind;
            read.unknown_length += 1;
        }
        at = next;
    }
    Ok(read)
}

/// XOR-MAPPED-ADDRESS (§14.2); the transaction identifier is already in `out`.
fn push_address(out: &mut Vec<u8>, peer: SocketAddr) {
    let mut mask = [0u8; 16];
    for (to, from) in mask.iter_mut().zip(out.iter().skip(4)) {
        *to = *from;
    }
    let [high, low] = peer.port().to_be_bytes();
    let [first, second, ..] = mask;
    let port = [high ^ first, low ^ second];
    out.extend_from_slice(&XOR_MAPPED_ADDRESS.to_be_bytes());
    match peer.ip().to_canonical() {
        IpAddr::V4(address) => {
            out.extend_from_slice(&[0, 8, 0, 1]);
            out.extend_from_slice(&port);
            out.extend(address.octets().iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        }
        IpAddr::V6(address) => {
            out.extend_from_slice(&[0, 20, 0, 2]);
            out.extend_from_slice(&port);
            out.extend(address.octets().iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        }
    }
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
}

fn set_length(out: &mut [u8], length: usize) {
    let bytes = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    for (to, from) in out.iter_mut().skip(2).zip(bytes) {
        *to = from;
    }
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

/// CRC-32 as in ITU V.42, which FINGERPRINT uses: bit by bit, for a few dozen bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 §2.2 and §2.3 have the same identifier and addresses.
    const IDENTIFIER: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, u8::try_from(attributes.len()).unwrap(), 0x21, 0x12, 0xa4, 0x42];
        bytes.extend_from_slice(&IDENTIFIER);
        bytes.extend_from_slice(attributes);
        bytes
    }

    #[test]
    fn an_ipv4_phone_learns_its_address_as_in_rfc5769() {
        let mut out = Vec::new();
        answer(&request(b""), "192.0.2.1:32853".parse().unwrap(), &mut out).unwrap();
        assert_eq!(out[..4], [1, 1, 0, 12]);
        assert_eq!(out[8..20], IDENTIFIER);
        assert_eq!(out[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    }

    #[test]
    fn an_ipv6_phone_learns_its_address_as_in_rfc5769() {
        let mut out = Vec::new();
        let peer = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
        answer(&request(b"\x80\x22\0\x04test"), peer, &mut out).unwrap();
        let expected = [
            0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25,
            0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
        ];
        assert_eq!(out[20..], expected);
    }

    #[test]
    fn an_answer_never_has_more_than_twice_the_bytes_of_its_request() {
        let mut out = Vec::new();
        let peer = "[2001:db8::1]:5060".parse().unwrap();
        assert_eq!(answer(&request(b""), peer, &mut out), Err(StunError::Amplification));
        assert!(out.is_empty());
        let many: Vec<u8> = (0x31..0x41u8).flat_map(|kind| [0, kind, 0, 0]).collect();
        let request = request(&many);
        answer(&request, peer, &mut out).unwrap();
        assert_eq!(out[..2], [1, 0x11]);
        assert!(out.len() <= 2 * request.len());
    }

    #[test]
    fn a_fingerprint_is_checked_and_answered_with_one() {
        let mut bytes = request(&[0x80, 0x28, 0, 4, 0, 0, 0, 0]);
        let sum = crc32(&bytes[..20]) ^ FINGERPRINT_XOR;
        let mut out = Vec::new();
        let peer = "192.0.2.1:5060".parse().unwrap();
        assert_eq!(answer(&bytes, peer, &mut out), Err(StunError::Fingerprint));
        bytes[24..].copy_from_slice(&sum.to_be_bytes());
        answer(&bytes, peer, &mut out).unwrap();
        assert_eq!(out.len(), 40);
        assert_eq!(out[36..], (crc32(&out[..32]) ^ FINGERPRINT_XOR).to_be_bytes());
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_longer_than_any_packet_carries_is_not_stun() {
        let padded = |length: usize| {
            let mut bytes = request(&[]);
            let padding = length - HEADER - 4;
            bytes.extend_from_slice(&[0x80, 0x22]);
            bytes.extend_from_slice(&u16::try_from(padding).unwrap().to_be_bytes());
            bytes.resize(length, b'x');
            set_length(&mut bytes, length - HEADER);
            bytes
        };
        let mut out = Vec::new();
        let peer = "192.0.2.1:5060".parse().unwrap();
        assert_eq!(answer(&padded(548), peer, &mut out), Ok(()));
        assert_eq!(answer(&padded(552), peer, &mut out), Err(StunError::NotStun));
        assert!(!is_stun(&padded(16_384)));
    }

    #[test]
    fn no_prefix_and_no_single_changed_byte_makes_it_panic() {
        let bytes = request(b"\x80\x22\0\x04test\0\x06\0\x03bob\0");
        let mut out = Vec::new();
        let peer = "192.0.2.1:5060".parse().unwrap();
        for end in 0..bytes.len() {
            assert!(answer(&bytes[..end], peer, &mut out).is_err());
        }
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                if answer(&changed, peer, &mut out).is_ok() {
                    assert!(out.len() <= 2 * changed.len());
                }
            }
        }
    }
}
