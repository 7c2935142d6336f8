//! The operations of what calls leave with a user: mailboxes, desks, call logs.

use signin::rights::Right;

use super::{
    super::{call_log, desks, door::Access, mailboxes, paging},
    Row, delete, get, post, put,
};

pub(super) fn rows() -> Vec<Row> {
    use Access::Needs;
    use Right::{StatusControl, UsersRead, UsersWrite};
    vec![
        get("/users/{id}/mailbox", Needs(UsersRead), "getMailbox", "A user's mailbox", mailboxes::show)
            .gives::<mailboxes::Mailbox>(),
        put(
            "/users/{id}/mailbox",
            Needs(UsersWrite),
            "changeMailbox",
            "Change whom a mailbox lets in",
            mailboxes::change,
        )
        .takes::<mailboxes::MailboxFields>()
        .gives::<mailboxes::Mailbox>()
        .changes(),
        get(
            "/users/{id}/messages",
            Needs(UsersRead),
            "listMessages",
            "The messages of a mailbox",
            mailboxes::messages,
        )
        .asks::<paging::PageQuery>()
        .gives::<mailboxes::Messages>()
        .says("What was said in them is the user's, and is not told."),
        delete(
            "/users/{id}/messages/{message}",
            Needs(UsersWrite),
            "deleteMessage",
            "Delete a message",
            mailboxes::delete_message,
        )
        .says("What was said in it is gone."),
        get(
            "/users/{id}/calls",
            Needs(UsersRead),
            "listCallLog",
            "A user's calls that are over",
            call_log::list,
        )
        .asks::<paging::PageQuery>()
        .gives::<call_log::CallLog>(),
        delete("/users/{id}/calls", Needs(UsersWrite), "clearCallLog", "Clear a call log", call_log::clear),
        get(
            "/users/{id}/desk",
            Needs(UsersRead),
            "getDesk",
            "Where a user is, and how they may move",
            desks::show,
        )
        .gives::<desks::Desk>(),
        put("/users/{id}/desk", Needs(UsersWrite), "changeDesk", "Change how a user may move", desks::change)
            .takes::<desks::DeskFields>()
            .gives::<desks::Desk>()
            .changes()
            .says("Where they are is part of the version: who moves meanwhile makes it another."),
        post(
            "/extensions/{id}/logout-user",
            Needs(StatusControl),
            "logOutUser",
            "Log out whoever is at a phone",
            desks::log_out,
        )
        .gives::<desks::UserLoggedOut>(),
    ]
}
