//! Calls: what a phone that is signed in may do, and what is said to whoever calls. No I/O, no clock, no dice: time is an
//! argument, and what others have to do is an output.
//!
//! Start at [`keypad`] (what is typed), then [`short_code`] (what is dialled), [`dialogue`] (how every spoken menu goes) and
//! the menus themselves: [`mailbox`] and [`phone_administration`]. What is said is one table: [`prompt`]. Whether a secret is
//! right is never decided here: a dialogue asks, and is told.

pub mod dialogue;
pub mod keypad;
pub mod mailbox;
pub mod phone_administration;
pub mod prompt;
pub mod short_code;
