//! Subscriptions: which phones are told of which lines and mailboxes (RFC 6665).
//!
//! ```text
//!                 ╭──answered, nothing new──╮
//!                 ▼                         │
//!  begun ──▶ due ──NOTIFY──▶ in flight ─────┤
//!             ▲                 │  │        ╰──answered, changed meanwhile──▶ due
//!             ╰──── changed ────╯  ╰──481, or never answered──▶ gone
//! ```
//! One NOTIFY is on its way to each at a time, and what has changed meanwhile is told once, as it is then. When time is up, or
//! whoever watches may not any longer, one more says so, and nothing is kept.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
};

use parking_lot::Mutex;
use signin::{
    ident::ExtensionId,
    timestamp::{Seconds, Timestamp},
};
use wire::sip::events::Package;

use super::{
    flows::Flow,
    lines::Lines,
    passages::{Passage, PassageKey},
};

/// Subscriptions at the same time at most.
const SUBSCRIPTIONS_MAX: usize = 200_000;
/// Those that the phones of one extension may have.
const PER_PHONE_MAX: usize = 256;
/// Those that one line or mailbox may be watched by.
const WATCHERS_MAX: usize = 1024;
/// NOTIFYs that are sent at one tick at most; the others follow at the next.
const NOTICES_MAX: usize = 4096;
/// How long a NOTIFY may remain without an answer: timer F, and a little for the answer's way.
const UNANSWERED_MAX: Seconds = Seconds(33);

/// Which subscription: a keyed hash of what makes a dialog one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SubscriptionKey(u64);

/// All subscriptions, and what they are about.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) lines: Lines,
    table: Mutex<Table>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Table {
    all: HashMap<SubscriptionKey, Subscription>,
    watchers: HashMap<(ExtensionId, Package), Vec<SubscriptionKey>>,
    of_phone: HashMap<ExtensionId, usize>,
    due: VecDeque<SubscriptionKey>,
    /// Whose NOTIFYs are on their way.
    sent: HashMap<PassageKey, SubscriptionKey>,
}

/// The Call-ID, the subscriber's tag and ours, by which a dialog is known (RFC 3261 section 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DialogId<'a> {
    pub(super) call_id: &'a [u8],
    pub(super) remote_tag: &'a [u8],
    pub(super) local_tag: &'a [u8],
}

/// One subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) package: Package,
    /// The subscriber's word for it.
    pub(super) id: Box<[u8]>,
    /// Whose line or mailbox.
    pub(super) watched: ExtensionId,
    /// Whose phone watches.
    pub(super) watcher: ExtensionId,
    /// By which name the phone knows this house.
    pub(super) host: Box<str>,
    pub(super) call_id: Box<[u8]>,
    pub(super) remote_tag: Box<[u8]>,
    pub(super) local_tag: Box<[u8]>,
    pub(super) remote_uri: Box<[u8]>,
    pub(super) local_uri: Box<[u8]>,
    /// The subscriber's Contact.
    pub(super) target: Box<[u8]>,
    /// Proxies on the way to it, as a Route; empty for none.
    pub(super) routes: Box<[u8]>,
    pub(super) flow: Flow,
    pub(super) remote_cseq: u32,
    pub(super) cseq: u32,
    /// Of the next document.
    pub(super) version: u32,
    /// The calls that the last document told of.
    pub(super) told: Vec<u64>,
    pub(super) expires_at: Timestamp,
    /// The next NOTIFY is the last.
    pub(super) ending: Option<Ending>,
    in_flight: Option<(PassageKey, Timestamp)>,
    is_due: bool,
}

/// Why a subscription ends (RFC 6665 section 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its time is up, or it was ended by the phone.
    Timeout,
    /// The phone is not registered any more.
    Deactivated,
    /// What was watched is not there any more.
    NoResource,
}

/// Why there is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// In all.
    House,
    /// For this phone, or for what it wants to watch.
    Phone,
}

/// A NOTIFY that is sent.
pub(super) struct Notice {
    pub(super) key: PassageKey,
    pub(super) passage: Passage,
}

impl Ending {
    /// As it stands in Subscription-State.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Deactivated => "deactivated",
            Self::NoResource => "noresource",
        }
    }
}

impl Subscription {
    /// Nothing was told yet.
    pub(super) fn new(
        (package, id): (Package, &[u8]),
        (watcher, watched): (ExtensionId, ExtensionId),
        dialog: DialogId<'_>,
        flow: Flow,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            package,
            id: id.into(),
            watched,
            watcher,
            host: Box::default(),
            call_id: dialog.call_id.into(),
            remote_tag: dialog.remote_tag.into(),
            local_tag: dialog.local_tag.into(),
            remote_uri: Box::default(),
            local_uri: Box::default(),
            target: Box::default(),
            routes: Box::default(),
            flow,
            remote_cseq: 0,
            cseq: 0,
            version: 0,
            told: Vec::new(),
            expires_at,
            ending: None,
            in_flight: None,
            is_due: false,
        }
    }

    fn is(&self, dialog: DialogId<'_>) -> bool {
        *self.call_id == *dialog.call_id
            && *self.remote_tag == *dialog.remote_tag
            && *self.local_tag == *dialog.local_tag
    }

    const fn is_live(&self, now: Timestamp) -> bool {
        self.ending.is_none() && now.0 < self.expires_at.0
    }
}

impl Events {
    pub(super) fn new() -> Self {
        Self { lines: Lines::default(), table: Mutex::default(), hasher: RandomState::new() }
    }

    fn key(&self, dialog: DialogId<'_>) -> SubscriptionKey {
        SubscriptionKey(self.hasher.hash_one(dialog))
    }

    /// One begins; it is due at once.
    pub(super) fn begin(&self, subscription: Subscription) -> Result<(), Full> {
        let Subscription { call_id, remote_tag, local_tag, .. } = &subscription;
        let key = self.key(DialogId { call_id, remote_tag, local_tag });
        let place = (subscription.watched, subscription.package);
        let table = &mut *self.table.lock();
        // The same again: what it was begun by came twice.
        table.remove(key);
        if table.all.len() >= SUBSCRIPTIONS_MAX {
            return Err(Full::House);
        }
        let count = table.of_phone.get(&subscription.watcher).copied().unwrap_or_default();
        let watchers = table.watchers.get(&place).map_or(0, Vec::len);
        if count >= PER_PHONE_MAX || watchers >= WATCHERS_MAX {
            return Err(Full::Phone);
        }
        table.of_phone.insert(subscription.watcher, count + 1);
        table.watchers.entry(place).or_default().push(key);
        table.all.insert(key, subscription);
        table.mark(key);
        Ok(())
    }

    /// Looks at one that goes on and does something about it; `None` where there is no such.
    pub(super) fn with<T>(
        &self,
        dialog: DialogId<'_>,
        now: Timestamp,
        act: impl FnOnce(&mut Subscription) -> T,
    ) -> Option<T> {
        let key = self.key(dialog);
        let mut table = self.table.lock();
        let live = |subscription: &&mut Subscription| subscription.is(dialog) && subscription.is_live(now);
        table.all.get_mut(&key).filter(live).map(act)
    }

    /// The subscriber of this one is to be told again how things stand.
    pub(super) fn mark(&self, dialog: DialogId<'_>) {
        self.table.lock().mark(self.key(dialog));
    }

    /// Whoever watches this is to be told how it stands.
    pub(super) fn mark_watchers(&self, watched: ExtensionId, package: Package) {
        let table = &mut *self.table.lock();
        for key in table.watchers.get(&(watched, package)).cloned().unwrap_or_default() {
            table.mark(key);
        }
    }

    /// Whether anybody watches this.
    pub(super) fn is_watched(&self, watched: ExtensionId, package: Package) -> bool {
        self.table.lock().watchers.contains_key(&(watched, package))
    }

    /// Writes what is due. `write` gives nothing for a phone that cannot be reached.
    pub(super) fn take_due(
        &self,
        now: Timestamp,
        mut write: impl FnMut(SubscriptionKey, &mut Subscription) -> Option<Notice>,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        let table = &mut *self.table.lock();
        for _ in 0..table.due.len().min(NOTICES_MAX) {
            let Some(key) = table.due.pop_front() else { break };
            let due =
                |subscription: &&mut Subscription| subscription.is_due && subscription.in_flight.is_none();
            let Some(subscription) = table.all.get_mut(&key).filter(due) else { continue };
            subscription.is_due = false;
            if now >= subscription.expires_at {
                subscription.ending = subscription.ending.or(Some(Ending::Timeout));
            }
            let notice = write(key, subscription);
            if let Some(notice) = &notice {
                subscription.in_flight = Some((notice.key, now.after(UNANSWERED_MAX)));
                table.sent.insert(notice.key, key);
            }
            let is_over = notice.is_none() || subscription.ending.is_some();
            notices.extend(notice);
            if is_over {
                table.remove(key);
            }
        }
        notices
    }

    /// A request of our own was answered; finally, if it was.
    pub(super) fn answered(&self, passage: PassageKey, status: u16) {
        if status < 200 {
            return;
        }
        let table = &mut *self.table.lock();
        let Some(key) = table.sent.remove(&passage) else { return };
        let Some(subscription) = table.all.get_mut(&key) else { return };
        subscription.in_flight = None;
        if is_end(status) {
            table.remove(key);
        } else if subscription.is_due {
            table.due.push_back(key);
        }
    }

    /// Ends those whose time is up, whose phones have not answered, and those that `ending` says to.
    pub(super) fn sweep(&self, now: Timestamp, ending: impl Fn(&Watch) -> Option<Ending>) {
        let mut watches = Vec::new();
        {
            let table = &mut *self.table.lock();
            let mut silent = Vec::new();
            for (key, subscription) in &table.all {
                if subscription.in_flight.is_some_and(|(_, until)| now >= until) {
                    silent.push(*key);
                } else {
                    let Subscription { watcher, watched, flow, .. } = *subscription;
                    let is_late = now >= subscription.expires_at;
                    watches.push((*key, Watch { watcher, watched, flow, is_late }));
                }
            }
            for key in silent {
                table.remove(key);
            }
            table.shrink();
        }
        let why = |watch: &Watch| if watch.is_late { Some(Ending::Timeout) } else { ending(watch) };
        let ends = watches.iter().filter_map(|(key, watch)| why(watch).map(|why| (*key, why)));
        // What is known of phones is looked up while nobody waits.
        let ends: Vec<_> = ends.collect();
        let table = &mut *self.table.lock();
        for (key, why) in ends {
            // It may have been refreshed meanwhile.
            let is_still = |known: &&mut Subscription| why != Ending::Timeout || now >= known.expires_at;
            if let Some(subscription) = table.all.get_mut(&key).filter(is_still) {
                subscription.ending = subscription.ending.or(Some(why));
                table.mark(key);
            }
        }
    }

    /// How many there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.table.lock().all.len()
    }
}

/// Who watches what from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) watcher: ExtensionId,
    pub(super) watched: ExtensionId,
    pub(super) flow: Flow,
    is_late: bool,
}

impl Table {
    fn mark(&mut self, key: SubscriptionKey) {
        let Some(subscription) = self.all.get_mut(&key) else { return };
        if !std::mem::replace(&mut subscription.is_due, true) && subscription.in_flight.is_none() {
            self.due.push_back(key);
        }
    }

    fn remove(&mut self, key: SubscriptionKey) {
        let Some(subscription) = self.all.remove(&key) else { return };
        if let Some((passage, _)) = subscription.in_flight {
            self.sent.remove(&passage);
        }
        let place = (subscription.watched, subscription.package);
        if let Some(keys) = self.watchers.get_mut(&place) {
            keys.retain(|watcher| *watcher != key);
            if keys.is_empty() {
                self.watchers.remove(&place);
            }
        }
        if let Some(count) = self.of_phone.get_mut(&subscription.watcher) {
            *count -= 1;
            if *count == 0 {
                self.of_phone.remove(&subscription.watcher);
            }
        }
    }

    /// A morning's memory is not kept all night.
    fn shrink(&mut self) {
        if self.all.capacity() > 64 && self.all.len() * 8 < self.all.capacity() {
            self.all.shrink_to_fit();
            self.watchers.shrink_to_fit();
            self.of_phone.shrink_to_fit();
            self.due.shrink_to_fit();
            self.sent.shrink_to_fit();
        }
    }
}

/// Whether a phone that answers a NOTIFY so wants none any more (RFC 6665 section 4.2.2, RFC 5057).
const fn is_end(status: u16) -> bool {
    matches!(status, 404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604)
}

#[cfg(test)]
mod tests {
    use signin::registration::Transport;
    use wire::sip::{
        Times,
        relay::{Kind, Relay},
    };

    use super::{super::passages::Passages, *};

    const LATER: Timestamp = Timestamp(100_000);

    fn dialog(name: &[u8]) -> DialogId<'_> {
        DialogId { call_id: name, remote_tag: b"r", local_tag: b"l" }
    }

    fn subscription(name: &str, watcher: u32, watched: u32) -> Subscription {
        let flow = Flow { transport: Transport::Udp, peer: ([192, 0, 2, 7], 5060).into() };
        let ends = (ExtensionId(watcher), ExtensionId(watched));
        Subscription::new((Package::Dialog, b""), ends, dialog(name.as_bytes()), flow, LATER)
    }

    /// Who is told now, in which state, and by which requests.
    fn told(events: &Events, passages: &Passages, now: u64) -> Vec<(String, Option<Ending>, PassageKey)> {
        let mut told = Vec::new();
        events.take_due(Timestamp(now), |key, subscription| {
            subscription.cseq += 1;
            let passage_key = passages.own_key((key.0, subscription.cseq));
            let name = String::from_utf8_lossy(&subscription.call_id).into_owned();
            told.push((name, subscription.ending, passage_key));
            let relay = Relay::new(Kind::Other, true, Times::STANDARD, 0);
            Some(Notice { key: passage_key, passage: Passage::new(relay, None) })
        });
        told
    }

    fn watch(events: &Events) {
        events.mark_watchers(ExtensionId(2), Package::Dialog);
    }

    #[test]
    fn one_is_told_at_a_time_and_what_has_changed_meanwhile_once() {
        let (events, passages) = (Events::new(), Passages::new());
        events.begin(subscription("a", 1, 2)).expect("room");
        let first = told(&events, &passages, 0);
        assert_eq!(first.len(), 1);
        for _ in 0..3 {
            watch(&events);
        }
        assert!(told(&events, &passages, 1).is_empty(), "one is on its way");
        events.answered(first[0].2, 180);
        assert!(told(&events, &passages, 1).is_empty(), "that says nothing");
        events.answered(first[0].2, 200);
        events.answered(first[0].2, 200);
        let second = told(&events, &passages, 2);
        assert_eq!(second.len(), 1);
        events.answered(second[0].2, 500);
        assert!(told(&events, &passages, 3).is_empty(), "nothing is new");
        watch(&events);
        let third = told(&events, &passages, 4);
        events.answered(third[0].2, 481);
        watch(&events);
        assert!(told(&events, &passages, 5).is_empty());
        let table = events.table.lock();
        assert!(table.all.is_empty() && table.watchers.is_empty() && table.of_phone.is_empty());
        assert!(table.sent.is_empty() && table.due.is_empty());
    }

    #[test]
    fn what_ends_is_told_once_more_and_forgotten() {
        let (events, passages) = (Events::new(), Passages::new());
        for name in ["late", "silent", "gone", "stays"] {
            let mut one = subscription(name, 1, 2);
            one.watched = ExtensionId(if name == "gone" { 3 } else { 2 });
            if name == "late" {
                one.expires_at = Timestamp(40_000);
            }
            events.begin(one).expect("room");
        }
        for (name, _, passage) in told(&events, &passages, 0) {
            if name != "silent" {
                events.answered(passage, 200);
            }
        }
        let ending = |watch: &Watch| (watch.watched == ExtensionId(3)).then_some(Ending::NoResource);
        events.sweep(Timestamp(40_000), ending);
        let mut last = told(&events, &passages, 40_000);
        last.sort_by(|one, other| one.0.cmp(&other.0));
        let last: Vec<_> = last.iter().map(|(name, ending, _)| (&**name, *ending)).collect();
        assert_eq!(last, [("gone", Some(Ending::NoResource)), ("late", Some(Ending::Timeout))]);
        assert_eq!(events.len(), 1);
        assert!(events.with(dialog(b"stays"), Timestamp(40_000), |_| ()).is_some());
        assert!(events.with(dialog(b"stays"), LATER, |_| ()).is_none(), "its time is up");
        assert!(events.with(dialog(b"late"), Timestamp(0), |_| ()).is_none());
    }

    #[test]
    fn nobody_has_more_than_there_is_room_for() {
        let events = Events::new();
        for number in 0..PER_PHONE_MAX {
            events.begin(subscription(&format!("p{number}"), 1, 2)).expect("room");
        }
        assert_eq!(events.begin(subscription("one more", 1, 3)), Err(Full::Phone));
        for number in PER_PHONE_MAX..WATCHERS_MAX {
            let watcher = 10 + u32::try_from(number).expect("a number");
            events.begin(subscription(&format!("w{number}"), watcher, 2)).expect("room");
        }
        assert_eq!(events.begin(subscription("one more", 9, 2)), Err(Full::Phone));
        assert_eq!(events.begin(subscription("elsewhere", 9, 3)), Ok(()));
        // The same once more is no other one.
        assert_eq!(events.begin(subscription("elsewhere", 9, 3)), Ok(()));
        assert_eq!(events.len(), WATCHERS_MAX + 1);
    }

    #[test]
    fn who_cannot_be_reached_is_forgotten() {
        let events = Events::new();
        events.begin(subscription("a", 1, 2)).expect("room");
        assert!(events.take_due(Timestamp(0), |_, _| None).is_empty());
        assert_eq!(events.len(), 0);
    }
}
