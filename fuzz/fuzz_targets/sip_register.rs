//! Registrations of one extension, one after the other (cut at two zero bytes): whatever was bound before, what comes
//! next keeps to the limits and gives every binding at most one fate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::register::{self, Binding, Change, Limits, PathPolicy, Plan};
use wire::sip::{Headers, Message};

const LIMITS: Limits =
    Limits { expires_min: 60, expires_default: 600, expires_max: 7200, bindings_max: 8, path: PathPolicy::Accept };
/// Most registrations of one input.
const REQUESTS_MAX: u64 = 16;

fuzz_target!(|bytes: &[u8]| {
    let (mut headers, mut bindings, mut rest) = (Headers::new(), Vec::new(), bytes);
    for round in 0..REQUESTS_MAX {
        let now = 1000 + round * 30;
        let end = rest.windows(2).position(|pair| pair == [0, 0]).unwrap_or(rest.len());
        if let Ok(Message::Request(request)) = Message::parse(&rest[..end], &mut headers) {
            let views: Vec<_> = bindings.iter().map(Binding::view).collect();
            if let Ok(plan) = register::plan(&request, &views, &LIMITS, now) {
                bindings = carry_out(&plan, &bindings, now);
                let alive = bindings.iter().filter(|binding| binding.expires_at > now).count();
                assert!(alive <= LIMITS.bindings_max, "{alive} bindings");
            }
        }
        rest = rest.get(end + 2..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
    }
});

fn carry_out(plan: &Plan<'_>, before: &[Binding], now: u64) -> Vec<Binding> {
    let mut is_touched = vec![false; before.len()];
    let (mut after, mut touch) = (Vec::new(), |at: usize| {
        assert!(!std::mem::replace(&mut is_touched[at], true), "two fates for one binding");
    });
    for change in plan.changes() {
        match change {
            Change::Remove(at) => touch(*at),
            Change::Put(put) => {
                put.replaces.map(&mut touch);
                assert!((1..=LIMITS.expires_max).contains(&put.expires), "{} seconds", put.expires);
                let binding = plan.binding(put, now);
                assert!(!binding.user_agent.iter().any(u8::is_ascii_control));
                after.push(binding);
            }
        }
    }
    if !plan.removes_all {
        let kept = before.iter().zip(&is_touched).filter(|(_, touched)| !**touched);
        after.extend(kept.map(|(binding, _)| binding.clone()));
    }
    after
}
