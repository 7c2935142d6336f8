//! The frame around every page: system name, navigation, standing warnings, theme, the answer to the last action.

use std::fmt;

use askama::filters::HtmlSafe;
use calls::prompt::Language;

use super::icon::Icon;
use super::parts::Notice;
use super::settings::SettingsTab;
use super::status::StatusTab;
use crate::words::Say as _;

/// Light, dark, or as the person's system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        })
    }
}

impl HtmlSafe for Theme {}

/// What a page of someone who is not signed in needs to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    /// The name given to this system at ignition. Empty before that.
    pub(crate) system: String,
    /// The hidden field of every form. Empty on pages without forms.
    pub(crate) csrf: String,
    /// The browser's choice of colours, from the cookie, so that the first paint is right.
    pub(crate) theme: Theme,
    /// The language of the page.
    pub(crate) language: Language,
    /// The first page of those among which it is.
    pub(crate) home: &'static str,
    /// The answer to what was just done.
    pub(crate) flash: Option<Notice>,
}

impl Gate {
    /// The language of the page.
    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// A message in it.
    pub(crate) fn say(&self, name: &str) -> String {
        self.language.say(name)
    }

    /// What the script says in it.
    pub(crate) fn said_by_script(&self) -> String {
        self.language.said_by_script()
    }
}

/// What every page of the manager needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    /// The name given to this system at ignition.
    pub(crate) system: String,
    /// The hidden field of every form.
    pub(crate) csrf: String,
    /// The person's choice of colours, from the cookie, so that the first paint is right.
    pub(crate) theme: Theme,
    /// The answer to what was just done.
    pub(crate) flash: Option<Notice>,
    /// Who is signed in.
    pub(crate) person: Person,
}

/// The manager is in English alone; the frames of other pages have a language of their own.
#[expect(clippy::unused_self, reason = "the frame of a page asks each of them")]
impl Shell {
    pub(crate) const fn language(&self) -> Language {
        Language::English
    }

    pub(crate) fn say(&self, name: &str) -> String {
        self.language().say(name)
    }

    pub(crate) fn said_by_script(&self) -> String {
        self.language().said_by_script()
    }
}

/// The signed-in person and what the frame shows for them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The account's name.
    pub(crate) name: String,
    /// What they are, in a word or two: "Administrator rights".
    pub(crate) role: String,
    /// The page they are on.
    pub(crate) here: Place,
    /// Warnings that every manager page carries until they are dealt with.
    pub(crate) warnings: Vec<Notice>,
    /// Places the person has no right to are left out.
    pub(crate) places: Vec<Place>,
    /// The settings that the person may see.
    pub(crate) settings: Vec<SettingsTab>,
    /// Locks in force now, shown beside "Status". 0 shows nothing.
    pub(crate) locks: u64,
    /// Alarms that stand and nobody has seen, shown there too. 0 shows nothing.
    pub(crate) alarms: u64,
    /// Of the status they see the calls alone: those of their domain.
    pub(crate) calls_alone: bool,
}

/// A place in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The start page.
    Home,
    /// Users.
    Users,
    /// Extensions.
    Extensions,
    /// Which credential opens what, and how all of them stand.
    Passwords,
    /// Live status.
    Status,
    /// Why somebody cannot sign in.
    Doctor,
    /// The audit.
    Audit,
    /// The draft of offline mode.
    Draft,
    /// Settings.
    Settings,
    /// One's own preferences.
    Preferences,
}

impl Person {
    /// Where a place of the navigation leads for this person.
    pub(crate) fn href(&self, place: &Place) -> &'static str {
        match (*place, self.settings.first()) {
            (Place::Settings, Some(first)) => first.href(),
            (Place::Status, _) if self.calls_alone => StatusTab::Calls.href(),
            (place, _) => place.href(),
        }
    }

    /// Its words.
    pub(crate) fn label(&self, place: &Place) -> &'static str {
        if self.calls_alone && *place == Place::Status { "Calls" } else { place.label() }
    }
}

impl Place {
    /// What stands in the navigation, in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Home,
        Self::Users,
        Self::Extensions,
        Self::Passwords,
        Self::Status,
        Self::Doctor,
        Self::Audit,
        Self::Settings,
        Self::Draft,
    ];

    /// The words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Home => "Overview",
            Self::Users => "Users",
            Self::Extensions => "Extensions",
            Self::Passwords => "Passwords",
            Self::Status => "Status",
            Self::Doctor => "Sign-in doctor",
            Self::Audit => "Audit",
            Self::Draft => "Draft",
            Self::Settings => "System",
            Self::Preferences => "User Preferences",
        }
    }

    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Home => "/manager",
            Self::Users => "/manager/users",
            Self::Extensions => "/manager/extensions",
            Self::Passwords => "/manager/passwords",
            Self::Status => "/status",
            Self::Doctor => "/manager/doctor",
            Self::Audit => "/manager/audit",
            Self::Draft => "/manager/draft",
            Self::Settings => "/manager/settings/security",
            Self::Preferences => "/manager/preferences",
        }
    }

    /// The drawing.
    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Home => Icon::Home,
            Self::Users => Icon::Users,
            Self::Extensions => Icon::Extensions,
            Self::Passwords => Icon::Key,
            Self::Status => Icon::Status,
            Self::Doctor => Icon::Doctor,
            Self::Audit => Icon::Audit,
            Self::Draft => Icon::Draft,
            Self::Settings => Icon::Settings,
            Self::Preferences => Icon::Person,
        }
    }
}
