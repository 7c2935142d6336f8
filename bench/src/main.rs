//! Load generators and what they measure: how much processor time Hookswitch spends on a unit of work, beside a tuned peer.
//!
//! Started by `cargo xtask bench`. It prints one `name value` line per figure; everything else goes to standard error.
//! What the figures mean, and how far they can be trusted, is in `README.md`.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, waits, and fetches its own nonce counts"
)]

mod digest;
mod echo;
mod figures;
mod load;
mod phone;
mod process;
mod register;
mod server;
mod shape;
mod socket;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures Hookswitch beside its peers")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// SIP registrations over UDP
    Register(register::Plan),
    /// Sends every datagram back (the physical limit; started by `register`)
    #[command(hide = true)]
    Echo,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Register(plan) => register::run(&plan),
        What::Echo => echo::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
