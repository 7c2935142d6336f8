//! What was wrong with a description: one variant a rule broken, and where.
//!
//! Never carries the bytes themselves: it is safe to log and to show.

/// A description broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule} at byte {at}")]
pub struct Malformed {
    /// The rule.
    pub rule: Rule,
    /// Byte offset of the line.
    pub at: usize,
}

impl Malformed {
    pub(super) const fn new(rule: Rule, at: usize) -> Self {
        Self { rule, at }
    }
}

/// The rules of RFC 8866 that bytes can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Longer than `DESCRIPTION_MAX`.
    #[error("description too long")]
    TooLong,
    /// More than `LINES_MAX` lines.
    #[error("too many lines")]
    LinesTooMany,
    /// A line is a letter, `=` and a value (§5).
    #[error("malformed line")]
    Line,
    /// It begins with `v=0` (§5.1).
    #[error("not version 0")]
    Version,
    /// Not `media port proto fmt …` (§5.14).
    #[error("malformed media description")]
    Media,
    /// A port is a number up to 65535 (§5.14).
    #[error("malformed port")]
    Port,
    /// More than `MEDIA_MAX` media descriptions.
    #[error("too many media descriptions")]
    MediaTooMany,
    /// More than `FORMATS_MAX` formats in one media description.
    #[error("too many formats")]
    FormatsTooMany,
    /// Not `nettype addrtype address` (§5.7).
    #[error("malformed connection data")]
    Connection,
}
