//! The requests of a call, in 2,048 ways, for the reason that REGISTERs are (`shape.rs`): vendor, order of the headers, order
//! of the digest's parameters, style.

use crate::digest::Hex;
use crate::phone::{CNONCES, write_decimal, write_hex};
use crate::shape::{REALM, Style, shuffle};

/// What stands in every way of writing where something is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Method,
    Target,
    Port,
    Branch,
    Caller,
    Callee,
    /// The tag that the callee gave, once there is one.
    ToTag,
    Call,
    CSeq,
    Routes,
    Nonce,
    Uri,
    Response,
    /// From here on, only what belongs to an INVITE.
    Inviting,
    /// From here on, only what belongs to any other request.
    Otherwise,
    /// From here on, only what proves who asks.
    Proving,
    /// From here on, whatever the request.
    Always,
}

const PLACES: [(&str, Place); 17] = [
    ("method", Place::Method),
    ("target", Place::Target),
    ("port", Place::Port),
    ("branch", Place::Branch),
    ("caller", Place::Caller),
    ("callee", Place::Callee),
    ("to-tag", Place::ToTag),
    ("call", Place::Call),
    ("cseq", Place::CSeq),
    ("routes", Place::Routes),
    ("nonce", Place::Nonce),
    ("uri", Place::Uri),
    ("response", Place::Response),
    ("inviting", Place::Inviting),
    ("otherwise", Place::Otherwise),
    ("proving", Place::Proving),
    ("always", Place::Always),
];

#[derive(Debug)]
enum Piece {
    Text(Vec<u8>),
    Place(Place),
}

/// Who may ask, shown for one request.
#[derive(Clone, Default)]
pub(super) struct Proof {
    pub(super) nonce: Vec<u8>,
    /// What was asked for when it was made: an ACK repeats the proof of its INVITE.
    pub(super) uri: Vec<u8>,
    pub(super) response: Option<Hex>,
}

/// What differs from request to request.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) target: &'a [u8],
    pub(super) pair: u32,
    /// Which of the pair's calls.
    pub(super) serial: u32,
    pub(super) transaction: u32,
    pub(super) caller: u32,
    pub(super) callee: u32,
    pub(super) to_tag: &'a [u8],
    pub(super) cseq: u32,
    /// The header, or nothing.
    pub(super) routes: &'a [u8],
    pub(super) proof: Option<&'a Proof>,
}

/// One way to write them all.
pub(super) struct Form {
    pieces: Vec<Piece>,
    pub(super) cnonce: &'static [u8],
}

impl Form {
    /// The form of this number, taken modulo `SHAPES`.
    pub(super) fn numbered(number: u32) -> Self {
        let style = Style::numbered(number);
        let number = style.number;
        let which = usize::try_from(number / 512).unwrap_or(0);
        let cnonce = CNONCES.get(which % CNONCES.len()).copied().unwrap_or_default();
        Self { pieces: compiled(&template(&style, cnonce)), cnonce: cnonce.as_bytes() }
    }

    pub(super) fn write(&self, request: &Request<'_>, port: u16, out: &mut Vec<u8>) {
        let inviting = request.method == "INVITE";
        let mut left_out = false;
        for piece in &self.pieces {
            let place = match piece {
                Piece::Text(text) if !left_out => {
                    out.extend_from_slice(text);
                    continue;
                }
                Piece::Text(_) => continue,
                Piece::Place(place) => place,
            };
            match place {
                Place::Inviting => left_out = !inviting,
                Place::Otherwise => left_out = inviting,
                Place::Proving => left_out = request.proof.is_none(),
                Place::Always => left_out = false,
                _ if left_out => {}
                Place::Method => out.extend_from_slice(request.method.as_bytes()),
                Place::Target => out.extend_from_slice(request.target),
                Place::Port => write_decimal(u32::from(port), out),
                Place::Branch => write_both(request.pair, request.transaction, out),
                Place::Caller => write_decimal(request.caller, out),
                Place::Callee => write_decimal(request.callee, out),
                Place::ToTag if request.to_tag.is_empty() => {}
                Place::ToTag => {
                    out.extend_from_slice(b";tag=");
                    out.extend_from_slice(request.to_tag);
                }
                Place::Call => write_both(request.pair, request.serial, out),
                Place::CSeq => write_decimal(request.cseq, out),
                Place::Routes => out.extend_from_slice(request.routes),
                Place::Nonce => out.extend_from_slice(request.proof.map_or(&[], |proof| &proof.nonce)),
                Place::Uri => out.extend_from_slice(request.proof.map_or(&[], |proof| &proof.uri)),
                Place::Response => {
                    let response = request.proof.and_then(|proof| proof.response.as_ref());
                    out.extend_from_slice(response.map_or(&[], |response| response));
                }
            }
        }
    }
}

/// Two numbers that come back in an answer.
pub(super) fn write_both(one: u32, other: u32, out: &mut Vec<u8>) {
    let mut hex = [0; 8];
    write_hex(one, &mut hex);
    out.extend_from_slice(&hex);
    write_hex(other, &mut hex);
    out.extend_from_slice(&hex);
}

/// What is said of the sound: as long as phones', and never looked at.
pub(super) fn body(style: &Style) -> String {
    let number = style.number;
    let more = if style.chatty {
        "a=rtpmap:9 G722/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=ptime:20\r\n"
    } else {
        ""
    };
    format!(
        "v=0\r\no=- {} 1 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n{more}a=sendrecv\r\n",
        3_900_000_000 + u64::from(number),
        16_384 + 2 * number,
    )
}

/// All of it, with the names of places between percent signs.
fn template(style: &Style, cnonce: &str) -> String {
    let name = |long: &str, short: &str| style.name(long, short);
    let same = |long: &str| style.name(long, long);
    let number = style.number;
    let shown = match (style.odd, style.chatty) {
        (true, _) => "\"Front Desk, \\\"2nd\\\" floor\" ",
        (_, true) => "Reception ",
        _ => "",
    };
    let tail = if style.chatty { "@192.168.10.44" } else { "" };
    let mut headers = vec![
        format!("{}: 70\r\n", same("Max-Forwards")),
        format!(
            "{}: {shown}<sip:%caller%@{REALM}>;tag={:08x}\r\n",
            name("From", "f"),
            number.wrapping_mul(0x9e37_79b9)
        ),
        format!("{}: <sip:%callee%@{REALM}>%to-tag%\r\n", name("To", "t")),
        format!("{}: %call%{tail}\r\n", name("Call-ID", "i")),
        "CSeq: %cseq% %method%\r\n".to_owned(),
        format!("%inviting%{}: <sip:%caller%@127.0.0.1:%port%>\r\n%always%", name("Contact", "m")),
        format!("User-Agent: {}\r\n", style.vendor()),
        authorization(style, cnonce),
        "%routes%".to_owned(),
    ];
    if style.chatty {
        headers.push(
            "%inviting%Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, MESSAGE, REFER, UPDATE\r\n\
             Supported: replaces, timer\r\n%always%"
                .to_owned(),
        );
    }
    shuffle(&mut headers, number / 128);
    let rport = if number & 0x40 == 0 { ";rport" } else { "" };
    let body = body(style);
    format!(
        "%method% %target% SIP/2.0\r\n{}: SIP/2.0/UDP 127.0.0.1:%port%{rport};branch=z9hG4bK%branch%\r\n{}\
         %inviting%{}: application/sdp\r\n{length}: {}\r\n\r\n{body}%otherwise%{length}: 0\r\n\r\n",
        name("Via", "v"),
        headers.concat(),
        name("Content-Type", "c"),
        body.len(),
        length = name("Content-Length", "l"),
    )
}

fn authorization(style: &Style, cnonce: &str) -> String {
    let mut parameters = vec![
        "username=\"%caller%\"".to_owned(),
        format!("realm=\"{REALM}\""),
        "nonce=\"%nonce%\"".to_owned(),
        "uri=\"%uri%\"".to_owned(),
        "response=\"%response%\"".to_owned(),
        if style.odd { "algorithm=\"MD5\"" } else { "algorithm=MD5" }.to_owned(),
        "qop=auth".to_owned(),
        // No nonce is used twice: there is a challenge for each call.
        "nc=00000001".to_owned(),
        format!("cnonce=\"{cnonce}\""),
    ];
    shuffle(&mut parameters, (style.number >> 6) ^ 0x5a5a);
    let comma = if style.odd { "," } else { ", " };
    let name = style.name("Proxy-Authorization", "Proxy-Authorization");
    format!("%proving%{name}: Digest {}\r\n%always%", parameters.join(comma))
}

fn compiled(template: &str) -> Vec<Piece> {
    let parts = template.split('%').enumerate().filter(|(_, part)| !part.is_empty());
    parts
        .map(|(at, part)| {
            let place = PLACES.iter().find(|(name, _)| at % 2 == 1 && *name == part);
            place.map_or_else(|| Piece::Text(part.as_bytes().to_vec()), |(_, place)| Piece::Place(*place))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::SHAPES;

    fn written(form: &Form, method: &'static str, proof: Option<&Proof>, routes: &[u8]) -> String {
        let request = Request {
            method,
            target: b"sip:200001@bench.test",
            pair: 1,
            serial: 2,
            transaction: 3,
            caller: 100_001,
            callee: 200_001,
            to_tag: if method == "INVITE" { b"" } else { b"xyz" },
            cseq: 4,
            routes,
            proof,
        };
        let mut out = Vec::new();
        form.write(&request, 5555, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_form_is_another_and_fills_in_all_places() {
        let proof = Proof { nonce: b"abc".to_vec(), uri: b"sip:there".to_vec(), response: Some([b'0'; 32]) };
        let mut seen = std::collections::HashSet::new();
        for number in 0..SHAPES {
            let form = Form::numbered(number);
            let text = written(&form, "INVITE", Some(&proof), b"");
            for name in PLACES.map(|(name, _)| name) {
                assert!(
                    !form
                        .pieces
                        .iter()
                        .any(|piece| matches!(piece, Piece::Text(text) if text == name.as_bytes()))
                );
            }
            assert!(text.contains("branch=z9hG4bK0000000100000003\r\n"), "{text}");
            assert!(text.contains("nonce=\"abc\"") && text.contains("uri=\"sip:there\""), "{text}");
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!(": {}", body.len())), "{text}");
            assert!(seen.insert(text));
        }
    }

    #[test]
    fn a_request_within_a_call_has_its_routes_and_no_body() {
        let text = written(&Form::numbered(0), "BYE", None, b"Route: <sip:1.2.3.4;lr>\r\n");
        assert!(text.starts_with("BYE sip:200001@bench.test SIP/2.0\r\n"), "{text}");
        assert!(text.contains("\r\nRoute: <sip:1.2.3.4;lr>\r\n") && text.contains(">;tag=xyz\r\n"), "{text}");
        assert!(
            text.ends_with("Content-Length: 0\r\n\r\n") && !text.contains("Proxy-Authorization"),
            "{text}"
        );
    }
}
