//! Memory: the ledger that holds everything a sign-in needs, and the engines that keep it through a restart.
//!
//! [`Ledger::begin`] counts an attempt and says what is known; [`Ledger::settle`] makes the counts say what was
//! found; [`Ledger::commit`] is the one way to change anything. Reading never waits for the disk, and what is
//! committed rests on disk before anybody is told so. How an engine keeps rows is in [`engine`].

mod agents;
mod ahead;
mod alarms;
mod aside;
mod audit;
mod backup;
mod batches;
mod begin;
mod behind;
mod call_tail;
mod calls;
mod census;
mod commit;
mod counts;
mod credentials;
mod delivered;
mod draft_file;
pub mod engine;
mod error;
mod faded;
pub mod fault;
mod former;
mod holdings;
mod index;
mod keyring;
mod ledger;
mod lines;
mod lists;
mod load;
mod needle;
mod nonces;
mod numbered;
mod old_hashes;
mod packed;
mod pending;
mod plan;
mod refresh;
mod reporting;
mod reseal;
mod retention;
mod rows;
mod rowsum;
mod scribe;
mod seal;
mod shards;
mod stale;
mod sweep;
mod topic;
mod writer;

pub use self::{
    audit::{AuditBroken, AuditPage, AuditQuery, AuditRow, AuditState},
    backup::{BackupError, BackupSummary, RestoreError, restore},
    begin::Admission,
    behind::AUDIT_WAITING_MAX,
    census::{Census, CredentialFilter, CredentialQuery, KindCensus},
    commit::Commit,
    counts::TALLIES_MAX,
    delivered::Following,
    draft_file::{
        BYTES_MAX as DRAFT_FILE_MAX, DraftFile, DraftFileError, Office, PASSPHRASE_MIN, Passphrase,
    },
    error::{CommitError, OpenError, StoreError},
    ledger::Ledger,
    lists::{
        AccountQuery, AccountSort, ExtensionQuery, ExtensionSort, Figures, Page, PhoneKinds,
        RegistrationQuery, RegistrationSort,
    },
    nonces::{NONCE_LIFETIME_MAX, NONCES_MAX},
    reseal::{Resealed, reseal},
    retention::{CUT_MAX, DueRows},
    seal::{KeyFileError, MasterKeys},
    shards::AHEAD,
    topic::Topic,
};
