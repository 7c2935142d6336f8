//! The own phones, where one is reached, and where one is signed in.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::Problem,
    attempt::{Attempt, Claim, Proof, Purpose},
    desk::{self, Desk},
    document::DocumentId,
    ident::{ExtensionId, Number},
    interface::LoginInterface,
    portal::PortalPart,
    records::Records,
    session::SessionId,
    timestamp::Timestamp,
};

use super::{
    super::{
        Web,
        guard::redirect_with,
        views::{
            forms::{Field, Filled, Kind, KnownSecret, Problems},
            parts::Tone,
            portal::{PortalDesk, PortalPhone, PortalPhonesPage, PortalPlace, PortalSession},
        },
    },
    NotProven, done,
    guard::{Insider, InsiderForm},
    proven, refuse, said,
};
use crate::flow::Refusal;

/// The phones that are registered at the own extension.
pub(super) fn registered(web: &Web, who: &Insider, now: Timestamp) -> Vec<PortalPhone> {
    let registration = who.account.extension().and_then(|id| web.system.ledger.registration(id));
    let bindings = registration.iter().flat_map(|registration| registration.bindings.iter());
    bindings
        .filter(|binding| now < binding.expires_at)
        .map(|binding| {
            let name =
                if binding.agent.is_empty() { who.say("phones-some") } else { binding.agent.to_string() };
            let from = binding.source.ip().to_string();
            PortalPhone {
                sign_out: who.say_with("phones-sign-out-of", &[("phone", &name), ("from", &from)]),
                since: said::stamp(who.visitor.language, binding.since, now),
                contact: binding.contact.to_string(),
                name,
                from,
            }
        })
        .collect()
}

fn sessions(web: &Web, who: &Insider, now: Timestamp) -> Vec<PortalSession> {
    let rules = web.system.ledger.settings().sessions;
    let mut open = web.system.ledger.sessions_of(who.account.id);
    open.retain(|session| session.is_open(&rules, now));
    open.sort_by_key(|session| std::cmp::Reverse(session.used_at));
    let language = who.visitor.language;
    open.iter()
        .map(|session| PortalSession {
            id: session.id.into(),
            agent: if session.agent.is_empty() {
                who.say("sessions-some")
            } else {
                session.agent.to_string()
            },
            from: session.address.to_string(),
            since: said::stamp(language, session.opened_at, now),
            used: said::stamp(language, session.used_at, now),
            is_this: session.id == who.session.id,
        })
        .collect()
}

fn desk(web: &Web, who: &Insider, filled: &Filled, now: Timestamp) -> PortalDesk {
    let ledger = &*web.system.ledger;
    let at = desk::phone_of(ledger, &who.account).and_then(|id| ledger.extension(id));
    let own = who.account.extension();
    let says = match &at {
        None if own.is_none() => who.say("desk-no-extension"),
        None => who.say("desk-nowhere"),
        Some(at) => {
            let number = at.number.to_string();
            let seat = ledger.document(DocumentId::Seat(at.id));
            let until = seat.as_deref().and_then(|seat| seat.seat()).and_then(|seat| seat.until);
            match (own == Some(at.id), until) {
                (true, _) => who.say_with("desk-home", &[("number", &number)]),
                (false, Some(until)) => {
                    let until = said::stamp(who.visitor.language, until, now).human;
                    who.say_with("desk-guest-at", &[("number", &number), ("until", &until)])
                }
                (false, None) => who.say_with("desk-at", &[("number", &number)]),
            }
        }
    };
    // Who is at home and need not log in cannot leave.
    let leave = at.filter(|at| !desk::log_out(ledger, at, now).is_empty()).map(|at| at.id.to_string());
    let may_be_guest = own.is_some() && Desk::of(ledger, who.account.id).may_be_guest;
    let guest = may_be_guest.then(|| {
        let at = Field::new("at", who.say("desk-guest-number"))
            .kind(Kind::Code)
            .required()
            .length_max(15)
            .language(who.visitor.language);
        let passcode = KnownSecret {
            name: "passcode".into(),
            label: who.say("secret-portal-passcode"),
            error: filled.error("passcode"),
            required: true,
            language: who.visitor.language,
        };
        (filled.field(at), passcode)
    });
    PortalDesk { says, leave, guest }
}

fn page(web: &Web, who: &Insider, filled: &Filled) -> PortalPhonesPage {
    let now = web.system.clock.now();
    let desk = desk(web, who, filled, now);
    let found =
        desk.guest.iter().flat_map(|(at, passcode)| at.problem().into_iter().chain(passcode.problem()));
    PortalPhonesPage {
        shell: who.shell(web, PortalPlace::Phones),
        phones: registered(web, who, now),
        sessions: sessions(web, who, now),
        editable: who.may_change(PortalPart::Phones),
        problems: Problems { list: found.collect(), language: who.visitor.language },
        desk,
    }
}

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    who.page(&page(&web, &who, &Filled::default()))
}

pub(in crate::web) async fn log_out(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let contact = form.get("contact").to_owned();
    let done = web.system.administer(&who.by, move |admin, _| admin.log_out_own_phones(Some(&contact))).await;
    match done {
        Ok(_) => redirect_with(
            PortalPlace::Phones.href(),
            Tone::Good,
            &who.say("phones-signed-out"),
            &who.say("phones-signed-out-why"),
        ),
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}

pub(in crate::web) async fn end_session(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let to = PortalPlace::Phones.href();
    let ended = who.say("sessions-ended");
    let Ok(id) = SessionId::try_from(form.get("session").to_owned()) else { return done(to, &ended) };
    match web.system.administer(&who.by, move |admin, _| admin.end_session(id)).await {
        // One that is over already is what was wanted.
        Ok(_) | Err(Refusal::Problem(Problem::NotFound("session"))) => done(to, &ended),
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}

pub(in crate::web) async fn leave(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let to = PortalPlace::Phones.href();
    let Ok(phone) = form.get("phone").parse().map(ExtensionId) else {
        return done(to, &who.say("desk-left"));
    };
    match web.system.administer(&who.by, move |admin, _| admin.leave_desk(phone)).await {
        Ok(_) => {
            web.system.lamp_changed(phone);
            done(to, &who.say("desk-left"))
        }
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}

/// Signs in as a guest at a phone that is there for guests (hoteling): the passcode is an attempt like one at its keypad, with the
/// same count.
pub(in crate::web) async fn be_guest(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let at = form.get("at").trim().to_owned();
    let filled = Filled::default().with("at", &*at);
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, filled));
    let number = Number::parse(&at);
    let host = number.and_then(|number| web.system.ledger.extension_numbered(who.account.domain, &number));
    let Some(host) = host else { return again(&filled.wrong("at", who.say("desk-no-phone"))) };
    let Some(own) = who.extension(&web) else {
        return again(&filled.wrong("at", who.say("desk-no-extension")));
    };
    let passcode = form.secret("passcode");
    let attempt = Attempt {
        interface: LoginInterface::Hoteling,
        domain: who.account.domain,
        claim: Claim::Extension(own.number.as_str()),
        proof: Proof::Digits(&passcode),
        peer: who.visitor.peer(),
        purpose: Purpose::Once,
    };
    match proven(&web, &who, &web.system.sign_in(attempt).await, "desk-wrong-passcode") {
        Ok(()) => {}
        Err(NotProven::Said(text)) => return again(&filled.wrong("passcode", text)),
        Err(NotProven::Unavailable) => return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    }
    let (phone, account) = (host.id, who.account.id);
    match web.system.administer(&who.by, move |admin, _| admin.be_guest_at(phone, account)).await {
        Ok(_) => {
            web.system.lamp_changed(phone);
            done(PortalPlace::Phones.href(), &who.say_with("desk-came", &[("number", &at)]))
        }
        Err(Refusal::Problem(Problem::Never(_) | Problem::NotFound(_))) => {
            again(&filled.wrong("at", who.say("desk-no-guests")))
        }
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}
