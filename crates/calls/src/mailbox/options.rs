//! The options of a mailbox: its code and its greeting.
//!
//! ```text
//!  Options ──1──▶ PresentCode ──▶ NewCode, twice ──▶ Changing ──done──▶ Options
//!     │             (not where it was shown to get in)   ╰─refused─▶ NewCode, with the rules that it broke
//!     ├──2──▶ GreetingTake ──▶ GreetingReview ──1──▶ StoringGreeting ──▶ Options      2 hear · 3 again · * rather not
//!     ╰──3──▶ StoringGreeting
//! ```
//! Whoever came from a trusted source has not shown the code. They may hear what is there, but must know it to change it:
//! a phone that nobody looks after must not become a code that works from everywhere.

use signin::timestamp::Timestamp;

use super::{
    CODE_MAX, GREETING_MAX, MESSAGE_MIN, RECORDING_SILENCE, TAKES_MAX,
    sign_in::{Mailbox, State},
};
use crate::{
    dialogue::{
        Changed, Move, Output, Present, Recording,
        entry::{Chosen, Entry, NewCode, Typed},
    },
    prompt::{Prompt, sequence},
};

impl Mailbox {
    pub(super) fn options(&mut self, key: char) -> Move {
        match key {
            '1' if self.is_proven => self.choose_code(Present::Proven, &[]),
            '1' => self.enter(State::PresentCode(Entry::up_to(CODE_MAX)), &[]),
            '2' if self.takes < TAKES_MAX => self.take_greeting(),
            '3' => {
                self.state = State::StoringGreeting;
                Move::ask(Output::UseStandardGreeting { mailbox: self.mailbox })
            }
            '*' => self.enter(State::Menu, &[]),
            '0' => self.still(&[Prompt::Help]),
            _ => self.still(&[Prompt::NoSuchChoice]),
        }
    }

    /// Whoever must choose another code first has nothing behind them but the end.
    pub(super) fn enter_options(&mut self, first: &[Prompt]) -> Move {
        if self.must_change {
            return Move::goodbye(first.to_vec());
        }
        self.enter(State::Options, first)
    }

    pub(super) fn option_choices(&self) -> Vec<Prompt> {
        if matches!(self.state, State::Options) {
            return sequence::choices(&[
                ('1', Prompt::ToChangeCode),
                ('2', Prompt::ToRecordGreeting),
                ('3', Prompt::ForStandardGreeting),
                ('*', Prompt::ToGoBack),
            ]);
        }
        sequence::choices(&[
            ('1', Prompt::ToSave),
            ('2', Prompt::ToHear),
            ('3', Prompt::ToRecordAgain),
            ('*', Prompt::ToGoBack),
        ])
    }

    pub(super) fn choose_code(&mut self, present: Present, first: &[Prompt]) -> Move {
        let code = NewCode::new(Entry::up_to(CODE_MAX), Prompt::EnterNewCode);
        self.enter(State::NewCode { present, code }, first)
    }

    pub(super) fn present(&mut self, typed: Typed) -> Move {
        match typed {
            Typed::More => Move::listen(),
            Typed::Anew => self.still(&[]),
            Typed::Back => self.enter_options(&[]),
            Typed::Whole(code) if code.is_empty() => self.choose_code(Present::Unset, &[]),
            Typed::Whole(code) => self.choose_code(Present::Typed(code.to_secret()), &[]),
        }
    }

    pub(super) fn chosen(&mut self, chosen: Chosen) -> Move {
        match chosen {
            Chosen::More => Move::listen(),
            Chosen::Say(prompts) => Move::say(prompts),
            Chosen::Back => self.enter_options(&[]),
            Chosen::Code(new) => {
                let State::NewCode { present, .. } = &self.state else { return Move::stay() };
                let present = present.clone();
                self.state = State::Changing { present: present.clone() };
                Move::ask(Output::ChangeVoicemailCode { mailbox: self.mailbox, present, new })
            }
        }
    }

    pub(super) fn changed(&mut self, changed: Changed<'_>, now: Timestamp) -> Move {
        let present =
            if let State::Changing { present } = &self.state { Some(present.clone()) } else { None };
        match (changed, present) {
            (Changed::Done, Some(_)) if self.must_change => {
                self.must_change = false;
                self.preface = vec![Prompt::Done];
                self.list()
            }
            (Changed::Done, present) => {
                // Whoever has just chosen the code knows it.
                self.is_proven |= present.is_some();
                self.enter_options(&[Prompt::Done])
            }
            (Changed::Refused(rules), Some(present)) => self.choose_code(present, &sequence::refused(rules)),
            (Changed::Wrong, Some(_)) => self.wrong(State::PresentCode(Entry::up_to(CODE_MAX))),
            (Changed::Wait(until), _) => Move::goodbye(sequence::wait(until, now, self.language)),
            (Changed::NotAllowed | Changed::NoSuchExtension, _) => self.enter_options(&[Prompt::NotAllowed]),
            (Changed::Refused(_) | Changed::Wrong | Changed::Unavailable, _) => {
                Move::goodbye(vec![Prompt::Fault])
            }
        }
    }

    fn take_greeting(&mut self) -> Move {
        self.takes += 1;
        self.state = State::GreetingTake;
        Move::record(vec![Prompt::LeaveMessage, Prompt::ThenHash], GREETING_MAX, RECORDING_SILENCE)
    }

    pub(super) fn greeting_recorded(&mut self, seconds: u32) -> Move {
        if seconds > MESSAGE_MIN {
            return self.enter(State::GreetingReview { is_playing: false }, &[]);
        }
        self.drop_greeting(&[Prompt::NothingRecorded])
    }

    fn drop_greeting(&mut self, first: &[Prompt]) -> Move {
        self.enter_options(first).after(Some(Output::DiscardRecording))
    }

    pub(super) fn greeting_review(&mut self, key: char) -> Move {
        self.state = State::GreetingReview { is_playing: false };
        match key {
            '1' => {
                self.state = State::StoringGreeting;
                Move::ask(Output::StoreGreeting { mailbox: self.mailbox })
            }
            '2' => {
                self.state = State::GreetingReview { is_playing: true };
                Move::play(Vec::new(), Recording::Draft)
            }
            '3' if self.takes < TAKES_MAX => self.take_greeting(),
            '*' => self.drop_greeting(&[]),
            '0' => self.still(&[Prompt::Help]),
            _ => self.still(&[Prompt::NoSuchChoice]),
        }
    }
}
