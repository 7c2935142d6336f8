//! The start page: what matters to somebody who has a phone.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use signin::{
    account::Reminder,
    call_log::Direction,
    credential::Owner,
    portal::PortalPart,
    records::Records,
    timestamp::{Seconds, Timestamp},
};

use super::{
    super::{
        Web,
        home::before,
        views::{
            parts::{Notice, Tone},
            portal::{PortalHomePage, PortalPlace, PortalTile},
        },
    },
    calls,
    guard::Insider,
    phones, said,
};

/// So many of the last calls are shown.
const CALLS_SHOWN: usize = 5;
/// Missed calls of so long ago are counted.
const MISSED: Seconds = Seconds::days(7);

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider, headers: HeaderMap) -> Response {
    let now = web.system.clock.now();
    let language = who.visitor.language;
    let before = before(&headers);
    let last = match before.signed_in_at {
        None => who.say("home-first"),
        Some(at) => {
            let at = said::stamp(language, at, now).human;
            let from = before.signed_in_from.map_or_else(|| "–".into(), |address| address.to_string());
            let by = before.signed_in_by.map_or("user-portal", |interface| interface.name());
            let by = who.say(&format!("by-{by}"));
            who.say_with("home-last", &[("at", &at), ("from", &from), ("by", &by)])
        }
    };
    let failures = match usize::try_from(before.failures_since).unwrap_or(usize::MAX) {
        0 => String::new(),
        many => who.say_number("home-failures", many),
    };
    let log = if who.sees(PortalPart::Calls) { calls::log(&web, &who, now).await } else { None };
    let missed = log.as_deref().map(|log| {
        let is_missed = |call: &&signin::call_log::CallEntry| {
            call.direction == Direction::Missed && now < call.at.after(MISSED)
        };
        log.iter().filter(is_missed).count()
    });
    let shell = who.shell(&web, PortalPlace::Home);
    let tiles = tiles(&web, &who, shell.new_messages, missed, now);
    let calls = log.map(|log| log.iter().take(CALLS_SHOWN).map(|call| calls::row(&who, call, now)).collect());
    who.page(&PortalHomePage { notices: notices(&web, &who, now), shell, last, failures, tiles, calls })
}

fn tiles(
    web: &Web,
    who: &Insider,
    new_messages: u64,
    missed: Option<usize>,
    now: Timestamp,
) -> Vec<PortalTile> {
    let tile = |label: &str, place: PortalPlace, value: usize, detail: String| PortalTile {
        label: who.say(label),
        href: place.href().into(),
        value: value.to_string(),
        detail,
    };
    let mut tiles = Vec::new();
    if who.sees(PortalPart::Messages) {
        let new = usize::try_from(new_messages).unwrap_or(usize::MAX);
        let all = web.system.ledger.mailbox(who.account.id).messages.len();
        tiles.push(tile(
            "home-messages",
            PortalPlace::Messages,
            new,
            who.say_number("home-messages-all", all),
        ));
    }
    if let Some(missed) = missed {
        tiles.push(tile("home-missed", PortalPlace::Calls, missed, who.say("home-missed-when")));
    }
    if who.sees(PortalPart::Phones) {
        let phones = phones::registered(web, who, now);
        let names: Vec<_> = phones.iter().map(|phone| phone.name.clone()).collect();
        tiles.push(tile("home-phones", PortalPlace::Phones, phones.len(), names.join(", ")));
    }
    tiles
}

/// What ends soon. It may wait: nobody is kept from anything by it.
fn notices(web: &Web, who: &Insider, now: Timestamp) -> Vec<Notice> {
    let settings = web.system.ledger.settings();
    let kind = who.account.kind().password();
    let set_at = web.system.ledger.credential(Owner::Account(who.account.id), kind).map(|facts| facts.set_at);
    let reminders = who.account.reminders(set_at, settings.ages_of(who.account.kind()), now);
    let days = |days: u64| usize::try_from(days).unwrap_or(usize::MAX);
    reminders
        .into_iter()
        .map(|reminder| match reminder {
            Reminder::PasswordExpires(left) => {
                let title = who.say_number("home-password-expires", days(left));
                let notice = Notice::new(Tone::Warning, title, who.say("home-later"));
                if who.may_change(PortalPart::Secrets) {
                    notice.with_link(PortalPlace::Secrets.href(), who.say("home-change-now"))
                } else {
                    notice
                }
            }
            Reminder::AccountExpires(left) => {
                let title = who.say_number("home-account-expires", days(left));
                Notice::new(Tone::Warning, title, who.say("home-ask"))
            }
        })
        .collect()
}
