//! The client's half of digest authentication (RFC 7616 with MD5, `qop=auth`).

use md5::{Digest as _, Md5};

/// An MD5 sum in lower-case hexadecimal.
pub(crate) type Hex = [u8; 32];

/// What the server keeps in place of the password.
pub(crate) fn ha1(user: &str, realm: &str, password: &str) -> Hex {
    hex(&[user.as_bytes(), b":", realm.as_bytes(), b":", password.as_bytes()])
}

/// The part that says what is asked.
pub(crate) fn ha2(method: &str, uri: &[u8]) -> Hex {
    hex(&[method.as_bytes(), b":", uri])
}

/// The proof. `nc` is eight hexadecimal digits.
pub(crate) fn response(ha1: &Hex, nonce: &[u8], nc: &[u8; 8], cnonce: &[u8], ha2: &Hex) -> Hex {
    hex(&[ha1, b":", nonce, b":", nc, b":", cnonce, b":auth:", ha2])
}

fn hex(parts: &[&[u8]]) -> Hex {
    let mut sum = Md5::new();
    for part in parts {
        sum.update(part);
    }
    let mut text = [0; 32];
    data_encoding::HEXLOWER.encode_mut(&sum.finalize(), &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_2617_gives_its_response() {
        let ha1 = ha1("Mufasa", "testrealm@host.com", "Circle Of Life");
        let ha2 = ha2("GET", b"/dir/index.html");
        let proof = response(&ha1, b"dcd98b7102dd2f0e8b11d0f600bfb0c093", b"00000001", b"0a4f113b", &ha2);
        assert_eq!(&proof, b"6629fae49393a05397450978507c4ef1");
    }
}
