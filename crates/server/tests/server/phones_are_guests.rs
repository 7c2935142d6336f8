//! Guests at phones that are there for them (hoteling, SPEC S14), through the whole product and hours of it.

use std::time::Duration;

use serde_json::json;
use signin::{
    admin::{By, DeskRules},
    credential::{CredentialKind, Owner},
    desk::phone_of,
    ident::AccountId,
    records::Records as _,
    timestamp::Seconds,
};
use wire::sip::HeaderName;

use crate::{
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    phones_dial::{CODE_201, CODE_202, CODE_203, dialled, office, owner, phone, set},
    program::Program,
    talker::{Dialog, Talker},
};

/// Cem's.
const PASSCODE: &str = "80351";
const HOURS: u8 = 2;
const STAY: u64 = 3600 * HOURS as u64;

fn user(house: &House, number: &str) -> AccountId {
    let Owner::Account(account) = owner(house, number) else { panic!("an account") };
    account
}

async fn desk(house: &House, number: &str, guest_hours_max: u8, may_be_guest: bool) {
    let account = user(house, number);
    let rules = DeskRules { is_forced: false, idle: Seconds(0), guest_hours_max, may_be_guest };
    let saved =
        house.system.administer(&By::console(), move |admin, _| admin.save_desk_rules(account, rules)).await;
    saved.expect("saved");
}

/// Bob's phone has guests, and Cem may be one.
async fn inn() -> House {
    let house = office().await;
    desk(&house, "202", HOURS, false).await;
    desk(&house, "203", 0, true).await;
    set(&house, owner(&house, "203"), CredentialKind::PortalPasscode, PASSCODE).await;
    house
}

fn as_guest(passcode: &str) -> String {
    format!("*38*203*{passcode}%23")
}

/// The number of the phone at which Cem is.
fn cem_is_at(house: &House) -> String {
    let ledger = &*house.system.ledger;
    let cem = ledger.account(user(house, "203")).expect("Cem");
    let phone = phone_of(ledger, &cem).and_then(|phone| ledger.extension(phone)).expect("at a phone");
    phone.number.to_string()
}

async fn cem_goes_home(house: &House) {
    for _ in 0..200 {
        if cem_is_at(house) == "203" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a guest for ever");
}

/// As long as it takes until everybody whose time is over would have been told.
async fn looked_at(house: &House) {
    for _ in 0..4 {
        house.pass(6);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// One calls a number, and the other's phone answers.
async fn talk(caller: &mut Talker, number: &str, called: &mut Talker) -> (Dialog, String) {
    caller.invites(number).await;
    let invite = called.hears("INVITE").await;
    called.answers(&invite, "200 OK").await;
    let answered = caller.hears("200").await;
    let mut dialog = Dialog::of_caller(&answered);
    let ack = caller.within(&mut dialog, "ACK");
    caller.say(&ack).await;
    called.hears("ACK").await;
    (dialog, invite.one(HeaderName::PAssertedIdentity))
}

/// Something is said within the call, and answered.
async fn says(phone: &mut Talker, dialog: &mut Dialog, method: &str, other: &mut Talker) {
    let request = phone.within(dialog, method);
    phone.say(&request).await;
    let heard = other.hears(method).await;
    other.answers(&heard, "200 OK").await;
    phone.hears("200").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_called_at_the_phone_until_the_hours_are_over() {
    let house = inn().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut bob = phone(&house, "202", CODE_202).await;
    let mut cem = phone(&house, "203", CODE_203).await;
    assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Logged In As 203");
    let (mut call, _) = talk(&mut ann, "203", &mut bob).await;
    says(&mut ann, &mut call, "BYE", &mut bob).await;
    cem.hears_nothing().await;
    // It is the guest who calls from there.
    let (mut call, who) = talk(&mut bob, "201", &mut ann).await;
    assert_eq!(who, "\"Cem\" <sip:203@127.0.0.1>");
    says(&mut bob, &mut call, "BYE", &mut ann).await;
    house.pass(STAY - 60);
    looked_at(&house).await;
    assert_eq!(cem_is_at(&house), "202", "some seconds are left");
    house.pass(60);
    cem_goes_home(&house).await;
    for phone in [&mut ann, &mut bob, &mut cem] {
        phone.phone.register(3600).await;
    }
    let (mut call, _) = talk(&mut ann, "203", &mut cem).await;
    says(&mut ann, &mut call, "BYE", &mut cem).await;
    let (_, who) = talk(&mut bob, "201", &mut ann).await;
    assert_eq!(who, "\"Bob\" <sip:202@127.0.0.1>", "the phone is its own user's again");
    let audit = house.audit().await.join("\n");
    assert!(audit.contains("Logged out of a phone"), "{audit}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_hours_cuts_no_call_and_comes_with_the_end_of_it() {
    let house = inn().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut bob = phone(&house, "202", CODE_202).await;
    assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Logged In As 203");
    house.pass(STAY - 300);
    for phone in [&mut ann, &mut bob] {
        phone.phone.register(3600).await;
    }
    let (mut call, _) = talk(&mut bob, "201", &mut ann).await;
    house.pass(600);
    looked_at(&house).await;
    assert_eq!(house.system.calls.going_on().len(), 1);
    says(&mut bob, &mut call, "INFO", &mut ann).await;
    assert_eq!(cem_is_at(&house), "202", "nobody is logged out in the middle of a call");
    says(&mut bob, &mut call, "BYE", &mut ann).await;
    looked_at(&house).await;
    cem_goes_home(&house).await;
    let log = house.system.ledger.call_log(user(&house, "203"), house.clock.now()).expect("read");
    assert!(
        log[0].talked.is_some_and(|talked| talked >= Seconds(600)),
        "the guest's own, and whole: {log:?}"
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_releases_a_guest_at_once_and_cuts_no_call() {
    let house = inn().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut bob = phone(&house, "202", CODE_202).await;
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    let mut program = Program::at(house.https());
    program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    for by_page in [true, false] {
        house.pass(1);
        assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Logged In As 203");
        let (mut call, who) = talk(&mut bob, "201", &mut ann).await;
        assert_eq!(who, "\"Cem\" <sip:203@127.0.0.1>");
        if by_page {
            let page = format!("/manager/users/{}/calls", user(&house, "203"));
            let shown = browser.get(&page).await;
            assert!(shown.body.contains("A guest at the phone of 202 until"), "{}", shown.body);
            let question = browser.get(&format!("{page}/logout")).await;
            assert!(question.body.contains("Log Cem out?"), "{}", question.body);
            assert_eq!(cem_is_at(&house), "202", "asking does nothing");
            let phone = question.field("phone");
            let done = browser.post(&format!("{page}/logout"), &question.token(), &[("phone", &phone)]).await;
            assert_eq!((done.status, done.header("location")), (303, &*page));
        } else {
            let path = format!("/extensions/{}/logout-user", house.extension("202"));
            assert_eq!(program.post(&path, &json!({})).await.json(), json!({"was_logged_in": true}));
        }
        assert_eq!(cem_is_at(&house), "203");
        assert_eq!(house.system.calls.going_on().len(), 1);
        says(&mut bob, &mut call, "INFO", &mut ann).await;
        says(&mut bob, &mut call, "BYE", &mut ann).await;
        let (mut call, who) = talk(&mut bob, "201", &mut ann).await;
        assert_eq!(who, "\"Bob\" <sip:202@127.0.0.1>");
        says(&mut bob, &mut call, "BYE", &mut ann).await;
    }
    let log = house.system.ledger.call_log(user(&house, "203"), house.clock.now()).expect("read");
    assert_eq!(log.len(), 2, "both are the guest's: {log:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wrong_passcodes_and_not_even_the_right_one_opens_for_ninety_seconds() {
    let house = inn().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    // The login code is another secret, and opens nothing here.
    for wrong in [CODE_203, "80352", "80353"] {
        assert_eq!(dialled(&mut bob, &as_guest(wrong)).await, "Invalid");
    }
    assert_eq!(dialled(&mut bob, &as_guest("80354")).await, "Try Again Later");
    assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Try Again Later");
    assert_eq!(cem_is_at(&house), "203");
    house.pass(91);
    assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Logged In As 203");
    assert_eq!(cem_is_at(&house), "202");
    // A guest leaves by the keypad.
    assert_eq!(dialled(&mut bob, "*39").await, "Logged Out");
    assert_eq!(cem_is_at(&house), "203");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_a_guest_where_there_are_none_and_who_may_not_be_one_is_none() {
    let house = inn().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut bob = phone(&house, "202", CODE_202).await;
    assert_eq!(dialled(&mut ann, &as_guest(PASSCODE)).await, "Not Allowed");
    desk(&house, "203", 0, false).await;
    assert_eq!(dialled(&mut bob, &as_guest(PASSCODE)).await, "Not Allowed");
    assert_eq!(cem_is_at(&house), "203");
    house.stop().await;
}
