//! The certificate: the operator's own from two files, or one that Hookswitch makes itself and keeps in the data
//! folder until it ends.

use std::{
    collections::BTreeSet,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::{ifaddrs::getifaddrs, sys::socket::SockaddrStorage};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use signin::timestamp::Timestamp;
use thiserror::Error;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    config::{ConfigError, Loaded, TlsConfig},
    data_folder::DataFolder,
};

/// The self-made certificate in the data folder.
const CERTIFICATE_FILE: &str = "certificate.pem";
/// Its key.
const KEY_FILE: &str = "certificate.key";
/// Phones are told to trust this very certificate, so it lasts: ten years.
const VALID_DAYS: i64 = 3653;
/// It is made anew, and an operator's is asked for, this long before its end.
const RENEW_DAYS: u64 = 30;
/// Names in a self-made certificate.
const NAMES_MAX: usize = 64;

/// A certificate that can be served.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Chain and key.
    pub key: Arc<CertifiedKey>,
    /// SHA-256 of the certificate, as browsers and phones show it.
    pub fingerprint: String,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether Hookswitch made it itself, so that browsers warn.
    pub is_self_made: bool,
}

/// Why there is no certificate to serve.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file has something else in it.
    #[error("{}: {problem}", .file.display())]
    Content {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The self-made one could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl CertificateError {
    fn is_about(&self, path: &Path) -> bool {
        match self {
            Self::File { file, .. } | Self::Content { file, .. } => file == path,
            Self::Make(_) => false,
        }
    }
}

impl Certificate {
    /// The operator's own, where it is configured.
    ///
    /// # Errors
    /// Which of its files cannot be used, and why.
    pub fn configured(loaded: &Loaded) -> Result<Option<Self>, ConfigError> {
        let TlsConfig { certificate, private_key } = &loaded.config.tls;
        if certificate.as_os_str().is_empty() {
            return Ok(None);
        }
        Self::read(certificate, private_key, false).map(Some).map_err(|error| {
            let key = if error.is_about(private_key) { "tls.private_key" } else { "tls.certificate" };
            let remedy = "put the file right or name another, or leave both keys out for a certificate of \
                          Hookswitch's own";
            loaded.error(key, error.to_string(), remedy)
        })
    }

    /// The self-made one, made anew where it is missing or ends.
    ///
    /// # Errors
    /// It can be neither read nor made.
    pub fn self_made(folder: &DataFolder, now: Timestamp) -> Result<Self, CertificateError> {
        let (certificate, key) = (folder.path(CERTIFICATE_FILE), folder.path(KEY_FILE));
        if certificate.exists() {
            match Self::read(&certificate, &key, true) {
                Ok(kept) if kept.ends_at.0 > now.0.saturating_add(RENEW_DAYS * 86_400_000) => {
                    return Ok(kept);
                }
                Ok(_) => tracing::info!("the self-made certificate ends soon; making another"),
                Err(error) => {
                    tracing::warn!(%error, "the self-made certificate cannot be read; making another");
                }
            }
        }
        Self::make(folder, now)?;
        Self::read(&certificate, &key, true)
    }

    /// Whether it is an operator's that ends within a month: nobody else will bring another.
    pub fn needs_another(&self, now: Timestamp) -> bool {
        !self.is_self_made && self.ends_at.0 <= now.0.saturating_add(RENEW_DAYS * 86_400_000)
    }

    /// Says in the log that somebody has to bring another, if so.
    pub(crate) fn warn(&self, now: Timestamp) {
        if self.needs_another(now) {
            let until = crate::moment::for_people(self.ends_at);
            tracing::warn!(
                until,
                "the certificate in [tls] ends soon or has ended: bring another, then reload"
            );
        }
    }

    fn make(folder: &DataFolder, now: Timestamp) -> Result<(), CertificateError> {
        let names = names_of_this_machine();
        let mut params = CertificateParams::default();
        let common = names.iter().find(|name| name.parse::<IpAddr>().is_err());
        params.distinguished_name.push(DnType::CommonName, common.map_or("hookswitch", String::as_str));
        params.distinguished_name.push(DnType::OrganizationName, "Hookswitch (made by itself)");
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.try_into()?),
            });
        }
        let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
        let today =
            time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        // A phone whose clock is a little behind must not find it in the future.
        params.not_before = today.saturating_sub(time::Duration::days(1));
        params.not_after = today.saturating_add(time::Duration::days(VALID_DAYS));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let keep = |name: &str, pem: String| {
            folder
                .write(name, pem.as_bytes())
                .map_err(|error| CertificateError::File { file: folder.path(name), error })
        };
        keep(KEY_FILE, key.serialize_pem())?;
        keep(CERTIFICATE_FILE, certificate.pem())
    }

    fn read(certificate: &Path, key: &Path, is_self_made: bool) -> Result<Self, CertificateError> {
        let open = |file: &Path| {
            fs::read(file).map_err(|error| CertificateError::File { file: file.to_owned(), error })
        };
        let content =
            |file: &Path, problem: String| CertificateError::Content { file: file.to_owned(), problem };
        let chain = CertificateDer::pem_slice_iter(&open(certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| content(certificate, error.to_string()))?;
        let leaf = chain
            .first()
            .cloned()
            .ok_or_else(|| content(certificate, "there is no certificate in it".into()))?;
        let (_, parsed) = X509Certificate::from_der(&leaf)
            .map_err(|error| content(certificate, format!("no certificate: {error}")))?;
        let ends_at =
            u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0).saturating_mul(1000);
        let private = PrivateKeyDer::from_pem_slice(&open(key)?)
            .map_err(|error| content(key, format!("there is no private key in it: {error}")))?;
        let signing = any_supported_type(&private).map_err(|error| content(key, error.to_string()))?;
        let certified = CertifiedKey::new(chain, signing);
        certified
            .keys_match()
            .map_err(|_| content(key, format!("it does not belong to {}", certificate.display())))?;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &leaf);
        let fingerprint =
            hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
        Ok(Self { key: Arc::new(certified), fingerprint, ends_at: Timestamp(ends_at), is_self_made })
    }
}

/// The host name, `localhost` and every address of this machine.
pub(crate) fn names_of_this_machine() -> Vec<String> {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let is_name = |name: &String| {
        !name.is_empty()
            && name.len() <= 253
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    let mut names: Vec<String> = host.filter(is_name).into_iter().collect();
    names.push("localhost".into());
    names.extend(addresses_of_this_machine().into_iter().map(|address| address.to_string()));
    names.truncate(NAMES_MAX);
    names
}

/// Every address of this machine but those that only mean something on one wire; addresses for others first.
pub(crate) fn addresses_of_this_machine() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let found: BTreeSet<(bool, IpAddr)> = interfaces
        .filter_map(|interface| interface.address.as_ref().and_then(ip_of))
        .filter(|address| !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()))
        .map(|address| (address.is_loopback(), address))
        .collect();
    found.into_iter().map(|(_, address)| address).collect()
}

fn ip_of(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Config;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn the_self_made_certificate_is_kept_until_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(folder.path()).expect("opened");
        let obtain = |now| Certificate::self_made(&folder, now).expect("a certificate");
        let first = obtain(NOW);
        assert!(first.is_self_made);
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        assert_eq!(obtain(NOW).fingerprint, first.fingerprint);
        let shortly_before = Timestamp(first.ends_at.0 - 86_400_000);
        assert_ne!(obtain(shortly_before).fingerprint, first.fingerprint);
        let mode = fs::metadata(folder.path(KEY_FILE)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_is_asked_for_in_place_of_an_operators_that_ends_within_a_month() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(folder.path()).expect("opened");
        let self_made = Certificate::self_made(&folder, NOW).expect("a certificate");
        let own = Certificate { is_self_made: false, ..self_made.clone() };
        let days_before_its_end = |days: u64| Timestamp(own.ends_at.0 - days * 86_400_000);
        assert!(!own.needs_another(NOW) && !own.needs_another(days_before_its_end(31)));
        assert!(own.needs_another(days_before_its_end(30)) && own.needs_another(own.ends_at));
        assert!(!self_made.needs_another(days_before_its_end(1)), "it is made anew by itself");
    }

    #[test]
    fn a_damaged_self_made_certificate_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(folder.path()).expect("opened");
        folder.write(CERTIFICATE_FILE, b"not a certificate").expect("written");
        assert!(Certificate::self_made(&folder, NOW).is_ok());
    }

    #[test]
    fn an_own_certificate_with_another_key_is_refused_by_name() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for folder in [&one, &two] {
            let folder = DataFolder::open(folder.path()).expect("opened");
            Certificate::self_made(&folder, NOW).expect("made");
        }
        let mixed = TlsConfig {
            certificate: one.path().join(CERTIFICATE_FILE),
            private_key: two.path().join(KEY_FILE),
        };
        let loaded = Loaded::from(Config { tls: mixed, ..Config::default() });
        let error = Certificate::configured(&loaded).expect_err("does not fit");
        assert_eq!(error.key, "tls.private_key");
        assert!(error.problem.contains("does not belong to"), "{error}");
    }
}
