//! Moments and lengths of time, in people's words.

use jiff::{Timestamp as Instant, Zoned, tz::TimeZone};
use signin::timestamp::Timestamp;

use super::views::parts::{Stamp, Until};

/// "2026-03-01 14:32:10" with "3 minutes ago", in the machine's time zone.
pub(super) fn stamp(at: Timestamp, now: Timestamp) -> Stamp {
    Stamp::new(machine(at), local(at).strftime("%Y-%m-%d %H:%M:%S").to_string(), ago(now.seconds_since(at)))
}

/// The time left until a moment.
pub(super) fn until(at: Timestamp, now: Timestamp) -> Until {
    // Rounded up: "0 s" must not stand there while one still has to wait.
    let left = at.0.saturating_sub(now.0).div_ceil(1000);
    Until::new(machine(at), length(left))
}

/// "14:32:10".
pub(super) fn clock(at: Timestamp) -> String {
    // A lock ends within its second; who comes at the second that was named must not be early.
    local(Timestamp(at.0.saturating_add(999))).strftime("%H:%M:%S").to_string()
}

/// RFC 3339, UTC.
pub(super) fn machine(at: Timestamp) -> String {
    instant(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// "9 min 12 s", as the page's script writes it too.
pub(super) fn length(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// "one minute", "5 minutes": a length in a sentence.
pub(super) fn in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".into(),
        2..60 => format!("{seconds} seconds"),
        60 => "one minute".into(),
        61..7200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}

/// "3 minutes ago", as the page's script writes it too.
pub(super) fn ago(seconds: u64) -> String {
    for (size, unit) in [(86_400, "day"), (3600, "hour"), (60, "minute")] {
        let count = (seconds + size / 2) / size;
        if seconds >= 45 && count >= 1 {
            return format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
        }
    }
    "just now".into()
}

/// A moment typed into a `datetime-local` field, in the machine's time zone.
pub(super) fn typed(text: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::system()).ok()?;
    u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Timestamp)
}

fn instant(at: Timestamp) -> Instant {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    Instant::from_millisecond(millis).unwrap_or(Instant::MAX)
}

fn local(at: Timestamp) -> Zoned {
    instant(at).to_zoned(TimeZone::system())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(
            [0, 59, 60, 552, 7260].map(length),
            ["0 s", "59 s", "1 min 0 s", "9 min 12 s", "2 h 1 min"]
        );
        assert_eq!(
            [1, 30, 60, 61, 600, 7200].map(in_words),
            ["a second", "30 seconds", "one minute", "2 minutes", "10 minutes", "2 hours"]
        );
        assert_eq!(
            [10, 60, 150, 5400, 200_000].map(ago),
            ["just now", "1 minute ago", "3 minutes ago", "2 hours ago", "2 days ago"]
        );
    }

    #[test]
    fn a_moment_beyond_all_calendars_is_still_a_moment() {
        assert!(machine(Timestamp(u64::MAX)).starts_with("9999"));
        assert_eq!(machine(Timestamp(1_800_000_000_000)), "2027-01-15T08:00:00.000Z");
        assert_eq!(typed("not a date"), None);
        assert!(typed("2027-01-15T08:00").is_some());
    }
}
