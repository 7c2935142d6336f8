//! A seeded random walk: whatever order things happen in, these hold.
//!
//! `WALK_STEPS` says how many steps in all; `cargo xtask walk` takes a million.

use std::net::IpAddr;

use signin::{
    account::Condition,
    admin::{EditUser, SecretChoice, keys_named},
    credential::{CredentialKind, Owner},
    dice::{SeededDice, below, roll},
    ident::DomainId,
    lockout::TallyKey,
    place::{Familiarity, Lane},
    records::Records,
    secret::Secret,
    stale::FORMER_MAX,
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
    let mut former = Vec::new();
    for step in 0..steps {
        seen.steps += 1;
        let address = format!("192.0.2.{}", below(&mut dice, 4));
        let is_right = below(&mut dice, 3) == 0;
        match below(&mut dice, 100) {
            0..60 => {
                try_phone(&house, &address, if is_right { &code } else { "0" }, is_right, (seed, step), seen);
            }
            60..70 => try_old(&house, &address, &former, (seed, step)),
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
                let before = code.clone();
                code = format!("{}", 100_000 + u32::from_be_bytes(roll(&mut dice)) % 800_000);
                let choice = SecretChoice::Set(Secret::new(code.clone()));
                let owner = Owner::Account(house.ann().id);
                let kind = CredentialKind::LoginCode;
                if house.administer(|a, d| a.set_secret(owner, kind, &choice, false, d)).is_err() {
                    code = change_to_generated(&house);
                }
                former.retain(|old| *old != code);
                former.insert(0, before);
                former.truncate(FORMER_MAX);
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
        let limit = |key: &TallyKey| u16::from(model.settings.lock_rule(key.scope).failures_max);
        assert!(model.tallies.iter().all(|(key, tally)| tally.failures <= limit(key)), "{seed} {step}");
        assert!(model.tallies.keys().filter(|key| !key.lane.is_open()).all(|key| key.name.as_str() == "201"));
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
    let is_locked = is_locked(house, address);
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

/// Whoever is known there is stopped by what was guessed there, and by nothing else.
fn is_locked(house: &House, address: &str) -> bool {
    let (model, now) = (house.model.borrow(), house.now.get());
    let place: IpAddr = address.parse().unwrap();
    let open = keys_named(DomainId::FIRST, "201").swap_remove(0);
    let extension = house.ann().extension().unwrap();
    let places = model.places.get(&extension);
    let is_known = places.is_some_and(|places| places.look(place, now) != Familiarity::Unknown);
    let keys = if is_known {
        vec![TallyKey { lane: Lane::Network(place), ..open }]
    } else {
        vec![open, TallyKey::address(place)]
    };
    keys.iter().any(|key| model.tally(key).locked_until.is_some_and(|until| now < until))
}

/// An old code opens nothing, and fills nobody's count.
fn try_old(house: &House, address: &str, former: &[String], at: (u64, u32)) {
    let Some(code) = former.get(usize::try_from(at.1).unwrap_or(0) % former.len().max(1)) else { return };
    let failures = |house: &House| -> u32 {
        house.model.borrow().tallies.values().map(|tally| u32::from(tally.failures)).sum()
    };
    let before = failures(house);
    let verdict = word(&house.phone_from(address, "201", code));
    assert!(["reject", "wait"].contains(&verdict), "seed and step {at:?}: {verdict}");
    assert_eq!(failures(house), before, "seed and step {at:?}");
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
