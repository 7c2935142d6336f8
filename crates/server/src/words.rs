//! The words of all that people read who only have a phone: pages, mails, script. One file a language in `words/`, written for
//! Fluent; a test holds the files equal and sees to it that every message is used.
//!
//! The manager's pages are in English alone and have their words where they stand.

use std::sync::LazyLock;

use calls::prompt::{LANGUAGES, Language};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, accepted_languages, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// Longest list of languages that is read.
const ACCEPTED_BYTES_MAX: usize = 256;

/// The messages of one language.
struct Book {
    language: Language,
    tag: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

static BOOKS: LazyLock<Vec<Book>> = LazyLock::new(|| LANGUAGES.into_iter().map(Book::of).collect());

/// What the script of the pages says, by the names that it has for it.
const SAID_BY_SCRIPT: [&str; 14] = [
    "met",
    "not-met",
    "rules-met",
    "just-now",
    "over",
    "show",
    "hide",
    "copied",
    "not-copied",
    "ok",
    "cancel",
    "weak",
    "fair",
    "strong",
];

impl Book {
    fn of(language: Language) -> Self {
        let tag: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag.clone()]);
        // The marks that keep text of another direction apart would be copied along with what they stand around.
        bundle.set_use_isolating(false);
        // What cannot be read in it is passed over here, and found by a test.
        let resource = match FluentResource::try_new(source(language).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        Self { language, tag, bundle }
    }
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../words/en.ftl"),
        Language::German => include_str!("../words/de.ftl"),
    }
}

/// A language as one that is read.
pub trait Say: Copy {
    /// The message of this name.
    fn say(self, name: &str) -> String {
        self.say_with(name, &[])
    }

    /// The same with what has to be filled in.
    fn say_with(self, name: &str, with: &[(&str, Value<'_>)]) -> String;

    /// Whether there is a message of this name.
    fn has(self, name: &str) -> bool;

    /// What the language is called by those who speak it.
    fn title(self) -> &'static str;

    /// The one with this tag.
    fn tagged(tag: &str) -> Option<Self>;

    /// The best of those that a browser asks for (RFC 9110 section 12.5.4); English where there is none of them.
    fn accepted(header: &str) -> Self;

    /// What the page's script says in it, as JSON; empty where the script knows it by itself.
    fn said_by_script(self) -> String;
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A number, which decides between one and many.
    Number(u64),
    /// A text, as it is.
    Text(&'a str),
}

impl Say for Language {
    fn say_with(self, name: &str, with: &[(&str, Value<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (key, value) in with {
            match value {
                Value::Number(number) => args.set(*key, FluentValue::from(*number)),
                Value::Text(text) => args.set(*key, FluentValue::from(*text)),
            }
        }
        let in_book = |language: Self| {
            let bundle = &BOOKS.iter().find(|book| book.language == language)?.bundle;
            let pattern = bundle.get_message(name)?.value()?;
            let mut wrong = Vec::new();
            Some(bundle.format_pattern(pattern, Some(&args), &mut wrong).into_owned())
        };
        // Nothing that a person reads depends on a file being whole.
        in_book(self).or_else(|| in_book(Self::English)).unwrap_or_else(|| name.to_owned())
    }

    fn has(self, name: &str) -> bool {
        BOOKS.iter().any(|book| book.language == self && book.bundle.has_message(name))
    }

    fn title(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    fn tagged(tag: &str) -> Option<Self> {
        LANGUAGES.into_iter().find(|language| language.code() == tag)
    }

    fn accepted(header: &str) -> Self {
        let header = header.get(..header.len().min(ACCEPTED_BYTES_MAX)).unwrap_or_default();
        let asked = accepted_languages::parse(header);
        let known: Vec<&LanguageIdentifier> = BOOKS.iter().map(|book| &book.tag).collect();
        let found = negotiate_languages(&asked, &known, None, NegotiationStrategy::Lookup);
        let book = found.first().and_then(|tag| BOOKS.iter().find(|book| book.tag == ***tag));
        book.map_or(Self::English, |book| book.language)
    }

    fn said_by_script(self) -> String {
        if self == Self::English {
            return String::new();
        }
        let said = |name: &&str| ((*name).to_owned(), self.say(&format!("script-{name}")).into());
        serde_json::Value::Object(SAID_BY_SCRIPT.iter().map(said).collect()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The messages of a file, each with the names of what is filled in.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut last = String::new();
        for line in source(language).lines() {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                last = name.to_owned();
                assert!(found.insert(last.clone(), BTreeSet::new()).is_none(), "{last} stands there twice");
            }
            let variables = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>()
            });
            if !line.starts_with('#') {
                found.entry(last.clone()).or_default().extend(variables);
            }
        }
        found.remove("");
        found
    }

    #[test]
    fn every_file_can_be_read_and_all_say_the_same() {
        for language in LANGUAGES {
            if let Err((_, wrong)) = FluentResource::try_new(source(language).to_owned()) {
                panic!("{}: {wrong:?}", language.code());
            }
            let here = messages(language);
            // What stands in a table of the house already, in English, is in the files of other languages alone.
            let is_of_table = |name: &String| name.starts_with("rule-") || name.starts_with("broken-");
            let (of_table, here): (BTreeMap<_, _>, BTreeMap<_, _>) =
                here.into_iter().partition(|(name, _)| is_of_table(name));
            assert_eq!(of_table.is_empty(), language == Language::English, "{}", language.code());
            let english: BTreeMap<_, _> = messages(Language::English);
            for (name, with) in &here {
                assert_eq!(english.get(name), Some(with), "{name} in {}", language.code());
            }
            for name in english.keys() {
                assert!(here.contains_key(name), "{name} is missing in {}", language.code());
            }
        }
    }

    #[test]
    fn every_message_has_a_use() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = String::new();
        let mut folders = vec![root.join("src"), root.join("templates")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    all.push_str(&std::fs::read_to_string(path).unwrap_or_default());
                }
            }
        }
        for name in messages(Language::English).keys() {
            let is_said = all.contains(&format!("\"{name}\""));
            let is_made = |(at, _)| all.contains(&format!("\"{}{{", name.split_at(at + 1).0));
            let is_of_family = name.match_indices('-').any(is_made)
                || SAID_BY_SCRIPT.iter().any(|said| *name == format!("script-{said}"));
            assert!(is_said || is_of_family, "nobody says {name}");
        }
    }

    #[test]
    fn a_browser_is_answered_in_the_best_language_that_it_asks_for() {
        for (asked, best) in [
            ("", Language::English),
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("fr-FR,fr;q=0.9,de;q=0.5", Language::German),
            ("en-GB,en;q=0.9,de;q=0.8", Language::English),
            ("ja", Language::English),
            ("*", Language::English),
            ("de\u{0}", Language::English),
            (&"x,".repeat(5000), Language::English),
            ("😀😀😀😀", Language::English),
        ] {
            assert_eq!(Language::accepted(asked), best, "{}", asked.get(..20).unwrap_or(asked));
        }
    }

    #[test]
    fn one_is_told_from_many_and_what_is_missing_is_no_fault() {
        let days = |language: Language, n| language.say_with("time-days", &[("n", Value::Number(n))]);
        assert_eq!([1, 2].map(|n| days(Language::English, n)), ["1 day", "2 days"]);
        assert_eq!([1, 2].map(|n| days(Language::German, n)), ["1 Tag", "2 Tage"]);
        assert_eq!(Language::German.say("no-such-message"), "no-such-message");
        assert!(LANGUAGES.iter().all(|language| Language::tagged(language.code()) == Some(*language)));
    }
}
