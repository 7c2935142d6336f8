//! The login code of a user: digits for phones. Kept as it is (sealed), because a digest is made for a realm
//! and a number, and both can change.

use super::{Binding, CredentialKind, KindRow, OwnerKind, Verifier, digits, versioned};
use crate::{
    digest::DigestKeys,
    secret::{Secret, SecretBytes},
};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::LoginCode,
    name: "login-code",
    title: "Login code",
    belongs_to: OwnerKind::User,
    is_digits: true,
    rules: |settings| &settings.login_code,
    rules_mut: Some(|settings| &mut settings.login_code),
};

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    digits::verifier(payload, binding)
}

/// What a digest that was made with `secret` is held against.
pub(super) fn digest_verifier(secret: &str, binding: &Binding<'_>) -> Verifier {
    Verifier::Digest(DigestKeys::derive(binding.username, binding.realm, secret))
}
