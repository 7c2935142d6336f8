//! Lines: for each extension what the registration of its phones needs, in one place, found by one hash. A million of
//! them do not fit into a processor's cache, so each further place to look is another wait for memory.

use std::{hash::Hash, sync::Arc};

use hashbrown::Equivalent;
use signin::{
    challenge::Nonce,
    extension::Extension,
    ident::{DomainId, ExtensionId, Number},
    place::Places,
    registration::Binding,
    shortcut::Shortcut,
    timestamp::Timestamp,
};

use crate::{
    nonces::{LineNonces, Nonces},
    shards::Shards,
};

/// By what a phone names: a number in a domain.
pub(crate) type Lines = Shards<LineKey, Line, Box<(LineKey, Line)>>;

/// One extension as its phones see it.
pub(crate) struct Line {
    /// Which.
    pub(crate) extension: ExtensionId,
    /// What opens it when nothing is unusual; derived from account, extension and secrets.
    pub(crate) shortcut: Option<Shortcut>,
    /// Where its phones are; never empty.
    pub(crate) bindings: Option<Arc<[Binding]>>,
    /// Up to here the row on disk answers for all of them.
    pub(crate) kept_until: Timestamp,
    /// Where its phones have shown the right secret.
    pub(crate) places: Places,
    /// Which answers to challenges were given here.
    pub(crate) nonces: LineNonces,
}

impl Line {
    /// An extension that nothing else is known of yet.
    pub(crate) fn new(extension: &Extension) -> Self {
        Self {
            extension: extension.id,
            shortcut: None,
            bindings: None,
            kept_until: Timestamp::EPOCH,
            places: Places::default(),
            nonces: LineNonces::since(extension.created_at),
        }
    }

    /// Uses a count of a nonce; `false` when it was used before, or may have been.
    pub(crate) fn use_nonce(&mut self, nonce: &Nonce, count: u32, all: &Nonces, now: Timestamp) -> bool {
        let is_shared = self.bindings.as_ref().is_some_and(|bindings| bindings.len() > 1);
        self.nonces.take(nonce, count, is_shared, all, now)
    }

    /// The registration will be written as it is now.
    pub(crate) fn keep(&mut self) {
        let bindings = self.bindings.iter().flat_map(|bindings| &**bindings);
        self.kept_until = bindings.map(Binding::kept_until).min().unwrap_or_default();
    }
}

/// The name of a line.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineKey(pub(crate) DomainId, pub(crate) Number);

/// The same, as it is typed.
pub(crate) struct LineRef<'a>(pub(crate) DomainId, pub(crate) &'a str);

impl Hash for LineRef<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Equivalent<LineKey> for LineRef<'_> {
    fn equivalent(&self, key: &LineKey) -> bool {
        self.0 == key.0 && self.1.as_bytes() == key.1.as_bytes()
    }
}
