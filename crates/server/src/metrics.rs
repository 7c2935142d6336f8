//! Metrics: what is counted, for Prometheus. The hot paths hold their counters by hand and pay one addition.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};
use signin::{
    interface::{INTERFACES, LoginInterface},
    registration::Transport,
    verdict::Verdict,
};

/// The format of what [`Metrics::encode`] writes.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Per interface, and beside each other per verdict.
    sign_ins: Vec<[Counter; VERDICTS.len()]>,
    checked: Vec<Counter>,
    sip: Vec<SipCounters>,
    /// Sign-ins by password that wait for their turn.
    pub hashing_waiting: Gauge,
    /// Sign-ins that were turned away because too many were waiting.
    pub hashing_turned_away: Counter,
    /// How long it took until a change was on disk.
    pub commit_seconds: Histogram,
    /// Changes that were decided again because something else had changed first.
    pub commit_conflicts: Counter,
    /// Changes that the store could not take.
    pub store_faults: Counter,
    /// Attempts that ended in a panic, each of them refused.
    pub panics: Counter,
    /// Connections that are open, by listener.
    pub connections: Family<DoorLabel, Gauge>,
    /// Connections that were closed because there were too many.
    pub connections_refused: Family<DoorLabel, Counter>,
    /// What the ledger holds at this moment, by kind.
    pub records: Family<RecordLabel, Gauge>,
}

/// What is counted for one transport of SIP.
#[derive(Clone, Debug, Default)]
pub struct SipCounters {
    /// Messages that arrived.
    pub received: Counter,
    /// Of them, those that could not be read.
    pub malformed: Counter,
    /// Of them, those that got no answer at all.
    pub dropped: Counter,
    /// Answers that were sent.
    pub answered: Counter,
    /// Answers that were not sent because they would have been more than twice the request.
    pub withheld: Counter,
}

/// A listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DoorLabel {
    /// Its name in the table of listeners.
    pub listener: &'static str,
}

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RecordLabel {
    /// In the plural.
    pub kind: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignInLabel {
    interface: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InterfaceLabel {
    interface: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TransportLabel {
    transport: &'static str,
}

/// The words of the verdicts, in the order of [`position`].
const VERDICTS: [&str; 7] =
    ["accept", "challenge", "reject", "wait", "too-many-sessions", "new-secret-first", "unavailable"];

impl Metrics {
    /// All counters at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("hookswitch");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);

        let sign_ins = Family::<SignInLabel, Counter>::default();
        registry.register("sign_ins", "Attempts to sign in", sign_ins.clone());
        let sign_ins = INTERFACES
            .iter()
            .map(|row| {
                VERDICTS.map(|verdict| {
                    sign_ins.get_or_create_owned(&SignInLabel { interface: row.name, verdict })
                })
            })
            .collect();

        let checked = Family::<InterfaceLabel, Counter>::default();
        registry.register("proofs_checked", "Proofs that were held against a credential", checked.clone());
        let checked = INTERFACES
            .iter()
            .map(|row| checked.get_or_create_owned(&InterfaceLabel { interface: row.name }))
            .collect();

        let sip = sip_counters(&mut registry);

        let hashing_waiting = Gauge::default();
        registry.register("hashing_waiting", "Password sign-ins waiting for a turn", hashing_waiting.clone());
        let hashing_turned_away = Counter::default();
        registry.register(
            "hashing_turned_away",
            "Password sign-ins turned away because too many were waiting",
            hashing_turned_away.clone(),
        );
        let commit_seconds =
            Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0]);
        registry.register("commit_seconds", "Time until a change was durable", commit_seconds.clone());
        let commit_conflicts = Counter::default();
        registry.register("commit_conflicts", "Changes decided again", commit_conflicts.clone());
        let store_faults = Counter::default();
        registry.register("store_faults", "Changes that the store could not take", store_faults.clone());
        let panics = Counter::default();
        registry.register("panics", "Attempts that ended in a panic", panics.clone());
        let connections = Family::default();
        registry.register("connections", "Open connections", connections.clone());
        let connections_refused = Family::default();
        registry.register(
            "connections_refused",
            "Connections closed because there were too many",
            connections_refused.clone(),
        );
        let records = Family::default();
        registry.register("records", "What the ledger holds", records.clone());

        Self {
            registry,
            sign_ins,
            checked,
            sip,
            hashing_waiting,
            hashing_turned_away,
            commit_seconds,
            commit_conflicts,
            store_faults,
            panics,
            connections,
            connections_refused,
            records,
        }
    }

    /// Counts an attempt and what was said.
    pub fn signed_in(&self, interface: LoginInterface, verdict: &Verdict) {
        if let Some(counter) = self.sign_ins.get(row(interface)).and_then(|row| row.get(position(verdict))) {
            counter.inc();
        }
    }

    /// Counts a proof that was held against a credential.
    pub fn proof_checked(&self, interface: LoginInterface) {
        if let Some(counter) = self.checked.get(row(interface)) {
            counter.inc();
        }
    }

    /// How many proofs an interface held against a credential since the start.
    pub fn proofs_checked(&self, interface: LoginInterface) -> u64 {
        self.checked.get(row(interface)).map_or(0, Counter::get)
    }

    /// How many attempts were let in and how many were not since the start, in the order of the interfaces' table.
    pub fn endings(&self) -> Vec<[u64; 2]> {
        let count = |[accepted, _challenged, refused @ ..]: &[Counter; VERDICTS.len()]| {
            [accepted.get(), refused.iter().map(Counter::get).sum()]
        };
        self.sign_ins.iter().map(count).collect()
    }

    /// The counters of one transport of SIP.
    pub fn sip(&self, transport: Transport) -> SipCounters {
        self.sip.get(transport as usize).cloned().unwrap_or_default()
    }

    /// Notes how long it took until a change was on disk.
    pub fn committed_after(&self, time: Duration) {
        self.commit_seconds.observe(time.as_secs_f64());
    }

    /// All figures in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        // Writing to a string does not fail; if it did, a page cut short is refused by whoever reads it.
        if text::encode(&mut page, &self.registry).is_err() {
            page.clear();
        }
        page
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn sip_counters(registry: &mut Registry) -> Vec<SipCounters> {
    let mut family = |name: &str, help: &str| {
        let family = Family::<TransportLabel, Counter>::default();
        registry.register(name, help, family.clone());
        family
    };
    let received = family("sip_received", "SIP messages that arrived");
    let malformed = family("sip_malformed", "SIP messages that could not be read");
    let dropped = family("sip_dropped", "SIP messages that got no answer");
    let answered = family("sip_answered", "SIP answers sent");
    let withheld = family("sip_withheld", "SIP answers not sent because they would amplify");
    Transport::ALL
        .iter()
        .map(|transport| {
            let label = TransportLabel { transport: transport.name() };
            SipCounters {
                received: received.get_or_create_owned(&label),
                malformed: malformed.get_or_create_owned(&label),
                dropped: dropped.get_or_create_owned(&label),
                answered: answered.get_or_create_owned(&label),
                withheld: withheld.get_or_create_owned(&label),
            }
        })
        .collect()
}

/// The place of an interface in its table, which is small: the search costs less than a hash.
fn row(interface: LoginInterface) -> usize {
    INTERFACES.iter().position(|row| row.interface == interface).unwrap_or(usize::MAX)
}

const fn position(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Accept(_) => 0,
        Verdict::Challenge => 1,
        Verdict::Reject => 2,
        Verdict::Wait { .. } => 3,
        Verdict::TooManySessions => 4,
        Verdict::NewSecretFirst => 5,
        Verdict::Unavailable => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_is_counted_under_its_own_word() {
        let metrics = Metrics::new();
        metrics.signed_in(LoginInterface::SipRegistration, &Verdict::Reject);
        metrics.signed_in(LoginInterface::SipRegistration, &Verdict::Wait { until: None });
        metrics.proof_checked(LoginInterface::WebManager);
        let page = metrics.encode();
        for line in [
            "hookswitch_sign_ins_total{interface=\"sip-registration\",verdict=\"reject\"} 1",
            "hookswitch_sign_ins_total{interface=\"sip-registration\",verdict=\"wait\"} 1",
            "hookswitch_sign_ins_total{interface=\"sip-registration\",verdict=\"accept\"} 0",
            "hookswitch_proofs_checked_total{interface=\"web-manager\"} 1",
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
        assert_eq!(metrics.proofs_checked(LoginInterface::WebManager), 1);
        assert!(page.ends_with("# EOF\n"));
    }
}
