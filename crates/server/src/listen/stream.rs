//! Streams for phones: TCP, TLS over it, and WebSockets over that. One task a connection has the bytes cut into messages
//! (`cutter.rs`) and answers on the same connection, one after the other.
//!
//! ```text
//! accepted ──handshake──▶ waiting for the first message ──▶ idle ◀──▶ inside a message
//!     ╰────────── first_message_seconds ──────────╯          │ idle_seconds, or as long as the registration
//!                                                              ╰── message_seconds from the first byte to the last
//! ```
//! What others send to the phone (calls) leaves between two reads.
//!
//! A ping (RFC 5626 section 4.4.1, RFC 6455 section 5.5.2) is answered at any time, and keeps alive what has brought a message
//! already.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use signin::{registration::Transport, timestamp::Seconds};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use wire::sip::stream::PONG;

use super::{
    accept::Conversation,
    cutter::{Cutter, End, Lines, Piece},
    tls::{TlsAcceptor, shake_hands},
};
use crate::{
    config::LimitsConfig,
    interfaces::sip::{Answerer, Flow, Received, Said, SipInterface, StreamPlace},
    system::System,
};

/// Bytes read at once.
const READ: usize = 4 << 10;
/// Messages answered between two looks at what others want.
const BURST: usize = 64;
/// Bytes of answers that leave together: more of them are not held back until a whole read is answered.
const READY_MAX: usize = 16 << 10;
/// Bytes that a buffer for answers keeps between two reads.
const BUFFER_KEPT: usize = 8 << 10;
/// How much longer than its registration a phone's connection lives: refreshes may be late.
const REGISTERED_SPARE: Duration = Duration::from_secs(60);

/// Phones by stream.
#[derive(Clone)]
pub struct PhoneStreams {
    /// Answers.
    pub sip: Arc<SipInterface>,
    /// Encrypts, for TLS.
    pub tls: Option<TlsAcceptor>,
}

impl Conversation for PhoneStreams {
    async fn converse(self, stream: TcpStream, peer: SocketAddr, limits: LimitsConfig, system: Arc<System>) {
        let first = seconds(limits.first_message_seconds);
        let until = Instant::now() + first;
        let Ok(local) = stream.local_addr() else { return };
        match &self.tls {
            None => {
                let flow = Flow { transport: Transport::Tcp, peer };
                Phone::new(&self.sip, (flow, local), stream, Lines::new(&limits), &limits).talk(until).await;
            }
            Some(tls) => {
                let Some(stream) = shake_hands(tls, stream, until, &system.stop).await else { return };
                let flow = Flow { transport: Transport::Tls, peer };
                Phone::new(&self.sip, (flow, local), stream, Lines::new(&limits), &limits).talk(until).await;
            }
        }
    }
}

/// One connection.
pub(super) struct Phone<'a, S, C> {
    sip: &'a Arc<SipInterface>,
    answerer: Answerer,
    cutter: C,
    stream: S,
    place: StreamPlace,
    peer: SocketAddr,
    limits: &'a LimitsConfig,
    out: Vec<u8>,
    /// Answers to one read that have not left yet.
    ready: Vec<u8>,
    /// A whole message has come already.
    has_spoken: bool,
}

/// The connection is over.
struct Over;

impl<'a, S: AsyncRead + AsyncWrite + Unpin, C: Cutter> Phone<'a, S, C> {
    /// At the other end of `stream`, which `local` is ours of.
    pub(super) fn new(
        sip: &'a Arc<SipInterface>,
        (flow, local): (Flow, SocketAddr),
        stream: S,
        cutter: C,
        limits: &'a LimitsConfig,
    ) -> Self {
        Self {
            sip,
            answerer: Answerer::new(sip, flow.transport),
            cutter,
            stream,
            place: sip.flows.add_stream(flow, local),
            peer: flow.peer,
            limits,
            out: Vec::new(),
            ready: Vec::new(),
            has_spoken: false,
        }
    }

    /// Until the other side, its patience or the program ends. `until` is the moment by which a whole message must
    /// have come.
    pub(super) async fn talk(mut self, mut until: Instant) {
        let stop = self.sip.system().stop.clone();
        let mut buffer = vec![0; READ];
        let mut registered_until = until;
        let mut is_inside = false;
        // What was read before it was known what is spoken here is looked at like anything else.
        let mut is_ahead = self.cutter.is_inside();
        loop {
            if !std::mem::take(&mut is_ahead) {
                let read = tokio::select! {
                    read = timeout_at(until, self.stream.read(&mut buffer)) => read,
                    Some(bytes) = self.place.outgoing.recv() => {
                        if self.pass_on(&bytes).await.is_err() {
                            break;
                        }
                        continue;
                    }
                    () = stop.cancelled() => return self.part(true).await,
                };
                match read {
                    Ok(Ok(count @ 1..)) => self.cutter.push(buffer.get(..count).unwrap_or_default()),
                    Ok(_) => break,
                    Err(_) => return self.part(true).await,
                }
            }
            let Ok(brought) = self.answer_all().await else { break };
            if brought.registered_for.0 > 0 {
                let lives = seconds(brought.registered_for.0) + REGISTERED_SPARE;
                registered_until = registered_until.max(Instant::now() + lives);
            }
            let was_inside = is_inside && !brought.has_message;
            self.has_spoken |= brought.has_message;
            is_inside = self.cutter.is_inside();
            if is_inside && !was_inside {
                // A message's time runs from its first byte, however slowly the others come.
                let whole_until = Instant::now() + seconds(self.limits.message_seconds);
                until = if self.has_spoken { whole_until } else { until.min(whole_until) };
            } else if !is_inside && self.has_spoken {
                until = registered_until.max(Instant::now() + seconds(self.limits.idle_seconds));
            }
        }
        self.part(false).await;
    }

    /// Closes the connection; `is_ours` where nobody at the other end wants it.
    async fn part(mut self, is_ours: bool) {
        if is_ours {
            // What others wanted to say to the phone.
            while let Ok(bytes) = self.place.outgoing.try_recv() {
                C::put(&bytes, &mut self.ready);
            }
            self.ready.extend_from_slice(C::FAREWELL);
            drop(self.send().await);
        }
        drop(timeout(seconds(self.limits.message_seconds), self.stream.shutdown()).await);
    }

    /// Writes what others send to the phone, as much of it as waits.
    async fn pass_on(&mut self, first: &[u8]) -> Result<(), Over> {
        C::put(first, &mut self.ready);
        while self.ready.len() < READY_MAX
            && let Ok(bytes) = self.place.outgoing.try_recv()
        {
            C::put(&bytes, &mut self.ready);
        }
        self.send().await
    }

    async fn answer_all(&mut self) -> Result<Brought, Over> {
        let mut brought = Brought::default();
        let mut burst = 0;
        let mut was_ping = false;
        loop {
            let is_neighbour = std::mem::take(&mut was_ping);
            let now = self.sip.system().clock.now();
            let said = match self.cutter.next_piece() {
                Ok(None) => return self.send().await.map(|()| brought),
                Ok(Some(Piece::Answer(bytes))) => {
                    self.ready.extend_from_slice(bytes);
                    Said::Nothing
                }
                Ok(Some(Piece::Ping)) => {
                    was_ping = true;
                    // RFC 5626 section 4.4.1. One pong says to all pings that came together that we are here; more
                    // would let a stream of them cost as many writes.
                    self.out.clear();
                    if is_neighbour {
                        Said::Nothing
                    } else {
                        self.out.extend_from_slice(PONG);
                        Said::Answer { to: self.peer }
                    }
                }
                Ok(Some(Piece::Message(bytes))) => {
                    brought.has_message = true;
                    let said = self.answerer.message(Received { bytes, peer: self.peer, now }, &mut self.out);
                    brought.registered_for = brought.registered_for.max(self.answerer.registered_for());
                    for outgoing in self.answerer.outbox().drain(..) {
                        self.sip.flows.send(&outgoing);
                    }
                    said
                }
                Err(End::Said(last)) => {
                    self.ready.extend_from_slice(&last);
                    drop(self.send().await);
                    return Err(Over);
                }
                Err(End::Lost(error)) => {
                    let bytes = self.cutter.pending();
                    let received = Received { bytes, peer: self.peer, now };
                    let said = self.answerer.broken(received, error, &mut self.out);
                    if self.say(said).await.is_ok() {
                        drop(self.send().await);
                    }
                    return Err(Over);
                }
            };
            self.say(said).await?;
            burst += 1;
            if burst % BURST == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Puts an answer to those that leave together. What waits for the disk does not hold up what was said before.
    async fn say(&mut self, said: Said) -> Result<(), Over> {
        match said {
            Said::Nothing => {}
            Said::Answer { .. } => C::put(&self.out, &mut self.ready),
            Said::Later(waits) => {
                self.send().await?;
                let (later, _) = waits.wait(self.sip.system()).await;
                C::put(&later, &mut self.ready);
            }
        }
        if self.ready.len() < READY_MAX { Ok(()) } else { self.send().await }
    }

    /// Writes the answers that are ready, all at once.
    async fn send(&mut self) -> Result<(), Over> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.ready).await?;
            // Encrypted bytes may still wait in the stream.
            self.stream.flush().await
        };
        let written = timeout(seconds(self.limits.message_seconds), write).await;
        for buffer in [&mut self.ready, &mut self.out] {
            buffer.clear();
            buffer.shrink_to(BUFFER_KEPT);
        }
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }
}

/// What one read brought.
#[derive(Default)]
struct Brought {
    /// A whole message.
    has_message: bool,
    /// The longest registration among them.
    registered_for: Seconds,
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}
