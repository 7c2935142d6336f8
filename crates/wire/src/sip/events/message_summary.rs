//! Message summary: how many messages wait in a mailbox (RFC 3842 §5).
//!
//! Voice messages alone, and none of them urgent: there are no others here.

use super::super::writer::{push_clean, push_number};

/// Messages of a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not heard yet.
    pub new: u32,
    /// Heard and kept.
    pub old: u32,
}

/// Writes the summary of a mailbox, whose address is `account`. Clears `out`.
pub fn write(account: &str, counts: Counts, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(b"Messages-Waiting: ");
    out.extend_from_slice(if counts.new > 0 { b"yes" } else { b"no" });
    out.extend_from_slice(b"\r\nMessage-Account: ");
    push_clean(out, account.as_bytes());
    out.extend_from_slice(b"\r\nVoice-Message: ");
    push_number(out, u64::from(counts.new));
    out.push(b'/');
    push_number(out, u64::from(counts.old));
    out.extend_from_slice(b" (0/0)\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(account: &str, new: u32, old: u32) -> String {
        let mut out = b"left over".to_vec();
        write(account, Counts { new, old }, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The example of RFC 3842 §5.2, with none that is urgent.
    #[test]
    fn messages_are_counted_as_in_the_rfc() {
        assert_eq!(
            written("sip:alice@vmail.example.com", 2, 8),
            "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/0)\r\n"
        );
        assert!(
            written("sip:a@b", 0, 8).starts_with("Messages-Waiting: no\r\n"),
            "what was heard does not wait"
        );
    }

    #[test]
    fn an_account_is_one_line_whatever_it_is_called() {
        let text = written("sip:a\r\nVoice-Message: 9/9 (0/0)@b", 0, 0);
        assert_eq!(text.lines().count(), 3, "{text}");
    }
}
