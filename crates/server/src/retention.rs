//! Retention: takes what is no longer to be kept out of the audit, and says so in it.

use std::{sync::Arc, time::Duration};

use signin::{
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome},
    effect::Effect,
    ident::DomainId,
    interface::LoginInterface,
    timestamp::Timestamp,
};
use store::{AuditBroken, DueRows, Topic};
use tokio::{sync::broadcast::error::RecvError, time::MissedTickBehavior};

use crate::{moment, system::System};

/// How often it is looked whether rows are due.
const EVERY: Duration = Duration::from_secs(60);

/// Goes on until the program stops.
pub async fn keep(system: Arc<System>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut topics = system.ledger.subscribe();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = settings_changed(&mut topics) => {}
            () = system.stop.cancelled() => return,
        }
        let cut = tokio::select! {
            cut = cut(&system) => cut,
            () = system.stop.cancelled() => return,
        };
        let is_new = system.signs.audit_broken(cut.as_ref().err());
        if let Err(AuditBroken { seq, what }) = &cut
            && is_new
        {
            tracing::error!(row = seq, problem = what, "the audit is not whole; nothing is removed from it");
        }
    }
}

async fn settings_changed(topics: &mut tokio::sync::broadcast::Receiver<Topic>) {
    loop {
        match topics.recv().await {
            Ok(Topic::Settings) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Removes all that is due; how many rows that was.
///
/// # Errors
/// The first row that is not in order: then nothing more is removed.
pub async fn cut(system: &Arc<System>) -> Result<u64, AuditBroken> {
    let mut gone: u64 = 0;
    loop {
        let (ledger, now) = (Arc::clone(&system.ledger), system.clock.now());
        // It reads what is to go: not on a thread that others wait for.
        let due = tokio::task::spawn_blocking(move || ledger.due_rows(now)).await;
        let Some(due) = due.unwrap_or(Ok(None))? else { return Ok(gone) };
        let effects = vec![Effect::CutAudit(due.cut), Effect::Audit(row(&due, now))];
        if system.commit(effects).await.is_err() {
            // The store is out of order, and has said so: in a minute again.
            return Ok(gone);
        }
        gone = gone.saturating_add((due.cut.through + 1).saturating_sub(due.first));
    }
}

/// What the audit says of it.
fn row(due: &DueRows, now: Timestamp) -> AuditEvent {
    let change = |field: &str, before: String, after: String| FieldChange {
        field: field.into(),
        before: before.into(),
        after: after.into(),
    };
    AuditEvent {
        at: now,
        action: Action::AuditCut,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::System,
        domain: DomainId::FIRST,
        subject: "audit".into(),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: vec![
            change("first row", due.first.to_string(), (due.cut.through + 1).to_string()),
            change("removed until", String::new(), moment::for_programs(due.until)),
        ],
        times: 1,
    }
}
