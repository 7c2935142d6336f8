//! The audit: every event, searched and filtered; one event in full; whether the chain holds.

use askama::Template;

use super::forms::Field;
use super::icon::{Icon, Mark};
use super::parts::{Badge, Event, Fact, Link, Notice, Pager, Stamp, Tone};
use super::shell::{Place, Shell};

/// A filter of one click.
#[derive(Clone, Debug)]
pub(crate) struct Quick {
    /// The list so filtered.
    pub(crate) link: Link,
    /// Whether it is this one.
    pub(crate) is_on: bool,
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// How the chain stands: "Verified up to event 48,213 at 14:30:00", or where it is broken.
    pub(crate) chain: Notice,
    /// Filters of one click.
    pub(crate) quick: Vec<Quick>,
    /// `q`: text; `who`; `what` and `day`; `interface` and `outcome`: drop-down lists; `from` and `until`: moments.
    pub(crate) filters: Vec<Field>,
    /// Whether any of them is on.
    pub(crate) filtered: bool,
    /// The events, newest first.
    pub(crate) events: Vec<Event>,
    /// Where one is in the list.
    pub(crate) pager: Pager,
    /// How many events were looked at for them: "100,000".
    pub(crate) looked_at: String,
    /// Where older ones are looked at; `None` = all were, or there are enough.
    pub(crate) further: Option<String>,
    /// The same events as JSON Lines.
    pub(crate) export_json: String,
    /// The same events as CSV.
    pub(crate) export_csv: String,
}

/// One event in full.
#[derive(Clone, Debug, Template)]
#[template(path = "audit_event.html")]
pub(crate) struct AuditEventPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Its number: "48,213".
    pub(crate) number: String,
    /// What was done.
    pub(crate) what: String,
    /// The outcome.
    pub(crate) outcome: Badge,
    /// When.
    pub(crate) at: Stamp,
    /// Why, in plain words: what interfaces are never told. Empty when there is nothing to explain.
    pub(crate) why: String,
    /// Why they could not sign in, where that is what it tells of.
    pub(crate) doctor: Option<String>,
    /// Who, from where, by which interface, and whatever else was recorded.
    pub(crate) facts: Vec<Fact>,
    /// Its place in the chain: its own hash and that of the event before.
    pub(crate) chain: Vec<Fact>,
    /// The event before.
    pub(crate) older: Option<String>,
    /// The event after.
    pub(crate) newer: Option<String>,
}
