//! Numbers from several rounds, and how they are printed.

/// A count as a figure: those here are far below 2^53, where the first one is lost.
#[expect(clippy::cast_precision_loss, reason = "said above")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}

/// The same figure from each round.
#[derive(Debug, Default)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The newest.
    pub(crate) fn last(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }

    /// The middle one of the quotients, each of two figures of the same round.
    pub(crate) fn median_of(&self, divisor: &Self) -> f64 {
        Self(self.0.iter().zip(&divisor.0).map(|(one, other)| one / other).collect()).median()
    }

    /// The middle one; of an even number, the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
    }
}

/// The value below which this share of all lie.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list, rounded down"
    )]
    let place = (last as f64 * share) as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}

/// One figure per line: its name, a space, its value.
pub(crate) fn print(name: &str, value: f64) {
    if value >= 1000.0 { println!("{name} {value:.0}") } else { println!("{name} {value:.3}") }
}

/// Figures that must be no more, or no less, than somebody has promised.
#[derive(Debug, Default)]
pub(crate) struct Bars(Vec<String>);

impl Bars {
    pub(crate) fn most(&mut self, name: &str, value: f64, most: f64) {
        if value > most || value.is_nan() {
            self.0.push(format!("{name} is {value:.3}, more than {most}"));
        }
    }

    pub(crate) fn least(&mut self, name: &str, value: f64, least: f64) {
        if value < least || value.is_nan() {
            self.0.push(format!("{name} is {value:.3}, less than {least}"));
        }
    }

    /// An error that names every bar that was missed.
    pub(crate) fn verdict(self) -> anyhow::Result<()> {
        if self.0.is_empty() { Ok(()) } else { anyhow::bail!("missed:\n  {}", self.0.join("\n  ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_taken_within_a_round() {
        let quotient = Rounds(vec![1.0, 20.0, 3.0]).median_of(&Rounds(vec![2.0, 40.0, 3.0]));
        assert!((quotient - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_bar_is_missed_by_more_by_less_and_by_no_number() {
        let mut bars = Bars::default();
        bars.most("a", 1.0, 1.0);
        bars.least("b", 1.0, 1.0);
        assert!(std::mem::take(&mut bars).verdict().is_ok());
        bars.most("a", 1.1, 1.0);
        bars.least("b", 0.9, 1.0);
        bars.most("c", f64::NAN, 1.0);
        let missed = bars.verdict().unwrap_err().to_string();
        assert_eq!(missed.lines().count(), 4, "{missed}");
    }

    #[test]
    fn a_median_is_the_middle_whatever_the_order() {
        assert!((Rounds(vec![3.0, 1.0, 2.0]).median() - 2.0).abs() < 1e-9);
        assert!((Rounds(vec![4.0, 1.0, 2.0, 3.0]).median() - 2.5).abs() < 1e-9);
    }
}
