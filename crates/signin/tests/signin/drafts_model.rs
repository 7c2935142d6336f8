//! Two who edit offline, one who edits at once, and phones, at the same users: two hundred random interleavings, held against a
//! model of merging that knows nothing but cells, what was seen in them, and what is wanted there.

use std::collections::{BTreeMap, BTreeSet};

use signin::{
    account::{Condition, RoleKind},
    admin::{Admin, By, Change, Choice, EditExtension, EditUser, NewUser, Problem, SecretChoice},
    credential::{CredentialKind, Owner},
    dice::{Dice, SeededDice, below},
    draft::{Merge, Point, RecordId},
    extension::Domain,
    ident::{AccountId, DomainId, ExtensionId, FoldedName},
    policy::Settings,
    records::Records,
    secret::Secret,
    timestamp::Seconds,
};

use crate::{
    drafts::{apply, compared, draft_of, offline},
    house::*,
    model::Model,
};

/// A cell: of which thing, and which of its fields.
type Cell = (String, &'static str);
type Cells = BTreeMap<Cell, String>;

/// What somebody wants, as the model sees it.
#[derive(Clone, Debug, Default)]
struct Wanted {
    /// What was seen, and what is wanted.
    cells: BTreeMap<Cell, (String, String)>,
    /// Things that go, with what was seen of them.
    deleted: BTreeMap<String, Cells>,
    /// Names of users who are made, and their numbers in the draft.
    made: BTreeMap<String, AccountId>,
}

/// One edit, whoever makes it and however.
#[derive(Clone, Debug)]
enum Edit {
    FullName(String, &'static str),
    Condition(String, Condition),
    Move(String, u32),
    Leave(String),
    Code(String, String),
    Delete(String),
    Make(String),
    Renumber(u32, String),
    DeleteExtension(u32),
    SystemName(&'static str),
    Failures(u8),
    Md5(bool),
}

struct World {
    house: House,
    dice: SeededDice,
    codes: u32,
}

fn user_key(name: &str) -> String {
    format!("user {name}")
}

/// What is in force, read without any of the code that drafts are made of.
fn cells(model: &Model) -> Cells {
    let mut cells = Cells::new();
    for account in model.accounts.values().filter(|account| account.kind() == RoleKind::User) {
        let key = user_key(&account.name);
        let code = model.credentials.get(&(Owner::Account(account.id), CredentialKind::LoginCode));
        let code =
            code.map_or_else(String::new, |kept| String::from_utf8_lossy(kept.payload.reveal()).into_owned());
        let extension = account.extension().map_or_else(String::new, |id| id.to_string());
        cells.insert((key.clone(), "full_name"), account.full_name.to_string());
        cells.insert((key.clone(), "condition"), format!("{:?}", account.condition));
        cells.insert((key.clone(), "extension"), extension);
        cells.insert((key, "code"), code);
    }
    for extension in model.extensions.values() {
        cells.insert((format!("extension {}", extension.id), "number"), extension.number.to_string());
    }
    cells.insert(("settings".into(), "system_name"), model.settings.system_name.to_string());
    cells.insert(("settings".into(), "failures"), model.settings.extension_lock.failures_max.to_string());
    cells.insert(("domain".into(), "md5"), model.domains[&DomainId::FIRST].md5_allowed.to_string());
    cells
}

/// Whether there can be such an office.
fn is_possible(cells: &Cells) -> bool {
    let (mut places, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    cells.iter().all(|((_, field), value)| match *field {
        "extension" if !value.is_empty() => {
            places.insert(value) && cells.contains_key(&(format!("extension {value}"), "number"))
        }
        "number" => numbers.insert(value),
        _ => true,
    })
}

impl World {
    fn new(seed: u64) -> Self {
        let house = House::with_ann();
        for (name, number) in [("Bob", "202"), ("Cem", "203"), ("Dan", "204")] {
            let code = SecretChoice::Set(Secret::new(format!("7{number}1")));
            let new =
                NewUser { name: name.into(), number: number.into(), login_code: code, ..NewUser::default() };
            house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &new, dice)).unwrap();
        }
        Self { house, dice: SeededDice(seed), codes: 0 }
    }

    fn below(&mut self, bound: u16) -> usize {
        usize::from(below(&mut self.dice, bound))
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = self.below(u16::try_from(from.len()).unwrap());
        from[at].clone()
    }

    fn edit(&mut self) -> Edit {
        let user = self.pick(&["Ann", "Bob", "Cem", "Dan"]).to_owned();
        let extensions: Vec<u32> = self.house.model.borrow().extensions.keys().map(|id| id.0).collect();
        let extension = if extensions.is_empty() { 1 } else { self.pick(&extensions) };
        match self.below(14) {
            0..=2 => Edit::FullName(user, self.pick(&["", "One", "Two", "Three"])),
            3 => Edit::Condition(user, self.pick(&[Condition::Enabled, Condition::Disabled])),
            4 | 5 => Edit::Move(user, extension),
            6 => Edit::Leave(user),
            7 | 8 => {
                self.codes += 1;
                Edit::Code(user, format!("{}8{}", self.codes * 7919, self.codes % 7))
            }
            9 if self.below(3) == 0 => Edit::Delete(user),
            9 => Edit::Make(self.pick(&["Eve", "Fay", "Gus"]).into()),
            10 => Edit::Renumber(extension, self.pick(&["201", "202", "203", "204", "301", "302"]).into()),
            11 if self.below(3) == 0 => Edit::DeleteExtension(extension),
            11 => Edit::SystemName(self.pick(&["Harbour", "Hill"])),
            12 => Edit::Failures(self.pick(&[5, 6, 7])),
            _ => Edit::Md5(self.below(2) == 0),
        }
    }
}

/// The operation that an edit is, for whoever does it.
fn operation(admin: &Admin<'_>, dice: &mut dyn Dice, edit: &Edit) -> Result<Change<()>, Problem> {
    let find = |name: &str| {
        let found = admin.records.account_named(RoleKind::User, DomainId::FIRST, &FoldedName::of(name));
        found.ok_or(Problem::NotFound("user"))
    };
    let changed = |name: &str, change: &dyn Fn(&mut EditUser)| {
        let account = find(name)?;
        let number = account.extension().and_then(|id| admin.records.extension(id));
        let mut edit = EditUser {
            version: account.version,
            name: account.name.to_string(),
            full_name: account.full_name.to_string(),
            number: number.map_or_else(String::new, |extension| extension.number.to_string()),
            condition: None,
            expires_at: account.expires_at,
        };
        change(&mut edit);
        admin.edit_user(account.id, &edit).map(unit)
    };
    match edit {
        Edit::FullName(name, to) => changed(name, &|edit| edit.full_name = (*to).into()),
        Edit::Condition(name, to) => changed(name, &|edit| edit.condition = Some(*to)),
        Edit::Move(name, to) => {
            let extension =
                admin.records.extension(ExtensionId(*to)).ok_or(Problem::NotFound("extension"))?;
            changed(name, &|edit| edit.number = extension.number.to_string())
        }
        Edit::Leave(name) => changed(name, &|edit| edit.number = String::new()),
        Edit::Code(name, code) => {
            let owner = Owner::Account(find(name)?.id);
            let choice = SecretChoice::Set(Secret::new(code.clone()));
            admin.set_secret(owner, CredentialKind::LoginCode, &choice, false, dice).map(unit)
        }
        Edit::Delete(name) => admin.delete_user(find(name)?.id, false),
        Edit::Make(name) => {
            let new = NewUser { name: name.clone(), ..NewUser::default() };
            admin.create_user(DomainId::FIRST, &new, dice).map(unit)
        }
        Edit::Renumber(id, number) => {
            let id = ExtensionId(*id);
            let version = admin.records.extension(id).ok_or(Problem::NotFound("extension"))?.version;
            admin.edit_extension(id, &EditExtension { version, number: number.clone() })
        }
        Edit::DeleteExtension(id) => admin.delete_extension(ExtensionId(*id)),
        Edit::SystemName(name) => {
            let settings = Settings { system_name: (*name).into(), ..(*admin.records.settings()).clone() };
            admin.save_settings(&settings)
        }
        Edit::Failures(failures) => {
            let mut settings = (*admin.records.settings()).clone();
            settings.extension_lock.failures_max = *failures;
            admin.save_settings(&settings)
        }
        Edit::Md5(allowed) => {
            let domain = admin.records.domain(DomainId::FIRST).unwrap();
            admin.save_domain(&Domain { md5_allowed: *allowed, ..(*domain).clone() })
        }
    }
}

fn unit<T>(change: Change<T>) -> Change<()> {
    Change { effects: change.effects, value: (), generated: change.generated }
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.deleted.is_empty() && self.made.is_empty()
    }

    fn set(&mut self, live: &Cells, cell: Cell, wanted: String) {
        let live = live.get(&cell).cloned().unwrap_or_default();
        let seen = self.cells.remove(&cell).map_or(live, |(seen, _)| seen);
        if seen != wanted {
            self.cells.insert(cell, (seen, wanted));
        }
    }

    /// What an edit that was done offline adds.
    fn note(&mut self, live: &Cells, edit: &Edit, made: Option<AccountId>) {
        let cell = |name: &str, field| (user_key(name), field);
        match edit {
            // Of somebody who was made in the draft, everything is new; nothing can be seen of it elsewhere.
            Edit::FullName(name, _)
            | Edit::Condition(name, _)
            | Edit::Move(name, _)
            | Edit::Leave(name)
            | Edit::Code(name, _)
                if self.made.contains_key(name) => {}
            Edit::FullName(name, to) => self.set(live, cell(name, "full_name"), (*to).into()),
            Edit::Condition(name, to) => self.set(live, cell(name, "condition"), format!("{to:?}")),
            Edit::Move(name, to) => self.set(live, cell(name, "extension"), to.to_string()),
            Edit::Leave(name) => {
                let present = live.get(&cell(name, "extension")).cloned().unwrap_or_default();
                let goes = self.deleted.contains_key(&format!("extension {present}"));
                if !goes {
                    self.set(live, cell(name, "extension"), String::new());
                }
            }
            Edit::Code(name, code) => self.set(live, cell(name, "code"), format!("\u{1}{code}")),
            Edit::Delete(name) => {
                if self.made.remove(name).is_none() {
                    self.delete(live, &user_key(name));
                }
            }
            Edit::Make(name) => {
                self.made.insert(name.clone(), made.unwrap());
            }
            Edit::Renumber(id, to) => self.set(live, (format!("extension {id}"), "number"), to.clone()),
            Edit::DeleteExtension(id) => {
                let key = format!("extension {id}");
                self.delete(live, &key);
                // Whoever wanted to go there stays without one.
                let there = |cell: &Cell, wanted: &str| cell.1 == "extension" && wanted == id.to_string();
                let moved: Vec<Cell> = self
                    .cells
                    .iter()
                    .filter(|(cell, (_, to))| there(cell, to))
                    .map(|(cell, _)| cell.clone())
                    .collect();
                for cell in moved {
                    self.set(live, cell, String::new());
                }
                // That whoever is there is without one follows.
                self.cells.retain(|cell, (seen, to)| {
                    !(cell.1 == "extension" && to.is_empty() && *seen == id.to_string())
                });
            }
            Edit::SystemName(name) => self.set(live, ("settings".into(), "system_name"), (*name).into()),
            Edit::Failures(failures) => {
                self.set(live, ("settings".into(), "failures"), failures.to_string());
            }
            Edit::Md5(allowed) => self.set(live, ("domain".into(), "md5"), allowed.to_string()),
        }
    }

    fn delete(&mut self, live: &Cells, thing: &str) {
        let mut seen: Cells =
            live.iter().filter(|(cell, _)| cell.0 == thing).map(|(c, v)| (c.clone(), v.clone())).collect();
        self.cells.retain(|cell, (before, _)| {
            if cell.0 == thing {
                seen.insert(cell.clone(), before.clone());
            }
            cell.0 != thing
        });
        self.deleted.insert(thing.into(), seen);
    }

    /// The conflicts, and what there would be if all of them ended as `mine` says.
    fn merge(
        &self,
        live: &Cells,
        mut mine: impl FnMut(&str, &str) -> bool,
    ) -> (BTreeSet<(String, String)>, Cells) {
        let (mut conflicts, mut merged) = (BTreeSet::new(), live.clone());
        for ((thing, field), (seen, wanted)) in &self.cells {
            let now = live.get(&(thing.clone(), *field));
            let is_gone = now.is_none();
            let is_conflict = is_gone || (now != Some(wanted) && now != Some(seen));
            if is_conflict {
                conflicts.insert((thing.clone(), (*field).into()));
            }
            if !is_gone && (!is_conflict || mine(thing, field)) {
                merged.insert((thing.clone(), *field), wanted.clone());
            }
        }
        for (thing, seen) in &self.deleted {
            let now: Cells = live
                .iter()
                .filter(|(cell, _)| cell.0 == *thing)
                .map(|(c, v)| (c.clone(), v.clone()))
                .collect();
            if now.is_empty() {
                continue;
            }
            let is_conflict = now != *seen;
            if is_conflict {
                conflicts.insert((thing.clone(), "whole".into()));
            }
            if !is_conflict || mine(thing, "whole") {
                merged.retain(|cell, _| cell.0 != *thing);
                let id = thing.strip_prefix("extension ").unwrap_or("-").to_owned();
                for (cell, value) in &mut merged {
                    // Whoever was there before stays without one; whoever is put there by the draft has nowhere to go.
                    if cell.1 == "extension" && *value == id && live.get(cell) == Some(&id) {
                        value.clear();
                    }
                }
            }
        }
        for name in self.made.keys() {
            for (field, value) in
                [("full_name", ""), ("condition", "Enabled"), ("extension", ""), ("code", "")]
            {
                merged.insert((user_key(name), field), value.into());
            }
        }
        (conflicts, merged)
    }
}

/// A line of the comparison, as the model names it.
fn named(record: RecordId, title: &str, point: &Point) -> (String, String) {
    let thing = match record {
        RecordId::Settings => "settings".into(),
        RecordId::Domain(_) => "domain".into(),
        RecordId::Group(_) => "group".into(),
        RecordId::User(_) => user_key(title),
        RecordId::Extension(id) => format!("extension {id}"),
    };
    let field = match point {
        Point::Whole => "whole".into(),
        Point::Secret(_) => "code".into(),
        Point::Field(field) if &**field == "extension_lock.failures_max" => "failures".into(),
        Point::Field(field) if &**field == "md5_allowed" => "md5".into(),
        Point::Field(field) => field.to_string(),
    };
    (thing, field)
}

/// Puts a draft in force and holds what came of it against the model. `false` = it could not be, and nothing was changed.
fn put_in_force(world: &mut World, by: &By, wanted: &Wanted, what: &str) -> bool {
    let live = cells(&world.house.model.borrow());
    let mut dice = SeededDice(world.dice.0);
    let mut chosen: BTreeMap<(String, String), bool> = BTreeMap::new();
    let (conflicts, _) = wanted.merge(&live, |_, _| false);
    let mut shown = BTreeSet::new();
    for compared in compared(&world.house, by) {
        for line in compared.lines.iter().filter(|line| line.merge == Merge::Conflict) {
            let name = named(compared.record, &compared.title, &line.point);
            chosen.insert(name.clone(), !compared.is_gone && below(&mut dice, 2) == 0);
            shown.insert(name);
        }
    }
    assert_eq!(shown, conflicts, "{what}: every conflict is shown and nothing else\n{wanted:#?}");
    let (_, merged) = wanted.merge(&live, |thing, field| chosen[&(thing.to_owned(), field.to_owned())]);
    let is_taken = wanted.made.keys().any(|name| live.contains_key(&(user_key(name), "condition")));
    let activities = world.house.model.borrow().activities.clone();
    let done = apply(&world.house, by, |compared, point| {
        let name = named(compared.record, &compared.title, point);
        Some(if chosen[&name] { Choice::Mine } else { Choice::Theirs })
    });
    let after = cells(&world.house.model.borrow());
    match &done {
        Ok(_) => {
            assert_eq!(
                after, merged,
                "{what}: what came of it is what was merged\nlive {live:#?}\n{wanted:#?}"
            );
            assert!(!is_taken, "{what}: there are two of one name");
        }
        Err(problem) => {
            assert!(
                !is_possible(&merged) || is_taken,
                "{what}: {problem}\nlive {live:#?}\n{wanted:#?}\n{merged:#?}"
            );
            assert_eq!(after, live, "{what}: all or nothing");
        }
    }
    let model = world.house.model.borrow();
    for (id, activity) in activities {
        let kept = model.activities.get(&id);
        assert!(
            kept == Some(&activity) || !model.accounts.contains_key(&id),
            "{what}: a phone's sign-in is lost"
        );
    }
    done.is_ok()
}

/// Takes one change out, in the draft and in the model.
fn take_out(world: &mut World, by: &By, wanted: &mut Wanted) {
    let all = compared(&world.house, by);
    let (at, draft) =
        (world.below(u16::try_from(all.len().min(200)).unwrap()), draft_of(&world.house, by).unwrap());
    let out = &all[at];
    let line = world.below(u16::try_from(out.lines.len()).unwrap());
    let point = out.lines[line].point.clone();
    world.house.administer_as(by, |admin, _| admin.undo_in_draft(draft.version, out.record, &point)).unwrap();
    let (thing, field) = named(out.record, &out.title, &point);
    wanted.cells.retain(|cell, _| (cell.0.as_str(), cell.1) != (thing.as_str(), field.as_str()));
    if point == Point::Whole {
        wanted.deleted.remove(&thing);
        wanted.made.retain(|name, _| user_key(name) != thing);
    }
}

fn interleave(seed: u64) -> (usize, usize, usize) {
    let mut world = World::new(seed);
    let editors = [world.house.by("Administrator"), world.house.by("BusinessPartner")];
    let mut wanted = [Wanted::default(), Wanted::default()];
    let (mut applied, mut refused, mut conflicts) = (0, 0, 0);
    for step in 0..90 {
        let what = format!("seed {seed}, step {step}");
        world.house.wait(Seconds(1));
        match world.below(16) {
            0..=3 => {
                let edit = world.edit();
                drop(world.house.administer(|admin, dice| operation(admin, dice, &edit)));
            }
            4 => {
                let number = world.pick(&["201", "202", "203"]);
                let code = world.pick(&[CODE, "72021", "11111"]);
                world.house.phone(number, code);
            }
            5..=12 => {
                let who = world.below(2);
                let edit = world.edit();
                let live = cells(&world.house.model.borrow());
                let before = draft_of(&world.house, &editors[who]);
                let done = offline(&world.house, &editors[who], |admin, dice| operation(admin, dice, &edit));
                if done.is_ok() {
                    let first = before.map_or(0, |draft| draft.made);
                    let made = matches!(edit, Edit::Make(_)).then_some(AccountId(first));
                    wanted[who].note(&live, &edit, made);
                }
                assert_eq!(
                    draft_of(&world.house, &editors[who]).is_none(),
                    wanted[who].is_empty(),
                    "{what}: {edit:?}\n{:#?}",
                    wanted[who]
                );
            }
            13 => {
                let who = world.below(2);
                if draft_of(&world.house, &editors[who]).is_some() {
                    take_out(&mut world, &editors[who], &mut wanted[who]);
                }
            }
            _ => {
                let who = world.below(2);
                let by = &editors[who];
                if draft_of(&world.house, by).is_some() {
                    let live = cells(&world.house.model.borrow());
                    conflicts += wanted[who].merge(&live, |_, _| false).0.len();
                    if put_in_force(&mut world, by, &wanted[who], &what) {
                        wanted[who] = Wanted::default();
                        applied += 1;
                    } else {
                        refused += 1;
                    }
                }
            }
        }
    }
    (applied, refused, conflicts)
}

#[test]
fn two_hundred_interleavings_lose_nothing_and_show_every_conflict() {
    let (mut applied, mut refused, mut conflicts) = (0, 0, 0);
    for seed in 1..=200 {
        let (more_applied, more_refused, more_conflicts) = interleave(seed);
        applied += more_applied;
        refused += more_refused;
        conflicts += more_conflicts;
    }
    // What never happens is not tested.
    assert!(
        applied > 500 && refused > 50 && conflicts > 300,
        "{applied} applied, {refused} refused, {conflicts}"
    );
}
