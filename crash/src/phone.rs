//! A phone that registers over UDP, from any address of the loopback network.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use signin::digest::{DigestAlgorithm, DigestKeys, DigestProof, response};
use tokio::{net::UdpSocket, time::timeout};

use crate::program::REALM;

/// How long an answer is waited for where one must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A phone.
pub(crate) struct Phone {
    socket: UdpSocket,
    local: SocketAddr,
    number: String,
    count: u32,
}

impl Phone {
    pub(crate) async fn at(address: Ipv4Addr, server: SocketAddr, number: &str) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((address, 0)).await?;
        socket.connect(server).await?;
        Ok(Self { local: socket.local_addr()?, socket, number: number.into(), count: 0 })
    }

    /// Registers with a code; the status of the answer, `None` when none came in time.
    pub(crate) async fn register(&mut self, code: &str, patience: Duration) -> anyhow::Result<Option<u16>> {
        let Some(nonce) = self.challenge(patience).await? else { return Ok(None) };
        self.answer(&nonce, code, patience).await
    }

    /// Asks for a nonce.
    pub(crate) async fn challenge(&mut self, patience: Duration) -> anyhow::Result<Option<String>> {
        let Some(answer) = self.send("", patience).await? else { return Ok(None) };
        let line = answer.lines().find(|line| line.contains("SHA-256") && line.contains("nonce=\""));
        let nonce = line.and_then(|line| line.split("nonce=\"").nth(1)?.split('"').next());
        Ok(Some(nonce.with_context(|| format!("no challenge: {answer}"))?.to_owned()))
    }

    /// Shows a code for a nonce.
    pub(crate) async fn answer(
        &mut self,
        nonce: &str,
        code: &str,
        patience: Duration,
    ) -> anyhow::Result<Option<u16>> {
        let uri = format!("sip:{REALM}");
        let keys = DigestKeys::derive(&self.number, REALM, code);
        let proof = DigestProof {
            algorithm: DigestAlgorithm::Sha256,
            nonce: nonce.as_bytes(),
            nonce_count: 1.into(),
            cnonce: b"c",
            method: b"REGISTER",
            uri: uri.as_bytes(),
            response: b"",
            request_hash: None,
        };
        let answer = response(&keys, &proof);
        let answer = String::from_utf8_lossy(answer.as_bytes()).into_owned();
        let shown = format!(
            "Authorization: Digest username=\"{}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{answer}\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\"\r\n",
            self.number
        );
        let answer = self.send(&shown, patience).await?;
        Ok(answer.and_then(|answer| answer.split_whitespace().nth(1)?.parse().ok()))
    }

    async fn send(&mut self, more: &str, patience: Duration) -> anyhow::Result<Option<String>> {
        self.count += 1;
        let (count, local, number) = (self.count, self.local, &self.number);
        let request = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{count}\r\n\
             From: <sip:{number}@{REALM}>;tag=t\r\nTo: <sip:{number}@{REALM}>\r\nCall-ID: {local}\r\n\
             CSeq: {count} REGISTER\r\nContact: <sip:{number}@{local}>\r\nMax-Forwards: 70\r\nExpires: 3600\r\n\
             User-Agent: crash\r\n{more}Content-Length: 0\r\n\r\n"
        );
        if self.socket.send(request.as_bytes()).await.is_err() {
            // Nobody is there (any more).
            return Ok(None);
        }
        let mut buffer = vec![0; 8192];
        let wanted = format!("CSeq: {count} ");
        loop {
            let Ok(received) = timeout(patience, self.socket.recv(&mut buffer)).await else {
                return Ok(None);
            };
            let Ok(length) = received else { return Ok(None) };
            let answer = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
            if answer.contains(&wanted) {
                return Ok(Some(answer));
            }
        }
    }
}
