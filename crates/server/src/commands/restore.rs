//! `hookswitch restore`: everything back out of a backup, all of it or nothing.
//!
//! ```text
//! backup ──proved and written──▶ .restore/ in the data folder ──moved──▶ the database's place
//!                                what was there before ──moved──▶ hookswitch.db.replaced
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use signin::audit::Action;
use store::{
    BackupSummary,
    engine::{DATABASE_FILE, LOCK_FILE, NOTES_FILE, SUM_FILE, SqliteEngine},
};

use super::{
    Place,
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output,
    place::unopened,
    prompt::Prompt,
};
use crate::{
    data_folder::DataFolder, interfaces::sip::kept::KEPT_FILE, master_key, moment, system::StartError,
};

/// Where everything is put until it is whole.
const WORKSHOP: &str = ".restore";
/// What the database that was there before is called afterwards.
const REPLACED_FILE: &str = "hookswitch.db.replaced";

/// Out of which file.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A file that `hookswitch backup` wrote
    file: PathBuf,
    /// Replace the system that is in the data folder, after a question
    #[arg(long)]
    replace: bool,
    /// Do not ask
    #[arg(long, requires = "replace")]
    yes: bool,
}

/// Carries out the command.
///
/// # Errors
/// A server runs, there is a system already, the backup is damaged, or its master key is not here.
pub fn run(args: &RestoreArgs, place: &mut Place) -> Outcome {
    let what = format!("restore {}", args.file.display());
    let config = place.standing_still(&what)?.config;
    let backup = File::open(&args.file).map_err(|error| Failure::usage(&what, error, "Name a backup."))?;
    let keys = master_key::existing(&config).map_err(|error| Failure::usage(&what, error, ""))?;
    let keys = keys.ok_or_else(|| {
        let why = format!("there is no master key in {}", config.master_key_file().display());
        Failure::usage(&what, why, "Put the key there that was in use when the backup was made.")
    })?;
    let folder = DataFolder::open(&config.data_folder).map_err(|error| unwritten(&what, &error))?;
    let is_there = folder.path(DATABASE_FILE).exists();
    if is_there && !args.replace {
        return Err(Failure::refused(
            what,
            format!("there is a system in {} already", config.data_folder.display()),
            "Restore into another data folder, or add --replace.",
        ));
    }
    let lock = lock(&what, &folder)?;
    if is_there && !args.yes && !confirm(&config.data_folder)? {
        return Err(Failure::refused(what, "not confirmed", ""));
    }
    let workshop = folder.path(WORKSHOP);
    let restored = into_workshop(&what, backup, &workshop, &keys);
    let moved = restored.and_then(|summary| {
        put_in_place(&folder, &workshop).map_err(|error| unwritten(&what, &error))?;
        Ok(summary)
    });
    let _ = fs::remove_dir_all(&workshop);
    drop(lock);
    let summary = moved?;
    place.note(Action::Restored, &moment::for_programs(summary.created_at))?;
    output::line(&format!(
        "The system is as it was on {}: {} records, {} rows of the audit.",
        moment::for_people(summary.created_at),
        summary.rows,
        summary.audit_rows
    ))?;
    if is_there {
        output::note(&format!(
            "{}: the database that was there before; delete it when all is well.",
            folder.path(REPLACED_FILE).display()
        ));
    }
    Ok(Exit::Done)
}

fn confirm(folder: &Path) -> Result<bool, Failure> {
    let mut prompt = Prompt::open(false)?;
    let question = format!("Everything that the system in {} knows is replaced.", folder.display());
    prompt.confirm(&question, "replace")
}

/// Keeps servers and other commands out, also where the database itself cannot be opened.
fn lock(what: &str, folder: &DataFolder) -> Result<File, Failure> {
    let path = folder.path(LOCK_FILE);
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(|error| unwritten(what, &error))?;
    file.try_lock().map_err(|_| {
        Failure::refused(what, "a server or another command has the data folder open", "Stop it first.")
    })?;
    Ok(file)
}

fn into_workshop(
    what: &str,
    backup: File,
    workshop: &Path,
    keys: &store::MasterKeys,
) -> Result<BackupSummary, Failure> {
    // What an earlier restore left that was cut off.
    let _ = fs::remove_dir_all(workshop);
    DataFolder::open(workshop).map_err(|error| unwritten(what, &error))?;
    let engine =
        SqliteEngine::open(workshop).map_err(|error| unopened(workshop, &StartError::Store(error)))?;
    let mut meter = Meter::start("Restoring", "records");
    let progress = &mut |done, total| meter.reach(done, Some(total));
    store::restore(&mut BufReader::new(backup), Box::new(engine), keys, progress)
        .map_err(|error| Failure::refused(what, error, "Nothing was changed."))
}

/// Moves the new database to its place. The old one keeps its log beside it under the new name, so that it can still
/// be opened with all that was in it.
fn put_in_place(folder: &DataFolder, workshop: &Path) -> io::Result<()> {
    let database = folder.path(DATABASE_FILE);
    let replaced = folder.path(REPLACED_FILE);
    if database.exists() {
        remove_if_there(&replaced)?;
        // A second name first, so that at no moment there is no database, which would look like a new system.
        fs::hard_link(&database, &replaced)?;
        move_if_there(&with_ending(&database, "-wal"), &with_ending(&replaced, "-wal"))?;
        remove_if_there(&with_ending(&database, "-shm"))?;
        remove_if_there(&folder.path(SUM_FILE))?;
        // They tell of the changes of the old one, which the new one need not have.
        remove_if_there(&folder.path(NOTES_FILE))?;
        // So do the calls that went on.
        remove_if_there(&folder.path(KEPT_FILE))?;
    }
    fs::rename(workshop.join(DATABASE_FILE), &database)?;
    move_if_there(&workshop.join(SUM_FILE), &folder.path(SUM_FILE))?;
    move_if_there(&workshop.join(NOTES_FILE), &folder.path(NOTES_FILE))?;
    File::open(folder.path("."))?.sync_all()
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    remove_if_there(to)?;
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    Failure::refused(what, error, "Make sure that you may write in the data folder and that there is room.")
}
