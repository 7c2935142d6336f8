//! Commands about the whole system: ignition, recovery, backup, restore, a new key, the audit, the status.

use std::{fs, path::Path};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use crate::machine::{ADMINISTRATOR_PASSWORD, Machine, Terminal, mode};

#[test]
fn a_system_is_ignited_once_from_a_file_stopped_or_running() {
    for is_running in [false, true] {
        let mut machine = Machine::new();
        if is_running {
            machine.start();
        }
        let weak = "system-name = \"A\"\nadministrator-password = \"short\"\n";
        let refused = machine.told(&["ignite", "--file", "-"], weak).refused();
        assert!(refused.contains("administrator-password: Use at least 15 characters."), "{refused}");
        let answers = "system-name = \"A\"\nadministrator-password = \"a long and odd phrase\"\nlan1 = [\"10.0.0.0/8\"]\n";
        let file = machine.file("answers.toml", answers);
        let said = machine.say(&["ignite", "--file", &file]);
        assert!(said.err.contains("warning: others may read"), "{said:?}");
        assert!(said.done().contains("The system is in service."));
        assert!(machine.say(&["ignite", "--file", &file]).refused().contains("already in service"));
        assert!(machine.say(&["ignite"]).wrong().contains("--file"));
        let unknown = machine.told(&["ignite", "--file", "-"], "admin-password = \"hunter2\"\n").wrong();
        assert!(unknown.contains("line 1") && !unknown.contains("hunter2"), "{unknown}");
    }
}

#[test]
fn a_new_system_asks_for_its_first_passwords() {
    let machine = Machine::new();
    let mut terminal = Terminal::open(&machine, &["ignite"]);
    terminal.answer("Name of the system [Hookswitch]: ", "Office");
    terminal.answer("Password of Administrator: ", ADMINISTRATOR_PASSWORD);
    terminal.answer("The same once more: ", ADMINISTRATOR_PASSWORD);
    terminal.answer("(Enter = set it later): ", "");
    terminal.answer("Enter = none): ", "192.168.0.0/33");
    terminal.answer("Enter = none): ", "192.168.0.0/24, 10.0.0.0/8");
    terminal.answer("LAN2 (Enter = none): ", "");
    let (code, screen) = terminal.end();
    assert!(code == 0 && screen.contains("The system is in service."), "{screen}");
    assert!(!screen.contains(ADMINISTRATOR_PASSWORD), "{screen}");
    assert!(machine.say(&["status"]).out.starts_with("Office"));
}

#[test]
fn the_status_tells_programs_by_its_exit_code_whether_all_is_well() {
    let mut machine = Machine::stopped();
    let stopped = machine.say(&["status"]);
    assert!(stopped.code == 1 && stopped.out.contains("not running"), "{stopped:?}");
    machine.start();
    let running: serde_json::Value =
        serde_json::from_str(&machine.say(&["status", "--json"]).done()).unwrap();
    assert_eq!(running["is_ready"], true);
    assert!(running["addresses"].as_array().unwrap().len() >= 6, "{running}");
    assert!(running["warnings"][0].as_str().unwrap().contains("BusinessPartner"), "{running}");
    machine.say(&["check-config"]).done();
    fs::write(machine.path("hookswitch.toml"), "[sip]\nupd = 1\n").unwrap();
    let wrong = machine.say(&["check-config"]).wrong();
    assert!(wrong.contains("line 2") && wrong.contains("sip.upd") && wrong.contains("help:"), "{wrong}");
}

#[test]
fn a_built_in_account_is_recovered_stopped_and_running() {
    for machine in Machine::both() {
        machine.told(&["recover", "--stdin"], "another long and odd phrase\n").done();
        let made = machine.say(&["recover", "businesspartner", "--generate", "--json"]).done();
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        assert_eq!(made["generated"]["service-password"].as_str().unwrap().len(), 24);
        machine.told(&["recover", "--stdin"], "short\n").refused();
        machine.say(&["recover", "ann", "--generate"]).wrong();
        machine.say(&["recover", "--remove"]).wrong();
        assert!(machine.say(&["audit", "tail"]).done().contains("Recovered"));
    }
    let mut new = Machine::new();
    new.start();
    assert!(new.say(&["recover", "--generate"]).refused().contains("hookswitch ignite"));
}

fn fill(machine: &Machine) -> String {
    let rows: String = (0..50).map(|i| format!("user{i},User {i},{},59{i:03}48\n", 200 + i)).collect();
    let file = machine.file("users.csv", format!("name,full_name,extension,login_code\n{rows}"));
    machine.say(&["import", &file]).done();
    machine.say(&["user", "disable", "user7"]).done();
    file
}

/// Everything that can be asked.
fn answers(machine: &Machine) -> Vec<String> {
    let lists =
        [&["user", "list", "--json"][..], &["extension", "list", "--json"], &["session", "list", "--json"]];
    lists.iter().map(|list| machine.say(list).done()).collect()
}

#[test]
fn a_restored_backup_gives_the_same_answers() {
    for machine in Machine::both() {
        let file = fill(&machine);
        let backup = machine.path("all.backup");
        let backup = backup.to_str().unwrap();
        machine.say(&["backup", backup]).done();
        assert_eq!(mode(Path::new(backup)), 0o600);
        assert!(!machine.path("all.backup.partial").exists());
        assert!(machine.say(&["backup", backup]).wrong().contains("--replace"));
        let before = answers(&machine);

        let mut other = Machine::new();
        assert!(other.say(&["restore", backup]).wrong().contains("no master key"));
        assert!(!other.data().exists());
        fs::create_dir(other.data()).unwrap();
        fs::copy(machine.data().join("master.key"), other.data().join("master.key")).unwrap();
        let said = other.say(&["restore", backup]).done();
        assert!(said.contains("The system is as it was on"), "{said}");
        assert_eq!(answers(&other), before);
        // Each code is the same, too: to set it again would change something.
        let again = other.say(&["import", &file]).done();
        assert!(again.contains("50 already as wanted"), "{again}");
        other.say(&["audit", "verify"]).done();
        assert!(other.say(&["audit", "tail"]).done().contains("Restored"));
        other.start();
        assert_eq!(answers(&other), before);
        assert!(other.say(&["restore", backup, "--replace", "--yes"]).refused().contains("is running"));
        other.stop();

        other.say(&["user", "delete", "user1"]).done();
        assert!(other.say(&["restore", backup]).refused().contains("--replace"));
        let damaged = fs::read_to_string(backup).unwrap().replacen("user2", "user9", 1);
        let damaged = machine.file("damaged.backup", damaged);
        let refused = other.say(&["restore", &damaged, "--replace", "--yes"]).refused();
        assert!(refused.contains("damaged") && refused.contains("Nothing was changed"), "{refused}");
        assert_eq!(other.users().len(), 49, "nothing was changed");
        let mut terminal = Terminal::open(&other, &["restore", backup, "--replace"]);
        terminal.answer("Type replace to go on: ", "yes");
        assert_eq!(terminal.end().0, 1);
        assert_eq!(other.users().len(), 49, "nothing was changed");
        let mut terminal = Terminal::open(&other, &["restore", backup, "--replace"]);
        terminal.answer("Type replace to go on: ", "replace");
        assert_eq!(terminal.end().0, 0);
        assert_eq!(answers(&other), before);
        assert!(other.data().join("hookswitch.db.replaced").exists());
        assert!(!other.data().join(".restore").exists());
    }
}

#[test]
fn what_no_backup_can_be_is_refused() {
    let machine = Machine::new();
    fs::create_dir(machine.data()).unwrap();
    let key = Machine::stopped();
    fs::copy(key.data().join("master.key"), machine.data().join("master.key")).unwrap();
    for (text, why) in [("", "not a Hookswitch backup"), ("{}\n", "not a Hookswitch backup")] {
        let file = machine.file("bad.backup", text);
        assert!(machine.say(&["restore", &file]).refused().contains(why));
        assert!(!machine.data().join("hookswitch.db").exists());
    }
    machine.say(&["restore", "/nowhere"]).wrong();
}

#[test]
fn after_a_reseal_the_new_key_alone_opens_the_store() {
    let mut machine = Machine::running();
    let file = fill(&machine);
    let before = answers(&machine);
    let old = fs::read_to_string(machine.data().join("master.key")).unwrap();
    assert!(machine.say(&["reseal"]).refused().contains("the server is running"));
    machine.stop();
    let said = machine.say(&["reseal"]).done();
    assert!(said.contains("52 secrets are sealed under the new master key"), "{said}");
    let new = fs::read_to_string(machine.data().join("master.key")).unwrap();
    assert!(!new.contains(old.trim()) && new.lines().count() == 1);
    assert_eq!(mode(&machine.data().join("master.key")), 0o600);
    assert_eq!(fs::read_to_string(machine.data().join("master.key.old")).unwrap(), old);
    machine.start();
    assert_eq!(answers(&machine), before);
    assert!(machine.say(&["import", &file]).done().contains("50 already as wanted"));
    machine.stop();

    // Cut off when both keys were in the file: the next run ends it.
    machine.file("data/master.key", format!("{new}{old}"));
    machine.say(&["reseal"]).done();
    assert_eq!(fs::read_to_string(machine.data().join("master.key")).unwrap(), new);
    assert_eq!(fs::read_to_string(machine.data().join("master.key.old")).unwrap(), old, "no key twice");
    machine.file("data/master.key", &old);
    assert!(machine.say(&["status"]).refused().contains("sealed under master key"));
}

#[test]
fn the_audit_is_whole_until_somebody_edits_it() {
    for edit in [
        "UPDATE audit SET body = replace(body, 'user7', 'user8') WHERE body LIKE '%account-changed%'",
        "DELETE FROM audit WHERE seq = 5",
        "UPDATE audit SET seq = seq + 1000 WHERE seq = (SELECT max(seq) FROM audit)",
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    ] {
        for machine in Machine::both() {
            fill(&machine);
            let whole = machine.say(&["audit", "verify"]).done();
            assert!(whole.contains("The audit is whole:"), "{whole}");
            let changed =
                rusqlite::Connection::open(machine.data().join("hookswitch.db")).unwrap().execute(edit, []);
            assert_eq!(changed.unwrap(), 1, "{edit}");
            // A stopped system says so at once, because the whole file has a checksum.
            let sum = machine.data().join("hookswitch.db.sum");
            if sum.exists() {
                assert!(machine.say(&["audit", "verify"]).refused().contains("was changed or damaged"));
                fs::remove_file(sum).unwrap();
            }
            let broken = machine.say(&["audit", "verify"]).refused();
            assert!(broken.contains("does not fit"), "{edit}: {broken}");
        }
    }
}

#[test]
fn no_secret_is_in_any_output_log_or_file() {
    let mut machine = Machine::running();
    let planted = [
        "7160934825",
        "Planted-User-Password-71",
        "Planted-Phone-Password-83",
        "Planted Service Password 97",
    ];
    let file = machine.file(
        "users.csv",
        format!(
            "name,extension,login_code,user_password,phone_password\nann,201,{},{},{}\nbad,2x,{0},{1},{2}\n",
            planted[0], planted[1], planted[2]
        ),
    );
    let mut said = Vec::new();
    said.push(machine.say(&["import", &file]));
    fs::remove_file(&file).unwrap();
    said.push(machine.told(
        &["user", "add", "bob", "--login-code", "ask", "--user-password", "ask", "--stdin"],
        &format!("{}\n{}\n", planted[0], planted[1]),
    ));
    said.push(
        machine.told(&["user", "set-secret", "bob", "login-code", "--stdin"], &format!("{}x\n", planted[0])),
    );
    said.push(machine.told(&["extension", "set-secret", "201", "--stdin"], &format!("{}\n", planted[2])));
    said.push(machine.told(&["recover", "--stdin"], &format!("{}\n", planted[3])));
    let backup = machine.path("all.backup");
    for command in [
        &["user", "list"][..],
        &["user", "show", "ann", "--json"],
        &["extension", "list", "--json"],
        &["export"],
        &["export", "audit", "--format", "jsonl"],
        &["audit", "tail", "-n", "1000"],
        &["status"],
        &["backup", backup.to_str().unwrap()],
    ] {
        said.push(machine.say(command));
    }
    machine.stop();
    machine.start();
    machine.kill();
    let mut texts: Vec<(String, Vec<u8>)> = said
        .into_iter()
        .map(|said| (format!("{said:?}").chars().take(60).collect(), format!("{said:?}").into_bytes()))
        .collect();
    texts.extend(machine.everything().into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)));
    assert!(texts.len() > 15, "there is something to search");
    for secret in planted.iter().chain([&ADMINISTRATOR_PASSWORD]) {
        let forms = [
            secret.as_bytes().to_vec(),
            BASE64.encode(secret.as_bytes()).trim_end_matches('=').into(),
            HEXLOWER_PERMISSIVE.encode(secret.as_bytes()).into_bytes(),
        ];
        for (name, bytes) in &texts {
            for form in &forms {
                let is_there = bytes.windows(form.len()).any(|window| window == form.as_slice());
                assert!(!is_there, "{secret} is in {name}");
            }
        }
    }
}

#[test]
fn the_page_of_commands_is_current() {
    let page = server::commands::reference::page();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == page,
        "docs/commands.md is old; BLESS=1 cargo test -p server --test server the_page_of_commands"
    );
}

#[test]
fn a_running_server_is_made_to_read_its_configuration_again() {
    let mut machine = Machine::stopped();
    assert!(machine.say(&["reload"]).refused().contains("No server runs."));
    machine.start();
    let config = machine.read("hookswitch.toml");
    machine.file("hookswitch.toml", format!("threads = 3\n{config}"));
    let said = machine.say(&["reload"]).done();
    assert_eq!(said, "The configuration is reloaded.\nAt the next start only: threads\n");
    machine.file("hookswitch.toml", format!("{config}[tls]\ncertificate = \"a\"\nprivate_key = \"b\"\n"));
    let said = machine.say(&["reload"]).refused();
    assert!(said.contains("tls.certificate") && said.contains("Nothing was changed."), "{said}");
}
