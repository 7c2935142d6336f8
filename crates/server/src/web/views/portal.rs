//! The user portal: the pages of people who only have a phone. Every word comes from the files of their languages.

use askama::Template;
use calls::prompt::{LANGUAGES, Language};

use super::forms::{Field, KnownSecret, Problems, Secret};
use super::icon::{Icon, Mark};
use super::login::{Reason, WhyNew};
use super::parts::{Badge, Fact, Link, Notice, Stamp};
use super::shell::{Gate, Theme};
use crate::words::{Say as _, Value};

/// What every page of the portal needs to know.
#[derive(Clone, Debug)]
pub(crate) struct PortalShell {
    /// The name given to this system at ignition.
    pub(crate) system: String,
    /// The hidden field of every form.
    pub(crate) csrf: String,
    /// The browser's choice of colours.
    pub(crate) theme: Theme,
    /// The language of the page.
    pub(crate) language: Language,
    /// The answer to what was just done.
    pub(crate) flash: Option<Notice>,
    /// Who is signed in, as people call them.
    pub(crate) name: String,
    /// Their number; empty for none.
    pub(crate) number: String,
    /// The page they are on.
    pub(crate) here: PortalPlace,
    /// The places that their domain lets them see.
    pub(crate) places: Vec<PortalPlace>,
    /// How many messages nobody has heard. 0 shows nothing.
    pub(crate) new_messages: u64,
}

impl PortalShell {
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

    fn new_messages_in_words(&self) -> String {
        self.language.say_with("nav-new-messages", &[("n", Value::Number(self.new_messages))])
    }
}

/// A place in the portal's navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortalPlace {
    /// What matters.
    Home,
    /// The own phones, and where one is signed in.
    Phones,
    /// The call log.
    Calls,
    /// What was left in the mailbox.
    Messages,
    /// The others.
    Directory,
    /// Password and codes.
    Secrets,
    /// Where mail goes.
    Address,
    /// Language and colours.
    Preferences,
}

impl PortalPlace {
    /// In order.
    pub(crate) const ALL: [Self; 8] = [
        Self::Home,
        Self::Calls,
        Self::Messages,
        Self::Directory,
        Self::Phones,
        Self::Secrets,
        Self::Address,
        Self::Preferences,
    ];

    /// The name of the words.
    const fn label(self) -> &'static str {
        match self {
            Self::Home => "nav-home",
            Self::Phones => "nav-phones",
            Self::Calls => "nav-calls",
            Self::Messages => "nav-messages",
            Self::Directory => "nav-directory",
            Self::Secrets => "nav-secrets",
            Self::Address => "nav-address",
            Self::Preferences => "nav-preferences",
        }
    }

    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Home => "/portal",
            Self::Phones => "/portal/phones",
            Self::Calls => "/portal/calls",
            Self::Messages => "/portal/messages",
            Self::Directory => "/portal/directory",
            Self::Secrets => "/portal/secrets",
            Self::Address => "/portal/address",
            Self::Preferences => "/portal/preferences",
        }
    }

    /// The drawing.
    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Home => Icon::Home,
            Self::Phones => Icon::Phone,
            Self::Calls => Icon::Call,
            Self::Messages => Icon::Message,
            Self::Directory => Icon::Users,
            Self::Secrets => Icon::Key,
            Self::Address => Icon::At,
            Self::Preferences => Icon::Person,
        }
    }
}

/// Where one chooses another language, on pages before one is signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherLanguage {
    /// Its tag.
    pub(crate) code: &'static str,
    /// What those who speak it call it.
    pub(crate) title: &'static str,
}

/// The languages that a page is not in.
pub(crate) fn other_languages(here: Language) -> Vec<OtherLanguage> {
    let others = LANGUAGES.into_iter().filter(|language| *language != here);
    others.map(|language| OtherLanguage { code: language.code(), title: language.title() }).collect()
}

/// The login page.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/login.html")]
pub(crate) struct PortalLoginPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// The path to go on to, checked by the server to be one of its own.
    pub(crate) next: String,
    /// The name as typed before.
    pub(crate) name: String,
    /// What happened.
    pub(crate) reason: Reason,
    /// The text that the administrator has set for login pages. Empty for none.
    pub(crate) banner: String,
}

impl PortalLoginPage {
    fn say(&self, name: &str) -> String {
        self.shell.say(name)
    }

    fn say_with(&self, name: &str, key: &str, value: &str) -> String {
        self.shell.language.say_with(name, &[(key, Value::Text(value))])
    }

    fn say_number(&self, name: &str, number: &u64) -> String {
        self.shell.language.say_with(name, &[("n", Value::Number(*number))])
    }

    fn name_field(&self) -> Field {
        Field::new("name", self.say("login-name"))
            .value(self.name.clone())
            .required()
            .autocomplete("username")
            .length_max(128)
            .language(self.shell.language)
    }

    fn password_field(&self) -> KnownSecret {
        KnownSecret {
            name: "password".into(),
            label: self.say("login-password"),
            required: true,
            language: self.shell.language,
            ..KnownSecret::default()
        }
    }

    fn languages(&self) -> Vec<OtherLanguage> {
        other_languages(self.shell.language)
    }
}

/// A new password, before anything else.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/new_password.html")]
pub(crate) struct PortalNewPasswordPage {
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

impl PortalNewPasswordPage {
    fn lead(&self) -> String {
        let message = match self.why {
            WhyNew::Forced => "new-password-forced",
            WhyNew::Expired => "new-password-expired",
        };
        self.shell.language.say_with(message, &[("name", Value::Text(&self.name))])
    }
}

/// One figure of the start page.
#[derive(Clone, Debug)]
pub(crate) struct PortalTile {
    /// What it counts.
    pub(crate) label: String,
    /// Where there is more of it.
    pub(crate) href: String,
    /// The figure.
    pub(crate) value: String,
    /// More about it.
    pub(crate) detail: String,
}

/// The start page.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/home.html")]
pub(crate) struct PortalHomePage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The last sign-in, in a sentence, and what failed since.
    pub(crate) last: String,
    /// What failed since, in a sentence; empty for nothing.
    pub(crate) failures: String,
    /// What needs attention.
    pub(crate) notices: Vec<Notice>,
    /// In figures.
    pub(crate) tiles: Vec<PortalTile>,
    /// The last calls; `None` = not to be seen.
    pub(crate) calls: Option<Vec<PortalCall>>,
}

/// One call that is over.
#[derive(Clone, Debug)]
pub(crate) struct PortalCall {
    /// Made, received, missed.
    pub(crate) direction: Badge,
    /// The other end.
    pub(crate) who: String,
    /// Its number, where that is not all there is.
    pub(crate) number: String,
    /// When.
    pub(crate) at: Stamp,
    /// For how long they talked.
    pub(crate) talked: String,
}

/// The call log.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/calls.html")]
pub(crate) struct PortalCallsPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The calls; `None` = they cannot be read now.
    pub(crate) calls: Option<Vec<PortalCall>>,
    /// Whether it may be emptied.
    pub(crate) editable: bool,
}

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct PortalMessage {
    /// Its number.
    pub(crate) id: u64,
    /// Who left it.
    pub(crate) who: String,
    /// Their number, where that is not all there is.
    pub(crate) number: String,
    /// When.
    pub(crate) at: Stamp,
    /// How long it is.
    pub(crate) length: String,
    /// Whether nobody has heard it.
    pub(crate) is_new: bool,
    /// What its buttons do, for those who do not see which message they stand at.
    pub(crate) hear: String,
    /// The same for deleting it.
    pub(crate) delete: String,
}

/// The messages.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/messages.html")]
pub(crate) struct PortalMessagesPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The newest first.
    pub(crate) messages: Vec<PortalMessage>,
    /// How full the mailbox is, in a sentence.
    pub(crate) room: String,
    /// Whether nothing more goes in.
    pub(crate) is_full: bool,
    /// Whether they may be deleted.
    pub(crate) editable: bool,
}

/// Somebody of the directory.
#[derive(Clone, Debug)]
pub(crate) struct PortalContact {
    /// What people call them.
    pub(crate) name: String,
    /// Their number.
    pub(crate) number: String,
}

/// The directory.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/directory.html")]
pub(crate) struct PortalDirectoryPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The search.
    pub(crate) search: Field,
    /// Who was found.
    pub(crate) contacts: Vec<PortalContact>,
    /// How many there are, in a sentence.
    pub(crate) summary: String,
    /// The pages before and after, as addresses.
    pub(crate) previous: Option<String>,
    /// See `previous`.
    pub(crate) next: Option<String>,
}

/// One phone.
#[derive(Clone, Debug)]
pub(crate) struct PortalPhone {
    /// What it calls itself.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) from: String,
    /// Since when.
    pub(crate) since: Stamp,
    /// Names it when it is to be signed out.
    pub(crate) contact: String,
    /// What its button does, for those who do not see which phone it stands at.
    pub(crate) sign_out: String,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct PortalSession {
    /// Names it.
    pub(crate) id: String,
    /// The browser.
    pub(crate) agent: String,
    /// Where it is.
    pub(crate) from: String,
    /// Since when.
    pub(crate) since: Stamp,
    /// When it was used the last time.
    pub(crate) used: Stamp,
    /// Whether this page was asked for by it.
    pub(crate) is_this: bool,
}

/// Where somebody is, and how to be elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct PortalDesk {
    /// In a sentence.
    pub(crate) says: String,
    /// The phone that can be left.
    pub(crate) leave: Option<String>,
    /// The form to be a guest elsewhere, for those who may.
    pub(crate) guest: Option<(Field, KnownSecret)>,
}

/// The phones and sessions.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/phones.html")]
pub(crate) struct PortalPhonesPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// Registered phones.
    pub(crate) phones: Vec<PortalPhone>,
    /// Where one is reached.
    pub(crate) desk: PortalDesk,
    /// Where one is signed in.
    pub(crate) sessions: Vec<PortalSession>,
    /// Whether anything may be signed out.
    pub(crate) editable: bool,
    /// What is wrong with what was typed.
    pub(crate) problems: Problems,
}

/// One secret.
#[derive(Clone, Debug)]
pub(crate) struct PortalSecret {
    /// Its stable name.
    pub(crate) slug: String,
    /// What it is called.
    pub(crate) title: String,
    /// What it opens.
    pub(crate) about: String,
    /// How it stands.
    pub(crate) state: Badge,
    /// Since when, until when.
    pub(crate) facts: Vec<Fact>,
    /// What a change means for phones, in sentences.
    pub(crate) consequences: Vec<String>,
    /// The present password, asked for again.
    pub(crate) current: KnownSecret,
    /// The new one.
    pub(crate) secret: Secret,
    /// Whether its form is open.
    pub(crate) open: bool,
    /// What the button says.
    pub(crate) change: String,
}

/// The secrets.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/secrets.html")]
pub(crate) struct PortalSecretsPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// Each of them.
    pub(crate) secrets: Vec<PortalSecret>,
    /// Whether they may be changed.
    pub(crate) editable: bool,
    /// What is wrong with what was sent.
    pub(crate) problems: Problems,
}

/// Where mail goes.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/address.html")]
pub(crate) struct PortalAddressPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The address that is confirmed, and since when in a sentence.
    pub(crate) bound: Option<(String, String)>,
    /// What is said of one that waits for it.
    pub(crate) waiting: Option<String>,
    /// Whether mail goes out at all.
    pub(crate) is_set_up: bool,
    /// `address`: another one.
    pub(crate) address: Field,
    /// The present password, asked for again.
    pub(crate) current: KnownSecret,
    /// Whether it may be changed.
    pub(crate) editable: bool,
    /// What is wrong with what was sent.
    pub(crate) problems: Problems,
}

/// Language and colours.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/preferences.html")]
pub(crate) struct PortalPreferencesPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// `language`, `theme`.
    pub(crate) fields: Vec<Field>,
    /// Whether they may be changed.
    pub(crate) editable: bool,
}

/// A question before something is done. A page of its own; the script shows its form over the page before.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/confirm.html")]
pub(crate) struct PortalConfirmPage {
    /// The frame.
    pub(crate) shell: PortalShell,
    /// The question.
    pub(crate) title: String,
    /// What will happen, and what will not.
    pub(crate) text: String,
    /// Whom it affects.
    pub(crate) facts: Vec<Fact>,
    /// Where the answer goes.
    pub(crate) action: String,
    /// Fields that go with it: name and value.
    pub(crate) hidden: Vec<(String, String)>,
    /// The words on the button.
    pub(crate) yes: String,
    /// Where "Cancel" leads.
    pub(crate) back: Link,
}
