//! `hookswitch import`: users out of a CSV file, each row whole or not at all, many at once.
//!
//! ```text
//! file ──survey──▶ columns are right, rows are counted
//!      ──read────▶ row ──secrets made, on disk──▶ batch ──sent while the one before is done──▶ outcome of each row
//!                   ╰──cannot be taken──▶ users.csv.rejected.csv ◀──refused──────────────────────╯
//! ```
//! To import a file again is harmless: what is as wanted is passed over. So an import that was cut off is repeated.

pub mod results;
pub mod row;
pub mod sheet;

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Seek},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::Args;
use signin::{
    credential::{About, generate},
    policy::Settings,
};

use self::{
    results::{MadeSecrets, RejectedRows, beside},
    row::{Columns, Rejected, Row, SECRETS, Seen, Wish},
    sheet::Sheet,
};
use super::{
    Place,
    conversation::Conversation,
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output,
};
use crate::{
    dice::OsDice,
    local::protocol::{BATCH_MAX, Choice, Deed, ImportRow, Part, Refusal, Request, RowOutcome, SecretText},
};

/// Largest file.
const FILE_MAX: u64 = 256 * 1024 * 1024;
/// Most rows.
const ROWS_MAX: u64 = 1_000_000;
/// Bytes of a batch, about.
const BATCH_BYTES: usize = 512 * 1024;

/// Which file, and how.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A CSV file in UTF-8 whose first line names its columns
    ///
    /// Columns: name, full_name, extension, login_code, user_password, phone_password. A column that is left out
    /// changes nothing; an empty cell of a secret neither. The word "generate" in a secret's cell makes one where
    /// none is set, and writes it to FILE.secrets.csv, which only you may read. Rows that cannot be taken are listed
    /// in FILE.rejected.csv.
    file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Counts what became of the rows.
#[derive(Debug, Default)]
struct Tallies {
    made: u64,
    changed: u64,
    as_wanted: u64,
    secrets_kept: u64,
}

/// An import under way.
struct Import<'a> {
    system: &'a mut Conversation,
    settings: Arc<Settings>,
    is_rehearsal: bool,
    secrets: MadeSecrets,
    rejected: RejectedRows,
    tallies: Tallies,
    /// The rows of the batches that were sent and not answered.
    under_way: VecDeque<Vec<(u64, String)>>,
}

/// Carries out the command.
///
/// # Errors
/// The file cannot be read, its columns are wrong, it is too large, or no system is there.
pub async fn run(args: ImportArgs, place: &Place) -> Outcome {
    let what = format!("import {}", args.file.display());
    let unread = |error: io::Error| Failure::usage(&what, error, "Name a CSV file that you may read.");
    let mut file = File::open(&args.file).map_err(unread)?;
    let total = survey(&what, &mut file)?;
    let mut system = place.conversation().await?;
    let settings = system.settings().await?;
    let unwritten = |error: io::Error| unwritten(&what, &error);
    let mut import = Import {
        system: &mut system,
        settings,
        is_rehearsal: args.dry_run,
        secrets: MadeSecrets::open(beside(&args.file, ".secrets.csv")).map_err(unwritten)?,
        rejected: RejectedRows::begin(beside(&args.file, ".rejected.csv")).map_err(unwritten)?,
        tallies: Tallies::default(),
        under_way: VecDeque::new(),
    };
    let is_stopped = Arc::new(AtomicBool::new(false));
    let stopping = tokio::spawn({
        let is_stopped = Arc::clone(&is_stopped);
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                is_stopped.store(true, Ordering::Relaxed);
            }
        }
    });
    let imported = import.all(&what, file, total, &is_stopped).await;
    stopping.abort();
    // Also after trouble: what was made is in force, and its secrets must be readable.
    let Import { mut rejected, secrets, tallies, .. } = import;
    rejected.finish().map_err(unwritten)?;
    let secrets_made = if args.dry_run { 0 } else { secrets.finish().map_err(unwritten)? };
    imported?;
    summary(&args, &tallies, &rejected, secrets_made)?;
    if is_stopped.load(Ordering::Relaxed) {
        output::note("Stopped. Every row so far is whole; import the file again to go on.");
        return Ok(Exit::Refused);
    }
    Ok(if rejected.count > 0 { Exit::Refused } else { Exit::Done })
}

/// Reads the whole file once: whether its columns are right, and how many rows it has.
fn survey(what: &str, file: &mut File) -> Result<u64, Failure> {
    let unread = |error: io::Error| Failure::usage(what, error, "Name a CSV file that you may read.");
    let metadata = file.metadata().map_err(unread)?;
    if !metadata.is_file() {
        return Err(Failure::usage(what, "this is no file", "The file is read twice; save it first."));
    }
    let remedy = "Divide it into several.";
    if metadata.len() > FILE_MAX {
        return Err(Failure::usage(what, format!("the file is larger than {FILE_MAX} bytes"), remedy));
    }
    let (mut sheet, first) = Sheet::open(&mut *file).map_err(unread)?;
    Columns::read(first).map_err(|(why, remedy)| Failure::usage(what, why, remedy))?;
    let mut rows = 0;
    while sheet.record().map_err(unread)?.is_some() {
        rows += 1;
        if rows > ROWS_MAX {
            return Err(Failure::usage(what, format!("the file has more than {ROWS_MAX} rows"), remedy));
        }
    }
    file.rewind().map_err(unread)?;
    Ok(rows)
}

impl Import<'_> {
    async fn all(
        &mut self,
        what: &str,
        file: File,
        total: u64,
        is_stopped: &AtomicBool,
    ) -> Result<(), Failure> {
        let unread = |error: io::Error| Failure::refused(what, error, "Repeat the import.");
        let (mut sheet, first) = Sheet::open(file).map_err(unread)?;
        let columns = Columns::read(first).map_err(|(why, remedy)| Failure::usage(what, why, remedy))?;
        let mut meter = Meter::start("Importing", "rows");
        let mut seen = Seen::default();
        let mut done = 0;
        loop {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH_MAX && bytes < BATCH_BYTES && !is_stopped.load(Ordering::Relaxed) {
                let Some(record) = sheet.record().map_err(unread)? else { break };
                done += 1;
                match columns.row(record).and_then(|row| seen.note(row)) {
                    Ok(row) => {
                        bytes += row.bytes;
                        batch.push(row);
                    }
                    Err(rejected) => {
                        self.rejected.add(&rejected).map_err(|error| unwritten(what, &error))?;
                    }
                }
            }
            if batch.is_empty() && self.under_way.is_empty() {
                meter.end();
                return Ok(());
            }
            self.exchange(what, batch).await?;
            meter.reach(done, Some(total));
        }
    }

    /// Sends a batch, if there is one, and hears what became of the one before.
    async fn exchange(&mut self, what: &str, batch: Vec<Row>) -> Result<(), Failure> {
        let is_one_under_way = !self.under_way.is_empty();
        let next = if batch.is_empty() {
            None
        } else {
            self.under_way.push_back(batch.iter().map(|row| (row.line, row.name.clone())).collect());
            let rows = self.with_secrets(batch).map_err(|error| unwritten(what, &error))?;
            Some(Request::Import { rows, is_rehearsal: self.is_rehearsal })
        };
        let parts = self.system.ask_ahead(what, next.as_ref(), is_one_under_way).await?;
        let outcomes = parts
            .into_iter()
            .flat_map(|part| if let Part::Imported(outcomes) = part { outcomes } else { Vec::new() });
        let sent = if is_one_under_way { self.under_way.pop_front().unwrap_or_default() } else { Vec::new() };
        for ((line, name), outcome) in sent.into_iter().zip(outcomes) {
            self.note(line, name, outcome).map_err(|error| unwritten(what, &error))?;
        }
        Ok(())
    }

    fn note(&mut self, line: u64, name: String, outcome: RowOutcome) -> io::Result<()> {
        match outcome {
            RowOutcome::Taken { deed, kept } => {
                match deed {
                    Deed::Made => self.tallies.made += 1,
                    Deed::Changed => self.tallies.changed += 1,
                    Deed::Nothing => self.tallies.as_wanted += 1,
                }
                for kind in kept {
                    self.tallies.secrets_kept += 1;
                    self.secrets.strike(&name, kind);
                }
                Ok(())
            }
            RowOutcome::Refused(refusal) => {
                SECRETS.iter().for_each(|kind| self.secrets.strike(&name, *kind));
                self.rejected.add(&rejected(line, name, refusal))
            }
        }
    }

    /// Makes the secrets that are wished for, and has them on the disk before they are sent.
    fn with_secrets(&mut self, batch: Vec<Row>) -> io::Result<Vec<ImportRow>> {
        let mut rows = Vec::with_capacity(batch.len());
        for mut row in batch {
            let wishes = std::mem::take(&mut row.secrets);
            let has_wishes = wishes.iter().any(|wish| matches!(wish, Wish::Generate));
            let mut choices = wishes.into_iter().zip(SECRETS).map(|(wish, kind)| match wish {
                Wish::Keep => Choice::Keep,
                Wish::Set(secret) => Choice::Set(SecretText(secret)),
                Wish::Generate => {
                    let number = row.extension.as_deref().unwrap_or_default();
                    let about = About { name: &row.name, number, ..About::default() };
                    let make = || generate(kind, &about, &self.settings, &mut OsDice);
                    Choice::SetFirst(SecretText(self.secrets.secret(&row, kind, make)))
                }
            });
            let mut next = || choices.next().unwrap_or_default();
            let (login_code, user_password, phone_password) = (next(), next(), next());
            if has_wishes && !self.is_rehearsal {
                self.secrets.write(&row)?;
            }
            let Row { name, full_name, extension, .. } = row;
            rows.push(ImportRow { name, full_name, extension, login_code, user_password, phone_password });
        }
        self.secrets.sync()?;
        Ok(rows)
    }
}

fn rejected(line: u64, name: String, refusal: Refusal) -> Rejected {
    let Refusal { why, remedy, mut fields } = refusal;
    if fields.is_empty() {
        fields.push(crate::local::protocol::FieldFlaw { field: String::new(), problem: why });
    }
    Rejected { line, name, flaws: fields, remedy }
}

fn summary(
    args: &ImportArgs,
    tallies: &Tallies,
    rejected: &RejectedRows,
    secrets_made: usize,
) -> Result<(), Failure> {
    let Tallies { made, changed, as_wanted, secrets_kept } = tallies;
    let would = if args.dry_run { "Nothing was changed. It would be: " } else { "" };
    output::line(&format!(
        "{would}{made} users made, {changed} changed, {as_wanted} already as wanted, {} refused.",
        rejected.count
    ))?;
    if *secrets_kept > 0 {
        output::note(&format!(
            "{secrets_kept} secrets are left as they were: \"generate\" makes one only where none is set."
        ));
    }
    if secrets_made > 0 {
        let file = beside(&args.file, ".secrets.csv");
        output::note(&format!(
            "{}: the secrets made for {secrets_made} users. Only you may read it; delete it when they are handed out.",
            file.display()
        ));
    }
    if rejected.count > 0 {
        let file = beside(&args.file, ".rejected.csv");
        output::note(&format!("{}: why {} rows were refused.", file.display(), rejected.count));
    }
    Ok(())
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    let why = format!("the files beside it cannot be used: {error}");
    Failure::refused(what, why, "Copy the file to a folder of your own and import it there.")
}
