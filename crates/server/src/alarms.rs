//! Alarms: looks every second or two at what may be wrong, has alarms raised and cleared, and tells whoever delivers
//! them. What becomes of an alarm is decided in `signin::alarm`.
//!
//! Whoever is told need not wait for the disk: the worst of alarms is that it takes nothing.

use std::{sync::Arc, time::Duration};

use signin::{
    admin::{Admin, By, is_ignited},
    alarm::{Alarm, AlarmChange, AlarmKey, AlarmKind, Cause, changes},
    audit::{Action, Actor, AuditEvent, Outcome},
    effect::Effect,
    ident::{DomainId, ExtensionId},
    interface::{CountScope, LoginInterface},
    lockout::TallyKey,
    place::Lane,
    records::Records as _,
    timestamp::{Seconds, Timestamp},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{MissedTickBehavior, sleep},
};

use crate::{
    notify::{Target, item::Item},
    system::System,
};

/// How often it is looked when nothing is told to have changed.
const EVERY: Duration = Duration::from_secs(2);
/// How often it is looked at the most.
const EVERY_MIN: Duration = Duration::from_millis(300);
/// With less room than this on its disk, the store will soon take nothing.
const ROOM_MIN: u64 = 256 << 20;
/// A certificate is told of so long before its end.
const CERTIFICATE_DAYS: u32 = 14;
/// What was lost is told of for so long after the last time.
const LOST_FOR: Seconds = Seconds(3600);

/// A target is told of that cannot be reached for so long.
const FAILING_FOR: Seconds = Seconds(300);

/// Goes on until the program stops.
pub async fn watch(system: Arc<System>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut topics = system.ledger.subscribe();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = something(&mut topics) => {}
            () = system.stop.cancelled() => return,
        }
        let looked = Arc::clone(&system);
        // It goes through all locks: not on a thread that others wait for.
        if tokio::task::spawn_blocking(move || look(&looked)).await.is_err() {
            tracing::error!("to look for alarms ended in a panic");
        }
        tokio::select! {
            () = sleep(EVERY_MIN) => {}
            () = system.stop.cancelled() => return,
        }
    }
}

/// Something has changed that an alarm may be about.
async fn something(topics: &mut Receiver<store::Topic>) {
    use store::Topic;
    loop {
        match topics.recv().await {
            Ok(Topic::Locks | Topic::Quarantine | Topic::Settings) | Err(RecvError::Lagged(_)) => return,
            Ok(
                Topic::Phones
                | Topic::Sessions
                | Topic::Accounts
                | Topic::Audit
                | Topic::Alarms
                | Topic::Calls,
            ) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Looks once, and has raised and cleared what is to be.
pub fn look(system: &System) {
    // One at a time: the second would raise what the first has just raised.
    let _turn = system.signs.looking();
    let now = system.clock.now();
    let standing: Vec<Alarm> = system
        .ledger
        .alarms()
        .into_iter()
        .filter(|alarm| alarm.is_standing())
        .map(Arc::unwrap_or_clone)
        .collect();
    let list = changes(&standing, causes(system, now), now);
    if list.is_empty() {
        return;
    }
    let mut effects = Vec::new();
    for change in &list {
        let row = match change {
            AlarmChange::Raise(cause, _) => Some((Action::AlarmRaised, &cause.key)),
            AlarmChange::Clear(id, _) => {
                standing.iter().find(|alarm| alarm.id == *id).map(|alarm| (Action::AlarmCleared, &alarm.key))
            }
            AlarmChange::Count(..) | AlarmChange::Acknowledge(..) => None,
        };
        effects.push(Effect::Alarm(change.clone()));
        effects.extend(row.map(|(action, key)| Effect::Audit(event(action, key, now))));
    }
    system.ledger.commit_behind(effects);
    let reporting = system.ledger.reporting();
    for change in list {
        let told = match change {
            AlarmChange::Raise(cause, _) => {
                let is_it = |alarm: &Arc<Alarm>| alarm.is_standing() && alarm.key == cause.key;
                system.ledger.alarms().into_iter().find(is_it).map(|alarm| (alarm, true))
            }
            AlarmChange::Clear(id, _) => system.ledger.alarm(id).map(|alarm| (alarm, false)),
            AlarmChange::Count(..) | AlarmChange::Acknowledge(..) => None,
        };
        if let Some((alarm, is_raised)) = told {
            system.deliveries.tell(&reporting, &Item::Alarm { alarm, is_raised }, now);
        }
    }
}

/// Everything that is wrong now.
fn causes(system: &System, now: Timestamp) -> Vec<Cause> {
    let mut list = Vec::new();
    let mut add = |kind: AlarmKind, domain: DomainId, subject: &str, count: u64| {
        let key = AlarmKey { kind, domain, subject: AuditEvent::text(subject) };
        list.push(Cause { key, count });
    };
    let ledger = &system.ledger;
    if !ledger.is_healthy() {
        add(AlarmKind::StoreFault, DomainId::FIRST, "store", 0);
    }
    if room(system).is_some_and(|room| room < ROOM_MIN) {
        add(AlarmKind::DiskFull, DomainId::FIRST, "data folder", 0);
    }
    if let Some(row) = system.signs.broken_row() {
        add(AlarmKind::AuditBroken, DomainId::FIRST, "audit", row);
    }
    let lost = system.signs.audit_lost(ledger.audit_lost(), now);
    if lost.is_some_and(|at| now < at.after(LOST_FOR)) {
        add(AlarmKind::AuditLost, DomainId::FIRST, "audit", ledger.audit_lost());
    }
    let certificate = system.tls.certificate();
    if !certificate.is_self_made && certificate.ends_at <= now.after(Seconds::days(CERTIFICATE_DAYS)) {
        let days = now.seconds_until(certificate.ends_at) / 86_400;
        add(AlarmKind::CertificateEnds, DomainId::FIRST, "certificate", days);
    }
    let by = By::console();
    let admin = Admin::new(&**ledger, &by, now);
    if is_ignited(&**ledger) && admin.business_partner_is_open() {
        add(AlarmKind::PartnerOpen, DomainId::FIRST, signin::account::BUSINESS_PARTNER, 0);
    }
    for (key, tally) in ledger.locks(now) {
        let kind = match key.scope {
            // Tokens that are wrong lock their address and nothing else.
            CountScope::Address | CountScope::ApiToken | CountScope::Link => AlarmKind::AddressLocked,
            CountScope::Extension => AlarmKind::ExtensionLocked,
            CountScope::Credential(_) => AlarmKind::AccountLocked,
        };
        add(kind, key.domain, &called(&key), u64::from(tally.failures));
    }
    for target in Target::all(&ledger.reporting()).iter().filter(|target| target.is_on()) {
        let told = system.deliveries.state(target.id()).told();
        if told.failing_since.is_some_and(|since| now >= since.after(FAILING_FOR)) {
            add(AlarmKind::DeliveryFails, DomainId::FIRST, target.name(), 0);
        }
        if told.lost_at.is_some_and(|at| now < at.after(LOST_FOR)) {
            add(AlarmKind::DeliveryLost, DomainId::FIRST, target.name(), told.lost);
        }
    }
    let mut pushed_out = std::collections::BTreeMap::<ExtensionId, u64>::new();
    for entry in ledger.quarantine() {
        *pushed_out.entry(entry.extension).or_default() += 1;
    }
    for (id, count) in pushed_out {
        if let Some(extension) = ledger.extension(id) {
            add(AlarmKind::PushedOut, extension.domain, extension.number.as_str(), count);
        }
    }
    list
}

/// Who is locked, as people read it.
pub fn called(key: &TallyKey) -> String {
    let name = key.name.as_str();
    match key.lane {
        Lane::Open => name.to_owned(),
        Lane::Network(network) => format!("{name} at {network}"),
        Lane::Device(_) => format!("{name} in a known browser"),
    }
}

/// Bytes that are left for the data folder; `None` = it cannot be told.
fn room(system: &System) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(&system.started_with.data_folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

fn event(action: Action, key: &AlarmKey, now: Timestamp) -> AuditEvent {
    AuditEvent {
        at: now,
        action,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::System,
        domain: key.domain,
        subject: AuditEvent::text(&format!("{}: {}", key.kind.row().title, key.subject)),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: Vec::new(),
        times: 1,
    }
}
