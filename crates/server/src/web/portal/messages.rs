//! The messages in the own mailbox: to be heard, kept and deleted.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use signin::{
    admin::Problem,
    mailbox::{MESSAGES_MAX, Message, RecordingId},
    portal::PortalPart,
    records::Records,
    timestamp::Timestamp,
};

use super::{
    super::{
        Web,
        address::Path,
        guard::redirect_with,
        views::{
            parts::{Fact, Link, Tone},
            portal::{PortalConfirmPage, PortalMessage, PortalMessagesPage, PortalPlace},
        },
    },
    done,
    guard::{Insider, InsiderForm},
    refuse, said,
};
use crate::{flow::Refusal, media::sound::wave};

fn row(who: &Insider, message: &Message, now: Timestamp) -> PortalMessage {
    let language = who.visitor.language;
    let (name, number) = said::party(language, &message.from);
    PortalMessage {
        id: message.id,
        at: said::stamp(language, message.at, now),
        length: said::talked(message.length),
        is_new: message.is_new,
        hear: who.say_with("messages-hear-of", &[("who", &name)]),
        delete: who.say_with("messages-delete-of", &[("who", &name)]),
        who: name,
        number,
    }
}

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    let now = web.system.clock.now();
    let mailbox = web.system.ledger.mailbox(who.account.id);
    let (count, most) = (mailbox.messages.len().to_string(), MESSAGES_MAX.to_string());
    who.page(&PortalMessagesPage {
        shell: who.shell(&web, PortalPlace::Messages),
        room: who.say_with("messages-room", &[("count", &count), ("most", &most)]),
        is_full: mailbox.is_full(),
        messages: mailbox.messages.iter().rev().map(|message| row(&who, message, now)).collect(),
        editable: who.may_change(PortalPart::Messages),
    })
}

/// What was said, as a WAVE file; a part of it where the browser asks for one (RFC 9110 section 14), as players do that jump.
pub(in crate::web) async fn sound(
    State(web): State<Arc<Web>>,
    who: Insider,
    headers: HeaderMap,
    Path(message): Path<u64>,
) -> Response {
    let id = who.account.id;
    if web.system.ledger.mailbox(id).message(message).is_none() {
        return who.visitor.error(&web, StatusCode::NOT_FOUND);
    }
    let ledger = Arc::clone(&web.system.ledger);
    let read = tokio::task::spawn_blocking(move || ledger.recording(id, RecordingId::Message(message)));
    let bytes = match read.await {
        Ok(Ok(Some(sound))) => wave(&sound),
        Ok(Ok(None)) => return who.visitor.error(&web, StatusCode::NOT_FOUND),
        Ok(Err(error)) => {
            tracing::error!(%error, "a recording could not be read");
            return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE);
        }
        Err(_) => return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    };
    let head = [(header::CONTENT_TYPE, "audio/wav"), (header::ACCEPT_RANGES, "bytes")];
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    match asked.and_then(|range| part(range, bytes.len())) {
        None => (head, bytes).into_response(),
        Some((from, to)) => {
            let range = format!("bytes {from}-{to}/{}", bytes.len());
            let part = bytes.get(from..=to).unwrap_or_default().to_vec();
            (StatusCode::PARTIAL_CONTENT, head, [(header::CONTENT_RANGE, range)], part).into_response()
        }
    }
}

/// The first and the last byte of a range that can be given; others are passed over, as RFC 9110 section 14.2 allows.
fn part(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    let from: usize = from.parse().ok()?;
    let to = if to.is_empty() { last } else { to.parse::<usize>().ok()?.min(last) };
    (from <= to).then_some((from, to))
}

pub(in crate::web) async fn heard(
    State(web): State<Arc<Web>>,
    Path(message): Path<u64>,
    InsiderForm(who, _): InsiderForm,
) -> Response {
    match web.system.hear_own_message(&who.by, message).await {
        Ok(()) => Redirect::to(PortalPlace::Messages.href()).into_response(),
        Err(Refusal::Problem(Problem::NotFound("message"))) => is_gone(&who),
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}

/// Messages go by themselves, when somebody deletes them at the phone: that is no fault of who comes too late.
fn is_gone(who: &Insider) -> Response {
    redirect_with(PortalPlace::Messages.href(), Tone::Info, &who.say("messages-gone"), "")
}

pub(in crate::web) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: Insider,
    Path(message): Path<u64>,
) -> Response {
    let mailbox = web.system.ledger.mailbox(who.account.id);
    let Some(found) = mailbox.message(message) else { return is_gone(&who) };
    let row = row(&who, found, web.system.clock.now());
    let from = if row.number.is_empty() { row.who } else { format!("{}, {}", row.who, row.number) };
    who.page(&PortalConfirmPage {
        shell: who.shell(&web, PortalPlace::Messages),
        title: who.say("messages-delete-title"),
        text: who.say("messages-delete-text"),
        facts: vec![
            Fact::new(who.say("messages-from"), from),
            Fact::new(who.say("calls-when"), row.at.human),
            Fact::new(who.say("messages-length"), row.length),
        ],
        action: format!("/portal/messages/{message}/delete"),
        hidden: Vec::new(),
        yes: who.say("messages-delete"),
        back: Link::new(PortalPlace::Messages.href(), who.say("form-cancel")),
    })
}

pub(in crate::web) async fn delete(
    State(web): State<Arc<Web>>,
    Path(message): Path<u64>,
    InsiderForm(who, _): InsiderForm,
) -> Response {
    match web.system.delete_own_message(&who.by, message).await {
        Ok(()) => done(PortalPlace::Messages.href(), &who.say("messages-deleted")),
        Err(Refusal::Problem(Problem::NotFound("message"))) => is_gone(&who),
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_part_of_a_recording_is_given_where_it_can_be() {
        assert_eq!(part("bytes=0-", 10), Some((0, 9)));
        assert_eq!(part("bytes=3-5", 10), Some((3, 5)));
        assert_eq!(part("bytes=3-99", 10), Some((3, 9)));
        for other in ["bytes=-5", "bytes=9-3", "bytes=10-", "bytes=0-1,3-4", "lines=0-1", "bytes=x-", ""] {
            assert_eq!(part(other, 10), None, "{other}");
        }
        assert_eq!(part("bytes=0-", 0), None);
    }
}
