//! Sweeping: what time alone has ended is taken out of memory, and then off the disk.

use signin::{
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome},
    effect::Effect,
    ident::ExtensionId,
    interface::LoginInterface,
    registration::Binding,
    timestamp::Timestamp,
};

use crate::{behind::Dirty, ledger::Ledger, topic::Topic};

/// Bindings that are dropped in one sweep, and leave a row in the audit each: after a power cut they run out by the
/// hundred thousand. Who asks is told of none that has run out, swept or not.
const LOST_MAX: usize = 20_000;

impl Ledger {
    /// Drops bindings and sessions that have ended, counts that say nothing any more and old challenges; a binding
    /// that ran out leaves an audit row. To be called every few seconds.
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
            self.behind.note(Dirty::Tally(key.into()));
        }
        if self.holdings.counts.has_unlocked(now) {
            topics.push(Topic::Locks);
        }
        for gone in self.holdings.sweep_formers(now) {
            self.behind.note(Dirty::Former(gone));
        }
        self.sweep_stale(now);
        self.holdings.nonces.sweep(now);
        self.tell(topics);
    }

    fn sweep_registrations(&self, now: Timestamp) -> bool {
        let (mut changed, mut lost) = (Vec::new(), Vec::new());
        self.holdings.lines.each_mut(|line| {
            let Some(bindings) = &line.bindings else { return };
            if lost.len() >= LOST_MAX || bindings.iter().all(|binding| now < binding.expires_at) {
                return;
            }
            let id = line.extension;
            changed.push(id);
            let (left, ended): (Vec<Binding>, Vec<Binding>) =
                bindings.iter().cloned().partition(|binding| now < binding.expires_at);
            lost.extend(ended.into_iter().map(|binding| (id, binding)));
            line.bindings = (!left.is_empty()).then(|| left.into());
        });
        let has_changed = !changed.is_empty();
        for id in changed {
            self.behind.note(Dirty::Registration(id));
        }
        let rows = lost.into_iter().filter_map(|(id, binding)| self.phone_lost(id, &binding, now));
        self.commit_behind(rows.collect());
        has_changed
    }

    /// The audit row of a phone that said nothing any more: an administrator wants to know, and nobody else tells.
    fn phone_lost(&self, id: ExtensionId, binding: &Binding, now: Timestamp) -> Option<Effect> {
        let extension = self.holdings.extension(id)?;
        Some(Effect::Audit(AuditEvent {
            at: now,
            action: Action::PhoneLost,
            outcome: Outcome::Accepted,
            reason: None,
            actor: Actor::System,
            domain: extension.domain,
            subject: extension.number.as_str().into(),
            interface: LoginInterface::SipRegistration,
            address: Some(binding.source.ip()),
            agent: AuditEvent::text(&binding.agent),
            changes: vec![FieldChange {
                field: "contact".into(),
                before: AuditEvent::text(&binding.contact),
                after: "".into(),
            }],
            times: 1,
        }))
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
            self.behind.note(Dirty::Session((*id).into()));
        }
        !ended.is_empty()
    }
}
