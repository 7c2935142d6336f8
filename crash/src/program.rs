//! The real program in a process of its own, with a folder of its own and every listener at a free port.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use server::{
    listen::listener::{Addresses, Listener},
    local::{
        link::{Link, Trouble},
        protocol::{
            AuditVerdict, Choice, Done, IgnitionAnswers, LockEntry, NewUserAnswers, Part, PhoneEntry,
            Request, SecretText, StatusReport, UserEntry,
        },
    },
    serve::ADDRESSES_FILE,
};
use signin::secret::Secret;
use tokio::time::sleep;

/// A start that takes longer is a hang, whatever else the machine is doing.
const HANG: Duration = Duration::from_secs(60);
/// The password of Administrator.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// What phones show as realm.
pub(crate) const REALM: &str = "crash.example";

/// A folder with a configuration, in which the program is started again and again.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    binary: PathBuf,
}

/// A running program.
pub(crate) struct Program {
    child: Child,
    pid: Pid,
    data: PathBuf,
}

impl Place {
    pub(crate) fn new(folder: &Path, binary: &Path) -> anyhow::Result<Self> {
        let free =
            ["http", "https", "metrics"].map(|door| format!("[{door}]\nlisten = \"127.0.0.1:0\"\n")).concat();
        let sip =
            "[sip]\nudp_threads = 1\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\ntls = \"127.0.0.1:0\"\n";
        let data = folder.join("data");
        fs::write(folder.join("hookswitch.toml"), format!("data_folder = {data:?}\n{free}{sip}"))?;
        Ok(Self { folder: folder.into(), binary: binary.into() })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the program said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Starts the program, behind other programs if there are any (`before`), and does not wait for it.
    pub(crate) fn spawn(&self, before: &[String], environment: &[(&str, String)]) -> anyhow::Result<Program> {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log"))?;
        let binary = self.binary.to_string_lossy().into_owned();
        let words: Vec<String> = before.iter().cloned().chain([binary]).collect();
        let (first, rest) = words.split_first().context("a program")?;
        let mut command = Command::new(first);
        command.args(rest).arg("--config").arg(self.folder.join("hookswitch.toml")).arg("serve");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        // Where the one before listened, and nobody does now.
        let _not_there = fs::remove_file(self.data().join(ADDRESSES_FILE));
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        let child = child.with_context(|| format!("{first} cannot be started"))?;
        let pid = Pid::from_raw(i32::try_from(child.id())?);
        Ok(Program { child, pid, data: self.data() })
    }

    /// Starts the program and waits until it is ready; how long that took.
    pub(crate) async fn start(&self) -> anyhow::Result<(Program, Link, Duration)> {
        self.start_behind(&[], &[]).await
    }

    /// The same behind other programs.
    pub(crate) async fn start_behind(
        &self,
        before: &[String],
        environment: &[(&str, String)],
    ) -> anyhow::Result<(Program, Link, Duration)> {
        let began = Instant::now();
        let mut program = self.spawn(before, environment)?;
        while began.elapsed() < HANG {
            if let Some(mut link) = program.link().await
                && let Ok(report) = status(&mut link).await
                && report.is_ready
            {
                let took = began.elapsed();
                if !before.is_empty() {
                    program.pid = only_child(program.pid)?;
                }
                return Ok((program, link, took));
            }
            if let Some(ended) = program.child.try_wait()? {
                bail!("it does not start ({ended}): {}", self.log());
            }
            sleep(Duration::from_millis(2)).await;
        }
        bail!("it does not start: {}", self.log())
    }

    /// A new system with its first password.
    pub(crate) async fn ignite(&self, link: &mut Link) -> anyhow::Result<()> {
        let answers = IgnitionAnswers {
            system_name: "Crash".into(),
            administrator_password: SecretText(Secret::new(PASSWORD)),
            business_partner_password: None,
            lan1: Vec::new(),
            lan2: Vec::new(),
            realm: REALM.into(),
            hosts: Vec::new(),
        };
        done(link.ask(&Request::Ignite(Box::new(answers)), |_| {}).await).map(drop)
    }
}

impl Program {
    /// A conversation with it, once it listens.
    pub(crate) async fn link(&self) -> Option<Link> {
        Link::to_server(&self.data).await.ok().flatten()
    }

    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    /// Where one of its listeners is.
    pub(crate) fn address(&self, listener: Listener) -> anyhow::Result<SocketAddr> {
        let told: Addresses = serde_json::from_slice(&fs::read(self.data.join(ADDRESSES_FILE))?)?;
        told.of(listener).first().copied().context("it does not listen there")
    }

    /// Ends it without warning.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        kill(self.pid, Signal::SIGKILL)?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it in order.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        kill(self.pid, Signal::SIGTERM)?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone, or to go now. What was started before it ends with it.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = kill(self.pid, Signal::SIGKILL);
            let _gone = self.child.wait();
        }
    }
}

/// The program that a tracer has started.
fn only_child(tracer: Pid) -> anyhow::Result<Pid> {
    let children = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"))?;
    let child = children.split_whitespace().next().context("it has no child")?;
    Ok(Pid::from_raw(child.parse()?))
}

/// What a request came to, in words.
pub(crate) fn done(answer: Result<Done, Trouble>) -> anyhow::Result<Done> {
    answer.map_err(|trouble| match trouble {
        Trouble::Refused(refusal) => anyhow::anyhow!("refused: {} {}", refusal.why, refusal.remedy),
        Trouble::Broken(error) => anyhow::anyhow!("the conversation broke: {error:?}"),
    })
}

/// A user with an extension and a login code.
pub(crate) fn new_user(name: &str, number: &str, code: &str) -> Request {
    Request::AddUser(NewUserAnswers {
        name: name.into(),
        full_name: String::new(),
        extension: number.into(),
        login_code: Choice::Set(SecretText(Secret::new(code))),
        user_password: Choice::Keep,
        phone_password: Choice::Keep,
    })
}

macro_rules! asked {
    ($(#[$doc:meta])* $name:ident, $request:expr, $part:ident, $item:ty) => {
        $(#[$doc])*
        pub(crate) async fn $name(link: &mut Link) -> anyhow::Result<Vec<$item>> {
            let mut all = Vec::new();
            let asked = link.ask(&$request, |part| {
                if let Part::$part(page) = part {
                    all.extend(page);
                }
            });
            done(asked.await)?;
            Ok(all)
        }
    };
}

asked!(
    /// All users.
    users, Request::Users, Users, UserEntry
);
asked!(
    /// All registered phones.
    phones, Request::Phones(None), Phones, PhoneEntry
);
asked!(
    /// All locks.
    locks, Request::Locks, Locks, LockEntry
);

/// How it is.
pub(crate) async fn status(link: &mut Link) -> anyhow::Result<StatusReport> {
    let mut found = None;
    let asked = link.ask(&Request::Status, |part| {
        if let Part::Status(report) = part {
            found = Some(*report);
        }
    });
    done(asked.await)?;
    found.context("no status was told")
}

/// Whether the audit's chain is whole.
pub(crate) async fn verify_audit(link: &mut Link) -> anyhow::Result<u64> {
    let mut found = None;
    let asked = link.ask(&Request::VerifyAudit, |part| {
        if let Part::Verified(verdict) = part {
            found = Some(verdict);
        }
    });
    done(asked.await)?;
    match found {
        Some(AuditVerdict::Whole { rows, .. }) => Ok(rows),
        other => bail!("the audit is not whole: {other:?}"),
    }
}
