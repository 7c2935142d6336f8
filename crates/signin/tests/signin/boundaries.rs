//! The edges of what is decided: the last moment at which something holds, and the first at which it does not.

use std::net::IpAddr;

use signin::{
    account::{Condition, Status},
    challenge::{Challenger, Freshness},
    dice::SeededDice,
    digest::DigestAlgorithm,
    ident::DomainId,
    lockout::{Origin, Standing, Tally, network},
    policy::{DOUBLING_MAX, Lock, LockRule},
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{CODE, House};

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const RULE: LockRule = LockRule { failures_max: 3, window: Seconds(600), lock: Lock::Temporary(Seconds(60)) };

#[test]
fn a_nonce_tells_who_it_is_when_it_was_made_and_until_when_it_is_good() {
    let challenger = Challenger::new(Seconds(600), &mut SeededDice(1));
    let one = challenger.nonce(DomainId::FIRST, HERE, NOW);
    let later = challenger.nonce(DomainId::FIRST, HERE, NOW.after(Seconds(7)));
    assert_ne!(one.id(), later.id());
    assert!(one.id() > 1 && later.id() > 1, "a print of 64 bits");
    assert_eq!(later.issued() - one.issued(), 7);
    assert!(one.issued() > 1);
    assert_eq!(one.until(), NOW.after(Seconds(601)));
    let fresh = |at| challenger.recognise(DomainId::FIRST, HERE, one.as_bytes(), at);
    assert_eq!(fresh(NOW), Freshness::Fresh(one));
    // It is good through the whole of its last second, and as long before its time as a clock is set back a little.
    for (at, is_fresh) in [
        (NOW.after(Seconds(600)), true),
        (NOW.after(Seconds(601)), false),
        (Timestamp(NOW.0 - 5000), true),
        (Timestamp(NOW.0 - 6000), false),
    ] {
        assert_eq!(matches!(fresh(at), Freshness::Fresh(_)), is_fresh, "{at:?}");
    }
}

#[test]
fn a_phone_is_told_nothing_of_a_password_that_its_user_must_replace() {
    let house = House::with_ann();
    let mut ann = (*house.ann()).clone();
    ann.condition = Condition::ForceNewPassword;
    house.model.borrow_mut().accounts.insert(ann.id, ann.into());
    let decision = house.phone_with("192.0.2.9".parse().unwrap(), "201", CODE, DigestAlgorithm::Sha256);
    match decision.verdict {
        Verdict::Accept(accepted) => assert_eq!(accepted.status, Status::Enabled),
        other => panic!("{other:?}"),
    }
    let mut ann = (*house.ann()).clone();
    ann.condition = Condition::Disabled;
    house.model.borrow_mut().accounts.insert(ann.id, ann.into());
    let decision = house.phone_with("192.0.2.9".parse().unwrap(), "201", CODE, DigestAlgorithm::Sha256);
    assert!(matches!(decision.verdict, Verdict::Reject), "{decision:?}");
}

#[test]
fn a_lock_ends_at_its_end_and_a_window_at_its() {
    let mut tally = Tally::default();
    for failure in 1..=3 {
        assert_eq!(tally.begin(&RULE, NOW), Standing::Open);
        let lock = tally.fail(&RULE, Some(HERE), NOW);
        let until = NOW.after(Seconds(60));
        assert_eq!(lock, (failure == 3).then_some(Standing::Locked { until: Some(until) }));
    }
    assert_eq!((tally.failures, tally.locks, tally.failed_at), (3, 1, NOW));
    let end = NOW.after(Seconds(60));
    assert!(matches!(tally.standing(&RULE, Timestamp(end.0 - 1)), Standing::Locked { .. }));
    assert_eq!(tally.standing(&RULE, end), Standing::Open);
    let mut tally = Tally::default();
    for _ in 0..2 {
        assert_eq!(tally.begin(&RULE, NOW), Standing::Open);
        assert_eq!(tally.fail(&RULE, Some(HERE), NOW), None);
    }
    let mut within = tally;
    let last = Timestamp(NOW.after(Seconds(600)).0 - 1);
    assert!(within.fail(&RULE, Some(HERE), last).is_some(), "the third within the window");
    assert_eq!(tally.fail(&RULE, Some(HERE), NOW.after(Seconds(600))), None, "a new window");
    assert_eq!(tally.failures, 1);
}

#[test]
fn no_more_are_in_flight_than_may_fail_and_logging_alone_turns_nobody_away() {
    let mut tally = Tally::default();
    let standings: Vec<_> = (0..4).map(|_| tally.begin(&RULE, NOW)).collect();
    assert_eq!(standings, [Standing::Open, Standing::Open, Standing::Open, Standing::Full]);
    assert_eq!(tally.in_flight, 3);
    tally.give_back();
    assert_eq!((tally.in_flight, tally.begin(&RULE, NOW)), (2, Standing::Open));
    for rule in [LockRule { lock: Lock::LogOnly, ..RULE }, LockRule { failures_max: 0, ..RULE }] {
        let mut tally = Tally::default();
        for _ in 0..9 {
            assert_eq!(tally.begin(&rule, NOW), Standing::Open);
            assert_eq!(tally.fail(&rule, Some(HERE), NOW), None);
        }
        assert_eq!((tally.in_flight, tally.failures), (0, 9));
    }
}

#[test]
fn locks_double_up_to_a_day_and_the_nth_is_for_good() {
    let doubling = LockRule { failures_max: 1, lock: Lock::Doubling(Seconds(60)), ..RULE };
    let mut tally = Tally::default();
    for expected in [60, 120, 240, 480] {
        let until = Some(NOW.after(Seconds(expected)));
        assert_eq!(tally.fail(&doubling, Some(HERE), NOW), Some(Standing::Locked { until }));
    }
    for _ in 0..300 {
        tally.fail(&doubling, Some(HERE), NOW);
    }
    assert_eq!(tally.locked_until, Some(NOW.after(DOUBLING_MAX)));
    let for_good = LockRule {
        failures_max: 1,
        lock: Lock::TemporaryThenPermanent { temporary: Seconds(60), permanent_at: 3 },
        ..RULE
    };
    let mut tally = Tally::default();
    for lock in 1..=3 {
        let until = (lock < 3).then(|| NOW.after(Seconds(60)));
        assert_eq!(tally.fail(&for_good, Some(HERE), NOW), Some(Standing::Locked { until }), "{lock}");
        assert_eq!(tally.is_permanent, lock == 3);
    }
    let years = NOW.after(Seconds(100_000_000));
    assert_eq!(tally.standing(&for_good, years), Standing::Locked { until: None });
    assert!(!tally.is_idle(&for_good, years));
}

#[test]
fn a_count_is_forgotten_when_nothing_is_lost_by_it_and_no_sooner() {
    let mut tally = Tally::default();
    assert!(tally.is_idle(&RULE, NOW));
    tally.begin(&RULE, NOW);
    assert!(!tally.is_idle(&RULE, NOW), "somebody is being checked");
    tally.fail(&RULE, Some(HERE), NOW);
    assert!(!tally.is_idle(&RULE, Timestamp(NOW.after(Seconds(600)).0 - 1)));
    assert!(tally.is_idle(&RULE, NOW.after(Seconds(600))));
    tally.locked_until = Some(NOW);
    let end = NOW.after(DOUBLING_MAX);
    assert!(!tally.is_idle(&RULE, Timestamp(end.0 - 1)), "the next lock would be longer");
    assert!(tally.is_idle(&RULE, end));
}

#[test]
fn a_count_that_holds_nothing_but_attempts_in_flight_is_empty() {
    let mut tally = Tally::default();
    assert!(tally.is_empty());
    tally.begin(&RULE, NOW);
    tally.begin(&RULE, NOW);
    assert!(tally.is_empty());
    tally.fail(&RULE, Some(HERE), NOW);
    assert!(!tally.is_empty());
    tally.succeed(HERE);
    assert!(tally.is_empty());
}

#[test]
fn only_failures_from_the_same_place_are_forgiven() {
    let wide = LockRule { failures_max: 9, ..RULE };
    let elsewhere = IpAddr::from([198, 51, 100, 1]);
    let failed_from = |addresses: &[Option<IpAddr>]| {
        let mut tally = Tally::default();
        for from in addresses {
            tally.begin(&wide, NOW);
            tally.fail(&wide, *from, NOW);
        }
        tally
    };
    for (from, origin, is_forgiven) in [
        (&[Some(HERE)][..], Origin::One(HERE), true),
        (&[Some(HERE), Some(HERE)], Origin::One(HERE), true),
        (&[Some(elsewhere)], Origin::One(elsewhere), false),
        (&[Some(HERE), Some(elsewhere)], Origin::Several, false),
        (&[None], Origin::Several, false),
        (&[Some(HERE), None], Origin::Several, false),
        (&[None, Some(HERE)], Origin::Several, false),
    ] {
        let mut tally = failed_from(from);
        assert_eq!(tally.origin, origin, "{from:?}");
        tally.begin(&wide, NOW);
        tally.begin(&wide, NOW);
        tally.succeed(HERE);
        assert_eq!(tally.in_flight, 1, "the other one is still being checked");
        assert_eq!(tally.failures == 0, is_forgiven, "{from:?}");
    }
    let one: IpAddr = "2001:db8:1:2:3::4".parse().unwrap();
    let two: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
    let three: IpAddr = "2001:db8:1:3::4".parse().unwrap();
    assert_eq!(network(one), network(two));
    assert_ne!(network(one), network(three));
    assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), HERE);
}

#[test]
fn a_count_from_the_future_is_taken_back_and_one_a_little_ahead_is_not() {
    let ahead = |seconds: u32| Tally {
        failures: 3,
        failed_at: NOW.after(Seconds(seconds)),
        window_at: NOW.after(Seconds(seconds)),
        locked_until: Some(NOW.after(Seconds(seconds + 60))),
        ..Tally::default()
    };
    let mut near = ahead(60);
    assert!(!near.take_back(NOW));
    assert_eq!(near, ahead(60));
    let mut far = ahead(61);
    assert!(far.take_back(NOW));
    let back =
        Tally { failed_at: NOW, window_at: NOW, locked_until: Some(NOW.after(Seconds(60))), ..ahead(0) };
    assert_eq!(far, back);
}

#[test]
fn of_two_locks_at_once_the_longer_is_told() {
    for (extension, address, until) in [
        (Lock::Temporary(Seconds(60)), Lock::Temporary(Seconds(90)), Some(90)),
        (Lock::Temporary(Seconds(90)), Lock::Temporary(Seconds(60)), Some(90)),
        (Lock::Permanent, Lock::Temporary(Seconds(60)), None),
        (Lock::Temporary(Seconds(60)), Lock::Permanent, None),
    ] {
        let house = House::with_ann();
        house.settings(|settings| {
            settings.extension_lock = LockRule { failures_max: 1, lock: extension, ..RULE };
            settings.address_lock = LockRule { failures_max: 1, lock: address, ..RULE };
        });
        let verdict = house.phone("201", "0");
        let Verdict::Wait { until: told } = verdict else { panic!("{verdict:?}") };
        assert_eq!(told, until.map(|seconds| house.now.get().after(Seconds(seconds))));
        assert!(house.last().contains("open"), "{}", house.last());
        assert!(house.last().contains("locked until"), "{}", house.last());
    }
}
