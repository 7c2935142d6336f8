//! 2,048 ways in which phones write the same REGISTER.
//!
//! A server that sees one message again and again learns it by heart: the processor's branch predictor flatters every parser.
//! So each phone has a shape of its own: vendor, order of the headers, order of the digest's parameters, and style.

/// How many there are.
pub(crate) const SHAPES: u32 = 2048;

/// The SIP domain, digest realm and Request-URI's host.
pub(crate) const REALM: &str = "bench.test";

const VENDORS: [&str; 16] = [
    "Yealink SIP-T46U 108.86.0.90",
    "Grandstream GXP2170 1.0.11.64",
    "PolycomVVX-VVX_411-UA/6.4.6.2494",
    "Cisco/SPA504G-7.6.2g",
    "snomD785/10.1.152.13",
    "Fanvil X6U 2.4.12 0c383e2a5b10",
    "Mitel 6867i/6.3.0.1020",
    "Panasonic-KX-HDV230/08.103 (0080f0aabbcc)",
    "Gigaset N510 IP PRO/42.259.00.000.000",
    "OBIHAI/OBi302-3.2.2.8680EX",
    "Htek UC926 V2.0.4.6.33",
    "Zoiper rv2.10.20.5",
    "MicroSIP/3.21.3",
    "Linphone-Desktop/5.2.6 (belle-sip/5.3.83)",
    "baresip v3.16.0 (x86_64/Linux)",
    "Spectralink-SL_84/5.4.6",
];

/// A place in a message, written anew for each one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(Vec<u8>),
    /// The extension's number, which is also the digest's user name.
    Number,
    /// Our UDP port.
    Port,
    /// Which phone and which request: it comes back in the answer.
    Branch,
    CSeq,
    /// From here to `AuthorizationEnd`: left out of a request without proof.
    Authorization,
    AuthorizationEnd,
    Nonce,
    Nc,
    Cnonce,
    Response,
}

/// One way to write a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) pieces: Vec<Piece>,
    /// As it stands in the request line and in the digest.
    pub(crate) uri: String,
}

impl Shape {
    /// The shape of this number, taken modulo `SHAPES`.
    pub(crate) fn numbered(number: u32) -> Self {
        let style = Style::numbered(number);
        let number = style.number;
        let uri =
            if number & 0x40 == 0 { format!("sip:{REALM}") } else { format!("sip:{REALM};transport=udp") };

        let mut headers = vec![
            line(&style.name("Max-Forwards", "Max-Forwards"), &[Part::Text("70".into())]),
            line(&style.name("From", "f"), &style.person(true)),
            line(&style.name("To", "t"), &style.person(false)),
            line(&style.name("Call-ID", "i"), &style.call_id()),
            line(&style.name("CSeq", "CSeq"), &[Part::Piece(Piece::CSeq), Part::Text(" REGISTER".into())]),
            line(&style.name("Contact", "m"), &style.contact()),
            line(&style.name("User-Agent", "User-Agent"), &[Part::Text(style.vendor().into())]),
            style.authorization(&uri),
        ];
        if !style.compact {
            headers.push(line(&style.name("Expires", "Expires"), &[Part::Text("3600".into())]));
        }
        if style.chatty {
            let allow =
                "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, SUBSCRIBE, INFO, MESSAGE, REFER, UPDATE, PRACK";
            headers.push(line("Allow", &[Part::Text(allow.into())]));
            headers.push(line("Supported", &[Part::Text("path, outbound, gruu, replaces, timer".into())]));
            headers.push(line("Allow-Events", &[Part::Text("talk,hold,conference,refer,check-sync".into())]));
        }
        shuffle(&mut headers, number / 128);

        let mut message = vec![Piece::Text(format!("REGISTER {uri} SIP/2.0\r\n").into_bytes())];
        message.extend(line(&style.name("Via", "v"), &style.via()));
        message.extend(headers.into_iter().flatten());
        message.extend(line(&style.name("Content-Length", "l"), &[Part::Text("0".into())]));
        message.push(Piece::Text(b"\r\n".to_vec()));
        Self { pieces: merged(message), uri }
    }
}

/// Text, or a place.
enum Part {
    Text(String),
    Piece(Piece),
}

/// How a vendor's phones write, whatever they write.
pub(crate) struct Style {
    pub(crate) number: u32,
    /// The short names of headers.
    pub(crate) compact: bool,
    /// Everything it could do is told.
    pub(crate) chatty: bool,
    /// What is allowed and seldom seen.
    pub(crate) odd: bool,
}

impl Style {
    /// The style of the shape of this number, taken modulo `SHAPES`.
    pub(crate) fn numbered(number: u32) -> Self {
        let number = number % SHAPES;
        Self {
            number,
            compact: number & 0x30 == 0x10,
            chatty: number & 0x30 == 0x20,
            odd: number & 0x30 == 0x30,
        }
    }

    pub(crate) fn vendor(&self) -> &'static str {
        let at = usize::try_from(self.number % 16).ok();
        at.and_then(|at| VENDORS.get(at)).copied().unwrap_or_default()
    }

    pub(crate) fn name(&self, long: &str, short: &str) -> String {
        if self.compact {
            short.to_owned()
        } else if self.odd {
            long.to_lowercase()
        } else {
            long.to_owned()
        }
    }

    fn via(&self) -> Vec<Part> {
        let rport = if self.number & 0x40 == 0 { ";rport" } else { "" };
        vec![
            Part::Text("SIP/2.0/UDP 127.0.0.1:".into()),
            Part::Piece(Piece::Port),
            Part::Text(format!("{rport};branch=z9hG4bK")),
            Part::Piece(Piece::Branch),
        ]
    }

    fn person(&self, from: bool) -> Vec<Part> {
        let shown = match (self.odd, self.chatty) {
            (true, _) => "\"Front Desk, \\\"2nd\\\" floor\" ",
            (_, true) => "Reception ",
            _ => "",
        };
        let mut parts = vec![
            Part::Text(format!("{shown}<sip:")),
            Part::Piece(Piece::Number),
            Part::Text(format!("@{REALM}>")),
        ];
        if from {
            parts.push(Part::Text(format!(";tag={:08x}", self.number.wrapping_mul(0x9e37_79b9))));
        }
        parts
    }

    fn call_id(&self) -> Vec<Part> {
        let tail = if self.chatty { "@192.168.10.44" } else { "" };
        vec![
            Part::Text(format!("{:07x}-", self.number * 7919)),
            Part::Piece(Piece::Number),
            Part::Text(tail.into()),
        ]
    }

    fn contact(&self) -> Vec<Part> {
        let transport = if self.chatty { ";transport=udp" } else { "" };
        let after = match (self.compact, self.chatty) {
            (true, _) => ";expires=3600".to_owned(),
            (_, true) => {
                format!(";reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{:012x}>\"", self.number)
            }
            _ => String::new(),
        };
        vec![
            Part::Text("<sip:".into()),
            Part::Piece(Piece::Number),
            Part::Text("@127.0.0.1:".into()),
            Part::Piece(Piece::Port),
            Part::Text(format!("{transport}>{after}")),
        ]
    }

    fn authorization(&self, uri: &str) -> Vec<Piece> {
        let algorithm = if self.odd { "algorithm=\"MD5\"" } else { "algorithm=MD5" };
        let quoted = |name: &str, piece: Piece| vec![text(&format!("{name}=\"")), piece, text("\"")];
        let mut parameters = vec![
            quoted("username", Piece::Number),
            vec![text(&format!("realm=\"{REALM}\""))],
            quoted("nonce", Piece::Nonce),
            vec![text(&format!("uri=\"{uri}\""))],
            quoted("response", Piece::Response),
            vec![text(algorithm)],
            vec![text("qop=auth")],
            vec![text("nc="), Piece::Nc],
            quoted("cnonce", Piece::Cnonce),
        ];
        shuffle(&mut parameters, (self.number >> 6) ^ 0x5a5a);
        let comma = if self.odd { "," } else { ", " };
        let mut pieces = vec![
            Piece::Authorization,
            text(&format!("{}: Digest ", if self.odd { "authorization" } else { "Authorization" })),
        ];
        for (at, parameter) in parameters.into_iter().enumerate() {
            if at > 0 {
                pieces.push(text(comma));
            }
            pieces.extend(parameter);
        }
        pieces.push(text("\r\n"));
        pieces.push(Piece::AuthorizationEnd);
        pieces
    }
}

fn text(content: &str) -> Piece {
    Piece::Text(content.as_bytes().to_vec())
}

fn line(name: &str, value: &[Part]) -> Vec<Piece> {
    let mut pieces = vec![text(&format!("{name}: "))];
    for part in value {
        pieces.push(match part {
            Part::Text(content) => text(content),
            Part::Piece(piece) => piece.clone(),
        });
    }
    pieces.push(text("\r\n"));
    pieces
}

/// Neighbouring texts become one.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut result: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (result.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(more)) => before.extend(more),
            (_, piece) => result.push(piece),
        }
    }
    result
}

/// The same order for the same seed, on every machine (Fisher and Yates, with a linear congruential generator).
pub(crate) fn shuffle<T>(items: &mut [T], seed: u32) {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or(0) % (at + 1);
        items.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_another() {
        let mut shapes: Vec<_> = (0..SHAPES).map(|number| format!("{:?}", Shape::numbered(number))).collect();
        shapes.sort();
        shapes.dedup();
        assert_eq!(shapes.len(), SHAPES as usize);
    }
}
