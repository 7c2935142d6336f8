//! Cookies: whatever a browser brings back, a value is a part of it, and what carries structure is read or not.
#![no_main]

use http::{HeaderMap, HeaderValue, header::COOKIE};
use libfuzzer_sys::fuzz_target;
use server::web::cookie::cookie;
use signin::{account::Activity, session::SessionId};

fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    for name in ["session", "form", "a", ""] {
        if let Some(value) = cookie(&headers, name) {
            assert!(value.len() <= bytes.len() && !value.contains(';'));
            let _ = SessionId::of(value);
            let _ = serde_json::from_str::<Activity>(value);
        }
    }
});
