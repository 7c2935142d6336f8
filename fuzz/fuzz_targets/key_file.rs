//! Key files: what is read is read again as the same keys; a refusal names a line and never shows it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use store::MasterKeys;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match MasterKeys::parse(text) {
        Ok(keys) => {
            let again = MasterKeys::parse(keys.to_text().reveal()).unwrap();
            assert_eq!(again.current_id(), keys.current_id());
            assert_eq!(again.has_older(), keys.has_older());
        }
        Err(error) => assert!(error.line <= text.lines().count().max(1)),
    }
});
