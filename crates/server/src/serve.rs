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
    alarms, attendant,
    clock::Clock,
    config::Loaded,
    core_dump, descriptors,
    doors::Porter,
    interfaces::sip::{
        SipInterface,
        kept::{self, Print},
    },
    listen::{
        certificate::{addresses_of_this_machine, names_of_this_machine},
        listener::{Addresses, LISTENERS, ListenerRow},
    },
    local::{answers::Answers, listener::LocalListener},
    logging, notify, recovery, retention,
    system::{StartError, System, or_cores},
};

/// Where a running system tells its addresses, in the data folder.
pub const ADDRESSES_FILE: &str = "addresses.json";
/// How often what has ended is taken out of memory.
const SWEEP: Duration = Duration::from_secs(5);
/// How often it is looked which messages of calls must be sent again: a fraction of the shortest wait (RFC 3261, T1).
const CALLS_TICK: Duration = Duration::from_millis(100);
/// How often the course of sign-ins is written down, in seconds; and at the end.
const SERIES_SAVED_EVERY: u64 = 300;
/// How often the calls that go on are written down, in seconds, for the case that the program ends without stopping.
const CALLS_KEPT_EVERY: u64 = 60;
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

/// The whole life of the program: starts, says through `say` where it can be reached, serves until SIGTERM or
/// SIGINT, stops. SIGHUP reads the configuration again.
///
/// # Errors
/// It did not start: [`StartError`], or something of the machine's.
pub fn run(loaded: Loaded, say: impl FnOnce(&str)) -> anyhow::Result<()> {
    logging::start(&loaded.config.log);
    core_dump::forbid();
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
        // Both are in the log.
        Ok(Ok(_) | Err(_)) => {}
        Err(error) => tracing::error!(%error, "the configuration was not reloaded"),
    }
}

impl Running {
    /// Starts everything. Inside a runtime with several threads.
    ///
    /// # Errors
    /// In words, with what to do; nothing runs then.
    pub async fn start(loaded: Loaded, clock: Clock) -> Result<Self, StartError> {
        descriptors::raise(&loaded.config);
        let opened = loaded.clone();
        let system = match tokio::task::spawn_blocking(move || System::open(opened, clock)).await {
            Ok(system) => system?,
            Err(error) => {
                return Err(StartError::Machine { what: "starting", error: io::Error::other(error) });
            }
        };
        let porter = Porter::new(&loaded, &system);
        let doors = LISTENERS.iter().map(|row| porter.door(row.listener)).collect::<Result<Vec<_>, _>>()?;
        let local = LocalListener::bind(&loaded.config.data_folder)
            .map_err(|error| StartError::Machine { what: "opening the local socket", error })?;
        let addresses = Addresses {
            listeners: doors.iter().map(|door| (door.listener, door.addresses.clone())).collect(),
            local: Some(local.path().to_owned()),
        };
        // Before anybody is answered: a clock that was set back meanwhile makes no lock longer, not even for a moment.
        let sip = Arc::clone(porter.sip());
        let take_up = move || {
            sip.system().ledger.sweep(sip.system().clock.now());
            kept::take_up(&sip);
        };
        if let Err(error) = tokio::task::spawn_blocking(take_up).await {
            tracing::error!(%error, "what is from before the start was not taken up");
        }
        let tasks = TaskTracker::new();
        let mut threads = Vec::new();
        for door in doors {
            let served = door.serve(&tasks);
            threads.extend(served.map_err(|error| StartError::Machine { what: "listening", error })?);
        }
        tasks.spawn(sweep(Arc::clone(&system)));
        tasks.spawn(attend_calls(Arc::clone(porter.sip())));
        tasks.spawn(retention::keep(Arc::clone(&system)));
        tasks.spawn(alarms::watch(Arc::clone(&system)));
        tasks.spawn(notify::run(Arc::clone(&system)));
        tasks.spawn(notify::mail::run(Arc::clone(&system)));
        tasks.spawn(recovery::run(Arc::clone(&system)));
        note(&system, Action::Started).await;
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
        let sip = self.system.sip();
        // As long as phones are listened to.
        if let Some(sip) = &sip {
            sip.part().await;
        }
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
        if let Some(sip) = sip {
            // What has begun since.
            sip.end_what_is_ours();
        }
        note(&self.system, Action::Stopped).await;
        self.system.folder.remove(ADDRESSES_FILE);
        let ended = Arc::clone(&self.system);
        let close = move || {
            ended.series.look(&ended.metrics, ended.clock.now());
            save_series(&ended);
            kept::keep(&ended, Some(ended.clock.now()), Print::default());
            ended.ledger.close()
        };
        match tokio::task::spawn_blocking(close).await {
            Ok(Ok(())) => tracing::info!("stopped"),
            Ok(Err(error)) => tracing::error!(%error, "the last changes could not be written"),
            Err(error) => tracing::error!(%error, "the store did not end cleanly"),
        }
    }
}

/// Sends again what phones have not answered, and gives up what they never will.
async fn attend_calls(sip: Arc<SipInterface>) {
    let mut tick = tokio::time::interval(CALLS_TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept_at = sip.system().clock.now();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = sip.system().stop.cancelled() => return,
        }
        sip.tick();
        let now = sip.system().clock.now();
        if now.seconds_since(swept_at) >= SWEEP.as_secs() {
            swept_at = now;
            sip.sweep();
            attendant::end_stays(sip.system()).await;
        }
    }
}

/// Takes out of memory what time has ended.
async fn sweep(system: Arc<System>) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut saved_at = system.clock.now();
    let (mut kept_at, mut print) = (saved_at, Print::default());
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = system.stop.cancelled() => return,
        }
        system.clock.follow();
        let now = system.clock.now();
        system.series.look(&system.metrics, now);
        let is_due = now.seconds_since(saved_at) >= SERIES_SAVED_EVERY;
        if is_due {
            saved_at = now;
        }
        let is_kept = now.seconds_since(kept_at) >= CALLS_KEPT_EVERY;
        if is_kept {
            kept_at = now;
        }
        // It walks through everything that is known: not on a thread that others wait for.
        let swept = Arc::clone(&system);
        let sweep = move || {
            swept.ledger.sweep(now);
            if is_due {
                save_series(&swept);
            }
            if is_kept { kept::keep(&swept, None, print) } else { print }
        };
        print = tokio::task::spawn_blocking(sweep).await.unwrap_or_default();
    }
}

fn save_series(system: &System) {
    if let Err(error) = system.series.save(&system.folder) {
        tracing::warn!(%error, "the course of sign-ins could not be written down");
    }
}

/// The short text for whoever started the program: where the pages are, and what to do first.
pub fn welcome(system: &System) -> String {
    let addresses = system.addresses();
    let mut text = format!("\nHookswitch {} is running.\n\n", env!("CARGO_PKG_VERSION"));
    let mut row = |title: &str, value: String| text.push_str(&format!("  {title:<12} {value}\n"));
    for (ListenerRow { title, around: (before, after), .. }, address) in addresses.rows() {
        row(title, format!("{before}{}{after}", shown(address)));
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
