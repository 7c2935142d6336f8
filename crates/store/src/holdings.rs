//! Holdings: everything a sign-in needs, in memory, found by every name it is asked by.

use std::{
    cell::Cell,
    cmp,
    collections::{BTreeMap, BTreeSet, VecDeque},
    hint::black_box,
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
    credential::{CredentialKind, KINDS, Owner, OwnerKind},
    document::{Document, DocumentId, DocumentKind},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    interface::LoginInterface,
    place::Places,
    policy::Settings,
    registration::{Binding, QUARANTINE_MAX, Quarantined, Registration, left_without},
    reporting::Reporting,
    session::{Session, SessionId},
    shortcut::Shortcut,
    timestamp::Timestamp,
};

use crate::{
    agents::Agents,
    alarms::Alarms,
    calls::CallLogs,
    counts::{Counts, TALLIES_MAX},
    credentials::Credentials,
    delivered::Delivered,
    former::Formers,
    index::{Index, Order},
    lines::{Line, LineKey, LineRef, Lines},
    nonces::{NONCES_MAX, Nonces},
    numbered::Numbered,
    seal::MasterKeys,
    shards::{Shards, cores},
    stale::StalePhones,
};

/// The domains by all their names.
#[derive(Default)]
pub(crate) struct Domains {
    pub(crate) by_id: BTreeMap<DomainId, Arc<Domain>>,
    by_host: HashMap<Box<str>, DomainId>,
}

/// What accounts are ordered by in lists.
type AccountRank = (FoldedName, RoleKind, DomainId, AccountId);
/// What extensions are ordered by in lists: shorter numbers first, then by digits.
type ExtensionRank = (usize, Number, DomainId, ExtensionId);

/// All of it.
pub(crate) struct Holdings {
    pub(crate) masters: MasterKeys,
    pub(crate) settings: ArcSwap<Settings>,
    pub(crate) reporting: ArcSwap<Reporting>,
    pub(crate) alarms: Alarms,
    pub(crate) delivered: Delivered,
    pub(crate) call_logs: CallLogs,
    pub(crate) domains: ArcSwap<Domains>,
    documents: RwLock<BTreeMap<DocumentId, Arc<Document>>>,
    accounts: Numbered<AccountId, Account>,
    names: Index<AccountId>,
    pub(crate) account_order: RwLock<Order<AccountId>>,
    /// Few among many, and asked for at every change of their rights.
    service_users: RwLock<BTreeSet<AccountId>>,
    activities: Numbered<AccountId, Activity>,
    extensions: Numbered<ExtensionId, Extension>,
    pub(crate) lines: Lines,
    /// Lines whose number another extension has taken, in the middle of a commit that gives them a new one.
    displaced: Mutex<HashMap<ExtensionId, Line>>,
    pub(crate) extension_order: RwLock<Order<ExtensionId>>,
    agents: Agents,
    pub(crate) credentials: Credentials,
    pub(crate) formers: Shards<(Owner, CredentialKind), Formers>,
    pub(crate) stale: StalePhones,
    pub(crate) sessions: Shards<SessionId, Arc<Session>>,
    sessions_by_account: Shards<AccountId, Vec<SessionId>>,
    pub(crate) quarantine: RwLock<VecDeque<(u64, Arc<Quarantined>)>>,
    quarantine_next: AtomicU64,
    pub(crate) counts: Counts,
    pub(crate) nonces: Nonces,
    pub(crate) account_next: AtomicU32,
    pub(crate) extension_next: AtomicU32,
    /// The next domain's number.
    pub(crate) domain_next: AtomicU32,
    changes: AtomicU64,
}

impl Holdings {
    /// With nothing in it.
    pub(crate) fn new(masters: MasterKeys) -> Self {
        Self {
            masters,
            settings: ArcSwap::from_pointee(Settings::default()),
            reporting: ArcSwap::default(),
            alarms: Alarms::default(),
            delivered: Delivered::default(),
            call_logs: CallLogs::default(),
            domains: ArcSwap::from_pointee(Domains::default()),
            documents: RwLock::default(),
            accounts: Numbered::new(),
            names: Index::new(),
            account_order: RwLock::default(),
            service_users: RwLock::default(),
            activities: Numbered::new(),
            extensions: Numbered::new(),
            lines: Lines::new(),
            displaced: Mutex::default(),
            extension_order: RwLock::default(),
            agents: Agents::default(),
            credentials: Credentials::new(),
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
            domain_next: AtomicU32::new(1),
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

    // Documents

    pub(crate) fn document(&self, id: DocumentId) -> Option<Arc<Document>> {
        self.documents.read().get(&id).cloned()
    }

    pub(crate) fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>> {
        self.documents.read().range(kind.ids()).map(|(_, document)| Arc::clone(document)).collect()
    }

    pub(crate) fn put_document(&self, document: Document) {
        self.documents.write().insert(document.id(), Arc::new(document));
    }

    pub(crate) fn drop_document(&self, id: DocumentId) {
        self.documents.write().remove(&id);
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
        for row in &KINDS {
            self.drop_credential(Owner::Domain(id), row.kind);
        }
    }

    pub(crate) fn set_domains(&self, by_id: BTreeMap<DomainId, Arc<Domain>>) {
        let by_host = by_id
            .values()
            .flat_map(|domain| domain.hosts.iter().map(|host| (host.to_lowercase().into(), domain.id)))
            .collect();
        if let Some((last, _)) = by_id.last_key_value() {
            self.domain_next.fetch_max(last.0.saturating_add(1), Ordering::Relaxed);
        }
        self.domains.store(Arc::new(Domains { by_id, by_host }));
    }

    // Accounts

    pub(crate) fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.accounts.get(id).map(Arc::new)
    }

    /// What `look` sees in an account.
    pub(crate) fn peek_account<R>(&self, id: AccountId, look: impl FnOnce(Option<&Account>) -> R) -> R {
        self.accounts.peek(id, look)
    }

    pub(crate) fn account_id(
        &self,
        kind: RoleKind,
        domain: DomainId,
        name: &FoldedName,
    ) -> Option<AccountId> {
        let is_compared = Cell::new(false);
        let is_it = |account: &Account| {
            is_compared.set(true);
            (account.kind(), account.domain) == (kind, domain) && account.folded_name() == *name
        };
        let found = self
            .names
            .find(&(kind, domain, name), |id| self.accounts.peek(id, |account| account.is_some_and(is_it)));
        if !is_compared.get() {
            // Folding takes its time, and must not tell that there is somebody to compare with.
            black_box(FoldedName::of(black_box(name.as_str())) == *name);
        }
        found
    }

    /// The extension of an account.
    pub(crate) fn extension_of(&self, id: AccountId) -> Option<ExtensionId> {
        self.accounts.peek(id, |account| account?.extension())
    }

    pub(crate) fn service_users(&self) -> Vec<Arc<Account>> {
        self.service_users.read().iter().filter_map(|id| self.account(*id)).collect()
    }

    pub(crate) fn accounts_len(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn each_account(&self, mut look: impl FnMut(&Account)) {
        self.accounts.each(|_, account| look(account));
    }

    pub(crate) fn put_account(&self, account: Account) {
        let (id, rank, now) = (account.id, account_rank(&account), account.extension());
        let before = self.accounts.peek(id, |old| old.map(|old| (account_rank(old), old.extension())));
        let is_renamed = before.as_ref().is_none_or(|(old, _)| *old != rank);
        if let Some((old, _)) = before.as_ref().filter(|_| is_renamed) {
            self.forget_name(old);
        }
        self.restore_account(account, is_renamed);
        if is_renamed {
            self.account_order.write().insert(id, |other| self.compare_account(other, &rank));
        }
        // The extension that the user leaves, and the one that the user has now.
        let left = before.and_then(|(_, left)| left).filter(|left| Some(*left) != now);
        left.into_iter().chain(now).for_each(|extension| self.derive_line(extension));
    }

    /// The same without what is derived from several records.
    pub(crate) fn restore_account(&self, account: Account, has_new_name: bool) {
        let (id, (name, kind, domain, _)) = (account.id, account_rank(&account));
        self.account_next.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
        if kind == RoleKind::ServiceUser {
            self.service_users.write().insert(id);
        }
        self.accounts.insert(id, account);
        if has_new_name {
            self.names.insert(&(kind, domain, &name), id);
        }
    }

    /// How another account stands to one in lists.
    fn compare_account(&self, other: AccountId, rank: &AccountRank) -> cmp::Ordering {
        self.accounts.peek(other, |other| other.map(account_rank).as_ref().cmp(&Some(rank)))
    }

    /// While the account still has it, by which the others find their places.
    fn forget_name(&self, rank: &AccountRank) {
        let (name, kind, domain, id) = rank;
        self.account_order.write().remove(|other| self.compare_account(other, rank));
        self.names.remove(&(*kind, *domain, name), *id);
    }

    /// Removes an account with all that is its own.
    pub(crate) fn drop_account(&self, id: AccountId) {
        let rank = self.accounts.peek(id, |account| account.map(account_rank));
        rank.iter().for_each(|rank| self.forget_name(rank));
        let account = self.accounts.remove(id);
        self.service_users.write().remove(&id);
        self.activities.remove(id);
        self.call_logs.forget(id);
        for row in &KINDS {
            self.drop_credential(Owner::Account(id), row.kind);
        }
        for session in self.session_ids(id) {
            self.drop_session(session);
        }
        account.and_then(|account| account.extension()).into_iter().for_each(|left| self.derive_line(left));
    }

    pub(crate) fn activity(&self, id: AccountId) -> Activity {
        self.activities.get(id).unwrap_or_default()
    }

    pub(crate) fn put_activity(&self, id: AccountId, activity: Activity) {
        if self.accounts.peek(id, |account| account.is_some()) {
            self.activities.insert(id, activity);
        }
    }

    pub(crate) fn note_failure(&self, id: AccountId) {
        if self.accounts.peek(id, |account| account.is_some()) {
            self.activities.change(id, |activity| {
                let activity = activity.get_or_insert_default();
                activity.failures_since = activity.failures_since.saturating_add(1);
            });
        }
    }

    // Extensions

    pub(crate) fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.extensions.get(id).map(Arc::new)
    }

    /// What `look` sees in an extension.
    pub(crate) fn peek_extension<R>(&self, id: ExtensionId, look: impl FnOnce(Option<&Extension>) -> R) -> R {
        self.extensions.peek(id, look)
    }

    /// By what its phones name it.
    pub(crate) fn line_of(&self, id: ExtensionId) -> Option<(DomainId, Number)> {
        self.extensions.peek(id, |extension| extension.map(|found| (found.domain, found.number)))
    }

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

    pub(crate) fn each_extension(&self, mut look: impl FnMut(&Extension)) {
        self.extensions.each(|_, extension| look(extension));
    }

    pub(crate) fn put_extension(&self, extension: Extension) {
        let (id, rank) = (extension.id, extension_rank(&extension));
        let before = self.extensions.peek(id, |old| old.map(extension_rank));
        if before == Some(rank) {
            self.extensions.insert(id, extension);
            return self.derive_line(id);
        }
        let line =
            before.and_then(|old| self.forget_number(&old).or_else(|| self.displaced.lock().remove(&id)));
        let line = line.unwrap_or_else(|| Line::new(&extension));
        self.restore_extension(extension, line);
        self.extension_order.write().insert(id, |other| self.compare_extension(other, &rank));
        self.derive_line(id);
    }

    /// The same without what is derived from several records.
    pub(crate) fn restore_extension(&self, extension: Extension, line: Line) {
        let (id, key) = (extension.id, LineKey(extension.domain, extension.number));
        self.extension_next.fetch_max(id.0.saturating_add(1), Ordering::Relaxed);
        self.extensions.insert(id, extension);
        if let Some(other) = self.lines.insert(key, line) {
            self.displaced.lock().insert(other.extension, other);
        }
    }

    /// How another extension stands to one in lists.
    fn compare_extension(&self, other: ExtensionId, rank: &ExtensionRank) -> cmp::Ordering {
        self.extensions.peek(other, |other| other.map(extension_rank).as_ref().cmp(&Some(rank)))
    }

    /// While the extension still has it, by which the others find their places.
    fn forget_number(&self, rank: &ExtensionRank) -> Option<Line> {
        let (_, number, domain, id) = rank;
        self.extension_order.write().remove(|other| self.compare_extension(other, rank));
        let name = LineRef(*domain, number.as_str());
        let mut place = self.lines.place(&name);
        // In a commit where two extensions change numbers, the number may be the other's already.
        let is_own = place.value().is_some_and(|line| line.extension == *id);
        if is_own { place.remove() } else { None }
    }

    /// Removes an extension with all that is its own.
    pub(crate) fn drop_extension(&self, id: ExtensionId) {
        let rank = self.extensions.peek(id, |extension| extension.map(extension_rank));
        if let Some(rank) = rank
            && self.forget_number(&rank).is_none()
        {
            self.displaced.lock().remove(&id);
        }
        self.extensions.remove(id);
        for row in &KINDS {
            self.drop_credential(Owner::Extension(id), row.kind);
        }
        self.stale.forget(id);
        self.release(id);
    }

    /// Changes the line of an extension, if there is one.
    fn change_line<R>(&self, id: ExtensionId, change: impl FnOnce(&mut Line) -> R) -> Option<R> {
        let (domain, number) = self.line_of(id)?;
        let name = LineRef(domain, number.as_str());
        let mut place = self.lines.place(&name);
        place.value().filter(|line| line.extension == id).map(change)
    }

    /// Works out anew what opens an extension's line: something that it depends on has changed.
    pub(crate) fn derive_line(&self, id: ExtensionId) {
        let shortcut = self.shortcut(id);
        self.change_line(id, |line| line.shortcut = shortcut);
    }

    fn shortcut(&self, id: ExtensionId) -> Option<Shortcut> {
        let user = self.extensions.peek(id, |extension| Some(extension?.user))?;
        let account = match user {
            None => None,
            // Each must name the other: then a change of either comes by here.
            Some(user) => Some(self.accounts.get(user).filter(|account| account.extension() == Some(id))?),
        };
        let kinds = LoginInterface::SipRegistration.row().opens_with;
        let user = user.unwrap_or(AccountId::NOBODY);
        let mut owners = kinds.iter().filter_map(|kind| Some((owner_for_phones(id, user, *kind)?, *kind)));
        let kept = owners.find_map(|(owner, kind)| self.kept(owner, kind))?;
        Shortcut::derive(account.as_ref(), &kept.verifier, &kept.facts)
    }

    pub(crate) fn derive_line_of(&self, owner: Owner) {
        match owner {
            Owner::Extension(id) => self.derive_line(id),
            Owner::Account(id) => self.extension_of(id).into_iter().for_each(|id| self.derive_line(id)),
            Owner::Domain(_) => {}
        }
    }

    /// After all records were restored one by one: puts them in order, and works out what depends on several.
    /// Each line is shown to `look` before.
    pub(crate) fn arrange(&self, look: &(impl Fn(&mut Line) + Sync)) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut ranks = Vec::with_capacity(self.accounts.len());
                self.accounts.each(|_, account| ranks.push(account_rank(account)));
                ranks.sort_unstable();
                *self.account_order.write() = Order::of(ranks.iter().map(|(.., id)| *id));
            });
            let mut ranks = Vec::with_capacity(self.extensions.len());
            self.extensions.each(|_, extension| ranks.push(extension_rank(extension)));
            ranks.sort_unstable();
            *self.extension_order.write() = Order::of(ranks.iter().map(|(.., id)| *id));
        });
        self.lines.each_mut_on(cores(), &|line| {
            look(line);
            line.shortcut = self.shortcut(line.extension);
        });
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
            self.sessions_by_account.place(&account).value_or_default(Clone::clone).push(id);
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
        let bindings = self.change_line(id, |line| line.bindings.clone()).flatten()?;
        Some(Arc::new(Registration { extension: id, bindings }))
    }

    /// Looks at the phones of every extension that has some.
    pub(crate) fn each_registration(&self, mut look: impl FnMut(ExtensionId, &Arc<[Binding]>)) {
        self.lines.each(|_, line| line.bindings.iter().for_each(|bindings| look(line.extension, bindings)));
    }

    pub(crate) fn put_registration(&self, registration: Registration) {
        let Registration { extension, mut bindings } = registration;
        self.agents.share(&mut bindings);
        self.change_line(extension, |line| {
            line.put(bindings);
            line.keep();
        });
    }

    /// Takes the binding with this contact away, or all; whatever a phone changed meanwhile stays.
    pub(crate) fn log_out(&self, id: ExtensionId, contact: Option<&str>) {
        self.change_line(id, |line| {
            let left = line.bindings.take().map(|bindings| left_without(&bindings, contact));
            line.bindings = left.filter(|bindings| !bindings.is_empty());
            line.keep();
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

fn account_rank(account: &Account) -> AccountRank {
    (account.folded_name(), account.kind(), account.domain, account.id)
}

fn extension_rank(extension: &Extension) -> ExtensionRank {
    (extension.number.as_bytes().len(), extension.number, extension.domain, extension.id)
}

/// Whether an account can own credentials of this kind.
pub(crate) fn may_own(account: &Account, kind: CredentialKind) -> bool {
    match kind.row().belongs_to {
        OwnerKind::ServiceUser => account.kind() == RoleKind::ServiceUser,
        OwnerKind::User => account.kind() == RoleKind::User,
        OwnerKind::Extension | OwnerKind::Domain => false,
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
        CredentialKind::LoginCode
        | CredentialKind::UserPassword
        | CredentialKind::VoicemailCode
        | CredentialKind::PortalPasscode => Some(Owner::Account(user)),
        CredentialKind::ServicePassword | CredentialKind::SystemPassword => None,
    }
}
