//! Registered phones.

use std::{net::IpAddr, sync::Arc};

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    ident::ExtensionId,
    records::Records,
    registration::{Binding, Transport},
};
use store::{RegistrationQuery, RegistrationSort};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{AccountRef, moment},
    answer::Answer,
    extensions::ExtensionRef,
    paging::{Limit, Offset, Order, PageQuery, page},
    problem::Problem,
    request::{LIMIT_MAX, Query},
    users::search_text,
};
use crate::web;

/// Which registrations are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Part of the number, of a phone's address or of what it calls itself.
    #[serde(default)]
    #[param(max_length = 128, example = "baresip")]
    q: Option<String>,
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

/// The orders of registrations.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PhoneSort)]
enum Sort {
    /// By extension number.
    #[default]
    Number,
    /// By the moment the newest phone came.
    Since,
    /// By the moment the first one ends.
    ExpiresAt,
}

/// A registered phone.
#[derive(Serialize, ToSchema)]
pub(super) struct Phone {
    /// Where it wants to be called.
    contact: String,
    /// Where its request came from.
    #[schema(examples("192.0.2.7:5060"))]
    address: String,
    /// How it came.
    transport: Transport,
    /// What it calls itself.
    agent: String,
    /// How it proved itself.
    #[schema(examples("SHA-256"))]
    algorithm: String,
    /// Since when it is registered without a gap.
    #[schema(format = "date-time")]
    since: Option<String>,
    /// When it ends unless refreshed.
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// An extension with its phones.
#[derive(Serialize, ToSchema)]
pub(super) struct Registration {
    /// Whose.
    extension: ExtensionRef,
    /// Who belongs there.
    user: Option<AccountRef>,
    /// Its phones.
    phones: Vec<Phone>,
}

page!(
    /// A page of extensions with phones.
    Registrations of Registration
);

fn view(binding: &Binding) -> Phone {
    Phone {
        contact: binding.contact.to_string(),
        address: binding.source.to_string(),
        transport: binding.transport,
        agent: binding.agent.to_string(),
        algorithm: binding.algorithm.token().into(),
        since: moment(binding.since),
        expires_at: moment(binding.expires_at),
    }
}

/// The phones of one extension.
pub(super) fn of(api: &Api, extension: ExtensionId) -> Vec<Phone> {
    let now = api.system.clock.now();
    let registration = api.system.ledger.registration(extension);
    let bindings = registration.iter().flat_map(|registration| registration.bindings.iter());
    bindings.filter(|binding| now < binding.expires_at).map(view).collect()
}

/// The phones that registered from an address, as far as one page of extensions goes.
pub(super) fn at(api: &Api, address: IpAddr) -> Vec<Phone> {
    let query = RegistrationQuery {
        search: address.to_string(),
        limit: LIMIT_MAX,
        now: api.system.clock.now(),
        ..RegistrationQuery::default()
    };
    let found = api.system.ledger.registrations(&query);
    let bindings = found.items.iter().flat_map(|registration| registration.bindings.iter());
    bindings.filter(|binding| binding.source.ip() == address).map(view).collect()
}

/// An extension whose phone is gone.
#[derive(Serialize, ToSchema)]
pub(super) struct LostPhone {
    /// Whose.
    extension: ExtensionRef,
    /// Who belongs there.
    user: Option<AccountRef>,
    /// When its registration ran out.
    #[schema(format = "date-time")]
    at: Option<String>,
}

page!(
    /// A page of extensions whose phone is gone, the last one first.
    LostPhones of LostPhone
);

pub(super) async fn lost(
    State(api): State<Arc<Api>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let (lost, total) = page.cut(web::status::lost(&api.system, api.system.clock.now()));
    let items = lost.iter().map(|(at, extension)| {
        let user = extension.user.and_then(|user| api.system.ledger.account(user));
        LostPhone {
            extension: ExtensionRef::of(extension),
            user: user.as_deref().map(AccountRef::of),
            at: moment(*at),
        }
    });
    Answer::json(&LostPhones { items: items.collect(), total })
}

pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(search): Query<Search>,
) -> Result<Answer, Problem> {
    let ledger = &api.system.ledger;
    let found = ledger.registrations(&RegistrationQuery {
        domain: None,
        search: search_text(search.q)?,
        sort: match search.sort.unwrap_or_default() {
            Sort::Number => RegistrationSort::Number,
            Sort::Since => RegistrationSort::Since,
            Sort::ExpiresAt => RegistrationSort::ExpiresAt,
        },
        descending: search.order.unwrap_or_default() == Order::Descending,
        offset: search.offset.get(),
        limit: search.limit.get(),
        now: api.system.clock.now(),
    });
    let items = found.items.iter().filter_map(|registration| {
        let extension = ledger.extension(registration.extension)?;
        let user = extension.user.and_then(|user| ledger.account(user));
        Some(Registration {
            extension: ExtensionRef::of(&extension),
            user: user.as_deref().map(AccountRef::of),
            phones: registration.bindings.iter().map(view).collect(),
        })
    });
    Answer::json(&Registrations { items: items.collect(), total: found.total })
}
