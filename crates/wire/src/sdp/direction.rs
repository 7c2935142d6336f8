//! Which way media go (RFC 8866 §6.7, RFC 3264 §6.1).

/// Seen from the end that says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways; what is meant where nothing is said.
    #[default]
    SendRecv,
    /// From here to there.
    SendOnly,
    /// From there to here.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    /// The direction of this name.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// As an attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    const fn from_ways(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether who says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether who says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same, seen from the other end.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        Self::from_ways(self.receives(), self.sends())
    }

    /// What both allow.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::from_ways(self.sends() && other.sends(), self.receives() && other.receives())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_seen_from_either_end_and_never_widens() {
        for one in Direction::ALL {
            assert_eq!(Direction::of(one.as_str().as_bytes()), Some(one));
            assert_eq!(one.mirrored().mirrored(), one);
            assert_eq!(one.mirrored().sends(), one.receives());
            assert_eq!(one.and(Direction::SendRecv), one);
            for two in Direction::ALL {
                assert_eq!(one.and(two), two.and(one));
                assert_eq!(one.and(two).sends(), one.sends() && two.sends());
            }
        }
        assert_eq!(Direction::of(b"both"), None);
    }
}
