//! The user portal: what the people of a domain may see and change there by themselves. Pure.
//!
//! Specification: SPEC section 3 (S6). Whoever administers a domain sets each part, and the portal as a whole, to a level; what
//! is in force of a part is never more than the portal's own.

use serde::{Deserialize, Serialize};

/// How far somebody gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is not there.
    None,
    /// To be looked at.
    Read,
    /// To be changed, too.
    #[default]
    Write,
}

/// The parts of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortalPart {
    /// The own phones, and where one is signed in.
    Phones,
    /// The own password and codes.
    Secrets,
    /// The own call log.
    Calls,
    /// The messages in the own mailbox.
    Messages,
    /// Names and numbers of the others of the domain.
    Directory,
    /// The address that mail about the own account goes to.
    Address,
    /// Language and colours.
    Preferences,
}

/// The rules of one domain. What is missing is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PortalRules {
    /// The portal as a whole: no part gets further.
    pub portal: Level,
    /// The own phones, and where one is signed in.
    pub phones: Level,
    /// The own password and codes.
    pub secrets: Level,
    /// The own call log.
    pub calls: Level,
    /// The messages in the own mailbox.
    pub messages: Level,
    /// Names and numbers of the others of the domain; there is nothing to change in it.
    pub directory: Level,
    /// The address that mail about the own account goes to.
    pub address: Level,
    /// Language and colours.
    pub preferences: Level,
}

impl Level {
    /// Every one, in order.
    pub const ALL: [Self; 3] = [Self::None, Self::Read, Self::Write];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl PortalPart {
    /// Every part, as the portal shows them.
    pub const ALL: [Self; 7] = [
        Self::Phones,
        Self::Calls,
        Self::Messages,
        Self::Directory,
        Self::Secrets,
        Self::Address,
        Self::Preferences,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phones => "phones",
            Self::Secrets => "secrets",
            Self::Calls => "calls",
            Self::Messages => "messages",
            Self::Directory => "directory",
            Self::Address => "address",
            Self::Preferences => "preferences",
        }
    }
}

impl PortalRules {
    /// Whether anybody gets in.
    pub fn is_open(&self) -> bool {
        self.portal > Level::None
    }

    /// What is in force of a part.
    pub fn of(&self, part: PortalPart) -> Level {
        self.set_of(part).min(self.portal)
    }

    /// What was set of a part.
    pub const fn set_of(&self, part: PortalPart) -> Level {
        match part {
            PortalPart::Phones => self.phones,
            PortalPart::Secrets => self.secrets,
            PortalPart::Calls => self.calls,
            PortalPart::Messages => self.messages,
            PortalPart::Directory => self.directory,
            PortalPart::Address => self.address,
            PortalPart::Preferences => self.preferences,
        }
    }

    /// The same, to be set.
    pub const fn set_of_mut(&mut self, part: PortalPart) -> &mut Level {
        match part {
            PortalPart::Phones => &mut self.phones,
            PortalPart::Secrets => &mut self.secrets,
            PortalPart::Calls => &mut self.calls,
            PortalPart::Messages => &mut self.messages,
            PortalPart::Directory => &mut self.directory,
            PortalPart::Address => &mut self.address,
            PortalPart::Preferences => &mut self.preferences,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_gets_further_than_the_portal() {
        for portal in Level::ALL {
            for part in PortalPart::ALL {
                for level in Level::ALL {
                    let mut rules = PortalRules { portal, ..PortalRules::default() };
                    *rules.set_of_mut(part) = level;
                    assert_eq!(rules.set_of(part), level);
                    assert_eq!(rules.of(part), if level < portal { level } else { portal });
                    assert_eq!(rules.is_open(), portal != Level::None);
                    let others = PortalPart::ALL.into_iter().filter(|other| *other != part);
                    assert!(others.into_iter().all(|other| rules.set_of(other) == Level::Write));
                }
            }
        }
        assert!(Level::ALL.iter().all(|level| Level::named(level.name()) == Some(*level)));
    }

    #[test]
    fn a_domain_from_before_has_the_whole_portal() {
        let rules: PortalRules = serde_json::from_str("{}").unwrap();
        assert!(PortalPart::ALL.into_iter().all(|part| rules.of(part) == Level::Write));
    }
}
