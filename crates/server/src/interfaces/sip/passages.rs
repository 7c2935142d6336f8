//! Passages: requests on their way through us, from the first datagram until nobody can send any of it again. What is
//! done when is the machine's word ([`Relay`]); here are the messages, and the ways they go.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;
use signin::{ident::ExtensionId, timestamp::Timestamp};
use smallvec::SmallVec;
use wire::sip::{
    AnswerWriter, Headers, Request, Response, TransactionKey,
    relay::{Act, Answer, Relay},
    write_ack, write_answer_back, write_cancel,
};

use super::{
    answers::Tag,
    calls::CallKey,
    flows::{Flow, Outgoing},
};

/// Pieces of the table that are locked apart.
const SHARDS: usize = 256;
/// Requests on their way at most; more are told to come again.
pub(super) const PASSAGES_MAX: usize = 1_000_000;
/// When nothing is to be done.
const NEVER: u64 = u64::MAX;
/// What our branches begin with (RFC 3261 section 8.1.1.7), and by which they are known again.
const COOKIE: &[u8] = b"z9hG4bKhs";
/// Bytes of one of our branches: the cookie, the passage, the number of the branch.
const BRANCH: usize = COOKIE.len() + 16 + 2;

/// Which passage: a keyed hash of what makes a transaction one, so that nobody can make two fall together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PassageKey(u64);

/// All that are on their way.
#[derive(Debug)]
pub(super) struct Passages {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    passages: HashMap<PassageKey, Place, foldhash::fast::RandomState>,
    due: Due,
}

/// Where a passage is.
#[derive(Debug)]
struct Place {
    /// When it is to be looked at. Here, so that most of those that are noted for a time that has become another one need not
    /// be looked at to be told so.
    due_at: u64,
    /// For when it is noted; never later.
    noted_at: u64,
    /// Boxed: a table that grows moves what is in it.
    passage: Box<Passage>,
}

/// When passages are to be looked at: those of a short while together, as there are very many, and nearly all of them wait for
/// the same 32 seconds.
#[derive(Debug, Default)]
struct Due(BTreeMap<u64, Vec<PassageKey>>);

impl Due {
    /// Milliseconds of a while.
    const WHILE: u64 = 128;

    const fn of(at: u64) -> u64 {
        at / Self::WHILE
    }

    fn put(&mut self, at: u64, key: PassageKey) {
        self.0.entry(Self::of(at)).or_default().push(key);
    }

    /// The passages of one while that has begun, and which it is.
    fn take(&mut self, now: u64) -> Option<(u64, Vec<PassageKey>)> {
        let first = self.0.first_entry().filter(|first| *first.key() <= Self::of(now))?;
        Some(first.remove_entry())
    }
}

/// One request on its way.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) relay: Relay,
    /// Where it came from, and answers go; nowhere for a request of our own.
    pub(super) from: Option<Flow>,
    pub(super) branches: SmallVec<[Branch; 1]>,
    /// The call that it is about.
    pub(super) call: Option<CallKey>,
    /// Whether the call begins by it.
    pub(super) begins: bool,
    /// The tag of answers that are our own.
    pub(super) tag: Tag,
    /// The request as it came, where somebody else may answer it when no phone does.
    pub(super) otherwise: Option<Bytes>,
    kept: Option<Bytes>,
    said: Option<Bytes>,
}

/// One phone that a request went to.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) flow: Flow,
    /// The phone's own extension.
    pub(super) phone: ExtensionId,
    /// The one that was called.
    pub(super) extension: ExtensionId,
    /// The request as it was sent; gone when it is not needed any more.
    pub(super) request: Bytes,
}

/// What came of a call's INVITE: no phone answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The call.
    pub(super) call: CallKey,
    /// With which status.
    pub(super) status: u16,
    /// The request, which was not answered yet: somebody else may.
    pub(super) otherwise: Option<Bytes>,
}

impl Passages {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            count: AtomicUsize::new(0),
        }
    }

    /// Of a request; `None` where it breaks a rule.
    pub(super) fn key(&self, request: &Request<'_>) -> Option<PassageKey> {
        TransactionKey::of(request).ok().map(|key| self.hash(&key))
    }

    /// Of the request that this one cancels, or acknowledges.
    pub(super) fn key_of_invite(&self, request: &Request<'_>) -> Option<PassageKey> {
        TransactionKey::of_invite(request).ok().map(|key| self.hash(&key))
    }

    fn hash(&self, key: &TransactionKey<'_>) -> PassageKey {
        PassageKey(self.hasher.hash_one(key))
    }

    /// A key that no request of others has.
    pub(super) fn own_key(&self, of: impl std::hash::Hash) -> PassageKey {
        PassageKey(self.hasher.hash_one(("own", of)))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Looks at one and does something about it; `None` where there is no such.
    pub(super) fn with<T>(&self, key: PassageKey, act: impl FnOnce(&mut Passage) -> T) -> Option<T> {
        let mut shard = self.shard(key)?.lock();
        let shard = &mut *shard;
        let place = shard.passages.get_mut(&key)?;
        let done = act(&mut place.passage);
        if self.settle(place, key, &mut shard.due) {
            shard.passages.remove(&key);
        }
        Some(done)
    }

    /// Puts one in its place.
    pub(super) fn insert(&self, key: PassageKey, passage: Passage) {
        let Some(shard) = self.shard(key) else { return };
        let mut shard = shard.lock();
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut place = Place { due_at: NEVER, noted_at: NEVER, passage: Box::new(passage) };
        if !self.settle(&mut place, key, &mut shard.due) && shard.passages.insert(key, place).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Sees to it that it is looked at in time; `true` where nothing can come of it any more.
    fn settle(&self, place: &mut Place, key: PassageKey, due: &mut Due) -> bool {
        let relay = &place.passage.relay;
        if relay.is_over() {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return true;
        }
        place.due_at = relay.next_at().unwrap_or(NEVER);
        if place.due_at < place.noted_at {
            place.noted_at = place.due_at;
            due.put(place.due_at, key);
        }
        false
    }

    /// Time has passed: sends again what was not answered, and gives up what never will be. Tells which calls did not come
    /// about.
    pub(super) fn tick(&self, now: Timestamp, out: &mut Vec<Outgoing>) -> Vec<(PassageKey, Outcome)> {
        let (mut acts, mut later, mut over) = (Vec::new(), Vec::new(), Vec::new());
        if self.len() == 0 {
            return over;
        }
        for shard in &self.shards {
            let mut shard = shard.lock();
            let shard = &mut *shard;
            later.clear();
            while let Some((at, keys)) = shard.due.take(now.0) {
                for key in keys {
                    // One that is noted for an earlier time too is looked at then.
                    let noted = |place: &&mut Place| Due::of(place.noted_at) == at;
                    let Some(place) = shard.passages.get_mut(&key).filter(noted) else { continue };
                    place.noted_at = place.due_at;
                    if place.due_at > now.0 {
                        later.extend((place.due_at != NEVER).then_some((place.due_at, key)));
                        continue;
                    }
                    place.noted_at = NEVER;
                    let passage = &mut place.passage;
                    acts.clear();
                    passage.relay.tick(now.0, &mut acts);
                    over.extend(passage.perform(&acts, None, out).map(|outcome| (key, outcome)));
                    if self.settle(place, key, &mut shard.due) {
                        shard.passages.remove(&key);
                    }
                }
            }
            later.iter().for_each(|(at, key)| shard.due.put(*at, *key));
        }
        over
    }

    fn shard(&self, key: PassageKey) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::try_from(key.0 % SHARDS as u64).unwrap_or(0))
    }
}

impl Passage {
    pub(super) fn new(relay: Relay, from: Option<Flow>) -> Self {
        Self {
            relay,
            from,
            branches: SmallVec::new(),
            call: None,
            begins: false,
            tag: Tag::default(),
            otherwise: None,
            kept: None,
            said: None,
        }
    }

    /// Does what the machine says. `at_hand` is the response that it was told of.
    pub(super) fn perform(
        &mut self,
        acts: &[Act],
        at_hand: Option<&Response<'_>>,
        out: &mut Vec<Outgoing>,
    ) -> Option<Outcome> {
        let mut outcome = None;
        for act in acts {
            match *act {
                Act::Request(branch) => {
                    if let Some(Branch { flow, request, .. }) = self.branches.get(branch) {
                        out.push(Outgoing { to: *flow, bytes: request.clone() });
                    }
                }
                Act::Cancel(branch) => {
                    self.hop_by_hop(branch, out, write_cancel);
                }
                Act::Ack(branch) => {
                    if let Some(refusal) = at_hand {
                        self.hop_by_hop(branch, out, |request, out| write_ack(request, refusal, out));
                    }
                }
                Act::Back => {
                    let back = at_hand.and_then(back);
                    let is_final = at_hand.is_some_and(|response| response.status >= 200);
                    self.say(back, out);
                    if is_final {
                        self.forget_requests();
                        if !self.relay.says_again() {
                            self.said = None;
                        }
                    }
                }
                Act::Keep => self.kept = at_hand.and_then(back),
                Act::Again => {
                    let said = self.said.clone();
                    self.say(said, out);
                }
                Act::Trying => {
                    let trying = self.ours(100, b"");
                    self.say(trying, out);
                }
                Act::Answer(answer) => {
                    let (status, bytes) = self.answer(answer);
                    let otherwise = self.otherwise.take().filter(|_| is_absence(status));
                    if otherwise.is_some() {
                        self.relay.reopen();
                        self.kept = bytes;
                    } else {
                        self.say(bytes, out);
                    }
                    let call = self.call.filter(|_| self.begins);
                    outcome = call.map(|call| Outcome { call, status, otherwise });
                }
            }
        }
        outcome
    }

    fn answer(&mut self, answer: Answer) -> (u16, Option<Bytes>) {
        match answer {
            Answer::Kept => {
                let kept = self.kept.take();
                let digits = kept.as_deref().and_then(|kept| kept.get(8..11)).unwrap_or_default();
                let status = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
                (status.unwrap_or(500), kept)
            }
            Answer::Ours(status) => (status, self.ours(status, &self.tag)),
        }
    }

    /// An answer of our own.
    fn ours(&self, status: u16, tag: &[u8]) -> Option<Bytes> {
        let (mut headers, mut out) = (Headers::new(), Vec::new());
        if let Some(branch) = self.branches.iter().find(|branch| !branch.request.is_empty()) {
            let request = Request::parse(&branch.request, &mut headers).ok()?;
            write_answer_back(&request, status, reason(status), tag, &mut out);
        } else {
            // It went to no phone.
            let (request, peer) = (self.otherwise.as_ref()?, self.from?.peer);
            let request = Request::parse(request, &mut headers).ok()?;
            AnswerWriter::start(&mut out, &request, status, reason(status), peer, tag).finish();
        }
        Some(out.into())
    }

    /// Somebody else has answered in place of the phones.
    pub(super) fn answered_otherwise(&mut self, now: Timestamp, bytes: Bytes, out: &mut Vec<Outgoing>) {
        let mut acts = Vec::new();
        self.relay.answered(200, now.0, &mut acts);
        self.say(Some(bytes), out);
        self.perform(&acts, None, out);
        self.forget_requests();
    }

    /// Nobody else answers either: what the phones said is the answer.
    pub(super) fn refused_after_all(&mut self, status: u16, now: Timestamp, out: &mut Vec<Outgoing>) {
        let kept = self.kept.take();
        let mut acts = Vec::new();
        self.relay.answered(status, now.0, &mut acts);
        self.say(kept, out);
    }

    /// We say no ourselves.
    pub(super) fn refused_by_us(
        &mut self,
        status: u16,
        now: Timestamp,
        bytes: Bytes,
        out: &mut Vec<Outgoing>,
    ) {
        let mut acts = Vec::new();
        self.relay.answered(status, now.0, &mut acts);
        self.say(Some(bytes), out);
    }

    /// Says something of our own, which is said again when the request comes again.
    pub(super) fn say(&mut self, bytes: Option<Bytes>, out: &mut Vec<Outgoing>) {
        if let (Some(to), Some(bytes)) = (self.from, &bytes) {
            out.push(Outgoing { to, bytes: bytes.clone() });
        }
        self.said = bytes;
    }

    fn hop_by_hop(
        &self,
        branch: usize,
        out: &mut Vec<Outgoing>,
        write: impl FnOnce(&Request<'_>, &mut Vec<u8>),
    ) {
        let Some(branch) = self.branches.get(branch) else { return };
        let mut headers = Headers::new();
        if let Ok(request) = Request::parse(&branch.request, &mut headers) {
            let mut bytes = Vec::new();
            write(&request, &mut bytes);
            out.push(Outgoing { to: branch.flow, bytes: bytes.into() });
        }
    }

    /// Where everything is decided, requests are not sent again: of many calls that would be much memory.
    fn forget_requests(&mut self) {
        if self.relay.is_decided() {
            self.otherwise = None;
            for branch in &mut self.branches {
                branch.request = Bytes::new();
            }
        }
    }
}

/// Whether a refusal means that nobody is there who wants to talk now.
const fn is_absence(status: u16) -> bool {
    matches!(status, 408 | 480 | 486 | 487 | 600 | 603)
}

/// The response as it goes back.
fn back(response: &Response<'_>) -> Option<Bytes> {
    let mut out = Vec::with_capacity(response.fields.bytes().len());
    response.write_back(&mut out).ok()?;
    Some(out.into())
}

/// The reason phrase of an answer of ours.
const fn reason(status: u16) -> &'static [u8] {
    match status {
        100 => b"Trying",
        408 => b"Request Timeout",
        480 => b"Temporarily Unavailable",
        487 => b"Request Terminated",
        _ => b"Server Internal Error",
    }
}

/// Our branch of a passage (section 16.6 step 8).
pub(super) fn branch(key: PassageKey, number: usize) -> [u8; BRANCH] {
    let mut text = [b'0'; BRANCH];
    let mut places = text.iter_mut();
    // In this order: what is asked first gives one away at the end.
    for (letter, place) in COOKIE.iter().zip(places.by_ref()) {
        *place = *letter;
    }
    let digits = (0..16).rev().map(|place| key.0 >> (place * 4) & 15);
    let number = [number as u64 >> 4 & 15, number as u64 & 15];
    for (place, digit) in places.zip(digits.chain(number)) {
        *place = hex(digit);
    }
    text
}

/// Which passage and which branch of it, if it is ours.
pub(super) fn read_branch(text: &[u8]) -> Option<(PassageKey, usize)> {
    let digits = text.strip_prefix(COOKIE).filter(|digits| digits.len() == 18)?;
    let (key, number) = digits.split_at_checked(16)?;
    let read = |digits: &[u8]| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    Some((PassageKey(read(key)?), usize::try_from(read(number)?).ok()?))
}

fn hex(digit: u64) -> u8 {
    let digit = u8::try_from(digit).unwrap_or(0);
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_of_ours_is_known_again_and_no_other_one_is() {
        for (key, number) in [(0, 0), (u64::MAX, 31), (0x0123_4567_89ab_cdef, 7)] {
            let text = branch(PassageKey(key), number);
            assert_eq!(read_branch(&text), Some((PassageKey(key), number)));
            assert_eq!(read_branch(&text[..text.len() - 1]), None);
        }
        for other in [&b"z9hG4bK776asdhds"[..], b"", b"z9hG4bKhs", b"z9hG4bKhs00000000000000zz00"] {
            assert_eq!(read_branch(other), None);
        }
    }
}
