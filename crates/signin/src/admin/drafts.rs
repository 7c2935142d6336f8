//! Drafts: what is edited offline is taken into one, and one is put in force, all of it or nothing.

mod stage;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Admin, Change, EditExtension, EditUser, GroupFields, NewExtension, NewUser, Problem, SecretChoice,
    WrongField,
};
use crate::{
    account::{Account, Condition},
    audit::{Action, AuditEvent, FieldChange},
    credential::{CredentialKind, Owner},
    dice::Dice,
    document::{Document, DocumentId},
    draft::{
        Absorbed, Compared, Draft, Edited, Fate, Fields, Layer, Line, Merge, Overlay, Point, RecordId, Vault,
        absorb, compare, domain_with, extension_with, group_with, place, print_of, settings_with, user_with,
        without,
    },
    effect::{Effect, Seen},
    extension::Extension,
    ident::{AccountId, ExtensionId, Number},
    records::Records,
    rights::RightsGroup,
};

use self::stage::{Stage, Wish, order};

/// Rounds in which changes that wait for each other are tried.
const ROUNDS_MAX: usize = 32;
/// Choices that the audit's row names.
const TOLD_MAX: usize = 50;

/// Whose value a conflict ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The draft's.
    Mine,
    /// The one in force.
    Theirs,
}

/// What a person decided about a draft that was shown.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// The version of the draft that was looked at.
    pub version: u32,
    /// For each conflict: the choice, and [`print_of`] the value in force that was shown beside it.
    pub chosen: BTreeMap<(RecordId, Point), (Choice, Box<str>)>,
}

impl Decisions {
    /// The choice for a line, if it was made of what is in force.
    fn of(&self, record: RecordId, line: &Line) -> Option<Choice> {
        let (choice, shown) = self.chosen.get(&(record, line.point.clone()))?;
        (**shown == *print_of(&line.now)).then_some(*choice)
    }
}

impl Admin<'_> {
    /// The own draft, as far as they may look at what it changes.
    pub fn draft(&self) -> Option<Draft> {
        self.own_draft().map(|draft| draft.seen_with(&self.by.rights))
    }

    /// All of it.
    fn own_draft(&self) -> Option<Draft> {
        let document = self.records.document(DocumentId::Draft(self.by.account?))?;
        document.draft().cloned()
    }

    /// Does an operation on what is in force with the own draft laid over it, and takes what it wants done into the draft. What is
    /// about the present (a lock, a session, a phone) is done at once.
    ///
    /// # Errors
    /// The operation's own; something that never waits; more than a draft holds.
    pub fn offline<T>(
        &self,
        operation: impl Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<Change<T>, Problem> {
        let owner = self.by.account.ok_or(Problem::NotFound("account"))?;
        let before = self.own_draft().unwrap_or_else(|| Draft::new(owner, self.now));
        let layer = Layer::of(&before, &self.records);
        let overlay = Overlay { live: self.records, layer: &layer };
        let mut change = operation(&Admin::new(&overlay, self.by, self.now), dice)?;
        if change.effects.is_empty() {
            return Ok(change);
        }
        match absorb(&before, layer, &self.records, &change.effects, vault, self.now, dice)? {
            Absorbed::Present => operation(self, dice),
            Absorbed::Drafted(after) => {
                change.effects = replaced(&before, after);
                Ok(change)
            }
        }
    }

    /// Takes one change out of the own draft. `version` is the version that was looked at.
    ///
    /// # Errors
    /// There is no draft, or it was changed meanwhile.
    pub fn undo_in_draft(
        &self,
        version: u32,
        record: RecordId,
        point: &Point,
    ) -> Result<Change<()>, Problem> {
        let before = self.draft_at(version)?;
        let after = without(&before, record, point);
        Ok(Change::of(replaced(&before, after), ()))
    }

    /// Throws the own draft away. `Change::value` = how many changes it had.
    ///
    /// # Errors
    /// There is no draft, or it was changed meanwhile.
    pub fn discard_draft(&self, version: u32) -> Result<Change<usize>, Problem> {
        let draft = self.draft_at(version)?;
        let mut effects = gone(&draft);
        effects.push(self.audit_draft(Action::DraftDiscarded, draft.changes(), Vec::new()));
        Ok(Change::of(effects, draft.changes()))
    }

    /// Puts a draft that was read from a file in the place of the own one, whatever that holds. `version` is the version of the
    /// own one that was looked at; 0 = there was none. What is in it is looked at when it is put in force.
    ///
    /// # Errors
    /// The own one was changed meanwhile.
    pub fn import_draft(&self, version: u32, draft: &Draft) -> Result<Change<usize>, Problem> {
        let owner = self.by.account.ok_or(Problem::NotFound("account"))?;
        let present = self.own_draft().map_or(0, |draft| draft.version);
        if present != version {
            return Err(Problem::Changed("draft"));
        }
        if draft.seen_with(&self.by.rights).records.len() < draft.records.len() {
            // What is in force is shown beside what a draft wants.
            return Err(Problem::Never("This file changes what you may not look at."));
        }
        let draft = Draft { owner, version: version.saturating_add(1), ..draft.clone() };
        let count = draft.changes();
        let audit = self.audit_draft(Action::DraftImported, count, Vec::new());
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::Draft(draft))), audit], count))
    }

    /// Notes that the own draft leaves in a file.
    ///
    /// # Errors
    /// Not an account.
    pub fn export_draft(&self) -> Result<Change<Draft>, Problem> {
        let owner = self.by.account.ok_or(Problem::NotFound("account"))?;
        let draft = self.own_draft().unwrap_or_else(|| Draft::new(owner, self.now));
        let audit = self.audit_draft(Action::DraftExported, draft.changes(), Vec::new());
        Ok(Change::of(vec![audit], draft))
    }

    /// Puts the own draft in force: all of it, by the ordinary operations, in one commit; or nothing. `Change::value` = how many
    /// changes it had.
    ///
    /// # Errors
    /// It was changed meanwhile; conflicts without a choice, or with one that was made of another value than is in force
    /// (`conflicts`); whatever else is wrong with what it wants (`changes`); a right that is missing.
    pub fn apply_draft(
        &self,
        decisions: &Decisions,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<Change<usize>, Problem> {
        let draft = self.draft_at(decisions.version)?;
        let compared = compare(&draft, &self.records);
        let mut told = Vec::new();
        let wishes = self.wishes(&draft, &compared, decisions, &mut told)?;
        let stage = self.carry_out(&draft, wishes, vault, dice)?;
        let mut effects = stage.guards;
        effects.push(self.audit_draft(Action::DraftApplied, draft.changes(), told));
        effects.extend(stage.effects);
        effects.extend(gone(&draft));
        Ok(Change::of(effects, draft.changes()))
    }

    fn draft_at(&self, version: u32) -> Result<Draft, Problem> {
        let draft = self.own_draft().ok_or(Problem::NotFound("draft"))?;
        if draft.version == version { Ok(draft) } else { Err(Problem::Changed("draft")) }
    }

    fn audit_draft(&self, action: Action, changes: usize, told: Vec<FieldChange>) -> Effect {
        let name = self.by.account.and_then(|id| self.records.account(id));
        let name = name.map_or_else(String::new, |account| account.name.to_string());
        let count =
            FieldChange { field: "changes".into(), before: "".into(), after: changes.to_string().into() };
        let changes = std::iter::once(count).chain(told.into_iter().take(TOLD_MAX)).collect();
        self.audit(action, self.by.domain(), &name, changes)
    }

    /// What is left to be done once every conflict is decided.
    fn wishes<'d>(
        &self,
        draft: &'d Draft,
        compared: &[Compared],
        decisions: &Decisions,
        told: &mut Vec<FieldChange>,
    ) -> Result<Vec<Wish<'d>>, Problem> {
        let (mut wishes, mut open) = (Vec::new(), 0_usize);
        for (edited, compared) in draft.records.iter().zip(compared) {
            let mut wish = Wish { edited, fields: Fields::new(), secrets: Vec::new() };
            let mut is_wanted = false;
            for line in &compared.lines {
                let is_mine = match line.merge {
                    Merge::Mine => true,
                    Merge::Already => false,
                    Merge::Conflict => {
                        let choice = decisions.of(edited.record, line);
                        // What is gone cannot be changed; that it is dropped has to be said all the same.
                        let choice = choice.filter(|choice| !compared.is_gone || *choice == Choice::Theirs);
                        let Some(choice) = choice else {
                            open = open.saturating_add(1);
                            continue;
                        };
                        told.push(told_of(edited, line, choice));
                        choice == Choice::Mine
                    }
                };
                if is_mine {
                    is_wanted = true;
                    wish.take(&line.point);
                }
            }
            if is_wanted {
                wishes.push(wish);
            }
        }
        if open > 0 {
            return Err(wrong(
                "conflicts",
                format!("Choose for each of the {open} conflicts whose value it shall be."),
            ));
        }
        Ok(wishes)
    }

    /// Does all that is wished on a stage. What stands in the way of each other (a number that is still taken) is tried again
    /// once others have made room.
    fn carry_out(
        &self,
        draft: &Draft,
        mut wishes: Vec<Wish<'_>>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<Stage, Problem> {
        let mut stage = Stage::default();
        wishes.sort_by_key(|wish| order(wish.edited));
        for _ in 0..ROUNDS_MAX {
            let mut waiting = Vec::new();
            let mut problems = Vec::new();
            let count = wishes.len();
            for wish in wishes {
                let (effects, guards) = (stage.effects.len(), stage.guards.len());
                match self.fulfil(&mut stage, draft, &wish, vault, dice) {
                    Ok(()) => {}
                    Err(problem @ (Problem::NoRight(_) | Problem::Never(_))) => return Err(problem),
                    Err(problem) => {
                        stage.back_to(effects, guards);
                        let Edited { record, title, .. } = wish.edited;
                        problems.push(format!("{} {title}: {}", record.kind(), in_words(&problem)));
                        waiting.push(wish);
                    }
                }
            }
            if waiting.is_empty() {
                return Ok(stage);
            }
            if waiting.len() == count && !self.vacate(&mut stage, &waiting)? {
                let wrong = problems.into_iter().map(|problem| WrongField::new("changes", problem));
                return Err(Problem::Invalid(wrong.collect()));
            }
            wishes = waiting;
        }
        Err(wrong(
            "changes",
            "These changes stand in each other's way. Take some of them out, and apply those first.".into(),
        ))
    }

    /// Breaks a circle of records that change names, numbers or places with each other: one of them gives its own up first.
    fn vacate(&self, stage: &mut Stage, waiting: &[Wish<'_>]) -> Result<bool, Problem> {
        for wish in waiting {
            let record = wish.edited.record;
            if wish.edited.fate != Fate::Changed || stage.vacated.contains(&record) {
                continue;
            }
            if let RecordId::User(id) = record
                && let Some(account) = stage.over(self.records).account(id)
            {
                let name = if wish.fields.contains_key("name") {
                    format!("~{id}")
                } else {
                    account.name.to_string()
                };
                let extension = account.extension().filter(|_| !wish.fields.contains_key("extension"));
                let extension = extension.and_then(|id| stage.over(self.records).extension(id));
                let edit = EditUser {
                    version: account.version,
                    name,
                    full_name: account.full_name.to_string(),
                    number: extension.map_or_else(String::new, |extension| extension.number.to_string()),
                    condition: None,
                    expires_at: account.expires_at,
                };
                stage.run(self, |admin| admin.edit_user(id, &edit))?;
            } else if let RecordId::Extension(id) = record
                && let Some(extension) = stage.over(self.records).extension(id)
            {
                // As long as a number can be: no phone has it.
                let number = format!("99999{:010}", id.0);
                let edit = EditExtension { version: extension.version, number };
                stage.run(self, |admin| admin.edit_extension(id, &edit))?;
            } else {
                continue;
            }
            stage.vacated.push(record);
            return Ok(true);
        }
        Ok(false)
    }

    fn fulfil(
        &self,
        stage: &mut Stage,
        draft: &Draft,
        wish: &Wish<'_>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<(), Problem> {
        let edited = wish.edited;
        match edited.record {
            RecordId::Settings => {
                let before = stage.over(self.records).settings();
                let after = settings_with(&before, &wish.fields).ok_or_else(unfit)?;
                stage.run(self, |admin| admin.save_settings(&after))
            }
            RecordId::Domain(id) => {
                let before = stage.over(self.records).domain(id).ok_or(Problem::NotFound("domain"))?;
                let after = domain_with(&before, &wish.fields).ok_or_else(unfit)?;
                stage.run(self, |admin| admin.save_domain(&after))?;
                self.set_secrets(stage, Owner::Domain(id), wish, false, vault, dice)
            }
            RecordId::Group(id) => {
                let document = stage.over(self.records).document(DocumentId::RightsGroup(id));
                let present = document.and_then(|document| document.rights_group().cloned());
                let before = match edited.fate {
                    Fate::Made => RightsGroup { id, version: 0, name: "".into(), rights: Box::default() },
                    Fate::Changed | Fate::Deleted => present.ok_or(Problem::NotFound("rights group"))?,
                };
                if edited.fate == Fate::Deleted {
                    let seen = Seen::Document(DocumentId::RightsGroup(id), before.version);
                    stage.guards.push(Effect::Unchanged(seen));
                    return stage.run(self, |admin| admin.delete_group(id));
                }
                let after = group_with(&before, &wish.fields).ok_or_else(unfit)?;
                let fields = GroupFields { name: after.name.to_string(), rights: after.rights.to_vec() };
                if edited.fate == Fate::Made {
                    return stage.run(self, |admin| admin.create_group(&fields, dice)).map(|_| ());
                }
                stage.run(self, |admin| admin.edit_group(id, before.version, &fields))
            }
            RecordId::User(id) => match edited.fate {
                Fate::Made => self.make_user(stage, draft, wish, vault, dice),
                Fate::Changed => self.change_user(stage, draft, id, wish, vault, dice),
                Fate::Deleted => {
                    let account = self.records.account(id).ok_or(Problem::NotFound("user"))?;
                    stage.guards.push(Effect::Unchanged(Seen::Account(id, account.version)));
                    stage.guard_secrets(self.records, Owner::Account(id));
                    let goes_too = |extension: ExtensionId| {
                        let wish = draft.edited(RecordId::Extension(extension));
                        wish.is_some_and(|wish| wish.fate == Fate::Deleted)
                    };
                    let present =
                        stage.over(self.records).account(id).and_then(|account| account.extension());
                    let with_extension = present.is_some_and(goes_too)
                        && present.is_some_and(|extension| self.records.extension(extension).is_some());
                    stage.run(self, |admin| admin.delete_user(id, with_extension))
                }
            },
            RecordId::Extension(id) => match edited.fate {
                Fate::Made => self.make_extension(stage, id, wish, vault, dice),
                Fate::Changed => {
                    let before =
                        stage.over(self.records).extension(id).ok_or(Problem::NotFound("extension"))?;
                    let after = extension_with(&before, &wish.fields).ok_or_else(unfit)?;
                    if after.number != before.number {
                        let edit =
                            EditExtension { version: before.version, number: after.number.to_string() };
                        stage.run(self, |admin| admin.edit_extension(id, &edit))?;
                    }
                    self.set_secrets(stage, Owner::Extension(id), wish, false, vault, dice)
                }
                Fate::Deleted => {
                    let extension = self.records.extension(id).ok_or(Problem::NotFound("extension"))?;
                    if stage.over(self.records).extension(id).is_none() {
                        // It went with its user.
                        return Ok(());
                    }
                    stage.guards.push(Effect::Unchanged(Seen::Extension(id, extension.version)));
                    stage.guard_secrets(self.records, Owner::Extension(id));
                    stage.run(self, |admin| admin.delete_extension(id))
                }
            },
        }
    }

    fn make_user(
        &self,
        stage: &mut Stage,
        draft: &Draft,
        wish: &Wish<'_>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<(), Problem> {
        let blank = Account {
            id: AccountId::NOBODY,
            version: 0,
            domain: wish.edited.domain,
            name: "".into(),
            full_name: "".into(),
            role: crate::account::Role::User { extension: None },
            condition: Condition::Enabled,
            created_at: self.now,
            enabled_at: self.now,
            expires_at: None,
        };
        let wanted = user_with(&blank, &wish.fields).ok_or_else(unfit)?;
        let number = self.number_of(stage, draft, wanted.extension())?;
        let chosen = |kind| self.chosen(wish.edited, kind, vault);
        // A phone password of an extension that is made with the user.
        let extension = wanted.extension().and_then(|id| draft.edited(RecordId::Extension(id)));
        let extension = extension.filter(|edited| edited.fate == Fate::Made);
        let phone_password =
            extension.map(|edited| self.chosen(edited, CredentialKind::PhonePassword, vault));
        let is_new = Number::parse(&number).is_some_and(|number| {
            stage.over(self.records).extension_numbered(blank.domain, &number).is_none()
        });
        let new = NewUser {
            name: wanted.name.to_string(),
            full_name: wanted.full_name.to_string(),
            number,
            login_code: chosen(CredentialKind::LoginCode)?,
            user_password: chosen(CredentialKind::UserPassword)?,
            phone_password: phone_password.transpose()?.filter(|_| is_new).unwrap_or_default(),
        };
        let id = stage.run(self, |admin| admin.create_user(blank.domain, &new, dice))?;
        stage.note_made(self.records, draft, wanted.extension(), id);
        let came_with = [CredentialKind::LoginCode, CredentialKind::UserPassword];
        let secrets = wish.secrets.iter().copied().filter(|edit| !came_with.contains(&edit.kind)).collect();
        let others = Wish { edited: wish.edited, fields: Fields::new(), secrets };
        self.set_secrets(stage, Owner::Account(id), &others, false, vault, dice)?;
        if wanted.condition == Condition::Enabled && wanted.expires_at.is_none() {
            return Ok(());
        }
        let made = stage.over(self.records).account(id).ok_or(Problem::NotFound("user"))?;
        let edit = EditUser {
            version: made.version,
            name: new.name,
            full_name: new.full_name,
            number: new.number,
            condition: Some(wanted.condition),
            expires_at: wanted.expires_at,
        };
        stage.run(self, |admin| admin.edit_user(id, &edit)).map(|_| ())
    }

    fn change_user(
        &self,
        stage: &mut Stage,
        draft: &Draft,
        id: AccountId,
        wish: &Wish<'_>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<(), Problem> {
        let before = stage.over(self.records).account(id).ok_or(Problem::NotFound("user"))?;
        let wanted = user_with(&before, &wish.fields).ok_or_else(unfit)?;
        // A new password that must be replaced at once is one operation with that demand.
        let is_forced =
            wanted.condition == Condition::ForceNewPassword && before.condition == Condition::Enabled;
        self.set_secrets(stage, Owner::Account(id), wish, is_forced, vault, dice)?;
        let before = stage.over(self.records).account(id).ok_or(Problem::NotFound("user"))?;
        let condition = wish.fields.contains_key("condition").then_some(wanted.condition);
        let is_moved = wish.fields.contains_key("extension");
        let is_as_wanted = (&before.name, &before.full_name) == (&wanted.name, &wanted.full_name)
            && condition.is_none_or(|condition| condition == before.condition)
            && before.expires_at == wanted.expires_at
            && !is_moved;
        if is_as_wanted {
            return Ok(());
        }
        let place = if is_moved { wanted.extension() } else { before.extension() };
        let edit = EditUser {
            version: before.version,
            name: wanted.name.to_string(),
            full_name: wanted.full_name.to_string(),
            number: self.number_of(stage, draft, place)?,
            condition: condition.filter(|condition| *condition != before.condition),
            expires_at: wanted.expires_at,
        };
        stage.run(self, |admin| admin.edit_user(id, &edit))?;
        stage.note_made(self.records, draft, place, id);
        Ok(())
    }

    fn make_extension(
        &self,
        stage: &mut Stage,
        id: ExtensionId,
        wish: &Wish<'_>,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<(), Problem> {
        if let Some(real) = stage.made.get(&id).copied() {
            // It came with its user; so did its password, unless the user only moved there.
            let owner = Owner::Extension(real);
            let is_set = stage.over(self.records).credential(owner, CredentialKind::PhonePassword).is_some();
            return if is_set { Ok(()) } else { self.set_secrets(stage, owner, wish, false, vault, dice) };
        }
        let blank = Extension {
            id,
            version: 0,
            domain: wish.edited.domain,
            number: Number::NOBODY,
            user: None,
            created_at: self.now,
        };
        let wanted = extension_with(&blank, &wish.fields).ok_or_else(unfit)?;
        let phone_password = self.chosen(wish.edited, CredentialKind::PhonePassword, vault)?;
        let new = NewExtension { number: wanted.number.to_string(), phone_password };
        stage.run(self, |admin| admin.create_extension(blank.domain, &new, dice)).map(|_| ())
    }

    /// The number of the extension that a draft names; empty = none.
    fn number_of(&self, stage: &Stage, draft: &Draft, id: Option<ExtensionId>) -> Result<String, Problem> {
        let Some(id) = id else { return Ok(String::new()) };
        let made = draft.edited(RecordId::Extension(id)).filter(|edited| edited.fate == Fate::Made);
        if let Some(made) = made {
            let number = made.wanted("number").and_then(Value::as_str);
            return number.map(ToOwned::to_owned).ok_or_else(unfit);
        }
        let found = stage.over(self.records).extension(id).ok_or(Problem::NotFound("extension"))?;
        Ok(found.number.to_string())
    }

    fn chosen(
        &self,
        edited: &Edited,
        kind: CredentialKind,
        vault: &dyn Vault,
    ) -> Result<SecretChoice, Problem> {
        let sealed =
            edited.secrets.iter().find(|edit| edit.kind == kind).and_then(|edit| edit.wanted.as_ref());
        let Some(sealed) = sealed else { return Ok(SecretChoice::Keep) };
        let payload = vault.open(&place(edited.record, kind), sealed);
        payload.map(SecretChoice::Chosen).ok_or_else(|| {
            wrong(
                "changes",
                format!("Its {} does not open. Choose it anew.", kind.row().title.to_lowercase()),
            )
        })
    }

    fn set_secrets(
        &self,
        stage: &mut Stage,
        owner: Owner,
        wish: &Wish<'_>,
        is_forced: bool,
        vault: &dyn Vault,
        dice: &mut dyn Dice,
    ) -> Result<(), Problem> {
        for edit in &wish.secrets {
            let choice = match self.chosen(wish.edited, edit.kind, vault)? {
                SecretChoice::Keep => SecretChoice::Remove,
                choice @ (SecretChoice::Set(_)
                | SecretChoice::Chosen(_)
                | SecretChoice::Generate
                | SecretChoice::Remove) => choice,
            };
            let present = self.records.credential(owner, edit.kind).map(|facts| facts.set_at);
            stage.guards.push(Effect::Unchanged(Seen::Credential(owner, edit.kind, present)));
            let force_new = is_forced && edit.kind == CredentialKind::UserPassword;
            stage.run(self, |admin| admin.set_secret(owner, edit.kind, &choice, force_new, dice))?;
        }
        Ok(())
    }
}

/// The draft in the place of the one before it; gone when nothing is left.
fn replaced(before: &Draft, after: Draft) -> Vec<Effect> {
    if !after.records.is_empty() {
        let version = before.version.saturating_add(1);
        return vec![Effect::PutDocument(Box::new(Document::Draft(Draft { version, ..after })))];
    }
    if before.version == 0 { Vec::new() } else { gone(before) }
}

fn gone(draft: &Draft) -> Vec<Effect> {
    let id = DocumentId::Draft(draft.owner);
    vec![Effect::Unchanged(Seen::Document(id, draft.version)), Effect::DeleteDocument(id)]
}

fn told_of(edited: &Edited, line: &Line, choice: Choice) -> FieldChange {
    let point = match &line.point {
        Point::Whole => "deleted".into(),
        Point::Field(field) => field.replace('_', " "),
        Point::Secret(kind) => kind.row().name.into(),
    };
    let Edited { record, title, .. } = edited;
    FieldChange {
        field: AuditEvent::text(&format!("conflict: {} {title}, {point}", record.kind().to_lowercase())),
        before: "".into(),
        after: match choice {
            Choice::Mine => "the draft's".into(),
            Choice::Theirs => "as it was".into(),
        },
    }
}

fn in_words(problem: &Problem) -> String {
    match problem {
        Problem::Invalid(wrong) => {
            wrong.iter().map(|wrong| wrong.problem.as_str()).collect::<Vec<_>>().join(" ")
        }
        Problem::NoRight(_) | Problem::NotFound(_) | Problem::Changed(_) | Problem::Never(_) => {
            problem.to_string()
        }
    }
}

fn wrong(field: &'static str, problem: String) -> Problem {
    Problem::Invalid(vec![WrongField::new(field, problem)])
}

fn unfit() -> Problem {
    wrong(
        "changes",
        "What is wanted does not fit what is in force. Take the change out and make it anew.".into(),
    )
}
