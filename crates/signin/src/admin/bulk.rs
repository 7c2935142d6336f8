//! The same change of many users: each as by the operation for one of them, so many in one commit.

use super::{Admin, Change, EditUser, Problem, WrongField};
use crate::{account::Condition, effect::Effect, ident::AccountId, records::Records, rights::Right};

/// What can be done to many users at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserDeed {
    /// Nobody signs in with them any more, and their phones are unregistered.
    Disable,
    /// They may sign in again, whatever locked them.
    Enable,
    /// Each must choose a new password at the next sign-in.
    ForceNewPassword,
    /// Whatever counts against them is forgotten.
    ResetLocks,
    /// They are deleted, their secrets and extensions with them.
    Delete,
}

/// What became of some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Changed.
    pub changed: usize,
    /// There was nothing to change.
    pub as_wanted: usize,
    /// Not there any more.
    pub gone: usize,
    /// Left as they are, by name, and why.
    pub refused: Vec<(Box<str>, Problem)>,
}

impl UserDeed {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Disable, Self::Enable, Self::ForceNewPassword, Self::ResetLocks, Self::Delete];

    /// Stable name, in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::ForceNewPassword => "force-new-password",
            Self::ResetLocks => "reset-locks",
            Self::Delete => "delete",
        }
    }

    /// In words, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::ForceNewPassword => "Force a new password at the next sign-in",
            Self::ResetLocks => "Reset locks",
            Self::Delete => "Delete",
        }
    }

    /// What it needs; an operation may need more for somebody.
    pub const fn right(self) -> Right {
        match self {
            Self::Disable | Self::Enable | Self::ForceNewPassword | Self::Delete => Right::UsersWrite,
            Self::ResetLocks => Right::SecurityReset,
        }
    }

    const fn condition(self) -> Option<Condition> {
        match self {
            Self::Disable => Some(Condition::Disabled),
            Self::Enable => Some(Condition::Enabled),
            Self::ForceNewPassword => Some(Condition::ForceNewPassword),
            Self::ResetLocks | Self::Delete => None,
        }
    }
}

impl Admin<'_> {
    /// Does the same to each of these users. Whoever is gone or may not be changed is told of, and keeps nobody else from
    /// being changed.
    ///
    /// # Errors
    /// No right.
    pub fn change_users(&self, ids: &[AccountId], deed: UserDeed) -> Result<Change<Changed>, Problem> {
        self.require(deed.right())?;
        let mut all = Change::of(Vec::new(), Changed::default());
        for id in ids {
            let Ok(user) = self.user(*id) else {
                all.value.gone += 1;
                continue;
            };
            match self.change_one(*id, deed) {
                Ok(effects) if effects.is_empty() => all.value.as_wanted += 1,
                Ok(effects) => {
                    all.value.changed += 1;
                    all.effects.extend(effects);
                }
                Err(problem) => {
                    all.effects.extend(self.refusal(&problem));
                    all.value.refused.push((user.name.as_str().into(), problem));
                }
            }
        }
        Ok(all)
    }

    fn change_one(&self, id: AccountId, deed: UserDeed) -> Result<Vec<Effect>, Problem> {
        let user = self.user(id)?;
        match deed {
            UserDeed::ResetLocks => self.lift_locks_of(id).map(|change| change.effects),
            UserDeed::Delete => self.delete_user(id, true).map(|change| change.effects),
            // One state takes the place of the other: who meant everybody did not mean to open what is closed.
            UserDeed::ForceNewPassword if user.condition == Condition::Disabled => {
                let problem = "This user is disabled, and stays so.";
                Err(Problem::Invalid(vec![WrongField::new("status", problem)]))
            }
            UserDeed::Disable | UserDeed::Enable | UserDeed::ForceNewPassword => {
                let base = user.extension().and_then(|extension| self.records.extension(extension));
                let edit = EditUser {
                    version: user.version,
                    name: user.name.to_string(),
                    full_name: user.full_name.to_string(),
                    number: base.map_or_else(String::new, |base| base.number.to_string()),
                    condition: deed.condition(),
                    expires_at: user.expires_at,
                };
                self.edit_user(id, &edit).map(|change| change.effects)
            }
        }
    }
}
