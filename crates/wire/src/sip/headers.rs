//! The header table: where in the message each header stands (RFC 3261 §7.3).
//!
//! A `Headers` is scratch space, made once a thread and used for every message: filling it allocates nothing.
//! It holds offsets, so it borrows from no message.

use std::cell::Cell;

use super::heading::Heading;
use super::lines::{Line, Lines};
use super::name::{HeaderName, NAMES};
use super::scan::{self, SPACE, Scan, TOKEN};
use super::{Malformed, Rule};

/// Header rows in one message.
pub const HEADERS_MAX: usize = 128;
/// Bytes in one message, its body included: what fits into a datagram, and the same over streams.
pub const MESSAGE_MAX: usize = 65_535;

#[derive(Clone, Copy, Debug)]
struct Row {
    name_at: usize,
    name_length: usize,
    value_at: usize,
    value_end: usize,
    name: HeaderName,
    /// The next row of the same name, plus one.
    next: u8,
}

impl Row {
    const NONE: Self =
        Self { name_at: 0, value_at: 0, value_end: 0, name_length: 0, name: HeaderName::Other, next: 0 };
}

/// Where each header of one message stands.
#[derive(Clone, Debug)]
pub struct Headers {
    rows: [Row; HEADERS_MAX],
    length: usize,
    /// By name: the first and the last row, plus one.
    first: [u8; NAMES],
    last: [u8; NAMES],
    /// No header has a control character in it: an answer may repeat it as it is.
    pub(crate) is_clean: bool,
    /// What answers copy, once it has been read.
    pub(crate) heading: Cell<Option<Heading>>,
}

impl Default for Headers {
    fn default() -> Self {
        Self::new()
    }
}

/// One header row.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The name, if known.
    pub name: HeaderName,
    /// The name as written.
    pub name_raw: &'a [u8],
    /// The value without white space at its ends; folded lines are left in.
    pub value: &'a [u8],
}

impl Headers {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rows: [Row::NONE; HEADERS_MAX],
            length: 0,
            first: [0; NAMES],
            last: [0; NAMES],
            is_clean: false,
            heading: Cell::new(None),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
        self.first = [0; NAMES];
        self.last = [0; NAMES];
        self.is_clean = false;
        self.heading.set(None);
    }

    /// Reads rows to the empty line; says where the body begins.
    /// `lenient` skips rows that break a rule and takes the end of the message for the end of the headers.
    pub(crate) fn fill(
        &mut self,
        message: &[u8],
        lines: &mut Lines<'_>,
        lenient: bool,
    ) -> Result<usize, Malformed> {
        self.clear();
        loop {
            let line = match lines.next() {
                Ok(line) => line,
                Err(_) if lenient => return Ok(message.len()),
                Err(wrong) => return Err(wrong),
            };
            if line.text_end == line.at {
                self.is_clean = lines.is_clean();
                return Ok(line.next);
            }
            match self.read_row(message, line, lines) {
                Ok(()) => {}
                Err(wrong) if !lenient => return Err(wrong),
                Err(_) => lines.go_to(line.next),
            }
        }
    }

    /// One row, with the lines that continue it.
    #[inline]
    fn read_row(&mut self, message: &[u8], line: Line, lines: &mut Lines<'_>) -> Result<(), Malformed> {
        let at = line.at;
        let head = message.get(at..).and_then(|rest| rest.first_chunk());
        let (name, name_length, mut value_at) = match head.and_then(|head| HeaderName::before_colon(*head)) {
            Some((name, length)) => (name, length, at + length + 1),
            None => read_name(message.get(at..line.text_end).unwrap_or_default(), at)?,
        };
        let mut value_end = line.text_end;
        while let Some(more) = lines.next_folded()? {
            value_end = more.text_end;
        }
        while value_at < value_end && message.get(value_at).is_some_and(|&byte| scan::is(byte, SPACE)) {
            value_at += 1;
        }
        while value_at < value_end && message.get(value_end - 1).is_some_and(|&byte| scan::is(byte, SPACE)) {
            value_end -= 1;
        }
        self.push(name, at, name_length, value_at, value_end)
    }

    #[inline]
    fn push(
        &mut self,
        name: HeaderName,
        name_at: usize,
        name_length: usize,
        value_at: usize,
        value_end: usize,
    ) -> Result<(), Malformed> {
        let (Some(row), Ok(number)) = (self.rows.get_mut(self.length), u8::try_from(self.length + 1)) else {
            return Err(Malformed::new(Rule::HeadersTooMany, name_at));
        };
        *row = Row { name_at, value_at, value_end, name_length, name, next: 0 };
        self.length += 1;
        if let (Some(first), Some(last)) =
            (self.first.get_mut(name as usize), self.last.get_mut(name as usize))
        {
            if *first == 0 {
                *first = number;
            } else if let Some(previous) = self.rows.get_mut(usize::from(*last).wrapping_sub(1)) {
                previous.next = number;
            }
            *last = number;
        }
        Ok(())
    }

    /// The row with this number, counted from one, and its place.
    #[inline]
    fn row<'a>(&self, number: u8, message: &'a [u8]) -> Option<(Header<'a>, usize, u8)> {
        let row = self.rows.get(usize::from(number).wrapping_sub(1))?;
        let header = Header {
            name: row.name,
            name_raw: message.get(row.name_at..row.name_at + row.name_length).unwrap_or_default(),
            value: message.get(row.value_at..row.value_end).unwrap_or_default(),
        };
        Some((header, row.value_at, row.next))
    }

    #[inline]
    pub(crate) fn first<'a>(&self, name: HeaderName, message: &'a [u8]) -> Option<(&'a [u8], usize, u8)> {
        let number = self.first.get(name as usize).copied()?;
        self.row(number, message).map(|(header, at, next)| (header.value, at, next))
    }

    #[inline]
    pub(crate) fn next<'a>(&self, number: u8, message: &'a [u8]) -> Option<(&'a [u8], usize, u8)> {
        self.row(number, message).map(|(header, at, next)| (header.value, at, next))
    }

    pub(crate) fn rows<'a>(&'a self, message: &'a [u8]) -> impl Iterator<Item = Header<'a>> + use<'a> {
        (1..=self.length)
            .filter_map(|number| u8::try_from(number).ok())
            .filter_map(|number| self.row(number, message).map(|(header, _, _)| header))
    }
}

/// A name and its colon, byte by byte: the name, its length, and the place behind the colon. `line` begins at `at`.
fn read_name(line: &[u8], at: usize) -> Result<(HeaderName, usize, usize), Malformed> {
    let mut scan = Scan::new(line);
    let name = scan.take(TOKEN);
    if name.is_empty() {
        return Err(Malformed::new(Rule::HeaderName, at));
    }
    if !scan.eat(b':') {
        // HCOLON allows white space before the colon (§25.1), and folded white space at that.
        scan.skip_space();
        if !scan.eat(b':') {
            return Err(Malformed::new(Rule::HeaderColon, at + scan.at()));
        }
    }
    Ok((HeaderName::of(name), name.len(), at + scan.at()))
}
