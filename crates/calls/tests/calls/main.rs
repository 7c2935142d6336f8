//! What `calls` promises, told as it goes on the telephone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says where")]

mod short_codes;
