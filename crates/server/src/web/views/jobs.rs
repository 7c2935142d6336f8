//! Jobs: the list of them, and how far one is.

use askama::{Template, filters::HtmlSafe};

use super::icon::{Icon, Mark};
use super::parts::{Badge, Fact, Stamp};
use super::shell::{Place, Shell};

/// One line of the list.
#[derive(Clone, Debug)]
pub(crate) struct JobRow {
    /// Its page.
    pub(crate) href: String,
    /// "Disable 1,200 users".
    pub(crate) title: String,
    /// Who started it.
    pub(crate) by: String,
    /// When.
    pub(crate) started: Stamp,
    /// Whether it goes on.
    pub(crate) state: Badge,
    /// "150 of 1,200".
    pub(crate) done: String,
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "jobs.html")]
pub(crate) struct JobsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The newest first.
    pub(crate) rows: Vec<JobRow>,
}

/// One job.
#[derive(Clone, Debug, Template)]
#[template(path = "job.html")]
pub(crate) struct JobPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// "Disable 1,200 users".
    pub(crate) title: String,
    /// Who started it.
    pub(crate) by: String,
    /// When.
    pub(crate) started: Stamp,
    /// This page's address; events and the live part alone are below it.
    pub(crate) here: String,
    /// How far it is.
    pub(crate) live: JobLive,
}

/// How far a job is, as served alone for the script.
#[derive(Clone, Debug, Template)]
#[template(path = "job_live.html")]
pub(crate) struct JobLive {
    /// The token of the form.
    pub(crate) csrf: String,
    /// Whether it goes on.
    pub(crate) state: Badge,
    /// How many are done: "150".
    pub(crate) done: String,
    /// Of how many: "1,200".
    pub(crate) total: String,
    /// The same for the bar.
    pub(crate) value: usize,
    /// The same for the bar.
    pub(crate) most: usize,
    /// What is announced: it changes ten times, not a thousand times.
    pub(crate) words: String,
    /// What it means, in a sentence.
    pub(crate) says: String,
    /// What became of them, in numbers.
    pub(crate) facts: Vec<Fact>,
    /// Those that were refused, by name, and why.
    pub(crate) refused: Vec<Fact>,
    /// Whether more were refused than are named.
    pub(crate) has_more: bool,
    /// How many.
    pub(crate) more: String,
    /// Where it is stopped; `None` = it has ended, or somebody else's.
    pub(crate) stop: Option<String>,
}

impl HtmlSafe for JobLive {}
