//! An attempt: what one interface heard, before anybody judged it.

use std::net::IpAddr;

use crate::{
    account::RoleKind,
    challenge::Nonce,
    digest::DigestProof,
    ident::{DomainId, FoldedName},
    interface::{CountScope, LoginInterface},
    lockout::TallyKey,
    secret::Secret,
};

/// Somebody claims to be somebody, and shows something for it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The way in.
    pub interface: LoginInterface,
    /// The organisation whose names are meant.
    pub domain: DomainId,
    /// Who they say they are.
    pub claim: Claim<'a>,
    /// What they show.
    pub proof: Proof<'a>,
    /// Where they are.
    pub peer: Peer<'a>,
    /// Whether being right opens a session: for who signs in to pages. Not for phones, and not for who is signed in
    /// already and shows the present password once more.
    pub opens_session: bool,
}

/// Who somebody says they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<'a> {
    /// An account, by its name.
    Account(RoleKind, &'a str),
    /// A phone of an extension, by its number.
    Extension(&'a str),
}

/// What somebody shows.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// The secret itself.
    Plain(&'a Secret),
    /// An answer to a challenge; the nonce was recognised as ours.
    Digest(Nonce, DigestProof<'a>),
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The address of the connection or datagram, never one out of a header.
    pub address: IpAddr,
    /// What the program calls itself, cut to a sensible length by the interface.
    pub agent: &'a str,
}

impl Claim<'_> {
    /// The words that were typed.
    pub const fn typed(&self) -> &str {
        match self {
            Self::Account(_, name) => name,
            Self::Extension(number) => number,
        }
    }
}

impl Attempt<'_> {
    /// The count of the one who is claimed.
    pub fn subject_key(&self) -> TallyKey {
        TallyKey {
            scope: self.interface.row().counts_on,
            domain: self.domain,
            name: FoldedName::of(self.claim.typed()),
        }
    }

    /// The count of the address.
    pub fn address_key(&self) -> TallyKey {
        debug_assert!(self.interface.row().counts_on != CountScope::Address);
        TallyKey::address(self.peer.address)
    }

    /// Whether checking it costs so much that it belongs on the bounded pool.
    pub const fn is_costly(&self) -> bool {
        matches!(self.proof, Proof::Plain(_))
    }
}
