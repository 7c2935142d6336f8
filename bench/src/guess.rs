//! REGISTERs one at a time: somebody asks for a challenge and answers it, mostly with a secret that is not right.

use std::net::Ipv4Addr;

use anyhow::Context as _;
use memchr::memmem;

use crate::digest;
use crate::shape::REALM;

/// One attempt at an extension.
pub(crate) struct Guess {
    /// Whom it claims to be.
    pub(crate) number: String,
    /// Where it comes from.
    pub(crate) from: Ipv4Addr,
    /// What it is told apart by.
    pub(crate) id: u32,
    /// Other than wrong ones: the secret.
    secret: Option<String>,
    transport: &'static str,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) id: u32,
    pub(crate) cseq: u32,
    pub(crate) status: u16,
    /// That of the MD5 challenge, if there is one.
    pub(crate) nonce: Vec<u8>,
}

impl Guess {
    pub(crate) fn new(number: u32, from: Ipv4Addr, id: u32) -> Self {
        Self { number: number.to_string(), from, id, secret: None, transport: "UDP" }
    }

    /// No guess at all: somebody who knows the secret, over TCP or TLS.
    pub(crate) fn by_stream(number: u32, id: u32, secret: String) -> Self {
        let from = Ipv4Addr::LOCALHOST;
        Self { number: number.to_string(), from, id, secret: Some(secret), transport: "TCP" }
    }

    /// The request without a proof.
    pub(crate) fn ask(&self, port: u16) -> Vec<u8> {
        self.write(port, 1, "")
    }

    /// The request with a proof of the wrong secret. `nonce` may be anything.
    pub(crate) fn answer(&self, port: u16, nonce: &[u8], cseq: u32) -> Vec<u8> {
        let uri = format!("sip:{REALM}");
        let secret = self.secret.clone().unwrap_or_else(|| format!("a guess {}", self.id));
        let keys = (digest::ha1(&self.number, REALM, &secret), digest::ha2("REGISTER", uri.as_bytes()));
        let response = digest::response(&keys.0, nonce, b"00000001", b"6b8b4567", &keys.1);
        let proof = format!(
            "Authorization: Digest username=\"{}\", realm=\"{REALM}\", nonce=\"{}\", uri=\"{uri}\", \
             response=\"{}\", algorithm=MD5, cnonce=\"6b8b4567\", qop=auth, nc=00000001\r\n",
            self.number,
            String::from_utf8_lossy(nonce),
            String::from_utf8_lossy(&response),
        );
        self.write(port, cseq, &proof)
    }

    fn write(&self, port: u16, cseq: u32, proof: &str) -> Vec<u8> {
        let Self { number, from, id, transport, .. } = self;
        format!(
            "REGISTER sip:{REALM} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {from}:{port};branch=z9hG4bK{id:08x}{cseq:08x};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{REALM}>;tag={id:08x}\r\nTo: <sip:{number}@{REALM}>\r\n\
             Call-ID: {id:08x}@{from}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{number}@{from}:{port}>\r\n\
             User-Agent: Yealink SIP-T46U 108.86.0.90\r\nExpires: 3600\r\n{proof}Content-Length: 0\r\n\r\n"
        )
        .into_bytes()
    }
}

impl Answer {
    pub(crate) fn read(datagram: &[u8]) -> anyhow::Result<Self> {
        Self::parse(datagram).with_context(|| format!("no answer: {}", String::from_utf8_lossy(datagram)))
    }

    fn parse(datagram: &[u8]) -> Option<Self> {
        let status = std::str::from_utf8(datagram.strip_prefix(b"SIP/2.0 ")?.get(..3)?).ok()?.parse().ok()?;
        let branch = memmem::find(datagram, b"branch=z9hG4bK")? + 14;
        let mut bytes = [0; 8];
        data_encoding::HEXLOWER.decode_mut(datagram.get(branch..branch + 16)?, &mut bytes).ok()?;
        let both = u64::from_be_bytes(bytes);
        let (id, cseq) = (u32::try_from(both >> 32).ok()?, u32::try_from(both & 0xffff_ffff).ok()?);
        Some(Self { id, cseq, status, nonce: md5_nonce(datagram).unwrap_or_default().to_vec() })
    }
}

/// The nonce of the challenge for MD5, which may stand beside others.
fn md5_nonce(datagram: &[u8]) -> Option<&[u8]> {
    memmem::find_iter(datagram, b"WWW-Authenticate: Digest ")
        .filter_map(|at| {
            let line = datagram.get(at..)?;
            let line = line.get(..memchr::memchr(b'\r', line)?)?;
            let nonce = line.get(memmem::find(line, b"nonce=\"")? + 7..)?;
            let nonce = nonce.get(..memchr::memchr(b'"', nonce)?)?;
            memmem::find(line, b"algorithm=SHA-").is_none().then_some(nonce)
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_known_again_by_its_answer() {
        let guess = Guess::new(201, Ipv4Addr::LOCALHOST, 77);
        let asked = String::from_utf8(guess.answer(5060, b"abc", 2)).unwrap();
        assert!(asked.contains("nonce=\"abc\"") && asked.ends_with("\r\n\r\n"), "{asked}");
        let via = asked.lines().find(|line| line.starts_with("Via")).unwrap();
        let answer = format!(
            "SIP/2.0 401 Unauthorized\r\n{via}\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"one\", \
             algorithm=SHA-256\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"two\", algorithm=MD5\r\n\r\n"
        );
        let answer = Answer::read(answer.as_bytes()).unwrap();
        assert_eq!(
            (answer.id, answer.cseq, answer.status, answer.nonce.as_slice()),
            (77, 2, 401, &b"two"[..])
        );
    }
}
