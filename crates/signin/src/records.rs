//! Records: what those who decide may ask of the store. Reading only; changes are [`Effect`](crate::effect::Effect)s.

use std::sync::Arc;

use crate::{
    account::{Account, Activity, RoleKind, Status},
    credential::{About, CredentialFacts, CredentialKind, Owner, Traits, judge},
    document::{Document, DocumentId, DocumentKind},
    domain_codes::DomainCodes,
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    lockout::{Standing, Tally, TallyKey},
    mailbox::Mailbox,
    place::Places,
    policy::Settings,
    profile::Profile,
    registration::Registration,
    reporting::Reporting,
    rights::{Right, rights_of},
    secret::Secret,
    session::{Session, SessionId},
    timestamp::Timestamp,
};

/// What is known now. Every answer is a snapshot of one record.
pub trait Records {
    /// The settings.
    fn settings(&self) -> Arc<Settings>;
    /// Where things are reported, and for how long the audit is kept.
    fn reporting(&self) -> Arc<Reporting>;
    /// A domain.
    fn domain(&self, id: DomainId) -> Option<Arc<Domain>>;
    /// All domains, the first one first.
    fn domains(&self) -> Vec<Arc<Domain>>;
    /// The domain of a SIP host name, folded to lower case; unknown ones belong to the first.
    fn domain_of_host(&self, host: &str) -> DomainId;
    /// A document.
    fn document(&self, id: DocumentId) -> Option<Arc<Document>>;
    /// All service users: few, so all of them.
    fn service_users(&self) -> Vec<Arc<Account>>;
    /// All documents of a kind.
    fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>>;
    /// An account.
    fn account(&self, id: AccountId) -> Option<Arc<Account>>;
    /// An account by its name.
    fn account_named(&self, kind: RoleKind, domain: DomainId, name: &FoldedName) -> Option<Arc<Account>>;
    /// What its dates say.
    fn activity(&self, id: AccountId) -> Activity;
    /// An extension.
    fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>>;
    /// An extension by its number.
    fn extension_numbered(&self, domain: DomainId, number: &Number) -> Option<Arc<Extension>>;
    /// What may be told about a credential; `None` = not set.
    fn credential(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts>;
    /// Whether a credential was made from this secret: for those who set secrets. Costs a hash for passwords, and counts
    /// nothing: never an answer for whoever signs in.
    fn holds_secret(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool;
    /// Where the right secret of an extension was shown.
    fn places(&self, extension: ExtensionId) -> Places;
    /// Whether this was one of the last so many secrets before the present one. Costs a hash for each of them where they are
    /// passwords: for those who set secrets, like [`holds_secret`](Self::holds_secret).
    fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool;
    /// What the rules look at in the present secret; `None` = none is set, or nobody knows.
    fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits>;
    /// Every account.
    fn account_ids(&self) -> Vec<AccountId>;
    /// Every extension.
    fn extension_ids(&self) -> Vec<ExtensionId>;
    /// A count; the empty one when there is none.
    fn tally(&self, key: &TallyKey) -> Tally;
    /// The counts of the same name where it is known, those that hold something.
    fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey>;
    /// A session.
    fn session(&self, id: SessionId) -> Option<Arc<Session>>;
    /// The sessions of an account, open or not yet swept.
    fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>>;
    /// The phones of an extension.
    fn registration(&self, extension: ExtensionId) -> Option<Arc<Registration>>;
    /// A number no account ever had; another one at each call.
    fn next_account(&self) -> AccountId;
    /// A number no extension ever had; another one at each call.
    fn next_extension(&self) -> ExtensionId;
    /// A number no domain ever had; another one at each call.
    fn next_domain(&self) -> DomainId;

    /// The mailbox of a user; whether there is such a user is another question.
    fn mailbox(&self, account: AccountId) -> Mailbox {
        let document = self.document(DocumentId::Mailbox(account));
        let mailbox = document.and_then(|document| document.mailbox().cloned());
        mailbox.unwrap_or_else(|| Mailbox::untouched(account))
    }

    /// Whom somebody means who signs in: an account by its name; a user, where nobody is called so, by their extension.
    fn account_claimed(&self, kind: RoleKind, domain: DomainId, typed: &str) -> Option<Arc<Account>> {
        let numbered = || {
            let number = Number::parse(typed).filter(|_| kind == RoleKind::User)?;
            let user = self.extension_numbered(domain, &number)?.user?;
            self.account(user)
        };
        self.account_named(kind, domain, &FoldedName::of(typed)).or_else(numbered)
    }

    /// What somebody has chosen; whether there is such an account is another question.
    fn profile(&self, account: AccountId) -> Profile {
        let document = self.document(DocumentId::Profile(account));
        let profile = document.and_then(|document| document.profile().cloned());
        profile.unwrap_or_else(|| Profile::untouched(account))
    }

    /// What was chosen of the short codes of a domain.
    fn short_codes(&self, domain: DomainId) -> DomainCodes {
        let document = self.document(DocumentId::ShortCodes(domain));
        let codes = document.and_then(|document| document.short_codes().cloned());
        codes.unwrap_or_else(|| DomainCodes::untouched(domain))
    }

    /// The rights of an account: the union of its groups'.
    fn rights_of(&self, account: &Account) -> Vec<Right> {
        rights_of(account, |id| {
            let document = self.document(DocumentId::RightsGroup(id))?;
            document.rights_group().map(|group| group.rights.clone())
        })
    }

    /// The counts that lock an account: its password's, by its name and by its number, and its extension's.
    fn counts_of(&self, account: &Account) -> Vec<TallyKey> {
        let kind = account.kind().password();
        let mut counts = vec![TallyKey::credential(kind, account)];
        if let Some(extension) = account.extension().and_then(|id| self.extension(id)) {
            counts.extend([TallyKey::numbered(kind, &extension), TallyKey::extension(&extension)]);
        }
        counts
    }

    /// Whether an account's password, if it is known what it is like, breaks a rule of these settings.
    fn is_outdated(&self, account: &Account, settings: &Settings) -> bool {
        let kind = account.kind().password();
        let traits = self.traits(Owner::Account(account.id), kind, &About::default());
        traits.is_some_and(|traits| judge(kind, &traits, (kind.row().rules)(settings), false).is_err())
    }

    /// Whether a credential breaks the rules of today, whoever set it: that codes of administrators may be exempt makes none
    /// of them strong. `None` = none is set, or nobody knows what it is like.
    fn is_weak(&self, owner: Owner, kind: CredentialKind) -> Option<bool> {
        let settings = self.settings();
        let (account, extension) = match owner {
            Owner::Account(id) => {
                let account = self.account(id)?;
                let extension = account.extension().and_then(|id| self.extension(id));
                (Some(account), extension)
            }
            Owner::Extension(id) => (None, self.extension(id)),
            Owner::Domain(_) => (None, None),
        };
        let about = About {
            name: account.as_ref().map_or("", |account| &account.name),
            full_name: account.as_ref().map_or("", |account| &account.full_name),
            number: extension.as_ref().map_or("", |extension| extension.number.as_str()),
            system: &settings.system_name,
            patterns_waived: false,
        };
        let traits = self.traits(owner, kind, &about)?;
        Some(judge(kind, &traits, (kind.row().rules)(&settings), false).is_err())
    }

    /// The state of an account for those who look at it from outside, whichever count locks it.
    fn status_of(&self, account: &Account, now: Timestamp) -> Status {
        self.status_under(&self.settings(), account, now)
    }

    /// The same under other rules.
    fn status_under(&self, settings: &Settings, account: &Account, now: Timestamp) -> Status {
        let counts = self.counts_of(account);
        let mut standings =
            counts.iter().map(|key| self.tally(key).standing(settings.lock_rule(key.scope), now));
        let locked = standings.find(|standing| matches!(standing, Standing::Locked { .. }));
        let standing = locked.unwrap_or(Standing::Open);
        let facts = self.credential(Owner::Account(account.id), account.kind().password());
        let ages = settings.ages_of(account.kind());
        let set_at = facts.map(|facts| facts.set_at);
        let status = account.status(standing, &self.activity(account.id), set_at, ages, now);
        status.with_outdated(self.is_outdated(account, settings))
    }
}
