//! Calls that go on, on the status pages and on that of an extension.

use super::parts::{Badge, Elapsed, Link, Pager, Stamp};

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct CallRow {
    /// Names it: part of the ids of what can be clicked.
    pub(crate) number: u64,
    /// Who calls.
    pub(crate) caller: CallSide,
    /// Who was dialled.
    pub(crate) called: CallSide,
    /// Who answered in the place of who was dialled: "Answered by 203"; empty where nobody did.
    pub(crate) answered: String,
    /// "Rings" or "Talks".
    pub(crate) state: Badge,
    /// Since when it does so.
    pub(crate) since: Stamp,
    /// For how long.
    pub(crate) length: Elapsed,
    /// Where it is ended; none for who may only look.
    pub(crate) end: Option<String>,
}

/// One side of a call.
#[derive(Clone, Debug)]
pub(crate) struct CallSide {
    /// The number, and the page of the extension; no address where there is no such extension.
    pub(crate) number: Link,
    /// Its user.
    pub(crate) user: Option<Link>,
}

/// The calls of the status pages.
#[derive(Clone, Debug)]
pub(crate) struct CallsPart {
    /// This page of them.
    pub(crate) calls: Vec<CallRow>,
    /// Where one is in the list.
    pub(crate) pager: Pager,
}
