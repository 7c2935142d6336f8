//! The product as it is delivered, with all its doors and its own settings, for everything that is no race with a peer:
//! floods, timing, a comeback after a power cut.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::Processes;
use crate::shape::REALM;

const CONFIGURATION: &str = include_str!("../hookswitch/flood.toml");
const ANSWERS: &str = include_str!("../hookswitch/flood-answers.toml");
const READY_SECONDS_MAX: u64 = 120;
const STOP_SECONDS_MAX: u64 = 20;

/// Who administers, and by which password: as in `hookswitch/flood-answers.toml`.
pub(crate) const ADMINISTRATOR: (&str, &str) = ("Administrator", "seven quiet herons 1");
/// The other one, whom no flood names.
pub(crate) const PARTNER: (&str, &str) = ("BusinessPartner", "eleven brown horses 2");

/// A data folder with the program that serves it; both end when it is dropped.
pub(crate) struct Product {
    program: PathBuf,
    folder: PathBuf,
    _kept: tempfile::TempDir,
    core: Option<&'static str>,
    child: Option<Child>,
    doors: BTreeMap<String, SocketAddr>,
}

impl Product {
    /// A new system with these users (an import table), not started yet.
    pub(crate) fn new(program: &Path, users: &str) -> anyhow::Result<Self> {
        Self::with_answers(program, users, ANSWERS)
    }

    /// The same, whose second administrator has no password.
    pub(crate) fn without_partner(program: &Path, users: &str) -> anyhow::Result<Self> {
        let answers = ANSWERS.lines().filter(|line| !line.starts_with("business-partner"));
        Self::with_answers(program, users, &answers.collect::<Vec<_>>().join("\n"))
    }

    fn with_answers(program: &Path, users: &str, answers: &str) -> anyhow::Result<Self> {
        let kept = tempfile::Builder::new().prefix("hookswitch-flood-").tempdir()?;
        let folder = kept.path().to_path_buf();
        let product = Self {
            program: program.to_path_buf(),
            folder,
            _kept: kept,
            core: None,
            child: None,
            doors: BTreeMap::new(),
        };
        let data = product.data();
        fs::write(
            product.path("hookswitch.toml"),
            CONFIGURATION.replace("@DATA@", &data.display().to_string()),
        )?;
        fs::write(product.path("answers.toml"), answers.replace("@REALM@", REALM))?;
        fs::write(product.path("users.csv"), users)?;
        product.command(["ignite".as_ref(), "--file".as_ref(), product.path("answers.toml").as_os_str()])?;
        product.command(["import".as_ref(), product.path("users.csv").as_os_str()])?;
        Ok(product)
    }

    /// Gives it this core alone, from its next start on.
    pub(crate) fn pin(&mut self, core: &'static str) {
        self.core = Some(core);
    }

    /// Starts to serve, and waits until it is ready; how long that took.
    pub(crate) fn start(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let published = self.data().join("addresses.json");
        // One that was killed has left it behind.
        let _gone = fs::remove_file(&published);
        let log = fs::File::options().create(true).append(true).open(self.path("hookswitch.log"))?;
        let mut command = match self.core {
            None => Command::new(&self.program),
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", core]).arg(&self.program);
                command
            }
        };
        let child = command
            .arg("--config")
            .arg(self.path("hookswitch.toml"))
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the product")?;
        let child = self.child.insert(child);
        let until = began + Duration::from_secs(READY_SECONDS_MAX);
        loop {
            if let Ok(text) = fs::read_to_string(&published) {
                self.doors = doors(&text);
                return Ok(began.elapsed());
            }
            if child.try_wait()?.is_some() || Instant::now() > until {
                bail!("the product does not start:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a power cut would.
    pub(crate) fn cut_power(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Where a door is, by its name in the product's table of listeners.
    pub(crate) fn door(&self, name: &str) -> anyhow::Result<SocketAddr> {
        self.doors.get(name).copied().with_context(|| format!("no door {name}"))
    }

    pub(crate) fn processes(&self) -> anyhow::Result<Processes> {
        Ok(Processes::of(self.child.as_ref().context("it does not run")?.id()))
    }

    /// One of its figures: the sum over the lines of this name, labels and all, that contain `label`.
    pub(crate) fn figure(&self, name: &str, label: &str) -> anyhow::Result<f64> {
        let mut stream = TcpStream::connect(self.door("metrics")?)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let lines: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label))
            .filter(|line| line.get(name.len()..).is_some_and(|rest| rest.starts_with([' ', '{'])))
            .collect();
        if lines.is_empty() {
            bail!("no figure {name} {label} in\n{page}");
        }
        Ok(lines.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// One of its own commands, to its end; what it says.
    pub(crate) fn command<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a OsStr>,
    ) -> anyhow::Result<String> {
        let arguments: Vec<&OsStr> = arguments.into_iter().collect();
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.path("hookswitch.toml")).args(&arguments).stdin(Stdio::null());
        let done = command.output().with_context(|| format!("cannot start {}", self.program.display()))?;
        if !done.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("hookswitch.log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Ok(id) = i32::try_from(child.id()) {
            let _gone = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let until = Instant::now() + Duration::from_secs(STOP_SECONDS_MAX);
        while Instant::now() < until {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _gone = child.kill();
        let _gone = child.wait();
    }
}

/// `{"sip-udp": ["127.0.0.1:5060"], ...}`: the first address of each.
fn doors(json: &str) -> BTreeMap<String, SocketAddr> {
    let mut words = json.split('"').skip(1).step_by(2);
    let mut found = BTreeMap::new();
    let mut name = String::new();
    for word in &mut words {
        match word.parse() {
            Ok(address) => {
                found.entry(name.clone()).or_insert(address);
            }
            Err(_) => word.clone_into(&mut name),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_door_has_its_first_address() {
        let text = r#"{"http":["127.0.0.1:1","[::1]:1"],"sip-udp":["127.0.0.1:2"],"local":"/a/b"}"#;
        let doors = doors(text);
        assert_eq!(doors["http"], "127.0.0.1:1".parse().unwrap());
        assert_eq!(doors["sip-udp"], "127.0.0.1:2".parse().unwrap());
        assert_eq!(doors.len(), 2);
    }
}
