//! Signing in to the portal and out of it, and the new password that must be chosen before anything else.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use calls::prompt::Language;
use serde::Deserialize;
use signin::{
    account::{RoleKind, Status},
    admin::Admin,
    attempt::{Attempt, Claim, Proof, Purpose},
    credential::CredentialKind,
    dice::Dice,
    interface::LoginInterface,
    records::Records,
};

use super::{
    super::{
        Web,
        address::Query,
        door::{PORTAL, own_path},
        guard::{self, LANGUAGE_COOKIE, Visitor, VisitorForm},
        home::BEFORE_COOKIE,
        login::{let_in, put_retry_after, refusal},
        views::{
            forms::Problems,
            login::{Reason, WhyNew},
            parts::Tone,
            portal::{PortalLoginPage, PortalNewPasswordPage},
        },
    },
    guard::{Insider, Standing, StandingForm},
    refuse, said, secrets,
};
use crate::{flow::Hashes, host, words::Say as _};

/// What is chosen for a browser is remembered for a year.
pub(super) const YEAR: u32 = 31_536_000;

#[derive(Deserialize)]
pub(in crate::web) struct Arrival {
    #[serde(default)]
    why: String,
    #[serde(default)]
    next: String,
}

pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    Query(arrival): Query<Arrival>,
    visitor: Visitor,
) -> Response {
    if web.system.ignition.is_awaited() {
        return Redirect::to("/").into_response();
    }
    let rules = visitor.session_rules(web.system.ledger.settings().sessions);
    let reason = match arrival.why.as_str() {
        "out" => Reason::SignedOut,
        "idle" => Reason::IdledOut { minutes: u64::from(rules.idle.0 / 60) },
        "ended" => Reason::Ended,
        "stale" => Reason::Stale,
        _ => Reason::Arrived,
    };
    page(&web, &visitor, StatusCode::OK, reason, "", &arrival.next)
}

fn page(
    web: &Web,
    visitor: &Visitor,
    status: StatusCode,
    reason: Reason,
    name: &str,
    next: &str,
) -> Response {
    let page = PortalLoginPage {
        shell: visitor.gate(web),
        next: own_path(next).unwrap_or_default().into(),
        name: name.into(),
        reason,
        banner: web.system.ledger.settings().login_banner.to_string(),
    };
    visitor.form_page(status, &page)
}

pub(in crate::web) async fn sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    VisitorForm(visitor, form): VisitorForm,
) -> Response {
    let (name, next) = (form.get("name").trim(), form.get("next"));
    let password = form.secret("password");
    let verdict = web
        .system
        .sign_in(Attempt {
            interface: LoginInterface::UserPortal,
            domain: host::domain(&headers, &*web.system.ledger),
            claim: Claim::Account(RoleKind::User, name),
            proof: Proof::Plain(&password),
            peer: visitor.peer(),
            purpose: Purpose::Session(PORTAL.held(&web, &headers)),
        })
        .await;
    if let Some(inside) = let_in(&web, &visitor, &PORTAL, &verdict, next) {
        return inside;
    }
    let language = visitor.language;
    let in_words = |seconds| said::length(language, seconds);
    let (status, reason, left) = refusal(&verdict, web.system.clock.now(), in_words);
    let mut response = page(&web, &visitor, status, reason, name, next);
    put_retry_after(&mut response, left);
    response
}

/// The language of pages before anybody is signed in: kept in the browser alone.
pub(in crate::web) async fn choose_language(VisitorForm(_, form): VisitorForm) -> Response {
    let mut response = Redirect::to(PORTAL.login).into_response();
    put_language(&mut response, Language::tagged(form.get("language")));
    response
}

/// Has the browser remember a language; none = as it asks itself.
pub(super) fn put_language(response: &mut Response, language: Option<Language>) {
    match language {
        Some(language) => guard::put_cookie(response, LANGUAGE_COOKIE, language.code(), Some(YEAR)),
        None => guard::drop_cookie(response, LANGUAGE_COOKIE),
    }
}

pub(in crate::web) async fn sign_out(
    State(web): State<Arc<Web>>,
    StandingForm(who, _, _): StandingForm,
) -> Response {
    let id = who.session.id;
    let done = web.system.administer(&who.by, move |admin, _| admin.end_session(id)).await;
    let mut response = match done {
        Ok(_) => Redirect::to(&format!("{}?why=out", PORTAL.login)).into_response(),
        Err(refusal) => refuse(&web, &who, &refusal),
    };
    guard::drop_cookie(&mut response, PORTAL.cookie);
    guard::drop_cookie(&mut response, BEFORE_COOKIE);
    response
}

pub(in crate::web) async fn new_password(
    State(web): State<Arc<Web>>,
    Standing(who, status): Standing,
) -> Response {
    if !status.wants_new_secret() {
        return Redirect::to(PORTAL.home).into_response();
    }
    who.page(&new_password_page(&web, &who, status, None))
}

fn new_password_page(
    web: &Web,
    who: &Insider,
    status: Status,
    error: Option<(&str, String)>,
) -> PortalNewPasswordPage {
    let mut secret = secrets::field(web, who, CredentialKind::UserPassword, "password");
    match error {
        Some(("password_again", text)) => secret.error_again = Some(text),
        Some((_, text)) => secret.error = Some(text),
        None => {}
    }
    let mut shell = who.visitor.gate(web);
    shell.csrf = who.csrf();
    PortalNewPasswordPage {
        shell,
        name: who.account.shown_name().to_owned(),
        why: if status == Status::ForceNewPassword { WhyNew::Forced } else { WhyNew::Expired },
        problems: Problems { language: who.visitor.language, ..Problems::of(&[], &[&secret]) },
        secret,
    }
}

/// Whoever closes the window here has lost nothing: the present password goes on leading to this form.
pub(in crate::web) async fn choose_password(
    State(web): State<Arc<Web>>,
    StandingForm(who, status, form): StandingForm,
) -> Response {
    if !status.wants_new_secret() {
        // Without the present password, a new one is for those alone who are made to choose it.
        return Redirect::to(PORTAL.home).into_response();
    }
    let new = form.secret("password");
    let refused = |field, text| {
        let page = new_password_page(&web, &who, status, Some((field, text)));
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if !new.matches(&form.secret("password_again")) {
        return refused("password_again", who.say("form-not-the-same"));
    }
    // It is held against the present one, which takes a hash too.
    let change = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.change_own_password(&new, dice);
    match web.system.carry_out(&who.by, Hashes::Anyway, change).await {
        Ok(done) => {
            let (title, text) = (who.say("secrets-saved"), who.say_number("secrets-ended", done.value));
            let mut response = guard::redirect_with(PORTAL.home, Tone::Good, &title, &text);
            guard::know_browser(&mut response, &web, who.account.id, &who.visitor);
            response
        }
        Err(refusal) => match secrets::broken(&web, &who, CredentialKind::UserPassword, &refusal) {
            Some(text) => refused("password", text),
            None => refuse(&web, &who, &refusal),
        },
    }
}
