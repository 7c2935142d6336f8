//! Enumeration: whether a stranger learns which names there are, from the words of an answer or from how long it takes.
//!
//! Samples of all classes come interleaved, in an order that chance chooses anew each round. Two figures for each pair:
//! the quotient of the medians, and the area under the curve (AUC): how often a sample of the one is slower than one of
//! the other, one half being "as often as not".

mod logins;
mod phones;

use std::path::PathBuf;

use clap::Args;

use crate::figures::{Bars, count, print};

const AUC_MAX: f64 = 0.53;

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// The product's program
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
    /// Samples of each class of REGISTERs
    #[arg(long, default_value_t = 10_000)]
    registers: u32,
    /// Samples of each class of web logins
    #[arg(long, default_value_t = 10_000)]
    logins: u32,
    /// Hold the words alone against each other: for a machine that does other things
    #[arg(long)]
    untimed: bool,
}

/// Prints the figures; an error when words differ or a bar is missed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let mut bars = Bars::default();
    if plan.registers > 0 {
        phones::run(plan, &mut bars)?;
    }
    if plan.logins > 0 {
        logins::run(plan, &mut bars)?;
    }
    bars.verdict()
}

/// What was seen of one class of names.
struct Class {
    name: &'static str,
    micros: Vec<f64>,
    words: Option<String>,
}

impl Class {
    fn new(name: &'static str) -> Self {
        Self { name, micros: Vec::new(), words: None }
    }

    /// One answer: how long it took, and what it said but for what is different each time.
    fn note(&mut self, micros: f64, words: &str) -> anyhow::Result<()> {
        self.micros.push(micros);
        let said = self.words.get_or_insert_with(|| words.to_owned());
        if said.as_str() != words {
            anyhow::bail!("{} was answered in two ways:\n{said}\n--\n{words}", self.name);
        }
        Ok(())
    }

    fn median(&self) -> f64 {
        crate::figures::percentile(&mut self.micros.clone(), 0.5)
    }
}

/// Holds every class against the first.
fn compare(
    plan: &Plan,
    prefix: &str,
    median_max: f64,
    classes: &[Class],
    bars: &mut Bars,
) -> anyhow::Result<()> {
    let Some((first, others)) = classes.split_first() else { return Ok(()) };
    print(&format!("{prefix}.{}.median_us", first.name), first.median());
    for other in others {
        if first.words != other.words {
            let shown = [first, other].map(|class| class.words.clone().unwrap_or_default());
            anyhow::bail!("{} and {} are told apart:\n{}", first.name, other.name, shown.join("\n--\n"));
        }
        let pair = format!("{prefix}.{}_{}", first.name, other.name);
        let quotient = other.median() / first.median();
        let difference = (quotient - 1.0).abs();
        let area = auc(&first.micros, &other.micros);
        print(&format!("{pair}.median_ratio"), quotient);
        print(&format!("{pair}.auc"), area);
        if !plan.untimed {
            bars.most(&format!("{pair}: difference of the medians"), difference, median_max);
            bars.most(&format!("{pair}.auc"), area.max(1.0 - area), AUC_MAX);
        }
    }
    Ok(())
}

/// How often a sample of `others` is larger than one of `ones`; equal ones count half.
fn auc(ones: &[f64], others: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        ones.iter().map(|value| (*value, false)).chain(others.iter().map(|value| (*value, true))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut smaller, mut wins) = (0.0, 0.0);
    for same in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let (mut of_ones, mut of_others) = (0.0, 0.0);
        for (_, is_other) in same {
            if *is_other { of_others += 1.0 } else { of_ones += 1.0 }
        }
        wins += of_others * (smaller + of_ones / 2.0);
        smaller += of_ones;
    }
    let pairs = count(ones.len() as u64) * count(others.len() as u64);
    wins / pairs
}

/// A line with a `#` for each number in it: seconds left, lengths, dates.
fn without_numbers(line: &str) -> String {
    let mut without = String::new();
    for letter in line.chars().map(|letter| if letter.is_ascii_digit() { '#' } else { letter }) {
        if letter != '#' || !without.ends_with('#') {
            without.push(letter);
        }
    }
    without
}

/// Chance that is the same in every run (xorshift).
struct Shuffle(u64);

impl Shuffle {
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let chosen = usize::try_from(self.0 % 1_000_003).unwrap_or(0) % (last + 1);
            order.swap(last, chosen);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_a_half_for_the_same_and_one_for_what_is_always_slower() {
        assert!((auc(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]) - 0.5).abs() < 1e-9);
        assert!((auc(&[1.0, 2.0], &[3.0, 4.0]) - 1.0).abs() < 1e-9);
        assert!((auc(&[3.0], &[1.0, 3.0]) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn numbers_are_taken_out_however_long_they_are() {
        assert_eq!(without_numbers("Retry-After: 600 (10 min)"), "Retry-After: # (# min)");
    }

    #[test]
    fn every_order_has_everything_once() {
        let mut shuffle = Shuffle(1);
        let orders: std::collections::HashSet<Vec<usize>> = (0..200).map(|_| shuffle.order(3)).collect();
        assert_eq!(orders.len(), 6);
    }
}
