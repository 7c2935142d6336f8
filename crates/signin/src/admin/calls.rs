//! What administrators do about calls: short codes of a domain, mailboxes and call logs of its users.

use std::collections::BTreeMap;

use super::{Admin, Change, Checks, Problem, changed, mail::NO_ADDRESS, settings::yes_no};
use crate::{
    account::Account,
    audit::{Action, FieldChange},
    document::Document,
    domain_codes::{CODE_BYTES_MAX, CODES_MAX, DomainCodes, FEATURE_BYTES_MAX},
    effect::Effect,
    ident::{AccountId, DomainId, Number},
    mail::MailAddress,
    mailbox::{Mailbox, TRUSTED_MAX},
    records::Records,
    rights::Right,
};

/// What is edited of a mailbox.
#[derive(Clone, Debug)]
pub struct EditMailbox {
    /// The version that was looked at; 0 where nothing is kept of it.
    pub version: u32,
    /// Numbers of extensions that need no code, besides the own one.
    pub trusted: Vec<String>,
    /// Whether the own extension needs none.
    pub trusts_own: bool,
    /// Whether there is no voicemail for this user at all.
    pub is_off: bool,
    /// Where new messages are mailed; empty: nowhere.
    pub mail_to: String,
}

impl Admin<'_> {
    /// Changes what is dialled in a domain. `version` is the version that was looked at, 0 where nothing was chosen before. Whether
    /// the codes can be dialled one beside the other is checked by whoever reads what is dialled, before.
    ///
    /// # Errors
    /// No right, no such domain, changed meanwhile, or more than is kept.
    pub fn save_short_codes(
        &self,
        domain: DomainId,
        version: u32,
        codes: &BTreeMap<Box<str>, Box<str>>,
    ) -> Result<Change<()>, Problem> {
        self.require(Right::SystemWrite)?;
        let realm = self.records.domain(domain).ok_or(Problem::NotFound("domain"))?.realm.clone();
        let before = self.records.short_codes(domain);
        if before.version != version {
            return Err(Problem::Changed("domain"));
        }
        let mut checks = Checks::default();
        check_codes(&mut checks, codes);
        checks.result()?;
        let features: std::collections::BTreeSet<&Box<str>> =
            before.codes.keys().chain(codes.keys()).collect();
        let changes: Vec<FieldChange> = features
            .into_iter()
            .filter_map(|feature| {
                let field = format!("short code {feature}");
                changed(&field, in_words(&before.codes, feature), in_words(codes, feature))
            })
            .collect();
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let after = DomainCodes { domain, version: before.version.saturating_add(1), codes: codes.clone() };
        let audit = self.audit(Action::DomainChanged, domain, &realm, changes);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::ShortCodes(after))), audit], ()))
    }

    /// Changes whom a user's mailbox lets in without its code, whether there is one at all, and where its messages are mailed.
    ///
    /// # Errors
    /// No right, no such user, changed meanwhile, or fields to be corrected.
    pub fn save_mailbox_settings(&self, id: AccountId, edit: &EditMailbox) -> Result<Change<()>, Problem> {
        self.require(Right::UsersWrite)?;
        let account = self.user(id)?;
        let before = self.records.mailbox(id);
        if before.version != edit.version {
            return Err(Problem::Changed("mailbox"));
        }
        let mut checks = Checks::default();
        let trusted = self.trusted_extensions(&mut checks, account.domain, &edit.trusted);
        let mail_to = MailAddress::parse(&edit.mail_to);
        if mail_to.is_none() && !edit.mail_to.is_empty() {
            checks.wrong("mail-to", NO_ADDRESS);
        }
        checks.result()?;
        let mailed = |to: Option<&MailAddress>| to.map_or_else(String::new, ToString::to_string);
        let changes = [
            changed("voicemail trusts", &numbers(&before.trusted), &numbers(&trusted)),
            changed("voicemail trusts the own extension", yes_no(before.trusts_own), yes_no(edit.trusts_own)),
            changed("voicemail", yes_no(!before.is_off), yes_no(!edit.is_off)),
            changed("voicemail mailed to", &mailed(before.mail_to.as_ref()), &mailed(mail_to.as_ref())),
        ];
        let changes: Vec<FieldChange> = changes.into_iter().flatten().collect();
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let EditMailbox { trusts_own, is_off, .. } = *edit;
        let after = Mailbox { trusted, trusts_own, is_off, mail_to, ..before.next_version() };
        let audit = self.audit(Action::AccountChanged, account.domain, &account.name, changes);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::Mailbox(after))), audit], ()))
    }

    /// Deletes a message of a user. What was said in it is gone.
    ///
    /// # Errors
    /// No right, no such user, or no such message.
    pub fn delete_message(&self, id: AccountId, message: u64) -> Result<Change<()>, Problem> {
        self.require(Right::UsersWrite)?;
        let account = self.user(id)?;
        self.without_message(&account, message)
    }

    pub(super) fn without_message(&self, account: &Account, message: u64) -> Result<Change<()>, Problem> {
        let before = self.records.mailbox(account.id);
        let after = before.without(message).ok_or(Problem::NotFound("message"))?;
        // That there was one, and not from whom: the audit outlives it.
        let count = |mailbox: &Mailbox| mailbox.messages.len().to_string();
        let changes = changed("voicemail messages", &count(&before), &count(&after));
        let audit =
            self.audit(Action::AccountChanged, account.domain, &account.name, changes.into_iter().collect());
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::Mailbox(after))), audit], ()))
    }

    /// Empties the call log of a user.
    ///
    /// # Errors
    /// No right, or no such user.
    pub fn clear_call_log(&self, id: AccountId) -> Result<Change<()>, Problem> {
        self.require(Right::UsersWrite)?;
        let account = self.user(id)?;
        Ok(self.without_calls(&account))
    }

    pub(super) fn without_calls(&self, account: &Account) -> Change<()> {
        let emptied = FieldChange { field: "call log".into(), before: "".into(), after: "emptied".into() };
        let audit = self.audit(Action::AccountChanged, account.domain, &account.name, vec![emptied]);
        Change::of(vec![Effect::ForgetCalls(account.id), audit], ())
    }

    /// The extensions of the domain that were typed, each once, in the order of their numbers.
    fn trusted_extensions(&self, checks: &mut Checks, domain: DomainId, typed: &[String]) -> Vec<Number> {
        if typed.len() > TRUSTED_MAX {
            checks.wrong("trusted", format!("At most {TRUSTED_MAX} extensions."));
        }
        let mut trusted = Vec::new();
        for text in typed.iter().take(TRUSTED_MAX) {
            let number = Number::parse(text.trim());
            match number.filter(|number| self.records.extension_numbered(domain, number).is_some()) {
                Some(number) => trusted.push(number),
                None => checks.wrong("trusted", format!("There is no extension {:?}.", text.trim())),
            }
        }
        trusted.sort_unstable();
        trusted.dedup();
        trusted
    }
}

fn check_codes(checks: &mut Checks, codes: &BTreeMap<Box<str>, Box<str>>) {
    if codes.len() > CODES_MAX {
        checks.wrong("codes", format!("At most {CODES_MAX} codes."));
    }
    let is_name = |name: &str| {
        (1..=FEATURE_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    if !codes.keys().all(|feature| is_name(feature)) {
        checks.wrong("codes", "This is the name of no feature.");
    }
    let is_code = |code: &str| {
        code.len() <= CODE_BYTES_MAX
            && code.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte))
    };
    if !codes.values().all(|code| is_code(code)) {
        checks.wrong("codes", format!("A code is made of at most {CODE_BYTES_MAX} keys."));
    }
}

/// The code of a feature, for the audit.
fn in_words<'c>(codes: &'c BTreeMap<Box<str>, Box<str>>, feature: &str) -> &'c str {
    match codes.get(feature).map(|code| &**code) {
        None => "default",
        Some("") => "off",
        Some(code) => code,
    }
}

fn numbers(numbers: &[Number]) -> String {
    numbers.iter().map(Number::as_str).collect::<Vec<_>>().join(" ")
}
