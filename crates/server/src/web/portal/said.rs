//! Moments, lengths and people in the words of the portal.

use calls::prompt::Language;
use signin::{
    party::Party,
    timestamp::{Seconds, Timestamp},
};

use super::super::{moment, views::parts::Stamp};
use crate::{
    moment::{for_programs, local},
    words::{Say as _, Value},
};

/// "Today, 14:32", "yesterday, 9:05", "1 Mar 2026, 14:32": in the machine's time zone.
pub(super) fn stamp(language: Language, at: Timestamp, now: Timestamp) -> Stamp {
    let (then, today) = (local(at), local(now));
    let clock = then.strftime("%H:%M").to_string();
    let is_yesterday = then.date().tomorrow().is_ok_and(|next| next == today.date());
    let human = if then.date() == today.date() {
        language.say_with("time-today", &[("clock", Value::Text(&clock))])
    } else if is_yesterday {
        language.say_with("time-yesterday", &[("clock", Value::Text(&clock))])
    } else {
        let month = language.say(&format!("month-{}", then.month()));
        let (day, year) = (then.day().to_string(), then.year().to_string());
        language.say_with(
            "time-on",
            &[
                ("day", Value::Text(&day)),
                ("month", Value::Text(&month)),
                ("year", Value::Text(&year)),
                ("clock", Value::Text(&clock)),
            ],
        )
    };
    Stamp::new(for_programs(at), human, "")
}

/// "one minute", "3 hours": a length in a sentence.
pub(super) fn length(language: Language, seconds: u64) -> String {
    let (name, n) = match seconds {
        0..60 => ("time-seconds", seconds.max(1)),
        60..7200 => ("time-minutes", seconds.div_ceil(60)),
        7200..172_800 => ("time-hours", seconds.div_ceil(3600)),
        _ => ("time-days", seconds.div_ceil(86_400)),
    };
    language.say_with(name, &[("n", Value::Number(n))])
}

/// "3:07".
pub(super) fn talked(seconds: Seconds) -> String {
    moment::elapsed(seconds.0.into()).human
}

/// Who it was and their number, where that is not all there is.
pub(super) fn party(language: Language, party: &Party) -> (String, String) {
    match (party.name.as_str(), party.number.as_str()) {
        ("", "") => (language.say("calls-unknown"), String::new()),
        ("", number) => (number.into(), String::new()),
        (name, number) => (name.into(), number.into()),
    }
}
