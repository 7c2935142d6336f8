//! The torture messages of RFC 4475 and RFC 5118, each sent to the server as a datagram: what is answered is what the
//! vectors of `wire` say.

use wire::sip::{HeaderName, Headers, Request, Via};

use crate::{
    house::House,
    phone::{Answer, Phone, SILENCE},
};

const FILES: [(&str, &str); 2] = [
    ("rfc4475", include_str!("../../../wire/vectors/sip/rfc4475.txt")),
    ("rfc5118", include_str!("../../../wire/vectors/sip/rfc5118.txt")),
];

/// One message, and the status it is answered with; `None` = it is not answered.
struct Vector {
    name: String,
    expected: Option<u16>,
    bytes: Vec<u8>,
}

/// The messages of a file, each with its name and what its head says; the format is told at the top of `rfc4475.txt`.
pub(crate) fn messages<'t>(file: &'t str, text: &'t str) -> impl Iterator<Item = (String, &'t str, Vec<u8>)> {
    text.split("\n== ").skip(1).map(move |chunk| {
        let (head, body) = chunk.split_once("\n\n").expect("an empty line");
        let name = format!("{file}/{}", head.lines().next().expect("a name"));
        let (message, _) = body.split_once("<end>").expect("an end");
        (name, head, decode(message))
    })
}

/// The vectors of a file.
fn read(file: &str, text: &str) -> Vec<Vector> {
    messages(file, text)
        .map(|(name, head, bytes)| {
            let key = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            let expected = match (key("answer"), key("expect").expect("what is expected")) {
                (Some(status), _) => Some(status.parse().expect("a status")),
                (None, "drop") => None,
                (None, "accept") if bytes.starts_with(b"SIP/") => None,
                (None, reject) => {
                    let status = reject.strip_prefix("reject ");
                    Some(status.unwrap_or_else(|| panic!("{name}: no answer")).parse().expect("a status"))
                }
            };
            Vector { name, expected, bytes }
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

/// The message with `rport` in its top Via: the answer comes back to this socket, and not to the port in the message
/// (RFC 3581). A Via that cannot be read is left as it is.
fn with_way_back(bytes: &[u8]) -> Vec<u8> {
    let mut headers = Headers::new();
    let Some(request) = Request::salvage(bytes, &mut headers) else { return bytes.to_vec() };
    let (value, at) = request.fields.all(HeaderName::Via).next().expect("a Via");
    if !Via::parse(value).is_ok_and(|via| via.rport.is_none()) {
        return bytes.to_vec();
    }
    let end = at + value.iter().position(|&byte| byte == b',').unwrap_or(value.len());
    [&bytes[..end], b";rport", &bytes[end..]].concat()
}

async fn answer(phone: &mut Phone, vector: &Vector) -> Option<Answer> {
    phone.send(&with_way_back(&vector.bytes)).await;
    let patience = if vector.expected.is_some() { SILENCE * 10 } else { SILENCE };
    phone.hear(patience).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_torture_message_is_answered_as_its_vector_says() {
    let house = House::start().await.ignited().await;
    let mut phone = house.phone("201", "").await;
    let mut wrong = Vec::new();
    for vector in FILES.iter().flat_map(|(file, text)| read(file, text)) {
        let status = answer(&mut phone, &vector).await.map(|answer| answer.status);
        if status != vector.expected {
            wrong.push(format!("{}: {status:?}, not {:?}", vector.name, vector.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
