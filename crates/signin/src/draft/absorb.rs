//! Into a draft: what an operation would have done at once becomes changes that wait.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Draft, Edited, Fate, FieldEdit, Fields, Layer, MADE_MAX, Overlay, Point, RECORDS_MAX, RecordId,
    SecretEdit, Vault,
    compare::{fields_of, owner_of},
};
use crate::{
    account::RoleKind,
    admin::Problem,
    audit::AuditEvent,
    credential::{Credential, CredentialKind, KINDS, Owner},
    dice::Dice,
    document::DocumentId,
    effect::Effect,
    ident::{AccountId, DomainId},
    records::Records,
    scope::Scope,
    timestamp::Timestamp,
};

/// What came of it.
#[derive(Debug)]
pub enum Absorbed {
    /// The draft, changed.
    Drafted(Draft),
    /// It is about what happens now (a lock, a session, a phone), and no configuration: it is done at once.
    Present,
}

/// What an effect is to a draft.
enum Nature {
    /// A change of what it can hold.
    Configuration,
    /// What follows from one, and is worked out anew when the draft is put in force.
    Consequence,
    /// Of something that never waits.
    Never(&'static str),
}

const SERVICE_USERS: &str = "Service users are not edited offline: who may sign in must not wait. Sign in without Offline Mode for that.";
const ELSEWHERE: &str = "This cannot be edited offline. Sign in without Offline Mode for that.";

/// Takes the effects of an operation, which was planned on `layer` over `live`, into the draft.
///
/// # Errors
/// Something that never waits, or more than a draft holds.
pub fn absorb(
    draft: &Draft,
    mut layer: Layer,
    live: &dyn Records,
    effects: &[Effect],
    vault: &dyn Vault,
    now: Timestamp,
    dice: &mut dyn Dice,
) -> Result<Absorbed, Problem> {
    let is_group_gone =
        effects.iter().any(|effect| matches!(effect, Effect::DeleteDocument(DocumentId::RightsGroup(_))));
    let mut touched = BTreeSet::new();
    let mut is_configuration = false;
    for effect in effects {
        match nature(effect, live, is_group_gone) {
            Nature::Configuration => is_configuration = true,
            Nature::Consequence => continue,
            Nature::Never(why) => return Err(Problem::Never(why)),
        }
        touched.extend(record_of(effect));
    }
    if !is_configuration {
        return Ok(Absorbed::Present);
    }
    // The members of a group that goes are service users, which are not in the layer.
    let drafted: Vec<Effect> = effects
        .iter()
        .filter(|effect| matches!(nature(effect, live, is_group_gone), Nature::Configuration))
        .cloned()
        .collect();
    let shown: Vec<(RecordId, Option<Fields>)> = touched
        .into_iter()
        .map(|record| (record, fields_of(record, &Overlay { live: Scope::whole(live), layer: &layer })))
        .collect();
    layer.take(&drafted);
    let mut after = draft.clone();
    after.made = layer.made();
    let overlay = Overlay { live: Scope::whole(live), layer: &layer };
    for (record, shown) in shown {
        edit(&mut after, record, shown.as_ref(), live, &overlay);
    }
    for effect in &drafted {
        if let Effect::PutCredential(credential) = effect {
            let Credential { owner, kind, payload, facts } = credential;
            let place = place(record_of_owner(*owner), *kind);
            let sealed = vault.seal(&place, payload, dice);
            let sealed = sealed.ok_or(Problem::Never("The secret could not be sealed."))?;
            set_secret(&mut after, *owner, *kind, Some(sealed), facts.set_at, live, &overlay);
        } else if let Effect::DeleteCredential(owner, kind) = effect {
            set_secret(&mut after, *owner, *kind, None, now, live, &overlay);
        }
    }
    drop_what_follows(&mut after, live);
    if after.records.len() > RECORDS_MAX || after.made > MADE_MAX {
        return Err(Problem::Never(
            "A draft changes at most 1,000 records. Apply this one, then go on with another.",
        ));
    }
    Ok(Absorbed::Drafted(after))
}

/// The draft without one change. What was made goes whole, and so does what is wanted of it elsewhere.
pub fn without(draft: &Draft, record: RecordId, point: &Point) -> Draft {
    let mut after = draft.clone();
    let Some(edited) = draft.edited(record) else { return after };
    let mut left = edited.clone();
    match point {
        Point::Whole => {}
        Point::Field(field) => left.fields.retain(|edit| edit.field != *field),
        Point::Secret(kind) => left.secrets.retain(|edit| edit.kind != *kind),
    }
    left.touched = left.touched.saturating_add(1);
    let is_whole = *point == Point::Whole || edited.fate != Fate::Changed;
    if is_whole || (left.fields.is_empty() && left.secrets.is_empty()) {
        after.drop_record(record);
    } else {
        after.put(left);
    }
    if let (RecordId::Extension(id), Fate::Made) = (record, edited.fate) {
        let gone = Value::from(id.0);
        for user in &mut after.records {
            match user.fate {
                Fate::Changed => {
                    user.fields.retain(|edit| &*edit.field != "extension" || edit.wanted != gone);
                }
                Fate::Made => {
                    let at = user
                        .fields
                        .iter_mut()
                        .find(|edit| &*edit.field == "extension" && edit.wanted == gone);
                    if let Some(edit) = at {
                        edit.wanted = Value::Null;
                    }
                }
                Fate::Deleted => {}
            }
        }
        after.records.retain(|edited| {
            edited.fate != Fate::Changed || !(edited.fields.is_empty() && edited.secrets.is_empty())
        });
    }
    after
}

/// Where a secret of a draft is sealed for.
pub(crate) fn place(record: RecordId, kind: CredentialKind) -> String {
    format!("draft/{record}/{}", kind.row().name)
}

fn nature(effect: &Effect, live: &dyn Records, is_group_gone: bool) -> Nature {
    let is_service_user =
        |id: AccountId| live.account(id).is_some_and(|account| account.kind() == RoleKind::ServiceUser);
    match effect {
        Effect::PutAccount(account) if account.kind() == RoleKind::ServiceUser => {
            if is_group_gone {
                Nature::Consequence
            } else {
                Nature::Never(SERVICE_USERS)
            }
        }
        Effect::DeleteAccount(id) if is_service_user(*id) => Nature::Never(SERVICE_USERS),
        Effect::PutCredential(Credential { owner: Owner::Account(id), .. })
        | Effect::DeleteCredential(Owner::Account(id), _)
            if is_service_user(*id) =>
        {
            Nature::Never(SERVICE_USERS)
        }
        Effect::PutDocument(document) if document.rights_group().is_none() => Nature::Never(ELSEWHERE),
        // What a new domain would be for has no number before it is there.
        Effect::PutDomain(domain) if live.domain(domain.id).is_none() => Nature::Never(ELSEWHERE),
        Effect::PutSettings(_)
        | Effect::PutDomain(_)
        | Effect::PutDocument(_)
        | Effect::DeleteDocument(DocumentId::RightsGroup(_))
        | Effect::PutAccount(_)
        | Effect::DeleteAccount(_)
        | Effect::PutExtension(_)
        | Effect::DeleteExtension(_)
        | Effect::PutCredential(_)
        | Effect::DeleteCredential(..) => Nature::Configuration,
        Effect::DeleteDomain(_)
        | Effect::DeleteDocument(_)
        | Effect::PutReporting(_)
        | Effect::PutRecording(..)
        | Effect::NoteCall(..)
        | Effect::ForgetCalls(_)
        | Effect::OpenSession(_) => Nature::Never(ELSEWHERE),
        Effect::PutActivity(..)
        | Effect::NoteFailure(_)
        | Effect::PutCredentialFacts(..)
        | Effect::ForgetFormer(..)
        | Effect::KeepTally(_)
        | Effect::ClearTally(_)
        | Effect::TouchSession(..)
        | Effect::CloseSession(_)
        | Effect::CloseSessions(..)
        | Effect::PutRegistration(_)
        | Effect::LogOut(..)
        | Effect::KnowPlace(..)
        | Effect::Quarantine(_)
        | Effect::ReleaseQuarantine(_)
        | Effect::Unchanged(_)
        | Effect::Delivered(..)
        | Effect::Alarm(_)
        | Effect::CutAudit(_)
        | Effect::Audit(_) => Nature::Consequence,
    }
}

const fn record_of_owner(owner: Owner) -> RecordId {
    match owner {
        Owner::Account(id) => RecordId::User(id),
        Owner::Extension(id) => RecordId::Extension(id),
        Owner::Domain(id) => RecordId::Domain(id),
    }
}

/// What an effect changes the fields of; of secrets, nothing.
fn record_of(effect: &Effect) -> Option<RecordId> {
    match effect {
        Effect::PutSettings(_) => Some(RecordId::Settings),
        Effect::PutDomain(domain) => Some(RecordId::Domain(domain.id)),
        Effect::PutDocument(document) => document.rights_group().map(|group| RecordId::Group(group.id)),
        Effect::DeleteDocument(DocumentId::RightsGroup(id)) => Some(RecordId::Group(*id)),
        Effect::PutAccount(account) => Some(RecordId::User(account.id)),
        Effect::DeleteAccount(id) => Some(RecordId::User(*id)),
        Effect::PutExtension(extension) => Some(RecordId::Extension(extension.id)),
        Effect::DeleteExtension(id) => Some(RecordId::Extension(*id)),
        Effect::DeleteDocument(
            DocumentId::Draft(_)
            | DocumentId::ApiToken(_)
            | DocumentId::Mailbox(_)
            | DocumentId::ShortCodes(_)
            | DocumentId::Seat(_)
            | DocumentId::Desk(_)
            | DocumentId::Profile(_),
        )
        | Effect::PutReporting(_)
        | Effect::PutRecording(..)
        | Effect::NoteCall(..)
        | Effect::ForgetCalls(_)
        | Effect::DeleteDomain(_)
        | Effect::PutActivity(..)
        | Effect::NoteFailure(_)
        | Effect::PutCredential(_)
        | Effect::PutCredentialFacts(..)
        | Effect::DeleteCredential(..)
        | Effect::ForgetFormer(..)
        | Effect::KeepTally(_)
        | Effect::ClearTally(_)
        | Effect::OpenSession(_)
        | Effect::TouchSession(..)
        | Effect::CloseSession(_)
        | Effect::CloseSessions(..)
        | Effect::PutRegistration(_)
        | Effect::LogOut(..)
        | Effect::KnowPlace(..)
        | Effect::Quarantine(_)
        | Effect::ReleaseQuarantine(_)
        | Effect::Unchanged(_)
        | Effect::Delivered(..)
        | Effect::Alarm(_)
        | Effect::Audit(_)
        | Effect::CutAudit(_) => None,
    }
}

/// Brings the draft's word on one record up to date. `shown` is what was seen through the draft before: what is still so was not
/// touched, and what was wanted of it stays, also where it cannot be shown.
fn edit(
    draft: &mut Draft,
    record: RecordId,
    shown: Option<&Fields>,
    live: &dyn Records,
    after: &Overlay<'_>,
) {
    let before = draft.edited(record).cloned();
    let (now, wanted) = (fields_of(record, live), fields_of(record, after));
    let fate = match (&now, &wanted) {
        (_, None) if before.as_ref().is_some_and(|before| before.fate == Fate::Made) => {
            draft.drop_record(record);
            return;
        }
        (None, None) => return,
        (Some(_), None) => Fate::Deleted,
        (None, Some(_)) => Fate::Made,
        (Some(_), Some(_)) => Fate::Changed,
    };
    let names: BTreeSet<&Box<str>> = now.iter().chain(&wanted).flat_map(|fields| fields.keys()).collect();
    let value = |of: &Option<Fields>, name: &str| {
        of.as_ref().and_then(|fields| fields.get(name)).cloned().unwrap_or(Value::Null)
    };
    let fields = names.into_iter().filter_map(|name| {
        let seen =
            before.as_ref().filter(|before| before.fate != Fate::Made).and_then(|before| before.seen(name));
        let seen = seen.cloned().unwrap_or_else(|| value(&now, name));
        let mut wanted = value(&wanted, name);
        if fate == Fate::Changed
            && shown.and_then(|shown| shown.get(name)) == Some(&wanted)
            && let Some(before) = before.as_ref().and_then(|before| before.wanted(name))
        {
            wanted = before.clone();
        }
        let is_edit = fate != Fate::Changed || seen != wanted;
        is_edit.then(|| FieldEdit { field: name.clone(), seen, wanted })
    });
    let fields: Vec<FieldEdit> = fields.collect();
    let mut secrets = before.as_ref().map(|before| before.secrets.clone()).unwrap_or_default();
    if fate == Fate::Deleted {
        secrets = secrets_of(record, live, before.as_ref());
    }
    let title = match &before {
        Some(before) if before.fate != Fate::Made => before.title.clone(),
        Some(_) | None => title_of(record, if fate == Fate::Made { after } else { live }),
    };
    let domain = match record {
        RecordId::User(id) => after.account(id).or_else(|| live.account(id)).map(|account| account.domain),
        RecordId::Extension(id) => {
            after.extension(id).or_else(|| live.extension(id)).map(|found| found.domain)
        }
        RecordId::Domain(id) => Some(id),
        RecordId::Settings | RecordId::Group(_) => None,
    };
    let edited = Edited {
        record,
        fate,
        domain: domain.unwrap_or(DomainId::FIRST),
        title,
        touched: before.map_or(0, |before| before.touched).saturating_add(1),
        fields,
        secrets,
    };
    if fate == Fate::Changed && edited.fields.is_empty() && edited.secrets.is_empty() {
        draft.drop_record(record);
    } else {
        draft.put(edited);
    }
}

/// The secrets that go with what is deleted, so that one that is set meanwhile is noticed.
fn secrets_of(record: RecordId, live: &dyn Records, before: Option<&Edited>) -> Vec<SecretEdit> {
    let Some(owner) = owner_of(record) else { return Vec::new() };
    let mut secrets: Vec<SecretEdit> = KINDS
        .iter()
        .filter_map(|row| {
            let present = live.credential(owner, row.kind).map(|facts| facts.set_at);
            let seen = before.and_then(|before| before.secret(row.kind)).map_or(present, |edit| edit.seen);
            seen.map(|at| SecretEdit { kind: row.kind, seen: Some(at), chosen_at: at, wanted: None })
        })
        .collect();
    secrets.sort_by_key(|edit| edit.kind);
    secrets
}

fn set_secret(
    draft: &mut Draft,
    owner: Owner,
    kind: CredentialKind,
    wanted: Option<super::Sealed>,
    chosen_at: Timestamp,
    live: &dyn Records,
    after: &Overlay<'_>,
) {
    let record = record_of_owner(owner);
    // Of what is deleted, the secrets go with it.
    if fields_of(record, after).is_none() {
        return;
    }
    let mut edited = draft.edited(record).cloned().unwrap_or_else(|| Edited {
        record,
        fate: Fate::Changed,
        domain: DomainId::FIRST,
        title: title_of(record, live),
        touched: 0,
        fields: Vec::new(),
        secrets: Vec::new(),
    });
    let present = live.credential(owner, kind).map(|facts| facts.set_at);
    let seen = edited.secret(kind).map_or(present, |edit| edit.seen);
    edited.secrets.retain(|edit| edit.kind != kind);
    if wanted.is_some() || seen.is_some() {
        edited.secrets.push(SecretEdit { kind, seen, chosen_at, wanted });
        edited.secrets.sort_by_key(|edit| edit.kind);
    }
    edited.touched = edited.touched.saturating_add(1);
    if edited.fate == Fate::Changed && edited.fields.is_empty() && edited.secrets.is_empty() {
        draft.drop_record(record);
    } else {
        draft.put(edited);
    }
}

/// That a user is without an extension follows where the extension goes; it is no wish of its own.
fn drop_what_follows(draft: &mut Draft, live: &dyn Records) {
    let gone: BTreeSet<u32> = draft
        .records
        .iter()
        .filter(|edited| edited.fate == Fate::Deleted)
        .filter_map(|edited| match edited.record {
            RecordId::Extension(id) => Some(id.0),
            RecordId::Settings | RecordId::Domain(_) | RecordId::Group(_) | RecordId::User(_) => None,
        })
        .collect();
    if gone.is_empty() {
        return;
    }
    let follows = |edit: &FieldEdit| {
        let seen = edit.seen.as_u64().and_then(|id| u32::try_from(id).ok());
        &*edit.field == "extension" && edit.wanted.is_null() && seen.is_some_and(|id| gone.contains(&id))
    };
    for edited in draft.records.iter_mut().filter(|edited| edited.fate == Fate::Changed) {
        if let RecordId::User(id) = edited.record
            && live.account(id).is_some()
        {
            edited.fields.retain(|edit| !follows(edit));
        }
    }
    draft.records.retain(|edited| {
        edited.fate != Fate::Changed || !(edited.fields.is_empty() && edited.secrets.is_empty())
    });
}

/// What a record is called.
fn title_of(record: RecordId, records: &dyn Records) -> Box<str> {
    let title = match record {
        RecordId::Settings => "settings".into(),
        RecordId::Domain(id) => {
            records.domain(id).map_or_else(String::new, |domain| domain.realm.to_string())
        }
        RecordId::Group(id) => {
            let document = records.document(DocumentId::RightsGroup(id));
            let name =
                document.and_then(|document| document.rights_group().map(|group| group.name.to_string()));
            name.unwrap_or_default()
        }
        RecordId::User(id) => {
            records.account(id).map_or_else(String::new, |account| account.name.to_string())
        }
        RecordId::Extension(id) => {
            records.extension(id).map_or_else(String::new, |found| found.number.to_string())
        }
    };
    AuditEvent::text(&title)
}
