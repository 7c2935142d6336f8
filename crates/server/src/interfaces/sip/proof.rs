//! Proof: what a request shows of its sender, and the attempt that it becomes (RFC 3261 section 22, RFC 7616, RFC 8760). A
//! phone that registers is asked by a registrar, one that calls by a proxy; the rules are the same.

use std::borrow::Cow;

use signin::{
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::TEXT_MAX,
    challenge::Freshness,
    digest::{DigestAlgorithm, DigestProof, NonceCount},
    extension::Domain,
    ident::ExtensionId,
    interface::LoginInterface,
    verdict::Verdict,
};
use store::fault;
use wire::sip::{Algorithm, DigestCredentials, Essentials, HeaderName, Method, Qop, Request, Uri};

use super::{Desk, Written, office::Office};
use crate::{dice::OsDice, flow::Judged};

/// Who asks for a proof, and in which words (RFC 3261 section 22.1).
#[derive(Debug)]
pub(super) struct Door {
    pub(super) status: u16,
    pub(super) reason: &'static str,
    /// The header of the challenge.
    pub(super) asks: HeaderName,
    /// The header of the answer.
    shows: HeaderName,
}

/// Where phones register.
pub(super) const REGISTRAR: Door = Door {
    status: 401,
    reason: "Unauthorized",
    asks: HeaderName::WwwAuthenticate,
    shows: HeaderName::Authorization,
};
/// Where everything else goes through.
pub(super) const PROXY: Door = Door {
    status: 407,
    reason: "Proxy Authentication Required",
    asks: HeaderName::ProxyAuthenticate,
    shows: HeaderName::ProxyAuthorization,
};

/// A proof that was judged.
pub(super) struct Shown<'a> {
    pub(super) number: Cow<'a, str>,
    pub(super) algorithm: DigestAlgorithm,
    pub(super) judged: Judged,
}

/// Who begins a call or a subscription, as proven.
pub(super) struct Caller<'a> {
    /// What the request says it is from.
    pub(super) uri: Uri<'a>,
    pub(super) extension: ExtensionId,
    pub(super) number: Cow<'a, str>,
}

impl Shown<'_> {
    /// The extension whose phone it proved to be.
    pub(super) const fn extension(&self) -> Option<ExtensionId> {
        match &self.judged.verdict {
            Verdict::Accept(accepted) => accepted.extension,
            Verdict::Challenge
            | Verdict::Reject
            | Verdict::Wait { .. }
            | Verdict::TooManySessions
            | Verdict::NewSecretFirst
            | Verdict::Unavailable => None,
        }
    }
}

impl Desk<'_> {
    /// Has the request judged, whose sender says to be `own`; or writes why there is nothing to judge.
    ///
    /// # Errors
    /// What was written: a challenge, or what is malformed.
    pub(super) fn prove<'a>(
        &mut self,
        office: &Office,
        request: &Request<'a>,
        essentials: &Essentials<'a>,
        (door, own): (&Door, &Uri<'a>),
        out: &mut Vec<u8>,
    ) -> Result<Shown<'a>, Written> {
        let system = &self.sip.system;
        let domain = &office.domain;
        let id = domain.id;
        let shown = request.fields.digest_in(door.shows, domain.realm.as_bytes());
        let shown = match &shown {
            Ok(Some(shown)) => shown,
            Ok(None) => return Err(self.ask(request, domain, (door, false), out)),
            Err(wrong) => return Err(self.malformed(request, wrong, out)),
        };
        let (Some(algorithm), Some(nonce_count)) =
            (algorithm(shown, domain), NonceCount::read(shown.nonce_count_raw))
        else {
            self.note_md5(request, shown, domain);
            return Err(self.ask(request, domain, (door, false), out));
        };
        if !is_meant_for(shown, request, essentials) {
            self.start(out, request, 400, "Digest URI Mismatch").finish();
            return Err(Written::ToAnybody);
        }
        let nonce = system.challenger.recognise(id, self.peer.ip(), shown.nonce.raw(), self.now);
        let Freshness::Fresh(nonce) = nonce else {
            return Err(self.ask(request, domain, (door, true), out));
        };
        // One's own extension only. Who shows another's name has shown nothing: the attempt goes its way with an answer
        // that no secret gives, and is counted like any other.
        let user = own.user_decoded().unwrap_or_default();
        let is_own = (own.host == essentials.uri.host || self.sip.domain_of(own) == id)
            && !shown.userhash
            && shown.user().is_some_and(|shown| shown == user);
        let number = text(user);
        let request_hash = (request.method == Method::Register)
            .then(|| self.scratch.request_hashes.of(algorithm, shown.uri.raw()))
            .flatten();
        let agent = agent(request);
        let attempt = Attempt {
            interface: LoginInterface::SipRegistration,
            domain: id,
            claim: Claim::Extension(&number),
            proof: Proof::Digest(
                nonce,
                DigestProof {
                    algorithm,
                    nonce: shown.nonce.raw(),
                    nonce_count,
                    cnonce: shown.cnonce.map_or(b"".as_slice(), |cnonce| cnonce.raw()),
                    method: request.method.as_bytes(),
                    uri: shown.uri.raw(),
                    response: if is_own { shown.response } else { b"" },
                    request_hash,
                },
            ),
            peer: Peer { address: self.peer.ip(), agent: &agent, device: "" },
            purpose: Purpose::Registration,
        };
        fault::at("sip.attempt");
        let judged = system.sign_in_now(&attempt, self.now, &mut OsDice);
        Ok(Shown { number, algorithm, judged })
    }

    /// Says a verdict that is not a yes.
    pub(super) fn refuse_proof(
        &mut self,
        request: &Request<'_>,
        domain: &Domain,
        door: &Door,
        verdict: &Verdict,
        out: &mut Vec<u8>,
    ) -> Written {
        match verdict {
            Verdict::Challenge => return self.ask(request, domain, (door, true), out),
            Verdict::Reject => self.forbidden(request, out),
            Verdict::Wait { until } => self.wait(request, *until, out),
            // Phones have no sessions and choose nothing; said so that every verdict has a word. Whoever proves to be a
            // phone is one of an extension.
            Verdict::Accept(_)
            | Verdict::TooManySessions
            | Verdict::NewSecretFirst
            | Verdict::Unavailable => {
                self.unavailable(request, out);
            }
        }
        Written::ToAnybody
    }

    /// Has the sender of a request that begins something judged, by the proxy's door.
    ///
    /// # Errors
    /// What was written: a challenge, a refusal, or what is malformed.
    pub(super) fn prove_caller<'a>(
        &mut self,
        office: &Office,
        request: &Request<'a>,
        essentials: &Essentials<'a>,
        out: &mut Vec<u8>,
    ) -> Result<Caller<'a>, Written> {
        let uri = match request.fields.from() {
            Ok(from) => from.uri,
            Err(wrong) => return Err(self.malformed(request, &wrong, out)),
        };
        let shown = self.prove(office, request, essentials, (&PROXY, &uri), out)?;
        let Some(extension) = shown.extension() else {
            let written = self.refuse_proof(request, &office.domain, &PROXY, &shown.judged.verdict, out);
            return Err(self.conclude(request, shown.judged, written));
        };
        // What a right proof leaves to be written makes nothing stricter if it is lost, so nobody waits for it.
        self.sip.system.metrics.signed_in(LoginInterface::SipRegistration, &shown.judged.verdict);
        Ok(Caller { uri, extension, number: shown.number })
    }

    /// What was written is said once what it stands for rests on disk.
    pub(super) fn conclude(&self, request: &Request<'_>, judged: Judged, written: Written) -> Written {
        if judged.durable.is_some() {
            let mut bad = Vec::new();
            self.unavailable(request, &mut bad);
            return Written::AfterDisk { judged, bad, is_proven: matches!(written, Written::ToProven) };
        }
        self.sip.system.metrics.signed_in(LoginInterface::SipRegistration, &judged.verdict);
        written
    }

    /// Remembers a phone that answered our challenge with MD5 where it is not allowed: it is asked again for ever, and
    /// somebody will want to know why.
    fn note_md5(&self, request: &Request<'_>, shown: &DigestCredentials<'_>, domain: &Domain) {
        let system = &self.sip.system;
        let is_md5 = matches!(shown.algorithm, Algorithm::Md5 | Algorithm::Md5Sess) && !domain.md5_allowed;
        // Only who has heard our challenge, so that nobody fills the list from an address that is not theirs.
        let is_answer = || {
            let nonce = system.challenger.recognise(domain.id, self.peer.ip(), shown.nonce.raw(), self.now);
            matches!(nonce, Freshness::Fresh(_))
        };
        if let Some(user) = shown.user().filter(|_| is_md5 && is_answer()) {
            let at = (self.peer.ip(), &*agent(request));
            system.ledger.note_old_hash(domain.id, &text(user), at, self.now);
        }
    }

    fn ask(
        &mut self,
        request: &Request<'_>,
        domain: &Domain,
        (door, stale): (&Door, bool),
        out: &mut Vec<u8>,
    ) -> Written {
        self.challenge(request, domain, (door, stale), out);
        Written::ToAnybody
    }
}

/// The hash of an answer as we asked for it: an algorithm that was offered, with `qop=auth`. Anything else is asked
/// again.
fn algorithm(shown: &DigestCredentials<'_>, domain: &Domain) -> Option<DigestAlgorithm> {
    if shown.qop != Qop::Auth {
        return None;
    }
    match shown.algorithm {
        Algorithm::Sha256 => Some(DigestAlgorithm::Sha256),
        Algorithm::Md5 if domain.md5_allowed => Some(DigestAlgorithm::Md5),
        Algorithm::Md5
        | Algorithm::Md5Sess
        | Algorithm::Sha256Sess
        | Algorithm::Sha512T256
        | Algorithm::Unknown => None,
    }
}

/// RFC 7616 section 3.4.6: the answer was made for this request. Proxies in front of us rewrite the Request-URI, so
/// the host that the phone registers at (To) will do too.
fn is_meant_for(shown: &DigestCredentials<'_>, request: &Request<'_>, essentials: &Essentials<'_>) -> bool {
    shown.is_for(request.uri_raw)
        || Uri::parse(shown.uri.raw()).is_ok_and(|uri| {
            let hosts = [essentials.uri.host, essentials.to.host].into_iter().flatten();
            uri.host.is_some_and(|shown| hosts.into_iter().any(|host| host.is_same(&shown)))
        })
}

/// Text, whatever it is; nearly always it is text already.
pub(super) fn text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// What the phone calls itself, cut to what is kept. Cleaned where it is kept: `AuditEvent::text`.
pub(super) fn agent<'a>(request: &Request<'a>) -> Cow<'a, str> {
    let raw = request.fields.user_agent().unwrap_or_default();
    text(Cow::Borrowed(raw.get(..raw.len().min(TEXT_MAX)).unwrap_or_default()))
}
