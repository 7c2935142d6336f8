//! The sheet: records of a CSV file (RFC 4180) in bounded memory, each with the line where it begins.
//!
//! Takes what spreadsheets write: a byte order mark, CRLF or LF, quotes, comma, semicolon or tab. Whatever is wrong
//! with one record is said of that record, and the next one is read; only what spoils the whole file ends it.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use thiserror::Error;
use zeroize::Zeroizing;

/// Longest record, in bytes.
pub const RECORD_MAX: usize = 16 * 1024;
/// Most fields of a record.
pub const FIELDS_MAX: usize = 64;
/// Bytes read from the file at once.
const CHUNK_LEN: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the records of a file one after the other.
pub struct Sheet<R> {
    from: R,
    chunk: Zeroizing<Vec<u8>>,
    /// What of the chunk is read and not yet taken.
    start: usize,
    end: usize,
    core: Reader,
    /// The line that the next byte belongs to.
    line: u64,
    fields: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// Its fields, or why there are none.
    pub fields: Result<Vec<Zeroizing<String>>, Flaw>,
}

/// What is wrong with one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// Too many bytes.
    #[error("the row is longer than {RECORD_MAX} bytes")]
    TooLong,
    /// Too many fields.
    #[error("the row has more than {FIELDS_MAX} fields")]
    TooManyFields,
    /// A field, counted from 0, is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8(usize),
    /// The file ended inside quotes.
    #[error("a quotation mark is opened and never closed")]
    OpenQuote,
}

impl Flaw {
    /// What helps.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TooLong => "Look for a quotation mark that is opened and never closed; shorten the row.",
            Self::TooManyFields => "Keep to the columns of the first line.",
            Self::NotUtf8(_) => "Save the file as \"CSV UTF-8\".",
            Self::OpenQuote => "Close the quotation mark, or write it twice if it is part of the text.",
        }
    }
}

impl<R: Read> Sheet<R> {
    /// Opens a file, finds out which mark separates its fields, and reads its first record: the columns.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(from: R) -> io::Result<(Self, Option<Record>)> {
        let mut sheet = Self {
            from,
            chunk: Zeroizing::new(vec![0; CHUNK_LEN]),
            start: 0,
            end: 0,
            core: Reader::new(),
            line: 1,
            fields: Zeroizing::new(vec![0; RECORD_MAX]),
            ends: vec![0; FIELDS_MAX],
        };
        sheet.fill()?;
        if sheet.unread().starts_with(BYTE_ORDER_MARK) {
            sheet.start += BYTE_ORDER_MARK.len();
        }
        let first = sheet.unread().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let separator = [b',', b';', b'\t'].into_iter().find(|mark| first.contains(mark)).unwrap_or(b',');
        sheet.core = ReaderBuilder::new().delimiter(separator).build();
        let columns = sheet.record()?;
        Ok((sheet, columns))
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn record(&mut self) -> io::Result<Option<Record>> {
        self.skip_empty_lines()?;
        let line = self.line;
        let (mut text_len, mut field_count, mut flaw) = (0, 0, None);
        loop {
            if self.start == self.end {
                self.fill()?;
            }
            let is_over = self.start == self.end;
            let input = self.chunk.get(self.start..self.end).unwrap_or_default();
            let text = self.fields.get_mut(text_len..).unwrap_or_default();
            let ends = self.ends.get_mut(field_count..).unwrap_or_default();
            let (outcome, taken, written, ended) = self.core.read_record(input, text, ends);
            let newlines =
                input.get(..taken).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
            self.line += newlines as u64;
            self.start += taken;
            text_len += written;
            field_count += ended;
            match outcome {
                // The end of the file is told to the reader as input of no bytes; the loop comes round once more.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    flaw = Some(Flaw::TooLong);
                    text_len = 0;
                }
                ReadRecordResult::OutputEndsFull => {
                    flaw = Some(Flaw::TooManyFields);
                    field_count = 0;
                }
                ReadRecordResult::Record => {
                    // The reader closes a quote that the end of the file left open.
                    let is_open = is_over && self.ends_in_quotes(line, text_len);
                    let flaw = flaw.or(is_open.then_some(Flaw::OpenQuote));
                    let fields = flaw.map_or_else(|| self.texts(field_count), Err);
                    return Ok(Some(Record { line, fields }));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// A record that swallowed line ends up to the end of the file was most likely never closed.
    fn ends_in_quotes(&self, line: u64, text_len: usize) -> bool {
        let text = self.fields.get(..text_len).unwrap_or_default();
        self.line > line && text.last() == Some(&b'\n')
    }

    fn texts(&self, field_count: usize) -> Result<Vec<Zeroizing<String>>, Flaw> {
        let mut start = 0;
        let ends = self.ends.get(..field_count).unwrap_or_default();
        let texts = ends.iter().enumerate().map(|(index, end)| {
            let bytes = self.fields.get(start..*end).unwrap_or_default();
            start = *end;
            let text = std::str::from_utf8(bytes).map_err(|_| Flaw::NotUtf8(index))?;
            Ok(Zeroizing::new(text.to_owned()))
        });
        texts.collect()
    }

    /// The reader passes over empty lines too, but does not say where the record after them begins.
    fn skip_empty_lines(&mut self) -> io::Result<()> {
        loop {
            if self.start == self.end {
                self.fill()?;
            }
            match self.unread().first() {
                Some(b'\n') => self.line += 1,
                Some(b'\r') => {}
                _ => return Ok(()),
            }
            self.start += 1;
        }
    }

    fn unread(&self) -> &[u8] {
        self.chunk.get(self.start..self.end).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = loop {
            match self.from.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time: chunks end at every place that they can.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((byte, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *byte;
            self.0 = rest;
            Ok(1)
        }
    }

    type Read1 = (u64, Result<Vec<String>, Flaw>);

    fn records(mut sheet: Sheet<impl Read>, first: Option<Record>) -> Vec<Read1> {
        let mut read = Vec::new();
        let mut next = first;
        while let Some(record) = next {
            let texts = record.fields.map(|fields| fields.iter().map(|field| field.to_string()).collect());
            read.push((record.line, texts));
            next = sheet.record().unwrap();
        }
        read
    }

    fn read(bytes: &[u8]) -> Vec<Read1> {
        let (sheet, first) = Sheet::open(bytes).unwrap();
        let whole = records(sheet, first);
        if bytes.len() < 1000 && !bytes.starts_with(BYTE_ORDER_MARK) && !bytes.contains(&b';') {
            let (sheet, first) = Sheet::open(Dripping(bytes)).unwrap();
            assert_eq!(records(sheet, first), whole, "byte by byte");
        }
        whole
    }

    fn row(line: u64, fields: &[&str]) -> Read1 {
        (line, Ok(fields.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let plain = [row(1, &["name", "extension"]), row(2, &["Ann", "201"])];
        assert_eq!(read(b"name,extension\nAnn,201\n"), plain);
        assert_eq!(read(b"name,extension\r\nAnn,201"), plain);
        assert_eq!(read(b"\xef\xbb\xbfname;extension\r\nAnn;201\r\n"), plain);
        assert_eq!(read(b"name,extension\n\"Ann\",\"201\"\n"), plain);
    }

    #[test]
    fn a_record_knows_the_line_where_it_begins() {
        let text = b"name\n\n\r\n\"two\nlines\"\nAnn\n";
        assert_eq!(read(text), [row(1, &["name"]), row(4, &["two\nlines"]), row(6, &["Ann"])]);
        assert_eq!(read(b"a,b\n\"say \"\"hi\"\"\",\n"), [row(1, &["a", "b"]), row(2, &["say \"hi\"", ""])]);
    }

    #[test]
    fn a_bad_record_does_not_spoil_the_next() {
        let mut text = b"name\n".to_vec();
        text.extend(vec![b'x'; 10_000_000]);
        text.extend(b"\nAnn\n");
        text.extend(vec![b','; FIELDS_MAX + 5]);
        text.extend(b"\nBob\nJ\xf6rg\nEve\n");
        let expected = [
            row(1, &["name"]),
            (2, Err(Flaw::TooLong)),
            row(3, &["Ann"]),
            (4, Err(Flaw::TooManyFields)),
            row(5, &["Bob"]),
            (6, Err(Flaw::NotUtf8(0))),
            row(7, &["Eve"]),
        ];
        assert_eq!(read(&text), expected);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named() {
        assert_eq!(read(b"name\n\"Ann\nBob\n"), [row(1, &["name"]), (2, Err(Flaw::OpenQuote))]);
    }

    #[test]
    fn an_empty_file_has_no_records() {
        for empty in [&b""[..], b"\xef\xbb\xbf", b"\n\n\r\n"] {
            assert!(Sheet::open(empty).unwrap().1.is_none());
        }
    }
}
