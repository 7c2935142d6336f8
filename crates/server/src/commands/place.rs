//! The place: which system a command is about, and the way to it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use nix::unistd::{Uid, User, geteuid};
use signin::{audit::Action, effect::Effect};
use store::OpenError;

use super::{
    conversation::Conversation,
    failure::{Exit, Failure},
};
use crate::{
    clock::Clock,
    config::{ConfigError, DATABASE_FILE, Loaded},
    local::{
        answers::{Answers, console_event},
        link::Link,
        listener::SOCKET_FILE,
    },
    system::{StartError, System},
};

/// Which system a command is about.
#[derive(Debug)]
pub struct Place {
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    /// The data folder, if this process has opened it.
    opened: OnceLock<Arc<System>>,
}

impl Place {
    /// The system of a configuration file and a data folder; those in use when they are not named.
    pub const fn new(config: Option<PathBuf>, data: Option<PathBuf>) -> Self {
        Self { config, data, opened: OnceLock::new() }
    }

    /// Whether the command line names a data folder.
    pub const fn is_data_named(&self) -> bool {
        self.data.is_some()
    }

    /// The configuration, with the data folder that was named.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn configuration(&self) -> Result<Loaded, Failure> {
        let loaded = Loaded::find(self.config.as_deref()).map_err(misconfigured)?;
        Ok(loaded.in_folder(self.data.clone()))
    }

    /// A conversation with the system that is there.
    ///
    /// # Errors
    /// There is none, or it lets nobody in.
    pub async fn conversation(&self) -> Result<Conversation, Failure> {
        self.converse(false).await
    }

    /// A conversation with the system that is there, or with a new one.
    ///
    /// # Errors
    /// It lets nobody in, or cannot be made.
    pub async fn new_conversation(&self) -> Result<Conversation, Failure> {
        self.converse(true).await
    }

    async fn converse(&self, may_be_new: bool) -> Result<Conversation, Failure> {
        let loaded = self.configuration()?;
        let folder = loaded.config.data_folder.clone();
        let server = Link::to_server(&folder).await.map_err(|error| kept_out(&folder, &error))?;
        if let Some(link) = server {
            return Ok(Conversation::over(link));
        }
        // Made by a command that only wanted to look, an empty system would hide that the folder is the wrong one.
        if !may_be_new && !is_there(&folder)? {
            return Err(Failure::usage(
                "find the system",
                format!("there is none in {}", folder.display()),
                "Name its data folder with --data or its configuration with --config; or set up a new one with \
                 `hookswitch ignite`.",
            ));
        }
        owned(&folder)?;
        let opened = tokio::task::spawn_blocking(move || System::open(loaded, Clock::machine())).await;
        let system = opened
            .map_err(|error| Failure::refused("open the data folder", error, ""))?
            .map_err(|error| unopened(&folder, &error))?;
        let answers = Answers::of_folder(Arc::clone(&system));
        // One command opens one system.
        let _ = self.opened.set(system);
        Ok(Conversation::over(Link::within(Arc::new(answers))))
    }

    /// The configuration of a system that no server runs of, for what cannot be done meanwhile.
    ///
    /// # Errors
    /// A server runs, the configuration has a mistake, or the folder is another user's.
    pub fn standing_still(&self, what: &str) -> Result<Loaded, Failure> {
        let loaded = self.configuration()?;
        let folder = &loaded.config.data_folder;
        if Link::is_served(folder).map_err(|error| kept_out(folder, &error))? {
            return Err(Failure::refused(
                what,
                "the server is running",
                "Stop it first (systemctl stop hookswitch), and start it again afterwards.",
            ));
        }
        owned(folder)?;
        Ok(loaded)
    }

    /// Opens the system, puts into its audit what was done with it, and closes it again.
    ///
    /// # Errors
    /// It does not open, or cannot be written.
    pub fn note(&self, action: Action, subject: &str) -> Result<(), Failure> {
        let loaded = self.configuration()?;
        let folder = loaded.config.data_folder.clone();
        let clock = Clock::machine();
        let system = System::open(loaded, clock.clone()).map_err(|error| unopened(&folder, &error))?;
        let event = console_event(action, subject, clock.now());
        let unwritten = |error: &dyn std::fmt::Display| Failure::refused("write the audit", error, "");
        system.ledger.commit(vec![Effect::Audit(event)]).wait().map_err(|error| unwritten(&error))?;
        system.ledger.close().map_err(|error| unwritten(&error))
    }

    /// Writes out and closes what this process has opened.
    ///
    /// # Errors
    /// The last changes could not be written.
    pub fn close(&mut self) -> Result<(), Failure> {
        let Some(system) = self.opened.take() else { return Ok(()) };
        system.ledger.close().map_err(|error| {
            Failure::refused("close the data folder", error, "Look whether there is room on the disk.")
        })
    }
}

/// Files that root makes in another user's folder would keep that user's server out.
fn owned(folder: &Path) -> Result<(), Failure> {
    let Ok(metadata) = fs::metadata(folder) else { return Ok(()) };
    if !geteuid().is_root() || metadata.uid() == 0 {
        return Ok(());
    }
    let name = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten().map(|user| user.name);
    let name = name.unwrap_or_else(|| format!("#{}", metadata.uid()));
    Err(Failure::usage(
        "open the data folder",
        format!("no server runs, and {} belongs to {name}", folder.display()),
        format!("Run the command as that user: sudo -u {name} hookswitch …"),
    ))
}

/// Whether a system is in the folder.
fn is_there(folder: &Path) -> Result<bool, Failure> {
    folder.join(DATABASE_FILE).try_exists().map_err(|error| kept_out(folder, &error))
}

fn kept_out(folder: &Path, error: &io::Error) -> Failure {
    Failure::usage(
        "reach the system",
        format!("{}: {error}", folder.join(SOCKET_FILE).display()),
        "Run the command as root or as the user that the server runs as, for instance with sudo.",
    )
}

/// What is wrong with the configuration.
pub fn misconfigured(error: ConfigError) -> Failure {
    let mut place = error.file.map_or_else(
        || "the defaults (no configuration file is in use)".into(),
        |file| file.display().to_string(),
    );
    if let Some(line) = error.line {
        place.push_str(&format!(", line {line}"));
    }
    if !error.key.is_empty() {
        place.push_str(&format!(", key {}", error.key));
    }
    Failure::usage("read the configuration", format!("{place}: {}", error.problem), error.remedy)
}

/// Why the data folder cannot be opened.
pub fn unopened(folder: &Path, error: &StartError) -> Failure {
    let what = format!("open the data folder {}", folder.display());
    if let StartError::Store(OpenError::InUse { .. }) = error {
        return Failure::refused(
            what,
            "a server or another command has it open and does not answer",
            "Wait a moment, then repeat the command.",
        );
    }
    Failure { exit: Exit::Refused, ..Failure::refused(what, error, "") }
}
