//! Entries: something that is typed, and a new code that is typed twice.

use signin::secret::Secret;

use crate::{
    keypad::{Digits, Key},
    prompt::Prompt,
};

/// Something that is being typed: digits, and `#` or a pause at the end. Where the length is known no `#` is needed.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    typed: Digits,
    length_max: usize,
    is_exact: bool,
}

/// What has become of an entry.
#[derive(Debug)]
pub(crate) enum Typed {
    /// It goes on.
    More,
    /// It was taken back, or is longer or shorter than it may be: it begins anew. What is too long is never cut to fit.
    Anew,
    /// Nothing was typed, and whoever typed it wants to go back.
    Back,
    /// This is it. May be empty.
    Whole(Digits),
}

impl Entry {
    /// At most that many digits.
    pub(crate) fn up_to(length_max: usize) -> Self {
        Self { typed: Digits::default(), length_max, is_exact: false }
    }

    /// Exactly that many.
    pub(crate) fn of(length: usize) -> Self {
        Self { is_exact: true, ..Self::up_to(length) }
    }

    pub(crate) const fn is_typing(&self) -> bool {
        !self.typed.is_empty()
    }

    pub(crate) fn key(&mut self, key: Key) -> Typed {
        match key {
            Key::HASH => self.whole(),
            Key::STAR if self.typed.is_empty() => Typed::Back,
            Key::STAR => self.anew(),
            key if !key.is_digit() => Typed::More,
            _ if self.typed.len() >= self.length_max => self.anew(),
            key if !self.typed.push(key) => self.anew(),
            _ if self.is_exact && self.typed.len() == self.length_max => self.whole(),
            _ => Typed::More,
        }
    }

    fn whole(&mut self) -> Typed {
        // What must have four digits is not whole with three.
        if self.is_exact && self.typed.len() < self.length_max {
            return self.anew();
        }
        Typed::Whole(std::mem::take(&mut self.typed))
    }

    fn anew(&mut self) -> Typed {
        self.typed.clear();
        Typed::Anew
    }
}

/// A new code, typed twice.
#[derive(Clone, Debug)]
pub(crate) struct NewCode {
    entry: Entry,
    fresh: Entry,
    first: Option<Secret>,
    asks: Prompt,
}

/// What has become of a new code.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// It goes on.
    More,
    /// It goes on, and this is said.
    Say(Vec<Prompt>),
    /// Rather not.
    Back,
    /// Twice the same: this is it; never empty.
    Code(Secret),
}

impl NewCode {
    /// `asks` is what is said at the beginning.
    pub(crate) fn new(entry: Entry, asks: Prompt) -> Self {
        Self { fresh: entry.clone(), entry, first: None, asks }
    }

    pub(crate) fn prompts(&self) -> Vec<Prompt> {
        if self.first.is_some() { vec![Prompt::Again] } else { self.asked() }
    }

    fn asked(&self) -> Vec<Prompt> {
        // What ends itself needs no hash.
        if self.fresh.is_exact { vec![self.asks] } else { vec![self.asks, Prompt::ThenHash] }
    }

    pub(crate) const fn is_typing(&self) -> bool {
        self.entry.is_typing()
    }

    pub(crate) fn key(&mut self, key: Key) -> Chosen {
        let typed = self.entry.key(key);
        self.take(typed)
    }

    fn take(&mut self, typed: Typed) -> Chosen {
        match typed {
            Typed::More => Chosen::More,
            Typed::Anew => Chosen::Say(self.prompts()),
            Typed::Back if self.first.take().is_some() => Chosen::Say(self.prompts()),
            Typed::Back => Chosen::Back,
            Typed::Whole(digits) if digits.is_empty() => Chosen::Say(self.prompts()),
            Typed::Whole(digits) => self.complete(digits.to_secret()),
        }
    }

    fn complete(&mut self, code: Secret) -> Chosen {
        self.entry = self.fresh.clone();
        match self.first.take() {
            Some(first) if first.matches(&code) => Chosen::Code(code),
            Some(_) => Chosen::Say([vec![Prompt::CodesDiffer], self.asked()].concat()),
            None => {
                self.first = Some(code);
                Chosen::Say(self.prompts())
            }
        }
    }
}
