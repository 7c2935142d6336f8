//! What holds for every page: who is asking, whether a form is really theirs, and the headers of every answer.
//!
//! A handler gets a form only out of [`SignedForm`] or [`VisitorForm`], and both have checked its token: there is
//! no other way to one, so none can be forgotten.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use askama::Template;
use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use calls::prompt::Language;
use data_encoding::BASE64URL_NOPAD;
use signin::{
    account::{Account, Status},
    admin::{Admin, By},
    attempt::Peer,
    audit::AuditEvent,
    dice::roll,
    document::DocumentId,
    draft::{Draft, Layer, Overlay},
    ident::AccountId,
    interface::LoginInterface,
    place::DAYS_MAX,
    policy::SessionRules,
    records::Records,
    rights::Right,
    scope::Scope,
    session::Session,
    timestamp::Seconds,
};
use store::fault;
use subtle::ConstantTimeEq;

use super::{
    Web,
    cookie::cookie,
    domains,
    door::{self, MANAGER, Opened, PORTAL},
    form::Form,
    routes,
    views::{
        errors::ErrorPage,
        parts::{Notice, Tone},
        settings::SettingsTab,
        shell::{Gate, Person, Place, Shell, Theme},
        status::StatusTab,
    },
    warnings,
};
use crate::{dice::OsDice, listen::listener::Listener, system::System, words::Say as _};

/// Where browsers look for pages, and for encrypted ones.
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;
/// Holds what a browser is known by, so that nobody can lock its owner out from elsewhere.
const DEVICE_COOKIE: &str = "__Host-device";
/// Holds the token of forms of people who are not signed in.
const FORM_COOKIE: &str = "__Host-form";
/// Holds the answer to what was just done, until the next page shows it.
const FLASH_COOKIE: &str = "__Host-flash";
/// Holds the choice of colours.
pub(super) const THEME_COOKIE: &str = "__Host-theme";
/// Holds after how many minutes without a click whoever is signed in here is signed out.
pub(super) const IDLE_COOKIE: &str = "__Host-idle";
/// Holds the language that was chosen for pages that are in several.
pub(super) const LANGUAGE_COOKIE: &str = "__Host-language";

/// Somebody who looks at a page.
#[derive(Clone)]
pub(super) struct Visitor {
    /// Where they are, by their connection.
    pub(super) address: IpAddr,
    /// What their browser calls itself.
    pub(super) agent: Box<str>,
    /// Their choice of colours.
    pub(super) theme: Theme,
    /// The language of the page that they ask for.
    pub(super) language: Language,
    /// The first page of those among which it is.
    home: &'static str,
    /// The inactivity time that was chosen for their browser, in minutes; it can only shorten the system's.
    pub(super) idle: Option<u32>,
    /// What it shows to be known by.
    device: Box<str>,
    form_token: String,
    pub(super) flash: Option<Notice>,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    /// Who they are as a visitor.
    pub(super) visitor: Visitor,
    /// Their account.
    pub(super) account: Arc<Account>,
    /// The session that asks.
    pub(super) session: Arc<Session>,
    /// Their name for `admin`.
    pub(super) by: By,
    /// What lies over what is in force: in offline mode their draft, else nothing.
    pub(super) layer: Arc<Layer>,
    /// How many changes wait in their draft.
    pub(super) waiting: usize,
    csrf: String,
}

/// Who was found at the door, for the handler behind it.
#[derive(Clone)]
pub(super) struct Found(pub(super) SignedIn, pub(super) Status);

/// Somebody who is signed in, asked for by a page that follows what happens. That is no use of the session: a status page
/// left open must not keep its session open for ever.
pub(super) struct Watcher(pub(super) SignedIn);

/// A form of somebody who is signed in, its token checked.
pub(super) struct SignedForm(pub(super) SignedIn, pub(super) Form);

/// A form of somebody who is not signed in, its token checked.
pub(super) struct VisitorForm(pub(super) Visitor, pub(super) Form);

/// Somebody who is signed in and must choose a new password before anything else.
pub(super) struct Detained(pub(super) SignedIn, pub(super) Status);

/// A form of somebody like that, its token checked. Nobody else has one: a new password without the present one is for
/// those alone who have just shown the present one and are made to replace it.
pub(super) struct DetainedForm(pub(super) SignedIn, pub(super) Status, pub(super) Form);

impl FromRequestParts<Arc<Web>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let Some(ConnectInfo(peer)) = peer else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
        Ok(Self {
            address: peer.ip().to_canonical(),
            agent: AuditEvent::text(agent),
            theme: match cookie(&parts.headers, THEME_COOKIE) {
                Some("light") => Theme::Light,
                Some("dark") => Theme::Dark,
                _ => Theme::Auto,
            },
            language: language_of(parts),
            home: if parts.uri.path().starts_with(PORTAL.home) { PORTAL.home } else { MANAGER.home },
            idle: cookie(&parts.headers, IDLE_COOKIE)
                .and_then(|minutes| minutes.parse().ok())
                .filter(|minutes| *minutes > 0),
            device: cookie(&parts.headers, DEVICE_COOKIE).unwrap_or_default().into(),
            form_token: cookie(&parts.headers, FORM_COOKIE)
                .filter(|token| token.len() == 32)
                .map_or_else(|| BASE64URL_NOPAD.encode(&roll::<24>(&mut OsDice)), str::to_owned),
            flash: cookie(&parts.headers, FLASH_COOKIE).and_then(read_flash),
        })
    }
}

/// The language of the page that is asked for. The manager is in English alone; the pages of everybody else are in the one that
/// was chosen in this browser, or that it asks for.
fn language_of(parts: &Parts) -> Language {
    let path = parts.uri.path();
    if ["/manager", "/status", "/ignition", "/api"].iter().any(|english| path.starts_with(english)) {
        return Language::English;
    }
    let chosen = cookie(&parts.headers, LANGUAGE_COOKIE).and_then(Language::tagged);
    let asked = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|asked| asked.to_str().ok());
    chosen.unwrap_or_else(|| Language::accepted(asked.unwrap_or_default()))
}

impl Visitor {
    /// The rules of sessions for their browser: the system's, with their own inactivity time where that is shorter.
    pub(super) fn session_rules(&self, rules: SessionRules) -> SessionRules {
        let own = self.idle.map_or(rules.idle, Seconds::minutes);
        SessionRules { idle: rules.idle.min(own), ..rules }
    }

    /// Where an attempt of theirs comes from.
    pub(super) fn peer(&self) -> Peer<'_> {
        Peer { address: self.address, agent: &self.agent, device: &self.device }
    }

    /// The frame of a page for people who are not signed in.
    pub(super) fn gate(&self, web: &Web) -> Gate {
        Gate {
            system: system_name(web),
            csrf: self.form_token.clone(),
            theme: self.theme,
            language: self.language,
            home: self.home,
            flash: self.flash.clone(),
        }
    }

    /// A page with a form for people who are not signed in.
    pub(super) fn form_page(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = html(status, page);
        put_cookie(&mut response, FORM_COOKIE, &self.form_token, None);
        if self.flash.is_some() {
            drop_cookie(&mut response, FLASH_COOKIE);
        }
        response
    }

    /// The page that says that there is no such thing in a file.
    pub(super) fn away(&self, web: &Web) -> Response {
        let mut page = ErrorPage::of(self.gate(web), 404);
        page.title = "Not in a draft".into();
        page.text = "This is a draft, edited away from its system: there are no phones, no sessions and no audit here.".into();
        html(StatusCode::NOT_FOUND, &page)
    }

    /// A form with this token, which pages of theirs have.
    pub(super) async fn read_form(
        &self,
        token: &str,
        parts: Parts,
        body: Body,
        web: &Arc<Web>,
    ) -> Result<Form, Response> {
        let form = read_form(parts, body, self, web).await?;
        if same(form.get("csrf"), token) { Ok(form) } else { Err(self.error(web, StatusCode::FORBIDDEN)) }
    }

    /// The page that says that something cannot be done.
    pub(super) fn error(&self, web: &Web, status: StatusCode) -> Response {
        html(status, &ErrorPage::of(self.gate(web), status.as_u16()))
    }
}

impl FromRequestParts<Arc<Web>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let Watcher(signed_in) = Watcher::from_request_parts(parts, web).await?;
        signed_in.touch(web);
        Ok(signed_in)
    }
}

impl FromRequestParts<Arc<Web>> for Watcher {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (signed_in, status) = find_session(parts, web).await?;
        if status.wants_new_secret() {
            return Err(Redirect::to("/manager/password").into_response());
        }
        Ok(Self(signed_in))
    }
}

impl FromRequestParts<Arc<Web>> for Detained {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (signed_in, status) = find_session(parts, web).await?;
        signed_in.touch(web);
        if !status.wants_new_secret() {
            return Err(Redirect::to("/manager").into_response());
        }
        Ok(Self(signed_in, status))
    }
}

/// Finds the session of a request, or says where to go instead.
pub(super) async fn find_session(parts: &mut Parts, web: &Arc<Web>) -> Result<(SignedIn, Status), Response> {
    if let Some(Found(who, status)) = parts.extensions.remove::<Found>() {
        return Ok((who, status));
    }
    let Opened { visitor, account, session, status } = MANAGER.open(parts, web).await?;
    let ledger = &web.system.ledger;
    let mut by = By::account(&**ledger, &account, session.id, visitor.address, &visitor.agent);
    by.interface = session.interface;
    by.offline = session.interface == LoginInterface::WebManagerOffline;
    let document = ledger.document(DocumentId::Draft(account.id));
    let draft = document.as_deref().and_then(|document| document.draft());
    let waiting = draft.map_or(0, Draft::changes);
    let layer = match draft.filter(|_| by.offline) {
        Some(draft) => Layer::of(&draft.seen_with(&by.rights), &by.reach(&**ledger)),
        None => Layer::default(),
    };
    let csrf = web.form_token(session.id);
    Ok((SignedIn { visitor, account, session, by, layer: Arc::new(layer), waiting, csrf }, status))
}

impl SignedIn {
    /// Notes that the session is used.
    fn touch(&self, web: &Web) {
        door::touch(&self.session, web);
    }

    /// What is in force, as far as this session's hand reaches.
    pub(super) fn reach<'a>(&self, web: &'a Web) -> Scope<'a> {
        self.by.reach(&*web.system.ledger)
    }

    /// The configuration as this session sees it.
    pub(super) fn known<'a>(&'a self, web: &'a Web) -> Overlay<'a> {
        Overlay { live: self.reach(web), layer: &self.layer }
    }

    /// Whether what is changed waits in a draft.
    pub(super) fn is_offline(&self) -> bool {
        self.session.interface == LoginInterface::WebManagerOffline
    }

    /// Goes on to a page that says that something was saved.
    pub(super) fn saved(&self, to: &str, tone: Tone, title: &str, text: &str) -> Response {
        let waits = "It waits in your draft until you apply it.";
        redirect_with(to, tone, title, if self.is_offline() { waits } else { text })
    }

    /// The hidden field of this session's forms.
    pub(super) fn csrf(&self) -> String {
        self.csrf.clone()
    }

    async fn read_form(&self, parts: Parts, body: Body, web: &Arc<Web>) -> Result<Form, Response> {
        self.visitor.read_form(&self.csrf, parts, body, web).await
    }

    /// An administrator at this moment.
    pub(super) fn admin<'a>(&'a self, web: &'a Web) -> Admin<'a> {
        Admin::new(&*web.system.ledger, &self.by, web.system.clock.now())
    }

    /// The frame of a manager page.
    pub(super) fn shell(&self, web: &Web, here: Place) -> Shell {
        let now = web.system.clock.now();
        let may_see = |path: &str| routes::is_open_to(path, &self.by);
        // Where there is only one domain, nobody has to know that there could be others.
        let is_asked = |tab: &SettingsTab| *tab != SettingsTab::Domains || domains::is_asked(web, self);
        let settings: Vec<SettingsTab> =
            SettingsTab::ALL.into_iter().filter(|tab| may_see(tab.href()) && is_asked(tab)).collect();
        let calls_alone = !may_see(Place::Status.href()) && may_see(StatusTab::Calls.href());
        let is_open = |place: &Place| {
            if *place == Place::Status && calls_alone {
                true
            } else if *place == Place::Settings {
                // One's own preferences have a place of their own.
                settings.iter().any(|tab| *tab != SettingsTab::Preferences)
            } else {
                may_see(place.href())
            }
        };
        let is_there = |place: &Place| match place {
            Place::Status | Place::Audit | Place::Doctor | Place::Passwords => web.system.editor.is_none(),
            Place::Draft => self.is_offline() || self.waiting > 0,
            Place::Home | Place::Users | Place::Extensions | Place::Settings | Place::Preferences => true,
        };
        let places = Place::ALL.into_iter().filter(|place| is_there(place) && is_open(place)).collect();
        let role = match self.by.within {
            Some(domain) => domains::title(&*web.system.ledger, domain),
            None if self.by.rights.len() == Right::ALL.len() => "All rights".into(),
            None => "Some rights".into(),
        };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Shell {
            system: system_name(web),
            csrf: self.csrf.clone(),
            theme: self.visitor.theme,
            flash: self.visitor.flash.clone(),
            person: Person {
                name: self.account.name.to_string(),
                role,
                here,
                warnings: warnings::on_every_page(web, self),
                places,
                settings,
                // These are of the whole installation.
                locks: if calls_alone { 0 } else { count(web.system.ledger.locks(now).len()) },
                alarms: if calls_alone { 0 } else { count(web.system.ledger.alarms_unseen()) },
                calls_alone,
            },
        }
    }

    /// A manager page.
    pub(super) fn page(&self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// A manager page with another status than "all is well".
    pub(super) fn page_with(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = html(status, page);
        if self.visitor.flash.is_some() {
            drop_cookie(&mut response, FLASH_COOKIE);
        }
        response
    }
}

impl FromRequest<Arc<Web>> for SignedForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        // Whoever must choose a new password has two forms: that one, which is a `DetainedForm`, and the way out.
        let may_be_detained = parts.uri.path() == "/manager/logout";
        let (signed_in, status) = find_session(&mut parts, web).await?;
        signed_in.touch(web);
        if status.wants_new_secret() && !may_be_detained {
            return Err(Redirect::to("/manager/password").into_response());
        }
        let form = signed_in.read_form(parts, body, web).await?;
        Ok(Self(signed_in, form))
    }
}

impl FromRequest<Arc<Web>> for DetainedForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Detained(signed_in, status) = Detained::from_request_parts(&mut parts, web).await?;
        let form = signed_in.read_form(parts, body, web).await?;
        Ok(Self(signed_in, status, form))
    }
}

impl FromRequest<Arc<Web>> for VisitorForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, web).await?;
        let path = parts.uri.path().to_owned();
        let form = read_form(parts, body, &visitor, web).await?;
        if !same(form.get("csrf"), &visitor.form_token) {
            // Browsers that lost the cookie get the page again, with words, not a wall.
            return Err(Redirect::to(&format!("{path}?why=stale")).into_response());
        }
        Ok(Self(visitor, form))
    }
}

async fn read_form(parts: Parts, body: Body, visitor: &Visitor, web: &Arc<Web>) -> Result<Form, Response> {
    fault::at("web.form");
    if !comes_from_here(&parts.headers) {
        return Err(visitor.error(web, StatusCode::FORBIDDEN));
    }
    let form = Form::from_request(Request::from_parts(parts, body), web).await;
    form.map_err(|status| visitor.error(web, status))
}

/// Whether the browser says that one of our own pages sent this. Browsers that say nothing are old; for them
/// the token must do.
fn comes_from_here(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    match (site, text(header::ORIGIN)) {
        // Pages that tell nobody where one comes from send the origin "null", even to themselves.
        (Some("same-origin"), _) | (None | Some("none"), None) => true,
        (None | Some("none"), Some(origin)) => {
            text(header::HOST).is_some_and(|host| origin.strip_prefix("https://") == Some(host))
        }
        (Some(_), _) => false,
    }
}

fn same(one: &str, other: &str) -> bool {
    !other.is_empty() && bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}

/// A page.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Goes on to a page that shows a notice at its top.
pub(super) fn redirect_with(to: &str, tone: Tone, title: &str, text: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let flash = format!("{tone}\n{title}\n{text}");
    put_cookie(&mut response, FLASH_COOKIE, &BASE64URL_NOPAD.encode(flash.as_bytes()), None);
    response
}

fn read_flash(value: &str) -> Option<Notice> {
    if value.len() > 2048 {
        return None;
    }
    let text = String::from_utf8(BASE64URL_NOPAD.decode(value.as_bytes()).ok()?).ok()?;
    let mut lines = text.splitn(3, '\n');
    let tone = match lines.next()? {
        "good" => Tone::Good,
        "warning" => Tone::Warning,
        "danger" => Tone::Danger,
        _ => Tone::Info,
    };
    Some(Notice::new(tone, lines.next()?, lines.next()?).announced())
}

/// Sets a cookie that only this host gets back, only over HTTPS, and that no script reads.
///
/// Lax, not strict: the links page is on HTTP, so that a click there comes from another site, and whoever is signed in
/// would be asked to sign in again. What other sites can open is read, never changed: every form has its token.
pub(super) fn put_cookie(response: &mut Response, name: &str, value: &str, max_age: Option<u32>) {
    let age = max_age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Makes a browser known for an account that has just shown its password there. Not an open door: whoever steals the
/// cookie has a count of their own, and must guess like everybody.
pub(super) fn know_browser(response: &mut Response, web: &Web, account: AccountId, visitor: &Visitor) {
    let now = web.system.clock.now();
    let token = web.system.ledger.device_token(account, &visitor.device, now, &mut OsDice);
    if let Some(token) = token {
        put_cookie(response, DEVICE_COOKIE, token.reveal(), Some(DAYS_MAX * 86_400));
    }
}

/// Takes back the answer to what was just done, when a page has shown it.
pub(super) fn drop_flash(response: &mut Response) {
    drop_cookie(response, FLASH_COOKIE);
}

/// Takes a cookie back.
pub(super) fn drop_cookie(response: &mut Response, name: &str) {
    put_cookie(response, name, "", Some(0));
}

pub(super) fn system_name(web: &Web) -> String {
    web.system.ledger.settings().system_name.to_string()
}

/// Whether browsers may be told to come by HTTPS alone from now on. They keep the port (RFC 6797 section 8.3), so at any
/// other than HTTPS's own they would look for TLS where the links page is; and a certificate that we made ourselves,
/// here or after the operator's has gone, they would let nobody accept any more.
fn is_strict(http: &[SocketAddr], https: &[SocketAddr], is_self_made: bool) -> bool {
    let all_at = |addresses: &[SocketAddr], port| addresses.iter().all(|address| address.port() == port);
    !is_self_made && !https.is_empty() && all_at(https, HTTPS_PORT) && all_at(http, HTTP_PORT)
}

/// The headers of every answer; the system's where it is encrypted.
pub(super) async fn headers(
    State(system): State<Option<Arc<System>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_asset = request.uri().path().starts_with("/assets/");
    // HTTP/2 names the host in its own way; from here on both are the same.
    let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    let mut response = next.run(request).await;
    fault::at("web.answer");
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &'static str| {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    };
    put(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; \
         media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    put("x-content-type-options", "nosniff");
    put("x-frame-options", "DENY");
    put("referrer-policy", "same-origin");
    put("cross-origin-opener-policy", "same-origin");
    put("cross-origin-resource-policy", "same-origin");
    put("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    put("cache-control", if is_asset { "public, max-age=31536000, immutable" } else { "no-store" });
    if system.is_some_and(|system| {
        let addresses = system.addresses();
        let (http, https) = (addresses.of(Listener::Http), addresses.of(Listener::Https));
        is_strict(http, https, system.tls.certificate().is_self_made)
    }) {
        put("strict-transport-security", "max-age=31536000");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_bound_to_https_only_where_nobody_is_locked_out_by_it() {
        let at = |port| [SocketAddr::from(([192, 0, 2, 1], port))];
        assert!(is_strict(&at(80), &at(443), false) && is_strict(&[], &at(443), false));
        assert!(!is_strict(&at(80), &at(443), true), "nobody could accept another certificate of ours");
        assert!(!is_strict(&at(8080), &at(443), false), "the links page would be looked for by TLS");
        assert!(!is_strict(&at(80), &at(8443), false) && !is_strict(&at(80), &[], false));
    }
}
