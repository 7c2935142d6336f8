//! The agenda: what happens when, and the two ways to get there: at once with a clock that is moved, or by waiting.

use std::{collections::BTreeMap, time::Duration};

use signin::timestamp::{Seconds, Timestamp};

use super::{past::Errand, phone::Phone};
use crate::clock::Clock;

/// Most entries; what comes on top of them does not happen.
const ENTRIES_MAX: usize = 1024;

/// Something that happens in the office. Lines are named by their place in the list of lines.
#[derive(Debug)]
pub(super) enum Deed {
    /// A phone is switched on.
    Come(usize),
    /// It refreshes, unless something else happened to it since this turn.
    Refresh(usize, u32),
    /// It is switched off, and perhaps on again.
    Leave(usize, Option<Seconds>),
    /// A code is typed into it wrongly, and rightly some seconds later.
    Mistype(usize),
    /// The right code is typed into it.
    Retype(usize),
    /// Its code is replaced at the web manager; somebody types the new one in a little later.
    NewCode(usize),
    /// Somebody who has forgotten the code of its number tries on another phone until that is locked.
    Forget(usize),
    /// Borrowed phones are switched on at its number, more than there may be.
    Crowd(usize),
    /// They are brought back.
    GoHome(Vec<Phone>),
    /// Somebody from elsewhere tries numbers.
    Scan,
    /// The reseller signs in for a while, perhaps not at the first try.
    PartnerComes,
    /// And signs out.
    PartnerGoes,
    /// Something that is done by hand at the web manager.
    Errand(Errand),
    /// Any of these, by chance; and then another.
    Anything,
}

/// What happens when.
#[derive(Debug)]
pub(super) struct Agenda {
    pace: Pace,
    entries: BTreeMap<(Timestamp, u64), Deed>,
    count: u64,
}

/// How time passes.
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// As fast as things can be done: the clock is moved.
    Past(Clock),
    /// As it does for everybody.
    Present(Clock),
}

impl Agenda {
    /// With nothing in it.
    pub(super) const fn new(pace: Pace) -> Self {
        Self { pace, entries: BTreeMap::new(), count: 0 }
    }

    /// From now on time passes so.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        match &self.pace {
            Pace::Past(clock) | Pace::Present(clock) => clock.now(),
        }
    }

    /// Whether the clock is moved.
    pub(super) const fn is_past(&self) -> bool {
        matches!(self.pace, Pace::Past(_))
    }

    /// Enters something; at one moment they happen in the order in which they were entered.
    pub(super) fn put(&mut self, at: Timestamp, deed: Deed) {
        if self.entries.len() < ENTRIES_MAX {
            self.count += 1;
            self.entries.insert((at, self.count), deed);
        }
    }

    /// Enters something that happens so many seconds from now.
    pub(super) fn put_in(&mut self, seconds: u32, deed: Deed) {
        self.put(self.now().after(Seconds(seconds)), deed);
    }

    /// Waits for the next entry up to `end` and takes it out; `None` = it is `end`.
    pub(super) async fn next(&mut self, end: Timestamp) -> Option<Deed> {
        let key = self.entries.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= end);
        self.pass(key.map_or(end, |(at, _)| at)).await;
        self.entries.remove(&key?)
    }

    /// Waits until then; no time at all where it is over.
    pub(super) async fn pass(&self, until: Timestamp) {
        let left = Duration::from_millis(until.0.saturating_sub(self.now().0));
        match &self.pace {
            Pace::Past(clock) => clock.advance(left),
            Pace::Present(_) => tokio::time::sleep(left).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn things_happen_in_their_order_and_the_clock_is_where_they_are() {
        let clock = Clock::by_hand(Timestamp(1_000_000));
        let mut agenda = Agenda::new(Pace::Past(clock.clone()));
        agenda.put_in(60, Deed::Scan);
        agenda.put_in(30, Deed::Come(1));
        agenda.put_in(30, Deed::Come(2));
        agenda.put_in(90, Deed::Anything);
        let end = Timestamp(1_070_000);
        let mut seen = Vec::new();
        while let Some(deed) = agenda.next(end).await {
            seen.push(format!("{:?} {deed:?}", clock.now().0));
        }
        assert_eq!(seen, ["1030000 Come(1)", "1030000 Come(2)", "1060000 Scan"]);
        assert_eq!(clock.now(), end, "the last one is after the end");
    }

    #[tokio::test]
    async fn an_agenda_has_an_end() {
        let mut agenda = Agenda::new(Pace::Past(Clock::by_hand(Timestamp(0))));
        (0..ENTRIES_MAX + 10).for_each(|_| agenda.put_in(1, Deed::Scan));
        let mut count = 0;
        while agenda.next(Timestamp::MAX).await.is_some() {
            count += 1;
        }
        assert_eq!(count, ENTRIES_MAX);
    }
}
