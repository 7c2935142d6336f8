//! WebSocket frames, as a server reads and writes them (RFC 6455 §5 to §7). Extensions are not spoken.
//!
//! ```text
//!           ┌── ping, pong, close ────────▶ Ping, Pong, Close      between two pieces of a message, too
//!   frame ──┼── text, binary, the last ───▶ Message
//!           └── text, binary, more come ──▶ (kept) ── continuations ── the last ──▶ Message
//! ```
//!
//! Bytes go in with [`Frames::push`] as they come; [`Frames::next_event`] is called until it has nothing more.

/// What stands behind the client's key when it is hashed (§1.3).
pub const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The end that says: this end goes away (§7.4.1).
pub const GOING_AWAY: u16 = 1001;
/// Bytes that a control frame may carry (§5.5).
pub const CONTROL_MAX: usize = 125;
/// Bytes that a buffer keeps while nothing is in it.
const BUFFER_KEPT: usize = 8 << 10;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// The last frame of a message.
const FIN: u8 = 0x80;
/// For extensions, of which there are none.
const RESERVED: u8 = 0x70;
/// In the second byte: a mask follows.
const MASKED: u8 = 0x80;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message, of text or not.
    Message(&'a [u8]),
    /// To be answered with a pong that says the same.
    Ping(&'a [u8]),
    /// Nothing to answer.
    Pong,
    /// The other end closes, perhaps with a reason; to be answered with the same, and nothing more is read.
    Close(Option<u16>),
}

/// Nothing more can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A frame breaks a rule.
    #[error("a frame breaks a rule of the protocol")]
    Protocol,
    /// A text is none.
    #[error("a text is not UTF-8")]
    NotText,
    /// A message is or would be longer than allowed.
    #[error("message too long")]
    TooLong,
}

impl Broken {
    /// With which reason the connection is closed (§7.4.1).
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::NotText => 1007,
            Self::TooLong => 1009,
        }
    }
}

/// Cuts what a client sends into messages.
#[derive(Clone, Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Where the next frame begins.
    start: usize,
    /// The message as far as it came, without masks; or the whole one that was given last.
    message: Vec<u8>,
    /// Whether the message that is on its way is text; `None` where none is.
    is_text: Option<bool>,
    /// What the last control frame carried.
    control: Vec<u8>,
    message_max: usize,
}

/// The head of a frame.
#[derive(Clone, Copy)]
struct Head {
    is_last: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the head itself.
    size: usize,
    /// Bytes that follow.
    length: usize,
}

/// What one frame brought.
enum Brought {
    /// Nothing yet: it is not there as a whole.
    Waiting,
    /// A piece of a message.
    Piece,
    Message,
    Ping,
    Pong,
    Close(Option<u16>),
}

impl Frames {
    /// Refuses messages longer than `message_max` bytes.
    #[must_use]
    pub const fn new(message_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            message: Vec::new(),
            is_text: None,
            control: Vec::new(),
            message_max,
        }
    }

    /// Takes what came. Call [`Frames::next_event`] until it gives `None` before pushing more: what is kept is then never
    /// more than one message, one frame and one push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start.min(self.buffer.len()));
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message or a frame has begun and not ended.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.is_text.is_some() || !self.pending().is_empty()
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The next thing that came as a whole.
    ///
    /// # Errors
    /// The connection is to be closed with [`Broken::code`].
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Broken> {
        if self.is_text.is_none() {
            clear(&mut self.message);
        }
        loop {
            return Ok(Some(match self.frame()? {
                Brought::Piece => continue,
                Brought::Waiting => {
                    if self.pending().is_empty() {
                        self.start = 0;
                        clear(&mut self.buffer);
                    }
                    return Ok(None);
                }
                Brought::Message => Event::Message(&self.message),
                Brought::Ping => Event::Ping(&self.control),
                Brought::Pong => Event::Pong,
                Brought::Close(code) => Event::Close(code),
            }));
        }
    }

    fn frame(&mut self) -> Result<Brought, Broken> {
        let Some(head) = Head::read(self.pending())? else { return Ok(Brought::Waiting) };
        let is_control = head.opcode & 0x8 != 0;
        // §5.4: a message is not begun within another, and not continued where there is none.
        if !is_control && (head.opcode == CONTINUATION) != self.is_text.is_some() {
            return Err(Broken::Protocol);
        }
        // By what it says of itself: nobody keeps what will be refused.
        if !is_control && head.length > self.message_max.saturating_sub(self.message.len()) {
            return Err(Broken::TooLong);
        }
        let begin = self.start + head.size;
        let Some(payload) = self.buffer.get(begin..).and_then(|rest| rest.get(..head.length)) else {
            return Ok(Brought::Waiting);
        };
        // §5.3.
        let plain = payload.iter().zip(head.mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        if is_control {
            self.control = plain.collect();
            self.start = begin + head.length;
            return match head.opcode {
                PING => Ok(Brought::Ping),
                PONG => Ok(Brought::Pong),
                _ => read_close(&self.control).map(Brought::Close),
            };
        }
        self.message.extend(plain);
        self.start = begin + head.length;
        let is_text = self.is_text.unwrap_or(head.opcode == TEXT);
        if !head.is_last {
            self.is_text = Some(is_text);
            return Ok(Brought::Piece);
        }
        self.is_text = None;
        // §8.1.
        if is_text && std::str::from_utf8(&self.message).is_err() {
            return Err(Broken::NotText);
        }
        Ok(Brought::Message)
    }
}

impl Head {
    /// `None` where it is not there as a whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        let (is_last, opcode) = (first & FIN != 0, first & 0xf);
        let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        // §5.1: what a client sends is masked.
        if first & RESERVED != 0 || !is_known || second & MASKED == 0 {
            return Err(Broken::Protocol);
        }
        let short = second & !MASKED;
        // §5.5.
        if opcode & 0x8 != 0 && (!is_last || usize::from(short) > CONTROL_MAX) {
            return Err(Broken::Protocol);
        }
        let (width, least) = match short {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        let Some((written, rest)) = rest.split_at_checked(width) else { return Ok(None) };
        let long = written.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let length = if width == 0 { u64::from(short) } else { long };
        // §5.2: in as few bytes as it can be, and below 2^63.
        if length < least || length >> 63 != 0 {
            return Err(Broken::Protocol);
        }
        let &[a, b, c, d, ..] = rest else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Some(Self { is_last, opcode, mask: [a, b, c, d], size: 2 + width + 4, length }))
    }
}

/// §5.5.1, §7.4: a reason that may be said, and text behind it.
fn read_close(control: &[u8]) -> Result<Option<u16>, Broken> {
    match control {
        [] => Ok(None),
        &[high, low, ref text @ ..] => {
            let code = u16::from_be_bytes([high, low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Broken::Protocol);
            }
            if std::str::from_utf8(text).is_err() {
                return Err(Broken::NotText);
            }
            Ok(Some(code))
        }
        _ => Err(Broken::Protocol),
    }
}

/// Writes a message behind what is in `out`: as text where it is text.
pub fn write_message(message: &[u8], out: &mut Vec<u8>) {
    let opcode = if std::str::from_utf8(message).is_ok() { TEXT } else { BINARY };
    write(opcode, message, out);
}

/// Writes the answer to a ping behind what is in `out`.
pub fn write_pong(said: &[u8], out: &mut Vec<u8>) {
    write(PONG, said.get(..said.len().min(CONTROL_MAX)).unwrap_or_default(), out);
}

/// Writes the end behind what is in `out`.
pub fn write_close(code: Option<u16>, out: &mut Vec<u8>) {
    let code = code.map(u16::to_be_bytes);
    write(CLOSE, code.as_ref().map_or(&[], |code| code.as_slice()), out);
}

/// §5.2: one frame, without a mask as a server writes it.
fn write(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(FIN | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => out.push(length),
        (_, Ok(length)) => {
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Empties a buffer, and gives back its room where that is much.
fn clear(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > BUFFER_KEPT {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client sends: masked, its length in as few bytes as it can be.
    fn sent(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let mut out = Vec::new();
        write(0, payload, &mut out);
        let head = out.len() - payload.len();
        out[0] = first;
        out[1] |= MASKED;
        let masked: Vec<u8> =
            payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        out.splice(head.., mask.into_iter().chain(masked));
        out
    }

    fn owned(event: Event<'_>) -> String {
        match event {
            Event::Message(bytes) => format!("message {}", String::from_utf8_lossy(bytes)),
            Event::Ping(bytes) => format!("ping {}", String::from_utf8_lossy(bytes)),
            Event::Pong => "pong".into(),
            Event::Close(code) => format!("close {code:?}"),
        }
    }

    fn read(bytes: &[u8], size: usize) -> (Vec<String>, Option<Broken>) {
        let (mut frames, mut out) = (Frames::new(70_000), Vec::new());
        for piece in bytes.chunks(size) {
            frames.push(piece);
            loop {
                match frames.next_event() {
                    Ok(Some(event)) => out.push(owned(event)),
                    Ok(None) => break,
                    Err(broken) => return (out, Some(broken)),
                }
            }
        }
        (out, None)
    }

    fn all(bytes: &[u8]) -> (Vec<String>, Option<Broken>) {
        let whole = read(bytes, bytes.len().max(1));
        for size in [1, 2, 3, 7] {
            assert_eq!(read(bytes, size), whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn the_examples_of_rfc_6455_section_5_7_are_read() {
        // A masked text.
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(all(&hello), (vec!["message Hello".into()], None));
        // A ping that says Hello, masked; and what is answered, which is not.
        let ping = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(all(&ping), (vec!["ping Hello".into()], None));
        let mut pong = Vec::new();
        write_pong(b"Hello", &mut pong);
        assert_eq!(pong, [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        let mut text = Vec::new();
        write_message(b"Hello", &mut text);
        assert_eq!(text, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        for (length, head) in
            [(256_usize, &[0x82, 126, 1, 0][..]), (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])]
        {
            let mut binary = Vec::new();
            write_message(&vec![0xff; length], &mut binary);
            assert_eq!(binary[..head.len()], *head);
        }
    }

    #[test]
    fn a_message_in_pieces_is_one_and_a_ping_may_come_between() {
        let bytes = [
            sent(TEXT, b"REG"),
            sent(FIN | PING, b"?"),
            sent(CONTINUATION, b""),
            sent(FIN | CONTINUATION, b"ISTER"),
            sent(FIN | BINARY, b"next"),
            sent(FIN | PONG, b""),
            sent(FIN | CLOSE, &[0x03, 0xe8]),
            sent(FIN | CLOSE, b""),
        ];
        let expected =
            ["ping ?", "message REGISTER", "message next", "pong", "close Some(1000)", "close None"];
        assert_eq!(all(&bytes.concat()), (expected.map(String::from).to_vec(), None));
    }

    #[test]
    fn what_breaks_a_rule_ends_it_with_the_code_that_says_which() {
        let mut unmasked = Vec::new();
        write_message(b"Hello", &mut unmasked);
        let long_for_nothing = [FIN | TEXT, MASKED | 126, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0];
        let table: [(&[u8], Broken); 14] = [
            (&unmasked, Broken::Protocol),
            (&long_for_nothing, Broken::Protocol),
            (&sent(FIN | 0x40 | TEXT, b"x"), Broken::Protocol),
            (&sent(FIN | 0x3, b"x"), Broken::Protocol),
            (&sent(FIN | CONTINUATION, b"x"), Broken::Protocol),
            (&[sent(TEXT, b"x"), sent(FIN | TEXT, b"y")].concat(), Broken::Protocol),
            (&sent(PING, b"x"), Broken::Protocol),
            (&sent(FIN | PING, &[b'x'; 126]), Broken::Protocol),
            (&sent(FIN | CLOSE, &[3]), Broken::Protocol),
            (&sent(FIN | CLOSE, &[0x03, 0xed]), Broken::Protocol),
            (&sent(FIN | CLOSE, &[0x03, 0xe8, 0xff]), Broken::NotText),
            (&sent(FIN | TEXT, &[0xff]), Broken::NotText),
            (&[FIN | TEXT, MASKED | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Broken::Protocol),
            (&sent(FIN | BINARY, &[b'x'; 70_001]), Broken::TooLong),
        ];
        for (bytes, broken) in table {
            assert_eq!(all(bytes), (Vec::new(), Some(broken)), "{:?}", bytes.get(..bytes.len().min(16)));
        }
        assert_eq!(
            [Broken::Protocol, Broken::NotText, Broken::TooLong].map(Broken::code),
            [1002, 1007, 1009]
        );
    }

    #[test]
    fn pieces_are_measured_together_and_before_they_come() {
        let mut frames = Frames::new(10);
        frames.push(&sent(TEXT, b"123456"));
        assert_eq!(frames.next_event(), Ok(None));
        assert!(frames.is_inside());
        // Nothing of it has come but its head.
        frames.push(&sent(FIN | CONTINUATION, b"78901")[..6]);
        assert_eq!(frames.next_event(), Err(Broken::TooLong));
    }

    #[test]
    fn a_long_message_takes_room_only_until_it_is_read() {
        let mut frames = Frames::new(70_000);
        frames.push(&sent(FIN | BINARY, &[b'x'; 60_000]));
        assert_eq!(frames.next_event(), Ok(Some(Event::Message(&[b'x'; 60_000]))));
        assert_eq!(frames.next_event(), Ok(None));
        assert!(frames.buffer.capacity() <= BUFFER_KEPT && frames.message.capacity() <= BUFFER_KEPT);
        assert!(!frames.is_inside());
    }

    #[test]
    fn no_prefix_of_anything_panics() {
        let bytes =
            [sent(TEXT, b"a"), sent(FIN | PING, b"b"), sent(FIN | CONTINUATION, &[b'x'; 300])].concat();
        for end in 0..bytes.len() {
            let (_, broken) = all(&bytes[..end]);
            assert_eq!(broken, None);
        }
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let _ = all(&[first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
            }
        }
    }
}
