//! What is dialled and is no phone: hot desking, mailboxes, administration from the keypad (SPEC S12, S13, S17).

use std::time::Duration;

use calls::prompt::{Language, Prompt};
use server::media::sound;
use signin::{
    admin::{By, DeskRules, SecretChoice},
    credential::{CredentialKind, Owner},
    ident::DomainId,
    records::Records as _,
    registration::Transport,
    secret::Secret,
    timestamp::Seconds,
};

use crate::{
    caller::{Conversation, speech},
    house::House,
    talker::Talker,
};

pub(crate) const CODE_201: &str = "472839";
pub(crate) const CODE_202: &str = "583920";
pub(crate) const CODE_203: &str = "694031";
const MAILBOX_201: &str = "71952";

pub(crate) async fn office() -> House {
    let house = House::start_with(|config| config.sip.media_ports = (0, 0)).await.ignited().await;
    let house = house.with_user("Ann", "201", CODE_201).await.with_user("Bob", "202", CODE_202).await;
    house.with_user("Cem", "203", CODE_203).await
}

pub(crate) async fn phone(house: &House, number: &str, code: &str) -> Talker {
    Talker::registered(house, Transport::Udp, number, code).await
}

pub(crate) async fn set(house: &House, owner: Owner, kind: CredentialKind, code: &str) {
    let choice = SecretChoice::Set(Secret::new(code));
    let done = house
        .system
        .administer(&By::console(), move |admin, dice| admin.set_secret(owner, kind, &choice, false, dice))
        .await;
    done.expect("set");
}

pub(crate) fn owner(house: &House, number: &str) -> Owner {
    let extension = house.system.ledger.extension(house.extension(number)).expect("an extension");
    Owner::Account(extension.user.expect("a user"))
}

/// What a prompt sounds like.
fn prompt(house: &House, prompt: Prompt) -> Vec<u8> {
    sound::prompt(prompt, Language::English, house.folder()).into_owned()
}

/// Dials, hears what is said, and is hung up on.
pub(crate) async fn dialled(phone: &mut Talker, code: &str) -> String {
    let conversation = phone.dials(code).await;
    let bye = phone.hears("BYE").await;
    phone.answers(&bye, "200 OK").await;
    conversation.reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_logs_in_at_anothers_phone_and_calls_follow() {
    let house = office().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    let mut cem = phone(&house, "203", CODE_203).await;
    let mut conversation = bob.dials(&format!("*35*201*{CODE_201}%23")).await;
    assert_eq!(conversation.reason, "Logged In As 201");
    conversation.voice.hears(&prompt(&house, Prompt::LoggedIn)).await;
    let bye = bob.hears("BYE").await;
    bob.answers(&bye, "200 OK").await;
    // Calls for 201 ring here, and it is 201 who calls from here.
    cem.invites("201").await;
    let invite = bob.hears("INVITE").await;
    bob.answers(&invite, "486 Busy Here").await;
    bob.hears("ACK").await;
    // Nobody is busy where there is a mailbox; it does not like a call without a description of its sound.
    cem.hears("486").await;
    bob.invites("203").await;
    let invite = cem.hears("INVITE").await;
    let asserted = invite.one(wire::sip::HeaderName::PAssertedIdentity);
    assert_eq!(asserted, "\"Ann\" <sip:201@127.0.0.1>");
    cem.answers(&invite, "486 Busy Here").await;
    cem.hears("ACK").await;
    bob.hears("486").await;
    // Out again: the phone is Bob's.
    assert_eq!(dialled(&mut bob, "*36").await, "Logged Out");
    cem.invites("202").await;
    bob.hears("INVITE").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wrong_codes_at_a_keypad_and_nobody_is_let_in_for_ninety_seconds() {
    let house = office().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    for wrong in ["111222", "111223", "111224"] {
        assert_eq!(dialled(&mut bob, &format!("*35*201*{wrong}%23")).await, "Invalid");
    }
    assert_eq!(dialled(&mut bob, "*35*201*111225%23").await, "Try Again Later");
    assert_eq!(dialled(&mut bob, &format!("*35*201*{CODE_201}%23")).await, "Try Again Later");
    house.pass(91);
    assert_eq!(dialled(&mut bob, &format!("*35*201*{CODE_201}%23")).await, "Logged In As 201");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_log_in_calls_nobody_until_then_and_is_logged_out_when_idle() {
    let house = office().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    let Owner::Account(account) = owner(&house, "202") else { panic!("an account") };
    let rules = DeskRules { is_forced: true, idle: Seconds(600), guest_hours_max: 0, may_be_guest: false };
    let saved =
        house.system.administer(&By::console(), move |admin, _| admin.save_desk_rules(account, rules)).await;
    saved.expect("saved");
    assert_eq!(dialled(&mut bob, "*36").await, "Logged Out");
    bob.invites("203").await;
    assert_eq!(bob.hears("403").await.first_line(), "SIP/2.0 403 Log In First");
    assert_eq!(dialled(&mut bob, &format!("*35*{CODE_202}%23")).await, "Logged In As 202");
    bob.invites("999").await;
    bob.hears("404").await;
    // The phone stays registered, whatever happens to who is at it.
    house.pass(300);
    bob.phone.refresh(Some(7200)).await;
    house.pass(301);
    let mut waited = 0;
    loop {
        bob.invites("999").await;
        let heard = bob.hears_any().await;
        if heard.what() == "403" {
            break;
        }
        waited += 1;
        assert!(waited < 100, "never logged out");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_code_is_changed_at_the_phone_by_the_rules() {
    let house = office().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    assert_eq!(dialled(&mut bob, &format!("*60*{CODE_202}*1234%23")).await, "Code Refused");
    assert_eq!(dialled(&mut bob, "*60**815372%23").await, "Invalid", "there is one");
    assert_eq!(dialled(&mut bob, "*60*999999*815372%23").await, "Invalid");
    assert_eq!(dialled(&mut bob, &format!("*60*{CODE_202}*815372%23")).await, "Done");
    house.stop().await;
}

/// Leaves a message in Ann's mailbox from Cem's phone.
async fn leave_message(house: &House, cem: &mut Talker, sound: &[u8]) {
    let mut conversation = cem.dials("201").await;
    conversation.voice.hears(&sound::tone(calls::dialogue::Tone::Beep)).await;
    conversation.voice.says(sound).await;
    cem.ends(&mut conversation).await;
    let Owner::Account(ann) = owner(house, "201") else { panic!("an account") };
    let mut waited = 0;
    while house.system.ledger.mailbox(ann).messages.is_empty() {
        waited += 1;
        assert!(waited < 200, "no message was kept");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_left_and_heard_as_it_was_said_and_deleted() {
    let house = office().await;
    let mut cem = phone(&house, "203", CODE_203).await;
    let said = speech(120);
    leave_message(&house, &mut cem, &said).await;
    // The owner's own phone is trusted.
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut conversation = ann.dials("*17").await;
    conversation.voice.hears(&prompt(&house, Prompt::OneNewMessage)).await;
    conversation.voice.presses("1").await;
    conversation.voice.hears(&said[..said.len() - 800]).await;
    conversation.voice.presses("3").await;
    conversation.voice.hears(&prompt(&house, Prompt::Deleted)).await;
    ann.ends(&mut conversation).await;
    let Owner::Account(account) = owner(&house, "201") else { panic!("an account") };
    let mut waited = 0;
    while !house.system.ledger.mailbox(account).messages.is_empty() {
        waited += 1;
        assert!(waited < 100, "the message is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    house.stop().await;
}

/// Calls a mailbox from elsewhere and comes to its door.
async fn at_the_door(house: &House, phone: &mut Talker, number: &str) -> Conversation {
    let mut conversation = phone.dials(number).await;
    conversation.voice.hears(&prompt(house, Prompt::YouHaveReached)).await;
    conversation.voice.presses("*").await;
    conversation.voice.hears(&prompt(house, Prompt::EnterCode)).await;
    conversation
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_talks_to_the_house_hears_that_it_stops_and_what_was_said_is_kept() {
    let house = office().await;
    let mut cem = phone(&house, "203", CODE_203).await;
    let mut conversation = cem.dials("201").await;
    conversation.voice.hears(&sound::tone(calls::dialogue::Tone::Beep)).await;
    conversation.voice.says(&speech(120)).await;
    let house = house.restarted().await;
    cem.hears("BYE").await;
    assert!(house.system.calls.is_empty());
    let Owner::Account(account) = owner(&house, "201") else { panic!("an account") };
    assert_eq!(house.system.ledger.mailbox(account).messages.len(), 1);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_another_phone_a_mailbox_opens_by_its_code_alone() {
    let house = office().await;
    let mut bob = phone(&house, "202", CODE_202).await;
    // Nothing that is typed can be right where there is no code.
    let mut conversation = at_the_door(&house, &mut bob, "201").await;
    conversation.voice.presses("1357#").await;
    conversation.voice.hears(&prompt(&house, Prompt::NotConfigured)).await;
    bob.ends(&mut conversation).await;
    set(&house, owner(&house, "201"), CredentialKind::VoicemailCode, MAILBOX_201).await;
    house.pass(700);
    bob.phone.register(3600).await;
    let mut conversation = at_the_door(&house, &mut bob, "201").await;
    conversation.voice.presses(&format!("{MAILBOX_201}#")).await;
    conversation.voice.hears(&prompt(&house, Prompt::NoMessages)).await;
    bob.ends(&mut conversation).await;
    let mut conversation = at_the_door(&house, &mut bob, "201").await;
    for wrong in ["2222", "2223", "2224", "2225"] {
        conversation.voice.presses(&format!("{wrong}#")).await;
        let said = if wrong == "2225" { Prompt::TooManyWrong } else { Prompt::Wrong };
        conversation.voice.hears(&prompt(&house, said)).await;
    }
    let bye = bob.hears("BYE").await;
    bob.answers(&bye, "200 OK").await;
    // The right one is refused as well, for ninety seconds.
    let mut conversation = at_the_door(&house, &mut bob, "201").await;
    conversation.voice.presses(&format!("{MAILBOX_201}#")).await;
    conversation.voice.hears(&prompt(&house, Prompt::TooManyWrong)).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_phones_administer_with_the_system_password_and_no_other_does() {
    let house = office().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut cem = phone(&house, "203", CODE_203).await;
    cem.invites("*9").await;
    let heard = cem.hears_any().await;
    assert_eq!(heard.first_line(), "SIP/2.0 403 Not From This Phone");
    let mut conversation = ann.dials("*9").await;
    conversation.voice.hears(&prompt(&house, Prompt::AdministrationClosed)).await;
    let bye = ann.hears("BYE").await;
    ann.answers(&bye, "200 OK").await;
    set(&house, Owner::Domain(DomainId::FIRST), CredentialKind::SystemPassword, "4711").await;
    let mut conversation = ann.dials("*9").await;
    conversation.voice.hears(&prompt(&house, Prompt::EnterSystemPassword)).await;
    conversation.voice.presses("4712").await;
    conversation.voice.hears(&prompt(&house, Prompt::Wrong)).await;
    conversation.voice.presses("4711").await;
    conversation.voice.hears(&prompt(&house, Prompt::ForSystemPassword)).await;
    // Blocks 203, whose phone is unregistered.
    conversation.voice.presses("5").await;
    conversation.voice.hears(&prompt(&house, Prompt::EnterExtension)).await;
    conversation.voice.presses("203#").await;
    conversation.voice.hears(&prompt(&house, Prompt::Done)).await;
    ann.ends(&mut conversation).await;
    cem.invites("202").await;
    cem.hears("403").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_the_house_answers_can_be_held_and_ended_like_any_other() {
    let house = office().await;
    let mut ann = phone(&house, "201", CODE_201).await;
    let mut conversation = ann.dials("*17").await;
    conversation.voice.hears(&prompt(&house, Prompt::YouHave)).await;
    assert_eq!(house.system.calls.going_on().len(), 1);
    let sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";
    let hold = ann.within(&mut conversation.dialog, "INVITE");
    let hold = hold.replace(
        "Content-Length: 0\r\n\r\n",
        &format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len()),
    );
    ann.say(&hold).await;
    let held = ann.hears("200").await;
    assert!(held.text().contains("a=recvonly"), "{}", held.text());
    let ack = ann.within(&mut conversation.dialog, "ACK");
    ann.say(&ack).await;
    let refer = ann.within(&mut conversation.dialog, "REFER");
    ann.say(&refer).await;
    ann.hears("405").await;
    let number = house.system.calls.going_on()[0].number;
    assert!(house.system.sip().expect("it runs").end_numbered(number));
    let bye = ann.hears("BYE").await;
    ann.answers(&bye, "200 OK").await;
    assert!(house.system.calls.going_on().is_empty());
    house.stop().await;
}
