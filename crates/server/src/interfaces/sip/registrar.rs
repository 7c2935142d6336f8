//! The registrar's front: who registers, and may they (RFC 3261 section 10.3, steps 1 and 3 to 5; RFC 7616; RFC 8760).
//!
//! What is decided is decided in `signin`; here a REGISTER becomes an attempt and a verdict an answer.

use std::borrow::Cow;

use signin::{
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::TEXT_MAX,
    challenge::Freshness,
    digest::{DigestAlgorithm, DigestProof, NonceCount},
    extension::Domain,
    interface::LoginInterface,
    policy::RegistrationRules,
    verdict::Verdict,
};
use store::fault;
use wire::sip::{Algorithm, DigestCredentials, Essentials, Method, Qop, Request, Uri};

use super::{Desk, Written, bindings::Signed, office::Office};
use crate::{dice::OsDice, flow::Judged};

/// What a request shows of its phone.
struct Shown<'a> {
    number: &'a str,
    algorithm: DigestAlgorithm,
    cseq: u32,
    rules: &'a RegistrationRules,
}

impl Desk<'_> {
    pub(super) fn register(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        // Step 1: the Request-URI names the domain.
        let last = self.scratch.office.take().filter(|last| last.is_meant(&essentials.uri, self.sip));
        let Some(office) = last.or_else(|| Office::of(&essentials.uri, self.sip)) else {
            // Not ignited yet: there is nobody to be.
            self.unavailable(request, out);
            return Written::ToAnybody;
        };
        let written = self.register_at(&office, request, essentials, out);
        self.scratch.office = Some(office);
        written
    }

    fn register_at(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        let system = &self.sip.system;
        let Office { domain, rules, .. } = office;
        let id = domain.id;
        // Step 3: who is it?
        let shown = request.fields.digest_for(domain.realm.as_bytes());
        let shown = match &shown {
            Ok(Some(shown)) => shown,
            Ok(None) => return self.ask(request, domain, false, out),
            Err(wrong) => return self.malformed(request, wrong, out),
        };
        let (Some(algorithm), Some(nonce_count)) =
            (algorithm(shown, domain), NonceCount::read(shown.nonce_count_raw))
        else {
            self.note_md5(request, shown, domain);
            return self.ask(request, domain, false, out);
        };
        if !is_meant_for(shown, request, essentials) {
            self.start(out, request, 400, "Digest URI Mismatch").finish();
            return Written::ToAnybody;
        }
        let nonce = system.challenger.recognise(id, self.peer.ip(), shown.nonce.raw(), self.now);
        let Freshness::Fresh(nonce) = nonce else {
            return self.ask(request, domain, true, out);
        };
        // Steps 4 and 5: one's own extension only. Who shows another's name has shown nothing: the attempt goes
        // its way with an answer that no secret gives, and is counted like any other.
        let user = essentials.to.user_decoded().unwrap_or_default();
        let is_own = (essentials.to.host == essentials.uri.host || self.sip.domain_of(&essentials.to) == id)
            && !shown.userhash
            && shown.user().is_some_and(|shown| shown == user);
        let number = text(&user);
        let request_hash = self.scratch.request_hashes.of(algorithm, shown.uri.raw());
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
                    method: Method::Register.as_bytes(),
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
        let shown = Shown { number: &number, algorithm, cseq: essentials.cseq.number, rules };
        self.say(request, domain, &shown, judged, out)
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
            system.ledger.note_old_hash(domain.id, &text(&user), at, self.now);
        }
    }

    /// Says a verdict; at once, or when it rests on disk.
    fn say(
        &mut self,
        request: &Request<'_>,
        domain: &Domain,
        shown: &Shown<'_>,
        judged: Judged,
        out: &mut Vec<u8>,
    ) -> Written {
        let written = match &judged.verdict {
            Verdict::Accept(accepted) => match accepted.extension {
                Some(extension) => {
                    let Shown { number, algorithm, cseq, rules } = *shown;
                    let signed = Signed { domain: domain.id, number, extension, algorithm, cseq, rules };
                    self.bind(request, &signed, out);
                    Written::ToProven
                }
                // Whoever proves to be a phone is one of an extension.
                None => {
                    self.unavailable(request, out);
                    Written::ToAnybody
                }
            },
            Verdict::Challenge => self.ask(request, domain, true, out),
            Verdict::Reject => {
                self.forbidden(request, out);
                Written::ToAnybody
            }
            Verdict::Wait { until } => {
                self.wait(request, *until, out);
                Written::ToAnybody
            }
            // Phones have no sessions and choose nothing; said so that every verdict has a word.
            Verdict::TooManySessions | Verdict::NewSecretFirst | Verdict::Unavailable => {
                self.unavailable(request, out);
                Written::ToAnybody
            }
        };
        if judged.durable.is_some() {
            let mut bad = Vec::new();
            self.unavailable(request, &mut bad);
            return Written::AfterDisk { judged, bad, is_proven: matches!(written, Written::ToProven) };
        }
        self.sip.system.metrics.signed_in(LoginInterface::SipRegistration, &judged.verdict);
        written
    }

    fn ask(&mut self, request: &Request<'_>, domain: &Domain, stale: bool, out: &mut Vec<u8>) -> Written {
        self.challenge(request, domain, stale, out);
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
fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// What the phone calls itself, cut to what is kept. Cleaned where it is kept: `AuditEvent::text`.
fn agent<'a>(request: &Request<'a>) -> Cow<'a, str> {
    let raw = request.fields.user_agent().unwrap_or_default();
    text(raw.get(..raw.len().min(TEXT_MAX)).unwrap_or_default())
}
