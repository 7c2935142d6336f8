//! Calls that are going on: who talks to whom, and on which ways the requests of their dialogs go (RFC 3261 section 12).
//!
//! A request within a dialog is passed on by what is known here and by nothing that stands in it, so that nobody aims one at
//! somebody else, and a phone behind a NAT is reached by its flow, whatever its Contact says.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use signin::{
    ident::{DomainId, ExtensionId},
    timestamp::{Seconds, Timestamp},
};

use super::{flows::Flow, kept::base64, passages::PassageKey};

/// Pieces of the table that are locked apart.
const SHARDS: usize = 256;
/// Calls at the same time at most.
pub(super) const CALLS_MAX: usize = 1_000_000;
/// Dialogs that one call may have: each phone that is asked may begin one, and one more is none of ours.
const LEGS_MAX: usize = 64;
/// Phones of which it is remembered when they called last.
const USED_MAX: usize = 100_000;
/// How long a call that is over is remembered: its last messages may come again.
const REMEMBERED: Seconds = Seconds(40);
/// How long a call lasts of which nothing is heard. Phones that keep a session timer (RFC 4028) say more often that they
/// are there.
const SILENT_MAX: Seconds = Seconds(12 * 3600);

/// Which call: a keyed hash of its Call-ID and the caller's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CallKey(u64);

/// Boxed: a table that grows moves what is in it.
type Shard = HashMap<CallKey, Box<Call>, foldhash::fast::RandomState>;

/// All calls that are going on.
#[derive(Debug)]
pub struct Calls {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    next: AtomicU64,
    count: AtomicUsize,
    /// When somebody called from a phone last, of those that somebody may be logged out of.
    used: Mutex<HashMap<ExtensionId, Timestamp, foldhash::quality::RandomState>>,
}

/// One call. What is kept of it over a restart has these names, see `kept.rs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// By which it is named on pages; never used twice while the program runs.
    pub number: u64,
    /// The organisation.
    pub domain: DomainId,
    /// Its Call-ID.
    #[serde(with = "base64")]
    pub call_id: Box<[u8]>,
    /// Who calls.
    pub caller: Party,
    /// What was dialled.
    pub dialled: Box<str>,
    /// The extension that it meant; none for a service.
    pub line: Option<ExtensionId>,
    /// Those who are called, one a dialog.
    pub called: Vec<Party>,
    /// The INVITE that it began with.
    #[serde(skip)]
    pub(super) passage: PassageKey,
    /// When it was dialled.
    pub started_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it was over; it is remembered a while.
    #[serde(skip)]
    pub over_at: Option<Timestamp>,
    /// When something was heard of it last.
    heard_at: Timestamp,
    /// Whether it goes on as far as anybody knows. Not where its end may have been said while the program did not run: then it is
    /// shown to nobody until something is heard of it.
    #[serde(skip)]
    pub(super) is_certain: bool,
}

/// One end of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Party {
    /// The phone's own extension.
    pub phone: ExtensionId,
    /// That of whoever is at it.
    pub extension: ExtensionId,
    /// The number of that.
    pub number: Box<str>,
    /// The tag of its end of the dialog.
    #[serde(with = "base64")]
    pub tag: Box<[u8]>,
    /// The way to it.
    pub flow: Flow,
    /// Where its requests go: its Contact.
    #[serde(with = "base64")]
    pub target: Box<[u8]>,
    /// The number of its last request.
    pub cseq: u32,
    /// Whether it has answered.
    pub has_answered: bool,
    /// Whether it has hung up, or was hung up on: of several that answered at once one goes on.
    pub has_ended: bool,
    /// Whether it is no phone, but a station of our own.
    pub is_ours: bool,
}

/// Who sent a request within a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who called.
    Caller,
    /// Who was called.
    Called,
}

/// A dialog of a call, as one of its requests sees it.
pub(super) struct Dialog<'c> {
    pub(super) key: CallKey,
    pub(super) call: &'c mut Call,
    pub(super) side: Side,
    called: usize,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            next: AtomicU64::new(1),
            count: AtomicUsize::new(0),
            used: Mutex::default(),
        }
    }
}

impl Calls {
    pub(super) fn key(&self, call_id: &[u8], caller_tag: &[u8]) -> CallKey {
        CallKey(self.hasher.hash_one((call_id, caller_tag)))
    }

    /// A number for one more call.
    pub(super) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The number that the next call will have.
    pub(super) fn upcoming_number(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// No call has a smaller number from now on.
    pub(super) fn number_from(&self, number: u64) {
        self.next.fetch_max(number, Ordering::Relaxed);
    }

    /// How many there are, those that are remembered among them.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A call begins; `false` where it goes on already, or was another's.
    pub(super) fn begin(&self, key: CallKey, call: Call) -> bool {
        let Some(shard) = self.shard(key) else { return false };
        match shard.lock().entry(key) {
            Entry::Occupied(mut known) => {
                let old = known.get();
                let may = old.over_at.is_some() && old.caller.extension == call.caller.extension;
                if may {
                    known.insert(Box::new(call));
                }
                may
            }
            Entry::Vacant(place) => {
                place.insert(Box::new(call));
                self.count.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }

    /// Looks at one and does something about it; `None` where there is no such.
    pub(super) fn with<T>(&self, key: CallKey, act: impl FnOnce(&mut Call) -> T) -> Option<T> {
        self.shard(key)?.lock().get_mut(&key).map(|call| act(call))
    }

    /// The dialog that a request belongs to: by its Call-ID and both tags (section 12.2.2). `None` where there is none.
    pub(super) fn dialog<T>(
        &self,
        call_id: &[u8],
        from_tag: &[u8],
        to_tag: &[u8],
        act: impl FnOnce(Dialog<'_>) -> T,
    ) -> Option<T> {
        for (side, caller_tag, called_tag) in
            [(Side::Caller, from_tag, to_tag), (Side::Called, to_tag, from_tag)]
        {
            let key = self.key(call_id, caller_tag);
            let Some(shard) = self.shard(key) else { continue };
            let mut calls = shard.lock();
            let Some(call) = calls.get_mut(&key) else { continue };
            if *call.call_id != *call_id || *call.caller.tag != *caller_tag {
                continue;
            }
            let called = call.called.iter().position(|party| *party.tag == *called_tag);
            return called.map(|called| act(Dialog { key, call, side, called }));
        }
        None
    }

    /// Forgets what is long over. Gives back the calls of which nothing was heard for too long.
    pub fn sweep(&self, now: Timestamp) -> Vec<Call> {
        let mut silent = Vec::new();
        for shard in &self.shards {
            let mut calls = shard.lock();
            let before = calls.len();
            calls.retain(|_, call| match call.over_at {
                Some(over_at) => now < over_at.after(REMEMBERED),
                None if !call.is_silent(now) => true,
                None => {
                    silent.extend(call.is_certain.then(|| (**call).clone()));
                    false
                }
            });
            self.count.fetch_sub(before - calls.len(), Ordering::Relaxed);
            if calls.capacity() > 64 && calls.len() * 8 < calls.capacity() {
                calls.shrink_to_fit();
            }
        }
        silent
    }

    /// Somebody calls from a phone, or has stopped to.
    pub(super) fn note_use(&self, phone: ExtensionId, now: Timestamp) {
        let mut used = self.used.lock();
        if used.len() >= USED_MAX {
            used.clear();
        }
        used.insert(phone, now);
    }

    /// When somebody called from a phone last, if that is remembered: not across a start.
    pub fn used_at(&self, phone: ExtensionId) -> Option<Timestamp> {
        self.used.lock().get(&phone).copied()
    }

    /// Every call that is not over, the oldest first.
    pub fn going_on(&self) -> Vec<Call> {
        let mut all: Vec<Call> = Vec::new();
        for shard in &self.shards {
            all.extend(shard.lock().values().filter(|call| call.is_shown()).map(|call| (**call).clone()));
        }
        all.sort_by_key(|call| call.number);
        all
    }

    /// Looks at every call of an extension that goes on.
    pub(super) fn each_of(&self, extension: ExtensionId, act: impl Fn(&Call)) {
        for shard in &self.shards {
            let calls = shard.lock();
            let is_at = |call: &&Call| call.line == Some(extension) || call.is_of(extension);
            calls.values().map(|call| &**call).filter(|call| call.is_shown()).filter(is_at).for_each(&act);
        }
    }

    /// One page of those that are not over and that somebody wants to know of, the oldest first, and how many there are on all.
    /// What is on no page is not copied.
    pub fn page(&self, wanted: impl Fn(&Call) -> bool, offset: usize, limit: usize) -> (Vec<Call>, usize) {
        let mut found: Vec<(u64, CallKey)> = Vec::new();
        for shard in &self.shards {
            let calls = shard.lock();
            let going_on = calls.iter().filter(|(_, call)| call.is_shown() && wanted(call));
            found.extend(going_on.map(|(key, call)| (call.number, *key)));
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        // One that is over in this moment is missing on its page.
        let page = found.iter().skip(offset).take(limit);
        let page = page.filter_map(|(number, key)| self.with(*key, |call| call.clone_if(*number)).flatten());
        (page.collect(), found.len())
    }

    /// The keys of those that are not over and are such.
    pub(super) fn keys(&self, wanted: impl Fn(&Call) -> bool) -> Vec<CallKey> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let calls = shard.lock();
            let such = calls.iter().filter(|(_, call)| call.over_at.is_none() && wanted(call));
            keys.extend(such.map(|(key, _)| *key));
        }
        keys
    }

    /// The call with this number, as long as it goes on.
    pub fn one(&self, number: u64) -> Option<Call> {
        self.with(self.numbered(number)?, |call| call.clone_if(number))?
    }

    /// The key of a call that is going on, by its number.
    pub(super) fn numbered(&self, number: u64) -> Option<CallKey> {
        self.shards.iter().find_map(|shard| {
            let calls = shard.lock();
            calls.iter().find(|(_, call)| call.number == number).map(|(key, _)| *key)
        })
    }

    fn shard(&self, key: CallKey) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::try_from(key.0 % SHARDS as u64).unwrap_or(0))
    }
}

impl Call {
    /// One that begins now.
    pub(super) fn begun(
        number: u64,
        domain: DomainId,
        (call_id, passage): (&[u8], PassageKey),
        caller: Party,
        (dialled, line): (&str, Option<ExtensionId>),
        now: Timestamp,
    ) -> Self {
        Self {
            number,
            domain,
            call_id: call_id.into(),
            caller,
            dialled: dialled.into(),
            line,
            called: Vec::with_capacity(1),
            passage,
            started_at: now,
            answered_at: None,
            over_at: None,
            heard_at: now,
            is_certain: true,
        }
    }

    /// Whether it goes on, as far as anybody knows.
    fn is_shown(&self) -> bool {
        self.over_at.is_none() && self.is_certain
    }

    /// Whether two phones talk: such a call needs nothing of ours to go on but its requests passed.
    pub(super) fn is_between_phones(&self) -> bool {
        let talks = |party: &Party| !party.is_ours && !party.has_ended;
        self.over_at.is_none() && self.answered_by().is_some_and(talks)
    }

    /// Whether nothing was heard of it for so long that it is forgotten.
    pub(super) fn is_silent(&self, now: Timestamp) -> bool {
        now >= self.heard_at.after(SILENT_MAX)
    }

    /// A phone that is called has said something: from its tag on there is a dialog with it.
    pub(super) fn heard(&mut self, party: Party, now: Timestamp) {
        let is_known = self.heard_again(&party.tag, party.flow, &party.target, party.has_answered, now);
        if !is_known && self.called.len() < LEGS_MAX {
            self.called.push(party);
        }
    }

    /// The same where there is a dialog with it already; whether there is.
    pub(super) fn heard_again(
        &mut self,
        tag: &[u8],
        flow: Flow,
        target: &[u8],
        has_answered: bool,
        now: Timestamp,
    ) -> bool {
        self.heard_at = now;
        if has_answered && self.answered_at.is_none() {
            self.answered_at = Some(now);
        }
        let Some(known) = self.called.iter_mut().find(|known| *known.tag == *tag) else { return false };
        known.has_answered |= has_answered;
        known.flow = flow;
        if !target.is_empty() && *known.target != *target {
            known.target = target.into();
        }
        true
    }

    /// The extensions of the phones at both ends.
    pub fn phones(&self) -> Vec<ExtensionId> {
        std::iter::once(self.caller.phone).chain(self.called.iter().map(|party| party.phone)).collect()
    }

    /// Who talks at the other end, or did: whoever has answered, or else nobody yet.
    pub fn answered_by(&self) -> Option<&Party> {
        let answered = || self.called.iter().filter(|party| party.has_answered);
        answered().find(|party| !party.has_ended).or_else(|| answered().next())
    }

    /// Whether somebody of this extension calls or is called.
    pub fn is_of(&self, extension: ExtensionId) -> bool {
        let is_called = |party: &Party| !party.is_ours && party.extension == extension;
        self.caller.extension == extension || self.called.iter().any(is_called)
    }

    /// A copy, where it is still this call and goes on.
    fn clone_if(&self, number: u64) -> Option<Self> {
        (self.number == number && self.is_shown()).then(|| self.clone())
    }

    /// For how long they have talked, or had.
    pub fn talked(&self, now: Timestamp) -> Option<Seconds> {
        let until = self.over_at.unwrap_or(now);
        let seconds = self.answered_at.map(|answered_at| until.seconds_since(answered_at))?;
        Some(Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)))
    }
}

impl Dialog<'_> {
    /// Who sent the request.
    pub(super) fn sender(&mut self) -> Option<&mut Party> {
        match self.side {
            Side::Caller => Some(&mut self.call.caller),
            Side::Called => self.call.called.get_mut(self.called),
        }
    }

    /// Who is to have it.
    pub(super) fn receiver(&self) -> Option<&Party> {
        match self.side {
            Side::Caller => self.call.called.get(self.called),
            Side::Called => Some(&self.call.caller),
        }
    }

    /// The dialog ends; with the last one that was answered, the call. Whether it is over by this.
    pub(super) fn end(&mut self, now: Timestamp) -> bool {
        if let Some(party) = self.call.called.get_mut(self.called) {
            party.has_ended = true;
        }
        let goes_on = self.call.called.iter().any(|party| party.has_answered && !party.has_ended);
        if goes_on || self.call.over_at.is_some() {
            return false;
        }
        self.call.over_at = Some(now);
        true
    }

    /// Something was heard of it.
    pub(super) const fn touch(&mut self, now: Timestamp) {
        self.call.heard_at = now;
    }
}
