//! The mailbox: leaving a message in one, and hearing what is in one's own.
//!
//! Specification: SPEC section 3 (S12). Two dialogues: [`leave_message`] for whoever calls somebody who does not answer, and
//! [`collect`] for the owner. Where messages are kept and whether a code is right is the business of whoever carries the
//! outputs out; wrong codes are counted there too.

mod leave;
mod messages;
mod options;
mod sign_in;

use signin::{ident::Number, timestamp::Seconds};

use self::{leave::Leave, sign_in::Mailbox};
use crate::{dialogue::Dialogue, prompt::Language};

/// Whoever has been wrong this often in one call is not asked again, whatever the count outside says.
pub const TRIES_MAX: u8 = 4;
/// A recording ends when nobody has spoken for this long.
pub const RECORDING_SILENCE: Seconds = Seconds(10);
/// What is no longer than this, in seconds, is no message: somebody hung up.
pub const MESSAGE_MIN: u32 = 1;
/// Longest greeting.
pub const GREETING_MAX: Seconds = Seconds(120);
/// How often one message or greeting is recorded anew.
pub const TAKES_MAX: u8 = 10;
/// Longest voicemail code.
const CODE_MAX: usize = 15;

/// What a caller hears first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// The mailbox's own.
    Own,
    /// The number, in the system's voice.
    Standard,
}

/// The mailbox in which a message is left.
#[derive(Clone, Copy, Debug)]
pub struct Recipient {
    /// Its number.
    pub mailbox: Number,
    /// Its greeting.
    pub greeting: Greeting,
    /// Whether no message more goes into it.
    pub is_full: bool,
    /// Longest message.
    pub length_max: Seconds,
    /// Whether whoever calls need not show the code to hear what is in it.
    pub is_trusted: bool,
    /// What is spoken.
    pub language: Language,
}

/// How somebody comes to a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// From a trusted source: whoever made the dialogue has let them in to this one.
    Trusted(Number),
    /// To this one, with its code.
    Code(Number),
    /// From anywhere: the number is asked, then the code.
    Anybody,
}

/// Leaving a message.
pub fn leave_message(recipient: Recipient) -> Dialogue {
    Dialogue::new(Leave::new(recipient))
}

/// Hearing one's messages.
pub fn collect(door: Door, language: Language) -> Dialogue {
    Dialogue::new(Mailbox::new(door, language))
}
