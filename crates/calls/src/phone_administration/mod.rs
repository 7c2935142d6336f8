//! Phone administration: what the first two extensions of a domain may do from the keypad.
//!
//! ```text
//!  Password ──4 digits──▶ Checking ──right──▶ Menu ──1──────────────────▶ NewCode ──twice──▶ Acting ──▶ Menu
//!     ▲                      │                 │ ▲                           ▲                 ▲
//!     ╰─────── wrong ────────╯                 │ ╰── * ──╮                  3, 4             5, 6
//!                                              ├──2 to 6──▶ Extension ───────┴─────────────────┤
//!                                              │               ╰──2──▶ Letters ──##──▶ Name ──1╯
//!                                              ╰──7──▶ Listing ──▶ Locked ──▶ Menu
//! ```
//! Specification: SPEC sections 3 (S17) and 6 (S24). Which phones may come here, and whether they are asked for the system
//! password, is [`signin::phone_administration`]'s rule. Nothing is carried out here: each action is an [`Act`].

mod spelling;

use signin::{
    ident::{NUMBER_MAX, Number},
    phone_administration::PhoneAdministration,
    secret::Secret,
    timestamp::Timestamp,
};

pub use self::spelling::NAME_MAX;
use self::spelling::{Spelled, Spelling};
use crate::{
    dialogue::{
        Answer, Changed, Dialogue, Judged, LIST_MAX, Move, Output, Script,
        entry::{Chosen, Entry, NewCode, Typed},
    },
    keypad::Key,
    prompt::{Language, Prompt, sequence},
};

/// Whoever has been wrong this often in one call is not asked again, whatever the count outside says.
pub const TRIES_MAX: u8 = 4;
/// Digits of the system password.
const PASSWORD_LENGTH: usize = 4;
/// Longest login and voicemail code.
const LOGIN_CODE_MAX: usize = 31;
const VOICEMAIL_CODE_MAX: usize = 15;
/// Locked extensions that are read out in one go; more on request.
const READ_OUT: usize = 6;

/// What is to be carried out.
#[derive(Clone, Debug)]
pub enum Act {
    /// This is the system password from now on.
    SetSystemPassword(Secret),
    /// The user of an extension is called so from now on.
    Name {
        /// Which extension.
        extension: Number,
        /// 1 to [`NAME_MAX`] letters, digits, spaces and dashes.
        name: Box<str>,
    },
    /// This is the login code of an extension's user from now on.
    SetLoginCode {
        /// Which extension.
        extension: Number,
        /// The code.
        code: Secret,
    },
    /// The same for the voicemail code.
    SetVoicemailCode {
        /// Which extension.
        extension: Number,
        /// The code.
        code: Secret,
    },
    /// The extension is blocked from now on.
    Block(Number),
    /// And no longer.
    Unblock(Number),
}

/// What a phone meets that may administer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody gets in.
    Closed,
    /// The system password is asked.
    Password,
    /// Nothing is asked.
    Open,
}

impl Guard {
    /// What a phone meets by the rule of its domain. `is_older`: whether it is of the older series, which have always been
    /// asked.
    pub const fn of(rule: PhoneAdministration, is_older: bool) -> Self {
        match (rule, is_older) {
            (PhoneAdministration::Closed, _) => Self::Closed,
            (PhoneAdministration::AskedOfEvery, _) | (PhoneAdministration::AskedOfOlder, true) => {
                Self::Password
            }
            (PhoneAdministration::AskedOfOlder, false) | (PhoneAdministration::Open, _) => Self::Open,
        }
    }
}

/// Administering from the keypad.
pub fn administer(guard: Guard, language: Language) -> Dialogue {
    let state = match guard {
        Guard::Closed => State::Closed,
        Guard::Password => State::Password(Entry::of(PASSWORD_LENGTH)),
        Guard::Open => State::Menu,
    };
    Dialogue::new(Administration { language, state, tries: 0 })
}

#[derive(Debug)]
struct Administration {
    language: Language,
    state: State,
    /// Wrong passwords in this call.
    tries: u8,
}

#[derive(Debug)]
enum State {
    Closed,
    Password(Entry),
    Checking,
    Menu,
    Extension { task: Task, entry: Entry },
    Letters { extension: Number, spelling: Spelling },
    Name { extension: Number, name: String },
    NewCode { what: What, code: NewCode },
    Acting(Option<What>),
    Listing,
    Locked { rest: Vec<Number> },
}

/// What is done to an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Name,
    LoginCode,
    VoicemailCode,
    Block,
    Unblock,
}

/// Whose code is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    SystemPassword,
    LoginCode(Number),
    VoicemailCode(Number),
}

impl What {
    fn new_code(self) -> NewCode {
        match self {
            Self::SystemPassword => NewCode::new(Entry::of(PASSWORD_LENGTH), Prompt::EnterNewSystemPassword),
            Self::LoginCode(_) => NewCode::new(Entry::up_to(LOGIN_CODE_MAX), Prompt::EnterNewCode),
            Self::VoicemailCode(_) => NewCode::new(Entry::up_to(VOICEMAIL_CODE_MAX), Prompt::EnterNewCode),
        }
    }

    const fn act(self, code: Secret) -> Act {
        match self {
            Self::SystemPassword => Act::SetSystemPassword(code),
            Self::LoginCode(extension) => Act::SetLoginCode { extension, code },
            Self::VoicemailCode(extension) => Act::SetVoicemailCode { extension, code },
        }
    }
}

impl Administration {
    fn enter(&mut self, state: State, first: &[Prompt]) -> Move {
        self.state = state;
        self.still(first)
    }

    fn still(&self, first: &[Prompt]) -> Move {
        Move::say([first, &self.reminder()].concat())
    }

    fn password(&mut self, typed: Typed) -> Move {
        match typed {
            Typed::More => Move::listen(),
            Typed::Anew => self.still(&[]),
            Typed::Back => Move::goodbye(Vec::new()),
            Typed::Whole(digits) => {
                self.state = State::Checking;
                Move::ask(Output::CheckSystemPassword(digits.to_secret()))
            }
        }
    }

    fn wrong(&mut self) -> Move {
        self.tries = self.tries.saturating_add(1);
        if self.tries >= TRIES_MAX {
            return Move::goodbye(vec![Prompt::TooManyWrong, Prompt::TryAgainLater]);
        }
        self.enter(State::Password(Entry::of(PASSWORD_LENGTH)), &[Prompt::Wrong])
    }

    fn judged(&mut self, judged: Judged, now: Timestamp) -> Move {
        match judged {
            // The system password has no age.
            Judged::Right | Judged::RightButOld => self.enter(State::Menu, &[]),
            Judged::Wrong => self.wrong(),
            Judged::Wait(until) => Move::goodbye(sequence::wait(until, now, self.language)),
            Judged::NotConfigured => Move::goodbye(vec![Prompt::AdministrationClosed]),
            Judged::Unavailable => Move::goodbye(vec![Prompt::Fault]),
        }
    }

    fn menu(&mut self, key: char) -> Move {
        let task = match key {
            '1' => return self.choose(What::SystemPassword, &[]),
            '2' => Task::Name,
            '3' => Task::LoginCode,
            '4' => Task::VoicemailCode,
            '5' => Task::Block,
            '6' => Task::Unblock,
            '7' => {
                self.state = State::Listing;
                return Move::ask(Output::ListLocked);
            }
            '*' => return Move::goodbye(Vec::new()),
            '0' => return self.still(&[Prompt::Help]),
            _ => return self.still(&[Prompt::NoSuchChoice]),
        };
        self.enter(State::Extension { task, entry: Entry::up_to(NUMBER_MAX) }, &[])
    }

    fn choose(&mut self, what: What, first: &[Prompt]) -> Move {
        self.enter(State::NewCode { what, code: what.new_code() }, first)
    }

    fn act(&mut self, act: Act, what: Option<What>) -> Move {
        self.state = State::Acting(what);
        Move::ask(Output::Administer(act))
    }

    fn extension(&mut self, task: Task, typed: Typed) -> Move {
        match typed {
            Typed::More => Move::listen(),
            Typed::Anew => self.still(&[]),
            Typed::Back => self.enter(State::Menu, &[]),
            Typed::Whole(digits) => match (digits.to_number(), task) {
                (None, _) => self.still(&[]),
                (Some(extension), Task::Name) => {
                    self.enter(State::Letters { extension, spelling: Spelling::default() }, &[])
                }
                (Some(extension), Task::LoginCode) => self.choose(What::LoginCode(extension), &[]),
                (Some(extension), Task::VoicemailCode) => self.choose(What::VoicemailCode(extension), &[]),
                (Some(extension), Task::Block) => self.act(Act::Block(extension), None),
                (Some(extension), Task::Unblock) => self.act(Act::Unblock(extension), None),
            },
        }
    }

    fn spelled(&mut self, extension: Number, spelled: Spelled) -> Move {
        match spelled {
            Spelled::More => Move::listen(),
            Spelled::Letters(letters) => Move::say(sequence::spelled(&letters)),
            Spelled::TakenBack => Move::say(vec![Prompt::Deleted]),
            Spelled::Full => Move::say(vec![Prompt::RuleLong]),
            Spelled::Back => self.enter(State::Menu, &[]),
            Spelled::Name(name) => self.enter(State::Name { extension, name }, &[]),
        }
    }

    fn name(&mut self, extension: Number, name: String, key: char) -> Move {
        match key {
            '1' => self.act(Act::Name { extension, name: name.into() }, None),
            '2' => self.enter(State::Letters { extension, spelling: Spelling::default() }, &[]),
            '*' => self.enter(State::Menu, &[]),
            _ => self.enter(State::Name { extension, name }, &[Prompt::NoSuchChoice]),
        }
    }

    fn chosen(&mut self, what: What, chosen: Chosen) -> Move {
        match chosen {
            Chosen::More => Move::listen(),
            Chosen::Say(prompts) => Move::say(prompts),
            Chosen::Back => self.enter(State::Menu, &[]),
            Chosen::Code(code) => self.act(what.act(code), Some(what)),
        }
    }

    fn changed(&mut self, what: Option<What>, changed: Changed<'_>, now: Timestamp) -> Move {
        match (changed, what) {
            (Changed::Done, _) => self.enter(State::Menu, &[Prompt::Done]),
            (Changed::Refused(rules), Some(what)) => self.choose(what, &sequence::refused(rules)),
            (Changed::NoSuchExtension, _) => self.enter(State::Menu, &[Prompt::NoSuchExtension]),
            (Changed::Refused(_) | Changed::NotAllowed | Changed::Wrong, _) => {
                self.enter(State::Menu, &[Prompt::NotAllowed])
            }
            (Changed::Wait(until), _) => Move::goodbye(sequence::wait(until, now, self.language)),
            (Changed::Unavailable, _) => self.enter(State::Menu, &[Prompt::Fault]),
        }
    }

    fn locked(&mut self, numbers: &[Number]) -> Move {
        let counted = match numbers.len() {
            0 => return self.enter(State::Menu, &[Prompt::NoneLocked]),
            1 => vec![Prompt::OneLocked],
            many => [sequence::count(many, self.language), vec![Prompt::ManyLocked]].concat(),
        };
        self.read_out(counted, numbers.iter().copied().take(LIST_MAX).collect())
    }

    /// Reads the next few out.
    fn read_out(&mut self, mut prompts: Vec<Prompt>, mut rest: Vec<Number>) -> Move {
        for number in rest.drain(..rest.len().min(READ_OUT)) {
            prompts.push(Prompt::Extension);
            prompts.extend(sequence::digits(number.as_str()));
        }
        self.enter(if rest.is_empty() { State::Menu } else { State::Locked { rest } }, &prompts)
    }

    fn locked_key(&mut self, rest: Vec<Number>, key: char) -> Move {
        match key {
            '#' => self.read_out(Vec::new(), rest),
            '*' => self.enter(State::Menu, &[]),
            _ => self.enter(State::Locked { rest }, &[Prompt::NoSuchChoice]),
        }
    }
}

impl Script for Administration {
    fn open(&mut self) -> Move {
        if matches!(self.state, State::Closed) {
            return Move::goodbye(vec![Prompt::AdministrationClosed]);
        }
        self.still(&[])
    }

    fn key(&mut self, key: Key) -> Move {
        match &mut self.state {
            State::Password(entry) => {
                let typed = entry.key(key);
                self.password(typed)
            }
            State::Menu => self.menu(key.as_char()),
            State::Extension { task, entry } => {
                let (task, typed) = (*task, entry.key(key));
                self.extension(task, typed)
            }
            State::Letters { extension, spelling } => {
                let (extension, spelled) = (*extension, spelling.key(key));
                self.spelled(extension, spelled)
            }
            State::Name { extension, name } => {
                let (extension, name) = (*extension, std::mem::take(name));
                self.name(extension, name, key.as_char())
            }
            State::NewCode { what, code } => {
                let (what, chosen) = (*what, code.key(key));
                self.chosen(what, chosen)
            }
            State::Locked { rest } => {
                let rest = std::mem::take(rest);
                self.locked_key(rest, key.as_char())
            }
            State::Closed | State::Checking | State::Acting(_) | State::Listing => Move::stay(),
        }
    }

    fn is_typing(&self) -> bool {
        match &self.state {
            State::Password(entry) | State::Extension { entry, .. } => entry.is_typing(),
            State::Letters { spelling, .. } => spelling.is_typing(),
            State::NewCode { code, .. } => code.is_typing(),
            State::Closed
            | State::Checking
            | State::Menu
            | State::Name { .. }
            | State::Acting(_)
            | State::Listing
            | State::Locked { .. } => false,
        }
    }

    fn pause(&mut self) -> Move {
        self.key(Key::HASH)
    }

    fn reminder(&self) -> Vec<Prompt> {
        match &self.state {
            State::Password(_) => vec![Prompt::EnterSystemPassword],
            State::Menu => sequence::choices(&[
                ('1', Prompt::ForSystemPassword),
                ('2', Prompt::ForName),
                ('3', Prompt::ForLoginCode),
                ('4', Prompt::ForVoicemailCode),
                ('5', Prompt::ToBlock),
                ('6', Prompt::ToUnblock),
                ('7', Prompt::ForLocked),
                ('*', Prompt::ToEnd),
            ]),
            State::Extension { .. } => vec![Prompt::EnterExtension, Prompt::ThenHash],
            State::Letters { .. } => vec![Prompt::Spell],
            State::Name { name, .. } => {
                let choices = [('1', Prompt::ToSave), ('2', Prompt::ToSpellAgain), ('*', Prompt::ToGoBack)];
                [vec![Prompt::TheNameIs], sequence::spelled(name), sequence::choices(&choices)].concat()
            }
            State::NewCode { code, .. } => code.prompts(),
            State::Locked { .. } => sequence::choices(&[('#', Prompt::ForNext), ('*', Prompt::ToGoBack)]),
            State::Closed | State::Checking | State::Acting(_) | State::Listing => Vec::new(),
        }
    }

    fn answer(&mut self, answer: Answer<'_>, now: Timestamp) -> Option<Move> {
        match (&self.state, answer) {
            (State::Checking, Answer::Judged(judged)) => Some(self.judged(judged, now)),
            (State::Acting(what), Answer::Changed(changed)) => Some(self.changed(*what, changed, now)),
            (State::Listing, Answer::Locked(numbers)) => Some(self.locked(numbers)),
            _ => None,
        }
    }
}
