//! As in the server.

#[path = "../../../../crates/server/src/commands/cell.rs"]
pub mod cell;
#[path = "../../../../crates/server/src/commands/columns.rs"]
pub mod columns;

pub mod import;
