//! The last census of credentials, for the page of passwords and the management API alike: counting a hundred thousand people
//! takes a while, and nobody should wait for it who can do with what was so a moment ago.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use store::Census;

use crate::system::System;

/// A census is waited for this long where there is one from before: with a hundred thousand people it takes longer.
const PATIENCE: Duration = Duration::from_millis(30);

/// The last census. One is made at a time, whoever asks.
#[derive(Debug, Default)]
pub struct LastCensus {
    last: ArcSwapOption<Census>,
    counting: tokio::sync::Mutex<()>,
}

impl System {
    /// How all credentials stand: now, or where that takes too long, a moment ago. `None` = it could not be counted.
    pub async fn census(self: &Arc<Self>) -> Option<Arc<Census>> {
        let is_current = |census: &Arc<Census>| census.is_current(self.ledger.changes(), self.clock.now());
        let last = self.last_census.last.load_full();
        if last.as_ref().is_some_and(is_current) {
            return last;
        }
        // It goes on when nobody waits any more, for whoever asks next.
        let counting = tokio::spawn(count(Arc::clone(self)));
        match last {
            Some(last) => {
                let fresh = tokio::time::timeout(PATIENCE, counting).await;
                fresh.ok().and_then(Result::ok).flatten().or(Some(last))
            }
            None => counting.await.ok().flatten(),
        }
    }
}

async fn count(system: Arc<System>) -> Option<Arc<Census>> {
    let _one_at_a_time = system.last_census.counting.lock().await;
    let now = system.clock.now();
    let ledger = Arc::clone(&system.ledger);
    let last = system.last_census.last.load_full();
    if let Some(last) = last.filter(|last| last.is_current(ledger.changes(), now)) {
        return Some(last);
    }
    let counted = tokio::task::spawn_blocking(move || ledger.census(now)).await.ok()?;
    let counted = Arc::new(counted);
    system.last_census.last.store(Some(Arc::clone(&counted)));
    Some(counted)
}
