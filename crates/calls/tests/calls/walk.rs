//! A seeded random walk through every dialogue: whatever is typed, and however wrongly those behave who carry the outputs
//! out, these hold.
//!
//! `WALK_STEPS` says how many steps in all; an ordinary run takes a million.

use std::collections::VecDeque;

use calls::{
    dialogue::{
        Answer, Caller, Changed, DIALOGUE_MAX, Dialogue, Envelope, Input, Judged, MessageId, OUTPUTS_MAX,
        Output, PROMPTS_MAX, Present, Recording, RecordingEnd,
    },
    keypad::Key,
    mailbox::{Door, Greeting, Recipient, collect, leave_message},
    phone_administration::{Act, Guard, NAME_MAX, administer},
    prompt::{LANGUAGES, Language},
};
use signin::{
    dice::{SeededDice, below},
    ident::Number,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

use crate::call::{envelope, number};

/// Steps of an ordinary run.
const STEPS: u32 = 1_000_000;
/// Steps that one call takes at most; then everybody is silent until it ends.
const LIFE: u32 = 300;
/// Deadlines that a silent call may need to its end.
const SILENT_MAX: u32 = 12;
/// Bytes of a dialogue printed, as a measure of what it keeps.
const KEPT_MAX: usize = 40_000;
/// What people type in one go.
const HABITS: [&str; 16] = [
    "201#",
    "7593#",
    "7593#7593#",
    "75937593",
    "7593",
    "1",
    "9",
    "91",
    "912#912#",
    "3",
    "#",
    "*",
    "2",
    "92",
    "2#66##1",
    "7",
];

#[test]
fn no_order_of_events_opens_a_mailbox_or_keeps_a_call_for_ever() {
    let asked = std::env::var_os("WALK_STEPS").map(|steps| steps.into_string().unwrap().parse().unwrap());
    let steps: u32 = asked.unwrap_or(STEPS);
    let mut seen = Seen::default();
    let mut seed = 0;
    while seen.steps < steps {
        seed += 1;
        Walk::new(seed).go(&mut seen);
    }
    println!("{seen:?}");
    // A walk that comes nowhere shows nothing.
    let met = [seen.played, seen.stored, seen.administered, seen.changed, seen.refused, seen.greetings];
    assert!(met.iter().all(|often| *often > steps / 5000), "{seen:?}");
}

/// What a walk came by.
#[derive(Debug, Default)]
struct Seen {
    steps: u32,
    calls: u32,
    played: u32,
    stored: u32,
    administered: u32,
    changed: u32,
    refused: u32,
    greetings: u32,
}

/// What was asked last and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Check,
    Change,
    Messages,
    Locked,
    Recording,
}

struct Walk {
    seed: u64,
    dice: SeededDice,
    dialogue: Dialogue,
    language: Language,
    now: Timestamp,
    keys: VecDeque<char>,
    question: Option<Question>,
    is_heard: bool,
    /// Whether what is behind the code may be shown: it was right, or none is asked.
    is_open: bool,
    /// Whether a new code may be chosen, and nothing else.
    must_change: bool,
    /// Whether the answer that is awaited is about the mailbox's code.
    is_code: bool,
    is_ended: bool,
    recordings: u32,
    stored: u32,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = SeededDice(seed);
        let language = LANGUAGES[usize::from(below(&mut dice, 2))];
        let here = number("201");
        let recipient = Recipient {
            mailbox: here,
            greeting: if below(&mut dice, 2) == 0 { Greeting::Own } else { Greeting::Standard },
            is_full: below(&mut dice, 8) == 0,
            length_max: Seconds(180),
            is_trusted: false,
            language,
        };
        let (dialogue, is_open) = match below(&mut dice, 8) {
            0 | 1 => (leave_message(recipient), false),
            2 => (collect(Door::Trusted(here), language), true),
            3 => (collect(Door::Code(here), language), false),
            4 => (collect(Door::Anybody, language), false),
            5 => (administer(Guard::Open, language), true),
            6 => (administer(Guard::Password, language), false),
            _ => (administer(Guard::Closed, language), false),
        };
        Self {
            seed,
            dice,
            dialogue,
            language,
            now: Timestamp(1_000_000_000_000),
            keys: VecDeque::new(),
            question: None,
            is_heard: false,
            is_open,
            must_change: false,
            is_code: false,
            is_ended: false,
            recordings: 0,
            stored: 0,
        }
    }

    fn go(&mut self, seen: &mut Seen) {
        seen.calls += 1;
        let began = self.now;
        let first = self.dialogue.begin(self.now);
        self.look(&first, seen);
        for _ in 0..LIFE {
            self.now = self.now.after(Seconds(u32::from(self.roll(3))));
            self.event(seen);
            if self.is_ended && self.roll(4) == 0 {
                break;
            }
        }
        for silent in 0.. {
            let Some(deadline) = self.dialogue.deadline() else { break };
            assert!(silent < SILENT_MAX, "seed {}: {:?} does not end", self.seed, self.dialogue);
            self.now = self.now.max(deadline);
            self.step(Input::Tick, seen);
        }
        assert!(self.dialogue.is_over(), "seed {}", self.seed);
        assert!(self.now < began.after(Seconds(DIALOGUE_MAX.0 * 4)), "seed {}", self.seed);
    }

    fn roll(&mut self, bound: u16) -> u8 {
        below(&mut self.dice, bound)
    }

    /// Somebody does something; mostly what is their turn.
    fn event(&mut self, seen: &mut Seen) {
        if self.roll(30) == 0 {
            return self.nonsense(seen);
        }
        if let Some(question) = self.question {
            return self.reply(question, seen);
        }
        if let Some(key) = self.keys.pop_front() {
            return self.step(Input::Key(Key::parse(key).unwrap()), seen);
        }
        match self.roll(20) {
            0..9 => {
                let habit = HABITS[usize::from(self.roll(16))];
                self.keys.extend(habit.chars());
            }
            9..16 if self.is_heard => self.step(Input::Spoken, seen),
            9..18 => {
                let key = Key::from_event(self.roll(16)).unwrap();
                self.step(Input::Key(key), seen);
            }
            _ => {
                self.now = self.dialogue.deadline().unwrap_or(self.now).max(self.now);
                self.step(Input::Tick, seen);
            }
        }
    }

    fn reply(&mut self, question: Question, seen: &mut Seen) {
        match question {
            Question::Check => {
                let judged = match self.roll(8) {
                    0..4 => Judged::Right,
                    4 => Judged::RightButOld,
                    5 => Judged::Wait(Some(self.now.after(Seconds(90)))),
                    6 => Judged::NotConfigured,
                    _ => Judged::Wrong,
                };
                // In phone administration there is no old password: right is right.
                self.is_open |= judged == Judged::Right || (judged == Judged::RightButOld && !self.is_code);
                self.must_change |= judged == Judged::RightButOld;
                self.step(Input::Answer(Answer::Judged(judged)), seen);
            }
            Question::Change => {
                let changed = match self.roll(10) {
                    0..5 => Changed::Done,
                    5 => Changed::Refused(&["length-min", "history", "unheard-of"]),
                    6 => Changed::Wrong,
                    7 => Changed::NotAllowed,
                    8 => Changed::NoSuchExtension,
                    _ => Changed::Unavailable,
                };
                self.is_open |= self.must_change && self.is_code && changed == Changed::Done;
                seen.changed += u32::from(changed == Changed::Done);
                seen.refused += u32::from(matches!(changed, Changed::Refused(_)));
                self.step(Input::Answer(Answer::Changed(changed)), seen);
            }
            Question::Messages => {
                let envelopes = self.envelopes();
                self.step(Input::Answer(Answer::Messages(&envelopes)), seen);
            }
            Question::Locked => {
                let many = self.roll(100);
                let numbers: Vec<_> = (0..many).map(|n| number(&format!("{}", 100 + u32::from(n)))).collect();
                self.step(Input::Answer(Answer::Locked(&numbers)), seen);
            }
            Question::Recording => {
                let seconds = u32::from(self.roll(9));
                let ended = [RecordingEnd::Stopped, RecordingEnd::Silence, RecordingEnd::Limit]
                    [usize::from(self.roll(3))];
                match self.roll(4) {
                    0 => self.step(Input::Key(Key::HASH), seen),
                    _ => self.step(Input::Recorded { seconds, ended }, seen),
                }
            }
        }
    }

    fn envelopes(&mut self) -> Vec<Envelope> {
        let many = if self.roll(10) == 0 { 250 } else { self.roll(4) };
        let callers = [
            Caller::Unknown,
            Caller::Extension(number("123456789012345")),
            Caller::Outside("+49 89 1234567".into()),
            Caller::Outside("1".repeat(5000).into()),
        ];
        let from = callers[usize::from(self.roll(4))].clone();
        (0..u64::from(many)).map(|id| envelope(id, id % 2 == 0, from.clone())).collect()
    }

    /// What nobody asked for, at any time.
    fn nonsense(&mut self, seen: &mut Seen) {
        let before = self.question;
        let locked = [number("202")];
        let messages = [envelope(1, true, Caller::Unknown)];
        let input = match self.roll(12) {
            0 => Input::Spoken,
            1 => Input::Tick,
            2 if self.roll(4) == 0 => Input::Fault,
            3 if self.roll(4) == 0 => Input::HungUp,
            4 if self.roll(4) == 0 => Input::Recorded { seconds: 3, ended: RecordingEnd::HungUp },
            5 if before != Some(Question::Recording) => {
                Input::Recorded { seconds: 3, ended: RecordingEnd::Limit }
            }
            6 if before != Some(Question::Check) => Input::Answer(Answer::Judged(Judged::Right)),
            7 if before != Some(Question::Change) => Input::Answer(Answer::Changed(Changed::Done)),
            8 if before != Some(Question::Messages) => Input::Answer(Answer::Messages(&messages)),
            9 if before != Some(Question::Locked) => Input::Answer(Answer::Locked(&locked)),
            _ => Input::Key(Key::STAR),
        };
        self.step(input, seen);
    }

    fn step(&mut self, input: Input<'_>, seen: &mut Seen) {
        let was_over = self.dialogue.is_over();
        let is_gone = matches!(input, Input::HungUp | Input::Recorded { ended: RecordingEnd::HungUp, .. });
        let is_answer = matches!(input, Input::Answer(_) | Input::Recorded { .. });
        seen.steps += 1;
        let outputs = self.dialogue.step(input, self.now);
        assert!(!was_over || outputs.is_empty(), "seed {}: {outputs:?} after the end", self.seed);
        if is_gone {
            let is_last =
                |output: &Output| matches!(output, Output::StoreMessage { .. } | Output::DiscardRecording);
            assert!(outputs.len() <= 1 && outputs.iter().all(is_last), "seed {}: {outputs:?}", self.seed);
            assert!(self.dialogue.is_over(), "seed {}", self.seed);
        }
        if is_answer && !outputs.is_empty() {
            self.question = None;
        }
        self.look(&outputs, seen);
    }

    /// What must hold after every step.
    fn look(&mut self, outputs: &[Output], seen: &mut Seen) {
        let seed = self.seed;
        assert!(outputs.len() <= OUTPUTS_MAX, "seed {seed}: {outputs:?}");
        let questions = outputs.iter().filter(|output| asks(output).is_some()).count();
        assert!(questions <= 1, "seed {seed}: {outputs:?}");
        for output in outputs {
            self.look_at(output, seen);
        }
        let is_over = self.dialogue.is_over();
        assert_eq!(is_over, self.dialogue.deadline().is_none(), "seed {seed}: {:?}", self.dialogue);
        assert!(!self.is_ended || is_over, "seed {seed}: hung up, and not over");
        if is_over {
            self.is_ended = true;
            self.question = None;
        }
        if seen.steps.is_multiple_of(64) {
            let kept = format!("{:?}", self.dialogue).len();
            assert!(kept < KEPT_MAX, "seed {seed}: {kept} bytes");
        }
    }

    fn look_at(&mut self, output: &Output, seen: &mut Seen) {
        let seed = self.seed;
        assert!(!self.is_ended, "seed {seed}: {output:?} after the end");
        if let Some(question) = asks(output) {
            self.question = Some(question);
            self.is_code =
                matches!(output, Output::CheckVoicemailCode { .. } | Output::ChangeVoicemailCode { .. });
        }
        match output {
            Output::Say(prompts) => {
                assert!((1..=PROMPTS_MAX).contains(&prompts.len()), "seed {seed}: {}", prompts.len());
                assert!(prompts.iter().all(|prompt| prompt.text(self.language).is_some()), "seed {seed}");
                self.heard();
            }
            Output::Play(Recording::Message(MessageId(_))) => {
                assert!(self.is_open, "seed {seed}: played without the code");
                seen.played += 1;
                self.heard();
            }
            Output::Play(Recording::Greeting) | Output::Tone(_) => self.heard(),
            Output::Play(Recording::Draft) => {
                assert!(self.recordings > 0, "seed {seed}: there is no draft");
                self.heard();
            }
            Output::StartRecording { .. } => self.recordings += 1,
            Output::StoreMessage { .. } | Output::StoreGreeting { .. } => {
                self.stored += 1;
                assert!(self.stored <= self.recordings, "seed {seed}: stored twice");
                if matches!(output, Output::StoreGreeting { .. }) {
                    assert!(self.is_open, "seed {seed}: a stranger's greeting");
                    seen.greetings += 1;
                } else {
                    seen.stored += 1;
                }
            }
            Output::DiscardRecording => assert!(self.recordings > 0, "seed {seed}"),
            Output::UseStandardGreeting { .. }
            | Output::ListMessages { .. }
            | Output::Keep(_)
            | Output::Delete(_)
            | Output::ListLocked => assert!(self.is_open, "seed {seed}: {output:?}"),
            Output::CheckVoicemailCode { mailbox, code } => {
                assert!(is_code(code) && *mailbox != Number::NOBODY, "seed {seed}");
            }
            Output::CheckSystemPassword(password) => assert_eq!(password.reveal().len(), 4, "seed {seed}"),
            Output::ChangeVoicemailCode { mailbox, present, new } => {
                assert!(self.is_open || self.must_change, "seed {seed}");
                let is_clean = match present {
                    Present::Typed(code) => is_code(code),
                    Present::Proven | Present::Unset => true,
                };
                assert!(is_clean && is_code(new), "seed {seed}");
                // The same digits may stand in the number.
                let is_printed =
                    !mailbox.as_str().contains(new.reveal()) && format!("{output:?}").contains(new.reveal());
                assert!(!is_printed, "seed {seed}: a secret is printed");
            }
            Output::Administer(act) => {
                assert!(self.is_open, "seed {seed}: {act:?} without the password");
                seen.administered += 1;
                match act {
                    Act::SetSystemPassword(code) => assert_eq!(code.reveal().len(), 4, "seed {seed}"),
                    Act::SetLoginCode { code, .. } | Act::SetVoicemailCode { code, .. } => {
                        assert!(is_code(code), "seed {seed}");
                    }
                    Act::Name { name, .. } => {
                        assert!(
                            (1..=NAME_MAX).contains(&name.len()) && name.trim() == &**name,
                            "seed {seed}"
                        );
                    }
                    Act::Block(_) | Act::Unblock(_) => {}
                }
            }
            Output::Hush => self.is_heard = false,
            Output::StopRecording => {}
            Output::HangUp => self.is_ended = true,
        }
    }

    const fn heard(&mut self) {
        self.is_heard = true;
    }
}

/// What an output asks, if anything.
fn asks(output: &Output) -> Option<Question> {
    match output {
        Output::CheckVoicemailCode { .. } | Output::CheckSystemPassword(_) => Some(Question::Check),
        Output::ChangeVoicemailCode { .. }
        | Output::StoreMessage { .. }
        | Output::StoreGreeting { .. }
        | Output::UseStandardGreeting { .. }
        | Output::Administer(_) => Some(Question::Change),
        Output::ListMessages { .. } => Some(Question::Messages),
        Output::ListLocked => Some(Question::Locked),
        Output::StartRecording { .. } | Output::StopRecording => Some(Question::Recording),
        Output::Say(_)
        | Output::Play(_)
        | Output::Tone(_)
        | Output::Hush
        | Output::DiscardRecording
        | Output::Keep(_)
        | Output::Delete(_)
        | Output::HangUp => None,
    }
}

fn is_code(code: &Secret) -> bool {
    (1..=31).contains(&code.reveal().len()) && code.reveal().bytes().all(|byte| byte.is_ascii_digit())
}
