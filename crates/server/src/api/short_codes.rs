//! Short codes: which code is dialled for what, in the first domain.

use std::sync::Arc;

use axum::extract::State;
use calls::short_code::{Feature, ShortCodes};
use serde::{Deserialize, Serialize};
use signin::{admin::Admin, dice::Dice, ident::DomainId, records::Records};
use utoipa::ToSchema;

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{FieldError, Problem},
    request::Body,
};
use crate::attendant;

const DOMAIN: DomainId = DomainId::FIRST;

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

pub(super) async fn show(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let version = api.system.ledger.short_codes(DOMAIN).version;
    Answer::versioned(&ShortCodeSettings::of(&attendant::short_codes(&api.system, DOMAIN)), version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(wanted): Body<ShortCodeSettings>,
) -> Result<Answer, Problem> {
    let codes = attendant::chosen_codes(|row| wanted.code(row.feature)).map_err(|wrong| {
        let wrong = wrong.into_iter().map(|(feature, fault)| FieldError {
            field: feature.replace('-', "_"),
            problem: fault.to_string(),
        });
        Problem::fields(wrong.collect())
    })?;
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let version = admin.records.short_codes(DOMAIN).version;
        if_match.demand(version, "domain")?;
        admin.save_short_codes(DOMAIN, version, &codes)
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api)).await
}
