//! The clock: the one place that looks at the time. Everybody else is told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use signin::timestamp::Timestamp;

/// Tells the time: the machine's, or in tests one that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Hand(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's clock.
    pub const fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that starts at `at` and moves only by [`advance`](Self::advance); its clones move with it.
    pub fn by_hand(at: Timestamp) -> Self {
        Self(Source::Hand(Arc::new(AtomicU64::new(at.0))))
    }

    /// Moves a clock made by [`by_hand`](Self::by_hand); the machine's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Hand(millis) = &self.0 {
            millis.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Machine => {
                // Before 1970 there was no SIP: a machine that believes so gets zero, and refuses nothing by it.
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
            }
            Source::Hand(millis) => Timestamp(millis.load(Ordering::Relaxed)),
        }
    }

    /// Starts measuring how long something takes; real time, whatever the clock shows.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Instant::now())
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_by_hand_stands_until_it_is_moved_and_its_clones_with_it() {
        let clock = Clock::by_hand(Timestamp(1000));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(clone.now(), Timestamp(3000));
    }

    #[test]
    fn the_machines_clock_is_past_the_year_2020() {
        assert!(Clock::machine().now() > Timestamp(1_577_836_800_000));
    }
}
