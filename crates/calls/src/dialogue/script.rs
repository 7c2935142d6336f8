//! Scripts: what a dialogue is about. A script is told what happened when it is its turn, and answers with a [`Move`]; whose
//! turn is next, how long anybody waits, and that it ends, is the dialogue's.

use std::fmt;

use signin::timestamp::{Seconds, Timestamp};

use super::{Answer, Output, PROMPTS_MAX, Recording, RecordingEnd, Tone};
use crate::{keypad::Key, prompt::Prompt};

/// What a dialogue is about.
pub(crate) trait Script: fmt::Debug + Send {
    /// The first words.
    fn open(&mut self) -> Move;
    /// A key was pressed, while something was said or after it.
    fn key(&mut self, key: Key) -> Move;
    /// All was said, and nobody interrupted it.
    fn spoken(&mut self) -> Move {
        Move::listen()
    }
    /// Whether something is half typed.
    fn is_typing(&self) -> bool {
        false
    }
    /// What is half typed is all there is.
    fn pause(&mut self) -> Move {
        Move::listen()
    }
    /// What is said to whoever is silent.
    fn reminder(&self) -> Vec<Prompt>;
    /// And what is done when they remain so.
    fn silence(&mut self) -> Move {
        Move::goodbye(Vec::new())
    }
    /// An answer; `None` when it is to nothing that was asked.
    fn answer(&mut self, _answer: Answer<'_>, _now: Timestamp) -> Option<Move> {
        None
    }
    /// A recording ended, and the caller is still there.
    fn recorded(&mut self, _seconds: u32, _ended: RecordingEnd) -> Move {
        Move::goodbye(vec![Prompt::Fault])
    }
    /// It ends here: what becomes of a recording that nobody has decided about. `running`: how long the one is that was under
    /// way.
    fn end(&mut self, _running: Option<u32>) -> Option<Output> {
        None
    }
}

/// What a script does.
#[derive(Debug)]
pub(crate) struct Move {
    pub(super) outputs: Vec<Output>,
    pub(super) then: Then,
}

/// Whose turn is next.
#[derive(Debug)]
pub(super) enum Then {
    /// As before: the key meant nothing, and nothing is interrupted.
    Stay,
    Speak,
    Listen,
    Ask,
    Record(Seconds),
    Leave,
    Become(Box<dyn Script>),
}

impl Move {
    pub(crate) const fn stay() -> Self {
        Self { outputs: Vec::new(), then: Then::Stay }
    }

    pub(crate) const fn listen() -> Self {
        Self { outputs: Vec::new(), then: Then::Listen }
    }

    pub(crate) fn say(prompts: Vec<Prompt>) -> Self {
        Self { outputs: said(prompts), then: Then::Speak }
    }

    pub(crate) fn play(before: Vec<Prompt>, recording: Recording) -> Self {
        let mut outputs = said(before);
        outputs.push(Output::Play(recording));
        Self { outputs, then: Then::Speak }
    }

    pub(crate) fn ask(question: Output) -> Self {
        Self { outputs: vec![question], then: Then::Ask }
    }

    /// Says what is to be said before, sounds the tone and records.
    pub(crate) fn record(before: Vec<Prompt>, length_max: Seconds, silence_max: Seconds) -> Self {
        let mut outputs = said(before);
        outputs.push(Output::Tone(Tone::Beep));
        outputs.push(Output::StartRecording { length_max, silence_max });
        Self { outputs, then: Then::Record(length_max) }
    }

    /// Says this and goodbye, and hangs up.
    pub(crate) fn goodbye(mut prompts: Vec<Prompt>) -> Self {
        prompts.truncate(PROMPTS_MAX - 1);
        prompts.push(Prompt::Goodbye);
        Self { outputs: said(prompts), then: Then::Leave }
    }

    pub(crate) fn become_script(script: impl Script + 'static) -> Self {
        Self { outputs: Vec::new(), then: Then::Become(Box::new(script)) }
    }

    /// The same, and before it this.
    pub(crate) fn after(mut self, first: Option<Output>) -> Self {
        self.outputs.splice(0..0, first);
        self
    }
}

fn said(mut prompts: Vec<Prompt>) -> Vec<Output> {
    prompts.truncate(PROMPTS_MAX);
    if prompts.is_empty() { Vec::new() } else { vec![Output::Say(prompts)] }
}

/// Something is said, and that is all.
#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) tone: Option<Tone>,
    pub(super) prompts: Vec<Prompt>,
}

impl Script for Announcement {
    fn open(&mut self) -> Move {
        let mut outputs = said(std::mem::take(&mut self.prompts));
        outputs.extend(self.tone.map(Output::Tone));
        Move { outputs, then: Then::Leave }
    }

    fn key(&mut self, _key: Key) -> Move {
        Move::stay()
    }

    fn reminder(&self) -> Vec<Prompt> {
        Vec::new()
    }
}
