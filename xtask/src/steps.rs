//! The steps of `cargo xtask test`, and the table at its end.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::bench;
use crate::browser;
use crate::crash;
use crate::flood;
use crate::fuzz;
use crate::instructions;
use crate::interop::{self, Registrar};
use crate::program::Program;
use crate::setup;
use crate::workspace::Workspace;

struct Step {
    name: &'static str,
    /// Steps without which this one means nothing.
    needs: &'static [&'static str],
    work: fn(&Workspace, bool) -> anyhow::Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "setup", needs: &[], work: |workspace, _| setup::all(workspace) },
    Step {
        name: "format",
        needs: &[],
        work: |workspace, _| workspace.cargo().args(["fmt", "--all", "--check"]).run(),
    },
    Step { name: "deny", needs: &["setup"], work: deny },
    Step { name: "tests", needs: &[], work: |workspace, _| run_tests(workspace) },
    Step {
        name: "interop",
        needs: &["setup"],
        work: |workspace, _| {
            interop::run(workspace, Registrar::Hookswitch, &interop::BESIDE.map(String::from))
        },
    },
    Step { name: "crash", needs: &["setup"], work: |workspace, _| crash::smoke(workspace) },
    Step { name: "bench", needs: &["setup"], work: |workspace, _| bench::smoke(workspace) },
    Step { name: "flood", needs: &["setup"], work: |workspace, _| flood::smoke(workspace) },
    Step { name: "clippy", needs: &[], work: |workspace, _| clippy(workspace).run() },
    Step { name: "coverage", needs: &["setup", "tests"], work: |workspace, _| coverage(workspace).run() },
    Step { name: "browser", needs: &["setup"], work: |workspace, _| browser::run(workspace, &[]) },
    Step { name: "fuzz", needs: &["setup"], work: |workspace, _| fuzz::smoke(workspace) },
    Step {
        name: "instructions",
        needs: &["setup"],
        work: |workspace, _| instructions::run(workspace, false),
    },
];

/// From this step on, phones are waited for more than the machine: what later steps need is built meanwhile.
const SPARE_TIME: &str = "interop";

enum Outcome {
    Passed,
    Failed(String),
    NotRun(&'static str),
}

/// Runs all steps, or the one of this name; an error if any of them did not pass.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>, advisories: bool) -> anyhow::Result<()> {
    let chosen: Vec<&Step> = STEPS.iter().filter(|step| only.is_none_or(|name| name == step.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("no such step; there are: {}", names.join(", "));
    }
    let started = Instant::now();
    let mut done: Vec<(&Step, Outcome, Duration)> = Vec::new();
    let is_whole = only.is_none();
    let mut ahead = Vec::new();
    if is_whole {
        // Setting up waits for the network.
        ahead.push(build_idly(vec![tests(workspace).args(["--no-run"])]));
    }
    for step in chosen {
        if is_whole && step.name == SPARE_TIME {
            ahead.push(build_idly(later_builds(workspace)));
        }
        println!("\n── {} ──", step.name);
        let missing = |need: &&'static str| {
            done.iter()
                .any(|(earlier, outcome, _)| earlier.name == *need && !matches!(outcome, Outcome::Passed))
        };
        let began = Instant::now();
        let outcome = match step.needs.iter().copied().find(missing) {
            Some(need) => Outcome::NotRun(need),
            None => match (step.work)(workspace, advisories) {
                Ok(()) => Outcome::Passed,
                Err(problem) => Outcome::Failed(format!("{problem:#}")),
            },
        };
        let took = began.elapsed();
        println!("── {}: {} ({:.1} s) ──", step.name, outcome.word(), took.as_secs_f64());
        done.push((step, outcome, took));
    }
    ahead.into_iter().for_each(|builds| drop(builds.join()));
    print_table(&done, started.elapsed());
    let wanting = done.iter().filter(|(_, outcome, _)| !matches!(outcome, Outcome::Passed)).count();
    if wanting > 0 {
        bail!("{wanting} of {} steps did not pass", done.len());
    }
    Ok(())
}

/// What takes long to build for later steps.
fn later_builds(workspace: &Workspace) -> Vec<Program> {
    let fuzz = fuzz::build(workspace).ok().map(|(build, _)| build);
    let builds = [clippy(workspace), coverage(workspace).args(["--no-run"])];
    builds.into_iter().chain(fuzz).collect()
}

/// Builds one after the other while nobody else wants the machine. What goes wrong there is told by the step, which builds what is
/// still missing.
fn build_idly(builds: Vec<Program>) -> JoinHandle<()> {
    thread::spawn(|| builds.into_iter().map(Program::idly).for_each(|build| drop(build.ask())))
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "FAILED",
            Self::NotRun(_) => "NOT RUN",
        }
    }
}

fn print_table(done: &[(&Step, Outcome, Duration)], total: Duration) {
    println!();
    for (step, outcome, took) in done {
        let why = match outcome {
            Outcome::Passed => String::new(),
            Outcome::Failed(problem) => format!("  {problem}"),
            Outcome::NotRun(need) => format!("  needs {need}"),
        };
        println!("{:<20} {:>7.1} s  {}{why}", step.name, took.as_secs_f64(), outcome.word());
    }
    println!("{:<20} {:>7.1} s", "all", total.as_secs_f64());
}

fn clippy(workspace: &Workspace) -> Program {
    workspace.cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn deny(workspace: &Workspace, advisories: bool) -> anyhow::Result<()> {
    // It reads the packages of every platform, and builds have fetched those of this one alone.
    workspace.cargo().args(["fetch", "--quiet", "--locked"]).run()?;
    let deny = Program::new(workspace.tools().join("bin/cargo-deny")).dir(workspace.root());
    if advisories {
        deny.args(["--workspace", "check", "advisories", "bans", "licenses", "sources"]).run()
    } else {
        deny.args(["--workspace", "--offline", "check", "bans", "licenses", "sources"]).run()
    }
}

fn tests(workspace: &Workspace) -> Program {
    workspace.cargo().args(["test", "--locked", "--workspace", "--no-fail-fast"])
}

fn run_tests(workspace: &Workspace) -> anyhow::Result<()> {
    // Half of them wait for phones and clocks most of the time.
    let threads = 2 * thread::available_parallelism()?.get();
    tests(workspace).env("RUST_TEST_THREADS", threads.to_string()).run()
}

/// Lines of `signin`, where everything is decided, that its own tests run through.
fn coverage(workspace: &Workspace) -> Program {
    Program::new(workspace.tools().join("bin/cargo-tarpaulin"))
        .dir(workspace.root())
        // The tests hash passwords, which takes a while when every branch is counted: ten minutes, not one, for one program.
        .args([
            "tarpaulin",
            "--locked",
            "--engine",
            "llvm",
            "--skip-clean",
            "--timeout",
            "600",
            "--package",
            "signin",
        ])
        .args(["--include-files", "crates/signin/src/*", "--fail-under", "95", "--target-dir"])
        // Of its own: other flags would have everything else built anew.
        .args([workspace.built("coverage", "")])
}
