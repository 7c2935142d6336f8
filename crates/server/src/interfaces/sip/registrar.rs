//! The registrar's front: who registers, and may they (RFC 3261 section 10.3, steps 1 and 3 to 5).
//!
//! What is decided is decided in `signin`; here a REGISTER becomes an attempt and a verdict an answer.

use wire::sip::{Essentials, Request};

use super::{Desk, Written, bindings::Signed, office::Office, proof::REGISTRAR};

impl Desk<'_> {
    pub(super) fn register(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        // Step 1: the Request-URI names the domain.
        let Some(office) = self.take_office(&essentials.uri) else {
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
        // Steps 3 to 5: who is it, and may they?
        let shown = match self.prove(office, request, essentials, (&REGISTRAR, &essentials.to), out) {
            Ok(shown) => shown,
            Err(written) => return written,
        };
        let written = match shown.extension() {
            Some(extension) => {
                let signed = Signed {
                    domain: office.domain.id,
                    number: &shown.number,
                    extension,
                    algorithm: shown.algorithm,
                    cseq: essentials.cseq.number,
                    rules: &office.rules,
                };
                self.bind(request, &signed, out);
                Written::ToProven
            }
            None => self.refuse_proof(request, &office.domain, &REGISTRAR, &shown.judged.verdict, out),
        };
        self.conclude(request, shown.judged, written)
    }
}
