//! A server that sends every datagram back: what remains of a registrar when all its work is taken away.

use std::io::Write as _;

use crate::socket::{Batch, Socket};

/// Prints its port, then serves until it is ended.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut socket = Socket::open(None)?;
    println!("{}", socket.port()?);
    std::io::stdout().flush()?;
    let mut batch = Batch::new();
    loop {
        if socket.await_datagrams(&mut batch)? {
            socket.send(&batch)?;
        }
    }
}
