//! What administrators do: each operation names the right it needs, checks its input, and answers with effects.
//!
//! The same operations stand behind the pages, the command and every interface to come. They read
//! [`Records`], never change them; the version in each effect makes sure that nothing changed in between.

mod alarms;
mod api_tokens;
mod bulk;
mod calls;
mod desks;
mod domains;
mod drafts;
mod exports;
mod extensions;
mod groups;
mod ignition;
mod live_calls;
mod locks;
mod mail;
mod own;
mod recovery;
mod rehearsal;
mod reporting;
mod secrets;
mod service_users;
mod settings;
mod targets;
mod users;

use std::net::IpAddr;

use thiserror::Error;

pub use self::{
    api_tokens::{MadeToken, TokenFields},
    bulk::{Changed, UserDeed},
    calls::EditMailbox,
    desks::DeskRules,
    domains::NewDomain,
    drafts::{Choice, Decisions},
    extensions::{EditExtension, NewExtension},
    groups::GroupFields,
    ignition::{Ignition, is_ignited},
    live_calls::CallNamed,
    locks::keys_named,
    mail::EditMail,
    recovery::Mailing,
    rehearsal::{NAMED_MAX, Rehearsal, Touched, TouchedList, is_too_old},
    service_users::ServiceUserFields,
    users::{EditUser, NewUser, UserRow},
};
use crate::{
    account::Account,
    api_token::ApiToken,
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome, Reason},
    credential::{Broken, CredentialKind},
    effect::Effect,
    ident::{AccountId, DomainId, TokenId},
    interface::LoginInterface,
    lockout::TallyKey,
    records::Records,
    rights::Right,
    scope::Scope,
    secret::{Secret, SecretBytes},
    session::SessionId,
    timestamp::Timestamp,
};

/// Somebody who administers, at one moment.
#[derive(Clone, Copy)]
pub struct Admin<'a> {
    /// What is known, as far as their hand reaches.
    pub records: Scope<'a>,
    /// Who asks.
    pub by: &'a By,
    /// When.
    pub now: Timestamp,
}

/// Who asks, from where, and what they may.
#[derive(Clone, Debug)]
pub struct By {
    /// For the audit.
    pub actor: Actor,
    /// The account, when it is one.
    pub account: Option<AccountId>,
    /// The session that asks, when it is one: it survives a change of the own password.
    pub session: Option<SessionId>,
    /// The API token that asks, when it is one.
    pub token: Option<TokenId>,
    /// The union of their rights; of those who are within a domain, as far as these are about one.
    pub rights: Vec<Right>,
    /// The domain beyond which they see nothing and change nothing; `None` = the whole installation.
    pub within: Option<DomainId>,
    /// By which interface.
    pub interface: LoginInterface,
    /// Where from.
    pub address: Option<IpAddr>,
    /// With which program.
    pub agent: Box<str>,
    /// Whether what they change goes into their draft.
    pub offline: bool,
}

impl By {
    /// Whoever owns the process: may everything.
    pub fn console() -> Self {
        Self {
            actor: Actor::Console,
            account: None,
            session: None,
            token: None,
            rights: Right::ALL.to_vec(),
            within: None,
            interface: LoginInterface::Console,
            address: None,
            agent: "".into(),
            offline: false,
        }
    }

    /// A signed-in service user.
    pub fn account(
        records: &dyn Records,
        account: &Account,
        session: SessionId,
        address: IpAddr,
        agent: &str,
    ) -> Self {
        Self {
            actor: Actor::Account(account.id, account.name.as_str().into()),
            account: Some(account.id),
            session: Some(session),
            token: None,
            rights: records.rights_of(account),
            within: account.within(),
            interface: LoginInterface::WebManager,
            address: Some(address),
            agent: AuditEvent::text(agent),
            offline: false,
        }
    }

    /// The user of a phone whom the flow has just accepted there, or whose phone is trusted. At a keypad nobody has any
    /// right but to what is their own.
    pub fn at_phone(account: &Account, interface: LoginInterface, address: IpAddr, agent: &str) -> Self {
        Self {
            actor: Actor::Account(account.id, account.name.as_str().into()),
            account: Some(account.id),
            session: None,
            token: None,
            rights: Vec::new(),
            within: Some(account.domain),
            interface,
            address: Some(address),
            agent: AuditEvent::text(agent),
            offline: false,
        }
    }

    /// A user who is signed in to the portal. They have no right but to what is their own, as far as their domain lets them.
    pub fn in_portal(account: &Account, session: SessionId, address: IpAddr, agent: &str) -> Self {
        Self { session: Some(session), ..Self::at_phone(account, LoginInterface::UserPortal, address, agent) }
    }

    /// A program with a token of this account: it may what both may. The audit says which token it was.
    pub fn token(
        records: &dyn Records,
        account: &Account,
        token: &ApiToken,
        address: IpAddr,
        agent: &str,
    ) -> Self {
        let rights = records.rights_of(account);
        Self {
            actor: Actor::Account(account.id, account.name.as_str().into()),
            account: Some(account.id),
            session: None,
            token: Some(token.id),
            rights: rights.into_iter().filter(|right| token.scopes.contains(right)).collect(),
            within: account.within(),
            interface: LoginInterface::ApiToken,
            address: Some(address),
            agent: AuditEvent::text(&format!("{}: {agent}", token.name)),
            offline: false,
        }
    }

    /// The domain that they are of; where what they make goes, unless they say another.
    pub fn domain(&self) -> DomainId {
        self.within.unwrap_or(DomainId::FIRST)
    }

    /// Whether a count is theirs to look at and to reset: those over all domains are the installation's.
    pub fn reaches(&self, key: &TallyKey) -> bool {
        self.within.is_none_or(|domain| key.is_within(domain))
    }

    /// The domain that they mean: one that they say, else their own. Whether they reach it is another question.
    pub fn domain_meant(&self, said: Option<u32>) -> DomainId {
        said.map_or_else(|| self.domain(), DomainId)
    }

    /// What they reach of these.
    pub const fn reach<'a>(&self, records: &'a dyn Records) -> Scope<'a> {
        Scope::of(records, self.within)
    }

    /// Whether they have a right.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

/// What an operation wants done, and what it has to tell.
#[derive(Debug)]
pub struct Change<T> {
    /// What to commit.
    pub effects: Vec<Effect>,
    /// What was made or counted.
    pub value: T,
    /// Secrets that were generated, to be shown this once.
    pub generated: Vec<(CredentialKind, Secret)>,
}

/// Why an operation was not done, in words for the one who asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// They lack the right.
    #[error("For this you need the right to {}.", .0.title())]
    NoRight(Right),
    /// It does not exist, or not any more.
    #[error("This {0} does not exist any more.")]
    NotFound(&'static str),
    /// Somebody changed it meanwhile.
    #[error("This {0} was changed by somebody else meanwhile. Look at it again, then repeat your change.")]
    Changed(&'static str),
    /// Never allowed, whatever the rights.
    #[error("{0}")]
    Never(&'static str),
    /// Fields that must be corrected.
    #[error("{}", .0.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.problem)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<WrongField>),
}

/// One field that must be corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongField {
    /// Its stable name: the form's field, the file's column.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub problem: String,
    /// The stable name of the rule for secrets that was broken, for those who say it in words of their own.
    pub rule: Option<&'static str>,
    /// That of what is wrong, see [`Broken::class`].
    pub class: Option<&'static str>,
}

impl WrongField {
    /// Something that is wrong, and that no rule for secrets is about.
    pub fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into(), rule: None, class: None }
    }

    /// A secret of this kind that broke a rule.
    pub fn broken(kind: CredentialKind, Broken { rule, class, says }: Broken) -> Self {
        Self { field: kind.row().name, problem: says, rule: Some(rule), class: Some(class) }
    }
}

/// What to do with a secret.
#[derive(Clone, Debug, Default)]
pub enum SecretChoice {
    /// Leave it as it is.
    #[default]
    Keep,
    /// This one.
    Set(Secret),
    /// One that was chosen in a draft: what is kept of it.
    Chosen(SecretBytes),
    /// One made by chance.
    Generate,
    /// None any more: it opens nothing.
    Remove,
}

/// Gathers what is wrong with a form, so that everything is said at once.
#[derive(Debug, Default)]
struct Checks(Vec<WrongField>);

impl Checks {
    fn wrong(&mut self, field: &'static str, problem: impl Into<String>) {
        self.0.push(WrongField::new(field, problem));
    }

    fn broken(&mut self, kind: CredentialKind, broken: Broken) {
        self.0.push(WrongField::broken(kind, broken));
    }

    fn result(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::Invalid(self.0)) }
    }
}

impl<'a> Admin<'a> {
    /// Somebody, with what they reach of the records.
    pub fn new(records: &'a dyn Records, by: &'a By, now: Timestamp) -> Self {
        Self { records: Scope::of(records, by.within), by, now }
    }
}

impl Admin<'_> {
    fn require(&self, right: Right) -> Result<(), Problem> {
        if self.by.may(right) { Ok(()) } else { Err(Problem::NoRight(right)) }
    }

    /// Does nothing, for those who have the right: what is asked before a page of changes is even read.
    ///
    /// # Errors
    /// No right.
    pub fn demand(&self, right: Right) -> Result<Change<()>, Problem> {
        self.require(right).map(|()| Change::of(Vec::new(), ()))
    }

    /// The audit's row for an operation that they may not do; `None` where something else was wrong with it.
    pub fn refusal(&self, problem: &Problem) -> Option<Effect> {
        let (reason, subject) = match problem {
            Problem::NoRight(right) => (Reason::NoRight, right.title()),
            Problem::Never(why) => (Reason::NeverAllowed, *why),
            Problem::NotFound(_) | Problem::Changed(_) | Problem::Invalid(_) => return None,
        };
        let event = self.event(Action::Change, self.by.domain(), subject, Vec::new());
        Some(Effect::Audit(AuditEvent { outcome: Outcome::Refused, reason: Some(reason), ..event }))
    }

    fn audit(&self, action: Action, domain: DomainId, subject: &str, changes: Vec<FieldChange>) -> Effect {
        Effect::Audit(self.event(action, domain, subject, changes))
    }

    fn event(
        &self,
        action: Action,
        domain: DomainId,
        subject: &str,
        changes: Vec<FieldChange>,
    ) -> AuditEvent {
        AuditEvent {
            at: self.now,
            action,
            outcome: Outcome::Accepted,
            reason: None,
            actor: self.by.actor.clone(),
            domain,
            subject: AuditEvent::text(subject),
            interface: self.by.interface,
            address: self.by.address,
            agent: self.by.agent.clone(),
            changes,
            times: 1,
        }
    }
}

/// A field's change for the audit, if it is one.
fn changed(field: &str, before: &str, after: &str) -> Option<FieldChange> {
    (before != after).then(|| FieldChange {
        field: field.into(),
        before: AuditEvent::text(before),
        after: AuditEvent::text(after),
    })
}

impl<T> Change<T> {
    /// Nothing is wanted done; there is something to tell.
    pub const fn told(value: T) -> Self {
        Self::of(Vec::new(), value)
    }

    const fn of(effects: Vec<Effect>, value: T) -> Self {
        Self { effects, value, generated: Vec::new() }
    }
}
