//! Admission: how many connections a listener holds at the same time, in all and from one address.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use signin::lockout::network;

use crate::{
    config::LimitsConfig,
    metrics::{DoorLabel, Metrics},
};

/// The connections of one listener.
#[derive(Debug)]
pub struct Admission {
    open: Mutex<HashMap<IpAddr, usize>>,
    gauge: Gauge,
    refused: Counter,
}

/// A place that one connection holds until it is dropped.
#[derive(Debug)]
pub struct Place {
    admission: Arc<Admission>,
    key: IpAddr,
}

impl Admission {
    /// Of the listener with this name.
    pub fn new(listener: &'static str, metrics: &Metrics) -> Arc<Self> {
        let label = DoorLabel { listener };
        Arc::new(Self {
            open: Mutex::default(),
            gauge: metrics.connections.get_or_create_owned(&label),
            refused: metrics.connections_refused.get_or_create_owned(&label),
        })
    }

    /// A place for a connection from `peer`; `None` when there are too many.
    pub fn enter(self: &Arc<Self>, peer: IpAddr, limits: &LimitsConfig) -> Option<Place> {
        let key = network(peer);
        let mut open = self.open.lock();
        let from_there = open.get(&key).copied().unwrap_or(0);
        let in_all = usize::try_from(self.gauge.get()).unwrap_or(usize::MAX);
        if in_all >= limits.connections_max || from_there >= limits.connections_per_address_max {
            self.refused.inc();
            return None;
        }
        open.insert(key, from_there + 1);
        // Changed under the lock, so that the sum is exact.
        self.gauge.inc();
        Some(Place { admission: Arc::clone(self), key })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock();
        if let Some(count) = open.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.key);
            }
        }
        self.admission.gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(all: usize, each: usize) -> LimitsConfig {
        LimitsConfig { connections_max: all, connections_per_address_max: each, ..LimitsConfig::default() }
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_has_gone() {
        let admission = Admission::new("test", &Metrics::new());
        let peer = "192.0.2.1".parse().expect("an address");
        let place = admission.enter(peer, &limits(1, 1));
        assert!(place.is_some());
        assert!(admission.enter(peer, &limits(1, 1)).is_none());
        drop(place);
        assert!(admission.enter(peer, &limits(1, 1)).is_some());
        assert!(admission.open.lock().is_empty(), "what is gone is forgotten");
    }

    #[test]
    fn one_address_cannot_take_all_places_and_an_ipv6_network_is_one() {
        let admission = Admission::new("test", &Metrics::new());
        let at = |text: &str| text.parse().expect("an address");
        let one = admission.enter(at("2001:db8::1"), &limits(10, 1));
        assert!(one.is_some());
        assert!(admission.enter(at("2001:db8::ffff"), &limits(10, 1)).is_none());
        assert!(admission.enter(at("2001:db8:0:1::1"), &limits(10, 1)).is_some());
    }
}
