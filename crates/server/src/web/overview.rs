//! The status at a glance: the course of sign-ins, what the phones are, what is locked, who is in, what happened last.

use std::collections::BTreeMap;

use signin::{
    lockout::{Tally, TallyKey},
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::{AuditQuery, PhoneKinds};

use super::{
    Web, audit,
    guard::SignedIn,
    lists::thousands,
    status,
    views::{
        chart::{Bars, Share},
        parts::{Link, Tone},
        status::{CourseView, Overview, Picture, SessionRow, ShareRow, Shares, SpanLink},
    },
};
use crate::{
    moment::local,
    series::{Course, Span},
};

/// Lines of each list; the rest is on a page of its own.
const LINES: usize = 5;
/// Makes of phones that are told apart; the others are one more.
const MAKES: usize = 7;
/// How far back the last events go.
const LATELY_MS: u64 = 15 * 60_000;
/// How many there are of them.
const EVENTS: usize = 10;

/// The span with this name; the last day is meant by all others.
pub(super) fn span_named(name: &str) -> Span {
    Span::ALL.into_iter().find(|span| name_of(*span) == name).unwrap_or_default()
}

const fn name_of(span: Span) -> &'static str {
    match span {
        Span::Hour => "hour",
        Span::Day => "day",
        Span::Week => "week",
    }
}

/// The words on the chip, in a sentence, and of one bar.
const fn words_of(span: Span) -> (&'static str, &'static str, &'static str) {
    match span {
        Span::Hour => ("1 hour", "the last hour", "one minute"),
        Span::Day => ("24 hours", "the last 24 hours", "half an hour"),
        Span::Week => ("7 days", "the last 7 days", "three hours"),
    }
}

pub(super) fn overview(
    web: &Web,
    who: &SignedIn,
    span: Span,
    locks: &[(TallyKey, Tally)],
    sessions: Vec<SessionRow>,
    now: Timestamp,
) -> Overview {
    let system = &web.system;
    // What was counted a moment ago belongs to the picture.
    system.series.look(&system.metrics, now);
    let settings = system.ledger.settings();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let spans = Span::ALL.into_iter().map(|one| {
        let href =
            if one == Span::default() { "/status".into() } else { format!("/status?span={}", name_of(one)) };
        SpanLink { link: Link::new(href, words_of(one).0), is_on: one == span }
    });
    let block = |(key, tally): &(TallyKey, Tally)| {
        status::block_row(web, key, tally, settings.lock_rule(key.scope), now)
    };
    let (busy, quiet): (Vec<_>, Vec<_>) =
        system.series.courses(span).into_iter().partition(|course| !course.is_quiet());
    Overview {
        spans: spans.collect(),
        span: words_of(span).1.into(),
        courses: busy.iter().map(|course| course_view(course, span)).collect(),
        quiet: quiet.iter().map(|course| course.interface.row().title).collect::<Vec<_>>().join(", "),
        kinds: kinds(&system.ledger.phone_kinds(now)),
        blocks: locks.iter().take(LINES).map(block).collect(),
        blocks_count: count(locks.len()),
        quarantine: status::quarantine(web, now).into_iter().take(LINES).collect(),
        sessions_count: count(sessions.len()),
        sessions: sessions.into_iter().take(LINES).collect(),
        recent: who.by.may(Right::SecurityRead).then(|| {
            let from = Some(Timestamp(now.0.saturating_sub(LATELY_MS)));
            let rows =
                audit::glance(&web.system, AuditQuery { from, limit: EVENTS, ..AuditQuery::default() });
            rows.iter().map(|row| audit::event(row, now)).collect()
        }),
    }
}

fn course_view(course: &Course, span: Span) -> CourseView {
    let title = course.interface.row().title;
    let time = |at: &Timestamp| {
        local(*at).strftime(if span == Span::Week { "%a %-d %b, %H:%M" } else { "%H:%M" }).to_string()
    };
    let picture = |word: &str, values: &[u64], tone| {
        let total: u64 = values.iter().sum();
        let most = values.iter().copied().max().filter(|most| *most > 0);
        let at = most.and_then(|most| values.iter().position(|value| *value == most));
        let at = at.and_then(|at| course.starts.get(at)).map(time).unwrap_or_default();
        let most = most.map_or_else(String::new, |most| {
            format!("At most {} in {}, from {at}", number(most), words_of(span).2)
        });
        Picture {
            title: word.to_lowercase(),
            total: number(total),
            bars: Bars {
                values: values.to_vec(),
                tone,
                summary: format!(
                    "{title}, {} {} in {}. {most}",
                    number(total),
                    word.to_lowercase(),
                    words_of(span).1
                ),
            },
            most,
        }
    };
    let rows = course.starts.iter().zip(course.accepted.iter().zip(&course.refused));
    let rows = rows.filter(|(_, (accepted, refused))| **accepted + **refused > 0);
    CourseView {
        title: title.into(),
        pictures: vec![
            picture("Accepted", &course.accepted, Tone::Good),
            picture("Refused", &course.refused, Tone::Warning),
        ],
        from: course.starts.first().map(time).unwrap_or_default(),
        rows: rows.map(|(at, (accepted, refused))| (time(at), number(*accepted), number(*refused))).collect(),
        total: (number(course.accepted.iter().sum()), number(course.refused.iter().sum())),
    }
}

fn number(value: u64) -> String {
    thousands(usize::try_from(value).unwrap_or(usize::MAX))
}

fn kinds(kinds: &PhoneKinds) -> Vec<Shares> {
    let mut makes: BTreeMap<&str, usize> = BTreeMap::new();
    for (agent, count) in &kinds.agents {
        *makes.entry(make_of(agent)).or_default() += count;
    }
    let makes = makes.into_iter().map(|(make, count)| (make.to_owned(), make.to_owned(), count, Tone::Info));
    let hashes = kinds.algorithms.iter().map(|(algorithm, count)| {
        let word = algorithm.token();
        let tone =
            if *algorithm == signin::digest::DigestAlgorithm::Md5 { Tone::Warning } else { Tone::Good };
        (word.to_owned(), word.to_lowercase(), *count, tone)
    });
    let transports = kinds.transports.iter().map(|(transport, count)| {
        (transport.name().to_uppercase(), transport.name().to_owned(), *count, Tone::Info)
    });
    vec![
        shares("Phones by make", "make", makes.collect()),
        shares("Phones by digest", "digest", hashes.collect()),
        shares("Phones by transport", "transport", transports.collect()),
    ]
}

/// The maker, as far as a phone says it: the first word.
fn make_of(agent: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '-' | '_' | '(');
    agent.trim_start().split(is_end).next().unwrap_or_default()
}

/// Label, search, count.
fn shares(title: &str, slug: &str, mut parts: Vec<(String, String, usize, Tone)>) -> Shares {
    parts.retain(|(.., count, _)| *count > 0);
    parts.sort_by(|one, other| other.2.cmp(&one.2).then_with(|| one.0.cmp(&other.0)));
    let whole: usize = parts.iter().map(|(.., count, _)| count).sum();
    let others: usize = parts.iter().skip(MAKES).map(|(.., count, _)| count).sum();
    parts.truncate(MAKES);
    let row = |label: String, href: String, count: usize, tone| ShareRow {
        label,
        href,
        count: thousands(count),
        share: Share { percent: percent(count, whole), tone },
    };
    let mut rows: Vec<ShareRow> = parts
        .into_iter()
        .map(|(label, search, count, tone)| {
            if label.is_empty() {
                return row("Not said".into(), String::new(), count, tone);
            }
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &search).finish();
            row(label, format!("/status/phones?{query}"), count, tone)
        })
        .collect();
    if others > 0 {
        rows.push(row("Others".into(), String::new(), others, Tone::Neutral));
    }
    Shares { title: title.into(), slug: slug.into(), rows }
}

/// In a hundred; what there is at all is seen.
pub(super) fn percent(part: usize, whole: usize) -> u8 {
    let percent = part.saturating_mul(100).checked_div(whole).unwrap_or(0);
    u8::try_from(percent.max(usize::from(part > 0))).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_told_by_their_makers_and_the_few_are_one() {
        for (agent, make) in [
            ("Yealink SIP-T46U 108.86.0.75", "Yealink"),
            ("PolyEdge-Edge_E350-UA/8.1.1.0", "PolyEdge"),
            ("Linphone-Desktop/5.2.4", "Linphone"),
            ("baresip v3.1", "baresip"),
            ("", ""),
        ] {
            assert_eq!(make_of(agent), make);
        }
        let agents = (0..10).map(|n| (format!("Maker{n} phone").into(), n + 1)).collect();
        let found = kinds(&PhoneKinds { agents, ..PhoneKinds::default() });
        let Some(makes) = found.first() else { panic!("there are makes") };
        assert_eq!(makes.rows.len(), MAKES + 1);
        assert_eq!(
            makes.rows.first().map(|row| (row.label.as_str(), row.count.as_str())),
            Some(("Maker9", "10"))
        );
        assert_eq!(makes.rows.last().map(|row| row.count.as_str()), Some("6"), "1 + 2 + 3");
        assert_eq!([percent(0, 0), percent(1, 1000), percent(5, 5)], [0, 1, 100]);
    }
}
