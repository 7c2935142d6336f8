//! Alarms as they are kept: those that stand, and behind them a history with an end.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;
use signin::alarm::{ALARMS_MAX, Alarm, AlarmChange, AlarmId};

use crate::ledger::Ledger;

/// All of them, by their numbers.
#[derive(Default)]
pub(crate) struct Alarms(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    by_id: BTreeMap<AlarmId, Arc<Alarm>>,
    last: u32,
}

impl Kept {
    /// Forgets the oldest that are over; those that had to go.
    fn shorten(&mut self) -> Vec<AlarmId> {
        let excess = self.by_id.len().saturating_sub(ALARMS_MAX);
        let over = self.by_id.values().filter(|alarm| !alarm.is_standing()).map(|alarm| alarm.id);
        let gone: Vec<AlarmId> = over.take(excess).collect();
        for id in &gone {
            self.by_id.remove(id);
        }
        gone
    }
}

impl Alarms {
    /// Takes one from its row.
    pub(crate) fn restore(&self, alarm: Alarm) {
        let mut kept = self.0.write();
        kept.last = kept.last.max(alarm.id.0);
        kept.by_id.insert(alarm.id, Arc::new(alarm));
    }

    /// Makes a change; whose rows are to be written.
    pub(crate) fn change(&self, change: AlarmChange) -> Vec<AlarmId> {
        let mut kept = self.0.write();
        let id = match &change {
            AlarmChange::Raise(cause, raised_at) => {
                if kept.by_id.values().any(|alarm| alarm.is_standing() && alarm.key == cause.key) {
                    return Vec::new();
                }
                kept.last = kept.last.saturating_add(1);
                let id = AlarmId(kept.last);
                let (key, count) = (cause.key.clone(), cause.count);
                let alarm =
                    Alarm { id, key, count, raised_at: *raised_at, cleared_at: None, acknowledged: None };
                kept.by_id.insert(id, Arc::new(alarm));
                let mut changed = kept.shorten();
                changed.push(id);
                return changed;
            }
            AlarmChange::Count(id, _) | AlarmChange::Clear(id, _) | AlarmChange::Acknowledge(id, _) => *id,
        };
        let Some(alarm) = kept.by_id.get_mut(&id).map(Arc::make_mut) else { return Vec::new() };
        match change {
            AlarmChange::Raise(..) => {}
            AlarmChange::Count(_, count) => alarm.count = count,
            AlarmChange::Clear(_, at) => alarm.cleared_at = alarm.cleared_at.or(Some(at)),
            AlarmChange::Acknowledge(_, seen) => {
                alarm.acknowledged = alarm.acknowledged.take().or(Some(seen));
            }
        }
        vec![id]
    }

    /// One.
    pub(crate) fn get(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.0.read().by_id.get(&id).cloned()
    }

    /// All, the last one first.
    pub(crate) fn all(&self) -> Vec<Arc<Alarm>> {
        self.0.read().by_id.values().rev().cloned().collect()
    }
}

impl Ledger {
    /// Every alarm that is kept, the last one first.
    pub fn alarms(&self) -> Vec<Arc<Alarm>> {
        self.holdings.alarms.all()
    }

    /// One alarm.
    pub fn alarm(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.holdings.alarms.get(id)
    }

    /// How many stand that nobody has seen.
    pub fn alarms_unseen(&self) -> usize {
        let is_unseen = |alarm: &&Arc<Alarm>| alarm.is_standing() && alarm.acknowledged.is_none();
        self.alarms().iter().filter(is_unseen).count()
    }
}
