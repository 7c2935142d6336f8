//! One call on a virtual clock, and all that is said in it, as text. Secrets are shown here: only tests look.

use calls::{
    dialogue::{
        Answer, Caller, Changed, Dialogue, Envelope, Input, Judged, MessageId, Output, Present, RecordingEnd,
    },
    keypad::Key,
    phone_administration::Act,
    prompt::{
        Language,
        sequence::{Day, LocalTime},
    },
};
use signin::{
    ident::Number,
    timestamp::{Seconds, Timestamp},
};

pub(crate) struct Call {
    pub(crate) dialogue: Dialogue,
    pub(crate) now: Timestamp,
}

impl Call {
    /// The call is answered; what is said first.
    pub(crate) fn answer(dialogue: Dialogue) -> (Self, String) {
        let mut call = Self { dialogue, now: Timestamp(1_000_000) };
        let first = call.dialogue.begin(call.now);
        (call, told(&first))
    }

    pub(crate) fn step(&mut self, input: Input<'_>) -> String {
        told(&self.dialogue.step(input, self.now))
    }

    /// Types keys; what comes of the last.
    pub(crate) fn keys(&mut self, keys: &str) -> String {
        let each = keys.chars().map(|c| self.step(Input::Key(Key::parse(c).unwrap())));
        each.last().unwrap_or_default()
    }

    pub(crate) fn spoken(&mut self) -> String {
        self.step(Input::Spoken)
    }

    pub(crate) fn judged(&mut self, judged: Judged) -> String {
        self.step(Input::Answer(Answer::Judged(judged)))
    }

    pub(crate) fn changed(&mut self, changed: Changed<'_>) -> String {
        self.step(Input::Answer(Answer::Changed(changed)))
    }

    pub(crate) fn messages(&mut self, envelopes: &[Envelope]) -> String {
        self.step(Input::Answer(Answer::Messages(envelopes)))
    }

    pub(crate) fn locked(&mut self, numbers: &[Number]) -> String {
        self.step(Input::Answer(Answer::Locked(numbers)))
    }

    pub(crate) fn recorded(&mut self, seconds: u32, ended: RecordingEnd) -> String {
        self.step(Input::Recorded { seconds, ended })
    }

    /// Nothing happens until the deadline.
    pub(crate) fn wait(&mut self) -> String {
        self.now = self.dialogue.deadline().unwrap();
        self.step(Input::Tick)
    }

    pub(crate) fn pass(&mut self, seconds: u32) {
        self.now = self.now.after(Seconds(seconds));
    }
}

pub(crate) fn number(digits: &str) -> Number {
    Number::parse(digits).unwrap()
}

pub(crate) fn envelope(id: u64, is_new: bool, from: Caller) -> Envelope {
    let at = LocalTime { day: Day::Today, hour: 9, minute: 5 };
    Envelope { id: MessageId(id), is_new, at, from }
}

/// Outputs as one line.
pub(crate) fn told(outputs: &[Output]) -> String {
    let each: Vec<_> = outputs.iter().map(tell).collect();
    each.join(" | ")
}

fn tell(output: &Output) -> String {
    match output {
        Output::Say(prompts) => {
            let words: Vec<_> =
                prompts.iter().map(|prompt| prompt.text(Language::English).unwrap()).collect();
            words.join(" ")
        }
        Output::Play(recording) => format!("<{recording:?}>").to_lowercase(),
        Output::Tone(tone) => format!("<{tone:?}>").to_lowercase(),
        Output::Hush => "<hush>".into(),
        Output::StartRecording { length_max, silence_max } => {
            format!("<record {} {}>", length_max.0, silence_max.0)
        }
        Output::StopRecording => "<stop>".into(),
        Output::StoreMessage { mailbox } => format!("<store in {mailbox}>"),
        Output::DiscardRecording => "<discard>".into(),
        Output::StoreGreeting { mailbox } => format!("<greeting of {mailbox}>"),
        Output::UseStandardGreeting { mailbox } => format!("<standard greeting of {mailbox}>"),
        Output::CheckVoicemailCode { mailbox, code } => format!("<check {mailbox} {}>", code.reveal()),
        Output::CheckSystemPassword(password) => format!("<check system {}>", password.reveal()),
        Output::ChangeVoicemailCode { mailbox, present, new } => {
            let present = match present {
                Present::Proven => "proven",
                Present::Typed(code) => code.reveal(),
                Present::Unset => "unset",
            };
            format!("<change {mailbox} {present} to {}>", new.reveal())
        }
        Output::ListMessages { mailbox } => format!("<list {mailbox}>"),
        Output::Keep(id) => format!("<keep {}>", id.0),
        Output::Delete(id) => format!("<delete {}>", id.0),
        Output::ListLocked => "<list locked>".into(),
        Output::Administer(act) => match act {
            Act::SetSystemPassword(password) => format!("<system password {}>", password.reveal()),
            Act::Name { extension, name } => format!("<name {extension} {name}>"),
            Act::SetLoginCode { extension, code } => format!("<login code {extension} {}>", code.reveal()),
            Act::SetVoicemailCode { extension, code } => {
                format!("<voicemail code {extension} {}>", code.reveal())
            }
            Act::Block(extension) => format!("<block {extension}>"),
            Act::Unblock(extension) => format!("<unblock {extension}>"),
        },
        Output::HangUp => "<hang up>".into(),
    }
}
