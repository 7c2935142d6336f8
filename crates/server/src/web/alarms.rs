//! Alarms on the status page: those that stand, their history, and who has seen them.

use signin::{
    alarm::{Alarm, AlarmKind, Severity},
    timestamp::Timestamp,
};

use super::{
    Web, domains,
    lists::{ListQuery, PAGE, thousands},
    moment,
    views::{
        alarms::{AlarmEntry, AlarmsPart},
        parts::{Badge, Tone},
    },
};

/// The section, with what is searched for.
pub(super) fn part(web: &Web, list: &ListQuery, now: Timestamp) -> AlarmsPart {
    let search = list.search();
    let needle = search.to_lowercase();
    let says = |alarm: &Alarm| {
        needle.is_empty()
            || alarm.key.subject.to_lowercase().contains(&needle)
            || alarm.key.kind.row().title.to_lowercase().contains(&needle)
    };
    let found: Vec<_> = web.system.ledger.alarms().into_iter().filter(|alarm| says(alarm)).collect();
    let (mut standing, past): (Vec<_>, Vec<_>) = found.iter().partition(|alarm| alarm.is_standing());
    standing.sort_by_key(|alarm| std::cmp::Reverse(alarm.key.kind.row().severity));
    let entry = |alarm: &&std::sync::Arc<Alarm>| entry(web, alarm, now);
    AlarmsPart {
        standing: standing.iter().map(entry).collect(),
        past: past.iter().skip(list.offset()).take(PAGE).map(entry).collect(),
        pager: list.pager("/status/alarms", "earlier alarms", past.len()),
        search,
    }
}

fn entry(web: &Web, alarm: &Alarm, now: Timestamp) -> AlarmEntry {
    let row = alarm.key.kind.row();
    let tone = match row.severity {
        Severity::Critical => Tone::Danger,
        Severity::Warning => Tone::Warning,
    };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &alarm.key.subject).finish();
    let count = usize::try_from(alarm.count).unwrap_or(usize::MAX);
    AlarmEntry {
        id: alarm.id.0.to_string(),
        severity: Badge::new(tone, row.severity.title()),
        title: row.title.into(),
        subject: domains::named(&*web.system.ledger, &alarm.key.subject, alarm.key.domain),
        history: format!("/status/alarms?{query}"),
        href: remedy(alarm.key.kind).into(),
        count: match (row.counted, count) {
            ("", _) => String::new(),
            (counted, 1) => format!("1 {}", counted.trim_end_matches('s')),
            (counted, _) => format!("{} {counted}", thousands(count)),
        },
        raised: moment::stamp(alarm.raised_at, now),
        cleared: alarm.cleared_at.map(|at| moment::stamp(at, now)),
        seen_by: alarm.acknowledged.as_ref().map_or_else(String::new, |seen| seen.by.to_string()),
        seen: alarm.acknowledged.as_ref().map(|seen| moment::stamp(seen.at, now)),
    }
}

/// Where something can be done about it.
const fn remedy(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::StoreFault | AlarmKind::DiskFull | AlarmKind::CertificateEnds => "/manager",
        AlarmKind::AuditBroken | AlarmKind::AuditLost => "/manager/audit",
        AlarmKind::AddressLocked | AlarmKind::ExtensionLocked | AlarmKind::AccountLocked => {
            "/status/blacklists"
        }
        AlarmKind::PushedOut => "/status/quarantine",
        AlarmKind::DeliveryFails | AlarmKind::DeliveryLost => "/manager/settings/notifications",
        AlarmKind::PartnerOpen => "/manager/settings/administrators",
        AlarmKind::TooMany => "/status/alarms",
    }
}
