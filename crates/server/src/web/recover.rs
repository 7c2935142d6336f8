//! Forgotten passwords: asking for a link by mail, and what the link leads to. Whoever asks is told the same whatever they typed, and
//! at once: what comes of it is worked out afterwards.
//!
//! The secret of a link comes in once, in the address of the mail, and goes into a cookie: no page holds it.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use signin::{
    account::{Account, RoleKind},
    admin::{Admin, By, Problem},
    attempt::{Attempt, Claim, Proof, Purpose},
    audit::AuditEvent,
    dice::Dice,
    ident::DomainId,
    interface::LoginInterface,
    link::{LinkKind, LinkName},
    mail::MAIL_ADDRESS_MAX,
    records::Records,
    secret::Secret,
    verdict::Verdict,
};

use super::{
    Web,
    address::{Path, Query},
    cookie::cookie,
    credentials,
    door::{Door, MANAGER, PORTAL},
    guard::{self, Visitor, VisitorForm},
    views::{
        forms::{Field, Kind, Problems},
        parts::{Link, Tone},
        recover::{RecoverAddressPage, RecoverNewPage, RecoverPage, SaidPage},
    },
};
use crate::{
    flow::{Hashes, Refusal},
    host,
    notify::mail::{Errand, account::Notice, is_set_up},
    recovery::Wish,
    words::{Say as _, Value},
};

/// Holds the link that was followed, until it is used.
const LINK_COOKIE: &str = "__Host-link";
/// Longest name that is looked for.
const NAME_MAX: usize = 128;

#[derive(Deserialize)]
pub(super) struct Arrival {
    #[serde(default)]
    to: String,
    #[serde(default)]
    why: String,
}

fn door_named(name: &str) -> (&'static str, &'static Door) {
    if name == "manager" { ("manager", &MANAGER) } else { ("portal", &PORTAL) }
}

fn door_of(kind: RoleKind) -> &'static Door {
    match kind {
        RoleKind::ServiceUser => &MANAGER,
        RoleKind::User => &PORTAL,
    }
}

pub(super) async fn ask(
    State(web): State<Arc<Web>>,
    Query(arrival): Query<Arrival>,
    visitor: Visitor,
) -> Response {
    let (name, door) = door_named(&arrival.to);
    let settings = web.system.ledger.settings();
    let language = visitor.language;
    let page = RecoverPage {
        shell: visitor.gate(&web),
        is_set_up: settings.recovery.by_mail && is_set_up(&web.system),
        is_stale: arrival.why == "stale",
        door: name,
        name: Field::new("name", language.say(if name == "manager" { "recover-name" } else { "login-name" }))
            .required()
            .autocomplete("username")
            .length_max(128)
            .language(language),
        address: Field::new("address", language.say("recover-address"))
            .kind(Kind::Code)
            .hint(language.say("recover-address-hint"))
            .required()
            .autocomplete("email")
            .length_max(MAIL_ADDRESS_MAX as u64)
            .language(language),
        back: door.login,
    };
    visitor.form_page(StatusCode::OK, &page)
}

pub(super) async fn wish(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    VisitorForm(visitor, form): VisitorForm,
) -> Response {
    let (_, door) = door_named(form.get("to"));
    let cut =
        |text: &str, most: usize| -> Box<str> { text.trim().chars().take(most).collect::<String>().into() };
    let taken = web.system.recovery.take(Wish {
        kind: door.kind,
        domain: host::domain(&headers, &*web.system.ledger),
        name: cut(form.get("name"), NAME_MAX),
        address: cut(form.get("address"), MAIL_ADDRESS_MAX),
        from: visitor.address,
        agent: AuditEvent::text(&visitor.agent),
    });
    if !taken {
        return visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE);
    }
    let say = |name: &str| visitor.language.say(name);
    let texts = vec![say("recover-sent-text"), say("recover-sent-time"), say("recover-sent-none")];
    said(&web, &visitor, StatusCode::OK, Tone::Good, "recover-sent", texts, door)
}

fn said(
    web: &Web,
    visitor: &Visitor,
    status: StatusCode,
    tone: Tone,
    title: &str,
    texts: Vec<String>,
    door: &Door,
) -> Response {
    let page = SaidPage {
        shell: visitor.gate(web),
        tone,
        title: visitor.language.say(title),
        texts,
        link: Link::new(door.login, visitor.language.say("recover-to-login")),
    };
    visitor.form_page(status, &page)
}

/// The link of a mail. That it was opened changes nothing, because programs that look at mail open links as well.
pub(super) async fn follow(Path(token): Path<String>) -> Response {
    let (name, _) = LinkName::split(&token);
    let to = match LinkName::parse(name).map(|name| name.kind) {
        Some(LinkKind::Address) => "/recover/address",
        Some(LinkKind::Recovery | LinkKind::HandOver) | None => "/recover/new",
    };
    let mut response = Redirect::to(to).into_response();
    // What is no link is no cookie either.
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let kept = if plain && token.len() <= 80 { &*token } else { "x" };
    guard::put_cookie(&mut response, LINK_COOKIE, kept, None);
    response
}

/// A link that was shown and is right.
struct Shown {
    account: Arc<Account>,
    kind: LinkKind,
    secret: Secret,
}

/// Has the link that a browser holds judged, like every attempt. It may be shown again and again: what it is for is done by an
/// operation, once.
async fn judge(web: &Arc<Web>, visitor: &Visitor, headers: &HeaderMap) -> Result<Shown, Response> {
    let (name, secret) = LinkName::split(cookie(headers, LINK_COOKIE).unwrap_or_default());
    let attempt = Attempt {
        interface: LoginInterface::PasswordRecovery,
        domain: DomainId::FIRST,
        claim: Claim::Link(name),
        proof: Proof::Bearer(&secret),
        peer: visitor.peer(),
        purpose: Purpose::Confirmation,
    };
    let judged = web.system.sign_in_now(&attempt, web.system.clock.now(), &mut crate::dice::OsDice);
    let verdict = web.system.conclude(LoginInterface::PasswordRecovery, judged).await;
    let kind = LinkName::parse(name).map(|name| name.kind);
    match (verdict, kind) {
        (Verdict::Accept(accepted), Some(kind)) => {
            let account = accepted.account.and_then(|id| web.system.ledger.account(id));
            let account = account.ok_or_else(|| no_link(web, visitor))?;
            Ok(Shown { account, kind, secret })
        }
        (Verdict::Unavailable, _) => Err(visitor.error(web, StatusCode::SERVICE_UNAVAILABLE)),
        (Verdict::Wait { .. }, _) => Err(visitor.error(web, StatusCode::TOO_MANY_REQUESTS)),
        (
            Verdict::Accept(_)
            | Verdict::Reject
            | Verdict::Challenge
            | Verdict::NewSecretFirst
            | Verdict::TooManySessions,
            _,
        ) => Err(no_link(web, visitor)),
    }
}

/// One and the same for a link that was used, is too old, was never there, or is not to be followed from where somebody is.
fn no_link(web: &Web, visitor: &Visitor) -> Response {
    let say = |name: &str| visitor.language.say(name);
    let mut texts = vec![say("recover-no-link-why")];
    if !web.system.ledger.settings().recovery.from_anywhere {
        texts.push(say("recover-no-link-local"));
    }
    texts.push(say("recover-no-link-next"));
    let mut response =
        said(web, visitor, StatusCode::NOT_FOUND, Tone::Warning, "recover-no-link", texts, &PORTAL);
    guard::drop_cookie(&mut response, LINK_COOKIE);
    response
}

pub(super) async fn new_password(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Response> {
    let shown = judge(&web, &visitor, &headers).await?;
    if !shown.kind.sets_password() {
        return Err(no_link(&web, &visitor));
    }
    Ok(visitor.form_page(StatusCode::OK, &new_page(&web, &visitor, &shown.account, None)))
}

fn new_page(
    web: &Web,
    visitor: &Visitor,
    account: &Account,
    error: Option<(&str, String)>,
) -> RecoverNewPage {
    let language = visitor.language;
    let number = account.extension().and_then(|id| web.system.ledger.extension(id));
    let number = number.map_or_else(String::new, |extension| extension.number.to_string());
    let kind = account.kind().password();
    let settings = web.system.ledger.settings();
    let mut secret = credentials::new_secret_in(language, &settings, kind, &account.name, &number);
    credentials::put_error(&mut secret, error.map(|(field, text)| (field.to_owned(), text)));
    RecoverNewPage {
        shell: visitor.gate(web),
        name: account.shown_name().to_owned(),
        problems: Problems { language, ..Problems::of(&[], &[&secret]) },
        secret,
    }
}

pub(super) async fn choose(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    VisitorForm(visitor, form): VisitorForm,
) -> Result<Response, Response> {
    let Shown { account, kind, secret } = judge(&web, &visitor, &headers).await?;
    let new = form.secret("password");
    let refused = |field, text| {
        let page = new_page(&web, &visitor, &account, Some((field, text)));
        Ok(visitor.form_page(StatusCode::UNPROCESSABLE_ENTITY, &page))
    };
    if !new.matches(&form.secret("password_again")) {
        return refused("password_again", visitor.language.say("form-not-the-same"));
    }
    let by = By::link(&account, visitor.address, &visitor.agent);
    let chosen =
        move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.choose_by_link(kind, &secret, &new, dice);
    match web.system.carry_out(&by, Hashes::Anyway, chosen).await {
        Ok(done) => {
            tell(&web, &account, Notice::PasswordSet(kind));
            let ended = u64::try_from(done.value).unwrap_or(u64::MAX);
            let texts = vec![
                visitor.language.say("recover-done-text"),
                visitor.language.say_with("secrets-ended", &[("n", Value::Number(ended))]),
            ];
            let door = door_of(account.kind());
            let mut response = said(&web, &visitor, StatusCode::OK, Tone::Good, "recover-done", texts, door);
            guard::drop_cookie(&mut response, LINK_COOKIE);
            guard::know_browser(&mut response, &web, account.id, &visitor);
            Ok(response)
        }
        Err(Refusal::Problem(Problem::NotFound("link"))) => Err(no_link(&web, &visitor)),
        Err(refusal) => match credentials::wrong_fields(&refusal).pop() {
            Some(wrong) => {
                let settings = web.system.ledger.settings();
                let password = account.kind().password();
                refused("password", credentials::broken_in(visitor.language, &settings, password, &wrong))
            }
            None => Err(visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE)),
        },
    }
}

/// Mails word of what was done to whoever it was done to, if there is an address.
pub(super) fn tell(web: &Web, account: &Account, notice: Notice) {
    if let Some(bound) = web.system.ledger.profile(account.id).address {
        web.system.tell_by_mail(account.id, bound.address, notice);
    }
}

pub(super) async fn address(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Response> {
    let shown = judge(&web, &visitor, &headers).await?;
    let waiting = web.system.ledger.profile(shown.account.id).waiting;
    let Some(waiting) = waiting.filter(|_| shown.kind == LinkKind::Address) else {
        return Err(no_link(&web, &visitor));
    };
    let with =
        [("name", Value::Text(shown.account.shown_name())), ("address", Value::Text(waiting.as_str()))];
    let lead = visitor.language.say_with("recover-address-for", &with);
    Ok(visitor.form_page(StatusCode::OK, &RecoverAddressPage { shell: visitor.gate(&web), lead }))
}

pub(super) async fn confirm(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    VisitorForm(visitor, _): VisitorForm,
) -> Result<Response, Response> {
    let Shown { account, secret, .. } = judge(&web, &visitor, &headers).await?;
    let by = By::link(&account, visitor.address, &visitor.agent);
    match web.system.administer(&by, move |admin, _| admin.confirm_address(&secret)).await {
        Ok(done) => {
            if let Some(old) = done.value {
                web.system.tell_by_mail(account.id, old, Notice::AddressChanged);
            }
            let texts = vec![visitor.language.say("recover-address-done-text")];
            let door = door_of(account.kind());
            let mut response =
                said(&web, &visitor, StatusCode::OK, Tone::Good, "recover-address-done", texts, door);
            guard::drop_cookie(&mut response, LINK_COOKIE);
            Ok(response)
        }
        Err(Refusal::Problem(Problem::NotFound("link"))) => Err(no_link(&web, &visitor)),
        Err(_) => Err(visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE)),
    }
}

/// Has the mail sent that an address is confirmed by.
pub(super) fn mail_link(web: &Web, mailing: Option<signin::admin::Mailing>) {
    if let Some(mailing) = mailing {
        let errand = Errand::Link(LinkKind::Address, Arc::new(mailing));
        web.system.mail.put(errand, tokio::time::Instant::now());
    }
}
