//! Mail: letters that the program writes, and the server that takes them.
//!
//! ```text
//! errand ─▶ queue (short, in memory) ─▶ one worker ─▶ letter ─▶ the server that is set
//!                    ▲                                              │
//!                    ╰──── tried again later, so often and no more ─╯
//! ```
//! Nobody waits for a mail but whoever has a test sent. An errand is little: what is mailed is looked up when its turn comes,
//! and so the queue is never large, and what was deleted meanwhile is not sent. What waits when the program ends is not mailed;
//! nothing is ever only in a mail.

pub mod account;
pub mod letter;
pub mod post;
mod smtp;
mod voicemail;

use std::{sync::Arc, time::Duration};

use signin::{
    admin::Mailing,
    ident::AccountId,
    link::LinkKind,
    mail::{MailAddress, MailSettings},
    records::Records as _,
    timestamp::Timestamp,
};
use tokio::time::{Instant, sleep_until};

use self::{
    account::Notice,
    letter::Letter,
    post::{Next, Waiting},
};
use super::Failure;
use crate::{dice::OsDice, system::System};

/// How long one mail may take, all in all: a message of three minutes is some four megabytes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a test may take: somebody waits for it.
pub const TEST_PATIENCE: Duration = Duration::from_secs(20);

/// Something to be mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A message of a mailbox, by its number, to the address that the mailbox has.
    Voicemail(AccountId, u64),
    /// A link. Its secret is here alone: what is kept is a hash.
    Link(LinkKind, Arc<Mailing>),
    /// Word of what was done to an account at this moment.
    Notice(AccountId, MailAddress, Notice, Timestamp),
}

/// Whether mail can go out.
pub fn is_set_up(system: &System) -> bool {
    system.ledger.reporting().mail.is_set_up()
}

/// Sends a letter by the server that is set, and tells what that said.
///
/// # Errors
/// It was not taken.
pub async fn send(system: &System, letter: Letter, patience: Duration) -> Result<String, Failure> {
    let reporting = system.ledger.reporting();
    let way: &MailSettings = &reporting.mail;
    let Some(sender) = way.sender.as_ref().filter(|_| way.is_set_up()) else {
        return Err(Failure::unreachable("no server is set"));
    };
    let settings = system.ledger.settings();
    let written = letter.written(sender, &settings.system_name, system.clock.now(), &mut OsDice)?;
    let sent = tokio::time::timeout(patience, smtp::send(way, &written)).await;
    sent.map_err(|_| Failure::unreachable("no answer in time"))?
}

/// Sends what waits, until the program stops.
pub async fn run(system: Arc<System>) {
    tokio::select! {
        () = work(&system) => {}
        () = system.stop.cancelled() => {}
    }
}

async fn work(system: &Arc<System>) {
    loop {
        match system.mail.next(Instant::now()) {
            Next::Now(waiting) => deliver(system, waiting).await,
            Next::At(due) => tokio::select! {
                () = sleep_until(due) => {}
                () = system.mail.more() => {}
            },
            Next::Nothing => system.mail.more().await,
        }
    }
}

async fn deliver(system: &Arc<System>, waiting: Waiting) {
    if !is_set_up(system) {
        // Somebody has switched it off since.
        return;
    }
    let now = system.clock.now();
    let letter = match &waiting.errand {
        Errand::Voicemail(account, message) => voicemail::letter(system, *account, *message).await,
        Errand::Link(kind, mailing) => account::with_link(system, *kind, mailing, now),
        Errand::Notice(account, to, notice, at) => Ok(account::of_notice(system, *account, to, *notice, *at)),
    };
    let answered = match letter {
        Ok(Some(letter)) => send(system, letter, PATIENCE).await,
        // It was deleted meanwhile, nobody wants it mailed any more, or it would be of no use.
        Ok(None) => return,
        Err(failure) => Err(failure),
    };
    let now = system.clock.now();
    match answered {
        Ok(answer) => system.mail.sent(answer, now),
        Err(failure) => system.mail.failed(&waiting, failure, now, Instant::now(), &mut OsDice),
    }
}
