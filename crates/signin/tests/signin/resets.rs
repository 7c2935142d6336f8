//! Switching accounts off and on, and setting their secrets anew: what goes along, and what does not.

use signin::{
    account::{Condition, RoleKind, Status},
    admin::{EditUser, NewUser, SecretChoice},
    credential::{CredentialKind, Owner},
    effect::Effect,
    ident::{AccountId, DomainId},
    records::Records,
    registration::Registration,
    secret::Secret,
    timestamp::Seconds,
};

use crate::{
    administration::{binding, edit_of, fields, set},
    house::{ADMIN_PASSWORD, CODE, House, PARTNER_PASSWORD, word},
};

#[test]
fn disabling_a_user_is_audited_with_before_and_after() {
    let house = House::with_ann();
    let mut edit = edit_of(&house);
    edit.condition = Some(Condition::Disabled);
    edit.expires_at = Some(house.now.get().after(Seconds::days(1)));
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(
        house.last(),
        "Account changed Accepted Ann status: \"Enabled\" → \"Disabled\" expires: \"\" → \"1800086400\""
    );
}

#[test]
fn choosing_enabled_for_a_locked_user_lifts_every_lock_and_nothing_where_there_is_none() {
    let house = House::with_ann();
    let lift = || house.administer(|a, _| a.lift_locks_of(house.ann().id)).unwrap().0;
    assert_eq!(lift(), 0);
    for _ in 0..5 {
        house.phone("201", "0");
    }
    assert_eq!(word(&house.phone("201", CODE)), "wait");
    assert_eq!(lift(), 1);
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    assert!(house.administer(|a, _| a.lift_locks_of(AccountId(999))).is_err());
}

#[test]
fn enabling_by_hand_resets_every_count_and_time_and_saving_anything_else_resets_none() {
    let house = House::with_ann();
    let mut edit = edit_of(&house);
    edit.expires_at = Some(house.now.get().after(Seconds(60)));
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    house.wait(Seconds(60));
    for _ in 0..5 {
        house.phone("201", "0");
    }
    let status = || house.model.borrow().status_of(&house.ann(), house.now.get());
    assert_eq!(status(), Status::LockedTemporary);
    let mut edit = EditUser { full_name: "Ann Jones".into(), expires_at: edit.expires_at, ..edit_of(&house) };
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(status(), Status::LockedTemporary);
    edit.version += 1;
    edit.condition = Some(Condition::Enabled);
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(status(), Status::Enabled);
    assert_eq!((house.ann().expires_at, house.ann().enabled_at), (None, house.now.get()));
    assert_eq!(
        house.last(),
        "Account changed Accepted Ann status: \"Locked – Temporary\" → \"Enabled\" expires: \"1800000060\" → \"\""
    );
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    let rows = house.model.borrow().audit.len();
    let mut edit = edit_of(&house);
    edit.condition = Some(Condition::Enabled);
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
    assert_eq!(house.model.borrow().audit.len(), rows, "there was nothing to reset");
}

#[test]
fn an_account_cannot_be_given_an_end_that_is_over() {
    let house = House::with_ann();
    let mut edit = edit_of(&house);
    edit.expires_at = Some(house.now.get());
    let problem = house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap_err();
    assert_eq!(problem.to_string(), "expires-at: This day is over already. Choose a later one, or none.");
}

#[test]
fn lifting_the_locks_of_a_user_leaves_those_of_an_administrator_with_the_same_name() {
    let house = House::ignited();
    let namesake = NewUser { name: "Administrator".into(), number: "203".into(), ..NewUser::default() };
    let user = house.administer(|a, dice| a.create_user(DomainId::FIRST, &namesake, dice)).unwrap().0;
    for n in 0..3 {
        house.web("Administrator", &format!("wrong wrong wrong {n}"));
    }
    let lift = |id| house.administer(|a, _| a.lift_locks_of(id)).unwrap().0;
    assert_eq!(lift(user), 0);
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "wait");
    assert_eq!(lift(house.account_named(RoleKind::ServiceUser, "Administrator").id), 1);
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
}

#[test]
fn the_phones_of_who_is_disabled_moved_or_deleted_are_logged_out() {
    type Leave = fn(&House);
    let ways: [(Leave, bool); 3] = [
        (|house| edit_ann(house, |edit| edit.condition = Some(Condition::Disabled)), true),
        (|house| edit_ann(house, |edit| edit.number = "205".into()), false),
        (|house| drop(house.administer(|a, _| a.delete_user(house.ann().id, false)).unwrap()), false),
    ];
    for (leave, also_with_phone_password) in ways {
        for phone_has_its_own in [false, true] {
            let house = House::with_ann();
            let extension = house.ann().extension().unwrap();
            if phone_has_its_own {
                let (owner, kind) = (Owner::Extension(extension), CredentialKind::PhonePassword);
                house
                    .administer(|a, dice| a.set_secret(owner, kind, &SecretChoice::Generate, false, dice))
                    .unwrap();
            }
            let registration = Registration { extension, bindings: [binding("sip:201@192.0.2.1")].into() };
            house.model.borrow_mut().apply(vec![Effect::PutRegistration(registration)]);
            leave(&house);
            let stays = phone_has_its_own && !also_with_phone_password;
            assert_eq!(house.model.borrow().registration(extension).is_some(), stays);
        }
    }
}

fn edit_ann(house: &House, change: fn(&mut EditUser)) {
    let mut edit = edit_of(house);
    change(&mut edit);
    house.administer(|a, _| a.edit_user(house.ann().id, &edit)).unwrap();
}

#[test]
fn a_new_secret_with_force_new_switches_nobody_on() {
    let house = House::with_ann();
    let reset = || {
        let (owner, kind) = (Owner::Account(house.ann().id), CredentialKind::UserPassword);
        house.administer(|a, dice| a.set_secret(owner, kind, &SecretChoice::Generate, true, dice)).unwrap();
        house.ann().condition
    };
    assert_eq!(reset(), Condition::ForceNewPassword);
    edit_ann(&house, |edit| edit.condition = Some(Condition::Disabled));
    assert_eq!(reset(), Condition::Disabled);
}

#[test]
fn a_new_password_from_somebody_else_opens_an_account_that_was_idle() {
    let house = House::ignited();
    house.settings(|settings| settings.ages.idle = Seconds::days(90));
    house.wait(Seconds::days(91));
    assert_eq!(word(&house.web("BusinessPartner", PARTNER_PASSWORD)), "reject");
    let partner = house.account_named(RoleKind::ServiceUser, "BusinessPartner");
    let (owner, kind) = (Owner::Account(partner.id), CredentialKind::ServicePassword);
    let new = "a third horse entirely";
    house.administer(|a, dice| a.set_secret(owner, kind, &set(new), false, dice)).unwrap();
    assert_eq!(word(&house.web("BusinessPartner", new)), "accept");
}

#[test]
fn the_present_password_is_no_new_one() {
    let house = House::ignited();
    let by = house.by("Administrator");
    let change =
        |new: &str| house.administer_as(&by, |a, dice| a.change_own_password(&Secret::new(new), dice));
    let refused = change(ADMIN_PASSWORD).unwrap_err();
    assert_eq!(fields(&refused), ["service-password"]);
    assert!(refused.to_string().contains("present one"), "{refused}");
    change("a third horse entirely").unwrap();
}

#[test]
fn what_is_generated_keeps_the_longest_length_too() {
    let house = House::with_ann();
    house.settings(|settings| (settings.login_code.length_min, settings.login_code.length_max) = (4, 5));
    let (owner, kind) = (Owner::Account(house.ann().id), CredentialKind::LoginCode);
    let made =
        house.administer(|a, dice| a.set_secret(owner, kind, &SecretChoice::Generate, false, dice)).unwrap();
    assert_eq!(made.1[0].1.reveal().len(), 5);
}
