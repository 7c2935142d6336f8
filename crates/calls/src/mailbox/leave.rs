//! Leaving a message.
//!
//! ```text
//!  Greeting ──spoken, or #──▶ recording ──# · silence · too long──▶ Review ──1, or silence──▶ Storing ──▶ goodbye
//!     │ *                        ▲                                    │ 2: hear it
//!     ▼                          ╰──────────────── 3 ─────────────────╯
//!  the mailbox's sign-in       recording or Review ──hung up──▶ stored, if it is longer than a second
//! ```
//! `*` leads to the question for the code and never past it. A full mailbox records nothing.

use signin::{ident::Number, timestamp::Timestamp};

use super::{Door, Greeting, MESSAGE_MIN, Mailbox, RECORDING_SILENCE, Recipient, TAKES_MAX};
use crate::{
    dialogue::{Answer, Changed, Move, Output, Recording, RecordingEnd, Script},
    keypad::Key,
    prompt::{Prompt, sequence},
};

#[derive(Debug)]
pub(super) struct Leave {
    recipient: Recipient,
    state: State,
    takes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Recording,
    /// Whether there is something to send, and whether it is being played.
    Review {
        has_message: bool,
        is_playing: bool,
    },
    Storing,
}

impl Leave {
    pub(super) const fn new(recipient: Recipient) -> Self {
        Self { recipient, state: State::Greeting, takes: 0 }
    }

    const fn mailbox(&self) -> Number {
        self.recipient.mailbox
    }

    fn record(&mut self) -> Move {
        self.takes += 1;
        self.state = State::Recording;
        Move::record(Vec::new(), self.recipient.length_max, RECORDING_SILENCE)
    }

    fn review(&mut self, has_message: bool) -> Move {
        self.state = State::Review { has_message, is_playing: false };
        Move::say(self.reminder())
    }

    fn store(&mut self) -> Move {
        self.state = State::Storing;
        Move::ask(Output::StoreMessage { mailbox: self.mailbox() })
    }

    fn greeting_key(&mut self, key: Key) -> Move {
        match key {
            Key::STAR => {
                let number = self.mailbox();
                let door = if self.recipient.is_trusted { Door::Trusted(number) } else { Door::Code(number) };
                let mailbox = Mailbox::new(door, self.recipient.language);
                Move::become_script(mailbox)
            }
            Key::HASH if !self.recipient.is_full => self.record(),
            _ => Move::stay(),
        }
    }

    fn review_key(&mut self, key: Key, has_message: bool) -> Move {
        match key.as_char() {
            '1' if has_message => self.store(),
            '2' if has_message => {
                self.state = State::Review { has_message, is_playing: true };
                Move::play(Vec::new(), Recording::Draft)
            }
            '3' if self.takes < TAKES_MAX => self.record(),
            '0' => self.review(has_message),
            _ => {
                self.state = State::Review { has_message, is_playing: false };
                Move::say([vec![Prompt::NoSuchChoice], self.reminder()].concat())
            }
        }
    }
}

impl Script for Leave {
    fn open(&mut self) -> Move {
        if self.recipient.is_full {
            return Move::say(vec![Prompt::MailboxFull]);
        }
        match self.recipient.greeting {
            Greeting::Own => Move::play(Vec::new(), Recording::Greeting),
            Greeting::Standard => {
                let number = sequence::digits(self.mailbox().as_str());
                Move::say([vec![Prompt::YouHaveReached], number, vec![Prompt::LeaveMessage]].concat())
            }
        }
    }

    fn key(&mut self, key: Key) -> Move {
        match self.state {
            State::Greeting => self.greeting_key(key),
            State::Review { has_message, .. } => self.review_key(key, has_message),
            State::Recording | State::Storing => Move::stay(),
        }
    }

    fn spoken(&mut self) -> Move {
        match self.state {
            State::Greeting if self.recipient.is_full => Move::goodbye(Vec::new()),
            State::Greeting => self.record(),
            State::Review { has_message, is_playing: true } => self.review(has_message),
            State::Review { .. } | State::Recording | State::Storing => Move::listen(),
        }
    }

    fn reminder(&self) -> Vec<Prompt> {
        let send = [('1', Prompt::ToSend), ('2', Prompt::ToHear)];
        let again = [('3', Prompt::ToRecordAgain)];
        let again: &[_] = if self.takes < TAKES_MAX { &again } else { &[] };
        match self.state {
            State::Review { has_message: true, .. } => sequence::choices(&[&send, again].concat()),
            State::Review { .. } => sequence::choices(again),
            State::Greeting | State::Recording | State::Storing => Vec::new(),
        }
    }

    /// Whoever has spoken and does not choose meant what they said.
    fn silence(&mut self) -> Move {
        match self.state {
            State::Review { has_message: true, .. } => self.store(),
            State::Review { .. } | State::Greeting | State::Recording | State::Storing => {
                Move::goodbye(Vec::new())
            }
        }
    }

    fn answer(&mut self, answer: Answer<'_>, _now: Timestamp) -> Option<Move> {
        let Answer::Changed(changed) = answer else { return None };
        let said = if changed == Changed::Done { Prompt::Sent } else { Prompt::Fault };
        Some(Move::goodbye(vec![said]))
    }

    fn recorded(&mut self, seconds: u32, ended: RecordingEnd) -> Move {
        if seconds > MESSAGE_MIN {
            return self.review(true);
        }
        if ended == RecordingEnd::Silence || self.takes >= TAKES_MAX {
            return Move::goodbye(vec![Prompt::NothingRecorded]);
        }
        self.state = State::Review { has_message: false, is_playing: false };
        let says = [vec![Prompt::NothingRecorded], self.reminder()].concat();
        Move::say(says).after(Some(Output::DiscardRecording))
    }

    fn end(&mut self, running: Option<u32>) -> Option<Output> {
        let is_message = match self.state {
            State::Recording => running.is_some_and(|seconds| seconds > MESSAGE_MIN),
            State::Review { has_message: true, .. } => true,
            State::Review { .. } | State::Greeting | State::Storing => return None,
        };
        let mailbox = self.mailbox();
        Some(if is_message { Output::StoreMessage { mailbox } } else { Output::DiscardRecording })
    }
}
