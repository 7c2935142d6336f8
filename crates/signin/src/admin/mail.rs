//! Changing by which server mail goes out.

use super::{
    Admin, Change, Checks, Problem, SecretChoice,
    targets::{check_roots, count, differences},
};
use crate::{
    audit::{Action, FieldChange},
    effect::Effect,
    ident::DomainId,
    mail::{
        MAIL_PASSWORD_MAX, MAIL_USER_MAX, MailAddress, MailPassword, MailSecurity, MailSettings, web_address,
    },
    records::Records,
    reporting::Reporting,
    rights::Right,
};

/// What to say of an address that is none.
pub(super) const NO_ADDRESS: &str = "One address, such as ann@example.com.";

/// What is edited of the way mail goes out.
#[derive(Clone, Debug)]
pub struct EditMail {
    /// The version of the record that was looked at.
    pub version: u32,
    /// In whose name.
    pub sender: String,
    /// Name or address of the server; empty: no mail goes out.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub security: MailSecurity,
    /// PEM: certificates that vouch for it; the system's when empty.
    pub roots: String,
    /// As whom the system signs in there; empty: it does not, and no password is kept.
    pub user: String,
    /// With what.
    pub password: SecretChoice,
    /// How the pages' addresses begin in mails; empty: as the program finds best.
    pub web_address: String,
}

impl Admin<'_> {
    /// Puts another way for mail in force.
    ///
    /// # Errors
    /// No right, changed meanwhile, or fields that must be corrected.
    pub fn save_mail(&self, edit: &EditMail) -> Result<Change<()>, Problem> {
        self.require(Right::SystemWrite)?;
        let record = self.reporting_at(edit.version)?;
        let before = record.mail.clone();
        let mut checks = Checks::default();
        let sender = MailAddress::parse(&edit.sender);
        if sender.is_none() && !(edit.sender.is_empty() && edit.server.is_empty()) {
            checks.wrong("sender", NO_ADDRESS);
        }
        let mut after = MailSettings {
            sender,
            server: edit.server.as_str().into(),
            port: edit.port,
            security: edit.security,
            roots: edit.roots.as_str().into(),
            user: edit.user.as_str().into(),
            password: None,
            web_address: edit.web_address.trim().trim_end_matches('/').into(),
        };
        if !after.web_address.is_empty() && web_address(&after.web_address).is_none() {
            checks.wrong(
                "web-address",
                "It begins with https:// and a host name, and ends there: https://pbx.example.com.",
            );
        }
        if !after.server.is_empty() && !after.has_host() {
            checks.wrong("server", "The name or the address of a machine.");
        }
        if after.port == 0 {
            checks.wrong("port", "1 to 65535.");
        }
        check_roots(&mut checks, &after.roots);
        if after.user.len() > MAIL_USER_MAX || after.user.chars().any(char::is_control) {
            checks.wrong("user", format!("At most {MAIL_USER_MAX} bytes, in one line."));
        }
        if after.security == MailSecurity::None && !after.user.is_empty() {
            checks.wrong(
                "security",
                "No password is sent in the clear. Choose STARTTLS or TLS, or leave the user empty.",
            );
        }
        after.password = Self::mail_password(&mut checks, &before, &after, &edit.password);
        checks.result()?;
        let mut changes = differences(
            ["sender", "server", "security", "certificates", "user", "address of the pages"],
            Some(texts(&before)),
            &texts(&after),
        );
        if before.password != after.password {
            let (before, after) = if after.password.is_some() { ("", "set") } else { ("set", "") };
            changes.push(FieldChange {
                field: "password".into(),
                before: before.into(),
                after: after.into(),
            });
        }
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let after = Reporting { mail: after, ..record };
        let audit = self.audit(Action::SettingsChanged, DomainId::FIRST, "mail", changes);
        Ok(Change::of(vec![Effect::PutReporting(Box::new(after)), audit], ()))
    }

    /// The password as it will be.
    fn mail_password(
        checks: &mut Checks,
        before: &MailSettings,
        after: &MailSettings,
        choice: &SecretChoice,
    ) -> Option<MailPassword> {
        let password = match choice {
            SecretChoice::Set(password) => {
                let text = password.reveal();
                if after.user.is_empty() {
                    checks.wrong("user", "A password without a user opens nothing.");
                }
                if text.is_empty() || text.len() > MAIL_PASSWORD_MAX || text.chars().any(char::is_control) {
                    checks.wrong("password", format!("1 to {MAIL_PASSWORD_MAX} bytes, in one line."));
                }
                return Some(MailPassword(password.clone()));
            }
            SecretChoice::Keep => before.password.clone(),
            SecretChoice::Chosen(_) | SecretChoice::Generate | SecretChoice::Remove => None,
        };
        if after.user.is_empty() {
            return None;
        }
        let place = |it: &MailSettings| (it.server.clone(), it.port, it.roots.clone());
        if password.is_none() {
            checks.wrong("password", "The user has one.");
        } else if place(before) != place(after) {
            // Or else whoever changes the server is told the password by it.
            checks.wrong("password", "Type it again: it goes to another server, or others vouch for it.");
        }
        password
    }

    /// Notes that somebody has a test sent.
    ///
    /// # Errors
    /// No right, no address, or no mail goes out.
    pub fn test_mail(&self, to: &str) -> Result<Change<MailAddress>, Problem> {
        self.require(Right::SystemWrite)?;
        let mut checks = Checks::default();
        let address = MailAddress::parse(to);
        if address.is_none() {
            checks.wrong("to", NO_ADDRESS);
        } else if !self.records.reporting().mail.is_set_up() {
            checks.wrong("to", "No server is set: save one first.");
        }
        checks.result()?;
        let Some(address) = address else { return Err(Problem::NotFound("address")) };
        let subject = format!("mail to {address}");
        let audit = self.audit(Action::TestSent, DomainId::FIRST, &subject, Vec::new());
        Ok(Change::of(vec![audit], address))
    }
}

/// For the audit. Never the password.
fn texts(mail: &MailSettings) -> [String; 6] {
    let sender = mail.sender.as_ref().map_or_else(String::new, ToString::to_string);
    let server =
        if mail.server.is_empty() { String::new() } else { format!("{} port {}", mail.server, mail.port) };
    [
        sender,
        server,
        mail.security.title().into(),
        count(&mail.roots),
        mail.user.to_string(),
        mail.web_address.to_string(),
    ]
}
