//! Alarms: those that stand, those that are over, and who has seen them.

use std::{cmp::Reverse, sync::Arc};

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin,
    admin::Admin,
    alarm::{self, AlarmId, AlarmKind, Severity},
    dice::Dice,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::moment,
    answer::Answer,
    door::Caller,
    paging::{Limit, Offset, page},
    problem::Problem,
    request::{Path, Query},
    users::search_text,
};

/// Which alarms are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Part of what it is about, or of which one.
    #[serde(default)]
    #[param(max_length = 128, example = "201")]
    q: Option<String>,
    /// Those that stand, or those that are over; all where nothing is said.
    #[serde(default)]
    #[param(inline)]
    state: Option<AlarmState>,
    /// How many to pass over.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000_000, example = 0)]
    offset: Offset,
    /// How many at most; 50 where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

/// Whether the cause of an alarm lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum AlarmState {
    /// It does.
    Standing,
    /// It does not.
    Over,
}

/// An alarm, from its raising to its end.
#[derive(Serialize, ToSchema)]
pub(super) struct Alarm {
    /// Never used twice.
    #[schema(minimum = 0)]
    id: u32,
    /// What it is about.
    kind: AlarmKind,
    /// The same in words.
    #[schema(examples("Extension blacklisted"))]
    title: &'static str,
    /// How much it matters.
    severity: Severity,
    /// The number of the domain that it is about; 1 for the installation.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
    /// Which one of its kind: a number, an address, a name.
    #[schema(examples("201"))]
    subject: String,
    /// How many of what is counted.
    #[schema(minimum = 0)]
    count: u64,
    /// What is counted; empty where nothing is.
    #[schema(examples("failures"))]
    counted: &'static str,
    /// When its cause began.
    #[schema(format = "date-time")]
    raised_at: Option<String>,
    /// When its cause ended; null while it lasts.
    #[schema(format = "date-time")]
    cleared_at: Option<String>,
    /// Who has seen it.
    acknowledged: Option<Acknowledgement>,
}

/// That somebody has seen an alarm.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledgement {
    /// Who.
    by: String,
    /// When.
    #[schema(format = "date-time")]
    at: Option<String>,
}

page!(
    /// A page of alarms: those that stand, the most urgent first; then those that are over, the newest first.
    Alarms of Alarm
);

fn view(alarm: &alarm::Alarm) -> Alarm {
    let row = alarm.key.kind.row();
    Alarm {
        id: alarm.id.0,
        kind: alarm.key.kind,
        title: row.title,
        severity: row.severity,
        domain: alarm.key.domain.0,
        subject: alarm.key.subject.to_string(),
        count: alarm.count,
        counted: row.counted,
        raised_at: moment(alarm.raised_at),
        cleared_at: moment(alarm.cleared_at),
        acknowledged: alarm
            .acknowledged
            .as_ref()
            .map(|seen| Acknowledgement { by: seen.by.to_string(), at: moment(seen.at) }),
    }
}

fn find(api: &Api, id: u32) -> Result<Arc<alarm::Alarm>, Problem> {
    api.system.ledger.alarm(AlarmId(id)).ok_or_else(|| admin::Problem::NotFound("alarm").into())
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let needle = search_text(search.q)?.to_lowercase();
    let says = |alarm: &alarm::Alarm| {
        alarm.key.subject.to_lowercase().contains(&needle)
            || alarm.key.kind.row().title.to_lowercase().contains(&needle)
    };
    let mut found = api.system.ledger.alarms();
    found.retain(|alarm| {
        let state = if alarm.is_standing() { AlarmState::Standing } else { AlarmState::Over };
        search.state.is_none_or(|wanted| wanted == state) && says(alarm)
    });
    // Stable: otherwise they stay as they are kept, the newest first.
    found.sort_by_key(|alarm| Reverse(alarm.is_standing().then_some(alarm.key.kind.row().severity)));
    let total = found.len();
    let items = found.iter().skip(search.offset.get()).take(search.limit.get());
    Answer::json(&Alarms { items: items.map(|alarm| view(alarm)).collect(), total })
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(id): Path<u32>) -> Result<Answer, Problem> {
    Answer::json(&view(&*find(&api, id)?))
}

pub(super) async fn acknowledge(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let alarm = find(&api, id)?;
    let see = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.acknowledge(&alarm);
    api.system.administer(&caller.by, see).await?;
    show(State(api), Path(id)).await
}
