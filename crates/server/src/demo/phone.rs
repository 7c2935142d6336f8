//! A simulated phone: registers by SIP over UDP as desk phones do (RFC 3261 sections 10.2 and 22.4, RFC 7616).
//!
//! It answers the challenge of its algorithm, uses a nonce again when it refreshes, asks again when an answer is lost,
//! and takes what the registrar grants. It makes no calls, takes none, and knows no other transport.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use data_encoding::HEXLOWER;
use signin::{
    digest::{DigestAlgorithm, DigestKeys, DigestProof, NonceCount, response},
    secret::Secret,
};
use tokio::{net::UdpSocket, time::timeout};
use wire::sip::{Algorithm, Challenge, HeaderName, Headers, MESSAGE_MAX, Message, RequestWriter};

use super::office::Make;

/// How long it waits until it asks again, doubled each time (T1 of RFC 3261 section 17.1.2.2).
const AGAIN: Duration = Duration::from_millis(500);
/// How often it sends one request at most. A real phone goes on for 32 seconds; here all others wait meanwhile.
const SENDS_MAX: u8 = 3;
/// Requests of one registration: the question, its answer, and one more for a nonce that was too old.
const ROUNDS_MAX: u8 = 3;
/// What it registers at: the office has one domain, which every host means.
const URI: &str = "sip:127.0.0.1";

/// A phone.
#[derive(Debug)]
pub(super) struct Phone {
    socket: UdpSocket,
    local: SocketAddr,
    make: &'static Make,
    number: String,
    /// What was typed into it.
    pub(super) code: Secret,
    id: String,
    cseq: u32,
    challenge: Option<Kept>,
}

/// A challenge that may be answered again.
#[derive(Debug)]
struct Kept {
    value: Vec<u8>,
    uses: u32,
}

/// What it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// 200 and so on.
    pub(super) status: u16,
    /// For how many seconds it is registered.
    pub(super) granted: u32,
    /// In how many seconds it may try again.
    pub(super) retry_after: Option<u32>,
}

impl Phone {
    /// A phone of this make at an address of its own. Its id is in what nobody else may have: Call-ID, tag, branch, cnonce.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(super) async fn plugged_in(
        make: &'static Make,
        at: IpAddr,
        number: &str,
        code: Secret,
        id: [u8; 8],
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind((at, 0)).await?;
        let local = socket.local_addr()?;
        let id = HEXLOWER.encode(&id);
        Ok(Self { socket, local, make, number: number.into(), code, id, cseq: 0, challenge: None })
    }

    /// What it is.
    pub(super) const fn make(&self) -> &'static Make {
        self.make
    }

    /// Registers for so many seconds; 0 = logs out. `None` = nobody answers.
    ///
    /// # Errors
    /// The network is gone.
    pub(super) async fn register(&mut self, server: SocketAddr, seconds: u32) -> io::Result<Option<Told>> {
        let mut last = None;
        for _ in 0..ROUNDS_MAX {
            let proof = self.proof();
            let Some(answer) = self.ask(server, seconds, proof.as_deref()).await? else { return Ok(None) };
            let (told, challenge) = self.read(&answer, seconds);
            last = Some(told);
            let Some(value) = challenge.filter(|_| told.status == 401) else { break };
            self.challenge = Some(Kept { value, uses: 0 });
        }
        Ok(last)
    }

    /// The answer to the challenge that is known; `None` = none is, or none that is understood.
    fn proof(&mut self) -> Option<String> {
        let kept = self.challenge.as_mut()?;
        kept.uses += 1;
        let challenge = Challenge::parse(&kept.value).ok().flatten()?;
        let algorithm = computed(challenge.algorithm)?;
        let realm = String::from_utf8(challenge.realm.value().into_owned()).ok()?;
        let nonce = String::from_utf8(challenge.nonce.raw().to_vec()).ok()?;
        let mut proof = DigestProof {
            algorithm,
            nonce: nonce.as_bytes(),
            nonce_count: NonceCount::from(kept.uses),
            cnonce: self.id.as_bytes(),
            method: b"REGISTER",
            uri: URI.as_bytes(),
            response: b"",
            request_hash: None,
        };
        let keys = DigestKeys::derive(&self.number, &realm, self.code.reveal());
        let shown = response(&keys, &proof);
        proof.response = shown.as_bytes();
        Some(format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{URI}\", response=\"{}\", \
             algorithm={}, qop=auth, nc={:08x}, cnonce=\"{}\"",
            self.number,
            String::from_utf8_lossy(proof.response),
            algorithm.token(),
            kept.uses,
            self.id,
        ))
    }

    /// Sends a request until it is answered.
    async fn ask(
        &mut self,
        server: SocketAddr,
        seconds: u32,
        proof: Option<&str>,
    ) -> io::Result<Option<Vec<u8>>> {
        self.cseq += 1;
        let request = self.request(seconds, proof);
        let mut wait = AGAIN;
        for _ in 0..SENDS_MAX {
            self.socket.send_to(&request, server).await?;
            if let Ok(heard) = timeout(wait, self.hear(server)).await {
                return heard.map(Some);
            }
            wait *= 2;
        }
        Ok(None)
    }

    fn request(&self, seconds: u32, proof: Option<&str>) -> Vec<u8> {
        let Self { local, number, id, cseq, .. } = self;
        let mut out = Vec::new();
        let address = format!("sip:{number}@127.0.0.1");
        let mut writer = RequestWriter::start(&mut out, b"REGISTER", URI.as_bytes());
        writer
            .via(b"UDP", local.to_string().as_bytes(), format!("z9hG4bK{id}{cseq}").as_bytes())
            .number(HeaderName::MaxForwards, 70)
            .address(HeaderName::From, address.as_bytes(), id.as_bytes())
            .address(HeaderName::To, address.as_bytes(), b"")
            .header(HeaderName::CallId, format!("{id}@{}", local.ip()).as_bytes())
            .cseq(*cseq, b"REGISTER")
            .header(HeaderName::Contact, format!("<{}>", self.contact()).as_bytes())
            .number(HeaderName::Expires, u64::from(seconds))
            .header(HeaderName::UserAgent, self.make.agent.as_bytes());
        if let Some(proof) = proof {
            writer.header(HeaderName::Authorization, proof.as_bytes());
        }
        writer.finish();
        out
    }

    fn contact(&self) -> String {
        format!("sip:{}@{}", self.number, self.local)
    }

    /// The answer to the last request; what is left of earlier ones is passed over.
    async fn hear(&self, server: SocketAddr) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; MESSAGE_MAX];
        loop {
            let (count, from) = self.socket.recv_from(&mut buffer).await?;
            let heard = buffer.get(..count).unwrap_or_default();
            let mut headers = Headers::new();
            let is_mine = Message::parse(heard, &mut headers).is_ok_and(|message| {
                message.response().is_some()
                    && message.fields().cseq().is_ok_and(|cseq| cseq.number == self.cseq)
            });
            if from == server && is_mine {
                return Ok(heard.to_vec());
            }
        }
    }

    /// What an answer says, and the challenge in it that this phone would answer.
    fn read(&self, answer: &[u8], wished: u32) -> (Told, Option<Vec<u8>>) {
        let mut headers = Headers::new();
        let nothing = (Told { status: 400, granted: 0, retry_after: None }, None);
        let Ok(message) = Message::parse(answer, &mut headers) else { return nothing };
        let Some(heard) = message.response() else { return nothing };
        let contact = self.contact();
        let own = heard.fields.contacts().flatten().find(|own| own.address.uri.raw() == contact.as_bytes());
        let granted = own.and_then(|own| own.expires).unwrap_or(wished);
        let retry_after = heard.fields.first(HeaderName::RetryAfter).and_then(|value| {
            let digits = value.split(|byte| !byte.is_ascii_digit()).next()?;
            std::str::from_utf8(digits).ok()?.parse().ok()
        });
        let offered: Vec<_> = heard
            .fields
            .all(HeaderName::WwwAuthenticate)
            .filter_map(|(value, _)| {
                Some((value, computed(Challenge::parse(value).ok().flatten()?.algorithm)?))
            })
            .collect();
        let wanted = offered.iter().find(|(_, algorithm)| *algorithm == self.make.algorithm);
        let taken = wanted.or(offered.first()).map(|(value, _)| value.to_vec());
        (Told { status: heard.status, granted, retry_after }, taken)
    }
}

/// The algorithm, where it is one that phones compute.
const fn computed(algorithm: Algorithm) -> Option<DigestAlgorithm> {
    match algorithm {
        Algorithm::Sha256 => Some(DigestAlgorithm::Sha256),
        Algorithm::Md5 => Some(DigestAlgorithm::Md5),
        Algorithm::Md5Sess | Algorithm::Sha256Sess | Algorithm::Sha512T256 | Algorithm::Unknown => None,
    }
}
