//! The header names this house knows, their compact forms (RFC 3261 §20, RFC 3265 and others), and how to find
//! one of them fast.

use super::scan::is_word;

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

const SLOTS: usize = 256;

/// Open addressing: `slot → index in LONG + 1`, 0 is empty. Built by the compiler.
static TABLE: [u8; SLOTS] = table();

const fn slot(length: usize, first: u8, last: u8, middle: u8) -> usize {
    let first = (first | 0x20) as usize;
    let last = (last | 0x20) as usize;
    let middle = (middle | 0x20) as usize;
    (length * 7 + first * 3 + last * 31 + middle * 11) % SLOTS
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "run by the compiler, which checks it"
)]
const fn table() -> [u8; SLOTS] {
    let mut table = [0u8; SLOTS];
    let mut index = 0;
    while index < LONG.len() {
        let text = LONG[index].0;
        let mut at = slot(text.len(), text[0], text[text.len() - 1], text[text.len() / 2]);
        while table[at] != 0 {
            at = (at + 1) % SLOTS;
        }
        table[at] = index as u8 + 1;
        index += 1;
    }
    table
}

impl HeaderName {
    /// The name these bytes, a token, spell: long or compact, in any case.
    #[inline]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Other,
            [letter] => {
                let letter = letter.to_ascii_lowercase();
                COMPACT.iter().find(|(compact, _)| *compact == letter).map_or(Self::Other, |(_, name)| *name)
            }
            [first, .., last] => {
                let middle = bytes.get(bytes.len() / 2).copied().unwrap_or(0);
                let mut at = slot(bytes.len(), *first, *last, middle);
                loop {
                    let index = TABLE.get(at).copied().unwrap_or(0);
                    let Some((text, name)) = LONG.get(usize::from(index).wrapping_sub(1)) else {
                        return Self::Other;
                    };
                    if is_word(bytes, text) {
                        return *name;
                    }
                    at = (at + 1) % SLOTS;
                }
            }
        }
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
        assert_eq!(HeaderName::of(b"X-Vendor"), HeaderName::Other);
        assert_eq!(HeaderName::of(b""), HeaderName::Other);
    }
}
