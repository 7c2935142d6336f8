//! A thousand secrets are planted by every way in, used rightly and wrongly, and then searched for in everything that the
//! program writes, prints, and has in its memory: in the clear, in the encodings that a secret meets on its way, and as
//! the hashes that open a phone system as well as the secret itself.

use std::{fs, net::SocketAddr, os::unix::fs::FileExt as _, process::Command};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use md4::{Digest as _, Md4};
use md5::Md5;
use sha2::Sha256;
use signin::registration::Transport;

use crate::{browser::Browser, machine::Machine, phone::Phone};

const REALM: &str = "planted.example";
/// Users that are imported, each with a login code and a phone password.
const IMPORTED: usize = 420;
/// Of them, those with a password for applications too: it costs a hash.
const WITH_PASSWORD: usize = 60;
/// Users that are made on pages and by commands.
const BY_PAGE: usize = 20;
const BY_COMMAND: usize = 10;
/// Wrong secrets that are shown at each door.
const WRONG: usize = 30;
/// Bytes of memory looked at in one piece, and how much two pieces share: more than any form of a secret is long.
const PIECE: usize = 1 << 22;
const SHARED: usize = 512;

/// A secret, and for whom digests are made of it.
struct Planted {
    text: String,
    number: String,
}

/// Every secret that was planted.
#[derive(Default)]
struct Garden(Vec<Planted>);

impl Garden {
    fn add(&mut self, text: String, number: &str) -> String {
        self.0.push(Planted { text: text.clone(), number: number.into() });
        text
    }

    /// A code: digits that nothing else in a memory spells.
    fn code(&mut self, number: &str) -> String {
        let hash = Sha256::digest(format!("code {}", self.0.len()));
        let digits = hash.iter().take(16).map(|byte| char::from(b'0' + byte % 10)).collect();
        self.add(digits, number)
    }

    /// A password with all that encodings treat in their own way.
    fn password(&mut self, number: &str) -> String {
        let hash = Sha256::digest(format!("password {}", self.0.len()));
        let [one, two] = [0, 4].map(|from| HEXLOWER.encode(&hash[from..from + 4]));
        self.add(format!("Größe {one} & {two}+%/?"), number)
    }

    /// What is searched for, and for each what it is.
    fn forms(&self) -> (Vec<Vec<u8>>, Vec<String>) {
        let (mut forms, mut names) = (Vec::new(), Vec::new());
        for (index, planted) in self.0.iter().enumerate() {
            for (name, form) in planted.forms() {
                forms.push(form);
                names.push(format!("secret {index} ({name})"));
            }
        }
        (forms, names)
    }
}

impl Planted {
    fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let Self { text, number } = self;
        let bytes = text.as_bytes();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let form: String = form_urlencoded::byte_serialize(bytes).collect();
        let ha1 = format!("{number}:{REALM}:{text}");
        let mut forms = vec![
            ("as it is", bytes.to_vec()),
            ("UTF-16", utf16.clone()),
            ("as forms send it", form.clone().into_bytes()),
            ("in percents", form.replace('+', "%20").into_bytes()),
            ("in JSON", serde_json::to_string(text).unwrap().trim_matches('"').as_bytes().to_vec()),
            // Its last characters depend on what follows.
            ("Base64", cut(BASE64.encode(bytes))),
            ("Base64 for addresses", cut(BASE64URL_NOPAD.encode(bytes))),
        ];
        let mut hashes = vec![("hex", bytes.to_vec())];
        hashes.push(("HA1 (MD5)", Md5::digest(&ha1).to_vec()));
        hashes.push(("HA1 (SHA-256)", Sha256::digest(&ha1).to_vec()));
        hashes.push(("NT hash", Md4::digest(&utf16).to_vec()));
        for (name, hash) in hashes {
            forms.push((name, HEXLOWER.encode(&hash).into_bytes()));
            forms.push((name, HEXUPPER.encode(&hash).into_bytes()));
            forms.push((name, cut(BASE64.encode(&hash))));
            forms.push((name, hash));
        }
        forms
    }
}

fn cut(base64: String) -> Vec<u8> {
    let length = base64.len() / 4 * 4 - 4;
    base64.into_bytes()[..length].to_vec()
}

/// Finds forms of secrets in what it is shown.
struct Searcher {
    forms: AhoCorasick,
    names: Vec<String>,
    /// Where something was found.
    found: Vec<String>,
    /// How often something was met that is no secret, and known to be there: the realm.
    known: usize,
    bytes: usize,
    places: usize,
}

impl Searcher {
    fn new(garden: &Garden) -> Self {
        let (mut forms, names) = garden.forms();
        forms.push(REALM.into());
        let forms = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(forms)
            .unwrap();
        Self { forms, names, found: Vec::new(), known: 0, bytes: 0, places: 0 }
    }

    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.places += 1;
        for hit in self.forms.find_iter(bytes) {
            // The last form is the realm's.
            if hit.pattern().as_usize() == self.names.len() {
                self.known += 1;
                continue;
            }
            self.found.push(format!(
                "{} in {place} at {}",
                self.names[hit.pattern().as_usize()],
                hit.start()
            ));
        }
    }

    /// Everything a program has in its memory, as a core dump would have it. The program stands still meanwhile.
    fn look_into_memory(&mut self, place: &str, pid: u32) {
        let signal = |name: &str| {
            assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
        };
        signal("-STOP");
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
        let before = self.bytes;
        self.known = 0;
        let mut piece = vec![0; PIECE + SHARED];
        for line in maps.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(range), Some(access)) = (words.next(), words.next()) else { continue };
            // What cannot be written holds the program alone, and what the kernel maps cannot be read.
            if !access.starts_with("rw") || line.ends_with("[vvar]") {
                continue;
            }
            let (from, to) = range.split_once('-').unwrap();
            let [mut at, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
            let name = line.split_ascii_whitespace().nth(5).unwrap_or("anonymous memory").to_owned();
            while at < to {
                let length = usize::try_from(to - at).unwrap().min(piece.len());
                memory.read_exact_at(&mut piece[..length], at).unwrap();
                self.look(&format!("{place}, {name}"), &piece[..length]);
                at += u64::try_from(length.min(PIECE)).unwrap();
            }
        }
        signal("-CONT");
        assert!(self.bytes - before > 8 << 20, "this is not the memory of a server");
        assert!(self.known > 0, "what a server knows of itself is not in the memory that was looked at");
    }

    fn look_at_files(&mut self, machine: &Machine, place: &str) {
        for (path, bytes) in machine.everything() {
            self.look(&format!("{place}, {}", path.display()), &bytes);
        }
    }
}

/// Where a running machine listens.
fn address(machine: &Machine, listener: &str) -> SocketAddr {
    let text = fs::read_to_string(machine.data().join("addresses.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let found = all["listeners"].as_array().into_iter().flatten().find_map(|pair| {
        (pair["listener"] == listener || pair[0] == listener)
            .then(|| pair["addresses"].as_array().or(pair[1].as_array()).cloned())
            .flatten()
    });
    let found = found.or_else(|| all[listener].as_array().cloned());
    let found = found.unwrap_or_else(|| panic!("no {listener} in {text}"));
    found[0].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_planted_secrets_are_found_nowhere() {
    let mut garden = Garden::default();
    let mut printed: Vec<(String, String)> = Vec::new();
    let mut machine = Machine::new();
    let config = machine.read("hookswitch.toml");
    machine.file("hookswitch.toml", format!("{config}[log]\nlevel = \"debug\"\nformat = \"json\"\n"));
    machine.start();
    let mut say = |machine: &Machine, arguments: &[&str], input: &str| {
        let said = machine.told(arguments, input);
        printed.push((arguments.join(" "), format!("{}{}", said.out, said.err)));
        said
    };

    // Ignition, import, commands.
    let administrator = garden.password("");
    let partner = garden.password("");
    let answers = format!(
        "system-name = \"Planted\"\nrealm = \"{REALM}\"\nadministrator-password = \"{administrator}\"\n\
         business-partner-password = \"{partner}\"\n"
    );
    say(&machine, &["ignite", "--file", "-"], &answers).done();
    let mut rows = String::from("name,extension,login_code,phone_password,user_password\n");
    let mut phones = Vec::new();
    for index in 0..IMPORTED {
        let number = format!("{}", 20_000 + index);
        let (code, phone) = (garden.code(&number), garden.password(&number));
        let user = if index < WITH_PASSWORD { garden.password(&number) } else { String::new() };
        // Half of the phones register with their own password, the others with the user's code.
        let phone = if index % 2 == 0 { phone } else { String::new() };
        rows.push_str(&format!("user{index},{number},{code},\"{phone}\",\"{user}\"\n"));
        phones.push((number, if phone.is_empty() { code } else { phone }));
    }
    let sheet = machine.file("users.csv", &rows);
    say(&machine, &["import", &sheet], "").done();
    fs::remove_file(&sheet).unwrap();
    for index in 0..BY_COMMAND {
        let number = format!("{}", 30_000 + index);
        let (code, user) = (garden.code(&number), garden.password(&number));
        let name = format!("command{index}");
        let add =
            ["user", "add", &name, "--extension", &number, "--login-code", "ask", "--user-password", "ask"];
        say(&machine, &[&add[..], &["--stdin"]].concat(), &format!("{code}\n{user}\n")).done();
        let (code, phone) = (garden.code(&number), garden.password(&number));
        say(&machine, &["user", "set-secret", &name, "login-code", "--stdin"], &format!("{code}\n")).done();
        say(&machine, &["extension", "set-secret", &number, "--stdin"], &format!("{phone}\n")).done();
        // A secret that breaks a rule is one, too.
        let bad = garden.code(&number) + "x";
        say(&machine, &["user", "set-secret", &name, "login-code", "--stdin"], &format!("{bad}\n")).refused();
    }

    // Pages and phones, rightly and wrongly.
    let mut browser = Browser::at(address(&machine, "https"));
    assert_eq!(browser.sign_in("Administrator", &administrator).await.status, 303);
    for index in 0..BY_PAGE {
        let number = format!("{}", 40_000 + index);
        let (code, user) = (garden.code(&number), garden.password(&number));
        let (name, no) = (format!("page{index}"), garden.password(&number));
        let again = if index % 4 == 3 { &no } else { &code };
        let fields = [
            ("name", name.as_str()),
            ("full_name", ""),
            ("extension", &number),
            ("login_code_how", "type"),
            ("login_code", &code),
            ("login_code_again", again),
            ("user_password_how", "type"),
            ("user_password", &user),
            ("user_password_again", &user),
        ];
        let answer = browser.fill("/manager/users/new", "/manager/users/new", &fields).await;
        assert_eq!(answer.status, if again == &code { 303 } else { 422 }, "{}", answer.body);
        printed.push(("a page".into(), answer.headers.join("\n") + &answer.body));
    }
    let sip = address(&machine, "sip-udp");
    for (number, secret) in phones.iter().take(200) {
        let mut phone = Phone::connect(Transport::Udp, "127.0.0.1", sip, number, secret).await;
        let answer = phone.register(600).await;
        assert_eq!(answer.status, 200);
        printed.push(("an answer".into(), answer.text()));
    }
    for (index, (number, _)) in phones.iter().enumerate().take(WRONG) {
        let wrong = garden.password(number);
        let at = format!("127.0.8.{}", index + 1);
        let answer = Phone::connect(Transport::Udp, &at, sip, number, &wrong).await.register(600).await;
        assert_eq!(answer.status, 403);
        printed.push(("an answer".into(), answer.text()));
        let wrong = garden.password("");
        let answer = Browser::at(address(&machine, "https")).sign_in(&format!("nobody{index}"), &wrong).await;
        assert!([401, 429].contains(&answer.status));
        printed.push(("a page".into(), answer.headers.join("\n") + &answer.body));
    }
    let recovered = garden.password("");
    let mut say = |machine: &Machine, arguments: &[&str], input: &str| {
        let said = machine.told(arguments, input);
        printed.push((arguments.join(" "), format!("{}{}", said.out, said.err)));
        said
    };
    say(&machine, &["recover", "--stdin"], &format!("{recovered}\n")).done();
    assert!(garden.0.len() >= 1000, "{}", garden.0.len());

    // Everything that can be asked for, and what the program is and has.
    let backup = machine.path("all.backup");
    for command in [
        &["user", "list", "--json"][..],
        &["user", "show", "user1", "--json"],
        &["extension", "list", "--json"],
        &["session", "list", "--json"],
        &["export"],
        &["export", "audit", "--format", "jsonl"],
        &["export", "audit"],
        &["audit", "tail", "-n", "5000"],
        &["lockout", "list"],
        &["status", "--json"],
        &["backup", backup.to_str().unwrap()],
    ] {
        say(&machine, command, "").done();
    }
    let mut searcher = Searcher::new(&garden);
    let pid = machine.server_id();
    for name in ["cmdline", "environ"] {
        searcher.look(name, &fs::read(format!("/proc/{pid}/{name}")).unwrap());
    }
    searcher.look_into_memory("the memory", pid);
    searcher.look_at_files(&machine, "running");
    machine.stop();
    searcher.look_at_files(&machine, "stopped");

    // Sealed anew under another key, restored elsewhere, started from the disk.
    say(&machine, &["reseal"], "").done();
    machine.start();
    searcher.look_into_memory("the memory after a start", machine.server_id());
    searcher.look_at_files(&machine, "resealed");
    let again = machine.path("again.backup");
    say(&machine, &["backup", again.to_str().unwrap()], "").done();
    let other = Machine::new();
    fs::create_dir(other.data()).unwrap();
    fs::copy(machine.data().join("master.key"), other.data().join("master.key")).unwrap();
    say(&other, &["restore", again.to_str().unwrap()], "").done();
    searcher.look_at_files(&other, "restored");
    machine.kill();
    searcher.look_at_files(&machine, "killed");
    for (what, text) in &printed {
        searcher.look(what, text.as_bytes());
    }

    // The searcher finds what is there.
    let mut control = Searcher::new(&garden);
    for (form, _) in garden.forms().0.iter().zip(0..) {
        control.look("a control", &[b"before ", form.as_slice(), b" after"].concat());
    }
    assert!(control.found.len() >= control.names.len(), "the searcher misses something");
    println!("planted_secrets {}\nplanted_forms {}", garden.0.len(), searcher.names.len());
    println!("searched_places {}\nsearched_bytes {}", searcher.places, searcher.bytes);
    println!("planted_found {}", searcher.found.len());
    assert!(
        searcher.found.is_empty(),
        "{} times: {:#?}",
        searcher.found.len(),
        &searcher.found[..searcher.found.len().min(40)]
    );
}
