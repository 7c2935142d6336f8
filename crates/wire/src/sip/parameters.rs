//! Parameters of header values: `;name=value`, white space allowed around both signs (RFC 3261 §25.1 generic-param).

use super::scan::{Scan, TOKEN, is_word, trim};
use super::{Malformed, Rule, Text};

/// Parameters of one header value.
pub const PARAMETERS_MAX: usize = 64;

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Its name, as written.
    pub name: &'a [u8],
    /// Its value, if it has one.
    pub value: Option<Text<'a>>,
}

impl<'a> Parameter<'a> {
    /// The value as written, empty if there is none.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.value.map(|value| value.raw()).unwrap_or_default()
    }

    /// Whether it is called `name`, without case; `name` has only letters, hyphens, dots and `+`.
    #[inline]
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        is_word(self.name, name.as_bytes())
    }
}

/// The parameters of a header value that was parsed before.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    scan: Scan<'a>,
}

impl<'a> Parameters<'a> {
    pub(crate) const fn new(raw: &'a [u8]) -> Self {
        Self { scan: Scan::new(raw) }
    }

    /// As written, from the first semicolon on.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.scan.rest()
    }

    /// The first one called `name`.
    #[must_use]
    pub fn find(mut self, name: &str) -> Option<Parameter<'a>> {
        Iterator::find(&mut self, |parameter| parameter.is(name))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        // They were checked when the value was parsed: an error cannot come, and would end the iteration.
        next_parameter(&mut self.scan).ok().flatten()
    }
}

/// The next `;name[=value]`; `None`, and nothing consumed but white space, where there is no semicolon.
#[inline]
pub(crate) fn next_parameter<'a>(scan: &mut Scan<'a>) -> Result<Option<Parameter<'a>>, Malformed> {
    scan.skip_space();
    if !scan.eat(b';') {
        return Ok(None);
    }
    scan.skip_space();
    let name = scan.take(TOKEN);
    if name.is_empty() {
        return scan.fail(Rule::ParameterName);
    }
    scan.skip_space();
    if !scan.eat(b'=') {
        return Ok(Some(Parameter { name, value: None }));
    }
    scan.skip_space();
    if scan.peek() == Some(b'"') {
        return Ok(Some(Parameter { name, value: Some(scan.quoted()?) }));
    }
    let from = scan.at();
    scan.skip_value();
    let value = scan.since(from);
    if value.is_empty() {
        return scan.fail(Rule::ParameterValue);
    }
    Ok(Some(Parameter { name, value: Some(Text::new(value, false, false)) }))
}

/// All parameters from here on; `see` gets each one with the offsets of its semicolon and its end.
#[inline]
pub(crate) fn scan_parameters<'a>(
    scan: &mut Scan<'a>,
    mut see: impl FnMut(Parameter<'a>, usize, usize) -> Result<(), Malformed>,
) -> Result<Parameters<'a>, Malformed> {
    scan.skip_space();
    let from = scan.at();
    let mut count = 0;
    loop {
        scan.skip_space();
        let at = scan.at();
        let Some(parameter) = next_parameter(scan)? else { break };
        count += 1;
        if count > PARAMETERS_MAX {
            return Err(Malformed::new(Rule::ParametersTooMany, at));
        }
        // A parameter without value has skipped the white space behind it, which is not part of it.
        let end = if parameter.value.is_some() { scan.at() } else { at + trim(scan.since(at)).len() };
        see(parameter, at, end)?;
    }
    Ok(Parameters::new(scan.since(from)))
}

/// The end of a list element: a comma is eaten (`true`), the end of the value is `false`.
#[inline]
pub(crate) fn next_element(scan: &mut Scan<'_>) -> Result<bool, Malformed> {
    scan.skip_space();
    if scan.eat(b',') {
        return Ok(true);
    }
    if scan.is_done() {
        return Ok(false);
    }
    scan.fail(Rule::Trailing)
}
