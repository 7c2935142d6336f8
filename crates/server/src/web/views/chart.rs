//! Small pictures of numbers, drawn on the server so that they need no script, each with its text beside it.

use std::fmt;

use askama::filters::HtmlSafe;

use super::parts::Tone;

/// The most bars that one picture has; more are left out from the front.
const BARS_MAX: usize = 96;
/// Height of the drawing in its own units.
const HEIGHT: u64 = 100;

/// A row of bars, such as refusals in each hour of a day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bars {
    /// One value a bar, oldest first.
    pub(crate) values: Vec<u64>,
    /// What is counted; by itself the most is marked.
    pub(crate) tone: Tone,
    /// What the picture says, in words, for those who do not see it: "Refusals in each of the last 24 hours; most, 41, at 03:00".
    /// Must not hold anything that a stranger wrote: it is escaped, but it is also read aloud.
    pub(crate) summary: String,
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skip = self.values.len().saturating_sub(BARS_MAX);
        let shown = self.values.iter().skip(skip);
        let count = self.values.len().saturating_sub(skip).max(1);
        let most = shown.clone().copied().max().unwrap_or(0);
        write!(
            f,
            r#"<svg class="chart" viewBox="0 0 {} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label=""#,
            count * 10
        )?;
        escape(f, &self.summary)?;
        f.write_str(r#"">"#)?;
        for (place, value) in shown.enumerate() {
            // An empty hour keeps a thin line, so that the row of hours stays readable.
            let height = value.saturating_mul(HEIGHT).checked_div(most).unwrap_or(0).max(4);
            let class = match (*value, self.tone) {
                (0, _) => "zero",
                (_, Tone::Good) => "good",
                (_, Tone::Warning | Tone::Danger) => "refused",
                (value, Tone::Neutral | Tone::Info) if value == most && most > 2 => "peak",
                (_, Tone::Neutral | Tone::Info) => "bar",
            };
            let (x, y) = (place * 10 + 1, HEIGHT.saturating_sub(height));
            write!(f, r#"<rect class="{class}" x="{x}" y="{y}" width="8" height="{height}" rx="1"/>"#)?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Bars {}

/// A part of a whole, as a bar that fills its line so far. The figure stands beside it in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// In a hundred.
    pub(crate) percent: u8,
    /// How it stands.
    pub(crate) tone: Tone,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, tone) = (self.percent.min(100), self.tone);
        write!(
            f,
            r#"<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" width="100" height="8" rx="2"/><rect class="{tone}" width="{width}" height="8" rx="2"/></svg>"#
        )
    }
}

impl HtmlSafe for Share {}

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '&' => f.write_str("&amp;")?,
            '"' => f.write_str("&quot;")?,
            '\'' => f.write_str("&#39;")?,
            c => fmt::Write::write_char(f, c)?,
        }
    }
    Ok(())
}
