//! Documents: records that are few, small and rarely changed. The store keeps them all alike, so that a new kind of them is
//! a variant here and nothing there.

use std::{ops::RangeInclusive, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    api_token::{ApiToken, TOKENS_MAX},
    desk::{Desk, Seat},
    domain_codes::DomainCodes,
    draft::Draft,
    extension::DOMAINS_MAX,
    ident::{AccountId, DomainId, ExtensionId, FoldedName, GroupId, TokenId},
    mailbox::Mailbox,
    profile::Profile,
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
    /// The mailbox of a user.
    Mailbox(AccountId),
    /// The short codes of a domain.
    ShortCodes(DomainId),
    /// What somebody has chosen.
    Profile(AccountId),
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
    /// Mailboxes.
    Mailbox,
    /// Short codes.
    ShortCodes,
    /// What people have chosen.
    Profile,
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
    /// What was left for a user.
    Mailbox(Mailbox),
    /// What is dialled to have something done.
    ShortCodes(DomainCodes),
    /// What somebody has chosen.
    Profile(Profile),
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
            Self::Mailbox(_) => DocumentKind::Mailbox,
            Self::ShortCodes(_) => DocumentKind::ShortCodes,
            Self::Profile(_) => DocumentKind::Profile,
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
            // One for each account.
            Self::Mailbox | Self::Profile => usize::MAX,
            Self::ShortCodes => DOMAINS_MAX,
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
            Self::Mailbox => "mailbox",
            Self::ShortCodes => "short codes",
            Self::Profile => "profile",
        }
    }

    /// Whether each of them belongs to an account or a domain, is found by that alone and goes with it. There may be as many as
    /// there are of those, so they are never looked at one beside the other.
    pub const fn is_of_one(self) -> bool {
        match self {
            Self::Mailbox | Self::ShortCodes | Self::Seat | Self::Desk | Self::Profile => true,
            Self::RightsGroup | Self::Draft | Self::ApiToken => false,
        }
    }

    /// The names of all of them: few or many of other kinds are passed over.
    pub const fn ids(self) -> RangeInclusive<DocumentId> {
        match self {
            Self::RightsGroup => {
                DocumentId::RightsGroup(GroupId(0))..=DocumentId::RightsGroup(GroupId(u32::MAX))
            }
            Self::Draft => DocumentId::Draft(AccountId(0))..=DocumentId::Draft(AccountId(u32::MAX)),
            Self::ApiToken => DocumentId::ApiToken(TokenId(0))..=DocumentId::ApiToken(TokenId(u32::MAX)),
            Self::Mailbox => DocumentId::Mailbox(AccountId(0))..=DocumentId::Mailbox(AccountId(u32::MAX)),
            Self::ShortCodes => {
                DocumentId::ShortCodes(DomainId(0))..=DocumentId::ShortCodes(DomainId(u32::MAX))
            }
            Self::Profile => DocumentId::Profile(AccountId(0))..=DocumentId::Profile(AccountId(u32::MAX)),
            Self::Seat => DocumentId::Seat(ExtensionId(0))..=DocumentId::Seat(ExtensionId(u32::MAX)),
            Self::Desk => DocumentId::Desk(AccountId(0))..=DocumentId::Desk(AccountId(u32::MAX)),
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
            Self::Mailbox(mailbox) => DocumentId::Mailbox(mailbox.account),
            Self::ShortCodes(codes) => DocumentId::ShortCodes(codes.domain),
            Self::Profile(profile) => DocumentId::Profile(profile.account),
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
            Self::Mailbox(mailbox) => mailbox.version,
            Self::ShortCodes(codes) => codes.version,
            Self::Profile(profile) => profile.version,
        }
    }

    /// The name that no other of its kind may have.
    pub fn unique_name(&self) -> Option<FoldedName> {
        match self {
            Self::RightsGroup(group) => Some(FoldedName::of(&group.name)),
            // Each owner has names of their own.
            Self::Draft(_)
            | Self::ApiToken(_)
            | Self::Mailbox(_)
            | Self::ShortCodes(_)
            | Self::Seat(_)
            | Self::Desk(_)
            | Self::Profile(_) => None,
        }
    }

    /// The rights group that it is.
    pub const fn rights_group(&self) -> Option<&RightsGroup> {
        if let Self::RightsGroup(group) = self { Some(group) } else { None }
    }

    /// The draft that it is.
    pub const fn draft(&self) -> Option<&Draft> {
        if let Self::Draft(draft) = self { Some(draft) } else { None }
    }

    /// The API token that it is.
    pub const fn api_token(&self) -> Option<&ApiToken> {
        if let Self::ApiToken(token) = self { Some(token) } else { None }
    }

    /// The mailbox that it is.
    pub const fn mailbox(&self) -> Option<&Mailbox> {
        if let Self::Mailbox(mailbox) = self { Some(mailbox) } else { None }
    }

    /// The short codes that it is.
    pub const fn short_codes(&self) -> Option<&DomainCodes> {
        if let Self::ShortCodes(codes) = self { Some(codes) } else { None }
    }

    /// The profile that it is.
    pub const fn profile(&self) -> Option<&Profile> {
        if let Self::Profile(profile) = self { Some(profile) } else { None }
    }

    /// Who is at a phone, if it says that.
    pub const fn seat(&self) -> Option<&Seat> {
        if let Self::Seat(seat) = self { Some(seat) } else { None }
    }

    /// Where a user is, if it says that.
    pub const fn desk(&self) -> Option<&Desk> {
        if let Self::Desk(desk) = self { Some(desk) } else { None }
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
