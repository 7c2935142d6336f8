//! Our own end: what we write into offers and answers (RFC 3264 §5, §6, §8).

use std::net::IpAddr;

use super::description::Description;
use super::media::Media;
use super::{Direction, Malformed};
use crate::rtp::{Codec, FRAME_MS};

/// The payload type of telephone events in our own offers: the one that most phones use.
const EVENT_PAYLOAD_TYPE: u8 = 101;
/// What is repeated of formats where there are none: a media description has one at least.
const NO_FORMAT: &[u8] = b"0";

/// Our end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Where we listen.
    pub address: IpAddr,
    /// Where we listen.
    pub port: u16,
    /// The number of our session in `o=`: the same throughout a call.
    pub session_id: u64,
    /// Its version: one more whenever what we say differs from what we said before (RFC 3264 §8).
    pub version: u64,
    /// What we want: no more is agreed on.
    pub direction: Direction,
}

impl Local {
    /// Clears `out` and writes an offer: these codecs, the best one first, and telephone events.
    pub fn write_offer(&self, codecs: &[Codec], out: &mut Vec<u8>) {
        self.begin(None, out);
        let formats = codecs.iter().map(|codec| (codec.payload_type(), *codec));
        self.audio(b"RTP/AVP", formats, Some(EVENT_PAYLOAD_TYPE), self.direction, out);
    }

    /// Clears `out` and writes an offer within a call: as many media descriptions as in `previous`, which is what we
    /// said last, with sound as it was agreed on (RFC 3264 §8).
    ///
    /// # Errors
    /// `previous` is nothing that we have written.
    pub fn write_offer_again(&self, previous: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let previous = Description::parse(previous)?;
        self.begin(previous.timing, out);
        self.medias(&previous.medias, previous.chosen().ok(), self.direction, true, out);
        Ok(())
    }

    /// What is said of the session as a whole.
    pub(super) fn begin(&self, timing: Option<&[u8]>, out: &mut Vec<u8>) {
        let address = self.address.to_canonical();
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        out.clear();
        push(out, &format!("v=0\r\no=- {} {} IN {family} {address}\r\n", self.session_id, self.version));
        push(out, &format!("s=-\r\nc=IN {family} {address}\r\nt="));
        out.extend_from_slice(timing.unwrap_or(b"0 0"));
        push(out, "\r\n");
    }

    /// One media description for each of these, in the same order (RFC 3264 §6): the chosen one with its first codec, or
    /// with all of them, and the others with port 0.
    pub(super) fn medias(
        &self,
        medias: &[Media<'_>],
        chosen: Option<usize>,
        direction: Direction,
        all: bool,
        out: &mut Vec<u8>,
    ) {
        for (index, media) in medias.iter().enumerate() {
            if Some(index) == chosen {
                let most = if all { usize::MAX } else { 1 };
                let events = media.events().map(|(payload_type, _)| payload_type);
                self.audio(media.protocol, media.sounds().take(most), events, direction, out);
            } else {
                out.extend_from_slice(b"m=");
                out.extend_from_slice(media.kind);
                out.extend_from_slice(b" 0 ");
                out.extend_from_slice(media.protocol);
                out.push(b' ');
                let formats = if media.formats_raw.is_empty() { NO_FORMAT } else { media.formats_raw };
                out.extend_from_slice(formats);
                push(out, "\r\n");
            }
        }
    }

    fn audio(
        &self,
        protocol: &[u8],
        sounds: impl Iterator<Item = (u8, Codec)> + Clone,
        events: Option<u8>,
        direction: Direction,
        out: &mut Vec<u8>,
    ) {
        push(out, &format!("m=audio {} ", self.port));
        out.extend_from_slice(protocol);
        for payload_type in sounds.clone().map(|(payload_type, _)| payload_type).chain(events) {
            push(out, &format!(" {payload_type}"));
        }
        push(out, "\r\n");
        for (payload_type, codec) in sounds {
            push(out, &format!("a=rtpmap:{payload_type} {}/8000\r\n", codec.as_str()));
        }
        if let Some(payload_type) = events {
            push(
                out,
                &format!("a=rtpmap:{payload_type} telephone-event/8000\r\na=fmtp:{payload_type} 0-15\r\n"),
            );
        }
        push(out, &format!("a=ptime:{FRAME_MS}\r\na={}\r\n", direction.as_str()));
    }
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
