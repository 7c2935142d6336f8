//! The demo's folder: one of its own, marked as a demo's, so that the demo never lays hands on anything else.

use std::{
    env,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{self, Path, PathBuf},
};

use data_encoding::HEXLOWER;
use nix::unistd::geteuid;
use signin::dice::{Dice, roll};

use super::DemoError;
use crate::{config::Loaded, data_folder::DataFolder, listen::listener::LISTENERS};

/// The file that marks a folder as a demo's.
pub(super) const MARKER_FILE: &str = "hookswitch-demo";
/// What is in it.
const MARKER: &str = "This folder was made by `hookswitch demo`. Nothing in it is real.\n";
/// The configuration that the demo runs with, for commands.
pub(super) const CONFIG_FILE: &str = "hookswitch.toml";
/// Connections at one listener: few people look at a demo, and it wants no more of the machine than it needs.
const CONNECTIONS_MAX: usize = 200;
/// A folder that nobody but the owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;

/// A folder that is a demo's.
#[derive(Debug)]
pub(super) struct DemoFolder {
    path: PathBuf,
    is_kept: bool,
    is_new: bool,
}

impl DemoFolder {
    /// Makes a private folder that goes with this value.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn fresh(dice: &mut dyn Dice) -> Result<Self, DemoError> {
        let name = format!("hookswitch-demo-{}", HEXLOWER.encode(&roll::<8>(dice)));
        Self::make(&env::temp_dir().join(name), false)
    }

    /// Makes this folder, or opens it again when a demo made it; it stays. `real` is where real data lies or will lie.
    ///
    /// # Errors
    /// It is or holds or lies within what is real, or somebody else made it. Nothing was touched.
    pub(super) fn named(named: &Path, real: &Path) -> Result<Self, DemoError> {
        let unreadable = |error| DemoError::Folder { folder: named.to_owned(), error };
        let path = resolved(named).map_err(unreadable)?;
        let real = resolved(real).map_err(unreadable)?;
        if path.starts_with(&real) || real.starts_with(&path) {
            return Err(DemoError::RealData { folder: named.to_owned(), real });
        }
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::make(&path, true),
            Err(error) => return Err(unreadable(error)),
            Ok(_) => {}
        }
        if !is_marked(&path) {
            return Err(DemoError::NotOurs(named.to_owned()));
        }
        Ok(Self { path, is_kept: true, is_new: false })
    }

    fn make(path: &Path, is_kept: bool) -> Result<Self, DemoError> {
        let unmade = |error| DemoError::Folder { folder: path.to_owned(), error };
        // What is there already is an error, whoever was quicker.
        DirBuilder::new().mode(PRIVATE_FOLDER).create(path).map_err(unmade)?;
        let made = Self { path: path.to_owned(), is_kept, is_new: true };
        made.files().and_then(|files| files.write(MARKER_FILE, MARKER.as_bytes())).map_err(unmade)?;
        Ok(made)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stays when the demo ends.
    pub(super) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether this demo has made it.
    pub(super) const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Writes the configuration of the demo into it and reads it: every listener on the loopback at a free port, so that it
    /// is in nobody's way and takes no phone from a real system; everything that it keeps in this folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn configuration(&self) -> Result<Loaded, DemoError> {
        let wrong = |error| DemoError::Folder { folder: self.path.clone(), error };
        let data = self.path.join("data");
        let key = data.join("master.key");
        let path = |path: &Path| {
            let text = path.to_str().ok_or_else(|| io::Error::other("its name is no text"))?;
            Ok(toml::Value::String(text.into()))
        };
        let mut text = format!(
            "data_folder = {}\nkey_file = {}\nlog.level = \"warn\"\n\
             limits.connections_max = {CONNECTIONS_MAX}\n",
            path(&data).map_err(wrong)?,
            path(&key).map_err(wrong)?
        );
        // Whatever listens, also what is added later.
        LISTENERS.iter().for_each(|row| text.push_str(&format!("{} = \"127.0.0.1:0\"\n", row.key)));
        self.files().and_then(|files| files.write(CONFIG_FILE, text.as_bytes())).map_err(wrong)?;
        Loaded::read(&self.path.join(CONFIG_FILE)).map_err(|error| wrong(io::Error::other(error)))
    }

    fn files(&self) -> io::Result<DataFolder> {
        DataFolder::open(&self.path)
    }
}

impl Drop for DemoFolder {
    fn drop(&mut self) {
        if self.is_kept || !self.is_new {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::error!(%error, file = %self.path.display(), "the demo's folder could not be removed");
        }
    }
}

/// Whether a demo of this user made the folder.
fn is_marked(folder: &Path) -> bool {
    let marker = folder.join(MARKER_FILE);
    let is_own =
        |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.uid() == geteuid().as_raw());
    let is_file = fs::symlink_metadata(&marker).is_ok_and(|metadata| metadata.is_file());
    is_file
        && is_own(folder)
        && is_own(&marker)
        && fs::read(&marker).is_ok_and(|text| text == MARKER.as_bytes())
}

/// Where a path leads, whether or not something is there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let absolute = path::absolute(path)?;
    for ancestor in absolute.ancestors() {
        if let Ok(found) = ancestor.canonicalize() {
            let rest = absolute.strip_prefix(ancestor).map_err(io::Error::other)?;
            // Joined with nothing it would end in a slash.
            return Ok(if rest.as_os_str().is_empty() { found } else { found.join(rest) });
        }
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    #[test]
    fn a_fresh_folder_is_private_and_goes_with_its_value() {
        let folder = DemoFolder::fresh(&mut crate::dice::OsDice).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        let config = folder.configuration().unwrap().config;
        assert!(config.data_folder.starts_with(&path) && config.master_key_file().starts_with(&path));
        for row in &LISTENERS {
            let addresses = &(row.configured)(&config).0;
            assert!(!addresses.is_empty() && addresses.iter().all(|at| at.ip().is_loopback()), "{}", row.key);
        }
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_same_name_is_never_taken_twice() {
        let folder = DemoFolder::fresh(&mut SeededDice(11)).unwrap();
        assert!(matches!(DemoFolder::fresh(&mut SeededDice(11)), Err(DemoError::Folder { .. })));
        assert!(is_marked(folder.path()));
    }

    #[test]
    fn a_named_folder_stays_and_is_opened_again() {
        let parent = tempfile::tempdir().unwrap();
        let (named, real) = (parent.path().join("demo"), parent.path().join("real"));
        assert!(DemoFolder::named(&named, &real).unwrap().is_new());
        let again = DemoFolder::named(&named, &real).unwrap();
        assert!(!again.is_new() && again.is_kept());
        drop(again);
        assert!(named.exists());
    }

    #[test]
    fn what_the_demo_did_not_make_is_refused_and_left_as_it_is() {
        let parent = tempfile::tempdir().unwrap();
        let real = parent.path().join("real");
        let named = |name: &str| DemoFolder::named(&parent.path().join(name), &real);
        fs::create_dir(parent.path().join("empty")).unwrap();
        fs::write(parent.path().join("file"), "text").unwrap();
        fs::create_dir(parent.path().join("marked")).unwrap();
        fs::write(parent.path().join("marked").join(MARKER_FILE), "something else").unwrap();
        for name in ["empty", "file", "marked", "file/below"] {
            assert!(named(name).is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(parent.path().join("empty")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(parent.path().join("marked")).unwrap().count(), 1);
    }

    #[test]
    fn the_folder_of_real_data_is_refused_whatever_it_is_called_and_whether_or_not_it_is_there() {
        let parent = tempfile::tempdir().unwrap();
        let real = parent.path().join("real");
        let refused = |path: &Path| matches!(DemoFolder::named(path, &real), Err(DemoError::RealData { .. }));
        assert!(refused(&real) && !real.exists());
        // A demo made it, and a configuration names it now.
        DemoFolder::named(&real, &parent.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(&real, parent.path().join("link")).unwrap();
        for path in
            [&real, &real.join("below"), &parent.path().join("link"), &parent.path().join("link/below")]
        {
            assert!(refused(path), "{}", path.display());
        }
        assert!(refused(parent.path()));
    }
}
