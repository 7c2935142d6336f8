//! Who gets in, who does not, and what is said.

use signin::{
    account::{Condition, RoleKind, Status},
    admin::{EditUser, SecretChoice},
    credential::{CredentialKind, Owner},
    digest::DigestAlgorithm,
    effect::Effect,
    records::Records,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, CODE, House, PARTNER_PASSWORD, line, word};

#[test]
fn the_right_password_signs_in_and_is_told_about_the_last_time() {
    let house = House::ignited();
    let Verdict::Accept(first) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
    assert_eq!(first.before.signed_in_at, None);
    assert_eq!(first.status, Status::Enabled);
    assert!(first.session.is_some());
    assert_eq!(house.last(), "Sign in Accepted Administrator");
    let first_at = house.now.get();
    house.wait(Seconds(60));
    house.web("Administrator", "wrong wrong wrong");
    house.web("administrator", "wrong wrong again");
    let Verdict::Accept(second) = house.web("ADMINISTRATOR", ADMIN_PASSWORD) else { panic!() };
    assert_eq!(second.before.signed_in_at, Some(first_at));
    assert_eq!(second.before.failures_since, 2);
}

#[test]
fn unknown_name_and_wrong_password_are_told_apart_in_the_audit_alone() {
    let house = House::ignited();
    for attempt in 1..=4 {
        let wrong = format!("wrong wrong wrong {attempt}");
        let known = house.web_from("192.0.2.1", "Administrator", &wrong);
        let known_reason = house.last();
        let unknown = house.web_from("192.0.2.2", "Nobody", &wrong);
        assert_eq!(word(&known), word(&unknown), "attempt {attempt}");
        if attempt == 1 {
            assert_eq!(known_reason, "Sign in Refused Administrator (Wrong secret)");
            assert_eq!(house.last(), "Sign in Refused Nobody (Nobody has this name)");
        }
    }
}

#[test]
fn a_phone_signs_in_with_the_login_code_in_either_hash() {
    let house = House::with_ann();
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Md5] {
        let decision = house.phone_with("192.0.2.9".parse().unwrap(), "201", CODE, algorithm);
        assert_eq!(word(&decision.verdict), "accept");
        let is_first = algorithm == DigestAlgorithm::Sha256;
        assert_eq!(decision.effects.len(), usize::from(is_first), "the place is noted once a day");
        assert!(!decision.must_last, "a phone that signs in rightly waits for nothing");
    }
    assert_eq!(word(&house.phone("201", "48158")), "reject");
    assert_eq!(word(&house.phone("202", CODE)), "reject");
    assert_eq!(word(&house.phone("20x", CODE)), "reject");
}

#[test]
fn the_phone_password_takes_the_place_of_the_login_code() {
    let house = House::with_ann();
    let extension = house.ann().extension().unwrap();
    let choice = SecretChoice::Set(Secret::new("phone-pass-1"));
    let owner = Owner::Extension(extension);
    house
        .administer(|a, dice| a.set_secret(owner, CredentialKind::PhonePassword, &choice, false, dice))
        .unwrap();
    assert_eq!(word(&house.phone("201", "phone-pass-1")), "accept");
    assert_eq!(word(&house.phone("201", CODE)), "reject");
    let removed = &SecretChoice::Remove;
    house
        .administer(|a, dice| a.set_secret(owner, CredentialKind::PhonePassword, removed, false, dice))
        .unwrap();
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn an_answer_used_twice_is_only_challenged_again() {
    let house = House::with_ann();
    let phone = "192.0.2.9".parse().unwrap();
    house.with_phone(phone, "201", CODE, DigestAlgorithm::Md5, |attempt| {
        assert_eq!(word(&house.attempt(attempt).verdict), "accept");
        for _ in 0..20 {
            assert_eq!(word(&house.attempt(attempt).verdict), "challenge");
        }
    });
    assert!(house.model.borrow().tallies.values().all(|tally| tally.failures == 0 && tally.in_flight == 0));
}

#[test]
fn a_refusal_that_is_not_heard_and_asked_for_again_counts_once() {
    let house = House::with_ann();
    let phone = "192.0.2.9".parse().unwrap();
    house.with_phone(phone, "201", "0", DigestAlgorithm::Md5, |attempt| {
        for _ in 0..10 {
            assert_eq!(word(&house.attempt(attempt).verdict), "reject");
        }
        let tallies = &house.model.borrow().tallies;
        for key in [attempt.subject_key(), attempt.address_key()] {
            assert_eq!((tallies[&key].failures, tallies[&key].in_flight), (1, 0));
        }
    });
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn a_phone_that_refreshes_hands_out_no_guesses_to_somebody_elsewhere() {
    let house = House::with_ann();
    for round in 1..=5 {
        let said = word(&house.phone_from("198.51.100.66", "201", "0"));
        assert_eq!(said, if round < 5 { "reject" } else { "wait" });
        if round < 5 {
            assert_eq!(word(&house.phone_from("192.0.2.9", "201", CODE)), "accept");
        }
    }
}

#[test]
fn an_unset_secret_opens_nothing_and_looks_like_a_wrong_one() {
    let house = House::with_ann();
    let owner = Owner::Account(house.ann().id);
    let remove = &SecretChoice::Remove;
    house.administer(|a, dice| a.set_secret(owner, CredentialKind::LoginCode, remove, false, dice)).unwrap();
    for code in ["", CODE, "0"] {
        assert_eq!(word(&house.phone("201", code)), "reject");
    }
    assert_eq!(house.last(), "Sign in Refused 201 (No secret is set)");
}

#[test]
fn an_expired_secret_opens_nothing() {
    let house = House::with_ann();
    let owner = Owner::Account(house.ann().id);
    let facts = house.model.borrow().credential(owner, CredentialKind::LoginCode).unwrap();
    let ended = signin::credential::CredentialFacts { expires_at: Some(house.now.get()), ..facts };
    house.model.borrow_mut().apply(vec![Effect::PutCredentialFacts(owner, CredentialKind::LoginCode, ended)]);
    assert_eq!(word(&house.phone("201", CODE)), "reject");
}

fn edit(house: &House, change: impl FnOnce(&mut EditUser)) {
    let ann = house.ann();
    let mut edit = EditUser {
        version: ann.version,
        name: ann.name.to_string(),
        full_name: ann.full_name.to_string(),
        number: "201".into(),
        condition: None,
        expires_at: ann.expires_at,
    };
    change(&mut edit);
    house.administer(|admin, _| admin.edit_user(ann.id, &edit)).unwrap();
}

#[test]
fn a_disabled_user_is_refused_like_a_wrong_code_and_counted_like_one() {
    let house = House::with_ann();
    edit(&house, |edit| edit.condition = Some(Condition::Disabled));
    let words: Vec<_> = (0..6).map(|_| word(&house.phone("201", CODE))).collect();
    assert_eq!(words, ["reject", "reject", "reject", "reject", "wait", "wait"]);
    edit(&house, |edit| edit.condition = Some(Condition::Enabled));
    assert_eq!(word(&house.phone("201", CODE)), "accept", "enabling by hand resets the count");
}

#[test]
fn a_phone_works_on_while_its_user_must_choose_a_new_password() {
    let house = House::with_ann();
    edit(&house, |edit| edit.condition = Some(Condition::ForceNewPassword));
    assert_eq!(word(&house.phone("201", CODE)), "accept");
}

#[test]
fn an_account_ends_on_its_last_day() {
    let house = House::with_ann();
    let end = house.now.get().after(Seconds::days(1));
    edit(&house, |edit| edit.expires_at = Some(end));
    assert_eq!(word(&house.phone("201", CODE)), "accept");
    house.wait(Seconds::days(1));
    assert_eq!(word(&house.phone("201", CODE)), "reject");
    assert_eq!(house.last(), "Sign in Refused 201 (The account has expired)");
}

#[test]
fn an_unused_service_account_is_locked_and_an_old_password_must_be_changed() {
    let house = House::ignited();
    house.settings(|settings| {
        settings.ages.idle = Seconds::days(90);
        settings.ages.secret = Seconds::days(30);
    });
    house.wait(Seconds::days(31));
    let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
    assert_eq!(accepted.status, Status::LockedPasswordExpired);
    assert!(accepted.status.wants_new_secret());
    house.wait(Seconds::days(90));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "reject");
    assert_eq!(house.last(), "Sign in Refused Administrator (The account was not used for too long)");
}

#[test]
fn whoever_must_choose_a_new_password_is_let_in_to_do_so() {
    let house = House::ignited();
    let partner = house.account_named(RoleKind::ServiceUser, "BusinessPartner");
    let set = SecretChoice::Set(Secret::new("chosen by somebody else"));
    let kind = CredentialKind::ServicePassword;
    house.administer(|a, dice| a.set_secret(Owner::Account(partner.id), kind, &set, true, dice)).unwrap();
    let Verdict::Accept(accepted) = house.web("BusinessPartner", "chosen by somebody else") else { panic!() };
    assert_eq!(accepted.status, Status::ForceNewPassword);
    let mut by = house.by("BusinessPartner");
    by.rights.clear();
    let new = Secret::new("chosen by the reseller");
    house.administer_as(&by, |a, dice| a.change_own_password(&new, dice)).unwrap();
    let Verdict::Accept(accepted) = house.web("BusinessPartner", "chosen by the reseller") else { panic!() };
    assert_eq!(accepted.status, Status::Enabled);
    assert_eq!(word(&house.web("BusinessPartner", PARTNER_PASSWORD)), "reject");
    let refused = house.administer_as(&by, |a, dice| a.change_own_password(&new, dice)).unwrap_err();
    assert_eq!(refused.to_string(), "For this you need the right to change one's own password.");
}

#[test]
fn every_state_has_its_name_and_says_whether_it_admits() {
    let all = [
        (Status::Enabled, "Enabled", true),
        (Status::ForceNewPassword, "Force New Password", true),
        (Status::Disabled, "Disabled", false),
        (Status::LockedPasswordError, "Locked – Password Error", false),
        (Status::LockedTemporary, "Locked – Temporary", false),
        (Status::LockedIdle, "Locked – Idle", false),
        (Status::LockedExpired, "Locked – Expired", false),
        (Status::LockedPasswordExpired, "Locked – Password Expired", true),
    ];
    for (status, title, admits) in all {
        assert_eq!((status.title(), status.admits()), (title, admits));
    }
}

#[test]
fn the_audit_holds_no_line_that_a_peer_could_forge() {
    let house = House::ignited();
    house.web("Admin\r\nistrator\u{202e}\u{1b}[2J", "wrong wrong wrong");
    assert_eq!(
        house.last(),
        "Sign in Refused Admin\u{fffd}\u{fffd}istrator\u{fffd}\u{fffd}[2J (Nobody has this name)"
    );
    house.web(&"x".repeat(5000), "wrong wrong wrong");
    assert!(house.last().len() < 300);
}

#[test]
fn a_whole_day_reads_as_it_should() {
    let house = House::with_ann();
    house.web("Administrator", ADMIN_PASSWORD);
    for code in ["1", "2", "3", "4", "5", CODE] {
        house.phone("201", code);
    }
    house.wait(Seconds::minutes(10));
    house.phone("201", CODE);
    let lines: Vec<_> = house.model.borrow().audit.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_moment_saturates_instead_of_wrapping() {
    assert_eq!(Timestamp(u64::MAX).after(Seconds(1)), Timestamp(u64::MAX));
    assert_eq!(Timestamp::EPOCH.seconds_since(Timestamp(5000)), 0);
    assert_eq!(Seconds::minutes(u32::MAX), Seconds(u32::MAX));
}
