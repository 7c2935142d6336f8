//! A layer of changed records, and the records seen through it. Operations of [`crate::admin`] and pages read an
//! [`Overlay`] as they read the records beneath, and need not know.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    Draft, Edited, Fate, MADE_FROM, RecordId,
    fields::{self, Fields},
};
use crate::{
    account::{Account, Activity, Condition, Role, RoleKind},
    credential::{About, CredentialFacts, CredentialKind, KINDS, Owner, Traits},
    document::{Document, DocumentId, DocumentKind},
    effect::Effect,
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, GroupId, Number},
    lockout::{Tally, TallyKey},
    place::Places,
    policy::Settings,
    records::Records,
    registration::Registration,
    reporting::Reporting,
    rights::RightsGroup,
    scope::Scope,
    secret::Secret,
    session::{Session, SessionId},
    timestamp::Timestamp,
};

/// Records that lie over others. `None` in place of one: it is deleted.
#[derive(Debug, Default)]
pub struct Layer {
    settings: Option<Arc<Settings>>,
    domains: BTreeMap<DomainId, Arc<Domain>>,
    groups: BTreeMap<GroupId, Option<Arc<Document>>>,
    accounts: BTreeMap<AccountId, Option<Arc<Account>>>,
    extensions: BTreeMap<ExtensionId, Option<Arc<Extension>>>,
    credentials: BTreeMap<(Owner, CredentialKind), Option<CredentialFacts>>,
    /// The next number for what is made; `None` = the records beneath give it.
    made: Option<AtomicU32>,
}

/// Records with a layer over them.
#[derive(Clone, Copy)]
pub struct Overlay<'a> {
    /// What lies beneath.
    pub live: Scope<'a>,
    /// What lies over it.
    pub layer: &'a Layer,
}

impl Layer {
    /// What a draft wants, over what is in force now.
    pub fn of(draft: &Draft, live: &dyn Records) -> Self {
        let mut layer =
            Self { made: Some(AtomicU32::new(MADE_FROM.saturating_add(draft.made))), ..Self::default() };
        for edited in &draft.records {
            layer.lay(edited, live);
        }
        layer.link(draft, live);
        layer
    }

    /// Whether everything is as it is beneath.
    pub fn is_empty(&self) -> bool {
        self.settings.is_none()
            && self.domains.is_empty()
            && self.groups.is_empty()
            && self.accounts.is_empty()
            && self.extensions.is_empty()
            && self.credentials.is_empty()
    }

    /// The accounts in it; `None` = deleted.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, Option<&Arc<Account>>)> {
        self.accounts.iter().map(|(id, account)| (*id, account.as_ref()))
    }

    /// The extensions in it; `None` = deleted.
    pub fn extensions(&self) -> impl Iterator<Item = (ExtensionId, Option<&Arc<Extension>>)> {
        self.extensions.iter().map(|(id, extension)| (*id, extension.as_ref()))
    }

    /// How many numbers were given to what is made.
    pub(crate) fn made(&self) -> u32 {
        self.made.as_ref().map_or(0, |made| made.load(Ordering::Relaxed).saturating_sub(MADE_FROM))
    }

    /// Makes the changes that effects make to what can be in a draft, and no other.
    pub(crate) fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::PutSettings(settings) => self.settings = Some(Arc::new((**settings).clone())),
                Effect::PutDomain(domain) => {
                    self.domains.insert(domain.id, Arc::new(domain.clone()));
                }
                Effect::PutDocument(document) => {
                    if let Document::RightsGroup(group) = &**document {
                        self.groups.insert(group.id, Some(Arc::new((**document).clone())));
                    }
                }
                Effect::DeleteDocument(id) => {
                    if let DocumentId::RightsGroup(id) = id {
                        self.groups.insert(*id, None);
                    }
                }
                Effect::PutAccount(account) => {
                    self.accounts.insert(account.id, Some(Arc::new(account.clone())));
                }
                Effect::DeleteAccount(id) => {
                    self.accounts.insert(*id, None);
                    self.forget_secrets(Owner::Account(*id));
                }
                Effect::PutExtension(extension) => {
                    self.extensions.insert(extension.id, Some(Arc::new(extension.clone())));
                }
                Effect::DeleteExtension(id) => {
                    self.extensions.insert(*id, None);
                    self.forget_secrets(Owner::Extension(*id));
                }
                Effect::PutCredential(credential) => {
                    self.credentials.insert((credential.owner, credential.kind), Some(credential.facts));
                }
                Effect::DeleteCredential(owner, kind) => {
                    self.credentials.insert((*owner, *kind), None);
                }
                Effect::DeleteDomain(_)
                | Effect::PutRecording(..)
                | Effect::NoteCall(..)
                | Effect::ForgetCalls(_)
                | Effect::PutActivity(..)
                | Effect::NoteFailure(_)
                | Effect::PutCredentialFacts(..)
                | Effect::ForgetFormer(..)
                | Effect::KeepTally(_)
                | Effect::ClearTally(_)
                | Effect::OpenSession(_)
                | Effect::TouchSession(..)
                | Effect::CloseSession(_)
                | Effect::CloseSessions(..)
                | Effect::PutRegistration(_)
                | Effect::LogOut(..)
                | Effect::KnowPlace(..)
                | Effect::Quarantine(_)
                | Effect::ReleaseQuarantine(_)
                | Effect::Unchanged(_)
                | Effect::PutReporting(_)
                | Effect::Delivered(..)
                | Effect::Alarm(_)
                | Effect::CutAudit(_)
                | Effect::Audit(_) => {}
            }
        }
    }

    fn forget_secrets(&mut self, owner: Owner) {
        for row in &KINDS {
            self.credentials.insert((owner, row.kind), None);
        }
    }

    /// Lays one record of a draft. What is gone meanwhile, or does not fit any more, is left as it is: the comparison
    /// tells of it.
    fn lay(&mut self, edited: &Edited, live: &dyn Records) {
        let wanted: Fields =
            edited.fields.iter().map(|edit| (edit.field.clone(), edit.wanted.clone())).collect();
        let version = |before: u32| before.saturating_add(edited.touched);
        let is_reached = live.domain(edited.domain).is_some();
        match edited.record {
            RecordId::Settings => {
                let before = live.settings();
                if let Some(after) = fields::settings_with(&before, &wanted) {
                    self.settings = Some(Arc::new(Settings { version: version(before.version), ..after }));
                }
            }
            RecordId::Domain(id) => {
                let Some(before) = live.domain(id) else { return };
                if let Some(after) = fields::domain_with(&before, &wanted) {
                    self.domains.insert(id, Arc::new(Domain { version: version(before.version), ..after }));
                }
                self.lay_secrets(Owner::Domain(id), edited);
            }
            RecordId::Group(id) => {
                let before = match edited.fate {
                    Fate::Made => RightsGroup { id, version: 0, name: "".into(), rights: Box::default() },
                    Fate::Changed | Fate::Deleted => {
                        let document = live.document(DocumentId::RightsGroup(id));
                        let Some(group) = document.and_then(|found| found.rights_group().cloned()) else {
                            return;
                        };
                        group
                    }
                };
                if edited.fate == Fate::Deleted {
                    self.groups.insert(id, None);
                } else if let Some(after) = fields::group_with(&before, &wanted) {
                    let after = RightsGroup { version: version(before.version), ..after };
                    self.groups.insert(id, Some(Arc::new(Document::RightsGroup(after))));
                }
            }
            RecordId::User(id) => {
                let before = match edited.fate {
                    Fate::Made => is_reached.then(|| Arc::new(new_user(id, edited.domain))),
                    Fate::Changed | Fate::Deleted => live.account(id),
                };
                let Some(before) = before else { return };
                if edited.fate == Fate::Deleted {
                    self.accounts.insert(id, None);
                    self.forget_secrets(Owner::Account(id));
                    return;
                }
                let Some(after) = fields::user_with(&before, &wanted) else { return };
                self.accounts
                    .insert(id, Some(Arc::new(Account { version: version(before.version), ..after })));
                self.lay_secrets(Owner::Account(id), edited);
            }
            RecordId::Extension(id) => {
                let before = match edited.fate {
                    Fate::Made => is_reached.then(|| Arc::new(new_extension(id, edited.domain))),
                    Fate::Changed | Fate::Deleted => live.extension(id),
                };
                let Some(before) = before else { return };
                if edited.fate == Fate::Deleted {
                    self.extensions.insert(id, None);
                    self.forget_secrets(Owner::Extension(id));
                    return;
                }
                let Some(after) = fields::extension_with(&before, &wanted) else { return };
                self.extensions
                    .insert(id, Some(Arc::new(Extension { version: version(before.version), ..after })));
                self.lay_secrets(Owner::Extension(id), edited);
            }
        }
    }

    fn lay_secrets(&mut self, owner: Owner, edited: &Edited) {
        for secret in &edited.secrets {
            let facts = CredentialFacts { set_at: secret.chosen_at, expires_at: None, used_at: None };
            self.credentials.insert((owner, secret.kind), secret.wanted.as_ref().map(|_| facts));
        }
    }

    /// Users and extensions point at each other: what a draft says of the user is put at the extension too.
    fn link(&mut self, draft: &Draft, live: &dyn Records) {
        for (id, account) in self.accounts.clone() {
            let present = live.account(id).and_then(|account| account.extension());
            let wanted = account.as_deref().and_then(Account::extension);
            if present == wanted && account.is_some() {
                continue;
            }
            if let Some(left) = present.filter(|left| Some(*left) != wanted) {
                self.relink(left, live, |user| if user == Some(id) { None } else { user });
            }
            if let Some(taken) = wanted
                && !self.relink(taken, live, |_| Some(id))
                && let Some(account) = &account
            {
                let role = Role::User { extension: None };
                self.accounts.insert(id, Some(Arc::new(Account { role, ..(**account).clone() })));
            }
        }
        for edited in draft.records.iter().filter(|edited| edited.fate == Fate::Deleted) {
            let RecordId::Extension(id) = edited.record else { continue };
            let user = live.extension(id).and_then(|extension| extension.user);
            let Some(user) = user.filter(|user| !self.accounts.contains_key(user)) else { continue };
            if let Some(account) = live.account(user) {
                let role = Role::User { extension: None };
                self.accounts.insert(user, Some(Arc::new(Account { role, ..(*account).clone() })));
            }
        }
    }

    /// Puts a user at an extension; `false` = there is none.
    fn relink(
        &mut self,
        id: ExtensionId,
        live: &dyn Records,
        user: impl Fn(Option<AccountId>) -> Option<AccountId>,
    ) -> bool {
        let found = self.extensions.get(&id).cloned().unwrap_or_else(|| live.extension(id));
        let Some(found) = found else { return false };
        let linked = Extension { user: user(found.user), ..(*found).clone() };
        self.extensions.insert(id, Some(Arc::new(linked)));
        true
    }
}

fn new_user(id: AccountId, domain: DomainId) -> Account {
    Account {
        id,
        version: 0,
        domain,
        name: "".into(),
        full_name: "".into(),
        role: Role::User { extension: None },
        condition: Condition::Enabled,
        created_at: Timestamp::EPOCH,
        enabled_at: Timestamp::EPOCH,
        expires_at: None,
    }
}

const fn new_extension(id: ExtensionId, domain: DomainId) -> Extension {
    Extension { id, version: 0, domain, number: Number::NOBODY, user: None, created_at: Timestamp::EPOCH }
}

impl Records for Overlay<'_> {
    fn settings(&self) -> Arc<Settings> {
        self.layer.settings.clone().unwrap_or_else(|| self.live.settings())
    }

    fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.layer.domains.get(&id).cloned().or_else(|| self.live.domain(id))
    }

    fn domains(&self) -> Vec<Arc<Domain>> {
        let over = |domain: Arc<Domain>| self.layer.domains.get(&domain.id).cloned().unwrap_or(domain);
        self.live.domains().into_iter().map(over).collect()
    }

    fn domain_of_host(&self, host: &str) -> DomainId {
        self.live.domain_of_host(host)
    }

    fn document(&self, id: DocumentId) -> Option<Arc<Document>> {
        if let DocumentId::RightsGroup(group) = id
            && let Some(laid) = self.layer.groups.get(&group)
        {
            return laid.clone();
        }
        self.live.document(id)
    }

    fn service_users(&self) -> Vec<Arc<Account>> {
        let over = |account: Arc<Account>| match self.layer.accounts.get(&account.id) {
            Some(laid) => laid.clone(),
            None => Some(account),
        };
        self.live.service_users().into_iter().filter_map(over).collect()
    }

    fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>> {
        let mut documents = self.live.documents(kind);
        if kind == DocumentKind::RightsGroup {
            documents.retain(|document| {
                document.rights_group().is_none_or(|group| !self.layer.groups.contains_key(&group.id))
            });
            documents.extend(self.layer.groups.values().flatten().cloned());
        }
        documents
    }

    fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.layer.accounts.get(&id).cloned().unwrap_or_else(|| self.live.account(id))
    }

    fn account_named(&self, kind: RoleKind, domain: DomainId, name: &FoldedName) -> Option<Arc<Account>> {
        let is_it = |account: &&Arc<Account>| {
            account.kind() == kind && account.domain == domain && account.folded_name() == *name
        };
        let laid = self.layer.accounts.values().flatten().find(is_it).cloned();
        let beneath = || self.live.account_named(kind, domain, name);
        laid.or_else(|| beneath().filter(|account| !self.layer.accounts.contains_key(&account.id)))
    }

    fn activity(&self, id: AccountId) -> Activity {
        self.live.activity(id)
    }

    fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.layer.extensions.get(&id).cloned().unwrap_or_else(|| self.live.extension(id))
    }

    fn extension_numbered(&self, domain: DomainId, number: &Number) -> Option<Arc<Extension>> {
        let is_it = |found: &&Arc<Extension>| found.domain == domain && found.number == *number;
        let laid = self.layer.extensions.values().flatten().find(is_it).cloned();
        let beneath = || self.live.extension_numbered(domain, number);
        laid.or_else(|| beneath().filter(|found| !self.layer.extensions.contains_key(&found.id)))
    }

    fn credential(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.layer
            .credentials
            .get(&(owner, kind))
            .copied()
            .unwrap_or_else(|| self.live.credential(owner, kind))
    }

    fn holds_secret(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        // What was chosen since is sealed, and not looked into.
        !self.layer.credentials.contains_key(&(owner, kind)) && self.live.holds_secret(owner, kind, secret)
    }

    fn reporting(&self) -> Arc<Reporting> {
        self.live.reporting()
    }

    fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool {
        self.live.is_former(owner, kind, secret, last)
    }

    fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits> {
        let is_laid = self.layer.credentials.contains_key(&(owner, kind));
        if is_laid { None } else { self.live.traits(owner, kind, about) }
    }

    fn account_ids(&self) -> Vec<AccountId> {
        let mut ids = self.live.account_ids();
        ids.retain(|id| !self.layer.accounts.contains_key(id));
        ids.extend(self.layer.accounts.iter().filter(|(_, laid)| laid.is_some()).map(|(id, _)| *id));
        ids
    }

    fn extension_ids(&self) -> Vec<ExtensionId> {
        let mut ids = self.live.extension_ids();
        ids.retain(|id| !self.layer.extensions.contains_key(id));
        ids.extend(self.layer.extensions.iter().filter(|(_, laid)| laid.is_some()).map(|(id, _)| *id));
        ids
    }

    fn tally(&self, key: &TallyKey) -> Tally {
        self.live.tally(key)
    }

    fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey> {
        self.live.lanes_of(key)
    }

    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.live.session(id)
    }

    fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>> {
        self.live.sessions_of(account)
    }

    fn places(&self, extension: ExtensionId) -> Places {
        self.live.places(extension)
    }

    fn registration(&self, extension: ExtensionId) -> Option<Arc<Registration>> {
        self.live.registration(extension)
    }

    fn next_account(&self) -> AccountId {
        let made = self.layer.made.as_ref().map(|made| made.fetch_add(1, Ordering::Relaxed));
        made.map_or_else(|| self.live.next_account(), AccountId)
    }

    fn next_extension(&self) -> ExtensionId {
        let made = self.layer.made.as_ref().map(|made| made.fetch_add(1, Ordering::Relaxed));
        made.map_or_else(|| self.live.next_extension(), ExtensionId)
    }

    fn next_domain(&self) -> DomainId {
        self.live.next_domain()
    }
}
