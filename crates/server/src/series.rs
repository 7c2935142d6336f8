//! The course of sign-ins: how many were let in and how many were not, by interface, in each minute of a day and each hour of
//! a week.
//!
//! Nothing is counted for it: every few seconds what the metrics have counted since the last look is added to the minute that
//! is. So the phones' way has no part in it, and a flood costs here what calm costs. It is kept in a file of its own, which is
//! no record: whatever must be proved is in the audit.

use std::{collections::VecDeque, io};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use signin::{
    interface::{INTERFACES, LoginInterface},
    timestamp::Timestamp,
};

use crate::{data_folder::DataFolder, metrics::Metrics};

/// Where it is kept.
const FILE: &str = "sign-ins.json";
/// Minutes that are kept, one by one.
const MINUTES: usize = 24 * 60;
/// Hours that are kept, one by one.
const HOURS: usize = 7 * 24;
const MINUTE_MS: u64 = 60_000;
/// A file from further ahead than this was written by a clock that was wrong.
const AHEAD_MAX: u64 = 60;

/// How an attempt ended, as the course tells it. Challenges are no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Let in.
    Accepted,
    /// Not let in.
    Refused,
}

impl Ending {
    /// Both, in the order of [`Metrics::endings`].
    pub const ALL: [Self; 2] = [Self::Accepted, Self::Refused];
}

/// How far back somebody looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// The last hour, by minutes.
    Hour,
    /// The last day, by half hours.
    #[default]
    Day,
    /// The last week, by three hours.
    Week,
}

impl Span {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// How many minutes one bar stands for, and how many bars there are.
    const fn bars(self) -> (u64, usize) {
        match self {
            Self::Hour => (1, 60),
            Self::Day => (30, 48),
            Self::Week => (180, 56),
        }
    }
}

/// What one interface did in a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Which.
    pub interface: LoginInterface,
    /// When each bar begins, the oldest first.
    pub starts: Vec<Timestamp>,
    /// Let in, by bar.
    pub accepted: Vec<u64>,
    /// Not let in, by bar.
    pub refused: Vec<u64>,
}

impl Course {
    /// Whether nothing happened at all.
    pub fn is_quiet(&self) -> bool {
        self.accepted.iter().chain(&self.refused).all(|count| *count == 0)
    }
}

/// The course of all interfaces.
#[derive(Debug, Default)]
pub struct Series(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The newest minute, in minutes since 1970.
    minute: u64,
    /// What the metrics said at the last look.
    seen: Vec<[u64; 2]>,
    rows: Vec<Row>,
    is_saved: bool,
}

/// One interface and ending. The newest stands last.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    interface: LoginInterface,
    ending: Ending,
    minutes: VecDeque<u32>,
    hours: VecDeque<u32>,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u8,
    minute: u64,
    rows: Vec<Row>,
}

impl Series {
    /// Goes on where the file ends. One that cannot be read is begun anew: it is no record.
    pub fn open(folder: &DataFolder, now: Timestamp) -> Self {
        let read = match folder.read(FILE) {
            Ok(bytes) => bytes.map(|bytes| serde_json::from_slice::<Saved>(&bytes).map_err(io::Error::other)),
            Err(error) => Some(Err(error)),
        };
        let saved = match read.transpose() {
            Ok(saved) => saved,
            Err(error) => {
                tracing::warn!(file = FILE, %error, "the course of sign-ins is begun anew");
                None
            }
        };
        Self(Mutex::new(Kept::of(saved, now.0 / MINUTE_MS)))
    }

    /// Adds what was counted since the last look.
    pub fn look(&self, metrics: &Metrics, now: Timestamp) {
        self.0.lock().add(&metrics.endings(), now.0 / MINUTE_MS);
    }

    /// The course of every interface that somebody can sign in by.
    pub fn courses(&self, span: Span) -> Vec<Course> {
        let kept = self.0.lock();
        let rows = INTERFACES.iter().filter(|row| !row.opens_with.is_empty());
        rows.map(|row| {
            let [accepted, refused] = Ending::ALL.map(|ending| kept.bars(row.interface, ending, span));
            Course { interface: row.interface, starts: kept.starts(span), accepted, refused }
        })
        .collect()
    }

    /// Writes it down, if there is anything new.
    ///
    /// # Errors
    /// The file cannot be written; it is tried again the next time.
    pub fn save(&self, folder: &DataFolder) -> io::Result<()> {
        let bytes = {
            let mut kept = self.0.lock();
            if std::mem::replace(&mut kept.is_saved, true) {
                return Ok(());
            }
            let saved = Saved { version: 1, minute: kept.minute, rows: kept.rows.clone() };
            serde_json::to_vec(&saved).map_err(io::Error::other)?
        };
        folder.write(FILE, &bytes).inspect_err(|_| self.0.lock().is_saved = false)
    }
}

impl Kept {
    fn of(saved: Option<Saved>, minute: u64) -> Self {
        let saved =
            saved.filter(|saved| saved.version == 1 && saved.minute <= minute.saturating_add(AHEAD_MAX));
        let (since, mut old) = saved.map_or((minute, Vec::new()), |saved| (saved.minute, saved.rows));
        let rows = INTERFACES.iter().flat_map(|of| Ending::ALL.map(|ending| (of.interface, ending)));
        let rows = rows.map(|(interface, ending)| {
            let known = old.iter().position(|row| (row.interface, row.ending) == (interface, ending));
            let mut row = known.map_or_else(|| Row::new(interface, ending), |at| old.swap_remove(at));
            fit(&mut row.minutes, MINUTES);
            fit(&mut row.hours, HOURS);
            row
        });
        let mut kept = Self { minute: since, seen: Vec::new(), rows: rows.collect(), is_saved: true };
        kept.go_on(minute);
        kept
    }

    /// Makes room for the minutes that have passed.
    fn go_on(&mut self, minute: u64) {
        let (minutes, hours) =
            (minute.saturating_sub(self.minute), (minute / 60).saturating_sub(self.minute / 60));
        for row in &mut self.rows {
            pass(&mut row.minutes, minutes, MINUTES);
            pass(&mut row.hours, hours, HOURS);
        }
        self.minute = self.minute.max(minute);
    }

    fn add(&mut self, seen: &[[u64; 2]], minute: u64) {
        self.go_on(minute);
        let before = std::mem::replace(&mut self.seen, seen.to_vec());
        let counts = seen.iter().enumerate().flat_map(|(at, now)| {
            let before = before.get(at).copied().unwrap_or_default();
            now.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect::<Vec<_>>()
        });
        for (row, count) in self.rows.iter_mut().zip(counts) {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            for newest in [row.minutes.back_mut(), row.hours.back_mut()].into_iter().flatten() {
                *newest = newest.saturating_add(count);
            }
            self.is_saved &= count == 0;
        }
    }

    fn bars(&self, interface: LoginInterface, ending: Ending, span: Span) -> Vec<u64> {
        let (length, count) = span.bars();
        let mut bars = vec![0_u64; count];
        let Some(row) = self.rows.iter().find(|row| (row.interface, row.ending) == (interface, ending))
        else {
            return bars;
        };
        let (values, one, newest) = match span {
            Span::Hour | Span::Day => (&row.minutes, 1, self.minute),
            Span::Week => (&row.hours, 60, self.minute / 60),
        };
        let last = self.minute / length;
        for (ago, value) in values.iter().rev().enumerate() {
            let at =
                newest.saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX)).saturating_mul(one) / length;
            let back = usize::try_from(last.saturating_sub(at)).unwrap_or(usize::MAX);
            if let Some(bar) = count.checked_sub(back.saturating_add(1)).and_then(|place| bars.get_mut(place))
            {
                *bar += u64::from(*value);
            }
        }
        bars
    }

    fn starts(&self, span: Span) -> Vec<Timestamp> {
        let (length, count) = span.bars();
        let last = self.minute / length;
        let first = last.saturating_sub(u64::try_from(count).unwrap_or(0).saturating_sub(1));
        (first..=last).map(|bar| Timestamp(bar * length * MINUTE_MS)).collect()
    }
}

impl Row {
    fn new(interface: LoginInterface, ending: Ending) -> Self {
        Self { interface, ending, minutes: VecDeque::new(), hours: VecDeque::new() }
    }
}

/// As many as there shall be: the newest of them, or nothing before.
fn fit(values: &mut VecDeque<u32>, count: usize) {
    while values.len() > count {
        values.pop_front();
    }
    while values.len() < count {
        values.push_front(0);
    }
}

fn pass(values: &mut VecDeque<u32>, steps: u64, count: usize) {
    for _ in 0..usize::try_from(steps).unwrap_or(count).min(count) {
        values.pop_front();
        values.push_back(0);
    }
}

#[cfg(test)]
mod tests {
    use signin::verdict::Verdict;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn later(minutes: u64) -> Timestamp {
        Timestamp(NOW.0 + minutes * MINUTE_MS)
    }

    fn sum(series: &Series, span: Span) -> (u64, u64) {
        let phones =
            series.courses(span).into_iter().find(|of| of.interface == LoginInterface::SipRegistration);
        phones.map_or((0, 0), |of| (of.accepted.iter().sum(), of.refused.iter().sum()))
    }

    #[test]
    fn what_the_metrics_count_is_in_the_minute_in_which_it_was_counted_and_leaves_the_picture_in_time() {
        let (series, metrics) = (Series(Mutex::new(Kept::of(None, NOW.0 / MINUTE_MS))), Metrics::new());
        let try_it = |verdict| metrics.signed_in(LoginInterface::SipRegistration, &verdict);
        series.look(&metrics, NOW);
        for _ in 0..3 {
            try_it(Verdict::Reject);
        }
        try_it(Verdict::Wait { until: None });
        try_it(Verdict::Challenge);
        series.look(&metrics, NOW);
        series.look(&metrics, later(2));
        try_it(Verdict::Reject);
        series.look(&metrics, later(2));
        let courses = series.courses(Span::Hour);
        let phones = courses.iter().find(|of| of.interface == LoginInterface::SipRegistration).unwrap();
        assert_eq!(phones.refused.get(57..), Some([4, 0, 1].as_slice()), "a challenge is no end");
        assert_eq!((phones.starts.len(), phones.starts.last()), (60, Some(&later(2))));
        assert_eq!([Span::Hour, Span::Day, Span::Week].map(|span| sum(&series, span)), [(0, 5); 3]);
        series.look(&metrics, later(60));
        assert_eq!(sum(&series, Span::Hour), (0, 1));
        series.look(&metrics, later(26 * 60));
        assert_eq!((sum(&series, Span::Day), sum(&series, Span::Week)), ((0, 0), (0, 5)));
        series.look(&metrics, later(9 * 24 * 60));
        assert_eq!(sum(&series, Span::Week), (0, 0));
    }

    #[test]
    fn every_bar_of_every_span_adds_up_to_what_was_counted_wherever_the_minute_lies() {
        for begin in 0..200 {
            let (series, metrics) = (Series::default(), Metrics::new());
            series.0.lock().clone_from_minute(later(begin).0 / MINUTE_MS);
            for minute in 0..180 {
                metrics.signed_in(LoginInterface::SipRegistration, &Verdict::Reject);
                series.look(&metrics, later(begin + minute));
            }
            assert_eq!(sum(&series, Span::Hour), (0, 60), "{begin}");
            assert_eq!([Span::Day, Span::Week].map(|span| sum(&series, span)), [(0, 180); 2], "{begin}");
        }
    }

    impl Kept {
        fn clone_from_minute(&mut self, minute: u64) {
            *self = Self::of(None, minute);
        }
    }

    #[test]
    fn a_restart_loses_nothing_and_what_passed_meanwhile_is_empty() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        let (series, metrics) = (Series::open(&folder, NOW), Metrics::new());
        metrics.signed_in(LoginInterface::SipRegistration, &Verdict::Reject);
        series.look(&metrics, NOW);
        series.save(&folder).unwrap();
        let again = Series::open(&folder, later(10));
        let courses = again.courses(Span::Hour);
        let phones = courses.iter().find(|of| of.interface == LoginInterface::SipRegistration).unwrap();
        assert_eq!(phones.refused.iter().rposition(|count| *count == 1), Some(49));
        // The metrics begin anew with the program: nothing is counted twice.
        again.look(&Metrics::new(), later(10));
        assert_eq!(sum(&again, Span::Day), (0, 1));
        folder.write(FILE, b"{").unwrap();
        assert_eq!(sum(&Series::open(&folder, NOW), Span::Day), (0, 0), "what cannot be read is begun anew");
        series.0.lock().is_saved = false;
        series.save(&folder).unwrap();
        let before = Timestamp(NOW.0 - 48 * 3_600_000);
        assert_eq!(
            sum(&Series::open(&folder, before), Span::Day),
            (0, 0),
            "written by a clock that was wrong"
        );
    }
}
