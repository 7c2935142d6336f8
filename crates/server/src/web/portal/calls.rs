//! The own call log.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use signin::{
    call_log::{CallEntry, Direction},
    portal::PortalPart,
    timestamp::Timestamp,
};

use super::{
    super::{
        Web,
        user_calls::call_log,
        views::{
            parts::{Badge, Link, Tone},
            portal::{PortalCall, PortalCallsPage, PortalConfirmPage, PortalPlace},
        },
    },
    done,
    guard::{Insider, InsiderForm},
    refuse, said,
};

/// The log; `None` = it cannot be read.
pub(super) async fn log(web: &Web, who: &Insider, now: Timestamp) -> Option<Vec<CallEntry>> {
    call_log(web, who.account.id, now).await
}

/// One call, as it is shown.
pub(super) fn row(who: &Insider, call: &CallEntry, now: Timestamp) -> PortalCall {
    let language = who.visitor.language;
    let (name, number) = said::party(language, &call.other);
    PortalCall {
        direction: match call.direction {
            Direction::Made => Badge::new(Tone::Neutral, who.say("calls-made")),
            Direction::Received => Badge::new(Tone::Good, who.say("calls-received")),
            Direction::Missed => Badge::new(Tone::Warning, who.say("calls-missed")),
        },
        who: name,
        number,
        at: said::stamp(language, call.at, now),
        talked: call.talked.map_or_else(|| "–".into(), said::talked),
    }
}

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    let now = web.system.clock.now();
    let log = log(&web, &who, now).await;
    who.page(&PortalCallsPage {
        shell: who.shell(&web, PortalPlace::Calls),
        calls: log.map(|log| log.iter().map(|call| row(&who, call, now)).collect()),
        editable: who.may_change(PortalPart::Calls),
    })
}

pub(in crate::web) async fn ask_clear(State(web): State<Arc<Web>>, who: Insider) -> Response {
    who.page(&PortalConfirmPage {
        shell: who.shell(&web, PortalPlace::Calls),
        title: who.say("calls-clear-title"),
        text: who.say("calls-clear-text"),
        facts: Vec::new(),
        action: "/portal/calls/clear".into(),
        hidden: Vec::new(),
        yes: who.say("calls-clear-yes"),
        back: Link::new(PortalPlace::Calls.href(), who.say("form-cancel")),
    })
}

pub(in crate::web) async fn clear(State(web): State<Arc<Web>>, InsiderForm(who, _): InsiderForm) -> Response {
    match web.system.administer(&who.by, |admin, _| admin.clear_own_call_log()).await {
        Ok(_) => done(PortalPlace::Calls.href(), &who.say("calls-cleared")),
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}
