//! What was wrong with a peer's bytes: one variant a rule broken, where, and what to answer.
//!
//! Never carries the bytes themselves: it is safe to log and to show.

use std::fmt;

use super::HeaderName;

/// The peer's bytes broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The rule.
    pub rule: Rule,
    /// The header it was broken in; `None` for the start line and the framing.
    pub header: Option<HeaderName>,
    /// Byte offset in the message (in the value, where a value was parsed alone).
    pub at: usize,
}

impl Malformed {
    pub(crate) const fn new(rule: Rule, at: usize) -> Self {
        Self { rule, header: None, at }
    }

    /// The same failure, seen from the message that holds the value at `base`.
    pub(crate) const fn within(self, header: HeaderName, base: usize) -> Self {
        Self { rule: self.rule, header: Some(header), at: self.at + base }
    }

    /// The status code to answer a request with that is broken this way.
    #[must_use]
    pub const fn status(&self) -> u16 {
        if matches!(self.rule, Rule::Version) {
            505
        } else if matches!(self.rule, Rule::MessageTooLong | Rule::HeadersTooMany) {
            513
        } else {
            400
        }
    }

    /// A reason phrase for the answer: a fixed text, so nothing of the peer's is echoed.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.rule.phrase()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.phrase())?;
        if let Some(header) = self.header {
            write!(f, " in {}", header.as_str())?;
        }
        write!(f, " at byte {}", self.at)
    }
}

impl std::error::Error for Malformed {}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $phrase:literal,)*) => {
        /// The rules of RFC 3261 §25 and its companions that bytes can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// A reason phrase in plain words.
            #[must_use]
            pub const fn phrase(self) -> &'static str {
                match self { $(Self::$name => $phrase,)* }
            }
        }
    };
}

rules! {
    /// Nothing but empty lines.
    Empty = "Empty Message",
    /// Longer than `MESSAGE_MAX`.
    MessageTooLong = "Message Too Large",
    /// The start line is neither Request-Line nor Status-Line (§7.1, §7.2).
    StartLine = "Malformed Start Line",
    /// A method is a token (§7.1).
    Method = "Malformed Method",
    /// One space, no more, parts the elements of a start line (§7.1).
    StartLineSpace = "Stray Whitespace in Start Line",
    /// Not `SIP/2.0`.
    Version = "Version Not Supported",
    /// Three digits from 100 to 699 (§7.2).
    StatusCode = "Malformed Status Code",
    /// A header name is a token (§7.3.1).
    HeaderName = "Malformed Header Name",
    /// A header name is followed by a colon (§7.3.1).
    HeaderColon = "Header Without Colon",
    /// More than `HEADERS_MAX` header rows.
    HeadersTooMany = "Too Many Headers",
    /// CR that no LF follows (§7).
    BareCr = "Stray Carriage Return",
    /// The headers do not end in an empty line (§7).
    HeadersUnfinished = "Headers Not Terminated",
    /// Content-Length is not a number (§20.14).
    ContentLength = "Malformed Content-Length",
    /// The datagram ends before the body does (§18.3).
    BodyShort = "Content-Length Larger Than Message",
    /// A header every request has is missing (§8.1.1).
    Missing = "Missing Mandatory Header",
    /// A header that may occur once occurs again (§7.3.1).
    Repeated = "Header Repeated",
    /// An empty value or list element.
    EmptyValue = "Empty Header Value",
    /// A quoted string without its closing quote (§25.1).
    QuoteUnfinished = "Unterminated Quoted String",
    /// Bytes left over after the value.
    Trailing = "Trailing Garbage in Header",
    /// A display name that is neither tokens nor a quoted string (§25.1).
    DisplayName = "Malformed Display Name",
    /// `<` without `>`, or white space within the brackets.
    AngleBracket = "Malformed Angle Brackets",
    /// An address outside angle brackets has `?` or `,` (§20.10).
    BareAddress = "Address Needs Angle Brackets",
    /// A parameter has no name.
    ParameterName = "Malformed Parameter Name",
    /// `=` without a proper value.
    ParameterValue = "Malformed Parameter Value",
    /// More than `PARAMETERS_MAX` parameters.
    ParametersTooMany = "Too Many Parameters",
    /// A parameter that may occur once occurs again.
    ParameterRepeated = "Parameter Repeated",
    /// A URI has no scheme.
    UriScheme = "Malformed URI Scheme",
    /// Characters that do not belong into the user part (§19.1.1).
    UriUser = "Malformed URI User",
    /// A host is a name, an IPv4 address or a bracketed IPv6 address (§19.1.1).
    Host = "Malformed Host",
    /// A port is a number up to 65535.
    Port = "Malformed Port",
    /// `%` is followed by two hexadecimal digits (§19.1.2).
    UriEscape = "Malformed URI Escape",
    /// A URI has characters outside its grammar.
    UriCharacter = "Malformed URI",
    /// Headers in a URI where none may be (§19.1.1, table 1).
    UriHeaders = "URI Headers Not Allowed",
    /// Not `protocol/version/transport` (§20.42).
    ViaProtocol = "Malformed Via Protocol",
    /// A Call-ID is one word (§20.8).
    CallId = "Malformed Call-ID",
    /// A CSeq number is below 2^31 (§8.1.1.5).
    CSeqNumber = "Malformed CSeq Number",
    /// The CSeq's method is not the request's (§8.1.1.5).
    CSeqMethod = "CSeq Method Mismatch",
    /// A number was expected.
    Number = "Malformed Number",
    /// `*` beside other contacts (§10.3 step 6).
    ContactStar = "Contact * Must Stand Alone",
    /// More than `CONTACTS_MAX` contacts in one request.
    ContactsTooMany = "Too Many Contacts",
    /// Not `scheme parameters` (§25.1).
    AuthScheme = "Malformed Credentials",
    /// A digest without username, realm, nonce, uri or response (RFC 7616 §3.4).
    DigestIncomplete = "Incomplete Digest Credentials",
    /// The digest response is not hexadecimal of the algorithm's length.
    DigestResponse = "Malformed Digest Response",
    /// The nonce count is not eight hexadecimal digits (RFC 7616 §3.4).
    NonceCount = "Malformed Nonce Count",
    /// Not an RFC 1123 date in GMT (§20.17).
    Date = "Malformed Date",
}
