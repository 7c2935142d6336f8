//! Form fields: label, hint, error, and for secrets the rules beside them.
//!
//! A field's element id is `f-` and its name; hint and error have `-hint` and `-error` after that. The summary at the
//! top of a form links to the same ids.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use calls::prompt::Language;

use super::icon::Icon;
use crate::words::{Say as _, Value};

/// One answer of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// The words.
    pub(crate) label: String,
    /// What it means. Shown beside radio buttons only; a drop-down list has no room for it.
    pub(crate) hint: String,
    /// Whether it is the one chosen.
    pub(crate) chosen: bool,
}

impl Choice {
    /// An answer.
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new(), chosen }
    }

    /// With its meaning.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// What a field takes.
#[derive(Clone, Debug, Default)]
pub(crate) enum Kind {
    /// One line of text.
    #[default]
    Text,
    /// One line in fixed-width letters: codes, digits, addresses.
    Code,
    /// A whole number.
    Number {
        /// The smallest that is taken.
        least: u64,
        /// The greatest.
        most: u64,
        /// "minutes", or empty.
        unit: String,
    },
    /// A date and a time, local.
    Moment,
    /// A day.
    Date,
    /// Several lines.
    Area,
    /// One of a list that drops down.
    Select(Vec<Choice>),
    /// One of a few, all in view with their meaning.
    Radio(Vec<Choice>),
    /// Yes or no; the value sent is "yes".
    Check {
        /// Whether it is ticked.
        ticked: bool,
    },
}

/// One field of a form.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/field.html")]
pub(crate) struct Field {
    /// The name that the form sends.
    pub(crate) name: String,
    /// The words before it.
    pub(crate) label: String,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it holds now.
    pub(crate) value: String,
    /// How to fill it in, or what it is for.
    pub(crate) hint: String,
    /// What was wrong with it, in words that say how to mend it.
    pub(crate) error: Option<String>,
    /// Where the value departs from something: "Preset: 10".
    pub(crate) note: String,
    /// Whether it may be left empty. Those that may say so.
    pub(crate) required: bool,
    /// The token for the browser's own filling-in ("username", "organization"), or empty for "off".
    pub(crate) autocomplete: String,
    /// The longest text that is taken, 0 for no limit.
    pub(crate) length_max: u64,
    /// Shown, sent, but not to be changed.
    pub(crate) fixed: bool,
    /// Part of a search, where everything may be left empty and nothing has to say so.
    pub(crate) in_search: bool,
    /// The language of the page.
    pub(crate) language: Language,
}

impl Field {
    /// A line of text.
    pub(crate) fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), ..Self::default() }
    }

    /// Something other than a line of text.
    #[must_use]
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Holding a value.
    #[must_use]
    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Not to be left empty.
    #[must_use]
    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With a limit of length, in characters.
    #[must_use]
    pub(crate) fn length_max(mut self, most: u64) -> Self {
        self.length_max = most;
        self
    }

    /// On a page in this language.
    #[must_use]
    pub(crate) fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// With the browser's own filling-in.
    #[must_use]
    pub(crate) fn autocomplete(mut self, token: impl Into<String>) -> Self {
        self.autocomplete = token.into();
        self
    }

    /// Part of a search.
    #[must_use]
    pub(crate) fn search(mut self) -> Self {
        self.required = false;
        self.in_search = true;
        self
    }

    /// The ids of the hint, the note and the error, for `aria-describedby`.
    fn described_by(&self) -> String {
        let parts = [
            (!self.hint.is_empty(), "hint"),
            (!self.note.is_empty(), "note"),
            (self.error.is_some(), "error"),
        ];
        let ids: Vec<String> = parts
            .iter()
            .filter(|(present, _)| *present)
            .map(|(_, part)| format!("f-{}-{part}", self.name))
            .collect();
        ids.join(" ")
    }

    /// What goes into the error summary, when there is an error.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let text = self.error.clone()?;
        // A group of radio buttons has no single element of its own: the link leads to the first of them.
        let target = match self.kind {
            Kind::Radio(_) => format!("f-{}-1", self.name),
            Kind::Text
            | Kind::Code
            | Kind::Number { .. }
            | Kind::Moment
            | Kind::Date
            | Kind::Area
            | Kind::Select(_)
            | Kind::Check { .. } => format!("f-{}", self.name),
        };
        Some(Problem { target, text })
    }
}

impl HtmlSafe for Field {}

/// Any number of a few, all in view with their meaning. Sends `name` once for each that is ticked.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/picks.html")]
pub(crate) struct Picks {
    /// The name that the form sends.
    pub(crate) name: String,
    /// The words above.
    pub(crate) label: String,
    /// What it is for.
    pub(crate) hint: String,
    /// What there is to tick.
    pub(crate) choices: Vec<Choice>,
    /// What was wrong with it.
    pub(crate) error: Option<String>,
    /// Shown, but not to be changed.
    pub(crate) fixed: bool,
}

impl Picks {
    /// What goes into the error summary.
    pub(crate) fn problem(&self) -> Option<Problem> {
        self.error.clone().map(|text| Problem { target: format!("f-{}-1", self.name), text })
    }
}

impl HtmlSafe for Picks {}

/// How a rule is tested while typing. The server tests all of them again, and those that only it can test.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// At least this many characters.
    LengthMin(u64),
    /// At most this many characters.
    LengthMax(u64),
    /// Digits only.
    Digits,
    /// No run up or down (1234, 4321) of this many.
    NoRun(u64),
    /// Not the same digit throughout.
    NotAllSame,
    /// Only the server can tell: known from breaches, used before.
    Server,
}

/// One rule for a secret, shown beside the field.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// How it is tested.
    pub(crate) test: Test,
    /// The rule in plain words.
    pub(crate) text: String,
}

impl Rule {
    /// A rule.
    pub(crate) fn new(test: Test, text: impl Into<String>) -> Self {
        Self { test, text: text.into() }
    }

    const fn name(&self) -> &'static str {
        match self.test {
            Test::LengthMin(_) => "length-min",
            Test::LengthMax(_) => "length-max",
            Test::Digits => "digits",
            Test::NoRun(_) => "no-run",
            Test::NotAllSame => "not-same",
            Test::Server => "server",
        }
    }

    fn argument(&self) -> String {
        match &self.test {
            Test::LengthMin(n) | Test::LengthMax(n) | Test::NoRun(n) => n.to_string(),
            Test::Digits | Test::NotAllSame | Test::Server => String::new(),
        }
    }
}

/// A new secret: typed twice, with the rules beside. Sends `name` and `name_again`; never holds a value.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/secret.html")]
pub(crate) struct Secret {
    /// The name that the form sends.
    pub(crate) name: String,
    /// "New password".
    pub(crate) label: String,
    /// "New password, again".
    pub(crate) label_again: String,
    /// What it is for.
    pub(crate) hint: String,
    /// The rules, all of them.
    pub(crate) rules: Vec<Rule>,
    /// What was wrong with it.
    pub(crate) error: Option<String>,
    /// What was wrong with the repetition.
    pub(crate) error_again: Option<String>,
    /// For phones: a keypad is shown instead of a keyboard.
    pub(crate) digits: bool,
    /// The account it belongs to, for the browser's password store. Empty for none.
    pub(crate) account: String,
    /// Whether it may be left empty.
    pub(crate) required: bool,
    /// The language of the page.
    pub(crate) language: Language,
}

impl Secret {
    /// A secret called `label`, sent as `name`.
    pub(crate) fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        let label = label.into();
        Self {
            name: name.into(),
            label_again: format!("{label}, again"),
            label,
            required: true,
            ..Self::default()
        }
    }

    /// With its rules.
    #[must_use]
    pub(crate) fn rules(mut self, rules: Vec<Rule>) -> Self {
        self.rules = rules;
        self
    }

    /// What goes into the error summary.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let first =
            self.error.iter().map(|text| Problem { target: format!("f-{}", self.name), text: text.clone() });
        let again = self
            .error_again
            .iter()
            .map(|text| Problem { target: format!("f-{}_again", self.name), text: text.clone() });
        first.chain(again).collect()
    }
}

impl HtmlSafe for Secret {}

/// A secret that exists already, asked for: a login, or the present password before a change.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/known_secret.html")]
pub(crate) struct KnownSecret {
    /// The name that the form sends.
    pub(crate) name: String,
    /// The words before it.
    pub(crate) label: String,
    /// What was wrong with it.
    pub(crate) error: Option<String>,
    /// Whether it may be left empty.
    pub(crate) required: bool,
    /// The language of the page.
    pub(crate) language: Language,
}

impl KnownSecret {
    /// What goes into the error summary.
    pub(crate) fn problem(&self) -> Option<Problem> {
        self.error.clone().map(|text| Problem { target: format!("f-{}", self.name), text })
    }
}

impl HtmlSafe for KnownSecret {}

/// One line of an error summary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    /// The id of the element that it is about.
    pub(crate) target: String,
    /// What is wrong and how to mend it.
    pub(crate) text: String,
}

/// All that is wrong with a form, at its top. Empty shows nothing.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/problems.html")]
pub(crate) struct Problems {
    /// One for each field.
    pub(crate) list: Vec<Problem>,
    /// The language of the page.
    pub(crate) language: Language,
}

impl Problems {
    /// These, on a page in English.
    pub(crate) fn listed(list: Vec<Problem>) -> Self {
        Self { list, ..Self::default() }
    }

    /// From fields and secrets.
    pub(crate) fn of(fields: &[&Field], secrets: &[&Secret]) -> Self {
        let fields = fields.iter().filter_map(|field| field.problem());
        let secrets = secrets.iter().flat_map(|secret| secret.problems());
        Self::listed(fields.chain(secrets).collect())
    }

    /// What it says at the top.
    fn heading(&self) -> String {
        let count = u64::try_from(self.list.len()).unwrap_or(u64::MAX);
        self.language.say_with("form-problems", &[("n", Value::Number(count))])
    }

    /// Whether the form is all right.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl HtmlSafe for Problems {}

/// A part of a long form, with its explanation beside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    /// The heading.
    pub(crate) title: String,
    /// What it decides.
    pub(crate) about: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
}

/// What a form holds and what is wrong with it, by the names of its fields: how a handler shows a form, the first time
/// with what is in force, and again with what was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled {
    values: BTreeMap<String, String>,
    errors: BTreeMap<String, String>,
    notes: BTreeMap<String, String>,
}

impl Filled {
    /// With a value. An unticked box has the value "no".
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// With something wrong, in words that say how to mend it.
    #[must_use]
    pub(crate) fn wrong(mut self, name: &str, text: impl Into<String>) -> Self {
        self.errors.insert(name.to_owned(), text.into());
        self
    }

    /// With a remark: what is in force meanwhile.
    #[must_use]
    pub(crate) fn noted(mut self, name: &str, text: impl Into<String>) -> Self {
        self.notes.insert(name.to_owned(), text.into());
        self
    }

    /// The names of all fields that have a value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// A value, empty when there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What is wrong with a field.
    pub(crate) fn error(&self, name: &str) -> Option<String> {
        self.errors.get(name).cloned()
    }

    /// Whether any of these fields is wrong.
    pub(crate) fn any_wrong(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.errors.contains_key(*name))
    }

    /// The field with its value, error and remark. A field that is not known here keeps what it has.
    pub(crate) fn field(&self, mut field: Field) -> Field {
        if let Some(value) = self.values.get(&field.name) {
            match &mut field.kind {
                Kind::Check { ticked } => *ticked = value == "yes",
                Kind::Select(choices) | Kind::Radio(choices) => {
                    for choice in choices {
                        choice.chosen = choice.value == *value;
                    }
                }
                Kind::Text | Kind::Code | Kind::Number { .. } | Kind::Moment | Kind::Date | Kind::Area => {
                    field.value.clone_from(value);
                }
            }
        }
        field.error = self.errors.get(&field.name).cloned().or(field.error);
        if let Some(note) = self.notes.get(&field.name) {
            field.note.clone_from(note);
        }
        field
    }

    /// The secret with its errors. Never with a value.
    pub(crate) fn secret(&self, mut secret: Secret) -> Secret {
        secret.error = self.errors.get(&secret.name).cloned();
        secret.error_again = self.errors.get(&format!("{}_again", secret.name)).cloned();
        secret
    }

    /// All that is wrong, in the order of the form.
    pub(crate) fn problems_of(sections: &[Section]) -> Problems {
        let fields = sections.iter().flat_map(|section| section.fields.iter());
        Problems::listed(fields.filter_map(Field::problem).collect())
    }
}

/// Radio buttons "how to set a secret": generate, type, none.
pub(crate) fn how(name: &str, legend: &str, generate: &str) -> Field {
    Field::new(name, legend).required().kind(Kind::Radio(vec![
        Choice::new("generate", generate, true).hint("Shown once after saving, to copy or print."),
        Choice::new("type", "Type one", false),
        Choice::new("none", "None for now", false).hint("It opens nothing until one is set."),
    ]))
}
