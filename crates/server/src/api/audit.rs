//! The audit: searched, one row, exported.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use signin::{
    audit::{Action, Actor, FieldChange, Outcome, Reason},
    ident::DomainId,
    interface::LoginInterface,
    timestamp::Timestamp,
};
use store::AuditQuery;
use utoipa::{
    IntoParams, ToSchema,
    openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
};

use super::{
    Api,
    accounts::moment,
    answer::Answer,
    door::Caller,
    paging::Limit,
    problem::{Kind, Problem},
    request::{self, Path, Query},
    users::search_text,
};
use crate::web;

/// Longest name that is looked for.
const NAME_MAX: usize = 200;
/// Largest number that every program can read exactly.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The number of a row that others come before.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Before(u64);

impl TryFrom<u64> for Before {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        (1..=NUMBER_MAX).contains(&number).then_some(Self(number)).ok_or("a row has a number from 1 on")
    }
}

/// An address of either kind, as text.
fn address_schema() -> Schema {
    let of = |format, example: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(format)))
            .examples([example])
            .build()
    };
    let kinds = AnyOfBuilder::new()
        .item(of(KnownFormat::Ipv4, "192.0.2.7"))
        .item(of(KnownFormat::Ipv6, "2001:db8::7"));
    Schema::AnyOf(kinds.build())
}

macro_rules! search {
    ($(#[$doc:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            /// Part of any text of the row, without regard to case.
            #[serde(default)]
            #[param(max_length = 128, example = "201")]
            q: Option<String>,
            /// Who did it or what it was done to, as a whole name.
            #[serde(default)]
            #[param(max_length = 200, example = "Ann")]
            name: Option<String>,
            /// Of this domain alone.
            #[serde(default)]
            #[param(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_i64, example = 1)]
            domain: Option<u32>,
            /// What happened.
            #[serde(default)]
            action: Option<Action>,
            /// How it ended.
            #[serde(default)]
            outcome: Option<Outcome>,
            /// By which interface.
            #[serde(default)]
            interface: Option<LoginInterface>,
            /// Where from.
            #[serde(default)]
            #[param(schema_with = address_schema)]
            address: Option<IpAddr>,
            /// Not before this moment (RFC 3339).
            #[serde(default)]
            #[param(format = "date-time", example = "2027-01-01T00:00:00Z")]
            from: Option<String>,
            /// Before this moment (RFC 3339).
            #[serde(default)]
            #[param(format = "date-time", example = "2027-02-01T00:00:00Z")]
            until: Option<String>,
            $($more)*
        }

        impl $name {
            fn query(self) -> Result<AuditQuery, Problem> {
                if self.name.as_ref().is_some_and(|name| name.chars().count() > NAME_MAX) {
                    let words = format!("A name has at most {NAME_MAX} characters.");
                    return Err(Problem::new(Kind::Malformed, words));
                }
                Ok(AuditQuery {
                    text: search_text(self.q)?,
                    name: self.name.filter(|name| !name.trim().is_empty()),
                    domain: self.domain.map(DomainId),
                    actions: alone(self.action),
                    outcome: self.outcome,
                    interface: self.interface,
                    address: self.address,
                    from: at(self.from.as_deref())?,
                    until: at(self.until.as_deref())?,
                    limit: usize::MAX,
                    ..AuditQuery::default()
                })
            }
        }
    };
}

search! {
    /// Which rows are wanted.
    Search {
        /// Only rows with a smaller number: `next_before` of the page before.
        #[serde(default)]
        #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1000)]
        before: Option<Before>,
        /// How many at most; 50 where nothing is said.
        #[serde(default)]
        #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
        limit: Limit,
    }
}

search! {
    /// Which rows are exported.
    Filter {}
}

/// A row of the audit.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditRow {
    /// Its number; each row has one more than the one before it.
    #[schema(minimum = 1)]
    number: u64,
    /// When.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// What happened.
    action: Action,
    /// How it ended.
    outcome: Outcome,
    /// Why it was refused.
    reason: Option<Reason>,
    /// The number of the domain that it is about.
    #[schema(minimum = 1)]
    domain: u32,
    /// Who did it.
    actor: Who,
    /// What it was done to: a name or number as it was claimed or is called.
    subject: String,
    /// By which interface.
    interface: LoginInterface,
    /// Where from.
    address: Option<String>,
    /// With which program.
    agent: String,
    /// What changed. Secrets are named, never shown.
    changes: Vec<FieldChange>,
    /// How many like it this row stands for.
    times: u32,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
pub(super) struct Who {
    /// What kind of actor: `unknown`, `account`, `extension`, `console` or `system`.
    #[schema(examples("account"))]
    kind: &'static str,
    /// Of an account or an extension.
    id: Option<u32>,
    /// Its name or number.
    name: Option<String>,
}

/// A page of the audit, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditRows {
    /// The rows.
    items: Vec<AuditRow>,
    /// What `before` is for the next page; null where there are no more.
    next_before: Option<u64>,
}

/// An action as the list of all that are wanted.
fn alone(action: Option<Action>) -> &'static [Action] {
    let all: &'static [Action] = Action::ALL;
    let place = action.and_then(|action| all.iter().position(|other| *other == action));
    place.and_then(|place| all.get(place..=place)).unwrap_or_default()
}

fn at(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    request::moment(text, "").map_err(|_| {
        Problem::new(Kind::Malformed, "A moment in the query is written as in 2027-01-31T23:59:59Z.")
    })
}

/// A row as it is told.
pub(super) fn view(row: store::AuditRow) -> AuditRow {
    let event = row.event;
    let (kind, id, name) = match event.actor {
        Actor::Unknown => ("unknown", None, None),
        Actor::Account(id, name) => ("account", Some(id.0), Some(name.into())),
        Actor::Extension(id, name) => ("extension", Some(id.0), Some(name.into())),
        Actor::Console => ("console", None, None),
        Actor::System => ("system", None, None),
    };
    AuditRow {
        number: row.seq,
        at: moment(event.at),
        action: event.action,
        outcome: event.outcome,
        reason: event.reason,
        domain: event.domain.0,
        actor: Who { kind, id, name },
        subject: event.subject.into(),
        interface: event.interface,
        address: event.address.map(|address| address.to_string()),
        agent: event.agent.into(),
        changes: event.changes,
        times: event.times,
    }
}

async fn read(api: &Arc<Api>, query: AuditQuery) -> Result<Vec<store::AuditRow>, Problem> {
    let ledger = Arc::clone(&api.system.ledger);
    // Reads the disk, and a rare word may be found at the far end of it.
    let rows = tokio::task::spawn_blocking(move || ledger.audit(&query)).await;
    rows.ok().and_then(Result::ok).ok_or_else(|| Problem::of(Kind::Unavailable))
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let (before_seq, limit) = (search.before.map(|Before(number)| number), search.limit.get());
    let query = AuditQuery { before_seq, limit: limit + 1, ..search.query()? };
    let mut rows = read(&api, query).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_before = rows.last().map(|row| row.seq).filter(|_| has_more);
    Answer::json(&AuditRows { items: rows.into_iter().map(view).collect(), next_before })
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(number): Path<u64>) -> Result<Answer, Problem> {
    let query = AuditQuery { before_seq: number.checked_add(1), limit: 1, ..AuditQuery::default() };
    let rows = read(&api, query).await?;
    let row = rows.into_iter().next().filter(|row| row.seq == number);
    Answer::json(&view(row.ok_or_else(|| Problem::of(Kind::NotFound))?))
}

pub(super) async fn export(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let query = filter.query()?;
    api.system.administer(&caller.by, |admin, _| admin.export_audit()).await?;
    // What is written behind belongs to what has happened until now.
    api.system.ledger.flush().await.map_err(|_| Problem::of(Kind::Unavailable))?;
    let mut response = web::audit::export_lines(&api.system, query, false).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
