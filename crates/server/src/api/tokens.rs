//! API tokens: one's own, and everybody's for whoever is in charge of security.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin, TokenFields},
    api_token,
    dice::Dice,
    document::DocumentId,
    ident::TokenId,
    records::Records,
    rights::Right,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{AccountRef, moment},
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{self, Body, Path},
};

/// Nothing of a token changes but the note of its use, which spoils nobody's change.
const VERSION: u32 = 1;

/// What is told of an API token; never the token.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiToken {
    /// Stands in the token, and opens nothing.
    #[schema(pattern = "^[0-9a-f]{8}$", examples("0a1b2c3d"))]
    id: String,
    /// For people.
    #[schema(max_length = 64, examples("Nightly export"))]
    name: String,
    /// Whose.
    owner: Option<AccountRef>,
    /// What it was made for.
    scopes: Vec<Right>,
    /// What it may do now: that of it which its owner may.
    in_force: Vec<Right>,
    /// When it was made.
    #[schema(format = "date-time")]
    made_at: Option<String>,
    /// It opens nothing from this moment on.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// The last use, to the hour.
    #[schema(format = "date-time")]
    used_at: Option<String>,
    /// Where that came from.
    used_from: Option<String>,
}

/// API tokens, by name.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiTokens {
    /// All of them.
    items: Vec<ApiToken>,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// For people; unique among one's own.
    #[schema(min_length = 1, max_length = 64, examples("Nightly export"))]
    name: String,
    /// What it may do; nothing that oneself may not.
    #[schema(min_items = 1, max_items = 64)]
    scopes: Vec<Right>,
    /// Its end, within a year; in 90 days where nothing is said.
    #[serde(default)]
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// What is told of it from now on.
    token: ApiToken,
    /// The token itself, told this once; null in the answer to a repeated request.
    #[schema(max_length = 64, examples("hsk_0a1b2c3d_dGhpcyBpcyBub3QgYSB0b2tlbg"))]
    secret: Option<String>,
}

/// What is told of a token.
pub(super) fn view(api: &Api, token: &api_token::ApiToken) -> ApiToken {
    let owner = api.system.ledger.account(token.account);
    let rights = owner.as_ref().map(|owner| api.system.ledger.rights_of(owner)).unwrap_or_default();
    ApiToken {
        id: token.id.in_token(),
        name: token.name.to_string(),
        owner: owner.as_deref().map(AccountRef::of),
        scopes: token.scopes.to_vec(),
        in_force: rights.into_iter().filter(|right| token.scopes.contains(right)).collect(),
        made_at: moment(token.made_at),
        expires_at: moment(token.expires_at),
        used_at: moment(token.used.map(|used| used.at)),
        used_from: token.used.map(|used| used.from.to_string()),
    }
}

fn find(api: &Api, id: &str) -> Result<api_token::ApiToken, Problem> {
    let document = TokenId::parse(id).and_then(|id| api.system.ledger.document(DocumentId::ApiToken(id)));
    let token = document.and_then(|document| document.api_token().cloned());
    token.ok_or_else(|| Problem::new(Kind::NotFound, "This API token does not exist any more."))
}

fn find_own(api: &Api, caller: &Caller, id: &str) -> Result<api_token::ApiToken, Problem> {
    let token = find(api, id).ok().filter(|token| token.account == caller.account.id);
    token.ok_or_else(|| Problem::new(Kind::NotFound, "This API token does not exist any more."))
}

pub(super) async fn list(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let tokens = caller.admin(&api).tokens();
    Answer::json(&ApiTokens { items: tokens.iter().map(|token| view(&api, token)).collect() })
}

pub(super) async fn list_own(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let tokens = caller.admin(&api).tokens_of(caller.account.id);
    Answer::json(&ApiTokens { items: tokens.iter().map(|token| view(&api, token)).collect() })
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Answer, Problem> {
    Answer::versioned(&view(&api, &find(&api, &id)?), VERSION)
}

pub(super) async fn show_own(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    Answer::versioned(&view(&api, &find_own(&api, &caller, &id)?), VERSION)
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(new): Body<NewToken>,
) -> Result<Answer, Problem> {
    let expires_at = request::moment(new.expires_at.as_deref(), "expires_at")?;
    let fields = TokenFields { name: new.name, scopes: new.scopes, expires_at };
    let done =
        api.system.administer(&caller.by, move |admin, dice| admin.create_token(&fields, dice)).await?;
    let admin::MadeToken { id, token } = done.value;
    let kept = find(&api, &id.in_token())?;
    let answer = MadeToken { token: view(&api, &kept), secret: Some(token.reveal().to_owned()) };
    Ok(Answer::versioned(&answer, VERSION)?.made(format!("/api/v1/own/tokens/{}", id.in_token())))
}

async fn take_away(
    api: &Arc<Api>,
    caller: &Caller,
    id: TokenId,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let revoked = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        if_match.demand(VERSION, "API token")?;
        admin.revoke_token(id)
    };
    api.system.administer(&caller.by, revoked).await?;
    Ok(Answer::done())
}

pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let id = TokenId::parse(&id).ok_or(admin::Problem::NotFound("API token"))?;
    let token = caller.admin(&api).token(id)?;
    take_away(&api, &caller, token.id, if_match).await
}

pub(super) async fn revoke_own(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let token = find_own(&api, &caller, &id)?;
    take_away(&api, &caller, token.id, if_match).await
}
