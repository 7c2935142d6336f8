//! Exports: what is handed out leaves a row in the audit before the first of it is told.

use super::{Admin, Change, Problem};
use crate::{audit::Action, ident::DomainId, rights::Right};

impl Admin<'_> {
    /// Notes that the audit is exported. Committed before it begins: an export that is cut off has told what it told.
    ///
    /// # Errors
    /// No right.
    pub fn export_audit(&self) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityRead)?;
        Ok(Change::of(vec![self.audit(Action::Exported, DomainId::FIRST, "audit", Vec::new())], ()))
    }
}
