//! Short codes: which code is dialled for what, domain by domain.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};
use calls::short_code::{CODE_MAX, FEATURES, FeatureRow, ShortCodes};
use serde::Deserialize;
use signin::{ident::DomainId, records::Records, rights::Right};

use super::{
    Web,
    address::Query,
    credentials, domains,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    settings::typed,
    views::{
        forms::{Field, Filled, Kind, Problems},
        parts::{Notice, Tone},
        settings::SettingsTab,
        shell::Place,
        short_codes::ShortCodesPage,
    },
};
use crate::attendant;

const TAB: SettingsTab = SettingsTab::ShortCodes;

/// What the address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Which {
    /// The number of a domain; empty = the own one, or the first.
    #[serde(default)]
    domain: String,
}

/// The domain whose codes are meant, as far as somebody reaches.
fn meant(web: &Web, who: &SignedIn, said: &str) -> Result<DomainId, Response> {
    let id = if said.is_empty() { Some(who.by.domain()) } else { said.parse().ok().map(DomainId) };
    let domain = id.and_then(|id| who.reach(web).domain(id));
    domain.map(|domain| domain.id).ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

/// Where the codes of a domain are.
pub(super) fn href(domain: DomainId) -> String {
    if domain == DomainId::FIRST { TAB.href().into() } else { format!("{}?domain={domain}", TAB.href()) }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let domain = meant(&web, &who, &which.domain)?;
    Ok(who.page(&page(&web, &who, domain, &saved(&web, &who, domain))))
}

/// The codes that can be dialled now.
fn saved(web: &Web, who: &SignedIn, domain: DomainId) -> Filled {
    let codes = attendant::short_codes(&web.system, domain);
    let version = who.known(web).short_codes(domain).version;
    FEATURES
        .iter()
        .fold(Filled::default(), |filled, row| filled.with(row.name, code(&codes, row)))
        .with("version", version.to_string())
}

fn code<'a>(codes: &'a ShortCodes, row: &FeatureRow) -> &'a str {
    codes.code(row.feature).map_or("", |code| code.as_str())
}

fn page(web: &Web, who: &SignedIn, domain: DomainId, filled: &Filled) -> ShortCodesPage {
    let editable = who.by.may(Right::SystemWrite) && !who.by.offline;
    let defaults = ShortCodes::default();
    let field = |row: &FeatureRow| {
        let behind: Vec<&str> = row.followed_by.iter().copied().filter(|behind| !behind.is_empty()).collect();
        let behind = match behind.as_slice() {
            [] => String::new(),
            behind => format!("Followed by {}. ", behind.join(" or ")),
        };
        let hint = format!("{behind}Default: {}", code(&defaults, row));
        let length_max = u64::try_from(CODE_MAX).unwrap_or(u64::MAX);
        let field = Field::new(row.name, row.title).kind(Kind::Code).hint(hint).length_max(length_max);
        Field { fixed: !editable, ..filled.field(field) }
    };
    let fields: Vec<Field> = FEATURES.iter().map(field).collect();
    let mut notices = Vec::new();
    if who.by.offline {
        notices.push(Notice::new(
            Tone::Info,
            "Not in a draft",
            "Codes are in force at once, and cannot wait. Sign in without Offline Mode to change them.",
        ));
    }
    ShortCodesPage {
        shell: who.shell(web, Place::Settings),
        tab: TAB,
        choice: domains::choice(web, who, domain),
        title: domains::called(web, who, domain)
            .map_or_else(|| "Short codes".into(), |domain| format!("Short codes of {domain}")),
        domain: domain.to_string(),
        notices,
        problems: Problems::of(&fields.iter().collect::<Vec<_>>(), &[]),
        version: filled.value("version").to_owned(),
        is_chosen: !who.known(web).short_codes(domain).codes.is_empty(),
        fields,
        editable,
    }
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let domain = meant(&web, &who, form.get("domain"))?;
    let filled = typed(&saved(&web, &who, domain), &form);
    match form.get("do") {
        "save" => match attendant::chosen_codes(|row| form.get(row.name)) {
            Ok(codes) => Ok(put(&web, &who, (domain, &form), codes, filled).await),
            Err(wrong) => {
                let filled = wrong
                    .into_iter()
                    .fold(filled, |filled, (feature, fault)| filled.wrong(feature, fault.to_string()));
                Ok(who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, domain, &filled)))
            }
        },
        // What was typed beside is not what was asked for.
        "defaults" => {
            let saved = saved(&web, &who, domain);
            Ok(put(&web, &who, (domain, &form), BTreeMap::new(), saved).await)
        }
        _ => Err(who.visitor.error(&web, StatusCode::BAD_REQUEST)),
    }
}

async fn put(
    web: &Web,
    who: &SignedIn,
    (domain, form): (DomainId, &Form),
    codes: BTreeMap<Box<str>, Box<str>>,
    filled: Filled,
) -> Response {
    let version = form.get("version").parse().unwrap_or(0);
    let done =
        web.system.administer(&who.by, move |admin, _| admin.save_short_codes(domain, version, &codes)).await;
    match done {
        Ok(_) => guard::redirect_with(&href(domain), Tone::Good, "Saved", "In force from the next call on."),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(filled, &saved(web, who, domain));
            let mut page = page(web, who, domain, &filled);
            let first = FEATURES.first().map_or("", |row| row.name);
            page.problems.list.insert(0, credentials::overtaken_words("page", first));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => credentials::refuse(who, web, &refusal),
    }
}
