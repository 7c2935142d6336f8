//! `hookswitch export`: users, extensions or the audit in one file. Never a secret.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use super::{
    Place,
    audit::who,
    cell::guarded,
    columns::USER_COLUMNS,
    conversation::dated,
    failure::{Exit, Failure, Outcome},
    output,
};
use crate::{
    local::protocol::{AuditEntry, ExtensionEntry, Part, Request, UserEntry},
    moment,
};

/// What, in which form, and where to.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to export
    #[arg(value_enum, default_value_t = Subject::Users)]
    what: Subject,
    /// In which form
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
    /// The file to be made; standard output without it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Users; `import` reads it back
    Users,
    /// Extensions
    Extensions,
    /// The whole audit
    Audit,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For spreadsheets: no cell is taken for a formula
    Csv,
    /// One JSON object a line
    Jsonl,
}

const EXTENSION_COLUMNS: [&str; 5] = ["number", "user", "phone_password_set_at", "phones", "created_at"];
const AUDIT_COLUMNS: [&str; 12] = [
    "number",
    "at",
    "actor",
    "action",
    "outcome",
    "reason",
    "subject",
    "interface",
    "address",
    "agent",
    "changes",
    "times",
];

/// Carries out the command.
///
/// # Errors
/// Refused, no system is there, or the file cannot be written.
pub async fn run(args: ExportArgs, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    let (what, request) = match args.what {
        Subject::Users => ("export the users", Request::Users),
        Subject::Extensions => ("export the extensions", Request::Extensions),
        Subject::Audit => ("export the audit", Request::AuditRows { last: None }),
    };
    // Noted first: an export that was cut off has told what it told.
    let subject = args.what.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    system.ask(what, &Request::NoteExport(subject)).await?;
    let to: Box<dyn Write + Send> = match &args.output {
        None => Box::new(io::stdout()),
        Some(path) => {
            let file = File::options().write(true).create_new(true).mode(0o600).open(path);
            Box::new(file.map_err(|error| unwritten(what, &error))?)
        }
    };
    let mut sheet = Sheet::new(args.format, to);
    let mut written = sheet.titles(args.what);
    let take = |part| {
        if written.is_ok() {
            written = sheet.write(&part);
        }
    };
    let done = system.ask_for(what, &request, take).await?;
    match written.and_then(|()| sheet.finish()) {
        Ok(()) => {}
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
        Err(error) => return Err(unwritten(what, &error)),
    }
    if let Some(path) = args.output {
        output::note(&format!("{}: {} entries.", path.display(), done.count));
    }
    Ok(Exit::Done)
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    Failure::refused(what, error, "Name a file that does not exist yet, at a place where you may write.")
}

/// Writes entries in one of the forms.
enum Sheet {
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    Jsonl(BufWriter<Box<dyn Write + Send>>),
}

impl Sheet {
    fn new(form: Form, to: Box<dyn Write + Send>) -> Self {
        match form {
            Form::Csv => Self::Csv(Box::new(csv::Writer::from_writer(to))),
            Form::Jsonl => Self::Jsonl(BufWriter::new(to)),
        }
    }

    fn titles(&mut self, subject: Subject) -> io::Result<()> {
        let Self::Csv(writer) = self else { return Ok(()) };
        let titles: &[&str] = match subject {
            Subject::Users => &USER_COLUMNS,
            Subject::Extensions => &EXTENSION_COLUMNS,
            Subject::Audit => &AUDIT_COLUMNS,
        };
        Ok(writer.write_record(titles)?)
    }

    fn write(&mut self, part: &Part) -> io::Result<()> {
        if let Part::Users(users) = part {
            users.iter().try_for_each(|user| self.entry(user, user_cells))?;
        }
        if let Part::Extensions(extensions) = part {
            extensions.iter().try_for_each(|extension| self.entry(extension, extension_cells))?;
        }
        if let Part::Audit(rows) = part {
            rows.iter().try_for_each(|row| self.entry(row, audit_cells))?;
        }
        Ok(())
    }

    fn entry<T: serde::Serialize>(&mut self, entry: &T, cells: impl Fn(&T) -> Vec<String>) -> io::Result<()> {
        match self {
            Self::Csv(writer) => Ok(writer.write_record(cells(entry).iter().map(|cell| guarded(cell)))?),
            Self::Jsonl(writer) => {
                let value = dated(entry).map_err(|failure| io::Error::other(failure.why))?;
                writeln!(writer, "{value}")
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Csv(writer) => writer.flush(),
            Self::Jsonl(writer) => writer.flush(),
        }
    }
}

fn user_cells(user: &UserEntry) -> Vec<String> {
    vec![
        user.name.clone(),
        user.full_name.clone(),
        user.extension.clone().unwrap_or_default(),
        user.status.title().into(),
        moment::for_programs(user.login_code_set_at),
        moment::for_programs(user.user_password_set_at),
        moment::for_programs(user.signed_in_at),
        user.failures_since.to_string(),
        moment::for_programs(user.created_at),
        moment::for_programs(user.expires_at),
    ]
}

fn extension_cells(extension: &ExtensionEntry) -> Vec<String> {
    vec![
        extension.number.clone(),
        extension.user.clone().unwrap_or_default(),
        moment::for_programs(extension.phone_password_set_at),
        extension.phones.to_string(),
        moment::for_programs(extension.created_at),
    ]
}

fn audit_cells(row: &AuditEntry) -> Vec<String> {
    let event = &row.event;
    let change = |change: &signin::audit::FieldChange| {
        format!("{}: {} → {}", change.field, change.before, change.after)
    };
    vec![
        row.number.to_string(),
        moment::for_programs(event.at),
        who(&event.actor),
        event.action.title().into(),
        format!("{:?}", event.outcome).to_lowercase(),
        event.reason.map(|reason| reason.title().to_owned()).unwrap_or_default(),
        event.subject.to_string(),
        event.interface.name().into(),
        event.address.map(|address| address.to_string()).unwrap_or_default(),
        event.agent.to_string(),
        event.changes.iter().map(change).collect::<Vec<_>>().join("; "),
        event.times.to_string(),
    ]
}
