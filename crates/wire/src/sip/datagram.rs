//! What a datagram on the SIP port is, told by its first bytes (RFC 5626 §4.4, RFC 8489 §6).

use memchr::{memchr, memrchr};

use super::scan;
use super::stun;

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// It has a start line that speaks of SIP: parse it.
    Sip,
    /// STUN: see [`stun::answer`].
    Stun,
    /// Two empty lines: a ping. Over UDP it needs no answer.
    Ping,
    /// Nothing but line breaks, spaces or zero bytes, or nothing at all: keeps a hole in a NAT open. No answer.
    KeepAlive,
    /// Anything else. No answer.
    Garbage,
}

/// How many bytes of a keep-alive may come: more of them is garbage.
const KEEP_ALIVE_MAX: usize = 64;

/// Tells what a datagram is.
#[must_use]
pub fn classify(bytes: &[u8]) -> Datagram {
    // As nearly every one is.
    if bytes.first().is_some_and(u8::is_ascii_uppercase)
        && let Some(end) = memchr(b'\n', bytes)
        && bytes.get(..end).is_some_and(|line| line.ends_with(b" SIP/2.0\r"))
    {
        return Datagram::Sip;
    }
    if bytes == b"\r\n\r\n" {
        return Datagram::Ping;
    }
    if stun::is_stun(bytes) {
        return Datagram::Stun;
    }
    let text = scan::trim_start(bytes);
    let is_quiet = |byte: &u8| matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n');
    if text.iter().take(KEEP_ALIVE_MAX + 1).all(is_quiet) {
        return if bytes.len() <= KEEP_ALIVE_MAX { Datagram::KeepAlive } else { Datagram::Garbage };
    }
    let line = scan::trim_end(text.get(..memchr(b'\n', text).unwrap_or(text.len())).unwrap_or_default());
    let last_word = memrchr(b' ', line).map_or(line, |at| line.get(at + 1..).unwrap_or_default());
    let speaks_sip = |word: &[u8]| word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    if speaks_sip(last_word) || speaks_sip(line) { Datagram::Sip } else { Datagram::Garbage }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_datagram_is_told_apart() {
        let table: [(&[u8], Datagram); 12] = [
            (b"REGISTER sip:a SIP/2.0\r\n\r\n", Datagram::Sip),
            (b"\r\n\r\nOPTIONS sip:a SIP/2.0", Datagram::Sip),
            (b"OPTIONS sip:a SIP/7.0 \r\n", Datagram::Sip),
            (b"SIP/2.0 200 OK\r\n\r\n", Datagram::Sip),
            (b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", Datagram::Stun),
            (b"\r\n\r\n", Datagram::Ping),
            (b"\r\n", Datagram::KeepAlive),
            (b"", Datagram::KeepAlive),
            (b"\0\0\0\0", Datagram::KeepAlive),
            (b"\0\0\r\n ", Datagram::KeepAlive),
            (b"GET / HTTP/1.1\r\n", Datagram::Garbage),
            (&[0; 500], Datagram::Garbage),
        ];
        for (bytes, expected) in table {
            assert_eq!(classify(bytes), expected, "{bytes:?}");
        }
    }
}
