//! The clock: the one place that looks at the time. Everybody else is told.
//!
//! The system goes by a running clock: the wall clock's time at the start, carried on by a steady one that nobody can
//! set. docs/decisions/0006-the-running-clock.md says why, and when it follows the wall clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use nix::time::{ClockId, clock_gettime};
use signin::timestamp::Timestamp;

/// A wall clock that is further away than this was set by somebody, and is not followed. Microseconds.
const APART: i64 = 60_000_000;
/// One microsecond in so many is what the running clock may be slewed by: 500 parts in a million.
const SLEW: i64 = 2000;

/// Tells the time: the machine's, or in tests one that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Running(Arc<Running>),
    Hand(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's clock as it is now, running on from there.
    pub fn machine() -> Self {
        Self(Source::Running(Arc::new(Running::start(steady(), wall()))))
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
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Running(running) => running.at(steady()),
            Source::Hand(millis) => Timestamp(millis.load(Ordering::Relaxed)),
        }
    }

    /// Follows the wall clock a little way, and says so in the log when somebody has set it. To be called every few
    /// seconds, by one task.
    pub fn follow(&self) {
        let Source::Running(running) = &self.0 else { return };
        match running.follow(steady(), wall()) {
            Followed::Closely => {}
            Followed::NoMore { seconds } => tracing::warn!(
                seconds,
                "the machine's clock was set; the system goes on by its own until the next start"
            ),
            Followed::Again => tracing::info!("the machine's clock is right again"),
        }
    }

    /// By how many seconds the wall clock is ahead, where somebody has set it since the start.
    pub fn seconds_apart(&self) -> Option<i64> {
        let Source::Running(running) = &self.0 else { return None };
        let apart = running.apart.load(Ordering::Relaxed);
        (apart != 0).then_some(apart / 1_000_000)
    }

    /// Starts measuring how long something takes; real time, whatever the clock shows.
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Instant::now())
    }
}

/// The running clock. Everything in microseconds; what the two other clocks show is an argument.
#[derive(Debug)]
struct Running {
    /// How far it is ahead of the steady clock.
    ahead: AtomicI64,
    /// What the steady clock showed when the wall clock was last followed.
    followed_at: AtomicI64,
    /// How far ahead the wall clock was when it was last said that somebody had set it; 0 = nobody has.
    apart: AtomicI64,
}

/// What came of following the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followed {
    /// The two are together, or apart as was said before.
    Closely,
    /// Somebody has set the wall clock, which is now so far ahead.
    NoMore {
        /// Negative = behind.
        seconds: i64,
    },
    /// It is together with the wall clock again.
    Again,
}

impl Running {
    const fn start(steady: i64, wall: i64) -> Self {
        Self {
            ahead: AtomicI64::new(wall.saturating_sub(steady)),
            followed_at: AtomicI64::new(steady),
            apart: AtomicI64::new(0),
        }
    }

    fn at(&self, steady: i64) -> Timestamp {
        let micros = steady.saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp(u64::try_from(micros / 1000).unwrap_or(0))
    }

    fn follow(&self, steady: i64, wall: i64) -> Followed {
        let passed = steady.saturating_sub(self.followed_at.swap(steady, Ordering::Relaxed));
        let difference = wall.saturating_sub(steady.saturating_add(self.ahead.load(Ordering::Relaxed)));
        let told = self.apart.load(Ordering::Relaxed);
        if difference.saturating_abs() <= APART {
            // A few milliseconds each time; backwards nobody sees more than that of it.
            let most = passed.max(0) / SLEW;
            self.ahead.fetch_add(difference.clamp(-most, most), Ordering::Relaxed);
            self.apart.store(0, Ordering::Relaxed);
            return if told == 0 { Followed::Closely } else { Followed::Again };
        }
        if difference.saturating_sub(told).saturating_abs() <= APART {
            return Followed::Closely;
        }
        self.apart.store(difference, Ordering::Relaxed);
        Followed::NoMore { seconds: difference / 1_000_000 }
    }
}

/// Microseconds that the machine has been up, its sleep included.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
fn steady() -> i64 {
    // Linux refuses only clocks that it does not have, and it has had this one since 2011.
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_or(0, |time| time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_nsec() / 1000))
}

/// Microseconds since 1970, as whoever set the machine's clock believes.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
fn wall() -> i64 {
    // Before 1970 there was no SIP: a machine that believes so gets zero, and refuses nothing by it.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
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

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;
    const YEAR: i64 = 365 * 24 * HOUR;
    /// What the wall clock shows when the machine has been up for an hour.
    const NOON: i64 = 1_800_000_000 * SECOND;

    /// A minute of following every five seconds, with the wall clock so far from where it was at the start.
    fn a_minute(running: &Running, steady: &mut i64, jump: i64) -> Vec<Followed> {
        let mut steps = Vec::new();
        for _ in 0..12 {
            *steady += 5 * SECOND;
            steps.push(running.follow(*steady, NOON + *steady - HOUR + jump));
        }
        steps.retain(|step| *step != Followed::Closely);
        steps
    }

    fn millis(micros: i64) -> Timestamp {
        Timestamp(u64::try_from(micros / 1000).expect("after 1970"))
    }

    #[test]
    fn a_wall_clock_that_jumps_takes_the_running_clock_nowhere_and_is_told_once() {
        for jump in [61 * SECOND, HOUR, 24 * HOUR, YEAR, 40 * YEAR] {
            for jump in [jump, -jump] {
                let (running, mut steady) = (Running::start(HOUR, NOON), HOUR);
                assert_eq!(a_minute(&running, &mut steady, 0), []);
                let told = a_minute(&running, &mut steady, jump);
                assert_eq!(told, [Followed::NoMore { seconds: jump / SECOND }]);
                assert_eq!(running.at(steady), millis(NOON + 120 * SECOND), "after {jump}");
                // It passes for as long as it should, whatever the wall clock shows.
                assert_eq!(a_minute(&running, &mut steady, jump), []);
                assert_eq!(running.at(steady), millis(NOON + 180 * SECOND), "after {jump}");
                assert_eq!(a_minute(&running, &mut steady, 0), [Followed::Again]);
                assert_eq!(running.apart.load(Ordering::Relaxed), 0);
            }
        }
    }

    #[test]
    fn a_wall_clock_that_jumps_again_is_told_again() {
        let (running, mut steady) = (Running::start(HOUR, NOON), HOUR);
        assert_eq!(a_minute(&running, &mut steady, HOUR), [Followed::NoMore { seconds: 3600 }]);
        assert_eq!(a_minute(&running, &mut steady, HOUR + 30 * SECOND), []);
        assert_eq!(a_minute(&running, &mut steady, -HOUR), [Followed::NoMore { seconds: -3600 }]);
    }

    #[test]
    fn a_small_difference_is_made_up_for_slowly_and_completely() {
        for jump in [SECOND, -SECOND] {
            let (running, mut steady) = (Running::start(HOUR, NOON), HOUR);
            let right = |steady: i64| NOON + steady - HOUR + jump;
            assert_eq!(a_minute(&running, &mut steady, jump), []);
            let after_a_minute = running.at(steady).0.abs_diff(millis(right(steady)).0);
            assert_eq!(after_a_minute, 970, "500 parts in a million of a minute are 30 milliseconds");
            for _ in 0..60 {
                a_minute(&running, &mut steady, jump);
            }
            assert_eq!(running.at(steady), millis(right(steady)));
        }
    }

    #[test]
    fn a_clock_by_hand_stands_until_it_is_moved_and_its_clones_with_it() {
        let clock = Clock::by_hand(Timestamp(1000));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(2));
        clock.follow();
        assert_eq!((clone.now(), clone.seconds_apart()), (Timestamp(3000), None));
    }

    #[test]
    fn the_machines_clock_runs_and_is_past_the_year_2020() {
        let clock = Clock::machine();
        let first = clock.now();
        assert!(first > Timestamp(1_577_836_800_000));
        while clock.now() == first {}
        clock.follow();
        assert!(clock.now() > first);
        assert_eq!(clock.seconds_apart(), None);
    }
}
