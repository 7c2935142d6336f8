//! The project's own tasks, so that one command does what a person, and the check on every change, need done.
//!
//! `cargo xtask test` is that command: it installs what is missing, then runs every step and prints a table.
//! Each step can be run by itself. Nothing is skipped silently: a step that did not run counts as failed.

#![expect(clippy::print_stdout, reason = "what this program finds is read on a terminal or in a log")]
#![expect(
    clippy::disallowed_methods,
    reason = "these are tools: they measure time and read cargo's variables"
)]

mod bench;
mod browser;
mod common_passwords;
mod crash;
mod flood;
mod fuzz;
mod instructions;
mod interop;
mod malformed;
mod mutants;
mod program;
mod prompts;
mod setup;
mod steps;
mod walk;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::interop::Registrar;
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Tasks of the Hookswitch project")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what tests and benchmarks need, where it is missing
    Setup,
    /// Everything that must hold: sets up, then runs all steps
    Test {
        /// Run this step alone (with what it needs built, but without setup)
        #[arg(long, value_name = "STEP")]
        only: Option<String>,
        /// Also look for known vulnerabilities; fetches the advisory database
        #[arg(long)]
        advisories: bool,
    },
    /// Real phones against the real program
    Interop {
        #[arg(long, value_enum, default_value_t = Registrar::Hookswitch)]
        against: Registrar,
        /// Passed on to pytest
        #[arg(last = true)]
        pytest: Vec<String>,
    },
    /// Lets strangers' bytes, made up ever more cunningly, loose on every decoder
    Fuzz(fuzz::Plan),
    /// Makes the filter of common and breached passwords again, from lists with one password a line
    CommonPasswords(common_passwords::Plan),
    /// Makes the sound files of everything that is said on the telephone again, in `crates/server/prompts/`
    Prompts,
    /// Malformed requests by the thousand against the real program
    Malformed(malformed::Plan),
    /// Pages in a real browser
    Browser {
        /// Passed on to Playwright
        #[arg(last = true)]
        playwright: Vec<String>,
    },
    /// Takes the pictures of the pages in `docs/screenshots/` again
    Screenshots,
    /// Kills, power losses, flipped bits, guesses, disks and clocks: the long rounds
    Crash {
        /// Passed on (`-- --help` shows what there is)
        #[arg(last = true)]
        rounds: Vec<String>,
    },
    /// A random walk through everything that is decided about sign-ins
    Walk {
        /// How many steps
        #[arg(long, default_value_t = walk::STEPS)]
        steps: u32,
    },
    /// Changes one thing at a time in the code, and sees whether the tests notice
    Mutants {
        #[arg(long, value_enum, default_value_t = mutants::Part::Core)]
        part: mutants::Part,
        /// Passed on to cargo-mutants
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Floods, slow connections, a comeback, timing: what strangers may do to a busy system
    Flood(flood::Choice),
    /// Mixed load for a day, or as long as is said: memory, descriptors, panics
    Soak {
        /// Passed on to the load generator (`-- --seconds 3600`)
        #[arg(last = true)]
        plan: Vec<String>,
    },
    /// Measures against a tuned peer and prints ratios
    Bench {
        #[command(subcommand)]
        figure: bench::Figure,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match task {
        Task::Setup => setup::all(&workspace),
        Task::Test { only, advisories } => steps::run(&workspace, only.as_deref(), advisories),
        Task::Interop { against, pytest } => {
            setup::all(&workspace)?;
            interop::run(&workspace, against, &pytest)
        }
        Task::Fuzz(plan) => {
            setup::fuzz()?;
            fuzz::run(&workspace, &plan)
        }
        Task::CommonPasswords(plan) => common_passwords::run(&workspace, &plan),
        Task::Prompts => {
            setup::speech()?;
            prompts::run(&workspace)
        }
        Task::Malformed(plan) => {
            setup::all(&workspace)?;
            malformed::run(&workspace, &plan)
        }
        Task::Browser { playwright } => {
            setup::all(&workspace)?;
            browser::run(&workspace, &playwright)
        }
        Task::Screenshots => {
            setup::all(&workspace)?;
            browser::take_screenshots(&workspace)
        }
        Task::Crash { rounds } => {
            setup::all(&workspace)?;
            crash::run(&workspace, &rounds)
        }
        Task::Walk { steps } => walk::run(&workspace, steps),
        Task::Mutants { part, more } => mutants::run(&workspace, part, &more),
        Task::Flood(choice) => flood::run(&workspace, &choice),
        Task::Soak { plan } => flood::soak(&workspace, &plan),
        Task::Bench { figure } => {
            setup::all(&workspace)?;
            bench::run(&workspace, &figure)
        }
    }
}
