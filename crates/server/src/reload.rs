//! Reload: the configuration is read again while the system runs (SIGHUP, or `hookswitch reload`).

use std::sync::Arc;

use tracing::field::display;

use crate::{config::ConfigError, descriptors, listen::certificate::Certificate, logging, system::System};

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys that have changed since the start and take effect at the next one only.
    pub needs_restart: Vec<String>,
}

impl System {
    /// Reads the configuration file again and puts in force what can be: log level, certificate, limits. A mistake
    /// leaves everything as it was.
    ///
    /// # Errors
    /// The mistake; it is in the log already.
    pub fn reload(&self) -> Result<Reloaded, ConfigError> {
        self.read_again().inspect_err(|ConfigError { file, line, key, problem, remedy }| {
            let file = file.as_ref().map(|file| display(file.display()));
            tracing::error!(file, line, key, problem, remedy, "the configuration was not reloaded");
        })
    }

    fn read_again(&self) -> Result<Reloaded, ConfigError> {
        let loaded = self.config.load().again()?;
        // Also when the paths are the same: the files behind them may be new.
        let certificate = match Certificate::configured(&loaded)? {
            Some(own) => own,
            None => Certificate::self_made(&self.folder, self.clock.now()).map_err(|error| {
                loaded.error("tls.certificate", error.to_string(), "make room in the data folder")
            })?,
        };
        let needs_restart = self.started_with.needs_restart(&loaded.config);
        descriptors::raise(&loaded.config);
        logging::set_level(loaded.config.log.level);
        certificate.warn(self.clock.now());
        self.tls.exchange(certificate);
        self.config.store(Arc::new(loaded));
        for key in &needs_restart {
            tracing::warn!(key, "this change takes effect at the next start");
        }
        tracing::info!("configuration reloaded");
        Ok(Reloaded { needs_restart })
    }
}
