//! Cutting messages out of TCP, TLS and other streams (RFC 3261 §18.3, keep-alives of RFC 5626 §4.4.1).
//!
//! ```text
//!           ┌── CRLF CRLF ──▶ Ping        answered with CRLF
//!   between ┼── CRLF ───────▶ (skipped)   a pong, or an empty line before a message
//!           └── other ──────▶ headers ── empty line ──▶ body ── Content-Length bytes ──▶ Message
//! ```
//!
//! Bytes go in with [`Framer::push`] as they come; [`Framer::next_frame`] is called until it has nothing more.

use memchr::memchr;

use super::Rule;
use super::fields::Fields;
use super::headers::{Headers, MESSAGE_MAX};
use super::lines::Lines;

/// The answer to a ping.
pub const PONG: &[u8] = b"\r\n";

/// Bytes that a buffer keeps while nothing is in it: thousands of phones are silent nearly always, and one long message
/// of each must not cost its length for as long as the connection lives.
const BUFFER_KEPT: usize = 8 << 10;

/// What a stream brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole message, for [`Message::parse`](super::Message::parse).
    Message(&'a [u8]),
    /// A keep-alive: answer with [`PONG`].
    Ping,
}

/// The stream cannot be cut any further: answer what can be answered, then close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Content-Length is missing, which over streams it must not be (§20.14).
    #[error("no Content-Length")]
    ContentLengthMissing,
    /// Content-Length is no number, or there are several.
    #[error("malformed Content-Length")]
    ContentLengthMalformed,
    /// The message is or would be longer than allowed.
    #[error("message too long")]
    TooLong,
}

impl StreamError {
    /// Status code and reason phrase of the answer.
    #[must_use]
    pub const fn answer(self) -> (u16, &'static str) {
        match self {
            Self::ContentLengthMissing => (400, "Missing Content-Length"),
            Self::ContentLengthMalformed => (400, Rule::ContentLength.phrase()),
            // §21.5.7.
            Self::TooLong => (513, Rule::MessageTooLong.phrase()),
        }
    }
}

/// Cuts a stream into messages.
#[derive(Clone, Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the next frame begins.
    start: usize,
    /// Where the line begins that is being looked for the end of, from `start`.
    line: usize,
    /// How far that line was searched, from `start`.
    searched: usize,
    /// The length of the message at `start`, once its headers have been read.
    length: Option<usize>,
    message_max: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new(MESSAGE_MAX)
    }
}

impl Framer {
    /// Refuses messages longer than `message_max` bytes, which is at most `MESSAGE_MAX`.
    #[must_use]
    pub fn new(message_max: usize) -> Self {
        let message_max = message_max.min(MESSAGE_MAX);
        Self { buffer: Vec::new(), start: 0, line: 0, searched: 0, length: None, message_max }
    }

    /// Takes what came. Call [`Framer::next_frame`] until it gives `None` before pushing more: what is kept is then
    /// never more than one message and one push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start.min(self.buffer.len()));
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The bytes that are not yet part of a frame.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The next frame, if it is complete.
    ///
    /// # Errors
    /// The stream is lost. [`Framer::pending`] has the broken message, for
    /// [`Request::salvage`](super::Request::salvage).
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, StreamError> {
        if self.searched == 0 {
            match self.skip_empty_lines() {
                Between::Ping => return Ok(Some(Frame::Ping)),
                Between::Waiting => {
                    self.release();
                    return Ok(None);
                }
                Between::Message => {}
            }
        }
        if self.length.is_none() {
            match self.find_headers_end() {
                Some(end) => self.length = Some(self.message_length(end)?),
                None if self.pending().len() > self.message_max => return Err(StreamError::TooLong),
                None => return Ok(None),
            }
        }
        let (start, length) = (self.start, self.length.unwrap_or(0));
        if self.pending().len() < length {
            return Ok(None);
        }
        self.consume(length);
        Ok(self.buffer.get(start..start + length).map(Frame::Message))
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
        self.line = 0;
        self.searched = 0;
        self.length = None;
    }

    /// Gives back the room of what has been read, if it is much and nothing is left in it.
    fn release(&mut self) {
        if self.buffer.capacity() > BUFFER_KEPT && self.pending().is_empty() {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    fn skip_empty_lines(&mut self) -> Between {
        loop {
            match self.pending() {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.consume(4);
                    return Between::Ping;
                }
                // It may yet become a ping.
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Between::Waiting,
                [b'\r', b'\n', ..] => self.consume(2),
                [b'\n', ..] => self.consume(1),
                _ => return Between::Message,
            }
        }
    }

    /// Where the body begins, counted from `start`.
    fn find_headers_end(&mut self) -> Option<usize> {
        loop {
            let bytes = self.buffer.get(self.start..).unwrap_or_default();
            let Some(distance) = memchr(b'\n', bytes.get(self.searched..).unwrap_or_default()) else {
                self.searched = bytes.len();
                return None;
            };
            let end = self.searched + distance;
            let line = bytes.get(self.line..end).unwrap_or_default();
            self.searched = end + 1;
            self.line = end + 1;
            if matches!(line, [] | b"\r") {
                return Some(end + 1);
            }
        }
    }

    fn message_length(&self, headers_end: usize) -> Result<usize, StreamError> {
        let head = self.pending().get(..headers_end).unwrap_or_default();
        if head.len() > self.message_max {
            return Err(StreamError::TooLong);
        }
        let mut headers = Headers::new();
        // Lenient: which other rule is broken is for the parser to say.
        let mut lines = Lines::new(head, 0, true);
        lines.next().map_err(|_| StreamError::ContentLengthMissing)?;
        let _ = headers.fill(head, &mut lines, true);
        let length = Fields::new(head, &headers, b"").content_length();
        let length = length.map_err(|_| StreamError::ContentLengthMalformed)?;
        let length = length.ok_or(StreamError::ContentLengthMissing)?.saturating_add(headers_end);
        if length > self.message_max { Err(StreamError::TooLong) } else { Ok(length) }
    }
}

enum Between {
    Ping,
    Waiting,
    Message,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_takes_room_only_until_it_is_read() {
        let mut framer = Framer::default();
        let long = format!("MESSAGE sip:a SIP/2.0\r\nl: 60000\r\n\r\n{}", "x".repeat(60_000));
        framer.push(long.as_bytes());
        assert_eq!(framer.next_frame(), Ok(Some(Frame::Message(long.as_bytes()))));
        assert_eq!(framer.next_frame(), Ok(None));
        assert!(framer.buffer.capacity() <= BUFFER_KEPT);
        framer.push(long.as_bytes());
        framer.push(b"\r\n");
        assert_eq!(framer.next_frame(), Ok(Some(Frame::Message(long.as_bytes()))));
        assert_eq!(framer.next_frame(), Ok(None));
        assert_eq!(framer.pending(), b"\r\n", "half a ping is kept");
        framer.push(b"\r\n");
        assert_eq!(framer.next_frame(), Ok(Some(Frame::Ping)));
    }
}
