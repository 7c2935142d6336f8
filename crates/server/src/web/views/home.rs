//! The manager's start page: what needs attention, how things stand, what happened last.

use askama::Template;

use super::chart::Bars;
use super::icon::{Icon, Mark};
use super::parts::{Event, Link, Stamp, Tone};
use super::shell::{Place, Shell};

/// One number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tile {
    /// What is counted.
    pub(crate) label: String,
    /// The page with the list.
    pub(crate) href: String,
    /// The number, with its separators.
    pub(crate) value: String,
    /// More about it, or empty.
    pub(crate) detail: String,
    /// A small picture of its course.
    pub(crate) picture: Option<Bars>,
}

/// One thing that needs attention.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    /// How urgent.
    pub(crate) tone: Tone,
    /// What is the matter, in a few words.
    pub(crate) title: String,
    /// Why it matters and what to do.
    pub(crate) text: String,
    /// Where to do it.
    pub(crate) link: Option<Link>,
}

/// The last time this account signed in.
#[derive(Clone, Debug)]
pub(crate) struct LastSignIn {
    /// When.
    pub(crate) at: Stamp,
    /// Where from.
    pub(crate) from: String,
    /// By which interface.
    pub(crate) interface: String,
}

/// The start page.
#[derive(Clone, Debug, Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The sign-in before this one; none at the first.
    pub(crate) last: Option<LastSignIn>,
    /// Attempts that failed since then.
    pub(crate) failures: u64,
    /// Whether to offer the sign-in doctor.
    pub(crate) doctor: bool,
    /// Whether they may see what is locked and lost, so that its absence says something.
    pub(crate) status: bool,
    /// What needs attention, most urgent first. Empty: nothing does.
    pub(crate) attention: Vec<Attention>,
    /// The numbers of the pages that are open to them.
    pub(crate) tiles: Vec<Tile>,
    /// The last events, for those who may read the audit.
    pub(crate) recent: Option<Vec<Event>>,
}
