//! Everybody's open sessions, of pages and of this interface alike.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use signin::{admin::Admin, dice::Dice, interface::LoginInterface, records::Records, session::SessionId};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{AccountRef, moment},
    answer::Answer,
    door::Caller,
    paging::{PageQuery, page},
    problem::{Kind, Problem},
    request::{Path, Query},
};

/// An open session.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Names it and opens nothing.
    #[schema(max_length = 60)]
    id: String,
    /// Whose.
    account: AccountRef,
    /// By which interface it was opened.
    interface: LoginInterface,
    /// Where from.
    address: String,
    /// With which program.
    agent: String,
    /// Since when.
    #[schema(format = "date-time")]
    opened_at: Option<String>,
    /// The last request that was noted.
    #[schema(format = "date-time")]
    used_at: Option<String>,
    /// Whether it is the one that asks.
    own: bool,
}

page!(
    /// A page of open sessions, the newest first.
    Sessions of Session
);

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let ledger = &api.system.ledger;
    let (now, rules) = (api.system.clock.now(), ledger.settings().sessions);
    let open = ledger.sessions().into_iter().filter(|session| session.is_open(&rules, now)).collect();
    let (sessions, total) = page.cut(open);
    let items = sessions.iter().filter_map(|session| {
        let account = ledger.account(session.account)?;
        Some(Session {
            id: session.id.into(),
            account: AccountRef::of(&account),
            interface: session.interface,
            address: session.address.to_string(),
            agent: session.agent.to_string(),
            opened_at: moment(session.opened_at),
            used_at: moment(session.used_at),
            own: caller.by.session == Some(session.id),
        })
    });
    Answer::json(&Sessions { items: items.collect(), total })
}

pub(super) async fn end(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    let id = SessionId::try_from(id).map_err(|_| Problem::of(Kind::NotFound))?;
    let end = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.end_session(id);
    api.system.administer(&caller.by, end).await?;
    Ok(Answer::done())
}
