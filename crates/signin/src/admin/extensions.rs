//! Extensions: numbers on phone lines, with or without a user.

use super::{Admin, Change, Checks, Problem, SecretChoice, WrongField, changed, secrets::Holder};
use crate::{
    account::{Account, Role},
    audit::{Action, AuditEvent, FieldChange},
    credential::{CredentialKind, Owner},
    dice::Dice,
    effect::Effect,
    extension::Extension,
    ident::{DomainId, ExtensionId, Number},
    lockout::TallyKey,
    records::Records,
    rights::Right,
};

/// An extension to be made.
#[derive(Clone, Debug, Default)]
pub struct NewExtension {
    /// 1 to 15 digits, unique in the domain.
    pub number: String,
    /// For its phone.
    pub phone_password: SecretChoice,
}

/// What is edited of an extension.
#[derive(Clone, Debug)]
pub struct EditExtension {
    /// The version that was looked at.
    pub version: u32,
    /// 1 to 15 digits.
    pub number: String,
}

impl Admin<'_> {
    /// Makes an extension without a user: a door phone, a meeting room.
    ///
    /// # Errors
    /// No right, or fields to be corrected.
    pub fn create_extension(
        &self,
        domain: DomainId,
        new: &NewExtension,
        dice: &mut dyn Dice,
    ) -> Result<Change<ExtensionId>, Problem> {
        self.require(Right::ExtensionsWrite)?;
        if self.records.domain(domain).is_none() {
            let problem = super::users::NO_DOMAIN;
            return Err(Problem::Invalid(vec![WrongField::new("domain", problem)]));
        }
        let number = self.free_number(domain, &new.number, None)?;
        let id = self.records.next_extension();
        let holder =
            Holder { owner: Owner::Extension(id), domain, name: "", full_name: "", number: number.as_str() };
        let secret =
            self.replace_secret(&holder, CredentialKind::PhonePassword, &new.phone_password, dice)?;
        let audit = self.audit(Action::ExtensionCreated, domain, number.as_str(), Vec::new());
        let made = Extension { id, version: 1, domain, number, user: None, created_at: self.now };
        let mut effects = vec![Effect::PutExtension(made), audit];
        effects.extend(secret.effects);
        Ok(Change { effects, value: id, generated: secret.generated })
    }

    /// Changes an extension's number. Its phones are logged out: they know themselves by the old one.
    ///
    /// # Errors
    /// No right, no such extension, changed meanwhile, or a number that is not free.
    pub fn edit_extension(&self, id: ExtensionId, edit: &EditExtension) -> Result<Change<()>, Problem> {
        self.require(Right::ExtensionsWrite)?;
        let before = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
        if before.version != edit.version {
            return Err(Problem::Changed("extension"));
        }
        let number = self.free_number(before.domain, &edit.number, Some(id))?;
        let Some(renumbered) = changed("number", before.number.as_str(), number.as_str()) else {
            return Ok(Change::of(Vec::new(), ()));
        };
        let audit =
            self.audit(Action::ExtensionChanged, before.domain, before.number.as_str(), vec![renumbered]);
        let mut effects = Vec::from(TallyKey::all_numbered(&before).map(Effect::ClearTally));
        effects.extend([
            Effect::ClearTally(TallyKey::extension(&before)),
            Effect::PutExtension(Extension { number, version: before.version + 1, ..(*before).clone() }),
            audit,
        ]);
        effects.extend(self.log_out(&before, None));
        Ok(Change::of(effects, ()))
    }

    /// Deletes an extension; its user stays, without one.
    ///
    /// # Errors
    /// No right, or no such extension.
    pub fn delete_extension(&self, id: ExtensionId) -> Result<Change<()>, Problem> {
        self.require(Right::ExtensionsWrite)?;
        let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
        let mut effects = Vec::new();
        if let Some(user) = extension.user.and_then(|user| self.records.account(user)) {
            let role = Role::User { extension: None };
            effects.push(Effect::PutAccount(Account { role, version: user.version + 1, ..(*user).clone() }));
        }
        let number = extension.number.as_str();
        effects.push(Effect::DeleteExtension(id));
        effects.push(Effect::ClearTally(TallyKey::extension(&extension)));
        effects.extend(TallyKey::all_numbered(&extension).map(Effect::ClearTally));
        effects.push(self.audit(Action::ExtensionDeleted, extension.domain, number, Vec::new()));
        Ok(Change::of(effects, ()))
    }

    /// Logs phones of an extension out: the one at `contact`, or all. `Change::value` = how many.
    ///
    /// # Errors
    /// No right, or no such extension.
    pub fn log_out_phones(&self, id: ExtensionId, contact: Option<&str>) -> Result<Change<usize>, Problem> {
        self.require(Right::StatusControl)?;
        let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
        let effects = self.log_out(&extension, contact);
        let count = self.bindings_of(id, contact).len();
        Ok(Change::of(effects, count))
    }

    /// Takes the phone at `contact` away, or all, and says so in the audit; nothing where there is none.
    pub(super) fn log_out(&self, extension: &Extension, contact: Option<&str>) -> Vec<Effect> {
        let gone = self.bindings_of(extension.id, contact);
        if gone.is_empty() {
            return Vec::new();
        }
        let changes =
            gone.into_iter().map(|before| FieldChange { field: "contact".into(), before, after: "".into() });
        let number = extension.number.as_str();
        let audit = self.audit(Action::Unregistered, extension.domain, number, changes.collect());
        vec![Effect::LogOut(extension.id, contact.map(Box::from)), audit]
    }

    /// The contacts of an extension's phones: the one at `contact`, or all.
    pub(super) fn bindings_of(&self, id: ExtensionId, contact: Option<&str>) -> Vec<Box<str>> {
        let registration = self.records.registration(id);
        let bindings = registration.iter().flat_map(|registration| &*registration.bindings);
        let wanted = bindings.filter(|binding| contact.is_none_or(|contact| &*binding.contact == contact));
        wanted.map(|binding| AuditEvent::text(&binding.contact)).collect()
    }

    fn free_number(
        &self,
        domain: DomainId,
        typed: &str,
        own: Option<ExtensionId>,
    ) -> Result<Number, Problem> {
        let mut checks = Checks::default();
        let number = Number::parse(typed.trim());
        match &number {
            None => checks.wrong("number", "An extension number is 1 to 15 digits."),
            Some(number) => {
                let holder = self.records.extension_numbered(domain, number);
                if holder.is_some_and(|holder| Some(holder.id) != own) {
                    checks.wrong("number", "Another extension has this number.");
                }
            }
        }
        checks.result()?;
        number.ok_or(Problem::NotFound("extension"))
    }
}
