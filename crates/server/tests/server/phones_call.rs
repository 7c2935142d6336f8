//! Calls between phones: what the proxy passes on, to whom, and what it never does (RFC 3261 section 16).

use signin::registration::Transport;
use wire::sip::HeaderName;

use crate::{
    house::House,
    talker::{Dialog, Talker},
};

pub(crate) const CODE_201: &str = "472839";
pub(crate) const CODE_202: &str = "583920";
const CODE_203: &str = "694031";

/// Nobody has a mailbox: what phones say is the answer.
pub(crate) async fn office() -> House {
    let house = House::start().await.ignited().await;
    let house = house.with_user("Ann", "201", CODE_201).await.with_user("Bob", "202", CODE_202).await;
    let house = house.with_user("Cem", "203", CODE_203).await;
    house.without_mailboxes(&["201", "202", "203"]).await
}

pub(crate) async fn two_phones(house: &House) -> (Talker, Talker) {
    let ann = Talker::registered(house, Transport::Udp, "201", CODE_201).await;
    (ann, Talker::registered(house, Transport::Udp, "202", CODE_202).await)
}

/// Up to the call that is answered and acknowledged; the dialog as both know it.
pub(crate) async fn talk(caller: &mut Talker, called: &mut Talker) -> (Dialog, Dialog) {
    let to = called.phone.number.clone();
    caller.invites(&to).await;
    let invite = called.hears("INVITE").await;
    called.answers(&invite, "180 Ringing").await;
    caller.hears("180").await;
    let answer = called.answers(&invite, "200 OK").await;
    let answered = caller.hears("200").await;
    let mut dialog = Dialog::of_caller(&answered);
    let ack = caller.within(&mut dialog, "ACK");
    caller.say(&ack).await;
    called.hears("ACK").await;
    (dialog, Dialog::of_called(&invite, &answer))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_talk_whatever_they_are_connected_by() {
    let house = office().await;
    let all = Transport::ALL;
    for by in all.into_iter().flat_map(|one| all.map(|other| (one, other))) {
        let mut ann = Talker::registered(&house, by.0, "201", CODE_201).await;
        let mut bob = Talker::registered(&house, by.1, "202", CODE_202).await;
        // Those that registered before are gone for a stream, and elsewhere for datagrams.
        let (mut at_ann, mut at_bob) = talk(&mut ann, &mut bob).await;
        for (method, from_ann) in
            [("INFO", true), ("UPDATE", false), ("REFER", true), ("NOTIFY", false), ("BYE", false)]
        {
            let (sender, dialog, receiver) =
                if from_ann { (&mut ann, &mut at_ann, &mut bob) } else { (&mut bob, &mut at_bob, &mut ann) };
            let request = sender.within(dialog, method);
            sender.say(&request).await;
            let heard = receiver.hears(method).await;
            assert_eq!(heard.all(HeaderName::Route), Vec::<String>::new(), "ours are taken off");
            receiver.answers(&heard, "200 OK").await;
            sender.hears("200").await;
        }
        assert!(house.system.calls.going_on().is_empty(), "{by:?}");
        for phone in [&mut ann, &mut bob] {
            phone.phone.refresh(Some(0)).await;
        }
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_says_who_calls_and_nothing_that_was_for_us() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.request("INVITE", "202", "v=0\r\n").replace(
        "User-Agent",
        "P-Asserted-Identity: \"The Boss\" <sip:999@elsewhere>\r\nRemote-Party-ID: <sip:999@elsewhere>\r\nUser-Agent",
    );
    let invite = ann.proven(&invite).await;
    ann.say(&invite).await;
    let heard = bob.hears("INVITE").await;
    assert_eq!(heard.uri(), format!("sip:202@{}", bob.phone.local));
    assert_eq!(heard.all(HeaderName::PAssertedIdentity), ["\"Ann\" <sip:201@127.0.0.1>"]);
    assert_eq!(heard.one(HeaderName::MaxForwards), "69");
    assert_eq!(heard.all(HeaderName::ProxyAuthorization), Vec::<String>::new());
    // Not its number alone: a port may be like it.
    assert!(!heard.text().contains("elsewhere"), "{}", heard.text());
    assert!(heard.text().ends_with("\r\n\r\nv=0\r\n"), "the body as it came");
    let vias = heard.all(HeaderName::Via);
    assert_eq!(vias.len(), 2);
    assert!(vias[1].contains(&format!(";received=127.0.0.1;rport={}", ann.phone.local.port())), "{vias:?}");
    let route = heard.one(HeaderName::RecordRoute);
    assert_eq!(route, format!("<sip:{};lr;hookswitch>", house.sip_udp()));
    bob.answers(&heard, "200 OK").await;
    let mut dialog = Dialog::of_caller(&ann.hears("200").await);
    // An ACK says again how its INVITE was proven (RFC 3261 section 22.1): with that, Bob could try codes at home.
    let proof = invite.lines().find(|line| line.starts_with("Proxy-Authorization: ")).expect("a proof");
    let foreign = "Proxy-Authorization: Digest username=\"x\", realm=\"elsewhere\", nonce=\"1\", uri=\"sip:x\", response=\"2\"";
    for method in ["ACK", "BYE"] {
        let request = ann.within(&mut dialog, method);
        let both = format!("{proof}\r\n{foreign}\r\nMax-Forwards");
        ann.say(&request.replace("Max-Forwards", &both)).await;
        let heard = bob.hears(method).await;
        let shown = heard.all(HeaderName::ProxyAuthorization);
        assert!(shown.len() == 1 && shown[0].contains("elsewhere"), "{method}: {shown:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_passed_on_for_who_has_not_proven_to_be_a_phone_of_the_house() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    for method in ["INVITE", "MESSAGE"] {
        let request = ann.request(method, "202", "");
        ann.say(&request).await;
        ann.hears("407").await;
    }
    for method in ["PUBLISH", "REFER", "UPDATE", "INFO", "NOTIFY", "PRACK"] {
        let request = ann.request(method, "202", "");
        ann.say(&request).await;
        ann.hears("405").await;
    }
    // Another's name, with one's own secret.
    let forged = ann.request("INVITE", "202", "").replace("<sip:201@", "<sip:203@");
    let forged = ann.proven(&forged).await;
    ann.say(&forged).await;
    ann.hears("403").await;
    // A wrong secret.
    ann.phone.code = "111222".into();
    let wrong = ann.request("INVITE", "202", "");
    let wrong = ann.proven(&wrong).await;
    ann.say(&wrong).await;
    ann.hears("403").await;
    // A right one, of a phone that has not registered.
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    cem.phone.refresh(Some(0)).await;
    cem.invites("202").await;
    cem.hears("403").await;
    bob.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_called_is_said_to_the_caller() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    for (number, status) in [("999", "404"), ("203", "480"), ("201", "480")] {
        ann.invites(number).await;
        ann.hears(status).await;
    }
    let busy = ann.invites("202").await;
    let invite = bob.hears("INVITE").await;
    bob.answers(&invite, "486 Busy Here").await;
    bob.hears("ACK").await;
    let refusal = ann.hears("486").await;
    ann.acknowledge_refusal(&busy, &refusal).await;
    bob.hears_nothing().await;
    let too_far = ann.request("INVITE", "202", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    ann.say(&too_far).await;
    ann.hears("483").await;
    let picky = ann.request("INVITE", "202", "").replace("Contact", "Proxy-Require: teleport\r\nContact");
    ann.say(&picky).await;
    assert_eq!(ann.hears("420").await.one(HeaderName::Unsupported), "teleport");
    // What has been here already.
    let round = bob.request("INVITE", "201", "");
    let via = invite.all(HeaderName::Via)[0].clone();
    let round = round.replacen("Max-Forwards", &format!("Via: {via}\r\nMax-Forwards"), 1);
    bob.say(&round).await;
    bob.hears("482").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_phones_of_a_user_ring_until_one_answers() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let mut second = Talker::registered(&house, Transport::Tcp, "202", CODE_202).await;
    ann.invites("202").await;
    let (at_bob, at_second) = (bob.hears("INVITE").await, second.hears("INVITE").await);
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    second.answers(&at_second, "180 Ringing").await;
    ann.hears("180").await;
    second.answers(&at_second, "200 OK").await;
    ann.hears("200").await;
    let cancel = bob.hears("CANCEL").await;
    assert_eq!(cancel.one(HeaderName::Via), at_bob.all(HeaderName::Via)[0]);
    bob.answers(&cancel, "200 OK").await;
    bob.answers(&at_bob, "487 Request Terminated").await;
    bob.hears("ACK").await;
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_stops_the_ringing() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    let at_bob = bob.hears("INVITE").await;
    // Before the phone has said anything, it cannot be cancelled yet (section 9.1).
    let cancel = invite.replace("INVITE", "CANCEL").replace("v=0\r\n", "").replace("Length: 5", "Length: 0");
    ann.say(&cancel).await;
    ann.hears("200").await;
    bob.hears_nothing().await;
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    let cancel = bob.hears("CANCEL").await;
    bob.answers(&cancel, "200 OK").await;
    bob.answers(&at_bob, "487 Request Terminated").await;
    bob.hears("ACK").await;
    let refusal = ann.hears("487").await;
    ann.acknowledge_refusal(&invite, &refusal).await;
    // Nothing is there any more that could be cancelled.
    let late = invite.replace("INVITE", "CANCEL").replace("z9hG4bKt", "z9hG4bKu");
    ann.say(&late).await;
    ann.hears("481").await;
    assert!(house.system.calls.going_on().is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_crosses_a_cancel_is_a_call() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    let at_bob = bob.hears("INVITE").await;
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    let cancel = invite.replace("INVITE", "CANCEL").replace("v=0\r\n", "").replace("Length: 5", "Length: 0");
    ann.say(&cancel).await;
    ann.hears("200").await;
    let at_bob_cancel = bob.hears("CANCEL").await;
    bob.answers(&at_bob, "200 OK").await;
    bob.answers(&at_bob_cancel, "200 OK").await;
    let answered = ann.hears("200").await;
    assert!(answered.one(HeaderName::CSeq).ends_with("INVITE"));
    let mut dialog = Dialog::of_caller(&answered);
    for method in ["ACK", "BYE"] {
        let request = ann.within(&mut dialog, method);
        ann.say(&request).await;
        bob.hears(method).await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_sent_again_and_what_comes_twice_is_heard_once() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    let first = bob.hears("INVITE").await;
    // The phone takes its time (section 17.2.1); and the caller has not heard the 100.
    house.clock.advance(std::time::Duration::from_millis(200));
    ann.hears("100").await;
    ann.say(&invite).await;
    ann.hears("100").await;
    bob.hears_nothing().await;
    // The phone has not heard the INVITE.
    house.clock.advance(std::time::Duration::from_millis(500));
    assert_eq!(bob.hears("INVITE").await.text(), first.text());
    bob.answers(&first, "180 Ringing").await;
    ann.hears("180").await;
    house.clock.advance(std::time::Duration::from_secs(5));
    bob.hears_nothing().await;
    // The answer is lost on the way back, and comes again; so does its acknowledgement.
    let answer = bob.answers(&first, "200 OK").await;
    ann.hears("200").await;
    bob.say(&answer.text()).await;
    let answered = ann.hears("200").await;
    let mut dialog = Dialog::of_caller(&answered);
    for _ in 0..2 {
        let ack = ann.within(&mut dialog, "ACK");
        ann.say(&ack).await;
        bob.hears("ACK").await;
    }
    // A late INVITE begins nothing.
    ann.say(&invite).await;
    bob.hears_nothing().await;
    // BYE, its answer lost.
    let bye = ann.within(&mut dialog, "BYE");
    ann.say(&bye).await;
    let at_bob = bob.hears("BYE").await;
    bob.answers(&at_bob, "200 OK").await;
    ann.hears("200").await;
    ann.say(&bye).await;
    ann.hears("200").await;
    bob.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_says_nothing_is_given_up() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let invite = ann.invites("202").await;
    bob.hears("INVITE").await;
    house.clock.advance(std::time::Duration::from_millis(200));
    ann.hears("100").await;
    // Timer A doubles, until timer B ends it (section 17.1.1.2).
    for wait in [500, 1000, 2000, 4000, 8000, 16_000] {
        house.clock.advance(std::time::Duration::from_millis(wait));
        bob.hears("INVITE").await;
    }
    house.clock.advance(std::time::Duration::from_millis(500));
    let refusal = ann.hears("408").await;
    // The refusal is said again until it is acknowledged (timer G).
    house.clock.advance(std::time::Duration::from_millis(500));
    ann.hears("408").await;
    ann.acknowledge_refusal(&invite, &refusal).await;
    bob.hears_nothing().await;
    house.clock.advance(std::time::Duration::from_secs(5));
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_the_business_of_its_two_phones_alone() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let (mut at_ann, _) = talk(&mut ann, &mut bob).await;
    // Somebody who knows all about the call, at another address; a phone that has moved is such a one too.
    let mut cem = Talker::registered(&house, Transport::Tcp, "203", CODE_203).await;
    for method in ["BYE", "INVITE", "REFER", "INFO"] {
        let request = cem.within(&mut at_ann, method);
        cem.say(&request).await;
        cem.hears("407").await;
    }
    let ack = cem.within(&mut at_ann, "ACK");
    cem.say(&ack).await;
    cem.hears_nothing().await;
    let mine = cem.within(&mut at_ann, "BYE");
    let mine = cem.proven(&mine).await;
    cem.say(&mine).await;
    cem.hears("403").await;
    bob.hears_nothing().await;
    let mut moved = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
    let bye = moved.within(&mut at_ann, "BYE");
    let bye = moved.proven(&bye).await;
    moved.say(&bye).await;
    let at_bob = bob.hears("BYE").await;
    bob.answers(&at_bob, "200 OK").await;
    moved.hears("200").await;
    // And nobody begins another's call anew.
    let again = cem.request("INVITE", "202", "").replace("Call-ID: talk-", "Call-ID: other-");
    let again = cem.proven(&again).await;
    cem.say(&again).await;
    bob.hears("INVITE").await;
    let stolen = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut stolen = stolen;
    let same = again.replace("<sip:203@", "<sip:201@");
    let same: String =
        same.lines().filter(|line| !line.starts_with("Proxy-Auth")).map(|l| format!("{l}\r\n")).collect();
    let same = same.replace("z9hG4bKt", "z9hG4bKs");
    let same = stolen.proven(&same).await;
    stolen.say(&same).await;
    stolen.hears("482").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_goes_to_all_phones_and_the_first_answer_comes_back() {
    let house = office().await;
    let (mut ann, mut bob) = two_phones(&house).await;
    let mut second = Talker::registered(&house, Transport::Tls, "202", CODE_202).await;
    let text = ann.request("MESSAGE", "202", "lunch?");
    let text = ann.proven(&text).await;
    ann.say(&text).await;
    for phone in [&mut bob, &mut second] {
        let heard = phone.hears("MESSAGE").await;
        assert!(heard.text().ends_with("\r\n\r\nlunch?"));
        assert_eq!(heard.all(HeaderName::RecordRoute), Vec::<String>::new());
        phone.answers(&heard, "200 OK").await;
    }
    ann.hears("200").await;
    ann.hears_nothing().await;
    house.stop().await;
}
