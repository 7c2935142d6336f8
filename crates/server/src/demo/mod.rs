//! The demo: the product with a sample office whose people and phones are simulated, so that every page has life.
//!
//! It starts the system like `serve` does, in a folder of its own, on the loopback alone. The office's past is gone through
//! first with a clock that is moved; then the system is started again on the machine's clock, and the office lives on at the
//! pace of people. What is simulated stands outside: phones speak SIP to the listener, and people do what administrators do.
//! Nothing here is on the way of a real sign-in.

mod addresses;
mod agenda;
mod folder;
mod life;
mod office;
mod past;
mod phone;
mod visitor;

use std::{
    fmt::Display,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use signin::{
    account::{ADMINISTRATOR, BUSINESS_PARTNER, RoleKind},
    admin::{By, Ignition, SecretChoice},
    credential::{self, About, CredentialKind, Owner},
    dice::roll,
    ident::{DomainId, FoldedName},
    policy::Settings,
    records::Records as _,
    secret::Secret,
    timestamp::Timestamp,
};
use thiserror::Error;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use self::{
    agenda::{Deed, Pace},
    folder::{CONFIG_FILE, DemoFolder},
    life::{Codes, Life, Passwords, replace_codes},
};
use crate::{
    clock::Clock,
    config::Loaded,
    core_dump,
    dice::OsDice,
    flow::Refusal,
    listen::listener::Listener,
    logging,
    serve::{Running, welcome},
    system::{StartError, System},
};

/// How a demo is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it is kept; `None` = in a folder that goes with it.
    pub folder: Option<PathBuf>,
    /// Where real data lies, which is left alone.
    pub real: PathBuf,
    /// What the dice of the story start with; `None` = by chance.
    pub seed: Option<u64>,
}

/// Why there is no demo.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The folder is somebody's.
    #[error("{} is there already, and no demo has made it; nothing in it was touched", .0.display())]
    NotOurs(PathBuf),
    /// The folder is where real data lies.
    #[error("{} is not for a demo: the data folder of the configuration is {}", .folder.display(), .real.display())]
    RealData {
        /// Which was wanted.
        folder: PathBuf,
        /// What it would have met.
        real: PathBuf,
    },
    /// The folder cannot be used.
    #[error("{}: {error}", .folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The system does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The office cannot be made.
    #[error("the sample office cannot be made: {what}: {why}")]
    Office {
        /// What of it.
        what: String,
        /// Why not.
        why: String,
    },
}

/// A demo that runs.
#[derive(Debug)]
pub struct Demo {
    running: Running,
    life: JoinHandle<()>,
    passwords: Passwords,
    guest: Option<Secret>,
    // Dropped last: the folder goes when nothing is in use any more.
    folder: DemoFolder,
}

/// The whole life of a demo: starts, says through `say` where it is and how to get in, lives until SIGINT, SIGTERM or
/// SIGHUP, stops.
///
/// # Errors
/// It did not start: [`DemoError`], or something of the machine's.
pub fn run(wanted: &Wanted, say: impl Fn(&str)) -> anyhow::Result<()> {
    core_dump::forbid();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the runtime could not be started")?.block_on(async {
        // From here on a signal waits for us, so that the folder never stays behind.
        let unheard = "signals cannot be received";
        let mut interrupt = signal(SignalKind::interrupt()).context(unheard)?;
        let mut terminate = signal(SignalKind::terminate()).context(unheard)?;
        let mut hang_up = signal(SignalKind::hangup()).context(unheard)?;
        let demo = Demo::start(wanted).await?;
        say(&demo.welcome());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        say(&demo.stop().await);
        Ok(())
    })
}

impl DemoError {
    fn refused(what: &str, refusal: &Refusal) -> Self {
        let why = match refusal {
            Refusal::Problem(problem) => problem.to_string(),
            Refusal::Unavailable => "nothing can be changed at the moment".into(),
        };
        Self::Office { what: what.into(), why }
    }

    fn broken(what: &str, why: impl Display) -> Self {
        Self::Office { what: what.into(), why: why.to_string() }
    }
}

impl Demo {
    /// Starts it. When this returns, the phones of today are registered.
    ///
    /// # Errors
    /// In words; nothing runs then, and a folder that was made for it is gone.
    pub async fn start(wanted: &Wanted) -> Result<Self, DemoError> {
        let folder = match &wanted.folder {
            None => DemoFolder::fresh(&mut OsDice)?,
            Some(named) => DemoFolder::named(named, &wanted.real)?,
        };
        let loaded = folder.configuration()?;
        logging::start(&loaded.config.log);
        let seed = wanted.seed.unwrap_or_else(|| u64::from_le_bytes(roll(&mut OsDice)));
        let passwords = Passwords { administrator: new_password(), business_partner: new_password() };
        let (running, mut life, guest) = if folder.is_new() {
            first_days(loaded, seed, &passwords).await?
        } else {
            another_day(loaded, seed, &passwords).await?
        };
        let stop = running.system.stop.clone();
        life.agenda.put_in(5, Deed::Anything);
        let life = tokio::spawn(async move {
            tokio::select! {
                () = life.until(Timestamp::MAX) => {}
                () = stop.cancelled() => {}
            }
        });
        Ok(Self { running, life, passwords, guest, folder })
    }

    /// The system that runs.
    pub const fn system(&self) -> &Arc<System> {
        &self.running.system
    }

    /// Where everything is kept.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The text for whoever started it: where the pages are and how to get in. The one place where the secrets are told.
    pub fn welcome(&self) -> String {
        let mut text = welcome(&self.running.system);
        let mut say = |line: &str| text.push_str(&format!("{line}\n"));
        say(
            "\nThis is a demo: the people and the phones of its office are simulated, and it listens on this",
        );
        say("machine alone. Sign in at the web manager:\n");
        for (name, password) in [
            (ADMINISTRATOR, &self.passwords.administrator),
            (BUSINESS_PARTNER, &self.passwords.business_partner),
        ] {
            say(&format!("  {name:<16} {}", password.reveal()));
        }
        if let (Some(code), Some(phones)) =
            (&self.guest, self.running.system.addresses().of(Listener::SipUdp).first())
        {
            say("\nA phone of your own, on this machine:\n");
            say(&format!("  {:<16} number {}, password {}", phones, office::GUEST, code.reveal()));
        }
        say("\nAll of them were made by chance and are shown this once. Commands find the demo with\n");
        say(&format!("  hookswitch --config {} status", self.folder.path().join(CONFIG_FILE).display()));
        let folder = self.folder.path().display();
        if self.folder.is_kept() {
            say(&format!("\nCtrl-C ends it. The office stays in {folder}."));
        } else {
            say(&format!("\nCtrl-C ends it, and removes {folder}."));
        }
        text
    }

    /// Stops it in order; a folder that was made for it alone is gone afterwards. Gives what there is to say.
    pub async fn stop(self) -> String {
        let Self { running, life, folder, .. } = self;
        running.stop().await;
        // The phones are unplugged, not logged out: who opens the office again finds them as they were.
        if let Err(error) = life.await {
            tracing::error!(%error, "the life of the demo ended in a panic");
        }
        let path = folder.path().to_owned();
        let is_kept = folder.is_kept();
        drop(folder);
        let after = if is_kept { "stays" } else { "is removed" };
        format!("\nThe demo has ended; {} {after}.\n", path.display())
    }
}

/// Makes the office, goes through its past, and starts the system again in the present.
async fn first_days(
    loaded: Loaded,
    seed: u64,
    passwords: &Passwords,
) -> Result<(Running, Life, Option<Secret>), DemoError> {
    let now = Clock::machine().now();
    let clock = Clock::by_hand(past::beginning(now));
    let running = Running::start(loaded.clone(), clock.clone()).await?;
    let done = first_days_of(&running, clock, now, seed, passwords).await;
    running.stop().await;
    let (mut life, guest) = done?;
    let running = Running::start(loaded, Clock::machine()).await?;
    life.move_to(&running.system, phones_at(&running)?);
    life.knock().await;
    Ok((running, life, guest))
}

async fn first_days_of(
    running: &Running,
    clock: Clock,
    now: Timestamp,
    seed: u64,
    passwords: &Passwords,
) -> Result<(Life, Option<Secret>), DemoError> {
    let system = &running.system;
    let asked = Ignition {
        system_name: office::NAME.into(),
        administrator: passwords.administrator.clone(),
        business_partner: Some(passwords.business_partner.clone()),
        lan1: Vec::new(),
        lan2: Vec::new(),
        realm: office::REALM.into(),
        hosts: Vec::new(),
    };
    let ignited = system.ignite(&By::console(), asked).await;
    ignited.map_err(|refusal| DemoError::refused("ignition", &refusal))?;
    let mut life = Life::new(system, phones_at(running)?, Pace::Past(clock), seed, passwords.clone());
    let codes = life.move_in().await?;
    let unplugged = |error: io::Error| DemoError::broken("a phone", error);
    life.furnish(&codes, &Codes::new()).await.map_err(unplugged)?;
    life.remember(now);
    life.until(now).await;
    Ok((life, codes.get(office::GUEST).cloned()))
}

/// Opens an office that was kept: everybody gets new secrets, for nobody was to remember the old ones.
async fn another_day(
    loaded: Loaded,
    seed: u64,
    passwords: &Passwords,
) -> Result<(Running, Life, Option<Secret>), DemoError> {
    let running = Running::start(loaded, Clock::machine()).await?;
    match another_day_of(&running, seed, passwords).await {
        Ok((life, guest)) => Ok((running, life, guest)),
        Err(error) => {
            running.stop().await;
            Err(error)
        }
    }
}

async fn another_day_of(
    running: &Running,
    seed: u64,
    passwords: &Passwords,
) -> Result<(Life, Option<Secret>), DemoError> {
    let system = &running.system;
    let accounts =
        [(ADMINISTRATOR, &passwords.administrator), (BUSINESS_PARTNER, &passwords.business_partner)];
    let by = By::console();
    for (name, password) in accounts {
        let folded = FoldedName::of(name);
        let account = system.ledger.account_named(RoleKind::ServiceUser, DomainId::FIRST, &folded);
        let account = account.ok_or_else(|| {
            DemoError::broken(name, "this demo was ended before it was complete; remove its folder")
        })?;
        let choice = SecretChoice::Set(password.clone());
        let owner = Owner::Account(account.id);
        let kind = CredentialKind::ServicePassword;
        let set =
            system.administer(&by, move |admin, dice| admin.set_secret(owner, kind, &choice, false, dice));
        set.await.map_err(|refusal| DemoError::refused(name, &refusal))?;
    }
    let pace = Pace::Present(system.clock.clone());
    let mut life = Life::new(system, phones_at(running)?, pace, seed, passwords.clone());
    let (codes, before) = replace_codes(system).await;
    life.furnish(&codes, &before).await.map_err(|error| DemoError::broken("a phone", error))?;
    life.switch_on().await;
    Ok((life, codes.get(office::GUEST).cloned()))
}

fn phones_at(running: &Running) -> Result<SocketAddr, DemoError> {
    let address = running.system.addresses().of(Listener::SipUdp).first().copied();
    address.ok_or_else(|| DemoError::broken("the phones", "nothing listens for them"))
}

/// A password by chance that any rules of a new system take.
fn new_password() -> Secret {
    let (about, rules) = (About::default(), Settings::default());
    credential::generate(CredentialKind::ServicePassword, &about, &rules, &mut OsDice)
}
