//! The attendant: what is dialled and is no phone, and whatever a dialogue wants looked up or changed. Decisions are `signin`'s,
//! menus are `calls`'; here both meet what is kept.
//!
//! What is typed at a keypad is an attempt like any other: counted before it is checked, and in the audit. Nothing here says more
//! than the verdict does.

mod administration;
mod log;
mod mailboxes;
mod moves;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::Path,
    sync::Arc,
};

use calls::{
    dialogue::{Changed, Dialogue, Judged, Output, Recording, Tone},
    mailbox::{self, Door},
    prompt::{Language, Prompt, sequence},
    short_code::{CodeFault, Dialled, FEATURES, Feature, FeatureRow, ShortCodes},
};
use parking_lot::Mutex;
use signin::{
    admin::By,
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
    timestamp::Timestamp,
    verdict::Verdict,
};

pub use self::{
    log::note_call,
    mailboxes::{has_mailbox, mailbox_of},
    moves::end_stays,
};
use crate::{
    flow::Refusal,
    media::station::{Opening, Owned, Told},
    system::System,
};

/// Who dialled.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organisation.
    pub domain: DomainId,
    /// The phone's own extension.
    pub phone: ExtensionId,
    /// That of whoever is at it.
    pub extension: ExtensionId,
    /// The number of that.
    pub number: Box<str>,
    /// Where it is.
    pub address: IpAddr,
    /// What it calls itself.
    pub agent: Box<str>,
}

/// What comes of something that was dialled.
#[derive(Debug)]
pub enum Served {
    /// The call is answered, with these words beside the number.
    Opened(Opening, Box<str>),
    /// It is not.
    Refused(u16, Box<str>),
}

/// What a caller has recorded.
#[derive(Clone, Debug)]
pub struct Draft {
    /// G.711 µ-law.
    pub sound: Arc<[u8]>,
    /// How long somebody spoke.
    pub seconds: u32,
}

/// Whoever a station asks.
#[derive(Debug)]
pub struct Attendant {
    system: Arc<System>,
    caller: Caller,
    /// The mailbox that is open: whose messages are heard.
    opened: Mutex<Option<AccountId>>,
    /// It was opened by its code; or the audit knows that none was asked.
    is_judged: Mutex<bool>,
    /// Messages that are to go when the call is over.
    leaving: Mutex<BTreeSet<u64>>,
}

impl Attendant {
    fn new(system: &Arc<System>, caller: Caller) -> Arc<Self> {
        Arc::new(Self {
            system: Arc::clone(system),
            caller,
            opened: Mutex::default(),
            is_judged: Mutex::default(),
            leaving: Mutex::default(),
        })
    }

    /// Where the operator's own sounds are.
    pub fn folder(&self) -> &Path {
        self.system.folder.as_path()
    }

    /// Carries out what a dialogue wants.
    pub async fn carry_out(&self, output: Output, draft: Option<Draft>) -> Told {
        match output {
            Output::CheckVoicemailCode { mailbox, code } => {
                Told::Judged(self.check_voicemail_code(mailbox.as_str(), &code).await)
            }
            Output::CheckSystemPassword(code) => {
                let claim = Claim::System(&self.caller.number);
                let judged = self.judge(LoginInterface::PhoneAdministration, claim, &code).await.0;
                Told::Judged(judged)
            }
            Output::ChangeVoicemailCode { mailbox, present, new } => {
                Told::Changed(self.change_voicemail_code(mailbox.as_str(), present, new).await)
            }
            Output::ListMessages { mailbox } => self.list_messages(mailbox.as_str()),
            Output::Play(Recording::Message(id)) => self.sound_of(Some(id.0)).await,
            Output::Play(Recording::Greeting) => self.sound_of(None).await,
            Output::StoreMessage { mailbox } => self.store_message(mailbox.as_str(), draft).await,
            Output::StoreGreeting { mailbox } => self.store_greeting(mailbox.as_str(), draft).await,
            Output::UseStandardGreeting { mailbox } => self.store_greeting(mailbox.as_str(), None).await,
            Output::Keep(id) => self.keep(id.0).await,
            Output::Delete(id) => {
                self.leaving.lock().insert(id.0);
                Told::Nothing
            }
            Output::ListLocked => Told::Locked(self.locked()),
            Output::Administer(act) => Told::Changed(self.administer(act).await),
            Output::Say(_)
            | Output::Play(Recording::Draft)
            | Output::Tone(_)
            | Output::Hush
            | Output::StartRecording { .. }
            | Output::StopRecording
            | Output::DiscardRecording
            | Output::HangUp => Told::Nothing,
        }
    }

    /// The call is over: what was to go goes.
    pub async fn finish(&self) {
        self.delete_leaving().await;
    }

    /// Holds what was typed against what is kept. The second is the account that it opens.
    async fn judge(
        &self,
        interface: LoginInterface,
        claim: Claim<'_>,
        code: &Secret,
    ) -> (Judged, Option<AccountId>) {
        let attempt = Attempt {
            interface,
            domain: self.caller.domain,
            claim,
            proof: Proof::Digits(code),
            peer: Peer { address: self.caller.address, agent: &self.caller.agent, device: "" },
            purpose: Purpose::Once,
        };
        match self.system.sign_in(attempt).await {
            Verdict::Accept(accepted) => (Judged::Right, accepted.account),
            Verdict::Reject => (Judged::Wrong, None),
            Verdict::Wait { until } => (Judged::Wait(until), None),
            // Codes are answers to no challenge, and open no session.
            Verdict::Challenge
            | Verdict::TooManySessions
            | Verdict::NewSecretFirst
            | Verdict::Unavailable => (Judged::Unavailable, None),
        }
    }

    /// The phone, as whoever asks for a change.
    fn by(&self, interface: LoginInterface) -> By {
        let Caller { domain, phone, address, agent, number, .. } = &self.caller;
        By::phone(*domain, (*phone, number), interface, *address, agent)
    }

    fn now(&self) -> Timestamp {
        self.system.clock.now()
    }
}

/// What a refused operation is called at a telephone.
fn refusal(refusal: Refusal) -> Owned {
    use signin::admin::Problem;
    Owned::Plain(match refusal {
        Refusal::Problem(Problem::NotFound(_)) => Changed::NoSuchExtension,
        Refusal::Problem(Problem::NoRight(_) | Problem::Never(_)) => Changed::NotAllowed,
        Refusal::Problem(Problem::Invalid(wrong)) => {
            return Owned::Refused(wrong.iter().filter_map(|wrong| wrong.rule).collect());
        }
        Refusal::Problem(Problem::Changed(_)) | Refusal::Unavailable => Changed::Unavailable,
    })
}

/// The language in which everything is said.
fn language(system: &System) -> Language {
    system.config().config.sip.language
}

/// The short codes of a domain.
pub fn short_codes(system: &System, domain: DomainId) -> ShortCodes {
    let mut codes = ShortCodes::default();
    let chosen: BTreeMap<Box<str>, Box<str>> = system.ledger.short_codes(domain).codes.clone();
    let of_each = || FEATURES.iter().filter_map(|row| Some((row.feature, chosen.get(row.name)?)));
    // Two may have changed places: none of them must stand in the way of another by what it was.
    for (feature, _) in of_each() {
        drop(codes.set(feature, ""));
    }
    for (feature, code) in of_each() {
        // What was saved was checked; one that a later version refuses stays off rather than anything else.
        drop(codes.set(feature, code));
    }
    codes
}

/// What is wrong with chosen codes, by the names of their features.
pub type WrongCodes = Vec<(&'static str, CodeFault)>;

/// What is kept of the codes that somebody chose for all features: those that are not the defaults.
///
/// # Errors
/// What is wrong, by the names of the features.
pub fn chosen_codes<'c>(
    chosen: impl Fn(&FeatureRow) -> &'c str,
) -> Result<BTreeMap<Box<str>, Box<str>>, WrongCodes> {
    let defaults = ShortCodes::default();
    let mut codes = ShortCodes::default();
    for row in &FEATURES {
        drop(codes.set(row.feature, ""));
    }
    let (mut kept, mut wrong) = (BTreeMap::new(), Vec::new());
    for row in &FEATURES {
        let text = chosen(row).trim();
        if let Err(fault) = codes.set(row.feature, text) {
            wrong.push((row.name, fault));
        } else if codes.code(row.feature) != defaults.code(row.feature) {
            kept.insert(row.name.into(), text.into());
        }
    }
    if wrong.is_empty() { Ok(kept) } else { Err(wrong) }
}

/// The short code that was dialled, if it is one.
pub fn short_code(system: &System, domain: DomainId, dialled: &str) -> Option<Dialled> {
    if !dialled.starts_with(['*', '#']) {
        return None;
    }
    short_codes(system, domain).parse(dialled)
}

/// What is shown of what was dialled: no secret.
pub const fn shown(dialled: &Dialled) -> &'static str {
    let feature = match dialled {
        Dialled::PhoneLogin { .. } => Feature::PhoneLogin,
        Dialled::PhoneLogout => Feature::PhoneLogout,
        Dialled::ChangeLoginCode { .. } => Feature::ChangeLoginCode,
        Dialled::Voicemail => Feature::Voicemail,
        Dialled::Hoteling { .. } => Feature::Hoteling,
        Dialled::HotelingEnd => Feature::HotelingEnd,
        Dialled::PhoneAdministration => Feature::PhoneAdministration,
        Dialled::Malformed(feature) => *feature,
    };
    feature.row().title
}

/// Carries out what was dialled.
pub async fn serve(system: &Arc<System>, caller: Caller, dialled: Dialled) -> Served {
    let attendant = Attendant::new(system, caller);
    match dialled {
        Dialled::PhoneLogin { number, code } => attendant.log_in(number, &code).await,
        Dialled::PhoneLogout | Dialled::HotelingEnd => attendant.log_out().await,
        Dialled::ChangeLoginCode { old, new } => attendant.change_login_code(old, new).await,
        Dialled::Hoteling { number, code } => attendant.be_guest(number, &code).await,
        Dialled::Voicemail => attendant.to_voicemail(),
        Dialled::PhoneAdministration => attendant.to_administration(),
        Dialled::Malformed(_) => attendant.announce(Outcome::Invalid),
    }
}

/// What came of something that needs no menu.
#[derive(Clone, Debug)]
enum Outcome {
    LoggedIn(Box<str>),
    LoggedOut,
    Done,
    Invalid,
    NotAllowed,
    Wait(Option<Timestamp>),
    Refused(Vec<&'static str>),
    Unavailable,
}

impl Attendant {
    /// Says what came of it, and shows it on the phone.
    fn announce(self: Arc<Self>, outcome: Outcome) -> Served {
        let language = language(&self.system);
        let (tone, prompts, reason) = match outcome {
            Outcome::LoggedIn(number) => (
                None,
                [vec![Prompt::LoggedIn], sequence::digits(&number)].concat(),
                format!("Logged In As {number}"),
            ),
            Outcome::LoggedOut => (None, vec![Prompt::LoggedOut], "Logged Out".into()),
            Outcome::Done => (None, vec![Prompt::Done], "Done".into()),
            Outcome::Invalid => (Some(Tone::Busy), vec![Prompt::Invalid], "Invalid".into()),
            Outcome::NotAllowed => (Some(Tone::Busy), vec![Prompt::NotAllowed], "Not Allowed".into()),
            Outcome::Wait(until) => {
                (Some(Tone::Busy), sequence::wait(until, self.now(), language), "Try Again Later".into())
            }
            Outcome::Refused(rules) => (Some(Tone::Busy), sequence::refused(&rules), "Code Refused".into()),
            Outcome::Unavailable => (Some(Tone::Busy), vec![Prompt::Fault], "Not Now".into()),
        };
        let dialogue = Dialogue::announcement(tone, prompts);
        Served::Opened(Opening { dialogue, language, attendant: self }, reason.into())
    }

    /// Where whoever is at the phone hears messages: the own mailbox, or asked whose.
    fn to_voicemail(self: Arc<Self>) -> Served {
        let language = language(&self.system);
        if !self.system.config().config.sip.mailboxes {
            return Served::Refused(404, "No Mailboxes Here".into());
        }
        let ledger = &*self.system.ledger;
        let own = ledger.extension(self.caller.extension);
        let user = own.as_ref().and_then(|own| {
            let account = own.user.and_then(|user| ledger.account(user))?;
            // Only where they are: a phone that nobody is at is nobody's mailbox.
            signin::desk::phone_of(ledger, &account).filter(|phone| *phone == self.caller.phone)?;
            Some((own.number, ledger.mailbox(account.id)))
        });
        let door = match user {
            Some((number, mailbox)) if mailbox.trusts_own => Door::Trusted(number),
            Some((number, _)) => Door::Code(number),
            None => Door::Anybody,
        };
        let dialogue = mailbox::collect(door, language);
        Served::Opened(Opening { dialogue, language, attendant: self }, "OK".into())
    }
}
