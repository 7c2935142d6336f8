//! A user's calls and mailbox in the browser: what is shown, what is set, what is deleted, and what nobody gets to hear.

use serde_json::json;
use signin::{
    admin::{By, DeskRules},
    call_log::{CallEntry, Direction},
    desk::{Desk, phone_of},
    document::Document,
    effect::Effect,
    ident::{AccountId, DomainId, ExtensionId},
    mailbox::{NewMessage, RecordingId},
    party::Party,
    records::Records as _,
    rights::Right,
    secret::SecretBytes,
    timestamp::Seconds,
};

use crate::{
    access::somebody,
    browser::Browser,
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
};

/// Ann at 201, and Bob at 202.
async fn office() -> House {
    let house = House::start().await.ignited().await;
    house.with_user("Ann", "201", "472839").await.with_user("Bob", "202", "583920").await
}

pub(crate) fn user(house: &House, number: &str) -> AccountId {
    let extension = house.system.ledger.extension(house.extension(number)).expect("an extension");
    extension.user.expect("a user")
}

fn path(house: &House, number: &str) -> String {
    format!("/manager/users/{}/calls", user(house, number))
}

async fn administrator(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    browser
}

async fn program(house: &House) -> Program {
    let mut program = Program::at(house.https());
    assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    program
}

/// Leaves a message of ten seconds in a mailbox.
pub(crate) async fn leave(house: &House, account: AccountId, name: &str) {
    let mailbox = house.system.ledger.mailbox(account);
    let from = Party::shown("202", name);
    let new = NewMessage { at: house.clock.now(), from, length: Seconds(10), bytes: 4 };
    let (mailbox, id) = mailbox.with(new).expect("room");
    let effects = vec![
        Effect::PutDocument(Box::new(Document::Mailbox(mailbox))),
        Effect::PutRecording(account, id, SecretBytes::new(b"said".to_vec())),
    ];
    house.system.ledger.commit(effects).await.expect("left");
}

/// Notes a call of a user.
pub(crate) async fn call(
    house: &House,
    account: AccountId,
    direction: Direction,
    other: &str,
    talked: Option<u32>,
) {
    let entry = CallEntry {
        at: house.clock.now(),
        direction,
        other: Party::shown(other, ""),
        talked: talked.map(Seconds),
        domain: DomainId::FIRST,
    };
    house.system.ledger.commit(vec![Effect::NoteCall(account, entry)]).await.expect("noted");
}

/// Ann is at a phone from now on.
pub(crate) async fn moves(house: &House, account: AccountId, phone: ExtensionId) {
    let moved =
        house.system.administer(&By::console(), move |admin, _| admin.log_in_at(phone, account)).await;
    moved.expect("moved");
}

fn at(house: &House, account: AccountId) -> Option<ExtensionId> {
    let ledger = &*house.system.ledger;
    phone_of(ledger, &ledger.account(account).expect("an account"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mailbox_is_set_and_what_was_wrong_is_said_at_its_field() {
    let house = office().await;
    let (mut browser, page, ann) = (administrator(&house).await, path(&house, "201"), user(&house, "201"));
    let users_page = browser.get(&format!("/manager/users/{ann}")).await;
    assert!(users_page.body.contains(&format!("href=\"{page}\"")), "{}", users_page.body);
    let shown = browser.get(&page).await;
    assert!(
        shown.body.contains("0 of 60 messages, 0:00 of 30:00") && shown.body.contains("nobody hears it here")
    );
    let print = shown.field("mailbox_shown");
    let form = format!("{page}/mailbox");
    let wrong = [
        ("mailbox_shown", &*print),
        ("voicemail", ""),
        ("trusted", "202, 999, <b>"),
        ("mail_to", "ann@example.com, ben@example.com"),
    ];
    let refused = browser.post(&form, &shown.token(), &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("There is no extension") && refused.body.contains("id=\"f-trusted-error\"")
    );
    assert!(refused.body.contains("value=\"202, 999, &#60;b&#62;\""), "nothing is lost: {}", refused.body);
    assert!(!refused.body.contains("name=\"voicemail\" value=\"yes\" checked"), "{}", refused.body);
    assert!(
        refused.body.contains("id=\"f-mail_to-error\"")
            && refused.body.contains("No server for mail is set yet")
    );
    let right = [
        ("mailbox_shown", &*print),
        ("voicemail", "yes"),
        ("trusted", "202,201 202"),
        ("mail_to", "ann@example.com"),
    ];
    assert_eq!(browser.post(&form, &shown.token(), &right).await.status, 303);
    let mailbox = house.system.ledger.mailbox(ann);
    let trusted: Vec<_> = mailbox.trusted.iter().map(signin::ident::Number::as_str).collect();
    assert_eq!((trusted, mailbox.trusts_own, mailbox.is_off), (vec!["201", "202"], false, false));
    assert_eq!(mailbox.mail_to.as_ref().map(signin::mail::MailAddress::as_str), Some("ann@example.com"));
    // A page that was opened before is told so, and keeps what was typed.
    let late = browser.post(&form, &shown.token(), &[("mailbox_shown", &*print), ("trusted", "")]).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("Somebody else changed this mailbox") && late.body.contains("In force now"));
    // A message that comes in meanwhile is no such change.
    let shown = browser.get(&page).await;
    leave(&house, ann, "Bob").await;
    let fields = [("mailbox_shown", &*shown.field("mailbox_shown")), ("trusted", "")];
    assert_eq!(browser.post(&form, &shown.token(), &fields).await.status, 303);
    assert!(house.system.ledger.mailbox(ann).is_off);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_seen_and_deleted_and_heard_by_nobody() {
    let house = office().await;
    let (mut browser, page, ann) = (administrator(&house).await, path(&house, "201"), user(&house, "201"));
    leave(&house, ann, "<script>Bob").await;
    leave(&house, ann, "Cem").await;
    let shown = browser.get(&page).await;
    assert!(shown.body.contains("2 of 60 messages, 0:20 of 30:00") && shown.body.contains(">New<"));
    assert!(shown.body.contains("Cem") && !shown.body.contains("<script>Bob"), "{}", shown.body);
    assert!(!shown.body.contains("<audio"), "{}", shown.body);
    let question = format!("{page}/messages/1/delete");
    let asked = browser.get(&question).await;
    assert!(asked.status == 200 && asked.body.contains("nobody has heard it"), "{}", asked.body);
    assert_eq!(house.system.ledger.mailbox(ann).messages.len(), 2, "asked only");
    assert_eq!(browser.post(&question, &asked.token(), &[]).await.status, 303);
    let left = house.system.ledger.mailbox(ann);
    assert_eq!(left.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [2]);
    assert_eq!(house.system.ledger.recording(ann, RecordingId::Message(1)).expect("read"), None);
    for again in [browser.post(&question, &asked.token(), &[]).await, browser.get(&question).await] {
        assert_eq!((again.status, again.header("location")), (303, &*page));
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_set_and_whoever_is_elsewhere_is_logged_out() {
    let house = office().await;
    let (mut browser, page, ann) = (administrator(&house).await, path(&house, "201"), user(&house, "201"));
    let shown = browser.get(&page).await;
    assert!(shown.body.contains("At the own phone, 201.") && !shown.body.contains(">Log out<"));
    let form = format!("{page}/desk");
    let print = shown.field("desk_shown");
    for (idle, hours, says) in
        [("1441", "1", "At most one day."), ("a", "1", "whole number"), ("1", "25", "24 hours")]
    {
        let fields = [("desk_shown", &*print), ("idle", idle), ("guest_hours_max", hours)];
        let refused = browser.post(&form, &shown.token(), &fields).await;
        assert!(refused.status == 422 && refused.body.contains(says), "{idle} {hours}: {}", refused.body);
        assert_eq!(refused.field("idle"), idle, "nothing is lost");
    }
    let rules = [
        ("desk_shown", &*print),
        ("is_forced", ""),
        ("idle", "15"),
        ("guest_hours_max", "2"),
        ("may_be_guest", "yes"),
    ];
    assert_eq!(browser.post(&form, &shown.token(), &rules).await.status, 303);
    let desk = Desk::of(&*house.system.ledger, ann);
    assert_eq!(
        (desk.is_forced, desk.idle, desk.guest_hours_max, desk.may_be_guest),
        (false, Seconds(900), 2, true)
    );
    assert_eq!(browser.post(&form, &shown.token(), &rules).await.status, 409, "of the page as it was");
    let bobs = house.extension("202");
    moves(&house, ann, bobs).await;
    let there = browser.get(&page).await;
    assert!(there.body.contains("At the phone of 202."), "{}", there.body);
    let logout = format!("{page}/logout");
    assert!(there.body.contains(&format!("href=\"{logout}\" data-confirm")), "{}", there.body);
    // It is asked first, and nothing happens by asking.
    let there = browser.get(&logout).await;
    assert!(
        there.body.contains("Log Ann out?") && there.body.contains("At the phone of 202."),
        "{}",
        there.body
    );
    assert_eq!(at(&house, ann), Some(bobs));
    let phone = there.field("phone");
    let own = house.extension("201").to_string();
    assert_eq!(browser.post(&logout, &there.token(), &[("phone", &own)]).await.status, 303);
    assert_eq!(at(&house, ann), Some(bobs), "they are not at that phone");
    assert_eq!(browser.post(&logout, &there.token(), &[("phone", &phone)]).await.status, 303);
    assert_eq!(at(&house, ann), Some(house.extension("201")));
    assert!(house.audit().await.join("\n").contains("Ann"));
    // Who is at home and need not log in cannot be logged out: there is nothing to ask.
    let nothing = browser.get(&logout).await;
    assert_eq!((nothing.status, nothing.header("location")), (303, &*page));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_log_is_shown_and_cleared() {
    let house = office().await;
    let (mut browser, page, ann) = (administrator(&house).await, path(&house, "201"), user(&house, "201"));
    assert!(browser.get(&page).await.body.contains("No calls"));
    call(&house, ann, Direction::Made, "202", Some(67)).await;
    call(&house, ann, Direction::Missed, "203", None).await;
    let shown = browser.get(&page).await;
    for what in [">Made<", ">Missed<", "1:07", "Not at all", "203"] {
        assert!(shown.body.contains(what), "{what}: {}", shown.body);
    }
    let question = format!("{page}/clear");
    let asked = browser.get(&question).await;
    assert!(asked.body.contains("Clear the call log of Ann?"), "{}", asked.body);
    assert_eq!(browser.post(&question, &asked.token(), &[]).await.status, 303);
    assert!(browser.get(&page).await.body.contains("No calls"));
    assert!(house.system.ledger.call_log(ann, house.clock.now()).expect("read").is_empty());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_has_nothing_to_press() {
    let house = office().await;
    let ann = user(&house, "201");
    leave(&house, ann, "Bob").await;
    let rules = DeskRules { is_forced: true, idle: Seconds(0), guest_hours_max: 0, may_be_guest: false };
    let ruled =
        house.system.administer(&By::console(), move |admin, _| admin.save_desk_rules(ann, rules)).await;
    ruled.expect("saved");
    let mut looker = somebody(&house, "looker", &[Right::UsersRead], false).await;
    let page = looker.get(&path(&house, "201")).await;
    assert_eq!(page.status, 200);
    for button in [">Save", ">Delete…", ">Log out<", ">Clear…"] {
        assert!(!page.body.contains(button), "{button}: {}", page.body);
    }
    assert!(page.body.contains("name=\"trusted\"") && page.body.contains("disabled"), "{}", page.body);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_set_the_mailbox_and_delete_messages() {
    let house = office().await;
    let ann = user(&house, "201");
    let program = program(&house).await;
    let (mailbox, messages) = (format!("/users/{ann}/mailbox"), format!("/users/{ann}/messages"));
    let shown = program.get(&mailbox).await;
    assert_eq!(shown.json()["messages_max"], json!(60));
    let mut wanted = json!({"is_on": true, "trusts_own_extension": false, "trusted": ["999"]});
    let refused = program.put(&mailbox, shown.header("etag"), &wanted).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("trusted")));
    wanted["trusted"] = json!(["202"]);
    wanted["mail_to"] = json!("ann@example.com\r\nBcc: x@y");
    let refused = program.put(&mailbox, shown.header("etag"), &wanted).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("mail_to")));
    wanted["mail_to"] = json!("ann@example.com");
    let saved = program.put(&mailbox, shown.header("etag"), &wanted).await;
    assert_eq!((saved.status, &saved.json()["trusted"]), (200, &json!(["202"])), "{}", saved.body);
    wanted.as_object_mut().expect("an object").remove("mail_to");
    let again = program.put(&mailbox, "*", &wanted).await;
    assert_eq!(again.json()["mail_to"], json!("ann@example.com"), "what is left out stays: {}", again.body);
    assert_eq!(program.put(&mailbox, shown.header("etag"), &wanted).await.status, 412);
    leave(&house, ann, "Bob").await;
    leave(&house, ann, "Cem").await;
    let listed = program.get(&format!("{messages}?limit=1")).await.json();
    assert_eq!((&listed["total"], &listed["items"][0]["from"]["name"]), (&json!(2), &json!("Bob")));
    assert_eq!((&listed["items"][0]["seconds"], &listed["items"][0]["is_new"]), (&json!(10), &json!(true)));
    assert_eq!(program.get(&mailbox).await.json()["seconds"], json!(20));
    assert_eq!(program.delete(&format!("{messages}/1"), "").await.status, 204);
    assert_eq!(program.delete(&format!("{messages}/1"), "").await.status, 404);
    assert_eq!(program.get(&messages).await.json()["items"][0]["id"], json!(2));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_set_the_desk_log_users_out_and_clear_the_call_log() {
    let house = office().await;
    let ann = user(&house, "201");
    let program = program(&house).await;
    let (desk, log) = (format!("/users/{ann}/desk"), format!("/users/{ann}/calls"));
    let shown = program.get(&desk).await;
    assert_eq!(shown.json()["at"]["number"], json!("201"));
    let mut wanted =
        json!({"must_log_in": false, "idle_seconds": 86_401, "guest_hours": 25, "may_be_guest": true});
    let refused = program.put(&desk, shown.header("etag"), &wanted).await;
    let fields: Vec<_> =
        refused.json()["errors"].as_array().expect("errors").iter().map(|it| it["field"].clone()).collect();
    assert_eq!((refused.status, fields), (422, vec![json!("idle_seconds"), json!("guest_hours")]));
    (wanted["idle_seconds"], wanted["guest_hours"]) = (json!(90), json!(8));
    let saved = program.put(&desk, shown.header("etag"), &wanted).await;
    assert_eq!((saved.status, &saved.json()["idle_seconds"]), (200, &json!(90)), "{}", saved.body);
    assert_eq!(program.put(&desk, shown.header("etag"), &wanted).await.status, 412);
    // What programs have set to the second a page leaves as it is, where nobody touches it.
    let mut browser = administrator(&house).await;
    let page = browser.get(&path(&house, "201")).await;
    assert_eq!(page.field("idle"), "2");
    let fields = [("desk_shown", &*page.field("desk_shown")), ("idle", "2"), ("guest_hours_max", "4")];
    assert_eq!(
        browser.post(&format!("{}/desk", path(&house, "201")), &page.token(), &fields).await.status,
        303
    );
    assert_eq!(Desk::of(&*house.system.ledger, ann).idle, Seconds(90));
    let bobs = house.extension("202");
    moves(&house, ann, bobs).await;
    assert_eq!(program.get(&desk).await.json()["at"]["number"], json!("202"));
    let logout = format!("/extensions/{bobs}/logout-user");
    for was in [true, false] {
        assert_eq!(program.post(&logout, &json!({})).await.json(), json!({"was_logged_in": was}));
    }
    assert_eq!(at(&house, ann), Some(house.extension("201")));
    call(&house, ann, Direction::Received, "202", Some(67)).await;
    let listed = program.get(&log).await.json();
    let entry = &listed["items"][0];
    assert_eq!(
        (&entry["direction"], &entry["other"]["number"], &entry["talked_seconds"]),
        (&json!("received"), &json!("202"), &json!(67))
    );
    assert_eq!(program.delete(&log, "").await.status, 204);
    assert_eq!(program.get(&log).await.json()["total"], json!(0));
    house.stop().await;
}
