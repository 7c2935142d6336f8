//! A phone that calls and is called, for tests: it says word for word what a test has it say, and tells what it hears.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use signin::registration::Transport;
use wire::sip::{HeaderName, Headers, Message};

use crate::{
    house::House,
    phone::{Answer, Phone, SILENCE},
};

/// How long a test waits for what should come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A registered phone.
pub(crate) struct Talker {
    pub(crate) phone: Phone,
    transport: Transport,
}

/// What a phone heard.
#[derive(Clone, Debug)]
pub(crate) struct Heard(pub(crate) Vec<u8>);

/// A dialog, as one end of it knows it (RFC 3261 section 12).
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: String,
    local: String,
    remote: String,
    target: String,
    routes: Vec<String>,
    cseq: u32,
}

impl Heard {
    /// The first line.
    pub(crate) fn first_line(&self) -> String {
        self.text().lines().next().unwrap_or_default().to_owned()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The status of a response, the method of a request.
    pub(crate) fn what(&self) -> String {
        let line = self.first_line();
        let mut words = line.split(' ');
        match words.next() {
            Some("SIP/2.0") => words.next().unwrap_or_default().to_owned(),
            method => method.unwrap_or_default().to_owned(),
        }
    }

    /// The values of a header, one a row.
    pub(crate) fn all(&self, name: HeaderName) -> Vec<String> {
        let mut headers = Headers::new();
        let message = Message::parse(&self.0, &mut headers).expect("a SIP message");
        let values = message.fields().all(name).map(|(value, _)| String::from_utf8_lossy(value).into_owned());
        values.collect()
    }

    /// The first value of a header.
    pub(crate) fn one(&self, name: HeaderName) -> String {
        self.all(name).into_iter().next().unwrap_or_else(|| panic!("no {} in {}", name.as_str(), self.text()))
    }

    /// The Request-URI.
    pub(crate) fn uri(&self) -> String {
        self.first_line().split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn contact(&self) -> String {
        let contact = self.one(HeaderName::Contact);
        let inside = contact.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        inside.map_or(contact.as_str(), |(uri, _)| uri).to_owned()
    }
}

/// A number that no other test uses.
fn unique() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

impl Talker {
    /// One that is registered.
    pub(crate) async fn registered(house: &House, transport: Transport, number: &str, code: &str) -> Self {
        Self::registered_at(house, "127.0.0.1", transport, number, code).await
    }

    /// The same in the domain of this host.
    pub(crate) async fn registered_at(
        house: &House,
        host: &str,
        transport: Transport,
        number: &str,
        code: &str,
    ) -> Self {
        let mut phone = house.phone_over(transport, number, code).await;
        phone.host = host.into();
        let answer = phone.register(600).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self { phone, transport }
    }

    fn via(&self) -> String {
        let transport = self.transport.name().to_uppercase();
        format!("SIP/2.0/{transport} {};branch=z9hG4bKt{};rport", self.phone.local, unique())
    }

    /// A request outside of any dialog, without a proof.
    pub(crate) fn request(&self, method: &str, to: &str, body: &str) -> String {
        let number = unique();
        let Phone { number: own, local, host, .. } = &self.phone;
        format!(
            "{method} sip:{to}@{host} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n\
             From: \"Somebody\" <sip:{own}@{host}>;tag=c{number}\r\nTo: <sip:{to}@{host}>\r\n\
             Call-ID: talk-{number}\r\nCSeq: 1 {method}\r\nContact: <sip:{own}@{local}>\r\n\
             User-Agent: Test Phone 1.0\r\nContent-Length: {}\r\n\r\n{body}",
            self.via(),
            body.len()
        )
    }

    /// The same request with a proof: it is asked first, refused with a challenge, and acknowledges that.
    pub(crate) async fn proven(&mut self, request: &str) -> String {
        self.say(request).await;
        let challenge = self.hears("407").await;
        let method = request.split(' ').next().unwrap_or_default().to_owned();
        if method == "INVITE" {
            self.acknowledge_refusal(request, &challenge).await;
        }
        self.phone.keep_challenge(&Answer { status: 407, bytes: challenge.0 });
        self.proven_again(request)
    }

    /// The request with the answer to the last challenge.
    pub(crate) fn proven_again(&mut self, request: &str) -> String {
        let mut words = request.split(' ');
        let (method, uri) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default());
        let credentials = self.phone.credentials(&method, uri);
        let (head, rest) = request.split_once("Max-Forwards").expect("Max-Forwards");
        let (start, _) = head.split_once("Via: ").expect("a Via");
        let old = request.split("CSeq: ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let next: u32 = old.parse::<u32>().expect("a number") + 1;
        let rest = rest.replacen(&format!("CSeq: {old} "), &format!("CSeq: {next} "), 1);
        format!("{start}Via: {}\r\nProxy-Authorization: {credentials}\r\nMax-Forwards{rest}", self.via())
    }

    /// Calls with a proof; gives back the INVITE that was sent last.
    pub(crate) async fn invites(&mut self, to: &str) -> String {
        let invite = self.request("INVITE", to, "v=0\r\n");
        let invite = self.proven(&invite).await;
        self.say(&invite).await;
        invite
    }

    pub(crate) async fn say(&mut self, message: &str) {
        self.phone.send(message.as_bytes()).await;
    }

    /// The next thing it hears, whatever it is.
    pub(crate) async fn hears_any(&mut self) -> Heard {
        let heard = self.phone.hear_message(PATIENCE).await;
        Heard(heard.unwrap_or_else(|| panic!("{} heard nothing", self.phone.number)))
    }

    /// The next thing it hears, which must be this: a status or a method.
    pub(crate) async fn hears(&mut self, what: &str) -> Heard {
        let heard = self.phone.hear_message(PATIENCE).await;
        let heard = Heard(heard.unwrap_or_else(|| panic!("{} did not hear {what}", self.phone.number)));
        assert_eq!(heard.what(), what, "{} heard {}", self.phone.number, heard.text());
        heard
    }

    /// It hears nothing.
    pub(crate) async fn hears_nothing(&mut self) {
        if let Some(heard) = self.phone.hear_message(SILENCE).await {
            panic!("{} heard {}", self.phone.number, Heard(heard).text());
        }
    }

    /// Answers a request; with a tag of its own where there is none.
    pub(crate) async fn answers(&mut self, request: &Heard, status: &str) -> Heard {
        self.answers_with(request, status, "").await
    }

    /// The same with more header lines, each with its line break.
    pub(crate) async fn answers_with(&mut self, request: &Heard, status: &str, more: &str) -> Heard {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in [HeaderName::Via, HeaderName::RecordRoute, HeaderName::From] {
            for value in request.all(name) {
                text.push_str(&format!("{}: {value}\r\n", name.as_str()));
            }
        }
        let to = request.one(HeaderName::To);
        let tag = if to.contains(";tag=") || status.starts_with("100") {
            String::new()
        } else {
            format!(";tag=d{}", self.phone.local.port())
        };
        text.push_str(&format!(
            "To: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:{}@{}>\r\n{more}Content-Length: 0\r\n\r\n",
            request.one(HeaderName::CallId),
            request.one(HeaderName::CSeq),
            self.phone.number,
            self.phone.local,
        ));
        self.say(&text).await;
        Heard(text.into_bytes())
    }

    /// Acknowledges a refusal of its INVITE.
    pub(crate) async fn acknowledge_refusal(&mut self, invite: &str, refusal: &Heard) {
        let invite = Heard(invite.as_bytes().to_vec());
        let cseq = invite.one(HeaderName::CSeq).replace("INVITE", "ACK");
        let ack = format!(
            "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq}\r\n\
             Content-Length: 0\r\n\r\n",
            invite.uri(),
            invite.one(HeaderName::Via),
            invite.one(HeaderName::From),
            refusal.one(HeaderName::To),
            invite.one(HeaderName::CallId),
        );
        self.say(&ack).await;
    }

    /// A request within a dialog.
    pub(crate) fn within(&self, dialog: &mut Dialog, method: &str) -> String {
        if method != "ACK" {
            dialog.cseq += 1;
        }
        let Dialog { call_id, local, remote, target, routes, cseq } = dialog;
        let routes: String = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        format!(
            "{method} {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n{routes}From: {local}\r\nTo: {remote}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{}@{}>\r\nContent-Length: 0\r\n\r\n",
            self.via(),
            self.phone.number,
            self.phone.local,
        )
    }
}

impl Dialog {
    /// As the caller knows it, from the answer.
    pub(crate) fn of_caller(answer: &Heard) -> Self {
        let cseq = answer.one(HeaderName::CSeq);
        Self {
            call_id: answer.one(HeaderName::CallId),
            local: answer.one(HeaderName::From),
            remote: answer.one(HeaderName::To),
            target: answer.contact(),
            routes: answer.all(HeaderName::RecordRoute).into_iter().rev().collect(),
            cseq: cseq.split(' ').next().and_then(|number| number.parse().ok()).expect("a number"),
        }
    }

    /// As the one who is called knows it, from the INVITE and its own answer.
    pub(crate) fn of_called(invite: &Heard, answer: &Heard) -> Self {
        Self {
            call_id: invite.one(HeaderName::CallId),
            local: answer.one(HeaderName::To),
            remote: invite.one(HeaderName::From),
            target: invite.contact(),
            routes: invite.all(HeaderName::RecordRoute),
            cseq: 0,
        }
    }
}
