//! How many instructions a registration takes: counted by callgrind, so the same on every machine and at every hour.
//! `bench/instructions.txt` has the figures that were reached; a change that takes over 5 % more does not pass. They are those of
//! the build that tests use too: ten times what is delivered takes, and there at once.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, anyhow, bail};

use crate::program::Program;
use crate::workspace::Workspace;

/// Per cent that a figure may grow.
const GROWTH_MAX: u64 = 5;
/// Phones and rounds; the round in which they are new is one more.
const PHONES: u64 = 256;
const ROUNDS: u64 = 3;
/// What is counted, and the function of `bench/src/work.rs` that does it and nothing else.
const KINDS: [(&str, &str); 3] =
    [("challenge", "*challenge_all*"), ("register", "*register_all*"), ("refresh", "*refresh_all*")];

/// Prints one `name value` line per kind of message, and fails where one has grown.
pub(crate) fn run(workspace: &Workspace, write: bool) -> anyhow::Result<()> {
    workspace.build_product()?;
    let program = workspace.built("debug", "bench");
    let reached = workspace.root().join("bench/instructions.txt");
    let before =
        fs::read_to_string(&reached).with_context(|| format!("cannot read {}", reached.display()))?;
    let (mut text, mut grown) = (String::new(), Vec::new());
    let counting = KINDS.map(|(kind, function)| {
        let program = program.clone();
        (kind, thread::spawn(move || count(&program, function)))
    });
    for (kind, counting) in counting {
        let name = format!("work.{kind}.instructions");
        let each = counting.join().map_err(|_| anyhow!("counting panicked"))??;
        println!("{name} {each}");
        text.push_str(&format!("{name} {each}\n"));
        let limit = before.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse::<u64>().ok());
        let limit = limit.with_context(|| format!("{name} is not in {}", reached.display()))?;
        if each * 100 > limit * (100 + GROWTH_MAX) {
            grown.push(format!("{name} was {limit} and is {each}"));
        }
    }
    if write {
        fs::write(&reached, text)?;
    } else if !grown.is_empty() {
        bail!("more than {GROWTH_MAX} % more instructions: {}", grown.join(", "));
    }
    Ok(())
}

/// Instructions of one message, in what this function does.
fn count(program: &Path, function: &str) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind.out");
    Program::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--cache-sim=no", "--branch-sim=no"])
        .args([format!("--toggle-collect={function}"), format!("--callgrind-out-file={}", out.display())])
        .args([program.as_os_str()])
        .args(["work", "--phones", &PHONES.to_string(), "--rounds", &(ROUNDS - 1).to_string()])
        .run()?;
    let counted = fs::read_to_string(&out)?;
    let total = counted.lines().find_map(|line| line.strip_prefix("totals: ")).context("no total")?;
    Ok(total.trim().parse::<u64>()? / (PHONES * ROUNDS))
}
