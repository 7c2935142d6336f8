//! Effects: every change there is. What a decision or an administrator's change wants done, the store does.

use crate::{
    account::{Account, Activity},
    audit::AuditEvent,
    credential::{Credential, CredentialFacts, CredentialKind, Owner},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId},
    lockout::TallyKey,
    policy::Settings,
    registration::{Quarantined, Registration},
    session::{Session, SessionId},
    timestamp::Timestamp,
};

/// One change. Records with a `version` are put only over the version before it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Makes or changes the settings.
    PutSettings(Box<Settings>),
    /// Makes or changes a domain.
    PutDomain(Domain),
    /// Removes a domain.
    DeleteDomain(DomainId),
    /// Makes or changes an account.
    PutAccount(Account),
    /// Removes an account with its credentials, activity and sessions.
    DeleteAccount(AccountId),
    /// Notes a sign-in or a failure; may be a second late.
    PutActivity(AccountId, Activity),
    /// Makes or changes an extension.
    PutExtension(Extension),
    /// Removes an extension with its credentials and bindings.
    DeleteExtension(ExtensionId),
    /// Sets a credential.
    PutCredential(Credential),
    /// Changes what may be told about a credential; may be a second late.
    PutCredentialFacts(Owner, CredentialKind, CredentialFacts),
    /// Takes a credential away.
    DeleteCredential(Owner, CredentialKind),
    /// Keeps a count as it stands in memory at the moment of writing.
    KeepTally(TallyKey),
    /// Forgets a count, and with it its lock.
    ClearTally(TallyKey),
    /// Opens a session, if the account has fewer than this many open ones.
    OpenSession(Session, u8),
    /// Notes a use of a session; may be a second late.
    TouchSession(SessionId, Timestamp),
    /// Ends a session.
    CloseSession(SessionId),
    /// Sets all bindings of an extension (none: removes it); may be a second late.
    PutRegistration(Registration),
    /// Adds to the quarantine list.
    Quarantine(Quarantined),
    /// Empties the quarantine list of an extension.
    ReleaseQuarantine(ExtensionId),
    /// Adds a row to the audit.
    Audit(AuditEvent),
}
