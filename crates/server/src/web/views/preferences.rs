//! One's own preferences: the password and the colours.

use askama::Template;
use signin::mail::MAIL_ADDRESS_MAX;

use super::forms::{Choice, Field, Filled, Kind, KnownSecret, Problems, Rule, Secret};
use super::icon::{Icon, Mark};
use super::parts::Notice;
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// User preferences.
#[derive(Clone, Debug, Template)]
#[template(path = "preferences.html")]
pub(crate) struct PreferencesPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the preferences.
    pub(crate) tab: SettingsTab,
    /// `change_password`: radio buttons "Enable Change Password", yes and no. Yes reveals the fields below.
    pub(crate) change: Field,
    /// `current`: the present password.
    pub(crate) current: KnownSecret,
    /// `password` and its repetition.
    pub(crate) password: Secret,
    /// `theme`, `idle`.
    pub(crate) fields: Vec<Field>,
    /// How the address of the account stands.
    pub(crate) bound: Notice,
    /// `address`: another one.
    pub(crate) address: Field,
    /// `address_current`: the present password, for that.
    pub(crate) address_current: KnownSecret,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl PreferencesPage {
    /// The form, with what it holds: `change_password`, `theme`, `idle`; the system signs out after so many minutes.
    pub(crate) fn new(shell: Shell, filled: &Filled, rules: Vec<Rule>, idle_max: u32, bound: Notice) -> Self {
        let change = filled.field(
            Field::new("change_password", "Enable Change Password")
                .required()
                .kind(Kind::Radio(vec![Choice::new("no", "No", true), Choice::new("yes", "Yes", false)])),
        );
        let current = KnownSecret {
            name: "current".into(),
            label: "Present password".into(),
            error: filled.error("current"),
            ..KnownSecret::default()
        };
        let mut password = filled.secret(Secret::new("password", "Password").rules(rules));
        password.required = false;
        password.account.clone_from(&shell.person.name);
        let colours = Kind::Radio(vec![
            Choice::new("auto", "As this computer says", true),
            Choice::new("light", "Light", false),
            Choice::new("dark", "Dark", false),
        ]);
        let minutes = Kind::Number { least: 1, most: idle_max.into(), unit: "minutes".into() };
        let hint = format!("1 to {idle_max}. Empty: after {idle_max}, as for everybody.");
        let fields = vec![
            filled.field(Field::new("theme", "Colours").required().kind(colours)),
            filled.field(Field::new("idle", "Signed out without activity after").kind(minutes).hint(hint)),
        ];
        let address = filled.field(
            Field::new("address", "Address")
                .kind(Kind::Code)
                .hint("Empty: none any more.")
                .autocomplete("email")
                .length_max(MAIL_ADDRESS_MAX as u64),
        );
        let address_current = KnownSecret {
            name: "address_current".into(),
            label: "Your password".into(),
            error: filled.error("address_current"),
            required: true,
            ..KnownSecret::default()
        };
        let mut problems = Problems::default();
        problems.list.extend(current.problem());
        problems.list.extend(password.problems());
        problems.list.extend(fields.iter().filter_map(Field::problem));
        problems.list.extend(address.problem().into_iter().chain(address_current.problem()));
        let tab = SettingsTab::Preferences;
        Self { shell, tab, change, current, password, fields, bound, address, address_current, problems }
    }
}
