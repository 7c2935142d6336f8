//! What breaks, broken on purpose, and often: kills, power losses, flipped bits, full and failing disks, clocks that jump,
//! and guesses by somebody who may kill the program.
//!
//! Started by `cargo xtask crash`. It prints one `name value` line per figure and fails where a bar is missed;
//! everything else goes to standard error. What the figures mean is in docs/reliability.md.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "it measures, and waits for other processes")]

mod chance;
mod clocks;
mod disk;
mod faults;
mod figures;
mod flips;
mod guesses;
mod kills;
mod office;
mod phone;
mod power;
mod program;
mod trace;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::figures::Figures;

#[derive(Parser)]
#[command(name = "crash", about = "Breaks Hookswitch in every way there is, and looks at what is left")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// All rounds
    Rounds(Rounds),
    /// Works in an office until it is cut off (started by the rounds)
    #[command(hide = true)]
    Office(office::Work),
}

/// How many of each; 0 leaves a round out.
#[derive(clap::Args)]
struct Rounds {
    /// The program
    #[arg(long)]
    hookswitch: PathBuf,
    /// Ends without warning under a stream of changes
    #[arg(long, default_value_t = 1000)]
    kills: u64,
    /// Simulated power losses
    #[arg(long, default_value_t = 10_000)]
    power_losses: u64,
    /// Flipped bits
    #[arg(long, default_value_t = 1000)]
    bit_flips: u64,
    /// Ends without warning by somebody who guesses codes; a quarter as many more at any moment
    #[arg(long, default_value_t = 200)]
    guess_kills: u64,
    /// A full disk and a failing one, so many times
    #[arg(long, default_value_t = 3)]
    disk_faults: u64,
    /// Jumps of the clock: a year, a day, an hour, backwards and forwards
    #[arg(long, default_value_t = 6)]
    clock_jumps: usize,
    /// What chance begins with
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Rounds(rounds) => run(&rounds),
        What::Office(work) => office::work(&work),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(rounds: &Rounds) -> anyhow::Result<()> {
    let mut figures = Figures::default();
    if rounds.power_losses > 0 {
        power::run(rounds.power_losses, rounds.seed, &mut figures)?;
    }
    if rounds.bit_flips > 0 {
        flips::run(rounds.bit_flips, rounds.seed, &mut figures)?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        if rounds.kills > 0 {
            kills::run(rounds.kills, rounds.seed, &rounds.hookswitch, &mut figures).await?;
        }
        if rounds.guess_kills > 0 {
            guesses::run(rounds.guess_kills, rounds.seed, &rounds.hookswitch, &mut figures).await?;
        }
        for _ in 0..rounds.disk_faults {
            faults::run(&rounds.hookswitch, &mut figures).await?;
        }
        if rounds.clock_jumps > 0 {
            clocks::run(rounds.clock_jumps, &rounds.hookswitch, &mut figures).await?;
        }
        anyhow::Ok(())
    })?;
    figures.conclude()
}
