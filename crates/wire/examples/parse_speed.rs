//! What a REGISTER costs, in nanoseconds: over 2,048 different messages, since one message sent again and again
//! flatters a parser (the branch predictor learns it). The generator is seeded: every run has the same messages.
//!
//! ```text
//! cargo run --release -p wire --example parse_speed [rounds]
//! ```
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and prints; a message it made itself must parse"
)]

use std::hint::black_box;
use std::time::Instant;

use wire::sip::register::{BindingView, Limits, PathPolicy, plan};
use wire::sip::{AnswerWriter, Credentials, HeaderName, Headers, Method, NewChallenge, Request};

const MESSAGES: usize = 2048;
/// Unless another number is given.
const ROUNDS: usize = 60;
const CHUNK: usize = 64;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap();
        items.iter().copied().nth(at).unwrap()
    }

    fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap(), 16).unwrap()).collect()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, usize::try_from(self.below(last as u64 + 1)).unwrap());
        }
    }
}

fn register(dice: &mut Dice) -> Vec<u8> {
    let agent = dice.pick(&[
        "Yealink SIP-T46U 108.86.0.20",
        "snomD785/10.1.141.13",
        "Grandstream GXP2170 1.0.11.64",
        "PolycomVVX-VVX_411-UA/5.9.5.0614",
        "Cisco-CP8841-3PCC/11.3.1_2a",
        "Linphone/5.1.65 (belle-sip/5.2.98)",
        "Fanvil X6U 2.4.10 0c383e1a2b3c",
        "baresip v3.10.1 (x86_64/linux)",
    ]);
    let extension = 1000 + dice.below(9000);
    let domain = dice.pick(&["example.com", "pbx.example.org", "sip.branch-office.example.net"]);
    let port = 1024 + dice.below(60000);
    let host = format!("10.{}.{}.{}", dice.below(256), dice.below(256), dice.below(256));
    let ((branch, tag), call) = ((dice.hex(16), dice.hex(10)), dice.hex(24));
    let nonce_length = if dice.below(2) == 0 { 32 } else { 44 };
    let cnonce_length = if dice.below(2) == 0 { 8 } else { 32 };
    let nonce_count = dice.below(5000) + 1;
    let mut auth = vec![
        format!("username=\"{extension}\""),
        format!("realm=\"{domain}\""),
        format!("nonce=\"{}\"", dice.hex(nonce_length)),
        format!("uri=\"sip:{domain}\""),
        format!("response=\"{}\"", dice.hex(32)),
        "algorithm=MD5".to_owned(),
        format!("cnonce=\"{}\"", dice.hex(cnonce_length)),
        "qop=auth".to_owned(),
        format!("nc={nonce_count:08x}"),
    ];
    dice.shuffle(&mut auth);
    let separator = dice.pick(&[", ", ","]);
    let instance = format!(
        ";+sip.instance=\"<urn:uuid:{}-{}-{}-{}-{}>\"",
        dice.hex(8),
        dice.hex(4),
        dice.hex(4),
        dice.hex(4),
        dice.hex(12)
    );
    let extra = if dice.below(2) == 0 { instance } else { ";q=1.0;line=abc".to_owned() };
    let transport = dice.pick(&["", ";transport=udp", ";ob"]);
    let mut rows = vec![
        format!("Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch};rport"),
        format!("From: \"Line {extension}\" <sip:{extension}@{domain}>;tag={tag}"),
        format!("To: <sip:{extension}@{domain}>"),
        format!("Call-ID: {call}@{host}"),
        format!("CSeq: {} REGISTER", dice.below(100_000) + 1),
        format!("Contact: <sip:{extension}@{host}:{port}{transport}>{extra};expires=3600"),
        "Max-Forwards: 70".to_owned(),
        format!("User-Agent: {agent}"),
        format!("Authorization: Digest {}", auth.join(separator)),
        "Content-Length: 0".to_owned(),
    ];
    if dice.below(2) == 0 {
        rows.push("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, MESSAGE".to_owned());
    }
    if dice.below(2) == 0 {
        rows.push("Supported: path, replaces, outbound, gruu".to_owned());
    }
    if dice.below(2) == 0 {
        rows.push("Expires: 3600".to_owned());
    }
    if dice.below(3) == 0 {
        rows.push(format!("X-Device-MAC: {}", dice.hex(12)));
    }
    dice.shuffle(&mut rows);
    format!("REGISTER sip:{domain} SIP/2.0\r\n{}\r\n\r\n", rows.join("\r\n")).into_bytes()
}

/// What a registrar looks at.
fn extract(request: &Request<'_>) -> u64 {
    let essentials = request.essentials().unwrap();
    assert_eq!(request.method, Method::Register);
    let fields = &request.fields;
    let mut sum = u64::from(essentials.cseq.number) + request.fields.call_id().unwrap().len() as u64;
    for contact in fields.contacts() {
        sum += u64::from(contact.unwrap().expires.unwrap_or(0));
    }
    for credentials in fields.authorizations() {
        if let Credentials::Digest(digest) = credentials.unwrap() {
            sum += u64::from(digest.nonce_count.unwrap_or(0)) + digest.nonce.raw().len() as u64;
        }
    }
    sum += u64::from(fields.expires().unwrap().unwrap_or(0));
    sum += u64::from(fields.has_token(HeaderName::Supported, "outbound"));
    sum + fields.user_agent().map_or(0, <[u8]>::len) as u64
}

/// The best time of each chunk of messages, added up: a chunk is short enough to run undisturbed now and then, even on
/// a machine that does other work, and long enough to be new to the branch predictor when its turn comes again.
fn measure(rounds: usize, name: &str, messages: &[Vec<u8>], mut work: impl FnMut(&[u8]) -> u64) {
    let mut best = vec![f64::INFINITY; messages.len().div_ceil(CHUNK)];
    for _ in 0..rounds {
        for (best, chunk) in best.iter_mut().zip(messages.chunks(CHUNK)) {
            let begun = Instant::now();
            for message in chunk {
                black_box(work(black_box(message)));
            }
            *best = best.min(begun.elapsed().as_secs_f64());
        }
    }
    let each = best.iter().sum::<f64>() * 1e9 / f64::from(u32::try_from(messages.len()).unwrap());
    println!("{name:<44} {each:>8.0} ns");
}

fn main() {
    let rounds = std::env::args().nth(1).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut dice = Dice(2026);
    let messages: Vec<_> = (0..MESSAGES).map(|_| register(&mut dice)).collect();
    let average = messages.iter().map(Vec::len).sum::<usize>() / MESSAGES;
    println!("{MESSAGES} REGISTERs, {average} bytes on average; per message, best of {rounds} rounds");
    let mut headers = Headers::new();
    let mut out = Vec::with_capacity(4096);
    let peer = "192.0.2.1:5060".parse().unwrap();
    let limits = Limits {
        expires_min: 60,
        expires_default: 600,
        expires_max: 7200,
        bindings_max: 4,
        path: PathPolicy::Accept,
    };

    measure(rounds, "parse", &messages, |bytes| {
        Request::parse(bytes, &mut headers).unwrap().fields.body.len() as u64
    });
    measure(rounds, "parse, extract", &messages, |bytes| {
        extract(&Request::parse(bytes, &mut headers).unwrap())
    });
    measure(rounds, "parse, extract, 401 with two challenges", &messages, |bytes| {
        let request = Request::parse(bytes, &mut headers).unwrap();
        let sum = extract(&request);
        let mut answer = AnswerWriter::start(&mut out, &request, 401, b"Unauthorized", peer, b"4f1c2a");
        for algorithm in [wire::sip::Algorithm::Sha256, wire::sip::Algorithm::Md5] {
            let nonce = b"0123456789abcdef0123456789abcdef";
            answer.challenge(&NewChallenge {
                realm: b"example.com",
                nonce,
                opaque: b"",
                algorithm,
                stale: false,
            });
        }
        sum + answer.finish().len() as u64
    });
    let refresh = |has_credentials: bool, bytes: &[u8], headers: &mut Headers, out: &mut Vec<u8>| {
        let request = Request::parse(bytes, headers).unwrap();
        let mut sum = extract(&request);
        if let (true, Some(Ok(Credentials::Digest(shown)))) =
            (has_credentials, request.fields.authorizations().next())
        {
            sum += shown.response.len() as u64;
        }
        let contact = request.fields.contacts().next().unwrap().unwrap().address.uri;
        let bound = BindingView {
            contact: contact.raw(),
            q: None,
            instance: None,
            reg_id: None,
            call_id: b"another",
            cseq: 1,
            expires_at: 2000,
        };
        let bindings = [bound];
        let plan = plan(&request, &bindings, &limits, 1000).unwrap();
        let mut answer = AnswerWriter::start(out, &request, 200, b"OK", peer, b"4f1c2a");
        for line in plan.contacts(&bindings, 1000) {
            answer.contact(&line);
        }
        answer.date(1_800_000_000);
        sum + answer.finish().len() as u64
    };
    measure(rounds, "parse, extract, plan, 200", &messages, |bytes| {
        refresh(false, bytes, &mut headers, &mut out)
    });
    measure(rounds, "parse, extract, MD5, plan, 200", &messages, |bytes| {
        refresh(true, bytes, &mut headers, &mut out)
    });

    let digests: Vec<_> = messages
        .iter()
        .map(|bytes| {
            let request = Request::parse(bytes, &mut headers).unwrap();
            request.fields.first(HeaderName::Authorization).unwrap().to_vec()
        })
        .collect();
    measure(rounds, "credentials alone", &digests, |value| {
        u64::from(Credentials::parse(value).unwrap().digest().unwrap().nonce_count.unwrap())
    });
}
