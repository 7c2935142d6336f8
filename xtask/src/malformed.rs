//! Malformed requests by the thousand against the real program (`interop/test_malformed.py`), with the figures printed.

use crate::interop::{self, Registrar};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Plan {
    /// How often all cases are made, each time with other ones that chance chooses
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Which ones chance chooses first
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// A long round; `cargo xtask test` has a short one among the tests of interoperability.
pub(crate) fn run(workspace: &Workspace, plan: &Plan) -> anyhow::Result<()> {
    let Plan { rounds, seed } = plan;
    let pytest =
        ["test_malformed.py".into(), "-rP".into(), format!("--rounds={rounds}"), format!("--seed={seed}")];
    interop::run(workspace, Registrar::Hookswitch, &pytest)
}
