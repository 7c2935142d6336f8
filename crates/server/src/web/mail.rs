//! Email: by which server it goes out, a test, and how it goes.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::{EditMail, SecretChoice},
    mail::{MailAddress, MailSecurity},
    records::Records,
    reporting::Reporting,
    rights::Right,
    timestamp::Timestamp,
};

use super::{
    Web, credentials,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    moment,
    settings::typed,
    views::{
        forms::Filled,
        mail::MailPage,
        parts::{Badge, Fact, Notice, Tone},
        settings::SettingsTab,
        shell::Place,
    },
};
use crate::notify::{
    connect::tls_config,
    mail::{self, TEST_PATIENCE, letter::Letter, post::Told},
};

const TAB: SettingsTab = SettingsTab::Mail;

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, &saved(&web.system.ledger.reporting())))
}

fn saved(reporting: &Reporting) -> Filled {
    let mail = &reporting.mail;
    Filled::default()
        .with("version", reporting.version.to_string())
        .with("sender", mail.sender.as_ref().map_or("", MailAddress::as_str))
        .with("server", &*mail.server)
        .with("port", mail.port.to_string())
        .with("security", mail.security.name())
        .with("user", &*mail.user)
        .with("roots", &*mail.roots)
        .with("web_address", &*mail.web_address)
}

fn page(web: &Web, who: &SignedIn, filled: &Filled) -> MailPage {
    let reporting = web.system.ledger.reporting();
    let (told, now) = (web.system.mail.told(), web.system.clock.now());
    let notice = who.by.offline.then(|| {
        Notice::new(
            Tone::Info,
            "Not in a draft",
            "What is set here is in force at once, and cannot wait. Sign in without Offline Mode to change it.",
        )
    });
    MailPage::new(
        who.shell(web, Place::Settings),
        filled,
        notice,
        reporting.mail.password.is_some(),
        badge(reporting.mail.is_set_up(), &told),
        facts(&told, now),
        reporting.mail.is_set_up(),
        who.by.may(Right::SystemWrite) && !who.by.offline,
    )
}

fn badge(is_set_up: bool, told: &Told) -> Badge {
    if !is_set_up {
        Badge::new(Tone::Neutral, "Off")
    } else if told.failed_at.is_some() && told.failed_at > told.sent_at {
        Badge::new(Tone::Danger, "Fails")
    } else if told.sent > 0 {
        Badge::new(Tone::Good, "Works")
    } else {
        Badge::new(Tone::Neutral, "Nothing yet")
    }
}

fn facts(told: &Told, now: Timestamp) -> Vec<Fact> {
    let at = |at: Timestamp| moment::stamp(at, now).human;
    let mut facts = vec![Fact::new("Sent since the start", told.sent.to_string())];
    if let Some(sent) = told.sent_at {
        facts.push(Fact::new("Last sent", format!("{}: {}", at(sent), told.answer)));
    }
    if let Some(failed) = told.failed_at {
        facts.push(Fact::new("Last failure", format!("{}: {}", at(failed), told.problem)));
    }
    if told.waiting > 0 {
        facts.push(Fact::new("Waiting", told.waiting.to_string()));
    }
    if told.given_up > 0 {
        facts.push(Fact::new("Given up", told.given_up.to_string()));
    }
    facts
}

/// Reads the form; the fields that cannot be read.
fn edit(form: &Form) -> Result<EditMail, Vec<(&'static str, String)>> {
    let port = form.get("port").trim().parse().map_err(|_| ("port", "1 to 65535.".to_owned()));
    let security = MailSecurity::ALL.into_iter().find(|one| one.name() == form.get("security"));
    let security = security.ok_or_else(|| ("security", "One of these.".to_owned()));
    let roots = form.get("roots").trim();
    let of_use = if roots.is_empty() { Ok(()) } else { tls_config(roots).map(drop) };
    let of_use = of_use.map_err(|failure| ("roots", format!("They are of no use: {}.", failure.problem)));
    let password = form.secret("password");
    match (port, security, of_use) {
        (Ok(port), Ok(security), Ok(())) => Ok(EditMail {
            version: form.get("version").parse().unwrap_or(0),
            sender: form.get("sender").trim().into(),
            server: form.get("server").trim().into(),
            port,
            security,
            roots: roots.into(),
            user: form.get("user").trim().into(),
            password: if password.is_empty() { SecretChoice::Keep } else { SecretChoice::Set(password) },
            web_address: form.get("web_address").into(),
        }),
        (port, security, of_use) => {
            Err([port.err(), security.err(), of_use.err()].into_iter().flatten().collect())
        }
    }
}

pub(super) async fn save(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let present = saved(&web.system.ledger.reporting());
    let filled = typed(&present, &form);
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, filled));
    let edit = match edit(&form) {
        Ok(edit) => edit,
        Err(wrong) => {
            return again(&wrong.into_iter().fold(filled, |filled, (field, text)| filled.wrong(field, text)));
        }
    };
    match web.system.administer(&who.by, move |admin, _| admin.save_mail(&edit)).await {
        Ok(_) => guard::redirect_with(TAB.href(), Tone::Good, "Saved", "In force from now on."),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let mut page = page(&web, &who, &credentials::overtaken(filled, &present));
            page.problems.list.insert(0, credentials::overtaken_words("page", "sender"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => again(&credentials::fill_wrong(filled, &refusal)),
    }
}

/// Sends a test, and tells what came of it.
pub(super) async fn test(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let to = form.get("to").trim().to_owned();
    let typed = to.clone();
    let noted = web.system.administer(&who.by, move |admin, _| admin.test_mail(&to)).await;
    let to = match noted {
        Ok(done) => done.value,
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            return credentials::refuse(&who, &web, &refusal);
        }
        Err(refusal) => {
            let filled = saved(&web.system.ledger.reporting()).with("to", typed);
            let page = page(&web, &who, &credentials::fill_wrong(filled, &refusal));
            return who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    match mail::send(&web.system, Letter::test(to), TEST_PATIENCE).await {
        Ok(answer) => guard::redirect_with(TAB.href(), Tone::Good, "The test was taken", &answer),
        Err(failure) => {
            guard::redirect_with(TAB.href(), Tone::Danger, "The test was not taken", &failure.problem)
        }
    }
}
