//! The browser's end of a WebSocket, written by hand from RFC 6455, so that nothing of ours reads what we write.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::phone::tls;

/// First bytes of frames.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// An open one.
pub(crate) struct Socket {
    stream: TlsStream<TcpStream>,
}

impl Socket {
    /// Opens one for a subprotocol.
    ///
    /// # Errors
    /// The head of whatever was answered instead.
    pub(crate) async fn open(server: SocketAddr, protocol: &str) -> Result<Self, String> {
        let more = format!("Origin: https://phones.example\r\nSec-WebSocket-Protocol: {protocol}\r\n");
        Self::open_with(server, &more, b"").await
    }

    /// Opens one with these header lines and with bytes that are sent before anybody has answered.
    pub(crate) async fn open_with(server: SocketAddr, more: &str, ahead: &[u8]) -> Result<Self, String> {
        // As Chromium asks where it wants a WebSocket.
        let mut stream = tls(server, &[b"http/1.1"]).await;
        let asked = format!(
            "GET /sip HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
        );
        stream.write_all(&[asked.as_bytes(), ahead].concat()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        if !head.starts_with("http/1.1 101 ") {
            return Err(head);
        }
        for line in
            ["sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n", "sec-websocket-protocol: sip\r\n"]
        {
            assert!(head.contains(line), "{head}");
        }
        Ok(Self { stream })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream.get_ref().0.local_addr().expect("an address")
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: &[u8]) {
        self.send(TEXT, message).await;
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.send_raw(&frame(first, payload)).await;
    }

    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// The next message; `None` when the connection ends.
    pub(crate) async fn hear(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.next().await? {
                (TEXT | BINARY, payload) => return Some(payload),
                (CLOSE, _) => return None,
                _ => {}
            }
        }
    }

    /// The next frame: its first byte, and what it carries; `None` when the connection ends.
    pub(crate) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let length = match self.stream.read_u8().await.ok()? {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            // A mask in the eighth bit would make it too long here: servers have none.
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((first, payload))
    }
}

/// A frame as a client sends it.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0xa7, 0x01, 0x3c, 0x5e];
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | u8::try_from(length).expect("short")),
        length => {
            let length = u32::try_from(length).expect("a test's");
            match u16::try_from(length) {
                Ok(length) => {
                    frame.push(0x80 | 126);
                    frame.extend(length.to_be_bytes());
                }
                Err(_) => {
                    frame.push(0x80 | 127);
                    frame.extend(u64::from(length).to_be_bytes());
                }
            }
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
