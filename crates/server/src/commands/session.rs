//! `hookswitch session`: signed-in browsers and programs.

use clap::Subcommand;
use signin::session::SessionId;

use super::{
    Format, Place,
    conversation::list_as,
    failure::{Exit, Outcome},
    output,
};
use crate::{
    local::protocol::{ID_SHOWN, Part, Request, SessionEntry, Wanted},
    moment,
};

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Lists the open sessions
    List {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Ends sessions
    End {
        /// Their ids, as `list` shows them; or account names, for all sessions of an account
        #[arg(
            required_unless_present = "all",
            conflicts_with = "all",
            value_name = "ID-OR-ACCOUNT",
            allow_hyphen_values = true
        )]
        sessions: Vec<String>,
        /// Every open session
        #[arg(long)]
        all: bool,
    },
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(command: SessionCommand, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    match command {
        SessionCommand::List { format } => {
            let mut sessions = Vec::new();
            let take = |part| {
                if let Part::Sessions(part) = part {
                    sessions.extend(part);
                }
            };
            system.ask_for("list the sessions", &Request::Sessions, take).await?;
            let titles = ["ID", "ACCOUNT", "INTERFACE", "FROM", "SINCE", "LAST USED", "PROGRAM"];
            list_as(format, &titles, &sessions, |session: &SessionEntry| {
                vec![
                    id_in_short(session.id),
                    session.account.clone(),
                    session.interface.clone(),
                    session.address.clone(),
                    moment::for_people(session.opened_at),
                    moment::for_people(session.used_at),
                    session.agent.clone(),
                ]
            })
        }
        SessionCommand::End { sessions, all } => {
            let wanted = if all { Wanted::All } else { Wanted::Named(sessions) };
            let done = system.ask("end sessions", &Request::EndSessions(wanted)).await?;
            output::line(&match done.count {
                0 => "No such session is open.".into(),
                1 => "One session is ended.".into(),
                count => format!("{count} sessions are ended."),
            })?;
            Ok(Exit::Done)
        }
    }
}

/// The first characters of an id: enough to name a session among all that are open.
fn id_in_short(id: SessionId) -> String {
    String::from(id).chars().take(ID_SHOWN).collect()
}
