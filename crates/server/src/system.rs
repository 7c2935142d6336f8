//! The system: what everything that runs shares, and how it is put together.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, OnceLock, Weak},
};

use arc_swap::{ArcSwap, Guard};
use signin::{
    admin::is_ignited,
    challenge::Challenger,
    dice::roll,
    digest,
    timestamp::{Seconds, Timestamp},
};
use store::{
    Ledger, MasterKeys, OpenError,
    engine::{Engine, SqliteEngine},
    fault,
};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::{
    census::LastCensus,
    clock::Clock,
    config::{Config, ConfigError, Loaded},
    data_folder::DataFolder,
    dice::OsDice,
    editor::Editor,
    hashing::HashingPool,
    ignition::Ignition,
    interfaces::sip::{Calls, SipInterface},
    jobs::Jobs,
    listen::{
        certificate::{Certificate, CertificateError},
        listener::Addresses,
        tls::Tls,
    },
    master_key::{self, MasterKeyError},
    metrics::Metrics,
    notify::{mail::post::Post, state::Deliveries},
    recovery::Recovery,
    series::Series,
    signs::Signs,
};

/// What everything that runs shares.
pub struct System {
    /// The memory. Everything that is known, and the one way to change it.
    pub ledger: Arc<Ledger>,
    /// The configuration in force; a reload exchanges it.
    pub config: ArcSwap<Loaded>,
    /// The one that the program started with. What is only read at the start is still as it says.
    pub started_with: Config,
    /// The data folder.
    pub folder: DataFolder,
    /// What time it is.
    pub clock: Clock,
    /// Turns for checking passwords.
    pub hashing: HashingPool,
    /// What is counted.
    pub metrics: Metrics,
    /// What was counted of late, minute by minute.
    pub series: Series,
    /// Makes and recognises the challenges for phones.
    pub challenger: Challenger,
    /// The ignition code, while the system waits for one.
    pub ignition: Ignition,
    /// The certificate in use.
    pub tls: Arc<Tls>,
    /// How telling others goes.
    pub deliveries: Deliveries,
    /// What waits to be mailed, and how that goes.
    pub mail: Post,
    /// Who asked for a link to a new password.
    pub recovery: Recovery,
    /// How all credentials stood a moment ago.
    pub last_census: LastCensus,
    /// What goes wrong beside the ledger.
    pub signs: Signs,
    /// Long work that goes on by itself.
    pub jobs: Jobs,
    /// The calls that are going on.
    pub calls: Calls,
    /// Cancelled when the program is to stop. Whatever lasts (a stream of events, a connection) ends then.
    pub stop: CancellationToken,
    /// What is the file's, where a draft is edited away from its system; `None` = this is a system.
    pub editor: Option<Editor>,
    /// Since when the program runs.
    pub started_at: Timestamp,
    addresses: OnceLock<Addresses>,
    sip: OnceLock<Weak<SipInterface>>,
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").field("started_at", &self.started_at).finish_non_exhaustive()
    }
}

/// Why the system cannot be started. All of it is for the operator to mend, and says how.
#[derive(Debug, Error)]
pub enum StartError {
    /// A mistake in the configuration: to try again helps nobody.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address that cannot be had: taken, or not there yet.
    #[error(transparent)]
    Address(ConfigError),
    /// The data folder.
    #[error("the data folder {}: {error}. Make sure that it is a folder of the user who runs Hookswitch.", .folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The cryptography library.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// Something of the machine's.
    #[error("{what}: {error}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

impl System {
    /// Puts the system together from its configuration. Nothing listens yet.
    ///
    /// # Errors
    /// In words, with what to do.
    pub fn open(loaded: Loaded, clock: Clock) -> Result<Arc<Self>, StartError> {
        let config = &loaded.config;
        let folder = Self::folder_of(config)?;
        fault::at("system.open");
        let keys = master_key::obtain(config, &folder)?;
        let engine = SqliteEngine::open(&config.data_folder)?;
        Self::assemble(loaded, clock, Box::new(engine), keys, None)
    }

    fn folder_of(config: &Config) -> Result<DataFolder, StartError> {
        DataFolder::open(&config.data_folder)
            .map_err(|error| StartError::Folder { folder: config.data_folder.clone(), error })
    }

    /// The same over any engine. Nothing listens yet.
    ///
    /// # Errors
    /// In words, with what to do.
    pub(crate) fn assemble(
        loaded: Loaded,
        clock: Clock,
        engine: Box<dyn Engine>,
        keys: MasterKeys,
        editor: Option<Editor>,
    ) -> Result<Arc<Self>, StartError> {
        let config = &loaded.config;
        let folder = Self::folder_of(config)?;
        digest::mask_keys(&mut OsDice);
        let ledger = Ledger::open(engine, keys, roll(&mut OsDice), Box::new(OsDice))?;
        let now = clock.now();
        let certificate = match Certificate::configured(&loaded)? {
            Some(own) => own,
            None => Certificate::self_made(&folder, now)?,
        };
        certificate.warn(now);
        let metrics = Metrics::new();
        let limits = &config.limits;
        let hashing =
            HashingPool::new(or_cores(limits.hashing_threads), limits.hashing_waiting_max, &metrics);
        let ignition = if is_ignited(&*ledger) { Ignition::done() } else { Ignition::awaited(&mut OsDice) };
        Ok(Arc::new(Self {
            challenger: Challenger::new(Seconds(config.sip.nonce_seconds), &mut OsDice),
            tls: Tls::new(certificate),
            started_with: loaded.config.clone(),
            config: ArcSwap::from_pointee(loaded),
            deliveries: Deliveries::default(),
            mail: Post::default(),
            recovery: Recovery::default(),
            last_census: LastCensus::default(),
            signs: Signs::default(),
            jobs: Jobs::default(),
            calls: Calls::default(),
            stop: CancellationToken::new(),
            started_at: now,
            series: Series::open(&folder, now),
            editor,
            addresses: OnceLock::new(),
            sip: OnceLock::new(),
            ledger,
            folder,
            clock,
            hashing,
            metrics,
            ignition,
        }))
    }

    /// The configuration in force.
    pub fn config(&self) -> Guard<Arc<Loaded>> {
        self.config.load()
    }

    /// Where the system listens; nowhere until it has started.
    pub fn addresses(&self) -> Addresses {
        self.addresses.get().cloned().unwrap_or_default()
    }

    pub(crate) fn set_addresses(&self, addresses: Addresses) {
        // Set once, at the end of the start; a second start of the same system does not exist.
        drop(self.addresses.set(addresses));
    }

    /// Who answers phones; nobody until it has started, and in an editor.
    pub fn sip(&self) -> Option<Arc<SipInterface>> {
        self.sip.get().and_then(Weak::upgrade)
    }

    pub(crate) fn set_sip(&self, sip: &Arc<SipInterface>) {
        // The first one that answers phones; a second one is a test's.
        drop(self.sip.set(Arc::downgrade(sip)));
    }

    /// Whether sign-ins can be served: the store takes changes.
    pub fn is_ready(&self) -> bool {
        self.ledger.is_healthy() && self.addresses.get().is_some()
    }
}

/// A number of threads where 0 stands for one a core.
pub(crate) fn or_cores(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        number => number,
    }
}
