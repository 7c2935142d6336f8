//! Stale phones: who shows a secret that was replaced, in memory alone. After a start each is seen again at its next try.

use std::net::IpAddr;

use hashbrown::HashMap;
use parking_lot::Mutex;
use signin::{
    audit::{Action, Actor, AuditEvent, Outcome, Reason},
    decide::Settled,
    dossier::Dossier,
    effect::Effect,
    ident::ExtensionId,
    interface::LoginInterface,
    lockout::network,
    policy::LockRule,
    stale::{Slowed, StalePhone},
    timestamp::Timestamp,
};

use crate::{ledger::Ledger, topic::Topic};

/// Most stale phones that are remembered; the one that tried longest ago goes.
pub(crate) const STALE_MAX: usize = 10_000;

type Phones = HashMap<(ExtensionId, IpAddr), StalePhone>;

/// All of them, by extension and network.
#[derive(Default)]
pub(crate) struct StalePhones(Mutex<Phones>);

impl StalePhones {
    fn tries(
        &self,
        extension: ExtensionId,
        (address, agent): (IpAddr, &str),
        print: Option<u64>,
        replaced_at: Timestamp,
        rule: &LockRule,
        now: Timestamp,
    ) -> Slowed {
        let key = (extension, network(address));
        let mut phones = self.0.lock();
        if phones.len() >= STALE_MAX && !phones.contains_key(&key) {
            let oldest = phones.iter().min_by_key(|(_, phone)| phone.last_at).map(|(key, _)| *key);
            oldest.and_then(|oldest| phones.remove(&oldest));
        }
        let phone = phones.entry(key).or_insert_with(|| StalePhone::new(extension, address, now));
        phone.tries((agent, print), replaced_at, rule, now)
    }

    /// Forgets those of an extension.
    pub(crate) fn forget(&self, extension: ExtensionId) {
        self.0.lock().retain(|(of, _), _| *of != extension);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Those of which the audit is to be told, and how often each has tried since; drops those that went quiet.
    fn sweep(&self, now: Timestamp) -> Vec<(StalePhone, u32)> {
        let mut told = Vec::new();
        self.0.lock().retain(|_, phone| {
            let times = phone.tell(now);
            told.extend(times.map(|times| (phone.clone(), times)));
            !phone.is_quiet(now)
        });
        told
    }
}

impl Ledger {
    /// One more try of a stale phone.
    pub(crate) fn stale_tries(
        &self,
        dossier: &Dossier,
        peer: (IpAddr, &str),
        replaced_at: Timestamp,
        now: Timestamp,
    ) -> Settled {
        let Some(extension) = &dossier.extension else { return Settled::default() };
        let rule = &self.holdings.settings.load().extension_lock;
        let slowed = self.holdings.stale.tries(extension.id, peer, dossier.print, replaced_at, rule, now);
        self.tell(vec![Topic::Phones]);
        Settled { stale: Some(slowed), ..Settled::default() }
    }

    /// Phones that show a secret which was replaced, the last one first.
    pub fn stale_phones(&self) -> Vec<StalePhone> {
        let mut phones: Vec<_> = self.holdings.stale.0.lock().values().cloned().collect();
        phones.sort_unstable_by(|one, other| {
            other.last_at.cmp(&one.last_at).then_with(|| one.extension.cmp(&other.extension))
        });
        phones
    }

    /// Tells the audit of those that went on trying.
    pub(crate) fn sweep_stale(&self, now: Timestamp) {
        let told = self.holdings.stale.sweep(now);
        let rows = told.iter().filter_map(|(phone, times)| self.stale_row(phone, *times, now));
        self.commit_behind(rows.collect());
    }

    fn stale_row(&self, phone: &StalePhone, times: u32, now: Timestamp) -> Option<Effect> {
        let extension = self.holdings.extension(phone.extension)?;
        Some(Effect::Audit(AuditEvent {
            at: now,
            action: Action::SignIn,
            outcome: Outcome::Refused,
            reason: Some(Reason::OldSecret),
            actor: Actor::Unknown,
            domain: extension.domain,
            subject: extension.number.as_str().into(),
            interface: LoginInterface::SipRegistration,
            address: Some(phone.address),
            agent: AuditEvent::text(&phone.agent),
            changes: Vec::new(),
            times,
        }))
    }
}
