//! Who asks: somebody with a session's token or a program with an API token, found before anything else is read, and let in
//! where the row of the operation says so. There are no cookies here, so nobody's browser can be made to ask.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use signin::{
    account::{Account, RoleKind, Status},
    admin::{Admin, By},
    api_token::{self, ApiToken},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::AuditEvent,
    credential::{CredentialKind, Owner},
    document::DocumentId,
    effect::Effect,
    ident::{DomainId, TokenId},
    interface::LoginInterface,
    lockout::Tally,
    records::Records,
    rights::Right,
    scope::Scope,
    secret::Secret,
    session::{Session, SessionId},
    verdict::Verdict,
};

use super::{
    Api,
    problem::{Kind, Problem},
};

/// A session's use is noted this often at the most, in seconds.
const TOUCH_EVERY: u64 = 15;

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever asks.
    Anyone,
    /// Whoever is signed in, and every token: what is shown is their own.
    SignedIn,
    /// Whoever is signed in by name and password; no token.
    InPerson,
    /// The same, also where a new password must be chosen first.
    Detained,
    /// Whoever has this right, by a session or by a token.
    Needs(Right),
    /// The same, where the first right is one about the installation as a whole: whoever is within a domain has none of these, and
    /// sees what is their domain's by the second.
    NeedsWithin(Right, Right),
}

impl Access {
    /// The right that somebody needs; `None` = none.
    pub const fn right(self, is_within: bool) -> Option<Right> {
        match self {
            Self::Anyone | Self::SignedIn | Self::InPerson | Self::Detained => None,
            Self::NeedsWithin(_, within) if is_within => Some(within),
            Self::Needs(right) | Self::NeedsWithin(right, _) => Some(right),
        }
    }
}

/// Whoever it is.
#[derive(Clone, Debug)]
pub(super) struct Stranger {
    /// Where they are, by their connection.
    pub(super) address: IpAddr,
    /// What their program calls itself.
    pub(super) agent: Box<str>,
}

/// Somebody who may.
#[derive(Clone)]
pub(super) struct Caller {
    /// Their name for `admin`.
    pub(super) by: By,
    /// Their account.
    pub(super) account: Arc<Account>,
    /// The session that asks.
    pub(super) session: Option<Arc<Session>>,
    /// The token that asks.
    pub(super) token: Option<Arc<ApiToken>>,
    /// Where from.
    pub(super) stranger: Stranger,
    /// The state of the account.
    pub(super) status: Status,
}

impl Stranger {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Err(Problem::of(Kind::Unavailable));
        };
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
        Ok(Self { address: peer.ip().to_canonical(), agent: AuditEvent::text(agent) })
    }

    /// Where an attempt of theirs comes from.
    pub(super) fn peer(&self) -> Peer<'_> {
        Peer { address: self.address, agent: &self.agent, device: "" }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::of(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Nobody comes here but through `admit`; an operation that anybody may has no caller.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::of(Kind::SignInFirst))
    }
}

impl Caller {
    /// What is in force, as far as their hand reaches.
    pub(super) fn reach<'a>(&self, api: &'a Api) -> Scope<'a> {
        self.by.reach(&*api.system.ledger)
    }

    /// Whose records a list shows: those of the domain that is asked for, of all where none is; never of more than they reach.
    pub(super) fn within(&self, asked: Option<u32>) -> Option<DomainId> {
        self.by.within.or(asked.map(DomainId))
    }

    /// An administrator at this moment.
    pub(super) fn admin<'a>(&'a self, api: &'a Api) -> Admin<'a> {
        Admin::new(&*api.system.ledger, &self.by, api.system.clock.now())
    }
}

/// Lets through whom the row lets through, and hands on whom it found.
pub(super) async fn admit(
    State((api, access)): State<(Arc<Api>, Access)>,
    request: Request,
    next: Next,
) -> Response {
    if access == Access::Anyone {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let stranger = match Stranger::of(&parts) {
        Ok(stranger) => stranger,
        Err(problem) => return problem.into_response(),
    };
    // Kept apart from the borrow of the request, which waits for nothing.
    let Some(shown) = bearer(&parts.headers) else {
        return Problem::of(Kind::SignInFirst).into_response();
    };
    let caller = match api_token::read(shown.reveal()) {
        Some((id, secret)) => by_token(&api, stranger, id, &secret).await,
        None => by_session(&api, stranger, &shown),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = may(&api, &caller, access).await {
        return problem.into_response();
    }
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, body)).await
}

async fn may(api: &Arc<Api>, caller: &Caller, access: Access) -> Result<(), Problem> {
    if caller.status.wants_new_secret() && access != Access::Detained {
        return Err(Problem::of(Kind::NewPasswordFirst));
    }
    match access {
        Access::Anyone | Access::SignedIn => Ok(()),
        Access::InPerson | Access::Detained if caller.session.is_some() => Ok(()),
        Access::InPerson | Access::Detained => Err(Problem::new(
            Kind::NeverAllowed,
            "Only who is signed in by name and password may do this; no token.",
        )),
        Access::Needs(_) | Access::NeedsWithin(..) => {
            let needed = access.right(caller.by.within.is_some());
            let Some(right) = needed.filter(|right| !caller.by.may(*right)) else { return Ok(()) };
            // That somebody tried has its row in the audit.
            let refused = api.system.administer(&caller.by, move |admin, _| admin.demand(right)).await;
            refused.map(|_| ()).map_err(Problem::from)
        }
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then(|| Secret::new(token))
}

async fn by_token(api: &Arc<Api>, stranger: Stranger, id: &str, secret: &Secret) -> Result<Caller, Problem> {
    let attempt = Attempt {
        interface: LoginInterface::ApiToken,
        domain: DomainId::FIRST,
        claim: Claim::Token(id),
        proof: Proof::Bearer(secret),
        peer: stranger.peer(),
        purpose: Purpose::Request,
    };
    let verdict = api.system.sign_in(attempt).await;
    let status = match verdict {
        Verdict::Accept(accepted) => accepted.status,
        Verdict::NewSecretFirst => return Err(Problem::of(Kind::NewPasswordFirst)),
        refused @ (Verdict::Reject
        | Verdict::Challenge
        | Verdict::TooManySessions
        | Verdict::Wait { .. }
        | Verdict::Unavailable) => return Err(refusal(api, &refused)),
    };
    let ledger = &api.system.ledger;
    let document = TokenId::parse(id).and_then(|id| ledger.document(DocumentId::ApiToken(id)));
    // Revoked since it was looked at.
    let gone = || Problem::of(Kind::Refused);
    let token = document.and_then(|document| document.api_token().cloned()).ok_or_else(gone)?;
    let account = ledger.account(token.account).ok_or_else(gone)?;
    let by = By::token(&**ledger, &account, &token, stranger.address, &stranger.agent);
    Ok(Caller { by, account, session: None, token: Some(Arc::new(token)), stranger, status })
}

/// What a verdict that lets nobody in is called here.
pub(super) fn refusal(api: &Api, verdict: &Verdict) -> Problem {
    match verdict {
        Verdict::Accept(_) | Verdict::Reject | Verdict::Challenge => Problem::of(Kind::Refused),
        Verdict::NewSecretFirst => Problem::of(Kind::NewPasswordFirst),
        Verdict::TooManySessions => Problem::new(Kind::TooManySessions, Kind::TooManySessions.title()),
        Verdict::Wait { until } => {
            let now = api.system.clock.now();
            Problem::of(Kind::Wait).after(until.map(|until| now.seconds_until(until)))
        }
        Verdict::Unavailable => Problem::of(Kind::Unavailable),
    }
}

fn by_session(api: &Arc<Api>, stranger: Stranger, shown: &Secret) -> Result<Caller, Problem> {
    let ledger = &api.system.ledger;
    let now = api.system.clock.now();
    let settings = ledger.settings();
    let ended = || Problem::new(Kind::SignInFirst, "This session is over. Sign in again.");
    // A browser's session is good for pages alone.
    let session = ledger
        .session(SessionId::of(shown.reveal()))
        .filter(|session| session.interface == LoginInterface::ManagementApi)
        .filter(|session| session.is_open(&settings.sessions, now))
        .ok_or_else(ended)?;
    let account = ledger.account(session.account).filter(|account| account.kind() == RoleKind::ServiceUser);
    let account = account.ok_or_else(ended)?;
    let secret = ledger.credential(Owner::Account(account.id), CredentialKind::ServicePassword);
    // A lock keeps strangers from signing in; it does not throw out whoever is in already.
    let standing = Tally::default().standing(&settings.service_password_lock, now);
    let activity = ledger.activity(account.id);
    let status = account.status(standing, &activity, secret.map(|facts| facts.set_at), &settings.ages, now);
    let status = status.with_outdated(ledger.is_outdated(&account, &settings));
    if !status.admits() || secret.is_none() {
        return Err(ended());
    }
    if now.seconds_since(session.used_at) >= TOUCH_EVERY {
        ledger.commit_behind(vec![Effect::TouchSession(session.id, now)]);
    }
    let by = By {
        interface: LoginInterface::ManagementApi,
        ..By::account(&**ledger, &account, session.id, stranger.address, &stranger.agent)
    };
    Ok(Caller { by, account, session: Some(session), token: None, stranger, status })
}
