//! Mail: addresses, and the server that mail goes out by. How it is sent is no part of it.
//!
//! Addresses are a part of what RFC 5321 section 4.1.2 allows: no quoted local parts, no comments, ASCII alone. So whatever
//! becomes one holds nothing that could end a line of a header or of SMTP.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, target::is_host};

/// Longest address (RFC 5321 section 4.5.3.1.3).
pub const MAIL_ADDRESS_MAX: usize = 254;
/// Longest part before the `@` (RFC 5321 section 4.5.3.1.1).
const LOCAL_PART_MAX: usize = 64;
/// Longest name that the system signs in with at the server, in bytes.
pub const MAIL_USER_MAX: usize = 254;
/// Longest password at the server, in bytes.
pub const MAIL_PASSWORD_MAX: usize = 256;
/// The port where mail of one's own is taken (RFC 6409).
pub const SUBMISSION_PORT: u16 = 587;

/// One address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailAddress(Box<str>);

impl MailAddress {
    /// Reads an address; `None` = it is none, or one that no mail goes to from here.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let is_local = (1..=LOCAL_PART_MAX).contains(&local.len())
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // What ends in digits alone is an IP address, and those want brackets.
        let is_name = domain.split('.').all(is_label)
            && !domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        (text.len() <= MAIL_ADDRESS_MAX && is_local && is_name).then(|| Self(text.into()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl std::fmt::Display for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the way to the server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// Not at all: for a server on this machine or in a network of one's own. No password goes that way.
    None,
    /// It begins in the clear and is encrypted before anything is said (RFC 3207); a server that does not is told nothing.
    #[default]
    Starttls,
    /// From the first byte (RFC 8314).
    Tls,
}

impl MailSecurity {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Starttls, Self::Tls, Self::None];

    /// Stable name in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starttls => "starttls",
            Self::Tls => "tls",
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Starttls => "STARTTLS",
            Self::Tls => "TLS",
        }
    }
}

/// The password at the server. Has a written form, for the record that is sealed as a whole.
#[derive(Clone)]
pub struct MailPassword(pub Secret);

impl PartialEq for MailPassword {
    fn eq(&self, other: &Self) -> bool {
        self.0.matches(&other.0)
    }
}

impl Eq for MailPassword {}

impl std::fmt::Debug for MailPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailPassword(…)")
    }
}

impl Serialize for MailPassword {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for MailPassword {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// Longest beginning of the pages' addresses.
pub const WEB_ADDRESS_MAX: usize = 270;

/// The beginning of the pages' addresses, without a slash at its end; `None` = it is none. Only HTTPS: a link opens an account.
pub fn web_address(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches('/');
    let place = text.strip_prefix("https://")?;
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_bracketed = bare.is_some_and(|bare| bare.parse::<std::net::Ipv6Addr>().is_ok());
    (text.len() <= WEB_ADDRESS_MAX && is_port && (is_bracketed || (bare.is_none() && is_host(host))))
        .then_some(text)
}

/// By which server mail goes out, and in whose name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// In whose name.
    pub sender: Option<MailAddress>,
    /// Name or address of the server; empty: no mail goes out.
    pub server: Box<str>,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub security: MailSecurity,
    /// PEM: certificates that vouch for it; the system's when empty.
    pub roots: Box<str>,
    /// As whom the system signs in there; empty: it does not.
    pub user: Box<str>,
    /// With what. Only where there is a user.
    pub password: Option<MailPassword>,
    /// How the pages' addresses begin in mails: `https://pbx.example.com`. Empty: as the program finds best.
    pub web_address: Box<str>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            sender: None,
            server: "".into(),
            port: SUBMISSION_PORT,
            security: MailSecurity::default(),
            roots: "".into(),
            user: "".into(),
            password: None,
            web_address: "".into(),
        }
    }
}

impl MailSettings {
    /// Whether mail can go out.
    pub fn is_set_up(&self) -> bool {
        !self.server.is_empty() && self.sender.is_some()
    }

    /// Whether the name of the server can be one.
    pub fn has_host(&self) -> bool {
        is_host(&self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_plain() {
        for right in ["a@b", "ann@example.com", "ann.smith+pbx@mail.example.co.uk", "x@xn--bcher-kva.example"]
        {
            assert_eq!(MailAddress::parse(right).map(|it| it.to_string()), Some(right.into()));
        }
        let long = |local: usize, label: usize| {
            format!("{}@{}.{}.{}.com", "a".repeat(local), "b".repeat(label), "c".repeat(63), "d".repeat(63))
        };
        assert!(MailAddress::parse(&long(58, 63)).is_some(), "254 bytes");
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@@example.com",
            "ann@example.com@example.com",
            "ann@example.com, ben@example.com",
            "ann@example.com\r\nBcc: ben@example.com",
            "ann\n@example.com",
            "ann@example.com\0",
            "ann smith@example.com",
            "Ann <ann@example.com>",
            "<ann@example.com>",
            "\"ann\"@example.com",
            "ann(comment)@example.com",
            ".ann@example.com",
            "ann.@example.com",
            "ann..smith@example.com",
            "ann@example..com",
            "ann@.example.com",
            "ann@example.com.",
            "ann@-example.com",
            "ann@exam_ple.com",
            "ann@192.0.2.1",
            "ann@[192.0.2.1]",
            "änn@example.com",
            "ann@bücher.example",
            "=?utf-8?q?ann?=@exam ple.com",
            &long(59, 63),
            &format!("{}@b.com", "a".repeat(65)),
            &format!("a@{}.com", "b".repeat(64)),
        ] {
            assert_eq!(MailAddress::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_pages_are_at_https_and_nowhere_else() {
        for (right, kept) in [
            ("https://pbx.example.com", "https://pbx.example.com"),
            (" https://pbx.example.com:8443/ ", "https://pbx.example.com:8443"),
            ("https://192.0.2.1", "https://192.0.2.1"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(web_address(right), Some(kept));
        }
        for wrong in [
            "",
            "pbx.example.com",
            "http://pbx.example.com",
            "https://",
            "https://pbx.example.com/portal",
            "https://a b",
            "https://pbx.example.com:0",
            "https://pbx.example.com:99999",
            "https://ann@pbx.example.com",
            "https://pbx.example.com?x",
            "https://pbx.example.com#x",
            "https://[::1",
            "javascript:alert(1)",
            "https://pbx.example.com\r\nBcc: x",
        ] {
            assert_eq!(web_address(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_password_is_written_for_the_sealed_record_alone() {
        let password = Some(MailPassword(Secret::new("hunter2")));
        let settings = MailSettings { password, ..MailSettings::default() };
        assert!(!format!("{settings:?}").contains("hunter2"));
        let written = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<MailSettings>(&written).unwrap(), settings);
    }

    #[test]
    fn a_record_from_before_has_no_mail() {
        let settings: MailSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, MailSettings::default());
        assert!(!settings.is_set_up() && !settings.has_host());
    }
}
