//! The plan of a commit: whether its effects may happen on top of what is in memory, and what then changes on
//! disk and in memory. Looking only; nothing changes until the rows rest on disk.

mod calls;
mod checks;
mod reporting;
mod sessions;

use hashbrown::{HashMap, HashSet};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use signin::{
    account::{Account, Activity},
    alarm::AlarmChange,
    audit::AuditEvent,
    call_log::CallEntry,
    credential::{Credential, CredentialFacts, CredentialKind, KINDS, Owner},
    dice::Dice,
    document::{Document, DocumentId, DocumentKind},
    effect::{Effect, Seen},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, TargetId},
    lockout::TallyKey,
    mailbox::RecordingId,
    policy::Settings,
    registration::{Quarantined, Registration},
    reporting::Reporting,
    secret::SecretBytes,
    session::{Session, SessionId},
    timestamp::Timestamp,
};

use crate::{
    calls::draft_forgetting,
    engine::RowKey,
    error::{CommitError, StoreError},
    former::{self, KeptFormer},
    holdings::Holdings,
    keyring::encode,
    rows,
    scribe::Draft,
};

/// What a plan looked at or changes, so that two plans that meddle with each other never share a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Touch {
    Settings,
    Reporting,
    Domains,
    Documents(DocumentKind),
    Document(DocumentId),
    Account(AccountId),
    Name(DomainId, FoldedName),
    Extension(ExtensionId),
    Number(DomainId, Box<str>),
    Credential(Owner, CredentialKind),
    Sessions(AccountId),
    Tally(TallyKey),
}

/// One change of memory.
pub(crate) enum Act {
    Settings(Arc<Settings>),
    Reporting(Arc<Reporting>),
    Domain(Domain),
    DropDomain(DomainId),
    Document(Document),
    DropDocument(DocumentId),
    Account(Account),
    DropAccount(AccountId),
    Activity(AccountId, Activity),
    NoteFailure(AccountId),
    Extension(Extension),
    DropExtension(ExtensionId),
    Credential(Owner, CredentialKind, Box<[u8]>, CredentialFacts),
    Facts(Owner, CredentialKind, CredentialFacts),
    DropCredential(Owner, CredentialKind),
    Former(Owner, CredentialKind, KeptFormer),
    ForgetFormer(Owner, CredentialKind),
    KnowPlace(ExtensionId, IpAddr, Timestamp),
    KeptTally(TallyKey),
    ClearTally(TallyKey),
    Session(Session),
    Touch(SessionId, Timestamp),
    DropSession(SessionId),
    Registration(Registration),
    LogOut(ExtensionId, Option<Box<str>>),
    Quarantine(u64, Quarantined),
    Release(ExtensionId),
    Alarm(AlarmChange),
    Delivered(TargetId, Option<u64>),
    NoteCall(AccountId, CallEntry),
    ForgetCalls(AccountId, u64),
    Recorded,
    Audited,
}

impl Act {
    /// Whether a secret that was wrong before may be right after it.
    pub(crate) const fn may_make_right(&self) -> bool {
        match self {
            Self::Settings(_)
            | Self::Domain(_)
            | Self::DropDomain(_)
            | Self::Account(_)
            | Self::DropAccount(_)
            | Self::Extension(_)
            | Self::DropExtension(_)
            | Self::Credential(..)
            | Self::Facts(..)
            | Self::DropCredential(..) => true,
            Self::Activity(..)
            | Self::NoteFailure(_)
            | Self::Former(..)
            | Self::ForgetFormer(..)
            | Self::Reporting(_)
            | Self::Alarm(_)
            | Self::Delivered(..)
            | Self::NoteCall(..)
            | Self::ForgetCalls(..)
            | Self::Recorded
            | Self::KnowPlace(..)
            | Self::Document(_)
            | Self::DropDocument(_)
            | Self::KeptTally(_)
            | Self::ClearTally(_)
            | Self::Session(_)
            | Self::Touch(..)
            | Self::DropSession(_)
            | Self::Registration(_)
            | Self::LogOut(..)
            | Self::Quarantine(..)
            | Self::Release(_)
            | Self::Audited => false,
        }
    }
}

/// What is to be done.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) draft: Draft,
    pub(crate) acts: Vec<Act>,
}

/// Works out a plan.
pub(crate) struct Planner<'a> {
    holdings: &'a Holdings,
    dice: &'a mut dyn Dice,
    plan: Plan,
    /// Seen (`false`) or changed (`true`).
    pub(crate) touches: HashMap<Touch, bool>,
    settings: Option<u32>,
    reporting: Option<u32>,
    domains: HashMap<DomainId, Option<Domain>>,
    documents: BTreeMap<DocumentId, Option<Document>>,
    /// Bodies of recordings, sealed.
    recordings: BTreeMap<(AccountId, RecordingId), String>,
    accounts: HashMap<AccountId, Option<Account>>,
    extensions: HashMap<ExtensionId, Option<Extension>>,
    owners: Vec<(Owner, CredentialKind)>,
    opened: HashMap<AccountId, usize>,
    closed: HashSet<SessionId>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(holdings: &'a Holdings, dice: &'a mut dyn Dice) -> Self {
        Self {
            holdings,
            dice,
            plan: Plan::default(),
            touches: HashMap::new(),
            settings: None,
            reporting: None,
            domains: HashMap::new(),
            documents: BTreeMap::new(),
            recordings: BTreeMap::new(),
            accounts: HashMap::new(),
            extensions: HashMap::new(),
            owners: Vec::new(),
            opened: HashMap::new(),
            closed: HashSet::new(),
        }
    }

    /// Plans all of the effects.
    pub(crate) fn plan(&mut self, effects: &[Effect]) -> Result<Plan, CommitError> {
        for effect in effects {
            self.effect(effect)?;
        }
        self.unlink_deleted()?;
        self.drop_documents_of_deleted();
        self.check_domains()?;
        self.check_documents()?;
        self.check_accounts()?;
        self.check_extensions()?;
        self.check_owners()?;
        self.check_recordings()?;
        self.write_records()?;
        Ok(std::mem::take(&mut self.plan))
    }

    fn effect(&mut self, effect: &Effect) -> Result<(), CommitError> {
        match effect {
            Effect::PutSettings(settings) => self.put_settings(settings)?,
            Effect::PutReporting(reporting) => self.put_reporting(reporting)?,
            Effect::PutDomain(domain) => self.put_domain(domain)?,
            Effect::DeleteDomain(id) => self.delete_domain(*id)?,
            Effect::PutDocument(document) => self.put_document(document)?,
            Effect::DeleteDocument(id) => self.delete_document(*id)?,
            Effect::PutRecording(account, id, sound) => self.put_recording(*account, *id, sound)?,
            // Noted like a failure: on disk a moment later.
            Effect::NoteCall(account, entry) => {
                self.plan.acts.push(Act::NoteCall(*account, entry.clone()));
            }
            Effect::ForgetCalls(account) => {
                let page = self.holdings.call_logs.page_of_forgetting();
                let masters = &self.holdings.masters;
                draft_forgetting(page, *account, masters, &mut *self.dice, &mut self.plan.draft)
                    .map_err(CommitError::Store)?;
                self.plan.draft.delete(rows::call_log_key(*account));
                self.plan.acts.push(Act::ForgetCalls(*account, page));
            }
            Effect::PutAccount(account) => self.put_account(account)?,
            Effect::DeleteAccount(id) => self.delete_account(*id)?,
            Effect::PutActivity(id, activity) => {
                // Somebody signs in while being deleted: nothing to note.
                if self.account(*id).is_some() {
                    self.put(rows::activity_key(*id), activity)?;
                    self.plan.acts.push(Act::Activity(*id, *activity));
                }
            }
            // Noted in memory with the rest, and on disk a moment later: that an account has this name must not show in
            // how long a refusal takes.
            Effect::NoteFailure(id) => self.plan.acts.push(Act::NoteFailure(*id)),
            Effect::PutExtension(extension) => self.put_extension(extension)?,
            Effect::DeleteExtension(id) => self.delete_extension(*id)?,
            Effect::PutCredential(credential) => self.put_credential(credential)?,
            Effect::PutCredentialFacts(owner, kind, facts) => {
                self.touch(Touch::Credential(*owner, *kind), false);
                if self.is_set(*owner, *kind) {
                    self.put(rows::facts_key(*owner, *kind), facts)?;
                    self.plan.acts.push(Act::Facts(*owner, *kind, *facts));
                }
            }
            Effect::DeleteCredential(owner, kind) => {
                self.touch(Touch::Credential(*owner, *kind), true);
                if !self.is_set(*owner, *kind) {
                    return Err(CommitError::missing(format!("the {}", kind.row().name)));
                }
                self.owners.retain(|set| *set != (*owner, *kind));
                self.drop_credential_rows(*owner, *kind);
                self.plan.acts.push(Act::DropCredential(*owner, *kind));
            }
            Effect::ForgetFormer(owner, kind) => {
                self.touch(Touch::Credential(*owner, *kind), true);
                self.drop_former_rows(*owner, *kind);
                self.plan.acts.push(Act::ForgetFormer(*owner, *kind));
            }
            // Noted like a failure: on disk a moment later.
            Effect::KnowPlace(id, from, at) => self.plan.acts.push(Act::KnowPlace(*id, *from, *at)),
            Effect::KeepTally(key) => {
                self.touch(Touch::Tally(key.clone()), false);
                match self.holdings.counts.row_of(key) {
                    Some(tally) => self.put(rows::tally_key(key), &tally)?,
                    None => self.plan.draft.delete(rows::tally_key(key)),
                }
                self.plan.acts.push(Act::KeptTally(key.clone()));
            }
            Effect::ClearTally(key) => {
                let lanes = if key.lane.is_open() { self.holdings.counts.lanes_of(key) } else { Vec::new() };
                for key in std::iter::once(key.clone()).chain(lanes) {
                    self.touch(Touch::Tally(key.clone()), true);
                    self.plan.draft.delete(rows::tally_key(&key));
                    self.plan.acts.push(Act::ClearTally(key));
                }
            }
            Effect::OpenSession(new) => self.open_session(new)?,
            Effect::TouchSession(id, at) => self.touch_session(*id, *at)?,
            Effect::CloseSession(id) => {
                if let Some(session) = self.holdings.sessions.get(id) {
                    self.touch(Touch::Sessions(session.account), true);
                }
                self.close_session(*id);
            }
            Effect::CloseSessions(account, except) => {
                self.touch(Touch::Sessions(*account), true);
                for id in self.holdings.session_ids(*account) {
                    if Some(id) != *except {
                        self.close_session(id);
                    }
                }
            }
            Effect::PutRegistration(registration) => self.put_registration(registration)?,
            Effect::LogOut(extension, contact) => self.log_out(*extension, contact.as_deref())?,
            Effect::Quarantine(quarantined) => {
                if self.extension(quarantined.extension).is_some() {
                    let place = self.holdings.quarantine_place();
                    self.put(rows::quarantine_key(place), quarantined)?;
                    self.plan.acts.push(Act::Quarantine(place, quarantined.clone()));
                }
            }
            Effect::ReleaseQuarantine(extension) => self.release(*extension),
            Effect::Unchanged(seen) => self.unchanged(seen)?,
            Effect::Alarm(change) => self.plan.acts.push(Act::Alarm(change.clone())),
            Effect::Delivered(target, seq) => self.plan.acts.push(Act::Delivered(*target, *seq)),
            Effect::Audit(event) => self.audit(event),
            Effect::CutAudit(cut) => self.plan.draft.cut_audit(*cut),
        }
        Ok(())
    }

    fn touch(&mut self, touch: Touch, is_change: bool) {
        *self.touches.entry(touch).or_insert(false) |= is_change;
    }

    fn put(&mut self, key: RowKey, body: &impl serde::Serialize) -> Result<(), StoreError> {
        self.plan.draft.put(key, encode(body)?);
        Ok(())
    }

    fn audit(&mut self, event: &AuditEvent) {
        self.plan.draft.audit(event.clone());
        self.plan.acts.push(Act::Audited);
    }

    // What there will be once the effects so far have happened.

    fn account(&mut self, id: AccountId) -> Option<Account> {
        self.touch(Touch::Account(id), false);
        match self.accounts.get(&id) {
            Some(planned) => planned.clone(),
            None => self.holdings.account(id).map(Arc::unwrap_or_clone),
        }
    }

    fn extension(&mut self, id: ExtensionId) -> Option<Extension> {
        self.touch(Touch::Extension(id), false);
        match self.extensions.get(&id) {
            Some(planned) => planned.clone(),
            None => self.holdings.extension(id).map(Arc::unwrap_or_clone),
        }
    }

    fn domain(&mut self, id: DomainId) -> Option<Domain> {
        self.touch(Touch::Domains, false);
        match self.domains.get(&id) {
            Some(planned) => planned.clone(),
            None => self.holdings.domain(id).map(Arc::unwrap_or_clone),
        }
    }

    fn is_set(&self, owner: Owner, kind: CredentialKind) -> bool {
        self.owners.contains(&(owner, kind)) || self.holdings.facts(owner, kind).is_some()
    }

    /// Whether what was planned on is still so, as it stands before this commit.
    fn unchanged(&mut self, seen: &Seen) -> Result<(), CommitError> {
        let is_so = match seen {
            Seen::Account(id, version) => {
                self.touch(Touch::Account(*id), false);
                self.holdings.account(*id).is_some_and(|account| account.version == *version)
            }
            Seen::Extension(id, version) => {
                self.touch(Touch::Extension(*id), false);
                self.holdings.extension(*id).is_some_and(|extension| extension.version == *version)
            }
            Seen::Document(id, version) => {
                self.touch(touch_of(*id), false);
                self.holdings.document(*id).is_some_and(|document| document.version() == *version)
            }
            Seen::Credential(owner, kind, set_at) => {
                self.touch(Touch::Credential(*owner, *kind), false);
                self.holdings.facts(*owner, *kind).map(|facts| facts.set_at) == *set_at
            }
        };
        if is_so {
            Ok(())
        } else {
            Err(CommitError::conflict("what this was planned on was changed meanwhile"))
        }
    }

    // Effects

    fn put_settings(&mut self, settings: &Settings) -> Result<(), CommitError> {
        self.touch(Touch::Settings, true);
        let before = self.settings.unwrap_or_else(|| self.holdings.settings.load().version);
        follows("the settings", Some(before), settings.version)?;
        self.settings = Some(settings.version);
        self.put(rows::settings_key(), settings)?;
        self.plan.acts.push(Act::Settings(Arc::new(settings.clone())));
        Ok(())
    }

    fn put_domain(&mut self, domain: &Domain) -> Result<(), CommitError> {
        let before = self.domain(domain.id);
        self.touch(Touch::Domains, true);
        follows("the domain", before.map(|before| before.version), domain.version)?;
        self.domains.insert(domain.id, Some(domain.clone()));
        Ok(())
    }

    fn delete_domain(&mut self, id: DomainId) -> Result<(), CommitError> {
        if id == DomainId::FIRST {
            return Err(CommitError::conflict("the first domain cannot be removed"));
        }
        self.domain(id).ok_or_else(|| CommitError::missing("the domain"))?;
        self.touch(Touch::Domains, true);
        self.domains.insert(id, None);
        Ok(())
    }

    fn document(&mut self, id: DocumentId) -> Option<Arc<Document>> {
        self.touch(touch_of(id), false);
        match self.documents.get(&id) {
            Some(planned) => planned.clone().map(Arc::new),
            None => self.holdings.document(id),
        }
    }

    fn put_document(&mut self, document: &Document) -> Result<(), CommitError> {
        let before = self.document(document.id());
        self.touch(touch_of(document.id()), true);
        let what = format!("the {}", document.id().kind().title());
        follows(&what, before.map(|before| before.version()), document.version())?;
        self.documents.insert(document.id(), Some(document.clone()));
        Ok(())
    }

    fn delete_document(&mut self, id: DocumentId) -> Result<(), CommitError> {
        self.document(id).ok_or_else(|| CommitError::missing(format!("the {}", id.kind().title())))?;
        self.touch(touch_of(id), true);
        self.documents.insert(id, None);
        Ok(())
    }

    fn put_account(&mut self, account: &Account) -> Result<(), CommitError> {
        let before = self.account(account.id);
        self.touch(Touch::Account(account.id), true);
        if before.as_ref().is_some_and(|b| (b.kind(), b.domain) != (account.kind(), account.domain)) {
            return Err(CommitError::conflict("an account keeps its kind and its domain"));
        }
        follows("the account", before.map(|before| before.version), account.version)?;
        self.accounts.insert(account.id, Some(account.clone()));
        Ok(())
    }

    fn delete_account(&mut self, id: AccountId) -> Result<(), CommitError> {
        self.account(id).ok_or_else(|| CommitError::missing("the account"))?;
        self.touch(Touch::Account(id), true);
        self.touch(Touch::Sessions(id), true);
        self.accounts.insert(id, None);
        Ok(())
    }

    fn put_extension(&mut self, extension: &Extension) -> Result<(), CommitError> {
        let before = self.extension(extension.id);
        self.touch(Touch::Extension(extension.id), true);
        if before.as_ref().is_some_and(|before| before.domain != extension.domain) {
            return Err(CommitError::conflict("an extension keeps its domain"));
        }
        follows("the extension", before.map(|before| before.version), extension.version)?;
        self.extensions.insert(extension.id, Some(extension.clone()));
        Ok(())
    }

    fn delete_extension(&mut self, id: ExtensionId) -> Result<(), CommitError> {
        self.extension(id).ok_or_else(|| CommitError::missing("the extension"))?;
        self.touch(Touch::Extension(id), true);
        self.extensions.insert(id, None);
        Ok(())
    }

    fn put_credential(&mut self, credential: &Credential) -> Result<(), CommitError> {
        let (owner, kind) = (credential.owner, credential.kind);
        self.touch(Touch::Credential(owner, kind), true);
        self.keep_former(credential)?;
        let key = rows::credential_key(owner, kind);
        let sealed = self.seal(&key, &credential.payload)?;
        self.plan.draft.put(key, rows::sealed_body(&sealed)?);
        self.put(rows::facts_key(owner, kind), &credential.facts)?;
        self.owners.push((owner, kind));
        self.plan.acts.push(Act::Credential(owner, kind, sealed.into(), credential.facts));
        Ok(())
    }

    fn seal(&mut self, key: &RowKey, clear: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        let sealed = self.holdings.masters.seal(&key.key, clear, self.dice);
        sealed.ok_or_else(|| StoreError::Engine("the cipher refused to seal".into()))
    }

    /// Keeps what a credential takes the place of: phones that are not told of the new one go on showing it.
    fn keep_former(&mut self, new: &Credential) -> Result<(), CommitError> {
        let (owner, kind) = (new.owner, new.kind);
        let Some(payload) = self.holdings.replaced_by(owner, kind).filter(|payload| *payload != new.payload)
        else {
            return Ok(());
        };
        let places = former::places(&self.holdings.settings.load(), kind);
        if places == 0 {
            return Ok(());
        }
        let kept = self.holdings.formers(owner, kind);
        let (slot, replaced_at) = (former::next_slot(&kept, places), new.facts.set_at);
        let key = rows::former_key((owner, kind, slot));
        let sealed = self.seal(&key, &former::written(replaced_at, &payload))?;
        self.plan.draft.put(key, rows::sealed_body(&sealed)?);
        let kept = KeptFormer { slot, replaced_at, sealed: sealed.into() };
        self.plan.acts.push(Act::Former(owner, kind, kept));
        Ok(())
    }

    fn put_registration(&mut self, registration: &Registration) -> Result<(), CommitError> {
        let id = registration.extension;
        let key = rows::registration_key(id);
        if registration.bindings.is_empty() || self.extension(id).is_none() {
            self.plan.draft.delete(key);
        } else {
            self.put(key, registration)?;
        }
        self.plan.acts.push(Act::Registration(registration.clone()));
        Ok(())
    }

    fn log_out(&mut self, id: ExtensionId, contact: Option<&str>) -> Result<(), CommitError> {
        let key = rows::registration_key(id);
        let bindings = self.holdings.registration(id).map(|found| found.left_without(contact));
        match bindings.filter(|bindings| !bindings.is_empty()) {
            Some(bindings) => self.put(key, &Registration { extension: id, bindings })?,
            None => self.plan.draft.delete(key),
        }
        self.plan.acts.push(Act::LogOut(id, contact.map(Box::from)));
        Ok(())
    }

    fn release(&mut self, extension: ExtensionId) {
        for place in self.holdings.quarantined_places(extension) {
            self.plan.draft.delete(rows::quarantine_key(place));
        }
        self.plan.acts.push(Act::Release(extension));
    }

    fn drop_credential_rows(&mut self, owner: Owner, kind: CredentialKind) {
        self.plan.draft.delete(rows::credential_key(owner, kind));
        self.plan.draft.delete(rows::facts_key(owner, kind));
        self.drop_former_rows(owner, kind);
    }

    fn drop_former_rows(&mut self, owner: Owner, kind: CredentialKind) {
        for former in self.holdings.formers(owner, kind) {
            self.plan.draft.delete(rows::former_key((owner, kind, former.slot)));
        }
    }

    // Records with versions are written as they stand at the end, and before whatever else the plan changes.

    fn write_records(&mut self) -> Result<(), CommitError> {
        let mut acts = Vec::new();
        for (id, planned) in std::mem::take(&mut self.domains) {
            match planned {
                Some(domain) => {
                    self.put(rows::domain_key(id), &domain)?;
                    acts.push(Act::Domain(domain));
                }
                None => {
                    self.drop_domain_rows(id);
                    acts.push(Act::DropDomain(id));
                }
            }
        }
        for (id, planned) in std::mem::take(&mut self.documents) {
            match planned {
                Some(document) => {
                    self.put(rows::document_key(id), &document)?;
                    acts.push(Act::Document(document));
                }
                None => {
                    self.plan.draft.delete(rows::document_key(id));
                    acts.push(Act::DropDocument(id));
                }
            }
        }
        for (id, planned) in std::mem::take(&mut self.extensions) {
            match planned {
                Some(extension) => {
                    self.put(rows::extension_key(id), &extension)?;
                    acts.push(Act::Extension(extension));
                }
                None => {
                    self.drop_extension_rows(id);
                    acts.push(Act::DropExtension(id));
                }
            }
        }
        for (id, planned) in std::mem::take(&mut self.accounts) {
            match planned {
                Some(account) => {
                    self.put(rows::account_key(id), &account)?;
                    acts.push(Act::Account(account));
                }
                None => {
                    self.drop_account_rows(id);
                    acts.push(Act::DropAccount(id));
                }
            }
        }
        acts.append(&mut self.plan.acts);
        self.plan.acts = acts;
        Ok(())
    }

    fn drop_account_rows(&mut self, id: AccountId) {
        self.plan.draft.delete(rows::account_key(id));
        self.plan.draft.delete(rows::activity_key(id));
        self.plan.draft.delete(rows::call_log_key(id));
        for row in &KINDS {
            self.drop_credential_rows(Owner::Account(id), row.kind);
        }
        for session in self.holdings.session_ids(id) {
            self.plan.draft.delete(rows::session_key(session));
        }
    }

    fn drop_domain_rows(&mut self, id: DomainId) {
        self.plan.draft.delete(rows::domain_key(id));
        for row in &KINDS {
            self.drop_credential_rows(Owner::Domain(id), row.kind);
        }
    }

    fn drop_extension_rows(&mut self, id: ExtensionId) {
        self.plan.draft.delete(rows::extension_key(id));
        self.plan.draft.delete(rows::registration_key(id));
        self.plan.draft.delete(rows::places_key(id));
        for row in &KINDS {
            self.drop_credential_rows(Owner::Extension(id), row.kind);
        }
        for place in self.holdings.quarantined_places(id) {
            self.plan.draft.delete(rows::quarantine_key(place));
        }
    }
}

/// What a document meddles with: itself where it is looked at alone, all of its kind where it is looked at beside them.
const fn touch_of(id: DocumentId) -> Touch {
    let kind = id.kind();
    if kind.is_of_one() { Touch::Document(id) } else { Touch::Documents(kind) }
}

/// A record follows the one before it, or is the first.
fn follows(what: &str, before: Option<u32>, version: u32) -> Result<(), CommitError> {
    let expected = before.map_or(1, |before| before.saturating_add(1));
    match before {
        _ if version == expected => Ok(()),
        None if version > 1 => Err(CommitError::missing(what)),
        _ => Err(CommitError::conflict(format!("{what} is at version {}", expected.saturating_sub(1)))),
    }
}
