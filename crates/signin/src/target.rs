//! Targets: where alarms and rows of the audit are sent, and which of them.

use std::{collections::BTreeSet, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{audit::Action, ident::TargetId, secret::Secret};

/// Most webhooks.
pub const WEBHOOKS_MAX: usize = 8;
/// Most receivers of syslog.
pub const SYSLOG_MAX: usize = 4;
/// Longest name of a target, in characters.
pub const TARGET_NAME_MAX: usize = 64;
/// Longest address.
pub const ADDRESS_MAX: usize = 2000;
/// Longest text of certificates, in bytes.
pub const ROOTS_MAX: usize = 64 << 10;
/// Shortest and longest secret that somebody sets, in bytes.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=256;

/// A part of the audit that one can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuditGroup {
    /// Who signs in and out, and who is refused.
    SignIns,
    /// Phones that come and go.
    Phones,
    /// What administrators change.
    Changes,
    /// What happens to the system.
    System,
}

impl AuditGroup {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::SignIns, Self::Phones, Self::Changes, Self::System];

    /// Stable name in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIns => "sign-ins",
            Self::Phones => "phones",
            Self::Changes => "changes",
            Self::System => "system",
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::SignIns => "Sign-ins and refusals",
            Self::Phones => "Phones that come and go",
            Self::Changes => "What administrators change",
            Self::System => "Starts, stops, backups, the audit itself",
        }
    }

    /// Where an action belongs; `None` for those that alarms tell of.
    pub const fn of(action: Action) -> Option<Self> {
        match action {
            Action::SignIn
            | Action::Confirm
            | Action::SignOut
            | Action::SessionEnded
            | Action::RecoveryAsked => Some(Self::SignIns),
            Action::Registered
            | Action::Unregistered
            | Action::PhoneLost
            | Action::PushedOut
            | Action::LoggedIn
            | Action::LoggedOut => Some(Self::Phones),
            Action::LockReset
            | Action::CallEnded
            | Action::AccountCreated
            | Action::AccountChanged
            | Action::AccountDeleted
            | Action::ExtensionCreated
            | Action::ExtensionChanged
            | Action::ExtensionDeleted
            | Action::SecretSet
            | Action::SecretRemoved
            | Action::Change
            | Action::SettingsChanged
            | Action::DomainCreated
            | Action::DomainChanged
            | Action::DomainDeleted
            | Action::GroupCreated
            | Action::GroupChanged
            | Action::GroupDeleted
            | Action::TokenMade
            | Action::TokenRevoked
            | Action::LinkMade
            | Action::DraftApplied
            | Action::DraftExported
            | Action::DraftImported
            | Action::DraftDiscarded
            | Action::AlarmAcknowledged
            | Action::TestSent => Some(Self::Changes),
            Action::AuditLost
            | Action::AuditCut
            | Action::Ignited
            | Action::Exported
            | Action::BackedUp
            | Action::Restored
            | Action::Recovered
            | Action::Resealed
            | Action::Started
            | Action::Stopped => Some(Self::System),
            Action::AlarmRaised | Action::AlarmCleared => None,
        }
    }
}

/// What a target is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Alarms: raised and cleared.
    pub alarms: bool,
    /// Rows of the audit.
    pub audit: BTreeSet<AuditGroup>,
}

impl Chosen {
    /// Whether a row with this action is wanted.
    pub fn wants(&self, action: Action) -> bool {
        AuditGroup::of(action).is_some_and(|group| self.audit.contains(&group))
    }
}

/// How syslog gets to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SyslogTransport {
    /// RFC 5426. What is lost is lost.
    Udp,
    /// RFC 6587, with the length before each message.
    Tcp,
    /// RFC 5425.
    Tls,
}

impl SyslogTransport {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// Stable name in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// Which urgency of RFC 5424 (0 to 7) each thing has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severities {
    /// What was done.
    pub accepted: u8,
    /// What was refused.
    pub refused: u8,
    /// An alarm for which there is time.
    pub warning: u8,
    /// An alarm for which there is none.
    pub critical: u8,
}

impl Default for Severities {
    fn default() -> Self {
        Self { accepted: 6, refused: 4, warning: 4, critical: 2 }
    }
}

/// A receiver of syslog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogTarget {
    /// Its number.
    pub id: TargetId,
    /// What people call it.
    pub name: Box<str>,
    /// Whether anything is sent.
    pub is_on: bool,
    /// Name or address of its machine.
    pub host: Box<str>,
    /// Its port.
    pub port: u16,
    /// How.
    pub transport: SyslogTransport,
    /// PEM: certificates that vouch for it; the system's when empty.
    pub roots: Box<str>,
    /// 0 to 23.
    pub facility: u8,
    /// How urgent what is.
    pub severities: Severities,
    /// What it is told of.
    pub chosen: Chosen,
}

/// A receiver of webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its number.
    pub id: TargetId,
    /// What people call it.
    pub name: Box<str>,
    /// Whether anything is sent.
    pub is_on: bool,
    /// Where to.
    pub url: Box<str>,
    /// PEM: certificates that vouch for it; the system's when empty.
    pub roots: Box<str>,
    /// What it is told of.
    pub chosen: Chosen,
    /// What deliveries are signed with.
    pub key: SigningKey,
}

/// What deliveries are signed with: a text that starts with `whsec_` is Base64 of the key, any other is the key itself. Has
/// a written form, for the record that is sealed as a whole.
#[derive(Clone)]
pub struct SigningKey(pub Secret);

/// Before the Base64 of a key.
pub const KEY_PREFIX: &str = "whsec_";

impl SigningKey {
    /// The key's own bytes; `None` = it is none.
    pub fn bytes(&self) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let text = self.0.reveal();
        let bytes = match text.strip_prefix(KEY_PREFIX) {
            Some(encoded) => data_encoding::BASE64.decode(encoded.as_bytes()).ok()?,
            None => text.as_bytes().to_vec(),
        };
        SECRET_BYTES.contains(&bytes.len()).then(|| zeroize::Zeroizing::new(bytes))
    }

    /// A new one.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(Secret::new(format!("{KEY_PREFIX}{}", data_encoding::BASE64.encode(&bytes))))
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.matches(&other.0)
    }
}

impl Eq for SigningKey {}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl Serialize for SigningKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for SigningKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// An address as webhooks have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress {
    /// Whether it is encrypted.
    pub is_https: bool,
    /// Name or IP address, without brackets.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: Box<str>,
}

impl WebAddress {
    /// Reads `http://host:port/path`. No user, no fragment, nothing but visible ASCII.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        if !is_plain || url.len() > ADDRESS_MAX || authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some(""))?)
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let default = if is_https { 443 } else { 80 };
        let port = if port.is_empty() { default } else { port.parse().ok().filter(|port| *port > 0)? };
        let path = match path.chars().next() {
            Some('/') => path.into(),
            _ => format!("/{path}").into(),
        };
        is_host(host).then(|| Self { is_https, host: host.into(), port, path })
    }
}

/// Whether this is the name or the address of a machine.
pub fn is_host(host: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    host.parse::<IpAddr>().is_ok()
        || ((1..=253).contains(&host.len())
            && host.bytes().all(is_name)
            && host.split('.').all(|label| (1..=63).contains(&label.len())))
}

/// Whether an address is of this machine or of a network of one's own: what is sent there in the clear, strangers do not
/// carry.
pub const fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback(),
    }
}

/// Whether nobody's webhook or log can be there: clouds tell their secrets at link-local addresses, and several cannot
/// answer as one.
pub const fn is_never_a_target(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_anything_odd_is_none() {
        let read = |url: &str| {
            WebAddress::parse(url).map(|it| format!("{} {} {} {}", it.is_https, it.host, it.port, it.path))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("https://hooks.example/a/b?c=d"), some("true hooks.example 443 /a/b?c=d"));
        assert_eq!(read("http://10.0.0.1:8080"), some("false 10.0.0.1 8080 /"));
        assert_eq!(read("https://[2001:db8::1]:8443?x"), some("true 2001:db8::1 8443 /?x"));
        assert_eq!(read("https://[2001:db8::1]/"), some("true 2001:db8::1 443 /"));
        let long = format!("https://hooks.example/{}", "a".repeat(ADDRESS_MAX));
        for wrong in [
            "",
            "hooks.example",
            "ftp://hooks.example",
            "https://",
            "https:///path",
            "https://user:pass@hooks.example/",
            "https://hooks.example:0/",
            "https://hooks.example:65536/",
            "https://hooks.example:x/",
            "https://hooks..example/",
            "https://hooks.example/a b",
            "https://hooks.example/\r\nX: y",
            "https://hooks.example/#part",
            "https://[::1/",
            "https://[nothing]/",
            "https://[::1]x/",
            "https://hööks.example/",
            &long,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_ones_own_is_told_from_what_is_not() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap_or(IpAddr::from([0, 0, 0, 0]));
        for own in ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_private(at(own)) && !is_never_a_target(at(own)), "{own}");
        }
        for other in ["8.8.8.8", "2001:db8::1", "172.32.0.1", "::ffff:8.8.8.8"] {
            assert!(!is_private(at(other)) && !is_never_a_target(at(other)), "{other}");
        }
        for nobody in
            ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::"]
        {
            assert!(is_never_a_target(at(nobody)) && !is_private(at(nobody)), "{nobody}");
        }
    }

    #[test]
    fn a_key_is_base64_or_itself_and_never_short() {
        let key = |text: &str| SigningKey(Secret::new(text)).bytes().map(|bytes| bytes.len());
        assert_eq!(SigningKey::of([7; 32]).bytes().map(|bytes| bytes.to_vec()), Some(vec![7; 32]));
        assert_eq!(key("a secret of 24 letters.."), Some(24));
        assert_eq!(key("short"), None);
        assert_eq!(key("whsec_c2hvcnQ="), None);
        assert_eq!(key("whsec_this is no base64 at all, is it"), None);
        assert_eq!(format!("{:?}", SigningKey::of([7; 32])), "SigningKey(…)");
    }

    #[test]
    fn every_action_belongs_to_a_group_or_to_an_alarm() {
        let without: Vec<_> =
            Action::ALL.iter().filter(|action| AuditGroup::of(**action).is_none()).collect();
        assert_eq!(without, [&Action::AlarmRaised, &Action::AlarmCleared]);
        let chosen = Chosen { alarms: true, audit: [AuditGroup::Phones].into() };
        assert!(chosen.wants(Action::PhoneLost) && !chosen.wants(Action::SignIn));
        assert!(!chosen.wants(Action::AlarmRaised), "alarms are told as alarms");
    }
}
