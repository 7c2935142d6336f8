//! Drafts: changes of the configuration that wait until their author puts them in force.
//!
//! A draft is a list of changes, each with the value that was seen when it was made: (record, field, seen, wanted). It is
//! no copy of the configuration, so that it stays small and what others change meanwhile shows through it. What is seen,
//! what is in force by then and what is wanted are compared field by field ([`compare`]); where all three differ a person
//! chooses. Present secrets are never in it, new ones only sealed.
//!
//! Specification: SPEC S3. Putting a draft in force is an operation of [`crate::admin`].

mod absorb;
mod compare;
mod fields;
mod layer;

use std::fmt;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use self::{
    absorb::place,
    fields::{domain_with, extension_with, group_with, settings_with, user_with},
};
pub use self::{
    absorb::{Absorbed, absorb, without},
    compare::{Compared, Line, Merge, Point, compare},
    fields::Fields,
    layer::{Layer, Overlay},
};
use crate::{
    credential::CredentialKind,
    dice::Dice,
    ident::{AccountId, DomainId, ExtensionId, GroupId},
    rights::Right,
    secret::SecretBytes,
    timestamp::Timestamp,
};

/// Most records that one draft changes.
pub const RECORDS_MAX: usize = 1000;
/// Longest name of a field.
const FIELD_MAX: usize = 80;
/// Most fields of one record.
const FIELDS_MAX: usize = 200;
/// Longest value, as JSON.
const VALUE_MAX: usize = 64 << 10;
/// Largest sealed secret.
const SEALED_MAX: usize = 2048;
/// Records that a draft makes have numbers from here on; they get real ones when it is put in force.
pub(crate) const MADE_FROM: u32 = 0xC000_0000;
/// As many of them as a draft gives out in its life.
const MADE_MAX: u32 = 0x1000_0000;

/// What somebody wants changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Whose. There is one for each service user.
    pub owner: AccountId,
    /// Counts its changes.
    pub version: u32,
    /// When the first change was made.
    pub begun_at: Timestamp,
    /// How many numbers it has given to what it makes.
    pub made: u32,
    /// What it changes, in order of [`RecordId`], each once.
    pub records: Vec<Edited>,
}

/// What can be changed by a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordId {
    /// The settings.
    Settings,
    /// A domain.
    Domain(DomainId),
    /// A rights group.
    Group(GroupId),
    /// A user.
    User(AccountId),
    /// An extension.
    Extension(ExtensionId),
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is new.
    Made,
    /// It stays, with other values.
    Changed,
    /// It goes.
    Deleted,
}

/// One record with what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// Which.
    pub record: RecordId,
    /// What becomes of it.
    pub fate: Fate,
    /// The organisation.
    pub domain: DomainId,
    /// What it was called when it was first changed.
    pub title: Box<str>,
    /// How often it was changed in the draft.
    pub touched: u32,
    /// Its fields: those that differ; all of one that is made or deleted.
    pub fields: Vec<FieldEdit>,
    /// Its secrets that are set anew or removed.
    pub secrets: Vec<SecretEdit>,
}

/// Fields of the settings that are about the system; the others are rules of security.
const OF_SYSTEM: [&str; 3] = ["system_name", "lan1", "lan2"];

impl Draft {
    /// What of it somebody with these rights may look at: beside what is wanted stands what is in force.
    #[must_use]
    pub fn seen_with(&self, rights: &[Right]) -> Self {
        let mut seen = self.clone();
        seen.records.retain(|edited| edited.is_open_to(rights));
        seen
    }
}

impl Edited {
    /// Whether somebody with these rights may look at the record, or change it.
    fn is_open_to(&self, rights: &[Right]) -> bool {
        let may = |any: &[Right]| any.iter().any(|right| rights.contains(right));
        let system = || may(&[Right::SystemRead, Right::SystemWrite]);
        let security = || may(&[Right::SecurityRead, Right::SecurityWrite]);
        match self.record {
            RecordId::Settings => self
                .fields
                .iter()
                .all(|edit| if OF_SYSTEM.contains(&&*edit.field) { system() } else { security() }),
            RecordId::Domain(_) => system(),
            RecordId::Group(_) => security(),
            RecordId::User(_) => may(&[Right::UsersRead, Right::UsersWrite, Right::SecurityReset]),
            RecordId::Extension(_) => may(&[
                Right::ExtensionsRead,
                Right::ExtensionsWrite,
                Right::UsersRead,
                Right::UsersWrite,
                Right::SecurityReset,
            ]),
        }
    }
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldEdit {
    /// Its name.
    pub field: Box<str>,
    /// Its value when it was first changed.
    pub seen: Value,
    /// The value that is wanted.
    pub wanted: Value,
}

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretEdit {
    /// Which.
    pub kind: CredentialKind,
    /// When the one was chosen that was in force; `None` = there was none.
    pub seen: Option<Timestamp>,
    /// When this was decided.
    pub chosen_at: Timestamp,
    /// The new one; `None` = none any more.
    pub wanted: Option<Sealed>,
}

/// A secret's payload that only its [`Vault`] opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sealed(Box<[u8]>);

/// Seals the secrets of drafts. The store does with the master key; a file has a key of its own, from a passphrase.
pub trait Vault {
    /// Seals for the place `place` alone; `None` = the cipher refused.
    fn seal(&self, place: &str, clear: &SecretBytes, dice: &mut dyn Dice) -> Option<Sealed>;
    /// Opens what was sealed for `place`; `None` = it was not, or by somebody else.
    fn open(&self, place: &str, sealed: &Sealed) -> Option<SecretBytes>;
}

impl Sealed {
    /// What a vault made.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// For a vault.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        BASE64.encode(&sealed.0)
    }
}

impl TryFrom<String> for Sealed {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() > SEALED_MAX * 2 {
            return Err("a sealed secret is too long");
        }
        BASE64.decode(text.as_bytes()).map(Self::new).map_err(|_| "a sealed secret is base64")
    }
}

impl fmt::Display for RecordId {
    /// Its stable name in forms and files.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => f.write_str("settings"),
            Self::Domain(id) => write!(f, "domain-{id}"),
            Self::Group(id) => write!(f, "group-{id}"),
            Self::User(id) => write!(f, "user-{id}"),
            Self::Extension(id) => write!(f, "extension-{id}"),
        }
    }
}

impl RecordId {
    /// The kind of record in words.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Domain(_) => "Domain",
            Self::Group(_) => "Rights group",
            Self::User(_) => "User",
            Self::Extension(_) => "Extension",
        }
    }

    /// Whether a draft made it.
    pub(crate) const fn is_made(self) -> bool {
        match self {
            Self::Settings | Self::Domain(_) | Self::Group(_) => false,
            Self::User(AccountId(id)) | Self::Extension(ExtensionId(id)) => id >= MADE_FROM,
        }
    }
}

impl Edited {
    /// What is wanted of a field.
    pub fn wanted(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|edit| &*edit.field == field).map(|edit| &edit.wanted)
    }

    /// What was seen of a field.
    fn seen(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|edit| &*edit.field == field).map(|edit| &edit.seen)
    }

    fn secret(&self, kind: CredentialKind) -> Option<&SecretEdit> {
        self.secrets.iter().find(|edit| edit.kind == kind)
    }

    /// How many changes people count: what is made or deleted is one.
    pub const fn changes(&self) -> usize {
        match self.fate {
            Fate::Made | Fate::Deleted => 1,
            Fate::Changed => self.fields.len() + self.secrets.len(),
        }
    }
}

impl Draft {
    /// One without changes.
    pub const fn new(owner: AccountId, now: Timestamp) -> Self {
        Self { owner, version: 0, begun_at: now, made: 0, records: Vec::new() }
    }

    /// What it wants of a record.
    pub fn edited(&self, record: RecordId) -> Option<&Edited> {
        let at = self.records.binary_search_by_key(&record, |edited| edited.record).ok()?;
        self.records.get(at)
    }

    /// How many changes people count.
    pub fn changes(&self) -> usize {
        self.records.iter().map(Edited::changes).sum()
    }

    /// Its sealed secrets.
    pub fn sealed(&self) -> impl Iterator<Item = &Sealed> {
        self.records.iter().flat_map(|edited| &edited.secrets).filter_map(|edit| edit.wanted.as_ref())
    }

    fn put(&mut self, edited: Edited) {
        match self.records.binary_search_by_key(&edited.record, |edited| edited.record) {
            Ok(at) => {
                if let Some(place) = self.records.get_mut(at) {
                    *place = edited;
                }
            }
            Err(at) => self.records.insert(at, edited),
        }
    }

    fn drop_record(&mut self, record: RecordId) {
        self.records.retain(|edited| edited.record != record);
    }

    /// The same, each secret put from one vault into another; `None` where one does not open.
    pub fn resealed(&self, from: &dyn Vault, to: &dyn Vault, dice: &mut dyn Dice) -> Option<Self> {
        let mut draft = self.clone();
        for edited in &mut draft.records {
            for secret in &mut edited.secrets {
                if let Some(sealed) = &secret.wanted {
                    let place = place(edited.record, secret.kind);
                    secret.wanted = Some(to.seal(&place, &from.open(&place, sealed)?, dice)?);
                }
            }
        }
        Some(draft)
    }

    /// What is wrong with its shape, for one that comes from elsewhere: it is read by nobody before this was asked.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.records.len() > RECORDS_MAX {
            return Err("it changes too many records");
        }
        if self.made > MADE_MAX {
            return Err("it has made too many records");
        }
        if !self.records.is_sorted_by(|one, next| one.record < next.record) {
            return Err("its records are not in order");
        }
        for edited in &self.records {
            if edited.fields.len() > FIELDS_MAX || edited.secrets.len() > crate::credential::KINDS.len() {
                return Err("a record has too many fields");
            }
            if edited.title.chars().count() > crate::audit::TEXT_MAX
                || edited.title.contains(char::is_control)
            {
                return Err("the name of a record is too long");
            }
            if !edited.fields.is_sorted_by(|one, next| one.field < next.field)
                || !edited.secrets.is_sorted_by(|one, next| one.kind < next.kind)
            {
                return Err("the fields of a record are not in order");
            }
            let is_too_long = |value: &Value| value.to_string().len() > VALUE_MAX;
            for field in &edited.fields {
                if field.field.len() > FIELD_MAX || is_too_long(&field.seen) || is_too_long(&field.wanted) {
                    return Err("a field is too long");
                }
            }
            let may_be_made = matches!(edited.record, RecordId::Group(_)) || edited.record.is_made();
            if (edited.fate == Fate::Made && !may_be_made)
                || (edited.fate != Fate::Made && edited.record.is_made())
            {
                return Err("a record has a number that it cannot have");
            }
            if edited.fate == Fate::Deleted
                && matches!(edited.record, RecordId::Settings | RecordId::Domain(_))
            {
                return Err("settings and domains cannot be deleted");
            }
            let number = match edited.record {
                RecordId::User(AccountId(id)) | RecordId::Extension(ExtensionId(id)) => id,
                RecordId::Settings | RecordId::Domain(_) | RecordId::Group(_) => 0,
            };
            if number >= MADE_FROM.saturating_add(self.made) {
                return Err("a record has a number that was not given out");
            }
        }
        Ok(())
    }
}

/// Stands for a value in a form, so that what is chosen is chosen of what was shown.
pub fn print_of(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default())
}
