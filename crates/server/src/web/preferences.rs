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
    secret::Secret,
    verdict::Verdict,
};

use super::{
    Web, credentials,
    guard::{self, IDLE_COOKIE, SignedForm, SignedIn, THEME_COOKIE},
    login::ended,
    moment,
    pending::NewPassword,
    recover,
    views::{
        errors::ConfirmPage,
        forms::Filled,
        parts::{Notice, Tone},
        preferences::PreferencesPage,
        shell::Place,
    },
};
use crate::{flow::Hashes, notify::mail};

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
    let profile = web.system.ledger.profile(who.account.id);
    let now = web.system.clock.now();
    let address = match (&profile.address, &profile.waiting) {
        (Some(bound), _) => {
            let since = moment::stamp(bound.confirmed_at, now).human;
            Notice::new(Tone::Good, bound.address.as_str(), format!("Confirmed on {since}."))
        }
        (None, Some(waiting)) => {
            let text = "Open the link in the mail that was sent there: until then it does not count.";
            Notice::new(Tone::Warning, format!("{waiting} is not confirmed yet"), text)
        }
        (None, None) => {
            let text = "If you forget your password, nobody can mail you a link to a new one.";
            Notice::new(Tone::Warning, "No address is bound to your account", text)
        }
    };
    PreferencesPage::new(who.shell(web, Place::Settings), filled, rules, idle_max(web), address)
}

/// Binds another address to the own account, when the present password was shown.
pub(super) async fn bind_address(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let typed = form.get("address").trim().to_owned();
    let present = form.secret("address_current");
    let filled = saved(&who, "no").with("address", &*typed);
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, filled));
    match prove(&web, &who, &present).await {
        Ok(()) => {}
        Err(NotProven::Said(text)) => return again(&filled.wrong("address_current", text)),
        Err(NotProven::Unavailable) => return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    }
    if typed.is_empty() {
        recover::tell(&web, &who.account, mail::account::Notice::AddressChanged);
    }
    let wanted = typed.clone();
    let bind = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.bind_own_address(&wanted, dice);
    match web.system.administer(&who.by, bind).await {
        Ok(done) if done.value.is_some() => {
            let is_set_up = mail::is_set_up(&web.system);
            recover::mail_link(&web, done.value);
            if is_set_up {
                let text = format!("Open the link in the mail to {typed}: then the address counts.");
                guard::redirect_with(PATH, Tone::Good, "Saved: a mail is on its way", &text)
            } else {
                let text =
                    "No mail goes out yet: set its server under Email, then save the address once more.";
                guard::redirect_with(PATH, Tone::Warning, "Saved, and not confirmed", text)
            }
        }
        Ok(_) => guard::redirect_with(PATH, Tone::Good, "Saved", ""),
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => again(&credentials::fill_wrong(filled, &refusal)),
    }
}

/// Why something was not believed.
enum NotProven {
    /// In words, for the field.
    Said(&'static str),
    /// Nobody looked.
    Unavailable,
}

/// Shows the present password once more, counted like a sign-in: a browser left open must not be enough.
async fn prove(web: &Arc<Web>, who: &SignedIn, present: &Secret) -> Result<(), NotProven> {
    match web.system.sign_in(attempt(who, present)).await {
        Verdict::Accept(_) => Ok(()),
        Verdict::Reject | Verdict::Challenge | Verdict::TooManySessions | Verdict::NewSecretFirst => {
            Err(NotProven::Said("This is not your present password."))
        }
        Verdict::Wait { .. } => Err(NotProven::Said(
            "Too many wrong tries. Wait a while before you try again; you stay signed in.",
        )),
        Verdict::Unavailable => Err(NotProven::Unavailable),
    }
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
    match prove(web, who, &present).await {
        Ok(()) => {}
        Err(NotProven::Said(text)) => return again(&filled.wrong("current", text)),
        Err(NotProven::Unavailable) => return who.visitor.error(web, StatusCode::SERVICE_UNAVAILABLE),
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

fn attempt<'a>(who: &'a SignedIn, current: &'a Secret) -> Attempt<'a> {
    Attempt {
        interface: LoginInterface::WebManager,
        domain: who.account.domain,
        claim: Claim::Account(RoleKind::ServiceUser, &who.account.name),
        proof: Proof::Plain(current),
        peer: who.visitor.peer(),
        purpose: Purpose::Confirmation,
    }
}
