//! A session description, as offers and answers are (RFC 8866 §5).
//!
//! Read is what one stream of sound needs; other lines may say what they like.

use std::net::{IpAddr, SocketAddr};

use super::agreed::{PTIME_MAX_MS, PTIME_MS};
use super::media::{Connection, Media};
use super::{Agreed, Direction, Malformed, NotAcceptable, Rule};
use crate::sip::scan;

/// Bytes in a description.
pub const DESCRIPTION_MAX: usize = 16_384;
/// Lines in a description.
pub const LINES_MAX: usize = 512;
/// Media descriptions in one.
pub const MEDIA_MAX: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Description<'a> {
    /// The value of the first `t=` line, if it is two numbers: an answer repeats it (RFC 3264 §6).
    pub(super) timing: Option<&'a [u8]>,
    connection: Option<Connection>,
    direction: Option<Direction>,
    pub(super) medias: Vec<Media<'a>>,
}

impl<'a> Description<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > DESCRIPTION_MAX {
            return Err(Malformed::new(Rule::TooLong, DESCRIPTION_MAX));
        }
        let mut description = Self { timing: None, connection: None, direction: None, medias: Vec::new() };
        let (mut at, mut count) = (0, 0);
        for text in bytes.split(|&byte| byte == b'\n') {
            let here = at;
            at += text.len() + 1;
            // Some end it with NUL.
            let text = scan::trim_end(text.strip_suffix(b"\0").unwrap_or(text));
            let [kind, rest @ ..] = text else { continue };
            let value = rest.strip_prefix(b"=").ok_or(Malformed::new(Rule::Line, here))?;
            if count == 0 && (*kind, value) != (b'v', b"0") {
                return Err(Malformed::new(Rule::Version, here));
            }
            count += 1;
            if count > LINES_MAX {
                return Err(Malformed::new(Rule::LinesTooMany, here));
            }
            description.line(*kind, value, here)?;
        }
        if count == 0 { Err(Malformed::new(Rule::Version, 0)) } else { Ok(description) }
    }

    fn line(&mut self, kind: u8, value: &'a [u8], at: usize) -> Result<(), Malformed> {
        let is_full = self.medias.len() == MEDIA_MAX;
        let media = self.medias.last_mut();
        match kind {
            b'm' if is_full => return Err(Malformed::new(Rule::MediaTooMany, at)),
            b'm' => self.medias.push(Media::parse(value, at)?),
            b'c' => {
                let connection = media.map_or(&mut self.connection, |media| &mut media.connection);
                // Of several, the first one counts.
                *connection = connection.or(Some(Connection::parse(value, at)?));
            }
            b'a' => {
                let mut parts = value.splitn(2, |&byte| byte == b':');
                let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                match media {
                    Some(media) => media.attribute(scan::trim(name), value),
                    None => self.direction = Direction::of(scan::trim(name)).or(self.direction),
                }
            }
            b't' => self.timing = self.timing.or(Some(value).filter(|value| is_timing(value))),
            _ => {}
        }
        Ok(())
    }

    /// Which media description is for us: the first one with sound that we understand.
    pub(super) fn chosen(&self) -> Result<usize, NotAcceptable> {
        // What is said is how near the nearest one came.
        let mut reason = NotAcceptable::NoAudio;
        for (index, media) in
            self.medias.iter().enumerate().filter(|(_, media)| media.is_audio() && media.port != 0)
        {
            if !media.is_plain_rtp() {
                reason = reason.max(NotAcceptable::Transport);
            } else if media.sounds().next().is_none() {
                reason = reason.max(NotAcceptable::Codec);
            } else if self.address(media).is_none() {
                reason = reason.max(NotAcceptable::Address);
            } else {
                return Ok(index);
            }
        }
        Err(reason)
    }

    /// What is agreed on, seen from here, if this is what the other end says.
    pub(super) fn agree(&self, wish: Direction) -> Result<Agreed, NotAcceptable> {
        let media = self.medias.get(self.chosen()?).ok_or(NotAcceptable::NoAudio)?;
        let address = self.address(media).ok_or(NotAcceptable::Address)?;
        let (payload_type, codec) = media.sounds().next().ok_or(NotAcceptable::Codec)?;
        let theirs = media.direction.or(self.direction).unwrap_or_default();
        // An address of zeros was how one said hold before there were directions (RFC 3264 §8.4).
        let held = if address.is_unspecified() { Direction::RecvOnly } else { Direction::SendRecv };
        let usual = u64::from(PTIME_MS);
        let ptime =
            media.ptime_ms.filter(|ptime| (1..=u64::from(PTIME_MAX_MS)).contains(ptime)).unwrap_or(usual);
        let ptime = ptime.min(media.maxptime_ms.filter(|&most| most > 0).unwrap_or(ptime));
        Ok(Agreed {
            codec,
            payload_type,
            event_payload_type: media.events().map(|(payload_type, _)| payload_type),
            events: media.events().map(|(_, events)| events),
            remote: SocketAddr::new(address, media.port),
            direction: theirs.mirrored().and(wish).and(held),
            ptime_ms: u8::try_from(ptime).unwrap_or(PTIME_MS),
        })
    }

    fn address(&self, media: &Media<'_>) -> Option<IpAddr> {
        match media.connection.or(self.connection)? {
            Connection::Address(address) => Some(address),
            Connection::Elsewhere => None,
        }
    }
}

/// `start stop`, both numbers (§5.9).
fn is_timing(value: &[u8]) -> bool {
    let mut parts = value.split(|&byte| byte == b' ');
    let is_number = |part: Option<&[u8]>| part.is_some_and(|part| scan::decimal(part).is_some());
    is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none()
}
