//! Engines: where the ledger's rows rest. An engine keeps, gives back and understands nothing: rows come to it
//! encoded, sealed and tagged.
//!
//! Adding one: write a file here that implements [`Engine`], [`Reader`] and [`Snapshot`] with its SQL by hand, and
//! name it once in `tests/conformance/main.rs`.

mod again;
mod memory;
mod notes;
mod readers;
mod sqlite;

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    memory::MemoryEngine,
    sqlite::{DATABASE_FILE, LOCK_FILE, NOTES_FILE, SUM_FILE, SqliteEngine},
};
use crate::error::StoreError;

/// Bytes of a row's tag.
pub const TAG_LEN: usize = 16;
/// Bytes of an audit row's link in the chain.
pub const MAC_LEN: usize = 32;

/// Bytes of a note at most: a count under the longest name fits.
pub const NOTE_LEN: usize = 1024;
/// Notes there can be.
pub const NOTES: usize = 2048;

/// Which kind of record a row is. The numbers are kept on disk: never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shelf {
    /// About the store itself: the wrapped key, the census.
    Meta = 0,
    /// The settings; one row.
    Settings = 1,
    /// Domains.
    Domain = 2,
    /// Accounts.
    Account = 3,
    /// What accounts' dates say.
    Activity = 4,
    /// Extensions.
    Extension = 5,
    /// Sealed credentials.
    Credential = 6,
    /// What may be told about them.
    CredentialFacts = 7,
    /// Counts.
    Tally = 8,
    /// Signed-in sessions.
    Session = 9,
    /// Bindings.
    Registration = 10,
    /// Phones that were pushed out.
    Quarantine = 11,
    /// Networks where extensions are known.
    Places = 12,
    /// Sealed secrets that were replaced.
    Former = 13,
    /// What is few, small and rarely changed.
    Document = 14,
    /// Where things are reported, sealed; one row.
    Reporting = 15,
    /// Alarms.
    Alarm = 16,
    /// How far the audit was delivered to each target.
    Delivered = 17,
    /// What can be heard of mailboxes, sealed: large, and never in memory.
    Recording = 18,
    /// Call logs, sealed, one row a user: never in memory.
    CallLog = 19,
    /// Calls that are in no call log yet, sealed, those of a moment together.
    CallPage = 20,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 21] = [
        Self::Meta,
        Self::Settings,
        Self::Domain,
        Self::Account,
        Self::Activity,
        Self::Extension,
        Self::Credential,
        Self::CredentialFacts,
        Self::Tally,
        Self::Session,
        Self::Registration,
        Self::Quarantine,
        Self::Places,
        Self::Former,
        Self::Document,
        Self::Reporting,
        Self::Alarm,
        Self::Delivered,
        Self::Recording,
        Self::CallLog,
        Self::CallPage,
    ];

    /// The number on disk.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether its rows take pages of a disk each, and not a part of one.
    pub const fn is_large(self) -> bool {
        matches!(self, Self::Recording | Self::CallLog | Self::CallPage)
    }

    /// The shelf with that number.
    pub fn numbered(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|shelf| i64::from(shelf.number()) == number)
    }
}

/// Names one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Which kind.
    pub shelf: Shelf,
    /// Which one.
    pub key: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub key: RowKey,
    /// What it says: JSON.
    pub body: String,
    /// A keyed checksum over shelf, key and body.
    pub tag: [u8; TAG_LEN],
}

/// One row of the audit as it rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// 1, 2, 3 …
    pub seq: u64,
    /// The event: JSON.
    pub body: String,
    /// The link to the row before.
    pub mac: [u8; MAC_LEN],
}

/// Changes to be made in one transaction. No key is in it twice.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Rows to be made or replaced.
    pub puts: Vec<Row>,
    /// Rows to be removed; those that are not there are passed over.
    pub deletes: Vec<RowKey>,
    /// Audit rows to be added, in order.
    pub audit: Vec<AuditRecord>,
    /// Audit rows up to this number are to be removed.
    pub audit_cut: Option<u64>,
}

/// How the number of rows on each shelf changed in a transaction.
pub type Growth = BTreeMap<Shelf, i64>;

/// What came and went in a transaction.
#[derive(Clone, Debug, Default)]
pub struct Turnover {
    /// How many rows more there are on each shelf.
    pub growth: Growth,
    /// The tags of those that were replaced or removed.
    pub gone: Vec<(Shelf, [u8; TAG_LEN])>,
}

/// Short notes that outlive the program, though not a power cut: taken at once, and the disk is not waited for.
pub trait Notes: Send + Sync {
    /// Takes a note at a place below [`NOTES`], of at most [`NOTE_LEN`] bytes; an empty one wipes what is there.
    ///
    /// # Errors
    /// What is there may be either.
    fn put(&self, place: usize, note: &[u8]) -> Result<(), StoreError>;

    /// What is noted at each place, filled up with zeros; nothing but zeros where there is no note.
    ///
    /// # Errors
    /// When they cannot be read.
    fn all(&self) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Which start of the machine this is.
    fn boot(&self) -> &str;
}

/// Keeps rows through a restart. Owned by the one thread that writes.
pub trait Engine: Send {
    /// A way to read that can be used beside the writing.
    fn reader(&self) -> Arc<dyn Reader>;

    /// Notes beside the rows.
    fn notes(&self) -> Arc<dyn Notes>;

    /// Makes all changes of the batch or none, in one transaction, resting on disk when it returns. Before the
    /// end `census` is told which rows came and went, and its answer is put in the same transaction.
    ///
    /// # Errors
    /// Nothing was changed then.
    fn write(
        &mut self,
        batch: &Batch,
        census: &mut dyn FnMut(&Turnover) -> Result<Row, StoreError>,
    ) -> Result<(), StoreError>;

    /// Leaves nothing in the file of what was replaced or deleted.
    ///
    /// # Errors
    /// Old content may still be there; everything present is.
    fn compact(&mut self) -> Result<(), StoreError>;

    /// Removes everything, in one transaction.
    ///
    /// # Errors
    /// Nothing was changed then.
    fn erase(&mut self) -> Result<(), StoreError>;

    /// Ends cleanly.
    ///
    /// # Errors
    /// What was written before is safe in any case.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// Makes snapshots, from any thread.
pub trait Reader: Send + Sync {
    /// Everything as it stands at this moment.
    ///
    /// # Errors
    /// When the engine cannot be read.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;
}

/// Looks at one row of the audit, and says whether to go on.
pub type EachAudit<'a> = dyn FnMut(AuditRecord) -> Result<ControlFlow<()>, StoreError> + 'a;

/// What the store held at one moment, however much is written meanwhile.
pub trait Snapshot: Send {
    /// Every row but those of the audit, in the order of their keys.
    ///
    /// # Errors
    /// When the engine cannot be read, or whatever `each` answered.
    fn rows(&mut self, each: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// One row.
    ///
    /// # Errors
    /// When the engine cannot be read.
    fn row(&mut self, key: &RowKey) -> Result<Option<Row>, StoreError>;

    /// Audit rows with a greater number than `after`, oldest first.
    ///
    /// # Errors
    /// When the engine cannot be read, or whatever `each` answered.
    fn audit(&mut self, after: u64, each: &mut EachAudit<'_>) -> Result<(), StoreError>;

    /// Audit rows with a smaller number than `before` (all without it), newest first.
    ///
    /// # Errors
    /// When the engine cannot be read, or whatever `each` answered.
    fn audit_newest(&mut self, before: Option<u64>, each: &mut EachAudit<'_>) -> Result<(), StoreError>;
}
