//! What calls leave with a user: the mailbox, where they are, and the call log.

use askama::Template;
use signin::mail::MAIL_ADDRESS_MAX;

use super::forms::{Field, Filled, Kind, Problems};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Link, Notice, Stamp};
use super::shell::{Place, Shell};
use super::users::UserTab;

/// One message, which nobody hears here.
#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    /// When it was left.
    pub(crate) at: Stamp,
    /// From whom, as it was shown.
    pub(crate) from: OtherEnd,
    /// "0:42".
    pub(crate) length: String,
    /// New, or heard.
    pub(crate) state: Badge,
    /// Where it is deleted; none for who may only look.
    pub(crate) delete: Option<String>,
    /// Names it: part of the ids of what can be clicked.
    pub(crate) id: u64,
}

/// Who is at the other end of a call.
#[derive(Clone, Debug)]
pub(crate) struct OtherEnd {
    /// The name, or the number where there is none.
    pub(crate) title: String,
    /// The number below the name; may be empty.
    pub(crate) number: String,
}

/// One call that is over.
#[derive(Clone, Debug)]
pub(crate) struct LoggedCall {
    /// How it went.
    pub(crate) direction: Badge,
    /// With whom.
    pub(crate) other: OtherEnd,
    /// When it began.
    pub(crate) at: Stamp,
    /// "3:07", or "Not at all".
    pub(crate) talked: String,
}

/// Where a user is.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    /// In a sentence.
    pub(crate) says: String,
    /// The extension at whose phone they are, where they can be logged out of it by who looks.
    pub(crate) log_out: Option<String>,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "user_calls.html")]
pub(crate) struct UserCallsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// This page's address; forms go to paths below it.
    pub(crate) href: String,
    /// The user's page.
    pub(crate) user: Link,
    /// The pages about them.
    pub(crate) tabs: Vec<UserTab>,
    /// Why nothing can be changed by somebody who might; none where it can.
    pub(crate) notice: Option<Notice>,
    /// `voicemail`, `trusts_own`, `trusted`, `mail_to`.
    pub(crate) mailbox: Vec<Field>,
    /// The settings as the page shows them; sent along, so that nobody's change is lost under another.
    pub(crate) mailbox_shown: String,
    /// How full it is: "2 of 60 messages, 1:24 of 30:00".
    pub(crate) room: String,
    /// Whether anything more goes in.
    pub(crate) is_full: bool,
    /// The newest first.
    pub(crate) messages: Vec<MessageRow>,
    /// `is_forced`, `idle`, `guest_hours_max`, `may_be_guest`.
    pub(crate) desk: Vec<Field>,
    /// The rules as the page shows them.
    pub(crate) desk_shown: String,
    /// Where they are.
    pub(crate) present: Present,
    /// The newest first; `None` = it could not be read.
    pub(crate) log: Option<Vec<LoggedCall>>,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// The fields of the mailbox's settings.
pub(crate) fn mailbox_fields(filled: &Filled, has_mail: bool, editable: bool) -> Vec<Field> {
    let mailed = "Each with what was said in it. Empty: nothing is mailed.";
    let mailed = if has_mail {
        mailed.to_owned()
    } else {
        format!("{mailed} No server for mail is set yet, under System → Email: until then nothing is mailed.")
    };
    let fields = [
        Field::new("voicemail", "Has a mailbox")
            .kind(Kind::Check { ticked: false })
            .hint("It answers calls that nobody else does. Off, no messages are taken; those that are there stay."),
        Field::new("trusts_own", "No code from the own extension")
            .kind(Kind::Check { ticked: false })
            .hint("Whoever stands at the own phone hears the messages."),
        Field::new("trusted", "No code from these extensions either")
            .kind(Kind::Code)
            .hint("Numbers with commas between them: 202, 203. Whoever stands at one of them hears the messages.")
            .length_max(1024),
        Field::new("mail_to", "Mail new messages to")
            .kind(Kind::Code)
            .hint(mailed)
            .length_max(MAIL_ADDRESS_MAX as u64),
    ];
    fields.into_iter().map(|field| Field { fixed: !editable, ..filled.field(field) }).collect()
}

/// The fields of the rules by which a user moves.
pub(crate) fn desk_fields(filled: &Filled, editable: bool) -> Vec<Field> {
    let number = |most, unit: &str| Kind::Number { least: 0, most, unit: unit.into() };
    let fields = [
        Field::new("is_forced", "Must log in at the own phone")
            .kind(Kind::Check { ticked: false })
            .hint("Until they do, the phone dials short codes and nothing else."),
        Field::new("idle", "Logged out without calls after").kind(number(1440, "minutes")).hint("0: never."),
        Field::new("guest_hours_max", "Guests stay at the own phone for")
            .kind(number(24, "hours"))
            .hint("0: no guests."),
        Field::new("may_be_guest", "May be a guest elsewhere")
            .kind(Kind::Check { ticked: false })
            .hint("At phones whose users have guests, with the portal passcode."),
    ];
    fields.into_iter().map(|field| Field { fixed: !editable, ..filled.field(field) }).collect()
}
