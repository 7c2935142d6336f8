//! How long it takes until a system with very many people and phones is ready, and how much memory it takes.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use crate::figures;
use crate::load::{Load, Pace, Until, Work};
use crate::server::{Server, folder};

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// Users, each with an extension and a registered phone
    #[arg(long, default_value_t = 1_000_000)]
    phones: u32,
    /// The product's program, built for release
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
}

/// Prints the figures.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let (_kept, folder) = folder()?;
    let home = folder.join("hookswitch");
    let start = Instant::now();
    let mut server = Server::hookswitch(&plan.hookswitch, &home, plan.phones)?;
    eprintln!("imported and started in {:.1} s", start.elapsed().as_secs_f64());
    let mut load = Load::new(plan.phones, server.address)?;
    let start = Instant::now();
    load.run(Work::Full, Pace::Saturating, Until::EachOnce)?;
    eprintln!("registered in {:.1} s", start.elapsed().as_secs_f64());
    figures::print("ready.memory_before_bytes", server.processes().memory_bytes()?);
    let start = Instant::now();
    server.stop()?;
    eprintln!("stopped in {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    // On all cores, as it would be.
    let server = Server::hookswitch_again(&plan.hookswitch, &home)?;
    figures::print("ready.seconds", start.elapsed().as_secs_f64());
    // What the start takes whatever else the machine has to do.
    figures::print("ready.cpu_seconds", server.processes().cpu_seconds_in_all()?);
    figures::print("ready.memory_bytes", server.processes().memory_bytes()?);
    figures::print("ready.memory_peak_bytes", server.processes().memory_peak_bytes()?);
    load.come_again(server.address)?;
    load.run(Work::Full, Pace::Saturating, Until::EachOnce)?;
    figures::print("ready.memory_with_phones_bytes", server.processes().memory_bytes()?);
    Ok(())
}
