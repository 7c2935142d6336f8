//! The configuration: read, or refused in words that name a line of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::config::Loaded;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Loaded::parse(text.to_owned(), None) {
        Ok(loaded) => drop(loaded.config.flattened()),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(error.line.is_none_or(|line| line <= text.lines().count().max(1) + 1));
        }
    }
});
