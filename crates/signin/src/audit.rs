//! Audit events: who, what, where from, by which interface, why; never a secret.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
    timestamp::Timestamp,
};

/// Longest text of one field; what is longer is cut.
pub const TEXT_MAX: usize = 200;

/// Stands where the events that one row tells of differ.
const SEVERAL: &str = "(several)";

/// What is alike in events of which one row tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repeat {
    reason: Option<Reason>,
    action: Action,
    domain: DomainId,
    interface: LoginInterface,
    subject: Option<Box<str>>,
    address: Option<IpAddr>,
}

/// One row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, for refusals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who did it, as far as it is known.
    pub actor: Actor,
    /// The organisation.
    pub domain: DomainId,
    /// What it was done to: a name or number as it was claimed or is called.
    pub subject: Box<str>,
    /// By which interface.
    pub interface: LoginInterface,
    /// Where from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// With which program.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub agent: Box<str>,
    /// What changed: field, before, after. Secrets are named, never shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// How many like it, one after the other, this row stands for.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
}

/// One changed field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Its name.
    pub field: Box<str>,
    /// What it was.
    pub before: Box<str>,
    /// What it is.
    pub after: Box<str>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Nobody who has proved anything.
    Unknown,
    /// A signed-in account.
    Account(AccountId, Box<str>),
    /// A phone of an extension.
    Extension(ExtensionId, Box<str>),
    /// Whoever owns the process, by the local socket.
    Console,
    /// The system itself.
    System,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done.
    Accepted,
    /// Not done.
    Refused,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$row:meta])* $variant:ident => $title:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$row])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// In words, for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

words! {
    /// What happened.
    Action {
        /// Somebody tried to sign in.
        SignIn => "Sign in",
        /// Somebody who is signed in was asked for the present password.
        Confirm => "Confirm password",
        /// Somebody signed out.
        SignOut => "Sign out",
        /// A phone's binding came or went.
        Registered => "Phone registered",
        /// A phone's binding was removed by the phone or an administrator.
        Unregistered => "Phone unregistered",
        /// A phone's binding ran out without a word from it.
        PhoneLost => "Phone lost",
        /// A phone was pushed out by another.
        PushedOut => "Phone pushed out",
        /// A user is at a phone from now on (hot desking).
        LoggedIn => "Logged in at a phone",
        /// A user is no longer at a phone.
        LoggedOut => "Logged out of a phone",
        /// A session was ended by somebody else.
        SessionEnded => "Session ended",
        /// A call was ended by an administrator.
        CallEnded => "Call ended",
        /// There was no room for rows of the audit.
        AuditLost => "Audit rows lost",
        /// The oldest rows of the audit were removed, as the rule for it wants.
        AuditCut => "Audit cut",
        /// The cause of an alarm began.
        AlarmRaised => "Alarm raised",
        /// The cause of an alarm ended.
        AlarmCleared => "Alarm cleared",
        /// Somebody has seen an alarm.
        AlarmAcknowledged => "Alarm acknowledged",
        /// Somebody had a test sent to a target.
        TestSent => "Test sent",
        /// A lock was reset.
        LockReset => "Lock reset",
        /// The system got its first passwords.
        Ignited => "Ignition",
        /// An account was made.
        AccountCreated => "Account created",
        /// An account was changed.
        AccountChanged => "Account changed",
        /// An account was deleted.
        AccountDeleted => "Account deleted",
        /// A rights group was made.
        GroupCreated => "Rights group created",
        /// A rights group was changed.
        GroupChanged => "Rights group changed",
        /// A rights group was deleted.
        GroupDeleted => "Rights group deleted",
        /// An API token was made.
        TokenMade => "API token made",
        /// An API token was taken away.
        TokenRevoked => "API token revoked",
        /// An extension was made.
        ExtensionCreated => "Extension created",
        /// An extension was changed.
        ExtensionChanged => "Extension changed",
        /// An extension was deleted.
        ExtensionDeleted => "Extension deleted",
        /// A secret was set.
        SecretSet => "Secret set",
        /// A secret was taken away.
        SecretRemoved => "Secret removed",
        /// Somebody wanted a change that they may not make; one that is made has an action of its own.
        Change => "Change",
        /// Settings were changed.
        SettingsChanged => "Settings changed",
        /// A domain was made.
        DomainCreated => "Domain created",
        /// A domain was deleted.
        DomainDeleted => "Domain deleted",
        /// A domain was changed.
        DomainChanged => "Domain changed",
        /// A draft was put in force; its changes have rows of their own.
        DraftApplied => "Draft applied",
        /// A draft was written into a file.
        DraftExported => "Draft exported",
        /// A draft was read from a file.
        DraftImported => "Draft imported",
        /// A draft was thrown away.
        DraftDiscarded => "Draft thrown away",
        /// Users and extensions were exported.
        Exported => "Export",
        /// The system was backed up.
        BackedUp => "Backup",
        /// The system was restored from a backup.
        Restored => "Restored",
        /// Accounts were opened again on the machine itself, or a new password was set by a link.
        Recovered => "Recovered",
        /// Somebody asked for a link to a new password.
        RecoveryAsked => "Password forgotten",
        /// A link was made that sets a password or confirms an address.
        LinkMade => "Link made",
        /// The credentials were sealed under a new key.
        Resealed => "Resealed",
        /// The program started.
        Started => "System started",
        /// The program stopped.
        Stopped => "System stopped",
    }
}

words! {
    /// Why something was refused. For administrators' eyes; outsiders are told none of it.
    Reason {
        /// Nobody has that name.
        UnknownName => "Nobody has this name",
        /// The secret was wrong.
        WrongSecret => "Wrong secret",
        /// The secret was right before it was replaced.
        OldSecret => "An old secret, replaced since",
        /// The wrong secret that was just refused, once more.
        SameWrongSecret => "The same wrong secret again",
        /// There is no secret that could be right.
        NoSecret => "No secret is set",
        /// The account is disabled.
        Disabled => "The account is disabled",
        /// The account was not used for too long.
        Idle => "The account was not used for too long",
        /// The account is past its last day.
        Expired => "The account has expired",
        /// The name is locked.
        SubjectLocked => "Locked after too many failures",
        /// The address is blacklisted.
        AddressLocked => "The address is blacklisted",
        /// As many attempts as may fail were being checked.
        TooManyAtOnce => "Too many attempts at once",
        /// The secret was right, but a new one must be chosen before anything else.
        NewSecretFirst => "A new password must be chosen first",
        /// Five sessions are open.
        SessionLimit => "Limit of concurrent sessions per user exceeded",
        /// The link is good, but not there.
        NotLocal => "Not from the trusted local network",
        /// The address is not the one that is bound to the account.
        OtherAddress => "Not the address of the account",
        /// There was a mail a short while ago.
        TooOften => "Mailed a short while ago",
        /// It is switched off, or no mail goes out.
        NotSetUp => "Recovery is not set up",
        /// Somebody without the right.
        NoRight => "The right is missing",
        /// Whatever the rights.
        NeverAllowed => "This is never allowed",
    }
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_once(times: &u32) -> bool {
    *times == 1
}

impl AuditEvent {
    /// Cuts a text to what one field holds, and takes out what could forge a line of a log.
    pub fn text(text: &str) -> Box<str> {
        if is_plain(text, TEXT_MAX) {
            return text.into();
        }
        text.chars()
            .take(TEXT_MAX)
            .map(|c| if forges_lines(c) { '\u{fffd}' } else { c })
            .collect::<String>()
            .into_boxed_str()
    }

    /// What is alike in two events of which one row can tell; `None` = it has a row of its own. Only refusals under a
    /// lock are told together, whatever was checked is not: by the address where that is locked, by the name where that
    /// is, so that whoever changes the other with each packet fills no audit. The same wrong secret again is told with
    /// others like it of one name and one address.
    pub fn repeat(&self) -> Option<Repeat> {
        let (subject, address) = if self.reason == Some(Reason::SubjectLocked) {
            (Some(self.subject.clone()), None)
        } else if matches!(self.reason, Some(Reason::AddressLocked | Reason::TooManyAtOnce)) {
            (None, self.address)
        } else if self.reason == Some(Reason::SameWrongSecret) {
            (Some(self.subject.clone()), self.address)
        } else {
            return None;
        };
        let Self { reason, action, domain, interface, .. } = *self;
        Some(Repeat { reason, action, domain, interface, subject, address })
    }

    /// Tells of another one that is alike.
    pub fn tell_too(&mut self, other: &Self) {
        self.times = self.times.saturating_add(other.times);
        if self.subject != other.subject {
            self.subject = SEVERAL.into();
        }
        if self.agent != other.agent {
            self.agent = SEVERAL.into();
        }
        if self.address != other.address {
            self.address = None;
        }
    }
}

/// Whether a text may stay as it is: at most so long, and nothing in it that could forge anything. Nearly all are.
pub(crate) fn is_plain(text: &str, length_max: usize) -> bool {
    text.len() <= length_max && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Characters that could make a line read as what nobody wrote: they end it, turn it round, or are no text at all.
pub(crate) fn forges_lines(c: char) -> bool {
    c.is_control() || is_line_end(c) || is_direction_mark(c)
}

/// Characters that end a line for some who read it, and are no control characters.
const fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that make a line read in another order than it is written.
const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
