//! Leaving a message.

use calls::{
    dialogue::{Changed, Input, Judged, RecordingEnd},
    mailbox::{Greeting, Recipient, TAKES_MAX, leave_message},
    prompt::Language,
};
use signin::timestamp::Seconds;

use crate::call::{Call, number};

const REVIEW: &str = "Press one to send it two to hear it three to record again";
const RECORD: &str = "<beep> | <record 180 10>";

fn recipient() -> Recipient {
    Recipient {
        mailbox: number("201"),
        greeting: Greeting::Standard,
        is_full: false,
        length_max: Seconds(180),
        is_trusted: false,
        language: Language::English,
    }
}

fn called() -> Call {
    let (call, first) = Call::answer(leave_message(recipient()));
    assert_eq!(first, "Mailbox of extension two zero one Please speak after the tone");
    call
}

fn recording() -> Call {
    let mut call = called();
    assert_eq!(call.spoken(), RECORD);
    call
}

#[test]
fn a_message_is_left_and_sent() {
    let mut call = recording();
    assert_eq!(call.keys("123*"), "", "nothing but hash ends it");
    assert_eq!(call.keys("#"), "<stop>");
    assert_eq!(call.recorded(12, RecordingEnd::Stopped), REVIEW);
    assert_eq!(call.keys("1"), "<hush> | <store in 201>");
    assert_eq!(call.changed(Changed::Done), "Message sent. Goodbye.");
    assert_eq!(call.spoken(), "<hang up>");
}

#[test]
fn the_greeting_is_the_owners_where_there_is_one_and_can_be_passed_over() {
    let own = Recipient { greeting: Greeting::Own, ..recipient() };
    let (mut call, first) = Call::answer(leave_message(own));
    assert_eq!(first, "<greeting>");
    assert_eq!(call.keys("5"), "", "no other key interrupts it");
    assert_eq!(call.keys("#"), RECORD);
}

#[test]
fn a_message_is_heard_and_recorded_again() {
    let mut call = recording();
    assert_eq!(call.recorded(180, RecordingEnd::Limit), REVIEW);
    assert_eq!(call.keys("2"), "<draft>");
    assert_eq!(call.spoken(), REVIEW);
    assert_eq!(call.keys("3"), RECORD);
    assert_eq!(call.recorded(5, RecordingEnd::Silence), REVIEW);
    assert_eq!(call.keys("7"), format!("No such choice. {REVIEW}"));
    assert_eq!(call.keys("0"), REVIEW);
}

#[test]
fn whoever_hangs_up_has_sent_what_they_said() {
    for seconds in [0, 1, 2] {
        let outcome = if seconds > 1 { "<store in 201>" } else { "<discard>" };
        let mut told = recording();
        assert_eq!(told.recorded(seconds, RecordingEnd::HungUp), outcome);
        let mut counted = recording();
        counted.pass(seconds);
        assert_eq!(counted.step(Input::HungUp), outcome, "by the clock");
        assert_eq!(counted.step(Input::HungUp), "", "once");
    }
    let mut stopped = recording();
    stopped.keys("#");
    assert_eq!(stopped.step(Input::HungUp), "<store in 201>");
    let mut review = recording();
    review.recorded(2, RecordingEnd::Stopped);
    assert_eq!(review.step(Input::HungUp), "<store in 201>");
}

#[test]
fn a_caller_who_hangs_up_while_it_is_sent_has_sent_it_once() {
    let mut call = recording();
    call.recorded(2, RecordingEnd::Stopped);
    call.keys("1");
    assert_eq!(call.step(Input::HungUp), "");
}

#[test]
fn whoever_speaks_and_does_not_choose_has_sent_it() {
    let mut call = recording();
    assert_eq!(call.recorded(30, RecordingEnd::Silence), REVIEW);
    call.spoken();
    assert_eq!(call.wait(), REVIEW);
    call.spoken();
    assert_eq!(call.wait(), "<store in 201>");
    assert_eq!(call.changed(Changed::Unavailable), "This does not work now. Goodbye.");
}

#[test]
fn whoever_says_nothing_leaves_nothing() {
    let mut call = recording();
    assert_eq!(call.recorded(0, RecordingEnd::Silence), "<discard> | Nothing recorded. Goodbye.");
    let mut call = recording();
    call.keys("#");
    let again = "Nothing recorded. Press three to record again";
    assert_eq!(call.recorded(1, RecordingEnd::Stopped), format!("<discard> | {again}"));
    assert_eq!(call.keys("1"), "No such choice. Press three to record again");
    assert_eq!(call.keys("3"), RECORD);
    call.recorded(0, RecordingEnd::Stopped);
    assert_eq!(call.step(Input::HungUp), "");
}

#[test]
fn nobody_records_for_ever() {
    let mut call = recording();
    for _ in 1..TAKES_MAX {
        assert_eq!(call.recorded(5, RecordingEnd::Stopped), REVIEW);
        assert_eq!(call.keys("3"), RECORD);
    }
    assert_eq!(call.recorded(5, RecordingEnd::Stopped), "Press one to send it two to hear it");
    assert_eq!(call.keys("3"), "No such choice. Press one to send it two to hear it");
}

#[test]
fn a_recorder_that_never_says_that_it_has_ended_is_stopped() {
    let mut call = recording();
    assert_eq!(call.wait(), "<stop>");
    assert_eq!(call.wait(), "<store in 201> | This does not work now. Goodbye.", "what it has is kept");
}

#[test]
fn a_full_mailbox_records_nothing() {
    let full = Recipient { is_full: true, ..recipient() };
    let (mut call, first) = Call::answer(leave_message(full));
    assert_eq!(first, "This mailbox is full.");
    assert_eq!(call.keys("#1"), "");
    assert_eq!(call.spoken(), "Goodbye.");
    let (mut call, _) = Call::answer(leave_message(full));
    assert_eq!(call.keys("*"), "Your code then hash.", "its owner can make room");
}

#[test]
fn star_leads_to_the_code_and_no_further() {
    let mut call = called();
    assert_eq!(call.keys("*"), "Your code then hash.");
    assert_eq!(call.keys("1"), "<hush>");
    assert_eq!(call.keys("#"), "<check 201 1>");
    assert_eq!(call.judged(Judged::Wrong), "That is not right. Your code then hash.");
    assert_eq!(call.keys("*"), "Goodbye.");
    let mut call = called();
    call.keys("*4821#");
    assert_eq!(call.judged(Judged::Right), "<list 201>");
}

#[test]
fn star_leads_straight_in_from_a_trusted_phone() {
    let trusted = Recipient { is_trusted: true, ..recipient() };
    let (mut call, _) = Call::answer(leave_message(trusted));
    assert_eq!(call.keys("*"), "<hush> | <list 201>");
}

#[test]
fn a_fault_while_a_message_is_left_does_not_lose_what_was_said() {
    let mut call = recording();
    call.recorded(9, RecordingEnd::Silence);
    assert_eq!(call.step(Input::Fault), "<store in 201> | This does not work now. Goodbye.");
    assert_eq!(call.step(Input::HungUp), "");
    let mut call = recording();
    call.pass(20);
    assert_eq!(call.step(Input::Fault), "<store in 201> | This does not work now. Goodbye.");
}
