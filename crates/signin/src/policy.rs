//! The rules: what a secret must look like, how often one may fail, how long things last (SPEC section 4).

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{credential::CredentialKind, interface::CountScope, timestamp::Seconds};

/// How often one may fail, and what happens then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LockRule {
    /// Failures until the lock, 0 to 255; 0 = never lock.
    pub failures_max: u8,
    /// Failures count for this long.
    pub window: Seconds,
    /// What the lock does.
    pub lock: Lock,
}

/// What happens when the limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// Nothing beyond the audit.
    LogOnly,
    /// For a fixed time.
    Temporary(Seconds),
    /// For a time that doubles with each lock until somebody signs in, up to a day.
    Doubling(Seconds),
    /// A number of temporary locks, then until an administrator resets it.
    TemporaryThenPermanent {
        /// How long each temporary lock lasts.
        temporary: Seconds,
        /// The lock with this ordinal is the permanent one (2 to 10).
        permanent_at: u8,
    },
    /// At once until an administrator resets it.
    Permanent,
}

/// The longest that a doubling lock grows to.
pub const DOUBLING_MAX: Seconds = Seconds(86_400);

/// What a chosen secret must look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretRules {
    /// Fewest characters (digits, for codes).
    pub length_min: u8,
    /// Most characters.
    pub length_max: u8,
    /// Refuse runs (1234), repeats (1111, 1212) and the own number, also backwards. For codes.
    pub refuse_patterns: bool,
    /// Refuse the account's name and the most common passwords.
    pub refuse_common: bool,
}

/// How long things may lie unused; 0 = for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AgeRules {
    /// A secret must be changed after this time.
    pub secret: Seconds,
    /// An account that nobody signs in to for this time is locked.
    pub idle: Seconds,
}

/// How long signed-in sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SessionRules {
    /// At the same time, per account.
    pub concurrent_max: u8,
    /// Ends after this time without a request (5 to 120 minutes).
    pub idle: Seconds,
    /// Ends after this time in any case.
    pub absolute: Seconds,
}

/// How phones may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationRules {
    /// A shorter wish is answered 423 with this as Min-Expires.
    pub expires_min: Seconds,
    /// A longer wish is cut to this.
    pub expires_max: Seconds,
    /// When the phone does not say.
    pub expires_default: Seconds,
    /// Phones at one extension; one more pushes the oldest out, into the quarantine list.
    pub bindings_max: u8,
}

/// The security settings of the system. One value; changed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
// A setting that a later version brings has its default in a store from before.
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Counts the changes.
    pub version: u32,
    /// The name on every page.
    pub system_name: Box<str>,
    /// Shown on the login page; may be empty.
    pub login_banner: Box<str>,
    /// The trusted local network.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub lan1: Vec<IpNet>,
    /// The other side.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub lan2: Vec<IpNet>,
    /// Wrong service passwords.
    pub service_password_lock: LockRule,
    /// Wrong user passwords.
    pub user_password_lock: LockRule,
    /// Failed registrations of one extension: "blacklisted extensions".
    pub extension_lock: LockRule,
    /// Failures from one address over all interfaces: "blacklisted addresses".
    pub address_lock: LockRule,
    /// Networks whose addresses are never blacklisted.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub address_allow: Vec<IpNet>,
    /// What a service password must look like.
    pub service_password: SecretRules,
    /// What a user password must look like.
    pub user_password: SecretRules,
    /// What a login code must look like.
    pub login_code: SecretRules,
    /// What a phone password must look like.
    pub phone_password: SecretRules,
    /// Whether codes that an administrator sets may break the pattern rules. The user's own never may.
    pub administrators_exempt: bool,
    /// Ages of service users and their passwords.
    pub ages: AgeRules,
    /// Signed-in sessions.
    pub sessions: SessionRules,
    /// SIP registrations.
    pub registrations: RegistrationRules,
}

/// The rule of a count that locks nothing.
const COUNTED_ALONE: LockRule =
    LockRule { failures_max: 0, window: Seconds::minutes(10), lock: Lock::LogOnly };

impl Settings {
    /// The rule that a count obeys.
    pub const fn lock_rule(&self, scope: CountScope) -> &LockRule {
        match scope {
            CountScope::Extension => &self.extension_lock,
            CountScope::Credential(CredentialKind::ServicePassword) => &self.service_password_lock,
            CountScope::Credential(CredentialKind::UserPassword) => &self.user_password_lock,
            CountScope::Credential(CredentialKind::LoginCode | CredentialKind::PhonePassword) => {
                &self.extension_lock
            }
            CountScope::Address => &self.address_lock,
            CountScope::ApiToken => &COUNTED_ALONE,
        }
    }
}

impl Default for Settings {
    /// The preset *Modern* with the figures of SPEC sections 4 and 6.
    fn default() -> Self {
        let ten_minutes = Seconds::minutes(10);
        Self {
            version: 0,
            system_name: "Hookswitch".into(),
            login_banner: "".into(),
            lan1: Vec::new(),
            lan2: Vec::new(),
            service_password_lock: LockRule {
                failures_max: 3,
                window: ten_minutes,
                lock: Lock::Temporary(Seconds::minutes(1)),
            },
            user_password_lock: LockRule {
                failures_max: 5,
                window: ten_minutes,
                lock: Lock::Temporary(Seconds::minutes(5)),
            },
            extension_lock: LockRule {
                failures_max: 5,
                window: ten_minutes,
                lock: Lock::Temporary(ten_minutes),
            },
            address_lock: LockRule {
                failures_max: 10,
                window: ten_minutes,
                lock: Lock::Temporary(ten_minutes),
            },
            address_allow: Vec::new(),
            service_password: SecretRules {
                length_min: 15,
                length_max: 128,
                refuse_patterns: false,
                refuse_common: true,
            },
            user_password: SecretRules {
                length_min: 8,
                length_max: 128,
                refuse_patterns: false,
                refuse_common: true,
            },
            login_code: SecretRules {
                length_min: 4,
                length_max: 31,
                refuse_patterns: true,
                refuse_common: true,
            },
            // Typed into a device once and never by heart: it may well be long.
            phone_password: SecretRules {
                length_min: 8,
                length_max: 31,
                refuse_patterns: false,
                refuse_common: true,
            },
            administrators_exempt: false,
            ages: AgeRules::default(),
            sessions: SessionRules {
                concurrent_max: 5,
                idle: Seconds::minutes(10),
                absolute: Seconds::minutes(12 * 60),
            },
            registrations: RegistrationRules {
                expires_min: Seconds(60),
                expires_max: Seconds(7200),
                expires_default: Seconds(3600),
                bindings_max: 10,
            },
        }
    }
}
