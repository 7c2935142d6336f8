//! Flipped bits: one bit of the store's files at a time, after a clean stop and after an end without warning. It is
//! noticed (the start is refused, or says so in the log, or the audit does not verify), or it is where nothing is kept
//! and everything that is loaded is, byte for byte, what it was.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, ensure};
use signin::timestamp::Timestamp;
use store::{
    Ledger,
    engine::{DATABASE_FILE, NOTES_FILE, SUM_FILE},
};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::{chance::Chance, figures::Figures, office, power::scratch};

/// Flips in one office; then there is another.
const FLIPS: u64 = 100;
const STEPS: u64 = 60;
const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Counts what the log says as an error.
struct Errors(Arc<AtomicU64>);

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What came of a flip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    Told,
    Harmless,
    Unnoticed,
}

/// The files of a store, and what is loaded from them.
struct Base {
    files: BTreeMap<String, Vec<u8>>,
    loaded: Vec<u8>,
    codes: Vec<u64>,
}

/// Flips so many bits.
pub(crate) fn run(flips: u64, seed: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let errors = Arc::new(AtomicU64::new(0));
    let mut sums: BTreeMap<(bool, Outcome), u64> = BTreeMap::new();
    let (mut granted, mut done) = (0, 0);
    let logged = Arc::clone(&errors);
    tracing::subscriber::set_global_default(Errors(logged)).context("the log is listened to already")?;
    while done < flips {
        let mut chance = Chance::new(seed + done);
        let is_clean = (done / FLIPS).is_multiple_of(2);
        let base = base(seed + done, is_clean)?;
        for _ in 0..FLIPS.min(flips - done) {
            done += 1;
            let (outcome, wrong) = flip(&base, &mut chance, &errors)?;
            granted += wrong;
            *sums.entry((is_clean, outcome)).or_default() += 1;
        }
    }
    let of = |is_clean, outcome| sums.get(&(is_clean, outcome)).copied().unwrap_or(0);
    figures.at_least("bit_flips", done, flips);
    for (is_clean, name) in [(true, "after_a_stop"), (false, "after_a_kill")] {
        figures.tell(&format!("bit_flips.{name}.refused"), of(is_clean, Outcome::Refused));
        figures.tell(&format!("bit_flips.{name}.told"), of(is_clean, Outcome::Told));
        figures.tell(&format!("bit_flips.{name}.harmless"), of(is_clean, Outcome::Harmless));
    }
    figures.at_most("bit_flips.unnoticed", of(true, Outcome::Unnoticed) + of(false, Outcome::Unnoticed), 0);
    figures.at_most("bit_flips.wrong_grants", granted, 0);
    Ok(())
}

/// An office after its work: closed, or cut off with guesses that no disk has.
fn base(seed: u64, is_clean: bool) -> anyhow::Result<Base> {
    let folder = scratch()?;
    let ended = Command::new(std::env::current_exe()?)
        .arg("office")
        .arg(folder.path())
        .args([seed.to_string(), STEPS.to_string(), "--unanswered".into()])
        .stdout(Stdio::null())
        .status()?;
    ensure!(ended.success(), "the office ended with {ended}");
    let dice = || Chance::new(seed).dice();
    if is_clean {
        office::open(folder.path(), None, dice())?.close()?;
    }
    let mut files = BTreeMap::new();
    for file in fs::read_dir(folder.path())? {
        let file = file?;
        files.insert(file.file_name().to_string_lossy().into_owned(), fs::read(file.path())?);
    }
    let ledger = office::open(folder.path(), None, dice())?;
    let codes = office::codes(&ledger)?;
    let loaded = loaded(&ledger)?;
    ledger.close()?;
    Ok(Base { files, loaded, codes })
}

fn loaded(ledger: &Ledger) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ledger.backup(&mut bytes, NOW, &mut |_, _| ())?;
    Ok(bytes)
}

fn flip(base: &Base, chance: &mut Chance, errors: &AtomicU64) -> anyhow::Result<(Outcome, u64)> {
    let folder = scratch()?;
    let name = choose(base, chance);
    for (file, bytes) in &base.files {
        let mut bytes = bytes.clone();
        if *file == name {
            // The notes are nearly all zeros; half of the flips are among those that are taken.
            let length = if name == NOTES_FILE && chance.percent(50) { 4096 } else { bytes.len() };
            let at = chance.below(length);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        fs::write(folder.path().join(file), bytes)?;
    }
    let before = errors.load(Ordering::Relaxed);
    let Ok(ledger) = office::open(folder.path(), None, chance.dice()) else {
        return Ok((Outcome::Refused, 0));
    };
    let is_whole = ledger.verify_audit(&mut |_, _| ()).is_ok();
    let is_told = !is_whole || errors.load(Ordering::Relaxed) > before;
    let outcome = match loaded(&ledger) {
        _ if is_told => Outcome::Told,
        Ok(now) if now == base.loaded => Outcome::Harmless,
        Ok(_) => Outcome::Unnoticed,
        Err(_) => Outcome::Told,
    };
    let wrong = office::wrong_grants(&ledger, &base.codes)?;
    // It may have been damaged where it is written next; that is noticed then.
    let _may_fail = ledger.close();
    Ok((outcome, wrong))
}

/// A file, by how much of what matters is in it.
fn choose(base: &Base, chance: &mut Chance) -> String {
    let log = format!("{DATABASE_FILE}-wal");
    let wished = match chance.below(10) {
        0 => NOTES_FILE.to_owned(),
        1 => SUM_FILE.to_owned(),
        2..6 => log,
        _ => DATABASE_FILE.to_owned(),
    };
    let is_there = base.files.get(&wished).is_some_and(|bytes| !bytes.is_empty());
    if is_there { wished } else { Path::new(DATABASE_FILE).to_string_lossy().into_owned() }
}
