//! Moments and lengths of time in the words of the pages.

use signin::timestamp::Timestamp;

use super::views::parts::{Elapsed, Stamp, Until};
use crate::moment::{for_people, for_programs, local};

/// "2026-03-01 14:32:10" with "3 minutes ago", in the machine's time zone.
pub(super) fn stamp(at: Timestamp, now: Timestamp) -> Stamp {
    Stamp::new(for_programs(at), for_people(at), ago(now.seconds_since(at)))
}

/// The time left until a moment.
pub(super) fn until(at: Timestamp, now: Timestamp) -> Until {
    // Rounded up: "0 s" must not stand there while one still has to wait.
    let left = now.seconds_until(at);
    Until::new(for_programs(at), length(left))
}

/// "3:07", "1:02:03": how long something has gone on, as the page's script writes it too.
pub(super) fn elapsed(seconds: u64) -> Elapsed {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let human =
        if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") };
    Elapsed { seconds, human }
}

/// "14:32:10".
pub(super) fn clock(at: Timestamp) -> String {
    // A lock ends within its second; who comes at the second that was named must not be early.
    local(Timestamp(at.0.saturating_add(999))).strftime("%H:%M:%S").to_string()
}

/// "9 min 12 s", as the page's script writes it too.
pub(super) fn length(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        // Where it takes long, nobody counts the seconds.
        (0, 1..10) => format!("{minutes} min {rest} s"),
        (0, _) => format!("{minutes} min"),
        (1..=48, _) => format!("{hours} h {minutes} min"),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
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

/// "90 seconds", "10 minutes": a length that somebody has set, not rounded.
pub(super) fn exactly(seconds: u64) -> String {
    match seconds {
        3600.. if seconds.is_multiple_of(3600) && seconds > 3600 => format!("{} hours", seconds / 3600),
        0..=1 => in_words(seconds),
        _ if !seconds.is_multiple_of(60) => format!("{seconds} seconds"),
        60 => "one minute".into(),
        _ => format!("{} minutes", seconds / 60),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(
            [0, 59, 60, 552, 3598, 7260, 200_000].map(length),
            ["0 s", "59 s", "1 min 0 s", "9 min 12 s", "59 min", "2 h 1 min", "2 days"]
        );
        assert_eq!(
            [0, 59, 187, 3599, 3723].map(|seconds| elapsed(seconds).human),
            ["0:00", "0:59", "3:07", "59:59", "1:02:03"]
        );
        assert_eq!(
            [1, 30, 60, 61, 600, 7200].map(in_words),
            ["a second", "30 seconds", "one minute", "2 minutes", "10 minutes", "2 hours"]
        );
        assert_eq!(
            [1, 60, 90, 600, 3600, 5400, 7200].map(exactly),
            ["a second", "one minute", "90 seconds", "10 minutes", "60 minutes", "90 minutes", "2 hours"]
        );
        assert_eq!(
            [10, 60, 150, 5400, 200_000].map(ago),
            ["just now", "1 minute ago", "3 minutes ago", "2 hours ago", "2 days ago"]
        );
    }
}
