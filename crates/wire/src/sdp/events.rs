//! Which telephone events an end takes: the parameters of `telephone-event` (RFC 4733 §2.4.1).

use crate::keypad::Key;
use crate::sip::scan;

/// Events from 0 to 15. Those above are no keys, and forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events(u16);

impl Events {
    /// All keys: what is meant where nothing is said.
    pub const KEYS: Self = Self(u16::MAX);

    /// Numbers and ranges between commas; `None` if it is anything else.
    #[must_use]
    pub fn parse(list: &[u8]) -> Option<Self> {
        let mut bits = 0;
        for item in list.split(|&byte| byte == b',') {
            let mut ends = item.splitn(2, |&byte| byte == b'-').map(|end| scan::decimal(scan::trim(end)));
            let first = ends.next()??;
            let last = ends.next().unwrap_or(Some(first))?;
            if last < first {
                return None;
            }
            bits |= (0..16)
                .filter(|event| (first..=last).contains(event))
                .fold(0, |bits, event| bits | 1 << event);
        }
        Some(Self(bits))
    }

    /// Whether a key is among them.
    #[must_use]
    pub const fn has(self, key: Key) -> bool {
        self.0 >> key.event() & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &str) -> Option<String> {
        let events = Events::parse(list.as_bytes())?;
        Some(Key::ALL.into_iter().filter(|key| events.has(*key)).map(Key::as_char).collect())
    }

    #[test]
    fn lists_of_events_are_read_as_phones_write_them() {
        let all = "0123456789*#ABCD";
        for (list, expected) in [
            ("0-15", all),
            ("0-16", all),
            ("0-11,16", "0123456789*#"),
            ("1, 3-4 ,200-205", "134"),
            ("66", ""),
        ] {
            assert_eq!(keys(list).as_deref(), Some(expected), "{list}");
        }
        assert_eq!(keys("0-18446744073709551616").as_deref(), Some(all));
        for list in ["", "0-", "-5", "4-3", "0-15,", "vbd=yes", "0-15 16"] {
            assert_eq!(keys(list), None, "{list}");
        }
        assert!(Key::ALL.into_iter().all(|key| Events::KEYS.has(key)));
    }
}
