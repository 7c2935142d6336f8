//! Extensions: numbers on phone lines, with or without a user, and their phones.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin, EditExtension},
    credential::{CredentialKind, Owner},
    dice::Dice,
    extension,
    ident::ExtensionId,
    records::Records,
};
use store::{ExtensionQuery, ExtensionSort};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{AccountRef, Generated, SecretState, moment},
    answer::{Answer, IfMatch},
    door::Caller,
    paging::{Limit, Offset, Order, page},
    phones::{self, Phone},
    problem::{Kind, Problem},
    request::{Body, NewSecret, Path, Query},
    users::search_text,
};

/// Longest contact that is looked for.
const CONTACT_MAX: usize = 2048;

/// Which extensions are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Part of the number, or of the user's name or full name.
    #[serde(default)]
    #[param(max_length = 128, example = "20")]
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

/// The orders of extensions.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExtensionSort)]
enum Sort {
    /// By number: shorter ones first.
    #[default]
    Number,
    /// By the user's name; those without one last.
    User,
}

/// An extension, by its two numbers.
#[derive(Serialize, ToSchema)]
pub(super) struct ExtensionRef {
    /// Never changes.
    #[schema(minimum = 0, examples(7))]
    id: u32,
    /// What is dialled.
    #[schema(pattern = "^[0-9]{1,15}$", examples("201"))]
    number: String,
    /// The domain's number; 1 where there are no others.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
}

impl ExtensionRef {
    /// Of this extension.
    pub(super) fn of(extension: &extension::Extension) -> Self {
        Self { id: extension.id.0, number: extension.number.to_string(), domain: extension.domain.0 }
    }
}

/// An extension.
#[derive(Serialize, ToSchema)]
pub(super) struct Extension {
    /// Never changes.
    #[schema(minimum = 0, examples(7))]
    id: u32,
    /// What is dialled, and the name that its phones register with.
    #[schema(pattern = "^[0-9]{1,15}$", examples("201"))]
    number: String,
    /// The domain's number; 1 where there are no others.
    #[schema(minimum = 1, examples(1))]
    domain: u32,
    /// Who belongs here.
    user: Option<AccountRef>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: Option<String>,
    /// Its registered phones.
    phones: Vec<Phone>,
    /// What is told of its phone password.
    phone_password: SecretState,
}

page!(
    /// A page of extensions.
    Extensions of Extension
);

/// An extension to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewExtension {
    /// What is dialled; unique.
    #[schema(pattern = "^[0-9]{1,15}$", examples("201"))]
    number: String,
    /// The domain's number; left out, that of whoever makes the extension.
    #[serde(default)]
    #[schema(minimum = 1, examples(1))]
    domain: Option<u32>,
    /// For its phone.
    #[serde(default)]
    phone_password: Option<NewSecret>,
}

/// An extension that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeExtension {
    /// As it is now.
    extension: Extension,
    /// Secrets that were generated, told this once.
    generated: Vec<Generated>,
}

/// What is chosen of an extension.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionFields {
    /// What is dialled; unique. Phones that know themselves by the old number are logged out.
    #[schema(pattern = "^[0-9]{1,15}$", examples("201"))]
    number: String,
}

/// Which phones are logged out.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogOut {
    /// The one with this contact; left out, all of them.
    #[serde(default)]
    #[schema(max_length = 2048, examples("sip:201@192.0.2.7:5060"))]
    contact: Option<String>,
}

/// How many phones were logged out.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedOut {
    /// So many.
    #[schema(minimum = 0)]
    phones: usize,
}

pub(super) fn find(api: &Api, caller: &Caller, id: u32) -> Result<Arc<extension::Extension>, Problem> {
    let extension = caller.reach(api).extension(ExtensionId(id));
    extension.ok_or_else(|| Problem::new(Kind::NotFound, "This extension does not exist any more."))
}

fn view(api: &Api, extension: &extension::Extension) -> Extension {
    let user = extension.user.and_then(|user| api.system.ledger.account(user));
    Extension {
        id: extension.id.0,
        number: extension.number.to_string(),
        domain: extension.domain.0,
        user: user.as_deref().map(AccountRef::of),
        created_at: moment(extension.created_at),
        phones: phones::of(api, extension.id),
        phone_password: SecretState::of(api, Owner::Extension(extension.id), CredentialKind::PhonePassword),
    }
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let found = api.system.ledger.extensions(&ExtensionQuery {
        domain: caller.within(search.domain),
        search: search_text(search.q)?,
        sort: match search.sort.unwrap_or_default() {
            Sort::Number => ExtensionSort::Number,
            Sort::User => ExtensionSort::User,
        },
        descending: search.order.unwrap_or_default() == Order::Descending,
        offset: search.offset.get(),
        limit: search.limit.get(),
    });
    let items = found.items.iter().map(|extension| view(&api, extension)).collect();
    Answer::json(&Extensions { items, total: found.total })
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(new): Body<NewExtension>,
) -> Result<Answer, Problem> {
    let domain = new.domain;
    let new = admin::NewExtension {
        number: new.number,
        phone_password: NewSecret::choice(new.phone_password, "phone_password")?,
    };
    let made = api
        .system
        .administer(&caller.by, move |admin, dice| {
            admin.create_extension(admin.by.domain_meant(domain), &new, dice)
        })
        .await?;
    let extension = find(&api, &caller, made.value.0)?;
    let answer =
        MadeExtension { extension: view(&api, &extension), generated: Generated::all(&made.generated) };
    Ok(Answer::versioned(&answer, extension.version)?.made(format!("/api/v1/extensions/{}", extension.id)))
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let extension = find(&api, &caller, id)?;
    Answer::versioned(&view(&api, &extension), extension.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<ExtensionFields>,
) -> Result<Answer, Problem> {
    find(&api, &caller, id)?;
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let version = present(admin, id, &if_match)?;
        admin.edit_extension(ExtensionId(id), &EditExtension { version, number: fields.number.clone() })
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api), caller, Path(id)).await
}

fn present(admin: &Admin<'_>, id: u32, if_match: &IfMatch) -> Result<u32, admin::Problem> {
    let extension = admin.records.extension(ExtensionId(id)).ok_or(admin::Problem::NotFound("extension"))?;
    if_match.demand(extension.version, "extension").map(|()| extension.version)
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let deleted = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        present(admin, id, &if_match)?;
        admin.delete_extension(ExtensionId(id))
    };
    api.system.administer(&caller.by, deleted).await?;
    Ok(Answer::done())
}

pub(super) async fn log_out(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    Body(asked): Body<LogOut>,
) -> Result<Answer, Problem> {
    if asked.contact.as_ref().is_some_and(|contact| contact.chars().count() > CONTACT_MAX) {
        return Err(Problem::field("contact", format!("A contact has at most {CONTACT_MAX} characters.")));
    }
    let log_out = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        admin.log_out_phones(ExtensionId(id), asked.contact.as_deref())
    };
    let done = api.system.administer(&caller.by, log_out).await?;
    Answer::json(&LoggedOut { phones: done.value })
}
