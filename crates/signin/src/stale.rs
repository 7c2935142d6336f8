//! Stale phones: those that show a secret which was right before it was replaced.
//!
//! Whoever shows one guesses at nothing: they learn nothing, so it counts as no failure, and a cupboard full of forgotten
//! phones blocks neither its extension nor its address. What they are told is what a wrong secret is told, until five
//! have been and then to wait: the same rule as the extension's, in a count that nobody else is in.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    digest::DigestKeys,
    ident::ExtensionId,
    lockout::{Standing, Tally},
    policy::LockRule,
    timestamp::{Seconds, Timestamp},
};

/// Former secrets that are kept of one owner and kind, the latest.
pub const FORMER_MAX: usize = 3;
/// For how long.
pub const FORMER_LIFETIME: Seconds = Seconds::days(90);
/// A phone that has not tried for this long is stale no more, as far as anybody knows.
pub const QUIET_MAX: Seconds = Seconds::days(1);
/// The audit tells of a phone's tries once in this time, after the first.
pub const TOLD_EVERY: Seconds = Seconds(3600);

/// A secret that was replaced, ready for comparing.
#[derive(Clone, PartialEq, Eq)]
pub struct Former {
    /// What a proof is held against.
    pub keys: DigestKeys,
    /// When another one took its place.
    pub replaced_at: Timestamp,
}

impl std::fmt::Debug for Former {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Former(…, {:?})", self.replaced_at)
    }
}

impl Former {
    /// Whether it is still to be recognised.
    pub const fn is_kept(replaced_at: Timestamp, now: Timestamp) -> bool {
        now.0 < replaced_at.after(FORMER_LIFETIME).0
    }
}

/// One stale phone: an extension and the network it tries from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StalePhone {
    /// Whose secret it has.
    pub extension: ExtensionId,
    /// Where it is.
    pub address: IpAddr,
    /// What it calls itself.
    pub agent: Box<str>,
    /// When its secret was replaced.
    pub replaced_at: Timestamp,
    /// The first try.
    pub first_at: Timestamp,
    /// The last one.
    pub last_at: Timestamp,
    /// How many.
    pub times: u32,
    /// Its own count.
    #[serde(skip)]
    tally: Tally,
    /// Tries that the audit was not told of.
    #[serde(skip)]
    untold: u32,
    #[serde(skip)]
    told_at: Timestamp,
    /// The print of its last message.
    #[serde(skip)]
    print: Option<u64>,
}

/// What is made of one more try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowed {
    /// What it is told: nothing but that it was wrong, or to wait.
    pub standing: Standing,
    /// It is the first one, which the audit tells at once.
    pub is_first: bool,
    /// It was told to wait before, or the same: nothing is written for it.
    pub was_waiting: bool,
}

impl StalePhone {
    /// One that has not tried yet.
    pub fn new(extension: ExtensionId, address: IpAddr, now: Timestamp) -> Self {
        Self {
            extension,
            address,
            agent: "".into(),
            replaced_at: now,
            first_at: now,
            last_at: now,
            times: 0,
            tally: Tally::default(),
            untold: 0,
            told_at: now,
            print: None,
        }
    }

    /// It tries, with a secret that was replaced then. Who does not hear the answer sends the message again, and it is the
    /// same try (see [`Attempt::print`](crate::attempt::Attempt::print)).
    pub fn tries(
        &mut self,
        (agent, print): (&str, Option<u64>),
        replaced_at: Timestamp,
        rule: &LockRule,
        now: Timestamp,
    ) -> Slowed {
        if print.is_some() && print == self.print {
            return Slowed { standing: self.tally.standing(rule, now), is_first: false, was_waiting: true };
        }
        self.print = print;
        let is_first = self.times == 0;
        self.times = self.times.saturating_add(1);
        self.last_at = now;
        self.replaced_at = replaced_at;
        if &*self.agent != agent {
            self.agent = agent.into();
        }
        self.untold = self.untold.saturating_add(u32::from(!is_first));
        let before = self.tally.standing(rule, now);
        let was_waiting = matches!(before, Standing::Locked { .. });
        let standing = if was_waiting {
            before
        } else {
            self.tally.fail(rule, Some(self.address), now).unwrap_or(Standing::Open)
        };
        Slowed { standing, is_first, was_waiting }
    }

    /// Until when it was told to wait, if it was.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.tally.locked_until.filter(|until| now < *until)
    }

    /// How many tries the audit is to be told of now, at most once in [`TOLD_EVERY`] and when it has gone quiet.
    pub fn tell(&mut self, now: Timestamp) -> Option<u32> {
        let is_due = now >= self.told_at.after(TOLD_EVERY) || self.is_quiet(now);
        if self.untold == 0 || !is_due {
            return None;
        }
        self.told_at = now;
        Some(std::mem::take(&mut self.untold))
    }

    /// Whether it has not tried for so long that it is forgotten.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        now >= self.last_at.after(QUIET_MAX)
    }
}
