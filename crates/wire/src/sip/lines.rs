//! The lines of a message, found by their control characters (RFC 3261 §7, §7.3.1).
//!
//! One go over the bytes, sixteen at a time, finds every control character: nearly always the line ends and nothing
//! else. So it also tells whether a message may be repeated as it is.

use wide::u8x16;

use super::{Malformed, Rule, scan};

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Where it begins.
    pub(crate) at: usize,
    /// The end of its text.
    pub(crate) text_end: usize,
    /// Where the next one begins.
    pub(crate) next: usize,
}

/// The lines of a message, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'m> {
    message: &'m [u8],
    /// Where the next line begins.
    at: usize,
    /// Where the block begins that was looked at last.
    block: usize,
    /// The control characters of that block that were not met yet, the first one lowest.
    controls: u64,
    is_lenient: bool,
    is_clean: bool,
}

impl<'m> Lines<'m> {
    /// The lines from `at` on. A CR that no LF follows is refused unless `is_lenient`: what reads it as a line end would
    /// see other headers than we do.
    pub(crate) fn new(message: &'m [u8], at: usize, is_lenient: bool) -> Self {
        let controls = controls(message.get(at..).unwrap_or_default());
        Self { message, at, block: at, controls, is_lenient, is_clean: true }
    }

    /// Whether there was no control character so far but for line ends.
    pub(crate) const fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Goes on at another place.
    pub(crate) fn go_to(&mut self, at: usize) {
        *self = Self { is_clean: false, ..Self::new(self.message, at, self.is_lenient) };
    }

    /// The next line. A bare LF ends a line too: some phones send it, and since nothing here is passed on as it came,
    /// no one downstream can read it differently.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Line, Malformed> {
        let at = self.at;
        loop {
            let Some(place) = self.next_control() else {
                return Err(Malformed::new(Rule::HeadersUnfinished, self.message.len()));
            };
            let next = match self.message.get(place..) {
                Some([b'\r', b'\n', ..]) => {
                    self.next_control();
                    place + 2
                }
                Some([b'\n', ..]) => place + 1,
                Some([b'\r', _, ..]) if !self.is_lenient => return Err(Malformed::new(Rule::BareCr, place)),
                Some(_) | None => {
                    self.is_clean = false;
                    continue;
                }
            };
            self.at = next;
            return Ok(Line { at, text_end: place, next });
        }
    }

    /// A line that continues the one before, if the next one does.
    #[inline]
    pub(crate) fn next_folded(&mut self) -> Result<Option<Line>, Malformed> {
        let Some(b' ' | b'\t') = self.message.get(self.at) else { return Ok(None) };
        self.is_clean = false;
        self.next().map(Some)
    }

    #[inline]
    fn next_control(&mut self) -> Option<usize> {
        while self.controls == 0 {
            self.block += BLOCK;
            let rest = self.message.get(self.block..).filter(|rest| !rest.is_empty())?;
            self.controls = controls(rest);
        }
        let bit = self.controls.trailing_zeros() as usize;
        self.controls &= self.controls - 1;
        Some(self.block + bit)
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Which of the first bytes are control characters, the first one lowest.
#[inline]
fn controls(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(block) => controls_of(block),
        None => {
            let mut block = [b' '; BLOCK];
            if let Some(start) = block.get_mut(..bytes.len()) {
                start.copy_from_slice(bytes);
            }
            controls_of(&block)
        }
    }
}

#[inline]
fn controls_of(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts
        .iter()
        .rev()
        .fold(0, |mask, part| mask << 16 | u64::from(scan::controls(u8x16::new(*part)).to_bitmask()))
}

/// Whether a byte is a control character (RFC 3261 §25.1: CTL).
#[inline]
pub(crate) const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_seen_and_no_other_byte() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK {
                let mut block = [b'x'; BLOCK];
                block[place] = byte;
                let expected = u64::from(is_control(byte)) << place;
                assert_eq!(controls_of(&block), expected, "{byte:#x} at {place}");
                assert_eq!(controls(&block[..place + 1]), expected, "{byte:#x} at {place}, the last byte");
            }
        }
    }

    #[test]
    fn lines_end_where_they_end_however_long_they_are() {
        for length in 0..200 {
            for end in ["\r\n", "\n"] {
                let text = format!("{0}{end}{0}x{end}", "a".repeat(length));
                let mut lines = Lines::new(text.as_bytes(), 0, false);
                let first = lines.next().unwrap();
                assert_eq!((first.at, first.text_end, first.next), (0, length, length + end.len()));
                assert_eq!(lines.next().unwrap().text_end, first.next + length + 1);
                assert!(lines.is_clean());
                assert_eq!(lines.next().unwrap_err().rule, Rule::HeadersUnfinished);
            }
        }
    }

    #[test]
    fn what_must_not_be_repeated_is_noticed() {
        let mut lines = Lines::new(b"a\r\n\tb\r\nc\r\n", 0, false);
        lines.next().unwrap();
        assert!(lines.next_folded().unwrap().is_some());
        assert!(!lines.is_clean());
        assert!(lines.next_folded().unwrap().is_none());
        for dirty in [&b"a\tb\r\n"[..], b"a\0b\n", b"\x7f\r\n"] {
            let mut lines = Lines::new(dirty, 0, false);
            lines.next().unwrap();
            assert!(!lines.is_clean(), "{dirty:?}");
        }
        let refused = Lines::new(b"abc\rd\r\n", 0, false).next().unwrap_err();
        assert_eq!((refused.rule, refused.at), (Rule::BareCr, 3));
        assert_eq!(Lines::new(b"abc\rd\r\n", 0, true).next().unwrap().text_end, 5);
    }
}
