//! Calls that go on while the program starts anew: what two phones have to say to each other does not stop with it.

use std::{path::PathBuf, time::Duration};

use server::interfaces::sip::kept::KEPT_FILE;
use signin::{
    call_log::{CallEntry, Direction},
    ident::AccountId,
    records::Records as _,
    registration::Transport,
    timestamp::Seconds,
};

use crate::{
    house::House,
    phones_call::{CODE_201, CODE_202, office, talk, two_phones},
    talker::{Dialog, Talker},
};

/// An office whose phones find it again.
async fn lasting_office() -> House {
    let mut house = office().await;
    house.config.sip.udp.0 = vec![house.sip_udp()];
    house
}

fn user(house: &House, number: &str) -> AccountId {
    let extension = house.system.ledger.extension(house.extension(number)).expect("an extension");
    extension.user.expect("a user")
}

fn log(house: &House, number: &str) -> Vec<CallEntry> {
    house.system.ledger.call_log(user(house, number), house.clock.now()).expect("read")
}

fn kept(house: &House) -> PathBuf {
    house.folder().join(KEPT_FILE)
}

/// One hangs up, and the other hears of it.
async fn hangs_up(phone: &mut Talker, dialog: &mut Dialog, other: &mut Talker) {
    let bye = phone.within(dialog, "BYE");
    phone.say(&bye).await;
    let heard = other.hears("BYE").await;
    other.answers(&heard, "200 OK").await;
    phone.hears("200").await;
}

/// Waits until the calls that go on are written down without a stop.
async fn written_down(house: &House) -> Vec<u8> {
    house.pass(61);
    for _ in 0..200 {
        if let Ok(bytes) = std::fs::read(kept(house)) {
            return bytes;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never written down")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_over_a_restart_with_all_that_belongs_to_it() {
    let house = lasting_office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let (mut at_ann, mut at_bob) = talk(&mut ann, &mut bob).await;
    let before = house.system.calls.going_on();
    house.pass(10);
    let mut file = Vec::new();
    let house =
        house.restarted_after(|folder| file = std::fs::read(folder.join(KEPT_FILE)).expect("kept")).await;
    assert!(!file.windows(5).any(|window| window == b"talk-" || window == b"127.0"), "it is sealed");
    let after = house.system.calls.going_on();
    assert_eq!((after.len(), after[0].number), (1, before[0].number));
    assert_eq!((after[0].started_at, after[0].answered_at), (before[0].started_at, before[0].answered_at));
    // The media change.
    let hold = ann.within(&mut at_ann, "INVITE");
    ann.say(&hold).await;
    let heard = bob.hears("INVITE").await;
    bob.answers(&heard, "200 OK").await;
    ann.hears("200").await;
    let ack = ann.within(&mut at_ann, "ACK");
    ann.say(&ack).await;
    bob.hears("ACK").await;
    // Whoever is not of the call is as far from it as before.
    let mut cem = Talker::registered(&house, Transport::Tcp, "203", "694031").await;
    let forged = cem.within(&mut at_ann.clone(), "BYE");
    cem.say(&forged).await;
    cem.hears("407").await;
    let forged = cem.proven(&forged).await;
    cem.say(&forged).await;
    cem.hears("403").await;
    // The next call is another one.
    cem.invites("202").await;
    let ringing = bob.hears("INVITE").await;
    assert!(house.system.calls.going_on()[1].number > before[0].number);
    bob.answers(&ringing, "486 Busy Here").await;
    bob.hears("ACK").await;
    house.pass(50);
    hangs_up(&mut bob, &mut at_bob, &mut ann).await;
    let (made, received) = (log(&house, "201"), log(&house, "202"));
    let of_ann = received.iter().find(|entry| entry.direction == Direction::Received).expect("in the log");
    for entry in [&made[0], of_ann] {
        assert_eq!((entry.at, entry.talked), (before[0].started_at, Some(Seconds(60))), "{entry:?}");
    }
    assert!(house.system.calls.going_on().is_empty());
    // Over is over.
    let house = house.restarted().await;
    assert!(house.system.calls.is_empty() && !kept(&house).exists());
    let late = bob.within(&mut at_bob, "BYE");
    bob.say(&late).await;
    bob.hears("481").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_whose_connection_ended_hears_of_its_call_by_the_next_one() {
    let house = lasting_office().await;
    let mut bob = Talker::registered(&house, Transport::Udp, "202", CODE_202).await;
    // In the middle of a running program …
    for transport in [Transport::Tcp, Transport::Wss] {
        let mut ann = Talker::registered(&house, transport, "201", CODE_201).await;
        let (_, mut at_bob) = talk(&mut ann, &mut bob).await;
        ann.phone.refresh(Some(0)).await;
        drop(ann);
        // Until its end was noticed.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut ann = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
        hangs_up(&mut bob, &mut at_bob, &mut ann).await;
        ann.phone.refresh(Some(0)).await;
    }
    // … and after it was started anew, which ends every connection.
    let mut ann = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
    let (_, mut at_bob) = talk(&mut ann, &mut bob).await;
    let house = house.restarted().await;
    let early = bob.within(&mut at_bob, "INFO");
    bob.say(&early).await;
    bob.hears_nothing().await;
    let mut ann = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
    // What was not answered is said again, and finds its way now.
    bob.say(&early).await;
    let heard = ann.hears("INFO").await;
    ann.answers(&heard, "200 OK").await;
    bob.hears("200").await;
    // It speaks by its new way itself, and is ended by it.
    let number = house.system.calls.going_on()[0].number;
    assert!(house.system.sip().expect("it runs").end_numbered(number));
    for phone in [&mut ann, &mut bob] {
        let bye = phone.hears("BYE").await;
        phone.answers(&bye, "200 OK").await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_keeps_nobody_from_starting() {
    let mut house = lasting_office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    for broken in 0..3 {
        let (mut at_ann, _) = talk(&mut ann, &mut bob).await;
        house = house
            .restarted_after(|folder| {
                let file = folder.join(KEPT_FILE);
                let mut bytes = std::fs::read(&file).expect("kept");
                match broken {
                    0 => *bytes.last_mut().expect("not empty") ^= 1,
                    1 => bytes = b"nonsense".to_vec(),
                    _ => bytes = vec![0; (64 << 20) + 2000],
                }
                std::fs::write(&file, bytes).expect("written");
            })
            .await;
        assert!(house.system.calls.is_empty() && !kept(&house).exists(), "{broken}");
        let bye = ann.within(&mut at_ann, "BYE");
        ann.say(&bye).await;
        ann.hears("481").await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_program_was_killed_a_call_is_shown_when_something_is_heard_of_it() {
    let house = lasting_office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let (mut at_ann, _) = talk(&mut ann, &mut bob).await;
    let (mut at_bob, _) = talk(&mut bob, &mut ann).await;
    let bytes = written_down(&house).await;
    // As if it had not stopped: what was written last is what is there.
    let house =
        house.restarted_after(|folder| std::fs::write(folder.join(KEPT_FILE), bytes).expect("written")).await;
    assert_eq!((house.system.calls.len(), house.system.calls.going_on().len()), (2, 0));
    let info = ann.within(&mut at_ann, "INFO");
    ann.say(&info).await;
    let heard = bob.hears("INFO").await;
    bob.answers(&heard, "200 OK").await;
    ann.hears("200").await;
    assert_eq!(house.system.calls.going_on().len(), 1);
    hangs_up(&mut bob, &mut at_bob, &mut ann).await;
    hangs_up(&mut ann, &mut at_ann, &mut bob).await;
    for number in ["201", "202"] {
        let talked: Vec<_> = log(&house, number).iter().map(|entry| entry.talked).collect();
        assert_eq!(talked, [Some(Seconds(61)); 2], "{number}");
    }
    // One that is never heard of again is in no log: nobody knows when it was over.
    let house = house.restarted().await;
    let (..) = talk(&mut ann, &mut bob).await;
    let bytes = written_down(&house).await;
    let house =
        house.restarted_after(|folder| std::fs::write(folder.join(KEPT_FILE), bytes).expect("written")).await;
    house.pass(13 * 3600);
    for _ in 0..200 {
        if house.system.calls.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(house.system.calls.is_empty());
    assert_eq!(log(&house, "201").len(), 2);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_rings_stops_with_the_program_and_its_caller_is_told() {
    let house = lasting_office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    let at_bob = bob.hears("INVITE").await;
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    let phones = async {
        let cancel = bob.hears("CANCEL").await;
        bob.answers(&cancel, "200 OK").await;
        bob.answers(&at_bob, "487 Request Terminated").await;
        bob.hears("ACK").await;
        let refusal = ann.hears("487").await;
        ann.acknowledge_refusal(&invite, &refusal).await;
    };
    let (house, ()) = tokio::join!(house.restarted(), phones);
    assert!(house.system.calls.is_empty());
    house.stop().await;
}
