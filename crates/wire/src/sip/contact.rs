//! `Contact`: where a phone can be reached, and for how long (RFC 3261 §20.10, RFC 5626 §4.1, RFC 5627).

use super::scan::{self, Scan};
use super::{Address, Malformed, Rule, Text};

/// What a malformed `expires` parameter counts as (RFC 3261 §20.10).
const EXPIRES_MALFORMED: u32 = 3600;

/// One Contact value.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// The address, its parameters included.
    pub address: Address<'a>,
    /// The `expires` parameter, in seconds; too large ones saturate.
    pub expires: Option<u32>,
    /// The `q` parameter in thousandths, 0 to 1000.
    pub q: Option<u16>,
    /// The `+sip.instance` parameter, its angle brackets included; only if it was quoted.
    pub instance: Option<&'a [u8]>,
    /// The `reg-id` parameter.
    pub reg_id: Option<u32>,
}

impl<'a> Contact<'a> {
    /// Parses one element of a Contact row; `*` is not one.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of the row.
    pub(crate) fn scan(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        let at = scan.at();
        let (mut expires, mut q, mut instance, mut reg_id) = (None, None, None, None);
        let mut wrong = None;
        let address = Address::scan(scan, |parameter| match parameter.name.len() {
            7 if parameter.is("expires") => {
                expires = Some(scan::decimal(parameter.raw()).map_or(EXPIRES_MALFORMED, saturate));
            }
            1 if parameter.is("q") => match thousandths(parameter.raw()) {
                Some(number) => q = Some(number),
                None => wrong = Some(Rule::Number),
            },
            // Always quoted (RFC 5626 §10): the answer quotes it again, escapes and all, and a bare one could end in
            // half an escape.
            13 if parameter.is("+sip.instance") => {
                instance = parameter.value.filter(Text::is_quoted).map(|value| value.raw());
            }
            6 if parameter.is("reg-id") => {
                // RFC 5626 §11: 1 to 2^31 - 1.
                match scan::decimal(parameter.raw()).map(u32::try_from) {
                    Some(Ok(number)) if number > 0 && number < 1 << 31 => reg_id = Some(number),
                    _ => wrong = Some(Rule::Number),
                }
            }
            _ => {}
        })?;
        match wrong {
            Some(rule) => Err(Malformed::new(rule, at)),
            None => Ok(Self { address, expires, q, instance, reg_id }),
        }
    }

    /// The `pub-gruu` parameter (RFC 5627).
    #[must_use]
    pub fn pub_gruu(&self) -> Option<&'a [u8]> {
        self.address.params.find("pub-gruu").map(|parameter| parameter.raw())
    }
}

pub(crate) fn saturate(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A qvalue: `0`, `1`, `0.7`, `1.000` (§25.1).
fn thousandths(raw: &[u8]) -> Option<u16> {
    let (whole, fraction) = match raw {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        // Not in the grammar, but sent.
        [b'.', fraction @ ..] if (1..=3).contains(&fraction.len()) => (&b'0', fraction),
        _ => return None,
    };
    let mut number = u16::from(whole - b'0') * 1000;
    let mut weight = 100;
    for digit in fraction {
        if !digit.is_ascii_digit() {
            return None;
        }
        number += u16::from(digit - b'0') * weight;
        weight /= 10;
    }
    (number <= 1000).then_some(number)
}
