//! What takes more than one prompt: numbers, times, lists of choices. Where languages put things in another order, the
//! language is an argument.

use signin::timestamp::Timestamp;

use super::{Language, Prompt};

/// Greatest number that is spoken as one; more are "more than" that many.
pub const COUNT_MAX: usize = 60;
/// Most keys of a number that are read out.
pub const READ_OUT_MAX: usize = 24;

const SMALL: [Prompt; 21] = [
    Prompt::Zero,
    Prompt::One,
    Prompt::Two,
    Prompt::Three,
    Prompt::Four,
    Prompt::Five,
    Prompt::Six,
    Prompt::Seven,
    Prompt::Eight,
    Prompt::Nine,
    Prompt::Ten,
    Prompt::Eleven,
    Prompt::Twelve,
    Prompt::Thirteen,
    Prompt::Fourteen,
    Prompt::Fifteen,
    Prompt::Sixteen,
    Prompt::Seventeen,
    Prompt::Eighteen,
    Prompt::Nineteen,
    Prompt::Twenty,
];
const TENS: [Prompt; 5] = [Prompt::Twenty, Prompt::Thirty, Prompt::Forty, Prompt::Fifty, Prompt::Sixty];
const UNITS: [Prompt; 9] = [
    Prompt::OneAnd,
    Prompt::TwoAnd,
    Prompt::ThreeAnd,
    Prompt::FourAnd,
    Prompt::FiveAnd,
    Prompt::SixAnd,
    Prompt::SevenAnd,
    Prompt::EightAnd,
    Prompt::NineAnd,
];
const WEEKDAYS: [Prompt; 7] = [
    Prompt::Monday,
    Prompt::Tuesday,
    Prompt::Wednesday,
    Prompt::Thursday,
    Prompt::Friday,
    Prompt::Saturday,
    Prompt::Sunday,
];
const MONTHS: [Prompt; 12] = [
    Prompt::January,
    Prompt::February,
    Prompt::March,
    Prompt::April,
    Prompt::May,
    Prompt::June,
    Prompt::July,
    Prompt::August,
    Prompt::September,
    Prompt::October,
    Prompt::November,
    Prompt::December,
];
const DAYS: [Prompt; 20] = [
    Prompt::Day1,
    Prompt::Day2,
    Prompt::Day3,
    Prompt::Day4,
    Prompt::Day5,
    Prompt::Day6,
    Prompt::Day7,
    Prompt::Day8,
    Prompt::Day9,
    Prompt::Day10,
    Prompt::Day11,
    Prompt::Day12,
    Prompt::Day13,
    Prompt::Day14,
    Prompt::Day15,
    Prompt::Day16,
    Prompt::Day17,
    Prompt::Day18,
    Prompt::Day19,
    Prompt::Day20,
];
const LETTERS: [Prompt; 26] = [
    Prompt::LetterA,
    Prompt::LetterB,
    Prompt::LetterC,
    Prompt::LetterD,
    Prompt::LetterE,
    Prompt::LetterF,
    Prompt::LetterG,
    Prompt::LetterH,
    Prompt::LetterI,
    Prompt::LetterJ,
    Prompt::LetterK,
    Prompt::LetterL,
    Prompt::LetterM,
    Prompt::LetterN,
    Prompt::LetterO,
    Prompt::LetterP,
    Prompt::LetterQ,
    Prompt::LetterR,
    Prompt::LetterS,
    Prompt::LetterT,
    Prompt::LetterU,
    Prompt::LetterV,
    Prompt::LetterW,
    Prompt::LetterX,
    Prompt::LetterY,
    Prompt::LetterZ,
];

/// A number: 0 to [`COUNT_MAX`], or "more than" that.
pub fn count(number: usize, language: Language) -> Vec<Prompt> {
    if number > COUNT_MAX {
        return vec![Prompt::MoreThan, Prompt::Sixty];
    }
    if let Some(prompt) = SMALL.get(number) {
        return vec![*prompt];
    }
    let tens = (number / 10).checked_sub(2).and_then(|place| TENS.get(place)).copied();
    let unit = number % 10;
    let (before, behind) = match language {
        Language::English => (None, SMALL.get(unit).filter(|_| unit > 0).copied()),
        Language::German => (unit.checked_sub(1).and_then(|place| UNITS.get(place)).copied(), None),
    };
    [before, tens, behind].into_iter().flatten().collect()
}

/// A number as it is dialled, key by key.
pub fn digits(number: &str) -> Vec<Prompt> {
    number.chars().filter_map(key).take(READ_OUT_MAX).collect()
}

/// The name of a key.
pub fn key(key: char) -> Option<Prompt> {
    match key {
        '*' => Some(Prompt::Star),
        '#' => Some(Prompt::Hash),
        digit => SMALL.get(usize::try_from(digit.to_digit(10)?).ok()?).copied(),
    }
}

/// A text, letter by letter; what has no name of its own is passed over.
pub fn spelled(text: &str) -> Vec<Prompt> {
    text.chars().filter_map(letter).take(READ_OUT_MAX).collect()
}

fn letter(c: char) -> Option<Prompt> {
    match c.to_ascii_lowercase() {
        ' ' => Some(Prompt::Space),
        '-' => Some(Prompt::Dash),
        c @ 'a'..='z' => LETTERS.get(usize::try_from(u32::from(c) - u32::from('a')).ok()?).copied(),
        c => key(c),
    }
}

/// Choices: "press one for messages, nine for options".
pub fn choices(list: &[(char, Prompt)]) -> Vec<Prompt> {
    let each = list.iter().filter_map(|(character, what)| Some([key(*character)?, *what]));
    [Prompt::Press].into_iter().chain(each.flatten()).collect()
}

/// How many messages there are.
pub fn messages(new: usize, old: usize, language: Language) -> Vec<Prompt> {
    let some = |number, one, many| match number {
        0 => Vec::new(),
        1 => vec![one],
        number => [count(number, language), vec![many]].concat(),
    };
    let new = some(new, Prompt::OneNewMessage, Prompt::NewMessages);
    let old = some(old, Prompt::OneOldMessage, Prompt::OldMessages);
    let between = match (new.is_empty(), old.is_empty()) {
        (true, true) => vec![Prompt::NoMessages],
        (false, false) => vec![Prompt::And],
        (true, false) | (false, true) => Vec::new(),
    };
    [vec![Prompt::YouHave], new, between, old].concat()
}

/// A day, as somebody says it who speaks on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// The same.
    Today,
    /// The one before.
    Yesterday,
    /// Another.
    Earlier {
        /// 1 = Monday to 7 = Sunday.
        weekday: u8,
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
}

/// A moment on the clock of the domain. Whoever knows its time zone makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The day.
    pub day: Day,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl LocalTime {
    /// "Monday, March three, at fifteen forty", "Montag, dritter März, um fünfzehn Uhr vierzig".
    pub fn in_words(self, language: Language) -> Vec<Prompt> {
        let day = match self.day {
            Day::Today => vec![Prompt::Today],
            Day::Yesterday => vec![Prompt::Yesterday],
            Day::Earlier { weekday, month, day } => date(weekday, month, day, language),
        };
        [day, vec![Prompt::At], clock(self.hour, self.minute, language)].concat()
    }
}

fn date(weekday: u8, month: u8, day: u8, language: Language) -> Vec<Prompt> {
    let nth = |list: &[Prompt], number: u8| {
        usize::from(number).checked_sub(1).and_then(|place| list.get(place)).copied()
    };
    let (weekday, month) = (nth(&WEEKDAYS, weekday), nth(&MONTHS, month));
    let day = day.min(31);
    match language {
        Language::English => {
            weekday.into_iter().chain(month).chain(count(usize::from(day), language)).collect()
        }
        Language::German => {
            let ordinal = match day {
                0..=20 => vec![nth(&DAYS, day)],
                21..=29 => vec![nth(&UNITS, day - 20), Some(Prompt::Day20)],
                30.. => vec![nth(&UNITS, day - 30), Some(Prompt::Day30)],
            };
            weekday.into_iter().chain(ordinal.into_iter().flatten()).chain(month).collect()
        }
    }
}

fn clock(hour: u8, minute: u8, language: Language) -> Vec<Prompt> {
    let number = |number: u8| count(usize::from(number), language);
    let minutes = if minute == 0 { Vec::new() } else { number(minute) };
    match language {
        Language::English => {
            let between = match minute {
                0 => vec![Prompt::OClock],
                1..=9 => vec![Prompt::Oh],
                10.. => Vec::new(),
            };
            [number(hour), between, minutes].concat()
        }
        Language::German if hour == 1 => [vec![Prompt::OneOClock], minutes].concat(),
        Language::German => [number(hour), vec![Prompt::OClock], minutes].concat(),
    }
}

/// What is said to whoever has been wrong too often. `until`: `None` = until an administrator has reset it.
pub fn wait(until: Option<Timestamp>, now: Timestamp, language: Language) -> Vec<Prompt> {
    let Some(until) = until else { return vec![Prompt::TooManyWrong, Prompt::AskAdministrator] };
    let seconds = usize::try_from(now.seconds_until(until)).unwrap_or(usize::MAX);
    // Begun minutes count whole: whoever waits as long is not early.
    let (number, one, many) = if seconds <= COUNT_MAX {
        (seconds.max(1), Prompt::OneSecond, Prompt::Seconds)
    } else {
        (seconds.div_ceil(60), Prompt::OneMinute, Prompt::Minutes)
    };
    let when = match number {
        1 => vec![Prompt::TryAgainIn, one],
        2..=COUNT_MAX => [vec![Prompt::TryAgainIn], count(number, language), vec![many]].concat(),
        _ => vec![Prompt::TryAgainLater],
    };
    [vec![Prompt::TooManyWrong], when].concat()
}

/// What a new code broke. Each rule by its stable name; see [`signin::credential::SECRET_RULES`].
pub fn refused(rules: &[&str]) -> Vec<Prompt> {
    let mut prompts = vec![Prompt::CodeRefused];
    for prompt in rules.iter().filter_map(|name| rule(name)) {
        if !prompts.contains(&prompt) {
            prompts.push(prompt);
        }
    }
    prompts
}

/// What is said of a broken rule.
fn rule(name: &str) -> Option<Prompt> {
    match name {
        "length-min" => Some(Prompt::RuleShort),
        "length-max" => Some(Prompt::RuleLong),
        "refuse-patterns" => Some(Prompt::RuleSimple),
        "refuse-own-number" => Some(Prompt::RuleNumber),
        "same-max" | "refuse-groups" => Some(Prompt::RuleRepeats),
        "up-max" | "down-max" => Some(Prompt::RuleRow),
        "refuse-common" => Some(Prompt::RuleCommon),
        "history" | "refuse-reversed" => Some(Prompt::RuleUsed),
        "digits-only" => Some(Prompt::RuleDigits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use signin::{
        credential::{CredentialKind, SECRET_RULES},
        timestamp::Seconds,
    };

    use super::{super::LANGUAGES, *};

    fn words(prompts: &[Prompt], language: Language) -> String {
        let texts: Vec<_> = prompts.iter().map(|prompt| prompt.text(language).unwrap()).collect();
        texts.join(" ")
    }

    #[test]
    fn numbers_are_spoken_as_people_say_them() {
        for (number, english, german) in [
            (0, "zero", "null"),
            (1, "one", "eins"),
            (20, "twenty", "zwanzig"),
            (21, "twenty one", "einund zwanzig"),
            (40, "forty", "vierzig"),
            (59, "fifty nine", "neunund fünfzig"),
            (60, "sixty", "sechzig"),
            (61, "more than sixty", "mehr als sechzig"),
        ] {
            assert_eq!(words(&count(number, Language::English), Language::English), english);
            assert_eq!(words(&count(number, Language::German), Language::German), german);
        }
        assert_eq!(words(&digits("+49 201*#x"), Language::English), "four nine two zero one star hash");
        assert_eq!(digits(&"1".repeat(100)).len(), READ_OUT_MAX);
        assert_eq!(words(&spelled("Jo-1 é"), Language::English), "J O dash one space");
    }

    #[test]
    fn times_are_spoken_as_people_say_them() {
        let at = |day, hour, minute| LocalTime { day, hour, minute };
        let earlier = |weekday, month, day| Day::Earlier { weekday, month, day };
        for (time, english, german) in [
            (at(Day::Today, 9, 0), "today at nine o'clock", "heute um neun Uhr"),
            (at(Day::Today, 1, 5), "today at one oh five", "heute um ein Uhr fünf"),
            (
                at(Day::Yesterday, 21, 45),
                "yesterday at twenty one forty five",
                "gestern um einund zwanzig Uhr fünfund vierzig",
            ),
            (
                at(earlier(1, 3, 3), 15, 40),
                "Monday March three at fifteen forty",
                "Montag dritter März um fünfzehn Uhr vierzig",
            ),
            (
                at(earlier(7, 12, 31), 0, 0),
                "Sunday December thirty one at zero o'clock",
                "Sonntag einund dreißigster Dezember um null Uhr",
            ),
            (
                at(earlier(2, 2, 22), 0, 10),
                "Tuesday February twenty two at zero ten",
                "Dienstag zweiund zwanzigster Februar um null Uhr zehn",
            ),
        ] {
            assert_eq!(words(&time.in_words(Language::English), Language::English), english);
            assert_eq!(words(&time.in_words(Language::German), Language::German), german);
        }
    }

    #[test]
    fn whatever_is_put_together_has_words_in_its_language() {
        for language in LANGUAGES {
            for number in 0..=u8::MAX {
                assert!(!words(&count(number.into(), language), language).is_empty());
                let day = Day::Earlier { weekday: number, month: number, day: number };
                let time = LocalTime { day, hour: number, minute: number };
                assert!(!words(&time.in_words(language), language).is_empty());
            }
        }
    }

    #[test]
    fn messages_are_counted_and_one_is_no_several() {
        for (new, old, english, german) in [
            (0, 0, "You have no messages", "Sie haben keine Nachrichten"),
            (1, 0, "You have one new message", "Sie haben eine neue Nachricht"),
            (0, 2, "You have two old messages", "Sie haben zwei alte Nachrichten"),
            (
                3,
                1,
                "You have three new messages and one old message",
                "Sie haben drei neue Nachrichten und eine alte Nachricht",
            ),
        ] {
            assert_eq!(words(&messages(new, old, Language::English), Language::English), english);
            assert_eq!(words(&messages(new, old, Language::German), Language::German), german);
        }
    }

    #[test]
    fn whoever_must_wait_is_told_how_long() {
        let now = Timestamp(1_000_500);
        let after = |seconds| {
            words(&wait(Some(now.after(Seconds(seconds))), now, Language::English), Language::English)
        };
        assert_eq!(after(0), "Too many wrong codes. Try again in one second.");
        assert_eq!(after(42), "Too many wrong codes. Try again in forty two seconds.");
        assert_eq!(after(90), "Too many wrong codes. Try again in two minutes.");
        assert_eq!(after(86_400), "Too many wrong codes. Try again later.");
        let never = wait(None, now, Language::English);
        assert_eq!(words(&never, Language::English), "Too many wrong codes. Ask your administrator.");
    }

    #[test]
    fn every_rule_that_a_code_can_break_is_spoken() {
        let kinds =
            [CredentialKind::LoginCode, CredentialKind::VoicemailCode, CredentialKind::PortalPasscode];
        for row in SECRET_RULES.iter().filter(|row| kinds.iter().any(|kind| row.suits(*kind))) {
            // How often a code is changed is nothing that a code can break.
            assert!(rule(row.name).is_some() || row.name == "period", "{}", row.name);
        }
        assert!(rule("digits-only").is_some());
        assert_eq!(
            refused(&["same-max", "refuse-groups", "unheard-of"]),
            [Prompt::CodeRefused, Prompt::RuleRepeats]
        );
    }
}
