//! Phones that watch lines and mailboxes: who is told of what, and who of nothing (RFC 6665, RFC 4235, RFC 3842).

use std::time::Duration;

use signin::{
    admin::{By, NewDomain, NewExtension, SecretChoice},
    ident::DomainId,
    registration::Transport,
};
use wire::sip::HeaderName;

use crate::{
    house::House,
    talker::{Dialog, Heard, Talker},
};

const CODE_201: &str = "472839";
const CODE_202: &str = "583920";
const CODE_203: &str = "694031";

async fn office() -> House {
    let house = House::start().await.ignited().await;
    let house = house.with_user("Ann", "201", CODE_201).await.with_user("Bob", "202", CODE_202).await;
    house.with_user("Cem", "203", CODE_203).await
}

/// A SUBSCRIBE without a proof.
fn ask(talker: &Talker, to: &str, event: &str, more: &str) -> String {
    let lines = format!("Event: {event}\r\n{more}User-Agent");
    talker.request("SUBSCRIBE", to, "").replace("User-Agent", &lines)
}

/// Subscribes with a proof: the answer, and the dialog as the phone knows it.
async fn watch(talker: &mut Talker, to: &str, event: &str, more: &str) -> (Heard, Dialog) {
    let request = ask(talker, to, event, more);
    let request = talker.proven(&request).await;
    talker.say(&request).await;
    let answer = talker.hears("200").await;
    let dialog = Dialog::of_caller(&answer);
    (answer, dialog)
}

/// A refusal of what is asked with a right proof.
async fn refused(talker: &mut Talker, request: &str, status: &str) -> Heard {
    let request = talker.proven(request).await;
    talker.say(&request).await;
    talker.hears(status).await
}

/// The next NOTIFY, which is answered.
async fn told(talker: &mut Talker) -> Heard {
    let heard = talker.hears("NOTIFY").await;
    talker.answers(&heard, "200 OK").await;
    heard
}

/// A request within a subscription.
fn again(talker: &Talker, dialog: &mut Dialog, expires: u32) -> String {
    let lines = format!("Event: dialog\r\nExpires: {expires}\r\nContact");
    talker.within(dialog, "SUBSCRIBE").replace("Contact", &lines)
}

/// The calls that a document tells of, each with its state.
fn states(notify: &Heard) -> Vec<String> {
    let text = notify.text();
    let states = text.split("<state>").skip(1);
    states.filter_map(|rest| rest.split_once("</state>")).map(|(state, _)| state.to_owned()).collect()
}

fn state_of(notify: &Heard) -> String {
    notify.one(HeaderName::SubscriptionState)
}

fn version(notify: &Heard) -> u32 {
    let text = notify.text();
    let version = text.split("version=\"").nth(2).and_then(|rest| rest.split_once('"'));
    version.and_then(|(version, _)| version.parse().ok()).expect("a version")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_watches_a_line_is_told_of_its_calls_from_beginning_to_end() {
    let house = office().await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    let (answer, _) = watch(&mut cem, "202", "dialog;id=7", "Expires: 600\r\n").await;
    assert_eq!(answer.one(HeaderName::Expires), "600");
    assert_eq!(answer.one(HeaderName::Contact), format!("<sip:202@{};transport=udp>", house.sip_udp()));
    let first = told(&mut cem).await;
    assert_eq!(first.uri(), format!("sip:203@{}", cem.phone.local));
    assert_eq!(first.one(HeaderName::Event), "dialog;id=7");
    assert_eq!(first.one(HeaderName::CallId), answer.one(HeaderName::CallId));
    assert_eq!(first.one(HeaderName::From), answer.one(HeaderName::To));
    assert_eq!(first.one(HeaderName::To), answer.one(HeaderName::From).replace("\"Somebody\" ", ""));
    assert_eq!(first.one(HeaderName::CSeq), "1 NOTIFY");
    assert_eq!(first.one(HeaderName::ContentType), "application/dialog-info+xml");
    assert_eq!(state_of(&first), "active;expires=600");
    assert!(first.text().contains("state=\"full\" entity=\"sip:202@127.0.0.1\""), "{}", first.text());
    assert_eq!((states(&first), version(&first)), (vec![], 0));

    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut bob = Talker::registered(&house, Transport::Tcp, "202", CODE_202).await;
    ann.invites("202").await;
    let invite = bob.hears("INVITE").await;
    let begun = told(&mut cem).await;
    assert_eq!((states(&begun), version(&begun)), (vec!["trying".to_owned()], 1));
    assert_eq!(begun.one(HeaderName::CSeq), "2 NOTIFY");
    bob.answers(&invite, "180 Ringing").await;
    ann.hears("180").await;
    let rings = told(&mut cem).await;
    assert_eq!(states(&rings), ["early"]);
    assert!(rings.text().contains("direction=\"recipient\""), "{}", rings.text());
    assert!(
        rings.text().contains("<identity display=\"Ann\">sip:201@127.0.0.1</identity>"),
        "{}",
        rings.text()
    );
    bob.answers(&invite, "200 OK").await;
    let answered = ann.hears("200").await;
    let mut at_ann = Dialog::of_caller(&answered);
    let ack = ann.within(&mut at_ann, "ACK");
    ann.say(&ack).await;
    bob.hears("ACK").await;
    assert_eq!(states(&told(&mut cem).await), ["confirmed"]);
    let bye = ann.within(&mut at_ann, "BYE");
    ann.say(&bye).await;
    let at_bob = bob.hears("BYE").await;
    bob.answers(&at_bob, "200 OK").await;
    ann.hears("200").await;
    let over = told(&mut cem).await;
    assert_eq!((states(&over), version(&over)), (vec!["terminated".to_owned()], 4));
    cem.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_who_calls_is_in_use_too_and_who_comes_late_is_told_of_it() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut bob = Talker::registered(&house, Transport::Udp, "202", CODE_202).await;
    let invite = ann.invites("202").await;
    let at_bob = bob.hears("INVITE").await;
    bob.answers(&at_bob, "180 Ringing").await;
    ann.hears("180").await;
    let mut cem = Talker::registered(&house, Transport::Tls, "203", CODE_203).await;
    watch(&mut cem, "201", "dialog", "Accept: application/dialog-info+xml\r\n").await;
    let first = told(&mut cem).await;
    assert_eq!(states(&first), ["early"]);
    assert!(first.text().contains("direction=\"initiator\""), "{}", first.text());
    assert!(
        first.text().contains("<identity display=\"Bob\">sip:202@127.0.0.1</identity>"),
        "{}",
        first.text()
    );
    // Nobody answers.
    bob.answers(&at_bob, "486 Busy Here").await;
    bob.hears("ACK").await;
    let refusal = ann.hears("486").await;
    ann.acknowledge_refusal(&invite, &refusal).await;
    assert_eq!(states(&told(&mut cem).await), ["terminated"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_has_not_answered_is_told_nothing_more_and_then_the_newest() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut bob = Talker::registered(&house, Transport::Udp, "202", CODE_202).await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    watch(&mut cem, "202", "dialog", "").await;
    let first = cem.hears("NOTIFY").await;
    // It was lost, and comes again.
    house.clock.advance(Duration::from_millis(500));
    assert_eq!(cem.hears("NOTIFY").await.text(), first.text());
    ann.invites("202").await;
    let invite = bob.hears("INVITE").await;
    bob.answers(&invite, "180 Ringing").await;
    ann.hears("180").await;
    bob.answers(&invite, "200 OK").await;
    ann.hears("200").await;
    cem.hears_nothing().await;
    cem.answers(&first, "200 OK").await;
    let next = told(&mut cem).await;
    assert_eq!((states(&next), version(&next)), (vec!["confirmed".to_owned()], 1));
    cem.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_lasts_as_long_as_it_is_renewed_and_ends_when_it_is_said_to() {
    let house = office().await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    cem.phone.refresh(Some(3600)).await;
    let (answer, mut dialog) = watch(&mut cem, "202", "dialog", "Expires: 9999\r\n").await;
    assert_eq!(answer.one(HeaderName::Expires), "3600");
    told(&mut cem).await;
    house.pass(100);
    let refresh = again(&cem, &mut dialog, 300);
    cem.say(&refresh).await;
    assert_eq!(cem.hears("200").await.one(HeaderName::Expires), "300");
    let told_again = told(&mut cem).await;
    assert_eq!(state_of(&told_again), "active;expires=300");
    // What comes twice is answered twice, and done once.
    cem.say(&refresh).await;
    assert_eq!(cem.hears("200").await.one(HeaderName::Expires), "300");
    cem.hears_nothing().await;
    let old = refresh.replace("z9hG4bKt", "z9hG4bKo");
    cem.say(&old).await;
    cem.hears("500").await;
    let brief = again(&cem, &mut dialog, 10);
    cem.say(&brief).await;
    assert_eq!(cem.hears("423").await.one(HeaderName::MinExpires), "60");
    let other = again(&cem, &mut dialog, 300).replace("Event: dialog", "Event: message-summary");
    cem.say(&other).await;
    cem.hears("489").await;
    let end = again(&cem, &mut dialog, 0);
    cem.say(&end).await;
    assert_eq!(cem.hears("200").await.one(HeaderName::Expires), "0");
    assert_eq!(state_of(&told(&mut cem).await), "terminated;reason=timeout");
    let late = again(&cem, &mut dialog, 300);
    cem.say(&late).await;
    cem.hears("481").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_whose_time_is_up_ends_and_one_of_no_time_tells_once() {
    let house = office().await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    watch(&mut cem, "202", "dialog", "Expires: 0\r\n").await;
    assert_eq!(state_of(&told(&mut cem).await), "terminated;reason=timeout");
    let (_, mut dialog) = watch(&mut cem, "202", "dialog", "Expires: 60\r\n").await;
    assert_eq!(state_of(&told(&mut cem).await), "active;expires=60");
    house.pass(61);
    assert_eq!(state_of(&told(&mut cem).await), "terminated;reason=timeout");
    let late = again(&cem, &mut dialog, 300);
    cem.say(&late).await;
    cem.hears("481").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_knows_nothing_of_it_or_says_nothing_is_told_no_more() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    let (_, mut gone) = watch(&mut cem, "202", "dialog", "").await;
    let first = cem.hears("NOTIFY").await;
    cem.answers(&first, "481 Call/Transaction Does Not Exist").await;
    let (_, mut silent) = watch(&mut ann, "202", "dialog", "").await;
    ann.hears("NOTIFY").await;
    for _ in 0..40 {
        house.pass(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whatever of it came again, it stopped.
    while ann.phone.hear_message(crate::phone::SILENCE).await.is_some() {}
    house.pass(60);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (talker, dialog) in [(&mut cem, &mut gone), (&mut ann, &mut silent)] {
        let refresh = again(talker, dialog, 300);
        talker.say(&refresh).await;
        talker.hears("481").await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_told_of_its_own_mailbox_and_no_other() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
    let (answer, _) = watch(&mut ann, "201", "message-summary", "").await;
    assert_eq!(answer.one(HeaderName::Expires), "3600");
    let first = told(&mut ann).await;
    assert_eq!(first.one(HeaderName::ContentType), "application/simple-message-summary");
    let body =
        "\r\n\r\nMessages-Waiting: no\r\nMessage-Account: sip:201@127.0.0.1\r\nVoice-Message: 0/0 (0/0)\r\n";
    assert!(first.text().ends_with(body), "{}", first.text());
    let other = ask(&ann, "202", "message-summary", "");
    refused(&mut ann, &other, "403").await;
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_watched_is_said_why() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    for event in ["presence", "dialog.winfo", "reg"] {
        let request = ask(&ann, "202", event, "");
        ann.say(&request).await;
        assert_eq!(ann.hears("489").await.one(HeaderName::AllowEvents), "dialog, message-summary");
    }
    for (to, more, status) in [
        ("999", "", "404"),
        ("202", "Accept: application/pidf+xml\r\n", "406"),
        ("202", "Expires: 59\r\n", "423"),
    ] {
        let request = ask(&ann, to, "dialog", more);
        refused(&mut ann, &request, status).await;
    }
    let nowhere = ask(&ann, "202", "dialog", "").replace("Contact: ", "X-Contact: ");
    refused(&mut ann, &nowhere, "400").await;
    let long = ask(&ann, "202", &format!("dialog;id={}", "x".repeat(1024)), "");
    refused(&mut ann, &long, "400").await;
    let picky = ask(&ann, "202", "dialog", "Require: teleport\r\n");
    ann.say(&picky).await;
    ann.hears("420").await;
    let publish = ann.request("PUBLISH", "201", "");
    ann.say(&publish).await;
    ann.hears("405").await;
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_told_nothing() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    let (_, mut dialog) = watch(&mut ann, "202", "dialog", "").await;
    told(&mut ann).await;
    // Without a proof, with another's name, with a wrong one, and of a phone that is not registered.
    let request = ask(&cem, "202", "dialog", "");
    cem.say(&request).await;
    cem.hears("407").await;
    let forged = ask(&cem, "202", "dialog", "").replace("<sip:203@", "<sip:201@");
    refused(&mut cem, &forged, "403").await;
    // Somebody who knows all about a subscription.
    for expires in [0, 300] {
        let stolen = again(&cem, &mut dialog, expires);
        cem.say(&stolen).await;
        cem.hears("407").await;
        refused(&mut cem, &stolen, "403").await;
    }
    cem.phone.refresh(Some(0)).await;
    let request = ask(&cem, "202", "dialog", "");
    refused(&mut cem, &request, "403").await;
    cem.phone.code = "111222".into();
    let request = ask(&cem, "202", "dialog", "");
    refused(&mut cem, &request, "403").await;
    cem.hears_nothing().await;
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_has_moved_proves_itself_and_is_told_at_its_new_place() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let (_, mut dialog) = watch(&mut ann, "202", "dialog", "").await;
    told(&mut ann).await;
    let mut moved = Talker::registered(&house, Transport::Tcp, "201", CODE_201).await;
    let refresh = again(&moved, &mut dialog, 600);
    let refresh = moved.proven(&refresh).await;
    moved.say(&refresh).await;
    moved.hears("200").await;
    let next = told(&mut moved).await;
    assert_eq!(next.uri(), format!("sip:201@{}", moved.phone.local));
    assert_eq!((version(&next), state_of(&next)), (1, "active;expires=600".to_owned()));
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_has_signed_out_is_told_no_more() {
    let house = office().await;
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    watch(&mut ann, "202", "dialog", "").await;
    told(&mut ann).await;
    ann.phone.refresh(Some(0)).await;
    house.pass(60);
    assert_eq!(state_of(&told(&mut ann).await), "terminated;reason=deactivated");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_other_organisations_are_not_there() {
    let house = office().await;
    let new = NewDomain { hosts: vec!["two.example".into()], realm: String::new() };
    let made = house.system.administer(&By::console(), move |admin, _| admin.create_domain(&new)).await;
    let second = made.expect("made").value;
    let number = NewExtension { number: "301".into(), phone_password: SecretChoice::Keep };
    let console = By::console();
    let made =
        house.system.administer(&console, move |admin, dice| admin.create_extension(second, &number, dice));
    made.await.expect("made");
    assert_ne!(second, DomainId::FIRST);
    let mut ann = Talker::registered(&house, Transport::Udp, "201", CODE_201).await;
    let request = ask(&ann, "301", "dialog", "");
    refused(&mut ann, &request, "404").await;
    let theirs = ask(&ann, "301", "dialog", "").replace("@127.0.0.1 SIP", "@two.example SIP");
    refused(&mut ann, &theirs, "403").await;
    ann.hears_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_breaks_a_document() {
    let house = office().await.with_user("<\"Eve\" & 'co'>", "204", "805142").await;
    let mut eve = Talker::registered(&house, Transport::Udp, "204", "805142").await;
    let mut bob = Talker::registered(&house, Transport::Udp, "202", CODE_202).await;
    let mut cem = Talker::registered(&house, Transport::Udp, "203", CODE_203).await;
    watch(&mut cem, "202", "dialog", "").await;
    told(&mut cem).await;
    let invite = eve.request("INVITE", "202", "").replace("\"Somebody\"", "\"</state><x>\"");
    let invite = eve.proven(&invite).await;
    eve.say(&invite).await;
    bob.hears("INVITE").await;
    let begun = told(&mut cem).await.text();
    let shown =
        "<identity display=\"&lt;&quot;Eve&quot; &amp; &apos;co&apos;&gt;\">sip:204@127.0.0.1</identity>";
    assert!(begun.contains(shown), "{begun}");
    assert!(!begun.contains("<x>"), "{begun}");
    house.stop().await;
}
