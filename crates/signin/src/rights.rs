//! Rights: what a service user may do, one by one and in groups. Every operation of `admin` names the right it needs.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Role},
    ident::GroupId,
};

/// Most rights groups.
pub const GROUPS_MAX: usize = 32;
/// Most service users, the built-in ones among them.
pub const SERVICE_USERS_MAX: usize = 64;

/// What rights are about: the rows of the matrix in which people give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The people who have phones.
    Users,
    /// The numbers on phone lines.
    Extensions,
    /// Name, networks, domains.
    System,
    /// Service users, rules, secrets, the audit.
    Security,
    /// What happens now.
    Status,
    /// Calls of all lines.
    Telephony,
    /// Everything in one file.
    Backup,
    /// Names and numbers.
    Directory,
    /// One's own account.
    OwnAccount,
}

/// What may be done with a part: the columns of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Look.
    See,
    /// Make, change, delete.
    Change,
    /// Set secrets anew, lift locks, end sessions.
    Control,
}

impl Part {
    /// Every part, in the order of the matrix.
    pub const ALL: [Self; 9] = [
        Self::Users,
        Self::Extensions,
        Self::System,
        Self::Security,
        Self::Status,
        Self::Telephony,
        Self::Backup,
        Self::Directory,
        Self::OwnAccount,
    ];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Extensions => "Extensions",
            Self::System => "System",
            Self::Security => "Security",
            Self::Status => "Status",
            Self::Telephony => "Telephony",
            Self::Backup => "Backup",
            Self::Directory => "Directory",
            Self::OwnAccount => "Own account",
        }
    }
}

impl Verb {
    /// Every verb, in the order of the matrix.
    pub const ALL: [Self; 3] = [Self::See, Self::Change, Self::Control];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::See => "See",
            Self::Change => "Change",
            Self::Control => "Reset and control",
        }
    }
}

/// What a right reaches: see [`RightRow::is_of_domains`].
enum Reach {
    Domain,
    System,
}

/// What is fixed about a right.
#[derive(Clone, Copy, Debug)]
pub struct RightRow {
    /// Which one.
    pub right: Right,
    /// Stable name in forms, the management interface and exports.
    pub name: &'static str,
    /// In words, for "you need the right to …".
    pub title: &'static str,
    /// What it is about.
    pub part: Part,
    /// What may be done with it.
    pub verb: Verb,
    /// Whether it is about what a domain has. The others are about the installation as a whole: who is within a domain has
    /// none of them, whatever their groups say.
    pub is_of_domains: bool,
}

macro_rules! rights {
    ($($(#[$doc:meta])* $right:ident = $name:literal: $part:ident $verb:ident $reach:ident, $title:literal;)*) => {
        /// One right of SPEC section 4.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Right { $($(#[$doc])* #[serde(rename = $name)] $right,)* }

        impl Right {
            /// Every right, in the order of the matrix.
            pub const ALL: [Self; [$(Self::$right),*].len()] = [$(Self::$right),*];

            /// Its row.
            pub const fn row(self) -> RightRow {
                match self {
                    $(Self::$right => RightRow {
                        right: self,
                        name: $name,
                        title: $title,
                        part: Part::$part,
                        verb: Verb::$verb,
                        is_of_domains: matches!(Reach::$reach, Reach::Domain),
                    },)*
                }
            }

            /// The right of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$right),)*
                    _ => None,
                }
            }
        }
    };
}

rights! {
    /// See users and what is told of their secrets.
    UsersRead = "users-read": Users See Domain, "see users";
    /// Make, change and delete users.
    UsersWrite = "users-write": Users Change Domain, "change users";
    /// See extensions.
    ExtensionsRead = "extensions-read": Extensions See Domain, "see extensions";
    /// Make, change and delete extensions.
    ExtensionsWrite = "extensions-write": Extensions Change Domain, "change extensions";
    /// See the system's name, networks, domains and where alarms go.
    SystemRead = "system-read": System See System, "see the system's settings";
    /// Change them.
    SystemWrite = "system-write": System Change System, "change the system's settings";
    /// See service users, rights groups, the security settings and the audit.
    SecurityRead = "security-read": Security See System, "see security settings and the audit";
    /// Change service users, rights groups and the security settings.
    SecurityWrite = "security-write": Security Change System, "change the security settings";
    /// Reset secrets and locks.
    SecurityReset = "security-reset": Security Control Domain, "reset secrets and locks";
    /// Change one's own password.
    OwnPassword = "own-password": OwnAccount Change Domain, "change one's own password";
    /// See phones, calls, blacklists, alarms and sessions.
    StatusRead = "status-read": Status See System, "see the status";
    /// End sessions and calls, log phones out.
    StatusControl = "status-control": Status Control Domain, "control phones, calls and sessions";
    /// Control calls of all lines.
    Telephony = "telephony": Telephony Control Domain, "control all lines";
    /// Back up and restore.
    Backup = "backup": Backup Control System, "back up and restore";
    /// Read the directory.
    Directory = "directory": Directory See Domain, "read the directory";
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Right {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("One right."))
            .enum_values(Some(Self::ALL.map(|right| right.row().name)))
            .into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for Right {}

impl Right {
    /// In words, for "you need the right to …".
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The right to do this with that, where there is one.
    pub fn to(verb: Verb, part: Part) -> Option<Self> {
        Self::ALL.into_iter().find(|right| (right.row().verb, right.row().part) == (verb, part))
    }
}

/// Rights that go together under a name. A service user has those of all its groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightsGroup {
    /// Never changes.
    pub id: GroupId,
    /// Counts the changes; a change must name the version it was made from.
    pub version: u32,
    /// For people: "Installers". Unique.
    pub name: CompactString,
    /// What its members may do, each once, in the order of the matrix.
    pub rights: Box<[Right]>,
}

/// Rights as people read them, one after the other.
pub fn in_words(rights: &[Right]) -> String {
    rights.iter().map(|right| right.title()).collect::<Vec<_>>().join(", ")
}

/// The groups that a new system starts with, for an administrator to use, change or delete.
pub const STARTING_GROUPS: [(&str, &[Right]); 5] = [
    (
        "Installers",
        &[
            Right::UsersRead,
            Right::UsersWrite,
            Right::ExtensionsRead,
            Right::ExtensionsWrite,
            Right::SystemRead,
            Right::SystemWrite,
            Right::SecurityReset,
            Right::OwnPassword,
            Right::StatusRead,
            Right::StatusControl,
            Right::Backup,
        ],
    ),
    (
        "Operators",
        &[
            Right::UsersRead,
            Right::UsersWrite,
            Right::ExtensionsRead,
            Right::SecurityReset,
            Right::OwnPassword,
            Right::StatusRead,
            Right::StatusControl,
            Right::Directory,
        ],
    ),
    (
        "Security administrators",
        &[Right::SecurityRead, Right::SecurityWrite, Right::SecurityReset, Right::OwnPassword],
    ),
    (
        "Observers",
        &[
            Right::UsersRead,
            Right::ExtensionsRead,
            Right::SystemRead,
            Right::SecurityRead,
            Right::OwnPassword,
            Right::StatusRead,
        ],
    ),
    ("Telephony programs", &[Right::Telephony, Right::Directory]),
];

/// All of an account's rights. The built-in accounts have every right, whatever their groups, so that nobody can take the
/// last way in away. Whoever is within a domain has those that are about one, and none about the installation, whatever
/// the groups say.
pub fn rights_of(account: &Account, group: impl Fn(GroupId) -> Option<Box<[Right]>>) -> Vec<Right> {
    let Role::ServiceUser { groups } = &account.role else { return Vec::new() };
    if account.is_built_in() {
        return Right::ALL.to_vec();
    }
    let mut rights: Vec<Right> = groups.iter().filter_map(|id| group(*id)).flatten().collect();
    rights.retain(|right| account.within().is_none() || right.row().is_of_domains);
    rights.sort_unstable();
    rights.dedup();
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_has_a_name_and_a_place_in_the_matrix_of_its_own() {
        for right in Right::ALL {
            let row = right.row();
            assert_eq!(row.right, right);
            assert_eq!(Right::named(row.name), Some(right));
            assert_eq!(Right::to(row.verb, row.part), Some(right), "two rights at one place");
            assert_eq!(serde_json::to_value(right).unwrap(), row.name);
        }
    }
}
