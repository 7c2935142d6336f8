//! Attempts: counted before they are checked, and settled after.
//!
//! Nothing here waits for the disk. What must last of it the decision says, as effects of its own.

use std::sync::Arc;

use signin::{
    account::{Activity, Status},
    attempt::{Attempt, Claim, Proof, Purpose},
    challenge::Nonce,
    credential::{CredentialFacts, CredentialKind, Owner, Verifier},
    decide::{Finding, Settled},
    dossier::Dossier,
    extension::Extension,
    ident::{AccountId, ExtensionId, FoldedName, Number},
    lockout::{Standing, TallyKey, is_within},
    policy::Settings,
    timestamp::Timestamp,
    verdict::Accepted,
};

use crate::{
    behind::Dirty,
    counts::{Begun, Succeeded},
    error::StoreError,
    fault,
    holdings::{Kept, owner_for_phones},
    ledger::Ledger,
    lines::LineRef,
    topic::Topic,
};

/// Whom a claim means, and what is kept of the secret that would prove it.
struct Known {
    account: Option<Arc<signin::account::Account>>,
    extension: Option<Arc<Extension>>,
    kept: Option<Kept>,
}

/// An attempt that has its place in the counts, or was told that there is none.
pub enum Admission {
    /// A phone that is right and has nothing against it: settled already, and nothing is left to decide.
    Right(Accepted),
    /// Everything else: to be checked, settled and decided.
    Begun(Dossier),
}

/// Places that were taken in the counts. Dropped before they are in a dossier (what is known could not be gathered),
/// they count as failed: a place that nobody gives back would be a lock that no time ends.
struct Held<'a> {
    ledger: &'a Ledger,
    settings: &'a Settings,
    places: Option<Places>,
    now: Timestamp,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(Places { subject, address, .. }) = &self.places {
            self.ledger.give_up(subject, address, self.settings, self.now);
        }
    }
}

/// What both counts say.
struct Places {
    subject: (TallyKey, Standing),
    address: (TallyKey, Standing),
    /// The print of the subject's last wrong proof; 0 for none.
    refused: u64,
    /// The subject has its place, and its count holds nothing.
    is_clean: bool,
}

impl Ledger {
    /// Counts the attempt and gathers what is known. Every dossier must be settled or abandoned.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn begin(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Dossier, StoreError> {
        let settings = self.holdings.settings.load_full();
        let held = self.hold(attempt, &settings, now);
        self.gather(attempt, held, &settings)
    }

    /// The same for a phone that registers: where it is right and has nothing against it, that is all.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn admit(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Admission, StoreError> {
        let settings = self.holdings.settings.load();
        let mut held = self.hold(attempt, &settings, now);
        fault::at("attempt.short");
        let accepted = held.places.as_ref().and_then(|places| self.short_way(attempt, places, now));
        if let Some((accepted, places)) = accepted.and_then(|accepted| Some((accepted, held.places.take()?)))
        {
            self.give_back(&places.subject.0, &places.address.0, is_counted(&settings, attempt));
            return Ok(Admission::Right(accepted));
        }
        self.gather(attempt, held, &settings).map(Admission::Begun)
    }

    fn hold<'a>(&'a self, attempt: &Attempt<'_>, settings: &'a Arc<Settings>, now: Timestamp) -> Held<'a> {
        Held { ledger: self, settings, places: Some(self.take_places(attempt, settings, now)), now }
    }

    /// See [`shortcut`](signin::shortcut). Whoever is wrong here is checked once more on the long way, and so is a number
    /// that nobody has: both take the same time.
    fn short_way(&self, attempt: &Attempt<'_>, places: &Places, now: Timestamp) -> Option<Accepted> {
        let (Claim::Extension(number), Proof::Digest(nonce, proof)) = (attempt.claim, &attempt.proof) else {
            return None;
        };
        if attempt.purpose != Purpose::Registration || !places.is_clean {
            return None;
        }
        let accepted = self.holdings.lines.peek(&LineRef(attempt.domain, number), |line| {
            let shortcut = line.and_then(|line| line.shortcut.as_ref());
            let opens = shortcut.unwrap_or(&self.decoys.shortcut).opens(&attempt.proof, now);
            line.filter(|_| opens).map(|line| Accepted {
                account: shortcut.and_then(|shortcut| shortcut.account),
                extension: Some(line.extension),
                status: Status::Enabled,
                // Nothing of it is told to phones.
                before: Activity::default(),
                session: None,
            })
        })?;
        self.use_nonce(attempt, nonce, proof.nonce_count.number(), now).then_some(accepted)
    }

    fn gather(
        &self,
        attempt: &Attempt<'_>,
        mut held: Held<'_>,
        settings: &Arc<Settings>,
    ) -> Result<Dossier, StoreError> {
        let now = held.now;
        fault::at("attempt.known");
        // Gathered for refused attempts too, so that a refusal takes the same time for every name.
        let Known { account, extension, kept } = self.known(attempt);
        let id = account.as_ref().map(|account| account.id);
        let facts = kept.as_ref().map(|kept| kept.facts);
        let verifier = kept.map(|kept| kept.verifier).filter(|verifier| *verifier != Verifier::Unset);
        let activity = self.holdings.activity(id.unwrap_or(AccountId::NOBODY));
        let sessions_open = self.holdings.sessions_open(id.unwrap_or(AccountId::NOBODY), now);
        let Some(Places { subject, address, refused, is_clean: _ }) = held.places.take() else {
            return Err(StoreError::Closed);
        };
        drop(held);
        Ok(Dossier {
            activity,
            sessions_open,
            account,
            extension,
            is_decoy: verifier.is_none(),
            verifier: verifier.unwrap_or_else(|| self.decoy(&attempt.proof)),
            secret_set_at: facts.map(|facts: CredentialFacts| facts.set_at),
            secret_expires_at: facts.and_then(|facts| facts.expires_at),
            is_repeat: refused != 0 && attempt.print() == Some(refused),
            subject,
            address,
            settings: Arc::clone(settings),
        })
    }

    /// The address first, then the subject; a place in both counts, or in none.
    fn take_places(&self, attempt: &Attempt<'_>, settings: &Settings, now: Timestamp) -> Places {
        let counts = &self.holdings.counts;
        let (subject, address) = (attempt.subject_key(), attempt.address_key());
        let is_allowed = !is_counted(settings, attempt);
        let mut evicted = Vec::new();
        let mut begin = |key: &TallyKey| counts.begin(key, settings, now, &mut evicted);
        let of_address = if is_allowed { Standing::Open } else { begin(&address).standing };
        let Begun { standing: of_subject, refused, is_clean } = match of_address {
            Standing::Open => begin(&subject),
            Standing::Full | Standing::Locked { .. } => {
                Begun { standing: counts.standing(&subject, settings, now), refused: 0, is_clean: false }
            }
        };
        if of_address == Standing::Open && of_subject != Standing::Open && !is_allowed {
            counts.give_back(&address);
        }
        for key in evicted {
            self.behind.note(Dirty::Tally(key));
        }
        Places { subject: (subject, of_subject), address: (address, of_address), refused, is_clean }
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
                let kept = self.first_kept(kinds, |kind| owner_for_phones(line, user, kind));
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
        fault::at("attempt.settle");
        let is_counted = is_counted(&dossier.settings, attempt);
        match finding {
            Finding::Repeated | Finding::Unchecked => {
                self.give_back(&dossier.subject.0, &dossier.address.0, is_counted);
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
            && !self.use_nonce(attempt, nonce, proof.nonce_count.number(), now)
        {
            self.give_back(&dossier.subject.0, &dossier.address.0, is_counted);
            return Settled { is_replay: true, ..Settled::default() };
        }
        let cleared =
            self.holdings.counts.succeed(&dossier.subject.0, attempt.peer.address) == Succeeded::Cleared;
        if is_counted {
            self.holdings.counts.give_back(&dossier.address.0);
        }
        Settled { cleared, ..Settled::default() }
    }

    fn use_nonce(&self, attempt: &Attempt<'_>, nonce: &Nonce, count: u32, now: Timestamp) -> bool {
        let all = &self.holdings.nonces;
        if let Claim::Extension(number) = attempt.claim
            && let Some(line) = self.holdings.lines.place(&LineRef(attempt.domain, number)).value()
        {
            return line.use_nonce(nonce, count, all, now);
        }
        all.take(nonce, count, now)
    }

    fn give_back(&self, subject: &TallyKey, address: &TallyKey, is_counted: bool) {
        self.holdings.counts.give_back(subject);
        if is_counted {
            self.holdings.counts.give_back(address);
        }
    }

    /// The attempt began and will never be settled: something here broke while it was checked. It counts as a
    /// failure, or breaking the check would be a way around the count.
    pub fn abandon(&self, dossier: &Dossier, now: Timestamp) {
        self.give_up(&dossier.subject, &dossier.address, &dossier.settings, now);
    }

    fn give_up(
        &self,
        subject: &(TallyKey, Standing),
        address: &(TallyKey, Standing),
        settings: &Settings,
        now: Timestamp,
    ) {
        // There is a place in both or in none.
        if subject.1 != Standing::Open || address.1 != Standing::Open {
            return;
        }
        let mut has_locked = false;
        for (key, _) in [subject, address] {
            has_locked |= self.holdings.counts.abandon(key, settings, now).is_some();
            self.behind.note(Dirty::Tally(key.clone()));
        }
        if has_locked {
            self.tell(vec![Topic::Locks]);
        }
    }
}

/// Whether the address of an attempt is counted: not in the networks that are allowed.
fn is_counted(settings: &Settings, attempt: &Attempt<'_>) -> bool {
    !is_within(&settings.address_allow, attempt.peer.address)
}
