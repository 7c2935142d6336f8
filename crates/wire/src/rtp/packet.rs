//! Packets (RFC 3550 §5.1).
//!
//! Of contributing sources and header extensions only the length is read: nothing here has a use for them.

/// Bytes in one packet: 200 ms of sound, the longest that a receiver has to take (RFC 3551 §4.2), and room for
/// contributing sources, extension and padding.
pub const PACKET_MAX: usize = 2048;
/// Bytes before the contributing sources.
const HEADER: usize = 12;
const VERSION: u8 = 2;
/// Second bytes that are RTCP's packet types, and no payload types therefore (RFC 5761 §4).
const RTCP: std::ops::RangeInclusive<u8> = 192..=223;

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Shorter than a header.
    #[error("shorter than an RTP header")]
    TooShort,
    /// Longer than [`PACKET_MAX`].
    #[error("longer than any RTP packet")]
    TooLong,
    /// Another version than 2: STUN, DTLS or no protocol at all.
    #[error("not RTP version 2")]
    Version,
    /// A packet of RTCP.
    #[error("RTCP")]
    Rtcp,
    /// The contributing sources run over the end.
    #[error("contributing sources run over the end")]
    Csrcs,
    /// The header extension runs over the end (§5.3.1).
    #[error("header extension runs over the end")]
    Extension,
    /// Padding of no bytes, or of more than there are (§5.1).
    #[error("padding is longer than the payload")]
    Padding,
}

/// A packet; the names are RFC 3550's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The first one of a talkspurt, or of a key.
    pub marker: bool,
    /// What the payload is, 0 to 127.
    pub payload_type: u8,
    /// Increases by one with each packet, and wraps.
    pub sequence_number: u16,
    /// When the first sample was taken, in samples; wraps.
    pub timestamp: u32,
    /// Whose packets these are.
    pub ssrc: u32,
    /// Without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is no packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > PACKET_MAX {
            return Err(Malformed::TooLong);
        }
        let (header, mut rest) = bytes.split_first_chunk::<HEADER>().ok_or(Malformed::TooShort)?;
        let [first, second, sequence @ .., t0, t1, t2, t3, s0, s1, s2, s3] = *header;
        if first >> 6 != VERSION {
            return Err(Malformed::Version);
        }
        if RTCP.contains(&second) {
            return Err(Malformed::Rtcp);
        }
        rest = rest.get(usize::from(first & 0x0f) * 4..).ok_or(Malformed::Csrcs)?;
        if first & 0x10 != 0 {
            let (&[_, _, high, low], behind) = rest.split_first_chunk().ok_or(Malformed::Extension)?;
            let words = usize::from(u16::from_be_bytes([high, low]));
            rest = behind.get(words * 4..).ok_or(Malformed::Extension)?;
        }
        if first & 0x20 != 0 {
            // The last byte counts the padding, itself among it.
            let padding = rest.last().copied().filter(|&count| count > 0).ok_or(Malformed::Padding)?;
            let end = rest.len().checked_sub(usize::from(padding)).ok_or(Malformed::Padding)?;
            rest = rest.get(..end).unwrap_or_default();
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence_number: u16::from_be_bytes(sequence),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            payload: rest,
        })
    }

    /// Clears `out` and writes the packet, without contributing sources, extension and padding.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(VERSION << 6);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7f);
        out.extend_from_slice(&self.sequence_number.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(self.payload);
    }
}
