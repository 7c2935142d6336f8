//! The header table: where in the message each header stands (RFC 3261 §7.3).
//!
//! A `Headers` is scratch space, made once a thread and used for every message: filling it allocates nothing.
//! It holds offsets, so it borrows from no message.

use std::cell::Cell;

use memchr::{Memchr, memchr, memchr_iter};

use super::heading::Heading;
use super::name::{HeaderName, NAMES};
use super::scan::{self, SPACE, Scan, TOKEN};
use super::{Malformed, Rule};

/// Header rows in one message.
pub const HEADERS_MAX: usize = 128;
/// Bytes in one message, its body included: what fits into a datagram, and the same over streams.
pub const MESSAGE_MAX: usize = 65_535;

#[derive(Clone, Copy, Debug)]
struct Row {
    name_at: u32,
    value_at: u32,
    value_end: u32,
    name_length: u32,
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
        self.heading.set(None);
    }

    /// Reads rows from `at` to the empty line; says where the body begins.
    /// `lenient` skips rows that break a rule and takes the end of the message for the end of the headers.
    pub(crate) fn fill(&mut self, message: &[u8], mut at: usize, lenient: bool) -> Result<usize, Malformed> {
        self.clear();
        let mut lines = Lines::new(message, at);
        loop {
            let end = match lines.end(at) {
                Ok(end) => end,
                Err(_) if lenient => return Ok(message.len()),
                Err(wrong) => return Err(wrong),
            };
            if end.text_end == at {
                return Ok(end.next);
            }
            match self.read_row(message, at, end, &mut lines) {
                Ok(next) => at = next,
                Err(wrong) if !lenient => return Err(wrong),
                Err(_) => {
                    at = end.next;
                    lines = Lines::new(message, at);
                }
            }
        }
    }

    /// One row, with the lines that continue it; says where the next one begins.
    #[inline]
    fn read_row(
        &mut self,
        message: &[u8],
        at: usize,
        first: LineEnd,
        lines: &mut Lines<'_>,
    ) -> Result<usize, Malformed> {
        let head = message.get(at..).and_then(|rest| rest.first_chunk());
        let (name, name_length, behind_colon) = match head.and_then(|head| HeaderName::before_colon(*head)) {
            Some((name, length)) => (name, length, at + length + 1),
            None => read_name(message.get(at..first.text_end).unwrap_or_default(), at)?,
        };
        let mut end = first;
        while let Some(b' ' | b'\t') = message.get(end.next) {
            end = lines.end(end.next)?;
        }
        let mut value_at = behind_colon;
        let mut value_end = end.text_end;
        while value_at < value_end && message.get(value_at).is_some_and(|&byte| scan::is(byte, SPACE)) {
            value_at += 1;
        }
        while value_at < value_end && message.get(value_end - 1).is_some_and(|&byte| scan::is(byte, SPACE)) {
            value_end -= 1;
        }
        self.push(name, at, name_length, value_at, value_end)?;
        Ok(end.next)
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
        let too_many = Malformed::new(Rule::HeadersTooMany, name_at);
        // A message has at most `MESSAGE_MAX` bytes: its offsets fit.
        let offset =
            |number: usize| u32::try_from(number).map_err(|_| Malformed::new(Rule::MessageTooLong, 0));
        let row = Row {
            name_at: offset(name_at)?,
            value_at: offset(value_at)?,
            value_end: offset(value_end)?,
            name_length: offset(name_length)?,
            name,
            next: 0,
        };
        *self.rows.get_mut(self.length).ok_or(too_many)? = row;
        self.length += 1;
        let number = u8::try_from(self.length).map_err(|_| too_many)?;
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
        let name_at = row.name_at as usize;
        let header = Header {
            name: row.name,
            name_raw: message.get(name_at..name_at + row.name_length as usize).unwrap_or_default(),
            value: message.get(row.value_at as usize..row.value_end as usize).unwrap_or_default(),
        };
        Some((header, row.value_at as usize, row.next))
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

/// The end of a line: of its text, and of its line break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineEnd {
    pub(crate) text_end: usize,
    pub(crate) next: usize,
}

/// The lines of a message, one after the other.
struct Lines<'m> {
    message: &'m [u8],
    from: usize,
    breaks: Memchr<'m>,
}

impl<'m> Lines<'m> {
    fn new(message: &'m [u8], from: usize) -> Self {
        Self { message, from, breaks: memchr_iter(b'\n', message.get(from..).unwrap_or_default()) }
    }

    /// The end of the next line, which begins at `at`.
    #[inline]
    fn end(&mut self, at: usize) -> Result<LineEnd, Malformed> {
        let Some(distance) = self.breaks.next() else {
            return Err(Malformed::new(Rule::HeadersUnfinished, self.message.len()));
        };
        Ok(LineEnd::before(self.message, at, self.from + distance))
    }
}

/// Finds the end of the line that begins at `at`. A bare LF ends a line too: some phones send it, and since nothing
/// here is passed on as it came, no one downstream can read it differently.
#[inline]
pub(crate) fn line_end(message: &[u8], at: usize) -> Result<LineEnd, Malformed> {
    let rest = message.get(at..).unwrap_or_default();
    let Some(length) = memchr(b'\n', rest) else {
        return Err(Malformed::new(Rule::HeadersUnfinished, message.len()));
    };
    Ok(LineEnd::before(message, at, at + length))
}

impl LineEnd {
    /// Of a line that begins at `at` and whose LF is at `lf`.
    #[inline]
    fn before(message: &[u8], at: usize, lf: usize) -> Self {
        let has_cr = lf > at && message.get(lf - 1) == Some(&b'\r');
        Self { text_end: lf - usize::from(has_cr), next: lf + 1 }
    }
}

/// Refuses a CR that no LF follows: what reads it as a line end would see other headers than we do.
/// In one go over all headers, since that can be done many bytes at a time.
pub(crate) fn refuse_bare_cr(head: &[u8]) -> Result<(), Malformed> {
    let next = head.get(1..).unwrap_or_default();
    let is_bare = |(this, next): (&u8, &u8)| (*this == b'\r') & (*next != b'\n');
    if !head.iter().zip(next).fold(false, |found, pair| found | is_bare(pair)) {
        return Ok(());
    }
    let at = head.iter().zip(next).position(is_bare).unwrap_or(0);
    Err(Malformed::new(Rule::BareCr, at))
}
