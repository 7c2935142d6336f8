//! Rows: how each record is named and written on its shelf.

use serde::{Serialize, de::DeserializeOwned};
use signin::{
    account::{Account, Activity},
    alarm::{Alarm, AlarmId},
    credential::{CredentialFacts, CredentialKind, Owner},
    document::{Document, DocumentId},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, TargetId},
    lockout::{Tally, TallyKey},
    mailbox::RecordingId,
    place::Places,
    policy::Settings,
    registration::{Quarantined, Registration},
    session::{Session, SessionId},
};

use crate::{
    engine::{Row, RowKey, Shelf},
    error::StoreError,
    former::FormerKey,
    keyring::encode,
};

fn named(shelf: Shelf, key: &impl Serialize) -> RowKey {
    // Identifiers and short structs of them always have a JSON form.
    RowKey { shelf, key: serde_json::to_string(key).unwrap_or_default() }
}

pub(crate) fn settings_key() -> RowKey {
    RowKey { shelf: Shelf::Settings, key: "settings".into() }
}

pub(crate) fn reporting_key() -> RowKey {
    RowKey { shelf: Shelf::Reporting, key: "reporting".into() }
}

pub(crate) fn alarm_key(id: AlarmId) -> RowKey {
    named(Shelf::Alarm, &id)
}

pub(crate) fn delivered_key(id: TargetId) -> RowKey {
    named(Shelf::Delivered, &id)
}

pub(crate) fn domain_key(id: DomainId) -> RowKey {
    named(Shelf::Domain, &id)
}

pub(crate) fn account_key(id: AccountId) -> RowKey {
    named(Shelf::Account, &id)
}

pub(crate) fn activity_key(id: AccountId) -> RowKey {
    named(Shelf::Activity, &id)
}

pub(crate) fn extension_key(id: ExtensionId) -> RowKey {
    named(Shelf::Extension, &id)
}

pub(crate) fn credential_key(owner: Owner, kind: CredentialKind) -> RowKey {
    named(Shelf::Credential, &(owner, kind))
}

pub(crate) fn facts_key(owner: Owner, kind: CredentialKind) -> RowKey {
    named(Shelf::CredentialFacts, &(owner, kind))
}

pub(crate) fn tally_key(key: &TallyKey) -> RowKey {
    named(Shelf::Tally, key)
}

pub(crate) fn session_key(id: SessionId) -> RowKey {
    named(Shelf::Session, &id)
}

pub(crate) fn registration_key(id: ExtensionId) -> RowKey {
    named(Shelf::Registration, &id)
}

pub(crate) fn quarantine_key(place: u64) -> RowKey {
    named(Shelf::Quarantine, &place)
}

pub(crate) fn places_key(id: ExtensionId) -> RowKey {
    named(Shelf::Places, &id)
}

pub(crate) fn former_key(key: FormerKey) -> RowKey {
    named(Shelf::Former, &key)
}

pub(crate) fn document_key(id: DocumentId) -> RowKey {
    named(Shelf::Document, &id)
}

pub(crate) fn recording_key(account: AccountId, id: RecordingId) -> RowKey {
    named(Shelf::Recording, &(account, id))
}

pub(crate) fn call_log_key(account: AccountId) -> RowKey {
    named(Shelf::CallLog, &account)
}

pub(crate) fn call_page_key(number: u64) -> RowKey {
    named(Shelf::CallPage, &number)
}

/// One record, read from its row.
pub(crate) enum Record {
    /// About the store itself.
    Meta,
    Settings(Box<Settings>),
    Domain(Domain),
    Account(Account),
    Activity(AccountId, Activity),
    Extension(Extension),
    /// Sealed.
    Credential(Owner, CredentialKind, Box<[u8]>),
    CredentialFacts(Owner, CredentialKind, CredentialFacts),
    Tally(TallyKey, Tally),
    Session(Session),
    Registration(Registration),
    Quarantine(u64, Quarantined),
    Places(ExtensionId, Places),
    /// Sealed.
    Former(FormerKey, Box<[u8]>),
    Document(Box<Document>),
    /// Sealed.
    Reporting(Box<[u8]>),
    Alarm(Alarm),
    Delivered(TargetId, u64),
    /// Sealed, and left where it is: it is read when it is asked for.
    Recording,
    /// The same.
    CallLog(AccountId),
    /// Sealed.
    CallPage(u64, Box<[u8]>),
}

impl Record {
    /// Reads a row whose tag was found in order.
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(match row.key.shelf {
            Shelf::Meta => Self::Meta,
            Shelf::Settings => Self::Settings(body(row)?),
            Shelf::Domain => Self::Domain(body(row)?),
            Shelf::Account => Self::Account(body(row)?),
            Shelf::Activity => Self::Activity(key(row)?, body(row)?),
            Shelf::Extension => Self::Extension(body(row)?),
            Shelf::Credential => {
                let (owner, kind) = key(row)?;
                Self::Credential(owner, kind, sealed_of(row)?)
            }
            Shelf::CredentialFacts => {
                let (owner, kind) = key(row)?;
                Self::CredentialFacts(owner, kind, body(row)?)
            }
            Shelf::Tally => Self::Tally(key(row)?, body(row)?),
            Shelf::Session => Self::Session(body(row)?),
            Shelf::Registration => Self::Registration(body(row)?),
            Shelf::Quarantine => Self::Quarantine(key(row)?, body(row)?),
            Shelf::Places => Self::Places(key(row)?, body(row)?),
            Shelf::Former => Self::Former(key(row)?, sealed_of(row)?),
            Shelf::Document => Self::Document(body(row)?),
            Shelf::Reporting => Self::Reporting(sealed_of(row)?),
            Shelf::Alarm => Self::Alarm(body(row)?),
            Shelf::Delivered => Self::Delivered(key(row)?, body(row)?),
            Shelf::Recording => {
                let _named: (AccountId, RecordingId) = key(row)?;
                Self::Recording
            }
            Shelf::CallLog => Self::CallLog(key(row)?),
            Shelf::CallPage => Self::CallPage(key(row)?, sealed_of(row)?),
        })
    }
}

/// The body of a credential's row.
pub(crate) fn sealed_body(sealed: &[u8]) -> Result<String, StoreError> {
    encode(&data_encoding::BASE64.encode(sealed))
}

/// What is sealed in a credential's row.
pub(crate) fn sealed_of(row: &Row) -> Result<Box<[u8]>, StoreError> {
    let text: String = body(row)?;
    data_encoding::BASE64
        .decode(text.as_bytes())
        .map(Vec::into_boxed_slice)
        .map_err(|_| unreadable(row, "it is not Base64"))
}

fn key<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    serde_json::from_str(&row.key.key).map_err(|error| unreadable(row, &error.to_string()))
}

fn body<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    serde_json::from_str(&row.body).map_err(|error| unreadable(row, &error.to_string()))
}

fn unreadable(row: &Row, why: &str) -> StoreError {
    StoreError::Damaged(format!("the row {:?} {} cannot be read: {why}", row.key.shelf, row.key.key))
}
