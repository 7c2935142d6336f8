//! Codes: secrets of digits alone, and the rules that keep the guessable ones out.

use thiserror::Error;

use super::About;
use crate::{
    dice::{Dice, below},
    policy::SecretRules,
    secret::Secret,
};

/// The rule that a code broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// Not digits.
    #[error("Use digits only (0 to 9).")]
    NotDigits,
    /// Too short.
    #[error("Use at least {0} digits.")]
    TooShort(u8),
    /// Too long.
    #[error("Use at most {0} digits.")]
    TooLong(u8),
    /// 1111, 1212, 123123.
    #[error("Do not repeat a digit or a group of digits (1111, 1212, 123123).")]
    Repeats,
    /// 1234, 8765.
    #[error("Do not use digits in a row, up or down (1234, 8765).")]
    Run,
    /// The own number, also backwards.
    #[error("Do not use the extension number, forwards or backwards.")]
    OwnNumber,
    /// One of the codes that people choose most.
    #[error("This code is one of the most common ones. Choose another.")]
    Common,
}

/// Codes that people choose most and that no other rule catches: keypad columns, years, sevens and zeros.
const COMMON: [&str; 24] = [
    "2580", "0852", "1379", "1397", "2468", "1357", "1122", "1221", "1001", "2001", "2002", "1990", "1991",
    "1984", "2000", "1980", "0007", "1007", "5683", "0070", "159753", "147258", "147852", "112233",
];

/// Checks a chosen code.
///
/// # Errors
/// The first rule it breaks.
pub fn check(code: &Secret, about: &About<'_>, rules: &SecretRules) -> Result<(), Broken> {
    let digits = code.reveal().as_bytes();
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Broken::NotDigits);
    }
    if digits.len() < usize::from(rules.length_min.max(1)) {
        return Err(Broken::TooShort(rules.length_min.max(1)));
    }
    if digits.len() > usize::from(rules.length_max) {
        return Err(Broken::TooLong(rules.length_max));
    }
    if rules.refuse_patterns && !about.patterns_waived {
        refuse_patterns(digits, about)?;
    }
    if rules.refuse_common && !about.patterns_waived && COMMON.contains(&code.reveal()) {
        return Err(Broken::Common);
    }
    Ok(())
}

fn refuse_patterns(digits: &[u8], about: &About<'_>) -> Result<(), Broken> {
    if is_repetition(digits) {
        return Err(Broken::Repeats);
    }
    if is_run(digits) {
        return Err(Broken::Run);
    }
    let number = about.number.as_bytes();
    let is_own = !number.is_empty() && (digits == number || digits.iter().rev().eq(number));
    if is_own { Err(Broken::OwnNumber) } else { Ok(()) }
}

/// Whether the whole is one group of digits, said two or more times.
fn is_repetition(digits: &[u8]) -> bool {
    (1..=digits.len() / 2).any(|length| {
        digits.len().is_multiple_of(length)
            && digits.chunks(length).all(|group| digits.chunks(length).next() == Some(group))
    })
}

/// Whether each digit is one more (or one less) than the one before.
fn is_run(digits: &[u8]) -> bool {
    let steps = || digits.iter().zip(digits.iter().skip(1)).map(|(a, b)| i16::from(*b) - i16::from(*a));
    digits.len() > 2 && (steps().all(|step| step == 1) || steps().all(|step| step == -1))
}

pub(super) fn in_words(rules: &SecretRules) -> Vec<String> {
    let mut words = vec![format!("{} to {} digits", rules.length_min.max(1), rules.length_max)];
    if rules.refuse_patterns {
        words.push("no repeats or rows (1111, 1212, 1234, 4321)".into());
        words.push("not the extension number, forwards or backwards".into());
    }
    if rules.refuse_common {
        words.push("none of the most common codes (2580, 1990 …)".into());
    }
    words
}

/// Digits of a generated code, where the rules allow as many. Nobody chose them, so nobody minds a few more.
const GENERATED_MIN: u8 = 8;

pub(super) fn generate(about: &About<'_>, rules: &SecretRules, dice: &mut dyn Dice) -> Secret {
    let length = rules.length_min.max(GENERATED_MIN).min(rules.length_max);
    let mut throw =
        || Secret::new((0..length).map(|_| char::from(b'0' + below(dice, 10))).collect::<String>());
    let mut code = throw();
    // One throw in thousands is refused; sixty-four in a row are not.
    for _ in 0..64 {
        if check(&code, about, rules).is_ok() {
            break;
        }
        code = throw();
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dice::SeededDice, policy::Settings};

    fn verdict(code: &str) -> Result<(), Broken> {
        let about = About { name: "ann", number: "2013", patterns_waived: false };
        check(&Secret::new(code), &about, &Settings::default().login_code)
    }

    #[test]
    fn every_rule_refuses_what_it_names() {
        assert_eq!(verdict("48a1"), Err(Broken::NotDigits));
        assert_eq!(verdict("481"), Err(Broken::TooShort(4)));
        assert_eq!(verdict(""), Err(Broken::TooShort(4)));
        assert_eq!(verdict(&"48".repeat(16)), Err(Broken::TooLong(31)));
        for repeats in ["1111", "1212", "123123"] {
            assert_eq!(verdict(repeats), Err(Broken::Repeats));
        }
        for run in ["1234", "8765", "456789"] {
            assert_eq!(verdict(run), Err(Broken::Run));
        }
        for own in ["2013", "3102"] {
            assert_eq!(verdict(own), Err(Broken::OwnNumber));
        }
        assert_eq!(verdict("2580"), Err(Broken::Common));
        assert_eq!(verdict("4813"), Ok(()));
    }

    #[test]
    fn an_administrators_code_may_be_exempt_from_patterns_but_not_from_length() {
        let about = About { patterns_waived: true, ..About::default() };
        let rules = Settings::default().login_code;
        assert_eq!(check(&Secret::new("1111"), &about, &rules), Ok(()));
        assert_eq!(check(&Secret::new("111"), &about, &rules), Err(Broken::TooShort(4)));
    }

    #[test]
    fn a_generated_code_satisfies_its_rules() {
        let rules = Settings::default().login_code;
        for seed in 0..2000 {
            let code = generate(&About::default(), &rules, &mut SeededDice(seed));
            assert_eq!(check(&code, &About::default(), &rules), Ok(()));
        }
    }
}
