//! The diagnosis: why somebody cannot sign in, in plain words, and what mends it. Pure.
//!
//! ```text
//! what was typed ──find──▶ Patient ──┬─ obstacles: what `decide` says to the right secret now
//!                                    ├─ mistakes:  what the audit has of late, and nothing has put right since
//!                                    ╰─▶ Diagnosis: causes, what weighs most first, each with its remedies
//! ```
//! It changes nothing and counts nothing. What it says of the right secret is what [`crate::decide`] would say, and a test
//! asks both.

mod words;

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Activity, RoleKind, Status},
    audit::{Action, AuditEvent, Outcome, Reason},
    credential::{CredentialKind, Owner},
    digest::DigestAlgorithm,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    interface::LoginInterface,
    lockout::{Standing, Tally, TallyKey, is_within, network},
    place::{Familiarity, Lane},
    policy::AgeRules,
    records::Records,
    registration::Quarantined,
    rights::Right,
    stale::StalePhone,
    timestamp::{Seconds, Timestamp},
};

/// A mistake that nobody has made for this long is none any more.
pub const MISTAKE_LASTS: Seconds = Seconds::days(1);
/// Most addresses that are looked at for one patient.
const PLACES_MAX: usize = 8;

/// Whom the question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patient {
    /// A phone line, and its user if it has one.
    Line(Arc<Extension>, Option<Arc<Account>>),
    /// A user who has no extension, and so no phone.
    User(Arc<Account>),
    /// An administrator.
    ServiceUser(Arc<Account>),
    /// An address.
    Address(IpAddr),
    /// A name or number that nobody has.
    Nobody(Box<str>),
}

/// A phone that answered with a hash that is not allowed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldHash {
    /// Where it is.
    pub address: IpAddr,
    /// What it calls itself.
    pub agent: Box<str>,
    /// The last time.
    pub at: Timestamp,
}

/// What is known besides the records. Rows and phones of others among them are passed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Rows of the audit, the newest first.
    pub audit: &'a [AuditEvent],
    /// Phones that show a secret which was replaced.
    pub stale: &'a [StalePhone],
    /// Phones that were pushed out.
    pub quarantine: &'a [Quarantined],
    /// Phones of the line that know no other hash.
    pub old_hashes: &'a [OldHash],
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why not, what weighs most first. Empty: nothing stands in the way.
    pub causes: Vec<Cause>,
    /// Addresses that were tried from of late, the last one first.
    pub places: Vec<IpAddr>,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The address is blacklisted.
    AddressLocked(Lock),
    /// Too many failures of the name or number, or of it at one place where it is known.
    Locked(Lock),
    /// Nobody has it.
    UnknownName(Box<str>),
    /// None of these is set.
    NoSecret {
        /// Whose secret it would be best to set.
        owner: Owner,
        /// Which.
        kind: CredentialKind,
    },
    /// The secret ended by itself.
    SecretEnded {
        /// Whose.
        owner: Owner,
        /// Which.
        kind: CredentialKind,
        /// Then.
        at: Timestamp,
    },
    /// Switched off by hand.
    Disabled(AccountId, RoleKind),
    /// Past its last day.
    Expired(AccountId, RoleKind, Option<Timestamp>),
    /// Not used for too long.
    Idle(AccountId, RoleKind),
    /// As many sessions are open as may be.
    SessionLimit(AccountId, u8),
    /// A user without an extension.
    NoExtension(AccountId),
    /// A phone shows a secret that was replaced.
    OldSecret {
        /// Whose.
        owner: Owner,
        /// Which.
        kind: CredentialKind,
        /// The line.
        extension: ExtensionId,
        /// The phone.
        phone: Sighting,
        /// When it was replaced.
        replaced_at: Timestamp,
    },
    /// A wrong secret is shown.
    WrongSecret {
        /// Whose.
        owner: Owner,
        /// Which.
        kind: CredentialKind,
        /// Who shows it.
        by: Sighting,
    },
    /// A phone knows MD5 alone, and MD5 is not allowed.
    OnlyMd5(DomainId, Sighting),
    /// Another phone took its place.
    PushedOut {
        /// The line.
        extension: ExtensionId,
        /// The one that went.
        phone: Sighting,
        /// Where the other one is.
        by: IpAddr,
    },
}

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Which count.
    pub key: TallyKey,
    /// How it stands.
    pub tally: Tally,
    /// When it ends; `None` = when somebody lifts it.
    pub until: Option<Timestamp>,
}

/// Somebody who was seen trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Where.
    pub address: IpAddr,
    /// What they call themselves; may be empty.
    pub agent: Box<str>,
    /// The last time.
    pub at: Timestamp,
}

/// What mends it. Also what a page sends back when its button is pressed: whoever carries it out asks
/// [`Admin`](crate::admin::Admin), which asks for the right again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Lift these locks.
    LiftLocks(Vec<TallyKey>),
    /// Set a new secret, made by chance and shown once.
    NewSecret(Owner, CredentialKind),
    /// Enable the user by hand.
    EnableUser(AccountId),
    /// Take the extension off the quarantine list.
    Release(ExtensionId),
    /// Forget what was right before, so that showing it counts as a guess.
    ForgetOld(ExtensionId),
    /// Look after an administrator's account on its page.
    ServiceUserPage(AccountId),
    /// Give the user an extension on their page.
    UserPage(AccountId),
    /// Make a user.
    MakeUser,
    /// Allow MD5 in the settings.
    AllowMd5(DomainId),
    /// End a session.
    EndSessions,
}

impl Remedy {
    /// Who may.
    pub const fn right(&self) -> Right {
        match self {
            Self::LiftLocks(_) | Self::NewSecret(..) | Self::ForgetOld(_) => Right::SecurityReset,
            Self::EnableUser(_) | Self::MakeUser | Self::UserPage(_) => Right::UsersWrite,
            Self::Release(_) | Self::EndSessions => Right::StatusControl,
            Self::ServiceUserPage(_) => Right::SecurityWrite,
            Self::AllowMd5(_) => Right::SystemWrite,
        }
    }

    /// In words, as a button says it.
    pub fn title(&self) -> String {
        match self {
            Self::LiftLocks(keys) if keys.len() > 1 => "Lift the locks".into(),
            Self::LiftLocks(_) => "Lift the lock".into(),
            Self::NewSecret(_, kind) => format!("Set a new {}", kind.row().title.to_lowercase()),
            Self::EnableUser(_) => "Enable the account".into(),
            Self::Release(_) => "Take it off the list".into(),
            Self::ForgetOld(_) => "Forget the old code".into(),
            Self::ServiceUserPage(_) => "Open the account".into(),
            Self::UserPage(_) => "Give them an extension".into(),
            Self::MakeUser => "Create a user".into(),
            Self::AllowMd5(_) => "Look at the rules for phones".into(),
            Self::EndSessions => "End a session".into(),
        }
    }
}

impl Cause {
    /// The lock, where it is one.
    pub const fn lock(&self) -> Option<&Lock> {
        match self {
            Self::AddressLocked(lock) | Self::Locked(lock) => Some(lock),
            Self::UnknownName(_)
            | Self::NoSecret { .. }
            | Self::SecretEnded { .. }
            | Self::Disabled(..)
            | Self::Expired(..)
            | Self::Idle(..)
            | Self::SessionLimit(..)
            | Self::NoExtension(_)
            | Self::OldSecret { .. }
            | Self::WrongSecret { .. }
            | Self::OnlyMd5(..)
            | Self::PushedOut { .. } => None,
        }
    }

    /// What the audit says of an attempt that meets this.
    pub const fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::AddressLocked(_) => Reason::AddressLocked,
            Self::Locked(_) => Reason::SubjectLocked,
            Self::UnknownName(_) => Reason::UnknownName,
            Self::NoSecret { .. } | Self::SecretEnded { .. } => Reason::NoSecret,
            Self::Disabled(..) => Reason::Disabled,
            Self::Expired(..) => Reason::Expired,
            Self::Idle(..) => Reason::Idle,
            Self::SessionLimit(..) => Reason::SessionLimit,
            Self::OldSecret { .. } => Reason::OldSecret,
            Self::WrongSecret { .. } => Reason::WrongSecret,
            Self::NoExtension(_) | Self::OnlyMd5(..) | Self::PushedOut { .. } => return None,
        })
    }

    /// What mends it, the best first.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::AddressLocked(lock) | Self::Locked(lock) => vec![Remedy::LiftLocks(vec![lock.key.clone()])],
            Self::UnknownName(_) => vec![Remedy::MakeUser],
            Self::NoSecret { owner, kind }
            | Self::SecretEnded { owner, kind, .. }
            | Self::WrongSecret { owner, kind, .. } => vec![new_secret(*owner, *kind)],
            Self::OldSecret { owner, kind, extension, .. } => {
                vec![new_secret(*owner, *kind), Remedy::ForgetOld(*extension)]
            }
            Self::Disabled(id, RoleKind::User)
            | Self::Expired(id, RoleKind::User, _)
            | Self::Idle(id, RoleKind::User) => vec![Remedy::EnableUser(*id)],
            Self::Disabled(id, RoleKind::ServiceUser)
            | Self::Expired(id, RoleKind::ServiceUser, _)
            | Self::Idle(id, RoleKind::ServiceUser) => vec![Remedy::ServiceUserPage(*id)],
            Self::SessionLimit(..) => vec![Remedy::EndSessions],
            Self::NoExtension(id) => vec![Remedy::UserPage(*id)],
            Self::OnlyMd5(domain, _) => vec![Remedy::AllowMd5(*domain)],
            Self::PushedOut { extension, .. } => vec![Remedy::Release(*extension)],
        }
    }
}

/// A password is set on the page of whose it is; what a phone needs is made by chance.
const fn new_secret(owner: Owner, kind: CredentialKind) -> Remedy {
    match (owner, kind) {
        (Owner::Account(id), CredentialKind::ServicePassword) => Remedy::ServiceUserPage(id),
        (Owner::Account(_) | Owner::Extension(_) | Owner::Domain(_), _) => Remedy::NewSecret(owner, kind),
    }
}

impl Patient {
    /// Whom somebody means by a name, a number or an address: the extension first, for it is phones that are asked about
    /// most. Nobody at all is one answer too.
    pub fn find(records: &dyn Records, typed: &str) -> Vec<Self> {
        let typed = typed.trim();
        if let Ok(address) = typed.parse::<IpAddr>() {
            return vec![Self::Address(address)];
        }
        let (number, name) = (Number::parse(typed), FoldedName::of(typed));
        let mut found: Vec<Self> = Vec::new();
        for domain in records.domains() {
            let line = number.and_then(|number| records.extension_numbered(domain.id, &number));
            let line = line.map(|extension| Self::line(records, extension));
            let named = |kind| records.account_named(kind, domain.id, &name);
            let accounts = [RoleKind::User, RoleKind::ServiceUser].into_iter().filter_map(named);
            for patient in line.into_iter().chain(accounts.map(|account| Self::of(records, account))) {
                if !found.contains(&patient) {
                    found.push(patient);
                }
            }
        }
        if found.is_empty() {
            found.push(Self::Nobody(AuditEvent::text(typed)));
        }
        found
    }

    /// An account: with its line, if it has one.
    pub fn of(records: &dyn Records, account: Arc<Account>) -> Self {
        match (account.kind(), account.extension().and_then(|id| records.extension(id))) {
            (RoleKind::ServiceUser, _) => Self::ServiceUser(account),
            (RoleKind::User, Some(extension)) => Self::Line(extension, Some(account)),
            (RoleKind::User, None) => Self::User(account),
        }
    }

    /// An extension, with its user.
    pub fn line(records: &dyn Records, extension: Arc<Extension>) -> Self {
        let user = extension.user.and_then(|id| records.account(id));
        Self::Line(extension, user)
    }

    /// What they call themselves where they sign in.
    pub fn claim(&self) -> Box<str> {
        match self {
            Self::Line(extension, _) => extension.number.as_str().into(),
            Self::User(account) | Self::ServiceUser(account) => account.name.as_str().into(),
            Self::Address(address) => address.to_string().into(),
            Self::Nobody(typed) => typed.clone(),
        }
    }

    /// Whose they are; `None` = nobody's of one domain alone.
    pub fn domain(&self) -> Option<DomainId> {
        match self {
            Self::Line(extension, _) => Some(extension.domain),
            Self::User(account) | Self::ServiceUser(account) => Some(account.domain),
            Self::Address(_) | Self::Nobody(_) => None,
        }
    }

    /// Whether a row of the audit tells of their signing in.
    fn is_meant(&self, event: &AuditEvent) -> bool {
        let is_called = || FoldedName::of(&event.subject) == FoldedName::of(&self.claim());
        match self {
            Self::Line(extension, _) => {
                event.domain == extension.domain
                    && event.interface.row().counts_on == crate::interface::CountScope::Extension
                    && is_called()
            }
            Self::ServiceUser(account) => {
                event.domain == account.domain && event.interface == LoginInterface::WebManager && is_called()
            }
            Self::User(account) => event.domain == account.domain && is_called(),
            Self::Nobody(_) => is_called(),
            Self::Address(address) => event.address.is_some_and(|from| network(from) == network(*address)),
        }
    }
}

/// Finds out.
pub fn diagnose(
    records: &dyn Records,
    patient: &Patient,
    evidence: &Evidence<'_>,
    now: Timestamp,
) -> Diagnosis {
    let is_recent = |at: Timestamp| now < at.after(MISTAKE_LASTS);
    let rows: Vec<&AuditEvent> =
        evidence.audit.iter().filter(|event| is_recent(event.at) && patient.is_meant(event)).collect();
    let refused = rows.iter().filter(|event| event.outcome == Outcome::Refused && is_try(event));
    let mut places: Vec<IpAddr> = Vec::new();
    for address in refused.filter_map(|event| event.address) {
        if !places.contains(&address) && places.len() < PLACES_MAX {
            places.push(address);
        }
    }
    let mut causes: Vec<Cause> = Vec::new();
    let mut add = |cause: Cause| {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    };
    // As whoever was refused last meets it; then what they do wrong themselves; then the rest of the world.
    obstacles(records, patient, places.first().copied(), now).into_iter().for_each(&mut add);
    mistakes(records, patient, &rows, evidence, now).into_iter().for_each(&mut add);
    for from in places.iter().copied().map(Some).chain([None]).skip(1) {
        obstacles(records, patient, from, now).into_iter().for_each(&mut add);
    }
    Diagnosis { causes, places }
}

fn is_try(event: &AuditEvent) -> bool {
    matches!(event.action, Action::SignIn | Action::Confirm)
}

/// What stands between the right secret, shown at an address (`None`: one that nobody knows anything of), and being let in,
/// in the order in which it is looked at. The first is what an attempt is told of in the audit.
pub fn obstacles(
    records: &dyn Records,
    patient: &Patient,
    from: Option<IpAddr>,
    now: Timestamp,
) -> Vec<Cause> {
    match patient {
        Patient::Line(extension, user) => of_line(records, extension, user.as_deref(), from, now),
        Patient::ServiceUser(account) => of_service_user(records, account, from, now),
        Patient::User(account) => of_user(account, now),
        Patient::Address(address) => {
            lock(records, &TallyKey::address(*address), now).map(Cause::AddressLocked).into_iter().collect()
        }
        Patient::Nobody(typed) => of_nobody(records, typed, from, now),
    }
}

fn of_line(
    records: &dyn Records,
    extension: &Extension,
    user: Option<&Account>,
    from: Option<IpAddr>,
    now: Timestamp,
) -> Vec<Cause> {
    let places = records.places(extension.id);
    let known = from.filter(|from| places.look(*from, now) != Familiarity::Unknown);
    let lane = known.map_or(Lane::Open, |from| Lane::Network(network(from)));
    let key = TallyKey { lane, ..TallyKey::extension(extension) };
    let mut causes = locks(records, &key, from, now);
    let (owner, kind) = opened_with(records, extension, user);
    causes.extend(of_secret(records, owner, kind, now));
    causes.extend(user.and_then(|user| of_account(records, user, None, AgeRules::default(), now)));
    causes
}

/// The secret that phones of an extension have to show: the first that is set of those that open the interface.
fn opened_with(
    records: &dyn Records,
    extension: &Extension,
    user: Option<&Account>,
) -> (Owner, CredentialKind) {
    let own = (Owner::Extension(extension.id), CredentialKind::PhonePassword);
    let users = user.map(|user| (Owner::Account(user.id), CredentialKind::LoginCode));
    let is_set = |(owner, kind): &(Owner, CredentialKind)| records.credential(*owner, *kind).is_some();
    // What is best set where nothing is: the code of whoever is there.
    Some(own).filter(is_set).or(users).unwrap_or(own)
}

fn of_service_user(
    records: &dyn Records,
    account: &Account,
    from: Option<IpAddr>,
    now: Timestamp,
) -> Vec<Cause> {
    let settings = records.settings();
    let kind = CredentialKind::ServicePassword;
    let owner = Owner::Account(account.id);
    let mut causes = locks(records, &TallyKey::credential(kind, account), from, now);
    causes.extend(of_secret(records, owner, kind, now));
    let set_at = records.credential(owner, kind).map(|facts| facts.set_at);
    causes.extend(of_account(records, account, set_at, *settings.ages_of(account.kind()), now));
    let sessions = records.sessions_of(account.id);
    let open = sessions.iter().filter(|session| session.is_open(&settings.sessions, now)).count();
    let most = settings.sessions.concurrent_max;
    if open >= usize::from(most) {
        causes.push(Cause::SessionLimit(account.id, most));
    }
    causes
}

/// There is no login interface yet that a user opens without a phone.
fn of_user(account: &Account, now: Timestamp) -> Vec<Cause> {
    let ages = AgeRules::default();
    let status = account.status(Standing::Open, &Activity::default(), None, &ages, now);
    let state = of_status(account, status, &ages);
    state.into_iter().chain([Cause::NoExtension(account.id)]).collect()
}

fn of_nobody(records: &dyn Records, typed: &str, from: Option<IpAddr>, now: Timestamp) -> Vec<Cause> {
    let domains = records.domains();
    let keys = domains.iter().flat_map(|domain| crate::admin::keys_named(domain.id, typed));
    let mut causes: Vec<_> = at_address(records, from, now).into_iter().collect();
    causes.extend(keys.filter_map(|key| lock(records, &key, now)).map(Cause::Locked));
    causes.push(Cause::UnknownName(typed.into()));
    causes
}

/// The address first, then the name. Whoever is where they are known is counted there alone.
fn locks(records: &dyn Records, key: &TallyKey, from: Option<IpAddr>, now: Timestamp) -> Vec<Cause> {
    let from = from.filter(|_| key.lane.is_open());
    let mut causes: Vec<_> = at_address(records, from, now).into_iter().collect();
    causes.extend(lock(records, key, now).map(Cause::Locked));
    causes
}

fn at_address(records: &dyn Records, from: Option<IpAddr>, now: Timestamp) -> Option<Cause> {
    let from = from.filter(|from| !is_within(&records.settings().address_allow, *from))?;
    lock(records, &TallyKey::address(from), now).map(Cause::AddressLocked)
}

fn lock(records: &dyn Records, key: &TallyKey, now: Timestamp) -> Option<Lock> {
    let tally = records.tally(key);
    match tally.standing(records.settings().lock_rule(key.scope), now) {
        Standing::Locked { until } => Some(Lock { key: key.clone(), tally, until }),
        // It is over in a moment.
        Standing::Open | Standing::Full => None,
    }
}

fn of_secret(records: &dyn Records, owner: Owner, kind: CredentialKind, now: Timestamp) -> Option<Cause> {
    let Some(facts) = records.credential(owner, kind) else { return Some(Cause::NoSecret { owner, kind }) };
    let at = facts.expires_at.filter(|end| now >= *end)?;
    Some(Cause::SecretEnded { owner, kind, at })
}

fn of_account(
    records: &dyn Records,
    account: &Account,
    secret_set_at: Option<Timestamp>,
    ages: AgeRules,
    now: Timestamp,
) -> Option<Cause> {
    let activity = records.activity(account.id);
    of_status(account, account.status(Standing::Open, &activity, secret_set_at, &ages, now), &ages)
}

fn of_status(account: &Account, status: Status, ages: &AgeRules) -> Option<Cause> {
    let (id, kind) = (account.id, account.kind());
    match status {
        Status::Disabled => Some(Cause::Disabled(id, kind)),
        Status::LockedExpired => Some(Cause::Expired(id, kind, account.ends_at(ages))),
        Status::LockedIdle => Some(Cause::Idle(id, kind)),
        // A new password is asked for after the right one was shown; locks are told from their counts.
        Status::Enabled
        | Status::ForceNewPassword
        | Status::LockedPasswordExpired
        | Status::LockedPasswordError
        | Status::LockedTemporary => None,
    }
}

/// What somebody does wrong, and nobody has put right since.
fn mistakes(
    records: &dyn Records,
    patient: &Patient,
    rows: &[&AuditEvent],
    evidence: &Evidence<'_>,
    now: Timestamp,
) -> Vec<Cause> {
    let (owner, kind, line) = match patient {
        Patient::Line(extension, user) => {
            let (owner, kind) = opened_with(records, extension, user.as_deref());
            (owner, kind, Some(extension))
        }
        Patient::ServiceUser(account) => (Owner::Account(account.id), CredentialKind::ServicePassword, None),
        Patient::User(_) | Patient::Address(_) | Patient::Nobody(_) => return Vec::new(),
    };
    let Some(facts) = records.credential(owner, kind) else { return Vec::new() };
    let mut seen: Vec<(Timestamp, Cause)> = Vec::new();
    let mut looked_at: Vec<IpAddr> = Vec::new();
    for event in rows {
        let Some(address) = event.address.filter(|address| !looked_at.contains(address)) else { continue };
        let is_right = event.outcome == Outcome::Accepted
            && matches!(event.action, Action::SignIn | Action::Confirm | Action::Registered);
        let is_wrong = event.outcome == Outcome::Refused
            && matches!(
                event.reason,
                Some(Reason::WrongSecret | Reason::SameWrongSecret | Reason::OldSecret)
            );
        if !is_right && !is_wrong {
            continue;
        }
        looked_at.push(address);
        let is_back = line.is_some_and(|line| is_registered_from(records, line.id, address, now));
        // A secret that was set after the mistake has made another question of it.
        if is_right || is_back || event.at < facts.set_at {
            continue;
        }
        let by = Sighting { address, agent: event.agent.clone(), at: event.at };
        seen.push((
            event.at,
            match (event.reason, line) {
                (Some(Reason::OldSecret), Some(line)) => {
                    Cause::OldSecret { owner, kind, extension: line.id, phone: by, replaced_at: facts.set_at }
                }
                _ => Cause::WrongSecret { owner, kind, by },
            },
        ));
    }
    if let Some(line) = line {
        seen.extend(of_phones(records, line, (owner, kind), evidence, now));
    }
    seen.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut told: Vec<Cause> = Vec::new();
    for (_, cause) in seen {
        // Memory and audit may both know of an old code: what was seen last is told.
        let is_told = |before: &Cause| match (before, &cause) {
            (Cause::OldSecret { phone: one, .. }, Cause::OldSecret { phone: other, .. }) => {
                network(one.address) == network(other.address)
            }
            (one, other) => one == other,
        };
        if !told.iter().any(is_told) {
            told.push(cause);
        }
    }
    told
}

fn of_phones(
    records: &dyn Records,
    line: &Extension,
    (owner, kind): (Owner, CredentialKind),
    evidence: &Evidence<'_>,
    now: Timestamp,
) -> Vec<(Timestamp, Cause)> {
    let mut seen = Vec::new();
    for phone in evidence.stale.iter().filter(|phone| phone.extension == line.id && !phone.is_quiet(now)) {
        if !is_registered_from(records, line.id, phone.address, now) {
            let by =
                Sighting { address: phone.address, agent: AuditEvent::text(&phone.agent), at: phone.last_at };
            let replaced_at = phone.replaced_at;
            seen.push((by.at, Cause::OldSecret { owner, kind, extension: line.id, phone: by, replaced_at }));
        }
    }
    let md5_allowed = records.domain(line.domain).is_some_and(|domain| domain.md5_allowed);
    if !md5_allowed {
        for OldHash { address, agent, at } in evidence.old_hashes {
            if now < at.after(MISTAKE_LASTS) && !is_registered_from(records, line.id, *address, now) {
                let by = Sighting { address: *address, agent: agent.clone(), at: *at };
                seen.push((*at, Cause::OnlyMd5(line.domain, by)));
            }
        }
        let registration = records.registration(line.id);
        for binding in registration.iter().flat_map(|registration| registration.bindings.iter()) {
            if binding.algorithm == DigestAlgorithm::Md5 && now < binding.expires_at {
                let agent = AuditEvent::text(&binding.agent);
                let by = Sighting { address: binding.source.ip(), agent, at: binding.since };
                seen.push((binding.since, Cause::OnlyMd5(line.domain, by)));
            }
        }
    }
    for entry in evidence.quarantine.iter().filter(|entry| entry.extension == line.id) {
        let phone = Sighting { address: entry.source.ip(), agent: entry.agent.clone(), at: entry.at };
        let by = entry.by_source.ip();
        seen.push((entry.at, Cause::PushedOut { extension: line.id, phone, by }));
    }
    seen
}

fn is_registered_from(records: &dyn Records, line: ExtensionId, address: IpAddr, now: Timestamp) -> bool {
    let registration = records.registration(line);
    let mut bindings = registration.iter().flat_map(|registration| registration.bindings.iter());
    bindings.any(|binding| now < binding.expires_at && binding.source.ip() == address)
}
