//! The password of a user for the portal and applications ("web access password"): kept as an Argon2id hash.

use super::{CredentialKind, KindRow, OwnerKind, Traits, Verifier, hash_of, password, with_traits};
use crate::{
    dice::Dice,
    secret::{Secret, SecretBytes},
};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::UserPassword,
    name: "user-password",
    title: "User password",
    belongs_to: OwnerKind::User,
    is_digits: false,
    rules: |settings| &settings.user_password,
    rules_mut: Some(|settings| &mut settings.user_password),
};

pub(super) fn payload(secret: &Secret, traits: &Traits, dice: &mut dyn Dice) -> SecretBytes {
    with_traits(traits, &password::hash(secret, dice))
}

pub(super) fn verifier(payload: &SecretBytes) -> Verifier {
    hash_of(payload).map_or(Verifier::Unset, |phc| Verifier::Argon2(phc.into()))
}
