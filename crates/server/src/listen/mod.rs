//! Listeners: sockets, connections, encryption, and how much of the machine strangers may use. What the bytes mean
//! is the interfaces' affair.

pub mod accept;
pub mod admission;
pub mod certificate;
mod cutter;
mod datagrams;
pub mod http;
mod idle;
pub mod listener;
mod shutter;
pub mod stream;
pub mod tls;
pub mod udp;
pub mod websocket;

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use crate::config::{ConfigError, Loaded};

/// Connections that the system keeps for a listener until they are taken.
const BACKLOG: i32 = 1024;

/// A listening stream socket.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub listener: TcpListener,
    /// Where it really listens (port 0 = any free one).
    pub address: SocketAddr,
}

/// Takes the addresses of a key for streams.
///
/// # Errors
/// Which address of which key cannot be had, and what to do.
pub fn bind_streams(
    loaded: &Loaded,
    key: &'static str,
    addresses: &[SocketAddr],
) -> Result<Vec<Bound>, ConfigError> {
    let bind = |address: &SocketAddr| -> io::Result<Bound> {
        let socket = stream_socket(*address)?;
        let listener = TcpListener::from(socket);
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        tracing::info!(listener = key, %address, "listening");
        Ok(Bound { listener, address })
    };
    addresses
        .iter()
        .map(|address| bind(address).map_err(|error| refused(loaded, key, *address, &error)))
        .collect()
}

fn stream_socket(address: SocketAddr) -> io::Result<socket2::Socket> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the old connections' last packets to die.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// Why an address cannot be had, in words for the one who configured it.
pub(crate) fn refused(loaded: &Loaded, key: &str, address: SocketAddr, error: &io::Error) -> ConfigError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds of the system are many and grow")]
    match error.kind() {
        io::ErrorKind::AddrInUse => loaded.error(
            key,
            format!("{address} is already taken by another program"),
            format!("stop the other program (`ss -lnp` shows which), or set another port in `{key}`"),
        ),
        io::ErrorKind::PermissionDenied => loaded.error(
            key,
            format!("{address} may not be taken by this user: ports below 1024 are reserved"),
            format!("set a port from 1024 on in `{key}`, or give the right CAP_NET_BIND_SERVICE"),
        ),
        io::ErrorKind::AddrNotAvailable => loaded.error(
            key,
            format!("this machine does not have the address {}", address.ip()),
            format!(
                "set an address of this machine in `{key}` (`ip address` lists them), or 0.0.0.0 for all"
            ),
        ),
        _ => loaded.error(key, format!("{address} cannot be taken: {error}"), format!("correct `{key}`")),
    }
}
