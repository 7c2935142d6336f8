//! Starts, stops and reloads.

use std::{
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use server::{
    clock::Clock,
    config::{Config, Listen, Loaded},
    listen::listener::{Addresses, Listener},
    serve::{ADDRESSES_FILE, Running, welcome},
    system::StartError,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use signin::{attempt::Peer, verdict::Verdict};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

use crate::house::House;

/// Everything at a free port, and the data beside the file; the end is for more.
fn configuration(folder: &Path, top: &str, end: &str) -> String {
    let free = "[http]\nlisten=\"127.0.0.1:0\"\n[https]\nlisten=\"127.0.0.1:0\"\n[metrics]\nlisten=\"127.0.0.1:0\"\n\
                [sip]\nudp=\"127.0.0.1:0\"\ntcp=\"127.0.0.1:0\"\ntls=\"127.0.0.1:0\"\n";
    format!("data_folder = {:?}\n{top}{free}{end}", folder.join("data"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_system_tells_its_addresses_and_a_stopped_one_does_not() {
    let house = House::start().await;
    let file = house.folder().join(ADDRESSES_FILE);
    let told: Addresses = serde_json::from_slice(&std::fs::read(&file).expect("there")).expect("read");
    assert_eq!(told, house.system.addresses());
    assert_ne!(told.of(Listener::SipUdp)[0].port(), 0);
    let mode = std::fs::metadata(house.folder()).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    house.stop().await;
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ignition_code_is_shown_until_the_system_is_ignited_and_is_new_at_each_start() {
    let house = House::start().await;
    let code = house.system.ignition.code().expect("awaited").reveal().to_owned();
    assert!(welcome(&house.system).contains(&code));
    let house = house.restarted().await;
    assert!(!house.system.ignition.matches(&code));
    let house = house.ignited().await.restarted().await;
    assert!(!house.system.ignition.is_awaited());
    assert!(!welcome(&house.system).contains("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_and_stops_are_in_the_audit() {
    let house = House::start().await.restarted().await;
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        ["System started", "System stopped", "System started"].map(|what| format!("{what}: {version}"));
    assert_eq!(house.audit().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_at_no_listener_for_somebody_who_never_ends_what_they_began() {
    let house = House::start().await;
    let addresses = house.system.addresses();
    let mut half_open = Vec::new();
    for (row, address) in addresses.rows().filter(|(row, _)| row.has_connections) {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        // The first bytes of a ClientHello, and of nothing else.
        stream.write_all(&[22, 3, 1]).await.expect("sent");
        let taken = format!("hookswitch_connections{{listener=\"{}\"}} 1", row.name);
        // Taken, or refused already: three bytes are enough for some to know that nothing comes of it.
        let mut heard = [0];
        let is_refused = |stream: &TcpStream, heard: &mut [u8]| !matches!(stream.try_read(heard), Err(error) if error.kind() == ErrorKind::WouldBlock);
        let seen = async {
            while !house.system.metrics.encode().contains(&taken) && !is_refused(&stream, &mut heard) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), seen).await.expect("taken");
        half_open.push(stream);
    }
    // Much less than the 10 seconds that a handshake may take.
    timeout(Duration::from_secs(5), house.stop()).await.expect("at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_its_key() {
    let house = House::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let addresses = house.system.addresses();
    type Set = fn(&mut Config, Listen);
    let keys: [(&str, std::net::SocketAddr, Set); 3] = [
        ("https.listen", addresses.of(Listener::Https)[0], |config, listen| config.https.listen = listen),
        ("sip.udp", addresses.of(Listener::SipUdp)[0], |config, listen| config.sip.udp = listen),
        ("sip.tls", addresses.of(Listener::SipTls)[0], |config, listen| config.sip.tls = listen),
    ];
    for (key, address, set) in keys {
        let mut config = Config { data_folder: folder.path().join(key), ..Config::default() };
        for set in [
            (|config, listen| config.http.listen = listen) as Set,
            |config, listen| config.https.listen = listen,
            |config, listen| config.metrics.listen = listen,
            |config, listen| config.sip.udp = listen,
            |config, listen| config.sip.tcp = listen,
            |config, listen| config.sip.tls = listen,
        ] {
            set(&mut config, Listen(Vec::new()));
        }
        set(&mut config, Listen(vec![address]));
        let loaded = Loaded::from(config);
        let Err(StartError::Address(error)) = Running::start(loaded, Clock::machine()).await else {
            panic!("{key} was taken twice");
        };
        assert_eq!(error.key, key);
        assert!(error.problem.contains(&address.to_string()), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_in_the_same_folder_is_told_so() {
    let house = House::start().await;
    let config = Config { data_folder: house.folder().to_owned(), ..Config::default() };
    let loaded = Loaded::from(config);
    let error = Running::start(loaded, Clock::machine()).await.expect_err("in use");
    assert!(error.to_string().contains("in use"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_what_it_can_and_names_the_rest_and_a_mistake_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hookswitch.toml");
    let write = |top: &str, end: &str| {
        std::fs::write(&file, configuration(folder.path(), top, end)).expect("written");
    };
    write("", "");
    let elsewhere = folder.path().join("elsewhere");
    let loaded = Loaded::read(&file).expect("right").in_folder(Some(elsewhere.clone()));
    let running = Running::start(loaded, Clock::machine()).await.expect("started");
    assert_eq!(running.system.folder.path(ADDRESSES_FILE), elsewhere.join(ADDRESSES_FILE));
    assert_eq!(running.system.reload().expect("right").needs_restart, [""; 0]);
    write("threads = 3\n", "[limits]\nidle_seconds = 7\n");
    for _ in 0..2 {
        // What was not restarted for is still to be restarted for.
        assert_eq!(running.system.reload().expect("right").needs_restart, ["threads"]);
    }
    assert_eq!(running.system.config().config.limits.idle_seconds, 7);
    write("", "[limits]\nidle_seconds = \"long\"\n");
    let error = running.system.reload().expect_err("a mistake");
    assert_eq!((error.key.as_str(), error.line), ("limits.idle_seconds", Some(13)));
    assert_eq!(running.system.config().config.limits.idle_seconds, 7);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ignition_codes_are_counted_and_in_the_audit() {
    let house = House::start().await;
    let code = house.system.ignition.code().expect("awaited").reveal().to_owned();
    let peer = Peer { address: "192.0.2.7".parse().expect("an address"), agent: "", device: "" };
    assert!(house.system.check_ignition_code(&code, peer).await.is_ok());
    for wrong in ["0000", "0001", "0002"] {
        assert!(house.system.check_ignition_code(wrong, peer).await.is_err());
    }
    let refused = house.system.check_ignition_code(&code, peer).await;
    assert!(matches!(refused, Err(Verdict::Wait { .. })), "{refused:?}");
    house.pass(61);
    assert!(house.system.check_ignition_code(&code, peer).await.is_ok());
    let audit = house.audit().await;
    let wrong = audit.iter().filter(|row| row.contains("ignition code (Nobody has this name)")).count();
    assert_eq!(wrong, 3, "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_reloads_on_sighup_and_stops_in_order_on_sigterm() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hookswitch.toml");
    std::fs::write(&file, configuration(folder.path(), "", "")).expect("written");
    let program = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
        .args(["--config".as_ref(), file.as_os_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let process = Pid::from_raw(program.id().try_into().expect("a process"));
    let addresses = folder.path().join("data").join(ADDRESSES_FILE);
    while !addresses.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    std::fs::write(&file, configuration(folder.path(), "threads = 3\n", "")).expect("written");
    kill(process, Signal::SIGHUP).expect("sent");
    // The log is read when the program has ended; until then it has this long to hear each signal.
    tokio::time::sleep(Duration::from_millis(500)).await;
    std::fs::write(&file, configuration(folder.path(), "", "[limits]\nidle_seconds = 0\n")).expect("written");
    kill(process, Signal::SIGHUP).expect("sent");
    tokio::time::sleep(Duration::from_millis(500)).await;
    kill(process, Signal::SIGTERM).expect("sent");
    let Output { status, stdout, stderr } = program.wait_with_output().expect("ended");
    let (said, log) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{status}: {log}");
    assert!(said.contains("/manager") && said.contains("this code"), "{said}");
    assert!(
        log.contains("configuration reloaded") && log.contains("takes effect at the next start"),
        "{log}"
    );
    let mistake = log.lines().find(|line| line.contains("ERROR")).expect("the mistake");
    for part in
        ["not reloaded", "hookswitch.toml", "line=13", "limits.idle_seconds", "out of range", "1 to 86400"]
    {
        assert!(mistake.contains(part), "{part} is not in {mistake}");
    }
    assert!(log.contains("stopped") && log.matches("ERROR").count() == 1, "{log}");
    assert!(!addresses.exists());
}

#[test]
fn a_mistake_in_the_configuration_is_told_in_full_with_exit_code_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hookswitch.toml");
    std::fs::write(&file, "[sip]\nudp = \"5060\"\n").expect("written");
    for command in ["serve", "check-config"] {
        let program = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["--config".as_ref(), file.as_os_str(), command.as_ref()])
            .output()
            .expect("ran");
        let told = String::from_utf8_lossy(&program.stderr);
        assert_eq!(program.status.code(), Some(2), "{told}");
        for part in ["hookswitch.toml, line 2", "sip.udp", "config/example.toml"] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }
}

#[test]
fn a_configuration_is_right_when_its_certificate_and_key_can_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let keys: Vec<_> = ["one", "two"]
        .map(|name| {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("made");
            std::fs::write(at(&format!("{name}.pem")), made.cert.pem()).expect("written");
            made.signing_key.serialize_pem()
        })
        .into();
    let cases = [
        (keys[0].as_str(), None),
        (keys[1].as_str(), Some("does not belong to")),
        ("no key", Some("there is no private key in it")),
    ];
    for (key, problem) in cases {
        std::fs::write(at("key.pem"), key).expect("written");
        let text = format!("[tls]\ncertificate = {:?}\nprivate_key = {:?}\n", at("one.pem"), at("key.pem"));
        std::fs::write(at("hookswitch.toml"), text).expect("written");
        let program = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["--config".as_ref(), at("hookswitch.toml").as_os_str(), "check-config".as_ref()])
            .output()
            .expect("ran");
        let (said, told) =
            (String::from_utf8_lossy(&program.stdout), String::from_utf8_lossy(&program.stderr));
        assert_eq!(said.contains("The configuration is right"), problem.is_none(), "{said}{told}");
        assert_eq!(program.status.code(), Some(if problem.is_none() { 0 } else { 2 }), "{told}");
        if let Some(problem) = problem {
            assert!(told.contains(problem) && told.contains("line 3, key tls.private_key"), "{told}");
        }
    }
}

#[test]
fn what_may_be_different_at_the_next_start_ends_with_exit_code_one_and_a_mistake_with_two() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let pem = folder.path().join("pem");
    std::fs::write(&pem, "no certificate").expect("written");
    let own = format!("[tls]\ncertificate = {pem:?}\nprivate_key = {pem:?}\n");
    let http = "[http]\nlisten = \"127.0.0.1:0\"\n";
    let cases = [
        ("an address that is taken", "data", http.replace("127.0.0.1:0", &address.to_string()), 1),
        ("an address of another machine", "data", http.replace("127.0.0.1", "192.0.2.1"), 1),
        ("a data folder that is a file", "pem", String::new(), 1),
        ("a certificate that is none", "data", own, 2),
    ];
    for (what, data, text, code) in cases {
        let file = folder.path().join("hookswitch.toml");
        std::fs::write(&file, format!("data_folder = {:?}\n{text}", folder.path().join(data)))
            .expect("written");
        let program = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["--config".as_ref(), file.as_os_str(), "serve".as_ref()])
            .output()
            .expect("ran");
        let told = String::from_utf8_lossy(&program.stderr);
        assert_eq!(program.status.code(), Some(code), "{what}: {told}");
    }
}
