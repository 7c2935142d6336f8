//! What is searched for in lists: a text that lies somewhere in another one, without regard to case. A list looks into every
//! record there is, so looking makes no copy of what is plain ASCII, as nearly everything is.

use memchr::memchr2_iter;

/// The text, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Needle(String);

impl Needle {
    /// What somebody typed; what stands around it does not count.
    pub(crate) fn of(typed: &str) -> Self {
        Self(typed.trim().to_lowercase())
    }

    /// Whether nothing is searched for. That lies in everything.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it lies in a text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        if !text.is_ascii() {
            return text.to_lowercase().contains(&self.0);
        }
        let needle = self.0.as_bytes();
        let Some(first) = needle.first() else { return true };
        let ends = |at: usize| text.as_bytes().get(at..at.saturating_add(needle.len()));
        memchr2_iter(*first, first.to_ascii_uppercase(), text.as_bytes())
            .any(|at| ends(at).is_some_and(|part| part.eq_ignore_ascii_case(needle)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_what_lower_case_contains() {
        let texts = [
            "",
            "a",
            "Ann",
            "ANNA ann",
            "Jörg Ödön",
            "201",
            "\u{212a}elvin",
            "ΟΔΟΣ",
            "an\u{130}n",
            "annn nan",
        ];
        let typed = ["", " a ", "ann", "ANN", "ö", "Ö", "0", "k", "οδος", "σ", "i", "nn n", "n\u{307}", "zz"];
        for text in texts {
            for typed in typed {
                let expected = text.to_lowercase().contains(&typed.trim().to_lowercase());
                assert_eq!(Needle::of(typed).is_in(text), expected, "{typed:?} in {text:?}");
            }
        }
    }

    #[test]
    fn the_short_way_finds_the_same() {
        let grown = |texts: &[String]| -> Vec<String> {
            texts.iter().flat_map(|text| ["a", "A", "b", "."].map(|more| format!("{text}{more}"))).collect()
        };
        let mut texts = vec![vec![String::new()]];
        for length in 0..5 {
            texts.push(grown(&texts[length]));
        }
        for typed in texts[1].iter().chain(&texts[2]).chain(&texts[3]) {
            let needle = Needle::of(typed);
            for text in texts.iter().flatten() {
                let expected = text.to_lowercase().contains(&typed.to_lowercase());
                assert_eq!(needle.is_in(text), expected, "{typed:?} in {text:?}");
            }
        }
    }
}
