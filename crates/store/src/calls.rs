//! What is kept for calls and is too much for memory: recordings and call logs. Both rest sealed, and are read from the disk when
//! somebody asks.
//!
//! A call log is one row a user, which grows to a hundred calls: too much to be written again for each of them. Calls that are
//! over are written together, all of a moment on one *page*; they stay in memory until there are many or some have waited long,
//! and go to the rows of their users then, after which their pages are torn out. Who reads is shown them as if they were there.
//!
//! ```text
//! noted ─▶ fresh ─▶ a page on disk ─▶ waiting, by user ─▶ the user's row; pages torn out
//!            a second at most            minutes
//! ```

use std::sync::Arc;

use compact_str::CompactString;
use hashbrown::HashMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use signin::{
    account::RoleKind,
    call_log::{CallEntry, Direction, logged},
    dice::Dice,
    ident::{AccountId, DomainId},
    mailbox::RecordingId,
    secret::SecretBytes,
    timestamp::{Seconds, Timestamp},
};

use crate::{
    behind::{Behind, Dirty},
    call_tail::Tail,
    engine::{Reader, RowKey, Snapshot},
    error::StoreError,
    holdings::Holdings,
    keyring::Keyring,
    ledger::Ledger,
    rows,
    scribe::Draft,
    seal::MasterKeys,
};

/// Most calls in memory, while the disk is slow.
const WAITING_MAX: usize = 1_500_000;
/// Most of them on no page yet, while it is out of order: those are not packed, about 100 bytes each.
const FRESH_MAX: usize = 400_000;
/// With that many on pages they go to their rows: about 50 bytes each.
const MANY: usize = 1_000_000;
/// Calls on one page.
const PAGE: usize = 4000;
/// Bytes of a call on a page or in a row, about: what is written is not moved while it grows.
const CALL: usize = 80;

/// What a page says of one user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Noted(AccountId, Event);

/// What happened to a call log.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Event {
    #[serde(rename = "call", with = "resting")]
    Call(CallEntry),
    /// Nobody shall know of any call before.
    #[serde(rename = "forget")]
    Forget,
}

/// A call as it rests: without names, which would be most of it.
#[derive(Serialize, Deserialize)]
struct Resting(Timestamp, Direction, CompactString, CompactString, Option<Seconds>, DomainId);

/// How a call is written, and read; also as it was written first, with names.
mod resting {
    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{
            MapAccess, SeqAccess, Visitor,
            value::{MapAccessDeserializer, SeqAccessDeserializer},
        },
    };
    use signin::{call_log::CallEntry, party::Party};

    use super::Resting;

    pub(super) fn serialize<S: Serializer>(entry: &CallEntry, serializer: S) -> Result<S::Ok, S::Error> {
        let CallEntry { at, direction, other: Party { number, name }, talked, domain } = entry;
        Resting(*at, *direction, number.clone(), name.clone(), *talked, *domain).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallEntry, D::Error> {
        deserializer.deserialize_any(Either)
    }

    struct Either;

    impl<'de> Visitor<'de> for Either {
        type Value = CallEntry;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a call")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<CallEntry, A::Error> {
            let Resting(at, direction, number, name, talked, domain) =
                Resting::deserialize(SeqAccessDeserializer::new(seq))?;
            Ok(CallEntry { at, direction, other: Party { number, name }, talked, domain })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CallEntry, A::Error> {
            CallEntry::deserialize(MapAccessDeserializer::new(map))
        }
    }
}

/// One of a user's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Logged(#[serde(with = "resting")] CallEntry);

/// Calls that wait for the disk, or for their rows.
#[derive(Default)]
pub(crate) struct CallLogs(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// On no page yet.
    fresh: Vec<Noted>,
    /// Those that are being written now.
    out: Arc<Vec<Noted>>,
    /// On a page, each with its number, the oldest first.
    calls: HashMap<AccountId, Tail>,
    count: usize,
    last: u64,
    /// The pages that there are, the newest last.
    pages: Vec<u64>,
    /// The newest page's number, those among them that were never written.
    last_page: u64,
    /// Calls up to this number are on their way to their rows, and what pages there were then.
    leaving: Option<(u64, Vec<u64>)>,
    /// Whether somebody was told that there is no room.
    is_told: bool,
}

/// Calls that become a page.
pub(crate) struct Page {
    number: u64,
    noted: Arc<Vec<Noted>>,
}

impl Waiting {
    fn put(&mut self, account: AccountId, entry: &CallEntry) {
        self.last += 1;
        if self.calls.entry(account).or_default().push(self.last, entry) {
            self.count += 1;
        }
    }

    fn drop_through(&mut self, account: AccountId, through: u64) {
        let Some(calls) = self.calls.get_mut(&account) else { return };
        self.count -= calls.drop_through(through);
        if calls.is_empty() {
            self.calls.remove(&account);
        }
    }

    fn next_page(&mut self) -> u64 {
        self.last_page += 1;
        self.last_page
    }
}

impl CallLogs {
    /// Takes a call, if there is room for it.
    fn take(&self, account: AccountId, entry: CallEntry) {
        let mut waiting = self.0.lock();
        let fresh = waiting.fresh.len();
        if fresh >= FRESH_MAX || fresh + waiting.count >= WAITING_MAX {
            if !std::mem::replace(&mut waiting.is_told, true) {
                tracing::error!(
                    fresh,
                    on_pages = waiting.count,
                    "calls come faster than the disk takes them: call logs lack some"
                );
            }
            return;
        }
        waiting.is_told = false;
        waiting.fresh.push(Noted(account, Event::Call(entry)));
    }

    /// Calls of which no row tells.
    fn waiting(&self, account: AccountId) -> Vec<CallEntry> {
        let waiting = self.0.lock();
        let on_pages = waiting.calls.get(&account).into_iter().flat_map(Tail::iter).map(|(_, entry)| entry);
        let fresh = waiting.out.iter().chain(&waiting.fresh).filter(|noted| noted.0 == account);
        let fresh = fresh.filter_map(|noted| match &noted.1 {
            Event::Call(entry) => Some(entry),
            Event::Forget => None,
        });
        on_pages.chain(fresh.cloned()).collect()
    }

    /// Those on pages, and the number of the last of them.
    fn on_pages(&self, account: AccountId) -> (Vec<CallEntry>, u64) {
        let waiting = self.0.lock();
        let (mut calls, mut last) = (Vec::new(), 0);
        for (number, entry) in waiting.calls.get(&account).into_iter().flat_map(Tail::iter) {
            last = number;
            calls.push(entry);
        }
        (calls, last)
    }

    /// Drops those up to this number: they are in their row.
    pub(crate) fn drop_through(&self, account: AccountId, through: u64) {
        self.0.lock().drop_through(account, through);
    }

    /// Nobody shall know of them.
    pub(crate) fn forget(&self, account: AccountId) {
        let mut waiting = self.0.lock();
        waiting.fresh.retain(|noted| noted.0 != account);
        waiting.drop_through(account, u64::MAX);
    }

    /// Those that go on a page now, if there are any. The writer alone asks, and says what came of it before it asks again.
    pub(crate) fn page(&self) -> Option<Page> {
        let mut waiting = self.0.lock();
        if waiting.fresh.is_empty() {
            return None;
        }
        let length = PAGE.min(waiting.fresh.len());
        let rest = waiting.fresh.split_off(length);
        waiting.out = Arc::new(std::mem::replace(&mut waiting.fresh, rest));
        let number = waiting.next_page();
        Some(Page { number, noted: Arc::clone(&waiting.out) })
    }

    /// The page rests on disk.
    pub(crate) fn page_written(&self, page: Page) {
        let mut waiting = self.0.lock();
        waiting.out = Arc::default();
        waiting.pages.push(page.number);
        for Noted(account, event) in Arc::unwrap_or_clone(page.noted) {
            if let Event::Call(entry) = event {
                waiting.put(account, &entry);
            }
        }
    }

    /// It could not be written.
    pub(crate) fn page_lost(&self) {
        let mut waiting = self.0.lock();
        let mut all = Arc::unwrap_or_clone(std::mem::take(&mut waiting.out));
        all.append(&mut waiting.fresh);
        waiting.fresh = all;
    }

    /// A page that says that a call log was forgotten, for what pages before it say: its number.
    pub(crate) fn page_of_forgetting(&self) -> u64 {
        self.0.lock().next_page()
    }

    /// Notes that it rests on disk.
    pub(crate) fn forgetting_written(&self, number: u64) {
        self.0.lock().pages.push(number);
    }

    /// How much waits for a page.
    pub(crate) fn fresh(&self) -> usize {
        self.0.lock().fresh.len()
    }

    /// Whether there are so many on pages that they are to go to their rows.
    pub(crate) fn are_many(&self) -> bool {
        self.0.lock().count >= MANY
    }

    /// Sends those on pages to their rows.
    pub(crate) fn leave(&self, behind: &Behind) {
        let mut waiting = self.0.lock();
        if waiting.leaving.is_none() && !waiting.pages.is_empty() {
            waiting.leaving = Some((waiting.last, waiting.pages.clone()));
        }
        waiting.calls.keys().for_each(|account| behind.note(Dirty::CallLog(*account)));
    }

    /// Pages all of whose calls are in their rows.
    pub(crate) fn torn_out(&self) -> Vec<u64> {
        let waiting = self.0.lock();
        let Some((through, pages)) = &waiting.leaving else { return Vec::new() };
        let stays = |calls: &Tail| calls.first().is_some_and(|first| first <= *through);
        if waiting.calls.values().any(stays) { Vec::new() } else { pages.clone() }
    }

    /// They are gone from the disk.
    pub(crate) fn were_torn_out(&self, gone: &[u64]) {
        if !gone.is_empty() {
            let mut waiting = self.0.lock();
            waiting.pages.retain(|page| !gone.contains(page));
            waiting.leaving = None;
        }
    }

    /// A page from before the start; the oldest come first.
    pub(crate) fn restore(&self, number: u64, noted: Vec<Noted>, is_user: impl Fn(AccountId) -> bool) {
        let mut waiting = self.0.lock();
        waiting.pages.push(number);
        waiting.last_page = number;
        for Noted(account, event) in noted {
            match event {
                Event::Call(entry) if is_user(account) => waiting.put(account, &entry),
                Event::Call(_) => {}
                Event::Forget => waiting.drop_through(account, u64::MAX),
            }
        }
    }
}

impl Page {
    /// Writes it.
    pub(crate) fn draft(
        &self,
        masters: &MasterKeys,
        dice: &mut dyn Dice,
        draft: &mut Draft,
    ) -> Result<(), StoreError> {
        put_page(self.number, &self.noted, masters, dice, draft)
    }
}

/// Writes that a call log was forgotten.
pub(crate) fn draft_forgetting(
    number: u64,
    account: AccountId,
    masters: &MasterKeys,
    dice: &mut dyn Dice,
    draft: &mut Draft,
) -> Result<(), StoreError> {
    put_page(number, &[Noted(account, Event::Forget)], masters, dice, draft)
}

fn put_page(
    number: u64,
    noted: &[Noted],
    masters: &MasterKeys,
    dice: &mut dyn Dice,
    draft: &mut Draft,
) -> Result<(), StoreError> {
    put_sealed(rows::call_page_key(number), noted, masters, dice, draft)
}

fn put_sealed(
    key: RowKey,
    calls: &[impl Serialize],
    masters: &MasterKeys,
    dice: &mut dyn Dice,
    draft: &mut Draft,
) -> Result<(), StoreError> {
    let mut clear = Vec::with_capacity(calls.len() * CALL);
    serde_json::to_writer(&mut clear, calls)
        .map_err(|error| StoreError::Engine(format!("a row cannot be written: {error}")))?;
    let sealed = masters.seal(&key.key, &SecretBytes::new(clear), dice);
    let sealed = sealed.ok_or_else(|| StoreError::Engine("the cipher refused to seal".into()))?;
    draft.put(key, rows::sealed_body(&sealed)?);
    Ok(())
}

impl Holdings {
    /// Takes a call of a user who is there.
    pub(crate) fn note_call(&self, account: AccountId, entry: CallEntry) {
        if self.is_user(account) {
            self.call_logs.take(account, entry);
        }
    }

    /// Takes up a page of calls from before the start; the oldest come first.
    pub(crate) fn restore_page(&self, number: u64, sealed: &[u8]) {
        let key = rows::call_page_key(number);
        let clear = self.masters.open(&key.key, sealed).ok();
        // The reader's own words could quote what is in it.
        let noted = clear.and_then(|clear| serde_json::from_slice(clear.reveal()).ok());
        if noted.is_none() {
            // It must not keep everything else from being there.
            tracing::error!(page = number, "a page of calls cannot be read: call logs lack some");
        }
        self.call_logs.restore(number, noted.unwrap_or_default(), |account| self.is_user(account));
    }

    fn is_user(&self, account: AccountId) -> bool {
        self.peek_account(account, |account| account.is_some_and(|account| account.kind() == RoleKind::User))
    }
}

/// Adds to call logs what pages say of them; which those are, and how far.
pub(crate) fn draft_calls(
    accounts: &[AccountId],
    holdings: &Holdings,
    reader: &dyn Reader,
    keys: &Keyring,
    dice: &mut dyn Dice,
    draft: &mut Draft,
) -> Result<Vec<(AccountId, u64)>, StoreError> {
    let mut written = Vec::new();
    if accounts.is_empty() {
        return Ok(written);
    }
    let mut snapshot = reader.snapshot()?;
    for account in accounts {
        let key = rows::call_log_key(*account);
        let (new, through) = holdings.call_logs.on_pages(*account);
        if holdings.peek_account(*account, |account| account.is_none()) {
            draft.delete(key);
        } else if let Some(now) = new.iter().map(|entry| entry.at).max() {
            let log = match read_log(&mut *snapshot, keys, &holdings.masters, *account) {
                Err(StoreError::Damaged(what)) => {
                    // It must not keep everything else that is behind from the disk.
                    tracing::error!(%what, "a call log begins anew");
                    Vec::new()
                }
                read => read?,
            };
            let log: Vec<Logged> = logged(&log, &new, now).into_iter().map(Logged).collect();
            put_sealed(key, &log, &holdings.masters, dice, draft)?;
        }
        written.push((*account, through));
    }
    Ok(written)
}

impl Ledger {
    /// What can be heard of a mailbox; `None` = it names no such thing. Waits for the disk.
    ///
    /// # Errors
    /// When the engine cannot be read, or the row is not as it was written.
    pub fn recording(&self, account: AccountId, id: RecordingId) -> Result<Option<Vec<u8>>, StoreError> {
        let (mut snapshot, key) = (self.reader.snapshot()?, rows::recording_key(account, id));
        let clear = read_sealed(&mut *snapshot, &self.keys, &self.holdings.masters, &key)?;
        Ok(clear.map(|clear| clear.reveal().to_vec()))
    }

    /// The call log of a user at `now`, the newest first. Waits for the disk.
    ///
    /// # Errors
    /// When the engine cannot be read, or the row is not as it was written.
    pub fn call_log(&self, account: AccountId, now: Timestamp) -> Result<Vec<CallEntry>, StoreError> {
        // In this order: what comes to rest in between is seen twice and told once.
        let waiting = self.holdings.call_logs.waiting(account);
        let mut snapshot = self.reader.snapshot()?;
        let log = read_log(&mut *snapshot, &self.keys, &self.holdings.masters, account)?;
        Ok(logged(&log, &waiting, now))
    }
}

fn read_log(
    snapshot: &mut dyn Snapshot,
    keys: &Keyring,
    masters: &MasterKeys,
    account: AccountId,
) -> Result<Vec<CallEntry>, StoreError> {
    let Some(clear) = read_sealed(snapshot, keys, masters, &rows::call_log_key(account))? else {
        return Ok(Vec::new());
    };
    // The reader's own words could quote what is in it.
    let log: Vec<Logged> = serde_json::from_slice(clear.reveal())
        .map_err(|_| StoreError::Damaged(format!("the call log of {account} cannot be read")))?;
    Ok(log.into_iter().map(|Logged(entry)| entry).collect())
}

fn read_sealed(
    snapshot: &mut dyn Snapshot,
    keys: &Keyring,
    masters: &MasterKeys,
    key: &RowKey,
) -> Result<Option<SecretBytes>, StoreError> {
    let Some(row) = snapshot.row(key)? else { return Ok(None) };
    let damaged = |why: &str| StoreError::Damaged(format!("the row {:?} {} {why}", key.shelf, key.key));
    if !keys.is_ours(&row) {
        return Err(damaged("is not as it was written"));
    }
    masters.open(&key.key, &rows::sealed_of(&row)?).map(Some).map_err(|_| damaged("does not open"))
}

#[cfg(test)]
mod tests {
    use signin::party::Party;

    use super::*;

    #[test]
    fn a_call_rests_without_names_and_is_read_with_them_too() {
        let entry = CallEntry {
            at: Timestamp(1_700_000_000_000),
            direction: Direction::Received,
            other: Party::shown("202", "Bob"),
            talked: Some(Seconds(7)),
            domain: DomainId::FIRST,
        };
        let text = serde_json::to_string(&[Logged(entry.clone())]).unwrap();
        assert_eq!(text, r#"[[1700000000000,"received","202","Bob",7,1]]"#);
        for text in [text, serde_json::to_string(std::slice::from_ref(&entry)).unwrap()] {
            let read: Vec<Logged> = serde_json::from_str(&text).unwrap();
            assert_eq!(read[0].0, entry, "{text}");
        }
        assert!(serde_json::from_str::<Vec<Logged>>(r#"[[1,"received","202"]]"#).is_err());
        assert!(serde_json::from_str::<Vec<Logged>>("[7]").is_err());
    }
}
