//! The short codes of a domain, as they are kept: a text for each feature that was given one. Whether a text can be dialled, and
//! which codes there are where none was given, is known to whoever reads what is dialled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ident::DomainId;

/// Most features that have a code.
pub const CODES_MAX: usize = 32;
/// Bytes of a code at most.
pub const CODE_BYTES_MAX: usize = 16;
/// Bytes of a feature's name at most.
pub const FEATURE_BYTES_MAX: usize = 32;

/// What was chosen in a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainCodes {
    /// Whose.
    pub domain: DomainId,
    /// Counts the changes; 0 = untouched.
    pub version: u32,
    /// The code of each feature, by its stable name. What is missing is as it is anywhere; what is empty is switched off.
    pub codes: BTreeMap<Box<str>, Box<str>>,
}

impl DomainCodes {
    /// As it is where nothing was chosen.
    pub const fn untouched(domain: DomainId) -> Self {
        Self { domain, version: 0, codes: BTreeMap::new() }
    }
}
