//! The table of everything that the program listens at. Which conversation is had there is `doors.rs`'s affair.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::{Config, Listen};

/// Something that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listener {
    /// The links page, and the way to HTTPS.
    Http,
    /// Every other page.
    Https,
    /// Phones by datagrams.
    SipUdp,
    /// Phones by plain streams.
    SipTcp,
    /// Phones by encrypted streams.
    SipTls,
    /// Figures and health.
    Metrics,
}

/// What is fixed about a listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenerRow {
    /// Which one.
    pub listener: Listener,
    /// Stable name in metrics, `addresses.json` and what the command prints.
    pub name: &'static str,
    /// The key of the configuration that says where it listens.
    pub key: &'static str,
    /// That key's value.
    pub configured: fn(&Config) -> &Listen,
    /// Whether whoever comes there holds a connection.
    pub has_connections: bool,
    /// Who or what comes there, for people.
    pub title: &'static str,
    /// What is written before and after the address for those people.
    pub around: (&'static str, &'static str),
}

/// Every listener, in the order in which people are told of them.
pub const LISTENERS: [ListenerRow; 6] = [
    ListenerRow {
        listener: Listener::Http,
        name: "http",
        key: "http.listen",
        configured: |config| &config.http.listen,
        has_connections: true,
        title: "Links page",
        around: ("http://", "/"),
    },
    ListenerRow {
        listener: Listener::Https,
        name: "https",
        key: "https.listen",
        configured: |config| &config.https.listen,
        has_connections: true,
        title: "Web manager",
        around: ("https://", "/manager"),
    },
    ListenerRow {
        listener: Listener::SipUdp,
        name: "sip-udp",
        key: "sip.udp",
        configured: |config| &config.sip.udp,
        has_connections: false,
        title: "Phones",
        around: ("", " by UDP"),
    },
    ListenerRow {
        listener: Listener::SipTcp,
        name: "sip-tcp",
        key: "sip.tcp",
        configured: |config| &config.sip.tcp,
        has_connections: true,
        title: "Phones",
        around: ("", " by TCP"),
    },
    ListenerRow {
        listener: Listener::SipTls,
        name: "sip-tls",
        key: "sip.tls",
        configured: |config| &config.sip.tls,
        has_connections: true,
        title: "Phones",
        around: ("", " by TLS"),
    },
    ListenerRow {
        listener: Listener::Metrics,
        name: "metrics",
        key: "metrics.listen",
        configured: |config| &config.metrics.listen,
        has_connections: true,
        title: "Health",
        around: ("http://", "/healthz"),
    },
];

impl Listener {
    /// Its row.
    pub const fn row(self) -> &'static ListenerRow {
        let [http, https, sip_udp, sip_tcp, sip_tls, metrics] = &LISTENERS;
        match self {
            Self::Http => http,
            Self::Https => https,
            Self::SipUdp => sip_udp,
            Self::SipTcp => sip_tcp,
            Self::SipTls => sip_tls,
            Self::Metrics => metrics,
        }
    }

    /// Stable name in metrics, `addresses.json` and what the command prints.
    pub const fn name(self) -> &'static str {
        self.row().name
    }
}

/// Where the system listens, as it turned out (port 0 = any free one).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Of each listener that is not switched off.
    #[serde(flatten)]
    pub listeners: BTreeMap<Listener, Vec<SocketAddr>>,
    /// The local socket of the command.
    pub local: Option<PathBuf>,
}

impl Addresses {
    /// Of one listener; none where it is switched off.
    pub fn of(&self, listener: Listener) -> &[SocketAddr] {
        self.listeners.get(&listener).map_or(&[], Vec::as_slice)
    }

    /// Each with the row of its listener, in the table's order.
    pub fn rows(&self) -> impl Iterator<Item = (&'static ListenerRow, SocketAddr)> {
        LISTENERS.iter().flat_map(|row| self.of(row.listener).iter().map(move |address| (row, *address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listener_is_in_its_own_row_and_reads_its_own_key() {
        let keys = Config::default().flattened();
        for row in &LISTENERS {
            assert_eq!(row.listener.row().name, row.name);
            let written = toml::Value::try_from((row.configured)(&Config::default())).expect("written");
            assert_eq!(keys.get(row.key), Some(&written.to_string()), "{}", row.key);
        }
    }

    #[test]
    fn a_listener_is_called_the_same_in_a_file() {
        for row in &LISTENERS {
            assert_eq!(serde_json::to_value(row.listener).expect("written"), row.name);
        }
    }
}
