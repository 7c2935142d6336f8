//! Registrations counted until they rest on disk: an answer that comes before the disk has it hides what it costs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use store::engine::Shelf;

use crate::figures;
use crate::load::{Load, Pace, Until, Work};
use crate::server::{Server, folder, pin_load};

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// Extensions, each with one phone that registers once
    #[arg(long, default_value_t = 100_000)]
    phones: u32,
    /// The product's program, built for release
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
}

/// How long bindings may take to the disk.
const PATIENCE: Duration = Duration::from_secs(300);

/// Prints the figures: ours, and Kamailio's with its location table written back to SQLite.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let (_kept, folder) = folder()?;
    pin_load()?;
    let ours = {
        let home = folder.join("hookswitch");
        let server = Server::hookswitch(&plan.hookswitch, &home, plan.phones)?;
        let count = format!("SELECT count(*) FROM record WHERE shelf = {}", Shelf::Registration as u8);
        measure("hookswitch", &server, plan.phones, &home.join("data/hookswitch.db"), &count)?
    };
    let theirs = {
        let home = folder.join("kamailio");
        let database = home.join("kamailio.sqlite");
        let server = Server::kamailio_on_disk(&home, plan.phones, &database)?;
        measure("kamailio", &server, plan.phones, &database, "SELECT count(*) FROM location")?
    };
    figures::print("register.durable.cpu_ratio", ours / theirs);
    Ok(())
}

/// Microseconds of processor time per binding, serving and writing together.
fn measure(name: &str, server: &Server, phones: u32, database: &Path, count: &str) -> anyhow::Result<f64> {
    let mut load = Load::new(phones, server.address)?;
    let processes = server.processes();
    let (before, start) = (processes.cpu_us()?, Instant::now());
    load.run(Work::Full, Pace::Saturating, Until::EachOnce)?;
    let served = processes.cpu_us()?;
    while kept(database, count)? < phones {
        if start.elapsed() > PATIENCE {
            bail!("{name}: not all bindings are on disk");
        }
        // Seldom: whoever counts rows keeps the writer from its cache.
        std::thread::sleep(Duration::from_millis(500));
    }
    let each = |us: f64| us / f64::from(phones);
    figures::print(&format!("{name}.durable.served_us"), each(served - before));
    let all = each(processes.cpu_us()? - before);
    figures::print(&format!("{name}.durable.cpu_us"), all);
    figures::print(&format!("{name}.durable.seconds"), start.elapsed().as_secs_f64());
    Ok(all)
}

/// Rows that another process would see; none while the server lets nobody look.
fn kept(database: &Path, count: &str) -> anyhow::Result<u32> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match connection.query_row(count, [], |row| row.get(0)) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(0),
        other => Ok(other?),
    }
}
