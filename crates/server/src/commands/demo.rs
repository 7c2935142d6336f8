//! `hookswitch demo`: the product with a sample office, for a first look.

use std::path::PathBuf;

use clap::Args;

use super::{
    Place,
    failure::{Exit, Failure, Outcome},
    output,
};
use crate::demo::{self, DemoError, Wanted};

/// Where the demo is kept, and what it does.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the office in this folder, and open it again the next time; without it, everything is removed at the end
    ///
    /// A folder that is there already must have been made by the demo. When it is opened again, all secrets are made
    /// anew.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Let the same things happen in the same order each time: for tests. Secrets are by chance nevertheless
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Carries out the command.
///
/// # Errors
/// The folder is not for a demo, or the system does not start.
pub fn run(args: DemoArgs, place: &Place) -> Outcome {
    let what = "start the demo";
    if place.is_data_named() {
        let why = "it never works on a data folder";
        return Err(Failure::usage(what, why, "Leave --data out; --folder says where the demo is kept."));
    }
    // Read to know where real data lies, and for nothing else.
    let real = place.configuration()?.config.data_folder;
    let say = |text: &str| {
        // Whoever started the demo may be gone; it is not.
        let _ = output::raw(text);
    };
    let DemoArgs { folder, seed } = args;
    demo::run(&Wanted { folder, real, seed }, say).map(|()| Exit::Done).map_err(|error| {
        match error.downcast_ref() {
            Some(DemoError::NotOurs(_) | DemoError::RealData { .. }) => {
                Failure::usage(what, &error, "Name a folder that does not exist yet, or leave --folder out.")
            }
            Some(DemoError::Folder { .. } | DemoError::Start(_) | DemoError::Office { .. }) | None => {
                Failure::refused(what, format!("{error:#}"), "")
            }
        }
    })
}
