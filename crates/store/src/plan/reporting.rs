//! What a commit does to where things are reported.

use std::sync::Arc;

use signin::reporting::Reporting;

use super::{Act, Planner, Touch, follows};
use crate::{error::CommitError, reporting::written, rows};

impl Planner<'_> {
    pub(super) fn put_reporting(&mut self, reporting: &Reporting) -> Result<(), CommitError> {
        self.touch(Touch::Reporting, true);
        let before = self.reporting.unwrap_or_else(|| self.holdings.reporting.load().version);
        follows("where things are reported", Some(before), reporting.version)?;
        self.reporting = Some(reporting.version);
        let key = rows::reporting_key();
        let sealed = self.seal(&key, &written(reporting)?)?;
        self.plan.draft.put(key, rows::sealed_body(&sealed)?);
        self.plan.acts.push(Act::Reporting(Arc::new(reporting.clone())));
        Ok(())
    }
}
