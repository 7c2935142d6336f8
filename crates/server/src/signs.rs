//! Signs: what goes wrong beside the ledger, noted where it is seen, for whoever has to tell people.

use parking_lot::Mutex;
use store::AuditBroken;

/// What is wrong now.
#[derive(Debug, Default)]
pub struct Signs {
    audit_broken: Mutex<Option<AuditBroken>>,
}

impl Signs {
    /// Notes whether the audit was found whole; whether that is news.
    pub fn audit_broken(&self, broken: Option<&AuditBroken>) -> bool {
        let mut noted = self.audit_broken.lock();
        let is_new = noted.as_ref() != broken;
        *noted = broken.cloned();
        is_new
    }
}
