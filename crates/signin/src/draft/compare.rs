//! The comparison: of each field what was seen, what is in force by now, and what is wanted.
//!
//! ```text
//! now = seen                  → mine is applied
//! now = mine                  → somebody made the same change: nothing to do
//! all three differ            → a conflict: a person chooses
//! ```
//! Of what is deleted, the whole record is one thing; of what is made, there is nothing it could be compared with, and whether
//! it still fits in is found out when it is put in force.

use serde_json::{Value, json};

use super::{
    Draft, Edited, Fate, FieldEdit, RecordId,
    fields::{self, Fields},
};
use crate::{
    account::RoleKind,
    credential::{CredentialKind, KINDS, Owner},
    document::DocumentId,
    records::Records,
    timestamp::Timestamp,
};

/// What of a record is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// All of it.
    Whole,
    /// A field.
    Field(Box<str>),
    /// A secret.
    Secret(CredentialKind),
}

impl Point {
    /// Its stable name in forms.
    pub fn name(&self) -> String {
        match self {
            Self::Whole => "whole".into(),
            Self::Field(field) => format!("field-{field}"),
            Self::Secret(kind) => format!("secret-{}", kind.row().name),
        }
    }
}

/// What the comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Nobody else has changed it.
    Mine,
    /// It is so already.
    Already,
    /// Somebody else has changed it, to something else.
    Conflict,
}

/// One thing that is wanted, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub point: Point,
    /// The value that was seen. Of a secret: when it was set, or null.
    pub seen: Value,
    /// The value in force.
    pub now: Value,
    /// The value that is wanted. Of a secret: when it was chosen, or null.
    pub mine: Value,
    /// What follows.
    pub merge: Merge,
}

/// One record, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which.
    pub record: RecordId,
    /// What becomes of it.
    pub fate: Fate,
    /// What it was called.
    pub title: Box<str>,
    /// It was deleted meanwhile: what was wanted of it cannot be any more.
    pub is_gone: bool,
    /// What is wanted of it, one by one; of what is made or deleted, all of it as one.
    pub lines: Vec<Line>,
}

impl Compared {
    /// Whether a person has to choose.
    pub fn is_in_conflict(&self) -> bool {
        self.lines.iter().any(|line| line.merge == Merge::Conflict)
    }
}

/// Compares a draft with what is in force.
pub fn compare(draft: &Draft, live: &dyn Records) -> Vec<Compared> {
    draft.records.iter().map(|edited| compare_record(edited, live)).collect()
}

fn compare_record(edited: &Edited, live: &dyn Records) -> Compared {
    let now = live_fields(edited.record, live);
    let is_gone = now.is_none() && edited.fate != Fate::Made;
    let lines = match edited.fate {
        Fate::Made => {
            let wanted = edited.fields.iter().map(|edit| (edit.field.to_string(), edit.wanted.clone()));
            let mine = Value::Object(wanted.collect());
            vec![Line { point: Point::Whole, seen: Value::Null, now: Value::Null, mine, merge: Merge::Mine }]
        }
        Fate::Deleted => {
            let mut seen: Fields =
                edited.fields.iter().map(|edit| (edit.field.clone(), edit.seen.clone())).collect();
            seen.extend(edited.secrets.iter().map(|edit| (secret_name(edit.kind), moment(edit.seen))));
            let (seen, now) = (whole(Some(seen)), whole(now));
            let merge = if now.is_null() {
                Merge::Already
            } else if now == seen {
                Merge::Mine
            } else {
                Merge::Conflict
            };
            vec![Line { point: Point::Whole, seen, now, mine: Value::Null, merge }]
        }
        Fate::Changed => {
            let fields = edited.fields.iter().map(|edit| {
                let FieldEdit { field, seen, wanted } = edit;
                let now = now.as_ref().and_then(|now| now.get(field)).cloned().unwrap_or(Value::Null);
                let merge = merged(seen, &now, wanted, is_gone);
                let point = Point::Field(field.clone());
                Line { point, seen: seen.clone(), now, mine: wanted.clone(), merge }
            });
            let secrets = edited.secrets.iter().map(|edit| {
                let now = now
                    .as_ref()
                    .and_then(|now| now.get(&secret_name(edit.kind)))
                    .cloned()
                    .unwrap_or(Value::Null);
                let (seen, mine) = (moment(edit.seen), moment(edit.wanted.as_ref().map(|_| edit.chosen_at)));
                // That the same secret was set by somebody else cannot be seen, and need not: both were chosen.
                let merge = match edit.wanted {
                    Some(_) if !is_gone && now == seen => Merge::Mine,
                    Some(_) => Merge::Conflict,
                    None => merged(&seen, &now, &mine, is_gone),
                };
                Line { point: Point::Secret(edit.kind), seen, now, mine, merge }
            });
            fields.chain(secrets).collect()
        }
    };
    Compared { record: edited.record, fate: edited.fate, title: edited.title.clone(), is_gone, lines }
}

fn merged(seen: &Value, now: &Value, mine: &Value, is_gone: bool) -> Merge {
    if is_gone {
        Merge::Conflict
    } else if now == mine {
        Merge::Already
    } else if now == seen {
        Merge::Mine
    } else {
        Merge::Conflict
    }
}

fn whole(fields: Option<Fields>) -> Value {
    fields.map_or(Value::Null, |fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    })
}

fn secret_name(kind: CredentialKind) -> Box<str> {
    format!("secret {}", kind.row().name).into()
}

fn moment(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.0))
}

/// Whose secrets a record has.
pub(super) const fn owner_of(record: RecordId) -> Option<Owner> {
    match record {
        RecordId::Settings | RecordId::Group(_) => None,
        RecordId::Domain(id) => Some(Owner::Domain(id)),
        RecordId::User(id) => Some(Owner::Account(id)),
        RecordId::Extension(id) => Some(Owner::Extension(id)),
    }
}

/// The fields of a record; `None` = there is none.
pub(super) fn fields_of(record: RecordId, records: &dyn Records) -> Option<Fields> {
    match record {
        RecordId::Settings => Some(fields::settings_of(&records.settings())),
        RecordId::Domain(id) => records.domain(id).map(|domain| fields::domain_of(&domain)),
        RecordId::Group(id) => {
            let document = records.document(DocumentId::RightsGroup(id))?;
            document.rights_group().map(fields::group_of)
        }
        RecordId::User(id) => {
            let account = records.account(id).filter(|account| account.kind() == RoleKind::User)?;
            Some(fields::user_of(&account))
        }
        RecordId::Extension(id) => records.extension(id).map(|extension| fields::extension_of(&extension)),
    }
}

/// The fields of a record and the moments at which its secrets were set.
fn live_fields(record: RecordId, records: &dyn Records) -> Option<Fields> {
    let mut fields = fields_of(record, records)?;
    if let Some(owner) = owner_of(record) {
        for row in &KINDS {
            if let Some(facts) = records.credential(owner, row.kind) {
                fields.insert(secret_name(row.kind), moment(Some(facts.set_at)));
            }
        }
    }
    Some(fields)
}
