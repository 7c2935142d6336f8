//! Answers to challenges that are not what they seem: of ten thousand, replayed, stale, forged or with a part that was
//! exchanged, none is accepted; and before and after each kind a right one is.
//!
//! Nothing is locked here, so that each of them is really looked at.

use std::collections::BTreeMap;

use server::config::SipConfig;
use sha2::{Digest as _, Sha256};
use signin::{
    digest::{DigestAlgorithm, DigestKeys, DigestProof, NonceCount, response},
    policy::Lock,
};
use tokio::task::JoinSet;
use wire::sip::{Algorithm, Challenge, HeaderName};

use crate::{
    house::{House, REALM},
    phone::{Answer, Phone},
};

const CODE: &str = "472839";
const OTHER_CODE: &str = "905162";
/// Forged answers of each kind.
const EACH: usize = 400;
/// Forged answers in all.
const IN_ALL: usize = 10_000;

/// Every part of an Authorization header, as it will be written; the response is computed from `hashed`.
#[derive(Clone)]
struct Shown {
    username: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: String,
    qop: Option<&'static str>,
    nc: Option<String>,
    cnonce: Option<String>,
}

/// What goes into the response.
#[derive(Clone)]
struct Hashed {
    username: String,
    realm: String,
    code: String,
    nonce: String,
    nc: String,
    cnonce: String,
    method: String,
    uri: String,
    algorithm: DigestAlgorithm,
}

impl Hashed {
    fn right(nonce: &str, host: &str) -> Self {
        Self {
            username: "201".into(),
            realm: REALM.into(),
            code: CODE.into(),
            nonce: nonce.into(),
            nc: "00000001".into(),
            cnonce: "0a4f113b".into(),
            method: "REGISTER".into(),
            uri: format!("sip:{host}"),
            algorithm: DigestAlgorithm::Sha256,
        }
    }

    fn response(&self) -> String {
        let proof = DigestProof {
            algorithm: self.algorithm,
            nonce: self.nonce.as_bytes(),
            nonce_count: NonceCount::read(self.nc.as_bytes()).expect("eight digits"),
            cnonce: self.cnonce.as_bytes(),
            method: self.method.as_bytes(),
            uri: self.uri.as_bytes(),
            response: b"",
            request_hash: None,
        };
        let answer = response(&DigestKeys::derive(&self.username, &self.realm, &self.code), &proof);
        String::from_utf8(answer.as_bytes().to_vec()).expect("hex")
    }

    fn shown(&self) -> Shown {
        Shown {
            username: self.username.clone(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: self.uri.clone(),
            response: self.response(),
            algorithm: self.algorithm.token().into(),
            qop: Some("auth"),
            nc: Some(self.nc.clone()),
            cnonce: Some(self.cnonce.clone()),
        }
    }
}

impl Shown {
    fn header(&self) -> String {
        let Self { username, realm, nonce, uri, response, algorithm, .. } = self;
        let mut text = format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={algorithm}"
        );
        for (name, value) in [("qop", self.qop), ("nc", self.nc.as_deref())] {
            text.push_str(&value.map_or_else(String::new, |value| format!(", {name}={value}")));
        }
        text.push_str(
            &self.cnonce.as_ref().map_or_else(String::new, |value| format!(", cnonce=\"{value}\"")),
        );
        text
    }
}

/// One kind of forgery: from what would be right, and which one of its kind it is, what is shown.
type Forge = fn(&Hashed, usize) -> Shown;

/// Forgeries that need nothing but a nonce of one's own.
const KINDS: [(&str, Forge); 19] = [
    ("nonce: a bit flipped", |right, round| {
        let mut nonce = right.nonce.clone().into_bytes();
        let place = round % nonce.len();
        nonce[place] = if nonce[place] == b'A' { b'B' } else { b'A' };
        Hashed { nonce: String::from_utf8(nonce).expect("ASCII"), ..right.clone() }.shown()
    }),
    ("nonce: made up", |right, round| Hashed { nonce: format!("{round:022}"), ..right.clone() }.shown()),
    ("nonce: cut or longer", |right, round| {
        let cut = start(&right.nonce, round % right.nonce.len());
        let nonce = if round % 2 == 0 { cut } else { format!("{}A", right.nonce) };
        Hashed { nonce, ..right.clone() }.shown()
    }),
    ("nonce: another is hashed", |right, round| {
        let hashed = Hashed { nonce: format!("{round:022}"), ..right.clone() };
        Shown { nonce: right.nonce.clone(), ..hashed.shown() }
    }),
    ("realm: another is hashed", |right, round| {
        let hashed = Hashed { realm: format!("r{round}"), ..right.clone() };
        Shown { realm: right.realm.clone(), ..hashed.shown() }
    }),
    ("realm: another is shown", |right, round| Shown { realm: format!("r{round}"), ..right.shown() }),
    ("realm: another is shown and hashed", |right, round| {
        Hashed { realm: format!("r{round}"), ..right.clone() }.shown()
    }),
    ("uri: another is hashed", |right, round| {
        let hashed = Hashed { uri: format!("sip:h{round}.example"), ..right.clone() };
        Shown { uri: right.uri.clone(), ..hashed.shown() }
    }),
    ("uri: another is shown and hashed", |right, round| {
        Hashed { uri: format!("sip:h{round}.example"), ..right.clone() }.shown()
    }),
    ("method: another is hashed", |right, round| {
        let methods = ["INVITE", "register", "OPTIONS", "SUBSCRIBE", ""];
        Hashed { method: methods[round % methods.len()].into(), ..right.clone() }.shown()
    }),
    ("username: another's, with another's code", |right, _| {
        Hashed { username: "202".into(), code: OTHER_CODE.into(), ..right.clone() }.shown()
    }),
    ("username: one's own, with another's code", |right, _| {
        Hashed { code: OTHER_CODE.into(), ..right.clone() }.shown()
    }),
    ("username: another is shown", |right, round| Shown {
        username: format!("{}", 1000 + round),
        ..right.shown()
    }),
    ("algorithm: another is shown", |right, round| {
        let names = ["MD5", "SHA-256-sess", "MD5-sess", "SHA-512-256", "token", "SHA-257"];
        Shown { algorithm: names[round % names.len()].into(), ..right.shown() }
    }),
    ("qop: missing, auth-int, or made up", |right, round| {
        let qop = [None, Some("auth-int"), Some("\"auth,auth-int\""), Some("aut"), Some("none")];
        Shown { qop: qop[round % qop.len()], ..right.shown() }
    }),
    ("qop: missing, and hashed without", |right, _| {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        let ha1 = hex(format!("{}:{}:{}", right.username, right.realm, right.code).as_bytes());
        let ha2 = hex(format!("{}:{}", right.method, right.uri).as_bytes());
        let response = hex(format!("{ha1}:{}:{ha2}", right.nonce).as_bytes());
        Shown { qop: None, nc: None, cnonce: None, response, ..right.shown() }
    }),
    ("cnonce: missing or another", |right, round| {
        let cnonce = (round % 2 == 0).then(|| format!("{round:08}"));
        Shown { cnonce, ..right.shown() }
    }),
    ("nc: missing or another", |right, round| {
        let nc = (round % 2 == 0).then(|| format!("{:08x}", round + 2));
        Shown { nc, ..right.shown() }
    }),
    ("response: cut, longer, of others, or not hex", |right, round| {
        let whole = right.response();
        let mut flipped = whole.clone().into_bytes();
        let place = round % flipped.len();
        flipped[place] = if flipped[place] == b'0' { b'1' } else { b'0' };
        let choices = [
            start(&whole, round % whole.len()),
            format!("{whole}0"),
            format!(" {whole}"),
            String::from_utf8(flipped).expect("ASCII"),
            "0".repeat(64),
            "z".repeat(64),
            start(&whole, 32),
            format!("{whole}{whole}"),
        ];
        Shown { response: choices[round / 64 % choices.len()].clone(), ..right.shown() }
    }),
];

/// The first characters.
fn start(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// The nonce of an answer's SHA-256 challenge.
fn nonce_of(answer: &Answer) -> String {
    let values = answer.all(HeaderName::WwwAuthenticate);
    let nonce = values.iter().find_map(|value| {
        let challenge = Challenge::parse(value.as_bytes()).expect("read").expect("Digest");
        (challenge.algorithm == Algorithm::Sha256)
            .then(|| String::from_utf8(challenge.nonce.raw().to_vec()).expect("text"))
    });
    nonce.expect("a challenge")
}

async fn show(phone: &mut Phone, shown: &Shown) -> u16 {
    let request = phone.request(Some(600), &shown.header());
    phone.say(&request).await.status
}

async fn right(phone: &mut Phone) -> Hashed {
    let answer = phone.challenge(Some(600)).await;
    assert_eq!(answer.status, 401);
    Hashed::right(&nonce_of(&answer), &phone.host)
}

/// A right answer is accepted.
async fn control(phone: &mut Phone) {
    let right = right(phone).await;
    assert_eq!(show(phone, &right.shown()).await, 200, "a right answer");
}

/// Where nothing is locked.
async fn open_house() -> House {
    let house = House::start().await.ignited().await;
    let house = house.with_user("Ann", "201", CODE).await.with_user("Ben", "202", OTHER_CODE).await;
    house
        .with_settings(|settings| {
            settings.extension_lock.lock = Lock::LogOnly;
            settings.address_lock.lock = Lock::LogOnly;
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_forged_answers_to_a_challenge_none_is_accepted() {
    let house = open_house().await;
    // Two phones first: where several share an extension, none is asked again because of another's challenge.
    for last in [201, 202] {
        control(&mut house.phone_at(&format!("127.0.3.{last}"), "201", CODE).await).await;
    }
    let mut tried: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut work: JoinSet<(String, usize, usize)> = JoinSet::new();
    for (index, (name, forge)) in KINDS.into_iter().enumerate() {
        let mut phone = house.phone_at(&format!("127.0.3.{}", index + 1), "201", CODE).await;
        work.spawn(async move {
            control(&mut phone).await;
            let mut accepted = 0;
            for round in 0..EACH {
                let right = right(&mut phone).await;
                accepted += usize::from(show(&mut phone, &forge(&right, round)).await == 200);
            }
            control(&mut phone).await;
            (name.to_owned(), EACH, accepted)
        });
    }
    spawn_replays(&house, &mut work).await;
    spawn_strangers(&house, &mut work).await;
    while let Some(done) = work.join_next().await {
        let (name, count, accepted) = done.expect("tried");
        tried.insert(name, (count, accepted));
    }
    let (count, accepted) =
        stale(&house, IN_ALL - tried.values().map(|(count, _)| count).sum::<usize>()).await;
    tried.insert("nonce: stale".into(), (count, accepted));
    for (name, (count, accepted)) in &tried {
        println!("{name}: {accepted} of {count}");
    }
    let sum = tried.values().fold((0, 0), |sum, (count, accepted)| (sum.0 + count, sum.1 + accepted));
    println!("forged_answers {}\nforged_answers_accepted {}", sum.0, sum.1);
    assert_eq!(sum, (IN_ALL, 0), "{tried:?}");
    house.stop().await;
}

/// What was right once, said again: the same use of a nonce, and one before it.
async fn spawn_replays(house: &House, work: &mut JoinSet<(String, usize, usize)>) {
    let mut phone = house.phone_at("127.0.4.1", "201", CODE).await;
    work.spawn(async move {
        let mut accepted = 0;
        for _ in 0..EACH / 2 {
            let first = right(&mut phone).await;
            let second = Hashed { nc: "00000002".into(), ..first.clone() };
            assert_eq!(show(&mut phone, &second.shown()).await, 200, "a right answer");
            // The count before is another use, and may come later: datagrams overtake each other.
            assert_eq!(show(&mut phone, &first.shown()).await, 200, "a right answer");
            for used in [&first, &second] {
                accepted += usize::from(show(&mut phone, &used.shown()).await == 200);
            }
        }
        ("nonce count: replayed".into(), EACH / 2 * 2, accepted)
    });
}

/// A nonce that was given to somebody at another address, and one of another system.
async fn spawn_strangers(house: &House, work: &mut JoinSet<(String, usize, usize)>) {
    let elsewhere = open_house().await;
    for (name, lender_house) in
        [("nonce: of another address", None), ("nonce: of another system", Some(elsewhere))]
    {
        let mut lender = match &lender_house {
            Some(other) => other.phone_at("127.0.5.1", "201", CODE).await,
            None => house.phone_at("127.0.5.2", "201", CODE).await,
        };
        let mut phone = house.phone_at("127.0.5.1", "201", CODE).await;
        work.spawn(async move {
            control(&mut phone).await;
            control(&mut lender).await;
            let mut accepted = 0;
            for _ in 0..EACH {
                let lent = right(&mut lender).await;
                accepted += usize::from(show(&mut phone, &lent.shown()).await == 200);
            }
            control(&mut phone).await;
            if let Some(other) = lender_house {
                other.stop().await;
            }
            (name.into(), EACH, accepted)
        });
    }
}

/// Answers that come when their nonce is too old.
async fn stale(house: &House, count: usize) -> (usize, usize) {
    let mut phone = house.phone_at("127.0.6.1", "201", CODE).await;
    control(&mut phone).await;
    let mut answers = Vec::with_capacity(count);
    for _ in 0..count {
        answers.push(right(&mut phone).await.shown());
    }
    house.pass(u64::from(SipConfig::default().nonce_seconds) + 1);
    let mut accepted = 0;
    for answer in &answers {
        accepted += usize::from(show(&mut phone, answer).await == 200);
    }
    control(&mut phone).await;
    (count, accepted)
}
