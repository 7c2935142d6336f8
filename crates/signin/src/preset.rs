//! Presets: whole sets of rules that somebody else thought through, to begin with and to compare with.

use serde::{Deserialize, Serialize};

use crate::{
    policy::{AgeRules, Complexity, HISTORY_MAX, Lock, LockRule, NameRules, SecretRules, Settings},
    rules::{Rule, rules},
    timestamp::Seconds,
};

/// The presets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// NIST SP 800-63B-4: length and a list of what is tried first; no expiry, no kinds of character.
    #[default]
    Modern,
    /// As older phone systems come out of the box.
    Minimum,
    /// What their vendors recommend.
    Medium,
    /// What their vendors recommend where much is at stake.
    Maximum,
    /// As hosted BroadWorks systems have it.
    BroadWorks,
}

/// Where a setting departs from its preset.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// Which rule.
    pub rule: Rule,
    /// The preset's value; `None` = it does not apply there.
    pub preset: Option<u32>,
    /// The present value.
    pub present: Option<u32>,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [Self::Modern, Self::Minimum, Self::Medium, Self::Maximum, Self::BroadWorks];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Minimum => "minimum",
            Self::Medium => "medium",
            Self::Maximum => "maximum",
            Self::BroadWorks => "broad-works",
        }
    }

    /// Name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Modern => "Modern",
            Self::Minimum => "Minimum",
            Self::Medium => "Medium",
            Self::Maximum => "Maximum",
            Self::BroadWorks => "BroadWorks",
        }
    }

    /// What it is.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Modern => {
                "Long secrets, none of those that are tried first, and no change without a reason (NIST SP 800-63B-4)."
            }
            Self::Minimum => {
                "As older phone systems come out of the box: short secrets, wrong ones only written down."
            }
            Self::Medium => "As their vendors recommend: two kinds of character, a change every 90 days.",
            Self::Maximum => {
                "As their vendors recommend where much is at stake: three kinds of character, and locks that only an \
                 administrator lifts."
            }
            Self::BroadWorks => {
                "As hosted BroadWorks systems have it: letters and digits, and codes with many rules."
            }
        }
    }

    /// The preset of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Settings with the rules of this preset. What is no rule is as it is by default.
    pub fn settings(self) -> Settings {
        match self {
            Self::Modern => Settings::default(),
            Self::Minimum => minimum(),
            Self::Medium => medium(),
            Self::Maximum => maximum(),
            Self::BroadWorks => broad_works(),
        }
    }

    /// Where these settings depart from it.
    pub fn departures(self, settings: &Settings) -> Vec<Departure> {
        let preset = self.settings();
        rules()
            .map(|rule| Departure { rule, preset: rule.get(&preset), present: rule.get(settings) })
            .filter(|departure| departure.preset != departure.present)
            .collect()
    }

    /// These settings with all rules as the preset has them.
    #[must_use]
    pub fn apply(self, settings: &Settings) -> Settings {
        let preset = self.settings();
        let mut applied = settings.clone();
        for rule in rules() {
            if let Some(value) = rule.get(&preset) {
                rule.set(&mut applied, value);
            }
        }
        applied.preset = self;
        applied
    }
}

const TEN_MINUTES: Seconds = Seconds::minutes(10);

const fn lock(failures_max: u8, lock: Lock) -> LockRule {
    LockRule { failures_max, window: TEN_MINUTES, lock }
}

/// Release 8.1 of the older family: everything is allowed, and written down. No password is shorter than eight here.
fn minimum() -> Settings {
    let code = |most| SecretRules::length(4, most);
    Settings {
        service_password: SecretRules { complexity: Complexity::Low, ..SecretRules::length(8, 31) },
        user_password: SecretRules { complexity: Complexity::Low, ..SecretRules::length(8, 31) },
        phone_password: SecretRules::length(8, 31),
        login_code: code(31),
        voicemail_code: code(15),
        portal_passcode: code(10),
        service_password_lock: lock(3, Lock::LogOnly),
        user_password_lock: lock(3, Lock::LogOnly),
        names: NameRules { service_min: 6, user_min: 1 },
        ages: AgeRules { reminder: Seconds::days(28), ..AgeRules::default() },
        user_ages: AgeRules { reminder: Seconds::days(28), ..AgeRules::default() },
        ..Settings::default()
    }
}

fn medium() -> Settings {
    let password = SecretRules {
        complexity: Complexity::Medium,
        refuse_common: true,
        history: HISTORY_MAX,
        ..SecretRules::length(9, 31)
    };
    let code = |least, most| SecretRules {
        refuse_patterns: true,
        refuse_common: true,
        history: 1,
        ..SecretRules::length(least, most)
    };
    let ages = AgeRules {
        secret: Seconds::days(90),
        idle: Seconds::days(90),
        expiry: Seconds(0),
        reminder: Seconds::days(14),
    };
    Settings {
        service_password: password.clone(),
        user_password: password,
        phone_password: SecretRules { refuse_common: true, ..SecretRules::length(9, 31) },
        login_code: code(6, 31),
        voicemail_code: code(6, 15),
        portal_passcode: code(6, 10),
        service_password_lock: lock(3, Lock::Temporary(TEN_MINUTES)),
        user_password_lock: lock(3, Lock::Temporary(TEN_MINUTES)),
        names: NameRules { service_min: 6, user_min: 1 },
        ages,
        user_ages: AgeRules { idle: Seconds(0), ..ages },
        ..Settings::default()
    }
}

fn maximum() -> Settings {
    let medium = medium();
    let password = SecretRules {
        complexity: Complexity::High,
        refuse_reversed: true,
        length_min: 12,
        ..medium.service_password.clone()
    };
    let code = |most| SecretRules {
        refuse_patterns: true,
        refuse_common: true,
        same_max: 2,
        refuse_groups: true,
        up_max: 2,
        down_max: 2,
        history: 10,
        refuse_reversed: true,
        period: Seconds::days(90),
        ..SecretRules::length(8, most)
    };
    let ages = AgeRules {
        secret: Seconds::days(60),
        idle: Seconds::days(30),
        expiry: Seconds(0),
        reminder: Seconds::days(14),
    };
    Settings {
        service_password: password.clone(),
        user_password: password,
        phone_password: SecretRules { refuse_common: true, ..SecretRules::length(16, 31) },
        login_code: SecretRules { period: Seconds(0), ..code(31) },
        voicemail_code: code(15),
        portal_passcode: code(10),
        service_password_lock: lock(3, Lock::Permanent),
        user_password_lock: lock(3, Lock::Permanent),
        voicemail_code_lock: lock(3, Lock::Permanent),
        portal_passcode_lock: lock(3, Lock::Permanent),
        keypad_lock: lock(3, Lock::Permanent),
        extension_lock: lock(5, Lock::TemporaryThenPermanent { temporary: TEN_MINUTES, permanent_at: 3 }),
        ages,
        user_ages: AgeRules { idle: Seconds(0), ..ages },
        ..medium
    }
}

fn broad_works() -> Settings {
    let password = SecretRules {
        complexity: Complexity::Low,
        lower_min: 1,
        digits_min: 1,
        history: 10,
        refuse_reversed: true,
        ..SecretRules::length(8, 40)
    };
    let passcode = SecretRules {
        same_max: 3,
        refuse_groups: true,
        up_max: 3,
        down_max: 3,
        refuse_own_number: true,
        history: 10,
        refuse_reversed: true,
        period: Seconds::days(180),
        ..SecretRules::length(4, 10)
    };
    let ages = AgeRules {
        secret: Seconds::days(180),
        idle: Seconds(0),
        expiry: Seconds(0),
        reminder: Seconds::days(14),
    };
    Settings {
        service_password: password.clone(),
        user_password: password,
        phone_password: SecretRules { lower_min: 1, digits_min: 1, ..SecretRules::length(8, 40) },
        login_code: SecretRules { period: Seconds(0), ..SecretRules { length_max: 31, ..passcode.clone() } },
        voicemail_code: passcode.clone(),
        portal_passcode: passcode,
        service_password_lock: lock(5, Lock::Permanent),
        user_password_lock: lock(5, Lock::Permanent),
        voicemail_code_lock: lock(5, Lock::Permanent),
        portal_passcode_lock: lock(5, Lock::Permanent),
        keypad_lock: lock(5, Lock::Permanent),
        extension_lock: lock(5, Lock::DoublingThenPermanent { first: Seconds::minutes(5), permanent_at: 5 }),
        ages,
        user_ages: ages,
        ..Settings::default()
    }
}
