//! Clocks that jump, while the program runs and while it does not: locks and registrations last, and nobody who
//! administers is kept out.
//!
//! libfaketime stands between the program and the wall clock; the steady one is left alone, as on a machine whose clock
//! somebody sets.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, ensure};
use server::{
    listen::listener::Listener,
    local::{
        link::Link,
        protocol::{Request, UserChanges},
    },
};
use signin::{
    account::RoleKind,
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    decide::{check, decide},
    dice::SeededDice,
    ident::DomainId,
    interface::LoginInterface,
    secret::Secret,
    timestamp::Timestamp,
    verdict::Verdict,
};
use store::{Ledger, MasterKeys, engine::SqliteEngine};
use tokio::time::sleep;

use crate::{
    figures::Figures,
    phone::{PATIENCE, Phone},
    program::{PASSWORD, Place, Program, done, locks, new_user, phones, status},
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// By how many seconds the clock jumps.
const JUMPS: [i64; 6] = [HOUR, -HOUR, DAY, -DAY, YEAR, -YEAR];
/// Longer than the program goes without looking at the wall clock.
const A_LOOK: Duration = Duration::from_secs(6);
const KNOWN: &str = "472839";
/// Where it is, under the folder of the machine's kind in `/usr/lib`.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

struct Clocks {
    place: Place,
    file: PathBuf,
    wrong: Vec<String>,
}

/// The first so many jumps, longest first.
pub(crate) async fn run(jumps: usize, binary: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let jumps: Vec<i64> = JUMPS.into_iter().rev().take(jumps).collect();
    for jump in &jumps {
        let folder = tempfile::tempdir()?;
        let place = Place::new(folder.path(), binary)?;
        let mut clocks = Clocks { file: folder.path().join("clock"), place, wrong: Vec::new() };
        clocks.jump(*jump).await?;
        wrong.extend(clocks.wrong.into_iter().map(|what| format!("{jump} seconds: {what}")));
    }
    for wrong in &wrong {
        eprintln!("clock: {wrong}");
    }
    figures.tell("clock_jumps", jumps.len() * 2);
    figures.at_most("clock_jumps.wrong", wrong.len() as u64, 0);
    Ok(())
}

impl Clocks {
    fn set(&self, ahead: i64) -> anyhow::Result<()> {
        let draft = self.file.with_extension("new");
        fs::write(&draft, format!("{ahead:+}\n"))?;
        Ok(fs::rename(draft, &self.file)?)
    }

    async fn start(&self) -> anyhow::Result<(Program, Link)> {
        let kinds = fs::read_dir("/usr/lib")?.filter_map(Result::ok);
        let library = kinds.map(|kind| kind.path().join(FAKETIME)).find(|library| library.exists());
        let library = library.context("no libfaketime: cargo xtask setup installs it")?;
        let environment = [
            ("LD_PRELOAD", library.to_string_lossy().into_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.to_string_lossy().into_owned()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        let (program, link, _) = self.place.start_behind(&[], &environment).await?;
        Ok((program, link))
    }

    fn note(&mut self, is_right: bool, what: impl Into<String>) {
        if !is_right {
            self.wrong.push(what.into());
        }
    }

    async fn jump(&mut self, jump: i64) -> anyhow::Result<()> {
        self.set(0)?;
        let (mut program, mut link) = self.start().await?;
        self.place.ignite(&mut link).await?;
        for (user, number) in [("ann", "201"), ("bob", "202")] {
            done(link.ask(&new_user(user, number, KNOWN), |_| {}).await)?;
        }
        let server = program.address(Listener::SipUdp)?;
        ensure!(register(server, 1, "201", KNOWN).await? == Some(200), "a phone registers");
        let first = phones(&mut link).await?.into_iter().next().context("a registration")?.contact;
        for guess in 0..5 {
            register(server, 10 + guess, "202", "000000").await?;
        }
        ensure!(register(server, 20, "202", KNOWN).await? == Some(503), "the lock is set");

        self.set(jump)?;
        for moment in ["at once", "a look later"] {
            let held = register(server, 21, "202", KNOWN).await? == Some(503);
            self.note(held && locks(&mut link).await?.len() == 1, format!("the lock, {moment}"));
            self.note(is_there(&mut link, &first).await?, format!("the registration, {moment}"));
            self.note(register(server, 1, "201", KNOWN).await? == Some(200), format!("a phone, {moment}"));
            sleep(A_LOOK).await;
        }
        let warnings = status(&mut link).await?.warnings;
        self.note(
            warnings.iter().any(|warning| warning.contains("clock")),
            format!("no warning: {warnings:?}"),
        );
        let renamed = Request::EditUser(UserChanges {
            name: "ann".into(),
            full_name: Some("Ann".into()),
            ..UserChanges::default()
        });
        done(link.ask(&renamed, |_| {}).await)?;
        program.stop()?;

        // The next start takes the wall clock as it is then.
        let (mut program, mut link) = self.start().await?;
        let server = program.address(Listener::SipUdp)?;
        if jump < 0 {
            let lock = locks(&mut link).await?;
            let longest =
                lock.first().and_then(|lock| lock.until).map(|until| shifted(jump).seconds_until(until));
            self.note(
                register(server, 22, "202", KNOWN).await? == Some(503),
                "the lock, after a start backwards",
            );
            self.note(
                longest.is_some_and(|seconds| seconds <= 600),
                format!("the lock lasts {longest:?} seconds"),
            );
            self.note(is_there(&mut link, &first).await?, "the registration, after a start backwards");
        }
        self.note(register(server, 1, "201", KNOWN).await? == Some(200), "a phone, after the start");
        program.stop()?;
        let verdict = administrator(&self.place.data(), shifted(jump))?;
        self.note(matches!(verdict, Verdict::Accept(_)), format!("Administrator is answered {verdict:?}"));
        Ok(())
    }
}

async fn register(
    server: std::net::SocketAddr,
    last: u8,
    number: &str,
    code: &str,
) -> anyhow::Result<Option<u16>> {
    Phone::at(Ipv4Addr::new(127, 7, 0, last), server, number).await?.register(code, PATIENCE).await
}

async fn is_there(link: &mut Link, contact: &str) -> anyhow::Result<bool> {
    Ok(phones(link).await?.iter().any(|phone| phone.contact == contact))
}

/// What the wall clock shows after a jump.
fn shifted(jump: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(0);
    Timestamp(now.saturating_add_signed(jump.saturating_mul(1000)))
}

/// Administrator signs in to the stopped system's pages, the way the flow takes it.
fn administrator(data: &Path, now: Timestamp) -> anyhow::Result<Verdict> {
    let keys = fs::read_to_string(data.join("master.key")).context("the master key")?;
    let keys = MasterKeys::parse(&keys)?;
    let engine = Box::new(SqliteEngine::open(data)?);
    let ledger = Ledger::open(engine, keys, [7; 32], Box::new(SeededDice(now.0)))?;
    let secret = Secret::new(PASSWORD);
    let attempt = Attempt {
        interface: LoginInterface::WebManager,
        domain: DomainId::FIRST,
        claim: Claim::Account(RoleKind::ServiceUser, "Administrator"),
        proof: Proof::Plain(&secret),
        peer: Peer { address: Ipv4Addr::new(192, 0, 2, 1).into(), agent: "clock", device: "" },
        purpose: Purpose::Session(None),
    };
    let dossier = ledger.begin(&attempt, now)?;
    let finding = check(&dossier, &attempt, now);
    let settled = ledger.settle(&dossier, &attempt, finding, now);
    let decision = decide(&dossier, &attempt, finding, &settled, now, &mut SeededDice(now.0 ^ 1));
    ledger.commit(decision.effects).wait()?;
    ledger.close()?;
    Ok(decision.verdict)
}
