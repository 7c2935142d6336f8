//! `From`, `To`, `Contact`, `Path`, `Route`: a URI with a display name before and parameters behind it
//! (RFC 3261 §20.10, §25.1 name-addr and addr-spec).

use memchr::memchr;

use super::parameters::{self, Parameters};
use super::scan::{self, SPACE, Scan, TOKEN};
use super::{Malformed, Parameter, Rule, Text, Uri};

/// An address: `"Alice" <sip:alice@example.com>;tag=1` or `sip:alice@example.com;tag=1`.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The display name, if any.
    pub display_name: Option<Text<'a>>,
    /// The URI.
    pub uri: Uri<'a>,
    /// The header's parameters, behind the URI.
    pub params: Parameters<'a>,
    /// The `tag`, if any.
    pub tag: Option<&'a [u8]>,
}

impl<'a> Address<'a> {
    /// Parses one whole value, such as that of From.
    ///
    /// # Errors
    /// The rule broken; the offset counts from the start of `value`.
    pub fn parse(value: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse_beside(value, None)
    }

    /// The same, beside an address that was read before: From and To of a REGISTER nearly always have the same URI,
    /// which is not read twice then.
    pub(crate) fn parse_beside(value: &'a [u8], beside: Option<&Uri<'a>>) -> Result<Self, Malformed> {
        let mut scan = Scan::new(value);
        let mut tag = None;
        // Changed where it is: an address is large, and to move it costs more than to read it.
        let mut address = Self::scan_beside(&mut scan, beside, |parameter| {
            if parameter.is("tag") {
                tag = parameter.value.map(|value| value.raw());
            }
        });
        if let Ok(whole) = &mut address {
            whole.tag = tag;
            scan.skip_space();
            if !scan.is_done() {
                address = scan.fail(Rule::Trailing);
            }
        }
        address
    }

    /// Parses one element of a list and stops behind it.
    #[inline]
    pub(crate) fn scan(scan: &mut Scan<'a>, see: impl FnMut(Parameter<'a>)) -> Result<Self, Malformed> {
        Self::scan_beside(scan, None, see)
    }

    #[inline]
    fn scan_beside(
        scan: &mut Scan<'a>,
        beside: Option<&Uri<'a>>,
        mut see: impl FnMut(Parameter<'a>),
    ) -> Result<Self, Malformed> {
        scan.skip_space();
        let display_name = scan_display_name(scan)?;
        let uri = if scan.peek() == Some(b'<') { scan_bracketed(scan, beside) } else { scan_bare(scan) };
        let uri = match &uri {
            Ok(uri) => uri,
            Err(wrong) => return Err(*wrong),
        };
        let params = parameters::scan_parameters(scan, |parameter, _, _| {
            see(parameter);
            Ok(())
        })?;
        Ok(Self { display_name, uri: *uri, params, tag: None })
    }
}

/// A quoted string or tokens before `<`; `None` where a bare URI or the bracket comes at once.
fn scan_display_name<'a>(scan: &mut Scan<'a>) -> Result<Option<Text<'a>>, Malformed> {
    match scan.peek() {
        Some(b'<') => return Ok(None),
        Some(b'"') => {
            let name = scan.quoted()?;
            scan.skip_space();
            if scan.peek() != Some(b'<') {
                return scan.fail(Rule::AngleBracket);
            }
            return Ok(Some(name));
        }
        Some(b',') | None => return scan.fail(Rule::EmptyValue),
        Some(_) => {}
    }
    let before = *scan;
    let from = scan.at();
    // Tokens and white space; bytes over 127 are not in the grammar but in the field (Latin-1 names).
    while let Some(byte) = scan.peek()
        && (scan::is(byte, TOKEN | SPACE) || byte >= 0x80)
    {
        scan.advance(1);
    }
    match scan.peek() {
        Some(b'<') => Ok(Some(Text::new(scan::trim(scan.since(from)), false, false))),
        Some(b':') => {
            *scan = before;
            Ok(None)
        }
        Some(b';') => scan.fail(Rule::UriScheme),
        Some(_) | None => scan.fail(Rule::DisplayName),
    }
}

fn scan_bracketed<'a>(scan: &mut Scan<'a>, beside: Option<&Uri<'a>>) -> Result<Uri<'a>, Malformed> {
    let open = scan.at();
    scan.advance(1);
    let from = scan.at();
    let Some(length) = memchr(b'>', scan.rest()) else {
        return Err(Malformed::new(Rule::AngleBracket, open));
    };
    scan.advance(length);
    let inside = scan.since(from);
    scan.advance(1);
    if let Some(same) = beside.filter(|beside| beside.raw() == inside) {
        return Ok(*same);
    }
    // §25.1 allows no white space within the brackets (RFC 4475 badaspec).
    if inside.first().is_none_or(|&byte| scan::is(byte, SPACE)) {
        return Err(Malformed::new(Rule::AngleBracket, open));
    }
    Uri::parse(inside).map_err(|wrong| Malformed::new(wrong.rule, wrong.at + from))
}

/// Without brackets, all parameters belong to the header, and `?` and `,` are not allowed (§20.10).
fn scan_bare<'a>(scan: &mut Scan<'a>) -> Result<Uri<'a>, Malformed> {
    let from = scan.at();
    // `VALUE` has neither `;` nor `,`, brackets, quotes nor white space.
    scan.skip_value();
    if let Some(at) = memchr(b'?', scan.since(from)) {
        return Err(Malformed::new(Rule::BareAddress, from + at));
    }
    Uri::parse(scan.since(from)).map_err(|wrong| Malformed::new(wrong.rule, wrong.at + from))
}
