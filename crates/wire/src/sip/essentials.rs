//! What every request must have, read and checked in one go (RFC 3261 §8.1.1, §8.2).

use super::{CSeq, HeaderName, Malformed, Method, Request, Rule, Scheme, Uri};

/// What is to be known of the headers that every request must have. Top Via, From and Call-ID are read with them and
/// must be right, but nobody goes by them.
#[derive(Clone, Debug)]
pub struct Essentials<'a> {
    /// The Request-URI.
    pub uri: Uri<'a>,
    /// The URI of To.
    pub to: Uri<'a>,
    /// CSeq; its method is the request's.
    pub cseq: CSeq<'a>,
    /// Max-Forwards; clients of RFC 2543 send none.
    pub max_forwards: Option<u8>,
}

/// What a server refuses before it looks at what is asked (§8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// 405, with Allow (§8.2.1).
    MethodNotAllowed,
    /// 416 (§8.2.2.1).
    UnsupportedScheme,
    /// 420, with Unsupported (§8.2.2.3).
    BadExtension,
}

impl Unfit {
    /// Status code and reason phrase of the answer.
    #[must_use]
    pub const fn answer(self) -> (u16, &'static str) {
        match self {
            Self::MethodNotAllowed => (405, "Method Not Allowed"),
            Self::UnsupportedScheme => (416, "Unsupported URI Scheme"),
            Self::BadExtension => (420, "Bad Extension"),
        }
    }
}

impl<'a> Request<'a> {
    /// Reads what every request must have.
    ///
    /// # Errors
    /// The first that is missing or malformed.
    pub fn essentials(&self) -> Result<Essentials<'a>, Malformed> {
        let fields = &self.fields;
        let cseq = fields.cseq()?;
        if cseq.method != self.method {
            return Err(Malformed::new(Rule::CSeqMethod, 0).within(HeaderName::CSeq, 0));
        }
        let uri = self.uri()?;
        let to = fields.read_addresses()?;
        fields.call_id()?;
        Ok(Essentials { uri, to, cseq, max_forwards: fields.max_forwards()? })
    }

    /// Reads everything this house can read, whether it is needed or not: what a test of a whole message asks.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<Essentials<'a>, Malformed> {
        let essentials = self.essentials()?;
        let fields = &self.fields;
        fields.vias().try_for_each(|via| via.map(drop))?;
        for name in [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path, HeaderName::ServiceRoute] {
            fields.addresses(name).try_for_each(|address| address.map(drop))?;
        }
        if !fields.is_contact_star() {
            fields.contacts().try_for_each(|contact| contact.map(drop))?;
        }
        fields.expires()?;
        fields.single(HeaderName::ContentType)?;
        fields.authorizations().try_for_each(|credentials| credentials.map(drop))?;
        fields
            .credentials(HeaderName::ProxyAuthorization)
            .try_for_each(|credentials| credentials.map(drop))?;
        Ok(essentials)
    }

    /// What a server that knows these methods and extensions refuses at once; ACK and CANCEL are never refused for
    /// their Require (§8.2.2.3).
    ///
    /// # Errors
    /// The Request-URI is malformed.
    pub fn unfit(&self, methods: &[Method<'_>], extensions: &[&str]) -> Result<Option<Unfit>, Malformed> {
        if !methods.contains(&self.method) {
            return Ok(Some(Unfit::MethodNotAllowed));
        }
        Ok(self.unfit_for(&self.uri()?, methods, extensions))
    }

    /// Whether the Request-URI is of a scheme that nobody can be called by here (§16.3 step 2).
    #[must_use]
    pub const fn unfit_scheme(&self, uri: &Uri<'_>) -> Option<Unfit> {
        match uri.scheme {
            Scheme::Sip | Scheme::Sips => None,
            Scheme::Tel | Scheme::Other => Some(Unfit::UnsupportedScheme),
        }
    }

    /// The same where the Request-URI has been read already.
    pub fn unfit_for(&self, uri: &Uri<'_>, methods: &[Method<'_>], extensions: &[&str]) -> Option<Unfit> {
        let is_known = |tag: &[u8]| extensions.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes()));
        if !methods.contains(&self.method) {
            Some(Unfit::MethodNotAllowed)
        } else if !matches!(uri.scheme, Scheme::Sip | Scheme::Sips) {
            Some(Unfit::UnsupportedScheme)
        } else if !matches!(self.method, Method::Ack | Method::Cancel)
            && !self.fields.tokens(HeaderName::Require).all(is_known)
        {
            Some(Unfit::BadExtension)
        } else {
            None
        }
    }
}
