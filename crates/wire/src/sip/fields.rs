//! The headers of a message, read when asked for (RFC 3261 §20).
//!
//! Nothing here allocates. Headers that nobody asks for are never looked into.

use super::contact::saturate;
use super::credentials::{Credentials, DigestCredentials};
use super::headers::{Header, Headers};
use super::heading::{Heading, TopVia, part, span_of};
use super::parameters;
use super::scan::{self, Scan, TOKEN};
use super::{Address, Contact, HeaderName, Malformed, Method, Rule, Uri, Via};

/// Contacts in one request.
pub const CONTACTS_MAX: usize = 16;

/// The headers and the body of a message.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    headers: &'a Headers,
    /// The body: what Content-Length says, or all that came.
    pub body: &'a [u8],
    /// What came behind the body and stands for nothing (§18.3).
    pub behind: &'a [u8],
}

/// The sequence number and its method (§20.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Below 2^31.
    pub number: u32,
    /// The method, which must be the request's.
    pub method: Method<'a>,
}

/// The values of one header, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    fields: Fields<'a>,
    here: Option<(&'a [u8], usize, u8)>,
}

impl<'a> Iterator for Values<'a> {
    /// The value and its place in the message.
    type Item = (&'a [u8], usize);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (value, at, next) = self.here?;
        self.here = if next == 0 { None } else { self.fields.headers.next(next, self.fields.bytes) };
        Some((value, at))
    }
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8], headers: &'a Headers, body: &'a [u8]) -> Self {
        Self { bytes, headers, body, behind: b"" }
    }

    /// Whether something else than line breaks came behind the message.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.behind.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// The message as it came, from its first byte to the last of its body and what follows that.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether no header has a control character in it.
    #[inline]
    pub(crate) const fn is_clean(&self) -> bool {
        self.headers.is_clean
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.headers.rows(self.bytes)
    }

    /// All rows with this name, in order, with their places in the message.
    #[inline]
    #[must_use]
    pub fn all(&self, name: HeaderName) -> Values<'a> {
        Values { fields: *self, here: self.headers.first(name, self.bytes) }
    }

    /// The first row with this name.
    #[inline]
    #[must_use]
    pub fn first(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.headers.first(name, self.bytes).map(|(value, _, _)| value)
    }

    /// The first row with a name that is not in [`HeaderName`], without case.
    #[must_use]
    pub fn other(&self, name: &str) -> Option<&'a [u8]> {
        self.iter()
            .find(|header| header.name_raw.eq_ignore_ascii_case(name.as_bytes()))
            .map(|header| header.value)
    }

    /// The only row with this name and its place.
    ///
    /// # Errors
    /// [`Rule::Repeated`] if there are several (RFC 4475 multi01).
    #[inline]
    pub fn single(&self, name: HeaderName) -> Result<Option<(&'a [u8], usize)>, Malformed> {
        match self.headers.first(name, self.bytes) {
            None => Ok(None),
            Some((value, at, 0)) => Ok(Some((value, at))),
            Some((_, at, _)) => Err(Malformed::new(Rule::Repeated, at).within(name, 0)),
        }
    }

    #[inline]
    fn mandatory(&self, name: HeaderName) -> Result<(&'a [u8], usize), Malformed> {
        self.single(name)?.ok_or_else(|| Malformed::new(Rule::Missing, 0).within(name, 0))
    }

    /// The top Via.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn via(&self) -> Result<Via<'a>, Malformed> {
        let name = HeaderName::Via;
        let (value, at) =
            self.all(name).next().ok_or_else(|| Malformed::new(Rule::Missing, 0).within(name, 0))?;
        Via::parse(value).map_err(|wrong| wrong.within(name, at))
    }

    /// The branch of the top Via; `None` where it has none or cannot be read.
    #[must_use]
    pub fn branch(&self) -> Option<&'a [u8]> {
        let (value, via) = self.top_via().ok()?;
        via.branch(value)
    }

    /// The tag of To; `None` where it has none or cannot be read.
    #[must_use]
    pub fn tag_of_to(&self) -> Option<&'a [u8]> {
        let tag = self.heading().to.flatten()?;
        self.first(HeaderName::To).map(|value| part(value, tag))
    }

    /// The tag of From; `None` where it has none or cannot be read.
    #[must_use]
    pub fn tag_of_from(&self) -> Option<&'a [u8]> {
        match self.heading().from {
            Some(tag) => self.first(HeaderName::From).zip(tag).map(|(value, tag)| part(value, tag)),
            None => self.from().ok()?.tag,
        }
    }

    /// The value of the top Via, and what stands where in it.
    ///
    /// # Errors
    /// Missing or malformed.
    pub(crate) fn top_via(&self) -> Result<(&'a [u8], TopVia), Malformed> {
        match (self.first(HeaderName::Via), self.heading().via) {
            (Some(value), Some(via)) => Ok((value, via)),
            _ => match &self.via() {
                Err(wrong) => Err(*wrong),
                Ok(_) => Err(Malformed::new(Rule::ViaProtocol, 0).within(HeaderName::Via, 0)),
            },
        }
    }

    /// What answers copy; read at the first time of asking.
    pub(crate) fn heading(&self) -> Heading {
        if let Some(heading) = self.headers.heading.get() {
            return heading;
        }
        let via = self.via();
        let heading = Heading {
            via: via.as_ref().ok().and_then(|via| self.top(via)),
            to: self.to().ok().map(|to| self.tag(HeaderName::To, to.tag)),
            from: None,
        };
        self.headers.heading.set(Some(heading));
        heading
    }

    fn top(&self, via: &Via<'a>) -> Option<TopVia> {
        self.first(HeaderName::Via).and_then(|value| TopVia::of(value, via))
    }

    fn tag(&self, name: HeaderName, tag: Option<&[u8]>) -> Option<(u32, u32)> {
        self.first(name).zip(tag).and_then(|(value, tag)| span_of(value, tag))
    }

    /// Reads the top Via, To and From; gives back the URI of To, and keeps what answers copy.
    pub(crate) fn read_addresses(&self) -> Result<Uri<'a>, Malformed> {
        // By reference: what is read is large, and only little of it goes on from here.
        let (via, to) = (self.via(), self.to());
        let (via, to) = match (&via, &to) {
            (Ok(via), Ok(to)) => (via, to),
            (Err(wrong), _) | (_, Err(wrong)) => return Err(*wrong),
        };
        let from = match &self.address(HeaderName::From, Some(&to.uri)) {
            Ok(from) => self.tag(HeaderName::From, from.tag),
            Err(wrong) => return Err(*wrong),
        };
        let to_tag = self.tag(HeaderName::To, to.tag);
        self.headers.heading.set(Some(Heading { via: self.top(via), to: Some(to_tag), from: Some(from) }));
        Ok(to.uri)
    }

    /// From.
    ///
    /// # Errors
    /// Missing, repeated or malformed.
    pub fn from(&self) -> Result<Address<'a>, Malformed> {
        self.address(HeaderName::From, None)
    }

    /// To.
    ///
    /// # Errors
    /// Missing, repeated or malformed.
    pub fn to(&self) -> Result<Address<'a>, Malformed> {
        self.address(HeaderName::To, None)
    }

    fn address(&self, name: HeaderName, beside: Option<&Uri<'a>>) -> Result<Address<'a>, Malformed> {
        let (value, at) = self.mandatory(name)?;
        Address::parse_beside(value, beside).map_err(|wrong| wrong.within(name, at))
    }

    /// Call-ID.
    ///
    /// # Errors
    /// Missing, repeated or malformed.
    pub fn call_id(&self) -> Result<&'a [u8], Malformed> {
        let (value, at) = self.mandatory(HeaderName::CallId)?;
        if value.is_empty() || !scan::is_word_text(value) {
            return Err(Malformed::new(Rule::CallId, 0).within(HeaderName::CallId, at));
        }
        Ok(value)
    }

    /// CSeq.
    ///
    /// # Errors
    /// Missing, repeated or malformed.
    pub fn cseq(&self) -> Result<CSeq<'a>, Malformed> {
        let (value, at) = self.mandatory(HeaderName::CSeq)?;
        let mut scan = Scan::new(value);
        let fail = |rule, place| Err(Malformed::new(rule, place).within(HeaderName::CSeq, at));
        let number = match scan::decimal(scan.take(scan::DIGIT)).map(u32::try_from) {
            // §8.1.1.5: below 2^31.
            Some(Ok(number)) if number < 1 << 31 => number,
            _ => return fail(Rule::CSeqNumber, 0),
        };
        let before = scan.at();
        scan.skip_space();
        let method = scan.take(TOKEN);
        if scan.at() == before || method.is_empty() {
            return fail(Rule::Method, scan.at());
        }
        if !scan.is_done() {
            return fail(Rule::Trailing, scan.at());
        }
        Ok(CSeq { number, method: Method::of(method) })
    }

    /// A number alone in its header.
    fn number(&self, name: HeaderName, rule: Rule) -> Result<Option<u64>, Malformed> {
        let Some((value, at)) = self.single(name)? else { return Ok(None) };
        match scan::decimal(value) {
            Some(number) => Ok(Some(number)),
            None => Err(Malformed::new(rule, 0).within(name, at)),
        }
    }

    /// Content-Length.
    ///
    /// # Errors
    /// Repeated or malformed; a length no message can have is [`Rule::BodyShort`] later.
    pub fn content_length(&self) -> Result<Option<usize>, Malformed> {
        let length = self.number(HeaderName::ContentLength, Rule::ContentLength)?;
        Ok(length.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    }

    /// Max-Forwards, 0 to 255 (§20.22).
    ///
    /// # Errors
    /// Repeated or malformed.
    pub fn max_forwards(&self) -> Result<Option<u8>, Malformed> {
        let name = HeaderName::MaxForwards;
        let Some(number) = self.number(name, Rule::Number)? else { return Ok(None) };
        u8::try_from(number).map(Some).map_err(|_| {
            let at = self.all(name).next().map_or(0, |(_, at)| at);
            Malformed::new(Rule::Number, at).within(name, 0)
        })
    }

    /// Expires in seconds; too large numbers saturate.
    ///
    /// # Errors
    /// Repeated or malformed.
    pub fn expires(&self) -> Result<Option<u32>, Malformed> {
        Ok(self.number(HeaderName::Expires, Rule::Number)?.map(saturate))
    }

    /// Min-Expires in seconds; too large numbers saturate.
    ///
    /// # Errors
    /// Repeated or malformed.
    pub fn min_expires(&self) -> Result<Option<u32>, Malformed> {
        Ok(self.number(HeaderName::MinExpires, Rule::Number)?.map(saturate))
    }

    /// The elements of all rows of a header whose elements are addresses: Path, Route, Record-Route, Service-Route.
    pub fn addresses(
        &self,
        name: HeaderName,
    ) -> impl Iterator<Item = Result<Address<'a>, Malformed>> + use<'a> {
        Elements::new(self.all(name), name, |scan: &mut Scan<'a>| Address::scan(scan, |_| {}))
    }

    /// All Vias of all rows.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'a>, Malformed>> + use<'a> {
        Elements::new(self.all(HeaderName::Via), HeaderName::Via, Via::scan)
    }

    /// Whether there is one Via alone: nobody stands between us and who asked.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        let end = self.heading().via.map(|via| via.end as usize);
        matches!(self.single(HeaderName::Via), Ok(Some((value, _))) if end == Some(value.len()))
    }

    /// The contacts of all rows; `*` is an error here, see [`Fields::is_contact_star`].
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'a>, Malformed>> + use<'a> {
        Elements::new(self.all(HeaderName::Contact), HeaderName::Contact, Contact::scan)
    }

    /// Whether the only contact is `*`.
    #[must_use]
    pub fn is_contact_star(&self) -> bool {
        let mut rows = self.all(HeaderName::Contact);
        matches!(rows.next(), Some((b"*", _))) && rows.next().is_none()
    }

    /// The tokens of all rows of a header whose elements are tokens: Supported, Require, Proxy-Require, Allow,
    /// Unsupported. Empty elements are skipped; whether each is a token is not checked.
    pub fn tokens(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.all(name).flat_map(|(value, _)| {
            value.split(|&byte| byte == b',').map(scan::trim).filter(|word| !word.is_empty())
        })
    }

    /// Whether a header of tokens has this one, without case.
    #[must_use]
    pub fn has_token(&self, name: HeaderName, token: &str) -> bool {
        self.tokens(name).any(|found| found.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The credentials in Authorization, row by row.
    pub fn authorizations(&self) -> impl Iterator<Item = Result<Credentials<'a>, Malformed>> + use<'a> {
        self.credentials(HeaderName::Authorization)
    }

    /// The credentials in Authorization or Proxy-Authorization, row by row.
    pub fn credentials(
        &self,
        name: HeaderName,
    ) -> impl Iterator<Item = Result<Credentials<'a>, Malformed>> + use<'a> {
        self.all(name)
            .map(move |(value, at)| Credentials::parse(value).map_err(|wrong| wrong.within(name, at)))
    }

    /// What Authorization or Proxy-Authorization shows for a realm: the first Digest credentials that show anything.
    /// Those for other realms are for others, and whether those can be read is no matter here (RFC 3261 §22.3).
    ///
    /// # Errors
    /// Those for this realm, or for nobody knows which, are malformed.
    pub fn digest_in(
        &self,
        name: HeaderName,
        realm: &[u8],
    ) -> Result<Option<DigestCredentials<'a>>, Malformed> {
        for (value, at) in self.all(name) {
            match Credentials::parse(value) {
                Ok(Credentials::Digest(digest)) if *digest.realm.value() == *realm && !digest.is_blank() => {
                    return Ok(Some(digest));
                }
                Ok(Credentials::Digest(_) | Credentials::Other { .. }) => {}
                Err(_) if Credentials::names_realm(value, realm) == Some(false) => {}
                Err(wrong) => return Err(wrong.within(name, at)),
            }
        }
        Ok(None)
    }

    /// User-Agent as written: folded lines and any bytes may be in it.
    #[must_use]
    pub fn user_agent(&self) -> Option<&'a [u8]> {
        self.first(HeaderName::UserAgent)
    }
}

/// The elements of a list over all its rows; stops at the first error.
struct Elements<'a, F> {
    rows: Values<'a>,
    name: HeaderName,
    row: Option<(Scan<'a>, usize)>,
    parse: F,
}

impl<'a, F> Elements<'a, F> {
    const fn new(rows: Values<'a>, name: HeaderName, parse: F) -> Self {
        Self { rows, name, row: None, parse }
    }
}

impl<'a, T, F: FnMut(&mut Scan<'a>) -> Result<T, Malformed>> Iterator for Elements<'a, F> {
    type Item = Result<T, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (mut scan, at) = match self.row.take() {
            Some(row) => row,
            None => self.rows.next().map(|(value, at)| (Scan::new(value), at))?,
        };
        let element = (self.parse)(&mut scan).and_then(|element| {
            let more = parameters::next_element(&mut scan)?;
            Ok((element, more))
        });
        match element {
            Ok((element, more)) => {
                self.row = more.then_some((scan, at));
                Some(Ok(element))
            }
            Err(wrong) => {
                self.rows.here = None;
                Some(Err(wrong.within(self.name, at)))
            }
        }
    }
}
