//! Locks, sessions and the way back in: what is reset by hand.

use super::{Admin, Change, Problem, SecretChoice};
use crate::{
    account::{Account, BUSINESS_PARTNER, Condition, RoleKind},
    audit::Action,
    credential::CredentialKind,
    dice::Dice,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId, FoldedName},
    interface::{CountScope, LoginInterface},
    lockout::{Tally, TallyKey},
    portal::PortalPart,
    records::Records,
    rights::Right,
    session::SessionId,
};

impl Admin<'_> {
    /// Resets locks, and the counts behind them; those of a name with all its lanes. `Change::value` = how many.
    ///
    /// # Errors
    /// No right.
    pub fn reset_locks(&self, keys: &[TallyKey]) -> Result<Change<usize>, Problem> {
        self.require(Right::SecurityReset)?;
        if !keys.iter().all(|key| self.by.reaches(key)) {
            return Err(Problem::NotFound("lock"));
        }
        let mut effects = Vec::with_capacity(keys.len() * 2);
        for key in keys {
            let subject = key.in_words();
            effects.push(Effect::ClearTally(key.clone()));
            effects.push(self.audit(Action::LockReset, key.domain, &subject, Vec::new()));
        }
        Ok(Change::of(effects, keys.len()))
    }

    /// Resets whatever count locks a user: the password's, the extension's, and those of all that is shown with its number. `Change::value` = how many.
    ///
    /// # Errors
    /// No right, or no such account.
    pub fn lift_locks_of(&self, id: AccountId) -> Result<Change<usize>, Problem> {
        let account = self.records.account(id).ok_or(Problem::NotFound("account"))?;
        let mut keys = self.records.counts_of(&account);
        let extension = account.extension().and_then(|id| self.records.extension(id));
        keys.extend(extension.iter().flat_map(|extension| TallyKey::all_numbered(extension)));
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| {
            self.records.tally(key) != Tally::default() || !self.records.lanes_of(key).is_empty()
        });
        if keys.is_empty() {
            return Ok(Change::of(Vec::new(), 0));
        }
        self.reset_locks(&keys)
    }

    /// Takes an extension off the quarantine list.
    ///
    /// # Errors
    /// No right, or no such extension.
    pub fn release_quarantine(&self, id: ExtensionId) -> Result<Change<()>, Problem> {
        self.require(Right::StatusControl)?;
        let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
        let subject = format!("quarantine {}", extension.number);
        let audit = self.audit(Action::LockReset, extension.domain, &subject, Vec::new());
        Ok(Change::of(vec![Effect::ReleaseQuarantine(id), audit], ()))
    }

    /// Ends a session: one's own, or with the right to, anybody's.
    ///
    /// # Errors
    /// No right, or no such session.
    pub fn end_session(&self, id: SessionId) -> Result<Change<()>, Problem> {
        let session = self.records.session(id).ok_or(Problem::NotFound("session"))?;
        let is_own = self.by.account == Some(session.account);
        match (is_own, self.by.interface) {
            (true, LoginInterface::UserPortal) if self.by.session != Some(id) => {
                self.require_in_portal(PortalPart::Phones)?;
            }
            (true, _) => {}
            // There is nobody else.
            (false, LoginInterface::UserPortal) => return Err(Problem::NotFound("session")),
            (false, _) => self.require(Right::StatusControl)?,
        }
        let account = self.records.account(session.account);
        let name = account.as_ref().map_or("", |account| &*account.name);
        let action = if self.by.session == Some(id) { Action::SignOut } else { Action::SessionEnded };
        let domain = account.as_ref().map_or(DomainId::FIRST, |account| account.domain);
        let audit = self.audit(action, domain, name, Vec::new());
        Ok(Change::of(vec![Effect::CloseSession(id), audit], ()))
    }

    /// The last resort on the machine itself: opens a built-in account again, with a new password, whatever
    /// state it was in. Nothing is lost. The password must be changed at the first sign-in.
    ///
    /// # Errors
    /// Not from the console; not a built-in account; a broken rule.
    pub fn recover(
        &self,
        name: &str,
        choice: &SecretChoice,
        dice: &mut dyn Dice,
    ) -> Result<Change<()>, Problem> {
        if self.by.account.is_some() {
            return Err(Problem::Never("This is done on the machine itself."));
        }
        let folded = FoldedName::of(name);
        let account = self.records.account_named(RoleKind::ServiceUser, DomainId::FIRST, &folded);
        let account = account.ok_or(Problem::NotFound("account"))?;
        if !account.is_built_in() {
            return Err(Problem::Never("Only Administrator and BusinessPartner are recovered so."));
        }
        let opened = Account {
            condition: Condition::ForceNewPassword,
            version: account.version + 1,
            enabled_at: self.now,
            expires_at: None,
            ..(*account).clone()
        };
        let secret = self.set_secret(
            crate::credential::Owner::Account(account.id),
            CredentialKind::ServicePassword,
            choice,
            false,
            dice,
        )?;
        let mut effects = vec![
            Effect::PutAccount(opened),
            self.audit(Action::Recovered, account.domain, &account.name, Vec::new()),
        ];
        effects.extend(secret.effects);
        Ok(Change { effects, value: (), generated: secret.generated })
    }

    /// Whether the reseller's account still has no password of its own.
    pub fn business_partner_is_open(&self) -> bool {
        let folded = FoldedName::of(BUSINESS_PARTNER);
        let account = self.records.account_named(RoleKind::ServiceUser, DomainId::FIRST, &folded);
        account.is_some_and(|account| {
            let owner = crate::credential::Owner::Account(account.id);
            self.records.credential(owner, CredentialKind::ServicePassword).is_none()
        })
    }
}

/// The counts that an administrator may mean by a name: every scope that knows it.
pub fn keys_named(domain: DomainId, name: &str) -> Vec<TallyKey> {
    let mut keys: Vec<_> = [CountScope::Extension]
        .into_iter()
        .chain(crate::credential::KINDS.iter().map(|row| CountScope::Credential(row.kind)))
        .map(|scope| TallyKey::open(scope, domain, FoldedName::of(name)))
        .collect();
    if let Ok(address) = name.parse() {
        keys = vec![TallyKey::address(address)];
    }
    keys
}
