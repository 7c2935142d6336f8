//! Call logs: the calls of a user that are over.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use signin::{
    admin::Admin,
    call_log::{CallEntry, Direction},
    dice::Dice,
    ident::AccountId,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::moment,
    answer::Answer,
    door::Caller,
    mailboxes::OtherEnd,
    paging::{PageQuery, page},
    problem::{Kind, Problem},
    request::{Path, Query},
    users::find,
};

/// How a call went, for the user whose log it is in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CallDirection)]
enum Went {
    /// The user called.
    Made,
    /// The user was called and answered.
    Received,
    /// The user was called and did not answer.
    Missed,
}

/// A call that is over.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedCall {
    /// When it began.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// How it went.
    #[schema(inline)]
    direction: Went,
    /// With whom.
    other: OtherEnd,
    /// How long they talked; none = not at all.
    #[schema(minimum = 0, examples(67))]
    talked_seconds: Option<u32>,
}

page!(
    /// A page of a call log, the newest first: the last hundred calls of the last ninety days.
    CallLog of LoggedCall
);

fn view(call: &CallEntry) -> LoggedCall {
    LoggedCall {
        at: moment(call.at),
        direction: match call.direction {
            Direction::Made => Went::Made,
            Direction::Received => Went::Received,
            Direction::Missed => Went::Missed,
        },
        other: OtherEnd::of(&call.other),
        talked_seconds: call.talked.map(|talked| talked.0),
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let account = find(&api, &caller, id)?.id;
    let (ledger, now) = (Arc::clone(&api.system.ledger), api.system.clock.now());
    let read = tokio::task::spawn_blocking(move || ledger.call_log(account, now)).await;
    let log = match read {
        Ok(Ok(log)) => log,
        Ok(Err(error)) => {
            tracing::error!(%error, "a call log could not be read");
            return Err(Problem::of(Kind::Unavailable));
        }
        Err(_) => return Err(Problem::of(Kind::Unavailable)),
    };
    let (items, total) = page.cut(log.iter().map(view).collect());
    Answer::json(&CallLog { items, total })
}

pub(super) async fn clear(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    find(&api, &caller, id)?;
    let clear = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.clear_call_log(AccountId(id));
    api.system.administer(&caller.by, clear).await?;
    Ok(Answer::done())
}
