//! The system password: four digits that guard what may be done from the keypads of phones, phone based administration before
//! all. Every phone of a system types the same four, so there are no other rules than that. Kept as it is (sealed): keypads
//! send digits. No login interface opens with it yet.

use super::{CredentialKind, KindRow, OwnerKind, versioned};
use crate::{
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
