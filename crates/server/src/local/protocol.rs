//! What the command asks of the system, and what it is answered: one line of JSON each.
//!
//! A request is answered by any number of [`Part`]s and exactly one last reply. Requests of one
//! connection are answered in order, so a caller may send several before it reads.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signin::{
    account::{Condition, Status},
    admin::Problem,
    audit::AuditEvent,
    credential::CredentialKind,
    lockout::TallyKey,
    policy::Settings,
    secret::Secret,
    session::SessionId,
    timestamp::Timestamp,
};

/// Characters of a session's id that a table shows; at least as many must be given to end the session.
pub const ID_SHOWN: usize = 12;
/// Longest line, in bytes: a batch of an import, and a piece of a backup, fit well within.
pub const LINE_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a backup in one part, before they are written as Base64.
pub const PIECE_LEN: usize = 256 * 1024;
/// Most rows of one [`Request::Import`].
pub const BATCH_MAX: usize = 512;
/// Most entries of one part of a list.
pub const PART_MAX: usize = 512;

/// What the command asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Figures, health, addresses.
    Status,
    /// Reads the configuration again.
    Reload,
    /// The settings in force, for those who must know the rules.
    Settings,
    /// The first passwords.
    Ignite(Box<IgnitionAnswers>),
    /// All users, in the order of their names.
    Users,
    /// One user.
    User(String),
    /// Makes a user.
    AddUser(NewUserAnswers),
    /// Changes a user.
    EditUser(UserChanges),
    /// Deletes a user.
    DeleteUser {
        /// Whom.
        name: String,
        /// The extension too.
        with_extension: bool,
    },
    /// Sets, generates or removes a secret.
    SetSecret {
        /// Whose.
        whose: Whose,
        /// Which kind.
        kind: CredentialKind,
        /// What to do with it.
        choice: Choice,
        /// A new one must be chosen at the next sign-in.
        force_new: bool,
    },
    /// All extensions, in the order of their numbers.
    Extensions,
    /// One extension.
    Extension(String),
    /// Makes an extension without a user.
    AddExtension {
        /// 1 to 15 digits.
        number: String,
        /// For its phone.
        phone_password: Choice,
    },
    /// Gives an extension another number.
    RenumberExtension {
        /// The present number.
        number: String,
        /// The number to be.
        to: String,
    },
    /// Deletes an extension; its user stays.
    DeleteExtension(String),
    /// The phones of one extension, or of all.
    Phones(Option<String>),
    /// Logs out the phone at a contact, or all phones of the extension.
    LogOutPhones {
        /// The extension.
        number: String,
        /// The contact of one phone.
        contact: Option<String>,
    },
    /// Every lock in force.
    Locks,
    /// Resets locks.
    ResetLocks(Wanted),
    /// The open sessions.
    Sessions,
    /// Ends sessions: by their ids, or all of one account.
    EndSessions(Wanted),
    /// Makes users, or brings them to the state of their rows.
    Import {
        /// At most [`BATCH_MAX`].
        rows: Vec<ImportRow>,
        /// Only says what would be done.
        is_rehearsal: bool,
    },
    /// Notes in the audit that this was exported; the lists themselves are asked for as such.
    NoteExport(String),
    /// The rows of the audit from the oldest on, or the latest ones.
    AuditRows {
        /// Only so many of the latest.
        last: Option<u32>,
    },
    /// Follows the chain of the audit from its first row to its last.
    VerifyAudit,
    /// A copy of everything, as [`Part::Piece`]s.
    Backup,
    /// Opens a built-in account again.
    Recover {
        /// `Administrator` or `BusinessPartner`.
        name: String,
        /// Its new password.
        choice: Choice,
    },
}

/// What the system answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// More will come.
    Part(Part),
    /// The last: done.
    Done(Done),
    /// The last: not done.
    Refused(Refusal),
}

/// A part of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// How far it is.
    Progress {
        /// So many are done.
        done: u64,
        /// Of so many, if that is known.
        total: Option<u64>,
    },
    /// Figures, health, addresses.
    Status(Box<StatusReport>),
    /// The keys of the configuration that take effect at the next start only.
    NeedRestart(Vec<String>),
    /// The settings in force.
    Settings(Box<Settings>),
    /// Users.
    Users(Vec<UserEntry>),
    /// Extensions.
    Extensions(Vec<ExtensionEntry>),
    /// Phones.
    Phones(Vec<PhoneEntry>),
    /// Locks.
    Locks(Vec<LockEntry>),
    /// Sessions.
    Sessions(Vec<SessionEntry>),
    /// What became of the rows of one import, in their order.
    Imported(Vec<RowOutcome>),
    /// Rows of the audit.
    Audit(Vec<AuditEntry>),
    /// What following the audit's chain found.
    Verified(AuditVerdict),
    /// The next bytes of a backup, in Base64.
    Piece(String),
}

/// What was done.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// How many: sessions ended, locks reset, entries told.
    pub count: u64,
    /// Secrets that were generated, to be shown this once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generated: Vec<Generated>,
}

/// A secret that was generated.
#[derive(Debug, Serialize, Deserialize)]
pub struct Generated {
    /// Which kind.
    pub kind: CredentialKind,
    /// The secret itself.
    pub secret: SecretText,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, in a sentence.
    pub why: String,
    /// What helps; empty when nothing is known to.
    pub remedy: String,
    /// Fields that must be corrected, if that is what it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldFlaw>,
}

/// One field that must be corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFlaw {
    /// Its stable name.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// A secret on its way through the local socket, and nowhere else.
#[derive(Clone)]
pub struct SecretText(pub Secret);

/// What to do with a secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Leave it as it is.
    #[default]
    Keep,
    /// This one.
    Set(SecretText),
    /// This one where none is set yet; otherwise leave it.
    SetFirst(SecretText),
    /// One made by chance.
    Generate,
    /// None any more.
    Remove,
}

/// Whose secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// A user's, by name.
    User(String),
    /// An extension's, by number.
    Extension(String),
}

/// Which entries of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// All there are.
    All,
    /// Those with these names, numbers, addresses or ids.
    Named(Vec<String>),
}

/// What ignition asks for. The keys are those of `ignite --file`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IgnitionAnswers {
    /// The name on every page.
    pub system_name: String,
    /// Administrator's password.
    pub administrator_password: SecretText,
    /// BusinessPartner's password; without one the account opens nothing.
    #[serde(default)]
    pub business_partner_password: Option<SecretText>,
    /// The trusted local networks.
    #[serde(default)]
    pub lan1: Vec<IpNet>,
    /// The other side.
    #[serde(default)]
    pub lan2: Vec<IpNet>,
    /// What phones show as realm; empty = made of the system's name.
    #[serde(default)]
    pub realm: String,
    /// Host names in phones' SIP addresses.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// A user to be made.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewUserAnswers {
    /// The account name.
    pub name: String,
    /// For people.
    pub full_name: String,
    /// The extension's number; empty = none.
    pub extension: String,
    /// For phones.
    pub login_code: Choice,
    /// For portal and applications.
    pub user_password: Choice,
    /// For the extension's phone, in place of the login code.
    pub phone_password: Choice,
}

/// What is to be changed of a user; what is `None` stays.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct UserChanges {
    /// The present name.
    pub name: String,
    /// The name to be.
    pub rename: Option<String>,
    /// For people.
    pub full_name: Option<String>,
    /// The extension's number; empty = none.
    pub extension: Option<String>,
    /// Enabled, disabled, or made to choose a new password.
    pub condition: Option<Condition>,
    /// The last moment; `Some(None)` = no end.
    #[serde(default, with = "twice_optional")]
    pub expires_at: Option<Option<Timestamp>>,
}

/// A row of an import. `None` = the file has no such column: what is, stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportRow {
    /// The account name.
    pub name: String,
    /// For people.
    pub full_name: Option<String>,
    /// The extension's number; empty = none.
    pub extension: Option<String>,
    /// For phones.
    pub login_code: Choice,
    /// For portal and applications.
    pub user_password: Choice,
    /// For the extension's phone.
    pub phone_password: Choice,
}

/// What became of a row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// Done, or already as wanted.
    Taken {
        /// What it took.
        deed: Deed,
        /// Secrets of [`Choice::SetFirst`] that were not set, because another one is.
        kept: Vec<CredentialKind>,
    },
    /// Nothing of it was done.
    Refused(Refusal),
}

/// What a row took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// A user was made.
    Made,
    /// A user was changed.
    Changed,
    /// Everything was as wanted.
    Nothing,
}

/// One user in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserEntry {
    /// The account name.
    pub name: String,
    /// For people.
    pub full_name: String,
    /// The base extension's number.
    pub extension: Option<String>,
    /// The state of the account.
    pub status: Status,
    /// When the login code was set.
    pub login_code_set_at: Option<Timestamp>,
    /// When the user password was set.
    pub user_password_set_at: Option<Timestamp>,
    /// The last sign-in.
    pub signed_in_at: Option<Timestamp>,
    /// Failed attempts since.
    pub failures_since: u32,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// One extension in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExtensionEntry {
    /// The number.
    pub number: String,
    /// The name of the user who belongs here.
    pub user: Option<String>,
    /// When the phone password was set.
    pub phone_password_set_at: Option<Timestamp>,
    /// How many phones are registered.
    pub phones: u32,
    /// When the extension was made.
    pub created_at: Timestamp,
}

/// One registered phone in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhoneEntry {
    /// The extension's number.
    pub extension: String,
    /// Its SIP contact.
    pub contact: String,
    /// From where it registered.
    pub address: String,
    /// Over which transport.
    pub transport: String,
    /// What it calls itself.
    pub agent: String,
    /// Since when.
    pub registered_at: Timestamp,
    /// Until when, unless it registers again.
    pub expires_at: Timestamp,
}

/// One lock in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LockEntry {
    /// What is locked.
    pub key: TallyKey,
    /// Failures that were counted.
    pub failures: u16,
    /// The last of them.
    pub failed_at: Timestamp,
    /// When it ends; `None` = when it is reset.
    pub until: Option<Timestamp>,
}

/// One session in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionEntry {
    /// Names the session without opening it.
    pub id: SessionId,
    /// Whose.
    pub account: String,
    /// By which interface.
    pub interface: String,
    /// From where.
    pub address: String,
    /// By what program.
    pub agent: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// The last request.
    pub used_at: Timestamp,
}

/// One row of the audit, with its place in the chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// What happened.
    pub event: AuditEvent,
}

const fn first() -> u64 {
    1
}

/// What following the audit's chain found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditVerdict {
    /// Every row is as it was written, and none is missing.
    Whole {
        /// How many rows.
        rows: u64,
        /// The number of the first: those before it were removed by the rule for it.
        #[serde(default = "first")]
        first: u64,
    },
    /// It is not.
    Broken {
        /// The first row that does not fit.
        number: u64,
        /// In what way.
        why: String,
    },
}

/// Figures, health, addresses.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StatusReport {
    /// The program's version.
    pub version: String,
    /// The name on every page.
    pub system_name: String,
    /// Whether the first passwords are set.
    pub is_ignited: bool,
    /// Since when the server runs; `None` = it does not.
    pub running_since: Option<Timestamp>,
    /// Whether everything that should work does.
    pub is_ready: bool,
    /// What does not, and what an administrator should do something about.
    pub warnings: Vec<String>,
    /// Where it listens: name of the interface, address.
    pub addresses: Vec<(String, String)>,
    /// Users.
    pub users: u64,
    /// Extensions.
    pub extensions: u64,
    /// Registered phones.
    pub phones: u64,
    /// Locks in force.
    pub locks: u64,
    /// Phones that show a secret which was replaced.
    #[serde(default)]
    pub old_codes: u64,
    /// Open sessions.
    pub sessions: u64,
}

impl Refusal {
    /// Why, and what helps.
    pub fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: remedy.into(), fields: Vec::new() }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let why = match &problem {
            Problem::NotFound(what) => format!("There is no such {what}."),
            Problem::NoRight(_) | Problem::Changed(_) | Problem::Never(_) | Problem::Invalid(_) => {
                problem.to_string()
            }
        };
        let remedy = match &problem {
            Problem::Changed(_) => "Repeat the command.",
            Problem::NotFound(_) => "Look at the list for what there is.",
            Problem::Invalid(_) => "Correct what is named, then repeat the command.",
            Problem::NoRight(_) | Problem::Never(_) => "",
        };
        let fields = match problem {
            Problem::Invalid(wrong) => wrong
                .into_iter()
                .map(|wrong| FieldFlaw { field: wrong.field.into(), problem: wrong.problem })
                .collect(),
            Problem::NoRight(_) | Problem::NotFound(_) | Problem::Changed(_) | Problem::Never(_) => {
                Vec::new()
            }
        };
        Self { why, remedy: remedy.into(), fields }
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// Keeps "not mentioned" and "mentioned as none" apart, which JSON's null alone does not.
mod twice_optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(|inner| [inner]).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Ok(Option::<[Option<T>; 1]>::deserialize(deserializer)?.map(|[inner]| inner))
    }
}
