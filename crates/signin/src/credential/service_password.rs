//! The password of a service user: kept as an Argon2id hash.

use super::{CredentialKind, KindRow, OwnerKind, Traits, Verifier, hash_of, password, with_traits};
use crate::{
    dice::Dice,
    secret::{Secret, SecretBytes},
};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::ServicePassword,
    name: "service-password",
    title: "Password",
    belongs_to: OwnerKind::ServiceUser,
    is_digits: false,
    rules: |settings| &settings.service_password,
    rules_mut: Some(|settings| &mut settings.service_password),
};

pub(super) fn payload(secret: &Secret, traits: &Traits, dice: &mut dyn Dice) -> SecretBytes {
    with_traits(traits, &password::hash(secret, dice))
}

pub(super) fn verifier(payload: &SecretBytes) -> Verifier {
    hash_of(payload).map_or(Verifier::Unset, |phc| Verifier::Argon2(phc.into()))
}
