//! `hookswitch reseal`: a new master key, and every credential sealed under it.
//!
//! ```text
//! key file: old ──▶ new + old ──▶ (everything is sealed again) ──▶ new
//! ```
//! Cut off at any moment, the file holds every key that is still needed, and the next run goes on. Keys that were
//! replaced are kept beside it: the backups made before need them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use signin::audit::Action;
use store::{MasterKeys, engine::SqliteEngine};

use super::{
    Place,
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output,
    place::unopened,
};
use crate::{
    config::{MASTER_KEY_VARIABLE, master_key_in_environment},
    dice::OsDice,
    master_key::{exchange, existing},
    system::StartError,
};

/// Carries out the command.
///
/// # Errors
/// A server runs, the key file cannot be written, or the store is out of order.
pub fn run(place: &mut Place) -> Outcome {
    let what = "seal under a new key";
    let config = place.standing_still(what)?.config;
    let file = config.master_key_file();
    if master_key_in_environment().is_some() {
        return Err(Failure::usage(
            what,
            format!("the key comes from {MASTER_KEY_VARIABLE}, which Hookswitch cannot change"),
            "Put the key in a file, name it with key_file, and take it out of the environment.",
        ));
    }
    let keys = existing(&config).map_err(|error| Failure::usage(what, error, ""))?.ok_or_else(|| {
        let why = format!("there is no master key in {}", file.display());
        Failure::usage(what, why, "Name the configuration or the data folder of the system.")
    })?;
    let unwritten = |error: io::Error| {
        let why = format!("{}: {error}", file.display());
        Failure::refused(what, why, "Run the command as the file's owner, where its folder can be written.")
    };
    // Two keys in the file: an earlier run was cut off, and this one ends it.
    let keys = if keys.has_older() { keys } else { keys.rotate(&mut OsDice) };
    exchange(&file, &keys).map_err(unwritten)?;
    let in_the_way = |error: store::OpenError| unopened(&config.data_folder, &StartError::Store(error));
    let engine = SqliteEngine::open(&config.data_folder).map_err(in_the_way)?;
    let mut meter = Meter::start("Sealing anew", "secrets");
    let resealed = store::reseal(Box::new(engine), &keys, &mut OsDice, &mut |done, total| {
        meter.reach(done, Some(total));
    });
    meter.end();
    let resealed = resealed.map_err(in_the_way)?;
    let old = beside(&file);
    keep(&old, &keys).map_err(unwritten)?;
    exchange(&file, &keys.newest()).map_err(unwritten)?;
    place.note(Action::Resealed, keys.current_id())?;
    let count = resealed.total;
    output::line(&format!("{count} secrets are sealed under the new master key {}.", keys.current_id()))?;
    output::note(&format!(
        "{}: keep a copy of the new key apart from the backups.\n{}: the keys before it, which older backups need. Move \
         it away from this machine; delete it when those backups are gone.",
        file.display(),
        old.display()
    ));
    Ok(Exit::Done)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".old");
    name.into()
}

/// Adds the keys that are replaced to those that were before. What is in the file already is not added again.
fn keep(old: &Path, keys: &MasterKeys) -> io::Result<()> {
    let before = match std::fs::read_to_string(old) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => zeroize::Zeroizing::new(String::new()),
        read => zeroize::Zeroizing::new(read?),
    };
    let (all, newest) = (keys.to_text(), keys.newest().to_text());
    let mut file: File = OpenOptions::new().create(true).append(true).mode(0o600).open(old)?;
    for line in all.reveal().lines() {
        if !newest.reveal().contains(line) && !before.contains(line) {
            writeln!(file, "{line}")?;
        }
    }
    file.sync_all()
}
