//! Signing in and out, and the new password that must be chosen before anything else.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use signin::{
    account::{RoleKind, Status},
    admin::Admin,
    attempt::{Attempt, Claim, Proof, Purpose},
    credential::CredentialKind,
    dice::Dice,
    interface::LoginInterface,
    records::Records,
    timestamp::Timestamp,
    verdict::Verdict,
};

use super::{
    Web,
    address::Query,
    credentials,
    door::{Door, MANAGER, own_path},
    guard::{self, Detained, DetainedForm, SignedForm, Visitor, VisitorForm},
    moment,
    views::{
        forms::Problems,
        login::{LoginPage, NewPasswordPage, Reason, WhyNew},
        parts::Tone,
    },
};
use crate::{flow::Hashes, host};

#[derive(Deserialize)]
pub(super) struct Arrival {
    #[serde(default)]
    why: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Query(arrival): Query<Arrival>,
    visitor: Visitor,
) -> Response {
    if web.system.ignition.is_awaited() {
        return Redirect::to("/ignition").into_response();
    }
    let rules = visitor.session_rules(web.system.ledger.settings().sessions);
    let minutes = u64::from(rules.idle.0 / 60);
    let reason = match arrival.why.as_str() {
        "out" => Reason::SignedOut,
        "idle" => Reason::IdledOut { minutes },
        "ended" => Reason::Ended,
        "stale" => Reason::Stale,
        _ => Reason::Arrived,
    };
    page(&web, &visitor, StatusCode::OK, reason, "", &arrival.next, false)
}

fn page(
    web: &Web,
    visitor: &Visitor,
    status: StatusCode,
    reason: Reason,
    name: &str,
    next: &str,
    is_offline: bool,
) -> Response {
    let page = LoginPage {
        shell: visitor.gate(web),
        interface: "Web manager".into(),
        action: "/manager/login".into(),
        next: own_path(next).unwrap_or_default().into(),
        name: name.into(),
        is_offline,
        reason,
        banner: web.system.ledger.settings().login_banner.to_string(),
        can_forget: web.system.editor.is_none(),
    };
    visitor.form_page(status, &page)
}

pub(super) async fn sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    VisitorForm(visitor, form): VisitorForm,
) -> Response {
    let (name, next) = (form.get("name"), form.get("next"));
    let is_offline = form.is_ticked("offline");
    let password = form.secret("password");
    let verdict = web
        .system
        .sign_in(Attempt {
            interface: if is_offline {
                LoginInterface::WebManagerOffline
            } else {
                LoginInterface::WebManager
            },
            domain: host::domain(&headers, &*web.system.ledger),
            claim: Claim::Account(RoleKind::ServiceUser, name),
            proof: Proof::Plain(&password),
            peer: visitor.peer(),
            purpose: Purpose::Session(MANAGER.held(&web, &headers)),
        })
        .await;
    if let Some(inside) = let_in(&web, &visitor, &MANAGER, &verdict, next) {
        return inside;
    }
    let (status, reason, left) = refusal(&verdict, web.system.clock.now(), moment::in_words);
    let mut response = page(&web, &visitor, status, reason, name, next, is_offline);
    put_retry_after(&mut response, left);
    response
}

/// The way in for whoever was accepted: to the page that they asked for, or first to the form for a new password. The browser is
/// known from now on.
pub(super) fn let_in(
    web: &Web,
    visitor: &Visitor,
    door: &Door,
    verdict: &Verdict,
    next: &str,
) -> Option<Response> {
    let Verdict::Accept(accepted) = verdict else { return None };
    let (_, token) = accepted.session.as_ref()?;
    let must_choose = accepted.status.wants_new_secret();
    let first = if must_choose { door.new_password } else { door.home };
    let to = own_path(next).filter(|_| !must_choose).unwrap_or(first);
    let mut response = Redirect::to(to).into_response();
    guard::put_cookie(&mut response, door.cookie, token.reveal(), None);
    if let Some(account) = accepted.account {
        guard::know_browser(&mut response, web, account, visitor);
    }
    put_before(&mut response, &accepted.before);
    Some(response)
}

/// What a login page says to whom it does not let in, with its status and in how many seconds it is worth another try. A length
/// of time is told in the words of the page.
pub(super) fn refusal(
    verdict: &Verdict,
    now: Timestamp,
    in_words: impl Fn(u64) -> String,
) -> (StatusCode, Reason, Option<u64>) {
    match verdict {
        // A password is no answer to a challenge; nothing of this interface can be stale.
        // Whoever must choose a new one is accepted, and led to the form where it is chosen.
        Verdict::Reject | Verdict::Challenge | Verdict::NewSecretFirst => {
            (StatusCode::UNAUTHORIZED, Reason::Refused, None)
        }
        Verdict::Wait { until: Some(until) } => {
            let left = now.seconds_until(*until);
            let wait = Reason::Wait {
                length: in_words(left),
                until: moment::until(*until, now),
                clock: moment::clock(*until),
            };
            (StatusCode::TOO_MANY_REQUESTS, wait, Some(left))
        }
        Verdict::Wait { until: None } => (StatusCode::TOO_MANY_REQUESTS, Reason::Locked, None),
        Verdict::TooManySessions => (StatusCode::CONFLICT, Reason::SessionLimit, None),
        // Whoever is accepted and has no session has met a fault.
        Verdict::Accept(_) | Verdict::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, Reason::Unavailable, None)
        }
    }
}

pub(super) fn put_retry_after(response: &mut Response, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}

/// What the first page tells: the activity before this sign-in, as a cookie can carry it.
fn put_before(response: &mut Response, before: &signin::account::Activity) {
    let json = serde_json::to_vec(before).unwrap_or_default();
    let value = data_encoding::BASE64URL_NOPAD.encode(&json);
    guard::put_cookie(response, super::home::BEFORE_COOKIE, &value, None);
}

pub(super) async fn sign_out(State(web): State<Arc<Web>>, SignedForm(who, _): SignedForm) -> Response {
    let id = who.session.id;
    let done = web.system.administer(&who.by, move |admin, _| admin.end_session(id)).await;
    let mut response = match done {
        Ok(_) => Redirect::to("/manager/login?why=out").into_response(),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    };
    guard::drop_cookie(&mut response, MANAGER.cookie);
    guard::drop_cookie(&mut response, super::home::BEFORE_COOKIE);
    response
}

pub(super) async fn new_password(State(web): State<Arc<Web>>, Detained(who, status): Detained) -> Response {
    let page = new_password_page(&web, &who, status, None);
    who.page(&page)
}

fn new_password_page(
    web: &Web,
    who: &guard::SignedIn,
    status: Status,
    error: Option<(String, String)>,
) -> NewPasswordPage {
    let kind = CredentialKind::ServicePassword;
    let mut secret = credentials::secret_field(
        &web.system.ledger.settings(),
        kind,
        "password",
        "New password",
        &who.account.name,
        "",
    );
    credentials::put_error(&mut secret, error);
    let mut shell = who.visitor.gate(web);
    shell.csrf = who.csrf();
    NewPasswordPage {
        shell,
        name: who.account.name.to_string(),
        why: if status == Status::ForceNewPassword { WhyNew::Forced } else { WhyNew::Expired },
        problems: Problems::of(&[], &[&secret]),
        secret,
    }
}

pub(super) async fn choose_password(
    State(web): State<Arc<Web>>,
    DetainedForm(who, status, form): DetainedForm,
) -> Response {
    let new = form.secret("password");
    let again = form.secret("password_again");
    let refused = |error| {
        let page = new_password_page(&web, &who, status, Some(error));
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if !new.matches(&again) {
        return refused(("password_again".into(), credentials::NOT_THE_SAME.into()));
    }
    // It is held against the present one, which takes a hash too.
    let change = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.change_own_password(&new, dice);
    let done = web.system.carry_out(&who.by, Hashes::Anyway, change).await;
    match done {
        Ok(done) => {
            let text = ended(done.value);
            let mut response =
                guard::redirect_with("/manager", Tone::Good, "Your new password is saved", &text);
            guard::know_browser(&mut response, &web, who.account.id, &who.visitor);
            response
        }
        Err(refusal) => match credentials::wrong_fields(&refusal).pop() {
            Some(wrong) => refused(("password".into(), wrong.problem)),
            None => credentials::refuse(&who, &web, &refusal),
        },
    }
}

/// How many other sessions a new password ended.
pub(super) fn ended(sessions: usize) -> String {
    match sessions {
        0 => "You had no other sessions.".into(),
        1 => "Your other session was ended.".into(),
        many => format!("Your {many} other sessions were ended."),
    }
}
