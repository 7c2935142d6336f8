//! The configuration: one TOML file, every key with a default, every mistake told with key, file, line, problem and
//! remedy.
//!
//! What phones and people may do is not in here: that is in the settings, which administrators change while the
//! system runs. Here is only what the program must know before it can ask anybody: where its data is, which ports
//! it takes, how much of the machine it may use. `config/example.toml` explains each key.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use calls::prompt::Language;
use serde::{Deserialize, Deserializer, Serialize, de};
use signin::secret::Secret;
use store::NONCE_LIFETIME_MAX;

/// The environment variable that names the configuration file.
pub const CONFIG_VARIABLE: &str = "HOOKSWITCH_CONFIG";
/// The environment variable that may hold the master key itself.
pub const MASTER_KEY_VARIABLE: &str = "HOOKSWITCH_MASTER_KEY";
/// The configuration file that is read when it is there and no other is named.
pub const DEFAULT_FILE: &str = "hookswitch.toml";
/// The master key's file in the data folder, unless `key_file` says otherwise.
const KEY_FILE: &str = "master.key";
/// The database's file in the data folder.
pub const DATABASE_FILE: &str = "hookswitch.db";
/// Largest configuration file.
const FILE_MAX: u64 = 1 << 20;
/// Addresses one listener may have.
const LISTEN_MAX: usize = 64;

/// Everything the program must know before it can ask anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Database, certificate, local socket and the list of bound addresses.
    pub data_folder: PathBuf,
    /// The master key; empty = `master.key` in the data folder.
    pub key_file: PathBuf,
    /// Threads for everything but datagrams and passwords; 0 = one for each core.
    pub threads: usize,
    /// The links page, and the way to HTTPS.
    pub http: HttpConfig,
    /// Every other page.
    pub https: HttpConfig,
    /// Certificate of HTTPS and SIP over TLS.
    pub tls: TlsConfig,
    /// Phones.
    pub sip: SipConfig,
    /// Figures and health.
    pub metrics: MetricsConfig,
    /// What is written about what happens.
    pub log: LogConfig,
    /// How much of the machine anybody may use.
    pub limits: LimitsConfig,
}

/// Where pages are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Addresses; none = not served.
    pub listen: Listen,
}

/// The certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// Certificate chain in PEM; empty = one made by Hookswitch itself.
    pub certificate: PathBuf,
    /// Its private key in PEM; empty = as above.
    pub private_key: PathBuf,
}

/// Phones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SipConfig {
    /// Addresses for datagrams.
    pub udp: Listen,
    /// Addresses for plain streams.
    pub tcp: Listen,
    /// Addresses for encrypted streams.
    pub tls: Listen,
    /// Threads for datagrams; 0 = one for each core.
    pub udp_threads: usize,
    /// How long a challenge may be answered, in seconds.
    pub nonce_seconds: u32,
    /// The first and the last UDP port for what is heard at calls that are answered here (mailboxes, menus); both 0 = any that
    /// is free.
    pub media_ports: (u16, u16),
    /// Whether users have mailboxes.
    pub mailboxes: bool,
    /// The language in which mailboxes and menus speak.
    pub language: Language,
}

/// Figures and health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Addresses of `/metrics`, `/healthz` and `/readyz`.
    pub listen: Listen,
}

/// What is written about what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
}

/// For whom the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// What may need somebody.
    Warn,
    /// What happens to the system.
    #[default]
    Info,
    /// What happens to each message, without its content.
    Debug,
}

/// How much of the machine anybody may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Connections at one listener (each by itself).
    pub connections_max: usize,
    /// Of them from one address.
    pub connections_per_address_max: usize,
    /// A connection must bring its first message, whole, within this time.
    pub first_message_seconds: u32,
    /// A message must be whole this long after its first byte; a page's answer must be taken in this time.
    pub message_seconds: u32,
    /// A connection on which nothing happens is closed after this time; one of a registered phone lives as
    /// long as its registration.
    pub idle_seconds: u32,
    /// Largest SIP message over a stream.
    pub sip_message_bytes_max: usize,
    /// Largest body of a web request.
    pub http_body_bytes_max: usize,
    /// Passwords checked at the same time; 0 = one for each core.
    pub hashing_threads: usize,
    /// Sign-ins by password that may wait for their turn; more are told to come back later.
    pub hashing_waiting_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_folder: "./hookswitch-data".into(),
            key_file: PathBuf::new(),
            threads: 0,
            http: HttpConfig { listen: Listen::everywhere(8080) },
            https: HttpConfig { listen: Listen::everywhere(8443) },
            tls: TlsConfig::default(),
            sip: SipConfig::default(),
            metrics: MetricsConfig::default(),
            log: LogConfig::default(),
            limits: LimitsConfig::default(),
        }
    }
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            udp: Listen::everywhere(5060),
            tcp: Listen::everywhere(5060),
            tls: Listen::everywhere(5061),
            udp_threads: 0,
            nonce_seconds: 300,
            media_ports: (40_000, 40_999),
            mailboxes: true,
            language: Language::English,
        }
    }
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { listen: Listen(vec![SocketAddr::from(([127, 0, 0, 1], 9090))]) }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: LogLevel::Info }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            connections_per_address_max: 1000,
            first_message_seconds: 10,
            message_seconds: 10,
            idle_seconds: 120,
            sip_message_bytes_max: 65_536,
            http_body_bytes_max: 8 << 20,
            hashing_threads: 0,
            hashing_waiting_max: 256,
        }
    }
}

/// Addresses to listen at: one, several or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Listen(pub Vec<SocketAddr>);

impl Listen {
    /// Every IPv4 address of the machine.
    fn everywhere(port: u16) -> Self {
        Self(vec![SocketAddr::from(([0, 0, 0, 0], port))])
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListenVisitor)
    }
}

struct ListenVisitor;

impl<'de> de::Visitor<'de> for ListenVisitor {
    type Value = Listen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address with a port such as \"0.0.0.0:5060\" or \"[::]:5060\", or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Listen, E> {
        let address = text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))?;
        Ok(Listen(vec![address]))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Listen, A::Error> {
        let mut addresses = Vec::new();
        while let Some(address) = list.next_element::<SocketAddr>()? {
            if addresses.len() == LISTEN_MAX {
                return Err(de::Error::custom(format_args!("more than {LISTEN_MAX} addresses")));
            }
            addresses.push(address);
        }
        Ok(Listen(addresses))
    }
}

/// A mistake in the configuration, for the one who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file; `None` where no file was read.
    pub file: Option<PathBuf>,
    /// The line, from 1; `None` where the key is not in the file.
    pub line: Option<usize>,
    /// The key, as `section.key`; empty where it is not known.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration has a mistake\n")?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => writeln!(f, "  where:   {}, line {line}", file.display())?,
            (Some(file), None) => writeln!(f, "  where:   {}", file.display())?,
            (None, _) => writeln!(f, "  where:   the defaults (no configuration file is in use)")?,
        }
        if !self.key.is_empty() {
            writeln!(f, "  key:     {}", self.key)?;
        }
        write!(f, "  problem: {}\n  remedy:  {}", self.problem, self.remedy)
    }
}

impl std::error::Error for ConfigError {}

/// A configuration, and the text it was read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// The data folder that the command line names instead.
    folder: Option<PathBuf>,
    text: String,
}

impl From<Config> for Loaded {
    /// A configuration that was read from nowhere.
    fn from(config: Config) -> Self {
        Self { config, file: None, folder: None, text: String::new() }
    }
}

impl Loaded {
    /// The file that `named` names; else the one of `HOOKSWITCH_CONFIG`; else `hookswitch.toml` where there is
    /// one; else the defaults.
    ///
    /// # Errors
    /// The first mistake.
    pub fn find(named: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(file) = named {
            return Self::read(file);
        }
        if let Some(file) = variable(CONFIG_VARIABLE).filter(|file| !file.is_empty()) {
            return Self::read(Path::new(file.reveal()));
        }
        let file = Path::new(DEFAULT_FILE);
        if file.exists() { Self::read(file) } else { Ok(Self::defaults()) }
    }

    /// The same with another data folder, where one is named.
    #[must_use]
    pub fn in_folder(mut self, folder: Option<PathBuf>) -> Self {
        if let Some(folder) = &folder {
            self.config.data_folder.clone_from(folder);
        }
        self.folder = folder;
        self
    }

    /// What is there now where this one came from.
    ///
    /// # Errors
    /// The first mistake.
    pub fn again(&self) -> Result<Self, ConfigError> {
        let found = self.file.as_ref().map_or_else(|| Self::find(None), |file| Self::read(file))?;
        Ok(found.in_folder(self.folder.clone()))
    }

    /// The defaults.
    pub fn defaults() -> Self {
        Self::from(Config::default())
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let unread = |problem: String| ConfigError {
            file: Some(file.to_owned()),
            line: None,
            key: String::new(),
            problem,
            remedy: "name a file that can be read, or leave the option out to start with the defaults".into(),
        };
        let size = std::fs::metadata(file).map_err(|error| unread(error.to_string()))?.len();
        if size > FILE_MAX {
            return Err(unread(format!("it has {size} bytes, more than a configuration ever needs")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| unread(error.to_string()))?;
        Self::parse(text, Some(file.to_owned()))
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// The first mistake.
    pub fn parse(text: String, file: Option<PathBuf>) -> Result<Self, ConfigError> {
        let config: Config = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| line_at(&text, span.start));
            ConfigError {
                file: file.clone(),
                line,
                key: line.map(|line| key_in_line(&text, line)).unwrap_or_default(),
                problem: error.message().to_owned(),
                remedy: "correct the line; config/example.toml shows every key with its default".into(),
            }
        })?;
        let loaded = Self { config, file, folder: None, text };
        loaded.check()?;
        Ok(loaded)
    }

    /// An error about a key of this configuration.
    pub fn error(&self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        ConfigError {
            file: self.file.clone(),
            line: line_of_key(&self.text, key),
            key: key.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let Config { tls, sip, limits, .. } = &self.config;
        if tls.certificate.as_os_str().is_empty() != tls.private_key.as_os_str().is_empty() {
            let missing =
                if tls.certificate.as_os_str().is_empty() { "tls.certificate" } else { "tls.private_key" };
            return Err(self.error(
                missing,
                "a certificate and its private key belong together, and this one is missing",
                "set both, or neither for a certificate made by Hookswitch itself",
            ));
        }
        let ranges: [(&str, usize, usize, usize); 12] = [
            ("threads", self.config.threads, 0, 1024),
            ("sip.udp_threads", sip.udp_threads, 0, 256),
            ("sip.nonce_seconds", as_usize(sip.nonce_seconds), 10, as_usize(NONCE_LIFETIME_MAX.0)),
            ("limits.connections_max", limits.connections_max, 1, 10_000_000),
            ("limits.connections_per_address_max", limits.connections_per_address_max, 1, 10_000_000),
            ("limits.first_message_seconds", as_usize(limits.first_message_seconds), 1, 3600),
            ("limits.message_seconds", as_usize(limits.message_seconds), 1, 3600),
            ("limits.idle_seconds", as_usize(limits.idle_seconds), 1, 86_400),
            ("limits.sip_message_bytes_max", limits.sip_message_bytes_max, 4096, 1 << 20),
            ("limits.http_body_bytes_max", limits.http_body_bytes_max, 4096, 1 << 30),
            ("limits.hashing_threads", limits.hashing_threads, 0, 1024),
            ("limits.hashing_waiting_max", limits.hashing_waiting_max, 0, 100_000),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let problem = format!("{value} is out of range");
                return Err(self.error(key, problem, format!("choose a number from {least} to {most}")));
            }
        }
        let (first, last) = sip.media_ports;
        if first > last || (first == 0) != (last == 0) {
            return Err(self.error(
                "sip.media_ports",
                format!("from {first} to {last} is no range of ports"),
                "name the first and the last port, or 0 and 0 for any that is free",
            ));
        }
        Ok(())
    }
}

impl Config {
    /// The file of the master key.
    pub fn master_key_file(&self) -> PathBuf {
        if self.key_file.as_os_str().is_empty() {
            self.data_folder.join(KEY_FILE)
        } else {
            self.key_file.clone()
        }
    }

    /// The keys in which `other` differs and that are only read at the start.
    pub fn needs_restart(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.flattened(), other.flattened());
        ours.keys()
            .filter(|key| ours.get(*key) != theirs.get(*key))
            .filter(|key| !RELOADED.iter().any(|reloaded| key.starts_with(reloaded)))
            .cloned()
            .collect()
    }

    /// Every key as `section.key` with its value in TOML.
    pub fn flattened(&self) -> BTreeMap<String, String> {
        let mut keys = BTreeMap::new();
        let Ok(table) = toml::Table::try_from(self) else { return keys };
        for (name, value) in table {
            if let toml::Value::Table(section) = value {
                keys.extend(
                    section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value.to_string())),
                );
            } else {
                keys.insert(name, value.to_string());
            }
        }
        keys
    }
}

/// Keys that take effect on a reload. Limits that are the size of something made at the start are not among them.
const RELOADED: [&str; 12] = [
    "sip.mailboxes",
    "sip.language",
    "log.level",
    "tls.certificate",
    "tls.private_key",
    "limits.connections_max",
    "limits.connections_per_address_max",
    "limits.first_message_seconds",
    "limits.message_seconds",
    "limits.idle_seconds",
    "limits.sip_message_bytes_max",
    "limits.http_body_bytes_max",
];

/// The master key out of the environment, where it is set. In hexadecimal or base64, as the key's reader says.
pub fn master_key_in_environment() -> Option<Secret> {
    variable(MASTER_KEY_VARIABLE).filter(|key| !key.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
fn variable(name: &str) -> Option<Secret> {
    std::env::var(name).ok().map(Secret::new)
}

fn as_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The line (from 1) in which a byte is.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// The key that a line sets, with its section.
fn key_in_line(text: &str, line: usize) -> String {
    let mut section = "";
    let mut key = "";
    for row in text.lines().take(line).map(str::trim) {
        if let Some(name) = row.strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim();
            key = "";
        } else if let Some((name, _)) = row.split_once('=')
            && !row.starts_with('#')
        {
            key = name.trim();
        }
    }
    match (section, key) {
        ("", key) => key.into(),
        (section, "") => section.into(),
        (section, key) => format!("{section}.{key}"),
    }
}

/// The line (from 1) that sets a key.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    (1..=text.lines().count()).find(|line| {
        let row = text.lines().nth(line - 1).unwrap_or_default();
        row.contains('=') && !row.trim_start().starts_with('#') && key_in_line(text, *line) == key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../config/example.toml");

    fn mistake(text: &str) -> ConfigError {
        Loaded::parse(text.into(), Some("hookswitch.toml".into())).expect_err("a mistake")
    }

    #[test]
    fn the_example_shows_every_key_with_its_default() {
        let example = Loaded::parse(EXAMPLE.into(), None).expect("the example is right").config;
        assert_eq!(example, Config::default());
        for key in Config::default().flattened().keys() {
            let line = line_of_key(EXAMPLE, key).unwrap_or_else(|| panic!("{key} is not in the example"));
            let above = EXAMPLE.lines().nth(line - 2).unwrap_or_default();
            assert!(above.starts_with('#'), "{key} has no comment above it");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let mistake = mistake("threads = 2\n\n[sip]\nudp = \"0.0.0.0:5060\"\nupd = 3\n");
        assert_eq!((mistake.line, mistake.key.as_str()), (Some(5), "sip.upd"));
        assert!(mistake.problem.contains("unknown field"), "{}", mistake.problem);
    }

    #[test]
    fn a_bad_address_is_named_with_its_line_and_what_is_expected() {
        let mistake = mistake("[https]\nlisten = \"8443\"\n");
        assert_eq!((mistake.line, mistake.key.as_str()), (Some(2), "https.listen"));
        assert!(mistake.problem.contains("0.0.0.0:5060"), "{}", mistake.problem);
    }

    #[test]
    fn what_is_no_toml_at_all_is_named_with_its_line() {
        assert_eq!(mistake("threads = 2\nwhat is this\n").line, Some(2));
        assert_eq!(mistake("[sip\n").line, Some(1));
    }

    #[test]
    fn a_number_out_of_range_is_named_with_its_range() {
        let mistake = mistake("[limits]\n# connections_max = 5\nconnections_max = 0\n");
        assert_eq!((mistake.line, mistake.key.as_str()), (Some(3), "limits.connections_max"));
        assert!(mistake.remedy.contains("1 to"), "{}", mistake.remedy);
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        assert_eq!(mistake("[tls]\ncertificate = \"a.pem\"\n").key, "tls.private_key");
    }

    #[test]
    fn a_listener_may_have_one_address_several_or_none() {
        for (text, count) in [("\"[::]:1\"", 1), ("[\"127.0.0.1:0\", \"[::1]:0\"]", 2), ("[]", 0)] {
            let text = format!("[sip]\nudp = {text}\n");
            assert_eq!(Loaded::parse(text, None).expect("right").config.sip.udp.0.len(), count);
        }
    }

    #[test]
    fn keys_that_need_a_restart_are_told_apart_from_those_that_do_not() {
        let mut other = Config::default();
        other.log.level = LogLevel::Debug;
        other.limits.idle_seconds = 7;
        assert!(Config::default().needs_restart(&other).is_empty());
        other.sip.udp = Listen::everywhere(5070);
        other.threads = 3;
        assert_eq!(Config::default().needs_restart(&other), ["sip.udp", "threads"]);
    }

    #[test]
    fn every_key_that_is_reloaded_exists() {
        let keys = Config::default().flattened();
        for key in RELOADED {
            assert!(keys.contains_key(key), "{key}");
        }
    }
}
