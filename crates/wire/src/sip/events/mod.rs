//! Events that phones subscribe to (RFC 6665): lines in use (RFC 4235) and messages waiting (RFC 3842).
//!
//! Which package a request means, and the documents that say how things stand. Templates (`dialog.winfo`) are packages of
//! their own, and none of ours; who may know what is decided elsewhere.

pub mod dialog_info;
pub mod message_summary;

use super::parameters::{PARAMETERS_MAX, next_parameter};
use super::scan::{self, Scan, TOKEN};
use super::{Fields, HeaderName};

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Package {
    /// RFC 4235: the calls of a line.
    Dialog,
    /// RFC 3842: the messages of a mailbox.
    MessageSummary,
}

/// An Event header (RFC 6665 §8.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What it is about.
    pub package: Package,
    /// The subscriber's word for it, which each NOTIFY repeats; empty for none.
    pub id: &'a [u8],
}

impl Package {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Dialog, Self::MessageSummary];

    /// As it stands in Event and Allow-Events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::MessageSummary => "message-summary",
        }
    }

    /// Of its documents.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::MessageSummary => "application/simple-message-summary",
        }
    }

    /// Whether whoever asks takes its documents: Accept names them, or there is none (§4.1.2.1 of RFC 6665).
    #[must_use]
    pub fn is_accepted(self, fields: &Fields<'_>) -> bool {
        let is_ours = |range: &[u8]| {
            let range = scan::trim(range.split(|&byte| byte == b';').next().unwrap_or_default());
            let ranges = [self.content_type(), "application/*", "*/*"];
            ranges.iter().any(|known| range.eq_ignore_ascii_case(known.as_bytes()))
        };
        fields.first(HeaderName::Accept).is_none() || fields.tokens(HeaderName::Accept).any(is_ours)
    }
}

impl<'a> Event<'a> {
    /// What a request is about; `None` where that is nothing of ours, not said, or said twice or wrongly.
    #[must_use]
    pub fn of(fields: &Fields<'a>) -> Option<Self> {
        let (value, _) = fields.single(HeaderName::Event).ok()??;
        let mut scan = Scan::new(value);
        let name = scan.take(TOKEN);
        let is_it = |package: &Package| name.eq_ignore_ascii_case(package.name().as_bytes());
        let package = Package::ALL.into_iter().find(is_it)?;
        let mut id = &b""[..];
        for _ in 0..PARAMETERS_MAX {
            let Some(parameter) = next_parameter(&mut scan).ok()? else { break };
            if parameter.is("id") {
                id = parameter.raw();
            }
        }
        scan.is_done().then_some(Self { package, id })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, Message};
    use super::*;

    fn with<T>(more: &str, ask: impl FnOnce(&Fields<'_>) -> T) -> T {
        let text = format!("SUBSCRIBE sip:a@b SIP/2.0\r\n{more}\r\n");
        let mut headers = Headers::new();
        ask(Message::parse(text.as_bytes(), &mut headers).unwrap().fields())
    }

    #[test]
    fn a_package_of_ours_is_known_with_the_word_that_the_phone_has_for_it() {
        for (text, expected) in [
            ("Event: dialog\r\n", Some((Package::Dialog, ""))),
            ("o: message-summary\r\n", Some((Package::MessageSummary, ""))),
            ("Event: Dialog ;ma;id=\t17\r\n", Some((Package::Dialog, "17"))),
            ("Event: dialog.winfo\r\n", None),
            ("Event: presence\r\n", None),
            ("Event: dialog;=\r\n", None),
            ("Event: dialog, presence\r\n", None),
            ("Event: dialog\r\nEvent: dialog\r\n", None),
            ("Event:\r\n", None),
            ("", None),
        ] {
            let found = with(text, |fields| {
                Event::of(fields).map(|event| (event.package, String::from_utf8_lossy(event.id).into_owned()))
            });
            assert_eq!(found, expected.map(|(package, id)| (package, id.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn who_takes_other_documents_alone_takes_none_of_ours() {
        for (text, expected) in [
            ("", true),
            ("Accept: application/dialog-info+xml\r\n", true),
            ("Accept: text/plain, Application/Dialog-Info+XML;q=0.5\r\n", true),
            ("Accept: text/plain\r\nAccept: */*\r\n", true),
            ("Accept: application/*\r\n", true),
            ("Accept: application/simple-message-summary\r\n", false),
            ("Accept:\r\n", false),
        ] {
            assert_eq!(with(text, |fields| Package::Dialog.is_accepted(fields)), expected, "{text:?}");
        }
    }
}
