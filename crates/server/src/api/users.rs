//! Users: the people who have phones.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    account::{Account, Condition, RoleKind, Status},
    admin::{self, EditUser},
    credential::{KINDS, Owner, OwnerKind},
    ident::AccountId,
    records::Records,
};
use store::{AccountQuery, AccountSort};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{Generated, LastSignIn, SecretState, moment},
    answer::{Answer, IfMatch},
    door::Caller,
    extensions::ExtensionRef,
    paging::{Limit, Offset, Order, page},
    problem::{Kind, Problem},
    request::{self, Body, NewSecret, Path, Query, SEARCH_MAX},
};

/// Which users are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Part of the name, the full name or the extension number.
    #[serde(default)]
    #[param(max_length = 128, example = "ann")]
    q: Option<String>,
    /// Those of this domain alone.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_i64, example = 1)]
    domain: Option<u32>,
    /// In which order.
    #[serde(default)]
    #[param(inline)]
    sort: Option<Sort>,
    /// Which way round.
    #[serde(default)]
    #[param(inline)]
    order: Option<Order>,
    /// How many to pass over.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 0, maximum = 10_000_000, example = 0)]
    offset: Offset,
    /// How many at most; 50 where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

/// The orders of users.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = UserSort)]
enum Sort {
    /// By name.
    #[default]
    Name,
    /// By full name.
    FullName,
    /// By extension number; those without one last.
    Extension,
    /// By last sign-in; those without one first.
    LastSignIn,
}

/// A search text that is not too long.
pub(super) fn search_text(q: Option<String>) -> Result<String, Problem> {
    let q = q.unwrap_or_default();
    if q.chars().count() > SEARCH_MAX {
        return Err(Problem::new(
            Kind::Malformed,
            format!("A search text has at most {SEARCH_MAX} characters."),
        ));
    }
    Ok(q)
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    /// Never changes.
    #[schema(minimum = 0, examples(3))]
    id: u32,
    /// Unique among the users.
    #[schema(max_length = 64, examples("Ann"))]
    name: String,
    /// For people.
    #[schema(max_length = 64, examples("Ann Smith"))]
    full_name: String,
    /// The domain's number; 1 where there are no others.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
    /// Where the user belongs.
    extension: Option<ExtensionRef>,
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
    /// How many phones are registered.
    #[schema(minimum = 0)]
    phones: usize,
    /// What is told of the secrets.
    secrets: Vec<SecretState>,
}

page!(
    /// A page of users.
    Users of User
);

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// Unique among the users.
    #[schema(min_length = 1, max_length = 64, examples("Ann"))]
    name: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 64, examples("Ann Smith"))]
    full_name: String,
    /// The domain's number; left out, that of whoever makes the user.
    #[serde(default)]
    #[schema(minimum = 1, examples(1))]
    domain: Option<u32>,
    /// The number of the extension where the user belongs; it is made if it does not exist.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{1,15}$", examples("201"))]
    extension: Option<String>,
    /// For phones.
    #[serde(default)]
    login_code: Option<NewSecret>,
    /// For the user's own pages and programs.
    #[serde(default)]
    password: Option<NewSecret>,
    /// For the extension's phone alone, in place of the login code.
    #[serde(default)]
    phone_password: Option<NewSecret>,
}

/// A user that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeUser {
    /// As it is now.
    user: User,
    /// Secrets that were generated, told this once.
    generated: Vec<Generated>,
}

/// What is chosen of a user: all of it, as it was read.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserFields {
    /// Unique among the users.
    #[schema(min_length = 1, max_length = 64, examples("Ann"))]
    name: String,
    /// For people; may be empty.
    #[schema(max_length = 64, examples("Ann Smith"))]
    full_name: String,
    /// The number of the extension where the user belongs; null for none.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[0-9]{1,15}$", examples("201"))]
    extension: Option<String>,
    /// Set by hand; left out, it stays as it is.
    #[serde(default)]
    status: Option<Condition>,
    /// The account ends by itself at this moment; null for never.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, format = "date-time", examples("2027-12-31T23:59:59Z"))]
    expires_at: Option<String>,
}

/// What goes with a user.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Deletion {
    /// Whether the extension goes too.
    #[serde(default)]
    with_extension: bool,
}

/// The number of an extension; none is null, and not an empty one.
fn number(extension: Option<String>) -> Result<String, Problem> {
    match extension {
        Some(number) if number.is_empty() => {
            Err(Problem::field("extension", "1 to 15 digits, or null for none."))
        }
        number => Ok(number.unwrap_or_default()),
    }
}

pub(super) fn find(api: &Api, caller: &Caller, id: u32) -> Result<Arc<Account>, Problem> {
    let account = caller.reach(api).account(AccountId(id)).filter(|account| account.kind() == RoleKind::User);
    account.ok_or_else(|| Problem::new(Kind::NotFound, "This user does not exist any more."))
}

fn view(api: &Api, account: &Account) -> User {
    let ledger = &api.system.ledger;
    let now = api.system.clock.now();
    let extension = account.extension().and_then(|id| ledger.extension(id));
    let registration = extension.as_ref().and_then(|extension| ledger.registration(extension.id));
    let kinds = KINDS.iter().filter(|row| row.belongs_to == OwnerKind::User);
    User {
        id: account.id.0,
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        domain: account.domain.0,
        phones: registration.map_or(0, |registration| {
            registration.bindings.iter().filter(|binding| now < binding.expires_at).count()
        }),
        extension: extension.as_deref().map(ExtensionRef::of),
        status: ledger.status_of(account, now),
        expires_at: moment(account.expires_at),
        created_at: moment(account.created_at),
        last_sign_in: LastSignIn::of(&ledger.activity(account.id)),
        secrets: kinds.map(|row| SecretState::of(api, Owner::Account(account.id), row.kind)).collect(),
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let found = api.system.ledger.accounts(&AccountQuery {
        kind: Some(RoleKind::User),
        domain: caller.within(search.domain),
        search: search_text(search.q)?,
        sort: match search.sort.unwrap_or_default() {
            Sort::Name => AccountSort::Name,
            Sort::FullName => AccountSort::FullName,
            Sort::Extension => AccountSort::Number,
            Sort::LastSignIn => AccountSort::SignedInAt,
        },
        descending: search.order.unwrap_or_default() == Order::Descending,
        offset: search.offset.get(),
        limit: search.limit.get(),
    });
    Answer::json(&Users {
        items: found.items.iter().map(|account| view(&api, account)).collect(),
        total: found.total,
    })
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(new): Body<NewUser>,
) -> Result<Answer, Problem> {
    let domain = new.domain;
    let new = admin::NewUser {
        name: new.name,
        full_name: new.full_name,
        number: number(new.extension)?,
        login_code: NewSecret::choice(new.login_code, "login_code")?,
        user_password: NewSecret::choice(new.password, "password")?,
        phone_password: NewSecret::choice(new.phone_password, "phone_password")?,
    };
    let made = api
        .system
        .administer(&caller.by, move |admin, dice| {
            admin.create_user(admin.by.domain_meant(domain), &new, dice)
        })
        .await
        .map_err(|refusal| Problem::from(refusal).renamed("user_password", "password"))?;
    let account = find(&api, &caller, made.value.0)?;
    let answer = MadeUser { user: view(&api, &account), generated: Generated::all(&made.generated) };
    Ok(Answer::versioned(&answer, account.version)?.made(format!("/api/v1/users/{}", account.id)))
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let account = find(&api, &caller, id)?;
    Answer::versioned(&view(&api, &account), account.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<UserFields>,
) -> Result<Answer, Problem> {
    let expires_at = request::moment(fields.expires_at.as_deref(), "expires_at")?;
    find(&api, &caller, id)?;
    let number = number(fields.extension.clone())?;
    let changed = move |admin: &admin::Admin<'_>, _: &mut dyn signin::dice::Dice| {
        let present = admin.records.account(AccountId(id)).ok_or(admin::Problem::NotFound("user"))?;
        if_match.demand(present.version, "user")?;
        let edit = EditUser {
            version: present.version,
            name: fields.name.clone(),
            full_name: fields.full_name.clone(),
            number: number.clone(),
            condition: fields.status,
            expires_at,
        };
        admin.edit_user(AccountId(id), &edit)
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api), caller, Path(id)).await
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    Query(deletion): Query<Deletion>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    find(&api, &caller, id)?;
    let deleted = move |admin: &admin::Admin<'_>, _: &mut dyn signin::dice::Dice| {
        let present = admin.records.account(AccountId(id)).ok_or(admin::Problem::NotFound("user"))?;
        if_match.demand(present.version, "user")?;
        admin.delete_user(AccountId(id), deletion.with_extension)
    };
    api.system.administer(&caller.by, deleted).await?;
    Ok(Answer::done())
}
