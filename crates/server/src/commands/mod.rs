//! The `hookswitch` command: what an operator does on the machine itself. One file for each subcommand.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    config::{ConfigError, Loaded},
    serve,
    system::StartError,
};

/// The exit code where the operator has something to mend.
const OPERATORS: u8 = 2;

/// The sign-in system of a phone system.
#[derive(Debug, Parser)]
#[command(name = "hookswitch", version, about, max_term_width = 100)]
struct Cli {
    /// The configuration file; else the one that HOOKSWITCH_CONFIG names, else ./hookswitch.toml where there is
    /// one, else the defaults
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to do; without it: serve
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the system and serve until told to stop
    Serve,
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => Loaded::find(cli.config.as_deref())
            .map_err(anyhow::Error::from)
            .and_then(|loaded| serve::run(loaded, |text| drop(writeln!(io::stdout().lock(), "{text}")))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr().lock(), "hookswitch: {error:#}"));
            let is_operators = error.is::<ConfigError>() || error.is::<StartError>();
            if is_operators { OPERATORS.into() } else { ExitCode::FAILURE }
        }
    }
}
