//! Ten thousand names, agents and contacts that carry more than a name, sent to the running program by UDP and TCP in
//! requests with right and wrong secrets. None of them adds a header, a line of the log, markup, a cell or a record: readers
//! that share nothing with the product look at what other phones hear, at pages, the log, tables and syslog.

mod called;
pub(crate) mod payloads;
mod reader;
mod witnesses;

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use signin::registration::Transport;
use tokio::net::UdpSocket;

use self::{
    called::{Manner, answer, callee},
    payloads::{Chance, payload},
    reader::{Letter, plain, record, strict},
    witnesses::{exported, log_is_whole, pages},
};
use crate::{
    browser::Browser,
    machine::{ADMINISTRATOR_PASSWORD, Machine},
    phone::{Answer, Phone},
    program::Program,
};

/// Payloads in all; half to each of two programs.
const IN_ALL: usize = 10_000;
/// Requests on their way until a plain one is waited for.
const TOGETHER: usize = 24;
/// How long a stranger waits for what should come.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same on a connection that may have swallowed the question: a length that lies takes what follows.
const PATIENCE_WITH_STREAMS: Duration = Duration::from_millis(250);
/// What stands in every message of Ann's, whatever else does.
const NUMBER: &str = "x-number";
/// What an answer may have in it.
const ANSWERED: [&str; 26] = [
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "content-length",
    "www-authenticate",
    "proxy-authenticate",
    "date",
    "expires",
    "min-expires",
    "retry-after",
    "supported",
    "allow",
    "allow-events",
    "accept",
    "server",
    "path",
    "flow-timer",
    "unsupported",
    "record-route",
    "warning",
    "require",
    "timestamp",
    "content-type",
];

const CODES: [(&str, &str, &str); 5] = [
    ("ann", "201", "472839"),
    ("bob", "202", "583920"),
    ("cem", "203", "694031"),
    ("dan", "204", "705142"),
    ("eve", "205", "816253"),
];

/// What was sent by its number, and what was heard at other phones.
#[derive(Default)]
struct Seen {
    sent: HashMap<usize, Vec<u8>>,
    passed_on: BTreeSet<usize>,
    wrong: Vec<String>,
}

type Shared = Arc<Mutex<Seen>>;

fn with<T>(seen: &Shared, look: impl FnOnce(&mut Seen) -> T) -> T {
    look(&mut seen.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Where a running machine listens.
fn address(machine: &Machine, listener: &str) -> SocketAddr {
    let text = fs::read_to_string(machine.data().join("addresses.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[listener][0].as_str().unwrap().parse().unwrap()
}

fn machine(format: &str) -> Machine {
    let mut machine = Machine::stopped();
    let config = machine.read("hookswitch.toml");
    let log = format!("{config}mailboxes = false\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n");
    machine.file("hookswitch.toml", log);
    for (name, number, code) in CODES {
        let add = ["user", "add", name, "--extension", number, "--login-code", "ask", "--stdin"];
        machine.told(&add, &format!("{code}\n")).done();
    }
    machine.start();
    machine
}

/// What a request says, but for what is smuggled.
struct Wanted<'a> {
    method: &'a str,
    uri: &'a str,
    number: usize,
    /// Of the transaction.
    branch: String,
    call_id: &'a str,
    to: &'a str,
    more: String,
}

/// Somebody who sends them.
struct Stranger {
    phone: Phone,
    server: SocketAddr,
    transport: Transport,
    seen: Shared,
    /// Plain requests that were sent.
    plain: usize,
    statuses: BTreeSet<String>,
}

impl Stranger {
    async fn new(server: SocketAddr, transport: Transport, seen: Shared) -> Self {
        let phone = Self::registered(server, transport).await;
        Self { phone, server, transport, seen, plain: IN_ALL, statuses: BTreeSet::new() }
    }

    async fn registered(server: SocketAddr, transport: Transport) -> Phone {
        let mut phone = Phone::connect(transport, "127.0.0.1", server, CODES[0].1, CODES[0].2).await;
        // The same each time: it takes the place of the one before.
        phone.contact = "<sip:201@127.0.0.1:9>".into();
        assert_eq!(phone.register(600).await.status, 200);
        phone
    }

    fn branch(&self, number: usize) -> String {
        let name = if self.transport == Transport::Udp { "UDP" } else { "TCP" };
        format!("SIP/2.0/{name} {};branch=z9hG4bKs{number};rport", self.phone.local)
    }

    /// A request with this in one of its places.
    fn request(&self, wanted: &Wanted<'_>, place: usize, smuggled: &[u8]) -> Vec<u8> {
        let Wanted { method, uri, number, branch, call_id, to, more } = wanted;
        let own = &self.phone.number;
        let at = |here: usize, usual: &str| {
            if here == place { smuggled.to_vec() } else { usual.as_bytes().to_vec() }
        };
        let start =
            format!("{method} {uri} SIP/2.0\r\nVia: {branch}\r\nX-Number: {number}\r\nMax-Forwards: 70\r\n");
        let cseq = format!("CSeq: {} {method}\r\n", number + 1);
        [
            start.as_bytes(),
            b"From: \"",
            &at(0, "Ann"),
            b"\" ",
            &at(1, ""),
            b"<sip:",
            own.as_bytes(),
            b"@127.0.0.1>;tag=c1",
            &at(2, ""),
            b"\r\nTo: \"",
            &at(3, "Other"),
            b"\" ",
            to.as_bytes(),
            b"\r\nCall-ID: ",
            call_id.as_bytes(),
            &at(4, ""),
            b"\r\n",
            cseq.as_bytes(),
            b"Contact: \"",
            &at(5, "Ann"),
            b"\" <sip:201@127.0.0.1:9;x=",
            &at(6, "1"),
            b">\r\nUser-Agent: ",
            &at(7, "Test Phone 1.0"),
            b"\r\nSubject: ",
            &at(8, "nothing"),
            b"\r\n",
            more.as_bytes(),
            b"X-Last: ",
            &at(9, "1"),
            b"\r\nContent-Length: 0\r\n\r\n",
        ]
        .concat()
    }

    async fn send(&mut self, number: usize, request: Vec<u8>) {
        with(&self.seen, |seen| seen.sent.insert(number, request.clone()));
        self.say(&request).await;
    }

    /// A connection on which nonsense came is closed: then there is another.
    async fn say(&mut self, bytes: &[u8]) {
        if !self.phone.can_send(bytes).await {
            self.phone = Self::registered(self.server, self.transport).await;
        }
    }

    fn proof(&mut self, name: &str, method: &str, uri: &str) -> String {
        format!("{name}: {}\r\n", self.phone.credentials(method, uri))
    }

    /// Hears and answers until this is said; `false` when the connection ends before.
    async fn hears(&mut self, is_it: impl Fn(&str, &Letter) -> bool) -> bool {
        let patience = if self.transport == Transport::Udp { PATIENCE } else { PATIENCE_WITH_STREAMS };
        loop {
            let Some(bytes) = self.phone.hear_message(patience).await else {
                assert!(self.transport != Transport::Udp, "nothing more is heard");
                return false;
            };
            let letter = strict(&bytes)
                .unwrap_or_else(|problem| panic!("{problem}: {}", String::from_utf8_lossy(&bytes)));
            let start = String::from_utf8_lossy(&letter.start).into_owned();
            let Some(status) = start.strip_prefix("SIP/2.0 ") else {
                assert!(start.starts_with("NOTIFY "), "{start}");
                let answer = answer(&letter, "200 OK", "201", self.phone.local);
                self.say(&answer).await;
                continue;
            };
            let other = letter.headers.iter().find(|(name, _)| !ANSWERED.contains(&name.as_str()));
            assert!(other.is_none(), "{other:?} in {}", String::from_utf8_lossy(&bytes));
            let status = status.split(' ').next().unwrap_or_default();
            self.statuses.insert(status.to_owned());
            if status >= "300" && letter.one("cseq").ends_with("INVITE") {
                self.acknowledge(&letter).await;
            }
            if is_it(status, &letter) {
                if matches!(status, "401" | "407") {
                    self.phone.keep_challenge(&Answer { status: 407, bytes });
                }
                return true;
            }
        }
    }

    async fn acknowledge(&mut self, refusal: &Letter) {
        let mut ack = b"ACK sip:x@127.0.0.1 SIP/2.0\r\n".to_vec();
        for name in ["via", "from", "to", "call-id"] {
            ack.extend([format!("{name}: ").as_bytes(), refusal.all(name)[0], b"\r\n"].concat());
        }
        let cseq = refusal.one("cseq").replace("INVITE", "ACK");
        ack.extend(format!("CSeq: {cseq}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").bytes());
        self.say(&ack).await;
    }

    /// A plain text to Bob, which is answered when all before it was looked at; one without a proof first, for a challenge.
    async fn comes_through(&mut self) {
        for has_proof in [true, false] {
            self.plain += 1;
            let number = self.plain;
            let uri = "sip:202@127.0.0.1";
            let more =
                if has_proof { self.proof("Proxy-Authorization", "MESSAGE", uri) } else { String::new() };
            let call_id = format!("plain-{number}");
            let wanted = Wanted {
                method: "MESSAGE",
                uri,
                number,
                branch: self.branch(number),
                call_id: &call_id,
                to: "<sip:202@127.0.0.1>",
                more,
            };
            let request = self.request(&wanted, usize::MAX, b"");
            self.send(number, request).await;
            let is_it = |status: &str, letter: &Letter| letter.one("call-id") == call_id && status >= "200";
            if !self.hears(is_it).await {
                self.phone = Self::registered(self.server, self.transport).await;
            }
        }
    }

    /// A call without anything smuggled, until this is heard; then a request of the call with it, and a plain one.
    async fn calls(&mut self, number: usize, to: &str, place: usize, smuggled: &[u8]) {
        let uri = format!("sip:{to}@127.0.0.1");
        self.plain += 1;
        let plain = self.plain;
        let call_id = format!("call-{plain}");
        let more = self.proof("Proxy-Authorization", "INVITE", &uri);
        let address = format!("<{uri}>");
        let branch = self.branch(plain);
        let invite = Wanted {
            method: "INVITE",
            uri: &uri,
            number: plain,
            branch: branch.clone(),
            call_id: &call_id,
            to: &address,
            more,
        };
        let request = self.request(&invite, usize::MAX, b"");
        self.send(plain, request).await;
        let (said, method) = if to == "203" { ("180", "CANCEL") } else { ("200", "BYE") };
        let answered = Mutex::new(None);
        let is_it = |status: &str, letter: &Letter| {
            *answered.lock().unwrap() = Some(letter.clone());
            letter.one("call-id") == call_id && (status == said || status >= "300")
        };
        if !self.hears(is_it).await {
            return;
        }
        let answered = answered.into_inner().unwrap().expect("an answer");
        let to = answered.one("to");
        let to = to.split_once("<sip:").map_or("", |(_, rest)| rest);
        let (to, target) = (format!("<sip:{to}"), answered.one("contact"));
        let target = target.trim_matches(['<', '>']).to_owned();
        let routes = answered.all("record-route").into_iter().rev();
        let routes: String =
            routes.map(|route| format!("Route: {}\r\n", String::from_utf8_lossy(route))).collect();
        for (number, place) in [(number, place), (self.plain + 1, usize::MAX)] {
            self.plain += 1;
            let wanted = if method == "CANCEL" {
                let (uri, to) = (&*uri, &*address);
                Wanted {
                    method,
                    uri,
                    number,
                    branch: branch.clone(),
                    call_id: &call_id,
                    to,
                    more: String::new(),
                }
            } else {
                let (branch, uri, to) = (self.branch(number), &*target, &*to);
                Wanted { method, uri, number, branch, call_id: &call_id, to, more: routes.clone() }
            };
            let mut request = self.request(&wanted, place, smuggled);
            if method == "CANCEL" {
                let cseq = format!("CSeq: {} CANCEL", number + 1);
                let text = request.windows(cseq.len()).position(|window| window == cseq.as_bytes());
                let at = text.expect("a CSeq");
                request.splice(at..at + cseq.len(), format!("CSeq: {} CANCEL", plain + 1).into_bytes());
            }
            self.send(number, request).await;
        }
        let end = if method == "CANCEL" { ["487", "481"] } else { ["200", "481"] };
        let is_over = |status: &str, letter: &Letter| {
            letter.one("call-id") == call_id
                && end.contains(&status)
                && letter.one("cseq").ends_with(if method == "CANCEL" { "INVITE" } else { "BYE" })
        };
        self.hears(is_over).await;
    }

    /// Sends the payload of this number in the kind of request that is its turn.
    async fn smuggles(&mut self, number: usize, smuggled: &[u8], chance: &mut Chance) {
        let place = chance.below(10);
        let turn = number % 20;
        if matches!(turn, 11 | 12) {
            self.calls(number, if turn == 11 { "203" } else { "204" }, place, smuggled).await;
            return;
        }
        let (method, is_right) = match turn {
            0..8 => ("MESSAGE", true),
            8..11 => ("INVITE", true),
            13 => ("SUBSCRIBE", true),
            14 | 15 => ("REGISTER", true),
            16 | 17 => ("REGISTER", false),
            18 => (chance.one_of(&["INVITE", "MESSAGE", "SUBSCRIBE"]), false),
            _ => (chance.one_of(&["CANCEL", "BYE", "OPTIONS", "ACK"]), false),
        };
        let is_registering = method == "REGISTER";
        let uri = if is_registering { "sip:127.0.0.1" } else { "sip:202@127.0.0.1" };
        let to = if is_registering { "<sip:205@127.0.0.1>" } else { "<sip:202@127.0.0.1>" };
        if is_registering {
            (self.phone.number, self.phone.code) = (CODES[4].1.into(), CODES[4].2.into());
        }
        let right = self.phone.code.clone();
        if !is_right {
            self.phone.code = format!("{}", 100_000 + number);
        }
        let name = if is_registering { "Authorization" } else { "Proxy-Authorization" };
        let mut more = self.proof(name, method, uri);
        self.phone.code = right;
        if method == "SUBSCRIBE" {
            more.push_str("Event: dialog\r\nExpires: 0\r\n");
        }
        let call_id = format!("smug-{number}");
        let branch = self.branch(number);
        let wanted = Wanted { method, uri, number, branch, call_id: &call_id, to, more };
        let mut request = self.request(&wanted, place, smuggled);
        if turn == 17 {
            // Who it is said to be is in the audit, whatever it is.
            let claimed = b"username=\"205\"";
            let at = request.windows(claimed.len()).position(|window| window == claimed).expect("a name");
            request.splice(at + 10..at + 13, smuggled.iter().copied());
        }
        self.send(number, request).await;
        (self.phone.number, self.phone.code) = (CODES[0].1.into(), CODES[0].2.into());
    }

    /// Takes back all that Eve's phones have said.
    async fn forgets_eve(&mut self) {
        (self.phone.number, self.phone.code) = (CODES[4].1.into(), CODES[4].2.into());
        self.plain += 1;
        let number = self.plain;
        let proof = self.proof("Authorization", "REGISTER", "sip:127.0.0.1");
        let branch = self.branch(number);
        let request = format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: {branch}\r\nMax-Forwards: 70\r\nFrom: <sip:205@127.0.0.1>;tag=e\r\n\
             To: <sip:205@127.0.0.1>\r\nCall-ID: eve-{number}\r\nCSeq: {number} REGISTER\r\nContact: *\r\nExpires: 0\r\n\
             {proof}Content-Length: 0\r\n\r\n"
        );
        self.say(request.as_bytes()).await;
        (self.phone.number, self.phone.code) = (CODES[0].1.into(), CODES[0].2.into());
    }
}

/// Whether a stream can go on behind it: what ends a message early makes the rest of it a message of its own.
fn ends_a_message(smuggled: &[u8]) -> bool {
    let text = String::from_utf8_lossy(smuggled).to_ascii_lowercase().replace('\r', "\n");
    text.contains("\n\n") || text.contains("content-length") || text.contains("\nl:")
}

/// Nobody is locked out, whatever they do.
async fn lets_everybody_try(admin: &Program) {
    let shown = admin.get("/settings/security").await;
    let mut rules = shown.json();
    for rule in ["extension_lock", "address_lock"] {
        rules[rule]["lock"] = json!("nothing");
    }
    let saved = admin.put("/settings/security", shown.header("etag"), &rules).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
}

/// Has rows of the audit sent there.
async fn tells(admin: &Program, port: u16) {
    let wanted = json!({
        "name": "Logs", "is_on": true, "host": "127.0.0.1", "port": port, "transport": "udp", "roots": "",
        "facility": 10, "severities": {"accepted": 6, "refused": 4, "warning": 4, "critical": 2},
        "told": {"alarms": false, "audit": ["sign-ins", "phones", "changes", "system"]},
    });
    let made = admin.post("/syslog-receivers", &wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// Names that administrators give are of no better origin where they come out of a sheet.
async fn renames(admin: &Program, smuggled: &[u8]) {
    let users = admin.get("/users").await.json();
    let id = users["items"]
        .as_array()
        .expect("users")
        .iter()
        .find(|user| user["name"] == "ann")
        .expect("Ann")["id"]
        .clone();
    let path = format!("/users/{id}");
    let shown = admin.get(&path).await;
    let name: String = String::from_utf8_lossy(smuggled).chars().take(64).collect();
    let wanted = json!({"name": "ann", "full_name": name, "extension": "201", "expires_at": null});
    let saved = admin.put(&path, shown.header("etag"), &wanted).await;
    assert!([200, 422].contains(&saved.status), "{}", saved.body);
}

/// Half of the payloads, to one program.
async fn half(format: &str, transports: [Transport; 2], seed: u64) {
    let machine = machine(format);
    let server =
        |transport| address(&machine, if transport == Transport::Udp { "sip-udp" } else { "sip-tcp" });
    let mut admin = Program::at(address(&machine, "https"));
    assert_eq!(admin.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    let mut browser = Browser::at(address(&machine, "https"));
    browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    lets_everybody_try(&admin).await;
    let receiver = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    tells(&admin, receiver.local_addr().expect("an address").port()).await;
    let records: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&records);
    let receiving = tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length) = receiver.recv(&mut buffer).await {
            kept.lock().unwrap().push(buffer[..length].to_vec());
        }
    });
    let seen = Shared::default();
    let mut callees = Vec::new();
    for ((_, number, code), manner) in
        CODES[1..4].iter().zip([Manner::Declines, Manner::Rings, Manner::Talks])
    {
        let mut phone = Phone::connect(transports[1], "127.0.0.1", server(transports[1]), number, code).await;
        assert_eq!(phone.register(600).await.status, 200);
        callees.push(tokio::spawn(callee(phone, manner, Arc::clone(&seen))));
    }
    let mut stranger = Stranger::new(server(transports[0]), transports[0], Arc::clone(&seen)).await;
    stranger.comes_through().await;
    let mut chance = Chance::new(seed);
    // What the program says when it starts is for whoever started it.
    let started = machine.log().len();
    for number in 0..IN_ALL / 2 {
        let smuggled = payload(number, &mut chance);
        stranger.smuggles(number, &smuggled, &mut chance).await;
        let is_cut = transports[0] != Transport::Udp && ends_a_message(&smuggled);
        if is_cut || number % TOGETHER == 0 {
            stranger.comes_through().await;
        }
        if number % 100 == 0 {
            renames(&admin, &smuggled).await;
            stranger.forgets_eve().await;
            let wrong = with(&seen, |seen| std::mem::take(&mut seen.wrong));
            assert!(wrong.is_empty(), "{} messages, the first: {}", wrong.len(), wrong[0]);
        }
        if number % 500 == 499 {
            stranger.comes_through().await;
            pages(&mut browser).await;
        }
    }
    stranger.comes_through().await;
    pages(&mut browser).await;
    for callee in callees {
        callee.abort();
    }
    let (wrong, passed_on) = with(&seen, |seen| (std::mem::take(&mut seen.wrong), seen.passed_on.clone()));
    assert!(wrong.is_empty(), "{} messages, the first: {}", wrong.len(), wrong[0]);
    let passed_on = passed_on.iter().filter(|number| **number < IN_ALL).count();
    let rows = exported(&machine);
    let lines = log_is_whole(&machine, format, started);
    tokio::time::sleep(Duration::from_secs(1)).await;
    receiving.abort();
    let records = std::mem::take(&mut *records.lock().unwrap());
    let mut told = BTreeSet::new();
    for bytes in &records {
        let values =
            record(bytes).unwrap_or_else(|problem| panic!("{problem}: {}", String::from_utf8_lossy(bytes)));
        let id = values.iter().find(|(name, _)| name == "id").expect("an id").1.clone();
        assert!(told.insert(id), "told twice: {values:?}");
    }
    println!(
        "{format}: {passed_on} passed on, {rows} rows, {} records, {lines} lines, {:?}",
        records.len(),
        stranger.statuses
    );
    assert!(passed_on > IN_ALL / 10 && rows > IN_ALL / 40 && records.len() > IN_ALL / 40);
    assert!(rows.abs_diff(records.len()) < 40, "{rows} rows, {} records", records.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_smuggled_texts_none_becomes_a_header_a_line_markup_a_cell_or_a_record() {
    assert_eq!(plain(b" a\r\n\tb "), b"a b");
    tokio::join!(
        half("text", [Transport::Udp, Transport::Tcp], 1),
        half("json", [Transport::Tcp, Transport::Udp], 2)
    );
}
