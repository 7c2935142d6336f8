//! What each page shows, as plain data: one file per family of pages, one template per page.
//!
//! A view knows no other room of the house. Handlers fill these structs from what the core says and hand them to the
//! template; nothing here decides, reads a clock or looks anything up, so a page is what its struct says.
//! Every value is escaped by the template engine. The only types that are written out as they are, are the parts in
//! `parts/` (marked [`HtmlSafe`]), and each of those is a template, a fixed drawing or a number itself.
//!
//! [`HtmlSafe`]: askama::filters::HtmlSafe

pub(crate) mod administrators;
pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod calls;
pub(crate) mod chart;
pub(crate) mod doctor;
pub(crate) mod domains;
pub(crate) mod draft;
pub(crate) mod errors;
pub(crate) mod extensions;
pub(crate) mod forms;
pub(crate) mod groups;
pub(crate) mod home;
pub(crate) mod icon;
pub(crate) mod ignition;
pub(crate) mod jobs;
pub(crate) mod links;
pub(crate) mod login;
pub(crate) mod mail;
pub(crate) mod notifications;
pub(crate) mod parts;
pub(crate) mod passwords;
pub(crate) mod portal;
pub(crate) mod preferences;
pub(crate) mod recover;
pub(crate) mod security;
pub(crate) mod settings;
pub(crate) mod shell;
pub(crate) mod short_codes;
pub(crate) mod status;
pub(crate) mod switch;
pub(crate) mod targets;
pub(crate) mod tokens;
pub(crate) mod user_calls;
pub(crate) mod users;
