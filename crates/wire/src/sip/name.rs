//! The header names this house knows, their compact forms (RFC 3261 §20, RFC 3265 and others), and how to find
//! one of them fast.

use super::scan::is_word;
use super::word::{self, WORD, Words};

macro_rules! header_names {
    ($($(#[$doc:meta])* $name:ident = $text:literal $(/ $compact:literal)?,)*) => {
        /// A header's name; names that are not known are `Other` and kept as bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum HeaderName {
            $(#[doc = $text] $name,)*
            /// Any other.
            Other,
        }

        impl HeaderName {
            /// The usual spelling; `?` for [`HeaderName::Other`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other => "?" }
            }
        }

        const LONG: &[(&[u8], HeaderName)] = &[$(($text.as_bytes(), HeaderName::$name),)*];
        const COMPACT: &[(u8, HeaderName)] = &[$($(($compact, HeaderName::$name),)?)*];
    };
}

header_names! {
    Accept = "Accept",
    AcceptContact = "Accept-Contact" / b'a',
    AcceptEncoding = "Accept-Encoding",
    AcceptLanguage = "Accept-Language",
    AlertInfo = "Alert-Info",
    Allow = "Allow",
    AllowEvents = "Allow-Events" / b'u',
    AuthenticationInfo = "Authentication-Info",
    Authorization = "Authorization",
    CallId = "Call-ID" / b'i',
    CallInfo = "Call-Info",
    Contact = "Contact" / b'm',
    ContentDisposition = "Content-Disposition",
    ContentEncoding = "Content-Encoding" / b'e',
    ContentLanguage = "Content-Language",
    ContentLength = "Content-Length" / b'l',
    ContentType = "Content-Type" / b'c',
    CSeq = "CSeq",
    Date = "Date",
    ErrorInfo = "Error-Info",
    Event = "Event" / b'o',
    Expires = "Expires",
    FlowTimer = "Flow-Timer",
    From = "From" / b'f',
    Identity = "Identity" / b'y',
    InReplyTo = "In-Reply-To",
    MaxForwards = "Max-Forwards",
    MimeVersion = "MIME-Version",
    MinExpires = "Min-Expires",
    MinSe = "Min-SE",
    Organization = "Organization",
    PAssertedIdentity = "P-Asserted-Identity",
    PPreferredIdentity = "P-Preferred-Identity",
    Path = "Path",
    Priority = "Priority",
    Privacy = "Privacy",
    ProxyAuthenticate = "Proxy-Authenticate",
    ProxyAuthorization = "Proxy-Authorization",
    ProxyRequire = "Proxy-Require",
    Reason = "Reason",
    RecordRoute = "Record-Route",
    ReferTo = "Refer-To" / b'r',
    ReferredBy = "Referred-By" / b'b',
    RejectContact = "Reject-Contact" / b'j',
    Replaces = "Replaces",
    ReplyTo = "Reply-To",
    Require = "Require",
    RetryAfter = "Retry-After",
    Route = "Route",
    Server = "Server",
    ServiceRoute = "Service-Route",
    SessionExpires = "Session-Expires" / b'x',
    Subject = "Subject" / b's',
    SubscriptionState = "Subscription-State",
    Supported = "Supported" / b'k',
    Timestamp = "Timestamp",
    To = "To" / b't',
    Unsupported = "Unsupported",
    UserAgent = "User-Agent",
    Via = "Via" / b'v',
    Warning = "Warning",
    WwwAuthenticate = "WWW-Authenticate",
}

/// How many names there are, `Other` included.
pub(crate) const NAMES: usize = LONG.len() + 1;

/// The names of up to [`WORD`] bytes.
static SHORT: Words<{ LONG.len() }> = Words::new(&texts());

/// Letter → the name whose compact form it is. Built by the compiler.
static LETTERS: [HeaderName; 26] = letters();

#[expect(clippy::indexing_slicing, reason = "run by the compiler, which checks it")]
const fn texts() -> [&'static [u8]; LONG.len()] {
    let mut texts: [&[u8]; LONG.len()] = [b""; LONG.len()];
    let mut index = 0;
    while index < LONG.len() {
        texts[index] = LONG[index].0;
        index += 1;
    }
    texts
}

#[expect(clippy::indexing_slicing, reason = "run by the compiler, which checks it")]
const fn letters() -> [HeaderName; 26] {
    let mut letters = [HeaderName::Other; 26];
    let mut index = 0;
    while index < COMPACT.len() {
        letters[(COMPACT[index].0 - b'a') as usize] = COMPACT[index].1;
        index += 1;
    }
    letters
}

impl HeaderName {
    /// The name these bytes, a token, spell: long or compact, in any case.
    #[inline]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut head = [0; WORD];
        match head.get_mut(..bytes.len()) {
            Some(start) => {
                start.copy_from_slice(bytes);
                Self::of_word(u128::from_le_bytes(head), bytes.len())
            }
            None => LONG.iter().find(|(text, _)| is_word(bytes, text)).map_or(Self::Other, |(_, name)| *name),
        }
    }

    /// The name at the start of a line that has its colon right behind it, and the name's length; `None` where that
    /// has to be read byte by byte: for an unknown or very long name, or white space.
    #[inline]
    pub(crate) fn before_colon(head: [u8; WORD]) -> Option<(Self, usize)> {
        let word = u128::from_le_bytes(head);
        let length = word::find(word, b':').filter(|length| *length > 0)?;
        let name = Self::of_word(word, length);
        (name != Self::Other).then_some((name, length))
    }

    /// The name that the first `length` bytes of `word` spell; one byte at least.
    #[inline]
    fn of_word(word: u128, length: usize) -> Self {
        if length <= 1 {
            let letter = word.to_le_bytes()[0].to_ascii_lowercase();
            let place = usize::from(letter.wrapping_sub(b'a'));
            return LETTERS.get(place).copied().filter(|_| length == 1).unwrap_or(Self::Other);
        }
        SHORT.find(word, length).and_then(|index| LONG.get(index)).map_or(Self::Other, |(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_in_its_compact_form() {
        for (text, name) in LONG {
            assert_eq!(HeaderName::of(text), *name);
            assert_eq!(HeaderName::of(&text.to_ascii_uppercase()), *name);
            assert_eq!(HeaderName::of(&[text, &b"x"[..]].concat()), HeaderName::Other, "{name:?}");
        }
        for (letter, name) in COMPACT {
            assert_eq!(HeaderName::of(&[*letter]), *name);
            assert_eq!(HeaderName::of(&[letter.to_ascii_uppercase()]), *name);
        }
        for other in [&b"X-Vendor"[..], b"", b"1", b"z", b"Call\rID", b"Call ID", b"CSe\x51", b"cse\x11"] {
            let known = other.eq_ignore_ascii_case(b"CSeq");
            assert_eq!(HeaderName::of(other) != HeaderName::Other, known, "{other:?}");
        }
    }

    #[test]
    fn a_name_before_its_colon_is_the_same_name() {
        for (text, name) in LONG {
            let line = [text, &b": a:b some value"[..]].concat();
            let head = *line.first_chunk().unwrap();
            let expected = (text.len() < WORD).then_some((*name, text.len()));
            assert_eq!(HeaderName::before_colon(head), expected, "{name:?}");
            assert_eq!(HeaderName::before_colon(head.map(|byte| byte.to_ascii_uppercase())), expected);
        }
        assert_eq!(HeaderName::before_colon(*b"m:<sip:a@b>;q=1\r"), Some((HeaderName::Contact, 1)));
        for none in [
            &b": no name at all"[..],
            b"Via : spaced out",
            b"X-Vendor: 1234\r\n",
            b"Call\rID: 1\r\n    ",
            b"no colon at all ",
        ] {
            assert_eq!(HeaderName::before_colon(*none.first_chunk().unwrap()), None);
        }
    }
}
