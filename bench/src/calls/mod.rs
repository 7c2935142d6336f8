//! Calls through the proxy over UDP: ours, the tuned peer's, and an echo's, by turns on the same core.

mod form;
mod load;
mod message;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use self::load::{Calls, Done, Work, echo};
use crate::figures::{self, Rounds};
use crate::load::Until;
use crate::server::{Server, folder, pin_load};

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// Pairs of a caller and a callee, each with an extension; all of them have a call at once while memory is looked at
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=400_000))]
    pairs: u32,
    /// Times that each server gets its turn
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Length of one turn
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Calls at once
    #[arg(long, default_value_t = 256)]
    in_flight: u32,
    /// Milliseconds from the ACK to the BYE
    #[arg(long, default_value_t = 0)]
    hold: u64,
    /// Seconds after a turn in which what a server still does for its calls counts too; RFC 3261 has a transaction end 32
    /// seconds after its last answer
    #[arg(long, default_value_t = 33.0)]
    linger: f64,
    /// The product's program, built for release; without it, the peer and the echo are measured alone
    #[arg(long, value_name = "FILE")]
    hookswitch: Option<PathBuf>,
}

/// One server with its pairs and what was found.
struct Contender {
    name: &'static str,
    server: Server,
    calls: Calls,
    standing_bytes: f64,
    us: Rounds,
    per_second: Rounds,
    /// Where its processor time stood when its turn began, when it ended, and the calls that were made.
    turn: (f64, f64, f64),
}

/// Prints the figures.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let (_kept, folder) = folder()?;
    let phones = 2 * plan.pairs;
    let mut servers = Vec::new();
    if let Some(program) = &plan.hookswitch {
        servers.push(("hookswitch", Server::hookswitch(program, &folder.join("hookswitch"), phones)?));
    }
    servers.push(("kamailio", Server::kamailio_proxying(&folder.join("kamailio"), phones)?));
    let limit = Server::echo()?;
    pin_load()?;
    let contenders = servers.into_iter().map(|(name, server)| Contender::new(name, server, plan));
    let mut contenders = contenders.collect::<anyhow::Result<Vec<_>>>()?;
    stand(&mut contenders, plan)?;

    let (mut echo_us, mut echo_per_second) = (Rounds::default(), Rounds::default());
    for round in 1..=plan.rounds {
        for contender in &mut contenders {
            contender.turn(plan).with_context(|| contender.name)?;
        }
        if let Some(contender) = contenders.first() {
            let processes = limit.processes();
            let before = processes.cpu_us()?;
            let time = Duration::from_secs_f64(plan.seconds);
            let done = echo(limit.address, contender.calls.specimens(), plan.in_flight, time)?;
            echo_us.push((processes.cpu_us()? - before) / figures::count(done.units));
            echo_per_second.push(rate(&done));
        }
        linger(plan);
        for contender in &mut contenders {
            let afterwards = contender.end_turn()?;
            let (name, us) = (contender.name, contender.us.last());
            eprintln!("round {round}: {name} {us:.2} us, {afterwards:.2} of them after the turn");
        }
        eprintln!("round {round}: echo {:.2} us", echo_us.last());
    }
    // Within a round the machine is the same for all; between rounds it may not be.
    if let [ours, theirs] = contenders.as_slice() {
        figures::print("calls.cpu_ratio", ours.us.median_of(&theirs.us));
        figures::print("calls.echo_fraction", echo_us.median_of(&ours.us));
        figures::print("calls.per_second", ours.per_second.median());
        figures::print("calls.bytes_per_standing_call", ours.standing_bytes);
    }
    for Contender { name, us, per_second, standing_bytes, .. } in &contenders {
        figures::print(&format!("calls.{name}_us"), us.median());
        figures::print(&format!("{name}.calls.per_second"), per_second.median());
        figures::print(&format!("{name}.calls.bytes_per_standing_call"), *standing_bytes);
    }
    figures::print("calls.echo_us", echo_us.median());
    figures::print("echo.calls.per_second", echo_per_second.median());
    Ok(())
}

/// How much memory a call takes that is set up and not hung up: looked at before there was any other, when transactions are over.
fn stand(contenders: &mut [Contender], plan: &Plan) -> anyhow::Result<()> {
    let mut before = Vec::new();
    for contender in contenders.iter_mut() {
        let processes = contender.server.processes();
        processes.settle().with_context(|| contender.name)?;
        before.push(processes.memory_bytes()?);
        contender.all(Work::SetUp, plan)?;
    }
    linger(plan);
    for (contender, before) in contenders.iter_mut().zip(before) {
        let grown = contender.server.processes().memory_bytes()? - before;
        contender.standing_bytes = grown / f64::from(plan.pairs);
        contender.all(Work::HangUp, plan)?;
    }
    linger(plan);
    Ok(())
}

impl Contender {
    fn new(name: &'static str, server: Server, plan: &Plan) -> anyhow::Result<Self> {
        let calls = Calls::new(plan.pairs, server.address).with_context(|| name)?;
        Ok(Self {
            name,
            server,
            calls,
            standing_bytes: f64::NAN,
            us: Rounds::default(),
            per_second: Rounds::default(),
            turn: (0.0, 0.0, 0.0),
        })
    }

    /// Each pair once.
    fn all(&mut self, work: Work, plan: &Plan) -> anyhow::Result<()> {
        let done = self.calls.run(work, plan.in_flight, Until::EachOnce).with_context(|| self.name)?;
        eprintln!("{}: {work:?}, {} in {:.2} s", self.name, done.units, done.seconds);
        Ok(())
    }

    fn turn(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let processes = self.server.processes();
        let work = Work::Call { hold: Duration::from_millis(plan.hold) };
        let before = processes.cpu_us()?;
        let time = Until::Elapsed(Duration::from_secs_f64(plan.seconds));
        let done = self.calls.run(work, plan.in_flight, time)?;
        self.turn = (before, processes.cpu_us()?, figures::count(done.units));
        self.per_second.push(rate(&done));
        Ok(())
    }

    /// Counts the turn, what was left to do after it included; that is returned: microseconds per call.
    fn end_turn(&mut self) -> anyhow::Result<f64> {
        let (before, after, units) = self.turn;
        let now = self.server.processes().cpu_us()?;
        self.us.push((now - before) / units);
        Ok((now - after) / units)
    }
}

/// Until what the calls have left behind is gone: transactions wait for what may come late.
fn linger(plan: &Plan) {
    std::thread::sleep(Duration::from_secs_f64(plan.linger));
}

fn rate(done: &Done) -> f64 {
    figures::count(done.units) / done.seconds
}
