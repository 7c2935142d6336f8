//! Failures: what a command could not do, why, and what helps; and the exit codes.

use std::{fmt, process::ExitCode};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done,
    /// Refused, done in part only, or not started: another time it may be done.
    Refused,
    /// The command line or the configuration is wrong; nothing was tried.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Refused => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

/// Why a command was not done, for the person at the terminal.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was not done.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What helps; empty when nothing is known to.
    pub remedy: String,
    /// With which code the program ends.
    pub exit: Exit,
}

impl Failure {
    /// Refused, with exit code 1.
    pub fn refused(what: impl Into<String>, why: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.to_string(), remedy: remedy.into(), exit: Exit::Refused }
    }

    /// Asked wrongly, with exit code 2.
    pub fn usage(what: impl Into<String>, why: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::refused(what, why, remedy) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}: {}", self.what, self.why)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  help: {}", self.remedy)?;
        }
        Ok(())
    }
}

/// What a command comes to.
pub type Outcome = Result<Exit, Failure>;
