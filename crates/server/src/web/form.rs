//! What a form sends: names and values, within limits, each name at most once but for boxes to tick.

use std::collections::BTreeMap;

use signin::secret::{SECRET_MAX, Secret};
use zeroize::Zeroizing;

/// Longest boundary between the parts of a form with a file (RFC 2046 section 5.1.1).
const BOUNDARY_MAX: usize = 70;
/// Most parts of a form with a file.
const PARTS_MAX: usize = 16;
/// Longest header of a part.
const PART_HEAD_MAX: usize = 1024;
/// Most fields.
const FIELDS_MAX: usize = 2000;

/// A form that was sent. Its values may be secrets, so it is never printed, and wiped when dropped.
#[derive(Default)]
pub struct Form(BTreeMap<String, Vec<Zeroizing<String>>>);

impl Form {
    /// The value of a field; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.as_str())
    }

    /// Whether a box was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(|value| value.as_str())
    }

    /// A secret. One that is too long to be one is cut, and still too long for every rule.
    pub fn secret(&self, name: &str) -> Secret {
        let text = self.get(name);
        Secret::new(text.get(..text.floor_char_boundary(SECRET_MAX)).unwrap_or_default())
    }

    /// Reads a form with a file (RFC 7578): parts between boundaries, each a header and a value. All of it is text; a file that is
    /// none is none that is taken here.
    pub fn parse_parts(bytes: &[u8], boundary: &str) -> Option<Self> {
        let mut fields: BTreeMap<String, Vec<Zeroizing<String>>> = BTreeMap::new();
        let delimiter = format!("\r\n--{boundary}");
        let mut rest = bytes.strip_prefix(delimiter.get(2..)?.as_bytes())?;
        for _ in 0..=PARTS_MAX {
            if rest.starts_with(b"--") {
                return Some(Self(fields));
            }
            rest = rest.strip_prefix(b"\r\n")?;
            let head = rest.get(..rest.len().min(PART_HEAD_MAX))?;
            let end = find(head, b"\r\n\r\n")?;
            let head = std::str::from_utf8(head.get(..end)?).ok()?;
            let name = head.split("\r\n").find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let value = name.eq_ignore_ascii_case("content-disposition").then_some(value)?;
                value.split_once("; name=\"")?.1.split_once('"').map(|(name, _)| name)
            })?;
            let body = rest.get(end + 4..)?;
            let length = find(body, delimiter.as_bytes())?;
            let value = std::str::from_utf8(body.get(..length)?).ok()?;
            fields.entry(name.to_owned()).or_default().push(Zeroizing::new(value.to_owned()));
            rest = body.get(length + delimiter.len()..)?;
        }
        None
    }

    /// Reads `a=b&c=d`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields: BTreeMap<String, Vec<Zeroizing<String>>> = BTreeMap::new();
        for (count, (name, value)) in form_urlencoded::parse(bytes).enumerate() {
            if count >= FIELDS_MAX {
                return None;
            }
            fields.entry(name.into_owned()).or_default().push(Zeroizing::new(value.into_owned()));
        }
        Some(Self(fields))
    }
}

/// The boundary of `multipart/form-data`, as browsers write it.
pub(crate) fn boundary_of(media_type: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(media_type).ok()?;
    let (kind, boundary) = text.split_once(';')?;
    let boundary = boundary.trim().strip_prefix("boundary=")?.trim_matches('"');
    let fits = (1..=BOUNDARY_MAX).contains(&boundary.len()) && boundary.bytes().all(|b| b.is_ascii_graphic());
    (kind.trim() == "multipart/form-data" && fits).then_some(boundary)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use signin::{
        credential::{About, CredentialKind, check},
        policy::Settings,
    };

    use super::*;

    #[test]
    fn a_form_is_read_with_its_signs_and_spaces() {
        let form = Form::parse(b"name=Ann+Smith&code=%2A35%23&pick=a&pick=b&ok=yes").unwrap();
        assert_eq!(form.get("name"), "Ann Smith");
        assert_eq!(form.get("code"), "*35#");
        assert_eq!(form.all("pick").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.is_ticked("ok") && !form.is_ticked("no"));
        assert_eq!(form.get("missing"), "");
    }

    #[test]
    fn a_form_with_a_file_is_read_and_has_limits() {
        let part = |name: &str, value: &str| {
            format!(
                "--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n{value}\r\n"
            )
        };
        let body = format!("{}{}--XyZ--\r\n", part("csrf", "t"), part("file", "one\r\n--two\n"));
        let form = Form::parse_parts(body.as_bytes(), "XyZ").unwrap();
        assert_eq!((form.get("csrf"), form.get("file")), ("t", "one\r\n--two\n"));
        for end in 0..body.len() - 4 {
            assert!(Form::parse_parts(&body.as_bytes()[..end], "XyZ").is_none(), "{end}");
        }
        let many = format!("{}--XyZ--", part("a", "1").repeat(PARTS_MAX + 1));
        assert!(Form::parse_parts(many.as_bytes(), "XyZ").is_none());
        assert_eq!(boundary_of(b"multipart/form-data; boundary=----a1"), Some("----a1"));
        for bad in ["multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=a"] {
            assert_eq!(boundary_of(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_form_has_limits() {
        assert!(Form::parse("a=1&".repeat(FIELDS_MAX).as_bytes()).is_some());
        assert!(Form::parse("a=1&".repeat(FIELDS_MAX + 1).as_bytes()).is_none());
        let long = format!("password={}", "x".repeat(SECRET_MAX + 1));
        let secret = Form::parse(long.as_bytes()).unwrap().secret("password");
        let about = About { name: "ann", patterns_waived: true, ..About::default() };
        let said =
            check(CredentialKind::UserPassword, &secret, &about, &Settings::default()).unwrap_err().says;
        assert!(said.contains("at most 128"), "{said}");
    }
}
