//! The flow of every sign-in and every change: the one place where the steps of `signin` and `store` are put in a
//! row.
//!
//! ```text
//! begin ──▶ Dossier ──check──▶ Finding ──settle──▶ Settled ──decide──▶ Decision ──▶ commit ──▶ Verdict
//! ```
//! An attempt is counted before it is checked, and what was counted is settled whatever happens: if anything is
//! dropped on the way (a panic, a stop), the attempt counts as failed. A verdict whose effects must last is said
//! when they rest on disk, not before. A fault is never a yes.

use std::{net::IpAddr, sync::Arc};

use signin::{
    account::RoleKind,
    admin::{Admin, By, CallNamed, Change, Problem},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    credential::CredentialKind,
    decide::{Decision, Finding, Settled, check, decide},
    dice::Dice,
    dossier::Dossier,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
    mail::MailAddress,
    records::Records as _,
    secret::Secret,
    timestamp::Timestamp,
    verdict::Verdict,
};
use store::{Admission, Commit, CommitError, Ledger, fault};

use crate::{
    clock::Stopwatch,
    dice::OsDice,
    hashing::{DiceInTurn, Turn},
    notify::mail::{Errand, account::Notice},
    system::System,
};

/// How often something is decided again because something else changed in between.
const TRIES: u8 = 5;

/// A verdict, and what has to happen before it may be said.
#[derive(Debug)]
pub struct Judged {
    /// What may be said, once `durable` is.
    pub verdict: Verdict,
    /// Resolves when the effects rest on disk; `None` = say it now. Failed = say [`Verdict::Unavailable`].
    pub durable: Option<Pending>,
}

/// Effects on their way to the disk.
#[derive(Debug)]
pub struct Pending {
    commit: Commit,
    stopwatch: Stopwatch,
}

/// What came of an administrator's operation.
#[derive(Debug)]
pub struct Done<T> {
    /// What was made or counted.
    pub value: T,
    /// Secrets that were generated, to be shown this once.
    pub generated: Vec<(CredentialKind, Secret)>,
}

/// When an administrator's operation hashes passwords, and so needs a turn like a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// After it has thrown dice: there is no secret and no salt without them.
    WithDice,
    /// Also before: it compares a password with the one that is set.
    Anyway,
}

/// Why an administrator's operation was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// In words for the one who asked.
    Problem(Problem),
    /// Something here is out of order.
    Unavailable,
}

impl System {
    /// Judges an attempt, whatever it costs: a costly proof waits for its turn, and is refused as unavailable when
    /// too many are waiting. Once it has its turn, it goes on to its end also when nobody waits for the answer any more.
    pub async fn sign_in(self: &Arc<Self>, attempt: Attempt<'_>) -> Verdict {
        let interface = attempt.interface;
        let Proof::Plain(secret) = attempt.proof else {
            let judged = self.sign_in_now(&attempt, self.clock.now(), &mut OsDice);
            return self.conclude(interface, judged).await;
        };
        let mut kept = Kept::of(&attempt, secret);
        // Under a lock nothing is checked, so nobody has to wait for a turn to hear of it: a flood against one name
        // or from one address does not fill the queue.
        if self.ledger.is_locked(&attempt, self.clock.now()) {
            match self.judge(kept, None).await {
                Ok(verdict) => return verdict,
                Err(unlocked) => kept = unlocked,
            }
        }
        let failures = self.ledger.tally(&attempt.address_key()).failures;
        if let Some(turn) = self.hashing.turn(kept.address, failures).await {
            return self.judge(kept, Some(turn)).await.unwrap_or(Verdict::Unavailable);
        }
        self.metrics.signed_in(interface, &Verdict::Unavailable);
        Verdict::Unavailable
    }

    /// Judges an attempt whose proof costs little, at once. The verdict is not counted in the metrics yet: it may
    /// still become [`Verdict::Unavailable`]; see [`conclude`](Self::conclude).
    pub fn sign_in_now(&self, attempt: &Attempt<'_>, now: Timestamp, dice: &mut dyn Dice) -> Judged {
        debug_assert!(!attempt.is_costly(), "a costly proof belongs on the pool");
        let dossier = match self.admit(attempt, now) {
            Some(Admission::Right(accepted)) => {
                self.metrics.proof_checked(attempt.interface);
                return Judged { verdict: Verdict::Accept(accepted), durable: None };
            }
            Some(Admission::Begun(dossier)) => dossier,
            None => {
                self.store_fault();
                return Judged { verdict: Verdict::Unavailable, durable: None };
            }
        };
        let (finding, settled) = self.check_counted(&dossier, attempt, now);
        self.decide_now(&dossier, attempt, finding, &settled, now, dice)
    }

    /// Decides, and sends the effects on their way.
    fn decide_now(
        &self,
        dossier: &Dossier,
        attempt: &Attempt<'_>,
        finding: Finding,
        settled: &Settled,
        now: Timestamp,
        dice: &mut dyn Dice,
    ) -> Judged {
        fault::at("flow.decide");
        let Decision { verdict, effects, must_last } = decide(dossier, attempt, finding, settled, now, dice);
        if must_last {
            let pending = Pending { stopwatch: self.clock.stopwatch(), commit: self.ledger.commit(effects) };
            return Judged { verdict, durable: Some(pending) };
        }
        if !effects.is_empty() {
            self.ledger.commit_behind(effects);
        }
        Judged { verdict, durable: None }
    }

    /// Waits until what was judged may be said, and counts it.
    pub async fn conclude(&self, interface: LoginInterface, judged: Judged) -> Verdict {
        let verdict = match judged.durable {
            None => judged.verdict,
            Some(pending) => match self.wait_for(pending).await {
                Ok(()) => judged.verdict,
                Err(_) => Verdict::Unavailable,
            },
        };
        fault::at("flow.conclude");
        self.metrics.signed_in(interface, &verdict);
        verdict
    }

    /// Does an administrator's operation: on a thread that may take its time, again when something else changed in
    /// between, and durable before it is said to be done. One that makes a secret takes a turn at hashing.
    ///
    /// # Errors
    /// What is wrong with what was asked, or that nothing could be done.
    pub async fn administer<T, F>(self: &Arc<Self>, by: &By, operation: F) -> Result<Done<T>, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem> + Send + Sync + 'static,
    {
        self.carry_out(by, Hashes::WithDice, operation).await
    }

    /// The same for an operation that [`Hashes`] in its own way.
    ///
    /// # Errors
    /// What is wrong with what was asked, or that nothing could be done.
    pub async fn carry_out<T, F>(
        self: &Arc<Self>,
        by: &By,
        hashes: Hashes,
        operation: F,
    ) -> Result<Done<T>, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem> + Send + Sync + 'static,
    {
        let operation = Arc::new(operation);
        for _ in 0..TRIES {
            let Change { effects, value, generated } = self.plan(by, hashes, &operation).await?;
            match self.commit(effects).await {
                Ok(()) if self.editor.is_none() => return Ok(Done { value, generated }),
                Ok(()) => {
                    self.write_draft_file().await?;
                    return Ok(Done { value, generated });
                }
                Err(CommitError::Store(_)) => return Err(Refusal::Unavailable),
                // The operation looks again: what it then finds, it puts into words.
                Err(
                    CommitError::Conflict { .. }
                    | CommitError::Missing { .. }
                    | CommitError::NameTaken
                    | CommitError::NumberTaken
                    | CommitError::SessionLimit,
                ) => self.metrics.commit_conflicts.inc(),
            };
        }
        Err(Refusal::Unavailable)
    }

    /// Ends a call that goes on: who wanted it stands in the audit before anybody hears of it. `false` where the call was over
    /// by itself meanwhile.
    ///
    /// # Errors
    /// No right, or no such call; or that nothing could be done.
    pub async fn end_call(self: &Arc<Self>, by: &By, number: u64) -> Result<bool, Refusal> {
        let named = self.calls.one(number).map(|call| CallNamed {
            domain: call.domain,
            answered_by: call.answered_by().map(|party| party.number.clone()),
            caller: call.caller.number,
            dialled: call.dialled,
        });
        let end = move |admin: &Admin<'_>, _: &mut dyn Dice| {
            admin.end_call(named.as_ref().ok_or(Problem::NotFound("call"))?)
        };
        self.administer(by, end).await?;
        Ok(self.sip().is_some_and(|sip| sip.end_numbered(number)))
    }

    /// Deletes a message of a user; the lamps of their phones hear of it.
    ///
    /// # Errors
    /// No right, no such user or message; or that nothing could be done.
    pub async fn delete_message(
        self: &Arc<Self>,
        by: &By,
        account: AccountId,
        message: u64,
    ) -> Result<(), Refusal> {
        self.administer(by, move |admin, _| admin.delete_message(account, message)).await?;
        let extension = self.ledger.account(account).and_then(|account| account.extension());
        if let Some(extension) = extension {
            self.lamp_changed(extension);
        }
        Ok(())
    }

    /// Deletes a message of whoever asks; the lamps of their phones hear of it.
    ///
    /// # Errors
    /// Not to be changed, or no such message; or that nothing could be done.
    pub async fn delete_own_message(self: &Arc<Self>, by: &By, message: u64) -> Result<(), Refusal> {
        self.administer(by, move |admin, _| admin.delete_own_message(message)).await?;
        self.own_mailbox_changed(by);
        Ok(())
    }

    /// Notes that whoever asks has heard a message of theirs; the lamps of their phones hear of it.
    ///
    /// # Errors
    /// Not to be changed, or no such message; or that nothing could be done.
    pub async fn hear_own_message(self: &Arc<Self>, by: &By, message: u64) -> Result<(), Refusal> {
        self.administer(by, move |admin, _| admin.hear_own_message(message)).await?;
        self.own_mailbox_changed(by);
        Ok(())
    }

    fn own_mailbox_changed(&self, by: &By) {
        let account = by.account.and_then(|id| self.ledger.account(id));
        if let Some(extension) = account.and_then(|account| account.extension()) {
            self.lamp_changed(extension);
        }
    }

    /// Mails word of what was done to an account, where mail goes out.
    pub fn tell_by_mail(&self, account: AccountId, to: MailAddress, notice: Notice) {
        let errand = Errand::Notice(account, to, notice, self.clock.now());
        self.mail.put(errand, tokio::time::Instant::now());
    }

    /// The lamp for messages of an extension's phones shows something else from now on: another mailbox, or the same with more or
    /// less in it.
    pub fn lamp_changed(&self, extension: ExtensionId) {
        if let Some(sip) = self.sip() {
            sip.mailbox_changed(extension);
        }
    }

    /// Works out what an operation would change, and changes nothing.
    ///
    /// # Errors
    /// What is wrong with what was asked, or that nothing could be worked out.
    pub async fn plan<T, F>(
        self: &Arc<Self>,
        by: &By,
        hashes: Hashes,
        operation: &Arc<F>,
    ) -> Result<Change<T>, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem> + Send + Sync + 'static,
    {
        let turn = match hashes {
            Hashes::WithDice => None,
            Hashes::Anyway => Some(self.hashing.turn_of_administrator().await.ok_or(Refusal::Unavailable)?),
        };
        let (system, by, operation) = (Arc::clone(self), by.clone(), Arc::clone(operation));
        let planned = tokio::task::spawn_blocking(move || {
            fault::at("flow.administer");
            let admin = Admin::new(&*system.ledger, &by, system.clock.now());
            let mut dice = DiceInTurn::new(&system.hashing, turn);
            let planned = if by.offline {
                admin.offline(&*operation, system.ledger.vault(), &mut dice)
            } else {
                operation(&admin, &mut dice)
            };
            if let Some(row) = planned.as_ref().err().and_then(|problem| admin.refusal(problem)) {
                system.ledger.commit_behind(vec![row]);
            }
            planned
        });
        match planned.await {
            Ok(planned) => planned.map_err(Refusal::Problem),
            Err(error) => {
                self.metrics.panics.inc();
                tracing::error!(%error, "an operation ended in a panic; nothing was changed");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Commits, waits until it rests on disk, and notes how long that took.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn commit(&self, effects: Vec<Effect>) -> Result<(), CommitError> {
        if effects.is_empty() {
            return Ok(());
        }
        fault::at("flow.commit");
        let stopwatch = self.clock.stopwatch();
        self.wait_for(Pending { stopwatch, commit: self.ledger.commit(effects) }).await
    }

    async fn wait_for(&self, pending: Pending) -> Result<(), CommitError> {
        let done = pending.commit.await;
        self.note_commit(&pending.stopwatch, &done);
        done
    }

    fn note_commit(&self, stopwatch: &Stopwatch, done: &Result<(), CommitError>) {
        self.metrics.committed_after(stopwatch.elapsed());
        if let Err(CommitError::Store(error)) = done {
            tracing::error!(%error, "a change could not be written");
            self.metrics.store_faults.inc();
        }
    }

    fn store_fault(&self) {
        self.metrics.store_faults.inc();
    }

    /// Judges an attempt in its turn, on a thread that may take its time. Without a turn, nothing is hashed: an attempt that
    /// would have to be, because the lock that was seen has ended meanwhile, is given back.
    async fn judge(self: &Arc<Self>, kept: Kept, turn: Option<Turn>) -> Result<Verdict, Kept> {
        let (system, interface) = (Arc::clone(self), kept.interface);
        let judged = tokio::task::spawn_blocking(move || {
            let verdict = system.judge_here(kept, turn)?;
            system.metrics.signed_in(interface, &verdict);
            Ok(verdict)
        });
        judged.await.unwrap_or_else(|error| {
            self.metrics.panics.inc();
            tracing::error!(%error, "an attempt ended in a panic; it was refused");
            self.metrics.signed_in(interface, &Verdict::Unavailable);
            Ok(Verdict::Unavailable)
        })
    }

    /// From the count to the disk on this one thread: each change of threads costs a sleep and a waking.
    fn judge_here(&self, kept: Kept, turn: Option<Turn>) -> Result<Verdict, Kept> {
        let now = self.clock.now();
        let Some(mut dossier) = self.begin(&kept.attempt(), now) else {
            self.store_fault();
            return Ok(Verdict::Unavailable);
        };
        if turn.is_none() && dossier.may_be_checked() {
            let counted = Counted { ledger: &self.ledger, dossier: &dossier, now, is_settled: false };
            counted.settle(&kept.attempt(), Finding::Unchecked);
            return Err(kept);
        }
        let (finding, settled) = self.check_counted(&dossier, &kept.attempt(), now);
        drop(turn);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let judged = self.decide_now(&dossier, &kept.attempt(), finding, &settled, now, &mut OsDice);
            let done = judged.durable.map_or(Ok(()), |Pending { stopwatch, commit }| {
                let done = commit.wait();
                self.note_commit(&stopwatch, &done);
                done
            });
            match done {
                Ok(()) => {
                    if matches!(judged.verdict, Verdict::Accept(_)) {
                        self.hashing.welcome(kept.address);
                    }
                    return Ok(judged.verdict);
                }
                Err(CommitError::Store(_)) => return Ok(Verdict::Unavailable),
                // Others signed in since the sessions were counted.
                Err(CommitError::SessionLimit) => dossier.sessions_open = usize::MAX,
                Err(
                    CommitError::Conflict { .. }
                    | CommitError::Missing { .. }
                    | CommitError::NameTaken
                    | CommitError::NumberTaken,
                ) => {}
            }
            self.metrics.commit_conflicts.inc();
        }
        Ok(Verdict::Unavailable)
    }

    /// Counts the attempt of a phone; `None` = the store is out of order.
    fn admit(&self, attempt: &Attempt<'_>, now: Timestamp) -> Option<Admission> {
        if fault::fails("flow.admit") {
            return None;
        }
        self.ledger.admit(attempt, now).ok()
    }

    /// Counts the attempt; `None` = the store is out of order.
    fn begin(&self, attempt: &Attempt<'_>, now: Timestamp) -> Option<Dossier> {
        if fault::fails("flow.begin") {
            return None;
        }
        self.ledger.begin(attempt, now).ok()
    }

    /// Holds the proof against the dossier and tells the count what came of it.
    fn check_counted(&self, dossier: &Dossier, attempt: &Attempt<'_>, now: Timestamp) -> (Finding, Settled) {
        let counted = Counted { ledger: &self.ledger, dossier, now, is_settled: false };
        fault::at("flow.check");
        let finding = check(dossier, attempt, now);
        fault::at("flow.settle");
        if finding != Finding::Unchecked {
            self.metrics.proof_checked(attempt.interface);
        }
        (finding, counted.settle(attempt, finding))
    }
}

/// An attempt that was counted and must be settled: dropped before that, it counts as failed.
struct Counted<'a> {
    ledger: &'a Ledger,
    dossier: &'a Dossier,
    now: Timestamp,
    is_settled: bool,
}

impl Counted<'_> {
    fn settle(mut self, attempt: &Attempt<'_>, finding: Finding) -> Settled {
        let settled = self.ledger.settle(self.dossier, attempt, finding, self.now);
        self.is_settled = true;
        settled
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.ledger.abandon(self.dossier, self.now);
        }
    }
}

/// An attempt with a password that owns what it says, to be carried to another thread.
#[derive(Debug)]
struct Kept {
    interface: LoginInterface,
    domain: DomainId,
    kind: Option<RoleKind>,
    name: Box<str>,
    secret: Secret,
    address: IpAddr,
    agent: Box<str>,
    device: Box<str>,
    purpose: Purpose,
}

impl Kept {
    fn of(attempt: &Attempt<'_>, secret: &Secret) -> Self {
        let (kind, name) = match attempt.claim {
            Claim::Account(kind, name) => (Some(kind), name),
            // Neither a token nor a keypad shows a password.
            Claim::Extension(name) | Claim::Token(name) | Claim::Link(name) | Claim::System(name) => {
                (None, name)
            }
        };
        Self {
            interface: attempt.interface,
            domain: attempt.domain,
            kind,
            name: name.into(),
            secret: secret.clone(),
            address: attempt.peer.address,
            agent: attempt.peer.agent.into(),
            device: attempt.peer.device.into(),
            purpose: attempt.purpose,
        }
    }

    fn attempt(&self) -> Attempt<'_> {
        Attempt {
            interface: self.interface,
            domain: self.domain,
            claim: self.kind.map_or(Claim::Extension(&self.name), |kind| Claim::Account(kind, &self.name)),
            proof: Proof::Plain(&self.secret),
            peer: Peer { address: self.address, agent: &self.agent, device: &self.device },
            purpose: self.purpose,
        }
    }
}
