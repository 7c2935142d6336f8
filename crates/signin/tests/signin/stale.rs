//! A stale phone is not an attacker.

use signin::{
    account::Condition,
    admin::{NewUser, SecretChoice},
    audit::Reason,
    credential::{CredentialKind, Owner},
    dice::{SeededDice, below},
    digest::DigestAlgorithm,
    effect::Effect,
    ident::{AccountId, DomainId},
    secret::Secret,
    stale::{StalePhone, TOLD_EVERY},
    timestamp::{Seconds, Timestamp},
};

use crate::house::{CODE, House, word};

const NAT: &str = "203.0.113.50";

fn set_code(house: &House, account: AccountId, code: &str) {
    let choice = SecretChoice::Set(Secret::new(code));
    let (owner, kind) = (Owner::Account(account), CredentialKind::LoginCode);
    house.administer(|admin, dice| admin.set_secret(owner, kind, &choice, false, dice)).unwrap();
}

fn code_of(number: u32) -> String {
    format!("{}", 485_157 + number * 7)
}

/// Fifty phones behind one address; every ninth one has an old code, and tries for a day.
fn day_behind_one_address(is_known_before: bool) {
    const PHONES: u32 = 50;
    let house = House::ignited();
    let users: Vec<(u32, AccountId)> = (300..300 + PHONES)
        .map(|number| {
            let user = NewUser {
                name: format!("user{number}"),
                number: number.to_string(),
                login_code: SecretChoice::Set(Secret::new(code_of(number))),
                ..NewUser::default()
            };
            let made = house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &user, dice));
            (number, made.unwrap().0)
        })
        .collect();
    if is_known_before {
        for (number, _) in &users {
            assert_eq!(word(&house.phone_from(NAT, &number.to_string(), &code_of(*number))), "accept");
        }
    }
    let is_stale = |number: u32| number % 10 == 4;
    for (number, account) in users.iter().filter(|(number, _)| is_stale(*number)) {
        set_code(&house, *account, &code_of(number + 1000));
    }
    let (mut dice, mut next) = (SeededDice(7), vec![0_u64; users.len()]);
    let (mut good, mut stale) = (0, 0);
    for second in 0..86_400 {
        for ((number, _), due) in users.iter().zip(&mut next).filter(|(_, due)| **due <= second) {
            let verdict = word(&house.phone_from(NAT, &number.to_string(), &code_of(*number)));
            if is_stale(*number) {
                stale += 1;
                assert!(["reject", "wait"].contains(&verdict));
                *due = second + 30 + u64::from(below(&mut dice, 31));
            } else {
                good += 1;
                assert_eq!(verdict, "accept", "{number} in second {second}");
                *due = second + 540 + u64::from(below(&mut dice, 61));
            }
        }
        house.wait(Seconds(1));
    }
    assert!(stale > 9000 && good > 6000, "{stale} {good}");
    let model = house.model.borrow();
    let mut named: Vec<_> = model.stale.values().map(|phone| (phone.extension, phone.times)).collect();
    named.sort_unstable();
    assert_eq!(named.len(), 5);
    assert_eq!(named.iter().map(|(_, times)| *times).sum::<u32>(), stale);
    assert!(model.tallies.values().all(|tally| tally.failures == 0), "nobody has failed");
    let told = model.audit.iter().filter(|row| row.reason == Some(Reason::OldSecret)).count();
    assert_eq!(told, 5, "the sweep tells the rest, once an hour");
}

#[test]
fn of_fifty_phones_behind_one_address_five_with_an_old_code_block_nobody_for_a_day() {
    day_behind_one_address(true);
}

#[test]
fn nor_do_they_where_no_phone_was_known_before() {
    day_behind_one_address(false);
}

#[test]
fn a_stale_phone_is_told_what_a_wrong_one_is_told_and_slowed_alone() {
    let (stale, wrong) = (House::with_ann(), House::with_ann());
    set_code(&stale, stale.ann().id, "730194");
    for attempt in 1..=12 {
        let told = [word(&stale.phone("201", CODE)), word(&wrong.phone("201", "0"))];
        assert_eq!(told[0], told[1], "attempt {attempt}");
        assert_eq!(word(&stale.phone("201", "730194")), "accept", "another phone of the same extension");
    }
    assert_eq!(word(&stale.phone("201", CODE)), "wait");
    stale.wait(Seconds(600));
    assert_eq!(word(&stale.phone("201", CODE)), "reject");
    assert_eq!(stale.model.borrow().stale.len(), 1);
}

#[test]
fn what_a_stale_phone_changes_is_written_until_it_has_to_wait() {
    let house = House::with_ann();
    set_code(&house, house.ann().id, "730194");
    let address = "192.0.2.9".parse().unwrap();
    for attempt in 1..=7 {
        let decision = house.phone_with(address, "201", CODE, DigestAlgorithm::Md5);
        let kinds = |wanted: fn(&Effect) -> bool| decision.effects.iter().filter(|one| wanted(one)).count();
        let counts = kinds(|effect| matches!(effect, Effect::KeepTally(_)));
        let told = kinds(|effect| matches!(effect, Effect::Audit(_)));
        let is_written = attempt <= 5;
        assert_eq!(decision.must_last, is_written, "attempt {attempt}");
        assert_eq!((counts, told), (if is_written { 2 } else { 0 }, usize::from(attempt == 1)));
    }
}

#[test]
fn the_present_code_is_no_former_one_though_it_was_replaced_once() {
    let house = House::with_ann();
    set_code(&house, house.ann().id, "730194");
    set_code(&house, house.ann().id, CODE);
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    let ann = signin::account::Account { condition: Condition::Disabled, ..(*house.ann()).clone() };
    house.model.borrow_mut().accounts.insert(ann.id, ann.into());
    assert_eq!(word(&house.phone("201", CODE)), "reject");
    assert_eq!(house.last(), "Sign in Refused 201 (The account is disabled)");
    assert!(house.model.borrow().stale.is_empty());
}

#[test]
fn the_last_three_codes_are_recognised_for_ninety_days_and_no_other() {
    let house = House::with_ann();
    let codes = [CODE, "730194", "730285", "730376", "730467"];
    for code in &codes[1..] {
        set_code(&house, house.ann().id, code);
    }
    let guesses = |house: &House| house.model.borrow().guesses.values().sum::<u32>();
    for code in &codes[1..4] {
        house.phone("201", code);
    }
    assert_eq!(guesses(&house), 0);
    house.phone("201", CODE);
    assert_eq!(guesses(&house), 1, "the fourth before is a guess");
    house.wait(Seconds::days(90));
    house.phone("201", codes[3]);
    assert_eq!(guesses(&house), 2);
}

#[test]
fn a_code_that_an_administrator_has_forgotten_is_a_guess() {
    let house = House::with_ann();
    let extension = house.ann().extension().unwrap();
    set_code(&house, house.ann().id, "730194");
    house.phone("201", CODE);
    house.administer(|admin, _| admin.forget_former(extension)).unwrap();
    assert_eq!(house.last(), "Secret removed Accepted 201 former secrets: \"\" → \"\"");
    house.phone("201", CODE);
    assert_eq!(house.last(), "Sign in Refused 201 (Wrong secret)");
}

#[test]
fn the_audit_is_told_of_a_stale_phone_once_an_hour_and_when_it_goes_quiet() {
    let extension = House::with_ann().ann().extension().unwrap();
    let rule = signin::policy::Settings::default().extension_lock;
    let (start, mut told) = (Timestamp(1_800_000_000_000), Vec::new());
    let mut phone = StalePhone::new(extension, "192.0.2.9".parse().unwrap(), start);
    for second in 0..86_400 {
        let now = start.after(Seconds(second));
        if second % 60 == 0 {
            phone.tries(("phone", None), start, &rule, now);
        }
        told.extend(phone.tell(now));
    }
    assert!(told.len() <= 24, "{}", told.len());
    assert!(!phone.is_quiet(start.after(Seconds::days(1))));
    let quiet = start.after(Seconds::days(2));
    assert!(phone.is_quiet(quiet));
    told.extend(phone.tell(quiet));
    assert_eq!(told.iter().sum::<u32>() + 1, 1440, "every try is told of, the first at once");
    assert!(TOLD_EVERY < Seconds::days(1));
}
