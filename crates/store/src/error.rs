//! Errors: what can go wrong between memory and disk, in words for whoever has to mend it.

use thiserror::Error;

/// The engine or the writer did not do what was asked. Outside, this is "unavailable".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The engine reported a failure.
    #[error("the store's engine failed: {0}")]
    Engine(String),
    /// Something that was read is not what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// More changes are waiting than may wait.
    #[error("too many changes are waiting to be written")]
    Busy,
    /// The ledger has been closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a commit changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommitError {
    /// It was made from a state that is no longer the present one, or contradicts itself.
    #[error("somebody else changed this in the meantime, or it does not fit together: {what}")]
    Conflict {
        /// What did not fit.
        what: String,
    },
    /// Another account of this kind has the name.
    #[error("this name is taken")]
    NameTaken,
    /// Another extension has the number.
    #[error("this extension number is taken")]
    NumberTaken,
    /// As many sessions as allowed are open.
    #[error("Limit of concurrent sessions per user exceeded")]
    SessionLimit,
    /// What should be changed is not there.
    #[error("{what} does not exist (any more)")]
    Missing {
        /// What is not there.
        what: String,
    },
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the store cannot be opened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{path} is in use by another process. Stop the other hookswitch, or give this one its own data folder."
    )]
    InUse {
        /// The lock file.
        path: String,
    },
    /// A file could not be opened, made or read.
    #[error(
        "{path}: {problem}. Check that the folder exists, that there is space, and that it belongs to the user hookswitch runs as."
    )]
    Unusable {
        /// The file.
        path: String,
        /// What the system said.
        problem: String,
    },
    /// The file is something else.
    #[error("{path} is not a Hookswitch database. Move it away, or name another data folder.")]
    NotOurs {
        /// The file.
        path: String,
    },
    /// It was written by a newer version.
    #[error(
        "the store has schema {found}, and this version knows only schemas up to {known}. Install the version that wrote it, or restore a backup made by this one."
    )]
    NewerSchema {
        /// What it has.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// None of the given master keys opens it.
    #[error(
        "the store is sealed under master key {needed}, and the given key file ({given}) does not open it. Give back the key file that belongs to this store; without it the store cannot be opened by anybody."
    )]
    WrongKey {
        /// Id of the key it needs.
        needed: String,
        /// Ids of the keys that were given.
        given: String,
    },
    /// What is read is not what was written.
    #[error(
        "the store is damaged: {what}. Nothing was changed. Move the data folder's database away and restore the last backup (hookswitch restore)."
    )]
    Damaged {
        /// What was found.
        what: String,
    },
    /// The file differs from what the last clean stop left behind.
    #[error(
        "{path} was changed or damaged since the last clean stop. Restore the last backup (hookswitch restore); or, to go on with the evidence of its rows alone (each carries a checksum), delete {sum} and start again."
    )]
    Altered {
        /// The database.
        path: String,
        /// The file with its checksum.
        sum: String,
    },
    /// The database ends before the last change that was acknowledged.
    #[error(
        "the database lacks the last {missing} transactions that were acknowledged: its log is damaged, or an older copy was put in its place. Restore the last backup (hookswitch restore); or, to go on without them, delete hookswitch.notes in the data folder and start again."
    )]
    Outdated {
        /// How many.
        missing: u64,
    },
    /// A restore was begun and not ended.
    #[error("a restore into this store was interrupted. Run hookswitch restore again with the same file.")]
    Unfinished,
    /// The engine failed.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] StoreError),
}

impl CommitError {
    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::Missing { what: what.into() }
    }
}
