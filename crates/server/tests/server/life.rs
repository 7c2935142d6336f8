//! Starts, stops and reloads.

use std::os::unix::fs::PermissionsExt as _;

use server::{
    clock::Clock,
    config::{Config, Listen, Loaded},
    serve::{ADDRESSES_FILE, Running, welcome},
    system::{Addresses, StartError},
};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_running_system_tells_its_addresses_and_a_stopped_one_does_not() {
    let house = House::start().await;
    let file = house.folder().join(ADDRESSES_FILE);
    let told: Addresses = serde_json::from_slice(&std::fs::read(&file).expect("there")).expect("read");
    assert_eq!(told, house.system.addresses());
    assert_ne!(told.sip_udp[0].port(), 0);
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
async fn a_port_that_is_taken_is_named_with_its_key() {
    let house = House::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let addresses = house.system.addresses();
    type Set = fn(&mut Config, Listen);
    let keys: [(&str, std::net::SocketAddr, Set); 3] = [
        ("https.listen", addresses.https[0], |config, listen| config.https.listen = listen),
        ("sip.udp", addresses.sip_udp[0], |config, listen| config.sip.udp = listen),
        ("sip.tls", addresses.sip_tls[0], |config, listen| config.sip.tls = listen),
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
        let Err(StartError::Config(error)) = Running::start(loaded, Clock::machine()).await else {
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
    let free = "[http]\nlisten=\"127.0.0.1:0\"\n[https]\nlisten=\"127.0.0.1:0\"\n[metrics]\nlisten=\"127.0.0.1:0\"\n\
                [sip]\nudp=\"127.0.0.1:0\"\ntcp=\"127.0.0.1:0\"\ntls=\"127.0.0.1:0\"\n";
    let write = |top: &str, end: &str| {
        let data = folder.path().join("data");
        std::fs::write(&file, format!("data_folder = {data:?}\n{top}{free}{end}")).expect("written");
    };
    write("", "");
    let loaded = Loaded::read(&file).expect("right");
    let running = Running::start(loaded, Clock::machine()).await.expect("started");
    write("threads = 3\n", "[limits]\nidle_seconds = 7\n");
    assert_eq!(running.system.reload().expect("right").needs_restart, ["threads"]);
    assert_eq!(running.system.config().config.limits.idle_seconds, 7);
    write("", "[limits]\nidle_seconds = \"long\"\n");
    let error = running.system.reload().expect_err("a mistake");
    assert_eq!((error.key.as_str(), error.line), ("limits.idle_seconds", Some(13)));
    assert_eq!(running.system.config().config.limits.idle_seconds, 7);
    running.stop().await;
}
