//! `hookswitch status`: short figures, health, addresses.

use super::{
    Format, Place,
    conversation::dated,
    failure::{Exit, Outcome},
    output,
};
use crate::{
    local::protocol::{Part, Request, StatusReport},
    moment,
};

/// Carries out the command. Ends with 0 when a server runs and is ready, with 1 when not.
///
/// # Errors
/// No system is there.
pub async fn run(format: Format, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    let mut report = StatusReport::default();
    let take = |part| {
        if let Part::Status(told) = part {
            report = *told;
        }
    };
    system.ask_for("tell the status", &Request::Status, take).await?;
    let is_well = report.is_ready && report.running_since.is_some();
    if format.json {
        output::json(&dated(&report)?)?;
    } else {
        print(&report)?;
    }
    Ok(if is_well { Exit::Done } else { Exit::Refused })
}

fn print(report: &StatusReport) -> Result<(), super::failure::Failure> {
    let state = match (report.running_since, report.is_ready) {
        (Some(since), true) => format!("ready, running since {}", moment::for_people(since)),
        (Some(since), false) => format!("NOT READY, running since {}", moment::for_people(since)),
        (None, _) => "not running".into(),
    };
    output::line(&format!("{} (Hookswitch {}): {state}", report.system_name, report.version))?;
    if !report.is_ignited {
        output::line("No passwords are set yet: run `hookswitch ignite`, or open the ignition page.")?;
    }
    let figures = [
        ("Users", report.users),
        ("Extensions", report.extensions),
        ("Phones", report.phones),
        ("Locks", report.locks),
        ("Old codes", report.old_codes),
        ("Sessions", report.sessions),
    ];
    for (title, figure) in figures {
        output::line(&format!("{title:<12} {figure}"))?;
    }
    for (interface, address) in &report.addresses {
        output::line(&format!("{interface:<12} {address}"))?;
    }
    report.warnings.iter().try_for_each(|warning| output::line(&format!("Warning: {warning}")))
}
