//! What holds in every dialogue: whose turn it is, how long anybody waits, and that it ends.

use calls::{
    dialogue::{ANSWER_MAX, DIALOGUE_MAX, Dialogue, Input, Judged, PAUSE, SILENCE, Tone},
    mailbox::{Door, collect},
    prompt::{Language, Prompt},
};

use crate::call::{Call, number};

const MENU: &str = "Press one for messages nine for options zero for help star to end";

fn mailbox() -> Call {
    let (call, first) = Call::answer(collect(Door::Code(number("201")), Language::English));
    assert_eq!(first, "Your code then hash.");
    call
}

fn menu() -> Call {
    let (mut call, _) = Call::answer(collect(Door::Trusted(number("201")), Language::English));
    assert_eq!(call.messages(&[]), format!("You have no messages {MENU}"));
    call
}

#[test]
fn an_announcement_is_said_and_the_call_ends() {
    let said = Dialogue::announcement(Some(Tone::Busy), vec![Prompt::Invalid]);
    let (mut call, first) = Call::answer(said);
    assert_eq!(first, "Invalid. | <busy>");
    assert_eq!(call.keys("1*#"), "");
    assert_eq!(call.spoken(), "<hang up>");
    assert!(call.dialogue.is_over());
    let (call, first) = Call::answer(Dialogue::announcement(None, Vec::new()));
    assert_eq!(first, "<hang up>");
    assert!(call.dialogue.is_over());
}

#[test]
fn a_dialogue_begins_once_and_does_nothing_before() {
    let mut dialogue = collect(Door::Anybody, Language::English);
    let now = signin::timestamp::Timestamp(5);
    assert!(dialogue.step(Input::Spoken, now).is_empty());
    assert!(dialogue.step(Input::Tick, now).is_empty());
    assert_eq!(dialogue.deadline(), None);
    assert_eq!(dialogue.begin(now).len(), 1);
    assert!(dialogue.begin(now).is_empty());
}

#[test]
fn a_key_interrupts_what_is_being_said() {
    let mut call = mailbox();
    assert_eq!(call.keys("4"), "<hush>");
    assert_eq!(call.keys("821"), "");
    assert_eq!(call.keys("#"), "<check 201 4821>");
    let mut call = menu();
    assert_eq!(call.keys("9").split(' ').next(), Some("Press"), "what is said next hushes by itself");
}

#[test]
fn whoever_is_silent_is_told_once_more_and_then_goodbye() {
    let mut call = menu();
    call.spoken();
    assert_eq!(call.dialogue.deadline(), Some(call.now.after(SILENCE)));
    assert_eq!(call.wait(), MENU);
    call.spoken();
    assert_eq!(call.wait(), "Goodbye.");
    assert_eq!(call.keys("1"), "");
    assert_eq!(call.spoken(), "<hang up>");
}

#[test]
fn whoever_types_something_is_no_longer_silent() {
    let mut call = menu();
    call.spoken();
    assert_eq!(call.wait(), MENU);
    assert_eq!(call.keys("5"), format!("No such choice. {MENU}"));
    call.spoken();
    assert_eq!(call.wait(), MENU, "it is the first silence again");
}

#[test]
fn a_pause_ends_what_is_typed() {
    let mut call = mailbox();
    call.keys("4821");
    assert_eq!(call.dialogue.deadline(), Some(call.now.after(PAUSE)));
    call.pass(4);
    assert_eq!(call.step(Input::Tick), "", "too early");
    call.pass(1);
    assert_eq!(call.step(Input::Tick), "<check 201 4821>");
}

#[test]
fn who_gives_no_answer_is_not_waited_for() {
    let mut call = mailbox();
    call.keys("4821#");
    assert_eq!(call.dialogue.deadline(), Some(call.now.after(ANSWER_MAX)));
    assert_eq!(call.keys("1"), "", "nobody types while something is looked up");
    assert_eq!(call.messages(&[]), "", "that was not asked");
    assert_eq!(call.wait(), "This does not work now. Goodbye.");
    assert_eq!(call.judged(Judged::Right), "", "it is too late");
    assert_eq!(call.wait(), "<hang up>");
}

#[test]
fn what_never_ends_is_ended() {
    let mut call = menu();
    assert_eq!(call.wait(), "", "whoever speaks forgot to say that all is said");
    assert_eq!(call.wait(), MENU);
    call.pass(DIALOGUE_MAX.0);
    assert_eq!(call.keys("9"), "Goodbye.");
}

#[test]
fn what_cannot_be_done_is_said_and_the_call_ends() {
    let mut call = menu();
    assert_eq!(call.step(Input::Fault), "This does not work now. Goodbye.");
    assert_eq!(call.step(Input::Fault), "");
    assert_eq!(call.spoken(), "<hang up>");
}

#[test]
fn nothing_comes_of_a_call_that_is_over() {
    for end in ["hung up", "hang up"] {
        let mut call = menu();
        if end == "hung up" {
            assert_eq!(call.step(Input::HungUp), "");
        } else {
            call.keys("*");
            assert_eq!(call.spoken(), "<hang up>");
        }
        assert!(call.dialogue.is_over());
        assert_eq!(call.dialogue.deadline(), None);
        call.pass(100_000);
        assert_eq!(call.keys("1*#"), "");
        assert_eq!(call.spoken() + &call.step(Input::Tick) + &call.step(Input::HungUp), "");
    }
}

#[test]
fn a_clock_that_goes_back_ends_nothing() {
    let mut call = menu();
    call.now = signin::timestamp::Timestamp(0);
    assert_eq!(call.step(Input::Tick), "");
    assert_eq!(call.spoken(), "");
    assert_eq!(call.wait(), MENU);
}
