//! Floods: wrong REGISTERs from one address, from a thousand, and each from another one; wrong web logins; all at once.
//! Meanwhile a thousand good phones refresh and good people sign in, and none of them may notice more than a delay.

pub(crate) mod good;
pub(crate) mod wrong_logins;
pub(crate) mod wrong_phones;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use crate::figures::{Bars, count, percentile, print};
use crate::fleet::Tally;
use crate::phone;
use crate::product::Product;
use crate::source::raise_descriptors;
use crate::web::Tls;

use self::good::{GoodLogins, GoodPhones};
use self::wrong_logins::WrongLogins;
use self::wrong_phones::{Sources, WrongPhones};

/// The first extension that is guessed at and exists; nobody good has a phone there.
const GUESSED_FROM: u32 = 300_000;
const GUESSED: u32 = 1000;
/// What may be held beside the memory of the hashes that are computed at the same time.
const GROWTH_SPARE_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
const HASH_BYTES: f64 = 19.0 * 1024.0 * 1024.0;
/// Phones that register per second before the flood begins.
const ENTERED_PER_SECOND: u32 = 500;

/// What to do.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// Length of the flood with everything at once
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Length of each kind of flood by itself
    #[arg(long, default_value_t = 60)]
    each_seconds: u64,
    /// Good phones
    #[arg(long, default_value_t = 1000)]
    phones: u32,
    /// How often each of them refreshes
    #[arg(long, default_value_t = 60)]
    refresh_seconds: u32,
    /// Wrong REGISTERs per second
    #[arg(long, default_value_t = 2200)]
    wrong: u32,
    /// Addresses that the many come from
    #[arg(long, default_value_t = 1000)]
    sources: u32,
    /// Wrong web logins per second
    #[arg(long, default_value_t = 500)]
    logins: u32,
    /// Do not hold the times against their bars: for a machine that does other things, or a program built for debugging
    #[arg(long)]
    untimed: bool,
}

/// One kind of flood.
struct Phase {
    name: &'static str,
    phones: &'static [Sources],
    logins: bool,
}

const PHASES: [Phase; 5] = [
    Phase { name: "one", phones: &[Sources::One], logins: false },
    Phase { name: "many", phones: &[Sources::Many], logins: false },
    Phase { name: "fresh", phones: &[Sources::Fresh], logins: false },
    Phase { name: "logins", phones: &[], logins: true },
    Phase { name: "all", phones: &[Sources::One, Sources::Many], logins: true },
];

/// Prints the figures; an error when a bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    raise_descriptors()?;
    let mut product = Product::new(&plan.hookswitch, &users(plan.phones))?;
    product.start()?;
    let tls = Tls::new()?;
    let mut bars = Bars::default();
    let mut phones = GoodPhones::new(plan.phones, product.door("sip-udp")?)?;
    phones.enter(ENTERED_PER_SECOND)?;
    let mut logins = GoodLogins::new(&tls, product.door("https")?);
    // So that what is always there is there already.
    logins.enter()?;
    let processes = product.processes()?;
    let before = processes.memory_bytes()?;
    let mut growth_max = 0.0_f64;
    for phase in &PHASES {
        let seconds = if phase.name == "all" { plan.seconds } else { plan.each_seconds };
        let flooded = flood(plan, phase, seconds, &product, &tls, &mut phones, &mut logins)?;
        judge(plan, phase, &flooded, (&phones.tally(), &logins.tally()), &mut bars);
        let growth = processes.memory_bytes()? - before;
        print(&format!("flood.{}.memory.growth_bytes", phase.name), growth);
        growth_max = growth_max.max(growth);
    }
    print("flood.memory.growth_bytes", growth_max);
    bars.most("flood.memory.growth_bytes", growth_max, bound());
    let registered = product.figure("hookswitch_records", "kind=\"bindings\"")?;
    print("flood.good.registered", registered);
    bars.least("flood.good.registered", registered, f64::from(plan.phones));
    let panics = product.figure("hookswitch_panics_total", "")?;
    print("flood.panics", panics);
    bars.most("flood.panics", panics, 0.0);
    product.command(["audit".as_ref(), "verify".as_ref()]).context("the audit after the flood")?;
    bars.verdict()
}

/// Hashes that are computed at the same time, by their memory, and what may be beside them.
fn bound() -> f64 {
    let permits = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    count(permits as u64) * HASH_BYTES + GROWTH_SPARE_BYTES
}

/// What came of one kind of flood.
struct Flooded {
    phones: Vec<wrong_phones::Done>,
    logins: Option<wrong_logins::Done>,
    server_cores: f64,
}

fn flood(
    plan: &Plan,
    phase: &Phase,
    seconds: u64,
    product: &Product,
    tls: &Tls,
    phones: &mut GoodPhones,
    logins: &mut GoodLogins,
) -> anyhow::Result<Flooded> {
    let (sip, https) = (product.door("sip-udp")?, product.door("https")?);
    let over = AtomicBool::new(false);
    let processes = product.processes()?;
    let (began, cpu_before) = (Instant::now(), processes.cpu_us()?);
    let mut flooded = Flooded { phones: Vec::new(), logins: None, server_cores: 0.0 };
    std::thread::scope(|side| -> anyhow::Result<()> {
        let over = &over;
        let good = side.spawn(|| logins.sign_in_until(over));
        let flood_phones = |sources: &Sources| {
            let sources = *sources;
            side.spawn(move || WrongPhones::open(sip, sources, plan.sources)?.flood_until(over, plan.wrong))
        };
        let guessing: Vec<_> = phase.phones.iter().map(flood_phones).collect();
        let posting = phase
            .logins
            .then(|| side.spawn(move || WrongLogins { tls, server: https }.flood_until(over, plan.logins)));
        // On this very thread: what a batch of datagrams is read into stays on one.
        let refreshed = phones.refresh_until(began + Duration::from_secs(seconds), plan.refresh_seconds);
        over.store(true, Ordering::Relaxed);
        refreshed?;
        let panicked = |_| anyhow::anyhow!("a thread of the load ended in a panic");
        good.join().map_err(panicked)??;
        for thread in guessing {
            flooded.phones.push(thread.join().map_err(panicked)??);
        }
        flooded.logins = posting.map(|thread| thread.join().map_err(panicked)).transpose()?.transpose()?;
        Ok(())
    })
    .with_context(|| format!("during `{}`:\n{}", phase.name, product.log()))?;
    flooded.server_cores = (processes.cpu_us()? - cpu_before) / 1e6 / began.elapsed().as_secs_f64();
    Ok(flooded)
}

/// Prints what came of a flood, and holds it against the bars.
fn judge(plan: &Plan, phase: &Phase, flooded: &Flooded, good: (&Tally, &Tally), bars: &mut Bars) {
    let name = |figure: &str| format!("flood.{}.{figure}", phase.name);
    for (who, tally, most_ms) in [("good", good.0, 500.0), ("web", good.1, 2000.0)] {
        let p99 = percentile(&mut tally.latencies_ms.clone(), 0.99);
        print(&name(&format!("{who}.p99_ms")), p99);
        bars.most(&name(&format!("{who}.p99_ms")), p99, if plan.untimed { f64::INFINITY } else { most_ms });
        print(&name(&format!("{who}.accepted")), count(tally.accepted));
        print(&name(&format!("{who}.retransmitted")), count(tally.retransmitted));
        print(&name(&format!("{who}.failures")), count(tally.failures));
        bars.most(&name(&format!("{who}.failures")), count(tally.failures), 0.0);
        for failure in &tally.told {
            eprintln!("{}: {failure}", phase.name);
        }
    }
    for done in &flooded.phones {
        let figure = name(&format!("wrong_per_second.{}", done.sources.name()));
        let rate = count(done.proofs) / done.seconds;
        print(&figure, rate);
        bars.least(&figure, rate, f64::from(plan.wrong) * if plan.untimed { 0.5 } else { 1.0 });
        eprintln!("{}: wrong phones were answered {:?}", phase.name, done.answered);
    }
    if let Some(done) = &flooded.logins {
        let rate = count(done.sent) / done.seconds;
        print(&name("logins_per_second"), rate);
        bars.least(
            &name("logins_per_second"),
            rate,
            f64::from(plan.logins) * if plan.untimed { 0.1 } else { 1.0 },
        );
        eprintln!("{}: wrong logins were answered {:?}", phase.name, done.answered);
    }
    print(&name("server_cores"), flooded.server_cores);
}

/// The import table: good phones, and extensions that are guessed at.
pub(crate) fn users(phones: u32) -> String {
    let mut table = String::from("name,extension,phone_password\n");
    for number in (0..phones).map(phone::number).chain((0..GUESSED).map(|index| GUESSED_FROM + index)) {
        let _ = writeln!(table, "desk {number},{number},{}", phone::password(number));
    }
    table
}
