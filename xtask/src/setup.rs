//! Installs what tests and benchmarks need, each only where it is missing or of another version.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, bail};

use crate::fuzz::TOOLCHAIN;
use crate::program::Program;
use crate::workspace::Workspace;

/// Debian packages, and what each is for.
const DEBIAN: &[(&str, &str)] = &[
    ("baresip-core", "a phone (interop)"),
    ("build-essential", "C parts of libraries"),
    ("chromium", "the browser (browser)"),
    ("faketime", "a clock that jumps (crash)"),
    ("iproute2", "network namespaces (interop)"),
    ("kamailio", "the reference registrar (interop, bench)"),
    ("kamailio-extra-modules", "its SHA-256 and JSON-RPC (interop)"),
    ("kamailio-sqlite-modules", "its bindings on disk (bench)"),
    ("kamailio-tls-modules", "its TLS (interop)"),
    ("linphone-cli", "a phone (interop)"),
    ("openssl", "certificates for the reference registrar (interop)"),
    ("rsyslog", "a receiver of syslog (interop)"),
    ("rsyslog-openssl", "its TLS (interop)"),
    ("sip-tester", "SIPp (interop)"),
    ("sipsak", "a SIP probe (interop)"),
    ("valgrind", "counts instructions (bench)"),
    ("strace", "disks that fail, and what is written in which order (crash)"),
];

/// What only `cargo xtask prompts` needs: the sound files are committed.
const SPEECH: &[(&str, &str)] =
    &[("espeak-ng", "the voice of the prompts"), ("sox", "what it said, as telephones take it")];

/// Cargo's subcommands, and what each is for. Coverage is tarpaulin's because it needs no LLVM tools beside the toolchain.
const CARGO: &[(&str, &str, &str)] =
    &[("cargo-deny", "0.20.2", "what may come in"), ("cargo-tarpaulin", "0.37.5", "coverage")];

/// What only `cargo xtask mutants` needs, which nobody runs by the way.
const MUTANTS: &[(&str, &str, &str)] = &[("cargo-mutants", "27.1.0", "whether the tests notice a change")];

/// Everything.
pub(crate) fn all(workspace: &Workspace) -> anyhow::Result<()> {
    debian(DEBIAN)?;
    fuzz()?;
    // Compiling waits for the processor, the others for the network: side by side.
    thread::scope(|side| {
        let python = side.spawn(|| python(workspace).and_then(|()| node(workspace)));
        let cargo = side.spawn(|| cargo(workspace, CARGO));
        for installed in [python.join(), cargo.join()] {
            match installed {
                Ok(result) => result?,
                Err(_) => bail!("an installation ended in a panic"),
            }
        }
        Ok(())
    })
}

/// The program that makes mutants.
pub(crate) fn mutants(workspace: &Workspace) -> anyhow::Result<()> {
    cargo(workspace, MUTANTS)
}

/// The programs that speak.
pub(crate) fn speech() -> anyhow::Result<()> {
    debian(SPEECH)
}

fn debian(wanted: &[(&str, &str)]) -> anyhow::Result<()> {
    let status = ["-W", "-f", "${Package} ${db:Status-Status}\n"];
    let known =
        Program::new("dpkg-query").args(status).ask().context("this needs a Debian system: no dpkg-query")?;
    let missing: Vec<&str> = wanted
        .iter()
        .map(|(package, _)| *package)
        .filter(|package| !known.lines().any(|line| line == format!("{package} installed")))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("missing Debian packages: {}", missing.join(" "));
    let apt = || Program::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    apt().args(["update", "-qq"]).run()?;
    apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(missing).run()
}

/// A virtual environment with exactly the files that `interop/requirements.txt` names by their hashes.
fn python(workspace: &Workspace) -> anyhow::Result<()> {
    let requirements = workspace.root().join("interop/requirements.txt");
    let venv = workspace.tools().join("venv");
    let stamp = venv.join("requirements.txt");
    if same(&requirements, &stamp) {
        return Ok(());
    }
    Program::new("python3").args(["-m", "venv", "--clear"]).args([&venv]).run()?;
    Program::new(workspace.python())
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
        .args([&requirements])
        .run()?;
    fs::copy(&requirements, &stamp).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(())
}

/// The packages that `browser/package-lock.json` names. Node itself and the browser come from the system.
fn node(workspace: &Workspace) -> anyhow::Result<()> {
    let browser = workspace.root().join("browser");
    let lock = browser.join("package-lock.json");
    let stamp = browser.join("node_modules/package-lock.json");
    if same(&lock, &stamp) {
        return Ok(());
    }
    Program::new("npm").dir(&browser).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).run()?;
    fs::copy(&lock, &stamp).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(())
}

/// The compiler that fuzzing needs, beside the one that everything else is built with.
pub(crate) fn fuzz() -> anyhow::Result<()> {
    if Program::new("rustup").args(["run", TOOLCHAIN, "rustc", "--version"]).ask().is_some() {
        return Ok(());
    }
    Program::new("rustup")
        .args(["toolchain", "install", TOOLCHAIN, "--profile", "minimal", "--no-self-update"])
        .run()
}

/// Cargo's subcommands under `.tools/bin`.
fn cargo(workspace: &Workspace, programs: &[(&str, &str, &str)]) -> anyhow::Result<()> {
    let build = workspace.tools().join("build");
    for (name, version, _) in programs {
        let installed = Program::new(workspace.tools().join("bin").join(name)).args(["--version"]).ask();
        if installed.is_some_and(|said| said.split_whitespace().any(|word| word == *version)) {
            continue;
        }
        // Compiled for a short wait, not for speed: each runs for seconds.
        workspace
            .cargo()
            .args(["install", "--quiet", "--locked", "--debug", "--no-default-features", "--force", "--root"])
            .args([workspace.tools()])
            .args([format!("{name}@{version}")])
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", &build)
            .run()?;
    }
    // What they were built from is large, and only the programs are wanted.
    if build.exists() {
        fs::remove_dir_all(&build).context("cannot remove what was built")?;
    }
    Ok(())
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}
