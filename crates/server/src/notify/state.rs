//! How delivering to each target goes, and the alarms that wait for it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use signin::{ident::TargetId, reporting::Reporting, timestamp::Timestamp};
use tokio::sync::Notify;

use super::{Target, item::Item};

/// Most alarms that wait for one target; of more, the oldest are lost.
pub const ALARMS_WAITING_MAX: usize = 500;

/// How it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How many were delivered since the start.
    pub delivered: u64,
    /// When the last one was.
    pub delivered_at: Option<Timestamp>,
    /// What the receiver said then.
    pub answer: String,
    /// Since when it fails, if it does.
    pub failing_since: Option<Timestamp>,
    /// How often in a row.
    pub failures: u64,
    /// Why, the last time.
    pub problem: String,
    /// How many were lost since the start.
    pub lost: u64,
    /// When that was last more than before.
    pub lost_at: Option<Timestamp>,
}

/// One target's.
#[derive(Debug, Default)]
pub struct State {
    told: Mutex<Told>,
    alarms: Mutex<VecDeque<Item>>,
    has_alarms: Notify,
}

impl State {
    /// How it goes.
    pub fn told(&self) -> Told {
        self.told.lock().clone()
    }

    /// One more was taken.
    pub fn delivered(&self, answer: String, now: Timestamp) {
        let mut told = self.told.lock();
        told.delivered += 1;
        (told.delivered_at, told.answer) = (Some(now), answer);
        (told.failing_since, told.failures) = (None, 0);
        told.problem.clear();
    }

    /// It was not taken; how often in a row that is.
    pub fn failed(&self, problem: String, now: Timestamp) -> u64 {
        let mut told = self.told.lock();
        told.failing_since.get_or_insert(now);
        told.failures += 1;
        told.problem = problem;
        told.failures
    }

    /// So many are not delivered and will not be.
    pub fn lost(&self, count: u64, now: Timestamp) {
        if count > 0 {
            let mut told = self.told.lock();
            told.lost = told.lost.saturating_add(count);
            told.lost_at = Some(now);
        }
    }

    fn put(&self, item: Item, now: Timestamp) {
        let mut alarms = self.alarms.lock();
        if alarms.len() >= ALARMS_WAITING_MAX {
            alarms.pop_front();
            self.lost(1, now);
        }
        alarms.push_back(item);
        self.has_alarms.notify_one();
    }

    /// The next alarm that waits. It does so until it is [`done`](Self::done): whoever sends it may be stopped.
    pub fn alarm(&self) -> Option<Item> {
        self.alarms.lock().front().cloned()
    }

    /// That one waits no more.
    pub fn done(&self, item: &Item) {
        let mut alarms = self.alarms.lock();
        // It may have had to go meanwhile.
        if alarms.front().is_some_and(|front| front.id() == item.id()) {
            alarms.pop_front();
        }
    }

    /// Until an alarm waits.
    pub async fn alarms(&self) {
        self.has_alarms.notified().await;
    }
}

/// Those of all targets.
#[derive(Debug, Default)]
pub struct Deliveries(Mutex<BTreeMap<TargetId, Arc<State>>>);

impl Deliveries {
    /// That of one.
    pub fn state(&self, target: TargetId) -> Arc<State> {
        Arc::clone(self.0.lock().entry(target).or_default())
    }

    /// Forgets those of others.
    pub fn keep_only(&self, targets: &[Target]) {
        self.0.lock().retain(|id, _| targets.iter().any(|target| target.id() == *id));
    }

    /// Tells whoever wants alarms of one. Never waits.
    pub fn tell(&self, reporting: &Reporting, item: &Item, now: Timestamp) {
        for target in Target::all(reporting) {
            if target.is_on() && target.chosen().alarms {
                self.state(target.id()).put(item.clone(), now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_alarms_the_oldest_are_lost_and_counted() {
        let (state, now) = (State::default(), Timestamp(1000));
        let count = u64::try_from(ALARMS_WAITING_MAX).unwrap_or(0) + 3;
        for number in 0..count {
            state.put(Item::Test { number, at: now }, now);
        }
        assert_eq!((state.told().lost, state.told().lost_at), (3, Some(now)));
        let first = state.alarm().unwrap();
        assert!(matches!(first, Item::Test { number: 3, .. }));
        state.done(&first);
        state.done(&first);
        assert!(matches!(state.alarm(), Some(Item::Test { number: 4, .. })));
    }

    #[test]
    fn a_failure_lasts_until_something_is_taken() {
        let state = State::default();
        assert_eq!(state.failed("no".into(), Timestamp(1)), 1);
        assert_eq!(state.failed("no, still".into(), Timestamp(2)), 2);
        let told = state.told();
        assert_eq!((told.failing_since, told.problem.as_str()), (Some(Timestamp(1)), "no, still"));
        state.delivered("yes".into(), Timestamp(3));
        let expected =
            Told { delivered: 1, delivered_at: Some(Timestamp(3)), answer: "yes".into(), ..Told::default() };
        assert_eq!(state.told(), expected);
    }
}
