//! Users: the list, one new, one in full with its secrets, and the page that shows a generated secret once.

use askama::Template;

use super::forms::{Choice, Field, Filled, Kind, Picks, Problems, Rule, Secret, how};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Column, Event, Fact, Link, Notice, Pager, Stamp, Tone};
use super::shell::{Place, Shell};

/// One line of the list.
#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    /// The user's page.
    pub(crate) href: String,
    /// What a tick stands for.
    pub(crate) id: String,
    /// The name to sign in with.
    pub(crate) name: String,
    /// The name in full, or empty.
    pub(crate) full_name: String,
    /// Of which domain, where it is not the first.
    pub(crate) domain: Option<String>,
    /// The extension, or empty.
    pub(crate) extension: String,
    /// The account's status.
    pub(crate) status: Badge,
    /// Phones registered now: "1 phone", "No phone".
    pub(crate) phones: Badge,
    /// The last sign-in by any interface.
    pub(crate) last_seen: Option<Stamp>,
}

/// The list of users.
#[derive(Clone, Debug, Template)]
#[template(path = "users.html")]
pub(crate) struct UsersPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was searched for.
    pub(crate) query: String,
    /// Whether something is searched for or left out.
    pub(crate) narrowed: bool,
    /// The number of the domain that is shown alone, or empty.
    pub(crate) domain_id: String,
    /// `domain`: of which one, where there are several.
    pub(crate) domain: Option<Field>,
    /// Headings: name, full name, extension, last seen, in this order. Status and phones cannot be sorted.
    pub(crate) name: Column,
    /// Heading.
    pub(crate) full_name: Column,
    /// Heading.
    pub(crate) extension: Column,
    /// Heading.
    pub(crate) last_seen: Column,
    /// The lines of this page.
    pub(crate) rows: Vec<UserRow>,
    /// Where one is in the list.
    pub(crate) pager: Pager,
    /// Whether there are users at all, found or not.
    pub(crate) any: bool,
    /// The order that was asked for, for the way back to it.
    pub(crate) sort: String,
    /// What may be done to many at once; none where nothing may.
    pub(crate) deeds: Vec<Choice>,
    /// "All 1,200 that match".
    pub(crate) all: String,
    /// Whether there are jobs to look at.
    pub(crate) jobs: bool,
}

/// A new user.
#[derive(Clone, Debug, Template)]
#[template(path = "user_new.html")]
pub(crate) struct UserNewPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// `domain` where there are several, `name`, `full_name`, `extension`.
    pub(crate) fields: Vec<Field>,
    /// What to do about the login code: radio buttons `login_code_how` with generate, type, none.
    pub(crate) login_code_how: Field,
    /// The login code, when typed: `login_code`.
    pub(crate) login_code: Secret,
    /// What to do about the password: radio buttons `password_how`.
    pub(crate) password_how: Field,
    /// The password, when typed: `password`.
    pub(crate) password: Secret,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// `name`, `full_name` and `extension` of a user.
pub(crate) fn user_fields(filled: &Filled) -> Vec<Field> {
    vec![
        filled.field(
            Field::new("name", "Name")
                .hint("Letters, digits, dots and dashes. Used to sign in.")
                .required()
                .length_max(64),
        ),
        filled.field(Field::new("full_name", "Full name").hint("What others see.").length_max(128)),
        filled.field(
            Field::new("extension", "Extension")
                .kind(Kind::Code)
                .hint("Digits. It is created if it does not exist yet.")
                .length_max(15),
        ),
    ]
}

/// `expires_at`: the last day of a user.
pub(crate) fn expiry_field(filled: &Filled) -> Field {
    let hint = "The last day on which everything works. Empty: no end.";
    filled.field(Field::new("expires_at", "Ends after").kind(Kind::Date).hint(hint))
}

/// `status`: what an administrator may choose, and the present lock when there is one. `shown` of `filled` is the state
/// that the page was opened with, one of `enabled`, `force-new-password`, `disabled`, `locked-password-error`,
/// `locked-temporary`, `locked-idle`, `locked-expired`, `locked-password-expired`.
pub(crate) fn status_field(filled: &Filled) -> Field {
    let mut choices = vec![
        Choice::new("enabled", "Enabled", false).hint("Everything that is set works."),
        Choice::new("force-new-password", "Force New Password", false)
            .hint("A new password has to be chosen at the next sign-in on the web."),
        Choice::new("disabled", "Disabled", false)
            .hint("Nothing works, no sign-in and no registration, until an administrator enables it."),
    ];
    let lock = match filled.value("shown") {
        "locked-password-error" => {
            Some(("Locked – Password Error", "Too many wrong tries. Until an administrator chooses Enabled."))
        }
        "locked-temporary" => Some(("Locked – Temporary", "Too many wrong tries. Ends by itself.")),
        "locked-idle" => Some(("Locked – Idle", "Not used for too long.")),
        "locked-expired" => Some(("Locked – Expired", "The account's date has passed.")),
        "locked-password-expired" => {
            Some(("Locked – Password Expired", "The password was not changed in time."))
        }
        _ => None,
    };
    if let Some((label, hint)) = lock {
        choices.push(Choice::new(filled.value("shown"), label, true).hint(hint));
    }
    filled.field(Field::new("status", "Status").required().kind(Kind::Radio(choices)))
}

impl UserNewPage {
    /// The form, with what it holds: `name`, `full_name`, `extension`, `login_code_how`, `password_how`.
    pub(crate) fn new(
        shell: Shell,
        filled: &Filled,
        domain: Option<Field>,
        code_rules: Vec<Rule>,
        password_rules: Vec<Rule>,
    ) -> Self {
        let fields: Vec<Field> = domain.into_iter().chain(user_fields(filled)).collect();
        let mut login_code = filled.secret(Secret::new("login_code", "Login code").rules(code_rules));
        (login_code.digits, login_code.required) = (true, false);
        let mut password = filled.secret(Secret::new("password", "Password").rules(password_rules));
        password.required = false;
        let shown: Vec<&Field> = fields.iter().collect();
        let problems = Problems::of(&shown, &[&login_code, &password]);
        Self {
            shell,
            login_code_how: filled.field(how("login_code_how", "How to set the login code", "Generate one")),
            login_code,
            password_how: filled.field(how("password_how", "How to set the password", "Generate a password")),
            password,
            problems,
            fields,
        }
    }
}

/// One secret of a user or an extension, in its own card.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/credential.html")]
pub(crate) struct CredentialCard {
    /// The id of the card and the start of its fields' names: "login-code".
    pub(crate) slug: String,
    /// "Login code".
    pub(crate) title: String,
    /// What it opens.
    pub(crate) about: String,
    /// Set, not set, locked, expired.
    pub(crate) state: Badge,
    /// "Set on", "Last used", "From", "Wrong tries": whatever is known.
    pub(crate) facts: Vec<Fact>,
    /// Where the forms of this card go. The button pressed says which: `do` = set, generate, unlock, clear.
    pub(crate) action: String,
    /// The hidden field.
    pub(crate) csrf: String,
    /// The new secret with its rules.
    pub(crate) secret: Secret,
    /// Whether the form is open, because what was sent was wrong.
    pub(crate) open: bool,
    /// Offer "Force a new one at the next sign-in", with its present state.
    pub(crate) force_new: Option<bool>,
    /// Offer "Lift the lock".
    pub(crate) locked: bool,
    /// Offer "Forget earlier ones".
    pub(crate) forgettable: bool,
    /// Offer "Remove", which leaves nothing that could be entered.
    pub(crate) removable: bool,
}

impl askama::filters::HtmlSafe for CredentialCard {}

/// One user in full.
#[derive(Clone, Debug, Template)]
#[template(path = "user.html")]
pub(crate) struct UserPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// This page's address; forms go to paths below it.
    pub(crate) href: String,
    /// The name to sign in with, as saved.
    pub(crate) title: String,
    /// The status, as saved.
    pub(crate) state: Badge,
    /// The list it belongs to: users, or administrators.
    pub(crate) list: Link,
    /// `name`, and for users `full_name` and `extension`; for administrators their rights.
    pub(crate) fields: Vec<Field>,
    /// `groups`, for administrators.
    pub(crate) groups: Option<Picks>,
    /// `status`: radio buttons, each with what it means.
    pub(crate) status: Field,
    /// `expires_at`, for users.
    pub(crate) expires: Option<Field>,
    /// The status as the page shows it; sent along, so that saving sets by hand only what was chosen by hand.
    pub(crate) shown: String,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// Whether there is anything to save.
    pub(crate) editable: bool,
    /// The other pages about them, for users.
    pub(crate) tabs: Vec<UserTab>,
    /// The secrets, where they have no page of their own.
    pub(crate) credentials: Vec<CredentialCard>,
    /// Where secrets are changed that are not changed here: one's own.
    pub(crate) elsewhere: Option<Notice>,
    /// What to type into a phone; empty without an extension.
    pub(crate) connect: Vec<Fact>,
    /// What happened to this account lately.
    pub(crate) history: Vec<Event>,
    /// The audit of this account.
    pub(crate) history_href: String,
    /// Why they cannot sign in; none for who may not know.
    pub(crate) doctor: Option<String>,
    /// Whether it can be deleted: the two built-in accounts cannot.
    pub(crate) deletable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// One of the pages about a user.
#[derive(Clone, Debug)]
pub(crate) struct UserTab {
    /// Its address.
    pub(crate) href: String,
    /// The words.
    pub(crate) label: &'static str,
    /// Whether it is the one that is shown.
    pub(crate) here: bool,
}

/// What is the matter with one secret.
#[derive(Clone, Debug)]
pub(crate) struct TroubleRow {
    /// How bad it is.
    pub(crate) tone: Tone,
    /// The point.
    pub(crate) title: String,
    /// What helps.
    pub(crate) text: String,
    /// The secret's card on this page.
    pub(crate) href: String,
}

/// The secrets of a user: first which of them is the trouble, then each of them.
#[derive(Clone, Debug, Template)]
#[template(path = "user_passwords.html")]
pub(crate) struct UserPasswordsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The user's page.
    pub(crate) href: String,
    /// The name to sign in with.
    pub(crate) title: String,
    /// The status.
    pub(crate) state: Badge,
    /// The list of users.
    pub(crate) list: Link,
    /// The pages about them.
    pub(crate) tabs: Vec<UserTab>,
    /// What is the matter, what weighs most first.
    pub(crate) troubles: Vec<TroubleRow>,
    /// Why they cannot sign in, over all interfaces; none for who may not know.
    pub(crate) doctor: Option<String>,
    /// The secrets.
    pub(crate) credentials: Vec<CredentialCard>,
    /// Whether the person may reset them.
    pub(crate) editable: bool,
    /// How the address for recovery stands.
    pub(crate) bound: Notice,
    /// `address`: another one.
    pub(crate) address: Field,
    /// What happened to them lately.
    pub(crate) history: Vec<Event>,
    /// The audit of this account.
    pub(crate) history_href: String,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// A generated secret, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "secret_once.html")]
pub(crate) struct SecretOncePage {
    /// The frame.
    pub(crate) shell: Shell,
    /// "Login code of ann".
    pub(crate) title: String,
    /// The secret.
    pub(crate) secret: String,
    /// What goes on the slip beside it: name, extension, server, how to use it.
    pub(crate) facts: Vec<Fact>,
    /// One sentence for the person who gets the slip.
    pub(crate) instruction: String,
    /// Where "Done" leads.
    pub(crate) back: String,
}
