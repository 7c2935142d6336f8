//! What is typed at a telephone: its sixteen keys, and a row of them.
//!
//! Specification: RFC 4733 section 3.2 (the keys and their event codes). How a key travels (as an event, in a message, as two
//! tones) is no concern of this file.

use std::fmt;

use signin::{ident::Number, secret::Secret};
use zeroize::Zeroizing;

/// Most keys in a row: a login code of 31 digits and one more, by which a longer one is told.
pub const DIGITS_MAX: usize = 32;

/// The keys in the order of their event codes.
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// One key: 0 to 9, `*`, `#`, A to D. It may be a digit of a secret, so it is not printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(u8);

impl Key {
    /// The key that goes back.
    pub const STAR: Self = Self(10);
    /// The key that ends what is typed.
    pub const HASH: Self = Self(11);

    /// The key with this character on it, small letters too.
    pub fn parse(character: char) -> Option<Self> {
        let code = KEYS.iter().position(|key| *key == character.to_ascii_uppercase())?;
        u8::try_from(code).ok().map(Self)
    }

    /// The key of an event code of RFC 4733 section 3.2; the hook flash (16) is none.
    pub fn from_event(code: u8) -> Option<Self> {
        KEYS.get(usize::from(code)).map(|_| Self(code))
    }

    /// What is on it.
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).copied().unwrap_or('#')
    }

    /// Whether it is 0 to 9.
    pub const fn is_digit(self) -> bool {
        self.0 < 10
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A row of keys, at most [`DIGITS_MAX`]; taken for a secret, whatever it is. Wiped when dropped.
#[derive(Clone)]
pub struct Digits {
    /// ASCII, zeros behind them. In place, so that none stays behind where a longer row would have moved to.
    keys: Zeroizing<[u8; DIGITS_MAX]>,
    length: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self { keys: Zeroizing::new([0; DIGITS_MAX]), length: 0 }
    }
}

impl Digits {
    /// The keys of a text; `None` when it is too long or has anything else in it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = Self::default();
        let is_whole = text.chars().all(|c| Key::parse(c).is_some_and(|key| digits.push(key)));
        is_whole.then_some(digits)
    }

    /// Puts a key at the end. Whether there was room.
    pub fn push(&mut self, key: Key) -> bool {
        let Some(place) = self.keys.get_mut(self.length) else { return false };
        *place = u8::try_from(key.as_char()).unwrap_or_default();
        self.length += 1;
        true
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The keys as an extension number, if they are one.
    pub fn to_number(&self) -> Option<Number> {
        Number::parse(self.reveal())
    }

    /// The keys as a secret.
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.reveal())
    }

    fn reveal(&self) -> &str {
        self.keys.get(..self.length).and_then(|keys| std::str::from_utf8(keys).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_character_and_its_event_code() {
        for (code, character) in (0..).zip(KEYS) {
            let key = Key::parse(character).unwrap();
            assert_eq!(Key::from_event(code), Some(key));
            assert_eq!(key.as_char(), character);
            assert_eq!(key.is_digit(), character.is_ascii_digit());
        }
        assert_eq!(Key::parse('a'), Key::parse('A'));
        assert_eq!((Key::STAR.as_char(), Key::HASH.as_char()), ('*', '#'));
        for character in ['E', ' ', '٣', '+'] {
            assert_eq!(Key::parse(character), None, "{character}");
        }
        assert_eq!(Key::from_event(16), None);
    }

    #[test]
    fn a_row_of_keys_is_bounded_and_never_cut_silently() {
        let mut digits = Digits::default();
        for _ in 0..DIGITS_MAX {
            assert!(digits.push(Key::STAR));
        }
        assert!(!digits.push(Key::STAR));
        assert_eq!(digits.len(), DIGITS_MAX);
        assert!(Digits::parse(&"1".repeat(DIGITS_MAX + 1)).is_none());
        assert!(Digits::parse("12 3").is_none());
        digits.clear();
        assert!(digits.is_empty() && digits.to_secret().is_empty());
    }

    #[test]
    fn what_is_typed_is_a_number_or_a_secret_and_never_printed() {
        let digits = Digits::parse("4821").unwrap();
        assert_eq!(digits.to_number(), Number::parse("4821"));
        assert_eq!(digits.to_secret().reveal(), "4821");
        assert_eq!(Digits::parse("48*1").unwrap().to_number(), None);
        assert_eq!(format!("{digits:?} {:?}", Key::parse('4')), "Digits(…) Some(Key(…))");
    }
}
