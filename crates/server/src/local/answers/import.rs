//! Answers to an import: the rows of a batch, all at once, each whole or not at all.

use std::sync::Arc;

use futures_util::future::join_all;
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
    dice::OsDice,
    local::{
        listener::Replies,
        protocol::{BATCH_MAX, Choice, Deed, Done, ImportRow, Part, Refusal, RowOutcome},
    },
};

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
        // Their commits share transactions: the disk is waited for a few times, not once a row.
        let outcomes = join_all(rows.into_iter().map(|row| self.import_row(row, is_rehearsal))).await;
        replies.part(Part::Imported(outcomes)).await;
        Ok(Done { count, ..Done::default() })
    }

    async fn import_row(&self, row: ImportRow, is_rehearsal: bool) -> RowOutcome {
        let ledger = Arc::clone(&self.system.ledger);
        let taken = if is_rehearsal {
            self.rehearse(row).await
        } else {
            let taken = self.administer(move |admin, dice| take(admin, &ledger, &row, false, dice)).await;
            taken.map(|done| done.value)
        };
        match taken {
            Ok((deed, kept)) => RowOutcome::Taken { deed, kept },
            Err(refusal) => RowOutcome::Refused(refusal),
        }
    }

    /// Works out what would be done, and does none of it.
    async fn rehearse(&self, row: ImportRow) -> Result<Taken, Refusal> {
        let system = Arc::clone(&self.system);
        let rehearsed = tokio::task::spawn_blocking(move || {
            let by = By::console();
            let admin = Admin { records: &*system.ledger, by: &by, now: system.clock.now() };
            take(&admin, &system.ledger, &row, true, &mut OsDice).map(|change| change.value)
        });
        match rehearsed.await {
            Ok(taken) => Ok(taken?),
            Err(error) => Err(super::unavailable(error)),
        }
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
    let about = About { name: &row.name, number, patterns_waived: false };
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
            broken
                .map_err(|problem| Problem::Invalid(vec![WrongField { field: kind.row().name, problem }]))?;
            *settled = SecretChoice::Keep;
        }
    }
    let [login_code, user_password, phone_password] = choices;
    if number.is_empty() && matches!(phone_password, SecretChoice::Set(_)) {
        let problem = "A phone password needs an extension.".into();
        let field = CredentialKind::PhonePassword.row().name;
        return Err(Problem::Invalid(vec![WrongField { field, problem }]));
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
