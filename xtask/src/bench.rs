//! Benchmarks (`bench/`): the server as it is delivered, before a load generator whose hot parts alone are compiled fast.

use clap::Subcommand;

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
}

/// Prints one `name value` line per figure.
pub(crate) fn run(workspace: &Workspace, figure: &Figure) -> anyhow::Result<()> {
    match figure {
        Figure::Register { plan } => {
            workspace.cargo().args(["build", "--package", "bench"]).run()?;
            Program::new(workspace.built("debug", "bench")).args(["register"]).args(plan).run()
        }
    }
}
