//! Profiles: what people have chosen for themselves, and by which address they are reached.

use serde::{Deserialize, Serialize};

use crate::ident::AccountId;

/// Longest tag of a language (RFC 5646 section 4.4.1).
pub const LANGUAGE_MAX: usize = 35;

/// What is kept of a person besides the account. Who never chose anything has none in the store, which is as good as
/// [`Profile::untouched`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose.
    pub account: AccountId,
    /// Counts the changes; 0 = untouched.
    pub version: u32,
    /// The tag of the language that pages and mails are in (RFC 5646); `None`: as the browser asks, mails as the system is.
    #[serde(default)]
    pub language: Option<Box<str>>,
}

impl Profile {
    /// As it is for somebody of whom nothing is kept.
    pub const fn untouched(account: AccountId) -> Self {
        Self { account, version: 0, language: None }
    }

    /// The same, one version later.
    #[must_use]
    pub fn next_version(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }
}
