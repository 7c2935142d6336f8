//! SIP registrations over UDP: ours, the tuned peer's, and an echo's, by turns on the same core.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::figures::{self, Rounds, percentile};
use crate::load::{Done, Load, Pace, Until, Work};
use crate::server::{Server, folder, pin_load};

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// Extensions, each with one phone
    #[arg(long, default_value_t = 100_000)]
    phones: u32,
    /// Times that each server gets its turn
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Length of one turn of one kind of work
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Full registrations per second while latency is measured
    #[arg(long, default_value_t = 2000)]
    pace: u32,
    /// The product's program, built for release
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// The program as it was before a change, to be held against it by turns
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
}

/// One server with its phones and what was found.
struct Contender {
    name: &'static str,
    server: Server,
    load: Load,
    binding_bytes: f64,
    full_us: Rounds,
    refresh_us: Rounds,
    full_per_second: Rounds,
    refresh_per_second: Rounds,
    latencies_us: Vec<f64>,
}

/// Prints the figures.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let (_kept, folder) = folder()?;
    let server = Server::hookswitch(&plan.hookswitch, &folder.join("hookswitch"), plan.phones)?;
    let mut ours = Contender::new("hookswitch", server, plan)?;
    let server = Server::kamailio(&folder.join("kamailio"), plan.phones)?;
    let mut theirs = Contender::new("kamailio", server, plan)?;
    let mut echo = Contender::new("echo", Server::echo()?, plan)?;
    let before = plan.before.as_ref().map(|program| {
        let server = Server::hookswitch(program, &folder.join("before"), plan.phones)?;
        Contender::new("before", server, plan)
    });
    let mut before = before.transpose()?;
    pin_load()?;
    ours.enter_all()?;
    theirs.enter_all()?;
    before.iter_mut().try_for_each(Contender::enter_all)?;
    for round in 1..=plan.rounds {
        ours.turn(plan, Work::Full, Work::Refresh)?;
        theirs.turn(plan, Work::Full, Work::Refresh)?;
        echo.turn(plan, Work::EchoOfFull, Work::EchoOfRefresh)?;
        before.iter_mut().try_for_each(|before| before.turn(plan, Work::Full, Work::Refresh))?;
        let shown = [&ours, &theirs, &echo]
            .into_iter()
            .chain(&before)
            .map(|one| format!("{} {:.2} and {:.2} us", one.name, one.full_us.last(), one.refresh_us.last()))
            .collect::<Vec<_>>();
        eprintln!("round {round}: {}", shown.join(", "));
    }
    // Within a round the machine is the same for all; between rounds it may not be.
    figures::print("register.full.cpu_ratio", ours.full_us.median_of(&theirs.full_us));
    figures::print("register.refresh.cpu_ratio", ours.refresh_us.median_of(&theirs.refresh_us));
    figures::print("register.full.echo_fraction", echo.full_us.median_of(&ours.full_us));
    figures::print("register.refresh.echo_fraction", echo.refresh_us.median_of(&ours.refresh_us));
    figures::print("register.full.per_second", ours.full_per_second.median());
    figures::print("register.full.p99_us", percentile(&mut ours.latencies_us, 0.99));
    figures::print("binding.bytes", ours.binding_bytes);
    if let Some(before) = &before {
        figures::print("register.full.of_before", ours.full_us.median_of(&before.full_us));
        figures::print("register.refresh.of_before", ours.refresh_us.median_of(&before.refresh_us));
    }
    for contender in [&mut ours, &mut theirs, &mut echo].into_iter().chain(&mut before) {
        contender.print();
    }
    Ok(())
}

impl Contender {
    fn new(name: &'static str, server: Server, plan: &Plan) -> anyhow::Result<Self> {
        let load = Load::new(plan.phones, server.address)?;
        Ok(Self {
            name,
            server,
            load,
            binding_bytes: 0.0,
            full_us: Rounds::default(),
            refresh_us: Rounds::default(),
            full_per_second: Rounds::default(),
            refresh_per_second: Rounds::default(),
            latencies_us: Vec::new(),
        })
    }

    /// Registers every phone once, and sees how much memory a binding takes.
    fn enter_all(&mut self) -> anyhow::Result<()> {
        let processes = self.server.processes();
        let before = processes.memory_bytes()?;
        let done = self.load.run(Work::Full, Pace::Saturating, Until::EachOnce)?;
        let phones = figures::count(done.units);
        self.binding_bytes = (processes.memory_bytes()? - before) / phones;
        processes.settle().with_context(|| self.name)
    }

    /// One turn: full registrations, refreshes, and full registrations at a pace.
    fn turn(&mut self, plan: &Plan, full: Work, refresh: Work) -> anyhow::Result<()> {
        let time = Until::Elapsed(Duration::from_secs_f64(plan.seconds));
        let (us, done) = self.measure(full, Pace::Saturating, time)?;
        self.full_us.push(us);
        self.full_per_second.push(rate(&done));
        let (us, done) = self.measure(refresh, Pace::Saturating, time)?;
        self.refresh_us.push(us);
        self.refresh_per_second.push(rate(&done));
        if done.stale > 0 {
            eprintln!("{}: {} refreshes needed a new nonce", self.name, done.stale);
        }
        let (_, done) = self.measure(full, Pace::PerSecond(plan.pace), time)?;
        self.latencies_us.extend(done.latencies_us);
        Ok(())
    }

    /// Microseconds of the server's processor time per unit.
    fn measure(&mut self, work: Work, pace: Pace, until: Until) -> anyhow::Result<(f64, Done)> {
        let processes = self.server.processes();
        let before = processes.cpu_us()?;
        let done = self.load.run(work, pace, until)?;
        let per_unit = (processes.cpu_us()? - before) / figures::count(done.units);
        if done.lost > 0 {
            eprintln!("{}: {} answers lost", self.name, done.lost);
        }
        Ok((per_unit, done))
    }

    /// Absolute figures, under this server's name.
    fn print(&mut self) {
        let name = self.name;
        figures::print(&format!("{name}.full.cpu_us"), self.full_us.median());
        figures::print(&format!("{name}.refresh.cpu_us"), self.refresh_us.median());
        figures::print(&format!("{name}.full.per_second"), self.full_per_second.median());
        figures::print(&format!("{name}.refresh.per_second"), self.refresh_per_second.median());
        figures::print(&format!("{name}.full.p50_us"), percentile(&mut self.latencies_us, 0.50));
        figures::print(&format!("{name}.full.p99_us"), percentile(&mut self.latencies_us, 0.99));
        if self.binding_bytes > 0.0 {
            figures::print(&format!("{name}.binding.bytes"), self.binding_bytes);
        }
    }
}

fn rate(done: &Done) -> f64 {
    figures::count(done.units) / done.seconds
}
