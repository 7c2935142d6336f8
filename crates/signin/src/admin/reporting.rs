//! Changing how long the audit is kept.

use super::{Admin, Change, Checks, Problem, changed};
use crate::{
    audit::Action,
    effect::Effect,
    ident::DomainId,
    records::Records,
    reporting::{DAYS_MAX, ROWS_MAX, ROWS_MIN, Reporting, Retention},
    rights::Right,
};

impl Admin<'_> {
    /// Puts a new rule for the audit in force. `version` is the version of the record that was looked at.
    ///
    /// # Errors
    /// No right, changed meanwhile, or figures out of their range.
    pub fn save_retention(&self, version: u32, wanted: Retention) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let before = self.reporting_at(version)?;
        let mut checks = Checks::default();
        if wanted.days > DAYS_MAX {
            checks.wrong("retention-days", format!("0 to {DAYS_MAX} days."));
        }
        if !(ROWS_MIN..=ROWS_MAX).contains(&wanted.rows) {
            checks.wrong("retention-rows", format!("{ROWS_MIN} to {ROWS_MAX} rows."));
        }
        checks.result()?;
        let changes: Vec<_> = [
            changed("days kept", &before.retention.days.to_string(), &wanted.days.to_string()),
            changed("rows kept", &before.retention.rows.to_string(), &wanted.rows.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let after = Reporting { retention: wanted, ..before };
        let audit = self.audit(Action::SettingsChanged, DomainId::FIRST, "audit", changes);
        Ok(Change::of(vec![Effect::PutReporting(Box::new(after)), audit], ()))
    }

    /// The record as it is, with the version that it will have after one more change.
    pub(super) fn reporting_at(&self, version: u32) -> Result<Reporting, Problem> {
        let before = self.records.reporting();
        if before.version != version {
            return Err(Problem::Changed("page"));
        }
        Ok(Reporting { version: version + 1, ..(*before).clone() })
    }
}
