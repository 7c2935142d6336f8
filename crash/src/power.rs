//! Power losses: the office at work is recorded call by call, and then loses its power at many moments of that record.
//!
//! Every other office is ended without warning in the middle of its work. Every third has a disk that fails to sync now
//! and then: what SQLite had written is then lost for good, and a later sync that succeeds says nothing of it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::{
    chance::Chance,
    disk::Disk,
    figures::{Figures, millis},
    office::{self, Told},
    trace::{self, CALLS, Event, STRING_MAX},
};

/// Losses that are tried on one record.
const LOSSES: u64 = 250;
/// Steps of each stream of an office.
const STEPS: u64 = 60;
/// What a start of the machine after a loss is called.
const AFTERWARDS: &str = "after the power cut";

#[derive(Default)]
struct Sum {
    losses: u64,
    told: u64,
    failed_syncs: u64,
    slowest: Duration,
    lost: Vec<String>,
}

/// Tries so many losses and prints what came of them.
pub(crate) fn run(losses: u64, seed: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let offices = losses.div_ceil(LOSSES);
    let halves: Vec<Vec<u64>> = (0..2).map(|half| (0..offices).filter(|n| n % 2 == half).collect()).collect();
    let sums = std::thread::scope(|side| {
        let threads: Vec<_> = halves
            .iter()
            .map(|half| {
                side.spawn(move || half.iter().map(|n| office(seed + n, losses.min(LOSSES))).collect())
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a panic")));
        joined.collect::<anyhow::Result<Vec<Vec<anyhow::Result<Sum>>>>>()
    })?;
    let mut total = Sum::default();
    for sum in sums.into_iter().flatten() {
        let sum = sum?;
        total.losses += sum.losses;
        total.told += sum.told;
        total.failed_syncs += sum.failed_syncs;
        total.slowest = total.slowest.max(sum.slowest);
        total.lost.extend(sum.lost);
    }
    for lost in total.lost.iter().take(10) {
        eprintln!("power loss: {lost}");
    }
    figures.at_least("power_losses", total.losses, losses);
    figures.tell("power_losses.offices", offices);
    figures.tell("power_losses.acknowledged", total.told);
    figures.tell("power_losses.failed_syncs", total.failed_syncs);
    figures.at_most("power_losses.ready_max_ms", millis(total.slowest), 2000);
    figures.at_most("power_losses.lost", total.lost.len() as u64, 0);
    Ok(())
}

/// One office, recorded and then cut off so many times.
fn office(seed: u64, losses: u64) -> anyhow::Result<Sum> {
    let does_fail = seed % 3 == 2;
    let events = record(seed, does_fail)?;
    let mut chance = Chance::new(seed ^ 0xd15c);
    let mut moments: Vec<usize> = (0..losses).map(|_| chance.below(events.len() + 1)).collect();
    moments.sort_unstable();
    let (mut sum, mut disk, mut told) = (Sum::default(), Disk::default(), Told::new());
    let (mut is_furnished, mut is_counted) = (false, true);
    let mut moments = moments.into_iter().peekable();
    for (at, event) in events.iter().map(Some).chain([None]).enumerate() {
        while moments.next_if_eq(&at).is_some() {
            sum.losses += 1;
            let found = lose(&disk, &told, is_furnished, is_counted, &mut chance);
            match found {
                Ok(took) => sum.slowest = sum.slowest.max(took),
                Err(error) => sum.lost.push(format!("office {seed}, event {at}: {error:#}")),
            }
        }
        let Some(event) = event else { break };
        disk.take(event, &mut chance);
        match event {
            Event::Told(line) => {
                is_furnished |= line.starts_with("furnished");
                is_counted &= !line.starts_with("lost-count");
                office::hear(&mut told, line);
                sum.told += 1;
            }
            Event::Synced(_, false) => sum.failed_syncs += 1,
            Event::Made(_)
            | Event::Written(..)
            | Event::Sized(..)
            | Event::Synced(_, true)
            | Event::FolderSynced
            | Event::Unlinked(_)
            | Event::Renamed(..) => {}
        }
    }
    Ok(sum)
}

/// Loses the power now, and looks at what is left; how long the store took to open.
fn lose(
    disk: &Disk,
    told: &Told,
    is_furnished: bool,
    is_counted: bool,
    chance: &mut Chance,
) -> anyhow::Result<Duration> {
    let folder = scratch()?;
    disk.lose_power(folder.path(), chance)?;
    let began = Instant::now();
    let ledger = office::open(folder.path(), Some(AFTERWARDS), chance.dice())?;
    let took = began.elapsed();
    if is_furnished {
        office::hold(&ledger, told, is_counted)?;
    } else if ledger.figures().accounts > 0 {
        office::hold(&ledger, &Told::new(), is_counted)?;
    }
    ledger.close()?;
    Ok(took)
}

/// A folder in memory, where a sync costs nothing: what is on a disk is simulated here.
pub(crate) fn scratch() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

fn record(seed: u64, does_fail: bool) -> anyhow::Result<Vec<Event>> {
    let folder = scratch()?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    let record = folder.path().join("record");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-xx", "-s", STRING_MAX, "-e", &format!("trace={CALLS}"), "-o"]).arg(&record);
    if does_fail {
        // Counted for each thread apart.
        let when = if seed % 12 == 11 {
            // All from then on, so that the first half ends with a transaction that no disk has.
            format!("{}+", 25 + seed % 5)
        } else {
            format!("{}+{}", 5 + seed % 8, 5 + seed % 9)
        };
        strace.args(["-e", &format!("inject=fsync,fdatasync:error=EIO:when={when}")]);
    }
    let ended = strace
        .arg(std::env::current_exe()?)
        .arg("office")
        .arg(&data)
        .args([seed.to_string(), STEPS.to_string()])
        .args((!seed.is_multiple_of(2)).then_some("--cut"))
        .stdout(Stdio::null())
        .status()
        .context("strace cannot be started: cargo xtask setup installs it")?;
    ensure!(ended.success(), "the office of seed {seed} ended with {ended}");
    trace::read(&fs::read_to_string(&record)?, &data)
}
