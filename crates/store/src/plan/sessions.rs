//! What a commit does to sessions.

use std::sync::Arc;

use signin::{
    account::Condition, credential::Owner, effect::NewSession, session::SessionId, timestamp::Timestamp,
};

use super::{Act, Planner, Touch};
use crate::{error::CommitError, rows};

impl Planner<'_> {
    pub(super) fn close_session(&mut self, id: SessionId) {
        self.closed.insert(id);
        self.plan.draft.delete(rows::session_key(id));
        self.plan.acts.push(Act::DropSession(id));
    }

    pub(super) fn open_session(&mut self, new: &NewSession) -> Result<(), CommitError> {
        let NewSession { session, concurrent_max: limit, secret_set_at } = new;
        let account = self.account(session.account).ok_or_else(|| CommitError::missing("the account"))?;
        // Between the check and now somebody may have changed the secret, or switched the account off.
        let owner = Owner::Account(session.account);
        let mut is_as_shown = false;
        for kind in session.interface.row().opens_with {
            self.touch(Touch::Credential(owner, *kind), false);
            is_as_shown |= self.holdings.facts(owner, *kind).map(|facts| facts.set_at) == *secret_set_at;
        }
        if !is_as_shown || account.condition == Condition::Disabled {
            return Err(CommitError::conflict("the right to this session has ended"));
        }
        self.touch(Touch::Sessions(session.account), true);
        let rules = self.holdings.settings.load().sessions;
        let open = self
            .holdings
            .sessions_of(session.account)
            .iter()
            .filter(|other| other.is_open(&rules, session.opened_at) && !self.closed.contains(&other.id))
            .count();
        let opened = self.opened.entry(session.account).or_insert(0);
        if open.saturating_add(*opened) >= usize::from(*limit) {
            return Err(CommitError::SessionLimit);
        }
        *opened += 1;
        self.put(rows::session_key(session.id), session)?;
        self.plan.acts.push(Act::Session(session.clone()));
        Ok(())
    }

    pub(super) fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), CommitError> {
        let Some(session) = self.holdings.sessions.get(&id).filter(|_| !self.closed.contains(&id)) else {
            return Ok(());
        };
        self.touch(Touch::Sessions(session.account), true);
        let mut session = Arc::unwrap_or_clone(session);
        session.used_at = session.used_at.max(at);
        self.put(rows::session_key(id), &session)?;
        self.plan.acts.push(Act::Touch(id, at));
        Ok(())
    }
}
