//! Seeing alarms.

use super::{Admin, Change, Problem};
use crate::{
    alarm::{Acknowledged, Alarm, AlarmChange},
    audit::{Action, Actor, AuditEvent},
    effect::Effect,
    rights::Right,
};

impl Admin<'_> {
    /// Says that somebody has seen an alarm. It stands as long as its cause.
    ///
    /// # Errors
    /// No right, or nothing that they see.
    pub fn acknowledge(&self, alarm: &Alarm) -> Result<Change<()>, Problem> {
        self.require(Right::StatusControl)?;
        // Alarms are for whoever runs the installation.
        if self.by.within.is_some() {
            return Err(Problem::NotFound("alarm"));
        }
        if alarm.acknowledged.is_some() {
            return Ok(Change::of(Vec::new(), ()));
        }
        let by = match &self.by.actor {
            Actor::Account(_, name) | Actor::Extension(_, name) => AuditEvent::text(name),
            Actor::Unknown | Actor::Console | Actor::System => "console".into(),
        };
        let seen = AlarmChange::Acknowledge(alarm.id, Acknowledged { by, at: self.now });
        let subject = format!("{}: {}", alarm.key.kind.row().title, alarm.key.subject);
        let audit = self.audit(Action::AlarmAcknowledged, alarm.key.domain, &subject, Vec::new());
        Ok(Change::of(vec![Effect::Alarm(seen), audit], ()))
    }
}
