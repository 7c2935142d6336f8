//! TLS: one certificate for HTTPS and SIP, which can be exchanged while the system runs. TLS 1.2 and 1.3.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::certificate::Certificate;

/// Takes encrypted connections.
pub type TlsAcceptor = tokio_rustls::TlsAcceptor;

/// Shakes hands; `None` when that fails, is not done by `until`, or the program stops.
pub async fn shake_hands(
    tls: &TlsAcceptor,
    stream: TcpStream,
    until: Instant,
    stop: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    tokio::select! {
        shaken = timeout_at(until, tls.accept(stream)) => shaken.ok()?.ok(),
        () = stop.cancelled() => None,
    }
}

/// The certificate in use.
#[derive(Debug)]
pub struct Tls(ArcSwap<Certificate>);

impl Tls {
    /// Serves this certificate until another is given.
    pub fn new(certificate: Certificate) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(certificate)))
    }

    /// The certificate in use.
    pub fn certificate(&self) -> Arc<Certificate> {
        self.0.load_full()
    }

    /// Serves another certificate from the next handshake on.
    pub fn exchange(&self, certificate: Certificate) {
        self.0.store(Arc::new(certificate));
    }

    /// An acceptor that offers these application protocols (ALPN).
    ///
    /// # Errors
    /// The cryptography library knows no protocol version; a fault of the build.
    pub fn acceptor(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<TlsAcceptor, rustls::Error> {
        let served: Arc<dyn ResolvesServerCert> = Arc::new(Served(Arc::clone(self)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(served);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config).into())
    }
}

#[derive(Debug)]
struct Served(Arc<Tls>);

impl ResolvesServerCert for Served {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Phones ask by address as often as by name: there is one certificate, whatever they ask for.
        Some(Arc::clone(&self.0.0.load().key))
    }
}
