//! Dialogues: how every spoken menu goes. Whose turn it is, is decided here; what is said and what a key means, in a script
//! ([`crate::mailbox`], [`crate::phone_administration`]).
//!
//! ```text
//!            ╭────────────────── key: what is being said stops ──────────────────╮
//!  begin ─▶ Speaking ──spoken──▶ Listening ──key, or a pause in typing──▶ what the script does next:
//!              ▲                     │                                      Speaking · Listening ·
//!              ╰─── once more ◀── silence ── again ──▶ Leaving              Asking · Recording · Leaving
//!
//!  Asking ──answer──▶ script        Recording ──# or too long──▶ Stopping ──recorded──▶ script
//!     ╰──none in time──▶ Leaving        ╰────────── recorded ──────────────────────────▶ script
//!
//!  Leaving (goodbye is said) ──spoken──▶ Over (hung up)        any ──hung up by the caller──▶ Over
//! ```
//! Until it is over there is always a deadline: whatever others forget to say, a dialogue ends. It judges no secret, knows no
//! message, and carries nothing out: that is asked for by an [`Output`] and told by an [`Answer`].

pub(crate) mod entry;
mod script;

use std::fmt;

use signin::{
    ident::Number,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

use self::script::Then;
pub(crate) use self::script::{Move, Script};
use crate::{keypad::Key, phone_administration::Act, prompt::Prompt, prompt::sequence::LocalTime};

/// Most outputs of one step.
pub const OUTPUTS_MAX: usize = 6;
/// Most prompts in a row.
pub const PROMPTS_MAX: usize = 160;
/// Most messages that a dialogue looks at, and extensions that it reads out.
pub const LIST_MAX: usize = 60;
/// How long somebody may be silent; then they are told once more what there is, then goodbye.
pub const SILENCE: Seconds = Seconds(8);
/// How long one may think between two keys; then what was typed is taken as whole.
pub const PAUSE: Seconds = Seconds(5);
/// How long an answer may take.
pub const ANSWER_MAX: Seconds = Seconds(10);
/// How long what is said may take, a message among it.
pub const SPEECH_MAX: Seconds = Seconds::minutes(20);
/// How long a recording may take to begin and to be stopped.
const RECORDING_SPARE: Seconds = Seconds(10);
/// How long a dialogue may take in all, whatever is typed.
pub const DIALOGUE_MAX: Seconds = Seconds::minutes(120);

/// One message in a mailbox; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// Who left a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody knows.
    Unknown,
    /// An extension of the domain.
    Extension(Number),
    /// Somebody outside, by the number that was shown. What is no digit in it is not read out.
    Outside(Box<str>),
}

/// What is told of a message before it is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Which one.
    pub id: MessageId,
    /// Whether nobody has heard it.
    pub is_new: bool,
    /// When it was left.
    pub at: LocalTime,
    /// By whom.
    pub from: Caller,
}

/// What happens to a dialogue.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A key was pressed.
    Key(Key),
    /// Everything that the last step put out has been said and played to its end. Not told of what was interrupted.
    Spoken,
    /// The recording has ended.
    Recorded {
        /// How long somebody spoke, without the silence at the end.
        seconds: u32,
        /// Why it ended.
        ended: RecordingEnd,
    },
    /// The answer to what was asked.
    Answer(Answer<'a>),
    /// The deadline is over. Told too early, it changes nothing.
    Tick,
    /// Something that was put out could not be done.
    Fault,
    /// The caller is gone.
    HungUp,
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingEnd {
    /// It was stopped, as asked.
    Stopped,
    /// Nobody spoke any more.
    Silence,
    /// It was as long as it may be.
    Limit,
    /// The caller is gone; [`Input::HungUp`] need not follow.
    HungUp,
}

/// An answer to an output that asks.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// Whether a secret was right.
    Judged(Judged),
    /// Whether something was changed.
    Changed(Changed<'a>),
    /// The messages of a mailbox, new ones first. The dialogue looks at the first [`LIST_MAX`].
    Messages(&'a [Envelope]),
    /// The extensions that are locked. The dialogue looks at the first [`LIST_MAX`].
    Locked(&'a [Number]),
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It was right.
    Right,
    /// It was right, and another must be chosen before anything else.
    RightButOld,
    /// It was not, or there is no such mailbox.
    Wrong,
    /// Not now, whatever is typed; `None` = until an administrator has reset it.
    Wait(Option<Timestamp>),
    /// No code is set: nothing that is typed can be right.
    NotConfigured,
    /// Nothing was decided.
    Unavailable,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed<'a> {
    /// It is done.
    Done,
    /// The new code breaks these rules, by their stable names.
    Refused(&'a [&'a str]),
    /// The present code that was typed is not it.
    Wrong,
    /// Not now; as [`Judged::Wait`].
    Wait(Option<Timestamp>),
    /// There is no such extension, or no user at it.
    NoSuchExtension,
    /// Not from here.
    NotAllowed,
    /// It could not be done.
    Unavailable,
}

/// What a dialogue wants. The outputs of one step are carried out in their order; what is said, played and recorded one after
/// the other. Whatever is said, played or recorded ends what was before.
#[derive(Clone, Debug)]
pub enum Output {
    /// Say this.
    Say(Vec<Prompt>),
    /// Play this.
    Play(Recording),
    /// Sound a tone.
    Tone(Tone),
    /// Stop what is being said.
    Hush,
    /// Begin to record, when all before has been said. An earlier recording of this call that was not stored is forgotten.
    /// Answered by [`Input::Recorded`].
    StartRecording {
        /// The longest.
        length_max: Seconds,
        /// It ends when nobody has spoken for this long.
        silence_max: Seconds,
    },
    /// End the recording, also where it has not begun yet. Answered by [`Input::Recorded`].
    StopRecording,
    /// Keep what was recorded as a message. Answered by [`Answer::Changed`], unless the caller is gone.
    StoreMessage {
        /// In this mailbox.
        mailbox: Number,
    },
    /// Forget what was recorded.
    DiscardRecording,
    /// Keep what was recorded as the greeting. Answered by [`Answer::Changed`].
    StoreGreeting {
        /// Of this mailbox.
        mailbox: Number,
    },
    /// Go back to the standard greeting. Answered by [`Answer::Changed`].
    UseStandardGreeting {
        /// Of this mailbox.
        mailbox: Number,
    },
    /// Hold a voicemail code against the mailbox's. Answered by [`Answer::Judged`].
    CheckVoicemailCode {
        /// Whose.
        mailbox: Number,
        /// What was typed; never empty.
        code: Secret,
    },
    /// Hold this against the system password. Answered by [`Answer::Judged`].
    CheckSystemPassword(Secret),
    /// Change the voicemail code. Answered by [`Answer::Changed`].
    ChangeVoicemailCode {
        /// Whose.
        mailbox: Number,
        /// What was said of the present one.
        present: Present,
        /// The one that is wanted; never empty.
        new: Secret,
    },
    /// What is in the mailbox? Answered by [`Answer::Messages`].
    ListMessages {
        /// Which.
        mailbox: Number,
    },
    /// The message was heard and stays. Takes back that it was deleted.
    Keep(MessageId),
    /// The message is to go, at the latest when the call is over; until then it can be kept after all.
    Delete(MessageId),
    /// Which extensions are locked? Answered by [`Answer::Locked`].
    ListLocked,
    /// Carry this out. Answered by [`Answer::Changed`].
    Administer(Act),
    /// End the call. Nothing follows.
    HangUp,
}

/// What is said of the present code when a new one is chosen.
#[derive(Clone, Debug)]
pub enum Present {
    /// This call signed in with it.
    Proven,
    /// This was typed, and is to be held against it.
    Typed(Secret),
    /// There is said to be none. Where there is one, that is wrong.
    Unset,
}

/// Something that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// A message.
    Message(MessageId),
    /// The mailbox's own greeting.
    Greeting,
    /// What this call recorded last.
    Draft,
}

/// A tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Speak now.
    Beep,
    /// That was no good.
    Busy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Before,
    Speaking { until: Timestamp },
    Listening { until: Timestamp },
    Asking { until: Timestamp },
    Recording { since: Timestamp, until: Timestamp },
    Stopping { until: Timestamp },
    Leaving { until: Timestamp },
    Over,
}

/// One dialogue with one caller.
pub struct Dialogue {
    script: Box<dyn Script>,
    turn: Turn,
    ends_at: Timestamp,
    /// Whether the caller was silent and has been told so.
    is_reminded: bool,
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue")
            .field("script", &self.script)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

impl Dialogue {
    pub(crate) fn new(script: impl Script + 'static) -> Self {
        let script = Box::new(script);
        Self { script, turn: Turn::Before, ends_at: Timestamp::MAX, is_reminded: false }
    }

    /// Says something and hangs up.
    pub fn announcement(tone: Option<Tone>, prompts: Vec<Prompt>) -> Self {
        Self::new(script::Announcement { tone, prompts })
    }

    /// The call was answered: the first words.
    pub fn begin(&mut self, now: Timestamp) -> Vec<Output> {
        if self.turn != Turn::Before {
            return Vec::new();
        }
        self.ends_at = now.after(DIALOGUE_MAX);
        let opening = self.script.open();
        self.carry_on(opening, now)
    }

    /// Something happened: what is to be done now. At most [`OUTPUTS_MAX`] outputs.
    pub fn step(&mut self, input: Input<'_>, now: Timestamp) -> Vec<Output> {
        let is_talk = matches!(
            self.turn,
            Turn::Speaking { .. } | Turn::Listening { .. } | Turn::Asking { .. } | Turn::Stopping { .. }
        );
        match input {
            Input::HungUp => self.hung_up(None, now),
            Input::Recorded { seconds, ended: RecordingEnd::HungUp } => self.hung_up(Some(seconds), now),
            Input::Fault if is_talk || matches!(self.turn, Turn::Recording { .. }) => {
                self.carry_on(Move::goodbye(vec![Prompt::Fault]), now)
            }
            _ if is_talk && now >= self.ends_at => self.carry_on(Move::goodbye(Vec::new()), now),
            Input::Key(key) => self.key(key, now),
            Input::Spoken => self.spoken(now),
            Input::Recorded { seconds, ended } => self.recorded(seconds, ended, now),
            Input::Answer(answer) => self.answer(answer, now),
            Input::Tick if self.deadline().is_some_and(|until| now >= until) => self.tick(now),
            Input::Tick | Input::Fault => Vec::new(),
        }
    }

    /// When a [`Input::Tick`] is due; `None` before it began and when it is over.
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self.turn {
            Turn::Before | Turn::Over => None,
            Turn::Speaking { until }
            | Turn::Listening { until }
            | Turn::Asking { until }
            | Turn::Recording { until, .. }
            | Turn::Stopping { until }
            | Turn::Leaving { until } => Some(until),
        }
    }

    /// Whether nothing more comes of it.
    pub fn is_over(&self) -> bool {
        self.turn == Turn::Over
    }

    fn key(&mut self, key: Key, now: Timestamp) -> Vec<Output> {
        match self.turn {
            Turn::Speaking { .. } | Turn::Listening { .. } => {
                self.is_reminded = false;
                let next = self.script.key(key);
                self.carry_on(next, now)
            }
            Turn::Recording { .. } if key == Key::HASH => self.stop(now),
            // What is typed while something is looked up is lost; that takes no longer than to press a key.
            Turn::Before
            | Turn::Asking { .. }
            | Turn::Recording { .. }
            | Turn::Stopping { .. }
            | Turn::Leaving { .. }
            | Turn::Over => Vec::new(),
        }
    }

    fn spoken(&mut self, now: Timestamp) -> Vec<Output> {
        match self.turn {
            Turn::Speaking { .. } => {
                // All is said: there is nothing to hush.
                self.turn = Turn::Listening { until: now };
                let next = self.script.spoken();
                self.carry_on(next, now)
            }
            Turn::Leaving { .. } => self.hang_up(),
            Turn::Before
            | Turn::Listening { .. }
            | Turn::Asking { .. }
            | Turn::Recording { .. }
            | Turn::Stopping { .. }
            | Turn::Over => Vec::new(),
        }
    }

    fn recorded(&mut self, seconds: u32, ended: RecordingEnd, now: Timestamp) -> Vec<Output> {
        match self.turn {
            Turn::Recording { .. } | Turn::Stopping { .. } => {
                let next = self.script.recorded(seconds, ended);
                self.carry_on(next, now)
            }
            Turn::Before
            | Turn::Speaking { .. }
            | Turn::Listening { .. }
            | Turn::Asking { .. }
            | Turn::Leaving { .. }
            | Turn::Over => Vec::new(),
        }
    }

    fn answer(&mut self, answer: Answer<'_>, now: Timestamp) -> Vec<Output> {
        if !matches!(self.turn, Turn::Asking { .. }) {
            return Vec::new();
        }
        // An answer to something else than what was asked is none.
        let next = self.script.answer(answer, now);
        next.map_or_else(Vec::new, |next| self.carry_on(next, now))
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Output> {
        match self.turn {
            Turn::Speaking { .. } | Turn::Leaving { .. } => self.spoken(now),
            Turn::Recording { .. } => self.stop(now),
            Turn::Asking { .. } | Turn::Stopping { .. } => {
                self.carry_on(Move::goodbye(vec![Prompt::Fault]), now)
            }
            Turn::Listening { .. } => {
                let next = if self.script.is_typing() {
                    self.script.pause()
                } else if self.is_reminded {
                    self.script.silence()
                } else {
                    self.is_reminded = true;
                    Move::say(self.script.reminder())
                };
                self.carry_on(next, now)
            }
            Turn::Before | Turn::Over => Vec::new(),
        }
    }

    fn stop(&mut self, now: Timestamp) -> Vec<Output> {
        self.turn = Turn::Stopping { until: now.after(ANSWER_MAX) };
        vec![Output::StopRecording]
    }

    fn hang_up(&mut self) -> Vec<Output> {
        self.turn = Turn::Over;
        vec![Output::HangUp]
    }

    /// The caller is gone. What becomes of a recording is the one thing that is still said.
    fn hung_up(&mut self, seconds: Option<u32>, now: Timestamp) -> Vec<Output> {
        let last = match self.turn {
            Turn::Recording { .. }
            | Turn::Stopping { .. }
            | Turn::Speaking { .. }
            | Turn::Listening { .. }
            | Turn::Asking { .. } => self.script.end(seconds.or(self.running(now))),
            Turn::Before | Turn::Leaving { .. } | Turn::Over => None,
        };
        self.turn = Turn::Over;
        last.into_iter().collect()
    }

    /// How long the recording is that is under way, by the clock.
    fn running(&self, now: Timestamp) -> Option<u32> {
        match self.turn {
            Turn::Recording { since, .. } => {
                Some(u32::try_from(now.seconds_since(since)).unwrap_or(u32::MAX))
            }
            // How long it was, the recorder would have said next; what it has is not thrown away for that.
            Turn::Stopping { .. } => Some(u32::MAX),
            Turn::Before
            | Turn::Speaking { .. }
            | Turn::Listening { .. }
            | Turn::Asking { .. }
            | Turn::Leaving { .. }
            | Turn::Over => None,
        }
    }

    fn carry_on(&mut self, next: Move, now: Timestamp) -> Vec<Output> {
        let Move { mut outputs, then } = next;
        let is_speaking = matches!(self.turn, Turn::Speaking { .. });
        let is_heard = outputs.iter().any(Output::is_heard);
        match then {
            Then::Stay => return Vec::new(),
            Then::Speak if is_heard => self.turn = Turn::Speaking { until: now.after(SPEECH_MAX) },
            Then::Speak | Then::Listen => {
                let silence = if self.script.is_typing() { PAUSE } else { SILENCE };
                self.turn = Turn::Listening { until: now.after(silence) };
            }
            Then::Ask => self.turn = Turn::Asking { until: now.after(ANSWER_MAX) },
            Then::Record(length_max) => {
                let until = now.after(length_max).after(RECORDING_SPARE);
                self.turn = Turn::Recording { since: now, until };
            }
            Then::Leave => {
                outputs.splice(0..0, self.script.end(self.running(now)));
                if is_heard {
                    self.turn = Turn::Leaving { until: now.after(SPEECH_MAX) };
                } else {
                    outputs.extend(self.hang_up());
                }
            }
            // A message may become a mailbox, and that becomes nothing else: this goes no deeper.
            Then::Become(script) => {
                self.script = script;
                let opening = self.script.open();
                return self.carry_on(opening, now);
            }
        }
        if is_speaking && !is_heard {
            outputs.insert(0, Output::Hush);
        }
        outputs.truncate(OUTPUTS_MAX);
        outputs
    }
}

impl Output {
    /// Whether the caller hears it or is heard, so that it ends what was said before.
    const fn is_heard(&self) -> bool {
        match self {
            Self::Say(_) | Self::Play(_) | Self::Tone(_) | Self::StartRecording { .. } => true,
            Self::Hush
            | Self::StopRecording
            | Self::StoreMessage { .. }
            | Self::DiscardRecording
            | Self::StoreGreeting { .. }
            | Self::UseStandardGreeting { .. }
            | Self::CheckVoicemailCode { .. }
            | Self::CheckSystemPassword(_)
            | Self::ChangeVoicemailCode { .. }
            | Self::ListMessages { .. }
            | Self::Keep(_)
            | Self::Delete(_)
            | Self::ListLocked
            | Self::Administer(_)
            | Self::HangUp => false,
        }
    }
}
