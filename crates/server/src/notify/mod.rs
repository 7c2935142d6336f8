//! Telling others: alarms and rows of the audit, to webhooks and receivers of syslog; and mail, which has a room of its own.
//!
//! ```text
//! alarm ─▶ queue of each target (short, in memory) ─╮
//!                                                   ├▶ one worker a target ─▶ sent, tried again until it is taken
//! audit ─▶ rows behind the last one delivered ──────╯
//! ```
//! Whoever signs in never waits for any of it: an alarm is put into a queue, and the audit is read from the disk where it
//! rests anyway. How far each target has it is kept, so that a restart forgets no row. A target that is down is tried
//! again, later and later; of rows that wait for it, the oldest are passed over when there are too many, which is counted
//! and raises an alarm.

pub mod backoff;
pub mod connect;
pub mod item;
pub mod mail;
pub mod state;
pub mod syslog;
pub mod webhook;
mod worker;

use std::{collections::BTreeMap, sync::Arc};

use signin::{
    effect::Effect,
    ident::TargetId,
    records::Records as _,
    reporting::Reporting,
    target::{Chosen, SyslogTarget, Webhook},
};
use store::Topic;
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::item::Item;
use crate::system::System;

/// A target of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By HTTP.
    Webhook(Webhook),
    /// By syslog.
    Syslog(SyslogTarget),
}

/// Why something was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words for people. Never a secret, never an address.
    pub problem: String,
    /// Whether the receiver is there and does not want this.
    pub is_refusal: bool,
}

impl Failure {
    pub(crate) fn unreachable(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), is_refusal: false }
    }
}

/// A way to one target.
#[derive(Debug)]
pub enum Outlet {
    /// By HTTP.
    Webhook(Box<webhook::Outlet>),
    /// By syslog.
    Syslog(Box<syslog::Outlet>),
}

impl Target {
    /// Every target of a record.
    pub fn all(reporting: &Reporting) -> Vec<Self> {
        let webhooks = reporting.webhooks.iter().cloned().map(Self::Webhook);
        webhooks.chain(reporting.syslog.iter().cloned().map(Self::Syslog)).collect()
    }

    /// Its number.
    pub const fn id(&self) -> TargetId {
        match self {
            Self::Webhook(webhook) => webhook.id,
            Self::Syslog(target) => target.id,
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Webhook(webhook) => &webhook.name,
            Self::Syslog(target) => &target.name,
        }
    }

    /// Whether anything is sent.
    pub const fn is_on(&self) -> bool {
        match self {
            Self::Webhook(webhook) => webhook.is_on,
            Self::Syslog(target) => target.is_on,
        }
    }

    /// What it is told of.
    pub const fn chosen(&self) -> &Chosen {
        match self {
            Self::Webhook(webhook) => &webhook.chosen,
            Self::Syslog(target) => &target.chosen,
        }
    }

    /// A way to it.
    ///
    /// # Errors
    /// Its certificates or its address are of no use.
    pub fn outlet(&self) -> Result<Outlet, Failure> {
        match self {
            Self::Webhook(webhook) => {
                webhook::Outlet::new(webhook).map(|outlet| Outlet::Webhook(Box::new(outlet)))
            }
            Self::Syslog(target) => {
                syslog::Outlet::new(target).map(|outlet| Outlet::Syslog(Box::new(outlet)))
            }
        }
    }
}

impl Outlet {
    /// Sends, and tells what the receiver said.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn send(&mut self, item: &Item, system: &System) -> Result<String, Failure> {
        match self {
            Self::Webhook(outlet) => outlet.send(item, system).await,
            Self::Syslog(outlet) => outlet.send(item).await,
        }
    }
}

struct Worker {
    target: Target,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Keeps one worker for each target that is on, until the program stops.
pub async fn run(system: Arc<System>) {
    let mut workers: BTreeMap<TargetId, Worker> = BTreeMap::new();
    let mut topics = system.ledger.subscribe();
    while !system.stop.is_cancelled() {
        let wanted = Target::all(&system.ledger.reporting());
        system.deliveries.keep_only(&wanted);
        let is_wanted =
            |worker: &Worker| wanted.iter().any(|wanted| wanted.is_on() && *wanted == worker.target);
        let over: Vec<TargetId> =
            workers.iter().filter(|(_, worker)| !is_wanted(worker)).map(|(id, _)| *id).collect();
        for worker in over.into_iter().filter_map(|id| workers.remove(&id)) {
            let id = worker.target.id();
            end(worker).await;
            if !wanted.iter().any(|wanted| wanted.id() == id) {
                // It may have noted something since it was deleted.
                system.ledger.commit_behind(vec![Effect::Delivered(id, None)]);
            }
        }
        for target in wanted.into_iter().filter(Target::is_on) {
            workers.entry(target.id()).or_insert_with(|| {
                let (stop, state) = (system.stop.child_token(), system.deliveries.state(target.id()));
                let work = worker::work(Arc::clone(&system), target.clone(), state, stop.clone());
                Worker { target, stop, task: tokio::spawn(work) }
            });
        }
        tokio::select! {
            () = settings_changed(&mut topics) => {}
            () = system.stop.cancelled() => {}
        }
    }
    for (_, worker) in workers {
        end(worker).await;
    }
}

async fn end(worker: Worker) {
    worker.stop.cancel();
    if worker.task.await.is_err() {
        tracing::error!("a delivery ended in a panic");
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
