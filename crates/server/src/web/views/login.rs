//! The login page, and the page that asks for a new password before anything else.

use askama::Template;

use super::forms::{Field, Kind, KnownSecret, Problems, Secret};
use super::icon::{Icon, Mark};
use super::parts::Until;
use super::shell::Gate;

/// Why the person is looking at the login page.
#[derive(Clone, Debug, Default)]
pub(crate) enum Reason {
    /// They came by themselves.
    #[default]
    Arrived,
    /// They signed out.
    SignedOut,
    /// Nothing happened for too long.
    IdledOut {
        /// The limit, in minutes.
        minutes: u64,
    },
    /// The session was ended elsewhere: by an administrator, by a changed password, by its age.
    Ended,
    /// The name or the password was wrong. The same for an unknown name, by construction: nothing here can tell.
    Refused,
    /// Too many wrong tries: wait.
    Wait {
        /// "one minute".
        length: String,
        /// When one may try again.
        until: Until,
        /// "14:32:10".
        clock: String,
    },
    /// Too many wrong tries, and an administrator has to help.
    Locked,
    /// Five sessions already.
    SessionLimit,
    /// The form was too old: its session or its token had gone.
    Stale,
    /// The store does not answer.
    Unavailable,
}

impl Reason {
    /// Whether the page's title says "Error".
    pub(crate) const fn is_refusal(&self) -> bool {
        match self {
            Self::Arrived | Self::SignedOut | Self::IdledOut { .. } | Self::Ended => false,
            Self::Refused
            | Self::Wait { .. }
            | Self::Locked
            | Self::SessionLimit
            | Self::Stale
            | Self::Unavailable => true,
        }
    }
}

/// The login page of the manager.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// "Web manager": what one signs in to.
    pub(crate) interface: String,
    /// Where the form goes.
    pub(crate) action: String,
    /// The path to go on to, checked by the server to be one of its own.
    pub(crate) next: String,
    /// The name as typed before.
    pub(crate) name: String,
    /// Whether "Offline Mode" is ticked.
    pub(crate) is_offline: bool,
    /// What happened.
    pub(crate) reason: Reason,
    /// The text that the administrator has set for this page. Empty for none.
    pub(crate) banner: String,
    /// Whether somebody who forgot their password is helped here: not in a file.
    pub(crate) can_forget: bool,
}

impl LoginPage {
    /// The name field.
    fn name_field(&self) -> Field {
        Field::new("name", "Name")
            .value(self.name.clone())
            .required()
            .autocomplete("username")
            .length_max(128)
    }

    /// The password field.
    fn password_field(&self) -> KnownSecret {
        KnownSecret {
            name: "password".into(),
            label: "Password".into(),
            required: true,
            ..KnownSecret::default()
        }
    }

    /// Whether changes shall wait in a draft.
    fn offline_field(&self) -> Field {
        Field::new("offline", "Offline Mode")
            .kind(Kind::Check { ticked: self.is_offline })
            .hint("What you change waits in a draft until you apply it.")
    }
}

/// Why a new password has to be chosen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhyNew {
    /// An administrator asked for it.
    Forced,
    /// The old one has expired.
    Expired,
}

/// A new password, before anything else.
#[derive(Clone, Debug, Template)]
#[template(path = "new_password.html")]
pub(crate) struct NewPasswordPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// Whose.
    pub(crate) name: String,
    /// Why.
    pub(crate) why: WhyNew,
    /// The new password with its rules.
    pub(crate) secret: Secret,
    /// What is wrong with what was sent.
    pub(crate) problems: Problems,
}
