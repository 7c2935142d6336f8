//! Domains: the list, one new, one in full.

use askama::Template;

use super::{
    forms::{Field, Filled, Kind, Problems, Section},
    icon::{Icon, Mark},
    parts::Link,
    settings::{SettingsTab, domain_sections},
    shell::{Place, Shell},
};

/// One domain among the others.
#[derive(Clone, Debug)]
pub(crate) struct DomainRow {
    /// Its page.
    pub(crate) href: String,
    /// What people call it.
    pub(crate) name: String,
    /// The installation's own.
    pub(crate) is_first: bool,
    /// Its host names; may be empty for the first.
    pub(crate) hosts: String,
    /// How many users there are.
    pub(crate) users: String,
    /// How many extensions.
    pub(crate) extensions: String,
}

/// All domains.
#[derive(Clone, Debug, Template)]
#[template(path = "domains.html")]
pub(crate) struct DomainsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the domains.
    pub(crate) tab: SettingsTab,
    /// The domains, the first one first.
    pub(crate) rows: Vec<DomainRow>,
    /// "3 domains".
    pub(crate) count: String,
    /// Whether the person may make one.
    pub(crate) editable: bool,
}

/// A new domain.
#[derive(Clone, Debug, Template)]
#[template(path = "domain_new.html")]
pub(crate) struct DomainNewPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// `sip_domain`, `realm`.
    pub(crate) fields: Vec<Field>,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// One domain, but for the first, which has a tab of its own.
#[derive(Clone, Debug, Template)]
#[template(path = "domain.html")]
pub(crate) struct DomainPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What people call it.
    pub(crate) title: String,
    /// Where the form goes.
    pub(crate) href: String,
    /// The form.
    pub(crate) sections: Vec<Section>,
    /// What there is in it: "Users: 12".
    pub(crate) holds: Vec<Link>,
    /// Where an administrator of it is made, for those who may.
    pub(crate) administrator: Option<String>,
    /// The version that is looked at.
    pub(crate) version: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// `sip_domain`, `realm` of a new one.
pub(crate) fn new_domain_fields(filled: &Filled) -> Vec<Field> {
    vec![
        filled.field(
            Field::new("sip_domain", "Host names")
                .kind(Kind::Area)
                .required()
                .hint("One a line, such as pbx.example.com. Phones register there, and its people sign in there.")
                .length_max(4096),
        ),
        filled.field(
            Field::new("realm", "Digest realm")
                .hint("Part of every phone's proof. Empty: the first host name.")
                .length_max(64),
        ),
    ]
}

impl DomainPage {
    /// The form, with what it holds: see [`domain_sections`].
    pub(crate) fn new(
        shell: Shell,
        title: String,
        href: String,
        filled: &Filled,
        holds: Vec<Link>,
        administrator: Option<String>,
        editable: bool,
    ) -> Self {
        let mut sections = domain_sections(filled);
        for field in sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            field.fixed = !editable;
            if field.name == "sip_domain" {
                field.required = true;
                field.hint = "One a line. One that is taken away means the first domain from then on.".into();
            }
        }
        let problems = Filled::problems_of(&sections);
        let version = filled.value("version").to_owned();
        Self { shell, title, href, sections, holds, administrator, version, editable, problems }
    }
}
