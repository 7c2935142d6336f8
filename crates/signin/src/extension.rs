//! Extensions and domains: the numbers on phone lines, and the organisations they belong to.

use serde::{Deserialize, Serialize};

use crate::{
    digest::DigestAlgorithm,
    ident::{AccountId, DomainId, ExtensionId, Number},
    portal::PortalRules,
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
    /// Phones, by the beginning of their User-Agent, that give up when a challenge offers anything but MD5. They are
    /// offered MD5 alone, where MD5 is allowed. It depends on nothing but what the phone says of itself, so it tells
    /// nobody which extensions exist.
    #[serde(default)]
    pub md5_only_agents: Vec<Box<str>>,
    /// Whether phone based administration is guarded as on the older systems: the system password is asked of M- and T-series
    /// phones alone, and of nobody where none is set.
    #[serde(default)]
    pub phones_administer_as_before: bool,
    /// What its people may see and change by themselves.
    #[serde(default)]
    pub portal: PortalRules,
}

/// Phones that are known to give up when SHA-256 is offered: old desktop phones, and the libraries that browser phones are
/// made of, which look at the first challenge alone.
pub const MD5_ONLY_AGENTS: [&str; 4] = ["baresip v0.", "baresip v1.", "JsSIP ", "SIP.js/"];
/// Most domains of one installation.
pub const DOMAINS_MAX: usize = 10_000;
/// Most beginnings in that list.
pub const AGENTS_MAX: usize = 64;

impl Domain {
    /// Whether a phone that calls itself so is offered this hash.
    pub fn offers(&self, algorithm: DigestAlgorithm, agent: &[u8]) -> bool {
        let is_old = || self.md5_only_agents.iter().any(|start| agent.starts_with(start.as_bytes()));
        match algorithm {
            DigestAlgorithm::Sha256 => !self.md5_allowed || !is_old(),
            DigestAlgorithm::Md5 => self.md5_allowed,
        }
    }
}
