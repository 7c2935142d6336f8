//! The owner in the mailbox.

use calls::{
    dialogue::{Caller, Changed, Envelope, Input, Judged, LIST_MAX, RecordingEnd},
    mailbox::{Door, TRIES_MAX, collect},
    prompt::Language,
};
use signin::timestamp::Seconds;

use crate::call::{Call, envelope, number};

const MENU: &str = "Press one for messages nine for options zero for help star to end";
const ASKS: &str = "Your code then hash.";
const FRESH: &str =
    "Press one to hear it again two to keep it three to delete it hash for the next seven for the menu";
const GONE: &str = "Press one to hear it again four to restore it hash for the next seven for the menu";
const OPTIONS: &str =
    "Press one to change your code two for your own greeting three for the standard greeting star to go back";
const GREETING: &str = "Press one to save it two to hear it three to record again star to go back";

fn two() -> [Envelope; 2] {
    [envelope(7, true, Caller::Extension(number("202"))), envelope(3, false, Caller::Unknown)]
}

/// Signed in, with two messages.
fn inside(door: Door) -> Call {
    let (mut call, first) = Call::answer(collect(door, Language::English));
    if let Door::Code(_) = door {
        assert_eq!(first, ASKS);
        assert_eq!(call.keys("4821#"), "<check 201 4821>");
        assert_eq!(call.judged(Judged::Right), "<list 201>");
    }
    let counted = "You have one new message and one old message";
    assert_eq!(call.messages(&two()), format!("{counted} {MENU}"));
    call
}

fn with_code() -> Call {
    inside(Door::Code(number("201")))
}

fn trusted() -> Call {
    inside(Door::Trusted(number("201")))
}

#[test]
fn whoever_comes_from_anywhere_is_asked_for_number_and_code() {
    let (mut call, first) = Call::answer(collect(Door::Anybody, Language::English));
    assert_eq!(first, "Mailbox number then hash.");
    assert_eq!(call.keys("#"), "Mailbox number then hash.", "nothing is no number");
    assert_eq!(call.keys("20*"), "Mailbox number then hash.", "taken back");
    assert_eq!(call.keys("1234567890123456"), "Mailbox number then hash.", "longer than any number");
    assert_eq!(call.keys("202#"), ASKS);
    assert_eq!(call.keys("*"), "Mailbox number then hash.", "the wrong one");
    assert_eq!(call.keys("201#"), ASKS);
    assert_eq!(call.keys("4821#"), "<check 201 4821>");
    assert_eq!(call.judged(Judged::Right), "<list 201>");
    let (mut call, _) = Call::answer(collect(Door::Anybody, Language::English));
    assert_eq!(call.keys("*"), "Goodbye.");
}

#[test]
fn a_trusted_source_is_asked_for_nothing() {
    let (_, first) = Call::answer(collect(Door::Trusted(number("201")), Language::English));
    assert_eq!(first, "<list 201>");
}

#[test]
fn a_blank_code_is_no_guess_and_opens_nothing() {
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    for _ in 1..TRIES_MAX {
        assert_eq!(call.keys("#"), format!("That is not right. {ASKS}"));
    }
    assert_eq!(call.keys("#"), "Too many wrong codes. Try again later. Goodbye.");
}

#[test]
fn a_mailbox_without_a_code_says_so_to_whoever_is_not_trusted() {
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("4821#");
    let says = "Remote access is not configured on this mailbox. Goodbye.";
    assert_eq!(call.judged(Judged::NotConfigured), says);
    assert_eq!(call.spoken(), "<hang up>");
}

#[test]
fn a_code_that_is_too_long_is_never_cut_to_fit() {
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    assert_eq!(call.keys("1234567890123456"), ASKS);
    assert_eq!(call.keys("4821#"), "<check 201 4821>");
}

#[test]
fn after_four_wrong_codes_it_ends_and_under_a_lock_at_once() {
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    for _ in 1..TRIES_MAX {
        call.keys("1#");
        assert_eq!(call.judged(Judged::Wrong), format!("That is not right. {ASKS}"));
    }
    call.keys("1#");
    assert_eq!(call.judged(Judged::Wrong), "Too many wrong codes. Try again later. Goodbye.");
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("1#");
    let until = call.now.after(Seconds(90));
    let says = "Too many wrong codes. Try again in two minutes. Goodbye.";
    assert_eq!(call.judged(Judged::Wait(Some(until))), says);
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("1#");
    let says = "Too many wrong codes. Ask your administrator. Goodbye.";
    assert_eq!(call.judged(Judged::Wait(None)), says);
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("1#");
    assert_eq!(call.judged(Judged::Unavailable), "This does not work now. Goodbye.");
}

#[test]
fn messages_are_heard_one_after_the_other() {
    let mut call = with_code();
    let first = "New message today at nine oh five from extension two zero two | <message(messageid(7))>";
    assert_eq!(call.keys("1"), first);
    assert_eq!(call.spoken(), format!("<keep 7> | {FRESH}"), "heard to the end");
    assert_eq!(call.keys("1"), first.replace("New", "Old"), "it is not new any more");
    let second = "Old message today at nine oh five from unknown | <message(messageid(3))>";
    assert_eq!(call.keys("#"), second);
    assert_eq!(call.keys("#"), format!("No more messages. {MENU}"));
}

#[test]
fn a_message_that_was_not_heard_to_its_end_stays_new() {
    let mut call = with_code();
    call.keys("1");
    assert!(!call.keys("#").contains("keep"));
    let mut call = with_code();
    call.keys("1");
    assert_eq!(call.step(Input::HungUp), "");
}

#[test]
fn a_message_is_kept_deleted_and_restored() {
    let mut call = with_code();
    call.keys("1");
    assert_eq!(call.keys("4"), format!("No such choice. {FRESH}"), "there is nothing to restore");
    assert_eq!(call.keys("3"), format!("<delete 7> | Deleted. {GONE}"));
    assert_eq!(call.spoken(), "");
    assert!(call.keys("1").starts_with("Old message Deleted. today"), "it can still be heard");
    assert_eq!(call.spoken(), GONE, "and is not kept by it");
    assert_eq!(call.keys("4"), format!("<keep 7> | Restored. {FRESH}"));
    assert!(call.keys("2").starts_with("<keep 7> | Old message today"), "and on to the next");
    assert_eq!(call.keys("7"), MENU);
    call.keys("1");
    assert_eq!(call.keys("*"), MENU);
    call.keys("1");
    assert_eq!(call.keys("0"), format!("Star goes back. Hash ends an entry. {FRESH}"));
    assert_eq!(call.keys("9"), format!("No such choice. {FRESH}"));
}

#[test]
fn whoever_has_no_messages_is_told_so() {
    let (mut call, _) = Call::answer(collect(Door::Trusted(number("201")), Language::English));
    call.messages(&[]);
    assert_eq!(call.keys("1"), format!("You have no messages {MENU}"));
    assert_eq!(call.keys("0"), format!("Star goes back. Hash ends an entry. {MENU}"));
}

#[test]
fn a_mailbox_of_thousands_is_counted_and_heard_in_part() {
    let many: Vec<_> = (0..1000).map(|id| envelope(id, true, Caller::Outside("+49 89 1".into()))).collect();
    let (mut call, _) = Call::answer(collect(Door::Trusted(number("201")), Language::English));
    assert_eq!(call.messages(&many), format!("You have more than sixty new messages {MENU}"));
    assert!(call.keys("1").contains("from four nine eight nine one |"));
    for _ in 1..LIST_MAX {
        assert!(call.keys("#").contains("<message"));
    }
    assert_eq!(call.keys("#"), format!("No more messages. {MENU}"));
}

#[test]
fn the_code_is_changed_by_typing_it_twice() {
    let mut call = with_code();
    assert_eq!(call.keys("9"), OPTIONS);
    assert_eq!(call.keys("1"), "The new code then hash.");
    assert_eq!(call.keys("7359#"), "Once more.");
    assert_eq!(call.keys("7350#"), "They were different. The new code then hash.");
    assert_eq!(call.keys("7359#"), "Once more.");
    assert_eq!(call.keys("*"), "The new code then hash.", "back by one");
    call.keys("7359#");
    assert_eq!(call.keys("7359#"), "<change 201 proven to 7359>");
    assert_eq!(call.changed(Changed::Done), format!("Done. {OPTIONS}"));
    assert_eq!(call.keys("1#"), "The new code then hash.", "an empty code is none");
    assert_eq!(call.keys("*"), OPTIONS);
    assert_eq!(call.keys("*"), MENU);
}

#[test]
fn the_rules_that_a_new_code_breaks_are_spoken() {
    let mut call = with_code();
    call.keys("91");
    call.keys("12#12#");
    assert_eq!(
        call.changed(Changed::Refused(&["length-min", "refuse-patterns"])),
        "Code refused. Too short. Too simple. The new code then hash."
    );
    assert_eq!(call.keys("7359#7359#"), "<change 201 proven to 7359>");
}

#[test]
fn whoever_came_from_a_trusted_source_must_know_the_code_to_change_it() {
    let mut call = trusted();
    call.keys("9");
    assert_eq!(call.keys("1"), "Your present code then hash.");
    call.keys("1111#");
    assert_eq!(call.keys("7359#7359#"), "<change 201 1111 to 7359>");
    assert_eq!(call.changed(Changed::Wrong), "That is not right. Your present code then hash.");
    call.keys("4821#");
    assert_eq!(call.keys("7359#7359#"), "<change 201 4821 to 7359>");
    call.changed(Changed::Done);
    assert_eq!(call.keys("1"), "The new code then hash.", "it is known now");
    let mut call = trusted();
    call.keys("91#");
    assert_eq!(call.keys("7359#7359#"), "<change 201 unset to 7359>");
    let until = call.now.after(Seconds(30));
    let says = "Too many wrong codes. Try again in thirty seconds. Goodbye.";
    assert_eq!(call.changed(Changed::Wait(Some(until))), says);
    let mut call = trusted();
    call.keys("91#7359#7359#");
    assert_eq!(call.changed(Changed::NotAllowed), format!("Not allowed. {OPTIONS}"));
    assert_eq!(call.keys("1*"), OPTIONS);
}

#[test]
fn an_old_code_opens_nothing_but_the_way_to_a_new_one() {
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("4821#");
    assert_eq!(call.judged(Judged::RightButOld), "The new code then hash.");
    assert_eq!(call.keys("7359#7359#"), "<change 201 proven to 7359>");
    assert_eq!(call.changed(Changed::Done), "<list 201>");
    let counted = "Done. You have one new message and one old message";
    assert_eq!(call.messages(&two()), format!("{counted} {MENU}"));
    let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
    call.keys("4821#");
    call.judged(Judged::RightButOld);
    assert_eq!(call.keys("*"), "Goodbye.");
    for (changed, keys) in [(Changed::Wrong, "*"), (Changed::NotAllowed, "")] {
        let (mut call, _) = Call::answer(collect(Door::Code(number("201")), Language::English));
        call.keys("4821#");
        call.judged(Judged::RightButOld);
        call.keys("7359#7359#");
        let says = call.changed(changed) + &call.keys(keys);
        assert!(says.ends_with("Goodbye."), "{changed:?}: {says}");
    }
}

#[test]
fn a_greeting_is_recorded_heard_and_saved() {
    let mut call = with_code();
    call.keys("9");
    let record = "Please speak after the tone then hash. | <beep> | <record 120 10>";
    assert_eq!(call.keys("2"), record);
    assert_eq!(call.keys("#"), "<stop>");
    assert_eq!(call.recorded(8, RecordingEnd::Stopped), GREETING);
    assert_eq!(call.keys("2"), "<draft>");
    assert_eq!(call.spoken(), GREETING);
    assert_eq!(call.keys("3"), record);
    call.recorded(8, RecordingEnd::Silence);
    assert_eq!(call.keys("1"), "<hush> | <greeting of 201>");
    assert_eq!(call.changed(Changed::Done), format!("Done. {OPTIONS}"));
    assert_eq!(call.keys("3"), "<hush> | <standard greeting of 201>");
    assert_eq!(call.changed(Changed::Unavailable), "This does not work now. Goodbye.");
}

#[test]
fn a_greeting_that_nobody_saved_is_forgotten() {
    let mut call = with_code();
    call.keys("92");
    let nothing = format!("<discard> | Nothing recorded. {OPTIONS}");
    assert_eq!(call.recorded(1, RecordingEnd::Silence), nothing);
    call.keys("2");
    call.recorded(8, RecordingEnd::Silence);
    assert_eq!(call.keys("*"), format!("<discard> | {OPTIONS}"));
    call.keys("2");
    assert_eq!(call.step(Input::HungUp), "<discard>");
    let mut call = with_code();
    call.keys("92");
    call.recorded(8, RecordingEnd::Silence);
    call.spoken();
    assert_eq!(call.wait(), GREETING);
    call.spoken();
    assert_eq!(call.wait(), "<discard> | Goodbye.");
}
