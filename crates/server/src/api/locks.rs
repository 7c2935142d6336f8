//! Locks, old codes and the quarantine: who is kept out, and letting them in again.

use std::sync::Arc;

use axum::extract::State;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use signin::{
    admin::Admin,
    dice::Dice,
    ident::ExtensionId,
    interface::CountScope,
    lockout::{Standing, Tally, TallyKey},
    place::Lane,
    policy::Settings,
    records::Records,
    timestamp::Timestamp,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::moment,
    answer::Answer,
    door::Caller,
    extensions::ExtensionRef,
    paging::{PageQuery, page},
    problem::Problem,
    request::{Body, Path, Query},
};

/// Most locks that are reset by name at once.
const RESET_MAX: usize = 500;

/// A lock that is in force.
#[derive(Serialize, ToSchema)]
pub(super) struct LockInForce {
    /// Names it, to reset it.
    #[schema(max_length = 1000)]
    id: String,
    /// What is locked: `extension`, `address`, or the name of a kind of secret.
    #[schema(max_length = 40, examples("extension"))]
    scope: String,
    /// The number, the address or the name that was claimed.
    #[schema(examples("201"))]
    name: String,
    /// The number of the domain whose it is; null where it counts over all.
    #[schema(minimum = 1)]
    domain: Option<u32>,
    /// Where it is in force; everywhere but at known places where there is none.
    place: Option<String>,
    /// Failures that count.
    failures: u16,
    /// How many there may be.
    failures_max: u8,
    /// The last one.
    #[schema(format = "date-time")]
    failed_at: Option<String>,
    /// Until when; until it is reset where there is none.
    #[schema(format = "date-time")]
    locked_until: Option<String>,
}

page!(
    /// A page of locks, the last failure first.
    Locks of LockInForce
);

/// Which locks are reset: those that are named, or all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// Ids of locks.
    #[serde(default)]
    #[schema(max_items = 500)]
    locks: Vec<String>,
    /// Every lock that is in force.
    #[serde(default)]
    all: bool,
}

/// How many locks were reset.
#[derive(Serialize, ToSchema)]
pub(super) struct ResetDone {
    /// So many.
    #[schema(minimum = 0)]
    locks: usize,
}

/// A phone that shows a code which was replaced.
#[derive(Serialize, ToSchema)]
pub(super) struct OldCode {
    /// Whose code it has.
    extension: ExtensionRef,
    /// Where it is.
    address: String,
    /// What it calls itself.
    agent: String,
    /// When its code was replaced.
    #[schema(format = "date-time")]
    replaced_at: Option<String>,
    /// The first try.
    #[schema(format = "date-time")]
    first_at: Option<String>,
    /// The last one.
    #[schema(format = "date-time")]
    last_at: Option<String>,
    /// How many.
    times: u32,
    /// Until when it was told to wait.
    #[schema(format = "date-time")]
    waits_until: Option<String>,
}

page!(
    /// A page of phones with an old code.
    OldCodes of OldCode
);

/// A phone that another one pushed out.
#[derive(Serialize, ToSchema)]
pub(super) struct PushedOut {
    /// Whose phone.
    extension: ExtensionRef,
    /// When.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// The one that was pushed out.
    contact: String,
    /// Where it was.
    address: String,
    /// What it called itself.
    agent: String,
    /// Where the one that pushed it out is.
    by_address: String,
    /// What that one calls itself.
    by_agent: String,
}

page!(
    /// A page of phones that were pushed out, the last one first.
    Quarantine of PushedOut
);

/// Names a lock.
pub(super) fn id_of(key: &TallyKey) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(key).unwrap_or_default())
}

fn key_of(id: &str) -> Option<TallyKey> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(id.as_bytes()).ok()?).ok()
}

/// A lock as it is told.
pub(super) fn view(key: &TallyKey, tally: &Tally, settings: &Settings, now: Timestamp) -> LockInForce {
    let rule = settings.lock_rule(key.scope);
    LockInForce {
        id: id_of(key),
        scope: match key.scope {
            CountScope::Extension => "extension".into(),
            CountScope::Address => "address".into(),
            CountScope::ApiToken => "api-token".into(),
            CountScope::Link => "link".into(),
            CountScope::Credential(kind) => kind.row().name.into(),
        },
        name: key.name.as_str().to_owned(),
        domain: key.is_within(key.domain).then_some(key.domain.0),
        place: match key.lane {
            Lane::Open => None,
            Lane::Network(network) => Some(network.to_string()),
            Lane::Device(_) => Some("a known browser".into()),
        },
        failures: tally.failures,
        failures_max: rule.failures_max,
        failed_at: moment(tally.failed_at),
        locked_until: match tally.standing(rule, now) {
            Standing::Locked { until } => moment(until),
            Standing::Open | Standing::Full => moment(now),
        },
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let now = api.system.clock.now();
    let settings = api.system.ledger.settings();
    let (locks, total) = page.cut(api.system.ledger.locks(now));
    let items = locks.iter().map(|(key, tally)| view(key, tally, &settings, now)).collect();
    Answer::json(&Locks { items, total })
}

pub(super) async fn reset(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(asked): Body<Reset>,
) -> Result<Answer, Problem> {
    let keys: Vec<TallyKey> = match (asked.all, asked.locks.is_empty()) {
        (true, true) => {
            let locks = api.system.ledger.locks(api.system.clock.now());
            locks.into_iter().map(|(key, _)| key).filter(|key| caller.by.reaches(key)).collect()
        }
        (false, false) if asked.locks.len() <= RESET_MAX => {
            let keys: Option<Vec<TallyKey>> = asked.locks.iter().map(|id| key_of(id)).collect();
            keys.ok_or_else(|| Problem::field("locks", "One of these is the id of no lock."))?
        }
        _ => {
            let words = format!("Name 1 to {RESET_MAX} locks, or all: one of both.");
            return Err(Problem::field("locks", words));
        }
    };
    let done = api.system.administer(&caller.by, move |admin, _| admin.reset_locks(&keys)).await?;
    Answer::json(&ResetDone { locks: done.value })
}

pub(super) async fn old_codes(
    State(api): State<Arc<Api>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let ledger = &api.system.ledger;
    let now = api.system.clock.now();
    let (phones, total) = page.cut(ledger.stale_phones());
    let items = phones.iter().filter_map(|phone| {
        let extension = ledger.extension(phone.extension)?;
        Some(OldCode {
            extension: ExtensionRef::of(&extension),
            address: phone.address.to_string(),
            agent: phone.agent.to_string(),
            replaced_at: moment(phone.replaced_at),
            first_at: moment(phone.first_at),
            last_at: moment(phone.last_at),
            times: phone.times,
            waits_until: moment(phone.waits_until(now)),
        })
    });
    Answer::json(&OldCodes { items: items.collect(), total })
}

pub(super) async fn forget_old_codes(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let forget = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.forget_former(ExtensionId(id));
    api.system.administer(&caller.by, forget).await?;
    Ok(Answer::done())
}

pub(super) async fn quarantine(
    State(api): State<Arc<Api>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let ledger = &api.system.ledger;
    let (entries, total) = page.cut(ledger.quarantine());
    let items = entries.iter().filter_map(|entry| {
        let extension = ledger.extension(entry.extension)?;
        Some(PushedOut {
            extension: ExtensionRef::of(&extension),
            at: moment(entry.at),
            contact: entry.contact.to_string(),
            address: entry.source.to_string(),
            agent: entry.agent.to_string(),
            by_address: entry.by_source.to_string(),
            by_agent: entry.by_agent.to_string(),
        })
    });
    Answer::json(&Quarantine { items: items.collect(), total })
}

pub(super) async fn release(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let release = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.release_quarantine(ExtensionId(id));
    api.system.administer(&caller.by, release).await?;
    Ok(Answer::done())
}
