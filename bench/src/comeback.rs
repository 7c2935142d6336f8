//! A hundred thousand phones that come back at once after a power cut: the server starts with its data base of them, and
//! all of them ask within a second, with the nonces of before, which are no good any more.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;

use crate::figures::{Bars, count, percentile, print};
use crate::fleet::{Fleet, Tally};
use crate::phone;
use crate::product::Product;

/// Sockets that the phones share, so that more than one of the server's threads hears them.
const FLEETS: u32 = 8;
/// Phones that register per second before the power is cut.
const ENTERED_PER_SECOND: f64 = 8000.0;
/// How long the server gets to write what it may write a second late.
const WRITTEN_AFTER: Duration = Duration::from_secs(5);
/// Phones that begin between two looks at what has come.
const BURST: u32 = 64;

/// What to do.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// Phones
    #[arg(long, default_value_t = 100_000)]
    phones: u32,
    /// All of them ask within this time
    #[arg(long, default_value_t = 1000)]
    within_ms: u32,
}

/// Prints the figures; an error when a phone was not served.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let mut product = Product::new(&plan.hookswitch, &users(plan.phones))?;
    product.start()?;
    let mut house = House::new(plan.phones, &product)?;
    let entered = house.all(ENTERED_PER_SECOND)?;
    if entered.accepted != u64::from(plan.phones) {
        bail!("only {} phones registered in peace: {:?}", entered.accepted, entered.told);
    }
    std::thread::sleep(WRITTEN_AFTER);
    product.cut_power()?;
    let started = product.start()?;
    let known = product.figure("hookswitch_records", "kind=\"bindings\"")?;
    house.move_to(&product)?;
    let cpu_before = product.processes()?.cpu_us()?;
    let began = Instant::now();
    let mut tally = house.all(f64::from(plan.phones) * 1000.0 / f64::from(plan.within_ms))?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = (product.processes()?.cpu_us()? - cpu_before) / 1e6;
    let [failures, accepted, again] = [tally.failures, tally.accepted, tally.retransmitted].map(count);
    let mut bars = Bars::default();
    print("comeback.known_after_start", known);
    bars.least("comeback.known_after_start", known, f64::from(plan.phones));
    print("comeback.start_ms", started.as_secs_f64() * 1000.0);
    print("comeback.served", accepted);
    bars.least("comeback.served", accepted, f64::from(plan.phones));
    print("comeback.failures", failures);
    bars.most("comeback.failures", failures, 0.0);
    print("comeback.seconds", seconds);
    print("comeback.p50_ms", percentile(&mut tally.latencies_ms, 0.50));
    print("comeback.p99_ms", percentile(&mut tally.latencies_ms, 0.99));
    print("comeback.retransmitted", again);
    print("comeback.server_cpu_seconds", cpu);
    for failure in &tally.told {
        eprintln!("{failure}");
    }
    bars.verdict()
}

/// All the phones.
pub(crate) struct House {
    fleets: Vec<Fleet>,
    phones: u32,
}

impl House {
    pub(crate) fn new(phones: u32, product: &Product) -> anyhow::Result<Self> {
        let server = product.door("sip-udp")?;
        let fleets = (0..FLEETS).map(|_| Fleet::new(phones, server)).collect::<anyhow::Result<_>>()?;
        Ok(Self { fleets, phones })
    }

    fn move_to(&mut self, product: &Product) -> anyhow::Result<()> {
        let server = product.door("sip-udp")?;
        self.fleets.iter_mut().try_for_each(|fleet| fleet.move_to(server))
    }

    /// Each registers once, at this pace; until the last has its answer or has given up.
    pub(crate) fn all(&mut self, per_second: f64) -> anyhow::Result<Tally> {
        let began = Instant::now();
        let mut next = 0;
        while next < self.phones || self.fleets.iter().any(|fleet| fleet.outstanding() > 0) {
            let until = self.phones.min(next + BURST);
            let is_due = |phone: u32| began.elapsed().as_secs_f64() * per_second >= f64::from(phone);
            while next < until && is_due(next) {
                if let Some(fleet) =
                    usize::try_from(next % FLEETS).ok().and_then(|at| self.fleets.get_mut(at))
                {
                    fleet.begin(next, Instant::now())?;
                }
                next += 1;
            }
            for fleet in &mut self.fleets {
                fleet.work()?;
            }
        }
        let mut all = Tally::default();
        for fleet in &mut self.fleets {
            all.add(std::mem::take(&mut fleet.tally));
        }
        Ok(all)
    }
}

fn users(phones: u32) -> String {
    let mut table = String::from("name,extension,phone_password\n");
    for number in (0..phones).map(phone::number) {
        let _ = writeln!(table, "desk {number},{number},{}", phone::password(number));
    }
    table
}
