//! Moments as people and programs read them: local time in tables, RFC 3339 in files and JSON.

use jiff::{civil::Date, tz::TimeZone};
use serde_json::Value;
use signin::timestamp::Timestamp;

/// For people, in the machine's time zone; empty when there is none.
pub fn for_people(at: Option<Timestamp>) -> String {
    let zoned = at.and_then(instant).map(|at| at.to_zoned(TimeZone::system()));
    zoned.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// For programs; empty when there is none.
pub fn for_programs(at: Option<Timestamp>) -> String {
    at.and_then(instant).map_or_else(String::new, |at| at.to_string())
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

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()
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
    }
}
