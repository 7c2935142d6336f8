//! A new administrator.

use askama::Template;

use super::{
    forms::{Field, Filled, Kind, Picks, Problems, Rule, Secret, how},
    icon::{Icon, Mark},
    shell::{Place, Shell},
};

/// A new administrator.
#[derive(Clone, Debug, Template)]
#[template(path = "administrator_new.html")]
pub(crate) struct AdministratorNewPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// `domain` where there are several, `name`, `full_name`.
    pub(crate) fields: Vec<Field>,
    /// `groups`.
    pub(crate) groups: Picks,
    /// What to do about the password: radio buttons `password_how`.
    pub(crate) password_how: Field,
    /// The password, when typed: `password`.
    pub(crate) password: Secret,
    /// `force_new`.
    pub(crate) force_new: Field,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl AdministratorNewPage {
    /// The form, with what it holds.
    pub(crate) fn new(
        shell: Shell,
        filled: &Filled,
        domain: Option<Field>,
        groups: Picks,
        rules: Vec<Rule>,
    ) -> Self {
        let mut password = Secret::new("password", "Password").rules(rules);
        password.account = filled.value("name").into();
        let password = filled.secret(password);
        let force_new = Field::new("force_new", "Ask for a new one at the first sign-in")
            .kind(Kind::Check { ticked: true })
            .hint("So that nobody but them knows it.");
        let fields: Vec<Field> = domain.into_iter().chain(administrator_fields(filled)).collect();
        let all: Vec<&Field> = fields.iter().collect();
        let mut problems = Problems::of(&all, &[&password]);
        problems.list.extend(groups.problem());
        Self {
            shell,
            groups,
            password_how: filled.field(how("password_how", "How to set the password", "Generate one")),
            password,
            force_new: filled.field(force_new),
            problems,
            fields,
        }
    }
}

/// `name`, `full_name`.
pub(crate) fn administrator_fields(filled: &Filled) -> Vec<Field> {
    vec![
        filled.field(Field::new("name", "Name").hint("Used to sign in.").required().length_max(64)),
        filled.field(Field::new("full_name", "Full name").hint("The person behind it.").length_max(64)),
    ]
}
