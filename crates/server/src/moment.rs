//! Moments as people and programs read and write them: local time for people, RFC 3339 in files and JSON, a day where
//! no more is meant.

use calls::prompt::sequence::{Day, LocalTime};
use jiff::{
    Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde_json::Value;
use signin::timestamp::Timestamp;

/// For people, in the machine's time zone; empty when there is none.
pub fn for_people(at: impl Into<Option<Timestamp>>) -> String {
    at.into().map_or_else(String::new, |at| local(at).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// For the ear, in the machine's time zone, said at `now`.
pub fn spoken(at: Timestamp, now: Timestamp) -> LocalTime {
    let (at, now) = (local(at), local(now));
    let small = |number: i8| u8::try_from(number).unwrap_or(0);
    let day = if at.date() == now.date() {
        Day::Today
    } else if at.date().tomorrow().is_ok_and(|next| next == now.date()) {
        Day::Yesterday
    } else {
        Day::Earlier {
            weekday: small(at.weekday().to_monday_one_offset()),
            month: small(at.month()),
            day: small(at.day()),
        }
    };
    LocalTime { day, hour: small(at.hour()), minute: small(at.minute()) }
}

/// For programs; empty when there is none.
pub fn for_programs(at: impl Into<Option<Timestamp>>) -> String {
    at.into().map_or_else(String::new, |at| instant(at).to_string())
}

/// The day in the machine's time zone, as [`parse`] reads it; empty when there is none.
pub fn day(at: impl Into<Option<Timestamp>>) -> String {
    at.into().map_or_else(String::new, |at| local(at).strftime("%Y-%m-%d").to_string())
}

/// Reads a day (its last moment, in the machine's time zone) or an RFC 3339 moment.
pub fn parse(text: &str) -> Option<Timestamp> {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => text
            .parse::<Date>()
            .ok()?
            .at(23, 59, 59, 999_000_000)
            .to_zoned(TimeZone::system())
            .ok()?
            .timestamp(),
    };
    u64::try_from(at.as_millisecond()).ok().map(Timestamp)
}

/// Reads a date and a time of the machine's time zone, as browsers send them.
pub fn parse_local(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::system()).ok()?;
    u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Timestamp)
}

/// Writes the moments of a JSON value in RFC 3339: every number whose key says that it is one.
#[must_use]
pub fn dated(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let is_moment =
                    key.ends_with("_at") || matches!(key.as_str(), "at" | "until" | "running_since");
                let value = match value.as_u64().filter(|_| is_moment) {
                    Some(at) => Value::String(for_programs(Some(Timestamp(at)))),
                    None => dated(value),
                };
                (key, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(dated).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// Reads a day of the machine's time zone: its first moment, and the first of the next day. A day on which clocks are set has
/// 23 or 25 hours.
pub fn parse_day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let day = text.parse::<Date>().ok()?;
    let begins = |day: Date| {
        let zoned = day.to_zoned(TimeZone::system()).ok()?;
        u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Timestamp)
    };
    Some((begins(day)?, begins(day.tomorrow().ok()?)?))
}

/// A moment in the machine's time zone.
pub fn local(at: Timestamp) -> Zoned {
    instant(at).to_zoned(TimeZone::system())
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_json_are_written_for_programs() {
        let value = serde_json::json!({"created_at": 1_700_000_000_000_u64, "until": null, "list": [{"at": 0}], "users": 5});
        let expected = serde_json::json!({
            "created_at": "2023-11-14T22:13:20Z", "until": null, "list": [{"at": "1970-01-01T00:00:00Z"}], "users": 5
        });
        assert_eq!(dated(value), expected);
    }

    #[test]
    fn a_day_ends_with_its_last_moment() {
        let day = parse("2030-06-15").unwrap();
        assert_eq!(for_people(Some(day)), "2030-06-15 23:59:59");
        assert_eq!(parse("2023-11-14T22:13:20Z"), Some(Timestamp(1_700_000_000_000)));
        assert_eq!(parse("tomorrow"), None);
        assert_eq!(super::day(day), "2030-06-15");
        assert_eq!(super::day(None), "");
    }

    #[test]
    fn a_day_is_read_as_the_time_from_its_first_moment_to_that_of_the_next() {
        let (from, until) = parse_day("2030-06-15").unwrap();
        assert_eq!(
            (for_people(from), for_people(until)),
            ("2030-06-15 00:00:00".into(), "2030-06-16 00:00:00".into())
        );
        assert_eq!(parse_day("Tuesday"), None);
    }

    #[test]
    fn a_moment_beyond_all_calendars_is_still_a_moment() {
        assert!(for_programs(Timestamp(u64::MAX)).starts_with("9999"));
        assert_eq!(for_programs(Timestamp(1_800_000_000_000)), "2027-01-15T08:00:00Z");
        assert_eq!(parse_local("not a date"), None);
        assert!(parse_local("2027-01-15T08:00").is_some());
    }
}
