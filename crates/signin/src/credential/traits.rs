//! Traits: what the rules look at in a secret, and all that they look at.
//!
//! They are worked out when a secret is chosen, and kept, sealed, beside a hash, which tells nothing of what was hashed.
//! So one and the same code judges a secret that is chosen now and one that was chosen a year ago under other rules
//! (docs/decisions/0019-traits-of-secrets.md).

use super::{About, CredentialKind, blocklist};
use crate::secret::Secret;

/// Bytes of their kept form.
pub const TRAITS_LEN: usize = 10;

/// What the rules look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// Characters, at most 255.
    pub length: u8,
    /// Small letters.
    pub lower: u8,
    /// Capital letters.
    pub upper: u8,
    /// ASCII digits.
    pub digits: u8,
    /// Other characters.
    pub others: u8,
    /// The longest row of one character.
    pub same: u8,
    /// The longest row of digits each one more than the one before.
    pub up: u8,
    /// The same downwards.
    pub down: u8,
    marks: u16,
}

/// Something that is so, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The whole is one group of characters, said two or more times.
    Repetition = 1,
    /// The whole is one row, up or down.
    Run = 2,
    /// A group of two or more digits is said twice in a row.
    Groups = 4,
    /// It is the own number, forwards or backwards.
    OwnNumber = 8,
    /// The own name, or another word of one's own, is most of it.
    OwnName = 16,
    /// The account's name is somewhere in it.
    NameInside = 32,
    /// It is among those that are tried first.
    Common = 64,
}

impl Traits {
    /// Those of a secret.
    pub fn of(kind: CredentialKind, secret: &Secret, about: &About<'_>) -> Self {
        let text = secret.reveal();
        let mut traits = Self::default();
        for c in text.chars() {
            let count = match c {
                '0'..='9' => &mut traits.digits,
                c if c.is_lowercase() => &mut traits.lower,
                c if c.is_uppercase() => &mut traits.upper,
                _ => &mut traits.others,
            };
            *count = count.saturating_add(1);
            traits.length = traits.length.saturating_add(1);
        }
        traits.rows(text);
        let folded = blocklist::folded(text);
        let name = about.name.to_lowercase();
        traits.mark(Mark::Repetition, is_repetition(text.as_bytes()));
        traits.mark(Mark::Run, text.len() > 2 && traits.up.max(traits.down) == traits.length);
        traits.mark(Mark::Groups, has_groups(text.as_bytes()));
        traits.mark(Mark::OwnNumber, is_number(text, about.number));
        traits.mark(Mark::OwnName, own_words(about).any(|own| is_most_of(&folded, &own)));
        traits.mark(Mark::NameInside, name.chars().count() >= 3 && folded.contains(&name));
        let is_common =
            if kind.row().is_digits { blocklist::is_code(text) } else { blocklist::is_password(&folded) };
        traits.mark(Mark::Common, is_common);
        traits
    }

    /// Whether it is so.
    pub const fn is(&self, mark: Mark) -> bool {
        self.marks & mark as u16 != 0
    }

    /// How many of the four kinds of character there are.
    pub fn kinds(&self) -> usize {
        [self.lower, self.upper, self.digits, self.others].iter().filter(|count| **count > 0).count()
    }

    const fn mark(&mut self, mark: Mark, is: bool) {
        if is {
            self.marks |= mark as u16;
        }
    }

    fn rows(&mut self, text: &str) {
        let (mut same, mut up, mut down) = (0_u8, 0_u8, 0_u8);
        let mut before: Option<char> = None;
        for c in text.chars() {
            let step = before
                .filter(|b| b.is_ascii_digit() && c.is_ascii_digit())
                .map(|b| i64::from(c as u32) - i64::from(b as u32));
            same = if before == Some(c) { same.saturating_add(1) } else { 1 };
            up = if step == Some(1) { up.saturating_add(1) } else { 1 };
            down = if step == Some(-1) { down.saturating_add(1) } else { 1 };
            self.same = self.same.max(same);
            self.up = self.up.max(up);
            self.down = self.down.max(down);
            before = Some(c);
        }
    }

    /// The form that is kept.
    pub const fn to_bytes(self) -> [u8; TRAITS_LEN] {
        let [high, low] = self.marks.to_be_bytes();
        [
            self.length,
            self.lower,
            self.upper,
            self.digits,
            self.others,
            self.same,
            self.up,
            self.down,
            high,
            low,
        ]
    }

    /// The kept form, read.
    pub const fn from_bytes(bytes: [u8; TRAITS_LEN]) -> Self {
        let [length, lower, upper, digits, others, same, up, down, high, low] = bytes;
        Self { length, lower, upper, digits, others, same, up, down, marks: u16::from_be_bytes([high, low]) }
    }
}

/// Words that are the owner's own: the names, the number, and what the system is called.
fn own_words(about: &About<'_>) -> impl Iterator<Item = String> {
    [about.name, about.number, about.system]
        .into_iter()
        .chain(about.full_name.split_whitespace())
        .map(str::to_lowercase)
}

/// A name inside a long phrase harms nobody; one that is most of the password does.
fn is_most_of(folded: &str, own: &str) -> bool {
    let length = own.chars().count();
    length >= 3 && folded.contains(own) && length * 2 > folded.chars().count()
}

fn is_number(text: &str, number: &str) -> bool {
    !number.is_empty() && (text == number || text.bytes().rev().eq(number.bytes()))
}

fn is_repetition(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|length| {
        text.len().is_multiple_of(length)
            && text.chunks(length).all(|group| text.chunks(length).next() == Some(group))
    })
}

/// Whether two or more digits are followed by the same ones: 408408, and 121212 also inside of something longer.
fn has_groups(text: &[u8]) -> bool {
    // The longest code is short, and a password has at most as many bytes as a secret may have: bounded all the same.
    let text = text.get(..text.len().min(64)).unwrap_or_default();
    (2..=text.len() / 2).any(|length| {
        text.windows(length * 2).any(|pair| {
            let (first, second) = pair.split_at(length);
            first == second && first.iter().all(u8::is_ascii_digit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Traits {
        let about = About { name: "Ann", full_name: "Ann Smithers", number: "2013", ..About::default() };
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let kind = if is_digits { CredentialKind::LoginCode } else { CredentialKind::UserPassword };
        Traits::of(kind, &Secret::new(text), &about)
    }

    #[test]
    fn everything_is_counted() {
        let traits = of("aaB1234é-43x");
        assert_eq!(
            (traits.length, traits.lower, traits.upper, traits.digits, traits.others),
            (12, 4, 1, 6, 1)
        );
        assert_eq!((traits.same, traits.up, traits.down, traits.kinds()), (2, 4, 2, 4));
        assert_eq!(of(&"x".repeat(999)).length, 255);
    }

    #[test]
    fn every_mark_is_set_for_what_it_names_alone() {
        for (text, mark) in [
            ("1212", Mark::Repetition),
            ("3456", Mark::Run),
            ("6543", Mark::Run),
            ("94084087", Mark::Groups),
            ("3102", Mark::OwnNumber),
            ("smithers-7", Mark::OwnName),
            ("a tanned row", Mark::NameInside),
            ("password", Mark::Common),
            ("2580", Mark::Common),
        ] {
            assert!(of(text).is(mark), "{text} {mark:?}");
            assert!(!of("qerty-oiu, 48159").is(mark), "{mark:?}");
        }
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        for text in ["", "1212", "smithers-7", "aaB1234é-43x"] {
            assert_eq!(Traits::from_bytes(of(text).to_bytes()), of(text));
        }
    }
}
