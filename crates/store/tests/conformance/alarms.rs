//! Alarms: raised once, cleared, kept through a restart, and not without end.

use signin::{
    alarm::{ALARMS_MAX, Acknowledged, Alarm, AlarmChange, AlarmId, AlarmKey, AlarmKind, Cause},
    effect::Effect,
    ident::DomainId,
};
use store::{Ledger, Topic, engine::Shelf};

use crate::{host::EngineHost, world::*};

fn raise(subject: &str) -> Effect {
    let key = AlarmKey { kind: AlarmKind::ExtensionLocked, domain: DomainId::FIRST, subject: subject.into() };
    Effect::Alarm(AlarmChange::Raise(Cause { key, count: 5 }, NOW))
}

fn told(ledger: &Ledger) -> Vec<(u32, String, bool, u64, String)> {
    let one = |alarm: std::sync::Arc<Alarm>| {
        let seen = alarm.acknowledged.as_ref().map_or(String::new(), |seen| seen.by.to_string());
        (alarm.id.0, alarm.key.subject.to_string(), alarm.is_standing(), alarm.count, seen)
    };
    ledger.alarms().into_iter().map(one).collect()
}

pub(crate) fn alarms_stand_are_seen_end_and_come_back_after_a_restart(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let mut topics = ledger.subscribe();
    ledger.commit_behind(vec![raise("201"), raise("202"), raise("201")]);
    assert_eq!(topics.try_recv().unwrap(), Topic::Alarms);
    assert_eq!(ledger.alarms_unseen(), 2, "the same one stands once");
    let seen = Acknowledged { by: "Ann".into(), at: later(1) };
    let other = Acknowledged { by: "Bob".into(), at: later(2) };
    for change in [
        AlarmChange::Acknowledge(AlarmId(1), seen),
        AlarmChange::Acknowledge(AlarmId(1), other),
        AlarmChange::Count(AlarmId(1), 7),
        AlarmChange::Clear(AlarmId(2), later(3)),
        AlarmChange::Clear(AlarmId(2), later(9)),
        AlarmChange::Clear(AlarmId(77), later(9)),
    ] {
        // Both ways lead to the same.
        ledger.commit(vec![Effect::Alarm(change), Effect::Audit(event("alarm", None))]).wait().unwrap();
    }
    ledger.commit_behind(vec![raise("202")]);
    let expected = vec![
        (3, "202".into(), true, 5, String::new()),
        (2, "202".into(), false, 5, String::new()),
        (1, "201".into(), true, 7, "Ann".into()),
    ];
    assert_eq!(told(&ledger), expected);
    assert_eq!(ledger.alarm(AlarmId(2)).unwrap().cleared_at, Some(later(3)));
    assert_eq!(ledger.alarms_unseen(), 1);
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(told(&ledger), expected);
    ledger.commit_behind(vec![raise("203")]);
    assert_eq!(told(&ledger)[0].0, 4, "a number is never used twice");
    ledger.close().unwrap();
}

pub(crate) fn of_many_alarms_the_oldest_that_are_over_are_forgotten(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit_behind(vec![raise("stands")]);
    for n in 2..=u32::try_from(ALARMS_MAX).unwrap() + 3 {
        ledger.commit_behind(vec![raise(&n.to_string()), Effect::Alarm(AlarmChange::Clear(AlarmId(n), NOW))]);
    }
    let alarms = told(&ledger);
    assert_eq!(alarms.len(), ALARMS_MAX);
    let last: Vec<u32> = alarms.iter().rev().take(3).map(|alarm| alarm.0).collect();
    assert_eq!(last, [1, 5, 6], "and what stands stays");
    ledger.close().unwrap();
    assert_eq!(host.rows(Shelf::Alarm).len(), ALARMS_MAX);
}
