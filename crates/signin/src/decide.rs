//! The decision: from what is known and what was shown to what is said and what changes. Pure.
//!
//! ```text
//! begin ──▶ Dossier ──check──▶ Finding ──settle──▶ Settled ──decide──▶ Decision ──▶ commit
//! (store)             (here, costly)     (store)             (here)                 (store)
//! ```

use crate::{
    account::{Activity, Status},
    attempt::{Attempt, Claim, Proof, Purpose},
    audit::{Actor, AuditEvent, FieldChange, Outcome, Reason},
    credential::{Verifier, hash_password_matches, is_typed, judge},
    dice::Dice,
    digest::{self, DigestKeys},
    document::Document,
    dossier::Dossier,
    effect::{Effect, NewSession},
    ident::AccountId,
    lockout::{Standing, TallyKey, is_within},
    policy::AgeRules,
    session::{Session, SessionId},
    stale::{FORMER_MAX, Former, Slowed},
    timestamp::{Seconds, Timestamp},
    verdict::{Accepted, Verdict},
};

/// What the check of an attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The proof is right, and the account admits.
    Right(Status),
    /// It is not; the reason is for the audit alone.
    Wrong(Reason),
    /// It was right before the secret was replaced, then: no guess, and told what a wrong one is told.
    Stale(Timestamp),
    /// The very message that was refused came again; it is refused again, and counts no second time.
    Repeated,
    /// It was not looked at, because a count did not allow it.
    Unchecked,
}

/// What the counts made of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The right answer was given before.
    pub is_replay: bool,
    /// The subject's count held failures that a success has now cleared.
    pub cleared: bool,
    /// Locks that this failure set.
    pub locks: Vec<(TallyKey, Standing)>,
    /// What is made of a stale phone.
    pub stale: Option<Slowed>,
}

/// What comes of an attempt.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What may be said.
    pub verdict: Verdict,
    /// What changes; exactly one audit event among them, but for challenges, for a message that came twice, and for
    /// phones that were right: what they then do to their bindings is the event.
    pub effects: Vec<Effect>,
    /// Whether the effects must rest on disk before the verdict is said.
    pub must_last: bool,
}

/// How soon one may try again when too many attempts are being checked at once.
const FULL_WAIT: Seconds = Seconds(1);

/// Holds the proof against the dossier. The only costly step: about 15 ms for a password, a microsecond for a
/// digest; the same for names that nobody has.
pub fn check(dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> Finding {
    if !dossier.may_be_checked() {
        return Finding::Unchecked;
    }
    if dossier.is_repeat {
        return Finding::Repeated;
    }
    let is_right = match (&attempt.proof, &dossier.verifier) {
        (Proof::Plain(secret), Verifier::Argon2(phc)) => hash_password_matches(secret, phc),
        (Proof::Digest(_, proof), Verifier::Digest(keys)) => digest::verify(keys, proof),
        (Proof::Bearer(secret), Verifier::Token(hash)) => hash.matches(secret),
        (Proof::Digits(digits), Verifier::Digest(keys)) => {
            is_typed(attempt.interface, digits, keys, &dossier.binding(attempt))
        }
        (Proof::Plain(_) | Proof::Bearer(_) | Proof::Digest(..) | Proof::Digits(_), _) => false,
    };
    // Every reason is worked out for every attempt, so that none of them shows in the time it takes.
    let status = status(dossier, attempt, now);
    let has_ended = dossier.secret_expires_at.is_some_and(|end| now >= end);
    let reason = if !dossier.is_known(&attempt.claim) {
        Reason::UnknownName
    } else if dossier.is_decoy || has_ended {
        Reason::NoSecret
    } else if !is_right {
        Reason::WrongSecret
    } else {
        match status {
            Status::Enabled | Status::ForceNewPassword | Status::LockedPasswordExpired => {
                if is_away(dossier, attempt) {
                    return Finding::Wrong(Reason::NotLocal);
                }
                return Finding::Right(status);
            }
            Status::LockedIdle => Reason::Idle,
            Status::LockedExpired => Reason::Expired,
            Status::Disabled | Status::LockedPasswordError | Status::LockedTemporary => Reason::Disabled,
        }
    };
    match replaced_at(dossier, attempt, now) {
        Some(replaced_at) if !is_right => Finding::Stale(replaced_at),
        _ => Finding::Wrong(reason),
    }
}

/// Whether a link that sets a password is shown where it may not be: by the address of the connection, whatever anything on the
/// way says of it. Where no trusted local network is named, there is none.
fn is_away(dossier: &Dossier, attempt: &Attempt<'_>) -> bool {
    let settings = &dossier.settings;
    dossier.link.as_ref().is_some_and(|link| link.kind.sets_password())
        && !settings.recovery.from_anywhere
        && !is_within(&settings.lan1, attempt.peer.address)
}

/// When the secret that was shown was replaced, if it is a former one. The same number of comparisons for everybody: for
/// names that nobody has, for those who have no former secret, and for those who are refused for another reason.
fn replaced_at(dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> Option<Timestamp> {
    let Proof::Digest(_, proof) = &attempt.proof else {
        // A comparison of passwords costs 15 ms; for them there is the rule of the same wrong secret alone. And who types
        // an old code at a keypad is a person, not a phone that nobody told: that is a wrong one.
        return None;
    };
    let nobodys = Former { keys: DigestKeys::decoy([0; 32]), replaced_at: Timestamp::EPOCH };
    let former = dossier.former.as_deref().unwrap_or_default();
    let mut found = None;
    for position in 0..FORMER_MAX {
        let Former { keys, replaced_at } = former.get(position).unwrap_or(&nobodys);
        let is_it = digest::verify(keys, proof) && Former::is_kept(*replaced_at, now);
        found = found.or(is_it.then_some(*replaced_at));
    }
    found
}

/// The state of the account as this interface sees it. Ages and what passwords are like are rules for those who can answer
/// them; a phone in a meeting room is not locked because nobody replaced its code.
fn status(dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> Status {
    let Some(account) = &dossier.account else { return Status::Enabled };
    let no_ages = AgeRules::default();
    // That the password is old is what a link is for.
    let of_links = AgeRules { secret: Seconds(0), ..*dossier.settings.ages_of(account.kind()) };
    let ages = match attempt.claim {
        Claim::Account(..) => dossier.settings.ages_of(account.kind()),
        // A token is no password: how old that is does not matter to it.
        Claim::Token(_) => dossier.settings.ages_of(account.kind()),
        Claim::Link(_) => &of_links,
        Claim::Extension(_) | Claim::System(_) => &no_ages,
    };
    let status = account.status(dossier.subject.1, &dossier.activity, dossier.secret_set_at, ages, now);
    match attempt.claim {
        // A phone cannot choose a password; that its user must is asked where it can be answered.
        Claim::Extension(_) | Claim::System(_) | Claim::Link(_) if status.wants_new_secret() => {
            Status::Enabled
        }
        Claim::Extension(_) | Claim::System(_) | Claim::Link(_) | Claim::Token(_) => status,
        Claim::Account(..) => {
            let kind = account.kind().password();
            let rules = (kind.row().rules)(&dossier.settings);
            let is_outdated =
                dossier.secret_traits.is_some_and(|traits| judge(kind, &traits, rules, false).is_err());
            status.with_outdated(is_outdated)
        }
    }
}

/// Decides.
pub fn decide(
    dossier: &Dossier,
    attempt: &Attempt<'_>,
    finding: Finding,
    settled: &Settled,
    now: Timestamp,
    dice: &mut dyn Dice,
) -> Decision {
    let mut decision = match finding {
        Finding::Unchecked => not_checked(dossier, attempt, now),
        Finding::Repeated => repeated(dossier, attempt, now),
        Finding::Wrong(reason) => wrong(dossier, attempt, reason, settled, now),
        Finding::Stale(_) => stale(dossier, attempt, settled, now),
        Finding::Right(_) if settled.is_replay => {
            return Decision { verdict: Verdict::Challenge, effects: Vec::new(), must_last: false };
        }
        Finding::Right(status) => return right(dossier, attempt, status, settled, now, dice),
    };
    match dossier.to_strangers {
        Standing::Open => {}
        Standing::Full => decision.verdict = Verdict::Wait { until: Some(now.after(FULL_WAIT)) },
        Standing::Locked { until } => decision.verdict = Verdict::Wait { until },
    }
    decision
}

fn not_checked(dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> Decision {
    let (reason, until) = match (dossier.address.1, dossier.subject.1) {
        (Standing::Locked { until }, _) => (Reason::AddressLocked, until),
        (_, Standing::Locked { until }) => (Reason::SubjectLocked, until),
        _ => (Reason::TooManyAtOnce, Some(now.after(FULL_WAIT))),
    };
    Decision {
        verdict: Verdict::Wait { until },
        effects: vec![Effect::Audit(event(dossier, attempt, Outcome::Refused, Some(reason), now))],
        must_last: false,
    }
}

fn wrong(
    dossier: &Dossier,
    attempt: &Attempt<'_>,
    reason: Reason,
    settled: &Settled,
    now: Timestamp,
) -> Decision {
    let mut audit = event(dossier, attempt, Outcome::Refused, Some(reason), now);
    audit.changes = settled.locks.iter().map(lock_in_words).collect();
    let account = dossier.account.as_ref().map_or(AccountId::NOBODY, |account| account.id);
    let effects = vec![
        Effect::KeepTally(dossier.subject.0.clone()),
        Effect::KeepTally(dossier.address.0.clone()),
        Effect::NoteFailure(account),
        Effect::Audit(audit),
    ];
    let ends = settled.locks.iter().filter_map(|(_, standing)| match standing {
        Standing::Locked { until } => Some(*until),
        Standing::Open | Standing::Full => None,
    });
    // Nothing is longer than what an administrator must end.
    let verdict = match ends.max_by_key(|until| until.unwrap_or(Timestamp::MAX)) {
        Some(until) => Verdict::Wait { until },
        None => Verdict::Reject,
    };
    Decision { verdict, effects, must_last: true }
}

/// The message that was refused came again, which nobody has to be told; or somebody typed the same wrong secret once more.
fn repeated(dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> Decision {
    let effects = match attempt.proof {
        Proof::Digest(..) => Vec::new(),
        Proof::Plain(_) | Proof::Bearer(_) | Proof::Digits(_) => {
            let reason = Some(Reason::SameWrongSecret);
            vec![Effect::Audit(event(dossier, attempt, Outcome::Refused, reason, now))]
        }
    };
    Decision { verdict: Verdict::Reject, effects, must_last: false }
}

/// Told what a wrong secret is told, and as late. The audit is told of the first try at once and of the others once in an
/// hour, by the sweep.
fn stale(dossier: &Dossier, attempt: &Attempt<'_>, settled: &Settled, now: Timestamp) -> Decision {
    let slowed =
        settled.stale.unwrap_or(Slowed { standing: Standing::Open, is_first: true, was_waiting: false });
    let verdict = match slowed.standing {
        Standing::Locked { until } => Verdict::Wait { until },
        Standing::Open | Standing::Full => Verdict::Reject,
    };
    let mut effects = Vec::new();
    if !slowed.was_waiting {
        effects.push(Effect::KeepTally(dossier.subject.0.clone()));
        effects.push(Effect::KeepTally(dossier.address.0.clone()));
    }
    if slowed.is_first {
        let reason = Some(Reason::OldSecret);
        effects.push(Effect::Audit(event(dossier, attempt, Outcome::Refused, reason, now)));
    }
    Decision { verdict, effects, must_last: !slowed.was_waiting }
}

fn right(
    dossier: &Dossier,
    attempt: &Attempt<'_>,
    status: Status,
    settled: &Settled,
    now: Timestamp,
    dice: &mut dyn Dice,
) -> Decision {
    let mut effects = Vec::new();
    if settled.cleared {
        // As it stands at the moment of writing: a failure that came in since is not wiped.
        effects.push(Effect::KeepTally(dossier.subject.0.clone()));
    }
    if !dossier.is_place_noted
        && let Some(extension) = &dossier.extension
    {
        effects.push(Effect::KnowPlace(extension.id, attempt.peer.address, now));
    }
    let account = dossier.account.as_ref().map(|account| account.id);
    let mut accepted = Accepted {
        account,
        extension: dossier.extension.as_ref().map(|extension| extension.id),
        status,
        before: dossier.activity,
        session: None,
    };
    match attempt.purpose {
        Purpose::Registration => {
            return Decision { verdict: Verdict::Accept(accepted), must_last: settled.cleared, effects };
        }
        Purpose::Request => {
            let (effects, must_last) = requested(dossier, attempt, status, effects, now);
            let verdict =
                if status.wants_new_secret() { Verdict::NewSecretFirst } else { Verdict::Accept(accepted) };
            return Decision { verdict, must_last, effects };
        }
        Purpose::Confirmation => {}
        Purpose::Once if status.wants_new_secret() => {
            let refused = event(dossier, attempt, Outcome::Refused, Some(Reason::NewSecretFirst), now);
            effects.push(Effect::Audit(refused));
            return Decision { verdict: Verdict::NewSecretFirst, effects, must_last: true };
        }
        Purpose::Once => effects.extend(account.map(|account| signed_in(account, attempt, now))),
        Purpose::Session(held) => {
            let concurrent_max = dossier.settings.sessions.concurrent_max;
            let replaced = held.filter(|held| Some(held.account) == account).map(|held| held.session);
            let others = dossier.sessions_open.saturating_sub(replaced.iter().len());
            if others >= usize::from(concurrent_max) {
                let refused = event(dossier, attempt, Outcome::Refused, Some(Reason::SessionLimit), now);
                effects.push(Effect::Audit(refused));
                return Decision { verdict: Verdict::TooManySessions, effects, must_last: true };
            }
            if let Some(account) = account {
                let (id, token) = SessionId::issue(dice);
                effects.extend(replaced.map(Effect::CloseSession));
                effects.push(Effect::OpenSession(NewSession {
                    session: session(id, account, attempt, now),
                    concurrent_max,
                    secret_set_at: dossier.secret_set_at,
                }));
                effects.push(signed_in(account, attempt, now));
                accepted.session = Some((id, token));
            }
        }
    }
    effects.push(Effect::Audit(event(dossier, attempt, Outcome::Accepted, None, now)));
    Decision { verdict: Verdict::Accept(accepted), effects, must_last: true }
}

/// What a program's request leaves behind: nothing, but for the first in a while. Where two that come together would both
/// note it, one does; nobody waits for it.
fn requested(
    dossier: &Dossier,
    attempt: &Attempt<'_>,
    status: Status,
    mut effects: Vec<Effect>,
    now: Timestamp,
) -> (Vec<Effect>, bool) {
    if !effects.is_empty() {
        return (effects, true);
    }
    if status.wants_new_secret() {
        let reason = Some(Reason::NewSecretFirst);
        effects.push(Effect::Audit(event(dossier, attempt, Outcome::Refused, reason, now)));
    } else if let Some(used) =
        dossier.token.as_ref().and_then(|token| token.used_now(attempt.peer.address, now))
    {
        effects.push(Effect::PutDocument(Box::new(Document::ApiToken(used))));
        effects.push(Effect::Audit(event(dossier, attempt, Outcome::Accepted, None, now)));
    }
    (effects, false)
}

fn session(id: SessionId, account: AccountId, attempt: &Attempt<'_>, now: Timestamp) -> Session {
    Session {
        id,
        account,
        interface: attempt.interface,
        address: attempt.peer.address,
        agent: AuditEvent::text(attempt.peer.agent),
        opened_at: now,
        used_at: now,
    }
}

/// What the next page tells as the last sign-in.
fn signed_in(account: AccountId, attempt: &Attempt<'_>, now: Timestamp) -> Effect {
    let activity = Activity {
        signed_in_at: Some(now),
        signed_in_from: Some(attempt.peer.address),
        signed_in_by: Some(attempt.interface),
        failures_since: 0,
    };
    Effect::PutActivity(account, activity)
}

fn event(
    dossier: &Dossier,
    attempt: &Attempt<'_>,
    outcome: Outcome,
    reason: Option<Reason>,
    now: Timestamp,
) -> AuditEvent {
    let actor = match (outcome, &dossier.account) {
        (Outcome::Accepted, Some(account)) => Actor::Account(account.id, account.name.as_str().into()),
        (Outcome::Accepted | Outcome::Refused, _) => Actor::Unknown,
    };
    AuditEvent {
        at: now,
        action: attempt.purpose.action(),
        outcome,
        reason,
        actor,
        // A token and a link say by themselves whose they are.
        domain: match (attempt.claim, &dossier.account) {
            (Claim::Token(_) | Claim::Link(_), Some(account)) => account.domain,
            _ => attempt.domain,
        },
        subject: subject(dossier, attempt),
        interface: attempt.interface,
        address: Some(attempt.peer.address),
        agent: AuditEvent::text(attempt.peer.agent),
        changes: Vec::new(),
        times: 1,
    }
}

/// What was typed. A token is called by its name where it is known: its id tells people nothing.
fn subject(dossier: &Dossier, attempt: &Attempt<'_>) -> Box<str> {
    match (attempt.claim, &dossier.token) {
        (Claim::Token(_), Some(token)) => AuditEvent::text(&format!("API token {}", token.name)),
        (Claim::Token(id), None) => AuditEvent::text(&format!("API token {id}")),
        (Claim::System(number), _) => AuditEvent::text(&format!("system password at {number}")),
        (Claim::Link(name), _) => match (&dossier.link, &dossier.account) {
            (Some(link), Some(account)) => {
                AuditEvent::text(&format!("{} of {}", link.kind.title(), account.name))
            }
            (Some(_) | None, _) => AuditEvent::text(&format!("link {name}")),
        },
        (Claim::Account(..) | Claim::Extension(_), _) => AuditEvent::text(attempt.claim.typed()),
    }
}

fn lock_in_words((key, standing): &(TallyKey, Standing)) -> FieldChange {
    let after = match standing {
        Standing::Open => "limit reached".into(),
        Standing::Locked { until: Some(until) } => format!("locked until {}", until.0),
        Standing::Locked { until: None } => "locked until reset".into(),
        Standing::Full => String::new(),
    };
    FieldChange { field: AuditEvent::text(&key.in_words()), before: "open".into(), after: after.into() }
}
