//! Sheets: every record has its line, in order, and is within its limits; columns and rows are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::commands::import::row::{Columns, Seen};
use server::commands::import::sheet::{FIELDS_MAX, RECORD_MAX, Sheet};

fuzz_target!(|bytes: &[u8]| {
    let Ok((mut sheet, first)) = Sheet::open(bytes) else { return };
    let columns = Columns::read(first);
    let (mut line, mut seen) = (0, Seen::default());
    while let Ok(Some(record)) = sheet.record() {
        // A carriage return alone ends a record and no line.
        assert!(record.line >= line, "records come in order");
        line = record.line;
        if let Ok(fields) = &record.fields {
            assert!(fields.len() <= FIELDS_MAX);
            assert!(fields.iter().map(|field| field.len()).sum::<usize>() <= RECORD_MAX);
        }
        if let Ok(columns) = &columns
            && let Ok(row) = columns.row(record)
        {
            let _ = seen.note(row);
        }
    }
});
