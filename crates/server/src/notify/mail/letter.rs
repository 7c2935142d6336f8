//! Letters: what is mailed, as RFC 5322 and MIME have it. `lettre` writes it; here is decided what may be in it.

use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use signin::{
    audit::AuditEvent,
    dice::{Dice, roll},
    mail::MailAddress,
    timestamp::Timestamp,
};

use crate::notify::Failure;

/// What is mailed.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub to: MailAddress,
    /// One line; what could be more is taken out.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as a page, for those who read mail so.
    pub html: Option<String>,
    /// What is with it.
    pub sound: Option<Sound>,
}

/// A recording.
#[derive(Clone, Debug)]
pub struct Sound {
    /// What its file is called.
    pub name: String,
    /// A WAVE file.
    pub bytes: Vec<u8>,
}

/// A letter as it goes over the wire.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

impl Letter {
    /// What is sent to see whether it can be.
    pub fn test(to: MailAddress) -> Self {
        let text = "Somebody who administers this system had this sent, to see whether mail goes out.\r\n";
        Self { to, subject: "A test from Hookswitch".into(), text: text.into(), html: None, sound: None }
    }

    /// Writes it down.
    pub(super) fn written(
        self,
        sender: &MailAddress,
        system: &str,
        now: Timestamp,
        dice: &mut dyn Dice,
    ) -> Result<Written, Failure> {
        let (from, to) = (address(sender)?, address(&self.to)?);
        let number: [u8; 16] = roll(dice);
        let id = format!("<{}@{}>", HEXLOWER.encode(&number), sender.domain());
        let message = Message::builder()
            .from(Mailbox::new(Some(one_line(system)), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(&self.subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(now.0))
            .message_id(Some(id))
            // RFC 3834: no absence notice comes back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ));
        let text = SinglePart::plain(lines(&self.text));
        let message = match (self.sound, self.html) {
            (None, None) => message.singlepart(text),
            (None, Some(html)) => message.multipart(
                MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(lines(&html))),
            ),
            (Some(Sound { name, bytes }), _) => {
                let kind = ContentType::parse("audio/wav").map_err(|_| unwritten())?;
                let sound = Attachment::new(name).body(bytes, kind);
                message.multipart(MultiPart::mixed().singlepart(text).singlepart(sound))
            }
        };
        let bytes = message.map_err(|_| unwritten())?.formatted();
        Ok(Written { from, to, bytes })
    }
}

fn unwritten() -> Failure {
    Failure::unreachable("it could not be written down")
}

/// As `lettre` wants it.
fn address(address: &MailAddress) -> Result<Address, Failure> {
    let parsed = address.as_str().parse();
    parsed.map_err(|_| Failure { problem: format!("{address} is no address"), is_refusal: true })
}

/// A text of somebody's as one line that means itself: without control characters, cut to its length, and without what a
/// reader would take for words that are encoded (RFC 2047).
pub(super) fn one_line(text: &str) -> String {
    AuditEvent::text(text).replace("=?", "= ?")
}

/// A text whose lines end as lines of mail do, and hold nothing that could end one anywhere else.
fn lines(text: &str) -> String {
    let plain = |line: &str| -> String {
        let chars = line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
        chars.chain("\r\n".chars()).collect()
    };
    text.lines().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    fn parsed(text: &str) -> MailAddress {
        MailAddress::parse(text).unwrap()
    }

    fn letter(subject: &str, text: &str) -> Letter {
        Letter {
            to: parsed("ann@example.com"),
            subject: subject.into(),
            text: text.into(),
            html: None,
            sound: None,
        }
    }

    fn written(letter: Letter, system: &str) -> String {
        let sender = parsed("pbx@example.com");
        let written = letter.written(&sender, system, Timestamp(1_700_000_000_000), &mut SeededDice(7));
        String::from_utf8(written.unwrap().bytes).unwrap()
    }

    /// The names of the headers, folded lines joined to what they belong to.
    fn headers(mail: &str) -> Vec<&str> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let begins = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        begins.map(|line| line.split_once(": ").unwrap().0).collect()
    }

    const NAMES: [&str; 8] = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Transfer-Encoding",
    ];

    #[test]
    fn a_letter_says_from_whom_to_whom_and_when() {
        let mail = written(letter("Hello", "One\nTwo"), "Office");
        for line in [
            "From: Office <pbx@example.com>\r\n",
            "To: ann@example.com\r\n",
            "Subject: Hello\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
        ] {
            assert!(mail.contains(line), "{line}: {mail}");
        }
    }

    #[test]
    fn whatever_somebody_is_called_no_header_is_added_and_everything_is_ascii() {
        let long = "x".repeat(5000);
        for evil in [
            "a\r\nBcc: eve@example.com",
            "a\nBcc: eve@example.com\n\nbody",
            "a\rBcc: eve@example.com",
            "a\0b",
            "=?utf-8?q?=0d=0aBcc:=20eve@example.com?=",
            "\u{2028}Bcc: eve@example.com",
            "<eve@example.com>, \"",
            "Jürgen\u{202e}\r\n .\r\nQUIT",
            &long,
        ] {
            let mail = written(letter(evil, evil), evil);
            let mut names = headers(&mail);
            names.retain(|name| *name != "Content-Type");
            assert_eq!(names, NAMES, "{evil:?}: {mail}");
            assert!(mail.is_ascii(), "{evil:?}");
            assert!(
                mail.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])),
                "{evil:?}"
            );
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains("=?utf-8?q?=0d"), "{mail}");
        }
    }

    #[test]
    fn a_recording_is_with_it_as_a_file() {
        let sound = Some(Sound { name: "message.wav".into(), bytes: (0..=255).collect() });
        let mail = written(Letter { sound, ..letter("Hello", "Text") }, "Office");
        for part in [
            "Content-Type: multipart/mixed;",
            "Content-Disposition: attachment; filename=\"message.wav\"",
            "Content-Type: audio/wav",
            "Content-Transfer-Encoding: base64",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
        ] {
            assert!(mail.contains(part), "{part}: {mail}");
        }
    }

    #[test]
    fn every_address_that_is_one_can_be_written() {
        for text in ["a@b", "a!#$%&'*+-/=?^_`{|}~z@example.com", "ann.smith@a-b.example", "1@2.x"] {
            assert!(address(&parsed(text)).is_ok(), "{text}");
        }
    }
}
