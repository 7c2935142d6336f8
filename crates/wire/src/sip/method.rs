//! Methods, known and unknown (RFC 3261 §7.1 and the extensions).

/// A method. Methods are compared with case (§7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method<'a> {
    /// RFC 3261 §10
    Register,
    /// RFC 3261 §13
    Invite,
    /// RFC 3261 §13
    Ack,
    /// RFC 3261 §9
    Cancel,
    /// RFC 3261 §15
    Bye,
    /// RFC 3261 §11
    Options,
    /// RFC 6665
    Subscribe,
    /// RFC 6665
    Notify,
    /// RFC 3428
    Message,
    /// RFC 3903
    Publish,
    /// RFC 3515
    Refer,
    /// RFC 6086
    Info,
    /// RFC 3262
    Prack,
    /// RFC 3311
    Update,
    /// Any other token.
    Other(&'a [u8]),
}

impl<'a> Method<'a> {
    /// The method these bytes spell.
    #[must_use]
    pub const fn of(bytes: &'a [u8]) -> Self {
        match bytes {
            b"REGISTER" => Self::Register,
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"CANCEL" => Self::Cancel,
            b"BYE" => Self::Bye,
            b"OPTIONS" => Self::Options,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"MESSAGE" => Self::Message,
            b"PUBLISH" => Self::Publish,
            b"REFER" => Self::Refer,
            b"INFO" => Self::Info,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            _ => Self::Other(bytes),
        }
    }

    /// As it stands in a message.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Register => b"REGISTER",
            Self::Invite => b"INVITE",
            Self::Ack => b"ACK",
            Self::Cancel => b"CANCEL",
            Self::Bye => b"BYE",
            Self::Options => b"OPTIONS",
            Self::Subscribe => b"SUBSCRIBE",
            Self::Notify => b"NOTIFY",
            Self::Message => b"MESSAGE",
            Self::Publish => b"PUBLISH",
            Self::Refer => b"REFER",
            Self::Info => b"INFO",
            Self::Prack => b"PRACK",
            Self::Update => b"UPDATE",
            Self::Other(bytes) => bytes,
        }
    }
}
