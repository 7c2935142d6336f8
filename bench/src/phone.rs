//! One phone: what it remembers between its requests, and how it writes them.

use std::sync::LazyLock;

use signin::{
    credential::{About, CredentialKind, check},
    policy::Settings,
    secret::Secret,
};

use crate::digest::{self, Hex};
use crate::shape::{Piece, REALM, SHAPES, Shape};

/// Client nonces are as long as real phones' (SIPp, baresip and linphone, PJSIP); how long decides how much is hashed.
pub(crate) const CNONCES: [&str; 4] =
    ["6b8b4567", "4e89ca2c3e0707d3", "GLrHvxmK0leWzG8z", "K1DGTUpzVEwlcL8RY3ix34D2.bfbP65m"];
const NUMBER_OF_FIRST: u32 = 100_000;

/// The password of an extension, in every server's table.
pub(crate) fn password(number: u32) -> String {
    static RULES: LazyLock<Settings> = LazyLock::new(Settings::default);
    // Of some thousand good passwords one is taken for a common one, and refused: then it is the next.
    let is_good = |password: &String| {
        check(CredentialKind::PhonePassword, &Secret::new(password), &About::default(), &RULES).is_ok()
    };
    let mut tries = (0..8).map(|more: usize| plain_password(number) + &"-more".repeat(more));
    tries.find(is_good).unwrap_or_default()
}

/// What nearly every extension's password is.
pub(crate) fn plain_password(number: u32) -> String {
    format!("phone-{number}-secret")
}

/// The extension of the phone at this place.
pub(crate) fn number(index: u32) -> u32 {
    NUMBER_OF_FIRST + index
}

/// What differs from phone to phone.
pub(crate) struct Phone {
    ha1: Hex,
    cseq: u32,
    nonce: Vec<u8>,
    nc: u32,
}

/// A shape, ready to be written.
pub(crate) struct Form {
    shape: Shape,
    ha2: Hex,
    cnonce: &'static [u8],
}

/// All phones, and the forms that they share.
pub(crate) struct Phones {
    phones: Vec<Phone>,
    forms: Vec<Form>,
    port: String,
}

/// The one asked for is not among them: the answer was for somebody else.
#[derive(Debug)]
pub(crate) struct Stranger;

impl Phones {
    pub(crate) fn new(count: u32, port: u16) -> Self {
        let phones = (0..count)
            .map(|index| {
                let number = number(index);
                let ha1 = digest::ha1(&number.to_string(), REALM, &password(number));
                Phone { ha1, cseq: 0, nonce: Vec::new(), nc: 0 }
            })
            .collect();
        let forms = (0..SHAPES)
            .map(|number| {
                let shape = Shape::numbered(number);
                let ha2 = digest::ha2("REGISTER", shape.uri.as_bytes());
                let which = usize::try_from(number / 512).unwrap_or(0);
                let cnonce = CNONCES.get(which % CNONCES.len()).copied().unwrap_or_default().as_bytes();
                Form { shape, ha2, cnonce }
            })
            .collect();
        Self { phones, forms, port: port.to_string() }
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.phones.len()).unwrap_or(u32::MAX)
    }

    /// The next request of this phone, without or with a proof; its CSeq is returned.
    pub(crate) fn write(&mut self, index: u32, with_proof: bool, out: &mut Vec<u8>) -> Result<u32, Stranger> {
        let phone = usize::try_from(index).ok().and_then(|at| self.phones.get_mut(at)).ok_or(Stranger)?;
        let form = usize::try_from(index % SHAPES).ok().and_then(|at| self.forms.get(at)).ok_or(Stranger)?;
        phone.cseq += 1;
        let mut nc = [0; 8];
        let mut response = [0; 32];
        if with_proof {
            phone.nc += 1;
            write_hex(phone.nc, &mut nc);
            response = digest::response(&phone.ha1, &phone.nonce, &nc, form.cnonce, &form.ha2);
        }
        out.clear();
        let mut left_out = false;
        for piece in &form.shape.pieces {
            match piece {
                Piece::Authorization => left_out = !with_proof,
                Piece::AuthorizationEnd => left_out = false,
                _ if left_out => {}
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Number => write_decimal(number(index), out),
                Piece::Port => out.extend_from_slice(self.port.as_bytes()),
                Piece::Branch => {
                    let mut hex = [0; 8];
                    write_hex(index, &mut hex);
                    out.extend_from_slice(&hex);
                    write_hex(phone.cseq, &mut hex);
                    out.extend_from_slice(&hex);
                }
                Piece::CSeq => write_decimal(phone.cseq, out),
                Piece::Nonce => out.extend_from_slice(&phone.nonce),
                Piece::Nc => out.extend_from_slice(&nc),
                Piece::Cnonce => out.extend_from_slice(form.cnonce),
                Piece::Response => out.extend_from_slice(&response),
            }
        }
        Ok(phone.cseq)
    }

    /// Keeps the nonce of a challenge for the requests to come.
    pub(crate) fn challenged(&mut self, index: u32, nonce: &[u8]) -> Result<(), Stranger> {
        let phone = usize::try_from(index).ok().and_then(|at| self.phones.get_mut(at)).ok_or(Stranger)?;
        phone.nonce.clear();
        phone.nonce.extend_from_slice(nonce);
        phone.nc = 0;
        Ok(())
    }
}

pub(crate) fn write_hex(value: u32, out: &mut [u8; 8]) {
    data_encoding::HEXLOWER.encode_mut(&value.to_be_bytes(), out);
}

pub(crate) fn write_decimal(value: u32, out: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing into memory cannot fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_sender_in_the_branch_and_has_no_proof_unless_asked() {
        let mut phones = Phones::new(3000, 5555);
        let mut message = Vec::new();
        phones.challenged(2500, b"abc").unwrap();
        assert_eq!(phones.write(2500, false, &mut message).unwrap(), 1);
        let text = String::from_utf8(message.clone()).unwrap();
        assert!(text.contains("branch=z9hG4bK000009c400000001"), "{text}");
        assert!(!text.to_lowercase().contains("authorization"), "{text}");
        phones.write(2500, true, &mut message).unwrap();
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains("nonce=\"abc\"") && text.contains("nc=00000001"), "{text}");
        assert!(text.ends_with("\r\n\r\n"));
    }
}
