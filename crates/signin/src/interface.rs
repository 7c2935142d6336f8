//! The login interfaces: one variant and one table row for every way in.

use serde::{Deserialize, Serialize};

use crate::credential::CredentialKind;

/// One way in. The server's table of listeners and pages (`interfaces/mod.rs`) has the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LoginInterface {
    /// The administrator's pages.
    WebManager,
    /// The administrator's pages, where changes wait in a draft.
    WebManagerOffline,
    /// A SIP phone that registers, over any transport.
    SipRegistration,
    /// Programs that manage, over HTTPS: by name and password, for a session.
    ManagementApi,
    /// The same, by an API token with each request.
    ApiToken,
    /// The `hookswitch` command on the machine itself, through a socket that only its owner may open.
    Console,
    /// A mailbox that is called, and asks for its code.
    VoicemailMailbox,
    /// Somebody who makes another's phone their own for a while (hot desking), or changes their code at it.
    PhoneLogin,
    /// A guest at a phone that is there for guests.
    Hoteling,
    /// Administering from the keypad of one of the first phones of a domain.
    PhoneAdministration,
    /// The pages of people who have a phone.
    UserPortal,
    /// A link that was mailed or handed over, and sets a new password.
    PasswordRecovery,
}

/// What is fixed about an interface.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceRow {
    /// Which one.
    pub interface: LoginInterface,
    /// Stable name in the audit, metrics and exports.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The credentials that open it, the first that is set counting.
    pub opens_with: &'static [CredentialKind],
    /// Which count a wrong secret goes to, besides the address's.
    pub counts_on: CountScope,
}

/// Whose count a failure goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountScope {
    /// The extension: every phone protocol together.
    Extension,
    /// One kind of credential of one account name.
    Credential(CredentialKind),
    /// The address it came from: every interface together.
    Address,
    /// The API tokens that are shown at one address. It never locks: nobody guesses one, and a lock on a token's own count
    /// could be aimed by whoever knows its id. The address's count is what such a guess fills.
    ApiToken,
    /// The links that are shown at one address. It never locks either, for the same reasons.
    Link,
}

impl CountScope {
    /// In words, before the name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Credential(kind) => kind.row().title,
            Self::Address => "address",
            Self::ApiToken => "API tokens at",
            Self::Link => "links at",
        }
    }
}

/// Every login interface.
pub const INTERFACES: [InterfaceRow; 12] = [
    InterfaceRow {
        interface: LoginInterface::WebManager,
        name: "web-manager",
        title: "Web manager",
        opens_with: &[CredentialKind::ServicePassword],
        counts_on: CountScope::Credential(CredentialKind::ServicePassword),
    },
    InterfaceRow {
        interface: LoginInterface::WebManagerOffline,
        name: "web-manager-offline",
        title: "Web manager, offline mode",
        opens_with: &[CredentialKind::ServicePassword],
        counts_on: CountScope::Credential(CredentialKind::ServicePassword),
    },
    InterfaceRow {
        interface: LoginInterface::SipRegistration,
        name: "sip-registration",
        title: "SIP registration",
        opens_with: &[CredentialKind::PhonePassword, CredentialKind::LoginCode],
        counts_on: CountScope::Extension,
    },
    InterfaceRow {
        interface: LoginInterface::ManagementApi,
        name: "management-api",
        title: "Management API",
        opens_with: &[CredentialKind::ServicePassword],
        counts_on: CountScope::Credential(CredentialKind::ServicePassword),
    },
    InterfaceRow {
        interface: LoginInterface::ApiToken,
        name: "api-token",
        title: "Management API, by token",
        opens_with: &[],
        counts_on: CountScope::ApiToken,
    },
    InterfaceRow {
        interface: LoginInterface::Console,
        name: "console",
        title: "Console",
        opens_with: &[],
        counts_on: CountScope::Address,
    },
    at_keypad(
        LoginInterface::VoicemailMailbox,
        "voicemail",
        "Voicemail mailbox",
        &[CredentialKind::VoicemailCode],
        CredentialKind::VoicemailCode,
    ),
    at_keypad(
        LoginInterface::PhoneLogin,
        "phone-login",
        "Phone login",
        &[CredentialKind::LoginCode],
        CredentialKind::LoginCode,
    ),
    at_keypad(
        LoginInterface::Hoteling,
        "hoteling",
        "Hoteling",
        &[CredentialKind::PortalPasscode],
        CredentialKind::PortalPasscode,
    ),
    at_keypad(
        LoginInterface::PhoneAdministration,
        "phone-administration",
        "Phone based administration",
        &[CredentialKind::SystemPassword],
        CredentialKind::SystemPassword,
    ),
    InterfaceRow {
        interface: LoginInterface::UserPortal,
        name: "user-portal",
        title: "User portal",
        opens_with: &[CredentialKind::UserPassword],
        counts_on: CountScope::Credential(CredentialKind::UserPassword),
    },
    InterfaceRow {
        interface: LoginInterface::PasswordRecovery,
        name: "password-recovery",
        title: "Password recovery",
        opens_with: &[],
        counts_on: CountScope::Link,
    },
];

/// One that is opened by digits, which are counted by their kind.
const fn at_keypad(
    interface: LoginInterface,
    name: &'static str,
    title: &'static str,
    opens_with: &'static [CredentialKind],
    kind: CredentialKind,
) -> InterfaceRow {
    InterfaceRow { interface, name, title, opens_with, counts_on: CountScope::Credential(kind) }
}

impl LoginInterface {
    /// Its row.
    pub const fn row(self) -> &'static InterfaceRow {
        let [
            web_manager,
            web_manager_offline,
            sip_registration,
            management_api,
            api_token,
            console,
            voicemail_mailbox,
            phone_login,
            hoteling,
            phone_administration,
            user_portal,
            password_recovery,
        ] = &INTERFACES;
        match self {
            Self::WebManager => web_manager,
            Self::WebManagerOffline => web_manager_offline,
            Self::SipRegistration => sip_registration,
            Self::ManagementApi => management_api,
            Self::ApiToken => api_token,
            Self::Console => console,
            Self::VoicemailMailbox => voicemail_mailbox,
            Self::PhoneLogin => phone_login,
            Self::Hoteling => hoteling,
            Self::PhoneAdministration => phone_administration,
            Self::UserPortal => user_portal,
            Self::PasswordRecovery => password_recovery,
        }
    }

    /// Stable name in the audit, metrics and exports.
    pub const fn name(self) -> &'static str {
        self.row().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_in_its_own_row() {
        for row in &INTERFACES {
            assert_eq!(row.interface.row().interface, row.interface);
        }
    }
}
