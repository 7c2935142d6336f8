//! How far a burglar gets who knows which codes people choose, and may try ten.
//!
//! What people choose is modelled on published counts of 3.4 million four-digit codes (DataGenetics, 2012): the shares of
//! the first twenty are theirs, and so are the points of the curve after them: 61 codes are a third of all, 426 are half.
//! Which codes come after the first twenty is not published in full but described: years, days, pairs and lines on the
//! keypad; all others follow in an order by lot.

use signin::{
    credential::{About, CredentialKind, check},
    dice::{Dice, SeededDice, roll},
    policy::Settings,
    secret::Secret,
};

const FIRST: [(&str, f64); 20] = [
    ("1234", 10.713),
    ("1111", 6.016),
    ("0000", 1.881),
    ("1212", 1.197),
    ("7777", 0.745),
    ("1004", 0.616),
    ("2000", 0.613),
    ("4444", 0.526),
    ("2222", 0.516),
    ("6969", 0.512),
    ("9999", 0.451),
    ("3333", 0.419),
    ("5555", 0.395),
    ("6666", 0.391),
    ("1122", 0.366),
    ("1313", 0.304),
    ("8888", 0.303),
    ("4321", 0.293),
    ("2001", 0.290),
    ("1010", 0.285),
];

/// Share of all codes that the first so many are.
const CURVE: [(f64, f64); 4] = [(20.0, 0.2683), (61.0, 0.3333), (426.0, 0.5), (10_000.0, 1.0)];

fn cumulated(rank: f64) -> f64 {
    let after = CURVE.iter().position(|(end, _)| rank <= *end).unwrap_or(3).max(1);
    let ((from, low), (to, high)) = (CURVE[after - 1], CURVE[after]);
    low + (high - low) * (rank / from).ln() / (to / from).ln()
}

/// Every code with its share, the most frequent first.
fn codes(dice: &mut dyn Dice) -> Vec<(String, f64)> {
    let appeal = |code: &str| {
        let bytes = code.as_bytes();
        let (first, second) = code.split_at(2);
        let is_year = ("1930"..="2025").contains(&code);
        let is_pair = first == second
            || (bytes[0] == bytes[1] && bytes[2] == bytes[3])
            || (bytes[0] == bytes[3] && bytes[1] == bytes[2]);
        let is_line =
            ["2580", "0852", "1470", "7410", "3690", "9630", "1590", "1379", "2468", "1357"].contains(&code);
        // Days that there are.
        let is_day = |day: &str, month: &str| {
            let last = match month {
                "02" => "29",
                "04" | "06" | "09" | "11" => "30",
                _ => "31",
            };
            ("01"..=last).contains(&day) && ("01"..="12").contains(&month)
        };
        let is_row = bytes.windows(2).all(|pair| pair[1] == pair[0] + 1)
            || bytes.windows(2).all(|pair| pair[0] == pair[1] + 1);
        match () {
            () if is_line || is_row => 0,
            () if is_year || is_pair => 1,
            () if code.ends_with("00") || code.starts_with("000") => 2,
            () if is_day(first, second) || is_day(second, first) => 3,
            () => 4,
        }
    };
    let mut others: Vec<(u8, u64, String)> = (0..10_000)
        .map(|number| format!("{number:04}"))
        .filter(|code| FIRST.iter().all(|(first, _)| first != code))
        .map(|code| (appeal(&code), u64::from_be_bytes(roll(dice)), code))
        .collect();
    others.sort_unstable();
    let first = FIRST.iter().map(|(code, percent)| ((*code).to_owned(), percent / 100.0));
    let others = others
        .into_iter()
        .zip(21_u16..)
        .map(|((.., code), rank)| (code, cumulated(f64::from(rank)) - cumulated(f64::from(rank) - 1.0)));
    first.chain(others).collect()
}

/// How many of 10,000 people have a code that is among the ten that a burglar tries.
fn opened(codes: &[(String, f64)], dice: &mut dyn Dice) -> usize {
    let total: f64 = codes.iter().map(|(_, share)| share).sum();
    let chosen = |at: f64| {
        let mut left = at * total;
        codes.iter().position(|(_, share)| {
            left -= share;
            left <= 0.0
        })
    };
    (0..10_000)
        .filter(|_| {
            let at = f64::from(u32::from_be_bytes(roll(dice))) / f64::from(u32::MAX);
            chosen(at).is_some_and(|place| place < 10)
        })
        .count()
}

#[test]
fn ten_guesses_at_the_codes_that_people_choose_open_no_more_than_one_in_two_hundred() {
    let mut dice = SeededDice(4);
    let all = codes(&mut dice);
    assert_eq!(all.len(), 10_000);
    let share: f64 = all.iter().map(|(_, share)| share).sum();
    assert!((share - 1.0).abs() < 0.001, "{share}");
    // The control: where everything is allowed, ten guesses are worth it.
    let of_all = opened(&all, &mut dice);
    assert!(of_all > 2000, "{of_all}");
    let settings = Settings::default();
    for kind in [CredentialKind::LoginCode, CredentialKind::VoicemailCode, CredentialKind::PortalPasscode] {
        let about = About { name: "Ann", number: "201", ..About::default() };
        let is_allowed = |code: &str| check(kind, &Secret::new(code), &about, &settings).is_ok();
        // Whose code is refused chooses another one, as people do.
        let allowed: Vec<_> = all.iter().filter(|(code, _)| is_allowed(code)).cloned().collect();
        assert!((8_500..9_200).contains(&allowed.len()), "{kind:?} {}", allowed.len());
        let opened = opened(&allowed, &mut dice);
        assert!(opened <= 50, "{kind:?}: {opened} of 10000");
    }
}

#[test]
fn of_the_first_twenty_none_is_allowed() {
    let about = About { name: "Ann", number: "201", ..About::default() };
    for (code, _) in FIRST {
        assert!(
            check(CredentialKind::LoginCode, &Secret::new(code), &about, &Settings::default()).is_err(),
            "{code}"
        );
    }
}
