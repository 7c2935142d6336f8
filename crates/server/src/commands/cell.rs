//! Cells of exported CSV files, such that no spreadsheet takes one for a formula, and import reads back what it was.
//!
//! A text that a spreadsheet would calculate gets an apostrophe before it; one that already looks so gets another.

/// Marks with which spreadsheets begin a formula.
const FORMULA_MARKS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The cell of a text.
pub fn guarded(text: &str) -> String {
    if looks_calculated(text) { format!("'{text}") } else { text.into() }
}

/// The text of a cell.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| looks_calculated(text)).unwrap_or(cell)
}

fn looks_calculated(text: &str) -> bool {
    text.trim_start_matches('\'').trim_start_matches(' ').starts_with(FORMULA_MARKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula_and_every_cell_is_read_back() {
        for text in
            ["=1+1", "+49 30 1", "-1", "@SUM(A1)", "\t=1", "'=1", "''=1", "'Ann", "O'Neill", "Ann", "", " =1"]
        {
            let cell = guarded(text);
            assert!(!cell.trim_start().starts_with(FORMULA_MARKS), "{cell:?}");
            assert_eq!(unguarded(&cell), text);
        }
    }
}
