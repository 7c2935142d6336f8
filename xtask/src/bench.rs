//! Benchmarks (`bench/`): the server as it is delivered, before a load generator whose hot parts alone are compiled fast.

use std::path::Path;

use clap::Subcommand;

use crate::flood;
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
    /// A web login beside the hash that it must pay
    Login {
        /// Passed on to the load generator (`-- --help` shows what there is)
        #[arg(last = true)]
        plan: Vec<String>,
    },
}

/// Prints one `name value` line per figure.
pub(crate) fn run(workspace: &Workspace, figure: &Figure) -> anyhow::Result<()> {
    match figure {
        Figure::Register { plan } => {
            workspace.cargo().args(["build", "--locked", "--release", "--package", "server"]).run()?;
            register(workspace, &workspace.built("release", "hookswitch"), plan)
        }
        Figure::Login { plan } => {
            let (product, bench) = flood::build_release(workspace)?;
            flood::start(&bench, "login", &product, plan.iter().map(String::as_str))
        }
    }
}

/// A second of it, to see that every answer is right; how fast says nothing here.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<()> {
    let binary = workspace.build_product()?;
    let plan = ["--rounds", "1", "--seconds", "0.5", "--phones", "2048", "--pace", "100"];
    register(workspace, &binary, &plan.map(String::from))
}

fn register(workspace: &Workspace, product: &Path, plan: &[String]) -> anyhow::Result<()> {
    workspace.cargo().args(["build", "--locked", "--package", "bench"]).run()?;
    Program::new(workspace.built("debug", "bench"))
        .args(["register", "--hookswitch"])
        .args([product])
        .args(plan)
        .run()
}
