//! Parties: who is at the other end of a call, as it was shown. Nobody has proved any of it.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{
    audit::{AuditEvent, is_plain},
    ident::NAME_MAX,
};

/// The other end of a call. Number and name are at most [`NAME_MAX`] characters each, cut by [`Party::shown`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// What it can be called back by: an extension's number, or whatever stands in its place. May be empty.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub number: CompactString,
    /// What it calls itself. May be empty.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub name: CompactString,
}

impl Party {
    /// Takes what was shown, cut to its length and without what could forge a line.
    pub fn shown(number: &str, name: &str) -> Self {
        let cut = |text: &str| match text.trim() {
            text if is_plain(text, NAME_MAX) => text.into(),
            text => AuditEvent::text(text).chars().take(NAME_MAX).collect(),
        };
        Self { number: cut(number), name: cut(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_shows_is_cut_and_forges_no_line() {
        let long = "\u{e4}".repeat(NAME_MAX + 1);
        let party = Party::shown(" 201\r\n", &long);
        assert_eq!(party.number, "201");
        assert_eq!(party.name.chars().count(), NAME_MAX);
        assert_eq!(Party::shown("", "a\u{202e}b\nc").name, "a\u{fffd}b\u{fffd}c");
        // For some readers these end a line too, and the third turns it round.
        assert_eq!(Party::shown("", "a\u{2028}b\u{2029}c\u{61c}").name, "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
