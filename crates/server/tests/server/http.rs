//! Pages that are served whether or not anybody has signed in, and connections that try the server's patience.

use std::{net::SocketAddr, time::Duration};

use server::listen::listener::Listener;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{house::House, phone::tls};

/// What a server says to these bytes until it closes.
async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    drop(read.expect("closed in time"));
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures_are_told() {
    let house = House::start().await;
    assert!(ask(house.metrics(), &get("/healthz")).await.ends_with("\r\n\r\nok\n"));
    assert!(ask(house.metrics(), &get("/readyz")).await.starts_with("HTTP/1.1 200"));
    let figures = ask(house.metrics(), &get("/metrics")).await;
    assert!(figures.contains("application/openmetrics-text"), "{figures}");
    assert!(
        figures.contains("hookswitch_sign_ins_total{interface=\"sip-registration\",verdict=\"reject\"} 0")
    );
    assert!(figures.contains("hookswitch_records{kind=\"bindings\"} 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn https_speaks_both_versions_of_http() {
    let house = House::start().await;
    for (offered, expected) in [(&[b"h2".as_slice(), b"http/1.1"][..], Some(&b"h2"[..])), (&[], None)] {
        let stream = tls(house.https(), offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_or_too_little_is_closed() {
    let house = House::start_with(|config| {
        config.limits.first_message_seconds = 1;
        config.limits.message_seconds = 1;
        config.limits.idle_seconds = 1;
    })
    .await;
    let addresses = house.system.addresses();
    for (_, address) in addresses.rows().filter(|(row, _)| row.has_connections) {
        for opening in ["", "GET / HTT", "REGISTER sip:x SIP/2.0\r\nVia"] {
            // Closing is the answer; what is said before (a 408, an alert) is no matter.
            ask(address, opening).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_before_the_body_has_come_is_told_and_may_ask_again_on_the_same_connection() {
    let house = House::start().await.ignited().await;
    for (length, path, status) in
        [(20_000, "/api/v1/users", 401), (300_000, "/api/v1/session", 413), (20_000, "/nothing", 404)]
    {
        let mut stream = tls(house.https(), &[]).await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        // Whatever needs no body has been decided by then.
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(&vec![b' '; length]).await.expect("the body is taken");
        stream.write_all(get("/api/v1/problems").as_bytes()).await.expect("the next request is taken");
        let mut answers = Vec::new();
        let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answers)).await;
        drop(read.expect("closed in time"));
        let answers = String::from_utf8_lossy(&answers);
        assert!(answers.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answers}");
        assert!(answers.contains("HTTP/1.1 200"), "{path}: {answers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_2_connection_without_requests_is_closed_however_often_it_is_pinged() {
    let house = House::start_with(|config| config.limits.idle_seconds = 1).await;
    let stream = tls(house.https(), &[b"h2"]).await;
    let (mut requests, mut connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let mut pings = connection.ping_pong().expect("the first to ask");
    let closed = tokio::spawn(connection);
    let request = http::Request::get("https://x/").body(()).expect("a request");
    let (answer, _) = requests.send_request(request, true).expect("room");
    assert_eq!(answer.await.expect("an answer").status(), 200);
    let pinged = async {
        while pings.ping(h2::Ping::opaque()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(10), pinged).await.expect("closed in time");
    drop(closed.await.expect("no panic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_only_ever_pings_has_brought_no_message() {
    let house = House::start_with(|config| config.limits.first_message_seconds = 1).await;
    let mut stream =
        TcpStream::connect(house.system.addresses().of(Listener::SipTcp)[0]).await.expect("there");
    let pinged = async {
        let mut pong = [0; 2];
        while stream.write_all(b"\r\n\r\n").await.is_ok() && stream.read_exact(&mut pong).await.is_ok() {
            assert_eq!(&pong, b"\r\n");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(10), pinged).await.expect("closed in time");
}

/// Asks for a connection from there, and waits until it is closed; `false` when nothing is heard.
async fn is_refused(from: &str, to: SocketAddr) -> bool {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(from.parse().expect("an address"), 0)).expect("bound");
    let refused = async { socket.connect(to).await.expect("connected").read_u8().await };
    timeout(Duration::from_millis(200), refused).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_and_again_without_room_gets_no_answer_and_others_do() {
    let house = House::start_with(|config| config.limits.connections_per_address_max = 1).await;
    let address = house.system.addresses().of(Listener::SipTcp)[0];
    let kept = TcpSocket::new_v4().expect("a socket");
    kept.bind("127.4.0.1:0".parse().expect("an address")).expect("bound");
    let kept = kept.connect(address).await.expect("connected");
    while !house.system.metrics.encode().contains("hookswitch_connections{listener=\"sip-tcp\"} 1") {
        tokio::task::yield_now().await;
    }
    let mut refused = 0;
    while refused < 200 && is_refused("127.4.0.1", address).await {
        refused += 1;
    }
    assert!(refused < 200, "each of {refused} connections was accepted to be closed");
    let mut other =
        timeout(Duration::from_secs(1), TcpStream::connect(address)).await.expect("in time").expect("room");
    other.write_all(b"\r\n\r\n").await.expect("sent");
    let mut pong = [0; 2];
    other.read_exact(&mut pong).await.expect("a pong");
    // Once there is room, whoever is there may come again.
    drop(kept);
    let again = TcpSocket::new_v4().expect("a socket");
    again.bind("127.4.0.1:0".parse().expect("an address")).expect("bound");
    let mut again =
        timeout(Duration::from_secs(10), again.connect(address)).await.expect("in time").expect("room");
    again.write_all(b"\r\n\r\n").await.expect("sent");
    again.read_exact(&mut pong).await.expect("a pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_allowed_are_closed_at_once_and_others_live_on() {
    let house = House::start_with(|config| config.limits.connections_per_address_max = 2).await;
    let address = house.system.addresses().of(Listener::SipTcp)[0];
    let mut kept = Vec::new();
    for _ in 0..2 {
        kept.push(TcpStream::connect(address).await.expect("connected"));
    }
    // The first two have been taken once the listener's figure says so.
    while !house.system.metrics.encode().contains("hookswitch_connections{listener=\"sip-tcp\"} 2") {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(address, "").await, "");
    let mut first = kept.remove(0);
    first.write_all(b"\r\n\r\n").await.expect("sent");
    let mut pong = [0; 2];
    first.read_exact(&mut pong).await.expect("a pong");
    drop((first, kept));
    while !house.system.metrics.encode().contains("hookswitch_connections{listener=\"sip-tcp\"} 0") {
        tokio::task::yield_now().await;
    }
}
