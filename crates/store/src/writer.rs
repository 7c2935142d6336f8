//! The writer: the one thread through which everything that must last passes.
//!
//! ```text
//! waiting commits ─▶ plan (against memory) ─▶ one transaction ─▶ memory ─▶ every commit of it is answered
//!                      │ touches what an earlier one of the batch touches: the batch ends before it
//!                      ╰ does not fit: answered at once, changes nothing
//! ```
//! However many commits wait, they share one transaction and one wait for the disk.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
    mpsc::{Receiver, TryRecvError},
};

use hashbrown::{HashMap, HashSet};
use signin::{credential::Owner, dice::Dice, document::DocumentKind, effect::Effect};
use tokio::sync::broadcast;

use crate::{
    behind::{Behind, Dirty},
    commit::Reply,
    error::{CommitError, StoreError},
    fault,
    holdings::Holdings,
    plan::{Act, Planner, Touch},
    rows,
    scribe::{Draft, Scribe},
    topic::Topic,
};

/// Most commits in one transaction.
const BATCH_MAX: usize = 1024;
/// Ticks that calls stay on their pages: ten minutes.
const PAGES_KEPT: u32 = 1200;

/// What the writer is asked.
pub(crate) enum Job {
    /// These effects, all or none.
    Commit(Vec<Effect>, Reply),
    /// Everything behind, now.
    Flush(Reply),
    /// Half a second has gone by: time to look behind.
    Tick,
    /// So much waits that it is time before that.
    Hurry,
    /// Everything behind, and the end.
    Close(Reply),
}

/// What the writer tells about itself.
#[derive(Debug)]
pub(crate) struct Pulse {
    pub(crate) is_healthy: AtomicBool,
    pub(crate) commits: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) audit_rows: AtomicU64,
    /// A [`Job::Hurry`] is on its way: one is enough, and many would take the room of commits.
    pub(crate) is_hurry_waiting: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            is_healthy: AtomicBool::new(true),
            commits: AtomicU64::new(0),
            transactions: AtomicU64::new(0),
            audit_rows: AtomicU64::new(0),
            is_hurry_waiting: AtomicBool::new(false),
        }
    }
}

/// The thread's own things.
pub(crate) struct Writer {
    pub(crate) jobs: Receiver<Job>,
    pub(crate) scribe: Scribe,
    pub(crate) dice: Box<dyn Dice + Send>,
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) behind: Arc<Behind>,
    pub(crate) topics: broadcast::Sender<Topic>,
    pub(crate) pulse: Arc<Pulse>,
    /// Ticks since calls went from pages to their rows.
    pub(crate) pages_kept: u32,
}

struct AtEnd(Arc<Pulse>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.is_healthy.store(false, Ordering::Relaxed);
    }
}

/// Commits that share a transaction.
#[derive(Default)]
struct Batch {
    draft: Draft,
    acts: Vec<Act>,
    replies: Vec<Reply>,
    touches: HashMap<Touch, bool>,
}

impl Writer {
    /// Works until it is closed or nobody is left who could ask.
    pub(crate) fn run(self) {
        // However it ends, nothing can be written any more.
        let _end = AtEnd(Arc::clone(&self.pulse));
        self.work();
    }

    fn work(mut self) {
        let mut is_due = false;
        loop {
            let first = if is_due {
                match self.jobs.try_recv() {
                    Ok(job) => Some(job),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => break,
                }
            } else {
                match self.jobs.recv() {
                    Ok(job) => Some(job),
                    Err(_) => break,
                }
            };
            let mut batch = Batch::default();
            let mut end = None;
            let more = std::iter::from_fn(|| self.jobs.try_recv().ok());
            for job in first.into_iter().chain(more).take(BATCH_MAX).collect::<Vec<_>>() {
                match job {
                    Job::Commit(effects, reply) => batch = self.add(batch, &effects, reply),
                    Job::Tick => {
                        self.pages_kept += 1;
                        if self.pages_kept >= PAGES_KEPT || self.holdings.call_logs.are_many() {
                            self.empty_pages();
                        }
                        is_due = true;
                    }
                    Job::Hurry => {
                        self.pulse.is_hurry_waiting.store(false, Ordering::Relaxed);
                        is_due = true;
                    }
                    Job::Flush(reply) => {
                        self.write(std::mem::take(&mut batch));
                        let _gone = reply.send(self.flush().map_err(CommitError::Store));
                    }
                    // Whatever came after it is answered "closed" when its reply is dropped.
                    Job::Close(reply) => {
                        end = Some(reply);
                        break;
                    }
                }
            }
            self.write(batch);
            if let Some(reply) = end {
                self.end(Some(reply));
                return;
            }
            if is_due {
                is_due = matches!(self.flush_chunk(), Ok(true));
                self.probe();
            }
        }
        self.end(None);
    }

    fn end(mut self, reply: Option<Reply>) {
        let flushed = self.flush();
        let closed = self.scribe.close();
        if let Err(error) = flushed.and(closed) {
            tracing::error!(%error, "the store did not end cleanly");
            let _gone = reply.map(|reply| reply.send(Err(CommitError::Store(error))));
        } else {
            let _gone = reply.map(|reply| reply.send(Ok(())));
        }
    }

    /// Adds a commit to the batch, or writes the batch first where the two meddle with each other.
    fn add(&mut self, mut batch: Batch, effects: &[Effect], reply: Reply) -> Batch {
        self.pulse.commits.fetch_add(1, Ordering::Relaxed);
        for _ in 0..2 {
            fault::at("writer.plan");
            let mut planner = Planner::new(&self.holdings, &mut *self.dice);
            let plan = planner.plan(effects);
            let meddles = planner.touches.iter().any(|(touch, is_change)| {
                batch.touches.get(touch).is_some_and(|was_change| *is_change || *was_change)
            });
            if meddles {
                // What was planned rests on a state that is about to change: once more, after it has.
                self.write(std::mem::take(&mut batch));
                continue;
            }
            match plan {
                Ok(plan) => {
                    for (touch, is_change) in std::mem::take(&mut planner.touches) {
                        *batch.touches.entry(touch).or_insert(false) |= is_change;
                    }
                    batch.draft.append(plan.draft);
                    batch.acts.extend(plan.acts);
                    batch.replies.push(reply);
                }
                Err(error) => {
                    let _gone = reply.send(Err(error));
                }
            }
            return batch;
        }
        // An empty batch meddles with nothing, so the second round always returns.
        batch
    }

    fn write(&mut self, batch: Batch) {
        if batch.replies.is_empty() {
            return;
        }
        match self.transact(batch.draft) {
            Ok(()) => {
                fault::at("writer.apply");
                let topics = self.apply(batch.acts);
                fault::at("writer.reply");
                for reply in batch.replies {
                    let _gone = reply.send(Ok(()));
                }
                self.tell(topics);
            }
            Err(error) => {
                // Memory has these counts as they are, and goes by them: the disk gets them when it can.
                for act in batch.acts {
                    if let Act::KeptTally(key) = act {
                        self.behind.note(Dirty::Tally(key.into()));
                    }
                }
                for reply in batch.replies {
                    let _gone = reply.send(Err(CommitError::Store(error.clone())));
                }
            }
        }
    }

    fn transact(&mut self, draft: Draft) -> Result<(), StoreError> {
        let written = self.scribe.write(draft);
        let was_healthy = self.pulse.is_healthy.swap(written.is_ok(), Ordering::Relaxed);
        match &written {
            Ok(()) => {
                self.pulse.transactions.fetch_add(1, Ordering::Relaxed);
                self.pulse.audit_rows.store(self.scribe.census().audit_rows(), Ordering::Relaxed);
                if !was_healthy {
                    tracing::info!("the store can be written again");
                }
            }
            Err(error) if was_healthy => tracing::error!(%error, "the store cannot be written"),
            Err(_) => {}
        }
        written
    }

    /// Has the calls on pages go to their rows.
    fn empty_pages(&mut self) {
        self.pages_kept = 0;
        self.holdings.call_logs.leave(&self.behind);
    }

    /// Writes a part of what is behind; whether something is left.
    fn flush_chunk(&mut self) -> Result<bool, StoreError> {
        fault::at("writer.flush");
        let logs = &self.holdings.call_logs;
        let (mut chunk, page, torn_out) = (self.behind.chunk(), logs.page(), logs.torn_out());
        if chunk.is_empty() && page.is_none() && torn_out.is_empty() {
            return Ok(false);
        }
        let reader = self.scribe.reader();
        let draft = chunk.draft(&self.holdings, &*reader, self.scribe.keys(), &mut *self.dice);
        let draft = draft.and_then(|mut draft| {
            if let Some(page) = &page {
                page.draft(&self.holdings.masters, &mut *self.dice, &mut draft)?;
            }
            torn_out.iter().for_each(|page| draft.delete(rows::call_page_key(*page)));
            Ok(draft)
        });
        let written = draft.and_then(|draft| self.transact(draft));
        let logs = &self.holdings.call_logs;
        match written {
            Ok(()) => {
                self.behind.written(&chunk, &self.holdings);
                logs.were_torn_out(&torn_out);
                if let Some(page) = page {
                    logs.page_written(page);
                    // Nobody listens: nobody minds.
                    let _listeners = self.topics.send(Topic::Calls);
                }
                Ok(self.behind.len() > 0 || logs.fresh() > 0 || !logs.torn_out().is_empty())
            }
            Err(error) => {
                drop(page);
                logs.page_lost();
                self.behind.put_back(chunk);
                Err(error)
            }
        }
    }

    /// Writes everything that is behind, calls to the rows of their users.
    fn flush(&mut self) -> Result<(), StoreError> {
        while self.flush_chunk()? {}
        self.empty_pages();
        while self.flush_chunk()? {}
        Ok(())
    }

    /// While nothing can be written, finds out each tick whether it can again.
    fn probe(&mut self) {
        if !self.pulse.is_healthy.load(Ordering::Relaxed) {
            let _still = self.transact(Draft::default());
        }
    }

    fn tell(&self, topics: HashSet<Topic>) {
        for topic in topics {
            // Nobody listens: nobody minds.
            let _listeners = self.topics.send(topic);
        }
    }

    /// Makes memory say what the disk says.
    fn apply(&self, acts: Vec<Act>) -> HashSet<Topic> {
        let holdings = &self.holdings;
        let mut topics = HashSet::new();
        let mut owners = HashSet::new();
        let may_make_right = acts.iter().any(Act::may_make_right);
        for act in acts {
            topics.insert(self.apply_one(act, &mut owners));
        }
        for owner in owners {
            holdings.derive_again(owner);
        }
        if may_make_right {
            holdings.note_change();
        }
        topics
    }

    fn apply_one(&self, act: Act, owners: &mut HashSet<Owner>) -> Topic {
        let holdings = &self.holdings;
        match act {
            Act::Settings(settings) => {
                holdings.settings.store(settings);
                return Topic::Settings;
            }
            Act::Reporting(reporting) => {
                holdings.reporting.store(reporting);
                return Topic::Settings;
            }
            Act::Domain(domain) => {
                self.note_realm(domain.id, &domain.realm, owners);
                holdings.put_domain(domain);
            }
            Act::DropDomain(id) => holdings.drop_domain(id),
            Act::Document(document) => {
                let topic = topic_of(document.id().kind());
                holdings.put_document(document);
                return topic;
            }
            Act::DropDocument(id) => {
                holdings.drop_document(id);
                return topic_of(id.kind());
            }
            Act::NoteCall(account, entry) => {
                holdings.note_call(account, entry);
                return Topic::Calls;
            }
            Act::ForgetCalls(account, page) => {
                holdings.call_logs.forget(account);
                holdings.call_logs.forgetting_written(page);
                return Topic::Calls;
            }
            Act::Recorded => return Topic::Calls,
            Act::Account(account) => {
                owners.insert(Owner::Account(account.id));
                holdings.put_account(account);
            }
            Act::DropAccount(id) => holdings.drop_account(id),
            Act::Activity(id, activity) => holdings.put_activity(id, activity),
            Act::NoteFailure(id) => {
                holdings.note_failure(id);
                self.behind.note(Dirty::Activity(id));
            }
            Act::Extension(extension) => {
                owners.insert(Owner::Extension(extension.id));
                owners.extend(extension.user.map(Owner::Account));
                holdings.put_extension(extension);
            }
            Act::DropExtension(id) => {
                let user = holdings.extension(id).and_then(|extension| extension.user);
                owners.extend(user.map(Owner::Account));
                holdings.drop_extension(id);
            }
            Act::Credential(owner, kind, sealed, facts) => {
                if let Err(error) = holdings.put_credential(owner, kind, sealed, facts) {
                    tracing::error!(%error, "a credential opens nothing from now on");
                }
            }
            Act::Facts(owner, kind, facts) => holdings.put_facts(owner, kind, facts),
            Act::DropCredential(owner, kind) => holdings.drop_credential(owner, kind),
            Act::Former(owner, kind, former) => holdings.put_former(owner, kind, former),
            Act::ForgetFormer(owner, kind) => holdings.forget_former(owner, kind),
            Act::KnowPlace(id, from, at) => {
                if holdings.change_places(id, |places| places.note(from, at)) {
                    self.behind.note(Dirty::Places(id));
                }
            }
            Act::KeptTally(key) => {
                holdings.counts.keep(&key);
                return Topic::Locks;
            }
            Act::ClearTally(key) => {
                holdings.counts.clear(&key);
                return Topic::Locks;
            }
            Act::Session(session) => {
                holdings.put_session(session);
                return Topic::Sessions;
            }
            Act::Touch(id, at) => {
                holdings.touch_session(id, at);
                return Topic::Sessions;
            }
            Act::DropSession(id) => {
                holdings.drop_session(id);
                return Topic::Sessions;
            }
            Act::Registration(registration) => {
                holdings.put_registration(registration);
                return Topic::Phones;
            }
            Act::LogOut(id, contact) => {
                holdings.log_out(id, contact.as_deref());
                // A phone may have come since the row was written.
                self.behind.note(Dirty::Registration(id));
                return Topic::Phones;
            }
            Act::Quarantine(place, quarantined) => {
                for gone in holdings.put_quarantined(place, quarantined) {
                    self.behind.note(Dirty::Quarantine(gone));
                }
                return Topic::Quarantine;
            }
            Act::Release(extension) => {
                holdings.release(extension);
                return Topic::Quarantine;
            }
            // Noted like a failure: on disk a moment later.
            Act::Alarm(change) => {
                for id in holdings.alarms.change(change) {
                    self.behind.note(Dirty::Alarm(id));
                }
                return Topic::Alarms;
            }
            Act::Delivered(target, seq) => {
                holdings.delivered.set(target, seq);
                self.behind.note(Dirty::Delivered(target));
                return Topic::Settings;
            }
            Act::Audited => return Topic::Audit,
        }
        Topic::Accounts
    }

    /// Digests of a domain with a new realm are derived again.
    fn note_realm(&self, id: signin::ident::DomainId, realm: &str, owners: &mut HashSet<Owner>) {
        if self.holdings.domain(id).is_some_and(|before| &*before.realm == realm) {
            return;
        }
        self.holdings.each_extension(|extension| {
            if extension.domain == id {
                owners.insert(Owner::Extension(extension.id));
                owners.extend(extension.user.map(Owner::Account));
            }
        });
    }
}

const fn topic_of(kind: DocumentKind) -> Topic {
    match kind {
        DocumentKind::RightsGroup | DocumentKind::Draft | DocumentKind::ApiToken | DocumentKind::Profile => {
            Topic::Accounts
        }
        DocumentKind::Mailbox | DocumentKind::Seat | DocumentKind::Desk => Topic::Calls,
        DocumentKind::ShortCodes => Topic::Settings,
    }
}
