//! The worker of one target: what waits is sent in order, and again until it is taken.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use signin::effect::Effect;
use store::Topic;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{Target, backoff, item::Item, state::State};
use crate::{dice::OsDice, system::System};

/// Rows of the audit that are looked at in one reading.
const ROWS_AT_ONCE: u64 = 256;
/// Rows of the audit that wait for one target; of more, the oldest are passed over.
pub(super) const ROWS_WAITING_MAX: u64 = 10_000;
/// How long a row of the audit may take to the disk, where it is read.
const SETTLE: Duration = Duration::from_millis(1100);
/// How often it is looked for rows when nothing is told to have changed.
const EVERY: Duration = Duration::from_secs(30);
/// How often a receiver that is there may refuse the same thing before it is left out, so that the rest can pass.
const REFUSALS_MAX: u64 = 20;

/// Goes on until it is stopped.
pub(super) async fn work(system: Arc<System>, target: Target, state: Arc<State>, stop: CancellationToken) {
    let work = Work { system, target, state, outlet: None, rows: VecDeque::new(), cursor: None };
    tokio::select! {
        () = work.run() => {}
        () = stop.cancelled() => {}
    }
}

struct Work {
    system: Arc<System>,
    target: Target,
    state: Arc<State>,
    outlet: Option<super::Outlet>,
    rows: VecDeque<Item>,
    /// Rows up to here were read.
    cursor: Option<u64>,
}

impl Work {
    async fn run(mut self) {
        let mut topics = self.system.ledger.subscribe();
        let has_audit = !self.target.chosen().audit.is_empty();
        if !has_audit {
            // Whoever wants rows again begins at what is then the end.
            self.note(None);
        }
        loop {
            if let Some(item) = self.state.alarm() {
                self.deliver(&item).await;
                self.state.done(&item);
                continue;
            }
            if let Some(item) = self.rows.pop_front() {
                self.deliver(&item).await;
                if let Item::Row(row) = &item {
                    self.note(Some(row.seq));
                }
                continue;
            }
            if has_audit && self.read().await {
                continue;
            }
            tokio::select! {
                () = self.state.alarms() => {}
                () = audit_grows(&mut topics), if has_audit => sleep(SETTLE).await,
                () = sleep(EVERY) => {}
            }
        }
    }

    fn note(&self, seq: Option<u64>) {
        self.system.ledger.commit_behind(vec![Effect::Delivered(self.target.id(), seq)]);
    }

    /// Reads on in the audit; whether that moved on.
    async fn read(&mut self) -> bool {
        let (ledger, chosen) = (Arc::clone(&self.system.ledger), self.target.chosen().clone());
        let (id, cursor) = (self.target.id(), self.cursor);
        let read = tokio::task::spawn_blocking(move || {
            let Some(after) = cursor.or_else(|| ledger.delivered(id)) else {
                // A new target is told of what happens from now on.
                return ledger.audit_end().map(|end| (end, None));
            };
            let wants = |action| chosen.wants(action);
            let following = ledger.audit_following(after, &wants, ROWS_AT_ONCE, ROWS_WAITING_MAX)?;
            Ok((after, Some(following)))
        });
        match read.await {
            Ok(Ok((end, None))) => {
                self.cursor = Some(end);
                self.note(self.cursor);
                true
            }
            Ok(Ok((after, Some(following)))) => {
                self.state.lost(following.passed_over, self.system.clock.now());
                self.cursor = Some(following.through);
                let has_moved = following.through > after;
                if following.rows.is_empty() && has_moved {
                    self.note(self.cursor);
                }
                self.rows.extend(following.rows.into_iter().map(Item::Row));
                has_moved
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the audit cannot be read for a target");
                false
            }
            Err(error) => {
                tracing::error!(%error, "the audit was not read for a target");
                false
            }
        }
    }

    /// Sends until it is taken, or refused too often.
    async fn deliver(&mut self, item: &Item) {
        let mut refusals = 0;
        loop {
            let failure = match self.send(item).await {
                Ok(answer) => return self.state.delivered(answer, self.system.clock.now()),
                Err(failure) => failure,
            };
            let failures = self.state.failed(failure.problem, self.system.clock.now());
            refusals += u64::from(failure.is_refusal);
            if refusals >= REFUSALS_MAX {
                return self.state.lost(1, self.system.clock.now());
            }
            sleep(backoff::after(failures, &mut OsDice)).await;
        }
    }

    async fn send(&mut self, item: &Item) -> Result<String, super::Failure> {
        if self.outlet.is_none() {
            self.outlet = Some(self.target.outlet()?);
        }
        match &mut self.outlet {
            Some(outlet) => outlet.send(item, &self.system).await,
            None => Err(super::Failure::unreachable("there is no way to it")),
        }
    }
}

async fn audit_grows(topics: &mut Receiver<Topic>) {
    loop {
        match topics.recv().await {
            Ok(Topic::Audit) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
