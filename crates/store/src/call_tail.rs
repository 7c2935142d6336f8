//! The newest calls of a user, packed: while a hundred thousand people call, a million calls wait in memory for their rows, and a
//! call as others see it is twice as long.

use signin::{
    call_log::{CALLS_MAX, CallEntry, Direction},
    ident::DomainId,
    party::Party,
    timestamp::{Seconds, Timestamp},
};

/// Stands for a call without a talk.
const SILENT: u32 = u32::MAX;

/// Calls of one user, each with its number, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    count: usize,
}

impl Tail {
    /// Adds one; of too many the oldest goes. Whether there are more than before.
    pub(crate) fn push(&mut self, number: u64, entry: &CallEntry) -> bool {
        let CallEntry { at, direction, other: Party { number: called, name }, talked, domain } = entry;
        let (called, name) = (short(called), short(name));
        self.bytes.reserve_exact(HEAD + called.len() + name.len());
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(&at.0.to_le_bytes());
        self.bytes.extend_from_slice(&domain.0.to_le_bytes());
        self.bytes.extend_from_slice(&talked.map_or(SILENT, |talked| talked.0.min(SILENT - 1)).to_le_bytes());
        self.bytes.push(match direction {
            Direction::Made => 0,
            Direction::Received => 1,
            Direction::Missed => 2,
        });
        for text in [called, name] {
            self.bytes.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.count += 1;
        let is_full = self.count > CALLS_MAX;
        if is_full {
            self.drop_first();
        }
        !is_full
    }

    /// Drops those up to this number; how many.
    pub(crate) fn drop_through(&mut self, through: u64) -> usize {
        let before = self.count;
        while self.first().is_some_and(|first| first <= through) {
            self.drop_first();
        }
        before - self.count
    }

    /// The number of the oldest.
    pub(crate) fn first(&self) -> Option<u64> {
        Calls(&self.bytes).next().map(|(number, _)| number)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, CallEntry)> + '_ {
        Calls(&self.bytes)
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn drop_first(&mut self) {
        let mut calls = Calls(&self.bytes);
        calls.next();
        let length = self.bytes.len() - calls.0.len();
        self.bytes.drain(..length);
        self.count = self.count.saturating_sub(1);
    }
}

/// Bytes of a call beside its texts.
const HEAD: usize = 8 + 8 + 4 + 4 + 1 + 2 + 2;

/// What is left to be read.
struct Calls<'a>(&'a [u8]);

impl Calls<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn text(&mut self) -> Option<&str> {
        let length = u16::from_le_bytes(self.bytes()?);
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

impl Iterator for Calls<'_> {
    type Item = (u64, CallEntry);

    fn next(&mut self) -> Option<Self::Item> {
        let number = u64::from_le_bytes(self.bytes()?);
        let at = Timestamp(u64::from_le_bytes(self.bytes()?));
        let domain = DomainId(u32::from_le_bytes(self.bytes()?));
        let talked = Some(u32::from_le_bytes(self.bytes()?)).filter(|talked| *talked != SILENT).map(Seconds);
        let direction = match self.bytes::<1>()? {
            [0] => Direction::Made,
            [1] => Direction::Received,
            _ => Direction::Missed,
        };
        let other = Party { number: self.text()?.into(), name: self.text()?.into() };
        Some((number, CallEntry { at, direction, other, talked, domain }))
    }
}

/// As it was cut when it was shown: far below what is written here.
fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: u64) -> CallEntry {
        let (direction, name, talked) = match at % 3 {
            0 => (Direction::Made, "", None),
            1 => (Direction::Received, "J\u{fc}rgen", Some(Seconds(7))),
            _ => (Direction::Missed, "Bob", None),
        };
        let other = Party::shown("202", name);
        CallEntry { at: Timestamp(at), direction, other, talked, domain: DomainId::FIRST }
    }

    #[test]
    fn what_is_packed_is_read_as_it_was_and_the_oldest_go_first() {
        let mut tail = Tail::default();
        assert!(tail.is_empty() && tail.first().is_none());
        for number in 1..=120 {
            assert_eq!(tail.push(number, &call(number)), number <= 100);
        }
        let all: Vec<_> = tail.iter().collect();
        assert_eq!(all, (21..=120).map(|number| (number, call(number))).collect::<Vec<_>>());
        assert_eq!((tail.first(), tail.drop_through(20), tail.drop_through(70)), (Some(21), 0, 50));
        assert_eq!(tail.iter().map(|(number, _)| number).collect::<Vec<_>>(), (71..=120).collect::<Vec<_>>());
        assert_eq!(tail.drop_through(u64::MAX), 50);
        assert!(tail.is_empty() && tail.bytes.is_empty());
    }
}
