//! Domains: the organisations that one installation serves. The first is the installation's own; who administers it
//! makes the others, and gives each its first service user.

use super::{Admin, Change, Checks, Problem, changed, settings::yes_no};
use crate::{
    audit::{Action, FieldChange},
    effect::Effect,
    extension::{AGENTS_MAX, DOMAINS_MAX, Domain, MD5_ONLY_AGENTS},
    ident::{DomainId, NAME_MAX},
    portal::{PortalPart, PortalRules},
    records::Records,
    rights::Right,
};

/// Most host names of one domain.
const HOSTS_MAX: usize = 64;

/// What is chosen of a new domain.
#[derive(Clone, Debug, Default)]
pub struct NewDomain {
    /// Host names in phones' SIP addresses and of its pages: at least one, as nothing else tells it from the first.
    pub hosts: Vec<String>,
    /// What phones show; the first host name when empty.
    pub realm: String,
}

impl Admin<'_> {
    /// Makes a domain. It has nobody yet.
    ///
    /// # Errors
    /// No right, as many as there may be, or names that cannot be or that another domain has.
    pub fn create_domain(&self, new: &NewDomain) -> Result<Change<DomainId>, Problem> {
        self.require(Right::SystemWrite)?;
        let hosts: Vec<Box<str>> =
            new.hosts.iter().map(|host| host.trim().to_ascii_lowercase().into()).collect();
        let realm = match new.realm.trim() {
            "" => hosts.first().cloned().unwrap_or_default(),
            realm => realm.into(),
        };
        let domain = Domain {
            id: self.records.next_domain(),
            version: 1,
            hosts,
            realm,
            md5_allowed: true,
            md5_only_agents: MD5_ONLY_AGENTS.map(Box::from).to_vec(),
            phones_administer_as_before: false,
            portal: PortalRules::default(),
        };
        let mut checks = Checks::default();
        if self.records.domains().len() >= DOMAINS_MAX {
            checks.wrong("hosts", format!("There are {DOMAINS_MAX} domains already, which is the most."));
        }
        self.check_domain(&mut checks, &domain);
        checks.result()?;
        let (id, audit) =
            (domain.id, self.audit(Action::DomainCreated, domain.id, &domain.realm, Vec::new()));
        Ok(Change::of(vec![Effect::PutDomain(domain), audit], id))
    }

    /// Changes a domain. `wanted.version` is the version that was looked at.
    ///
    /// # Errors
    /// No right, no such domain, changed meanwhile, or a realm or host that cannot be.
    pub fn save_domain(&self, wanted: &Domain) -> Result<Change<()>, Problem> {
        self.require(Right::SystemWrite)?;
        let before = self.records.domain(wanted.id).ok_or(Problem::NotFound("domain"))?;
        if before.version != wanted.version {
            return Err(Problem::Changed("domain"));
        }
        let mut checks = Checks::default();
        self.check_domain(&mut checks, wanted);
        checks.result()?;
        let after = Domain { version: before.version + 1, ..wanted.clone() };
        let changes: Vec<_> = [
            changed("realm", &before.realm, &after.realm),
            changed("hosts", &before.hosts.join(" "), &after.hosts.join(" ")),
            changed(
                "phones with MD5 alone",
                &before.md5_only_agents.join(", "),
                &after.md5_only_agents.join(", "),
            ),
            changed("MD5 allowed", yes_no(before.md5_allowed), yes_no(after.md5_allowed)),
            changed(
                "phone based administration as on the older systems",
                yes_no(before.phones_administer_as_before),
                yes_no(after.phones_administer_as_before),
            ),
        ]
        .into_iter()
        .flatten()
        .chain(changes_of_portal(&before.portal, &after.portal))
        .collect();
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let audit = self.audit(Action::DomainChanged, after.id, &after.realm, changes);
        Ok(Change::of(vec![Effect::PutDomain(after), audit], ()))
    }

    /// Deletes a domain that nobody and nothing is in. Its number is never given to another.
    ///
    /// # Errors
    /// No right, no such domain, the first one, or one that still has people or extensions.
    pub fn delete_domain(&self, id: DomainId) -> Result<Change<()>, Problem> {
        self.require(Right::SystemWrite)?;
        let domain = self.records.domain(id).ok_or(Problem::NotFound("domain"))?;
        if id == DomainId::FIRST {
            return Err(Problem::Never("The first domain is the installation's own and stays."));
        }
        let has_people = self
            .records
            .account_ids()
            .into_iter()
            .any(|account| self.records.account(account).is_some_and(|account| account.domain == id));
        let has_lines = || {
            self.records.extension_ids().into_iter().any(|extension| {
                self.records.extension(extension).is_some_and(|extension| extension.domain == id)
            })
        };
        if has_people || has_lines() {
            return Err(Problem::Never(
                "This domain still has users, administrators or extensions. Delete those first.",
            ));
        }
        let audit = self.audit(Action::DomainDeleted, id, &domain.realm, Vec::new());
        Ok(Change::of(vec![Effect::DeleteDomain(id), audit], ()))
    }

    fn check_domain(&self, checks: &mut Checks, domain: &Domain) {
        check_realm(checks, &domain.realm);
        check_hosts(checks, &domain.hosts);
        if domain.hosts.is_empty() && domain.id != DomainId::FIRST {
            checks
                .wrong("hosts", "It needs a host name, by which its phones and pages are told from others.");
        }
        for other in self.records.domains().iter().filter(|other| other.id != domain.id) {
            let is_theirs = |host: &&str| other.hosts.iter().any(|one| one.eq_ignore_ascii_case(host));
            if let Some(host) = domain.hosts.iter().map(|host| &**host).find(is_theirs) {
                checks.wrong("hosts", format!("Another domain has the host name {host}."));
            }
        }
        let is_short =
            |agent: &str| (1..=NAME_MAX).contains(&agent.len()) && !agent.chars().any(char::is_control);
        if domain.md5_only_agents.len() > AGENTS_MAX
            || !domain.md5_only_agents.iter().all(|agent| is_short(agent))
        {
            checks.wrong("md5-agents", format!("At most {AGENTS_MAX} lines of 1 to {NAME_MAX} characters."));
        }
    }
}

fn changes_of_portal(before: &PortalRules, after: &PortalRules) -> Vec<FieldChange> {
    let parts = PortalPart::ALL.into_iter().filter_map(|part| {
        let field = format!("user portal, {}", part.name());
        changed(&field, before.set_of(part).name(), after.set_of(part).name())
    });
    let whole = changed("user portal", before.portal.name(), after.portal.name());
    whole.into_iter().chain(parts).collect()
}

pub(super) fn check_realm(checks: &mut Checks, realm: &str) {
    let fits = (1..=NAME_MAX).contains(&realm.len())
        && realm.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        && !realm.contains(['"', '\\']);
    if !fits {
        checks.wrong("realm", "A realm is 1 to 64 plain characters without quotes.");
    }
}

pub(super) fn check_hosts(checks: &mut Checks, hosts: &[Box<str>]) {
    if hosts.len() > HOSTS_MAX {
        checks.wrong("hosts", format!("At most {HOSTS_MAX} host names."));
    }
    hosts.iter().take(HOSTS_MAX).for_each(|host| check_host(checks, host));
}

fn check_host(checks: &mut Checks, host: &str) {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if !(1..=253).contains(&host.len()) || !host.bytes().all(is_allowed) {
        checks.wrong("hosts", format!("{host:?} is no host name."));
    }
}
