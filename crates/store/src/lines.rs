//! Lines: for each extension what the registration of its phones needs, in one place, found by one hash. A million of
//! them do not fit into a processor's cache, so each further place to look is another wait for memory.

use std::{hash::Hash, mem::swap, sync::Arc};

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

    /// Its phones are there from now on. What stays as it was keeps its memory: where a million phones come again, what
    /// they left behind would lie between what they brought, of no use to anybody.
    pub(crate) fn put(&mut self, mut new: Arc<[Binding]>) {
        if let (Some(olds), Some(news)) =
            (self.bindings.as_mut().and_then(Arc::get_mut), Arc::get_mut(&mut new))
            && olds.len() == news.len()
        {
            for (old, new) in olds.iter_mut().zip(news) {
                if old.contact == new.contact {
                    swap(&mut old.contact, &mut new.contact);
                }
                if old.call_id == new.call_id {
                    swap(&mut old.call_id, &mut new.call_id);
                }
                swap(old, new);
            }
            return;
        }
        self.bindings = (!new.is_empty()).then_some(new);
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

#[cfg(test)]
mod tests {
    use signin::{digest::DigestAlgorithm, registration::Transport, timestamp::Seconds};

    use super::*;

    fn phones(contacts: &[&str], cseq: u32) -> Arc<[Binding]> {
        let phone = |contact: &&str| Binding {
            contact: (*contact).into(),
            q: 1000,
            instance: None,
            reg_id: 0,
            path: Box::default(),
            call_id: "call".into(),
            cseq,
            agent: "phone".into(),
            source: ([192, 0, 2, 7], 5060).into(),
            transport: Transport::Udp,
            algorithm: DigestAlgorithm::Sha256,
            since: Timestamp(1),
            expires_at: Timestamp(2),
            granted: Seconds(60),
            print: 0,
        };
        contacts.iter().map(phone).collect()
    }

    #[test]
    fn a_phone_that_comes_again_is_as_it_says_now_in_the_memory_that_it_had() {
        let extension = Extension {
            id: ExtensionId(1),
            version: 1,
            domain: DomainId::FIRST,
            number: Number::parse("201").unwrap(),
            user: None,
            created_at: Timestamp(1),
        };
        let mut line = Line::new(&extension);
        let where_it_is = |line: &Line| {
            let bindings = line.bindings.as_ref().unwrap();
            (bindings.as_ptr(), bindings[0].contact.as_ptr())
        };
        line.put(phones(&["sip:a"], 1));
        let before = where_it_is(&line);
        line.put(phones(&["sip:a"], 2));
        assert_eq!((where_it_is(&line), line.bindings.clone()), (before, Some(phones(&["sip:a"], 2))));
        // Somebody looks at the old ones still, others come, another one comes, and all go.
        let old = line.bindings.clone();
        line.put(phones(&["sip:a"], 3));
        assert_eq!((old, line.bindings.clone()), (Some(phones(&["sip:a"], 2)), Some(phones(&["sip:a"], 3))));
        for contacts in [["sip:a", "sip:b"].as_slice(), &["sip:b", "sip:c"], &["sip:c"], &["sip:d"]] {
            line.put(phones(contacts, 4));
            assert_eq!(line.bindings, Some(phones(contacts, 4)));
        }
        line.put(phones(&[], 5));
        assert_eq!(line.bindings, None);
    }
}
