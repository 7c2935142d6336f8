//! What is read is not what is on disk, once a sync has failed: the system keeps the page, believes that it is written,
//! and writes it no more. SQLite knows which frames of its log it could not sync and writes them once more; whoever opens the
//! log after the program has ended without warning does not, takes them for committed, and appends to them.
//!
//! So what is there at the start is written again, byte for byte, before anybody builds on it.

use std::{fs::OpenOptions, io::ErrorKind, os::unix::fs::FileExt, path::Path};

/// How much at once.
const PIECE: usize = 256 * 1024;

/// Makes sure that what is read of a file is on disk; that there is none is fine.
pub(super) fn write_again(path: &Path) -> std::io::Result<()> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        match file.read_at(&mut piece, at)? {
            0 => return file.sync_all(),
            length => {
                file.write_all_at(piece.get(..length).unwrap_or_default(), at)?;
                at += u64::try_from(length).unwrap_or(u64::MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_is_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        write_again(&path).unwrap();
        assert!(!path.exists(), "nothing is made");
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(PIECE * 2 + 17).collect();
        std::fs::write(&path, &bytes).unwrap();
        write_again(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
