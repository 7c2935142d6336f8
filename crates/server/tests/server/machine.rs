//! A machine for a test of commands: a configuration, a data folder, the real program, and perhaps a running server.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hookswitch");
/// The password of `Administrator` on a machine that is ignited.
pub(crate) const ADMINISTRATOR_PASSWORD: &str = "correct horse battery staple";

/// A machine, and what a test wants to do on it.
pub(crate) struct Machine {
    folder: TempDir,
    server: Option<Child>,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Machine {
    /// With nothing on it but a configuration.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = "listen = \"127.0.0.1:0\"";
        let config = format!(
            "data_folder = {data:?}\n[http]\n{free}\n[https]\n{free}\n[metrics]\n{free}\n[sip]\nudp_threads = 1\n\
             udp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\ntls = \"127.0.0.1:0\"\n",
            data = folder.path().join("data")
        );
        fs::write(folder.path().join("hookswitch.toml"), config).unwrap();
        Self { folder, server: None }
    }

    /// With a system that has its passwords and does not run.
    pub(crate) fn stopped() -> Self {
        let machine = Self::new();
        let answers =
            format!("system-name = \"Test\"\nadministrator-password = \"{ADMINISTRATOR_PASSWORD}\"\n");
        machine.told(&["ignite", "--file", "-"], &answers).done();
        machine
    }

    /// With a system that has its passwords and runs.
    pub(crate) fn running() -> Self {
        let mut machine = Self::stopped();
        machine.start();
        machine
    }

    /// Both, for what must be the same on both.
    pub(crate) fn both() -> [Self; 2] {
        [Self::stopped(), Self::running()]
    }

    /// Starts the server, and waits until it serves.
    pub(crate) fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.path("serve.log")).unwrap();
        let mut command = self.command(&["serve"]);
        self.server = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        self.wait_for("addresses.json");
    }

    /// Which process the server is.
    pub(crate) fn server_id(&self) -> u32 {
        self.server.as_ref().expect("it runs").id()
    }

    /// Stops the server in order.
    pub(crate) fn stop(&mut self) {
        let mut server = self.server.take().expect("it runs");
        signal(&server, "TERM");
        assert!(server.wait().unwrap().success(), "{}", self.log());
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().expect("it runs");
        server.kill().unwrap();
        server.wait().unwrap();
        let _ = fs::remove_file(self.data().join("addresses.json"));
    }

    /// Gives a command.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        self.told(arguments, "")
    }

    /// Gives a command, with something on standard input.
    pub(crate) fn told(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Said::of(child)
    }

    /// The program with its configuration and these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(self.path("hookswitch.toml")).args(arguments);
        command.current_dir(self.folder.path()).env_remove("HOOKSWITCH_CONFIG").stdin(Stdio::null());
        command
    }

    /// A file on the machine, beside the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file beside the data folder, and tells its name.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A file beside the data folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// What the server said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("serve.log")).unwrap_or_default()
    }

    /// The names of all users.
    pub(crate) fn users(&self) -> Vec<String> {
        let listed = self.say(&["user", "list", "--json"]).done();
        let names = listed.lines().map(|line| {
            let user: serde_json::Value = serde_json::from_str(line).unwrap();
            user["name"].as_str().unwrap().to_owned()
        });
        names.collect()
    }

    /// The bytes of every file there is.
    pub(crate) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if entry.file_type().unwrap().is_file() {
                    files.push((entry.path(), fs::read(entry.path()).unwrap()));
                }
            }
        }
        files
    }

    fn wait_for(&mut self, name: &str) {
        for _ in 0..600 {
            if self.data().join(name).exists() {
                return;
            }
            let server = self.server.as_mut().expect("it was started");
            assert!(server.try_wait().unwrap().is_none(), "the server ended: {}", self.log());
            pause();
        }
        panic!("the server does not start: {}", self.log());
    }
}

/// A command at a terminal of its own, with a person's hands and eyes.
pub(crate) struct Terminal {
    child: Child,
    /// Everything that was on the screen.
    pub(crate) screen: String,
}

impl Terminal {
    /// Gives a command.
    pub(crate) fn open(machine: &Machine, arguments: &[&str]) -> Self {
        let config = machine.path("hookswitch.toml");
        let line = format!("{PROGRAM} --config {} {}", config.display(), arguments.join(" "));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { child: command.spawn().unwrap(), screen: String::new() }
    }

    /// Waits for a question, and types.
    pub(crate) fn answer(&mut self, question: &str, keys: &str) {
        let screen = self.child.stdout.as_mut().unwrap();
        let mut bytes = [0; 1024];
        while !self.screen.ends_with(question) {
            let count = screen.read(&mut bytes).unwrap();
            assert!(count > 0, "{question:?} is never asked: {}", self.screen);
            self.screen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        // The question is on the screen a moment before the keys are hidden.
        pause();
        self.child.stdin.as_mut().unwrap().write_all(format!("{keys}\r").as_bytes()).unwrap();
    }

    /// Waits for the end: with which code, and the whole screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        self.child.stdout.as_mut().unwrap().read_to_string(&mut self.screen).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), self.screen)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Said {
    /// Waits for a command to end.
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It was done: what it said.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// It was refused, with code 1: why, and what helps.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, 1, "{self:?}");
        self.err
    }

    /// It was asked wrongly, with code 2: why, and what helps.
    #[track_caller]
    pub(crate) fn wrong(self) -> String {
        assert_eq!(self.code, 2, "{self:?}");
        self.err
    }
}

/// Sends a process a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// A moment, for what happens in another process.
#[expect(clippy::disallowed_methods, reason = "another process is waited for, which tells nobody")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// Who may do what with a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
