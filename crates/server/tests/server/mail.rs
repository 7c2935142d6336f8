//! Email: its settings on the page and by programs, what is said where it does not go out, and the mail that comes of a message.
//! A server that nobody here wrote is in interop/test_mail.py.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use calls::dialogue::Tone;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use server::{
    media::sound,
    notify::mail::{
        self,
        letter::{Letter, Sound},
    },
};
use signin::{
    admin::{By, EditMail, EditMailbox, SecretChoice},
    mail::{MailAddress, MailSecurity},
    mailbox::RecordingId,
    records::Records as _,
    registration::Transport,
    rights::Right,
    secret::Secret,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    access::somebody,
    browser::Browser,
    caller::speech,
    house::{ADMINISTRATOR_PASSWORD, House},
    program::Program,
    smuggled::payloads::{Chance, payload},
    talker::Talker,
};

const PATH: &str = "/manager/settings/mail";
const PASSWORD: &str = "hunter2 and more";
/// Names that carry more than a name.
const PAYLOADS: usize = 10_000;
/// Mails on their way at once.
const TOGETHER: usize = 16;

/// What a server answers to a command in place of what it should.
type Manners = fn(&str) -> Option<&'static str>;

/// A server for mail, as far as tests need one.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Who vouches for it.
    roots: String,
    heard: Arc<Mutex<Vec<String>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(security: MailSecurity, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let roots = made.cert.pem();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        let (heard, mails) = (Arc::default(), Arc::default());
        let server = Self { port, roots, heard: Arc::clone(&heard), mails: Arc::clone(&mails) };
        let talk = Talk { security, manners, heard, mails, tls: TlsAcceptor::from(Arc::new(config)) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(talk.clone().serve(stream));
            }
        });
        server
    }

    fn heard(&self) -> String {
        self.heard.lock().expect("heard").join("\n")
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("mails").clone()
    }

    async fn mail(&self) -> String {
        for _ in 0..400 {
            if let Some(mail) = self.mails().pop() {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail came");
    }
}

#[derive(Clone)]
struct Talk {
    security: MailSecurity,
    manners: Manners,
    heard: Arc<Mutex<Vec<String>>>,
    mails: Arc<Mutex<Vec<String>>>,
    tls: TlsAcceptor,
}

impl Talk {
    async fn serve(self, stream: tokio::net::TcpStream) {
        match self.security {
            MailSecurity::Tls => {
                let Ok(stream) = self.tls.accept(stream).await else { return };
                self.converse(stream, true, true).await;
            }
            MailSecurity::None => drop(self.converse(stream, false, true).await),
            MailSecurity::Starttls => {
                let Some(stream) = self.converse(stream, false, true).await else { return };
                let Ok(stream) = self.tls.accept(stream).await else { return };
                self.converse(stream, true, false).await;
            }
        }
    }

    /// Until it is over, or TLS begins.
    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        is_safe: bool,
        greets: bool,
    ) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets {
            let greeting = (self.manners)("").unwrap_or("220 double ESMTP\r\n");
            stream.write_all(greeting.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            self.heard.lock().expect("heard").push(format!("{}{line}", if is_safe { "tls " } else { "" }));
            let answer = (self.manners)(line).unwrap_or(match line.get(..4).unwrap_or_default() {
                "EHLO" if is_safe => "250-double\r\n250 AUTH PLAIN LOGIN\r\n",
                "EHLO" => "250-double\r\n250 STARTTLS\r\n",
                "STAR" => "220 go ahead\r\n",
                "AUTH" => "235 2.7.0 welcome\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 2.0.0 ok\r\n",
            });
            stream.write_all(answer.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
            if line == "STARTTLS" && answer.starts_with("220") {
                return Some(stream.into_inner());
            }
            if line == "DATA" && answer.starts_with("354") {
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await.ok()? == 0 {
                        return None;
                    }
                }
                self.mails.lock().expect("mails").push(mail);
                let answer = (self.manners)(".").unwrap_or("250 2.0.0 queued as 17\r\n");
                stream.write_all(answer.as_bytes()).await.ok()?;
                stream.flush().await.ok()?;
            }
        }
    }
}

async fn administrator(house: &House) -> Browser {
    let mut browser = Browser::at(house.https());
    assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    browser
}

async fn program(house: &House) -> Program {
    let mut program = Program::at(house.https());
    assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    program
}

fn to_ann() -> MailAddress {
    MailAddress::parse("ann@example.com").expect("an address")
}

/// Has mail go out by this server.
pub(crate) async fn by(house: &House, security: MailSecurity, server: &Server) {
    by_one_at(house, security, "localhost", server.port, &server.roots).await;
}

async fn by_one_at(house: &House, security: MailSecurity, host: &str, port: u16, roots: &str) {
    let is_safe = security != MailSecurity::None;
    let password = Secret::new(PASSWORD);
    let edit = EditMail {
        version: house.system.ledger.reporting().version,
        sender: "pbx@example.com".into(),
        server: host.into(),
        port,
        security,
        roots: roots.into(),
        user: if is_safe { "pbx".into() } else { String::new() },
        password: if is_safe { SecretChoice::Set(password) } else { SecretChoice::Keep },
        web_address: String::new(),
    };
    let saved = house.system.administer(&By::console(), move |admin, _| admin.save_mail(&edit)).await;
    saved.expect("saved");
}

/// What comes of a letter.
async fn sent(house: &House) -> Result<String, String> {
    let sent = mail::send(&house.system, Letter::test(to_ann()), Duration::from_secs(15)).await;
    sent.map_err(|failure| failure.problem)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_set_on_the_page_and_a_test_is_received() {
    let house = House::start().await.ignited().await;
    let server = Server::start(MailSecurity::Starttls, |_| None).await;
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert_eq!((page.field("port"), page.field("server")), ("587".into(), String::new()));
    assert!(page.body.contains("Off") && !page.body.contains("Send a test"), "{}", page.body);
    let port = server.port.to_string();
    let wrong = [
        ("version", "0"),
        ("sender", "pbx@x\r\nBcc: y"),
        ("server", "a b"),
        ("port", "1"),
        ("security", "tls"),
    ];
    let refused = browser.post(PATH, &page.token(), &wrong).await;
    assert_eq!(refused.status, 422);
    for said in ["f-sender-error", "f-server-error", "One address, such as ann@example.com."] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let fields = [
        ("version", "0"),
        ("sender", " pbx@example.com "),
        ("server", "localhost"),
        ("port", &port),
        ("security", "starttls"),
        ("user", "pbx"),
        ("password", PASSWORD),
        ("roots", &server.roots),
    ];
    assert_eq!(browser.post(PATH, &page.token(), &fields).await.status, 303);
    let house = house.restarted().await;
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert_eq!((page.field("server"), page.field("port")), ("localhost".into(), port.clone()));
    assert!(page.body.contains("One is set, and nobody is shown it again."), "{}", page.body);
    let refused = browser.post(&format!("{PATH}/test"), &page.token(), &[("to", "ann")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("f-to-error") && refused.field("to") == "ann", "{}", refused.body);
    let tested = browser.post(&format!("{PATH}/test"), &page.token(), &[("to", "ann@example.com")]).await;
    assert_eq!(tested.status, 303);
    let told = browser.get(PATH).await;
    assert!(told.body.contains("The test was taken"), "{}", told.body);
    assert!(told.body.contains("250 2.0.0 queued as 17"), "{}", told.body);
    let mail = server.mail().await;
    for line in ["From: Test <pbx@example.com>", "To: ann@example.com", "Subject: A test from Hookswitch"] {
        assert!(mail.contains(line), "{mail}");
    }
    let heard = server.heard();
    assert!(
        heard.contains("tls AUTH PLAIN ") && heard.contains("tls MAIL FROM:<pbx@example.com>"),
        "{heard}"
    );
    assert!(heard.contains("tls RCPT TO:<ann@example.com>"), "{heard}");
    // In the clear nothing was said but what leads to TLS.
    let clear: Vec<_> = heard
        .lines()
        .filter(|line| !line.starts_with("tls "))
        .map(|line| line.get(..4).unwrap_or_default())
        .collect();
    assert_eq!(clear, ["EHLO", "STAR"]);
    let late =
        browser.post(PATH, &page.token(), &[("version", "0"), ("port", "25"), ("security", "none")]).await;
    assert_eq!(late.status, 409, "{}", late.body);
    let mut all = format!("{:?}{}", house.audit().await, told.body);
    all.push_str(&browser.get("/manager/audit").await.body);
    assert!(all.contains("Test sent") && all.contains("mail to ann@example.com"), "{all}");
    assert!(!all.contains(PASSWORD) && !late.body.contains(PASSWORD));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_set_the_server_and_are_told_what_became_of_a_test() {
    let house = House::start().await.ignited().await;
    let server = Server::start(MailSecurity::Tls, |_| None).await;
    let program = program(&house).await;
    let shown = program.get("/settings/mail").await;
    assert_eq!(
        (shown.json()["server"].clone(), shown.json()["has_password"].clone()),
        (json!(""), json!(false))
    );
    let test = json!({"to": "ann@example.com"});
    let refused = program.post("/settings/mail/test", &test).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!("to")), "{refused:?}");
    let mut wanted = json!({
        "sender": "pbx@example.com", "server": "localhost", "port": server.port, "security": "none",
        "roots": server.roots, "user": "pbx", "password": PASSWORD,
    });
    let refused = program.put("/settings/mail", shown.header("etag"), &wanted).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["field"]),
        (422, &json!("security")),
        "{refused:?}"
    );
    wanted["security"] = json!("tls");
    let saved = program.put("/settings/mail", shown.header("etag"), &wanted).await;
    assert_eq!((saved.status, &saved.json()["has_password"]), (200, &json!(true)), "{saved:?}");
    assert_eq!(program.put("/settings/mail", shown.header("etag"), &wanted).await.status, 412);
    let tested = program.post("/settings/mail/test", &test).await;
    assert_eq!((tested.status, &tested.json()["is_taken"]), (200, &json!(true)), "{tested:?}");
    assert_eq!(tested.json()["answer"], json!("250 2.0.0 queued as 17"));
    // Whoever has the password sent elsewhere must know it.
    wanted["server"] = json!("mallory.example");
    wanted["password"] = Value::Null;
    let refused = program.put("/settings/mail", saved.header("etag"), &wanted).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["field"]),
        (422, &json!("password")),
        "{refused:?}"
    );
    assert!(!format!("{saved:?}{tested:?}{:?}", program.get("/settings/mail").await).contains(PASSWORD));
    let mut looker = somebody(&house, "looker", &[Right::SystemRead], false).await;
    let page = looker.get(PATH).await;
    assert!(
        page.status == 200 && !page.body.contains(">Save") && !page.body.contains("Send a test"),
        "{}",
        page.body
    );
    assert_eq!(
        looker.post(&format!("{PATH}/test"), &page.token(), &[("to", "ann@example.com")]).await.status,
        403
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_said_in_words_and_the_password_is_in_none() {
    let house = House::start().await.ignited().await;
    let said = |sent: Result<String, String>| sent.expect_err("a failure");
    assert_eq!(said(sent(&house).await), "no server is set");
    by_one_at(&house, MailSecurity::Tls, "no-such-host.invalid", 465, "").await;
    assert!(said(sent(&house).await).starts_with("its name was not found"));
    let free =
        TcpListener::bind("127.0.0.1:0").await.expect("bound").local_addr().expect("an address").port();
    by_one_at(&house, MailSecurity::None, "127.0.0.1", free, "").await;
    assert!(said(sent(&house).await).contains("Connection refused"));
    by_one_at(&house, MailSecurity::None, "192.0.2.1", 25, "").await;
    assert!(said(sent(&house).await).starts_with("what is not encrypted goes to this machine"));
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    by_one_at(&house, MailSecurity::None, "127.0.0.1", silent.local_addr().expect("an address").port(), "")
        .await;
    let waited = mail::send(&house.system, Letter::test(to_ann()), Duration::from_millis(300)).await;
    assert_eq!(waited.expect_err("a failure").problem, "no answer in time");
    let cases: [(MailSecurity, Manners, &str); 12] = [
        (
            MailSecurity::None,
            |it| it.is_empty().then_some("554 go away\r\n"),
            "it did not greet: 554 go away",
        ),
        (
            MailSecurity::None,
            |it| it.is_empty().then_some("SSH-2.0-x\r\n"),
            "it did not greet: what it says is no SMTP",
        ),
        (
            MailSecurity::None,
            |it| it.starts_with("MAIL").then_some("550 5.7.1 not you\r\n"),
            "it refused the sender: 550 5.7.1 not you",
        ),
        (
            MailSecurity::None,
            |it| it.starts_with("RCPT").then_some("550 5.1.1 nobody here\r\n"),
            "it refused the recipient: 550 5.1.1 nobody here",
        ),
        (
            MailSecurity::None,
            |it| (it == ".").then_some("452 4.3.1 full\r\n"),
            "it refused the message: 452 4.3.1 full",
        ),
        (
            MailSecurity::Tls,
            |it| {
                it.starts_with("AUTH")
                    .then_some("535 5.7.8 wrong hunter2 and more, AHBieABodW50ZXIyIGFuZCBtb3Jl\r\n")
            },
            "it refused user and password: 535 5.7.8 wrong …, …",
        ),
        (
            MailSecurity::Tls,
            |it| it.starts_with("EHLO").then_some("250 AUTH CRAM-MD5\r\n"),
            "it offers no way to sign in that is known here: PLAIN or LOGIN",
        ),
        (
            MailSecurity::Starttls,
            |it| it.starts_with("EHLO").then_some("250-x\r\n250 AUTH PLAIN\r\n"),
            "it offers no STARTTLS, and nothing is sent in the clear",
        ),
        (
            MailSecurity::Starttls,
            |it| (it == "STARTTLS").then_some("454 not now\r\n"),
            "it answered 454 not now",
        ),
        (MailSecurity::Starttls, |it| it.is_empty().then_some("554 go away\r\n"), "it answered 554 go away"),
        // Somebody on the way says more than the server did.
        (
            MailSecurity::Starttls,
            |it| (it == "STARTTLS").then_some("220 go ahead\r\n250 AUTH PLAIN\r\n"),
            "no TLS: ",
        ),
        (MailSecurity::None, |it| it.starts_with("EHLO").then_some(ENDLESS), "it did not greet: "),
    ];
    for (security, manners, words) in cases {
        let server = Server::start(security, manners).await;
        by(&house, security, &server).await;
        let problem = said(sent(&house).await);
        assert!(problem.starts_with(words), "{words}: {problem}");
        assert!(!problem.contains(PASSWORD) && server.mails().len() <= 1, "{problem}");
        if security == MailSecurity::Starttls {
            assert!(!server.heard().contains("AUTH"), "{}", server.heard());
        }
    }
    for security in [MailSecurity::Starttls, MailSecurity::Tls] {
        let server = Server::start(security, |_| None).await;
        by_one_at(&house, security, "localhost", server.port, "").await;
        let problem = said(sent(&house).await);
        assert!(problem.starts_with("no TLS: ") && problem.contains("UnknownIssuer"), "{problem}");
        by_one_at(&house, security, "127.0.0.1", server.port, &server.roots).await;
        let problem = said(sent(&house).await);
        assert!(problem.starts_with("no TLS: ") && problem.contains("certificate"), "{problem}");
        assert!(!server.heard().contains("MAIL"));
    }
    house.stop().await;
}

/// A line of 70,000 bytes that is none.
const ENDLESS: &str = match std::str::from_utf8(&[b'x'; 70_000]) {
    Ok(text) => text,
    Err(_) => "",
};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_left_is_mailed_with_what_was_said_and_again_until_it_is_taken() {
    static TRIES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let busy_once: Manners = |line| {
        let is_first =
            line.starts_with("RCPT") && TRIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        is_first.then_some("451 4.7.1 later\r\n")
    };
    let house = House::start_with(|config| config.sip.media_ports = (0, 0)).await.ignited().await;
    let house = house.with_user("Ann", "201", "472839").await.with_user("Cem", "203", "694031").await;
    let server = Server::start(MailSecurity::None, busy_once).await;
    by(&house, MailSecurity::None, &server).await;
    let user = |number: &str| {
        let extension = house.system.ledger.extension(house.extension(number)).expect("an extension");
        extension.user.expect("a user")
    };
    let (ann, cem) = (user("201"), user("203"));
    let console = By::console();
    let named = house.system.administer(&console, move |admin, _| {
        let edit = EditMailbox {
            version: 0,
            trusted: Vec::new(),
            trusts_own: true,
            is_off: false,
            mail_to: "ann@example.com".into(),
        };
        admin.save_mailbox_settings(ann, &edit)
    });
    named.await.expect("saved");
    let mut account = (*house.system.ledger.account(cem).expect("an account")).clone();
    account.version += 1;
    account.full_name = "Cem =?utf-8?q?=0d=0aBcc:=20eve@example.com?= Ö".into();
    let renamed = vec![signin::effect::Effect::PutAccount(account)];
    house.system.ledger.commit(renamed).await.expect("renamed");
    let mut phone = Talker::registered(&house, Transport::Udp, "203", "694031").await;
    let mut conversation = phone.dials("201").await;
    conversation.voice.hears(&sound::tone(Tone::Beep)).await;
    conversation.voice.says(&speech(120)).await;
    phone.ends(&mut conversation).await;
    let mail = server.mail().await;
    let (head, body) = mail.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("To: ann@example.com") && !head.contains("\r\nBcc"), "{head}");
    assert!(!head.contains("=?utf-8?q?=0d"), "{head}");
    assert!(body.contains("mailbox of 201 (Ann)") && body.contains("*17"), "{body}");
    let message = house.system.ledger.mailbox(ann).messages.first().cloned().expect("it stays");
    assert!(message.is_new);
    let kept =
        house.system.ledger.recording(ann, RecordingId::Message(message.id)).expect("read").expect("kept");
    let attached =
        body.split("Content-Type: audio/wav").nth(1).and_then(|part| part.split("\r\n\r\n").nth(1));
    let attached: String =
        attached.expect("a part").split("\r\n--").next().expect("its end").split("\r\n").collect();
    let attached = data_encoding::BASE64.decode(attached.as_bytes()).expect("Base64");
    assert_eq!(attached, sound::wave(&kept));
    let mut told = house.system.mail.told();
    for _ in 0..100 {
        if told.sent > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        told = house.system.mail.told();
    }
    assert_eq!((told.sent, told.waiting, told.given_up), (1, 0, 0));
    assert_eq!(told.problem, "it refused the recipient: 451 4.7.1 later");
    let mut browser = administrator(&house).await;
    let page = browser.get(PATH).await;
    assert!(page.body.contains("Works") && page.body.contains("451 4.7.1 later"), "{}", page.body);
    house.stop().await;
}

/// The names of the headers of a mail, or of a part of one.
fn names_of_headers(head: &str) -> Vec<&str> {
    let begins = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    begins.map(|line| line.split_once(':').map_or(line, |(name, _)| name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_somebody_is_called_a_mail_stays_one_mail_with_its_own_headers() {
    const HEADERS: [&str; 8] =
        ["Message-ID", "Auto-Submitted", "From", "To", "Subject", "Date", "MIME-Version", "Content-Type"];
    let house = House::start().await.ignited().await;
    let server = Server::start(MailSecurity::None, |_| None).await;
    by_one_at(&house, MailSecurity::None, "127.0.0.1", server.port, "").await;
    let mut chance = Chance::new(5);
    let payloads: Vec<String> = (0..PAYLOADS)
        .map(|number| String::from_utf8_lossy(&payload(number, &mut chance)).into_owned())
        .collect();
    for some in payloads.chunks(TOGETHER) {
        let sending = some.iter().map(|smuggled| {
            let letter = Letter {
                to: to_ann(),
                subject: format!("Voice message from {smuggled}, 0:05"),
                text: format!("From: {smuggled}\r\nIt is attached.\r\n"),
                html: None,
                sound: Some(Sound { name: "message.wav".into(), bytes: b"RIFF".to_vec() }),
            };
            let system = Arc::clone(&house.system);
            tokio::spawn(async move { mail::send(&system, letter, Duration::from_secs(60)).await })
        });
        for sent in sending.collect::<Vec<_>>() {
            sent.await.expect("no panic").expect("taken");
        }
    }
    // What one of them smuggled past the end of its mail would have been a command, or another mail.
    let said = ["EHLO ", "MAIL FROM:<pbx@example.com>", "RCPT TO:<ann@example.com>", "DATA", "QUIT"];
    for line in server.heard().lines() {
        assert!(said.iter().any(|known| line.starts_with(known)), "{line:?}");
    }
    let mails = server.mails();
    assert_eq!(mails.len(), PAYLOADS);
    for mail in &mails {
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 998), "{mail:?}");
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n', '\0']), "{mail:?}");
        let (head, body) = mail.split_once("\r\n\r\n").expect("a head");
        let mut names = names_of_headers(head);
        names.sort_unstable();
        let mut wanted = HEADERS;
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{mail:?}");
        let boundary = head.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
        let between = format!("--{}\r\n", boundary.expect("a boundary"));
        let parts =
            body.split(&between).skip(1).map(|part| part.split("\r\n\r\n").next().map(names_of_headers));
        let text = vec!["Content-Type", "Content-Transfer-Encoding"];
        let sound = vec!["Content-Disposition", "Content-Type", "Content-Transfer-Encoding"];
        assert_eq!(parts.collect::<Vec<_>>(), [Some(text), Some(sound)], "{mail:?}");
    }
    house.stop().await;
}
