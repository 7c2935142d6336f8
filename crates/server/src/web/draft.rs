//! The draft: reviewed, applied, taken along in a file and brought back.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;
use signin::{
    admin::{Admin, Choice, Decisions},
    audit::TEXT_MAX,
    dice::Dice,
    draft::{Compared, Draft, Fate, Line, Merge, Overlay, Point, RecordId, compare, print_of},
    ident::ExtensionId,
    records::Records,
    timestamp::{Seconds, Timestamp},
};
use store::{DraftFile, DraftFileError, PASSPHRASE_MIN, Passphrase};

use super::{
    Web,
    address::Path,
    credentials,
    door::MANAGER,
    form::Form,
    guard::{self, SignedForm, SignedIn, Visitor},
    moment,
    views::{
        draft::{ChangeRow, ChangedRecord, Decision, DraftPage},
        errors::ConfirmPage,
        forms::{KnownSecret, Problem, Problems, Rule, Secret, Test},
        parts::{Badge, Tone},
        shell::Place,
    },
};
use crate::flow::Refusal;

const PATH: &str = "/manager/draft";
/// Lines that a cell shows of one that has many.
const LINES_MAX: usize = 40;

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, &Form::default(), Problems::default()))
}

fn draft_of(web: &Web, who: &SignedIn) -> Option<Draft> {
    who.admin(web).draft()
}

fn page(web: &Web, who: &SignedIn, form: &Form, problems: Problems) -> DraftPage {
    let now = web.system.clock.now();
    let draft = draft_of(web, who);
    let (mut records, mut conflicts) = (Vec::new(), 0);
    let live = who.reach(web);
    let layer = draft.as_ref().map(|draft| signin::draft::Layer::of(draft, &live)).unwrap_or_default();
    let overlay = Overlay { live, layer: &layer };
    let mut compared = draft.as_ref().map(|draft| compare(draft, &live)).unwrap_or_default();
    // Stable: the others keep their order.
    compared.sort_by_key(|compared| !compared.is_in_conflict());
    for compared in &compared {
        conflicts += compared.lines.iter().filter(|line| line.merge == Merge::Conflict).count();
        records.push(record(compared, form, &overlay, now));
    }
    let changes = draft.as_ref().map_or(0, Draft::changes);
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    let mut summary = counted(changes, "change", "changes");
    if conflicts > 0 {
        summary.push_str(&format!(", {}", counted(conflicts, "conflict to decide", "conflicts to decide")));
    }
    let least = u64::try_from(PASSPHRASE_MIN).unwrap_or(u64::MAX);
    let rules = vec![Rule::new(Test::LengthMin(least), format!("At least {PASSPHRASE_MIN} characters"))];
    let mut passphrase = Secret::new("passphrase", "Passphrase for the file").rules(rules);
    passphrase.required = true;
    let known = KnownSecret {
        name: "known".into(),
        label: "Passphrase of the file".into(),
        required: true,
        ..KnownSecret::default()
    };
    DraftPage {
        shell: who.shell(web, Place::Draft),
        version: draft.as_ref().map_or(0, |draft| draft.version).to_string(),
        since: draft.as_ref().map_or_else(String::new, |draft| moment::stamp(draft.begun_at, now).human),
        records,
        summary,
        in_file: web.system.editor.is_some(),
        offline: who.is_offline(),
        passphrase,
        known,
        problems,
    }
}

fn record(compared: &Compared, form: &Form, known: &Overlay<'_>, now: Timestamp) -> ChangedRecord {
    let Compared { record, fate, title, .. } = compared;
    let fate = match fate {
        Fate::Made => Some(Badge::new(Tone::Good, "New")),
        Fate::Deleted => Some(Badge::new(Tone::Danger, "Deleted")),
        Fate::Changed if compared.is_gone => Some(Badge::new(Tone::Warning, "Deleted meanwhile")),
        Fate::Changed => None,
    };
    let href = match record {
        RecordId::User(id) => format!("/manager/users/{id}"),
        RecordId::Extension(id) => format!("/manager/extensions/{id}"),
        RecordId::Domain(_) => "/manager/settings/domain".into(),
        RecordId::Settings => "/manager/settings/system".into(),
        RecordId::Group(_) => String::new(),
    };
    let is_there = match record {
        RecordId::User(id) => known.account(*id).is_some(),
        RecordId::Extension(id) => known.extension(*id).is_some(),
        RecordId::Domain(_) | RecordId::Settings | RecordId::Group(_) => true,
    };
    ChangedRecord {
        id: record.to_string(),
        title: if *record == RecordId::Settings {
            "Settings".into()
        } else {
            format!("{} {title}", record.kind())
        },
        href: if is_there { href } else { String::new() },
        fate,
        rows: compared.lines.iter().map(|line| row(compared, line, form, known, now)).collect(),
    }
}

fn row(compared: &Compared, line: &Line, form: &Form, known: &Overlay<'_>, now: Timestamp) -> ChangeRow {
    let record = compared.record;
    let name = format!("c-{record}-{}", line.point.name());
    let cell = |value: &Value| cell(&line.point, value, known, now);
    let (mut seen, mut present) = (cell(&line.seen), cell(&line.now));
    let mut mine = match (&line.point, &line.mine) {
        (Point::Secret(_), Value::Null) => vec!["Removed".into()],
        (Point::Secret(_), _) => vec!["A new one".into()],
        (_, value) => cell(value),
    };
    if compared.fate == Fate::Deleted {
        // Of what goes, what counts is what somebody else has changed meanwhile.
        (seen, present) = differences(&line.seen, &line.now, known, now);
        mine = vec!["Deleted".into()];
    } else if compared.is_gone {
        present = vec!["Deleted".into()];
    }
    let state = match line.merge {
        Merge::Mine => Badge::new(Tone::Info, "Will change"),
        Merge::Already => Badge::new(Tone::Neutral, "Is so already"),
        Merge::Conflict => Badge::new(Tone::Warning, "Conflict"),
    };
    let print = print_of(&line.now);
    let decision = (line.merge == Merge::Conflict).then(|| Decision {
        mine: if compared.is_gone { String::new() } else { format!("mine.{print}") },
        theirs: format!("theirs.{print}"),
        // A choice that was made of another value is none.
        chosen: match form.get(&name).split_once('.') {
            Some((choice, shown)) if shown == print => choice.into(),
            Some(_) | None => String::new(),
        },
        name,
    });
    ChangeRow {
        what: match &line.point {
            Point::Whole => "All of it".into(),
            Point::Field(field) => field_title(field),
            Point::Secret(kind) => kind.row().title.into(),
        },
        before: seen,
        now: present,
        mine,
        state,
        decision,
        undo: format!("{record} {}", line.point.name()),
    }
}

/// What differs between two states of one record, line by line.
fn differences(
    seen: &Value,
    present: &Value,
    known: &Overlay<'_>,
    now: Timestamp,
) -> (Vec<String>, Vec<String>) {
    let (Value::Object(before), Value::Object(after)) = (seen, present) else {
        return (vec!["There".into()], vec!["Deleted".into()]);
    };
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let (was, is) = (before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
        if was != is {
            one.push(format!("{}: {}", field_title(name), in_words(name, was, known, now)));
            other.push(format!("{}: {}", field_title(name), in_words(name, is, known, now)));
        }
    }
    if one.is_empty() { (vec!["There".into()], vec!["As before".into()]) } else { (one, other) }
}

fn cell(point: &Point, value: &Value, known: &Overlay<'_>, now: Timestamp) -> Vec<String> {
    match (point, value) {
        (Point::Secret(_), Value::Null) => vec!["Not set".into()],
        (Point::Secret(_), value) => vec![format!("Set {}", in_words("secret", value, known, now))],
        (Point::Whole, Value::Null) => Vec::new(),
        (Point::Whole, Value::Object(fields)) => fields
            .iter()
            .filter(|(_, value)| !value.is_null() && *value != "")
            .map(|(name, value)| format!("{}: {}", field_title(name), in_words(name, value, known, now)))
            .collect(),
        (Point::Field(field), Value::Array(values)) if values.iter().any(|value| !value.is_number()) => {
            let lines = values.iter().take(LINES_MAX).map(|value| in_words(field, value, known, now));
            let lines: Vec<String> = lines.collect();
            if lines.is_empty() { vec!["Nothing".into()] } else { lines }
        }
        (Point::Field(field), value) => vec![in_words(field, value, known, now)],
        (Point::Whole, value) => vec![in_words("", value, known, now)],
    }
}

/// "Extension lock: failures max".
fn field_title(field: &str) -> String {
    let words = field.replace('_', " ").replace('.', ": ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn in_words(field: &str, value: &Value, known: &Overlay<'_>, now: Timestamp) -> String {
    let part = field.rsplit('.').next().unwrap_or(field);
    let text = match (part, value) {
        (_, Value::Null) => "nothing".into(),
        (_, Value::Bool(is)) => if *is { "yes" } else { "no" }.into(),
        (_, Value::String(text)) if text.is_empty() => "nothing".into(),
        ("condition", Value::String(text)) => match text.as_str() {
            "enabled" => "Enabled".into(),
            "disabled" => "Disabled".into(),
            "force-new-password" => "Force New Password".into(),
            other => other.into(),
        },
        ("rights", Value::String(name)) => {
            signin::rights::Right::named(name).map_or_else(|| name.clone(), |right| right.title().into())
        }
        (_, Value::String(text)) => text.clone(),
        ("extension", Value::Number(id)) => {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok()).map(ExtensionId);
            let found = id.and_then(|id| known.extension(id).or_else(|| known.live.extension(id)));
            found.map_or_else(|| "one that is gone".into(), |found| found.number.to_string())
        }
        ("expires_at", Value::Number(at)) => {
            at.as_u64().map_or_else(String::new, |at| crate::moment::day(Some(Timestamp(at))))
        }
        (part, Value::Number(at)) if part.starts_with("secret ") || field == "secret" => {
            at.as_u64().map_or_else(String::new, |at| moment::stamp(Timestamp(at), now).human)
        }
        (
            "window" | "idle" | "absolute" | "secret" | "expires_min" | "expires_max" | "expires_default",
            Value::Number(seconds),
        ) => duration(seconds.as_u64().unwrap_or_default()),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::Array(values)) => {
            let words = values.iter().take(LINES_MAX).map(|value| in_words(part, value, known, now));
            words.collect::<Vec<_>>().join(", ")
        }
        (_, Value::Object(parts)) => {
            let words = parts.iter().map(|(name, value)| {
                let time = value.as_u64().filter(|_| matches!(name.as_str(), "temporary" | "doubling"));
                let value = time.map_or_else(|| in_words(name, value, known, now), duration);
                format!("{} {value}", name.replace(['_', '-'], " "))
            });
            words.collect::<Vec<_>>().join(", ")
        }
    };
    text.chars().take(TEXT_MAX).collect()
}

fn duration(seconds: u64) -> String {
    let Ok(seconds) = u32::try_from(seconds) else { return seconds.to_string() };
    match Seconds(seconds) {
        Seconds(0) => "never".into(),
        Seconds(seconds) => moment::in_words(u64::from(seconds)),
    }
}

/// The points that the page shows, by the names that its forms send.
fn points(web: &Web, who: &SignedIn) -> Vec<(RecordId, Point)> {
    let draft = draft_of(web, who);
    let compared = draft.map(|draft| compare(&draft, &who.reach(web))).unwrap_or_default();
    let points = compared
        .into_iter()
        .flat_map(|compared| compared.lines.into_iter().map(move |line| (compared.record, line.point)));
    points.collect()
}

fn version(form: &Form) -> u32 {
    form.get("version").parse().unwrap_or(0)
}

pub(super) async fn apply(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    if web.system.editor.is_some() {
        return who.visitor.away(&web);
    }
    let mut decisions = Decisions { version: version(&form), ..Decisions::default() };
    for (record, point) in points(&web, &who) {
        if let Some((choice, shown)) = form.get(&format!("c-{record}-{}", point.name())).split_once('.') {
            let choice = if choice == "mine" { Choice::Mine } else { Choice::Theirs };
            decisions.chosen.insert((record, point), (choice, shown.into()));
        }
    }
    let system = Arc::clone(&web.system);
    let operation = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        admin.apply_draft(&decisions, system.ledger.vault(), dice)
    };
    match web.system.administer(&who.by, operation).await {
        Ok(done) => {
            let title = match done.value {
                1 => "1 change is in force".into(),
                many => format!("{many} changes are in force"),
            };
            guard::redirect_with(PATH, Tone::Good, &title, "The audit has a row for each.")
        }
        Err(refusal) => again(&web, &who, &form, &refusal),
    }
}

/// The page once more, with what stood in the way.
fn again(web: &Web, who: &SignedIn, form: &Form, refusal: &Refusal) -> Response {
    let texts: Vec<String> = if credentials::is_overtaken(refusal) {
        vec!["The draft was changed meanwhile, in another session. This is how it is now.".into()]
    } else {
        credentials::wrong_fields(refusal).into_iter().map(|wrong| wrong.problem).collect()
    };
    if texts.is_empty() {
        return credentials::refuse(who, web, refusal);
    }
    wrong(web, who, form, texts, "main")
}

fn wrong(web: &Web, who: &SignedIn, form: &Form, texts: Vec<String>, target: &str) -> Response {
    let problem = |text| Problem { target: target.into(), text };
    let list: Vec<Problem> = texts.into_iter().map(problem).collect();
    let mut page = page(web, who, form, Problems::listed(list.clone()));
    let text = list.first().map(|problem| problem.text.clone());
    match target {
        "f-passphrase" => page.passphrase.error = text,
        "f-passphrase_again" => page.passphrase.error_again = text,
        "f-known" => page.known.error = text,
        _ => {}
    }
    who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub(super) async fn undo(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let wanted = form.get("undo");
    let found =
        points(&web, &who).into_iter().find(|(record, point)| format!("{record} {}", point.name()) == wanted);
    let Some((record, point)) = found else { return Redirect::to(PATH).into_response() };
    let version = version(&form);
    let done =
        web.system.administer(&who.by, move |admin, _| admin.undo_in_draft(version, record, &point)).await;
    match done {
        Ok(_) => guard::redirect_with(PATH, Tone::Good, "Taken out of the draft", ""),
        Err(refusal) => again(&web, &who, &form, &refusal),
    }
}

pub(super) async fn ask_discard(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    let Some(draft) = draft_of(&web, &who) else { return Redirect::to(PATH).into_response() };
    let page = ConfirmPage {
        shell: who.shell(&web, Place::Draft),
        title: "Throw the draft away?".into(),
        text: "Its changes are forgotten. What is in force stays as it is.".into(),
        facts: vec![super::views::parts::Fact::new("Changes", draft.changes().to_string())],
        action: format!("{PATH}/discard"),
        hidden: vec![("version".into(), draft.version.to_string())],
        yes: "Throw away".into(),
        danger: true,
        back: PATH.into(),
    };
    who.page(&page)
}

pub(super) async fn discard(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let version = version(&form);
    match web.system.administer(&who.by, move |admin, _| admin.discard_draft(version)).await {
        Ok(_) => guard::redirect_with(PATH, Tone::Good, "The draft is thrown away", ""),
        Err(refusal) => again(&web, &who, &form, &refusal),
    }
}

pub(super) async fn export(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let passphrase = form.secret("passphrase");
    if !passphrase.matches(&form.secret("passphrase_again")) {
        return wrong(&web, &who, &form, vec![credentials::NOT_THE_SAME.into()], "f-passphrase_again");
    }
    if passphrase.reveal().chars().count() < PASSPHRASE_MIN {
        let text = format!("Use at least {PASSPHRASE_MIN} characters.");
        return wrong(&web, &who, &form, vec![text], "f-passphrase");
    }
    let done = web.system.administer(&who.by, |admin, _| admin.export_draft()).await;
    let draft = match done {
        Ok(done) => done.value,
        Err(refusal) => return credentials::refuse(&who, &web, &refusal),
    };
    let (system, account, rights) =
        (Arc::clone(&web.system), Arc::clone(&who.account), who.by.rights.clone());
    // It hashes the passphrase, and so takes a turn like a sign-in.
    let Some(turn) = web.system.hashing.turn_of_administrator().await else {
        return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE);
    };
    let written = tokio::task::spawn_blocking(move || {
        let mut dice = crate::dice::OsDice;
        let keys = Passphrase::choose(&passphrase, &mut dice);
        drop(turn);
        let keys = keys.ok_or(DraftFileError::Sealed)?;
        let sealed = draft.resealed(system.ledger.vault(), &keys, &mut dice);
        let draft = sealed.ok_or_else(|| DraftFileError::Unusable("a secret does not open".into()))?;
        keys.write(&DraftFile { office: system.ledger.office(&account, &rights), draft })
    });
    match written.await {
        Ok(Ok(bytes)) => {
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            let name = HeaderValue::from_static("attachment; filename=\"office.draft\"");
            headers.insert(header::CONTENT_DISPOSITION, name);
            response
        }
        Ok(Err(error)) => wrong(&web, &who, &form, vec![format!("Nothing was written: {error}.")], "main"),
        Err(_) => who.visitor.error(&web, StatusCode::INTERNAL_SERVER_ERROR),
    }
}

pub(super) async fn import(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    if web.system.editor.is_some() {
        return who.visitor.away(&web);
    }
    let (bytes, known) = (form.get("file").as_bytes().to_vec(), form.secret("known"));
    if let Err(error) = DraftFile::glance(&bytes) {
        return wrong(&web, &who, &form, vec![format!("Nothing was imported: {error}.")], "f-file");
    }
    let Some(turn) = web.system.hashing.turn_of_administrator().await else {
        return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE);
    };
    let system = Arc::clone(&web.system);
    let read = tokio::task::spawn_blocking(move || {
        let (file, keys) = DraftFile::read(&bytes, &known)?;
        drop(turn);
        let sealed = file.draft.resealed(&keys, system.ledger.vault(), &mut crate::dice::OsDice);
        sealed.ok_or_else(|| DraftFileError::Unusable("a secret in it does not open".into()))
    });
    let draft = match read.await {
        Ok(Ok(draft)) => draft,
        Ok(Err(error)) => {
            let target = if error == DraftFileError::Sealed { "f-known" } else { "f-file" };
            return wrong(&web, &who, &form, vec![format!("Nothing was imported: {error}.")], target);
        }
        Err(_) => return who.visitor.error(&web, StatusCode::INTERNAL_SERVER_ERROR),
    };
    let version = version(&form);
    match web.system.administer(&who.by, move |admin, _| admin.import_draft(version, &draft)).await {
        Ok(done) => {
            let title = match done.value {
                1 => "1 change is imported".into(),
                many => format!("{many} changes are imported"),
            };
            guard::redirect_with(PATH, Tone::Good, &title, "Look at them, then apply them.")
        }
        Err(refusal) => again(&web, &who, &form, &refusal),
    }
}

/// The one way into a file that is edited: its address was printed, and is good once.
pub(super) async fn enter(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> Response {
    let Some(editor) = &web.system.editor else { return visitor.error(&web, StatusCode::NOT_FOUND) };
    if !editor.admits(&token) {
        return visitor.error(&web, StatusCode::FORBIDDEN);
    }
    match web.system.open_editors_session(&visitor.agent, visitor.address).await {
        Ok(token) => {
            let mut response = Redirect::to(PATH).into_response();
            guard::put_cookie(&mut response, MANAGER.cookie, token.reveal(), None);
            response
        }
        Err(_) => visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    }
}
