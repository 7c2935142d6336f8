//! One's own account: who asks and what they may, and a new password.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    account::{RoleKind, Status},
    admin::Admin,
    attempt::{Attempt, Claim, Proof, Purpose},
    dice::Dice,
    interface::LoginInterface,
    records::Records,
    rights::Right,
    verdict::Verdict,
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::{AccountRef, LastSignIn},
    answer::Answer,
    door::{self, Caller},
    problem::Problem,
    request::{Body, secret_of},
    session::SessionState,
    tokens,
};
use crate::flow::Hashes;

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnAccount {
    /// The account.
    account: AccountRef,
    /// For people.
    #[schema(max_length = 64)]
    full_name: String,
    /// The state of the account.
    status: Status,
    /// What the one who asks may do: a token, no more than its scopes.
    rights: Vec<Right>,
    /// The last sign-in, and what failed since.
    last_sign_in: LastSignIn,
    /// The session that asks, where it is one.
    session: Option<SessionState>,
    /// The token that asks, where it is one.
    token: Option<tokens::ApiToken>,
}

/// A new password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The present one.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 128, write_only)]
    present: Zeroizing<String>,
    /// The new one. It must satisfy the rules for service users.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 128, write_only)]
    new: Zeroizing<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordChanged {
    /// Other sessions that ended by it.
    #[schema(minimum = 0)]
    sessions_ended: usize,
}

pub(super) async fn show(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let ledger = &api.system.ledger;
    Answer::json(&OwnAccount {
        account: AccountRef::of(&caller.account),
        full_name: caller.account.full_name.to_string(),
        status: caller.status,
        rights: caller.by.rights.clone(),
        last_sign_in: LastSignIn::of(&ledger.activity(caller.account.id)),
        session: caller.session.as_deref().map(|session| SessionState::of(&api, session)),
        token: caller.token.as_deref().map(|token| tokens::view(&api, token)),
    })
}

pub(super) async fn change_password(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(asked): Body<NewPassword>,
) -> Result<Answer, Problem> {
    let (present, new) = (secret_of(&asked.present), secret_of(&asked.new));
    let verdict = api
        .system
        .sign_in(Attempt {
            interface: LoginInterface::ManagementApi,
            domain: caller.account.domain,
            claim: Claim::Account(RoleKind::ServiceUser, &caller.account.name),
            proof: Proof::Plain(&present),
            peer: caller.stranger.peer(),
            purpose: Purpose::Confirmation,
        })
        .await;
    match verdict {
        Verdict::Accept(_) => {}
        Verdict::Reject | Verdict::Challenge | Verdict::TooManySessions | Verdict::NewSecretFirst => {
            return Err(Problem::field("present", "This is not your present password."));
        }
        Verdict::Wait { .. } | Verdict::Unavailable => return Err(door::refusal(&api, &verdict)),
    }
    // It is held against the present one, which takes a hash too.
    let change = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.change_own_password(&new, dice);
    let done = api.system.carry_out(&caller.by, Hashes::Anyway, change).await;
    let done = done.map_err(|refusal| Problem::from(refusal).renamed("service_password", "new"))?;
    Answer::json(&PasswordChanged { sessions_ended: done.value })
}
