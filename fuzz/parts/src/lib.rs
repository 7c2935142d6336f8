//! The files of the server that read bytes from strangers, at their places in it, and nothing else of it. A file that needs more
//! than stands here does not belong among them: what reads is apart from what does something about it.

#![allow(dead_code, reason = "what only the server calls")]

#[path = "../../../crates/server/src/config.rs"]
pub mod config;

pub mod commands;
pub mod local;
pub mod web;
