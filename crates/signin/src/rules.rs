//! The rules of the settings, one by one: name, words, range and value of each. The form, its comparison with a preset,
//! the undoing of a change and the documentation are made of this list.

use crate::{
    credential::{CredentialKind, KINDS, Range, SECRET_RULES, SecretRule},
    policy::{Lock, LockRule, Settings},
    timestamp::Seconds,
};

/// What rules are about: the pages of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Those who administer.
    ServiceUsers,
    /// Those who have phones, and their own pages.
    Users,
    /// Mailboxes.
    VoicemailCodes,
    /// Phones, by the user's code.
    LoginCodes,
    /// Other people's phones, for a while.
    PortalPasscodes,
    /// Phones, by their own password; and what too many wrong ones do.
    Phones,
    /// Where attempts come from.
    Addresses,
    /// Signed-in sessions.
    Sessions,
    /// Ways back in.
    Recovery,
}

impl Part {
    /// Every part, in order.
    pub const ALL: [Self; 9] = [
        Self::ServiceUsers,
        Self::Users,
        Self::VoicemailCodes,
        Self::LoginCodes,
        Self::PortalPasscodes,
        Self::Phones,
        Self::Addresses,
        Self::Sessions,
        Self::Recovery,
    ];

    /// Stable name, in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServiceUsers => "service-users",
            Self::Users => "users",
            Self::VoicemailCodes => "voicemail-codes",
            Self::LoginCodes => "login-codes",
            Self::PortalPasscodes => "portal-passcodes",
            Self::Phones => "phones",
            Self::Addresses => "addresses",
            Self::Sessions => "sessions",
            Self::Recovery => "recovery",
        }
    }

    /// Name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ServiceUsers => "Service users",
            Self::Users => "Users",
            Self::VoicemailCodes => "Voicemail codes",
            Self::LoginCodes => "Login codes",
            Self::PortalPasscodes => "Portal passcodes",
            Self::Phones => "Phones",
            Self::Addresses => "Addresses",
            Self::Sessions => "Sessions",
            Self::Recovery => "Ways back in",
        }
    }

    /// What its failures are counted against; `None` where others' rules lock, or nothing does.
    pub fn lock_rule(self, settings: &Settings) -> Option<&LockRule> {
        GUARDED.iter().find(|guarded| guarded.part == self).map(|guarded| (guarded.of)(settings))
    }

    /// The part of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What too many failures are counted against.
#[derive(Clone, Copy, Debug)]
struct Guarded {
    part: Part,
    name: &'static str,
    /// Locks are given in this many seconds.
    unit: u32,
    of: fn(&Settings) -> &LockRule,
    of_mut: fn(&mut Settings) -> &mut LockRule,
}

const fn guarded(
    part: Part,
    name: &'static str,
    unit: u32,
    of: fn(&Settings) -> &LockRule,
    of_mut: fn(&mut Settings) -> &mut LockRule,
) -> Guarded {
    Guarded { part, name, unit, of, of_mut }
}

/// Every rule of locks.
const GUARDED: [Guarded; 7] = [
    guarded(
        Part::ServiceUsers,
        "service-password-lock",
        60,
        |s| &s.service_password_lock,
        |s| &mut s.service_password_lock,
    ),
    guarded(Part::Users, "user-password-lock", 60, |s| &s.user_password_lock, |s| &mut s.user_password_lock),
    guarded(
        Part::VoicemailCodes,
        "voicemail-code-lock",
        1,
        |s| &s.voicemail_code_lock,
        |s| &mut s.voicemail_code_lock,
    ),
    guarded(
        Part::PortalPasscodes,
        "portal-passcode-lock",
        1,
        |s| &s.portal_passcode_lock,
        |s| &mut s.portal_passcode_lock,
    ),
    guarded(Part::LoginCodes, "keypad-lock", 1, |s| &s.keypad_lock, |s| &mut s.keypad_lock),
    guarded(Part::Phones, "extension-lock", 60, |s| &s.extension_lock, |s| &mut s.extension_lock),
    guarded(Part::Addresses, "address-lock", 60, |s| &s.address_lock, |s| &mut s.address_lock),
];

/// What is set about a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LockField {
    /// How many failures.
    Failures,
    /// Within which time.
    Window,
    /// What happens then.
    Action,
    /// For how long.
    Length,
    /// Which lock is the last.
    PermanentAt,
}

impl LockField {
    const ALL: [Self; 5] = [Self::Failures, Self::Window, Self::Action, Self::Length, Self::PermanentAt];
}

/// What happens at the limit.
pub const LOCKS: [(&str, &str); 7] = [
    ("none", "Nothing"),
    ("log", "Write it into the audit"),
    ("temporary", "Lock for a time"),
    ("doubling", "Lock for a time that doubles"),
    ("then-permanent", "Lock for a time, and some day until reset"),
    ("doubling-then-permanent", "Lock for a time that doubles, and some day until reset"),
    ("permanent", "Lock until an administrator resets it"),
];

/// The length of a lock where none was given before.
const LENGTH_FIRST: Seconds = Seconds::minutes(10);
/// The last lock where none was given before.
const PERMANENT_FIRST: u8 = 3;

/// A rule that is neither about secrets nor about locks.
#[derive(Clone, Copy, Debug)]
struct PlainRule {
    part: Part,
    group: &'static str,
    name: &'static str,
    title: &'static str,
    help: &'static str,
    range: Range,
    get: fn(&Settings) -> u32,
    set: fn(&mut Settings, u32),
}

#[expect(clippy::too_many_arguments, reason = "a row of a table, written as one")]
const fn plain(
    part: Part,
    group: &'static str,
    name: &'static str,
    title: &'static str,
    help: &'static str,
    range: Range,
    get: fn(&Settings) -> u32,
    set: fn(&mut Settings, u32),
) -> PlainRule {
    PlainRule { part, group, name, title, help, range, get, set }
}

const fn days(most: u32) -> Range {
    Range::Number { least: 0, most, unit: "days" }
}

fn narrow(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

const AGES: &str = "Ages";
const NEVER: &str = "0: never.";
const END: &str = "Counted from when it was made or last enabled by hand, to 23:59:59 UTC of the last day. 0: no end but its own.";
const REMINDER: &str =
    "How long before a password or an account ends its owner is told at each sign-in. 0: not at all.";

const PLAIN: [PlainRule; 15] = [
    plain(
        Part::ServiceUsers,
        "Names",
        "service-name-min",
        "Shortest name",
        "The built-in accounts keep theirs.",
        Range::Number { least: 1, most: 31, unit: "characters" },
        |s| s.names.service_min.into(),
        |s, value| s.names.service_min = narrow(value),
    ),
    plain(
        Part::ServiceUsers,
        AGES,
        "service-password-period",
        "Password changed every",
        NEVER,
        days(999),
        |s| s.ages.secret.0 / 86_400,
        |s, value| s.ages.secret = Seconds::days(value),
    ),
    plain(
        Part::ServiceUsers,
        AGES,
        "service-idle",
        "Locked when not used for",
        "Until an administrator enables it. 0: never.",
        days(999),
        |s| s.ages.idle.0 / 86_400,
        |s, value| s.ages.idle = Seconds::days(value),
    ),
    plain(
        Part::ServiceUsers,
        AGES,
        "service-expiry",
        "Account ends after",
        END,
        days(9999),
        |s| s.ages.expiry.0 / 86_400,
        |s, value| s.ages.expiry = Seconds::days(value),
    ),
    plain(
        Part::ServiceUsers,
        AGES,
        "service-reminder",
        "Reminded",
        REMINDER,
        days(999),
        |s| s.ages.reminder.0 / 86_400,
        |s, value| s.ages.reminder = Seconds::days(value),
    ),
    plain(
        Part::Users,
        "Names",
        "user-name-min",
        "Shortest name",
        "",
        Range::Number { least: 1, most: 15, unit: "characters" },
        |s| s.names.user_min.into(),
        |s, value| s.names.user_min = narrow(value),
    ),
    plain(
        Part::Users,
        AGES,
        "user-password-period",
        "Password changed every",
        "Phones go on as before. 0: never.",
        days(999),
        |s| s.user_ages.secret.0 / 86_400,
        |s, value| s.user_ages.secret = Seconds::days(value),
    ),
    plain(
        Part::Users,
        AGES,
        "user-idle",
        "Locked when not signed in for",
        "Phones go on as before. 0: never.",
        days(999),
        |s| s.user_ages.idle.0 / 86_400,
        |s, value| s.user_ages.idle = Seconds::days(value),
    ),
    plain(
        Part::Users,
        AGES,
        "user-reminder",
        "Reminded",
        REMINDER,
        days(999),
        |s| s.user_ages.reminder.0 / 86_400,
        |s, value| s.user_ages.reminder = Seconds::days(value),
    ),
    plain(
        Part::LoginCodes,
        "Who sets them",
        "administrators-exempt",
        "Let administrators set simple codes",
        "A user's own change never is exempt. Goes for every kind of code.",
        Range::Flag,
        |s| s.administrators_exempt.into(),
        |s, value| s.administrators_exempt = value != 0,
    ),
    plain(
        Part::Sessions,
        "Sessions",
        "sessions-concurrent",
        "Sessions of one account",
        "On the web, in the command and in programs together. One more is refused.",
        Range::Number { least: 1, most: 50, unit: "at once" },
        |s| s.sessions.concurrent_max.into(),
        |s, value| s.sessions.concurrent_max = narrow(value),
    ),
    plain(
        Part::Sessions,
        "Sessions",
        "sessions-idle",
        "Signed out after",
        "",
        Range::Number { least: 5, most: 120, unit: "minutes without activity" },
        |s| s.sessions.idle.0 / 60,
        |s, value| s.sessions.idle = Seconds::minutes(value),
    ),
    plain(
        Part::Sessions,
        "Sessions",
        "sessions-absolute",
        "And in any case after",
        "",
        Range::Number { least: 1, most: 720, unit: "hours" },
        |s| s.sessions.absolute.0 / 3600,
        |s, value| s.sessions.absolute = Seconds(value.saturating_mul(3600)),
    ),
    plain(
        Part::Recovery,
        "Forgotten passwords",
        "recovery-by-mail",
        "Mail a link to a new password",
        "To whoever asks for one and has an address that is confirmed. It works once, within 30 minutes.",
        Range::Flag,
        |s| s.recovery.by_mail.into(),
        |s, value| s.recovery.by_mail = value != 0,
    ),
    plain(
        Part::Recovery,
        "Forgotten passwords",
        "recovery-from-anywhere",
        "Let links that set a password work from anywhere",
        "For a hosted system, whose people are nowhere near it. Else they work from LAN1 alone.",
        Range::Flag,
        |s| s.recovery.from_anywhere.into(),
        |s, value| s.recovery.from_anywhere = value != 0,
    ),
];

#[derive(Clone, Copy, Debug)]
enum What {
    Secret(Part, CredentialKind, &'static SecretRule),
    Lock(&'static Guarded, LockField),
    Plain(&'static PlainRule),
}

/// One rule of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Rule(What);

/// Every rule, part by part, in the order of the form.
pub fn rules() -> impl Iterator<Item = Rule> {
    Part::ALL.into_iter().flat_map(Part::rules)
}

/// The rule of this name.
pub fn named(name: &str) -> Option<Rule> {
    rules().find(|rule| rule.name() == name)
}

impl Part {
    /// The rules of this part, in the order of the form.
    pub fn rules(self) -> impl Iterator<Item = Rule> {
        let plain = move |before: bool| {
            let is_before = |rule: &PlainRule| rule.group == "Names";
            PLAIN.iter().filter(move |rule| rule.part == self && is_before(rule) == before).map(What::Plain)
        };
        let secrets = KINDS.iter().filter(move |row| part_of(row.kind) == Some(self)).flat_map(move |row| {
            let suits = SECRET_RULES.iter().filter(|rule| rule.suits(row.kind));
            suits.map(move |rule| What::Secret(self, row.kind, rule))
        });
        let locks = GUARDED
            .iter()
            .filter(move |guarded| guarded.part == self)
            .flat_map(|guarded| LockField::ALL.map(|field| What::Lock(guarded, field)));
        plain(true).chain(secrets).chain(locks).chain(plain(false)).map(Rule)
    }
}

/// Where the rules of a kind are set; of some, nothing is.
const fn part_of(kind: CredentialKind) -> Option<Part> {
    match kind {
        CredentialKind::ServicePassword => Some(Part::ServiceUsers),
        CredentialKind::UserPassword => Some(Part::Users),
        CredentialKind::VoicemailCode => Some(Part::VoicemailCodes),
        CredentialKind::LoginCode => Some(Part::LoginCodes),
        CredentialKind::PortalPasscode => Some(Part::PortalPasscodes),
        CredentialKind::PhonePassword => Some(Part::Phones),
        CredentialKind::SystemPassword => None,
    }
}

impl Rule {
    /// Stable name: "service-password-length-min".
    pub fn name(&self) -> String {
        match self.0 {
            What::Secret(_, kind, rule) => format!("{}-{}", kind.row().name, rule.name),
            What::Lock(guarded, field) => {
                let field = match field {
                    LockField::Failures => "failures",
                    LockField::Window => "window",
                    LockField::Action => "action",
                    LockField::Length => "length",
                    LockField::PermanentAt => "permanent-at",
                };
                format!("{}-{field}", guarded.name)
            }
            What::Plain(rule) => rule.name.into(),
        }
    }

    /// Which part of the form it is in.
    pub const fn part(&self) -> Part {
        match self.0 {
            What::Secret(part, ..) => part,
            What::Lock(guarded, _) => guarded.part,
            What::Plain(rule) => rule.part,
        }
    }

    /// The heading that it stands under.
    pub const fn group(&self) -> &'static str {
        match self.0 {
            What::Secret(_, kind, _) => kind.row().title,
            What::Lock(guarded, _) => match guarded.part {
                Part::Phones => "Blacklisted extensions",
                Part::Addresses => "Blacklisted addresses",
                Part::LoginCodes => "Wrong ones, and wrong system passwords, at keypads",
                Part::ServiceUsers
                | Part::Users
                | Part::VoicemailCodes
                | Part::PortalPasscodes
                | Part::Sessions
                | Part::Recovery => "Wrong ones",
            },
            What::Plain(rule) => rule.group,
        }
    }

    /// Before the field.
    pub const fn title(&self) -> &'static str {
        match self.0 {
            What::Secret(.., rule) => rule.title,
            What::Lock(_, field) => match field {
                LockField::Failures => "Failures until then",
                LockField::Window => "Counted within",
                LockField::Action => "Then",
                LockField::Length => "For",
                LockField::PermanentAt => "The lock that lasts until reset",
            },
            What::Plain(rule) => rule.title,
        }
    }

    /// What it is for.
    pub const fn help(&self) -> &'static str {
        match self.0 {
            What::Secret(.., rule) => rule.help,
            What::Lock(_, field) => match field {
                LockField::Failures => "Names and numbers that nobody has are treated alike. 0: never.",
                LockField::Window => "",
                LockField::Action => "Each wrong one stands in the audit, whatever is chosen.",
                LockField::Length => "How long a lock lasts; where it doubles, the first one.",
                LockField::PermanentAt => "3: the third in a row, with no right one in between.",
            },
            What::Plain(rule) => rule.help,
        }
    }

    /// What may be entered.
    pub fn range(&self) -> Range {
        match self.0 {
            What::Secret(_, kind, rule) => rule.range(kind),
            What::Plain(rule) => rule.range,
            What::Lock(guarded, field) => match field {
                LockField::Failures => Range::Number { least: 0, most: 255, unit: "" },
                LockField::Window => Range::Number { least: 1, most: 1440, unit: "minutes" },
                LockField::Action => Range::Choice(&LOCKS),
                LockField::Length if guarded.unit == 1 => {
                    Range::Number { least: 10, most: 86_400, unit: "seconds" }
                }
                LockField::Length => Range::Number { least: 1, most: 1440, unit: "minutes" },
                LockField::PermanentAt => Range::Number { least: 2, most: 10, unit: "" },
            },
        }
    }

    /// The value; `None` = it does not apply: a lock that is none has no length.
    pub fn get(&self, settings: &Settings) -> Option<u32> {
        match self.0 {
            What::Secret(_, kind, rule) => Some(rule.get((kind.row().rules)(settings))),
            What::Plain(rule) => Some((rule.get)(settings)),
            What::Lock(guarded, field) => {
                let rule = (guarded.of)(settings);
                match field {
                    LockField::Failures => Some(rule.failures_max.into()),
                    LockField::Window => Some(rule.window.0 / 60),
                    LockField::Action => Some(place_of(rule.lock)),
                    LockField::Length => {
                        length_of(rule.lock).map(|length| length.0.div_ceil(guarded.unit.max(1)))
                    }
                    LockField::PermanentAt => permanent_of(rule.lock).map(u32::from),
                }
            }
        }
    }

    /// Changes the value. One that does not apply is let go.
    pub fn set(&self, settings: &mut Settings, value: u32) {
        match self.0 {
            What::Secret(_, kind, rule) => {
                if let Some(rules_of) = kind.row().rules_mut {
                    rule.set(rules_of(settings), value);
                }
            }
            What::Plain(rule) => (rule.set)(settings, value),
            What::Lock(guarded, field) => {
                let rule = (guarded.of_mut)(settings);
                match field {
                    LockField::Failures => rule.failures_max = narrow(value),
                    LockField::Window => rule.window = Seconds::minutes(value),
                    LockField::Action => {
                        let length = length_of(rule.lock).unwrap_or(LENGTH_FIRST);
                        let permanent_at = permanent_of(rule.lock).unwrap_or(PERMANENT_FIRST);
                        rule.lock = lock_at(value, length, permanent_at);
                    }
                    LockField::Length => {
                        let length = Seconds(value.saturating_mul(guarded.unit));
                        let permanent_at = permanent_of(rule.lock).unwrap_or(PERMANENT_FIRST);
                        rule.lock = lock_at(place_of(rule.lock), length, permanent_at);
                    }
                    LockField::PermanentAt => {
                        let length = length_of(rule.lock).unwrap_or(LENGTH_FIRST);
                        rule.lock = lock_at(place_of(rule.lock), length, narrow(value));
                    }
                }
            }
        }
    }

    /// A value for people.
    pub fn in_words(&self, value: Option<u32>) -> String {
        value.map_or_else(|| "does not apply".into(), |value| self.range().in_words(value))
    }
}

const fn place_of(lock: Lock) -> u32 {
    match lock {
        Lock::Nothing => 0,
        Lock::LogOnly => 1,
        Lock::Temporary(_) => 2,
        Lock::Doubling(_) => 3,
        Lock::TemporaryThenPermanent { .. } => 4,
        Lock::DoublingThenPermanent { .. } => 5,
        Lock::Permanent => 6,
    }
}

const fn lock_at(place: u32, length: Seconds, permanent_at: u8) -> Lock {
    match place {
        0 => Lock::Nothing,
        1 => Lock::LogOnly,
        2 => Lock::Temporary(length),
        3 => Lock::Doubling(length),
        4 => Lock::TemporaryThenPermanent { temporary: length, permanent_at },
        5 => Lock::DoublingThenPermanent { first: length, permanent_at },
        _ => Lock::Permanent,
    }
}

const fn length_of(lock: Lock) -> Option<Seconds> {
    match lock {
        Lock::Nothing | Lock::LogOnly | Lock::Permanent => None,
        Lock::Temporary(length)
        | Lock::Doubling(length)
        | Lock::TemporaryThenPermanent { temporary: length, .. }
        | Lock::DoublingThenPermanent { first: length, .. } => Some(length),
    }
}

const fn permanent_of(lock: Lock) -> Option<u8> {
    match lock {
        Lock::TemporaryThenPermanent { permanent_at, .. }
        | Lock::DoublingThenPermanent { permanent_at, .. } => Some(permanent_at),
        Lock::Nothing | Lock::LogOnly | Lock::Temporary(_) | Lock::Doubling(_) | Lock::Permanent => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::preset::Preset;

    #[test]
    fn every_rule_has_a_name_of_its_own_words_and_a_range_that_holds_every_preset() {
        let mut names = BTreeSet::new();
        for rule in rules() {
            assert!(names.insert(rule.name()), "{}", rule.name());
            assert!(!rule.title().is_empty());
            for preset in Preset::ALL {
                if let Some(value) = rule.get(&preset.settings()) {
                    assert!(rule.range().holds(value), "{preset:?} {} {value}", rule.name());
                }
            }
        }
        assert!(names.len() > 90, "{}", names.len());
    }

    #[test]
    fn a_value_that_is_set_is_the_value_and_changes_no_other_rule() {
        for rule in rules() {
            let before = Preset::Maximum.settings();
            let values: Vec<u32> = match rule.range() {
                Range::Number { least, most, .. } => vec![least, most],
                Range::Flag => vec![0, 1],
                Range::Choice(list) => (0..u32::try_from(list.len()).unwrap()).collect(),
            };
            for value in values {
                let mut after = before.clone();
                rule.set(&mut after, value);
                let is_lock_part = rule.get(&before).is_none();
                assert!(is_lock_part || rule.get(&after) == Some(value), "{} {value}", rule.name());
                for other in rules().filter(|other| other.name() != rule.name()) {
                    let is_same = other.get(&before) == other.get(&after);
                    // Whether a lock has a length depends on what it is.
                    let is_of_action = rule.name().ends_with("-action")
                        && other.name().starts_with(rule.name().trim_end_matches("-action"));
                    assert!(is_same || is_of_action, "{} changes {}", rule.name(), other.name());
                }
            }
        }
    }

    #[test]
    fn a_preset_that_is_applied_is_departed_from_nowhere() {
        for preset in Preset::ALL {
            for from in Preset::ALL {
                let applied = preset.apply(&from.settings());
                assert_eq!(preset.departures(&applied).len(), 0, "{from:?} {preset:?}");
                assert_eq!(applied.preset, preset);
            }
        }
        assert!(Preset::Modern.departures(&Settings::default()).is_empty());
        assert!(Preset::Maximum.departures(&Settings::default()).len() > 30);
    }
}
