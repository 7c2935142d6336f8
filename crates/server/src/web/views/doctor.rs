//! The sign-in doctor: what is wrong with whom, what mends it, and below it everything that it was found by.

use askama::Template;

use super::icon::{Icon, Mark};
use super::parts::{Badge, Event, Link, Notice, Stamp};
use super::shell::{Place, Shell};
use super::status::PhoneRow;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "doctor.html")]
pub(crate) struct DoctorPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for; empty before anything was.
    pub(crate) query: String,
    /// The number of the domain in which it was asked, or empty.
    pub(crate) domain: String,
    /// Which of several was asked about.
    pub(crate) nth: String,
    /// Who may be meant, where several are or nobody is called exactly so.
    pub(crate) meant: Vec<Meant>,
    /// Who is looked at.
    pub(crate) case: Option<Case>,
}

/// Somebody who may be meant.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    /// The page that looks at them, in their name or number.
    pub(crate) link: Link,
    /// Who that is.
    pub(crate) detail: String,
}

/// Somebody who is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// "Extension 201 of Ann Smith".
    pub(crate) title: String,
    /// The account's state, or whether the extension has a phone.
    pub(crate) states: Vec<Badge>,
    /// Their pages.
    pub(crate) pages: Vec<Link>,
    /// What is wrong, what weighs most first.
    pub(crate) causes: Vec<Complaint>,
    /// Said where nothing is wrong.
    pub(crate) well: Option<Notice>,
    /// The secrets.
    pub(crate) secrets: Vec<SecretRow>,
    /// The locks in force, of the name and of the addresses it was tried from.
    pub(crate) locks: Vec<LockRow>,
    /// Phones that are registered now.
    pub(crate) phones: Vec<PhoneRow>,
    /// Whether phones are shown at all: administrators have none.
    pub(crate) has_phones: bool,
    /// What happened lately.
    pub(crate) history: Vec<Event>,
    /// All of it.
    pub(crate) history_href: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    /// What, in one sentence.
    pub(crate) words: String,
    /// What to do about it.
    pub(crate) advice: String,
    /// The buttons, the best first.
    pub(crate) remedies: Vec<RemedyButton>,
    /// Who could press them, where this person may not.
    pub(crate) ask: String,
}

/// What mends it.
#[derive(Clone, Debug)]
pub(crate) struct RemedyButton {
    /// The words.
    pub(crate) title: String,
    /// What the form sends; empty where it is a link.
    pub(crate) sends: String,
    /// Where the link leads; empty where it is a button.
    pub(crate) href: String,
}

/// One secret.
#[derive(Clone, Debug)]
pub(crate) struct SecretRow {
    /// "Login code".
    pub(crate) title: String,
    /// Set, not set, ended, weak, locked.
    pub(crate) states: Vec<Badge>,
    /// What it opens: "SIP registration".
    pub(crate) opens: String,
    /// When it was set.
    pub(crate) set: Option<Stamp>,
    /// When and where it was right the last time.
    pub(crate) used: String,
}

/// One lock in force.
#[derive(Clone, Debug)]
pub(crate) struct LockRow {
    /// What is locked.
    pub(crate) what: String,
    /// "5 of 5".
    pub(crate) failures: String,
    /// The last failure.
    pub(crate) last: Stamp,
    /// Time left, in a word where nobody knows.
    pub(crate) until: Option<super::parts::Until>,
}
