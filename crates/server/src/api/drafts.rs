//! One's own draft: what waits in it, how that compares with what is in force, putting it in force, and taking it along in a
//! file. Open to people alone: it holds what its author saw, which is more than a token may have been made for.

use std::sync::Arc;

use axum::extract::State;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use signin::{
    admin::{self, Admin, Choice, Decisions},
    dice::Dice,
    draft::{Compared, Draft, Fate, Line, Merge, Point, RecordId, compare, print_of},
    records::Records,
    secret::{SECRET_MAX, Secret},
    timestamp::Timestamp,
};
use store::{DRAFT_FILE_MAX, DraftFile, DraftFileError, PASSPHRASE_MIN, Passphrase};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::moment,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{Body, LargeBody},
};
use crate::{dice::OsDice, moment::dated};

/// Most choices that one request makes: more conflicts than a draft can have.
const CHOICES_MAX: usize = 300_000;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DraftedFate {
    /// It is new.
    Made,
    /// It stays, with other values.
    Changed,
    /// It goes.
    Deleted,
}

/// What the comparison says.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DraftedMerge {
    /// Nobody else has changed it.
    Mine,
    /// It is so already.
    Already,
    /// Somebody else has changed it, to something else: somebody must choose.
    Conflict,
}

/// One thing that is wanted, compared. Secrets are never told: their values are the moments at which they were chosen.
#[derive(Serialize, ToSchema)]
pub(super) struct DraftedChange {
    /// What of the record: `whole`, or a field, or a secret.
    #[schema(max_length = 200, examples("field-full_name"))]
    point: String,
    /// The value that was seen when it was changed.
    #[schema(value_type = Value)]
    seen: Value,
    /// The value in force.
    #[schema(value_type = Value)]
    now: Value,
    /// The value that is wanted.
    #[schema(value_type = Value)]
    mine: Value,
    /// What follows.
    merge: DraftedMerge,
    /// Names the value in force, for a choice.
    #[schema(max_length = 100)]
    print: String,
}

/// One record with what is wanted of it.
#[derive(Serialize, ToSchema)]
pub(super) struct DraftedRecord {
    /// Names it.
    #[schema(max_length = 40, examples("user-3"))]
    record: String,
    /// What kind of record, in words.
    #[schema(examples("User"))]
    kind: &'static str,
    /// What it was called when it was first changed.
    title: String,
    /// What becomes of it.
    fate: DraftedFate,
    /// It was deleted meanwhile: what was wanted of it cannot be any more.
    is_gone: bool,
    /// What is wanted, one by one.
    changes: Vec<DraftedChange>,
}

/// A draft.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnDraft {
    /// When the first change was made.
    #[schema(format = "date-time")]
    begun_at: Option<String>,
    /// How many changes it has.
    #[schema(minimum = 0)]
    changes: usize,
    /// For how many of them somebody must choose.
    #[schema(minimum = 0)]
    conflicts: usize,
    /// What it changes; at most a thousand records.
    records: Vec<DraftedRecord>,
}

/// Whose value a conflict ends with.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ConflictChoice {
    /// The draft's.
    Mine,
    /// The one in force.
    Theirs,
}

/// A choice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConflictDecided {
    /// Which record.
    #[schema(max_length = 40, examples("user-3"))]
    record: String,
    /// What of it.
    #[schema(max_length = 200, examples("field-full_name"))]
    point: String,
    /// Whose value.
    choice: ConflictChoice,
    /// `print` of the value in force that was looked at.
    #[schema(max_length = 100)]
    print: String,
}

/// What is decided about a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftDecisions {
    /// For each conflict, whose value it ends with.
    #[serde(default)]
    #[schema(max_items = 300_000)]
    choices: Vec<ConflictDecided>,
}

/// How many changes.
#[derive(Serialize, ToSchema)]
pub(super) struct DraftChanges {
    /// So many.
    #[schema(minimum = 0)]
    changes: usize,
}

/// One change of a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeOfDraft {
    /// Of which record.
    #[schema(max_length = 40, examples("user-3"))]
    record: String,
    /// What of it.
    #[schema(max_length = 200, examples("field-full_name"))]
    point: String,
}

/// What a file is sealed with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FilePassphrase {
    /// At least twelve characters: whoever finds the file may guess as often as they like.
    #[schema(value_type = String, format = "password", min_length = 12, max_length = 1024, write_only)]
    passphrase: Zeroizing<String>,
}

/// A draft in a file.
#[derive(Serialize, ToSchema)]
pub(super) struct SealedDraft {
    /// The file, in Base64.
    #[schema(content_encoding = "base64", content_media_type = "application/octet-stream")]
    file: String,
}

/// A file that is imported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportedDraft {
    /// The file, in Base64.
    #[schema(content_encoding = "base64", content_media_type = "application/octet-stream")]
    file: String,
    /// What it is sealed with.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 1024, write_only)]
    passphrase: Zeroizing<String>,
}

fn own(api: &Api, caller: &Caller) -> Result<Draft, Problem> {
    caller.admin(api).draft().ok_or_else(none)
}

fn none() -> Problem {
    Problem::new(Kind::NotFound, "You have no draft: nothing waits.")
}

/// A value as it is told: moments in RFC 3339.
fn told(point: &Point, value: &Value) -> Value {
    let at = |value: &Value| {
        value
            .as_u64()
            .map_or_else(|| value.clone(), |at| moment(Timestamp(at)).map_or(Value::Null, Value::String))
    };
    match point {
        Point::Secret(_) => at(value),
        Point::Field(field) if field.ends_with("_at") => at(value),
        Point::Field(_) => value.clone(),
        Point::Whole => {
            let mut value = dated(value.clone());
            for (name, field) in value.as_object_mut().into_iter().flatten() {
                if name.starts_with("secret ") {
                    *field = at(field);
                }
            }
            value
        }
    }
}

fn change_view(line: &Line) -> DraftedChange {
    DraftedChange {
        point: line.point.name(),
        seen: told(&line.point, &line.seen),
        now: told(&line.point, &line.now),
        mine: told(&line.point, &line.mine),
        merge: match line.merge {
            Merge::Mine => DraftedMerge::Mine,
            Merge::Already => DraftedMerge::Already,
            Merge::Conflict => DraftedMerge::Conflict,
        },
        print: print_of(&line.now).to_string(),
    }
}

fn record_view(compared: &Compared) -> DraftedRecord {
    DraftedRecord {
        record: compared.record.to_string(),
        kind: compared.record.kind(),
        title: compared.title.to_string(),
        fate: match compared.fate {
            Fate::Made => DraftedFate::Made,
            Fate::Changed => DraftedFate::Changed,
            Fate::Deleted => DraftedFate::Deleted,
        },
        is_gone: compared.is_gone,
        changes: compared.lines.iter().map(change_view).collect(),
    }
}

pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let draft = own(&api, &caller)?;
    let compared = compare(&draft, &caller.reach(&api));
    let lines = compared.iter().flat_map(|compared| &compared.lines);
    let told = OwnDraft {
        begun_at: moment(draft.begun_at),
        changes: draft.changes(),
        conflicts: lines.filter(|line| line.merge == Merge::Conflict).count(),
        records: compared.iter().map(record_view).collect(),
    };
    Answer::versioned(&told, draft.version)
}

/// The version of the own draft, if it is the one that was looked at.
fn version_of(admin: &Admin<'_>, if_match: &IfMatch) -> Result<u32, admin::Problem> {
    let version = admin.draft().ok_or(admin::Problem::NotFound("draft"))?.version;
    if_match.demand(version, "draft")?;
    Ok(version)
}

/// What a draft changes, by the names that are told.
fn points(draft: &Draft, live: &dyn Records) -> Vec<(RecordId, Point)> {
    let compared = compare(draft, live).into_iter();
    let points = compared
        .flat_map(|compared| compared.lines.into_iter().map(move |line| (compared.record, line.point)));
    points.collect()
}

pub(super) async fn apply(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(decided): Body<DraftDecisions>,
) -> Result<Answer, Problem> {
    if decided.choices.len() > CHOICES_MAX {
        return Err(Problem::field("choices", format!("At most {CHOICES_MAX}.")));
    }
    let named: std::collections::BTreeMap<(String, String), (RecordId, Point)> =
        points(&own(&api, &caller)?, &caller.reach(&api))
            .into_iter()
            .map(|(record, point)| ((record.to_string(), point.name()), (record, point)))
            .collect();
    let mut chosen = std::collections::BTreeMap::new();
    for choice in decided.choices {
        let mine = match choice.choice {
            ConflictChoice::Mine => Choice::Mine,
            ConflictChoice::Theirs => Choice::Theirs,
        };
        // A choice about what is no longer in the draft changes nothing.
        if let Some(at) = named.get(&(choice.record, choice.point)) {
            chosen.insert(at.clone(), (mine, choice.print.into()));
        }
    }
    let system = Arc::clone(&api.system);
    let apply = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        let decisions = Decisions { version: version_of(admin, &if_match)?, chosen: chosen.clone() };
        admin.apply_draft(&decisions, system.ledger.vault(), dice)
    };
    let done = api.system.administer(&caller.by, apply).await?;
    Answer::json(&DraftChanges { changes: done.value })
}

pub(super) async fn take_out(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(wanted): Body<ChangeOfDraft>,
) -> Result<Answer, Problem> {
    let found = points(&own(&api, &caller)?, &caller.reach(&api))
        .into_iter()
        .find(|(record, point)| record.to_string() == wanted.record && point.name() == wanted.point);
    let (record, point) = found.ok_or_else(|| Problem::field("point", "The draft does not change this."))?;
    let undo = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        admin.undo_in_draft(version_of(admin, &if_match)?, record, &point)
    };
    api.system.administer(&caller.by, undo).await?;
    Ok(Answer::done())
}

pub(super) async fn discard(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let discard =
        move |admin: &Admin<'_>, _: &mut dyn Dice| admin.discard_draft(version_of(admin, &if_match)?);
    api.system.administer(&caller.by, discard).await?;
    Ok(Answer::done())
}

/// A passphrase that is not cut: a part of it would open what the whole was chosen for.
fn whole(passphrase: &str) -> Result<Secret, Problem> {
    if passphrase.len() > SECRET_MAX {
        return Err(Problem::field("passphrase", format!("Use at most {SECRET_MAX} bytes.")));
    }
    Ok(Secret::new(passphrase))
}

fn unavailable<E>(_: E) -> Problem {
    Problem::of(Kind::Unavailable)
}

pub(super) async fn export(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(asked): Body<FilePassphrase>,
) -> Result<Answer, Problem> {
    let passphrase = whole(&asked.passphrase)?;
    if passphrase.reveal().chars().count() < PASSPHRASE_MIN {
        return Err(Problem::field("passphrase", format!("Use at least {PASSPHRASE_MIN} characters.")));
    }
    let draft = api.system.administer(&caller.by, |admin, _| admin.export_draft()).await?.value;
    let (system, account, rights) =
        (Arc::clone(&api.system), Arc::clone(&caller.account), caller.by.rights.clone());
    // It hashes the passphrase, and so takes a turn like a sign-in.
    let turn = api.system.hashing.turn_of_administrator().await;
    let turn = turn.ok_or_else(|| Problem::of(Kind::Unavailable))?;
    let written = tokio::task::spawn_blocking(move || {
        let mut dice = OsDice;
        let keys = Passphrase::choose(&passphrase, &mut dice);
        drop(turn);
        let keys = keys.ok_or(DraftFileError::Sealed)?;
        let sealed = draft.resealed(system.ledger.vault(), &keys, &mut dice);
        let draft = sealed.ok_or_else(|| DraftFileError::Unusable("a secret does not open".into()))?;
        keys.write(&DraftFile { office: system.ledger.office(&account, &rights), draft })
    });
    let bytes = written.await.map_err(unavailable)?;
    let bytes = bytes.map_err(|error| Problem::field("", format!("Nothing was written: {error}.")))?;
    Answer::json(&SealedDraft { file: BASE64.encode(&bytes) })
}

pub(super) async fn import(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    LargeBody(asked): LargeBody<ImportedDraft, { DRAFT_FILE_MAX / 3 * 4 + (64 << 10) }>,
) -> Result<Answer, Problem> {
    let wrong = |field: &str, error: &DraftFileError| {
        Problem::field(field, format!("Nothing was imported: {error}."))
    };
    let bytes = BASE64.decode(asked.file.as_bytes());
    let bytes = bytes.map_err(|_| wrong("file", &DraftFileError::NotOurs))?;
    DraftFile::glance(&bytes).map_err(|error| wrong("file", &error))?;
    let turn = api.system.hashing.turn_of_administrator().await;
    let turn = turn.ok_or_else(|| Problem::of(Kind::Unavailable))?;
    let (system, passphrase) = (Arc::clone(&api.system), whole(&asked.passphrase)?);
    let read = tokio::task::spawn_blocking(move || {
        let (file, keys) = DraftFile::read(&bytes, &passphrase)?;
        drop(turn);
        let sealed = file.draft.resealed(&keys, system.ledger.vault(), &mut OsDice);
        sealed.ok_or_else(|| DraftFileError::Unusable("a secret in it does not open".into()))
    });
    let draft = read.await.map_err(unavailable)?.map_err(|error| {
        wrong(if error == DraftFileError::Sealed { "passphrase" } else { "file" }, &error)
    })?;
    let import = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        // Where there is none, there is none to spoil.
        let version = admin.draft().map_or(0, |draft| draft.version);
        if_match.demand(version, "draft")?;
        admin.import_draft(version, &draft)
    };
    let done = api.system.administer(&caller.by, import).await?;
    Answer::json(&DraftChanges { changes: done.value })
}
