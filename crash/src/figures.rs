//! Figures: one `name value` line each on standard output, and a bar that must be met where there is one.

use std::fmt::Display;

/// What was found, and what was missed.
#[derive(Default)]
pub(crate) struct Figures {
    missed: Vec<String>,
}

impl Figures {
    /// Prints a figure.
    pub(crate) fn tell(&mut self, name: &str, value: impl Display) {
        println!("crash.{name} {value}");
    }

    /// Prints a figure that must not be above `most`.
    pub(crate) fn at_most(&mut self, name: &str, value: u64, most: u64) {
        self.tell(name, value);
        if value > most {
            self.missed.push(format!("crash.{name} is {value}, and must not be above {most}"));
        }
    }

    /// Prints a figure that must not be below `least`.
    pub(crate) fn at_least(&mut self, name: &str, value: u64, least: u64) {
        self.tell(name, value);
        if value < least {
            self.missed.push(format!("crash.{name} is {value}, and must not be below {least}"));
        }
    }

    /// Fails where a bar was missed.
    pub(crate) fn conclude(self) -> anyhow::Result<()> {
        if self.missed.is_empty() {
            return Ok(());
        }
        anyhow::bail!("{}", self.missed.join("; "))
    }
}

/// Milliseconds, begun ones whole.
pub(crate) fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}
