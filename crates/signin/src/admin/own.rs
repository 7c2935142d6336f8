//! What people do with what is their own: their phones, calls, messages and choices. Where they do it in the portal, their
//! domain's rules for it say how far they get.

use std::sync::Arc;

use super::{Admin, Change, Checks, Problem, changed};
use crate::{
    account::{Account, RoleKind},
    audit::{Action, FieldChange},
    desk,
    document::Document,
    effect::Effect,
    extension::Extension,
    ident::ExtensionId,
    mailbox::Mailbox,
    portal::{Level, PortalPart, PortalRules},
    profile::{LANGUAGE_MAX, Profile},
    records::Records,
};

impl Admin<'_> {
    /// The account that asks.
    pub(super) fn own_account(&self) -> Result<Arc<Account>, Problem> {
        self.by.account.and_then(|id| self.records.account(id)).ok_or(Problem::NotFound("account"))
    }

    /// The user who asks.
    fn own_user(&self) -> Result<Arc<Account>, Problem> {
        let account = self.own_account()?;
        if account.kind() == RoleKind::User { Ok(account) } else { Err(Problem::NotFound("user")) }
    }

    /// What the domain of whoever asks lets its people do.
    fn portal_rules(&self) -> PortalRules {
        let domain = self.records.domain(self.by.domain());
        // Of no domain, nobody gets anywhere.
        domain.map_or(PortalRules { portal: Level::None, ..PortalRules::default() }, |domain| domain.portal)
    }

    /// Lets those through whose domain lets them change a part.
    pub(super) fn require_in_portal(&self, part: PortalPart) -> Result<(), Problem> {
        if self.portal_rules().of(part) == Level::Write {
            Ok(())
        } else {
            Err(Problem::Never("This is not to be changed here. Ask whoever administers the phone system."))
        }
    }

    /// Does nothing, for those whose domain lets them change a part.
    ///
    /// # Errors
    /// It does not.
    pub fn demand_in_portal(&self, part: PortalPart) -> Result<Change<()>, Problem> {
        self.require_in_portal(part).map(|()| Change::told(()))
    }

    /// Logs the own phones out: the one at `contact`, or all. One that still has the right secret comes back by itself.
    /// `Change::value` = how many.
    ///
    /// # Errors
    /// Not to be changed, or the user has no extension.
    pub fn log_out_own_phones(&self, contact: Option<&str>) -> Result<Change<usize>, Problem> {
        self.require_in_portal(PortalPart::Phones)?;
        let extension = self.own_extension()?;
        let count = self.bindings_of(extension.id, contact).len();
        Ok(Change::of(self.log_out(&extension, contact), count))
    }

    /// Logs the user who asks out of the phone of somebody else where they are. `Change::value` = whether they were there.
    ///
    /// # Errors
    /// Not to be changed.
    pub fn leave_desk(&self, phone: ExtensionId) -> Result<Change<bool>, Problem> {
        self.require_in_portal(PortalPart::Phones)?;
        let account = self.own_user()?;
        // Who is at the own phone and need not log in cannot leave it.
        if desk::phone_of(&self.records, &account) != Some(phone) {
            return Ok(Change::told(false));
        }
        self.end_stay(phone)
    }

    /// Deletes one of the own messages. What was said in it is gone.
    ///
    /// # Errors
    /// Not to be changed, or no such message.
    pub fn delete_own_message(&self, message: u64) -> Result<Change<()>, Problem> {
        self.require_in_portal(PortalPart::Messages)?;
        let account = self.own_user()?;
        self.without_message(&account, message)
    }

    /// Notes that somebody has heard one of the own messages.
    ///
    /// # Errors
    /// Not to be changed, or no such message.
    pub fn hear_own_message(&self, message: u64) -> Result<Change<()>, Problem> {
        self.require_in_portal(PortalPart::Messages)?;
        let account = self.own_user()?;
        let before = self.records.mailbox(account.id);
        let found = before.message(message).ok_or(Problem::NotFound("message"))?;
        if !found.is_new {
            return Ok(Change::told(()));
        }
        let after = before.with_heard(message).ok_or(Problem::NotFound("message"))?;
        let field = "new voicemail messages";
        let count = |mailbox: &Mailbox| mailbox.new_messages().to_string();
        let changes: Vec<FieldChange> = changed(field, &count(&before), &count(&after)).into_iter().collect();
        let audit = self.audit(Action::AccountChanged, account.domain, &account.name, changes);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::Mailbox(after))), audit], ()))
    }

    /// Empties the own call log.
    ///
    /// # Errors
    /// Not to be changed.
    pub fn clear_own_call_log(&self) -> Result<Change<()>, Problem> {
        self.require_in_portal(PortalPart::Calls)?;
        let account = self.own_user()?;
        Ok(self.without_calls(&account))
    }

    /// Chooses the language of pages and mails, by its tag; `None` = as the browser asks.
    ///
    /// # Errors
    /// Not to be changed, or no tag.
    pub fn choose_language(&self, language: Option<&str>) -> Result<Change<()>, Problem> {
        let account = self.own_account()?;
        if account.kind() == RoleKind::User {
            self.require_in_portal(PortalPart::Preferences)?;
        }
        let is_tag = |tag: &str| {
            (1..=LANGUAGE_MAX).contains(&tag.len())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if language.is_some_and(|tag| !is_tag(tag)) {
            let mut checks = Checks::default();
            checks.wrong("language", "One of the list.");
            checks.result()?;
        }
        let before = self.records.profile(account.id);
        let after = Profile { language: language.map(Into::into), ..before.next_version() };
        let text = |profile: &Profile| profile.language.as_deref().unwrap_or_default().to_owned();
        let Some(change) = changed("language", &text(&before), &text(&after)) else {
            return Ok(Change::told(()));
        };
        Ok(Change::of(self.profile_changed(&account, after, vec![change]), ()))
    }

    fn own_extension(&self) -> Result<Arc<Extension>, Problem> {
        let extension = self.own_user()?.extension().and_then(|id| self.records.extension(id));
        extension.ok_or(Problem::NotFound("extension"))
    }
}
