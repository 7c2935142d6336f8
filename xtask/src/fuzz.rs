//! Fuzzing (`fuzz/`): every decoder of bytes from outside, instrumented for coverage and with the address sanitizer.
//!
//! A run begins with the kept corpus and the seeds, finds new inputs in a scratch folder, and fails on any finding.
//! `--keep` makes the corpus anew from all of them, with no more inputs than the coverage needs.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, bail};

use crate::program::Program;
use crate::workspace::Workspace;

/// The compiler that can instrument; setup sees to it.
pub(crate) const TOOLCHAIN: &str = "nightly";
/// What cargo-fuzz would tell the compiler.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address";
/// Seconds of each target in `cargo xtask test`.
const SHORT: u32 = 3;
/// An input that takes longer is a finding. By the clock on the wall: on a busy machine a target may be left waiting for seconds.
const INPUT_SECONDS_MAX: u32 = 25;
/// More memory than this is a finding.
const MEGABYTES_MAX: u32 = 1024;

#[derive(clap::Args)]
pub(crate) struct Plan {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Targets that run at once
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Afterwards, makes `fuzz/corpus` anew from what covers most
    #[arg(long)]
    keep: bool,
    /// Only these; all if none is named
    targets: Vec<String>,
}

/// What one target did.
struct Round {
    executions: u64,
    seconds: u64,
    findings: usize,
    corpus: usize,
}

/// Builds the targets and lets each run for its time.
pub(crate) fn run(workspace: &Workspace, plan: &Plan) -> anyhow::Result<()> {
    let all = targets(workspace)?;
    if let Some(unknown) = plan.targets.iter().find(|name| !all.contains(name)) {
        bail!("no target {unknown}; there are: {}", all.join(", "));
    }
    let chosen = if plan.targets.is_empty() { &all } else { &plan.targets };
    let yard = Yard::build(workspace)?;
    let waiting = Mutex::new(chosen.iter().collect::<VecDeque<_>>());
    let failed = Mutex::new(Vec::new());
    thread::scope(|side| {
        for _ in 0..plan.jobs.max(1) {
            side.spawn(|| {
                while let Some(name) = next(&waiting) {
                    if let Err(problem) = yard.fuzz(name, plan) {
                        println!("fuzz.{name}: {problem:#}");
                        note(&failed, name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("findings in {}", failed.join(", "));
    }
    Ok(())
}

/// A few seconds of every target.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<()> {
    run(workspace, &Plan { seconds: SHORT, jobs: 2, keep: false, targets: Vec::new() })
}

fn next<'a>(waiting: &Mutex<VecDeque<&'a String>>) -> Option<&'a String> {
    waiting.lock().ok()?.pop_front()
}

fn note(failed: &Mutex<Vec<String>>, name: &str) {
    if let Ok(mut failed) = failed.lock() {
        failed.push(name.to_owned());
    }
}

/// The names of all targets: a file each.
fn targets(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let folder = workspace.root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for file in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// What builds the targets, and for which machine.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<(Program, String)> {
    let version = Program::new("rustup").args(["run", TOOLCHAIN, "rustc", "-vV"]).ask();
    let version =
        version.context("no nightly compiler, which alone can instrument: cargo xtask setup installs it")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("the nightly compiler does not say for which machine it is")?;
    let build = Program::new("rustup")
        .dir(&workspace.root().join("fuzz"))
        .args(["run", TOOLCHAIN, "cargo", "build", "--quiet", "--locked", "--release", "--bins"])
        .args(["--target", host])
        .env("RUSTFLAGS", INSTRUMENTED)
        .env("CARGO_TARGET_DIR", workspace.built("fuzz", ""));
    Ok((build, host.to_owned()))
}

/// Where targets are built and run.
struct Yard {
    fuzz: PathBuf,
    built: PathBuf,
    scratch: PathBuf,
}

impl Yard {
    fn build(workspace: &Workspace) -> anyhow::Result<Self> {
        let (build, host) = build(workspace)?;
        build.run()?;
        let (fuzz, scratch) = (workspace.root().join("fuzz"), workspace.built("fuzz", ""));
        Ok(Self { fuzz, built: scratch.join(host).join("release"), scratch })
    }

    /// Lets a target run, prints its figures, and fails when it found anything.
    fn fuzz(&self, name: &str, plan: &Plan) -> anyhow::Result<()> {
        let found = self.scratch.join("found").join(name);
        let findings = self.scratch.join("findings").join(name);
        let corpus = self.fuzz.join("corpus").join(name);
        // What an earlier run found is told once: a finding that is still there is found again.
        empty(&findings)?;
        for folder in [&found, &corpus] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let sources = [found.clone(), corpus.clone(), self.fuzz.join("seeds").join(name)];
        let arguments = [
            format!("-max_total_time={}", plan.seconds),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-rss_limit_mb={MEGABYTES_MAX}"),
            format!("-artifact_prefix={}/", findings.display()),
            "-print_final_stats=1".into(),
            "-verbosity=1".into(),
        ];
        let (is_clean, said) = self.talk(name, &arguments, &sources)?;
        let round = Round {
            executions: figure(&said, "stat::number_of_executed_units:").unwrap_or(0),
            seconds: seconds(&said).unwrap_or(0),
            findings: count(&findings)?,
            corpus: if plan.keep { self.keep(name, &sources)? } else { count(&corpus)? },
        };
        // In one piece: another target may be printing too.
        println!(
            "fuzz.{name}.executions {}\nfuzz.{name}.seconds {}\nfuzz.{name}.findings {}\nfuzz.{name}.corpus {}",
            round.executions, round.seconds, round.findings, round.corpus
        );
        if !is_clean || round.findings > 0 {
            let tail = said.lines().rev().take(60).collect::<Vec<_>>();
            let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
            bail!("it ended badly; its inputs are in {}\n{tail}", findings.display());
        }
        if round.executions == 0 {
            bail!("nothing was executed:\n{said}");
        }
        Ok(())
    }

    /// Makes the kept corpus anew: the fewest inputs that reach everything that all of them reach.
    fn keep(&self, name: &str, sources: &[PathBuf]) -> anyhow::Result<usize> {
        let merged = self.scratch.join("merged").join(name);
        empty(&merged)?;
        let mut folders = vec![merged.clone()];
        folders.extend_from_slice(sources);
        // Every branch once: how often it is taken would make it four times as many files.
        let arguments = ["-set_cover_merge=1".into(), "-use_counters=0".into()];
        let (is_merged, said) = self.talk(name, &arguments, &folders)?;
        if !is_merged {
            bail!("the corpus cannot be merged:\n{said}");
        }
        let corpus = self.fuzz.join("corpus").join(name);
        empty(&corpus)?;
        for file in fs::read_dir(&merged)? {
            let file = file?;
            fs::copy(file.path(), corpus.join(file.file_name()))?;
        }
        count(&corpus)
    }

    /// Runs a target to its end: whether it found nothing, and what it said.
    fn talk(&self, name: &str, arguments: &[String], folders: &[PathBuf]) -> anyhow::Result<(bool, String)> {
        let done = Command::new(self.built.join(name))
            .args(arguments)
            .args(folders)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .with_context(|| format!("cannot start the target {name}"))?;
        Ok((done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned()))
    }
}

fn empty(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn count(folder: &Path) -> anyhow::Result<usize> {
    Ok(fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?.count())
}

fn figure(said: &str, name: &str) -> Option<u64> {
    said.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Out of `Done 123 runs in 4 second(s)`.
fn seconds(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.starts_with("Done ") && line.ends_with("second(s)"))?;
    line.split_whitespace().nth(4)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_read() {
        let said = "#9\tDONE\nDone 123456 runs in 61 second(s)\nstat::number_of_executed_units: 123456\n";
        assert_eq!(figure(said, "stat::number_of_executed_units:"), Some(123_456));
        assert_eq!(seconds(said), Some(61));
    }

    #[test]
    fn every_target_is_built_has_seeds_and_is_told_of() {
        let workspace = Workspace::find().unwrap();
        let read = |name: &str| fs::read_to_string(workspace.root().join(name)).unwrap();
        let (manifest, guide) = (read("fuzz/Cargo.toml"), read("fuzz/README.md"));
        let names = targets(&workspace).unwrap();
        assert!(names.len() >= 14, "{names:?}");
        for name in names {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
            assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in fuzz/README.md");
            assert!(count(&workspace.root().join("fuzz/seeds").join(&name)).unwrap() > 0, "{name}");
        }
    }
}
