//! Answers about locks and sessions.

use std::sync::Arc;

use signin::{
    account::RoleKind,
    admin::keys_named,
    ident::{DomainId, FoldedName},
    lockout::{Tally, TallyKey},
    records::Records,
    session::{Session, SessionId},
};

use super::{Answered, Answers, done};
use crate::local::{
    listener::Replies,
    protocol::{Done, ID_SHOWN, LockEntry, Part, SessionEntry, Wanted},
};

impl Answers {
    pub(super) async fn locks(&self, replies: &Replies) -> Answered {
        let entries = self.locked().into_iter().map(|(key, tally)| LockEntry {
            key,
            failures: tally.failures,
            failed_at: tally.failed_at,
            until: tally.locked_until.filter(|_| !tally.is_permanent),
        });
        self.list(entries.collect(), replies, Part::Locks).await
    }

    pub(super) async fn reset_locks(&self, wanted: Wanted) -> Answered {
        let keys: Vec<TallyKey> = match wanted {
            Wanted::All => self.locked().into_iter().map(|(key, _)| key).collect(),
            Wanted::Named(names) => names.iter().flat_map(|name| self.keys_counted(name)).collect(),
        };
        let reset = self.administer(move |admin, _| admin.reset_locks(&keys)).await?;
        let count = reset.value as u64;
        Ok(Done { count, ..done(reset, 0) })
    }

    /// What is locked of the first domain, which is the one that commands mean, and over all.
    fn locked(&self) -> Vec<(TallyKey, Tally)> {
        let mut locks = self.system.ledger.locks(self.system.clock.now());
        locks.retain(|(key, _)| key.domain == DomainId::FIRST);
        locks
    }

    /// The counts that there are under a name. An IPv6 address is counted by its network, and listed as that.
    fn keys_counted(&self, name: &str) -> Vec<TallyKey> {
        let mut keys = keys_named(DomainId::FIRST, name.trim().trim_end_matches("/64"));
        let ledger = &self.system.ledger;
        keys.retain(|key| ledger.tally(key) != Tally::default() || !ledger.lanes_of(key).is_empty());
        keys
    }

    pub(super) async fn sessions(&self, replies: &Replies) -> Answered {
        let ledger = &*self.system.ledger;
        let entries = self.open_sessions().into_iter().map(|session| SessionEntry {
            id: session.id,
            account: ledger
                .account(session.account)
                .map(|account| account.name.to_string())
                .unwrap_or_default(),
            interface: session.interface.name().into(),
            address: session.address.to_string(),
            agent: session.agent.to_string(),
            opened_at: session.opened_at,
            used_at: session.used_at,
        });
        self.list(entries.collect(), replies, Part::Sessions).await
    }

    pub(super) async fn end_sessions(&self, wanted: Wanted) -> Answered {
        let mut ended = 0;
        for session in self.open_sessions() {
            let is_wanted = match &wanted {
                Wanted::All => true,
                Wanted::Named(names) => names.iter().any(|name| self.is_meant(&session, name)),
            };
            if is_wanted {
                let id = session.id;
                match self.administer(move |admin, _| admin.end_session(id)).await {
                    Ok(_) => ended += 1,
                    // It ended by itself meanwhile; the others are still to be ended.
                    Err(_) if self.system.ledger.session(id).is_none() => {}
                    Err(refusal) => return Err(refusal),
                }
            }
        }
        Ok(Done { count: ended, ..Done::default() })
    }

    pub(super) fn open_sessions(&self) -> Vec<Arc<Session>> {
        let (rules, now) = (self.system.ledger.settings().sessions, self.system.clock.now());
        let mut sessions = self.system.ledger.sessions();
        let is_of_first =
            |id| self.system.ledger.account(id).is_none_or(|account| account.within().is_none());
        sessions.retain(|session| session.is_open(&rules, now) && is_of_first(session.account));
        sessions
    }

    /// By its id or the beginning that a table shows, or by the name of its account.
    fn is_meant(&self, session: &Session, name: &str) -> bool {
        let has_id = |id: SessionId| name.len() >= ID_SHOWN && String::from(id).starts_with(name);
        let account = [RoleKind::ServiceUser, RoleKind::User].into_iter().filter_map(|kind| {
            self.system.ledger.account_named(kind, DomainId::FIRST, &FoldedName::of(name))
        });
        has_id(session.id) || account.into_iter().any(|account| account.id == session.account)
    }
}
