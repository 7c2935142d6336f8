//! Media: what is heard at calls that are answered here, and what callers say. G.711 in plain RTP (RFC 3550, RFC 3551), keys as
//! telephone events (RFC 4733). Calls between phones never come here.
//!
//! A [`Station`](station::Station) is one end of one call: it plays what a dialogue says, records, hears keys, and asks an
//! [`Attendant`](crate::attendant::Attendant) for whatever has to be looked up or changed.

mod recorder;
pub mod sound;
mod speaker;
pub mod station;

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use signin::dice::{Dice, roll};

/// How often a port of the range is tried that may be taken.
const TRIES: usize = 64;

/// Opens a socket for one call's media at an address of ours: at any port from `first` to `last`, or where those are 0 at any
/// that is free. Even ports, as RFC 3550 section 11 has them.
///
/// # Errors
/// None was free in many tries, or the address is not ours.
pub fn open(ip: IpAddr, (first, last): (u16, u16), dice: &mut dyn Dice) -> io::Result<std::net::UdpSocket> {
    let bind = |port: u16| {
        let socket = std::net::UdpSocket::bind(SocketAddr::new(ip, port))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    if first == 0 {
        return bind(0);
    }
    let span = u32::from(last.saturating_sub(first)) + 1;
    let mut failed = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let step = u32::from_le_bytes(roll(dice)) % span;
        let port = u32::from(first) + step;
        let Ok(port) = u16::try_from(port & !1) else { continue };
        match bind(port.max(first)) {
            Ok(socket) => return Ok(socket),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
