//! The server: everything that touches the world. It starts the system, listens, carries bytes to the interfaces
//! and verdicts back, shows the pages and takes the commands. What is decided is decided in `signin`.

pub mod alarms;
pub mod api;
pub mod census;
pub mod clock;
pub mod commands;
pub mod config;
pub mod core_dump;
pub mod data_folder;
pub mod demo;
pub mod descriptors;
pub mod dice;
mod doctor;
pub mod doors;
pub mod editor;
pub mod flow;
pub mod hashing;
pub mod health;
pub mod host;
pub mod ignition;
pub mod interfaces;
pub mod jobs;
pub mod listen;
pub mod local;
pub mod logging;
pub mod master_key;
pub mod metrics;
pub mod moment;
pub mod notify;
pub mod reload;
pub mod retention;
pub mod series;
pub mod serve;
pub mod signs;
pub mod system;
pub mod web;
