//! Credentials and challenges: whatever comes, it is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::{Challenge, Credentials};

fuzz_target!(|bytes: &[u8]| {
    let _ = Challenge::parse(bytes);
    if let Ok(Credentials::Digest(shown)) = Credentials::parse(bytes) {
        let _ = (shown.user(), shown.is_for(b"sip:example.com"));
    }
});
