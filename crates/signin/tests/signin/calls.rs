//! What administrators do about calls: short codes, mailboxes, call logs.

use std::collections::BTreeMap;

use signin::{
    account::Role,
    admin::{By, EditMailbox, Problem},
    call_log::{CallEntry, Direction},
    document::{Document, DocumentId, DocumentKind},
    domain_codes::CODES_MAX,
    effect::Effect,
    ident::{AccountId, DomainId, Number},
    mailbox::{Mailbox, NewMessage, TRUSTED_MAX},
    party::Party,
    records::Records,
    rights::Right,
    scope::Scope,
    secret::SecretBytes,
    timestamp::Seconds,
};

use crate::house::*;

fn codes(chosen: &[(&str, &str)]) -> BTreeMap<Box<str>, Box<str>> {
    chosen.iter().map(|(feature, code)| ((*feature).into(), (*code).into())).collect()
}

fn save_codes(house: &House, version: u32, chosen: &[(&str, &str)]) -> Result<(), Problem> {
    let codes = codes(chosen);
    house.administer(|admin, _| admin.save_short_codes(DomainId::FIRST, version, &codes)).map(drop)
}

fn edit(version: u32, trusted: &[&str]) -> EditMailbox {
    let trusted = trusted.iter().map(|number| (*number).to_owned()).collect();
    EditMailbox { version, trusted, trusts_own: true, is_off: false, mail_to: String::new() }
}

fn save(house: &House, edit: &EditMailbox) -> Result<(), Problem> {
    let ann = house.ann().id;
    house.administer(|admin, _| admin.save_mailbox_settings(ann, edit)).map(drop)
}

/// Somebody who has all rights but one.
fn without(right: Right) -> By {
    By { rights: Right::ALL.into_iter().filter(|other| *other != right).collect(), ..By::console() }
}

/// Leaves a message in somebody's mailbox.
fn leave(house: &House, account: AccountId, seconds: u32) {
    let mut model = house.model.borrow_mut();
    let from = Party::shown("202", "Bob");
    let new = NewMessage { at: house.now.get(), from, length: Seconds(seconds), bytes: seconds * 8000 };
    let (after, id) = model.mailbox(account).with(new).unwrap();
    model.apply(vec![
        Effect::PutDocument(Box::new(Document::Mailbox(after))),
        Effect::PutRecording(account, id, SecretBytes::new(b"hello".to_vec())),
    ]);
}

#[test]
fn short_codes_are_chosen_for_a_domain_and_the_audit_says_which() {
    let house = House::ignited();
    assert_eq!(house.model.borrow().short_codes(DomainId::FIRST).version, 0);
    save_codes(&house, 0, &[("phone-login", "*71"), ("hoteling", "")]).unwrap();
    assert_eq!(
        house.last(),
        "Domain changed Accepted office short code hoteling: \"default\" → \"off\" \
         short code phone-login: \"default\" → \"*71\""
    );
    assert_eq!(save_codes(&house, 0, &[]), Err(Problem::Changed("domain")));
    save_codes(&house, 1, &[("phone-login", "*71")]).unwrap();
    assert_eq!(house.last(), "Domain changed Accepted office short code hoteling: \"off\" → \"default\"");
    let rows = house.model.borrow().audit.len();
    save_codes(&house, 2, &[("phone-login", "*71")]).unwrap();
    assert_eq!(house.model.borrow().audit.len(), rows, "nothing has changed");
    let kept = house.model.borrow().short_codes(DomainId::FIRST);
    assert_eq!((kept.version, kept.codes), (2, codes(&[("phone-login", "*71")])));
    for odd in [("Phone", "*1"), ("", "*1"), ("voicemail", "*12345678901234567"), ("voicemail", "*1a")] {
        assert!(matches!(save_codes(&house, 2, &[odd]), Err(Problem::Invalid(_))), "{odd:?}");
    }
    let names: Vec<String> = (0..=CODES_MAX).map(|n| "a".repeat(n % 30 + 1) + &"b".repeat(n / 30)).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "*1")).collect();
    assert!(matches!(save_codes(&house, 2, &many), Err(Problem::Invalid(_))));
    let lacks = house.administer_as(&without(Right::SystemWrite), |a, _| {
        a.save_short_codes(DomainId::FIRST, 2, &codes(&[]))
    });
    assert_eq!(lacks.unwrap_err(), Problem::NoRight(Right::SystemWrite));
    let nowhere = house.administer(|a, _| a.save_short_codes(DomainId(9), 0, &codes(&[])));
    assert_eq!(nowhere.unwrap_err(), Problem::NotFound("domain"));
}

#[test]
fn a_mailbox_trusts_extensions_that_are_there_and_can_be_switched_off() {
    let house = House::with_ann();
    let ann = house.ann().id;
    save(&house, &edit(0, &[" 201", "201"])).unwrap();
    assert_eq!(house.last(), "Account changed Accepted Ann voicemail trusts: \"\" → \"201\"");
    let kept = house.model.borrow().mailbox(ann);
    assert_eq!((kept.version, kept.trusted), (1, vec![Number::parse("201").unwrap()]));
    assert_eq!(save(&house, &edit(0, &[])), Err(Problem::Changed("mailbox")));
    let problem = save(&house, &edit(1, &["201", "299", "x"])).unwrap_err().to_string();
    assert_eq!(problem, "trusted: There is no extension \"299\".; trusted: There is no extension \"x\".");
    assert!(matches!(save(&house, &edit(1, &["201"; TRUSTED_MAX + 1])), Err(Problem::Invalid(_))));
    save(&house, &EditMailbox { trusts_own: false, is_off: true, ..edit(1, &["201"]) }).unwrap();
    assert_eq!(
        house.last(),
        "Account changed Accepted Ann voicemail trusts the own extension: \"yes\" → \"no\" \
         voicemail: \"yes\" → \"no\""
    );
    leave(&house, ann, 10);
    let mailed = |version, to: &str| EditMailbox { mail_to: to.into(), ..edit(version, &[]) };
    let problem =
        save(&house, &mailed(3, "ann@example.com\r\nBcc: ben@example.com")).unwrap_err().to_string();
    assert_eq!(problem, "mail-to: One address, such as ann@example.com.");
    save(&house, &mailed(3, "ann@example.com")).unwrap();
    assert!(house.last().ends_with("voicemail mailed to: \"\" → \"ann@example.com\""), "{}", house.last());
    save(&house, &edit(4, &[])).unwrap();
    assert!(house.last().ends_with("voicemail mailed to: \"ann@example.com\" → \"\""), "{}", house.last());
    assert_eq!(house.model.borrow().mailbox(ann).messages.len(), 1, "what was left stays");
}

#[test]
fn messages_and_calls_of_a_user_are_deleted_by_whoever_may_change_users() {
    let house = House::with_ann();
    let ann = house.ann().id;
    leave(&house, ann, 10);
    leave(&house, ann, 10);
    house.administer(|a, _| a.delete_message(ann, 1)).unwrap();
    assert_eq!(house.last(), "Account changed Accepted Ann voicemail messages: \"2\" → \"1\"");
    let left: Vec<u64> =
        house.model.borrow().mailbox(ann).messages.iter().map(|message| message.id).collect();
    assert_eq!(left, [2]);
    let again = house.administer(|a, _| a.delete_message(ann, 1));
    assert_eq!(again.unwrap_err(), Problem::NotFound("message"));
    let entry = CallEntry {
        at: house.now.get(),
        direction: Direction::Missed,
        other: Party::shown("202", "Bob"),
        talked: None,
        domain: DomainId::FIRST,
    };
    house.model.borrow_mut().apply(vec![Effect::NoteCall(ann, entry)]);
    house.administer(|a, _| a.clear_call_log(ann)).unwrap();
    assert_eq!(house.last(), "Account changed Accepted Ann call log: \"\" → \"emptied\"");
    assert!(house.model.borrow().calls.is_empty());
    let by = without(Right::UsersWrite);
    let lacks = [
        house.administer_as(&by, |a, _| a.delete_message(ann, 2)).unwrap_err(),
        house.administer_as(&by, |a, _| a.clear_call_log(ann)).unwrap_err(),
        house.administer_as(&by, |a, _| a.save_mailbox_settings(ann, &edit(4, &[]))).unwrap_err(),
    ];
    assert!(lacks.iter().all(|problem| *problem == Problem::NoRight(Right::UsersWrite)));
    let administrator = house.by("Administrator").account.unwrap();
    let none = house.administer(|a, _| a.clear_call_log(administrator));
    assert_eq!(none.unwrap_err(), Problem::NotFound("user"), "service users have no phones");
}

#[test]
fn mailboxes_and_short_codes_of_another_domain_are_not_there() {
    let house = House::with_ann();
    let ann = house.ann();
    leave(&house, ann.id, 10);
    save_codes(&house, 0, &[("voicemail", "*1")]).unwrap();
    let model = house.model.borrow();
    let (own, other) = (Scope::of(&*model, Some(DomainId::FIRST)), Scope::of(&*model, Some(DomainId(2))));
    for (scope, count) in [(own, 1), (other, 0)] {
        assert_eq!(scope.documents(DocumentKind::Mailbox).len(), count);
        assert_eq!(scope.documents(DocumentKind::ShortCodes).len(), count);
        assert_eq!(scope.mailbox(ann.id).messages.len(), count);
        assert_eq!(scope.short_codes(DomainId::FIRST).codes.len(), count);
    }
    drop(model);
    let by = By { within: Some(DomainId(2)), ..By::console() };
    let refused = house.administer_as(&by, |a, _| a.delete_message(ann.id, 1));
    assert_eq!(refused.unwrap_err(), Problem::NotFound("user"));
    let refused = house.administer_as(&by, |a, _| a.save_short_codes(DomainId::FIRST, 1, &codes(&[])));
    assert_eq!(refused.unwrap_err(), Problem::NotFound("domain"));
}

#[test]
fn a_mailbox_goes_with_its_user() {
    let house = House::with_ann();
    let ann = house.ann();
    assert!(matches!(ann.role, Role::User { .. }));
    leave(&house, ann.id, 10);
    house.administer(|a, _| a.delete_user(ann.id, true)).unwrap();
    let model = house.model.borrow();
    assert_eq!(model.document(DocumentId::Mailbox(ann.id)), None);
    assert_eq!(model.mailbox(ann.id), Mailbox::untouched(ann.id));
}
