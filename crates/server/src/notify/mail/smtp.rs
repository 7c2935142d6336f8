//! To a server by SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS (RFC 8314), and signed in by PLAIN or LOGIN (RFC 4954).
//!
//! `lettre` speaks the protocol. Connections and TLS are those that all targets have ([`connect`]): the same addresses that are
//! never reached, the same certificates, the same library. So what comes before TLS is asked for here, byte by byte: what
//! somebody on the way adds behind it is never taken for what the server says once it is encrypted.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use data_encoding::BASE64;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, AsyncTokioStream},
    commands::{Data, Mail, Rcpt},
    extension::ClientId,
    response::Response,
};
use signin::{
    audit::AuditEvent,
    mail::{MailSecurity, MailSettings},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};

use super::letter::Written;
use crate::notify::{
    Failure,
    connect::{self, Reach},
};

/// How much of what the server says is read, all in all.
const SAID_MAX: u64 = 64 << 10;
/// Longest answer before TLS.
const ANSWER_MAX: usize = 4096;
/// The greeting was heard before TLS and comes no second time; `lettre` wants one.
const GREETED: &[u8] = b"220 greeted\r\n";

/// Sends, and tells what the server said.
pub(super) async fn send(way: &MailSettings, mail: &Written) -> Result<String, Failure> {
    let reach = if way.security == MailSecurity::None { Reach::Nearby } else { Reach::Anywhere };
    let mut stream = connect::tcp(&way.server, way.port, reach).await?;
    let hello = stream.local_addr().map_or_else(|_| ClientId::default(), |own| named(own.ip()));
    let line = match way.security {
        MailSecurity::None => Line::new(&[], stream),
        MailSecurity::Tls => {
            Line::new(&[], connect::tls(&connect::tls_config(&way.roots)?, &way.server, stream).await?)
        }
        MailSecurity::Starttls => {
            let config = connect::tls_config(&way.roots)?;
            ask_for_tls(&mut stream, &hello).await?;
            Line::new(GREETED, connect::tls(&config, &way.server, stream).await?)
        }
    };
    let talk = AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello).await;
    let mut talk = talk.map_err(|error| failure("it did not greet", &error))?;
    sign_in(&mut talk, way).await?;
    let began = talk.command(Mail::new(Some(mail.from.clone()), Vec::new())).await;
    began.map_err(|error| failure("it refused the sender", &error))?;
    let named = talk.command(Rcpt::new(mail.to.clone(), Vec::new())).await;
    named.map_err(|error| refusal("it refused the recipient", &error))?;
    let taken = match talk.command(Data).await {
        Ok(_) => talk.message(&mail.bytes).await,
        Err(error) => Err(error),
    };
    let answer = said(&taken.map_err(|error| refusal("it refused the message", &error))?);
    // It has the mail, whatever it says to this.
    drop(talk.quit().await);
    Ok(answer)
}

/// Only ever over TLS: what is saved says so too, but here is where it counts.
async fn sign_in(talk: &mut AsyncSmtpConnection, way: &MailSettings) -> Result<(), Failure> {
    let Some(password) = way.password.as_ref().filter(|_| way.security != MailSecurity::None) else {
        return Ok(());
    };
    let (user, password) = (way.user.to_string(), password.0.reveal().to_owned());
    let signed_in = talk.auth(DEFAULT_MECHANISMS, &Credentials::new(user, password)).await;
    signed_in.map(drop).map_err(|error| {
        if error.is_client() {
            return Failure::unreachable("it offers no way to sign in that is known here: PLAIN or LOGIN");
        }
        let Failure { problem, is_refusal } = failure("it refused user and password", &error);
        Failure { problem: without_secret(problem, way), is_refusal }
    })
}

/// Some servers repeat what they did not understand.
fn without_secret(mut text: String, way: &MailSettings) -> String {
    let password = way.password.as_ref().map_or("", |password| password.0.reveal());
    let plain = format!("\0{}\0{password}", way.user);
    for secret in [BASE64.encode(plain.as_bytes()), BASE64.encode(password.as_bytes()), password.to_owned()] {
        if !secret.is_empty() {
            text = text.replace(&secret, "…");
        }
    }
    text
}

fn named(own: IpAddr) -> ClientId {
    match own.to_canonical() {
        IpAddr::V4(own) => ClientId::Ipv4(own),
        IpAddr::V6(own) => ClientId::Ipv6(own),
    }
}

/// What went wrong, fit for a page. To be tried again.
fn failure(what: &str, error: &Error) -> Failure {
    let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let problem = match error.status() {
        Some(code) => format!("{what}: {code} {}", why.trim()),
        None if error.is_response() => format!("{what}: what it says is no SMTP"),
        None => format!("{what}: {}", if why.is_empty() { error.to_string() } else { why }),
    };
    Failure::unreachable(AuditEvent::text(&problem))
}

/// The same, and not to be tried again where the server says that it will never take it (RFC 5321 section 4.2.1).
fn refusal(what: &str, error: &Error) -> Failure {
    Failure { is_refusal: error.is_permanent(), ..failure(what, error) }
}

fn said(response: &Response) -> String {
    let text = response.message().collect::<Vec<_>>().join(" ");
    AuditEvent::text(&format!("{} {}", response.code(), text.trim())).into()
}

/// Until the server waits for TLS.
async fn ask_for_tls(stream: &mut TcpStream, hello: &ClientId) -> Result<(), Failure> {
    answer(stream, "220").await?;
    say(stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = answer(stream, "250").await?;
    let is_offered =
        |line: &str| line.get(4..).is_some_and(|offer| offer.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offers.lines().any(is_offered) {
        return Err(Failure::unreachable("it offers no STARTTLS, and nothing is sent in the clear"));
    }
    say(stream, "STARTTLS\r\n").await?;
    answer(stream, "220").await.map(drop)
}

async fn say(stream: &mut TcpStream, command: &str) -> Result<(), Failure> {
    stream.write_all(command.as_bytes()).await.map_err(|error| broken(&error))
}

fn broken(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Failure::unreachable("it ended the connection");
    }
    Failure::unreachable(format!("the connection broke: {error}"))
}

/// One answer, and not a byte of what is behind it.
async fn answer(stream: &mut TcpStream, wanted: &str) -> Result<String, Failure> {
    let (mut heard, mut begins) = (Vec::new(), 0);
    loop {
        let byte = stream.read_u8().await.map_err(|error| broken(&error))?;
        heard.push(byte);
        if heard.len() > ANSWER_MAX {
            return Err(Failure::unreachable("its answer is too long"));
        }
        if byte == b'\n' {
            // A hyphen behind the number: there are more lines.
            if heard.get(begins + 3) != Some(&b'-') {
                break;
            }
            begins = heard.len();
        }
    }
    let heard = String::from_utf8_lossy(&heard).into_owned();
    if heard.starts_with(wanted) {
        return Ok(heard);
    }
    Err(Failure::unreachable(AuditEvent::text(&format!("it answered {}", heard.trim()))))
}

/// A connection of which no more is read than a server has to say.
struct Line {
    heard: Pin<Box<dyn AsyncRead + Send + Sync>>,
    said: Pin<Box<dyn AsyncWrite + Send + Sync>>,
}

impl Line {
    /// Over this stream, with something that was heard before.
    fn new<S>(before: &'static [u8], stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Sync + 'static,
    {
        let (heard, said) = tokio::io::split(stream);
        Self { heard: Box::pin(before.chain(heard.take(SAID_MAX))), said: Box::pin(said) }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.heard.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.said.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.said.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.said.as_mut().poll_shutdown(context)
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
