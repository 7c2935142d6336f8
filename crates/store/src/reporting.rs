//! Where things are reported, as it rests: one record, sealed as a whole, for there are secrets in it.

use signin::{reporting::Reporting, secret::SecretBytes};

use crate::{
    error::{OpenError, StoreError},
    holdings::Holdings,
    rows::reporting_key,
    seal::{Unopened, key_id},
};

/// What is sealed.
pub(crate) fn written(reporting: &Reporting) -> Result<SecretBytes, StoreError> {
    serde_json::to_vec(reporting)
        .map(SecretBytes::new)
        .map_err(|error| StoreError::Engine(format!("a row cannot be written: {error}")))
}

impl Holdings {
    /// Takes what rested.
    pub(crate) fn restore_reporting(&self, sealed: &[u8]) -> Result<(), OpenError> {
        let damaged = |why: &str| OpenError::Damaged { what: format!("where things are reported {why}") };
        let clear = self.masters.open(&reporting_key().key, sealed).map_err(|why| match why {
            Unopened::UnknownKey => OpenError::WrongKey { needed: key_id(sealed), given: self.masters.ids() },
            Unopened::Malformed | Unopened::Forged => damaged("does not open"),
        })?;
        // The reader's own words could quote a secret.
        let reporting = serde_json::from_slice(clear.reveal()).map_err(|_| damaged("cannot be read"))?;
        self.reporting.store(std::sync::Arc::new(reporting));
        Ok(())
    }
}
