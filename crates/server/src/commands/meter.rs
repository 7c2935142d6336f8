//! The meter: how far long work is. A bar where a person watches, now and then a plain line where a log does.

use indicatif::{ProgressBar, ProgressStyle};

use super::output;

/// Plain lines for a whole piece of work, at most.
const LINES_MAX: u64 = 10;

/// Shows how far a piece of work is.
#[derive(Debug)]
pub struct Meter {
    title: &'static str,
    unit: &'static str,
    bar: Option<ProgressBar>,
    /// Tenths of the work that a plain line was written for.
    told: u64,
}

impl Meter {
    /// Begins. `title` says what is done, `unit` with what.
    pub fn start(title: &'static str, unit: &'static str) -> Self {
        let bar = output::is_watched().then(|| ProgressBar::no_length().with_message(title));
        Self { title, unit, bar, told: 0 }
    }

    /// So many are done, of so many.
    pub fn reach(&mut self, done: u64, total: Option<u64>) {
        match &self.bar {
            Some(bar) => {
                if let Some(total) = total
                    && bar.length() != Some(total)
                {
                    bar.set_length(total);
                    let style = ProgressStyle::with_template(
                        "{msg} [{bar:40}] {human_pos} of {human_len} ({per_sec}, {eta} left)",
                    );
                    bar.set_style(
                        style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "),
                    );
                }
                bar.set_position(done);
            }
            None => {
                let Some(total) = total.filter(|total| *total > 0) else { return };
                let reached = done * LINES_MAX / total;
                if reached > self.told {
                    self.told = reached;
                    output::note(&format!("{}: {done} of {total} {}", self.title, self.unit));
                }
            }
        }
    }

    /// The work is over, or stopped.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end();
    }
}
