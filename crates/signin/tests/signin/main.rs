//! Scenarios of signing in and administering, on a virtual clock with seeded dice.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::type_complexity,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops, and says where"
)]

mod administration;
mod boundaries;
mod bulk;
mod calls;
mod desks;
mod diagnosis;
mod doctors_words;
mod domains;
mod drafts;
mod drafts_model;
mod edges;
mod empty_secrets;
mod house;
mod keypads;
mod lanes;
mod lockout;
mod mail;
mod model;
mod pins;
mod portal;
mod programs;
mod recovery;
mod resets;
mod rules;
mod security;
mod service_users;
mod sessions;
mod signing_in;
mod stale;
mod switch;
mod tables;
mod targets;
mod troubles;
mod walk;
