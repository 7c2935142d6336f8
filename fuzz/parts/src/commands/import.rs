//! As in the server.

#[path = "../../../../crates/server/src/commands/import/row.rs"]
pub mod row;
#[path = "../../../../crates/server/src/commands/import/sheet.rs"]
pub mod sheet;
