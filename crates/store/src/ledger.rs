//! The ledger: everything that is known, in memory, and the way to change it.

use std::{
    hash::RandomState,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use data_encoding::BASE64;
use parking_lot::Mutex;
use signin::{
    account::{Account, Activity, Condition, Role, RoleKind},
    api_token::TokenHash,
    credential::{About, CredentialFacts, CredentialKind, Owner, Traits, Verifier, hash_password},
    dice::{Dice, SeededDice},
    digest::DigestKeys,
    document::{Document, DocumentId, DocumentKind},
    effect::Effect,
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, FoldedName, Number},
    lockout::{Tally, TallyKey},
    place::{Places, Whose},
    policy::{RegistrationRules, Settings},
    records::Records,
    registration::Registration,
    reporting::Reporting,
    secret::Secret,
    session::{Session, SessionId},
    timestamp::Timestamp,
};
use tokio::sync::broadcast;

use crate::{
    behind::{Behind, Dirty, may_be_late},
    commit::Commit,
    engine::{Engine, Reader},
    error::{CommitError, OpenError, StoreError},
    holdings::Holdings,
    keyring::Keyring,
    load::{Loaded, load},
    old_hashes::OldHashes,
    scribe::Scribe,
    seal::MasterKeys,
    topic::Topic,
    writer::{Job, Pulse, Writer},
};

/// Most commits that wait.
const WAITING_MAX: usize = 16_384;
/// How often the lane behind is looked at.
const TICK: Duration = Duration::from_millis(500);
/// Topics that a slow listener may lag behind.
const TOPICS_MAX: usize = 256;

/// Everything that is known. Shared as `Arc<Ledger>`; every method may be called from every thread, and only
/// those that say so wait for the disk.
pub struct Ledger {
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) behind: Arc<Behind>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) keys: Keyring,
    /// What an unknown name is held against.
    pub(crate) decoys: Decoys,
    /// Makes prints of wrong secrets, with a key that no other start has.
    pub(crate) prints: RandomState,
    pub(crate) topics: broadcast::Sender<Topic>,
    pub(crate) old_hashes: OldHashes,
    jobs: SyncSender<Job>,
    threads: Mutex<Option<Threads>>,
}

/// What belongs to nobody and costs what real ones cost.
pub(crate) struct Decoys {
    pub(crate) plain: Verifier,
    pub(crate) token: Verifier,
    pub(crate) digest: Verifier,
    pub(crate) account: Account,
    pub(crate) extension: Extension,
}

struct Threads {
    writer: JoinHandle<()>,
    ticker: JoinHandle<()>,
    stop: Sender<()>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("figures", &self.figures()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Loads everything from the engine, checks key and damage, starts the writer. `decoy` is chance, made anew
    /// at each start; `dice` make nonces and keys.
    ///
    /// # Errors
    /// In words with a remedy; nothing was changed then.
    pub fn open(
        mut engine: Box<dyn Engine>,
        keys: MasterKeys,
        decoy: [u8; 32],
        mut dice: Box<dyn Dice + Send>,
    ) -> Result<Arc<Self>, OpenError> {
        let loaded = load(&mut *engine, keys, &mut *dice)?;
        let Loaded { holdings, keyring, census, sum, orphans } = loaded;
        let reader = engine.reader();
        let (jobs, queue) = sync_channel(WAITING_MAX);
        let (topics, _) = broadcast::channel(TOPICS_MAX);
        let behind = Arc::new(Behind::default());
        orphans.into_iter().for_each(|orphan| behind.note(orphan));
        let pulse = Arc::new(Pulse::default());
        pulse.audit_rows.store(census.audit_rows(), Ordering::Relaxed);
        let holdings = Arc::new(holdings);
        let writer = Writer {
            jobs: queue,
            scribe: Scribe::new(engine, keyring.clone(), census, sum),
            dice,
            holdings: Arc::clone(&holdings),
            behind: Arc::clone(&behind),
            topics: topics.clone(),
            pulse: Arc::clone(&pulse),
            pages_kept: 0,
        };
        let threads = Threads::start(writer, jobs.clone())?;
        Ok(Arc::new(Self {
            holdings,
            behind,
            pulse,
            reader,
            keys: keyring,
            decoys: Decoys::new(decoy),
            prints: RandomState::new(),
            topics,
            old_hashes: OldHashes::default(),
            jobs,
            threads: Mutex::new(Some(threads)),
        }))
    }

    /// Makes all the changes or none. What resolves is durable and in force.
    pub fn commit(&self, effects: Vec<Effect>) -> Commit {
        let (reply, commit) = Commit::pair();
        self.ask(Job::Commit(effects, reply));
        commit
    }

    /// Makes changes that may be a second late on disk: memory has them at once. Where one among them must not
    /// be late, all of them go the durable way, and nobody waits for it.
    pub fn commit_behind(&self, effects: Vec<Effect>) {
        if !effects.iter().all(may_be_late) {
            drop(self.commit(effects));
            return;
        }
        let mut topics = Vec::new();
        for effect in effects {
            self.behind.take(effect, &self.holdings, &mut topics);
        }
        self.tell(topics);
        self.hurry_if_much_waits();
    }

    /// Has the writer begin before the second is over.
    pub(crate) fn hurry_if_much_waits(&self) {
        if self.behind.is_large() && !self.pulse.is_hurry_waiting.swap(true, Ordering::Relaxed) {
            // A full queue looks behind soon enough.
            let _full = self.jobs.try_send(Job::Hurry);
        }
    }

    /// What a browser shall show to be known by from now on, where this account has just signed in; `shown` is what it
    /// showed. `None` where there is no secret to be bound to.
    pub fn device_token(
        &self,
        account: AccountId,
        shown: &str,
        now: Timestamp,
        dice: &mut dyn Dice,
    ) -> Option<Secret> {
        let kind = self.holdings.account(account)?.kind().password();
        let facts = self.holdings.facts(Owner::Account(account), kind)?;
        let whose = Whose { account, secret_set_at: facts.set_at };
        Some(self.keys.devices().renew(shown, whose, now, dice))
    }

    /// Writes what is behind now, and waits for it.
    pub fn flush(&self) -> Commit {
        let (reply, commit) = Commit::pair();
        self.ask(Job::Flush(reply));
        commit
    }

    /// How often anything has changed that could make a wrong secret right: settings, domains, accounts, extensions,
    /// secrets and their dates. What was looked up after this was asked still is so as long as the answer stays the same.
    pub fn changes(&self) -> u64 {
        self.holdings.changes()
    }

    /// The rules for registrations, without a share in the settings.
    pub fn registration_rules(&self) -> RegistrationRules {
        self.holdings.settings.load().registrations
    }

    /// Whether rows of the audit wait to be written: they are memory's alone until then, and stand behind what is written before.
    pub fn does_audit_wait(&self) -> bool {
        self.behind.does_audit_wait()
    }

    /// How many rows of the audit could not be kept since the start.
    pub fn audit_lost(&self) -> u64 {
        self.behind.audit_lost()
    }

    /// Tells what changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Topic> {
        self.topics.subscribe()
    }

    /// Whether the last write succeeded. Looked at twice a second after one that did not.
    pub fn is_healthy(&self) -> bool {
        self.pulse.is_healthy.load(Ordering::Relaxed)
    }

    /// Writes what is behind and stops; waits for it. Later commits are answered [`StoreError::Closed`].
    ///
    /// # Errors
    /// When what was behind could not be written.
    pub fn close(&self) -> Result<(), StoreError> {
        let Some(threads) = self.threads.lock().take() else { return Ok(()) };
        let (reply, commit) = Commit::pair();
        // The one message that waits for room.
        let asked = self.jobs.send(Job::Close(reply));
        let answer = asked.map_err(|_| CommitError::Store(StoreError::Closed)).and_then(|()| commit.wait());
        threads.join();
        answer.map_err(|error| match error {
            CommitError::Store(error) => error,
            other @ (CommitError::Conflict { .. }
            | CommitError::NameTaken
            | CommitError::NumberTaken
            | CommitError::SessionLimit
            | CommitError::Missing { .. }) => StoreError::Engine(other.to_string()),
        })
    }

    pub(crate) fn tell(&self, mut topics: Vec<Topic>) {
        topics.sort_unstable();
        topics.dedup();
        for topic in topics {
            // Nobody listens: nobody minds.
            let _listeners = self.topics.send(topic);
        }
    }

    fn ask(&self, job: Job) {
        let (job, error) = match self.jobs.try_send(job) {
            Ok(()) => return,
            Err(TrySendError::Full(job)) => (job, StoreError::Busy),
            Err(TrySendError::Disconnected(job)) => (job, StoreError::Closed),
        };
        match job {
            Job::Commit(effects, reply) => {
                // Memory has these counts as they are, and goes by them: the disk gets them when it can.
                for effect in effects {
                    if let Effect::KeepTally(key) = effect {
                        self.behind.note(Dirty::Tally(key.into()));
                    }
                }
                let _gone = reply.send(Err(CommitError::Store(error)));
            }
            Job::Flush(reply) | Job::Close(reply) => {
                let _gone = reply.send(Err(CommitError::Store(error)));
            }
            Job::Tick | Job::Hurry => {}
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the store did not end cleanly");
        }
    }
}

impl Threads {
    fn start(writer: Writer, jobs: SyncSender<Job>) -> Result<Self, OpenError> {
        let failed = |error: std::io::Error| {
            OpenError::Store(StoreError::Engine(format!("no thread could be started: {error}")))
        };
        let (stop, stopped) = channel();
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        let writer = named("store-writer").spawn(move || writer.run()).map_err(failed)?;
        let ticker = named("store-ticker").spawn(move || tick(&jobs, &stopped)).map_err(failed)?;
        Ok(Self { writer, ticker, stop })
    }

    fn join(self) {
        drop(self.stop);
        for thread in [self.writer, self.ticker] {
            if thread.join().is_err() {
                tracing::error!("a thread of the store has panicked");
            }
        }
    }
}

fn tick(jobs: &SyncSender<Job>, stopped: &Receiver<()>) {
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        if let Err(TrySendError::Disconnected(_)) = jobs.try_send(Job::Tick) {
            break;
        }
    }
}

impl Decoys {
    fn new(bytes: [u8; 32]) -> Self {
        let secret = Secret::new(BASE64.encode(&bytes));
        let [a, b, c, d, e, f, g, h, ..] = bytes;
        let mut salt = SeededDice(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        Self {
            plain: Verifier::Argon2(hash_password(&secret, &mut salt).into()),
            token: Verifier::Token(TokenHash::decoy(bytes)),
            digest: Verifier::Digest(DigestKeys::decoy(bytes)),
            account: Account {
                id: AccountId::NOBODY,
                version: 0,
                domain: DomainId::FIRST,
                name: "nobody".into(),
                full_name: "Nobody at all".into(),
                role: Role::User { extension: Some(ExtensionId::NOBODY) },
                condition: Condition::Enabled,
                created_at: Timestamp::EPOCH,
                enabled_at: Timestamp::EPOCH,
                expires_at: None,
            },
            extension: Extension {
                id: ExtensionId::NOBODY,
                version: 0,
                domain: DomainId::FIRST,
                number: Number::NOBODY,
                user: Some(AccountId::NOBODY),
                created_at: Timestamp::EPOCH,
            },
        }
    }
}

impl Records for Ledger {
    fn settings(&self) -> Arc<Settings> {
        self.holdings.settings.load_full()
    }

    fn reporting(&self) -> Arc<Reporting> {
        self.holdings.reporting.load_full()
    }

    fn domain(&self, id: DomainId) -> Option<Arc<Domain>> {
        self.holdings.domain(id)
    }

    fn domains(&self) -> Vec<Arc<Domain>> {
        self.holdings.domains.load().by_id.values().cloned().collect()
    }

    fn domain_of_host(&self, host: &str) -> DomainId {
        self.holdings.domain_of_host(host)
    }

    fn document(&self, id: DocumentId) -> Option<Arc<Document>> {
        self.holdings.document(id)
    }

    fn service_users(&self) -> Vec<Arc<Account>> {
        self.holdings.service_users()
    }

    fn documents(&self, kind: DocumentKind) -> Vec<Arc<Document>> {
        self.holdings.documents(kind)
    }

    fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.holdings.account(id)
    }

    fn account_named(&self, kind: RoleKind, domain: DomainId, name: &FoldedName) -> Option<Arc<Account>> {
        self.holdings.account(self.holdings.account_id(kind, domain, name)?)
    }

    fn activity(&self, id: AccountId) -> Activity {
        self.holdings.activity(id)
    }

    fn extension(&self, id: ExtensionId) -> Option<Arc<Extension>> {
        self.holdings.extension(id)
    }

    fn extension_numbered(&self, domain: DomainId, number: &Number) -> Option<Arc<Extension>> {
        self.holdings.extension(self.holdings.extension_id(domain, number)?)
    }

    fn credential(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.holdings.facts(owner, kind)
    }

    fn holds_secret(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        self.holdings.is_kept(owner, kind, secret)
    }

    fn places(&self, extension: ExtensionId) -> Places {
        self.holdings.places(extension).unwrap_or_default()
    }

    fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool {
        self.holdings.is_former(owner, kind, secret, last)
    }

    fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits> {
        self.holdings.traits(owner, kind, about)
    }

    fn account_ids(&self) -> Vec<AccountId> {
        let mut ids = Vec::new();
        self.holdings.each_account(|account| ids.push(account.id));
        ids
    }

    fn extension_ids(&self) -> Vec<ExtensionId> {
        let mut ids = Vec::new();
        self.holdings.each_extension(|extension| ids.push(extension.id));
        ids
    }

    fn tally(&self, key: &TallyKey) -> Tally {
        self.holdings.counts.tally(key)
    }

    fn lanes_of(&self, key: &TallyKey) -> Vec<TallyKey> {
        self.holdings.counts.lanes_of(key)
    }

    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.holdings.sessions.get(&id)
    }

    fn sessions_of(&self, account: AccountId) -> Vec<Arc<Session>> {
        self.holdings.sessions_of(account)
    }

    fn registration(&self, extension: ExtensionId) -> Option<Arc<Registration>> {
        self.holdings.registration(extension)
    }

    fn next_account(&self) -> AccountId {
        AccountId(self.holdings.account_next.fetch_add(1, Ordering::Relaxed))
    }

    fn next_extension(&self) -> ExtensionId {
        ExtensionId(self.holdings.extension_next.fetch_add(1, Ordering::Relaxed))
    }

    fn next_domain(&self) -> DomainId {
        DomainId(self.holdings.domain_next.fetch_add(1, Ordering::Relaxed))
    }
}
