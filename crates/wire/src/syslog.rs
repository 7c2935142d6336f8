//! Syslog: messages of RFC 5424, and how they follow one another on a stream (RFC 5425 section 4.3, RFC 6587 section
//! 3.4.1). Encoding only: nobody sends us any.

/// Longest message, in bytes. RFC 5426 section 3.2 and RFC 5425 section 4.3.1 want every receiver to take 2048.
pub const MESSAGE_MAX: usize = 2048;
/// Longest name of a parameter or an element (RFC 5424 section 6.3.2).
const SD_NAME_MAX: usize = 32;
/// What is kept free for the last words: `left="…"] ` and a short text.
const SPARE: usize = 400;

/// How urgent (RFC 5424 section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The system cannot be used.
    Emergency = 0,
    /// Somebody must act at once.
    Alert = 1,
    /// Critical.
    Critical = 2,
    /// An error.
    Error = 3,
    /// A warning.
    Warning = 4,
    /// Normal, but worth noting.
    Notice = 5,
    /// For information.
    Informational = 6,
    /// For those who look for a mistake.
    Debug = 7,
}

impl Severity {
    /// Every one, the most urgent first.
    pub const ALL: [Self; 8] = [
        Self::Emergency,
        Self::Alert,
        Self::Critical,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Informational,
        Self::Debug,
    ];

    /// Its word in RFC 5424.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Emergency => "Emergency",
            Self::Alert => "Alert",
            Self::Critical => "Critical",
            Self::Error => "Error",
            Self::Warning => "Warning",
            Self::Notice => "Notice",
            Self::Informational => "Informational",
            Self::Debug => "Debug",
        }
    }

    /// The one with this number; the least urgent for what is none.
    pub fn numbered(number: u8) -> Self {
        Self::ALL.into_iter().find(|severity| *severity as u8 == number).unwrap_or(Self::Debug)
    }
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// 0 to 23.
    pub facility: u8,
    /// How urgent.
    pub severity: Severity,
    /// RFC 3339, at most six digits of a second.
    pub timestamp: &'a str,
    /// The machine.
    pub host: &'a str,
    /// The program.
    pub app: &'a str,
    /// Its number.
    pub process: u32,
    /// What kind of message.
    pub id: &'a str,
    /// The name of the one element of structured data.
    pub element: &'a str,
    /// Its parameters, the most important first: those for which there is no room are left out, and counted.
    pub parameters: &'a [(&'a str, &'a str)],
    /// In words.
    pub text: &'a str,
}

impl Message<'_> {
    /// Writes the message, never more than [`MESSAGE_MAX`] bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        let priority = u16::from(self.facility.min(23)) * 8 + self.severity as u16;
        out.extend_from_slice(format!("<{priority}>1 ").as_bytes());
        let process = self.process.to_string();
        let header = [(self.timestamp, 48), (self.host, 255), (self.app, 48), (&process, 128), (self.id, 32)];
        for (value, most) in header {
            put_token(out, value, most);
            out.push(b' ');
        }
        out.push(b'[');
        put_token(out, self.element, SD_NAME_MAX);
        let mut left = 0_usize;
        let mut value = Vec::new();
        for (name, text) in self.parameters {
            value.clear();
            put_value(&mut value, text);
            if left > 0 || out.len() + name.len() + value.len() + SPARE > MESSAGE_MAX {
                left += 1;
                continue;
            }
            put_parameter(out, name, &value);
        }
        if left > 0 {
            put_parameter(out, "left", left.to_string().as_bytes());
        }
        out.extend_from_slice(b"] ");
        if !self.text.is_ascii() {
            // Section 6.4: what is UTF-8 says so.
            out.extend_from_slice(b"\xef\xbb\xbf");
        }
        for c in self.text.chars() {
            let c = if c.is_control() { ' ' } else { c };
            if out.len() + c.len_utf8() > MESSAGE_MAX {
                break;
            }
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Writes a message as it goes over a stream: its length in bytes, a space, the message.
pub fn frame(message: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(message.len().to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(message);
}

/// Visible ASCII alone; `-` where nothing is left.
fn put_token(out: &mut Vec<u8>, value: &str, most: usize) {
    let before = out.len();
    out.extend(value.bytes().filter(u8::is_ascii_graphic).take(most));
    if out.len() == before {
        out.push(b'-');
    }
}

fn put_parameter(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.push(b' ');
    let is_allowed = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
    out.extend(name.bytes().filter(is_allowed).take(SD_NAME_MAX));
    out.extend_from_slice(b"=\"");
    out.extend_from_slice(value);
    out.push(b'"');
}

/// Section 6.3.3: `"`, `\` and `]` are escaped. Control characters are none of ours, and would end a line for receivers
/// that go by lines.
fn put_value(out: &mut Vec<u8>, value: &str) {
    for c in value.chars() {
        if matches!(c, '"' | '\\' | ']') {
            out.push(b'\\');
        }
        let c = if c.is_control() { ' ' } else { c };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(parameters: &'a [(&'a str, &'a str)], text: &'a str) -> Message<'a> {
        Message {
            facility: 10,
            severity: Severity::Warning,
            timestamp: "2027-01-15T08:00:00.125Z",
            host: "pbx.example",
            app: "hookswitch",
            process: 77,
            id: "sign-in",
            element: "hookswitch@32473",
            parameters,
            text,
        }
    }

    fn encoded(message: &Message<'_>) -> String {
        let mut out = b"what was here before".to_vec();
        message.encode(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_message_is_written_as_rfc_5424_wants_it() {
        let parameters = [("subject", "201"), ("seq", "7")];
        assert_eq!(
            encoded(&message(&parameters, "Sign in refused: 201")),
            "<84>1 2027-01-15T08:00:00.125Z pbx.example hookswitch 77 sign-in \
             [hookswitch@32473 subject=\"201\" seq=\"7\"] Sign in refused: 201"
        );
        let bare = Message { host: "", id: "", facility: 99, ..message(&[], "é") };
        assert_eq!(
            encoded(&bare),
            "<188>1 2027-01-15T08:00:00.125Z - hookswitch 77 - [hookswitch@32473] \u{feff}é"
        );
    }

    #[test]
    fn no_value_ends_its_parameter_its_element_or_its_line() {
        let parameters = [("sub=j]e\"ct", "a\"b\\c]d\ne\u{0}f"), ("é", "ü")];
        let text = encoded(&message(&parameters, "one\r\ntwo"));
        assert!(
            text.ends_with(" [hookswitch@32473 subject=\"a\\\"b\\\\c\\]d e f\" =\"ü\"] one  two"),
            "{text}"
        );
        let header = Message { host: "a b\u{7}", app: "c\nd", id: "e f", ..message(&[], "x") };
        assert!(encoded(&header).contains(" ab cd 77 ef ["), "{}", encoded(&header));
    }

    #[test]
    fn a_message_is_never_too_long_and_says_what_was_left_out() {
        let long = "\"".repeat(900);
        let parameters = [("a", "1"), ("b", &*long), ("c", "3")];
        let text = encoded(&message(&parameters, &"é".repeat(3000)));
        assert!((MESSAGE_MAX - 1..=MESSAGE_MAX).contains(&text.len()), "{}", text.len());
        assert!(text.contains(" a=\"1\" left=\"2\"] "), "{text}");
    }

    #[test]
    fn on_a_stream_a_message_has_its_length_before_it() {
        let mut out = Vec::new();
        frame("é!".as_bytes(), &mut out);
        assert_eq!(out, "3 é!".as_bytes());
    }

    #[test]
    fn severities_have_their_numbers() {
        for (number, severity) in (0..8).zip(Severity::ALL) {
            assert_eq!(Severity::numbered(number), severity);
            assert!(!severity.title().is_empty());
        }
        assert_eq!(Severity::numbered(8), Severity::ALL[7]);
    }
}
