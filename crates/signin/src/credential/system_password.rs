//! The system password: four digits that guard what may be done from the keypads of phones, phone based administration before
//! all. Every phone of a system types the same four, so there are no other rules than that. Kept as it is (sealed): keypads
//! send digits.

use super::{Binding, CredentialKind, KindRow, OwnerKind, Verifier, digits, text_of, versioned};
use crate::{
    digest::DigestKeys,
    policy::SecretRules,
    secret::{Secret, SecretBytes},
};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::SystemPassword,
    name: "system-password",
    title: "System password",
    belongs_to: OwnerKind::Domain,
    is_digits: true,
    rules: |_| &FOUR_DIGITS,
    rules_mut: None,
};

/// What phones of this kind have always asked for, and have room for.
static FOUR_DIGITS: SecretRules = SecretRules::length(4, 4);

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    match text_of(payload).filter(|text| digits::is_code(text)) {
        Some(code) => Verifier::Digest(keys(code, binding)),
        None => Verifier::Unset,
    }
}

/// It is of no number, and another realm leaves it as it is: it is bound to the domain itself.
pub(super) fn keys(code: &str, binding: &Binding<'_>) -> DigestKeys {
    DigestKeys::derive(ROW.name, &binding.domain.0.to_string(), code)
}
