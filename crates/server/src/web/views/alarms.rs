//! Alarms: those that stand, and those that are over.

use super::parts::{Badge, Pager, Stamp};

/// One alarm.
#[derive(Clone, Debug)]
pub(crate) struct AlarmEntry {
    /// What the form sends for it.
    pub(crate) id: String,
    /// How much it matters.
    pub(crate) severity: Badge,
    /// What it is about.
    pub(crate) title: String,
    /// Which one: a number, an address, a name.
    pub(crate) subject: String,
    /// All alarms about the same.
    pub(crate) history: String,
    /// Where something can be done about it.
    pub(crate) href: String,
    /// "5 failures", or empty.
    pub(crate) count: String,
    /// When its cause began.
    pub(crate) raised: Stamp,
    /// When its cause ended.
    pub(crate) cleared: Option<Stamp>,
    /// Who has seen it, or empty.
    pub(crate) seen_by: String,
    /// When.
    pub(crate) seen: Option<Stamp>,
}

/// The section.
#[derive(Clone, Debug)]
pub(crate) struct AlarmsPart {
    /// Those that stand.
    pub(crate) standing: Vec<AlarmEntry>,
    /// A page of those that are over.
    pub(crate) past: Vec<AlarmEntry>,
    /// Where one is among them.
    pub(crate) pager: Pager,
    /// What is searched for, or empty.
    pub(crate) search: String,
}
