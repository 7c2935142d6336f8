//! The messages of a mailbox as one goes through them, and what is said of each.

use crate::{
    dialogue::{Caller, Envelope, LIST_MAX, MessageId},
    prompt::{Language, Prompt, sequence},
};

/// Longest number of somebody outside, with all that may stand between its digits.
const SHOWN_MAX: usize = 64;

/// At most [`LIST_MAX`] of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    list: Vec<Held>,
    at: usize,
    new: usize,
    old: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) envelope: Envelope,
    pub(super) is_deleted: bool,
}

impl Messages {
    pub(super) fn new(envelopes: &[Envelope]) -> Self {
        let held = |envelope: &Envelope| {
            // Field by field: a number that is longer than any is not copied whole.
            let Envelope { id, is_new, at, ref from } = *envelope;
            Held { envelope: Envelope { id, is_new, at, from: short(from) }, is_deleted: false }
        };
        let new = envelopes.iter().filter(|envelope| envelope.is_new).count();
        let list = envelopes.iter().take(LIST_MAX).map(held).collect();
        Self { list, at: 0, new, old: envelopes.len() - new }
    }

    pub(super) fn counted(&self, language: Language) -> Vec<Prompt> {
        sequence::messages(self.new, self.old, language)
    }

    pub(super) const fn rewind(&mut self) {
        self.at = 0;
    }

    /// Goes on to the next. Whether there is one.
    pub(super) const fn advance(&mut self) -> bool {
        let has_next = self.at + 1 < self.list.len();
        if has_next {
            self.at += 1;
        }
        has_next
    }

    pub(super) fn current(&self) -> Option<&Held> {
        self.list.get(self.at)
    }

    /// It is to stay or to go; which one it is.
    pub(super) fn mark(&mut self, is_deleted: bool) -> Option<MessageId> {
        let held = self.list.get_mut(self.at)?;
        held.is_deleted = is_deleted;
        held.envelope.is_new = false;
        Some(held.envelope.id)
    }
}

fn short(from: &Caller) -> Caller {
    match from {
        Caller::Outside(number) => {
            let shown: String = number.chars().take(SHOWN_MAX).collect();
            Caller::Outside(shown.into())
        }
        Caller::Unknown | Caller::Extension(_) => from.clone(),
    }
}

impl Held {
    /// What is said before it is played.
    pub(super) fn in_words(&self, language: Language) -> Vec<Prompt> {
        let Envelope { is_new, at, from, .. } = &self.envelope;
        let mut prompts = vec![if *is_new { Prompt::NewMessage } else { Prompt::OldMessage }];
        if self.is_deleted {
            prompts.push(Prompt::Deleted);
        }
        prompts.extend(at.in_words(language));
        prompts.push(Prompt::From);
        let before = prompts.len();
        match from {
            Caller::Unknown => {}
            Caller::Extension(number) => {
                prompts.push(Prompt::Extension);
                prompts.extend(sequence::digits(number.as_str()));
            }
            Caller::Outside(number) => prompts.extend(sequence::digits(number)),
        }
        if prompts.len() == before {
            prompts.push(Prompt::Unknown);
        }
        prompts
    }
}
