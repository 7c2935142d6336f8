//! Codes: made by chance, read from what is kept, and held against what is typed.

use super::{Binding, Verifier, text_of};
use crate::{
    dice::{Dice, below},
    digest::DigestKeys,
    policy::SecretRules,
    secret::{Secret, SecretBytes},
};

/// Digits of a generated code, where the rules allow as many. Nobody chose them, so nobody minds a few more.
const GENERATED_MIN: u8 = 8;

/// Digits that may break a rule.
pub(super) fn throw(rules: &SecretRules, dice: &mut dyn Dice) -> Secret {
    let length = rules.length_min.max(GENERATED_MIN).min(rules.length_max);
    Secret::new((0..length).map(|_| char::from(b'0' + below(dice, 10))).collect::<String>())
}

/// Whether it is digits and nothing else. The rules let nobody choose anything else, so whatever else stands there is no
/// code.
pub(super) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What waits in memory of a code that is typed at keypads. As with login codes it is bound to number and realm: the same
/// code of two people looks the same nowhere.
pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    match text_of(payload).filter(|text| is_code(text)) {
        Some(code) => Verifier::Digest(keys(code, binding)),
        None => Verifier::Unset,
    }
}

/// The keys of a code for a number and a realm: those of a digest, for a login code is shown by phones and typed by people.
pub(super) fn keys(code: &str, binding: &Binding<'_>) -> DigestKeys {
    DigestKeys::derive(binding.username, binding.realm, code)
}
