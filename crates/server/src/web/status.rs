//! The status: phones, calls, blacklists, quarantine and sessions as they are now, live, with what can be done about them.

use std::{collections::BTreeSet, convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use signin::{
    admin,
    admin::Admin,
    alarm::AlarmId,
    audit::{Action, AuditEvent},
    dice::Dice,
    extension::Extension,
    ident::{DomainId, ExtensionId, Number},
    interface::CountScope,
    lockout::{Standing, Tally, TallyKey},
    policy::{Lock, LockRule},
    records::Records,
    registration::{Binding, Transport},
    rights::Right,
    session::SessionId,
    timestamp::Timestamp,
};
use store::{AuditQuery, RegistrationQuery, RegistrationSort};
use tokio_stream::wrappers::BroadcastStream;

use super::{
    Web,
    address::{LastPart, Path, Query},
    alarms, audit, calls, credentials, domains,
    extensions::user_link,
    guard::{self, SignedForm, SignedIn, Watcher},
    lists::{ListQuery, PAGE, thousands},
    moment, overview,
    views::{
        calls::CallsPart,
        forms::{Choice, Field, Kind},
        parts::{Badge, Link, Tone, Until},
        shell::Place,
        status::{
            Blacklist, BlockRow, PhoneRow, QuarantineRow, SessionRow, StaleRow, StatusBody, StatusLive,
            StatusPage, StatusSection, StatusTab, StatusTabs,
        },
    },
};
use crate::system::System;

/// Lost phones are shown for this long.
const LOST_MS: u64 = 24 * 3_600_000;
/// At most so many of them are looked for.
const LOST_MAX: usize = 500;
/// At most so many phones with an old code are shown, those that tried last.
const OLD_CODES_MAX: usize = 500;
/// A page is told of changes this often at the most.
const EVENTS_EVERY: Duration = Duration::from_millis(500);

/// Calls come and go without an event: their page asks this often.
const CALLS_EVERY_MS: u32 = 3000;

/// What the address of a status page says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(flatten)]
    list: ListQuery,
    #[serde(default)]
    state: String,
    /// How far back the overview looks.
    #[serde(default)]
    span: String,
}

impl Search {
    fn address(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = [
            ("q", &self.list.q),
            ("domain", &self.list.domain),
            ("state", &self.state),
            ("page", &self.list.page),
            ("span", &self.span),
        ];
        for (name, value) in own {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.into() } else { format!("{path}?{query}") }
    }
}

fn tab_named(name: &str) -> Option<StatusTab> {
    match name {
        "overview" => Some(StatusTab::Overview),
        "phones" => Some(StatusTab::Phones),
        "calls" => Some(StatusTab::Calls),
        "alarms" => Some(StatusTab::Alarms),
        "blacklists" => Some(StatusTab::Blacklists),
        "quarantine" => Some(StatusTab::Quarantine),
        "old-codes" => Some(StatusTab::OldCodes),
        "sessions" => Some(StatusTab::Sessions),
        _ => None,
    }
}

const fn name_of(tab: StatusTab) -> &'static str {
    match tab {
        StatusTab::Overview => "overview",
        StatusTab::Phones => "phones",
        StatusTab::Calls => "calls",
        StatusTab::Alarms => "alarms",
        StatusTab::Blacklists => "blacklists",
        StatusTab::Quarantine => "quarantine",
        StatusTab::OldCodes => "old-codes",
        StatusTab::Sessions => "sessions",
    }
}

pub(super) async fn overview(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(search): Query<Search>,
) -> Response {
    page(&web, &who, StatusTab::Overview, &search)
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    LastPart(tab): LastPart,
    Query(search): Query<Search>,
) -> Result<Response, Response> {
    match tab_named(&tab) {
        Some(tab) => Ok(page(&web, &who, tab, &search)),
        None => Err(who.visitor.error(&web, StatusCode::NOT_FOUND)),
    }
}

fn page(web: &Arc<Web>, who: &SignedIn, tab: StatusTab, search: &Search) -> Response {
    let states = vec![
        Choice::new("", "Registered", search.state != "lost"),
        Choice::new("lost", "Lost in the last day", search.state == "lost"),
    ];
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other tabs have nothing to search")]
    let fields = match tab {
        StatusTab::Phones => vec![
            Field::new("q", "Extension, address or phone")
                .value(search.list.search())
                .length_max(128)
                .search(),
            Field::new("state", "Show").kind(Kind::Select(states)).search(),
        ],
        StatusTab::Calls => domains::filter(web, who, &search.list.domain).into_iter().collect(),
        _ => Vec::new(),
    };
    let live = part(web, who, tab, search);
    let (title, about) = match who.by.within {
        None => ("Status", "What is going on now.".into()),
        Some(domain) => {
            ("Calls", format!("Those of {}, as they go on.", domains::title(&*web.system.ledger, domain)))
        }
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other tabs have no pages")]
    let words = match &live.section.body {
        StatusBody::Phones { pager, .. } | StatusBody::Calls(CallsPart { pager, .. }) => {
            pager.summary.clone()
        }
        _ => String::new(),
    };
    let page = StatusPage {
        shell: who.shell(web, Place::Status),
        title,
        about,
        tab,
        here: search.address(tab.href()),
        // They tell when anything happens in the installation.
        events: who.by.may(Right::StatusRead).then(|| "/status/events".into()),
        fragment: search.address(&format!("/status/live/{}", name_of(tab))),
        every: (tab == StatusTab::Calls).then_some(CALLS_EVERY_MS),
        search: fields,
        doctor: tab == StatusTab::Overview && who.by.may(Right::SecurityRead),
        words,
        live,
    };
    who.page(&page)
}

/// The live part alone, for the script.
pub(super) async fn live(
    State(web): State<Arc<Web>>,
    Watcher(who): Watcher,
    LastPart(tab): LastPart,
    Query(search): Query<Search>,
) -> Result<Response, Response> {
    let Some(tab) = tab_named(&tab) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    Ok(guard::html(StatusCode::OK, &part(&web, &who, tab, &search)))
}

fn part(web: &Web, who: &SignedIn, tab: StatusTab, search: &Search) -> StatusLive {
    let now = web.system.clock.now();
    if !who.by.may(Right::StatusRead) {
        let body = StatusBody::Calls(calls::part(web, who, &search.list, now));
        let section = StatusSection { csrf: who.csrf(), control_alarms: false, control: false, body };
        return StatusLive { tabs: None, section };
    }
    let ledger = &web.system.ledger;
    let figures = ledger.figures();
    let locks = ledger.locks(now);
    let sessions = sessions(web, who, now);
    let standing = ledger.alarms().iter().filter(|alarm| alarm.is_standing()).count();
    let calls = calls::count(web, who);
    let words = format!(
        "{} phones registered, {}, {} alarms, {} with an old code, {} blocked, {} sessions",
        thousands(figures.bindings),
        calls::in_words(calls),
        thousands(standing),
        thousands(figures.stale_phones),
        thousands(locks.len()),
        thousands(sessions.len())
    );
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    StatusLive {
        tabs: Some(StatusTabs {
            tab,
            phones_count: count(figures.bindings),
            calls_count: count(calls),
            alarms_count: count(standing),
            blocked_count: count(locks.len()),
            quarantine_count: count(figures.quarantine),
            old_codes_count: count(figures.stale_phones),
            sessions_count: count(sessions.len()),
            words,
        }),
        section: StatusSection {
            csrf: who.csrf(),
            control_alarms: who.by.may(Right::StatusControl),
            control: who.by.may(Right::StatusControl) && who.by.may(Right::SecurityReset),
            body: match tab {
                StatusTab::Overview => {
                    let span = overview::span_named(&search.span);
                    let sessions = sessions.clone();
                    StatusBody::Overview(Box::new(overview::overview(web, who, span, &locks, sessions, now)))
                }
                StatusTab::Phones => phones_part(web, search, now),
                StatusTab::Calls => StatusBody::Calls(calls::part(web, who, &search.list, now)),
                StatusTab::Alarms => StatusBody::Alarms(alarms::part(web, &search.list, now)),
                StatusTab::Blacklists => StatusBody::Blacklists(blacklists(web, &locks, now)),
                StatusTab::Quarantine => StatusBody::Quarantine(quarantine(web, now)),
                StatusTab::OldCodes => StatusBody::OldCodes(old_codes(web, now)),
                StatusTab::Sessions => StatusBody::Sessions(sessions),
            },
        },
    }
}

fn phones_part(web: &Web, search: &Search, now: Timestamp) -> StatusBody {
    if search.state == "lost" {
        let phones: Vec<_> =
            lost(&web.system, now).iter().map(|(at, extension)| lost_row(web, extension, *at, now)).collect();
        let pager = ListQuery::default().pager(StatusTab::Phones.href(), "lost phones", phones.len());
        return StatusBody::Phones { phones, pager, searched: true };
    }
    let found = web.system.ledger.registrations(&RegistrationQuery {
        domain: None,
        search: search.list.search(),
        sort: RegistrationSort::Number,
        descending: false,
        offset: search.list.offset(),
        limit: PAGE,
        now,
    });
    let mut phones = Vec::new();
    for registration in &found.items {
        if let Some(extension) = web.system.ledger.extension(registration.extension) {
            phones
                .extend(registration.bindings.iter().map(|binding| phone_row(web, &extension, binding, now)));
        }
    }
    StatusBody::Phones {
        phones,
        pager: search.list.pager(StatusTab::Phones.href(), "extensions with phones", found.total),
        searched: !search.list.q.is_empty(),
    }
}

/// The phones of one extension.
pub(super) fn phones_of(web: &Web, extension: &Extension, now: Timestamp) -> Vec<PhoneRow> {
    let registration = web.system.ledger.registration(extension.id);
    let bindings = registration.iter().flat_map(|registration| registration.bindings.iter());
    bindings
        .filter(|binding| now < binding.expires_at)
        .map(|binding| phone_row(web, extension, binding, now))
        .collect()
}

/// The phones that registered from an address.
pub(super) fn phones_at(web: &Web, address: IpAddr, now: Timestamp) -> Vec<PhoneRow> {
    let ledger = &web.system.ledger;
    let query =
        RegistrationQuery { search: address.to_string(), limit: PAGE, now, ..RegistrationQuery::default() };
    let found = ledger.registrations(&query);
    let lines = found.items.iter().filter_map(|of| Some((ledger.extension(of.extension)?, &of.bindings)));
    lines
        .flat_map(|(extension, bindings)| {
            let of_it = bindings.iter().filter(|binding| binding.source.ip() == address);
            of_it.map(|binding| phone_row(web, &extension, binding, now)).collect::<Vec<_>>()
        })
        .collect()
}

fn phone_row(web: &Web, extension: &Extension, binding: &Binding, now: Timestamp) -> PhoneRow {
    PhoneRow {
        extension: extension_link(web, extension),
        user: user_link(&*web.system.ledger, extension),
        state: Badge::new(Tone::Good, "Registered"),
        address: binding.source.to_string(),
        transport: match binding.transport {
            Transport::Udp => "UDP".into(),
            Transport::Tcp => "TCP".into(),
            Transport::Tls => "TLS".into(),
            Transport::Wss => "WSS".into(),
        },
        user_agent: if binding.agent.is_empty() { "Not said".into() } else { binding.agent.to_string() },
        digest: binding.algorithm.token().into(),
        since: moment::stamp(binding.since, now),
        expires: moment::until(binding.expires_at, now),
    }
}

fn lost_row(web: &Web, extension: &Extension, at: Timestamp, now: Timestamp) -> PhoneRow {
    PhoneRow {
        extension: extension_link(web, extension),
        user: user_link(&*web.system.ledger, extension),
        state: Badge::new(Tone::Warning, "Lost"),
        address: "–".into(),
        transport: "–".into(),
        user_agent: "–".into(),
        digest: "–".into(),
        since: moment::stamp(at, now),
        expires: Until::new(crate::moment::for_programs(at), "over"),
    }
}

fn extension_link(web: &Web, extension: &Extension) -> Link {
    let label = domains::named(&*web.system.ledger, extension.number.as_str(), extension.domain);
    Link::new(format!("/manager/extensions/{}", extension.id), label)
}

/// Extensions whose phone's registration ran out in the last day, and that have none now; the last one first.
pub(crate) fn lost(system: &System, now: Timestamp) -> Vec<(Timestamp, Arc<Extension>)> {
    let ledger = &system.ledger;
    let query = AuditQuery {
        actions: &[Action::PhoneLost],
        from: Some(Timestamp(now.0.saturating_sub(LOST_MS))),
        limit: LOST_MAX,
        ..AuditQuery::default()
    };
    let mut seen = BTreeSet::new();
    audit::glance(system, query)
        .into_iter()
        .filter(|row| seen.insert((row.event.domain, row.event.subject.clone())))
        .filter_map(|row| {
            let number = Number::parse(&row.event.subject)?;
            let extension = ledger.extension_numbered(row.event.domain, &number)?;
            let registration = ledger.registration(extension.id);
            let is_back =
                registration.is_some_and(|r| r.bindings.iter().any(|binding| now < binding.expires_at));
            (!is_back).then_some((row.event.at, extension))
        })
        .collect()
}

fn blacklists(web: &Web, locks: &[(TallyKey, Tally)], now: Timestamp) -> Vec<Blacklist> {
    let settings = web.system.ledger.settings();
    let rows = |wanted: fn(CountScope) -> bool| -> Vec<BlockRow> {
        let wanted = locks.iter().filter(|(key, _)| wanted(key.scope));
        wanted.map(|(key, tally)| block_row(web, key, tally, settings.lock_rule(key.scope), now)).collect()
    };
    vec![
        Blacklist {
            slug: "extensions".into(),
            title: "Blacklisted extensions".into(),
            about: rule_in_words(
                &settings.extension_lock,
                "failed registrations",
                "except at addresses where a phone of the extension showed it in the last 30 days: these are \
                 counted on their own, and keep working",
            ),
            heading: "Extension".into(),
            rows: rows(|scope| scope == CountScope::Extension),
        },
        Blacklist {
            slug: "addresses".into(),
            title: "Blacklisted addresses".into(),
            about: rule_in_words(
                &settings.address_lock,
                "failures over all interfaces",
                "except from phones and browsers that showed it there before: they keep working",
            ),
            heading: "Address".into(),
            rows: rows(|scope| scope == CountScope::Address),
        },
        Blacklist {
            slug: "names".into(),
            title: "Locked accounts".into(),
            about: rule_in_words(
                &settings.service_password_lock,
                "wrong passwords of an administrator",
                "except in browsers where the administrator signed in during the last 30 days: these are counted \
                 on their own, and keep working",
            ),
            heading: "Name".into(),
            rows: rows(|scope| matches!(scope, CountScope::Credential(_))),
        },
    ]
}

/// A rule, and who is not stopped by it.
fn rule_in_words(rule: &LockRule, what: &str, except: &str) -> String {
    let window = moment::exactly(rule.window.0.into());
    match lock_in_words(rule.lock) {
        None => format!("{} {what} in {window} are only written down.", rule.failures_max),
        Some(then) => format!(
            "After {} {what} in {window}, {then}. The right secret is refused too, {except}.",
            rule.failures_max
        ),
    }
}

/// "5 failures in 10 minutes lock the extension for 10 minutes"; `None` where nothing is locked.
pub(super) fn failures_in_words(rule: &LockRule, what: &str) -> Option<String> {
    let then = lock_in_words(rule.lock).filter(|_| rule.failures_max > 0)?;
    Some(format!(
        "{} failures in {} lock {what} {then}",
        rule.failures_max,
        moment::exactly(rule.window.0.into())
    ))
}

/// How long a lock lasts; `None` where there is none.
pub(crate) fn lock_in_words(lock: Lock) -> Option<String> {
    Some(match lock {
        Lock::Nothing | Lock::LogOnly => return None,
        Lock::Temporary(length) => format!("for {}", moment::exactly(length.0.into())),
        Lock::Doubling(first) => format!("for {}, doubling each time", moment::exactly(first.0.into())),
        Lock::TemporaryThenPermanent { temporary, permanent_at } => {
            format!("for {}, the {permanent_at}th time until reset", moment::exactly(temporary.0.into()))
        }
        Lock::DoublingThenPermanent { first, permanent_at } => format!(
            "for {}, doubling each time, the {permanent_at}th time until reset",
            moment::exactly(first.0.into())
        ),
        Lock::Permanent => "until reset".into(),
    })
}

pub(super) fn block_row(
    web: &Web,
    key: &TallyKey,
    tally: &Tally,
    rule: &LockRule,
    now: Timestamp,
) -> BlockRow {
    let until = match tally.standing(rule, now) {
        Standing::Locked { until } => until.map(|until| moment::until(until, now)),
        Standing::Open | Standing::Full => Some(moment::until(now, now)),
    };
    BlockRow {
        id: id_of(key),
        what: domains::named(&*web.system.ledger, &crate::alarms::called(key), key.domain),
        href: audit::href_of(key.name.as_str(), Some(key.domain).filter(|domain| *domain != DomainId::FIRST)),
        reason: match key.scope {
            CountScope::Extension => "Failed registrations".into(),
            CountScope::Address => "Failures over all interfaces".into(),
            CountScope::ApiToken => "Wrong API tokens".into(),
            CountScope::Link => "Wrong links".into(),
            CountScope::Credential(kind) => format!("Wrong {}", kind.row().title.to_lowercase()),
        },
        failures: tally.failures.into(),
        most: rule.failures_max.into(),
        last: moment::stamp(tally.failed_at, now),
        until,
    }
}

/// A key as a form carries it.
fn id_of(key: &TallyKey) -> String {
    serde_json::to_string(key).unwrap_or_default()
}

fn key_of(id: &str) -> Option<TallyKey> {
    serde_json::from_str(id).ok()
}

pub(super) fn quarantine(web: &Web, now: Timestamp) -> Vec<QuarantineRow> {
    let ledger = &web.system.ledger;
    let rows = ledger.quarantine().into_iter().filter_map(|entry| {
        let extension = ledger.extension(entry.extension)?;
        Some(QuarantineRow {
            id: entry.extension.to_string(),
            extension: extension_link(web, &extension),
            address: entry.source.to_string(),
            user_agent: entry.agent.to_string(),
            device: entry.contact.to_string(),
            by: format!("{} ({})", entry.by_source, entry.by_agent),
            at: moment::stamp(entry.at, now),
        })
    });
    rows.collect()
}

fn old_codes(web: &Web, now: Timestamp) -> Vec<StaleRow> {
    let ledger = &web.system.ledger;
    let phones = ledger.stale_phones().into_iter().take(OLD_CODES_MAX);
    let rows = phones.filter_map(|phone| {
        let extension = ledger.extension(phone.extension)?;
        Some(StaleRow {
            id: phone.extension.to_string(),
            extension: extension_link(web, &extension),
            user: user_link(&*web.system.ledger, &extension),
            address: phone.address.to_string(),
            user_agent: if phone.agent.is_empty() {
                "Not said".into()
            } else {
                AuditEvent::text(&phone.agent).into()
            },
            replaced: moment::stamp(phone.replaced_at, now),
            times: thousands(usize::try_from(phone.times).unwrap_or(usize::MAX)),
            last: moment::stamp(phone.last_at, now),
            waits: phone.waits_until(now).map(|until| moment::until(until, now)),
        })
    });
    rows.collect()
}

fn sessions(web: &Web, who: &SignedIn, now: Timestamp) -> Vec<SessionRow> {
    let ledger = &web.system.ledger;
    let rules = ledger.settings().sessions;
    let open = ledger.sessions().into_iter().filter(|session| session.is_open(&rules, now));
    open.filter_map(|session| {
        let account = ledger.account(session.account)?;
        Some(SessionRow {
            id: session.id.into(),
            who: domains::named(&**ledger, &account.name, account.domain),
            from: session.address.to_string(),
            interface: session.interface.row().title.into(),
            since: moment::stamp(session.opened_at, now),
            idle: moment::length(now.seconds_since(session.used_at)),
            own: session.id == who.session.id,
        })
    })
    .collect()
}

/// Tells a page that something changed, as soon as it has, and what is left is for the page to fetch.
pub(super) async fn events(
    State(web): State<Arc<Web>>,
    Watcher(who): Watcher,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Response> {
    let (session, account) = (who.session.id, who.account.id);
    let system = Arc::clone(&web.system);
    let stop = web.system.stop.clone();
    // Being behind (`Err`) is a change as well. A burst of changes is one event.
    let changes = BroadcastStream::new(web.system.ledger.subscribe()).ready_chunks(1024).then(|_| async {
        tokio::time::sleep(EVENTS_EVERY).await;
    });
    let events = changes
        .take_while(move |()| {
            // A session that was ended sees nothing more.
            let is_open = system.ledger.session(session).is_some_and(|session| session.account == account);
            std::future::ready(is_open)
        })
        .map(|()| Ok(Event::default().data("changed")))
        .take_until(stop.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Resets one, several or all of a blacklist.
pub(super) async fn reset(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    SignedForm(who, form): SignedForm,
) -> Response {
    let now = web.system.clock.now();
    let scope_fits = |key: &TallyKey| match slug.as_str() {
        "extensions" => key.scope == CountScope::Extension,
        "addresses" => key.scope == CountScope::Address,
        "names" => matches!(key.scope, CountScope::Credential(_)),
        _ => false,
    };
    let keys: Vec<TallyKey> = if !form.get("one").is_empty() {
        key_of(form.get("one")).into_iter().collect()
    } else if form.get("do") == "all" {
        let locks = web.system.ledger.locks(now).into_iter().map(|(key, _)| key);
        locks.filter(|key| who.by.reaches(key)).collect()
    } else {
        form.all("pick").filter_map(key_of).collect()
    };
    let keys: Vec<TallyKey> = keys.into_iter().filter(scope_fits).collect();
    let back = "/status/blacklists";
    if keys.is_empty() {
        return guard::redirect_with(back, Tone::Info, "Nothing was selected", "Tick what is to be reset.");
    }
    match web.system.administer(&who.by, move |admin, _| admin.reset_locks(&keys)).await {
        Ok(done) => {
            let title = if done.value == 1 {
                "1 lock is reset".into()
            } else {
                format!("{} locks are reset", done.value)
            };
            guard::redirect_with(back, Tone::Good, &title, "The next try is checked again.")
        }
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}

/// Does what a button of a section asks for: takes an extension off the quarantine list, or ends a session.
pub(super) async fn act(
    State(web): State<Arc<Web>>,
    LastPart(tab): LastPart,
    SignedForm(who, form): SignedForm,
) -> Response {
    let one = form.get("one");
    let done = match (tab_named(&tab), one.parse::<u32>(), SessionId::try_from(one.to_owned())) {
        (Some(StatusTab::Quarantine), Ok(id), _) => {
            let release =
                move |admin: &Admin<'_>, _: &mut dyn Dice| admin.release_quarantine(ExtensionId(id));
            web.system.administer(&who.by, release).await.map(|_| "Released")
        }
        (Some(StatusTab::Alarms), Ok(id), _) => {
            let alarm = web.system.ledger.alarm(AlarmId(id));
            let see = move |admin: &Admin<'_>, _: &mut dyn Dice| {
                admin.acknowledge(alarm.as_deref().ok_or(admin::Problem::NotFound("alarm"))?)
            };
            web.system.administer(&who.by, see).await.map(|_| "Acknowledged")
        }
        (Some(StatusTab::OldCodes), Ok(id), _) => {
            let forget = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.forget_former(ExtensionId(id));
            web.system.administer(&who.by, forget).await.map(|_| "The old codes are forgotten")
        }
        (Some(StatusTab::Sessions), _, Ok(id)) => {
            let end = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.end_session(id);
            web.system.administer(&who.by, end).await.map(|_| "The session is ended")
        }
        _ => return who.visitor.error(&web, StatusCode::BAD_REQUEST),
    };
    match done {
        Ok(title) => guard::redirect_with(&format!("/status/{tab}"), Tone::Good, title, ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}
