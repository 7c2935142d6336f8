//! The master key: out of the environment, out of its file, or made at the very first start. Never in the database.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use signin::secret::Secret;
use store::MasterKeys;
use thiserror::Error;

use crate::{
    config::{self, Config, MASTER_KEY_VARIABLE},
    data_folder::DataFolder,
    dice::OsDice,
};

/// Why there is no master key, and what to do.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// There is a database but no key.
    #[error(
        "the master key {} is missing, but there is a database in {}. Without the key it belongs to, a database \
         cannot be opened: put the key file back, set `key_file` to where it is, or give the key in {}.",
        .file.display(), .folder.display(), MASTER_KEY_VARIABLE
    )]
    Missing {
        /// Where it should be.
        file: PathBuf,
        /// Where the database is.
        folder: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the master key {}: {error}. Make sure that the user who runs Hookswitch may read it.", .file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("the master key {} can be read by others. Make it private: chmod 600 {}", .file.display(), .file.display())]
    Open {
        /// Which file.
        file: PathBuf,
    },
    /// It is no key.
    #[error("the master key {origin} cannot be read: {problem}")]
    Content {
        /// The file or the variable.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Loads the master keys, or makes one where there is no database yet.
///
/// # Errors
/// In words, with what to do.
pub fn obtain(config: &Config, folder: &DataFolder) -> Result<MasterKeys, MasterKeyError> {
    if let Some(keys) = existing(config)? {
        return Ok(keys);
    }
    let file = config.master_key_file();
    if folder.path(config::DATABASE_FILE).exists() {
        return Err(MasterKeyError::Missing { file, folder: config.data_folder.clone() });
    }
    let keys = MasterKeys::create(&mut OsDice);
    write_new(&file, &keys.to_text()).map_err(|error| MasterKeyError::File { file: file.clone(), error })?;
    tracing::info!(file = %file.display(), "made a master key; keep a copy of it apart from the backups");
    Ok(keys)
}

/// Loads the master keys that there are; never makes any.
///
/// # Errors
/// In words, with what to do.
pub fn existing(config: &Config) -> Result<Option<MasterKeys>, MasterKeyError> {
    if let Some(text) = config::master_key_in_environment() {
        return parse(&text, MASTER_KEY_VARIABLE).map(Some);
    }
    let file = config.master_key_file();
    let failed = |error| MasterKeyError::File { file: file.clone(), error };
    match fs::metadata(&file) {
        Ok(metadata) if is_open(&metadata) => Err(MasterKeyError::Open { file }),
        Ok(_) => {
            let text = Secret::new(fs::read_to_string(&file).map_err(failed)?);
            parse(&text, &file.display().to_string()).map(Some)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Exchanges the content of the key file as a whole: whoever reads it finds the old keys or the new ones, also after
/// a power cut.
///
/// # Errors
/// It cannot be written; the old one is still there.
pub fn exchange(file: &Path, keys: &MasterKeys) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    // A leftover of an exchange that was cut off.
    drop(fs::remove_file(&new));
    write_new(&new, &keys.to_text())?;
    fs::rename(&new, file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Whether others than owner and root may read it. A credential of systemd is root's, and its group bits are the mask
/// of the access list that lets the service in.
fn is_open(metadata: &fs::Metadata) -> bool {
    let mode = metadata.mode();
    mode & 0o037 != 0 || (mode & 0o040 != 0 && metadata.gid() != 0)
}

fn parse(text: &Secret, origin: &str) -> Result<MasterKeys, MasterKeyError> {
    let content = |problem: String| MasterKeyError::Content { origin: origin.into(), problem };
    MasterKeys::parse(text.reveal()).map_err(|error| content(error.to_string()))
}

/// Writes a key file that did not exist: an existing one is never overwritten, for nothing could bring it back.
fn write_new(file: &Path, text: &Secret) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    new.write_all(text.reveal().as_bytes())?;
    new.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn house() -> (tempfile::TempDir, Config, DataFolder) {
        let parent = tempfile::tempdir().expect("a folder");
        let config = Config { data_folder: parent.path().to_owned(), ..Config::default() };
        let folder = DataFolder::open(&config.data_folder).expect("opened");
        (parent, config, folder)
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let (_parent, config, folder) = house();
        let first = obtain(&config, &folder).expect("made");
        let mode = fs::metadata(config.master_key_file()).expect("there").mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(obtain(&config, &folder).expect("found").current_id(), first.current_id());
    }

    #[test]
    fn a_database_without_its_key_gets_no_new_one() {
        let (_parent, config, folder) = house();
        folder.write(config::DATABASE_FILE, b"a database").expect("written");
        assert!(matches!(obtain(&config, &folder), Err(MasterKeyError::Missing { .. })));
        assert!(!config.master_key_file().exists());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_parent, config, folder) = house();
        obtain(&config, &folder).expect("made");
        fs::set_permissions(config.master_key_file(), fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(matches!(obtain(&config, &folder), Err(MasterKeyError::Open { .. })));
    }

    #[test]
    fn an_exchanged_file_holds_the_new_keys_for_the_owner_alone() {
        let (_parent, config, folder) = house();
        let old = obtain(&config, &folder).expect("made");
        let new = old.rotate(&mut OsDice);
        exchange(&config.master_key_file(), &new).expect("exchanged");
        let read = existing(&config).expect("read").expect("there");
        assert_eq!(read.current_id(), new.current_id());
        assert!(read.has_older());
        let mode = fs::metadata(config.master_key_file()).expect("there").mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_named() {
        let (_parent, config, folder) = house();
        folder.write("master.key", b"hookswitch-key-v1 oops\n").expect("written");
        let error = obtain(&config, &folder).expect_err("damaged").to_string();
        assert!(error.contains("master.key"), "{error}");
    }
}
