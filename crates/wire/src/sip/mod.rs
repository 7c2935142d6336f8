//! SIP: messages, headers, digest and registration (RFC 3261 and its companions).
//!
//! Sans-io: bytes come in as slices, answers go out into buffers the caller keeps. Time and randomness are arguments.
//! Parsing and answering a REGISTER allocates nothing.
//!
//! # From a datagram to an answer
//!
//! 1. [`classify`] tells SIP from STUN ([`stun::answer`]), keep-alives and garbage.
//! 2. [`Message::parse`] reads the start line and finds the headers, in a [`Headers`] made once a thread. If it fails
//!    with [`Malformed`], [`Request::salvage`] may still give a request that can be answered with
//!    [`Malformed::status`] and [`Malformed::reason`].
//! 3. [`Request::essentials`] reads what every request must have; [`Fields`] has the rest, header by header, read when
//!    asked for: [`Fields::contacts`], [`Fields::authorizations`], [`Fields::expires`], [`Fields::tokens`] …
//! 4. [`DigestCredentials`] hold what a phone shows; whether it is right is decided elsewhere.
//! 5. [`register::plan`] says what a REGISTER changes, given the bindings there are.
//! 6. [`AnswerWriter`] writes the answer; [`Request::answer_to`] says where it goes over UDP.
//!
//! Streams are cut into messages by [`stream::Framer`]. [`TransactionKey`] recognises retransmissions.
//! [`dtmf::read`] finds the key in an INFO. [`events`] has what phones subscribe to, and the documents that they are sent.
//! Clients (tests, NOTIFY, OPTIONS) have [`RequestWriter`] and [`Challenge`]. A proxy has [`Onward`], which writes a request as
//! it goes on, and [`relay::Relay`], which knows what is done about it when.
//!
//! ```
//! use wire::sip::{AnswerWriter, Headers, Message};
//!
//! let datagram = b"OPTIONS sip:example.com SIP/2.0\r\n\
//!     Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n\
//!     From: <sip:a@example.com>;tag=1\r\nTo: <sip:example.com>\r\n\
//!     Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let mut headers = Headers::new();
//! let message = Message::parse(datagram, &mut headers).unwrap();
//! let request = message.request().unwrap();
//! request.essentials().unwrap();
//! let mut out = Vec::new();
//! let answer = AnswerWriter::start(&mut out, request, 200, b"OK", "192.0.2.1:6000".parse().unwrap(), b"2");
//! assert!(answer.finish().starts_with(
//!     b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.1;rport=6000\r\n"));
//! ```
//!
//! # What it deliberately does not do
//!
//! DNS, and multicast (`maddr` is read, not followed). Headers it has no use for
//! are kept as bytes. It is lenient where phones in the field are sloppy and nothing can be misunderstood: bare LF
//! line ends, `#` in user parts, Latin-1 display names, unquoted digest parameters.

mod address;
mod algorithm;
mod contact;
mod credentials;
mod datagram;
pub mod date;
pub mod dtmf;
mod essentials;
pub mod events;
mod fields;
mod forward;
mod glance;
mod headers;
mod heading;
mod lines;
mod malformed;
mod message;
mod method;
mod name;
mod parameters;
pub mod register;
pub mod relay;
pub(crate) mod scan;
pub mod stream;
pub mod stun;
mod text;
mod transaction;
mod uri;
mod via;
mod word;
mod writer;

pub use address::Address;
pub use algorithm::Algorithm;
pub use contact::Contact;
pub use credentials::{AUTH_PARAMETERS_MAX, Challenge, Credentials, DigestCredentials, Qop};
pub use datagram::{Datagram, classify};
pub use essentials::{Essentials, Unfit};
pub use fields::{CONTACTS_MAX, CSeq, Fields, Values};
pub use forward::{Hop, Onward, write_ack, write_answer_back, write_cancel, write_identity};
pub use glance::{Glance, glance};
pub use headers::{HEADERS_MAX, Header, Headers, MESSAGE_MAX};
pub use malformed::{Malformed, Rule};
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name::HeaderName;
pub use parameters::{PARAMETERS_MAX, Parameter, Parameters};
pub use text::Text;
pub use transaction::{Times, TransactionKey};
pub use uri::{Host, Scheme, URI_PARAMETERS_MAX, Uri, unescape};
pub use via::Via;
pub use writer::{AnswerWriter, ContactLine, NewChallenge, RequestWriter, write_message};
