//! The servers that are measured, each pinned to the same core and started in a folder of its own.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::digest;
use crate::phone;
use crate::process::Processes;
use crate::shape::REALM;

/// The core that all servers run on; the load comes from the other one.
const SERVER_CORE: &str = "0";
const READY_SECONDS_MAX: u64 = 120;
const KAMAILIO_CONFIGURATION: &str = include_str!("../kamailio/kamailio.cfg");
const HOOKSWITCH_CONFIGURATION: &str = include_str!("../hookswitch/hookswitch.toml");
const HOOKSWITCH_ANSWERS: &str = include_str!("../hookswitch/answers.toml");
const BINDINGS_IN_MEMORY: &str =
    "modparam(\"usrloc\", \"db_mode\", 0)\nmodparam(\"usrloc\", \"timer_interval\", 600)";
/// Memory that its processes share, in MiB: bindings take little, thousands of transactions that are kept for seconds take more.
const SHARED_REGISTERING: &str = "1024";
const SHARED_PROXYING: &str = "4096";
/// Where Debian's package has the scripts that make the tables.
const KAMAILIO_TABLES: &str = "/usr/share/kamailio/db_sqlite";
const KAMAILIO_MODULES: &str = "/usr/lib/x86_64-linux-gnu/kamailio/modules/";

/// A running server; it ends when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The echo of this very program.
    pub(crate) fn echo() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = pinned(&program).arg("echo").stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut said)?;
        let port: u16 = said.trim().parse().context("the echo said no port")?;
        Ok(Self { child, address: (Ipv4Addr::LOCALHOST, port).into() })
    }

    /// The product, with this many extensions: ignited and filled by its own commands.
    pub(crate) fn hookswitch(program: &Path, folder: &Path, phones: u32) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let data = folder.join("data");
        let configuration = folder.join("hookswitch.toml");
        let text = HOOKSWITCH_CONFIGURATION.replace("@DATA@", &data.display().to_string());
        fs::write(&configuration, text)?;
        let answers = folder.join("answers.toml");
        fs::write(&answers, HOOKSWITCH_ANSWERS.replace("@REALM@", REALM))?;
        let table = folder.join("users.csv");
        fs::write(&table, users(phones))?;
        let command = |arguments: &[&OsStr]| -> anyhow::Result<()> {
            let mut command = Command::new(program);
            command.arg("--config").arg(&configuration).args(arguments).stdin(Stdio::null());
            let done = command.output().with_context(|| format!("cannot start {}", program.display()))?;
            if !done.status.success() {
                bail!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
            }
            Ok(())
        };
        command(&["ignite".as_ref(), "--file".as_ref(), answers.as_os_str()])?;
        command(&["import".as_ref(), table.as_os_str()])?;
        Self::serving(pinned(program), folder)
    }

    /// The product once more, in the folder where it ran before; on all cores.
    pub(crate) fn hookswitch_again(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self::serving(command, folder)
    }

    fn serving(mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("hookswitch.log");
        let output = fs::File::create(&log)?;
        let child = command
            .arg("--config")
            .arg(folder.join("hookswitch.toml"))
            .arg("serve")
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start the product")?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, 0).into() };
        server.address = server.published(&folder.join("data/addresses.json"), &log)?;
        server.wait_answering(&log)?;
        Ok(server)
    }

    /// Ends it in order, and waits for that.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("a server ended with {status}");
        }
        Ok(())
    }

    /// Kamailio, with this many extensions and its bindings in memory.
    pub(crate) fn kamailio(folder: &Path, phones: u32) -> anyhow::Result<Self> {
        Self::kamailio_with(folder, phones, BINDINGS_IN_MEMORY, &["-m", SHARED_REGISTERING])
    }

    /// The same, and it lets those who are registered call each other.
    pub(crate) fn kamailio_proxying(folder: &Path, phones: u32) -> anyhow::Result<Self> {
        Self::kamailio_with(folder, phones, BINDINGS_IN_MEMORY, &["-m", SHARED_PROXYING, "-A", "CALLS"])
    }

    /// Kamailio that writes its bindings back to SQLite, twice a minute.
    pub(crate) fn kamailio_on_disk(folder: &Path, phones: u32, database: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let tables = rusqlite::Connection::open(database)?;
        for table in ["standard", "usrloc"] {
            let script = format!("{KAMAILIO_TABLES}/{table}-create.sql");
            tables.execute_batch(&fs::read_to_string(&script).with_context(|| script.clone())?)?;
        }
        let usrloc = format!(
            "loadmodule \"db_sqlite.so\"\nmodparam(\"usrloc\", \"db_url\", \"sqlite:///{}\")\n\
             modparam(\"usrloc\", \"db_mode\", 2)\nmodparam(\"usrloc\", \"timer_interval\", 30)",
            database.display()
        );
        Self::kamailio_with(folder, phones, &usrloc, &["-m", SHARED_REGISTERING])
    }

    fn kamailio_with(folder: &Path, phones: u32, usrloc: &str, options: &[&str]) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let configuration = folder.join("kamailio.cfg");
        let others: Vec<_> = (0..phones)
            .map(phone::number)
            .filter(|number| phone::password(*number) != phone::plain_password(*number))
            .map(|number| {
                let ha1 = digest::ha1(&number.to_string(), REALM, &phone::password(number));
                format!("    $sht(ha1=>{number}) = \"{}\";", String::from_utf8_lossy(&ha1))
            })
            .collect();
        let text = KAMAILIO_CONFIGURATION
            .replace("@PORT@", &port.to_string())
            .replace("@MODULES@", KAMAILIO_MODULES)
            .replace("@REALM@", REALM)
            .replace("@USRLOC@", usrloc)
            .replace("@OTHERS@", &others.join("\n"))
            .replace("@PHONES@", &phones.to_string());
        fs::write(&configuration, text)?;
        let log = fs::File::create(folder.join("kamailio.log"))?;
        let child = pinned(Path::new("kamailio"))
            .args(["-DD", "-E", "-x", "tlsf", "-X", "tlsf", "-M", "256"])
            .args(options)
            .arg("-Y")
            .arg(folder)
            .arg("-P")
            .arg(folder.join("pid"))
            .arg("-f")
            .arg(&configuration)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start kamailio")?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into() };
        server.wait_answering(&folder.join("kamailio.log"))?;
        Ok(server)
    }

    pub(crate) fn processes(&self) -> Processes {
        Processes::of(self.child.id())
    }

    /// The UDP address that the product says it listens at.
    fn published(&mut self, file: &Path, log: &Path) -> anyhow::Result<SocketAddr> {
        let until = Instant::now() + Duration::from_secs(READY_SECONDS_MAX);
        loop {
            if let Ok(text) = fs::read_to_string(file) {
                // {"sip-udp": ["127.0.0.1:5060"]}; the file is put there whole.
                let address = text.split_once("\"sip-udp\"").and_then(|(_, rest)| rest.split('"').nth(1));
                return address.context("no UDP address")?.parse().context("not an address");
            }
            if self.child.try_wait()?.is_some() || Instant::now() > until {
                bail!("the product does not start:\n{}", fs::read_to_string(log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it answers a request, whatever it says.
    fn wait_answering(&mut self, log: &Path) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let port = socket.local_addr()?.port();
        let hello = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKhello\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1@{REALM}>;tag=1\r\nTo: <sip:1@{REALM}>\r\nCall-ID: hello\r\n\
             CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
        );
        let until = Instant::now() + Duration::from_secs(READY_SECONDS_MAX);
        let mut answer = [0; 2048];
        loop {
            socket.send_to(hello.as_bytes(), self.address)?;
            if socket.recv(&mut answer).is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || Instant::now() > until {
                bail!("a server does not start:\n{}", fs::read_to_string(log).unwrap_or_default());
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Politely, so that it ends its children; then firmly.
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The import table of all phones.
fn users(phones: u32) -> String {
    let mut table = String::from("name,extension,phone_password\n");
    for index in 0..phones {
        let number = phone::number(index);
        let _ = writeln!(table, "desk {number},{number},{}", phone::password(number));
    }
    table
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(program).stdin(Stdio::null());
    command
}

/// Puts this process on the core that the servers are not on.
pub(crate) fn pin_load() -> anyhow::Result<()> {
    let mut cores = nix::sched::CpuSet::new();
    cores.set(1)?;
    nix::sched::sched_setaffinity(Pid::from_raw(0), &cores).context("needs a second core")
}

/// A folder that is removed at the end.
pub(crate) fn folder() -> anyhow::Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::Builder::new().prefix("hookswitch-bench-").tempdir()?;
    let path = folder.path().to_path_buf();
    Ok((folder, path))
}
