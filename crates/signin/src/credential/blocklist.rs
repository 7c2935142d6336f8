//! What attackers try first: passwords out of breaches, and codes that people choose most.
//!
//! The passwords are a Bloom filter that is part of the program, so that nobody is asked and nothing is sent. It was made
//! by `cargo xtask common-passwords` from published lists (docs/security-settings.md says which, how many, and how often a
//! good password is refused for nothing). A listed password is never missed.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// The filter.
static FILTER: &[u8] = include_bytes!("common-passwords.bloom");
/// Positions of one password.
const POSITIONS: u64 = 12;
/// Shorter ones are not in it: no password may be as short.
pub const LISTED_MIN: usize = 6;
/// A few signs behind a listed password make no other one.
const TAIL_MAX: usize = 4;

/// Stems that are worth nothing, whatever stands behind them: shorter than what is listed, or this product's own.
const STEMS: [&str; 12] = [
    "abc",
    "admin",
    "administrator",
    "asdf",
    "businesspartner",
    "hookswitch",
    "qwert",
    "securitypwd",
    "secret",
    "telephone",
    "test",
    "welcometo",
];

/// The form in which passwords are listed and looked up: small letters, and one way to write each character.
pub fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Whether a password, folded, is among them.
pub(super) fn is_password(folded: &str) -> bool {
    let stem = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    if stem.is_empty() || STEMS.contains(&stem) || has_few_characters(folded) {
        return true;
    }
    let tail = folded.chars().count().saturating_sub(stem.chars().count());
    let stem = (tail <= TAIL_MAX).then_some(stem);
    std::iter::once(folded).chain(stem).any(|text| is_listed(text) || is_listed(&plain(text)))
}

/// aaaaaaaaaaaaaaa, abababababababa: long, and yet nothing.
fn has_few_characters(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().take(256).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() < 4
}

/// The letters that signs stand for: p@ssw0rd is password.
fn plain(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

fn is_listed(text: &str) -> bool {
    text.chars().count() >= LISTED_MIN && holds(FILTER, text)
}

/// Whether a filter holds a text. With a small chance it says so of one that it does not hold.
fn holds(filter: &[u8], text: &str) -> bool {
    positions(filter.len(), text).all(|(byte, bit)| filter.get(byte).is_some_and(|byte| byte & bit != 0))
}

/// A filter of so many bytes that holds these texts: how the one in this program was made.
pub fn filter<'a>(bytes: usize, texts: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut filter = vec![0; bytes];
    for text in texts {
        for (byte, bit) in positions(bytes, text) {
            if let Some(byte) = filter.get_mut(byte) {
                *byte |= bit;
            }
        }
    }
    filter
}

fn positions(bytes: usize, text: &str) -> impl Iterator<Item = (usize, u8)> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = <[u8; 32]>::from(Sha256::digest(text));
    let first = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let step = u64::from_be_bytes([i, j, k, l, m, n, o, p]) | 1;
    let bits = (bytes as u64).saturating_mul(8).max(1);
    (0..POSITIONS).map(move |n| {
        let place = first.wrapping_add(step.wrapping_mul(n)) % bits;
        (usize::try_from(place / 8).unwrap_or(usize::MAX), 1 << (place % 8))
    })
}

/// Whether a code is among those that people choose most: years, days of the year, pairs, lines and corners of a keypad,
/// and what else stands at the top of published counts. No other rule catches these.
pub(super) fn is_code(digits: &str) -> bool {
    CODES.contains(&digits)
        || match digits.len() {
            4 => is_year(digits) || is_day(digits) || is_round(digits) || is_pair(digits) || is_line(digits),
            5 => is_line(digits),
            6 => is_date(digits) || is_line(digits) || is_pair(digits),
            8 => is_date(digits) || is_line(digits),
            _ => is_line(digits),
        }
}

/// Codes at the top of the counts that have no other reason.
const CODES: [&str; 40] = [
    "0007", "007007", "0070", "1004", "1236", "1324", "1337", "1369", "1423", "1432", "1701", "1234567",
    "123321", "123654", "131313", "147369", "147741", "159357", "159753", "2486", "258456", "4200", "420420",
    "4321", "4711", "4862", "5150", "5254", "5425", "5683", "6942", "696969", "7410", "7734", "7777", "7894",
    "789456", "8675", "8675309", "9111",
];

fn is_year(digits: &str) -> bool {
    ("1900"..="2049").contains(&digits)
}

/// A day and a month, in either order: 3112, 1231.
fn is_day(digits: &str) -> bool {
    let Some((a, b)) = digits.split_at_checked(2) else { return false };
    is_day_of(a, b) || is_day_of(b, a)
}

fn is_day_of(day: &str, month: &str) -> bool {
    let most = match month {
        "02" => "29",
        "04" | "06" | "09" | "11" => "30",
        "01" | "03" | "05" | "07" | "08" | "10" | "12" => "31",
        _ => return false,
    };
    ("01"..=most).contains(&day)
}

/// A whole date, in any usual order, with two or four digits of the year.
fn is_date(digits: &str) -> bool {
    let year_len = digits.len().saturating_sub(4);
    let is_year = |text: &str| text.len() == 2 || is_year(text);
    let first = digits.split_at_checked(year_len).is_some_and(|(year, day)| is_year(year) && is_day(day));
    let last = digits.split_at_checked(4).is_some_and(|(day, year)| is_day(day) && is_year(year));
    first || last
}

/// A few thousand, or a few.
fn is_round(digits: &str) -> bool {
    digits.ends_with("00") || digits.starts_with("000")
}

/// 1122, 1221, 112233: digits that come in pairs.
fn is_pair(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.chunks(2).all(|pair| pair.first() == pair.last()) || bytes.iter().eq(bytes.iter().rev())
}

/// Digits that lie beside one another on a keypad in one direction, over its edge as well: 2580, 1470, 3690, 1590, 9630;
/// and the even or odd ones in a row, up or down.
fn is_line(digits: &str) -> bool {
    const LINES: [&str; 12] =
        ["2580", "0852", "1470", "7410", "3690", "9630", "1590", "3570", "02468", "86420", "13579", "97531"];
    const CORNERS: [&str; 8] = ["1397", "1379", "7931", "9713", "3179", "7139", "1793", "3971"];
    const ROWS: [&str; 6] = ["147258369", "963852741", "789456123", "123456789", "321654987", "741852963"];
    let length = digits.len();
    length >= 4
        && (LINES.iter().any(|line| line.contains(digits))
            || (length == 4 && CORNERS.contains(&digits))
            || ROWS.iter().any(|row| row.contains(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_filter_is_found_and_what_is_not_hardly_ever() {
        let listed: Vec<String> = (0..1000).map(|n| format!("listed {n}")).collect();
        let filter = filter(2200, listed.iter().map(String::as_str));
        assert!(listed.iter().all(|text| holds(&filter, text)));
        let wrong = (0..100_000).filter(|n| holds(&filter, &format!("other {n}"))).count();
        assert!(wrong < 100, "{wrong}");
    }

    #[test]
    fn good_passwords_are_refused_for_nothing_less_than_once_in_a_thousand() {
        use crate::dice::{SeededDice, below};
        let mut dice = SeededDice(1);
        let mut letters =
            |length| -> String { (0..length).map(|_| char::from(b'a' + below(&mut dice, 26))).collect() };
        let refused = (0..20_000).filter(|_| is_password(&letters(15))).count();
        assert!(refused < 20, "{refused}");
    }

    #[test]
    fn a_disguised_password_is_the_same_one() {
        for text in [
            "password",
            "passw0rd",
            "p@ssw0rd",
            "p@$$w0rd",
            "password1!",
            "letmein2024",
            "iloveyou!",
            "correcthorsebatterystaple",
        ] {
            assert!(is_password(text), "{text}");
        }
        for text in ["four rather odd words", "qerty-oiu-lkj", "vier größere wörter"] {
            assert!(!is_password(text), "{text}");
        }
    }

    #[test]
    fn codes_that_people_choose_are_known() {
        for code in [
            "2580", "1990", "2024", "3112", "1231", "0229", "1122", "1221", "1000", "311299", "19991231",
            "112233", "1397", "147258",
        ] {
            assert!(is_code(code), "{code}");
        }
        for code in ["4813", "48159", "3332", "0230", "9471", "481593"] {
            assert!(!is_code(code), "{code}");
        }
    }
}
