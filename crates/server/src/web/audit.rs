//! The audit: searched, one event in full, exported; and the last events of anybody for other pages.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use signin::{
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome},
    credential::CredentialKind,
    ident::{AccountId, DomainId},
    interface::{INTERFACES, LoginInterface},
    rights::Right,
    timestamp::Timestamp,
};
use store::{AuditQuery, AuditRow, StoreError};
use tokio_stream::wrappers::ReceiverStream;

use crate::{commands::cell::guarded, system::System};

use super::{
    Web,
    address::{Path, Query},
    credentials, doctor, domains,
    guard::SignedIn,
    lists::{PAGE, thousands},
    moment,
    views::{
        audit::{AuditEventPage, AuditPage, Quick},
        forms::{Choice, Field, Kind},
        parts::{Badge, Event, Fact, Link, Notice, Pager, Tone},
        shell::Place,
    },
};

const PATH: &str = "/manager/audit";
/// Lines on other pages.
const LATELY: usize = 8;
/// Changes of one event that are told in a list.
const CHANGES: usize = 2;
/// Rows that are looked at for lines on other pages.
const GLANCE_MAX: usize = 20_000;
/// Rows that one search looks at: as many as take a moment. Whoever wants to know more searches further back.
const LOOK_MAX: usize = 100_000;
/// Chunks of an export that may wait for a slow reader.
const CHUNKS: usize = 16;
/// Bytes of one chunk.
const CHUNK: usize = 32 << 10;

/// Quick filters: the address's word, the words on the page, and what they mean.
const SUBJECTS: [(&str, &str, &[Action]); 5] = [
    ("sign-ins", "Sign-ins", &[Action::SignIn, Action::SignOut, Action::Confirm, Action::SessionEnded]),
    (
        "phones",
        "Phones",
        &[Action::Registered, Action::Unregistered, Action::PhoneLost, Action::PushedOut, Action::CallEnded],
    ),
    (
        "settings",
        "Settings changed",
        &[Action::SettingsChanged, Action::DomainCreated, Action::DomainChanged, Action::DomainDeleted],
    ),
    (
        "secrets",
        "Secrets and locks",
        &[
            Action::SecretSet,
            Action::SecretRemoved,
            Action::TokenMade,
            Action::TokenRevoked,
            Action::LockReset,
            Action::Recovered,
        ],
    ),
    (
        "accounts",
        "Users and extensions",
        &[
            Action::AccountCreated,
            Action::AccountChanged,
            Action::AccountDeleted,
            Action::GroupCreated,
            Action::GroupChanged,
            Action::GroupDeleted,
            Action::ExtensionCreated,
            Action::ExtensionChanged,
            Action::ExtensionDeleted,
        ],
    ),
];

/// What the audit's address says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    who: String,
    /// The number of a domain; empty = of all.
    #[serde(default)]
    domain: String,
    /// One of [`SUBJECTS`].
    #[serde(default)]
    what: String,
    /// A whole day; `from` and `until` are moments.
    #[serde(default)]
    day: String,
    #[serde(default)]
    interface: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    format: String,
}

impl Search {
    fn query(&self, limit: usize) -> AuditQuery {
        let name = self.who.trim();
        let address = name.parse::<IpAddr>().ok();
        let day = crate::moment::parse_day(&self.day);
        let (from, until) = (crate::moment::parse_local(&self.from), crate::moment::parse_local(&self.until));
        AuditQuery {
            text: self.q.trim().chars().take(200).collect(),
            name: (!name.is_empty() && address.is_none()).then(|| name.chars().take(200).collect()),
            domain: self.domain.parse().ok().map(DomainId),
            of: None,
            actions: SUBJECTS
                .iter()
                .find(|(name, ..)| *name == self.what)
                .map_or(&[], |(.., actions)| actions),
            outcome: match self.outcome.as_str() {
                "accepted" => Some(Outcome::Accepted),
                "refused" => Some(Outcome::Refused),
                _ => None,
            },
            interface: INTERFACES.iter().find(|row| row.name == self.interface).map(|row| row.interface),
            address,
            // What lies in the day and between the moments.
            from: from.max(day.map(|(begins, _)| begins)),
            until: day
                .map(|(_, ends)| ends)
                .map_or(until, |ends| Some(until.map_or(ends, |until| until.min(ends)))),
            before_seq: self.before.parse().ok(),
            limit,
            looked_at_max: 0,
        }
    }

    /// A filter that nobody understands is not left out: an export would hold more than was asked for.
    fn require(&self, web: &Web, who: &SignedIn) -> Result<(), Response> {
        let refused = || who.visitor.error(web, StatusCode::BAD_REQUEST);
        self.is_understood().then_some(()).ok_or_else(refused)
    }

    fn is_understood(&self) -> bool {
        let is_moment = |typed: &str| typed.is_empty() || crate::moment::parse_local(typed).is_some();
        ["", "accepted", "refused"].contains(&self.outcome.as_str())
            && (self.domain.is_empty() || self.domain.parse::<u32>().is_ok())
            && (self.interface.is_empty() || INTERFACES.iter().any(|row| row.name == self.interface))
            && (self.before.is_empty() || self.before.parse::<u64>().is_ok())
            && (self.what.is_empty() || SUBJECTS.iter().any(|(name, ..)| *name == self.what))
            && (self.day.is_empty() || crate::moment::parse_day(&self.day).is_some())
            && is_moment(&self.from)
            && is_moment(&self.until)
            && ["", "csv", "jsonl"].contains(&self.format.as_str())
    }

    fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = [
            ("q", &self.q),
            ("who", &self.who),
            ("domain", &self.domain),
            ("what", &self.what),
            ("day", &self.day),
            ("interface", &self.interface),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("until", &self.until),
        ];
        for (name, value) in own.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        for (name, value) in more {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path.into() } else { format!("{path}?{query}") }
    }

    fn is_filtered(&self) -> bool {
        [
            &self.q,
            &self.who,
            &self.domain,
            &self.what,
            &self.day,
            &self.interface,
            &self.outcome,
            &self.from,
            &self.until,
        ]
        .iter()
        .any(|v| !v.is_empty())
    }

    /// One click each: everything about a subject, and every refusal.
    fn quick(&self) -> Vec<Quick> {
        let link = |search: Self, title: &str, is_on| Quick {
            link: Link::new(search.address(PATH, &[]), title),
            is_on,
        };
        let refused = Self { outcome: "refused".into(), ..Self::default() };
        let is_refused = self.what.is_empty() && self.outcome == "refused";
        let subjects = SUBJECTS.iter().map(|(name, title, _)| {
            link(Self { what: (*name).into(), ..Self::default() }, title, *name == self.what)
        });
        [link(Self::default(), "Everything", !self.is_filtered()), link(refused, "Refusals", is_refused)]
            .into_iter()
            .chain(subjects)
            .collect()
    }

    fn fields(&self, domain: Option<Field>) -> Vec<Field> {
        let every = |label: &str, chosen: &str| Choice::new("", label, chosen.is_empty());
        let mut interfaces = vec![every("Every interface", &self.interface)];
        interfaces.extend(
            INTERFACES.iter().map(|row| Choice::new(row.name, row.title, row.name == self.interface)),
        );
        let outcomes = vec![
            every("Every outcome", &self.outcome),
            Choice::new("accepted", "Accepted", self.outcome == "accepted"),
            Choice::new("refused", "Refused", self.outcome == "refused"),
        ];
        let mut subjects = vec![every("Everything", &self.what)];
        subjects
            .extend(SUBJECTS.iter().map(|(name, title, _)| Choice::new(*name, *title, *name == self.what)));
        vec![
            Field::new("q", "Text").value(&*self.q).required().length_max(200),
            Field::new("who", "Name or address").value(&*self.who).required().length_max(200),
            Field::new("what", "What").kind(Kind::Select(subjects)).required(),
            Field::new("day", "Day").kind(Kind::Date).value(&*self.day).required(),
            Field::new("interface", "Interface").kind(Kind::Select(interfaces)).required(),
            Field::new("outcome", "Outcome").kind(Kind::Select(outcomes)).required(),
            Field::new("from", "From").kind(Kind::Moment).value(&*self.from).required(),
            Field::new("until", "Until").kind(Kind::Moment).value(&*self.until).required(),
        ]
        .into_iter()
        .chain(domain)
        // In a search everything may be left empty, and nothing has to say so.
        .map(Field::search)
        .collect()
    }
}

pub(super) async fn list(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(search): Query<Search>,
) -> Result<Response, Response> {
    search.require(&web, &who)?;
    let now = web.system.clock.now();
    let looked_at_max = if search.is_filtered() { LOOK_MAX } else { 0 };
    let found = read(&web, &who, AuditQuery { looked_at_max, ..search.query(PAGE + 1) }).await?;
    let rows = found.rows;
    let total = usize::try_from(web.system.ledger.figures().audit_rows).unwrap_or(usize::MAX);
    let (shown, has_more) = (rows.len().min(PAGE), rows.len() > PAGE);
    let last = rows.get(..shown).and_then(<[AuditRow]>::last).map(|row| row.seq.to_string());
    let next = last.filter(|_| has_more).map(|seq| search.address(PATH, &[("before", &seq)]));
    let further = found.stopped_at.map(|seq| search.address(PATH, &[("before", &seq.to_string())]));
    let is_first = search.before.is_empty();
    let page = AuditPage {
        shell: who.shell(&web, Place::Audit),
        chain: chain_notice(total),
        quick: search.quick(),
        filters: search.fields(domains::filter(&web, &who, &search.domain)),
        filtered: search.is_filtered(),
        events: rows.iter().take(PAGE).map(|row| event(row, now)).collect(),
        looked_at: thousands(found.looked_at),
        further,
        pager: Pager {
            summary: match (shown, search.is_filtered() || !is_first) {
                (0, _) => "Nothing found".into(),
                (_, true) => format!("{} shown, newest first", thousands(shown)),
                (_, false) => format!("The newest {} of {} events", thousands(shown), thousands(total)),
            },
            label: "events".into(),
            previous: (!is_first).then(|| search.address(PATH, &[])),
            next,
            stops: Vec::new(),
        },
        export_json: search.address("/manager/audit/export", &[("format", "jsonl")]),
        export_csv: search.address("/manager/audit/export", &[("format", "csv")]),
    };
    Ok(who.page(&page))
}

fn chain_notice(total: usize) -> Notice {
    Notice::new(
        Tone::Info,
        "Each event is chained to the one before",
        format!(
            "{} events are kept. “hookswitch audit verify” on the machine proves that none was changed, removed or \
             moved.",
            thousands(total)
        ),
    )
}

async fn read(web: &Arc<Web>, who: &SignedIn, query: AuditQuery) -> Result<store::AuditPage, Response> {
    let ledger = Arc::clone(&web.system.ledger);
    // Reads the disk, and a rare word may be found far down in it.
    let found = tokio::task::spawn_blocking(move || ledger.audit_page(&query)).await;
    match found {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) | Err(_) => Err(who.visitor.error(web, StatusCode::SERVICE_UNAVAILABLE)),
    }
}

/// A row as a line of a list.
pub(super) fn event(row: &AuditRow, now: Timestamp) -> Event {
    let event = &row.event;
    Event {
        href: format!("{PATH}/{}", row.seq),
        tone: tone(event),
        outcome: outcome(event),
        who: actor(&event.actor, &event.subject),
        what: what(event),
        detail: detail(event),
        interface: event.interface.row().title.into(),
        from: event.address.map_or_else(|| "–".into(), |address| address.to_string()),
        at: moment::stamp(event.at, now),
    }
}

fn tone(event: &AuditEvent) -> Tone {
    match event.outcome {
        Outcome::Accepted => Tone::Good,
        Outcome::Refused if event.changes.is_empty() => Tone::Warning,
        Outcome::Refused => Tone::Danger,
    }
}

fn outcome(event: &AuditEvent) -> String {
    let word = match event.outcome {
        Outcome::Accepted => "Accepted",
        Outcome::Refused => "Refused",
    };
    if event.times > 1 {
        format!("{word} ×{}", thousands(usize::try_from(event.times).unwrap_or(0)))
    } else {
        word.into()
    }
}

fn what(event: &AuditEvent) -> String {
    let subject = if event.subject.is_empty() { String::new() } else { format!(": {}", event.subject) };
    format!("{}{subject}", event.action.title())
}

/// Why it was refused, or the first changes, in a line. Where a phone is stands beside it already.
fn detail(event: &AuditEvent) -> String {
    if let Some(reason) = event.reason {
        let locked = if event.changes.is_empty() { "" } else { ", and locked by it" };
        return format!("{}{locked}", reason.title());
    }
    let is_of_phone = matches!(
        event.action,
        Action::Registered | Action::Unregistered | Action::PhoneLost | Action::PushedOut
    );
    let shown = if is_of_phone { &[] } else { event.changes.as_slice() };
    let told =
        shown.iter().take(CHANGES).map(|change| format!("{}: {}", change.field, change_in_words(change)));
    let mut words: Vec<String> = told.collect();
    if shown.len() > CHANGES {
        words.push(format!("and {} more", shown.len() - CHANGES));
    }
    words.join("; ")
}

fn change_in_words(change: &FieldChange) -> String {
    match (&*change.before, &*change.after) {
        ("", "") => "a new one".into(),
        ("", after) => after.into(),
        (before, "") => format!("{before} → nothing"),
        (before, after) => format!("{before} → {after}"),
    }
}

fn actor(actor: &Actor, claimed: &str) -> String {
    match actor {
        Actor::Unknown => format!("Somebody as “{claimed}”"),
        Actor::Account(_, name) => name.to_string(),
        Actor::Extension(_, number) => format!("Extension {number}"),
        Actor::Console => "Console of the machine".into(),
        Actor::System => "The system".into(),
    }
}

/// The last events of somebody, for their page; none for who may not read the audit.
pub(super) fn history(
    web: &Web,
    who: &SignedIn,
    name: &str,
    domain: DomainId,
    of: Option<AccountId>,
    now: Timestamp,
) -> Vec<Event> {
    let query = AuditQuery { name: Some(name.into()), domain: Some(domain), of, ..AuditQuery::default() };
    lines(web, who, query, now)
}

/// The last events of all, for the overview; none for who may not read the audit.
pub(super) fn lately(web: &Web, who: &SignedIn, now: Timestamp) -> Vec<Event> {
    lines(web, who, AuditQuery::default(), now)
}

fn lines(web: &Web, who: &SignedIn, query: AuditQuery, now: Timestamp) -> Vec<Event> {
    if !who.by.may(Right::SecurityRead) {
        return Vec::new();
    }
    let rows = glance(&web.system, AuditQuery { limit: LATELY, ..query });
    rows.iter().map(|row| event(row, now)).collect()
}

/// Who set a secret at that moment; none for who may not read the audit, and where it is too long ago for a glance.
pub(super) fn who_set(web: &Web, who: &SignedIn, kind: CredentialKind, at: Timestamp) -> Option<String> {
    if !who.by.may(Right::SecurityRead) {
        return None;
    }
    let until = Some(Timestamp(at.0.saturating_add(1)));
    let query = AuditQuery {
        actions: &[Action::SecretSet],
        from: Some(at),
        until,
        limit: LATELY,
        ..AuditQuery::default()
    };
    let names = |row: &&AuditRow| row.event.changes.iter().any(|change| *change.field == *kind.row().name);
    let rows = glance(&web.system, query);
    rows.iter().find(names).map(|row| actor(&row.event.actor, &row.event.subject))
}

/// Rows for a page that is about something else: only so far back as takes no time, and nothing where the disk fails.
pub(crate) fn glance(system: &System, query: AuditQuery) -> Vec<AuditRow> {
    let query = AuditQuery { looked_at_max: GLANCE_MAX, ..query };
    tokio::task::block_in_place(|| system.ledger.audit(&query)).unwrap_or_default()
}

/// The audit of somebody.
pub(super) fn href_of(name: &str, domain: Option<DomainId>) -> String {
    let domain = domain.map_or_else(String::new, |domain| domain.to_string());
    Search { who: name.into(), domain, ..Search::default() }.address(PATH, &[])
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(seq): Path<u64>,
) -> Result<Response, Response> {
    let now = web.system.clock.now();
    let query = AuditQuery { before_seq: seq.checked_add(1), limit: 1, ..AuditQuery::default() };
    let rows = read(&web, &who, query).await?.rows;
    let Some(row) = rows.first().filter(|row| row.seq == seq) else {
        return Err(who.visitor.error(&web, StatusCode::NOT_FOUND));
    };
    let event = &row.event;
    let mut facts = vec![
        Fact::new("Who", actor(&event.actor, &event.subject)),
        Fact::new("To what", event.subject.to_string()),
        Fact::new("By which interface", event.interface.row().title),
    ];
    facts.extend(domains::fact(&web, &who, event.domain));
    facts.extend(event.address.map(|address| Fact::new("From", address.to_string())));
    if !event.agent.is_empty() {
        facts.push(Fact::new("With", event.agent.to_string()));
    }
    if event.times > 1 {
        facts.push(Fact::new("How often", format!("{} times in a row", event.times)));
    }
    for change in &event.changes {
        facts.push(Fact::new(change.field.to_string(), change_in_words(change)));
    }
    let total = web.system.ledger.figures().audit_rows;
    let page = AuditEventPage {
        shell: who.shell(&web, Place::Audit),
        number: thousands(usize::try_from(seq).unwrap_or(0)),
        what: what(event),
        outcome: Badge::new(tone(event), outcome(event)),
        at: moment::stamp(event.at, now),
        why: event.reason.map_or_else(String::new, |reason| format!("{}.", reason.title())),
        doctor: doctor::link_of_event(&who, event),
        facts,
        chain: vec![Fact::new("Number", seq.to_string())],
        older: (seq > 1).then(|| format!("{PATH}/{}", seq - 1)),
        newer: (seq < total).then(|| format!("{PATH}/{}", seq + 1)),
    };
    Ok(who.page(&page))
}

pub(super) async fn export(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(search): Query<Search>,
) -> Result<Response, Response> {
    search.require(&web, &who)?;
    let is_csv = search.format == "csv";
    let query = AuditQuery { before_seq: None, ..search.query(usize::MAX) };
    let noted = web.system.administer(&who.by, |admin, _| admin.export_audit()).await;
    noted.map_err(|refusal| credentials::refuse(&who, &web, &refusal))?;
    // What is written behind belongs to what has happened until now.
    let flushed = web.system.ledger.flush().await;
    flushed.map_err(|_| who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE))?;
    let body = export_lines(&web.system, query, is_csv);
    let (kind, name) = if is_csv {
        ("text/csv; charset=utf-8", "audit.csv")
    } else {
        ("application/x-ndjson", "audit.jsonl")
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// What the search finds, as it is read: as CSV, or as JSON a line.
pub(crate) fn export_lines(system: &Arc<System>, query: AuditQuery, is_csv: bool) -> Body {
    let ledger = Arc::clone(&system.ledger);
    let (send, receive) = tokio::sync::mpsc::channel::<Result<Bytes, StoreError>>(CHUNKS);
    tokio::task::spawn_blocking(move || {
        let mut chunk = if is_csv { CSV_HEAD.as_bytes().to_vec() } else { Vec::new() };
        let exported = ledger.audit_each(&query, &mut |row| {
            if is_csv {
                csv_line(&row, &mut chunk);
            } else {
                json_line(&row, &mut chunk);
            }
            if chunk.len() >= CHUNK && send.blocking_send(Ok(std::mem::take(&mut chunk).into())).is_err() {
                return Err(StoreError::Closed);
            }
            Ok(())
        });
        let last = exported.map(|()| chunk.into());
        if let Err(error) = last.as_ref()
            && !send.is_closed()
        {
            tracing::warn!(%error, "an export of the audit was cut off");
        }
        // An error ends the answer without its end, so that what was cut off does not look whole. Nobody waits any more
        // when this fails.
        drop(send.blocking_send(last));
    });
    Body::from_stream(ReceiverStream::new(receive))
}

const CSV_HEAD: &str =
    "number,at,action,outcome,reason,actor,subject,interface,address,agent,times,changes\r\n";

fn json_line(row: &AuditRow, out: &mut Vec<u8>) {
    if let Ok(serde_json::Value::Object(mut object)) = serde_json::to_value(&row.event) {
        object.insert("number".into(), row.seq.into());
        object.insert("at".into(), crate::moment::for_programs(row.event.at).into());
        out.extend_from_slice(serde_json::Value::Object(object).to_string().as_bytes());
        out.push(b'\n');
    }
}

fn csv_line(row: &AuditRow, out: &mut Vec<u8>) {
    let event = &row.event;
    let changes: Vec<_> = event
        .changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.field, change.before, change.after))
        .collect();
    let fields = [
        row.seq.to_string(),
        crate::moment::for_programs(event.at),
        event.action.title().into(),
        outcome_name(event.outcome).into(),
        event.reason.map_or_else(String::new, |reason| reason.title().into()),
        actor(&event.actor, &event.subject),
        event.subject.to_string(),
        interface_name(event.interface).into(),
        event.address.map_or_else(String::new, |address| address.to_string()),
        event.agent.to_string(),
        event.times.to_string(),
        changes.join("; "),
    ];
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.push(b'"');
        // A spreadsheet may take it for a formula, and a stranger may have written it.
        out.extend_from_slice(guarded(field).replace('"', "\"\"").as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b"\r\n");
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused => "refused",
    }
}

fn interface_name(interface: LoginInterface) -> &'static str {
    interface.name()
}
