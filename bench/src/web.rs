//! A browser of the barest kind: HTTP/1.1 over TLS, from an address of one's choice, on a connection that is kept.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The token of forms: the page gives one, and takes what the cookie says.
const FORM_TOKEN: &str = "0123456789abcdef0123456789abcdef";
const HEAD_BYTES_MAX: usize = 32 << 10;
const BODY_BYTES_MAX: usize = 4 << 20;
const READ_BYTES: usize = 8 << 10;

/// A TCP connection from this address, without TLS.
pub(crate) async fn connect(from: Ipv4Addr, server: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(server).await.with_context(|| format!("{server} from {from}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What all browsers share.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        // Each is somebody else: a handshake is a whole one.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self(Arc::new(config).into()))
    }

    pub(crate) async fn shake_hands(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        Ok(self.0.connect(ServerName::try_from("localhost")?, stream).await?)
    }
}

/// One browser.
pub(crate) struct Browser {
    tls: Tls,
    server: SocketAddr,
    from: Ipv4Addr,
    stream: Option<TlsStream<TcpStream>>,
    cookies: BTreeMap<String, String>,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    /// Lines, their ends and all.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Self::headers(&self.head, name).next()
    }

    fn headers<'h>(head: &'h str, name: &str) -> impl Iterator<Item = &'h str> {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(move |(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }
}

impl Browser {
    pub(crate) fn new(tls: &Tls, server: SocketAddr, from: Ipv4Addr) -> Self {
        let cookies = BTreeMap::from([("__Host-form".to_owned(), FORM_TOKEN.to_owned())]);
        Self { tls: tls.clone(), server, from, stream: None, cookies, buffer: Vec::new() }
    }

    /// Goes to another address, and knows nothing of before.
    pub(crate) fn move_to(&mut self, from: Ipv4Addr) {
        *self = Self::new(&self.tls, self.server, from);
    }

    /// Goes to another address, and takes its cookies along.
    pub(crate) fn walk_to(&mut self, from: Ipv4Addr) {
        self.hang_up();
        self.from = from;
    }

    /// Ends the connection; cookies are kept.
    pub(crate) fn hang_up(&mut self) {
        self.stream = None;
        self.buffer.clear();
    }

    /// Sends the login form. A right one is answered 303.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> anyhow::Result<Page> {
        self.post("/manager/login", FORM_TOKEN, &[("name", name), ("password", password)]).await
    }

    /// Sends a form with its token.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Page> {
        let mut body = format!("csrf={}", escaped(token));
        for (name, value) in fields {
            body.push_str(&format!("&{}={}", escaped(name), escaped(value)));
        }
        let head = format!(
            "POST {path} HTTP/1.1\r\nOrigin: https://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n",
            self.server,
            body.len()
        );
        self.ask(&head, &body).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Page> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    /// Asks the management API, with these header lines.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        head: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Page> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{head}"
        );
        self.ask(&head, &body).await
    }

    async fn ask(&mut self, head: &str, body: &str) -> anyhow::Result<Page> {
        let asked = self.try_ask(head, body).await;
        if asked.is_err() {
            self.hang_up();
        }
        asked
    }

    async fn try_ask(&mut self, head: &str, body: &str) -> anyhow::Result<Page> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{head}Host: {}\r\nUser-Agent: flood\r\nCookie: {}\r\n\r\n{body}",
            self.server,
            cookies.join("; ")
        );
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.tls.shake_hands(connect(self.from, self.server).await?).await?,
        };
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let page = self.read(&mut stream).await?;
        for cookie in Page::headers(&page.head, "set-cookie") {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.stream = Some(stream);
        Ok(page)
    }

    async fn read(&mut self, stream: &mut TlsStream<TcpStream>) -> anyhow::Result<Page> {
        let end = loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                bail!("a head without an end");
            }
            self.more(stream).await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..end).unwrap_or_default()).into_owned();
        let length = Page::headers(&head, "content-length").next().map_or(Ok(0), str::parse::<usize>)?;
        if length > BODY_BYTES_MAX {
            bail!("a body of {length} bytes");
        }
        while self.buffer.len() < end + length {
            self.more(stream).await?;
        }
        let body =
            String::from_utf8_lossy(self.buffer.get(end..end + length).unwrap_or_default()).into_owned();
        self.buffer.drain(..end + length);
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status")?;
        let location = Page::headers(&head, "location").next().unwrap_or_default().to_owned();
        Ok(Page { status, location, head, body })
    }

    async fn more(&mut self, stream: &mut TlsStream<TcpStream>) -> anyhow::Result<()> {
        self.buffer.reserve(READ_BYTES);
        if stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server hung up");
        }
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Trusts anybody: the certificate is one that the product made itself a moment ago.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_into_a_form_arrives_as_it_is() {
        assert_eq!(escaped("four odd words & 1"), "four%20odd%20words%20%26%201");
    }
}
