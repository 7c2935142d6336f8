//! Short codes: which code is dialled for what, domain by domain.

use std::sync::Arc;

use axum::extract::State;
use calls::short_code::{Feature, ShortCodes};
use serde::{Deserialize, Serialize};
use signin::{admin::Admin, dice::Dice, ident::DomainId, records::Records};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{FieldError, Kind, Problem},
    request::{Body, Query},
};
use crate::attendant;

/// Whose codes are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The domain; the first where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_i64, example = 1)]
    domain: Option<u32>,
}

/// The code of each feature: all of them, as they were read. Null switches a feature off.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShortCodeSettings {
    /// Logging in to a phone.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*35"))]
    phone_login: Option<String>,
    /// Logging out of it.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*36"))]
    phone_logout: Option<String>,
    /// Changing one's own login code.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*60"))]
    change_login_code: Option<String>,
    /// One's own mailbox.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*17"))]
    voicemail: Option<String>,
    /// Being a guest at a phone.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*38"))]
    hoteling: Option<String>,
    /// Being none any more.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*39"))]
    hoteling_end: Option<String>,
    /// Administering from the keypad.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[*#][0-9*]{1,7}$", examples("*9"))]
    phone_administration: Option<String>,
}

impl ShortCodeSettings {
    fn of(codes: &ShortCodes) -> Self {
        let code = |feature| codes.code(feature).map(ToString::to_string);
        Self {
            phone_login: code(Feature::PhoneLogin),
            phone_logout: code(Feature::PhoneLogout),
            change_login_code: code(Feature::ChangeLoginCode),
            voicemail: code(Feature::Voicemail),
            hoteling: code(Feature::Hoteling),
            hoteling_end: code(Feature::HotelingEnd),
            phone_administration: code(Feature::PhoneAdministration),
        }
    }

    /// The code of a feature; empty where it is switched off.
    fn code(&self, feature: Feature) -> &str {
        let code = match feature {
            Feature::PhoneLogin => &self.phone_login,
            Feature::PhoneLogout => &self.phone_logout,
            Feature::ChangeLoginCode => &self.change_login_code,
            Feature::Voicemail => &self.voicemail,
            Feature::Hoteling => &self.hoteling,
            Feature::HotelingEnd => &self.hoteling_end,
            Feature::PhoneAdministration => &self.phone_administration,
        };
        code.as_deref().unwrap_or_default()
    }
}

fn meant(api: &Api, caller: &Caller, which: &Which) -> Result<DomainId, Problem> {
    let domain = caller.reach(api).domain(caller.by.domain_meant(which.domain));
    let domain = domain.ok_or_else(|| Problem::new(Kind::NotFound, "This domain does not exist any more."));
    domain.map(|domain| domain.id)
}

fn codes_of(api: &Api, domain: DomainId) -> Result<Answer, Problem> {
    let version = api.system.ledger.short_codes(domain).version;
    Answer::versioned(&ShortCodeSettings::of(&attendant::short_codes(&api.system, domain)), version)
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Answer, Problem> {
    codes_of(&api, meant(&api, &caller, &which)?)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Query(which): Query<Which>,
    Body(wanted): Body<ShortCodeSettings>,
) -> Result<Answer, Problem> {
    let domain = meant(&api, &caller, &which)?;
    let codes = attendant::chosen_codes(|row| wanted.code(row.feature)).map_err(|wrong| {
        let wrong = wrong.into_iter().map(|(feature, fault)| FieldError {
            field: feature.replace('-', "_"),
            problem: fault.to_string(),
        });
        Problem::fields(wrong.collect())
    })?;
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let version = admin.records.short_codes(domain).version;
        if_match.demand(version, "domain")?;
        admin.save_short_codes(domain, version, &codes)
    };
    api.system.administer(&caller.by, changed).await?;
    codes_of(&api, domain)
}
