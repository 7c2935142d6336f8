//! The login code of a user: digits for phones. Kept as it is (sealed), because a digest is made for a realm
//! and a number, and both can change.

use super::{Binding, CredentialKind, KindRow, OwnerKind, Verifier, text_of, versioned};
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
};

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    text_of(payload).map_or(Verifier::Unset, |code| {
        Verifier::Digest(DigestKeys::derive(binding.username, binding.realm, code))
    })
}
