//! Signing in and out. The session is of the same kind as a browser's, and counts among the account's with them.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use signin::{
    account::{RoleKind, Status},
    attempt::{Attempt, Claim, Proof, Purpose},
    interface::LoginInterface,
    records::Records,
    rights::Right,
    session,
    timestamp::Seconds,
    verdict::Verdict,
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::{AccountRef, LastSignIn, moment},
    answer::Answer,
    door::{self, Caller, Stranger},
    problem::{Kind, Problem},
    request::{Body, secret_of},
};
use crate::host;

/// Who signs in, with what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// The name of a service user.
    #[schema(min_length = 1, max_length = 64, examples("Administrator"))]
    name: String,
    /// Their password.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 128, write_only)]
    password: Zeroizing<String>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionState {
    /// Names it and opens nothing.
    #[schema(max_length = 60)]
    id: String,
    /// Since when.
    #[schema(format = "date-time")]
    opened_at: Option<String>,
    /// It ends then in any case.
    #[schema(format = "date-time")]
    ends_at: Option<String>,
    /// It ends after so many seconds without a request.
    #[schema(minimum = 0)]
    idle_seconds: u32,
}

/// A session that was opened.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// Sent as Bearer in the Authorization header from now on.
    #[schema(max_length = 64, read_only)]
    token: String,
    /// The session.
    session: SessionState,
    /// Whose.
    account: AccountRef,
    /// The state of the account: where a new password must be chosen first, nothing else is open.
    status: Status,
    /// What the account may do.
    rights: Vec<Right>,
    /// The sign-in before this one, and what failed since.
    before: LastSignIn,
}

impl SessionState {
    /// As it is now.
    pub(super) fn of(api: &Api, session: &session::Session) -> Self {
        let rules = api.system.ledger.settings().sessions;
        let Seconds(idle_seconds) = rules.idle;
        Self {
            id: session.id.into(),
            opened_at: moment(session.opened_at),
            ends_at: moment(session.opened_at.after(rules.absolute)),
            idle_seconds,
        }
    }
}

pub(super) async fn sign_in(
    State(api): State<Arc<Api>>,
    stranger: Stranger,
    headers: HeaderMap,
    Body(shown): Body<Credentials>,
) -> Result<Answer, Problem> {
    let password = secret_of(&shown.password);
    let verdict = api
        .system
        .sign_in(Attempt {
            interface: LoginInterface::ManagementApi,
            domain: host::domain(&headers, &*api.system.ledger),
            claim: Claim::Account(RoleKind::ServiceUser, &shown.name),
            proof: Proof::Plain(&password),
            peer: stranger.peer(),
            purpose: Purpose::Session(None),
        })
        .await;
    let Verdict::Accept(accepted) = verdict else { return Err(door::refusal(&api, &verdict)) };
    let ledger = &api.system.ledger;
    // Ended again since it was opened.
    let gone = || Problem::of(Kind::SignInFirst);
    let (id, token) = accepted.session.ok_or_else(|| Problem::of(Kind::Unavailable))?;
    let session = ledger.session(id).ok_or_else(gone)?;
    let account = ledger.account(session.account).ok_or_else(gone)?;
    let opened = Opened {
        token: token.reveal().to_owned(),
        session: SessionState::of(&api, &session),
        account: AccountRef::of(&account),
        status: accepted.status,
        rights: ledger.rights_of(&account),
        before: LastSignIn::of(&accepted.before),
    };
    Ok(Answer::json(&opened)?.made("/api/v1/session".into()))
}

pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let session = caller.session.ok_or_else(|| Problem::of(Kind::NotFound))?;
    Answer::json(&SessionState::of(&api, &session))
}

pub(super) async fn sign_out(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let session = caller.session.ok_or_else(|| Problem::of(Kind::NotFound))?;
    let id = session.id;
    api.system.administer(&caller.by, move |admin, _| admin.end_session(id)).await?;
    Ok(Answer::done())
}
