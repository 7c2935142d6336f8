//! `hookswitch reload`: the running server reads its configuration again.

use super::{
    Place,
    failure::{Exit, Outcome},
    output,
};
use crate::local::protocol::{Part, Request};

/// Carries out the command.
///
/// # Errors
/// The configuration has a mistake, or no server runs.
pub async fn run(place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    let mut keys = Vec::new();
    let take = |part| {
        if let Part::NeedRestart(told) = part {
            keys = told;
        }
    };
    system.ask_for("reload the configuration", &Request::Reload, take).await?;
    output::line("The configuration is reloaded.")?;
    keys.iter().try_for_each(|key| output::line(&format!("At the next start only: {key}")))?;
    Ok(Exit::Done)
}
