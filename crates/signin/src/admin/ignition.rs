//! Ignition: a new system gets its first passwords. There are no default ones.

use ipnet::IpNet;

use super::{
    Admin, Change, Checks, Problem, SecretChoice,
    domains::{check_hosts, check_realm},
    secrets::Holder,
    settings::check,
};
use crate::{
    account::{ADMINISTRATOR, Account, BUSINESS_PARTNER, Condition, Role, RoleKind},
    audit::Action,
    credential::{CredentialKind, Owner},
    dice::Dice,
    document::Document,
    effect::Effect,
    extension::{Domain, MD5_ONLY_AGENTS},
    ident::{AccountId, DomainId, FoldedName},
    policy::Settings,
    portal::PortalRules,
    records::Records,
    rights::{RightsGroup, STARTING_GROUPS},
    secret::Secret,
};

/// What ignition asks for.
#[derive(Clone, Debug)]
pub struct Ignition {
    /// The name on every page.
    pub system_name: String,
    /// Administrator's password.
    pub administrator: Secret,
    /// BusinessPartner's password. Without one the account opens nothing, and every manager page warns.
    pub business_partner: Option<Secret>,
    /// The trusted local network.
    pub lan1: Vec<IpNet>,
    /// The other side.
    pub lan2: Vec<IpNet>,
    /// What phones show as realm; empty = the system's name in plain characters.
    pub realm: String,
    /// Host names in phones' SIP addresses; may be empty.
    pub hosts: Vec<String>,
}

/// Whether the system has had its ignition.
pub fn is_ignited(records: &dyn Records) -> bool {
    records.account_named(RoleKind::ServiceUser, DomainId::FIRST, &FoldedName::of(ADMINISTRATOR)).is_some()
}

impl Admin<'_> {
    /// Makes the first domain and the two built-in accounts. Works once.
    ///
    /// # Errors
    /// Already done, or fields to be corrected.
    pub fn ignite(&self, asked: &Ignition, dice: &mut dyn Dice) -> Result<Change<()>, Problem> {
        if is_ignited(&self.records) {
            return Err(Problem::Never("This system is already in service."));
        }
        let mut checks = Checks::default();
        let before = self.records.settings();
        let settings = Settings {
            version: before.version + 1,
            system_name: asked.system_name.trim().into(),
            lan1: asked.lan1.clone(),
            lan2: asked.lan2.clone(),
            ..(*before).clone()
        };
        match check(&settings) {
            Err(Problem::Invalid(wrong)) => checks.0.extend(wrong),
            Err(other) => return Err(other),
            Ok(()) => {}
        }
        let realm = realm_of(asked);
        check_realm(&mut checks, &realm);
        let hosts: Vec<Box<str>> =
            asked.hosts.iter().map(|host| host.trim().to_ascii_lowercase().into()).collect();
        check_hosts(&mut checks, &hosts);
        let md5_only_agents = MD5_ONLY_AGENTS.map(Box::from).to_vec();
        let domain = Domain {
            id: DomainId::FIRST,
            version: 1,
            hosts,
            realm: realm.into(),
            md5_allowed: true,
            md5_only_agents,
            phones_administer_as_before: false,
            portal: PortalRules::default(),
        };
        let mut effects = vec![Effect::PutSettings(Box::new(settings)), Effect::PutDomain(domain)];
        let accounts = [
            (
                self.records.next_account(),
                ADMINISTRATOR,
                Some(&asked.administrator),
                "administrator-password",
            ),
            (
                self.records.next_account(),
                BUSINESS_PARTNER,
                asked.business_partner.as_ref(),
                "business-partner-password",
            ),
        ];
        for (id, name, secret, field) in accounts {
            effects.push(Effect::PutAccount(self.built_in(id, name)));
            let Some(secret) = secret else { continue };
            let holder = Holder {
                owner: Owner::Account(id),
                domain: DomainId::FIRST,
                name,
                full_name: "",
                number: "",
            };
            let choice = SecretChoice::Set(secret.clone());
            match self.replace_secret(&holder, CredentialKind::ServicePassword, &choice, dice) {
                Ok(change) => effects.extend(change.effects),
                Err(Problem::Invalid(wrong)) => {
                    wrong.into_iter().for_each(|wrong| checks.wrong(field, wrong.problem));
                }
                Err(other) => return Err(other),
            }
        }
        if asked.business_partner.as_ref().is_some_and(|other| other.matches(&asked.administrator)) {
            checks.wrong("business-partner-password", "The two accounts need two different passwords.");
        }
        for (name, rights) in STARTING_GROUPS {
            let (id, rights) = (self.next_group(dice), rights.into());
            let group = RightsGroup { id, version: 1, name: name.into(), rights };
            effects.push(Effect::PutDocument(Box::new(Document::RightsGroup(group))));
        }
        checks.result()?;
        effects.push(self.audit(Action::Ignited, DomainId::FIRST, asked.system_name.trim(), Vec::new()));
        Ok(Change::of(effects, ()))
    }

    fn built_in(&self, id: AccountId, name: &str) -> Account {
        Account {
            id,
            version: 1,
            domain: DomainId::FIRST,
            name: name.into(),
            full_name: "".into(),
            role: Role::ServiceUser { groups: Box::default() },
            condition: Condition::Enabled,
            created_at: self.now,
            enabled_at: self.now,
            expires_at: None,
        }
    }
}

/// A realm is fixed for good (phones show it, digests contain it), so it is made of plain characters.
fn realm_of(asked: &Ignition) -> String {
    if !asked.realm.trim().is_empty() {
        return asked.realm.trim().into();
    }
    let plain: String =
        asked.system_name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if plain.is_empty() { "hookswitch".into() } else { plain.to_ascii_lowercase() }
}
