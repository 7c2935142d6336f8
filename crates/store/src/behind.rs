//! The lane behind: changes that memory has at once and the disk within a second.
//!
//! What waits is the *names* of the changed records, not their values: whatever memory says at the moment of
//! writing is written, so however often a record changes it is written once. Only rows of the audit wait
//! themselves, and those that say the same become one.

use hashbrown::{HashMap, HashSet};
use parking_lot::Mutex;
use signin::{
    alarm::AlarmId,
    audit::{Action, Actor, AuditEvent, Outcome, Repeat},
    credential::{CredentialKind, Owner},
    dice::Dice,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId, TargetId},
    interface::LoginInterface,
    lockout::TallyKey,
    place::Places,
    session::SessionId,
    timestamp::Timestamp,
};

use crate::{
    calls::draft_calls,
    engine::Reader,
    error::StoreError,
    former::FormerKey,
    holdings::Holdings,
    keyring::{Keyring, encode},
    rows,
    scribe::Draft,
    topic::Topic,
};

/// Most records that wait; more than that many are noted nowhere until they change again.
const DIRTY_MAX: usize = 2_000_000;
/// Most audit rows that wait, while the disk is out of order.
pub const AUDIT_WAITING_MAX: usize = 100_000;
/// Records written in one transaction, so that no durable commit waits long behind them.
const CHUNK: usize = 2000;
/// With that many waiting, writing begins before the second is over.
const LARGE: usize = 4096;

/// The name of a changed record. After a power cut a million registrations wait: what is long and rare is boxed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Dirty {
    Activity(AccountId),
    Facts(Owner, CredentialKind),
    Session(Box<SessionId>),
    Registration(ExtensionId),
    Tally(Box<TallyKey>),
    Quarantine(u64),
    Places(ExtensionId),
    Former(FormerKey),
    Alarm(AlarmId),
    Delivered(TargetId),
    CallLog(AccountId),
}

#[derive(Default)]
struct Queue {
    dirty: HashSet<Dirty>,
    /// Those whose turn it is, the last one first: written in the order of their rows, neighbours share pages.
    sorted: Vec<Dirty>,
    audit: Vec<AuditEvent>,
    repeats: HashMap<Repeat, usize>,
    /// Rows that are being written.
    audit_out: usize,
    audit_lost: u64,
    /// Of them, those that no row tells of yet.
    lost_untold: u64,
}

/// The lane.
#[derive(Default)]
pub(crate) struct Behind(Mutex<Queue>);

/// What was taken out of the lane to be written.
#[derive(Default)]
pub(crate) struct Chunk {
    dirty: Vec<Dirty>,
    /// How far the calls of each user are in the rows that are written.
    calls: Vec<(AccountId, u64)>,
    audit: Vec<AuditEvent>,
}

/// Whether an effect may be late.
pub(crate) const fn may_be_late(effect: &Effect) -> bool {
    match effect {
        Effect::PutActivity(..)
        | Effect::NoteFailure(_)
        | Effect::PutCredentialFacts(..)
        | Effect::KeepTally(_)
        | Effect::TouchSession(..)
        | Effect::PutRegistration(_)
        | Effect::KnowPlace(..)
        | Effect::Quarantine(_)
        | Effect::Alarm(_)
        | Effect::Delivered(..)
        | Effect::NoteCall(..)
        | Effect::Audit(_) => true,
        Effect::PutSettings(_)
        | Effect::PutReporting(_)
        | Effect::PutRecording(..)
        | Effect::ForgetCalls(_)
        | Effect::CutAudit(_)
        | Effect::PutDomain(_)
        | Effect::DeleteDomain(_)
        | Effect::PutDocument(_)
        | Effect::DeleteDocument(_)
        | Effect::PutAccount(_)
        | Effect::DeleteAccount(_)
        | Effect::PutExtension(_)
        | Effect::DeleteExtension(_)
        | Effect::PutCredential(_)
        | Effect::DeleteCredential(..)
        | Effect::ForgetFormer(..)
        | Effect::ClearTally(_)
        | Effect::OpenSession(..)
        | Effect::CloseSession(_)
        | Effect::CloseSessions(..)
        | Effect::LogOut(..)
        | Effect::Unchanged(_)
        | Effect::ReleaseQuarantine(_) => false,
    }
}

impl Behind {
    /// Makes the change in memory and notes it here. `false` for effects that must not be late: nothing was
    /// done.
    pub(crate) fn take(&self, effect: Effect, holdings: &Holdings, topics: &mut Vec<Topic>) -> bool {
        match effect {
            Effect::PutActivity(id, activity) => {
                holdings.put_activity(id, activity);
                topics.push(Topic::Accounts);
                self.note(Dirty::Activity(id));
            }
            Effect::NoteFailure(id) => {
                holdings.note_failure(id);
                topics.push(Topic::Accounts);
                self.note(Dirty::Activity(id));
            }
            Effect::PutCredentialFacts(owner, kind, facts) => {
                holdings.put_facts(owner, kind, facts);
                topics.push(Topic::Accounts);
                self.note(Dirty::Facts(owner, kind));
            }
            Effect::KeepTally(key) => {
                topics.push(Topic::Locks);
                self.note(Dirty::Tally(key.into()));
            }
            Effect::TouchSession(id, at) => {
                holdings.touch_session(id, at);
                self.note(Dirty::Session(id.into()));
            }
            Effect::PutRegistration(registration) => {
                let id = registration.extension;
                holdings.put_registration(registration);
                topics.push(Topic::Phones);
                self.note(Dirty::Registration(id));
            }
            Effect::KnowPlace(id, from, at) => {
                if holdings.change_places(id, |places| places.note(from, at)) {
                    self.note(Dirty::Places(id));
                }
            }
            Effect::Quarantine(quarantined) => {
                let place = holdings.quarantine_place();
                for gone in holdings.put_quarantined(place, quarantined) {
                    self.note(Dirty::Quarantine(gone));
                }
                topics.push(Topic::Quarantine);
                self.note(Dirty::Quarantine(place));
            }
            Effect::Delivered(target, seq) => {
                holdings.delivered.set(target, seq);
                self.note(Dirty::Delivered(target));
            }
            Effect::Alarm(change) => {
                for id in holdings.alarms.change(change) {
                    self.note(Dirty::Alarm(id));
                }
                topics.push(Topic::Alarms);
            }
            Effect::NoteCall(account, entry) => {
                // Told of when it is on its page: nobody needs to know sooner, and telling costs more than noting.
                holdings.note_call(account, entry);
            }
            Effect::Audit(event) => {
                topics.push(Topic::Audit);
                self.audit(event);
            }
            Effect::PutSettings(_)
            | Effect::PutReporting(_)
            | Effect::PutRecording(..)
            | Effect::ForgetCalls(_)
            | Effect::CutAudit(_)
            | Effect::PutDomain(_)
            | Effect::DeleteDomain(_)
            | Effect::PutDocument(_)
            | Effect::DeleteDocument(_)
            | Effect::PutAccount(_)
            | Effect::DeleteAccount(_)
            | Effect::PutExtension(_)
            | Effect::DeleteExtension(_)
            | Effect::PutCredential(_)
            | Effect::DeleteCredential(..)
            | Effect::ForgetFormer(..)
            | Effect::ClearTally(_)
            | Effect::OpenSession(..)
            | Effect::CloseSession(_)
            | Effect::CloseSessions(..)
            | Effect::LogOut(..)
            | Effect::Unchanged(_)
            | Effect::ReleaseQuarantine(_) => return false,
        }
        true
    }

    /// Notes that a record changed.
    pub(crate) fn note(&self, dirty: Dirty) {
        let mut queue = self.0.lock();
        if queue.dirty.len() < DIRTY_MAX {
            queue.dirty.insert(dirty);
        }
    }

    fn audit(&self, event: AuditEvent) {
        let mut queue = self.0.lock();
        let repeat = event.repeat();
        let at = repeat.as_ref().and_then(|repeat| queue.repeats.get(repeat).copied());
        if let Some(row) = at.and_then(|at| queue.audit.get_mut(at)) {
            row.tell_too(&event);
            return;
        }
        if queue.audit.len() + queue.audit_out >= AUDIT_WAITING_MAX {
            if queue.lost_untold == 0 {
                tracing::error!(
                    max = AUDIT_WAITING_MAX,
                    "the audit comes faster than the disk takes it: rows are lost"
                );
            }
            queue.audit_lost += 1;
            queue.lost_untold += 1;
            return;
        }
        let at = queue.audit.len();
        queue.audit.push(event);
        if let Some(repeat) = repeat {
            queue.repeats.insert(repeat, at);
        }
    }

    /// How much waits.
    pub(crate) fn len(&self) -> usize {
        let queue = self.0.lock();
        queue.dirty.len() + queue.sorted.len() + queue.audit.len()
    }

    /// Whether writing should begin now.
    pub(crate) fn is_large(&self) -> bool {
        self.len() >= LARGE
    }

    /// Whether audit rows wait.
    pub(crate) fn does_audit_wait(&self) -> bool {
        !self.0.lock().audit.is_empty()
    }

    /// Audit rows that could not be kept.
    pub(crate) fn audit_lost(&self) -> u64 {
        self.0.lock().audit_lost
    }

    /// Takes a part out.
    pub(crate) fn chunk(&self) -> Chunk {
        let mut queue = self.0.lock();
        if queue.sorted.is_empty() {
            queue.sorted = std::mem::take(&mut queue.dirty).into_iter().collect();
            queue.sorted.sort_unstable_by(|one, other| other.cmp(one));
        }
        let rest = queue.sorted.len().saturating_sub(CHUNK);
        let dirty = queue.sorted.split_off(rest);
        queue.repeats.clear();
        let first = CHUNK.min(queue.audit.len());
        let mut audit: Vec<AuditEvent> = queue.audit.drain(..first).collect();
        if queue.audit.is_empty()
            && let Some(last) = audit.last()
            && queue.lost_untold > 0
        {
            audit.push(lost(queue.lost_untold, last.at));
            queue.lost_untold = 0;
        }
        queue.audit_out = audit.len();
        Chunk { dirty, calls: Vec::new(), audit }
    }

    /// Notes in memory what rests on disk now.
    pub(crate) fn written(&self, chunk: &Chunk, holdings: &Holdings) {
        for dirty in &chunk.dirty {
            if let Dirty::Tally(key) = dirty {
                holdings.counts.keep(key);
            }
        }
        for (account, through) in &chunk.calls {
            holdings.call_logs.drop_through(*account, *through);
        }
        self.0.lock().audit_out = 0;
    }

    /// Puts back what could not be written.
    pub(crate) fn put_back(&self, chunk: Chunk) {
        let mut queue = self.0.lock();
        queue.dirty.extend(chunk.dirty);
        let newer = std::mem::replace(&mut queue.audit, chunk.audit);
        queue.audit.extend(newer);
        queue.audit_out = 0;
        // The places in the list have moved; those that wait merge no more.
        queue.repeats.clear();
    }
}

impl Chunk {
    pub(crate) fn is_empty(&self) -> bool {
        self.dirty.is_empty() && self.audit.is_empty()
    }

    /// The rows to be written, as memory has them now; to call logs, what memory has is added.
    pub(crate) fn draft(
        &mut self,
        holdings: &Holdings,
        reader: &dyn Reader,
        keys: &Keyring,
        dice: &mut dyn Dice,
    ) -> Result<Draft, StoreError> {
        let mut draft = Draft::default();
        let mut logs = Vec::new();
        for dirty in &self.dirty {
            let (key, body) = match dirty {
                Dirty::Activity(id) => {
                    let activity = holdings.account(*id).map(|_| holdings.activity(*id));
                    (rows::activity_key(*id), activity.map(|activity| encode(&activity)))
                }
                Dirty::Facts(owner, kind) => (
                    rows::facts_key(*owner, *kind),
                    holdings.facts(*owner, *kind).map(|facts| encode(&facts)),
                ),
                Dirty::Session(id) => {
                    (rows::session_key(**id), holdings.sessions.get(&**id).map(|session| encode(&*session)))
                }
                Dirty::Registration(id) => {
                    (rows::registration_key(*id), holdings.registration(*id).map(|found| encode(&*found)))
                }
                Dirty::Tally(key) => {
                    (rows::tally_key(key), holdings.counts.row_of(key).map(|tally| encode(&tally)))
                }
                Dirty::Places(id) => {
                    let places = holdings.places(*id).filter(|places| *places != Places::default());
                    (rows::places_key(*id), places.map(|places| encode(&places)))
                }
                Dirty::Former(key) => {
                    let sealed = holdings.sealed_former(*key);
                    (rows::former_key(*key), sealed.map(|sealed| rows::sealed_body(&sealed)))
                }
                Dirty::Delivered(id) => {
                    (rows::delivered_key(*id), holdings.delivered.get(*id).map(|seq| encode(&seq)))
                }
                Dirty::CallLog(id) => {
                    logs.push(*id);
                    continue;
                }
                Dirty::Alarm(id) => {
                    (rows::alarm_key(*id), holdings.alarms.get(*id).map(|alarm| encode(&*alarm)))
                }
                Dirty::Quarantine(place) => {
                    (rows::quarantine_key(*place), holdings.quarantined(*place).map(|entry| encode(&*entry)))
                }
            };
            match body.transpose()? {
                Some(body) => draft.put(key, body),
                None => draft.delete(key),
            }
        }
        self.calls = draft_calls(&logs, holdings, reader, keys, dice, &mut draft)?;
        for event in &self.audit {
            draft.audit(event.clone());
        }
        Ok(draft)
    }
}

/// The row that tells of those for which there was no room: the chain itself must say that it is not all.
fn lost(rows: u64, at: Timestamp) -> AuditEvent {
    AuditEvent {
        at,
        action: Action::AuditLost,
        outcome: Outcome::Accepted,
        reason: None,
        actor: Actor::System,
        domain: DomainId::FIRST,
        subject: rows.to_string().into(),
        interface: LoginInterface::Console,
        address: None,
        agent: "".into(),
        changes: Vec::new(),
        times: 1,
    }
}
