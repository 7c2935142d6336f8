//! What must hold at the end of a plan: names and numbers that are unique, nothing that points at what is not there.

use hashbrown::HashSet;
use signin::{
    account::{Account, Role},
    credential::{CredentialKind, Owner},
    document::DocumentKind,
    extension::Extension,
    ident::{AccountId, ExtensionId},
};

use super::{Planner, Touch};
use crate::{error::CommitError, holdings::may_own};

impl Planner<'_> {
    /// Whoever points at somebody deleted points at nobody.
    pub(super) fn unlink_deleted(&mut self) -> Result<(), CommitError> {
        let accounts: Vec<AccountId> =
            self.accounts.iter().filter(|(_, planned)| planned.is_none()).map(|(id, _)| *id).collect();
        for id in accounts {
            let extension = self.holdings.account(id).and_then(|account| account.extension());
            if let Some(mut extension) = extension.and_then(|extension| self.extension(extension))
                && extension.user == Some(id)
            {
                extension.user = None;
                extension.version = extension.version.saturating_add(1);
                self.put_extension(&extension)?;
            }
        }
        let extensions: Vec<ExtensionId> =
            self.extensions.iter().filter(|(_, planned)| planned.is_none()).map(|(id, _)| *id).collect();
        for id in extensions {
            let user = self.holdings.extension(id).and_then(|extension| extension.user);
            if let Some(mut user) = user.and_then(|user| self.account(user))
                && user.extension() == Some(id)
            {
                user.role = Role::User { extension: None };
                user.version = user.version.saturating_add(1);
                self.put_account(&user)?;
            }
        }
        Ok(())
    }

    pub(super) fn check_domains(&self) -> Result<(), CommitError> {
        if self.domains.is_empty() {
            return Ok(());
        }
        let mut hosts = HashSet::new();
        let kept = self.holdings.domains.load();
        let untouched = kept.by_id.values().filter(|kept| !self.domains.contains_key(&kept.id));
        let planned = self.domains.values().flatten();
        for host in untouched.map(|kept| &**kept).chain(planned).flat_map(|domain| &domain.hosts) {
            if !hosts.insert(host.to_lowercase()) {
                return Err(CommitError::conflict(format!("two domains have the host name {host}")));
            }
        }
        for (id, _) in self.domains.iter().filter(|(_, planned)| planned.is_none()) {
            let mut is_used = false;
            self.holdings.each_account(|account| {
                is_used |= account.domain == *id && !matches!(self.accounts.get(&account.id), Some(None));
            });
            self.holdings.each_extension(|extension| {
                is_used |=
                    extension.domain == *id && !matches!(self.extensions.get(&extension.id), Some(None));
            });
            if is_used {
                return Err(CommitError::conflict("the domain still has accounts or extensions"));
            }
        }
        Ok(())
    }

    /// No more of a kind than there may be, and no two of one name; what belongs to somebody belongs to somebody who is there.
    pub(super) fn check_documents(&mut self) -> Result<(), CommitError> {
        self.check_documents_of_one()?;
        let kinds = self.documents.keys().map(|id| id.kind()).filter(|kind| !kind.is_of_one());
        let kinds: HashSet<DocumentKind> = kinds.collect();
        for kind in kinds {
            let kept = self.holdings.documents(kind);
            let untouched = kept.iter().filter(|kept| !self.documents.contains_key(&kept.id()));
            let planned = self.documents.values().flatten().filter(|planned| planned.id().kind() == kind);
            let (mut count, mut names) = (0_usize, HashSet::new());
            for document in untouched.map(|kept| &**kept).chain(planned) {
                count += 1;
                if document.unique_name().is_some_and(|name| !names.insert(name)) {
                    return Err(CommitError::conflict(format!("two of one name: {}", kind.title())));
                }
            }
            if count > kind.most() {
                return Err(CommitError::conflict(format!("at most {} of: {}", kind.most(), kind.title())));
            }
        }
        Ok(())
    }

    pub(super) fn check_accounts(&mut self) -> Result<(), CommitError> {
        let accounts: Vec<Account> = self.accounts.values().flatten().cloned().collect();
        let mut names = HashSet::new();
        for account in accounts {
            let (kind, domain, name) = (account.kind(), account.domain, account.folded_name());
            self.touch(Touch::Name(domain, name.clone()), true);
            let holder = self.holdings.account_id(kind, domain, &name);
            let is_taken = holder.is_some_and(|holder| !self.accounts.contains_key(&holder));
            if is_taken || !names.insert((kind, domain, name)) {
                return Err(CommitError::NameTaken);
            }
            self.domain(domain).ok_or_else(|| CommitError::missing("the account's domain"))?;
            if let Some(extension) = account.extension() {
                let extension =
                    self.extension(extension).ok_or_else(|| CommitError::missing("the user's extension"))?;
                if extension.domain != domain {
                    return Err(CommitError::conflict("the user's extension is in another domain"));
                }
                if extension.user.is_some_and(|user| user != account.id) {
                    return Err(CommitError::conflict(format!(
                        "extension {} belongs to another user",
                        extension.number
                    )));
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_extensions(&mut self) -> Result<(), CommitError> {
        let extensions: Vec<Extension> = self.extensions.values().flatten().cloned().collect();
        let mut numbers = HashSet::new();
        for extension in extensions {
            let (domain, number) = (extension.domain, extension.number);
            self.touch(Touch::Number(domain, number.as_str().into()), true);
            let holder = self.holdings.extension_id(domain, &number);
            let is_taken = holder.is_some_and(|holder| !self.extensions.contains_key(&holder));
            if is_taken || !numbers.insert((domain, number)) {
                return Err(CommitError::NumberTaken);
            }
            self.domain(domain).ok_or_else(|| CommitError::missing("the extension's domain"))?;
            if let Some(user) = extension.user {
                let user = self.account(user).ok_or_else(|| CommitError::missing("the extension's user"))?;
                if user.extension().is_some_and(|other| other != extension.id) {
                    return Err(CommitError::conflict(format!(
                        "the user of extension {} belongs to another extension",
                        extension.number
                    )));
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_owners(&mut self) -> Result<(), CommitError> {
        for (owner, kind) in self.owners.clone() {
            let fits = match owner {
                Owner::Account(id) => {
                    let account = self.account(id).ok_or_else(|| CommitError::missing("the account"))?;
                    may_own(&account, kind)
                }
                Owner::Extension(id) => {
                    self.extension(id).ok_or_else(|| CommitError::missing("the extension"))?;
                    kind == CredentialKind::PhonePassword
                }
                Owner::Domain(id) => {
                    self.domain(id).ok_or_else(|| CommitError::missing("the domain"))?;
                    kind == CredentialKind::SystemPassword
                }
            };
            if !fits {
                let what = format!("a {} does not belong there", kind.row().name);
                return Err(CommitError::conflict(what));
            }
        }
        Ok(())
    }
}
