//! Cutters: how messages are cut out of what comes on a connection, and put into what goes. By their length on streams (RFC
//! 3261 section 18.3), by frames on WebSockets (RFC 7118 section 5).

use wire::{
    sip::stream::{Frame, Framer, StreamError},
    websocket::{Event, Frames, GOING_AWAY, write_close, write_message, write_pong},
};

use crate::config::LimitsConfig;

/// Cuts what comes, and puts together what goes.
pub(super) trait Cutter: Send {
    /// What is said at the end by whoever closes a connection without having been asked to.
    const FAREWELL: &'static [u8];

    /// Takes what came.
    fn push(&mut self, bytes: &[u8]);

    /// The next piece, if it is there as a whole.
    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, End>;

    /// What came and is not cut yet.
    fn pending(&self) -> &[u8];

    /// Whether something has begun and not ended.
    fn is_inside(&self) -> bool;

    /// Puts a message behind what goes; an empty one is none.
    fn put(message: &[u8], out: &mut Vec<u8>);
}

/// What came.
pub(super) enum Piece<'a> {
    /// A SIP message.
    Message(&'a [u8]),
    /// A keep-alive of RFC 5626 section 4.4.1, which is answered with its pong.
    Ping,
    /// Something that is answered with these bytes, as they are.
    Answer(&'a [u8]),
}

/// Nothing more can be cut.
pub(super) enum End {
    /// What is pending may still be told why.
    Lost(StreamError),
    /// These bytes are the last that is said.
    Said(Vec<u8>),
}

/// By lines and lengths.
pub(super) struct Lines(Framer);

/// By frames.
pub(super) struct Sockets {
    frames: Frames,
    /// What a frame is answered with.
    answer: Vec<u8>,
}

impl Lines {
    pub(super) fn new(limits: &LimitsConfig) -> Self {
        Self(Framer::new(limits.sip_message_bytes_max))
    }
}

impl Cutter for Lines {
    const FAREWELL: &'static [u8] = b"";

    fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, End> {
        match self.0.next_frame() {
            Ok(Some(Frame::Message(bytes))) => Ok(Some(Piece::Message(bytes))),
            Ok(Some(Frame::Ping)) => Ok(Some(Piece::Ping)),
            Ok(None) => Ok(None),
            Err(error) => Err(End::Lost(error)),
        }
    }

    fn pending(&self) -> &[u8] {
        self.0.pending()
    }

    fn is_inside(&self) -> bool {
        // Line breaks between messages are a sign of life, whatever comes of them.
        self.0.pending().iter().any(|byte| !is_line_break(byte))
    }

    fn put(message: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(message);
    }
}

impl Sockets {
    /// With what came before it was known that this is one.
    pub(super) fn new(limits: &LimitsConfig, came: &[u8]) -> Self {
        let mut frames = Frames::new(limits.sip_message_bytes_max);
        frames.push(came);
        Self { frames, answer: Vec::new() }
    }
}

impl Cutter for Sockets {
    // "Going away": so a page knows that it may come again.
    const FAREWELL: &'static [u8] = {
        let [high, low] = GOING_AWAY.to_be_bytes();
        &[0x88, 2, high, low]
    };

    fn push(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
    }

    fn next_piece(&mut self) -> Result<Option<Piece<'_>>, End> {
        self.answer.clear();
        match self.frames.next_event() {
            // RFC 7118 section 6 leaves keep-alives of line breaks to whoever likes them.
            Ok(Some(Event::Message(bytes))) if bytes.iter().all(is_line_break) => {
                Ok(Some(if bytes.len() >= 4 { Piece::Ping } else { Piece::Answer(b"") }))
            }
            Ok(Some(Event::Message(bytes))) => Ok(Some(Piece::Message(bytes))),
            Ok(Some(Event::Ping(said))) => {
                write_pong(said, &mut self.answer);
                Ok(Some(Piece::Answer(&self.answer)))
            }
            Ok(Some(Event::Pong)) => Ok(Some(Piece::Answer(b""))),
            Ok(Some(Event::Close(code))) => Err(End::Said(close(code))),
            Ok(None) => Ok(None),
            Err(broken) => Err(End::Said(close(Some(broken.code())))),
        }
    }

    fn pending(&self) -> &[u8] {
        b""
    }

    fn is_inside(&self) -> bool {
        self.frames.is_inside()
    }

    fn put(message: &[u8], out: &mut Vec<u8>) {
        if !message.is_empty() {
            write_message(message, out);
        }
    }
}

fn close(code: Option<u16>) -> Vec<u8> {
    let mut last = Vec::new();
    write_close(code, &mut last);
    last
}

const fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farewell_is_a_frame_that_says_so() {
        assert_eq!(Sockets::FAREWELL, close(Some(GOING_AWAY)));
    }
}
