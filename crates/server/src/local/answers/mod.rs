//! Answers: what the system does when the command asks. The same in a running server and in the command itself.
//!
//! Every change goes through [`System::administer`], as whoever owns the process, so it is checked, committed and
//! audited like one made in a browser. Nothing is decided here.

mod extensions;
mod import;
mod locks;
mod upkeep;
mod users;

use std::sync::Arc;

pub use upkeep::console_event;

use signin::{
    admin::{Admin, By, Change, Problem, SecretChoice},
    dice::Dice,
};
use store::fault;

use super::{
    listener::{Answer, Replies},
    protocol::{Choice, Done, Generated, PART_MAX, Part, Refusal, Reply, Request, SecretText},
};
use crate::{flow, system::System};

/// Answers for one system.
#[derive(Clone, Debug)]
pub struct Answers {
    system: Arc<System>,
    /// Whether this is a running server, and not a command that opened the data folder itself.
    is_serving: bool,
}

type Answered = Result<Done, Refusal>;

impl Answer for Answers {
    async fn answer(&self, request: Request, replies: &Replies) -> Reply {
        fault::at("local.answer");
        match self.answered(request, replies).await {
            Ok(done) => Reply::Done(done),
            Err(refusal) => Reply::Refused(refusal),
        }
    }
}

impl Answers {
    /// Of a running server.
    pub const fn of_server(system: Arc<System>) -> Self {
        Self { system, is_serving: true }
    }

    /// Of a data folder that the command opened, because no server runs.
    pub const fn of_folder(system: Arc<System>) -> Self {
        Self { system, is_serving: false }
    }

    async fn answered(&self, request: Request, replies: &Replies) -> Answered {
        match request {
            Request::Status => self.status(replies).await,
            Request::Reload => self.reload(replies).await,
            Request::Settings => self.settings(replies).await,
            Request::Ignite(answers) => self.ignite(*answers).await,
            Request::Users => self.users(replies).await,
            Request::User(name) => self.user(&name, replies).await,
            Request::AddUser(answers) => self.add_user(answers).await,
            Request::EditUser(changes) => self.edit_user(changes).await,
            Request::DeleteUser { name, with_extension } => self.delete_user(name, with_extension).await,
            Request::SetSecret { whose, kind, choice, force_new } => {
                self.set_secret(whose, kind, choice, force_new).await
            }
            Request::Extensions => self.extensions(replies).await,
            Request::Extension(number) => self.extension(&number, replies).await,
            Request::AddExtension { number, phone_password } => {
                self.add_extension(number, phone_password).await
            }
            Request::RenumberExtension { number, to } => self.renumber_extension(number, to).await,
            Request::DeleteExtension(number) => self.delete_extension(number).await,
            Request::Phones(number) => self.phones(number.as_deref(), replies).await,
            Request::LogOutPhones { number, contact } => self.log_out_phones(number, contact).await,
            Request::Locks => self.locks(replies).await,
            Request::ResetLocks(wanted) => self.reset_locks(wanted).await,
            Request::Sessions => self.sessions(replies).await,
            Request::EndSessions(wanted) => self.end_sessions(wanted).await,
            Request::Import { rows, is_rehearsal } => self.import(rows, is_rehearsal, replies).await,
            Request::NoteExport(what) => self.note_export(&what).await,
            Request::AuditRows { last } => self.audit_rows(last, replies).await,
            Request::VerifyAudit => self.verify_audit(replies).await,
            Request::Backup => self.backup(replies).await,
            Request::Recover { name, choice } => self.recover(name, choice).await,
        }
    }

    /// Does an operation as whoever owns the process.
    async fn administer<T, F>(&self, operation: F) -> Result<flow::Done<T>, Refusal>
    where
        T: Send + 'static,
        F: Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem> + Send + Sync + 'static,
    {
        Ok(self.system.administer(&By::console(), operation).await?)
    }

    /// Sends a list in parts.
    async fn list<T>(&self, entries: Vec<T>, replies: &Replies, part: impl Fn(Vec<T>) -> Part) -> Answered {
        let count = entries.len() as u64;
        let mut entries = entries.into_iter();
        loop {
            let some: Vec<T> = entries.by_ref().take(PART_MAX).collect();
            if some.is_empty() || !replies.part(part(some)).await {
                return Ok(Done { count, ..Done::default() });
            }
        }
    }
}

impl From<flow::Refusal> for Refusal {
    fn from(refusal: flow::Refusal) -> Self {
        match refusal {
            flow::Refusal::Problem(problem) => problem.into(),
            flow::Refusal::Unavailable => unavailable("nothing can be changed at the moment"),
        }
    }
}

fn unavailable(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(format!("{why}."), "Look at the log; repeat the command when the disk works again.")
}

/// What was done, with the secrets that were made.
fn done<T>(done: flow::Done<T>, count: u64) -> Done {
    let generated = done.generated.into_iter();
    Done {
        count,
        generated: generated.map(|(kind, secret)| Generated { kind, secret: SecretText(secret) }).collect(),
    }
}

/// A choice as the operations know it. "Set where none is set" needs to know, and is settled by whoever asks.
fn secret_choice(choice: &Choice) -> SecretChoice {
    match choice {
        Choice::Keep => SecretChoice::Keep,
        Choice::Set(secret) | Choice::SetFirst(secret) => SecretChoice::Set(secret.0.clone()),
        Choice::Generate => SecretChoice::Generate,
        Choice::Remove => SecretChoice::Remove,
    }
}
