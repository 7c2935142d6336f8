//! The whole program, from outside: real sockets on free ports, a private data folder each, real clients.

#[cfg(test)]
mod access;
#[cfg(test)]
mod advisories;
#[cfg(test)]
mod aimed;
#[cfg(test)]
mod alarms;
#[cfg(test)]
mod amplification;
#[cfg(test)]
mod api_as_pages;
#[cfg(test)]
mod api_drafts;
#[cfg(test)]
mod api_operations;
#[cfg(test)]
mod api_security;
#[cfg(test)]
mod api_sessions;
#[cfg(test)]
mod api_targets;
#[cfg(test)]
mod api_tokens;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod caller;
#[cfg(test)]
mod calls_are_watched;
#[cfg(test)]
mod calls_over_restart;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod commands_import;
#[cfg(test)]
mod commands_upkeep;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod empty_secrets;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod guesses;
#[cfg(test)]
mod house;
#[cfg(test)]
mod http;
#[cfg(test)]
mod life;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod phones_are_guests;
#[cfg(test)]
mod phones_are_refused;
#[cfg(test)]
mod phones_call;
#[cfg(test)]
mod phones_dial;
#[cfg(test)]
mod phones_over_websocket;
#[cfg(test)]
mod phones_register;
#[cfg(test)]
mod phones_watch;
#[cfg(test)]
mod program;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod smuggled;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod talker;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod torture;
#[cfg(test)]
mod turns;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod web_audit;
#[cfg(test)]
mod web_bulk;
#[cfg(test)]
mod web_doctor;
#[cfg(test)]
mod web_offline;
#[cfg(test)]
mod web_portal;
#[cfg(test)]
mod web_security;
#[cfg(test)]
mod web_sessions;
#[cfg(test)]
mod web_short_codes;
#[cfg(test)]
mod web_signs_in;
#[cfg(test)]
mod web_switch;
#[cfg(test)]
mod web_user_calls;
#[cfg(test)]
mod web_users;
