//! Attempts: counted before they are checked, and settled after.
//!
//! Nothing here waits for the disk. What must last of it the decision says, as effects of its own.

use std::{hash::BuildHasher as _, net::IpAddr, sync::Arc};

use signin::{
    account::Activity,
    attempt::{Attempt, Claim, Proof},
    challenge::Nonce,
    credential::{CredentialFacts, CredentialKind, Owner, Verifier},
    decide::{Finding, Settled},
    dossier::Dossier,
    extension::Extension,
    ident::{AccountId, FoldedName, Number},
    lockout::{Standing, TallyKey, is_within, network},
    place::{Familiarity, Lane, Whose},
    policy::Settings,
    secret::Secret,
    timestamp::Timestamp,
};

use crate::{
    behind::Dirty,
    counts::{Succeeded, Wrong},
    error::StoreError,
    holdings::Kept,
    ledger::Ledger,
    topic::Topic,
};

/// Whom a claim means, what is kept of the secret that would prove it, and how well they are known where they are.
struct Known {
    account: Option<Arc<signin::account::Account>>,
    extension: Option<Arc<Extension>>,
    kept: Option<Kept>,
    lane: Lane,
    is_place_noted: bool,
}

/// What both counts say, and the print of the subject's last wrong proof.
struct Places {
    subject: (TallyKey, Standing),
    address: (TallyKey, Standing),
    refused: u64,
}

impl Ledger {
    /// Counts the attempt and gathers what is known. Every dossier must be settled or abandoned.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn begin(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Dossier, StoreError> {
        let settings = self.holdings.settings.load_full();
        // Gathered for refused attempts too, so that a refusal takes the same time for every name.
        let Known { account, extension, kept, lane, is_place_noted } = self.known(attempt, now);
        let Places { subject, address, refused } = self.take_places(attempt, lane, &settings, now);
        let id = account.as_ref().map(|account| account.id);
        let facts = kept.as_ref().map(|kept| kept.facts);
        let former = kept.as_ref().and_then(|kept| kept.former.clone());
        let verifier = kept.map(|kept| kept.verifier).filter(|verifier| *verifier != Verifier::Unset);
        let print = match attempt.proof {
            Proof::Digest(..) => attempt.print(),
            Proof::Plain(secret) => {
                let version = account.as_ref().map(|account| account.version);
                Some(self.print(secret, attempt.peer.address, (facts, version, settings.version)))
            }
        };
        Ok(Dossier {
            activity: id.map_or_else(Activity::default, |id| self.holdings.activity(id)),
            sessions_open: id.map_or(0, |id| self.holdings.sessions_open(id, now)),
            account,
            extension,
            is_decoy: verifier.is_none(),
            verifier: verifier.unwrap_or_else(|| self.decoy(&attempt.proof)),
            secret_set_at: facts.map(|facts: CredentialFacts| facts.set_at),
            secret_expires_at: facts.and_then(|facts| facts.expires_at),
            is_repeat: refused != 0 && print == Some(refused),
            print,
            former,
            is_place_noted,
            subject,
            address,
            settings,
        })
    }

    /// A print of a secret that may be wrong, to tell it by if it comes again. It is kept in memory alone, and made with a
    /// key that no other start has. In it is whatever could make a wrong secret right: what was refused as wrong is
    /// looked at again once something of that has changed.
    fn print(
        &self,
        secret: &Secret,
        from: IpAddr,
        (facts, account, settings): (Option<CredentialFacts>, Option<u32>, u32),
    ) -> u64 {
        let set_at = facts.map(|facts| facts.set_at);
        self.prints.hash_one((secret.reveal(), network(from), set_at, account, settings)).max(1)
    }

    /// Whether a lock is in force already, as far as can be seen without counting.
    pub fn is_locked(&self, attempt: &Attempt<'_>, now: Timestamp) -> bool {
        let settings = self.holdings.settings.load();
        let lane = self.known(attempt, now).lane;
        let is_locked = |key: &TallyKey| {
            let standing = self.holdings.counts.standing(key, &settings, now);
            matches!(standing, Standing::Locked { .. })
        };
        is_locked(&attempt.subject_in(lane))
            || (takes_place_at_address(&settings, attempt, lane) && is_locked(&attempt.address_key()))
    }

    /// The address first, then the subject; a place in both counts, or in none. Whoever is where they are known is counted
    /// there alone: the address may be locked by what others did who share it.
    fn take_places(&self, attempt: &Attempt<'_>, lane: Lane, settings: &Settings, now: Timestamp) -> Places {
        let counts = &self.holdings.counts;
        let (subject, address) = (attempt.subject_in(lane), attempt.address_key());
        let takes_place = takes_place_at_address(settings, attempt, lane);
        let mut evicted = Vec::new();
        let mut begin = |key: &TallyKey| counts.begin(key, settings, now, &mut evicted);
        let of_address = if takes_place { begin(&address).0 } else { Standing::Open };
        let (of_subject, refused) = match of_address {
            Standing::Open => begin(&subject),
            Standing::Full | Standing::Locked { .. } => (counts.standing(&subject, settings, now), 0),
        };
        if of_address == Standing::Open && of_subject != Standing::Open && takes_place {
            counts.give_back(&address);
        }
        for key in evicted {
            self.behind.note(Dirty::Tally(key));
        }
        Places { subject: (subject, of_subject), address: (address, of_address), refused }
    }

    fn known(&self, attempt: &Attempt<'_>, now: Timestamp) -> Known {
        let kinds = attempt.interface.row().opens_with;
        match attempt.claim {
            Claim::Account(kind, name) => {
                let id = self.holdings.account_id(kind, attempt.domain, &FoldedName::of(name));
                let account = id.and_then(|id| self.holdings.account(id));
                let kept = account.as_ref().and_then(|account| {
                    kinds.iter().find_map(|kind| self.holdings.kept(Owner::Account(account.id), *kind))
                });
                let lane = self.lane_of_browser(attempt.peer.device, id, kept.as_ref(), now);
                Known { account, extension: None, kept, lane, is_place_noted: true }
            }
            Claim::Extension(number) => {
                let id = Number::parse(number)
                    .and_then(|number| self.holdings.extension_id(attempt.domain, &number));
                let found = id.and_then(|id| self.holdings.extension_from(id, attempt.peer.address, now));
                let (extension, familiarity) = found.unzip();
                let user = extension.as_ref().and_then(|extension| extension.user);
                let account = user.and_then(|user| self.holdings.account(user));
                let kept = extension
                    .as_ref()
                    .and_then(|extension| kinds.iter().find_map(|kind| self.kept_of_phone(extension, *kind)));
                let lane = match familiarity {
                    None | Some(Familiarity::Unknown) => Lane::Open,
                    Some(Familiarity::Known | Familiarity::NotedToday) => {
                        Lane::Network(network(attempt.peer.address))
                    }
                };
                let is_place_noted = familiarity == Some(Familiarity::NotedToday);
                Known { account, extension, kept, lane, is_place_noted }
            }
        }
    }

    /// The same work for names that nobody has: their token is looked at, and recognised by nobody.
    fn lane_of_browser(
        &self,
        shown: &str,
        account: Option<AccountId>,
        kept: Option<&Kept>,
        now: Timestamp,
    ) -> Lane {
        let whose = Whose {
            account: account.unwrap_or(AccountId(0)),
            secret_set_at: kept.map_or(Timestamp::EPOCH, |kept| kept.facts.set_at),
        };
        let device = self.keys.devices().recognise(shown, whose, now);
        device.filter(|_| account.is_some() && kept.is_some()).map_or(Lane::Open, Lane::Device)
    }

    /// A phone is opened by its extension's secret or by the user's who belongs there.
    fn kept_of_phone(&self, extension: &Extension, kind: CredentialKind) -> Option<Kept> {
        match kind {
            CredentialKind::PhonePassword => self.holdings.kept(Owner::Extension(extension.id), kind),
            CredentialKind::LoginCode | CredentialKind::UserPassword => {
                self.holdings.kept(Owner::Account(extension.user?), kind)
            }
            CredentialKind::ServicePassword => None,
        }
    }

    fn decoy(&self, proof: &Proof<'_>) -> Verifier {
        match proof {
            Proof::Plain(_) => self.decoys.plain.clone(),
            Proof::Digest(..) => self.decoys.digest.clone(),
        }
    }

    /// Makes the counts say what the check found.
    pub fn settle(
        &self,
        dossier: &Dossier,
        attempt: &Attempt<'_>,
        finding: Finding,
        now: Timestamp,
    ) -> Settled {
        // Without a place there is nothing to give back, and no right to an answer.
        if !dossier.may_be_checked() {
            return Settled::default();
        }
        let takes_place = takes_place_at_address(&dossier.settings, attempt, dossier.subject.0.lane);
        match finding {
            Finding::Repeated | Finding::Unchecked => {
                self.give_back(dossier, takes_place);
                Settled::default()
            }
            Finding::Right(_) => self.right(dossier, attempt, takes_place, now),
            Finding::Stale(replaced_at) => {
                self.give_back(dossier, takes_place);
                let peer = (attempt.peer.address, attempt.peer.agent);
                self.stale_tries(dossier.extension.as_deref(), peer, replaced_at, now)
            }
            Finding::Wrong(_) => self.wrong(dossier, attempt, takes_place, now),
        }
    }

    fn wrong(&self, dossier: &Dossier, attempt: &Attempt<'_>, takes_place: bool, now: Timestamp) -> Settled {
        let (counts, settings) = (&self.holdings.counts, &dossier.settings);
        let from = attempt.peer.address;
        let wrong = Wrong { from, print: dossier.print };
        let (subject, address) = (&dossier.subject.0, &dossier.address.0);
        let of_subject = counts.fail(subject, settings, wrong, now);
        let of_address = if takes_place {
            counts.fail(address, settings, wrong, now)
        } else if dossier.is_at_known_place() && !is_within(&settings.address_allow, from) {
            counts.hear_of(address, settings, from, now)
        } else {
            None
        };
        let locks: Vec<_> = [(subject, of_subject), (address, of_address)]
            .into_iter()
            .filter_map(|(key, standing)| Some((key.clone(), standing?)))
            .collect();
        if !locks.is_empty() {
            self.tell(vec![Topic::Locks]);
        }
        Settled { locks, ..Settled::default() }
    }

    fn right(&self, dossier: &Dossier, attempt: &Attempt<'_>, takes_place: bool, now: Timestamp) -> Settled {
        if let Proof::Digest(nonce, proof) = &attempt.proof
            && !self.use_nonce(nonce, proof.nonce_count.number(), now)
        {
            self.give_back(dossier, takes_place);
            return Settled { is_replay: true, ..Settled::default() };
        }
        let cleared =
            self.holdings.counts.succeed(&dossier.subject.0, attempt.peer.address) == Succeeded::Cleared;
        if takes_place {
            self.holdings.counts.give_back(&dossier.address.0);
        }
        Settled { cleared, ..Settled::default() }
    }

    fn use_nonce(&self, nonce: &Nonce, count: u32, now: Timestamp) -> bool {
        self.holdings.nonces.take(nonce, count, now)
    }

    fn give_back(&self, dossier: &Dossier, takes_place: bool) {
        self.holdings.counts.give_back(&dossier.subject.0);
        if takes_place {
            self.holdings.counts.give_back(&dossier.address.0);
        }
    }

    /// The attempt began and will never be settled: something here broke while it was checked. It counts as a
    /// failure, or breaking the check would be a way around the count.
    pub fn abandon(&self, dossier: &Dossier, now: Timestamp) {
        if !dossier.may_be_checked() {
            return;
        }
        let mut has_locked = false;
        // Whoever is where they are known took no place at the address.
        let address = (!dossier.is_at_known_place()).then_some(&dossier.address);
        for (key, _) in std::iter::once(&dossier.subject).chain(address) {
            has_locked |= self.holdings.counts.abandon(key, &dossier.settings, now).is_some();
            self.behind.note(Dirty::Tally(key.clone()));
        }
        if has_locked {
            self.tell(vec![Topic::Locks]);
        }
    }
}

/// Whether an attempt takes a place in the count of its address: not from a network that is allowed everything, and not
/// where the name is known.
fn takes_place_at_address(settings: &Settings, attempt: &Attempt<'_>, lane: Lane) -> bool {
    lane.is_open() && !is_within(&settings.address_allow, attempt.peer.address)
}
