//! A cursor over bytes, and the character classes of RFC 3261 §25.1.
//!
//! White space inside a header value includes CR and LF: the header table has already proved that those are
//! continuation lines (§7.3.1), so folding costs nothing further on.

use memchr::memchr2;
use wide::u8x16;

use super::{Malformed, Rule, Text};

/// `token`.
pub(crate) const TOKEN: u16 = 1;
/// Linear white space, folded lines included.
pub(crate) const SPACE: u16 = 2;
/// The user part of a URI: the grammar's characters, `#`, which phones send in dial strings, and bytes over 127.
pub(crate) const USER: u16 = 4;
/// A URI parameter or header; `%` is checked apart.
pub(crate) const PARAMETER: u16 = 8;
/// A host name; `_` is not in the grammar but in the field.
pub(crate) const HOST: u16 = 16;
/// The value of a header parameter: more than `token / host`, since phones put base64 and bare IPv6 there.
pub(crate) const VALUE: u16 = 32;
/// Decimal digits.
pub(crate) const DIGIT: u16 = 64;
/// What may stand in a Call-ID (`word`, and `@`) and in URIs of unknown schemes.
pub(crate) const WORD: u16 = 128;
/// The user part of a `tel` URI, separators included.
pub(crate) const PHONE: u16 = 256;

static CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut index = 0usize;
    while index < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the index is below 256")]
        let byte = index as u8;
        let mut class = 0;
        let unreserved = byte.is_ascii_alphanumeric() || is_one_of(byte, b"-_.!~*'()");
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"-.!%*_+`'~") {
            class |= TOKEN;
        }
        if is_one_of(byte, b" \t\r\n") {
            class |= SPACE;
        }
        if unreserved || is_one_of(byte, b"&=+$,;?/%#") || byte >= 0x80 {
            class |= USER;
        }
        if unreserved || is_one_of(byte, b"[]/:&+$%") {
            class |= PARAMETER;
        }
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"-._") {
            class |= HOST;
        }
        if (byte.is_ascii_graphic() && !is_one_of(byte, b";,\"<>")) || byte >= 0x80 {
            class |= VALUE;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte.is_ascii_graphic() || byte >= 0x80 {
            class |= WORD;
        }
        if byte.is_ascii_hexdigit() || is_one_of(byte, b"+-.()*#") {
            class |= PHONE;
        }
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
        {
            table[index] = class;
        }
        index += 1;
    }
    table
}

const fn is_one_of(byte: u8, set: &[u8]) -> bool {
    let mut rest = set;
    while let [first, tail @ ..] = rest {
        if *first == byte {
            return true;
        }
        rest = tail;
    }
    false
}

/// Whether `byte` is of any of the classes in `class`.
#[inline]
pub(crate) fn is(byte: u8, class: u16) -> bool {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0) & class != 0
}

/// Whether `bytes`, which are of a token, are `word`, which has only letters, hyphens and asterisks; without case.
#[inline]
pub(crate) fn is_word(bytes: &[u8], word: &[u8]) -> bool {
    // Bit 5 is the case of letters, and what differs from the others in it alone is no token.
    bytes.len() == word.len()
        && bytes.iter().zip(word).fold(0, |sum, (one, two)| sum | (one ^ two)) & !0x20 == 0
}

/// Whether any of the bytes is found by `test`, which looks at sixteen at a time and finds no `a`.
#[inline]
pub(crate) fn any(bytes: &[u8], test: impl Fn(u8x16) -> u8x16) -> bool {
    let (parts, rest) = bytes.as_chunks::<16>();
    let found = parts.iter().fold(u8x16::splat(0), |found, part| found | test(u8x16::new(*part)));
    let last = match bytes.last_chunk() {
        // Some of them once more: that is cheaper than to part them off.
        Some(last) => *last,
        None => {
            let mut last = [b'a'; 16];
            last.iter_mut().zip(rest).for_each(|(place, &byte)| *place = byte);
            last
        }
    };
    (found | test(u8x16::new(last))).to_bitmask() != 0
}

/// Which of these bytes are control characters.
#[inline]
pub(crate) fn controls(bytes: u8x16) -> u8x16 {
    bytes.min(u8x16::splat(0x1f)).simd_eq(bytes) | bytes.simd_eq(u8x16::splat(0x7f))
}

/// Whether all bytes are of [`WORD`], which all are but controls and spaces.
#[inline]
pub(crate) fn is_word_text(bytes: &[u8]) -> bool {
    !any(bytes, |bytes| controls(bytes) | bytes.simd_eq(u8x16::splat(b' ')))
}

/// Without white space at its start.
#[inline]
pub(crate) fn trim_start(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest
        && is(*first, SPACE)
    {
        rest = tail;
    }
    rest
}

/// Without white space at either end.
#[inline]
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

/// Without white space at its end.
#[inline]
pub(crate) fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [head @ .., last] = rest
        && is(*last, SPACE)
    {
        rest = head;
    }
    rest
}

/// A decimal number; too large ones saturate. `None` unless all bytes are digits.
#[inline]
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    // Eighteen digits always fit; of more only the magnitude matters.
    let (first, rest) = bytes.split_at(bytes.len().min(18));
    let mut number = 0u64;
    for &byte in first {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    for &byte in rest {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
    }
    Some(number)
}

/// Where the first quote or backslash stands.
#[inline]
fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    // Most strings are short: a call of memchr costs more than three of these steps.
    let (parts, _) = bytes.as_chunks::<16>();
    for (index, part) in parts.iter().take(3).enumerate() {
        let part = u8x16::new(*part);
        let found = part.simd_eq(u8x16::splat(b'"')) | part.simd_eq(u8x16::splat(b'\\'));
        let found = found.to_bitmask();
        if found != 0 {
            return Some(index * 16 + found.trailing_zeros() as usize);
        }
    }
    let seen = parts.len().min(3) * 16;
    memchr2(b'"', b'\\', bytes.get(seen..)?).map(|distance| seen + distance)
}

/// Which of these bytes are not of [`VALUE`], the first one lowest.
#[inline]
fn ends_of_value(bytes: [u8; 16]) -> u32 {
    let bytes = u8x16::new(bytes);
    let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
    let is_low = bytes.min(u8x16::splat(b' ')).simd_eq(bytes);
    (is_low | is(0x7f) | is(b';') | is(b',') | is(b'"') | is(b'<') | is(b'>')).to_bitmask()
}

/// Where a parser stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) const fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What lies between `from` and here.
    #[inline]
    pub(crate) fn since(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.bytes.len());
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    #[inline]
    pub(crate) fn skip(&mut self, class: u16) {
        // By slice, not by `peek`: the loop then runs in registers.
        let rest = self.rest();
        self.at += rest.iter().position(|&byte| !is(byte, class)).unwrap_or(rest.len());
    }

    /// Skips bytes of [`VALUE`], sixteen at a time as long as there are so many.
    #[inline]
    pub(crate) fn skip_value(&mut self) {
        while let Some(head) = self.rest().first_chunk() {
            let ends = ends_of_value(*head);
            if ends != 0 {
                self.at += ends.trailing_zeros() as usize;
                return;
            }
            self.at += head.len();
        }
        self.skip(VALUE);
    }

    /// The next bytes as one number, if there are so many.
    #[inline]
    pub(crate) fn word(&self) -> Option<u128> {
        self.rest().first_chunk().map(|head| u128::from_le_bytes(*head))
    }

    #[inline]
    pub(crate) fn take(&mut self, class: u16) -> &'a [u8] {
        let from = self.at;
        self.skip(class);
        self.since(from)
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        self.skip(SPACE);
    }

    pub(crate) const fn fail<T>(&self, rule: Rule) -> Result<T, Malformed> {
        Err(Malformed::new(rule, self.at))
    }

    /// The inside of a quoted string whose opening quote is next.
    #[inline]
    pub(crate) fn quoted(&mut self) -> Result<Text<'a>, Malformed> {
        let open = self.at;
        self.advance(1);
        let from = self.at;
        let mut escaped = false;
        loop {
            match quote_or_escape(self.rest()) {
                None => return Err(Malformed::new(Rule::QuoteUnfinished, open)),
                Some(distance) => {
                    self.advance(distance);
                    if self.peek() == Some(b'"') {
                        let inside = self.since(from);
                        self.advance(1);
                        return Ok(Text::new(inside, true, escaped));
                    }
                    escaped = true;
                    self.advance(2);
                }
            }
        }
    }

    /// `[":" port]`, white space around the colon allowed where `spaced`.
    pub(crate) fn port(&mut self, spaced: bool) -> Result<Option<u16>, Malformed> {
        let before = *self;
        if spaced {
            self.skip_space();
        }
        if !self.eat(b':') {
            *self = before;
            return Ok(None);
        }
        if spaced {
            self.skip_space();
        }
        let digits = self.take(DIGIT);
        match decimal(digits).map(u16::try_from) {
            Some(Ok(port)) => Ok(Some(port)),
            Some(Err(_)) | None => self.fail(Rule::Port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_the_same_byte_however_it_is_looked_at() {
        for byte in 0..=u8::MAX {
            let expected = if is(byte, VALUE) { 0 } else { 1 << 9 };
            let mut head = [b'a'; 16];
            head[9] = byte;
            assert_eq!(ends_of_value(head), expected, "{byte:#x}");
            for length in 0..40 {
                let mut text = vec![b'a'; length];
                text.push(byte);
                text.push(b';');
                let mut scan = Scan::new(&text);
                scan.skip_value();
                assert_eq!(scan.at(), length + usize::from(is(byte, VALUE)), "{byte:#x} behind {length}");
            }
        }
    }

    #[test]
    fn every_control_and_every_end_of_a_word_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for (before, after) in (0..40).flat_map(|before| [(before, 0), (before, 3), (before, 20)]) {
                let text = [&vec![b'x'; before][..], &[byte], &vec![b'y'; after]].concat();
                let has_control = byte < b' ' || byte == 0x7f;
                assert_eq!(any(&text, controls), has_control, "{byte:#x} behind {before}");
                assert_eq!(is_word_text(&text), is(byte, WORD), "{byte:#x} behind {before}");
            }
        }
        assert!(!any(b"", controls));
        assert!(is_word_text(b""));
    }

    #[test]
    fn a_quoted_string_ends_at_its_quote_however_long_it_is() {
        for length in 0..120 {
            let inside = "x".repeat(length);
            let text = format!("\"{inside}\" \"more");
            assert_eq!(Scan::new(text.as_bytes()).quoted().unwrap().raw(), inside.as_bytes());
            let escaped = format!("\"{inside}\\\"{inside}\"");
            let inside = format!("{inside}\\\"{inside}");
            assert_eq!(Scan::new(escaped.as_bytes()).quoted().unwrap().raw(), inside.as_bytes());
            assert!(Scan::new(format!("\"{inside}").as_bytes()).quoted().is_err());
        }
    }
}
