//! What guards phone based administration: the setting, and what follows from it. The system password is among the secrets.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin},
    dice::Dice,
    extension::Domain,
    ident::DomainId,
    phone_administration::PhoneAdministration,
    records::Records,
};
use utoipa::ToSchema;

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::Problem,
    request::Body,
};

/// How phone based administration is to be guarded.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchSettings {
    /// Less safe: only M- and T-series phones are asked for the system password, and nobody where none is set.
    as_on_older_systems: bool,
}

/// How phone based administration is guarded.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(super) struct Switch {
    /// Less safe: only M- and T-series phones are asked for the system password, and nobody where none is set.
    as_on_older_systems: bool,
    /// What a phone that may administer is asked for, by this and by whether a system password is set.
    phone_administration: PhoneAdministration,
}

fn first(records: &dyn Records) -> Result<Arc<Domain>, admin::Problem> {
    records.domain(DomainId::FIRST).ok_or(admin::Problem::NotFound("domain"))
}

pub(super) async fn show(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let ledger = &*api.system.ledger;
    let domain = first(ledger)?;
    let told = Switch {
        as_on_older_systems: domain.phones_administer_as_before,
        phone_administration: PhoneAdministration::in_domain(ledger, &domain),
    };
    Answer::versioned(&told, domain.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(wanted): Body<SwitchSettings>,
) -> Result<Answer, Problem> {
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = first(&admin.records)?;
        if_match.demand(present.version, "domain")?;
        let phones_administer_as_before = wanted.as_on_older_systems;
        admin.save_domain(&Domain { phones_administer_as_before, ..(*present).clone() })
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api)).await
}
