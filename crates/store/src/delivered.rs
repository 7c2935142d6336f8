//! How far the audit was delivered to each target, so that a restart forgets no row and repeats few.

use std::ops::ControlFlow;

use hashbrown::HashMap;
use parking_lot::RwLock;
use signin::{audit::Action, ident::TargetId};

use crate::{audit::AuditRow, error::StoreError, ledger::Ledger, scribe::Census};

/// By target.
#[derive(Default)]
pub(crate) struct Delivered(RwLock<HashMap<TargetId, u64>>);

impl Delivered {
    pub(crate) fn get(&self, target: TargetId) -> Option<u64> {
        self.0.read().get(&target).copied()
    }

    /// `None` = the target is gone.
    pub(crate) fn set(&self, target: TargetId, seq: Option<u64>) {
        match seq {
            Some(seq) => drop(self.0.write().insert(target, seq)),
            None => drop(self.0.write().remove(&target)),
        }
    }
}

/// Rows of the audit behind one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Following {
    /// Those that are wanted, oldest first.
    pub rows: Vec<AuditRow>,
    /// Everything up to this number was looked at.
    pub through: u64,
    /// How many rows were passed over because there were too many, or because they are no longer kept.
    pub passed_over: u64,
}

impl Ledger {
    /// The number of the last row that was delivered to a target; `None` = none was yet.
    pub fn delivered(&self, target: TargetId) -> Option<u64> {
        self.holdings.delivered.get(target)
    }

    /// The number of the last row of the audit.
    ///
    /// # Errors
    /// When the engine cannot be read.
    pub fn audit_end(&self) -> Result<u64, StoreError> {
        let mut last = 0;
        self.reader.snapshot()?.audit_newest(None, &mut |record| {
            last = record.seq;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(last)
    }

    /// Rows behind `after` that `wants` has, at most `limit` that are looked at; of more than `most` rows that wait, the
    /// oldest are passed over.
    ///
    /// # Errors
    /// When the engine cannot be read.
    pub fn audit_following(
        &self,
        after: u64,
        wants: &dyn Fn(Action) -> bool,
        limit: u64,
        most: u64,
    ) -> Result<Following, StoreError> {
        let mut snapshot = self.reader.snapshot()?;
        let census = snapshot.row(&Census::row_key())?.filter(|row| self.keys.is_ours(row));
        let census: Census = census
            .and_then(|row| serde_json::from_str(&row.body).ok())
            .ok_or_else(|| StoreError::Damaged("the row that says where the audit ends is damaged".into()))?;
        let from = after.max(census.audit_cut).max(census.audit_seq.saturating_sub(most));
        let passed_over = from.saturating_sub(after);
        let mut following = Following { rows: Vec::new(), through: from, passed_over };
        if from >= census.audit_seq {
            return Ok(following);
        }
        let last = from.saturating_add(limit);
        snapshot.audit(from, &mut |record| {
            if record.seq > last {
                return Ok(ControlFlow::Break(()));
            }
            following.through = record.seq;
            // What cannot be read is for `audit verify`; whoever waits for the rest gets it.
            if let Ok(event) = serde_json::from_str::<signin::audit::AuditEvent>(&record.body)
                && wants(event.action)
            {
                following.rows.push(AuditRow { seq: record.seq, event });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(following)
    }
}
