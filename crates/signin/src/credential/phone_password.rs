//! The phone password of an extension: used for registration in place of the login code when set. Kept like it.

use super::{
    Binding, CredentialKind, KindRow, OwnerKind, Verifier, login_code::digest_verifier, text_of, versioned,
};
use crate::secret::{Secret, SecretBytes};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::PhonePassword,
    name: "phone-password",
    title: "Phone password",
    belongs_to: OwnerKind::Extension,
    is_digits: false,
    rules: |settings| &settings.phone_password,
    rules_mut: Some(|settings| &mut settings.phone_password),
};

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    text_of(payload).map_or(Verifier::Unset, |secret| digest_verifier(secret, binding))
}
