//! Administering from the keypad.

use calls::{
    dialogue::{Changed, Judged, LIST_MAX},
    phone_administration::{Guard, administer},
    prompt::Language,
};
use signin::phone_administration::PhoneAdministration;

use crate::call::{Call, number};

const MENU: &str = "Press one for the system password two for a name three for a login code \
    four for a voicemail code five to block an extension six to unblock one seven for what is locked star to end";

fn open() -> Call {
    let (call, first) = Call::answer(administer(Guard::Open, Language::English));
    assert_eq!(first, MENU);
    call
}

#[test]
fn a_phone_meets_what_the_rule_of_its_domain_says() {
    for (rule, newer, older) in [
        (PhoneAdministration::Closed, Guard::Closed, Guard::Closed),
        (PhoneAdministration::AskedOfEvery, Guard::Password, Guard::Password),
        (PhoneAdministration::AskedOfOlder, Guard::Open, Guard::Password),
        (PhoneAdministration::Open, Guard::Open, Guard::Open),
    ] {
        assert_eq!((Guard::of(rule, false), Guard::of(rule, true)), (newer, older), "{rule:?}");
    }
}

#[test]
fn where_it_is_closed_nobody_gets_in() {
    let (mut call, first) = Call::answer(administer(Guard::Closed, Language::English));
    assert_eq!(first, "Phone administration is off. Goodbye.");
    assert_eq!(call.keys("1"), "");
    assert_eq!(call.spoken(), "<hang up>");
}

#[test]
fn the_system_password_is_asked_and_four_digits_are_enough() {
    let (mut call, first) = Call::answer(administer(Guard::Password, Language::English));
    assert_eq!(first, "The system password.");
    assert_eq!(call.keys("48#"), "The system password.", "too short to be one");
    assert_eq!(call.keys("4*"), "The system password.");
    assert_eq!(call.keys("4821"), "<check system 4821>");
    assert_eq!(call.judged(Judged::Wrong), "That is not right. The system password.");
    call.keys("7359");
    assert_eq!(call.judged(Judged::Right), MENU);
    let (mut call, _) = Call::answer(administer(Guard::Password, Language::English));
    assert_eq!(call.keys("*"), "Goodbye.");
}

#[test]
fn whoever_guesses_the_system_password_is_sent_away() {
    let (mut call, _) = Call::answer(administer(Guard::Password, Language::English));
    for _ in 0..3 {
        call.keys("0000");
        assert_eq!(call.judged(Judged::Wrong), "That is not right. The system password.");
    }
    call.keys("0000");
    assert_eq!(call.judged(Judged::Wrong), "Too many wrong codes. Try again later. Goodbye.");
    for (judged, says) in [
        (Judged::Wait(None), "Too many wrong codes. Ask your administrator. Goodbye."),
        (Judged::NotConfigured, "Phone administration is off. Goodbye."),
        (Judged::Unavailable, "This does not work now. Goodbye."),
    ] {
        let (mut call, _) = Call::answer(administer(Guard::Password, Language::English));
        call.keys("0000");
        assert_eq!(call.judged(judged), says);
    }
}

#[test]
fn the_system_password_is_set_by_four_digits_twice() {
    let mut call = open();
    assert_eq!(call.keys("1"), "Four new digits.");
    assert_eq!(call.keys("7359"), "Once more.");
    assert_eq!(call.keys("7358"), "They were different. Four new digits.");
    call.keys("7359");
    assert_eq!(call.keys("7359"), "<system password 7359>");
    assert_eq!(call.changed(Changed::Done), format!("Done. {MENU}"));
    assert_eq!(call.keys("175#"), "Four new digits.", "two are too few");
    assert_eq!(call.keys("*"), MENU);
}

#[test]
fn an_extension_is_named_letter_by_letter() {
    let mut call = open();
    assert_eq!(call.keys("2"), "Extension number then hash.");
    assert_eq!(call.keys("201#"), "Spell the name. Hash ends a letter, twice the name.");
    assert_eq!(call.keys("2"), "<hush>");
    assert_eq!(call.keys("#"), "A");
    assert_eq!(call.keys("66"), "");
    assert_eq!(call.wait(), "N", "a pause ends a letter");
    assert_eq!(call.keys("66"), "");
    assert_eq!(call.keys("3"), "N", "another key, too");
    assert_eq!(call.keys("*"), "Deleted.");
    let named = "The name is A N N Press one to save it two to spell again star to go back";
    assert_eq!(call.keys("#"), named);
    assert_eq!(call.keys("9"), format!("No such choice. {named}"));
    assert_eq!(call.keys("1"), "<hush> | <name 201 Ann>");
    assert_eq!(call.changed(Changed::NoSuchExtension), format!("No such extension. {MENU}"));
    call.keys("2201#5#2#66##");
    assert!(call.keys("2").starts_with("Spell"));
    assert_eq!(call.keys("*"), MENU);
}

#[test]
fn codes_of_users_are_reset_and_the_rules_that_they_break_are_spoken() {
    for (key, act) in [("3", "login code"), ("4", "voicemail code")] {
        let mut call = open();
        assert_eq!(call.keys(key), "Extension number then hash.");
        assert_eq!(call.keys("#"), "Extension number then hash.", "nothing is no number");
        assert_eq!(call.keys("201#"), "The new code then hash.");
        assert_eq!(call.keys("12#12#"), format!("<{act} 201 12>"));
        let says = "Code refused. Too short. The new code then hash.";
        assert_eq!(call.changed(Changed::Refused(&["length-min"])), says);
        assert_eq!(call.keys("7359#7359#"), format!("<{act} 201 7359>"));
        assert_eq!(call.changed(Changed::NotAllowed), format!("Not allowed. {MENU}"));
    }
}

#[test]
fn extensions_are_blocked_and_unblocked() {
    let mut call = open();
    call.keys("5");
    assert_eq!(call.keys("201#"), "<block 201>");
    assert_eq!(call.changed(Changed::Done), format!("Done. {MENU}"));
    call.keys("6");
    assert_eq!(call.keys("201"), "");
    assert_eq!(call.wait(), "<unblock 201>");
    assert_eq!(call.changed(Changed::Unavailable), format!("This does not work now. {MENU}"));
    assert_eq!(call.keys("5*"), MENU);
    assert_eq!(call.keys("0"), format!("Star goes back. Hash ends an entry. {MENU}"));
    assert_eq!(call.keys("8"), format!("No such choice. {MENU}"));
    assert_eq!(call.keys("*"), "Goodbye.");
}

#[test]
fn locked_extensions_are_counted_and_read_out_a_few_at_a_time() {
    let mut call = open();
    assert_eq!(call.keys("7"), "<hush> | <list locked>");
    assert_eq!(call.locked(&[]), format!("Nothing is locked. {MENU}"));
    call.keys("7");
    assert_eq!(call.locked(&[number("201")]), format!("One is locked. extension two zero one {MENU}"));
    call.keys("7");
    let many: Vec<_> = (201..=208).map(|n: u32| number(&n.to_string())).collect();
    let first = call.locked(&many);
    assert!(first.starts_with("eight are locked. extension two zero one extension two zero two"), "{first}");
    assert!(first.ends_with("extension two zero six Press hash for the next star to go back"), "{first}");
    assert_eq!(call.keys("#"), format!("extension two zero seven extension two zero eight {MENU}"));
    let hundreds: Vec<_> = (201..=500).map(|n: u32| number(&n.to_string())).collect();
    call.keys("7");
    assert!(call.locked(&hundreds).starts_with("more than sixty are locked."));
    let pages = (0..100).take_while(|_| !call.keys("#").ends_with(MENU)).count();
    assert_eq!(pages, LIST_MAX / 6 - 2, "the first was read out before, the last leads to the menu");
}
