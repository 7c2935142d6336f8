//! What `calls` promises, told as it goes on the telephone.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops, and says where"
)]

mod administration;
mod call;
mod dialogues;
mod leaving;
mod mailboxes;
mod short_codes;
mod walk;
