//! Rights: what a service user may do. Every operation of `admin` names the right it needs.

use serde::{Deserialize, Serialize};

/// One right of SPEC section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// See users, extensions and system settings.
    ConfigurationRead,
    /// Change them.
    ConfigurationWrite,
    /// See the security settings and the audit.
    SecurityRead,
    /// Change them.
    SecurityWrite,
    /// Reset secrets and locks.
    SecurityReset,
    /// Change one's own password.
    OwnPassword,
    /// See phones, blacklists and sessions.
    StatusRead,
    /// End sessions, log phones out.
    StatusControl,
    /// Control calls of all lines.
    Telephony,
    /// Back up and restore.
    Backup,
    /// Read the directory.
    Directory,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 11] = [
        Self::ConfigurationRead,
        Self::ConfigurationWrite,
        Self::SecurityRead,
        Self::SecurityWrite,
        Self::SecurityReset,
        Self::OwnPassword,
        Self::StatusRead,
        Self::StatusControl,
        Self::Telephony,
        Self::Backup,
        Self::Directory,
    ];

    /// In words, for "you need the right to …".
    pub const fn title(self) -> &'static str {
        match self {
            Self::ConfigurationRead => "see the configuration",
            Self::ConfigurationWrite => "change the configuration",
            Self::SecurityRead => "see the security settings",
            Self::SecurityWrite => "change the security settings",
            Self::SecurityReset => "reset secrets and locks",
            Self::OwnPassword => "change one's own password",
            Self::StatusRead => "see the status",
            Self::StatusControl => "control phones and sessions",
            Self::Telephony => "control all lines",
            Self::Backup => "back up and restore",
            Self::Directory => "read the directory",
        }
    }
}
