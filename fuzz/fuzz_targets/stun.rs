//! STUN: no panic, and never an answer of more than twice the request's bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::stun;

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    for peer in ["192.0.2.1:5060", "[2001:db8::1]:5060"] {
        let Ok(peer) = peer.parse() else { return };
        if stun::answer(bytes, peer, &mut out).is_ok() {
            assert!(out.len() <= 2 * bytes.len());
        }
    }
});
