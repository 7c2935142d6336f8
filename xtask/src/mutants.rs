//! Mutants: the code with one thing changed, which the tests must notice. What could not be noticed because it changes
//! nothing is written otherwise; where that cannot be, it is named in `.cargo/mutants.toml`, with its reason.

use std::fs;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::program::Program;
use crate::setup;
use crate::workspace::Workspace;

/// Steps of the random walk: enough to meet everything, few enough for some hundred runs.
const WALK_STEPS: &str = "1500";

/// Whose mutants.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// The files that decide about a sign-in: none may survive
    Core,
    /// All of `signin`: of a hundred, 85 must be noticed
    Signin,
    /// The decoders and encoders: likewise
    Wire,
    /// The memory: likewise
    Store,
    /// The program: likewise
    Server,
}

impl Part {
    const fn package(self) -> &'static str {
        match self {
            Self::Core | Self::Signin => "signin",
            Self::Wire => "wire",
            Self::Store => "store",
            Self::Server => "server",
        }
    }

    /// The files; none = all of the package.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::Core => &[
                "crates/signin/src/account.rs",
                "crates/signin/src/challenge.rs",
                "crates/signin/src/credential/*.rs",
                "crates/signin/src/decide.rs",
                "crates/signin/src/digest.rs",
                "crates/signin/src/lockout.rs",
                "crates/signin/src/session.rs",
            ],
            Self::Signin | Self::Wire | Self::Store | Self::Server => &[],
        }
    }

    /// Of a hundred mutants that can be built, so many must be noticed.
    const fn caught_min(self) -> usize {
        match self {
            Self::Core => 100,
            Self::Signin | Self::Wire | Self::Store | Self::Server => 85,
        }
    }
}

/// Prints how many there were of each fate, a `name value` line each. Takes its time: minutes to hours.
pub(crate) fn run(workspace: &Workspace, part: Part, more: &[String]) -> anyhow::Result<()> {
    setup::mutants(workspace)?;
    let out = workspace.built("mutants", part.package());
    fs::create_dir_all(&out).context("cannot make the folder for what comes of it")?;
    let mut mutants = Program::new(workspace.tools().join("bin/cargo-mutants"))
        .dir(workspace.root())
        .args(["mutants", "--jobs", "1", "--timeout", "120", "--profile", "mutants"])
        .args(["--package", part.package(), "--output"])
        .args([&out])
        .env("WALK_STEPS", WALK_STEPS);
    for file in part.files() {
        mutants = mutants.args(["--file", file]);
    }
    // Its exit code says that some survived; how many may is ruled here.
    let ended = mutants.args(more).args(["--", "--lib", "--tests"]).run();
    let count = |fate: &str| {
        let list = out.join("mutants.out").join(format!("{fate}.txt"));
        fs::read_to_string(&list)
            .map(|list| list.lines().count())
            .with_context(|| format!("no {fate}.txt: {ended:?}"))
    };
    let (caught, missed) = (count("caught")? + count("timeout")?, count("missed")?);
    println!("mutants_caught {caught}\nmutants_missed {missed}\nmutants_unviable {}", count("unviable")?);
    println!("mutants_timeout {} (caught, too: the tests never end)", count("timeout")?);
    if caught == 0 || caught * 100 < part.caught_min() * (caught + missed) {
        bail!("of {} mutants {missed} survived; {} % must be noticed", caught + missed, part.caught_min());
    }
    Ok(())
}
