//! Load generators and what they measure: how much processor time Hookswitch spends on a unit of work, beside a tuned peer.
//!
//! Started by `cargo xtask bench`. It prints one `name value` line per figure; everything else goes to standard error.
//! What the figures mean, and how far they can be trusted, is in `README.md`.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, waits, and fetches its own nonce counts"
)]

mod calls;
mod comeback;
mod connections;
mod digest;
mod durable;
mod echo;
mod enumeration;
mod figures;
mod fleet;
mod flood;
mod guess;
mod lists;
mod load;
mod login;
mod phone;
mod process;
mod product;
mod ready;
mod recordings;
mod register;
mod server;
mod shape;
mod soak;
mod socket;
mod source;
mod web;
mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures Hookswitch, alone and beside its peers")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// SIP registrations over UDP
    Register(register::Plan),
    /// Calls through the proxy over UDP
    Calls(calls::Plan),
    /// Many who speak into mailboxes at once
    Recordings(recordings::Plan),
    /// Registrations counted until they are on disk
    Durable(durable::Plan),
    /// A start with very many people
    Ready(ready::Plan),
    /// What a registration costs without the sockets
    Work(work::Plan),
    /// A web login beside the hash that it must pay
    Login(login::Plan),
    /// The lists of the pages with very many people in them
    Lists(lists::Plan),
    /// Thousands of slow connections, while good ones must not notice
    Connections(connections::Plan),
    /// All phones at once after a power cut
    Comeback(comeback::Plan),
    /// Whether a stranger learns which names there are
    Enumeration(enumeration::Plan),
    /// Wrong REGISTERs and wrong web logins, while good ones must not notice
    Flood(flood::Plan),
    /// Mixed load for a long time: memory, descriptors, panics
    Soak(soak::Plan),
    /// Sends every datagram back (the physical limit; started by `register`)
    #[command(hide = true)]
    Echo,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Register(plan) => register::run(&plan),
        What::Calls(plan) => calls::run(&plan),
        What::Recordings(plan) => recordings::run(&plan),
        What::Durable(plan) => durable::run(&plan),
        What::Ready(plan) => ready::run(&plan),
        What::Work(plan) => work::run(&plan),
        What::Login(plan) => login::run(&plan),
        What::Lists(plan) => lists::run(&plan),
        What::Connections(plan) => connections::run(&plan),
        What::Comeback(plan) => comeback::run(&plan),
        What::Enumeration(plan) => enumeration::run(&plan),
        What::Flood(plan) => flood::run(&plan),
        What::Soak(plan) => soak::run(&plan),
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
