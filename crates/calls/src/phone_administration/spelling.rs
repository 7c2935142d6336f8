//! Names by a keypad: a key as often as its letter stands on it, `#` behind each letter, `#` once more at the end.
//!
//! 2 to 9 have their letters and then the digit itself, 0 is a space, 1 a dash; `*` takes the last letter back. Another key
//! ends a letter too, as does a pause. Every word begins with a capital.

use crate::keypad::Key;

/// Longest name, in letters.
pub const NAME_MAX: usize = 24;

/// What stands on the keys 0 to 9.
/// After so many presses every key is where it began: the least that 2, 4 and 5 have in common.
const ROUND: usize = 20;
const LETTERS: [&str; 10] = [" 0", "-1", "abc2", "def3", "ghi4", "jkl5", "mno6", "pqrs7", "tuv8", "wxyz9"];

/// A name that is being spelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling {
    name: String,
    /// The key that is being pressed, and how often it has been.
    pending: Option<(char, usize)>,
}

/// What has become of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spelled {
    /// It goes on.
    More,
    /// Letters are certain now.
    Letters(String),
    /// The last letter is gone.
    TakenBack,
    /// There was nothing to take back.
    Back,
    /// No more letters fit.
    Full,
    /// This is it; never empty.
    Name(String),
}

impl Spelling {
    pub(super) const fn is_typing(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn key(&mut self, key: Key) -> Spelled {
        match (key, key.as_char()) {
            (Key::HASH, _) if self.pending.is_some() => self.settle(),
            (Key::HASH, _) if self.name.trim().is_empty() => Spelled::More,
            (Key::HASH, _) => Spelled::Name(std::mem::take(&mut self.name).trim().to_owned()),
            (Key::STAR, _) if self.pending.take().is_some() || self.name.pop().is_some() => {
                Spelled::TakenBack
            }
            (Key::STAR, _) => Spelled::Back,
            (key, _) if !key.is_digit() => Spelled::More,
            (_, digit) => self.press(digit),
        }
    }

    /// The letter that is being typed is whole.
    pub(super) fn settle(&mut self) -> Spelled {
        let Some(letter) = self.pending.take().and_then(letter) else { return Spelled::More };
        let is_first = self.name.chars().last().is_none_or(|before| !before.is_alphanumeric());
        let letter = if is_first { letter.to_ascii_uppercase() } else { letter };
        self.name.push(letter);
        Spelled::Letters(letter.into())
    }

    fn press(&mut self, digit: char) -> Spelled {
        if let Some((_, times)) = self.pending.as_mut().filter(|(pending, _)| *pending == digit) {
            // Round and round: only where it stands counts.
            *times = (*times + 1) % ROUND;
            return Spelled::More;
        }
        let before = self.settle();
        if self.name.len() >= NAME_MAX {
            return Spelled::Full;
        }
        self.pending = Some((digit, 0));
        before
    }
}

fn letter((digit, times): (char, usize)) -> Option<char> {
    let letters = LETTERS.get(usize::try_from(digit.to_digit(10)?).ok()?)?;
    letters.chars().nth(times % letters.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name that some keys make, or the last thing that came of them.
    fn spelled(keys: &str) -> Spelled {
        let mut spelling = Spelling::default();
        keys.chars().fold(Spelled::More, |_, c| spelling.key(Key::parse(c).unwrap()))
    }

    #[test]
    fn a_name_is_spelled_letter_by_letter() {
        for (keys, name) in [
            ("2#66#66##", "Ann"),
            ("2#66#66#0#7777#6##", "Ann Sm"),
            ("5266##", "Jan"),
            ("5#222##", "Jc"),
            ("222222##", "B"),
            ("2#11#2222##", "A12"),
            ("2#1#2##", "A-A"),
            ("2#*22##", "B"),
            ("22*2##", "A"),
            ("0#2#0##", "A"),
        ] {
            assert_eq!(spelled(keys), Spelled::Name(name.into()), "{keys}");
        }
    }

    #[test]
    fn a_name_is_never_empty_and_never_too_long() {
        for (keys, expected) in
            [("#", Spelled::More), ("0##", Spelled::More), ("*", Spelled::Back), ("2*", Spelled::TakenBack)]
        {
            assert_eq!(spelled(keys), expected, "{keys}");
        }
        assert_eq!(
            spelled(&"2#".repeat(NAME_MAX + 1)),
            Spelled::Name(format!("A{}", "a".repeat(NAME_MAX - 1))),
            "no letter goes behind the last that fits"
        );
        assert_eq!(spelled(&format!("{}3", "2#".repeat(NAME_MAX))), Spelled::Full);
        assert_eq!(spelled(&"2".repeat(601)), Spelled::More, "round and round");
    }
}
