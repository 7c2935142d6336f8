//! `Date`: RFC 1123 dates, always in GMT (RFC 3261 §20.17).

use super::scan::decimal;
use super::{Malformed, Rule};

/// How long a date is, always.
pub const DATE_LENGTH: usize = 29;

const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAY_SECONDS: u64 = 86_400;
/// The last second that is written with four digits of year.
const LAST: u64 = 253_402_300_799;

/// `Sat, 13 Nov 2010 23:29:00 GMT` for seconds since 1970; later than the year 9999 is its end.
#[must_use]
pub fn write(seconds: u64) -> [u8; DATE_LENGTH] {
    let seconds = seconds.min(LAST);
    let (days, rest) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (year, month, day) = civil(days);
    let mut out = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    let weekday = DAYS.into_iter().cycle().nth((days % 7) as usize).unwrap_or(b"Thu");
    let month_name = (1..).zip(MONTHS).find(|(number, _)| *number == month).map_or(b"Jan", |(_, name)| name);
    put(&mut out, 0, weekday);
    put(&mut out, 5, &two(day));
    put(&mut out, 8, month_name);
    put(&mut out, 12, &two(year / 100));
    put(&mut out, 14, &two(year));
    put(&mut out, 17, &two(rest / 3600));
    put(&mut out, 20, &two(rest / 60 % 60));
    put(&mut out, 23, &two(rest % 60));
    out
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in out.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

const fn two(number: u64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

/// Year, month and day of a count of days since 1970 (the calendar repeats after 400 years, 146,097 days).
const fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 1 March of the year 0, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Days from 1970 to this date.
const fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(719_468)
}

/// Seconds since 1970 of a Date's value. The name of the day is not compared with the date.
///
/// # Errors
/// [`Rule::Date`]: another form, a zone other than GMT (RFC 4475 baddate), no such day, or before 1970.
pub fn parse(value: &[u8]) -> Result<u64, Malformed> {
    parse_parts(value).ok_or(Malformed::new(Rule::Date, 0))
}

fn parse_parts(value: &[u8]) -> Option<u64> {
    let mut words =
        value.split(|byte| super::scan::is(*byte, super::scan::SPACE)).filter(|word| !word.is_empty());
    let weekday = words.next()?;
    let day = decimal(words.next()?)?;
    let month = words.next()?;
    let year = decimal(words.next()?)?;
    let mut clock = words.next()?.split(|&byte| byte == b':').map(decimal);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let (zone, end) = (words.next()?, words.next());
    let weekday = weekday.strip_suffix(b",")?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as u64 + 1;
    let is_right = zone.eq_ignore_ascii_case(b"GMT")
        && end.is_none()
        && clock.next().is_none()
        && DAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday))
        && (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_right {
        return None;
    }
    let days = days(year, month, day)?;
    (civil(days) == (year, month, day)).then(|| days * DAY_SECONDS + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_rfc_has_them_and_read_back() {
        assert_eq!(&write(1_289_690_940), b"Sat, 13 Nov 2010 23:29:00 GMT");
        assert_eq!(&write(951_782_400), b"Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(&write(u64::MAX), b"Fri, 31 Dec 9999 23:59:59 GMT");
        for seconds in (0..LAST).step_by(86_399 * 331) {
            assert_eq!(parse(&write(seconds)), Ok(seconds));
        }
    }

    #[test]
    fn a_date_in_another_zone_or_on_no_day_is_refused() {
        for text in ["Fri, 01 Jan 2010 16:00:00 EST", "Tue, 30 Feb 2010 16:00:00 GMT", "", "Fri, 01 Jan 2010"]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
