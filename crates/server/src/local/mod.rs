//! The local socket between the command and a running server; the same conversation within one process when none runs.

pub mod answers;
pub mod lines;
pub mod link;
pub mod listener;
pub mod protocol;
