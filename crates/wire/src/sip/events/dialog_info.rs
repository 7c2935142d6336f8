//! Dialog information: the calls of a line as a document (RFC 4235 §4).
//!
//! Always the full state. Call-ID, tags and session descriptions are left out: they are no business of those who watch.

use super::super::writer::push_number;

/// What the document is sent as.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:dialog-info";

/// Who began a dialog (RFC 4235 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The line that is watched.
    Initiator,
    /// The other end.
    Recipient,
}

/// How far a dialog has come (RFC 4235 §3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was asked for.
    Trying,
    /// It rings.
    Early,
    /// They talk.
    Confirmed,
    /// It is over.
    Terminated,
}

/// One end of a dialog.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// For people; empty for none.
    pub name: &'a str,
    /// Its address.
    pub uri: &'a str,
}

/// One dialog.
#[derive(Clone, Copy, Debug)]
pub struct Dialog<'a> {
    /// The same for as long as it lasts, and no other one's of this line.
    pub id: u64,
    /// Who began it; not said of what is over.
    pub direction: Option<Direction>,
    /// How far it has come.
    pub state: State,
    /// The line that is watched.
    pub local: Option<Identity<'a>>,
    /// The other end.
    pub remote: Option<Identity<'a>>,
}

/// Writes a document.
#[derive(Debug)]
pub struct DialogInfoWriter<'b> {
    out: &'b mut Vec<u8>,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Recipient => "recipient",
        }
    }
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

impl<'b> DialogInfoWriter<'b> {
    /// Clears `out` and begins the document of a line; `version` counts those that one subscriber was sent, from 0.
    pub fn start(out: &'b mut Vec<u8>, version: u32, entity: &str) -> Self {
        out.clear();
        push(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<dialog-info");
        push_attribute(out, "xmlns", NAMESPACE);
        push_attribute(out, "version", &version.to_string());
        push_attribute(out, "state", "full");
        push_attribute(out, "entity", entity);
        push(out, ">\n");
        Self { out }
    }

    /// One dialog.
    pub fn dialog(&mut self, dialog: &Dialog<'_>) -> &mut Self {
        let out = &mut *self.out;
        push(out, "<dialog id=\"");
        push_number(out, dialog.id);
        push(out, "\"");
        if let Some(direction) = dialog.direction {
            push_attribute(out, "direction", direction.name());
        }
        push(out, ">\n<state>");
        push(out, dialog.state.name());
        push(out, "</state>\n");
        for (end, identity) in [("local", dialog.local), ("remote", dialog.remote)] {
            if let Some(identity) = identity {
                push_end(out, end, &identity);
            }
        }
        push(out, "</dialog>\n");
        self
    }

    /// Ends the document; gives back what was written.
    pub fn finish(self) -> &'b [u8] {
        push(self.out, "</dialog-info>\n");
        self.out
    }
}

fn push_end(out: &mut Vec<u8>, end: &str, identity: &Identity<'_>) {
    push(out, "<");
    push(out, end);
    push(out, ">\n<identity");
    if !identity.name.is_empty() {
        push_attribute(out, "display", identity.name);
    }
    push(out, ">");
    push_text(out, identity.uri);
    push(out, "</identity>\n<target");
    push_attribute(out, "uri", identity.uri);
    push(out, "/>\n</");
    push(out, end);
    push(out, ">\n");
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn push_attribute(out: &mut Vec<u8>, name: &str, value: &str) {
    push(out, " ");
    push(out, name);
    push(out, "=\"");
    push_text(out, value);
    push(out, "\"");
}

/// Text of any kind, between tags or quotes. What no document may have (XML 1.0 §2.2) becomes a space.
fn push_text(out: &mut Vec<u8>, text: &str) {
    for character in text.chars() {
        match character {
            '&' => push(out, "&amp;"),
            '<' => push(out, "&lt;"),
            '>' => push(out, "&gt;"),
            '"' => push(out, "&quot;"),
            '\'' => push(out, "&apos;"),
            '\u{fffe}' | '\u{ffff}' => push(out, " "),
            _ if character.is_control() => push(out, " "),
            _ => push(out, character.encode_utf8(&mut [0; 4])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: u32, entity: &str, dialogs: &[Dialog<'_>]) -> String {
        let mut out = b"left over".to_vec();
        let mut document = DialogInfoWriter::start(&mut out, version, entity);
        for dialog in dialogs {
            document.dialog(dialog);
        }
        String::from_utf8(document.finish().to_vec()).unwrap()
    }

    /// RFC 4235 §6.2: what a phone that calls is said to do, without what is no business of others.
    #[test]
    fn a_line_is_told_of_as_in_the_rfc() {
        let began = Dialog {
            id: 7,
            direction: Some(Direction::Initiator),
            state: State::Trying,
            local: None,
            remote: None,
        };
        let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" \
            entity=\"sip:alice@example.com\">\n\
            <dialog id=\"7\" direction=\"initiator\">\n<state>trying</state>\n</dialog>\n</dialog-info>\n";
        assert_eq!(written(0, "sip:alice@example.com", &[began]), document);
        let ends = Dialog {
            state: State::Confirmed,
            local: Some(Identity { name: "", uri: "sip:alice@example.com" }),
            remote: Some(Identity { name: "Bob", uri: "sip:bob@example.com" }),
            ..began
        };
        let over = Dialog { id: 8, direction: None, state: State::Terminated, local: None, remote: None };
        let text = written(2, "sip:alice@example.com", &[ends, over]);
        assert!(text.contains(" version=\"2\" "), "{text}");
        assert!(
            text.contains(
                "<state>confirmed</state>\n\
                 <local>\n<identity>sip:alice@example.com</identity>\n<target uri=\"sip:alice@example.com\"/>\n</local>\n\
                 <remote>\n<identity display=\"Bob\">sip:bob@example.com</identity>\n\
                 <target uri=\"sip:bob@example.com\"/>\n</remote>\n</dialog>\n\
                 <dialog id=\"8\">\n<state>terminated</state>\n</dialog>\n</dialog-info>"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_line_that_is_free_has_no_dialog() {
        let text = written(1, "sip:a@b", &[]);
        assert!(text.ends_with("entity=\"sip:a@b\">\n</dialog-info>\n"), "{text}");
    }

    #[test]
    fn no_name_gets_out_of_its_place() {
        let remote = Identity { name: "\"><x y='1'>&amp;\u{0}\r\n\u{ffff}\u{7f}Ä💡", uri: "sip:<&>@b" };
        let dialog = Dialog {
            id: u64::MAX,
            direction: Some(Direction::Recipient),
            state: State::Early,
            local: None,
            remote: Some(remote),
        };
        let text = written(u32::MAX, "\"/><!--", &[dialog]);
        assert!(text.contains("display=\"&quot;&gt;&lt;x y=&apos;1&apos;&gt;&amp;amp;     Ä💡\""), "{text}");
        assert!(text.contains("<identity display"), "{text}");
        assert!(text.contains(">sip:&lt;&amp;&gt;@b</identity>"), "{text}");
        assert!(text.contains("entity=\"&quot;/&gt;&lt;!--\">"), "{text}");
    }
}
