//! What is typed at the keypads of phones: mailboxes, hot desks, guests, and whoever administers from one.

use signin::{
    account::{Condition, Status},
    admin::{By, Problem, SecretChoice},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::Actor,
    credential::{Credential, CredentialFacts, CredentialKind, Owner, Traits, payload},
    decide::Decision,
    dice::SeededDice,
    ident::DomainId,
    interface::LoginInterface,
    lockout::{Tally, TallyKey},
    records::Records,
    secret::{Secret, SecretBytes},
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::{
    empty_secrets::{hollow, shown_for},
    house::{CODE, House, line, word},
};

/// Every interface that digits open, and the kind of the digits.
const KEYPADS: [(LoginInterface, CredentialKind); 4] = [
    (LoginInterface::VoicemailMailbox, CredentialKind::VoicemailCode),
    (LoginInterface::PhoneLogin, CredentialKind::LoginCode),
    (LoginInterface::Hoteling, CredentialKind::PortalPasscode),
    (LoginInterface::PhoneAdministration, CredentialKind::SystemPassword),
];

/// The right digits, for every kind.
const RIGHT: &str = "7294";
const DESK: &str = "192.0.2.40";

fn typed_from(house: &House, address: &str, by: LoginInterface, number: &str, digits: &str) -> Decision {
    let digits = Secret::new(digits);
    let is_of_system = by == LoginInterface::PhoneAdministration;
    house.attempt(&Attempt {
        interface: by,
        domain: DomainId::FIRST,
        claim: if is_of_system { Claim::System(number) } else { Claim::Extension(number) },
        proof: Proof::Digits(&digits),
        peer: Peer { address: address.parse().unwrap(), agent: "desk phone", device: "" },
        purpose: Purpose::Once,
    })
}

fn typed(house: &House, by: LoginInterface, number: &str, digits: &str) -> &'static str {
    word(&typed_from(house, DESK, by, number, digits).verdict)
}

fn owner_of(house: &House, kind: CredentialKind) -> Owner {
    match kind {
        CredentialKind::SystemPassword => Owner::Domain(DomainId::FIRST),
        _ => Owner::Account(house.ann().id),
    }
}

fn put(house: &House, kind: CredentialKind, kept: &[u8], expires_at: Option<Timestamp>) {
    let owner = owner_of(house, kind);
    let facts = CredentialFacts { set_at: house.now.get(), expires_at, used_at: None };
    let kept = Credential { owner, kind, payload: SecretBytes::new(kept.to_vec()), facts };
    house.model.borrow_mut().credentials.insert((owner, kind), kept);
}

fn whole(kind: CredentialKind) -> Vec<u8> {
    payload(kind, &Secret::new(RIGHT), &Traits::default(), &mut SeededDice(5)).reveal().to_vec()
}

/// Ann at 201 with the same digits for everything, so that only their kind tells them apart.
fn office() -> House {
    let house = House::with_ann();
    for (_, kind) in KEYPADS {
        put(&house, kind, &whole(kind), None);
    }
    house
}

fn edit_ann(house: &House, condition: Condition) {
    let mut account = (*house.ann()).clone();
    account.condition = condition;
    house.model.borrow_mut().accounts.insert(account.id, account.into());
}

#[test]
fn the_right_digits_open_and_the_audit_says_who_by_what() {
    let house = office();
    for (by, _) in KEYPADS {
        let decision = typed_from(&house, DESK, by, "201", RIGHT);
        let Verdict::Accept(accepted) = decision.verdict else { panic!("{by:?}") };
        assert_eq!(accepted.account, Some(house.ann().id), "{by:?}");
        assert_eq!(accepted.extension, house.ann().extension());
        assert_eq!(accepted.status, Status::Enabled);
        assert!(accepted.session.is_none() && decision.must_last);
        let row = house.model.borrow().audit.last().unwrap().clone();
        assert_eq!(row.interface, by);
        assert!(matches!(&row.actor, Actor::Account(id, _) if *id == house.ann().id), "{by:?}");
        let subject =
            if by == LoginInterface::PhoneAdministration { "system password at 201" } else { "201" };
        assert_eq!(line(&row), format!("Sign in Accepted {subject}"));
        let activity = house.model.borrow().activity(house.ann().id);
        assert_eq!(activity.signed_in_by, Some(by));
    }
    assert!(house.model.borrow().places.is_empty(), "no phone has registered there");
}

#[test]
fn four_wrong_ones_and_for_ninety_seconds_not_even_the_right_one_opens() {
    for (by, kind) in KEYPADS {
        let house = office();
        for wrong in ["1000", "1001", "1002"] {
            assert_eq!(typed(&house, by, "201", wrong), "reject", "{by:?}");
        }
        let Verdict::Wait { until: Some(until) } = typed_from(&house, DESK, by, "201", "1003").verdict else {
            panic!("{by:?}")
        };
        assert_eq!(until, house.now.get().after(Seconds(90)), "{by:?}");
        assert_eq!(typed(&house, by, "201", RIGHT), "wait", "{by:?}");
        assert_eq!(
            word(&typed_from(&house, "192.0.2.41", by, "201", RIGHT).verdict),
            "wait",
            "from everywhere"
        );
        // Another kind is counted apart.
        for (other, _) in KEYPADS.into_iter().filter(|(other, _)| *other != by) {
            assert_eq!(typed(&house, other, "201", RIGHT), "accept", "{by:?} {other:?}");
        }
        assert_eq!(word(&house.phone("201", RIGHT)), "accept", "and so are phones that register");
        house.wait(Seconds(89));
        assert_eq!(typed(&house, by, "201", RIGHT), "wait", "{by:?}");
        house.wait(Seconds(1));
        assert_eq!(typed(&house, by, "201", RIGHT), "accept", "{by:?}");
        let key = match kind {
            CredentialKind::SystemPassword => TallyKey::system_password(DomainId::FIRST),
            _ => {
                let model = house.model.borrow();
                TallyKey::numbered(kind, &model.extension(house.ann().extension().unwrap()).unwrap())
            }
        };
        assert_eq!(
            house.model.borrow().tally(&key),
            Tally::default(),
            "{by:?}: the right one has cleared it"
        );
    }
}

#[test]
fn a_number_that_nobody_has_is_told_and_counted_as_one_with_a_wrong_code() {
    for (by, _) in KEYPADS {
        let told = |number: &str| {
            let house = office();
            let guesses = ["1000", "1001", "1002", "1003", RIGHT];
            let said =
                guesses.map(|guess| format!("{:?}", typed_from(&house, DESK, by, number, guess).verdict));
            let tallies: Vec<_> = house.model.borrow().tallies.values().copied().collect();
            (said, tallies)
        };
        assert_eq!(told("201"), told("299"), "{by:?}");
    }
    // And one that has none set.
    let house = House::with_ann();
    for wrong in ["1000", "1001", "1002"] {
        assert_eq!(typed(&house, LoginInterface::VoicemailMailbox, "201", wrong), "reject");
    }
    assert_eq!(house.last(), "Sign in Refused 201 (No secret is set)");
    assert_eq!(typed(&house, LoginInterface::VoicemailMailbox, "201", "1003"), "wait");
}

#[test]
fn two_phones_give_no_more_guesses_at_the_system_password_than_one() {
    let house = office();
    let by = LoginInterface::PhoneAdministration;
    for (number, wrong) in [("201", "1000"), ("299", "1001"), ("201", "1002"), ("299", "1003")] {
        typed(&house, by, number, wrong);
    }
    assert_eq!(typed(&house, by, "201", RIGHT), "wait");
    let choice = SecretChoice::Set(Secret::new("8350"));
    let owner = Owner::Domain(DomainId::FIRST);
    let set = house.administer(|admin, dice| {
        admin.set_secret(owner, CredentialKind::SystemPassword, &choice, false, dice)
    });
    set.unwrap();
    assert_eq!(typed(&house, by, "201", RIGHT), "reject", "it was replaced");
    assert_eq!(typed(&house, by, "201", "8350"), "accept", "and the count began anew");
}

#[test]
fn where_a_phone_is_known_nobody_gets_guesses_at_its_codes_that_the_address_does_not_count() {
    let house = office();
    assert_eq!(word(&house.phone_from(DESK, "201", RIGHT)), "accept");
    assert_eq!(word(&house.phone_from(DESK, "201", RIGHT)), "accept", "known there");
    let by = LoginInterface::VoicemailMailbox;
    for wrong in ["1000", "1001", "1002"] {
        assert_eq!(typed(&house, by, "201", wrong), "reject");
    }
    let at_address = house.model.borrow().tally(&TallyKey::address(DESK.parse().unwrap()));
    assert_eq!(at_address.failures, 3);
    assert!(house.model.borrow().tallies.iter().all(|(key, tally)| key.lane.is_open() || tally.is_empty()));
    for number in 300..307 {
        typed(&house, by, &number.to_string(), "1000");
    }
    assert_eq!(typed(&house, by, "201", RIGHT), "wait", "the address is blacklisted");
    assert_eq!(word(&house.phone_from(DESK, "201", RIGHT)), "accept", "its phones go on");
}

#[test]
fn who_is_disabled_or_expired_opens_nothing_and_a_forced_password_is_no_matter_of_phones() {
    for (by, _) in KEYPADS {
        let house = office();
        edit_ann(&house, Condition::ForceNewPassword);
        assert_eq!(typed(&house, by, "201", RIGHT), "accept", "{by:?}");
        edit_ann(&house, Condition::Disabled);
        assert_eq!(typed(&house, by, "201", RIGHT), "reject", "{by:?}");
        assert!(house.last().contains("Refused"), "{}", house.last());
        edit_ann(&house, Condition::Enabled);
        let mut ended = (*house.ann()).clone();
        ended.expires_at = Some(house.now.get());
        house.model.borrow_mut().accounts.insert(ended.id, ended.into());
        assert_eq!(typed(&house, by, "201", RIGHT), "reject", "{by:?}");
    }
}

#[test]
fn what_holds_no_code_opens_nothing_by_digits() {
    let (mut tried, mut opened) = (0, 0);
    for (by, kind) in KEYPADS {
        let house = office();
        house.settings(|settings| {
            for rule in [
                &mut settings.voicemail_code_lock,
                &mut settings.portal_passcode_lock,
                &mut settings.keypad_lock,
                &mut settings.address_lock,
            ] {
                rule.failures_max = 0;
            }
        });
        let mut opens = |shown: &str| {
            tried += 1;
            typed(&house, by, "201", shown) == "accept"
        };
        let whole = whole(kind);
        let not_digits = ["72a4", "-1", "7294 ", " 7294", "*", "７２９４", "7294#"];
        let of_letters = not_digits.map(|text| [b"\x01", text.as_bytes()].concat());
        for kept in hollow(kind).into_iter().chain(of_letters) {
            put(&house, kind, &kept, None);
            let shown = shown_for(&kept).into_iter().chain(not_digits.map(String::from));
            opened += shown.chain([RIGHT.into()]).filter(|shown| opens(shown)).count();
        }
        put(&house, kind, &whole, Some(house.now.get()));
        opened += shown_for(&whole).iter().chain([&RIGHT.to_owned()]).filter(|shown| opens(shown)).count();
        let owner = owner_of(&house, kind);
        house.model.borrow_mut().credentials.remove(&(owner, kind));
        opened += shown_for(&whole).iter().chain([&RIGHT.to_owned()]).filter(|shown| opens(shown)).count();
        put(&house, kind, &whole, None);
        let not_the_code = ["", "0", "729", "72940", "07294", "7294 ", " 7294", "7294#", "７２９４", "4927"];
        opened += not_the_code.iter().filter(|shown| opens(shown)).count();
        assert!(opens(RIGHT), "{kind:?}: the right one");
    }
    println!("digits_tried {tried}\ndigits_opened {opened}");
    assert!(tried > 500, "{tried}");
    assert_eq!(opened, 0);
}

#[test]
fn the_same_wrong_code_twice_in_a_row_is_one_failure() {
    let house = office();
    for _ in 0..6 {
        assert_eq!(typed(&house, LoginInterface::VoicemailMailbox, "201", "1000"), "reject");
    }
    assert_eq!(house.last(), "Sign in Refused 201 (The same wrong secret again)");
    assert_eq!(typed(&house, LoginInterface::VoicemailMailbox, "201", RIGHT), "accept");
}

#[test]
fn a_login_code_that_was_replaced_is_a_wrong_one_when_a_person_types_it() {
    let house = House::with_ann();
    let choice = SecretChoice::Set(Secret::new("620385"));
    let owner = Owner::Account(house.ann().id);
    let code = CredentialKind::LoginCode;
    house.administer(|admin, dice| admin.set_secret(owner, code, &choice, false, dice)).unwrap();
    for wrong in [CODE, "1001", "1002"] {
        assert_eq!(typed(&house, LoginInterface::PhoneLogin, "201", wrong), "reject");
    }
    assert_eq!(typed(&house, LoginInterface::PhoneLogin, "201", CODE), "wait");
}

fn change(
    house: &House,
    by: LoginInterface,
    kind: CredentialKind,
    new: &str,
) -> Result<usize, Vec<Option<&'static str>>> {
    let by = By::at_phone(&house.ann(), by, DESK.parse().unwrap(), "desk phone");
    let done = house.administer_as(&by, |admin, dice| admin.change_own_code(kind, &Secret::new(new), dice));
    done.map(|(ended, _)| ended).map_err(|problem| match problem {
        Problem::Invalid(wrong) => wrong.iter().map(|wrong| wrong.rule).collect(),
        _ => Vec::new(),
    })
}

#[test]
fn a_user_changes_their_own_code_at_a_phone_and_is_told_the_rule_that_a_new_one_breaks() {
    for (by, kind) in KEYPADS.into_iter().take(3) {
        let house = office();
        // What administrators may, users may not.
        house.settings(|settings| settings.administrators_exempt = true);
        for (new, rule) in [
            ("", "length-min"),
            ("72", "length-min"),
            ("72a4", "digits-only"),
            ("1234", "refuse-patterns"),
            ("1212", "refuse-patterns"),
            ("2580", "refuse-common"),
            (RIGHT, "history"),
        ] {
            assert_eq!(change(&house, by, kind, new), Err(vec![Some(rule)]), "{kind:?} {new:?}");
        }
        assert_eq!(typed(&house, by, "201", RIGHT), "accept", "nothing has changed");
        for wrong in ["1000", "1001", "1002", "1003"] {
            typed(&house, by, "201", wrong);
        }
        assert_eq!(change(&house, by, kind, "83507"), Ok(0));
        let row = house.model.borrow().audit.last().unwrap().clone();
        assert_eq!((row.interface, &*row.subject), (by, "Ann"));
        assert!(matches!(&row.actor, Actor::Account(id, _) if *id == house.ann().id));
        assert_eq!(row.changes.iter().map(|change| &*change.field).collect::<Vec<_>>(), [kind.row().name]);
        assert_eq!(typed(&house, by, "201", "83507"), "accept", "and the lock of the old one is gone");
        assert_eq!(typed(&house, by, "201", RIGHT), "reject");
    }
}

#[test]
fn who_has_proven_one_code_changes_no_other() {
    let house = office();
    for (by, own) in KEYPADS {
        for (_, kind) in KEYPADS.into_iter().filter(|(_, kind)| *kind != own) {
            assert_eq!(change(&house, by, kind, "83507"), Err(Vec::new()), "{by:?} {kind:?}");
        }
    }
    let system = change(&house, LoginInterface::PhoneAdministration, CredentialKind::SystemPassword, "8350");
    assert_eq!(system, Err(Vec::new()), "which is nobody's own");
    assert_eq!(
        change(&house, LoginInterface::SipRegistration, CredentialKind::PhonePassword, "83507555"),
        Err(Vec::new())
    );
}
