//! What breaks, broken on purpose (`crash/`): kills, power losses, flipped bits, guesses, disks and clocks.

use crate::program::Program;
use crate::workspace::Workspace;

/// All rounds, as many of each as the defaults say or `rounds` wants. Prints one `name value` line per figure.
pub(crate) fn run(workspace: &Workspace, rounds: &[String]) -> anyhow::Result<()> {
    // As it is while one works on it: slower than what is delivered, so that what is quick enough here is so there.
    let product = workspace.build_product()?;
    Program::new(workspace.built("debug", "crash"))
        .args(["rounds", "--hookswitch"])
        .args([product])
        .args(rounds)
        .run()
}

/// A minute of it. The seed is one with which syncs fail from the beginning of the first power loss round.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<()> {
    let rounds = [
        ["--kills", "50"],
        ["--power-losses", "250"],
        ["--seed", "17"],
        ["--bit-flips", "200"],
        ["--guess-kills", "12"],
        ["--disk-faults", "1"],
        ["--clock-jumps", "1"],
    ];
    run(workspace, &rounds.as_flattened().iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}
