//! Alarms and logs: where they go, and how long the audit is kept.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    records::Records,
    reporting::{Reporting, Retention},
    rights::Right,
};

use super::{
    Web, credentials,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    lists::thousands,
    targets,
    views::{
        forms::{Filled, Problems},
        notifications::{NotificationsPage, retention_section},
        parts::Tone,
        settings::SettingsTab,
        shell::Place,
    },
};

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    Ok(who.page(&page(&web, &who, &saved(&web.system.ledger.reporting()))))
}

fn saved(reporting: &Reporting) -> Filled {
    Filled::default()
        .with("version", reporting.version.to_string())
        .with("days", reporting.retention.days.to_string())
        .with("rows", reporting.retention.rows.to_string())
}

fn page(web: &Web, who: &SignedIn, filled: &Filled) -> NotificationsPage {
    let rows = usize::try_from(web.system.ledger.figures().audit_rows).unwrap_or(usize::MAX);
    let editable = who.by.may(Right::SecurityWrite);
    let retention = retention_section(filled, &format!("{} rows", thousands(rows)), editable);
    NotificationsPage {
        shell: who.shell(web, Place::Settings),
        tab: SettingsTab::Notifications,
        problems: Problems::of(&retention.fields.iter().collect::<Vec<_>>(), &[]),
        targets: targets::lists(web, who),
        may_change: who.by.may(Right::SystemWrite),
        retention,
        editable,
        version: filled.value("version").to_owned(),
    }
}

/// Saves how long the audit is kept.
pub(super) async fn save(
    State(web): State<Arc<Web>>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let present = saved(&web.system.ledger.reporting());
    let typed = present.names().fold(Filled::default(), |filled, name| filled.with(name, form.get(name)));
    let mut wrong = typed.clone();
    let days = number(&form, "days", &mut wrong);
    let rows = number(&form, "rows", &mut wrong);
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, filled));
    let (Some(days), Some(rows)) = (days, rows) else { return Ok(again(&wrong)) };
    let version = form.get("version").parse().unwrap_or(0);
    let wanted = Retention { days, rows };
    let done = web.system.administer(&who.by, move |admin, _| admin.save_retention(version, wanted)).await;
    Ok(match done {
        Ok(_) => guard::redirect_with(
            SettingsTab::Notifications.href(),
            Tone::Good,
            "Saved",
            "What is no longer kept is removed within a minute.",
        ),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let mut page = page(&web, &who, &credentials::overtaken(typed, &present));
            page.problems.list.insert(0, credentials::overtaken_words("page", "days"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => {
            let fields = credentials::wrong_fields(&refusal);
            if fields.is_empty() {
                return Ok(credentials::refuse(&who, &web, &refusal));
            }
            again(&fields.into_iter().fold(typed, |filled, wrong| {
                filled.wrong(wrong.field.trim_start_matches("retention-"), wrong.problem)
            }))
        }
    })
}

fn number<T: std::str::FromStr>(form: &Form, field: &str, filled: &mut Filled) -> Option<T> {
    let typed = form.get(field).trim();
    let number = typed.parse().ok();
    if number.is_none() {
        let typed: String = typed.chars().take(20).collect();
        *filled = std::mem::take(filled).wrong(field, format!("“{typed}” is no number that fits here."));
    }
    number
}
