//! Changing the settings.

use super::{Admin, Change, Checks, Problem, changed};
use crate::{
    audit::{Action, Actor, FieldChange},
    effect::Effect,
    ident::{DomainId, NAME_MAX},
    policy::{LastChange, Lock, LockRule, RuleChange, SecretRules, Settings},
    records::Records,
    rights::Right,
    rules,
    timestamp::Seconds,
};

/// Longest time after which a secret must be changed.
const PERIOD_MAX: Seconds = Seconds::days(999);
/// Most networks in one list.
const NETWORKS_MAX: usize = 256;

impl Admin<'_> {
    /// Puts new settings in force. `wanted.version` is the version that was looked at.
    ///
    /// # Errors
    /// No right to what is changed (the rules are one thing, the system's name and networks another), changed meanwhile, or
    /// figures out of their range.
    pub fn save_settings(&self, wanted: &Settings) -> Result<Change<()>, Problem> {
        let before = self.records.settings();
        let of_system = Settings {
            system_name: wanted.system_name.clone(),
            lan1: wanted.lan1.clone(),
            lan2: wanted.lan2.clone(),
            version: wanted.version,
            ..(*before).clone()
        };
        let is_of_rules = of_system != *wanted;
        if is_of_rules {
            self.require(Right::SecurityWrite)?;
        }
        let is_of_system = Settings { version: wanted.version, ..(*before).clone() } != of_system;
        if is_of_system || !(is_of_rules || self.by.may(Right::SecurityWrite)) {
            self.require(Right::SystemWrite)?;
        }
        if before.version != wanted.version {
            return Err(Problem::Changed("set of settings"));
        }
        check(wanted)?;
        let mut after = Settings {
            version: before.version + 1,
            last_change: before.last_change.clone(),
            ..wanted.clone()
        };
        let changes = differences(&before, &after);
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        if let Some(change) = self.change_of_rules(&before, &after) {
            after.last_change = Some(change);
        }
        let audit = self.audit(Action::SettingsChanged, DomainId::FIRST, "settings", changes);
        Ok(Change::of(vec![Effect::PutSettings(Box::new(after)), audit], ()))
    }

    /// Takes the last change of rules back, the one that made `version`. That is a change as well, which can be taken back.
    ///
    /// # Errors
    /// No right, another change came after it, or a rule of it was changed since: then which.
    pub fn undo_settings(&self, version: u32) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let before = self.records.settings();
        let last = before.last_change.as_ref().filter(|last| last.version == version);
        let Some(last) = last else { return Err(Problem::Changed("set of rules")) };
        let mut wanted = (*before).clone();
        let mut checks = Checks::default();
        for change in &last.rules {
            let Some(rule) = rules::named(&change.rule) else { continue };
            let present = rule.get(&before);
            if present != change.after {
                checks.wrong(
                    "undo",
                    format!(
                        "{}, {}: now {}, no longer {}.",
                        rule.part().title(),
                        rule.title(),
                        rule.in_words(present),
                        rule.in_words(change.after)
                    ),
                );
            } else if let Some(value) = change.before {
                rule.set(&mut wanted, value);
            }
        }
        checks.result()?;
        wanted.preset = last.preset.0;
        self.save_settings(&wanted)
    }

    fn change_of_rules(&self, before: &Settings, after: &Settings) -> Option<LastChange> {
        let rules: Vec<RuleChange> = rules::rules()
            .filter(|rule| rule.get(before) != rule.get(after))
            .map(|rule| RuleChange {
                rule: rule.name().into(),
                before: rule.get(before),
                after: rule.get(after),
            })
            .collect();
        let preset = (before.preset, after.preset);
        let is_change = !rules.is_empty() || preset.0 != preset.1;
        let by = match &self.by.actor {
            Actor::Account(_, name) | Actor::Extension(_, name) => name.clone(),
            Actor::Console => "the console".into(),
            Actor::System | Actor::Unknown => "the system".into(),
        };
        is_change.then_some(LastChange { version: after.version, at: self.now, by, rules, preset })
    }
}

/// The figures' ranges, as SPEC section 4 gives them.
pub(super) fn check(settings: &Settings) -> Result<(), Problem> {
    let mut checks = Checks::default();
    let name = settings.system_name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        checks.wrong("system-name", format!("A name has 1 to {NAME_MAX} characters."));
    }
    if settings.login_banner.chars().count() > 500 {
        checks.wrong("login-banner", "A banner has at most 500 characters.");
    }
    let lists =
        [("lan1", &settings.lan1), ("lan2", &settings.lan2), ("address-allow", &settings.address_allow)];
    for (field, networks) in lists {
        if networks.len() > NETWORKS_MAX {
            checks.wrong(field, format!("At most {NETWORKS_MAX} networks."));
        }
    }
    let rules = [
        ("service-password-lock", &settings.service_password_lock),
        ("user-password-lock", &settings.user_password_lock),
        ("voicemail-code-lock", &settings.voicemail_code_lock),
        ("portal-passcode-lock", &settings.portal_passcode_lock),
        ("extension-lock", &settings.extension_lock),
        ("address-lock", &settings.address_lock),
    ];
    for (field, rule) in rules {
        check_lock(&mut checks, field, rule);
    }
    let secrets = [
        ("voicemail-code", &settings.voicemail_code, 4),
        ("portal-passcode", &settings.portal_passcode, 4),
        ("service-password", &settings.service_password, 8),
        ("user-password", &settings.user_password, 8),
        ("login-code", &settings.login_code, 4),
        ("phone-password", &settings.phone_password, 8),
    ];
    for (field, rules, fewest) in secrets {
        check_secret(&mut checks, field, rules, fewest);
    }
    // A rule of service users alone: no form has it for users.
    if settings.user_ages.expiry > PERIOD_MAX {
        checks.wrong("user-ages", "An account ends after at most 999 days.");
    }
    let sessions = &settings.sessions;
    if !(1..=50).contains(&sessions.concurrent_max) {
        checks.wrong("sessions-concurrent", "1 to 50 sessions.");
    }
    if !(Seconds::minutes(5)..=Seconds::minutes(120)).contains(&sessions.idle) {
        checks.wrong("sessions-idle", "5 to 120 minutes.");
    }
    if sessions.absolute < sessions.idle || sessions.absolute > Seconds::days(30) {
        checks.wrong("sessions-absolute", "At least the idle time, at most 30 days.");
    }
    let registrations = &settings.registrations;
    let is_ordered = registrations.expires_min.0 >= 10
        && registrations.expires_min <= registrations.expires_default
        && registrations.expires_default <= registrations.expires_max
        && registrations.expires_max <= Seconds::days(7);
    if !is_ordered {
        checks.wrong("registrations", "10 seconds ≤ shortest ≤ default ≤ longest ≤ 7 days.");
    }
    if !(1..=50).contains(&registrations.bindings_max) {
        checks.wrong("bindings-max", "1 to 50 phones.");
    }
    let out_of_range = rules::rules()
        .filter(|rule| rule.get(settings).is_some_and(|value| !rule.range().holds(value)))
        .map(|rule| format!("{}, {}: out of its range.", rule.part().title(), rule.title()));
    // What is said above is not said again.
    if checks.0.is_empty() {
        out_of_range.for_each(|says| checks.wrong("rules", says));
    }
    checks.result()
}

fn check_lock(checks: &mut Checks, field: &'static str, rule: &LockRule) {
    if !(Seconds(60)..=Seconds::days(1)).contains(&rule.window) {
        checks.wrong(field, "Failures count for 1 minute to 1 day.");
    }
    let (length, ordinal) = match rule.lock {
        Lock::Nothing | Lock::LogOnly | Lock::Permanent => return,
        Lock::Temporary(length) | Lock::Doubling(length) => (length, 2),
        Lock::TemporaryThenPermanent { temporary: length, permanent_at }
        | Lock::DoublingThenPermanent { first: length, permanent_at } => (length, permanent_at),
    };
    if !(Seconds(10)..=Seconds::days(1)).contains(&length) {
        checks.wrong(field, "A lock lasts 10 seconds to 1 day.");
    }
    if !(2..=10).contains(&ordinal) {
        checks.wrong(field, "The 2nd to 10th lock may be the permanent one.");
    }
}

fn check_secret(checks: &mut Checks, field: &'static str, rules: &SecretRules, fewest: u8) {
    if rules.length_min < fewest || rules.length_max > 128 || rules.length_min > rules.length_max {
        checks.wrong(field, format!("{fewest} to 128 characters, the shortest not above the longest."));
    }
    // Kept for every kind, and a rule of some alone: no form has it for the others.
    if rules.period > PERIOD_MAX {
        checks.wrong(field, "Changed at most every 999 days.");
    }
}

/// Every rule that differs, in words; and every other field, found in the serialised form so that none can be forgotten.
fn differences(before: &Settings, after: &Settings) -> Vec<FieldChange> {
    let mut levelled = before.clone();
    let mut found = Vec::new();
    for rule in rules::rules() {
        let (old, new) = (rule.get(before), rule.get(after));
        if old != new {
            found.extend(changed(&rule.name(), &rule.in_words(old), &rule.in_words(new)));
        }
        if let Some(value) = new.filter(|_| old != new) {
            rule.set(&mut levelled, value);
        }
    }
    let (before, after) = (fields(&levelled), fields(after));
    let others = before
        .iter()
        .zip(&after)
        .filter(|((field, _), _)| !["version", "last_change"].contains(&field.as_str()))
        .filter_map(|((field, before), (_, after))| changed(&field.replace('_', " "), before, after));
    found.extend(others);
    found
}

fn fields(settings: &Settings) -> Vec<(String, String)> {
    match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(fields)) => {
            fields.into_iter().map(|(field, value)| (field, value.to_string())).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) const fn yes_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
