//! Forgotten passwords: whoever asks for a link is answered at once, and what comes of it is worked out afterwards, one after the
//! other. So the answer takes the same time for names that somebody has and for those that nobody has.

use std::{net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use signin::{
    account::RoleKind, admin::By, ident::DomainId, interface::LoginInterface, link::LinkKind,
    mail::MailAddress, mailed::Mailed,
};
use tokio::sync::mpsc;

use crate::{notify::mail::Errand, system::System};

/// Most wishes that wait. They take a moment each, so that more would be a flood.
const WAITING_MAX: usize = 256;

/// Somebody's wish for a link.
#[derive(Debug)]
pub struct Wish {
    /// Administrators' pages, or people's.
    pub kind: RoleKind,
    /// The organisation whose names are meant.
    pub domain: DomainId,
    /// The name or number that was typed.
    pub name: Box<str>,
    /// The mail address that was typed.
    pub address: Box<str>,
    /// Where the wish came from.
    pub from: IpAddr,
    /// With which program.
    pub agent: Box<str>,
}

/// The wishes, and how much was mailed of late.
#[derive(Debug)]
pub struct Recovery {
    wishes: mpsc::Sender<Wish>,
    waiting: Mutex<Option<mpsc::Receiver<Wish>>>,
    mailed: Mutex<Mailed>,
}

impl Default for Recovery {
    fn default() -> Self {
        let (wishes, waiting) = mpsc::channel(WAITING_MAX);
        Self { wishes, waiting: Mutex::new(Some(waiting)), mailed: Mutex::default() }
    }
}

impl Recovery {
    /// Takes a wish; `false` = too many wait.
    #[must_use]
    pub fn take(&self, wish: Wish) -> bool {
        self.wishes.try_send(wish).is_ok()
    }
}

/// Works out what comes of wishes, until the program stops.
pub async fn run(system: Arc<System>) {
    let Some(mut waiting) = system.recovery.waiting.lock().take() else { return };
    loop {
        let wish = tokio::select! {
            wish = waiting.recv() => wish,
            () = system.stop.cancelled() => return,
        };
        match wish {
            Some(wish) => fulfil(&system, wish).await,
            None => return,
        }
    }
}

async fn fulfil(system: &Arc<System>, wish: Wish) {
    let Wish { kind, domain, name, address, from, agent } = wish;
    let to = MailAddress::parse(address.trim());
    let now = system.clock.now();
    let allows = to.as_ref().is_some_and(|to| system.recovery.mailed.lock().allows(to, from, now));
    let by = By::stranger(domain, LoginInterface::PasswordRecovery, from, &agent);
    let done = system
        .administer(&by, move |admin, dice| admin.ask_recovery(kind, &name, &address, allows, dice))
        .await;
    match done {
        Ok(done) => {
            if let Some(mailing) = done.value {
                system.recovery.mailed.lock().note(&mailing.to, from, now);
                let errand = Errand::Link(LinkKind::Recovery, Arc::new(mailing));
                system.mail.put(errand, tokio::time::Instant::now());
            }
        }
        // It is in the log already; whoever asked may ask again.
        Err(_) => {
            system.metrics.store_faults.inc();
        }
    }
}
