//! Registrations: where an extension's phones are now (their *bindings*), and what was pushed out.

use std::{net::SocketAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    digest::DigestAlgorithm,
    ident::ExtensionId,
    timestamp::{Seconds, Timestamp},
};

/// Where one phone of an extension can be reached (RFC 3261 section 10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The contact address, as the phone wrote it.
    pub contact: Box<str>,
    /// Preference in thousandths, 0 to 1000.
    pub q: u16,
    /// `+sip.instance`, where the phone has one (RFC 5626).
    pub instance: Option<Box<str>>,
    /// `reg-id` beside it; 0 when there is none.
    pub reg_id: u32,
    /// Proxies on the way to the phone (RFC 3327), first hop first.
    pub path: Box<[Box<str>]>,
    /// Call-ID of the registration.
    pub call_id: Box<str>,
    /// CSeq of the registration.
    pub cseq: u32,
    /// What the phone calls itself. Shared: a million phones are of a few hundred kinds.
    pub agent: Arc<str>,
    /// Where its request came from.
    pub source: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// How it proved itself.
    pub algorithm: DigestAlgorithm,
    /// Since when it is registered without a gap.
    pub since: Timestamp,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
    /// How long it was granted for when it was made or refreshed the last time. What rests on disk may be half of it
    /// behind; see [`Binding::recall`].
    #[serde(default)]
    pub granted: Seconds,
    /// A print of everything in the request that decides what a registration changes, but for its CSeq and its proof: one
    /// with the same print asks for the same again. 0 = not known.
    #[serde(skip)]
    pub print: u64,
}

/// A phone that says it is still there, and nothing else that is new.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// Which of the extension's bindings.
    pub binding: usize,
    /// CSeq of the registration.
    pub cseq: u32,
    /// Where its request came from.
    pub source: SocketAddr,
    /// How it came.
    pub transport: Transport,
    /// How it proved itself.
    pub algorithm: DigestAlgorithm,
    /// For how long.
    pub granted: Seconds,
    /// Until when.
    pub expires_at: Timestamp,
    /// The print of the request.
    pub print: u64,
}

impl Binding {
    /// Carries a refresh out.
    pub const fn refresh(&mut self, refresh: &Refresh) {
        self.cseq = refresh.cseq;
        self.source = refresh.source;
        self.transport = refresh.transport;
        self.algorithm = refresh.algorithm;
        self.granted = refresh.granted;
        self.expires_at = refresh.expires_at;
        self.print = refresh.print;
    }

    /// Up to when the row that would be written now answers for this phone: a refresh that ends no later need not be
    /// written.
    pub const fn kept_until(&self) -> Timestamp {
        self.expires_at.after(Seconds(self.granted.0 / 2))
    }

    /// Comes back from disk, where the last refreshes may be missing: it ends as late as it may have been promised.
    pub const fn recall(&mut self) {
        self.expires_at = self.kept_until();
        // Once: written again, it is no longer behind.
        self.granted = Seconds(0);
    }
}

/// How SIP travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// An encrypted stream.
    Tls,
    /// A WebSocket over an encrypted stream (RFC 7118). There is none over a plain one: no browser that is on an encrypted page
    /// would open it.
    Wss,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Udp, Self::Tcp, Self::Tls, Self::Wss];

    /// Lower-case name, as a Via says it in capitals.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Wss => "wss",
        }
    }
}

/// All bindings of an extension: one value, changed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Whose phones.
    pub extension: ExtensionId,
    /// The phones; never empty where one is kept.
    pub bindings: Arc<[Binding]>,
}

impl Registration {
    /// What is left when the binding with this contact goes, or all.
    pub fn left_without(&self, contact: Option<&str>) -> Arc<[Binding]> {
        left_without(&self.bindings, contact)
    }
}

/// What is left of bindings when the one with this contact goes, or all.
pub fn left_without(bindings: &[Binding], contact: Option<&str>) -> Arc<[Binding]> {
    let stays = |binding: &&Binding| contact.is_some_and(|contact| *binding.contact != *contact);
    bindings.iter().filter(stays).cloned().collect()
}

/// A phone that was pushed out by another with the same extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Whose phone.
    pub extension: ExtensionId,
    /// When it was pushed out.
    pub at: Timestamp,
    /// The one that was pushed out.
    pub contact: Box<str>,
    /// Where it was.
    pub source: SocketAddr,
    /// What it called itself.
    pub agent: Box<str>,
    /// Where the one that pushed it out is.
    pub by_source: SocketAddr,
    /// What that one calls itself.
    pub by_agent: Box<str>,
}

/// Entries kept in the quarantine list; the oldest go first.
pub const QUARANTINE_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_refresh_moves_the_end_and_what_comes_back_from_disk_may_be_half_its_time_behind() {
        let mut binding = Binding {
            contact: "sip:201@192.0.2.7".into(),
            q: 1000,
            instance: None,
            reg_id: 0,
            path: Box::default(),
            call_id: "c".into(),
            cseq: 1,
            agent: "phone".into(),
            source: "192.0.2.7:5060".parse().unwrap(),
            transport: Transport::Udp,
            algorithm: DigestAlgorithm::Md5,
            since: NOW,
            expires_at: NOW.after(Seconds(600)),
            granted: Seconds(600),
            print: 0,
        };
        let written = binding.clone();
        assert_eq!(written.kept_until(), NOW.after(Seconds(900)));
        let half_time = NOW.after(Seconds(300));
        binding.refresh(&Refresh {
            binding: 0,
            cseq: 2,
            source: "192.0.2.7:5062".parse().unwrap(),
            transport: Transport::Tcp,
            algorithm: DigestAlgorithm::Sha256,
            granted: Seconds(600),
            expires_at: half_time.after(Seconds(600)),
            print: 9,
        });
        assert_eq!((binding.cseq, binding.since, binding.print), (2, NOW, 9));
        assert_eq!((binding.source.port(), binding.transport), (5062, Transport::Tcp));
        let mut recalled = written;
        recalled.recall();
        // What was promised at half time, which nobody wrote.
        assert_eq!(recalled.expires_at, binding.expires_at);
        let once = recalled.expires_at;
        recalled.recall();
        assert_eq!(recalled.expires_at, once);
    }
}
