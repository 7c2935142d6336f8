//! Decisions: who may sign in, and why. No I/O, no clock, no dice: time and chance are arguments.
//!
//! Start at [`attempt`] (what was heard), then [`dossier`] (what is known), [`decide`] (what is said and what
//! changes) and [`effect`] (every change there is). What administrators do is in [`admin`].

pub mod account;
pub mod admin;
pub mod alarm;
pub mod api_token;
pub mod attempt;
pub mod audit;
pub mod call_log;
pub mod challenge;
pub mod credential;
pub mod decide;
pub mod desk;
pub mod diagnosis;
pub mod dice;
pub mod digest;
pub mod document;
pub mod domain_codes;
pub mod dossier;
pub mod draft;
pub mod effect;
pub mod extension;
pub mod ident;
pub mod interface;
pub mod link;
pub mod lockout;
pub mod mail;
pub mod mailbox;
pub mod mailed;
pub mod party;
pub mod phone_administration;
pub mod place;
pub mod policy;
pub mod portal;
pub mod preset;
pub mod profile;
pub mod records;
pub mod registration;
pub mod reporting;
pub mod rights;
pub mod rules;
pub mod scope;
pub mod secret;
pub mod session;
pub mod shortcut;
pub mod stale;
pub mod target;
pub mod timestamp;
pub mod verdict;
