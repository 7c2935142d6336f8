//! Effects: every change there is. What a decision or an administrator's change wants done, the store does.

use std::net::IpAddr;

use crate::{
    account::{Account, Activity},
    alarm::AlarmChange,
    audit::AuditEvent,
    call_log::CallEntry,
    credential::{Credential, CredentialFacts, CredentialKind, Owner},
    document::{Document, DocumentId},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, TargetId},
    lockout::TallyKey,
    mailbox::RecordingId,
    policy::Settings,
    registration::{Quarantined, Registration},
    reporting::Reporting,
    secret::SecretBytes,
    session::{Session, SessionId},
    timestamp::Timestamp,
};

/// A session to be opened, and what must still be so.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The account has fewer open ones than this.
    pub concurrent_max: u8,
    /// The secret that was shown is the one that was set then.
    pub secret_set_at: Option<Timestamp>,
}

/// What must still be as it was seen, for a commit that was planned on it: what has no version of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An account at this version.
    Account(AccountId, u32),
    /// An extension at this version.
    Extension(ExtensionId, u32),
    /// A document at this version.
    Document(DocumentId, u32),
    /// A credential that was set then; `None` = not set.
    Credential(Owner, CredentialKind, Option<Timestamp>),
}

/// The oldest rows of the audit, to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCut {
    /// The number of the last of them.
    pub through: u64,
    /// Its link in the chain: what the row after it is held against from then on.
    pub link: [u8; 32],
}

/// One change. Records with a `version` are put only over the version before it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Makes or changes the settings.
    PutSettings(Box<Settings>),
    /// Makes or changes where things are reported, and for how long the audit is kept.
    PutReporting(Box<Reporting>),
    /// Makes or changes a domain.
    PutDomain(Domain),
    /// Removes a domain with its short codes and its secret.
    DeleteDomain(DomainId),
    /// Makes or changes a document.
    PutDocument(Box<Document>),
    /// Removes a document.
    DeleteDocument(DocumentId),
    /// Puts what can be heard of a mailbox, which must name it when the commit is over. What a mailbox no longer names goes
    /// without being told.
    PutRecording(AccountId, RecordingId, SecretBytes),
    /// Adds a call to a user's log; may be a second late.
    NoteCall(AccountId, CallEntry),
    /// Empties a user's call log.
    ForgetCalls(AccountId),
    /// Makes or changes an account.
    PutAccount(Account),
    /// Removes an account with its credentials, activity, sessions, mailbox and call log.
    DeleteAccount(AccountId),
    /// Notes a sign-in; may be a second late.
    PutActivity(AccountId, Activity),
    /// One more failure since the last sign-in, whatever that was by now; may be a second late.
    NoteFailure(AccountId),
    /// Makes or changes an extension.
    PutExtension(Extension),
    /// Removes an extension with its credentials and bindings.
    DeleteExtension(ExtensionId),
    /// Sets a credential. What it replaces is kept among the former ones.
    PutCredential(Credential),
    /// Changes what may be told about a credential; may be a second late.
    PutCredentialFacts(Owner, CredentialKind, CredentialFacts),
    /// Takes a credential away, and its former ones with it.
    DeleteCredential(Owner, CredentialKind),
    /// Takes the former ones away, so that a phone that shows one is as wrong as any.
    ForgetFormer(Owner, CredentialKind),
    /// Keeps a count as it stands in memory at the moment of writing.
    KeepTally(TallyKey),
    /// Forgets a count, and with it its lock; with everybody's count of a name those where the name is known.
    ClearTally(TallyKey),
    /// Opens a session, if nothing has ended the right to it since the secret was checked.
    OpenSession(NewSession),
    /// Notes a use of a session; may be a second late.
    TouchSession(SessionId, Timestamp),
    /// Ends a session.
    CloseSession(SessionId),
    /// Ends all sessions of an account, but this one: also those that were opened a moment ago.
    CloseSessions(AccountId, Option<SessionId>),
    /// Sets all bindings of an extension (none: removes it); may be a second late.
    PutRegistration(Registration),
    /// Takes the binding with this contact away, or all that there are at the moment of writing.
    LogOut(ExtensionId, Option<Box<str>>),
    /// Notes that the right secret of an extension was shown from this address; may be a second late.
    KnowPlace(ExtensionId, IpAddr, Timestamp),
    /// Adds to the quarantine list.
    Quarantine(Quarantined),
    /// Empties the quarantine list of an extension.
    ReleaseQuarantine(ExtensionId),
    /// Changes nothing: where it is not so any more, nothing of the commit happens.
    Unchanged(Seen),
    /// Notes how far the audit was delivered to a target, or that the target is gone; may be a second late.
    Delivered(TargetId, Option<u64>),
    /// Changes an alarm; may be a second late.
    Alarm(AlarmChange),
    /// Adds a row to the audit.
    Audit(AuditEvent),
    /// Removes the oldest rows of the audit, those that are still there.
    CutAudit(AuditCut),
}
