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
    ended_bytes: f64,
    us: Rounds,
    per_second: Rounds,
    turn: Turn,
}

/// What was made of the newest turn, and where the server's processor time stood before and after.
#[derive(Default)]
struct Turn {
    done: Done,
    before_us: f64,
    after_us: f64,
}

/// What is left when all work is taken away.
struct Limit {
    server: Server,
    us: Rounds,
    per_second: Rounds,
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
    let mut limit = Limit::new()?;
    pin_load()?;
    let contenders = servers.into_iter().map(|(name, server)| Contender::new(name, server, plan));
    let mut contenders = contenders.collect::<anyhow::Result<Vec<_>>>()?;
    stand(&mut contenders, plan)?;
    // Memory is touched for the first time in this round, which costs more than any call: it does not count.
    contenders.iter_mut().try_for_each(|contender| contender.turn(plan))?;
    linger(plan);
    for round in 1..=plan.rounds {
        contenders.iter_mut().try_for_each(|contender| contender.turn(plan))?;
        if let Some(contender) = contenders.first() {
            limit.turn(contender.calls.specimens(), plan)?;
        }
        linger(plan);
        for contender in &mut contenders {
            let afterwards = contender.end_turn()?;
            let (name, us) = (contender.name, contender.us.last());
            eprintln!("round {round}: {name} {us:.2} us, {afterwards:.2} of them after the turn");
        }
        eprintln!("round {round}: echo {:.2} us", limit.us.last());
    }
    // Within a round the machine is the same for all; between rounds it may not be.
    if let [ours, theirs] = contenders.as_slice() {
        figures::print("calls.cpu_ratio", ours.us.median_of(&theirs.us));
        figures::print("calls.echo_fraction", limit.us.median_of(&ours.us));
        figures::print("calls.per_second", ours.per_second.median());
        figures::print("calls.bytes_per_standing_call", ours.standing_bytes);
    }
    contenders.iter().for_each(Contender::print);
    figures::print("calls.echo_us", limit.us.median());
    figures::print("echo.calls.per_second", limit.per_second.median());
    Ok(())
}

/// How much memory a call takes that is set up and not hung up, and how much is not given back when it is: looked at before
/// there was any other call, when transactions are over.
fn stand(contenders: &mut [Contender], plan: &Plan) -> anyhow::Result<()> {
    let mut before = Vec::new();
    for contender in contenders.iter_mut() {
        let processes = contender.server.processes();
        processes.settle().with_context(|| contender.name)?;
        before.push(processes.memory_bytes()?);
        contender.all(Work::SetUp, plan)?;
    }
    linger(plan);
    for (contender, before) in contenders.iter_mut().zip(&before) {
        let grown = contender.server.processes().memory_bytes()? - before;
        contender.standing_bytes = grown / f64::from(plan.pairs);
        contender.all(Work::HangUp, plan)?;
    }
    linger(plan);
    for (contender, before) in contenders.iter_mut().zip(&before) {
        let grown = contender.server.processes().memory_bytes()? - before;
        contender.ended_bytes = grown / f64::from(plan.pairs);
    }
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
            ended_bytes: f64::NAN,
            us: Rounds::default(),
            per_second: Rounds::default(),
            turn: Turn::default(),
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
        let time = Until::Elapsed(Duration::from_secs_f64(plan.seconds));
        let before_us = processes.cpu_us()?;
        let done = self.calls.run(work, plan.in_flight, time).with_context(|| self.name)?;
        self.turn = Turn { done, before_us, after_us: processes.cpu_us()? };
        Ok(())
    }

    /// Counts the turn, what was left to do after it included; that is returned: microseconds per call.
    fn end_turn(&mut self) -> anyhow::Result<f64> {
        let Turn { done, before_us, after_us } = &self.turn;
        let now_us = self.server.processes().cpu_us()?;
        let units = figures::count(done.units);
        self.us.push((now_us - before_us) / units);
        self.per_second.push(rate(done));
        Ok((now_us - after_us) / units)
    }

    /// Absolute figures, under this server's name.
    fn print(&self) {
        let name = self.name;
        figures::print(&format!("calls.{name}_us"), self.us.median());
        figures::print(&format!("{name}.calls.per_second"), self.per_second.median());
        figures::print(&format!("{name}.calls.bytes_per_standing_call"), self.standing_bytes);
        figures::print(&format!("{name}.calls.bytes_per_ended_call"), self.ended_bytes);
    }
}

impl Limit {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { server: Server::echo()?, us: Rounds::default(), per_second: Rounds::default() })
    }

    fn turn(&mut self, specimens: &[Vec<u8>], plan: &Plan) -> anyhow::Result<()> {
        let processes = self.server.processes();
        let time = Duration::from_secs_f64(plan.seconds);
        let before = processes.cpu_us()?;
        let done = echo(self.server.address, specimens, plan.in_flight, time)?;
        self.us.push((processes.cpu_us()? - before) / figures::count(done.units));
        self.per_second.push(rate(&done));
        Ok(())
    }
}

/// Until what the calls have left behind is gone: transactions wait for what may come late.
fn linger(plan: &Plan) {
    std::thread::sleep(Duration::from_secs_f64(plan.linger));
}

fn rate(done: &Done) -> f64 {
    figures::count(done.units) / done.seconds
}
