//! Rows: what the columns of a file mean, and a record read as a user.

use std::collections::HashMap;

use signin::{
    credential::CredentialKind,
    ident::{FoldedName, NAME_MAX},
    secret::Secret,
};
use zeroize::Zeroizing;

use super::sheet::{Flaw, Record};
use crate::{
    commands::{cell::unguarded, columns::USER_COLUMNS},
    local::protocol::FieldFlaw,
};

/// The word in a secret's cell that asks for one made by chance.
pub const GENERATE: &str = "generate";

/// The columns that import sets. `name` must be there.
const COLUMNS: [(&str, Column); 6] = [
    ("name", Column::Name),
    ("full_name", Column::FullName),
    ("extension", Column::Extension),
    ("login_code", Column::Secret(CredentialKind::LoginCode)),
    ("user_password", Column::Secret(CredentialKind::UserPassword)),
    ("phone_password", Column::Secret(CredentialKind::PhonePassword)),
];

/// The secrets of a row, in the order of their columns.
pub const SECRETS: [CredentialKind; 3] =
    [CredentialKind::LoginCode, CredentialKind::UserPassword, CredentialKind::PhonePassword];

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    FullName,
    Extension,
    Secret(CredentialKind),
    /// Something that an export told, and that is not set by hand.
    Told,
}

/// The columns of a file, in their order.
#[derive(Debug)]
pub struct Columns(Vec<(String, Column)>);

/// A row as it was written.
#[derive(Debug)]
pub struct Row {
    /// Where in the file.
    pub line: u64,
    /// The account name.
    pub name: String,
    /// For people; `None` = no such column.
    pub full_name: Option<String>,
    /// The extension's number; `None` = no such column.
    pub extension: Option<String>,
    /// What is wished of each of [`SECRETS`].
    pub secrets: [Wish; 3],
    /// About how much memory it takes.
    pub bytes: usize,
}

/// What a cell says about a secret.
#[derive(Debug, Default)]
pub enum Wish {
    /// Nothing.
    #[default]
    Keep,
    /// This one.
    Set(Secret),
    /// One made by chance, where none is set.
    Generate,
}

/// A row that cannot be taken.
#[derive(Debug)]
pub struct Rejected {
    /// Where in the file.
    pub line: u64,
    /// The account name, as far as it could be read.
    pub name: String,
    /// What is wrong with it, by column.
    pub flaws: Vec<FieldFlaw>,
    /// What helps.
    pub remedy: String,
}

impl Columns {
    /// Reads the first record of a file.
    ///
    /// # Errors
    /// Why, and what helps.
    pub fn read(first: Option<Record>) -> Result<Self, (String, String)> {
        let known = || COLUMNS.map(|(name, _)| name).join(", ");
        let Some(first) = first else {
            return Err(("it is empty".into(), format!("Begin with a line of column names: {}.", known())));
        };
        let names =
            first.fields.map_err(|flaw| (format!("line {}: {flaw}", first.line), flaw.remedy().into()))?;
        let mut columns: Vec<(String, Column)> = Vec::new();
        for name in &names {
            let folded = name.trim().to_lowercase().replace([' ', '-'], "_");
            let column = COLUMNS.iter().find(|(known, _)| *known == folded).map(|(_, column)| *column);
            let told = USER_COLUMNS.contains(&folded.as_str()).then_some(Column::Told);
            let Some(column) = column.or(told) else {
                let why = format!("line {}: there is no column {:?}", first.line, name.trim());
                return Err((why, format!("Take it out, or correct its name. Columns are {}.", known())));
            };
            if columns.iter().any(|(there, _)| *there == folded) {
                let why = format!("line {}: the column {folded} is there twice", first.line);
                return Err((why, "Take one of them out.".into()));
            }
            columns.push((folded, column));
        }
        if !columns.iter().any(|(_, column)| *column == Column::Name) {
            let why = format!("line {}: the column name is missing", first.line);
            return Err((why, format!("Begin with a line of column names: {}.", known())));
        }
        Ok(Self(columns))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn row(&self, record: Record) -> Result<Row, Rejected> {
        let line = record.line;
        let fields = record.fields.map_err(|flaw| self.rejected(line, flaw))?;
        if fields.len() != self.0.len() {
            let problem =
                format!("the row has {} fields, and there are {} columns", fields.len(), self.0.len());
            let remedy = "Give every row a field for each column; put text with separators in quotes.";
            let flaws = vec![FieldFlaw { field: String::new(), problem }];
            return Err(Rejected { line, name: self.name_in(&fields), flaws, remedy: remedy.into() });
        }
        let bytes = fields.iter().map(|field| field.len() + 16).sum();
        let mut row = Row {
            line,
            name: String::new(),
            full_name: None,
            extension: None,
            secrets: Default::default(),
            bytes,
        };
        for (field, (_, column)) in fields.iter().zip(&self.0) {
            let text = unguarded(field.trim());
            match column {
                Column::Name => row.name = text.into(),
                Column::FullName => row.full_name = Some(text.into()),
                Column::Extension => row.extension = Some(text.into()),
                Column::Secret(kind) => {
                    let place = SECRETS.iter().position(|secret| secret == kind);
                    if let Some(wish) = place.and_then(|place| row.secrets.get_mut(place)) {
                        *wish = Wish::read(field);
                    }
                }
                Column::Told => {}
            }
        }
        Ok(row)
    }

    fn rejected(&self, line: u64, flaw: Flaw) -> Rejected {
        let column = match flaw {
            Flaw::NotUtf8(index) => self.0.get(index).map(|(name, _)| name.clone()).unwrap_or_default(),
            Flaw::TooLong | Flaw::TooManyFields | Flaw::OpenQuote => String::new(),
        };
        let flaws = vec![FieldFlaw { field: column, problem: flaw.to_string() }];
        Rejected { line, name: String::new(), flaws, remedy: flaw.remedy().into() }
    }

    fn name_in(&self, fields: &[Zeroizing<String>]) -> String {
        let place = self.0.iter().position(|(_, column)| *column == Column::Name);
        let name = place.and_then(|place| fields.get(place)).map(|name| name.trim()).unwrap_or_default();
        name.chars().take(NAME_MAX).collect()
    }
}

impl Wish {
    /// A secret is taken as it stands, but for the spaces around it that spreadsheets leave.
    fn read(cell: &str) -> Self {
        match cell.trim() {
            "" => Self::Keep,
            GENERATE => Self::Generate,
            text => Self::Set(Secret::new(text)),
        }
    }
}

/// Names and numbers of the rows so far, so that none is there twice.
#[derive(Debug, Default)]
pub struct Seen {
    names: HashMap<FoldedName, u64>,
    numbers: HashMap<Box<str>, u64>,
}

impl Seen {
    /// Notes a row.
    ///
    /// # Errors
    /// An earlier row has its name or its number.
    pub fn note(&mut self, row: Row) -> Result<Row, Rejected> {
        let mut flaws = Vec::new();
        let name = FoldedName::of(&row.name);
        if let Some(line) = self.names.get(&name) {
            let problem = format!("line {line} has the same name");
            flaws.push(FieldFlaw { field: "name".into(), problem });
        }
        let number = row.extension.as_deref().filter(|number| !number.is_empty());
        if let Some(line) = number.and_then(|number| self.numbers.get(number)) {
            let problem = format!("line {line} has the same extension");
            flaws.push(FieldFlaw { field: "extension".into(), problem });
        }
        if !flaws.is_empty() {
            let remedy = "Keep one of the two rows, or give this one another.";
            let Row { line, name, .. } = row;
            return Err(Rejected { line, name, flaws, remedy: remedy.into() });
        }
        if !row.name.is_empty() {
            self.names.insert(name, row.line);
        }
        if let Some(number) = number {
            self.numbers.insert(number.into(), row.line);
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::sheet::Sheet;

    fn rows(text: &str) -> Result<Vec<Result<Row, Rejected>>, (String, String)> {
        let (mut sheet, first) = Sheet::open(text.as_bytes()).unwrap();
        let columns = Columns::read(first)?;
        let mut seen = Seen::default();
        let mut rows = Vec::new();
        while let Some(record) = sheet.record().unwrap() {
            rows.push(columns.row(record).and_then(|row| seen.note(row)));
        }
        Ok(rows)
    }

    #[test]
    fn columns_may_come_in_any_order_and_be_left_out() {
        let read = rows("Extension,Login-Code,NAME\n201,generate, Ann \n202,,Bob\n").unwrap();
        let ann = read[0].as_ref().unwrap();
        assert_eq!(
            (ann.name.as_str(), ann.extension.as_deref(), &ann.full_name),
            ("Ann", Some("201"), &None)
        );
        assert!(matches!(ann.secrets, [Wish::Generate, Wish::Keep, Wish::Keep]));
        assert!(matches!(read[1].as_ref().unwrap().secrets, [Wish::Keep, Wish::Keep, Wish::Keep]));
    }

    #[test]
    fn what_an_export_told_is_passed_over() {
        let header = USER_COLUMNS.join(",");
        let read = rows(&format!("{header}\n'=Ann,Ann Smith,201,Enabled,,,,0,,\n")).unwrap();
        assert_eq!(read[0].as_ref().unwrap().name, "=Ann");
    }

    #[test]
    fn a_file_with_wrong_columns_is_refused_as_a_whole() {
        for (text, word) in [
            ("", "empty"),
            ("extension\n201\n", "name"),
            ("name,pasword\nAnn,x\n", "pasword"),
            ("name,Name\nAnn,Ann\n", "twice"),
        ] {
            let (why, remedy) = rows(text).unwrap_err();
            assert!(why.contains(word), "{why}");
            assert!(!remedy.is_empty());
        }
    }

    #[test]
    fn a_bad_row_names_line_and_column() {
        let read = rows("name,extension\nAnn,201,x\nBob\nann,202\nANN,203\nEve,202\n").unwrap();
        let flaws: Vec<_> = read
            .iter()
            .filter_map(|row| row.as_ref().err())
            .map(|bad| (bad.line, bad.flaws[0].field.as_str(), bad.flaws[0].problem.as_str()))
            .collect();
        assert_eq!(
            flaws,
            [
                (2, "", "the row has 3 fields, and there are 2 columns"),
                (3, "", "the row has 1 fields, and there are 2 columns"),
                (5, "name", "line 4 has the same name"),
                (6, "extension", "line 4 has the same extension"),
            ]
        );
    }
}
