//! Credentials and challenges: no panic, and a response nobody computed never matches.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::digest::{Check, Ha1, Legacy, verify};
use wire::sip::{Challenge, Credentials};

fuzz_target!(|bytes: &[u8]| {
    let _ = Challenge::parse(bytes);
    if let Ok(Credentials::Digest(shown)) = Credentials::parse(bytes) {
        let _ = (shown.user(), shown.is_for(b"sip:example.com"));
        for ha1 in [Ha1::Md5([7; 16]), Ha1::Sha256([7; 32])] {
            assert_ne!(verify(&shown, b"REGISTER", &ha1, Legacy::Allow), Check::Match);
        }
    }
});
