//! Reporting: how long the audit is kept, where alarms and rows of it are sent, and by which server mail goes out. A record of its own, sealed as a whole,
//! for there are secrets in it.

use serde::{Deserialize, Serialize};

use crate::{
    ident::TargetId,
    mail::MailSettings,
    target::{SyslogTarget, Webhook},
    timestamp::{Seconds, Timestamp},
};

/// Fewest rows that a rule may keep.
pub const ROWS_MIN: u64 = 10_000;
/// Most rows that a rule may keep.
pub const ROWS_MAX: u64 = 100_000_000;
/// Most days that a rule may keep.
pub const DAYS_MAX: u32 = 36_500;

const DAY_MS: u64 = 86_400_000;

/// How long the audit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Rows are kept for so many whole days, and go when the day (of UTC) after them has begun; 0 = for ever.
    pub days: u32,
    /// So many rows are kept at most; beyond that the oldest go.
    pub rows: u64,
}

impl Default for Retention {
    /// Nothing goes because of its age: what somebody will want to know cannot be foreseen. But whoever can be refused
    /// must not fill the disk, without which nobody can be locked: five million rows take about two gigabytes.
    fn default() -> Self {
        Self { days: 0, rows: 5_000_000 }
    }
}

impl Retention {
    /// What happened before this moment is no longer kept. It moves once a day, so that it does not leave a row of the
    /// audit about each hour.
    pub fn from(&self, now: Timestamp) -> Timestamp {
        if self.days == 0 {
            return Timestamp::EPOCH;
        }
        let today = Timestamp(now.0 - now.0 % DAY_MS);
        Timestamp(today.0.saturating_sub(u64::from(Seconds::days(self.days).0) * 1000))
    }

    /// How many of so many rows are too many. Then some more go at once: the row that says so must not be the next that is
    /// too many.
    pub const fn excess(&self, rows: u64) -> u64 {
        if rows > self.rows { rows.saturating_sub(self.rows.saturating_sub(self.rows / 100)) } else { 0 }
    }
}

/// All of it. One value; changed as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// What a later version brings has its default in a store from before.
#[serde(deny_unknown_fields, default)]
pub struct Reporting {
    /// Counts the changes.
    pub version: u32,
    /// How long the audit is kept.
    pub retention: Retention,
    /// Receivers of webhooks.
    pub webhooks: Vec<Webhook>,
    /// Receivers of syslog.
    pub syslog: Vec<SyslogTarget>,
    /// The number of the last target that was made.
    pub target_last: u32,
    /// By which server mail goes out.
    pub mail: MailSettings,
}

impl Reporting {
    /// Gives a new target its number; others keep theirs.
    pub fn claim(&mut self, id: &mut TargetId) -> TargetId {
        if *id == TargetId::NEW {
            self.target_last = self.target_last.saturating_add(1);
            *id = TargetId(self.target_last);
        }
        *id
    }

    /// What people call a target.
    pub fn target_name(&self, id: TargetId) -> Option<Box<str>> {
        let webhooks = self.webhooks.iter().map(|webhook| (webhook.id, &webhook.name));
        let mut all = webhooks.chain(self.syslog.iter().map(|target| (target.id, &target.name)));
        all.find(|(other, _)| *other == id).map(|(_, name)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_for_whole_days_and_the_limit_moves_once_a_day() {
        let retention = Retention { days: 2, rows: ROWS_MIN };
        let noon = Timestamp(20 * DAY_MS + DAY_MS / 2);
        assert_eq!(retention.from(noon), Timestamp(18 * DAY_MS));
        assert_eq!(retention.from(Timestamp(21 * DAY_MS - 1)), Timestamp(18 * DAY_MS));
        assert_eq!(retention.from(Timestamp(21 * DAY_MS)), Timestamp(19 * DAY_MS));
        assert_eq!(Retention { days: 0, ..retention }.from(noon), Timestamp::EPOCH);
        assert_eq!(Retention { days: DAYS_MAX, ..retention }.from(noon), Timestamp::EPOCH, "before all");
    }

    #[test]
    fn with_one_row_too_many_one_in_a_hundred_goes_and_then_none() {
        let retention = Retention { days: 0, rows: 10_000 };
        assert_eq!(retention.excess(10_000), 0);
        assert_eq!(retention.excess(10_001), 101);
        assert_eq!(retention.excess(10_001 - 101 + 1), 0);
        assert_eq!(Retention { rows: 3, ..retention }.excess(5), 2, "however few");
    }
}
