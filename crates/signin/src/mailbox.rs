//! Mailboxes: what was left for a user, and whom the mailbox lets in without its code. What can be heard is no part of it:
//! a recording rests by itself, and is there exactly as long as its mailbox names it.
//!
//! Specification: SPEC section 3 (S12). Every change is made from one version and gives the next.

use serde::{Deserialize, Serialize};

use crate::{
    ident::{AccountId, Number},
    mail::MailAddress,
    party::Party,
    timestamp::{Seconds, Timestamp},
};

/// Most messages in one mailbox.
pub const MESSAGES_MAX: usize = 60;
/// Longest message.
pub const MESSAGE_LENGTH_MAX: Seconds = Seconds(180);
/// Longest that all messages of one mailbox are together.
pub const MESSAGES_LENGTH_MAX: Seconds = Seconds(1800);
/// Most extensions that one mailbox trusts besides its own.
pub const TRUSTED_MAX: usize = 32;
/// Bytes of one recording at most: three minutes at 8,000 a second, and room for what stands before them.
pub const RECORDING_BYTES_MAX: usize = 1_500_000;

/// The mailbox of a user. Who never had anything changed has none in the store, which is as good as
/// [`Mailbox::untouched`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Whose.
    pub account: AccountId,
    /// Counts the changes; 0 = untouched.
    pub version: u32,
    /// What the next message is called.
    pub next: u64,
    /// The oldest first; at most [`MESSAGES_MAX`].
    pub messages: Vec<Message>,
    /// Whether it has a greeting of its own.
    pub has_greeting: bool,
    /// Extensions of the domain that need no code, besides the own one; at most [`TRUSTED_MAX`].
    pub trusted: Vec<Number>,
    /// Whether the own extension needs none.
    pub trusts_own: bool,
    /// Whether there is no voicemail for this user at all.
    pub is_off: bool,
    /// Where new messages are mailed; `None`: nowhere.
    // It came later: a mailbox from before has none.
    #[serde(default)]
    pub mail_to: Option<MailAddress>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Never given to another message of this mailbox.
    pub id: u64,
    /// When it was left.
    pub at: Timestamp,
    /// By whom, as far as they said so.
    pub from: Party,
    /// How long it is.
    pub length: Seconds,
    /// Whether nobody has heard it.
    pub is_new: bool,
    /// Bytes of its recording.
    pub bytes: u32,
}

/// A message to be added.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// When it was left.
    pub at: Timestamp,
    /// By whom.
    pub from: Party,
    /// How long it is.
    pub length: Seconds,
    /// Bytes of its recording.
    pub bytes: u32,
}

/// Names what can be heard of one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingId {
    /// A message.
    Message(u64),
    /// The mailbox's own greeting.
    Greeting,
}

impl Mailbox {
    /// As it is for a user of whom nothing is kept.
    pub const fn untouched(account: AccountId) -> Self {
        Self {
            account,
            version: 0,
            next: 1,
            messages: Vec::new(),
            has_greeting: false,
            trusted: Vec::new(),
            trusts_own: true,
            is_off: false,
            mail_to: None,
        }
    }

    /// How long the next message may be; zero when nothing more goes in.
    pub fn room(&self) -> Seconds {
        if self.messages.len() >= MESSAGES_MAX {
            return Seconds(0);
        }
        let taken = self.messages.iter().fold(0_u32, |sum, message| sum.saturating_add(message.length.0));
        Seconds(MESSAGES_LENGTH_MAX.0.saturating_sub(taken).min(MESSAGE_LENGTH_MAX.0))
    }

    /// Whether no message more goes into it.
    pub fn is_full(&self) -> bool {
        self.room() == Seconds(0)
    }

    /// How many messages nobody has heard.
    pub fn new_messages(&self) -> usize {
        self.messages.iter().filter(|message| message.is_new).count()
    }

    /// A message of it.
    pub fn message(&self, id: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// Whether a call from this extension of the domain needs no code; `own` = the user's.
    pub fn trusts(&self, number: &Number, own: Option<&Number>) -> bool {
        (self.trusts_own && own == Some(number)) || self.trusted.contains(number)
    }

    /// All that can be heard of it.
    pub fn recordings(&self) -> impl Iterator<Item = RecordingId> {
        let greeting = self.has_greeting.then_some(RecordingId::Greeting);
        self.messages.iter().map(|message| RecordingId::Message(message.id)).chain(greeting)
    }

    /// Whether this can be heard of it.
    pub fn names(&self, recording: RecordingId) -> bool {
        match recording {
            RecordingId::Message(id) => self.message(id).is_some(),
            RecordingId::Greeting => self.has_greeting,
        }
    }

    /// With one message more, and what that is called; `None` when it is longer than there is room for. Its recording is
    /// put in the same commit.
    pub fn with(&self, new: NewMessage) -> Option<(Self, RecordingId)> {
        let NewMessage { at, from, length, bytes } = new;
        if self.is_full() || length > self.room() {
            return None;
        }
        let mut after = self.next_version();
        let id = after.next;
        after.next = id.saturating_add(1);
        after.messages.push(Message { id, at, from, length, is_new: true, bytes });
        Some((after, RecordingId::Message(id)))
    }

    /// With a message that somebody has heard; `None` when there is no such message.
    pub fn with_heard(&self, id: u64) -> Option<Self> {
        let mut after = self.next_version();
        after.messages.iter_mut().find(|message| message.id == id)?.is_new = false;
        Some(after)
    }

    /// Without a message; its recording goes with it. `None` when there is no such message.
    pub fn without(&self, id: u64) -> Option<Self> {
        self.message(id)?;
        let mut after = self.next_version();
        after.messages.retain(|message| message.id != id);
        Some(after)
    }

    /// With a message back in its place that was taken out; `None` when it never was in here, is in here, or there is no
    /// place for it any more. What was committed without it needs its recording put again.
    pub fn put_back(&self, message: Message) -> Option<Self> {
        if message.id >= self.next || self.message(message.id).is_some() || message.length > self.room() {
            return None;
        }
        let mut after = self.next_version();
        let at = after.messages.partition_point(|other| other.id < message.id);
        after.messages.insert(at, message);
        Some(after)
    }

    /// With a greeting of its own, or with none. A new one's recording is put in the same commit.
    #[must_use]
    pub fn with_greeting(&self, has_greeting: bool) -> Self {
        Self { has_greeting, ..self.next_version() }
    }

    /// The same, one version later.
    #[must_use]
    pub fn next_version(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(seconds: u32) -> NewMessage {
        NewMessage {
            at: Timestamp(1),
            from: Party::shown("202", "Bob"),
            length: Seconds(seconds),
            bytes: seconds * 8000,
        }
    }

    fn filled(count: usize, seconds: u32) -> Mailbox {
        let empty = Mailbox::untouched(AccountId(1));
        (0..count).fold(empty, |mailbox, _| mailbox.with(lasting(seconds)).unwrap().0)
    }

    fn ids(mailbox: &Mailbox) -> Vec<u64> {
        mailbox.messages.iter().map(|message| message.id).collect()
    }

    #[test]
    fn a_message_is_new_until_it_is_heard_and_its_number_is_never_given_again() {
        let two = filled(2, 10);
        assert_eq!((two.version, ids(&two), two.new_messages()), (2, vec![1, 2], 2));
        let heard = two.with_heard(1).unwrap();
        assert_eq!((heard.version, heard.new_messages()), (3, 1));
        let one = heard.without(2).unwrap();
        assert_eq!(one.version, 4);
        let (again, id) = one.with(lasting(10)).unwrap();
        assert_eq!((ids(&again), id), (vec![1, 3], RecordingId::Message(3)));
        assert_eq!((again.with_heard(2), again.without(2)), (None, None));
    }

    #[test]
    fn a_message_comes_back_to_its_place_if_it_ever_had_one() {
        let three = filled(3, 10);
        let second = three.message(2).unwrap().clone();
        let two = three.without(2).unwrap();
        assert_eq!(three.put_back(second.clone()), None, "it is there");
        assert_eq!(two.put_back(Message { id: 4, ..second.clone() }), None, "it never was");
        let back = two.put_back(second.clone()).unwrap();
        assert_eq!((&back.messages, back.version), (&three.messages, 5));
        let full = (0..58).fold(two, |mailbox, _| mailbox.with(lasting(1)).unwrap().0);
        assert_eq!(full.put_back(second), None, "another one has its place");
    }

    #[test]
    fn it_is_full_by_the_number_of_messages_or_by_their_length() {
        let by_number = filled(MESSAGES_MAX, 1);
        assert!(by_number.is_full() && by_number.with(lasting(0)).is_none());
        assert!(!by_number.without(1).unwrap().is_full());
        let nearly = filled(9, 180).with(lasting(100)).unwrap().0;
        assert_eq!(nearly.room(), Seconds(80), "what is left of half an hour");
        assert!(nearly.with(lasting(81)).is_none());
        let by_length = nearly.with(lasting(80)).unwrap().0;
        assert!(by_length.is_full());
        assert_eq!(Mailbox::untouched(AccountId(1)).room(), MESSAGE_LENGTH_MAX);
        assert!(filled(0, 0).with(lasting(181)).is_none());
    }

    #[test]
    fn it_names_its_recordings_and_the_greeting_among_them() {
        let mailbox = filled(1, 10).with_greeting(true);
        let named: Vec<_> = mailbox.recordings().collect();
        assert_eq!(named, [RecordingId::Message(1), RecordingId::Greeting]);
        assert!(named.iter().all(|id| mailbox.names(*id)) && !mailbox.names(RecordingId::Message(2)));
        let without = mailbox.with_greeting(false);
        assert!(!without.names(RecordingId::Greeting));
        assert_eq!(without.version, 3);
    }

    #[test]
    fn the_own_extension_is_trusted_unless_it_is_not_and_others_by_name() {
        let [own, other, third] = ["201", "202", "203"].map(|digits| Number::parse(digits).unwrap());
        let mut mailbox = Mailbox { trusted: vec![other], ..Mailbox::untouched(AccountId(1)) };
        let trusts = |mailbox: &Mailbox| [own, other, third].map(|from| mailbox.trusts(&from, Some(&own)));
        assert_eq!(trusts(&mailbox), [true, true, false]);
        assert!(!mailbox.trusts(&own, None));
        mailbox.trusts_own = false;
        assert_eq!(trusts(&mailbox), [false, true, false]);
    }
}
