//! Retention: which rows of the audit are no longer to be kept. They go from its beginning, a part at a time; where
//! the chain then begins is in the census, which only this store can write.
//!
//! What goes is followed like everything that is verified, and nothing goes from an audit that is not whole: it is
//! wanted as evidence.

use std::ops::ControlFlow;

use signin::{effect::AuditCut, timestamp::Timestamp};

use crate::{
    audit::{AuditBroken, moment_of},
    ledger::Ledger,
    scribe::Census,
};

/// Rows that go in one transaction, so that no durable commit waits long behind them.
pub const CUT_MAX: u64 = 5000;

/// Rows that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRows {
    /// What removes them.
    pub cut: AuditCut,
    /// The number of the first of them.
    pub first: u64,
    /// When the last of them happened.
    pub until: Timestamp,
}

impl Ledger {
    /// Whether the audit has rows that are no longer to be kept, without looking at any: by their number alone.
    pub fn has_excess_rows(&self) -> bool {
        let rows = self.pulse.audit_rows.load(std::sync::atomic::Ordering::Relaxed);
        self.holdings.reporting.load().retention.excess(rows) > 0
    }

    /// The oldest rows that the rule no longer keeps, as many as go at once; `None` = there are none. The last row of
    /// all always stays.
    ///
    /// # Errors
    /// The first row that is not in order.
    pub fn due_rows(&self, now: Timestamp) -> Result<Option<DueRows>, AuditBroken> {
        let retention = self.holdings.reporting.load().retention;
        let unread = |error: crate::StoreError| AuditBroken { seq: 0, what: error.to_string() };
        let mut snapshot = self.reader.snapshot().map_err(unread)?;
        let census = snapshot.row(&Census::row_key()).map_err(unread)?;
        let census: Option<Census> =
            census.filter(|row| self.keys.is_ours(row)).and_then(|row| serde_json::from_str(&row.body).ok());
        let Some(census) = census else {
            let what = "the row that says where the audit begins is damaged".into();
            return Err(AuditBroken { seq: 0, what });
        };
        let from = retention.from(now);
        let too_many = census.audit_cut.saturating_add(retention.excess(census.audit_rows()));
        let last = census.audit_seq.saturating_sub(1).min(census.audit_cut.saturating_add(CUT_MAX));
        let (mut at, mut head) = (census.audit_cut, census.root());
        let (mut until, mut broken) = (Timestamp::EPOCH, None);
        snapshot
            .audit(census.audit_cut, &mut |record| {
                let seq = at.saturating_add(1);
                if let Some(what) = self.audit_fault(&record, seq, &head) {
                    broken = Some(AuditBroken { seq, what: what.into() });
                    return Ok(ControlFlow::Break(()));
                }
                let moment = moment_of(&record).unwrap_or(Timestamp::MAX);
                if seq > last || (seq > too_many && moment >= from) {
                    return Ok(ControlFlow::Break(()));
                }
                (at, head, until) = (seq, record.mac, moment);
                Ok(ControlFlow::Continue(()))
            })
            .map_err(unread)?;
        if let Some(broken) = broken {
            return Err(broken);
        }
        let first = census.audit_cut.saturating_add(1);
        Ok((at >= first).then_some(DueRows { cut: AuditCut { through: at, link: head }, first, until }))
    }
}
