//! An attempt: what one interface heard, before anybody judged it.

use std::{
    hash::{Hash as _, Hasher as _},
    net::IpAddr,
};

use crate::{
    account::RoleKind,
    audit::Action,
    challenge::Nonce,
    digest::DigestProof,
    ident::{AccountId, DomainId, FoldedName},
    interface::{CountScope, LoginInterface},
    lockout::{SYSTEM, TallyKey, network},
    place::Lane,
    secret::Secret,
    session::SessionId,
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
    /// What being right is good for.
    pub purpose: Purpose,
}

/// What being right is good for, and so what it leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A session, for who signs in to pages. The audit has a row. It takes the place of the one that the browser holds
    /// already, if both are of one account: or a single browser would fill all the places there are.
    Session(Option<Held>),
    /// One thing and no more, such as opening one page or one line. The audit has a row.
    Once,
    /// To go on: who is signed in shows the present password once more. The audit has a row of its own kind.
    Confirmation,
    /// One request of a program. The audit has a row for the first in a while: see
    /// [`ApiToken::used_now`](crate::api_token::ApiToken::used_now).
    Request,
    /// A phone's registration. What the phone then does to its bindings leaves the row, and a refresh none.
    Registration,
}

/// A session that is open, and whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub session: SessionId,
    /// The account that it is of.
    pub account: AccountId,
}

/// Who somebody says they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<'a> {
    /// An account, by its name.
    Account(RoleKind, &'a str),
    /// A phone of an extension, by its number.
    Extension(&'a str),
    /// A program, by the id of its token.
    Token(&'a str),
    /// Whoever holds a link that was mailed or handed over, by its name (see [`crate::link::LinkName`]).
    Link(&'a str),
    /// Somebody at the keypad of a phone of this number, who knows the system password of its domain.
    System(&'a str),
}

/// What somebody shows.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// The secret itself.
    Plain(&'a Secret),
    /// The secret part of an API token or a link.
    Bearer(&'a Secret),
    /// An answer to a challenge; the nonce was recognised as ours.
    Digest(Nonce, DigestProof<'a>),
    /// What was typed at a keypad.
    Digits(&'a Secret),
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The address of the connection or datagram, never one out of a header.
    pub address: IpAddr,
    /// What the program calls itself, cut to a sensible length by the interface.
    pub agent: &'a str,
    /// What the browser shows to be known by (see [`crate::place::Devices`]); empty for nothing.
    pub device: &'a str,
}

impl Purpose {
    /// What an attempt for it is called in the audit.
    pub const fn action(self) -> Action {
        match self {
            Self::Session(_) | Self::Once | Self::Request | Self::Registration => Action::SignIn,
            Self::Confirmation => Action::Confirm,
        }
    }
}

impl Claim<'_> {
    /// The words that were typed.
    pub const fn typed(&self) -> &str {
        match self {
            Self::Account(_, name) => name,
            Self::Extension(number) | Self::System(number) => number,
            Self::Token(id) | Self::Link(id) => id,
        }
    }
}

impl Attempt<'_> {
    /// The count of the one who is claimed, where they are not known.
    pub fn subject_key(&self) -> TallyKey {
        self.subject_in(Lane::Open)
    }

    /// The same in a lane.
    pub fn subject_in(&self, lane: Lane) -> TallyKey {
        TallyKey {
            scope: self.interface.row().counts_on,
            domain: self.domain,
            name: match self.claim {
                Claim::Account(..) | Claim::Extension(_) => FoldedName::of(self.claim.typed()),
                Claim::Token(_) | Claim::Link(_) => FoldedName::of_network(network(self.peer.address)),
                // One secret for all phones of a domain, so one count for all of them: two phones give no more guesses.
                Claim::System(_) => FoldedName::of(SYSTEM),
            },
            lane,
        }
    }

    /// The count of the address.
    pub fn address_key(&self) -> TallyKey {
        debug_assert!(self.interface.row().counts_on != CountScope::Address);
        TallyKey::address(self.peer.address)
    }

    /// A print of the proof, for those that can only be the same when they are the same message: a phone that does not
    /// hear its refusal sends the request again (RFC 3261 section 17.1.2), and one guess must not count twice. Never 0.
    /// Two wrong proofs with one print are both wrong, and a right one cannot be foreseen: so no key is needed. Of a secret
    /// itself only the store makes a print, for that takes one.
    pub fn print(&self) -> Option<u64> {
        match self.proof {
            Proof::Plain(_) | Proof::Bearer(_) | Proof::Digits(_) => None,
            Proof::Digest(nonce, proof) => {
                let mut hash = std::hash::DefaultHasher::new();
                (nonce.id(), proof.nonce_count, proof.cnonce, proof.uri, proof.response).hash(&mut hash);
                Some(hash.finish().max(1))
            }
        }
    }

    /// Whether it was typed at a phone. It is counted in everybody's lane then, and at the address, wherever it is typed: a
    /// place is known for an extension because a phone there showed the secret that registers it. That says nothing about
    /// who stands at the keypad, and nothing about another secret; the desks of a whole office share one such address, and a
    /// lane of its own would give each of them guesses at each other's mailboxes that the address never stops.
    pub const fn is_at_keypad(&self) -> bool {
        matches!(self.proof, Proof::Digits(_))
    }

    /// Whether checking it costs so much that it belongs on the bounded pool.
    pub const fn is_costly(&self) -> bool {
        matches!(self.proof, Proof::Plain(_))
    }
}
