//! Short codes: which code is dialled for what. Those of the first domain, as with the system password.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};
use calls::short_code::{CODE_MAX, FEATURES, FeatureRow, ShortCodes};
use signin::{ident::DomainId, records::Records, rights::Right};

use super::{
    Web, credentials, domains,
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
const DOMAIN: DomainId = DomainId::FIRST;

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, &saved(&web, &who)))
}

/// The codes that can be dialled now.
fn saved(web: &Web, who: &SignedIn) -> Filled {
    let codes = attendant::short_codes(&web.system, DOMAIN);
    let version = who.known(web).short_codes(DOMAIN).version;
    FEATURES
        .iter()
        .fold(Filled::default(), |filled, row| filled.with(row.name, code(&codes, row)))
        .with("version", version.to_string())
}

fn code<'a>(codes: &'a ShortCodes, row: &FeatureRow) -> &'a str {
    codes.code(row.feature).map_or("", |code| code.as_str())
}

fn page(web: &Web, who: &SignedIn, filled: &Filled) -> ShortCodesPage {
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
    if domains::is_asked(web, who) {
        let title = format!("Those of {}", domains::title(&*web.system.ledger, DOMAIN));
        notices.push(Notice::new(Tone::Info, title, "Other domains have the defaults."));
    }
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
        notices,
        problems: Problems::of(&fields.iter().collect::<Vec<_>>(), &[]),
        version: filled.value("version").to_owned(),
        is_chosen: !who.known(web).short_codes(DOMAIN).codes.is_empty(),
        fields,
        editable,
    }
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let filled = typed(&saved(&web, &who), &form);
    match form.get("do") {
        "save" => match attendant::chosen_codes(|row| form.get(row.name)) {
            Ok(codes) => Ok(put(&web, &who, &form, codes, filled).await),
            Err(wrong) => {
                let filled = wrong
                    .into_iter()
                    .fold(filled, |filled, (feature, fault)| filled.wrong(feature, fault.to_string()));
                Ok(who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &filled)))
            }
        },
        // What was typed beside is not what was asked for.
        "defaults" => {
            let saved = saved(&web, &who);
            Ok(put(&web, &who, &form, BTreeMap::new(), saved).await)
        }
        _ => Err(who.visitor.error(&web, StatusCode::BAD_REQUEST)),
    }
}

async fn put(
    web: &Web,
    who: &SignedIn,
    form: &Form,
    codes: BTreeMap<Box<str>, Box<str>>,
    filled: Filled,
) -> Response {
    let version = form.get("version").parse().unwrap_or(0);
    let done =
        web.system.administer(&who.by, move |admin, _| admin.save_short_codes(DOMAIN, version, &codes)).await;
    match done {
        Ok(_) => guard::redirect_with(TAB.href(), Tone::Good, "Saved", "In force from the next call on."),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(filled, &saved(web, who));
            let mut page = page(web, who, &filled);
            let first = FEATURES.first().map_or("", |row| row.name);
            page.problems.list.insert(0, credentials::overtaken_words("page", first));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => credentials::refuse(who, web, &refusal),
    }
}
