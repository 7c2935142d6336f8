//! The count and the lock.

use std::net::IpAddr;

use signin::{
    ident::{DomainId, FoldedName},
    interface::CountScope,
    lockout::{Standing, Tally, TallyKey, is_within},
    place::Lane,
    policy::{Lock, LockRule},
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, CODE, House, word};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn rule(lock: Lock) -> LockRule {
    LockRule { failures_max: 3, window: Seconds(600), lock }
}

fn fail(tally: &mut Tally, rule: &LockRule, now: Timestamp) -> Option<Standing> {
    assert_eq!(tally.begin(rule, now), Standing::Open);
    tally.fail(rule, Some("192.0.2.1".parse().unwrap()), now)
}

#[test]
fn three_wrong_passwords_lock_for_a_minute_and_the_right_one_waits_too() {
    let house = House::ignited();
    assert_eq!(word(&house.web("Administrator", "wrong wrong first")), "reject");
    assert_eq!(word(&house.web("Administrator", "wrong wrong second")), "reject");
    let Verdict::Wait { until: Some(until) } = house.web("Administrator", "wrong wrong third") else {
        panic!()
    };
    assert_eq!(until, house.now.get().after(Seconds(60)));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "wait");
    assert_eq!(house.last(), "Sign in Refused Administrator (Locked after too many failures)");
    house.wait(Seconds(59));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "wait");
    house.wait(Seconds(1));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
}

#[test]
fn five_wrong_codes_blacklist_the_extension_until_it_is_reset() {
    let house = House::with_ann();
    for _ in 0..5 {
        house.phone("201", "0");
    }
    assert_eq!(word(&house.phone_from("198.51.100.7", "201", CODE)), "wait", "from everywhere");
    let keys = signin::admin::keys_named(signin::ident::DomainId::FIRST, "201");
    house.administer(|admin, _| admin.reset_locks(&keys)).unwrap();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn ten_failures_over_mixed_interfaces_blacklist_the_address_everywhere() {
    let house = House::with_ann();
    for number in ["201", "202", "203", "204", "205"] {
        assert_eq!(word(&house.phone_from("192.0.2.66", number, "0")), "reject");
    }
    for name in ["a", "b", "c", "d"] {
        assert_eq!(word(&house.web_from("192.0.2.66", name, "wrong wrong wrong")), "reject");
    }
    assert_eq!(word(&house.web_from("192.0.2.66", "e", "wrong wrong wrong")), "wait");
    assert_eq!(word(&house.web_from("192.0.2.66", "Administrator", ADMIN_PASSWORD)), "wait");
    assert_eq!(house.last(), "Sign in Refused Administrator (The address is blacklisted)");
    assert_eq!(word(&house.phone_from("192.0.2.66", "201", CODE)), "wait");
    assert_eq!(word(&house.phone_from("192.0.2.67", "201", CODE)), "accept");
    house.wait(Seconds::minutes(10));
    assert_eq!(word(&house.phone_from("192.0.2.66", "201", CODE)), "accept");
}

#[test]
fn one_who_signs_in_does_not_clear_the_count_of_the_address_that_many_share() {
    let house = House::with_ann();
    for round in 0..9 {
        house.phone_from("192.0.2.66", &format!("30{round}"), "0");
        assert_eq!(word(&house.phone_from("192.0.2.66", "201", CODE)), "accept");
    }
    assert_eq!(word(&house.phone_from("192.0.2.66", "309", "0")), "wait");
}

#[test]
fn an_allowed_network_is_never_blacklisted_but_its_extensions_are() {
    let house = House::with_ann();
    house.settings(|settings| settings.address_allow = vec!["192.0.2.0/24".parse().unwrap()]);
    for number in 300..330 {
        assert_eq!(word(&house.phone_from("192.0.2.66", &number.to_string(), "0")), "reject");
    }
    for _ in 0..5 {
        house.phone_from("192.0.2.66", "201", "0");
    }
    assert_eq!(word(&house.phone_from("192.0.2.66", "201", CODE)), "wait");
}

#[test]
fn failures_far_apart_never_lock() {
    let mut tally = Tally::default();
    let rule = rule(Lock::Temporary(Seconds(60)));
    for step in 0..50 {
        let now = NOW.after(Seconds(step * 301));
        assert_eq!(fail(&mut tally, &rule, now), None, "{step}");
    }
}

#[test]
fn a_doubling_lock_grows_to_a_day_and_a_success_starts_it_again() {
    let mut tally = Tally::default();
    let rule = rule(Lock::Doubling(Seconds(300)));
    let mut now = NOW;
    let mut lengths = Vec::new();
    for _ in 0..12 {
        let lock = (0..3).filter_map(|_| fail(&mut tally, &rule, now)).last();
        let Some(Standing::Locked { until: Some(until) }) = lock else { panic!() };
        lengths.push(until.seconds_since(now));
        now = until;
    }
    assert_eq!(lengths[..5], [300, 600, 1200, 2400, 4800]);
    assert_eq!(lengths[11], 86_400);
    tally.begin(&rule, now);
    tally.succeed("192.0.2.1".parse().unwrap());
    assert_eq!(tally, Tally::default());
}

#[test]
fn the_third_temporary_lock_can_be_the_permanent_one() {
    let mut tally = Tally::default();
    let rule = rule(Lock::TemporaryThenPermanent { temporary: Seconds(60), permanent_at: 3 });
    let mut now = NOW;
    for _ in 0..2 {
        assert_eq!((0..3).filter_map(|_| fail(&mut tally, &rule, now)).count(), 1);
        now = now.after(Seconds(60));
    }
    let locks: Vec<_> = (0..3).filter_map(|_| fail(&mut tally, &rule, now)).collect();
    assert_eq!(locks, [Standing::Locked { until: None }]);
    assert_eq!(tally.standing(&rule, now.after(Seconds::days(3650))), Standing::Locked { until: None });
    assert!(!tally.is_idle(&rule, now.after(Seconds::days(3650))));
}

#[test]
fn a_rule_of_zero_or_of_logging_only_never_locks() {
    for rule in [LockRule { failures_max: 0, ..rule(Lock::Permanent) }, rule(Lock::LogOnly)] {
        let mut tally = Tally::default();
        for _ in 0..100 {
            assert_eq!(fail(&mut tally, &rule, NOW), None);
        }
        assert_eq!(tally.standing(&rule, NOW), Standing::Open);
    }
}

#[test]
fn who_has_failed_more_often_than_a_lowered_limit_is_told_when_that_is_forgotten() {
    let (rule, mut tally) =
        (LockRule { failures_max: 5, ..rule(Lock::Temporary(Seconds(60))) }, Tally::default());
    for _ in 0..3 {
        assert_eq!(fail(&mut tally, &rule, NOW), None);
    }
    for failures_max in [2, 3] {
        let lowered = LockRule { failures_max, ..rule };
        let until = NOW.after(Seconds(600));
        assert_eq!(tally.begin(&lowered, NOW), Standing::Locked { until: Some(until) });
        assert_eq!(tally.standing(&lowered, until), Standing::Open);
    }
    assert_eq!(tally.begin(&rule, NOW), Standing::Open);
}

#[test]
fn attempts_in_flight_take_the_places_of_the_limit_and_lock_nothing() {
    let rule = rule(Lock::Temporary(Seconds(60)));
    let mut tally = Tally::default();
    let standings: Vec<_> = (0..5).map(|_| tally.begin(&rule, NOW)).collect();
    assert_eq!(standings, [Standing::Open, Standing::Open, Standing::Open, Standing::Full, Standing::Full]);
    tally.give_back();
    tally.give_back();
    tally.give_back();
    assert_eq!(tally.standing(&rule, NOW), Standing::Open);
    assert!(tally.is_idle(&rule, NOW));
}

#[test]
fn an_ipv6_host_is_its_whole_64_and_a_mapped_ipv4_address_is_itself() {
    let key = |text: &str| TallyKey::address(text.parse::<IpAddr>().unwrap());
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2::1"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    let networks = ["192.0.2.0/24".parse().unwrap()];
    assert!(is_within(&networks, "::ffff:192.0.2.1".parse().unwrap()));
    assert!(!is_within(&networks, "192.0.3.1".parse().unwrap()));
}

#[test]
fn too_many_at_once_is_no_lock() {
    let house = House::with_ann();
    let (attempt_secret, settings) =
        (signin::secret::Secret::new("wrong"), house.model.borrow().settings.clone());
    let key = TallyKey::address("192.0.2.1".parse().unwrap());
    for _ in 0..settings.address_lock.failures_max {
        house
            .model
            .borrow_mut()
            .tallies
            .entry(key.clone())
            .or_default()
            .begin(&settings.address_lock, house.now.get());
    }
    assert_eq!(word(&house.web("Administrator", attempt_secret.reveal())), "wait");
    assert_eq!(house.last(), "Sign in Refused Administrator (Too many attempts at once)");
}

#[test]
fn a_permanent_lock_waits_for_an_administrator_and_names_the_state() {
    let house = House::ignited();
    house.settings(|settings| settings.service_password_lock.lock = Lock::Permanent);
    for n in 0..3 {
        house.web("Administrator", &format!("wrong wrong wrong {n}"));
    }
    house.wait(Seconds::days(30));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "wait for an administrator");
    let account = house.account_named(signin::account::RoleKind::ServiceUser, "Administrator");
    let standing = Standing::Locked { until: None };
    let status = account.status(standing, &Default::default(), None, &Default::default(), house.now.get());
    assert_eq!(status.title(), "Locked – Password Error");
}

#[test]
fn counts_beside_each_other_are_of_one_name_in_one_domain_and_one_scope() {
    let of = |scope, domain, name: &str, lane| TallyKey {
        lane,
        ..TallyKey::open(scope, domain, FoldedName::of(name))
    };
    let known = Lane::Network("192.0.2.7".parse().unwrap());
    let key = of(CountScope::Extension, DomainId::FIRST, "201", Lane::Open);
    assert!(key.is_beside(&key));
    assert!(of(CountScope::Extension, DomainId::FIRST, "201", known).is_beside(&key));
    for other in [
        of(CountScope::Extension, DomainId::FIRST, "202", known),
        of(CountScope::Extension, DomainId(2), "201", known),
        of(CountScope::Address, DomainId::FIRST, "201", known),
    ] {
        assert!(!other.is_beside(&key) && !key.is_beside(&other), "{other:?}");
    }
}
