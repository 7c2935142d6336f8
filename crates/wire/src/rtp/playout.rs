//! A playout buffer: packets come as the net brings them, and every 20 ms a frame is due.
//!
//! ```text
//!            depth packets are there, or have been waited for
//!   filling ──────────────────────────────────────────────────▶ playing
//!      ▲                                                           │
//!      └───────────────────────────────────────────────────────────┘
//!                           nothing is there
//! ```
//!
//! Packets are ordered by their sequence numbers. Timestamps are not looked at, so they may jump: whoever calls
//! [`Playout::pop`] knows what time it is, and a phone that is silent sends nothing. Packets may have any length; frames
//! have one. A phone that starts anew, with another SSRC or far away in sequence numbers, is believed when two packets
//! follow each other (RFC 3550, appendix A.1).
//!
//! It conceals nothing, follows no clock that is not quite as fast, and measures no jitter: what it keeps is heard
//! later or by nobody.

use super::{Codec, FRAME, Packet};

/// Packets that are kept at most: 640 ms of the usual ones.
pub const PACKETS_MAX: u16 = 32;
/// Bytes of sound in one packet: 200 ms (RFC 3551 §4.2).
pub const PAYLOAD_MAX: usize = 1600;
/// So far ahead a packet may be and still belong to the same stream (RFC 3550, appendix A.1).
const DROPOUT_MAX: u16 = 3000;
/// So far behind.
const MISORDER_MAX: u16 = 100;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It waits for its turn.
    Kept,
    /// It was there already.
    Repeated,
    /// Its turn has passed.
    Late,
    /// It belongs to another stream. The next one of that is kept.
    Strange,
    /// More sound than a packet may have.
    TooLong,
}

/// What is to be heard for 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'p> {
    /// Sound. Where a part of it is missing there is silence.
    Frame(&'p [u8; FRAME]),
    /// What was sent is lost.
    Lost,
    /// Nothing has come: the phone is silent, or late.
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Free,
    /// Something that is not heard.
    Passed,
    Sound,
}

#[derive(Clone, Debug)]
struct Slot {
    content: Content,
    payload: Vec<u8>,
}

enum Next {
    Sound,
    Lost,
    Nothing,
}

/// A stream that is listened to.
#[derive(Clone, Debug)]
pub struct Playout {
    silence: u8,
    depth: u16,
    /// By sequence number, from `next` on.
    slots: [Slot; PACKETS_MAX as usize],
    /// How many slots are not free.
    kept: u16,
    ssrc: Option<u32>,
    next: u16,
    /// Nothing was played since the stream began: what belongs before `next` is not too late.
    is_fresh: bool,
    /// The packet that would show that a stream has begun anew.
    candidate: Option<(u32, u16)>,
    is_playing: bool,
    /// How often a frame was due while filling.
    waited: u16,
    /// The packet that is being played, and how much of it was.
    current: Vec<u8>,
    at: usize,
    /// Samples of a lost packet that are still due.
    missing: usize,
    frame: [u8; FRAME],
}

impl Playout {
    /// Begins to play when `depth` packets are there: as much may one be later than another. Half of [`PACKETS_MAX`] at
    /// most.
    #[must_use]
    pub fn new(codec: Codec, depth: u16) -> Self {
        Self {
            silence: codec.silence(),
            depth: depth.clamp(1, PACKETS_MAX / 2),
            slots: std::array::from_fn(|_| Slot { content: Content::Free, payload: Vec::new() }),
            kept: 0,
            ssrc: None,
            next: 0,
            is_fresh: true,
            candidate: None,
            is_playing: false,
            waited: 0,
            current: Vec::new(),
            at: 0,
            missing: 0,
            frame: codec.silent_frame(),
        }
    }

    /// Takes a packet of sound.
    pub fn push(&mut self, packet: &Packet<'_>) -> Arrival {
        if packet.payload.len() > PAYLOAD_MAX {
            return Arrival::TooLong;
        }
        self.place(packet, packet.payload)
    }

    /// Takes a packet of the same stream that is not to be heard, such as one with a key: it is not missing.
    pub fn pass(&mut self, packet: &Packet<'_>) -> Arrival {
        self.place(packet, &[])
    }

    /// What is due; to be called every 20 ms.
    pub fn pop(&mut self) -> Heard<'_> {
        if !self.is_playing && !self.begins() {
            return Heard::Empty;
        }
        let (mut filled, mut heard) = (0, false);
        self.frame.fill(self.silence);
        while filled < FRAME {
            let room = FRAME - filled;
            if self.missing > 0 {
                let count = self.missing.min(room);
                self.missing -= count;
                filled += count;
                continue;
            }
            let rest = self.current.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let count = rest.len().min(room);
                let places = self.frame.iter_mut().skip(filled);
                places.zip(rest.iter().take(count)).for_each(|(place, &byte)| *place = byte);
                self.at += count;
                filled += count;
                heard = true;
                continue;
            }
            match self.advance() {
                Next::Sound => {}
                Next::Lost => self.missing = if self.current.is_empty() { FRAME } else { self.current.len() },
                Next::Nothing => {
                    self.is_playing = false;
                    break;
                }
            }
        }
        if heard {
            Heard::Frame(&self.frame)
        } else if filled == FRAME {
            Heard::Lost
        } else {
            Heard::Empty
        }
    }

    /// Whether it is time to begin, and if so, where.
    fn begins(&mut self) -> bool {
        if self.kept == 0 {
            self.waited = 0;
            return false;
        }
        self.waited += 1;
        if self.kept < self.depth && self.waited <= self.depth {
            return false;
        }
        // What would have been before the first packet that is there was waited for: it is not due any more.
        while self.slot(self.next).is_some_and(|slot| slot.content == Content::Free) {
            self.next = self.next.wrapping_add(1);
        }
        self.waited = 0;
        self.is_playing = true;
        self.is_fresh = false;
        true
    }

    /// Goes to the next packet.
    fn advance(&mut self) -> Next {
        while self.kept > 0 {
            let next = self.next;
            self.next = next.wrapping_add(1);
            let Some(slot) = self.slots.get_mut(index(next)) else { break };
            match std::mem::replace(&mut slot.content, Content::Free) {
                Content::Free => return Next::Lost,
                Content::Passed => self.kept -= 1,
                Content::Sound => {
                    self.kept -= 1;
                    std::mem::swap(&mut self.current, &mut slot.payload);
                    self.at = 0;
                    return Next::Sound;
                }
            }
        }
        Next::Nothing
    }

    fn place(&mut self, packet: &Packet<'_>, sound: &[u8]) -> Arrival {
        let sequence = packet.sequence_number;
        if self.ssrc.is_none() {
            self.begin(packet);
        }
        let ahead = sequence.wrapping_sub(self.next);
        let behind = ahead.wrapping_neg();
        if self.ssrc != Some(packet.ssrc) || (ahead > DROPOUT_MAX && behind > MISORDER_MAX) {
            let this = Some((packet.ssrc, sequence));
            if self.candidate != this {
                self.candidate = Some((packet.ssrc, sequence.wrapping_add(1)));
                return Arrival::Strange;
            }
            self.begin(packet);
        } else if ahead > DROPOUT_MAX {
            if !self.is_fresh || !self.is_room_before(behind) {
                return Arrival::Late;
            }
            self.next = sequence;
        } else if ahead >= PACKETS_MAX {
            self.skip_to(sequence);
        }
        let Some(slot) = self.slots.get_mut(index(sequence)) else { return Arrival::Late };
        if slot.content != Content::Free {
            return Arrival::Repeated;
        }
        slot.content = if sound.is_empty() { Content::Passed } else { Content::Sound };
        slot.payload.clear();
        slot.payload.extend_from_slice(sound);
        self.kept += 1;
        Arrival::Kept
    }

    /// Forgets what is kept, and waits for what follows this packet.
    fn begin(&mut self, packet: &Packet<'_>) {
        self.slots.iter_mut().for_each(|slot| slot.content = Content::Free);
        self.kept = 0;
        self.ssrc = Some(packet.ssrc);
        self.next = packet.sequence_number;
        self.is_fresh = true;
        self.candidate = None;
        self.is_playing = false;
        self.waited = 0;
        self.missing = 0;
    }

    /// Whether the stream can begin so many packets earlier, and all that is kept still has its place.
    fn is_room_before(&self, count: u16) -> bool {
        let last = (0..PACKETS_MAX).rev().find(|&ahead| {
            self.slot(self.next.wrapping_add(ahead)).is_some_and(|slot| slot.content != Content::Free)
        });
        count + last.unwrap_or(0) < PACKETS_MAX
    }

    /// Makes room for a packet that is too far ahead. If nothing is kept, then nothing before it is due any more: that
    /// there was nothing has been said already. If something is, the oldest is not heard.
    fn skip_to(&mut self, sequence: u16) {
        while self.kept > 0 && sequence.wrapping_sub(self.next) >= PACKETS_MAX {
            if let Some(slot) = self.slots.get_mut(index(self.next)) {
                self.kept -= u16::from(slot.content != Content::Free);
                slot.content = Content::Free;
            }
            self.next = self.next.wrapping_add(1);
        }
        if self.kept == 0 {
            self.next = sequence;
        }
    }

    fn slot(&self, sequence: u16) -> Option<&Slot> {
        self.slots.get(index(sequence))
    }
}

/// The slot of a sequence number: their number divides 65536, so wrapping changes nothing.
const fn index(sequence: u16) -> usize {
    (sequence % PACKETS_MAX) as usize
}
