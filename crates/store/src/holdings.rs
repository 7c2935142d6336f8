//! Holdings: everything a sign-in needs, in memory, found by every name it is asked by.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use hashbrown::{Equivalent, HashMap};
use parking_lot::RwLock;
use signin::{
    account::{Account, Activity, RoleKind},
    credential::{self, CredentialFacts, CredentialKind, KINDS, Owner, OwnerKind, Verifier},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    place::{Familiarity, Places},
    policy::Settings,
    registration::{QUARANTINE_MAX, Quarantined, Registration},
    secret::{Secret, SecretBytes},
    session::{Session, SessionId},
    stale::Former,
    timestamp::Timestamp,
};

use crate::{
    counts::{Counts, TALLIES_MAX},
    error::OpenError,
    former::KeptFormer,
    nonces::{NONCES_MAX, Nonces},
    rows::credential_key,
    seal::{MasterKeys, Unopened, key_id},
    shards::Shards,
    stale::StalePhones,
};

/// A credential as it is kept in memory: ready for use, never in clear.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) verifier: Verifier,
    pub(crate) facts: CredentialFacts,
    /// Those that were right before.
    pub(crate) former: Option<Arc<[Former]>>,
    /// To derive from again when number, realm or user change; not kept where nothing depends on them.
    sealed: Option<Arc<[u8]>>,
}

/// An extension, and where it is known: found together, since every phone that signs in needs both.
struct Held {
    extension: Arc<Extension>,
    places: Places,
}

/// The domains by all their names.
#[derive(Default)]
pub(crate) struct Domains {
    pub(crate) by_id: BTreeMap<DomainId, Arc<Domain>>,
    by_host: HashMap<Box<str>, DomainId>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct NumberKey(DomainId, Number);

struct NumberRef<'a>(DomainId, &'a Number);

impl Hash for NumberRef<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Equivalent<NumberKey> for NumberRef<'_> {
    fn equivalent(&self, key: &NumberKey) -> bool {
        self.0 == key.0 && *self.1 == key.1
    }
}

/// Accounts in the order of lists.
pub(crate) type AccountOrder = BTreeMap<(FoldedName, RoleKind, DomainId), AccountId>;
/// Extensions in the order of lists: shorter numbers first, then by digits.
pub(crate) type ExtensionOrder = BTreeMap<(usize, Number, DomainId), ExtensionId>;

/// All of it.
pub(crate) struct Holdings {
    pub(crate) masters: MasterKeys,
    pub(crate) settings: ArcSwap<Settings>,
    pub(crate) domains: ArcSwap<Domains>,
    accounts: Shards<AccountId, Arc<Account>>,
    names: Shards<(RoleKind, DomainId, FoldedName), AccountId>,
    pub(crate) account_order: RwLock<AccountOrder>,
    activities: Shards<AccountId, Activity>,
    extensions: Shards<ExtensionId, Held>,
    numbers: Shards<NumberKey, ExtensionId>,
    pub(crate) extension_order: RwLock<ExtensionOrder>,
    pub(crate) credentials: Shards<(Owner, CredentialKind), Kept>,
    pub(crate) formers: Shards<(Owner, CredentialKind), Vec<KeptFormer>>,
    pub(crate) stale: StalePhones,
    pub(crate) sessions: Shards<SessionId, Arc<Session>>,
    sessions_by_account: Shards<AccountId, Vec<SessionId>>,
    pub(crate) registrations: Shards<ExtensionId, Arc<Registration>>,
    pub(crate) quarantine: RwLock<VecDeque<(u64, Arc<Quarantined>)>>,
    quarantine_next: AtomicU64,
    pub(crate) counts: Counts,
    pub(crate) nonces: Nonces,
    pub(crate) account_next: AtomicU32,
    pub(crate) extension_next: AtomicU32,
}

impl Holdings {
    /// With nothing in it.
    pub(crate) fn new(masters: MasterKeys) -> Self {
        Self {
            masters,
            settings: ArcSwap::from_pointee(Settings::default()),
            domains: ArcSwap::from_pointee(Domains::default()),
            accounts: Shards::new(),
            names: Shards::new(),
            account_order: RwLock::default(),
            activities: Shards::new(),
            extensions: Shards::new(),
            numbers: Shards::new(),
            extension_order: RwLock::default(),
            credentials: Shards::new(),
            formers: Shards::new(),
            stale: StalePhones::default(),
            sessions: Shards::new(),
            sessions_by_account: Shards::new(),
            registrations: Shards::new(),
            quarantine: RwLock::default(),
            quarantine_next: AtomicU64::new(1),
            counts: Counts::new(TALLIES_MAX),
            nonces: Nonces::new(NONCES_MAX),
            account_next: AtomicU32::new(1),
            extension_next: AtomicU32::new(1),
        }
    }

    // Domains

    pub(crate) fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.domains.load().by_id.get(&id).cloned()
    }

    pub(crate) fn domain_of_host(&self, host: &str) -> DomainId {
        self.domains.load().by_host.get(host).copied().unwrap_or(DomainId::FIRST)
    }

    pub(crate) fn put_domain(&self, domain: Domain) {
        let mut by_id = self.domains.load().by_id.clone();
        by_id.insert(domain.id, Arc::new(domain));
        self.set_domains(by_id);
    }

    pub(crate) fn drop_domain(&self, id: DomainId) {
        let mut by_id = self.domains.load().by_id.clone();
        by_id.remove(&id);
        self.set_domains(by_id);
    }

    pub(crate) fn set_domains(&self, by_id: BTreeMap<DomainId, Arc<Domain>>) {
        let by_host = by_id
            .values()
            .flat_map(|domain| domain.hosts.iter().map(|host| (host.to_lowercase().into(), domain.id)))
            .collect();
        self.domains.store(Arc::new(Domains { by_id, by_host }));
    }

    // Accounts

    pub(crate) fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.accounts.get(&id)
    }

    pub(crate) fn account_id(
        &self,
        kind: RoleKind,
        domain: DomainId,
        name: &FoldedName,
    ) -> Option<AccountId> {
        self.names.get(&(kind, domain, name.clone()))
    }

    pub(crate) fn accounts_len(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn each_account(&self, mut look: impl FnMut(&Arc<Account>)) {
        self.accounts.each(|_, account| look(account));
    }

    pub(crate) fn put_account(&self, account: Arc<Account>) {
        let (id, kind, domain, name) = (account.id, account.kind(), account.domain, account.folded_name());
        self.account_next.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
        if let Some(old) = self.accounts.insert(id, account) {
            if old.folded_name() == name {
                return;
            }
            self.forget_name(&old);
        }
        self.account_order.write().insert((name.clone(), kind, domain), id);
        self.names.insert((kind, domain, name), id);
    }

    fn forget_name(&self, account: &Account) {
        let (kind, domain, name) = (account.kind(), account.domain, account.folded_name());
        // In a commit where two accounts change names, the name may be the other's already.
        let mut shard = self.names.shard(&(kind, domain, name.clone()));
        let key = (kind, domain, name);
        if shard.get(&key) == Some(&account.id) {
            shard.remove(&key);
        }
        drop(shard);
        let mut order = self.account_order.write();
        let key = (key.2, kind, domain);
        if order.get(&key) == Some(&account.id) {
            order.remove(&key);
        }
    }

    /// Removes an account with all that is its own.
    pub(crate) fn drop_account(&self, id: AccountId) {
        if let Some(account) = self.accounts.remove(&id) {
            self.forget_name(&account);
        }
        self.activities.remove(&id);
        for row in &KINDS {
            self.drop_credential(Owner::Account(id), row.kind);
        }
        for session in self.session_ids(id) {
            self.drop_session(session);
        }
    }

    pub(crate) fn activity(&self, id: AccountId) -> Activity {
        self.activities.get(&id).unwrap_or_default()
    }

    pub(crate) fn put_activity(&self, id: AccountId, activity: Activity) {
        if self.accounts.peek(&id, |account| account.is_some()) {
            self.activities.insert(id, activity);
        }
    }

    pub(crate) fn note_failure(&self, id: AccountId) {
        if self.accounts.peek(&id, |account| account.is_some()) {
            let mut shard = self.activities.shard(&id);
            let activity = shard.entry(id).or_default();
            activity.failures_since = activity.failures_since.saturating_add(1);
        }
    }

    // Extensions

    pub(crate) fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.extensions.peek(&id, |held| held.map(|held| Arc::clone(&held.extension)))
    }

    /// An extension, and how well the place is known for it.
    pub(crate) fn extension_from(
        &self,
        id: ExtensionId,
        from: IpAddr,
        now: Timestamp,
    ) -> Option<(Arc<Extension>, Familiarity)> {
        self.extensions
            .peek(&id, |held| held.map(|held| (Arc::clone(&held.extension), held.places.look(from, now))))
    }

    /// Where an extension is known.
    pub(crate) fn places(&self, id: ExtensionId) -> Option<Places> {
        self.extensions.peek(&id, |held| held.map(|held| held.places.clone()))
    }

    /// Changes where an extension is known; whether there is such an extension.
    pub(crate) fn change_places(&self, id: ExtensionId, change: impl FnOnce(&mut Places)) -> bool {
        self.extensions.shard(&id).get_mut(&id).map(|held| change(&mut held.places)).is_some()
    }

    pub(crate) fn extension_id(&self, domain: DomainId, number: &Number) -> Option<ExtensionId> {
        self.numbers.get(&NumberRef(domain, number))
    }

    pub(crate) fn extensions_len(&self) -> usize {
        self.extensions.len()
    }

    pub(crate) fn each_extension(&self, mut look: impl FnMut(&Arc<Extension>)) {
        self.extensions.each(|_, held| look(&held.extension));
    }

    pub(crate) fn put_extension(&self, extension: Arc<Extension>) {
        let (id, domain, number) = (extension.id, extension.domain, extension.number.clone());
        self.extension_next.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
        let old = {
            let mut shard = self.extensions.shard(&id);
            match shard.get_mut(&id) {
                Some(held) => Some(std::mem::replace(&mut held.extension, extension)),
                None => {
                    shard.insert(id, Held { extension, places: Places::default() });
                    None
                }
            }
        };
        if let Some(old) = old {
            if old.number == number {
                return;
            }
            self.forget_number(&old);
        }
        self.extension_order.write().insert((number.as_str().len(), number.clone(), domain), id);
        self.numbers.insert(NumberKey(domain, number), id);
    }

    fn forget_number(&self, extension: &Extension) {
        let (id, domain, number) = (extension.id, extension.domain, &extension.number);
        let mut shard = self.numbers.shard(&NumberRef(domain, number));
        if shard.get(&NumberRef(domain, number)) == Some(&id) {
            shard.remove(&NumberRef(domain, number));
        }
        drop(shard);
        let mut order = self.extension_order.write();
        let key = (number.as_str().len(), number.clone(), domain);
        if order.get(&key) == Some(&id) {
            order.remove(&key);
        }
    }

    /// Removes an extension with all that is its own.
    pub(crate) fn drop_extension(&self, id: ExtensionId) {
        if let Some(held) = self.extensions.remove(&id) {
            self.forget_number(&held.extension);
        }
        for row in &KINDS {
            self.drop_credential(Owner::Extension(id), row.kind);
        }
        self.stale.forget(id);
        self.registrations.remove(&id);
        self.release(id);
    }

    // Credentials

    pub(crate) fn kept(&self, owner: Owner, kind: CredentialKind) -> Option<Kept> {
        self.credentials.get(&(owner, kind))
    }

    pub(crate) fn facts(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.credentials.peek(&(owner, kind), |kept| kept.map(|kept| kept.facts))
    }

    pub(crate) fn put_facts(&self, owner: Owner, kind: CredentialKind, facts: CredentialFacts) {
        if let Some(kept) = self.credentials.shard(&(owner, kind)).get_mut(&(owner, kind)) {
            kept.facts = facts;
        }
    }

    pub(crate) fn drop_credential(&self, owner: Owner, kind: CredentialKind) {
        self.credentials.remove(&(owner, kind));
        self.formers.remove(&(owner, kind));
    }

    pub(crate) fn credentials_len(&self) -> usize {
        self.credentials.len()
    }

    /// Sets a credential, and derives its verifier for the present number and realm.
    pub(crate) fn put_credential(
        &self,
        owner: Owner,
        kind: CredentialKind,
        sealed: Arc<[u8]>,
        facts: CredentialFacts,
    ) -> Result<(), OpenError> {
        let place = credential_key(owner, kind).key;
        let clear = self.open(&place, &sealed)?;
        let verifier = self.verifier(owner, kind, &clear);
        let former = self.former(owner, kind)?;
        let sealed = (!matches!(verifier, Verifier::Argon2(_))).then_some(sealed);
        self.credentials.insert((owner, kind), Kept { verifier, facts, former, sealed });
        Ok(())
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        self.masters.open(place, sealed).map_err(|why| match why {
            Unopened::UnknownKey => OpenError::WrongKey { needed: key_id(sealed), given: self.masters.ids() },
            Unopened::Malformed | Unopened::Forged => {
                OpenError::Damaged { what: format!("the credential {place} does not open") }
            }
        })
    }

    /// What a payload of this owner is good for, with the present number and realm.
    pub(crate) fn verifier(&self, owner: Owner, kind: CredentialKind, clear: &SecretBytes) -> Verifier {
        match self.binding(owner) {
            Some((number, realm, domain)) => {
                let binding = credential::Binding { username: number.as_str(), realm: &realm, domain };
                credential::verifier(kind, clear, &binding)
            }
            None => match kind {
                CredentialKind::ServicePassword | CredentialKind::UserPassword => {
                    let binding = credential::Binding { username: "", realm: "", domain: DomainId::FIRST };
                    credential::verifier(kind, clear, &binding)
                }
                // A digest is made for a number; without one nothing can be right.
                CredentialKind::LoginCode | CredentialKind::PhonePassword => Verifier::Unset,
            },
        }
    }

    /// The payload of a credential that digests are derived from.
    pub(crate) fn payload(&self, owner: Owner, kind: CredentialKind) -> Option<SecretBytes> {
        let sealed = self.kept(owner, kind)?.sealed?;
        self.masters.open(&credential_key(owner, kind).key, &sealed).ok()
    }

    /// Whether a secret is the one that is kept.
    pub(crate) fn is_kept(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        let Some(Kept { verifier, sealed, .. }) = self.kept(owner, kind) else { return false };
        let place = credential_key(owner, kind).key;
        let clear = sealed.and_then(|sealed| self.masters.open(&place, &sealed).ok());
        credential::is_kept(secret, &verifier, clear.as_ref())
    }

    /// Derives the verifiers of an owner again, because a number, a realm or a user changed.
    pub(crate) fn derive_again(&self, owner: Owner) {
        for row in &KINDS {
            let kept = self.kept(owner, row.kind);
            if let Some(Kept { facts, sealed: Some(sealed), .. }) = kept
                && let Err(error) = self.put_credential(owner, row.kind, sealed, facts)
            {
                tracing::error!(%error, "a credential opens nothing from now on");
                self.drop_credential(owner, row.kind);
            }
        }
    }

    /// What a digest of this owner is made for.
    fn binding(&self, owner: Owner) -> Option<(Number, Box<str>, DomainId)> {
        let extension = match owner {
            Owner::Extension(id) => self.extension(id)?,
            Owner::Account(id) => self.extension(self.account(id)?.extension()?)?,
        };
        let domain = self.domain(extension.domain)?;
        Some((extension.number.clone(), domain.realm.clone(), extension.domain))
    }

    // Sessions

    pub(crate) fn session_ids(&self, account: AccountId) -> Vec<SessionId> {
        self.sessions_by_account.get(&account).unwrap_or_default()
    }

    pub(crate) fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>> {
        self.session_ids(account).iter().filter_map(|id| self.sessions.get(id)).collect()
    }

    /// Sessions of an account that are open at `now`.
    pub(crate) fn sessions_open(&self, account: AccountId, now: Timestamp) -> usize {
        let rules = self.settings.load().sessions;
        self.sessions_of(account).iter().filter(|session| session.is_open(&rules, now)).count()
    }

    pub(crate) fn put_session(&self, session: Session) {
        let (id, account) = (session.id, session.account);
        if self.sessions.insert(id, Arc::new(session)).is_none() {
            self.sessions_by_account.shard(&account).entry(account).or_insert_with(Vec::new).push(id);
        }
    }

    pub(crate) fn touch_session(&self, id: SessionId, at: Timestamp) {
        if let Some(session) = self.sessions.shard(&id).get_mut(&id) {
            let later = session.used_at.max(at);
            Arc::make_mut(session).used_at = later;
        }
    }

    pub(crate) fn drop_session(&self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let mut shard = self.sessions_by_account.shard(&session.account);
        if let Some(ids) = shard.get_mut(&session.account) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                shard.remove(&session.account);
            }
        }
    }

    // Registrations

    pub(crate) fn put_registration(&self, registration: Registration) {
        let id = registration.extension;
        if registration.bindings.is_empty() || self.extension(id).is_none() {
            self.registrations.remove(&id);
        } else {
            self.registrations.insert(id, Arc::new(registration));
        }
    }

    /// Takes the binding with this contact away, or all; whatever a phone changed meanwhile stays.
    pub(crate) fn log_out(&self, id: ExtensionId, contact: Option<&str>) {
        let mut shard = self.registrations.shard(&id);
        let Some(registration) = shard.get_mut(&id) else { return };
        let bindings = registration.left_without(contact);
        if bindings.is_empty() {
            shard.remove(&id);
        } else {
            *registration = Arc::new(Registration { extension: id, bindings });
        }
    }

    // Quarantine

    /// A place on the quarantine list.
    pub(crate) fn quarantine_place(&self) -> u64 {
        self.quarantine_next.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds to the list; the places that had to go for it.
    pub(crate) fn put_quarantined(&self, place: u64, quarantined: Quarantined) -> Vec<u64> {
        self.quarantine_next.fetch_max(place.saturating_add(1), Ordering::Relaxed);
        let mut list = self.quarantine.write();
        let at = list.partition_point(|(other, _)| *other < place);
        list.insert(at, (place, Arc::new(quarantined)));
        let excess = list.len().saturating_sub(QUARANTINE_MAX);
        list.drain(..excess).map(|(place, _)| place).collect()
    }

    /// The places of an extension on the list.
    pub(crate) fn quarantined_places(&self, extension: ExtensionId) -> Vec<u64> {
        let list = self.quarantine.read();
        list.iter().filter(|(_, entry)| entry.extension == extension).map(|(place, _)| *place).collect()
    }

    pub(crate) fn quarantined(&self, place: u64) -> Option<Arc<Quarantined>> {
        let list = self.quarantine.read();
        let at = list.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        list.get(at).map(|(_, entry)| Arc::clone(entry))
    }

    pub(crate) fn release(&self, extension: ExtensionId) {
        self.quarantine.write().retain(|(_, entry)| entry.extension != extension);
    }
}

/// Whether an account can own credentials of this kind.
pub(crate) fn may_own(account: &Account, kind: CredentialKind) -> bool {
    match kind.row().belongs_to {
        OwnerKind::ServiceUser => account.kind() == RoleKind::ServiceUser,
        OwnerKind::User => account.kind() == RoleKind::User,
        OwnerKind::Extension => false,
    }
}
