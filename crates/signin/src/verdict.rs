//! The verdict: what may be said aloud. Everything else is in the audit.

use crate::{
    account::{Activity, Status},
    ident::{AccountId, ExtensionId},
    secret::Secret,
    session::SessionId,
    timestamp::Timestamp,
};

/// The answer to an attempt. Adding one is expensive on purpose: every interface must say what it means.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Signed in.
    Accept(Accepted),
    /// The right proof for an old or used challenge: try again with a new one.
    Challenge,
    /// No. Unknown name, wrong secret, disabled account: one and the same.
    Reject,
    /// Not now, whatever is shown: a lock is in force.
    Wait {
        /// When to try again; `None` = when an administrator has reset it.
        until: Option<Timestamp>,
    },
    /// The secret was right, but five sessions are open: "Limit of concurrent sessions per user exceeded".
    TooManySessions,
    /// The secret was right, but a new one must be chosen before anything else, and here none can be. (Pages are told
    /// [`Accept`](Self::Accept) with a status that says so, and open nothing but the form.)
    NewSecretFirst,
    /// Nothing was decided, because something here is out of order.
    Unavailable,
}

/// Who was signed in, and what to tell them.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The account; for a phone, the user of its extension if there is one.
    pub account: Option<AccountId>,
    /// The extension, for phones.
    pub extension: Option<ExtensionId>,
    /// The state of the account.
    pub status: Status,
    /// The last sign-in before this one, and how many failed since.
    pub before: Activity,
    /// The session that was opened, for interfaces that have them, and the token that proves it from now on.
    pub session: Option<(SessionId, Secret)>,
}
