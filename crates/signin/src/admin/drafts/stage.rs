//! How far a draft has been put in force: what is wished, and what was done so far.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Admin, Change, Problem};
use crate::{
    credential::{KINDS, Owner},
    draft::{Draft, Edited, Fate, Fields, Layer, Overlay, Point, RecordId, SecretEdit},
    effect::{Effect, Seen},
    ident::{AccountId, ExtensionId},
    records::Records,
    scope::Scope,
};

/// What is to be done with one record of a draft.
pub(super) struct Wish<'a> {
    pub(super) edited: &'a Edited,
    pub(super) fields: Fields,
    pub(super) secrets: Vec<&'a SecretEdit>,
}

/// What was done so far, and how things stand with it.
#[derive(Default)]
pub(super) struct Stage {
    pub(super) layer: Layer,
    pub(super) guards: Vec<Effect>,
    pub(super) effects: Vec<Effect>,
    /// The extensions that a draft made, under their real numbers.
    pub(super) made: BTreeMap<ExtensionId, ExtensionId>,
    pub(super) vacated: Vec<RecordId>,
}

impl Wish<'_> {
    pub(super) fn take(&mut self, point: &Point) {
        match point {
            Point::Whole => {
                self.fields =
                    self.edited.fields.iter().map(|edit| (edit.field.clone(), edit.wanted.clone())).collect();
                self.secrets = self.edited.secrets.iter().collect();
            }
            Point::Field(field) => {
                let wanted = self.edited.wanted(field).cloned().unwrap_or(Value::Null);
                self.fields.insert(field.clone(), wanted);
            }
            Point::Secret(kind) => {
                self.secrets.extend(self.edited.secrets.iter().find(|edit| edit.kind == *kind));
            }
        }
    }
}

impl Stage {
    pub(super) fn over<'a>(&'a self, live: Scope<'a>) -> Overlay<'a> {
        Overlay { live, layer: &self.layer }
    }

    /// Does an operation on the stage.
    pub(super) fn run<T>(
        &mut self,
        admin: &Admin<'_>,
        operation: impl FnOnce(&Admin<'_>) -> Result<Change<T>, Problem>,
    ) -> Result<T, Problem> {
        let overlay = Overlay { live: admin.records, layer: &self.layer };
        let change = operation(&Admin::new(&overlay, admin.by, admin.now))?;
        self.layer.take(&change.effects);
        self.effects.extend(change.effects);
        Ok(change.value)
    }

    /// Takes back what was done after a mark.
    pub(super) fn back_to(&mut self, effects: usize, guards: usize) {
        self.guards.truncate(guards);
        if self.effects.len() > effects {
            self.effects.truncate(effects);
            self.layer = Layer::default();
            self.layer.take(&self.effects);
        }
    }

    pub(super) fn guard_secrets(&mut self, live: Scope<'_>, owner: Owner) {
        for row in &KINDS {
            let present = live.credential(owner, row.kind).map(|facts| facts.set_at);
            self.guards.push(Effect::Unchanged(Seen::Credential(owner, row.kind, present)));
        }
    }

    /// Notes the real number of an extension that a draft made, once its user is there.
    pub(super) fn note_made(
        &mut self,
        live: Scope<'_>,
        draft: &Draft,
        wanted: Option<ExtensionId>,
        user: AccountId,
    ) {
        let Some(wanted) = wanted else { return };
        let is_made =
            draft.edited(RecordId::Extension(wanted)).is_some_and(|edited| edited.fate == Fate::Made);
        let real = self.over(live).account(user).and_then(|account| account.extension());
        if let (true, Some(real)) = (is_made, real) {
            self.made.insert(wanted, real);
        }
    }
}

/// Rules first, so that they hold for what follows; then what makes room; then what needs it.
pub(super) const fn order(edited: &Edited) -> u8 {
    match (edited.record, edited.fate) {
        (RecordId::Group(_), _) => 0,
        (RecordId::Settings, _) => 1,
        (RecordId::Domain(_), _) => 2,
        (RecordId::User(_), Fate::Deleted) => 3,
        (RecordId::Extension(_), Fate::Deleted) => 4,
        (RecordId::Extension(_), Fate::Changed) => 5,
        (RecordId::User(_), Fate::Changed) => 6,
        (RecordId::User(_), Fate::Made) => 7,
        (RecordId::Extension(_), Fate::Made) => 8,
    }
}
