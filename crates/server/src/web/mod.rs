//! The web pages: what they show (`views`), the files they refer to (`assets`).
//!
//! Pages work without scripts; the one script only adds comfort. Nothing in a page is inline (style or script), so the
//! content-security policy can forbid both.

pub(crate) mod assets;
pub(crate) mod views;
