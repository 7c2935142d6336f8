//! A seeded random walk: whatever order things happen in, these hold.
//!
//! `WALK_STEPS` says how many steps in all; `cargo xtask walk` takes a million.

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

/// Steps of an ordinary run.
const STEPS: u32 = 60_000;
/// Steps that one house lives through; then another one is built, from another seed.
const LIFE: u32 = 20_000;

#[test]
fn no_order_of_events_opens_what_should_be_closed() {
    let asked = std::env::var_os("WALK_STEPS").map(|steps| steps.into_string().unwrap().parse().unwrap());
    let steps: u32 = asked.unwrap_or(STEPS);
    let mut seen = Seen::default();
    for seed in 0..steps.div_ceil(LIFE) {
        walk(u64::from(seed) + 1, LIFE.min(steps - seed * LIFE), &mut seen);
    }
    let Seen { steps: taken, accepted, refused, locked, invariants } = seen;
    assert_eq!(taken, steps);
    for (name, value) in [
        ("walk_steps", taken),
        ("walk_accepted", accepted),
        ("walk_refused", refused),
        ("walk_locked", locked),
        ("walk_invariants_checked", invariants),
    ] {
        println!("{name} {value}");
    }
    // A walk that only ever meets closed doors, or open ones, shows nothing.
    assert!(accepted.min(refused).min(locked) > steps / 100, "{seen:?}");
}

/// What a walk came by.
#[derive(Debug, Default)]
struct Seen {
    steps: u32,
    accepted: u32,
    refused: u32,
    locked: u32,
    invariants: u32,
}

fn walk(seed: u64, steps: u32, seen: &mut Seen) {
    let house = House::with_ann();
    let mut dice = SeededDice(seed);
    let mut code = crate::house::CODE.to_owned();
    for step in 0..steps {
        seen.steps += 1;
        let address = format!("192.0.2.{}", below(&mut dice, 4));
        let is_right = below(&mut dice, 3) == 0;
        match below(&mut dice, 100) {
            0..70 => {
                try_phone(&house, &address, if is_right { &code } else { "0" }, is_right, (seed, step), seen);
            }
            70..85 => {
                let number = format!("30{}", below(&mut dice, 9));
                assert_ne!(
                    word(&house.phone_from(&address, &number, &code)),
                    "accept",
                    "seed {seed} step {step}"
                );
                seen.invariants += 1;
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
        seen.invariants += 1;
    }
}

fn change_to_generated(house: &House) -> String {
    let owner = Owner::Account(house.ann().id);
    let generate = SecretChoice::Generate;
    let (_, shown) =
        house.administer(|a, d| a.set_secret(owner, CredentialKind::LoginCode, &generate, false, d)).unwrap();
    shown[0].1.reveal().to_owned()
}

fn try_phone(house: &House, address: &str, code: &str, is_right: bool, at: (u64, u32), seen: &mut Seen) {
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
        seen.locked += 1;
    }
    *(if opened { &mut seen.accepted } else { &mut seen.refused }) += 1;
    seen.invariants += 1;
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
