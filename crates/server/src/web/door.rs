//! Ways in for browsers: by which cookie a session is known there, whose it may be, and where one goes who has none.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use signin::{
    account::{Account, RoleKind, Status},
    attempt::Held,
    credential::Owner,
    effect::Effect,
    interface::LoginInterface,
    lockout::Standing,
    records::Records,
    session::{Session, SessionId},
};
use store::fault;

use super::{Web, cookie::cookie, guard::Visitor};

/// A session's use is noted this often at the most, in seconds.
const TOUCH_EVERY: u64 = 15;

/// One way in. Whoever is signed in at one is nobody at the other.
pub(super) struct Door {
    /// Holds the session's token.
    pub(super) cookie: &'static str,
    /// Whose sessions.
    pub(super) kind: RoleKind,
    /// Opened by these: a program's session is good for the management interface alone.
    interfaces: &'static [LoginInterface],
    /// The first page behind it.
    pub(super) home: &'static str,
    /// Where one signs in.
    pub(super) login: &'static str,
    /// Where whoever must choose a new password chooses it.
    pub(super) new_password: &'static str,
}

/// That of those who administer.
pub(super) const MANAGER: Door = Door {
    cookie: "__Host-session",
    kind: RoleKind::ServiceUser,
    interfaces: &[LoginInterface::WebManager, LoginInterface::WebManagerOffline],
    home: "/manager",
    login: "/manager/login",
    new_password: "/manager/password",
};

/// That of the people who have a phone.
pub(super) const PORTAL: Door = Door {
    cookie: "__Host-portal",
    kind: RoleKind::User,
    interfaces: &[LoginInterface::UserPortal],
    home: "/portal",
    login: "/portal/login",
    new_password: "/portal/password",
};

/// A session that is open, and whoever has it.
pub(super) struct Opened {
    pub(super) visitor: Visitor,
    pub(super) account: Arc<Account>,
    pub(super) session: Arc<Session>,
    pub(super) status: Status,
}

impl Door {
    /// Finds the session of a request, or says where to go instead.
    pub(super) async fn open(&self, parts: &mut Parts, web: &Arc<Web>) -> Result<Opened, Response> {
        let visitor = Visitor::from_request_parts(parts, web).await?;
        fault::at("web.session");
        let ledger = &web.system.ledger;
        let now = web.system.clock.now();
        let settings = ledger.settings();
        let id = cookie(&parts.headers, self.cookie).map(SessionId::of);
        let session = id.and_then(|id| ledger.session(id));
        let session = session.filter(|session| self.interfaces.contains(&session.interface));
        let to_login = |why: &str| {
            let next = parts.uri.path_and_query().map_or(self.home, |path| path.as_str());
            let next = if parts.method == Method::GET { next } else { self.home };
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("why", why)
                .append_pair("next", next)
                .finish();
            Redirect::to(&format!("{}?{query}", self.login)).into_response()
        };
        let Some(session) = session else { return Err(to_login(if id.is_some() { "ended" } else { "" })) };
        // Whoever edits a file has a session as long as the editor runs: there is no way in for a second one.
        if !session.is_open(&visitor.session_rules(settings.sessions), now) && web.system.editor.is_none() {
            // By the system's own rule it may still be open: it must not be so again for who takes the browser's away.
            let _whatever_comes = ledger.commit(vec![Effect::CloseSession(session.id)]).await;
            return Err(to_login("idle"));
        }
        let account = ledger.account(session.account).filter(|account| account.kind() == self.kind);
        let Some(account) = account else { return Err(to_login("ended")) };
        let secret = ledger.credential(Owner::Account(account.id), self.kind.password());
        // A lock keeps strangers from signing in; it does not throw out whoever is in already.
        let activity = ledger.activity(account.id);
        let (set_at, ages) = (secret.map(|facts| facts.set_at), settings.ages_of(account.kind()));
        let status = account.status(Standing::Open, &activity, set_at, ages, now);
        let status = status.with_outdated(ledger.is_outdated(&account, &settings));
        if !status.admits() || secret.is_none() {
            return Err(to_login("ended"));
        }
        Ok(Opened { visitor, account, session, status })
    }

    /// The open session that a browser holds, if it holds one.
    pub(super) fn held(&self, web: &Web, headers: &HeaderMap) -> Option<Held> {
        let session =
            cookie(headers, self.cookie).and_then(|id| web.system.ledger.session(SessionId::of(id)))?;
        let is_open = session.is_open(&web.system.ledger.settings().sessions, web.system.clock.now());
        is_open.then_some(Held { session: session.id, account: session.account })
    }
}

/// Notes that a session is used.
pub(super) fn touch(session: &Session, web: &Web) {
    let now = web.system.clock.now();
    if now.seconds_since(session.used_at) >= TOUCH_EVERY {
        web.system.ledger.commit_behind(vec![Effect::TouchSession(session.id, now)]);
    }
}

/// A path of this site, and nothing that a browser could read as another site: browsers take `\` for `/`, and pass over
/// tabs and ends of lines, so that `/<tab>/elsewhere` would be `//elsewhere`.
pub(super) fn own_path(path: &str) -> Option<&str> {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && ![MANAGER.login, PORTAL.login].iter().any(|login| path.starts_with(login));
    is_own.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn one_goes_on_to_pages_of_this_system_only() {
        assert_eq!(own_path("/manager/users?q=a"), Some("/manager/users?q=a"));
        for elsewhere in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "/\t/evil.example",
            "/manager/login",
            "/portal/login?why=out",
        ] {
            assert_eq!(own_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
