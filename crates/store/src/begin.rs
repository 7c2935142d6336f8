//! Attempts: counted before they are checked, and settled after.
//!
//! Nothing here waits for the disk. What must last of it the decision says, as effects of its own.

use std::{hash::BuildHasher as _, hint::black_box, net::IpAddr, sync::Arc};

use signin::{
    account::{Account, Activity, RoleKind, Status},
    api_token::ApiToken,
    attempt::{Attempt, Claim, Proof, Purpose},
    challenge::Nonce,
    credential::{CredentialFacts, CredentialKind, Owner, Verifier},
    decide::{Finding, Settled},
    document::DocumentId,
    dossier::Dossier,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number, TokenId},
    link::{Link, LinkName},
    lockout::{Standing, TallyKey, is_within, network},
    place::{Familiarity, Lane, Whose},
    policy::Settings,
    secret::Secret,
    timestamp::Timestamp,
    verdict::Accepted,
};

use crate::{
    behind::Dirty,
    counts::{Begun, Succeeded, Wrong},
    credentials::Kept,
    error::StoreError,
    fault,
    holdings::owner_for_phones,
    ledger::Ledger,
    lines::LineRef,
    topic::Topic,
};

/// Whom a claim means, what is kept of the secret that would prove it, and how well they are known where they are.
struct Known {
    account: Option<Arc<Account>>,
    extension: Option<Arc<Extension>>,
    token: Option<Box<ApiToken>>,
    link: Option<Box<Link>>,
    kept: Option<Kept>,
    lane: Lane,
    is_place_noted: bool,
    /// How often anything that can make a wrong secret right had changed before this was looked up.
    changes: u64,
}

/// An attempt that has its place in the counts, or was told that there is none.
pub enum Admission {
    /// A phone that is right and has nothing against it: settled already, and nothing is left to decide.
    Right(Accepted),
    /// Everything else: to be checked, settled and decided.
    Begun(Box<Dossier>),
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

/// What comes of the short way.
enum Short<'a> {
    /// All is well.
    Right(Accepted),
    /// The proof opens nothing here; it has its place in the counts.
    Wrong(Held<'a>),
    /// There was no look at the proof, or nothing against it but a nonce that was used; and how well the place is known.
    No(Familiarity),
}

/// A look at a proof, under the lock of its line. One that breaks leaves a failure behind, like every attempt.
struct Look<'a, 'b> {
    ledger: &'a Ledger,
    attempt: &'b Attempt<'b>,
    lane: Lane,
    settings: &'a Arc<Settings>,
    now: Timestamp,
    is_settled: bool,
}

impl<'a> Look<'a, '_> {
    fn was_right(mut self) {
        self.is_settled = true;
    }

    fn was_wrong(mut self) -> Held<'a> {
        self.is_settled = true;
        self.hold()
    }

    fn hold(&self) -> Held<'a> {
        self.ledger.hold(self.attempt, self.lane, self.settings, self.now)
    }
}

impl Drop for Look<'_, '_> {
    fn drop(&mut self) {
        if !self.is_settled {
            drop(self.hold());
        }
    }
}

/// What both counts say.
struct Places {
    subject: (TallyKey, Standing),
    address: (TallyKey, Standing),
    /// The print of the subject's last wrong proof; 0 for none.
    refused: u64,
}

impl Ledger {
    /// Counts the attempt and gathers what is known. Every dossier must be settled or abandoned.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn begin(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Dossier, StoreError> {
        let settings = self.holdings.settings.load_full();
        let known = self.known(attempt, now);
        let held = self.hold(attempt, known.lane, &settings, now);
        self.gather(attempt, known, held, &settings)
    }

    /// The same for a phone that registers: where it is right and has nothing against it, that is all.
    ///
    /// # Errors
    /// Never yet; for engines that are asked.
    pub fn admit(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<Admission, StoreError> {
        let settings = self.holdings.settings.load();
        let held = match self.short_way(attempt, &settings, now) {
            Short::Right(accepted) => return Ok(Admission::Right(accepted)),
            Short::Wrong(held) => held,
            Short::No(familiarity) => self.hold(attempt, lane_of_phone(familiarity, attempt), &settings, now),
        };
        fault::at("attempt.known");
        let known = self.known(attempt, now);
        self.gather(attempt, known, held, &settings).map(|dossier| Admission::Begun(Box::new(dossier)))
    }

    fn hold<'a>(
        &'a self,
        attempt: &Attempt<'_>,
        lane: Lane,
        settings: &'a Arc<Settings>,
        now: Timestamp,
    ) -> Held<'a> {
        Held { ledger: self, settings, places: Some(self.take_places(attempt, lane, settings, now)), now }
    }

    /// How well the place of an attempt is known for the extension that is claimed.
    fn familiarity(&self, attempt: &Attempt<'_>, now: Timestamp) -> Familiarity {
        let Claim::Extension(number) = attempt.claim else { return Familiarity::Unknown };
        self.holdings.lines.peek(&LineRef(attempt.domain, number), |line| {
            line.map_or(Familiarity::Unknown, |line| line.places.look(attempt.peer.address, now))
        })
    }

    /// See [`shortcut`](signin::shortcut). For a phone where it is known and whose count there holds nothing. The line is
    /// locked from the look at the count until the count says what came of it: nobody else is checked in between, so this
    /// is counted before it is checked, without a place to take and to give back. Whoever is wrong holds a place when the
    /// lock is let go, and is checked once more on the long way.
    fn short_way<'a>(
        &'a self,
        attempt: &Attempt<'_>,
        settings: &'a Arc<Settings>,
        now: Timestamp,
    ) -> Short<'a> {
        let Claim::Extension(number) = attempt.claim else { return Short::No(Familiarity::Unknown) };
        let name = LineRef(attempt.domain, number);
        let mut place = self.holdings.lines.place(&name);
        let Some(line) = place.value() else { return Short::No(Familiarity::Unknown) };
        let familiarity = line.places.look(attempt.peer.address, now);
        let long_way = Short::No(familiarity);
        let (Proof::Digest(nonce, proof), Some(shortcut)) = (&attempt.proof, &line.shortcut) else {
            return long_way;
        };
        if familiarity != Familiarity::NotedToday || attempt.purpose != Purpose::Registration {
            return long_way;
        }
        let lane = lane_of_phone(familiarity, attempt);
        if !self.holdings.counts.is_clean(&attempt.subject_in(lane), settings, now) {
            return long_way;
        }
        let look = Look { ledger: self, attempt, lane, settings, now, is_settled: false };
        fault::at("attempt.short");
        if !shortcut.opens(&attempt.proof, now) {
            return Short::Wrong(look.was_wrong());
        }
        let accepted = Accepted {
            account: shortcut.account,
            extension: Some(line.extension),
            status: Status::Enabled,
            // Nothing of it is told to phones.
            before: Activity::default(),
            session: None,
        };
        look.was_right();
        if line.use_nonce(nonce, proof.nonce_count.number(), &self.holdings.nonces, now) {
            Short::Right(accepted)
        } else {
            long_way
        }
    }

    fn gather(
        &self,
        attempt: &Attempt<'_>,
        known: Known,
        mut held: Held<'_>,
        settings: &Arc<Settings>,
    ) -> Result<Dossier, StoreError> {
        let now = held.now;
        // For refused attempts too, so that a refusal takes the same time for every name.
        let Known { account, extension, token, link, kept, lane, is_place_noted, changes } = known;
        let id = account.as_ref().map(|account| account.id);
        let facts = kept.as_ref().map(|kept| kept.facts);
        let former = kept.as_ref().and_then(|kept| kept.former.clone());
        let secret_traits = kept.as_ref().and_then(|kept| kept.traits);
        let verifier = match (kept, &token, &link) {
            (Some(kept), ..) => Some(kept.verifier).filter(|verifier| *verifier != Verifier::Unset),
            (None, Some(token), _) => Some(Verifier::Token(token.hash)),
            (None, None, Some(link)) => Some(Verifier::Token(link.hash)),
            (None, None, None) => None,
        };
        let activity = self.holdings.activity(id.unwrap_or(AccountId::NOBODY));
        let sessions_open = self.holdings.sessions_open(id.unwrap_or(AccountId::NOBODY), now);
        let Some(Places { subject, address, refused }) = held.places.take() else {
            return Err(StoreError::Closed);
        };
        drop(held);
        let print = match attempt.proof {
            Proof::Digest(..) => attempt.print(),
            Proof::Plain(secret) | Proof::Bearer(secret) | Proof::Digits(secret) => {
                Some(self.print(secret, attempt.peer.address, changes))
            }
        };
        let to_strangers = match lane {
            Lane::Network(_) => self.to_strangers(attempt, &address.0, settings, now),
            Lane::Open | Lane::Device(_) => Standing::Open,
        };
        // A token is no password: only its own end counts, and so is a link.
        let ends = token.as_ref().map(|token| token.expires_at);
        let ends = ends.or_else(|| link.as_ref().map(|link| link.ends_at));
        let domain = if attempt.is_at_keypad() { self.holdings.domain(attempt.domain) } else { None };
        Ok(Dossier {
            activity,
            sessions_open,
            account,
            extension,
            domain,
            token,
            link,
            is_decoy: verifier.is_none(),
            verifier: verifier.unwrap_or_else(|| self.decoy(&attempt.proof)),
            secret_set_at: facts.map(|facts: CredentialFacts| facts.set_at),
            secret_expires_at: ends.or_else(|| facts.and_then(|facts| facts.expires_at)),
            is_repeat: refused != 0 && print == Some(refused),
            print,
            secret_traits,
            former,
            is_place_noted,
            subject,
            address,
            to_strangers,
            settings: Arc::clone(settings),
        })
    }

    /// A print of a secret that may be wrong, to tell it by if it comes again. It is kept in memory alone, and made with a
    /// key that no other start has. What was refused as wrong is looked at again once anything has changed that could make
    /// a wrong secret right, be it of whom it may: or by the time that the same one takes again would show which names there
    /// are and were edited.
    fn print(&self, secret: &Secret, from: IpAddr, changes: u64) -> u64 {
        self.prints.hash_one((secret.reveal(), network(from), changes)).max(1)
    }

    /// See [`Dossier::to_strangers`].
    fn to_strangers(
        &self,
        attempt: &Attempt<'_>,
        address: &TallyKey,
        settings: &Settings,
        now: Timestamp,
    ) -> Standing {
        let standing = |key: &TallyKey| self.holdings.counts.standing(key, settings, now);
        let of_address = if is_within(&settings.address_allow, attempt.peer.address) {
            Standing::Open
        } else {
            standing(address)
        };
        of_address.or(standing(&attempt.subject_key()))
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
        let of_address = if takes_place { begin(&address).standing } else { Standing::Open };
        let Begun { standing: of_subject, refused } = match of_address {
            Standing::Open => begin(&subject),
            Standing::Full | Standing::Locked { .. } => {
                Begun { standing: counts.standing(&subject, settings, now), refused: 0 }
            }
        };
        if of_address == Standing::Open && of_subject != Standing::Open && takes_place {
            counts.give_back(&address);
        }
        for key in evicted {
            self.behind.note(Dirty::Tally(key.into()));
        }
        Places { subject: (subject, of_subject), address: (address, of_address), refused }
    }

    /// Every step is taken for every name: where there is nobody, [`AccountId::NOBODY`]'s records are looked for, and not found.
    fn known(&self, attempt: &Attempt<'_>, now: Timestamp) -> Known {
        let kinds = attempt.interface.row().opens_with;
        let changes = self.holdings.changes();
        match attempt.claim {
            Claim::Account(kind, name) => {
                let id = self.account_claimed(kind, attempt.domain, name);
                let account = self.copied_account(id.unwrap_or(AccountId::NOBODY));
                let owner = account.as_ref().map_or(AccountId::NOBODY, |account| account.id);
                let kept = self.first_kept(kinds, |_| Some(Owner::Account(owner)));
                let lane = self.lane_of_browser(attempt.peer.device, id, kept.as_ref(), now);
                let (token, link) = (None, None);
                Known { account, extension: None, token, link, kept, lane, is_place_noted: true, changes }
            }
            Claim::Extension(number) | Claim::System(number) => {
                let id = Number::parse(number)
                    .and_then(|number| self.holdings.extension_id(attempt.domain, &number));
                let extension = self.holdings.extension(id.unwrap_or(ExtensionId::NOBODY));
                let extension = copied(extension, &self.decoys.extension);
                let user =
                    extension.as_ref().and_then(|extension| extension.user).unwrap_or(AccountId::NOBODY);
                let account = self.copied_account(user);
                let line = extension.as_ref().map_or(ExtensionId::NOBODY, |extension| extension.id);
                let kept = self.first_kept(kinds, |kind| match attempt.claim {
                    Claim::System(_) => Some(Owner::Domain(attempt.domain)),
                    Claim::Account(..) | Claim::Extension(_) | Claim::Token(_) | Claim::Link(_) => {
                        owner_for_phones(line, user, kind)
                    }
                });
                let familiarity = self.familiarity(attempt, now);
                let lane = lane_of_phone(familiarity, attempt);
                // Whoever opens a mailbox from a phone of others shows nothing that registers one of its own.
                let is_place_noted = familiarity == Familiarity::NotedToday || attempt.is_at_keypad();
                let (token, link) = (None, None);
                Known { account, extension, token, link, kept, lane, is_place_noted, changes }
            }
            Claim::Token(id) => {
                let document =
                    TokenId::parse(id).and_then(|id| self.holdings.document(DocumentId::ApiToken(id)));
                let token = document.and_then(|document| document.api_token().cloned()).map(Box::new);
                let owner = token.as_ref().map_or(AccountId::NOBODY, |token| token.account);
                let account = self.copied_account(owner);
                let account = account.filter(|account| account.kind() == RoleKind::ServiceUser);
                Known {
                    account,
                    extension: None,
                    token,
                    link: None,
                    kept: None,
                    lane: Lane::Open,
                    is_place_noted: true,
                    changes,
                }
            }
            Claim::Link(name) => {
                let name = LinkName::parse(name);
                let owner = name.as_ref().map_or(AccountId::NOBODY, |name| name.account);
                let account = self.copied_account(owner);
                let kind = account.as_ref().map_or(RoleKind::User, |account| account.kind()).password();
                let set_at = self.holdings.kept(Owner::Account(owner), kind).map(|kept| kept.facts.set_at);
                let document = self.holdings.document(DocumentId::Profile(owner));
                let link = document
                    .as_deref()
                    .and_then(|document| document.profile()?.link(name.as_ref()?.kind))
                    .filter(|link| link.is_good(set_at, now))
                    .cloned()
                    .map(Box::new);
                Known {
                    account,
                    extension: None,
                    token: None,
                    link,
                    kept: None,
                    lane: Lane::Open,
                    is_place_noted: true,
                    changes,
                }
            }
        }
    }

    /// See [`Records::account_claimed`](signin::records::Records::account_claimed).
    fn account_claimed(&self, kind: RoleKind, domain: DomainId, typed: &str) -> Option<AccountId> {
        let named = self.holdings.account_id(kind, domain, &FoldedName::of(typed));
        let number = Number::parse(typed).filter(|_| kind == RoleKind::User);
        let line = number.and_then(|number| self.holdings.extension_id(domain, &number));
        let line = self.holdings.extension(line.unwrap_or(ExtensionId::NOBODY));
        named.or(line.and_then(|line| line.user))
    }

    fn copied_account(&self, id: AccountId) -> Option<Arc<Account>> {
        copied(self.holdings.account(id), &self.decoys.account)
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

    fn decoy(&self, proof: &Proof<'_>) -> Verifier {
        match proof {
            Proof::Plain(_) => self.decoys.plain.clone(),
            Proof::Bearer(_) => self.decoys.token.clone(),
            Proof::Digest(..) | Proof::Digits(_) => self.decoys.digest.clone(),
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
        let takes_place = takes_place_at_address(&dossier.settings, attempt, dossier.subject.0.lane);
        match finding {
            Finding::Repeated | Finding::Unchecked => {
                self.give_back(&dossier.subject.0, &dossier.address.0, takes_place);
                Settled::default()
            }
            Finding::Right(_) => self.right(dossier, attempt, takes_place, now),
            Finding::Stale(replaced_at) => {
                self.give_back(&dossier.subject.0, &dossier.address.0, takes_place);
                let peer = (attempt.peer.address, attempt.peer.agent);
                self.stale_tries(dossier, peer, replaced_at, now)
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
            && !self.use_nonce(attempt, nonce, proof.nonce_count.number(), now)
        {
            self.give_back(&dossier.subject.0, &dossier.address.0, takes_place);
            return Settled { is_replay: true, ..Settled::default() };
        }
        let cleared =
            self.holdings.counts.succeed(&dossier.subject.0, attempt.peer.address) == Succeeded::Cleared;
        if takes_place {
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

    fn give_back(&self, subject: &TallyKey, address: &TallyKey, takes_place: bool) {
        self.holdings.counts.give_back(subject);
        if takes_place {
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
        // Whoever is where they are known took no place at the address.
        let address = subject.0.lane.is_open().then_some(address);
        for (key, _) in std::iter::once(subject).chain(address) {
            has_locked |= self.holdings.counts.abandon(key, settings, now).is_some();
            self.behind.note(Dirty::Tally(key.clone().into()));
        }
        if has_locked {
            self.tell(vec![Topic::Locks]);
        }
    }
}

/// What is there is copied out; where nothing is, nobody's is copied, for nobody.
fn copied<T: Clone>(found: Option<Arc<T>>, decoy: &T) -> Option<Arc<T>> {
    if found.is_none() {
        drop(black_box(Arc::new(decoy.clone())));
    }
    found
}

/// Whether an attempt takes a place in the count of its address: not from a network that is allowed everything, and not
/// where the name is known.
fn takes_place_at_address(settings: &Settings, attempt: &Attempt<'_>, lane: Lane) -> bool {
    lane.is_open() && !is_within(&settings.address_allow, attempt.peer.address)
}

/// The lane of a phone's attempt.
fn lane_of_phone(familiarity: Familiarity, attempt: &Attempt<'_>) -> Lane {
    match familiarity {
        _ if attempt.is_at_keypad() => Lane::Open,
        Familiarity::Unknown => Lane::Open,
        Familiarity::Known | Familiarity::NotedToday => Lane::Network(network(attempt.peer.address)),
    }
}
