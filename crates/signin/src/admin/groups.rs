//! Rights groups: what service users may do, given by the group.

use super::{Admin, Change, Checks, Problem, changed};
use crate::{
    account::{Account, Role},
    audit::{Action, FieldChange},
    dice::{Dice, roll},
    document::{Document, DocumentId, DocumentKind, rights_groups},
    effect::Effect,
    ident::{DomainId, FoldedName, GroupId, NAME_MAX},
    records::Records,
    rights::{GROUPS_MAX, Right, RightsGroup, in_words},
};

/// What is chosen of a rights group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFields {
    /// 1 to [`NAME_MAX`] characters, unique among the groups.
    pub name: String,
    /// What its members may do.
    pub rights: Vec<Right>,
}

impl Admin<'_> {
    /// Makes a rights group.
    ///
    /// # Errors
    /// No right, as many as there may be, or a name that is wrong or taken.
    pub fn create_group(
        &self,
        fields: &GroupFields,
        dice: &mut dyn Dice,
    ) -> Result<Change<GroupId>, Problem> {
        self.require(Right::SecurityWrite)?;
        self.check_group(fields, None)?;
        let id = self.next_group(dice);
        let made = RightsGroup { id, version: 1, name: fields.name.trim().into(), rights: ordered(fields) };
        let given = [changed("rights", "", &in_words(&made.rights))].into_iter().flatten().collect();
        let audit = self.audit(Action::GroupCreated, DomainId::FIRST, &made.name, given);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::RightsGroup(made))), audit], id))
    }

    /// Changes a rights group; its members have the new rights with their next request.
    ///
    /// # Errors
    /// No right, no such group, changed meanwhile, a group of one's own, or a name that is wrong or taken.
    pub fn edit_group(&self, id: GroupId, version: u32, fields: &GroupFields) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let before = self.group(id)?;
        if before.version != version {
            return Err(Problem::Changed("rights group"));
        }
        self.check_group(fields, Some(id))?;
        let after = RightsGroup {
            version: before.version + 1,
            name: fields.name.trim().into(),
            rights: ordered(fields),
            ..before.clone()
        };
        if after.rights != before.rights {
            self.may_change_rights_by(id)?;
        }
        let changes: Vec<FieldChange> = [
            changed("name", &before.name, &after.name),
            changed("rights", &in_words(&before.rights), &in_words(&after.rights)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if changes.is_empty() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let audit = self.audit(Action::GroupChanged, DomainId::FIRST, &before.name, changes);
        Ok(Change::of(vec![Effect::PutDocument(Box::new(Document::RightsGroup(after))), audit], ()))
    }

    /// Deletes a rights group; its members lose what they had by it alone.
    ///
    /// # Errors
    /// No right, no such group, or a group of one's own.
    pub fn delete_group(&self, id: GroupId) -> Result<Change<()>, Problem> {
        self.require(Right::SecurityWrite)?;
        let group = self.group(id)?;
        self.may_change_rights_by(id)?;
        let mut effects = vec![
            Effect::DeleteDocument(DocumentId::RightsGroup(id)),
            self.audit(Action::GroupDeleted, DomainId::FIRST, &group.name, Vec::new()),
        ];
        for member in self.records.service_users() {
            let Role::ServiceUser { groups } = &member.role else { continue };
            if groups.contains(&id) {
                let groups = groups.iter().copied().filter(|other| *other != id).collect();
                let role = Role::ServiceUser { groups };
                let version = member.version + 1;
                effects.push(Effect::PutAccount(Account { role, version, ..(*member).clone() }));
            }
        }
        Ok(Change::of(effects, ()))
    }

    /// The rights groups, by name.
    pub fn groups(&self) -> Vec<RightsGroup> {
        rights_groups(&self.records.documents(DocumentKind::RightsGroup))
    }

    /// The group of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn group(&self, id: GroupId) -> Result<RightsGroup, Problem> {
        let document = self.records.document(DocumentId::RightsGroup(id));
        let group = document.and_then(|document| document.rights_group().cloned());
        group.ok_or(Problem::NotFound("rights group"))
    }

    /// Nobody gives themselves rights. Whoever has them all already may change every group.
    fn may_change_rights_by(&self, id: GroupId) -> Result<(), Problem> {
        let own = self.by.account.and_then(|own| self.records.account(own));
        let is_own = own.is_some_and(|own| {
            !own.is_built_in() && matches!(&own.role, Role::ServiceUser { groups } if groups.contains(&id))
        });
        if is_own {
            Err(Problem::Never("Nobody can change the rights of a group of their own."))
        } else {
            Ok(())
        }
    }

    fn check_group(&self, fields: &GroupFields, own: Option<GroupId>) -> Result<(), Problem> {
        let mut checks = Checks::default();
        let groups = self.groups();
        let length = fields.name.trim().chars().count();
        if length == 0 || length > NAME_MAX || fields.name.chars().any(char::is_control) {
            checks.wrong("name", format!("A name has 1 to {NAME_MAX} characters."));
        }
        let name = FoldedName::of(&fields.name);
        if groups.iter().any(|other| Some(other.id) != own && FoldedName::of(&other.name) == name) {
            checks.wrong("name", "Another rights group has this name.");
        }
        if own.is_none() && groups.len() >= GROUPS_MAX {
            checks.wrong("name", format!("There are {GROUPS_MAX} rights groups already, which is the most."));
        }
        checks.result()
    }

    /// Drawn by chance, so that whoever belonged to a group that is gone does not find themselves in a new one.
    pub(super) fn next_group(&self, dice: &mut dyn Dice) -> GroupId {
        loop {
            let id = GroupId(u32::from_be_bytes(roll(dice)) >> 1);
            if self.group(id).is_err() {
                return id;
            }
        }
    }
}

/// Each right once, in the order of the matrix.
fn ordered(fields: &GroupFields) -> Box<[Right]> {
    Right::ALL.into_iter().filter(|right| fields.rights.contains(right)).collect()
}
