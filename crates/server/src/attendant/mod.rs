//! The attendant: what is dialled and is no phone, and whatever a dialogue wants looked up or changed. Decisions are `signin`'s,
//! menus are `calls`'; here both meet what is kept.

use std::{net::IpAddr, path::Path, sync::Arc};

use calls::{
    dialogue::{Dialogue, Output, Tone},
    prompt::{Language, Prompt},
    short_code::{Dialled, Feature, ShortCodes},
};
use signin::{
    extension::Extension,
    ident::{DomainId, ExtensionId},
};

use crate::{
    interfaces::sip::Call,
    media::station::{Opening, Told},
    system::System,
};

/// Who dialled.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organisation.
    pub domain: DomainId,
    /// Whose phone.
    pub extension: ExtensionId,
    /// Its number.
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
    caller: Option<Caller>,
}

impl Attendant {
    /// Where the operator's own sounds are.
    pub fn folder(&self) -> &Path {
        self.system.folder.as_path()
    }

    /// Carries out what a dialogue wants.
    pub async fn carry_out(&self, output: Output, draft: Option<Draft>) -> Told {
        let _ = (&self.caller, output, draft);
        Told::Fault
    }
}

/// The short code that was dialled, if it is one.
pub fn short_code(_system: &System, _domain: DomainId, dialled: &str) -> Option<Dialled> {
    ShortCodes::default().parse(dialled)
}

/// What is shown of what was dialled: no secret.
pub fn shown(dialled: &Dialled) -> &'static str {
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
    let _ = dialled;
    let attendant = Arc::new(Attendant { system: Arc::clone(system), caller: Some(caller) });
    let dialogue = Dialogue::announcement(Some(Tone::Busy), vec![Prompt::Invalid]);
    Served::Opened(Opening { dialogue, language: Language::English, attendant }, "Invalid".into())
}

/// Whether messages can be left for whoever is at an extension.
pub fn has_mailbox(_system: &System, _called: &Extension) -> bool {
    false
}

/// The mailbox of whoever was called, to leave a message in.
pub fn mailbox_of(_system: &Arc<System>, _call: &Call) -> Option<Opening> {
    None
}

/// A call is over: both ends' logs have it.
pub fn note_call(_system: &System, _call: &Call, _by_caller: bool) {}
