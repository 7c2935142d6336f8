//! The user portal: the pages of people who only have a phone. What they may see and change is said by the rules of their
//! domain; every change is an operation of `signin`, which asks the same rules again.

mod address;
mod calls;
mod directory;
pub(super) mod guard;
mod home;
mod login;
mod messages;
mod phones;
mod preferences;
mod said;
mod secrets;

use std::sync::Arc;

use axum::response::Response;
use signin::{
    account::RoleKind,
    attempt::{Attempt, Claim, Proof, Purpose},
    interface::LoginInterface,
    portal::{Level, PortalPart},
    secret::Secret,
    verdict::Verdict,
};

use super::{
    Web,
    guard::redirect_with,
    routes::{Access, Row, get, post},
    views::parts::Tone,
};
use crate::flow::Refusal;

use self::guard::Insider;

/// Every page of the portal.
pub(super) fn rows() -> Vec<Row> {
    use Level::{Read, Write};
    use PortalPart::{Address, Calls, Directory, Messages, Phones, Preferences, Secrets};
    let see = |part| Access::Portal(part, Read);
    let change = |part| Access::Portal(part, Write);
    vec![
        get("/portal/login", Access::PortalGate, login::show),
        post("/portal/login", Access::PortalGate, login::sign_in),
        post("/portal/language", Access::PortalGate, login::choose_language),
        // Whoever must choose a new password may leave.
        post("/portal/logout", Access::PortalDetained, login::sign_out),
        get("/portal/password", Access::PortalDetained, login::new_password),
        post("/portal/password", Access::PortalDetained, login::choose_password),
        get("/portal", Access::PortalHome, home::show),
        get("/portal/phones", see(Phones), phones::show),
        post("/portal/phones/logout", change(Phones), phones::log_out),
        post("/portal/phones/session", change(Phones), phones::end_session),
        post("/portal/phones/leave", change(Phones), phones::leave),
        post("/portal/phones/guest", change(Phones), phones::be_guest),
        get("/portal/calls", see(Calls), calls::show),
        get("/portal/calls/clear", change(Calls), calls::ask_clear),
        post("/portal/calls/clear", change(Calls), calls::clear),
        get("/portal/messages", see(Messages), messages::show),
        get("/portal/messages/{message}/sound", see(Messages), messages::sound),
        post("/portal/messages/{message}/heard", change(Messages), messages::heard),
        get("/portal/messages/{message}/delete", change(Messages), messages::ask_delete),
        post("/portal/messages/{message}/delete", change(Messages), messages::delete),
        get("/portal/directory", see(Directory), directory::show),
        get("/portal/secrets", see(Secrets), secrets::show),
        post("/portal/secrets/{kind}", change(Secrets), secrets::change),
        get("/portal/address", see(Address), address::show),
        post("/portal/address", change(Address), address::bind),
        get("/portal/preferences", see(Preferences), preferences::show),
        post("/portal/preferences", change(Preferences), preferences::save),
    ]
}

/// Shows the present password, counted like a sign-in: a browser left open must not be enough.
async fn prove(web: &Arc<Web>, who: &Insider, present: &Secret) -> Result<(), NotProven> {
    let attempt = Attempt {
        interface: LoginInterface::UserPortal,
        domain: who.account.domain,
        claim: Claim::Account(RoleKind::User, &who.account.name),
        proof: Proof::Plain(present),
        peer: who.visitor.peer(),
        purpose: Purpose::Confirmation,
    };
    proven(web, who, &web.system.sign_in(attempt).await, "secrets-wrong")
}

/// Why something was not believed.
enum NotProven {
    /// In words, for the field.
    Said(String),
    /// Nobody looked.
    Unavailable,
}

/// Whether a proof was accepted; `wrong` names what is said of a wrong one.
fn proven(web: &Web, who: &Insider, verdict: &Verdict, wrong: &str) -> Result<(), NotProven> {
    Err(match verdict {
        Verdict::Accept(_) => return Ok(()),
        Verdict::Reject | Verdict::Challenge | Verdict::TooManySessions | Verdict::NewSecretFirst => {
            NotProven::Said(who.say(wrong))
        }
        Verdict::Wait { until: None } => NotProven::Said(who.say("secrets-locked")),
        Verdict::Wait { until: Some(until) } => {
            let left = web.system.clock.now().seconds_until(*until);
            let length = said::length(who.visitor.language, left);
            NotProven::Said(who.say_with("secrets-wait", &[("length", &length)]))
        }
        Verdict::Unavailable => NotProven::Unavailable,
    })
}

/// Goes on to a page that says in a few words what was done.
fn done(to: &str, title: &str) -> Response {
    redirect_with(to, Tone::Good, title, "")
}

/// What is said where something could not be done: not to be changed, gone meanwhile, or out of order.
fn refuse(web: &Web, who: &Insider, refusal: &Refusal) -> Response {
    use axum::http::StatusCode;
    use signin::admin::Problem;
    let status = match refusal {
        Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Problem(problem) => match problem {
            Problem::NoRight(_) | Problem::Never(_) => StatusCode::FORBIDDEN,
            Problem::NotFound(_) => StatusCode::NOT_FOUND,
            Problem::Changed(_) => StatusCode::CONFLICT,
            Problem::Invalid(_) => StatusCode::BAD_REQUEST,
        },
    };
    who.visitor.error(web, status)
}
