//! Media descriptions: an `m=` line and what follows it (RFC 8866 §5.14, §6.6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Direction, Events, Malformed, Rule};
use crate::rtp::{CLOCK_RATE, Codec};
use crate::sip::scan;

/// Formats in one media description.
pub const FORMATS_MAX: usize = 64;
/// The largest payload type (RFC 3550 §5.1).
const PAYLOAD_TYPE_MAX: u8 = 127;

/// What a payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Sound(Codec),
    TelephoneEvent,
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) payload_type: u8,
    pub(super) encoding: Encoding,
    pub(super) events: Events,
}

/// Where media go: an address, or something that is none to us, such as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    Address(IpAddr),
    Elsewhere,
}

impl Connection {
    /// The value of a `c=` line: `nettype addrtype address`, with a TTL where it is multicast.
    pub(super) fn parse(value: &[u8], at: usize) -> Result<Self, Malformed> {
        let mut words = words(value);
        let (Some(net), Some(kind), Some(address)) = (words.next(), words.next(), words.next()) else {
            return Err(Malformed::new(Rule::Connection, at));
        };
        let address = std::str::from_utf8(address).unwrap_or_default();
        let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let found = if !is(net, "IN") {
            None
        } else if is(kind, "IP4") {
            address.parse().ok().map(|address: Ipv4Addr| IpAddr::V4(address))
        } else if is(kind, "IP6") {
            address.parse().ok().map(|address: Ipv6Addr| IpAddr::V6(address).to_canonical())
        } else {
            None
        };
        Ok(found.filter(|address| !address.is_multicast()).map_or(Self::Elsewhere, Self::Address))
    }
}

/// One media description.
#[derive(Clone, Debug)]
pub(super) struct Media<'a> {
    /// `audio`, `video` …
    pub(super) kind: &'a [u8],
    /// 0 where it is not wanted.
    pub(super) port: u16,
    pub(super) protocol: &'a [u8],
    /// As they came; nothing but graphic characters and spaces.
    pub(super) formats_raw: &'a [u8],
    pub(super) formats: Vec<Format>,
    pub(super) connection: Option<Connection>,
    pub(super) direction: Option<Direction>,
    pub(super) ptime_ms: Option<u64>,
    pub(super) maxptime_ms: Option<u64>,
}

impl<'a> Media<'a> {
    /// The value of an `m=` line.
    pub(super) fn parse(value: &'a [u8], at: usize) -> Result<Self, Malformed> {
        let wrong = Malformed::new(Rule::Media, at);
        // What is repeated in an answer must not begin a line of its own there.
        if !value.iter().all(|&byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(wrong);
        }
        let (kind, rest) = word(value).ok_or(wrong)?;
        let (port, rest) = word(rest).ok_or(wrong)?;
        let (protocol, formats_raw) = word(rest).ok_or(wrong)?;
        // `/` and a number of ports is for layered encodings.
        let port = port.split(|&byte| byte == b'/').next().and_then(scan::decimal);
        let port = port.and_then(|port| u16::try_from(port).ok()).ok_or(Malformed::new(Rule::Port, at))?;
        let formats_raw = scan::trim(formats_raw);
        if words(formats_raw).count() > FORMATS_MAX {
            return Err(Malformed::new(Rule::FormatsTooMany, at));
        }
        // What is not numbered is not of RTP.
        let formats = words(formats_raw).filter_map(payload_type).map(|payload_type| Format {
            payload_type,
            encoding: static_encoding(payload_type),
            events: Events::KEYS,
        });
        Ok(Self {
            kind,
            port,
            protocol,
            formats_raw,
            formats: formats.collect(),
            connection: None,
            direction: None,
            ptime_ms: None,
            maxptime_ms: None,
        })
    }

    /// An attribute of it (§6). One that cannot be read says nothing.
    pub(super) fn attribute(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"rtpmap" => {
                if let Some((format, rest)) = self.of_format(value) {
                    format.encoding = encoding(rest);
                }
            }
            b"fmtp" => {
                if let Some((format, rest)) = self.of_format(value)
                    && let Some(events) = Events::parse(rest)
                {
                    format.events = events;
                }
            }
            // Some write them with a fraction.
            b"ptime" => self.ptime_ms = scan::decimal(whole(value)),
            b"maxptime" => self.maxptime_ms = scan::decimal(whole(value)),
            _ => self.direction = Direction::of(name).or(self.direction),
        }
    }

    /// `format` and what is said of it, if it is one of those in the `m=` line.
    fn of_format<'v>(&mut self, value: &'v [u8]) -> Option<(&mut Format, &'v [u8])> {
        let (number, rest) = word(value)?;
        let number = payload_type(number)?;
        let format = self.formats.iter_mut().find(|format| format.payload_type == number)?;
        Some((format, scan::trim(rest)))
    }

    pub(super) fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case(b"audio")
    }

    /// Whether it is RTP as it is, with or without early feedback (RFC 3551, RFC 4585).
    pub(super) fn is_plain_rtp(&self) -> bool {
        self.protocol.eq_ignore_ascii_case(b"RTP/AVP") || self.protocol.eq_ignore_ascii_case(b"RTP/AVPF")
    }

    /// The codecs that we have, too, in the order in which they are preferred.
    pub(super) fn sounds(&self) -> impl Iterator<Item = (u8, Codec)> + Clone {
        self.formats.iter().filter_map(|format| match format.encoding {
            Encoding::Sound(codec) => Some((format.payload_type, codec)),
            Encoding::TelephoneEvent | Encoding::Other => None,
        })
    }

    /// The payload type of telephone events.
    pub(super) fn events(&self) -> Option<(u8, Events)> {
        let format = self.formats.iter().find(|format| format.encoding == Encoding::TelephoneEvent)?;
        Some((format.payload_type, format.events))
    }
}

/// The encodings whose payload types are their own for ever (RFC 3551 §6).
fn static_encoding(payload_type: u8) -> Encoding {
    let codec = [Codec::Pcmu, Codec::Pcma].into_iter().find(|codec| codec.payload_type() == payload_type);
    codec.map_or(Encoding::Other, Encoding::Sound)
}

/// `name/clock rate/channels` of an `rtpmap` (§6.6). Where no rate is said, that of the name is meant.
fn encoding(value: &[u8]) -> Encoding {
    let mut parts = value.split(|&byte| byte == b'/').map(scan::trim);
    let name = parts.next().unwrap_or_default();
    let rate = parts.next().map_or(Some(u64::from(CLOCK_RATE)), scan::decimal);
    let channels = parts.next().map_or(Some(1), scan::decimal);
    if rate != Some(u64::from(CLOCK_RATE)) || channels != Some(1) {
        Encoding::Other
    } else if name.eq_ignore_ascii_case(b"telephone-event") {
        Encoding::TelephoneEvent
    } else {
        Codec::of(name).map_or(Encoding::Other, Encoding::Sound)
    }
}

fn payload_type(word: &[u8]) -> Option<u8> {
    u8::try_from(scan::decimal(word)?).ok().filter(|&number| number <= PAYLOAD_TYPE_MAX)
}

/// What stands before a decimal point.
fn whole(value: &[u8]) -> &[u8] {
    scan::trim(value.split(|&byte| byte == b'.').next().unwrap_or_default())
}

/// The first word, and what follows it.
fn word(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let value = scan::trim_start(value);
    let end = value.iter().position(|&byte| byte == b' ').unwrap_or(value.len());
    let (word, rest) = value.split_at_checked(end)?;
    if word.is_empty() { None } else { Some((word, rest)) }
}

/// The words of a value; more spaces than one are no more than one.
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b' ').filter(|word| !word.is_empty())
}
