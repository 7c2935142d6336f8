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
mod durable;
mod echo;
mod figures;
mod load;
mod phone;
mod process;
mod ready;
mod register;
mod server;
mod shape;
mod socket;
mod work;

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
    /// Registrations counted until they are on disk
    Durable(durable::Plan),
    /// A start with very many people
    Ready(ready::Plan),
    /// What a registration costs without the sockets
    Work(work::Plan),
    /// Sends every datagram back (the physical limit; started by `register`)
    #[command(hide = true)]
    Echo,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Register(plan) => register::run(&plan),
        What::Durable(plan) => durable::run(&plan),
        What::Ready(plan) => ready::run(&plan),
        What::Work(plan) => work::run(&plan),
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
