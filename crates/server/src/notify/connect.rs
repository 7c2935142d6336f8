//! Connections to targets: which addresses may be reached, how long that may take, and who vouches for them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use signin::target::{is_never_a_target, is_private};
use tokio::{
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Failure;

/// How long anything may take: to connect, to shake hands, to send, to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Said where something would leave a network of one's own unencrypted.
const IN_THE_CLEAR: &str = "what is not encrypted goes to this machine and private networks alone";
/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any but those that are never a target.
    Anywhere,
    /// This machine and private networks: what goes there is not encrypted.
    Nearby,
}

impl Reach {
    fn allows(self, address: IpAddr) -> bool {
        !is_never_a_target(address)
            && match self {
                Self::Anywhere => true,
                Self::Nearby => is_private(address),
            }
    }
}

/// The addresses of a name that may be reached. The connection goes to what was looked at here: no second look-up could
/// answer otherwise.
async fn addresses(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, Failure> {
    let found = timeout(PATIENCE, lookup_host((host, port))).await;
    let found = found
        .map_err(|_| Failure::unreachable("its name was not found in time"))?
        .map_err(|_| Failure::unreachable("its name was not found"))?;
    let found: Vec<SocketAddr> = found.take(ADDRESSES_MAX).collect();
    let allowed: Vec<SocketAddr> =
        found.iter().copied().filter(|address| reach.allows(address.ip())).collect();
    match (allowed.is_empty(), found.is_empty()) {
        (false, _) => Ok(allowed),
        (true, true) => Err(Failure::unreachable("its name was not found")),
        (true, false) => Err(Failure::unreachable(match reach {
            Reach::Nearby => IN_THE_CLEAR,
            Reach::Anywhere => "nothing is sent to addresses of that kind",
        })),
    }
}

/// A connection.
pub(crate) async fn tcp(host: &str, port: u16, reach: Reach) -> Result<TcpStream, Failure> {
    let mut last = Failure::unreachable("it has no address");
    for address in addresses(host, port, reach).await? {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One message at a time is sent: waiting for more would only delay it.
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
            Ok(Err(error)) => last = Failure::unreachable(format!("no connection: {error}")),
            Err(_) => last = Failure::unreachable("no connection in time"),
        }
    }
    Err(last)
}

/// A socket that sends to one address.
pub(crate) async fn udp(host: &str, port: u16) -> Result<UdpSocket, Failure> {
    let address = addresses(host, port, Reach::Anywhere).await?.into_iter().next();
    let address = address.ok_or_else(|| Failure::unreachable("it has no address"))?;
    let any: SocketAddr = if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let failed = |error: std::io::Error| Failure::unreachable(format!("no socket: {error}"));
    let socket = UdpSocket::bind(any).await.map_err(failed)?;
    socket.connect(address).await.map_err(failed)?;
    Ok(socket)
}

/// Shakes hands, and holds the certificate against the name.
pub(crate) async fn tls(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Failure::unreachable("no certificate can have this name"))?;
    let shaken = timeout(PATIENCE, TlsConnector::from(Arc::clone(config)).connect(name, stream)).await;
    shaken
        .map_err(|_| Failure::unreachable("no TLS in time"))?
        .map_err(|error| Failure::unreachable(format!("no TLS: {error}")))
}

/// Who vouches: these certificates, or the system's where there are none.
///
/// # Errors
/// None of them is of use.
pub fn tls_config(roots: &str) -> Result<Arc<ClientConfig>, Failure> {
    let mut store = RootCertStore::empty();
    if roots.is_empty() {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        for certificate in CertificateDer::pem_slice_iter(roots.as_bytes()) {
            certificate
                .ok()
                .and_then(|certificate| store.add(certificate).ok())
                .ok_or_else(|| Failure::unreachable("one of its certificates cannot be read"))?;
        }
    }
    if store.is_empty() {
        return Err(Failure::unreachable("there are no certificates that could vouch for it"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::unreachable(format!("no TLS: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_encrypted_stays_nearby_and_some_addresses_nobody_reaches() {
        let problem = |failure: Failure| failure.problem;
        let said = addresses("8.8.8.8", 80, Reach::Nearby).await.map_err(problem);
        assert_eq!(said, Err(IN_THE_CLEAR.into()));
        assert!(addresses("8.8.8.8", 443, Reach::Anywhere).await.is_ok());
        assert!(addresses("127.0.0.1", 80, Reach::Nearby).await.is_ok());
        for address in ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"] {
            for reach in [Reach::Anywhere, Reach::Nearby] {
                assert!(addresses(address, 443, reach).await.is_err(), "{address}");
            }
        }
    }

    #[test]
    fn only_certificates_vouch() {
        assert!(tls_config("no certificate").is_err());
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(tls_config(broken).is_err());
    }
}
