//! Commands about people, phones and locks: the same on a running server and on a stopped one.

use std::{
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use crate::{
    browser::Browser,
    machine::{ADMINISTRATOR_PASSWORD, Machine, Said, Terminal, mode},
    program::Program,
};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text.trim()).unwrap()
}

#[test]
fn a_user_is_made_changed_disabled_enabled_and_deleted() {
    for machine in Machine::both() {
        let add = [
            "user",
            "add",
            "ann",
            "--full-name",
            "Ann Smith",
            "--extension",
            "201",
            "--login-code",
            "generate",
        ];
        let made = machine.say(&add).done();
        assert!(made.contains("The user ann is made."), "{made}");
        let code = made.lines().find_map(|line| line.strip_prefix("Login code: ")).unwrap();
        assert!(code.len() >= 4 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        let again = machine.say(&add).refused();
        assert!(again.contains("name: Another user has this name."), "{again}");
        assert!(again.contains("help:"), "{again}");

        machine.say(&["user", "edit", "ANN", "--rename", "anna", "--extension", "202"]).done();
        machine.say(&["user", "edit", "anna", "--expires", "2031-06-15"]).done();
        let shown = json(&machine.say(&["user", "show", "anna", "--json"]).done());
        assert_eq!((&shown["full_name"], &shown["extension"]), (&"Ann Smith".into(), &"202".into()));
        assert!(shown["expires_at"].as_str().unwrap().starts_with("2031-06-1"), "{shown}");
        machine.say(&["user", "edit", "anna", "--expires", "never"]).done();
        machine.say(&["user", "disable", "anna"]).done();
        assert!(machine.say(&["user", "list"]).done().contains("Disabled"));
        machine.say(&["user", "enable", "anna"]).done();
        let shown = machine.say(&["user", "show", "anna"]).done();
        assert!(shown.contains("Status          Enabled"), "{shown}");

        let unknown = machine.say(&["user", "show", "nobody"]).refused();
        assert!(unknown.contains("There is no such user."), "{unknown}");
        machine.say(&["user", "delete", "anna", "--with-extension"]).done();
        assert!(machine.users().is_empty());
        machine.say(&["extension", "show", "202"]).refused();
        machine.say(&["extension", "show", "201"]).done();
        let audit = machine.say(&["audit", "tail", "-n", "100"]).done();
        for title in ["Account created", "Account changed", "Account deleted", "Secret set", "console"] {
            assert!(audit.contains(title), "{title}: {audit}");
        }
    }
}

#[test]
fn an_extension_is_made_renumbered_and_deleted() {
    for machine in Machine::both() {
        let made = machine.say(&["extension", "add", "300", "--phone-password", "generate", "--json"]).done();
        assert_eq!(json(&made)["generated"]["phone-password"].as_str().unwrap().len(), 24);
        machine.say(&["extension", "edit", "300", "--renumber", "301"]).done();
        let shown = json(&machine.say(&["extension", "show", "301", "--json"]).done());
        assert!(shown["phone_password_set_at"].is_string(), "{shown}");
        machine.say(&["extension", "set-secret", "301", "--remove"]).done();
        let listed = machine.say(&["extension", "list"]).done();
        assert!(listed.contains("301") && listed.contains("not set"), "{listed}");
        assert_eq!(machine.say(&["extension", "phones", "301", "--json"]).done(), "");
        assert!(machine.say(&["extension", "logout", "301"]).done().contains("No such phone"));
        machine.say(&["extension", "delete", "301"]).done();
        machine.say(&["extension", "show", "301"]).refused();
        machine.say(&["extension", "add", "3o1"]).refused();
    }
}

#[test]
fn a_secret_comes_from_standard_input_and_its_rules_are_named() {
    for machine in Machine::both() {
        machine
            .told(&["user", "add", "ann", "--extension", "201", "--login-code", "ask", "--stdin"], "48213\n")
            .done();
        let set = ["user", "set-secret", "ann", "login-code", "--stdin"];
        machine.told(&set, "59371\n").done();
        let refused = machine.told(&set, "1234\n").refused();
        assert!(refused.contains("login-code: Do not use digits in a row"), "{refused}");
        assert!(machine.told(&set, "\n").refused().contains("it is empty"));
        assert!(machine.told(&set, "").wrong().contains("the input ended too early"));
        // Without a terminal nothing hangs.
        let command = machine.command(&["user", "set-secret", "ann", "login-code"]);
        let output = Command::new("setsid")
            .arg("-w")
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(machine.path(""))
            .stdin(Stdio::null())
            .output();
        assert!(
            String::from_utf8(output.unwrap().stderr).unwrap().contains("--stdin"),
            "{:?}",
            command.get_args()
        );
        machine.say(&["user", "set-secret", "ann", "login-code", "--generate", "--force-new"]).done();
        machine.say(&["user", "set-secret", "ann", "login-code", "--remove"]).done();
        let shown = json(&machine.say(&["user", "show", "ann", "--json"]).done());
        assert!(shown["login_code_set_at"].is_null());
        assert_eq!(shown["status"], "force-new-password");
    }
}

#[test]
fn what_is_typed_as_a_secret_is_not_shown() {
    let machine = Machine::stopped();
    machine.say(&["user", "add", "ann", "--extension", "201"]).done();
    let mut terminal = Terminal::open(&machine, &["user", "set-secret", "ann", "login-code"]);
    terminal.answer("Login code: ", "48213");
    terminal.answer("The same once more: ", "48214");
    // Ctrl-U, and a character taken back.
    terminal.answer("Login code: ", "9\u{15}482139\u{7f}");
    terminal.answer("The same once more: ", "48213");
    let (code, screen) = terminal.end();
    assert!(code == 0 && screen.contains("The login-code is set."), "{screen}");
    assert!(screen.contains("4 to 31 digits"), "the rules stand beside the question: {screen}");
    assert!(screen.contains("These were not the same."), "{screen}");
    assert!(!screen.contains("4821"), "{screen}");

    let mut terminal = Terminal::open(&machine, &["recover"]);
    terminal.answer("Password: ", "half a passw\u{3}");
    let (code, screen) = terminal.end();
    assert!(code == 1 && screen.contains("stopped at the keyboard"), "{screen}");
}

#[test]
fn locks_and_sessions_are_listed_and_reset_where_there_are_none() {
    for machine in Machine::both() {
        assert_eq!(machine.say(&["lockout", "list", "--json"]).done(), "");
        assert!(machine.say(&["lockout", "reset", "--all"]).done().contains("Nothing was locked"));
        assert!(
            machine.say(&["lockout", "reset", "ann", "10.0.0.1", "2001:db8::/64"]).done().contains("Nothing")
        );
        machine.say(&["lockout", "reset"]).wrong();
        assert_eq!(machine.say(&["session", "list", "--json"]).done(), "");
        assert!(machine.say(&["session", "end", "-_x", "--"]).done().contains("No such session"));
        assert!(machine.say(&["session", "end", "--all"]).done().contains("No such session"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_pages_and_programs_are_counted_listed_and_ended_by_the_command_too() {
    let machine = Machine::running();
    let https = json(&machine.read("data/addresses.json"))["https"][0].as_str().unwrap().parse().unwrap();
    let mut browsers = [Browser::at(https), Browser::at(https)];
    let mut programs = [Program::at(https), Program::at(https), Program::at(https)];
    for browser in &mut browsers {
        assert_eq!(browser.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    }
    for program in &mut programs {
        assert_eq!(program.sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 201);
    }
    let sixth = Browser::at(https).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await;
    assert_eq!(sixth.status, 409);
    assert!(sixth.body.contains("Limit of concurrent sessions per user exceeded"), "{}", sixth.body);

    let listed = machine.say(&["session", "list", "--json"]).done();
    let sessions: Vec<_> = listed.lines().map(json).collect();
    assert_eq!(sessions.len(), 5, "{listed}");
    let of = |interface: &str| {
        let session = sessions.iter().find(|session| session["interface"] == interface).unwrap();
        session["id"].as_str().unwrap().to_owned()
    };
    machine.say(&["session", "end", &of("web-manager"), &of("management-api")]).done();
    // What was ended is over with its very next request, wherever it was ended.
    let mut ended = 0;
    for browser in &mut browsers {
        ended += u32::from(browser.get("/manager").await.status == 303);
    }
    for program in &mut programs {
        ended += u32::from(program.get("/own").await.status == 401);
    }
    assert_eq!(ended, 2);
    assert_eq!(Browser::at(https).sign_in("Administrator", ADMINISTRATOR_PASSWORD).await.status, 303);
    machine.say(&["session", "end", "--all"]).done();
    assert_eq!(machine.say(&["session", "list", "--json"]).done(), "");
    for program in &mut programs {
        assert_eq!(program.get("/own").await.status, 401);
    }
}

#[test]
fn the_socket_lets_its_owner_in_and_nobody_else() {
    let machine = Machine::running();
    let (data, socket) = (machine.data(), machine.data().join("local.sock"));
    assert_eq!((mode(&data), mode(&socket)), (0o700, 0o600));
    if !nix::unistd::geteuid().is_root() {
        // Only root can try as somebody else.
        return;
    }
    let as_stranger = || {
        let mut command = machine.command(&["user", "list"]);
        Said::of(
            command.uid(65_534).gid(65_534).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(),
        )
    };
    open(&machine.path(""), 0o755);
    open(&machine.path("hookswitch.toml"), 0o644);
    let kept_out = as_stranger().wrong();
    assert!(kept_out.contains("Permission denied") && kept_out.contains("sudo"), "{kept_out}");
    // Even with every mode wrong, who comes is asked who they are.
    open(&data, 0o777);
    open(&socket, 0o666);
    let turned_away = as_stranger();
    assert_eq!((turned_away.code, turned_away.out.as_str()), (1, ""), "{turned_away:?}");
    assert!(machine.log().contains("somebody else tried the local socket"), "{}", machine.log());
}

#[test]
fn root_does_not_open_the_folder_of_another_user() {
    let machine = Machine::stopped();
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    std::os::unix::fs::chown(machine.data(), Some(65_534), Some(65_534)).unwrap();
    let refused = machine.say(&["user", "list"]).wrong();
    assert!(refused.contains("sudo -u nobody"), "{refused}");
}

#[test]
fn a_command_without_a_system_makes_none() {
    let machine = Machine::new();
    for command in [&["user", "list"][..], &["status"], &["recover", "--generate"], &["export"], &["reseal"]]
    {
        let said = machine.say(command).wrong();
        assert!(said.contains("help:"), "{said}");
    }
    assert!(!machine.data().exists());
    machine.say(&["user"]).wrong();
    machine.say(&["users"]).wrong();
}

fn open(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
