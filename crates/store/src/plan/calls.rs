//! What a commit does to what is kept for calls. A recording is there exactly as long as its mailbox names it, whoever forgets
//! what: the planner sees to it.

use std::collections::BTreeSet;

use signin::{
    account::RoleKind,
    document::{Document, DocumentId},
    ident::AccountId,
    mailbox::{Mailbox, RECORDING_BYTES_MAX, RecordingId},
    secret::SecretBytes,
};

use super::{Act, Planner, Touch};
use crate::{error::CommitError, rows};

impl Planner<'_> {
    pub(super) fn put_recording(
        &mut self,
        account: AccountId,
        id: RecordingId,
        sound: &SecretBytes,
    ) -> Result<(), CommitError> {
        if sound.reveal().len() > RECORDING_BYTES_MAX {
            return Err(CommitError::conflict(format!(
                "a recording has at most {RECORDING_BYTES_MAX} bytes"
            )));
        }
        let sealed = self.seal(&rows::recording_key(account, id), sound)?;
        self.recordings.insert((account, id), rows::sealed_body(&sealed)?);
        Ok(())
    }

    /// The mailbox of whoever is deleted goes, and so does what they chose, where they and phones are, and the short codes of a domain.
    pub(super) fn drop_documents_of_deleted(&mut self) {
        let accounts = self.accounts.iter().filter(|(_, planned)| planned.is_none());
        let domains = self.domains.iter().filter(|(_, planned)| planned.is_none());
        let extensions = self.extensions.iter().filter(|(_, planned)| planned.is_none());
        let gone: Vec<DocumentId> = accounts
            .flat_map(|(id, _)| [DocumentId::Mailbox(*id), DocumentId::Desk(*id), DocumentId::Profile(*id)])
            .chain(domains.map(|(id, _)| DocumentId::ShortCodes(*id)))
            .chain(extensions.map(|(id, _)| DocumentId::Seat(*id)))
            .collect();
        for id in gone {
            if self.document(id).is_some() {
                self.touch(Touch::Document(id), true);
                self.documents.insert(id, None);
            }
        }
    }

    /// What belongs to a user or a domain belongs to one that is there.
    pub(super) fn check_documents_of_one(&mut self) -> Result<(), CommitError> {
        let planned: Vec<DocumentId> =
            self.documents.iter().filter(|(_, planned)| planned.is_some()).map(|(id, _)| *id).collect();
        for id in planned {
            match id {
                DocumentId::Mailbox(account) => {
                    let account = self.account(account).ok_or_else(|| CommitError::missing("the account"))?;
                    if account.kind() != RoleKind::User {
                        return Err(CommitError::conflict("only users have a mailbox"));
                    }
                }
                DocumentId::ShortCodes(domain) => {
                    self.domain(domain).ok_or_else(|| CommitError::missing("the domain"))?;
                }
                DocumentId::Desk(account) | DocumentId::Profile(account) => {
                    self.account(account).ok_or_else(|| CommitError::missing("the account"))?;
                }
                DocumentId::Seat(extension) => {
                    self.extension(extension).ok_or_else(|| CommitError::missing("the extension"))?;
                }
                DocumentId::RightsGroup(_) | DocumentId::Draft(_) | DocumentId::ApiToken(_) => {}
            }
        }
        Ok(())
    }

    /// What is put is named by its mailbox, what is newly named is put, and what is named no longer goes.
    pub(super) fn check_recordings(&mut self) -> Result<(), CommitError> {
        let recordings = std::mem::take(&mut self.recordings);
        let put_in = recordings.keys().map(|(account, _)| *account);
        let changed = self.documents.keys().filter_map(|id| match id {
            DocumentId::Mailbox(account) => Some(*account),
            DocumentId::RightsGroup(_)
            | DocumentId::Draft(_)
            | DocumentId::ApiToken(_)
            | DocumentId::ShortCodes(_)
            | DocumentId::Seat(_)
            | DocumentId::Desk(_)
            | DocumentId::Profile(_) => None,
        });
        let accounts: BTreeSet<AccountId> = put_in.chain(changed).collect();
        for account in accounts {
            let id = DocumentId::Mailbox(account);
            let before = named(self.holdings.document(id).as_deref().and_then(Document::mailbox));
            let after = named(self.document(id).as_deref().and_then(Document::mailbox));
            for recording in before.difference(&after) {
                self.plan.draft.delete(rows::recording_key(account, *recording));
            }
            if let Some(silent) =
                after.difference(&before).find(|recording| !recordings.contains_key(&(account, **recording)))
            {
                return Err(CommitError::conflict(format!(
                    "the mailbox names {silent:?}, which is not there"
                )));
            }
            let mut put = recordings.keys().filter(|(of, _)| *of == account).map(|(_, recording)| recording);
            if let Some(stray) = put.find(|recording| !after.contains(*recording)) {
                return Err(CommitError::conflict(format!("the mailbox does not name {stray:?}")));
            }
        }
        for ((account, recording), body) in recordings {
            self.plan.draft.put(rows::recording_key(account, recording), body);
            self.plan.acts.push(Act::Recorded);
        }
        Ok(())
    }
}

fn named(mailbox: Option<&Mailbox>) -> BTreeSet<RecordingId> {
    mailbox.into_iter().flat_map(Mailbox::recordings).collect()
}
