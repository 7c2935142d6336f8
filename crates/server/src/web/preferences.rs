//! One's own preferences: the password (as the old manuals describe it) and what is chosen for the browser.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::RoleKind,
    admin::Admin,
    attempt::{Attempt, Claim, Proof, Purpose},
    credential::CredentialKind,
    dice::Dice,
    interface::LoginInterface,
    records::Records,
    verdict::Verdict,
};

use super::{
    Web, credentials,
    guard::{self, IDLE_COOKIE, SignedForm, SignedIn, THEME_COOKIE},
    login::ended,
    pending::NewPassword,
    views::{errors::ConfirmPage, forms::Filled, parts::Tone, preferences::PreferencesPage, shell::Place},
};
use crate::flow::Hashes;

const PATH: &str = "/manager/preferences";
/// Where the OK goes.
const CONFIRM: &str = "/manager/preferences/confirm";
/// What is chosen for a browser is remembered for a year.
const YEAR: u32 = 31_536_000;

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, &saved(&who, "no")))
}

/// The form with what this browser has chosen.
fn saved(who: &SignedIn, change_password: &str) -> Filled {
    Filled::default()
        .with("change_password", change_password)
        .with("theme", who.visitor.theme.to_string())
        .with("idle", who.visitor.idle.map(|minutes| minutes.to_string()).unwrap_or_default())
}

fn page(web: &Web, who: &SignedIn, filled: &Filled) -> PreferencesPage {
    let rules = credentials::rules(
        &web.system.ledger.settings(),
        CredentialKind::ServicePassword,
        &who.account.name,
        "",
    );
    PreferencesPage::new(who.shell(web, Place::Settings), filled, rules, idle_max(web))
}

/// The system's inactivity time, in minutes.
fn idle_max(web: &Web) -> u32 {
    web.system.ledger.settings().sessions.idle.0 / 60
}

pub(super) async fn save(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let filled = ["change_password", "theme", "idle"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let theme = match form.get("theme") {
        theme @ ("light" | "dark") => theme,
        _ => "auto",
    };
    let most = idle_max(&web);
    let idle = match form.get("idle").trim() {
        "" => None,
        text => match text.parse::<u32>() {
            Ok(minutes) if (1..=most).contains(&minutes) => Some(minutes),
            Ok(_) | Err(_) => {
                let filled = filled.wrong("idle", format!("1 to {most} minutes."));
                return who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &filled));
            }
        },
    };
    let mut response = if form.get("change_password") == "yes" {
        let (present, new) = (form.secret("current"), form.secret("password"));
        if !new.matches(&form.secret("password_again")) {
            let filled = filled.wrong("password_again", credentials::NOT_THE_SAME);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &filled))
        } else if form.is_ticked("confirmed") {
            change_password(&web, &who, NewPassword { present, new }, filled).await
        } else {
            ask(&web, &who, NewPassword { present, new })
        }
    } else {
        guard::redirect_with(PATH, Tone::Good, "Saved successfully", "Your preferences are in force.")
    };
    guard::put_cookie(&mut response, THEME_COOKIE, theme, Some(YEAR));
    match idle {
        Some(minutes) => guard::put_cookie(&mut response, IDLE_COOKIE, &minutes.to_string(), Some(YEAR)),
        None => guard::drop_cookie(&mut response, IDLE_COOKIE),
    }
    response
}

/// The page that asks for an OK, where no script has asked already.
fn ask(web: &Web, who: &SignedIn, change: NewPassword) -> Response {
    if !web.pending.keep(who.session.id, change, web.system.clock.now()) {
        return who.visitor.error(web, StatusCode::SERVICE_UNAVAILABLE);
    }
    let page = ConfirmPage {
        shell: who.shell(web, Place::Settings),
        title: "Change your password?".into(),
        text: "Your other sessions end; you stay signed in here.".into(),
        facts: Vec::new(),
        action: CONFIRM.into(),
        hidden: Vec::new(),
        yes: "OK".into(),
        danger: false,
        back: PATH.into(),
    };
    who.page(&page)
}

pub(super) async fn confirm(State(web): State<Arc<Web>>, SignedForm(who, _): SignedForm) -> Response {
    let Some(change) = web.pending.take(who.session.id, web.system.clock.now()) else {
        let text = "The question had been open for too long. Type the new password again.";
        return guard::redirect_with(PATH, Tone::Warning, "Nothing was changed", text);
    };
    change_password(&web, &who, change, saved(&who, "yes")).await
}

async fn change_password(web: &Arc<Web>, who: &SignedIn, change: NewPassword, filled: Filled) -> Response {
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(web, who, filled));
    let NewPassword { present, new } = change;
    match web.system.sign_in(attempt(who, &present)).await {
        Verdict::Accept(_) => {}
        Verdict::Reject | Verdict::Challenge | Verdict::TooManySessions | Verdict::NewSecretFirst => {
            return again(&filled.wrong("current", "This is not your present password."));
        }
        Verdict::Wait { .. } => {
            let text = "Too many wrong tries. Wait a while before you try again; you stay signed in.";
            return again(&filled.wrong("current", text));
        }
        Verdict::Unavailable => return who.visitor.error(web, StatusCode::SERVICE_UNAVAILABLE),
    }
    // It is held against the present one, which takes a hash too.
    let change = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.change_own_password(&new, dice);
    let done = web.system.carry_out(&who.by, Hashes::Anyway, change).await;
    match done {
        Ok(done) => {
            let text = ended(done.value);
            let mut response = guard::redirect_with(
                PATH,
                Tone::Good,
                "Saved successfully: your new password is in force",
                &text,
            );
            guard::know_browser(&mut response, web, who.account.id, &who.visitor);
            response
        }
        Err(refusal) => match credentials::wrong_fields(&refusal).pop() {
            Some(wrong) => again(&filled.wrong("password", wrong.problem)),
            None => credentials::refuse(who, web, &refusal),
        },
    }
}

/// The present password is asked for again, counted like a sign-in: a browser left open must not be enough.
fn attempt<'a>(who: &'a SignedIn, current: &'a signin::secret::Secret) -> Attempt<'a> {
    Attempt {
        interface: LoginInterface::WebManager,
        domain: who.account.domain,
        claim: Claim::Account(RoleKind::ServiceUser, &who.account.name),
        proof: Proof::Plain(current),
        peer: who.visitor.peer(),
        purpose: Purpose::Confirmation,
    }
}
