//! Which of somebody's secrets is the trouble, and what is said to be wrong with it.

use signin::{
    credential::{
        CredentialKind, Owner,
        trouble::{Trouble, troubles},
    },
    records::Records,
    timestamp::Seconds,
};

use crate::{
    house::House,
    portal::{self, PASSWORD, office},
};

const KINDS: [CredentialKind; 4] = [
    CredentialKind::LoginCode,
    CredentialKind::UserPassword,
    CredentialKind::VoicemailCode,
    CredentialKind::PortalPasscode,
];

fn found(house: &House) -> Vec<(CredentialKind, Trouble)> {
    let model = house.model.borrow();
    let ann = model.account(house.ann().id).unwrap();
    let extension = ann.extension().and_then(|id| model.extension(id));
    let credentials = KINDS.map(|kind| (Owner::Account(ann.id), kind));
    troubles(&*model, &ann, extension.as_deref(), &credentials, house.now.get())
}

#[test]
fn with_what_is_right_or_not_set_nothing_is_the_matter() {
    let house = office();
    assert_eq!(found(&house), []);
    portal::sign_in(&house, "201", PASSWORD);
    assert_eq!(found(&house), []);
}

#[test]
fn what_is_locked_comes_before_what_was_typed_wrongly_and_both_are_over_in_time() {
    let house = office();
    house.phone("201", "00000");
    let [(CredentialKind::LoginCode, Trouble::WrongTries(tally))] = found(&house)[..] else {
        panic!("{:?}", found(&house))
    };
    assert_eq!(tally.failures, 1);
    // By name and by number, which are two counts: one of them locks.
    portal::sign_in(&house, "Ann", "wrong");
    for i in 0..5 {
        portal::sign_in(&house, "201", &format!("wrong {i}"));
    }
    let [(CredentialKind::UserPassword, Trouble::Locked { until, tally }), (CredentialKind::LoginCode, _)] =
        found(&house)[..]
    else {
        panic!("{:?}", found(&house))
    };
    assert!(until.is_some());
    assert_eq!(tally.failures, 5);
    house.wait(Seconds::days(2));
    assert_eq!(found(&house), []);
}

#[test]
fn what_is_too_old_has_ended_and_what_breaks_a_newer_rule_is_weak() {
    let house = office();
    house.settings(|settings| settings.user_password.length_min = 40);
    assert_eq!(found(&house), [(CredentialKind::UserPassword, Trouble::Weak)]);
    house.settings(|settings| settings.user_ages.secret = Seconds::days(30));
    house.wait(Seconds::days(31));
    assert_eq!(found(&house), [(CredentialKind::UserPassword, Trouble::Ended)]);
}
