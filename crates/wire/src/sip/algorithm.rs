//! Digest algorithms by their names (RFC 7616, RFC 8760).
//!
//! Nothing is computed or judged here: whether an answer is right is a decision.

/// A digest algorithm (RFC 8760 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, and what an absent parameter means.
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`: known, not computed.
    Sha512T256,
    /// Any other.
    Unknown,
}

impl Algorithm {
    /// The algorithm these bytes name, without case.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let all = [Self::Md5, Self::Sha256, Self::Md5Sess, Self::Sha256Sess, Self::Sha512T256];
        let found = all.into_iter().find(|one| one.as_str().as_bytes().eq_ignore_ascii_case(name));
        found.unwrap_or(Self::Unknown)
    }

    /// As it stands in a challenge.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512T256 => "SHA-512-256",
            Self::Unknown => "unknown",
        }
    }

    /// How many hexadecimal digits a response has.
    #[must_use]
    pub const fn hex_length(self) -> Option<usize> {
        match self {
            Self::Md5 | Self::Md5Sess => Some(32),
            Self::Sha256 | Self::Sha256Sess | Self::Sha512T256 => Some(64),
            Self::Unknown => None,
        }
    }
}
