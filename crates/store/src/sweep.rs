//! Sweeping: what time alone has ended is taken out of memory, and then off the disk.

use std::sync::Arc;

use signin::{registration::Registration, timestamp::Timestamp};

use crate::{behind::Dirty, ledger::Ledger, topic::Topic};

impl Ledger {
    /// Drops bindings and sessions that have ended, counts that say nothing any more and old challenges. To be
    /// called every few seconds.
    pub fn sweep(&self, now: Timestamp) {
        let mut topics = Vec::new();
        if self.sweep_registrations(now) {
            topics.push(Topic::Phones);
        }
        if self.sweep_sessions(now) {
            topics.push(Topic::Sessions);
        }
        let gone = self.holdings.counts.sweep(&self.holdings.settings.load(), now);
        for key in gone {
            self.behind.note(Dirty::Tally(key));
        }
        if self.holdings.counts.has_unlocked(now) {
            topics.push(Topic::Locks);
        }
        self.holdings.nonces.sweep(now);
        self.tell(topics);
    }

    fn sweep_registrations(&self, now: Timestamp) -> bool {
        let mut changed = Vec::new();
        self.holdings.registrations.retain(|id, registration| {
            if registration.bindings.iter().all(|binding| now < binding.expires_at) {
                return true;
            }
            changed.push(*id);
            let bindings: Box<[_]> =
                registration.bindings.iter().filter(|binding| now < binding.expires_at).cloned().collect();
            *registration = Arc::new(Registration { extension: *id, bindings });
            !registration.bindings.is_empty()
        });
        let has_changed = !changed.is_empty();
        for id in changed {
            self.behind.note(Dirty::Registration(id));
        }
        has_changed
    }

    fn sweep_sessions(&self, now: Timestamp) -> bool {
        let rules = self.holdings.settings.load().sessions;
        let mut ended = Vec::new();
        self.holdings.sessions.each(|id, session| {
            if !session.is_open(&rules, now) {
                ended.push(*id);
            }
        });
        for id in &ended {
            self.holdings.drop_session(*id);
            self.behind.note(Dirty::Session(*id));
        }
        !ended.is_empty()
    }
}
