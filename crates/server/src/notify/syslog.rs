//! Syslog (RFC 5424) over UDP (RFC 5426), TCP (RFC 6587, with lengths) and TLS (RFC 5425).
//!
//! None of these has receivers say that they took something. What was handed to the network when a receiver ended may be
//! lost; one that ended in order is noticed before the next message is sent.

use std::sync::Arc;

use futures_util::FutureExt as _;
use rustls::ClientConfig;
use signin::{
    alarm::Severity as Urgency,
    audit::{AuditEvent, Outcome},
    target::{SyslogTarget, SyslogTransport},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use tokio_rustls::client::TlsStream;
use wire::syslog::{Message, Severity, frame};

use super::{
    Failure,
    connect::{self, PATIENCE, Reach},
    item::Item,
};
use crate::{commands::audit::who, listen::certificate::names_of_this_machine, moment};

/// The name of the structured data. 32473 is the number that RFC 5612 keeps for whoever has none.
pub const ELEMENT: &str = "hookswitch@32473";

/// A way to one receiver.
#[derive(Debug)]
pub struct Outlet {
    target: SyslogTarget,
    tls: Option<Arc<ClientConfig>>,
    host: String,
    link: Option<Link>,
}

#[derive(Debug)]
enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Outlet {
    /// A way to this receiver; nothing is sent yet.
    ///
    /// # Errors
    /// Its certificates are of no use.
    pub fn new(target: &SyslogTarget) -> Result<Self, Failure> {
        let tls = match target.transport {
            SyslogTransport::Tls => Some(connect::tls_config(&target.roots)?),
            SyslogTransport::Udp | SyslogTransport::Tcp => None,
        };
        let host = names_of_this_machine().into_iter().next().unwrap_or_default();
        Ok(Self { target: target.clone(), tls, host, link: None })
    }

    /// Sends one message.
    ///
    /// # Errors
    /// It could not be handed to the network.
    pub async fn send(&mut self, item: &Item) -> Result<String, Failure> {
        let mut message = Vec::new();
        encode(&self.target, &self.host, item, &mut message);
        if self.link.as_mut().is_some_and(Link::has_ended) {
            self.link = None;
        }
        let mut link = match self.link.take() {
            Some(link) => link,
            None => self.open().await?,
        };
        let sent = timeout(PATIENCE, link.write(&message)).await;
        match sent {
            Ok(Ok(())) => {
                self.link = Some(link);
                Ok(match self.target.transport {
                    SyslogTransport::Udp => "sent (over UDP nobody says whether it arrives)".into(),
                    SyslogTransport::Tcp | SyslogTransport::Tls => "sent".into(),
                })
            }
            Ok(Err(error)) => Err(Failure::unreachable(format!("it was not sent: {error}"))),
            Err(_) => Err(Failure::unreachable("it was not sent in time")),
        }
    }

    async fn open(&self) -> Result<Link, Failure> {
        let (host, port) = (&*self.target.host, self.target.port);
        match (self.target.transport, &self.tls) {
            (SyslogTransport::Udp, _) => connect::udp(host, port).await.map(Link::Udp),
            (SyslogTransport::Tls, Some(config)) => {
                let stream = connect::tcp(host, port, Reach::Anywhere).await?;
                connect::tls(config, host, stream).await.map(|stream| Link::Tls(Box::new(stream)))
            }
            (SyslogTransport::Tcp | SyslogTransport::Tls, _) => {
                connect::tcp(host, port, Reach::Anywhere).await.map(Link::Tcp)
            }
        }
    }
}

impl Link {
    async fn write(&mut self, message: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(message).await.map(drop),
            Self::Tcp(stream) => write(stream, message).await,
            Self::Tls(stream) => write(stream.as_mut(), message).await,
        }
    }

    /// Whether the receiver has closed the connection. What it says is passed over.
    fn has_ended(&mut self) -> bool {
        match self {
            Self::Udp(_) => false,
            Self::Tcp(stream) => has_ended(stream),
            Self::Tls(stream) => has_ended(stream.as_mut()),
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> std::io::Result<()> {
    let mut framed = Vec::with_capacity(message.len() + 8);
    frame(message, &mut framed);
    stream.write_all(&framed).await?;
    stream.flush().await
}

fn has_ended(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut said = [0; 512];
    match stream.read(&mut said).now_or_never() {
        None => false,
        Some(Ok(length)) => length == 0,
        Some(Err(_)) => true,
    }
}

/// Writes an item as this receiver wants it.
fn encode(target: &SyslogTarget, host: &str, item: &Item, out: &mut Vec<u8>) {
    let severities = &target.severities;
    let mut parameters: Vec<(&str, String)> = vec![("id", item.id())];
    let (severity, id, text) = match item {
        Item::Alarm { alarm, is_raised } => {
            let row = alarm.key.kind.row();
            parameters.push(("alarm", row.name.into()));
            parameters.push(("subject", alarm.key.subject.to_string()));
            parameters.push(("domain", alarm.key.domain.to_string()));
            parameters.push(("count", alarm.count.to_string()));
            parameters.push(("raised", moment::for_programs(alarm.raised_at)));
            let (number, word, id) = match (is_raised, row.severity) {
                (false, _) => (severities.accepted.min(5), "cleared", "alarm-cleared"),
                (true, Urgency::Warning) => (severities.warning, "raised", "alarm-raised"),
                (true, Urgency::Critical) => (severities.critical, "raised", "alarm-raised"),
            };
            (number, id.to_owned(), format!("Alarm {word}: {}: {}", row.title, alarm.key.subject))
        }
        Item::Row(row) => {
            let event = &row.event;
            event_parameters(event, &mut parameters);
            let number = match event.outcome {
                Outcome::Accepted => severities.accepted,
                Outcome::Refused => severities.refused,
            };
            let word = word(&event.action);
            let ending = match (event.outcome, event.reason) {
                (Outcome::Accepted, _) => String::new(),
                (Outcome::Refused, None) => " refused".into(),
                (Outcome::Refused, Some(reason)) => format!(" refused ({})", reason.title()),
            };
            let by = who(&event.actor);
            (number, word, format!("{}{ending}: {} by {by}", event.action.title(), event.subject))
        }
        Item::Test { .. } => (severities.accepted, "test".into(), "A test from Hookswitch".into()),
    };
    let parameters: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let message = Message {
        facility: target.facility,
        severity: Severity::numbered(severity),
        timestamp: &moment::for_programs(item.at()),
        host,
        app: "hookswitch",
        process: std::process::id(),
        id: &id,
        element: ELEMENT,
        parameters: &parameters,
        text: &text,
    };
    message.encode(out);
}

fn event_parameters(event: &AuditEvent, parameters: &mut Vec<(&'static str, String)>) {
    let AuditEvent {
        action,
        outcome,
        reason,
        actor,
        domain,
        subject,
        interface,
        address,
        agent,
        changes,
        times,
        ..
    } = event;
    parameters.push(("action", word(action)));
    parameters.push(("outcome", word(outcome)));
    parameters.push(("subject", subject.to_string()));
    parameters.push(("actor", who(actor)));
    parameters.push(("interface", interface.row().name.into()));
    parameters.push(("domain", domain.to_string()));
    parameters.extend(reason.map(|reason| ("reason", word(&reason))));
    parameters.extend(address.map(|address| ("address", address.to_string())));
    if *times > 1 {
        parameters.push(("times", times.to_string()));
    }
    if !agent.is_empty() {
        parameters.push(("agent", agent.to_string()));
    }
    for change in changes {
        parameters.push(("change", format!("{}: {} → {}", change.field, change.before, change.after)));
    }
}

/// The stable word of something that is written as one.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
