//! What things are called: identifiers that never change, and names as people type them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identifier!(
    /// One organisation. A small office has only [`DomainId::FIRST`] and never sees the word.
    DomainId
);
identifier!(
    /// One account, service user or user; never used twice.
    AccountId
);
identifier!(
    /// One extension; never used twice.
    ExtensionId
);

identifier!(
    /// One rights group; never used twice.
    GroupId
);

identifier!(
    /// One target of alarms and rows of the audit; never used twice.
    TargetId
);

impl TargetId {
    /// Stands for one that is to be made.
    pub const NEW: Self = Self(0);
}

impl AccountId {
    /// An account that there will never be. What is done for a name that somebody has is done for this one where nobody
    /// has the name, so that both take the same time.
    pub const NOBODY: Self = Self(u32::MAX);
}

impl ExtensionId {
    /// An extension that there will never be; see [`AccountId::NOBODY`].
    pub const NOBODY: Self = Self(u32::MAX);
}

impl DomainId {
    /// The domain that ignition makes.
    pub const FIRST: Self = Self(1);
}

/// Longest account name, in characters.
pub const NAME_MAX: usize = 64;
/// Longest extension number, in digits.
pub const NUMBER_MAX: usize = 15;
/// Longest name that is counted; what is typed beyond it is counted under its beginning.
const COUNTED_MAX: usize = 80;
/// Times that a name is folded at most.
const FOLDS_MAX: usize = 4;

/// An account name as it is compared: compatibility-normalised and lower case, so that `Ann`, `ANN` and
/// a full-width `Ａｎｎ` are one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FoldedName(CompactString);

impl FoldedName {
    /// Folds what somebody typed. Never fails: whatever is typed must be countable, so it is cut at a
    /// limit instead.
    pub fn of(typed: &str) -> Self {
        let trimmed = typed.trim();
        // In normal form already. Without this, names with a capital or a space would take ten times as long.
        if trimmed.len() <= COUNTED_MAX && trimmed.is_ascii() {
            let mut name = CompactString::from(trimmed);
            name.as_mut_str().make_ascii_lowercase();
            return Self(name);
        }
        let mut name = fold(trimmed);
        // Lower case need not come out in normal form, nor a cut name without white space at its end: until nothing
        // changes any more, so that to fold a folded name changes nothing.
        for _ in 1..FOLDS_MAX {
            let again = fold(&name);
            if again == name {
                break;
            }
            name = again;
        }
        Self(name)
    }

    /// The name under which a network is counted: an IPv4 address, or the 64 bits of an IPv6 one.
    pub(crate) fn of_network(network: IpAddr) -> Self {
        match network {
            IpAddr::V4(v4) => Self(dotted(v4)),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(format_compact!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
            }
        }
    }

    /// The folded characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fold(typed: &str) -> CompactString {
    let lower = typed.trim().chars().take(COUNTED_MAX).nfkc().flat_map(char::to_lowercase);
    let folded: CompactString = lower.take(COUNTED_MAX).collect();
    folded.trim_end().into()
}

/// An IPv4 address as everybody writes it. By hand, because each phone that registers comes by here.
fn dotted(address: Ipv4Addr) -> CompactString {
    let mut text = [0; 15];
    let mut length = 0;
    let mut push = |byte| {
        if let Some(place) = text.get_mut(length) {
            *place = byte;
            length += 1;
        }
    };
    for (position, octet) in address.octets().into_iter().enumerate() {
        if position > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default().into()
}

/// An extension number: 1 to [`NUMBER_MAX`] digits. They lie in place: there is one of these for each line and each extension.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// ASCII, zeros behind them.
    digits: [u8; NUMBER_MAX],
    length: u8,
}

impl Number {
    /// Nobody's: it has no digits.
    pub const NOBODY: Self = Self { digits: [0; NUMBER_MAX], length: 0 };

    /// Reads a number; `None` when it is empty, too long or has anything but digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=NUMBER_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let length = u8::try_from(text.len()).ok().filter(|_| fits)?;
        let mut digits = [0; NUMBER_MAX];
        digits.iter_mut().zip(text.bytes()).for_each(|(place, digit)| *place = digit);
        Some(Self { digits, length })
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The digits, as they travel.
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl std::hash::Hash for Number {
    /// As its text does.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Number").field(&self.as_str()).finish()
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = CompactString::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("an extension number is 1 to 15 digits"))
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_ascii_folds_as_any_other() {
        for byte in 0..=127u8 {
            for typed in [format!("Ann{0}", char::from(byte)), format!("{0} A{0}n", char::from(byte))] {
                assert_eq!(FoldedName::of(&typed).as_str(), fold(&fold(&typed)), "{typed:?}");
            }
        }
    }

    #[test]
    fn names_that_look_alike_are_one_name() {
        for typed in ["ann", "Ann", " ANN ", "Ａｎｎ"] {
            assert_eq!(FoldedName::of(typed).as_str(), "ann");
        }
        assert_eq!(FoldedName::of("Jörg").as_str(), "jörg");
    }

    #[test]
    fn a_name_of_any_length_is_countable_within_a_bound() {
        assert!(FoldedName::of(&"x".repeat(100_000)).as_str().len() <= COUNTED_MAX);
        assert!(FoldedName::of(&"ﷺ".repeat(1000)).as_str().chars().count() <= COUNTED_MAX);
    }

    #[test]
    fn a_network_is_named_as_everybody_writes_it() {
        for address in ["0.0.0.0", "1.20.99.100", "255.255.255.255", "127.0.0.1", "10.200.3.40"] {
            assert_eq!(FoldedName::of_network(address.parse().unwrap()).as_str(), address);
        }
        let v6 = "2001:db8:0:1::".parse().unwrap();
        assert_eq!(FoldedName::of_network(v6).as_str(), "2001:db8:0:1::/64");
    }

    #[test]
    fn a_name_that_was_cut_behind_white_space_ends_before_it() {
        let name = FoldedName::of(&format!("{}  {}", "x".repeat(79), "y".repeat(20)));
        assert_eq!(name.as_str(), "x".repeat(79));
        assert_eq!(FoldedName::of(name.as_str()), name);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4096))]

        #[test]
        fn to_fold_a_folded_name_changes_nothing(typed in "\\PC{0,120}", spaces in "[ \t\u{b}\u{c}\r\n\u{0}]{0,100}") {
            for typed in [typed.clone(), format!("{spaces}{typed}"), format!("{typed}{spaces}{typed}")] {
                let folded = FoldedName::of(&typed);
                proptest::prop_assert_eq!(FoldedName::of(folded.as_str()), folded);
            }
        }
    }

    #[test]
    fn a_number_is_digits_only() {
        assert!(Number::parse("201").is_some());
        for bad in ["", "20a", "-1", "1234567890123456", "２０１"] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }
}
