//! Readers that share nothing with the product: a stranger's idea of a SIP message, a page, a table and a record of syslog.
//! What is sent is read leniently, as the laxest phone might; what the product wrote must be in order to the letter.

/// A message: its first line, its headers in their order, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) start: Vec<u8>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// Short names (RFC 3261 section 7.3.3, RFC 6665, RFC 3515, RFC 3892, RFC 3841, RFC 4028).
const SHORT: [(&str, &str); 15] = [
    ("v", "via"),
    ("f", "from"),
    ("t", "to"),
    ("m", "contact"),
    ("i", "call-id"),
    ("l", "content-length"),
    ("c", "content-type"),
    ("e", "content-encoding"),
    ("s", "subject"),
    ("k", "supported"),
    ("o", "event"),
    ("u", "allow-events"),
    ("r", "refer-to"),
    ("b", "referred-by"),
    ("x", "session-expires"),
];

fn name_of(raw: &[u8]) -> String {
    let name = String::from_utf8_lossy(raw).trim().to_ascii_lowercase();
    SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| (*long).to_owned())
}

/// White space is one space each time, and control characters are white space.
pub(super) fn plain(value: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let words: Vec<&[u8]> = value.split(is_blank).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// What somebody meant to send: any line break ends a line, lines that begin with white space go on.
pub(super) fn lenient(bytes: &[u8]) -> Option<Letter> {
    let mut rest = bytes;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        match (line.first(), lines.len()) {
            (None, 0) => {}
            (None, _) => break,
            (Some(b' ' | b'\t'), 2..) => {
                let last = lines.last_mut()?;
                last.push(b' ');
                last.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    let mut lines = lines.into_iter();
    let start = lines.next()?;
    let headers = lines.map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((name_of(&line[..colon]), plain(&line[colon + 1..])))
    });
    Some(Letter { start, headers: headers.collect::<Option<Vec<_>>>()?, body: rest.to_vec() })
}

/// What the product wrote: lines end with CRLF and have no control character in them, names are tokens, and there is as
/// much of a body as is said once.
pub(super) fn strict(bytes: &[u8]) -> Result<Letter, String> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("its headers do not end")?;
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let mut headers = Vec::new();
    let mut start = None;
    let text: Vec<&[u8]> = split(head, b"\r\n");
    for line in text {
        if let Some(byte) = line.iter().find(|byte| **byte < b' ' || **byte == 0x7f) {
            return Err(format!("{byte:#x} in a line"));
        }
        if start.is_none() {
            start = Some(line.to_vec());
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or("a line without a name")?;
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte);
        if colon == 0 || !line[..colon].iter().all(is_token) {
            return Err(format!("a name that is none: {:?}", String::from_utf8_lossy(&line[..colon])));
        }
        headers.push((name_of(&line[..colon]), plain(&line[colon + 1..])));
    }
    let letter = Letter { start: start.unwrap_or_default(), headers, body: body.to_vec() };
    let lengths = letter.all("content-length");
    if lengths != [body.len().to_string().as_bytes()] {
        return Err(format!("{lengths:?} of {} bytes", body.len()));
    }
    for name in ["from", "to", "call-id", "cseq"] {
        if letter.all(name).len() > 1 {
            return Err(format!("{} times {name}", letter.all(name).len()));
        }
    }
    Ok(letter)
}

fn split<'a>(mut bytes: &'a [u8], at: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(end) = bytes.windows(at.len()).position(|window| window == at) {
        parts.push(&bytes[..end]);
        bytes = &bytes[end + at.len()..];
    }
    parts.push(bytes);
    parts
}

impl Letter {
    pub(super) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value).collect()
    }

    pub(super) fn one(&self, name: &str) -> String {
        String::from_utf8_lossy(self.all(name).first().copied().unwrap_or_default()).into_owned()
    }

    /// The headers but these.
    pub(super) fn but(&self, names: &[&str]) -> Vec<(String, String)> {
        let kept = self.headers.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned())).collect()
    }
}

/// What is wrong with a page in which these words may stand as text alone: where one is in a tag, and no value of an
/// attribute in double quotes. A browser's reader of tags, as far as this page can be one that it reads rightly.
pub(super) fn markup_with(page: &str, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in page.match_indices(['<']) {
        let (_, rest) = page.split_at(at + 1);
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            continue;
        }
        let (mut is_quoted, mut bare) = (false, String::new());
        for c in rest.chars() {
            match (c, is_quoted) {
                ('"', _) => is_quoted = !is_quoted,
                ('>', false) => break,
                (_, true) => {}
                (_, false) => bare.push(c),
            }
        }
        if bare.contains(word) || is_quoted {
            found.push(bare.chars().take(200).collect());
        }
    }
    found
}

/// The rows of a table in CSV (RFC 4180), each of quoted cells alone.
pub(super) fn table(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows = vec![Vec::new()];
    let mut rest = text;
    while !rest.is_empty() {
        let mut cell = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (inner, after) = quoted.split_once('"').ok_or("a cell without an end")?;
                cell.push_str(inner);
                quoted = after;
                let Some(more) = quoted.strip_prefix('"') else { break };
                cell.push('"');
                quoted = more;
            }
            rest = quoted;
        } else {
            let (bare, after) = rest.split_at(rest.find([',', '\r']).unwrap_or(rest.len()));
            cell.push_str(bare);
            rest = after;
        }
        rows.last_mut().ok_or("no row")?.push(cell);
        if let Some(more) = rest.strip_prefix("\r\n") {
            rest = more;
            if !rest.is_empty() {
                rows.push(Vec::new());
            }
        } else {
            rest = rest
                .strip_prefix(',')
                .ok_or_else(|| format!("{:?} behind a cell", rest.chars().take(40).collect::<String>()))?;
        }
    }
    Ok(rows)
}

/// Characters that end a line for somebody, turn its direction, or command a terminal.
pub(super) fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One record of syslog (RFC 5424): the values of its parameters.
pub(super) fn record(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    if let Some(c) = text.chars().find(|c| is_treacherous(*c)) {
        return Err(format!("{c:?} in it"));
    }
    let words: Vec<&str> = text.splitn(7, ' ').collect();
    let ["<84>1" | "<86>1", _, _, "hookswitch", _, _, rest] = words[..] else {
        return Err(format!("a head that is none: {text}"));
    };
    let mut rest = rest.strip_prefix("[hookswitch@32473").ok_or("no element")?;
    let mut values = Vec::new();
    loop {
        if let Some(text) = rest.strip_prefix("] ") {
            values.push(("text".to_owned(), text.to_owned()));
            return Ok(values);
        }
        let (name, more) =
            rest.strip_prefix(' ').and_then(|rest| rest.split_once("=\"")).ok_or("no parameter")?;
        let (mut value, mut end) = (String::new(), None);
        let mut characters = more.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => value.extend(characters.next().map(|(_, c)| c)),
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                ']' => return Err("an element that ends within a value".into()),
                _ => value.push(c),
            }
        }
        (_, rest) = more.split_at(end.ok_or("a value without an end")?);
        values.push((name.to_owned(), value));
    }
}
