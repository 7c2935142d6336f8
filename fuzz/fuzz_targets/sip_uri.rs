//! URIs: no panic; comparison has no direction, and each is equivalent to itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sip::{Address, Uri, Via, unescape};

fuzz_target!(|bytes: &[u8]| {
    let _ = (Address::parse(bytes), Via::parse(bytes), unescape(bytes));
    let (one, two) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() / 2));
    let two = two.strip_prefix(b"\n").unwrap_or(two);
    if let (Ok(one), Ok(two)) = (Uri::parse(one), Uri::parse(two)) {
        assert!(one.is_equivalent(&one));
        assert_eq!(one.is_equivalent(&two), two.is_equivalent(&one));
    }
});
