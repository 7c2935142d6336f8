//! Profiles: what people have chosen for themselves, by which address they are reached, and the links that are on their way to
//! them.

use serde::{Deserialize, Serialize};

use crate::{
    ident::AccountId,
    link::{Link, LinkKind},
    mail::MailAddress,
    timestamp::{Seconds, Timestamp},
};

/// Longest tag of a language (RFC 5646 section 4.4.1).
pub const LANGUAGE_MAX: usize = 35;
/// One account is mailed one link to a new password in this time.
pub const RECOVERY_EVERY: Seconds = Seconds::minutes(60);

/// What is kept of a person besides the account. Who never chose anything has none in the store, which is as good as
/// [`Profile::untouched`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Whose.
    pub account: AccountId,
    /// Counts the changes; 0 = untouched.
    pub version: u32,
    /// The tag of the language that pages and mails are in (RFC 5646); `None`: as the browser asks, mails as the system is.
    pub language: Option<Box<str>>,
    /// Where mail about the account goes: an address at which mail has been seen to arrive.
    pub address: Option<BoundAddress>,
    /// An address at which it has not yet.
    pub waiting: Option<MailAddress>,
    /// The links that may open something; at most one of a kind.
    pub links: Vec<Link>,
    /// When the last link to a new password was mailed.
    pub recovery_at: Option<Timestamp>,
}

/// An address that is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundAddress {
    /// Which.
    pub address: MailAddress,
    /// Since when.
    pub confirmed_at: Timestamp,
}

impl Default for Profile {
    fn default() -> Self {
        Self::untouched(AccountId::NOBODY)
    }
}

impl Profile {
    /// As it is for somebody of whom nothing is kept.
    pub const fn untouched(account: AccountId) -> Self {
        Self {
            account,
            version: 0,
            language: None,
            address: None,
            waiting: None,
            links: Vec::new(),
            recovery_at: None,
        }
    }

    /// The same, one version later.
    #[must_use]
    pub fn next_version(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }

    /// The link of this kind.
    pub fn link(&self, kind: LinkKind) -> Option<&Link> {
        self.links.iter().find(|link| link.kind == kind)
    }

    /// With a link in the place of the one of its kind.
    #[must_use]
    pub fn with_link(&self, link: Link) -> Self {
        let mut after = self.without_link(link.kind);
        after.links.push(link);
        after
    }

    /// Without the link of this kind.
    #[must_use]
    pub fn without_link(&self, kind: LinkKind) -> Self {
        let mut after = self.next_version();
        after.links.retain(|link| link.kind != kind);
        after
    }

    /// Whether another link to a new password may be mailed.
    pub fn may_be_mailed(&self, now: Timestamp) -> bool {
        self.recovery_at.is_none_or(|last| now >= last.after(RECOVERY_EVERY))
    }
}
