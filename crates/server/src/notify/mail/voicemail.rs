//! The letter about a message that was left in a mailbox: who, when, how long, and what they said.

use std::sync::Arc;

use calls::short_code::Feature;
use signin::{
    account::Account,
    ident::{AccountId, DomainId},
    mailbox::{Message, RecordingId},
    party::Party,
    records::Records as _,
    timestamp::Seconds,
};

use super::letter::{Letter, Sound, one_line};
use crate::{attendant, media::sound::wave, moment, notify::Failure, system::System};

/// The letter; `None` where the message is gone, or nobody wants it mailed any more.
pub(super) async fn letter(
    system: &Arc<System>,
    id: AccountId,
    number: u64,
) -> Result<Option<Letter>, Failure> {
    let ledger = &*system.ledger;
    let mailbox = ledger.mailbox(id);
    let (Some(account), Some(to), Some(message)) =
        (ledger.account(id), mailbox.mail_to.as_ref(), mailbox.message(number))
    else {
        return Ok(None);
    };
    let reading = Arc::clone(system);
    let read = tokio::task::spawn_blocking(move || {
        reading
            .ledger
            .recording(id, RecordingId::Message(number))
            .map(|sound| sound.map(|sound| wave(&sound)))
    });
    let bytes = match read.await {
        Ok(Ok(Some(bytes))) => bytes,
        Ok(Ok(None)) => return Ok(None),
        Ok(Err(error)) => {
            tracing::error!(%error, "a recording could not be read to be mailed");
            return Err(Failure::unreachable("the message could not be read"));
        }
        Err(_) => return Err(Failure::unreachable("the message could not be read")),
    };
    let own = account.extension().and_then(|own| ledger.extension(own));
    let own = Party::shown(own.as_ref().map_or("", |own| own.number.as_str()), account.shown_name());
    Ok(Some(Letter {
        to: to.clone(),
        subject: subject(message),
        text: text(message, &own, &how_to_hear(system, &account)),
        html: None,
        sound: Some(Sound { name: file_name(message), bytes }),
    }))
}

fn subject(message: &Message) -> String {
    format!("Voice message from {}, {}", called(&message.from), length(message.length))
}

fn text(message: &Message, own: &Party, how_to_hear: &str) -> String {
    format!(
        "A message was left in the mailbox of {}.\r\n\r\n\
         From:   {}\r\n\
         When:   {}\r\n\
         Length: {}\r\n\r\n\
         It is attached. It stays in the mailbox, too, as a new one{how_to_hear}.\r\n",
        called(own),
        called(&message.from),
        moment::for_people(message.at),
        length(message.length),
    )
}

fn how_to_hear(system: &System, account: &Account) -> String {
    let domain: DomainId = account.domain;
    let code = attendant::short_codes(system, domain).code(Feature::Voicemail).map(ToString::to_string);
    code.map_or_else(String::new, |code| format!(": dial {code} to hear and delete it there"))
}

/// "202 (Bob)", or as much of it as is known.
fn called(party: &Party) -> String {
    match (one_line(&party.number), one_line(&party.name)) {
        (number, name) if number.is_empty() && name.is_empty() => "somebody unknown".into(),
        (number, name) if name.is_empty() => number,
        (number, name) if number.is_empty() => name,
        (number, name) => format!("{number} ({name})"),
    }
}

fn length(seconds: Seconds) -> String {
    format!("{}:{:02}", seconds.0 / 60, seconds.0 % 60)
}

fn file_name(message: &Message) -> String {
    let digits: String = moment::for_people(message.at).chars().filter(char::is_ascii_digit).collect();
    format!("message-{digits}.wav")
}

#[cfg(test)]
mod tests {
    use signin::timestamp::Timestamp;

    use super::*;

    fn message(number: &str, name: &str) -> Message {
        let from = Party { number: number.into(), name: name.into() };
        Message { id: 1, at: Timestamp(1_700_000_000_000), from, length: Seconds(72), is_new: true, bytes: 1 }
    }

    #[test]
    fn it_says_who_and_how_long() {
        assert_eq!(subject(&message("202", "Bob")), "Voice message from 202 (Bob), 1:12");
        assert_eq!(subject(&message("202", "")), "Voice message from 202, 1:12");
        assert_eq!(subject(&message("", "")), "Voice message from somebody unknown, 1:12");
        let own = Party::shown("201", "Ann");
        let text = text(&message("202", "Bob"), &own, ": dial *17 to hear and delete it there");
        assert!(
            text.starts_with("A message was left in the mailbox of 201 (Ann).\r\n\r\nFrom:   202 (Bob)\r\n")
        );
        assert!(text.contains("Length: 1:12") && text.ends_with("dial *17 to hear and delete it there.\r\n"));
        let name = file_name(&message("202", "Bob"));
        assert!(name.starts_with("message-2023111") && name.ends_with(".wav") && name.len() == 26, "{name}");
    }

    #[test]
    fn a_name_is_one_line_whatever_is_in_it() {
        let evil = message("202\r\nBcc: eve@example.com", "a\r\n\r\nb\0");
        assert!(!subject(&evil).contains(['\r', '\n', '\0']));
        let lines = text(&evil, &Party::shown("201", "Ann"), "").lines().count();
        assert_eq!(lines, text(&message("202", "Bob"), &Party::shown("201", "Ann"), "").lines().count());
    }
}
