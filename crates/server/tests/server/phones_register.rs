//! Phones that register rightly.

use std::{collections::HashSet, net::SocketAddr};

use signin::{
    audit::Action,
    digest::DigestAlgorithm,
    records::Records,
    registration::{Binding, Transport},
    timestamp::Seconds,
};
use tokio::net::UdpSocket;
use wire::sip::{Algorithm, HeaderName};

use crate::{house::House, phone::Phone};

const CODE: &str = "472839";

async fn house() -> House {
    House::start().await.ignited().await.with_user("Ann", "201", CODE).await
}

const TRANSPORTS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_registers_refreshes_and_unregisters_over_every_transport_with_both_hashes() {
    let house = house().await;
    for transport in TRANSPORTS {
        for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
            let mut phone = house.phone_over(transport, "201", CODE).await;
            phone.algorithm = algorithm;
            let answer = phone.register(600).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(answer.one(HeaderName::Contact).ends_with(";expires=600"), "{}", answer.text());
            let [binding] = &house.bindings("201")[..] else { panic!("one binding") };
            assert_eq!((binding.source, binding.transport), (phone.local, transport));
            let is_sha = binding.algorithm == DigestAlgorithm::Sha256;
            assert_eq!(is_sha, algorithm == Algorithm::Sha256);
            assert_eq!(&*binding.agent, "Test Phone 1.0");

            house.pass(100);
            assert_eq!(phone.refresh(Some(600)).await.status, 200);
            let [refreshed] = &house.bindings("201")[..] else { panic!("one binding") };
            assert_eq!(refreshed.since, binding.since);
            assert_eq!(refreshed.expires_at.0, binding.expires_at.0 + 100_000);

            let gone = phone.refresh(Some(0)).await;
            assert_eq!(gone.status, 200);
            assert!(gone.all(HeaderName::Contact).is_empty(), "{}", gone.text());
            assert!(house.bindings("201").is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_leaves_a_row_when_it_comes_and_when_it_goes_and_none_when_it_refreshes() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.register(600).await;
    for _ in 0..5 {
        assert_eq!(phone.refresh(Some(600)).await.status, 200);
    }
    phone.refresh(Some(0)).await;
    let audit = house.audit().await;
    let about: Vec<_> = audit.iter().filter(|row| row.contains("Phone ")).collect();
    assert_eq!(about, ["Phone registered: 201", "Phone unregistered: 201"]);
    assert!(!audit.iter().any(|row| row.starts_with(Action::SignIn.title())), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_challenge_offers_sha_256_first_and_md5_only_where_it_is_allowed() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    let offered = phone.challenge(Some(600)).await.all(HeaderName::WwwAuthenticate);
    let [sha, md5] = &offered[..] else { panic!("two challenges: {offered:?}") };
    assert!(sha.contains("algorithm=SHA-256") && sha.contains("qop=\"auth\""), "{sha}");
    assert!(md5.contains("algorithm=MD5"), "{md5}");

    let by = signin::admin::By::console();
    let changed = house.system.administer(&by, |admin, _| {
        let mut domain = (*admin.records.domain(signin::ident::DomainId::FIRST).expect("ignited")).clone();
        domain.md5_allowed = false;
        admin.save_domain(&domain)
    });
    changed.await.expect("changed");
    let mut old = house.phone("201", CODE).await;
    old.algorithm = Algorithm::Md5;
    assert_eq!(old.challenge(Some(600)).await.all(HeaderName::WwwAuthenticate).len(), 1);
    // An answer by MD5 to the one challenge there is: asked again, nothing counted.
    old.keep_challenge(&phone.challenge(Some(600)).await);
    phone.algorithm = Algorithm::Sha256;
    assert_eq!(phone.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_counts_in_capitals_stays_registered() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.counts_in_capitals = true;
    phone.register(600).await;
    for round in 2..=12 {
        assert_eq!(phone.refresh(Some(600)).await.status, 200, "use {round:08X}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_with_what_there_is_and_changes_nothing() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.register(600).await;
    house.pass(10);
    let answer = phone.refresh(None).await;
    assert!(answer.one(HeaderName::Contact).ends_with(";expires=590"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_short_a_wish_is_told_the_least() {
    let house = house().await;
    let answer = house.phone("201", CODE).await.register(5).await;
    assert_eq!((answer.status, &*answer.one(HeaderName::MinExpires)), (423, "60"));
    assert!(house.bindings("201").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_changed_goes_for_the_very_next_request() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    assert_eq!(phone.register(50).await.status, 423);
    let _house = house.with_settings(|settings| settings.registrations.expires_min = Seconds(50)).await;
    assert_eq!(phone.register(50).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_kept_and_repeated() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.more = "Supported: path\r\nPath: <sip:edge.example;lr>, <sip:core.example;lr>\r\n".into();
    let answer = phone.register(600).await;
    assert_eq!(answer.one(HeaderName::Path), "<sip:edge.example;lr>, <sip:core.example;lr>");
    let [binding] = &house.bindings("201")[..] else { panic!("one binding") };
    let path: Vec<&str> = binding.path.iter().map(|hop| &**hop).collect();
    assert_eq!(path, ["sip:edge.example;lr", "sip:core.example;lr"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_takes_the_place_of_its_forerunner() {
    let house = house().await;
    for round in 0..2 {
        let mut phone = house.phone("201", CODE).await;
        phone.more = "Supported: path, outbound\r\n".into();
        phone.contact = format!(
            "<sip:201@{}>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"",
            phone.local
        );
        let answer = phone.register(600).await;
        assert_eq!(answer.one(HeaderName::Require), "outbound", "{}", answer.text());
        assert_eq!(house.bindings("201").len(), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_goes_and_comes_in_one_request_is_there() {
    let house = house().await;
    let mut phone = house.phone("201", CODE).await;
    phone.register(600).await;
    let contact = phone.contact.clone();
    phone.contact = format!("{contact};expires=0, {contact}");
    assert!(phone.refresh(Some(700)).await.one(HeaderName::Contact).ends_with(";expires=700"));
    assert_eq!(house.bindings("201").len(), 1);
    phone.contact = format!("{contact}, {contact};expires=0");
    assert!(phone.refresh(Some(700)).await.all(HeaderName::Contact).is_empty());
    assert!(house.bindings("201").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_phone_too_many_pushes_the_oldest_out_into_quarantine() {
    let house = house().await.with_settings(|settings| settings.registrations.bindings_max = 2).await;
    let mut phones = Vec::new();
    for _ in 0..3 {
        let mut phone = house.phone("201", CODE).await;
        assert_eq!(phone.register(600).await.status, 200);
        house.pass(1);
        phones.push(phone);
    }
    let left: Vec<_> = house.bindings("201").iter().map(|binding| binding.source).collect();
    assert_eq!(left, [phones[1].local, phones[2].local]);
    let quarantine = house.system.ledger.quarantine();
    let [pushed] = &quarantine[..] else { panic!("one: {quarantine:?}") };
    assert_eq!((pushed.source, pushed.by_source), (phones[0].local, phones[2].local));
    assert!(house.audit().await.contains(&"Phone pushed out: 201".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_phones_is_told_also_to_one_that_was_wrong_before() {
    let house = house().await;
    for _ in 0..8 {
        let mut phone = house.phone("201", CODE).await;
        phone.contact = phone.contact.replace('>', &format!(";x={}>", "x".repeat(200)));
        assert_eq!(phone.register(600).await.status, 200);
    }
    let mut phone = house.phone("201", "000001").await;
    assert_eq!(phone.register(600).await.status, 403);
    phone.code = CODE.into();
    // It clears the failure, which has to be on disk first.
    let answer = phone.register(600).await;
    assert_eq!((answer.status, answer.all(HeaderName::Contact).len()), (200, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_went_silent_leaves_its_row_also_when_another_registers_before_anybody_looked() {
    let house = house().await;
    house.phone("201", CODE).await.register(60).await;
    house.pass(61);
    let mut other = house.phone("201", CODE).await;
    other.register(60).await;
    house.pass(61);
    other.register(60).await;
    let audit = house.audit().await;
    let about: Vec<_> = audit.iter().filter(|row| row.contains("Phone ")).collect();
    let (came, lost) = (&"Phone registered: 201".to_owned(), &"Phone lost: 201".to_owned());
    assert_eq!(about, [came, lost, came, lost, came]);
}

/// A network that loses the first copy of every request, and of the answers to each phone's second one, with which it
/// proves itself; and delivers every answer twice.
async fn bad_network(server: SocketAddr) -> SocketAddr {
    let (near, far) = (UdpSocket::bind("127.0.0.1:0").await, UdpSocket::bind("127.0.0.1:0").await);
    let (near, far) = (near.expect("a socket"), far.expect("a socket"));
    far.connect(server).await.expect("connected");
    let address = near.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut request, mut answer) = ([0; 4096], [0; 4096]);
        let (mut asked, mut answered, mut phone) = (HashSet::new(), HashSet::new(), address);
        let lines = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let kept = text.lines().filter(|line| line.starts_with("CSeq:") || line.starts_with("Call-ID:"));
            kept.collect::<String>()
        };
        loop {
            tokio::select! {
                Ok((count, from)) = near.recv_from(&mut request) => {
                    phone = from;
                    if !asked.insert(lines(&request[..count])) {
                        far.send(&request[..count]).await.expect("sent");
                    }
                }
                Ok(count) = far.recv(&mut answer) => {
                    let lines = lines(&answer[..count]);
                    if !lines.contains("CSeq: 2 ") || !answered.insert(lines) {
                        near.send_to(&answer[..count], phone).await.expect("sent");
                        near.send_to(&answer[..count], phone).await.expect("sent");
                    }
                }
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_behind_a_bad_network_registers_all_the_same() {
    let house = house().await;
    let network = bad_network(house.sip_udp()).await;
    let mut phone = Phone::connect(Transport::Udp, "127.0.0.1", network, "201", CODE).await;
    for _ in 0..2 {
        let answer = phone.register(600).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(house.bindings("201").len(), 1);
    // A slip of the finger that had to be sent several times is one.
    let mut wrong = Phone::connect(Transport::Udp, "127.0.0.1", network, "201", "000001").await;
    assert_eq!(wrong.register(600).await.status, 403);
    let refused = house.audit().await.iter().filter(|row| row.contains("Wrong secret")).count();
    assert_eq!(refused, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bindings_survive_a_restart() {
    let house = house().await;
    house.phone("201", CODE).await.register(600).await;
    let mut expected = house.bindings("201");
    let house = house.restarted().await;
    // A refresh may be missing on disk: nobody is forgotten sooner than was promised.
    expected.iter_mut().for_each(Binding::recall);
    assert_eq!(expected[0].expires_at, house.clock.now().after(Seconds(900)));
    assert_eq!(house.bindings("201"), expected);
    // A challenge from before is stale, and the phone goes on by itself.
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_password_takes_the_place_of_the_login_code() {
    let house = house().await;
    let (by, extension) = (signin::admin::By::console(), house.extension("201"));
    let set = house.system.administer(&by, move |admin, dice| {
        let owner = signin::credential::Owner::Extension(extension);
        let choice = signin::admin::SecretChoice::Set(signin::secret::Secret::new("correct-horse-battery"));
        admin.set_secret(owner, signin::credential::CredentialKind::PhonePassword, &choice, false, dice)
    });
    set.await.expect("set");
    assert_eq!(house.phone("201", "correct-horse-battery").await.register(600).await.status, 200);
    assert_eq!(house.phone("201", CODE).await.register(600).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_requests_in_one_packet_and_one_in_many_are_answered_in_order() {
    let house = house().await;
    let mut phone = house.phone_over(Transport::Tcp, "201", CODE).await;
    let (one, two) = (phone.request(Some(600), ""), phone.request(Some(600), ""));
    phone.send(format!("\r\n{one}{two}").as_bytes()).await;
    for expected in ["1 REGISTER", "2 REGISTER"] {
        let answer = phone.hear(crate::phone::SILENCE * 10).await.expect("an answer");
        assert_eq!(answer.one(HeaderName::CSeq), expected);
    }
    for byte in phone.request(Some(600), "").into_bytes() {
        phone.send(&[byte]).await;
    }
    assert_eq!(phone.hear(crate::phone::SILENCE * 10).await.expect("an answer").status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_life_that_come_together_get_one_answer_and_requests_between_them_get_theirs() {
    let house = house().await;
    for transport in [Transport::Tcp, Transport::Tls] {
        let mut phone = house.phone_over(transport, "201", CODE).await;
        let pings = "\r\n\r\n".repeat(200);
        let (one, two) = (phone.request(Some(600), ""), phone.request(Some(600), ""));
        phone.send(format!("{pings}{one}{pings}{two}{pings}").as_bytes()).await;
        let mut heard = String::new();
        while let Some(bytes) =
            phone.hear_bytes(crate::phone::SILENCE * 3).await.filter(|bytes| !bytes.is_empty())
        {
            heard.push_str(std::str::from_utf8(&bytes).expect("text"));
        }
        // What was sent at once may be read in two pieces, and then there is a pong for each.
        let answers: Vec<_> = heard.split("SIP/2.0 401").collect();
        let [before, one, two] = &answers[..] else { panic!("two answers: {heard}") };
        let pongs = |text: &str| text.split_once("\r\n\r\n").map_or(0, |(_, rest)| rest.len() / 2);
        assert!((1..=3).contains(&(before.len() / 2)), "{heard:?}");
        for answer in [one, two] {
            assert!((1..=3).contains(&pongs(answer)), "{heard:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_life_are_answered_on_streams_and_by_stun() {
    let house = house().await;
    for transport in [Transport::Tcp, Transport::Tls] {
        let mut phone = house.phone_over(transport, "201", CODE).await;
        phone.send(b"\r\n\r\n").await;
        assert_eq!(phone.hear_bytes(crate::phone::SILENCE * 10).await.expect("a pong"), b"\r\n");
    }
    let mut phone = house.phone("201", CODE).await;
    phone.send(b"\r\n\r\n").await;
    assert_eq!(phone.hear_bytes(crate::phone::SILENCE).await, None);
    phone.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl").await;
    let answer = phone.hear_bytes(crate::phone::SILENCE * 10).await.expect("an answer");
    assert_eq!(answer[..2], [1, 1]);
}
