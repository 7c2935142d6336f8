//! Who may see a page of the user portal: where it is open, whose session asks, and how far their domain lets them.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use signin::{
    account::{Account, Status},
    admin::By,
    document::DocumentId,
    extension::Extension,
    ident::DomainId,
    mailbox::Mailbox,
    portal::{Level, PortalPart, PortalRules},
    records::Records,
    session::Session,
};

use super::super::{
    Web, door,
    door::{Opened, PORTAL},
    form::Form,
    guard::{self, Visitor},
    routes::Access,
    views::{
        errors::ErrorPage,
        portal::{PortalPlace, PortalShell},
    },
};
use crate::{
    host,
    words::{Say as _, Value},
};

/// Somebody who is signed in to the portal.
#[derive(Clone)]
pub(in crate::web) struct Insider {
    /// Who they are as a visitor; the language is theirs.
    pub(super) visitor: Visitor,
    /// Their account.
    pub(super) account: Arc<Account>,
    /// The session that asks.
    pub(super) session: Arc<Session>,
    /// Their name for `admin`.
    pub(super) by: By,
    /// What their domain lets its people see and change.
    pub(super) rules: PortalRules,
    csrf: String,
}

/// Who was found at the door, for the handler behind it.
#[derive(Clone)]
struct Found(Insider, Status);

/// A form of somebody who is signed in, its token checked.
pub(in crate::web) struct InsiderForm(pub(super) Insider, pub(super) Form);

/// Somebody who is signed in, and how their account stands: they may have to choose a new password first.
pub(in crate::web) struct Standing(pub(super) Insider, pub(super) Status);

/// A form of somebody like that.
pub(in crate::web) struct StandingForm(pub(super) Insider, pub(super) Status, pub(super) Form);

/// Lets through whom a row of the portal lets through.
pub(in crate::web) async fn admit(web: Arc<Web>, access: Access, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if web.system.editor.is_some() {
        return match Visitor::from_request_parts(&mut parts, &web).await {
            Ok(visitor) => visitor.away(&web),
            Err(refused) => refused,
        };
    }
    if access == Access::PortalGate {
        let domain = host::domain(&parts.headers, &*web.system.ledger);
        if !rules_of(&web, domain).is_open() {
            return match Visitor::from_request_parts(&mut parts, &web).await {
                Ok(visitor) => switched_off(&web, &visitor),
                Err(refused) => refused,
            };
        }
        return next.run(Request::from_parts(parts, body)).await;
    }
    let opened = match PORTAL.open(&mut parts, &web).await {
        Ok(opened) => opened,
        Err(to_login) => return to_login,
    };
    let Found(who, status) = found(&web, opened);
    if !who.rules.is_open() {
        return switched_off(&web, &who.visitor);
    }
    if status.wants_new_secret() && access != Access::PortalDetained {
        return Redirect::to(PORTAL.new_password).into_response();
    }
    if let Access::Portal(part, level) = access
        && who.rules.of(part) < level
    {
        if parts.method != Method::GET {
            // A change that somebody tried and may not make has its row in the audit.
            let tried = move |admin: &signin::admin::Admin<'_>, _: &mut dyn signin::dice::Dice| {
                admin.demand_in_portal(part)
            };
            let _refused = web.system.administer(&who.by, tried).await;
        }
        return who.visitor.error(&web, StatusCode::FORBIDDEN);
    }
    door::touch(&who.session, &web);
    parts.extensions.insert(Found(who, status));
    next.run(Request::from_parts(parts, body)).await
}

fn rules_of(web: &Web, domain: DomainId) -> PortalRules {
    let domain = web.system.ledger.domain(domain);
    domain.map_or(PortalRules { portal: Level::None, ..PortalRules::default() }, |domain| domain.portal)
}

fn found(web: &Web, opened: Opened) -> Found {
    let Opened { mut visitor, account, session, status } = opened;
    let profile = web.system.ledger.profile(account.id);
    if let Some(chosen) = profile.language.as_deref().and_then(calls::prompt::Language::tagged) {
        visitor.language = chosen;
    }
    let by = By::in_portal(&account, session.id, visitor.address, &visitor.agent);
    let rules = rules_of(web, account.domain);
    let csrf = web.form_token(session.id);
    Found(Insider { visitor, account, session, by, rules, csrf }, status)
}

/// The page that says that there is no portal here.
fn switched_off(web: &Web, visitor: &Visitor) -> Response {
    let shell = visitor.gate(web);
    let (title, text) = (shell.say("portal-off"), shell.say("portal-off-why"));
    let mut page = ErrorPage::of(shell, 403);
    page.link = super::super::views::parts::Link::new("/", visitor.language.say("error-to-links"));
    (page.title, page.text) = (title, text);
    guard::html(StatusCode::FORBIDDEN, &page)
}

impl Insider {
    /// The hidden field of this session's forms.
    pub(super) fn csrf(&self) -> String {
        self.csrf.clone()
    }

    /// A message in their language.
    pub(super) fn say(&self, name: &str) -> String {
        self.visitor.language.say(name)
    }

    /// The same with a number.
    pub(super) fn say_number(&self, name: &str, number: usize) -> String {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.visitor.language.say_with(name, &[("n", Value::Number(number))])
    }

    /// The same with texts.
    pub(super) fn say_with(&self, name: &str, with: &[(&str, &str)]) -> String {
        let with: Vec<_> = with.iter().map(|(key, text)| (*key, Value::Text(text))).collect();
        self.visitor.language.say_with(name, &with)
    }

    /// Whether they may change a part.
    pub(super) fn may_change(&self, part: PortalPart) -> bool {
        self.rules.of(part) == Level::Write
    }

    /// Whether they see a part.
    pub(super) fn sees(&self, part: PortalPart) -> bool {
        self.rules.of(part) > Level::None
    }

    /// Their own extension.
    pub(super) fn extension(&self, web: &Web) -> Option<Arc<Extension>> {
        self.account.extension().and_then(|id| web.system.ledger.extension(id))
    }

    /// The frame of a page.
    pub(super) fn shell(&self, web: &Web, here: PortalPlace) -> PortalShell {
        let mailbox = web.system.ledger.document(DocumentId::Mailbox(self.account.id));
        let new = mailbox.as_deref().and_then(|document| document.mailbox()).map_or(0, Mailbox::new_messages);
        let is_open = |place: &PortalPlace| part_of(*place).is_none_or(|part| self.sees(part));
        let number = self.extension(web).map_or_else(String::new, |extension| extension.number.to_string());
        PortalShell {
            system: guard::system_name(web),
            csrf: self.csrf(),
            theme: self.visitor.theme,
            language: self.visitor.language,
            flash: self.visitor.flash.clone(),
            name: self.account.shown_name().to_owned(),
            number,
            here,
            places: PortalPlace::ALL.into_iter().filter(is_open).collect(),
            new_messages: if self.sees(PortalPart::Messages) { u64::try_from(new).unwrap_or(0) } else { 0 },
        }
    }

    /// A page.
    pub(super) fn page(&self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// A page with another status than "all is well".
    pub(super) fn page_with(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = guard::html(status, page);
        if self.visitor.flash.is_some() {
            guard::drop_flash(&mut response);
        }
        response
    }
}

/// The part of the portal that a place belongs to; `None` = everybody's.
const fn part_of(place: PortalPlace) -> Option<PortalPart> {
    match place {
        PortalPlace::Home => None,
        PortalPlace::Phones => Some(PortalPart::Phones),
        PortalPlace::Calls => Some(PortalPart::Calls),
        PortalPlace::Messages => Some(PortalPart::Messages),
        PortalPlace::Directory => Some(PortalPart::Directory),
        PortalPlace::Secrets => Some(PortalPart::Secrets),
        PortalPlace::Address => Some(PortalPart::Address),
        PortalPlace::Preferences => Some(PortalPart::Preferences),
    }
}

/// Who was found by the row that led here: there is no other way to a handler of the portal.
fn take(parts: &mut Parts) -> Result<Found, Response> {
    parts.extensions.remove::<Found>().ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

impl FromRequestParts<Arc<Web>> for Insider {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Self::Rejection> {
        take(parts).map(|Found(who, _)| who)
    }
}

impl FromRequestParts<Arc<Web>> for Standing {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Self::Rejection> {
        take(parts).map(|Found(who, status)| Self(who, status))
    }
}

impl FromRequest<Arc<Web>> for StandingForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Found(who, status) = take(&mut parts)?;
        let form = who.visitor.read_form(&who.csrf, parts, body, web).await?;
        Ok(Self(who, status, form))
    }
}

impl FromRequest<Arc<Web>> for InsiderForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let StandingForm(who, _, form) = StandingForm::from_request(request, web).await?;
        Ok(Self(who, form))
    }
}
