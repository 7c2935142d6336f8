//! Ending calls. Calls are no records and outlive no start, so what is known of one is said by whoever asks.

use super::{Admin, Change, Problem};
use crate::{audit::Action, ident::DomainId, records::Records, rights::Right};

/// A call, as the audit names it.
#[derive(Clone, Debug)]
pub struct CallNamed {
    /// The organisation.
    pub domain: DomainId,
    /// The number of who calls.
    pub caller: Box<str>,
    /// The number that was dialled.
    pub dialled: Box<str>,
    /// The number of who answered, where somebody has.
    pub answered_by: Option<Box<str>>,
}

impl Admin<'_> {
    /// Says in the audit who ends a call, and between whom. It is ended by whoever asked, when that is written.
    ///
    /// # Errors
    /// No right, or no call that they reach.
    pub fn end_call(&self, call: &CallNamed) -> Result<Change<()>, Problem> {
        self.require(Right::StatusControl)?;
        // Of another domain, or of one that is gone meanwhile: in the same words.
        let domain = self.records.domain(call.domain).ok_or(Problem::NotFound("call"))?;
        let audit = self.audit(Action::CallEnded, domain.id, &call.in_words(), Vec::new());
        Ok(Change::of(vec![audit], ()))
    }
}

impl CallNamed {
    /// "201 to 202", "201 to 202, answered by 203".
    pub fn in_words(&self) -> String {
        let Self { caller, dialled, answered_by, .. } = self;
        match answered_by.as_ref().filter(|answered_by| *answered_by != dialled) {
            Some(answered_by) => format!("{caller} to {dialled}, answered by {answered_by}"),
            None => format!("{caller} to {dialled}"),
        }
    }
}
