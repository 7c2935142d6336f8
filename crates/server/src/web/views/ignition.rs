//! Ignition: the one page of a system that has no passwords yet, guarded by a one-time code.

use askama::Template;

use super::forms::{Field, Filled, Kind, Problems, Rule, Secret};
use super::icon::Mark;
use super::parts::{Fact, Link};
use super::shell::Gate;

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "ignition.html")]
pub(crate) struct IgnitionPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// `code`: the one-time code from the console.
    pub(crate) code: Field,
    /// `administrator` and its repetition.
    pub(crate) administrator: Secret,
    /// `partner` and its repetition.
    pub(crate) partner: Secret,
    /// `system`: its name.
    pub(crate) system: Field,
    /// `lan1`: the trusted networks, one a line.
    pub(crate) lan1: Field,
    /// `lan2`: the other networks.
    pub(crate) lan2: Field,
    /// What hardly anybody has to change: SIP domain, realm.
    pub(crate) advanced: Vec<Field>,
    /// Whether that part is open, because something in it is wrong.
    pub(crate) advanced_open: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl IgnitionPage {
    /// The form, with what it holds: `code`, `system`, `lan1`, `lan2`, `sip_domain`, `realm`.
    pub(crate) fn new(
        shell: Gate,
        filled: &Filled,
        rules_administrator: Vec<Rule>,
        rules_partner: Vec<Rule>,
    ) -> Self {
        let code = filled.field(
            Field::new("code", "One-time code")
                .kind(Kind::Code)
                .hint(
                    "Printed on the console when the system started. Capital and small letters are the same.",
                )
                .required()
                .length_max(64),
        );
        let mut administrator = filled
            .secret(Secret::new("administrator", "Password of Administrator").rules(rules_administrator));
        administrator.account = "Administrator".into();
        let mut partner =
            filled.secret(Secret::new("partner", "Password of BusinessPartner").rules(rules_partner));
        partner.account = "BusinessPartner".into();
        let system = filled.field(
            Field::new("system", "Name of the system")
                .hint("Shown on every page and on the slips for phones.")
                .required()
                .length_max(64)
                .autocomplete("organization"),
        );
        let networks = |name: &str, label: &str, hint: &str| {
            filled.field(Field::new(name, label).kind(Kind::Area).hint(hint).length_max(4096))
        };
        let lan1 =
            networks("lan1", "LAN1, the trusted local networks", "One a line, such as 192.168.42.0/24.")
                .required();
        let lan2 =
            networks("lan2", "LAN2, the other side", "One a line. Empty: everything that is not LAN1.");
        let advanced = vec![
            filled.field(
                Field::new("sip_domain", "SIP domain")
                    .hint("Empty: phones use the system's address.")
                    .length_max(255),
            ),
            filled.field(
                Field::new("realm", "Digest realm")
                    .hint("Part of every phone's proof. Empty: the SIP domain, or the system's name.")
                    .length_max(255),
            ),
        ];
        let advanced_open = filled.any_wrong(&["sip_domain", "realm"]);
        let mut problems = Problems::of(&[&code], &[&administrator, &partner]);
        let rest = [&system, &lan1, &lan2].into_iter().chain(advanced.iter());
        problems.list.extend(rest.filter_map(Field::problem));
        Self { shell, code, administrator, partner, system, lan1, lan2, advanced, advanced_open, problems }
    }
}

/// The system is set up.
#[derive(Clone, Debug, Template)]
#[template(path = "ignition_done.html")]
pub(crate) struct IgnitionDonePage {
    /// The frame.
    pub(crate) shell: Gate,
    /// What to write down: addresses of the pages and of the SIP server, never a secret.
    pub(crate) facts: Vec<Fact>,
    /// The way on: the login of the manager.
    pub(crate) next: Link,
}
