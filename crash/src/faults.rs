//! A disk that is full, and one that fails to sync: nothing is acknowledged that is not there, phones go on signing
//! in, nobody gets in by it, and all is well again by itself when the disk is.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use server::{
    listen::listener::Listener,
    local::link::{Link, Trouble},
};
use tokio::time::sleep;

use crate::{
    figures::{Figures, millis},
    guesses::page,
    phone::{PATIENCE, Phone},
    program::{Place, Program, done, new_user, users, verify_audit},
};

/// Size of the disk that gets full.
const DISK: &str = "24m";
/// Changes that are tried, and phones that sign in, while the disk is out of order.
const TRIES: u64 = 50;
/// How soon all must be well again.
const WELL_AGAIN: Duration = Duration::from_secs(5);
const KNOWN: &str = "472839";

/// A file system in memory of its own, gone at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(at)?;
        let size = format!("size={DISK}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status()?;
        ensure!(done.success(), "a small disk cannot be mounted: this round needs root");
        Ok(Self(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        if !unmounted.is_ok_and(|ended| ended.success()) {
            eprintln!("{} is still mounted", self.0.display());
        }
    }
}

/// What breaks the disk, and mends it.
enum Fault {
    Full(PathBuf),
    Failing(Option<Child>),
}

impl Fault {
    const fn name(&self) -> &'static str {
        match self {
            Self::Full(_) => "disk_full",
            Self::Failing(_) => "failing_sync",
        }
    }

    async fn begin(&mut self, program: &Program) -> anyhow::Result<()> {
        match self {
            Self::Full(ballast) => {
                let mut file = fs::File::create(ballast)?;
                // Until there is not a byte left.
                while std::io::Write::write(&mut file, &[7; 4096]).is_ok() {}
            }
            Self::Failing(tracer) => {
                let calls = "fsync,fdatasync";
                let child = Command::new("strace")
                    .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")])
                    .args(["-e", &format!("inject={calls}:error=EIO"), "-p", &program.pid().to_string()])
                    .stderr(Stdio::null())
                    .spawn()
                    .context("strace cannot be started: cargo xtask setup installs it")?;
                *tracer = Some(child);
                sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Full(ballast) => fs::remove_file(ballast)?,
            Self::Failing(tracer) => {
                let mut tracer = tracer.take().context("it has not begun")?;
                kill(Pid::from_raw(i32::try_from(tracer.id())?), Signal::SIGINT)?;
                tracer.wait()?;
            }
        }
        Ok(())
    }
}

/// What was acknowledged and what was refused.
#[derive(Default)]
struct Answers {
    acknowledged: Vec<String>,
    refused: u64,
}

/// Both faults, each on a system of its own.
pub(crate) async fn run(binary: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    for is_full in [true, false] {
        let folder = tempfile::tempdir()?;
        let place = Place::new(folder.path(), binary)?;
        let _disk = SmallDisk::mount(&place.data())?;
        let fault = if is_full { Fault::Full(place.data().join("ballast")) } else { Fault::Failing(None) };
        one(&place, fault, figures).await?;
    }
    Ok(())
}

async fn one(place: &Place, mut fault: Fault, figures: &mut Figures) -> anyhow::Result<()> {
    let name = |what: &str, fault: &Fault| format!("{}.{what}", fault.name());
    let (mut program, mut link, _) = place.start().await?;
    place.ignite(&mut link).await?;
    for (user, number) in [("ann", "201"), ("bob", "202")] {
        done(link.ask(&new_user(user, number, KNOWN), |_| {}).await)?;
    }
    let server = program.address(Listener::SipUdp)?;
    let metrics = program.address(Listener::Metrics)?;
    let mut phone = Phone::at(Ipv4Addr::new(127, 8, 0, 1), server, "201").await?;
    ensure!(phone.register(KNOWN, PATIENCE).await? == Some(200), "a phone registers");

    fault.begin(&program).await?;
    let mut answers = Answers::default();
    let (mut good, mut let_in) = (0, 0);
    for round in 0..TRIES {
        change(&mut link, round, &mut answers).await?;
        good += u64::from(phone.register(KNOWN, PATIENCE).await? == Some(200));
        if round % 10 == 0 {
            let mut stranger =
                Phone::at(Ipv4Addr::new(127, 9, 0, u8::try_from(round)?), server, "202").await?;
            let_in += u64::from(stranger.register("000000", PATIENCE).await? == Some(200));
        }
    }
    let is_told = page(metrics, "/readyz")?.starts_with("HTTP/1.1 503");
    let under_fault = answers.acknowledged.len() as u64;
    fault.end()?;
    let began = Instant::now();
    let first = answers.acknowledged.len();
    while answers.acknowledged.len() == first && began.elapsed() < WELL_AGAIN * 4 {
        change(&mut link, TRIES + u64::try_from(began.elapsed().as_millis())?, &mut answers).await?;
        sleep(Duration::from_millis(20)).await;
    }
    let well_again = began.elapsed();
    program.kill()?;
    let (mut program, mut link, ready) = place.start().await?;
    let there: Vec<String> = users(&mut link).await?.into_iter().map(|user| user.name).collect();
    let lost = answers.acknowledged.iter().filter(|user| !there.contains(user)).count();
    verify_audit(&mut link).await?;
    let mut stranger =
        Phone::at(Ipv4Addr::new(127, 9, 1, 1), program.address(Listener::SipUdp)?, "202").await?;
    let counted = stranger.register(KNOWN, PATIENCE).await?;
    figures.at_least(&name("refused", &fault), answers.refused, 1);
    figures.tell(&name("acknowledged", &fault), under_fault);
    figures.at_most(&name("lost", &fault), lost as u64, 0);
    figures.at_least(&name("good_sign_ins", &fault), good, TRIES);
    figures.at_most(&name("wrong_sign_ins", &fault), let_in, 0);
    figures.at_least(&name("not_ready_is_told", &fault), u64::from(is_told), 1);
    // Five wrong guesses fell into the fault: they count, so the right code is refused after it.
    figures.at_least(&name("guesses_counted", &fault), u64::from(counted == Some(503)), 1);
    figures.at_most(&name("well_again_ms", &fault), millis(well_again), millis(WELL_AGAIN));
    figures.at_most(&name("ready_ms", &fault), millis(ready), 2000);
    program.stop()
}

async fn change(link: &mut Link, number: u64, answers: &mut Answers) -> anyhow::Result<()> {
    let user = format!("user-{number}");
    match link.ask(&new_user(&user, &format!("{}", 10_000 + number), KNOWN), |_| {}).await {
        Ok(_) => answers.acknowledged.push(user),
        Err(Trouble::Refused(_)) => answers.refused += 1,
        Err(Trouble::Broken(error)) => anyhow::bail!("the conversation broke: {error:?}"),
    }
    Ok(())
}
