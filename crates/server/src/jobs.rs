//! Jobs: work on many things that goes on when its page is left. It is done a chunk at a time, each chunk in one transaction;
//! a job can be stopped between two of them, and then says what was done and what was not.
//!
//! ```text
//! start ──▶ running ──all chunks done──▶ finished
//!              ├──stopped by somebody, or the program ends──▶ stopped
//!              ╰──a chunk could not be done──▶ failed
//! ```
//! They are kept in memory alone: what a job changed is in the audit, and one that a restart cut off has left whole chunks.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::Mutex;
use signin::{
    admin::{By, Changed},
    audit::Actor,
    ident::{AccountId, DomainId},
    timestamp::{Seconds, Timestamp},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{flow::Refusal, system::System};

/// Things that are done in one transaction.
pub const CHUNK: usize = 50;
/// Jobs that run at once, of one domain and of the installation.
const RUNNING_MAX: usize = 2;
/// Jobs of each that are remembered, those that run among them.
const KEPT_MAX: usize = 50;
/// How long an ended one is remembered.
const KEPT_FOR: Seconds = Seconds(24 * 3600);
/// Those that were refused are named up to here, and counted from there on.
const NAMED_MAX: usize = 100;

/// All of them.
#[derive(Debug, Default)]
pub struct Jobs {
    next: AtomicU32,
    kept: Mutex<Vec<Arc<Job>>>,
}

/// One.
#[derive(Debug)]
pub struct Job {
    /// Its number since the start of the program.
    pub id: u32,
    /// What is done: "Disable 1,200 users".
    pub title: Box<str>,
    /// Who started it; `None` = no account.
    pub by: Option<AccountId>,
    /// The same by name.
    pub by_name: Box<str>,
    /// Whose people it is about; `None` = it may be anybody's.
    pub within: Option<DomainId>,
    /// When.
    pub started_at: Timestamp,
    /// Whom it is about, in the order in which it comes to them.
    pub users: Arc<[AccountId]>,
    progress: watch::Sender<Progress>,
    stop: CancellationToken,
}

/// How far a job is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// How many were looked at.
    pub done: usize,
    /// Of them: changed.
    pub changed: usize,
    /// There was nothing to change.
    pub as_wanted: usize,
    /// Not there any more.
    pub gone: usize,
    /// Left as they are.
    pub refused: usize,
    /// The first of those by name, and why.
    pub named: Vec<(Box<str>, String)>,
    /// Whether it goes on.
    pub state: JobState,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Whether a job goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JobState {
    /// It does.
    #[default]
    Running,
    /// It does until the present chunk is done.
    Stopping,
    /// It is done.
    Finished,
    /// It was stopped before it was.
    Stopped,
    /// It could not go on, and why.
    Failed(String),
}

/// As many run as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl JobState {
    /// Whether something is still to come.
    pub const fn goes_on(&self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }
}

impl Job {
    /// How far it is now.
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Tells of every change of how far it is.
    pub fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Those it has not come to: they are as they were.
    pub fn rest(&self) -> &[AccountId] {
        self.users.get(self.progress.borrow().done..).unwrap_or_default()
    }

    /// Has it end before the next chunk. One that has ended is as it is.
    pub fn stop(&self) {
        self.stop.cancel();
        self.progress.send_if_modified(|progress| {
            let runs = progress.state == JobState::Running;
            if runs {
                progress.state = JobState::Stopping;
            }
            runs
        });
    }

    fn note(&self, looked_at: usize, chunk: Changed) {
        self.progress.send_modify(|progress| {
            progress.done += looked_at;
            progress.changed += chunk.changed;
            progress.as_wanted += chunk.as_wanted;
            progress.gone += chunk.gone;
            progress.refused += chunk.refused.len();
            let room = NAMED_MAX.saturating_sub(progress.named.len());
            let named = chunk.refused.into_iter().take(room);
            progress.named.extend(named.map(|(name, problem)| (name, problem.to_string())));
        });
    }

    fn end(&self, state: JobState, now: Timestamp) {
        self.progress.send_modify(|progress| {
            progress.state = state;
            progress.ended_at = Some(now);
        });
    }
}

impl Jobs {
    /// The one of this number, as long as it is remembered.
    pub fn find(&self, id: u32) -> Option<Arc<Job>> {
        self.kept.lock().iter().find(|job| job.id == id).cloned()
    }

    /// Those that are remembered, the newest first.
    pub fn all(&self, now: Timestamp) -> Vec<Arc<Job>> {
        let mut kept = self.kept.lock();
        forget(&mut kept, now);
        kept.iter().rev().cloned().collect()
    }

    fn open(
        &self,
        title: String,
        by: &By,
        users: Arc<[AccountId]>,
        now: Timestamp,
    ) -> Result<Arc<Job>, Full> {
        let mut kept = self.kept.lock();
        forget(&mut kept, now);
        let beside = kept.iter().filter(|job| job.within == by.within);
        if beside.filter(|job| job.progress.borrow().state.goes_on()).count() >= RUNNING_MAX {
            return Err(Full);
        }
        let job = Arc::new(Job {
            id: self.next.fetch_add(1, Ordering::Relaxed).wrapping_add(1),
            title: title.into(),
            by: by.account,
            within: by.within,
            by_name: match &by.actor {
                Actor::Account(_, name) => name.clone(),
                Actor::Extension(..) | Actor::Unknown | Actor::Console | Actor::System => "".into(),
            },
            started_at: now,
            users,
            progress: watch::Sender::new(Progress::default()),
            stop: CancellationToken::new(),
        });
        make_room(&mut kept, by.within);
        kept.push(Arc::clone(&job));
        Ok(job)
    }
}

/// Forgets what ended long ago.
fn forget(kept: &mut Vec<Arc<Job>>, now: Timestamp) {
    kept.retain(|job| job.progress.borrow().ended_at.is_none_or(|at| now < at.after(KEPT_FOR)));
}

/// Where there are too many, forgets what ended first.
fn make_room(kept: &mut Vec<Arc<Job>>, within: Option<DomainId>) {
    while kept.iter().filter(|job| job.within == within).count() >= KEPT_MAX {
        let has_ended = |job: &Arc<Job>| job.within == within && job.progress.borrow().ended_at.is_some();
        let Some(first) = kept.iter().position(has_ended) else { return };
        kept.remove(first);
    }
}

impl System {
    /// Starts a job on these users: `chunk` does it to some of them, in one transaction.
    ///
    /// # Errors
    /// As many run as may.
    pub fn start_job<F, D>(
        self: &Arc<Self>,
        title: String,
        by: &By,
        users: Vec<AccountId>,
        chunk: F,
    ) -> Result<Arc<Job>, Full>
    where
        F: Fn(Vec<AccountId>) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Changed, Refusal>> + Send,
    {
        let job = self.jobs.open(title, by, users.into(), self.clock.now())?;
        let (system, ours) = (Arc::clone(self), Arc::clone(&job));
        tokio::spawn(async move {
            let state = run(&system, &ours, chunk).await;
            ours.end(state, system.clock.now());
        });
        Ok(job)
    }
}

async fn run<F, D>(system: &System, job: &Job, chunk: F) -> JobState
where
    F: Fn(Vec<AccountId>) -> D,
    D: Future<Output = Result<Changed, Refusal>>,
{
    for some in job.users.chunks(CHUNK) {
        if job.stop.is_cancelled() || system.stop.is_cancelled() {
            return JobState::Stopped;
        }
        match chunk(some.to_vec()).await {
            Ok(changed) => job.note(some.len(), changed),
            Err(Refusal::Problem(problem)) => return JobState::Failed(problem.to_string()),
            Err(Refusal::Unavailable) => {
                return JobState::Failed("The system cannot write its records at the moment.".into());
            }
        }
    }
    JobState::Finished
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(jobs: &Jobs, now: Timestamp) -> Result<Arc<Job>, Full> {
        jobs.open("Do it".into(), &By::console(), [AccountId(1), AccountId(2)].into(), now)
    }

    #[test]
    fn so_many_run_at_once_and_an_ended_one_makes_room() {
        let (jobs, now) = (Jobs::default(), Timestamp::EPOCH);
        let first = open(&jobs, now).unwrap();
        open(&jobs, now).unwrap();
        assert_eq!(open(&jobs, now).unwrap_err(), Full);
        first.stop();
        assert_eq!(first.progress().state, JobState::Stopping);
        assert_eq!(open(&jobs, now).unwrap_err(), Full, "it still does its chunk");
        first.end(JobState::Stopped, now);
        first.stop();
        assert_eq!(first.progress().state, JobState::Stopped);
        assert_eq!(open(&jobs, now).unwrap().id, 3);
    }

    #[test]
    fn what_ended_is_remembered_for_a_while_and_not_without_limit() {
        let (jobs, now) = (Jobs::default(), Timestamp::EPOCH);
        let running = open(&jobs, now).unwrap();
        for _ in 0..KEPT_MAX + 10 {
            open(&jobs, now).unwrap().end(JobState::Finished, now);
        }
        assert!(jobs.all(now).len() <= KEPT_MAX);
        assert!(jobs.find(running.id).is_some() && jobs.find(2).is_none());
        assert_eq!(jobs.all(now.after(KEPT_FOR)).len(), 1, "what runs is never forgotten");
    }

    #[test]
    fn the_refused_are_counted_and_only_so_many_are_named() {
        let job = open(&Jobs::default(), Timestamp::EPOCH).unwrap();
        for _ in 0..30 {
            let refused = vec![("Ann".into(), signin::admin::Problem::NotFound("user")); 10];
            job.note(10, Changed { refused, ..Changed::default() });
        }
        let progress = job.progress();
        assert_eq!((progress.done, progress.refused, progress.named.len()), (300, 300, NAMED_MAX));
    }
}
