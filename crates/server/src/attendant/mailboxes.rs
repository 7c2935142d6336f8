//! Mailboxes: what is left in them, and who hears it (SPEC S12).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use calls::{
    dialogue::{self, Changed, Envelope, Judged, MessageId, Present},
    mailbox::{self, Greeting, Recipient},
};
use signin::{
    account::Account,
    attempt::Claim,
    audit::{Action, AuditEvent, Outcome},
    credential::{CredentialKind, Owner},
    document::{Document, DocumentId},
    effect::Effect,
    extension::Extension,
    ident::{AccountId, Number},
    interface::LoginInterface,
    mailbox::{MESSAGE_LENGTH_MAX, Mailbox, Message, NewMessage, RecordingId},
    party::Party,
    records::Records as _,
    secret::{Secret, SecretBytes},
    timestamp::Seconds,
};
use store::CommitError;
use tokio::time::Instant;

use super::{Attendant, Caller, Draft, language};
use crate::{
    interfaces::sip::Call,
    media::station::{Opening, Owned, Told},
    moment,
    notify::{self, mail::Errand},
    system::System,
};

/// How often a change is worked out again because somebody else changed the mailbox meanwhile.
const TRIES: usize = 5;

/// The user of an extension who has a mailbox.
fn owner_of(system: &System, extension: &Extension) -> Option<Arc<Account>> {
    if !system.config().config.sip.mailboxes {
        return None;
    }
    let account = extension.user.and_then(|user| system.ledger.account(user))?;
    (!system.ledger.mailbox(account.id).is_off).then_some(account)
}

/// Whether messages can be left for whoever is at an extension. Asked at every call: nothing is copied for it.
pub fn has_mailbox(system: &System, called: &Extension) -> bool {
    let is_off = |user| {
        let document = system.ledger.document(DocumentId::Mailbox(user));
        document.is_some_and(|document| document.mailbox().is_some_and(|mailbox| mailbox.is_off))
    };
    system.config().config.sip.mailboxes && called.user.is_some_and(|user| !is_off(user))
}

/// The mailbox of whoever was called, to leave a message in; `None` where there is none.
pub fn mailbox_of(system: &Arc<System>, call: &Call) -> Option<Opening> {
    let number = Number::parse(&call.dialled)?;
    let extension = system.ledger.extension_numbered(call.domain, &number)?;
    let account = owner_of(system, &extension)?;
    let mailbox = system.ledger.mailbox(account.id);
    let language = language(system);
    let recipient = Recipient {
        mailbox: number,
        greeting: if mailbox.has_greeting { Greeting::Own } else { Greeting::Standard },
        is_full: mailbox.is_full(),
        length_max: mailbox.room().min(MESSAGE_LENGTH_MAX),
        is_trusted: Number::parse(&call.caller.number)
            .is_some_and(|caller| mailbox.trusts(&caller, Some(&number))),
        language,
    };
    let caller = Caller {
        domain: call.domain,
        phone: call.caller.extension,
        extension: call.caller.extension,
        number: call.caller.number.clone(),
        address: call.caller.flow.peer.ip(),
        agent: "".into(),
    };
    let attendant = Attendant::new(system, caller);
    // Its greeting is what is played.
    *attendant.opened.lock() = Some(account.id);
    Some(Opening { dialogue: mailbox::leave_message(recipient), language, attendant })
}

impl Attendant {
    fn owner(&self, number: &str) -> Option<Arc<Account>> {
        let number = Number::parse(number)?;
        let extension = self.system.ledger.extension_numbered(self.caller.domain, &number)?;
        owner_of(&self.system, &extension)
    }

    pub(super) async fn check_voicemail_code(&self, number: &str, code: &Secret) -> Judged {
        let claim = Claim::Extension(number);
        let (judged, _) = self.judge(LoginInterface::VoicemailMailbox, claim, code).await;
        let is_unset = |account: &Account| {
            let owner = Owner::Account(account.id);
            self.system.ledger.credential(owner, CredentialKind::VoicemailCode).is_none()
        };
        if judged == Judged::Right {
            *self.is_judged.lock() = true;
        }
        // It was counted; that nothing could have been right has a prompt of its own.
        if judged == Judged::Wrong && self.owner(number).is_some_and(|account| is_unset(&account)) {
            return Judged::NotConfigured;
        }
        judged
    }

    pub(super) async fn change_voicemail_code(&self, number: &str, present: Present, new: Secret) -> Owned {
        let kind = CredentialKind::VoicemailCode;
        let Some(account) = self.owner(number) else { return Owned::Plain(Changed::NoSuchExtension) };
        match present {
            Present::Proven => {}
            Present::Typed(code) => {
                match self.judge(LoginInterface::VoicemailMailbox, Claim::Extension(number), &code).await.0 {
                    Judged::Right | Judged::RightButOld => {}
                    Judged::Wait(until) => return Owned::Plain(Changed::Wait(until)),
                    Judged::Wrong | Judged::NotConfigured => return Owned::Plain(Changed::Wrong),
                    Judged::Unavailable => return Owned::Plain(Changed::Unavailable),
                }
            }
            Present::Unset => {
                if self.system.ledger.credential(Owner::Account(account.id), kind).is_some() {
                    return Owned::Plain(Changed::Wrong);
                }
            }
        }
        self.change_own_code(LoginInterface::VoicemailMailbox, account.id, kind, new).await
    }

    /// That somebody came to a mailbox without a code is in the audit like a sign-in.
    fn note_trusted(&self, number: &str) {
        let event = AuditEvent {
            at: self.now(),
            action: Action::SignIn,
            outcome: Outcome::Accepted,
            reason: None,
            actor: self.by(LoginInterface::VoicemailMailbox).actor,
            domain: self.caller.domain,
            subject: AuditEvent::text(number),
            interface: LoginInterface::VoicemailMailbox,
            address: Some(self.caller.address),
            agent: AuditEvent::text("trusted source"),
            changes: Vec::new(),
            times: 1,
        };
        self.system.ledger.commit_behind(vec![Effect::Audit(event)]);
    }

    pub(super) fn list_messages(&self, number: &str) -> Told {
        let Some(account) = self.owner(number) else { return Told::Fault };
        *self.opened.lock() = Some(account.id);
        if !std::mem::replace(&mut *self.is_judged.lock(), true) {
            self.note_trusted(number);
        }
        let mailbox = self.system.ledger.mailbox(account.id);
        let envelope = |message: &Message| Envelope {
            id: MessageId(message.id),
            is_new: message.is_new,
            at: moment::spoken(message.at, self.now()),
            from: caller_of(&message.from),
        };
        let (new, old): (Vec<&Message>, Vec<&Message>) =
            mailbox.messages.iter().partition(|message| message.is_new);
        Told::Messages(new.into_iter().chain(old).map(envelope).collect())
    }

    /// A message, or the greeting.
    pub(super) async fn sound_of(&self, message: Option<u64>) -> Told {
        let Some(account) = *self.opened.lock() else { return Told::Sound(None) };
        let id = message.map_or(RecordingId::Greeting, RecordingId::Message);
        let system = Arc::clone(&self.system);
        let read = tokio::task::spawn_blocking(move || system.ledger.recording(account, id)).await;
        match read {
            Ok(Ok(sound)) => Told::Sound(sound),
            Ok(Err(error)) => {
                tracing::error!(%error, "a recording could not be read");
                Told::Sound(None)
            }
            Err(_) => Told::Sound(None),
        }
    }

    pub(super) async fn store_message(&self, number: &str, draft: Option<Draft>) -> Told {
        let (Some(account), Some(draft)) = (self.owner(number), draft) else { return Told::Fault };
        let from = self.system.ledger.extension(self.caller.extension);
        let name = from.as_ref().and_then(|from| from.user).and_then(|user| self.system.ledger.account(user));
        let name = name.as_deref().map_or("", Account::shown_name);
        let new = NewMessage {
            at: self.now(),
            from: Party::shown(&self.caller.number, name),
            length: Seconds(draft.seconds),
            bytes: u32::try_from(draft.sound.len()).unwrap_or(u32::MAX),
        };
        let stored = AtomicU64::new(0);
        let told = self
            .change(account.id, |mailbox| {
                let (mailbox, id) = mailbox.with(new.clone())?;
                if let RecordingId::Message(number) = id {
                    stored.store(number, Ordering::Relaxed);
                }
                Some((mailbox, vec![Effect::PutRecording(account.id, id, sealed(&draft.sound))]))
            })
            .await;
        if told == Changed::Done {
            self.mail_message(account.id, stored.into_inner());
        }
        Told::Changed(Owned::Plain(told))
    }

    /// Has a message mailed, where that is wanted and can be done. Nobody waits for it.
    fn mail_message(&self, account: AccountId, number: u64) {
        let is_wanted = self.system.ledger.mailbox(account).mail_to.is_some();
        if is_wanted && notify::mail::is_set_up(&self.system) {
            self.system.mail.put(Errand::Voicemail(account, number), Instant::now());
        }
    }

    /// Keeps a greeting, or with none goes back to the standard one.
    pub(super) async fn store_greeting(&self, number: &str, draft: Option<Draft>) -> Told {
        let Some(account) = self.owner(number) else { return Told::Fault };
        let told = self
            .change(account.id, |mailbox| {
                let put = draft.as_ref().map(|draft| {
                    Effect::PutRecording(account.id, RecordingId::Greeting, sealed(&draft.sound))
                });
                // One that is no longer named goes with it.
                Some((mailbox.with_greeting(draft.is_some()), put.into_iter().collect()))
            })
            .await;
        Told::Changed(Owned::Plain(told))
    }

    /// A message was heard and stays.
    pub(super) async fn keep(&self, id: u64) -> Told {
        self.leaving.lock().remove(&id);
        let Some(account) = *self.opened.lock() else { return Told::Fault };
        let changed = self.change(account, |mailbox| Some((mailbox.with_heard(id)?, Vec::new()))).await;
        // One that is gone meanwhile cannot be kept, and nobody has to hear of it.
        if matches!(changed, Changed::Done | Changed::NotAllowed) { Told::Nothing } else { Told::Fault }
    }

    /// What was to go goes, all at once.
    pub(super) async fn delete_leaving(&self) {
        let leaving = std::mem::take(&mut *self.leaving.lock());
        let Some(account) = *self.opened.lock() else { return };
        if leaving.is_empty() {
            return;
        }
        let changed = self
            .change(account, |mailbox| {
                let without =
                    leaving.iter().fold(mailbox.clone(), |after, id| after.without(*id).unwrap_or(after));
                let is_less = without.messages.len() < mailbox.messages.len();
                is_less.then(|| (Mailbox { version: mailbox.version + 1, ..without }, Vec::new()))
            })
            .await;
        if changed == Changed::Unavailable {
            tracing::warn!("messages that were deleted are still there");
        }
    }

    /// The phones that watch a mailbox hear that it has changed.
    fn tell_lamp(&self, account: AccountId) {
        let ledger = &*self.system.ledger;
        let phone = ledger.account(account).and_then(|account| signin::desk::phone_of(ledger, &account));
        if let (Some(sip), Some(phone)) = (self.system.sip(), phone) {
            sip.mailbox_changed(phone);
        }
    }

    /// Changes a mailbox, again where somebody else changed it meanwhile. [`Changed::NotAllowed`] where there is nothing to
    /// change, or no room.
    async fn change(
        &self,
        account: AccountId,
        change: impl Fn(&Mailbox) -> Option<(Mailbox, Vec<Effect>)>,
    ) -> Changed<'static> {
        for _ in 0..TRIES {
            let before = self.system.ledger.mailbox(account);
            let Some((after, mut effects)) = change(&before) else { return Changed::NotAllowed };
            effects.insert(0, Effect::PutDocument(Box::new(Document::Mailbox(after))));
            match self.system.commit(effects).await {
                Ok(()) => {
                    self.tell_lamp(account);
                    return Changed::Done;
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(_) => return Changed::Unavailable,
            }
        }
        Changed::Unavailable
    }
}

/// A recording on its way to where it is sealed.
fn sealed(sound: &[u8]) -> SecretBytes {
    SecretBytes::new(sound.to_vec())
}

fn caller_of(party: &Party) -> dialogue::Caller {
    match Number::parse(&party.number) {
        Some(number) => dialogue::Caller::Extension(number),
        None if party.number.is_empty() => dialogue::Caller::Unknown,
        None => dialogue::Caller::Outside(party.number.as_str().into()),
    }
}
