//! The same done to many users: each as if alone, and told of as it was.

use signin::{
    account::Status,
    admin::{Admin, NewUser, Problem, UserDeed},
    audit::Action,
    dice::SeededDice,
    effect::Effect,
    ident::{AccountId, DomainId},
    records::Records,
    rights::Right,
};

use crate::{
    administration::set,
    house::{CODE, House, ann, word},
};

/// Ann at 201 and Bob at 202.
fn two() -> (House, [AccountId; 2]) {
    let house = House::with_ann();
    let bob = NewUser { name: "Bob".into(), number: "202".into(), login_code: set("590173"), ..ann() };
    let (bob, _) = house.administer(|a, dice| a.create_user(DomainId::FIRST, &bob, dice)).unwrap();
    let ids = [house.ann().id, bob];
    (house, ids)
}

fn status(house: &House, id: AccountId) -> Status {
    let model = house.model.borrow();
    model.status_of(&model.account(id).unwrap(), house.now.get())
}

#[test]
fn many_are_disabled_and_enabled_and_those_who_are_so_already_are_told_apart() {
    let (house, [ann, bob]) = two();
    house.administer(|a, _| a.change_users(&[ann], UserDeed::Disable)).unwrap();
    let gone = AccountId(999_999);
    let (done, _) = house.administer(|a, _| a.change_users(&[ann, bob, gone], UserDeed::Disable)).unwrap();
    assert_eq!((done.changed, done.as_wanted, done.gone, done.refused.len()), (1, 1, 1, 0));
    assert_eq!(house.last(), "Account changed Accepted Bob status: \"Enabled\" → \"Disabled\"");
    assert_eq!([status(&house, ann), status(&house, bob)], [Status::Disabled; 2]);
    let (done, _) = house.administer(|a, _| a.change_users(&[ann, bob], UserDeed::Enable)).unwrap();
    assert_eq!((done.changed, status(&house, ann)), (2, Status::Enabled));
    house.administer(|a, _| a.change_users(&[ann], UserDeed::Disable)).unwrap();
    let (done, _) = house.administer(|a, _| a.change_users(&[ann, bob], UserDeed::ForceNewPassword)).unwrap();
    assert_eq!((done.changed, done.refused.len()), (1, 1));
    assert_eq!([status(&house, ann), status(&house, bob)], [Status::Disabled, Status::ForceNewPassword]);
}

#[test]
fn locks_of_many_are_reset_and_where_there_is_none_nothing_is_done() {
    let (house, ids) = two();
    for _ in 0..5 {
        house.phone("201", "0");
    }
    assert_eq!(word(&house.phone("201", CODE)), "wait");
    let (done, _) = house.administer(|a, _| a.change_users(&ids, UserDeed::ResetLocks)).unwrap();
    assert_eq!((done.changed, done.as_wanted), (1, 1));
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn many_are_deleted_with_their_extensions_and_each_has_its_rows() {
    let (house, ids) = two();
    let model = house.model.borrow();
    let by = house.by("Administrator");
    let admin = Admin::new(&*model, &by, house.now.get());
    let change = admin.change_users(&ids, UserDeed::Delete).unwrap();
    let rows = |wanted: Action| {
        let is_wanted = |effect: &&Effect| matches!(effect, Effect::Audit(row) if row.action == wanted);
        change.effects.iter().filter(is_wanted).count()
    };
    assert_eq!((rows(Action::AccountDeleted), rows(Action::ExtensionDeleted)), (2, 2));
}

#[test]
fn whoever_lacks_the_right_changes_nobody_and_one_who_may_not_be_changed_keeps_nobody_else() {
    let (house, ids) = two();
    let mut by = house.by("Administrator");
    for deed in UserDeed::ALL {
        by.rights = Right::ALL.into_iter().filter(|right| *right != deed.right()).collect();
        let model = house.model.borrow();
        let admin = Admin::new(&*model, &by, house.now.get());
        assert_eq!(admin.change_users(&ids, deed).err(), Some(Problem::NoRight(deed.right())), "{deed:?}");
    }
    // To enable somebody who is locked is to reset a lock.
    for _ in 0..5 {
        house.phone("201", "0");
    }
    house.administer(|a, _| a.change_users(&ids[1..], UserDeed::Disable)).unwrap();
    by.rights = vec![Right::UsersWrite];
    let done =
        house.administer_as(&by, |a: &Admin<'_>, _: &mut SeededDice| a.change_users(&ids, UserDeed::Enable));
    let (done, _) = done.unwrap();
    assert_eq!(done.changed, 1);
    assert_eq!(done.refused, vec![(Box::<str>::from("Ann"), Problem::NoRight(Right::SecurityReset))]);
    assert_eq!([status(&house, ids[0]), status(&house, ids[1])], [Status::LockedTemporary, Status::Enabled]);
}
