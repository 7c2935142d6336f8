//! What is told: an alarm, a row of the audit, or that somebody has a test sent.

use std::sync::Arc;

use signin::{alarm::Alarm, timestamp::Timestamp};
use store::AuditRow;

/// One thing that is told.
#[derive(Clone, Debug)]
pub enum Item {
    /// An alarm was raised or cleared.
    Alarm {
        /// As it is since then.
        alarm: Arc<Alarm>,
        /// Which of the two.
        is_raised: bool,
    },
    /// A row of the audit.
    Row(AuditRow),
    /// A test.
    Test {
        /// Chance, so that no receiver takes it for one that it knows.
        number: u64,
        /// When.
        at: Timestamp,
    },
}

impl Item {
    /// The same for each try, and for no other item.
    pub fn id(&self) -> String {
        match self {
            Self::Alarm { alarm, is_raised: true } => format!("alarm_{}_raised", alarm.id.0),
            Self::Alarm { alarm, is_raised: false } => format!("alarm_{}_cleared", alarm.id.0),
            Self::Row(row) => format!("audit_{}", row.seq),
            Self::Test { number, .. } => format!("test_{number:016x}"),
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Alarm { alarm, is_raised: false } => alarm.cleared_at.unwrap_or(alarm.raised_at),
            Self::Alarm { alarm, .. } => alarm.raised_at,
            Self::Row(row) => row.event.at,
            Self::Test { at, .. } => *at,
        }
    }

    /// What kind of thing it is, in a stable word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Alarm { is_raised: true, .. } => "alarm.raised",
            Self::Alarm { is_raised: false, .. } => "alarm.cleared",
            Self::Row(_) => "audit",
            Self::Test { .. } => "test",
        }
    }
}
