//! The demo: an office that lives, in a folder of its own, that touches nothing else.

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use server::{
    clock::Clock,
    demo::{Demo, Wanted},
    listen::listener::Listener,
};
use signin::{
    account::{RoleKind, Status},
    audit::{Action, Reason},
    digest::DigestAlgorithm,
    records::Records as _,
};
use store::{AccountQuery, AuditQuery};

use crate::{
    browser::Browser,
    machine::{Machine, pause, signal},
    phone::Phone,
};

fn wanted(folder: Option<PathBuf>) -> Wanted {
    Wanted { folder, real: "/nowhere/hookswitch-data".into(), seed: Some(25) }
}

/// What stands behind a word in what the demo says.
fn told<'a>(text: &'a str, word: &str) -> &'a str {
    let after = text.lines().find_map(|line| line.trim().strip_prefix(word));
    after.unwrap_or_else(|| panic!("no {word} in {text}")).trim()
}

/// How many extensions have a phone.
fn registered(demo: &Demo) -> usize {
    let numbers = (201..=225).map(|number: u32| number.to_string());
    let extensions = numbers.filter_map(|number| {
        let number = signin::ident::Number::parse(&number)?;
        demo.system().ledger.extension_numbered(signin::ident::DomainId::FIRST, &number)
    });
    extensions.filter(|extension| demo.system().ledger.registration(extension.id).is_some()).count()
}

fn statuses(demo: &Demo) -> BTreeSet<&'static str> {
    let ledger = &demo.system().ledger;
    let query = AccountQuery { kind: Some(RoleKind::User), limit: 100, ..AccountQuery::default() };
    let accounts = ledger.accounts(&query).items;
    assert_eq!(accounts.len(), 25);
    assert!(accounts.iter().any(|account| account.extension().is_none()));
    assert!(accounts.iter().any(|account| account.expires_at.is_some()));
    let now = demo.system().clock.now();
    accounts.iter().map(|account| ledger.status_of(account, now).title()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_demo_has_life_on_every_page_and_leaves_nothing_behind() {
    let demo = Demo::start(&wanted(None)).await.unwrap();
    let folder = demo.folder().to_owned();
    assert!(registered(&demo) >= 20, "{}", registered(&demo));
    for (row, address) in demo.system().addresses().rows() {
        assert!(address.ip().is_loopback(), "{} listens at {address}", row.name);
    }

    let ledger = &demo.system().ledger;
    let now = demo.system().clock.now();
    let statuses = statuses(&demo);
    for status in [Status::Enabled, Status::Disabled, Status::ForceNewPassword, Status::LockedTemporary] {
        assert!(statuses.contains(status.title()), "{statuses:?}");
    }
    let locks: Vec<_> = ledger.locks(now).into_iter().map(|(key, _)| key.in_words()).collect();
    assert!(locks.iter().any(|lock| lock.contains("209")), "{locks:?}");
    assert!(locks.iter().any(|lock| lock.contains("127.0.0.")), "{locks:?}");
    assert!(!ledger.quarantine().is_empty());
    assert!(!ledger.stale_phones().is_empty());
    assert!(ledger.sessions().len() >= 3);
    let agents: BTreeSet<_> = phones(&demo).into_iter().map(|(agent, _)| agent).collect();
    assert!(agents.len() >= 8, "{agents:?}");
    let algorithms: Vec<_> = phones(&demo).into_iter().map(|(_, algorithm)| algorithm).collect();
    assert!([DigestAlgorithm::Sha256, DigestAlgorithm::Md5].iter().all(|one| algorithms.contains(one)));

    let text = demo.welcome();
    let password = told(&text, "Administrator").to_owned();
    let mut browser = Browser::at(demo.system().addresses().of(Listener::Https)[0]);
    let answer = browser.sign_in("Administrator", &password).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/manager"));
    for page in ["/manager", "/status", "/status/blacklists", "/status/quarantine", "/manager/audit"] {
        assert_eq!(browser.get(page).await.status, 200, "{page}");
    }
    let partner = told(&text, "BusinessPartner").to_owned();
    assert_ne!(partner, password);
    let answer = Browser::at(demo.system().addresses().of(Listener::Https)[0]);
    assert_eq!(answer.clone().sign_in("BusinessPartner", &partner).await.status, 303);

    // A visitor's own phone.
    let line = text.lines().find(|line| line.contains("number 224")).unwrap();
    let code = line.rsplit(' ').next().unwrap();
    let phones = demo.system().addresses().of(Listener::SipUdp)[0];
    let mut phone =
        Phone::connect(signin::registration::Transport::Udp, "127.0.0.1", phones, "224", code).await;
    assert_eq!(phone.register(600).await.status, 200);

    let said = demo.stop().await;
    assert!(said.contains("is removed"), "{said}");
    assert!(!folder.exists());
}

/// What the registered phones call themselves, and how they proved themselves.
fn phones(demo: &Demo) -> Vec<(String, DigestAlgorithm)> {
    let ledger = &demo.system().ledger;
    let mut phones = Vec::new();
    for number in 201..=225_u32 {
        let number = signin::ident::Number::parse(&number.to_string()).unwrap();
        let extension = ledger.extension_numbered(signin::ident::DomainId::FIRST, &number);
        let registration = extension.and_then(|extension| ledger.registration(extension.id));
        for binding in registration.iter().flat_map(|registration| registration.bindings.iter()) {
            phones.push((binding.agent.to_string(), binding.algorithm));
        }
    }
    phones
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_past_of_a_demo_was_done_and_its_audit_is_whole() {
    let began = Clock::machine().now();
    let demo = Demo::start(&wanted(None)).await.unwrap();
    let ledger = &demo.system().ledger;
    ledger.flush().await.unwrap();
    let now = demo.system().clock.now();
    let rows = ledger.audit(&AuditQuery { limit: 1000, ..AuditQuery::default() }).unwrap();
    assert!(rows.len() > 100, "{}", rows.len());
    let moments: Vec<_> = rows.iter().rev().map(|row| row.event.at).collect();
    // From now on many do something at once, and who looked at the clock first need not be written down first.
    let past: Vec<_> = moments.iter().map(|at| (*at).min(began)).collect();
    assert!(past.is_sorted(), "what happened later stands later: {moments:?}");
    assert!(moments.iter().all(|at| *at <= now));
    let days: BTreeSet<_> = moments.iter().map(|at| at.as_secs() / 86_400).collect();
    assert!(days.len() >= 8, "{days:?}");
    let actions: BTreeSet<_> = rows.iter().map(|row| row.event.action).collect();
    for action in [
        Action::Ignited,
        Action::AccountCreated,
        Action::AccountChanged,
        Action::AccountDeleted,
        Action::SettingsChanged,
        Action::SecretSet,
        Action::LockReset,
        Action::Registered,
        Action::Unregistered,
        Action::SignOut,
    ] {
        assert!(actions.contains(&action), "{action:?} is missing");
    }
    let reasons: BTreeSet<_> = rows.iter().filter_map(|row| row.event.reason).collect();
    for reason in [Reason::WrongSecret, Reason::UnknownName, Reason::OldSecret, Reason::SubjectLocked] {
        assert!(reasons.contains(&reason), "{reason:?} is missing in {reasons:?}");
    }
    let verified = ledger.verify_audit(&mut |_, _| {});
    assert!(verified.is_ok(), "{verified:?}");
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_office_that_is_kept_is_opened_again_with_new_secrets() {
    let parent = tempfile::tempdir().unwrap();
    let wanted = wanted(Some(parent.path().join("office")));
    let first = Demo::start(&wanted).await.unwrap();
    let before = told(&first.welcome(), "Administrator").to_owned();
    assert!(first.stop().await.contains("stays"));
    let again = Demo::start(&wanted).await.unwrap();
    assert!(registered(&again) >= 20, "{}", registered(&again));
    let after = told(&again.welcome(), "Administrator").to_owned();
    assert_ne!(before, after);
    let https = again.system().addresses().of(Listener::Https)[0];
    assert_eq!(Browser::at(https).sign_in("Administrator", &before).await.status, 401);
    assert_eq!(Browser::at(https).sign_in("Administrator", &after).await.status, 303);
    again.stop().await;
}

/// Starts the program as a demo and waits until it has said everything.
fn start(machine: &Machine, arguments: &[&str]) -> (std::process::Child, String) {
    let mut command = machine.command(&[&["demo", "--seed", "1"], arguments].concat());
    command.env("TMPDIR", machine.path("temporary")).stdout(Stdio::piped()).stderr(Stdio::piped());
    fs::create_dir_all(machine.path("temporary")).unwrap();
    let mut child = command.spawn().unwrap();
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("Ctrl-C ends it") || !text.ends_with(".\n") {
        let count = child.stdout.as_mut().unwrap().read(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        if count == 0 {
            let mut why = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
            panic!("it ended: {text} {why}");
        }
    }
    (child, text)
}

#[test]
fn the_program_shows_a_demo_until_it_is_interrupted() {
    let machine = Machine::stopped();
    let before = contents(&machine.data());
    for name in ["INT", "TERM", "HUP"] {
        let (mut child, text) = start(&machine, &[]);
        let config = told(&text, "hookswitch --config").split(' ').next().unwrap();
        assert!(config.starts_with(machine.path("temporary").to_str().unwrap()), "{config}");
        signal(&child, name);
        assert!(child.wait().unwrap().success(), "{name}");
        let mut rest = String::new();
        child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert!(rest.contains("The demo has ended"), "{rest}");
        assert_eq!(fs::read_dir(machine.path("temporary")).unwrap().count(), 0, "{name}");
    }
    assert_eq!(contents(&machine.data()), before, "the real system is as it was");
}

#[test]
fn a_demo_refuses_folders_that_it_did_not_make_and_leaves_them_alone() {
    let machine = Machine::stopped();
    let real = machine.data();
    let others = machine.path("photos");
    fs::create_dir(&others).unwrap();
    fs::write(others.join("cat.jpg"), "meow").unwrap();
    let before = (contents(&real), contents(&others));
    for folder in [&real, &real.join("demo"), &machine.path(""), &others] {
        let said = machine.say(&["demo", "--folder", folder.to_str().unwrap()]).wrong();
        assert!(said.contains("help: Name a folder that does not exist yet"), "{said}");
    }
    let said = machine.say(&["--data", real.to_str().unwrap(), "demo"]).wrong();
    assert!(said.contains("Leave --data out"), "{said}");
    assert_eq!((contents(&real), contents(&others)), before);
}

#[test]
fn two_demos_of_one_folder_do_not_run_at_the_same_time_and_the_first_goes_on() {
    let machine = Machine::new();
    let folder = machine.path("office");
    let folder = folder.to_str().unwrap();
    let (mut first, _) = start(&machine, &["--folder", folder]);
    let said = machine.say(&["demo", "--folder", folder]).refused();
    assert!(said.contains("start the demo"), "{said}");
    let config = format!("{folder}/hookswitch.toml");
    let mut status = std::process::Command::new(crate::machine::PROGRAM);
    let status = status.args(["--config", &config, "status"]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
    signal(&first, "INT");
    assert!(first.wait().unwrap().success());
    pause();
    assert!(Path::new(folder).join("data").exists());
}

/// Every file with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}
