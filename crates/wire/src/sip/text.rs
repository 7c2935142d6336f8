//! A token or a quoted string, as it stood in the message.

use std::borrow::Cow;

/// A token or the inside of a quoted string. Compares as written; [`Text::value`] undoes escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text<'a> {
    raw: &'a [u8],
    quoted: bool,
    escaped: bool,
}

impl<'a> Text<'a> {
    pub(crate) const fn new(raw: &'a [u8], quoted: bool, escaped: bool) -> Self {
        Self { raw, quoted, escaped }
    }

    /// As written, without the quotes around it, escapes left in.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether it stood in quotes.
    #[must_use]
    pub const fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// What it says: `\"` is `"`. Allocates only where something was escaped.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut out = Vec::with_capacity(self.raw.len());
        let mut bytes = self.raw.iter();
        while let Some(&byte) = bytes.next() {
            if byte != b'\\' {
                out.push(byte);
            } else if let Some(&next) = bytes.next() {
                out.push(next);
            }
        }
        Cow::Owned(out)
    }

    /// Whether it says `word`, ASCII letters compared without case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.raw == word.as_bytes() || self.value().eq_ignore_ascii_case(word.as_bytes())
    }
}
