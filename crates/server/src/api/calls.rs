//! Calls that go on, and ending one. Of a call is told what our own records say of it.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    ident::{DomainId, ExtensionId, Number},
    records::Records,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{AccountRef, moment},
    answer::Answer,
    door::Caller,
    extensions::{self, ExtensionRef},
    paging::{Limit, Offset, PageQuery, page},
    problem::Problem,
    request::{Path, Query},
};
use crate::interfaces::sip;

/// Which calls are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Those of this domain alone.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_i64, example = 1)]
    domain: Option<u32>,
    /// How many to pass over.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000_000, example = 0)]
    offset: Offset,
    /// How many at most; 50 where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

/// How far a call is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CallState {
    /// Nobody has answered yet.
    Rings,
    /// Somebody has.
    Talks,
}

/// One side of a call.
#[derive(Serialize, ToSchema)]
struct CallSide {
    /// The number.
    #[schema(examples("201"))]
    number: String,
    /// The extension that has it, where one has.
    extension: Option<ExtensionRef>,
    /// Who belongs there.
    user: Option<AccountRef>,
}

/// A call that goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct Call {
    /// Names it as long as it goes on. No other has it until the program starts anew.
    #[schema(minimum = 1, examples(17))]
    number: u64,
    /// The domain's number; 1 where there are no others.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
    /// How far it is.
    #[schema(inline)]
    state: CallState,
    /// Who calls.
    caller: CallSide,
    /// What was dialled, and whose that is.
    dialled: CallSide,
    /// Whose phone answered. None while it rings, and where the system itself has answered.
    answered_by: Option<CallSide>,
    /// Whether the system itself has answered, in the place of a phone.
    is_answered_here: bool,
    /// When it was dialled.
    #[schema(format = "date-time")]
    started_at: Option<String>,
    /// When it was answered.
    #[schema(format = "date-time")]
    answered_at: Option<String>,
}

page!(
    /// A page of calls, the oldest first.
    Calls of Call
);

fn side(api: &Api, number: &str, extension: Option<ExtensionId>) -> CallSide {
    let ledger = &api.system.ledger;
    let extension = extension.and_then(|id| ledger.extension(id));
    let user = extension.as_ref().and_then(|extension| ledger.account(extension.user?));
    CallSide {
        number: number.into(),
        extension: extension.as_deref().map(ExtensionRef::of),
        user: user.as_deref().map(AccountRef::of),
    }
}

fn view(api: &Api, call: &sip::Call) -> Call {
    let whose = |number: &str| {
        let found = api.system.ledger.extension_numbered(call.domain, &Number::parse(number)?)?;
        Some(found.id)
    };
    let answered_by = call.answered_by();
    let phone = answered_by.filter(|party| !party.is_ours);
    Call {
        number: call.number,
        domain: call.domain.0,
        state: if call.answered_at.is_some() { CallState::Talks } else { CallState::Rings },
        caller: side(api, &call.caller.number, Some(call.caller.extension)),
        dialled: side(api, &call.dialled, whose(&call.dialled)),
        answered_by: phone.map(|party| side(api, &party.number, Some(party.extension))),
        is_answered_here: answered_by.is_some_and(|party| party.is_ours),
        started_at: moment(call.started_at),
        answered_at: moment(call.answered_at),
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let within: Option<DomainId> = caller.within(search.domain);
    let wanted = |call: &sip::Call| within.is_none_or(|within| within == call.domain);
    let (calls, total) = api.system.calls.page(wanted, search.offset.get(), search.limit.get());
    Answer::json(&Calls { items: calls.iter().map(|call| view(&api, call)).collect(), total })
}

pub(super) async fn of_extension(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let extension = extensions::find(&api, &caller, id)?;
    let (offset, limit) = page.place();
    let (calls, total) = api.system.calls.page(|call| call.is_of(extension.id), offset, limit);
    Answer::json(&Calls { items: calls.iter().map(|call| view(&api, call)).collect(), total })
}

pub(super) async fn end(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(number): Path<u64>,
) -> Result<Answer, Problem> {
    // One that ends by itself in this moment is what was wanted.
    let _was_ended_here = api.system.end_call(&caller.by, number).await?;
    Ok(Answer::done())
}
