//! Administering from the keypad (SPEC S17, S24): what the first two extensions of a domain may do, once the system password has
//! let them in.

use std::sync::Arc;

use calls::{
    dialogue::Changed,
    phone_administration::{Act, Guard, administer},
};
use signin::{
    account::Condition,
    admin::{Admin, By, Change, EditUser, Problem, SecretChoice},
    credential::{CredentialKind, Owner},
    dice::Dice,
    extension::Extension,
    ident::{AccountId, DomainId, Number},
    interface::{CountScope, LoginInterface},
    lockout::Standing,
    phone_administration::PhoneAdministration,
    records::Records,
    rights::Right,
    secret::Secret,
};
use store::ExtensionQuery;

use super::{Attendant, Served, language, refusal};
use crate::media::station::{Opening, Owned};

/// How many of a domain's extensions may administer it: the first ones.
const FIRST: usize = 2;
/// What somebody may who administers from a phone.
const RIGHTS: [Right; 3] = [Right::SystemWrite, Right::UsersWrite, Right::SecurityReset];
/// How phones of the older series call themselves, which have always been asked.
const OLDER: [&str; 2] = ["M-series", "T-series"];

impl Attendant {
    /// `*9`
    pub(super) fn to_administration(self: Arc<Self>) -> Served {
        let ledger = &self.system.ledger;
        let query =
            ExtensionQuery { domain: Some(self.caller.domain), limit: FIRST, ..ExtensionQuery::default() };
        let first = ledger.extensions(&query);
        if !first.items.iter().any(|extension| extension.id == self.caller.phone) {
            return Served::Refused(403, "Not From This Phone".into());
        }
        let Some(domain) = ledger.domain(self.caller.domain) else {
            return Served::Refused(500, "Server Internal Error".into());
        };
        let is_older = OLDER.iter().any(|series| self.caller.agent.starts_with(series));
        let guard = Guard::of(PhoneAdministration::in_domain(&**ledger, &domain), is_older);
        let language = language(&self.system);
        let dialogue = administer(guard, language);
        Served::Opened(Opening { dialogue, language, attendant: self }, "OK".into())
    }

    /// The extensions of the domain that are locked.
    pub(super) fn locked(&self) -> Vec<Number> {
        let (ledger, now) = (&self.system.ledger, self.now());
        let settings = ledger.settings();
        let mut numbers: Vec<Number> = ledger
            .locks(now)
            .into_iter()
            .filter(|(key, tally)| {
                key.scope == CountScope::Extension
                    && key.is_within(self.caller.domain)
                    && matches!(tally.standing(settings.lock_rule(key.scope), now), Standing::Locked { .. })
            })
            .filter_map(|(key, _)| Number::parse(key.name.as_str()))
            .collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    pub(super) async fn administer(&self, act: Act) -> Owned {
        let domain = self.caller.domain;
        let by = By { rights: RIGHTS.to_vec(), ..self.by(LoginInterface::PhoneAdministration) };
        let done = self
            .system
            .administer(&by, move |admin, dice| match &act {
                Act::SetSystemPassword(password) => {
                    let (owner, kind) = (Owner::Domain(domain), CredentialKind::SystemPassword);
                    set(admin, owner, kind, password, dice)
                }
                Act::SetLoginCode { extension, code } => {
                    let user = user_of(admin, domain, extension)?;
                    set(admin, Owner::Account(user), CredentialKind::LoginCode, code, dice)
                }
                Act::SetVoicemailCode { extension, code } => {
                    let user = user_of(admin, domain, extension)?;
                    set(admin, Owner::Account(user), CredentialKind::VoicemailCode, code, dice)
                }
                Act::Name { extension, name } => {
                    edit(admin, domain, extension, |edit| edit.full_name = name.to_string())
                }
                Act::Block(extension) => {
                    edit(admin, domain, extension, |edit| edit.condition = Some(Condition::Disabled))
                }
                Act::Unblock(extension) => {
                    edit(admin, domain, extension, |edit| edit.condition = Some(Condition::Enabled))
                }
            })
            .await;
        done.map_or_else(refusal, |_| Owned::Plain(Changed::Done))
    }
}

fn set(
    admin: &Admin<'_>,
    owner: Owner,
    kind: CredentialKind,
    secret: &Secret,
    dice: &mut dyn Dice,
) -> Result<Change<()>, Problem> {
    let change = admin.set_secret(owner, kind, &SecretChoice::Set(secret.clone()), false, dice)?;
    Ok(Change { effects: change.effects, value: (), generated: Vec::new() })
}

fn edit(
    admin: &Admin<'_>,
    domain: DomainId,
    number: &Number,
    change: impl FnOnce(&mut EditUser),
) -> Result<Change<()>, Problem> {
    let user = user_of(admin, domain, number)?;
    let account = admin.records.account(user).ok_or(Problem::NotFound("user"))?;
    let mut edit = EditUser {
        version: account.version,
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        number: number.as_str().to_owned(),
        condition: None,
        expires_at: account.expires_at,
    };
    change(&mut edit);
    let change = admin.edit_user(user, &edit)?;
    Ok(Change { effects: change.effects, value: (), generated: Vec::new() })
}

fn user_of(admin: &Admin<'_>, domain: DomainId, number: &Number) -> Result<AccountId, Problem> {
    let extension: Option<Arc<Extension>> = admin.records.extension_numbered(domain, number);
    extension.and_then(|extension| extension.user).ok_or(Problem::NotFound("extension"))
}
