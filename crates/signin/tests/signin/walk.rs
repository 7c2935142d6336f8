//! A seeded random walk: whatever order things happen in, these hold.

use signin::{
    account::Condition,
    admin::{EditUser, SecretChoice, keys_named},
    credential::{CredentialKind, Owner},
    dice::{SeededDice, below, roll},
    ident::DomainId,
    records::Records,
    secret::Secret,
    timestamp::Seconds,
    verdict::Verdict,
};

use crate::house::{House, word};

const STEPS: u32 = 20_000;

#[test]
fn no_order_of_events_opens_what_should_be_closed() {
    for seed in [1, 2, 3] {
        walk(seed);
    }
}

fn walk(seed: u64) {
    let house = House::with_ann();
    let mut dice = SeededDice(seed);
    let mut code = crate::house::CODE.to_owned();
    for step in 0..STEPS {
        let address = format!("192.0.2.{}", below(&mut dice, 4));
        let is_right = below(&mut dice, 3) == 0;
        match below(&mut dice, 100) {
            0..70 => try_phone(&house, &address, if is_right { &code } else { "0" }, is_right, (seed, step)),
            70..85 => {
                let number = format!("30{}", below(&mut dice, 9));
                assert_ne!(
                    word(&house.phone_from(&address, &number, &code)),
                    "accept",
                    "seed {seed} step {step}"
                );
            }
            85..94 => house.wait(Seconds(u32::from(below(&mut dice, 250)))),
            94..96 => {
                code = format!("{}", 100_000 + u32::from_be_bytes(roll(&mut dice)) % 800_000);
                let choice = SecretChoice::Set(Secret::new(code.clone()));
                let owner = Owner::Account(house.ann().id);
                let kind = CredentialKind::LoginCode;
                if house.administer(|a, d| a.set_secret(owner, kind, &choice, false, d)).is_err() {
                    code = change_to_generated(&house);
                }
            }
            96..98 => toggle(&house),
            _ => {
                let keys = keys_named(DomainId::FIRST, if is_right { "201" } else { &address });
                house.administer(|a, _| a.reset_locks(&keys)).unwrap();
            }
        }
        let model = house.model.borrow();
        assert!(model.tallies.values().all(|tally| tally.in_flight == 0), "seed {seed} step {step}");
    }
}

fn change_to_generated(house: &House) -> String {
    let owner = Owner::Account(house.ann().id);
    let generate = SecretChoice::Generate;
    let (_, shown) =
        house.administer(|a, d| a.set_secret(owner, CredentialKind::LoginCode, &generate, false, d)).unwrap();
    shown[0].1.reveal().to_owned()
}

fn try_phone(house: &House, address: &str, code: &str, is_right: bool, at: (u64, u32)) {
    let is_enabled = house.ann().condition == Condition::Enabled;
    let keys = [
        keys_named(DomainId::FIRST, "201").swap_remove(0),
        keys_named(DomainId::FIRST, address).swap_remove(0),
    ];
    let is_locked = keys.iter().any(|key| {
        let model = house.model.borrow();
        let tally = model.tally(key);
        tally.locked_until.is_some_and(|until| house.now.get() < until)
    });
    let verdict = house.phone_from(address, "201", code);
    let opened = matches!(verdict, Verdict::Accept(_));
    assert_eq!(opened, is_right && is_enabled && !is_locked, "seed and step {at:?}: {}", word(&verdict));
    if is_locked {
        assert_eq!(word(&verdict), "wait");
    }
}

fn toggle(house: &House) {
    let ann = house.ann();
    let condition = match ann.condition {
        Condition::Enabled => Condition::Disabled,
        Condition::Disabled | Condition::ForceNewPassword => Condition::Enabled,
    };
    let edit = EditUser {
        version: ann.version,
        name: ann.name.to_string(),
        full_name: ann.full_name.to_string(),
        number: "201".into(),
        condition: Some(condition),
        expires_at: None,
    };
    house.administer(|admin, _| admin.edit_user(ann.id, &edit)).unwrap();
}
