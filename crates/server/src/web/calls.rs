//! Calls that go on: in the status, of one extension, and ending one. Of a call is shown what our own records say of it, never
//! what a phone calls itself or the other.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use signin::{
    extension::Extension,
    ident::{DomainId, ExtensionId, Number},
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};

use super::{
    Web,
    address::Path,
    credentials, domains,
    extensions::user_link,
    guard::{self, SignedForm, SignedIn},
    lists::{ListQuery, PAGE, thousands},
    moment, routes,
    views::{
        calls::{CallRow, CallSide, CallsPart},
        errors::ConfirmPage,
        parts::{Badge, Fact, Link, Tone},
        shell::Place,
    },
};
use crate::{
    flow::Refusal,
    interfaces::sip::{Call, Party},
};

const PATH: &str = "/status/calls";

/// How many calls go on, as far as somebody reaches.
pub(super) fn count(web: &Web, who: &SignedIn) -> usize {
    let within = who.by.within;
    web.system.calls.page(|call| is_within(call, within), 0, 0).1
}

fn is_within(call: &Call, within: Option<DomainId>) -> bool {
    within.is_none_or(|within| within == call.domain)
}

/// The calls of the status pages.
pub(super) fn part(web: &Web, who: &SignedIn, list: &ListQuery, now: Timestamp) -> CallsPart {
    let within = list.within(&who.by);
    let (calls, total) = web.system.calls.page(|call| is_within(call, within), list.offset(), PAGE);
    CallsPart {
        calls: calls.iter().map(|call| row(web, who, call, now)).collect(),
        pager: list.pager(PATH, if total == 1 { "call" } else { "calls" }, total),
    }
}

/// The calls of one extension, which somebody has found by themselves.
pub(super) fn of(web: &Web, who: &SignedIn, extension: ExtensionId, now: Timestamp) -> Vec<CallRow> {
    let (calls, _) = web.system.calls.page(|call| call.is_of(extension), 0, PAGE);
    calls.iter().map(|call| row(web, who, call, now)).collect()
}

fn row(web: &Web, who: &SignedIn, call: &Call, now: Timestamp) -> CallRow {
    let (state, since) = match call.answered_at {
        Some(answered_at) => (Badge::new(Tone::Good, "Talks"), answered_at),
        None => (Badge::new(Tone::Info, "Rings"), call.started_at),
    };
    CallRow {
        number: call.number,
        caller: side(web, call.domain, &call.caller.number, extension_of(web, &call.caller)),
        called: side(web, call.domain, &call.dialled, dialled(web, call)),
        answered: answered(web, call),
        state,
        since: moment::stamp(since, now),
        length: moment::elapsed(now.seconds_since(since)),
        end: who.by.may(Right::StatusControl).then(|| format!("{PATH}/{}/end", call.number)),
    }
}

fn side(web: &Web, domain: DomainId, number: &str, extension: Option<Arc<Extension>>) -> CallSide {
    let ledger = &*web.system.ledger;
    let href = extension.as_ref().map(|extension| format!("/manager/extensions/{}", extension.id));
    CallSide {
        number: Link::new(href.unwrap_or_default(), domains::named(ledger, number, domain)),
        user: extension.and_then(|extension| user_link(ledger, &extension)),
    }
}

fn extension_of(web: &Web, party: &Party) -> Option<Arc<Extension>> {
    web.system.ledger.extension(party.extension)
}

/// Whose number was dialled, where it is an extension's.
fn dialled(web: &Web, call: &Call) -> Option<Arc<Extension>> {
    web.system.ledger.extension_numbered(call.domain, &Number::parse(&call.dialled)?)
}

/// Who answered, where that is not who was dialled.
fn answered(web: &Web, call: &Call) -> String {
    match call.answered_by() {
        Some(party) if party.is_ours => "Answered by this system".into(),
        Some(party) if party.number != call.dialled => {
            let user =
                extension_of(web, party).and_then(|extension| user_link(&*web.system.ledger, &extension));
            let user = user.map(|user| format!(" ({})", user.label)).unwrap_or_default();
            format!("Answered by {}{user}", party.number)
        }
        _ => String::new(),
    }
}

/// The call with this number, as far as somebody reaches.
fn find(web: &Web, who: &SignedIn, number: u64) -> Option<Call> {
    web.system.calls.one(number).filter(|call| is_within(call, who.by.within))
}

/// Where whoever ends a call came from: they need not be one who may look at calls.
fn back(who: &SignedIn, call: Option<&Call>) -> String {
    match call {
        _ if routes::is_open_to(PATH, &who.by) => PATH.into(),
        Some(call) if who.by.may(Right::ExtensionsRead) => {
            format!("/manager/extensions/{}", call.caller.extension)
        }
        _ => "/manager".into(),
    }
}

/// Calls end by themselves all the time: that is no fault of who comes too late.
fn is_over(who: &SignedIn, call: Option<&Call>) -> Response {
    guard::redirect_with(&back(who, call), Tone::Info, "The call is over", "It ended by itself meanwhile.")
}

/// A side in a line: "201, Ann".
fn in_a_line(side: &CallSide) -> String {
    let user = side.user.as_ref().map(|user| format!(", {}", user.label)).unwrap_or_default();
    format!("{}{user}", side.number.label)
}

pub(super) async fn ask_end(State(web): State<Arc<Web>>, who: SignedIn, Path(number): Path<u64>) -> Response {
    let Some(call) = find(&web, &who, number) else { return is_over(&who, None) };
    let row = row(&web, &who, &call, web.system.clock.now());
    let mut facts = vec![
        Fact::new("Caller", in_a_line(&row.caller)),
        Fact::new("Called", in_a_line(&row.called)),
        Fact::new(row.state.text.as_str(), format!("for {}", row.length.human)),
    ];
    if !row.answered.is_empty() {
        facts.push(Fact::new("Answer", row.answered));
    }
    facts.extend(domains::fact(&web, &who, call.domain));
    who.page(&ConfirmPage {
        shell: who.shell(&web, Place::Status),
        title: format!("End the call of {} to {}?", call.caller.number, call.dialled),
        text: "Both phones hang up, or stop ringing. They may call again at once.".into(),
        facts,
        action: format!("{PATH}/{number}/end"),
        hidden: vec![("started".into(), call.started_at.0.to_string())],
        yes: "End the call".into(),
        danger: true,
        back: back(&who, Some(&call)),
    })
}

pub(super) async fn end(
    State(web): State<Arc<Web>>,
    Path(number): Path<u64>,
    SignedForm(who, form): SignedForm,
) -> Response {
    // The numbers begin anew when the program does: another call is not the one that was asked about.
    let call = find(&web, &who, number).filter(|call| call.started_at.0.to_string() == form.get("started"));
    let Some(call) = call else { return is_over(&who, None) };
    match web.system.end_call(&who.by, number).await {
        Ok(true) => {
            let text = format!("It was from {} to {}.", call.caller.number, call.dialled);
            guard::redirect_with(&back(&who, Some(&call)), Tone::Good, "The call is ended", &text)
        }
        Ok(false) | Err(Refusal::Problem(signin::admin::Problem::NotFound(_))) => is_over(&who, Some(&call)),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}

/// "3 calls", for a line of words.
pub(super) fn in_words(count: usize) -> String {
    if count == 1 { "1 call".into() } else { format!("{} calls", thousands(count)) }
}
