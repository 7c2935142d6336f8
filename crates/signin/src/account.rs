//! Accounts: who signs in, and the state an account is in (SPEC section 4).
//!
//! ```text
//!            by hand                              by the clock
//! Enabled ──────────▶ Disabled                Enabled ──▶ Locked – Temporary ──▶ Enabled
//!    │  ╲                                        │  │
//!    │   ╲──▶ Force New Password ──new one──▶ Enabled   ╲──▶ Locked – Password Error (until reset by hand)
//!    │                                           ╲──▶ Locked – Idle · Locked – Expired
//!    ╲──────────────────────────────────────────────▶ Locked – Password Expired ──new one──▶ Enabled
//! ```
//! Only what was set by hand is stored. Every `Locked` state is derived from facts (the count, the last
//! sign-in, the dates) at the moment somebody asks, so no timer can be missed and no state can be stale.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{
    credential::CredentialKind,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, GroupId},
    lockout::Standing,
    policy::AgeRules,
    timestamp::{Seconds, Timestamp},
};

/// The built-in administrator: can be neither renamed nor deleted.
pub const ADMINISTRATOR: &str = "Administrator";
/// The built-in account of the reseller: can be neither renamed nor deleted.
pub const BUSINESS_PARTNER: &str = "BusinessPartner";

/// Who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// Counts the changes; a change must name the version it was made from.
    pub version: u32,
    /// The organisation. Service users belong to the first domain.
    pub domain: DomainId,
    /// As the owner writes it.
    pub name: CompactString,
    /// For people: "Ann Smith". May be empty.
    pub full_name: CompactString,
    /// Service user or user, and what only that kind has.
    pub role: Role,
    /// What was set by hand.
    pub condition: Condition,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last enabled by hand; idle time and expiry count from here at the earliest.
    pub enabled_at: Timestamp,
    /// The account ends by itself at this moment.
    pub expires_at: Option<Timestamp>,
}

/// The two kinds of account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Administers.
    ServiceUser {
        /// What it may do: the union of what these groups may. The built-in accounts need none.
        #[serde(default)]
        groups: Box<[GroupId]>,
    },
    /// Has a phone.
    User {
        /// The extension where the user belongs.
        extension: Option<ExtensionId>,
    },
}

/// The kind alone: names are unique within a kind and a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// Administers.
    ServiceUser,
    /// Has a phone.
    User,
}

impl RoleKind {
    /// The kind of password that an account of this kind has for its pages.
    pub const fn password(self) -> CredentialKind {
        match self {
            Self::ServiceUser => CredentialKind::ServicePassword,
            Self::User => CredentialKind::UserPassword,
        }
    }
}

/// What an administrator set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// May sign in.
    Enabled,
    /// May sign in, and must choose a new password before anything else.
    ForceNewPassword,
    /// May not sign in.
    Disabled,
}

impl Condition {
    /// The name that people see: that of the state.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Enabled => Status::Enabled.title(),
            Self::ForceNewPassword => Status::ForceNewPassword.title(),
            Self::Disabled => Status::Disabled.title(),
        }
    }
}

/// What the account's dates say about it, kept apart from the account because it changes at every sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The last sign-in that was accepted.
    pub signed_in_at: Option<Timestamp>,
    /// Where it came from.
    pub signed_in_from: Option<std::net::IpAddr>,
    /// By which interface.
    pub signed_in_by: Option<crate::interface::LoginInterface>,
    /// Failed attempts since then.
    pub failures_since: u32,
}

/// The state of an account, with exactly the names of SPEC section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// May sign in.
    Enabled,
    /// Must choose a new password at the next sign-in.
    ForceNewPassword,
    /// Switched off by hand.
    Disabled,
    /// Too many wrong secrets: until an administrator resets it.
    LockedPasswordError,
    /// Too many wrong secrets: ends by itself.
    LockedTemporary,
    /// Not used for too long.
    LockedIdle,
    /// Past its last day.
    LockedExpired,
    /// The password is too old: a new one must be chosen at the next sign-in.
    LockedPasswordExpired,
}

impl Status {
    /// The name that people see.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::ForceNewPassword => "Force New Password",
            Self::Disabled => "Disabled",
            Self::LockedPasswordError => "Locked – Password Error",
            Self::LockedTemporary => "Locked – Temporary",
            Self::LockedIdle => "Locked – Idle",
            Self::LockedExpired => "Locked – Expired",
            Self::LockedPasswordExpired => "Locked – Password Expired",
        }
    }

    /// Whether the right secret signs in (perhaps to a page that first asks for a new one).
    pub const fn admits(self) -> bool {
        matches!(self, Self::Enabled | Self::ForceNewPassword | Self::LockedPasswordExpired)
    }

    /// Whether a new secret must be chosen before anything else.
    pub const fn wants_new_secret(self) -> bool {
        matches!(self, Self::ForceNewPassword | Self::LockedPasswordExpired)
    }
}

impl Status {
    /// The same where the present secret no longer satisfies the rules: a new one is asked for before anything else.
    #[must_use]
    pub const fn with_outdated(self, is_outdated: bool) -> Self {
        if matches!(self, Self::Enabled) && is_outdated { Self::ForceNewPassword } else { self }
    }
}

/// Something that ends soon, in so many days, the begun one counted whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// The password.
    PasswordExpires(u64),
    /// The account.
    AccountExpires(u64),
}

impl Reminder {
    /// In words, for whoever has signed in.
    pub fn in_words(self) -> String {
        let days = |days| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        match self {
            Self::PasswordExpires(left) => {
                format!("Your password will expire in {}. Do you wish to change it now?", days(left))
            }
            Self::AccountExpires(left) => format!("Your account will expire in {}.", days(left)),
        }
    }
}

impl Account {
    /// What people call whoever has it: the full name, or where there is none the name.
    pub fn shown_name(&self) -> &str {
        if self.full_name.is_empty() { &self.name } else { &self.full_name }
    }

    /// Service user or user.
    pub const fn kind(&self) -> RoleKind {
        match self.role {
            Role::ServiceUser { .. } => RoleKind::ServiceUser,
            Role::User { .. } => RoleKind::User,
        }
    }

    /// The name as it is compared.
    pub fn folded_name(&self) -> FoldedName {
        FoldedName::of(&self.name)
    }

    /// The user's base extension.
    pub const fn extension(&self) -> Option<ExtensionId> {
        match self.role {
            Role::User { extension } => extension,
            Role::ServiceUser { .. } => None,
        }
    }

    /// One of the two accounts that can be neither renamed nor deleted.
    pub fn is_built_in(&self) -> bool {
        self.kind() == RoleKind::ServiceUser
            && self.domain == DomainId::FIRST
            && (&*self.name == ADMINISTRATOR || &*self.name == BUSINESS_PARTNER)
    }

    /// The domain beyond which a service user sees nothing and changes nothing. The first one is the installation's own: its
    /// service users run everything.
    pub fn within(&self) -> Option<DomainId> {
        (self.domain != DomainId::FIRST).then_some(self.domain)
    }

    /// Until when a phone of this user is let in, if its secret is right: what [`status`](Self::status) says under
    /// the rules for phones, told ahead. `None` = not at all.
    pub fn admits_phones_until(&self) -> Option<Timestamp> {
        match (self.kind(), self.condition) {
            // Service users have no phones; if one had, the ages of their passwords would have a word in it.
            (RoleKind::ServiceUser, _) | (RoleKind::User, Condition::Disabled) => None,
            (RoleKind::User, Condition::Enabled | Condition::ForceNewPassword) => {
                Some(self.expires_at.unwrap_or(Timestamp::MAX))
            }
        }
    }

    /// When the account ends: its own last day, or else the one that the rules give it, to the end of that day (UTC).
    pub fn ends_at(&self, ages: &AgeRules) -> Option<Timestamp> {
        const DAY: u64 = 86_400_000;
        let by_rule = || {
            let end = self.enabled_at.max(self.created_at).after(ages.expiry);
            // 23:59:59 is the last second of the day, so the next one is the first that is too late.
            (ages.expiry.0 > 0).then(|| Timestamp((end.0 / DAY).saturating_add(1).saturating_mul(DAY)))
        };
        self.expires_at.or_else(by_rule)
    }

    /// When a password that was set at `set_at` is too old; `None` = never.
    pub fn password_ends_at(&self, set_at: Timestamp, ages: &AgeRules) -> Option<Timestamp> {
        (ages.secret.0 > 0).then(|| set_at.max(self.enabled_at).after(ages.secret))
    }

    /// What its owner is to be told at a sign-in: what will end soon. It may wait.
    pub fn reminders(
        &self,
        secret_set_at: Option<Timestamp>,
        ages: &AgeRules,
        now: Timestamp,
    ) -> Vec<Reminder> {
        let soon = |end: Timestamp| {
            let left = end.0.saturating_sub(now.0);
            (now < end && left <= u64::from(ages.reminder.0) * 1000).then(|| left.div_ceil(86_400_000))
        };
        let password_ends = secret_set_at.and_then(|set_at| self.password_ends_at(set_at, ages));
        let password = password_ends.and_then(soon).map(Reminder::PasswordExpires);
        let account = self.ends_at(ages).and_then(soon).map(Reminder::AccountExpires);
        password.into_iter().chain(account).collect()
    }

    /// The state of the account at `now`. `standing` is its count's word, `secret_set_at` when the secret
    /// of the interface in question was chosen.
    pub fn status(
        &self,
        standing: Standing,
        activity: &Activity,
        secret_set_at: Option<Timestamp>,
        ages: &AgeRules,
        now: Timestamp,
    ) -> Status {
        let used_at = activity.signed_in_at.unwrap_or(self.created_at).max(self.enabled_at);
        let past = |since: Timestamp, limit: Seconds| limit.0 > 0 && now >= since.after(limit);
        match (self.condition, standing) {
            (Condition::Disabled, _) => Status::Disabled,
            (_, Standing::Locked { until: None }) => Status::LockedPasswordError,
            (_, Standing::Locked { until: Some(_) }) => Status::LockedTemporary,
            _ if self.ends_at(ages).is_some_and(|end| now >= end) => Status::LockedExpired,
            _ if past(used_at, ages.idle) => Status::LockedIdle,
            (Condition::ForceNewPassword, _) => Status::ForceNewPassword,
            _ if secret_set_at
                .and_then(|set_at| self.password_ends_at(set_at, ages))
                .is_some_and(|end| now >= end) =>
            {
                Status::LockedPasswordExpired
            }
            (Condition::Enabled, _) => Status::Enabled,
        }
    }
}
