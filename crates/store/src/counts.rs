//! Counts: one tally for each name and address that was tried, known or not, within a bound.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use signin::{
    lockout::{Origin, Standing, Tally, TallyKey},
    policy::{LockRule, Settings},
    timestamp::Timestamp,
};

use crate::{
    faded::{Faded, Remembered},
    packed::{Entry, Key},
    pending::Pending,
    shards::{Place, SHARDS, Shards},
};

/// Most tallies that are kept; about 21 MB. Those in excess go: idle ones first, then unlocked ones, the oldest
/// first, then locks that end soonest. Their failures are remembered: see [`Faded`].
pub const TALLIES_MAX: usize = 200_000;

/// All tallies.
pub(crate) struct Counts {
    tallies: Shards<Key, Entry>,
    /// Those of the places where names are known. Apart, because nobody without a right secret has one: no flood of
    /// names comes here, and none can push a lock out.
    lanes: Shards<Key, Entry>,
    faded: Faded,
    shard_max: usize,
    asked_at: AtomicU64,
    pending: Option<Pending>,
}

/// What a count says to an attempt that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) standing: Standing,
    /// The print of the last proof that was refused; 0 for none.
    pub(crate) refused: u64,
}

/// A wrong attempt, as a count takes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong {
    /// Where it came from.
    pub(crate) from: IpAddr,
    /// What the same proof can be told by.
    pub(crate) print: Option<u64>,
}

/// What a right attempt made of its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Succeeded {
    /// There was nothing to clear.
    Plain,
    /// It held failures, and holds none now.
    Cleared,
}

impl Counts {
    pub(crate) fn new(tallies_max: usize) -> Self {
        Self {
            tallies: Shards::new(),
            lanes: Shards::new(),
            faded: Faded::default(),
            shard_max: tallies_max.div_ceil(SHARDS).max(1),
            asked_at: AtomicU64::new(0),
            pending: None,
        }
    }

    /// From now on failures are noted until they rest on disk.
    pub(crate) fn note_with(&mut self, pending: Pending) {
        self.pending = Some(pending);
    }

    fn of(&self, key: &TallyKey) -> &Shards<Key, Entry> {
        if key.lane.is_open() { &self.tallies } else { &self.lanes }
    }

    fn each(&self, mut look: impl FnMut(&Key, &Entry)) {
        self.tallies.each(&mut look);
        self.lanes.each(&mut look);
    }

    /// The counts of the same name where it is known.
    pub(crate) fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey> {
        let mut lanes = Vec::new();
        self.lanes.each(|lane, _| {
            let lane = lane.unpacked();
            if lane.is_beside(key) {
                lanes.push(lane);
            }
        });
        lanes
    }

    /// Takes over what was kept.
    pub(crate) fn restore(&self, key: &TallyKey, tally: &Tally) {
        let mut entry = Entry::of(tally);
        entry.keep();
        self.of(key).insert(key.into(), entry);
    }

    /// Takes a place for one attempt, if there is one. What had to go for it and rests on disk is in `evicted`.
    pub(crate) fn begin(
        &self,
        key: &TallyKey,
        settings: &Settings,
        now: Timestamp,
        evicted: &mut Vec<TallyKey>,
    ) -> Begun {
        let rule = settings.lock_rule(key.scope);
        let mut place = self.of(key).place(key);
        if let Some(entry) = place.value() {
            return Begun { standing: entry.change(|tally| tally.begin(rule, now)), refused: entry.refused };
        }
        if place.len() >= self.shard_max && !self.make_room(&mut place, settings, now, evicted) {
            return Begun { standing: Standing::Full, refused: 0 };
        }
        let mut entry = self.first(place.hash(), rule, now);
        let standing = entry.change(|tally| tally.begin(rule, now));
        place.insert(key.into(), entry);
        Begun { standing, refused: 0 }
    }

    /// Whether the count holds nothing any more: no attempt in flight, and no failure that is younger than its window.
    pub(crate) fn is_clean(&self, key: &TallyKey, settings: &Settings, now: Timestamp) -> bool {
        let is_clean = |entry: &Entry| entry.tally().is_idle(settings.lock_rule(key.scope), now);
        self.of(key).peek(key, |entry| entry.is_none_or(is_clean))
    }

    /// What the count says, without taking a place.
    pub(crate) fn standing(&self, key: &TallyKey, settings: &Settings, now: Timestamp) -> Standing {
        self.tally(key).standing(settings.lock_rule(key.scope), now)
    }

    /// The attempt that began was wrong.
    pub(crate) fn fail(
        &self,
        key: &TallyKey,
        settings: &Settings,
        wrong: Wrong,
        now: Timestamp,
    ) -> Option<Standing> {
        let mut place = self.of(key).place(key);
        let rule = settings.lock_rule(key.scope);
        // One that a lock reset took away meanwhile is counted anew.
        let entry = place.value_or(|key, hash| (key.into(), self.first(hash, rule, now)));
        entry.refused = wrong.print.unwrap_or(0);
        let lock =
            entry.change(|tally| tally.fail(rule, Some(wrong.from), now).or_else(|| tally.noted(rule)));
        self.note(key, &entry.tally());
        lock
    }

    /// An attempt that took no place here was wrong.
    pub(crate) fn hear_of(
        &self,
        key: &TallyKey,
        settings: &Settings,
        from: IpAddr,
        now: Timestamp,
    ) -> Option<Standing> {
        let mut place = self.of(key).place(key);
        let rule = settings.lock_rule(key.scope);
        let entry = place.value_or(|key, hash| (key.into(), self.first(hash, rule, now)));
        let lock = entry.change(|tally| tally.hear_of(rule, from, now));
        self.note(key, &entry.tally());
        lock
    }

    /// The attempt that began never ended: if its place is still there, it is a failure.
    pub(crate) fn abandon(&self, key: &TallyKey, settings: &Settings, now: Timestamp) -> Option<Standing> {
        let mut place = self.of(key).place(key);
        let entry = place.value().filter(|entry| entry.in_flight() > 0)?;
        let lock = entry.change(|tally| tally.fail(settings.lock_rule(key.scope), None, now));
        self.note(key, &entry.tally());
        lock
    }

    /// Under the lock of the entry, so that the last note is of the last failure.
    fn note(&self, key: &TallyKey, tally: &Tally) {
        if let Some(pending) = &self.pending {
            pending.note(key, tally);
        }
    }

    /// The attempt that began was right.
    pub(crate) fn succeed(&self, key: &TallyKey, from: IpAddr) -> Succeeded {
        self.change(key, |tally| {
            let failures = tally.failures;
            tally.succeed(from);
            if tally.failures < failures { Succeeded::Cleared } else { Succeeded::Plain }
        })
        .unwrap_or(Succeeded::Plain)
    }

    /// The attempt that began was no failure.
    pub(crate) fn give_back(&self, key: &TallyKey) {
        self.change(key, Tally::give_back);
    }

    /// Forgets a count but for the attempts that are being checked; a row of it is gone too.
    pub(crate) fn clear(&self, key: &TallyKey) {
        let mut place = self.of(key).place(key);
        if let Some(entry) = place.value() {
            *entry = Entry::of(&Tally { in_flight: entry.in_flight(), ..Tally::default() });
        }
        self.faded.forget(place.hash());
        if let Some(pending) = &self.pending {
            pending.reset(key);
        }
        forget_if_empty(&mut place);
    }

    /// Notes that a row stands for this count now, as [`row_of`](Self::row_of) said last.
    pub(crate) fn keep(&self, key: &TallyKey) {
        if let Some(entry) = self.of(key).place(key).value() {
            entry.keep();
        }
        if let Some(pending) = &self.pending {
            pending.rest(key);
        }
    }

    /// The count; the empty one when there is none.
    pub(crate) fn tally(&self, key: &TallyKey) -> Tally {
        self.of(key).peek(key, |entry| entry.map_or_else(Tally::default, Entry::tally))
    }

    /// What should rest on disk for this count; `None` = nothing. Asked by the writer alone, when it plans the row.
    pub(crate) fn row_of(&self, key: &TallyKey) -> Option<Tally> {
        if let Some(pending) = &self.pending {
            pending.plan(key);
        }
        let tally = Tally { in_flight: 0, ..self.tally(key) };
        (tally != Tally::default()).then_some(tally)
    }

    /// The counts that are locked at `now`.
    pub(crate) fn locked(&self, settings: &Settings, now: Timestamp) -> Vec<(TallyKey, Tally)> {
        let mut locked = Vec::new();
        self.each(|key, entry| {
            let tally = entry.tally();
            let standing = tally.standing(settings.lock_rule(key.scope), now);
            if let Standing::Locked { until } = standing {
                locked.push((key.unpacked(), Tally { locked_until: until, ..tally }));
            }
        });
        locked
    }

    /// Drops those that are idle, and takes back those from the future; the keys of those whose rows change by it.
    pub(crate) fn sweep(&self, settings: &Settings, now: Timestamp) -> Vec<TallyKey> {
        let mut gone = Vec::new();
        let mut keep = |key: &Key, entry: &mut Entry| {
            let is_idle = entry.tally().is_idle(settings.lock_rule(key.scope), now);
            let is_taken_back = entry.change(|tally| tally.take_back(now));
            if (is_idle || is_taken_back) && entry.is_kept() {
                gone.push(key.unpacked());
            }
            !is_idle
        };
        self.tallies.retain(&mut keep);
        self.lanes.retain(&mut keep);
        self.faded.sweep(now);
        gone
    }

    /// Whether a lock has ended since this was asked the last time.
    pub(crate) fn has_unlocked(&self, now: Timestamp) -> bool {
        let asked_at = Timestamp(self.asked_at.swap(now.0, Ordering::Relaxed));
        let mut has_unlocked = false;
        self.each(|_, entry| {
            let ended = |until: Timestamp| asked_at < until && until <= now;
            has_unlocked |= entry.locked_until().is_some_and(ended);
        });
        has_unlocked
    }

    /// Counts that hold a lock, ended ones not forgotten yet among them.
    pub(crate) fn locks_held(&self) -> usize {
        let mut locks = 0;
        self.each(|_, entry| {
            locks += usize::from(entry.is_permanent() || entry.locked_until().is_some());
        });
        locks
    }

    pub(crate) fn len(&self) -> usize {
        self.tallies.len() + self.lanes.len()
    }

    /// Changes a tally that is there, and forgets it when nothing is left of it.
    fn change<R>(&self, key: &TallyKey, change: impl FnOnce(&mut Tally) -> R) -> Option<R> {
        let mut place = self.of(key).place(key);
        let answer = place.value().map(|entry| entry.change(change));
        forget_if_empty(&mut place);
        answer
    }

    /// The count of one that has none: empty, or what is remembered of the one that had to go. It locks nothing: what is
    /// remembered may be somebody else's.
    fn first(&self, hash: u64, rule: &LockRule, now: Timestamp) -> Entry {
        let Some(Remembered { failures, since }) = self.faded.recall(hash, rule.window, now) else {
            return Entry::default();
        };
        let failures = failures.min(u16::from(rule.failures_max.saturating_sub(1)));
        let origin = Origin::Several;
        Entry::of(&Tally { failures, window_at: since, failed_at: since, origin, ..Tally::default() })
    }

    /// Remembers the failures of a count that goes. One that was locked is locked again by the next failure.
    fn fade(&self, hash: u64, tally: &Tally, rule: &LockRule, now: Timestamp) {
        let held = if is_locked(tally, rule, now) {
            Remembered { failures: u16::from(rule.failures_max.saturating_sub(1)), since: now }
        } else {
            Remembered { failures: tally.failures, since: tally.window_at }
        };
        self.faded.take(hash, held, rule.window, now);
    }

    /// Makes room for an eighth of a full shard, so that the search is not done again for each newcomer.
    fn make_room(
        &self,
        place: &mut Place<'_, Key, Entry, TallyKey>,
        settings: &Settings,
        now: Timestamp,
        evicted: &mut Vec<TallyKey>,
    ) -> bool {
        let excess = place.len() / 8 + 1;
        // Idle ones, then unlocked ones by age, then locks by their end; those in flight never.
        let rank = |key: &Key, entry: &Entry| {
            let tally = entry.tally();
            let rule = settings.lock_rule(key.scope);
            if tally.is_idle(rule, now) {
                (0, 0)
            } else if !is_locked(&tally, rule, now) {
                (1, tally.failed_at.0)
            } else if tally.is_permanent {
                (3, tally.failed_at.0)
            } else {
                (2, tally.locked_until.map_or(0, |until| until.0))
            }
        };
        let mut candidates: Vec<((u8, u64), Key)> = place
            .neighbours()
            .filter(|(_, entry)| entry.in_flight() == 0)
            .map(|(key, entry)| (rank(key, entry), key.clone()))
            .collect();
        if candidates.len() > excess {
            candidates.select_nth_unstable_by_key(excess, |(rank, _)| *rank);
        }
        candidates.truncate(excess);
        let has_any = !candidates.is_empty();
        // A lock goes only where nothing else is left, and then one alone.
        if candidates.iter().all(|((rank, _), _)| *rank >= 2) {
            candidates.sort_unstable_by_key(|(rank, _)| *rank);
            candidates.truncate(1);
        } else {
            candidates.retain(|((rank, _), _)| *rank < 2);
        }
        for (_, key) in candidates {
            let Some((hash, entry)) = place.remove_neighbour(&key) else { continue };
            self.fade(hash, &entry.tally(), settings.lock_rule(key.scope), now);
            if entry.is_kept() {
                evicted.push(key.unpacked());
            }
        }
        has_any
    }
}

fn forget_if_empty(place: &mut Place<'_, Key, Entry, TallyKey>) {
    // One with a row stays until the row is gone, or a sweep finds it idle.
    if place.value().is_some_and(|entry| entry.tally() == Tally::default() && !entry.is_kept()) {
        place.remove();
    }
}

fn is_locked(tally: &Tally, rule: &LockRule, now: Timestamp) -> bool {
    matches!(tally.standing(rule, now), Standing::Locked { .. })
}

#[cfg(test)]
mod tests {
    use signin::{
        ident::{DomainId, FoldedName},
        interface::CountScope,
        timestamp::Seconds,
    };

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn key(name: &str) -> TallyKey {
        TallyKey::open(CountScope::Extension, DomainId::FIRST, FoldedName::of(name))
    }

    fn fail(counts: &Counts, name: &str, times: u32, now: Timestamp) {
        let settings = Settings::default();
        for _ in 0..times {
            assert_eq!(counts.begin(&key(name), &settings, now, &mut Vec::new()).standing, Standing::Open);
            counts.abandon(&key(name), &settings, now);
        }
    }

    #[test]
    fn counts_stay_within_their_bound_and_locks_outlive_a_flood() {
        let counts = Counts::new(SHARDS * 16);
        for n in 0..100 {
            fail(&counts, &format!("locked {n}"), 5, NOW);
        }
        for n in 0..10_000 {
            fail(&counts, &format!("flood {n}"), 1, NOW.after(Seconds(1)));
        }
        assert!(counts.len() <= SHARDS * 16, "{}", counts.len());
        assert_eq!(counts.locked(&Settings::default(), NOW.after(Seconds(2))).len(), 100);
    }

    #[test]
    fn a_flood_of_others_washes_no_failure_away() {
        let counts = Counts::new(SHARDS * 16);
        let settings = Settings::default();
        let mut now = NOW;
        for round in 1..=5 {
            assert_eq!(counts.tally(&key("victim")), Tally::default(), "it has been pushed out");
            let begun = counts.begin(&key("victim"), &settings, now, &mut Vec::new());
            assert_eq!(begun.standing, Standing::Open, "{round}");
            assert_eq!(counts.tally(&key("victim")).failures, round - 1);
            let wrong = Wrong { from: "192.0.2.1".parse().unwrap(), print: None };
            let lock = counts.fail(&key("victim"), &settings, wrong, now);
            assert_eq!(lock.is_some(), round == 5);
            for n in 0..10_000 {
                fail(&counts, &format!("flood {round} {n}"), 1, now.after(Seconds(1)));
            }
            now = now.after(Seconds(60));
        }
        // What an administrator resets is not remembered, and nothing for longer than the window.
        fail(&counts, "reset", 4, now);
        fail(&counts, "over", 4, now);
        for n in 0..10_000 {
            fail(&counts, &format!("flood {n}"), 1, now.after(Seconds(1)));
        }
        assert_eq!(counts.tally(&key("reset")).failures, 0, "pushed out");
        counts.clear(&key("reset"));
        fail(&counts, "reset", 4, now.after(Seconds(2)));
        fail(&counts, "over", 4, now.after(Seconds(602)));
    }

    #[test]
    fn what_may_be_somebody_elses_locks_nothing() {
        let (counts, settings) = (Counts::new(SHARDS), Settings::default());
        let somebody = Remembered { failures: 9, since: NOW };
        let hash = counts.tallies.place(&key("newcomer")).hash();
        counts.faded.take(hash, somebody, Seconds::minutes(10), NOW);
        let begun = counts.begin(&key("newcomer"), &settings, NOW, &mut Vec::new());
        assert_eq!(begun.standing, Standing::Open);
        assert_eq!(counts.tally(&key("newcomer")).failures, 4);
    }

    #[test]
    fn a_lock_that_is_pushed_out_is_set_again_by_the_next_failure() {
        let counts = Counts::new(SHARDS);
        let settings = Settings::default();
        fail(&counts, "first", 5, NOW);
        for n in 0..1000 {
            fail(&counts, &format!("{n}"), 5, NOW.after(Seconds(1)));
        }
        assert_eq!(counts.tally(&key("first")), Tally::default(), "pushed out");
        let now = NOW.after(Seconds(30));
        assert_eq!(counts.begin(&key("first"), &settings, now, &mut Vec::new()).standing, Standing::Open);
        assert!(counts.abandon(&key("first"), &settings, now).is_some());
    }

    #[test]
    fn a_flood_of_locks_pushes_out_those_that_end_soonest() {
        let counts = Counts::new(SHARDS);
        for n in 0..1000 {
            fail(&counts, &format!("{n}"), 5, NOW.after(Seconds(n)));
        }
        assert!(counts.len() <= SHARDS);
        let locked = counts.locked(&Settings::default(), NOW.after(Seconds(1000)));
        assert!(locked.iter().any(|(locked, _)| *locked == key("999")));
    }

    #[test]
    fn what_is_being_checked_is_never_pushed_out() {
        let counts = Counts::new(SHARDS);
        let settings = Settings::default();
        let mut open = Vec::new();
        for n in 0..1000 {
            let key = key(&format!("{n}"));
            if counts.begin(&key, &settings, NOW, &mut Vec::new()).standing == Standing::Open {
                open.push(key);
            }
        }
        assert_eq!(open.len(), counts.len());
        assert!(open.iter().all(|key| counts.tally(key).in_flight == 1));
        // Where no room is left, one has to wait a moment; then there is room again.
        open.iter().for_each(|key| counts.give_back(key));
        assert_eq!(counts.len(), 0);
    }

    #[test]
    fn a_kept_count_that_is_pushed_out_or_idle_is_named_so_that_its_row_goes_too() {
        let counts = Counts::new(SHARDS);
        fail(&counts, "kept", 1, NOW);
        counts.keep(&key("kept"));
        let much_later = NOW.after(Seconds::days(2));
        assert_eq!(counts.sweep(&Settings::default(), NOW), []);
        assert_eq!(counts.sweep(&Settings::default(), much_later), [key("kept")]);
        fail(&counts, "kept", 1, NOW);
        counts.keep(&key("kept"));
        let mut evicted = Vec::new();
        for n in 0..1000 {
            counts.begin(&key(&format!("{n}")), &Settings::default(), NOW, &mut evicted);
        }
        assert_eq!(evicted, [key("kept")]);
    }

    #[test]
    fn what_a_flood_took_is_given_back_when_it_is_over() {
        let counts = Counts::new(TALLIES_MAX);
        for n in 0..50_000 {
            fail(&counts, &format!("flood {n}"), 1, NOW);
        }
        assert!(counts.tallies.room() >= 50_000);
        counts.sweep(&Settings::default(), NOW.after(Seconds::days(2)));
        assert_eq!(counts.len(), 0);
        assert!(counts.tallies.room() < 1000, "{}", counts.tallies.room());
    }

    #[test]
    fn a_lock_lasts_no_longer_when_the_clock_was_set_back() {
        let counts = Counts::new(SHARDS);
        fail(&counts, "locked", 5, NOW);
        counts.keep(&key("locked"));
        let a_year_before = Timestamp(NOW.0 - 365 * 86_400_000);
        let settings = Settings::default();
        assert_eq!(counts.sweep(&settings, a_year_before), [key("locked")]);
        assert_eq!(counts.locked(&settings, a_year_before.after(Seconds(599))).len(), 1);
        assert_eq!(counts.locked(&settings, a_year_before.after(Seconds(600))).len(), 0);
        assert_eq!(counts.sweep(&settings, a_year_before), []);
    }

    #[test]
    fn the_end_of_a_lock_is_noticed_once() {
        let counts = Counts::new(SHARDS);
        counts.has_unlocked(NOW);
        fail(&counts, "locked", 5, NOW);
        assert!(!counts.has_unlocked(NOW.after(Seconds(599))));
        assert!(counts.has_unlocked(NOW.after(Seconds(600))));
        assert!(!counts.has_unlocked(NOW.after(Seconds(601))));
    }
}
