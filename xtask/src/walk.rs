//! The random walk through everything that `signin` decides, as long as it is asked to be.

use crate::workspace::Workspace;

/// Steps that show something: what a system decides in a year or two.
pub(crate) const STEPS: u32 = 1_000_000;

/// Fails when one step opens what should be closed. Prints what the walk met, a `name value` line each.
pub(crate) fn run(workspace: &Workspace, steps: u32) -> anyhow::Result<()> {
    workspace
        .cargo()
        .args(["test", "--locked", "--package", "signin", "--test", "signin", "walk", "--", "--nocapture"])
        .env("WALK_STEPS", steps.to_string())
        .run()
}
