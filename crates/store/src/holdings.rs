//! Holdings: everything a sign-in needs, in memory, found by every name it is asked by.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use signin::{
    account::{Account, Activity, RoleKind},
    credential::{self, CredentialFacts, CredentialKind, KINDS, Owner, OwnerKind, Verifier},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    interface::LoginInterface,
    place::Places,
    policy::Settings,
    registration::{QUARANTINE_MAX, Quarantined, Registration},
    secret::{Secret, SecretBytes},
    session::{Session, SessionId},
    shortcut::Shortcut,
    stale::Former,
    timestamp::Timestamp,
};

use crate::{
    counts::{Counts, TALLIES_MAX},
    error::OpenError,
    former::KeptFormer,
    lines::{Line, LineKey, LineRef, Lines},
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

/// The domains by all their names.
#[derive(Default)]
pub(crate) struct Domains {
    pub(crate) by_id: BTreeMap<DomainId, Arc<Domain>>,
    by_host: HashMap<Box<str>, DomainId>,
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
    extensions: Shards<ExtensionId, Arc<Extension>>,
    pub(crate) lines: Lines,
    /// Lines whose number another extension has taken, in the middle of a commit that gives them a new one.
    displaced: Mutex<HashMap<ExtensionId, Line>>,
    pub(crate) extension_order: RwLock<ExtensionOrder>,
    pub(crate) credentials: Shards<(Owner, CredentialKind), Kept>,
    pub(crate) formers: Shards<(Owner, CredentialKind), Vec<KeptFormer>>,
    pub(crate) stale: StalePhones,
    pub(crate) sessions: Shards<SessionId, Arc<Session>>,
    sessions_by_account: Shards<AccountId, Vec<SessionId>>,
    pub(crate) quarantine: RwLock<VecDeque<(u64, Arc<Quarantined>)>>,
    quarantine_next: AtomicU64,
    pub(crate) counts: Counts,
    pub(crate) nonces: Nonces,
    pub(crate) account_next: AtomicU32,
    pub(crate) extension_next: AtomicU32,
    changes: AtomicU64,
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
            lines: Lines::new(),
            displaced: Mutex::default(),
            extension_order: RwLock::default(),
            credentials: Shards::new(),
            formers: Shards::new(),
            stale: StalePhones::default(),
            sessions: Shards::new(),
            sessions_by_account: Shards::new(),
            quarantine: RwLock::default(),
            quarantine_next: AtomicU64::new(1),
            counts: Counts::new(TALLIES_MAX),
            nonces: Nonces::new(NONCES_MAX),
            account_next: AtomicU32::new(1),
            extension_next: AtomicU32::new(1),
            changes: AtomicU64::new(0),
        }
    }

    /// How often anything has changed that could make a wrong secret right: settings, domains, accounts, extensions,
    /// secrets and their dates. To be read before what it is about.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Something of that has changed, and is in force.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Release);
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
        let old = self.accounts.insert(id, account);
        if old.as_ref().is_none_or(|old| old.folded_name() != name) {
            old.iter().for_each(|old| self.forget_name(old));
            self.account_order.write().insert((name.clone(), kind, domain), id);
            self.names.insert((kind, domain, name), id);
        }
        // The extension that the user leaves, and the one that the user has now.
        old.and_then(|old| old.extension()).into_iter().for_each(|left| self.derive_line(left));
        self.derive_line_of(Owner::Account(id));
    }

    fn forget_name(&self, account: &Account) {
        let (kind, domain, name) = (account.kind(), account.domain, account.folded_name());
        // In a commit where two accounts change names, the name may be the other's already.
        let key = (kind, domain, name);
        let mut place = self.names.place(&key);
        if place.value() == Some(&mut account.id.clone()) {
            place.remove();
        }
        drop(place);
        let mut order = self.account_order.write();
        let key = (key.2, kind, domain);
        if order.get(&key) == Some(&account.id) {
            order.remove(&key);
        }
    }

    /// Removes an account with all that is its own.
    pub(crate) fn drop_account(&self, id: AccountId) {
        let account = self.accounts.remove(&id);
        account.iter().for_each(|account| self.forget_name(account));
        self.activities.remove(&id);
        for row in &KINDS {
            self.drop_credential(Owner::Account(id), row.kind);
        }
        for session in self.session_ids(id) {
            self.drop_session(session);
        }
        account.and_then(|account| account.extension()).into_iter().for_each(|left| self.derive_line(left));
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
            let mut place = self.activities.place(&id);
            let activity = place.value_or_default();
            activity.failures_since = activity.failures_since.saturating_add(1);
        }
    }

    // Extensions

    pub(crate) fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.extensions.get(&id)
    }

    /// An extension, and how well the place is known for it.
    /// Where an extension is known.
    pub(crate) fn places(&self, id: ExtensionId) -> Option<Places> {
        self.change_line(id, |line| line.places.clone())
    }

    /// Changes where an extension is known; whether there is such an extension.
    pub(crate) fn change_places(&self, id: ExtensionId, change: impl FnOnce(&mut Places)) -> bool {
        self.change_line(id, |line| change(&mut line.places)).is_some()
    }

    pub(crate) fn extension_id(&self, domain: DomainId, number: &Number) -> Option<ExtensionId> {
        self.lines.peek(&LineRef(domain, number.as_str()), |line| line.map(|line| line.extension))
    }

    pub(crate) fn extensions_len(&self) -> usize {
        self.extensions.len()
    }

    pub(crate) fn each_extension(&self, mut look: impl FnMut(&Arc<Extension>)) {
        self.extensions.each(|_, extension| look(extension));
    }

    pub(crate) fn put_extension(&self, extension: Arc<Extension>) {
        let (id, domain, number) = (extension.id, extension.domain, extension.number.clone());
        self.extension_next.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
        let mut line = Line::new(&extension);
        if let Some(old) = self.extensions.insert(id, extension) {
            if (old.domain, &old.number) == (domain, &number) {
                return self.derive_line(id);
            }
            let taken = self.forget_number(&old).or_else(|| self.displaced.lock().remove(&id));
            if let Some(taken) = taken {
                line = taken;
            }
        }
        self.extension_order.write().insert((number.as_str().len(), number.clone(), domain), id);
        if let Some(other) = self.lines.insert(LineKey(domain, number), line) {
            self.displaced.lock().insert(other.extension, other);
        }
        self.derive_line(id);
    }

    fn forget_number(&self, extension: &Extension) -> Option<Line> {
        let (id, domain, number) = (extension.id, extension.domain, &extension.number);
        let mut order = self.extension_order.write();
        let key = (number.as_str().len(), number.clone(), domain);
        if order.get(&key) == Some(&id) {
            order.remove(&key);
        }
        drop(order);
        let name = LineRef(domain, number.as_str());
        let mut place = self.lines.place(&name);
        // In a commit where two extensions change numbers, the number may be the other's already.
        let is_own = place.value().is_some_and(|line| line.extension == id);
        if is_own { place.remove() } else { None }
    }

    /// Removes an extension with all that is its own.
    pub(crate) fn drop_extension(&self, id: ExtensionId) {
        if let Some(extension) = self.extensions.remove(&id)
            && self.forget_number(&extension).is_none()
        {
            self.displaced.lock().remove(&id);
        }
        for row in &KINDS {
            self.drop_credential(Owner::Extension(id), row.kind);
        }
        self.stale.forget(id);
        self.release(id);
    }

    /// Changes the line of an extension, if there is one.
    fn change_line<R>(&self, id: ExtensionId, change: impl FnOnce(&mut Line) -> R) -> Option<R> {
        let extension = self.extension(id)?;
        let name = LineRef(extension.domain, extension.number.as_str());
        let mut place = self.lines.place(&name);
        place.value().filter(|line| line.extension == id).map(change)
    }

    /// Works out anew what opens an extension's line: something that it depends on has changed.
    fn derive_line(&self, id: ExtensionId) {
        let shortcut = self.extension(id).and_then(|extension| {
            let account = match extension.user {
                None => None,
                // Each must name the other: then a change of either comes by here.
                Some(user) => Some(self.account(user).filter(|account| account.extension() == Some(id))?),
            };
            let kinds = LoginInterface::SipRegistration.row().opens_with;
            let user = extension.user.unwrap_or(AccountId::NOBODY);
            let mut owners =
                kinds.iter().filter_map(|kind| Some((owner_for_phones(id, user, *kind)?, *kind)));
            let kept = owners.find_map(|(owner, kind)| self.kept(owner, kind))?;
            Shortcut::derive(account.as_deref(), &kept.verifier, &kept.facts)
        });
        self.change_line(id, |line| line.shortcut = shortcut);
    }

    fn derive_line_of(&self, owner: Owner) {
        match owner {
            Owner::Extension(id) => self.derive_line(id),
            Owner::Account(id) => {
                if let Some(extension) = self.account(id).and_then(|account| account.extension()) {
                    self.derive_line(extension);
                }
            }
        }
    }

    // Credentials

    pub(crate) fn kept(&self, owner: Owner, kind: CredentialKind) -> Option<Kept> {
        self.credentials.get(&(owner, kind))
    }

    pub(crate) fn facts(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.credentials.peek(&(owner, kind), |kept| kept.map(|kept| kept.facts))
    }

    pub(crate) fn put_facts(&self, owner: Owner, kind: CredentialKind, facts: CredentialFacts) {
        if let Some(kept) = self.credentials.place(&(owner, kind)).value() {
            kept.facts = facts;
        }
        self.derive_line_of(owner);
        self.note_change();
    }

    pub(crate) fn drop_credential(&self, owner: Owner, kind: CredentialKind) {
        self.credentials.remove(&(owner, kind));
        self.formers.remove(&(owner, kind));
        self.derive_line_of(owner);
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
        self.derive_line_of(owner);
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
            self.sessions_by_account.place(&account).value_or_default().push(id);
        }
    }

    pub(crate) fn touch_session(&self, id: SessionId, at: Timestamp) {
        if let Some(session) = self.sessions.place(&id).value() {
            let later = session.used_at.max(at);
            Arc::make_mut(session).used_at = later;
        }
    }

    pub(crate) fn drop_session(&self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let mut place = self.sessions_by_account.place(&session.account);
        if let Some(ids) = place.value() {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                place.remove();
            }
        }
    }

    // Registrations

    pub(crate) fn registration(&self, id: ExtensionId) -> Option<Arc<Registration>> {
        self.change_line(id, |line| line.registration.clone()).flatten().map(Arc::new)
    }

    /// Looks at every registration.
    pub(crate) fn each_registration(&self, mut look: impl FnMut(&Registration)) {
        self.lines.each(|_, line| line.registration.iter().for_each(&mut look));
    }

    pub(crate) fn put_registration(&self, registration: Registration) {
        let is_any = !registration.bindings.is_empty();
        self.change_line(registration.extension, |line| {
            line.registration = is_any.then_some(registration);
            line.kept_until = Timestamp::EPOCH;
        });
    }

    /// Takes the binding with this contact away, or all; whatever a phone changed meanwhile stays.
    pub(crate) fn log_out(&self, id: ExtensionId, contact: Option<&str>) {
        self.change_line(id, |line| {
            let bindings = line.registration.as_ref().map(|found| found.left_without(contact));
            line.registration = bindings
                .filter(|bindings| !bindings.is_empty())
                .map(|bindings| Registration { extension: id, bindings });
            line.kept_until = Timestamp::EPOCH;
        });
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

/// A phone is opened by its extension's secret or by the user's who belongs there.
pub(crate) const fn owner_for_phones(
    extension: ExtensionId,
    user: AccountId,
    kind: CredentialKind,
) -> Option<Owner> {
    match kind {
        CredentialKind::PhonePassword => Some(Owner::Extension(extension)),
        CredentialKind::LoginCode | CredentialKind::UserPassword => Some(Owner::Account(user)),
        CredentialKind::ServicePassword => None,
    }
}
