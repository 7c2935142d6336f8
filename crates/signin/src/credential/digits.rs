//! Codes made by chance.

use crate::{
    dice::{Dice, below},
    policy::SecretRules,
    secret::Secret,
};

/// Digits of a generated code, where the rules allow as many. Nobody chose them, so nobody minds a few more.
const GENERATED_MIN: u8 = 8;

/// Digits that may break a rule.
pub(super) fn throw(rules: &SecretRules, dice: &mut dyn Dice) -> Secret {
    let length = rules.length_min.max(GENERATED_MIN).min(rules.length_max);
    Secret::new((0..length).map(|_| char::from(b'0' + below(dice, 10))).collect::<String>())
}
