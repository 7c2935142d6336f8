//! Attempts: counted before they are checked, and settled after.
//!
//! Nothing here waits for the disk. What must last of it the decision says, as effects of its own.

use std::sync::Arc;

use signin::{
    attempt::{Attempt, Claim, Proof},
    challenge::Nonce,
    credential::{CredentialFacts, CredentialKind, Owner, Verifier},
    decide::{Finding, Settled},
    dossier::Dossier,
    extension::Extension,
    ident::{AccountId, ExtensionId, FoldedName, Number},
    lockout::{Standing, TallyKey, is_within},
    policy::Settings,
    timestamp::Timestamp,
};

use crate::{
    behind::Dirty, counts::Succeeded, error::StoreError, holdings::Kept, ledger::Ledger, topic::Topic,
};

/// Whom a claim means, and what is kept of the secret that would prove it.
struct Known {
    account: Option<Arc<signin::account::Account>>,
    extension: Option<Arc<Extension>>,
    kept: Option<Kept>,
}

/// What both counts say, and the print of the subject's last wrong proof.
struct Places {
    subject: (TallyKey, Standing),
    address: (TallyKey, Standing),
    refused: u64,
}

/// A phone is opened by its extension's secret or by the user's who belongs there.
const fn owner_of_phone(line: ExtensionId, user: AccountId, kind: CredentialKind) -> Option<Owner> {
    match kind {
        CredentialKind::PhonePassword => Some(Owner::Extension(line)),
        CredentialKind::LoginCode | CredentialKind::UserPassword => Some(Owner::Account(user)),
        CredentialKind::ServicePassword => None,
    }
}

impl Ledger {
    /// Counts the attempt and gathers what is known. Every dossier must be settled or abandoned.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn begin(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Dossier, StoreError> {
        let settings = self.holdings.settings.load_full();
        let Places { subject, address, refused } = self.take_places(attempt, &settings, now);
        // Gathered for refused attempts too, so that a refusal takes the same time for every name.
        let Known { account, extension, kept } = self.known(attempt);
        let id = account.as_ref().map(|account| account.id);
        let facts = kept.as_ref().map(|kept| kept.facts);
        let verifier = kept.map(|kept| kept.verifier).filter(|verifier| *verifier != Verifier::Unset);
        Ok(Dossier {
            activity: self.holdings.activity(id.unwrap_or(AccountId::NOBODY)),
            sessions_open: self.holdings.sessions_open(id.unwrap_or(AccountId::NOBODY), now),
            account,
            extension,
            is_decoy: verifier.is_none(),
            verifier: verifier.unwrap_or_else(|| self.decoy(&attempt.proof)),
            secret_set_at: facts.map(|facts: CredentialFacts| facts.set_at),
            secret_expires_at: facts.and_then(|facts| facts.expires_at),
            is_repeat: refused != 0 && attempt.print() == Some(refused),
            subject,
            address,
            settings,
        })
    }

    /// The address first, then the subject; a place in both counts, or in none.
    fn take_places(&self, attempt: &Attempt<'_>, settings: &Settings, now: Timestamp) -> Places {
        let counts = &self.holdings.counts;
        let (subject, address) = (attempt.subject_key(), attempt.address_key());
        let is_allowed = is_within(&settings.address_allow, attempt.peer.address);
        let mut evicted = Vec::new();
        let mut begin = |key: &TallyKey| counts.begin(key, settings, now, &mut evicted);
        let of_address = if is_allowed { Standing::Open } else { begin(&address).0 };
        let (of_subject, refused) = match of_address {
            Standing::Open => begin(&subject),
            Standing::Full | Standing::Locked { .. } => (counts.standing(&subject, settings, now), 0),
        };
        if of_address == Standing::Open && of_subject != Standing::Open && !is_allowed {
            counts.give_back(&address);
        }
        for key in evicted {
            self.behind.note(Dirty::Tally(key));
        }
        Places { subject: (subject, of_subject), address: (address, of_address), refused }
    }

    /// Every step is taken for every name: where there is nobody, [`AccountId::NOBODY`]'s records are looked for, and not found.
    fn known(&self, attempt: &Attempt<'_>) -> Known {
        let kinds = attempt.interface.row().opens_with;
        match attempt.claim {
            Claim::Account(kind, name) => {
                let id = self.holdings.account_id(kind, attempt.domain, &FoldedName::of(name));
                let account = self.holdings.account(id.unwrap_or(AccountId::NOBODY));
                let owner = account.as_ref().map_or(AccountId::NOBODY, |account| account.id);
                let kept = self.first_kept(kinds, |_| Some(Owner::Account(owner)));
                Known { account, extension: None, kept }
            }
            Claim::Extension(number) => {
                let id = Number::parse(number)
                    .and_then(|number| self.holdings.extension_id(attempt.domain, &number));
                let extension = self.holdings.extension(id.unwrap_or(ExtensionId::NOBODY));
                let user =
                    extension.as_ref().and_then(|extension| extension.user).unwrap_or(AccountId::NOBODY);
                let account = self.holdings.account(user);
                let line = extension.as_ref().map_or(ExtensionId::NOBODY, |extension| extension.id);
                let kept = self.first_kept(kinds, |kind| owner_of_phone(line, user, kind));
                Known { account, extension, kept }
            }
        }
    }

    /// The first secret there is, after a look at all that there may be.
    fn first_kept(
        &self,
        kinds: &[CredentialKind],
        owner: impl Fn(CredentialKind) -> Option<Owner>,
    ) -> Option<Kept> {
        kinds.iter().fold(None, |first, kind| {
            let kept = owner(*kind).and_then(|owner| self.holdings.kept(owner, *kind));
            first.or(kept)
        })
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
        let is_counted = !is_within(&dossier.settings.address_allow, attempt.peer.address);
        match finding {
            Finding::Repeated | Finding::Unchecked => {
                self.give_back(dossier, is_counted);
                Settled::default()
            }
            Finding::Right(_) => self.right(dossier, attempt, is_counted, now),
            Finding::Wrong(_) => {
                let counts = &self.holdings.counts;
                let of_address = is_counted.then_some(&dossier.address.0);
                let locks: Vec<_> = [Some(&dossier.subject.0), of_address]
                    .into_iter()
                    .flatten()
                    .filter_map(|key| {
                        let standing = counts.fail(key, &dossier.settings, attempt, now)?;
                        Some((key.clone(), standing))
                    })
                    .collect();
                if !locks.is_empty() {
                    self.tell(vec![Topic::Locks]);
                }
                Settled { locks, ..Settled::default() }
            }
        }
    }

    fn right(&self, dossier: &Dossier, attempt: &Attempt<'_>, is_counted: bool, now: Timestamp) -> Settled {
        if let Proof::Digest(nonce, proof) = &attempt.proof
            && !self.use_nonce(nonce, proof.nonce_count.number(), now)
        {
            self.give_back(dossier, is_counted);
            return Settled { is_replay: true, ..Settled::default() };
        }
        let cleared =
            self.holdings.counts.succeed(&dossier.subject.0, attempt.peer.address) == Succeeded::Cleared;
        if is_counted {
            self.holdings.counts.give_back(&dossier.address.0);
        }
        Settled { cleared, ..Settled::default() }
    }

    fn use_nonce(&self, nonce: &Nonce, count: u32, now: Timestamp) -> bool {
        self.holdings.nonces.take(nonce, count, now)
    }

    fn give_back(&self, dossier: &Dossier, is_counted: bool) {
        self.holdings.counts.give_back(&dossier.subject.0);
        if is_counted {
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
        for (key, _) in [&dossier.subject, &dossier.address] {
            has_locked |= self.holdings.counts.abandon(key, &dossier.settings, now).is_some();
            self.behind.note(Dirty::Tally(key.clone()));
        }
        if has_locked {
            self.tell(vec![Topic::Locks]);
        }
    }
}
