//! A phone for tests: speaks SIP over UDP, TCP, TLS or a WebSocket, and does what it is told, also what no phone would.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use signin::{
    digest::{DigestAlgorithm, DigestKeys, DigestProof, NonceCount, response},
    registration::Transport,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use wire::sip::{
    Algorithm, Challenge, HeaderName, Headers, Message, Request,
    stream::{Frame, Framer},
};

use crate::socket::Socket;

/// How long a test waits for an answer that should come: timer F of RFC 3261 section 17.1.2.2.
const PATIENCE: Duration = Duration::from_secs(32);
/// How long a phone waits over UDP until it asks again, and how long at most after it has asked in vain (T1 and T2).
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(4);
/// How long a test waits for an answer that should not come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// A phone.
pub(crate) struct Phone {
    line: Line,
    /// Where it is.
    pub(crate) local: SocketAddr,
    /// The extension number, in From, To and Authorization.
    pub(crate) number: String,
    /// What it knows.
    pub(crate) code: String,
    /// What it answers challenges with.
    pub(crate) algorithm: Algorithm,
    /// The host of the Request-URI.
    pub(crate) host: String,
    /// More header lines, each with its line break.
    pub(crate) more: String,
    /// The Contact line's value.
    pub(crate) contact: String,
    call_id: String,
    cseq: u32,
    /// Writes `nc` in capitals.
    pub(crate) counts_in_capitals: bool,
    /// The value of the last challenge, and how often it was answered.
    challenge: Option<(Vec<u8>, u32)>,
    /// What was asked more than once, and so may be answered more than once.
    repeated: HashSet<Asked>,
    name: &'static str,
}

/// What tells which request an answer belongs to: Call-ID and CSeq.
type Asked = [Vec<u8>; 2];

enum Line {
    Udp(UdpSocket),
    Tcp(TcpStream, Framer),
    Tls(Box<TlsStream<TcpStream>>, Framer),
    Wss(Box<Socket>),
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let mut headers = Headers::new();
        let message = Message::parse(bytes, &mut headers).expect("a SIP message");
        Self { status: message.response().expect("a response").status, bytes: bytes.to_vec() }
    }

    fn asked(&self) -> Asked {
        asked(&self.bytes)
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The values of a header.
    pub(crate) fn all(&self, name: HeaderName) -> Vec<String> {
        let mut headers = Headers::new();
        let message = Message::parse(&self.bytes, &mut headers).expect("a SIP message");
        let values = message.fields().all(name).map(|(value, _)| String::from_utf8_lossy(value).into_owned());
        values.collect()
    }

    /// The first value of a header.
    pub(crate) fn one(&self, name: HeaderName) -> String {
        self.all(name).into_iter().next().unwrap_or_else(|| panic!("no {} in {}", name.as_str(), self.text()))
    }

    /// The answer without what differs between any two: Via, Call-ID, CSeq and the tag of To.
    pub(crate) fn without_ids(&self, number: &str) -> String {
        let mut text = String::new();
        for line in self.text().lines() {
            let name = line.split(':').next().unwrap_or_default();
            if !["Via", "Call-ID", "CSeq"].contains(&name) {
                text.push_str(line.split(";tag=").next().unwrap_or_default());
                text.push('\n');
            }
        }
        text.replace(number, "NUMBER")
    }
}

impl Phone {
    pub(crate) async fn connect(
        transport: Transport,
        ip: &str,
        server: SocketAddr,
        number: &str,
        code: &str,
    ) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let ip: IpAddr = ip.parse().expect("an address");
        let (line, local, name) = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind((ip, 0)).await.expect("a socket");
                socket.connect(server).await.expect("connected");
                let local = socket.local_addr().expect("an address");
                (Line::Udp(socket), local, "UDP")
            }
            Transport::Tcp => {
                let stream = TcpStream::connect(server).await.expect("connected");
                let local = stream.local_addr().expect("an address");
                (Line::Tcp(stream, Framer::default()), local, "TCP")
            }
            Transport::Tls => {
                let stream = tls(server, &[]).await;
                let local = stream.get_ref().0.local_addr().expect("an address");
                (Line::Tls(Box::new(stream), Framer::default()), local, "TLS")
            }
            Transport::Wss => {
                let socket = Socket::open(server, "sip").await.expect("opened");
                let local = socket.local();
                (Line::Wss(Box::new(socket)), local, "WSS")
            }
        };
        let suffix = match transport {
            Transport::Udp => "",
            Transport::Tcp | Transport::Tls => ";transport=tcp",
            Transport::Wss => ";transport=ws",
        };
        Self {
            line,
            local,
            number: number.into(),
            code: code.into(),
            algorithm: Algorithm::Sha256,
            host: "127.0.0.1".into(),
            more: String::new(),
            contact: format!("<sip:{number}@{local}{suffix}>"),
            call_id: format!("call-{count}@test"),
            cseq: 0,
            counts_in_capitals: false,
            challenge: None,
            repeated: HashSet::new(),
            name,
        }
    }

    /// A REGISTER with this Authorization (empty = none) and wish for seconds; `None` = without Contact: a question.
    pub(crate) fn request(&mut self, expires: Option<u32>, authorization: &str) -> String {
        self.cseq += 1;
        let contact = match expires {
            Some(expires) => format!("Contact: {}\r\nExpires: {expires}\r\n", self.contact),
            None => String::new(),
        };
        let authorization = if authorization.is_empty() {
            String::new()
        } else {
            format!("Authorization: {authorization}\r\n")
        };
        let Self { name, local, number, host, call_id, cseq, more, .. } = self;
        format!(
            "REGISTER sip:{host} SIP/2.0\r\n\
             Via: SIP/2.0/{name} {local};branch=z9hG4bK-{call_id}-{cseq};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{number}@{host}>;tag=from-{call_id}\r\n\
             To: <sip:{number}@{host}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {cseq} REGISTER\r\n\
             User-Agent: Test Phone 1.0\r\n\
             {contact}{authorization}{more}Content-Length: 0\r\n\r\n"
        )
    }

    /// The Authorization that answers the last challenge to a REGISTER, its use counted up.
    pub(crate) fn authorization(&mut self) -> String {
        let uri = format!("sip:{}", self.host);
        self.credentials("REGISTER", &uri)
    }

    /// What answers the last challenge to a request, its use counted up.
    pub(crate) fn credentials(&mut self, method: &str, uri: &str) -> String {
        let (challenge, count) = self.challenge.as_mut().expect("a challenge");
        *count += 1;
        let challenge = Challenge::parse(challenge).expect("read").expect("Digest");
        let text = |text: &[u8]| String::from_utf8(text.to_vec()).expect("text");
        let (realm, nonce) = (text(&challenge.realm.value()), text(challenge.nonce.raw()));
        let written = if self.counts_in_capitals { format!("{count:08X}") } else { format!("{count:08x}") };
        let proof = DigestProof {
            algorithm: if challenge.algorithm == Algorithm::Sha256 {
                DigestAlgorithm::Sha256
            } else {
                DigestAlgorithm::Md5
            },
            nonce: nonce.as_bytes(),
            nonce_count: NonceCount::read(written.as_bytes()).expect("eight digits"),
            cnonce: b"0a4f113b",
            method: method.as_bytes(),
            uri: uri.as_bytes(),
            response: b"",
            request_hash: None,
        };
        let answer = response(&DigestKeys::derive(&self.number, &realm, &self.code), &proof);
        format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{}\", \
             algorithm={}, qop=auth, nc={written}, cnonce=\"0a4f113b\"",
            self.number,
            text(answer.as_bytes()),
            challenge.algorithm.as_str(),
        )
    }

    /// Asks for a challenge and keeps it.
    pub(crate) async fn challenge(&mut self, expires: Option<u32>) -> Answer {
        let request = self.request(expires, "");
        let answer = self.say(&request).await;
        self.keep_challenge(&answer);
        answer
    }

    /// Keeps the challenge that fits the phone's algorithm.
    pub(crate) fn keep_challenge(&mut self, answer: &Answer) {
        let asked = [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate];
        for value in asked.into_iter().flat_map(|name| answer.all(name)) {
            let challenge = Challenge::parse(value.as_bytes()).expect("read").expect("Digest");
            if challenge.algorithm == self.algorithm {
                self.challenge = Some((value.into_bytes(), 0));
                return;
            }
        }
    }

    /// Answers the last challenge once more, as a phone does that refreshes.
    pub(crate) async fn refresh(&mut self, expires: Option<u32>) -> Answer {
        let authorization = self.authorization();
        let request = self.request(expires, &authorization);
        self.say(&request).await
    }

    /// The whole registration: asks, is challenged, answers.
    pub(crate) async fn register(&mut self, expires: u32) -> Answer {
        let first = self.challenge(Some(expires)).await;
        if first.status != 401 {
            return first;
        }
        let answer = self.refresh(Some(expires)).await;
        if answer.status != 401 || !self.repeated.contains(&answer.asked()) {
            return answer;
        }
        // The answer was lost, and what was asked again was an answer to a challenge that had been used: phones go on.
        self.keep_challenge(&answer);
        self.refresh(Some(expires)).await
    }

    /// Sends, and waits for the answer; over UDP it asks again like any phone (RFC 3261 section 17.1.2.2).
    pub(crate) async fn say(&mut self, message: &str) -> Answer {
        let asked = asked(message.as_bytes());
        self.repeated.remove(&asked);
        let mut wait = if matches!(self.line, Line::Udp(_)) { AGAIN } else { PATIENCE };
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            self.send(message.as_bytes()).await;
            if let Some(answer) = self.hear(wait).await {
                if !waited.is_zero() {
                    self.repeated.insert(asked);
                }
                return answer;
            }
            waited += wait;
            wait = (wait * 2).min(AGAIN_MAX);
        }
        panic!("no answer to {message}")
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        assert!(self.can_send(bytes).await, "not sent");
    }

    /// Sends where there is still somebody to hear it.
    pub(crate) async fn can_send(&mut self, bytes: &[u8]) -> bool {
        match &mut self.line {
            Line::Udp(socket) => socket.send(bytes).await.is_ok(),
            Line::Tcp(stream, _) => stream.write_all(bytes).await.is_ok(),
            Line::Tls(stream, _) => stream.write_all(bytes).await.is_ok(),
            Line::Wss(socket) => {
                socket.say(bytes).await;
                true
            }
        }
    }

    /// The next answer, but for what is answered already; `None` when none comes in time or the connection ends.
    pub(crate) async fn hear(&mut self, patience: Duration) -> Option<Answer> {
        let next = async {
            loop {
                let answer = self.hear_one().await?;
                if !self.repeated.contains(&answer.asked()) {
                    return Some(answer);
                }
            }
        };
        timeout(patience, next).await.ok().flatten()
    }

    async fn hear_one(&mut self) -> Option<Answer> {
        self.next_message().await.map(|bytes| Answer::read(&bytes))
    }

    async fn next_message(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        loop {
            let (framer, count) = match &mut self.line {
                Line::Udp(socket) => {
                    let count = socket.recv(&mut buffer).await.ok()?;
                    return Some(buffer[..count].to_vec());
                }
                Line::Wss(socket) => return socket.hear().await,
                Line::Tcp(_, framer) | Line::Tls(_, framer) => {
                    if let Some(Frame::Message(bytes)) = framer.next_frame().expect("a SIP stream") {
                        return Some(bytes.to_vec());
                    }
                    match &mut self.line {
                        Line::Tcp(stream, framer) => {
                            let count = stream.read(&mut buffer).await.ok()?;
                            (framer, count)
                        }
                        Line::Tls(stream, framer) => {
                            let count = stream.read(&mut buffer).await.ok()?;
                            (framer, count)
                        }
                        Line::Udp(_) | Line::Wss(_) => return None,
                    }
                }
            };
            if count == 0 {
                return None;
            }
            framer.push(&buffer[..count]);
        }
    }

    /// The next message, whoever it is from; `None` when none comes in time or the connection ends.
    pub(crate) async fn hear_message(&mut self, patience: Duration) -> Option<Vec<u8>> {
        timeout(patience, self.next_message()).await.ok().flatten()
    }

    /// The next bytes as they come, for what is no SIP message.
    pub(crate) async fn hear_bytes(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        let read = async {
            match &mut self.line {
                Line::Udp(socket) => socket.recv(&mut buffer).await,
                Line::Tcp(stream, _) => stream.read(&mut buffer).await,
                Line::Tls(stream, _) => stream.read(&mut buffer).await,
                Line::Wss(socket) => return socket.hear().await,
            }
            .ok()
            .map(|count| buffer[..count].to_vec())
        };
        timeout(patience, read).await.ok().flatten()
    }
}

fn asked(bytes: &[u8]) -> Asked {
    let (mut headers, mut salvaged) = (Headers::new(), Headers::new());
    let fields = match Message::parse(bytes, &mut headers) {
        Ok(message) => Some(*message.fields()),
        // A test also asks what breaks a rule.
        Err(_) => Request::salvage(bytes, &mut salvaged).map(|request| request.fields),
    };
    [HeaderName::CallId, HeaderName::CSeq]
        .map(|name| fields.and_then(|fields| fields.first(name)).unwrap_or_default().to_vec())
}

/// An encrypted connection to whoever is there.
pub(crate) async fn tls(server: SocketAddr, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(server).await.expect("connected");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

/// Trusts anybody: the certificate is made anew for each test.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
