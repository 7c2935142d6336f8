//! Documents: records that are few, small and rarely changed. The store keeps them all alike, so that a new kind of them is
//! a variant here and nothing there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    api_token::{ApiToken, TOKENS_MAX},
    desk::{Desk, Seat},
    draft::Draft,
    extension::DOMAINS_MAX,
    ident::{AccountId, ExtensionId, FoldedName, GroupId, TokenId},
    rights::{GROUPS_MAX, RightsGroup, SERVICE_USERS_MAX},
};

/// Names one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentId {
    /// A rights group.
    RightsGroup(GroupId),
    /// The draft of a service user.
    Draft(AccountId),
    /// An API token.
    ApiToken(TokenId),
    /// Who is at the phone of an extension.
    Seat(ExtensionId),
    /// Where a user is.
    Desk(AccountId),
}

/// The kinds of document, as they are listed and limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Rights groups.
    RightsGroup,
    /// Drafts.
    Draft,
    /// API tokens.
    ApiToken,
    /// Who is at which phone, where that is not its own user.
    Seat,
    /// Where users are, and how they may move.
    Desk,
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    /// Rights that go together.
    RightsGroup(RightsGroup),
    /// Changes that wait.
    Draft(Draft),
    /// What a program shows.
    ApiToken(ApiToken),
    /// Who is at a phone.
    Seat(Seat),
    /// Where a user is.
    Desk(Desk),
}

/// Phones and users of which more is known than that all are at home.
pub const MOVED_MAX: usize = 1_000_000;

impl DocumentId {
    /// Its kind.
    pub const fn kind(self) -> DocumentKind {
        match self {
            Self::RightsGroup(_) => DocumentKind::RightsGroup,
            Self::Draft(_) => DocumentKind::Draft,
            Self::ApiToken(_) => DocumentKind::ApiToken,
            Self::Seat(_) => DocumentKind::Seat,
            Self::Desk(_) => DocumentKind::Desk,
        }
    }
}

impl DocumentKind {
    /// How many of them there may be.
    pub const fn most(self) -> usize {
        match self {
            Self::RightsGroup => GROUPS_MAX,
            // One for each service user.
            Self::Draft => SERVICE_USERS_MAX * DOMAINS_MAX,
            Self::ApiToken => TOKENS_MAX,
            Self::Seat | Self::Desk => MOVED_MAX,
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::RightsGroup => "rights group",
            Self::Draft => "draft",
            Self::ApiToken => "API token",
            Self::Seat => "phone's login",
            Self::Desk => "user's desk",
        }
    }
}

impl Document {
    /// Its name in the store.
    pub const fn id(&self) -> DocumentId {
        match self {
            Self::RightsGroup(group) => DocumentId::RightsGroup(group.id),
            Self::Draft(draft) => DocumentId::Draft(draft.owner),
            Self::ApiToken(token) => DocumentId::ApiToken(token.id),
            Self::Seat(seat) => DocumentId::Seat(seat.extension),
            Self::Desk(desk) => DocumentId::Desk(desk.account),
        }
    }

    /// Counts its changes; a change must name the version it was made from.
    pub const fn version(&self) -> u32 {
        match self {
            Self::RightsGroup(group) => group.version,
            Self::Draft(draft) => draft.version,
            Self::ApiToken(token) => token.version,
            Self::Seat(seat) => seat.version,
            Self::Desk(desk) => desk.version,
        }
    }

    /// The name that no other of its kind may have.
    pub fn unique_name(&self) -> Option<FoldedName> {
        match self {
            Self::RightsGroup(group) => Some(FoldedName::of(&group.name)),
            // Each owner has names of their own.
            Self::Draft(_) | Self::ApiToken(_) | Self::Seat(_) | Self::Desk(_) => None,
        }
    }

    /// The rights group that it is.
    pub const fn rights_group(&self) -> Option<&RightsGroup> {
        match self {
            Self::RightsGroup(group) => Some(group),
            Self::Draft(_) | Self::ApiToken(_) | Self::Seat(_) | Self::Desk(_) => None,
        }
    }

    /// The draft that it is.
    pub const fn draft(&self) -> Option<&Draft> {
        match self {
            Self::Draft(draft) => Some(draft),
            Self::RightsGroup(_) | Self::ApiToken(_) | Self::Seat(_) | Self::Desk(_) => None,
        }
    }

    /// The API token that it is.
    pub const fn api_token(&self) -> Option<&ApiToken> {
        match self {
            Self::ApiToken(token) => Some(token),
            Self::RightsGroup(_) | Self::Draft(_) | Self::Seat(_) | Self::Desk(_) => None,
        }
    }

    /// Who is at a phone, if it says that.
    pub const fn seat(&self) -> Option<&Seat> {
        match self {
            Self::Seat(seat) => Some(seat),
            Self::RightsGroup(_) | Self::Draft(_) | Self::ApiToken(_) | Self::Desk(_) => None,
        }
    }

    /// Where a user is, if it says that.
    pub const fn desk(&self) -> Option<&Desk> {
        match self {
            Self::Desk(desk) => Some(desk),
            Self::RightsGroup(_) | Self::Draft(_) | Self::ApiToken(_) | Self::Seat(_) => None,
        }
    }
}

/// The rights groups among documents, by name.
pub fn rights_groups(documents: &[Arc<Document>]) -> Vec<RightsGroup> {
    let mut groups: Vec<RightsGroup> =
        documents.iter().filter_map(|document| document.rights_group().cloned()).collect();
    groups.sort_by_cached_key(|group| FoldedName::of(&group.name));
    groups
}

/// The API tokens among documents, by name.
pub fn api_tokens(documents: &[Arc<Document>]) -> Vec<ApiToken> {
    let mut tokens: Vec<ApiToken> =
        documents.iter().filter_map(|document| document.api_token().cloned()).collect();
    tokens.sort_by_cached_key(|token| (FoldedName::of(&token.name), token.id));
    tokens
}
