//! HTTP and HTTPS: connections on which requests come and answers go, within limits. What is answered is the
//! router's affair (`web`, `health`).
//!
//! HTTP/1.1, and on encrypted connections HTTP/2 where the browser asks for it (ALPN). For a WebSocket browsers open a
//! connection of its own, and ask for HTTP/1.1 on it. Every step has an end: the
//! handshake, the header, the body (which may not come slower than [`RATE`]), the answer's being taken.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Request, Response, header::EXPECT};
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    body::{Body as _, Bytes, Frame, Incoming, SizeHint},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use signin::registration::Transport;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Instant, Sleep, sleep, timeout},
};
use tower::ServiceExt as _;

use super::{
    accept::Conversation,
    cutter::Sockets,
    idle::Idle,
    stream::Phone,
    tls::{TlsAcceptor, shake_hands},
    websocket::Opened,
};
use crate::{
    config::LimitsConfig,
    interfaces::sip::{Flow, SipInterface},
    system::System,
};

/// Bytes of a request's header.
const HEADER_MAX: usize = 32 << 10;
/// Header lines of a request.
const HEADERS_MAX: usize = 100;
/// Requests at the same time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Bytes a second that a body must come with, once its first seconds are over.
const RATE: u64 = 16 << 10;
/// Bytes of a body that are still taken when nobody wants it: more than the largest that is refused for its size by a mistake.
const REST_MAX: usize = 1 << 20;
/// How long open requests may take to end when the program stops.
const GRACE: Duration = Duration::from_secs(5);

/// Whether a request came over an encrypted connection; among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsEncrypted(pub bool);

/// Pages over HTTP.
#[derive(Clone)]
pub struct Pages {
    /// Encrypts, for HTTPS.
    pub tls: Option<TlsAcceptor>,
    /// Answers. A request's extensions have [`ConnectInfo<SocketAddr>`] and [`IsEncrypted`].
    pub router: Router,
    /// Answers phones, where an answer opens a WebSocket for one.
    pub phones: Option<Arc<SipInterface>>,
}

impl Conversation for Pages {
    async fn converse(self, stream: TcpStream, peer: SocketAddr, limits: LimitsConfig, system: Arc<System>) {
        let (limits, system) = (&limits, &*system);
        let first = Duration::from_secs(limits.first_message_seconds.into());
        let idle = Duration::from_secs(limits.idle_seconds.into());
        let Ok(local) = stream.local_addr() else { return };
        let Some(tls) = &self.tls else {
            return self.http1(Idle::new(stream, idle), (local, peer), limits, system).await;
        };
        let until = Instant::now() + first;
        let Some(stream) = shake_hands(tls, stream, until, &system.stop).await else { return };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let stream = Idle::new(stream, idle);
        if is_http2 {
            self.http2(stream, peer, limits, system).await;
        } else {
            self.http1(stream, (local, peer), limits, system).await;
        }
    }
}

impl Pages {
    async fn http1<S>(
        self,
        stream: Idle<S>,
        (local, peer): (SocketAddr, SocketAddr),
        limits: &LimitsConfig,
        system: &System,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let is_opened = AtomicBool::new(false);
        let service = service_fn(async |request| {
            let answer = self.answer(request, peer, limits).await?;
            if answer.extensions().get::<Opened>().is_some() {
                is_opened.store(true, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(answer)
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(limits.first_message_seconds.into()))
            .max_buf_size(HEADER_MAX)
            .max_headers(HEADERS_MAX);
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = &mut connection => {}
            () = system.stop.cancelled() => {
                Pin::new(&mut connection).graceful_shutdown();
                drop(timeout(GRACE, connection).await);
                return;
            }
        }
        if let Some(sip) = self.phones.as_ref().filter(|_| is_opened.load(Ordering::Relaxed)) {
            // From here on it is a phone's. It keeps its place among the connections of this listener.
            let parts = connection.into_parts();
            let (stream, cutter) =
                (parts.io.into_inner().into_inner(), Sockets::new(limits, &parts.read_buf));
            let flow = Flow { transport: Transport::Wss, peer };
            let until = Instant::now() + Duration::from_secs(limits.first_message_seconds.into());
            Phone::new(sip, (flow, local), stream, cutter, limits).talk(until).await;
        }
    }

    async fn http2<S>(self, stream: S, peer: SocketAddr, limits: &LimitsConfig, system: &System)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Each stream is a task of its own and outlives no connection, but the compiler cannot know.
        let (pages, limits) = (Arc::new(self), Arc::new(limits.clone()));
        let patience = Duration::from_secs(limits.first_message_seconds.into());
        let open = watch::Sender::new(Requests::default());
        let quiet = quiet(open.subscribe(), patience, Duration::from_secs(limits.idle_seconds.into()));
        let service = service_fn(move |request| {
            let (pages, limits) = (Arc::clone(&pages), Arc::clone(&limits));
            let open = Open::enter(&open);
            async move {
                let answer = pages.answer(request, peer, &limits).await?;
                // It is open until the last of its answer is on its way.
                Ok::<_, Infallible>(answer.map(|body| {
                    body.map_frame(move |frame| {
                        let _open = &open;
                        frame
                    })
                }))
            }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEADER_MAX).unwrap_or(u32::MAX));
        let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = &mut connection => return,
            () = quiet => {}
            () = system.stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        drop(timeout(GRACE, connection).await);
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        limits: &LimitsConfig,
    ) -> Result<Response<Body>, Infallible> {
        let patience = Duration::from_secs(limits.message_seconds.into());
        // Whoever waits for leave to send a body has not sent it.
        let is_on_its_way = !request.headers().contains_key(EXPECT);
        let mut lent = None;
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            let body = Lent(Arc::new(Mutex::new(Paced::new(body, patience))));
            lent = Some(body.clone());
            Body::new(Limited::new(body, limits.http_body_bytes_max))
        });
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(IsEncrypted(self.tls.is_some()));
        let answer = self.router.clone().oneshot(request).await?;
        if let Some(body) = lent.filter(|_| is_on_its_way) {
            body.drain().await;
        }
        Ok(answer)
    }
}

/// A request's body, lent to whoever answers. Refused before it was read, it is taken all the same, for a little: a connection
/// that is closed while somebody still sends loses them the answer, and the request that they sent behind it.
#[derive(Clone)]
struct Lent(Arc<Mutex<Paced>>);

impl Lent {
    async fn drain(mut self) {
        let mut left = REST_MAX;
        while !self.is_end_stream() {
            let Some(Ok(frame)) = self.frame().await else { return };
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut *self.0.lock()).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().size_hint()
    }
}

/// The requests of an HTTP/2 connection.
#[derive(Clone, Copy, Debug, Default)]
struct Requests {
    open: usize,
    /// Whether any has come.
    any: bool,
}

/// A request that is open on an HTTP/2 connection.
struct Open(watch::Sender<Requests>);

impl Open {
    fn enter(requests: &watch::Sender<Requests>) -> Self {
        requests.send_modify(|requests| *requests = Requests { open: requests.open + 1, any: true });
        Self(requests.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|requests| requests.open = requests.open.saturating_sub(1));
    }
}

/// Until no request has come for so long, and none is open. Whatever else moves on the connection (a ping every few
/// seconds) does not count.
async fn quiet(mut requests: watch::Receiver<Requests>, first: Duration, idle: Duration) {
    loop {
        // One that came and went before anybody looked has come all the same.
        let patience = match requests.wait_for(|requests| requests.open == 0).await {
            Ok(requests) if requests.any => idle,
            Ok(_) => first,
            Err(_) => return,
        };
        match timeout(patience, requests.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// A request's body that must not come too slowly: after the first seconds, each [`RATE`] bytes buy one more.
struct Paced {
    body: Incoming,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Paced {
    fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, deadline: Instant::now() + patience, timer: Box::pin(sleep(patience)) }
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(0));
                self.deadline += Duration::from_millis(length * 1000 / RATE);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let deadline = self.deadline;
                if self.timer.deadline() != deadline {
                    self.timer.as_mut().reset(deadline);
                }
                ready!(self.timer.as_mut().poll(cx));
                Poll::Ready(Some(Err("the request's body came too slowly".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_came_and_went_before_anybody_looked_has_come() {
        let requests = watch::Sender::new(Requests::default());
        let seen = requests.subscribe();
        drop(Open::enter(&requests));
        let day = Duration::from_secs(86_400);
        let ended = timeout(Duration::from_secs(60), quiet(seen, day, Duration::from_millis(1))).await;
        assert!(ended.is_ok(), "it waits for a first one");
    }
}
