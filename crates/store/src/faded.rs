//! Faded: what is left of counts that had to go in a flood, so that nobody washes failures away by making others.
//!
//! Each count that goes leaves its failures in four cells, chosen by its hash; where another one was there before, the
//! greater number and the later moment stand. Whoever comes back is given the least that the four say, which is what they had
//! or, where others share all four, more: never less. After the window of the rule a cell says nothing any more.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::RwLock;
use signin::timestamp::{Seconds, Timestamp};

/// Together 16 MB, while there are any. With a million counts in them that had to go within one window, one newcomer in seven
/// is taken for one of those.
const CELLS: usize = 1 << 22;
/// A cell's number is what is left of its hash after this shift.
const SHIFT: u32 = u64::BITS - CELLS.trailing_zeros();
/// What turns a hash into four that have nothing to do with one another: odd, and far apart.
const TURNS: [u64; 4] =
    [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x27d4_eb2f_1656_67c5];
/// The moment of a cell goes round after this many seconds: half a year.
const ROUND: u64 = 1 << 24;

/// The cells.
#[derive(Default)]
pub(crate) struct Faded {
    cells: RwLock<Option<Cells>>,
    /// Whether there are cells. Asked by everybody who signs in for the first time in a while.
    is_any: AtomicBool,
}

struct Cells {
    /// Failures in the low 8 bits; the second in which they began in the others.
    cells: Box<[AtomicU32]>,
    /// When nothing in them matters any more.
    until: AtomicU64,
}

/// Failures that are still remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) failures: u16,
    /// When the first of them was, to a second.
    pub(crate) since: Timestamp,
}

impl Faded {
    /// Remembers what a count held that goes.
    pub(crate) fn take(&self, hash: u64, held: Remembered, window: Seconds, now: Timestamp) {
        let until = held.since.after(window);
        if held.failures == 0 || until <= now {
            return;
        }
        if let Some(cells) = &*self.cells.read() {
            return cells.take(hash, held, window, until, now);
        }
        self.cells.write().get_or_insert_with(Cells::new).take(hash, held, window, until, now);
        self.is_any.store(true, Ordering::Relaxed);
    }

    /// What is remembered of the one that has this hash, under a rule with this window.
    pub(crate) fn recall(&self, hash: u64, window: Seconds, now: Timestamp) -> Option<Remembered> {
        if !self.is_any.load(Ordering::Relaxed) {
            return None;
        }
        self.cells.read().as_ref()?.recall(hash, window, now)
    }

    /// Forgets it: an administrator has reset the count. Whoever shares a cell with it is forgotten too.
    pub(crate) fn forget(&self, hash: u64) {
        if let Some(cells) = &*self.cells.read() {
            cells.of(hash).for_each(|cell| cell.store(0, Ordering::Relaxed));
        }
    }

    /// Gives the memory back when nothing in it matters any more.
    pub(crate) fn sweep(&self, now: Timestamp) {
        if !self.is_any.load(Ordering::Relaxed) {
            return;
        }
        let mut cells = self.cells.write();
        if cells.as_ref().is_some_and(|cells| cells.until.load(Ordering::Relaxed) <= now.0) {
            *cells = None;
            self.is_any.store(false, Ordering::Relaxed);
        }
    }
}

impl Cells {
    fn new() -> Self {
        Self { cells: (0..CELLS).map(|_| AtomicU32::new(0)).collect(), until: AtomicU64::new(0) }
    }

    fn of(&self, hash: u64) -> impl Iterator<Item = &AtomicU32> {
        TURNS.iter().filter_map(move |turn| {
            // The product's high bits depend on all bits of the hash.
            let at = (hash ^ turn.rotate_left(32)).wrapping_mul(*turn) >> SHIFT;
            self.cells.get(usize::try_from(at).ok()?)
        })
    }

    fn take(&self, hash: u64, held: Remembered, window: Seconds, until: Timestamp, now: Timestamp) {
        self.until.fetch_max(until.0, Ordering::Relaxed);
        let failures = held.failures.min(0xff);
        for cell in self.of(hash) {
            let put = |was: u32| {
                let (there, age) = read(was, now);
                let stands = there > 0 && age <= u64::from(window.0);
                let since = if stands { held.since.max(before(now, age)) } else { held.since };
                Some(written(if stands { failures.max(there) } else { failures }, since))
            };
            let _put = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
        }
    }

    fn recall(&self, hash: u64, window: Seconds, now: Timestamp) -> Option<Remembered> {
        let mut least = Remembered { failures: u16::MAX, since: now };
        for cell in self.of(hash) {
            let (failures, age) = read(cell.load(Ordering::Relaxed), now);
            if failures == 0 || age > u64::from(window.0) {
                return None;
            }
            least.failures = least.failures.min(failures);
            least.since = least.since.min(before(now, age));
        }
        Some(least)
    }
}

/// Failures, and how many seconds ago they began; one more than true at most.
fn read(cell: u32, now: Timestamp) -> (u16, u64) {
    let [failures, ..] = cell.to_le_bytes();
    let age = (now.0 / 1000).wrapping_sub(u64::from(cell >> 8)) % ROUND;
    (failures.into(), age)
}

fn written(failures: u16, since: Timestamp) -> u32 {
    let second = u32::try_from(since.0 / 1000 % ROUND).unwrap_or_default();
    second << 8 | u32::from(failures)
}

const fn before(now: Timestamp, age: u64) -> Timestamp {
    Timestamp(now.0.saturating_sub(age * 1000))
}

#[cfg(test)]
mod tests {
    use foldhash::quality::RandomState;
    use std::hash::BuildHasher as _;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_500);
    const WINDOW: Seconds = Seconds::minutes(10);

    fn held(failures: u16) -> Remembered {
        Remembered { failures, since: NOW }
    }

    #[test]
    fn what_is_remembered_is_never_less_than_what_was_held() {
        let (faded, state) = (Faded::default(), RandomState::default());
        let failures = |n: u32| u16::try_from(n % 9 + 1).unwrap();
        for n in 0..100_000 {
            faded.take(state.hash_one(n), held(failures(n)), WINDOW, NOW);
        }
        let mut exact = 0;
        for n in 0..100_000 {
            let said = faded.recall(state.hash_one(n), WINDOW, NOW.after(Seconds(599))).unwrap();
            assert!(said.failures >= failures(n), "{n}: {said:?}");
            assert!(said.since <= NOW && NOW.0 - said.since.0 <= 1000, "{said:?}");
            exact += u32::from(said.failures == failures(n));
        }
        assert!(exact > 99_000, "{exact}");
        let strangers = (100_000..200_000).filter(|n| faded.recall(state.hash_one(n), WINDOW, NOW).is_some());
        assert!(strangers.count() < 100, "strangers are taken for others");
    }

    #[test]
    fn after_the_window_it_is_forgotten_and_the_memory_given_back() {
        let faded = Faded::default();
        faded.take(1, held(4), WINDOW, NOW);
        let late = NOW.after(Seconds(601));
        assert_eq!(faded.recall(1, WINDOW, late), None);
        assert_eq!(faded.recall(1, Seconds::minutes(20), late).map(|said| said.failures), Some(4));
        // What is over leaves nothing to what comes.
        faded.take(1, Remembered { failures: 2, since: late }, WINDOW, late);
        assert_eq!(faded.recall(1, WINDOW, late).map(|said| said.failures), Some(2));
        faded.sweep(late.after(Seconds(599)));
        assert!(faded.cells.read().is_some());
        faded.sweep(late.after(Seconds(600)));
        assert!(faded.cells.read().is_none());
        assert_eq!(faded.recall(1, WINDOW, late), None);
    }

    #[test]
    fn the_later_moment_and_the_greater_number_stand() {
        let faded = Faded::default();
        faded.take(1, held(4), WINDOW, NOW);
        let later = NOW.after(Seconds(300));
        faded.take(1, Remembered { failures: 1, since: later }, WINDOW, later);
        let said = faded.recall(1, WINDOW, later.after(Seconds(599))).unwrap();
        assert_eq!(said.failures, 4);
        assert_eq!(said.since.0 / 1000, later.0 / 1000);
    }

    #[test]
    fn nothing_is_taken_that_says_nothing_and_what_is_reset_is_gone() {
        let faded = Faded::default();
        faded.take(1, held(0), WINDOW, NOW);
        faded.take(1, held(3), WINDOW, NOW.after(WINDOW));
        assert!(faded.cells.read().is_none());
        faded.take(1, held(3), WINDOW, NOW);
        faded.forget(1);
        assert_eq!(faded.recall(1, WINDOW, NOW), None);
    }
}
