//! Answers about the system itself: status, ignition, recovery, audit, backup, a new key.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use data_encoding::BASE64;

use signin::{
    account::{ADMINISTRATOR, RoleKind},
    admin::{Admin, By, Ignition, is_ignited},
    audit::{Action, Actor, AuditEvent, Outcome},
    effect::Effect,
    ident::{DomainId, FoldedName},
    interface::LoginInterface,
    records::Records,
    timestamp::Timestamp,
};
use store::AuditQuery;

use super::{Answered, Answers, done, secret_choice, unavailable};
use crate::{
    local::{
        listener::Replies,
        protocol::{
            AuditEntry, AuditVerdict, Choice, Done, IgnitionAnswers, PART_MAX, PIECE_LEN, Part, Refusal,
            StatusReport,
        },
    },
    moment,
};

/// At most so many phones with an old code are named in the status.
const STALE_TOLD_MAX: usize = 20;

impl Answers {
    pub(super) async fn status(&self, replies: &Replies) -> Answered {
        replies.part(Part::Status(Box::new(self.report()))).await;
        Ok(Done::default())
    }

    fn report(&self) -> StatusReport {
        let (system, now) = (&self.system, self.system.clock.now());
        let figures = system.ledger.figures();
        let is_ignited = is_ignited(&*system.ledger);
        let by = By::console();
        let admin = Admin::new(&*system.ledger, &by, now);
        let mut warnings = Vec::new();
        if is_ignited && admin.business_partner_is_open() {
            warnings.push("BusinessPartner has no password of its own yet.".into());
        }
        if let Some(seconds) = system.clock.seconds_apart() {
            let (by, side) = (seconds.unsigned_abs(), if seconds < 0 { "behind" } else { "ahead" });
            warnings.push(format!(
                "The machine's clock was set: it is {by} seconds {side}. Hookswitch takes its time at the next start."
            ));
        }
        if !figures.is_healthy {
            warnings.push("The last change could not be written to the disk.".into());
        }
        for phone in system.ledger.stale_phones().iter().take(STALE_TOLD_MAX) {
            if let Some(extension) = system.ledger.extension(phone.extension) {
                warnings.push(format!(
                    "A phone of extension {} at {} ({}) shows a code that was replaced on {}: give it the present one.",
                    extension.number,
                    phone.address,
                    AuditEvent::text(&phone.agent),
                    moment::for_people(phone.replaced_at)
                ));
            }
        }
        StatusReport {
            version: env!("CARGO_PKG_VERSION").into(),
            system_name: system.ledger.settings().system_name.to_string(),
            is_ignited,
            running_since: self.is_serving.then_some(system.started_at),
            is_ready: self.is_serving && system.is_ready(),
            warnings,
            addresses: self.addresses(),
            users: figures.users as u64,
            extensions: figures.extensions as u64,
            phones: figures.bindings as u64,
            locks: system.ledger.locks(now).len() as u64,
            old_codes: figures.stale_phones as u64,
            sessions: self.open_sessions().len() as u64,
        }
    }

    fn addresses(&self) -> Vec<(String, String)> {
        let addresses = self.system.addresses();
        addresses.rows().map(|(row, address)| (row.name.to_owned(), address.to_string())).collect()
    }

    pub(super) async fn reload(&self, replies: &Replies) -> Answered {
        if !self.is_serving {
            return Err(Refusal::new("No server runs.", "It reads its configuration when it starts."));
        }
        let system = Arc::clone(&self.system);
        match self.reading(move || system.reload()).await? {
            Ok(reloaded) => {
                replies.part(Part::NeedRestart(reloaded.needs_restart)).await;
                Ok(Done::default())
            }
            Err(mistake) => Err(Refusal::new(mistake.to_string(), "Nothing was changed.")),
        }
    }

    pub(super) async fn settings(&self, replies: &Replies) -> Answered {
        let settings = self.system.ledger.settings();
        replies.part(Part::Settings(Box::new((*settings).clone()))).await;
        Ok(Done::default())
    }

    pub(super) async fn ignite(&self, answers: IgnitionAnswers) -> Answered {
        let ignition = Ignition {
            system_name: answers.system_name,
            administrator: answers.administrator_password.0,
            business_partner: answers.business_partner_password.map(|password| password.0),
            lan1: answers.lan1,
            lan2: answers.lan2,
            realm: answers.realm,
            hosts: answers.hosts,
        };
        self.system.ignite(&By::console(), ignition).await?;
        Ok(Done { count: 1, ..Done::default() })
    }

    pub(super) async fn recover(&self, name: String, choice: Choice) -> Answered {
        let administrator = FoldedName::of(ADMINISTRATOR);
        let ledger = &*self.system.ledger;
        if ledger.account_named(RoleKind::ServiceUser, DomainId::FIRST, &administrator).is_none() {
            let remedy = "Set the first passwords: hookswitch ignite.";
            return Err(Refusal::new("This system is new: there is nothing to recover.", remedy));
        }
        let choice = secret_choice(&choice);
        let recovered = self.administer(move |admin, dice| admin.recover(&name, &choice, dice)).await?;
        Ok(done(recovered, 1))
    }

    /// Puts into the audit what was done with the whole system, which no operation's effects say.
    async fn note(&self, action: Action, subject: &str) -> Result<(), Refusal> {
        let event = console_event(action, subject, self.system.clock.now());
        self.system.commit(vec![Effect::Audit(event)]).await.map_err(unavailable)
    }

    pub(super) async fn note_export(&self, what: &str) -> Answered {
        self.note(Action::Exported, what).await?;
        Ok(Done::default())
    }

    pub(super) async fn audit_rows(&self, last: Option<u32>, replies: &Replies) -> Answered {
        self.flush().await?;
        if let Some(last) = last {
            let query = AuditQuery { limit: last as usize, ..AuditQuery::default() };
            let ledger = Arc::clone(&self.system.ledger);
            let rows = self.reading(move || ledger.audit(&query)).await?.map_err(unavailable)?;
            let entries = rows.into_iter().rev().map(|row| AuditEntry { number: row.seq, event: row.event });
            return self.list(entries.collect(), replies, Part::Audit).await;
        }
        let (ledger, replies) = (Arc::clone(&self.system.ledger), replies.clone());
        let told = self.reading(move || {
            let (mut part, mut count) = (Vec::with_capacity(PART_MAX), 0);
            let read = ledger.audit_each(&AuditQuery::default(), &mut |row| {
                count += 1;
                part.push(AuditEntry { number: row.seq, event: row.event });
                if part.len() == PART_MAX && !replies.part_blocking(Part::Audit(std::mem::take(&mut part))) {
                    return Err(store::StoreError::Closed);
                }
                Ok(())
            });
            replies.part_blocking(Part::Audit(part));
            read.map(|()| count)
        });
        let count = told.await?.map_err(unavailable)?;
        Ok(Done { count, ..Done::default() })
    }

    pub(super) async fn verify_audit(&self, replies: &Replies) -> Answered {
        self.flush().await?;
        let (ledger, progress) = (Arc::clone(&self.system.ledger), replies.clone());
        let verified = self.reading(move || {
            ledger.verify_audit(&mut |done, total| {
                progress.part_blocking(Part::Progress { done, total: Some(total) });
            })
        });
        let verdict = match verified.await? {
            Ok(state) => AuditVerdict::Whole { rows: state.rows, first: state.first },
            Err(broken) => AuditVerdict::Broken { number: broken.seq, why: broken.what },
        };
        replies.part(Part::Verified(verdict)).await;
        Ok(Done::default())
    }

    /// The store is read in pieces as fast as they are taken; the one who asks makes the file.
    pub(super) async fn backup(&self, replies: &Replies) -> Answered {
        self.note(Action::BackedUp, "").await?;
        let (ledger, at) = (Arc::clone(&self.system.ledger), self.system.clock.now());
        let (pieces, progress) = (Pieces(replies.clone()), replies.clone());
        let written = self.reading(move || {
            let mut out = BufWriter::with_capacity(PIECE_LEN, pieces);
            ledger.backup(&mut out, at, &mut |done, total| {
                progress.part_blocking(Part::Progress { done, total: Some(total) });
            })
        });
        let summary = written.await?.map_err(unavailable)?;
        Ok(Done { count: summary.rows + summary.audit_rows, ..Done::default() })
    }

    /// Waits until the disk has what memory has.
    async fn flush(&self) -> Result<(), Refusal> {
        self.system.ledger.flush().await.map_err(unavailable)
    }

    /// Reads for as long as it takes, on a thread that may.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        tokio::task::spawn_blocking(read).await.map_err(unavailable)
    }
}

/// The row of the audit for what was done with the whole system on the machine itself.
pub fn console_event(action: Action, subject: &str, at: Timestamp) -> AuditEvent {
    AuditEvent {
        at,
        action,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::Console,
        domain: DomainId::FIRST,
        subject: AuditEvent::text(subject),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: Vec::new(),
        times: 1,
    }
}

/// Sends what is written to the one who asked.
struct Pieces(Replies);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.get(..PIECE_LEN).unwrap_or(bytes);
        if self.0.part_blocking(Part::Piece(BASE64.encode(taken))) {
            Ok(taken.len())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
