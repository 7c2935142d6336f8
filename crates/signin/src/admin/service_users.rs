//! Service users: those who administer.

use std::sync::Arc;

use super::{Admin, Change, Checks, Problem, SecretChoice, changed, secrets::Holder};
use crate::{
    account::{ADMINISTRATOR, Account, Condition, Role, RoleKind},
    audit::{Action, FieldChange},
    credential::{CredentialKind, Owner},
    dice::Dice,
    document::DocumentId,
    effect::Effect,
    ident::{AccountId, DomainId, FoldedName, GroupId, NAME_MAX},
    lockout::TallyKey,
    records::Records,
    rights::{Right, SERVICE_USERS_MAX},
    timestamp::Timestamp,
};

/// What is chosen of a service user, but the password.
#[derive(Clone, Debug, Default)]
pub struct ServiceUserFields {
    /// Of whom, for a new one; `None` = of the installation. An account never moves.
    pub domain: Option<DomainId>,
    /// 1 to [`NAME_MAX`] characters, unique among the domain's service users.
    pub name: String,
    /// For people; may be empty.
    pub full_name: String,
    /// What they belong to. The built-in accounts need none.
    pub groups: Vec<GroupId>,
    /// Set by hand; `None` = as it is. Setting *Enabled* resets every count and time.
    pub condition: Option<Condition>,
    /// Its end. A new one lies ahead.
    pub expires_at: Option<Timestamp>,
}

impl Admin<'_> {
    /// Makes a service user with a first password, which they must change when `force_new`.
    ///
    /// # Errors
    /// No right, as many as there may be, or fields to be corrected, all of them at once.
    pub fn create_service_user(
        &self,
        fields: &ServiceUserFields,
        password: &SecretChoice,
        force_new: bool,
        dice: &mut dyn Dice,
    ) -> Result<Change<AccountId>, Problem> {
        self.require(Right::SecurityWrite)?;
        let id = self.records.next_account();
        let mut checks = Checks::default();
        let domain = fields.domain.unwrap_or_else(|| self.by.domain());
        if self.records.domain(domain).is_none() {
            checks.wrong("domain", super::users::NO_DOMAIN);
        }
        let beside = self.records.service_users().into_iter().filter(|other| other.domain == domain).count();
        if beside >= SERVICE_USERS_MAX {
            checks.wrong(
                "name",
                format!("There are {SERVICE_USERS_MAX} service users already, which is the most."),
            );
        }
        self.check_service_user(&mut checks, domain, fields, None);
        let condition = match (fields.condition, force_new) {
            (None | Some(Condition::Enabled), true) => Condition::ForceNewPassword,
            (condition, _) => condition.unwrap_or(Condition::Enabled),
        };
        let account = Account {
            id,
            version: 1,
            domain,
            name: fields.name.trim().into(),
            full_name: fields.full_name.trim().into(),
            role: Role::ServiceUser { groups: fields.groups.iter().copied().collect() },
            condition,
            created_at: self.now,
            enabled_at: self.now,
            expires_at: fields.expires_at,
        };
        let given: Vec<FieldChange> =
            [changed("groups", "", &self.groups_in_words(&account))].into_iter().flatten().collect();
        let mut change = Change::of(
            vec![
                Effect::PutAccount(account.clone()),
                self.audit(Action::AccountCreated, domain, &account.name, given),
            ],
            id,
        );
        let holder = Holder {
            owner: Owner::Account(id),
            domain,
            name: &account.name,
            full_name: &account.full_name,
            number: "",
        };
        match self.replace_secret(&holder, CredentialKind::ServicePassword, password, dice) {
            Ok(secret) => {
                change.effects.extend(secret.effects);
                change.generated.extend(secret.generated);
            }
            Err(Problem::Invalid(wrong)) => checks.0.extend(wrong),
            Err(other) => return Err(other),
        }
        checks.result()?;
        Ok(change)
    }

    /// Changes a service user; rights are in force with the next request. `version` is the version that was looked at.
    ///
    /// # Errors
    /// No right, no such account, changed meanwhile, what a built-in account keeps, or fields to be corrected.
    pub fn edit_service_user(
        &self,
        id: AccountId,
        version: u32,
        fields: &ServiceUserFields,
    ) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let before = self.service_user(id)?;
        if before.version != version {
            return Err(Problem::Changed("service user"));
        }
        let mut checks = Checks::default();
        self.check_service_user(&mut checks, before.domain, fields, Some(&before));
        let is_enabled_by_hand = fields.condition == Some(Condition::Enabled);
        let expires_at = fields.expires_at.filter(|end| {
            // Enabling by hand resets every timer: a day that is over is none.
            !(is_enabled_by_hand && fields.expires_at == before.expires_at && *end <= self.now)
        });
        checks.result()?;
        let after = Account {
            version: before.version + 1,
            name: fields.name.trim().into(),
            full_name: fields.full_name.trim().into(),
            role: Role::ServiceUser { groups: fields.groups.iter().copied().collect() },
            condition: fields.condition.unwrap_or(before.condition),
            enabled_at: if is_enabled_by_hand { self.now } else { before.enabled_at },
            expires_at,
            ..(*before).clone()
        };
        self.may_change_service_user(&before, &after)?;
        let lifted = if is_enabled_by_hand && self.is_counted(&before) {
            self.lift_locks_of(id)?.effects
        } else {
            Vec::new()
        };
        let status = fields.condition.and_then(|condition| {
            changed("status", self.records.status_of(&before, self.now).title(), condition.title())
        });
        let changes: Vec<FieldChange> = [
            changed("name", &before.name, &after.name),
            changed("full name", &before.full_name, &after.full_name),
            changed("groups", &self.groups_in_words(&before), &self.groups_in_words(&after)),
            status,
            changed(
                "expires",
                &super::users::moment(before.expires_at),
                &super::users::moment(after.expires_at),
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        if changes.is_empty() && lifted.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let mut effects = vec![Effect::PutAccount(after.clone())];
        if after.condition == Condition::Disabled {
            effects.push(Effect::CloseSessions(id, None));
        }
        effects.extend(lifted);
        if !changes.is_empty() {
            effects.push(self.audit(Action::AccountChanged, before.domain, &before.name, changes));
        }
        Ok(Change::of(effects, ()))
    }

    /// Deletes a service user; their sessions end.
    ///
    /// # Errors
    /// No right, no such account, a built-in one, or one's own.
    pub fn delete_service_user(&self, id: AccountId) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let account = self.service_user(id)?;
        if account.is_built_in() {
            return Err(Problem::Never("A built-in account can be neither renamed nor deleted."));
        }
        if self.by.account == Some(id) {
            return Err(Problem::Never("Nobody can delete their own account."));
        }
        let mut effects = vec![
            Effect::DeleteAccount(id),
            Effect::ClearTally(TallyKey::credential(CredentialKind::ServicePassword, &account)),
            self.audit(Action::AccountDeleted, account.domain, &account.name, Vec::new()),
        ];
        let draft = DocumentId::Draft(id);
        if self.records.document(draft).is_some() {
            effects.push(Effect::DeleteDocument(draft));
        }
        effects.extend(self.tokens_of(id).iter().flat_map(|token| self.revoked(token)));
        Ok(Change::of(effects, ()))
    }

    /// The service user of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn service_user(&self, id: AccountId) -> Result<Arc<Account>, Problem> {
        let account = self.records.account(id).filter(|account| account.kind() == RoleKind::ServiceUser);
        account.ok_or(Problem::NotFound("service user"))
    }

    fn is_counted(&self, account: &Account) -> bool {
        self.by.may(Right::SecurityReset)
            && self.records.counts_of(account).iter().any(|key| {
                self.records.tally(key) != crate::lockout::Tally::default()
                    || !self.records.lanes_of(key).is_empty()
            })
    }

    fn may_change_service_user(&self, before: &Account, after: &Account) -> Result<(), Problem> {
        let is_administrator = before.is_built_in() && &*before.name == ADMINISTRATOR;
        if before.is_built_in() && before.name != after.name {
            return Err(Problem::Never("A built-in account can be neither renamed nor deleted."));
        }
        if is_administrator && (after.condition == Condition::Disabled || after.expires_at.is_some()) {
            return Err(Problem::Never("Administrator can be neither disabled nor end by itself."));
        }
        let is_own = self.by.account == Some(before.id);
        if is_own && !before.is_built_in() && before.role != after.role {
            return Err(Problem::Never("Nobody can change their own rights."));
        }
        if is_own && after.condition == Condition::Disabled {
            return Err(Problem::Never("Nobody can disable their own account."));
        }
        Ok(())
    }

    fn groups_in_words(&self, account: &Account) -> String {
        let Role::ServiceUser { groups } = &account.role else { return String::new() };
        let document = |id: &GroupId| self.records.document(DocumentId::RightsGroup(*id));
        let names = groups
            .iter()
            .filter_map(document)
            .filter_map(|document| document.rights_group().map(|group| group.name.to_string()));
        names.collect::<Vec<_>>().join(", ")
    }

    fn check_service_user(
        &self,
        checks: &mut Checks,
        domain: DomainId,
        fields: &ServiceUserFields,
        before: Option<&Account>,
    ) {
        let length = fields.name.trim().chars().count();
        if length == 0 || length > NAME_MAX || fields.name.chars().any(char::is_control) {
            checks.wrong("name", format!("A name has 1 to {NAME_MAX} characters."));
        }
        let fewest = usize::from(self.records.settings().names.service_min);
        let is_new_name = before.is_none_or(|before| *before.name != *fields.name.trim());
        if is_new_name && (1..fewest).contains(&length) {
            checks.wrong("name", format!("Use at least {fewest} characters."));
        }
        let name = FoldedName::of(&fields.name);
        let holder = self.records.account_named(RoleKind::ServiceUser, domain, &name);
        if holder.is_some_and(|holder| Some(holder.id) != before.map(|before| before.id)) {
            checks.wrong("name", "Another service user has this name.");
        }
        super::users::check_full_name(checks, &fields.full_name);
        let is_gone = |id: &GroupId| self.records.document(DocumentId::RightsGroup(*id)).is_none();
        if fields.groups.iter().any(is_gone) {
            checks.wrong("groups", "One of these rights groups does not exist any more.");
        }
        let is_new_end = fields.expires_at != before.and_then(|before| before.expires_at);
        if is_new_end && fields.expires_at.is_some_and(|end| end <= self.now) {
            checks.wrong("expires-at", "This day is over already. Choose a later one, or none.");
        }
    }
}
