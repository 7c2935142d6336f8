//! Keys in the body of an INFO: `application/dtmf-relay` and `application/dtmf`.
//!
//! Neither was ever a standard (RFC 6086 tells how it should be done, and phones do not do it): read is what they send.
//! Keys alone; a hook that is flashed (`!`, 16) is none. That a retransmitted INFO is not a second press is for the
//! transaction to know.

use super::scan;
use crate::keypad::{Key, Press};

/// `Signal=5`, `Duration=160` in lines.
pub const DTMF_RELAY: &str = "application/dtmf-relay";
/// One character, or the number of its event.
pub const DTMF: &str = "application/dtmf";

/// Bytes in a body.
const BODY_MAX: usize = 256;
/// Lines in a body.
const LINES_MAX: usize = 16;
/// Nobody holds a key for longer than a minute.
const DURATION_MAX_MS: u32 = 60_000;

/// Why an INFO says no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DtmfError {
    /// A body of another kind.
    #[error("not a body with a key")]
    ContentType,
    /// Longer than any key needs.
    #[error("body too long")]
    TooLong,
    /// No signal, or none that is a key.
    #[error("no key")]
    Signal,
}

/// The key in a body with this Content-Type.
///
/// # Errors
/// There is none.
pub fn read(content_type: &[u8], body: &[u8]) -> Result<Press, DtmfError> {
    let kind = scan::trim(content_type.split(|&byte| byte == b';').next().unwrap_or_default());
    let is_relay = kind.eq_ignore_ascii_case(DTMF_RELAY.as_bytes());
    if !is_relay && !kind.eq_ignore_ascii_case(DTMF.as_bytes()) {
        return Err(DtmfError::ContentType);
    }
    if body.len() > BODY_MAX {
        return Err(DtmfError::TooLong);
    }
    // Some send the lines of the one under the name of the other.
    if !is_relay && !body.contains(&b'=') {
        return Ok(Press { key: key(scan::trim(body)).ok_or(DtmfError::Signal)?, duration_ms: None });
    }
    let (mut signal, mut duration_ms) = (None, None);
    for line in body.split(|&byte| byte == b'\n').take(LINES_MAX) {
        let mut parts = line.splitn(2, |&byte| byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (name, value) = (scan::trim(name), scan::trim(value));
        if name.eq_ignore_ascii_case(b"Signal") {
            signal = signal.or(key(value));
        } else if name.eq_ignore_ascii_case(b"Duration") {
            // The key counts, even if nobody can tell how long it was held.
            let number = scan::decimal(value).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
            duration_ms = number.map(|number| number.min(DURATION_MAX_MS));
        }
    }
    Ok(Press { key: signal.ok_or(DtmfError::Signal)?, duration_ms })
}

/// A key by its character, or by the number of its event where that has two digits.
fn key(value: &[u8]) -> Option<Key> {
    match value {
        [character] => Key::of(*character),
        [_, _] => {
            Key::of_event(u8::try_from(scan::decimal(value)?).ok()?).filter(|_| value.first() != Some(&b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(kind: &str, body: &str) -> Result<(char, Option<u32>), DtmfError> {
        read(kind.as_bytes(), body.as_bytes()).map(|press| (press.key.as_char(), press.duration_ms))
    }

    #[test]
    fn a_key_is_read_as_phones_send_it() {
        for (body, expected) in [
            ("Signal=5\r\nDuration=160\r\n", ('5', Some(160))),
            ("Signal= *\r\nDuration= 250", ('*', Some(250))),
            ("signal=#\nduration=99999999999999999999\n", ('#', Some(60_000))),
            ("Signal=10\r\n", ('*', None)),
            ("Signal=15\r\n", ('D', None)),
            ("Signal=5\r\nDuration=-1", ('5', None)),
            ("Duration=100\r\nSignal=d\r\n\r\n", ('D', Some(100))),
        ] {
            assert_eq!(pressed(DTMF_RELAY, body), Ok(expected), "{body:?}");
            assert_eq!(pressed("Application/DTMF;charset=utf-8", body), Ok(expected), "{body:?}");
        }
        for key in Key::ALL {
            assert_eq!(pressed(DTMF, &format!(" {}\r\n", key.as_char())), Ok((key.as_char(), None)));
        }
        assert_eq!(pressed(DTMF, "11"), Ok(('#', None)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(pressed("application/sdp", "5"), Err(DtmfError::ContentType));
        assert_eq!(pressed("", ""), Err(DtmfError::ContentType));
        for body in ["", "!", "16", "05", "123", "55", "E", "5 5"] {
            assert_eq!(pressed(DTMF, body), Err(DtmfError::Signal), "{body:?}");
            let relay = format!("Signal={body}\r\nDuration=100\r\n");
            assert_eq!(pressed(DTMF_RELAY, &relay), Err(DtmfError::Signal), "{body:?}");
        }
        assert_eq!(pressed(DTMF_RELAY, "5"), Err(DtmfError::Signal));
        assert_eq!(pressed(DTMF, &"5".repeat(BODY_MAX + 1)), Err(DtmfError::TooLong));
        let buried = format!("{}Signal=5", "\n".repeat(LINES_MAX));
        assert_eq!(pressed(DTMF_RELAY, &buried), Err(DtmfError::Signal));
    }

    #[test]
    fn no_prefix_of_a_body_makes_it_panic() {
        let body = b"Signal=10\r\nDuration=160\r\n\xff\0=";
        for end in 0..=body.len() {
            let _ = (read(DTMF.as_bytes(), &body[..end]), read(DTMF_RELAY.as_bytes(), &body[..end]));
        }
    }
}
