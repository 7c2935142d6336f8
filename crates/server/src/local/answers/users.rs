//! Answers about users.

use std::sync::Arc;

use signin::{
    account::{Account, RoleKind},
    admin::{Change, EditUser, NewUser, Problem},
    credential::{CredentialKind, Owner},
    ident::{DomainId, FoldedName},
    records::Records,
    timestamp::Timestamp,
};
use store::AccountQuery;

use super::{Answered, Answers, done, secret_choice};
use crate::local::{
    listener::Replies,
    protocol::{Choice, Done, NewUserAnswers, Part, Refusal, UserChanges, UserEntry, Whose},
};

impl Answers {
    pub(super) async fn users(&self, replies: &Replies) -> Answered {
        let query = AccountQuery {
            kind: Some(RoleKind::User),
            domain: Some(DomainId::FIRST),
            limit: usize::MAX,
            ..AccountQuery::default()
        };
        let now = self.system.clock.now();
        let accounts = self.system.ledger.accounts(&query).items;
        let entries = accounts.iter().map(|account| entry(&*self.system.ledger, account, now));
        self.list(entries.collect(), replies, Part::Users).await
    }

    pub(super) async fn user(&self, name: &str, replies: &Replies) -> Answered {
        let ledger = &*self.system.ledger;
        let account = named(ledger, name).map_err(Refusal::from)?;
        let entry = entry(ledger, &account, self.system.clock.now());
        self.list(vec![entry], replies, Part::Users).await
    }

    pub(super) async fn add_user(&self, answers: NewUserAnswers) -> Answered {
        let new = NewUser {
            name: answers.name,
            full_name: answers.full_name,
            number: answers.extension,
            login_code: secret_choice(&answers.login_code),
            user_password: secret_choice(&answers.user_password),
            phone_password: secret_choice(&answers.phone_password),
        };
        let made = self
            .administer(move |admin, dice| {
                let change = admin.create_user(DomainId::FIRST, &new, dice)?;
                Ok(Change { effects: change.effects, value: (), generated: change.generated })
            })
            .await?;
        Ok(done(made, 1))
    }

    pub(super) async fn edit_user(&self, changes: UserChanges) -> Answered {
        let edited = self
            .administer(move |admin, _| {
                let account = named(&admin.records, &changes.name)?;
                let extension = account.extension().and_then(|extension| admin.records.extension(extension));
                let number = extension.as_ref().map_or("", |extension| extension.number.as_str());
                let edit = EditUser {
                    version: account.version,
                    name: changes.rename.clone().unwrap_or_else(|| account.name.to_string()),
                    full_name: changes.full_name.clone().unwrap_or_else(|| account.full_name.to_string()),
                    number: changes.extension.clone().unwrap_or_else(|| number.into()),
                    condition: changes.condition,
                    expires_at: changes.expires_at.unwrap_or(account.expires_at),
                };
                admin.edit_user(account.id, &edit)
            })
            .await?;
        Ok(done(edited, 1))
    }

    pub(super) async fn delete_user(&self, name: String, with_extension: bool) -> Answered {
        let deleted = self
            .administer(move |admin, _| admin.delete_user(named(&admin.records, &name)?.id, with_extension))
            .await?;
        Ok(done(deleted, 1))
    }

    pub(super) async fn set_secret(
        &self,
        whose: Whose,
        kind: CredentialKind,
        choice: Choice,
        force_new: bool,
    ) -> Answered {
        let choice = secret_choice(&choice);
        let set = self
            .administer(move |admin, dice| {
                let owner = match &whose {
                    Whose::User(name) => Owner::Account(named(&admin.records, name)?.id),
                    Whose::Extension(number) => {
                        Owner::Extension(super::extensions::numbered(&admin.records, number)?.id)
                    }
                };
                admin.set_secret(owner, kind, &choice, force_new, dice)
            })
            .await?;
        let sessions_ended = set.value as u64;
        Ok(Done { count: sessions_ended, ..done(set, 0) })
    }
}

/// The user of a name.
pub(super) fn named(records: &dyn Records, name: &str) -> Result<Arc<Account>, Problem> {
    let account = records.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of(name));
    account.ok_or(Problem::NotFound("user"))
}

fn entry(records: &dyn Records, account: &Account, now: Timestamp) -> UserEntry {
    let owner = Owner::Account(account.id);
    let set_at = |kind| records.credential(owner, kind).map(|facts| facts.set_at);
    let extension = account.extension().and_then(|extension| records.extension(extension));
    let number = extension.map(|extension| extension.number.to_string());
    let activity = records.activity(account.id);
    UserEntry {
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        extension: number,
        status: records.status_of(account, now),
        login_code_set_at: set_at(CredentialKind::LoginCode),
        user_password_set_at: set_at(CredentialKind::UserPassword),
        signed_in_at: activity.signed_in_at,
        failures_since: activity.failures_since,
        created_at: account.created_at,
        expires_at: account.expires_at,
    }
}
