//! The keys of a telephone (ITU-T Q.23), numbered as RFC 4733 §3.2 numbers their events.
//!
//! What a key means is not for here to say, nor are the tones that it makes: keys come as events or in words, never as
//! sound.

/// One of the sixteen keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Key {
    /// `0`
    Zero,
    /// `1`
    One,
    /// `2`
    Two,
    /// `3`
    Three,
    /// `4`
    Four,
    /// `5`
    Five,
    /// `6`
    Six,
    /// `7`
    Seven,
    /// `8`
    Eight,
    /// `9`
    Nine,
    /// `*`
    Star,
    /// `#`
    Pound,
    /// `A`
    A,
    /// `B`
    B,
    /// `C`
    C,
    /// `D`
    D,
}

impl Key {
    /// Every key, in the order of their events.
    pub const ALL: [Self; 16] = [
        Self::Zero,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::Five,
        Self::Six,
        Self::Seven,
        Self::Eight,
        Self::Nine,
        Self::Star,
        Self::Pound,
        Self::A,
        Self::B,
        Self::C,
        Self::D,
    ];

    /// The key that this character stands for; letters without case.
    #[must_use]
    pub fn of(character: u8) -> Option<Self> {
        let character = char::from(character.to_ascii_uppercase());
        Self::ALL.into_iter().find(|key| key.as_char() == character)
    }

    /// The key of an event (RFC 4733 §3.2).
    #[must_use]
    pub fn of_event(event: u8) -> Option<Self> {
        Self::ALL.get(usize::from(event)).copied()
    }

    /// The number of its event, 0 to 15.
    #[must_use]
    pub const fn event(self) -> u8 {
        self as u8
    }

    /// What is printed on it.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Zero => '0',
            Self::One => '1',
            Self::Two => '2',
            Self::Three => '3',
            Self::Four => '4',
            Self::Five => '5',
            Self::Six => '6',
            Self::Seven => '7',
            Self::Eight => '8',
            Self::Nine => '9',
            Self::Star => '*',
            Self::Pound => '#',
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// The number on it, for keys that have one.
    #[must_use]
    pub const fn digit(self) -> Option<u8> {
        let event = self.event();
        if event < 10 { Some(event) } else { None }
    }
}

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub key: Key,
    /// For how many milliseconds; `None` where the phone does not say.
    pub duration_ms: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_by_its_event_and_by_what_is_printed_on_it() {
        for (event, (key, character)) in Key::ALL.into_iter().zip("0123456789*#ABCD".chars()).enumerate() {
            assert_eq!(key.as_char(), character);
            assert_eq!(usize::from(key.event()), event);
            assert_eq!(Key::of_event(key.event()), Some(key));
            assert_eq!(Key::of(u8::try_from(character).unwrap()), Some(key));
            assert_eq!(key.digit().map(u32::from), character.to_digit(10));
        }
        assert_eq!(Key::of(b'd'), Some(Key::D));
        assert!((16..=u8::MAX).all(|event| Key::of_event(event).is_none()));
        assert_eq!((0..=u8::MAX).filter_map(Key::of).count(), 20);
    }
}
