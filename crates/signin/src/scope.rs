//! Records as far as somebody's hand reaches. Who administers one domain sees that domain's people, extensions, secrets,
//! counts and sessions; of what belongs to others there is nothing, not even a difference between what is there and what
//! never was. What belongs to the installation as a whole (rules, rights groups) is the same for all.

use std::sync::Arc;

use crate::{
    account::{Account, Activity, RoleKind},
    credential::{About, CredentialFacts, CredentialKind, Owner, Traits},
    document::{Document, DocumentId, DocumentKind},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    lockout::{Tally, TallyKey},
    place::Places,
    policy::Settings,
    records::Records,
    registration::Registration,
    reporting::Reporting,
    secret::Secret,
    session::{Session, SessionId},
};

/// Records, all of them or those of one domain.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    all: &'a dyn Records,
    within: Option<DomainId>,
}

impl<'a> Scope<'a> {
    /// Everything.
    pub const fn whole(all: &'a dyn Records) -> Self {
        Self { all, within: None }
    }

    /// What one domain has, where one is named; else everything.
    pub const fn of(all: &'a dyn Records, within: Option<DomainId>) -> Self {
        Self { all, within }
    }

    fn reaches(&self, domain: DomainId) -> bool {
        self.within.is_none_or(|within| within == domain)
    }

    fn reaches_account(&self, id: AccountId) -> bool {
        self.within.is_none() || self.account(id).is_some()
    }

    fn reaches_extension(&self, id: ExtensionId) -> bool {
        self.within.is_none() || self.extension(id).is_some()
    }

    fn reaches_owner(&self, owner: Owner) -> bool {
        match owner {
            Owner::Account(id) => self.reaches_account(id),
            Owner::Extension(id) => self.reaches_extension(id),
            Owner::Domain(id) => self.reaches(id),
        }
    }

    fn reaches_document(&self, document: &Document) -> bool {
        match document {
            Document::RightsGroup(_) => true,
            Document::Draft(draft) => self.reaches_account(draft.owner),
            Document::ApiToken(token) => self.reaches_account(token.account),
            Document::Seat(seat) => self.reaches_extension(seat.extension),
            Document::Desk(desk) => self.reaches_account(desk.account),
            Document::Mailbox(mailbox) => self.reaches_account(mailbox.account),
            Document::ShortCodes(codes) => self.reaches(codes.domain),
            Document::Profile(profile) => self.reaches_account(profile.account),
        }
    }
}

impl Records for Scope<'_> {
    fn settings(&self) -> Arc<Settings> {
        self.all.settings()
    }

    fn reporting(&self) -> Arc<Reporting> {
        self.all.reporting()
    }

    fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.all.domain(id).filter(|domain| self.reaches(domain.id))
    }

    fn domains(&self) -> Vec<Arc<Domain>> {
        let mut domains = self.all.domains();
        domains.retain(|domain| self.reaches(domain.id));
        domains
    }

    fn domain_of_host(&self, host: &str) -> DomainId {
        self.within.unwrap_or_else(|| self.all.domain_of_host(host))
    }

    fn document(&self, id: DocumentId) -> Option<Arc<Document>> {
        self.all.document(id).filter(|document| self.reaches_document(document))
    }

    fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>> {
        let mut documents = self.all.documents(kind);
        documents.retain(|document| self.reaches_document(document));
        documents
    }

    fn service_users(&self) -> Vec<Arc<Account>> {
        let mut accounts = self.all.service_users();
        accounts.retain(|account| self.reaches(account.domain));
        accounts
    }

    fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.all.account(id).filter(|account| self.reaches(account.domain))
    }

    fn account_named(&self, kind: RoleKind, domain: DomainId, name: &FoldedName) -> Option<Arc<Account>> {
        if self.reaches(domain) { self.all.account_named(kind, domain, name) } else { None }
    }

    fn activity(&self, id: AccountId) -> Activity {
        if self.reaches_account(id) { self.all.activity(id) } else { Activity::default() }
    }

    fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.all.extension(id).filter(|extension| self.reaches(extension.domain))
    }

    fn extension_numbered(&self, domain: DomainId, number: &Number) -> Option<Arc<Extension>> {
        if self.reaches(domain) { self.all.extension_numbered(domain, number) } else { None }
    }

    fn credential(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        if self.reaches_owner(owner) { self.all.credential(owner, kind) } else { None }
    }

    fn holds_secret(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        self.reaches_owner(owner) && self.all.holds_secret(owner, kind, secret)
    }

    fn places(&self, extension: ExtensionId) -> Places {
        if self.reaches_extension(extension) { self.all.places(extension) } else { Places::default() }
    }

    fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool {
        self.reaches_owner(owner) && self.all.is_former(owner, kind, secret, last)
    }

    fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits> {
        if self.reaches_owner(owner) { self.all.traits(owner, kind, about) } else { None }
    }

    fn account_ids(&self) -> Vec<AccountId> {
        let mut ids = self.all.account_ids();
        ids.retain(|id| self.reaches_account(*id));
        ids
    }

    fn extension_ids(&self) -> Vec<ExtensionId> {
        let mut ids = self.all.extension_ids();
        ids.retain(|id| self.reaches_extension(*id));
        ids
    }

    fn tally(&self, key: &TallyKey) -> Tally {
        if self.within.is_none_or(|within| key.is_within(within)) {
            self.all.tally(key)
        } else {
            Tally::default()
        }
    }

    fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey> {
        if self.within.is_none_or(|within| key.is_within(within)) {
            self.all.lanes_of(key)
        } else {
            Vec::new()
        }
    }

    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.all.session(id).filter(|session| self.reaches_account(session.account))
    }

    fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>> {
        if self.reaches_account(account) { self.all.sessions_of(account) } else { Vec::new() }
    }

    fn registration(&self, extension: ExtensionId) -> Option<Arc<Registration>> {
        if self.reaches_extension(extension) { self.all.registration(extension) } else { None }
    }

    fn next_account(&self) -> AccountId {
        self.all.next_account()
    }

    fn next_extension(&self) -> ExtensionId {
        self.all.next_extension()
    }

    fn next_domain(&self) -> DomainId {
        self.all.next_domain()
    }
}
