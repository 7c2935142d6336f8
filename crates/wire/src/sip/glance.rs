//! Who a datagram seems to be from, before anything of it is read.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A guess, found by its looks alone. Good for having at hand what will be asked for; nothing may be decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance<'a> {
    /// What stands in the Request-URI where a host would.
    pub host: &'a [u8],
    /// What stands where a Digest user name would.
    pub user: &'a [u8],
}

/// As nearly every phone writes it.
static USER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"username=\""));
/// A longer name is not guessed.
const NAME_MAX: usize = 64;

/// Looks at a datagram; `None` where it does not look like a REGISTER with Digest credentials.
#[must_use]
pub fn glance(bytes: &[u8]) -> Option<Glance<'_>> {
    let host = before(bytes.strip_prefix(b"REGISTER sip:")?, |byte| matches!(byte, b' ' | b';' | b':'))?;
    let user = bytes.get(USER.find(bytes)? + USER.needle().len()..)?;
    Some(Glance { host, user: before(user, |byte| byte == b'"')? })
}

fn before(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> Option<&[u8]> {
    let length = bytes.iter().take(NAME_MAX).position(|&byte| is_end(byte))?;
    bytes.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_proves_itself_is_seen_and_nothing_else() {
        let seen = |bytes: &'static [u8]| glance(bytes).map(|Glance { host, user }| (host, user));
        let phone = b"REGISTER sip:a.example;transport=udp SIP/2.0\r\nAuthorization: Digest realm=\"x\", username=\"201\"\r\n";
        assert_eq!(seen(phone), Some((&b"a.example"[..], &b"201"[..])));
        assert_eq!(seen(b"REGISTER sip:h:5060 SIP/2.0\r\nusername=\"\""), Some((&b"h"[..], &b""[..])));
        for other in [
            &b""[..],
            b"REGISTER sip:",
            b"REGISTER sip:h SIP/2.0\r\n\r\n",
            b"REGISTER sip:h SIP/2.0\r\nAuthorization: Digest username=\"201",
            b"OPTIONS sip:h SIP/2.0\r\nAuthorization: Digest username=\"201\"",
        ] {
            assert_eq!(seen(other), None, "{other:?}");
        }
        let long = format!("REGISTER sip:h SIP/2.0\r\nusername=\"{}\"", "2".repeat(NAME_MAX));
        assert_eq!(glance(long.as_bytes()), None);
    }
}
