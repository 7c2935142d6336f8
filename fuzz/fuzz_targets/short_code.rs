//! What is typed at a telephone: short codes, keys and menus. A code that is taken is written as it was read; what is refused
//! changes nothing; no code begins like another, so that what is dialled is one service's at most, and is what a second, plainer
//! reading says it is; nothing that is printed depends on a secret; a menu ends, and asks for no more than it may.
//!
//! The input is lines: `=CODE,CODE,…` sets codes, `{…}` is a table as it is kept, `~…` goes through a menu (a digit says which,
//! then keys, and small letters for what else happens), any other is dialled.
#![no_main]

use calls::{
    dialogue::{
        Answer, Changed, Dialogue, Input, Judged, OUTPUTS_MAX, Output, PROMPTS_MAX, Present, RecordingEnd,
    },
    keypad::{DIGITS_MAX, Digits, Key},
    mailbox::{Door, Greeting, Recipient, collect, leave_message},
    phone_administration::{Act, Guard, administer},
    prompt::Language,
    short_code::{CODE_MAX, Code, DIALLED_MAX, Dialled, FEATURES, Feature, ShortCodes},
};
use libfuzzer_sys::fuzz_target;
use signin::{
    ident::Number,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

/// Deadlines that a call may need to its end when nobody says anything more.
const SILENT_MAX: usize = 12;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut codes = ShortCodes::default();
    for line in text.split('\n').take(64) {
        match line.split_at_checked(1) {
            Some(("=", wanted)) => set(&mut codes, wanted),
            Some(("{", _)) => {
                if let Ok(kept) = serde_json::from_str::<ShortCodes>(line) {
                    codes = kept;
                }
            }
            Some(("~", events)) => menu(events),
            _ => dial(&codes, line),
        }
        parted(&codes);
        keys(line);
    }
});

fn begin_alike(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// No two codes begin alike, and the table is read as it is written.
fn parted(codes: &ShortCodes) {
    let all: Vec<&str> = FEATURES.iter().filter_map(|row| Some(codes.code(row.feature)?.as_str())).collect();
    for (at, one) in all.iter().enumerate() {
        assert!(all.iter().skip(at + 1).all(|other| !begin_alike(one, other)), "{all:?}");
    }
    let written = serde_json::to_string(codes).expect("written");
    assert_eq!(&serde_json::from_str::<ShortCodes>(&written).expect("read"), codes);
}

fn set(codes: &mut ShortCodes, wanted: &str) {
    for (row, wanted) in FEATURES.iter().cycle().zip(wanted.split(',').take(32)) {
        let before = codes.clone();
        let trimmed = wanted.trim();
        let mut characters = trimmed.chars();
        let is_code = matches!(characters.next(), Some('*' | '#'))
            && characters.all(|c| c.is_ascii_digit() || c == '*')
            && (2..=CODE_MAX).contains(&trimmed.len());
        assert_eq!(Code::parse(trimmed).is_ok(), is_code, "{trimmed:?}");
        if let Ok(code) = Code::parse(trimmed) {
            assert_eq!(code.to_string(), trimmed);
            assert_eq!(Code::parse(&code.to_string()).as_ref(), Ok(&code));
        }
        let mut others = FEATURES.iter().filter(|other| other.feature != row.feature);
        let is_taken = is_code
            && others.any(|other| {
                before.code(other.feature).is_some_and(|code| begin_alike(code.as_str(), trimmed))
            });
        let is_set = codes.set(row.feature, wanted).is_ok();
        assert_eq!(is_set, trimmed.is_empty() || is_code && !is_taken, "{trimmed:?}");
        if is_set {
            assert_eq!(codes.code(row.feature).map_or("", Code::as_str), trimmed);
        } else {
            assert_eq!(*codes, before);
        }
    }
}

/// Whose service it is, with its secrets.
fn service(dialled: &Dialled) -> (Feature, Option<Number>, Vec<&Secret>) {
    match dialled {
        Dialled::PhoneLogin { number, code } => (Feature::PhoneLogin, *number, vec![code]),
        Dialled::PhoneLogout => (Feature::PhoneLogout, None, Vec::new()),
        Dialled::ChangeLoginCode { old, new } => {
            (Feature::ChangeLoginCode, None, old.iter().chain([new]).collect())
        }
        Dialled::Voicemail => (Feature::Voicemail, None, Vec::new()),
        Dialled::Hoteling { number, code } => (Feature::Hoteling, Some(*number), vec![code]),
        Dialled::HotelingEnd => (Feature::HotelingEnd, None, Vec::new()),
        Dialled::PhoneAdministration => (Feature::PhoneAdministration, None, Vec::new()),
        Dialled::Malformed(feature) => (*feature, None, Vec::new()),
    }
}

fn dial(codes: &ShortCodes, line: &str) {
    let begun: Vec<_> = FEATURES
        .iter()
        .filter_map(|row| Some((row.feature, line.strip_prefix(codes.code(row.feature)?.as_str())?)))
        .collect();
    assert!(begun.len() <= 1, "{line:?} is {begun:?}");
    let begun = begun.first().filter(|(_, rest)| rest.is_empty() || rest.starts_with(['*', '#', '%']));
    let dialled = codes.parse(line);
    let Some((feature, rest)) = begun else {
        assert!(dialled.is_none(), "{line:?}");
        return;
    };
    let dialled = dialled.expect("it begins with a code");
    let (served, number, secrets) = service(&dialled);
    assert_eq!(served, *feature);
    if matches!(dialled, Dialled::Malformed(_)) {
        assert!(!rest.is_empty() || served.row().followed_by != [""], "what needs nothing more is whole");
        return;
    }
    assert!(line.len() <= DIALLED_MAX);
    assert!(
        secrets
            .iter()
            .all(|secret| !secret.is_empty() && secret.reveal().bytes().all(|byte| byte.is_ascii_digit()))
    );
    // As the page says that it is dialled.
    let code = codes.code(served).expect("it was dialled").as_str();
    let with = |secrets: &[&str]| match (&dialled, secrets) {
        (Dialled::ChangeLoginCode { old: None, .. }, [new]) => format!("{code}**{new}#"),
        (_, []) => code.to_owned(),
        (_, secrets) => {
            let number = number.map(|number| number.to_string());
            let parts: Vec<&str> = number.as_deref().into_iter().chain(secrets.iter().copied()).collect();
            format!("{code}*{}#", parts.join("*"))
        }
    };
    let shown: Vec<&str> = secrets.iter().map(|secret| secret.reveal()).collect();
    let again = codes.parse(&with(&shown)).expect("the same");
    let (again_served, again_number, again_secrets) = service(&again);
    assert_eq!((again_served, again_number), (served, number));
    assert!(
        again_secrets.len() == secrets.len()
            && again_secrets.iter().zip(&secrets).all(|(one, other)| one.matches(other))
    );
    // Other secrets, of another length: nothing that is printed is another.
    let others = vec!["90817263545"; shown.len()];
    let other = codes.parse(&with(&others)).expect("the same service");
    assert_eq!(format!("{dialled:?}"), format!("{other:?}"));
}

/// A row of keys is whole or refused, never cut; both crates mean the same keys.
fn keys(line: &str) {
    let is_key = |c: char| c.is_ascii_digit() || matches!(c.to_ascii_uppercase(), '*' | '#' | 'A'..='D');
    let is_whole = line.chars().all(is_key) && line.len() <= DIGITS_MAX;
    let digits = Digits::parse(line);
    assert_eq!(digits.is_some(), is_whole, "{line:?}");
    if let Some(digits) = digits {
        assert_eq!((digits.len(), digits.to_secret().reveal()), (line.len(), &*line.to_ascii_uppercase()));
        assert_eq!(digits.to_number(), Number::parse(&line.to_ascii_uppercase()));
        assert_eq!(format!("{digits:?}"), "Digits(…)");
    }
    for c in line.chars().take(64) {
        let theirs = u8::try_from(c).ok().and_then(wire::keypad::Key::of);
        let ours = Key::parse(c);
        assert_eq!(ours.is_some(), theirs.is_some(), "{c:?}");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            assert_eq!(Key::from_event(theirs.event()), Some(ours));
            assert_eq!(ours.as_char(), theirs.as_char());
            assert_eq!(format!("{ours:?}"), "Key(…)");
        }
    }
}

fn which(selected: char) -> Dialogue {
    let here = Number::parse("201").expect("a number");
    let language = if selected.is_ascii_uppercase() { Language::German } else { Language::English };
    let recipient = Recipient {
        mailbox: here,
        greeting: if selected == '1' { Greeting::Own } else { Greeting::Standard },
        is_full: selected == '2',
        length_max: Seconds(180),
        is_trusted: selected == '3',
        language,
    };
    match selected {
        '0'..='3' => leave_message(recipient),
        '4' => collect(Door::Trusted(here), language),
        '5' => collect(Door::Code(here), language),
        '6' => collect(Door::Anybody, language),
        '7' => administer(Guard::Open, language),
        '8' => administer(Guard::Password, language),
        _ => administer(Guard::Closed, language),
    }
}

fn menu(events: &str) {
    let mut events = events.chars().take(512);
    let Some(selected) = events.next() else { return };
    let mut dialogue = which(selected);
    let mut now = Timestamp(1_800_000_000_000);
    let outputs = dialogue.begin(now);
    look(&dialogue, &outputs);
    for event in events {
        let input = match event {
            's' => Input::Spoken,
            'r' => Input::Recorded { seconds: 7, ended: RecordingEnd::Stopped },
            'l' => Input::Recorded { seconds: 180, ended: RecordingEnd::Limit },
            'q' => Input::Recorded { seconds: 0, ended: RecordingEnd::Silence },
            'y' => Input::Answer(Answer::Judged(Judged::Right)),
            'o' => Input::Answer(Answer::Judged(Judged::RightButOld)),
            'n' => Input::Answer(Answer::Judged(Judged::Wrong)),
            'w' => Input::Answer(Answer::Judged(Judged::Wait(None))),
            'u' => Input::Answer(Answer::Judged(Judged::Unavailable)),
            'k' => Input::Answer(Answer::Changed(Changed::Done)),
            'x' => Input::Answer(Answer::Changed(Changed::Refused(&["length"]))),
            'm' => Input::Answer(Answer::Messages(&[])),
            'e' => Input::Answer(Answer::Locked(&[])),
            'f' => Input::Fault,
            'h' => Input::HungUp,
            't' => {
                now = dialogue.deadline().unwrap_or(now);
                Input::Tick
            }
            other => match Key::parse(other) {
                Some(key) => Input::Key(key),
                None => continue,
            },
        };
        let was_over = dialogue.is_over();
        let outputs = dialogue.step(input, now);
        assert!(!was_over || outputs.is_empty(), "nothing follows the end");
        look(&dialogue, &outputs);
    }
    for _ in 0..SILENT_MAX {
        let Some(deadline) = dialogue.deadline() else { break };
        now = deadline;
        let outputs = dialogue.step(Input::Tick, now);
        look(&dialogue, &outputs);
    }
    assert!(dialogue.is_over(), "it never ends");
}

/// What a menu wants has its limits, and prints no secret.
fn look(dialogue: &Dialogue, outputs: &[Output]) {
    assert!(outputs.len() <= OUTPUTS_MAX);
    assert_eq!(dialogue.deadline().is_none(), dialogue.is_over(), "until it is over there is a deadline");
    let nothing = || Secret::new("");
    for (at, output) in outputs.iter().enumerate() {
        let blank = match output {
            Output::Say(prompts) => {
                assert!(prompts.len() <= PROMPTS_MAX);
                continue;
            }
            Output::HangUp => {
                assert!(at + 1 == outputs.len() && dialogue.is_over());
                continue;
            }
            Output::CheckVoicemailCode { mailbox, code } => {
                assert!(!code.is_empty());
                Output::CheckVoicemailCode { mailbox: *mailbox, code: nothing() }
            }
            Output::CheckSystemPassword(_) => Output::CheckSystemPassword(nothing()),
            Output::ChangeVoicemailCode { mailbox, present, new } => {
                assert!(!new.is_empty());
                let present = match present {
                    Present::Typed(_) => Present::Typed(nothing()),
                    other => other.clone(),
                };
                Output::ChangeVoicemailCode { mailbox: *mailbox, present, new: nothing() }
            }
            Output::Administer(act) => Output::Administer(match act {
                Act::SetSystemPassword(_) => Act::SetSystemPassword(nothing()),
                Act::SetLoginCode { extension, .. } => {
                    Act::SetLoginCode { extension: *extension, code: nothing() }
                }
                Act::SetVoicemailCode { extension, .. } => {
                    Act::SetVoicemailCode { extension: *extension, code: nothing() }
                }
                other => other.clone(),
            }),
            _ => continue,
        };
        assert_eq!(format!("{output:?}"), format!("{blank:?}"));
    }
}
