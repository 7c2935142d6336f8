//! API tokens: each service user makes their own, and whoever is in charge of security sees and revokes all.

use std::sync::Arc;

use super::{Admin, Change, Checks, Problem, changed};
use crate::{
    account::RoleKind,
    api_token::{ApiToken, LIFETIME_DEFAULT, LIFETIME_MAX, TOKENS_EACH_MAX, issue},
    audit::Action,
    dice::{Dice, roll},
    document::{Document, DocumentId, DocumentKind, api_tokens},
    effect::Effect,
    ident::{AccountId, DomainId, FoldedName, NAME_MAX, TokenId},
    records::Records,
    rights::{Right, in_words},
    secret::Secret,
    timestamp::Timestamp,
};

/// What is chosen of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFields {
    /// 1 to [`NAME_MAX`] characters, unique among the owner's.
    pub name: String,
    /// What it may do: something, and nothing that its owner may not.
    pub scopes: Vec<Right>,
    /// Its end, at most [`LIFETIME_MAX`] ahead; `None` = [`LIFETIME_DEFAULT`].
    pub expires_at: Option<Timestamp>,
}

/// A token that was made.
#[derive(Debug)]
pub struct MadeToken {
    /// Which.
    pub id: TokenId,
    /// The token itself, to be shown this once.
    pub token: Secret,
}

impl Admin<'_> {
    /// Makes a token of one's own.
    ///
    /// # Errors
    /// Not signed in by name and password, or fields to be corrected.
    pub fn create_token(
        &self,
        fields: &TokenFields,
        dice: &mut dyn Dice,
    ) -> Result<Change<MadeToken>, Problem> {
        let account = self.by.account.and_then(|own| self.records.account(own));
        let account = account.filter(|account| account.kind() == RoleKind::ServiceUser);
        let Some(account) = account.filter(|_| self.by.session.is_some()) else {
            return Err(Problem::Never("Only who is signed in by name and password makes API tokens."));
        };
        let own = self.tokens_of(account.id);
        let mut checks = Checks::default();
        let length = fields.name.trim().chars().count();
        if length == 0 || length > NAME_MAX || fields.name.chars().any(char::is_control) {
            checks.wrong("name", format!("A name has 1 to {NAME_MAX} characters."));
        }
        let name = FoldedName::of(&fields.name);
        if own.iter().any(|other| FoldedName::of(&other.name) == name) {
            checks.wrong("name", "Another token of yours has this name.");
        }
        if own.len() >= TOKENS_EACH_MAX {
            checks.wrong("name", format!("You have {TOKENS_EACH_MAX} tokens, which is the most."));
        }
        let scopes: Box<[Right]> =
            Right::ALL.into_iter().filter(|right| fields.scopes.contains(right)).collect();
        if scopes.is_empty() {
            checks.wrong("scopes", "Choose what the token may do.");
        }
        if let Some(missing) = scopes.iter().find(|right| !self.by.may(**right)) {
            checks.wrong("scopes", format!("You have no right to {} yourself.", missing.title()));
        }
        let expires_at = fields.expires_at.unwrap_or(self.now.after(LIFETIME_DEFAULT));
        if expires_at <= self.now || expires_at > self.now.after(LIFETIME_MAX) {
            checks.wrong("expires-at", "A token ends within a year, and not before now.");
        }
        checks.result()?;
        let id = self.next_token(dice);
        let (hash, token) = issue(id, dice);
        let made = ApiToken {
            id,
            version: 1,
            account: account.id,
            name: fields.name.trim().into(),
            scopes,
            made_at: self.now,
            expires_at,
            hash,
            used: None,
        };
        let given = [
            changed("owner", "", &account.name),
            changed("scopes", "", &in_words(&made.scopes)),
            changed("expires", "", &made.expires_at.as_secs().to_string()),
        ];
        let audit =
            self.audit(Action::TokenMade, account.domain, &made.name, given.into_iter().flatten().collect());
        let effects = vec![Effect::PutDocument(Box::new(Document::ApiToken(made))), audit];
        Ok(Change::of(effects, MadeToken { id, token }))
    }

    /// Takes a token away: one's own, or with the right to, anybody's. A token itself takes away itself alone.
    ///
    /// # Errors
    /// No right, or no such token.
    pub fn revoke_token(&self, id: TokenId) -> Result<Change<()>, Problem> {
        let token = self.token(id)?;
        let is_own = self.by.account == Some(token.account);
        let is_allowed = is_own && (self.by.session.is_some() || self.by.token == Some(id));
        if !is_allowed {
            self.require(Right::SecurityReset)?;
        }
        Ok(Change::of(self.revoked(&token), ()))
    }

    /// The tokens of an account, by name.
    pub fn tokens_of(&self, account: AccountId) -> Vec<ApiToken> {
        self.tokens().into_iter().filter(|token| token.account == account).collect()
    }

    /// All tokens, by name.
    pub fn tokens(&self) -> Vec<ApiToken> {
        api_tokens(&self.records.documents(DocumentKind::ApiToken))
    }

    /// The token of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn token(&self, id: TokenId) -> Result<ApiToken, Problem> {
        let document: Option<Arc<Document>> = self.records.document(DocumentId::ApiToken(id));
        let token = document.and_then(|document| document.api_token().cloned());
        token.ok_or(Problem::NotFound("API token"))
    }

    /// The effects of a token's end.
    pub(super) fn revoked(&self, token: &ApiToken) -> Vec<Effect> {
        let owner = self.records.account(token.account);
        let domain = owner.as_ref().map_or(DomainId::FIRST, |owner| owner.domain);
        let named = changed("owner", owner.as_ref().map_or("", |owner| &*owner.name), "");
        let audit = self.audit(Action::TokenRevoked, domain, &token.name, named.into_iter().collect());
        vec![Effect::DeleteDocument(DocumentId::ApiToken(token.id)), audit]
    }

    /// Drawn by chance, so that whoever holds one that is gone does not find themselves with a new one.
    fn next_token(&self, dice: &mut dyn Dice) -> TokenId {
        loop {
            let id = TokenId(u32::from_be_bytes(roll(dice)));
            if self.token(id).is_err() {
                return id;
            }
        }
    }
}
