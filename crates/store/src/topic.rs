//! Topics: what part of the ledger changed, for pages that show it live.

/// One part of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Bindings.
    Phones,
    /// Counts and locks.
    Locks,
    /// Signed-in sessions.
    Sessions,
    /// Accounts, extensions, domains, credentials.
    Accounts,
    /// The audit.
    Audit,
    /// The quarantine list.
    Quarantine,
    /// The settings, and where things are reported.
    Settings,
    /// Alarms.
    Alarms,
    /// Mailboxes and call logs.
    Calls,
}
