//! Calls that outlive the program: two phones talk on while it starts anew. What is known of their calls is written into one
//! file of the data folder, sealed, when the program stops, and every minute for the case that it ends without stopping. The
//! next start takes them up.
//!
//! Not here: calls that ring, and those that end at a station of our own. They end with the program (`endings.rs`).

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
};

use serde::{Deserialize, Serialize};
use signin::{
    secret::SecretBytes,
    timestamp::{Seconds, Timestamp},
};

use super::{
    SipInterface,
    calls::{Call, CallKey},
};
use crate::{dice::OsDice, system::System};

/// Where they are, in the data folder.
pub const KEPT_FILE: &str = "calls.sealed";
/// How the file is written. One that is written otherwise is passed over.
const VERSION: u32 = 1;
/// Calls that are kept at most; of more, those that have begun last.
const KEPT_MAX: usize = 100_000;
/// Bytes that are kept at most.
const BYTES_MAX: usize = 64 << 20;
/// How long a phone says again what was not answered (RFC 3261 section 17.1.2.2): so long nothing is missed while we do not run.
const SAID_AGAIN: Seconds = Seconds(32);

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// When the program stopped; `None` = it has not, and what happened after this was written is not in it.
    stopped_at: Option<Timestamp>,
    /// The number that the next call would have had.
    next: u64,
    calls: Vec<Call>,
}

/// Why calls were not taken up, or not kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("it is larger than any that is written")]
    TooLarge,
    #[error("it was not written by this system, or was damaged since")]
    Foreign,
    // The reader's own words could quote what is in it.
    #[error("it is in a form that this program does not know")]
    Unknown,
    #[error("the cipher refused to seal")]
    Unsealed,
}

/// Which calls were written down last, so that the same are not written again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Print(Option<u64>);

/// Writes down the calls that two phones have; `stopped_at` = nothing will happen any more. Waits for the disk.
pub fn keep(system: &System, stopped_at: Option<Timestamp>, last: Print) -> Print {
    let (calls, left) = chosen(system);
    if left > 0 {
        tracing::warn!(left, "more calls go on than are kept over a restart");
    }
    if calls.is_empty() {
        system.folder.remove(KEPT_FILE);
        return Print::default();
    }
    match write(system, calls, stopped_at, last) {
        Ok(print) => print,
        Err(error) => {
            tracing::warn!(%error, file = KEPT_FILE, "the calls that go on could not be kept for the next start");
            Print::default()
        }
    }
}

fn write(
    system: &System,
    calls: Vec<Call>,
    stopped_at: Option<Timestamp>,
    last: Print,
) -> Result<Print, KeepError> {
    let kept = Kept { version: VERSION, stopped_at, next: system.calls.upcoming_number(), calls };
    let clear = serde_json::to_vec(&kept).map_err(io::Error::from)?;
    let mut hasher = DefaultHasher::new();
    clear.hash(&mut hasher);
    let print = Print(Some(hasher.finish()));
    if print != last {
        let clear = SecretBytes::new(clear);
        let sealed = system.ledger.seal_aside(KEPT_FILE, &clear, &mut OsDice).ok_or(KeepError::Unsealed)?;
        system.folder.write(KEPT_FILE, &sealed)?;
    }
    Ok(print)
}

/// The calls that are kept, and how many more there are.
fn chosen(system: &System) -> (Vec<Call>, usize) {
    let mut keys = system.calls.keys(Call::is_between_phones);
    let total = keys.len();
    let number = |key: &CallKey| system.calls.with(*key, |call| call.number);
    if total > KEPT_MAX {
        keys.sort_by_cached_key(|key| std::cmp::Reverse(number(key)));
    }
    let mut bytes = 0;
    let copies =
        keys.into_iter().take(KEPT_MAX).filter_map(|key| system.calls.with(key, |call| call.clone()));
    let mut calls: Vec<Call> = copies
        .take_while(|call| {
            bytes += length(call);
            bytes <= BYTES_MAX
        })
        .collect();
    let left = total.saturating_sub(calls.len());
    calls.sort_by_key(|call| call.number);
    (calls, left)
}

/// No fewer bytes than it is written in.
fn length(call: &Call) -> usize {
    let parties = std::iter::once(&call.caller).chain(&call.called);
    let of_parties =
        parties.map(|party| 400 + (party.tag.len() + party.target.len()) * 3 / 2 + party.number.len());
    300 + call.call_id.len() * 3 / 2 + call.dialled.len() * 6 + of_parties.sum::<usize>()
}

/// Takes up the calls that went on when the program ended the last time. Before anybody is answered. Whatever is wrong with
/// them, the program starts.
pub fn take_up(sip: &SipInterface) {
    let system = &sip.system;
    match read(system) {
        Ok(None) => return,
        Ok(Some(kept)) => {
            let count = adopt(sip, kept);
            tracing::info!(count, "calls go on that began before the start");
        }
        Err(error) => {
            tracing::warn!(%error, file = KEPT_FILE, "calls that began before the start are not known");
        }
    }
    // What was stopped runs again.
    keep(system, None, Print::default());
}

fn read(system: &System) -> Result<Option<Kept>, KeepError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    match fs::metadata(system.folder.path(KEPT_FILE)) {
        Ok(metadata) if metadata.len() > BYTES_MAX as u64 + 1024 => return Err(KeepError::TooLarge),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let Some(sealed) = system.folder.read(KEPT_FILE)? else { return Ok(None) };
    let clear = system.ledger.open_aside(KEPT_FILE, &sealed).ok_or(KeepError::Foreign)?;
    let version: Version = serde_json::from_slice(clear.reveal()).map_err(|_| KeepError::Unknown)?;
    if version.version != VERSION {
        return Err(KeepError::Unknown);
    }
    serde_json::from_slice(clear.reveal()).map(Some).map_err(|_| KeepError::Unknown)
}

fn adopt(sip: &SipInterface, kept: Kept) -> usize {
    let (calls, now) = (&sip.system.calls, sip.system.clock.now());
    // Whoever hung up while nobody answered says so again.
    let is_certain = kept.stopped_at.is_some_and(|stopped_at| now <= stopped_at.after(SAID_AGAIN));
    calls.number_from(kept.next);
    let mut count = 0;
    for mut call in kept.calls.into_iter().take(KEPT_MAX) {
        if call.is_silent(now) {
            continue;
        }
        call.is_certain = is_certain;
        calls.number_from(call.number.saturating_add(1));
        call.passage = sip.passages.own_key(("kept", call.number));
        let key = calls.key(&call.call_id, &call.caller.tag);
        count += usize::from(calls.begin(key, call));
    }
    count
}

/// Bytes as text.
pub(super) mod base64 {
    use data_encoding::BASE64;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    /// Writes them.
    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    /// Reads them back.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<[u8]>, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Vec::into_boxed_slice).map_err(|_| D::Error::custom("no Base64"))
    }
}
