//! Phone based administration: what guards it. The first two extensions of a domain may administer it from the keypad; the
//! system password is asked of them.
//!
//! Specification: SPEC sections 2 and 6 (S24).

use serde::{Deserialize, Serialize};

use crate::{
    credential::{CredentialKind, Owner},
    extension::Domain,
    records::Records,
};

/// What a phone that may administer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PhoneAdministration {
    /// Nobody gets in: no system password is set.
    Closed,
    /// Each phone is asked for the system password.
    AskedOfEvery,
    /// As on the older systems: M- and T-series phones are asked for it, others get in without.
    AskedOfOlder,
    /// As on the older systems without a system password: nobody is asked for anything.
    Open,
}

impl PhoneAdministration {
    /// What follows from the setting and from whether there is a system password.
    pub const fn of(is_as_before: bool, is_set: bool) -> Self {
        match (is_as_before, is_set) {
            (false, false) => Self::Closed,
            (false, true) => Self::AskedOfEvery,
            (true, true) => Self::AskedOfOlder,
            (true, false) => Self::Open,
        }
    }

    /// What holds in a domain.
    pub fn in_domain(records: &dyn Records, domain: &Domain) -> Self {
        let password = records.credential(Owner::Domain(domain.id), CredentialKind::SystemPassword);
        Self::of(domain.phones_administer_as_before, password.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_password_it_is_closed_and_open_only_where_that_was_chosen() {
        let table = [
            (false, false, PhoneAdministration::Closed),
            (false, true, PhoneAdministration::AskedOfEvery),
            (true, true, PhoneAdministration::AskedOfOlder),
            (true, false, PhoneAdministration::Open),
        ];
        for (is_as_before, is_set, expected) in table {
            assert_eq!(PhoneAdministration::of(is_as_before, is_set), expected, "{is_as_before} {is_set}");
        }
    }
}
