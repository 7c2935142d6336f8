//! Signs: what goes wrong beside the ledger, noted where it is seen, for whoever has to tell people.

use parking_lot::{Mutex, MutexGuard};
use signin::timestamp::Timestamp;
use store::AuditBroken;

/// What is wrong now.
#[derive(Debug, Default)]
pub struct Signs {
    audit_broken: Mutex<Option<AuditBroken>>,
    /// How many rows of the audit were lost, and when that was last more than before.
    lost: Mutex<Option<(u64, Timestamp)>>,
    looking: Mutex<()>,
}

impl Signs {
    /// Notes whether the audit was found whole; whether that is news.
    pub fn audit_broken(&self, broken: Option<&AuditBroken>) -> bool {
        let mut noted = self.audit_broken.lock();
        let is_new = noted.as_ref() != broken;
        *noted = broken.cloned();
        is_new
    }

    /// The first row of the audit that is not in order.
    pub fn broken_row(&self) -> Option<u64> {
        self.audit_broken.lock().as_ref().map(|broken| broken.seq)
    }

    /// When rows of the audit were last lost, of which there are so many now.
    pub fn audit_lost(&self, rows: u64, now: Timestamp) -> Option<Timestamp> {
        let mut noted = self.lost.lock();
        if rows > noted.map_or(0, |(rows, _)| rows) {
            *noted = Some((rows, now));
        }
        noted.map(|(_, at)| at)
    }

    /// Held by whoever looks for alarms.
    pub fn looking(&self) -> MutexGuard<'_, ()> {
        self.looking.lock()
    }
}
