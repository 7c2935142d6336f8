//! Desks: at which phone a user is, how they may move, and having them logged out.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{Admin, DeskRules},
    desk::{self, phone_of},
    dice::Dice,
    document::DocumentId,
    ident::{AccountId, ExtensionId},
    records::Records,
    timestamp::Seconds,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::moment,
    answer::{Answer, IfMatch},
    door::Caller,
    extensions::{self, ExtensionRef},
    problem::Problem,
    request::{Body, Path},
    users::find,
};

/// How a user may move: all of it, as it was read.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeskFields {
    /// Whether they must log in at the own phone too.
    must_log_in: bool,
    /// They are logged out when they have not called for so long; 0 = never.
    #[schema(minimum = 0, maximum = 86_400, examples(900))]
    idle_seconds: u32,
    /// For how many hours guests may stay at the own phone; 0 = no guests.
    #[schema(minimum = 0, maximum = 24, examples(8))]
    guest_hours: u8,
    /// Whether they may be a guest elsewhere.
    may_be_guest: bool,
}

/// Where a user is, and how they may move.
#[derive(Serialize, ToSchema)]
pub(super) struct Desk {
    /// Whether they must log in at the own phone too.
    must_log_in: bool,
    /// They are logged out when they have not called for so long; 0 = never.
    #[schema(minimum = 0, maximum = 86_400, examples(900))]
    idle_seconds: u32,
    /// For how many hours guests may stay at the own phone; 0 = no guests.
    #[schema(minimum = 0, maximum = 24, examples(8))]
    guest_hours: u8,
    /// Whether they may be a guest elsewhere.
    may_be_guest: bool,
    /// At whose phone they are; none = at no phone.
    at: Option<ExtensionRef>,
    /// Until when they are a guest there.
    #[schema(format = "date-time")]
    until: Option<String>,
}

/// Whether anybody was logged out.
#[derive(Serialize, ToSchema)]
pub(super) struct UserLoggedOut {
    /// Nobody was there otherwise, or who belongs there and need not log in.
    was_logged_in: bool,
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let account = find(&api, &caller, id)?;
    let ledger = &*api.system.ledger;
    let desk = desk::Desk::of(ledger, account.id);
    let at = phone_of(ledger, &account).and_then(|at| ledger.extension(at));
    let seat = at.as_ref().and_then(|at| ledger.document(DocumentId::Seat(at.id)));
    let until = seat.as_deref().and_then(|seat| seat.seat()).and_then(|seat| seat.until);
    let told = Desk {
        must_log_in: desk.is_forced,
        idle_seconds: desk.idle.0,
        guest_hours: desk.guest_hours_max,
        may_be_guest: desk.may_be_guest,
        at: at.as_deref().map(ExtensionRef::of),
        until: moment(until),
    };
    Answer::versioned(&told, desk.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<DeskFields>,
) -> Result<Answer, Problem> {
    find(&api, &caller, id)?;
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        if_match.demand(desk::Desk::of(&admin.records, AccountId(id)).version, "desk")?;
        let rules = DeskRules {
            is_forced: fields.must_log_in,
            idle: Seconds(fields.idle_seconds),
            guest_hours_max: fields.guest_hours,
            may_be_guest: fields.may_be_guest,
        };
        admin.save_desk_rules(AccountId(id), rules)
    };
    let renamed = |refusal| {
        Problem::from(refusal).renamed("idle", "idle_seconds").renamed("guest_hours_max", "guest_hours")
    };
    api.system.administer(&caller.by, changed).await.map_err(renamed)?;
    show(State(api), caller, Path(id)).await
}

pub(super) async fn log_out(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    extensions::find(&api, &caller, id)?;
    let log_out = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.log_out_at(ExtensionId(id));
    let done = api.system.administer(&caller.by, log_out).await?;
    Answer::json(&UserLoggedOut { was_logged_in: done.value })
}
