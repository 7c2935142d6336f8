//! A model of the store, small enough to be seen through.

use std::{
    cell::Cell,
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::Arc,
};

use signin::{
    account::{Account, Activity, RoleKind},
    alarm::AlarmChange,
    attempt::{Attempt, Claim, Proof},
    audit::AuditEvent,
    call_log::CallEntry,
    challenge::NonceUse,
    credential::{
        self, About, Binding, Credential, CredentialFacts, CredentialKind, Owner, Traits, Verifier,
    },
    decide::{Finding, Settled},
    digest::DigestKeys,
    document::{Document, DocumentId, DocumentKind},
    dossier::Dossier,
    effect::{Effect, NewSession, Seen},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number, TokenId},
    link::LinkName,
    lockout::{Standing, Tally, TallyKey, is_within, network},
    place::{Devices, Familiarity, Lane, Places, Whose},
    policy::{HISTORY_MAX, Settings},
    records::Records,
    registration::{Quarantined, Registration},
    reporting::Reporting,
    secret::{Secret, SecretBytes},
    session::{Session, SessionId},
    stale::{FORMER_MAX, Former, StalePhone},
    timestamp::Timestamp,
};

/// Everything the model knows.
#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) settings: Arc<Settings>,
    pub(crate) reporting: Arc<Reporting>,
    pub(crate) domains: BTreeMap<DomainId, Arc<Domain>>,
    pub(crate) accounts: BTreeMap<AccountId, Arc<Account>>,
    pub(crate) activities: BTreeMap<AccountId, Activity>,
    pub(crate) calls: BTreeMap<AccountId, Vec<CallEntry>>,
    pub(crate) extensions: BTreeMap<ExtensionId, Arc<Extension>>,
    pub(crate) credentials: BTreeMap<(Owner, CredentialKind), Credential>,
    pub(crate) tallies: BTreeMap<TallyKey, Tally>,
    pub(crate) sessions: BTreeMap<SessionId, Arc<Session>>,
    pub(crate) registrations: BTreeMap<ExtensionId, Arc<Registration>>,
    pub(crate) quarantine: Vec<Quarantined>,
    pub(crate) refused: BTreeMap<TallyKey, u64>,
    pub(crate) places: BTreeMap<ExtensionId, Places>,
    pub(crate) former: BTreeMap<(Owner, CredentialKind), Vec<(Timestamp, SecretBytes)>>,
    pub(crate) stale: BTreeMap<(ExtensionId, IpAddr), StalePhone>,
    /// Proofs that were held against a secret and found wrong, by lane.
    pub(crate) guesses: BTreeMap<TallyKey, u32>,
    pub(crate) documents: BTreeMap<DocumentId, Arc<Document>>,
    pub(crate) nonces: BTreeMap<[u8; 22], NonceUse>,
    pub(crate) audit: Vec<AuditEvent>,
    pub(crate) alarms: Vec<AlarmChange>,
    /// Effects that could make a wrong secret right.
    changes: u64,
    next: Cell<u32>,
}

impl Records for Model {
    fn settings(&self) -> Arc<Settings> {
        self.settings.clone()
    }
    fn reporting(&self) -> Arc<Reporting> {
        self.reporting.clone()
    }
    fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.domains.get(&id).cloned()
    }
    fn domains(&self) -> Vec<Arc<Domain>> {
        self.domains.values().cloned().collect()
    }
    fn domain_of_host(&self, _: &str) -> DomainId {
        DomainId::FIRST
    }
    fn document(&self, id: DocumentId) -> Option<Arc<Document>> {
        self.documents.get(&id).cloned()
    }
    fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>> {
        self.documents.values().filter(|document| document.id().kind() == kind).cloned().collect()
    }
    fn service_users(&self) -> Vec<Arc<Account>> {
        self.accounts.values().filter(|account| account.kind() == RoleKind::ServiceUser).cloned().collect()
    }
    fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.accounts.get(&id).cloned()
    }
    fn account_named(&self, kind: RoleKind, domain: DomainId, name: &FoldedName) -> Option<Arc<Account>> {
        let mut all = self.accounts.values();
        all.find(|a| a.kind() == kind && a.domain == domain && a.folded_name() == *name).cloned()
    }
    fn activity(&self, id: AccountId) -> Activity {
        self.activities.get(&id).copied().unwrap_or_default()
    }
    fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.extensions.get(&id).cloned()
    }
    fn extension_numbered(&self, domain: DomainId, number: &Number) -> Option<Arc<Extension>> {
        self.extensions.values().find(|e| e.domain == domain && e.number == *number).cloned()
    }
    fn credential(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.credentials.get(&(owner, kind)).map(|kept| kept.facts)
    }
    fn holds_secret(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        self.credentials.get(&(owner, kind)).is_some_and(|kept| {
            let binding = Binding { username: "", realm: "", domain: DomainId::FIRST };
            let verifier = credential::verifier(kind, &kept.payload, &binding);
            credential::is_kept(secret, &verifier, Some(&kept.payload))
        })
    }
    fn places(&self, extension: ExtensionId) -> Places {
        self.places.get(&extension).cloned().unwrap_or_default()
    }
    fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool {
        let former = self.former.get(&(owner, kind)).map(Vec::as_slice).unwrap_or_default();
        let binding = Binding { username: "", realm: "", domain: DomainId::FIRST };
        former.iter().take(last).any(|(_, payload)| {
            let verifier = credential::verifier(kind, payload, &binding);
            credential::is_kept(secret, &verifier, Some(payload))
        })
    }
    fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits> {
        credential::traits(kind, &self.credentials.get(&(owner, kind))?.payload, about)
    }
    fn account_ids(&self) -> Vec<AccountId> {
        self.accounts.keys().copied().collect()
    }
    fn extension_ids(&self) -> Vec<ExtensionId> {
        self.extensions.keys().copied().collect()
    }
    fn tally(&self, key: &TallyKey) -> Tally {
        self.tallies.get(key).copied().unwrap_or_default()
    }
    fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey> {
        self.tallies.keys().filter(|lane| !lane.lane.is_open() && lane.is_beside(key)).cloned().collect()
    }
    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.sessions.get(&id).cloned()
    }
    fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>> {
        self.sessions.values().filter(|session| session.account == account).cloned().collect()
    }
    fn registration(&self, extension: ExtensionId) -> Option<Arc<Registration>> {
        self.registrations.get(&extension).cloned()
    }
    fn next_account(&self) -> AccountId {
        self.next.set(self.next.get() + 1);
        AccountId(self.next.get())
    }
    fn next_extension(&self) -> ExtensionId {
        self.next.set(self.next.get() + 1);
        ExtensionId(self.next.get())
    }
    fn next_domain(&self) -> DomainId {
        self.next.set(self.next.get() + 1);
        DomainId(self.next.get())
    }
}

impl Model {
    pub(crate) fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.apply_one(effect);
        }
    }

    fn apply_one(&mut self, effect: Effect) {
        self.changes += u64::from(matches!(
            effect,
            Effect::PutSettings(_)
                | Effect::PutDomain(_)
                | Effect::DeleteDomain(_)
                | Effect::PutAccount(_)
                | Effect::DeleteAccount(_)
                | Effect::PutExtension(_)
                | Effect::DeleteExtension(_)
                | Effect::PutCredential(_)
                | Effect::DeleteCredential(..)
                | Effect::PutCredentialFacts(..)
        ));
        match effect {
            Effect::PutSettings(settings) => {
                assert_eq!(settings.version, self.settings.version + 1);
                self.settings = Arc::from(settings);
            }
            Effect::PutReporting(reporting) => {
                assert_eq!(reporting.version, self.reporting.version + 1);
                self.reporting = Arc::from(reporting);
            }
            Effect::PutDomain(domain) => drop(self.domains.insert(domain.id, Arc::new(domain))),
            Effect::DeleteDomain(id) => {
                self.domains.remove(&id);
                self.credentials.retain(|(owner, _), _| *owner != Owner::Domain(id));
                self.documents.remove(&DocumentId::ShortCodes(id));
            }
            Effect::PutDocument(document) => {
                let before = self.documents.get(&document.id()).map_or(0, |before| before.version());
                assert_eq!(document.version(), before + 1, "{document:?}");
                self.documents.insert(document.id(), Arc::new(*document));
            }
            Effect::DeleteDocument(id) => assert!(self.documents.remove(&id).is_some()),
            Effect::PutAccount(account) => {
                let before = self.accounts.get(&account.id).map_or(0, |before| before.version);
                assert_eq!(account.version, before + 1, "{account:?}");
                self.accounts.insert(account.id, Arc::new(account));
            }
            Effect::DeleteAccount(id) => {
                assert!(self.accounts.remove(&id).is_some());
                self.credentials.retain(|(owner, _), _| *owner != Owner::Account(id));
                self.sessions.retain(|_, session| session.account != id);
                self.activities.remove(&id);
                self.documents.remove(&DocumentId::Mailbox(id));
                self.documents.remove(&DocumentId::Profile(id));
                self.calls.remove(&id);
            }
            // What a mailbox names is there.
            Effect::PutRecording(id, recording, _) => assert!(self.mailbox(id).names(recording)),
            Effect::NoteCall(id, entry) => self.calls.entry(id).or_default().push(entry),
            Effect::ForgetCalls(id) => drop(self.calls.remove(&id)),
            Effect::PutActivity(id, activity) => drop(self.activities.insert(id, activity)),
            Effect::NoteFailure(id) => self.activities.entry(id).or_default().failures_since += 1,
            Effect::PutExtension(extension) => {
                let before = self.extensions.get(&extension.id).map_or(0, |before| before.version);
                assert_eq!(extension.version, before + 1);
                self.extensions.insert(extension.id, Arc::new(extension));
            }
            Effect::DeleteExtension(id) => {
                assert!(self.extensions.remove(&id).is_some());
                self.credentials.retain(|(owner, _), _| *owner != Owner::Extension(id));
                self.registrations.remove(&id);
            }
            Effect::PutCredential(kept) => {
                let (key, set_at) = ((kept.owner, kept.kind), kept.facts.set_at);
                if let Some(before) = self.credentials.insert(key, kept) {
                    let former = self.former.entry(key).or_default();
                    former.insert(0, (set_at, before.payload));
                    former.truncate(FORMER_MAX.max(usize::from(HISTORY_MAX)));
                }
            }
            Effect::ForgetFormer(owner, kind) => drop(self.former.remove(&(owner, kind))),
            Effect::KnowPlace(id, from, at) => self.places.entry(id).or_default().note(from, at),
            Effect::PutCredentialFacts(owner, kind, facts) => {
                self.credentials.entry((owner, kind)).and_modify(|kept| kept.facts = facts);
            }
            Effect::DeleteCredential(owner, kind) => {
                self.credentials.remove(&(owner, kind));
                self.former.remove(&(owner, kind));
            }
            Effect::KeepTally(_) => {}
            Effect::ClearTally(key) => {
                self.tallies
                    .retain(|other, _| *other != key && !(key.lane.is_open() && other.is_beside(&key)));
                self.refused.retain(|other, _| !other.is_beside(&key));
            }
            Effect::OpenSession(NewSession { session, .. }) => {
                self.sessions.insert(session.id, Arc::new(session));
            }
            Effect::TouchSession(id, at) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    Arc::make_mut(session).used_at = at;
                }
            }
            Effect::CloseSession(id) => drop(self.sessions.remove(&id)),
            Effect::CloseSessions(account, except) => {
                self.sessions.retain(|id, session| session.account != account || Some(*id) == except);
            }
            Effect::LogOut(id, contact) => {
                let left = self.registrations.get(&id).map(|found| found.left_without(contact.as_deref()));
                match left.filter(|left| !left.is_empty()) {
                    Some(bindings) => {
                        self.registrations.insert(id, Arc::new(Registration { extension: id, bindings }));
                    }
                    None => drop(self.registrations.remove(&id)),
                }
            }
            Effect::PutRegistration(registration) if registration.bindings.is_empty() => {
                self.registrations.remove(&registration.extension);
            }
            Effect::PutRegistration(registration) => {
                self.registrations.insert(registration.extension, Arc::new(registration));
            }
            Effect::Quarantine(entry) => self.quarantine.push(entry),
            Effect::ReleaseQuarantine(id) => self.quarantine.retain(|entry| entry.extension != id),
            Effect::Unchanged(seen) => assert!(
                match seen {
                    Seen::Account(id, version) => self.account(id).is_some_and(|a| a.version == version),
                    Seen::Extension(id, version) => self.extension(id).is_some_and(|e| e.version == version),
                    Seen::Document(id, version) => self.document(id).is_some_and(|d| d.version() == version),
                    Seen::Credential(owner, kind, at) => {
                        self.credential(owner, kind).map(|facts| facts.set_at) == at
                    }
                },
                "{seen:?}"
            ),
            Effect::Audit(event) => self.audit.push(event),
            Effect::Delivered(..) => {}
            Effect::Alarm(change) => self.alarms.push(change),
            Effect::CutAudit(cut) => drop(self.audit.drain(..usize::try_from(cut.through).unwrap())),
        }
    }

    pub(crate) fn begin(&mut self, attempt: &Attempt<'_>, now: Timestamp) -> Dossier {
        let settings = self.settings.clone();
        let (lane, is_place_noted) = self.lane(attempt, now);
        let (subject, address) = (attempt.subject_in(lane), attempt.address_key());
        let mut take = |key: &TallyKey| {
            let rule = settings.lock_rule(key.scope);
            self.tallies.entry(key.clone()).or_default().begin(rule, now)
        };
        let is_allowed = !lane.is_open() || is_within(&settings.address_allow, attempt.peer.address);
        let at_address = if is_allowed { Standing::Open } else { take(&address) };
        let of_subject = if at_address == Standing::Open { take(&subject) } else { Standing::Open };
        if at_address == Standing::Open && of_subject != Standing::Open && !is_allowed {
            self.tallies.entry(address.clone()).or_default().give_back();
        }
        let token = match attempt.claim {
            Claim::Token(id) => TokenId::parse(id)
                .and_then(|id| self.documents.get(&DocumentId::ApiToken(id)))
                .and_then(|document| document.api_token().cloned()),
            Claim::Account(..) | Claim::Extension(_) | Claim::System(_) | Claim::Link(_) => None,
        };
        let link = match attempt.claim {
            Claim::Link(name) => LinkName::parse(name).and_then(|name| {
                let kind = self.account(name.account)?.kind().password();
                let set_at = self.credential(Owner::Account(name.account), kind).map(|facts| facts.set_at);
                let profile = self.profile(name.account);
                let link = profile.link(name.kind).filter(|link| link.is_good(set_at, now)).cloned()?;
                Some((name.account, link))
            }),
            Claim::Account(..) | Claim::Extension(_) | Claim::System(_) | Claim::Token(_) => None,
        };
        let (account, extension) = match attempt.claim {
            Claim::Account(kind, name) => (self.account_claimed(kind, attempt.domain, name), None),
            Claim::Extension(number) | Claim::System(number) => {
                let number = Number::parse(number);
                let extension = number.and_then(|number| self.extension_numbered(attempt.domain, &number));
                (extension.as_ref().and_then(|e| e.user).and_then(|id| self.account(id)), extension)
            }
            Claim::Token(_) => (token.as_ref().and_then(|token| self.account(token.account)), None),
            Claim::Link(_) => (link.as_ref().and_then(|(account, _)| self.account(*account)), None),
        };
        let owners = [
            extension.as_ref().map(|e| Owner::Extension(e.id)),
            account.as_ref().map(|a| Owner::Account(a.id)),
            matches!(attempt.claim, Claim::System(_)).then_some(Owner::Domain(attempt.domain)),
        ];
        let opens_with = attempt.interface.row().opens_with;
        let mut pairs =
            opens_with.iter().flat_map(|kind| owners.iter().flatten().map(|owner| (*owner, *kind)));
        let kept = pairs.find_map(|pair| self.credentials.get(&pair));
        let number = extension.as_ref().map_or("", |e| e.number.as_str());
        let binding = Binding { username: number, realm: "office", domain: attempt.domain };
        let verifier =
            kept.map_or(Verifier::Unset, |kept| credential::verifier(kept.kind, &kept.payload, &binding));
        let verifier = token.as_ref().map_or(verifier, |token| Verifier::Token(token.hash));
        let verifier = link.as_ref().map_or(verifier, |(_, link)| Verifier::Token(link.hash));
        let former = kept.and_then(|kept| self.former.get(&(kept.owner, kept.kind)));
        let derived = |(replaced_at, payload): &(Timestamp, SecretBytes)| {
            let Verifier::Digest(keys) = credential::verifier(CredentialKind::LoginCode, payload, &binding)
            else {
                return None;
            };
            Some(Former { keys, replaced_at: *replaced_at })
        };
        let print = match attempt.proof {
            Proof::Digest(..) => attempt.print(),
            Proof::Plain(secret) | Proof::Bearer(secret) | Proof::Digits(secret) => {
                let mut hash = DefaultHasher::new();
                (secret.reveal(), attempt.peer.address, self.changes).hash(&mut hash);
                Some(hash.finish())
            }
        };
        let stands = |key: &TallyKey| {
            let tally = self.tallies.get(key).copied().unwrap_or_default();
            tally.standing(settings.lock_rule(key.scope), now)
        };
        let to_strangers = match lane {
            Lane::Network(_) if is_within(&settings.address_allow, attempt.peer.address) => {
                stands(&attempt.subject_key())
            }
            Lane::Network(_) => stands(&address).or(stands(&attempt.subject_key())),
            Lane::Open | Lane::Device(_) => Standing::Open,
        };
        Dossier {
            to_strangers,
            is_repeat: print.is_some_and(|print| self.refused.get(&subject) == Some(&print)),
            print,
            former: former.map(|former| former.iter().take(FORMER_MAX).filter_map(derived).collect()),
            is_place_noted,
            activity: account.as_ref().map(|a| self.activity(a.id)).unwrap_or_default(),
            is_decoy: verifier == Verifier::Unset,
            verifier: match verifier {
                Verifier::Unset => Verifier::Digest(DigestKeys::decoy([7; 32])),
                set => set,
            },
            secret_set_at: kept.map(|kept| kept.facts.set_at),
            secret_traits: kept.and_then(|kept| {
                let is_password = !kept.kind.row().is_digits && kept.kind != CredentialKind::PhonePassword;
                is_password.then(|| credential::traits(kept.kind, &kept.payload, &About::default())).flatten()
            }),
            secret_expires_at: match &token {
                Some(token) => Some(token.expires_at),
                None if link.is_some() => link.as_ref().map(|(_, link)| link.ends_at),
                None => kept.and_then(|kept| kept.facts.expires_at),
            },
            sessions_open: account.as_ref().map_or(0, |a| {
                let rules = &settings.sessions;
                self.sessions_of(a.id).iter().filter(|session| session.is_open(rules, now)).count()
            }),
            subject: (subject, of_subject),
            address: (address, at_address),
            account,
            extension,
            domain: attempt.is_at_keypad().then(|| self.domains.get(&attempt.domain).cloned()).flatten(),
            token: token.map(Box::new),
            link: link.map(|(_, link)| Box::new(link)),
            settings,
        }
    }

    pub(crate) fn settle(
        &mut self,
        dossier: &Dossier,
        attempt: &Attempt<'_>,
        finding: Finding,
        now: Timestamp,
    ) -> Settled {
        let mut settled = Settled::default();
        if !dossier.may_be_checked() {
            return settled;
        }
        let is_allowed = is_within(&dossier.settings.address_allow, attempt.peer.address);
        let is_known = dossier.is_at_known_place();
        let keys = [Some(&dossier.subject.0), (!is_allowed && !is_known).then_some(&dossier.address.0)];
        match finding {
            Finding::Unchecked => {}
            Finding::Repeated | Finding::Stale(_) => {
                for key in keys.into_iter().flatten() {
                    self.tallies.entry(key.clone()).or_default().give_back();
                }
                if let (Finding::Stale(replaced_at), Some(extension)) = (finding, &dossier.extension) {
                    let key = (extension.id, attempt.peer.address);
                    let phone = self.stale.entry(key).or_insert_with(|| StalePhone::new(key.0, key.1, now));
                    let rule = &dossier.settings.extension_lock;
                    settled.stale =
                        Some(phone.tries((attempt.peer.agent, dossier.print), replaced_at, rule, now));
                }
            }
            Finding::Wrong(_) => {
                *self.guesses.entry(dossier.subject.0.clone()).or_default() += 1;
                self.refused.extend(dossier.print.map(|print| (dossier.subject.0.clone(), print)));
                if is_known && !is_allowed {
                    let key = &dossier.address.0;
                    let rule = dossier.settings.lock_rule(key.scope);
                    let tally = self.tallies.entry(key.clone()).or_default();
                    let lock = tally.hear_of(rule, attempt.peer.address, now);
                    settled.locks.extend(lock.map(|lock| (key.clone(), lock)));
                }
                for key in keys.into_iter().flatten() {
                    let tally = self.tallies.entry(key.clone()).or_default();
                    let from = Some(attempt.peer.address);
                    let lock = tally.fail(dossier.settings.lock_rule(key.scope), from, now);
                    settled.locks.extend(lock.map(|lock| (key.clone(), lock)));
                }
            }
            Finding::Right(_) => {
                if let Proof::Digest(nonce, proof) = &attempt.proof {
                    settled.is_replay =
                        !self.nonces.entry(*nonce.as_bytes()).or_default().take(proof.nonce_count.number());
                }
                for key in keys.into_iter().flatten() {
                    let tally = self.tallies.entry(key.clone()).or_default();
                    if settled.is_replay || key == &dossier.address.0 {
                        tally.give_back();
                    } else {
                        let failures = tally.failures;
                        tally.succeed(attempt.peer.address);
                        settled.cleared = tally.failures < failures;
                    }
                }
            }
        }
        settled
    }
}

impl Model {
    /// The lane of an attempt, and whether there is nothing to note about its place.
    fn lane(&self, attempt: &Attempt<'_>, now: Timestamp) -> (Lane, bool) {
        match attempt.claim {
            Claim::Token(_) | Claim::Link(_) => (Lane::Open, true),
            Claim::Extension(_) | Claim::System(_) if attempt.is_at_keypad() => (Lane::Open, true),
            Claim::Account(kind, name) => {
                let account = self.account_claimed(kind, attempt.domain, name);
                let device = account.and_then(|account| {
                    let whose = self.whose(&account)?;
                    devices().recognise(attempt.peer.device, whose, now)
                });
                (device.map_or(Lane::Open, Lane::Device), true)
            }
            Claim::Extension(number) | Claim::System(number) => {
                let number = Number::parse(number);
                let extension = number.and_then(|number| self.extension_numbered(attempt.domain, &number));
                let places = extension.and_then(|extension| self.places.get(&extension.id));
                let look = |places: &Places| places.look(attempt.peer.address, now);
                match places.map_or(Familiarity::Unknown, look) {
                    Familiarity::Unknown => (Lane::Open, false),
                    Familiarity::Known => (Lane::Network(network(attempt.peer.address)), false),
                    Familiarity::NotedToday => (Lane::Network(network(attempt.peer.address)), true),
                }
            }
        }
    }

    pub(crate) fn whose(&self, account: &Account) -> Option<Whose> {
        let facts = self.credential(Owner::Account(account.id), account.kind().password())?;
        Some(Whose { account: account.id, secret_set_at: facts.set_at })
    }
}

/// What knows the browsers of the house.
pub(crate) fn devices() -> Devices {
    Devices::new(&[9; 32])
}
