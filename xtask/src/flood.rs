//! What strangers may do to a busy system (`bench/`): each kind holds the product against its bars, prints `name value`
//! lines, and fails when a bar is missed. A short round of each is a step of `cargo xtask test`.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::program::Program;
use crate::workspace::Workspace;

#[derive(Args)]
pub(crate) struct Choice {
    /// One kind; else all of them, one after the other
    #[arg(value_enum)]
    kind: Option<Kind>,
    /// Passed on to the load generator, for one kind (`-- --help` shows what there is)
    #[arg(last = true, requires = "kind")]
    plan: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Wrong REGISTERs and wrong web logins while good ones must not notice; 15 minutes
    Guesses,
    /// Thousands of connections on which nothing comes, or a byte a second; 5 minutes
    Connections,
    /// A hundred thousand phones at once after a power cut; half a minute
    Comeback,
    /// Whether words or time tell a stranger which names there are; 12 minutes
    Enumeration,
}

/// Each kind, and its short round with a program built for debugging: what is said and that nobody fails, not how fast.
const KINDS: [(Kind, &str, &[&str]); 4] = [
    (
        Kind::Guesses,
        "flood",
        &[
            "--untimed",
            "--seconds=5",
            "--each-seconds=2",
            "--phones=200",
            "--refresh-seconds=4",
            "--wrong=300",
            "--sources=100",
            "--logins=60",
        ],
    ),
    (
        Kind::Connections,
        "connections",
        &["--untimed", "--idle=900", "--slow=100", "--sources=10", "--sign-ins=20"],
    ),
    (Kind::Comeback, "comeback", &["--phones=2000"]),
    (Kind::Enumeration, "enumeration", &["--untimed", "--registers=60", "--logins=8"]),
];

/// One kind, or all.
pub(crate) fn run(workspace: &Workspace, choice: &Choice) -> anyhow::Result<()> {
    let (product, bench) = build_release(workspace)?;
    for (kind, command, _) in &KINDS {
        if choice.kind.is_none_or(|chosen| chosen as usize == *kind as usize) {
            start(&bench, command, &product, choice.plan.iter().map(String::as_str))?;
        }
    }
    Ok(())
}

/// Mixed load for as long as the plan says; a day without one.
pub(crate) fn soak(workspace: &Workspace, plan: &[String]) -> anyhow::Result<()> {
    let (product, bench) = build_release(workspace)?;
    start(&bench, "soak", &product, plan.iter().map(String::as_str))
}

/// A short round of each, with the programs as they are while one works on them.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<()> {
    let product = workspace.build_product()?;
    let bench = workspace.built("debug", "bench");
    for (_, command, plan) in KINDS {
        start(&bench, command, &product, plan.iter().copied())?;
    }
    let soak = ["--seconds=5", "--phones=200", "--refresh-seconds=2", "--wrong=50", "--logins=5"];
    start(&bench, "soak", &product, soak.into_iter())?;
    start(&bench, "login", &product, ["--untimed", "--rounds=1", "--warm-logins=5", "--logins=5"].into_iter())
}

/// The product as it is delivered, and the load generator built like it: the hash that it measures is the same code.
pub(crate) fn build_release(
    workspace: &Workspace,
) -> anyhow::Result<(std::path::PathBuf, std::path::PathBuf)> {
    let packages = ["--package", "server", "--package", "bench"];
    workspace.cargo().args(["build", "--locked", "--release"]).args(packages).run()?;
    Ok((workspace.built("release", "hookswitch"), workspace.built("release", "bench")))
}

/// Runs the load generator against a product.
pub(crate) fn start<'p>(
    bench: &Path,
    command: &str,
    product: &Path,
    plan: impl Iterator<Item = &'p str>,
) -> anyhow::Result<()> {
    Program::new(bench).args([command, "--hookswitch"]).args([product]).args(plan).run()
}
