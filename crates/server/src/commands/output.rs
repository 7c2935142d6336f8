//! Output: the one place where commands print. Results go to standard output, everything else to standard error.
//!
//! What is printed may come from phones and strangers (a user agent, a name that was tried), so characters that
//! steer a terminal never get through.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::failure::{Exit, Failure};

/// Prints a line of the result.
///
/// # Errors
/// Standard output is closed or full.
pub fn line(text: &str) -> Result<(), Failure> {
    write_out(&format!("{}\n", harmless(text)))
}

/// Prints one JSON value as one line of the result.
///
/// # Errors
/// Standard output is closed or full.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| {
        Failure::refused("print the result", error, "This is a defect; please report it.")
    })?;
    write_out(&format!("{text}\n"))
}

/// Prints text that was made for a program, as it is.
///
/// # Errors
/// Standard output is closed or full.
pub fn raw(text: &str) -> Result<(), Failure> {
    write_out(text)
}

/// Prints columns under their titles.
///
/// # Errors
/// Standard output is closed or full.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
    let width = |column: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(title.chars().count())
    };
    let widths: Vec<usize> = titles.iter().enumerate().map(|(column, title)| width(column, title)).collect();
    let mut text = in_columns(&widths, titles.iter().copied());
    for row in &rows {
        text.push_str(&in_columns(&widths, row.iter().map(String::as_str)));
    }
    write_out(&text)
}

fn in_columns<'a>(widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
    let padded: Vec<String> =
        cells.zip(widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
    format!("{}\n", padded.join("  ").trim_end())
}

/// Tells the person something that is not the result.
pub fn note(text: &str) {
    // Nobody is there to be told that standard error is closed.
    let _ = writeln!(io::stderr(), "{}", text.lines().map(harmless).collect::<Vec<_>>().join("\n"));
}

/// Whether a person is watching.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Takes out what would steer a terminal.
pub fn harmless(text: &str) -> String {
    let is_steering = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_steering(c) { '\u{fffd}' } else { c }).collect()
}

fn write_out(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // Whoever reads has seen enough (`hookswitch user list | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(Failure { exit: Exit::Done, ..Failure::refused("", "", "") })
        }
        Err(error) => Err(Failure::refused("write to standard output", error, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_printed() {
        assert_eq!(harmless("a\u{1b}[2Jb\rc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
        assert_eq!(harmless("Jörg 😀"), "Jörg 😀");
    }
}
