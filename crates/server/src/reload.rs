//! Reload: the configuration is read again while the system runs (SIGHUP, or the command).

use std::sync::Arc;

use crate::{
    config::{ConfigError, Loaded},
    listen::certificate::Certificate,
    logging,
    system::System,
};

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys that changed and take effect at the next start only.
    pub needs_restart: Vec<String>,
}

impl System {
    /// Reads the configuration file again and puts in force what can be: log level, certificate, limits. A mistake
    /// leaves everything as it was.
    ///
    /// # Errors
    /// The mistake.
    pub fn reload(&self) -> Result<Reloaded, ConfigError> {
        let before = self.config.load_full();
        let loaded = match &before.file {
            Some(file) => Loaded::read(file)?,
            None => Loaded::find(None)?,
        };
        // Also when the paths are the same: the files behind them may be new.
        let certificate = match Certificate::configured(&loaded)? {
            Some(own) => own,
            None => Certificate::self_made(&self.folder, self.clock.now()).map_err(|error| {
                loaded.error("tls.certificate", error.to_string(), "make room in the data folder")
            })?,
        };
        let needs_restart = before.config.needs_restart(&loaded.config);
        logging::set_level(loaded.config.log.level);
        self.tls.exchange(certificate);
        self.config.store(Arc::new(loaded));
        for key in &needs_restart {
            tracing::warn!(key, "this change takes effect at the next start");
        }
        tracing::info!("configuration reloaded");
        Ok(Reloaded { needs_restart })
    }
}
