//! A lock cannot be aimed: where a name is known, nobody locks it from elsewhere.

use signin::{
    account::RoleKind,
    admin::keys_named,
    ident::DomainId,
    place::{Devices, PLACES_MAX},
    timestamp::Seconds,
};

use crate::{
    house::{ADMIN_PASSWORD, CODE, House, word},
    model::devices,
};

/// Signs in as Administrator, and keeps what the browser is known by.
fn known_browser(house: &House) -> String {
    house.device.borrow_mut().clear();
    assert_eq!(word(&house.web_from("192.0.2.1", "Administrator", ADMIN_PASSWORD)), "accept");
    let account = house.account_named(RoleKind::ServiceUser, "Administrator");
    let whose = house.model.borrow().whose(&account).unwrap();
    let now = house.now.get();
    Devices::renew(&devices(), "", whose, now, &mut *house.dice.borrow_mut()).reveal().to_owned()
}

/// A browser that shows `device`, from anywhere.
fn browse(house: &House, device: &str, password: &str) -> &'static str {
    *house.device.borrow_mut() = device.to_owned();
    let verdict = house.web_from("198.51.100.77", "Administrator", password);
    house.device.borrow_mut().clear();
    word(&verdict)
}

#[test]
fn a_phone_and_a_browser_that_are_known_go_on_through_half_an_hour_of_attack() {
    let house = House::with_ann();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    let browser = known_browser(&house);
    let (mut strangers, mut owner) = (0, 0);
    for second in 0..1800 {
        let from = format!("203.0.113.{}", second % 250);
        let wrong = format!("wrong wrong wrong {second}");
        strangers += u32::from(word(&house.phone_from(&from, "201", "0")) == "wait");
        strangers += u32::from(word(&house.web_from(&from, "Administrator", &wrong)) == "wait");
        if second % 30 == 0 {
            assert_eq!(word(&house.phone("201", CODE)), "accept", "second {second}");
            house.device.borrow_mut().clone_from(&browser);
            let verdict = house.web_for(
                signin::attempt::Purpose::Once,
                "198.51.100.77",
                "Administrator",
                ADMIN_PASSWORD,
            );
            house.device.borrow_mut().clear();
            assert_eq!(word(&verdict), "accept", "second {second}");
            owner += 2;
        }
        house.wait(Seconds(1));
    }
    assert_eq!(owner, 120);
    assert!(strangers > 3400, "nearly all guesses met the lock: {strangers}");
}

#[test]
fn the_right_secret_from_a_place_that_is_not_known_meets_the_lock() {
    let house = House::with_ann();
    house.phone("201", CODE);
    let browser = known_browser(&house);
    for n in 0..5 {
        house.phone_from("203.0.113.1", "201", "0");
        house.web_from("203.0.113.2", "Administrator", &format!("wrong wrong wrong {n}"));
    }
    assert_eq!(word(&house.phone_from("198.51.100.7", "201", CODE)), "wait");
    assert_eq!(word(&house.web_from("198.51.100.7", "Administrator", ADMIN_PASSWORD)), "wait");
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    assert_eq!(browse(&house, &browser, ADMIN_PASSWORD), "accept");
    assert_eq!(browse(&house, "", ADMIN_PASSWORD), "wait");
}

#[test]
fn guesses_at_a_known_place_lock_that_place_alone_and_a_reset_opens_all() {
    let house = House::with_ann();
    for address in ["192.0.2.9", "192.0.2.10"] {
        assert_eq!(word(&house.phone_from(address, "201", CODE)), "accept");
    }
    for _ in 0..4 {
        assert_eq!(word(&house.phone("201", "0")), "reject");
    }
    assert_eq!(word(&house.phone("201", "0")), "wait");
    assert_eq!(word(&house.phone("201", CODE)), "wait", "the same limit as for everybody");
    assert!(house.last().contains("201"), "{}", house.last());
    assert_eq!(word(&house.phone_from("192.0.2.10", "201", CODE)), "accept");
    assert_eq!(word(&house.phone_from("198.51.100.7", "201", CODE)), "accept");
    let keys = keys_named(DomainId::FIRST, "201");
    house.administer(|admin, _| admin.reset_locks(&keys)).unwrap();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn an_address_that_others_have_locked_stops_only_those_who_are_not_known_there() {
    let house = House::with_ann();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    for number in 300..310 {
        house.phone("300", &number.to_string());
        house.phone(&number.to_string(), "0");
    }
    assert_eq!(word(&house.phone("202", CODE)), "wait", "the address is locked");
    assert_eq!(word(&house.web_from("192.0.2.9", "Administrator", ADMIN_PASSWORD)), "wait");
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    for _ in 0..5 {
        house.phone("201", "0");
    }
    assert_eq!(word(&house.phone("201", CODE)), "wait", "guesses there are bounded all the same");
}

#[test]
fn failures_at_known_places_are_heard_of_at_the_address() {
    let house = House::with_ann();
    house.phone("201", CODE);
    for _ in 0..5 {
        house.phone("201", "0");
    }
    for number in 300..305 {
        house.phone(&number.to_string(), "0");
    }
    assert_eq!(word(&house.phone("305", "0")), "wait");
    assert_eq!(house.last(), "Sign in Refused 305 (The address is blacklisted)");
}

#[test]
fn from_all_places_together_no_more_than_a_hundred_guesses_are_looked_at() {
    let house = House::with_ann();
    for place in 0..40 {
        assert_eq!(word(&house.phone_from(&format!("192.0.2.{place}"), "201", CODE)), "accept");
    }
    for round in 0..20 {
        for place in 0..60 {
            house.phone_from(&format!("192.0.2.{place}"), "201", &format!("{round}"));
        }
    }
    let guesses: u32 = house.model.borrow().guesses.values().sum();
    assert_eq!(guesses, 5 * (u32::try_from(PLACES_MAX).unwrap() + 1));
    assert!(guesses <= 100);
}

#[test]
fn a_new_password_forgets_the_browsers_and_a_month_forgets_everything() {
    let house = House::with_ann();
    house.phone("201", CODE);
    let browser = known_browser(&house);
    house.wait(Seconds::days(30));
    for n in 0..5 {
        house.phone_from("203.0.113.1", "201", "0");
        house.web_from("203.0.113.2", "Administrator", &format!("wrong wrong wrong {n}"));
    }
    assert_eq!(word(&house.phone("201", CODE)), "wait");
    assert_eq!(browse(&house, &browser, ADMIN_PASSWORD), "wait");
}

#[test]
fn the_same_wrong_password_again_counts_once_and_is_told_the_same() {
    let house = House::ignited();
    for _ in 0..50 {
        assert_eq!(word(&house.web("Administrator", "wrong wrong wrong")), "reject");
        assert_eq!(word(&house.web("Nobody", "wrong wrong wrong")), "reject");
    }
    assert_eq!(house.last(), "Sign in Refused Nobody (The same wrong secret again)");
    assert_eq!(house.model.borrow().guesses.values().sum::<u32>(), 2);
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
    // From elsewhere it is somebody else's.
    for n in 0..3 {
        house.web_from(&format!("203.0.113.{n}"), "Administrator", "wrong wrong wrong");
    }
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "wait");
}

#[test]
fn a_wrong_password_that_has_become_right_is_looked_at_again() {
    let house = House::ignited();
    assert_eq!(word(&house.web("Administrator", "a horse of tomorrow")), "reject");
    let choice = signin::admin::SecretChoice::Set(signin::secret::Secret::new("a horse of tomorrow"));
    house.administer(|admin, dice| admin.recover("Administrator", &choice, dice)).unwrap();
    assert_eq!(word(&house.web("Administrator", "a horse of tomorrow")), "accept");
}
