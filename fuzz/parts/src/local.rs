//! As in the server.

#[path = "../../../crates/server/src/local/lines.rs"]
pub mod lines;
#[path = "../../../crates/server/src/local/protocol.rs"]
pub mod protocol;
