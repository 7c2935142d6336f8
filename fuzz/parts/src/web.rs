//! As in the server.

#[path = "../../../crates/server/src/web/cookie.rs"]
pub mod cookie;
#[path = "../../../crates/server/src/web/form.rs"]
pub mod form;
