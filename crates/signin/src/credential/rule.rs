//! The rules for secrets, one row each: how a rule is set, what it says beside the field, and what it says when it is
//! broken. Whoever checks, shows, stores or compares rules goes through this table.

use super::{CredentialKind, Mark, Traits};
use crate::{
    policy::{Complexity, HISTORY_MAX, SecretRules},
    timestamp::Seconds,
};

/// What may be entered for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// A whole number.
    Number {
        /// The smallest.
        least: u32,
        /// The greatest.
        most: u32,
        /// "characters"; may be empty.
        unit: &'static str,
    },
    /// 0 or 1.
    Flag,
    /// The place in a list, each with its stable name and its words.
    Choice(&'static [(&'static str, &'static str)]),
}

impl Range {
    /// Whether a value is within.
    pub fn holds(&self, value: u32) -> bool {
        match self {
            Self::Number { least, most, .. } => (*least..=*most).contains(&value),
            Self::Flag => value <= 1,
            Self::Choice(list) => usize::try_from(value).is_ok_and(|place| place < list.len()),
        }
    }

    /// A value for people.
    pub fn in_words(&self, value: u32) -> String {
        match self {
            Self::Number { unit: "", .. } => value.to_string(),
            Self::Number { unit, .. } => format!("{value} {unit}"),
            Self::Flag => if value == 0 { "no" } else { "yes" }.into(),
            Self::Choice(list) => {
                let place = usize::try_from(value).unwrap_or(usize::MAX);
                list.get(place).map_or("", |(_, words)| words).into()
            }
        }
    }
}

/// The degrees of complexity.
pub(super) const COMPLEXITIES: [(&str, &str); 4] = [
    ("any", "Any characters"),
    ("low", "Low: any characters, without the account's name"),
    ("medium", "Medium: two kinds of character, none three times in a row, without the name"),
    ("high", "High: three kinds of character, none three times in a row, without the name"),
];

/// Which kinds of secret a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suits {
    Every,
    Passwords,
    Codes,
    /// Codes that people type and can change themselves.
    TypedCodes,
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct SecretRule {
    /// Stable name.
    pub name: &'static str,
    /// Before the field, in the settings.
    pub title: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// What is waived for codes that an administrator sets, where that is allowed.
    pub(super) is_pattern: bool,
    suits: Suits,
    range: fn(CredentialKind) -> Range,
    get: fn(&SecretRules) -> u32,
    set: fn(&mut SecretRules, u32),
    /// The sentences beside the field; none when it is off.
    words: fn(&SecretRules, bool) -> Vec<String>,
    /// What is said when it is broken.
    broken: fn(&SecretRules, &Traits, bool) -> Option<String>,
}

/// A rule that a secret broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its stable name.
    pub rule: &'static str,
    /// The stable name of what is wrong, of several things that one rule looks at; for those who say it in another language.
    pub class: &'static str,
    /// In words, with what would be right.
    pub says: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.says)
    }
}

const fn number(least: u32, most: u32, unit: &'static str) -> Range {
    Range::Number { least, most, unit }
}

const fn limits(kind: CredentialKind) -> (u32, u32) {
    match kind {
        CredentialKind::ServicePassword | CredentialKind::UserPassword | CredentialKind::PhonePassword => {
            (8, 128)
        }
        CredentialKind::LoginCode => (4, 31),
        CredentialKind::VoicemailCode => (4, 15),
        CredentialKind::PortalPasscode => (4, 10),
        CredentialKind::SystemPassword => (4, 4),
    }
}

fn lengths(kind: CredentialKind) -> Range {
    let (least, most) = limits(kind);
    number(least, most, if kind.row().is_digits { "digits" } else { "characters" })
}

const fn unit(is_digits: bool) -> &'static str {
    if is_digits { "digits" } else { "characters" }
}

fn narrow(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn said(is_on: bool, words: &str) -> Vec<String> {
    if is_on { vec![words.to_owned()] } else { Vec::new() }
}

fn at_least(fewest: u8, found: u8, what: &str) -> Option<String> {
    (found < fewest).then(|| format!("Use at least {}.", counted(fewest, what)))
}

fn counted(number: u8, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn at_most(most: u8, found: u8) -> bool {
    most > 0 && found > most
}

macro_rules! rule {
    ($name:literal, $title:literal, $help:literal, $suits:ident, $pattern:literal, $range:expr, $get:expr, $set:expr, $words:expr, $broken:expr $(,)?) => {
        SecretRule {
            name: $name,
            title: $title,
            help: $help,
            suits: Suits::$suits,
            is_pattern: $pattern,
            range: $range,
            get: $get,
            set: $set,
            words: $words,
            broken: $broken,
        }
    };
}

/// Every rule for secrets, in the order in which they are checked.
pub const SECRET_RULES: [SecretRule; 17] = [
    rule!(
        "length-min",
        "Shortest",
        "Length is what makes a secret hard to guess.",
        Every,
        false,
        lengths,
        |rules| rules.length_min.into(),
        |rules, value| rules.length_min = narrow(value),
        |rules, is_digits| {
            let any = if is_digits || rules.complexity > Complexity::Low { "" } else { ", of any kind" };
            let (fewest, most, unit) = (rules.length_min.max(1), rules.length_max, unit(is_digits));
            if fewest == most {
                return vec![format!("exactly {fewest} {unit}{any}")];
            }
            vec![format!("{fewest} to {most} {unit}{any}")]
        },
        |rules, traits, is_digits| {
            let fewest = rules.length_min.max(1);
            let extent = if fewest == rules.length_max { "exactly" } else { "at least" };
            (traits.length < fewest).then(|| format!("Use {extent} {fewest} {}.", unit(is_digits)))
        },
    ),
    rule!(
        "length-max",
        "Longest",
        "What devices and programs can take.",
        Every,
        false,
        lengths,
        |rules| rules.length_max.into(),
        |rules, value| rules.length_max = narrow(value),
        |_, _| Vec::new(),
        |rules, traits, is_digits| {
            let extent = if rules.length_min == rules.length_max { "exactly" } else { "at most" };
            (traits.length > rules.length_max)
                .then(|| format!("Use {extent} {} {}.", rules.length_max, unit(is_digits)))
        },
    ),
    rule!(
        "refuse-patterns",
        "Refuse simple codes",
        "No row (1234), no repeats (1111, 1212), not the extension, also backwards.",
        Codes,
        true,
        |_| Range::Flag,
        |rules| rules.refuse_patterns.into(),
        |rules, value| rules.refuse_patterns = value != 0,
        |rules, _| {
            let mut words = said(rules.refuse_patterns, "no repeats or rows (1111, 1212, 1234, 4321)");
            words.extend(said(
                rules.refuse_patterns || rules.refuse_own_number,
                "not the extension number, forwards or backwards",
            ));
            words
        },
        |rules, traits, _| match rules.refuse_patterns {
            true if traits.is(Mark::Repetition) => {
                Some("Do not repeat a digit or a group of digits (1111, 1212, 123123).".into())
            }
            true if traits.is(Mark::Run) => {
                Some("Do not use digits in a row, up or down (1234, 8765).".into())
            }
            true if traits.is(Mark::OwnNumber) => Some(OWN_NUMBER.into()),
            _ => None,
        },
    ),
    rule!(
        "refuse-own-number",
        "Refuse the own number",
        "The extension, forwards or backwards.",
        Codes,
        true,
        |_| Range::Flag,
        |rules| rules.refuse_own_number.into(),
        |rules, value| rules.refuse_own_number = value != 0,
        |_, _| Vec::new(),
        |rules, traits, _| {
            (rules.refuse_own_number && traits.is(Mark::OwnNumber)).then(|| OWN_NUMBER.into())
        },
    ),
    rule!(
        "same-max",
        "Same digit in a row, at most",
        "3: 1112 is right, 11112 is not. 0: as many as one likes.",
        Codes,
        true,
        |_| number(0, 6, "digits"),
        |rules| rules.same_max.into(),
        |rules, value| rules.same_max = narrow(value),
        |rules, _| said(
            rules.same_max > 0,
            &format!("the same digit at most {} in a row", times(rules.same_max))
        ),
        |rules, traits, _| {
            at_most(rules.same_max, traits.same)
                .then(|| format!("Use the same digit at most {} in a row.", times(rules.same_max)))
        },
    ),
    rule!(
        "refuse-groups",
        "Refuse repeated groups",
        "1212, 408408, also inside of something longer.",
        Codes,
        true,
        |_| Range::Flag,
        |rules| rules.refuse_groups.into(),
        |rules, value| rules.refuse_groups = value != 0,
        |rules, _| said(rules.refuse_groups, "no group of digits twice in a row (1212, 408408)"),
        |rules, traits, _| {
            (rules.refuse_groups && traits.is(Mark::Groups))
                .then(|| "Do not say a group of digits twice in a row (1212, 408408).".into())
        },
    ),
    rule!(
        "up-max",
        "Digits going up, at most",
        "3: 123 is right, 1234 is not. 0: as many as one likes.",
        Codes,
        true,
        |_| number(0, 5, "digits"),
        |rules| rules.up_max.into(),
        |rules, value| rules.up_max = narrow(value),
        |rules, _| said(rules.up_max > 0, &format!("at most {} digits going up one by one", rules.up_max)),
        |rules, traits, _| {
            at_most(rules.up_max, traits.up)
                .then(|| format!("Let at most {} digits go up one by one.", rules.up_max))
        },
    ),
    rule!(
        "down-max",
        "Digits going down, at most",
        "3: 321 is right, 4321 is not. 0: as many as one likes.",
        Codes,
        true,
        |_| number(0, 5, "digits"),
        |rules| rules.down_max.into(),
        |rules, value| rules.down_max = narrow(value),
        |rules, _| said(
            rules.down_max > 0,
            &format!("at most {} digits going down one by one", rules.down_max)
        ),
        |rules, traits, _| {
            at_most(rules.down_max, traits.down)
                .then(|| format!("Let at most {} digits go down one by one.", rules.down_max))
        },
    ),
    rule!(
        "refuse-common",
        "Refuse common ones",
        "What attackers try first, and what is the owner's own: names, number, the system's name.",
        Every,
        true,
        |_| Range::Flag,
        |rules| rules.refuse_common.into(),
        |rules, value| rules.refuse_common = value != 0,
        |rules, is_digits| match (rules.refuse_common, is_digits) {
            (false, _) => Vec::new(),
            (true, true) => vec!["none of the most common codes (2580, 1990 …)".into()],
            (true, false) => {
                vec!["not the account's name, and none of the passwords that are tried first".into()]
            }
        },
        |rules, traits, is_digits| match (rules.refuse_common, is_digits) {
            (true, true) if traits.is(Mark::Common) => {
                Some("This code is one of the most common ones. Choose another.".into())
            }
            (true, false) if traits.is(Mark::OwnName) => Some(
                "Do not use the account's name or number as the password, even in part of a short one."
                    .into(),
            ),
            (true, false) if traits.is(Mark::Common) => {
                Some("This is one of the passwords that are tried first. Choose another.".into())
            }
            _ => None,
        },
    ),
    rule!(
        "complexity",
        "Complexity",
        "What older guidelines ask for. A long phrase is safer, and easier to remember.",
        Passwords,
        false,
        |_| Range::Choice(&COMPLEXITIES),
        |rules| rules.complexity as u32,
        |rules, value| rules.complexity = match value {
            0 => Complexity::Any,
            1 => Complexity::Low,
            2 => Complexity::Medium,
            _ => Complexity::High,
        },
        |rules, _| {
            let mut words = said(rules.complexity >= Complexity::Low, "without the account's name");
            if rules.complexity >= Complexity::Medium {
                words.push(format!(
                    "at least {} of these: small letters, capitals, digits, others",
                    kinds(rules)
                ));
                words.push("no character three times in a row".into());
            }
            words
        },
        |rules, traits, _| match rules.complexity {
            Complexity::Any => None,
            _ if traits.is(Mark::NameInside) => Some("Leave the account's name out.".into()),
            Complexity::Low => None,
            Complexity::Medium | Complexity::High if traits.kinds() < usize::from(kinds(rules)) => Some(
                format!("Use at least {} of these: small letters, capitals, digits, others.", kinds(rules))
            ),
            Complexity::Medium | Complexity::High =>
                (traits.same >= 3).then(|| "Do not use a character three times in a row (aaa).".into()),
        },
    ),
    rule!(
        "lower-min",
        "Small letters, at least",
        "0: none are needed.",
        Passwords,
        false,
        |_| number(0, 10, ""),
        |rules| rules.lower_min.into(),
        |rules, value| rules.lower_min = narrow(value),
        |rules, _| said(
            rules.lower_min > 0,
            &format!("at least {}", counted(rules.lower_min, "small letter"))
        ),
        |rules, traits, _| at_least(rules.lower_min, traits.lower, "small letter"),
    ),
    rule!(
        "upper-min",
        "Capital letters, at least",
        "0: none are needed.",
        Passwords,
        false,
        |_| number(0, 10, ""),
        |rules| rules.upper_min.into(),
        |rules, value| rules.upper_min = narrow(value),
        |rules, _| said(
            rules.upper_min > 0,
            &format!("at least {}", counted(rules.upper_min, "capital letter"))
        ),
        |rules, traits, _| at_least(rules.upper_min, traits.upper, "capital letter"),
    ),
    rule!(
        "digits-min",
        "Digits, at least",
        "0: none are needed.",
        Passwords,
        false,
        |_| number(0, 10, ""),
        |rules| rules.digits_min.into(),
        |rules, value| rules.digits_min = narrow(value),
        |rules, _| said(rules.digits_min > 0, &format!("at least {}", counted(rules.digits_min, "digit"))),
        |rules, traits, _| at_least(rules.digits_min, traits.digits, "digit"),
    ),
    rule!(
        "other-min",
        "Other characters, at least",
        "Marks, spaces, and letters that are neither small nor capital. 0: none are needed.",
        Passwords,
        false,
        |_| number(0, 10, ""),
        |rules| rules.other_min.into(),
        |rules, value| rules.other_min = narrow(value),
        |rules, _| said(
            rules.other_min > 0,
            &format!("at least {} that is no letter or digit", counted(rules.other_min, "character"))
        ),
        |rules, traits, _| at_least(rules.other_min, traits.others, "character")
            .map(|says| says.replace('.', " that is no letter or digit.")),
    ),
    rule!(
        "history",
        "Not one of the last",
        "The present one is among them. 0: any may come again.",
        Every,
        false,
        |_| number(0, HISTORY_MAX as u32, ""),
        |rules| rules.history.into(),
        |rules, value| rules.history = narrow(value),
        |rules, _| match rules.history {
            0 => Vec::new(),
            1 => vec!["not the present one".into()],
            many => vec![format!("none of the last {many}")],
        },
        // What came before is not in the secret: whoever sets one asks the records.
        |_, _, _| None,
    ),
    rule!(
        "refuse-reversed",
        "Refuse the present one backwards",
        "Who has to choose a new one often turns the old one round.",
        Every,
        false,
        |_| Range::Flag,
        |rules| rules.refuse_reversed.into(),
        |rules, value| rules.refuse_reversed = value != 0,
        |rules, _| said(rules.refuse_reversed, "not the present one backwards"),
        |_, _, _| None,
    ),
    rule!(
        "period",
        "Changed every",
        "Then a new one is asked for. 0: never.",
        TypedCodes,
        false,
        |_| number(0, 999, "days"),
        |rules| rules.period.0 / 86_400,
        |rules, value| rules.period = Seconds::days(value),
        |_, _| Vec::new(),
        |_, _, _| None,
    ),
];

const OWN_NUMBER: &str = "Do not use the extension number, forwards or backwards.";

const fn kinds(rules: &SecretRules) -> u8 {
    match rules.complexity {
        Complexity::Any | Complexity::Low => 1,
        Complexity::Medium => 2,
        Complexity::High => 3,
    }
}

fn times(number: u8) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

impl SecretRule {
    /// Whether it is a rule for this kind that can be set.
    pub fn suits(&self, kind: CredentialKind) -> bool {
        let is_digits = kind.row().is_digits;
        match self.suits {
            Suits::Every => true,
            Suits::Passwords => !is_digits,
            Suits::Codes => is_digits,
            Suits::TypedCodes => {
                matches!(kind, CredentialKind::VoicemailCode | CredentialKind::PortalPasscode)
            }
        }
    }

    /// What may be entered.
    pub fn range(&self, kind: CredentialKind) -> Range {
        (self.range)(kind)
    }

    /// The value.
    pub fn get(&self, rules: &SecretRules) -> u32 {
        (self.get)(rules)
    }

    /// Changes the value.
    pub fn set(&self, rules: &mut SecretRules, value: u32) {
        (self.set)(rules, value);
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SECRET_RULES.iter().find(|rule| rule.name == name)
    }

    /// The sentences beside the field; none when it is off.
    pub fn in_words(&self, rules: &SecretRules, kind: CredentialKind) -> Vec<String> {
        if self.suits(kind) { (self.words)(rules, kind.row().is_digits) } else { Vec::new() }
    }
}

/// Holds traits against the rules of a kind: the first rule that is broken.
///
/// # Errors
/// That rule.
pub fn judge(
    kind: CredentialKind,
    traits: &Traits,
    rules: &SecretRules,
    patterns_waived: bool,
) -> Result<(), Broken> {
    let is_digits = kind.row().is_digits;
    if is_digits && traits.digits != traits.length {
        let (rule, says) = ("digits-only", "Use digits only (0 to 9).".into());
        return Err(Broken { rule, class: rule, says });
    }
    let broken = SECRET_RULES
        .iter()
        .filter(|rule| rule.suits(kind) && !(rule.is_pattern && is_digits && patterns_waived))
        .find_map(|rule| Some((rule.name, (rule.broken)(rules, traits, is_digits)?)));
    broken.map_or(Ok(()), |(rule, says)| {
        Err(Broken { rule, class: class_of(rule, rules, traits, is_digits), says })
    })
}

/// What is wrong, where a rule looks at several things; in the order in which it does.
fn class_of(rule: &'static str, rules: &SecretRules, traits: &Traits, is_digits: bool) -> &'static str {
    match rule {
        "refuse-patterns" if traits.is(Mark::Repetition) => "repetition",
        "refuse-patterns" if traits.is(Mark::Run) => "run",
        "refuse-patterns" | "refuse-own-number" => "own-number",
        "refuse-common" if is_digits => "common-code",
        "refuse-common" if traits.is(Mark::OwnName) => "own-name",
        "refuse-common" => "common-password",
        "complexity" if traits.is(Mark::NameInside) => "name-inside",
        "complexity" if traits.kinds() < usize::from(kinds(rules)) => "kinds",
        "complexity" => "three-times",
        other => other,
    }
}

/// Every class that a broken rule can have.
pub const CLASSES: [&str; 23] = [
    "digits-only",
    "length-min",
    "length-max",
    "repetition",
    "run",
    "own-number",
    "same-max",
    "refuse-groups",
    "up-max",
    "down-max",
    "common-code",
    "own-name",
    "common-password",
    "name-inside",
    "kinds",
    "three-times",
    "lower-min",
    "upper-min",
    "digits-min",
    "other-min",
    "history",
    "present",
    "refuse-reversed",
];
