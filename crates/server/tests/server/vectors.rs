//! The messages of `wire`'s vectors, and what the server is expected to answer; the format is told at the top of
//! `crates/wire/vectors/sip/rfc4475.txt`.

const FILES: [(&str, &str); 2] = [
    ("rfc4475", include_str!("../../../wire/vectors/sip/rfc4475.txt")),
    ("rfc5118", include_str!("../../../wire/vectors/sip/rfc5118.txt")),
];

/// One message.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The statuses that it is answered with over UDP; none = it is not answered.
    pub(crate) over_udp: Vec<u16>,
    /// The same over TCP and TLS.
    pub(crate) over_streams: Vec<u16>,
    /// What the RFC would rather have it answered with, where that is declared to differ.
    pub(crate) rfc: Option<u16>,
}

/// All torture messages.
pub(crate) fn torture() -> Vec<Vector> {
    FILES.iter().flat_map(|(file, text)| read(file, text)).collect()
}

/// The messages of a file, each with its name and what its head says.
pub(crate) fn messages<'t>(file: &'t str, text: &'t str) -> impl Iterator<Item = (String, &'t str, Vec<u8>)> {
    text.split("\n== ").skip(1).map(move |chunk| {
        let (head, body) = chunk.split_once("\n\n").expect("an empty line");
        let name = format!("{file}/{}", head.lines().next().expect("a name"));
        let (message, _) = body.split_once("<end>").expect("an end");
        (name, head, decode(message))
    })
}

fn read(file: &str, text: &str) -> Vec<Vector> {
    messages(file, text)
        .map(|(name, head, bytes)| {
            let key = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            let over_udp = match (key("answer"), key("expect").expect("what is expected")) {
                (Some(status), _) => vec![status.parse().expect("a status")],
                (None, "drop") => Vec::new(),
                (None, "accept") if bytes.starts_with(b"SIP/") => Vec::new(),
                (None, reject) => {
                    let status = reject.strip_prefix("reject ");
                    vec![status.unwrap_or_else(|| panic!("{name}: no answer")).parse().expect("a status")]
                }
            };
            let over_streams = key("streams").map_or_else(
                || over_udp.clone(),
                |said| said.split_whitespace().map_while(|word| word.parse().ok()).collect(),
            );
            let rfc = key("rfc").map(|status| status.parse().expect("a status"));
            assert_eq!(rfc.is_some(), key("differs").is_some(), "{name}: a difference has a reason");
            Vector { name, bytes, over_udp, over_streams, rfc }
        })
        .collect()
}

fn decode(message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (position, part) in message.split("<hex>").enumerate() {
        let text = match part.split_once("</hex>") {
            Some((digits, text)) if position > 0 => {
                out.extend(data_encoding::HEXLOWER.decode(digits.as_bytes()).expect("hex"));
                text
            }
            _ => part,
        };
        out.extend(text.replace('\n', "\r\n").bytes());
    }
    out
}
