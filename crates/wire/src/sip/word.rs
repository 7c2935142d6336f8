//! Short names as numbers: found in one step instead of byte by byte.

/// Bytes that are looked at as one number.
pub(crate) const WORD: usize = 16;

/// A name of letters, digits and hyphens; of longer ones the first [`WORD`] bytes.
#[derive(Clone, Copy, Debug)]
struct Word {
    /// First byte lowest, letters in lower case.
    text: u128,
    /// What has to be equal: all bits of the name, but for the case of its letters.
    mask: u128,
    length: usize,
}

/// Bit 5 of every byte: the case of letters.
const LOWER: u128 = u128::from_le_bytes([0x20; WORD]);

impl Word {
    const EMPTY: Self = Self { text: 0, mask: 0, length: 0 };

    #[expect(clippy::indexing_slicing, reason = "run by the compiler, which checks it")]
    const fn new(name: &[u8]) -> Self {
        let mut word = Self { length: name.len(), ..Self::EMPTY };
        let mut at = 0;
        while at < name.len() && at < WORD {
            let case = if name[at].is_ascii_alphabetic() { 0x20 } else { 0 };
            word.text |= ((name[at] | case) as u128) << (8 * at);
            word.mask |= ((0xff ^ case) as u128) << (8 * at);
            at += 1;
        }
        word.text &= word.mask;
        word
    }

    /// Whether the first `length` bytes of `head` are this name and no more; without case.
    #[inline]
    const fn is(&self, head: u128, length: usize) -> bool {
        self.length == length && head & self.mask == self.text
    }

    /// A place in a table of 256, for the first `length` bytes of `head`, without case. By the first eight alone: few
    /// names of one length share them.
    #[inline]
    const fn slot_of(head: u128, length: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the first eight bytes are wanted")]
        let start = head as u64 | LOWER as u64;
        // What stands behind a shorter name is shifted out. A hyphen and a CR are one here, and told apart by `is`.
        let name = if length < 8 { start << (64 - 8 * length) } else { start };
        let mixed = (name ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 56) as usize
    }
}

const SLOTS: usize = 256;

/// Names to be found among; those longer than [`WORD`] never are.
#[derive(Debug)]
pub(crate) struct Words<const N: usize> {
    words: [Word; N],
    /// Open addressing: slot → place in `words` + 1, 0 is empty.
    slots: [u8; SLOTS],
}

impl<const N: usize> Words<N> {
    /// For the compiler to run. At most 255 names.
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "run by the compiler, which checks it"
    )]
    pub(crate) const fn new(names: &[&[u8]; N]) -> Self {
        let mut words = [Word::EMPTY; N];
        let mut slots = [0u8; SLOTS];
        let mut index = 0;
        while index < N {
            let word = Word::new(names[index]);
            words[index] = word;
            index += 1;
            if word.length <= WORD {
                let mut slot = Word::slot_of(word.text, word.length);
                while slots[slot] != 0 {
                    slot = (slot + 1) % SLOTS;
                }
                slots[slot] = index as u8;
            }
        }
        Self { words, slots }
    }

    /// The place of the name that the first `length` bytes of `head` spell, in any case; `length` is not 0.
    #[inline]
    pub(crate) fn find(&self, head: u128, length: usize) -> Option<usize> {
        let mut slot = Word::slot_of(head, length);
        loop {
            let index = usize::from(self.slots.get(slot).copied().unwrap_or(0)).wrapping_sub(1);
            if self.words.get(index)?.is(head, length) {
                return Some(index);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The same for a name that stands alone.
    #[inline]
    pub(crate) fn find_name(&self, name: &[u8]) -> Option<usize> {
        let mut head = [0; WORD];
        head.get_mut(..name.len())?.copy_from_slice(name);
        if name.is_empty() { None } else { self.find(u128::from_le_bytes(head), name.len()) }
    }
}

/// Where `byte` stands first in `head`, if it does.
#[inline]
pub(crate) fn find(head: u128, byte: u8) -> Option<usize> {
    const LOWEST: u128 = u128::from_le_bytes([1; WORD]);
    // The lowest byte that is nothing after this is the first; what is above it may be wrong.
    let difference = head ^ u128::from_le_bytes([byte; WORD]);
    let found = difference.wrapping_sub(LOWEST) & !difference & (LOWEST << 7);
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &[u8]) -> u128 {
        let mut head = [0; WORD];
        head[..text.len()].copy_from_slice(text);
        u128::from_le_bytes(head)
    }

    #[test]
    fn a_name_is_found_in_any_case_and_no_other() {
        let words = Words::new(&[b"Via", b"Call-ID", b"A-name-longer-than-that"]);
        for same in [&b"Call-ID"[..], b"CALL-id", b"call-id"] {
            assert_eq!(words.find_name(same), Some(1), "{same:?}");
            assert_eq!(words.find(head(&[same, b": a"].concat()), 7), Some(1), "{same:?}");
        }
        for other in
            [&b"Call\rID"[..], b"Call ID", b"Call-IE", b"\x03all-ID", b"Call-I$", b"Call-IDs", b"", b"Call-I"]
        {
            assert_eq!(words.find_name(other), None, "{other:?}");
        }
        assert_eq!(words.find_name(b"A-name-longer-than-that"), None);
    }

    #[test]
    fn the_first_of_several_is_found() {
        for place in 0..WORD {
            let mut text = [b'x'; WORD];
            text[place..].fill(b':');
            assert_eq!(find(u128::from_le_bytes(text), b':'), Some(place));
        }
        assert_eq!(find(head(b";9:"), b':'), Some(2));
        assert_eq!(find(head(b"none"), b':'), None);
    }
}
