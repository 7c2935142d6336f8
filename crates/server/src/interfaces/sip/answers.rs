//! Answers: how each verdict is said to a phone (docs/decisions/0004), byte for byte the same for everybody.

use std::hash::{BuildHasher as _, Hasher as _};

use signin::{digest::DigestAlgorithm, extension::Domain, timestamp::Timestamp};
use wire::sip::{Algorithm, AnswerWriter, HeaderName, NewChallenge, Request};

use super::{Desk, bindings::hash_row, proof::Door};

/// When to come back after a fault of ours, in seconds.
const FAULT_SECONDS: u64 = 5;
/// When to come back where only an administrator can help, in seconds.
const PERMANENT_SECONDS: u64 = 3600;

/// The tag of our answers to a request.
pub(super) type Tag = [u8; 11];

impl Desk<'_> {
    /// Starts an answer: what section 8.2.6.2 copies from the request, and a tag.
    pub(super) fn start<'b>(
        &self,
        out: &'b mut Vec<u8>,
        request: &Request<'_>,
        status: u16,
        reason: &str,
    ) -> AnswerWriter<'b> {
        let tag = self.tag(request);
        AnswerWriter::start(out, request, status, reason.as_bytes(), self.peer, &tag)
    }

    /// The tag of our answers to a request.
    pub(super) fn tag(&self, request: &Request<'_>) -> Tag {
        let fields = &request.fields;
        // What tells a retransmission from another request: the branch, and for old clients the rest.
        let mut hasher = self.sip.tags.build_hasher();
        for name in [HeaderName::Via, HeaderName::CallId, HeaderName::CSeq, HeaderName::From] {
            hash_row(&mut hasher, fields.first(name));
        }
        in_letters(hasher.finish())
    }

    /// 401, or 407 (RFC 8760 section 2.3): the stronger algorithm first, MD5 only where the domain allows it, and alone for
    /// phones that give up at the sight of anything else. Where two challenges are too much for a short request, the
    /// strongest that is not: with none, the phone would never get any further.
    pub(super) fn challenge(
        &mut self,
        request: &Request<'_>,
        domain: &Domain,
        (door, stale): (&Door, bool),
        out: &mut Vec<u8>,
    ) {
        let nonce = self.sip.system.challenger.nonce(domain.id, self.peer.ip(), self.now);
        let agent = request.fields.user_agent().unwrap_or_default();
        let sha256 = domain.offers(DigestAlgorithm::Sha256, agent).then_some(Algorithm::Sha256);
        let md5 = domain.offers(DigestAlgorithm::Md5, agent).then_some(Algorithm::Md5);
        let choices = [[sha256, md5], [sha256, None], [md5, None]];
        for choice in choices.into_iter().filter(|choice| *choice != [None; 2]) {
            let mut answer = self.start(out, request, door.status, door.reason);
            for algorithm in choice.into_iter().flatten() {
                let challenge = NewChallenge {
                    realm: domain.realm.as_bytes(),
                    nonce: nonce.as_bytes(),
                    opaque: b"",
                    algorithm,
                    stale,
                };
                answer.challenge_as(door.asks, &challenge);
            }
            if answer.finish().len() <= self.room {
                return;
            }
        }
    }

    /// 403: no, whatever the reason is.
    pub(super) fn forbidden(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        self.start(out, request, 403, "Forbidden").finish();
    }

    /// 503: not now, because of a lock.
    pub(super) fn wait(&self, request: &Request<'_>, until: Option<Timestamp>, out: &mut Vec<u8>) {
        let seconds = until.map_or(PERMANENT_SECONDS, |until| self.now.seconds_until(until));
        self.come_back(request, seconds.max(1), out);
    }

    /// 503: not now, because of a fault of ours.
    pub(super) fn unavailable(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        self.come_back(request, FAULT_SECONDS, out);
    }

    fn come_back(&self, request: &Request<'_>, seconds: u64, out: &mut Vec<u8>) {
        let mut answer = self.start(out, request, 503, "Service Unavailable");
        answer.number(HeaderName::RetryAfter, seconds);
        answer.finish();
    }
}

/// A number in eleven characters that a token may have, six bits each.
fn in_letters(number: u64) -> Tag {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::array::from_fn(|place| {
        let bits = number >> (place * 6) & 63;
        LETTERS.get(usize::try_from(bits).unwrap_or(0)).copied().unwrap_or(b'A')
    })
}
