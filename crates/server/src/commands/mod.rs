//! The `hookswitch` command: what an operator does on the machine itself. One file for each subcommand.
//!
//! `serve` is the server. Every other command talks to the running server over the local socket, or, when none runs,
//! opens the data folder and holds the same conversation within its own process ([`Place`]).

pub mod audit;
pub mod backup;
pub mod cell;
pub mod check_config;
pub mod columns;
pub mod conversation;
pub mod demo;
pub mod export;
pub mod extension;
pub mod failure;
pub mod ignite;
pub mod import;
pub mod lockout;
pub mod meter;
pub mod offline;
pub mod output;
pub mod place;
pub mod prompt;
pub mod recover;
pub mod reference;
pub mod reload;
pub mod reseal;
pub mod restore;
pub mod secret;
pub mod session;
pub mod status;
pub mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use self::failure::{Exit, Failure, Outcome};
pub use self::place::Place;
use crate::{serve, system::StartError};

/// The sign-in system of a phone system.
///
/// Every command but `serve` and `demo` works on the running server, or on the data folder when none runs. It ends
/// with 0 when all is done, 1 when something was refused or done in part or could not be started, 2 when it was asked
/// wrongly or the configuration has a mistake.
#[derive(Debug, Parser)]
#[command(name = "hookswitch", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration file; else the one that HOOKSWITCH_CONFIG names, else ./hookswitch.toml where there is
    /// one, else the defaults
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder, instead of the one that the configuration names
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// What to do; without it: serve
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Start the system and serve until told to stop
    Serve,
    /// Start a sample office in a folder of its own, with simulated people and phones: for a first look
    Demo(demo::DemoArgs),
    /// Say whether the configuration is right, without starting anything
    CheckConfig,
    #[command(flatten)]
    System(SystemCommand),
    /// Take everything back out of a backup; no server may run
    Restore(restore::RestoreArgs),
    /// Edit an exported draft on a machine without the system, in the browser
    Offline(offline::OfflineArgs),
    /// Make a new master key and seal every credential under it; no server may run
    Reseal,
}

/// What to do with a system, running or not.
#[derive(Debug, Subcommand)]
enum SystemCommand {
    /// Set the first passwords of a new system
    Ignite(ignite::IgniteArgs),
    /// Short figures, health, addresses; ends with 0 only when a server runs and is ready
    Status {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Make the running server read its configuration again
    Reload,
    /// The people who have phones
    #[command(subcommand)]
    User(user::UserCommand),
    /// The numbers on phone lines, and the phones there
    #[command(subcommand)]
    Extension(extension::ExtensionCommand),
    /// Blacklisted extensions and addresses, locked accounts
    #[command(subcommand)]
    Lockout(lockout::LockoutCommand),
    /// Signed-in browsers and programs
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Make users, or bring them to the state of a CSV file
    Import(import::ImportArgs),
    /// Write users, extensions or the audit; never a secret
    Export(export::ExportArgs),
    /// Write everything into one file, but the master key
    Backup(backup::BackupArgs),
    /// Open a built-in account again, with a new password; nothing is lost
    Recover(recover::RecoverArgs),
    /// Whether the audit is as it was written, and its latest rows
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, Args)]
pub struct Format {
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let Cli { config, data, command } = Cli::parse();
    let mut place = Place::new(config, data);
    let outcome = match command {
        None | Some(Command::Serve) => run_serve(&place),
        Some(Command::Demo(args)) => demo::run(args, &place),
        Some(Command::CheckConfig) => check_config::run(&place),
        Some(Command::Restore(args)) => restore::run(&args, &mut place),
        Some(Command::Offline(args)) => offline::run(&args),
        Some(Command::Reseal) => reseal::run(&mut place),
        Some(Command::System(command)) => run_conversing(command, &mut place),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.what.is_empty() {
                output::note(&failure.to_string());
            }
            failure.exit.into()
        }
    }
}

fn run_serve(place: &Place) -> Outcome {
    let loaded = place.configuration()?;
    let say = |text: &str| {
        // Whoever started the program may be gone; the server is not.
        let _ = output::raw(text);
    };
    serve::run(loaded, say).map(|()| Exit::Done).map_err(|error| {
        // What the machine or another program is in the way of may be there when it is tried again.
        let is_mistake = matches!(error.downcast_ref(), Some(StartError::Config(_)));
        let exit = if is_mistake { Exit::Usage } else { Exit::Refused };
        Failure { exit, ..Failure::refused("serve", format!("{error:#}"), "") }
    })
}

fn run_conversing(command: SystemCommand, place: &mut Place) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::refused("start", error, ""))?;
    let outcome = runtime.block_on(converse(command, place));
    // Whoever answers within this process holds on to the data folder until the runtime is gone.
    drop(runtime);
    let closed = place.close();
    let exit = outcome?;
    closed.map(|()| exit)
}

async fn converse(command: SystemCommand, place: &Place) -> Outcome {
    match command {
        SystemCommand::Ignite(args) => ignite::run(args, place).await,
        SystemCommand::Status { format } => status::run(format, place).await,
        SystemCommand::Reload => reload::run(place).await,
        SystemCommand::User(command) => user::run(command, place).await,
        SystemCommand::Extension(command) => extension::run(command, place).await,
        SystemCommand::Lockout(command) => lockout::run(command, place).await,
        SystemCommand::Session(command) => session::run(command, place).await,
        SystemCommand::Import(args) => import::run(args, place).await,
        SystemCommand::Export(args) => export::run(args, place).await,
        SystemCommand::Backup(args) => backup::run(args, place).await,
        SystemCommand::Recover(args) => recover::run(args, place).await,
        SystemCommand::Audit(command) => audit::run(command, place).await,
    }
}
