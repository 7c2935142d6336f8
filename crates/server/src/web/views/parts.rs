//! The small parts that pages are made of: words with a state, banners, times, links, paging.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::icon::Icon;

/// How a thing stands. Never shown by colour alone: a word always goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Neither good nor bad.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Worth knowing.
    Info,
    /// Needs attention, not today perhaps.
    Warning,
    /// Needs attention now, or did not work.
    Danger,
}

impl Tone {
    /// The drawing that goes with the tone.
    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Neutral | Self::Info => Icon::Info,
            Self::Good => Icon::Good,
            Self::Warning => Icon::Warning,
            Self::Danger => Icon::Danger,
        }
    }

    /// Failures interrupt a screen reader, everything else waits for a pause.
    pub(crate) const fn role(self) -> &'static str {
        match self {
            Self::Danger => "alert",
            Self::Neutral | Self::Good | Self::Info | Self::Warning => "status",
        }
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Danger => "danger",
        })
    }
}

impl HtmlSafe for Tone {}

/// A link: where to and in which words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    /// The address, relative to the root.
    pub(crate) href: String,
    /// The words.
    pub(crate) label: String,
}

impl Link {
    /// A link to `href`, named `label`.
    pub(crate) fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into() }
    }
}

/// A word with a state, such as "Locked – Temporary".
#[derive(Clone, Debug, Default, Template)]
#[template(source = r#"<span class="badge badge-{{ tone }}">{{ text }}</span>"#, ext = "html")]
pub(crate) struct Badge {
    /// How it stands.
    pub(crate) tone: Tone,
    /// The word.
    pub(crate) text: String,
}

impl Badge {
    /// A badge that says `text`.
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

impl HtmlSafe for Badge {}

/// A banner on a page: what happened or what needs attention, and the way to deal with it.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/notice.html")]
pub(crate) struct Notice {
    /// How serious it is.
    pub(crate) tone: Tone,
    /// The point, in a few words.
    pub(crate) title: String,
    /// More, or empty.
    pub(crate) text: String,
    /// Where to deal with it.
    pub(crate) link: Option<Link>,
    /// True for the answer to what was just done: it is read out at once. Standing warnings are not.
    pub(crate) announce: bool,
}

impl Notice {
    /// A standing notice.
    pub(crate) fn new(tone: Tone, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tone, title: title.into(), text: text.into(), link: None, announce: false }
    }

    /// With the way to deal with it.
    #[must_use]
    pub(crate) fn with_link(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.link = Some(Link::new(href, label));
        self
    }

    /// The answer to what the person just did.
    #[must_use]
    pub(crate) fn announced(mut self) -> Self {
        self.announce = true;
        self
    }
}

impl HtmlSafe for Notice {}

/// A moment, for people and for programs. Shown as "2026-03-01 14:32:10" with "3 minutes ago" beside it, which the
/// page keeps current where scripts run.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"<time datetime="{{ machine }}" class="nowrap">{{ human }}</time>{% if !ago.is_empty() %} <span class="sub muted" data-ago="{{ machine }}">{{ ago }}</span>{% endif %}"#,
    ext = "html"
)]
pub(crate) struct Stamp {
    /// RFC 3339, with the offset.
    pub(crate) machine: String,
    /// As people read it, in the system's time zone.
    pub(crate) human: String,
    /// "3 minutes ago" at the time of writing, or empty where it would only be noise.
    pub(crate) ago: String,
}

impl Stamp {
    /// A moment with its distance from now.
    pub(crate) fn new(machine: impl Into<String>, human: impl Into<String>, ago: impl Into<String>) -> Self {
        Self { machine: machine.into(), human: human.into(), ago: ago.into() }
    }
}

impl HtmlSafe for Stamp {}

/// Time left until a moment. The page counts it down where scripts run; "in 4 min" otherwise stands as written.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"<time datetime="{{ machine }}" class="nowrap" data-until="{{ machine }}">{{ human }}</time>"#,
    ext = "html"
)]
pub(crate) struct Until {
    /// RFC 3339, with the offset.
    pub(crate) machine: String,
    /// "9 min 12 s" at the time of writing.
    pub(crate) human: String,
}

impl Until {
    /// The time left.
    pub(crate) fn new(machine: impl Into<String>, human: impl Into<String>) -> Self {
        Self { machine: machine.into(), human: human.into() }
    }
}

impl HtmlSafe for Until {}

/// How long something has gone on: "3:07". The page counts on where scripts run; otherwise it stands as written.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"<span class="nowrap num" data-count="{{ seconds }}">{{ human }}</span>"#,
    ext = "html"
)]
pub(crate) struct Elapsed {
    /// Seconds at the time of writing.
    pub(crate) seconds: u64,
    /// The same for people.
    pub(crate) human: String,
}

impl HtmlSafe for Elapsed {}

/// One column heading that sorts.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/column.html")]
pub(crate) struct Column {
    /// The words.
    pub(crate) label: String,
    /// Where a click leads: the same list in this order (or the other way round).
    pub(crate) href: String,
    /// Whether the list is in this column's order now.
    pub(crate) sorted: Sorted,
}

/// The order of a list in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sorted {
    /// Not by this column.
    #[default]
    No,
    /// A to Z, 1 to 9, oldest first.
    Up,
    /// The other way.
    Down,
}

impl Column {
    /// A heading that sorts.
    pub(crate) fn new(label: impl Into<String>, href: impl Into<String>, sorted: Sorted) -> Self {
        Self { label: label.into(), href: href.into(), sorted }
    }
}

impl HtmlSafe for Column {}

/// One stop of a pager.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// Another page: its number in words and its address.
    Page(Link),
    /// The page shown.
    Here(String),
    /// Pages left out.
    Gap,
}

/// Where one is in a long list.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/pager.html")]
pub(crate) struct Pager {
    /// "51–100 of 100,000 users".
    pub(crate) summary: String,
    /// What the list is called, for the label of the navigation.
    pub(crate) label: String,
    /// The page before.
    pub(crate) previous: Option<String>,
    /// The page after.
    pub(crate) next: Option<String>,
    /// The numbers between. Empty when all fits on one page.
    pub(crate) stops: Vec<Stop>,
}

impl HtmlSafe for Pager {}

/// A list of "name: value", shown as a definition list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    /// The name.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
}

impl Fact {
    /// A fact.
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// One line of a record: of recent events, or of one account's history.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The address of the page with all about it.
    pub(crate) href: String,
    /// How it stands.
    pub(crate) tone: Tone,
    /// The outcome in a word: "Accepted", "Refused", "Changed".
    pub(crate) outcome: String,
    /// The account, extension or address that did it.
    pub(crate) who: String,
    /// What was done.
    pub(crate) what: String,
    /// Why it was refused, or what it changed, in a line; empty where there is nothing to say.
    pub(crate) detail: String,
    /// By which interface.
    pub(crate) interface: String,
    /// Where from.
    pub(crate) from: String,
    /// When.
    pub(crate) at: Stamp,
}
