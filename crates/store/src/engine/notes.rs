//! Notes on a file: `hookswitch.notes`, in the data folder. A write is handed to the system and not waited for, so it
//! outlives the program, but not a power cut; which start of the machine a note belongs to is said beside it.
//!
//! The file has its full size from the beginning, so that a full disk does not keep a note from being taken.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use super::{NOTE_LEN, NOTES, Notes};
use crate::error::StoreError;

/// Tells one start of the machine from another.
const BOOT_FILE: &str = "/proc/sys/kernel/random/boot_id";

/// Notes on a file.
pub(super) struct FileNotes {
    file: File,
    boot: String,
}

impl FileNotes {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path, boot: &str) -> std::io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let whole = u64::try_from(NOTE_LEN * NOTES).unwrap_or(u64::MAX);
        let length = file.metadata()?.len();
        if length < whole {
            let missing = usize::try_from(whole - length).unwrap_or(0);
            file.write_all_at(&vec![0; missing], length)?;
            file.sync_all()?;
        }
        Ok(Self { file, boot: boot.into() })
    }

    /// The start of the machine that is now; without a name for it no note is ever believed.
    pub(super) fn this_boot() -> String {
        std::fs::read_to_string(BOOT_FILE).map(|id| id.trim().to_owned()).unwrap_or_default()
    }
}

impl Notes for FileNotes {
    fn put(&self, place: usize, note: &[u8]) -> Result<(), StoreError> {
        let mut bytes = [0; NOTE_LEN];
        let room = bytes.get_mut(..note.len()).filter(|_| place < NOTES);
        let Some(room) = room else { return Err(StoreError::Engine("there is no room for the note".into())) };
        room.copy_from_slice(note);
        let at = u64::try_from(place * NOTE_LEN).unwrap_or(u64::MAX);
        self.file.write_all_at(&bytes, at).map_err(|error| StoreError::Engine(error.to_string()))
    }

    fn all(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut bytes = vec![0; NOTE_LEN * NOTES];
        self.file.read_exact_at(&mut bytes, 0).map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(bytes.chunks(NOTE_LEN).map(<[u8]>::to_vec).collect())
    }

    fn boot(&self) -> &str {
        &self.boot
    }
}
