//! What a sender remembers from packet to packet (RFC 3550 §5.1, RFC 3551 §4.1).

use super::Packet;

/// One stream of sound to a phone.
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: u32,
    sequence_number: u16,
    timestamp: u32,
    /// The next packet is the first one after a silence.
    begins: bool,
}

impl Sender {
    /// A stream that begins with these numbers, which nobody should be able to guess (RFC 3550 §5.1).
    #[must_use]
    pub const fn new(ssrc: u32, sequence_number: u16, timestamp: u32) -> Self {
        Self { ssrc, sequence_number, timestamp, begins: true }
    }

    /// Clears `out` and writes the next packet: these samples, with the payload type that was agreed on for them.
    pub fn write(&mut self, payload_type: u8, samples: &[u8], out: &mut Vec<u8>) {
        let packet = Packet {
            marker: self.begins,
            payload_type,
            sequence_number: self.sequence_number,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            payload: samples,
        };
        packet.write(out);
        self.begins = false;
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.advance(samples.len());
    }

    /// Lets time pass in which nothing is sent.
    pub fn pause(&mut self, samples: usize) {
        self.begins = true;
        self.advance(samples);
    }

    /// Whose packets these are.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    #[expect(clippy::cast_possible_truncation, reason = "a timestamp wraps anyway")]
    const fn advance(&mut self, samples: usize) {
        self.timestamp = self.timestamp.wrapping_add(samples as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Codec;
    use super::*;

    #[test]
    fn numbers_go_on_from_packet_to_packet_and_wrap() {
        let (mut sender, mut out) = (Sender::new(7, u16::MAX, u32::MAX - 159), Vec::new());
        let frame = Codec::Pcmu.silent_frame();
        let mut sent = |sender: &mut Sender| {
            sender.write(0, &frame, &mut out);
            let packet = Packet::parse(&out).unwrap();
            assert_eq!((packet.ssrc, packet.payload), (sender.ssrc(), &frame[..]));
            (packet.marker, packet.sequence_number, packet.timestamp)
        };
        assert_eq!(sent(&mut sender), (true, u16::MAX, u32::MAX - 159));
        assert_eq!(sent(&mut sender), (false, 0, 0));
        sender.pause(320);
        assert_eq!(sent(&mut sender), (true, 1, 480));
        assert_eq!(sent(&mut sender), (false, 2, 640));
    }
}
