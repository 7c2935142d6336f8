//! The rules: what a secret must look like, how often one may fail, how long things last (SPEC section 4).

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    account::RoleKind,
    credential::CredentialKind,
    interface::CountScope,
    preset::Preset,
    timestamp::{Seconds, Timestamp},
};

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
    /// Nothing at all: the limit is not even noted. Each refusal stands in the audit all the same.
    Nothing,
    /// Nothing but a note in the audit that the limit was reached.
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
    /// A number of locks, each twice as long as the one before, then until an administrator resets it.
    DoublingThenPermanent {
        /// How long the first one lasts.
        first: Seconds,
        /// The lock with this ordinal is the permanent one (2 to 10).
        permanent_at: u8,
    },
    /// At once until an administrator resets it.
    Permanent,
}

impl Lock {
    /// Whether it keeps anybody out.
    pub const fn keeps_out(self) -> bool {
        !matches!(self, Self::Nothing | Self::LogOnly)
    }
}

/// The longest that a doubling lock grows to.
pub const DOUBLING_MAX: Seconds = Seconds(86_400);

/// Most former secrets that a new one is compared with.
pub const HISTORY_MAX: u8 = 24;

/// What a chosen secret must look like. Zero switches a rule off, but for the lengths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
// A rule that a later version brings is off in a store from before, until somebody switches it on.
#[serde(deny_unknown_fields, default)]
pub struct SecretRules {
    /// Fewest characters (digits, for codes).
    pub length_min: u8,
    /// Most characters.
    pub length_max: u8,
    /// Refuse runs (1234), repeats (1111, 1212) and the own number, also backwards. For codes.
    pub refuse_patterns: bool,
    /// Refuse the account's name and the most common passwords.
    pub refuse_common: bool,
    /// How many kinds of character. For passwords.
    pub complexity: Complexity,
    /// Fewest small letters.
    pub lower_min: u8,
    /// Fewest capital letters.
    pub upper_min: u8,
    /// Fewest digits, in passwords.
    pub digits_min: u8,
    /// Fewest other characters.
    pub other_min: u8,
    /// Most times that one digit may stand in a row (3: 111222 is right, 1112222 is not). For codes.
    pub same_max: u8,
    /// Refuse a group of digits that is said twice in a row (1212, 408408). For codes.
    pub refuse_groups: bool,
    /// Most digits that may go up one by one (3: 123 is right, 1234 is not). For codes.
    pub up_max: u8,
    /// Most digits that may go down one by one. For codes.
    pub down_max: u8,
    /// Refuse the own number, also backwards. For codes.
    pub refuse_own_number: bool,
    /// None of the last so many, the present one among them.
    pub history: u8,
    /// Refuse the present one backwards.
    pub refuse_reversed: bool,
    /// Must be changed after this time. For codes that are typed; passwords have it among the ages.
    pub period: Seconds,
}

impl SecretRules {
    /// Between so many and so many characters, and nothing else.
    pub const fn length(length_min: u8, length_max: u8) -> Self {
        Self {
            length_min,
            length_max,
            refuse_patterns: false,
            refuse_common: false,
            complexity: Complexity::Any,
            lower_min: 0,
            upper_min: 0,
            digits_min: 0,
            other_min: 0,
            same_max: 0,
            refuse_groups: false,
            up_max: 0,
            down_max: 0,
            refuse_own_number: false,
            history: 0,
            refuse_reversed: false,
            period: Seconds(0),
        }
    }
}

impl Default for SecretRules {
    fn default() -> Self {
        Self::length(8, 128)
    }
}

/// How many kinds of character a password needs: the vendors' three degrees, and none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Complexity {
    /// Any characters, of any kind: what NIST SP 800-63B-4 asks for.
    #[default]
    Any,
    /// Any characters; the account's name is not among them.
    Low,
    /// The same, of at least two of small letters, capitals, digits and others, and none three times in a row.
    Medium,
    /// The same, of at least three.
    High,
}

/// How long things may lie unused; 0 = for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AgeRules {
    /// A password must be changed after this time.
    pub secret: Seconds,
    /// An account that nobody signs in to for this time is locked.
    pub idle: Seconds,
    /// An account without a last day of its own ends with the day on which this time is over, counted from when it was
    /// made or last enabled by hand.
    pub expiry: Seconds,
    /// How long before its end an account, and a password, is told of it.
    pub reminder: Seconds,
}

/// How short names may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NameRules {
    /// Of service users. The built-in ones keep theirs.
    pub service_min: u8,
    /// Of users.
    pub user_min: u8,
}

impl Default for NameRules {
    fn default() -> Self {
        Self { service_min: 3, user_min: 1 }
    }
}

/// How whoever forgot a password gets back in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RecoveryRules {
    /// Whether a link is mailed to those who ask for one and have an address.
    pub by_mail: bool,
    /// Whether links that set a password work from anywhere, as on a hosted system; else from LAN1 alone.
    pub from_anywhere: bool,
}

impl Default for RecoveryRules {
    fn default() -> Self {
        Self { by_mail: true, from_anywhere: false }
    }
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
    /// What a voicemail code must look like.
    pub voicemail_code: SecretRules,
    /// What a portal passcode must look like.
    pub portal_passcode: SecretRules,
    /// Wrong voicemail codes.
    pub voicemail_code_lock: LockRule,
    /// Wrong portal passcodes.
    pub portal_passcode_lock: LockRule,
    /// Wrong login codes and system passwords that are typed at keypads.
    pub keypad_lock: LockRule,
    /// Ages of service users and their passwords.
    pub ages: AgeRules,
    /// Ages of users and their passwords. Phones mind them not.
    pub user_ages: AgeRules,
    /// How short names may be.
    pub names: NameRules,
    /// Signed-in sessions.
    pub sessions: SessionRules,
    /// Ways back in.
    pub recovery: RecoveryRules,
    /// SIP registrations.
    pub registrations: RegistrationRules,
    /// The preset that was chosen; the page says where the rules depart from it.
    pub preset: Preset,
    /// The last change of a rule, which can be undone.
    pub last_change: Option<LastChange>,
}

/// A change of rules, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LastChange {
    /// The version of the settings that it made.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// Who did it, in words.
    pub by: Box<str>,
    /// Each rule that it changed, by its name.
    pub rules: Vec<RuleChange>,
    /// The preset before and after.
    pub preset: (Preset, Preset),
}

/// One rule's change. `None`: the rule did not apply then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// Its stable name.
    pub rule: Box<str>,
    /// Its value before.
    pub before: Option<u32>,
    /// And after.
    pub after: Option<u32>,
}

/// The rule of a count that locks nothing.
const COUNTED_ALONE: LockRule =
    LockRule { failures_max: 0, window: Seconds::minutes(10), lock: Lock::LogOnly };

impl Settings {
    /// The ages that an account of this kind obeys. Phones obey none: the one in a meeting room is not locked because nobody
    /// replaced its code.
    pub const fn ages_of(&self, kind: RoleKind) -> &AgeRules {
        match kind {
            RoleKind::ServiceUser => &self.ages,
            RoleKind::User => &self.user_ages,
        }
    }

    /// The rule that a count obeys.
    pub const fn lock_rule(&self, scope: CountScope) -> &LockRule {
        match scope {
            CountScope::Extension => &self.extension_lock,
            CountScope::Credential(CredentialKind::ServicePassword) => &self.service_password_lock,
            CountScope::Credential(CredentialKind::UserPassword) => &self.user_password_lock,
            CountScope::Credential(CredentialKind::VoicemailCode) => &self.voicemail_code_lock,
            CountScope::Credential(CredentialKind::PortalPasscode) => &self.portal_passcode_lock,
            // Phones that show a login code by themselves are counted by their extension.
            CountScope::Credential(CredentialKind::LoginCode | CredentialKind::SystemPassword) => {
                &self.keypad_lock
            }
            CountScope::Credential(CredentialKind::PhonePassword) => &self.extension_lock,
            CountScope::Address => &self.address_lock,
            CountScope::ApiToken | CountScope::Link => &COUNTED_ALONE,
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
                refuse_common: true,
                history: HISTORY_MAX,
                ..SecretRules::length(15, 128)
            },
            user_password: SecretRules { refuse_common: true, ..SecretRules::length(8, 128) },
            login_code: SecretRules {
                refuse_patterns: true,
                refuse_common: true,
                ..SecretRules::length(4, 31)
            },
            // Typed into a device once and never by heart: it may well be long.
            phone_password: SecretRules { refuse_common: true, ..SecretRules::length(8, 31) },
            administrators_exempt: false,
            voicemail_code: SecretRules {
                refuse_patterns: true,
                refuse_common: true,
                history: 1,
                ..SecretRules::length(4, 15)
            },
            portal_passcode: SecretRules {
                refuse_patterns: true,
                refuse_common: true,
                history: 1,
                ..SecretRules::length(4, 10)
            },
            // Whoever types wrong codes at a keypad waits a while, and is not kept out for long.
            voicemail_code_lock: LockRule {
                failures_max: 4,
                window: ten_minutes,
                lock: Lock::Temporary(Seconds(90)),
            },
            portal_passcode_lock: LockRule {
                failures_max: 4,
                window: ten_minutes,
                lock: Lock::Temporary(Seconds(90)),
            },
            keypad_lock: LockRule {
                failures_max: 4,
                window: ten_minutes,
                lock: Lock::Temporary(Seconds(90)),
            },
            ages: AgeRules { reminder: Seconds::days(14), ..AgeRules::default() },
            user_ages: AgeRules { reminder: Seconds::days(14), ..AgeRules::default() },
            names: NameRules::default(),
            sessions: SessionRules {
                concurrent_max: 5,
                idle: Seconds::minutes(10),
                absolute: Seconds::minutes(12 * 60),
            },
            recovery: RecoveryRules::default(),
            registrations: RegistrationRules {
                expires_min: Seconds(60),
                expires_max: Seconds(7200),
                expires_default: Seconds(3600),
                bindings_max: 10,
            },
            preset: Preset::Modern,
            last_change: None,
        }
    }
}
