//! Service users: those who administer.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    account::{Account, Condition, Role, RoleKind, Status},
    admin::{self, Admin},
    credential::{CredentialKind, Owner},
    dice::Dice,
    ident::{AccountId, DomainId, GroupId},
    records::Records,
    rights::Right,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{Generated, LastSignIn, SecretState, moment},
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{self, Body, NewSecret, Path},
};

/// A service user.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceUser {
    /// Never changes.
    #[schema(minimum = 0, examples(1))]
    id: u32,
    /// Unique among the service users.
    #[schema(max_length = 64, examples("Eve"))]
    name: String,
    /// For people.
    #[schema(max_length = 64)]
    full_name: String,
    /// The number of the domain that it administers; of the first, the whole installation.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
    /// Whether it is one of the two that can be neither renamed nor deleted.
    is_built_in: bool,
    /// The rights groups that it belongs to.
    groups: Vec<u32>,
    /// What it may do: what these groups may together; a built-in one everything.
    rights: Vec<Right>,
    /// The state of the account.
    status: Status,
    /// The account ends by itself at this moment.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// The last sign-in.
    last_sign_in: LastSignIn,
    /// Open sessions, of pages and of this interface.
    #[schema(minimum = 0)]
    sessions: usize,
    /// What is told of its password.
    password: SecretState,
}

/// All service users, by name; there are at most 64.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceUsers {
    /// All of them.
    items: Vec<ServiceUser>,
}

/// A service user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewServiceUser {
    /// Unique among the service users.
    #[schema(min_length = 1, max_length = 64, examples("Eve"))]
    name: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 64)]
    full_name: String,
    /// The rights groups that it belongs to.
    #[serde(default)]
    #[schema(max_items = 32)]
    groups: Vec<u32>,
    /// The number of the domain that it administers; left out, or 1, the whole installation. It never changes.
    #[serde(default)]
    #[schema(minimum = 1, examples(1))]
    domain: Option<u32>,
    /// Set by hand.
    #[serde(default)]
    status: Option<Condition>,
    /// The account ends by itself at this moment.
    #[serde(default)]
    #[schema(format = "date-time")]
    expires_at: Option<String>,
    /// The first password; without one nobody can sign in.
    #[serde(default)]
    password: Option<NewSecret>,
    /// Whether another must be chosen at the first sign-in. It must, unless the contrary is said.
    #[serde(default = "yes")]
    force_new: bool,
}

/// A service user that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeServiceUser {
    /// As it is now.
    service_user: ServiceUser,
    /// The password that was generated, told this once.
    generated: Vec<Generated>,
}

/// What is chosen of a service user: all of it, as it was read.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceUserFields {
    /// Unique among the service users.
    #[schema(min_length = 1, max_length = 64, examples("Eve"))]
    name: String,
    /// For people; may be empty.
    #[schema(max_length = 64)]
    full_name: String,
    /// The rights groups that it belongs to.
    #[schema(max_items = 32)]
    groups: Vec<u32>,
    /// Set by hand; left out, it stays as it is.
    #[serde(default)]
    status: Option<Condition>,
    /// The account ends by itself at this moment; null for never.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, format = "date-time")]
    expires_at: Option<String>,
}

const fn yes() -> bool {
    true
}

fn find(api: &Api, id: u32) -> Result<Arc<Account>, Problem> {
    let account = api.system.ledger.account(AccountId(id));
    let account = account.filter(|account| account.kind() == RoleKind::ServiceUser);
    account.ok_or_else(|| Problem::new(Kind::NotFound, "This service user does not exist any more."))
}

/// Each group once.
fn groups_of(groups: &[u32]) -> Vec<GroupId> {
    let mut groups: Vec<GroupId> = groups.iter().copied().map(GroupId).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn view(api: &Api, account: &Account) -> ServiceUser {
    let ledger = &api.system.ledger;
    let now = api.system.clock.now();
    let rules = ledger.settings().sessions;
    ServiceUser {
        id: account.id.0,
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        domain: account.domain.0,
        is_built_in: account.is_built_in(),
        groups: match &account.role {
            Role::ServiceUser { groups } => groups.iter().map(|group| group.0).collect(),
            Role::User { .. } => Vec::new(),
        },
        rights: ledger.rights_of(account),
        status: ledger.status_of(account, now),
        expires_at: moment(account.expires_at),
        created_at: moment(account.created_at),
        last_sign_in: LastSignIn::of(&ledger.activity(account.id)),
        sessions: ledger
            .sessions_of(account.id)
            .iter()
            .filter(|session| session.is_open(&rules, now))
            .count(),
        password: SecretState::of(api, Owner::Account(account.id), CredentialKind::ServicePassword),
    }
}

pub(super) async fn list(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let mut accounts = api.system.ledger.service_users();
    accounts.sort_by_cached_key(|account| account.folded_name());
    Answer::json(&ServiceUsers { items: accounts.iter().map(|account| view(&api, account)).collect() })
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(new): Body<NewServiceUser>,
) -> Result<Answer, Problem> {
    let password = NewSecret::choice(new.password, "password")?;
    let fields = admin::ServiceUserFields {
        domain: new.domain.map(DomainId),
        name: new.name,
        full_name: new.full_name,
        groups: groups_of(&new.groups),
        condition: new.status,
        expires_at: request::moment(new.expires_at.as_deref(), "expires_at")?,
    };
    let force_new = new.force_new;
    let create = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        admin.create_service_user(&fields, &password, force_new, dice)
    };
    let made = api.system.administer(&caller.by, create).await;
    let made = made.map_err(|refusal| Problem::from(refusal).renamed("service_password", "password"))?;
    let account = find(&api, made.value.0)?;
    let answer =
        MadeServiceUser { service_user: view(&api, &account), generated: Generated::all(&made.generated) };
    Ok(Answer::versioned(&answer, account.version)?.made(format!("/api/v1/service-users/{}", account.id)))
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(id): Path<u32>) -> Result<Answer, Problem> {
    let account = find(&api, id)?;
    Answer::versioned(&view(&api, &account), account.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<ServiceUserFields>,
) -> Result<Answer, Problem> {
    let fields = admin::ServiceUserFields {
        domain: None,
        name: fields.name,
        full_name: fields.full_name,
        groups: groups_of(&fields.groups),
        condition: fields.status,
        expires_at: request::moment(fields.expires_at.as_deref(), "expires_at")?,
    };
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.service_user(AccountId(id))?;
        if_match.demand(present.version, "service user")?;
        admin.edit_service_user(AccountId(id), present.version, &fields)
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api), Path(id)).await
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let deleted = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.service_user(AccountId(id))?;
        if_match.demand(present.version, "service user")?;
        admin.delete_service_user(AccountId(id))
    };
    api.system.administer(&caller.by, deleted).await?;
    Ok(Answer::done())
}
