//! The portal passcode of a user: digits for signing in to another's phone for a while (hoteling). Kept as it is (sealed): a reversed or repeated
//! one is told by it.

use super::{Binding, CredentialKind, KindRow, OwnerKind, Verifier, digits, versioned};
use crate::secret::{Secret, SecretBytes};

pub(super) const ROW: KindRow = KindRow {
    kind: CredentialKind::PortalPasscode,
    name: "portal-passcode",
    title: "Portal passcode",
    belongs_to: OwnerKind::User,
    is_digits: true,
    rules: |settings| &settings.portal_passcode,
    rules_mut: Some(|settings| &mut settings.portal_passcode),
};

pub(super) fn payload(secret: &Secret) -> SecretBytes {
    versioned(secret.reveal())
}

pub(super) fn verifier(payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    digits::verifier(payload, binding)
}
