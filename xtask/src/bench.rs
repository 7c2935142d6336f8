//! Benchmarks (`bench/`): the server as it is delivered, before a load generator whose hot parts alone are compiled fast.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::flood;
use crate::instructions;
use crate::program::Program;
use crate::workspace::Workspace;

#[derive(Subcommand)]
pub(crate) enum Figure {
    /// SIP registrations over UDP, beside a tuned Kamailio and an echo
    Register {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
    /// Calls through the proxy over UDP, beside a tuned Kamailio and an echo
    Calls {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
    /// Many who speak into mailboxes at once: packets that are lost, and what a stream costs
    Recordings {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
    /// Registrations counted until the bindings are on disk, beside Kamailio with SQLite
    Durable,
    /// A start with a million people and phones: seconds and memory
    Ready,
    /// Instructions that a registration takes, without the sockets
    Work {
        /// Keep what was counted as what has been reached
        #[arg(long)]
        write: bool,
    },
    /// A web login beside the hash that it must pay
    Login {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
    /// The lists of the pages with a hundred thousand people in them, beside SQLite
    Lists {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
}

/// Prints one `name value` line per figure.
pub(crate) fn run(workspace: &Workspace, figure: &Figure) -> anyhow::Result<()> {
    match figure {
        Figure::Work { write } => instructions::run(workspace, *write),
        Figure::Register { plan } => against(workspace, "register", &released(workspace)?, plan),
        Figure::Calls { plan } => against(workspace, "calls", &released(workspace)?, plan),
        Figure::Recordings { plan } => against(workspace, "recordings", &released(workspace)?, plan),
        Figure::Durable => against(workspace, "durable", &released(workspace)?, &[]),
        Figure::Ready => against(workspace, "ready", &released(workspace)?, &[]),
        Figure::Login { plan } => alone(workspace, "login", plan),
        Figure::Lists { plan } => alone(workspace, "lists", plan),
    }
}

fn released(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    workspace.cargo().args(["build", "--locked", "--release", "--package", "server"]).run()?;
    Ok(workspace.built("release", "hookswitch"))
}

/// A second of it, to see that every answer is right; how fast says nothing here.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<()> {
    let binary = workspace.build_product()?;
    let plan = ["--rounds", "1", "--seconds", "0.5", "--phones", "2048", "--pace", "100"];
    against(workspace, "register", &binary, &plan.map(String::from))?;
    let plan = ["--rounds", "1", "--seconds", "0.5", "--pairs", "600", "--in-flight", "16", "--linger", "1"];
    against(workspace, "calls", &binary, &plan.map(String::from))?;
    let plan = ["--streams", "10", "--seconds", "2"];
    against(workspace, "recordings", &binary, &plan.map(String::from))?;
    let plan = ["--untimed", "--users", "500", "--locks", "5", "--rounds", "1"];
    against(workspace, "lists", &binary, &plan.map(String::from))
}

/// The product as it is delivered, without a peer.
fn alone(workspace: &Workspace, what: &str, plan: &[String]) -> anyhow::Result<()> {
    let (product, bench) = flood::build_release(workspace)?;
    flood::start(&bench, what, &product, plan.iter().map(String::as_str))
}

fn against(workspace: &Workspace, what: &str, product: &Path, plan: &[String]) -> anyhow::Result<()> {
    workspace.build_product()?;
    Program::new(workspace.built("debug", "bench"))
        .args([what, "--hookswitch"])
        .args([product])
        .args(plan)
        .run()
}
