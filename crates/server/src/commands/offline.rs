//! `hookswitch offline`: edits the file of a draft on a machine without the system, with the pages of the web manager.

use std::{
    fs::File,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use signin::dice::roll;
use store::{DRAFT_FILE_MAX, DraftFile};
use tokio::signal::unix::{SignalKind, signal};

use super::{
    failure::{Exit, Failure, Outcome},
    output,
    prompt::Prompt,
};
use crate::{core_dump, data_folder::DataFolder, dice::OsDice, editor::RunningEditor};

/// Which file.
#[derive(Debug, Args)]
pub struct OfflineArgs {
    /// A file that the draft's page exported
    file: PathBuf,
    /// The port for the browser; without it, one that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Read the passphrase from standard input
    #[arg(long)]
    stdin: bool,
}

/// Carries out the command: until it is told to stop.
///
/// # Errors
/// There is no such file, it is no draft, the passphrase is another, or the pages cannot be served.
pub fn run(args: &OfflineArgs) -> Outcome {
    core_dump::forbid();
    let what = format!("edit {}", args.file.display());
    let unread =
        |error: std::io::Error| Failure::usage(&what, error, "Name a file that the draft's page exported.");
    let mut bytes = Vec::new();
    let most = u64::try_from(DRAFT_FILE_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(&args.file).map_err(unread)?.take(most).read_to_end(&mut bytes).map_err(unread)?;
    let unusable = |error| Failure::refused(&what, error, "");
    DraftFile::glance(&bytes).map_err(unusable)?;
    let passphrase = Prompt::open(args.stdin)?.ask_secret("Passphrase of the file")?;
    let (file, keys) = DraftFile::read(&bytes, &passphrase).map_err(unusable)?;
    drop((bytes, passphrase));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::refused(&what, error, ""))?;
    let name = data_encoding::HEXLOWER.encode(&roll::<8>(&mut OsDice));
    let workshop = std::env::temp_dir().join(format!("hookswitch-offline-{name}"));
    DataFolder::open(&workshop).map_err(|error| Failure::refused(&what, error, ""))?;
    let done = runtime.block_on(serve(args, &what, file, keys, &workshop));
    drop(runtime);
    // Only a certificate was in it.
    drop(std::fs::remove_dir_all(&workshop));
    done
}

async fn serve(
    args: &OfflineArgs,
    what: &str,
    file: DraftFile,
    keys: store::Passphrase,
    workshop: &std::path::Path,
) -> Outcome {
    let failed = |error: std::io::Error| Failure::refused(what, error, "");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let editor = RunningEditor::start(&args.file, file, keys, listen, workshop).await;
    let editor = editor.map_err(|error| Failure::refused(what, error, ""))?;
    output::line("Open this address in a browser on this machine. It is good once:")?;
    output::line(&format!("  {}", editor.address))?;
    output::line(&format!("The browser warns once; the certificate's SHA-256 is {}", editor.fingerprint()))?;
    output::line("Each change is in the file at once. End with Ctrl-C.")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    editor.stop().await;
    Ok(Exit::Done)
}
