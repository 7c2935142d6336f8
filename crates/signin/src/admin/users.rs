//! Users: the people who have phones.

use super::{Admin, Change, Checks, Problem, SecretChoice, changed, secrets::Holder};
use crate::{
    account::{Account, Condition, Role, RoleKind},
    audit::{Action, forges_lines},
    credential::{CredentialKind, Owner},
    dice::Dice,
    effect::Effect,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, NAME_MAX, Number},
    lockout::TallyKey,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};

/// A user to be made.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// 1 to [`NAME_MAX`] characters, unique among the domain's users.
    pub name: String,
    /// For people; may be empty.
    pub full_name: String,
    /// The extension's number; it is made if it does not exist. Empty = none.
    pub number: String,
    /// For phones.
    pub login_code: SecretChoice,
    /// For portal and applications.
    pub user_password: SecretChoice,
    /// For the extension's phone, in place of the login code.
    pub phone_password: SecretChoice,
}

/// What is edited of a user; secrets have their own operation.
#[derive(Clone, Debug)]
pub struct EditUser {
    /// The version that was looked at.
    pub version: u32,
    /// 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// For people; may be empty.
    pub full_name: String,
    /// The base extension's number; empty = none.
    pub number: String,
    /// Set by hand; `None` = as it is. Setting *Enabled* resets every count and time, also where the account was enabled
    /// before and is locked.
    pub condition: Option<Condition>,
    /// Its end. A new one lies ahead.
    pub expires_at: Option<Timestamp>,
}

/// One row of an import: a user to be made, or brought to this state. A second import of the same file changes
/// nothing but the secrets, so that an interrupted one can simply be repeated.
pub type UserRow = NewUser;

/// What is said of a domain that is not there, or that somebody does not reach.
pub(super) const NO_DOMAIN: &str = "There is no such domain.";

impl Admin<'_> {
    /// Makes a user, with extension and secrets, all or nothing.
    ///
    /// # Errors
    /// No right, or fields to be corrected, all of them at once.
    pub fn create_user(
        &self,
        domain: DomainId,
        new: &NewUser,
        dice: &mut dyn Dice,
    ) -> Result<Change<AccountId>, Problem> {
        self.require(Right::UsersWrite)?;
        let id = self.records.next_account();
        let mut checks = Checks::default();
        if self.records.domain(domain).is_none() {
            checks.wrong("domain", NO_DOMAIN);
        }
        self.check_name(&mut checks, domain, &new.name, None);
        check_full_name(&mut checks, &new.full_name);
        let number = self.check_number(&mut checks, domain, &new.number, None);
        let mut change = Change::of(Vec::new(), id);
        let mut extension = None;
        if let Some(number) = number {
            let (placed, effects) = self.place_at(domain, &number, id);
            change.effects.extend(effects);
            extension = Some(placed);
        }
        let account = Account {
            id,
            version: 1,
            domain,
            name: new.name.trim().into(),
            full_name: new.full_name.trim().into(),
            role: Role::User { extension },
            condition: Condition::Enabled,
            created_at: self.now,
            enabled_at: self.now,
            expires_at: None,
        };
        let holder = Holder {
            owner: Owner::Account(id),
            domain,
            name: &account.name,
            full_name: &account.full_name,
            number: new.number.trim(),
        };
        let phone = extension.map(|extension| Holder {
            owner: Owner::Extension(extension),
            domain,
            name: "",
            full_name: "",
            number: new.number.trim(),
        });
        change.effects.insert(0, self.audit(Action::AccountCreated, domain, &account.name, Vec::new()));
        change.effects.insert(0, Effect::PutAccount(account.clone()));
        let wanted = [
            (Some(&holder), CredentialKind::LoginCode, &new.login_code),
            (Some(&holder), CredentialKind::UserPassword, &new.user_password),
            (phone.as_ref(), CredentialKind::PhonePassword, &new.phone_password),
        ];
        for (holder, kind, choice) in wanted {
            let Some(holder) = holder else {
                if !matches!(choice, SecretChoice::Keep | SecretChoice::Remove) {
                    checks.wrong(kind.row().name, "A phone password needs an extension.");
                }
                continue;
            };
            match self.replace_secret(holder, kind, choice, dice) {
                Ok(secret) => {
                    change.effects.extend(secret.effects);
                    change.generated.extend(secret.generated);
                }
                Err(Problem::Invalid(wrong)) => checks.0.extend(wrong),
                Err(other) => return Err(other),
            }
        }
        checks.result()?;
        Ok(change)
    }

    /// Makes the user of an import's row, or brings the one of that name to its state. `Change::value` = made.
    ///
    /// # Errors
    /// As [`Admin::create_user`].
    pub fn import_user(
        &self,
        domain: DomainId,
        row: &UserRow,
        dice: &mut dyn Dice,
    ) -> Result<Change<bool>, Problem> {
        self.require(Right::UsersWrite)?;
        let known = self.records.account_named(RoleKind::User, domain, &FoldedName::of(&row.name));
        let Some(account) = known else {
            let made = self.create_user(domain, row, dice)?;
            return Ok(Change { effects: made.effects, value: true, generated: made.generated });
        };
        let edit = EditUser {
            version: account.version,
            name: row.name.clone(),
            full_name: row.full_name.clone(),
            number: row.number.clone(),
            condition: None,
            expires_at: account.expires_at,
        };
        let edited = self.edit_user(account.id, &edit)?;
        let mut change = Change { effects: edited.effects, value: false, generated: Vec::new() };
        let holder = Holder {
            owner: Owner::Account(account.id),
            domain,
            name: &account.name,
            full_name: &account.full_name,
            number: row.number.trim(),
        };
        let secrets = [
            (CredentialKind::LoginCode, &row.login_code),
            (CredentialKind::UserPassword, &row.user_password),
        ];
        for (kind, choice) in secrets {
            change.effects.extend(self.replace_secret(&holder, kind, choice, dice)?.effects);
        }
        if let Some(extension) = edited.value {
            let holder = Holder { owner: Owner::Extension(extension), name: "", ..holder };
            let kind = CredentialKind::PhonePassword;
            change.effects.extend(self.replace_secret(&holder, kind, &row.phone_password, dice)?.effects);
        }
        Ok(change)
    }

    /// Changes a user. `Change::value` = the extension where the user belongs now.
    ///
    /// # Errors
    /// No right, no such user, changed meanwhile, or fields to be corrected.
    pub fn edit_user(&self, id: AccountId, edit: &EditUser) -> Result<Change<Option<ExtensionId>>, Problem> {
        self.require(Right::UsersWrite)?;
        let before = self.user(id)?;
        if before.version != edit.version {
            return Err(Problem::Changed("user"));
        }
        let mut checks = Checks::default();
        self.check_name(&mut checks, before.domain, &edit.name, Some(id));
        check_full_name(&mut checks, &edit.full_name);
        let number = self.check_number(&mut checks, before.domain, &edit.number, Some(id));
        let is_enabled_by_hand = edit.condition == Some(Condition::Enabled);
        let is_over = |end: &Timestamp| *end <= self.now;
        let expires_at = if edit.expires_at == before.expires_at {
            before.expires_at.filter(|end| !(is_enabled_by_hand && is_over(end)))
        } else {
            if edit.expires_at.as_ref().is_some_and(is_over) {
                checks.wrong("expires-at", "This day is over already. Choose a later one, or none.");
            }
            edit.expires_at
        };
        checks.result()?;
        let base = before.extension().and_then(|extension| self.records.extension(extension));
        let mut effects = Vec::new();
        let mut extension = base.as_ref().map(|base| base.id);
        if base.as_ref().map(|base| &base.number) != number.as_ref() {
            if let Some(base) = &base {
                effects.push(Effect::PutExtension(Extension {
                    user: None,
                    version: base.version + 1,
                    ..(**base).clone()
                }));
            }
            extension = None;
            if let Some(number) = &number {
                let (placed, made) = self.place_at(before.domain, number, id);
                effects.extend(made);
                extension = Some(placed);
            }
        }
        let after = Account {
            version: before.version + 1,
            name: edit.name.trim().into(),
            full_name: edit.full_name.trim().into(),
            role: Role::User { extension },
            condition: edit.condition.unwrap_or(before.condition),
            enabled_at: if is_enabled_by_hand { self.now } else { before.enabled_at },
            expires_at,
            ..(*before).clone()
        };
        let lifted = if is_enabled_by_hand { self.lift_locks_of(id)?.effects } else { Vec::new() };
        if after.condition == Condition::Disabled {
            effects.push(self.end_sessions(id));
        }
        if let Some(base) = &base {
            let is_disabled =
                after.condition == Condition::Disabled && before.condition != Condition::Disabled;
            let is_moved = extension != Some(base.id) && !self.has_phone_password(base);
            if is_disabled || is_moved {
                effects.extend(self.log_out(base, None));
            }
        }
        let status = edit.condition.and_then(|condition| {
            changed("status", self.records.status_of(&before, self.now).title(), condition.title())
        });
        let changes = [
            changed("name", &before.name, &after.name),
            changed("full name", &before.full_name, &after.full_name),
            changed("extension", base.as_ref().map_or("", |base| base.number.as_str()), edit.number.trim()),
            status,
            changed("expires", &moment(before.expires_at), &moment(after.expires_at)),
        ];
        let changes: Vec<_> = changes.into_iter().flatten().collect();
        if changes.is_empty() && lifted.is_empty() {
            return Ok(Change::of(Vec::new(), extension));
        }
        effects.extend(lifted);
        if !changes.is_empty() {
            effects.push(self.audit(Action::AccountChanged, before.domain, &before.name, changes));
        }
        effects.insert(0, Effect::PutAccount(after));
        Ok(Change::of(effects, extension))
    }

    /// Deletes a user, and the extension with it if that is wished.
    ///
    /// # Errors
    /// No right, or no such user.
    pub fn delete_user(&self, id: AccountId, with_extension: bool) -> Result<Change<()>, Problem> {
        self.require(Right::UsersWrite)?;
        let account = self.user(id)?;
        let mut effects = vec![
            Effect::DeleteAccount(id),
            Effect::ClearTally(TallyKey::credential(CredentialKind::UserPassword, &account)),
            self.audit(Action::AccountDeleted, account.domain, &account.name, Vec::new()),
        ];
        if let Some(extension) = account.extension().and_then(|extension| self.records.extension(extension)) {
            if with_extension {
                let number = extension.number.as_str();
                effects.push(Effect::DeleteExtension(extension.id));
                effects.push(Effect::ClearTally(TallyKey::extension(&extension)));
                effects.extend(TallyKey::all_numbered(&extension).map(Effect::ClearTally));
                effects.push(self.audit(Action::ExtensionDeleted, extension.domain, number, Vec::new()));
            } else {
                let version = extension.version + 1;
                effects.push(Effect::PutExtension(Extension { user: None, version, ..(*extension).clone() }));
                if !self.has_phone_password(&extension) {
                    effects.extend(self.log_out(&extension, None));
                }
            }
        }
        Ok(Change::of(effects, ()))
    }

    /// Whether the extension's phones have a secret of their own: then they stay when the user goes.
    fn has_phone_password(&self, extension: &Extension) -> bool {
        self.records.credential(Owner::Extension(extension.id), CredentialKind::PhonePassword).is_some()
    }

    pub(super) fn user(&self, id: AccountId) -> Result<std::sync::Arc<Account>, Problem> {
        let account = self.records.account(id).filter(|account| account.kind() == RoleKind::User);
        account.ok_or(Problem::NotFound("user"))
    }

    /// Puts a user at a number: at the extension that has it, or at a new one.
    fn place_at(&self, domain: DomainId, number: &Number, user: AccountId) -> (ExtensionId, Vec<Effect>) {
        if let Some(free) = self.records.extension_numbered(domain, number) {
            let placed = Extension { user: Some(user), version: free.version + 1, ..(*free).clone() };
            return (free.id, vec![Effect::PutExtension(placed)]);
        }
        let id = self.records.next_extension();
        let made =
            Extension { id, version: 1, domain, number: *number, user: Some(user), created_at: self.now };
        let audit = self.audit(Action::ExtensionCreated, domain, number.as_str(), Vec::new());
        (id, vec![Effect::PutExtension(made), audit])
    }

    fn check_name(&self, checks: &mut Checks, domain: DomainId, name: &str, own: Option<AccountId>) {
        let length = name.trim().chars().count();
        let settings = self.records.settings();
        let fewest = usize::from(settings.names.user_min);
        if length == 0 {
            checks.wrong("name", "Give a name.");
        } else if length < fewest {
            checks.wrong("name", format!("Use at least {fewest} characters."));
        } else if length > NAME_MAX {
            checks.wrong("name", format!("Use at most {NAME_MAX} characters."));
        } else if name.chars().any(char::is_control) {
            checks.wrong("name", "Use letters, digits, spaces and marks only.");
        } else if let Some(other) = self.records.account_named(RoleKind::User, domain, &FoldedName::of(name))
            && Some(other.id) != own
        {
            checks.wrong("name", "Another user has this name.");
        }
    }

    fn check_number(
        &self,
        checks: &mut Checks,
        domain: DomainId,
        typed: &str,
        own: Option<AccountId>,
    ) -> Option<Number> {
        if typed.trim().is_empty() {
            return None;
        }
        let Some(number) = Number::parse(typed.trim()) else {
            checks.wrong("extension", "An extension number is 1 to 15 digits.");
            return None;
        };
        let holder = self.records.extension_numbered(domain, &number).and_then(|extension| extension.user);
        if holder.is_some() && holder != own {
            checks.wrong("extension", "This extension belongs to another user.");
        }
        Some(number)
    }
}

pub(super) fn check_full_name(checks: &mut Checks, full_name: &str) {
    if full_name.trim().chars().count() > NAME_MAX {
        checks.wrong("full-name", format!("Use at most {NAME_MAX} characters."));
    } else if full_name.chars().any(forges_lines) {
        checks.wrong("full-name", "Use letters, digits, spaces and marks only.");
    }
}

pub(super) fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.as_secs().to_string())
}
