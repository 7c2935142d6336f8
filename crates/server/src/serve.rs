//! Serving: what is started in which order, and stopped in the reverse one.
//!
//! Start: configuration, master key, ledger, certificate; then every address is taken (so that a mistake in one of
//! them stops the start before anybody was answered); then the listeners run; then `addresses.json` tells where.
//! Stop: nothing new is taken, what was taken is answered, the ledger is written out.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use signin::{
    audit::{Action, Actor, AuditEvent, Outcome},
    effect::Effect,
    ident::DomainId,
    interface::LoginInterface,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::MissedTickBehavior,
};
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    config::{ConfigError, Loaded},
    health,
    interfaces::sip::SipInterface,
    listen::{
        Bound,
        admission::Admission,
        bind_streams,
        certificate::{addresses_of_this_machine, names_of_this_machine},
        http::Pages,
        stream::PhoneStreams,
        udp::{self, BoundDatagrams},
    },
    local::{answers::Answers, listener::LocalListener},
    logging,
    system::{Addresses, StartError, System, or_cores},
    web,
};

/// Where a running system tells its addresses, in the data folder.
pub const ADDRESSES_FILE: &str = "addresses.json";
/// Descriptors for the database, the logs and the like, beside those of connections.
const DESCRIPTORS_SPARE: u64 = 256;
/// How often what has ended is taken out of memory.
const SWEEP: Duration = Duration::from_secs(5);
/// How long everything may take to end.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// A system that runs.
#[derive(Debug)]
pub struct Running {
    /// What everything in it shares.
    pub system: Arc<System>,
    tasks: TaskTracker,
    threads: Vec<JoinHandle<()>>,
}

/// Every address that was taken, before anybody is answered at one.
struct Taken {
    http: Vec<Bound>,
    https: Vec<Bound>,
    metrics: Vec<Bound>,
    sip_udp: Vec<BoundDatagrams>,
    sip_tcp: Vec<Bound>,
    sip_tls: Vec<Bound>,
}

/// The whole life of the program: starts, says through `say` where it can be reached, serves until SIGTERM or
/// SIGINT, stops. SIGHUP reads the configuration again.
///
/// # Errors
/// It did not start: [`StartError`], or something of the machine's.
pub fn run(loaded: Loaded, say: impl FnOnce(&str)) -> anyhow::Result<()> {
    logging::start(&loaded.config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(or_cores(loaded.config.threads))
        .thread_name("worker")
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    runtime.block_on(async {
        // From here on a signal waits for us instead of ending the program in the middle of its start.
        let mut signals = Signals::new().context("signals cannot be received")?;
        let running = Running::start(loaded, Clock::machine()).await?;
        say(&welcome(&running.system));
        signals.until_stop(&running.system).await;
        running.stop().await;
        Ok(())
    })
}

struct Signals {
    stop: [Signal; 2],
    reload: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            stop: [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?],
            reload: signal(SignalKind::hangup())?,
        })
    }

    async fn until_stop(&mut self, system: &Arc<System>) {
        let [terminate, interrupt] = &mut self.stop;
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = self.reload.recv() => reload(Arc::clone(system)).await,
            }
        }
    }
}

async fn reload(system: Arc<System>) {
    // Files are read: not on a thread that others wait for.
    match tokio::task::spawn_blocking(move || system.reload()).await {
        Ok(Ok(_)) => {}
        Ok(Err(ConfigError { key, problem, .. })) => {
            tracing::error!(key, problem, "the configuration was not reloaded");
        }
        Err(error) => tracing::error!(%error, "the configuration was not reloaded"),
    }
}

impl Running {
    /// Starts everything. Inside a runtime with several threads.
    ///
    /// # Errors
    /// In words, with what to do; nothing runs then.
    pub async fn start(loaded: Loaded, clock: Clock) -> Result<Self, StartError> {
        raise_descriptors(&loaded);
        let opened = loaded.clone();
        let system = match tokio::task::spawn_blocking(move || System::open(opened, clock)).await {
            Ok(system) => system?,
            Err(error) => {
                return Err(StartError::Machine { what: "starting", error: io::Error::other(error) });
            }
        };
        let taken = Taken::take(&loaded)?;
        let local = LocalListener::bind(&loaded.config.data_folder)
            .map_err(|error| StartError::Machine { what: "opening the local socket", error })?;
        let mut addresses = taken.addresses();
        let tasks = TaskTracker::new();
        let threads = taken.serve(&system, &tasks)?;
        tasks.spawn(sweep(Arc::clone(&system)));
        note(&system, Action::Started).await;
        addresses.local = Some(local.path().to_owned());
        let answers = Arc::new(Answers::of_server(Arc::clone(&system)));
        tasks.spawn(local.serve(answers, system.stop.clone(), tasks.clone()));
        write_addresses(&system, &addresses)
            .map_err(|error| StartError::Machine { what: "writing addresses.json", error })?;
        system.set_addresses(addresses);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
        Ok(Self { system, tasks, threads })
    }

    /// Stops everything: nothing new is taken, what was taken is answered, everything is written out.
    pub async fn stop(self) {
        tracing::info!("stopping");
        self.system.stop.cancel();
        // They answer what has arrived, and what they leave for later is among the tasks.
        let threads = self.threads;
        let joined = move || threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        match tokio::task::spawn_blocking(joined).await {
            Ok(0) => {}
            Ok(count) => tracing::error!(count, "threads for phones ended in a panic"),
            Err(error) => tracing::error!(%error, "threads for phones did not end"),
        }
        self.tasks.close();
        if tokio::time::timeout(STOP_GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!(count = self.tasks.len(), "some connections did not end in time");
        }
        note(&self.system, Action::Stopped).await;
        self.system.folder.remove(ADDRESSES_FILE);
        let ledger = Arc::clone(&self.system.ledger);
        match tokio::task::spawn_blocking(move || ledger.close()).await {
            Ok(Ok(())) => tracing::info!("stopped"),
            Ok(Err(error)) => tracing::error!(%error, "the last changes could not be written"),
            Err(error) => tracing::error!(%error, "the store did not end cleanly"),
        }
    }
}

impl Taken {
    fn take(loaded: &Loaded) -> Result<Self, ConfigError> {
        let config = &loaded.config;
        Ok(Self {
            http: bind_streams(loaded, "http.listen", &config.http.listen.0)?,
            https: bind_streams(loaded, "https.listen", &config.https.listen.0)?,
            metrics: bind_streams(loaded, "metrics.listen", &config.metrics.listen.0)?,
            sip_udp: udp::bind(loaded, &config.sip.udp.0, or_cores(config.sip.udp_threads))?,
            sip_tcp: bind_streams(loaded, "sip.tcp", &config.sip.tcp.0)?,
            sip_tls: bind_streams(loaded, "sip.tls", &config.sip.tls.0)?,
        })
    }

    fn addresses(&self) -> Addresses {
        let of = |bound: &[Bound]| bound.iter().map(|bound| bound.address).collect();
        Addresses {
            http: of(&self.http),
            https: of(&self.https),
            metrics: of(&self.metrics),
            sip_udp: self.sip_udp.iter().map(|bound| bound.address).collect(),
            sip_tcp: of(&self.sip_tcp),
            sip_tls: of(&self.sip_tls),
            local: None,
        }
    }

    /// The threads that were started, besides the tasks.
    fn serve(self, system: &Arc<System>, tasks: &TaskTracker) -> Result<Vec<JoinHandle<()>>, StartError> {
        let failed = |error| StartError::Machine { what: "listening", error };
        let sip = SipInterface::new(Arc::clone(system));
        let streams = [
            ("sip-tcp", self.sip_tcp, None),
            // SIP over TLS names no application protocol.
            ("sip-tls", self.sip_tls, Some(system.tls.acceptor(&[])?)),
        ];
        for (name, bound, tls) in streams {
            let admission = Admission::new(name, &system.metrics);
            let streams = PhoneStreams { sip: Arc::clone(&sip), admission, tls };
            for bound in bound {
                streams.clone().serve(bound, tasks).map_err(failed)?;
            }
        }
        let tls = system.tls.acceptor(&[b"h2", b"http/1.1"])?;
        let doors = [
            ("http", self.http, None, web::plain_router(Arc::clone(system))),
            ("https", self.https, Some(tls), web::router(Arc::clone(system))),
            ("metrics", self.metrics, None, health::router(Arc::clone(system))),
        ];
        for (name, bound, tls, router) in doors {
            let pages = Pages { admission: Admission::new(name, &system.metrics), tls, router };
            for bound in bound {
                pages.clone().serve(bound, system, tasks).map_err(failed)?;
            }
        }
        udp::serve(self.sip_udp, &sip, tasks).map_err(failed)
    }
}

/// Takes out of memory what time has ended.
async fn sweep(system: Arc<System>) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = system.stop.cancelled() => return,
        }
        // It walks through everything that is known: not on a thread that others wait for.
        let swept = Arc::clone(&system);
        drop(tokio::task::spawn_blocking(move || swept.ledger.sweep(swept.clock.now())).await);
    }
}

/// The short text for whoever started the program: where the pages are, and what to do first.
pub fn welcome(system: &System) -> String {
    let addresses = system.addresses();
    let mut text = format!("\nHookswitch {} is running.\n\n", env!("CARGO_PKG_VERSION"));
    let mut row = |title: &str, value: String| text.push_str(&format!("  {title:<12} {value}\n"));
    for address in &addresses.http {
        row("Links page", format!("http://{}/", shown(*address)));
    }
    for address in &addresses.https {
        row("Web manager", format!("https://{}/manager", shown(*address)));
    }
    for (transport, list) in
        [("UDP", &addresses.sip_udp), ("TCP", &addresses.sip_tcp), ("TLS", &addresses.sip_tls)]
    {
        for address in list {
            row("Phones", format!("{} by {transport}", shown(*address)));
        }
    }
    for address in &addresses.metrics {
        row("Health", format!("http://{}/healthz", shown(*address)));
    }
    let certificate = system.tls.certificate();
    if certificate.is_self_made {
        row("Certificate", "made by Hookswitch itself: the browser warns once. Its SHA-256 is".into());
        row("", certificate.fingerprint.clone());
    }
    if let Some(code) = system.ignition.code() {
        text.push_str(
            "\nThis system has no passwords yet. Open the web manager and enter this code, once:\n\n",
        );
        text.push_str(&format!("      {}\n", code.reveal()));
    }
    text
}

/// An address as one would type it: where the system listens everywhere, one that others can reach.
fn shown(address: SocketAddr) -> String {
    let of_family = |found: &IpAddr| found.is_ipv4() == address.is_ipv4();
    if !address.ip().is_unspecified() {
        return address.to_string();
    }
    match addresses_of_this_machine().into_iter().find(of_family) {
        Some(ip) => SocketAddr::new(ip, address.port()).to_string(),
        None => format!(
            "{}:{}",
            names_of_this_machine().first().map_or("localhost", String::as_str),
            address.port()
        ),
    }
}

fn write_addresses(system: &System, addresses: &Addresses) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(addresses).map_err(io::Error::other)?;
    system.folder.write(ADDRESSES_FILE, &text)
}

/// Puts into the audit that the system itself did something.
async fn note(system: &System, action: Action) {
    let event = AuditEvent {
        at: system.clock.now(),
        action,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::System,
        domain: DomainId::FIRST,
        subject: AuditEvent::text(env!("CARGO_PKG_VERSION")),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: Vec::new(),
        times: 1,
    };
    if let Err(error) = system.commit(vec![Effect::Audit(event)]).await {
        tracing::warn!(%error, "the audit could not be written");
    }
}

/// Every connection is a descriptor: asks the system for as many as the configuration may need.
fn raise_descriptors(loaded: &Loaded) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = u64::try_from(loaded.config.limits.connections_max).unwrap_or(u64::MAX).saturating_mul(4);
    let wanted = wanted.saturating_add(DESCRIPTORS_SPARE).min(hard);
    if wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
        tracing::warn!(count = soft, "the limit of open files could not be raised");
    }
}
