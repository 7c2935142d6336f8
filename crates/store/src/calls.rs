//! What is kept for calls and is too much for memory: recordings and call logs. Both rest sealed, and are read from the disk when
//! somebody asks.
//!
//! A call log is one row a user. Calls that are over wait here until the writer's thread adds them to that row, those of a second
//! at once; who reads is shown them as if they were there.

use hashbrown::HashMap;
use parking_lot::Mutex;
use signin::{
    account::RoleKind,
    call_log::{CALLS_MAX, CallEntry, logged},
    dice::Dice,
    ident::AccountId,
    mailbox::RecordingId,
    secret::SecretBytes,
    timestamp::Timestamp,
};

use crate::{
    engine::{Reader, RowKey, Snapshot},
    error::StoreError,
    holdings::Holdings,
    keyring::Keyring,
    ledger::Ledger,
    rows,
    scribe::Draft,
    seal::MasterKeys,
};

/// Most calls that wait, while the disk is out of order.
const WAITING_MAX: usize = 100_000;

/// Calls that wait for the disk.
#[derive(Default)]
pub(crate) struct CallLogs(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// Each with its number, the oldest first.
    calls: HashMap<AccountId, Vec<(u64, CallEntry)>>,
    count: usize,
    last: u64,
    /// Whether somebody was told that there is no room.
    is_told: bool,
}

impl CallLogs {
    /// Takes a call; whether there was room for it.
    fn take(&self, account: AccountId, entry: CallEntry) -> bool {
        let mut waiting = self.0.lock();
        if waiting.count >= WAITING_MAX {
            if !waiting.is_told {
                tracing::error!(
                    max = WAITING_MAX,
                    "calls come faster than the disk takes them: call logs lack some"
                );
            }
            waiting.is_told = true;
            return false;
        }
        waiting.last += 1;
        waiting.count += 1;
        let Waiting { calls, last, count, .. } = &mut *waiting;
        let of_account = calls.entry(account).or_default();
        of_account.push((*last, entry));
        if of_account.len() > CALLS_MAX {
            of_account.remove(0);
            *count -= 1;
        }
        true
    }

    /// Those that wait, and the number of the last of them.
    fn waiting(&self, account: AccountId) -> (Vec<CallEntry>, u64) {
        let waiting = self.0.lock();
        let calls = waiting.calls.get(&account).map(Vec::as_slice).unwrap_or_default();
        let last = calls.last().map_or(0, |(number, _)| *number);
        (calls.iter().map(|(_, entry)| entry.clone()).collect(), last)
    }

    /// Drops those up to this number: they rest on disk, or nobody shall know of them.
    pub(crate) fn drop_through(&self, account: AccountId, through: u64) {
        let mut waiting = self.0.lock();
        let Some(calls) = waiting.calls.get_mut(&account) else { return };
        let before = calls.len();
        calls.retain(|(number, _)| *number > through);
        let (left, is_empty) = (calls.len(), calls.is_empty());
        if is_empty {
            waiting.calls.remove(&account);
        }
        waiting.count = waiting.count.saturating_sub(before.saturating_sub(left));
        waiting.is_told &= waiting.count >= WAITING_MAX;
    }
}

impl Holdings {
    /// Takes a call of a user who is there; whether it waits for the disk now.
    pub(crate) fn note_call(&self, account: AccountId, entry: CallEntry) -> bool {
        let is_user = self
            .peek_account(account, |account| account.is_some_and(|account| account.kind() == RoleKind::User));
        is_user && self.call_logs.take(account, entry)
    }
}

/// Adds the calls that wait to what is to be written; which they are.
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
        let (new, through) = holdings.call_logs.waiting(*account);
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
            let clear = serde_json::to_vec(&logged(&log, &new, now))
                .map_err(|error| StoreError::Engine(format!("a row cannot be written: {error}")))?;
            let sealed = holdings.masters.seal(&key.key, &SecretBytes::new(clear), dice);
            let sealed = sealed.ok_or_else(|| StoreError::Engine("the cipher refused to seal".into()))?;
            draft.put(key, rows::sealed_body(&sealed)?);
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
        let (waiting, _) = self.holdings.call_logs.waiting(account);
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
    serde_json::from_slice(clear.reveal())
        .map_err(|_| StoreError::Damaged(format!("the call log of {account} cannot be read")))
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
