//! `hookswitch lockout`: blacklisted extensions and addresses, locked accounts.

use clap::Subcommand;
use signin::place::Lane;

use super::{
    Format, Place,
    conversation::list_as,
    failure::{Exit, Outcome},
    output,
};
use crate::{
    local::protocol::{LockEntry, Part, Request, Wanted},
    moment,
};

/// What to do with locks.
#[derive(Debug, Subcommand)]
pub enum LockoutCommand {
    /// Lists the locks in force
    List {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Resets locks, and the counts behind them
    Reset {
        /// Account names, extension numbers or addresses
        #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "NAME-OR-ADDRESS")]
        names: Vec<String>,
        /// Every lock there is
        #[arg(long)]
        all: bool,
    },
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(command: LockoutCommand, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    match command {
        LockoutCommand::List { format } => {
            let mut locks = Vec::new();
            let take = |part| {
                if let Part::Locks(part) = part {
                    locks.extend(part);
                }
            };
            system.ask_for("list the locks", &Request::Locks, take).await?;
            let titles = ["WHAT", "NAME", "FAILURES", "LAST FAILURE", "UNTIL"];
            list_as(format, &titles, &locks, |lock: &LockEntry| {
                vec![
                    lock.key.scope.title().into(),
                    match lock.key.lane {
                        Lane::Open => lock.key.name.as_str().into(),
                        Lane::Network(network) => format!("{} at {network}", lock.key.name.as_str()),
                        Lane::Device(_) => format!("{} in a known browser", lock.key.name.as_str()),
                    },
                    lock.failures.to_string(),
                    moment::for_people(lock.failed_at),
                    lock.until.map_or_else(|| "reset by hand".into(), moment::for_people),
                ]
            })
        }
        LockoutCommand::Reset { names, all } => {
            let wanted = if all { Wanted::All } else { Wanted::Named(names) };
            let done = system.ask("reset locks", &Request::ResetLocks(wanted)).await?;
            output::line(&match done.count {
                0 => "Nothing was locked or counted there.".into(),
                1 => "One lock or count is reset.".into(),
                count => format!("{count} locks and counts are reset."),
            })?;
            Ok(Exit::Done)
        }
    }
}
