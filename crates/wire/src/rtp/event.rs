//! Keys as telephone events (RFC 4733 §2).
//!
//! A phone repeats an event while the key is held, and its end three times; each packet tells the whole of it so far.
//! What belongs together has one timestamp (§2.2.2). So a key is told once however many of its packets are lost, as
//! long as one arrives:
//!
//! ```text
//!            first packet                end, or another event, or nothing for a while
//!   nothing ──────────────▶ held ──────────────────────────────────────────────────────▶ told
//!                            │  ▲                                                          │
//!                            └──┘ further packets, further segments     another event ─────┘──▶ held
//! ```
//!
//! Deliberately not read: several events in one packet (§2.5.1.5), which are for tones that follow each other without a
//! pause, volumes, and events that are no keys. A key whose every packet is overtaken by those of the next one is lost:
//! told afterwards it would be in the wrong place.

use super::{CLOCK_RATE, Packet};
use crate::keypad::{Key, Press};

/// One report of an event (§2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which: 0 to 15 are keys.
    pub event: u8,
    /// The event is over.
    pub end: bool,
    /// How loud, in dBm0 without its sign, 0 to 63.
    pub volume: u8,
    /// For how long so far, in samples.
    pub duration: u16,
}

impl Event {
    /// Bytes in a report.
    const LENGTH: usize = 4;

    /// The first report in a payload; `None` where there is none.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let &[event, flags, high, low] = payload.first_chunk::<{ Self::LENGTH }>()?;
        Some(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// As a payload.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::LENGTH] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, (self.end as u8) << 7 | self.volume & 0x3f, high, low]
    }
}

/// Ticks of 20 ms without a packet after which a key is taken to be let go (§2.5.2): several of the intervals in
/// which packets come, which are of up to 50 ms.
pub const QUIET_MAX: u8 = 10;
/// An event lasts no longer than this in one packet; a longer one goes on as a new segment (§2.5.1.3).
const SEGMENT: u32 = 0xffff;
/// How long before the event that is looked at an event may have begun that is merely late: ten seconds. One that seems
/// older is new: the phone's clock has jumped.
const STALE_MAX: u32 = 10 * CLOCK_RATE;

/// The event that came last.
#[derive(Clone, Copy, Debug)]
struct Held {
    ssrc: u32,
    /// That of its present segment.
    timestamp: u32,
    event: u8,
    /// Samples in earlier segments.
    before: u32,
    /// Samples in this one.
    duration: u16,
    /// Ticks since its last packet.
    quiet: u8,
    is_told: bool,
}

impl Held {
    fn begin(packet: &Packet<'_>, event: Event) -> Self {
        Self {
            ssrc: packet.ssrc,
            timestamp: packet.timestamp,
            event: event.event,
            before: 0,
            duration: event.duration,
            quiet: 0,
            is_told: false,
        }
    }

    /// The key, the first time that this is asked for.
    fn tell(&mut self) -> Option<Press> {
        if std::mem::replace(&mut self.is_told, true) {
            return None;
        }
        let samples = self.before.saturating_add(u32::from(self.duration));
        let key = Key::of_event(self.event)?;
        Some(Press { key, duration_ms: Some(samples / (CLOCK_RATE / 1000)) })
    }

    fn place(&self, packet: &Packet<'_>, event: Event) -> Place {
        let ahead = packet.timestamp.wrapping_sub(self.timestamp);
        let is_same = event.event == self.event;
        if packet.ssrc != self.ssrc {
            Place::New
        } else if ahead == 0 && (is_same || !packet.marker) {
            // Another event cannot have begun at the same time, except with a phone whose timestamps stand still.
            if is_same { Place::Same } else { Place::Late }
        } else if ahead == SEGMENT && is_same && !packet.marker {
            Place::Segment
        } else if ahead.wrapping_neg() <= STALE_MAX && ahead != 0 {
            Place::Late
        } else {
            Place::New
        }
    }
}

/// Where a packet belongs.
enum Place {
    /// To the event that is held.
    Same,
    /// To the same, as its next segment.
    Segment,
    /// To one before it.
    Late,
    /// To one after it.
    New,
}

/// Reads keys from the packets with the payload type of telephone events.
#[derive(Clone, Debug, Default)]
pub struct EventReader {
    held: Option<Held>,
}

impl EventReader {
    /// Takes a packet. Gives the keys that are over by it: none, one, or two, where the ends of the one and the
    /// beginnings of the next were lost.
    pub fn push(&mut self, packet: &Packet<'_>) -> impl Iterator<Item = Press> + use<> {
        let told = match Event::parse(packet.payload) {
            Some(event) => self.take(packet, event),
            None => [None, None],
        };
        told.into_iter().flatten()
    }

    fn take(&mut self, packet: &Packet<'_>, event: Event) -> [Option<Press>; 2] {
        let mut first = None;
        match self.held.as_mut().map(|held| (held.place(packet, event), held)) {
            Some((Place::Late, _)) => return [None, None],
            Some((Place::Same, held)) => {
                held.duration = held.duration.max(event.duration);
                held.quiet = 0;
            }
            Some((Place::Segment, held)) => {
                held.before = held.before.saturating_add(SEGMENT);
                held.timestamp = packet.timestamp;
                held.duration = event.duration;
                held.quiet = 0;
            }
            Some((Place::New, held)) => {
                first = held.tell();
                *held = Held::begin(packet, event);
            }
            None => self.held = Some(Held::begin(packet, event)),
        }
        let second = if event.end { self.held.as_mut().and_then(Held::tell) } else { None };
        [first, second]
    }

    /// To be called every 20 ms. Gives the key whose packets have ceased to come.
    pub fn tick(&mut self) -> Option<Press> {
        let held = self.held.as_mut().filter(|held| !held.is_told)?;
        held.quiet = held.quiet.saturating_add(1);
        if held.quiet > QUIET_MAX { held.tell() } else { None }
    }

    /// Whether a key is held down.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.is_some_and(|held| !held.is_told && Key::of_event(held.event).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_written_as_it_is_read() {
        let bytes = [11, 0x8a, 0x03, 0x20];
        let event = Event { event: 11, end: true, volume: 10, duration: 800 };
        assert_eq!(Event::parse(&bytes), Some(event));
        assert_eq!(event.to_bytes(), bytes);
        // The reserved bit says nothing, and neither does what follows.
        assert_eq!(Event::parse(&[11, 0xca, 0x03, 0x20, 1]), Some(event));
        assert_eq!(Event::parse(&bytes[..3]), None);
    }
}
