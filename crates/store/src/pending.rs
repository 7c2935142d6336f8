//! Failures on their way to the disk, noted where the end of the program does not reach.
//!
//! A wrong guess is answered when its count rests on disk; a right one at once. Whoever can kill the program in
//! between would learn from the silence that the guess was wrong, and the count would not know of it. So the count is
//! noted in the same moment, before an answer to anybody can leave: docs/decisions/0007-a-guess-outlives-the-program.md.
//!
//! ```text
//! failure ─▶ noted (no waiting) ─▶ row planned ─▶ row on disk ─▶ note wiped
//!                                       ╰ another failure since: the note stays, and its own row follows
//! ```

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use signin::lockout::{Tally, TallyKey};

use crate::{
    engine::{NOTES, Notes},
    error::StoreError,
    keyring::Keyring,
};

/// The note about the last transaction; the others are about failures.
const LAST: usize = 0;

/// What a note says.
#[derive(Serialize, Deserialize)]
enum Note {
    /// This transaction was acknowledged, so there is a store in which it is missing only if something was lost.
    Last(u64),
    /// In that start of the machine this count stood so.
    Failed(String, TallyKey, Tally),
}

/// What the notes say at the start.
#[derive(Default)]
pub(crate) struct Found {
    /// The last transaction that was acknowledged.
    pub(crate) serial: u64,
    /// Counts that did not come to rest.
    pub(crate) failed: Vec<(TallyKey, Tally)>,
}

struct Place {
    at: usize,
    version: u64,
    planned: u64,
}

struct Places {
    of: HashMap<TallyKey, Place>,
    free: Vec<usize>,
    version: u64,
    is_told: bool,
}

/// Takes notes and wipes them.
pub(crate) struct Pending {
    notes: Arc<dyn Notes>,
    keys: Keyring,
    places: Mutex<Places>,
}

impl Pending {
    /// Reads what an earlier run left.
    pub(crate) fn open(notes: Arc<dyn Notes>, keys: Keyring) -> Result<(Self, Found), StoreError> {
        let (mut found, mut free, mut of) = (Found::default(), Vec::new(), HashMap::new());
        for (at, bytes) in notes.all()?.iter().enumerate() {
            match keys.open_note(at, bytes).map(serde_json::from_slice) {
                Some(Ok(Note::Last(serial))) if at == LAST => found.serial = serial,
                Some(Ok(Note::Failed(boot, key, tally))) if !boot.is_empty() && boot == notes.boot() => {
                    of.insert(key.clone(), Place { at, version: 0, planned: 0 });
                    found.failed.push((key, tally));
                    continue;
                }
                // Of a start of the machine that a power cut may have ended: what it says may have been wiped.
                Some(Ok(Note::Failed(..))) => notes.put(at, &[])?,
                _ if bytes.iter().all(|byte| *byte == 0) => {}
                _ => {
                    tracing::error!(note = at, "a note beside the database is damaged; it was not used");
                    notes.put(at, &[])?;
                }
            }
            if at != LAST {
                free.push(at);
            }
        }
        free.reverse();
        let places = Mutex::new(Places { of, free, version: 1, is_told: false });
        Ok((Self { notes, keys, places }, found))
    }

    /// Notes that a count stands so now.
    pub(crate) fn note(&self, key: &TallyKey, tally: &Tally) {
        let mut places = self.places.lock();
        places.version += 1;
        let version = places.version;
        let at = match places.of.get_mut(key) {
            Some(place) => {
                place.version = version;
                place.at
            }
            None => {
                let Some(at) = places.free.pop() else {
                    if !std::mem::replace(&mut places.is_told, true) {
                        tracing::error!(max = NOTES, "more failures wait for the disk than can be noted");
                    }
                    return;
                };
                places.of.insert(key.clone(), Place { at, version, planned: 0 });
                at
            }
        };
        let note = Note::Failed(self.notes.boot().into(), key.clone(), *tally);
        self.put(at, &note);
    }

    /// The row of this count is about to be written as memory has it now.
    pub(crate) fn plan(&self, key: &TallyKey) {
        if let Some(place) = self.places.lock().of.get_mut(key) {
            place.planned = place.version;
        }
    }

    /// What was planned rests on disk.
    pub(crate) fn rest(&self, key: &TallyKey) {
        let mut places = self.places.lock();
        if places.of.get(key).is_some_and(|place| place.version == place.planned) {
            self.wipe(&mut places, key);
        }
    }

    /// The count was reset, on disk too.
    pub(crate) fn reset(&self, key: &TallyKey) {
        let mut places = self.places.lock();
        self.wipe(&mut places, key);
    }

    fn wipe(&self, places: &mut Places, key: &TallyKey) {
        let Some(place) = places.of.remove(key) else { return };
        if let Err(error) = self.notes.put(place.at, &[]) {
            tracing::error!(%error, "a note beside the database cannot be wiped");
        }
        places.free.push(place.at);
    }

    fn put(&self, at: usize, note: &Note) {
        let put = serde_json::to_vec(note)
            .map_err(|error| StoreError::Engine(error.to_string()))
            .and_then(|body| self.notes.put(at, &self.keys.note(at, &body)));
        if let Err(error) = put {
            tracing::error!(%error, "a failure cannot be noted beside the database");
        }
    }
}

/// Notes that a transaction rests on disk. Written after it, so the store is never behind its note.
pub(crate) fn note_last(notes: &dyn Notes, keys: &Keyring, serial: u64) -> Result<(), StoreError> {
    let body =
        serde_json::to_vec(&Note::Last(serial)).map_err(|error| StoreError::Engine(error.to_string()))?;
    notes.put(LAST, &keys.note(LAST, &body))
}
