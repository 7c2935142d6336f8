//! Desks: who logs in at which phone, and out of it, with the audit's row. Whether the code was right the sign-in has said
//! before: a phone asks here in the name of its extension.

use super::{Admin, By, Change, Problem, changed};
use crate::{
    account::{Account, RoleKind},
    audit::{Action, Actor, AuditEvent},
    desk::{Desk, GUEST_HOURS_MAX, IDLE_MAX, log_in, log_out, occupant},
    document::Document,
    effect::Effect,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
    records::Records,
    rights::Right,
    timestamp::{Seconds, Timestamp},
};

/// How a user may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskRules {
    /// Whether they must log in at the own phone too.
    pub is_forced: bool,
    /// They are logged out when they have not called for so long; 0 = never.
    pub idle: Seconds,
    /// For how many hours guests may stay at the own phone; 0 = no guests.
    pub guest_hours_max: u8,
    /// Whether they may be a guest elsewhere.
    pub may_be_guest: bool,
}

impl By {
    /// A phone, in the name of its extension. It has no rights: what it may do is asked of whoever is at it.
    pub fn phone(
        domain: DomainId,
        extension: (ExtensionId, &str),
        interface: LoginInterface,
        address: std::net::IpAddr,
        agent: &str,
    ) -> Self {
        Self {
            actor: Actor::Extension(extension.0, AuditEvent::text(extension.1)),
            account: None,
            session: None,
            token: None,
            rights: Vec::new(),
            within: Some(domain),
            interface,
            address: Some(address),
            agent: AuditEvent::text(agent),
            offline: false,
        }
    }

    /// The system itself, when a time has passed.
    pub fn system() -> Self {
        Self { actor: Actor::System, ..Self::console() }
    }
}

impl Admin<'_> {
    /// A user, who has shown the login code, is at a phone from now on.
    ///
    /// # Errors
    /// One of the two is not there any more, or of another domain.
    pub fn log_in_at(&self, phone: ExtensionId, account: AccountId) -> Result<Change<()>, Problem> {
        let (extension, account) = self.phone_and_user(phone, account)?;
        let mut effects = log_in(&self.records, &extension, &account, None, self.now);
        effects.push(self.moved(Action::LoggedIn, &extension, &account));
        Ok(Change::of(effects, ()))
    }

    /// A user, who has shown the portal passcode, is a guest at a phone from now on, for as long as its user lets guests stay.
    ///
    /// # Errors
    /// One of the two is not there any more, the user may be no guest, or there may be none.
    pub fn be_guest_at(&self, phone: ExtensionId, account: AccountId) -> Result<Change<Timestamp>, Problem> {
        let (extension, account) = self.phone_and_user(phone, account)?;
        if !Desk::of(&self.records, account.id).may_be_guest {
            return Err(Problem::Never("This user may not be a guest at other phones."));
        }
        let host = extension.user.map(|host| Desk::of(&self.records, host));
        let Some(hours) = host.map(|host| host.guest_hours_max).filter(|hours| *hours > 0) else {
            return Err(Problem::Never("There may be no guests at this phone."));
        };
        let until = self.now.after(Seconds::minutes(u32::from(hours) * 60));
        let mut effects = log_in(&self.records, &extension, &account, Some(until), self.now);
        effects.push(self.moved(Action::LoggedIn, &extension, &account));
        Ok(Change::of(effects, until))
    }

    /// Whoever is at a phone is no longer: by the phone itself, by the clock, or by an administrator. `Change::value`: whether
    /// anybody was.
    ///
    /// # Errors
    /// No right, or no such phone.
    pub fn log_out_at(&self, phone: ExtensionId) -> Result<Change<bool>, Problem> {
        let is_its_own = matches!(self.by.actor, Actor::Extension(own, _) if own == phone);
        if !is_its_own {
            self.require(Right::StatusControl)?;
        }
        self.end_stay(phone)
    }

    /// Whoever is at a phone is no longer. `Change::value`: whether anybody was.
    pub(super) fn end_stay(&self, phone: ExtensionId) -> Result<Change<bool>, Problem> {
        let extension = self.records.extension(phone).ok_or(Problem::NotFound("extension"))?;
        let Some(account) =
            occupant(&self.records, &extension).and_then(|account| self.records.account(account))
        else {
            return Ok(Change::told(false));
        };
        let mut effects = log_out(&self.records, &extension, self.now);
        if effects.is_empty() {
            return Ok(Change::told(false));
        }
        effects.push(self.moved(Action::LoggedOut, &extension, &account));
        Ok(Change::of(effects, true))
    }

    /// Saves how a user may move.
    ///
    /// # Errors
    /// No right, no such user, or a figure out of range.
    pub fn save_desk_rules(&self, account: AccountId, rules: DeskRules) -> Result<Change<()>, Problem> {
        self.require(Right::UsersWrite)?;
        let account = self.records.account(account).filter(|account| account.kind() == RoleKind::User);
        let account = account.ok_or(Problem::NotFound("user"))?;
        let mut checks = super::Checks::default();
        if rules.idle > IDLE_MAX {
            checks.wrong("idle", "At most one day.");
        }
        if rules.guest_hours_max > GUEST_HOURS_MAX {
            checks.wrong("guest_hours_max", format!("At most {GUEST_HOURS_MAX} hours."));
        }
        checks.result()?;
        let before = Desk::of(&self.records, account.id);
        let DeskRules { is_forced, idle, guest_hours_max, may_be_guest } = rules;
        let after = Desk { is_forced, idle, guest_hours_max, may_be_guest, ..before.clone() };
        let word = |is: bool| if is { "yes" } else { "no" };
        let changes: Vec<_> = [
            changed("forced login", word(before.is_forced), word(after.is_forced)),
            changed("idle seconds", &before.idle.0.to_string(), &after.idle.0.to_string()),
            changed(
                "hours of guests",
                &before.guest_hours_max.to_string(),
                &after.guest_hours_max.to_string(),
            ),
            changed("may be a guest", word(before.may_be_guest), word(after.may_be_guest)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if changes.is_empty() {
            return Ok(Change::told(()));
        }
        let after = Document::Desk(Desk { version: before.version + 1, ..after });
        let audit = self.audit(Action::AccountChanged, account.domain, &account.name, changes);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(after)), audit], ()))
    }

    fn phone_and_user(
        &self,
        phone: ExtensionId,
        account: AccountId,
    ) -> Result<(std::sync::Arc<Extension>, std::sync::Arc<Account>), Problem> {
        let extension = self.records.extension(phone).ok_or(Problem::NotFound("extension"))?;
        let account = self.records.account(account).filter(|account| account.domain == extension.domain);
        Ok((extension, account.ok_or(Problem::NotFound("user"))?))
    }

    fn moved(&self, action: Action, phone: &Extension, account: &Account) -> Effect {
        let changes = changed("phone", "", phone.number.as_str()).into_iter().collect();
        self.audit(action, phone.domain, &account.name, changes)
    }
}
