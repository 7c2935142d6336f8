//! Answers to an import: the rows of a batch, some at a time, each whole or not at all.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use signin::{
    account::RoleKind,
    admin::{Admin, By, Change, Problem, SecretChoice, UserRow, WrongField},
    credential::{self, About, CredentialKind, Owner},
    dice::Dice,
    ident::{DomainId, FoldedName, Number},
    records::Records,
};
use store::Ledger;

use super::{Answered, Answers, secret_choice};
use crate::{
    flow::Hashes,
    local::{
        listener::Replies,
        protocol::{BATCH_MAX, Choice, Deed, Done, ImportRow, Part, Refusal, RowOutcome},
    },
    system::or_cores,
};

/// Rows taken at the same time. Their commits share transactions: the disk is waited for a few times, not once a row.
/// Where passwords are hashed it is as many as can be, so that nobody who signs in waits behind a whole batch.
const ROWS_AT_ONCE: usize = 64;

/// What became of a row: what it took, and which first secrets were not needed.
type Taken = (Deed, Vec<CredentialKind>);

impl Answers {
    pub(super) async fn import(
        &self,
        rows: Vec<ImportRow>,
        is_rehearsal: bool,
        replies: &Replies,
    ) -> Answered {
        if rows.len() > BATCH_MAX {
            return Err(Refusal::new(format!("More than {BATCH_MAX} rows at once."), ""));
        }
        let count = rows.len() as u64;
        let at_once = if rows.iter().any(|row| hashes(row) == Hashes::Anyway) {
            or_cores(self.system.config().config.limits.hashing_threads)
        } else {
            ROWS_AT_ONCE
        };
        let outcomes = stream::iter(rows).map(|row| self.import_row(row, is_rehearsal));
        let outcomes: Vec<_> = outcomes.buffered(at_once).collect().await;
        replies.part(Part::Imported(outcomes)).await;
        Ok(Done { count, ..Done::default() })
    }

    async fn import_row(&self, row: ImportRow, is_rehearsal: bool) -> RowOutcome {
        let (system, ledger, by) = (&self.system, Arc::clone(&self.system.ledger), By::console());
        let hashes = hashes(&row);
        let operation =
            move |admin: &Admin<'_>, dice: &mut dyn Dice| take(admin, &ledger, &row, is_rehearsal, dice);
        let taken = if is_rehearsal {
            system.plan(&by, hashes, &Arc::new(operation)).await.map(|change| change.value)
        } else {
            system.carry_out(&by, hashes, operation).await.map(|done| done.value)
        };
        match taken {
            Ok((deed, kept)) => RowOutcome::Taken { deed, kept },
            Err(refusal) => RowOutcome::Refused(refusal.into()),
        }
    }
}

/// A password is compared with the one that is set.
fn hashes(row: &ImportRow) -> Hashes {
    match row.user_password {
        Choice::Set(_) | Choice::SetFirst(_) => Hashes::Anyway,
        Choice::Keep | Choice::Generate | Choice::Remove => Hashes::WithDice,
    }
}

/// Makes the user of a row, or brings the one of its name to its state; what is as wanted is left alone.
fn take(
    admin: &Admin<'_>,
    ledger: &Ledger,
    row: &ImportRow,
    is_rehearsal: bool,
    dice: &mut dyn Dice,
) -> Result<Change<Taken>, Problem> {
    let name = FoldedName::of(&row.name);
    let account = admin.records.account_named(RoleKind::User, DomainId::FIRST, &name);
    let base = account.as_ref().and_then(|account| account.extension());
    let base = base.and_then(|extension| admin.records.extension(extension));
    let base_number = base.as_ref().map_or("", |extension| extension.number.as_str());
    let number = row.extension.as_deref().unwrap_or(base_number).trim();
    let extension =
        Number::parse(number).and_then(|number| admin.records.extension_numbered(DomainId::FIRST, &number));
    let user = account.as_ref().map(|account| Owner::Account(account.id));
    let phone = extension.as_ref().map(|extension| Owner::Extension(extension.id));
    let wanted = [
        (user, CredentialKind::LoginCode, &row.login_code),
        (user, CredentialKind::UserPassword, &row.user_password),
        (phone, CredentialKind::PhonePassword, &row.phone_password),
    ];
    let about = About { name: &row.name, number, ..About::default() };
    let (mut kept, mut choices) = (Vec::new(), [const { SecretChoice::Keep }; 3]);
    let mut has_secret_changes = false;
    for ((owner, kind, choice), settled) in wanted.into_iter().zip(&mut choices) {
        *settled = match unsettled(ledger, owner, kind, choice) {
            Wanted::Change(choice) => choice,
            Wanted::Kept => {
                kept.push(kind);
                SecretChoice::Keep
            }
            Wanted::Nothing => SecretChoice::Keep,
        };
        if is_rehearsal && let SecretChoice::Set(secret) = settled {
            // The rules are looked at, and the costly hash is not made.
            has_secret_changes = true;
            let broken = credential::check(kind, secret, &about, &admin.records.settings());
            broken.map_err(|broken| Problem::Invalid(vec![WrongField::broken(kind, broken)]))?;
            *settled = SecretChoice::Keep;
        }
    }
    let [login_code, user_password, phone_password] = choices;
    if number.is_empty() && matches!(phone_password, SecretChoice::Set(_)) {
        let problem = "A phone password needs an extension.";
        let field = CredentialKind::PhonePassword.row().name;
        return Err(Problem::Invalid(vec![WrongField::new(field, problem)]));
    }
    let present = account.as_ref().map_or("", |account| &*account.full_name);
    let wanted = UserRow {
        name: row.name.clone(),
        full_name: row.full_name.as_deref().unwrap_or(present).into(),
        number: number.into(),
        login_code,
        user_password,
        phone_password,
    };
    let change = admin.import_user(DomainId::FIRST, &wanted, dice)?;
    let deed = match (change.value, change.effects.is_empty() && !has_secret_changes) {
        (true, _) => Deed::Made,
        (false, false) => Deed::Changed,
        (false, true) => Deed::Nothing,
    };
    Ok(Change { effects: change.effects, value: (deed, kept), generated: Vec::new() })
}

/// What a row's choice comes to, seen with what is set already.
enum Wanted {
    Change(SecretChoice),
    /// A first secret, where another one is set.
    Kept,
    Nothing,
}

fn unsettled(ledger: &Ledger, owner: Option<Owner>, kind: CredentialKind, choice: &Choice) -> Wanted {
    let is_set = owner.is_some_and(|owner| ledger.credential(owner, kind).is_some());
    let is_set_to = |secret| is_set && owner.is_some_and(|owner| ledger.holds_secret(owner, kind, secret));
    match choice {
        Choice::Keep => Wanted::Nothing,
        Choice::Set(secret) | Choice::SetFirst(secret) if is_set_to(&secret.0) => Wanted::Nothing,
        Choice::SetFirst(_) if is_set => Wanted::Kept,
        Choice::Remove if !is_set => Wanted::Nothing,
        Choice::Set(_) | Choice::SetFirst(_) | Choice::Generate | Choice::Remove => {
            Wanted::Change(secret_choice(choice))
        }
    }
}
