//! A long day: good phones and people, wrong ones among them, for as long as one likes. Memory may not grow, descriptors
//! may not be left behind, and nothing may panic.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use crate::figures::{Bars, count, percentile, print};
use crate::flood::good::{GoodLogins, GoodPhones};
use crate::flood::users;
use crate::flood::wrong_logins::WrongLogins;
use crate::flood::wrong_phones::{Sources, WrongPhones};
use crate::process::Processes;
use crate::product::Product;
use crate::source::raise_descriptors;
use crate::web::Tls;

/// Phones that register per second before anything is measured.
const ENTERED_PER_SECOND: u32 = 500;
/// Samples of memory that are taken in all; the first quarter is the warming up, and counts for nothing.
const SAMPLES: u32 = 200;
const WARM_SHARE: usize = 4;
const SLOPE_MAX: f64 = 1024.0 * 1024.0;
/// A shorter run says nothing about bytes an hour.
const HELD_FROM_SECONDS: u64 = 3600;
/// How long the product gets to end the connections of those who have gone.
const CLOSED_SECONDS_MAX: u64 = 30;

/// What to do.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// How long
    #[arg(long, default_value_t = 86_400)]
    seconds: u64,
    /// Good phones
    #[arg(long, default_value_t = 5000)]
    phones: u32,
    /// How often each of them refreshes
    #[arg(long, default_value_t = 10)]
    refresh_seconds: u32,
    /// Wrong REGISTERs per second, each from another address
    #[arg(long, default_value_t = 200)]
    wrong: u32,
    /// Wrong web logins per second
    #[arg(long, default_value_t = 40)]
    logins: u32,
}

/// Prints the figures; an error when a bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    raise_descriptors()?;
    let mut product = Product::new(&plan.hookswitch, &users(plan.phones))?;
    product.start()?;
    let (sip, https) = (product.door("sip-udp")?, product.door("https")?);
    let tls = Tls::new()?;
    let mut phones = GoodPhones::new(plan.phones, sip)?;
    phones.enter(ENTERED_PER_SECOND)?;
    let mut logins = GoodLogins::new(&tls, https);
    logins.enter()?;
    logins.leave();
    let processes = product.processes()?;
    let descriptors = settled(&processes, 0.0, Duration::from_secs(1))?;
    let over = AtomicBool::new(false);
    let until = Instant::now() + Duration::from_secs(plan.seconds);
    let samples = std::thread::scope(|side| -> anyhow::Result<Vec<(f64, f64)>> {
        let over = &over;
        let good = side.spawn(|| logins.sign_in_until(over));
        let phones_wrong =
            side.spawn(move || WrongPhones::open(sip, Sources::Fresh, 1)?.flood_until(over, plan.wrong));
        let logins_wrong =
            side.spawn(|| WrongLogins { tls: &tls, server: https }.flood_until(over, plan.logins));
        let watching = side.spawn(|| watch(&processes, over, plan.seconds));
        let refreshed = phones.refresh_until(until, plan.refresh_seconds);
        over.store(true, Ordering::Relaxed);
        refreshed?;
        let panicked = |_| anyhow::anyhow!("a thread of the load ended in a panic");
        good.join().map_err(panicked)??;
        phones_wrong.join().map_err(panicked)??;
        logins_wrong.join().map_err(panicked)??;
        watching.join().map_err(panicked)?
    })?;
    logins.leave();
    let mut bars = Bars::default();
    for (who, mut tally) in [("good", phones.tally()), ("web", logins.tally())] {
        print(&format!("soak.{who}.accepted"), count(tally.accepted));
        print(&format!("soak.{who}.failures"), count(tally.failures));
        print(&format!("soak.{who}.p99_ms"), percentile(&mut tally.latencies_ms, 0.99));
        bars.most(&format!("soak.{who}.failures"), count(tally.failures), 0.0);
        tally.told.iter().for_each(|failure| eprintln!("{failure}"));
    }
    let last = samples.last().map_or(f64::NAN, |(_, bytes)| *bytes);
    print("soak.memory.bytes", last);
    let slope = slope(samples.get(samples.len() / WARM_SHARE..).unwrap_or_default()) * 3600.0;
    print("soak.memory.bytes_per_hour", slope);
    if plan.seconds >= HELD_FROM_SECONDS {
        bars.most("soak.memory.bytes_per_hour", slope, SLOPE_MAX);
    }
    let left = settled(&processes, descriptors, Duration::from_secs(CLOSED_SECONDS_MAX))? - descriptors;
    print("soak.descriptors.left", left);
    bars.most("soak.descriptors.left", left, 0.0);
    let panics = product.figure("hookswitch_panics_total", "")?;
    print("soak.panics", panics);
    bars.most("soak.panics", panics, 0.0);
    product.command(["audit".as_ref(), "verify".as_ref()])?;
    bars.verdict()
}

/// Seconds since the beginning, and bytes of memory then.
fn watch(processes: &Processes, over: &AtomicBool, seconds: u64) -> anyhow::Result<Vec<(f64, f64)>> {
    let every = Duration::from_secs(seconds) / SAMPLES;
    let began = Instant::now();
    let mut samples = Vec::new();
    while !over.load(Ordering::Relaxed) {
        samples.push((began.elapsed().as_secs_f64(), processes.memory_bytes()?));
        let next = Instant::now() + every;
        while Instant::now() < next && !over.load(Ordering::Relaxed) {
            std::thread::sleep(every.min(Duration::from_millis(100)));
        }
    }
    Ok(samples)
}

/// Descriptors, once they are no more than `wanted` or it has been waited long enough.
fn settled(processes: &Processes, wanted: f64, patience: Duration) -> anyhow::Result<f64> {
    let until = Instant::now() + patience;
    loop {
        let open = processes.descriptors()?;
        if open <= wanted || Instant::now() > until {
            return Ok(open);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How steep a line through all points is (least squares).
fn slope(points: &[(f64, f64)]) -> f64 {
    let points_there = count(points.len() as u64);
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points_there;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let alone: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    together / alone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_steep_as_it_rises() {
        assert!((slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) - 2.0).abs() < 1e-9);
        assert!(slope(&[(0.0, 5.0), (1.0, 5.0)]).abs() < 1e-9);
    }
}
