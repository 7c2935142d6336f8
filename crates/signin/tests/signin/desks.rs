//! Hot desking: who is at which phone, whoever moves where.

use signin::{
    admin::{By, DeskRules, NewUser, Problem, SecretChoice},
    desk::{is_vacant, occupant, phone_of},
    dice::{Dice as _, SeededDice},
    ident::{AccountId, DomainId, ExtensionId, Number},
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
    timestamp::Seconds,
};

use crate::house::House;

/// Users at 201, 202, 203 …, in this order.
fn office(count: u32) -> House {
    let house = House::ignited();
    for number in 0..count {
        let number = format!("{}", 201 + number);
        let user = NewUser {
            name: format!("user {number}"),
            full_name: String::new(),
            number: number.clone(),
            login_code: SecretChoice::Set(Secret::new(format!("4815{number}"))),
            user_password: SecretChoice::Keep,
            phone_password: SecretChoice::Keep,
        };
        house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &user, dice)).unwrap();
    }
    house
}

fn extension(house: &House, number: &str) -> ExtensionId {
    let number = Number::parse(number).unwrap();
    house.model.borrow().extension_numbered(DomainId::FIRST, &number).unwrap().id
}

fn user(house: &House, number: &str) -> AccountId {
    let model = house.model.borrow();
    model.extension(extension(house, number)).unwrap().user.unwrap()
}

fn by_phone(house: &House, number: &str) -> By {
    let phone = (extension(house, number), number);
    By::phone(DomainId::FIRST, phone, LoginInterface::SipRegistration, [192, 0, 2, 7].into(), "phone")
}

fn log_in(house: &House, who: &str, at: &str) {
    let (phone, account) = (extension(house, at), user(house, who));
    house.administer_as(&by_phone(house, at), |admin, _| admin.log_in_at(phone, account)).unwrap();
}

fn log_out(house: &House, at: &str) -> bool {
    let phone = extension(house, at);
    house.administer_as(&by_phone(house, at), |admin, _| admin.log_out_at(phone)).unwrap().0
}

fn rules(house: &House, who: &str, change: impl FnOnce(&mut DeskRules)) {
    let mut rules = DeskRules { is_forced: false, idle: Seconds(0), guest_hours_max: 0, may_be_guest: false };
    change(&mut rules);
    let account = user(house, who);
    house.administer(|admin, _| admin.save_desk_rules(account, rules)).unwrap();
}

/// At which phone each is, and whether a phone has nobody.
fn seen(house: &House, numbers: &[&str]) -> String {
    let model = house.model.borrow();
    let mut text = String::new();
    for number in numbers {
        let account = model.account(user(house, number)).unwrap();
        let phone = phone_of(&*model, &account).and_then(|id| model.extension(id));
        let own = model.extension(extension(house, number)).unwrap();
        text.push_str(&format!(
            "{number}:{}{} ",
            phone.as_ref().map_or("-", |phone| phone.number.as_str()),
            if is_vacant(&*model, &own) { "(vacant)" } else { "" }
        ));
    }
    text.trim_end().to_owned()
}

#[test]
fn a_user_moves_to_another_phone_and_the_old_one_has_nobody() {
    let house = office(3);
    let all = ["201", "202", "203"];
    assert_eq!(seen(&house, &all), "201:201 202:202 203:203");
    log_in(&house, "201", "202");
    assert_eq!(seen(&house, &all), "201:202(vacant) 202:- 203:203");
    log_in(&house, "201", "203");
    assert_eq!(seen(&house, &all), "201:203(vacant) 202:202 203:-", "202 has its own user again");
    assert!(log_out(&house, "203"));
    assert_eq!(seen(&house, &all), "201:201 202:202 203:203", "everybody is at home");
    assert!(!log_out(&house, "203"), "nobody has to log out of the own phone");
    assert!(house.model.borrow().audit.iter().any(|event| &*event.subject == "user 201"));
}

#[test]
fn who_must_log_in_has_no_phone_until_then() {
    let house = office(2);
    rules(&house, "201", |rules| rules.is_forced = true);
    assert!(log_out(&house, "201"));
    assert_eq!(seen(&house, &["201", "202"]), "201:-(vacant) 202:202");
    log_in(&house, "201", "202");
    assert_eq!(seen(&house, &["201", "202"]), "201:202(vacant) 202:-");
    assert!(log_out(&house, "202"));
    assert_eq!(seen(&house, &["201", "202"]), "201:-(vacant) 202:202", "not at home without a login");
    log_in(&house, "201", "201");
    assert_eq!(seen(&house, &["201", "202"]), "201:201 202:202");
}

#[test]
fn whoever_is_pushed_out_goes_home() {
    let house = office(3);
    log_in(&house, "201", "202");
    log_in(&house, "203", "202");
    assert_eq!(seen(&house, &["201", "202", "203"]), "201:201 202:- 203:202(vacant)");
}

#[test]
fn a_guest_stays_as_long_as_the_host_allows_and_only_where_both_want_it() {
    let house = office(2);
    let (phone, guest) = (extension(&house, "202"), user(&house, "201"));
    let be_guest =
        || house.administer_as(&by_phone(&house, "202"), |admin, _| admin.be_guest_at(phone, guest));
    assert!(matches!(be_guest(), Err(Problem::Never(_))), "the guest may not");
    rules(&house, "201", |rules| rules.may_be_guest = true);
    assert!(matches!(be_guest(), Err(Problem::Never(_))), "the host has none");
    rules(&house, "202", |rules| rules.guest_hours_max = 12);
    let (until, _) = be_guest().unwrap();
    assert_eq!(until, house.now.get().after(Seconds(12 * 3600)));
    assert_eq!(seen(&house, &["201", "202"]), "201:202(vacant) 202:-");
}

#[test]
fn a_phone_logs_out_itself_alone_and_rules_are_an_administrators() {
    let house = office(2);
    log_in(&house, "201", "202");
    let other = extension(&house, "202");
    let by = by_phone(&house, "201");
    let refused = house.administer_as(&by, |admin, _| admin.log_out_at(other));
    assert!(matches!(refused, Err(Problem::NoRight(_))));
    let account = user(&house, "201");
    let rules = DeskRules { is_forced: true, idle: Seconds(60), guest_hours_max: 1, may_be_guest: true };
    let refused = house.administer_as(&by, |admin, _| admin.save_desk_rules(account, rules));
    assert!(matches!(refused, Err(Problem::NoRight(_))));
    let too_long = DeskRules { guest_hours_max: 25, ..rules };
    let refused = house.administer(|admin, _| admin.save_desk_rules(account, too_long));
    assert!(matches!(refused, Err(Problem::Invalid(_))));
}

#[test]
fn whoever_moves_where_nobody_is_at_two_phones_and_no_phone_has_two() {
    let house = office(5);
    let numbers: Vec<String> = (201..206).map(|number| number.to_string()).collect();
    let mut dice = SeededDice(7);
    let mut draw = |bound: usize| {
        let mut bytes = [0u8; 8];
        dice.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % bound as u64).unwrap()
    };
    for _ in 0..1000 {
        let (who, at) = (&numbers[draw(5)], &numbers[draw(5)]);
        match draw(5) {
            0 | 1 => log_in(&house, who, at),
            2 | 3 => {
                log_out(&house, at);
            }
            _ => {
                let is_forced = draw(2) == 0;
                rules(&house, who, |rules| rules.is_forced = is_forced);
            }
        }
        let model = house.model.borrow();
        for number in &numbers {
            let account = model.account(user(&house, number)).unwrap();
            let phones: Vec<_> = numbers
                .iter()
                .filter(|phone| {
                    let phone = model.extension(extension(&house, phone)).unwrap();
                    occupant(&*model, &phone) == Some(account.id)
                })
                .collect();
            assert!(phones.len() <= 1, "{number} is at {phones:?}");
            let here = phone_of(&*model, &account).and_then(|id| model.extension(id));
            assert_eq!(here.as_ref().map(|phone| phone.number.as_str()), phones.first().map(|p| p.as_str()));
        }
    }
}
