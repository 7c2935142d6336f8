//! Answers about extensions and their phones.

use std::sync::Arc;

use signin::{
    admin::{Change, EditExtension, NewExtension, Problem},
    credential::{CredentialKind, Owner},
    extension::Extension,
    ident::{DomainId, Number},
    records::Records,
    registration::Registration,
    timestamp::Timestamp,
};
use store::{ExtensionQuery, RegistrationQuery};

use super::{Answered, Answers, done, secret_choice};
use crate::local::{
    listener::Replies,
    protocol::{Choice, Done, ExtensionEntry, Part, PhoneEntry, Refusal},
};

impl Answers {
    pub(super) async fn extensions(&self, replies: &Replies) -> Answered {
        let query =
            ExtensionQuery { domain: Some(DomainId::FIRST), limit: usize::MAX, ..ExtensionQuery::default() };
        let now = self.system.clock.now();
        let extensions = self.system.ledger.extensions(&query).items;
        let entries = extensions.iter().map(|extension| entry(&*self.system.ledger, extension, now));
        self.list(entries.collect(), replies, Part::Extensions).await
    }

    pub(super) async fn extension(&self, number: &str, replies: &Replies) -> Answered {
        let ledger = &*self.system.ledger;
        let extension = numbered(ledger, number).map_err(Refusal::from)?;
        let entry = entry(ledger, &extension, self.system.clock.now());
        self.list(vec![entry], replies, Part::Extensions).await
    }

    pub(super) async fn add_extension(&self, number: String, phone_password: Choice) -> Answered {
        let new = NewExtension { number, phone_password: secret_choice(&phone_password) };
        let made = self
            .administer(move |admin, dice| {
                let change = admin.create_extension(DomainId::FIRST, &new, dice)?;
                Ok(Change { effects: change.effects, value: (), generated: change.generated })
            })
            .await?;
        Ok(done(made, 1))
    }

    pub(super) async fn renumber_extension(&self, number: String, to: String) -> Answered {
        let edited = self
            .administer(move |admin, _| {
                let extension = numbered(&admin.records, &number)?;
                let edit = EditExtension { version: extension.version, number: to.clone() };
                admin.edit_extension(extension.id, &edit)
            })
            .await?;
        Ok(done(edited, 1))
    }

    pub(super) async fn delete_extension(&self, number: String) -> Answered {
        let deleted = self
            .administer(move |admin, _| admin.delete_extension(numbered(&admin.records, &number)?.id))
            .await?;
        Ok(done(deleted, 1))
    }

    pub(super) async fn phones(&self, number: Option<&str>, replies: &Replies) -> Answered {
        let ledger = &*self.system.ledger;
        let registrations = match number {
            Some(number) => {
                let extension = numbered(ledger, number).map_err(Refusal::from)?;
                ledger.registration(extension.id).into_iter().collect()
            }
            None => {
                let now = self.system.clock.now();
                let query = RegistrationQuery {
                    domain: Some(DomainId::FIRST),
                    limit: usize::MAX,
                    now,
                    ..RegistrationQuery::default()
                };
                ledger.registrations(&query).items
            }
        };
        let phones = registrations.iter().flat_map(|registration| phones_of(ledger, registration));
        self.list(phones.collect(), replies, Part::Phones).await
    }

    pub(super) async fn log_out_phones(&self, number: String, contact: Option<String>) -> Answered {
        let gone = self
            .administer(move |admin, _| {
                admin.log_out_phones(numbered(&admin.records, &number)?.id, contact.as_deref())
            })
            .await?;
        let count = gone.value as u64;
        Ok(Done { count, ..done(gone, 0) })
    }
}

/// The extension of a number.
pub(super) fn numbered(records: &dyn Records, number: &str) -> Result<Arc<Extension>, Problem> {
    let number = Number::parse(number.trim());
    let extension = number.and_then(|number| records.extension_numbered(DomainId::FIRST, &number));
    extension.ok_or(Problem::NotFound("extension"))
}

fn entry(records: &dyn Records, extension: &Extension, now: Timestamp) -> ExtensionEntry {
    let user = extension.user.and_then(|user| records.account(user));
    let facts = records.credential(Owner::Extension(extension.id), CredentialKind::PhonePassword);
    let registration = records.registration(extension.id);
    let phones = registration.map_or(0, |registration| {
        registration.bindings.iter().filter(|binding| now < binding.expires_at).count()
    });
    ExtensionEntry {
        number: extension.number.to_string(),
        user: user.map(|user| user.name.to_string()),
        phone_password_set_at: facts.map(|facts| facts.set_at),
        phones: u32::try_from(phones).unwrap_or(u32::MAX),
        created_at: extension.created_at,
    }
}

fn phones_of(records: &dyn Records, registration: &Registration) -> Vec<PhoneEntry> {
    let Some(extension) = records.extension(registration.extension) else { return Vec::new() };
    let phones = registration.bindings.iter().map(|binding| PhoneEntry {
        extension: extension.number.to_string(),
        contact: binding.contact.to_string(),
        address: binding.source.to_string(),
        transport: binding.transport.name().into(),
        agent: binding.agent.to_string(),
        registered_at: binding.since,
        expires_at: binding.expires_at,
    });
    phones.collect()
}
