//! The owner's way into a mailbox, and the messages in it.
//!
//! ```text
//!  Number ──#──▶ Code ──#──▶ Checking ──right──▶ Listing ──▶ Menu ──1──▶ Message ──#, 2──▶ the next one
//!     ▲           │ ▲            │ right, but old      ▲      │ ▲            │ 1 2 3 4 · 7 or *: Menu
//!     ╰──── * ────╯ ╰── wrong ───┤                     │      9 ╰── * ──╮    ╰── the last one ──▶ Menu
//!                                ▼                     │      ▼         │
//!                             NewCode ───── done ──────╯   Options ─────╯  (options.rs)
//! ```
//! From a trusted source it begins at Listing. Nothing of a mailbox is said before that.

use signin::{
    ident::{NUMBER_MAX, Number},
    timestamp::Timestamp,
};

use super::{CODE_MAX, Door, TRIES_MAX, messages::Messages};
use crate::{
    dialogue::{
        Answer, Envelope, Judged, Move, Output, Present, Recording, RecordingEnd, Script,
        entry::{Entry, NewCode, Typed},
    },
    keypad::{Digits, Key},
    prompt::{Language, Prompt, sequence},
};

#[derive(Debug)]
pub(super) struct Mailbox {
    door: Door,
    pub(super) language: Language,
    /// Which mailbox; typed, where nobody knew it before. Whether it is open to the caller is in the state.
    pub(super) mailbox: Number,
    pub(super) state: State,
    /// Wrong codes in this call.
    tries: u8,
    /// Whether this call has shown the code.
    pub(super) is_proven: bool,
    /// Whether nothing is open before there is another code.
    pub(super) must_change: bool,
    /// Said before the next count of messages.
    pub(super) preface: Vec<Prompt>,
    messages: Messages,
    /// How often a greeting was recorded.
    pub(super) takes: u8,
}

#[derive(Debug)]
pub(super) enum State {
    Number(Entry),
    Code(Entry),
    Checking,
    Listing,
    Menu,
    Message { is_playing: bool },
    Options,
    PresentCode(Entry),
    NewCode { present: Present, code: NewCode },
    Changing { present: Present },
    GreetingTake,
    GreetingReview { is_playing: bool },
    StoringGreeting,
}

impl Mailbox {
    pub(super) fn new(door: Door, language: Language) -> Self {
        let (mailbox, state) = match door {
            Door::Trusted(number) => (number, State::Listing),
            Door::Code(number) => (number, State::Code(Entry::up_to(CODE_MAX))),
            Door::Anybody => (Number::NOBODY, State::Number(Entry::up_to(NUMBER_MAX))),
        };
        Self {
            door,
            language,
            mailbox,
            state,
            tries: 0,
            is_proven: false,
            must_change: false,
            preface: Vec::new(),
            messages: Messages::default(),
            takes: 0,
        }
    }

    /// Goes into a state and says what there is in it, and this before it.
    pub(super) fn enter(&mut self, state: State, first: &[Prompt]) -> Move {
        self.state = state;
        Move::say([first, &self.reminder()].concat())
    }

    /// The same state once more.
    pub(super) fn still(&self, first: &[Prompt]) -> Move {
        Move::say([first, &self.reminder()].concat())
    }

    pub(super) fn list(&mut self) -> Move {
        self.state = State::Listing;
        Move::ask(Output::ListMessages { mailbox: self.mailbox })
    }

    fn ask_number(&mut self) -> Move {
        self.enter(State::Number(Entry::up_to(NUMBER_MAX)), &[])
    }

    fn number(&mut self, typed: Typed) -> Move {
        match typed {
            Typed::More => Move::listen(),
            Typed::Anew => self.ask_number(),
            Typed::Back => Move::goodbye(Vec::new()),
            Typed::Whole(digits) => match digits.to_number() {
                Some(number) => {
                    self.mailbox = number;
                    self.enter(State::Code(Entry::up_to(CODE_MAX)), &[])
                }
                None => self.ask_number(),
            },
        }
    }

    fn code(&mut self, typed: Typed) -> Move {
        match typed {
            Typed::More => Move::listen(),
            Typed::Anew => self.still(&[]),
            Typed::Back if self.door == Door::Anybody => self.ask_number(),
            Typed::Back => Move::goodbye(Vec::new()),
            // An empty code opens nothing, anywhere: nobody is asked about it.
            Typed::Whole(code) if code.is_empty() => self.wrong(State::Code(Entry::up_to(CODE_MAX))),
            Typed::Whole(code) => self.check(&code),
        }
    }

    fn check(&mut self, code: &Digits) -> Move {
        self.state = State::Checking;
        Move::ask(Output::CheckVoicemailCode { mailbox: self.mailbox, code: code.to_secret() })
    }

    /// A wrong code: into this state again, or it was once too often.
    pub(super) fn wrong(&mut self, state: State) -> Move {
        self.tries = self.tries.saturating_add(1);
        if self.tries >= TRIES_MAX {
            return Move::goodbye(vec![Prompt::TooManyWrong, Prompt::TryAgainLater]);
        }
        self.enter(state, &[Prompt::Wrong])
    }

    fn judged(&mut self, judged: Judged, now: Timestamp) -> Move {
        match judged {
            Judged::Right => {
                self.is_proven = true;
                self.list()
            }
            Judged::RightButOld => {
                self.is_proven = true;
                self.must_change = true;
                self.choose_code(Present::Proven, &[])
            }
            Judged::Wrong => self.wrong(State::Code(Entry::up_to(CODE_MAX))),
            Judged::Wait(until) => Move::goodbye(sequence::wait(until, now, self.language)),
            Judged::NotConfigured => Move::goodbye(vec![Prompt::NotConfigured]),
            Judged::Unavailable => Move::goodbye(vec![Prompt::Fault]),
        }
    }

    fn listed(&mut self, envelopes: &[Envelope]) -> Move {
        self.messages = Messages::new(envelopes);
        let counted = [std::mem::take(&mut self.preface), self.messages.counted(self.language)].concat();
        self.enter(State::Menu, &counted)
    }

    fn menu(&mut self, key: char) -> Move {
        match key {
            '1' => {
                self.messages.rewind();
                self.play()
            }
            '9' => self.enter_options(&[]),
            '0' => self.still(&[Prompt::Help]),
            '*' => Move::goodbye(Vec::new()),
            _ => self.still(&[Prompt::NoSuchChoice]),
        }
    }

    /// Plays the message that is its turn, and before it what it is.
    fn play(&mut self) -> Move {
        let Some(held) = self.messages.current() else {
            let none = sequence::messages(0, 0, self.language);
            return self.enter(State::Menu, &none);
        };
        self.state = State::Message { is_playing: true };
        Move::play(held.in_words(self.language), Recording::Message(held.envelope.id))
    }

    fn next(&mut self) -> Move {
        if self.messages.advance() { self.play() } else { self.enter(State::Menu, &[Prompt::NoMore]) }
    }

    fn message(&mut self, key: char) -> Move {
        let is_deleted = self.messages.current().is_some_and(|held| held.is_deleted);
        self.state = State::Message { is_playing: false };
        match key {
            '1' => self.play(),
            '2' => {
                let kept = self.messages.mark(false).map(Output::Keep);
                self.next().after(kept)
            }
            '3' => {
                let deleted = self.messages.mark(true).map(Output::Delete);
                self.still(&[Prompt::Deleted]).after(deleted)
            }
            '4' if is_deleted => {
                let kept = self.messages.mark(false).map(Output::Keep);
                self.still(&[Prompt::Restored]).after(kept)
            }
            '#' => self.next(),
            '7' | '*' => self.enter(State::Menu, &[]),
            '0' => self.still(&[Prompt::Help]),
            _ => self.still(&[Prompt::NoSuchChoice]),
        }
    }

    /// It was played to its end: from now on it has been heard.
    fn played(&mut self) -> Move {
        self.state = State::Message { is_playing: false };
        // One that was deleted is not new, so that hearing it again restores nothing.
        let is_unheard = self.messages.current().is_some_and(|held| held.envelope.is_new);
        let kept = if is_unheard { self.messages.mark(false) } else { None };
        self.still(&[]).after(kept.map(Output::Keep))
    }

    fn message_choices(&self) -> Vec<Prompt> {
        let is_deleted = self.messages.current().is_some_and(|held| held.is_deleted);
        let marks: &[_] = if is_deleted {
            &[('4', Prompt::ToRestore)]
        } else {
            &[('2', Prompt::ToKeep), ('3', Prompt::ToDelete)]
        };
        let ways = [('#', Prompt::ForNext), ('7', Prompt::ForMenu)];
        sequence::choices(&[&[('1', Prompt::ToHearAgain)], marks, &ways].concat())
    }
}

impl Script for Mailbox {
    fn open(&mut self) -> Move {
        if matches!(self.state, State::Listing) { self.list() } else { self.still(&[]) }
    }

    fn key(&mut self, key: Key) -> Move {
        match &mut self.state {
            State::Number(entry) => {
                let typed = entry.key(key);
                self.number(typed)
            }
            State::Code(entry) => {
                let typed = entry.key(key);
                self.code(typed)
            }
            State::Menu => self.menu(key.as_char()),
            State::Message { .. } => self.message(key.as_char()),
            State::Options => self.options(key.as_char()),
            State::PresentCode(entry) => {
                let typed = entry.key(key);
                self.present(typed)
            }
            State::NewCode { code, .. } => {
                let chosen = code.key(key);
                self.chosen(chosen)
            }
            State::GreetingReview { .. } => self.greeting_review(key.as_char()),
            State::Checking
            | State::Listing
            | State::Changing { .. }
            | State::GreetingTake
            | State::StoringGreeting => Move::stay(),
        }
    }

    fn spoken(&mut self) -> Move {
        match self.state {
            State::Message { is_playing: true } => self.played(),
            State::GreetingReview { is_playing: true } => {
                self.enter(State::GreetingReview { is_playing: false }, &[])
            }
            State::Number(_)
            | State::Code(_)
            | State::Checking
            | State::Listing
            | State::Menu
            | State::Message { .. }
            | State::Options
            | State::PresentCode(_)
            | State::NewCode { .. }
            | State::Changing { .. }
            | State::GreetingTake
            | State::GreetingReview { .. }
            | State::StoringGreeting => Move::listen(),
        }
    }

    fn is_typing(&self) -> bool {
        match &self.state {
            State::Number(entry) | State::Code(entry) | State::PresentCode(entry) => entry.is_typing(),
            State::NewCode { code, .. } => code.is_typing(),
            State::Checking
            | State::Listing
            | State::Menu
            | State::Message { .. }
            | State::Options
            | State::Changing { .. }
            | State::GreetingTake
            | State::GreetingReview { .. }
            | State::StoringGreeting => false,
        }
    }

    fn pause(&mut self) -> Move {
        self.key(Key::HASH)
    }

    fn reminder(&self) -> Vec<Prompt> {
        match &self.state {
            State::Number(_) => vec![Prompt::EnterMailbox, Prompt::ThenHash],
            State::Code(_) => vec![Prompt::EnterCode, Prompt::ThenHash],
            State::Menu => sequence::choices(&[
                ('1', Prompt::ForMessages),
                ('9', Prompt::ForOptions),
                ('0', Prompt::ForHelp),
                ('*', Prompt::ToEnd),
            ]),
            State::Message { .. } => self.message_choices(),
            State::PresentCode(_) => vec![Prompt::EnterPresentCode, Prompt::ThenHash],
            State::NewCode { code, .. } => code.prompts(),
            State::Options | State::GreetingReview { .. } => self.option_choices(),
            State::Checking
            | State::Listing
            | State::Changing { .. }
            | State::GreetingTake
            | State::StoringGreeting => Vec::new(),
        }
    }

    fn answer(&mut self, answer: Answer<'_>, now: Timestamp) -> Option<Move> {
        match (&self.state, answer) {
            (State::Checking, Answer::Judged(judged)) => Some(self.judged(judged, now)),
            (State::Listing, Answer::Messages(envelopes)) => Some(self.listed(envelopes)),
            (State::Changing { .. } | State::StoringGreeting, Answer::Changed(changed)) => {
                Some(self.changed(changed, now))
            }
            _ => None,
        }
    }

    fn recorded(&mut self, seconds: u32, _ended: RecordingEnd) -> Move {
        self.greeting_recorded(seconds)
    }

    fn end(&mut self, _running: Option<u32>) -> Option<Output> {
        let has_draft = matches!(self.state, State::GreetingTake | State::GreetingReview { .. });
        has_draft.then_some(Output::DiscardRecording)
    }
}
