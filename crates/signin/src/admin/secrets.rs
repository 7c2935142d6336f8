//! Setting, generating and removing secrets.

use super::{Admin, Change, Checks, Problem, SecretChoice};
use crate::{
    account::{ADMINISTRATOR, Account, Condition, RoleKind, Status},
    audit::{Action, AuditEvent, FieldChange},
    credential::{
        self, About, Broken, Credential, CredentialFacts, CredentialKind, Owner, OwnerKind, Traits,
    },
    dice::Dice,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
    lockout::{Standing, TallyKey},
    policy::SecretRules,
    portal::PortalPart,
    records::Records,
    rights::Right,
    secret::Secret,
};

/// Whose secret is set, with what its rules and its audit row need.
pub(super) struct Holder<'a> {
    pub(super) owner: Owner,
    pub(super) domain: DomainId,
    pub(super) name: &'a str,
    pub(super) full_name: &'a str,
    pub(super) number: &'a str,
}

impl Admin<'_> {
    /// Sets, generates or removes one secret of an account, an extension or a domain, ends the account's other sessions,
    /// and clears the lock that the old secret may have earned. `Change::value` = how many sessions end.
    ///
    /// # Errors
    /// No right, no such owner, a kind that the owner cannot have, or a broken rule.
    pub fn set_secret(
        &self,
        owner: Owner,
        kind: CredentialKind,
        choice: &SecretChoice,
        force_new: bool,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        // The system's is one of its settings; nobody is locked out of anything by it.
        self.require(match owner {
            Owner::Account(_) | Owner::Extension(_) => Right::SecurityReset,
            Owner::Domain(_) => Right::SystemWrite,
        })?;
        match owner {
            Owner::Account(id) => {
                let account = self.records.account(id).ok_or(Problem::NotFound("account"))?;
                self.may_touch_secret_of(&account, kind)?;
                let mut change = self.replace_account_secret(&account, kind, choice, dice)?;
                change.effects.splice(0..0, self.readmitted(&account, force_new));
                Ok(change)
            }
            Owner::Extension(id) => {
                let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
                let number = extension.number.as_str();
                let holder = Holder { owner, domain: extension.domain, name: "", full_name: "", number };
                let mut change = self.replace_secret(&holder, kind, choice, dice)?;
                change.effects.push(Effect::ClearTally(TallyKey::extension(&extension)));
                Ok(change)
            }
            Owner::Domain(id) => {
                let domain = self.records.domain(id).ok_or(Problem::NotFound("domain"))?;
                let holder = Holder { owner, domain: id, name: &domain.realm, full_name: "", number: "" };
                let mut change = self.replace_secret(&holder, kind, choice, dice)?;
                change.effects.push(Effect::ClearTally(TallyKey::system_password(id)));
                Ok(change)
            }
        }
    }

    /// Forgets what was right at an extension before: a phone that still shows it is counted like any other that is wrong.
    ///
    /// # Errors
    /// No right, or no such extension.
    pub fn forget_former(&self, id: ExtensionId) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityReset)?;
        let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
        let named = FieldChange { field: "former secrets".into(), before: "".into(), after: "".into() };
        let number = extension.number.as_str();
        let mut effects = vec![
            Effect::ForgetFormer(Owner::Extension(id), CredentialKind::PhonePassword),
            self.audit(Action::SecretRemoved, extension.domain, number, vec![named]),
        ];
        if let Some(user) = extension.user {
            effects.push(Effect::ForgetFormer(Owner::Account(user), CredentialKind::LoginCode));
        }
        Ok(Change::of(effects, ()))
    }

    /// Chooses one's own new password; the session that asks goes on, all others end. `Change::value` = how many.
    ///
    /// # Errors
    /// Not an account, or a broken rule.
    pub fn change_own_password(&self, new: &Secret, dice: &mut dyn Dice) -> Result<Change<usize>, Problem> {
        let account = self.own_account()?;
        let kind = account.kind().password();
        // Whoever is made to choose a new one may, whatever the other rights.
        if !self.must_choose(&account) {
            match account.kind() {
                RoleKind::ServiceUser => self.require(Right::OwnPassword)?,
                RoleKind::User => self.require_in_portal(PortalPart::Secrets)?,
            }
        }
        if self.records.holds_secret(Owner::Account(account.id), kind, new) {
            let mut checks = Checks::default();
            checks.broken(kind, is_present());
            checks.result()?;
        }
        let mut change =
            self.replace_account_secret(&account, kind, &SecretChoice::Set(new.clone()), dice)?;
        if account.condition == Condition::ForceNewPassword {
            let freed =
                Account { condition: Condition::Enabled, version: account.version + 1, ..(*account).clone() };
            change.effects.insert(0, Effect::PutAccount(freed));
        }
        Ok(change)
    }

    /// Chooses one's own new code: at a phone (see [`By::at_phone`](super::By::at_phone)), where the present one has just been
    /// proven by an attempt, or in the portal, where the password has. That is counted, and this is not. The rules are never
    /// waived for it; the one that is broken is named ([`WrongField::rule`](super::WrongField::rule)), so that it can be said in
    /// other words. `Change::value` = how many sessions end.
    ///
    /// # Errors
    /// Not an account, a kind that is not chosen there, or a broken rule.
    pub fn change_own_code(
        &self,
        kind: CredentialKind,
        new: &Secret,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        let account = self.own_account()?;
        let row = kind.row();
        let is_in_portal = self.by.interface == LoginInterface::UserPortal;
        if is_in_portal {
            self.require_in_portal(PortalPart::Secrets)?;
        }
        // Who has proven the code of a mailbox has proven no other.
        let is_asked = is_in_portal || self.by.interface.row().opens_with.contains(&kind);
        if !is_asked || row.belongs_to != OwnerKind::User || !row.is_digits {
            return Err(Problem::Never("Another interface is for changing this code."));
        }
        if self.records.holds_secret(Owner::Account(account.id), kind, new) {
            let mut checks = Checks::default();
            checks.broken(kind, is_present());
            checks.result()?;
        }
        self.replace_account_secret(&account, kind, &SecretChoice::Set(new.clone()), dice)
    }

    /// Whether somebody has to choose a new password before anything else: forced to, or because the present one is too old or
    /// breaks a rule.
    fn must_choose(&self, account: &Account) -> bool {
        let kind = account.kind().password();
        let settings = self.records.settings();
        let set_at = self.records.credential(Owner::Account(account.id), kind).map(|facts| facts.set_at);
        let (activity, ages) = (self.records.activity(account.id), settings.ages_of(account.kind()));
        let status = account.status(Standing::Open, &activity, set_at, ages, self.now);
        status.with_outdated(self.records.is_outdated(account, &settings)).wants_new_secret()
    }

    /// The account after somebody else has set its secret: to choose a new one first, if that is wished, and no longer
    /// idle. What is switched off stays so.
    fn readmitted(&self, account: &Account, force_new: bool) -> Option<Effect> {
        let mut after = account.clone();
        if force_new && account.condition == Condition::Enabled {
            after.condition = Condition::ForceNewPassword;
        }
        let settings = self.records.settings();
        let activity = self.records.activity(account.id);
        let status = account.status(Standing::Open, &activity, None, &settings.ages, self.now);
        if account.kind() == RoleKind::ServiceUser && status == Status::LockedIdle {
            after.enabled_at = self.now;
        }
        after.version += 1;
        let is_changed = (after.condition, after.enabled_at) != (account.condition, account.enabled_at);
        is_changed.then_some(Effect::PutAccount(after))
    }

    pub(super) fn may_touch_secret_of(&self, account: &Account, kind: CredentialKind) -> Result<(), Problem> {
        let is_administrators = account.is_built_in() && &*account.name == ADMINISTRATOR;
        // A browser left open must not be enough to take an account over: the present password is asked for there.
        if self.by.account == Some(account.id) && kind == CredentialKind::ServicePassword {
            return Err(Problem::Never("Change your own password under User Preferences."));
        }
        if is_administrators && self.by.account.is_some() {
            return Err(Problem::Never(
                "Only Administrator and the console can set Administrator's password.",
            ));
        }
        // Whoever may reset secrets must not become somebody who may everything.
        if account.is_built_in() && self.by.rights.len() < Right::ALL.len() {
            return Err(Problem::Never(
                "Only who has every right can set the password of a built-in account.",
            ));
        }
        Ok(())
    }

    pub(super) fn replace_account_secret(
        &self,
        account: &Account,
        kind: CredentialKind,
        choice: &SecretChoice,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        let extension = account.extension().and_then(|id| self.records.extension(id));
        let number = extension.as_ref().map_or("", |extension| extension.number.as_str());
        let holder = Holder {
            owner: Owner::Account(account.id),
            domain: account.domain,
            name: &account.name,
            full_name: &account.full_name,
            number,
        };
        let mut change = self.replace_secret(&holder, kind, choice, dice)?;
        if let Some(extension) = &extension {
            change.effects.push(Effect::ClearTally(TallyKey::numbered(kind, extension)));
        }
        if kind == CredentialKind::LoginCode {
            if let Some(extension) = &extension {
                change.effects.push(Effect::ClearTally(TallyKey::extension(extension)));
            }
        } else {
            if !kind.row().is_digits {
                change.effects.push(Effect::ClearTally(TallyKey::credential(kind, account)));
            }
            let sessions = self.records.sessions_of(account.id);
            change.value = sessions.iter().filter(|session| Some(session.id) != self.by.session).count();
            change.effects.push(self.end_sessions(account.id));
        }
        Ok(change)
    }

    /// The account's sessions but the one that asks.
    pub(super) const fn end_sessions(&self, account: AccountId) -> Effect {
        Effect::CloseSessions(account, self.by.session)
    }

    /// The effects of one choice, audit row included; `Keep` has none.
    pub(super) fn replace_secret(
        &self,
        holder: &Holder<'_>,
        kind: CredentialKind,
        choice: &SecretChoice,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        let row = kind.row();
        let fits = match (holder.owner, row.belongs_to) {
            (Owner::Extension(_), OwnerKind::Extension) | (Owner::Domain(_), OwnerKind::Domain) => true,
            (Owner::Account(id), OwnerKind::ServiceUser) => self.is_kind(id, RoleKind::ServiceUser),
            (Owner::Account(id), OwnerKind::User) => self.is_kind(id, RoleKind::User),
            _ => false,
        };
        if !fits {
            return Err(Problem::Never("This kind of secret does not belong there."));
        }
        let settings = self.records.settings();
        let is_own = matches!(holder.owner, Owner::Account(id) if self.by.account == Some(id));
        let about = About {
            name: holder.name,
            full_name: holder.full_name,
            number: holder.number,
            system: &settings.system_name,
            patterns_waived: settings.administrators_exempt && !is_own,
        };
        let facts = CredentialFacts { set_at: self.now, expires_at: None, used_at: None };
        let kept = |payload| Effect::PutCredential(Credential { owner: holder.owner, kind, payload, facts });
        let (secret, is_generated) = match choice {
            SecretChoice::Keep => return Ok(Change::of(Vec::new(), 0)),
            SecretChoice::Remove => {
                let removed = vec![
                    Effect::DeleteCredential(holder.owner, kind),
                    self.audit_secret(Action::SecretRemoved, holder, kind),
                ];
                return Ok(Change::of(removed, 0));
            }
            SecretChoice::Chosen(payload) => {
                let mut checks = Checks::default();
                if let Err(broken) = credential::check_payload(kind, payload, &about, &settings) {
                    checks.wrong(row.name, broken);
                }
                checks.result()?;
                let chosen = vec![kept(payload.clone()), self.audit_secret(Action::SecretSet, holder, kind)];
                return Ok(Change::of(chosen, 0));
            }
            SecretChoice::Set(secret) => (secret.clone(), false),
            SecretChoice::Generate => (credential::generate(kind, &about, &settings, dice), true),
        };
        let mut checks = Checks::default();
        let rules = (row.rules)(&settings);
        let traits = Traits::of(kind, &secret, &about);
        if let Err(broken) = credential::judge(kind, &traits, rules, about.patterns_waived) {
            checks.broken(kind, broken);
        }
        checks.result()?;
        // Made before the comparison with earlier ones: it throws dice, and with them comes the turn at hashing.
        let payload = credential::payload(kind, &secret, &traits, dice);
        if let Some(broken) = self.came_before(holder.owner, kind, &secret, rules) {
            let mut checks = Checks::default();
            checks.broken(kind, broken);
            checks.result()?;
        }
        let effects = vec![kept(payload), self.audit_secret(Action::SecretSet, holder, kind)];
        let generated = if is_generated { vec![(kind, secret)] } else { Vec::new() };
        Ok(Change { effects, value: 0, generated })
    }

    /// Whether the rules refuse a secret for what was there before it. Up to 24 hashes where it is a password.
    fn came_before(
        &self,
        owner: Owner,
        kind: CredentialKind,
        secret: &Secret,
        rules: &SecretRules,
    ) -> Option<Broken> {
        self.records.credential(owner, kind)?;
        let backwards = Secret::new(secret.reveal().chars().rev().collect::<String>());
        if rules.refuse_reversed && self.records.holds_secret(owner, kind, &backwards) {
            let says = "This is the present one backwards. Choose another.".into();
            return Some(Broken { rule: "refuse-reversed", class: "refuse-reversed", says });
        }
        if rules.history == 0 {
            return None;
        }
        if self.records.holds_secret(owner, kind, secret) {
            return Some(is_present());
        }
        let earlier = usize::from(rules.history.saturating_sub(1));
        self.records.is_former(owner, kind, secret, earlier).then(|| Broken {
            rule: "history",
            class: "history",
            says: format!("This is one of the last {}. Choose one that was not used lately.", rules.history),
        })
    }

    /// Forgets the earlier secrets of one kind of an account, so that each may come again ("clear cache").
    ///
    /// # Errors
    /// No right, or no such account.
    pub fn clear_history(&self, id: AccountId, kind: CredentialKind) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityReset)?;
        let account = self.records.account(id).ok_or(Problem::NotFound("account"))?;
        self.may_touch_secret_of(&account, kind)?;
        let named = FieldChange {
            field: AuditEvent::text(&format!("earlier {}", kind.row().name)),
            before: "".into(),
            after: "".into(),
        };
        let effects = vec![
            Effect::ForgetFormer(Owner::Account(id), kind),
            self.audit(Action::SecretRemoved, account.domain, &account.name, vec![named]),
        ];
        Ok(Change::of(effects, ()))
    }

    /// An account that the store does not know yet is being made right now, by whoever calls.
    fn is_kind(&self, id: AccountId, kind: RoleKind) -> bool {
        self.records.account(id).is_none_or(|account| account.kind() == kind)
    }

    fn audit_secret(&self, action: Action, holder: &Holder<'_>, kind: CredentialKind) -> Effect {
        let subject = if holder.name.is_empty() { holder.number } else { holder.name };
        let named = FieldChange { field: kind.row().name.into(), before: "".into(), after: "".into() };
        self.audit(action, holder.domain, subject, vec![named])
    }
}

fn is_present() -> Broken {
    Broken { rule: "history", class: "present", says: "This is the present one. Choose another.".into() }
}
