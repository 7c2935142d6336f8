//! `hookswitch check-config`: whether the configuration is right, without starting anything.

use super::{
    Place,
    failure::{Exit, Outcome},
    output,
    place::misconfigured,
};
use crate::listen::{certificate::Certificate, listener::LISTENERS};

/// Carries out the command.
///
/// # Errors
/// The first mistake, with file, line, key, problem and remedy.
pub fn run(place: &Place) -> Outcome {
    let loaded = place.configuration()?;
    // The start reads these files too, and ends where they cannot be used.
    Certificate::configured(&loaded).map_err(misconfigured)?;
    let from = loaded.file.as_ref().map_or_else(
        || "the defaults (no configuration file is in use)".into(),
        |file| file.display().to_string(),
    );
    output::line(&format!("The configuration is right: {from}"))?;
    let config = &loaded.config;
    output::line(&format!("{:<12} {}", "data folder", config.data_folder.display()))?;
    output::line(&format!("{:<12} {}", "master key", config.master_key_file().display()))?;
    for row in &LISTENERS {
        let addresses: Vec<String> = (row.configured)(config).0.iter().map(ToString::to_string).collect();
        let addresses = if addresses.is_empty() { "off".into() } else { addresses.join(", ") };
        output::line(&format!("{:<12} {addresses}", row.name))?;
    }
    Ok(Exit::Done)
}
