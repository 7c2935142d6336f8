//! `hookswitch audit`: whether the audit is as it was written, and its latest rows.

use clap::Subcommand;
use signin::audit::{Actor, Outcome as Ending};

use super::{
    Format, Place,
    conversation::{dated, list_as},
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output,
};
use crate::{
    local::protocol::{AuditEntry, AuditVerdict, Part, Request},
    moment,
};

/// What to do with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follows the chain from the first row that is kept to the last: any row edited, removed or moved shows
    Verify {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Shows the latest rows
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
        lines: u32,
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(command: AuditCommand, place: &Place) -> Outcome {
    match command {
        AuditCommand::Verify { format } => verify(format, place).await,
        AuditCommand::Tail { lines, format } => {
            let mut system = place.conversation().await?;
            let mut rows = Vec::new();
            let take = |part| {
                if let Part::Audit(part) = part {
                    rows.extend(part);
                }
            };
            system.ask_for("show the audit", &Request::AuditRows { last: Some(lines) }, take).await?;
            list_as(format, &["NO.", "WHEN", "WHO", "WHAT", "TO", "HOW", "FROM", "WHY"], &rows, columns)
        }
    }
}

async fn verify(format: Format, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    let mut meter = Meter::start("Following the audit", "rows");
    let mut verdict = None;
    let take = |part| {
        if let Part::Progress { done, total } = part {
            meter.reach(done, total);
        } else if let Part::Verified(found) = part {
            verdict = Some(found);
        }
    };
    system.ask_for("verify the audit", &Request::VerifyAudit, take).await?;
    meter.end();
    let verdict = verdict.ok_or_else(|| {
        Failure::refused("verify the audit", "the system gave no verdict", "Repeat the command.")
    })?;
    if format.json {
        output::json(&dated(&verdict)?)?;
    }
    match verdict {
        AuditVerdict::Whole { rows, first } => {
            if !format.json {
                output::line(&format!("The audit is whole: {rows} rows, each as it was written."))?;
                if first > 1 {
                    output::line(&format!(
                        "It begins with row {first}: the rows before it were removed by the rule for how long it is kept."
                    ))?;
                }
            }
            Ok(Exit::Done)
        }
        AuditVerdict::Broken { number, why } => Err(Failure::refused(
            "verify the audit",
            format!("row {number} does not fit: {why}"),
            "Somebody or something changed the database from outside. Keep a copy of the data folder as it is, and \
             compare with a backup.",
        )),
    }
}

fn columns(row: &AuditEntry) -> Vec<String> {
    let event = &row.event;
    let times = if event.times > 1 { format!(" ({} times)", event.times) } else { String::new() };
    vec![
        row.number.to_string(),
        moment::for_people(event.at),
        who(&event.actor),
        format!("{}{times}", event.action.title()),
        event.subject.to_string(),
        event.interface.row().title.into(),
        event.address.map(|address| address.to_string()).unwrap_or_default(),
        match (event.reason, event.outcome) {
            (Some(reason), _) => reason.title().into(),
            (None, Ending::Refused) => "refused".into(),
            (None, Ending::Accepted) => {
                event.changes.iter().map(|change| change.field.to_string()).collect::<Vec<_>>().join(", ")
            }
        },
    ]
}

/// Who did something, in one word or two.
pub fn who(actor: &Actor) -> String {
    match actor {
        Actor::Unknown => "unknown".into(),
        Actor::Account(_, name) => name.to_string(),
        Actor::Extension(_, number) => format!("extension {number}"),
        Actor::Console => "console".into(),
        Actor::System => "system".into(),
    }
}
