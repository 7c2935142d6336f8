//! Extensions and domains: the numbers on phone lines, and the organisations they belong to.

use serde::{Deserialize, Serialize};

use crate::{
    ident::{AccountId, DomainId, ExtensionId, Number},
    timestamp::Timestamp,
};

/// A number on a phone line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Never changes.
    pub id: ExtensionId,
    /// Counts the changes; a change must name the version it was made from.
    pub version: u32,
    /// The organisation.
    pub domain: DomainId,
    /// The number that is dialled, and the name the phone registers with.
    pub number: Number,
    /// The user who belongs here.
    pub user: Option<AccountId>,
    /// When the extension was made.
    pub created_at: Timestamp,
}

/// One organisation: its users, extensions and SIP domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Never changes.
    pub id: DomainId,
    /// Counts the changes.
    pub version: u32,
    /// Host names in SIP addresses that mean this domain; the first domain also takes every unknown one,
    /// because phones of a small office register at an IP address.
    pub hosts: Vec<Box<str>>,
    /// What phones show as "realm"; part of every stored digest.
    pub realm: Box<str>,
    /// Whether phones that know no SHA-256 may sign in with MD5 (RFC 8760 section 2.3 leaves it to policy).
    pub md5_allowed: bool,
}
