//! The voicemail code of a user: digits for the mailbox. Kept as it is (sealed): a reversed or repeated
//! one is told by it.

use super::{Binding, CredentialKind, KindRow, OwnerKind, Verifier, digits, versioned};
use crate::secret::{Secret, SecretBytes};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::VoicemailCode,
    name: "voicemail-code",
    title: "Voicemail code",
    belongs_to: OwnerKind::User,
    is_digits: true,
    rules: |settings| &settings.voicemail_code,
    rules_mut: Some(|settings| &mut settings.voicemail_code),
};

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    digits::verifier(payload, binding)
}
