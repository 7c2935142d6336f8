//! The data folder: where everything lies that must outlive the program. For its owner alone.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// What nobody but the owner may read.
const PRIVATE: u32 = 0o600;
/// A folder that nobody but the owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;

/// The data folder.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// Opens the folder; makes it, for its owner alone, where it does not exist.
    ///
    /// # Errors
    /// It cannot be made, or is no folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !path.exists() {
            DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path)?;
        }
        let metadata = fs::metadata(path)?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o022 != 0 {
            tracing::warn!(
                file = %path.display(),
                mode = %format_args!("{mode:o}"),
                "others may write in the data folder; make it private with chmod 700"
            );
        }
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a private file as a whole: whoever reads it sees the old one or the new one, also after a power cut.
    ///
    /// # Errors
    /// It cannot be written; the old one is still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = self.path(&format!(".{name}.new"));
        // A leftover of an interrupted start may be in the way, with whatever rights it was given.
        drop(fs::remove_file(&new));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.path(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// Takes a file away; nothing happens when there is none.
    pub fn remove(&self, name: &str) {
        drop(fs::remove_file(self.path(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_files_are_for_their_owner_alone() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(&parent.path().join("a/b")).expect("made");
        folder.write("secret", b"one").expect("written");
        folder.write("secret", b"two").expect("written again");
        assert_eq!(folder.read("secret").expect("read"), Some(b"two".to_vec()));
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path("secret")), 0o600);
        assert_eq!(mode(&parent.path().join("a/b")), 0o700);
        assert_eq!(folder.read("nothing").expect("no error"), None);
    }

    #[test]
    fn a_file_in_its_place_is_refused() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("file");
        fs::write(&path, b"").expect("written");
        assert!(DataFolder::open(&path).is_err());
    }
}
