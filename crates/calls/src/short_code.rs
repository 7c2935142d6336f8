//! Short codes: what is dialled to have something done instead of calling somebody. An administrator may change each code;
//! what follows it is fixed:
//!
//! ```text
//! *35*N*C#    log in here with the code C of extension N     *35*C#   at one's own phone     *36   log out
//! *60*O*W#    change the login code from O to W              *60**W#  where there is none
//! *38*N*C#    be a guest at this phone                       *39      be none any more
//! *17         the mailbox                                    *9       phone administration
//! ```
//! The last `#` may be missing: many phones take it as "dial now" and keep it. Nothing here knows whether a code is right.
//!
//! Specification: SPEC section 3 (S12, S13, S14, S17).

use std::{collections::BTreeMap, fmt};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use signin::{ident::Number, secret::Secret};
use thiserror::Error;

/// Longest code, in keys.
pub const CODE_MAX: usize = 8;
/// Longest secret behind a code, in digits.
const SECRET_DIGITS_MAX: usize = 31;
/// The longest thing that can be dialled with a code: the code, two secrets, and what parts them.
pub const DIALLED_MAX: usize = CODE_MAX + 2 * SECRET_DIGITS_MAX + 5;

/// What can be had by a short code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Logging in to a phone (hot desking).
    PhoneLogin,
    /// Logging out of it.
    PhoneLogout,
    /// Changing one's own login code.
    ChangeLoginCode,
    /// One's own mailbox.
    Voicemail,
    /// Being a guest at a host phone.
    Hoteling,
    /// Being none any more.
    HotelingEnd,
    /// Administering from the keypad.
    PhoneAdministration,
}

/// What is fixed about a feature.
#[derive(Clone, Copy, Debug)]
pub struct FeatureRow {
    /// Which one.
    pub feature: Feature,
    /// Stable name in settings and the audit.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What follows the code, for people: `N` a number, `C` its code.
    pub followed_by: &'static [&'static str],
    default: &'static str,
}

/// Every feature, in the order of [`Feature`].
pub const FEATURES: [FeatureRow; 7] = [
    row(Feature::PhoneLogin, "phone-login", "Log in to a phone", &["*N*C#", "*C#"], "*35"),
    row(Feature::PhoneLogout, "phone-logout", "Log out of a phone", &[""], "*36"),
    row(
        Feature::ChangeLoginCode,
        "change-login-code",
        "Change the login code",
        &["*old*new#", "**new#"],
        "*60",
    ),
    row(Feature::Voicemail, "voicemail", "Mailbox", &[""], "*17"),
    row(Feature::Hoteling, "hoteling", "Be a guest at a phone", &["*N*C#"], "*38"),
    row(Feature::HotelingEnd, "hoteling-end", "Be a guest no longer", &[""], "*39"),
    row(Feature::PhoneAdministration, "phone-administration", "Phone administration", &[""], "*9"),
];

const fn row(
    feature: Feature,
    name: &'static str,
    title: &'static str,
    followed_by: &'static [&'static str],
    default: &'static str,
) -> FeatureRow {
    FeatureRow { feature, name, title, followed_by, default }
}

impl Feature {
    /// Its row.
    pub const fn row(self) -> &'static FeatureRow {
        let [login, logout, change, voicemail, hoteling, hoteling_end, administration] = &FEATURES;
        match self {
            Self::PhoneLogin => login,
            Self::PhoneLogout => logout,
            Self::ChangeLoginCode => change,
            Self::Voicemail => voicemail,
            Self::Hoteling => hoteling,
            Self::HotelingEnd => hoteling_end,
            Self::PhoneAdministration => administration,
        }
    }

    /// The feature of this name.
    pub fn named(name: &str) -> Option<Self> {
        FEATURES.iter().find(|row| row.name == name).map(|row| row.feature)
    }
}

/// One code: `*` or `#`, then digits and `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct Code(CompactString);

/// What is wrong with a code, in words for whoever chose it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeFault {
    /// It could be the beginning of a number.
    #[error("A code begins with * or #.")]
    Start,
    /// It has something in it that is on no keypad.
    #[error("A code is made of the keys 0 to 9 and *; {0:?} is none of them.")]
    Character(char),
    /// `#` ends what is dialled at many phones.
    #[error("# can stand at the beginning alone: many phones dial when it is pressed.")]
    HashInside,
    /// One key is the beginning of all codes.
    #[error("Use at least one more key behind the first.")]
    TooShort,
    /// Nobody would remember it.
    #[error("Use at most {CODE_MAX} keys.")]
    TooLong,
    /// Whoever dials the longer one would get the shorter.
    #[error("This code and that for \u{201c}{}\u{201d} begin alike, so that one of them could not be dialled.", .0.row().title)]
    BeginsAlike(Feature),
}

impl Code {
    /// Reads a code.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CodeFault> {
        let Some(rest) = text.strip_prefix(['*', '#']) else { return Err(CodeFault::Start) };
        let is_key = |c: char| c.is_ascii_digit() || c == '*';
        match rest.chars().find(|c| !is_key(*c)) {
            Some('#') => Err(CodeFault::HashInside),
            Some(other) => Err(CodeFault::Character(other)),
            None if rest.is_empty() => Err(CodeFault::TooShort),
            None if text.len() > CODE_MAX => Err(CodeFault::TooLong),
            None => Ok(Self(text.into())),
        }
    }

    /// The keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn begins_like(&self, other: &Self) -> bool {
        self.0.starts_with(other.as_str()) || other.0.starts_with(self.as_str())
    }
}

impl TryFrom<CompactString> for Code {
    type Error = CodeFault;

    fn try_from(text: CompactString) -> Result<Self, CodeFault> {
        Self::parse(&text)
    }
}

impl From<Code> for CompactString {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The codes of a domain. None begins like another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct ShortCodes {
    codes: Kept,
}

/// As it is written down. A feature that is not in it came after it was; one with `null` is switched off.
type Kept = BTreeMap<Feature, Option<Code>>;

impl Default for ShortCodes {
    fn default() -> Self {
        let codes = FEATURES.iter().map(|row| (row.feature, Code::parse(row.default).ok()));
        Self { codes: codes.collect() }
    }
}

impl TryFrom<Kept> for ShortCodes {
    type Error = CodeFault;

    fn try_from(kept: Kept) -> Result<Self, CodeFault> {
        let mut codes = Self { codes: FEATURES.iter().map(|row| (row.feature, None)).collect() };
        let missing: Vec<_> = FEATURES.iter().filter(|row| !kept.contains_key(&row.feature)).collect();
        for (feature, code) in kept {
            codes.put(feature, code)?;
        }
        for row in missing {
            // What somebody uses already stays theirs; the newer feature is off until it is given another code.
            codes.put(row.feature, Code::parse(row.default).ok()).unwrap_or_default();
        }
        Ok(codes)
    }
}

impl From<ShortCodes> for Kept {
    fn from(codes: ShortCodes) -> Self {
        codes.codes
    }
}

impl ShortCodes {
    /// The code of a feature; `None` where it is switched off.
    pub fn code(&self, feature: Feature) -> Option<&Code> {
        self.codes.get(&feature)?.as_ref()
    }

    /// Changes one. An empty text switches the feature off.
    ///
    /// # Errors
    /// What is wrong with the code; then nothing has changed.
    pub fn set(&mut self, feature: Feature, text: &str) -> Result<(), CodeFault> {
        let text = text.trim();
        let code = if text.is_empty() { None } else { Some(Code::parse(text)?) };
        self.put(feature, code)
    }

    fn put(&mut self, feature: Feature, code: Option<Code>) -> Result<(), CodeFault> {
        if let Some(code) = &code {
            let mut others = self.codes.iter().filter(|(other, _)| **other != feature);
            let alike = others.find(|(_, other)| other.as_ref().is_some_and(|other| other.begins_like(code)));
            if let Some((other, _)) = alike {
                return Err(CodeFault::BeginsAlike(*other));
            }
        }
        self.codes.insert(feature, code);
        Ok(())
    }

    /// What was dialled; `None` when it begins with no code, and is a number then, or nothing.
    pub fn parse(&self, dialled: &str) -> Option<Dialled> {
        let (feature, rest) = FEATURES.iter().find_map(|row| {
            let rest = dialled.strip_prefix(self.code(row.feature)?.as_str())?;
            // *35 and nothing that parts it from 01 is not the code *35.
            (rest.is_empty() || rest.starts_with(['*', '#', '%'])).then_some((row.feature, rest))
        })?;
        // The ending as a phone types it, and as it stands in an address that nobody has decoded.
        let rest = rest.strip_suffix("%23").unwrap_or(rest).trim_end_matches('#');
        let arguments = if dialled.len() > DIALLED_MAX { None } else { Arguments::split(rest) };
        Some(arguments.and_then(|arguments| arguments.of(feature)).unwrap_or(Dialled::Malformed(feature)))
    }
}

/// What was dialled with a short code. The secrets in it have been held against nothing yet.
#[derive(Clone, Debug)]
pub enum Dialled {
    /// Log in at this phone.
    PhoneLogin {
        /// As whom; `None` = as the extension that the phone belongs to.
        number: Option<Number>,
        /// The login code.
        code: Secret,
    },
    /// Log out of this phone.
    PhoneLogout,
    /// Change the login code of whoever is logged in here.
    ChangeLoginCode {
        /// The present one; `None` = there is said to be none.
        old: Option<Secret>,
        /// The one that is wanted.
        new: Secret,
    },
    /// To the mailbox.
    Voicemail,
    /// Be a guest at this phone.
    Hoteling {
        /// Whose number comes along.
        number: Number,
        /// The portal passcode.
        code: Secret,
    },
    /// Be none any more.
    HotelingEnd,
    /// To the phone administration.
    PhoneAdministration,
    /// The code is this feature's, and what follows is not what belongs there.
    Malformed(Feature),
}

/// What stands behind a code, parted by stars.
struct Arguments<'a> {
    first: Option<&'a str>,
    second: Option<&'a str>,
}

impl<'a> Arguments<'a> {
    /// `None` when there are more than two, or anything but digits in them.
    fn split(rest: &'a str) -> Option<Self> {
        if rest.is_empty() {
            return Some(Self { first: None, second: None });
        }
        let mut parts = rest.strip_prefix('*')?.split('*');
        let split = Self { first: parts.next(), second: parts.next() };
        let is_clean =
            |part: &str| part.len() <= SECRET_DIGITS_MAX && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut both = [split.first, split.second].into_iter().flatten();
        (parts.next().is_none() && both.all(is_clean)).then_some(split)
    }

    fn of(&self, feature: Feature) -> Option<Dialled> {
        match (feature, self.first, self.second) {
            (Feature::PhoneLogin, Some(code), None) => {
                Some(Dialled::PhoneLogin { number: None, code: secret(code)? })
            }
            (Feature::PhoneLogin, Some(number), Some(code)) => {
                Some(Dialled::PhoneLogin { number: Some(Number::parse(number)?), code: secret(code)? })
            }
            (Feature::ChangeLoginCode, Some(old), Some(new)) => {
                Some(Dialled::ChangeLoginCode { old: secret(old), new: secret(new)? })
            }
            (Feature::Hoteling, Some(number), Some(code)) => {
                Some(Dialled::Hoteling { number: Number::parse(number)?, code: secret(code)? })
            }
            (Feature::PhoneLogout, None, None) => Some(Dialled::PhoneLogout),
            (Feature::Voicemail, None, None) => Some(Dialled::Voicemail),
            (Feature::HotelingEnd, None, None) => Some(Dialled::HotelingEnd),
            (Feature::PhoneAdministration, None, None) => Some(Dialled::PhoneAdministration),
            _ => None,
        }
    }
}

/// An empty secret is none.
fn secret(digits: &str) -> Option<Secret> {
    (!digits.is_empty()).then(|| Secret::new(digits))
}
