//! `hookswitch backup`: everything in one file, but the master key.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use data_encoding::BASE64;

use super::{
    Place,
    conversation::Conversation,
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output,
};
use crate::local::protocol::{Part, Request};

/// Where to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to be made
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    replace: bool,
}

/// Carries out the command.
///
/// # Errors
/// Refused, no system is there, or the file cannot be written.
pub async fn run(args: BackupArgs, place: &Place) -> Outcome {
    let what = format!("back up to {}", args.file.display());
    if args.file.exists() && !args.replace {
        return Err(Failure::usage(what, "the file exists", "Choose another name, or add --replace."));
    }
    let mut system = place.conversation().await?;
    // Whole or not at all: the file gets its name when everything is on the disk.
    let mut partial = args.file.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = write(&what, &mut system, &partial).await;
    let bytes = match written {
        Ok(bytes) => bytes,
        Err(failure) => {
            let _ = fs::remove_file(&partial);
            return Err(failure);
        }
    };
    fs::rename(&partial, &args.file).map_err(|error| unwritten(&what, &error))?;
    output::line(&format!("{} is written: {bytes} bytes.", args.file.display()))?;
    output::note(
        "It opens with the master key alone, which is not in it: keep a copy of the key apart from it.",
    );
    Ok(Exit::Done)
}

async fn write(what: &str, system: &mut Conversation, path: &Path) -> Result<u64, Failure> {
    let _ = fs::remove_file(path);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| unwritten(what, &error))?;
    let mut meter = Meter::start("Backing up", "records");
    let (mut bytes, mut trouble) = (0, None);
    let take = |part| {
        if let Part::Progress { done, total } = part {
            meter.reach(done, total);
        } else if let Part::Piece(piece) = part
            && trouble.is_none()
        {
            match append(&mut file, &piece) {
                Ok(count) => bytes += count,
                Err(error) => trouble = Some(error),
            }
        }
    };
    system.ask_for(what, &Request::Backup, take).await?;
    meter.end();
    match trouble {
        Some(error) => Err(unwritten(what, &error)),
        None => file.sync_all().map(|()| bytes).map_err(|error| unwritten(what, &error)),
    }
}

fn append(file: &mut File, piece: &str) -> io::Result<u64> {
    let bytes = BASE64
        .decode(piece.as_bytes())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    file.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    Failure::refused(what, error, "Choose a place with enough room that you may write to.")
}
