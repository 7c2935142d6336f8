//! The log: one subscriber, for people or for machines, whose level can be changed while the system runs.
//!
//! What a message says and which fields it has is ruled in `docs/logging.md`; so is what is never logged.

use std::{io, sync::OnceLock};

use tracing_subscriber::{
    EnvFilter, Registry, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// The handle by which the level is changed.
static LEVEL: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging to the standard error output; once in a process, later calls only change the level.
pub fn start(config: &LogConfig) {
    let (filter, handle) = reload::Layer::new(filter(config.level));
    if LEVEL.set(handle).is_err() {
        set_level(config.level);
        return;
    }
    let registry = tracing_subscriber::registry().with(filter);
    // A log that somebody else has set up already (a test harness) is left as it is.
    drop(match config.format {
        LogFormat::Text => {
            let colours = io::IsTerminal::is_terminal(&io::stderr());
            registry.with(fmt::layer().with_writer(io::stderr).with_ansi(colours)).try_init()
        }
        LogFormat::Json => {
            registry.with(fmt::layer().json().flatten_event(true).with_writer(io::stderr)).try_init()
        }
    });
}

/// Changes how much is logged from now on.
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get()
        && let Err(error) = handle.reload(filter(level))
    {
        tracing::warn!(%error, "the log level could not be changed");
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let ours = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    // The libraries' own messages may quote what peers sent, so they are kept at what needs somebody.
    EnvFilter::new(format!("error,hookswitch={ours},server={ours},store={ours}"))
}
