//! The overview: what needs attention, how things stand, what happened last.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use signin::{
    account::{Activity, Reminder},
    interface::CountScope,
    lockout::{Tally, TallyKey},
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::Figures;

use super::{
    Web, audit,
    cookie::cookie,
    domains,
    guard::SignedIn,
    lists::thousands,
    moment, routes, status,
    views::{
        chart::Bars,
        home::{Attention, HomePage, LastSignIn, Tile},
        parts::{Link, Tone},
        shell::Place,
    },
    warnings,
};
use crate::series::Span;

/// Holds, since the sign-in, what was known of the account before it.
pub(super) const BEFORE_COOKIE: &str = "__Host-before";

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn, headers: HeaderMap) -> Response {
    let now = web.system.clock.now();
    let before = before(&headers);
    let figures = web.system.ledger.figures();
    let last = before.signed_in_at.map(|at| LastSignIn {
        at: moment::stamp(at, now),
        from: before.signed_in_from.map_or_else(|| "–".into(), |address| address.to_string()),
        interface: before.signed_in_by.map_or("–", |interface| interface.row().title).into(),
    });
    let (bars, refusals) = refusals(&web, now);
    let page = HomePage {
        shell: who.shell(&web, Place::Home),
        last,
        failures: before.failures_since.into(),
        doctor: who.by.may(Right::SecurityRead),
        status: who.by.may(Right::StatusRead),
        attention: attention(&web, &who, now),
        tiles: tiles(&web, &who, &figures, bars, refusals),
        recent: who.by.may(Right::SecurityRead).then(|| audit::lately(&web, &who, now)),
    };
    who.page(&page)
}

/// What was known of the account before this sign-in.
pub(super) fn before(headers: &HeaderMap) -> Activity {
    cookie(headers, BEFORE_COOKIE).and_then(read_before).unwrap_or_default()
}

fn read_before(value: &str) -> Option<Activity> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(value.get(..1024.min(value.len()))?.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn tiles(web: &Web, who: &SignedIn, figures: &Figures, bars: Bars, refusals: u64) -> Vec<Tile> {
    let number = |value: usize| thousands(value);
    let tile = |label: &str, href: &str, value: String, detail: String| Tile {
        label: label.into(),
        href: href.into(),
        value,
        detail,
        picture: None,
    };
    if let Some(domain) = who.by.within {
        // The other figures are of the whole installation.
        let (users, extensions) = (domains::users(web, domain), domains::extensions(web, domain));
        let mut tiles = vec![
            tile("Users", "/manager/users", number(users), String::new()),
            tile("Extensions", "/manager/extensions", number(extensions), String::new()),
        ];
        tiles.retain(|tile| routes::is_open_to(&tile.href, &who.by));
        return tiles;
    }
    let mut tiles = vec![
        tile(
            "Phones registered",
            "/status/phones",
            number(figures.bindings),
            format!("at {} of {} extensions", number(figures.registrations), number(figures.extensions)),
        ),
        tile("Users", "/manager/users", number(figures.users), String::new()),
        tile("Sessions", "/status/sessions", number(figures.sessions), String::new()),
        Tile {
            picture: Some(bars),
            ..tile(
                "Refusals, last 24 hours",
                "/manager/audit?outcome=refused",
                number(usize::try_from(refusals).unwrap_or(usize::MAX)),
                String::new(),
            )
        },
    ];
    let path = |tile: &Tile| tile.href.split('?').next().unwrap_or_default().to_owned();
    tiles.retain(|tile| routes::is_open_to(&path(tile), &who.by));
    tiles
}

/// Refusals in each half hour of the last 24 hours, and together. What is counted anyway: nothing is read from the disk.
fn refusals(web: &Web, now: Timestamp) -> (Bars, u64) {
    let series = &web.system.series;
    series.look(&web.system.metrics, now);
    let mut values = Vec::new();
    for course in series.courses(Span::Day) {
        values.resize(course.refused.len(), 0_u64);
        values.iter_mut().zip(course.refused).for_each(|(value, refused)| *value += refused);
    }
    let (total, most) = (values.iter().sum(), values.iter().copied().max().unwrap_or(0));
    let summary =
        format!("Refusals in each half hour of the last 24 hours; {total} together, at most {most} in one");
    (Bars { values, summary, ..Bars::default() }, total)
}

/// What needs attention, most urgent first.
fn attention(web: &Web, who: &SignedIn, now: Timestamp) -> Vec<Attention> {
    let mut list = Vec::new();
    let item = |tone, title: String, text: &str, link: Option<(&str, &str)>| Attention {
        tone,
        title,
        text: text.into(),
        link: link.map(|(href, label)| Link::new(href, label)),
    };
    if !web.system.ledger.is_healthy() {
        list.push(item(
            Tone::Danger,
            "The disk takes no changes".into(),
            "Phones that know their secret go on; nothing can be changed. Look at the disk and the log.",
            None,
        ));
    }
    let settings = web.system.ledger.settings();
    let owner = signin::credential::Owner::Account(who.account.id);
    let kind = who.account.kind().password();
    let set_at = web.system.ledger.credential(owner, kind).map(|facts| facts.set_at);
    for reminder in who.account.reminders(set_at, settings.ages_of(who.account.kind()), now) {
        let link = match reminder {
            Reminder::PasswordExpires(_) => Some(("/manager/preferences", "Change it now")),
            Reminder::AccountExpires(_) => None,
        };
        list.push(item(Tone::Warning, reminder.in_words(), "You may also do it later.", link));
    }
    let may_see = who.by.may(Right::StatusRead);
    let locks = if may_see { web.system.ledger.locks(now) } else { Vec::new() };
    let of = |is_address: bool| -> Vec<&(TallyKey, Tally)> {
        locks.iter().filter(|(key, _)| (key.scope == CountScope::Address) == is_address).collect()
    };
    for (locked, what, why) in [
        (
            of(false),
            ("name or extension is locked", "names and extensions are locked"),
            "After too many wrong secrets. The right one is refused too until the lock ends or is reset.",
        ),
        (
            of(true),
            ("address is blacklisted", "addresses are blacklisted"),
            "After too many failures over all interfaces. If it is your own office, a phone there may have an old secret.",
        ),
    ] {
        if let Some((first, others)) = locked.split_first() {
            let title = if others.is_empty() {
                format!("1 {}: {}", what.0, first.0.name.as_str())
            } else {
                format!("{} {}", locked.len(), what.1)
            };
            list.push(item(Tone::Danger, title, why, Some(("/status/blacklists", "Look and reset"))));
        }
    }
    let lost = if may_see { status::lost(&web.system, now) } else { Vec::new() };
    if !lost.is_empty() {
        let names: Vec<_> = lost.iter().take(5).map(|(_, extension)| extension.number.as_str()).collect();
        let count = lost.len();
        let title = if count == 1 { "1 phone is lost".into() } else { format!("{count} phones are lost") };
        let text = format!(
            "Their registration ran out without a word, in the last day: extension {}{}. Power, network, or a changed secret.",
            names.join(", "),
            if count > 5 { " and others" } else { "" }
        );
        list.push(item(Tone::Warning, title, &text, Some(("/status/phones?state=lost", "Show"))));
    }
    let count = if may_see { web.system.ledger.quarantine().len() } else { 0 };
    if count > 0 {
        let title = if count == 1 {
            "1 phone was pushed out".into()
        } else {
            format!("{count} phones were pushed out")
        };
        list.push(item(
            Tone::Warning,
            title,
            "Another device took their place at the same extension.",
            Some(("/status/quarantine", "Look")),
        ));
    }
    if who.by.within.is_some() {
        // What follows is for whoever runs the installation.
        return list;
    }
    list.extend(certificate(web, now));
    let audit_lost = web.system.ledger.figures().audit_lost;
    if audit_lost > 0 {
        list.push(item(
            Tone::Danger,
            format!("{} events are missing from the audit", thousands(usize::try_from(audit_lost).unwrap_or(usize::MAX))),
            "They came faster than the disk took them, since the last start. A row of the audit says how many and when.",
            Some(("/manager/audit", "Audit")),
        ));
    }
    list.extend(warnings::on_overview(web, who));
    list
}

/// What has to be said about an operator's certificate; the one that Hookswitch makes itself it also makes anew.
fn certificate(web: &Web, now: Timestamp) -> Option<Attention> {
    let certificate = web.system.tls.certificate();
    if !certificate.needs_another(now) {
        return None;
    }
    let has_ended = certificate.ends_at <= now;
    let title = if has_ended { "The certificate has ended" } else { "The certificate ends soon" };
    Some(Attention {
        tone: if has_ended { Tone::Danger } else { Tone::Warning },
        title: title.into(),
        text: format!(
            "Good until {}. Browsers and phones refuse it after that: put a new one in the place of the files in [tls], \
             then reload.",
            crate::moment::day(certificate.ends_at)
        ),
        link: None,
    })
}
